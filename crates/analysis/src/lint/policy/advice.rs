//! What to do about agencies that are in two classes, or in the wrong one: advice that is followed must never give them
//! more than they have, and keeps them in the more restricted class.

use super::{Subject, names_class};
use dmv_redact_model::policy::{ClassId, Effect};

/// The limit of class sets examined for one piece of advice: with more, the advice is neutral (P8).
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
    // All requesters whom both claim: an `except` depends on what a class claims, not on what it keeps.
    let claims = subject.claims.iter().filter(|claim| claim.claimed.contains(&one) && claim.claimed.contains(&other));
    let held: Vec<&[ClassId]> = claims.map(|claim| claim.held.as_slice()).collect();
    if held.len() > MAX_SETS {
        return None;
    }
    let [without_one, without_other] = [one, other].map(|left| moves_out_of(&held, left));
    // If the other class is the more restricted one, requesters in both stay in that.
    let is_other_narrower = match (
        nobody_gets_more(subject, &without_other, &without_one),
        nobody_gets_more(subject, &without_one, &without_other),
    ) {
        (true, false) => true,
        (false, true) => false,
        _ => restrictions(subject, other) >= restrictions(subject, one),
    };
    let (excepting, excepted, moves) =
        if is_other_narrower { (one, other, without_one) } else { (other, one, without_other) };
    is_safe(subject, &moves).then_some((excepting, excepted))
}

fn moves_out_of(held: &[&[ClassId]], left: ClassId) -> Vec<ClassMove> {
    held.iter().map(|held| (held.to_vec(), held.iter().copied().filter(|class| *class != left).collect())).collect()
}

/// Whether the requesters get no more by the second moves than by the first.
fn nobody_gets_more(subject: &Subject<'_>, first: &[ClassMove], second: &[ClassMove]) -> bool {
    first.iter().zip(second).all(|((_, first), (_, second))| gets_no_more(subject, first, second))
}

/// How much rules restrict a class: first by forbids and reviews that name it, then by what permits don't grant it.
fn restrictions(subject: &Subject<'_>, class: ClassId) -> (usize, usize) {
    let (mut held_back, mut permitted) = (0, 0);
    for rule in subject.policy.rules().iter().filter(|rule| names_class(rule, class)) {
        match &rule.effect {
            Effect::Permit(elements) => permitted += elements.len(),
            Effect::Forbid(_) | Effect::Review(_) => held_back += 1,
            Effect::Duty(_) => {}
        }
    }
    (held_back, usize::MAX - permitted)
}
