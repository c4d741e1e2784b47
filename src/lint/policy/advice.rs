//! What to do about agencies that are in two classes, or in the wrong one: an advice that is followed must never give them
//! more than they have, and keeps them in the more restricted class.

use super::Subject;
use crate::policy::{ClassId, Effect, Rule};

/// More sets of classes than this are not gone through for one advice: then it takes no side.
const MAX_SETS: usize = 64;

/// The classes that some requesters have, and those that they would have if the advice were followed.
pub(super) type Move = (Vec<ClassId>, Vec<ClassId>);

/// Whether nobody gains anything by these moves. What can't be told isn't safe.
pub(super) fn is_safe(subject: &Subject<'_>, moves: &[Move]) -> bool {
    moves.len() <= MAX_SETS && moves.iter().all(|(from, to)| gets_no_more(subject, from, to))
}

fn gets_no_more(subject: &Subject<'_>, from: &[ClassId], to: &[ClassId]) -> bool {
    from == to || subject.survey.gets_more(from, to).is_ok_and(|more| !more)
}

/// Of two classes that patterns put the same ORIs in, the one that should except the other: the less restricted one, if nobody
/// gains by it. `None` where neither should, or that can't be told.
pub(super) fn excepting(subject: &Subject<'_>, one: ClassId, other: ClassId) -> Option<(ClassId, ClassId)> {
    // Whoever both claim: an `except` asks what a class claims, not what it holds.
    let claims = subject.claims.iter().filter(|claim| claim.claimed.contains(&one) && claim.claimed.contains(&other));
    let held: Vec<&[ClassId]> = claims.map(|claim| claim.held.as_slice()).collect();
    if held.len() > MAX_SETS {
        return None;
    }
    let without = |left: ClassId| -> Vec<Move> {
        held.iter().map(|held| (held.to_vec(), held.iter().copied().filter(|class| *class != left).collect())).collect()
    };
    let (without_one, without_other) = (without(one), without(other));
    let least = |own: &[Move], others: &[Move]| {
        own.iter().zip(others).all(|((_, own), (_, other))| gets_no_more(subject, other, own))
    };
    // Whether it is the other that is the more restricted one, so that who is in both stays in that.
    let is_other_narrower = match (least(&without_one, &without_other), least(&without_other, &without_one)) {
        (true, false) => true,
        (false, true) => false,
        _ => restrictions(subject, other) >= restrictions(subject, one),
    };
    let (excepting, excepted, moves) =
        if is_other_narrower { (one, other, without_one) } else { (other, one, without_other) };
    is_safe(subject, &moves).then_some((excepting, excepted))
}

/// How much rules hold a class back: first by forbids and reviews that name it, then by what permits don't name for it.
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
