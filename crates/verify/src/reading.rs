//! What the second reading checks against and what it finds, in both syntaxes.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use super::index::Name;
use super::links::Links;
use super::table::{Fact, Table, TableNode};
use super::text::TextLayout;
use super::value::Values;
use dmv_redact_model::catalog::{ElementId, Treatment};
use dmv_redact_model::policy::Grant;

/// Something in an output that must not be there, or not in this form. Never a value of it (P6).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    what: &'static str,
    path: String,
    offset: Option<usize>,
}

impl Finding {
    pub(super) fn at(offset: usize, what: &'static str) -> Self {
        Self { what, path: String::new(), offset: Some(offset) }
    }

    /// A finding about the whole output.
    #[doc(hidden)]
    pub fn of_output(what: &'static str) -> Self {
        Self { what, path: String::new(), offset: None }
    }

    pub(super) fn with_path(mut self, path: String) -> Self {
        self.path = path;
        self
    }

    /// What was found, in fixed words.
    #[must_use]
    pub fn what(&self) -> &'static str {
        self.what
    }

    /// Where, as the format spells it; empty where the format has no name for it.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Where in the output, in bytes from its start; `None` when it is about the whole.
    #[must_use]
    pub fn offset(&self) -> Option<usize> {
        self.offset
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.what)?;
        if !self.path.is_empty() {
            write!(f, " at {}", self.path)?;
        }
        match self.offset {
            Some(offset) => write!(f, ", byte {offset}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Finding {}

/// What an output is checked against.
pub(super) struct Rules<'a> {
    pub(super) table: &'a Table,
    pub(super) values: &'a Values,
    /// What may be in it; `None` if it is read only to know whose it is.
    pub(super) grant: Option<&'a Grant>,
}

/// The element of a value where the mapping names no node: that of the enclosing record.
pub(super) type Record = Option<(ElementId, Treatment)>;

/// What a value turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ValueOutcome {
    /// A value that the grant permits.
    Released,
    /// A placeholder for something that was denied.
    Placeholder,
}

