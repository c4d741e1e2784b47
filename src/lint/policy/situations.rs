//! What depends on who asks, for what purpose, with which claims: every population, purpose and message key is gone through,
//! and for claims it is worked out which set of them, if any, would bring a thing about.

use std::collections::{BTreeMap, BTreeSet};

use super::classes::is_on_purpose;
use super::rules::is_narrower;
use super::table::{
    ELEMENT_EMPTIED, FORBID_EVADED, HIGHLY_RESTRICTED, PERMIT_EMPTIED, TREATMENT_IDLE, TREATMENTS_DIFFER,
};
use super::{Subject, some};
use crate::catalog::{Element, ElementId, Sensitivity, Treatment};
use crate::policy::survey::Survey;
use crate::policy::{ClassId, Effect, MessageKeyId, PurposeId, Rule};

/// Claims that are vouched for and claims that are not, as far as that is settled.
#[derive(Debug, Clone, Copy)]
struct Settled {
    with: u64,
    without: u64,
}

impl Settled {
    /// Settles what makes a rule apply; `None` when it can't any more.
    fn applying(self, rule: &Rule) -> Option<Self> {
        let settled = Self { with: self.with | rule.requires.0, without: self.without | rule.unless.0 };
        (settled.with & settled.without == 0).then_some(settled)
    }

    /// Whether there are claims, these settled, with which none of the rules applies. The rule that is hardest to keep from
    /// applying is settled first: one that can't be ends it at once, one that can be in a single way decides a claim.
    fn escapes(mut self, rules: &[&Rule]) -> bool {
        if rules.iter().any(|rule| rule.requires.0 == 0 && rule.unless.0 == 0) {
            return false;
        }
        loop {
            let open = rules.iter().filter(|rule| !self.keeps_off(rule));
            let ways = open.map(|rule| (rule.requires.0 & !self.with, rule.unless.0 & !self.without));
            let Some((absent, present)) =
                ways.min_by_key(|(absent, present)| absent.count_ones() + present.count_ones())
            else {
                return true;
            };
            let mut ways: Vec<Self> = bits(absent).map(|bit| Self { without: self.without | bit, ..self }).collect();
            ways.extend(bits(present).map(|bit| Self { with: self.with | bit, ..self }));
            match ways.as_slice() {
                [] => return false,
                [only] => self = *only,
                several => return several.iter().any(|way| way.escapes(rules)),
            }
        }
    }

    /// Whether what is settled keeps a rule from applying.
    fn keeps_off(self, rule: &Rule) -> bool {
        self.with & rule.unless.0 != 0 || self.without & rule.requires.0 != 0
    }
}

/// The claims of a set, one by one.
fn bits(set: u64) -> impl Iterator<Item = u64> {
    let rest = |set: u64| Some(set & set.wrapping_sub(1)).filter(|rest| *rest != 0);
    std::iter::successors(Some(set).filter(|set| *set != 0), move |set| rest(*set)).map(|set| set & set.wrapping_neg())
}

/// A kind of request: who asks, for what, of which message.
struct Situation<'a> {
    classes: &'a [ClassId],
    purpose: Option<PurposeId>,
    message: Option<MessageKeyId>,
}

/// A permit, by number, and what it permits.
type Permit<'p> = (usize, &'p Rule, &'p [(ElementId, Treatment)]);

/// Rules that can apply in one situation, claims aside, by what they do to each element.
struct Applying<'p> {
    permits: Vec<Permit<'p>>,
    /// By element, the forbids that remove it.
    forbids: Vec<Vec<&'p Rule>>,
    /// By element, the permits that release it.
    treated: Vec<Vec<(usize, &'p Rule, Treatment)>>,
}

/// What was found to happen somewhere.
#[derive(Default)]
struct Seen {
    /// Permits and their elements that are released somewhere by that permit.
    released: BTreeSet<(usize, ElementId)>,
    /// The same where no other permit releases the element more openly.
    treated: BTreeSet<(usize, ElementId)>,
    /// Permits that release highly restricted elements without purpose and claim.
    highly_restricted: BTreeMap<usize, BTreeSet<ElementId>>,
    /// Pairs of permits that apply together and treat an element differently.
    differing: BTreeMap<(usize, usize), ElementId>,
    /// Forbids that are evaded: by leaving out the purpose, or a claim; who evades which, and by which permit.
    evaded: BTreeMap<(usize, Left), Evasion>,
}

