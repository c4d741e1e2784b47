//! Compares two policies semantically: what each releases for every ORI, statement of a request, message key and set of
//! claims that either distinguishes. Names of classes and rules, their order and spelling make no difference.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::Hash;
use std::sync::Arc;

use serde::Serialize;

use super::columns::{Column, Columns, Outcome};
use super::regions::{Region, regions};
use super::simple::simplified;
use super::trees::{Levels, Tree, TreePath, Trees};
use super::{SurveyError, messages};
use crate::words::{ChoiceCode, StatedChoice, Statement};
use dmv_redact_model::catalog::{ElementId, Treatment};
use dmv_redact_model::config::ConfigError;
use dmv_redact_model::policy::ClassId;
use dmv_redact_model::policy::Ori;
use dmv_redact_model::policy::{Asked, Attribute, Attributes, ClaimSet, Effect, MessageKeyId, Stated};
use dmv_redact_model::policy::{OnShapeViolation, Policy, Verdict};
use dmv_redact_model::policy::{Rule, RuleId};

/// The index of the old policy.
pub const OLD: usize = 0;
/// The index of the new policy.
pub const NEW: usize = 1;

/// Maximum number of reported changes, and of situations with changes (P8).
const MAX_CHANGES: usize = 100_000;
const MAX_CHANGED_SITUATIONS: usize = 2_000_000;

/// A change of one element, or of the verdict on the whole message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Change {
    /// A data element, with its outcome under the old and the new policy.
    Element(ElementId, [Outcome; 2]),
    /// The whole message, with the verdict of the old and the new policy.
    Message([Verdict; 2]),
}

/// The direction of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// More goes out.
    Gain,
    /// No more goes out directly, but more after a person has approved the message.
    GainAfterReview,
    /// Less goes out, or less once approved.
    Loss,
}

impl Change {
    pub(crate) fn direction(&self) -> Direction {
        match self {
            Self::Element(_, outcomes) => direction(*outcomes),
            Self::Message([_, Verdict::Rewrite]) => Direction::Gain,
            Self::Message([Verdict::Nothing, Verdict::Review]) => Direction::GainAfterReview,
            Self::Message(_) => Direction::Loss,
        }
    }
}

/// The direction of a change of an element's outcome.
pub(super) fn direction(outcomes: [Outcome; 2]) -> Direction {
    let [old, new] = outcomes;
    if openness(released(new)) > openness(released(old)) {
        Direction::Gain
    } else if openness(permitted(new)) > openness(permitted(old)) {
        Direction::GainAfterReview
    } else {
        Direction::Loss
    }
}

/// The treatment of an element that is released directly.
fn released(outcome: Outcome) -> Option<Treatment> {
    match outcome {
        Outcome::Released(treatment) => Some(treatment),
        Outcome::Held(_) | Outcome::Removed => None,
    }
}

/// The treatment of an element that is released directly or after a review.
fn permitted(outcome: Outcome) -> Option<Treatment> {
    match outcome {
        Outcome::Released(treatment) | Outcome::Held(treatment) => Some(treatment),
        Outcome::Removed => None,
    }
}

fn openness(treatment: Option<Treatment>) -> u8 {
    match treatment {
        None => 0,
        Some(Treatment::Mask) => 1,
        Some(Treatment::Token) => 2,
        Some(Treatment::Year | Treatment::Zip5 | Treatment::Last4) => 3,
        Some(Treatment::Full) => 4,
    }
}

/// One change, and whom it affects.
#[derive(Debug)]
pub struct Difference {
    /// The classes of these requesters under either policy.
    pub(crate) classes: [Vec<ClassId>; 2],
    pub(crate) example: Ori,
    pub(crate) change: Change,
    /// Every one of these statements with every one of these message keys.
    pub(crate) stated: StatedChoice,
    pub(crate) messages: Vec<Option<MessageKeyId>>,
    /// Claims that are vouched for, and that are not.
    pub(crate) with: Vec<String>,
    pub(crate) without: Vec<String>,
    /// The rules of either policy that cause the change.
    pub(crate) rules: [Vec<RuleId>; 2],
}

/// Rules of a kind that only one of the policies has for some requesters.
#[derive(Debug)]
pub struct RuleDifference {
    /// The classes of these requesters under either policy.
    pub(crate) classes: [Vec<ClassId>; 2],
    pub(crate) example: Ori,
    /// Those of either policy.
    pub(crate) rules: [Vec<RuleId>; 2],
}

