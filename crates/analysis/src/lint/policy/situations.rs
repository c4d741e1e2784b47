//! Findings that depend on who asks, what the request states, with which claims: iterates over every population, statement
//! and message key, and searches for sets of claims with some effect.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::classes::is_on_purpose;
use super::rules::is_narrower;
use super::table::{ELEMENT_EMPTIED, HIGHLY_RESTRICTED, PERMIT_EMPTIED, TREATMENT_IDLE, TREATMENTS_DIFFER};
use super::{Subject, some};
use crate::survey::{KindId, Kinds, Survey};
use dmv_redact_model::catalog::{Element, ElementId, Sensitivity, Treatment};
use dmv_redact_model::config::ConfigError;
use dmv_redact_model::policy::{Attributes, ClaimSet, ClassId, Effect, Rule};

/// A partial assignment: claims that are vouched for, and claims that are not.
#[derive(Debug, Clone, Copy)]
pub(super) struct ClaimAssignment {
    with: u64,
    without: u64,
}

/// How many rules one search for claims may examine (P8): it backtracks over claims, and some sets of rules make it try
/// them all.
const MAX_SEARCH_STEPS: usize = 1_000_000;

/// The remaining budget of a search. Once exhausted, nothing more is searched.
#[derive(Debug, Default)]
pub(super) struct SearchBudget {
    left: Cell<usize>,
    is_exhausted: Cell<bool>,
}

impl SearchBudget {
    fn begin(&self) {
        self.left.set(if self.is_exhausted.get() { 0 } else { MAX_SEARCH_STEPS });
    }

    /// Takes this many steps if as many are left.
    fn take(&self, count: usize) -> bool {
        let left = self.left.get().checked_sub(count);
        self.left.set(left.unwrap_or(0));
        self.is_exhausted.set(self.is_exhausted.get() || left.is_none());
        left.is_some()
    }

    /// # Errors
    /// When the budget was exhausted: the findings about claims would be unreliable.
    pub(super) fn check(&self, survey: &Survey<'_>) -> Result<(), ConfigError> {
        if self.is_exhausted.get() { Err(survey.too_many_cases()) } else { Ok(()) }
    }
}

impl ClaimAssignment {
    /// Nothing is assigned yet.
    pub(super) const EMPTY: Self = Self { with: 0, without: 0 };

    /// These claims are vouched for.
    pub(super) fn vouched(claims: ClaimSet) -> Self {
        Self { with: claims.0, without: 0 }
    }

    /// Assigns what makes a rule apply; `None` if that contradicts the assignment.
    pub(super) fn with_applying(self, rule: &Rule) -> Option<Self> {
        let assignment = Self { with: self.with | rule.requires.0, without: self.without | rule.unless.0 };
        (assignment.with & assignment.without == 0).then_some(assignment)
    }

    /// Whether some claims, consistent with the assignment, keep all of the rules from applying. The most constrained
    /// rule is tried first, as in a SAT solver: one with no option left ends the search, one with a single option is
    /// unit propagation.
    pub(super) fn can_avoid_all(self, rules: &[&Rule], budget: &SearchBudget) -> bool {
        budget.begin();
        self.search(rules, budget)
    }

    fn search(mut self, rules: &[&Rule], budget: &SearchBudget) -> bool {
        if rules.iter().any(|rule| rule.requires.0 == 0 && rule.unless.0 == 0) {
            return false;
        }
        while budget.take(rules.len()) {
            let pending = rules.iter().filter(|rule| !self.excludes(rule));
            let options = pending.map(|rule| (rule.requires.0 & !self.with, rule.unless.0 & !self.without));
            let Some((absent, present)) =
                options.min_by_key(|(absent, present)| absent.count_ones() + present.count_ones())
            else {
                return true;
            };
            let mut options: Vec<Self> = bits(absent).map(|bit| Self { without: self.without | bit, ..self }).collect();
            options.extend(bits(present).map(|bit| Self { with: self.with | bit, ..self }));
            match options.as_slice() {
                [] => return false,
                [only] => self = *only,
                several => return several.iter().any(|option| option.search(rules, budget)),
            }
        }
        false
    }

    /// Whether the assignment keeps a rule from applying.
    fn excludes(self, rule: &Rule) -> bool {
        self.with & rule.unless.0 != 0 || self.without & rule.requires.0 != 0
    }
}

