//! The packs: built-in policies. What is written is a policy that includes one, with rosters and rules of its own, beside the
//! cases of the pack, in the layout of the starter.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use clap::ValueEnum;
use serde::Deserialize;

use super::Contents;
use dmv_redact::ConfigError;
use dmv_redact::shipped::{PACK_CASES, PACKS};
use dmv_redact_model::config::Document;

/// A policy that ships, with the tables that it names and the cases that test it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Pack {
    /// Arizona (AZ)
    Arizona,
    /// Built-in strict baseline
    Baseline,
    /// California (CA)
    California,
    /// Colorado (CO)
    Colorado,
    /// Connecticut: a template, not verified law (CT)
    Connecticut,
    /// Delaware: a template, not verified law (DE)
    Delaware,
    /// Federal law alone (US)
    Dppa,
    /// Hawaii: a template, not verified law (HI)
    Hawaii,
    /// Illinois (IL)
    Illinois,
    /// Maryland (MD)
    Maryland,
    /// Massachusetts (MA)
    Massachusetts,
    /// Minnesota (MN)
    Minnesota,
    /// New Jersey: a template, not verified law (NJ)
    NewJersey,
    /// New York (NY)
    NewYork,
    /// Oregon (OR)
    Oregon,
    /// Rhode Island: a template, not verified law (RI)
    RhodeIsland,
    /// Vermont: a template, not verified law (VT)
    Vermont,
    /// Virginia (VA)
    Virginia,
    /// Washington (WA)
    Washington,
    /// Wisconsin (WI)
    Wisconsin,
}

/// The folder of the case that every pack has, used in its first steps.
const SAMPLE: &str = "cases/in-state";

/// What a case says about its request.
#[derive(Deserialize)]
struct CaseRequest {
    purpose: Option<String>,
    #[serde(default)]
    claims: Vec<String>,
}

/// What a pack says of the policy that includes it.
#[derive(Deserialize)]
struct PackHead {
    policy: PackIdentity,
    #[serde(default)]
    agencies: BTreeMap<String, PackClass>,
}

#[derive(Deserialize)]
struct PackIdentity {
    title: Option<String>,
    jurisdiction: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct PackClass {
    title: Option<String>,
    ori_file: Option<String>,
}

/// The files that packs consist of, by their paths in `policies/`, each with its content.
fn shipped() -> impl Iterator<Item = (&'static str, &'static str)> {
    PACKS
        .iter()
        .chain(PACK_CASES)
        .filter_map(|document| Some((document.file.strip_prefix("policies/")?, document.text)))
}

impl Pack {
    /// Its name in `policies/` and on the command line.
    fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }

    /// Its policy, as it is built in.
    pub(super) fn text(self) -> &'static str {
        let file = format!("{}.toml", self.name());
        shipped().find(|(own, _)| *own == file).map_or("", |(_, text)| text)
    }

    /// Its files, and the request used in its first steps.
    pub(super) fn contents(self) -> Result<Contents, ConfigError> {
        let name = self.name();
        let mut files = Vec::new();
        for (file, text) in self.shipped() {
            if file == format!("{name}.toml") {
                files.extend(including(&name, Document { file, text })?);
            } else if !file.ends_with(".csv") {
                files.push(relocate(&name, file, text));
            }
        }
        let case = format!("{SAMPLE}/case.toml");
        let text = files.iter().find(|(file, _)| *file == case).map_or("", |(_, text)| text);
        let asked: CaseRequest = Document { file: &case, text }.parse()?;
        let purpose = asked.purpose.iter().map(|purpose| format!("--purpose {purpose} "));
        let claims = asked.claims.iter().map(|claim| format!("--claim {claim} "));
        let request = purpose.chain(claims).chain([format!("{SAMPLE}/message.xml")]).collect();
        Ok(Contents { files, request })
    }

    /// Its files in `policies/`: its policy, its cases, and the rosters and messages that these name.
    fn shipped(self) -> Vec<(&'static str, &'static str)> {
        let own: Vec<&str> = shipped().filter(|(file, _)| self.owns(file)).map(|(_, text)| text).collect();
        let mut files = Vec::new();
        for (file, text) in shipped() {
            let reference = reference_to(file);
            if self.owns(file) || own.iter().any(|text| text.contains(&reference)) {
                files.push((file, text));
            }
        }
        files
    }

    /// Whether a built-in file is its policy or of one of its cases.
    fn owns(self, file: &str) -> bool {
        file == format!("{}.toml", self.name()) || file.starts_with(&format!("cases/{}/", self.name()))
    }
}

/// How a policy or a case names a built-in file.
fn reference_to(file: &str) -> String {
    match file.strip_prefix("cases/") {
        Some(message) => format!("\"../../{message}\""),
        None => format!("\"{file}\""),
    }
}

