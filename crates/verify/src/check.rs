//! Checks the values of one output, whatever its syntax: each must be permitted, of its element's shape, and the message's.

use std::mem;

use super::comparison::Comparison;
use super::links::Links;
use super::shape::Shapes;
use super::table::{Fact, Table, TableNode};
use super::text::TextLayout;
use super::value::{Checked, Permitted, Value, is_blank};
use dmv_redact_model::catalog::{ElementId, Treatment};
use dmv_redact_model::policy::Grant;

const DENIED: &str = "a value that the grant doesn't hold";

/// A fact that the envelope may state.
#[derive(Debug, Default)]
struct EnvelopeFact {
    text: String,
    is_stated: bool,
}

impl EnvelopeFact {
    fn get(&self) -> Option<&str> {
        self.is_stated.then_some(self.text.as_str())
    }
}

/// What the envelope of an output says. The next message reuses it.
#[derive(Debug, Default)]
pub struct Reading {
    message_key: EnvelopeFact,
    requester: EnvelopeFact,
}

impl Reading {
    /// The message key that the envelope names.
    pub fn message_key(&self) -> Option<&str> {
        self.message_key.get()
    }

    /// The requester that the envelope names.
    pub fn requester(&self) -> Option<&str> {
        self.requester.get()
    }
}

/// Scratch memory of a check, reused by the next message.
#[derive(Debug, Default)]
pub(super) struct CheckScratch {
    links: Links,
    /// The prefixes by index: those used in names, and those declared.
    used: Vec<bool>,
    declared: Vec<bool>,
    source: String,
}

/// One output's check.
pub(super) struct Check<'a> {
    pub(super) table: &'a Table,
    shapes: &'a Shapes,
    /// What may be in it; `None` if it is read only to know whose it is.
    grant: Option<&'a Grant>,
    comparison: Option<Comparison<'a>>,
    reading: &'a mut Reading,
    scratch: &'a mut CheckScratch,
}

impl<'a> Check<'a> {
    pub(super) fn new(
        (table, shapes): (&'a Table, &'a Shapes),
        grant: Option<&'a Grant>,
        comparison: Option<Comparison<'a>>,
        reading: &'a mut Reading,
        scratch: &'a mut CheckScratch,
    ) -> Self {
        (reading.message_key.is_stated, reading.requester.is_stated) = (false, false);
        scratch.links.reset();
        for prefixes in [&mut scratch.used, &mut scratch.declared] {
            prefixes.clear();
            prefixes.resize(table.prefixes.len(), false);
        }
        Self { table, shapes, grant, comparison, reading, scratch }
    }

    pub(super) fn links(&mut self) -> &mut Links {
        &mut self.scratch.links
    }

    pub(super) fn permitted(&self, element: ElementId) -> Option<Permitted> {
        let treatment = self.grant.map_or(Some(Treatment::Full), |grant| grant.treatment(element));
        treatment.map(|treatment| (element, treatment))
    }

    /// Admits a name in a record that no path has there.
    pub(super) fn admit(&mut self, name: &str) -> bool {
        let is_permitted = |element| self.permitted(element) == Some((element, Treatment::Full));
        let prefix = self.table.admit(name, is_permitted);
        self.mark_used(prefix.flatten());
        prefix.is_some()
    }

    /// The record that continues below a node: its own if that is permitted, or in a container the enclosing one.
    pub(super) fn record_below(&self, node: &TableNode, enclosing: Option<Permitted>) -> Option<Permitted> {
        match node.element {
            Some(element) if node.is_record => self.permitted(element),
            Some(_) => None,
            None => enclosing,
        }
    }

    pub(super) fn mark_used(&mut self, prefix: Option<usize>) {
        prefix.and_then(|prefix| self.scratch.used.get_mut(prefix)).into_iter().for_each(|used| *used = true);
    }

    pub(super) fn mark_declared(&mut self, prefix: usize) {
        self.scratch.declared.get_mut(prefix).into_iter().for_each(|declared| *declared = true);
    }

    /// Whether exactly those prefixes are declared that names have.
    pub(super) fn declares_what_is_used(&self) -> bool {
        self.scratch.used == self.scratch.declared
    }