/// The claims of a set, one by one.
fn bits(set: u64) -> impl Iterator<Item = u64> {
    let rests = std::iter::successors(Some(set), |set| Some(set & set.wrapping_sub(1)));
    rests.take_while(|rest| *rest != 0).map(|rest| rest & rest.wrapping_neg())
}

/// A kind of request: who asks, for what.
struct RequestKind<'a> {
    classes: &'a [ClassId],
    /// Whether it states nothing of itself.
    is_silent: bool,
}

/// What every situation needs to know of a rule.
struct RuleFacts<'p> {
    rule: &'p Rule,
    /// The kinds of elements that it permits, each with its first element.
    permits: Vec<(KindId, ElementId, Treatment)>,
    /// The kinds that it forbids, likewise.
    forbids: Vec<(KindId, ElementId)>,
    /// Whether its basis cites the paragraph on highly restricted information.
    is_cited: bool,
}

impl<'p> RuleFacts<'p> {
    fn of(rule: &'p Rule, kinds: &Kinds) -> Self {
        let mut facts = Self {
            rule,
            permits: Vec::new(),
            forbids: Vec::new(),
            is_cited: rule.metadata.basis.as_ref().is_some_and(|basis| basis.contains(HIGHLY_RESTRICTED_USES)),
        };
        for (kind, treatment) in kinds.named(rule) {
            let Some(first) = kinds.members(kind).first() else { continue };
            match treatment {
                Some(treatment) => facts.permits.push((kind, *first, treatment)),
                None => facts.forbids.push((kind, *first)),
            }
        }
        facts
    }
}

/// The rules that can apply in one situation, claims aside, by their effect on each kind of elements.
struct ApplicableRules<'p> {
    permits: Vec<usize>,
    /// The forbids that remove each kind.
    forbids: Vec<Vec<&'p Rule>>,
    /// The permits that release each kind.
    treated: Vec<Vec<(usize, &'p Rule, Treatment)>>,
}

/// A set of pairs of a rule and a kind of elements.
struct RuleKindSet {
    kinds: usize,
    members: Vec<bool>,
}

impl RuleKindSet {
    fn of(rules: usize, kinds: usize) -> Self {
        Self { kinds, members: vec![false; rules * kinds] }
    }

    fn contains(&self, rule: usize, kind: KindId) -> bool {
        self.members.get(rule * self.kinds + kind).is_some_and(|member| *member)
    }

    fn contains_element(&self, rule: usize, element: ElementId, kinds: &Kinds) -> bool {
        kinds.kind(element).is_some_and(|kind| self.contains(rule, kind))
    }

    fn insert(&mut self, rule: usize, kind: KindId) {
        self.members.get_mut(rule * self.kinds + kind).into_iter().for_each(|member| *member = true);
    }
}

/// What was observed somewhere.
struct Observed {
    /// Permits and the kinds that they release somewhere.
    released: RuleKindSet,
    /// Those that no other permit releases more openly there.
    treated: RuleKindSet,
    /// Permits that release highly restricted elements to requests that state nothing, without a claim.
    highly_restricted: BTreeMap<usize, BTreeSet<ElementId>>,
    /// Permits that apply together with an earlier one and treat an element differently.
    differing: BTreeMap<usize, (usize, ElementId)>,
}

/// What is the same in all situations.
struct PolicyFacts<'p> {
    rules: Vec<RuleFacts<'p>>,
    /// The highly restricted elements of each kind.
    highly_restricted: Vec<Vec<ElementId>>,
}

impl<'p> PolicyFacts<'p> {
    fn of(subject: &Subject<'p>, kinds: &Kinds) -> Self {
        let mut highly_restricted = vec![Vec::new(); kinds.count()];
        for (kind, restricted) in highly_restricted.iter_mut().enumerate() {
            restricted.extend(kinds.members(kind).iter().copied().filter(|element| {
                let sensitivity = subject.catalog.element(*element).map(Element::sensitivity);
                sensitivity == Some(Sensitivity::HighlyRestricted)
            }));
        }
        let rules = subject.policy.rules().iter().map(|rule| RuleFacts::of(rule, kinds)).collect();
        Self { rules, highly_restricted }
    }
}

