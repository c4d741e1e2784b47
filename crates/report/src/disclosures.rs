//! Reports a log: who got what, how often. Computed while the log is verified, from intact lines only.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;
use std::path::PathBuf;

use serde::de::{Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize};

use dmv_redact_log::{Aggregate, AuditError, Key, LogLine, Verification, verify_and_aggregate};
use dmv_redact_model::escape::escape;

/// Who got what, over all runs of a log.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct DisclosureReport {
    /// Faults of the log: changed lines aren't counted.
    faults: u64,
    messages: u64,
    /// Messages of dry runs, which nothing else here counts because nobody got them.
    dry_run_messages: u64,
    dispositions: BTreeMap<String, u64>,
    agency_classes: BTreeMap<String, Disclosures>,
    requesters: BTreeMap<String, Disclosures>,
    #[serde(skip)]
    object: Vec<u8>,
}

/// What one requester, or one agency class, got.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
struct Disclosures {
    messages: u64,
    dispositions: BTreeMap<String, u64>,
    elements: BTreeMap<String, ValueCounts>,
}

/// Counts of values of a data element.
#[derive(Debug, Default, Clone, Copy, Serialize, Deserialize)]
struct ValueCounts {
    #[serde(default)]
    released: u64,
    #[serde(default)]
    generalised: u64,
    #[serde(default)]
    removed: u64,
}

/// The members of a message's record that are reported.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct MessageBody<'b> {
    #[serde(borrow)]
    disposition: Cow<'b, str>,
    #[serde(default)]
    dry_run: bool,
    #[serde(borrow)]
    requester: Option<Cow<'b, str>>,
    #[serde(borrow, default)]
    agency_classes: Vec<BorrowedName<'b>>,
    #[serde(borrow, default)]
    elements: ElementEntries<'b>,
}

/// The members of an object in their order, because a map per message would be slow.
#[derive(Default)]
struct ElementEntries<'b>(Vec<(Cow<'b, str>, ValueCounts)>);

impl<'de: 'b, 'b> Deserialize<'de> for ElementEntries<'b> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members<'b>(PhantomData<&'b ()>);

        impl<'de: 'b, 'b> Visitor<'de> for Members<'b> {
            type Value = ElementEntries<'b>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("data elements with their counts")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<ElementEntries<'b>, A::Error> {
                let mut elements = Vec::new();
                while let Some((name, values)) = map.next_entry::<BorrowedName<'de>, ValueCounts>()? {
                    elements.push((name.0, values));
                }
                Ok(ElementEntries(elements))
            }
        }

        deserializer.deserialize_map(Members(PhantomData))
    }
}

/// A name, borrowed unless it has an escape.
#[derive(Deserialize)]
#[serde(transparent)]
struct BorrowedName<'b>(#[serde(borrow)] Cow<'b, str>);

/// The name for the requester of a message without one. It can't be an ORI, because no ORI is in lower case.
const NO_REQUESTER: &str = "unknown";

/// Verifies a log and adds up its messages; with faults, the report covers the intact lines.
///
/// # Errors
/// When it can't be read, or is keyed and no key is given.
pub fn disclosures(paths: &[PathBuf], key: Option<&Key>) -> Result<(Verification, DisclosureReport), AuditError> {
    let (verification, report) = verify_and_aggregate::<DisclosureReport>(paths, key, None)?;
    let faults = verification.fault_count;
    Ok((verification, DisclosureReport { faults, ..report }))
}

impl Aggregate for DisclosureReport {
    fn add_message(&mut self, line: &LogLine<'_>) {
        let mut object = std::mem::take(&mut self.object);
        line.write_object(&mut object);
        // No receipt writes a record without a disposition: it is only counted.
        let body = serde_json::from_slice::<MessageBody<'_>>(&object).ok();
        let is_dry_run = body.as_ref().is_some_and(|body| body.dry_run);
        *if is_dry_run { &mut self.dry_run_messages } else { &mut self.messages } += 1;
        if let Some(body) = body.filter(|_| !is_dry_run) {
            update(&mut self.dispositions, &body.disposition, |count| *count += 1);
            let requester = body.requester.as_deref().unwrap_or(NO_REQUESTER);
            update(&mut self.requesters, requester, |received| received.add(&body));
            for class in &body.agency_classes {
                update(&mut self.agency_classes, &class.0, |received| received.add(&body));
            }
        }
        self.object = object;
    }

    fn merge(&mut self, other: Self) {
        self.messages += other.messages;
        self.dry_run_messages += other.dry_run_messages;
        merge_counts(&mut self.dispositions, &other.dispositions);
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
    fn add(&mut self, body: &MessageBody<'_>) {
        self.messages += 1;
        update(&mut self.dispositions, &body.disposition, |count| *count += 1);
        for (element, values) in &body.elements.0 {
            update(&mut self.elements, element, |own| own.add(*values));
        }
    }

    fn merge(&mut self, other: &Self) {
        self.messages += other.messages;
        merge_counts(&mut self.dispositions, &other.dispositions);
        for (element, values) in &other.elements {
            update(&mut self.elements, element, |own| own.add(*values));
        }
    }
}

impl ValueCounts {
    // Saturating, because a forged log may say any number.
    fn add(&mut self, other: Self) {
        self.released = self.released.saturating_add(other.released);
        self.generalised = self.generalised.saturating_add(other.generalised);
        self.removed = self.removed.saturating_add(other.removed);
    }
}

/// Updates the value of a name, which is copied only the first time.
fn update<V: Default>(map: &mut BTreeMap<String, V>, name: &str, update: impl FnOnce(&mut V)) {
    match map.get_mut(name) {
        Some(value) => update(value),
        None => update(map.entry(name.to_owned()).or_default()),
    }
}

fn merge_counts(own: &mut BTreeMap<String, u64>, others: &BTreeMap<String, u64>) {
    for (name, count) in others {
        update(own, name, |own| *own += count);
    }
}

impl fmt::Display for DisclosureReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.faults {
            0 => writeln!(f, "every line verified")?,
            faults => writeln!(f, "the log has {faults} faults: only lines that are as they were written are counted")?,
        }
        write_messages(f, self.messages, &self.dispositions)?;
        if self.dry_run_messages > 0 {
            writeln!(f, "{} messages of dry runs are left out", self.dry_run_messages)?;
        }
        for (title, parts) in [("agency class", &self.agency_classes), ("requester", &self.requesters)] {
            for (name, received) in parts {
                write!(f, "\n{title} {}: ", escape(name))?;
                write_messages(f, received.messages, &received.dispositions)?;
                if !received.elements.is_empty() {
                    let (element, released, generalised) = ("data element", "released", "generalised");
                    writeln!(f, "  {element:<36}{released:>12}{generalised:>12}{:>12}", "removed")?;
                }
                for (element, ValueCounts { released, generalised, removed }) in &received.elements {
                    writeln!(f, "  {:<36}{released:>12}{generalised:>12}{removed:>12}", escape(element))?;
                }
            }
        }
        Ok(())
    }
}

fn write_messages(f: &mut fmt::Formatter<'_>, messages: u64, dispositions: &BTreeMap<String, u64>) -> fmt::Result {
    write!(f, "{messages} messages")?;
    for (number, (name, count)) in dispositions.iter().enumerate() {
        write!(f, "{}{count} {}", if number == 0 { ": " } else { ", " }, escape(name))?;
    }
    writeln!(f)
}
