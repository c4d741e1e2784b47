//! A text that is a message of a format of its own: it is read, decided on and rewritten as any other, for the same
//! requester and with the same strictness. Whatever withholds it withholds the message around it.
//!
//! What stays is written anew, in one form: escaped in XML, a string in JSON, base64 without line breaks (P5).

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::parts::RewriteBuffers;
use super::pass::rewrite_one;
use super::session::{Around, Session, Value};
use super::value::Judgement;
use crate::read::encoding::Encoding;
use crate::read::scan::is_space;
use crate::read::{Message, Reason, Refusal};
use dmv_redact_model::catalog::Treatment;
use dmv_redact_model::format::{Embedded, Node, Target};
use dmv_redact_model::manifest::{ReleasedForm, ReleasedValue};
use dmv_redact_model::policy::Requester;
use dmv_redact_model::span::Span;

/// How many messages may be in one another's texts (P8).
const DEEPEST: usize = 4;

/// Buffers for the message in a text.
#[derive(Debug, Default)]
pub(super) struct EmbeddedBuffers {
    rewriting: RewriteBuffers,
    text: String,
    transcoded: String,
    out: Vec<u8>,
}

impl Session<'_> {
    /// Rewrites the message that the text of a leaf at `span` is, and counts its values. Returns whether something of it
    /// stays, which is then in `buffers.written`.
    pub(super) fn embedded(&mut self, node: &Node, value: Value<'_>, span: Span) -> Result<bool, Refusal> {
        let declared = node.embedded.and_then(|index| self.format.declared.embedded.get(index));
        let (Some((_, declared)), Target::Leaf(element)) = (declared, node.target) else { return Ok(false) };
        if self.is_blank(value) {
            self.unmapped(span);
            return Ok(false);
        }
        if self.around.depth >= DEEPEST {
            return Err(Refusal::at(Reason::Limit, span.start(), "messages are in one another's texts too deep"));
        }
        let mut buffers = self.buffers.embedded.take().unwrap_or_default();
        buffers.text.clear();
        buffers.text.push_str(match value {
            Value::Plain(text) => text,
            Value::Decoded => &self.buffers.decoded,
        });
        let released = self.rewrite_embedded(declared, &mut buffers, span);
        if let Ok(true) = released {
            let value = ReleasedValue { span, element, treatment: Treatment::Full, form: ReleasedForm::Embedded };
            self.buffers.manifest.push_embedded(value, std::mem::take(&mut buffers.rewriting.session.manifest));
            self.count(element, Judgement::Release, span);
        }
        self.buffers.embedded = Some(buffers);
        released
    }

    fn rewrite_embedded(
        &mut self,
        declared: &Embedded,
        buffers: &mut EmbeddedBuffers,
        span: Span,
    ) -> Result<bool, Refusal> {
        let EmbeddedBuffers { rewriting, text, transcoded, out } = buffers;
        let parts = self.parts;
        let bytes;
        let message = match declared.is_base64 {
            false => Message::of_text(text, Encoding::Text, &parts.limits),
            true => {
                text.retain(|character| !character.is_ascii() || !is_space(character as u8));
                let invalid = |_| Refusal::at(Reason::Encoding, 0, "a text that is to be base64 isn't");
                bytes = BASE64.decode(&*text).map_err(invalid).map_err(|refusal| at(refusal, span))?;
                Message::open(&bytes, &parts.limits, transcoded)
            }
        };
        let message = message.map_err(|refusal| at(refusal, span))?;
        let (requester, around) = self.asking();
        let (mut told, result) = rewrite_one(parts, message, (&requester, around, &declared.formats), rewriting, out);
        // Even of one that doesn't go out: what it states is stated of all.
        let states_more = told.request.take().map_or(Ok(false), |request| self.stated_in_text(&request, span))?;
        self.has_texts = true;
        match result {
            // Nothing of it goes out, and nothing tells of it.
            Err(refusal) if refusal.reason() == Reason::NothingPermitted && told.grant.is_some() => {
                self.states_unsent |= states_more;
                self.unmapped(span);
                return Ok(false);
            }
            result => result.map_err(|refusal| at(refusal, span))?,
        }
        if self.states_unsent {
            return Err(states_another(span));
        }
        // What came before the text was decided on without them.
        if let Some(ori) = told.ori.filter(|_| self.requester.ori().is_none() && self.format.is_envelope_only) {
            self.facts.requester.note_known(ori, span.start());
        }
        if let Some(key) = told.key.filter(|_| !self.format.has_message_type) {
            self.facts.message.note_known(key, span.start());
        }
        if let (Some(grant), Some(other)) = (&told.grant, &self.of_embedded)
            && grant != other
        {
            let detail = "two messages in texts have different grants";
            return Err(Refusal::at(Reason::RequesterSeveral, span.start(), detail));
        }
        self.of_embedded = told.grant;
        self.buffers.tally.add(&rewriting.session.tally);
        let written = &mut self.buffers.written;
        written.clear();
        match declared.is_base64 {
            true => BASE64.encode_string(&*out, written),
            false => written.push_str(std::str::from_utf8(out).unwrap_or_default()),
        }
        Ok(true)
    }

    /// What a message in a text states of the request, beside what was known of it. A message of nothing but the envelope takes
    /// that over from the first text; of any other, and of another text, parts may be out already that were decided on without it.
    /// Whether it was anything.
    fn stated_in_text(&mut self, request: &Requester, span: Span) -> Result<bool, Refusal> {
        if request.states_the_same(&self.requester) {
            return Ok(false);
        }
        if !self.format.is_envelope_only || self.has_texts {
            return Err(states_another(span));
        }
        self.requester = Cow::Owned(self.requester.as_ref().clone().state_all_of(request));
        Ok(true)
    }

    /// Who asks for a message in a text, and what of it is known from this one.
    fn asking(&mut self) -> (Requester, Around) {
        let (mut ori, mut key) = (self.ori(), self.message_key());
        let has_key = key.is_some() || !self.format.has_message_type;
        if ori.is_none() || !has_key {
            let facts = self.facts_ahead();
            ori = ori.or(facts.requester.known());
            key = key.or(self.key_of(&facts));
        }
        let requester = match ori {
            Some(ori) => self.requester.as_ref().clone().asked_by(ori),
            None => self.requester.as_ref().clone(),
        };
        (requester, Around { depth: self.around.depth + 1, key })
    }
}

/// The refusal of a message in a text: at the text, because its own offsets are none of the message around it.
fn at(refusal: Refusal, span: Span) -> Refusal {
    Refusal::at(refusal.reason(), span.start(), refusal.detail())
}

/// The refusal of a message in a text that states something of the request which not all that goes out was decided on.
fn states_another(span: Span) -> Refusal {
    let detail = "a message in a text states another request than the one around it";
    Refusal::at(Reason::AttributeSeveral, span.start(), detail)
}
