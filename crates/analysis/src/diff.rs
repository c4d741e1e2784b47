//! Reports what changes from one policy to another: per agency class and data element what is gained and lost, and by
//! which rules.

use std::collections::BTreeMap;
use std::fmt;

use dmv_redact::Date;
use serde::Serialize;

use super::words::{Choice, ChoiceCode, RulePlace, StatedChoice, Statement, plain};
use crate::survey::{Change, Difference, Differences, Direction, NEW, OLD, Outcome, ReviewDifference, RuleDifference};
use dmv_redact_model::catalog::Catalog;
use dmv_redact_model::policy::{
    APPROVED, Attribute, ClassId, Effect, MessageKeyId, OnShapeViolation, Policy, Rule, RuleId, TokenScope, Verdict,
};

/// The report of a comparison.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Diff {
    old: PolicyLabel,
    new: PolicyLabel,
    /// Whether anything more is released, directly or after a review.
    gains: bool,
    /// What either policy does with a value that violates its shape, if they differ.
    #[serde(skip_serializing_if = "Option::is_none")]
    on_shape_violation: Option<OldAndNew>,
    /// The claims of both that count with other instruments, by who may issue these.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    claims: Vec<ClaimReport>,
    /// Whose tokens are alike under either policy, if they differ and either has tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    tokens: Option<OldAndNew>,
    /// The purposes, values of other attributes and message keys that either policy names.
    purposes: Vec<String>,
    #[serde(flatten)]
    attributes: BTreeMap<&'static str, Vec<String>>,
    messages: Vec<String>,
    changes: Vec<ChangeReport>,
    /// The duties that only one of the policies has, by who asks. They are no gain: nothing goes out by them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    duties: Vec<RulesReport>,
    /// The reviews that only one of the policies has, by who asks.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    reviews: Vec<ReviewReport>,
    /// The legal notices that only one of the policies has, by who asks.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    legal_notices: Vec<RulesReport>,
}

/// A claim of both policies that counts with other instruments.
#[derive(Debug, Serialize)]
struct ClaimReport {
    name: String,
    /// Whether it counts with what it didn't count with.
    gains: bool,
    #[serde(flatten)]
    between: OldAndNew,
}

impl ClaimReport {
    fn all(policies: [&Policy; 2]) -> Vec<Self> {
        let [before, after]: [Vec<_>; 2] = policies.map(|policy| policy.claim_issuers().collect());
        let mut reports = Vec::new();
        for (name, new) in after {
            let Some((_, old)) = before.iter().find(|(own, _)| *own == name) else { continue };
            let is_more = |one: &[String], other: &[String]| match (one, other) {
                ([], [_, ..]) => true,
                (one, other) => !other.is_empty() && one.iter().any(|issuer| !other.contains(issuer)),
            };
            let gains = is_more(new, old);
            if gains || is_more(old, new) {
                let told = |issuers: &[String]| match issuers {
                    [] => "no instrument".to_owned(),
                    issuers => format!("an instrument of {}", issuers.join(", ")),
                };
                reports.push(Self { name: plain(name), gains, between: OldAndNew { old: told(old), new: told(new) } });
            }
        }
        reports
    }
}

/// Duties, or legal notices, that only one of the policies has for some requesters.
#[derive(Debug, Serialize)]
struct RulesReport {
    agencies: ClassNames,
    example: String,
    gone: Vec<ToldRule>,
    new: Vec<ToldRule>,
}

/// Reviews that only one of the policies has for some requesters.
#[derive(Debug, Serialize)]
struct ReviewReport {
    /// Whether one person approves what two had to.
    gains: bool,
    #[serde(flatten)]
    rules: RulesReport,
}

impl ReviewReport {
    fn all(found: &[ReviewDifference], policies: [&Policy; 2]) -> Vec<Self> {
        let of = |one: &ReviewDifference| {
            let rules = RulesReport::of(&one.rules, policies, |policy, rule| {
                let Effect::Review(vouches) = rule.effect else { return None };
                let claims = match policy.claim_names(vouches) {
                    names if names.is_empty() => "a reviewer vouches for nothing".to_owned(),
                    names => format!("a reviewer vouches for {}", names.join(", ")),
                };
                Some(if rule.two_people { format!("{claims}; two people approve") } else { claims })
            });
            Self { gains: one.gains, rules }
        };
        found.iter().map(of).collect()
    }
}

/// A rule of one of the policies, with the duty or the legal notice that it tells.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
struct ToldRule {
    id: String,
    told: String,
    #[serde(flatten)]
    place: RulePlace,
    #[serde(skip)]
    kind: &'static str,
}

