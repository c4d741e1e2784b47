//! Rules one by one and in pairs: what they leave out, and what one repeats of another.

use super::Subject;
use super::table::{
    CLAIM_UNUSED, PERMIT_COVERED, PERMIT_WITHOUT_BASIS, REVIEW_UNVOUCHED, RULE_NEVER_APPLIES, RULE_WITHOUT_BASIS,
    VOUCHES_IDLE,
};
use dmv_redact_model::policy::{APPROVED, Asked, Attribute, ClaimSet, Effect, OnShapeViolation, Rule};

pub(super) fn lint(subject: &mut Subject<'_>) {
    for (id, rule) in subject.policy.rules().iter().enumerate() {
        without_basis(subject, id, rule);
    }
    for (id, rule) in subject.rules_in_force() {
        never(subject, id, rule);
        covered(subject, id, rule);
        vouches(subject, id, rule);
    }
    claims(subject);
}

fn without_basis(subject: &mut Subject<'_>, id: usize, rule: &Rule) {
    let is_blank = rule.metadata.basis.as_ref().is_none_or(|basis| basis.trim().is_empty());
    let Some(spans) = subject.rule(id).filter(|_| is_blank) else { return };
    let code = match rule.effect {
        Effect::Permit(_) => &PERMIT_WITHOUT_BASIS,
        Effect::Forbid(_) | Effect::Review(_) | Effect::Duty(_) => &RULE_WITHOUT_BASIS,
    };
    let message = format!("{} `{}` has no basis", rule.effect.kind(), rule.id);
    subject.find(code, &spans.id.span, message, "name the law it stands on: `basis = \"...\"`");
}

/// A rule that no request can satisfy.
fn never(subject: &mut Subject<'_>, id: usize, rule: &Rule) {
    let Some(spans) = subject.rule(id) else { return };
    let both = rule.requires.0 & rule.unless.0;
    if both != 0 {
        let claims = subject.policy.claim_names(ClaimSet(both));
        let message = format!("rule `{}` never applies: it requires {} and excludes it", rule.id, super::some(claims));
        // A permit that starts to apply would release something.
        let help = match rule.effect {
            Effect::Permit(_) => "leave the permit out, or name the claim that it really asks for",
            Effect::Forbid(_) | Effect::Review(_) | Effect::Duty(_) => "take it out of `unless`",
        };
        subject.find(&RULE_NEVER_APPLIES, &spans.id.span, message, help);
        return;
    }
    if subject.populations_of(rule).next().is_none() {
        let message = format!("rule `{}` never applies: no ORI can be in its agency classes", rule.id);
        subject.find(&RULE_NEVER_APPLIES, &spans.id.span, message, "");
    }
}

/// Whether the outer rule applies wherever the inner one does. Compares who is in their classes, not the names of these.
pub(super) fn is_narrower(subject: &Subject<'_>, inner: &Rule, outer: &Rule) -> bool {
    Attribute::ALL.into_iter().all(|attribute| asks_within(inner.asks(attribute), outer.asks(attribute)))
        && within(inner.messages.as_deref(), outer.messages.as_deref())
        && outer.requires.0 & !inner.requires.0 == 0
        && outer.unless.0 & !inner.unless.0 == 0
        && (within(inner.classes.as_deref(), outer.classes.as_deref())
            || subject.populations_of(inner).all(|index| is_for_population(subject, outer, index)))
}

fn is_for_population(subject: &Subject<'_>, rule: &Rule, index: usize) -> bool {
    let classes = subject.populations.get(index).map_or(&[][..], |population| population.classes.as_slice());
    classes.is_empty() || rule.classes.as_ref().is_none_or(|own| own.iter().any(|class| classes.contains(class)))
}

fn asks_within(inner: Option<&Asked>, outer: Option<&Asked>) -> bool {
    match (inner, outer) {
        (_, None) | (Some(_), Some(Asked::Any)) => true,
        (Some(Asked::OneOf(inner)), Some(Asked::OneOf(outer))) => within(Some(inner), Some(outer)),
        (None | Some(Asked::Any), Some(_)) => false,
    }
}

fn within<T: PartialEq>(inner: Option<&[T]>, outer: Option<&[T]>) -> bool {
    match (inner, outer) {
        (_, None) => true,
        (None, Some(_)) => false,
        (Some(inner), Some(outer)) => inner.iter().all(|one| outer.contains(one)),
    }
}

