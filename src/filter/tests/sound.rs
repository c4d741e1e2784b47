//! A sound redaction, the place of each value in it, and what becomes of it with a fault in the first reading.

use std::collections::BTreeMap;

use super::messages::{JSON, XML, fill, filter_of, fixtures};
use super::*;
use crate::read::Reason;
use crate::rewrite::{Fault, Noted, with_faults};
use dmv_redact_model::catalog::{ElementId, Treatment};
use dmv_redact_model::manifest::{ReleasedForm, ReleasedValue};
use dmv_redact_model::span::Span;

/// One message, soundly redacted.
pub(super) struct Sound {
    pub(super) name: String,
    pub(super) message: Vec<u8>,
    pub(super) requester: Requester,
    pub(super) output: Vec<u8>,
    pub(super) manifest: Manifest,
    pub(super) receipt: Receipt,
    pub(super) noted: Noted,
    /// The same for other values in the same layout.
    pub(super) sibling: Option<Box<Sound>>,
}

/// Messages under one filter.
pub(super) struct Group {
    pub(super) filter: Filter,
    pub(super) sounds: Vec<Sound>,
}

/// What became of a message with a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Outcome {
    Caught,
    /// The first reading itself refused the message.
    Refused,
    /// The fault changed nothing of output and manifest, or the manifest has other bytes that make the same output.
    NoEffect,
    /// What went out is right; the manifest has another span for a value whose result is the same.
    Imprecise,
    /// What went out has the same values in the same parts, with other white space between them or another XML declaration.
    SameValues,
    /// Less went out than could have: the second reading isn't asked what is missing.
    Fewer,
    /// Another value of the message went out, and the manifest says so.
    OtherValue,
    /// Anything else.
    Missed,
}

/// How often a fault of one name had which outcome, by syntax and path, cold and warm.
pub(super) type Table = BTreeMap<(&'static str, &'static str, &'static str, &'static str), BTreeMap<Outcome, usize>>;

/// The first reading alone.
pub(super) fn first_reading(filter: &Filter, message: &[u8], requester: &Requester) -> (Receipt, Vec<u8>, Manifest) {
    let (mut out, mut copy) = (Vec::new(), Manifest::default());
    let mut buffers = rewrite::Buffers::default();
    let receipt = rewrite::redact(&filter.parts, message, requester, &mut buffers, &mut out, |_, manifest, _| {
        copy = manifest.clone();
        Ok(())
    });
    (receipt, out, copy)
}

/// What a manifest says of a message.
pub(super) fn says<'m>(
    message: &'m [u8],
    manifest: &Manifest,
) -> Vec<(ElementId, Treatment, ReleasedForm, Option<&'m [u8]>)> {
    let bytes = |span: Span| message.get(span.start()..span.end());
    manifest.entries().iter().map(|own| (own.element, own.treatment, own.form, bytes(own.span))).collect()
}

impl Sound {
    /// `None` if the message isn't released, or isn't UTF-8: then spans are those of its text.
    pub(super) fn of(filter: &Filter, name: &str, message: &[u8], requester: &Requester) -> Option<Self> {
        std::str::from_utf8(message).ok()?;
        let ((receipt, output, manifest), noted) = with_faults(&[], || first_reading(filter, message, requester));
        if !receipt.disposition().releases() {
            return None;
        }
        let mut out = Vec::new();
        let checked = filter.redact(message, requester, &mut out);
        assert!(checked.disposition().releases() && out == output, "{name}: {:?}", checked.detail());
        let (message, requester) = (message.to_vec(), requester.clone());
        Some(Self { name: name.to_owned(), message, requester, output, manifest, receipt, noted, sibling: None })
    }

    pub(super) fn entries(&self) -> &[ReleasedValue] {
        self.manifest.entries()
    }