impl RulesReport {
    /// `told` is what a rule tells.
    fn all(found: &[RuleDifference], policies: [&Policy; 2], told: impl Fn(&Rule) -> Option<String>) -> Vec<Self> {
        found.iter().map(|one| Self::of(one, policies, |_, rule| told(rule))).collect()
    }

    fn of(found: &RuleDifference, policies: [&Policy; 2], told: impl Fn(&Policy, &Rule) -> Option<String>) -> Self {
        let told_rules = |policy: &Policy, ids: &[RuleId]| -> Vec<ToldRule> {
            let rules = ids.iter().filter_map(|id| policy.rule(*id));
            let rules = rules.filter_map(|rule| {
                let (kind, place) = (rule.effect.kind(), RulePlace::of(rule));
                Some(ToldRule { id: plain(&rule.id), told: plain(&told(policy, rule)?), place, kind })
            });
            rules.collect()
        };
        Self {
            agencies: ClassNames {
                old: class_names(policies[OLD], &found.classes[OLD]),
                new: class_names(policies[NEW], &found.classes[NEW]),
            },
            example: found.example.to_string(),
            gone: told_rules(policies[OLD], &found.rules[OLD]),
            new: told_rules(policies[NEW], &found.rules[NEW]),
        }
    }
}

/// Identifies a policy.
#[derive(Debug, Serialize)]
struct PolicyLabel {
    name: String,
    version: String,
    sha256: String,
    /// The day that it is as of, if it depends on dates.
    #[serde(skip_serializing_if = "Option::is_none")]
    date: Option<Date>,
}

/// The old and the new value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
struct OldAndNew {
    old: String,
    new: String,
}

/// One change.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
struct ChangeReport {
    /// The requesters' agency classes under either policy, and one of their ORIs.
    agencies: ClassNames,
    example: String,
    /// `None`: the change concerns the whole message.
    element: Option<String>,
    direction: Direction,
    #[serde(flatten)]
    between: OldAndNew,
    #[serde(flatten)]
    stated: StatedChoice,
    messages: Choice,
    /// Claims that must be vouched for, and claims that must not.
    with: Vec<String>,
    without: Vec<String>,
    by: Vec<ChangeRule>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
struct ClassNames {
    old: Vec<String>,
    new: Vec<String>,
}

/// A rule that causes a change: one of the new policy that now applies, or one of the old that no longer does.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
struct ChangeRule {
    policy: &'static str,
    kind: &'static str,
    id: String,
    #[serde(flatten)]
    place: RulePlace,
}

impl Diff {
    /// `messages` are the names of message keys, by index.
    pub fn new(policies: [&Policy; 2], catalog: &Catalog, messages: &[String], found: &Differences) -> Self {
        // More is released if the value is removed but the message is neither held nor withheld, and no notice says so; or if
        // somebody can approve it now.
        let is_shape_gain = found.shape.is_some_and(|[(old, was_lifted), (new, is_lifted)]| {
            new < old && new < OnShapeViolation::Hold || is_lifted && !was_lifted && old != OnShapeViolation::Remove
        });
        let claims = ClaimReport::all(policies);
        // Tokens that all share can be joined by more.
        let scopes = policies.map(Policy::token_scope);
        let scope_differs = scopes[OLD] != scopes[NEW] && policies.iter().any(|policy| policy.has_tokens());
        let is_scope_gain = scope_differs && scopes[NEW] == TokenScope::Policy;
        let reviews = ReviewReport::all(&found.reviews, policies);
        let tokens = scope_differs.then(|| {
            let [old, new] = scopes.map(|scope| scope.name().to_owned());
            OldAndNew { old, new }
        });
        Self {
            old: PolicyLabel::of(policies[OLD]),
            new: PolicyLabel::of(policies[NEW]),
            gains: is_shape_gain
                || claims.iter().any(|claim| claim.gains)
                || is_scope_gain
                || reviews.iter().any(|review| review.gains)
                || found.all.iter().any(|one| one.change.direction() != Direction::Loss),
            on_shape_violation: found.shape.map(|shapes| {
                let differs = shapes[OLD].1 != shapes[NEW].1;
                let [old, new] = shapes.map(|(shape, is_lifted)| match is_lifted && differs {
                    true => format!("{} until `{APPROVED}`", shape.name()),
                    false => shape.name().to_owned(),
                });
                OldAndNew { old, new }
            }),
            claims,
            tokens,
            purposes: named(found, Attribute::Purpose),
            attributes: Attribute::ALL
                .into_iter()
                .skip(1)
                .map(|attribute| (attribute.key(), named(found, attribute)))
                .filter(|(_, values)| !values.is_empty())
                .collect(),
            messages: found.messages.iter().flatten().filter_map(|key| key_name(messages, *key)).collect(),
            changes: found
                .all
                .iter()
                .map(|difference| ChangeReport::of(difference, found, policies, catalog, messages))
                .collect(),
            duties: RulesReport::all(&found.duties, policies, |rule| match &rule.effect {
                Effect::Duty(duty) => Some(duty.to_string()),
                Effect::Permit(_) | Effect::Forbid(_) | Effect::Review(_) => None,
            }),
            reviews,
            legal_notices: RulesReport::all(&found.legal_notices, policies, |rule| {
                rule.legal_notice.as_deref().map(|text| format!("\"{text}\""))
            }),
        }
    }