/// # Errors
/// When the claims that rules ask for depend on each other in too many ways.
pub(super) fn lint(subject: &mut Subject<'_>) -> Result<(), ConfigError> {
    let (policy, survey) = (subject.policy, subject.survey);
    let budget = SearchBudget::default();
    let kinds = survey.kinds();
    let policy_facts = PolicyFacts::of(subject, &kinds);
    let mut observed = Observed {
        released: RuleKindSet::of(policy_facts.rules.len(), kinds.count()),
        treated: RuleKindSet::of(policy_facts.rules.len(), kinds.count()),
        highly_restricted: BTreeMap::new(),
        differing: BTreeMap::new(),
    };
    let messages = survey.messages();
    let mut applicable = ApplicableRules::of(kinds.count());
    for population in subject.populations.iter().filter(|population| !population.classes.is_empty()) {
        let rules = survey.rules_for(&population.classes);
        let mut done = HashSet::new();
        for attributes in &subject.stated {
            let is_silent = *attributes == Attributes::default();
            for message in &messages {
                let request = RequestKind { classes: &population.classes, is_silent };
                let own: Vec<usize> = rules
                    .iter()
                    .copied()
                    .filter(|id| policy.rule(*id).is_some_and(|rule| rule.is_for(attributes, *message)))
                    .collect();
                // Statements and keys with the same rules are one case, except that it makes a difference to state nothing.
                if done.insert((own.clone(), is_silent)) {
                    applicable.fill(&own, &policy_facts);
                    observe(subject, &policy_facts, &request, &applicable, (&mut observed, &budget));
                }
            }
        }
    }
    budget.check(survey)?;
    report(subject, &observed, &kinds);
    Ok(())
}

impl<'p> ApplicableRules<'p> {
    fn of(kinds: usize) -> Self {
        Self { permits: Vec::new(), forbids: vec![Vec::new(); kinds], treated: vec![Vec::new(); kinds] }
    }

