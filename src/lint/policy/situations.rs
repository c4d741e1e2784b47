//! What depends on who asks, for what purpose, with which claims: every population, purpose and message key is gone through,
//! and for claims it is worked out which set of them, if any, would bring a thing about.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::classes::is_on_purpose;
use super::rules::is_narrower;
use super::table::{ELEMENT_EMPTIED, HIGHLY_RESTRICTED, PERMIT_EMPTIED, TREATMENT_IDLE, TREATMENTS_DIFFER};
use super::{Subject, some};
use crate::catalog::{Element, ElementId, Sensitivity, Treatment};
use crate::config::ConfigError;
use crate::policy::survey::{KindId, Kinds, Survey};
use crate::policy::{ClaimSet, ClassId, Effect, PurposeId, Rule};

/// Claims that are vouched for and claims that are not, as far as that is settled.
#[derive(Debug, Clone, Copy)]
pub(super) struct Settled {
    with: u64,
    without: u64,
}

/// How many rules one search for claims may look at (P8): it tries one claim after another, and there are sets of rules for
/// which it would have to try them all.
const MAX_STEPS: usize = 1_000_000;

/// The steps that are left of a search. Once they were too few, nothing more is searched.
#[derive(Debug, Default)]
pub(super) struct Steps {
    left: Cell<usize>,
    were_too_few: Cell<bool>,
}

impl Steps {
    fn begin(&self) {
        self.left.set(if self.were_too_few.get() { 0 } else { MAX_STEPS });
    }

    /// Takes so many steps, if as many are left.
    fn take(&self, count: usize) -> bool {
        let left = self.left.get().checked_sub(count);
        self.left.set(left.unwrap_or(0));
        self.were_too_few.set(self.were_too_few.get() || left.is_none());
        left.is_some()
    }

    /// # Errors
    /// When there were too few: then what was found of claims is not to be trusted.
    pub(super) fn check(&self, survey: &Survey<'_>) -> Result<(), ConfigError> {
        if self.were_too_few.get() { Err(survey.too_many_cases()) } else { Ok(()) }
    }
}

impl Settled {
    /// Nothing is settled yet.
    pub(super) const OPEN: Self = Self { with: 0, without: 0 };

    /// These claims are vouched for.
    pub(super) fn vouched(claims: ClaimSet) -> Self {
        Self { with: claims.0, without: 0 }
    }

    /// Settles what makes a rule apply; `None` when it can't any more.
    pub(super) fn applying(self, rule: &Rule) -> Option<Self> {
        let settled = Self { with: self.with | rule.requires.0, without: self.without | rule.unless.0 };
        (settled.with & settled.without == 0).then_some(settled)
    }

    /// Whether there are claims, these settled, with which none of the rules applies. The rule that is hardest to keep from
    /// applying is settled first: one that can't be ends it at once, one that can be in a single way decides a claim.
    pub(super) fn escapes(self, rules: &[&Rule], steps: &Steps) -> bool {
        steps.begin();
        self.search(rules, steps)
    }

    fn search(mut self, rules: &[&Rule], steps: &Steps) -> bool {
        if rules.iter().any(|rule| rule.requires.0 == 0 && rule.unless.0 == 0) {
            return false;
        }
        while steps.take(rules.len()) {
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
                several => return several.iter().any(|way| way.search(rules, steps)),
            }
        }
        false
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

/// A kind of request: who asks, for what.
struct Situation<'a> {
    classes: &'a [ClassId],
    purpose: Option<PurposeId>,
}

/// What is asked of a rule in every situation.
struct Known<'p> {
    rule: &'p Rule,
    /// The kinds of elements that it permits, each with its first element.
    permits: Vec<(KindId, ElementId, Treatment)>,
    /// The kinds that it forbids, likewise.
    forbids: Vec<(KindId, ElementId)>,
    /// Whether its basis names the paragraph on highly restricted information.
    is_cited: bool,
}

impl<'p> Known<'p> {
    fn of(rule: &'p Rule, kinds: &Kinds) -> Self {
        let mut known = Self {
            rule,
            permits: Vec::new(),
            forbids: Vec::new(),
            is_cited: rule.metadata.basis.as_ref().is_some_and(|basis| basis.contains(HIGHLY_RESTRICTED_USES)),
        };
        for (kind, treatment) in kinds.named(rule) {
            let Some(first) = kinds.members(kind).first() else { continue };
            match treatment {
                Some(treatment) => known.permits.push((kind, *first, treatment)),
                None => known.forbids.push((kind, *first)),
            }
        }
        known
    }
}

/// Rules that can apply in one situation, claims aside, by what they do to each kind of elements.
struct Applying<'p> {
    permits: Vec<usize>,
    /// By kind, the forbids that remove it.
    forbids: Vec<Vec<&'p Rule>>,
    /// By kind, the permits that release it.
    treated: Vec<Vec<(usize, &'p Rule, Treatment)>>,
}

