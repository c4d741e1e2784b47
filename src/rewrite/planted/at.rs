//! Faults at one place: a value, an element, the grant, the buffers. A test says which, so that it can plant each fault at
//! every value of a message, whichever path writes it. In other builds each function here returns what it was given, and
//! the compiler removes it.

use super::super::facts::Facts;
use super::super::tally::Tally;
use dmv_redact_model::catalog::{ElementId, Treatment};
use dmv_redact_model::manifest::{Manifest, ReleasedValue};
use dmv_redact_model::policy::{Grant, MessageKeyId, Ori};
use dmv_redact_model::span::Span;
use std::sync::Arc;

#[cfg(test)]
pub(crate) use faults::{Fault, Noted, with};

/// What is copied in place of a part of a range of the message.
pub(in super::super) struct Substitute {
    /// The part, which is in the range.
    pub(in super::super) part: Span,
    pub(in super::super) by: Bytes,
}

/// Where the bytes of a substitute come from.
#[cfg_attr(not(test), expect(dead_code, reason = "only a test plants a fault"))]
pub(in super::super) enum Bytes {
    /// Another place of the message.
    Message(Span),
    /// Another message.
    Other(Vec<u8>),
}

/// The substitute for a part of the range that is copied next, if there is one.
#[inline(always)]
pub(in super::super) fn substitute(start: usize, end: usize) -> Option<Substitute> {
    #[cfg(test)]
    return faults::substitute(Span::new(start, end));
    #[cfg(not(test))]
    {
        let _ = (start, end);
        None
    }
}

/// Changes what is written for the value at `span`: the result of its treatment, or of its fields.
#[inline(always)]
pub(in super::super) fn change_written(span: Span, written: &mut String) {
    #[cfg(test)]
    faults::change_written(span, written);
    #[cfg(not(test))]
    let _ = (span, written);
}

/// Adds a value to the manifest.
#[inline(always)]
pub(in super::super) fn list(manifest: &mut Manifest, value: ReleasedValue) {
    #[cfg(test)]
    faults::list(manifest, value);
    #[cfg(not(test))]
    manifest.push(value);
}

/// Notes that the fast path released the value at `span`.
#[inline(always)]
pub(in super::super) fn note_fast(span: Span) {
    #[cfg(test)]
    faults::note_fast(span);
    #[cfg(not(test))]
    let _ = span;
}

/// How an element is permitted.
#[inline(always)]
pub(in super::super) fn treatment(element: ElementId, treatment: Option<Treatment>) -> Option<Treatment> {
    #[cfg(test)]
    return faults::treatment(element, treatment);
    #[cfg(not(test))]
    {
        let _ = element;
        treatment
    }
}

/// The grant that was decided on.
#[inline(always)]
pub(in super::super) fn grant(grant: Option<Arc<Grant>>) -> Option<Arc<Grant>> {
    #[cfg(test)]
    return faults::grant(grant);
    #[cfg(not(test))]
    grant
}

/// The requester.
#[inline(always)]
pub(in super::super) fn ori(ori: Option<Ori>) -> Option<Ori> {
    #[cfg(test)]
    return faults::ori(ori);
    #[cfg(not(test))]
    ori
}

/// The message key.
#[inline(always)]
pub(in super::super) fn message_key(key: Option<MessageKeyId>) -> Option<MessageKeyId> {
    #[cfg(test)]
    return faults::message_key(key);
    #[cfg(not(test))]
    key
}

/// What is known of a message before it is read.
#[inline(always)]
pub(in super::super) fn facts(facts: Facts) -> Facts {
    #[cfg(test)]
    return faults::facts(facts);
    #[cfg(not(test))]
    facts
}

/// Changes the counts of a message that was read to its end.
#[inline(always)]
pub(in super::super) fn change_counts(tally: &mut Tally) {
    #[cfg(test)]
    faults::change_counts(tally);
    #[cfg(not(test))]
    let _ = tally;
}

