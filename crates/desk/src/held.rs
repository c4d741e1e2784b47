//! A held message on its way: into the queue, and out of it once it was approved.

use dmv_redact::{Disposition, Filter, PolicyIdentity, Receipt, Requester};
use dmv_redact_model::policy::{RequestText, is_same_person};
use dmv_redact_review::{
    Added, ContentDigest, Decided, NewReview, Review, ReviewError, ReviewId, ReviewStore, ReviewSummary, State, Verdict,
};
use serde::{Deserialize, Serialize};

use crate::desk::day_of;
use crate::{DeskError, Grants};

/// A message that the policy holds.
#[derive(Debug, Clone, Copy)]
pub struct HeldMessage<'m> {
    /// Where it came from: an archive's path, a switch's name.
    pub source: &'m str,
    /// Identifies it there.
    pub id: &'m str,
    /// The message, as the filter had it.
    pub original: &'m [u8],
    /// Its request.
    pub requester: &'m Requester,
    /// What the filter said.
    pub receipt: &'m Receipt,
}

/// What is kept with a review, encrypted: the request, apart, and what the policy said of it then.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Details {
    #[serde(skip)]
    pub(crate) request: RequestText,
    pub(crate) policy: HeldBy,
    /// Whether two people must approve it.
    #[serde(default)]
    pub(crate) two_people: bool,
}

impl Details {
    /// What is kept with a review.
    pub(crate) fn of(review: &Review) -> Result<Self, DeskError> {
        let id = review.summary.id;
        let corrupt = || ReviewError::Corrupt(format!("review {id}: its details can't be read"));
        let (Some(request), Some(details)) = (&review.request, &review.details) else { return Err(corrupt().into()) };
        let request = serde_json::from_str(request).map_err(|_| corrupt())?;
        Ok(Self { request, ..serde_json::from_str(details).map_err(|_| corrupt())? })
    }
}

/// The policy that held a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct HeldBy {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) sha256: String,
}

impl HeldBy {
    pub(crate) fn of(identity: &PolicyIdentity) -> Self {
        let PolicyIdentity { name, version, sha256, .. } = identity.clone();
        Self { name, version, sha256 }
    }
}

impl HeldMessage<'_> {
    /// Who would receive it, as the queue lists it.
    fn ori(&self) -> String {
        self.receipt.requester().map_or_else(|| "unknown".to_owned(), |ori| ori.to_string())
    }

    fn request(&self) -> Result<RequestText, DeskError> {
        let what = "the request states two values of one attribute";
        RequestText::of(self.requester).ok_or_else(|| DeskError::Usage(what.to_owned()))
    }
}

/// Puts a held message into the queue at `now`, to be denied at `deadline` if nobody has decided. It is on disk when this
/// returns. The same message with the same request is one review: whoever adds it again gets [`Added::Known`].
///
/// # Errors
/// When it can't be added.
pub async fn hold(
    reviews: &ReviewStore,
    filter: &Filter,
    message: &HeldMessage<'_>,
    (deadline, now): (i64, i64),
) -> Result<Added, DeskError> {
    let two_people = filter.decider().wants_two_people(message.receipt.rules());
    let policy = HeldBy::of(message.receipt.policy());
    let details = Details { request: message.request()?, policy, two_people };
    let text =
        |result: serde_json::Result<String>| result.map_err(|_| DeskError::Usage("the request has no text".to_owned()));
    let (request, details) = (text(serde_json::to_string(&details.request))?, text(serde_json::to_string(&details))?);
    let review = NewReview {
        source: message.source,
        id: message.id,
        original: message.original,
        requester: &message.ori(),
        message_key: message.receipt.message_type(),
        request: &request,
        details: &details,
        deadline,
        two_people,
    };
    Ok(reviews.add(&review, now).await?)
}

