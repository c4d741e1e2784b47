//! Queries on a policy without a requester: its names, its rules, and why one element is released or not in one
//! situation.

use super::agency::{Agencies, AgencyClass};
use super::attribute::{Attribute, AttributeSet, Attributes, Stated};
use super::instrument::Specified;
use super::ori::Ori;
use super::period::{Period, Validity};
use super::rule::{ClaimSet, ClassId, Conditions, Effect, MessageKeyId, Rule, RuleMetadata};
use super::{Grant, Policy, Requester, vouched};
use crate::catalog::{ElementId, Treatment};
use crate::date::Date;

/// The index of a rule in its policy: permits come first, then forbids, then reviews, each in the order of the file.
pub type RuleId = usize;

/// Why an element is released, or not, in one situation. It is released when `forbids` is empty and `permits` isn't.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ruling {
    /// The permits that apply and name it, the most open one first.
    pub(crate) permits: Vec<(RuleId, Treatment)>,
    /// The forbids that apply and name it.
    pub forbids: Vec<RuleId>,
}

impl Ruling {
    /// The treatment of the element; `None` if it is removed.
    pub fn treatment(&self) -> Option<Treatment> {
        self.permits.first().filter(|_| self.forbids.is_empty()).map(|(_, treatment)| *treatment)
    }

    /// The permits that determine the treatment: the most open ones.
    pub fn deciding(&self) -> impl Iterator<Item = RuleId> {
        let best = self.permits.first().map(|(_, treatment)| *treatment);
        self.permits.iter().filter(move |(_, treatment)| Some(*treatment) == best).map(|(rule, _)| *rule)
    }
}

impl Policy {
    /// The file as named by the caller.
    pub fn file(&self) -> &str {
        &self.head.file
    }

    /// The file that a rule or a class is in.
    pub fn file_of<'m>(&'m self, of: &'m RuleMetadata) -> &'m str {
        of.file.as_deref().unwrap_or_else(|| self.file())
    }

    /// The title of the policy.
    pub fn title(&self) -> Option<&str> {
        self.head.title.as_deref()
    }

    /// The agency classes, as an ORI is looked up in them.
    pub fn agencies(&self) -> &Agencies {
        &self.agencies
    }

    /// How many data elements a grant of this policy decides on.
    pub fn element_count(&self) -> usize {
        self.envelope.len()
    }

    /// Every agency class, indexed by [`ClassId`].
    pub fn classes(&self) -> &[AgencyClass] {
        self.agencies.classes()
    }

    /// The name of an agency class; empty if there is none of this id.
    pub fn class_name(&self, class: ClassId) -> &str {
        self.agencies.name(class)
    }

    /// The agency classes of an ORI, under a policy as of a day; empty if no class claims it.
    pub fn classes_of(&self, ori: Ori) -> Vec<ClassId> {
        self.agencies.classes_of(ori, Period::default()).map(|set| self.agencies.members(set)).unwrap_or_default()
    }

    /// The same on this day, under a policy that tells days apart.
    pub fn classes_on(&self, ori: Ori, date: Date) -> Vec<ClassId> {
        let period = self.periods.at(date);
        self.agencies.classes_of(ori, period).map(|set| self.agencies.members(set)).unwrap_or_default()
    }

    /// The classes that list an ORI exactly; empty if none does, so that patterns decide.
    pub fn listing(&self, ori: Ori) -> Vec<ClassId> {
        self.agencies.exact().get(&ori).map(|set| self.agencies.members(*set)).unwrap_or_default()
    }

    /// Every ORI that a class lists exactly.
    pub fn listed(&self) -> impl Iterator<Item = Ori> {
        self.agencies.exact().keys().copied()
    }

    /// Every rule, indexed by [`RuleId`].
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The rule of this id.
    pub fn rule(&self, id: RuleId) -> Option<&Rule> {
        self.rules.get(id)
    }

    /// The values of an attribute that a request may state and that it tells apart, by the index of [`Stated::Known`].
    pub fn declared(&self, attribute: Attribute) -> &[String] {
        &self.values(attribute).names
    }

    /// Whether the policy lists the values of an attribute; otherwise they are those that its rules name.
    pub fn lists(&self, attribute: Attribute) -> bool {
        self.values(attribute).are_listed
    }

    /// The attributes that it tells apart: its rules ask for them, or it lists their values.
    pub fn told_apart(&self) -> AttributeSet {
        let is_told_apart = |attribute: &Attribute| {
            let values = self.values(*attribute);
            values.are_asked || values.are_listed
        };
        Attribute::ALL.into_iter().filter(is_told_apart).collect()
    }

    /// A value of an attribute; `None` for one that the policy doesn't tell apart, and for none.
    pub fn value(&self, attribute: Attribute, stated: Stated) -> Option<&str> {
        let Stated::Known(index) = stated else { return None };
        self.declared(attribute).get(usize::from(index)).map(String::as_str)
    }