/// Rules, each with some kinds of elements.
struct Marks {
    kinds: usize,
    marks: Vec<bool>,
}

impl Marks {
    fn of(rules: usize, kinds: usize) -> Self {
        Self { kinds, marks: vec![false; rules * kinds] }
    }

    fn contains(&self, rule: usize, kind: KindId) -> bool {
        self.marks.get(rule * self.kinds + kind).is_some_and(|mark| *mark)
    }

    fn insert(&mut self, rule: usize, kind: KindId) {
        self.marks.get_mut(rule * self.kinds + kind).into_iter().for_each(|mark| *mark = true);
    }
}

/// What was found to happen somewhere.
struct Seen {
    /// Permits and their elements that are released somewhere by that permit.
    released: Marks,
    /// The same where no other permit releases the element more openly.
    treated: Marks,
    /// Permits that release highly restricted elements without purpose and claim.
    highly_restricted: BTreeMap<usize, BTreeSet<ElementId>>,
    /// Permits that apply together with one before them and treat an element differently.
    differing: BTreeMap<usize, (usize, ElementId)>,
}

/// What is the same in all situations.
struct Ground<'p> {
    rules: Vec<Known<'p>>,
    /// By kind, its elements that are highly restricted.
    highly_restricted: Vec<Vec<ElementId>>,
}

/// # Errors
/// When the claims that rules ask for depend on each other in too many ways.
pub(super) fn lint(subject: &mut Subject<'_>) -> Result<(), ConfigError> {
    let (policy, survey) = (subject.policy, subject.survey);
    let steps = Steps::default();
    let kinds = survey.kinds();
    let is_restricted = |element: &ElementId| {
        subject.catalog.element(*element).map(Element::sensitivity) == Some(Sensitivity::HighlyRestricted)
    };
    let restricted = |kind| kinds.members(kind).iter().copied().filter(is_restricted).collect();
    let ground = Ground {
        rules: policy.rules().iter().map(|rule| Known::of(rule, &kinds)).collect(),
        highly_restricted: (0..kinds.count()).map(restricted).collect(),
    };
    let marks = || Marks::of(ground.rules.len(), kinds.count());
    let mut seen =
        Seen { released: marks(), treated: marks(), highly_restricted: BTreeMap::new(), differing: BTreeMap::new() };
    let (purposes, messages) = (survey.purposes(), survey.messages());
    let mut applying = Applying::of(kinds.count());
    for population in subject.populations.iter().filter(|population| !population.classes.is_empty()) {
        let rules = survey.rules_for(&population.classes);
        let mut done = HashSet::new();
        for purpose in &purposes {
            for message in &messages {
                let situation = Situation { classes: &population.classes, purpose: *purpose };
                let is_for = |id: &usize| policy.rule(*id).is_some_and(|rule| rule.is_for(*purpose, *message));
                let own: Vec<usize> = rules.iter().copied().filter(is_for).collect();
                // Purposes and keys that the same rules apply to are one, but that none is stated makes a difference.
                if done.insert((own.clone(), purpose.is_none())) {
                    applying.fill(&own, &ground);
                    look(subject, &ground, &situation, &applying, (&mut seen, &steps));
                }
            }
        }
    }
    steps.check(survey)?;
    tell(subject, &seen, &kinds);
    Ok(())
}

impl<'p> Applying<'p> {
    fn of(kinds: usize) -> Self {
        Self { permits: Vec::new(), forbids: vec![Vec::new(); kinds], treated: vec![Vec::new(); kinds] }
    }

    /// Takes these rules in place of those before.
    fn fill(&mut self, rules: &[usize], ground: &Ground<'p>) {
        self.permits.clear();
        self.forbids.iter_mut().for_each(Vec::clear);
        self.treated.iter_mut().for_each(Vec::clear);
        for (id, known) in rules.iter().filter_map(|id| Some((*id, ground.rules.get(*id)?))) {
            if let Effect::Permit(_) = known.rule.effect {
                self.permits.push(id);
            }
            for (kind, _, treatment) in &known.permits {
                let own = self.treated.get_mut(*kind);
                own.into_iter().for_each(|own| own.push((id, known.rule, *treatment)));
            }
            for (kind, _) in &known.forbids {
                self.forbids.get_mut(*kind).into_iter().for_each(|own| own.push(known.rule));
            }
        }
    }

    fn forbids(&self, kind: KindId) -> &[&'p Rule] {
        self.forbids.get(kind).map_or(&[], Vec::as_slice)
    }

