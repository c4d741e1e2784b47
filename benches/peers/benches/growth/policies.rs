//! Policies of 10 to 10,000 rules and of 18,000 agencies: what they cost when they are compiled, when a decision is made and
//! when it is found again.
//!
//! All of them grant the requester that asks here the same, so that the messages take the same work.

use std::fmt::Write as _;
use std::fs;
use std::time::Duration;

use dmv_redact::{Filter, FilterBuilder, Requester};
use dmv_redact_peers::messages::{classes, police};
use dmv_redact_peers::report::target;
use dmv_redact_peers::timing::{processor_time, seconds_per_call};

/// So many requests differ in their claims alone: each is decided anew.
const CLAIMS: usize = 6;
/// A message may take so many times what it takes under the smallest policy.
const FLAT: f64 = 1.25;
const AGENCIES: usize = 18_000;
const PASSES: usize = 5;
const ROUND: Duration = Duration::from_millis(30);

const STATES: [&str; 50] = [
    "AL", "AK", "AZ", "AR", "CA", "CO", "CT", "DE", "FL", "GA", "HI", "ID", "IL", "IN", "IA", "KS", "KY", "LA", "ME",
    "MD", "MA", "MI", "MN", "MS", "MO", "MT", "NB", "NV", "NH", "NJ", "NM", "NY", "NC", "ND", "OH", "OK", "OR", "PA",
    "RI", "SC", "SD", "TN", "TX", "UT", "VT", "VA", "WA", "WV", "WI", "WY",
];
/// What the requester gets under every policy here.
const GRANTED: &str =
    r#""person.name", "person.birth-date", "person.sex", "person.height", "license.number", "license.class""#;
const SELECTORS: [&str; 8] =
    ["person.name", "person.address", "license", "vehicle", "registration.plate", "history", "biometric", "person.ssn"];

struct Policy {
    name: String,
    rules: usize,
    classes: usize,
    oris: usize,
    text: String,
    /// Lines of an ORI file beside it.
    file: Option<String>,
}

pub(crate) fn table() -> String {
    let mut policies: Vec<Policy> = [10, 100, 1_000, 10_000].map(of_rules).into();
    policies.extend([in_a_file(), by_state(), one_by_one()]);
    let mut text = "The fastest of five passes. Compiling is `build()`, less that of a policy with one rule; the times a message are \
                    on the dense messages, decided before or (JSON) decided anew.\n\n"
        .to_owned();
    let _ = writeln!(
        text,
        "| policy | rules | classes | ORIs | KB | compiled, ms | JSON, µs | XML, µs | decided anew, µs | flat |"
    );
    let _ = writeln!(text, "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |");
    let one_rule = of_rules(1);
    let with_one = || std::iter::once(&one_rule).chain(&policies);
    let mut all: Vec<Costs> = with_one().map(Costs::of).collect();
    // One pass over all policies after the other, so that what disturbs for a while doesn't fall on one of them.
    for _ in 1..PASSES {
        for (costs, policy) in all.iter_mut().zip(with_one()) {
            costs.take_least(&Costs::of(policy));
        }
    }
    let (least, all) = all.split_first().unwrap();
    for (costs, policy) in all.iter().zip(&policies) {
        let growth = (costs.json / all[0].json).max(costs.xml / all[0].xml);
        let flat = if growth > FLAT { format!("**grows {growth:.1} x**") } else { "yes".to_owned() };
        let Policy { name, rules, classes, oris, .. } = policy;
        let kilobytes = (policy.text.len() + policy.file.as_ref().map_or(0, String::len)) / 1000;
        let compiled = (costs.build - least.build) * 1e3;
        let [json, xml, anew] = [costs.json, costs.xml, costs.anew].map(|seconds| seconds * 1e6);
        let _ = writeln!(
            text,
            "| {name} | {rules} | {classes} | {oris} | {kilobytes} | {compiled:.1} | {json:.2} | {xml:.2} | {anew:.1} | {flat} |"
        );
    }
    let _ =
        writeln!(text, "\n`build()` with a policy of one rule takes {:.1} ms: catalog and formats.", least.build * 1e3);
    text
}

impl Policy {
    fn builder(&self) -> FilterBuilder {
        let builder = Filter::builder().second_reading(false);
        let Some(file) = &self.file else {
            return builder.policy_text(&self.name, &self.text);
        };
        let folder = target().join("peers");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("oris.csv"), file).unwrap();
        let path = folder.join("policy.toml");
        fs::write(&path, &self.text).unwrap();
        builder.policy_path(path)
    }
}

/// Seconds that a policy costs.
struct Costs {
    build: f64,
    json: f64,
    xml: f64,
    anew: f64,
}

impl Costs {
    fn of(policy: &Policy) -> Self {
        let builder = policy.builder();
        let start = processor_time();
        let filter = builder.build().unwrap();
        let build = (processor_time() - start).as_secs_f64();
        let [json, xml] = ["json-dense", "xml-dense"].map(|class| message_seconds(&filter, class));
        Self { build, json, xml, anew: decided_anew(&filter) }
    }

