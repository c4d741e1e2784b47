//! Processes one message from its bytes to its receipt: recognized, rewritten in one pass (rarely two), judged at the
//! end.

use std::borrow::Cow;
use std::sync::Arc;

use super::json::JsonRewriter;
use super::links::Agreement;
use super::outcomes::Outcomes;
use super::parts::{Buffers, Parts, RewriteBuffers};
use super::planted::at;
use super::receipt::{Disposition, Receipt, Record};
use super::recognition;
use super::session::{Around, GrantState, Session};
use super::xml::{Opening, XmlRewriter};
use crate::read::json::{JsonReader, meaning};
use crate::read::{Message, Reason, Refusal};
use dmv_redact_model::format::{Candidates, Format, FormatId, Syntax};
use dmv_redact_model::manifest::Manifest;
use dmv_redact_model::policy::{Grant, MessageKeyId, Ori, Requester};

/// Rewrites `message` into `out`, or leaves `out` empty. `check` makes the final decision on the output.
pub(crate) fn redact(
    parts: &Arc<Parts>,
    message: &[u8],
    requester: &Requester,
    buffers: &mut Buffers,
    out: &mut Vec<u8>,
    check: impl FnOnce(&[u8], &Manifest, &Receipt) -> Result<(), Refusal>,
) -> Receipt {
    let record = Record::begin(buffers.record.take(), parts);
    let mut receipt = Receipt::begin(record, message.len(), requester);
    receipt.date = parts.policy.decision_date(requester);
    let mut guard = Guard { out, released: false };
    guard.out.clear();
    let released = release(parts, message, requester, buffers, guard.out, &mut receipt);
    if released.is_ok() {
        at::change_buffers(guard.out, &mut buffers.rewriting.session.manifest);
    }
    match released.and_then(|()| check(guard.out, buffers.manifest(), &receipt)) {
        Ok(()) => {
            guard.released = true;
            receipt.disposition = if receipt.lacks_nothing() { Disposition::Released } else { Disposition::Redacted };
            receipt.bytes_out = guard.out.len();
        }
        Err(refusal) => {
            let is_held = matches!(refusal.reason(), Reason::Review | Reason::ShapeReview);
            receipt.disposition = if is_held { Disposition::Held } else { Disposition::Withheld };
            receipt.refusal = Some(refusal);
            receipt.count_nothing();
        }
    }
    buffers.record = Some(Arc::clone(&receipt.record));
    receipt
}

/// What becomes of each part of `message`. A value that violates its shape ends nothing here, whatever the policy says.
pub fn outcomes(parts: &Arc<Parts>, message: &[u8], requester: &Requester) -> Outcomes {
    let mut buffers = Buffers::default();
    buffers.rewriting.session.outcomes = Some(Outcomes::default());
    let receipt = redact(parts, message, requester, &mut buffers, &mut Vec::new(), |_, _, _| Ok(()));
    let mut outcomes = buffers.rewriting.session.outcomes.take().unwrap_or_default();
    outcomes.parts.sort_by_key(|(span, _)| span.start());
    outcomes.unmapped = buffers.rewriting.session.tally.unmapped;
    if receipt.disposition().releases() {
        outcomes.links = buffers.rewriting.session.links.kept_offsets();
    }
    outcomes
}

/// The receipt of a message that isn't read.
pub(crate) fn withhold(parts: &Arc<Parts>, bytes: usize, refusal: Refusal) -> Receipt {
    let requester = Requester::default();
    let mut receipt = Receipt::begin(Record::begin(None, parts), bytes, &requester);
    receipt.fingerprint = requester.fingerprint();
    receipt.refusal = Some(refusal);
    receipt
}

/// Empties the output when it is dropped without a release: on a refusal, or during unwinding.
struct Guard<'o> {
    out: &'o mut Vec<u8>,
    released: bool,
}

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        if !self.released {
            self.out.clear();
        }
    }
}

/// Maximum number of passes under one grant: one records the references, a second writes those that may stay.
const PASSES: usize = 2;

