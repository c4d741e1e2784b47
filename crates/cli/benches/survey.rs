//! How long `check`, `matrix` and `diff` take on policies as large as a state's: 18,000 agencies, 1,000 rules.
//!
//! Two of them. In the plain one an agency is in one class of 300, a few in a task force too, and 6 claims are asked for. In the
//! tangled one every agency is in three classes of 430 at least and 16 claims are asked for: some 4,000 sets of classes, more
//! than a hundred thousand columns of a matrix, which nobody could read and which has to be exact all the same.
//!
//! `cargo bench --bench survey` prints the times; `cargo bench --bench survey -- FOLDER` leaves the policies there.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a bench that can't go on has failed")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const AGENCIES: usize = 18_000;
const RULES: usize = 1_000;
const STATES: usize = 50;
const KINDS: usize = 12;
const RUNS: usize = 5;

/// A sequence that looks random and always is the same.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % bound as u64) as usize
    }

    fn some<'a>(&mut self, all: &[&'a str], most: usize) -> Vec<&'a str> {
        let mut some: Vec<&str> = (0..=self.below(most)).map(|_| all[self.below(all.len())]).collect();
        some.sort_unstable();
        some.dedup();
        some
    }
}

fn state(number: usize) -> String {
    let letter = |n: usize| char::from(b'A' + (n % 26) as u8);
    format!("{}{}", letter(number / 7), letter(number * 3))
}

/// The classes of a policy, each with its ORIs, and how its rules are.
struct Shape {
    classes: Vec<(String, Vec<String>)>,
    claims: usize,
    /// How many classes a rule names at most, less one.
    named: usize,
}

/// Classes by list, task forces that take agencies of several, and patterns for what no list names.
fn plain() -> Shape {
    let mut classes: Vec<(String, Vec<String>)> = Vec::new();
    classes.extend((0..STATES).map(|one| (format!("state-{one}"), vec![format!("{}*", state(one))])));
    classes.extend((0..230).map(|one| (format!("kind-{one}"), Vec::new())));
    classes.extend((0..20).map(|one| (format!("force-{one}"), Vec::new())));
    for agency in 0..AGENCIES {
        let ori = format!("{}{:05}00", state(agency % STATES), agency);
        classes[STATES + agency % 230].1.push(ori.clone());
        if agency % 50 == 0 {
            classes[STATES + 230 + agency / 50 % 20].1.push(ori);
        }
    }
    Shape { classes, claims: 6, named: 2 }
}

/// Classes by state, by kind and by county, of which every agency has one each, task forces, and patterns for what no list
/// names.
fn tangled() -> Shape {
    let mut numbers = Numbers(1);
    let mut classes: Vec<(String, Vec<String>)> = Vec::new();
    classes.extend((0..STATES).map(|one| (format!("state-{one}"), vec![format!("{}*", state(one))])));
    classes.extend((0..KINDS).map(|one| (format!("kind-{one}"), vec![format!("??{:02}?????", one)])));
    classes.extend((0..300).map(|one| (format!("county-{one}"), Vec::new())));
    classes.extend((0..60).map(|one| (format!("force-{one}"), vec![format!("??K{one:02}*")])));
    classes.extend((0..8).map(|one| (format!("federal-{one}"), vec![format!("??FB{one}*"), format!("*{one}FB")])));
    for agency in 0..AGENCIES {
        let (own, kind, county) = (agency % STATES, numbers.below(KINDS), agency % 300);
        let ori = format!("{}{:05}{:02}", state(own), agency, kind);
        for class in [own, STATES + kind, STATES + KINDS + county] {
            classes[class].1.push(ori.clone());
        }
        if agency % 50 == 0 {
            classes[STATES + KINDS + 300 + agency / 50 % 60].1.push(ori);
        }
    }
    Shape { classes, claims: 16, named: 4 }
}

