//! Which agency classes a requester is in, and why: listed exactly, or by a pattern; and which classes it isn't in
//! although one of their patterns fits.

use serde::Serialize;

use super::rules::dates;
use dmv_redact_model::config::{ConfigError, Document};
use dmv_redact_model::policy::{AgencyClass, ClassId, Ori, Policy, PolicyFiles, RosterEntry};

/// The agency classes of a requester.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Who {
    #[serde(skip)]
    pub(super) ids: Vec<ClassId>,
    pub(super) classes: Vec<ExplainedClass>,
    /// Classes that the ORI isn't in although their patterns fit.
    pub(super) left: Vec<ExplainedClass>,
}

/// A class and why the requester is in it or not.
#[derive(Debug, Serialize)]
pub(super) struct ExplainedClass {
    pub(super) name: String,
    pub(super) title: Option<String>,
    pub(super) why: String,
}

impl Who {
    pub(super) fn of(policy: &Policy, files: &PolicyFiles, ori: Ori) -> Result<Self, ConfigError> {
        let ids = policy.classes_of(ori);
        let listing = policy.listing(ori);
        let (mut classes, mut left) = (Vec::new(), Vec::new());
        for (id, class) in (0..).zip(policy.classes()) {
            let pattern = pattern_of(class, ori);
            if listing.contains(&id) {
                classes.push(ExplainedClass::of(class, listed(policy, files, class, ori)?));
                continue;
            }
            if let Some(why) = not_in_force(policy, files, class, ori)? {
                left.push(ExplainedClass::of(class, why));
            }
            let Some(pattern) = pattern else { continue };
            if ids.contains(&id) {
                classes.push(ExplainedClass::of(class, format!("its pattern `{pattern}` fits")));
            } else if !listing.is_empty() {
                let why =
                    format!("its pattern `{pattern}` fits, but the ORI is listed exactly: patterns were not asked");
                left.push(ExplainedClass::of(class, why));
            } else {
                let except = class.except.iter().find(|other| {
                    policy.classes().get(usize::from(**other)).is_some_and(|other| pattern_of(other, ori).is_some())
                });
                let except = except.map_or("", |other| policy.class_name(*other));
                let why = format!("its pattern `{pattern}` fits, but it excepts `{except}`, whose pattern fits too");
                left.push(ExplainedClass::of(class, why));
            }
        }
        Ok(Self { ids, classes, left })
    }
}

impl ExplainedClass {
    fn of(class: &AgencyClass, why: String) -> Self {
        Self { name: class.name.clone(), title: class.metadata.title.clone(), why }
    }
}

/// The first pattern of a class that fits an ORI.
fn pattern_of(class: &AgencyClass, ori: Ori) -> Option<String> {
    let pattern = class.patterns.iter().find(|pattern| pattern.matches(ori))?;
    Some(String::from_utf8_lossy(pattern.symbols()).into_owned())
}

/// Where a class lists an ORI: in the policy itself, or in which line of its roster.
fn listed(policy: &Policy, files: &PolicyFiles, class: &AgencyClass, ori: Ori) -> Result<String, ConfigError> {
    let (file, line) = (policy.file_of(&class.metadata), class.metadata.position.line);
    let in_force = |entry: &RosterEntry| policy.date().is_none_or(|date| entry.validity.contains(date));
    let Some((place, entry)) = entry_of(files, class, ori, in_force)? else {
        return Ok(format!("listed exactly, under the class ({file}:{line})"));
    };
    let mut why = format!("listed exactly in {place}");
    why.push_str(&dates(entry.validity).map_or_else(String::new, |dates| format!(", {dates}")));
    for (what, text) in [("source", &entry.source), ("note", &entry.note)] {
        why.push_str(&text.as_ref().map_or_else(String::new, |text| format!("; {what}: {text}")));
    }
    Ok(why)
}

/// Where a class lists an ORI on other days than the one that is asked about; `None` if it never does.
fn not_in_force(
    policy: &Policy,
    files: &PolicyFiles,
    class: &AgencyClass,
    ori: Ori,
) -> Result<Option<String>, ConfigError> {
    let Some(date) = policy.date() else { return Ok(None) };
    let found = entry_of(files, class, ori, |entry| !entry.validity.contains(date))?;
    let found = found.and_then(|(place, entry)| Some((place, dates(entry.validity)?)));
    Ok(found.map(|(place, dates)| format!("listed exactly in {place}, {dates}: not on {date}")))
}

/// The first entry of a class for an ORI in its rosters that is looked for, with its place. The decision keeps only their
/// content.
fn entry_of(
    files: &PolicyFiles,
    class: &AgencyClass,
    ori: Ori,
    is_looked_for: impl Fn(&RosterEntry) -> bool,
) -> Result<Option<(String, RosterEntry)>, ConfigError> {
    let rosters = files.rosters_of(&class.name)?;
    let found = rosters.iter().find_map(|roster| {
        let entry = roster.entries.iter().find(|entry| entry.ori == ori && is_looked_for(entry))?;
        let Document { file, .. } = roster.document();
        let (line, _) = roster.document().position(entry.span.start);
        Some((format!("{file}, line {line}"), entry.clone()))
    });
    Ok(found)
}
