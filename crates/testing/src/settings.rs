//! Who asks, under which policy, and at which paths they are ever let through anything: the fixtures addressed to each of
//! them tell. A place whose path isn't among these is forbidden to them, and a token planted there must never come out.

use std::collections::BTreeSet;

use dmv_redact::{Filter, Receipt, Requester};

use crate::cases::{Case, filter};
use crate::filters;
use crate::places::layout;

/// Who asks, under which policy.
pub struct Setting {
    /// What reports call it.
    pub name: String,
    /// The filter with the policy.
    pub filter: Filter,
    /// Who asks.
    pub requester: Requester,
    ori: String,
    /// Paths of values in what this requester gets of the fixtures.
    pub released: BTreeSet<String>,
}

/// Policy, ORI, purpose, claims.
type Asked = (Option<&'static str>, &'static str, &'static str, &'static [&'static str]);

const ASKED: &[Asked] = &[
    (None, "AZ0070000", "", &[]),
    (None, "AZ0070000", "C", &["highly-restricted-request"]),
    (None, "AZOLN0000", "", &[]),
    (None, "VTICE0900", "", &[]),
    (None, "VTICE0900", "", &["approved"]),
    (None, "VTICE0900", "C", &["approved", "judicial-warrant"]),
    (None, "ZZ1234567", "C", &[]),
    (Some("example-state"), "AZ0070000", "C", &["photo-request"]),
    (Some("example-state"), "AZ0079900", "E", &[]),
    (Some("example-state"), "AZ0079900", "S", &[]),
    (Some("example-state"), "CA0190000", "F", &[]),
    (Some("example-state"), "ON1234500", "", &[]),
    (Some("example-state"), "AZICE0100", "", &["approved"]),
];

/// Those who ask, under the shipped policies.
pub fn settings(cases: &[Case]) -> Vec<Setting> {
    let setting = |(policy, ori, purpose, claims): &Asked| {
        let requester = Requester::new(ori).expect("an ORI");
        let requester = if purpose.is_empty() { requester } else { requester.purpose(*purpose) };
        let requester = claims.iter().fold(requester, |requester, claim| requester.claim(*claim));
        let name = format!("{} {ori} {purpose} {claims:?}", policy.unwrap_or("baseline"));
        Setting::new(name, filter(*policy), requester, (*ori).to_owned(), cases)
    };
    ASKED.iter().map(setting).collect()
}

/// The paths of all values but empty ones.
fn paths(xml: bool, output: &[u8]) -> Vec<String> {
    let layout = layout(xml, str::from_utf8(output).expect("an output is UTF-8"));
    let places = layout.unwrap_or_default().places;
    places.into_iter().filter(|place| !place.value.is_empty()).map(|place| place.path).collect()
}

impl Setting {
    /// Lets the fixtures through, to see what goes out to this requester at all.
    pub fn new(name: String, filter: Filter, requester: Requester, ori: String, cases: &[Case]) -> Self {
        let mut setting = Self { name, filter, requester, ori, released: BTreeSet::new() };
        let gets = |case: &Case| paths(case.xml, &setting.redact(&setting.addressed(case)).0);
        setting.released = cases.iter().flat_map(gets).collect();
        setting
    }

    /// Who asks in the case as its own folder describes it.
    pub fn of_case(case: &Case, cases: &[Case]) -> Self {
        let filter = filter(case.policy.as_deref());
        let receipt = filter.redact(&case.message, &case.requester, &mut Vec::new());
        let ori = receipt.requester().map_or_else(String::new, |ori| ori.to_string());
        Self::new(case.name.clone(), filter, case.requester.clone(), ori, cases)
    }

    /// The case's message with this requester as its destination.
    pub fn addressed(&self, case: &Case) -> Vec<u8> {
        let receipt = self.filter.redact(&case.message, &Requester::from_envelope(), &mut Vec::new());
        match (receipt.requester(), str::from_utf8(&case.message)) {
            (Some(own), Ok(text)) if !self.ori.is_empty() => text.replace(own.as_str(), &self.ori).into_bytes(),
            _ => case.message.clone(),
        }
    }

    /// Lets a message through.
    pub fn redact(&self, message: &[u8]) -> (Vec<u8>, Receipt) {
        filters::redact(&self.filter, &self.requester, message)
    }
}