    fn take_least(&mut self, other: &Self) {
        self.build = self.build.min(other.build);
        self.json = self.json.min(other.json);
        self.xml = self.xml.min(other.xml);
        self.anew = self.anew.min(other.anew);
    }
}

fn message_seconds(filter: &Filter, class: &str) -> f64 {
    let class = classes().into_iter().find(|other| other.name == class).unwrap();
    let message = class.messages.first().unwrap();
    let mut out = Vec::new();
    assert!(filter.redact(message, &police(), &mut out).disposition().releases());
    seconds_per_call(ROUND, || drop(filter.redact(message, &police(), &mut out)))
}

/// Seconds for a message whose decision isn't cached: the median over all subsets of the claims.
fn decided_anew(filter: &Filter) -> f64 {
    let class = classes().into_iter().find(|class| class.name == "json-dense").unwrap();
    let message = class.messages.first().unwrap();
    let mut out = Vec::new();
    let mut anew = |subset: usize| {
        let claims = (0..CLAIMS).filter(|place| subset >> place & 1 == 1);
        let requester: Requester = claims.fold(police(), |requester, place| requester.claim(format!("claim-{place}")));
        let start = processor_time();
        let receipt = filter.redact(message, &requester, &mut out);
        let seconds = (processor_time() - start).as_secs_f64();
        assert!(receipt.disposition().releases());
        seconds
    };
    let mut seconds: Vec<f64> = (1..1 << CLAIMS).map(&mut anew).collect();
    seconds.sort_by(f64::total_cmp);
    seconds[seconds.len() / 2]
}

fn header() -> String {
    let claims: Vec<String> = (0..CLAIMS).map(|place| format!("\"claim-{place}\"")).collect();
    format!("[policy]\nname = \"generated\"\nversion = \"1\"\nclaims = [{}]\n", claims.join(", "))
}

/// The ORI of an agency; the first is the one that asks here.
fn ori(place: usize) -> String {
    match place {
        0 => "AZ0070000".to_owned(),
        _ => format!("{}{:05}00", STATES[place % STATES.len()], 1_000 + place / STATES.len()),
    }
}

fn rule(text: &mut String, place: usize, class: &str) {
    let (kind, elements) = match place {
        0 => ("permit", GRANTED.to_owned()),
        _ if place % 5 == 4 => ("forbid", format!("\"{}\"", SELECTORS[place % SELECTORS.len()])),
        _ => ("permit", format!("\"{}\", \"{}\"", SELECTORS[place % 8], SELECTORS[(place / 8) % 8])),
    };
    // The requester's own class has one rule for its purpose; the others are for another, so that all policies grant alike.
    let purposes = if place == 0 { "\"C\"" } else { "\"D\", \"F\"" };
    let _ = writeln!(
        text,
        "[[{kind}]]\nid = \"rule-{place}\"\nagencies = [\"{class}\"]\npurposes = [{purposes}]\nelements = [{elements}]"
    );
}

/// Ten rules for each class of five agencies.
fn of_rules(rules: usize) -> Policy {
    let classes = rules.div_ceil(10);
    let mut text = header();
    for class in 0..classes {
        let oris: Vec<String> = (0..5).map(|place| format!("\"{}\"", ori(class * 5 + place))).collect();
        let _ = writeln!(text, "[agencies.class-{class}]\nori = [{}]", oris.join(", "));
    }
    for place in 0..rules {
        rule(&mut text, place, &format!("class-{}", place / 10));
    }
    Policy { name: format!("{rules} rules"), rules, classes, oris: classes * 5, text, file: None }
}

/// One class whose agencies stand in a file.
fn in_a_file() -> Policy {
    let mut text = header() + "[agencies.all]\nori-file = \"oris.csv\"\n";
    (0..10).for_each(|place| rule(&mut text, place, "all"));
    let lines: Vec<String> = (0..AGENCIES).map(ori).collect();
    let name = "18,000 agencies in a file".to_owned();
    Policy { name, rules: 10, classes: 1, oris: AGENCIES, text, file: Some(lines.join("\n")) }
}

/// A class for every state.
fn by_state() -> Policy {
    let mut text = header();
    for state in 0..STATES.len() {
        let oris: Vec<String> =
            (0..AGENCIES).skip(state).step_by(STATES.len()).map(|place| format!("\"{}\"", ori(place))).collect();
        let _ = writeln!(text, "[agencies.class-{state}]\nori = [{}]", oris.join(", "));
    }
    (0..100).for_each(|place| rule(&mut text, place, &format!("class-{}", place % STATES.len())));
    let name = "18,000 agencies by state".to_owned();
    Policy { name, rules: 100, classes: STATES.len(), oris: AGENCIES, text, file: None }
}

/// A class and a rule for every agency.
fn one_by_one() -> Policy {
    let mut text = header();
    for class in 0..AGENCIES {
        let _ = writeln!(text, "[agencies.class-{class}]\nori = [\"{}\"]", ori(class));
    }
    (0..AGENCIES).for_each(|place| rule(&mut text, place, &format!("class-{place}")));
    let name = "18,000 agencies, a class and a rule each".to_owned();
    Policy { name, rules: AGENCIES, classes: AGENCIES, oris: AGENCIES, text, file: None }
}