/// What is left out to evade a forbid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Left {
    Purpose,
    Claim,
}

#[derive(Clone, Copy)]
struct Evasion {
    permit: usize,
    element: ElementId,
}

pub(super) fn lint(subject: &mut Subject<'_>, survey: &Survey<'_>) {
    let policy = subject.policy;
    let mut seen = Seen::default();
    let (purposes, messages) = (survey.purposes(), survey.messages());
    for population in subject.populations.iter().filter(|population| !population.classes.is_empty()) {
        let of_class = |rule: &Rule| {
            rule.classes.as_ref().is_none_or(|own| own.iter().any(|class| population.classes.contains(class)))
        };
        let rules: Vec<(usize, &Rule)> = policy.rules().iter().enumerate().filter(|(_, rule)| of_class(rule)).collect();
        let mut done = BTreeSet::new();
        for purpose in &purposes {
            for message in &messages {
                let situation = Situation { classes: &population.classes, purpose: *purpose, message: *message };
                let applying = |(_, rule): &&(usize, &Rule)| rule.is_for(*purpose, *message);
                let own: Vec<(usize, &Rule)> = rules.iter().filter(applying).copied().collect();
                // Purposes and keys that the same rules apply to are one, unless a purpose is left out: then it matters which
                // forbids would apply with one.
                let left_out = purpose.is_none().then_some(*message);
                if done.insert((own.iter().map(|(id, _)| *id).collect::<Vec<_>>(), left_out)) {
                    look(subject, &situation, &rules, &Applying::of(&own, subject.catalog.len()), &mut seen);
                }
            }
        }
    }
    tell(subject, &seen);
}

