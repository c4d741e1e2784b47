//! Makes the matrix of a policy out of its survey.

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use super::cell::{Becomes, CellCase, summary};
use super::{Agency, Cell, Choice, Code, Head, Matrix, PolicyTold, Row, RuleTold, plain};
use crate::catalog::{Catalog, ElementId};
use crate::config::ConfigError;
use crate::policy::survey::{Column, KindId, Kinds, Outcome, Population, RuleId, Survey, Tree};
use crate::policy::{Effect, MessageKeyId, Policy, PurposeId, Rule};

/// What a matrix is made of.
pub(crate) struct MatrixBuilder<'s> {
    survey: &'s Survey<'s>,
    catalog: &'s Catalog,
    /// The names of message keys, by their places.
    messages: &'s [String],
    kinds: Arc<Kinds>,
    /// For each rule the kinds of elements that it names; `None` for a review, which is on all.
    named: Vec<Option<Vec<KindId>>>,
    cells: Vec<Cell>,
    known: HashMap<(Tree, Vec<RuleId>), usize>,
    numbers: HashMap<String, usize>,
}

/// One column before its cells are told: for whom it is, one of the columns of the survey that are alike, and the rules of
/// all of them.
struct Alike<'p> {
    population: &'p Population,
    purposes: Vec<Option<PurposeId>>,
    messages: Vec<Option<MessageKeyId>>,
    column: Arc<Column>,
    rules: Vec<RuleId>,
}

/// Purposes for which every message key gets the same.
struct Group<'c> {
    /// For each message key the number of what it gets.
    numbers: Vec<usize>,
    purposes: Vec<Option<PurposeId>>,
    /// For each message key the columns of the survey, of all these purposes.
    columns: Vec<Vec<&'c Arc<Column>>>,
}

/// What message keys get of a group: its number, the keys, and the columns of the survey.
type Part<'c> = (usize, Vec<Option<MessageKeyId>>, Vec<&'c Arc<Column>>);

impl<'s> MatrixBuilder<'s> {
    pub(crate) fn new(survey: &'s Survey<'s>, catalog: &'s Catalog, messages: &'s [String]) -> Self {
        let kinds = survey.kinds();
        let named = |rule: &Rule| match rule.effect {
            Effect::Review => None,
            _ => Some(kinds.named(rule).into_iter().map(|(kind, _)| kind).collect()),
        };
        let named = survey.policy().rules().iter().map(named).collect();
        let (cells, known, numbers) = (Vec::new(), HashMap::new(), HashMap::new());
        Self { survey, catalog, messages, kinds, named, cells, known, numbers }
    }

    /// The matrix.
    ///
    /// # Errors
    /// When the policy can't be surveyed.
    pub(crate) fn build(mut self) -> Result<Matrix, ConfigError> {
        let policy = self.survey.policy();
        let (purposes, messages) = (self.survey.purposes(), self.survey.messages());
        let mut alike = Vec::new();
        for population in self.survey.populations()?.iter().filter(|population| !population.classes.is_empty()) {
            self.divide(population, (&purposes, &messages), &mut alike)?;
        }
        let is_body = |(_, element): &(ElementId, &crate::Element)| !element.is_envelope();
        let elements: Vec<(ElementId, &crate::Element)> = self.catalog.iter().filter(is_body).collect();
        // In the order of their first elements that have a row.
        let mut kinds: Vec<KindId> = Vec::new();
        for kind in elements.iter().filter_map(|(element, _)| self.kinds.kind(*element)) {
            if !kinds.contains(&kind) {
                kinds.push(kind);
            }
        }
        let mut cells: Vec<Vec<usize>> = vec![Vec::with_capacity(alike.len()); self.kinds.count()];
        for column in &alike {
            let mut naming = self.naming(&column.rules);
            for kind in &kinds {
                let rules = naming.get_mut(*kind).map(std::mem::take).unwrap_or_default();
                if let (Some(tree), Some(own)) = (column.column.cells().get(*kind), cells.get_mut(*kind)) {
                    own.push(self.cell(*tree, rules)?);
                }
            }
        }
        let cells: Vec<Rc<[usize]>> = cells.into_iter().map(Rc::from).collect();
        let row = |(element, told): &(ElementId, &crate::Element)| Row {
            element: plain(told.id()),
            title: plain(told.title()),
            dppa: told.sensitivity(),
            cells: self.kinds.kind(*element).and_then(|kind| cells.get(kind)).cloned().unwrap_or_default(),
        };
        let rows = elements.iter().map(row).collect();
        let identity = policy.identity();
        Ok(Matrix {
            policy: PolicyTold {
                name: plain(&identity.name),
                version: plain(&identity.version),
                title: policy.title().map(plain),
                sha256: identity.sha256.clone(),
            },
            purposes: policy.purposes().to_vec(),
            messages: messages.iter().flatten().filter_map(|key| self.message(*key)).collect(),
            columns: alike.iter().map(|column| self.head(column, (&purposes, &messages))).collect(),
            elements: rows,
            cells: self.cells,
            rules: policy.rules().iter().map(told).collect(),
        })
    }

