//! The policy: agency classes with permit, forbid and review rules. A [`Grant`] is computed once per distinct request
//! and cached.

mod agency;
mod attribute;
mod claims;
mod duty;
mod include;
mod instrument;
mod load;
mod metadata;
mod ori;
mod period;
mod request;
mod request_text;
mod requester;
mod roster;
mod rule;
mod spans;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::{Arc, PoisonError, RwLock};

use foldhash::fast::RandomState;
use serde::{Deserialize, Serialize};

pub use agency::{Agencies, AgencyClass};
pub use attribute::{Asked, Attribute, AttributeSet, Attributes, Stated, StatedBy};
pub use duty::{Due, DueUnit, Duty, DutyKind, GrantDuty, Occasion};
pub use include::{InMemory, LocatedFiles, PolicyFiles, PolicySources, find_built_in, may_be_built_in};
pub use instrument::{Instrument, InstrumentFault, InstrumentText, Specified};
pub use load::MessageKeys;
#[cfg(feature = "schema")]
pub use load::table_schema;
pub use metadata::{RuleId, Ruling};
#[cfg(feature = "schema")]
pub use ori::ORI_PATTERN;
pub use ori::{ORI_LENGTH, Ori};
pub use period::{InForce, Period, Validity, table_date};
pub use request::RequestError;
pub use request::Undeclared;
pub use request_text::RequestText;
pub use requester::{
    NAME_FORM, Requester, RequesterError, STATEMENT_FORM, folded_name, is_name, is_same_person, is_statement,
};
pub use rule::{ClaimSet, ClassId, Conditions, Effect, MessageKeyId, Rule, RuleMetadata};
pub use spans::{ClassSpans, PolicySpans, RuleSpans, SpannedName};
pub use {
    ori::OriPattern,
    roster::{Roster, RosterEntry},
};

use crate::catalog::{Catalog, ElementId, Treatment};
use crate::date::Date;
use agency::ClassSetId;
use attribute::Values;
use claims::Claims;
use period::Periods;

/// The identity of the policy that decided, as in receipts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PolicyIdentity {
    /// The policy's own name.
    pub name: String,
    /// The policy's own version.
    pub version: String,
    /// SHA-256 of the policy's text, as lower-case hexadecimal. With rosters and what it includes: of all of these, each with
    /// its kind and its length.
    pub sha256: String,
}

/// The policy's decision before the message is rewritten.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// Something beyond the envelope is permitted.
    Rewrite,
    /// A person must review it first.
    Review,
    /// Nothing beyond the envelope is permitted.
    Nothing,
}

impl Verdict {
    /// The outcome of a message that nothing else withholds.
    pub fn occasion(self) -> Occasion {
        match self {
            Self::Rewrite => Occasion::Release,
            Self::Review => Occasion::Hold,
            Self::Nothing => Occasion::Refusal,
        }
    }
}

/// What one requester may have from one message type, each element with its treatment.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Grant {
    treatments: Box<[Option<Treatment>]>,
    classes: Box<[String]>,
    rules: Box<[String]>,
    duties: Box<[GrantDuty]>,
    legal_notice: Option<Box<str>>,
    verdict: Verdict,
    on_shape_violation: OnShapeViolation,
    /// Whether a person has approved the message.
    is_approved: bool,
}

impl Grant {
    /// The treatment of an element, `None` if it isn't released. The envelope always is.
    #[inline]
    pub fn treatment(&self, element: ElementId) -> Option<Treatment> {
        self.treatments.get(element.index()).copied().flatten()
    }

    /// What it means for the message.
    pub fn verdict(&self) -> Verdict {
        self.verdict
    }

    /// What to do with a permitted value that violates its shape, and with the message. If a notice is required and the
    /// message has no place for one, a person has to review it.
    pub fn on_shape_violation(&self, has_place_for_notice: bool) -> OnShapeViolation {
        match self.on_shape_violation {
            OnShapeViolation::Notice if has_place_for_notice => OnShapeViolation::Notice,
            OnShapeViolation::Notice | OnShapeViolation::Hold if self.is_approved => OnShapeViolation::Remove,
            OnShapeViolation::Notice => OnShapeViolation::Hold,
            other => other,
        }
    }

