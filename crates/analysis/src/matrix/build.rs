//! Builds the matrix of a policy from its survey.

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use super::cell::{CellCase, ElementOutcome, condition, is_specified, summary};
use super::{
    Agency, Choice, ChoiceCode, ColumnHead, Matrix, MatrixCell, MatrixClaim, MatrixPolicy, MatrixRow, MatrixRule,
    RulePlace, StatedChoice, Statement, plain,
};
use crate::survey::{Column, KindId, Kinds, Outcome, Population, Survey, Tree};
use dmv_redact_model::catalog::{Catalog, ElementId};
use dmv_redact_model::config::ConfigError;
use dmv_redact_model::policy::{Attribute, Attributes, ClaimSet, ClassId, Effect, MessageKeyId, Policy, Rule, RuleId};

/// The sources and the state of the build.
pub struct MatrixBuilder<'s> {
    survey: &'s Survey<'s>,
    catalog: &'s Catalog,
    /// The names of message keys, by index.
    messages: &'s [String],
    kinds: Arc<Kinds>,
    /// All of the policy.
    claims: Vec<MatrixClaim>,
    /// For each rule the kinds of elements that it names; `None` for a review, which covers all.
    named: Vec<Option<Vec<KindId>>>,
    cells: Vec<MatrixCell>,
    cell_by_key: HashMap<(Tree, Vec<RuleId>), usize>,
    numbers: HashMap<String, usize>,
}

/// A column before its cells are built: its requesters, one of the survey's equal columns, and the rules of all of
/// them.
struct ColumnDraft<'p> {
    population: &'p Population,
    stated: StatedChoice,
    messages: Vec<Option<MessageKeyId>>,
    column: Arc<Column>,
    rules: Vec<RuleId>,
}

/// Statements with the same result for every message key.
struct StatedGroup<'c> {
    /// For each message key the number of its result.
    numbers: Vec<usize>,
    stated: Vec<&'c Statement>,
    /// For each message key the survey columns of all these statements.
    columns: Vec<Vec<&'c Arc<Column>>>,
}

/// Message keys with the same result in a group: its number, the keys, and the columns of the survey.
type KeyGroup<'c> = (usize, Vec<Option<MessageKeyId>>, Vec<&'c Arc<Column>>);

impl<'s> MatrixBuilder<'s> {
    /// Prepares the matrix of a surveyed policy. `messages` are the names of message keys, by id.
    pub fn new(survey: &'s Survey<'s>, catalog: &'s Catalog, messages: &'s [String]) -> Self {
        let kinds = survey.kinds();
        let mut named = Vec::new();
        for rule in survey.policy().rules() {
            named.push(match rule.effect {
                Effect::Review(_) => None,
                _ => Some(kinds.named(rule).into_iter().map(|(kind, _)| kind).collect()),
            });
        }
        let (cells, cell_by_key, numbers) = (Vec::new(), HashMap::new(), HashMap::new());
        let claims = claims(survey.policy());
        Self { survey, catalog, messages, kinds, claims, named, cells, cell_by_key, numbers }
    }

    /// The matrix.
    ///
    /// # Errors
    /// When the policy can't be surveyed.
    pub fn build(mut self) -> Result<Matrix, ConfigError> {
        let policy = self.survey.policy();
        let (stated, messages) = (self.survey.stated()?, self.survey.messages());
        let statements: Vec<Statement> = stated.iter().map(|attributes| Statement::of(policy, attributes)).collect();
        let mut drafts = Vec::new();
        for population in self.survey.populations()?.iter().filter(|population| !population.classes.is_empty()) {
            self.divide(population, (&stated, &statements, &messages), &mut drafts)?;
        }
        let elements: Vec<(ElementId, &dmv_redact::Element)> =
            self.catalog.iter().filter(|(_, element)| !element.is_envelope()).collect();
        // In the order of their first elements that have a row.
        let mut kinds: Vec<KindId> = Vec::new();
        for kind in elements.iter().filter_map(|(element, _)| self.kinds.kind(*element)) {
            if !kinds.contains(&kind) {
                kinds.push(kind);
            }
        }
        let mut cells: Vec<Vec<usize>> = vec![Vec::with_capacity(drafts.len()); self.kinds.count()];
        for column in &drafts {
            let mut naming = self.naming(&column.rules);
            for kind in &kinds {
                let rules = naming.get_mut(*kind).map(std::mem::take).unwrap_or_default();
                if let (Some(tree), Some(own)) = (column.column.cells().get(*kind), cells.get_mut(*kind)) {
                    own.push(self.cell(*tree, rules)?);
                }
            }
        }
        let cells: Vec<Rc<[usize]>> = cells.into_iter().map(Rc::from).collect();
        let mut rows = Vec::with_capacity(elements.len());
        for (id, element) in elements {
            rows.push(MatrixRow {
                element: plain(element.id()),
                title: plain(element.title()),
                dppa: element.sensitivity(),
                cells: self.kinds.kind(id).and_then(|kind| cells.get(kind)).cloned().unwrap_or_default(),
            });
        }
        let identity = policy.identity();
        let claims = asked(policy, std::mem::take(&mut self.claims));
        Ok(Matrix {
            policy: MatrixPolicy {
                name: plain(&identity.name),
                version: plain(&identity.version),
                title: policy.title().map(plain),
                sha256: identity.sha256.clone(),
                date: policy.date(),
                in_force: policy.date().is_none_or(|date| policy.validity().contains(date)),
            },
            purposes: policy.declared(Attribute::Purpose).to_vec(),
            messages: messages.iter().flatten().filter_map(|key| self.message(*key)).collect(),
            claims,
            columns: drafts.iter().map(|column| self.head(column, &messages)).collect(),
            elements: rows,
            cells: self.cells,
            rules: policy.rules().iter().map(|rule| matrix_rule(policy, rule)).collect(),
        })
    }

