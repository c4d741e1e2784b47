//! Rewords errors of serde and the TOML parser: no type names, and help on what to do.
//!
//! A separate module because it is a table of other projects' messages. Unknown ones are passed through, so that
//! nothing is lost when they add one.

/// A reworded error of the parser.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Wording {
    pub(super) message: String,
    /// Help, unless a near spelling is more helpful.
    pub(super) help: Option<String>,
    /// An unknown name, and the known ones.
    pub(super) unknown: Option<String>,
    pub(super) known: Vec<String>,
}

impl Wording {
    fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), ..Self::default() }
    }

    fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// Rewords `original`, the parser's message about the text `at`; `is_toml` is whether the document is valid TOML.
pub(super) fn of(original: &str, at: &str, is_toml: bool) -> Wording {
    let said = original.trim().replace('\n', " ");
    let known = if is_toml { structure(&said, at) } else { syntax(&said, at) };
    known.unwrap_or_else(|| Wording::new(if is_toml { said } else { format!("not valid TOML: {said}") }))
}

/// Rewords serde's message about valid TOML that isn't the expected table.
fn structure(original: &str, at: &str) -> Option<Wording> {
    let names: Vec<String> = original.split('`').skip(1).step_by(2).map(str::to_owned).collect();
    if let Some(key) = original.strip_prefix("missing field `").and_then(|rest| rest.split('`').next()) {
        return Some(Wording::new(format!("`{key}` is missing")).help(format!("add `{key} = ...`")));
    }
    if original.starts_with("unknown ") {
        let (name, known) = names.split_first()?;
        let list = list(known);
        let (message, help) = match (original.starts_with("unknown field "), known) {
            (true, []) => (format!("unknown key `{name}`"), "this table has no keys".to_owned()),
            (true, _) => (format!("unknown key `{name}`"), format!("known here: {list}")),
            (false, _) => (format!("unknown value `{name}`"), format!("known here: {list}")),
        };
        let mut wording = Wording::new(message).help(help);
        wording.unknown = Some(name.clone());
        wording.known = known.to_vec();
        return Some(wording);
    }
    if original == "wanted string or table" {
        return Some(Wording::new("a text in quotes is wanted"));
    }
    let head = at.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).filter(|name| !name.starts_with('['));
    if let (Some(name), "invalid type: map, expected a sequence") = (head, original) {
        return Some(Wording::new(format!("there may be several `{name}`")).help(format!("write `[[{name}]]`")));
    }
    for (prefix, is_type) in [("invalid type: ", true), ("invalid value: ", false), ("invalid length ", false)] {
        let Some(rest) = original.strip_prefix(prefix) else { continue };
        let (got, wanted) = rest.rsplit_once(", expected ")?;
        let wanted = expected_kind(wanted);
        return Some(match (is_type, names.first()) {
            (true, _) => {
                let given = given_kind(got, at);
                Wording {
                    help: suggestion(wanted, given, at),
                    ..Wording::new(format!("{wanted} is wanted, not {given}"))
                }
            }
            (false, Some(value)) => Wording::new(format!("{wanted} is wanted, not `{value}`")),
            (false, None) => Wording::new(format!("{wanted} is wanted")),
        });
    }
    None
}

/// The kind of the given value, `string "x"` or `integer 5`, without the value. A date comes as a map.
fn given_kind(got: &str, at: &str) -> &'static str {
    match got.split([' ', '`']).next().unwrap_or_default() {
        "string" => "a text",
        "integer" | "floating" => "a number",
        "boolean" => "`true` or `false`",
        "sequence" => "a list",
        "map" if at.starts_with(|first: char| first.is_ascii_digit()) => "a date",
        "map" => "a table",
        _ => "this",
    }
}

/// The kind of the expected value; a Rust struct is a table, a number type a number.
fn expected_kind(wanted: &str) -> &str {
    match wanted {
        "a string" | "a borrowed string" => TEXT,
        "a sequence" => LIST,
        "a map" => "a table",
        "a boolean" => "`true` or `false`",
        "usize" | "u64" | "u32" | "u16" | "u8" => "a whole number from 0",
        "i64" | "i32" => "a whole number",
        _ if wanted.starts_with("struct ") || wanted.starts_with("tuple ") => "a table",
        _ => wanted,
    }
}

const TEXT: &str = "a text in quotes";
const LIST: &str = "a list in `[...]`";
const NO_VALUE: (&str, &str) = ("a key without a value", "write `key = value`");

