//! The state of one message: the requester, the grant, the counts. Shared by both rewriters.

use std::borrow::Cow;
use std::sync::Arc;

use fearless_simd::Simd;

use super::embedded::EmbeddedBuffers;
use super::envelope::{self, EnvelopeBuffers, Wanted};
use super::facts::{Fact, Facts};
use super::links::Links;
use super::outcomes::{Outcome, Outcomes};
use super::parts::Parts;
use super::planted::{Planted, at, is_planted};
use super::tally::Tally;
use super::text::TextBuffers;
use super::token::Tokens;
use super::value::{Judgement, judge};
use crate::read::scan::is_space;
use crate::read::{Message, Reason, Refusal};
use dmv_redact_model::catalog::{ElementId, Kind, Treatment, trim};
use dmv_redact_model::format::{Format, NOTICE, Node, Role, Target, Trie};
use dmv_redact_model::manifest::{Manifest, ReleasedForm, ReleasedValue};
use dmv_redact_model::policy::{
    Attribute, AttributeSet, Grant, InstrumentFault, MessageKeyId, OnShapeViolation, Ori, Requester, Undeclared,
    Verdict,
};
use dmv_redact_model::span::Span;
use dmv_redact_model::window::Block;

/// Buffers, reused from message to message.
#[derive(Debug, Default)]
pub(super) struct SessionBuffers {
    pub(super) tally: Tally,
    pub(super) links: Links,
    /// The meaning of a value, if it differs from its raw text.
    pub(super) decoded: String,
    /// The less precise form of a value.
    pub(super) written: String,
    pub(super) text: TextBuffers,
    /// The released values.
    pub(super) manifest: Manifest,
    /// What became of each part, if that is asked.
    pub(super) outcomes: Option<Outcomes>,
    ahead: EnvelopeBuffers,
    /// Those of the message in a text.
    pub(super) embedded: Option<Box<EmbeddedBuffers>>,
}

/// What is known of a message in a text from the one around it.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Around {
    /// In how many texts it is.
    pub(super) depth: usize,
    /// The message key.
    pub(super) key: Option<MessageKeyId>,
}

/// What is known of the grant.
#[derive(Debug, Clone)]
pub(super) enum GrantState {
    /// Only parts of the envelope have been read so far.
    Undecided,
    /// No agency class claims the requester.
    Nobody,
    Decided(Arc<Grant>),
}

/// What a grant depends on, beside the request: who asks, and the kind of message.
type Question = (Option<Ori>, Option<MessageKeyId>);

/// One message, one requester, one pass at a time.
pub(super) struct Session<'f> {
    pub(super) parts: &'f Parts,
    pub(super) format: &'f Format,
    /// The request, with what the envelope states of it.
    pub(super) requester: Cow<'f, Requester>,
    pub(super) message: Message<'f>,
    pub(super) grant_state: GrantState,
    /// What was decided on.
    question: Question,
    pub(super) facts: Facts,
    pub(super) around: Around,
    /// Whether its format was named, so that it can't be of another.
    pub(super) is_named: bool,
    /// What was read ahead of the envelope, if it was.
    ahead: Option<Facts>,
    /// The grant of the messages in its texts: that of them all.
    pub(super) of_embedded: Option<Arc<Grant>>,
    /// Whether a message in a text was decided on.
    pub(super) has_texts: bool,
    /// Whether what is known of the request was stated by a message in a text that doesn't go out.
    pub(super) states_unsent: bool,
    pub(super) buffers: &'f mut SessionBuffers,
}

impl<'f> Session<'f> {
    pub(super) fn new(
        parts: &'f Parts,
        format: &'f Format,
        requester: &'f Requester,
        message: Message<'f>,
        buffers: &'f mut SessionBuffers,
    ) -> Self {
        buffers.links.reset();
        let (grant_state, question, facts) = (GrantState::Undecided, (None, None), Facts::default());
        let (around, is_named, of_embedded, ahead) = (Around::default(), false, None, None);
        Self {
            parts,
            format,
            requester: Cow::Borrowed(requester),
            message,
            grant_state,
            question,
            facts,
            around,
            is_named,
            of_embedded,
            has_texts: false,
            states_unsent: false,
            ahead,
            buffers,
        }
    }