/// A policy that includes a pack, and its rosters, which are empty: each adds to a class of the pack that has a roster.
fn including(pack: &str, document: Document<'_>) -> Result<Vec<(String, String)>, ConfigError> {
    let PackHead { policy, agencies } = document.parse()?;
    let title = policy.title.unwrap_or_default();
    let jurisdiction = policy.jurisdiction.map_or_else(String::new, |state| format!("jurisdiction = \"{state}\"\n"));
    let mut text = format!(
        "#:schema ./schemas/policy.schema.json
#
# My state's policy, on the pack `{pack}`: the law as its authors read it, which is built in. The pack is a model, and no legal
# advice; `dmv-redact init --pack {pack} --print` shows its text, with the sources of every rule.
#
# What the pack permits, forbids, holds and asks for holds as it is written there: it isn't edited. Here stands what is the
# state's own: who is in the pack's classes, and rules. A forbid takes away whatever is permitted; `dmv-redact check` tells
# what is permitted beyond the pack, and to whom.

[policy]
name = \"my-{pack}\"
version = \"1\" # change it with the policy: every receipt carries it
title = \"{title}, with what is our own\"
{jurisdiction}include = \"{pack}\"
"
    );
    let rosters: Vec<(String, PackClass)> =
        agencies.into_iter().filter(|(_, class)| class.ori_file.is_some()).collect();
    if !rosters.is_empty() {
        text.push_str(
            "
# Who is in the pack's classes beyond those that it lists: fill in the rosters. An ORI that is listed exactly is in no class by
# a pattern any more.
",
        );
    }
    let mut files = Vec::new();
    for (name, class) in rosters {
        let (Some(file), title) = (class.ori_file, class.title.unwrap_or_default()) else { continue };
        // Writing to a string can't fail.
        let _ = write!(text, "\n# {title}\n[agencies.{name}]\nori-file = \"{file}\"\n");
        files.push((file, format!("ori,from,until,source,note\n# {title}.\n# One ORI a line, with its commas; the days and the notes may be left empty.\n")));
    }
    text.push_str(
        "
# Rules of our own, each with an `id` that the pack hasn't. For example, to let no employment query see a photo:
#
# [[forbid]]
# id = \"no-photo-for-employment\"
# title = \"...\"
# basis = \"...\"
# purposes = [\"E\"]
# when-absent = \"skip\"    # a plain DQ or RQ states no purpose: else it would be for each of them, too
# elements = [\"biometric\"]
",
    );
    Ok([("policy.toml".to_owned(), text)].into_iter().chain(files).collect())
}

/// The path of a case's file in the folder of a policy, and its content there: paths in it change, and every table names its
/// schema.
fn relocate(pack: &str, file: &str, text: &str) -> (String, String) {
    let Some(case) = file.strip_prefix(&format!("cases/{pack}/")) else {
        return (file.to_owned(), text.to_owned());
    };
    let placed = format!("cases/{case}");
    if !case.ends_with(".toml") {
        return (placed, text.to_owned());
    }
    let home = "../".repeat(placed.matches('/').count());
    let table = if case == "matrix.toml" { "matrix" } else { "case" };
    let text = text.replacen(&format!("policy = \"{pack}\""), &format!("policy = \"{home}policy.toml\""), 1).replacen(
        "message = \"../../messages/",
        "message = \"../messages/",
        1,
    );
    (placed, format!("#:schema {home}schemas/{table}.schema.json\n\n{text}"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    const POLICIES_FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../policies");

    /// Every file below a folder, by its path from `root`.
    fn files(root: &Path, folder: &Path, found: &mut BTreeSet<String>) {
        for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            match path.is_dir() {
                true => files(root, &path, found),
                false => drop(found.insert(path.strip_prefix(root).unwrap().display().to_string())),
            }
        }
    }

    #[test]
    fn every_file_of_the_policies_that_ship_is_built_in() {
        let mut in_folder = BTreeSet::new();
        let folder = Path::new(POLICIES_FOLDER);
        files(folder, folder, &mut in_folder);
        // It is for the README and the fixtures: it invents offices, so that every kind of rule has an example.
        in_folder.retain(|file| !file.starts_with("example-state"));
        let built_in: BTreeSet<String> = shipped().map(|(file, _)| file.to_owned()).collect();
        assert_eq!(in_folder, built_in);
        assert_eq!(PACKS.len() + PACK_CASES.len(), built_in.len());
    }

    #[test]
    fn every_file_that_ships_is_in_a_pack_and_every_policy_is_one() {
        let packs = Pack::value_variants();
        let packed: BTreeSet<&str> = packs.iter().flat_map(|pack| pack.shipped()).map(|(file, _)| file).collect();
        assert_eq!(packed, shipped().map(|(file, _)| file).collect());
        let policies = shipped().filter_map(|(file, _)| file.strip_suffix(".toml")).filter(|file| !file.contains('/'));
        assert_eq!(packs.iter().map(|pack| pack.name()).collect::<Vec<_>>(), policies.collect::<Vec<_>>());
    }

    #[test]
    fn the_help_has_the_title_and_the_jurisdiction_of_every_pack() {
        for pack in Pack::value_variants() {
            let policy = std::fs::read_to_string(format!("{POLICIES_FOLDER}/{}.toml", pack.name())).unwrap();
            let policy: toml::Table = policy.parse().unwrap();
            let policy = &policy["policy"];
            let state = policy.get("jurisdiction").and_then(toml::Value::as_str);
            let state = state.map_or_else(String::new, |state| format!(" ({state})"));
            let wanted = format!("{}{state}", policy.get("title").and_then(toml::Value::as_str).unwrap());
            assert_eq!(pack.to_possible_value().unwrap().get_help().unwrap().to_string(), wanted);
        }
    }
}