    /// Checks a value at a node, or in a record where there is none. Returns whether it was released; otherwise it is a
    /// placeholder.
    pub(super) fn value(
        &mut self,
        node: Option<&TableNode>,
        record: Option<Permitted>,
        value: &Value<'_>,
    ) -> Checked<bool> {
        let fact = match node.and_then(|node| node.fact) {
            Some(Fact::MessageKey) => Some(&mut self.reading.message_key),
            Some(Fact::Requester) => Some(&mut self.reading.requester),
            None => None,
        };
        if let Some(fact) = fact {
            fact.text.clear();
            fact.text.push_str(value.text);
            fact.is_stated = true;
        }
        let before = self.comparison;
        match self.released(node, record, value) {
            Ok(()) => Ok(true),
            Err(_) if node.is_some_and(|node| node.is_placeholder(value.text, value.is_nil)) => {
                self.comparison = before;
                Ok(false)
            }
            Err(what) => Err(what),
        }
    }

    fn released(&mut self, node: Option<&TableNode>, record: Option<Permitted>, value: &Value<'_>) -> Checked<()> {
        let own = node.filter(|node| !node.is_record).and_then(|node| Some((node, node.element?)));
        let permitted = match own {
            Some((node, element)) if !node.layouts.is_empty() => return self.text(node, element, value),
            Some((_, element)) => self.permitted(element).ok_or(DENIED)?,
            None if is_blank(value.text) => return Err("a part of a record in which there is nothing"),
            None => record.ok_or("a text where the mapping has none")?,
        };
        self.allow(permitted, value.text)?;
        if let Some(comparison) = &mut self.comparison {
            comparison.value(permitted, value, node, &mut self.scratch.source)?;
        }
        if node.is_some_and(|node| node.is_type)
            && let Some((prefix, _)) = value.text.split_once(':')
        {
            let prefix = self.table.own_prefix(prefix);
            self.mark_used(Some(prefix.ok_or("a name of a type with a prefix that isn't the format's own")?));
        }
        Ok(())
    }

    /// Checks a text that has fields of its own: one of the layouts must account for all of it.
    fn text(&mut self, node: &TableNode, element: ElementId, value: &Value<'_>) -> Checked<()> {
        let before = self.comparison;
        let mut checked = Err("a text where the mapping has none");
        for layout in &node.layouts {
            self.comparison = before;
            checked = self.text_as(layout, element, value);
            if checked.is_ok() {
                break;
            }
        }
        checked
    }

    fn text_as(&mut self, layout: &TextLayout, element: ElementId, value: &Value<'_>) -> Checked<()> {
        let mut comparison = self.comparison;
        let mut source = mem::take(&mut self.scratch.source);
        let fields = comparison.as_mut().map(|comparison| comparison.text(element, value.written, &mut source));
        let mut fields = fields.transpose()?;
        layout.read(value.text, &mut |element, field| {
            let permitted = self.permitted(element).ok_or(DENIED)?;
            self.allow(permitted, field)?;
            match (&mut comparison, &mut fields) {
                (Some(comparison), Some(fields)) => comparison.field(permitted, field, fields),
                _ => Ok(()),
            }
        })?;
        self.scratch.source = source;
        self.comparison = comparison;
        Ok(())
    }

    fn allow(&self, permitted: Permitted, text: &str) -> Checked<()> {
        match self.grant.is_none() || self.shapes.allow(permitted, text) {
            true => Ok(()),
            false => Err("a value that its element's shape or treatment doesn't allow"),
        }
    }

    /// Checks an attribute that names an object or refers to one, where it is mapped too.
    pub(super) fn link(&mut self, node: &TableNode) -> Checked<()> {
        let permitted = node.element.map(|element| self.permitted(element).ok_or(DENIED));
        match (permitted.transpose()?, &mut self.comparison) {
            (Some(permitted), Some(comparison)) => comparison.link(permitted),
            _ => Ok(()),
        }
    }

    /// What only the whole output tells.
    pub(super) fn end(&self) -> Checked<()> {
        if !self.scratch.links.are_consistent() {
            return Err("a reference without its object, or an id without a reference");
        }
        match self.comparison.is_none_or(|comparison| comparison.is_complete()) {
            true => Ok(()),
            false => Err("a value of the manifest that the output doesn't have"),
        }
    }
}