/// Changes the buffers that a pass has left.
#[inline(always)]
pub(in super::super) fn change_buffers(out: &mut Vec<u8>, manifest: &mut Manifest) {
    #[cfg(test)]
    faults::change_buffers(out, manifest);
    #[cfg(not(test))]
    let _ = (out, manifest);
}

#[cfg(test)]
mod faults {
    use std::cell::RefCell;

    use super::{Arc, Bytes, ElementId, Grant, Manifest, MessageKeyId, Ori, ReleasedValue, Span};
    use super::{Facts, Substitute, Tally, Treatment};
    use crate::rewrite::facts::Fact;

    /// One fault.
    #[derive(Debug, Clone)]
    pub(crate) enum Fault {
        /// The output has, in place of this part of the message, another part of it.
        Copied(Span, Span),
        /// The output has, in place of this part of the message, bytes of another message.
        Stale(Span, Vec<u8>),
        /// The output has this in place of the result of a treatment, or of the fields of a text.
        Written(Span, String),
        /// The manifest has another span than this.
        Listed(Span, Span),
        /// The manifest lacks the entries of this span, has them twice, or has each after the next.
        Lost(Span),
        Doubled(Span),
        Late(Span),
        /// The manifest has another element at this span, or another treatment.
        OfElement(Span, ElementId),
        WithTreatment(Span, Treatment),
        /// The manifest lacks all entries of this element.
        Unlisted(ElementId),
        /// This element is permitted so.
        Permitted(ElementId, Treatment),
        /// The grant is this.
        Granted(Arc<Grant>),
        /// The requester, or the message key, is this.
        Asked(Ori),
        Keyed(MessageKeyId),
        /// The requester, or the message key, of the message before is still known.
        OldRequester(Ori),
        OldKey(MessageKeyId),
        /// Values of this element are counted once too often, or not at all.
        CountedTwice(ElementId),
        Uncounted(ElementId),
        /// The output, or the manifest, is that of the message before.
        OldOutput(Vec<u8>),
        OldManifest(Manifest),
    }

    /// What was noted while a message was read.
    #[derive(Debug, Clone, Default)]
    pub(crate) struct Noted {
        /// The values that the fast path released.
        pub(crate) fast: Vec<Span>,
        /// What was written for treated values and texts with fields.
        pub(crate) written: Vec<(Span, String)>,
        /// An entry that comes after the next.
        late: Option<ReleasedValue>,
    }

    thread_local! {
        static FAULTS: RefCell<Vec<Fault>> = const { RefCell::new(Vec::new()) };
        static NOTED: RefCell<Noted> = RefCell::default();
    }

    /// Runs `run` with these faults in the first reading of this thread. Returns what was noted meanwhile as well.
    pub(crate) fn with<T>(faults: &[Fault], run: impl FnOnce() -> T) -> (T, Noted) {
        FAULTS.set(faults.to_vec());
        NOTED.take();
        let result = run();
        FAULTS.take();
        (result, NOTED.take())
    }

    fn find<T>(choose: impl FnMut(&Fault) -> Option<T>) -> Option<T> {
        FAULTS.with_borrow(|faults| faults.iter().find_map(choose))
    }

    /// The first one that begins in the range, so that the rest of the range may have others.
    pub(super) fn substitute(range: Span) -> Option<Substitute> {
        let is_in = |part: Span| !part.is_empty() && range.start() <= part.start() && part.end() <= range.end();
        FAULTS.with_borrow(|faults| {
            let all = faults.iter().filter_map(|fault| match fault {
                Fault::Copied(part, by) if is_in(*part) => Some(Substitute { part: *part, by: Bytes::Message(*by) }),
                Fault::Stale(part, by) if is_in(*part) => {
                    Some(Substitute { part: *part, by: Bytes::Other(by.clone()) })
                }
                _ => None,
            });
            all.min_by_key(|substitute| substitute.part.start())
        })
    }

