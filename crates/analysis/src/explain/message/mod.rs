//! The same for a message: the outcome of each part, path by path, and why. Never a value (P6): not even a name that
//! the mapping doesn't have, because a name can be a value too.
//!
//! The message is walked with the strict readers and the filter's own mapping, and each value is judged as the
//! rewriters judge it. Whether a reference stays depends on the whole message, so that is read from the output.

mod fields;
mod json;
mod message_report;
mod parts;
mod structure;
mod view;
mod xml;

use std::collections::HashSet;

pub use message_report::{MessageReport, message_key};
pub use structure::Structure;
pub use view::StructureView;

use dmv_redact::Filter;
use dmv_redact::internal::read::{Message, Refusal};
use dmv_redact_model::format::{Format, Syntax};
use dmv_redact_model::policy::Grant;
use parts::{MessageParts, MessageWalk};

/// The outcome of each part of `message` under a grant. `links` are the offsets of the released links' values.
fn parts(
    filter: &Filter,
    format: &Format,
    grant: &Grant,
    message: &[u8],
    links: &HashSet<usize>,
) -> Result<MessageParts, Refusal> {
    let mut parts = read(filter, format, grant, message)?;
    parts.decide_kept(links);
    Ok(parts)
}

fn read(filter: &Filter, format: &Format, grant: &Grant, message: &[u8]) -> Result<MessageParts, Refusal> {
    let inner = filter.inner();
    let mut transcoded = String::new();
    let message = Message::open(message, &inner.limits, &mut transcoded)?;
    let mut walk = MessageWalk { inner, format, grant, at: 0, parts: MessageParts::default() };
    if let Some(trie) = format.trie(message.syntax) {
        match message.syntax {
            Syntax::Xml => xml::walk(message, trie, &mut walk)?,
            Syntax::Json => json::walk(message.text, trie, &mut walk)?,
        }
    }
    Ok(walk.parts)
}