    /// Whether anything more is released, directly or after a review.
    pub fn gains(&self) -> bool {
        self.gains
    }
}

impl PolicyLabel {
    fn of(policy: &Policy) -> Self {
        let identity = policy.identity();
        let (name, version) = (plain(&identity.name), plain(&identity.version));
        Self { name, version, sha256: identity.sha256.clone(), date: policy.date() }
    }

    fn describe(&self) -> String {
        let as_of = self.date.map_or_else(String::new, |date| format!(" as of {date}"));
        format!("{} {}{as_of}", self.name, self.version)
    }
}

impl ChangeReport {
    /// `found` are the differences that this one is among.
    fn of(
        difference: &Difference,
        found: &Differences,
        policies: [&Policy; 2],
        catalog: &Catalog,
        messages: &[String],
    ) -> Self {
        let (element, old, new) = match difference.change {
            Change::Element(element, [old, new]) => (
                catalog.element(element).map(|element| plain(element.id())),
                describe_outcome(old),
                describe_outcome(new),
            ),
            Change::Message([old, new]) => (None, disposition(old).to_owned(), disposition(new).to_owned()),
        };
        Self {
            agencies: ClassNames {
                old: class_names(policies[OLD], &difference.classes[OLD]),
                new: class_names(policies[NEW], &difference.classes[NEW]),
            },
            example: difference.example.to_string(),
            element,
            direction: difference.change.direction(),
            between: OldAndNew { old, new },
            stated: difference.stated.clone(),
            messages: Choice::of(&difference.messages, &found.messages, |key| match key {
                Some(key) => key_name(messages, *key).map_or(ChoiceCode::Other, ChoiceCode::Named),
                None => ChoiceCode::None,
            }),
            with: difference.with.iter().map(|name| plain(name)).collect(),
            without: difference.without.iter().map(|name| plain(name)).collect(),
            by: [
                change_rules("old", policies[OLD], &difference.rules[OLD]),
                change_rules("new", policies[NEW], &difference.rules[NEW]),
            ]
            .concat(),
        }
    }
}

/// The values of an attribute that either policy names.
fn named(found: &Differences, attribute: Attribute) -> Vec<String> {
    let mut named: Vec<String> = Vec::new();
    for (own, value) in found.statements.iter().flat_map(Statement::values) {
        if let ChoiceCode::Named(value) = value
            && own == attribute
            && !named.contains(value)
        {
            named.push(value.clone());
        }
    }
    named
}

/// The name of a message key; `None` for keys that no rule names.
fn key_name(messages: &[String], key: MessageKeyId) -> Option<String> {
    messages.get(usize::from(key.0)).map(|name| plain(name))
}

fn class_names(policy: &Policy, classes: &[ClassId]) -> Vec<String> {
    classes.iter().map(|class| plain(policy.class_name(*class))).collect()
}

/// The rules of one policy that cause a change; `side` says which policy it is.
fn change_rules(side: &'static str, policy: &Policy, ids: &[RuleId]) -> Vec<ChangeRule> {
    let rules = ids.iter().filter_map(|id| policy.rule(*id));
    rules
        .map(|rule| ChangeRule {
            policy: side,
            kind: rule.effect.kind(),
            id: plain(&rule.id),
            place: RulePlace::of(rule),
        })
        .collect()
}

/// The outcome for an element, in words.
fn describe_outcome(outcome: Outcome) -> String {
    match outcome {
        Outcome::Released(treatment) => treatment.name().to_owned(),
        Outcome::Held(treatment) => format!("{} after review", treatment.name()),
        Outcome::Removed => "removed".to_owned(),
    }
}

fn disposition(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Nothing => "withheld",
        Verdict::Review => "held",
        Verdict::Rewrite => "rewritten",
    }
}