    fn treated(&self, kind: KindId) -> &[(usize, &'p Rule, Treatment)] {
        self.treated.get(kind).map_or(&[], Vec::as_slice)
    }
}

/// Notes what happens in one situation.
fn look(
    subject: &Subject<'_>,
    ground: &Ground<'_>,
    situation: &Situation<'_>,
    applying: &Applying<'_>,
    (seen, steps): (&mut Seen, &Steps),
) {
    for id in &applying.permits {
        let Some(known) = ground.rules.get(*id) else { continue };
        let permit = known.rule;
        let Some(settled) = Settled::OPEN.applying(permit) else { continue };
        let is_unconditional = permit.purposes.is_none() && permit.requires.0 == 0 && !known.is_cited;
        let is_open = is_unconditional && situation.purpose.is_none();
        for (kind, element, treatment) in &known.permits {
            let restricted = ground.highly_restricted.get(*kind).filter(|_| is_open);
            let restricted = restricted.map_or(&[][..], Vec::as_slice);
            if (!seen.released.contains(*id, *kind) || !restricted.is_empty())
                && settled.escapes(applying.forbids(*kind), steps)
            {
                seen.released.insert(*id, *kind);
                if !restricted.is_empty() && free_of_claims(permit, applying.forbids(*kind)) {
                    seen.highly_restricted.entry(*id).or_default().extend(restricted);
                }
            }
            let treated = applying.treated(*kind);
            if *treatment != Treatment::Full && !seen.treated.contains(*id, *kind) {
                let more_open = treated.iter().filter(|(_, _, other)| other < treatment).map(|(_, rule, _)| *rule);
                if settled.escapes(&more_open.collect::<Vec<_>>(), steps) {
                    seen.treated.insert(*id, *kind);
                }
            }
            for (other, rule, _) in treated.iter().filter(|(other, _, own)| other > id && own != treatment) {
                if !seen.differing.contains_key(other)
                    && settled.applying(rule).is_some()
                    && !meets_on_purpose(subject, situation.classes, permit, rule)
                    && !is_narrower(subject, permit, rule)
                    && !is_narrower(subject, rule, permit)
                {
                    seen.differing.insert(*other, (*id, *element));
                }
            }
        }
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

fn tell(subject: &mut Subject<'_>, seen: &Seen, kinds: &Kinds) {
    for (id, rule) in subject.policy.rules().iter().enumerate() {
        let (Effect::Permit(elements), Some(written)) = (&rule.effect, subject.rule(id)) else { continue };
        emptied(subject, (&seen.released, kinds), id, rule, elements);
        if let Some(restricted) = seen.highly_restricted.get(&id) {
            let names = some(restricted.iter().map(|element| subject.element(*element)));
            let message = format!("permit `{}` releases {names} without a purpose and without a claim", rule.id);
            let help = "18 U.S.C. 2721(a)(2) asks for a use: name `purposes`, a claim in `requires`, or that paragraph in `basis`";
            subject.find(&HIGHLY_RESTRICTED, &written.id.span, message, help);
        }
        for (key, treatment) in &written.treatments {
            let covered = subject.catalog.select(&key.name);
            let own = elements.iter().filter(|(element, own)| covered.contains(element) && own == treatment);
            let own = own.filter_map(|(element, _)| kinds.kind(*element));
            let released: Vec<KindId> = own.filter(|kind| seen.released.contains(id, *kind)).collect();
            if *treatment == Treatment::Full
                || released.is_empty()
                || released.iter().any(|kind| seen.treated.contains(id, *kind))
            {
                continue;
            }
            let message =
                format!("`{}` of `{}` never matters: other permits release it more openly", treatment.name(), key.name);
            let help = "leave these elements out of this permit, or narrow the other permits";
            subject.find(&TREATMENT_IDLE, &key.span, message, help);
        }
    }
    for (other, (one, element)) in &seen.differing {
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
            "treat it as the less open one does, or let the two never apply together",
        );
    }
}

/// What of a permit never goes out, though the permit can apply.
fn emptied(
    subject: &mut Subject<'_>,
    (released, kinds): (&Marks, &Kinds),
    id: usize,
    rule: &Rule,
    elements: &[(ElementId, Treatment)],
) {
    let can_apply = rule.requires.0 & rule.unless.0 == 0 && subject.askers_of(rule).next().is_some();
    let Some(written) = subject.rule(id).filter(|_| can_apply) else { return };
    let goes_out = |element: &ElementId| kinds.kind(*element).is_some_and(|kind| released.contains(id, kind));
    if !elements.iter().any(|(element, _)| goes_out(element)) {
        let message = format!("permit `{}` is empty: forbids remove all of it wherever it applies", rule.id);
        subject.find(
            &PERMIT_EMPTIED,
            &written.id.span,
            message,
            "leave it out; what is to go out after all, the forbids must say in `unless`",
        );
        return;
    }
    for selector in &written.elements {
        if !subject.catalog.select(&selector.name).iter().any(goes_out) {
            let message = format!(
                "permit `{}` never releases `{}`: forbids remove it wherever the permit applies",
                rule.id, selector.name
            );
            subject.find(
                &ELEMENT_EMPTIED,
                &selector.span,
                message,
                "leave it out; what is to go out after all, the forbids must say in `unless`",
            );
        }
    }
}
