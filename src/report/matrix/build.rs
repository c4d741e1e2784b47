//! Makes the matrix of a policy out of its survey.

use std::collections::HashMap;
use std::sync::Arc;

use super::cell::{Becomes, CellCase, summary};
use super::{Agency, Cell, Choice, Head, Matrix, PolicyTold, Row, RuleTold, plain};
use crate::catalog::{Catalog, ElementId};
use crate::config::ConfigError;
use crate::policy::survey::{Column, Outcome, Population, RuleId, Survey, Tree};
use crate::policy::{Effect, MessageKeyId, Policy, PurposeId, Rule};

/// What a matrix is made of.
pub(crate) struct MatrixBuilder<'s> {
    survey: &'s Survey<'s>,
    catalog: &'s Catalog,
    /// The names of message keys, by their places.
    messages: &'s [String],
    cells: Vec<Cell>,
    known: HashMap<(Tree, Vec<Vec<RuleId>>), usize>,
    numbers: HashMap<String, usize>,
}

/// One column before its cells are told: for whom it is, and the columns of the survey that are alike.
struct Alike<'p> {
    population: &'p Population,
    purposes: Vec<Option<PurposeId>>,
    messages: Vec<Option<MessageKeyId>>,
    columns: Vec<Arc<Column>>,
}

/// Purposes for which every message key gets the same.
struct Group {
    /// For each message key the number of what it gets.
    numbers: Vec<usize>,
    purposes: Vec<Option<PurposeId>>,
    /// For each message key the columns of the survey, of all these purposes.
    columns: Vec<Vec<Arc<Column>>>,
}

impl<'s> MatrixBuilder<'s> {
    pub(crate) fn new(survey: &'s Survey<'s>, catalog: &'s Catalog, messages: &'s [String]) -> Self {
        Self { survey, catalog, messages, cells: Vec::new(), known: HashMap::new(), numbers: HashMap::new() }
    }

    /// The matrix.
    ///
    /// # Errors
    /// When the policy can't be surveyed.
    pub(crate) fn build(mut self) -> Result<Matrix, ConfigError> {
        let policy = self.survey.policy();
        let mut alike = Vec::new();
        for population in self.survey.populations().iter().filter(|population| !population.classes.is_empty()) {
            self.divide(population, &mut alike)?;
        }
        let is_body = |(_, element): &(ElementId, &crate::Element)| !element.is_envelope();
        let elements: Vec<(ElementId, &crate::Element)> = self.catalog.iter().filter(is_body).collect();
        let mut rows: Vec<Row> = elements
            .iter()
            .map(|(_, element)| Row {
                element: plain(element.id()),
                title: plain(element.title()),
                dppa: element.sensitivity(),
                cells: Vec::with_capacity(alike.len()),
            })
            .collect();
        for column in &alike {
            let naming: Vec<Vec<Vec<RuleId>>> =
                column.columns.iter().map(|column| naming(policy, column, self.catalog.len())).collect();
            for ((element, _), row) in elements.iter().zip(&mut rows) {
                let rules = naming.iter().map(|own| own.get(element.index()).cloned().unwrap_or_default()).collect();
                let tree = column.columns.first().and_then(|column| column.cell(*element));
                if let Some(tree) = tree {
                    row.cells.push(self.cell(tree, rules)?);
                }
            }
        }
        let identity = policy.identity();
        Ok(Matrix {
            policy: PolicyTold {
                name: plain(&identity.name),
                version: plain(&identity.version),
                title: policy.title().map(plain),
                sha256: identity.sha256.clone(),
            },
            purposes: policy.purposes().to_vec(),
            messages: self.survey.messages().into_iter().flatten().map(|key| self.message(key)).collect(),
            columns: alike.iter().map(|column| self.head(column)).collect(),
            elements: rows,
            cells: self.cells,
            rules: policy.rules().iter().map(told).collect(),
        })
    }

    /// Puts purposes and message keys together for which a population gets the same.
    fn divide<'p>(&self, population: &'p Population, into: &mut Vec<Alike<'p>>) -> Result<(), ConfigError> {
        let mut by_cells: HashMap<Vec<Tree>, usize> = HashMap::new();
        let messages = self.survey.messages();
        let mut groups: Vec<Group> = Vec::new();
        for purpose in self.survey.purposes() {
            let mut numbers = Vec::new();
            let mut columns = Vec::new();
            for message in &messages {
                let column = self.survey.column(&population.classes, purpose, *message)?;
                let next = by_cells.len();
                numbers.push(*by_cells.entry(column.cells().to_vec()).or_insert(next));
                columns.push(column);
            }
            match groups.iter_mut().find(|group| group.numbers == numbers) {
                Some(group) => {
                    group.purposes.push(purpose);
                    group.columns.iter_mut().zip(columns).for_each(|(own, column)| add(own, column));
                }
                None => groups.push(Group {
                    numbers,
                    purposes: vec![purpose],
                    columns: columns.into_iter().map(|column| vec![column]).collect(),
                }),
            }
        }
        for Group { numbers, purposes, columns } in groups {
            let mut parts: Vec<(usize, Alike<'p>)> = Vec::new();
            for ((number, message), columns) in numbers.into_iter().zip(&messages).zip(columns) {
                match parts.iter_mut().find(|(own, _)| *own == number) {
                    Some((_, part)) => {
                        part.messages.push(*message);
                        columns.into_iter().for_each(|column| add(&mut part.columns, column));
                    }
                    None => {
                        let (purposes, messages) = (purposes.clone(), vec![*message]);
                        parts.push((number, Alike { population, purposes, messages, columns }));
                    }
                }
            }
            into.extend(parts.into_iter().map(|(_, part)| part));
        }
        Ok(())
    }

