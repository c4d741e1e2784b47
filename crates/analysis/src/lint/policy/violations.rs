//! What a policy does with a value that violates its shape: a hold that nobody can lift, a notice without a place. And
//! legal notices without one.

use super::table::{LEGAL_NOTICE_WITHOUT_PLACE, NOTICE_WITHOUT_PLACE, SHAPE_HOLD_NEVER_LIFTED};
use super::{Subject, some};
use dmv_redact_model::format::Formats;
use dmv_redact_model::policy::{APPROVED, OnShapeViolation};

pub(super) fn lint(subject: &mut Subject<'_>, formats: &Formats) {
    legal_notice(subject, formats);
    let Some(span) = &subject.spans.on_shape_violation else { return };
    let without = formats.iter().filter(|format| format.notice.is_none()).map(|format| format.name.as_str());
    let without: Vec<_> = without.collect();
    let holds = match subject.policy.on_shape_violation() {
        OnShapeViolation::Remove | OnShapeViolation::Withhold => return,
        OnShapeViolation::Hold => true,
        OnShapeViolation::Notice => !without.is_empty(),
    };
    if subject.policy.on_shape_violation() == OnShapeViolation::Notice && holds {
        let message = format!("no place for a notice in messages of {}: they are held", some(without.iter().copied()));
        let help = "a format says with `notice` where one stands, in a part of its schema that may hold a text";
        subject.find(&NOTICE_WITHOUT_PLACE, span, message, help);
    }
    if holds && !subject.policy.declared_claims().iter().any(|claim| claim == APPROVED) {
        let message =
            format!("what is held for its shape never goes out: the policy doesn't declare the claim `{APPROVED}`");
        let help = "add it to `claims`, for the switch to vouch for once somebody has approved the message; or write `withhold`";
        subject.find(&SHAPE_HOLD_NEVER_LIFTED, span, message, help);
    }
}

/// The first rule with a legal notice that some messages can't hold.
fn legal_notice(subject: &mut Subject<'_>, formats: &Formats) {
    let without = formats.iter().filter(|format| !format.has_legal_notice).map(|format| format.name.as_str());
    let without: Vec<_> = without.collect();
    let Some(span) = subject.spans.rules.iter().find_map(|rule| rule.legal_notice.clone()) else { return };
    if !without.is_empty() {
        let message = format!("no place for a legal notice in messages of {}: they go out without", some(without));
        let help = "a format says with `legal-notice` where one stands, in a part of its schema that may hold a text";
        subject.find(&LEGAL_NOTICE_WITHOUT_PLACE, &span, message, help);
    }
}
