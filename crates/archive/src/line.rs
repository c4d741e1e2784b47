//! Finds the message and the requester in a line, and writes the line again around the output.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use dmv_redact::Requester;
use dmv_redact::internal::read::Refusal;
use dmv_redact::internal::read::json::{JsonReader, Scalar, ValueKind, decode};
use dmv_redact::internal::read::scan::is_space;
use dmv_redact::{Date, Instrument, Limits, Reason};
use dmv_redact_model::policy::{Attribute, InstrumentText};
use serde::Deserialize;

/// A member of a line, or of an object in it: the names from the outermost on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberPath(pub(super) Vec<String>);

/// Most names in a path: reading a member enters an object for each (P8).
pub(super) const MAX_NAMES: usize = 64;

impl MemberPath {
    /// A path with dots between names, `detail.record.body`; a dot or backslash of a name is written with a backslash before
    /// it.
    ///
    /// # Errors
    /// When a name is empty, a backslash is before anything else, or there are more than 64 names.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut names = vec![String::new()];
        let mut characters = text.chars();
        while let Some(character) = characters.next() {
            match (character, names.last_mut()) {
                ('.', _) => names.push(String::new()),
                ('\\', Some(name)) => match characters.next() {
                    Some(escaped @ ('.' | '\\')) => name.push(escaped),
                    _ => return Err("a backslash is before a dot or a backslash of a name".to_owned()),
                },
                (character, Some(name)) => name.push(character),
                (_, None) => {}
            }
        }
        match names.iter().any(String::is_empty) {
            true => Err("a name is empty; write member.member".to_owned()),
            false if names.len() > MAX_NAMES => Err(format!("it has {} names; {MAX_NAMES} is the most", names.len())),
            false => Ok(Self(names)),
        }
    }
}

/// The members of lines that hold more than a message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LineMembers {
    /// The member that holds the message; `None` if the whole line is one.
    pub payload: Option<MemberPath>,
    /// Whether the message in it is encoded in base64 (RFC 4648), and the output is again.
    pub is_base64: bool,
    /// The member that holds the requester's ORI.
    pub requester: Option<MemberPath>,
    /// By attribute, the member that holds what the request states.
    pub stated: [Option<MemberPath>; Attribute::ALL.len()],
    /// The member that holds the claims that are vouched for: an array of strings, and of objects that are instruments.
    pub claims: Option<MemberPath>,
    /// The member that holds the date of the request.
    pub date: Option<MemberPath>,
    /// The members that are kept beside the message, unread.
    pub kept: Vec<MemberPath>,
}

/// A parsed line.
#[derive(Debug)]
pub(super) struct ParsedLine<'l> {
    pub(super) message: Cow<'l, [u8]>,
    /// Where the message begins, if it is an array.
    pub(super) array_start: Option<usize>,
    /// Whether the message is a JSON string in the line.
    is_text: bool,
    /// What of the line is written around the output; nothing if the whole line is the message.
    pieces: Vec<Piece<'l>>,
    pub(super) request: LineRequest,
}

/// What a line says of its request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct LineRequest {
    requester: Option<String>,
    stated: Vec<(Attribute, String)>,
    claims: Vec<String>,
    instruments: Vec<Instrument>,
    date: Option<Date>,
}

/// Whether a JSON text is an array of texts and objects.
fn is_array_of_claims(json: &str) -> bool {
    let items: Result<Vec<serde_json::Value>, _> = serde_json::from_str(json);
    items.is_ok_and(|items| items.iter().all(|item| item.is_string() || item.is_object()))
}

/// A claim in the member of claims: its name, or an object of that and the instrument behind it.
#[derive(Deserialize)]
#[serde(untagged)]
enum LineClaim {
    Name(String),
    Instrument(InstrumentText),
}

/// A part of a line that is written again.
#[derive(Debug)]
enum Piece<'l> {
    /// An object begins, as the member of this name.
    Open(String),
    /// It ends.
    Close,
    /// The message stands here, as the member of this name.
    Payload(String),
    /// A member that is kept, and its value as it is.
    Kept(String, &'l str),
}

