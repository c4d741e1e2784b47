//! Finds the message and the requester in a line, and writes the line again around the output.

use std::borrow::Cow;
use std::ops::Range;

use dmv_redact::Requester;
use dmv_redact::internal::read::Refusal;
use dmv_redact::internal::read::json::{JsonReader, Scalar, ValueKind, decode};
use dmv_redact::internal::read::scan::is_space;
use dmv_redact::{Limits, Reason};

/// The members of lines that hold more than a message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LineMembers {
    /// The member that holds the message; `None` if the whole line is one.
    pub payload: Option<String>,
    /// The member that holds the requester's ORI.
    pub requester: Option<String>,
    /// The member that holds the purpose code.
    pub purpose: Option<String>,
    /// Whether the other members are kept, unread.
    pub keep_rest: bool,
}

/// A parsed line.
#[derive(Debug)]
pub(super) struct ParsedLine<'l> {
    pub(super) message: Cow<'l, [u8]>,
    /// Whether the message is a JSON string in the line.
    is_text: bool,
    /// The range of the payload in the line, if it isn't the whole line.
    payload: Option<Range<usize>>,
    pub(super) requester: Option<String>,
    pub(super) purpose: Option<String>,
}

impl<'l> ParsedLine<'l> {
    /// A line that is a message itself.
    fn of(line: &'l [u8]) -> Self {
        Self { message: line.into(), is_text: false, payload: None, requester: None, purpose: None }
    }
}

impl LineMembers {
    /// Maximum length of a line that can hold a message within the limits: escapes and other members take more than the
    /// message.
    pub(super) fn max_line_bytes(&self, limits: &Limits) -> usize {
        const OVERHEAD_BYTES: usize = 1 << 20;
        limits.message_bytes.saturating_mul(2).saturating_add(OVERHEAD_BYTES)
    }

    /// Parses a line.
    pub(super) fn read<'l>(&self, line: &'l [u8], limits: &'l Limits) -> Result<ParsedLine<'l>, Refusal> {
        if self.payload.is_none() && self.requester.is_none() && self.purpose.is_none() {
            return match line.first() {
                Some(b'"') => {
                    let mut reader = JsonReader::new(line, limits);
                    let text = utf8(line)?;
                    let Scalar::String(string) = reader.scalar()? else { return Ok(ParsedLine::of(line)) };
                    reader.end()?;
                    let message = unescaped(string.inner.text(text), string.escaped);
                    Ok(ParsedLine { message, is_text: true, ..ParsedLine::of(line) })
                }
                _ => Ok(ParsedLine::of(line)),
            };
        }
        self.read_members(line, limits)
    }

    fn read_members<'l>(&self, line: &'l [u8], limits: &'l Limits) -> Result<ParsedLine<'l>, Refusal> {
        let text = utf8(line)?;
        let mut reader = JsonReader::new(line, limits);
        reader.expect(b'{', "the line is no object")?;
        let mut found = ParsedLine::of(line);
        let mut name = String::new();
        let mut is_first = true;
        while !reader.take(b'}') {
            if !is_first {
                reader.expect(b',', "a comma or the end of an object is wanted")?;
            }
            is_first = false;
            let at = reader.position();
            let member = reader.name()?;
            name.clear();
            decode(member.inner.text(text), &mut name);
            let is_second = if self.payload.as_ref() == Some(&name) {
                let is_second = found.payload.is_some();
                if !is_second {
                    self.read_payload(text, &mut reader, &mut found)?;
                }
                is_second
            } else if self.requester.as_ref() == Some(&name) {
                found.requester.replace(read_text(text, &mut reader, Reason::RequesterInvalid)?).is_some()
            } else if self.purpose.as_ref() == Some(&name) {
                found.purpose.replace(read_text(text, &mut reader, Reason::PurposeUnknown)?).is_some()
            } else {
                reader.skip_value(1)?;
                false
            };
            if is_second {
                return Err(Refusal::at(Reason::DuplicateName, at, "a member of the line stands there twice"));
            }
        }
        reader.end()?;
        if self.payload.is_some() && found.payload.is_none() {
            return Err(Refusal::whole(Reason::Empty, "the line has no payload"));
        }
        if self.requester.is_some() && found.requester.is_none() {
            return Err(Refusal::whole(Reason::RequesterMissing, "the line names no requester"));
        }
        Ok(found)
    }