    /// What rules see of a value; `None` if the policy refuses it.
    pub fn find(&self, attribute: Attribute, value: &str) -> Option<Stated> {
        self.values(attribute).find(attribute, value)
    }

    /// What rules see of a value that the policy doesn't declare; `None` if the policy refuses it.
    pub fn other(&self, attribute: Attribute) -> Option<Stated> {
        self.values(attribute).other(attribute)
    }

    /// How many things a request may say of itself, as rules tell them apart.
    pub fn stated_count(&self) -> usize {
        let counts = Attribute::ALL.map(|attribute| self.values(attribute).all(attribute).count());
        counts.into_iter().fold(1, usize::saturating_mul)
    }

    /// All of these, in the order of the policy; what says nothing comes last.
    pub fn stated(&self) -> Vec<Attributes> {
        let mut all = vec![Attributes::default()];
        for attribute in Attribute::ALL {
            let values: Vec<Stated> = self.values(attribute).all(attribute).collect();
            all = all.iter().flat_map(|own| values.iter().map(|value| own.with(attribute, *value))).collect();
        }
        all
    }

    /// Whether some format has messages without a key.
    pub fn key_may_be_absent(&self) -> bool {
        self.key_may_be_absent
    }

    /// The conditions of a request; `None` if the policy refuses it.
    pub fn asked(&self, requester: &Requester, message: Option<MessageKeyId>) -> Option<Conditions> {
        self.conditions(requester, message, self.period(requester)?).ok()
    }

    /// The days on which the policy is in force.
    pub fn validity(&self) -> Validity {
        self.validity
    }

    /// The day that it is as of; `None` if it decides by the date of each request, or depends on no date.
    pub fn date(&self) -> Option<Date> {
        self.as_of
    }

    /// The names of the claims of a set.
    pub fn claim_names(&self, claims: ClaimSet) -> Vec<&str> {
        self.claims.names_of(claims)
    }

    /// The set of these claims; undeclared ones are ignored.
    pub fn claim_set<'n>(&self, names: impl IntoIterator<Item = &'n str>) -> ClaimSet {
        let mut set = ClaimSet::default();
        let places = names.into_iter().filter_map(|name| self.claims.names().iter().position(|own| own == name));
        places.for_each(|place| set.insert(place));
        set
    }

    /// The claims that reviewers may vouch for in a situation.
    pub fn vouched(&self, classes: &[ClassId], asked: &Conditions) -> ClaimSet {
        vouched(&self.applying(classes, asked)).unwrap_or_default()
    }

    /// The rules that apply in a situation.
    pub fn applied(&self, classes: &[ClassId], asked: &Conditions) -> Vec<RuleId> {
        let rules = self.rules.iter().enumerate();
        rules.filter(|(_, rule)| rule.applies(classes, asked)).map(|(id, _)| id).collect()
    }

    /// The grant of these classes in a situation.
    pub fn grant(&self, classes: &[ClassId], asked: &Conditions) -> Grant {
        self.grant_specified(classes, asked, &Specified::default())
    }

    /// The same, where instruments specify data elements.
    pub fn grant_specified(&self, classes: &[ClassId], asked: &Conditions, specified: &Specified) -> Grant {
        self.compute(classes, asked, specified)
    }

    /// A set of claims with all that instruments behind them may specify.
    pub fn with_specified(&self, claims: ClaimSet) -> ClaimSet {
        claims.union(self.claims.specified_by(claims))
    }

    /// Each claim of `specified-by`, with the declared claims behind one of which the instrument is: it is never vouched for
    /// without one of them.
    pub fn specified_claims(&self) -> impl Iterator<Item = (ClaimSet, ClaimSet)> {
        self.claims.specified()
    }

    /// Who may issue the instrument behind each declared claim that needs one.
    pub fn claim_issuers(&self) -> impl Iterator<Item = (&str, &[String])> {
        let declared = self.claims.declared().iter().enumerate();
        declared.map(|(place, name)| (name.as_str(), self.claims.issuers(place)))
    }

    /// Why an element is released or not in a situation.
    pub fn ruling(&self, classes: &[ClassId], asked: &Conditions, element: ElementId) -> Ruling {
        self.ruling_of(&self.applied(classes, asked), element)
    }

    /// The same, for rules that are known to apply.
    pub fn ruling_of(&self, applied: &[RuleId], element: ElementId) -> Ruling {
        let mut ruling = Ruling::default();
        for id in applied {
            match self.rule(*id).map(|rule| &rule.effect) {
                Some(Effect::Permit(elements)) => {
                    let place = elements.binary_search_by_key(&element, |(own, _)| *own).ok();
                    let treatment = place.and_then(|place| elements.get(place)).map(|(_, treatment)| *treatment);
                    ruling.permits.extend(treatment.map(|treatment| (*id, treatment)));
                }
                Some(Effect::Forbid(elements)) if elements.binary_search(&element).is_ok() => ruling.forbids.push(*id),
                _ => {}
            }
        }
        ruling.permits.sort_by_key(|(_, treatment)| *treatment);
        ruling
    }
}
