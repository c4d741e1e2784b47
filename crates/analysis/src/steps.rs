//! Names as steps of a path: which can be written, and how.
//!
//! One place, because drafts and lists of unmapped parts must not write a step that means another name, or none.

use dmv_redact_model::format::{Syntax, encoded};
use dmv_redact_model::names::is_ncname;

/// How a local name, or the name of a member, is written as a step of a path; `None` if no path can lead to it.
pub(crate) fn step(name: &str, syntax: Syntax) -> Option<String> {
    let can_be_written = match syntax {
        Syntax::Xml => is_ncname(name),
        Syntax::Json => {
            let must_be_escaped = |character: char| character.is_control() || matches!(character, '"' | '\\');
            name.split(':').all(|part| !part.is_empty()) && !name.contains(must_be_escaped)
        }
    };
    can_be_written.then(|| encoded(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p2_a_name_that_would_mean_something_else_in_a_path_is_written_by_code() {
        for (name, written) in [
            ("$", "%24"),
            ("..", "%2E%2E"),
            ("a/b", "a%2Fb"),
            ("@a", "%40a"),
            ("a*", "a%2A"),
            ("a[0]", "a%5B0%5D"),
            ("a%2F", "a%252F"),
            ("a'b", "a%27b"),
            ("nc:@a", "nc:%40a"),
            ("a b", "a b"),
            ("a@b", "a@b"),
            ("nc:Name", "nc:Name"),
            ("$a", "$a"),
            ("größe", "größe"),
        ] {
            assert_eq!(step(name, Syntax::Json).as_deref(), Some(written), "{name}");
        }
        for name in ["", "nc:", "a\nb", "a\"b", "a\\b"] {
            assert_eq!(step(name, Syntax::Json), None, "{name}");
        }
        assert_eq!((step("a*b", Syntax::Xml), step("a-b", Syntax::Xml).as_deref()), (None, Some("a-b")));
    }
}
