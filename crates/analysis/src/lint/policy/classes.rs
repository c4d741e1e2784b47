//! Agency classes: who is in two of them, who is in none, and who misses the class that was made for them.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::ops::Range;

use super::advice::{ClassMove, excepting, is_safe};
use super::table::{
    CLASS_BY_PATTERN, CLASS_EMPTY, CLASS_UNUSED, CLASSES_OVERLAP, EXACT_ESCAPES_PATTERN, EXCEPT_IDLE, EXCEPT_OF_LISTED,
    ICE_BY_PREFIX, ORI_IN_TWO_CLASSES, ORI_LISTED_TWICE, OVERLAPS_IDLE, PATTERN_SUPERFLUOUS,
};
use super::{Finding, Subject, names_class};
use crate::survey::covering;
use dmv_redact_model::policy::{
    AgencyClass, ClassId, ClassSpans, Effect, Ori, OriPattern, PolicyFiles, Roster, Rule, SpannedName,
};

/// The verified ORI of ICE's Law Enforcement Support Center (Nlets, message keys IAQ and IAR). It begins with VT.
const SUPPORT_CENTER: &str = "VTICE0900";

pub(super) fn lint(subject: &mut Subject<'_>) {
    let count = ClassId::try_from(subject.policy.classes().len()).unwrap_or(ClassId::MAX);
    // Classes that some rule names or some class excepts.
    let rules = subject.policy.rules().iter().flat_map(|rule| rule.classes.iter().flatten().copied());
    let excepted = subject.policy.classes().iter().flat_map(|class| class.except.iter().copied());
    let used: HashSet<ClassId> = rules.chain(excepted).collect();
    for class in 0..count {
        if !used.contains(&class) {
            unused(subject, class);
        }
        empty(subject, class);
        excepts(subject, class);
        superfluous(subject, class);
        by_pattern(subject, class);
        listed_twice(subject, class);
    }
    overlaps(subject);
    listed(subject);
    support_center(subject);
}

/// Whether a pattern of the class claims an ORI.
fn claims(class: &AgencyClass, ori: Ori) -> bool {
    class.patterns.iter().any(|pattern| pattern.matches(ori))
}

fn unused(subject: &mut Subject<'_>, class: ClassId) {
    let Some(spans) = subject.class(class) else { return };
    let message = format!("no rule names the agency class `{}`: who is in it gets nothing", spans.name.name);
    // The patterns aren't consulted for a listed ORI.
    let claimed = subject.policy.listed().filter(|ori| {
        subject.policy.listing(*ori) == [class] && subject.policy.classes().iter().any(|other| claims(other, *ori))
    });
    let help = match claimed.min() {
        Some(ori) => {
            format!("name it in a rule, a `[[forbid]]` for instance; it keeps {ori} from the patterns of other classes")
        }
        None => "name it in a rule, or leave it out".to_owned(),
    };
    subject.find(&CLASS_UNUSED, &spans.name.span, message, &help);
}

fn empty(subject: &mut Subject<'_>, class: ClassId) {
    let Some(spans) = subject.class(class) else { return };
    if subject.class_populations.get(usize::from(class)).is_some_and(Vec::is_empty) {
        let message = format!("no ORI can be in the agency class `{}`", spans.name.name);
        let help = "its patterns claim only what it excepts, or what other classes list exactly";
        subject.find(&CLASS_EMPTY, &spans.name.span, message, help);
    }
}

/// ORIs that a class lists twice, in the policy or in its roster.
fn listed_twice(subject: &mut Subject<'_>, class: ClassId) {
    let Some(spans) = subject.class(class) else { return };
    let mut seen: BTreeSet<Ori> = BTreeSet::new();
    for name in &spans.ori {
        if let Some(ori) = Ori::new(&name.name).filter(|ori| !seen.insert(*ori)) {
            subject.find(&ORI_LISTED_TWICE, &name.span, listed_twice_message(&spans.name, ori), "leave one out");
        }
    }
    for roster in rosters(subject.files, spans) {
        let document = roster.document();
        // A roster with dates may list an ORI again for other days.
        let is_dated = roster.entries.iter().any(|entry| !entry.validity.is_always());
        for entry in &roster.entries {
            let is_again = seen.contains(&entry.ori);
            if !is_dated {
                seen.insert(entry.ori);
            }
            if is_again {
                let message = listed_twice_message(&spans.name, entry.ori);
                let error = document.error(&entry.span, message).help("leave one out");
                subject.findings.push(Finding::new(&ORI_LISTED_TWICE, error));
            }
        }
    }
}

