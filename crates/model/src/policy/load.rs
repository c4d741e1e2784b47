//! Reads a policy from TOML and resolves every name in it; an undeclared name is an error with its position (P2).

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, RwLock};

use serde::Deserialize;

use super::agency::{Agencies, AgencyClass, Listings};
use super::attribute::{Asked, Attribute, Values, nearest_code};
use super::claims::{Claims, RawClaim};
use super::duty::{DUE_FORM, Due, Duty, DutyKind, Occasion};
use super::include::{Includes, LocatedFiles, PolicyFiles};
use super::instrument::selections;
use super::ori::{Ori, OriPattern};
use super::period::{InForce, Periods, Validity, read_date, spanned_date};
use super::roster::no_ori;
use super::rule::{ClaimSet, ClassId, Effect, MessageKeyId, Rule, RuleMetadata};
use super::{OnShapeViolation, Policy, PolicyHeader, PolicyIdentity, TokenScope, envelope_only};
use crate::catalog::{Catalog, ElementId, GROUP_PREFIX, Treatment};
use crate::config::{ConfigError, Errors, Position, Spanned, all};

/// A policy: agency classes, and what they may have, must not have, or may have after a person's review.
#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct RawPolicy {
    /// The head of the policy.
    pub(super) policy: RawHeader,
    /// Agency classes, by name. An ORI in several has the union of their permits, minus their forbids.
    #[serde(default)]
    pub(super) agencies: BTreeMap<Spanned<String>, RawAgencyClass>,
    /// What claims mean, for people, by their names; or a table of that and of who issues the instruments behind them.
    #[serde(default)]
    pub(super) claims: BTreeMap<Spanned<String>, RawClaim>,
    /// What classes of agencies may have. The order of rules never matters.
    #[serde(default)]
    pub(super) permit: Vec<RawRule>,
    /// What is removed, whatever permits it.
    #[serde(default)]
    pub(super) forbid: Vec<RawRule>,
    /// What a person must review first: the message is held until `unless` is vouched for.
    #[serde(default)]
    pub(super) review: Vec<RawRule>,
    /// What somebody must do because a message goes out, is held or is refused, and by when. It changes no grant.
    #[serde(default)]
    pub(super) duty: Vec<RawRule>,
}

/// The JSON Schema of a policy, from the type that loads it. It says what types can say; more is added to it by whoever writes
/// the schema files.
#[cfg(feature = "schema")]
pub fn table_schema(generator: schemars::SchemaGenerator) -> schemars::Schema {
    generator.into_root_schema_for::<RawPolicy>()
}

/// The head of a policy.
#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RawHeader {
    /// Its name, in receipts and reports.
    pub(super) name: Spanned<String>,
    /// Its version, in receipts and reports, such as a date.
    version: String,
    /// The policies that it includes: all of each holds as if it were written here. A built-in one by its name; a file beside
    /// the policy by its path, with a `/` or `.toml` in it.
    pub(super) include: Option<Spanned<Includes>>,
    /// What the switch may vouch for about a request; rules name these in `requires` and `unless`.
    #[serde(default)]
    pub(super) claims: Vec<Spanned<String>>,
    /// The purpose codes that a request may state, one to three capital letters each: a request for any other is withheld.
    /// Left out: those that rules name; if none does, any, and it makes no difference.
    pub(super) purposes: Option<Names>,
    /// The reason codes that a request may state, one to three capital letters or digits each: a request for any other is
    /// withheld. Left out: any, and no rule names one.
    pub(super) reasons: Option<Names>,
    /// The lines on which a query may come, one to nine capital letters or digits each: one on any other is withheld. Left out:
    /// any, and no rule names one.
    pub(super) lines: Option<Names>,
    /// What happens to a permitted value that violates its element's shape, and to its message.
    pub(super) on_shape_violation: Option<Spanned<RawOnShapeViolation>>,
    /// Whose tokens are alike: with `requester`, which is the default, equal values have equal tokens in what one agency gets;
    /// with `policy` in what all of them get.
    pub(super) tokens: Option<TokenScope>,
    /// What it is, for people.
    title: Option<String>,
    /// The first day on which the policy is in force, YYYY-MM-DD. Before it every message is withheld.
    pub(super) from: Option<Spanned<String>>,
    /// The last day on which the policy is in force, YYYY-MM-DD. After it every message is withheld.
    pub(super) until: Option<Spanned<String>>,
    /// More of it, for people.
    #[serde(rename = "description")]
    _description: Option<String>,
    /// Whose policy it is: a state's postal code.
    #[serde(rename = "jurisdiction")]
    _jurisdiction: Option<String>,
}

#[derive(Deserialize, Clone, Copy)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub(super) enum RawOnShapeViolation {
    /// The value is removed, and the receipt, the log and the summary say so. The default.
    Remove,
    /// The same, and the message says so, where its format has a place for a `notice`; where it has none, as `hold`.
    Notice,
    /// The message is held until a person has looked at it: it goes out, without the value, once `approved` is vouched for.
    Hold,
    /// The message is withheld.
    Withhold,
}

/// A class of agencies. Exactly listed ORIs come first, patterns second.
#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RawAgencyClass {
    /// Who they are, for people.
    pub(super) title: Option<String>,
    /// ORIs of nine characters, or patterns: `?` is one character, `#` one digit, `*` any run of characters.
    #[serde(default)]
    pub(super) ori: Vec<Spanned<String>>,
    /// A CSV file of ORIs beside the policy: one column, or a header with a column `ori`, and maybe `from`, `until`,
    /// `source` and `note`.
    pub(super) ori_file: Option<Spanned<String>>,
    /// Those of the policies that add to the class.
    #[serde(skip)]
    pub(super) more_ori_files: Vec<Spanned<String>>,
    /// Classes whose patterns take ORIs from this one's patterns, whether they keep them or not. It isn't transitive:
    /// what such a class excepts itself is not taken from this one. Patterns and `except` don't apply to an ORI that
    /// is listed exactly.
    #[serde(default)]
    pub(super) except: Vec<Spanned<String>>,
    /// Classes that share ORIs with this one on purpose: who is in both gets the union of what both may have. It decides
    /// nothing; `check` doesn't warn of these.
    #[serde(default)]
    pub(super) overlaps: Vec<Spanned<String>>,
}

