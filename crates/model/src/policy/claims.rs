//! The claims that a policy declares, what they mean, and what the instruments behind them must be.

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::include::LocatedFiles;
use super::load::Names;
use super::rule::ClaimSet;
use crate::config::{ConfigError, Errors, Spanned, all};
use crate::escape::is_visible;

/// What a policy says of a claim: what it means, or a table of that and of what must be behind it.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(untagged))]
pub(super) enum RawClaim {
    /// What it means, for people.
    Title(String),
    /// That, and what must be behind it.
    Table(RawClaimTable),
}

/// What a claim means, and what must be behind it.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct RawClaimTable {
    /// What it means, for people.
    title: Option<String>,
    /// The kinds of who may issue the instrument behind it: the claim counts only with an instrument of one of these. Left
    /// out: it counts without one.
    issuers: Option<Names>,
}

impl RawClaim {
    fn title(&self) -> Option<&str> {
        match self {
            Self::Title(title) => Some(title),
            Self::Table(table) => table.title.as_deref(),
        }
    }

    fn issuers(&self) -> Option<&Names> {
        match self {
            Self::Title(_) => None,
            Self::Table(table) => table.issuers.as_ref(),
        }
    }

    /// Adds what the including policy says of the claim: another title, and which of the issuers it takes.
    pub(super) fn add(&mut self, own: Self) {
        let included = std::mem::replace(self, Self::Table(RawClaimTable::default()));
        let title = own.title().or(included.title()).map(str::to_owned);
        let issuers = match (included.issuers(), own.issuers()) {
            (Some(included), Some(own)) => {
                // Of two lists what is in both: a claim never counts with less than the included policy asks for.
                let of_both = own.get_ref().iter().filter(|issuer| included.get_ref().contains(issuer));
                Some(Spanned::new(own.span(), of_both.cloned().collect()))
            }
            (issuers, None) | (None, issuers) => issuers.cloned(),
        };
        *self = Self::Table(RawClaimTable { title, issuers });
    }
}

impl<'de> Deserialize<'de> for RawClaim {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ClaimVisitor;
        impl<'de> Visitor<'de> for ClaimVisitor {
            type Value = RawClaim;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("what the claim means, or a table of `title` and `issuers`")
            }

            fn visit_str<E>(self, title: &str) -> Result<RawClaim, E> {
                Ok(RawClaim::Title(title.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<RawClaim, A::Error> {
                RawClaimTable::deserialize(MapAccessDeserializer::new(map)).map(RawClaim::Table)
            }
        }
        deserializer.deserialize_any(ClaimVisitor)
    }
}

/// The claims of a policy. After the declared ones come those of `specified-by`: that an instrument behind one of some declared
/// claims specifies a data element. Rules ask for these as for any other, and each data element is judged with its own.
#[derive(Debug, Clone, Default)]
pub(super) struct Claims {
    /// By bit of a [`ClaimSet`].
    names: Vec<String>,
    titles: Vec<Option<String>>,
    /// By declared claim, who may issue the instrument behind it; empty: it needs none.
    issuers: Vec<Vec<String>>,
    /// By claim of `specified-by`, the declared claims behind one of which the instrument is.
    specified: Vec<ClaimSet>,
}

impl Claims {
    /// Declared claims, of which nothing is said yet.
    pub(super) fn declared_as(names: Vec<String>) -> Self {
        let (titles, issuers) = (vec![None; names.len()], vec![Vec::new(); names.len()]);
        Self { names, titles, issuers, specified: Vec::new() }
    }

    /// Takes over what the policy says of a declared claim.
    pub(super) fn describe(
        &mut self,
        document: &LocatedFiles<'_>,
        place: usize,
        (name, raw): (&Spanned<String>, &RawClaim),
    ) -> Result<(), ConfigError> {
        let mut errors = Errors::default();
        if let Some(title) = raw.title() {
            if title.trim().is_empty() || !title.chars().all(is_visible) {
                let message = format!("the title of claim `{}` is not one line of visible text", name.get_ref());
                let help = "write some, and take line ends, control characters and invisible ones away";
                errors.push(document.error(&name.span(), message).help(help));
            }
            self.titles.get_mut(place).into_iter().for_each(|own| *own = Some(title.to_owned()));
        }
        if let Some(issuers) = raw.issuers() {
            if issuers.get_ref().is_empty() {
                let error = document.error(&issuers.span(), "an empty list matches nothing");
                errors.push(error.help("name who may issue it; without the list it needs no instrument"));
            }
            let words = issuers.get_ref().iter().map(|issuer| document.word(issuer, "issuer"));
            errors.take(all(words));
            if let Some(own) = self.issuers.get_mut(place) {
                *own = issuers.get_ref().iter().map(|issuer| issuer.get_ref().clone()).collect();
            }
        }
        errors.finish()
    }

    /// The claim that an instrument behind one of these declared claims specifies a data element; it is added if it is new.
    pub(super) fn specify(&mut self, behind: ClaimSet) -> ClaimSet {
        let known = self.specified.iter().position(|own| *own == behind);
        let index = known.unwrap_or_else(|| {
            // In one order, so that two policies have one name for one thing.
            let mut names = self.names_of(behind);
            names.sort_unstable();
            let name = format!("{} (specified)", names.join(" or "));
            let titles = self.titles.iter().enumerate().filter(|(place, _)| behind.contains(*place));
            let titles: Vec<&str> = titles.filter_map(|(_, title)| title.as_deref()).collect();
            let of_what = if titles.is_empty() { String::new() } else { format!(": {}", titles.join("; ")) };
            self.titles.push(Some(format!("an instrument that specifies the data element{of_what}")));
            self.names.push(name);
            self.specified.push(behind);
            self.specified.len() - 1
        });
        ClaimSet::of(self.issuers.len() + index)
    }

    /// How many there are, with those of `specified-by`.
    pub(super) fn count(&self) -> usize {
        self.names.len()
    }

    /// The declared ones.
    pub(super) fn declared(&self) -> &[String] {
        self.names.get(..self.issuers.len()).unwrap_or_default()
    }

    /// The place of a declared one.
    pub(super) fn place(&self, name: &str) -> Option<usize> {
        self.declared().iter().position(|own| own == name)
    }

    /// All of them, by bit.
    pub(super) fn names(&self) -> &[String] {
        &self.names
    }

    /// The names of a set.
    pub(super) fn names_of(&self, claims: ClaimSet) -> Vec<&str> {
        let own = self.names.iter().enumerate().filter(|(place, _)| claims.contains(*place));
        own.map(|(_, name)| name.as_str()).collect()
    }

    /// All of them, with what they mean, as the policy says for people.
    pub(super) fn titles(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.names.iter().map(String::as_str).zip(self.titles.iter().map(Option::as_deref))
    }

    /// Who may issue the instrument behind a declared claim; empty if it needs none.
    pub(super) fn issuers(&self, place: usize) -> &[String] {
        self.issuers.get(place).map_or(&[], Vec::as_slice)
    }

    /// Each claim of `specified-by`, with the declared claims behind one of which the instrument is.
    pub(super) fn specified(&self) -> impl Iterator<Item = (ClaimSet, ClaimSet)> {
        let claims = (self.issuers.len()..).map(ClaimSet::of);
        claims.zip(self.specified.iter().copied())
    }

    /// What rules are told of a data element that instruments behind these declared claims specify.
    pub(super) fn specified_by(&self, claims: ClaimSet) -> ClaimSet {
        let own = self.specified().filter(|(_, behind)| behind.holds_any(claims));
        own.fold(ClaimSet::default(), |all, (claim, _)| all.union(claim))
    }
}
