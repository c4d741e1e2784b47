//! Why a policy can't be surveyed: the number of distinct situations would grow without bound (P8). The error names the
//! classes or rules that multiply it.

use std::cmp::Reverse;

use super::MAX_CASES;
use super::regions::MAX_OVERLAPS;
use dmv_redact_model::config::ConfigError;
use dmv_redact_model::policy::ClassId;
use dmv_redact_model::policy::Policy;
use dmv_redact_model::policy::Rule;
use dmv_redact_model::policy::RuleId;

/// Maximum number of combinations of agency class sets, statements of requests and message keys in a survey.
const MAX_SITUATIONS: usize = 1_000_000;

/// Maximum number of classes or rules that an error names.
const MAX_NAMED: usize = 3;

/// Why a policy, or a pair of them, can't be surveyed. Doesn't happen with readable policies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum SurveyError {
    /// The patterns of these classes overlap in too many ways; each class with the index of its policy.
    Patterns(Vec<(usize, ClassId)>),
    /// The claims of these rules depend on each other in too many ways; empty: those of all rules.
    Claims(Vec<(usize, RuleId)>),
    /// Too many combinations of agency class sets, statements of requests and message keys.
    Situations([usize; 3]),
    /// Too many differences to read.
    Differences(usize),
}

impl SurveyError {
    /// An error if there are too many situations.
    pub(super) fn check_count(sets: usize, statements: usize, keys: usize) -> Result<(), Self> {
        let count = sets.saturating_mul(statements).saturating_mul(keys);
        if count > MAX_SITUATIONS { Err(Self::Situations([sets, statements, keys])) } else { Ok(()) }
    }

    /// The error for these policies, at the first class or rule at fault.
    pub(super) fn of(&self, policies: &[&Policy]) -> ConfigError {
        match self {
            Self::Patterns(classes) => of_patterns(policies, classes),
            Self::Claims(rules) => of_claims(policies, rules),
            Self::Situations([sets, statements, keys]) => of_file(
                policies,
                format!(
                    "{sets} sets of agency classes, {statements} things that requests may state and {keys} message keys are more than \
                     {MAX_SITUATIONS} situations to tell apart"
                ),
            )
            .help("name fewer values of attributes in the rules, or let patterns of fewer classes overlap"),
            Self::Differences(most) => of_file(policies, format!("more than {most} differences to report"))
                .help("compare it with a policy that differs less"),
        }
    }
}

/// The last policy is the one that is being edited.
fn of_file(policies: &[&Policy], message: String) -> ConfigError {
    ConfigError::of_file(policies.last().map_or("", |policy| policy.file()), message)
}

fn of_patterns(policies: &[&Policy], classes: &[(usize, ClassId)]) -> ConfigError {
    let found = classes.iter().filter_map(|(policy, id)| policies.get(*policy)?.classes().get(usize::from(*id)));
    let names = named(found.map(|class| {
        let first = class.patterns.first().map(|pattern| String::from_utf8_lossy(pattern.symbols()).into_owned());
        format!("`{}` (`{}`)", class.name, first.unwrap_or_default())
    }));
    let message =
        format!("the patterns of {names} overlap in too many ways: more than {MAX_OVERLAPS} sets of agency classes");
    let file = classes.first().and_then(|(policy, _)| policies.get(*policy)).map_or("", |policy| policy.file());
    ConfigError::of_file(file, message)
        .help("begin patterns with the characters that tell classes apart, `AZ*` rather than `*A*`, or list the ORIs")
}

fn of_claims(policies: &[&Policy], rules: &[(usize, RuleId)]) -> ConfigError {
    let all: Vec<(usize, RuleId)> = match rules {
        [] => {
            (0..).zip(policies).flat_map(|(policy, own)| (0..own.rules().len()).map(move |id| (policy, id))).collect()
        }
        rules => rules.to_vec(),
    };
    let mut asking: Vec<&Rule> = all.iter().filter_map(|(policy, id)| policies.get(*policy)?.rule(*id)).collect();
    asking.retain(|rule| claim_count(rule) > 0);
    asking.sort_by_key(|rule| Reverse(claim_count(rule)));
    let names = named(asking.iter().map(|rule| format!("`{}`", rule.id)));
    let message = format!(
        "the claims that rules {names} ask for depend on each other in too many ways: more than {MAX_CASES} cases"
    );
    of_file(policies, message).help("let fewer rules with different claims be on the same elements")
}

fn claim_count(rule: &Rule) -> u32 {
    (rule.requires.0 | rule.unless.0).count_ones()
}

/// The first few names, and the number of others.
fn named(names: impl Iterator<Item = String>) -> String {
    let names: Vec<String> = names.collect();
    let shown = names.iter().take(MAX_NAMED).cloned().collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(MAX_NAMED) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