/// A permit that another one covers; of two equal ones, the later.
fn covered(subject: &mut Subject<'_>, id: usize, rule: &Rule) {
    let Effect::Permit(elements) = &rule.effect else { return };
    // A covering permit is also for the first population of the covered one.
    let first = subject.populations_of(rule).next().and_then(|index| subject.populations.get(index));
    let Some(candidates) = first.map(|population| subject.survey.rules_for(&population.classes)) else { return };
    let mut candidates = candidates.into_iter().filter_map(|id| Some((id, subject.policy.rule(id)?)));
    let covering = candidates.find(|(other, outer)| {
        *other != id && covers(subject, outer, rule) && (*other < id || !covers(subject, rule, outer))
    });
    let Some((_, outer)) = covering else { return };
    if let (Some(spans), false) = (subject.rule(id), elements.is_empty()) {
        let message = format!("permit `{}` is superfluous: permit `{}` permits all of it already", rule.id, outer.id);
        subject.find(&PERMIT_COVERED, &spans.id.span, message, "leave it out, or say what is different");
    }
}

/// Whether the outer permit permits all that the inner one does, wherever that applies.
fn covers(subject: &Subject<'_>, outer: &Rule, inner: &Rule) -> bool {
    let (Effect::Permit(inner_elements), Effect::Permit(outer_elements)) = (&inner.effect, &outer.effect) else {
        return false;
    };
    is_narrower(subject, inner, outer)
        && (inner.legal_notice.is_none() || inner.legal_notice == outer.legal_notice)
        && inner_elements.iter().all(|(element, treatment)| {
            let found = outer_elements.binary_search_by_key(element, |(own, _)| *own);
            found.ok().and_then(|at| outer_elements.get(at)).is_some_and(|(_, own)| own <= treatment)
        })
}

/// What a reviewer may vouch for to no effect, and what only somebody else may, before there is anything to review.
fn vouches(subject: &mut Subject<'_>, id: usize, rule: &Rule) {
    let (Effect::Review(vouches), Some(spans)) = (&rule.effect, subject.rule(id)) else { return };
    let asked = asked_claims(subject);
    for claim in &spans.vouches {
        if is_unused(subject, &claim.name, asked) {
            let message = format!("no rule asks for the claim `{}`: to vouch for it changes nothing", claim.name);
            let help = "name it in `requires`, `unless` or `specified-by`, or leave it out";
            subject.find(&VOUCHES_IDLE, &claim.span, message, help);
        }
    }
    let needs = |permit: &&Rule| {
        let unvouched = permit.requires.0 & rule.unless.0 & !vouches.0;
        matches!(permit.effect, Effect::Permit(_)) && unvouched != 0 && share_a_class(permit, rule)
    };
    if let Some(permit) = subject.rules_in_force().map(|(_, rule)| rule).find(needs) {
        let claims = subject.policy.claim_names(ClaimSet(permit.requires.0 & rule.unless.0 & !vouches.0));
        let claims = super::some(claims);
        let message = format!(
            "permit `{}` requires {claims}, for which the reviewer of `{}` may not vouch: without it this permit gives \
             nothing to review",
            permit.id, rule.id
        );
        subject.find(
            &REVIEW_UNVOUCHED,
            &spans.id.span,
            message,
            "name it in `vouches`, if the reviewer decides about it",
        );
    }
}

/// Whether both are for one class.
fn share_a_class(one: &Rule, other: &Rule) -> bool {
    match (&one.classes, &other.classes) {
        (Some(own), Some(classes)) => own.iter().any(|class| classes.contains(class)),
        _ => true,
    }
}

/// The claims that rules ask for.
fn asked_claims(subject: &Subject<'_>) -> u64 {
    subject.policy.rules().iter().fold(0, |asked, rule| asked | rule.requires.0 | rule.unless.0)
}

/// Whether none of these claims is this one, or is of what the instrument behind it specifies.
fn is_unused(subject: &Subject<'_>, name: &str, asked: u64) -> bool {
    let policy = subject.policy;
    policy.with_specified(policy.claim_set([name])).0 & asked == 0
}

/// Claims that are declared but unused.
fn claims(subject: &mut Subject<'_>) {
    let used = asked_claims(subject);
    for claim in &subject.spans.claims {
        // This claim lifts a hold for a shape violation.
        let shape = subject.policy.on_shape_violation();
        let is_asked = claim.name == APPROVED && matches!(shape, OnShapeViolation::Hold | OnShapeViolation::Notice);
        if !is_asked && is_unused(subject, &claim.name, used) {
            let message = format!("no rule uses the claim `{}`", claim.name);
            let help = "name it in `requires`, `unless` or `specified-by`, or leave it out";
            subject.find(&CLAIM_UNUSED, &claim.span, message, help);
        }
    }
}
