//! What other parsers have to say about a message that was let through: none may refuse it, none may refuse what came out,
//! and all must read the same in that (P2, P3).

use std::fmt::Debug;

use crate::{readings_json, readings_xml};

/// Refusals of well-formed XML, by words of the error; each is the parser's own limit or fault.
const XML_DIFFERENCES: &[(&str, &str)] = &[];

/// Refusals of well-formed JSON.
const JSON_DIFFERENCES: &[(&str, &str)] = &[
    // It reads every number, also one that will be skipped, into a double.
    ("serde_json", "number out of range"),
];

/// What is wrong with letting `message` through as `output`; `None` if nothing is.
pub fn fault(xml: bool, message: &[u8], output: &[u8]) -> Option<String> {
    let Ok(output) = str::from_utf8(output) else { return Some("the output is not UTF-8".to_owned()) };
    if !xml {
        let parsers = readings_json::PARSERS;
        let refused = parsers.iter().find_map(|(name, read)| refusal(name, read(message), JSON_DIFFERENCES));
        return refused
            .or_else(|| disagreement(parsers.iter().map(|(name, read)| (*name, read(output.as_bytes()))).collect()));
    }
    // What was transcoded can't be shown to parsers of UTF-8.
    let parsers = readings_xml::PARSERS;
    let refused = str::from_utf8(message)
        .ok()
        .filter(|text| !declares_another_encoding(text))
        .and_then(|text| parsers.iter().find_map(|(name, read)| refusal(name, read(text), XML_DIFFERENCES)));
    refused.or_else(|| disagreement(parsers.iter().map(|(name, read)| (*name, read(output))).collect()))
}

fn declares_another_encoding(text: &str) -> bool {
    let declaration = text.trim_start_matches('\u{FEFF}').split("?>").next().unwrap_or_default();
    declaration.starts_with("<?xml")
        && declaration.contains("encoding")
        && !declaration.to_ascii_lowercase().contains("utf-8")
}

fn refusal<T>(parser: &str, reading: Result<T, String>, known: &[(&str, &str)]) -> Option<String> {
    let error = reading.err()?;
    let is_known = known.iter().any(|(other, words)| *other == parser && error.contains(words));
    (!is_known).then(|| format!("{parser} refuses the message: {error}"))
}

fn disagreement<T: PartialEq + Debug>(readings: Vec<(&str, Result<Vec<T>, String>)>) -> Option<String> {
    let mut first: Option<(&str, Vec<T>)> = None;
    for (parser, reading) in readings {
        match (reading, &first) {
            (Err(error), _) => return Some(format!("{parser} refuses the output: {error}")),
            (Ok(items), None) => first = Some((parser, items)),
            (Ok(items), Some((other, same))) if items != *same => {
                let at = items.iter().zip(same).take_while(|(one, two)| one == two).count();
                let [one, two] = [same.get(at), items.get(at)].map(|item| format!("{item:?}"));
                return Some(format!("item {at} of the output is {one} to {other} and {two} to {parser}"));
            }
            (Ok(_), Some(_)) => {}
        }
    }
    None
}