impl Rules<'_> {
    pub(super) fn permitted(&self, element: ElementId) -> Option<(ElementId, Treatment)> {
        let treatment = self.grant.map_or(Some(Treatment::Full), |grant| grant.treatment(element));
        treatment.map(|treatment| (element, treatment))
    }

    /// Whether a record may contain a name that its mapping doesn't have.
    pub(super) fn admits_in_record(&self, name: Name<'_>) -> bool {
        self.table.admits_in_record(name, |element| self.is_permitted_in_full(element))
    }

    #[inline]
    fn is_permitted_in_full(&self, element: ElementId) -> bool {
        self.permitted(element).is_some_and(|(_, treatment)| treatment == Treatment::Full)
    }

    fn allows(&self, element: ElementId, treatment: Treatment, value: &str) -> bool {
        self.grant.is_none() || self.values.allows(element, treatment, value)
    }

    /// The record that continues below a node: its own if that is permitted, or in a container the enclosing one.
    pub(super) fn record(&self, node: &TableNode, enclosing: Record) -> Record {
        match node.element {
            Some(element) if node.is_record => self.permitted(element),
            Some(_) => None,
            None => enclosing,
        }
    }

    /// The element and the treatment, if these alone decide over a value at a node, or in a record where there is none,
    /// as long as it isn't a placeholder.
    pub(super) fn alone(&self, node: Option<&TableNode>, record: Record) -> Option<(ElementId, Treatment)> {
        let has_layouts = node.is_some_and(|node| !node.layouts.is_empty());
        // One of a record may not be blank either.
        if has_layouts || own_element(node).is_none() { None } else { self.permitted_value(node, record) }
    }

    /// What is permitted of a value at a node, or in a record where the node has no element of its own.
    fn permitted_value(&self, node: Option<&TableNode>, record: Record) -> Record {
        own_element(node).map_or(record, |element| self.permitted(element))
    }

    /// Judges the value of a field of a text.
    fn check_field(&self, element: ElementId, value: &str) -> Result<(), &'static str> {
        match self.permitted(element) {
            Some((element, treatment)) if self.allows(element, treatment, value) => Ok(()),
            Some(_) => Err("a value that its element's shape or treatment doesn't allow"),
            None => Err("a value that the grant doesn't hold"),
        }
    }

    /// Judges a text that has fields of its own: one of the layouts must account for all of it.
    fn text(
        &self,
        layouts: &[Arc<TextLayout>],
        text: &str,
        reading: &mut Reading,
    ) -> Result<ValueOutcome, &'static str> {
        let mut read = Err("a text where the mapping has none");
        for layout in layouts {
            read = layout.read(text, &|element, value| self.check_field(element, value));
            if read.is_ok() {
                break;
            }
        }
        for element in read? {
            reading.count(element, false);
        }
        Ok(ValueOutcome::Released)
    }

    /// Judges a value at a node, or in a record where there is none. `nil` says that it is written as XML's nil or
    /// JSON's null.
    pub(super) fn judge(
        &self,
        node: Option<&TableNode>,
        record: Record,
        value: &str,
        nil: bool,
        reading: &mut Reading,
    ) -> Result<ValueOutcome, &'static str> {
        if let Some(fact) = node.and_then(|node| node.fact) {
            reading.note(fact, value);
        }
        let is_placeholder = node.is_some_and(|node| node.is_placeholder(value, nil));
        if let Some(layouts) = node.map(|node| &node.layouts).filter(|layouts| !layouts.is_empty()) {
            return match self.text(layouts, value, reading) {
                Err(_) if is_placeholder => Ok(ValueOutcome::Placeholder),
                other => other,
            };
        }
        if own_element(node).is_none() && is_blank(value) && !is_placeholder {
            return Err("a part of a record in which there is nothing");
        }
        if node.is_some_and(|node| node.is_type) && !self.table.has_own_prefix(value) {
            return Err("a name of a type with a prefix that isn't the format's own");
        }
        match self.permitted_value(node, record) {
            Some((element, treatment)) if self.allows(element, treatment, value) => {
                reading.count(element, is_placeholder);
                Ok(ValueOutcome::Released)
            }
            _ if is_placeholder => Ok(ValueOutcome::Placeholder),
            Some(_) => Err("a value that its element's shape or treatment doesn't allow"),
            None if own_element(node).is_some() => Err("a value that the grant doesn't hold"),
            None => Err("a text where the mapping has none"),
        }
    }
}

fn is_blank(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n'))
}

/// The element of a node, unless it is a record's.
fn own_element(node: Option<&TableNode>) -> Option<ElementId> {
    node.filter(|node| !node.is_record).and_then(|node| node.element)
}

/// How often an element was found in an output.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Count {
    /// Values that were released.
    pub values: u32,
    /// Those of them that may as well be placeholders.
    pub ambiguous_placeholders: u32,
}

/// A fact that the envelope states.
#[derive(Debug, Default)]
struct EnvelopeFact {
    text: String,
    times: usize,
}

impl EnvelopeFact {
    fn set(&mut self, text: &str) {
        self.text.clear();
        self.text.push_str(text);
        self.times += 1;
    }

    fn get(&self) -> Option<&str> {
        (self.times > 0).then_some(self.text.as_str())
    }
}

/// Where a value is in an output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stands {
    /// As a text that says what it says, from byte to byte.
    Text(Range<usize>),
    /// As an integer of JSON: the next in the output.
    Integer,
}

impl Stands {
    /// As a text that is a part of the output.
    pub(super) fn of(part: &str, output: &str) -> Self {
        let start = part.as_ptr().addr().wrapping_sub(output.as_ptr().addr());
        Self::Text(start..start + part.len())
    }

    /// How much of an output it is at least.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Text(range) => range.len(),
            Self::Integer => 1,
        }
    }
}