    fn read_payload<'l>(
        &self,
        text: &'l str,
        reader: &mut JsonReader<'l>,
        found: &mut ParsedLine<'l>,
    ) -> Result<(), Refusal> {
        let kind = reader.kind()?;
        let start = reader.position();
        match kind {
            ValueKind::Scalar => match reader.scalar()? {
                Scalar::String(string) => {
                    found.message = unescaped(string.inner.text(text), string.escaped);
                    found.is_text = true;
                }
                Scalar::Lexeme(_) => {
                    return Err(Refusal::at(Reason::SyntaxUnknown, start, "the payload is no message"));
                }
            },
            ValueKind::Object | ValueKind::Array => {
                // The filter parses it; only its end is needed here.
                reader.skip_value(1)?;
                found.message = text.as_bytes().get(start..reader.position()).unwrap_or_default().into();
            }
        }
        found.payload = Some(start..reader.position());
        Ok(())
    }

    /// The requester of a line: the run's, with what the line says.
    pub(super) fn requester(&self, line: &ParsedLine<'_>, of_run: &Requester) -> Result<Option<Requester>, Refusal> {
        if line.requester.is_none() && line.purpose.is_none() {
            return Ok(None);
        }
        let mut requester = match &line.requester {
            Some(ori) => of_run.clone().with_ori(ori),
            None => Some(of_run.clone()),
        };
        if let Some(purpose) = &line.purpose {
            requester = requester.map(|requester| requester.purpose(purpose));
        }
        match requester {
            Some(requester) => Ok(Some(requester)),
            None => Err(Refusal::whole(Reason::RequesterInvalid, "the requester of the line is no ORI")),
        }
    }

    /// Appends the line with `output` in place of the message, and a line end.
    pub(super) fn write(&self, line: &[u8], read: &ParsedLine<'_>, output: &[u8], into: &mut Vec<u8>) {
        let payload = read.payload.clone().unwrap_or(0..line.len());
        match (&read.payload, &self.payload) {
            (Some(_), _) if self.keep_rest => into.extend_from_slice(line.get(..payload.start).unwrap_or_default()),
            (Some(_), Some(name)) => {
                into.push(b'{');
                write_string(name, into);
                into.push(b':');
            }
            _ => {}
        }
        match read.is_text {
            // The filter's output is UTF-8.
            true => write_string(&String::from_utf8_lossy(output), into),
            false => into.extend_from_slice(output),
        }
        match (&read.payload, self.keep_rest) {
            (Some(_), true) => into.extend_from_slice(line.get(payload.end..).unwrap_or_default()),
            (Some(_), false) => into.push(b'}'),
            (None, _) => {}
        }
        into.push(b'\n');
    }
}

/// Appends a message that was a file or an entry as a line. JSON: its line ends become spaces, because they are only
/// between tokens. XML: as a JSON string, because its line ends are significant.
pub(super) fn write_as_line(output: &[u8], into: &mut Vec<u8>) {
    let trimmed = trim_space(output);
    if trimmed.starts_with(b"{") || trimmed.starts_with(b"[") {
        into.extend(trimmed.iter().map(|byte| if matches!(byte, b'\n' | b'\r') { b' ' } else { *byte }));
    } else {
        write_string(&String::from_utf8_lossy(output), into);
    }
    into.push(b'\n');
}

/// Appends the fixed notice for a message that was not released (P5, P6).
pub(super) fn write_notice(reason: Option<Reason>, into: &mut Vec<u8>) {
    into.extend_from_slice(b"{\"withheld\":\"");
    into.extend_from_slice(reason.map_or("unknown", Reason::code).as_bytes());
    into.extend_from_slice(b"\"}\n");
}

/// Suffixes of the entry names of notices: no message's name ends so.
pub(super) const WITHHELD_SUFFIX: &str = ".withheld.json";
pub(super) const FAILED_SUFFIX: &str = ".failed.json";

/// The fixed notice for what could not be read.
pub(super) const FAILED: &[u8] = b"{\"failed\":\"unreadable\"}\n";

fn read_text(text: &str, reader: &mut JsonReader<'_>, reason: Reason) -> Result<String, Refusal> {
    let at = reader.position();
    if let ValueKind::Scalar = reader.kind()?
        && let Scalar::String(string) = reader.scalar()?
    {
        return Ok(unescaped_text(string.inner.text(text), string.escaped).into_owned());
    }
    Err(Refusal::at(reason, at, "the requester or purpose of the line is no string"))
}

/// Whether a line is a JSON string, which may hold a message.
pub(super) fn is_json_string(line: &[u8], limits: &Limits) -> bool {
    let mut reader = JsonReader::new(line, limits);
    line.starts_with(b"\"")
        && simdutf8::basic::from_utf8(line).is_ok()
        && reader.scalar().is_ok()
        && reader.end().is_ok()
}

/// Trims the white space of JSON and XML; a form feed isn't.
pub(super) fn trim_space(text: &[u8]) -> &[u8] {
    let start = text.iter().position(|byte| !is_space(*byte)).unwrap_or(text.len());
    let end = text.iter().rposition(|byte| !is_space(*byte)).map_or(start, |at| at + 1);
    text.get(start..end).unwrap_or_default()
}

/// Strips a UTF-8 byte order mark: it belongs to the file, not to the first message.
pub(super) fn without_bom(text: &[u8]) -> &[u8] {
    text.strip_prefix("\u{FEFF}".as_bytes()).unwrap_or(text)
}

fn unescaped_text(inner: &str, escaped: bool) -> Cow<'_, str> {
    if !escaped {
        return inner.into();
    }
    let mut text = String::with_capacity(inner.len());
    decode(inner, &mut text);
    text.into()
}

fn unescaped(inner: &str, escaped: bool) -> Cow<'_, [u8]> {
    match unescaped_text(inner, escaped) {
        Cow::Borrowed(text) => text.as_bytes().into(),
        Cow::Owned(text) => text.into_bytes().into(),
    }
}

fn utf8(line: &[u8]) -> Result<&str, Refusal> {
    simdutf8::compat::from_utf8(line)
        .map_err(|error| Refusal::at(Reason::Encoding, error.valid_up_to(), "the line is not UTF-8"))
}

/// Appends a JSON string.
fn write_string(text: &str, into: &mut Vec<u8>) {
    // Writing a string to a vector can't fail.
    let _ = serde_json::to_writer(into, text);
}
