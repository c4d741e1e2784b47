//! What a person sees of a review before deciding: who asks and why, what would go out, by which rules, and what must be
//! done then. No value of the message.

use std::collections::BTreeMap;

use dmv_redact::{Disposition, Filter, Ori, Receipt, Requester};
use dmv_redact_analysis::MessageReport;
use dmv_redact_model::date::Date;
use dmv_redact_model::policy::{RequestText, Rule};
use dmv_redact_review::{Review, ReviewError, ReviewId, ReviewStore};

use crate::decide::vouched;
use crate::desk::day_of;
use crate::held::{Details, HeldBy};
use crate::{Desk, DeskError, Grants};

/// A review, and what would become of its message with some grants.
#[derive(Debug)]
#[non_exhaustive]
pub struct ReviewView {
    /// The review, with what was decided so far.
    pub review: Review,
    /// What the request says.
    pub request: RequestText,
    /// Who asks, by the request or by the message's envelope.
    pub requester: Option<Ori>,
    /// The agency classes that the policy puts them in.
    pub agency_classes: Vec<String>,
    /// The name and the version of the policy that held the message.
    pub held_by: (String, String),
    /// Whether the desk's policy is another one than that.
    pub is_other_policy: bool,
    /// The claims that the policy lets a reviewer vouch for.
    pub vouches: Vec<VouchedClaim>,
    /// What would become of the message.
    pub disposition: Disposition,
    /// Why, if it wouldn't go out.
    pub detail: Option<&'static str>,
    /// The data elements of the message, each with what would become of its values.
    pub elements: Vec<ElementLine>,
    /// The rules that would apply.
    pub rules: Vec<RuleLine>,
    /// What would have to be done.
    pub duties: Vec<DutyLine>,
    /// The same path by path.
    pub message: MessageReport,
}

/// A claim that a reviewer may vouch for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VouchedClaim {
    /// Its name.
    pub claim: String,
    /// What it means, in the policy's words.
    pub title: Option<String>,
    /// The kinds of who may issue the paper behind it. Empty: it needs no paper.
    pub issuers: Vec<String>,
    /// Whether a paper behind it may specify data elements.
    pub specifies: bool,
}

/// What would become of the values of a data element.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ElementOutcome {
    /// They would go out as they are.
    Released,
    /// Less precisely.
    Generalized,
    /// They wouldn't.
    Removed,
}

impl ElementOutcome {
    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Released => "released",
            Self::Generalized => "generalized",
            Self::Removed => "removed",
        }
    }
}

/// The values of one data element with one outcome, for the same reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ElementLine {
    /// The data element's id.
    pub id: String,
    /// What it is, for people.
    pub title: String,
    /// What would become of them.
    pub outcome: ElementOutcome,
    /// How many.
    pub values: usize,
    /// The rules that decide, by their ids; none if no permit names the data element.
    pub rules: Vec<String>,
}

/// A rule that applies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleLine {
    /// Its id in the policy.
    pub id: String,
    /// `permit`, `forbid`, `review` or `duty`.
    pub kind: &'static str,
    /// What it is for.
    pub title: Option<String>,
    /// The law or agreement that it is based on.
    pub basis: Option<String>,
}

/// Something that must be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DutyLine {
    /// The duty's id.
    pub id: String,
    /// What must be done, as in the policy.
    pub task: &'static str,
    /// Whom it concerns.
    pub to: Option<String>,
    /// Whether it must be done before the message goes out.
    pub is_before: bool,
    /// The last day.
    pub last_day: Option<Date>,
}

impl Desk {
    /// As [`view`], by this desk's policy.
    ///
    /// # Errors
    /// As there.
    pub async fn view(&self, id: ReviewId, trial: &Grants, now: i64) -> Result<ReviewView, DeskError> {
        view((&self.reviews, &self.filter()), id, trial, now).await
    }
}