/// Help on how to write a value of the expected kind.
fn suggestion(wanted: &str, given: &str, at: &str) -> Option<String> {
    let is_short = at.len() <= 40 && !at.contains('\n');
    match (wanted, given) {
        (TEXT, "a list") => Some("write it without `[` and `]`".to_owned()),
        (TEXT, "a table") => None,
        (TEXT, _) if is_short => Some(format!("write `\"{at}\"`")),
        (LIST, "a text") if is_short => Some(format!("write `[{at}]`")),
        ("a table", _) => Some("write `key = value` below a `[head]`, or in `{ }`".to_owned()),
        (_, "a text") => Some("write it without quotes".to_owned()),
        _ => None,
    }
}

/// Rewords the parser's message about invalid TOML.
fn syntax(original: &str, at: &str) -> Option<Wording> {
    let (what, _) = original.split_once(", expected ").unwrap_or((original, ""));
    let (message, help) = match what {
        "duplicate key" => {
            let message = format!("`{}` is written twice", at.trim());
            return Some(Wording::new(message).help("keep one of the two; several rules are several `[[...]]` tables"));
        }
        "string values must be quoted" if at.is_empty() => NO_VALUE,
        "string values must be quoted" => ("a text must stand in quotes", "write `\"...\"` around it"),
        "key with no value"
        | "missing value for key"
        | "missing value"
        | "missing assignment between key-value pairs" => NO_VALUE,
        "unclosed array" => ("a list is not closed", "add `]` at its end"),
        "missing comma between array elements" => {
            ("a comma is missing in a list", "write `,` between two entries, or `]` where the list ends")
        }
        "extra comma in array" => ("a comma too many in a list", "take one away"),
        "unclosed table" | "unclosed array table" => {
            ("the head of a table is not closed", "write `[name]` or `[[name]]`")
        }
        "unclosed inline table" => ("a table in braces is not closed", "add `}` at its end"),
        "missing comma between key-value pairs" => {
            ("a comma is missing in a table in braces", "write `,` between two entries")
        }
        "invalid basic string" | "invalid literal string" | "invalid multi-line basic string" => (
            "a text is not closed, or has a character that can't stand in it",
            "end it with the quote that it begins with",
        ),
        "missing escaped value" => {
            ("a backslash that begins nothing known", "put the text in `'...'`, where a backslash is a backslash")
        }
        "invalid unquoted key" => ("a key has a character that can't stand in it", "put the key in quotes"),
        "unexpected key or value" => ("two things on one line", "begin a new line, or put the text in quotes"),
        _ => return None,
    };
    Some(Wording::new(message).help(help))
}

