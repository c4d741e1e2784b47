//! The same for a message: what becomes of each of its parts, path by path, and why. Never a value (P6): not even a name that
//! the mapping doesn't have, for a name can be a value too.
//!
//! The message is walked with the strict readers and the filter's own mapping, and each value is judged as the rewriters
//! judge it. Whether a reference stays depends on the whole message: of that the output is asked.

mod fields;
mod json;
mod message_report;
mod parts;
mod structure;
mod view;
mod xml;

use std::collections::HashSet;

pub(crate) use message_report::{MessageReport, message_key};
pub(crate) use structure::Structure;
pub(crate) use view::View;

use crate::Filter;
use crate::format::{Format, Syntax};
use crate::policy::Grant;
use crate::read::{Message, Refusal};
use parts::{Parts, Walk};

/// What becomes of each part of `message` under a grant. `links` are where the values of links begin that go out.
fn parts(
    filter: &Filter,
    format: &Format,
    grant: &Grant,
    message: &[u8],
    links: &HashSet<usize>,
) -> Result<Parts, Refusal> {
    let mut parts = read(filter, format, grant, message)?;
    parts.settle(links);
    Ok(parts)
}

fn read(filter: &Filter, format: &Format, grant: &Grant, message: &[u8]) -> Result<Parts, Refusal> {
    let inner = filter.inner();
    let mut transcoded = String::new();
    let message = Message::open(message, &inner.limits, &mut transcoded)?;
    let mut walk = Walk { inner, format, grant, at: 0, parts: Parts::default() };
    if let Some(trie) = format.trie(message.syntax) {
        match message.syntax {
            Syntax::Xml => xml::walk(message, trie, &mut walk)?,
            Syntax::Json => json::walk(message.text, trie, &mut walk)?,
        }
    }
    Ok(walk.parts)
}
