//! Texts for people in a table. Reports show names, titles and bases, so each must be one line of visible text (P6).

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{ConfigError, Document, LocatedDocument};
use crate::escape::is_visible;

/// The keys whose values are displayed, in every user table.
const DISPLAYED_KEYS: [&str; 7] = ["name", "title", "basis", "version", "source", "jurisdiction", "to"];

/// Finds texts for people with line ends, controls or invisible characters. Only escapes and multi-line strings can
/// contain them: literal ones were found before.
pub(super) fn check(document: &Document<'_>) -> Vec<ConfigError> {
    if !["\\", "\"\"\"", "'''"].iter().any(|marker| document.text.contains(marker)) {
        return Vec::new();
    }
    let (table, _) = DeTable::parse_recoverable(document.text);
    let mut errors = Vec::new();
    visit_table(table.get_ref(), &mut |key, value| {
        if let DeValue::String(text) = value.get_ref()
            && DISPLAYED_KEYS.contains(&key)
            && !text.chars().all(is_visible)
        {
            let message = format!("`{key}` is not one line of visible text");
            let help = "take line ends, control characters and invisible ones away";
            errors.push(LocatedDocument::of(document).error_verbatim(&value.span(), &message).help(help));
        }
    });
    errors
}

/// Visits every key and value, at any depth.
fn visit_table<'d>(table: &DeTable<'d>, visitor: &mut impl FnMut(&str, &Spanned<DeValue<'d>>)) {
    for (key, value) in table {
        visitor(key.get_ref(), value);
        visit_value(value, visitor);
    }
}

fn visit_value<'d>(value: &Spanned<DeValue<'d>>, visitor: &mut impl FnMut(&str, &Spanned<DeValue<'d>>)) {
    match value.get_ref() {
        DeValue::Table(table) => visit_table(table, visitor),
        DeValue::Array(values) => values.iter().for_each(|value| visit_value(value, visitor)),
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
        let reported: Vec<String> = errors.iter().map(|error| error.to_string()).collect();
        let help = "is not one line of visible text; take line ends, control characters and invisible ones away";
        let expected = [("2:11", "version"), ("5:9", "title"), ("7:16", "basis")];
        assert_eq!(reported, expected.map(|(place, key)| format!("t:{place}: `{key}` {help}")));
    }
}
