//! Mutation test of the packs: whoever changes any single thing in a pack is told, by a case that fails or by `diff`. What
//! `diff` calls the same, the plain reading must call the same.
//!
//! A part of the mutants is tried here, another one of every pack; `PACK_MUTANTS=all` tries every one, and
//! `PACK_MUTANTS=illinois` all of one pack.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use dmv_redact_testing::catalog::Catalog;
use dmv_redact_testing::policies;
use dmv_redact_testing::policy::Policy;
use rayon::iter::{IntoParallelRefIterator, ParallelIterator};
use tempfile::TempDir;
use toml::{Table, Value};

use super::difference::difference;
use super::mutants::{Mutant, days, mutants};
use super::{Pack, packs};
use crate::command;

/// One of how many mutants is tried where nobody asked for more: each is a process that tests and one that compares, which
/// take ten times as long where they are not optimised.
const STRIDE: usize = if cfg!(debug_assertions) { 293 } else { 29 };

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Judgement {
    /// A case fails, or can't be asked any more.
    ByCases,
    /// The cases pass; `diff` says what was gained or lost.
    ByDiff,
    /// It means the same, and `diff` says so.
    Same,
    Unnoticed,
}

#[test]
fn every_single_change_of_a_pack_is_noticed() {
    let catalog = Catalog::shipped();
    let asked = std::env::var("PACK_MUTANTS").unwrap_or_default();
    let mut told = String::new();
    let mut unnoticed = Vec::new();
    for (turn, pack) in packs().iter().enumerate() {
        let all = mutants(&pack.table, &catalog);
        let is_whole = asked == "all" || asked == pack.name;
        if !asked.is_empty() && !is_whole {
            continue;
        }
        let stride = if is_whole { 1 } else { STRIDE };
        let tried: Vec<&Mutant> = all.iter().skip(if is_whole { 0 } else { turn }).step_by(stride).collect();
        let bench = Bench::of(pack, &catalog);
        assert!(bench.passes(&pack.table), "{}: its own cases fail", pack.name);
        let judged: Vec<Judgement> = tried.par_iter().map(|mutant| bench.judge(mutant)).collect();
        let mut counts: BTreeMap<Judgement, usize> = BTreeMap::new();
        for (mutant, judgement) in tried.iter().zip(&judged) {
            *counts.entry(*judgement).or_default() += 1;
            if *judgement == Judgement::Unnoticed {
                unnoticed.push(format!("{}: {}", pack.name, mutant.change));
            }
        }
        writeln!(told, "{}: {} of {} mutants, {counts:?}", pack.name, tried.len(), all.len()).unwrap();
    }
    println!("{told}");
    assert!(!told.is_empty(), "no pack is called {asked}");
    assert!(unnoticed.is_empty(), "{told}nobody noticed:\n{}", unnoticed.join("\n"));
}

/// A pack beside its mutants.
struct Bench<'p> {
    pack: &'p Pack,
    catalog: &'p Catalog,
}

impl<'p> Bench<'p> {
    fn of(pack: &'p Pack, catalog: &'p Catalog) -> Self {
        Self { pack, catalog }
    }

    fn judge(&self, mutant: &Mutant) -> Judgement {
        let by_cases = !self.passes(&mutant.policy);
        let differs = self.diff_tells(&mutant.policy);
        match (by_cases, differs) {
            (true, true) => Judgement::ByCases,
            (false, true) => Judgement::ByDiff,
            // A case may name who is in exactly one class, and fail though nobody gets more or less.
            (_, false) if self.differs(mutant).is_none() => Judgement::Same,
            (_, false) => Judgement::Unnoticed,
        }
    }

    /// Where the policy means something else, by the plain reading.
    fn differs(&self, mutant: &Mutant) -> Option<String> {
        let on = |day: &str, policy| Policy::on(day, policy, &policies(), self.catalog);
        let days = days([&self.pack.table, &mutant.policy]);
        days.iter().find_map(|day| difference(&on(day, &self.pack.table), &on(day, &mutant.policy)))
    }

    /// Whether the pack's cases pass under a policy of its name.
    fn passes(&self, policy: &Table) -> bool {
        let folder = folder(&self.pack.name, policy);
        let mut command = command(&["test", "--jobs", "1"]);
        command.arg(&self.pack.cases).arg("--policies").arg(folder.path());
        command.output().unwrap().status.success()
    }

    /// Whether `diff` tells of anything gained or lost, or refuses the policy.
    fn diff_tells(&self, policy: &Table) -> bool {
        let folder = folder(&self.pack.name, policy);
        let file = format!("{}.toml", self.pack.name);
        days([&self.pack.table, policy]).iter().any(|day| {
            let mut command = command(&["diff", "--output", "json", "--date", day]);
            let output = command.arg(policies().join(&file)).arg(folder.path().join(&file)).output().unwrap();
            if output.status.code() == Some(2) {
                return true;
            }
            let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
            !told["changes"].as_array().unwrap().is_empty() || told.get("duties").is_some()
        })
    }
}

/// A folder with a policy and the tables of ORIs.
fn folder(name: &str, policy: &Table) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(format!("{name}.toml")), written(policy)).unwrap();
    for table in tables(&policies()) {
        fs::copy(&table, folder.path().join(table.file_name().unwrap())).unwrap();
    }
    folder
}

fn tables(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.extension().is_some_and(|ending| ending == "csv")).collect()
}

/// A policy as TOML: tables of texts, lists of texts and lists of rules are all there is.
fn written(policy: &Table) -> String {
    let mut text = String::new();
    for (key, value) in policy {
        match value {
            Value::Array(rules) => {
                for rule in rules {
                    section(&mut text, &format!("[[{key}]]"), rule.as_table().unwrap());
                }
            }
            Value::Table(classes) if key == "agencies" => {
                for (class, declared) in classes {
                    section(&mut text, &format!("[agencies.{class}]"), declared.as_table().unwrap());
                }
            }
            other => section(&mut text, &format!("[{key}]"), other.as_table().unwrap()),
        }
    }
    text
}

fn section(text: &mut String, head: &str, table: &Table) {
    writeln!(text, "{head}").unwrap();
    for (key, value) in table {
        writeln!(text, "{key} = {}", plainly(value)).unwrap();
    }
}

fn plainly(value: &Value) -> String {
    match value {
        Value::String(text) => format!("{text:?}"),
        Value::Array(items) => format!("[{}]", items.iter().map(plainly).collect::<Vec<_>>().join(", ")),
        Value::Table(table) => {
            let pairs: Vec<String> = table.iter().map(|(key, value)| format!("{key:?} = {}", plainly(value))).collect();
            format!("{{ {} }}", pairs.join(", "))
        }
        other => panic!("a policy has no {other:?}"),
    }
}
