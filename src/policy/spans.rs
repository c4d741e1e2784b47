//! A policy as it is written, its names with their places: where a lint points to.
//!
//! Apart from [`Policy`](super::Policy), which decides, because only the command line tells places of more than rules and
//! classes. Classes and rules come in the policy's own order, so their numbers are the same.

use std::ops::Range;

use super::load::{RawPolicy, RawRule};
use crate::catalog::Treatment;
use crate::config::{ConfigError, Document, Spanned};

/// A name and where it is written.
#[derive(Debug, Clone)]
pub(crate) struct SpannedName {
    pub(crate) name: String,
    pub(crate) span: Range<usize>,
}

/// An agency class.
#[derive(Debug)]
pub(crate) struct ClassSpans {
    pub(crate) name: SpannedName,
    /// ORIs and patterns.
    pub(crate) ori: Vec<SpannedName>,
    pub(crate) ori_file: Option<SpannedName>,
    pub(crate) except: Vec<SpannedName>,
    pub(crate) overlaps: Vec<SpannedName>,
}

/// A rule of any kind.
#[derive(Debug)]
pub(crate) struct RuleSpans {
    pub(crate) id: SpannedName,
    pub(crate) elements: Vec<SpannedName>,
    pub(crate) treatments: Vec<(SpannedName, Treatment)>,
}

/// What a policy's file says, with places.
#[derive(Debug)]
pub(crate) struct PolicySpans {
    /// Where the policy's name is written: the place of its head.
    pub(crate) head: Range<usize>,
    /// Where it says what becomes of a value that violates its shape.
    pub(crate) on_shape_violation: Option<Range<usize>>,
    pub(crate) claims: Vec<SpannedName>,
    pub(crate) classes: Vec<ClassSpans>,
    pub(crate) rules: Vec<RuleSpans>,
}

impl PolicySpans {
    /// Reads the tables of a policy; whether its names are right is for [`Policy`](super::Policy) to say.
    pub(crate) fn read(document: &Document<'_>) -> Result<Self, ConfigError> {
        let raw: RawPolicy = document.parse()?;
        let class = |(name, class): (Spanned<String>, super::load::RawAgencyClass)| ClassSpans {
            name: written(&name),
            ori: all(&class.ori),
            ori_file: class.ori_file.as_ref().map(written),
            except: all(&class.except),
            overlaps: all(&class.overlaps),
        };
        let rules = raw.permit.iter().chain(&raw.forbid).chain(&raw.review).map(rule).collect();
        let head = raw.policy.name.span();
        Ok(Self {
            head,
            on_shape_violation: raw.policy.on_shape_violation.as_ref().map(Spanned::span),
            claims: all(&raw.policy.claims),
            classes: raw.agencies.into_iter().map(class).collect(),
            rules,
        })
    }
}

fn rule(raw: &RawRule) -> RuleSpans {
    RuleSpans {
        id: written(&raw.id),
        elements: raw.elements.as_ref().map_or_else(Vec::new, |elements| all(elements.get_ref())),
        treatments: raw.treatments.iter().map(|(key, treatment)| (written(key), *treatment)).collect(),
    }
}

fn all(names: &[Spanned<String>]) -> Vec<SpannedName> {
    names.iter().map(written).collect()
}

fn written(name: &Spanned<String>) -> SpannedName {
    SpannedName { name: name.get_ref().clone(), span: name.span() }
}