fn list(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Spanned;
    use serde::Deserialize;
    use std::collections::BTreeMap;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only its types matter here")]
    struct Table {
        id: Spanned<String>,
        list: Option<Spanned<Vec<Spanned<String>>>>,
        number: Option<usize>,
        flag: Option<bool>,
        rule: Option<Vec<Inner>>,
        named: Option<BTreeMap<Spanned<String>, Inner>>,
        treatment: Option<crate::catalog::Treatment>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only its type matters here")]
    struct Inner {
        key: Option<String>,
    }

    /// What is wrong with a table, without the file's name.
    fn reworded(text: &str) -> String {
        let document = crate::config::Document { file: "t", text };
        let error = document.parse::<Table>().map(|_| ()).unwrap_err().to_string();
        error.strip_prefix("t:").unwrap().to_owned()
    }

    #[test]
    fn a_value_of_another_type_is_named_by_what_people_call_it() {
        assert_eq!(reworded("id = 5"), "1:6: a text in quotes is wanted, not a number; write `\"5\"`");
        assert_eq!(reworded("id = 'x'\nlist = 'y'"), "2:8: a list in `[...]` is wanted, not a text; write `['y']`");
        assert_eq!(reworded("id = 'x'\nlist = [5]"), "2:9: a text in quotes is wanted, not a number; write `\"5\"`");
        assert_eq!(reworded("id = 'x'\nlist = {}"), "2:8: a list in `[...]` is wanted, not a table");
        assert_eq!(reworded("id = 'x'\nnumber = -1"), "2:10: a whole number from 0 is wanted, not `-1`");
        assert_eq!(
            reworded("id = 'x'\nnumber = 'z'"),
            "2:10: a whole number from 0 is wanted, not a text; write it without quotes"
        );
        assert_eq!(reworded("id = 'x'\nnumber = 1979-05-27"), "2:10: a whole number from 0 is wanted, not a date");
        assert_eq!(
            reworded("id = 'x'\nflag = 'true'"),
            "2:8: `true` or `false` is wanted, not a text; write it without quotes"
        );
        assert_eq!(
            reworded("id = 'x'\nrule = ['true']"),
            "2:9: a table is wanted, not a text; write `key = value` below a `[head]`, or in `{ }`"
        );
        assert_eq!(reworded("id = 'x'\n[rule]\nkey = 'x'"), "2:1: there may be several `rule`; write `[[rule]]`");
        assert_eq!(
            reworded("id = 'x'\nnamed.x = 5"),
            "2:11: a table is wanted, not a number; write `key = value` below a `[head]`, or in `{ }`"
        );
        assert_eq!(
            reworded("id = 'x'\nnamed = [5]"),
            "2:9: a table is wanted, not a list; write `key = value` below a `[head]`, or in `{ }`"
        );
        assert_eq!(reworded("id = 'x'\ntreatment = 5"), "2:13: a text in quotes is wanted");
    }

    #[test]
    fn names_and_keys_that_do_not_fit_come_with_those_that_do() {
        assert_eq!(reworded(""), "1:1: `id` is missing; add `id = ...`");
        assert_eq!(reworded("id = 'x'\n[[rule]]\nkye = 'x'"), "3:1: unknown key `kye`; did you mean `key`?");
        assert_eq!(reworded("id = 'x'\n[[rule]]\nquux = 'x'"), "3:1: unknown key `quux`; known here: `key`");
        assert_eq!(reworded("id = 'x'\ntreatment = 'yaer'"), "2:13: unknown value `yaer`; did you mean `year`?");
        assert_eq!(
            reworded("id = 'x'\ntreatment = 'quux'"),
            "2:13: unknown value `quux`; known here: `full`, `year`, `zip5`, `last4`, `token`, `mask`"
        );
        assert_eq!(
            reworded("id = 'x'\nid = 'y'"),
            "2:1: `id` is written twice; keep one of the two; several rules are several `[[...]]` tables"
        );
    }

    #[test]
    fn what_is_no_toml_says_what_to_write() {
        assert_eq!(reworded("id = x"), "1:6: a text must stand in quotes; write `\"...\"` around it");
        assert_eq!(
            reworded("id = 'x"),
            "1:8: a text is not closed, or has a character that can't stand in it; end it with the quote that it begins with"
        );
        assert_eq!(
            reworded("id = \"\\q\""),
            "1:8: a backslash that begins nothing known; put the text in `'...'`, where a backslash is a backslash"
        );
        assert_eq!(reworded("id"), "1:3: a key without a value; write `key = value`");
        assert_eq!(reworded("id ="), "1:5: a key without a value; write `key = value`");
        assert_eq!(
            reworded("id = 'x' 'y'"),
            "1:10: two things on one line; begin a new line, or put the text in quotes"
        );
        assert_eq!(
            reworded("list = ['a' 'b']"),
            "1:13: a comma is missing in a list; write `,` between two entries, or `]` where the list ends"
        );
        assert_eq!(reworded("list = ['a', 'b'"), "1:17: a list is not closed; add `]` at its end");
        assert_eq!(reworded("list = ['a',, 'b']"), "1:13: a comma too many in a list; take one away");
        assert_eq!(reworded("[rule"), "1:6: the head of a table is not closed; write `[name]` or `[[name]]`");
        assert_eq!(reworded("id = 'x'\nnamed = { x = {}"), "2:17: a table in braces is not closed; add `}` at its end");
        assert_eq!(
            reworded("id = 'x'\nnamed = { x = {} y = {} }"),
            "2:18: a comma is missing in a table in braces; write `,` between two entries"
        );
        assert_eq!(
            reworded("é = 'x'"),
            "1:1: a key has a character that can't stand in it (with U+00E9 (not an ASCII character) at column 1); put the key in quotes"
        );
        assert_eq!(
            reworded("= 'x'"),
            "1:1: not valid TOML: unquoted keys cannot be empty, expected letters, numbers, `-`, `_`"
        );
    }

    #[test]
    fn a_sentence_of_the_parser_that_is_not_known_is_passed_on() {
        assert_eq!(of("never\nheard of", "x", false), Wording::new("not valid TOML: never heard of"));
        assert_eq!(of("`a` or `b` is wanted", "x", true), Wording::new("`a` or `b` is wanted"));
    }
}