    /// What the answer tells its reader of the law, where its format has a place for it: the texts of all rules that apply,
    /// each once, in alphabetical order, with a space between them.
    #[inline]
    pub fn legal_notice(&self) -> Option<&str> {
        self.legal_notice.as_deref()
    }

    /// Names of the agency classes the requester is in.
    pub fn classes(&self) -> &[String] {
        &self.classes
    }

    /// Ids of the rules that applied, duties aside.
    pub fn rules(&self) -> &[String] {
        &self.rules
    }

    /// The duties that follow from an outcome.
    pub fn duties(&self, occasion: Occasion) -> impl Iterator<Item = &GrantDuty> {
        self.duties.iter().filter(move |own| own.duty.after.contains(&occasion))
    }
}

/// The claim that a person has approved the message.
pub const APPROVED: &str = "approved";

/// What to do with a permitted value that violates its element's shape, the most open first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OnShapeViolation {
    /// The value is removed, and recorded in the receipt.
    Remove,
    /// The value is removed, and a fixed text in the message says so.
    Notice,
    /// The message is held until a person has approved it.
    Hold,
    /// The message is withheld.
    Withhold,
}

impl OnShapeViolation {
    /// Its name in policies and reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Remove => "remove",
            Self::Notice => "notice",
            Self::Hold => "hold",
            Self::Withhold => "withhold",
        }
    }
}

/// Whose tokens are alike: for whom equal values have equal tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum TokenScope {
    /// One requester's: two agencies can't join what they got. The default.
    #[default]
    Requester,
    /// Everybody's.
    Policy,
}

impl TokenScope {
    /// Its name in policies and reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Requester => "requester",
            Self::Policy => "policy",
        }
    }
}

/// A loaded policy.
#[derive(Debug)]
pub struct Policy {
    head: PolicyHeader,
    identity: Arc<PolicyIdentity>,
    on_shape_violation: OnShapeViolation,
    token_scope: TokenScope,
    agencies: Agencies,
    claims: Claims,
    /// The data elements of every text by which an instrument specifies some.
    selections: Arc<BTreeMap<String, Box<[ElementId]>>>,
    /// By attribute.
    values: [Values; Attribute::ALL.len()],
    /// Whether some format has messages without a key.
    key_may_be_absent: bool,
    /// Whether it has duties, whose deadlines are counted from the date of the request.
    has_deadlines: bool,
    rules: Vec<Rule>,
    /// The days on which it is in force.
    validity: Validity,
    in_force: InForce,
    /// The periods within which dates make no difference.
    periods: Periods,
    /// The day that it is as of, if it depended on dates.
    as_of: Option<Date>,
    /// The day that requests are of, for reports: even where the policy depends on no date, their instruments may.
    day: Option<Date>,
    /// The elements of a grant before any rule: the envelope.
    envelope: Box<[Option<Treatment>]>,
    grant_cache: RwLock<GrantCache>,
}

/// The grants computed so far.
#[derive(Debug, Default)]
struct GrantCache {
    by_conditions: HashMap<(ClassSetId, Conditions), Arc<Grant>, RandomState>,
    /// Each distinct grant once, so that what is cached by grant is shared by all requests with the same one.
    grants: HashSet<Arc<Grant>>,
}

/// Metadata of a policy, with no effect on decisions.
#[derive(Debug, Clone)]
struct PolicyHeader {
    /// The file as named by the caller.
    file: String,
    title: Option<String>,
}

impl Policy {
    /// Name, version and digest, as in receipts.
    pub fn identity(&self) -> &Arc<PolicyIdentity> {
        &self.identity
    }

    /// The claims that it declares.
    pub fn declared_claims(&self) -> &[String] {
        self.claims.declared()
    }

    /// Whether it declares a claim.
    pub fn declares_claim(&self, name: &str) -> bool {
        self.claims.place(name).is_some()
    }

    /// What each claim means, as the policy says for people; after the declared ones those of what instruments specify.
    pub fn claim_titles(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.claims.titles()
    }

