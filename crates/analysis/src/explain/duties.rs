//! The duties that follow in a situation, with their deadlines.

use serde::Serialize;

use dmv_redact_model::date::Date;
use dmv_redact_model::policy::{Due, Grant, GrantDuty, Occasion, Policy};

/// A duty that follows in a situation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct ExplainedDuty {
    pub(super) id: String,
    /// What must be done, by when.
    pub(super) told: String,
    /// The last day for it; `None` if it is due before the message goes out.
    pub(super) due: Option<Date>,
    /// The outcome that it follows from: `release`, `hold` or `refusal`.
    pub(super) after: &'static str,
    pub(super) basis: Option<String>,
}

/// The duties of a grant: those that follow from what becomes of the message now, then, of a message that is held, those that
/// follow once it goes out.
pub(super) fn duties(policy: &Policy, grant: &Grant, asked: Option<Date>) -> Vec<ExplainedDuty> {
    let now = grant.verdict().occasion();
    let later = (now == Occasion::Hold).then_some(Occasion::Release);
    let mut explained = Vec::new();
    for occasion in [now].into_iter().chain(later) {
        for GrantDuty { id, duty } in grant.duties(occasion) {
            let rule = policy.rules().iter().find(|rule| rule.id == *id);
            explained.push(ExplainedDuty {
                id: id.clone(),
                told: duty.to_string(),
                due: asked.filter(|_| duty.due != Due::Before).and_then(|asked| duty.due.last_day(asked)),
                after: occasion.name(),
                basis: rule.and_then(|rule| rule.metadata.basis.clone()),
            });
        }
    }
    explained
}
