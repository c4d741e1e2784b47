//! The first reading: strict readers of JSON and XML over byte spans, in safe Rust.
//!
//! They decide nothing. They say what stands where, and refuse what two parsers could read differently.

pub(crate) mod encoding;
pub(crate) mod json;
mod limits;
mod lint;
mod refusal;
pub(crate) mod scan;
pub(crate) mod xml;

pub use limits::Limits;
pub use lint::{SyntaxFault, lint_syntax};
pub use refusal::Reason;
pub(crate) use refusal::Refusal;

use crate::format::Syntax;
use encoding::Encoding;

/// A message within bounds as text, and how it is written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Message<'m> {
    pub(crate) text: &'m str,
    pub(crate) syntax: Syntax,
    /// What its bytes are; the text is transcoded if that isn't UTF-8.
    pub(crate) encoding: Encoding,
}

impl<'m> Message<'m> {
    /// Looks at the first bytes, never at a declared type: what the bytes are is what counts. `transcoded` holds the text
    /// where the bytes don't.
    pub(crate) fn open(bytes: &'m [u8], limits: &Limits, transcoded: &'m mut String) -> Result<Self, Refusal> {
        let longest = longest(limits);
        if bytes.len() > longest {
            return Err(Refusal::at(Reason::Limit, longest, "the message is too long"));
        }
        let encoding = Encoding::of(bytes)?;
        encoding.decode(bytes, transcoded)?;
        let text = match encoding {
            // Without their mark UTF-16 and UTF-32 are told by the zeros of what a message begins with.
            Encoding::Utf8 if bytes.iter().take(4).any(|byte| *byte == 0) => {
                return Err(Refusal::at(Reason::Encoding, 0, "the message is not UTF-8"));
            }
            Encoding::Utf8 | Encoding::Ascii => simdutf8::compat::from_utf8(bytes)
                .map_err(|error| Refusal::at(Reason::Encoding, error.valid_up_to(), "the message is not UTF-8"))?,
            _ => transcoded,
        };
        if text.len() > longest {
            return Err(Refusal::at(Reason::Limit, 0, "the message is too long in UTF-8"));
        }
        let (has_mark, first) = beginning(text.as_bytes());
        match text.as_bytes().get(first) {
            Some(b'<') => Ok(Self { text, syntax: Syntax::Xml, encoding }),
            Some(_) if !matches!(encoding, Encoding::Utf8 | Encoding::Ascii) => {
                Err(Refusal::at(Reason::Encoding, 0, "the message is neither XML nor UTF-8"))
            }
            Some(b'{' | b'[') if has_mark => Err(Refusal::at(Reason::Encoding, 0, "JSON has no byte order mark")),
            Some(b'{' | b'[') => Ok(Self { text, syntax: Syntax::Json, encoding }),
            Some(_) => Err(Refusal::at(Reason::SyntaxUnknown, first, "the message is neither XML nor JSON")),
            None => Err(Refusal::whole(Reason::Empty, "there is no message")),
        }
    }
}

/// The syntax that a message is in if it is within bounds and in UTF-8, as far as its beginning tells.
pub(crate) fn likely_syntax(bytes: &[u8], limits: &Limits) -> Option<Syntax> {
    match bytes.get(beginning(bytes).1) {
        _ if bytes.len() > longest(limits) => None,
        Some(b'<') => Some(Syntax::Xml),
        Some(b'{' | b'[') => Some(Syntax::Json),
        _ => None,
    }
}

/// Whether a message has a byte order mark, and where its first byte is that is neither that nor white space.
fn beginning(bytes: &[u8]) -> (bool, usize) {
    let has_mark = bytes.starts_with("\u{FEFF}".as_bytes());
    (has_mark, scan::skip_space(bytes, if has_mark { BYTE_ORDER_MARK } else { 0 }))
}

fn longest(limits: &Limits) -> usize {
    limits.message_bytes.min(crate::span::MAX_MESSAGE_BYTES)
}

/// Bytes of U+FEFF in UTF-8.
pub(crate) const BYTE_ORDER_MARK: usize = 3;