/// Reviews that only one of the policies has for some requesters.
#[derive(Debug)]
pub struct ReviewDifference {
    /// Them.
    pub(crate) rules: RuleDifference,
    /// Whether one person approves what two had to.
    pub(crate) gains: bool,
}

/// All changes from one policy to another.
#[derive(Debug)]
pub struct Differences {
    pub(crate) all: Vec<Difference>,
    /// The duties that only one of the policies has, by who asks.
    pub(crate) duties: Vec<RuleDifference>,
    /// The same for reviews.
    pub(crate) reviews: Vec<ReviewDifference>,
    /// The same for rules whose legal notices stand in answers of one policy alone.
    pub(crate) legal_notices: Vec<RuleDifference>,
    /// What each policy does on a shape violation, and whether an approval lifts its hold, if that makes a difference.
    pub(crate) shape: Option<[(OnShapeViolation, bool); 2]>,
    /// What may be stated under either policy, and the message keys that either distinguishes.
    pub(crate) statements: Vec<Statement>,
    pub(crate) messages: Vec<Option<MessageKeyId>>,
}

/// What one request states, under both policies.
struct StatedTwice {
    statement: Statement,
    /// What the rules of either policy see of it; `None` if the policy refuses it.
    seen: [Option<Attributes>; 2],
}

impl StatedTwice {
    fn of(policies: [&Policy; 2], statement: Statement) -> Self {
        let seen = policies.map(|policy| {
            let mut seen = Attributes::default();
            for (attribute, value) in statement.values() {
                let stated = match value {
                    ChoiceCode::Named(value) => policy.find(attribute, value)?,
                    ChoiceCode::Other => policy.other(attribute)?,
                    ChoiceCode::None => Stated::Absent,
                };
                seen = seen.with(attribute, stated);
            }
            Some(seen)
        });
        Self { statement, seen }
    }

    /// All that can be stated under either policy.
    fn all(policies: [&Policy; 2]) -> Result<Vec<Self>, SurveyError> {
        let values = Attribute::ALL.map(|attribute| {
            let mut values: Vec<&String> = policies.iter().flat_map(|policy| policy.declared(attribute)).collect();
            values.sort_unstable();
            values.dedup();
            let is_other = policies.iter().any(|policy| policy.other(attribute) == Some(Stated::Other));
            let other = is_other.then_some(ChoiceCode::Other);
            let named = values.into_iter().map(|value| ChoiceCode::Named(value.clone()));
            named.chain(other).chain([ChoiceCode::None]).collect::<Vec<_>>()
        });
        let count = values.iter().fold(1_usize, |count, own| count.saturating_mul(own.len()));
        SurveyError::check_count(1, count, 1)?;
        Ok(Statement::combinations(&values).into_iter().map(|statement| Self::of(policies, statement)).collect())
    }

    /// Whether exactly one policy refuses it.
    fn is_refused_by_one(&self) -> bool {
        self.seen[OLD].is_none() != self.seen[NEW].is_none()
    }
}

/// Compares two policies with the same catalog and formats.
///
/// # Errors
/// When one of them can't be surveyed, or there are too many differences.
pub fn compare(old: &Policy, new: &Policy) -> Result<Differences, ConfigError> {
    Comparer::of(old, new).and_then(Comparer::compare).map_err(|error| error.of(&[old, new]))
}

struct Comparer<'p> {
    policies: [&'p Policy; 2],
    columns: Columns<'p>,
    stated: Vec<StatedTwice>,
    messages: Vec<Option<MessageKeyId>>,
    /// For each rule of either policy the id of its content, regardless of its name and agency classes.
    contents: [Vec<usize>; 2],
    elements: Trees<[Outcome; 2]>,
    verdicts: Trees<[Verdict; 2]>,
    legal_notices: Trees<bool>,
    known_elements: HashMap<[Tree; 2], Arc<TreePaths<Outcome>>>,
    known_verdicts: HashMap<[Tree; 2], Arc<TreePaths<Verdict>>>,
}

