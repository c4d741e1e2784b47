//! `diff` against brute force: on pairs of policies made up at random it finds what trying every ORI, purpose, message key and
//! set of claims finds, no more and no less.

mod pairs;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use dmv_redact_testing::catalog::Catalog;
use dmv_redact_testing::dice::Dice;
use dmv_redact_testing::policies;
use dmv_redact_testing::policy::{Decision, Grant, NO_OTHERS, OnViolation, Policy, Request, Treatment};
use serde_json::Value;
use tempfile::TempDir;

use crate::command;
use pairs::{CLAIMS, KEYS, pair, universe};

const PAIRS: usize = if cfg!(debug_assertions) { 100 } else { 1000 };

static CATALOG: LazyLock<Catalog> = LazyLock::new(Catalog::shipped);

/// What says that an element goes out only once a person has approved the message.
const AFTER_REVIEW: &str = " after review";

/// Classes under either policy, purpose, key, claims, and the element or the whole message.
type Where = (Vec<String>, Vec<String>, Option<String>, Option<String>, Vec<String>, Option<String>);

/// Everything that differs: the word for what was, and for what will be.
type Changes = BTreeMap<Where, (String, String)>;

fn claim_sets() -> Vec<BTreeSet<&'static str>> {
    let set = |bits: usize| {
        CLAIMS.iter().enumerate().filter(move |(place, _)| bits >> place & 1 == 1).map(|(_, claim)| *claim)
    };
    (0..1 << CLAIMS.len()).map(|bits| set(bits).collect()).collect()
}

/// `None` stands for every key that isn't named.
fn keys(policies: [&Policy; 2]) -> Vec<Option<String>> {
    let is_named = |key: &&&str| policies.iter().any(|policy| policy.messages().contains(**key));
    KEYS.iter().filter(is_named).map(|key| Some((*key).to_owned())).chain([None]).collect()
}

/// What the program calls a decision, and the treatment of every element that is permitted, at once or after a review.
fn words(decision: &Decision) -> (&'static str, BTreeMap<String, String>) {
    let treatments = |grant: &Grant, behind: &str| {
        let pairs = grant.by_element(&CATALOG).into_iter();
        pairs.map(|(id, treatment)| (id.clone(), format!("{}{behind}", word(&id, treatment)))).collect()
    };
    match decision {
        Decision::Withheld => ("withheld", BTreeMap::new()),
        Decision::Held(grant) => ("held", treatments(grant, AFTER_REVIEW)),
        Decision::Released(grant) => ("rewritten", treatments(grant, "")),
    }
}

/// What a policy calls a treatment of an element.
fn word(id: &str, treatment: Treatment) -> &'static str {
    match treatment {
        Treatment::Full => "full",
        Treatment::Mask => "mask",
        Treatment::Token => "token",
        Treatment::Own => CATALOG.elements[id].kind.closest_treatment().unwrap(),
    }
}

/// The most open is the greatest.
fn openness(word: &str) -> usize {
    let order = ["removed", "mask", "token", "own", "full"];
    let word = if ["year", "last4", "zip5"].contains(&word) { "own" } else { word };
    order.iter().position(|one| *one == word).unwrap()
}

/// Whether a value that violates its shape refuses the message.
fn withholds(policy: &Policy) -> bool {
    policy.on_violation(&[], false) == OnViolation::Refuses
}

/// `None` stands for none.
fn purposes(policies: [&Policy; 2]) -> Vec<Option<String>> {
    let stated: BTreeSet<&String> = policies.iter().flat_map(|policy| policy.purposes()).collect();
    stated.into_iter().map(|code| Some(code.clone())).chain([None]).collect()
}

