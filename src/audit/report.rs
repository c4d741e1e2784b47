//! What a log tells: who got what, how often. Made while the log is verified, from the lines that are as they were written.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;
use std::path::PathBuf;

use serde::de::{Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize};

use super::chain::Line;
use super::verify::{Tally, Verification, walk};
use super::{AuditError, Key};
use crate::escape::escape;

/// Who got what, over all runs of a log.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Report {
    /// How much is wrong with the log: what was changed isn't counted.
    faults: u64,
    messages: u64,
    /// Messages of dry runs: nobody got them, so nothing else here counts them.
    dry_run_messages: u64,
    dispositions: BTreeMap<String, u64>,
    agency_classes: BTreeMap<String, Received>,
    requesters: BTreeMap<String, Received>,
    #[serde(skip)]
    object: Vec<u8>,
}

/// What one requester, or one agency class, got.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
struct Received {
    messages: u64,
    dispositions: BTreeMap<String, u64>,
    elements: BTreeMap<String, Values>,
}

/// Values of a data element.
#[derive(Debug, Default, Clone, Copy, Serialize, Deserialize)]
struct Values {
    #[serde(default)]
    released: u64,
    #[serde(default)]
    generalised: u64,
    #[serde(default)]
    removed: u64,
}

/// What of a message's record is reported.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Body<'b> {
    #[serde(borrow)]
    disposition: Cow<'b, str>,
    #[serde(default)]
    dry_run: bool,
    #[serde(borrow)]
    requester: Option<Cow<'b, str>>,
    #[serde(borrow, default)]
    agency_classes: Vec<Name<'b>>,
    #[serde(borrow, default)]
    elements: Elements<'b>,
}

/// The members of an object in their order: a map would be built for every message.
#[derive(Default)]
struct Elements<'b>(Vec<(Cow<'b, str>, Values)>);

impl<'de: 'b, 'b> Deserialize<'de> for Elements<'b> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members<'b>(PhantomData<&'b ()>);

        impl<'de: 'b, 'b> Visitor<'de> for Members<'b> {
            type Value = Elements<'b>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("data elements with their counts")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Elements<'b>, A::Error> {
                let mut elements = Vec::new();
                while let Some((name, values)) = map.next_entry::<Name<'de>, Values>()? {
                    elements.push((name.0, values));
                }
                Ok(Elements(elements))
            }
        }

        deserializer.deserialize_map(Members(PhantomData))
    }
}

/// A name that is borrowed where no escape is in it.
#[derive(Deserialize)]
#[serde(transparent)]
struct Name<'b>(#[serde(borrow)] Cow<'b, str>);

/// What stands for a requester that a message didn't give. No ORI is in lower case.
const NO_REQUESTER: &str = "unknown";

/// Reads a log, adds up what it says, and verifies it on the way: with faults, the report is of what was left whole.
///
/// # Errors
/// When it can't be read, or has a key and none is given.
pub(crate) fn report(paths: &[PathBuf], key: Option<&Key>) -> Result<(Verification, Report), AuditError> {
    let (verification, report) = walk::<Report>(paths, key, None)?;
    let faults = verification.fault_count;
    Ok((verification, Report { faults, ..report }))
}

impl Tally for Report {
    fn take(&mut self, line: &Line<'_>) {
        let mut object = std::mem::take(&mut self.object);
        line.object(&mut object);
        // A record without a disposition is none that a receipt gives: it is counted, and that's all there is to tell.
        let body = serde_json::from_slice::<Body<'_>>(&object).ok();
        let is_dry_run = body.as_ref().is_some_and(|body| body.dry_run);
        *if is_dry_run { &mut self.dry_run_messages } else { &mut self.messages } += 1;
        if let Some(body) = body.filter(|_| !is_dry_run) {
            change(&mut self.dispositions, &body.disposition, |count| *count += 1);
            let requester = body.requester.as_deref().unwrap_or(NO_REQUESTER);
            change(&mut self.requesters, requester, |received| received.add(&body));
            for class in &body.agency_classes {
                change(&mut self.agency_classes, &class.0, |received| received.add(&body));
            }
        }
        self.object = object;
    }

    fn add_all(&mut self, other: Self) {
        self.messages += other.messages;
        self.dry_run_messages += other.dry_run_messages;
        add_numbers(&mut self.dispositions, &other.dispositions);
        for (own, others) in
            [(&mut self.agency_classes, &other.agency_classes), (&mut self.requesters, &other.requesters)]
        {
            for (name, received) in others {
                change(own, name, |own| own.add_all(received));
            }
        }
    }
}

impl Received {
    fn add(&mut self, body: &Body<'_>) {
        self.messages += 1;
        change(&mut self.dispositions, &body.disposition, |count| *count += 1);
        for (element, values) in &body.elements.0 {
            change(&mut self.elements, element, |own| own.add(*values));
        }
    }

    fn add_all(&mut self, other: &Self) {
        self.messages += other.messages;
        add_numbers(&mut self.dispositions, &other.dispositions);
        for (element, values) in &other.elements {
            change(&mut self.elements, element, |own| own.add(*values));
        }
    }
}

impl Values {
    // What a forged log says may be any number.
    fn add(&mut self, other: Self) {
        self.released = self.released.saturating_add(other.released);
        self.generalised = self.generalised.saturating_add(other.generalised);
        self.removed = self.removed.saturating_add(other.removed);
    }
}

/// Changes the value of a name, which is copied only the first time.
fn change<V: Default>(map: &mut BTreeMap<String, V>, name: &str, change: impl FnOnce(&mut V)) {
    match map.get_mut(name) {
        Some(value) => change(value),
        None => change(map.entry(name.to_owned()).or_default()),
    }
}

fn add_numbers(own: &mut BTreeMap<String, u64>, others: &BTreeMap<String, u64>) {
    for (name, count) in others {
        change(own, name, |own| *own += count);
    }
}

impl fmt::Display for Report {
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
                for (element, Values { released, generalised, removed }) in &received.elements {
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
