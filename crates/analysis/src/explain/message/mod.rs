//! The same for a message: the outcome of each part, path by path, and why. Never a value (P6): not even a name that
//! the mapping doesn't have, because a name can be a value too.
//!
//! The first reading tells what became of each part, and by that nothing is decided here: the message is walked with the
//! strict readers only to name the parts.

mod json;
mod message_report;
mod parts;
mod structure;
mod told;
mod view;
mod xml;

pub use message_report::{MessageReport, PathReport, message_key};
pub use structure::Structure;
pub use view::StructureView;

use dmv_redact::Filter;
use dmv_redact::internal::read::{Message, Refusal};
use dmv_redact_model::format::{Format, Syntax};
use dmv_redact_model::policy::Grant;
use parts::{MessageParts, MessageWalk};
use told::Told;

/// The parts of a message, and what became of them if that was told.
fn read(
    filter: &Filter,
    format: &Format,
    message: &[u8],
    told: Option<(Told, &Grant)>,
) -> Result<MessageParts, Refusal> {
    let inner = filter.inner();
    let mut transcoded = String::new();
    let message = Message::open(message, &inner.limits, &mut transcoded)?;
    let mut walk = MessageWalk { format, limits: &inner.limits, told, parts: MessageParts::default() };
    if let Some(trie) = format.trie(message.syntax) {
        match message.syntax {
            Syntax::Xml => xml::read(message, &inner.formats.namespaces, trie, &mut walk)?,
            Syntax::Json => json::read(message.text, trie, &mut walk)?,
        }
    }
    Ok(walk.parts)
}