    /// Replaces the rules.
    fn fill(&mut self, rules: &[usize], policy_facts: &PolicyFacts<'p>) {
        self.permits.clear();
        self.forbids.iter_mut().for_each(Vec::clear);
        self.treated.iter_mut().for_each(Vec::clear);
        for (id, facts) in rules.iter().filter_map(|id| Some((*id, policy_facts.rules.get(*id)?))) {
            if let Effect::Permit(_) = facts.rule.effect {
                self.permits.push(id);
            }
            for (kind, _, treatment) in &facts.permits {
                let own = self.treated.get_mut(*kind);
                own.into_iter().for_each(|own| own.push((id, facts.rule, *treatment)));
            }
            for (kind, _) in &facts.forbids {
                self.forbids.get_mut(*kind).into_iter().for_each(|own| own.push(facts.rule));
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
fn observe(
    subject: &Subject<'_>,
    policy_facts: &PolicyFacts<'_>,
    request: &RequestKind<'_>,
    applicable: &ApplicableRules<'_>,
    (observed, budget): (&mut Observed, &SearchBudget),
) {
    for id in &applicable.permits {
        let Some(facts) = policy_facts.rules.get(*id) else { continue };
        let permit = facts.rule;
        let Some(assignment) = ClaimAssignment::EMPTY.with_applying(permit) else { continue };
        let is_unconditional = permit.asked.is_empty() && permit.requires.0 == 0 && !facts.is_cited;
        let is_open = is_unconditional && request.is_silent;
        for (kind, element, treatment) in &facts.permits {
            let restricted = policy_facts.highly_restricted.get(*kind).filter(|_| is_open);
            let restricted = restricted.map_or(&[][..], Vec::as_slice);
            if (!observed.released.contains(*id, *kind) || !restricted.is_empty())
                && assignment.can_avoid_all(applicable.forbids(*kind), budget)
            {
                observed.released.insert(*id, *kind);
                if !restricted.is_empty() && is_released_without_claims(permit, applicable.forbids(*kind)) {
                    observed.highly_restricted.entry(*id).or_default().extend(restricted);
                }
            }
            let treated = applicable.treated(*kind);
            if *treatment != Treatment::Full && !observed.treated.contains(*id, *kind) {
                let more_open = treated.iter().filter(|(_, _, other)| other < treatment).map(|(_, rule, _)| *rule);
                if assignment.can_avoid_all(&more_open.collect::<Vec<_>>(), budget) {
                    observed.treated.insert(*id, *kind);
                }
            }
            for (other, rule, _) in treated.iter().filter(|(other, _, own)| other > id && own != treatment) {
                if !observed.differing.contains_key(other)
                    && assignment.with_applying(rule).is_some()
                    && !overlap_is_declared(subject, request.classes, permit, rule)
                    && !is_narrower(subject, permit, rule)
                    && !is_narrower(subject, rule, permit)
                {
                    observed.differing.insert(*other, (*id, *element));
                }
            }
        }
    }
}

/// Whether two permits overlap only because their classes are declared to share ORIs.
fn overlap_is_declared(subject: &Subject<'_>, classes: &[ClassId], one: &Rule, other: &Rule) -> bool {
    let [one, other] = [one, other].map(|rule| -> Vec<ClassId> {
        let named = rule.classes.as_ref().map_or(&[][..], Vec::as_slice);
        named.iter().copied().filter(|class| classes.contains(class)).collect()
    });
    one.iter().all(|first| !other.contains(first) && other.iter().any(|second| is_on_purpose(subject, *first, *second)))
}

/// The paragraph of the DPPA on the uses of highly restricted information: a permit that cites it is deliberate.
const HIGHLY_RESTRICTED_USES: &str = "2721(a)(2)";

/// Whether the element is released with no claim at all.
fn is_released_without_claims(permit: &Rule, forbids: &[&Rule]) -> bool {
    permit.requires.0 == 0 && !forbids.iter().any(|forbid| forbid.requires.0 == 0)
}

fn report(subject: &mut Subject<'_>, observed: &Observed, kinds: &Kinds) {
    for (id, rule) in subject.rules_in_force() {
        let (Effect::Permit(elements), Some(spans)) = (&rule.effect, subject.rule(id)) else { continue };
        report_emptied(subject, (&observed.released, kinds), id, rule, elements);
        if let Some(restricted) = observed.highly_restricted.get(&id) {
            let names = some(restricted.iter().map(|element| subject.element(*element)));
            let message = format!("permit `{}` releases {names} without a purpose and without a claim", rule.id);
            let help = "18 U.S.C. 2721(a)(2) asks for a use: name `purposes`, a claim in `requires`, or that paragraph in `basis`";
            subject.find(&HIGHLY_RESTRICTED, &spans.id.span, message, help);
        }
        for (key, treatment) in &spans.treatments {
            let covered = subject.catalog.select(&key.name);
            let own = elements.iter().filter(|(element, own)| covered.contains(element) && own == treatment);
            let own = own.filter_map(|(element, _)| kinds.kind(*element));
            let released: Vec<KindId> = own.filter(|kind| observed.released.contains(id, *kind)).collect();
            if *treatment == Treatment::Full
                || released.is_empty()
                || released.iter().any(|kind| observed.treated.contains(id, *kind))
            {
                continue;
            }
            let message =
                format!("`{}` of `{}` never matters: other permits release it more openly", treatment.name(), key.name);
            let help = "leave these elements out of this permit, or narrow the other permits";
            subject.find(&TREATMENT_IDLE, &key.span, message, help);
        }
    }
    for (other, (one, element)) in &observed.differing {
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

/// What a permit never releases, although the permit can apply.
fn report_emptied(
    subject: &mut Subject<'_>,
    (released, kinds): (&RuleKindSet, &Kinds),
    id: usize,
    rule: &Rule,
    elements: &[(ElementId, Treatment)],
) {
    let can_apply = rule.requires.0 & rule.unless.0 == 0 && subject.populations_of(rule).next().is_some();
    let Some(spans) = subject.rule(id).filter(|_| can_apply) else { return };
    if !elements.iter().any(|(element, _)| released.contains_element(id, *element, kinds)) {
        let message = format!("permit `{}` is empty: forbids remove all of it wherever it applies", rule.id);
        subject.find(
            &PERMIT_EMPTIED,
            &spans.id.span,
            message,
            "leave it out; what is to go out after all, the forbids must say in `unless`",
        );
        return;
    }
    for selector in &spans.elements {
        if !subject.catalog.select(&selector.name).iter().any(|element| released.contains_element(id, *element, kinds))
        {
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