/// One rule of any kind; what its kind doesn't take is refused when it is resolved.
#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct RawRule {
    /// Its name, in receipts and reports.
    pub(super) id: Spanned<String>,
    /// What it is for, for people.
    title: Option<String>,
    /// The law it is based on.
    basis: Option<String>,
    /// Where the law was read, an address for instance.
    pub(super) source: Option<Spanned<String>>,
    /// The day on which it was read there, YYYY-MM-DD.
    pub(super) checked: Option<Spanned<String>>,
    /// The first day on which the rule is in force, YYYY-MM-DD; left out: no day is too early.
    pub(super) from: Option<Spanned<String>>,
    /// The last day on which the rule is in force, YYYY-MM-DD; left out: no day is too late.
    pub(super) until: Option<Spanned<String>>,
    /// The agency classes it is for; left out: all. A permit names them.
    pub(super) agencies: Option<Names>,
    /// The purpose codes it is for, one to three capital letters; `*`: any that is stated; left out: any, or none.
    pub(super) purposes: Option<Names>,
    /// The reason codes it is for, one to three capital letters or digits; `*`: any that is stated; left out: any, or none.
    pub(super) reasons: Option<Names>,
    /// The lines it is for, one to nine capital letters or digits; `*`: any that is stated; left out: any, or none.
    pub(super) lines: Option<Names>,
    /// The users it is for, in capitals; `*`: any that is stated; left out: any, or none.
    pub(super) users: Option<Names>,
    /// The states whose records it is for, by their postal codes; `*`: any that is stated; left out: any, or none.
    pub(super) states: Option<Names>,
    /// The message keys it is for; left out: any.
    messages: Option<Names>,
    /// Claims that must all be vouched for.
    #[serde(default)]
    pub(super) requires: Vec<Spanned<String>>,
    /// Claims, any of which prevents the rule from applying.
    #[serde(default)]
    pub(super) unless: Vec<Spanned<String>>,
    /// Claims, of whose instruments one must specify a data element for the permit to give it, or the forbid to leave it. Of a
    /// claim without an instrument nothing is specified.
    #[serde(rename = "specified-by")]
    pub(super) specified_by: Option<Names>,
    /// Of a review: claims that its reviewer may vouch for. The message is held if anything could go out with them, even if
    /// nothing may go out without.
    #[serde(default)]
    pub(super) vouches: Vec<Spanned<String>>,
    /// Of a review: how many people must approve the message at the review desk, 1 or 2. Left out: 1.
    people: Option<Spanned<u8>>,
    /// Whether a forbid or a review applies where the request leaves out the purpose, reason, line, user or state, or the
    /// message the key, that the rule asks for. Left out: it applies. A permit never does.
    #[serde(rename = "when-absent")]
    pub(super) when_absent: Option<Spanned<WhenAbsent>>,
    /// Data elements: an id, a prefix of ids at a dot, or `group:NAME`. `group:dppa-personal` is all that the DPPA calls personal,
    /// what it calls highly restricted (`group:dppa-highly-restricted`) included.
    pub(super) elements: Option<Names>,
    /// How elements are released; left out: in full. Of several keys that cover an element the longest id decides,
    /// and any id rather than a group; two groups that differ on it are refused. Of several permits the most open
    /// decides.
    #[serde(rename = "as", default)]
    pub(super) treatments: BTreeMap<Spanned<String>, Treatment>,
    /// Of a permit or a forbid: what every answer to which the rule applies tells its reader, whether anything was removed from it
    /// or not, where its format has a place for a `legal-notice`; the law, for instance: printable ASCII, 200 characters at most.
    #[serde(rename = "legal-notice")]
    pub(super) legal_notice: Option<Spanned<String>>,
    /// Of a duty: what must be done.
    #[serde(rename = "do")]
    pub(super) task: Option<Spanned<DutyKind>>,
    /// Of a duty: the body that is reported to, or who else it concerns.
    pub(super) to: Option<Spanned<String>>,
    /// Of a duty: by when: `before` the message goes out, or within a time from the date of the request: `3 business days`,
    /// `30 days`, `1 month`, `5 years`. Of a record: how long it is kept.
    pub(super) due: Option<Spanned<String>>,
    /// Of a duty: the outcomes that it follows from. Left out: `release`; of one that is due before: `hold`.
    pub(super) after: Option<Spanned<Vec<Occasion>>>,
}

/// What a rule does where a request leaves out an attribute that the rule has conditions on.
#[derive(Deserialize, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub(super) enum WhenAbsent {
    /// It applies all the same.
    Apply,
    /// It doesn't apply.
    Skip,
}

/// The message keys that formats declare.
#[derive(Debug, Clone, Copy)]
pub struct MessageKeys<'a> {
    /// By their ids.
    pub names: &'a [String],
    /// Whether some format has messages without a key.
    pub may_be_absent: bool,
}

/// Maximum number of duties, and of characters of who they concern: every receipt of a message may hold all of them, on one
/// line of a log (P8).
const MAX_DUTIES: usize = 256;
const MAX_DUTY_TO: usize = 200;

/// Maximum number of characters of a rule's legal notice.
const MAX_LEGAL_NOTICE: usize = 200;

/// In a rule's list of values: any value, but one must be stated.
const ANY: &str = "*";

/// A list of names with their spans; its own span is for the error that it is empty.
pub(super) type Names = Spanned<Vec<Spanned<String>>>;

