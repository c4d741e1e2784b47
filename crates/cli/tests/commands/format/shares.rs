//! How many guesses of a draft are right, on layouts that were written down before the guesser was made.
//!
//! `truth.toml` of each says what its paths are. A question is right where nobody can tell, and never wrong.

use std::collections::BTreeMap;

use dmv_redact_testing::text;
use toml::Table;

use super::{layouts, mapped, works};

/// What a layout's paths are: each with the elements that are right, the empty one for none.
struct Truth {
    right: BTreeMap<String, Vec<String>>,
    /// Paths that nothing but a restricted element may stand for.
    restricted: Vec<String>,
    input: String,
}

impl Truth {
    fn read(layout: &str) -> Self {
        let table: Table =
            text(format!("crates/cli/tests/commands/format/layouts/{layout}/truth.toml")).parse().unwrap();
        let texts = |value: &toml::Value| -> Vec<String> {
            match value {
                toml::Value::Array(all) => all.iter().map(|one| one.as_str().unwrap().to_owned()).collect(),
                one => vec![one.as_str().unwrap().to_owned()],
            }
        };
        let mut right = BTreeMap::new();
        for (path, value) in table["right"].as_table().unwrap() {
            match value {
                toml::Value::Table(below) => {
                    right.extend(below.iter().map(|(rest, value)| (plain(&format!("{path}/{rest}")), texts(value))));
                }
                value => _ = right.insert(plain(path), texts(value)),
            }
        }
        let restricted = table.get("restricted").map(texts).unwrap_or_default();
        let restricted = restricted.iter().map(|path| plain(path)).collect();
        Self { right, restricted, input: table["input"].as_str().unwrap().to_owned() }
    }
}

/// A path without prefixes: drafts and truths may choose others.
pub(super) fn plain(path: &str) -> String {
    let step = |step: &str| {
        let at = if step.starts_with('@') { "@" } else { "" };
        format!("{at}{}", step.trim_start_matches('@').rsplit(':').next().unwrap())
    };
    path.split('/').map(step).collect::<Vec<_>>().join("/")
}

/// Elements that only few may have: highly restricted, of a group, or biometric.
pub(super) fn restricted_elements() -> Vec<String> {
    let catalog: Table = text("schemas/catalog.toml").parse().unwrap();
    let elements = catalog["element"].as_array().unwrap().iter();
    let restricted = elements.filter(|element| {
        element.get("groups").is_some()
            || element.get("dppa").is_some_and(|dppa| dppa.as_str() == Some("highly-restricted"))
            || element["id"].as_str().unwrap().starts_with("biometric.")
    });
    restricted.map(|element| element["id"].as_str().unwrap().to_owned()).collect()
}

/// How a draft of a layout compares with its truth.
#[derive(Debug, Default)]
struct Share {
    /// Paths that an element is right for, and how many of them have a right guess.
    facts: usize,
    found: usize,
    /// Guesses, and what is wrong with the wrong ones.
    guesses: usize,
    wrong: Vec<String>,
    /// Paths that the draft lacks.
    absent: Vec<String>,
    /// Restricted facts that are taken for something harmless.
    harmful: Vec<String>,
}

fn share(layout: &str) -> Share {
    let truth = Truth::read(layout);
    let draft = works(&layouts().join(layout), &["format", "draft", &truth.input]);
    let guesses: BTreeMap<String, String> =
        mapped(&draft).into_iter().map(|(path, element)| (plain(&path), element)).collect();
    let restricted = restricted_elements();
    let is_restricted = |id: &String| restricted.contains(id);
    let mut share = Share { guesses: guesses.len(), ..Share::default() };
    for (path, right) in &truth.right {
        let guess = guesses.get(path);
        share.facts += usize::from(!right.iter().any(String::is_empty));
        match guess {
            Some(guess) if right.contains(guess) => share.found += usize::from(!right.iter().any(String::is_empty)),
            Some(guess) => share.wrong.push(format!("{path} = {guess}, and is {right:?}")),
            None => {}
        }
        let must_be = truth.restricted.contains(path) || right.iter().any(is_restricted);
        if must_be && guess.is_some_and(|guess| !is_restricted(guess)) {
            share.harmful.push(path.clone());
        }
        let line = draft.lines().any(|line| {
            let quoted = line.trim_start_matches("# ").strip_prefix('"').and_then(|rest| rest.split('"').next());
            quoted.is_some_and(|own| plain(own) == *path)
        });
        if !line {
            share.absent.push(path.clone());
        }
    }
    let unknown = guesses.keys().filter(|path| !truth.right.contains_key(*path));
    share.wrong.extend(unknown.map(|path| format!("{path} is not in the truth")));
    share
}

/// The layouts, and the least share of facts that a draft finds in each, in percent.
const LAYOUTS: [(&str, usize); 5] =
    [("flat-export", 60), ("booking", 60), ("crash", 60), ("registration", 60), ("legacy-fields", 60)];

#[test]
fn most_guesses_are_right_on_layouts_that_nobody_tuned_for() {
    for (layout, goal) in LAYOUTS {
        let share = share(layout);
        let percent = 100 * share.found / share.facts;
        println!("{layout}: {} of {} facts ({percent} %), {} guesses", share.found, share.facts, share.guesses);
        println!("  wrong: {:#?}", share.wrong);
        assert_eq!(share.absent, Vec::<String>::new(), "{layout}: paths that the draft doesn't list");
        assert!(percent >= goal, "{layout}: {percent} %");
    }
}

#[test]
fn p1_no_restricted_fact_is_taken_for_something_harmless() {
    for (layout, _) in LAYOUTS {
        assert_eq!(share(layout).harmful, Vec::<String>::new(), "{layout}");
    }
}