    /// Groups the statements and message keys for which a population gets the same.
    fn divide<'p>(
        &self,
        population: &'p Population,
        (stated, statements, messages): (&[Attributes], &[Statement], &[Option<MessageKeyId>]),
        into: &mut Vec<ColumnDraft<'p>>,
    ) -> Result<(), ConfigError> {
        let questions: Vec<_> =
            stated.iter().flat_map(|stated| messages.iter().map(move |message| (*stated, *message))).collect();
        let columns = self.survey.columns(&population.classes, &questions)?;
        let mut by_cells: HashMap<&[Tree], usize> = HashMap::new();
        let mut groups: Vec<StatedGroup<'_>> = Vec::new();
        for (statement, columns) in statements.iter().zip(columns.chunks(messages.len().max(1))) {
            let mut numbers = Vec::with_capacity(columns.len());
            for column in columns {
                let next = by_cells.len();
                numbers.push(*by_cells.entry(column.cells()).or_insert(next));
            }
            match groups.iter_mut().find(|group| group.numbers == numbers) {
                Some(group) => {
                    group.stated.push(statement);
                    group.columns.iter_mut().zip(columns).for_each(|(own, column)| own.push(column));
                }
                None => groups.push(StatedGroup {
                    numbers,
                    stated: vec![statement],
                    columns: columns.iter().map(|column| vec![column]).collect(),
                }),
            }
        }
        for StatedGroup { numbers, stated, columns } in groups {
            let mut parts: Vec<KeyGroup<'_>> = Vec::new();
            for ((number, message), columns) in numbers.into_iter().zip(messages).zip(columns) {
                match parts.iter_mut().find(|(own, ..)| *own == number) {
                    Some((_, keys, drafts)) => {
                        keys.push(*message);
                        drafts.extend(columns);
                    }
                    None => parts.push((number, vec![*message], columns)),
                }
            }
            for stated in StatedChoice::divide(&stated, statements) {
                for (_, messages, columns) in &parts {
                    let mut rules: Vec<RuleId> =
                        columns.iter().flat_map(|column| column.rules.iter().copied()).collect();
                    rules.sort_unstable();
                    rules.dedup();
                    let Some(column) = columns.first().map(|column| Arc::clone(column)) else { continue };
                    let (stated, messages) = (stated.clone(), messages.clone());
                    into.push(ColumnDraft { population, stated, messages, column, rules });
                }
            }
        }
        Ok(())
    }

    /// The head of a column; `all` are the message keys of all columns.
    fn head(&self, column: &ColumnDraft<'_>, all: &[Option<MessageKeyId>]) -> ColumnHead {
        let policy = self.survey.policy();
        let duties = column.rules.iter().filter_map(|id| policy.rule(*id)).filter(|rule| rule.effect.is_duty());
        ColumnHead {
            agencies: column.population.classes.iter().map(|class| agency(policy, *class)).collect(),
            example: column.population.example.to_string(),
            stated: column.stated.clone(),
            duties: duties.map(|rule| plain(&rule.id)).collect(),
            messages: Choice::of(&column.messages, all, |key| match key {
                Some(key) => self.message(*key).map_or(ChoiceCode::Other, ChoiceCode::Named),
                None => ChoiceCode::None,
            }),
        }
    }

    /// The name of a message key; `None` for keys that no rule names.
    fn message(&self, key: MessageKeyId) -> Option<String> {
        self.messages.get(usize::from(key.0)).map(|name| plain(name))
    }

    /// For every kind of elements, those of some rules that name it, reviews included, in order.
    fn naming(&self, rules: &[RuleId]) -> Vec<Vec<RuleId>> {
        let mut naming = vec![Vec::new(); self.kinds.count()];
        for id in rules {
            match self.named.get(*id) {
                Some(Some(kinds)) => {
                    for kind in kinds {
                        naming.get_mut(*kind).into_iter().for_each(|own: &mut Vec<RuleId>| own.push(*id));
                    }
                }
                Some(None) => naming.iter_mut().for_each(|own| own.push(*id)),
                None => {}
            }
        }
        naming
    }

    /// The number of the cell of a tree, where these rules name the element.
    fn cell(&mut self, tree: Tree, naming: Vec<RuleId>) -> Result<usize, ConfigError> {
        let key = (tree, naming);
        if let Some(number) = self.cell_by_key.get(&key) {
            return Ok(*number);
        }
        let policy = self.survey.policy();
        let mut cases = Vec::new();
        for case in self.survey.simple_cases(tree)? {
            let (becomes, treatment) = match case.value {
                Outcome::Released(treatment) => (ElementOutcome::Released, Some(treatment)),
                Outcome::Held(treatment) => (ElementOutcome::Held, Some(treatment)),
                Outcome::Removed => (ElementOutcome::Removed, None),
            };
            let rules = deciding(policy, &key.1, case.with, case.value);
            let [with, without] = [case.with, case.without].map(|claims| {
                let names = policy.claim_names(claims);
                self.claims.iter().filter(|claim| names.contains(&claim.name.as_str())).collect::<Vec<_>>()
            });
            let (condition, is_specified) =
                (condition(&with, &without), treatment.is_some() && with.iter().any(|claim| claim.is_derived()));
            let [with, without] =
                [with, without].map(|claims| claims.into_iter().map(|claim| claim.name.clone()).collect());
            cases.push(CellCase { with, without, becomes, treatment, condition, is_specified, rules });
        }
        let (manner, summary, told) = summary(&cases);
        let cell = MatrixCell { manner, summary, specified: is_specified(&cases), told, cases };
        // Different trees or rules may produce the same cell.
        let text = serde_json::to_string(&cell).unwrap_or_default();
        let next = self.cells.len();
        let number = *self.numbers.entry(text).or_insert(next);
        if number == next {
            self.cells.push(cell);
        }
        self.cell_by_key.insert(key, number);
        Ok(number)
    }
}

