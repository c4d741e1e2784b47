//! Words that reports about policies share.

use serde::Serialize;

/// Some of the codes that the policy names, and whether any other, or none, is meant too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Choice {
    pub(super) named: Vec<String>,
    pub(super) others: bool,
}

impl Choice {
    /// Whether it is any code there is, and none.
    pub(super) fn is_any(&self, all: &[String]) -> bool {
        self.others && self.named.len() == all.len()
    }

    /// In words, beside all codes that there are.
    pub(super) fn told(&self, all: &[String]) -> String {
        match self.others {
            false => self.named.join(", "),
            true if self.is_any(all) => "any".to_owned(),
            true => {
                let rest: Vec<&str> = all.iter().filter(|one| !self.named.contains(one)).map(String::as_str).collect();
                format!("any but {}", rest.join(", "))
            }
        }
    }
}

/// What was written in a policy, without what could act on a terminal or turn a line around.
pub(super) fn plain(text: &str) -> String {
    let acts = |c: char| c.is_control() || matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
    text.chars().map(|c| if acts(c) { '\u{FFFD}' } else { c }).collect()
}
