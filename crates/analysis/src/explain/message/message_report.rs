//! The report on a message: its disposition, and for each path the outcome of its values, how many, and why.

use std::collections::HashMap;
use std::fmt;

use serde::Serialize;

use super::super::situation::{DecidingRule, deciding};
use super::parts::{Fate, MessageParts, PartOutcome};
use super::read;
use super::told::Told;
use dmv_redact::internal::rewrite::outcomes;
use dmv_redact::{Filter, Receipt, Requester};
use dmv_redact_model::catalog::{ElementId, LEGAL_NOTICE_ELEMENT};
use dmv_redact_model::format::NOTICE_ELEMENT;
use dmv_redact_model::policy::MessageKeyId;

/// A message, explained.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct MessageReport {
    disposition: &'static str,
    reason: Option<&'static str>,
    detail: Option<&'static str>,
    /// Where the reason is, in bytes from the start of the message.
    offset: Option<usize>,
    format: Option<String>,
    message_key: Option<String>,
    paths: Vec<PathReport>,
    /// Parts that the mapping doesn't name, and references that lead nowhere; nothing else of them is reported (P6).
    unmapped: u32,
    /// Why parts are missing from the report, if any are.
    #[serde(skip_serializing_if = "Option::is_none")]
    caution: Option<&'static str>,
    #[serde(skip)]
    pub(super) parts: MessageParts,
    /// The ids of the catalog's elements, by index.
    #[serde(skip)]
    pub(super) elements: Vec<String>,
}

/// The values at one path with the same outcome.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct PathReport {
    /// In the mapping's own names.
    pub path: String,
    /// The data element's id.
    pub element: String,
    /// `released`, `generalised` or `removed`.
    pub outcome: &'static str,
    /// What is left of values that are generalized.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub treatment: Option<&'static str>,
    /// Why it was removed; or, for what the filter adds, why it is released.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<&'static str>,
    /// How many values.
    pub count: usize,
    /// The rules that decide; none if no permit names the data element.
    pub by: Vec<DecidingRule>,
    #[serde(skip)]
    judged: PartOutcome,
}

impl PartOutcome {
    /// The outcome's name in receipts.
    fn word(self) -> &'static str {
        match self {
            Self::Released => "released",
            Self::Generalised(_) => "generalised",
            Self::Denied | Self::Violates | Self::Image => "removed",
        }
    }

    /// Why nothing of it is released.
    pub(super) fn why(self) -> Option<&'static str> {
        match self {
            Self::Released | Self::Generalised(_) => None,
            Self::Denied => Some("not permitted"),
            Self::Violates => Some("permitted, but its value violates the element's shape"),
            Self::Image => Some("permitted, but an image or another encoded object is in it"),
        }
    }
}

impl MessageReport {
    /// What becomes of the values of the message, path by path.
    pub fn paths(&self) -> &[PathReport] {
        &self.paths
    }

    /// How many parts the mapping doesn't name: they never go out.
    pub fn unmapped(&self) -> u32 {
        self.unmapped
    }

