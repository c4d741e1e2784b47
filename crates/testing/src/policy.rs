//! A plain model of a policy, and of how docs/policy.md says that a message is decided.
//!
//! It reads the TOML itself, decides with the plainest code, and shares nothing with the filter. Of a request it decides
//! anew every time; it keeps no table of grants.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use toml::{Table, Value};

use crate::catalog::{Catalog, is_envelope, string, strings, tables};

/// What a permit lets through of a value; the most open is the greatest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Treatment {
    /// `****`.
    Mask,
    /// A pseudonym.
    Token,
    /// `year`, `zip5` or `last4`: which one follows from the kind of the element.
    Own,
    /// The value itself.
    Full,
}

/// The names of some agency classes.
pub type Classes = BTreeSet<String>;

/// The treatment of every element, in the order of the catalog; `None` is removed. The envelope is in no grant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant(Vec<Option<Treatment>>);

impl Grant {
    /// Nothing of a catalog.
    fn nothing(elements: usize) -> Self {
        Self(vec![None; elements])
    }

    fn is_nothing(&self) -> bool {
        self.0.iter().all(Option::is_none)
    }

    /// The elements that are let through, with their treatments.
    pub fn by_element(&self, catalog: &Catalog) -> BTreeMap<String, Treatment> {
        let pairs = catalog.elements.keys().zip(&self.0);
        pairs.filter_map(|(id, treatment)| Some((id.clone(), (*treatment)?))).collect()
    }
}

/// What becomes of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Nothing goes out, with or without a review.
    Withheld,
    /// This goes out once a person has approved it.
    Held(Grant),
    /// This goes out.
    Released(Grant),
}

/// What a request states beside its purpose.
pub type Others = BTreeMap<String, String>;

/// A request that states nothing beside its purpose.
pub const NO_OTHERS: &Others = &Others::new();

/// The names of what a request may state beside its purpose; rules have a list of values under the same name with an `s`.
pub const OTHERS: [&str; 4] = ["reason", "line", "user", "state"];

/// The instrument behind a claim.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Paper {
    /// The claim.
    pub claim: String,
    /// Who issued it.
    pub issuer: Option<String>,
    /// The first and the last day on which it counts.
    pub days: [Option<String>; 2],
    /// The terms of data elements that it specifies, or `*`.
    pub specifies: Vec<String>,
}

impl Paper {
    fn covers(&self, id: &str, catalog: &Catalog) -> bool {
        self.specifies.iter().any(|term| term == "*" || catalog.covers(term, id))
    }
}

/// What decides besides the agency classes.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The purpose that the request states.
    pub purpose: Option<&'a str>,
    /// What else it states, by `reason`, `line`, `user`, `state`.
    pub others: &'a Others,
    /// The message key; `None` where the format has none.
    pub message: Option<&'a str>,
    /// The claims that are vouched for, those of instruments among them.
    pub claims: &'a BTreeSet<&'a str>,
    /// The instruments behind them.
    pub papers: &'a [Paper],
}

/// What becomes of a message in which a permitted value violates its shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnViolation {
    /// It goes out without the value.
    GoesOut,
    /// It goes out without the value, and says so.
    Tells,
    /// It doesn't go out.
    Refuses,
}

/// What the kinds of rules do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// Lets elements through.
    Permit,
    /// Keeps elements back, whatever is permitted.
    Forbid,
    /// Holds the message until a person has approved it.
    Review,
    /// Says what must be done.
    Duty,
}

impl Verb {
    /// Every verb.
    pub const ALL: [Self; 4] = [Self::Permit, Self::Forbid, Self::Review, Self::Duty];

    /// The key of its rules in a policy.
    pub fn key(self) -> &'static str {
        match self {
            Self::Permit => "permit",
            Self::Forbid => "forbid",
            Self::Review => "review",
            Self::Duty => "duty",
        }
    }
}

/// An agency class.
pub struct Class {
    /// ORIs that it lists, in the policy or in its tables.
    pub exact: BTreeSet<String>,
    /// Patterns of ORIs.
    pub patterns: Vec<String>,
    /// Classes whose patterns take away from its own.
    pub except: Vec<String>,
}