fn release(
    parts: &Parts,
    message: &[u8],
    requester: &Requester,
    buffers: &mut Buffers,
    out: &mut Vec<u8>,
    receipt: &mut Receipt,
) -> Result<(), Refusal> {
    let Buffers { rewriting, transcoded, .. } = buffers;
    let message = Message::open(message, &parts.limits, transcoded)?;
    let result = rewrite(parts, message, requester, rewriting, out, receipt);
    result.map_err(|refusal| refusal.at_source(|offset| message.encoding.source_offset(message.text, offset)))
}

fn rewrite(
    parts: &Parts,
    message: Message<'_>,
    requester: &Requester,
    buffers: &mut RewriteBuffers,
    out: &mut Vec<u8>,
    receipt: &mut Receipt,
) -> Result<(), Refusal> {
    let only = parts.only_format.as_slice();
    let (told, result) = rewrite_one(parts, message, (requester, Around::default(), only), buffers, out);
    receipt.format = told.format;
    receipt.requester = told.ori;
    receipt.message_type = told.key;
    // What the policy doesn't declare could be anything (P6).
    receipt.request = told.request.filter(|request| parts.policy.may_record(request)).map(Arc::new);
    if let Some(grant) = &told.grant {
        receipt.decided(grant);
    }
    result?;
    let tally = &mut buffers.session.tally;
    at::change_counts(tally);
    if let Some(record) = Arc::get_mut(&mut receipt.record) {
        tally.add_to(&mut record.elements);
    }
    receipt.unmapped = tally.unmapped;
    receipt.found_images = tally.found_images;
    receipt.image_bytes = tally.image_bytes;
    Ok(())
}

/// What a message says of itself, and what was decided, whether or not it goes out.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub(super) format: Option<FormatId>,
    pub(super) ori: Option<Ori>,
    pub(super) key: Option<MessageKeyId>,
    /// The request, where the envelope states anything of it.
    pub(super) request: Option<Requester>,
    pub(super) grant: Option<Arc<Grant>>,
}

/// Rewrites a message of one of the formats of these names, or of any if there are none.
pub(super) fn rewrite_one(
    parts: &Parts,
    message: Message<'_>,
    (requester, around, only): (&Requester, Around, &[String]),
    buffers: &mut RewriteBuffers,
    out: &mut Vec<u8>,
) -> (Told, Result<(), Refusal>) {
    let mut told = Told { ori: requester.ori(), ..Told::default() };
    let result = rewrite_and_tell(parts, message, (requester, around, only), buffers, (out, &mut told));
    (told, result)
}

fn rewrite_and_tell(
    parts: &Parts,
    message: Message<'_>,
    (requester, around, only): (&Requester, Around, &[String]),
    buffers: &mut RewriteBuffers,
    (out, told): (&mut Vec<u8>, &mut Told),
) -> Result<(), Refusal> {
    let RewriteBuffers { session: session_buffers, xml_state, xml, json } = buffers;
    let namespaces = &parts.formats.namespaces;
    let mut opening = match message.syntax {
        Syntax::Xml => Some(Opening::read(message, &parts.limits, namespaces, xml_state)?),
        Syntax::Json => None,
    };
    let format = recognize(parts, message, only, opening.as_ref(), &mut json.name)?;
    told.format = Some(format.id);
    let trie = format.trie(message.syntax).ok_or_else(unknown_format)?;
    let mut session = Session::new(parts, format, requester, message, session_buffers);
    session.around = around;
    session.is_named = only.len() == 1;
    session.read_attributes();
    let result = passes(&mut session, out, |session, out| match message.syntax {
        Syntax::Xml => {
            let opening = match opening.take() {
                Some(opening) => opening,
                None => Opening::read(message, &parts.limits, namespaces, xml_state)?,
            };
            let reader = opening.reader(message.text, &parts.limits, namespaces, xml_state);
            XmlRewriter::new(message.text, reader, trie, session, xml, out).run(&opening)
        }
        Syntax::Json => JsonRewriter::new(message.text, &parts.limits, trie, session, json, out).run(),
    });
    told.ori = session.ori();
    told.key = session.message_key();
    if let GrantState::Decided(grant) = &session.grant_state {
        told.grant = Some(Arc::clone(grant));
    }
    if let Cow::Owned(request) = session.requester {
        told.request = Some(request);
    }
    result
}