impl<'l> ParsedLine<'l> {
    /// A line that is a message itself.
    fn of(line: &'l [u8]) -> Self {
        let (array_start, pieces) = (None, Vec::new());
        Self { message: line.into(), array_start, is_text: false, pieces, request: LineRequest::default() }
    }

    pub(super) fn has_payload(&self) -> bool {
        self.pieces.iter().any(|piece| matches!(piece, Piece::Payload(_)))
    }
}

/// What a member of a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum MemberRole {
    Payload,
    Requester,
    Stated(Attribute),
    Claims,
    Date,
    Kept,
    /// An object with one of these in it.
    Around,
}

impl LineMembers {
    /// Maximum length of a line that can hold a message within the limits: escapes, base64 and other members take more than
    /// the message.
    pub(super) fn max_line_bytes(&self, limits: &Limits) -> usize {
        const OVERHEAD_BYTES: usize = 1 << 20;
        limits.message_bytes.saturating_mul(2).saturating_add(OVERHEAD_BYTES)
    }

    /// Parses a line.
    pub(super) fn read<'l>(&self, line: &'l [u8], limits: &'l Limits) -> Result<ParsedLine<'l>, Refusal> {
        if self.is_whole() {
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
        let found = self.object(line, limits)?;
        if self.payload.is_some() && !found.has_payload() {
            return Err(Refusal::whole(Reason::Empty, "the line has no payload"));
        }
        if self.requester.is_some() && found.request.requester.is_none() {
            return Err(Refusal::whole(Reason::RequesterMissing, "the line names no requester"));
        }
        // Today would be a guess (P2).
        if self.date.is_some() && found.request.date.is_none() {
            return Err(Refusal::whole(Reason::DateInvalid, "the line names no date"));
        }
        Ok(found)
    }

    /// Whether nothing is read of a line but the message, which it is itself.
    fn is_whole(&self) -> bool {
        self.payload.is_none() && self.request().next().is_none()
    }

    /// Reads an object to its end; it may lack any of the members.
    pub(super) fn object<'l>(&self, line: &'l [u8], limits: &'l Limits) -> Result<ParsedLine<'l>, Refusal> {
        let mut reading = LineReading {
            members: self,
            text: utf8(line)?,
            reader: JsonReader::new(line, limits),
            found: ParsedLine::of(line),
        };
        if reading.reader.peek() != Some(b'{') {
            return Err(Refusal::at(Reason::NotWellFormedJson, reading.reader.position(), "the line is no object"));
        }
        reading.object(&mut Vec::new())?;
        reading.reader.end()?;
        Ok(reading.found)
    }

    /// Whether every member can be found, and none is in another.
    ///
    /// # Errors
    /// The name of one that is in another, or stands twice.
    pub fn check(&self) -> Result<(), String> {
        let named = self.payload.iter().chain(self.request().map(|(member, _)| member));
        // What is read may be kept as well.
        let read = named.clone().filter(|member| Some(*member) != self.payload.as_ref());
        let kept = self.kept.iter().filter(|member| !read.clone().any(|read| read == *member));
        let all: Vec<&MemberPath> = named.chain(kept).collect();
        for (index, member) in all.iter().enumerate() {
            let mut others = all.iter().enumerate().filter(|(other, _)| *other != index);
            if others.any(|(_, other)| member.0.starts_with(&other.0)) {
                return Err(format!("`{}` is in another member that is named, or named twice", member.0.join(".")));
            }
        }
        Ok(())
    }

    /// The members that say who asks, and what.
    fn request(&self) -> impl Iterator<Item = (&MemberPath, MemberRole)> + Clone {
        let requester = self.requester.iter().map(|member| (member, MemberRole::Requester));
        let stated = Attribute::ALL.into_iter().zip(&self.stated);
        let stated = stated.filter_map(|(attribute, member)| Some((member.as_ref()?, MemberRole::Stated(attribute))));
        let others = [(&self.claims, MemberRole::Claims), (&self.date, MemberRole::Date)];
        let others = others.into_iter().filter_map(|(member, role)| Some((member.as_ref()?, role)));
        requester.chain(stated).chain(others)
    }

    /// What the member at a path is.
    fn role(&self, path: &[String]) -> Option<MemberRole> {
        let named = self.payload.iter().map(|member| (member, MemberRole::Payload)).chain(self.request());
        let mut all = named.chain(self.kept.iter().map(|member| (member, MemberRole::Kept)));
        let is_around = all.clone().any(|(member, _)| member.0.len() > path.len() && member.0.starts_with(path));
        let own = all.find(|(member, _)| member.0 == path).map(|(_, role)| role);
        own.or(is_around.then_some(MemberRole::Around))
    }

    /// The requester of a line: the run's, with what the line says.
    pub(super) fn requester(&self, line: &ParsedLine<'_>, of_run: &Requester) -> Result<Option<Requester>, Refusal> {
        let LineRequest { requester, stated, claims, instruments, date } = &line.request;
        if line.request == LineRequest::default() {
            return Ok(None);
        }
        let mut requester = match requester {
            Some(ori) => of_run.clone().with_ori(ori),
            None => Some(of_run.clone()),
        };
        for (attribute, value) in stated {
            requester = requester.map(|requester| requester.state(*attribute, value));
        }
        for claim in claims {
            requester = requester.map(|requester| requester.claim(claim));
        }
        for instrument in instruments {
            requester = requester.map(|requester| requester.instrument(instrument.clone()));
        }
        if let Some(date) = *date {
            requester = requester.map(|requester| requester.on(date));
        }
        match requester {
            Some(requester) => Ok(Some(requester)),
            None => Err(Refusal::whole(Reason::RequesterInvalid, "the requester of the line is no ORI")),
        }
    }

    /// Appends the line with `output` in place of the message, and a line end. Of the rest of the line it has the members that
    /// are kept.
    pub(super) fn write(&self, read: &ParsedLine<'_>, output: &[u8], into: &mut Vec<u8>) {
        read.write(into, |into| match (self.is_base64, read.is_text) {
            (true, _) => write_string(&BASE64.encode(output), into),
            // The filter's output is UTF-8.
            (false, true) => write_string(&String::from_utf8_lossy(output), into),
            (false, false) => into.extend_from_slice(output),
        });
        into.push(b'\n');
    }
}

impl ParsedLine<'_> {
    /// Appends what goes out of the line, with what `message` appends in place of the message.
    pub(super) fn write(&self, into: &mut Vec<u8>, mut message: impl FnMut(&mut Vec<u8>)) {
        if !self.has_payload() {
            message(into);
            return;
        }
        into.push(b'{');
        let mut is_first = true;
        for piece in &self.pieces {
            let (Piece::Open(name) | Piece::Payload(name) | Piece::Kept(name, _)) = piece else {
                into.push(b'}');
                is_first = false;
                continue;
            };
            if !std::mem::replace(&mut is_first, false) {
                into.push(b',');
            }
            write_string(name, into);
            into.push(b':');
            match piece {
                Piece::Open(_) => {
                    into.push(b'{');
                    is_first = true;
                }
                Piece::Payload(_) => message(into),
                Piece::Kept(_, value) => into.extend_from_slice(value.as_bytes()),
                Piece::Close => {}
            }
        }
        into.push(b'}');
    }
}

