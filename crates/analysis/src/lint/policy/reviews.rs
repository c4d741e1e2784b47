//! Reviews that hold a message forever: no claim releases it.

use std::collections::BTreeSet;

use super::Subject;
use super::situations::{ClaimAssignment, SearchBudget};
use super::table::REVIEW_NEVER_LIFTED;
use crate::survey::KindId;
use dmv_redact_model::config::ConfigError;
use dmv_redact_model::policy::{Effect, Rule};

/// What was observed of the reviews.
#[derive(Default)]
struct ReviewsObserved {
    /// Those that hold something somewhere.
    holding: BTreeSet<usize>,
    /// Those that release something somewhere once more is vouched for.
    lifted: BTreeSet<usize>,
}

/// # Errors
/// When the claims that rules ask for depend on each other in too many ways.
pub(super) fn lint(subject: &mut Subject<'_>) -> Result<(), ConfigError> {
    let observed = observe_all(subject)?;
    for (id, rule) in subject.rules_in_force() {
        let (Effect::Review(_), Some(spans)) = (&rule.effect, subject.rule(id)) else { continue };
        let never = rule.requires.0 & rule.unless.0 != 0;
        let is_open = rule.unless.0 == 0 || observed.holding.contains(&id) && !observed.lifted.contains(&id);
        if never || !is_open {
            continue;
        }
        let message = match rule.unless.0 {
            0 => format!(
                "review `{}` is lifted by no claim: it names none in `unless`, so what it holds never goes out",
                rule.id
            ),
            _ => format!(
                "review `{}` is lifted by no claim: with each in `unless`, other rules keep all of it back",
                rule.id
            ),
        };
        let help = "make it a `[[forbid]]` if nothing may go out; else a claim in `unless` must stand for the approval";
        subject.find(&REVIEW_NEVER_LIFTED, &spans.id.span, message, help);
    }
    Ok(())
}

/// Goes through every kind of request.
fn observe_all(subject: &Subject<'_>) -> Result<ReviewsObserved, ConfigError> {
    let (policy, survey) = (subject.policy, subject.survey);
    let (mut observed, budget, kinds) = (ReviewsObserved::default(), SearchBudget::default(), survey.kinds());
    let messages = survey.messages();
    let named: Vec<BTreeSet<KindId>> =
        policy.rules().iter().map(|rule| kinds.named(rule).into_iter().map(|(kind, _)| kind).collect()).collect();
    let mut done = BTreeSet::new();
    for population in subject.populations {
        let rules = survey.rules_for(&population.classes);
        let has_review =
            rules.iter().any(|id| policy.rule(*id).is_some_and(|rule| matches!(rule.effect, Effect::Review(_))));
        if !has_review {
            continue;
        }
        for (attributes, message) in subject.stated.iter().flat_map(|one| messages.iter().map(move |two| (one, *two))) {
            let own: Vec<usize> = rules
                .iter()
                .copied()
                .filter(|id| policy.rule(*id).is_some_and(|rule| rule.is_for(attributes, message)))
                .collect();
            if done.insert(own.clone()) {
                observe(subject, &own, &named, (&mut observed, &budget));
            }
        }
    }
    budget.check(survey)?;
    Ok(observed)
}

/// Notes what reviews do where these rules apply, claims aside.
fn observe(
    subject: &Subject<'_>,
    rules: &[usize],
    named: &[BTreeSet<KindId>],
    (observed, budget): (&mut ReviewsObserved, &SearchBudget),
) {
    let all: Vec<(usize, &Rule)> = rules.iter().filter_map(|id| Some((*id, subject.policy.rule(*id)?))).collect();
    let reviews: Vec<&Rule> =
        all.iter().map(|(_, rule)| *rule).filter(|rule| matches!(rule.effect, Effect::Review(_))).collect();
    for (id, review) in all.iter().filter(|(_, rule)| matches!(rule.effect, Effect::Review(_))) {
        if observed.lifted.contains(id) {
            continue;
        }
        for (permit_id, permit) in all.iter().filter(|(_, rule)| matches!(rule.effect, Effect::Permit(_))) {
            let together =
                ClaimAssignment::EMPTY.with_applying(review).and_then(|assignment| assignment.with_applying(permit));
            // More may be vouched for than the review requires, never less.
            let lifted = ClaimAssignment::vouched(review.requires).with_applying(permit);
            for kind in named.get(*permit_id).into_iter().flatten() {
                let forbids = all.iter().filter(|(id, rule)| {
                    matches!(rule.effect, Effect::Forbid(_)) && named.get(*id).is_some_and(|own| own.contains(kind))
                });
                let forbids: Vec<&Rule> = forbids.map(|(_, rule)| *rule).collect();
                if together.is_some_and(|assignment| assignment.can_avoid_all(&forbids, budget)) {
                    observed.holding.insert(*id);
                }
                let all = [forbids.as_slice(), reviews.as_slice()].concat();
                if lifted.is_some_and(|assignment| assignment.can_avoid_all(&all, budget)) {
                    observed.lifted.insert(*id);
                    break;
                }
            }
        }
    }
}