impl<'p> Comparer<'p> {
    fn of(old: &'p Policy, new: &'p Policy) -> Result<Self, SurveyError> {
        let policies = [old, new];
        Ok(Self {
            policies,
            columns: Columns::of(&policies),
            stated: StatedTwice::all(policies)?,
            messages: messages(&policies),
            contents: contents(policies),
            elements: Trees::new(),
            verdicts: Trees::new(),
            legal_notices: Trees::new(),
            known_elements: HashMap::new(),
            known_verdicts: HashMap::new(),
        })
    }

    fn compare(mut self) -> Result<Differences, SurveyError> {
        let shapes = self.policies.map(|policy| (policy.on_shape_violation(), policy.lifts_shape_holds()));
        let shape_differs = shapes[OLD] != shapes[NEW];
        let is_any_refused = self.stated.iter().any(StatedTwice::is_refused_by_one);
        let mut shape = None;
        let (mut all, mut duties, mut reviews, mut legal_notices) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let mut changed_situations = 0;
        let regions = regions(&self.policies.map(|policy| policy.agencies()))?;
        SurveyError::check_count(regions.len(), self.stated.len(), self.messages.len())?;
        for region in regions {
            let mut classes = region.classes.iter();
            let classes = [(); 2].map(|()| classes.next().cloned().unwrap_or_default());
            let rules =
                [OLD, NEW].map(|policy| self.columns.rules_for(policy, classes.get(policy).unwrap_or(&classes[OLD])));
            let differing = self.differing(&rules);
            let own = [self.duties_of(OLD, &differing[OLD]), self.duties_of(NEW, &differing[NEW])];
            if own.iter().any(|own| !own.is_empty()) {
                duties.push(RuleDifference { classes: classes.clone(), example: region.example, rules: own });
            }
            let own = [self.reviews_of(OLD, &differing[OLD]), self.reviews_of(NEW, &differing[NEW])];
            if own.iter().any(|own| !own.is_empty()) {
                let gains = self.needs_fewer_people(&own);
                let rules = RuleDifference { classes: classes.clone(), example: region.example, rules: own };
                reviews.push(ReviewDifference { rules, gains });
            }
            let own = self.legal_notices(&rules, &differing);
            if own.iter().any(|own| !own.is_empty()) {
                legal_notices.push(RuleDifference { classes: classes.clone(), example: region.example, rules: own });
            }
            if !shape_differs && !is_any_refused && differing.iter().all(Vec::is_empty) {
                continue;
            }
            let mut found = FoundChanges::new();
            for stated in 0..self.stated.len() {
                for message in 0..self.messages.len() {
                    if !shape_differs && !self.applies_any(&differing, stated, message) {
                        continue;
                    }
                    let columns = self.pair(&rules, stated, message)?;
                    changed_situations += self.compare_columns(&columns, (stated, message), &mut found)?;
                    if changed_situations > MAX_CHANGED_SITUATIONS {
                        return Err(SurveyError::Differences(MAX_CHANGED_SITUATIONS));
                    }
                    if shape_differs && shape.is_none() {
                        let paths = self.verdict_paths(&columns)?;
                        let both = paths.iter().any(|path| path.value == [Verdict::Rewrite; 2]);
                        shape = both.then_some(shapes);
                    }
                }
            }
            self.report_region(&region, &classes, found, &mut all);
            if all.len() > MAX_CHANGES {
                return Err(SurveyError::Differences(MAX_CHANGES));
            }
        }
        Ok(Differences {
            all,
            duties,
            reviews,
            legal_notices,
            shape,
            statements: self.stated.into_iter().map(|stated| stated.statement).collect(),
            messages: self.messages,
        })
    }

    /// The rules of either policy whose content no rule of the other has. Where none of them applies, nothing differs.
    fn differing(&self, rules: &[Vec<RuleId>; 2]) -> [Vec<RuleId>; 2] {
        let contents = [self.contents_of(OLD, &rules[OLD]), self.contents_of(NEW, &rules[NEW])];
        [self.unmatched(OLD, &rules[OLD], &contents[NEW]), self.unmatched(NEW, &rules[NEW], &contents[OLD])]
    }

    /// The duties among one policy's rules.
    fn duties_of(&self, own: usize, rules: &[RuleId]) -> Vec<RuleId> {
        let is_duty = |id: &RuleId| self.policy(own).rule(*id).is_some_and(|rule| rule.effect.is_duty());
        rules.iter().copied().filter(is_duty).collect()
    }