    pub(super) fn syntax(&self) -> &'static str {
        if self.output.trim_ascii_start().starts_with(b"<") { "XML" } else { "JSON" }
    }

    /// Which path released a value.
    pub(super) fn path(&self, value: &ReleasedValue) -> &'static str {
        match value.form {
            _ if self.noted.fast.contains(&value.span) => "fast",
            ReleasedForm::Exact | ReleasedForm::Nil => "slow",
            ReleasedForm::Continued => "slow, in pieces",
            ReleasedForm::Treated => "treated",
            ReleasedForm::Text | ReleasedForm::Field => "text with fields",
            ReleasedForm::TypeName | ReleasedForm::Link | ReleasedForm::Embedded | ReleasedForm::Notice => "other",
        }
    }

    /// What was written for a value that isn't copied.
    pub(super) fn written(&self, span: Span) -> Option<&str> {
        let mut written = self.noted.written.iter().rev();
        written.find(|(own, _)| *own == span).map(|(_, text)| text.as_str())
    }

    /// Redacts with `faults` in the first reading, and then without.
    pub(super) fn with(&self, filter: &Filter, faults: &[Fault]) -> Outcome {
        let mut out = Vec::new();
        let (receipt, _) = with_faults(faults, || filter.redact(&self.message, &self.requester, &mut out));
        let outcome = match receipt.reason() {
            None => self.outcome_of(filter, faults, &out),
            Some(_) if !out.is_empty() => Outcome::Missed,
            Some(Reason::SecondReading) => Outcome::Caught,
            Some(_) => Outcome::Refused,
        };
        let receipt = filter.redact(&self.message, &self.requester, &mut out);
        assert!(receipt.disposition().releases() && out == self.output, "{}: after {faults:?}", self.name);
        outcome
    }

    fn outcome_of(&self, filter: &Filter, faults: &[Fault], out: &[u8]) -> Outcome {
        let ((_, again, manifest), _) = with_faults(faults, || first_reading(filter, &self.message, &self.requester));
        assert!(again == out, "{}: {faults:?}", self.name);
        match (out == self.output, says(&self.message, &manifest) == says(&self.message, &self.manifest)) {
            (true, true) => Outcome::NoEffect,
            (true, false) if self.is_right(filter, &manifest) => Outcome::NoEffect,
            (true, false) if self.has_only_other_spans(&manifest) => Outcome::Imprecise,
            (false, true) if without_space(out) == without_space(&self.output) => Outcome::SameValues,
            (false, false) if self.has_fewer(&manifest) => Outcome::Fewer,
            (false, false) if self.is_other_value(out, &manifest) => Outcome::OtherValue,
            _ => Outcome::Missed,
        }
    }

    /// Whether the values that a manifest says make the sound output: each is put in the place of its value, and the
    /// message redacted anew.
    pub(super) fn is_right(&self, filter: &Filter, manifest: &Manifest) -> bool {
        let (own, other) = (self.entries(), manifest.entries());
        if own.len() != other.len() {
            return false;
        }
        let mut message = Vec::new();
        let mut at = 0;
        for (own, other) in own.iter().zip(other) {
            let is_same = (own.element, own.treatment, own.form) == (other.element, other.treatment, other.form);
            let Some(bytes) = self.message.get(other.span.start()..other.span.end()).filter(|_| is_same) else {
                return false;
            };
            if own.span.start() >= at {
                message.extend_from_slice(&self.message[at..own.span.start()]);
                message.extend_from_slice(bytes);
                at = own.span.end();
            }
        }
        message.extend_from_slice(&self.message[at..]);
        first_reading(filter, &message, &self.requester).1 == self.output
    }

    /// Whether a manifest has some of the values, and no others.
    fn has_fewer(&self, manifest: &Manifest) -> bool {
        let mut own = self.entries().iter();
        manifest.len() < self.entries().len() && manifest.entries().iter().all(|value| own.any(|own| own == value))
    }

    /// Whether a manifest differs only in the spans of values that aren't copied.
    fn has_only_other_spans(&self, manifest: &Manifest) -> bool {
        let (own, other) = (self.entries(), manifest.entries());
        let is_copied = |form| matches!(form, ReleasedForm::Exact | ReleasedForm::Continued);
        own.len() == other.len()
            && own.iter().zip(other).all(|(own, other)| {
                let is_same = (own.element, own.treatment, own.form) == (other.element, other.treatment, other.form);
                is_same && (own.span == other.span || !is_copied(own.form))
            })
    }

    /// Whether the output has other bytes of the message than it should, in order, and the manifest says which.
    fn is_other_value(&self, out: &[u8], manifest: &Manifest) -> bool {
        let (own, other) = (self.entries(), manifest.entries());
        let mut rest = out;
        let mut passed = 0;
        own.len() == other.len()
            && own.iter().zip(other).all(|(own, other)| {
                let is_same = (own.element, own.treatment, own.form) == (other.element, other.treatment, other.form);
                let is_ascending = matches!(other.form, ReleasedForm::Field) || other.span.start() >= passed;
                passed = other.span.end();
                let bytes = other.span.of(&self.message);
                let is_copied = !matches!(other.form, ReleasedForm::Exact | ReleasedForm::Continued)
                    || memchr::memmem::find(rest, bytes).is_some_and(|found| {
                        rest = &rest[found + bytes.len()..];
                        true
                    });
                is_same && is_ascending && is_copied
            })
    }
}