/// Reads a line member by member.
struct LineReading<'r, 'l> {
    members: &'r LineMembers,
    text: &'l str,
    reader: JsonReader<'l>,
    found: ParsedLine<'l>,
}

impl LineReading<'_, '_> {
    /// Reads an object whose path is `path`.
    fn object(&mut self, path: &mut Vec<String>) -> Result<(), Refusal> {
        self.reader.expect(b'{', "the line is no object")?;
        let mut seen: Vec<String> = Vec::new();
        let mut is_first = true;
        while !self.reader.take(b'}') {
            if !is_first {
                self.reader.expect(b',', "a comma or the end of an object is wanted")?;
            }
            is_first = false;
            let at = self.reader.position();
            let member = self.reader.name()?;
            let mut name = String::new();
            decode(member.inner.text(self.text), &mut name);
            path.push(name.clone());
            let role = self.members.role(path);
            if role.is_some() && seen.contains(&name) {
                return Err(Refusal::at(Reason::DuplicateName, at, "a member of the line stands there twice"));
            }
            match role {
                None => self.reader.skip_value(path.len())?,
                Some(role) => {
                    seen.push(name.clone());
                    self.member(role, name, path)?;
                }
            }
            path.pop();
        }
        Ok(())
    }

    fn member(&mut self, role: MemberRole, name: String, path: &mut Vec<String>) -> Result<(), Refusal> {
        let kind = self.reader.kind()?;
        let start = self.reader.position();
        match role {
            MemberRole::Payload => {
                self.payload(kind, path.len())?;
                self.found.pieces.push(Piece::Payload(name));
            }
            MemberRole::Requester => {
                let what = (Reason::RequesterInvalid, "the requester of the line is no string");
                self.found.request.requester = Some(read_text(self.text, &mut self.reader, what)?);
                self.keep(name, path, start);
            }
            MemberRole::Stated(attribute) => {
                let reason = match attribute {
                    Attribute::Purpose => Reason::PurposeUnknown,
                    _ => Reason::AttributeUnknown,
                };
                let what = (reason, "what the line says of the request is no string");
                self.found.request.stated.push((attribute, read_text(self.text, &mut self.reader, what)?));
                self.keep(name, path, start);
            }
            MemberRole::Claims => {
                self.claims(path.len())?;
                self.keep(name, path, start);
            }
            MemberRole::Date => {
                let text =
                    read_text(self.text, &mut self.reader, (Reason::DateInvalid, "the date of the line is no string"))?;
                let invalid = || Refusal::at(Reason::DateInvalid, start, "the date of the line is no date");
                self.found.request.date = Some(Date::parse(&text).ok_or_else(invalid)?);
                self.keep(name, path, start);
            }
            MemberRole::Kept => {
                self.reader.skip_value(path.len())?;
                self.keep(name, path, start);
            }
            MemberRole::Around if kind == ValueKind::Object => {
                let before = self.found.pieces.len();
                self.found.pieces.push(Piece::Open(name));
                self.object(path)?;
                match self.found.pieces.len() - before {
                    1 => drop(self.found.pieces.pop()),
                    _ => self.found.pieces.push(Piece::Close),
                }
            }
            MemberRole::Around => self.reader.skip_value(path.len())?,
        }
        Ok(())
    }

