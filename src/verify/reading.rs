//! What the second reading goes by and what it finds, in both syntaxes.

use std::fmt;
use std::sync::Arc;

use super::frame::Judged;
use super::links::Links;
use super::table::{Fact, Name, Place, Table};
use super::text::TextLayout;
use super::value::Values;
use crate::catalog::{ElementId, Treatment};
use crate::policy::Grant;

/// Something in an output that must not be there, or not so. Never a value of it (P6).
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

    /// A finding about the whole.
    pub(crate) fn of_output(what: &'static str) -> Self {
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

/// What an output must hold to.
pub(super) struct Rules<'a> {
    pub(super) table: &'a Table,
    pub(super) values: &'a Values,
    /// What may be in it; `None` where it is read only to know whose it is.
    pub(super) grant: Option<&'a Grant>,
}

/// The element a value belongs to where the mapping names no place: that of the record around it.
pub(super) type Record = Option<(ElementId, Treatment)>;

/// What a value turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// A value that the grant holds.
    Released,
    /// What stands for a part that was denied.
    Placeholder,
}

impl Rules<'_> {
    pub(super) fn permitted(&self, element: ElementId) -> Option<(ElementId, Treatment)> {
        let treatment = self.grant.map_or(Some(Treatment::Full), |grant| grant.treatment(element));
        treatment.map(|treatment| (element, treatment))
    }

    /// Whether a name may stand in a record whose mapping doesn't have it.
    pub(super) fn admits_in_record(&self, name: Name<'_>) -> bool {
        let is_full = |element| self.permitted(element).is_some_and(|(_, treatment)| treatment == Treatment::Full);
        self.table.admits_in_record(name, is_full)
    }

    fn allows(&self, element: ElementId, treatment: Treatment, value: &str) -> bool {
        self.grant.is_none() || self.values.allows(element, treatment, value)
    }

    /// The record that goes on below a place: the place's own if it is a permitted one, or else, in a container, that
    /// around it.
    pub(super) fn record(&self, place: &Place, around: Record) -> Record {
        match place.element {
            Some(element) if place.is_record => self.permitted(element),
            Some(_) => None,
            None => around,
        }
    }

    /// The element and the treatment by which alone a value is judged, at a place or in a record where there is none, as
    /// long as it isn't what stands for one that was denied.
    pub(super) fn alone(&self, place: Option<&Place>, record: Record) -> Option<(ElementId, Treatment)> {
        let has_layouts = place.is_some_and(|place| !place.layouts.is_empty());
        // One of a record may not be blank, besides.
        if has_layouts || own(place).is_none() { None } else { self.held(place, record) }
    }

    /// What is permitted of a value at a place, or in a record where the place has no element of its own.
    fn held(&self, place: Option<&Place>, record: Record) -> Record {
        own(place).map_or(record, |element| self.permitted(element))
    }

    /// Judges a text that holds fields of its own: one of the layouts must tell what all of it is.
    fn text(&self, layouts: &[Arc<TextLayout>], text: &str, reading: &mut Reading) -> Result<Found, &'static str> {
        let allows = |element, value: &str| match self.permitted(element) {
            Some((element, treatment)) if self.allows(element, treatment, value) => Ok(()),
            Some(_) => Err("a value that its element's shape or treatment doesn't allow"),
            None => Err("a value that the grant doesn't hold"),
        };
        let mut read = Err("a text where the mapping has none");
        for layout in layouts {
            read = layout.read(text, &allows);
            if read.is_ok() {
                break;
            }
        }
        for element in read? {
            reading.count(element, false);
        }
        Ok(Found::Released)
    }

    /// Judges a value at a place, or in a record where there is none. `nil` says that it is written as XML's nil or
    /// JSON's null.
    pub(super) fn judge(
        &self,
        place: Option<&Place>,
        record: Record,
        value: &str,
        nil: bool,
        reading: &mut Reading,
    ) -> Result<Found, &'static str> {
        if let Some(fact) = place.and_then(|place| place.fact) {
            reading.note(fact, value);
        }
        let is_placeholder = place.is_some_and(|place| place.is_placeholder(value, nil));
        if let Some(layouts) = place.map(|place| &place.layouts).filter(|layouts| !layouts.is_empty()) {
            return match self.text(layouts, value, reading) {
                Err(_) if is_placeholder => Ok(Found::Placeholder),
                other => other,
            };
        }
        if own(place).is_none() && is_blank(value) && !is_placeholder {
            return Err("a part of a record in which there is nothing");
        }
        if place.is_some_and(|place| place.is_type) && !self.table.has_own_prefix(value) {
            return Err("a name of a type with a prefix that isn't the format's own");
        }
        match self.held(place, record) {
            Some((element, treatment)) if self.allows(element, treatment, value) => {
                reading.count(element, is_placeholder);
                Ok(Found::Released)
            }
            _ if is_placeholder => Ok(Found::Placeholder),
            Some(_) => Err("a value that its element's shape or treatment doesn't allow"),
            None if own(place).is_some() => Err("a value that the grant doesn't hold"),
            None => Err("a text where the mapping has none"),
        }
    }
}

