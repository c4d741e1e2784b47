//! P5 on random texts: what goes out is the heading and the fields that stay, one to a line, whatever else the text held,
//! however it was laid out and however the message wrote it.

use proptest::prelude::*;

use super::world::{filter, redact, xml};

/// A part of a text.
#[derive(Debug, Clone)]
enum Part {
    /// A line that is one permitted field.
    Line(&'static str),
    /// Fields of one line, and whether each is permitted.
    Fields(Vec<(&'static str, bool)>),
    /// Lines of which nothing goes out.
    Gone(&'static str),
}

/// A text as its sender lays it out, and what must be left of it.
#[derive(Debug, Clone)]
struct Text {
    source: String,
    left: String,
}

fn part() -> impl Strategy<Value = Part> {
    let line = prop::sample::select(vec![
        "NAME: DOE, JANE",
        "NAME: D'E",
        "BORN: 1985-07-04",
        "CITY: TUCSON",
        "SEEN: \"A\" & B",
        "ROW DOE       |           |19850704|TUCSON",
    ]);
    let fields =
        prop::sample::select(vec![("SEX/F ", true), ("HAI/BLK ", true), ("EYE/BRO ", false), ("OTHER ", false)]);
    let gone = prop::sample::select(vec![
        "SSN: 900-12-3456",
        "SSN:    900123456",
        "SSN:           ",
        "ALIEN NUMBER: A900123456",
        "NAME: doe",
        "CITY: 900123456",
        "  ",
        "",
        "\t<X> & \"Y\"",
        "STATE OF EXAMPLE",
        "REMARKS: NAME: DOE\nNAME: DOE\nSTATE OF OTHER? NO\n\nPAGE 2",
    ]);
    prop_oneof![
        3 => line.prop_map(Part::Line),
        2 => prop::collection::vec(fields, 1..5).prop_map(Part::Fields),
        4 => gone.prop_map(Part::Gone),
    ]
}

fn text() -> impl Strategy<Value = Text> {
    let line_break = prop::sample::select(vec!["\n", "\r\n", "\n\n"]);
    (prop::collection::vec(part(), 0..12), line_break, 0..3_usize).prop_map(|(parts, line_break, blank)| {
        let mut lines = vec!["STATE OF EXAMPLE".to_owned()];
        let mut left = lines.clone();
        for part in parts {
            match part {
                Part::Line(line) => {
                    lines.push(line.to_owned());
                    left.push(line.to_owned());
                }
                Part::Fields(fields) => {
                    lines.push(fields.iter().map(|(field, _)| *field).collect());
                    left.extend(fields.iter().filter(|(_, stays)| *stays).map(|(field, _)| (*field).to_owned()));
                }
                Part::Gone(gone) => lines.push(gone.replace('\n', line_break)),
            }
        }
        let source = format!("{}{}{}", "\n".repeat(blank), lines.join(line_break), line_break.repeat(blank));
        let left = if left.len() > 1 { left.join("\n") } else { String::new() };
        Text { source, left }
    })
}

/// A text as the content of an element: characters, references, sections, and what means nothing between them.
fn dressed_xml(text: &str, dice: &[u8]) -> String {
    let mut content = String::new();
    for (character, die) in text.chars().zip(dice.iter().cycle()) {
        match (character, die % 16) {
            (_, 0) => content.push_str(&format!("&#{};", u32::from(character))),
            (_, 1) => content.push_str(&format!("&#x{:X};", u32::from(character))),
            // A line end of two characters is one, and not to be parted.
            ('\r' | '\n', _) => content.push(character),
            (_, 2) => content.push_str(&format!("<![CDATA[{character}]]>")),
            (_, 3) => content.push_str(&format!("{}<!-- x -->", escaped(character))),
            (_, 4) => content.push_str(&format!("{}<x>y</x>", escaped(character))),
            _ => content.push_str(&escaped(character)),
        }
    }
    content
}

fn escaped(character: char) -> String {
    match character {
        '<' => "&lt;".to_owned(),
        '>' => "&gt;".to_owned(),
        '&' => "&amp;".to_owned(),
        other => other.to_string(),
    }
}

/// A text as a JSON string.
fn dressed_json(text: &str, dice: &[u8]) -> String {
    let mut string = String::new();
    for (character, die) in text.chars().zip(dice.iter().cycle()) {
        match (character, die % 8) {
            (_, 0) => string.push_str(&format!("\\u{:04x}", u32::from(character))),
            ('\n', _) => string.push_str("\\n"),
            ('\r', _) => string.push_str("\\r"),
            ('\t', _) => string.push_str("\\t"),
            ('"', _) => string.push_str("\\\""),
            ('/', 1) => string.push_str("\\/"),
            (other, _) => string.push(other),
        }
    }
    string
}

fn cases() -> u32 {
    std::env::var("TEXT_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(256)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases()))]

    #[test]
    fn p5_nothing_but_the_fields_that_stay_decides_what_goes_out(text in text(), dice in prop::collection::vec(any::<u8>(), 1..40)) {
        thread_local! {
            static FILTER: dmv_redact::Filter = filter();
        }
        let redact = |message: &str| FILTER.with(|filter| redact(filter, message).0);
        let escape = |text: &str| text.chars().map(escaped).collect::<String>();
        let expected = match text.left.as_str() {
            "" => xml("").replace("<e:text></e:text>", ""),
            left => xml(&escape(left)),
        };
        prop_assert_eq!(&redact(&xml(&dressed_xml(&text.source, &dice))), &expected, "{:?}", &text.source);
        if !text.source.contains("]]>") {
            prop_assert_eq!(&redact(&xml(&format!("<![CDATA[{}]]>", text.source))), &expected, "{:?}", &text.source);
        }
        let message = |string: &str| format!(r#"{{"e:r":{{"e:key":"LIC","e:text":"{string}"}}}}"#);
        let expected = match text.left.as_str() {
            "" => r#"{"e:r":{"e:key":"LIC"}}"#.to_owned(),
            left => message(&dressed_json(left, &[7])),
        };
        prop_assert_eq!(&redact(&message(&dressed_json(&text.source, &dice))), &expected, "{:?}", &text.source);
    }
}