/// Of the rules that name an element, those that decide its outcome if only these claims are vouched for.
fn deciding(policy: &Policy, naming: &[RuleId], claims: ClaimSet, outcome: Outcome) -> Vec<RuleId> {
    let mut deciding = Vec::new();
    for id in naming {
        let Some(rule) = policy.rule(*id).filter(|rule| rule.is_vouched(claims)) else { continue };
        let decides = match rule.effect {
            Effect::Permit(_) => outcome != Outcome::Removed,
            Effect::Forbid(_) => outcome == Outcome::Removed,
            Effect::Review(_) => matches!(outcome, Outcome::Held(_)),
            Effect::Duty(_) => false,
        };
        if decides {
            deciding.push(*id);
        }
    }
    deciding
}

/// The claims of a policy. Their names are words.
fn claims(policy: &Policy) -> Vec<MatrixClaim> {
    let behind: HashMap<&str, Vec<&str>> = policy
        .specified_claims()
        .flat_map(|(claim, behind)| {
            policy.claim_names(claim).into_iter().map(move |name| (name, policy.claim_names(behind)))
        })
        .collect();
    let claim = |(name, title): (&str, Option<&str>)| MatrixClaim {
        name: name.to_owned(),
        title: title.map(plain),
        behind: behind.get(name).into_iter().flatten().map(|name| (*name).to_owned()).collect(),
    };
    policy.claim_titles().map(claim).collect()
}

/// Of the claims of a policy, those that rules ask for, and those that imply one of these.
fn asked(policy: &Policy, mut claims: Vec<MatrixClaim>) -> Vec<MatrixClaim> {
    let rules = policy.rules().iter();
    let mut asked = rules.fold(ClaimSet::default(), |all, rule| all.union(rule.requires).union(rule.unless));
    for (claim, behind) in policy.specified_claims() {
        if asked.union(claim) == asked {
            asked = asked.union(behind);
        }
    }
    let names = policy.claim_names(asked);
    claims.retain(|claim| names.contains(&claim.name.as_str()));
    claims
}

fn agency(policy: &Policy, id: ClassId) -> Agency {
    let class = policy.classes().get(usize::from(id));
    Agency {
        name: plain(policy.class_name(id)),
        title: class.and_then(|class| class.metadata.title.as_deref()).map(plain),
    }
}

fn matrix_rule(policy: &Policy, rule: &Rule) -> MatrixRule {
    let [requires, unless] =
        [rule.requires, rule.unless].map(|claims| policy.claim_names(claims).into_iter().map(plain).collect());
    MatrixRule {
        id: plain(&rule.id),
        kind: rule.effect.kind(),
        duty: match &rule.effect {
            Effect::Duty(duty) => Some(plain(&duty.to_string())),
            Effect::Permit(_) | Effect::Forbid(_) | Effect::Review(_) => None,
        },
        requires,
        unless,
        title: rule.metadata.title.as_deref().map(plain),
        basis: rule.metadata.basis.as_deref().map(plain),
        place: RulePlace::of(rule),
    }
}