/// A review, and what would become of its message by the policy of `filter` at `now`, in Unix seconds, with these grants.
///
/// # Errors
/// [`DeskError::Review`] when there is no such review, or its contents were purged; [`DeskError::Usage`] when the policy
/// doesn't know what is granted.
pub async fn view(
    (reviews, filter): (&ReviewStore, &Filter),
    id: ReviewId,
    trial: &Grants,
    now: i64,
) -> Result<ReviewView, DeskError> {
    let review = reviews.get(id).await?.ok_or(ReviewError::NotFound(id))?;
    if review.summary.purged.is_some() {
        return Err(ReviewError::Purged(id).into());
    }
    let original = reviews.original(id).await?;
    let details = Details::of(&review)?;
    let request = details.request.read().map_err(DeskError::Usage)?.on(day_of(now)?);
    let vouches = vouched_claims(filter, &original, &request);
    let tried = trial.add_to(request);
    if let Err(error) = filter.check_request(&tried) {
        return Err(DeskError::Usage(format!("{}; {}", error.what().detail(), error.help())));
    }
    let receipt = filter.redact(&original, &tried, &mut Vec::new());
    let message = MessageReport::of(filter, &tried, &original, &receipt);
    Ok(ReviewView {
        requester: receipt.requester(),
        agency_classes: receipt.agency_classes().map(str::to_owned).collect(),
        is_other_policy: details.policy != HeldBy::of(receipt.policy()),
        held_by: (details.policy.name, details.policy.version),
        request: details.request,
        vouches,
        disposition: receipt.disposition(),
        detail: receipt.detail(),
        elements: elements(filter, &message),
        rules: rules(filter, &receipt),
        duties: duties(&receipt),
        message,
        review,
    })
}

fn vouched_claims(filter: &Filter, original: &[u8], request: &Requester) -> Vec<VouchedClaim> {
    let policy = filter.decider();
    let titles: BTreeMap<&str, Option<&str>> = policy.claim_titles().collect();
    let of_claim = |claim: &str| {
        let issuers = policy.claim_issuers().find(|(name, _)| *name == claim).map(|(_, issuers)| issuers.to_vec());
        let set = policy.claim_set([claim]);
        VouchedClaim {
            claim: claim.to_owned(),
            title: titles.get(claim).copied().flatten().map(str::to_owned),
            issuers: issuers.unwrap_or_default(),
            specifies: policy.with_specified(set) != set,
        }
    };
    vouched(filter, original, request).into_iter().map(of_claim).collect()
}

fn elements(filter: &Filter, message: &MessageReport) -> Vec<ElementLine> {
    let titles: BTreeMap<&str, &str> = filter.catalog().iter().map(|(_, own)| (own.id(), own.title())).collect();
    let mut lines: Vec<ElementLine> = Vec::new();
    for found in message.paths() {
        let outcome = match found.outcome {
            "released" => ElementOutcome::Released,
            "generalised" => ElementOutcome::Generalized,
            _ => ElementOutcome::Removed,
        };
        let rules: Vec<String> = found.by.iter().map(|rule| rule.id.clone()).collect();
        let is_same =
            |line: &&mut ElementLine| line.id == found.element && line.outcome == outcome && line.rules == rules;
        match lines.iter_mut().find(is_same) {
            Some(line) => line.values += found.count,
            None => {
                let title = titles.get(found.element.as_str()).copied().unwrap_or_default().to_owned();
                let id = found.element.clone();
                lines.push(ElementLine { id, title, outcome, values: found.count, rules });
            }
        }
    }
    lines.sort_by(|one, other| (one.outcome, &one.id).cmp(&(other.outcome, &other.id)));
    lines
}

fn rules(filter: &Filter, receipt: &Receipt) -> Vec<RuleLine> {
    let known = receipt.rules().filter_map(|id| filter.decider().rule_of(id));
    let line = |rule: &Rule| RuleLine {
        id: rule.id.clone(),
        kind: rule.effect.kind(),
        title: rule.metadata.title.clone(),
        basis: rule.metadata.basis.clone(),
    };
    known.map(line).collect()
}

fn duties(receipt: &Receipt) -> Vec<DutyLine> {
    let line = |duty: dmv_redact::OwedDuty<'_>| DutyLine {
        id: duty.id().to_owned(),
        task: duty.task(),
        to: duty.to().map(str::to_owned),
        is_before: duty.is_before(),
        last_day: duty.last_day(),
    };
    receipt.duties().map(line).collect()
}