#[derive(Clone, Copy, PartialEq, Eq)]
enum RuleKind {
    Permit,
    Forbid,
    Review,
    Duty,
}

impl Policy {
    /// Reads a policy; `messages` are the keys that formats declare.
    ///
    /// # Errors
    /// All errors of all its files.
    pub fn load(files: &PolicyFiles, catalog: &Catalog, messages: MessageKeys<'_>) -> Result<Self, ConfigError> {
        let mut of_included = Errors::default();
        for included in files.directly_included() {
            // Each must be a policy alone: the including one is read on top of it, and nothing of it rests on that one.
            of_included.take(Self::load(&included, catalog, messages));
        }
        let Err(wrong) = of_included.finish() else { return Self::load_merged(files, catalog, messages) };
        let mut errors = Errors::default();
        let is_known = |error: &ConfigError| wrong.iter().any(|known| known.is_at_place_of(error));
        if let Err(error) = Self::load_merged(files, catalog, messages) {
            error.into_each().filter(|error| !is_known(error)).for_each(|error| errors.push(error));
        }
        errors.push(wrong);
        errors.finish()?;
        Err(ConfigError::of_file(files.own().file, "includes a policy that can't be read"))
    }

    /// Reads a policy and those that it includes as one.
    fn load_merged(files: &PolicyFiles, catalog: &Catalog, messages: MessageKeys<'_>) -> Result<Self, ConfigError> {
        let document = &files.located();
        let mut errors = Errors::default();
        files.errors().for_each(|error| errors.push(error.clone()));
        let Some(raw) = files.merge(&mut errors) else {
            errors.finish()?;
            return Err(ConfigError::of_file(document.own(), "can't be read as a policy"));
        };
        // After an error, loading continues with placeholders, to find further errors.
        let claims = errors
            .take(distinct(document, &raw.policy.claims, "claim"))
            .unwrap_or_else(|| raw.policy.claims.iter().map(|claim| claim.get_ref().clone()).collect());
        if let Some(beyond) = raw.policy.claims.get(ClaimSet::LIMIT) {
            errors.push(document.error(&beyond.span(), format!("more than {} claims", ClaimSet::LIMIT)));
            errors.finish()?;
            return Err(ConfigError::of_file(document.own(), "too many claims"));
        }
        let mut claims = Claims::declared_as(claims);
        for (name, raw) in &raw.claims {
            let place = errors.take(find_claim(document, name, &claims));
            errors.take(place.map_or(Ok(()), |place| claims.describe(document, place, (name, raw))));
        }
        for name in raw.agencies.keys() {
            errors.take(document.word(name, "agency class"));
        }
        let classes = ClassNames::of(&raw.agencies);
        let agencies = load_agencies(document, files, &classes, raw.agencies);
        let (agencies, listings) = errors.take(agencies).unwrap_or_default();
        let validity = validity(document, raw.policy.from.as_ref(), raw.policy.until.as_ref());
        let validity = errors.take(validity).unwrap_or_default();
        let values = Attribute::ALL.map(|attribute| {
            let listed = raw.policy.listed(attribute);
            let values = errors.take(declared_values(document, attribute, listed));
            values.unwrap_or_else(|| values_as_written(listed))
        });
        let classes = &classes;
        // What instruments behind a claim may specify is known before the reviews are read that vouch for it.
        let mut lists = raw.permit.iter().chain(&raw.forbid).filter_map(|rule| rule.specified_by.as_ref());
        let beyond = lists.find(|names| {
            // Undeclared claims are told with their rules.
            if let Ok(behind) = claim_set(document, names.get_ref(), &claims) {
                claims.specify(behind);
            }
            claims.count() > ClaimSet::LIMIT
        });
        if let Some(beyond) = beyond {
            let message = format!("more than {} claims, each list of `specified-by` counted as one", ClaimSet::LIMIT);
            errors.push(document.error(&beyond.span(), message));
            errors.finish()?;
            return Err(ConfigError::of_file(document.own(), "too many claims"));
        }
        let mut resolver = Resolver { document, catalog, messages: messages.names, claims, classes, values };
        if let Some(beyond) = raw.duty.get(MAX_DUTIES) {
            errors.push(document.error(&beyond.id.span(), format!("more than {MAX_DUTIES} duties")));
        }
        let kinds = [
            (RuleKind::Permit, raw.permit),
            (RuleKind::Forbid, raw.forbid),
            (RuleKind::Review, raw.review),
            (RuleKind::Duty, raw.duty),
        ];
        let mut rules = resolver.rules(kinds, &mut errors);
        errors.finish()?;
        let listed = listings.values().flatten().map(|(_, validity)| *validity);
        let periods = Periods::of(listed.chain(rules.iter().map(|rule| rule.validity)).chain([validity]));
        for rule in &mut rules {
            rule.in_force = periods.in_force(rule.validity);
        }
        let Resolver { values, claims, .. } = resolver;
        Ok(Self {
            head: PolicyHeader { file: document.own().to_owned(), title: raw.policy.title },
            identity: Arc::new(PolicyIdentity {
                name: raw.policy.name.into_inner(),
                version: raw.policy.version,
                sha256: files.digest(),
            }),
            on_shape_violation: on_shape_violation(raw.policy.on_shape_violation.map(Spanned::into_inner)),
            token_scope: raw.policy.tokens.unwrap_or_default(),
            agencies: Agencies::new(agencies, listings, &periods),
            claims,
            selections: Arc::new(selections(catalog)),
            values,
            key_may_be_absent: messages.may_be_absent,
            has_deadlines: rules.iter().any(|rule| rule.effect.is_duty()),
            rules,
            validity,
            in_force: periods.in_force(validity),
            periods,
            as_of: None,
            day: None,
            envelope: envelope_only(catalog),
            grant_cache: RwLock::default(),
        })
    }
}