    /// A value was read that began at `start`: it is written again if its member is kept.
    fn keep(&mut self, name: String, path: &[String], start: usize) {
        if self.members.kept.iter().any(|member| member.0 == path) {
            let value = self.text.get(start..self.reader.position()).unwrap_or_default();
            self.found.pieces.push(Piece::Kept(name, value));
        }
    }

    /// The claims that are vouched for: an array, which may be empty, of strings, and of objects that are instruments.
    fn claims(&mut self, depth: usize) -> Result<(), Refusal> {
        let start = self.reader.position();
        self.reader.skip_value(depth)?;
        let value = self.text.get(start..self.reader.position()).unwrap_or_default();
        // Parts of instruments have names: a list of them is no instrument.
        if !is_array_of_claims(value) {
            return Err(Refusal::at(Reason::ClaimUnknown, start, "the claims of the line are no array of claims"));
        }
        let wrong =
            |_| Refusal::at(Reason::InstrumentInvalid, start, "an instrument of the line has other parts than it may");
        let claims: Vec<LineClaim> = serde_json::from_str(value).map_err(wrong)?;
        let LineRequest { claims: names, instruments, .. } = &mut self.found.request;
        for claim in claims {
            match claim {
                LineClaim::Name(name) => names.push(name),
                LineClaim::Instrument(text) => {
                    let wrong = |_| Refusal::at(Reason::InstrumentInvalid, start, "a date of an instrument is none");
                    instruments.push(text.read().map_err(wrong)?);
                }
            }
        }
        Ok(())
    }