    pub(super) fn begin_pass(&mut self) {
        self.facts = at::facts(Facts::default());
        self.of_embedded = None;
        self.has_texts = false;
        self.buffers.tally.reset(self.parts.catalog.len());
        self.buffers.links.begin_pass();
        self.buffers.manifest.clear();
        self.buffers.outcomes.iter_mut().for_each(Outcomes::clear);
    }

    /// How the element may be released to this requester; `None` if not at all.
    #[inline(always)]
    pub(super) fn treatment(&mut self, element: ElementId) -> Option<Treatment> {
        if is_planted(Planted::Grant) {
            return Some(Treatment::Full);
        }
        let treatment = match &self.grant_state {
            GrantState::Decided(grant) => grant.treatment(element),
            _ => self.treatment_undecided(element),
        };
        at::treatment(element, treatment)
    }

    #[inline(never)]
    fn treatment_undecided(&mut self, element: ElementId) -> Option<Treatment> {
        if self.parts.catalog.element(element).is_some_and(|element| element.is_in_every_grant()) {
            return Some(Treatment::Full);
        }
        self.decide_now().and_then(|grant| grant.treatment(element))
    }

    /// The grant, if the policy has one.
    fn decide_now(&mut self) -> Option<&Arc<Grant>> {
        if matches!(self.grant_state, GrantState::Undecided) {
            let needs_key = self.format.has_message_type && self.facts.message.known().is_none();
            if needs_key || self.ori().is_none() {
                // The body comes first.
                let facts = self.facts_ahead();
                let ori = at::ori(self.requester.ori().or(facts.requester.known()));
                self.decide((ori, at::message_key(self.key_of(&facts))));
            } else {
                self.decide((self.ori(), self.message_key()));
            }
        }
        match &self.grant_state {
            GrantState::Decided(grant) => Some(grant),
            GrantState::Undecided | GrantState::Nobody => None,
        }
    }