/// How a held message stands.
#[derive(Debug)]
pub enum Standing {
    /// It waits for a decision.
    Waits,
    /// It was approved, and its delivery is this node's: this is its request. Once it is on record it may go out, and then
    /// [`ReviewStore::delivered`] ends it.
    Approved(Box<Requester>),
    /// A person denied it, or the clock: it isn't held any more, and its record is that of
    /// [`Receipt::denied`](dmv_redact::Receipt::denied) for this reason.
    Denied(&'static str),
    /// It doesn't go out here; the text says why.
    Held(&'static str),
}

/// How the review of a message that `filter` holds stands at `now`, by the decisions up to the number `until`. What is
/// approved is claimed for `node`; what `node` has delivered before is approved for it as long as the approval hasn't
/// expired, for it makes the same output again.
///
/// # Errors
/// When the queue can't be read or written.
pub async fn standing(
    (reviews, filter): (&ReviewStore, &Filter),
    id: ReviewId,
    message: &HeldMessage<'_>,
    node: &str,
    (until, now): (i64, i64),
) -> Result<Standing, DeskError> {
    let Some(review) = reviews.get(id).await? else { return Err(ReviewError::NotFound(id).into()) };
    let is_own = review.summary.delivery.as_ref().is_some_and(|delivery| delivery.node == node);
    let is_later = review.decisions.iter().any(|decision| decision.sequence > until);
    if review.summary.state == State::Denied && !review.decisions.iter().any(|own| own.verdict == Verdict::Denied) {
        return Ok(Standing::Held("its row says that a person denied it, and nobody has"));
    }
    if let Some(why) = denial_of(&review.summary, now) {
        return Ok(if is_later { Standing::Waits } else { Standing::Denied(why) });
    }
    match review.summary.state {
        State::Open | State::HalfApproved | State::Denied | State::Expired => return Ok(Standing::Waits),
        State::Delivering | State::Delivered if !is_own => {
            return Ok(Standing::Held("it was approved, and is delivered elsewhere"));
        }
        State::Approved | State::Delivering | State::Delivered => {}
    }
    // What was claimed in time goes on.
    let counts_at = if review.summary.state == State::Delivering { i64::MIN } else { now };
    let Some(requester) = approved_request((&review, filter), message, (counts_at, now))? else {
        return Ok(match review.summary.purged {
            Some(_) => Standing::Held("it was delivered before, and its approval is deleted"),
            None => Standing::Held("its approval has expired, or isn't what the policy asks for"),
        });
    };
    if review.digest != Some(ContentDigest::of(message.original)) {
        return Ok(Standing::Held("another content was approved"));
    }
    if is_later {
        return Ok(Standing::Waits);
    }
    // What wouldn't go out must not be claimed: nobody would end its delivery.
    if !filter.redact(message.original, &requester, &mut Vec::new()).disposition().releases() {
        return Ok(Standing::Held("with what was granted the policy doesn't release it"));
    }
    match review.summary.state {
        State::Approved => match reviews.begin_delivery(id, node, now).await {
            Ok(()) => Ok(Standing::Approved(Box::new(requester))),
            Err(ReviewError::Refused { .. }) => Ok(Standing::Held("its approval has expired")),
            Err(ReviewError::Conflict { .. }) => Ok(Standing::Held("it was approved, and is delivered elsewhere")),
            Err(error) => Err(error.into()),
        },
        _ => Ok(Standing::Approved(Box::new(requester))),
    }
}

/// A held message out of the queue, and how it stands.
#[derive(Debug)]
pub struct Collected {
    /// How it stands.
    pub standing: Standing,
    /// Where it came from.
    pub source: String,
    /// Identifies it there.
    pub message: String,
    /// The message.
    pub original: Vec<u8>,
    /// Its request, as of the day of `now`.
    pub requester: Requester,
    /// What the filter says of it without what was granted.
    pub receipt: Receipt,
}

/// The same as [`standing`], for a process that has kept nothing of the message: it comes out of the queue. What the filter
/// doesn't hold any more stands as [`Standing::Held`]: whoever has the message asks for it again.
///
/// # Errors
/// As [`standing`]; [`ReviewError::NotFound`] and [`ReviewError::Purged`] when the message isn't there.
pub async fn collect(
    (reviews, filter): (&ReviewStore, &Filter),
    id: ReviewId,
    node: &str,
    now: i64,
) -> Result<Collected, DeskError> {
    let Some(review) = reviews.get(id).await? else { return Err(ReviewError::NotFound(id).into()) };
    let original = reviews.original(id).await?;
    // As it was asked: what was approved is compared with that. The day is that of the decision.
    let request = Details::of(&review)?.request.read().map_err(DeskError::Usage)?;
    let requester = request.clone().on(day_of(now)?);
    let receipt = filter.redact(&original, &requester, &mut Vec::new());
    let (source, message) = (review.summary.source, review.summary.message);
    let standing = match receipt.disposition() {
        Disposition::Held => {
            let held = HeldMessage {
                source: &source,
                id: &message,
                original: &original,
                requester: &request,
                receipt: &receipt,
            };
            standing((reviews, filter), id, &held, node, (i64::MAX, now)).await?
        }
        _ => Standing::Held("the policy doesn't hold it any more: ask for it again"),
    };
    Ok(Collected { standing, source, message, original, requester, receipt })
}

/// Why a review is denied at `now`; `None` if it isn't. The clock denies also what nobody has recorded yet.
fn denial_of(review: &ReviewSummary, now: i64) -> Option<&'static str> {
    let is_expired = review.state == State::Expired || review.is_due(now);
    match review.state {
        State::Denied => Some("a person reviewed and denied it"),
        // Half-approved ones have none.
        _ if is_expired && review.expires.is_none() => Some("nobody decided in time"),
        _ if is_expired => Some("its approval expired before it went out"),
        _ => None,
    }
}

/// The request with what was granted, and who did; `None` if what was approved is another request.
fn approved_request(
    (review, filter): (&Review, &Filter),
    message: &HeldMessage<'_>,
    (now, today): (i64, i64),
) -> Result<Option<Requester>, DeskError> {
    if review.summary.purged.is_some() {
        return Ok(None);
    }
    match Details::of(review)? {
        details if RequestText::of(message.requester).as_ref() == Some(&details.request) => {
            // The policy decides by the day on which it goes out.
            let requester = message.requester.clone().on(day_of(today)?);
            with_approvals((review, &details), (filter, message.receipt), requester, now)
        }
        _ => Ok(None),
    }
}

/// A request with what the approvals of its review grant; `None` if by the policy of `filter`, which `held` the message, they
/// aren't enough or grant too much, or if they have expired. They are encrypted, and
/// bound to their review: whoever can write the database, but has no key, can't make one, whatever the row says.
pub(crate) fn with_approvals(
    (review, details): (&Review, &Details),
    (filter, held): (&Filter, &Receipt),
    requester: Requester,
    now: i64,
) -> Result<Option<Requester>, DeskError> {
    let approvals: Vec<&Decided> =
        review.decisions.iter().filter(|decision| decision.verdict == Verdict::Approved).collect();
    let is_enough = match approvals.as_slice() {
        [_] => !(details.two_people || filter.decider().wants_two_people(held.rules())),
        [one, other] => !is_same_person(&one.by, &other.by) && one.content == other.content,
        _ => false,
    };
    let is_denied = review.decisions.iter().any(|decision| decision.verdict == Verdict::Denied);
    let has_expired = approvals.iter().any(|approval| approval.expires.is_none_or(|expires| expires <= now));
    let content = approvals.first().and_then(|approval| approval.content.as_deref());
    let Some(content) = content.filter(|_| is_enough && !is_denied && !has_expired) else { return Ok(None) };
    let corrupt = || ReviewError::Corrupt(format!("review {}: its approval can't be read", review.summary.id));
    let grants = Grants::of_json(content).ok_or_else(corrupt)?;
    // The policy may have changed since.
    let vouched = filter.decider().reviewed_claims(held.rules());
    if !grants.all_claims().iter().all(|claim| vouched.contains(claim)) {
        return Ok(None);
    }
    let mut requester = grants.add_to(requester).in_review(&review.summary.id.to_string());
    for approval in approvals {
        requester = requester.approved_by(&approval.by).map_err(|_| corrupt())?;
    }
    Ok(Some(requester))
}