fn by_trying(old: &Policy, new: &Policy, oris: &[String]) -> (Changes, bool) {
    let mut changes = Changes::new();
    let mut both = false;
    let pairs: BTreeSet<_> = oris.iter().map(|ori| (old.classes_of(ori), new.classes_of(ori))).collect();
    let (purposes, keys) = (purposes([old, new]), keys([old, new]));
    for (classes_old, classes_new) in &pairs {
        for (purpose, key) in purposes.iter().flat_map(|one| keys.iter().map(move |two| (one, two))) {
            for claims in claim_sets() {
                // A key that isn't named is another one: every format of the program has keys.
                let message = Some(key.as_deref().unwrap_or("another"));
                let request =
                    Request { purpose: purpose.as_deref(), others: NO_OTHERS, message, claims: &claims, papers: &[] };
                let (was_verdict, was) = words(&old.decide(classes_old, &request));
                let (will_verdict, will) = words(&new.decide(classes_new, &request));
                both |= was_verdict == "rewritten" && will_verdict == "rewritten";
                let mut add = |element: Option<&String>, was: &str, will: &str| {
                    if was != will {
                        let names = |set: &BTreeSet<String>| set.iter().cloned().collect::<Vec<_>>();
                        let claims = claims.iter().map(|claim| (*claim).to_owned()).collect();
                        let (old, new) = (names(classes_old), names(classes_new));
                        let place = (old, new, purpose.clone(), key.clone(), claims, element.cloned());
                        changes.insert(place, (was.to_owned(), will.to_owned()));
                    }
                };
                add(None, was_verdict, will_verdict);
                for element in was.keys().chain(will.keys()) {
                    let treatment = |permitted: &BTreeMap<String, String>| {
                        permitted.get(element).map_or("removed", String::as_str).to_owned()
                    };
                    add(Some(element), &treatment(&was), &treatment(&will));
                }
            }
        }
    }
    (changes, both && withholds(old) != withholds(new))
}

fn list(value: &Value) -> Vec<String> {
    let mut list: Vec<String> = value.as_array().unwrap().iter().map(|one| one.as_str().unwrap().to_owned()).collect();
    list.sort();
    list
}

/// What the program says, for every single case.
fn expanded(told: &Value, old: &Policy, new: &Policy) -> Changes {
    let mut changes = Changes::new();
    let choice = |value: &Value| -> Vec<Option<String>> {
        let is_set = |name: &str| value[name].as_bool().unwrap();
        let others = (is_set("others") || is_set("none")).then_some(None);
        list(&value["named"]).into_iter().map(Some).chain(others).collect()
    };
    for change in told["changes"].as_array().unwrap() {
        let (classes_old, classes_new) = (list(&change["agencies"]["old"]), list(&change["agencies"]["new"]));
        let example = change["example"].as_str().unwrap();
        assert_eq!(old.classes_of(example).into_iter().collect::<Vec<_>>(), classes_old);
        assert_eq!(new.classes_of(example).into_iter().collect::<Vec<_>>(), classes_new);
        assert!(!change["by"].as_array().unwrap().is_empty(), "{change}");
        let [was, will] = ["old", "new"].map(|side| change[side].as_str().unwrap().to_owned());
        let directed = change["direction"].as_str().unwrap();
        let (with, without) = (list(&change["with"]), list(&change["without"]));
        for claims in claim_sets() {
            let is_in = |claim: &String| claims.contains(claim.as_str());
            if !with.iter().all(is_in) || without.iter().any(is_in) {
                continue;
            }
            let claims: Vec<String> = claims.iter().map(|claim| (*claim).to_owned()).collect();
            for purpose in choice(&change["purposes"]) {
                for key in choice(&change["messages"]) {
                    let element = change["element"].as_str().map(str::to_owned);
                    let place =
                        (classes_old.clone(), classes_new.clone(), purpose.clone(), key, claims.clone(), element);
                    assert_eq!(directed, direction(&place, &(was.clone(), will.clone())), "{change}");
                    let before = changes.insert(place, (was.clone(), will.clone()));
                    assert!(before.is_none_or(|before| before == (was.clone(), will.clone())), "{change}");
                }
            }
        }
    }
    changes
}