    /// What to do with a permitted value that violates its shape, and with its message, before it is approved.
    pub fn on_shape_violation(&self) -> OnShapeViolation {
        self.on_shape_violation
    }

    /// Whether a message that is held for a value that violates its shape goes out once a person has approved it.
    pub fn lifts_shape_holds(&self) -> bool {
        let holds = matches!(self.on_shape_violation, OnShapeViolation::Hold | OnShapeViolation::Notice);
        holds && self.declares_claim(APPROVED)
    }

    /// Whose tokens are alike.
    pub fn token_scope(&self) -> TokenScope {
        self.token_scope
    }

    /// Whether some rule releases an element as a token, in force or not.
    pub fn has_tokens(&self) -> bool {
        self.rules.iter().any(|rule| match &rule.effect {
            Effect::Permit(elements) => elements.iter().any(|(_, treatment)| *treatment == Treatment::Token),
            Effect::Forbid(_) | Effect::Review(_) | Effect::Duty(_) => false,
        })
    }

    /// The values of an attribute.
    fn values(&self, attribute: Attribute) -> &Values {
        attribute.of(&self.values)
    }

    /// Whether these claims include the approval of a person.
    fn is_approved(&self, claims: ClaimSet) -> bool {
        self.claims.place(APPROVED).is_some_and(|at| claims.contains(at))
    }

    /// Whether decisions, or the deadlines of duties, depend on the date of the request.
    pub fn depends_on_date(&self) -> bool {
        !self.periods.is_one() || self.has_deadlines
    }

    /// Whether the decision on a request depends on its date: the policy's do, or one of its instruments has days.
    pub fn depends_on_date_of(&self, requester: &Requester) -> bool {
        self.depends_on_date() || requester.instruments().iter().any(Instrument::is_dated)
    }

