//! The report that nothing is asked of: each agency class and each requester, with every data element.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use super::{CountedMessage, ElementCounts, Query, count_text, merge_counts, update};
use dmv_redact_model::escape::escape;

/// What every agency class and every requester got.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Recipients {
    agency_classes: BTreeMap<String, Disclosures>,
    requesters: BTreeMap<String, Disclosures>,
}

/// What one of them got.
#[derive(Debug, Default, Serialize)]
struct Disclosures {
    messages: u64,
    dispositions: BTreeMap<String, u64>,
    elements: BTreeMap<String, ElementCounts>,
}

impl Recipients {
    pub(super) fn add(&mut self, message: &CountedMessage<'_>, query: &Query) {
        let record = message.record;
        update(&mut self.requesters, record.requester(), |received| received.add(message));
        for class in record.classes().filter(|class| query.shows_class(class)) {
            update(&mut self.agency_classes, class, |received| received.add(message));
        }
    }

    pub(super) fn merge(&mut self, other: &Self) {
        for (own, others) in
            [(&mut self.agency_classes, &other.agency_classes), (&mut self.requesters, &other.requesters)]
        {
            for (name, received) in others {
                update(own, name, |own| own.merge(received));
            }
        }
    }
}

impl Disclosures {
    fn add(&mut self, CountedMessage { record, elements, messages, .. }: &CountedMessage<'_>) {
        self.messages = self.messages.saturating_add(*messages);
        if let Some(disposition) = record.disposition() {
            update(&mut self.dispositions, disposition, |count| *count += 1);
        }
        for (element, counts) in elements {
            update(&mut self.elements, element, |own| own.add(*counts));
        }
    }

    fn merge(&mut self, other: &Self) {
        self.messages = self.messages.saturating_add(other.messages);
        merge_counts(&mut self.dispositions, &other.dispositions);
        for (element, counts) in &other.elements {
            update(&mut self.elements, element, |own| own.add(*counts));
        }
    }
}

impl fmt::Display for Recipients {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (title, parts) in [("agency class", &self.agency_classes), ("requester", &self.requesters)] {
            for (name, received) in parts {
                writeln!(f, "\n{title} {}: {}", escape(name), count_text(received.messages, &received.dispositions))?;
                if !received.elements.is_empty() {
                    let (element, released, generalised) = ("data element", "released", "generalised");
                    writeln!(f, "  {element:<36}{released:>12}{generalised:>12}{:>12}", "removed")?;
                }
                for (element, ElementCounts { released, generalised, removed }) in &received.elements {
                    writeln!(f, "  {:<36}{released:>12}{generalised:>12}{removed:>12}", escape(element))?;
                }
            }
        }
        Ok(())
    }
}