/// The rosters of a class, as they were read with the policy.
pub(super) fn rosters(files: &PolicyFiles, class: &ClassSpans) -> Vec<Roster> {
    class.ori_files.iter().filter_map(|file| files.roster(file.span.start)?.ok()).collect()
}

fn listed_twice_message(class: &SpannedName, ori: Ori) -> String {
    format!("`{}` lists {ori} twice", class.name)
}

/// The errors in its `except` and `overlaps`.
fn excepts(subject: &mut Subject<'_>, class: ClassId) {
    let Some(spans) = subject.class(class) else { return };
    if spans.except.is_empty() && spans.overlaps.is_empty() {
        return;
    }
    let numbers: BTreeMap<&str, ClassId> =
        (0..).zip(&subject.spans.classes).map(|(id, class)| (class.name.name.as_str(), id)).collect();
    for except in &spans.except {
        let Some(other) = numbers.get(except.name.as_str()).copied() else { continue };
        if subject.claims.iter().any(|claim| claim.claimed.contains(&class) && claim.claimed.contains(&other)) {
            continue;
        }
        let has_patterns =
            subject.policy.classes().get(usize::from(other)).is_some_and(|class| !class.patterns.is_empty());
        if has_patterns {
            let message = format!("`{}` excepts nothing: no pattern of both claims the same ORI", except.name);
            subject.find(&EXCEPT_IDLE, &except.span, message, "look at the patterns of both, or leave it out");
        } else {
            let message = format!("`{}` lists its ORIs exactly: they ask no pattern anyhow", except.name);
            subject.find(&EXCEPT_OF_LISTED, &except.span, message, "");
        }
    }
    for overlap in &spans.overlaps {
        let Some(other) = numbers.get(overlap.name.as_str()).copied() else { continue };
        let shares = subject
            .populations
            .iter()
            .any(|population| population.classes.contains(&class) && population.classes.contains(&other));
        if !shares
            && !escapes(subject).any(|(_, from, to)| [from, to] == [class, other] || [to, from] == [class, other])
        {
            let message = format!("`{}` and `{}` share no ORI", spans.name.name, overlap.name);
            subject.find(&OVERLAPS_IDLE, &overlap.span, message, "leave it out");
        }
    }
}

fn patterns(names: &[SpannedName]) -> impl Iterator<Item = (&SpannedName, OriPattern)> {
    names
        .iter()
        .filter(|name| OriPattern::is_pattern(&name.name))
        .filter_map(|name| Some((name, OriPattern::new(&name.name).ok()?)))
}

/// Patterns that another of the same class covers; of two equal ones, the later.
fn superfluous(subject: &mut Subject<'_>, class: ClassId) {
    let Some(spans) = subject.class(class) else { return };
    let all: Vec<_> = patterns(&spans.ori).collect();
    let own: Vec<&OriPattern> = all.iter().map(|(_, pattern)| pattern).collect();
    for (index, wide) in covering(&own).into_iter().enumerate() {
        let (Some((name, _)), Some((wide, _))) = (all.get(index), wide.and_then(|wide| all.get(wide))) else {
            continue;
        };
        let message = format!("`{}` is superfluous: `{}` claims the same ORIs", name.name, wide.name);
        subject.find(&PATTERN_SUPERFLUOUS, &name.span, message, "leave it out");
    }
}

/// Whether one of two classes declares that it shares ORIs with the other.
pub(super) fn is_on_purpose(subject: &Subject<'_>, one: ClassId, other: ClassId) -> bool {
    declares_overlap(subject, one, other) || declares_overlap(subject, other, one)
}

fn declares_overlap(subject: &Subject<'_>, one: ClassId, other: ClassId) -> bool {
    let name = subject.class(other).map(|class| &class.name.name);
    subject.class(one).is_some_and(|class| class.overlaps.iter().any(|overlap| Some(&overlap.name) == name))
}

/// The pattern of a class that claims an ORI, as written.
fn claiming<'a>(subject: &Subject<'a>, class: ClassId, ori: Ori) -> Option<&'a SpannedName> {
    patterns(&subject.class(class)?.ori).find(|(_, pattern)| pattern.matches(ori)).map(|(name, _)| name)
}