    /// The request with a date, if the decision depends on one: today's, if it has none. A message is decided on several
    /// times, and the clock must not come between (P10).
    pub fn dated<'r>(&self, requester: &'r Requester) -> Cow<'r, Requester> {
        let wants_date = requester.given_date().is_none() && self.depends_on_date_of(requester);
        match wants_date.then(|| self.date_of(requester)).flatten() {
            Some(date) => Cow::Owned(requester.clone().on(date)),
            None => Cow::Borrowed(requester),
        }
    }

    /// The date that decides on a request; `None` if the decision depends on no date, or if the clock tells none.
    pub fn decision_date(&self, requester: &Requester) -> Option<Date> {
        self.as_of.or_else(|| if self.depends_on_date_of(requester) { self.date_of(requester) } else { None })
    }

    /// The date of a request: the day of the report, the one that it states, or today.
    fn date_of(&self, requester: &Requester) -> Option<Date> {
        self.day.or_else(|| requester.given_date()).or_else(Date::today)
    }

    /// The period of a request; `None` if decisions depend on a date and the clock tells none.
    fn period(&self, requester: &Requester) -> Option<Period> {
        match self.depends_on_date() {
            true => self.date_of(requester).map(|date| self.periods.at(date)),
            false => Some(Period::default()),
        }
    }

    /// Whether the policy is in force on the date of a request; `None` if the clock tells no date.
    pub fn is_in_force(&self, requester: &Requester) -> Option<bool> {
        self.period(requester).map(|period| self.in_force.contains(period))
    }

    /// The days on which something begins or has ended, in order. Between two of them dates make no difference.
    #[must_use]
    pub fn days_of_change(&self) -> &[Date] {
        self.periods.days()
    }

    /// The policy on one day, for reports, which are about no request: what isn't in force on it never is, the rest
    /// always.
    #[must_use]
    pub fn as_of(&self, date: Date) -> Self {
        let is_in_force = |validity: Validity| match validity.contains(date) && self.validity.contains(date) {
            true => InForce::ALWAYS,
            false => InForce::NEVER,
        };
        Self {
            head: self.head.clone(),
            identity: Arc::clone(&self.identity),
            on_shape_violation: self.on_shape_violation,
            token_scope: self.token_scope,
            agencies: self.agencies.as_of(date),
            claims: self.claims.clone(),
            selections: Arc::clone(&self.selections),
            values: self.values.clone(),
            key_may_be_absent: self.key_may_be_absent,
            has_deadlines: false,
            rules: self.rules.iter().map(|r| Rule { in_force: is_in_force(r.validity), ..r.clone() }).collect(),
            validity: self.validity,
            in_force: is_in_force(self.validity),
            periods: Periods::default(),
            as_of: self.as_of.or(self.depends_on_date().then_some(date)),
            day: self.day.or(Some(date)),
            envelope: self.envelope.clone(),
            grant_cache: RwLock::default(),
        }
    }

    /// The grant of a requester for a message key; `None` if no agency class claims the ORI, if the policy isn't in force,
    /// or if it doesn't declare what the request states, or its claims. A cache hit doesn't allocate.
    pub fn decide(&self, ori: Ori, requester: &Requester, message: Option<MessageKeyId>) -> Option<Arc<Grant>> {
        let period = self.period(requester).filter(|period| self.in_force.contains(*period))?;
        let classes = self.agencies.classes_of(ori, period)?;
        let conditions = self.conditions(requester, message, period).ok()?;
        let specified = self.specified(requester);
        if !specified.is_nothing() {
            // There are as many grants as things to specify: none is cached (P8).
            return Some(Arc::new(self.compute(&self.agencies.members(classes), &conditions, &specified)));
        }
        let key = (classes, conditions);
        if let Some(grant) = self.grant_cache.read().unwrap_or_else(PoisonError::into_inner).by_conditions.get(&key) {
            return Some(Arc::clone(grant));
        }
        let grant = self.compute(&self.agencies.members(classes), &conditions, &specified);
        // One decision is one grant, even if two threads compute it at once.
        let GrantCache { by_conditions, grants } =
            &mut *self.grant_cache.write().unwrap_or_else(PoisonError::into_inner);
        let grant = match grants.get(&grant) {
            Some(known) => Arc::clone(known),
            None => {
                let grant = Arc::new(grant);
                grants.insert(Arc::clone(&grant));
                grant
            }
        };
        Some(Arc::clone(by_conditions.entry(key).or_insert(grant)))
    }

    /// The decision in a situation, independent of the order of rules (P9).
    fn compute(&self, classes: &[ClassId], conditions: &Conditions, specified: &Specified) -> Grant {
        let applied = self.applied_to(classes, conditions, specified);
        let treatments = self.treatments(&applied);
        // A review is also for what would be permitted only with what the reviewer vouches for.
        let may_be_more =
            |claims| self.treatments(&self.applied_to(classes, &conditions.with(claims), specified)) != self.envelope;
        let is_nothing = treatments == self.envelope;
        let verdict = match vouched(&applied.rules) {
            Some(claims) if !is_nothing || may_be_more(claims) => Verdict::Review,
            None if !is_nothing => Verdict::Rewrite,
            _ => Verdict::Nothing,
        };
        let duties = applied.rules.iter().filter_map(|rule| match &rule.effect {
            Effect::Duty(duty) => Some(GrantDuty { id: rule.id.clone(), duty: duty.clone() }),
            Effect::Permit(_) | Effect::Forbid(_) | Effect::Review(_) => None,
        });
        let rules = || self.rules.iter().filter(|rule| !rule.effect.is_duty() && applied.has(rule));
        let notices: BTreeSet<&str> = rules().filter_map(|rule| rule.legal_notice.as_deref()).collect();
        let legal_notice = notices.into_iter().collect::<Vec<_>>().join(" ");
        Grant {
            duties: duties.collect(),
            treatments,
            classes: classes.iter().map(|class| self.agencies.name(*class).to_owned()).collect(),
            rules: rules().map(|rule| rule.id.clone()).collect(),
            legal_notice: (!legal_notice.is_empty()).then(|| legal_notice.into()),
            verdict,
            on_shape_violation: self.on_shape_violation,
            is_approved: self.is_approved(conditions.claims),
        }
    }

    /// The claims for which the reviewers of these rules, by their ids, may vouch.
    pub fn reviewed_claims<'r>(&self, rules: impl Iterator<Item = &'r str>) -> Vec<&str> {
        let applied: Vec<&Rule> = rules.filter_map(|id| self.rule_of(id)).collect();
        let names = self.claim_names(vouched(&applied).unwrap_or_default()).into_iter();
        names.filter(|name| self.declares_claim(name)).collect()
    }

    /// The rule of an id.
    pub fn rule_of(&self, id: &str) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.id == id)
    }

    /// Whether one of these rules, by their ids, is a review that two people must approve.
    pub fn wants_two_people<'r>(&self, mut rules: impl Iterator<Item = &'r str>) -> bool {
        rules.any(|id| self.rule_of(id).is_some_and(|rule| rule.two_people))
    }

    /// The rules that apply in a situation, to all data elements and to those that instruments specify.
    fn applied_to(&self, classes: &[ClassId], conditions: &Conditions, specified: &Specified) -> Applied<'_> {
        let groups = specified.groups().into_iter();
        let of_group = |(claims, elements)| (self.applying(classes, &conditions.with(ClaimSet(claims))), elements);
        Applied { rules: self.applying(classes, conditions), specified: groups.map(of_group).collect() }
    }

    /// How each data element may be released.
    fn treatments(&self, applied: &Applied<'_>) -> Box<[Option<Treatment>]> {
        let mut treatments = self.treatments_of(&applied.rules);
        for (rules, elements) in &applied.specified {
            let others = self.treatments_of(rules);
            for element in elements {
                if let (Some(own), Some(other)) = (treatments.get_mut(*element), others.get(*element)) {
                    *own = *other;
                }
            }
        }
        treatments
    }

    /// The rules that apply in a situation.
    fn applying(&self, classes: &[ClassId], conditions: &Conditions) -> Vec<&Rule> {
        self.rules.iter().filter(|rule| rule.applies(classes, conditions)).collect()
    }

    /// The union of these permits minus every one of these forbids, and the envelope.
    fn treatments_of(&self, applied: &[&Rule]) -> Box<[Option<Treatment>]> {
        let mut treatments = self.envelope.clone();
        for rule in applied {
            let Effect::Permit(elements) = &rule.effect else { continue };
            for (element, treatment) in elements {
                if let Some(slot) = treatments.get_mut(element.index()) {
                    *slot = Some(slot.map_or(*treatment, |other| other.min(*treatment)));
                }
            }
        }
        for rule in applied {
            let Effect::Forbid(elements) = &rule.effect else { continue };
            for element in elements {
                if let Some(slot) = treatments.get_mut(element.index()) {
                    *slot = None;
                }
            }
        }
        treatments
    }
}