fn is_blank(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n'))
}

/// The element of a place that is no record's.
fn own(place: Option<&Place>) -> Option<ElementId> {
    place.filter(|place| !place.is_record).and_then(|place| place.element)
}

/// How often an element was found in an output.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Count {
    /// Values that were released.
    pub(crate) values: u32,
    /// Those of them that may as well stand for one that was denied.
    pub(crate) ambiguous_placeholders: u32,
}

/// Something that the envelope says.
#[derive(Debug, Default)]
struct WithStr {
    text: String,
    times: usize,
}

impl WithStr {
    fn set(&mut self, text: &str) {
        self.text.clear();
        self.text.push_str(text);
        self.times += 1;
    }

    fn get(&self) -> Option<&str> {
        (self.times > 0).then_some(self.text.as_str())
    }
}

/// What an output holds. The next message uses it again.
#[derive(Debug, Default)]
pub(crate) struct Reading {
    counts: Vec<Count>,
    /// The elements that were found: a message has few of all that there are.
    met: Vec<ElementId>,
    message_key: WithStr,
    requester: WithStr,
    /// Names of objects, and references to them.
    pub(super) links: Links,
    /// Values by which alone another output may differ from this one.
    judged: Vec<Judged>,
}

impl Reading {
    pub(super) fn reset(&mut self, elements: usize) {
        self.counts.clear();
        self.counts.resize(elements, Count::default());
        self.met.clear();
        self.message_key.times = 0;
        self.requester.times = 0;
        self.links.reset();
        self.judged.clear();
    }

    /// Forgets what was found of another output, and begins with what is known of this one.
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

    /// Forgets what was found so far.
    pub(super) fn begin_again(&mut self) {
        self.reset(self.counts.len());
    }

    /// How often an element was found.
    pub(crate) fn of(&self, element: ElementId) -> Count {
        self.counts.get(element.index()).copied().unwrap_or_default()
    }

    /// The elements that were found at all.
    pub(crate) fn met(&self) -> &[ElementId] {
        &self.met
    }

    /// The message key and the requester that the envelope names, if it does.
    pub(crate) fn message_key(&self) -> Option<&str> {
        self.message_key.get()
    }

    pub(crate) fn requester(&self) -> Option<&str> {
        self.requester.get()
    }

    pub(super) fn note(&mut self, fact: Fact, value: &str) {
        match fact {
            Fact::MessageKey => self.message_key.set(value),
            Fact::Requester => self.requester.set(value),
        }
    }

    pub(super) fn count(&mut self, element: ElementId, is_doubtful: bool) {
        self.add(element, Count { values: 1, ambiguous_placeholders: u32::from(is_doubtful) });
    }

    fn add(&mut self, element: ElementId, more: Count) {
        if let Some(count) = self.counts.get_mut(element.index()) {
            if count.values == 0 {
                self.met.push(element);
            }
            count.values += more.values;
            count.ambiguous_placeholders += more.ambiguous_placeholders;
        }
    }

    /// Takes note of a value on which nothing hangs but how it was judged.
    pub(super) fn was_judged(&mut self, judged: Judged) {
        self.judged.push(judged);
    }

    /// Forgets where such values stand.
    pub(super) fn forget_judged(&mut self) {
        self.judged.clear();
    }

    pub(super) fn judged(&self) -> &[Judged] {
        &self.judged
    }

    /// Whether nothing that the envelope says was said twice.
    pub(super) fn has_facts_once(&self) -> bool {
        self.message_key.times <= 1 && self.requester.times <= 1
    }

    /// What was counted here beside what `other` holds. `None` where that holds more.
    pub(super) fn beside(&self, other: &Self) -> Option<Vec<(ElementId, Count)>> {
        let rest = |element: &ElementId| {
            let (all, part) = (self.of(*element), other.of(*element));
            let values = all.values.checked_sub(part.values)?;
            Some((
                *element,
                Count {
                    values,
                    ambiguous_placeholders: all.ambiguous_placeholders.checked_sub(part.ambiguous_placeholders)?,
                },
            ))
        };
        let rests: Option<Vec<_>> = self.met.iter().map(rest).collect();
        Some(rests?.into_iter().filter(|(_, count)| count.values > 0).collect())
    }
}