/// A value that was judged, where nothing but that judgement hangs on it.
#[derive(Debug, Clone)]
pub(super) struct Judged {
    pub(super) stands: Stands,
    /// Its place in the table.
    pub(super) at: Option<usize>,
    pub(super) record: Record,
    pub(super) found: ValueOutcome,
}

/// What an output contains. The next message reuses it.
#[derive(Debug, Default)]
pub struct Reading {
    counts: Vec<Count>,
    /// The elements that were found: a message has few of all that exist.
    found: Vec<ElementId>,
    message_key: EnvelopeFact,
    requester: EnvelopeFact,
    /// Names of objects, and references to them.
    pub(super) links: Links,
    /// Values that alone may differ in another output of the same layout.
    judged: Vec<Judged>,
}

impl Reading {
    pub(super) fn reset(&mut self, elements: usize) {
        self.counts.clear();
        self.counts.resize(elements, Count::default());
        self.found.clear();
        self.message_key.times = 0;
        self.requester.times = 0;
        self.links.reset();
        self.judged.clear();
    }

    /// Discards another output's findings, and begins with what is known of this one.
    pub(super) fn begin_with(
        &mut self,
        elements: usize,
        counts: &[(ElementId, Count)],
        message_key: Option<&str>,
        requester: Option<&str>,
    ) {
        self.reset(elements);
        for (element, count) in counts {
            self.add(*element, *count);
        }
        message_key.into_iter().for_each(|key| self.message_key.set(key));
        requester.into_iter().for_each(|requester| self.requester.set(requester));
    }

    /// Discards the findings so far.
    pub(super) fn begin_again(&mut self) {
        self.reset(self.counts.len());
    }

    /// How often an element was found.
    pub fn of(&self, element: ElementId) -> Count {
        self.counts.get(element.index()).copied().unwrap_or_default()
    }

    /// The elements that were found at all.
    pub fn elements(&self) -> &[ElementId] {
        &self.found
    }

    /// The message key and the requester that the envelope names, if any.
    pub fn message_key(&self) -> Option<&str> {
        self.message_key.get()
    }

    /// The requester that the envelope names.
    pub fn requester(&self) -> Option<&str> {
        self.requester.get()
    }

    pub(super) fn note(&mut self, fact: Fact, value: &str) {
        match fact {
            Fact::MessageKey => self.message_key.set(value),
            Fact::Requester => self.requester.set(value),
        }
    }

    pub(super) fn count(&mut self, element: ElementId, is_ambiguous: bool) {
        self.add(element, Count { values: 1, ambiguous_placeholders: u32::from(is_ambiguous) });
    }

    fn add(&mut self, element: ElementId, more: Count) {
        if let Some(count) = self.counts.get_mut(element.index()) {
            if count.values == 0 {
                self.found.push(element);
            }
            count.values += more.values;
            count.ambiguous_placeholders += more.ambiguous_placeholders;
        }
    }

    /// Notes a value that affects nothing but its own judgment.
    pub(super) fn was_judged(&mut self, judged: Judged) {
        self.judged.push(judged);
    }

    /// Discards the offsets of such values.
    pub(super) fn forget_judged(&mut self) {
        self.judged.clear();
    }

    pub(super) fn judged(&self) -> &[Judged] {
        &self.judged
    }

    /// Whether the envelope states every fact once at most.
    pub(super) fn has_facts_once(&self) -> bool {
        self.message_key.times <= 1 && self.requester.times <= 1
    }

    /// What was counted here in addition to `other`. `None` if that has more.
    pub(super) fn beside(&self, other: &Self) -> Option<Vec<(ElementId, Count)>> {
        let mut differences = Vec::new();
        for element in &self.found {
            let (all, part) = (self.of(*element), other.of(*element));
            let difference = Count {
                values: all.values.checked_sub(part.values)?,
                ambiguous_placeholders: all.ambiguous_placeholders.checked_sub(part.ambiguous_placeholders)?,
            };
            if difference.values > 0 {
                differences.push((*element, difference));
            }
        }
        Some(differences)
    }
}