    /// The reviews among one policy's rules.
    fn reviews_of(&self, own: usize, rules: &[RuleId]) -> Vec<RuleId> {
        let is_review = |rule: &Rule| matches!(rule.effect, Effect::Review(_));
        rules.iter().copied().filter(|id| self.policy(own).rule(*id).is_some_and(is_review)).collect()
    }

    /// Whether two people had to approve by a review that the new policy lacks, and by none that it has instead. `differing` are
    /// the reviews that the other policy lacks.
    fn needs_fewer_people(&self, differing: &[Vec<RuleId>; 2]) -> bool {
        let two_people = |own: usize| {
            let mut reviews = differing.get(own).into_iter().flatten();
            reviews.any(|id| self.policy(own).rule(*id).is_some_and(|rule| rule.two_people))
        };
        two_people(OLD) && !two_people(NEW)
    }

    /// The rules of either policy whose legal notices stand in answers of one policy alone, among these for some classes.
    fn legal_notices(&mut self, rules: &[Vec<RuleId>; 2], differing: &[Vec<RuleId>; 2]) -> [Vec<RuleId>; 2] {
        let policies = self.policies;
        let text = |own: usize, id: RuleId| policies.get(own)?.rule(id)?.legal_notice.as_deref();
        let [old, new] = differing;
        let mut changed: BTreeSet<&str> = BTreeSet::new();
        if old.iter().any(|id| text(OLD, *id).is_some()) || new.iter().any(|id| text(NEW, *id).is_some()) {
            for stated in 0..self.stated.len() {
                for message in 0..self.messages.len() {
                    let [old, new] = [OLD, NEW].map(|own| self.told_by_claims(own, rules, stated, message));
                    let texts = old.keys().chain(new.keys());
                    changed.extend(texts.filter(|text| old.get(*text) != new.get(*text)));
                }
            }
        }
        let is_changed = |own: usize, id: &RuleId| text(own, *id).is_some_and(|text| changed.contains(text));
        [
            old.iter().copied().filter(|id| is_changed(OLD, id)).collect(),
            new.iter().copied().filter(|id| is_changed(NEW, id)).collect(),
        ]
    }

