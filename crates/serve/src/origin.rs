//! Where a request comes from: which host it asks for, which site sent it, which client, and whom a reverse proxy names.

use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use axum::http::header::{
    CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, COOKIE, HOST, HeaderName, ORIGIN, TRANSFER_ENCODING,
};
use axum::http::{HeaderMap, Uri};

use crate::failure::Failure;

/// What the browser says of the site that sends a request.
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The addresses that a request came through, as proxies add them.
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// How the desk is reached.
#[derive(Clone, Debug)]
pub struct Reach {
    /// The values of `Host` that are answered: `desk.example.gov`, or with a port.
    pub hosts: Vec<String>,
    /// Whether a proxy in front terminates TLS.
    pub is_behind_tls: bool,
    /// The addresses of reverse proxies that are believed. Empty: loopback.
    pub trusted_proxies: Vec<IpAddr>,
    /// The header with which a trusted proxy names who is signed in.
    pub user_header: Option<UserHeader>,
}

/// The name of a header that names a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserHeader(HeaderName);

impl FromStr for UserHeader {
    type Err = String;

    /// # Errors
    /// When it is no header's name, or one of a header that is something else.
    fn from_str(name: &str) -> Result<Self, String> {
        const TAKEN: [HeaderName; 9] = [
            CONNECTION,
            CONTENT_LENGTH,
            CONTENT_TYPE,
            COOKIE,
            FETCH_SITE,
            FORWARDED_FOR,
            HOST,
            ORIGIN,
            TRANSFER_ENCODING,
        ];
        match HeaderName::from_str(name) {
            Ok(name) if TAKEN.contains(&name) => Err("this header is something else".to_owned()),
            Ok(name) => Ok(Self(name)),
            Err(_) => Err("it isn't the name of a header".to_owned()),
        }
    }
}

impl Reach {
    /// Refuses a request for another host: a name of another site that was made to lead here (DNS rebinding).
    pub(crate) fn check_host(&self, uri: &Uri, headers: &HeaderMap) -> Result<(), Failure> {
        let mut named = headers.get_all(HOST).iter();
        let host = named.next().filter(|_| named.next().is_none()).and_then(|host| host.to_str().ok());
        let is_own = |host: &str| self.hosts.iter().any(|own| own.eq_ignore_ascii_case(host));
        let is_target_own = uri.authority().is_none_or(|authority| is_own(authority.as_str()));
        match host {
            Some(host) if is_own(host) && is_target_own => Ok(()),
            _ => Err(Failure::BadRequest("The request is for another host than the desk's.")),
        }
    }

    /// Refuses a request that changes something and that a page of another site sent. Browsers tell: in `Sec-Fetch-Site`, or
    /// those that don't, in `Origin`. With `Referrer-Policy: no-referrer` the origin of a form is `null`, so that alone says
    /// nothing.
    pub(crate) fn check_site(&self, headers: &HeaderMap) -> Result<(), Failure> {
        let one = |name: &HeaderName| {
            let mut values = headers.get_all(name).iter();
            let value = values.next().map(|value| value.to_str().unwrap_or("?"));
            if values.next().is_some() { Some("?") } else { value }
        };
        let is_own = |origin: &str| {
            let scheme = if self.is_behind_tls { "https://" } else { "http://" };
            let host = origin.strip_prefix(scheme);
            host.is_some_and(|host| self.hosts.iter().any(|own| own.eq_ignore_ascii_case(host)))
        };
        match (one(&FETCH_SITE), one(&ORIGIN)) {
            (Some("same-origin"), None | Some("null")) => Ok(()),
            (Some("same-origin") | None, Some(origin)) if is_own(origin) => Ok(()),
            _ => Err(Failure::Forged),
        }
    }

    /// Whether a peer is a reverse proxy that is believed.
    fn trusts(&self, peer: IpAddr) -> bool {
        let peer = peer.to_canonical();
        match self.trusted_proxies.as_slice() {
            [] => peer.is_loopback(),
            own => own.iter().any(|own| own.to_canonical() == peer),
        }
    }

    /// Whether a peer is a reverse proxy in front of this desk, with the connections of many clients.
    pub(crate) fn is_proxy(&self, peer: IpAddr) -> bool {
        (self.is_behind_tls || self.user_header.is_some()) && self.trusts(peer)
    }

    /// The client's address: the peer's, or what a trusted proxy says that it is.
    pub(crate) fn client(&self, peer: SocketAddr, headers: &HeaderMap) -> IpAddr {
        // The last one is the proxy's own word; those before are whatever the client sent.
        let last = headers.get_all(FORWARDED_FOR).iter().next_back().filter(|_| self.is_proxy(peer.ip()));
        let last = last.and_then(|value| value.to_str().ok()?.rsplit(',').next()?.trim().parse().ok());
        last.unwrap_or(peer.ip())
    }

