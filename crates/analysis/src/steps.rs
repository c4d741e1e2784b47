//! Names as steps of a path: which can be written, and how.
//!
//! One place, because drafts and lists of unmapped parts must not write a step that means another name, or none.

use dmv_redact_model::format::Syntax;
use dmv_redact_model::names::is_ncname;

/// How a local name, or the name of a member, is written as a step of a path; `None` if no path can lead to it. A name with
/// characters that mean something in a path can't be written: there is no escape for them.
pub(crate) fn step(name: &str, syntax: Syntax) -> Option<&str> {
    let can_be_written = match syntax {
        Syntax::Xml => is_ncname(name),
        Syntax::Json => name.split(':').all(|part| {
            !matches!(part, "" | "$" | "." | "..")
                && !part.starts_with('@')
                && !part.contains(|character: char| character.is_control() || RESERVED.contains(&character))
        }),
    };
    can_be_written.then_some(name)
}

/// Characters that mean something in a path, or could not be told from what does.
const RESERVED: [char; 8] = ['"', '\'', '\\', '/', '*', '[', ']', '%'];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p2_a_name_that_would_mean_something_else_in_a_path_is_not_written() {
        for name in
            ["", "$", "..", "a/b", "@a", "a*", "a[0]", "a]", "a%2F", "a'b", "a\"b", "a\\b", "a\nb", "nc:", "nc:@a"]
        {
            assert_eq!(step(name, Syntax::Json), None, "{name}");
        }
        for name in ["a", "a b", "a@b", "nc:Name", "$a", "größe", "a.b"] {
            assert_eq!(step(name, Syntax::Json), Some(name));
        }
        assert_eq!((step("a*b", Syntax::Xml), step("a-b", Syntax::Xml)), (None, Some("a-b")));
    }
}
