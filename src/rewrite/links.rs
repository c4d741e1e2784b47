//! References between objects: one to an object that is removed goes too, and an id that nothing refers to tells nothing
//! and goes.
//!
//! Whether an object stays is known only when the whole message was read, and a reference may stand before it. So a
//! pass lets through what the pass before it has confirmed; passes are repeated until they agree.

use std::collections::HashSet;

use crate::read::scan::Span;

/// Ids that a pass lets through.
#[derive(Debug, Default)]
pub(super) enum LinkRule {
    /// The first pass: every id.
    #[default]
    All,
    /// Those which the pass before found on a released object and in a released reference.
    Only(HashSet<String>),
}

/// An id that was written, and where in the output.
#[derive(Debug, Clone, Copy)]
struct Written {
    at: usize,
    name: Span,
}

/// The ids and references of one pass.
#[derive(Debug, Default)]
pub(super) struct Links {
    rule: LinkRule,
    ids: Vec<Written>,
    references: Vec<Written>,
}

/// What a pass has shown.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Agreement {
    /// Every reference has its object and every id its reference.
    Reached,
    /// It must be done again under the narrower rule that is set now.
    Again,
    /// Two released objects have one id.
    Ambiguous(usize),
}

impl Links {
    pub(super) fn reset(&mut self) {
        self.rule = LinkRule::All;
        self.begin_pass();
    }

    pub(super) fn begin_pass(&mut self) {
        self.ids.clear();
        self.references.clear();
    }

    /// Whether this id may be written, as an id or in a reference.
    pub(super) fn allows(&self, name: &str) -> bool {
        is_plain_id(name)
            && match &self.rule {
                LinkRule::All => true,
                LinkRule::Only(names) => names.contains(name),
            }
    }

    pub(super) fn wrote_id(&mut self, at: usize, name: Span) {
        self.ids.push(Written { at, name });
    }

    pub(super) fn wrote_reference(&mut self, at: usize, name: Span) {
        self.references.push(Written { at, name });
    }

    /// Forgets what was written from `at` on: it was taken back.
    pub(super) fn take_back(&mut self, at: usize) {
        for list in [&mut self.ids, &mut self.references] {
            while list.last().is_some_and(|written| written.at >= at) {
                list.pop();
            }
        }
    }

    /// Compares ids and references of the pass. Each further pass lets through fewer, so there is an end to them.
    pub(super) fn agree(&mut self, text: &str, unique_ids: bool) -> Agreement {
        if self.ids.is_empty() && self.references.is_empty() {
            return Agreement::Reached;
        }
        let mut ids = HashSet::new();
        for id in &self.ids {
            if !ids.insert(id.name.text(text)) && unique_ids {
                return Agreement::Ambiguous(id.name.start());
            }
        }
        let references: HashSet<&str> = self.references.iter().map(|reference| reference.name.text(text)).collect();
        if ids == references {
            return Agreement::Reached;
        }
        self.rule = LinkRule::Only(ids.intersection(&references).map(|name| (*name).to_owned()).collect());
        Agreement::Again
    }
}

/// An id is a name inside one document, so it must look like one: short, of a narrow alphabet, and no place for a
/// Social Security number.
fn is_plain_id(name: &str) -> bool {
    let digits = name.bytes().filter(u8::is_ascii_digit).count();
    (1..=64).contains(&name.len())
        && (digits < 9 || name.len() > 2 * digits)
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b':' | b'/' | b'#'))
}