/// What a change is: more goes out, more goes out after a review, or less.
fn direction(place: &Where, (was, will): &(String, String)) -> &'static str {
    let (at_once, after_review) = match &place.5 {
        Some(_) => {
            let at_once = |word: &str| if word.ends_with(AFTER_REVIEW) { 0 } else { openness(word) };
            let either = |word: &str| openness(word.strip_suffix(AFTER_REVIEW).unwrap_or(word));
            (at_once(will) > at_once(was), either(will) > either(was))
        }
        None => (will == "rewritten", was == "withheld" && will == "held"),
    };
    match (at_once, after_review) {
        (true, _) => "gain",
        (_, true) => "gain-after-review",
        _ => "loss",
    }
}

/// Compares one pair; says whether anything changed, and whether anything was gained.
fn compare(seed: usize, oris: &[String], folder: &Path) -> (bool, bool) {
    let (old, new) = pair(&mut Dice::seeded(seed as u64));
    let texts = [old.toml(), new.toml()];
    let paths = ["old", "new"].map(|name| folder.join(format!("{name}-{seed}.toml")));
    for (path, text) in paths.iter().zip(&texts) {
        fs::write(path, text).unwrap();
    }
    let [old, new] = texts.each_ref().map(|text| Policy::read(text, folder, &CATALOG));
    let output = command(&["diff"]).args(&paths).args(["--output", "json"]).output().unwrap();
    let trouble = || format!("{}\n{}", String::from_utf8_lossy(&output.stderr), texts.join("\n"));
    assert!(!output.stdout.is_empty(), "{}", trouble());
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    let found = expanded(&told, &old, &new);
    let (expected, is_shape) = by_trying(&old, &new, oris);
    for place in found.keys().chain(expected.keys()) {
        assert_eq!(found.get(place), expected.get(place), "{place:?}\n{}", trouble());
    }
    assert_eq!(told["on-shape-violation"].is_object(), is_shape, "{}", trouble());
    let gains = is_shape && withholds(&old) || expected.iter().any(|(place, words)| direction(place, words) != "loss");
    // How many must approve has a test of its own.
    let gains = gains || told["reviews"].as_array().is_some_and(|all| all.iter().any(|one| one["gains"] == true));
    assert_eq!(told["gains"].as_bool(), Some(gains), "{}", trouble());
    assert_eq!(output.status.code(), Some(if gains { 3 } else { 0 }), "{}", trouble());
    (is_shape || !expected.is_empty(), gains)
}

#[test]
fn diff_finds_what_trying_everything_finds() {
    let folder = TempDir::new().unwrap();
    let oris = universe();
    let (next, changed, gained) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= PAIRS {
                        break;
                    }
                    let (is_changed, gains) = compare(seed, &oris, folder.path());
                    changed.fetch_add(usize::from(is_changed), Ordering::Relaxed);
                    gained.fetch_add(usize::from(gains), Ordering::Relaxed);
                }
            });
        }
    });
    // Each kind of pair is among them.
    let (changed, gained) = (changed.into_inner(), gained.into_inner());
    assert!(
        changed > PAIRS / 2 && changed < PAIRS * 9 / 10 && gained > PAIRS / 4 && gained < changed,
        "{changed} {gained}"
    );
}

/// Runs `diff` on the baseline and an edited copy of it: what it prints, and its exit status.
fn diff_of_baseline(edit: impl Fn(&str) -> String) -> (String, Option<i32>) {
    let old = policies().join("baseline.toml");
    let folder = TempDir::new().unwrap();
    let new = folder.path().join("new.toml");
    fs::write(&new, edit(&fs::read_to_string(&old).unwrap())).unwrap();
    let output = command(&["diff"]).args([&old, &new]).output().unwrap();
    (String::from_utf8(output.stdout).unwrap(), output.status.code())
}