    /// Whom a trusted proxy says is signed in. None: the desk signs people in itself.
    pub(crate) fn user<'h>(&self, peer: SocketAddr, headers: &'h HeaderMap) -> Option<Result<&'h str, Failure>> {
        let UserHeader(name) = self.user_header.as_ref()?;
        let mut values = headers.get_all(name).iter();
        let value = values.next().filter(|_| values.next().is_none() && self.trusts(peer.ip()));
        let user = value.and_then(|value| str::from_utf8(value.as_bytes()).ok()).filter(|user| !user.is_empty());
        Some(user.ok_or(Failure::UnknownToProxy))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn reach() -> Reach {
        let hosts = vec!["desk.example.gov".to_owned(), "127.0.0.1:8642".to_owned()];
        Reach { hosts, is_behind_tls: true, trusted_proxies: Vec::new(), user_header: None }
    }

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    #[test]
    fn a_request_for_another_host_is_refused() {
        let check =
            |uri: &str, pairs: &[(&'static str, &str)]| reach().check_host(&uri.parse().unwrap(), &headers(pairs));
        for own in ["desk.example.gov", "DESK.example.gov", "127.0.0.1:8642"] {
            assert_eq!(check("/", &[("host", own)]), Ok(()));
        }
        for other in ["evil.example", "desk.example.gov:80", "desk.example.gov.evil.example", "", "127.0.0.1"] {
            assert!(check("/", &[("host", other)]).is_err(), "{other}");
        }
        assert!(check("/", &[]).is_err());
        assert!(check("/", &[("host", "desk.example.gov"), ("host", "desk.example.gov")]).is_err());
        assert!(check("http://evil.example/", &[("host", "desk.example.gov")]).is_err());
    }

    #[test]
    fn a_form_of_another_site_is_refused() {
        let check = |pairs: &[(&'static str, &str)]| reach().check_site(&headers(pairs));
        let (site, origin) = ("sec-fetch-site", "origin");
        for own in [
            &[(site, "same-origin")][..],
            &[(site, "same-origin"), (origin, "null")],
            &[(site, "same-origin"), (origin, "https://desk.example.gov")],
            &[(origin, "https://desk.example.gov")],
        ] {
            assert_eq!(check(own), Ok(()), "{own:?}");
        }
        for other in [
            &[][..],
            &[(site, "cross-site")],
            &[(site, "same-site")],
            &[(site, "none")],
            &[(site, "cross-site"), (origin, "https://desk.example.gov")],
            &[(site, "same-origin"), (origin, "https://evil.example")],
            &[(site, "same-origin"), (site, "same-origin")],
            &[(origin, "null")],
            &[(origin, "http://desk.example.gov")],
            &[(origin, "https://desk.example.gov.evil.example")],
            &[(origin, "https://desk.example.gov"), (origin, "https://evil.example")],
        ] {
            assert_eq!(check(other), Err(Failure::Forged), "{other:?}");
        }
    }

    #[test]
    fn only_a_trusted_proxy_is_believed() {
        let (loopback, other) = ("127.0.0.1:5".parse().unwrap(), "192.0.2.7:5".parse().unwrap());
        let forwarded = headers(&[("x-forwarded-for", "10.0.0.1, 198.51.100.4")]);
        let client = |reach: &Reach, peer| reach.client(peer, &forwarded).to_string();
        assert_eq!((client(&reach(), loopback), client(&reach(), other)), ("198.51.100.4".into(), "192.0.2.7".into()));
        let direct = Reach { is_behind_tls: false, ..reach() };
        assert_eq!(client(&direct, loopback), "127.0.0.1");
        let named = Reach { trusted_proxies: vec!["192.0.2.7".parse().unwrap()], ..reach() };
        assert_eq!((client(&named, loopback), client(&named, other)), ("127.0.0.1".into(), "198.51.100.4".into()));

        let own = Reach { user_header: Some("X-Remote-User".parse().unwrap()), ..reach() };
        let user =
            |peer, pairs: &[(&'static str, &str)]| own.user(peer, &headers(pairs)).map(|user| user.map(str::to_owned));
        assert_eq!(user(loopback, &[("x-remote-user", "ann")]), Some(Ok("ann".into())));
        for (peer, pairs) in [
            (other, &[("x-remote-user", "ann")][..]),
            (loopback, &[]),
            (loopback, &[("x-remote-user", "")]),
            (loopback, &[("x-remote-user", "ann"), ("x-remote-user", "ben")]),
        ] {
            assert_eq!(user(peer, pairs), Some(Err(Failure::UnknownToProxy)), "{peer} {pairs:?}");
        }
        assert!("Cookie".parse::<UserHeader>().is_err() && "a b".parse::<UserHeader>().is_err());
        assert!(reach().user(loopback, &headers(&[("x-remote-user", "ann")])).is_none());
    }
}