impl Class {
    fn read(table: &Table, folder: &Path, date: &str) -> Self {
        let (patterns, listed): (Vec<String>, Vec<String>) =
            strings(table, "ori").unwrap_or_default().into_iter().partition(|ori| ori.contains(['?', '#', '*']));
        let mut exact: BTreeSet<String> = listed.into_iter().collect();
        for file in strings(table, "ori-file").unwrap_or_default() {
            let text = std::fs::read_to_string(folder.join(file)).expect("a table of ORIs");
            exact.extend(listed_on(&text, date));
        }
        Self { exact, patterns, except: strings(table, "except").unwrap_or_default() }
    }

    fn is_like(&self, ori: &str) -> bool {
        self.patterns.iter().any(|pattern| matches(pattern.as_bytes(), ori.as_bytes()))
    }
}

/// The ORIs that a table lists on a date. A first row that names the column `ori` names the others, too.
fn listed_on(table: &str, date: &str) -> Vec<String> {
    let rows = table.lines().filter(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#'));
    let rows = rows.map(|line| line.split(',').map(|field| field.trim().trim_matches('"')).collect::<Vec<_>>());
    let mut columns = vec!["ori"];
    let mut listed = Vec::new();
    for (number, row) in rows.enumerate() {
        if number == 0 && row.contains(&"ori") {
            columns = row;
            continue;
        }
        let field = |name: &str| {
            let place = columns.iter().position(|column| *column == name)?;
            row.get(place).copied().filter(|text| !text.is_empty())
        };
        if is_on(field("from"), field("until"), date) {
            listed.extend(field("ori").map(str::to_owned));
        }
    }
    listed
}

/// Whether a date is between two others, both included. Dates that are written `YYYY-MM-DD` are in order as texts.
fn is_on(from: Option<&str>, until: Option<&str>, date: &str) -> bool {
    from.is_none_or(|from| from <= date) && until.is_none_or(|until| date <= until)
}

/// The same of a table of a policy.
fn table_is_on(table: &Table, date: &str) -> bool {
    is_on(string(table, "from").as_deref(), string(table, "until").as_deref(), date)
}

/// A rule. A list that is `None` is any.
pub struct Rule {
    /// What it does.
    pub verb: Verb,
    /// The agency classes that it is for.
    pub agencies: Option<BTreeSet<String>>,
    /// The purposes that it asks for.
    pub purposes: Option<BTreeSet<String>>,
    /// What else it asks for, by name.
    pub others: BTreeMap<&'static str, BTreeSet<String>>,
    /// The message keys that it asks for.
    pub messages: Option<BTreeSet<String>>,
    /// Claims without which it doesn't apply.
    pub requires: BTreeSet<String>,
    /// Claims with which it doesn't apply.
    pub unless: BTreeSet<String>,
    /// Claims behind one of which an instrument must specify an element for a permit to give it, or a forbid to leave it.
    pub specified_by: Option<BTreeSet<String>>,
    /// Claims that the reviewer of a review may vouch for.
    pub vouches: BTreeSet<String>,
    /// What the answers to which it applies tell of the law.
    legal_notice: Option<String>,
    /// Whether it applies where the request leaves out what the rule asks for.
    pub when_absent: bool,
    /// Its id.
    pub id: String,
    /// Of a duty: what must be done, for whom, by when.
    pub demand: [Option<String>; 3],
    /// Of a duty: the outcomes that it follows from.
    pub after: BTreeSet<String>,
    /// What it permits, or what it forbids in full.
    elements: Grant,
}

impl Rule {
    fn read(table: &Table, verb: Verb, catalog: &Catalog) -> Self {
        let list = |key: &str| strings(table, key).map(|list| list.into_iter().collect::<BTreeSet<String>>());
        Self {
            verb,
            agencies: list("agencies"),
            purposes: list("purposes"),
            others: OTHERS.into_iter().filter_map(|name| Some((name, list(&format!("{name}s"))?))).collect(),
            messages: list("messages"),
            requires: list("requires").unwrap_or_default(),
            unless: list("unless").unwrap_or_default(),
            specified_by: list("specified-by"),
            legal_notice: string(table, "legal-notice"),
            vouches: list("vouches").unwrap_or_default(),
            when_absent: verb != Verb::Permit && string(table, "when-absent").as_deref() != Some("skip"),
            id: string(table, "id").unwrap_or_default(),
            demand: ["do", "to", "due"].map(|key| string(table, key)),
            after: list("after").unwrap_or_else(|| {
                let is_before = string(table, "due").as_deref() == Some("before");
                BTreeSet::from([if is_before { "hold" } else { "release" }.to_owned()])
            }),
            elements: elements(table, catalog),
        }
    }

    /// Whether it is for one of these classes.
    pub fn is_for(&self, classes: &Classes) -> bool {
        self.agencies.as_ref().is_none_or(|own| !own.is_disjoint(classes))
    }

    fn applies(&self, classes: &Classes, request: &Request<'_>) -> bool {
        let holds = |list: &Option<BTreeSet<String>>, value: Option<&str>| match (list, value) {
            (None, _) => true,
            (Some(_), None) => self.when_absent,
            (Some(list), Some(value)) => list.contains(value) || list.contains("*"),
        };
        let is_other = |(name, list): (&&str, &BTreeSet<String>)| match request.others.get(*name) {
            None => self.when_absent,
            Some(value) => list.contains(value) || list.contains("*"),
        };
        self.is_for(classes)
            && self.others.iter().all(is_other)
            && holds(&self.purposes, request.purpose)
            && holds(&self.messages, request.message)
            && self.requires.iter().all(|claim| request.claims.contains(claim.as_str()))
            && !self.unless.iter().any(|claim| request.claims.contains(claim.as_str()))
    }
}

/// What a rule says of each element. Of the keys under `as` the most specific decides; a group is less specific than any
/// name.
fn elements(table: &Table, catalog: &Catalog) -> Grant {
    let terms = strings(table, "elements").unwrap_or_default();
    let treatments = table.get("as").and_then(Value::as_table).cloned().unwrap_or_default();
    let specific = |term: &str| if term.starts_with("group:") { 0 } else { term.len() };
    let said = |id: &String| {
        if is_envelope(id) || !terms.iter().any(|term| catalog.covers(term, id)) {
            return None;
        }
        let keys = treatments.iter().filter(|(term, _)| catalog.covers(term, id));
        let word = keys.max_by_key(|(term, _)| specific(term)).map(|(_, word)| word.as_str().expect("a treatment"));
        Some(treatment(word.unwrap_or("full")))
    };
    Grant(catalog.elements.keys().map(said).collect())
}

fn treatment(word: &str) -> Treatment {
    match word {
        "full" => Treatment::Full,
        "mask" => Treatment::Mask,
        "token" => Treatment::Token,
        "year" | "zip5" | "last4" => Treatment::Own,
        other => panic!("unknown treatment {other}"),
    }
}

/// A policy.
pub struct Policy {
    /// The purposes that it lists, if it does.
    listed: Option<BTreeSet<String>>,
    /// The purposes that it lists or that rules name.
    purposes: BTreeSet<String>,
    /// Of what else requests state, the values that it lists, where it does.
    listed_others: BTreeMap<&'static str, BTreeSet<String>>,
    /// Of what else requests state, the values that rules name on any day.
    named_others: BTreeMap<&'static str, BTreeSet<String>>,
    /// What rules of any day ask for of all that a request may state, by name.
    asked: BTreeSet<&'static str>,
    /// The claims that it declares.
    pub claims: Vec<String>,
    /// By claim that needs an instrument, who may issue that.
    pub issuers: BTreeMap<String, BTreeSet<String>>,
    catalog: Catalog,
    on_shape_violation: String,
    /// Whether equal values have equal tokens whoever asks.
    pub shares_tokens: bool,
    /// The agency classes by name.
    pub classes: BTreeMap<String, Class>,
    /// The rules: permits first, then forbids and reviews.
    pub rules: Vec<Rule>,
    /// How many elements the catalog has.
    elements: usize,
    /// Whether it is in force.
    is_in_force: bool,
    /// The date that it was read for, if it was said.
    pub date: Option<String>,
}

impl Policy {
    /// Reads a policy; `folder` is where its tables of ORIs stand.
    pub fn read(text: &str, folder: &Path, catalog: &Catalog) -> Self {
        Self::of(&text.parse().expect("a policy is TOML"), folder, catalog)
    }

    /// The same of a policy that is parsed.
    pub fn of(table: &Table, folder: &Path, catalog: &Catalog) -> Self {
        let today = dmv_redact::Date::today().expect("a clock").to_string();
        Self { date: None, ..Self::on(&today, table, folder, catalog) }
    }

    /// The same on a date: what isn't in force on it isn't there.
    pub fn on(date: &str, table: &Table, folder: &Path, catalog: &Catalog) -> Self {
        let head = table["policy"].as_table().expect("[policy]");
        let agencies = table.get("agencies").and_then(Value::as_table).cloned().unwrap_or_default();
        let (mut rules, mut named, mut asked) = (Vec::new(), Vec::new(), BTreeSet::new());
        let mut named_others: BTreeMap<&'static str, BTreeSet<String>> = BTreeMap::new();
        for verb in Verb::ALL {
            // What a rule names is declared on every day.
            named.extend(tables(table, verb.key()).filter_map(|table| strings(table, "purposes")).flatten());
            for name in ["purpose"].into_iter().chain(OTHERS) {
                asked.extend(
                    tables(table, verb.key()).any(|table| table.contains_key(&format!("{name}s"))).then_some(name),
                );
            }
            for name in OTHERS {
                let all = tables(table, verb.key()).filter_map(|table| strings(table, &format!("{name}s"))).flatten();
                named_others.entry(name).or_default().extend(all.filter(|value| value != "*"));
            }
            let in_force = tables(table, verb.key()).filter(|table| table_is_on(table, date));
            rules.extend(in_force.map(|table| Rule::read(table, verb, catalog)));
        }
        let listed: Option<BTreeSet<String>> = strings(head, "purposes").map(|list| list.into_iter().collect());
        let purposes = listed.iter().flatten().chain(&named).filter(|code| *code != "*").cloned().collect();
        let listed_other = |name: &'static str| Some((name, strings(head, &format!("{name}s"))?.into_iter().collect()));
        let class = |(name, table): (&String, &Value)| {
            (name.clone(), Class::read(table.as_table().expect("an agency class"), folder, date))
        };
        Self {
            purposes,
            listed,
            named_others,
            asked,
            listed_others: OTHERS.into_iter().filter_map(listed_other).collect(),
            claims: strings(head, "claims").unwrap_or_default(),
            issuers: table.get("claims").and_then(Value::as_table).map(issuers).unwrap_or_default(),
            catalog: catalog.clone(),
            on_shape_violation: string(head, "on-shape-violation").unwrap_or_default(),
            shares_tokens: string(head, "tokens").as_deref() == Some("policy"),
            classes: agencies.iter().map(class).collect(),
            rules,
            elements: catalog.elements.len(),
            is_in_force: table_is_on(head, date),
            date: Some(date.to_owned()),
        }
    }

    /// What becomes of a message in which a permitted value violates its shape.
    pub fn on_violation(&self, claims: &[String], has_place_for_notice: bool) -> OnViolation {
        let is_approved = [&self.claims[..], claims].iter().all(|claims| claims.iter().any(|own| own == "approved"));
        match self.on_shape_violation.as_str() {
            "notice" if has_place_for_notice => OnViolation::Tells,
            "withhold" => OnViolation::Refuses,
            "notice" | "hold" if !is_approved => OnViolation::Refuses,
            _ => OnViolation::GoesOut,
        }
    }

    /// The terms by which data elements are selected.
    pub fn terms(&self) -> Vec<String> {
        self.catalog.terms()
    }

    /// The purposes that a request may state: those that it lists and those that rules name.
    pub fn purposes(&self) -> &BTreeSet<String> {
        &self.purposes
    }

    /// The message keys that rules name.
    pub fn messages(&self) -> BTreeSet<String> {
        self.rules.iter().flat_map(|rule| rule.messages.iter().flatten()).cloned().collect()
    }

    /// The claims that rules for these classes ask for.
    pub fn claims_of(&self, classes: &Classes) -> BTreeSet<String> {
        let rules = self.rules.iter().filter(|rule| rule.is_for(classes));
        let named = |rule: &Rule| {
            let specified = rule.specified_by.iter().flatten();
            rule.requires.union(&rule.unless).chain(&rule.vouches).chain(specified).cloned().collect::<Vec<_>>()
        };
        rules.flat_map(named).collect()
    }

    /// Whether what a request says of itself is declared. Where no purpose is declared, any code will do.
    fn declares(&self, request: &Request<'_>) -> bool {
        let is_code = |code: &str| (1..=3).contains(&code.len()) && code.chars().all(|c| c.is_ascii_uppercase());
        let is_declared = |code: &str| match self.listed.is_none() && self.purposes.is_empty() {
            true => is_code(code),
            false => self.purposes.contains(code),
        };
        request.purpose.is_none_or(is_declared)
            && request.others.iter().all(|(name, value)| self.declares_other(name, value))
            && request.claims.iter().all(|claim| self.claims.iter().any(|own| own == claim))
            && self.issuers.keys().all(|claim| {
                !request.claims.contains(claim.as_str()) || request.papers.iter().any(|paper| paper.claim == *claim)
            })
            && request.papers.iter().all(|paper| self.accepts(paper, request))
    }

    /// Whether an instrument counts: the only one behind its claim, issued by whom the policy says, on its days, and what it
    /// specifies is in the catalog.
    fn accepts(&self, paper: &Paper, request: &Request<'_>) -> bool {
        let of_claim = request.papers.iter().filter(|other| other.claim == paper.claim && *other != paper).count();
        let is_issued = match (self.issuers.get(&paper.claim), &paper.issuer) {
            (None, issuer) => issuer.is_none(),
            (Some(issuers), issuer) => issuer.as_ref().is_some_and(|issuer| issuers.contains(issuer)),
        };
        let [from, until] = &paper.days;
        let date = self.date.as_deref().unwrap_or("2026-01-01");
        let is_known =
            |term: &String| term == "*" || self.catalog.elements.keys().any(|id| self.catalog.covers(term, id));
        of_claim == 0
            && is_issued
            && is_on(from.as_deref(), until.as_deref(), date)
            && paper.specifies.iter().all(is_known)
    }

    /// Whether what a request states beside its purpose is declared: a reason or a line that the policy lists or, without a
    /// list, any. A user and a state need only be one.
    fn declares_other(&self, name: &str, value: &str) -> bool {
        let is_listed = self.listed_others.get(name).map(|listed| listed.contains(value));
        let is_code = |most: usize| {
            (1..=most).contains(&value.len()) && value.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit())
        };
        match name {
            "reason" => is_listed.unwrap_or_else(|| is_code(3)),
            "line" => is_listed.unwrap_or_else(|| is_code(9)),
            "user" => (1..=64).contains(&value.chars().count()),
            _ => value.len() == 2 && value.chars().all(|c| c.is_ascii_uppercase()),
        }
    }

    /// Whether it tells apart what requests state of this name: rules ask for it, or it lists the values.
    pub fn tells_apart(&self, name: &str) -> bool {
        let is_listed = if name == "purpose" { self.listed.is_some() } else { self.listed_others.contains_key(name) };
        self.asked.contains(name) || is_listed
    }

    /// The values that rules name of what else requests state.
    pub fn named_others(&self, name: &str) -> BTreeSet<String> {
        self.named_others.get(name).cloned().unwrap_or_default()
    }

    /// The agency classes of an ORI: those that list it, or else those of whose patterns it is one.
    pub fn classes_of(&self, ori: &str) -> Classes {
        let exact = self.names(|class| class.exact.contains(ori));
        if !exact.is_empty() {
            return exact;
        }
        let is_taken_away = |class: &Class| class.except.iter().any(|other| self.classes[other].is_like(ori));
        self.names(|class| class.is_like(ori) && !is_taken_away(class))
    }

    fn names(&self, is_wanted: impl Fn(&Class) -> bool) -> Classes {
        self.classes.iter().filter(|(_, class)| is_wanted(class)).map(|(name, _)| name.clone()).collect()
    }

    /// What becomes of a message.
    pub fn decide(&self, classes: &Classes, request: &Request<'_>) -> Decision {
        if !self.is_in_force || classes.is_empty() || !self.declares(request) {
            return Decision::Withheld;
        }
        let reviews = |rule: &&Rule| rule.verb == Verb::Review && rule.applies(classes, request);
        let reviews: Vec<&Rule> = self.rules.iter().filter(reviews).collect();
        let grant = self.grant(classes, request);
        let vouched: BTreeSet<&str> = reviews.iter().flat_map(|rule| rule.vouches.iter().map(String::as_str)).collect();
        let claims = request.claims.union(&vouched).copied().collect();
        // What the reviewer vouches for may specify anything.
        let whole =
            |claim: &&str| Paper { claim: (*claim).to_owned(), specifies: vec!["*".to_owned()], ..Paper::default() };
        let papers: Vec<Paper> = vouched.iter().map(whole).chain(request.papers.iter().cloned()).collect();
        let most = Request { claims: &claims, papers: &papers, ..*request };
        let is_nothing = grant.is_nothing() && self.grant(classes, &most).is_nothing();
        match reviews.is_empty() {
            _ if is_nothing => Decision::Withheld,
            true => Decision::Released(grant),
            false => Decision::Held(grant),
        }
    }

    /// What must be done because of an outcome, `release`, `hold` or `refusal`, each with the ids of the duties that say so.
    pub fn duties(
        &self,
        classes: &Classes,
        request: &Request<'_>,
        outcome: &str,
    ) -> BTreeMap<[Option<String>; 3], BTreeSet<String>> {
        let mut owed: BTreeMap<_, BTreeSet<String>> = BTreeMap::new();
        let duties = self.rules.iter().filter(|rule| rule.verb == Verb::Duty && rule.after.contains(outcome));
        for duty in duties.filter(|duty| self.is_in_force && !classes.is_empty() && duty.applies(classes, request)) {
            owed.entry(duty.demand.clone()).or_default().insert(duty.id.clone());
        }
        owed
    }

    /// What an answer tells of the law: the texts of all rules that apply, in order. A permit of what instruments specify
    /// applies if they specify something of it.
    pub fn legal_notice(&self, classes: &Classes, request: &Request<'_>) -> Option<String> {
        let gives = |rule: &Rule| {
            let ids = rule.elements.0.iter().zip(self.catalog.elements.keys()).filter(|(own, _)| own.is_some());
            ids.map(|(_, id)| id).any(|id| self.is_specified(rule, request, id) != Some(false))
        };
        let applying = self.rules.iter().filter(|rule| rule.applies(classes, request));
        let applying = applying.filter(|rule| rule.verb == Verb::Forbid || gives(rule));
        let texts: BTreeSet<&str> = applying.filter_map(|rule| rule.legal_notice.as_deref()).collect();
        (!texts.is_empty()).then(|| texts.into_iter().collect::<Vec<_>>().join(" "))
    }

    /// Whether an instrument specifies an element, if the rule asks for that.
    fn is_specified(&self, rule: &Rule, request: &Request<'_>, id: &str) -> Option<bool> {
        let asked = rule.specified_by.as_ref()?;
        Some(request.papers.iter().any(|paper| asked.contains(&paper.claim) && paper.covers(id, &self.catalog)))
    }

    /// All permits together, the most open treatment of each element, minus every forbid.
    fn grant(&self, classes: &Classes, request: &Request<'_>) -> Grant {
        let applying: Vec<&Rule> = self.rules.iter().filter(|rule| rule.applies(classes, request)).collect();
        let of = |verb: Verb| applying.iter().filter(move |rule| rule.verb == verb);
        let is_specified = |rule: &Rule, id: &String| self.is_specified(rule, request, id);
        let mut grant = Grant::nothing(self.elements);
        for permit in of(Verb::Permit) {
            for ((own, permitted), id) in grant.0.iter_mut().zip(&permit.elements.0).zip(self.catalog.elements.keys()) {
                if is_specified(permit, id) != Some(false) {
                    *own = (*own).max(*permitted);
                }
            }
        }
        for forbid in of(Verb::Forbid) {
            for ((own, forbidden), id) in grant.0.iter_mut().zip(&forbid.elements.0).zip(self.catalog.elements.keys()) {
                if forbidden.is_some() && is_specified(forbid, id) != Some(true) {
                    *own = None;
                }
            }
        }
        grant
    }
}

/// By claim of a table, who may issue the instrument behind it.
fn issuers(claims: &Table) -> BTreeMap<String, BTreeSet<String>> {
    let listed = |(claim, said): (&String, &Value)| {
        let issuers = strings(said.as_table()?, "issuers")?;
        Some((claim.clone(), issuers.into_iter().collect()))
    };
    claims.iter().filter_map(listed).collect()
}

/// Whether an ORI is one of a pattern: `?` is one character, `#` one digit, `*` any run of characters.
pub fn matches(pattern: &[u8], ori: &[u8]) -> bool {
    match pattern {
        [] => ori.is_empty(),
        [b'*', rest @ ..] => (0..=ori.len()).any(|taken| matches(rest, &ori[taken..])),
        [b'#', rest @ ..] => ori.first().is_some_and(u8::is_ascii_digit) && matches(rest, &ori[1..]),
        [first, rest @ ..] => ori.first().is_some_and(|c| *first == b'?' || first == c) && matches(rest, &ori[1..]),
    }
}