#[test]
fn the_text_says_who_gains_what_by_which_rule() {
    let permit = "id = \"immigration-identity\"";
    let (text, status) = diff_of_baseline(|text| {
        let (before, after) = text.split_once(permit).unwrap();
        format!("{before}{permit}{}", after.replacen("\"license.status\"", "\"license.status\", \"vehicle.vin\"", 1))
    });
    assert_eq!(status, Some(3));
    let expected = "\nimmigration (for example VTICE0900)\n  + vehicle.vin\n      removed -> full: with approved\n      \
                    by permit `immigration-identity` (line ";
    assert!(text.contains(expected), "{text}");
    let held = "\n  ~ vehicle.vin\n      removed -> full after review: without approved\n      by permit";
    assert!(text.contains(held), "{text}");
    assert!(text.ends_with("\n+ 1 gained, ~ 1 gained after review, - 0 lost\n"), "{text}");

    let (text, status) = diff_of_baseline(|text| text.replace("unless = [\"approved\"]", "unless = []"));
    assert_eq!(status, Some(0));
    assert!(text.contains("  - the whole message\n      rewritten -> held: with approved"), "{text}");

    let (text, status) = diff_of_baseline(|text| text.replace("id = \"", "id = \"renamed-") + "# the same\n");
    assert_eq!((text.lines().last(), status), (Some("nothing changes for anyone"), Some(0)));
    assert_eq!(diff_of_baseline(|text| text.replace("person.ssn", "person.snn")).1, Some(2));
}

/// What a policy says of one class and one permit behind a review that no claim lifts.
fn held(elements: &[&str]) -> String {
    let head = "[policy]\nname = \"held\"\nversion = \"1\"\n[agencies.x]\nori = [\"AZ*\"]\n";
    let permit = format!("[[permit]]\nid = \"p\"\nagencies = [\"x\"]\nelements = {elements:?}\n");
    let review = "[[review]]\nid = \"r\"\nagencies = [\"x\"]\n";
    if elements.is_empty() { format!("{head}{review}") } else { format!("{head}{permit}{review}") }
}

/// `diff` of two policies: what it prints, and its exit status.
fn diff_of(old: &str, new: &str) -> (String, Option<i32>) {
    let folder = TempDir::new().unwrap();
    let paths = [("old.toml", old), ("new.toml", new)].map(|(name, text)| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path
    });
    let output = command(&["diff"]).args(&paths).output().unwrap();
    (
        String::from_utf8(if output.stdout.is_empty() { output.stderr } else { output.stdout }).unwrap(),
        output.status.code(),
    )
}

#[test]
fn p4_reviews_are_told_and_fewer_people_are_a_gain() {
    let policy = |review: &str| {
        let head = "[policy]\nname = \"t\"\nversion = \"1\"\nclaims = [\"approved\", \"order\"]\n";
        let permit = "[[permit]]\nid = \"p\"\nagencies = [\"x\"]\nelements = [\"person.name\"]\n[[permit]]\nid = \"o\"\nagencies = [\"x\"]\nrequires = [\"order\"]\n\
                      elements = [\"person.address\"]\n";
        format!("{head}[agencies.x]\nori = [\"AZ*\"]\n{permit}{review}")
    };
    let review = |id: &str, more: &str| {
        policy(&format!(
            "[[review]]\nid = \"{id}\"\nagencies = [\"x\"]\nunless = [\"approved\"]\nvouches = [\"approved\"{more}]\n"
        ))
    };
    let (one, two) = (review("r", ""), format!("{}people = 2\n", review("r", "")));
    let order = review("r", ", \"order\"");
    let beside =
        format!("{one}[[review]]\nid = \"s\"\nagencies = [\"x\"]\nunless = [\"approved\"]\nvouches = [\"order\"]\n");
    for (old, new, status, lines) in [
        (
            &two,
            &one,
            3,
            "  - a reviewer vouches for approved; two people approve: review `r` (line 17)\n  + a reviewer vouches for approved: ",
        ),
        (
            &one,
            &two,
            0,
            "  - a reviewer vouches for approved: review `r` (line 17)\n  + a reviewer vouches for approved; two people",
        ),
        (&one, &order, 0, "  + a reviewer vouches for approved, order: review `r` (line "),
        (&order, &one, 0, "  - a reviewer vouches for approved, order: review `r` (line "),
        // Under another name, or beside another one.
        (&one, &review("s", ", \"order\""), 0, "  + a reviewer vouches for approved, order: review `s`"),
        (&one, &beside, 0, "  + a reviewer vouches for order: review `s`"),
        // What nobody held before, a review takes away.
        (&policy(""), &order, 0, "  - the whole message"),
    ] {
        let (text, found) = diff_of(old, new);
        assert!(text.contains(lines), "{text}");
        assert_eq!(found, Some(status), "{text}");
        assert!(text.contains("reviews of x (for example AZ"), "{text}");
        assert_eq!(text.contains(": one person approves what two had to"), status == 3, "{text}");
    }
    assert_eq!(diff_of(&order, &review("s", ", \"order\"")).0.lines().last(), Some("nothing changes for anyone"));
}

