//! References between objects: one to an object that is removed goes too, and an id that nothing refers to tells nothing
//! and goes.
//!
//! Whether an object stays is known only when the whole message was read, and a reference may stand before it. So the
//! first pass lets no reference through; each further one lets through those to objects that stayed without them, until
//! there are no more. Beginning with none is what keeps a ring of references from holding itself up.

use std::collections::HashSet;

use crate::read::scan::Span;

/// An id or a reference in the output, and where.
#[derive(Debug, Clone, Copy)]
struct Placed {
    at: usize,
    name: Span,
}

/// The ids and references of a message.
#[derive(Debug, Default)]
pub(super) struct Links {
    /// Objects that references may go out to, and ids that are written.
    referable: HashSet<String>,
    named: HashSet<String>,
    /// References, by where they stand, whose own object turned out to say something itself: that is read, not they.
    idle: HashSet<usize>,
    has_new_idle: bool,
    /// References met in this pass where they might go out.
    met: Vec<Span>,
    /// Ids of objects, and references, that are in the output of this pass.
    ids: Vec<Placed>,
    references: Vec<Placed>,
}

/// What a pass has shown.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Agreement {
    /// Every reference has its object and every id its reference.
    Reached,
    /// The pass must be done again with what it has shown.
    Again,
    /// Two objects that are referred to have one id, the second of them here.
    Ambiguous(usize),
}

impl Links {
    pub(super) fn reset(&mut self) {
        self.referable.clear();
        self.named.clear();
        self.idle.clear();
        self.begin_pass();
    }

    pub(super) fn begin_pass(&mut self) {
        self.has_new_idle = false;
        self.met.clear();
        self.ids.clear();
        self.references.clear();
    }

    /// An object with this id is in the output at `at`. Gives whether the id may be written.
    pub(super) fn id(&mut self, at: usize, name: Span, text: &str) -> bool {
        let spelled = name.text(text);
        if is_plain_id(spelled) {
            self.ids.push(Placed { at, name });
        }
        self.named.contains(spelled)
    }

    /// A reference might go out at `at`. Gives whether it does.
    pub(super) fn reference(&mut self, at: usize, name: Span, text: &str) -> bool {
        let spelled = name.text(text);
        if !is_plain_id(spelled) || self.idle.contains(&name.start()) {
            return false;
        }
        self.met.push(name);
        let goes_out = self.referable.contains(spelled);
        if goes_out {
            self.references.push(Placed { at, name });
        }
        goes_out
    }

    /// Whether this id is one that references may go out to, before it is known what its object is.
    pub(super) fn is_known(&self, name: Span, text: &str) -> bool {
        self.referable.contains(name.text(text)) && !self.idle.contains(&name.start())
    }

    /// The object that a reference stands at says something itself: the reference is not to go out.
    pub(super) fn make_idle(&mut self, name: Span) {
        self.has_new_idle |= self.idle.insert(name.start());
    }

    /// Forgets what was written from `at` on: it was taken back.
    #[inline]
    pub(super) fn take_back(&mut self, at: usize) {
        for list in [&mut self.ids, &mut self.references] {
            while list.last().is_some_and(|placed| placed.at >= at) {
                list.pop();
            }
        }
    }

    /// Compares what the pass has shown with what it was allowed.
    pub(super) fn agree(&mut self, text: &str, unique_ids: bool) -> Agreement {
        if self.has_new_idle {
            return Agreement::Again;
        }
        if self.met.is_empty() && self.ids.is_empty() {
            return Agreement::Reached;
        }
        let mut ids = HashSet::new();
        for id in &self.ids {
            let name = id.name.text(text);
            if !ids.insert(name) && unique_ids && self.named.contains(name) {
                return Agreement::Ambiguous(id.name.start());
            }
        }
        let known = self.referable.len();
        for reference in self.met.iter().map(|name| name.text(text)).filter(|name| ids.contains(name)) {
            if !self.referable.contains(reference) {
                self.referable.insert(reference.to_owned());
            }
        }
        if self.referable.len() > known {
            self.named.clone_from(&self.referable);
            return Agreement::Again;
        }
        let referred: HashSet<&str> = self.references.iter().map(|reference| reference.name.text(text)).collect();
        if self.named.iter().all(|name| referred.contains(name.as_str())) {
            return Agreement::Reached;
        }
        self.named = referred.into_iter().map(str::to_owned).collect();
        Agreement::Again
    }
}

/// Digits of an id: enough to number the objects of a message, too few for a number that means something elsewhere.
const ID_DIGITS: usize = 6;

/// An id is a name inside one document, so it must look like one: short, of a narrow alphabet, and no place for a date, a
/// licence or a Social Security number.
fn is_plain_id(name: &str) -> bool {
    let digits = name.bytes().filter(u8::is_ascii_digit).count();
    (1..=64).contains(&name.len())
        && digits <= ID_DIGITS
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b':' | b'/' | b'#'))
}