    /// With which claims each legal notice of a policy stands in an answer, for a statement and a message key by index.
    fn told_by_claims(
        &mut self,
        own: usize,
        rules: &[Vec<RuleId>; 2],
        stated: usize,
        message: usize,
    ) -> BTreeMap<&'p str, Tree> {
        let mut told = BTreeMap::new();
        let policy = self.policy(own);
        let seen = self.stated.get(stated).and_then(|stated| stated.seen.get(own).copied().flatten());
        let (Some(seen), Some(rules)) = (seen, rules.get(own)) else { return told };
        let message = self.messages.get(message).copied().flatten();
        let [no, yes] = [false, true].map(|is_told| self.legal_notices.leaf(is_told));
        for rule in rules.iter().filter_map(|id| policy.rule(*id)).filter(|rule| rule.is_for(&seen, message)) {
            let Some(text) = &rule.legal_notice else { continue };
            let tree = told.entry(&**text).or_insert(no);
            *tree = self.legal_notices.choose(self.columns.condition(policy, rule), yes, *tree);
        }
        told
    }

    /// Of one policy's rules those whose content isn't among these of the other, which are sorted.
    fn unmatched(&self, own: usize, rules: &[RuleId], other: &[usize]) -> Vec<RuleId> {
        let mut unmatched = rules.to_vec();
        unmatched.retain(|id| self.content(own, *id).is_none_or(|content| other.binary_search(&content).is_err()));
        unmatched
    }

    /// Whether any of these rules is for a statement and a message key, given by index.
    fn applies_any(&self, rules: &[Vec<RuleId>; 2], stated: usize, message: usize) -> bool {
        let Some(asked) = self.stated.get(stated) else { return false };
        let message = self.messages.get(message).copied().flatten();
        asked.is_refused_by_one()
            || asked.seen[OLD].is_some_and(|seen| self.any_is_for(OLD, &rules[OLD], &seen, message))
            || asked.seen[NEW].is_some_and(|seen| self.any_is_for(NEW, &rules[NEW], &seen, message))
    }

    /// Whether any of one policy's rules is for attributes and a message key.
    fn any_is_for(&self, own: usize, rules: &[RuleId], seen: &Attributes, message: Option<MessageKeyId>) -> bool {
        rules.iter().any(|id| self.policy(own).rule(*id).is_some_and(|rule| rule.is_for(seen, message)))
    }

    /// The columns of both policies for a statement and a message key, given by index.
    fn pair(
        &mut self,
        rules: &[Vec<RuleId>; 2],
        stated: usize,
        message: usize,
    ) -> Result<[Arc<Column>; 2], SurveyError> {
        let seen = self.stated.get(stated).map_or([None; 2], |stated| stated.seen);
        let message = self.messages.get(message).copied().flatten();
        Ok([self.column(OLD, &rules[OLD], seen[OLD], message)?, self.column(NEW, &rules[NEW], seen[NEW], message)?])
    }

    fn column(
        &mut self,
        own: usize,
        rules: &[RuleId],
        seen: Option<Attributes>,
        message: Option<MessageKeyId>,
    ) -> Result<Arc<Column>, SurveyError> {
        match seen {
            Some(seen) => self.columns.column(own, rules, &seen, message),
            // A refused request gets nothing.
            None => self.columns.column(own, &[], &Attributes::default(), message),
        }
    }

    fn compare_columns(
        &mut self,
        columns: &[Arc<Column>; 2],
        situation: (usize, usize),
        found: &mut FoundChanges,
    ) -> Result<usize, SurveyError> {
        let mut count = 0;
        let kinds = Arc::clone(self.columns.kinds());
        for (kind, (old, new)) in columns[OLD].cells().iter().zip(columns[NEW].cells()).enumerate() {
            let Some(element) = kinds.members(kind).first().copied().filter(|_| old != new) else { continue };
            for path in self.element_paths([*old, *new])?.iter().filter(|path| path.value[OLD] != path.value[NEW]) {
                let change = Change::Element(element, path.value);
                let rules = self.responsible_rules(columns, path.with, &change);
                add_change(found, change, (path.with, path.without), situation, rules);
                count += 1;
            }
        }
        if columns[OLD].cells() != columns[NEW].cells() {
            let paths = self.verdict_paths(columns)?;
            for path in paths.iter().filter(|path| path.value[OLD] != path.value[NEW]) {
                let change = Change::Message(path.value);
                let rules = self.responsible_rules(columns, path.with, &change);
                add_change(found, change, (path.with, path.without), situation, rules);
                count += 1;
            }
        }
        Ok(count)
    }

    /// The outcomes of an element under both policies, by claims.
    fn element_paths(&mut self, cells: [Tree; 2]) -> Result<Arc<TreePaths<Outcome>>, SurveyError> {
        if let Some(paths) = self.known_elements.get(&cells) {
            return Ok(Arc::clone(paths));
        }
        let trees = &self.columns.trees;
        let none = self.elements.leaf([Outcome::Removed; 2]);
        let tree = self.elements.fold(none, (trees, cells[OLD]), &|[_, new], outcome| [outcome, new]);
        let tree = self.elements.fold(tree, (trees, cells[NEW]), &|[old, _], outcome| [old, outcome]);
        // Equal outcomes are merged, because they make no difference.
        let tree = self.elements.map(tree, &|[old, new]| if old == new { [Outcome::Removed; 2] } else { [old, new] });
        let paths = self.paths_of(&self.elements, tree)?;
        self.known_elements.insert(cells, Arc::clone(&paths));
        Ok(paths)
    }

    /// The verdicts on the message under both policies, by claims.
    fn verdict_paths(&mut self, columns: &[Arc<Column>; 2]) -> Result<Arc<TreePaths<Verdict>>, SurveyError> {
        let cells = [self.columns.verdict(&columns[OLD])?, self.columns.verdict(&columns[NEW])?];
        if let Some(paths) = self.known_verdicts.get(&cells) {
            return Ok(Arc::clone(paths));
        }
        let trees = &self.columns.verdicts;
        let none = self.verdicts.leaf([Verdict::Nothing; 2]);
        let tree = self.verdicts.fold(none, (trees, cells[OLD]), &|[_, new], verdict| [verdict, new]);
        let tree = self.verdicts.fold(tree, (trees, cells[NEW]), &|[old, _], verdict| [old, verdict]);
        let paths = self.paths_of(&self.verdicts, tree)?;
        self.known_verdicts.insert(cells, Arc::clone(&paths));
        Ok(paths)
    }

    fn paths_of<T: Copy + Ord + Hash>(
        &self,
        trees: &Trees<[T; 2]>,
        tree: Tree,
    ) -> Result<Arc<TreePaths<T>>, SurveyError> {
        match self.columns.possible_paths(trees, tree) {
            Some(paths) if !trees.is_full() => Ok(simplified(paths).into()),
            _ => Err(SurveyError::Claims(Vec::new())),
        }
    }

    /// The rules that cause a change: those of either policy that contribute to it and have no match in the other.
    fn responsible_rules(&self, columns: &[Arc<Column>; 2], with: Levels, change: &Change) -> [Vec<RuleId>; 2] {
        let names = self.columns.claim_names(with);
        let applied = [OLD, NEW].map(|own| {
            let policy = self.policy(own);
            let claims = policy.claim_set(names.iter().copied());
            let column = if own == OLD { &columns[OLD] } else { &columns[NEW] };
            let mut applied = column.rules.to_vec();
            applied.retain(|id| policy.rule(*id).is_some_and(|rule| rule.is_vouched(claims)));
            applied
        });
        // The policy that releases more.
        let open = if change.direction() == Direction::Loss { OLD } else { NEW };
        let mut responsible = self.differing(&applied);
        responsible[OLD].retain(|id| self.contributes(OLD, open == OLD, *id, change));
        responsible[NEW].retain(|id| self.contributes(NEW, open == NEW, *id, change));
        responsible
    }

    /// Whether a rule that applies can cause a change: by permitting, in the policy that releases more, or by
    /// forbidding, in the other.
    fn contributes(&self, own: usize, is_open: bool, id: RuleId, change: &Change) -> bool {
        let Some(rule) = self.policy(own).rule(id) else { return false };
        match (change, &rule.effect) {
            (Change::Element(element, values), Effect::Permit(elements)) => {
                let best = permitted(if own == OLD { values[OLD] } else { values[NEW] });
                is_open && elements.iter().any(|(own, treatment)| own == element && Some(*treatment) == best)
            }
            (Change::Element(element, _), Effect::Forbid(elements)) => {
                !is_open && elements.binary_search(element).is_ok()
            }
            (Change::Element(_, values), Effect::Review(_)) => {
                let [is_held, is_held_too] = values.map(|outcome| matches!(outcome, Outcome::Held(_)));
                is_held != is_held_too && if own == OLD { is_held } else { is_held_too }
            }
            (_, Effect::Duty(_)) => false,
            // Only reviews make the difference between held and rewritten.
            (Change::Message(values), Effect::Review(_)) => !values.contains(&Verdict::Nothing) || is_open,
            (Change::Message(values), Effect::Permit(_)) => values.contains(&Verdict::Nothing) && is_open,
            (Change::Message(values), Effect::Forbid(_)) => values.contains(&Verdict::Nothing) && !is_open,
        }
    }

    fn policy(&self, own: usize) -> &'p Policy {
        if own == OLD { self.policies[OLD] } else { self.policies[NEW] }
    }

    fn content(&self, own: usize, id: RuleId) -> Option<usize> {
        let contents = if own == OLD { &self.contents[OLD] } else { &self.contents[NEW] };
        contents.get(id).copied()
    }

    /// The distinct contents of these rules, in order.
    fn contents_of(&self, own: usize, rules: &[RuleId]) -> Vec<usize> {
        let mut contents: Vec<usize> = rules.iter().filter_map(|id| self.content(own, *id)).collect();
        contents.sort_unstable();
        contents.dedup();
        contents
    }

    /// Reports the changes found for a region: statements with the same message keys are grouped, and kinds are expanded to
    /// their elements.
    fn report_region(
        &self,
        region: &Region,
        classes: &[Vec<ClassId>; 2],
        found: FoundChanges,
        all: &mut Vec<Difference>,
    ) {
        let kinds = Arc::clone(self.columns.kinds());
        let all_stated: Vec<Statement> = self.stated.iter().map(|stated| stated.statement.clone()).collect();
        let first_new = all.len();
        for (change, conditions) in found {
            let changes: Vec<Change> = match change {
                Change::Element(element, values) => {
                    let members = kinds.kind(element).map_or(&[][..], |kind| kinds.members(kind));
                    members.iter().map(|member| Change::Element(*member, values)).collect()
                }
                Change::Message(_) => vec![change],
            };
            for ((with, without), (situations, mut rules)) in conditions {
                for rules in &mut rules {
                    rules.sort_unstable();
                    rules.dedup();
                }
                // Situations come in order.
                let mut by_keys: BTreeMap<Vec<usize>, Vec<&Statement>> = BTreeMap::new();
                for run in situations.chunk_by(|(one, _), (other, _)| one == other) {
                    let keys: Vec<usize> = run.iter().map(|(_, key)| *key).collect();
                    let stated = run.first().and_then(|(stated, _)| self.stated.get(*stated));
                    by_keys.entry(keys).or_default().extend(stated.map(|stated| &stated.statement));
                }
                let [with, without] = [with, without].map(|levels| -> Vec<String> {
                    self.columns.claim_names(levels).into_iter().map(str::to_owned).collect()
                });
                let by_keys = by_keys.into_iter().flat_map(|(keys, statements)| {
                    StatedChoice::divide(&statements, &all_stated).into_iter().map(move |stated| (keys.clone(), stated))
                });
                for (keys, stated) in by_keys {
                    all.extend(changes.iter().map(|change| Difference {
                        classes: classes.clone(),
                        example: region.example,
                        change: *change,
                        stated: stated.clone(),
                        messages: keys.iter().map(|index| self.messages.get(*index).copied().flatten()).collect(),
                        with: with.clone(),
                        without: without.clone(),
                        rules: rules.clone(),
                    }));
                }
            }
        }
        all.get_mut(first_new..)
            .into_iter()
            .for_each(|differences| differences.sort_by_key(|difference| difference.change));
    }
}