    fn payload(&mut self, kind: ValueKind, depth: usize) -> Result<(), Refusal> {
        let start = self.reader.position();
        let refuse = |detail| Err(Refusal::at(Reason::SyntaxUnknown, start, detail));
        match kind {
            ValueKind::Scalar => match self.reader.scalar()? {
                Scalar::String(string) => {
                    let text = unescaped(string.inner.text(self.text), string.escaped);
                    self.found.message = match self.members.is_base64 {
                        true => match BASE64.decode(&text) {
                            Ok(message) => message.into(),
                            Err(_) => return refuse("the payload is no base64"),
                        },
                        false => text,
                    };
                    self.found.is_text = true;
                }
                Scalar::Lexeme(_) => return refuse("the payload is no message"),
            },
            ValueKind::Object | ValueKind::Array if self.members.is_base64 => {
                return refuse("the payload is no base64");
            }
            ValueKind::Object | ValueKind::Array => {
                // The filter parses it; only its end is needed here.
                self.reader.skip_value(depth)?;
                let message = self.text.as_bytes().get(start..self.reader.position());
                self.found.message = message.unwrap_or_default().into();
                self.found.array_start = Some(start).filter(|_| kind == ValueKind::Array);
            }
        }
        Ok(())
    }
}

/// Appends a message that was a file or an entry as a line. JSON: its line ends become spaces, because they are only
/// between tokens. XML: as a JSON string, because its line ends are significant.
pub(super) fn write_as_line(output: &[u8], into: &mut Vec<u8>) {
    let trimmed = trim_space(output);
    if trimmed.starts_with(b"{") || trimmed.starts_with(b"[") {
        write_json_line(trimmed, into);
    } else {
        write_string(&String::from_utf8_lossy(output), into);
        into.push(b'\n');
    }
}

/// Appends JSON as a line.
pub(super) fn write_json_line(json: &[u8], into: &mut Vec<u8>) {
    into.extend(json.iter().map(|byte| if matches!(byte, b'\n' | b'\r') { b' ' } else { *byte }));
    into.push(b'\n');
}

/// Appends the fixed notice for a message that was not released (P5, P6).
pub(super) fn write_notice(reason: Option<Reason>, into: &mut Vec<u8>) {
    into.extend_from_slice(b"{\"withheld\":\"");
    into.extend_from_slice(reason.map_or("unknown", Reason::code).as_bytes());
    into.extend_from_slice(b"\"}\n");
}

/// The same in a batch in XML.
pub(super) fn write_element_notice(reason: Option<Reason>, into: &mut Vec<u8>) {
    into.extend_from_slice(b"<withheld reason=\"");
    into.extend_from_slice(reason.map_or("unknown", Reason::code).as_bytes());
    into.extend_from_slice(b"\"/>");
}

/// Suffixes of the entry names of notices: no message's name ends so.
pub(super) const WITHHELD_SUFFIX: &str = ".withheld.json";
pub(super) const FAILED_SUFFIX: &str = ".failed.json";

/// The fixed notice for what could not be read.
pub(super) const FAILED: &[u8] = b"{\"failed\":\"unreadable\"}\n";
pub(super) const FAILED_ELEMENT: &[u8] = b"<failed reason=\"unreadable\"/>";

/// Reads a string; anything else is refused for a reason.
fn read_text(
    text: &str,
    reader: &mut JsonReader<'_>,
    (reason, detail): (Reason, &'static str),
) -> Result<String, Refusal> {
    let at = reader.position();
    if let ValueKind::Scalar = reader.kind()?
        && let Scalar::String(string) = reader.scalar()?
    {
        return Ok(unescaped_text(string.inner.text(text), string.escaped).into_owned());
    }
    Err(Refusal::at(reason, at, detail))
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
