//! Texts for people in a table: reports show names, titles and bases, so each is one line of what can be seen (P6).

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{ConfigError, Document, Pointed};
use crate::escape::is_visible;

/// The keys whose values are shown, in every table of a user's.
const SHOWN: [&str; 6] = ["name", "title", "basis", "version", "source", "jurisdiction"];

/// Every text for people that has a line end, a control or anything invisible. Only an escape or a text of several lines can
/// have it: what is written as it is has been found before.
pub(super) fn check(document: &Document<'_>) -> Vec<ConfigError> {
    if !["\\", "\"\"\"", "'''"].iter().any(|sign| document.text.contains(sign)) {
        return Vec::new();
    }
    let (table, _) = DeTable::parse_recoverable(document.text);
    let mut errors = Vec::new();
    look_through(table.get_ref(), &mut |key, value| {
        if let DeValue::String(text) = value.get_ref()
            && SHOWN.contains(&key)
            && !text.chars().all(is_visible)
        {
            let message = format!("`{key}` is not one line of visible text");
            let help = "take line ends, control characters and invisible ones away";
            errors.push(Pointed::of(document).error_as_said(&value.span(), &message).help(help));
        }
    });
    errors
}

/// Hands on every key and value, however deep.
fn look_through<'d>(table: &DeTable<'d>, see: &mut impl FnMut(&str, &Spanned<DeValue<'d>>)) {
    for (key, value) in table {
        see(key.get_ref(), value);
        look_into(value, see);
    }
}

fn look_into<'d>(value: &Spanned<DeValue<'d>>, see: &mut impl FnMut(&str, &Spanned<DeValue<'d>>)) {
    match value.get_ref() {
        DeValue::Table(table) => look_through(table, see),
        DeValue::Array(values) => values.iter().for_each(|value| look_into(value, see)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p6_titles_and_bases_are_one_line_of_visible_text() {
        let text = "a = '\\d'\nversion = \"1\\u001b\"\n[[rule]]\nid = \"\\n\"\ntitle = '''x\ny'''\nas = { basis = \"\\u202e\" }\n\
                    [x]\ntitle = \"caf\\u00e9\"\nsource = \"\"\"x\"\"\"\n";
        let mut errors = check(&Document { file: "t", text });
        errors.sort_by_key(ConfigError::position);
        let told: Vec<String> = errors.iter().map(|error| error.to_string()).collect();
        let help = "is not one line of visible text; take line ends, control characters and invisible ones away";
        let expected = [("2:11", "version"), ("5:9", "title"), ("7:16", "basis")];
        assert_eq!(told, expected.map(|(place, key)| format!("t:{place}: `{key}` {help}")));
    }
}
