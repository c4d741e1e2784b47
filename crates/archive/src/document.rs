//! A batch: one document that holds many messages, in an array or an element. It is read to its end before a message of
//! it goes out (P2), and its messages are then read one by one. What the document says beside them is looked at by no
//! policy, so it isn't written, but for what the caller keeps (P1).

mod path;
#[cfg(test)]
mod tests;
mod xml;

use dmv_redact::internal::read::json::JsonReader;
use dmv_redact::internal::read::{Message, Refusal};
use dmv_redact::{Limits, Reason};
use dmv_redact_model::format::Syntax;

use super::form::BatchSyntax;
use super::line::LineMembers;
pub use path::BatchPath;

/// Where the messages of batches are, and what is kept beside them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchWrapper {
    /// The array or element that holds the messages.
    pub path: BatchPath,
    /// The members, elements and attributes (`@name`) beside them that are kept, unread.
    pub kept: Vec<BatchPath>,
    /// Whether messages inherit the namespaces that are declared around them. Those of an output declare their own.
    pub inherits: bool,
}

/// What a document is.
pub(super) enum Opened {
    /// It has no array or element at the path, so it isn't a batch.
    Message(Vec<u8>),
    Batch(Batch),
    /// It can't be told, or is no well-formed document: nothing of it goes out.
    Refused(Vec<u8>, Refusal),
}

/// A batch that was read to its end.
#[derive(Debug)]
pub(super) struct Batch {
    document: Vec<u8>,
    wrapper: BatchWrapper,
    limits: Limits,
    /// Where the array is in a JSON document.
    array: std::ops::Range<usize>,
    pub(super) frame: BatchFrame,
}

/// What is written around the messages of a batch.
#[derive(Debug, Clone)]
pub(crate) struct BatchFrame {
    pub(crate) syntax: BatchSyntax,
    pub(crate) head: Vec<u8>,
    pub(crate) tail: Vec<u8>,
}

impl BatchWrapper {
    /// Whether everything that is kept can be found, and nothing is in another.
    ///
    /// # Errors
    /// What can't be found, or is in another.
    pub fn check(&self) -> Result<(), String> {
        for kept in &self.kept {
            let parent = kept.steps().split_last().map(|(_, parent)| parent);
            let is_around = parent.is_some_and(|parent| self.path.steps().starts_with(parent));
            let is_member = kept.members().is_some() && self.path.members().is_some();
            if !is_around && !is_member || self.path.is_top() {
                return Err("it isn't beside the batch, nor beside an element around it".to_owned());
            }
            if self.path.steps().starts_with(kept.steps()) {
                return Err("the batch is in it".to_owned());
            }
        }
        if self.path.members().is_some() { self.members().check() } else { Ok(()) }
    }

    fn members(&self) -> LineMembers {
        // What is in the batch itself is in an element, not in an array.
        let beside = self.kept.iter().filter(|kept| !kept.steps().starts_with(self.path.steps()));
        let kept = beside.filter_map(BatchPath::members).collect();
        LineMembers { payload: self.path.members(), kept, ..LineMembers::default() }
    }

    /// Reads a document of at most `max_bytes` to its end. It may be longer and have more members than a message; the filter
    /// holds each message to its limits.
    pub(super) fn open(&self, document: Vec<u8>, limits: &Limits, max_bytes: usize) -> Opened {
        let mut limits = limits.clone();
        limits.message_bytes = max_bytes;
        limits.members = usize::MAX;
        limits.depth = limits.depth.saturating_add(self.path.len()).saturating_add(1);
        let mut transcoded = String::new();
        let found = match Message::open(&document, &limits, &mut transcoded) {
            // The filter refuses it as a message.
            Err(_) => Ok(None),
            Ok(message) => match message.syntax {
                Syntax::Xml if self.path.is_top() => Ok(None),
                Syntax::Xml => {
                    let read = xml::read(&message, self, &limits, None);
                    read.map_err(|refusal| refusal.at_source(|at| message.encoding.source_offset(message.text, at)))
                        .map(|frame| frame.map(|frame| (0..0, frame)))
                }
                Syntax::Json => self.json(message.text, &limits),
            },
        };
        let (array, frame) = match found {
            Ok(Some(found)) => found,
            Ok(None) => return Opened::Message(document),
            Err(refusal) => return Opened::Refused(document, refusal),
        };
        Opened::Batch(Batch { document, wrapper: self.clone(), limits, array, frame })
    }

    /// Finds the array in a JSON document.
    fn json(&self, text: &str, limits: &Limits) -> Result<Option<(std::ops::Range<usize>, BatchFrame)>, Refusal> {
        let bytes = text.as_bytes();
        let mut reader = JsonReader::new(bytes, limits);
        let is_array = reader.peek() == Some(b'[');
        let start = reader.position();
        let frame = |head, tail| BatchFrame { syntax: BatchSyntax::Json, head, tail };
        if self.path.is_top() && is_array {
            reader.skip_value(0)?;
            let array = start..reader.position();
            reader.end()?;
            return Ok(Some((array, frame(Vec::new(), Vec::new()))));
        }
        if is_array || self.path.members().is_none() {
            return Ok(None);
        }
        let members = self.members();
        let found = match members.object(bytes, limits) {
            // Neither an array nor an object is there.
            Err(refusal) if refusal.reason() == Reason::SyntaxUnknown => return Ok(None),
            found => found?,
        };
        let Some(start) = found.array_start else { return Ok(None) };
        let array = start..start + found.message.len();
        let mut head = Vec::new();
        let mut split = 0;
        found.write(&mut head, |head| split = head.len());
        let tail = head.split_off(split);
        Ok(Some((array, frame(head, tail))))
    }
}

impl Batch {
    /// Passes the messages to `take`, each with its number from 1, until there are no more or it returns `false`. A message
    /// of an XML document is a document of its own.
    ///
    /// # Errors
    /// None for a document that was read before.
    pub(super) fn each(&self, mut take: impl FnMut(u64, &[u8]) -> bool) -> Result<(), Refusal> {
        let mut transcoded = String::new();
        let message = Message::open(&self.document, &self.limits, &mut transcoded)?;
        if self.frame.syntax == BatchSyntax::Xml {
            return xml::read(&message, &self.wrapper, &self.limits, Some(&mut take)).map(drop);
        }
        let array = message.text.as_bytes().get(self.array.clone()).unwrap_or_default();
        let mut reader = JsonReader::new(array, &self.limits);
        reader.expect(b'[', "an array is wanted")?;
        let mut number = 0;
        while !reader.take(b']') {
            if number > 0 {
                reader.expect(b',', "a comma or the end of an array is wanted")?;
            }
            reader.peek();
            let start = reader.position();
            reader.skip_value(1)?;
            number += 1;
            if !take(number, array.get(start..reader.position()).unwrap_or_default()) {
                break;
            }
        }
        Ok(())
    }
}

/// The refusal of a document that takes too much memory to be read as a batch.
pub(super) fn too_large() -> Refusal {
    Refusal::whole(Reason::Limit, "the document is too large to be read as a batch: raise --memory")
}
