//! What a policy permits beyond a policy that it includes.
//!
//! Apart from the other lints of a policy, which look at it alone: this one compares two, as `diff` does. A policy is
//! included because it is the law as somebody read it; what goes beyond it needs a reason of its own.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::ops::Range;

use super::table::PERMITS_BEYOND_INCLUDED;
use super::{Finding, some};
use crate::selectors;
use crate::survey::{Change, Difference, Direction, NEW, OLD, compare};
use dmv_redact_model::catalog::{Catalog, ElementId};
use dmv_redact_model::config::ConfigError;
use dmv_redact_model::policy::{
    APPROVED, ClassId, LocatedFiles, OnShapeViolation, Ori, Policy, PolicyFiles, PolicySpans, Rule, RuleId, SpannedName,
};

/// Why something is gained: the classes that somebody came into or left, in words; if they are the same, the rules behind it
/// that the included policy hasn't. Without such a rule, requests may state more.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Reason {
    moved: Vec<String>,
    rules: Vec<RuleId>,
}

/// What is gained for one reason, and by whom.
struct Gain {
    elements: BTreeSet<ElementId>,
    classes: BTreeSet<String>,
    example: Ori,
    /// Whether some of it goes out without a review.
    is_direct: bool,
}

/// The gains of the whole, whose files these are, over one of the policies that it includes.
pub(in super::super) fn lint(
    files: &PolicyFiles,
    [included, whole]: [&Policy; 2],
    catalog: &Catalog,
) -> Result<Vec<Finding>, ConfigError> {
    let found = compare(included, whole)?;
    let known: HashSet<&str> = included.rules().iter().map(|rule| rule.id.as_str()).collect();
    let is_more = |id: &RuleId| whole.rule(*id).is_some_and(|rule| !known.contains(rule.id.as_str()));
    let mut gains: BTreeMap<Reason, Gain> = BTreeMap::new();
    for difference in found.all.iter().filter(|difference| difference.change.direction() != Direction::Loss) {
        let moved = moved(included, whole, difference);
        let rules = difference.rules[NEW].iter().copied().filter(|id| moved.is_empty() && is_more(id)).collect();
        let gain = gains.entry(Reason { moved, rules }).or_insert_with(|| Gain {
            elements: BTreeSet::new(),
            classes: BTreeSet::new(),
            example: difference.example,
            is_direct: false,
        });
        if let Change::Element(element, _) = difference.change {
            gain.elements.insert(element);
        }
        gain.is_direct |= difference.change.direction() == Direction::Gain;
        gain.classes.insert(names(whole, &difference.classes[NEW]).join("` + `"));
    }
    let (spans, located) = (PolicySpans::read(files)?, files.located());
    let told = gains.iter().map(|(reason, gain)| {
        let elements = match gain.elements.is_empty() {
            true => "whole messages".to_owned(),
            false => selectors(catalog, &gain.elements).join(", "),
        };
        let when = if gain.is_direct { "" } else { " once a person has approved it" };
        let by: Vec<String> = reason.rules.iter().filter_map(|id| whole.rule(*id)).map(described).collect();
        let why = match (reason.moved.is_empty(), by.is_empty()) {
            (false, _) => format!("as it is {}", reason.moved.join(" and ")),
            (true, false) => format!("by {}", by.join(", ")),
            (true, true) => "for requests may state more".to_owned(),
        };
        let message = format!(
            "{} ({} for instance) gets{when} what `{}` doesn't permit, {why}: {elements}",
            some(gain.classes.iter().map(String::as_str)),
            gain.example,
            included.identity().name,
        );
        let span = place(reason, &spans, &located);
        let help = format!("look whether the law that {} is made of permits it", included.file());
        Finding::new(&PERMITS_BEYOND_INCLUDED, located.error(&span, message).help(help))
    });
    Ok(told.chain(lifted_hold([included, whole], &spans, &located)).collect())
}

/// The claim by which what the included policy holds for good, for its shape, can go out. It may be of a third one.
fn lifted_hold([included, whole]: [&Policy; 2], spans: &PolicySpans, located: &LocatedFiles<'_>) -> Option<Finding> {
    let holds = included.on_shape_violation() != OnShapeViolation::Remove && !included.lifts_shape_holds();
    let claim = spans.claims.iter().find(|claim| claim.name == APPROVED)?;
    (holds && whole.lifts_shape_holds()).then(|| {
        let message = format!(
            "what `{}` holds for a value that violates its shape goes out with the claim `{APPROVED}`, which it doesn't declare",
            included.identity().name
        );
        let help = "write `on-shape-violation = \"withhold\"` if it is not to";
        Finding::new(&PERMITS_BEYOND_INCLUDED, located.error(&claim.span, message).help(help))
    })
}

fn described(rule: &Rule) -> String {
    format!("{} `{}`", rule.effect.kind(), rule.id)
}

fn names<'p>(policy: &'p Policy, classes: &[ClassId]) -> Vec<&'p str> {
    classes.iter().map(|class| policy.class_name(*class)).collect()
}

/// The classes of requesters under both policies, in words, if they differ.
fn moved(included: &Policy, whole: &Policy, difference: &Difference) -> Vec<String> {
    let [before, now] = [(included, OLD), (whole, NEW)]
        .map(|(policy, own)| difference.classes.get(own).map_or_else(Vec::new, |classes| names(policy, classes)));
    let gone = before.iter().filter(|name| !now.contains(name)).map(|name| format!("no longer in `{name}`"));
    gone.chain(now.iter().filter(|name| !before.contains(name)).map(|name| format!("in `{name}` now"))).collect()
}

/// Where the policy says what it gives: its rule, or what it adds to the class, or its head.
fn place(reason: &Reason, spans: &PolicySpans, located: &LocatedFiles<'_>) -> Range<usize> {
    let is_own = |name: &&SpannedName| located.included(name.span.start).is_none();
    let rules = || reason.rules.iter().filter_map(|id| spans.rules.get(*id)).map(|rule| &rule.id);
    let classes = spans.classes.iter().filter(|class| {
        let quoted = format!("`{}`", class.name.name);
        reason.moved.iter().any(|moved| moved.contains(&quoted))
    });
    let added = classes.flat_map(|class| class.ori_files.iter().chain(&class.ori).chain(&class.except));
    let named = added.chain(rules()).find(is_own).or_else(|| rules().next());
    named.map_or_else(|| spans.head.clone(), |name| name.span.clone())
}