    /// Why parts are missing from the report, if any are.
    pub fn caution(&self) -> Option<&'static str> {
        self.caution
    }

    /// Reports on a message that was redacted for `requester` with this receipt.
    pub fn of(filter: &Filter, requester: &Requester, message: &[u8], receipt: &Receipt) -> Self {
        let releases = receipt.disposition().releases();
        let mut report = Self {
            disposition: receipt.disposition().name(),
            reason: receipt.reason().map(|reason| reason.code()),
            detail: receipt.detail(),
            offset: receipt.offset(),
            format: receipt.format().map(str::to_owned),
            message_key: receipt.message_type().map(str::to_owned),
            paths: Vec::new(),
            unmapped: 0,
            caution: None,
            parts: MessageParts::default(),
            elements: filter.catalog().iter().map(|(_, element)| element.id().to_owned()).collect(),
        };
        let format = receipt.format().and_then(|name| filter.inner().formats.by_name(name));
        let Some(format) = format else {
            report.caution = Some("it is of no known format, so nothing can be told of its parts");
            return report;
        };
        let Some(grant) = receipt.grant() else {
            report.caution = Some("nothing was decided on its parts, so nothing is told of them");
            return report;
        };
        let outcomes = outcomes(filter.inner(), message, requester);
        let parts = read(filter, format, message, Some((Told::new(&outcomes), grant)));
        let (Ok(mut parts), true) = (parts, outcomes.is_whole) else {
            report.caution = Some("it was refused before its end, so nothing is told of its parts");
            return report;
        };
        parts.decide_kept(&outcomes.links.iter().copied().collect());
        report.parts = parts;
        report.unmapped = outcomes.unmapped;
        report.gather(filter, receipt.request().unwrap_or(requester), receipt);
        let roots = format.declared.roots.iter().map(|root| format!("{root}/"));
        let mut of_message = roots.filter(|root| report.paths.iter().any(|own| own.path.starts_with(root.as_str())));
        let root = of_message.next().unwrap_or_default();
        for (path, element, why) in [
            (&format.notice, NOTICE_ELEMENT, "the filter adds it: a permitted value violates its shape"),
            (&format.declared.legal_notice, LEGAL_NOTICE_ELEMENT, "the filter adds it: the policy tells of the law"),
        ] {
            let added = path.as_ref().and_then(|path| report.added(format!("{root}{path}"), (element, why), receipt));
            report.paths.extend(added);
        }
        if releases && (report.unmapped != receipt.unmapped() || !report.agrees(filter, receipt)) {
            report.caution = Some("some values went otherwise than is told here: the receipt's counts are right");
        }
        report
    }

    fn gather(&mut self, filter: &Filter, requester: &Requester, receipt: &Receipt) {
        let policy = filter.decider();
        let classes = receipt.requester().map(|ori| policy.classes_of(ori)).unwrap_or_default();
        let Some(asked) = policy.asked(requester, message_key(filter, receipt)) else { return };
        let specified = policy.specified(requester);
        let mut paths: Vec<PathReport> = Vec::new();
        let mut seen: HashMap<(String, ElementId, PartOutcome), usize> = HashMap::new();
        for (index, part) in self.parts.0.iter().enumerate() {
            let values: &[(ElementId, PartOutcome)] = match &part.fate {
                Fate::Value(element, outcome) => &[(*element, *outcome)],
                Fate::Fields(fields) => fields,
                Fate::Unmapped | Fate::Container | Fate::Link(_) | Fate::Kept => continue,
            };
            for (element, outcome) in values {
                let key = (self.parts.path(index), *element, *outcome);
                if let Some(seen) = seen.get(&key).and_then(|seen| paths.get_mut(*seen)) {
                    seen.count += 1;
                    continue;
                }
                seen.insert(key.clone(), paths.len());
                let described = filter.catalog().element(*element);
                let is_envelope = described.is_some_and(|element| element.is_envelope());
                paths.push(PathReport {
                    path: key.0,
                    element: described.map_or("", |element| element.id()).to_owned(),
                    outcome: outcome.word(),
                    treatment: match outcome {
                        PartOutcome::Generalised(treatment) => Some(treatment.name()),
                        _ => None,
                    },
                    why: outcome.why(),
                    count: 1,
                    by: match is_envelope {
                        true => Vec::new(),
                        false => {
                            let asked = asked.with(specified.get(*element));
                            deciding(policy, &policy.ruling(&classes, &asked, *element))
                        }
                    },
                    judged: *outcome,
                });
            }
        }
        self.paths = paths;
    }

    /// A notice that the filter itself writes, if it does.
    fn added(&self, path: String, (element, why): (&str, &'static str), receipt: &Receipt) -> Option<PathReport> {
        let counted = receipt.elements().find(|(id, _)| *id == element).map_or(0, |(_, counts)| counts.released);
        let of_message = self.paths.iter().filter(|path| path.element == element);
        let present: usize =
            of_message.filter(|path| path.judged == PartOutcome::Released).map(|path| path.count).sum();
        let added = (counted as usize).checked_sub(present).filter(|added| *added > 0)?;
        Some(PathReport {
            path,
            element: element.to_owned(),
            outcome: "released",
            treatment: None,
            why: Some(why),
            count: added,
            by: Vec::new(),
            judged: PartOutcome::Released,
        })
    }

    /// Whether the report agrees with the receipt's counts.
    fn agrees(&self, filter: &Filter, receipt: &Receipt) -> bool {
        filter.catalog().iter().all(|(_, element)| {
            let counts = receipt.elements().find(|(id, _)| *id == element.id()).map(|(_, counts)| counts);
            let counts = counts.unwrap_or_default();
            let counted = [counts.released, counts.generalised, counts.removed, counts.shape];
            counted.map(|count| count as usize) == self.counts(element.id())
        })
    }

    /// How many parts of an element were released, generalized, removed, and violate its shape.
    fn counts(&self, id: &str) -> [usize; 4] {
        let [mut released, mut generalized, mut removed, mut violating] = [0; 4];
        for path in self.paths.iter().filter(|path| path.element == id) {
            match path.outcome {
                "released" => released += path.count,
                "generalised" => generalized += path.count,
                "removed" => removed += path.count,
                _ => {}
            }
            if matches!(path.judged, PartOutcome::Violates | PartOutcome::Image) {
                violating += path.count;
            }
        }
        [released, generalized, removed, violating]
    }
}