/// Repeats the pass until its output agrees with the whole message.
fn passes<'f>(
    session: &mut Session<'f>,
    out: &mut Vec<u8>,
    mut pass: impl FnMut(&mut Session<'f>, &mut Vec<u8>) -> Result<bool, Refusal>,
) -> Result<(), Refusal> {
    for _ in 0..PASSES {
        out.clear();
        session.begin_pass();
        let released = pass(session, out)?;
        session.buffers.outcomes.iter_mut().for_each(|outcomes| outcomes.is_whole = true);
        session.check_facts()?;
        session.conclude()?;
        session.check_verdict()?;
        match session.buffers.links.agree() {
            Agreement::Reached if released => {
                session.buffers.tally.unmapped += session.buffers.links.lost();
                return Ok(());
            }
            Agreement::Reached => {
                return Err(Refusal::whole(Reason::NothingPermitted, "the policy permits nothing of it"));
            }
            Agreement::NeedsPass => {}
            Agreement::Broken => break,
            Agreement::Ambiguous(at) => return Err(Refusal::at(Reason::References, at, "two objects have one id")),
        }
    }
    Err(Refusal::whole(Reason::References, "references don't come to agree with what is released"))
}

/// The format of a message: the one that was named, or the one whose root and parts the message has, of several that were
/// named one of these.
fn recognize<'p>(
    parts: &'p Parts,
    message: Message<'_>,
    only: &[String],
    opening: Option<&Opening>,
    decoded: &mut String,
) -> Result<&'p Format, Refusal> {
    let formats = &parts.formats;
    if let [name] = only {
        return formats.standing_for(name).ok_or_else(unknown_format);
    }
    let of_root = match opening {
        Some(opening) => {
            let local = opening.root.name.local().of(message.text.as_bytes());
            formats.by_xml_root(opening.root.namespace, local)
        }
        None => by_root_member(parts, message, decoded)?,
    };
    let without_root = formats.without_root().filter(|_| message.syntax == Syntax::Json);
    let found = match (of_root, without_root) {
        (Some(candidates), None) if candidates.marks().all.is_empty() => {
            candidates.formats().first().and_then(|index| formats.at(*index))
        }
        (of_root, without_root) => {
            let all: Vec<_> = of_root.into_iter().chain(without_root).collect();
            recognition::recognize(parts, message, &all)?
        }
    };
    let is_named = |format: &&Format| {
        only.is_empty() || only.iter().filter_map(|name| formats.standing_for(name)).any(|own| own.id == format.id)
    };
    found.filter(is_named).ok_or_else(unknown_format)
}

fn unknown_format() -> Refusal {
    Refusal::whole(Reason::FormatUnknown, "the message is of no known format")
}

/// The formats that a JSON message can be of, by the first member that is the root of any. A further one ends the pass.
fn by_root_member<'p>(
    parts: &'p Parts,
    message: Message<'_>,
    decoded: &mut String,
) -> Result<Option<&'p Candidates>, Refusal> {
    let mut reader = JsonReader::new(message.text.as_bytes(), &parts.limits);
    // A list has no root member.
    if !reader.take(b'{') || reader.take(b'}') {
        return Ok(None);
    }
    loop {
        let name = reader.name()?;
        let found = parts.formats.by_json_root(meaning(name, message.text, decoded).as_bytes());
        if found.is_some() {
            return Ok(found);
        }
        reader.skip_value(1)?;
        if !reader.take(b',') {
            reader.expect(b'}', "a comma or the end of an object is wanted")?;
            return Ok(None);
        }
    }
}