    /// Puts purposes and message keys together for which a population gets the same.
    fn divide<'p>(
        &self,
        population: &'p Population,
        (purposes, messages): (&[Option<PurposeId>], &[Option<MessageKeyId>]),
        into: &mut Vec<Alike<'p>>,
    ) -> Result<(), ConfigError> {
        let places: Vec<_> =
            purposes.iter().flat_map(|purpose| messages.iter().map(move |message| (*purpose, *message))).collect();
        let columns = self.survey.columns(&population.classes, &places)?;
        let mut by_cells: HashMap<&[Tree], usize> = HashMap::new();
        let mut groups: Vec<Group<'_>> = Vec::new();
        for (purpose, columns) in purposes.iter().zip(columns.chunks(messages.len().max(1))) {
            let mut numbers = Vec::with_capacity(columns.len());
            for column in columns {
                let next = by_cells.len();
                numbers.push(*by_cells.entry(column.cells()).or_insert(next));
            }
            match groups.iter_mut().find(|group| group.numbers == numbers) {
                Some(group) => {
                    group.purposes.push(*purpose);
                    group.columns.iter_mut().zip(columns).for_each(|(own, column)| own.push(column));
                }
                None => groups.push(Group {
                    numbers,
                    purposes: vec![*purpose],
                    columns: columns.iter().map(|column| vec![column]).collect(),
                }),
            }
        }
        for Group { numbers, purposes, columns } in groups {
            let mut parts: Vec<Part<'_>> = Vec::new();
            for ((number, message), columns) in numbers.into_iter().zip(messages).zip(columns) {
                match parts.iter_mut().find(|(own, ..)| *own == number) {
                    Some((_, keys, alike)) => {
                        keys.push(*message);
                        alike.extend(columns);
                    }
                    None => parts.push((number, vec![*message], columns)),
                }
            }
            for (_, messages, columns) in parts {
                let mut rules: Vec<RuleId> = columns.iter().flat_map(|column| column.rules.iter().copied()).collect();
                rules.sort_unstable();
                rules.dedup();
                let Some(column) = columns.first().map(|column| Arc::clone(column)) else { continue };
                into.push(Alike { population, purposes: purposes.clone(), messages, column, rules });
            }
        }
        Ok(())
    }

    /// Whom a column is of; `all` are the purposes and message keys that columns are of.
    fn head(&self, column: &Alike<'_>, all: (&[Option<PurposeId>], &[Option<MessageKeyId>])) -> Head {
        let policy = self.survey.policy();
        let agency = |class: &crate::policy::ClassId| Agency {
            name: plain(policy.class_name(*class)),
            title: policy
                .classes()
                .get(usize::from(*class))
                .and_then(|class| class.metadata.title.as_deref())
                .map(plain),
        };
        Head {
            agencies: column.population.classes.iter().map(agency).collect(),
            example: column.population.example.to_string(),
            purposes: Choice::of(&column.purposes, all.0, |purpose| match purpose {
                Some(purpose) => Code::Named(policy.purpose_code(*purpose).to_owned()),
                None => Code::None,
            }),
            messages: Choice::of(&column.messages, all.1, |key| match key {
                Some(key) => self.message(*key).map_or(Code::Other, Code::Named),
                None => Code::None,
            }),
        }
    }

    /// The name of a message key; `None` for every other one.
    fn message(&self, key: MessageKeyId) -> Option<String> {
        self.messages.get(usize::from(key.0)).map(|name| plain(name))
    }

    /// For every kind of elements those of some rules that name it, reviews included, in order.
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
            let rules = deciding(policy, &key.1, case.with, case.value);
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
        title: rule.metadata.title.as_deref().map(plain),
        basis: rule.metadata.basis.as_deref().map(plain),
        line: rule.metadata.position.line,
    }
}
