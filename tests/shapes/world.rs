//! A format in which every data element of the catalog has a member of its own, and a policy that permits all of them.

use dmv_redact::{Catalog, Element, Filter, Kind, Receipt, Requester};
use dmv_redact_testing::filters::{own_only, redact};
use serde_json::Value;

/// Elements whose values may be nine digits without hyphens, and why: numbers of that many digits, or longer ones in which
/// as many stand together.
pub(crate) const NINE_DIGITS: &[&str] = &[
    "person.telephone",
    "person.email",
    "person.fbi-number",
    "person.state-identification-number",
    "person.passport",
    "immigration.alien-number",
    "immigration.visa",
    "license.number",
    "license.card-number",
    "vehicle.vin",
    "registration.title-number",
    "registration.policy-number",
];

/// Elements whose values are phrases.
pub(crate) const PHRASES: &[&str] = &[
    "person.physical-feature",
    "person.medical",
    "immigration.status",
    "license.class.description",
    "license.status",
    "license.commercial-status",
    "license.restriction",
    "license.endorsement",
    "license.real-id",
    "license.medical-certification",
    "license.privileges",
    "history.withdrawal",
    "history.withdrawal.description",
    "history.conviction",
    "history.conviction.description",
    "history.conviction.disposition",
    "history.accident",
    "history.accident.description",
    "registration.status",
    "response.text",
    "response.caveat",
];

/// Whether an element's values are words or numbers of any form, and no date, quantity, postal code or image; the envelope's
/// numbers are a switch's own.
pub(crate) fn may_hold_text(element: &Element) -> bool {
    !element.is_envelope() && !matches!(element.kind(), Kind::Date | Kind::PostalCode | Kind::Number | Kind::Image)
}

/// What an element is called in the messages of this format.
fn member(id: &str) -> String {
    id.replace('.', "_")
}

pub(crate) struct World {
    pub(crate) filter: Filter,
}

impl World {
    /// With `head` in the policy's first table.
    pub(crate) fn with(head: &str) -> Self {
        let catalog = catalog();
        let parts = catalog.iter().filter(|(_, element)| !element.is_envelope());
        let elements: Vec<&str> = parts.map(|(_, element)| element.id()).collect();
        let paths: String = elements.iter().map(|id| format!("{} = \"{id}\"\n", member(id))).collect();
        let format = format!(
            "name = \"all\"\nsyntax = \"json\"\nroot = \"all\"\nrequester = \"to\"\n[paths]\nto = \"envelope.ori\"\n{paths}"
        );
        let policy = format!(
            "[policy]\nname = \"all\"\nversion = \"1\"\n{head}\n[agencies.all]\nori = [\"AZ0070000\"]\n\
             [agencies.few]\nori = [\"AZ0080000\"]\n\
             [[permit]]\nid = \"all\"\nagencies = [\"all\"]\nelements = {elements:?}\n\
             [[permit]]\nid = \"few\"\nagencies = [\"few\"]\nelements = [\"person.sex\"]\n"
        );
        Self { filter: own_only(("all", &format), &policy).unwrap() }
    }

    pub(crate) fn new() -> Self {
        Self::with("")
    }

    /// Redacts a message that holds these values of elements, and a sex.
    pub(crate) fn redact(&self, to: &str, values: &[(&str, Value)]) -> (Value, Receipt) {
        self.redact_with(to, values, &[])
    }

    pub(crate) fn redact_with(&self, to: &str, values: &[(&str, Value)], claims: &[&str]) -> (Value, Receipt) {
        let mut all = serde_json::json!({"to": to, "person_sex": "F"});
        for (id, value) in values {
            all[member(id)] = value.clone();
        }
        let message = serde_json::json!({"all": all}).to_string();
        let requester = claims.iter().fold(Requester::from_envelope(), |requester, claim| requester.claim(*claim));
        let (out, receipt) = redact(&self.filter, &requester, message);
        let output = if out.is_empty() { Value::Null } else { serde_json::from_slice(&out).unwrap() };
        (output["all"].clone(), receipt)
    }

    /// Those of many values of an element that don't go out.
    pub(crate) fn lost(&self, id: &str, values: &[String]) -> Vec<String> {
        let mut lost = Vec::new();
        for part in values.chunks(500) {
            let (output, receipt) = self.redact("AZ0070000", &[(id, part.into())]);
            assert!(receipt.disposition().releases(), "{id}: {:?} {:?}", receipt.reason(), receipt.detail());
            let released = output[member(id)].as_array().cloned().unwrap_or_default();
            let mut released = released.iter().filter_map(Value::as_str).peekable();
            for value in part {
                if released.next_if(|next| next == value).is_none() {
                    lost.push(value.clone());
                }
            }
        }
        lost
    }
}

pub(crate) fn catalog() -> Catalog {
    Filter::builder().build().unwrap().catalog().clone()
}