type TreePaths<T> = [TreePath<[T; 2]>];

/// By change, where the first element of a kind represents the kind, and by claims: the statements and message keys, and
/// the rules of either policy.
type FoundChanges = BTreeMap<Change, BTreeMap<(Levels, Levels), (Vec<(usize, usize)>, [Vec<RuleId>; 2])>>;

fn add_change(
    found: &mut FoundChanges,
    change: Change,
    claims: (Levels, Levels),
    situation: (usize, usize),
    rules: [Vec<RuleId>; 2],
) {
    let (situations, known) = found.entry(change).or_default().entry(claims).or_default();
    situations.push(situation);
    known.iter_mut().zip(rules).for_each(|(known, rules)| known.extend(rules));
}

/// Assigns ids to the contents of rules: those with the same id have the same conditions and effect.
fn contents(policies: [&Policy; 2]) -> [Vec<usize>; 2] {
    let mut known = HashMap::new();
    policies.map(|policy| {
        let mut contents = Vec::new();
        for rule in policy.rules() {
            // Two policies number their values each in its own way.
            let asked = rule.asked.iter().map(|(attribute, asked)| {
                let Asked::OneOf(values) = asked else { return (*attribute, None) };
                let values = values.iter().filter_map(|index| policy.value(*attribute, Stated::Known(*index)));
                let mut values: Vec<&str> = values.collect();
                values.sort_unstable();
                values.dedup();
                (*attribute, Some(values))
            });
            let asked: Vec<_> = asked.collect();
            let keys = rule.messages.as_ref().map(|own| {
                let mut keys = own.clone();
                keys.sort_unstable();
                keys.dedup();
                keys
            });
            let next = known.len();
            let [requires, unless] = [rule.requires, rule.unless].map(|set| sorted_names(policy, set));
            let asked = (asked, keys, requires, unless, rule.applies_when_absent);
            // Claims, too.
            let (effect, vouches) = match &rule.effect {
                Effect::Review(claims) => (&Effect::Review(ClaimSet(0)), sorted_names(policy, *claims)),
                effect => (effect, Vec::new()),
            };
            let effect = (effect, vouches, rule.two_people, rule.legal_notice.as_deref());
            contents.push(*known.entry((asked, effect)).or_insert(next));
        }
        contents
    })
}

fn sorted_names(policy: &Policy, claims: ClaimSet) -> Vec<&str> {
    let mut names = policy.claim_names(claims);
    names.sort_unstable();
    names
}
