//! The names of a policy with their spans, for lints.
//!
//! Separate from [`Policy`](super::Policy), which decides, because only the command line reports positions beyond those
//! of rules and classes. Classes and rules are in the policy's order, so their ids are the same.

use std::ops::Range;

use super::include::PolicyFiles;
use super::load::{RawAgencyClass, RawRule};
use crate::catalog::Treatment;
use crate::config::{ConfigError, Errors, Spanned};

/// A name and its span.
#[derive(Debug, Clone)]
pub struct SpannedName {
    /// The name.
    pub name: String,
    /// Where it is, in bytes of the file; those of included files come after. [`LocatedFiles`](super::LocatedFiles) tells
    /// the file.
    pub span: Range<usize>,
}

/// An agency class.
#[derive(Debug)]
pub struct ClassSpans {
    /// Its name.
    pub name: SpannedName,
    /// ORIs and patterns.
    pub ori: Vec<SpannedName>,
    /// The files of its rosters, one at most for each file of the policy.
    pub ori_files: Vec<SpannedName>,
    /// Classes whose ORIs its patterns don't claim.
    pub except: Vec<SpannedName>,
    /// Classes that share ORIs with it on purpose.
    pub overlaps: Vec<SpannedName>,
}

/// A rule of any kind.
#[derive(Debug)]
pub struct RuleSpans {
    /// Its id.
    pub id: SpannedName,
    /// The selectors of `elements`.
    pub elements: Vec<SpannedName>,
    /// The selectors of `as`, each with its treatment.
    pub treatments: Vec<(SpannedName, Treatment)>,
    /// The claims of `vouches`.
    pub vouches: Vec<SpannedName>,
    /// `source`.
    pub source: Option<SpannedName>,
    /// `checked`.
    pub checked: Option<SpannedName>,
    /// `until`.
    pub until: Option<SpannedName>,
    /// What its answers tell of the law.
    pub legal_notice: Option<Range<usize>>,
}

/// The content of a policy's file, with spans.
#[derive(Debug)]
pub struct PolicySpans {
    /// The span of the policy's name, for errors about its head.
    pub head: Range<usize>,
    /// `until` of the policy.
    pub until: Option<SpannedName>,
    /// The span of `on-shape-violation`.
    pub on_shape_violation: Option<Range<usize>>,
    /// The claims that the policy declares.
    pub claims: Vec<SpannedName>,
    /// The agency classes.
    pub classes: Vec<ClassSpans>,
    /// The rules, as in [`Policy::rules`](super::Policy::rules).
    pub rules: Vec<RuleSpans>,
}

impl PolicySpans {
    /// Reads the tables of a policy and of those that it includes; [`Policy`](super::Policy) validates its names.
    ///
    /// # Errors
    /// All errors of their structure.
    pub fn read(files: &PolicyFiles) -> Result<Self, ConfigError> {
        let mut errors = Errors::default();
        let raw = files.merge(&mut errors);
        errors.finish()?;
        let raw = raw.ok_or_else(|| ConfigError::of_file(files.own().file, "can't be read as a policy"))?;
        let rules = raw.permit.iter().chain(&raw.forbid).chain(&raw.review).chain(&raw.duty).map(rule).collect();
        let head = raw.policy.name.span();
        Ok(Self {
            head,
            until: raw.policy.until.as_ref().map(spanned),
            on_shape_violation: raw.policy.on_shape_violation.as_ref().map(Spanned::span),
            claims: all(&raw.policy.claims),
            classes: raw.agencies.iter().map(|(name, raw)| class(name, raw)).collect(),
            rules,
        })
    }
}

fn class(name: &Spanned<String>, raw: &RawAgencyClass) -> ClassSpans {
    ClassSpans {
        name: spanned(name),
        ori: all(&raw.ori),
        ori_files: raw.ori_files().map(spanned).collect(),
        except: all(&raw.except),
        overlaps: all(&raw.overlaps),
    }
}

fn rule(raw: &RawRule) -> RuleSpans {
    RuleSpans {
        id: spanned(&raw.id),
        elements: raw.elements.as_ref().map_or_else(Vec::new, |elements| all(elements.get_ref())),
        treatments: raw.treatments.iter().map(|(key, treatment)| (spanned(key), *treatment)).collect(),
        vouches: all(&raw.vouches),
        source: raw.source.as_ref().map(spanned),
        checked: raw.checked.as_ref().map(spanned),
        until: raw.until.as_ref().map(spanned),
        legal_notice: raw.legal_notice.as_ref().map(Spanned::span),
    }
}

fn all(names: &[Spanned<String>]) -> Vec<SpannedName> {
    names.iter().map(spanned).collect()
}

fn spanned(name: &Spanned<String>) -> SpannedName {
    SpannedName { name: name.get_ref().clone(), span: name.span() }
}