pub(super) fn on_shape_violation(raw: Option<RawOnShapeViolation>) -> OnShapeViolation {
    match raw {
        None | Some(RawOnShapeViolation::Remove) => OnShapeViolation::Remove,
        Some(RawOnShapeViolation::Notice) => OnShapeViolation::Notice,
        Some(RawOnShapeViolation::Hold) => OnShapeViolation::Hold,
        Some(RawOnShapeViolation::Withhold) => OnShapeViolation::Withhold,
    }
}

/// The days on which something is in force.
fn validity(
    document: &LocatedFiles<'_>,
    from: Option<&Spanned<String>>,
    until: Option<&Spanned<String>>,
) -> Result<Validity, ConfigError> {
    Validity::read(document, from.map(spanned_date), until.map(spanned_date))
}

/// A map from the names of agency classes to their ids, because a policy may have one class for each agency.
struct ClassNames(BTreeMap<String, usize>);

impl ClassNames {
    fn of(raw: &BTreeMap<Spanned<String>, RawAgencyClass>) -> Self {
        Self(raw.keys().enumerate().map(|(place, name)| (name.get_ref().clone(), place)).collect())
    }

    fn find(&self, document: &LocatedFiles<'_>, name: &Spanned<String>) -> Result<ClassId, ConfigError> {
        let place = self.0.get(name.get_ref()).copied();
        let help = "a class is declared as `[agencies.NAME]`";
        index_or_nearest(document, name, place, ("agency class", help), || self.0.keys().map(String::as_str))
    }
}

/// Checks that names are words, and none occurs twice.
fn distinct(document: &LocatedFiles<'_>, names: &[Spanned<String>], what: &str) -> Result<Vec<String>, ConfigError> {
    let mut seen: HashMap<&str, &Spanned<String>> = HashMap::new();
    all(names.iter().map(|name| {
        if let Some(first) = seen.insert(name.get_ref(), name) {
            let first = document.place(first.span().start, name.span().start);
            let message = format!("{what} `{}` is declared twice", name.get_ref());
            let help = format!("the first is {first}: give this one another name, or take it away");
            return Err(document.error(&name.span(), message).help(help));
        }
        document.word(name, what)?;
        Ok(name.get_ref().clone())
    }))
}

impl RawHeader {
    /// The values of an attribute that the policy lists.
    fn listed(&self, attribute: Attribute) -> Option<&Names> {
        match attribute {
            Attribute::Purpose => self.purposes.as_ref(),
            Attribute::Reason => self.reasons.as_ref(),
            Attribute::Line => self.lines.as_ref(),
            Attribute::User | Attribute::State => None,
        }
    }
}

impl RawAgencyClass {
    /// Every file of its ORIs.
    pub(super) fn ori_files(&self) -> impl Iterator<Item = &Spanned<String>> {
        self.ori_file.iter().chain(&self.more_ori_files)
    }
}

impl RawRule {
    /// The values of an attribute that the rule asks for.
    pub(super) fn asked(&self, attribute: Attribute) -> Option<&Names> {
        match attribute {
            Attribute::Purpose => self.purposes.as_ref(),
            Attribute::Reason => self.reasons.as_ref(),
            Attribute::Line => self.lines.as_ref(),
            Attribute::User => self.users.as_ref(),
            Attribute::State => self.states.as_ref(),
        }
    }
}

/// The values of an attribute in the policy's list; none without one.
fn declared_values(
    document: &LocatedFiles<'_>,
    attribute: Attribute,
    names: Option<&Names>,
) -> Result<Values, ConfigError> {
    let list = names.map_or(&[][..], |names| names.get_ref().as_slice());
    all(list.iter().map(|name| check_value(document, attribute, name)))?;
    Ok(Values { names: distinct(document, list, attribute.name())?, are_listed: names.is_some(), are_asked: false })
}

/// The values in the policy's list, even if some are wrong.
fn values_as_written(names: Option<&Names>) -> Values {
    let values = names.into_iter().flat_map(Spanned::get_ref).map(|value| value.get_ref().clone()).collect();
    Values { names: values, are_listed: names.is_some(), are_asked: false }
}

fn check_value(document: &LocatedFiles<'_>, attribute: Attribute, name: &Spanned<String>) -> Result<(), ConfigError> {
    if attribute.takes(name.get_ref()) {
        return Ok(());
    }
    let what = if attribute == Attribute::Purpose { "purpose code" } else { attribute.name() };
    let error = document.error(&name.span(), format!("`{}` is no {what}", name.get_ref()));
    Err(error.help(format!("write {}", attribute.form())))
}

fn load_agencies(
    document: &LocatedFiles<'_>,
    policy: &PolicyFiles,
    names: &ClassNames,
    raw: BTreeMap<Spanned<String>, RawAgencyClass>,
) -> Result<(Vec<AgencyClass>, Listings), ConfigError> {
    let mut errors = Errors::default();
    let mut classes = Vec::new();
    let mut exact = Listings::new();
    for (place, (name, class)) in raw.into_iter().enumerate() {
        let id =
            ClassId::try_from(place).map_err(|_| document.error(&name.span(), "more than 65,536 agency classes"))?;
        if class.ori.is_empty() && class.ori_file.is_none() {
            let message = format!("agency class `{}` names no ORI", name.get_ref());
            errors.push(document.error(&name.span(), message).help("give it `ori = [...]` or `ori-file = \"...\"`"));
        }
        let mut patterns = Vec::new();
        for text in &class.ori {
            if OriPattern::is_pattern(text.get_ref()) {
                patterns.extend(errors.take(ori_pattern(document, text)));
            } else {
                let ori = Ori::new(text.get_ref()).ok_or_else(|| no_ori(document, &text.span(), text.get_ref()));
                errors
                    .take(ori)
                    .into_iter()
                    .for_each(|ori| exact.entry(ori).or_default().push((id, Validity::default())));
            }
        }
        for file in class.ori_files() {
            let roster = policy.roster(file.span().start).and_then(|roster| errors.take(roster));
            for entry in roster.into_iter().flat_map(|roster| roster.entries) {
                exact.entry(entry.ori).or_default().push((id, entry.validity));
            }
        }
        let except = class.except.iter().filter_map(|other| errors.take(names.find(document, other))).collect();
        for other in &class.overlaps {
            errors.take(names.find(document, other));
        }
        let (position, file) = written_at(document, name.span().start);
        let metadata = RuleMetadata { title: class.title, position, file, ..RuleMetadata::default() };
        classes.push(AgencyClass { name: name.into_inner(), patterns, except, metadata });
    }
    errors.finish()?;
    Ok((classes, exact))
}