#[test]
fn what_joins_a_held_permit_is_a_gain_after_review() {
    let (name, more) = (held(&["person.name"]), held(&["person.name", "person.ssn", "biometric.photo"]));
    let (text, status) = diff_of(&name, &more);
    let expected =
        "  ~ person.ssn, biometric.photo\n      removed -> full after review\n      by permit `p` (line 7)\n";
    assert!(text.contains(expected) && text.ends_with("+ 0 gained, ~ 2 gained after review, - 0 lost\n"), "{text}");
    assert_eq!(status, Some(3));
    let (text, status) = diff_of(&more, &name);
    assert!(text.contains("  - person.ssn, biometric.photo\n      full after review -> removed\n"), "{text}");
    assert_eq!(status, Some(0));
    // A message that was withheld and is held goes out to nobody by itself.
    let (text, status) = diff_of(&held(&[]), &name);
    assert!(text.contains("  ~ the whole message\n      withheld -> held\n"), "{text}");
    assert!(text.contains("\n+ 0 gained, ~ ") && status == Some(3), "{text}");
    // Without the review it does.
    let free = name.split("[[review]]").next().unwrap();
    let (text, _) = diff_of(&name, free);
    assert!(text.contains("\n      full after review -> full\n      no longer by review `r` (line "), "{text}");
    let (text, status) = diff_of(free, &name);
    assert!(text.contains("\n      full -> full after review\n      by review `r` (line "), "{text}");
    assert_eq!(status, Some(0));
}

/// Classes of which every pattern overlaps all others.
fn tangled(classes: usize) -> String {
    let mut text = "[policy]\nname = \"t\"\nversion = \"1\"\n".to_owned();
    for (place, letter) in ('A'..='Z').take(classes).enumerate() {
        let element = ["person.name", "vehicle", "history", "person.address"][place % 4];
        text += &format!(
            "[agencies.k{place}]\nori = [\"*{letter}*\"]\n[[permit]]\nid = \"p{place}\"\nagencies = [\"k{place}\"]\n\
             elements = [{element:?}]\n"
        );
    }
    text
}

#[test]
fn p8_policies_that_overlap_in_too_many_ways_are_refused_by_name() {
    let (few, many) = (tangled(4), tangled(14));
    let told = "the patterns of `k0` (`*A*`), `k1` (`*B*`), `k10` (`*K*`) and 11 more overlap in too many ways: more than \
                4096 sets of agency classes";
    let (text, status) = diff_of(&few, &many);
    assert!(text.contains("new.toml: ") && text.contains(told), "{text}");
    assert_eq!(status, Some(2));
    assert_eq!(diff_of(&many, &few).1, Some(2));
    assert_eq!(diff_of(&few, &few), ("from t 1 to t 1\nnothing changes for anyone\n".to_owned(), Some(0)));
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("many.toml");
    fs::write(&path, &many).unwrap();
    let run = |verb: &[&str]| {
        let output = command(verb).arg("--policy").arg(&path).output();
        let output = output.unwrap();
        (String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned(), output.status.code())
    };
    for verb in ["check", "matrix"] {
        let (text, status) = run(&[verb]);
        assert!(text.contains("overlap in too many ways") && status == Some(2), "{verb}: {text}");
    }
    // One requester is explained, whatever there is besides.
    assert_eq!(run(&["explain", "--requester", "AZ0070000"]).1, Some(0));
}
