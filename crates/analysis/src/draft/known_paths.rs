//! The paths of the formats that are there: built in, and of the folders that were named. Whoever wrote them has decided
//! what such a name means.

use std::collections::HashMap;

use crate::name_words::words;
use dmv_redact_model::config::{ConfigError, Document};
use dmv_redact_model::format::FormatSpans;

/// A path of a format.
#[derive(Debug)]
struct KnownPath {
    /// Its steps, without prefixes and in one spelling, the last first.
    steps: Vec<String>,
    element: String,
    is_record: bool,
    /// As it is shown: the format, and the last steps as the format spells them.
    format: String,
    shown: String,
}

/// The paths of all formats, by their last step.
#[derive(Debug, Default)]
pub(super) struct KnownPaths(HashMap<String, Vec<KnownPath>>);

/// What formats map a name to, and how much of the path before it is the same.
#[derive(Debug)]
pub(super) struct Known<'k> {
    pub(super) element: &'k str,
    pub(super) format: &'k str,
    pub(super) shown: &'k str,
}

impl KnownPaths {
    pub(super) fn read(formats: &[Document<'_>]) -> Result<Self, ConfigError> {
        let mut known = Self::default();
        for format in formats {
            let spans = FormatSpans::read(format, formats)?;
            for (path, element) in &spans.paths {
                let (text, is_record) = match path.path.strip_suffix("/**") {
                    Some(text) => (text, true),
                    None => (path.path.as_str(), false),
                };
                let steps: Vec<String> = text.split('/').rev().map(plain).collect();
                let Some(last) = steps.first().cloned() else { continue };
                let shown: Vec<&str> = text.rsplit('/').take(2).collect();
                known.0.entry(last).or_default().push(KnownPath {
                    steps,
                    element: element.clone(),
                    is_record,
                    format: spans.name.path.clone(),
                    shown: shown.into_iter().rev().collect::<Vec<_>>().join("/"),
                });
            }
        }
        Ok(known)
    }

    /// What formats map a path with these steps to. Only those count whose end is the same for the most steps, the own
    /// name and its parent's at least; the own name alone is enough where no format has more and the name tells what the
    /// part is. The number is how many steps are the same.
    pub(super) fn find(&self, steps: &[&str], is_record: bool, is_telling: bool) -> (usize, Vec<Known<'_>>) {
        let steps: Vec<String> = steps.iter().rev().map(|step| plain(step)).collect();
        let named = steps.first().and_then(|last| self.0.get(last)).into_iter().flatten();
        let alike: Vec<(usize, &KnownPath)> = named
            .filter(|known| known.is_record == is_record)
            .map(|known| {
                let same = known.steps.iter().zip(&steps).take_while(|(own, given)| own == given).count();
                // All of both: neither has a parent that the other lacks.
                let is_whole = same == known.steps.len() && same == steps.len();
                (same + usize::from(is_whole), known)
            })
            .collect();
        let most = alike.iter().map(|(same, _)| *same).max().unwrap_or(0);
        if most < 2 && !is_telling {
            return (0, Vec::new());
        }
        let best = alike.into_iter().filter(|(same, _)| *same == most);
        let known =
            best.map(|(_, known)| Known { element: &known.element, format: &known.format, shown: &known.shown });
        (most, known.collect())
    }
}

/// A step without its prefix, in the one spelling of its words' letters.
fn plain(step: &str) -> String {
    let name = step.trim_start_matches('@');
    let local = name.rsplit(':').next().unwrap_or(name);
    local.chars().filter(|character| character.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Words that many facts have: alone they don't tell which.
pub(super) const GENERIC: &[&str] = &[
    "number",
    "date",
    "type",
    "status",
    "class",
    "year",
    "state",
    "name",
    "description",
    "jurisdiction",
    "version",
    "time",
    "sign",
    "city",
    "county",
    "country",
    "street",
    "address",
    "color",
    "style",
    "model",
    "make",
    "issue",
    "expiration",
    "point",
    "holder",
    "card",
    "policy",
    "reason",
    "level",
    "unit",
    "format",
    "size",
    "location",
    "person",
    "record",
    "data",
    "detail",
    "quantity",
    "amount",
    "end",
    "begin",
    "start",
    "effective",
    "key",
    "image",
    "severity",
    "disposition",
    "title",
    "object",
    "capture",
    "binary",
    "age",
    "document",
];

/// Whether a name alone tells what a part is.
pub(super) fn is_telling(name: &str) -> bool {
    words(name).iter().any(|word| !GENERIC.contains(&word.as_str()))
}