impl<'p> Applying<'p> {
    fn of(rules: &[(usize, &'p Rule)], elements: usize) -> Self {
        let (forbids, treated) = (vec![Vec::new(); elements], vec![Vec::new(); elements]);
        let mut applying = Self { permits: Vec::new(), forbids, treated };
        for (id, rule) in rules {
            match &rule.effect {
                Effect::Permit(elements) => {
                    applying.permits.push((*id, rule, elements));
                    for (element, treatment) in elements {
                        if let Some(own) = applying.treated.get_mut(element.index()) {
                            own.push((*id, *rule, *treatment));
                        }
                    }
                }
                Effect::Forbid(elements) => {
                    for element in elements {
                        if let Some(own) = applying.forbids.get_mut(element.index()) {
                            own.push(*rule);
                        }
                    }
                }
                Effect::Review => {}
            }
        }
        applying
    }

    fn forbids(&self, element: ElementId) -> &[&'p Rule] {
        self.forbids.get(element.index()).map_or(&[], Vec::as_slice)
    }

    fn treated(&self, element: ElementId) -> &[(usize, &'p Rule, Treatment)] {
        self.treated.get(element.index()).map_or(&[], Vec::as_slice)
    }
}

/// Notes what happens in one situation.
fn look(
    subject: &Subject<'_>,
    situation: &Situation<'_>,
    of_classes: &[(usize, &Rule)],
    applying: &Applying<'_>,
    seen: &mut Seen,
) {
    let nothing = Settled { with: 0, without: 0 };
    for (id, permit, elements) in &applying.permits {
        let Some(settled) = nothing.applying(permit) else { continue };
        let is_cited = permit.told.basis.as_ref().is_some_and(|basis| basis.contains(HIGHLY_RESTRICTED_USES));
        let is_unconditional = permit.purposes.is_none() && permit.requires.0 == 0 && !is_cited;
        let is_open = is_unconditional && situation.purpose.is_none();
        for (element, treatment) in *elements {
            let is_highly_restricted = is_open
                && subject.catalog.element(*element).map(Element::sensitivity) == Some(Sensitivity::HighlyRestricted);
            let is_known = seen.released.contains(&(*id, *element));
            if (!is_known || is_highly_restricted) && settled.escapes(applying.forbids(*element)) {
                seen.released.insert((*id, *element));
                if is_highly_restricted && free_of_claims(permit, applying.forbids(*element)) {
                    seen.highly_restricted.entry(*id).or_default().insert(*element);
                }
            }
            let treated = applying.treated(*element);
            if *treatment != Treatment::Full && !seen.treated.contains(&(*id, *element)) {
                let more_open = treated.iter().filter(|(_, _, other)| other < treatment).map(|(_, rule, _)| *rule);
                if settled.escapes(&more_open.collect::<Vec<_>>()) {
                    seen.treated.insert((*id, *element));
                }
            }
            for (other, rule, _) in treated.iter().filter(|(other, _, own)| other > id && own != treatment) {
                let is_layered = is_narrower(permit, rule) || is_narrower(rule, permit);
                if !is_layered
                    && !meets_on_purpose(subject, situation.classes, permit, rule)
                    && !seen.differing.contains_key(&(*id, *other))
                    && settled.applying(rule).is_some()
                {
                    seen.differing.insert((*id, *other), *element);
                }
            }
        }
    }
    for (id, forbid) in of_classes {
        evasions(*id, forbid, situation, applying, seen);
    }
}

/// Whether two permits meet only because classes share ORIs on purpose.
fn meets_on_purpose(subject: &Subject<'_>, classes: &[ClassId], one: &Rule, other: &Rule) -> bool {
    let own = |rule: &Rule| -> Vec<ClassId> {
        let named = rule.classes.as_ref().map_or(&[][..], Vec::as_slice);
        named.iter().copied().filter(|class| classes.contains(class)).collect()
    };
    let (one, other) = (own(one), own(other));
    one.iter().all(|first| !other.contains(first) && other.iter().any(|second| is_on_purpose(subject, *first, *second)))
}

/// The paragraph of the DPPA that says for which uses highly restricted information goes out: who cites it has thought of it.
const HIGHLY_RESTRICTED_USES: &str = "2721(a)(2)";

/// Whether the element goes out with no claim at all.
fn free_of_claims(permit: &Rule, forbids: &[&Rule]) -> bool {
    permit.requires.0 == 0 && !forbids.iter().any(|forbid| forbid.requires.0 == 0)
}

/// Notes whether a forbid is evaded in a situation.
fn evasions(id: usize, forbid: &Rule, situation: &Situation<'_>, applying: &Applying<'_>, seen: &mut Seen) {
    let Effect::Forbid(elements) = &forbid.effect else { return };
    let is_for_message =
        forbid.is_for(forbid.purposes.as_ref().and_then(|own| own.first().copied()), situation.message);
    let by_purpose = forbid.purposes.is_some() && situation.purpose.is_none() && is_for_message;
    let by_claim = forbid.requires.0 != 0 && forbid.is_for(situation.purpose, situation.message);
    for (left, _) in [(Left::Purpose, by_purpose), (Left::Claim, by_claim)].into_iter().filter(|(_, is_so)| *is_so) {
        if seen.evaded.contains_key(&(id, left)) {
            continue;
        }
        for element in elements {
            for (permit, rule, _) in applying.treated(*element) {
                let settled = Settled { with: 0, without: 0 }.applying(rule);
                // The forbid would apply, if only the purpose, or the claim, were there.
                let evading = match left {
                    Left::Purpose => settled.and_then(|settled| settled.applying(forbid)),
                    Left::Claim => settled.filter(|settled| settled.with & (forbid.unless.0 | forbid.requires.0) == 0),
                };
                if evading.is_some_and(|settled| settled.escapes(applying.forbids(*element))) {
                    seen.evaded.entry((id, left)).or_insert(Evasion { permit: *permit, element: *element });
                }
            }
        }
    }
}

fn tell(subject: &mut Subject<'_>, seen: &Seen) {
    for (id, rule) in subject.policy.rules().iter().enumerate() {
        let (Effect::Permit(elements), Some(written)) = (&rule.effect, subject.rule(id)) else { continue };
        emptied(subject, seen, id, rule, elements);
        if let Some(restricted) = seen.highly_restricted.get(&id) {
            let names = some(restricted.iter().map(|element| subject.element(*element)));
            let message = format!("permit `{}` releases {names} without a purpose and without a claim", rule.id);
            let help = "18 U.S.C. 2721(a)(2) asks for a use: name `purposes`, a claim in `requires`, or that paragraph in `basis`";
            subject.find(&HIGHLY_RESTRICTED, &written.id.span, message, help);
        }
        for (key, treatment) in &written.treatments {
            let covered = subject.catalog.select(&key.name);
            let own = elements.iter().filter(|(element, own)| covered.contains(element) && own == treatment);
            let released: Vec<ElementId> =
                own.map(|(element, _)| *element).filter(|element| seen.released.contains(&(id, *element))).collect();
            if *treatment == Treatment::Full
                || released.is_empty()
                || released.iter().any(|element| seen.treated.contains(&(id, *element)))
            {
                continue;
            }
            let message =
                format!("`{}` of `{}` never matters: other permits release it more openly", treatment.name(), key.name);
            subject.find(&TREATMENT_IDLE, &key.span, message, "leave it out, or narrow the other permits");
        }
    }
    for ((one, other), element) in &seen.differing {
        let (Some(first), Some(second)) = (subject.rule(*one), subject.rule(*other)) else { continue };
        let message = format!(
            "permits `{}` and `{}` can apply together and treat `{}` differently: the more open treatment wins",
            first.id.name,
            second.id.name,
            subject.element(*element)
        );
        subject.find(
            &TREATMENTS_DIFFER,
            &second.id.span,
            message,
            "treat it alike, or let the two never apply together",
        );
    }
    for ((id, left), Evasion { permit, element }) in &seen.evaded {
        let (Some(written), Some(permit)) = (subject.rule(*id), subject.rule(*permit)) else { continue };
        let requires = written.requires.first().map_or(&written.id.span, |claim| &claim.span);
        let (span, what, help) = match left {
            Left::Purpose => {
                let span = written.purposes.as_ref().unwrap_or(&written.id.span);
                (span, "a purpose", "leave `purposes` out of the forbid, or name them in the permit")
            }
            Left::Claim => (requires, "a claim", "turn it round: forbid `unless` a claim says that it may go out"),
        };
        let message = format!(
            "forbid `{}` is evaded by leaving {what} out: permit `{}` releases `{}` then",
            written.id.name,
            permit.id.name,
            subject.element(*element)
        );
        subject.find(&FORBID_EVADED, span, message, help);
    }
}

/// What of a permit never goes out, though the permit can apply.
fn emptied(subject: &mut Subject<'_>, seen: &Seen, id: usize, rule: &Rule, elements: &[(ElementId, Treatment)]) {
    let can_apply = rule.requires.0 & rule.unless.0 == 0
        && subject.populations.iter().any(|population| {
            rule.classes.as_ref().is_none_or(|own| own.iter().any(|class| population.classes.contains(class)))
        });
    let Some(written) = subject.rule(id).filter(|_| can_apply) else { return };
    let goes_out = |element: &ElementId| seen.released.contains(&(id, *element));
    if !elements.iter().any(|(element, _)| goes_out(element)) {
        let message = format!("permit `{}` is empty: forbids remove all of it wherever it applies", rule.id);
        subject.find(&PERMIT_EMPTIED, &written.id.span, message, "leave it out, or let the forbids say `unless`");
        return;
    }
    for selector in &written.elements {
        if !subject.catalog.select(&selector.name).iter().any(goes_out) {
            let message = format!(
                "permit `{}` never releases `{}`: forbids remove it wherever the permit applies",
                rule.id, selector.name
            );
            subject.find(&ELEMENT_EMPTIED, &selector.span, message, "leave it out, or let the forbids say `unless`");
        }
    }
}