/// The rules that apply in a situation.
struct Applied<'p> {
    rules: Vec<&'p Rule>,
    /// For data elements that instruments specify: the rules that apply to them, as if all were specified that they are.
    specified: Vec<(Vec<&'p Rule>, Vec<usize>)>,
}

impl Applied<'_> {
    /// Whether a rule applies: in all, or to something that is specified and that it names.
    fn has(&self, rule: &Rule) -> bool {
        let is_among = |rules: &[&Rule]| rules.iter().any(|own| std::ptr::eq(*own, rule));
        let names = |elements: &[usize]| elements.iter().any(|element| rule.effect.names(*element));
        is_among(&self.rules) || self.specified.iter().any(|(rules, elements)| is_among(rules) && names(elements))
    }
}

/// What the reviewers of these rules may vouch for; `None` if no review is among them.
fn vouched(applied: &[&Rule]) -> Option<ClaimSet> {
    let vouched = applied.iter().filter_map(|rule| match rule.effect {
        Effect::Review(claims) => Some(claims),
        Effect::Permit(_) | Effect::Forbid(_) | Effect::Duty(_) => None,
    });
    vouched.reduce(ClaimSet::union)
}

/// The treatments of a grant of the envelope only.
fn envelope_only(catalog: &Catalog) -> Box<[Option<Treatment>]> {
    catalog.iter().map(|(_, element)| element.is_in_every_grant().then_some(Treatment::Full)).collect()
}