fn ori_pattern(document: &LocatedFiles<'_>, text: &Spanned<String>) -> Result<OriPattern, ConfigError> {
    OriPattern::new(text.get_ref()).map_err(|problem| {
        document.error(&text.span(), problem).help("`?` is one character, `#` one digit, `*` any run of characters")
    })
}

/// The position of a byte, and the included file that it is in.
fn written_at(document: &LocatedFiles<'_>, at: usize) -> (Position, Option<Arc<str>>) {
    (document.position(at), document.included(at).map(Arc::from))
}

/// The index of a name in a list, or an error that suggests the nearest name. `what` is the kind of name, and the help
/// if no name is near.
fn find<T: TryFrom<usize>>(
    document: &LocatedFiles<'_>,
    name: &Spanned<String>,
    known: &[String],
    what: (&str, &str),
) -> Result<T, ConfigError> {
    let place = known.iter().position(|own| own == name.get_ref());
    index_or_nearest(document, name, place, what, || known.iter().map(String::as_str))
}

/// The index of a claim among the declared ones.
fn find_claim(document: &LocatedFiles<'_>, name: &Spanned<String>, claims: &Claims) -> Result<usize, ConfigError> {
    find(document, name, claims.declared(), ("claim", "claims are declared in `[policy] claims = [...]`"))
}

/// The set of these declared claims.
fn claim_set(document: &LocatedFiles<'_>, names: &[Spanned<String>], claims: &Claims) -> Result<ClaimSet, ConfigError> {
    let places: Vec<usize> = all(names.iter().map(|name| find_claim(document, name, claims)))?;
    let mut set = ClaimSet::default();
    places.into_iter().for_each(|place| set.insert(place));
    Ok(set)
}

fn index_or_nearest<'k, T: TryFrom<usize>, K: Iterator<Item = &'k str>>(
    document: &LocatedFiles<'_>,
    name: &Spanned<String>,
    place: Option<usize>,
    (what, help): (&str, &str),
    known: impl FnOnce() -> K,
) -> Result<T, ConfigError> {
    place.and_then(|place| T::try_from(place).ok()).ok_or_else(|| {
        let error = document.error(&name.span(), format!("unknown {what} `{}`", name.get_ref()));
        error.nearest(name.get_ref(), known()).or_help(help)
    })
}

/// What a rule asks of an attribute. Values that it names are declared, unless the policy lists them.
fn ask(
    document: &LocatedFiles<'_>,
    attribute: Attribute,
    names: &Names,
    values: &mut Values,
) -> Result<Asked, ConfigError> {
    values.are_asked = true;
    match names.get_ref().as_slice() {
        [] => {
            let error = document.error(&names.span(), "an empty list matches nothing");
            Err(error.help("name something; a forbid or a review without the list is for any"))
        }
        [only] if only.get_ref() == ANY => Ok(Asked::Any),
        list => all(list.iter().map(|name| value_index(document, attribute, name, values))).map(Asked::OneOf),
    }
}

/// The index of a value that a rule names.
fn value_index(
    document: &LocatedFiles<'_>,
    attribute: Attribute,
    name: &Spanned<String>,
    values: &mut Values,
) -> Result<u16, ConfigError> {
    if name.get_ref() == ANY {
        let error = document.error(&name.span(), "`*` stands for any value");
        return Err(error.help("let it stand alone, or take it away"));
    }
    let known = values.names.iter().position(|own| own == name.get_ref());
    if known.is_none() && values.are_listed {
        return Err(undeclared_value(document, attribute, name, &values.names));
    }
    check_value(document, attribute, name)?;
    if known.is_none() && matches!(attribute, Attribute::Reason | Attribute::Line) {
        // Else a rule more would accept what was refused (P9).
        let (key, value) = (attribute.key(), name.get_ref());
        let message = format!("the policy doesn't list the {key} that requests may state");
        let help = format!("add `{key} = [\"{value}\"]` to `[policy]`, with all others that requests state");
        return Err(document.error(&name.span(), message).help(help));
    }
    let index = known.unwrap_or_else(|| {
        values.names.push(name.get_ref().clone());
        values.names.len() - 1
    });
    u16::try_from(index).map_err(|_| document.error(&name.span(), format!("more than 65,536 {}", attribute.key())))
}

fn undeclared_value(
    document: &LocatedFiles<'_>,
    attribute: Attribute,
    name: &Spanned<String>,
    known: &[String],
) -> ConfigError {
    let error = document.error(&name.span(), format!("unknown {} `{}`", attribute.name(), name.get_ref()));
    match nearest_code(name.get_ref(), known.iter().map(String::as_str)) {
        _ if document.included(name.span().start).is_some() => error.help(format!(
            "`[policy] {} = [...]` of {} holds for the whole: add it there",
            attribute.key(),
            document.own()
        )),
        Some(nearest) => error.help(format!("did you mean `{nearest}`?")),
        None => error.help(format!(
            "`[policy] {} = [...]` doesn't list it: add it there, or take it away here",
            attribute.key()
        )),
    }
}