/// Changes that differ only in their element are reported together: by their classes, gains first.
type Groups<'d> =
    BTreeMap<(&'d ClassNames, &'d str), BTreeMap<(Direction, &'d OldAndNew, Vec<String>, String), Vec<&'d str>>>;

impl fmt::Display for Diff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "from {} to {}", self.old.describe(), self.new.describe())?;
        let mut groups: Groups<'_> = BTreeMap::new();
        for change in &self.changes {
            let key = (change.direction, &change.between, self.when(change), by(&change.by));
            let group = groups.entry((&change.agencies, &change.example)).or_default();
            group.entry(key).or_default().push(change.element.as_deref().unwrap_or("the whole message"));
        }
        for ((classes, example), changes) in &groups {
            writeln!(f, "\n{} (for example {example})", describe_classes(classes))?;
            for ((direction, between, when, by), elements) in changes {
                let sign = match direction {
                    Direction::Gain => '+',
                    Direction::GainAfterReview => '~',
                    Direction::Loss => '-',
                };
                for (at, line) in wrapped_lines(elements).iter().enumerate() {
                    writeln!(f, "  {} {line}", if at == 0 { sign } else { ' ' })?;
                }
                let when = if when.is_empty() { String::new() } else { format!(": {}", when.join(", ")) };
                writeln!(f, "      {} -> {}{when}", between.old, between.new)?;
                writeln!(f, "      {by}")?;
            }
        }
        if let Some(shape) = &self.on_shape_violation {
            writeln!(f, "\non-shape-violation: {} -> {}", shape.old, shape.new)?;
        }
        for ClaimReport { name, gains, between } in &self.claims {
            let sign = if *gains { '+' } else { '-' };
            writeln!(f, "\n  {sign} claim `{name}` counts with: {} -> {}", between.old, between.new)?;
        }
        if let Some(tokens) = &self.tokens {
            writeln!(f, "\ntokens: {} -> {}", tokens.old, tokens.new)?;
        }
        let duties = self.duties.iter().map(|rules| ("duties of", "", rules));
        let reviews = self.reviews.iter().map(|ReviewReport { gains, rules }| {
            ("reviews of", if *gains { ": one person approves what two had to" } else { "" }, rules)
        });
        let notices = self.legal_notices.iter().map(|rules| ("legal notices to", "", rules));
        for (what, gain, RulesReport { agencies, example, gone, new }) in duties.chain(reviews).chain(notices) {
            writeln!(f, "\n{what} {} (for example {example}){gain}", describe_classes(agencies))?;
            for (sign, rules) in [('-', gone), ('+', new)] {
                for ToldRule { id, told, place, kind } in rules {
                    writeln!(f, "  {sign} {told}: {kind} `{id}` ({place})")?;
                }
            }
        }
        let is_same = self.on_shape_violation.is_none()
            && self.claims.is_empty()
            && self.tokens.is_none()
            && self.duties.is_empty()
            && self.reviews.is_empty()
            && self.legal_notices.is_empty();
        if self.changes.is_empty() && is_same {
            return writeln!(f, "nothing changes for anyone");
        }
        let [gains, after_review, losses] = [Direction::Gain, Direction::GainAfterReview, Direction::Loss]
            .map(|direction| self.changes.iter().filter(|change| change.direction == direction).count());
        writeln!(f, "\n+ {gains} gained, ~ {after_review} gained after review, - {losses} lost")
    }
}

impl Diff {
    /// The attributes, message keys and claims that a change is limited to; empty if it holds for all.
    fn when(&self, change: &ChangeReport) -> Vec<String> {
        let mut when = Vec::new();
        for (what, choice) in change.stated.each().into_iter().chain([("key", &change.messages)]) {
            if !choice.is_any() {
                when.push(format!("{what} {}", choice.describe()));
            }
        }
        if !change.with.is_empty() {
            when.push(format!("with {}", change.with.join(" and ")));
        }
        if !change.without.is_empty() {
            when.push(format!("without {}", change.without.join(" or ")));
        }
        when
    }
}

fn describe_classes(classes: &ClassNames) -> String {
    let [old, new] = [&classes.old, &classes.new]
        .map(|names| if names.is_empty() { "no class".to_owned() } else { names.join(" + ") });
    if old == new { old } else { format!("{old} -> {new}") }
}

fn by(rules: &[ChangeRule]) -> String {
    let mut parts = Vec::new();
    for (side, what) in [("new", "by"), ("old", "no longer by")] {
        let own = rules.iter().filter(|rule| rule.policy == side);
        let own: Vec<String> = own.map(|rule| format!("{} `{}` ({})", rule.kind, rule.id, rule.place)).collect();
        if !own.is_empty() {
            parts.push(format!("{what} {}", own.join(", ")));
        }
    }
    parts.join("; ")
}

/// Joins names into lines that fit a terminal.
fn wrapped_lines(names: &[&str]) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for name in names {
        match lines.last_mut() {
            Some(line) if line.chars().count() + name.chars().count() + 2 <= 92 => {
                line.push_str(", ");
                line.push_str(name);
            }
            Some(line) => {
                line.push(',');
                lines.push((*name).to_owned());
            }
            None => lines.push((*name).to_owned()),
        }
    }
    lines
}
