//! What to do about agencies that are in two classes, or in the wrong one: advice that is followed must never give them
//! more than they have, and keeps them in the more restricted class.

use super::Subject;
use dmv_redact_model::policy::{ClassId, Effect, Rule};

/// The limit of class sets examined for one piece of advice: above it, the advice takes no side (P8).
const MAX_SETS: usize = 64;

/// The classes that some requesters have, and those that they would have if they followed the advice.
pub(super) type ClassMove = (Vec<ClassId>, Vec<ClassId>);

/// Whether nobody gains anything by these moves. What can't be computed isn't safe.
pub(super) fn is_safe(subject: &Subject<'_>, moves: &[ClassMove]) -> bool {
    moves.len() <= MAX_SETS && moves.iter().all(|(from, to)| gets_no_more(subject, from, to))
}

fn gets_no_more(subject: &Subject<'_>, from: &[ClassId], to: &[ClassId]) -> bool {
    from == to || subject.survey.gets_more(from, to).is_ok_and(|more| !more)
}

/// Of two classes whose patterns claim the same ORIs, the one that should except the other: the less restricted one, if
/// nobody gains by it. `None` if neither should, or it can't be computed.
pub(super) fn excepting(subject: &Subject<'_>, one: ClassId, other: ClassId) -> Option<(ClassId, ClassId)> {
    // Everyone whom both claim: an `except` depends on what a class claims, not on what it keeps.
    let claims = subject.claims.iter().filter(|claim| claim.claimed.contains(&one) && claim.claimed.contains(&other));
    let held: Vec<&[ClassId]> = claims.map(|claim| claim.held.as_slice()).collect();
    if held.len() > MAX_SETS {
        return None;
    }
    let without = |left: ClassId| -> Vec<ClassMove> {
        held.iter().map(|held| (held.to_vec(), held.iter().copied().filter(|class| *class != left).collect())).collect()
    };
    let (without_one, without_other) = (without(one), without(other));
    let least = |own: &[ClassMove], others: &[ClassMove]| {
        own.iter().zip(others).all(|((_, own), (_, other))| gets_no_more(subject, other, own))
    };
    // If the other class is the more restricted one, requesters in both stay in that.
    let is_other_narrower = match (least(&without_one, &without_other), least(&without_other, &without_one)) {
        (true, false) => true,
        (false, true) => false,
        _ => restrictions(subject, other) >= restrictions(subject, one),
    };
    let (excepting, excepted, moves) =
        if is_other_narrower { (one, other, without_one) } else { (other, one, without_other) };
    is_safe(subject, &moves).then_some((excepting, excepted))
}

/// How much rules restrict a class: first by forbids and reviews that name it, then by what permits don't grant it.
fn restrictions(subject: &Subject<'_>, class: ClassId) -> (usize, usize) {
    let rules = subject.policy.rules();
    let names = |rule: &&Rule| rule.classes.as_ref().is_some_and(|classes| classes.contains(&class));
    let held_back = rules.iter().filter(names).filter(|rule| !matches!(rule.effect, Effect::Permit(_))).count();
    let permitted = |rule: &Rule| match &rule.effect {
        Effect::Permit(elements) => elements.len(),
        Effect::Forbid(_) | Effect::Review => 0,
    };
    let permitted: usize = rules.iter().filter(names).map(permitted).sum();
    (held_back, usize::MAX - permitted)
}