/// An output without the white space between its parts, and without the XML declaration.
fn without_space(output: &[u8]) -> Vec<u8> {
    let mut short = Vec::new();
    let declaration = memchr::memmem::find(output, b"?>").filter(|_| output.starts_with(b"<?xml"));
    let output = &output[declaration.map_or(0, |end| end + 2)..];
    let is_xml = output.trim_ascii_start().starts_with(b"<");
    let mut is_inside = false;
    let mut is_escaped = false;
    for byte in output {
        match byte {
            b'"' if !is_xml && !is_escaped => is_inside = !is_inside,
            b'>' if is_xml => is_inside = false,
            b'<' if is_xml => is_inside = true,
            byte if byte.is_ascii_whitespace() && !is_inside => continue,
            _ => {}
        }
        is_escaped = !is_xml && !is_escaped && *byte == b'\\';
        short.push(*byte);
    }
    short
}

/// All messages of a syntax, by filter: the templates and the fixtures.
pub(super) fn groups(syntax: &str) -> Vec<Group> {
    let own = filter(true);
    let envelope = Requester::from_envelope();
    let mut seed = 7;
    let templates = XML.iter().chain(&JSON).enumerate().map(|(index, template)| {
        let mut of = || {
            let name = format!("template {index}");
            let message = fill(template, &mut seed);
            let sound = Sound::of(&own, &name, message.as_bytes(), &envelope);
            sound.unwrap_or_else(|| {
                panic!("{message}: {:?}", own.redact(message.as_bytes(), &envelope, &mut Vec::new()).detail())
            })
        };
        let sound = of();
        Sound { sibling: Some(Box::new(of())), ..sound }
    });
    let mut groups = vec![Group { sounds: templates.collect(), filter: own.clone() }];
    let fixtures = fixtures();
    for policy in [None, Some("example-state")] {
        let filter = filter_of(policy);
        let sounds = fixtures.iter().filter(|fixture| fixture.policy.as_deref() == policy);
        let sounds = sounds.filter_map(|own| Sound::of(&filter, &own.name, &own.message, &own.requester));
        groups.push(Group { sounds: sounds.collect(), filter });
    }
    groups.iter_mut().for_each(|group| group.sounds.retain(|sound| sound.syntax() == syntax));
    groups
}

impl Group {
    /// The filter after a thousand messages of many layouts, from sound to broken.
    pub(super) fn warm(&self) -> Filter {
        let filter = self.filter.without_history();
        let (mut seed, mut out) = (3, Vec::new());
        let (mut count, mut released) = (0, 0);
        while count < 1000 {
            for sound in &self.sounds {
                let message = if count % 2 == 0 { sound.message.clone() } else { vary(&sound.message, &mut seed) };
                let receipt = filter.redact(&message, &sound.requester, &mut out);
                released += usize::from(receipt.disposition().releases());
                count += 1;
            }
        }
        assert!(released > 500, "{released}");
        filter
    }
}

/// A table as text, with the outcomes of each fault.
pub(super) fn table_text(table: &Table) -> String {
    let mut text = String::new();
    for ((name, syntax, path, temperature), outcomes) in table {
        text += &format!("{name} | {syntax} | {path} | {temperature} | {outcomes:?}\n");
    }
    text
}
