//! Processes one message from its bytes to its receipt: recognized, rewritten in one pass (rarely two), judged at the
//! end.

use std::sync::Arc;

use super::json::JsonRewriter;
use super::links::Agreement;
use super::parts::{Buffers, Parts, RewriteBuffers};
use super::planted::is_any_planted;
use super::receipt::{Disposition, Receipt, Record};
use super::session::{GrantState, Session};
use super::stencil::{Sample, Stencil};
use super::xml::{KnownOpening, Opening, XmlRewriter};
use crate::read::encoding::Encoding;
use crate::read::json::{JsonReader, decode};
use crate::read::xml::XmlState;
use crate::read::{Message, Reason, Refusal, likely_syntax};
use dmv_redact_model::format::{Format, FormatId, Syntax};
use dmv_redact_model::policy::{Ori, Requester};

/// Rewrites `message` into `out`, or leaves `out` empty. `check` makes the final decision on the output.
pub(crate) fn redact(
    parts: &Arc<Parts>,
    message: &[u8],
    requester: &Requester,
    buffers: &mut Buffers,
    out: &mut Vec<u8>,
    check: impl FnOnce(&[u8], &Receipt) -> Result<(), Refusal>,
) -> Receipt {
    let record = Record::begin(buffers.record.take(), parts);
    let mut receipt = Receipt::begin(record, message.len(), requester);
    let mut guard = Guard { out, released: false };
    guard.out.clear();
    let released = release(parts, message, requester, buffers, guard.out, &mut receipt);
    match released.and_then(|()| check(guard.out, &receipt)) {
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

/// The offsets, in the text of a message, of the values of names and references that are released to a requester.
pub fn kept_links(parts: &Arc<Parts>, message: &[u8], requester: &Requester) -> Vec<usize> {
    let mut buffers = Buffers::default();
    let receipt = redact(parts, message, requester, &mut buffers, &mut Vec::new(), |_, _| Ok(()));
    let is_released = receipt.disposition().releases();
    if is_released { buffers.rewriting.session.links.kept_offsets() } else { Vec::new() }
}

/// The receipt of a message that isn't read.
pub(crate) fn withhold(parts: &Arc<Parts>, bytes: usize, refusal: Refusal) -> Receipt {
    let mut receipt = Receipt::begin(Record::begin(None, parts), bytes, &Requester::default());
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
    if !is_any_planted() && fit(parts, message, requester, rewriting, out, receipt) {
        return Ok(());
    }
    let message = Message::open(message, &parts.limits, transcoded)?;
    let result = rewrite(parts, message, requester, rewriting, out, receipt);
    result.map_err(|refusal| refusal.at_source(|offset| message.encoding.source_offset(message.text, offset)))
}

fn rewrite<'f>(
    parts: &'f Parts,
    message: Message<'_>,
    requester: &'f Requester,
    buffers: &'f mut RewriteBuffers,
    out: &mut Vec<u8>,
    receipt: &mut Receipt,
) -> Result<(), Refusal> {
    let RewriteBuffers { session: session_buffers, xml_state, xml, json, head, stencils } = buffers;
    let is_wanted = message.encoding == Encoding::Utf8 && !is_any_planted() && stencils.are_wanted();
    session_buffers.trace.begin(is_wanted);
    let namespaces = &parts.formats.namespaces;
    let mut opening = match message.syntax {
        Syntax::Xml => Some(open(parts, message, &mut xml.known, xml_state)?),
        Syntax::Json => None,
    };
    let format = recognise(parts, message, opening.as_ref(), head)?;
    receipt.format = Some(format.id);
    let mut session = Session::new(parts, format, requester, session_buffers);
    let result = passes(&mut session, out, |session, out| {
        let trie = format.trie(message.syntax).ok_or_else(unknown_format)?;
        match message.syntax {
            Syntax::Xml => {
                let opening = match opening.take() {
                    Some(opening) => opening,
                    None => open(parts, message, &mut xml.known, xml_state)?,
                };
                let reader = opening.reader(message.text, &parts.limits, namespaces, xml_state);
                XmlRewriter::new(message.text, reader, trie, session, xml, out).run(&opening)
            }
            Syntax::Json => JsonRewriter::new(message.text, &parts.limits, trie, session, json, out).run(),
        }
    });
    if let (GrantState::Decided(grant), Ok(1), true) = (&session.grant_state, &result, is_wanted) {
        let Session { buffers, .. } = &session;
        let (syntax, message_key) = (message.syntax, session.message_key());
        let (message, tally) = (message.text.as_bytes(), &buffers.tally);
        let ori = session.facts.requester.known();
        let sample = Sample { format: format.id, syntax, message_key, ori, grant, message, out, tally };
        stencils.cut(&sample, &buffers.trace, &parts.catalog);
    }
    receipt.requester = session.ori();
    receipt.message_type = session.message_key();
    if let GrantState::Decided(grant) = std::mem::replace(&mut session.grant_state, GrantState::Nobody) {
        receipt.decided(&grant);
        session.buffers.decision.give_back(grant);
    }
    result?;
    let tally = &session.buffers.tally;
    if let Some(record) = Arc::get_mut(&mut receipt.record) {
        tally.add_to(&mut record.elements);
    }
    receipt.unmapped = tally.unmapped;
    receipt.found_images = tally.found_images;
    receipt.image_bytes = tally.image_bytes;
    Ok(())
}

/// Rewrites a message that a stencil fits, if one does. It is not opened before: what a stencil is cut from was UTF-8, and
/// what may stand in its holes is.
fn fit(
    parts: &Parts,
    message: &[u8],
    requester: &Requester,
    buffers: &mut RewriteBuffers,
    out: &mut Vec<u8>,
    receipt: &mut Receipt,
) -> bool {
    let RewriteBuffers { session, stencils, .. } = buffers;
    let Some(syntax) = likely_syntax(message, &parts.limits) else { return false };
    let decision = &mut session.decision;
    let accepts = |stencil: &Stencil, own: Option<Ori>| {
        let ori = requester.ori().or(own)?;
        // Where two requesters are named they must be one.
        if own.is_some_and(|own| own != ori) {
            return Some(false);
        }
        let grant = decision.take(ori, requester, stencil.message_key).or_else(|| {
            let grant = parts.policy.decide(ori, requester, stencil.message_key);
            decision.remember(ori, requester, stencil.message_key);
            grant
        });
        let is_same = grant.as_ref().is_some_and(|grant| Arc::ptr_eq(grant, &stencil.grant));
        if let Some(grant) = grant {
            decision.give_back(grant);
        }
        Some(is_same)
    };
    let Some((stencil, fit)) = stencils.fit(message, syntax, &parts.catalog, out, accepts) else {
        return false;
    };
    receipt.format = Some(stencil.format);
    receipt.requester = requester.ori().or(fit.ori);
    receipt.message_type = stencil.message_key;
    receipt.decided(&stencil.grant);
    if let Some(record) = Arc::get_mut(&mut receipt.record) {
        record.elements.extend_from_slice(&stencil.elements);
    }
    receipt.unmapped = stencil.unmapped;
    receipt.found_images = stencil.found_images;
    receipt.image_bytes = fit.image_bytes;
    true
}

/// Reads an XML message up to the start tag of its root.
fn open(
    parts: &Parts,
    message: Message<'_>,
    known: &mut KnownOpening,
    state: &mut XmlState,
) -> Result<Opening, Refusal> {
    if let Some(opening) = known.recall(message, state) {
        return Ok(opening);
    }
    let opening = Opening::read(message, &parts.limits, &parts.formats.namespaces, state)?;
    known.remember(message, &opening, state);
    Ok(opening)
}

/// Repeats the pass until its output agrees with the whole message. Returns the number of passes, without those under
/// another grant: an envelope after the body may take one or two.
fn passes<'f>(
    session: &mut Session<'f>,
    out: &mut Vec<u8>,
    mut pass: impl FnMut(&mut Session<'f>, &mut Vec<u8>) -> Result<bool, Refusal>,
) -> Result<usize, Refusal> {
    let mut number = 1;
    while number <= PASSES {
        out.clear();
        session.begin_pass();
        let result = pass(session, out).and_then(|released| session.check_facts().map(|()| released));
        if result.is_err() && session.gives_up_speculation() {
            continue;
        }
        let released = result?;
        let was_read = session.conclude();
        session.check_verdict()?;
        if !was_read {
            continue;
        }
        match session.buffers.links.agree() {
            Agreement::Reached if released => {
                session.buffers.tally.unmapped += session.buffers.links.lost();
                return Ok(number);
            }
            Agreement::Reached => {
                return Err(Refusal::whole(Reason::NothingPermitted, "the policy permits nothing of it"));
            }
            Agreement::NeedsPass => number += 1,
            Agreement::Broken => break,
            Agreement::Ambiguous(at) => return Err(Refusal::at(Reason::References, at, "two objects have one id")),
        }
    }
    Err(Refusal::whole(Reason::References, "references don't come to agree with what is released"))
}

/// The format of a message by its root, or the one that the caller named.
fn recognise<'p>(
    parts: &'p Parts,
    message: Message<'_>,
    opening: Option<&Opening>,
    head: &mut Head,
) -> Result<&'p Format, Refusal> {
    let formats = &parts.formats;
    let found = match (&parts.only_format, opening) {
        (Some(name), _) => formats.by_name(name),
        (None, Some(opening)) => {
            let local = opening.root.name.local().of(message.text.as_bytes());
            formats.by_xml_root(opening.root.namespace, local)
        }
        (None, None) => head.recognise(parts, message)?,
    };
    found.ok_or_else(unknown_format)
}

