//! The first reading: strict readers of JSON and XML over byte spans, in safe Rust.
//!
//! They make no release decisions. They report spans, and refuse what two parsers could read differently (P3).

pub(crate) mod encoding;
pub mod json;
mod limits;
mod lint;
mod refusal;
pub mod scan;
pub mod xml;

pub use limits::Limits;
pub use lint::{SyntaxFault, lint_syntax};
pub use refusal::Reason;
pub use refusal::Refusal;

use dmv_redact_model::format::Syntax;
use encoding::Encoding;

/// A message within the limits as text, with its syntax and encoding.
#[derive(Debug, Clone, Copy)]
pub struct Message<'m> {
    /// Its text.
    pub text: &'m str,
    /// How it is written.
    pub syntax: Syntax,
    /// The encoding of its bytes; the text is transcoded if that isn't UTF-8.
    pub encoding: Encoding,
}

impl<'m> Message<'m> {
    /// Detects the syntax from the first bytes, never from a declared type. `transcoded` holds the text of messages
    /// that aren't UTF-8.
    pub fn open(bytes: &'m [u8], limits: &Limits, transcoded: &'m mut String) -> Result<Self, Refusal> {
        let max_message_bytes = max_message_bytes(limits);
        if bytes.len() > max_message_bytes {
            return Err(Refusal::at(Reason::Limit, max_message_bytes, "the message is too long"));
        }
        let encoding = Encoding::of(bytes)?;
        encoding.decode(bytes, transcoded)?;
        let text: &'m str = match encoding {
            // Without a byte order mark, UTF-16 and UTF-32 show by zero bytes at the start.
            Encoding::Utf8 if bytes.iter().take(4).any(|byte| *byte == 0) => {
                return Err(Refusal::at(Reason::Encoding, 0, "the message is not UTF-8"));
            }
            Encoding::Utf8 | Encoding::Ascii => simdutf8::compat::from_utf8(bytes)
                .map_err(|error| Refusal::at(Reason::Encoding, error.valid_up_to(), "the message is not UTF-8"))?,
            _ => transcoded,
        };
        Self::of_text(text, encoding, limits)
    }

    /// A message that is a text: that of another message, or a transcoded one.
    pub fn of_text(text: &'m str, encoding: Encoding, limits: &Limits) -> Result<Self, Refusal> {
        let max_message_bytes = max_message_bytes(limits);
        if text.len() > max_message_bytes {
            return Err(Refusal::at(Reason::Limit, 0, "the message is too long in UTF-8"));
        }
        let (has_bom, first) = content_start(text.as_bytes());
        match text.as_bytes().get(first) {
            Some(b'<') => Ok(Self { text, syntax: Syntax::Xml, encoding }),
            Some(_) if !matches!(encoding, Encoding::Utf8 | Encoding::Ascii | Encoding::Text) => {
                Err(Refusal::at(Reason::Encoding, 0, "the message is neither XML nor UTF-8"))
            }
            Some(b'{' | b'[') if has_bom => Err(Refusal::at(Reason::Encoding, 0, "JSON has no byte order mark")),
            Some(b'{' | b'[') => Ok(Self { text, syntax: Syntax::Json, encoding }),
            Some(_) => Err(Refusal::at(Reason::SyntaxUnknown, first, "the message is neither XML nor JSON")),
            None => Err(Refusal::whole(Reason::Empty, "there is no message")),
        }
    }
}

/// Whether a message has a byte order mark, and the offset of the first byte after that and white space.
fn content_start(bytes: &[u8]) -> (bool, usize) {
    let has_bom = bytes.starts_with("\u{FEFF}".as_bytes());
    (has_bom, scan::skip_space(bytes, if has_bom { BYTE_ORDER_MARK } else { 0 }))
}

fn max_message_bytes(limits: &Limits) -> usize {
    limits.message_bytes.min(dmv_redact_model::span::MAX_MESSAGE_BYTES)
}

/// Bytes of U+FEFF in UTF-8.
pub(crate) const BYTE_ORDER_MARK: usize = 3;