    pub(super) fn change_written(span: Span, written: &mut String) {
        let other = find(|fault| match fault {
            Fault::Written(at, other) if *at == span => Some(other.clone()),
            _ => None,
        });
        NOTED.with_borrow_mut(|noted| noted.written.push((span, written.clone())));
        if let Some(other) = other {
            *written = other;
        }
    }

    pub(super) fn list(manifest: &mut Manifest, value: ReleasedValue) {
        let mut changed = value;
        let (mut copies, mut is_late) = (1, false);
        FAULTS.with_borrow(|faults| {
            for fault in faults {
                match fault {
                    Fault::Listed(at, other) if *at == value.span => changed.span = *other,
                    Fault::OfElement(at, other) if *at == value.span => changed.element = *other,
                    Fault::WithTreatment(at, other) if *at == value.span => changed.treatment = *other,
                    Fault::Lost(at) if *at == value.span => copies = 0,
                    Fault::Unlisted(element) if *element == value.element => copies = 0,
                    Fault::Doubled(at) if *at == value.span => copies = 2,
                    Fault::Late(at) if *at == value.span => is_late = true,
                    _ => {}
                }
            }
        });
        if is_late {
            NOTED.with_borrow_mut(|noted| noted.late = Some(changed));
            return;
        }
        (0..copies).for_each(|_| manifest.push(changed));
        let late = NOTED.with_borrow_mut(|noted| noted.late.take());
        late.into_iter().for_each(|late| manifest.push(late));
    }

    pub(super) fn note_fast(span: Span) {
        NOTED.with_borrow_mut(|noted| noted.fast.push(span));
    }

    pub(super) fn treatment(element: ElementId, treatment: Option<Treatment>) -> Option<Treatment> {
        let permitted = find(|fault| match fault {
            Fault::Permitted(own, other) if *own == element => Some(*other),
            _ => None,
        });
        permitted.or(treatment)
    }

    pub(super) fn grant(grant: Option<Arc<Grant>>) -> Option<Arc<Grant>> {
        let other = find(|fault| match fault {
            Fault::Granted(other) => Some(Arc::clone(other)),
            _ => None,
        });
        other.or(grant)
    }

    pub(super) fn ori(ori: Option<Ori>) -> Option<Ori> {
        let other = find(|fault| match fault {
            Fault::Asked(other) => Some(*other),
            _ => None,
        });
        other.or(ori)
    }

    pub(super) fn message_key(key: Option<MessageKeyId>) -> Option<MessageKeyId> {
        let other = find(|fault| match fault {
            Fault::Keyed(other) => Some(*other),
            _ => None,
        });
        other.or(key)
    }

    pub(super) fn facts(mut facts: Facts) -> Facts {
        FAULTS.with_borrow(|faults| {
            faults.iter().for_each(|fault| match fault {
                Fault::OldRequester(ori) => facts.requester = Fact::Known(*ori),
                Fault::OldKey(key) => facts.message = Fact::Known(*key),
                _ => {}
            })
        });
        facts
    }

    pub(super) fn change_counts(tally: &mut Tally) {
        FAULTS.with_borrow(|faults| {
            for fault in faults {
                match fault {
                    Fault::CountedTwice(element) => {
                        tally.of(*element).into_iter().for_each(|counts| counts.released += 1);
                    }
                    Fault::Uncounted(element) => tally.of(*element).into_iter().for_each(|counts| {
                        (counts.released, counts.generalised) = (0, 0);
                    }),
                    _ => {}
                }
            }
        });
    }

    pub(super) fn change_buffers(out: &mut Vec<u8>, manifest: &mut Manifest) {
        let late = NOTED.with_borrow_mut(|noted| noted.late.take());
        late.into_iter().for_each(|late| manifest.push(late));
        FAULTS.with_borrow(|faults| {
            faults.iter().for_each(|fault| match fault {
                Fault::OldOutput(before) => out.clone_from(before),
                Fault::OldManifest(before) => manifest.clone_from(before),
                _ => {}
            })
        });
    }
}
