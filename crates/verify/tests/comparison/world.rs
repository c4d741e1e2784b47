//! A small format in both syntaxes, a policy with every treatment, and manifests written by hand.

use std::ops::Range;
use std::sync::{Arc, LazyLock};

use dmv_redact::{Filter, Requester};
use dmv_redact_model::catalog::Treatment;
use dmv_redact_model::manifest::{Manifest, ReleasedForm, ReleasedPart, ReleasedValue};
use dmv_redact_model::policy::{Grant, Ori};
use dmv_redact_model::span::Span;
use dmv_redact_testing::places::{Part, layout};
use dmv_redact_verify::{Source, Verifier, VerifierState};

const FORMAT: &str = r#"
name = "example"
syntax = ["xml", "json"]
root = "e:r"
notice = "e:notice"
nillable = ["e:person/e:middle"]

[[required]]
path = "e:status"
when-denied = "NONE"

[namespaces]
e = "urn:example"
xsi = "http://www.w3.org/2001/XMLSchema-instance"
s = "urn:structures"

[references]
id = "s:id"
ref = "s:ref"

[paths]
"@e:version" = "envelope.version"
"e:person/@s:metadata" = "license.number"
"e:person/@xsi:type" = "response.caveat"
"e:person/e:name" = "person.name.given"
"e:person/e:alias" = "person.name.given"
"e:person/e:middle" = "person.name.middle"
"e:person/e:born" = "person.birth-date"
"e:person/e:zip" = "person.address.postal-code"
"e:person/e:ssn" = "person.ssn"
"e:person/e:sex" = "person.sex"
"e:person/e:height" = "person.height"
"e:vehicle/**" = "response.caveat"
"e:vehicle/e:deep/e:ssn" = "person.ssn"
"e:status" = "license.status"
"e:text" = "response.text"
"e:notice" = "envelope.notice"

[[text]]
name = "labels"
paths = ["e:text"]
recognise = '(?m)^STATE OF EXAMPLE$'

[[text.field]]
pattern = '(?m)^NAME: (?<name>[A-Z ]{1,60})$'
groups = { name = "person.name.given" }

[[text.field]]
pattern = '(?m)^BORN: (?<born>[0-9-]{4,10})$'
groups = { born = "person.birth-date" }

[[text.field]]
pattern = '(?m)^SSN: (?<ssn>[*0-9-]{1,11})$'
groups = { ssn = "person.ssn" }

[[text.field]]
pattern = '(?m)^SEX: (?<sex>[A-Z*]{1,4})$'
groups = { sex = "person.sex" }
"#;

const POLICY: &str = r#"
[policy]
name = "example"
version = "1"

[agencies.police]
ori = ["AZ*"]

[[permit]]
id = "all"
agencies = ["police"]
elements = ["person.name.given", "person.name.middle", "person.birth-date", "person.address.postal-code", "person.ssn",
  "person.sex", "person.height", "license.status", "license.number", "response"]
as = { "person.birth-date" = "year", "person.address.postal-code" = "zip5", "person.ssn" = "last4", "person.sex" = "mask" }
"#;

struct World {
    filter: Filter,
    verifier: Verifier,
    grant: Arc<Grant>,
}

static WORLD: LazyLock<World> = LazyLock::new(|| {
    let filter = Filter::builder().format_bytes("example", FORMAT).policy_text("policy.toml", POLICY).build();
    let filter = filter.unwrap_or_else(|error| panic!("{error}"));
    let parts = filter.inner();
    let verifier = Verifier::new(&parts.catalog, &parts.formats, parts.told_apart).unwrap();
    let requester = Requester::new("AZ0070000").unwrap();
    let grant = filter.decider().decide(requester.ori().unwrap(), &requester, None).unwrap();
    World { filter, verifier, grant }
});

/// An output with what it was made of.
#[derive(Clone)]
pub(crate) struct Case {
    pub(crate) output: String,
    pub(crate) message: Vec<u8>,
    /// The text of the message, in which the spans are.
    text: String,
    pub(crate) entries: Vec<ReleasedValue>,
    pub(crate) links: Vec<Span>,
    at: usize,
}