/// `change` of the rules are others than in the policy of 0.
fn policy(shape: &Shape, change: usize) -> String {
    let Shape { classes, claims, named } = shape;
    let claims: Vec<String> = (0..*claims).map(|claim| format!("claim-{claim}")).collect();
    let mut text = format!("[policy]\nname = \"large\"\nversion = \"{change}\"\nclaims = {claims:?}\n");
    let has_federal = classes.iter().any(|(name, _)| name == "federal-0");
    for (name, oris) in classes {
        let is_excepting = has_federal && name.starts_with("state");
        let except = if is_excepting { "except = [\"federal-0\", \"federal-1\"]\n" } else { "" };
        text += &format!("[agencies.{name}]\nori = {oris:?}\n{except}");
    }
    let names: Vec<&str> = classes.iter().map(|(name, _)| name.as_str()).collect();
    let claims: Vec<&str> = claims.iter().map(String::as_str).collect();
    let elements = [
        "person.name",
        "person.birth-date",
        "person.sex",
        "person.address",
        "license.number",
        "license.status",
        "license.class",
        "history",
        "vehicle",
        "registration",
        "owner",
        "biometric.photo",
        "person.ssn",
        "response.caveat",
    ];
    for rule in 0..RULES {
        let mut own = Numbers(if rule < change { 77_000 } else { 2_000 } + rule as u64);
        own.below(2);
        let kind = ["permit", "permit", "permit", "forbid"][own.below(4)];
        text += &format!("[[{kind}]]\nid = \"rule-{rule}\"\nbasis = \"statute {rule}\"\n");
        text += &format!("agencies = {:?}\nelements = {:?}\n", own.some(&names, *named), own.some(&elements, 4));
        for (name, all, chance) in [
            ("purposes", &["C", "D", "E", "F", "J", "S"][..], 3),
            ("messages", &["DR", "KR", "RR"], 6),
            ("requires", &claims, 4),
            ("unless", &claims, 6),
        ] {
            if own.below(chance) == 0 {
                text += &format!("{name} = {:?}\n", own.some(all, 2));
            }
        }
    }
    let reviewed = if has_federal { "federal-0" } else { "force-0" };
    text + &format!("[[review]]\nid = \"review\"\nagencies = [\"{reviewed}\"]\nunless = [\"claim-0\"]\n")
}

fn time(arguments: &[&str]) -> Duration {
    let run = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_dmv-redact"));
        let begun = Instant::now();
        let status = command.args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
        assert!(matches!(status.code(), Some(0 | 3)), "{arguments:?}: {status}");
        begun.elapsed()
    };
    (0..RUNS).map(|_| run()).min().unwrap_or_default()
}

fn main() {
    let kept = std::env::args().skip(1).find(|argument| !argument.starts_with('-')).map(PathBuf::from);
    let folder = tempfile::TempDir::new().unwrap();
    let folder: &Path = kept.as_deref().unwrap_or(folder.path());
    for (name, shape) in [("plain", plain()), ("tangled", tangled())] {
        let write = |part: &str, change: usize| {
            let path = folder.join(format!("{name}-{part}.toml"));
            fs::write(&path, policy(&shape, change)).unwrap();
            path.display().to_string()
        };
        let [old, few, all] = [("old", 0), ("few", 20), ("all", RULES)].map(|(part, change)| write(part, change));
        for arguments in [
            vec!["check", "--policy", &old],
            vec!["matrix", "--policy", &old],
            vec!["matrix", "--policy", &old, "--output", "json"],
            vec!["matrix", "--policy", &old, "--output", "html"],
            vec!["diff", &old, &old],
            vec!["diff", &old, &few],
            vec!["diff", &old, &all],
            vec!["diff", &old, &all, "--output", "json"],
        ] {
            let told: Vec<&str> = arguments.iter().map(|part| part.rsplit('/').next().unwrap_or(part)).collect();
            println!("{:>7.0} ms  {}", time(&arguments).as_secs_f64() * 1000.0, told.join(" "));
        }
    }
}