fn unknown_format() -> Refusal {
    Refusal::whole(Reason::FormatUnknown, "the message is of no known format")
}

/// The beginning of the previous JSON message, up to the member that identified its format: messages of one switch
/// begin alike.
#[derive(Debug, Default)]
pub(super) struct Head {
    bytes: Vec<u8>,
    format: FormatId,
    decoded: String,
}

/// Maximum length of a remembered beginning in bytes.
const HEAD_BYTES: usize = 4096;

impl Head {
    fn recognise<'p>(&mut self, parts: &'p Parts, message: Message<'_>) -> Result<Option<&'p Format>, Refusal> {
        let bytes = message.text.as_bytes();
        if !self.bytes.is_empty() && bytes.starts_with(&self.bytes) {
            return Ok(parts.formats.get(self.format));
        }
        let mut reader = JsonReader::new(bytes, &parts.limits);
        if !reader.take(b'{') || reader.take(b'}') {
            return Ok(None);
        }
        loop {
            let name = reader.name()?;
            self.decoded.clear();
            decode(name.inner.text(message.text), &mut self.decoded);
            if let Some(format) = parts.formats.by_json_root(self.decoded.as_bytes()) {
                let head = bytes.get(..reader.position()).filter(|head| head.len() <= HEAD_BYTES);
                self.bytes.clear();
                self.bytes.extend_from_slice(head.unwrap_or_default());
                self.format = format.id;
                return Ok(Some(format));
            }
            reader.skip_value(1)?;
            if !reader.take(b',') {
                reader.expect(b'}', "a comma or the end of an object is wanted")?;
                return Ok(None);
            }
        }
    }
}