/// Pairs of classes whose patterns claim the same ORI.
fn overlaps(subject: &mut Subject<'_>) {
    let mut pairs: BTreeMap<(ClassId, ClassId), Ori> = BTreeMap::new();
    for claim in subject.claims {
        for (index, one) in claim.held.iter().enumerate() {
            for other in claim.held.iter().skip(index + 1) {
                pairs.entry((*one, *other)).or_insert(claim.example);
            }
        }
    }
    for ((one, other), example) in pairs {
        if is_on_purpose(subject, one, other) {
            continue;
        }
        // The finding is placed where its advice applies.
        let advised = excepting(subject, one, other);
        let (one, other) = advised.unwrap_or((one, other));
        let (Some(first), Some(second)) = (claiming(subject, one, example), claiming(subject, other, example)) else {
            continue;
        };
        let [name, others] = [one, other].map(|class| subject.policy.class_name(class));
        let message = format!(
            "`{}` of `{name}` and `{}` of `{others}` claim the same ORIs, {example} for instance: they get what both may have",
            first.name, second.name
        );
        let meant = format!("`overlaps = [\"{others}\"]` if it is meant so");
        let help = match advised {
            Some(_) => format!("write `except = [\"{others}\"]` in `{name}`, or {meant}"),
            None => format!("let the patterns of only one of them claim these ORIs, or write {meant}"),
        };
        subject.find(&CLASSES_OVERLAP, &first.span, message, &help);
    }
}

/// Where a class names an ORI: in its list, or by its file.
fn listing_span(subject: &Subject<'_>, class: ClassId, ori: Ori) -> Option<Range<usize>> {
    let class = subject.class(class)?;
    let listed = class.ori.iter().find(|name| name.name == ori.as_str());
    let has = |file: &&SpannedName| {
        let roster = subject.files.roster(file.span.start).and_then(Result::ok);
        roster.is_some_and(|roster| roster.entries.iter().any(|entry| entry.ori == ori))
    };
    let in_file = || class.ori_files.iter().find(has);
    Some(listed.or_else(in_file).unwrap_or(&class.name).span.clone())
}

/// Exactly listed ORIs that a pattern of an excepted class would have claimed: the ORI, the class that lists it, the
/// class that doesn't get it.
fn escapes(subject: &Subject<'_>) -> impl Iterator<Item = (Ori, ClassId, ClassId)> {
    let classes = subject.policy.classes();
    let excepted: Vec<ClassId> =
        classes.iter().flat_map(|class| class.except.iter().copied()).collect::<BTreeSet<_>>().into_iter().collect();
    subject.policy.listed().flat_map(move |ori| {
        let listing = subject.policy.listing(ori);
        let mut escapes = Vec::new();
        for missing in excepted.iter().filter(|class| !listing.contains(class)) {
            if classes.get(usize::from(*missing)).is_some_and(|class| claims(class, ori)) {
                escapes.extend(listing.iter().map(|own| (ori, *own, *missing)));
            }
        }
        escapes
    })
}

/// The effects of exact listing: an ORI in two classes, one that escapes a pattern.
fn listed(subject: &mut Subject<'_>) {
    let mut shared: BTreeMap<(ClassId, ClassId), (Ori, usize)> = BTreeMap::new();
    for ori in subject.policy.listed() {
        let listing = subject.policy.listing(ori);
        for (index, one) in listing.iter().enumerate() {
            for other in listing.iter().skip(index + 1) {
                let (least, count) = shared.entry((*one, *other)).or_insert((ori, 0));
                *least = ori.min(*least);
                *count += 1;
            }
        }
    }
    for ((one, other), (example, count)) in shared {
        let Some(span) = listing_span(subject, one, example).filter(|_| !is_on_purpose(subject, one, other)) else {
            continue;
        };
        let [name, others] = [one, other].map(|class| subject.policy.class_name(class));
        let more = if count > 1 { format!(" and {} more", count - 1) } else { String::new() };
        let message = format!("`{name}` and `{others}` both list {example}{more}: it gets what both may have");
        subject.find(&ORI_IN_TWO_CLASSES, &span, message, "");
    }
    let mut escaping: BTreeMap<(ClassId, ClassId), (Ori, usize)> = BTreeMap::new();
    for (ori, own, missing) in escapes(subject) {
        let (least, count) = escaping.entry((own, missing)).or_insert((ori, 0));
        *least = ori.min(*least);
        *count += 1;
    }
    for ((own, missing), (example, count)) in escaping {
        let (Some(span), Some(pattern)) = (listing_span(subject, own, example), claiming(subject, missing, example))
        else {
            continue;
        };
        if is_on_purpose(subject, own, missing) {
            continue;
        }
        let [name, missed] = [own, missing].map(|class| subject.policy.class_name(class));
        let more = if count > 1 { format!(" (and {} more)", count - 1) } else { String::new() };
        let message = format!(
            "`{name}` lists {example}{more} exactly, so `{}` of `{missed}` isn't asked: it is not in `{missed}`",
            pattern.name
        );
        let help = format!(
            "{}, or write `overlaps = [\"{missed}\"]` in `{name}` if it is none of them",
            listing_advice(subject, own, missing)
        );
        subject.find(&EXACT_ESCAPES_PATTERN, &span, message, &help);
    }
}

