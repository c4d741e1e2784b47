//! The desk's two cookies: of the session, and of a visit that hasn't signed in yet, for the form to sign in.

use axum::http::header::COOKIE;
use axum::http::{HeaderMap, HeaderValue};

/// The session's token. `__Host-` has browsers take it only with `Secure`, `Path=/` and no `Domain`.
pub(crate) const SESSION: &str = "__Host-desk";

/// A random text that the form to sign in repeats: another site can't set this cookie.
pub(crate) const VISIT: &str = "__Host-desk-visit";

const ATTRIBUTES: &str = "Path=/; Secure; HttpOnly; SameSite=Strict";

/// The value of a cookie; None when it isn't there, or more than once: then somebody else has set one.
pub(crate) fn read<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let lines = headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
    let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let mut values = pairs.filter(|(own, _)| *own == name).map(|(_, value)| value);
    values.next().filter(|_| values.next().is_none())
}

/// Sets a cookie until the browser closes. The value has hexadecimal digits only.
pub(crate) fn set(name: &str, value: &str) -> Option<HeaderValue> {
    HeaderValue::from_str(&format!("{name}={value}; {ATTRIBUTES}")).ok()
}

/// Removes a cookie.
pub(crate) fn remove(name: &str) -> Option<HeaderValue> {
    HeaderValue::from_str(&format!("{name}=; {ATTRIBUTES}; Max-Age=0")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_that_is_there_twice_is_none() {
        let mut headers = HeaderMap::new();
        headers.append(COOKIE, HeaderValue::from_static("a=1; __Host-desk=abc; __Host-desk-visit=x"));
        assert_eq!(
            (read(&headers, SESSION), read(&headers, VISIT), read(&headers, "b")),
            (Some("abc"), Some("x"), None)
        );
        headers.append(COOKIE, HeaderValue::from_static("__Host-desk=def"));
        assert_eq!(read(&headers, SESSION), None);
    }
}