    /// The notices with which a part of this node ends, each with its text.
    pub(super) fn owed_notices(
        &mut self,
        trie: &'f Trie,
        around: &Node,
    ) -> impl Iterator<Item = (&'f Node, String)> + use<'f> {
        let notice = around.notice.filter(|_| self.owes_notice()).map(|id| (id, NOTICE.to_owned()));
        let law = around.legal_notice.and_then(|id| Some((id, self.decide_now()?.legal_notice()?.to_owned())));
        notice.into_iter().chain(law).filter_map(|(id, text)| Some((trie.node(id)?, text)))
    }

    /// Reads ahead what the envelope states of the request, if the policy tells that apart: all that is decided is decided on
    /// it. What an independent reader of the output finds stated is what decided, so the whole envelope is read.
    #[inline]
    pub(super) fn read_attributes(&mut self) {
        let attributes = self.format.attributes.and(self.parts.told_apart);
        if !attributes.is_empty() && !is_planted(Planted::Attributes) {
            self.read_ahead(attributes);
        }
    }

    #[inline(never)]
    fn read_ahead(&mut self, attributes: AttributeSet) {
        let wanted = Wanted { requester: self.requester.ori().is_none(), attributes };
        let (facts, stated) = envelope::read(self.message, self.parts, self.format, wanted, &mut self.buffers.ahead);
        self.ahead = Some(facts);
        if let Some(stated) = stated {
            self.requester = Cow::Owned(self.requester.as_ref().clone().state_all_of(&stated));
        }
    }

    /// What the envelope says, read ahead of what is around it, once.
    pub(super) fn facts_ahead(&mut self) -> Facts {
        let wanted = Wanted { requester: self.requester.ori().is_none(), attributes: AttributeSet::default() };
        let ahead = &mut self.buffers.ahead;
        let read = || envelope::read(self.message, self.parts, self.format, wanted, ahead).0;
        *self.ahead.get_or_insert_with(read)
    }

    /// The message key among facts; a message in a text may have that of the one around it.
    pub(super) fn key_of(&self, facts: &Facts) -> Option<MessageKeyId> {
        facts.message.known().or(self.around.key.filter(|_| !self.format.has_message_type))
    }

    /// Asks the policy.
    fn decide(&mut self, question: Question) {
        self.question = question;
        let (ori, message) = question;
        let ori = if is_planted(Planted::Requester) { Ori::new("AZ0070000") } else { ori };
        let ori = ori.filter(|_| message.is_some() || !self.format.has_message_type);
        let grant = ori.and_then(|ori| self.parts.policy.decide(ori, &self.requester, message));
        self.grant_state = at::grant(grant).map_or(GrantState::Nobody, GrantState::Decided);
    }

    /// Decides when the whole message was read, if nothing in it needed a decision.
    ///
    /// # Errors
    /// When the envelope says something else than was decided on.
    pub(super) fn conclude(&mut self) -> Result<(), Refusal> {
        let question = (self.ori(), self.message_key());
        match self.grant_state {
            GrantState::Undecided => self.decide(question),
            _ if question != self.question => {
                return Err(Refusal::whole(Reason::RequesterSeveral, "the envelope contradicts itself"));
            }
            GrantState::Nobody | GrantState::Decided(_) => {}
        }
        if let (Some(inner), GrantState::Decided(grant)) = (&self.of_embedded, &self.grant_state)
            && inner != grant
        {
            let detail = "a message in a text has another grant than the one around it";
            return Err(Refusal::whole(Reason::RequesterSeveral, detail));
        }
        Ok(())
    }

    /// The requester, as far as it is known.
    pub(super) fn ori(&self) -> Option<Ori> {
        at::ori(self.requester.ori().or(self.facts.requester.known()))
    }

    /// The message's key, if it is one of the format's.
    pub(super) fn message_key(&self) -> Option<MessageKeyId> {
        at::message_key(self.key_of(&self.facts))
    }

    /// Records a value that has a role in the envelope. It isn't trimmed: `" DR"` is no key.
    #[inline(never)]
    pub(super) fn note(&mut self, role: Role, value: Value<'_>, offset: usize) {
        let value = match value {
            Value::Plain(text) => text,
            Value::Decoded => &self.buffers.decoded,
        };
        self.facts.note(role, value, offset, &self.parts.formats, self.format);
    }

    /// Records that something else was in the place of a value with a role: that isn't the same as an absent value.
    pub(super) fn note_missing(&mut self, role: Role, offset: usize) {
        match role {
            Role::MessageKey => self.facts.message.note_missing(offset),
            Role::Requester => self.facts.requester.note_missing(offset),
            Role::Notice => self.facts.notice.note_missing(offset),
        }
    }

    /// Whether a record may contain a name that its own mapping doesn't have. A name that leads to other data elements
    /// elsewhere is admitted only if the requester may have one of them in full, because in the record it isn't made
    /// less precise.
    pub(super) fn admits_in_record(&mut self, elements: impl Iterator<Item = ElementId>) -> bool {
        let mut elements = elements.peekable();
        elements.peek().is_none() || elements.any(|element| self.treatment(element) == Some(Treatment::Full))
    }

    /// Whether the requester may have anything at a node or below it.
    pub(super) fn grants_any_of(&mut self, node: Option<&Node>) -> bool {
        node.is_none_or(|node| node.elements.iter().any(|element| self.treatment(*element).is_some()))
    }

    /// Whether a reference may be released at a node: only if something below may be released in full. The target of
    /// the reference may be written in full elsewhere, so a reference in place of masked values would undo the mask.
    pub(super) fn grants_reference(&mut self, node: Option<&Node>) -> bool {
        node.is_none_or(|node| node.elements.iter().any(|element| self.treatment(*element) == Some(Treatment::Full)))
    }

    /// Refuses what the envelope lacks or contradicts, when the whole message was read.
    pub(super) fn check_facts(&self) -> Result<(), Refusal> {
        match self.facts.requester {
            Fact::Several(at) => {
                return Err(Refusal::at(Reason::RequesterSeveral, at, "the envelope names several requesters"));
            }
            Fact::Invalid(at) => {
                return Err(Refusal::at(Reason::RequesterInvalid, at, "the envelope's requester is no ORI"));
            }
            Fact::Known(own) if self.requester.ori().is_some_and(|ori| ori != own) => {
                return Err(Refusal::whole(Reason::RequesterMismatch, "the envelope names another requester"));
            }
            Fact::Absent if self.requester.ori().is_none() => {
                return Err(Refusal::whole(Reason::RequesterMissing, "no requester is named"));
            }
            Fact::Absent | Fact::Known(_) => {}
        }
        if let Fact::Invalid(at) | Fact::Several(at) = self.facts.notice {
            return Err(Refusal::at(Reason::EnvelopeShape, at, "the envelope's notice says something else"));
        }
        if self.owes_notice() && self.on_shape_violation(false) != Some(OnShapeViolation::Remove) {
            let detail = "a value violates its shape, and nothing goes out in which a notice could stand";
            return Err(Refusal::whole(Reason::ShapeReview, detail));
        }
        match self.facts.message {
            Fact::Several(at) => Err(Refusal::at(Reason::MessageTypeSeveral, at, "the message has several keys")),
            Fact::Invalid(at) => Err(Refusal::at(Reason::MessageTypeUnknown, at, "the format has no such message key")),
            Fact::Absent if self.format.has_message_type => {
                Err(Refusal::whole(Reason::MessageTypeMissing, "the message has no key"))
            }
            Fact::Absent | Fact::Known(_) => Ok(()),
        }
    }

    /// Whether the verdict lets the message be rewritten for this requester.
    pub(super) fn check_verdict(&self) -> Result<(), Refusal> {
        let GrantState::Decided(grant) = &self.grant_state else {
            match self.parts.policy.is_in_force(&self.requester) {
                Some(true) => {}
                Some(false) => {
                    let detail = "the policy is not in force on the date of the request";
                    return Err(Refusal::whole(Reason::PolicyNotInForce, detail));
                }
                None => return Err(Refusal::whole(Reason::DateInvalid, "the clock tells no date")),
            }
            let declared = self.parts.policy.declares(&self.requester);
            declared.map_err(refuse_request)?;
            return Err(Refusal::whole(Reason::RequesterUnknown, "no agency class claims the requester"));
        };
        match grant.verdict() {
            Verdict::Rewrite => Ok(()),
            // What would go out after the review is asked.
            Verdict::Review if self.buffers.outcomes.is_some() => Ok(()),
            Verdict::Review => Err(Refusal::whole(Reason::Review, "a person must review the message first")),
            Verdict::Nothing => Err(Refusal::whole(Reason::NothingPermitted, "the policy permits nothing of it")),
        }
    }

    /// Whether a value is accepted by the fast path of its element's shape; `block` has its first bytes.
    #[inline(always)]
    pub(super) fn fast_accepts<S: Simd>(&self, element: ElementId, block: Block<S>, value: &[u8]) -> bool {
        match self.parts.catalog.element(element) {
            Some(element) => element.shape().fast_accepts(block, value),
            None => false,
        }
    }

    /// Counts and lists a value that is released as it is.
    #[inline(always)]
    pub(super) fn release(&mut self, element: ElementId, span: Span) {
        if let Some(counts) = self.buffers.tally.of(element) {
            counts.released += 1;
        }
        at::note_fast(span);
        self.tell(span, Outcome::Judged(element, Judgement::Release));
        self.list(element, Treatment::Full, span, ReleasedForm::Exact);
    }

    /// Counts a value that tells what the part around it is, and goes out with that. Returns whether it does tell.
    pub(super) fn discriminate(&mut self, node: &Node, value: Value<'_>, span: Span) -> bool {
        let value = match value {
            Value::Plain(text) => text,
            Value::Decoded => &self.buffers.decoded,
        };
        let tells = node.discriminates.iter().any(|own| own == trim(value)) && !is_planted(Planted::Discriminator);
        if let (true, Target::Leaf(element)) = (tells, node.target) {
            self.count(element, Judgement::Release, span);
        }
        tells
    }

    /// Counts and lists a mapped id or reference, which is renumbered.
    pub(super) fn release_link(&mut self, element: ElementId, span: Span) {
        if let Some(counts) = self.buffers.tally.of(element) {
            counts.released += 1;
        }
        self.tell(span, Outcome::Judged(element, Judgement::Release));
        let treatment = self.treatment(element).unwrap_or(Treatment::Full);
        self.list(element, treatment, span, ReleasedForm::Link);
    }

    /// Adds a released value to the manifest.
    #[inline(always)]
    pub(super) fn list(&mut self, element: ElementId, treatment: Treatment, span: Span, form: ReleasedForm) {
        at::list(&mut self.buffers.manifest, ReleasedValue { span, element, treatment, form });
    }

    /// Removes all after the first `length` values from the manifest: they were taken back.
    #[inline]
    pub(super) fn take_back(&mut self, length: usize) {
        if self.buffers.manifest.len() > length {
            self.take_back_values(length);
        }
    }

    #[cold]
    fn take_back_values(&mut self, length: usize) {
        let SessionBuffers { manifest, tally, outcomes, .. } = &mut *self.buffers;
        let values = manifest.entries().get(length..).unwrap_or_default();
        outcomes.iter_mut().for_each(|outcomes| outcomes.take_back(values));
        for value in values {
            if matches!(value.form, ReleasedForm::Continued | ReleasedForm::Text) {
                continue;
            }
            let Some(counts) = tally.of(value.element) else { continue };
            let counted = if counts.generalised > 0 && value.treatment != Treatment::Full {
                &mut counts.generalised
            } else {
                &mut counts.released
            };
            *counted = counted.saturating_sub(1);
            counts.removed += 1;
        }
        manifest.truncate(length);
    }

    /// Judges a permitted value at `span` and counts the outcome. On `Generalise`, `buffers.written` is what is
    /// released. An envelope that violates its shape refuses the message.
    pub(super) fn judge(
        &mut self,
        element: ElementId,
        treatment: Treatment,
        value: Value<'_>,
        span: Span,
    ) -> Result<Judgement, Refusal> {
        let judgement = self.appraise(element, treatment, value, span)?;
        self.count(element, judgement, span);
        let is_rewritten = judgement == Judgement::Release && treatment != Treatment::Full && self.rewrite(value);
        if is_rewritten || judgement == Judgement::Generalise {
            at::change_written(span, &mut self.buffers.written);
            return Ok(Judgement::Generalise);
        }
        Ok(judgement)
    }

    /// Has a value that is already the result of its treatment written anew, because its form (a section, escapes)
    /// could reveal that (P5). A blank one reveals nothing, and stays as it is.
    fn rewrite(&mut self, value: Value<'_>) -> bool {
        let SessionBuffers { decoded, written, .. } = &mut *self.buffers;
        let text = match value {
            Value::Plain(text) => text,
            Value::Decoded => decoded,
        };
        written.clear();
        written.push_str(text);
        !trim(text).is_empty()
    }

    /// Judges a permitted value as [`judge`](Self::judge) does, and leaves the counting for later.
    pub(super) fn appraise(
        &mut self,
        element: ElementId,
        treatment: Treatment,
        value: Value<'_>,
        span: Span,
    ) -> Result<Judgement, Refusal> {
        let Some(described) = self.parts.catalog.element(element) else { return Ok(Judgement::ShapeViolation) };
        let value = match value {
            Value::Plain(text) => text,
            Value::Decoded => &self.buffers.decoded,
        };
        let tokens = match treatment {
            Treatment::Token => Tokens::of(self.parts, self.question.0),
            _ => None,
        };
        let judgement = judge(described, treatment, value, tokens, &mut self.buffers.written);
        if matches!(judgement, Judgement::ShapeViolation | Judgement::Photo) {
            if described.is_envelope() {
                let detail = "a value of the envelope violates its shape";
                return Err(Refusal::at(Reason::EnvelopeShape, span.start(), detail));
            }
            self.refuse_violation(span)?;
        }
        Ok(judgement)
    }

    /// The grant's rule for shape violations, if there is a grant.
    fn on_shape_violation(&self, has_place_for_notice: bool) -> Option<OnShapeViolation> {
        let GrantState::Decided(grant) = &self.grant_state else { return None };
        Some(grant.on_shape_violation(has_place_for_notice))
    }

    /// Refuses the message for a permitted value that violates its shape, if the policy says so.
    pub(super) fn refuse_violation(&self, span: Span) -> Result<(), Refusal> {
        if self.buffers.outcomes.is_some() {
            return Ok(());
        }
        let reason = match self.on_shape_violation(self.format.notice.is_some()) {
            // A denied value is never judged: it must affect nothing (P5).
            None | Some(OnShapeViolation::Remove | OnShapeViolation::Notice) => return Ok(()),
            Some(OnShapeViolation::Hold) => Reason::ShapeReview,
            Some(OnShapeViolation::Withhold) => Reason::Shape,
        };
        Err(Refusal::at(reason, span.start(), "a value violates its shape"))
    }

    /// Whether a permitted value was removed for its shape, the policy requires a notice, and there is none yet.
    pub(super) fn owes_notice(&self) -> bool {
        self.on_shape_violation(self.format.notice.is_some()) == Some(OnShapeViolation::Notice)
            && self.facts.notice == Fact::Absent
            && self.buffers.tally.has_violations()
    }

    /// Counts a notice, which is being written.
    pub(super) fn notice_written(&mut self, node: &Node) {
        if let Target::Leaf(element) = node.target {
            if let Some(counts) = self.buffers.tally.of(element) {
                counts.released += 1;
            }
            self.list(element, Treatment::Full, Span::default(), ReleasedForm::Notice);
        }
        if node.role == Some(Role::Notice) {
            self.facts.notice = Fact::Known(());
        }
    }

    /// Whether a value is only white space.
    pub(super) fn is_blank(&self, value: Value<'_>) -> bool {
        let value = match value {
            Value::Plain(text) => text,
            Value::Decoded => &self.buffers.decoded,
        };
        value.bytes().all(is_space)
    }

    /// Counts the outcome of a permitted value.
    pub(super) fn count(&mut self, element: ElementId, judgement: Judgement, span: Span) {
        self.tell(span, Outcome::Judged(element, judgement));
        match judgement {
            Judgement::Photo => {
                self.buffers.tally.found_images += 1;
                self.buffers.tally.image(span.len());
            }
            Judgement::ShapeViolation if self.is_image(element) => self.buffers.tally.image(span.len()),
            _ => {}
        }
        let Some(counts) = self.buffers.tally.of(element) else { return };
        match judgement {
            Judgement::Release => counts.released += 1,
            Judgement::Generalise => counts.generalised += 1,
            Judgement::ShapeViolation | Judgement::Photo => {
                counts.removed += 1;
                counts.shape += 1;
            }
        }
    }

    /// Counts a part that is removed because the grant denies its element; `span` is all of it.
    pub(super) fn deny(&mut self, element: ElementId, span: Span) {
        self.tell(span, Outcome::Denied(element));
        if let Some(counts) = self.buffers.tally.of(element) {
            counts.removed += 1;
        }
        if self.is_image(element) {
            self.buffers.tally.image(span.len());
        }
    }

    fn is_image(&self, element: ElementId) -> bool {
        self.parts.catalog.element(element).is_some_and(|element| element.kind() == Kind::Image)
    }

    /// Counts a part that no path of the mapping names; `span` is all of it.
    pub(super) fn unmapped(&mut self, span: Span) {
        self.tell(span, Outcome::Unmapped);
        self.buffers.tally.unmapped += 1;
    }

    /// Tells what became of a part, if that is asked.
    #[inline(always)]
    fn tell(&mut self, span: Span, outcome: Outcome) {
        if let Some(outcomes) = &mut self.buffers.outcomes {
            outcomes.push(span, outcome);
        }
    }
}

/// The refusal of a request with something that the policy doesn't declare.
fn refuse_request(undeclared: Undeclared) -> Refusal {
    let reason = match undeclared {
        Undeclared::Value(Attribute::Purpose) => Reason::PurposeUnknown,
        Undeclared::Values(Attribute::Purpose) => Reason::PurposeSeveral,
        Undeclared::Value(_) => Reason::AttributeUnknown,
        Undeclared::Values(_) => Reason::AttributeSeveral,
        Undeclared::Claim(_) => Reason::ClaimUnknown,
        Undeclared::Instrument(_, InstrumentFault::NotYet | InstrumentFault::Expired) => Reason::InstrumentNotInForce,
        Undeclared::NoInstrument(_) | Undeclared::Instrument(..) => Reason::InstrumentInvalid,
    };
    Refusal::whole(reason, undeclared.detail())
}

/// A value to judge.
#[derive(Debug, Clone, Copy)]
pub(super) enum Value<'a> {
    /// Its raw text is its meaning.
    Plain(&'a str),
    /// Decoded, in `buffers.decoded`.
    Decoded,
}