/// The number of a receipt's message key.
pub fn message_key(filter: &Filter, receipt: &Receipt) -> Option<MessageKeyId> {
    let index = filter.messages().iter().position(|key| Some(key.as_str()) == receipt.message_type())?;
    u16::try_from(index).ok().map(MessageKeyId)
}

impl fmt::Display for MessageReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_head(f)?;
        if !self.paths.is_empty() {
            writeln!(f, "\nThe parts of this message")?;
        }
        let mut before = None;
        for path in &self.paths {
            if before != Some(&path.path) {
                writeln!(f, "  {}", path.path)?;
                before = Some(&path.path);
            }
            let PathReport { element, outcome, treatment, why, count, by, .. } = path;
            let treatment = treatment.map_or(String::new(), |treatment| format!(" ({treatment})"));
            let by = match why {
                _ if element.starts_with(dmv_redact_model::catalog::ENVELOPE) && why.is_none() => {
                    "every grant holds it".to_owned()
                }
                Some(why) if path.judged == PartOutcome::Denied && by.is_empty() => {
                    format!("{why} by any rule that applies")
                }
                Some(why) if by.is_empty() => (*why).to_owned(),
                Some(why) => format!("{why}: {}", named(by)),
                None => named(by),
            };
            writeln!(f, "    {count} {outcome}{treatment}: {element}: {by}")?;
        }
        if self.unmapped > 0 {
            let parts = if self.unmapped == 1 { "part" } else { "parts" };
            writeln!(
                f,
                "  {} {parts} that the mapping doesn't name: removed; of a sample, `dmv-redact format check` lists them",
                self.unmapped
            )?;
        }
        Ok(())
    }
}

/// The deciding rules; their bases were printed before.
fn named(by: &[DecidingRule]) -> String {
    by.iter().map(|rule| format!("{} `{}`", rule.kind, rule.id)).collect::<Vec<_>>().join(", ")
}

impl MessageReport {
    /// The outcome of the message as a whole.
    pub(super) fn write_head(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "This message is {}", self.disposition)?;
        if let (Some(reason), Some(detail)) = (self.reason, self.detail) {
            write!(f, ": {reason}, {detail}")?;
        }
        if let Some(offset) = self.offset {
            write!(f, ", at byte {offset}")?;
        }
        writeln!(f, ".")?;
        match self.disposition {
            "held" => writeln!(
                f,
                "Nothing of it goes out; below is what would if the review were all that stood in the way."
            )?,
            "withheld" if !self.parts.0.is_empty() => {
                writeln!(f, "Nothing of it goes out; below is what the policy alone says of its parts.")?;
            }
            _ => {}
        }
        self.caution.iter().try_for_each(|caution| writeln!(f, "Caution: {caution}."))
    }
}