/// Resolves the names in rules to ids.
struct Resolver<'a> {
    document: &'a LocatedFiles<'a>,
    catalog: &'a Catalog,
    messages: &'a [String],
    claims: Claims,
    classes: &'a ClassNames,
    /// By attribute.
    values: [Values; Attribute::ALL.len()],
}

impl Resolver<'_> {
    /// The rules of all kinds that have no errors.
    fn rules(&mut self, kinds: [(RuleKind, Vec<RawRule>); 4], errors: &mut Errors) -> Vec<Rule> {
        let mut rules = Vec::new();
        let mut ids = Vec::new();
        for (kind, raw_rules) in kinds {
            for rule in raw_rules {
                ids.push(rule.id.clone());
                rules.extend(errors.take(self.rule(kind, rule)));
            }
        }
        // The policy's own come last: another name is for them.
        ids.sort_by_key(|id| self.document.included(id.span().start).is_none());
        errors.take(distinct(self.document, &ids, "rule"));
        rules
    }

    fn rule(&mut self, kind: RuleKind, raw: RawRule) -> Result<Rule, ConfigError> {
        let mut errors = Errors::default();
        let span = raw.id.span();
        if kind == RuleKind::Permit && raw.agencies.is_none() {
            let message = format!("permit `{}` names no agency class", raw.id.get_ref());
            errors.push(self.document.error(&span, message).help("add `agencies = [...]`"));
        }
        let classes =
            errors.take(self.resolve_names(raw.agencies.as_ref(), |name| self.classes.find(self.document, name)));
        let messages = errors.take(self.resolve_names(raw.messages.as_ref(), |name| {
            find(self.document, name, self.messages, ("message key", "a format declares its keys in `messages`"))
                .map(MessageKeyId)
        }));
        let asked = errors.take(self.asked(&raw));
        let effect = errors.take(self.effect(kind, &raw));
        if let (false, Some(key)) = (kind == RuleKind::Permit, raw.treatments.keys().next()) {
            errors.push(self.document.error(&key.span(), "only a permit takes `as`").help("take it away"));
        }
        if let (RuleKind::Review | RuleKind::Duty, Some(names)) = (kind, &raw.specified_by) {
            let error = self.document.error(&names.span(), "only a permit or a forbid takes `specified-by`");
            errors.push(error.help("take it away: it is about single data elements"));
        }
        if let (true, Some(claim)) = (kind != RuleKind::Review, raw.vouches.first()) {
            let error = self.document.error(&claim.span(), "only a review takes `vouches`");
            errors.push(error.help("take it away: a person vouches for claims where a review asks for one"));
        }
        if let Some(text) = &raw.legal_notice {
            errors.take(self.check_legal_notice(kind, text));
        }
        if kind != RuleKind::Duty {
            let keys = [
                ("do", raw.task.as_ref().map(Spanned::span)),
                ("to", raw.to.as_ref().map(Spanned::span)),
                ("due", raw.due.as_ref().map(Spanned::span)),
                ("after", raw.after.as_ref().map(Spanned::span)),
            ];
            for (key, span) in keys.into_iter().filter_map(|(key, span)| Some((key, span?))) {
                errors.push(self.document.error(&span, format!("only a duty takes `{key}`")).help("take it away"));
            }
        }
        let two_people = errors.take(self.two_people(kind, raw.people.as_ref())).unwrap_or_default();
        let when_absent = self.applies_when_absent(kind, &raw);
        let when_absent = errors.take(when_absent);
        let validity = errors.take(validity(self.document, raw.from.as_ref(), raw.until.as_ref()));
        let checked = raw.checked.as_ref().map(|date| read_date(self.document, &spanned_date(date)));
        let checked = errors.take(checked.transpose()).flatten();
        let claims =
            [&raw.requires, &raw.unless].map(|names| errors.take(claim_set(self.document, names, &self.claims)));
        let specified_by = errors.take(self.specified_by(raw.specified_by.as_ref())).unwrap_or_default();
        errors.finish()?;
        let (Some(classes), Some(messages), Some(asked), Some(effect), Some(applies_when_absent), Some(validity)) =
            (classes, messages, asked, effect, when_absent, validity)
        else {
            // Unreachable: without an error each is present.
            return Err(self.document.error(&span, "this rule can't be read"));
        };
        let [requires, unless] = claims.map(Option::unwrap_or_default);
        // A permit gives only what is specified; a forbid leaves it, as it leaves everything for a claim of `unless`.
        let (requires, unless) = match kind {
            RuleKind::Permit => (requires.union(specified_by), unless),
            RuleKind::Forbid | RuleKind::Review | RuleKind::Duty => (requires, unless.union(specified_by)),
        };
        let (position, file) = written_at(self.document, span.start);
        Ok(Rule {
            id: raw.id.into_inner(),
            classes,
            asked,
            messages,
            requires,
            unless,
            applies_when_absent,
            validity,
            // Until the periods of the policy are known.
            in_force: InForce::NEVER,
            effect,
            two_people,
            legal_notice: raw.legal_notice.map(|text| text.into_inner().into()),
            metadata: RuleMetadata {
                title: raw.title,
                basis: raw.basis,
                source: raw.source.map(Spanned::into_inner),
                checked,
                position,
                file,
            },
        })
    }

    /// Checks a legal notice: an officer's terminal must show it, and any format hold it.
    fn check_legal_notice(&self, kind: RuleKind, text: &Spanned<String>) -> Result<(), ConfigError> {
        let refuse = |message: &str, help: &str| Err(self.document.error(&text.span(), message.to_owned()).help(help));
        let own = text.get_ref();
        if matches!(kind, RuleKind::Review | RuleKind::Duty) {
            return refuse(
                "only a permit or a forbid takes `legal-notice`",
                "take it away: it stands in what goes out",
            );
        }
        if !own.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()) {
            return refuse("a legal notice is one line of printable ASCII", "write `SEC.` for a section sign");
        }
        if own.trim().is_empty() || own.trim() != own {
            return refuse("a legal notice is empty, or has a space at an end", "write the text alone");
        }
        if own.len() > MAX_LEGAL_NOTICE {
            let message = format!("a legal notice has more than {MAX_LEGAL_NOTICE} characters");
            return refuse(&message, "every answer holds it: shorten it");
        }
        Ok(())
    }

    /// Whether two people must approve what a review holds.
    fn two_people(&self, kind: RuleKind, people: Option<&Spanned<u8>>) -> Result<bool, ConfigError> {
        let Some(people) = people else { return Ok(false) };
        let refuse =
            |message: &str, help: &str| Err(self.document.error(&people.span(), message.to_owned()).help(help));
        match (kind, people.get_ref()) {
            (RuleKind::Review, 1) => Ok(false),
            (RuleKind::Review, 2) => Ok(true),
            (RuleKind::Review, _) => {
                refuse("1 or 2 people approve what a review holds", "write `people = 2`, or leave it out")
            }
            _ => refuse("only a review takes `people`", "take it away"),
        }
    }

    /// The effect of a rule.
    fn effect(&self, kind: RuleKind, raw: &RawRule) -> Result<Effect, ConfigError> {
        match (kind, &raw.elements) {
            // The instrument behind what a reviewer vouches for may specify anything.
            (RuleKind::Review, None) => {
                let vouched = claim_set(self.document, &raw.vouches, &self.claims)?;
                Ok(Effect::Review(vouched.union(self.claims.specified_by(vouched))))
            }
            (RuleKind::Duty, None) => self.duty(raw).map(Effect::Duty),
            (RuleKind::Duty, Some(elements)) => Err(self
                .document
                .error(&elements.span(), "a duty follows from whole messages: it takes no `elements`")
                .help("take `elements` away")),
            (RuleKind::Review, Some(elements)) => Err(self
                .document
                .error(&elements.span(), "a review holds whole messages: it takes no `elements`")
                .help("take `elements` away, or make it a `[[forbid]]`")),
            (_, None) => {
                let error =
                    self.document.error(&raw.id.span(), format!("rule `{}` names no `elements`", raw.id.get_ref()));
                Err(error.help("add `elements = [...]`"))
            }
            (RuleKind::Permit, Some(elements)) => {
                let elements = self.elements(elements)?;
                Ok(Effect::Permit(self.treatments(&elements, &raw.treatments)?))
            }
            (RuleKind::Forbid, Some(elements)) => Ok(Effect::Forbid(self.elements(elements)?)),
        }
    }

    /// What a duty demands.
    fn duty(&self, raw: &RawRule) -> Result<Duty, ConfigError> {
        let id = raw.id.get_ref();
        let lacks = |key: &str, help: &str| {
            Err(self.document.error(&raw.id.span(), format!("duty `{id}` has no `{key}`")).help(help))
        };
        let Some(task) = &raw.task else {
            let names = DutyKind::ALL.map(|kind| format!("`{}`", kind.name())).join(", ");
            return lacks("do", &format!("say what must be done: {names}"));
        };
        let kind = *task.get_ref();
        if kind == DutyKind::Report && raw.to.is_none() {
            return lacks("to", "say to whom it is reported");
        }
        if let Some(to) = raw.to.as_ref().filter(|to| to.get_ref().trim().is_empty()) {
            return Err(self.document.error(&to.span(), "`to` names nobody").help("name somebody, or take it away"));
        }
        if let Some(to) = raw.to.as_ref().filter(|to| to.get_ref().chars().count() > MAX_DUTY_TO) {
            let message = format!("`to` has more than {MAX_DUTY_TO} characters");
            return Err(self.document.error(&to.span(), message).help("every receipt holds it: shorten it"));
        }
        let Some(text) = &raw.due else { return lacks("due", DUE_FORM) };
        let Some(due) = Due::parse(text.get_ref()) else {
            let error = self.document.error(&text.span(), format!("`{}` is no deadline", text.get_ref()));
            return Err(error.help(DUE_FORM));
        };
        let is_late = matches!(kind, DutyKind::KeepRecord | DutyKind::ReviewAfterwards);
        if due == Due::Before && is_late {
            let error = self.document.error(&text.span(), format!("`{}` is of what went out", kind.name()));
            return Err(error.help("write a time: `3 business days`, `30 days`, `1 month`, `5 years`"));
        }
        let default = if due == Due::Before { Occasion::Hold } else { Occasion::Release };
        let after = match &raw.after {
            None => vec![default],
            Some(after) if after.get_ref().is_empty() => {
                let error = self.document.error(&after.span(), "an empty list matches nothing");
                return Err(error.help("name `release`, `hold` or `refusal`"));
            }
            Some(after) => Occasion::ALL.into_iter().filter(|own| after.get_ref().contains(own)).collect(),
        };
        Ok(Duty { kind, to: raw.to.as_ref().map(|to| to.get_ref().clone()), after, due })
    }

    fn resolve_names<T>(
        &self,
        names: Option<&Names>,
        place: impl Fn(&Spanned<String>) -> Result<T, ConfigError>,
    ) -> Result<Option<Vec<T>>, ConfigError> {
        let Some(names) = names else { return Ok(None) };
        if names.get_ref().is_empty() {
            let error = self.document.error(&names.span(), "an empty list matches nothing");
            return Err(error.help("name something; a forbid or a review without the list is for any"));
        }
        all(names.get_ref().iter().map(place)).map(Some)
    }

    /// The attributes that a rule asks for. If the policy doesn't list the values of one, naming a value declares it.
    fn asked(&mut self, raw: &RawRule) -> Result<Vec<(Attribute, Asked)>, ConfigError> {
        let mut errors = Errors::default();
        let mut asked = Vec::new();
        for (attribute, values) in Attribute::ALL.into_iter().zip(&mut self.values) {
            let Some(names) = raw.asked(attribute) else { continue };
            asked.extend(errors.take(ask(self.document, attribute, names, values)).map(|asked| (attribute, asked)));
        }
        errors.finish()?;
        Ok(asked)
    }

    /// Whether a rule applies if the request omits what it is conditional on.
    fn applies_when_absent(&self, kind: RuleKind, rule: &RawRule) -> Result<bool, ConfigError> {
        let Some(raw) = &rule.when_absent else { return Ok(kind != RuleKind::Permit) };
        if kind == RuleKind::Permit {
            let error = self.document.error(&raw.span(), "a permit takes no `when-absent`");
            return Err(error.help("take it away: what a permit asks for must be stated"));
        }
        if rule.messages.is_none() && Attribute::ALL.iter().all(|attribute| rule.asked(*attribute).is_none()) {
            let message = "`when-absent` has no effect: the rule asks for no attribute and no key";
            let keys = Attribute::ALL.map(|attribute| format!("`{}`", attribute.key())).join(", ");
            let error = self.document.error(&raw.span(), message);
            return Err(error.help(format!("take it away, or name {keys} or `messages`")));
        }
        Ok(*raw.get_ref() == WhenAbsent::Apply)
    }

    /// That an instrument behind one of these claims specifies a data element.
    fn specified_by(&mut self, names: Option<&Names>) -> Result<ClaimSet, ConfigError> {
        let Some(names) = names else { return Ok(ClaimSet::default()) };
        if names.get_ref().is_empty() {
            let error = self.document.error(&names.span(), "an empty list matches nothing");
            return Err(error.help("name the claims whose instruments specify something, or take it away"));
        }
        Ok(self.claims.specify(claim_set(self.document, names.get_ref(), &self.claims)?))
    }

    fn elements(&self, selectors: &Names) -> Result<Vec<ElementId>, ConfigError> {
        if selectors.get_ref().is_empty() {
            let error = self.document.error(&selectors.span(), "an empty list names no data element");
            return Err(error.help("name some, or take the rule away"));
        }
        let mut elements = all(selectors.get_ref().iter().map(|selector| self.select(selector)))?.concat();
        elements.sort_unstable();
        elements.dedup();
        Ok(elements)
    }

    fn select(&self, selector: &Spanned<String>) -> Result<Vec<ElementId>, ConfigError> {
        let name = selector.get_ref();
        let selected = self.catalog.select(name);
        if selected.is_empty() {
            let what = if name.starts_with(GROUP_PREFIX) { "group" } else { "data element" };
            let error = self.document.error(&selector.span(), format!("unknown {what} `{name}`"));
            let error = error.nearest(name, self.catalog.selectors().iter().map(String::as_str));
            return Err(error.or_help("`dmv-redact elements` lists all; `--catalog FILE` adds more"));
        }
        let mut elements = selected.iter().filter_map(|id| self.catalog.element(*id));
        if elements.any(|element| element.is_envelope()) {
            let message = format!("`{name}` is of the envelope, which every grant holds: no rule names it");
            return Err(self.document.error(&selector.span(), message).help("take it away"));
        }
        Ok(selected)
    }

    /// The treatment of each element of a permit: that of the most specific `as` key that covers it, else `full`.
    fn treatments(
        &self,
        elements: &[ElementId],
        raw: &BTreeMap<Spanned<String>, Treatment>,
    ) -> Result<Vec<(ElementId, Treatment)>, ConfigError> {
        // Per element: the specificity of the key that set its treatment, and the treatment.
        let mut chosen: HashMap<ElementId, (usize, Treatment)> = HashMap::new();
        all(raw.iter().map(|(key, treatment)| self.apply_treatment(elements, (key, *treatment), &mut chosen)))?;
        let mut treatments = Vec::with_capacity(elements.len());
        for id in elements {
            treatments.push((*id, chosen.get(id).map_or(Treatment::Full, |(_, treatment)| *treatment)));
        }
        Ok(treatments)
    }

    /// Applies one `as` key.
    fn apply_treatment(
        &self,
        elements: &[ElementId],
        (key, treatment): (&Spanned<String>, Treatment),
        chosen: &mut HashMap<ElementId, (usize, Treatment)>,
    ) -> Result<(), ConfigError> {
        let refuse = |message: String, help: String| Err(self.document.error(&key.span(), message).help(help));
        let covered: Vec<ElementId> =
            self.select(key)?.into_iter().filter(|element| elements.contains(element)).collect();
        if covered.is_empty() {
            let message = format!("`as` names `{}`, which this permit doesn't", key.get_ref());
            return refuse(message, "add it to `elements`, or take it away here".to_owned());
        }
        let specificity = if key.get_ref().starts_with(GROUP_PREFIX) { 0 } else { key.get_ref().len() };
        for id in covered {
            let Some(element) = self.catalog.element(id) else { continue };
            if !element.kind().takes(treatment) {
                let message = format!("`{}` doesn't take the treatment `{}`", element.id(), treatment.name());
                let takes = Treatment::ALL.into_iter().filter(|other| element.kind().takes(*other));
                let takes: Vec<String> = takes.map(|other| format!("`{}`", other.name())).collect();
                return refuse(message, format!("it takes {}", takes.join(", ")));
            }
            match chosen.get(&id) {
                Some((other, before)) if *other == specificity && *before != treatment => {
                    let message = format!("`as` says two things of `{}`", element.id());
                    return refuse(message, format!("say what is meant of `{}` itself", element.id()));
                }
                Some((other, _)) if *other > specificity => {}
                _ => {
                    chosen.insert(id, (specificity, treatment));
                }
            }
        }
        Ok(())
    }
}