    fn head(&self, column: &Alike<'_>) -> Head {
        let policy = self.survey.policy();
        let agency = |class: &crate::policy::ClassId| Agency {
            name: plain(policy.class_name(*class)),
            title: policy.classes().get(usize::from(*class)).and_then(|class| class.told.title.as_deref()).map(plain),
        };
        Head {
            agencies: column.population.classes.iter().map(agency).collect(),
            example: column.population.example.to_string(),
            purposes: Choice {
                named: column.purposes.iter().flatten().map(|one| policy.purpose_code(*one).to_owned()).collect(),
                others: column.purposes.contains(&None),
            },
            messages: Choice {
                named: column.messages.iter().flatten().map(|one| self.message(*one)).collect(),
                others: column.messages.contains(&None),
            },
        }
    }

    fn message(&self, key: MessageKeyId) -> String {
        self.messages.get(usize::from(key.0)).map_or_else(String::new, |name| plain(name))
    }

    /// The number of the cell of a tree, where these rules, of one column of the survey each, name the element.
    fn cell(&mut self, tree: Tree, naming: Vec<Vec<RuleId>>) -> Result<usize, ConfigError> {
        let key = (tree, naming);
        if let Some(number) = self.known.get(&key) {
            return Ok(*number);
        }
        let policy = self.survey.policy();
        let names = |set| policy.claim_names(set).into_iter().map(plain).collect();
        let mut cases = Vec::new();
        for case in self.survey.simple_cases(tree)? {
            let (becomes, treatment) = match case.value {
                Outcome::Released(treatment) => (Becomes::Released, Some(treatment)),
                Outcome::Held(treatment) => (Becomes::Held, Some(treatment)),
                Outcome::Removed => (Becomes::Removed, None),
            };
            let mut rules: Vec<RuleId> =
                key.1.iter().flat_map(|naming| deciding(policy, naming, case.with, case.value)).collect();
            rules.sort_unstable();
            rules.dedup();
            cases.push(CellCase { with: names(case.with), without: names(case.without), becomes, treatment, rules });
        }
        let (manner, summary, told) = summary(&cases);
        let cell = Cell { manner, summary, told, cases };
        // The same may be said of many columns by the same rules beside others.
        let text = serde_json::to_string(&cell).unwrap_or_default();
        let next = self.cells.len();
        let number = *self.numbers.entry(text).or_insert(next);
        if number == next {
            self.cells.push(cell);
        }
        self.known.insert(key, number);
        Ok(number)
    }
}

fn add(columns: &mut Vec<Arc<Column>>, column: Arc<Column>) {
    if !columns.iter().any(|own| Arc::ptr_eq(own, &column)) {
        columns.push(column);
    }
}

/// For every element the rules of a column that name it, reviews included.
fn naming(policy: &Policy, column: &Column, elements: usize) -> Vec<Vec<RuleId>> {
    let mut naming = vec![Vec::new(); elements];
    let mut reviews = Vec::new();
    for id in &column.rules {
        let mut add = |element: &ElementId| {
            if let Some(own) = naming.get_mut(element.index()) {
                own.push(*id);
            }
        };
        match policy.rule(*id).map(|rule| &rule.effect) {
            Some(Effect::Permit(elements)) => elements.iter().for_each(|(element, _)| add(element)),
            Some(Effect::Forbid(elements)) => elements.iter().for_each(add),
            Some(Effect::Review) => reviews.push(*id),
            None => {}
        }
    }
    naming.iter_mut().for_each(|own| own.extend(&reviews));
    naming
}

/// Of the rules that name an element those that decide what becomes of it when these claims alone are vouched for.
fn deciding(policy: &Policy, naming: &[RuleId], claims: crate::policy::ClaimSet, outcome: Outcome) -> Vec<RuleId> {
    let kind = |rule: &Rule| match rule.effect {
        Effect::Permit(_) => outcome != Outcome::Removed,
        Effect::Forbid(_) => outcome == Outcome::Removed,
        Effect::Review => matches!(outcome, Outcome::Held(_)),
    };
    let decides = |id: &RuleId| policy.rule(*id).is_some_and(|rule| rule.is_vouched(claims) && kind(rule));
    naming.iter().copied().filter(decides).collect()
}

fn told(rule: &Rule) -> RuleTold {
    RuleTold {
        id: plain(&rule.id),
        kind: match rule.effect {
            Effect::Permit(_) => "permit",
            Effect::Forbid(_) => "forbid",
            Effect::Review => "review",
        },
        title: rule.told.title.as_deref().map(plain),
        basis: rule.told.basis.as_deref().map(plain),
        line: rule.told.place.line,
    }
}