impl Case {
    pub(crate) fn new(message: &str, output: &str) -> Self {
        let (output, text) = (output.to_owned(), message.to_owned());
        Self { output, message: message.into(), text, entries: Vec::new(), links: Vec::new(), at: 0 }
    }

    /// Adds an entry for a part of the message, the next after that of the entry before.
    pub(crate) fn with(mut self, element: &str, form: ReleasedForm, part: &str) -> Self {
        let start = self.at + self.text[self.at..].find(part).unwrap_or_else(|| panic!("{part}"));
        let span = Span::new(start, start + part.len());
        self.at = span.end();
        self.entries.push(entry(element, form, span));
        self
    }

    /// Adds an entry with the span of the last one.
    pub(crate) fn field(mut self, element: &str) -> Self {
        let span = self.entries.last().unwrap().span;
        self.entries.push(entry(element, ReleasedForm::Field, span));
        self
    }

    /// Adds a name of an object, or a reference, as it is written in the message.
    pub(crate) fn link(mut self, name: &str) -> Self {
        let from = self.links.last().map_or(0, |link| link.end());
        let start = from + self.text[from..].find(name).unwrap_or_else(|| panic!("{name}"));
        self.links.push(Span::new(start, start + name.len()));
        self
    }

    /// Every element, object and array of the message with values or links in it.
    fn parts(&self) -> Vec<ReleasedPart> {
        let is_xml = self.text.starts_with('<');
        // A notice isn't in the message; here it is the last of the root.
        let place = |entry: &ReleasedValue| match entry.form {
            ReleasedForm::Notice => self.text.len() - 2,
            _ => entry.span.start(),
        };
        let before = |at| self.entries.iter().filter(|entry| place(entry) < at).count();
        let has_link = |span: &Range<usize>| self.links.iter().any(|link| span.contains(&link.start()));
        let parts = layout(is_xml, &self.text).unwrap().parts.into_iter().skip(usize::from(!is_xml));
        let parts = parts.filter(|part| is_xml || self.text[part.value.start..].starts_with(['{', '[']));
        let parts = parts.filter(|Part { span, .. }| before(span.start) < before(span.end) || has_link(span));
        parts
            .map(|Part { span, .. }| ReleasedPart {
                start: span.start,
                first: before(span.start),
                end: before(span.end),
            })
            .collect()
    }

    pub(crate) fn remove(&mut self, entry: usize) {
        self.entries.remove(entry);
    }

    pub(crate) fn message(mut self, message: impl Into<Vec<u8>>) -> Self {
        self.message = message.into();
        self
    }

    pub(crate) fn read(&self) -> Result<(), String> {
        let mut manifest = Manifest::default();
        self.entries.iter().for_each(|entry| manifest.push(*entry));
        self.parts().into_iter().for_each(|part| manifest.push_part(part));
        self.links.iter().for_each(|link| manifest.push_link(*link));
        let source = Source { message: self.message.as_slice(), manifest: &manifest, requester: Ori::new("AZ0070000") };
        let World { verifier, grant, .. } = &*WORLD;
        let mut state = VerifierState::default();
        // A fault must be found in memory that was used before, too.
        let _ = verifier.read(b"<e:r/>", "example", Some(grant), None, &mut state);
        let read = verifier.read(self.output.as_bytes(), "example", Some(grant), Some(source), &mut state);
        read.map(|_| ()).map_err(|finding| finding.to_string())
    }

    #[track_caller]
    pub(crate) fn is_accepted(&self) {
        assert_eq!(self.read(), Ok(()), "{}", self.output);
    }

    /// The case with a change, which must be found.
    #[track_caller]
    pub(crate) fn is_refused_with(&self, change: impl FnOnce(&mut Self)) {
        let mut changed = self.clone();
        change(&mut changed);
        assert!(changed.read().is_err(), "{}", changed.output);
    }
}

pub(crate) fn entry(element: &str, form: ReleasedForm, span: Span) -> ReleasedValue {
    let element = WORLD.filter.catalog().find(element).unwrap_or_else(|| panic!("{element}"));
    let treatment = WORLD.grant.treatment(element).unwrap_or(Treatment::Full);
    ReleasedValue { span, element, treatment, form }
}