/// Where to list the ORIs that one class lists and a pattern of another would have claimed, so that they gain nothing.
fn listing_advice(subject: &Subject<'_>, own: ClassId, missing: ClassId) -> String {
    let sets: BTreeSet<Vec<ClassId>> = escapes(subject)
        .filter(|(_, one, other)| [*one, *other] == [own, missing])
        .map(|(ori, ..)| subject.policy.listing(ori))
        .collect();
    let missed = subject.policy.class_name(missing);
    if is_safe(subject, &moves(&sets, missing, None)) {
        format!("list it in `{missed}` too")
    } else if is_safe(subject, &moves(&sets, missing, Some(own))) {
        format!("list it in `{missed}` instead")
    } else {
        "list it in the class that it belongs to".to_owned()
    }
}

/// The moves of requesters who gain a class and, if given, lose another.
fn moves(sets: &BTreeSet<Vec<ClassId>>, gained: ClassId, lost: Option<ClassId>) -> Vec<ClassMove> {
    let mut moves = Vec::new();
    for from in sets {
        let mut to: Vec<ClassId> = from.iter().copied().filter(|class| Some(*class) != lost).collect();
        to.push(gained);
        to.sort_unstable();
        moves.push((from.clone(), to));
    }
    moves
}

/// Patterns that put ICE's support center into a state's class by its first letters.
fn support_center(subject: &mut Subject<'_>) {
    let Some(ori) = Ori::new(SUPPORT_CENTER).filter(|ori| subject.policy.listing(*ori).is_empty()) else { return };
    for class in subject.policy.classes_of(ori) {
        let Some(pattern) = claiming(subject, class, ori).filter(|pattern| !pattern.name.contains("ICE")) else {
            continue;
        };
        let name = subject.policy.class_name(class);
        let message = format!(
            "`{}` of `{name}` claims {SUPPORT_CENTER}, which is ICE's Law Enforcement Support Center and only begins with VT",
            pattern.name
        );
        let help = format!("list {SUPPORT_CENTER} in a class of its own: exact ORIs are asked before patterns");
        subject.find(&ICE_BY_PREFIX, &pattern.span, message, &help);
    }
}

/// A restricted class with patterns only, while patterns of a less restricted class claim other ORIs.
fn by_pattern(subject: &mut Subject<'_>, class: ClassId) {
    let rules = subject.policy.rules();
    if pattern_count(subject, class) == 0 || restrictions_of(rules, class).next().is_none() {
        return;
    }
    let wide = (0..)
        .take(subject.policy.classes().len())
        .filter(|other| pattern_count(subject, *other) > 0 && is_less_restricted(rules, *other, class))
        .max_by_key(|other| pattern_count(subject, *other));
    let (Some(wide), Some(spans)) = (wide, subject.class(class)) else { return };
    // A class with a roster has patterns for what it doesn't list yet.
    if !spans.ori_files.is_empty() {
        return;
    }
    let message = format!(
        "who is in `{}` is told by patterns: an office of theirs with another ORI is in `{}`, if a pattern there claims it",
        spans.name.name,
        subject.policy.class_name(wide)
    );
    subject.find(&CLASS_BY_PATTERN, &spans.name.span, message, "keep a table of their ORIs: `ori-file = \"...\"`");
}

fn pattern_count(subject: &Subject<'_>, class: ClassId) -> usize {
    subject.policy.classes().get(usize::from(class)).map_or(0, |class| class.patterns.len())
}

/// The forbids and reviews that name a class.
fn restrictions_of(rules: &[Rule], class: ClassId) -> impl Iterator<Item = &Rule> {
    rules.iter().filter(move |rule| !is_permit(rule) && names_class(rule, class))
}

fn is_permit(rule: &Rule) -> bool {
    matches!(rule.effect, Effect::Permit(_))
}

/// Whether a class that some permit names has only a part of the other's restrictions.
fn is_less_restricted(rules: &[Rule], class: ClassId, other: ClassId) -> bool {
    restrictions_of(rules, other).any(|rule| !names_class(rule, class))
        && restrictions_of(rules, class).all(|rule| names_class(rule, other))
        && rules.iter().any(|rule| is_permit(rule) && names_class(rule, class))
}
