//! A format whose one value is a text, in XML and in JSON, and a policy that permits some of its fields.

use dmv_redact::{ConfigError, Filter, Receipt};
use dmv_redact_testing::filters::{own, police, redact_text};
use serde_json::Value;

pub(crate) const FORMAT: &str = r#"
name = "example"
syntax = ["xml", "json"]
root = "e:r"

[namespaces]
e = "urn:example"

[paths]
"e:key" = "license.status"
"e:text" = "response.text"
"e:plain" = "response.caveat"

[[text]]
name = "labels"
paths = ["e:text"]
recognise = '(?m)^STATE OF EXAMPLE$'

[[text.skip]]
from = '(?m)^REMARKS:'
to = '(?m)^PAGE \d$'

[[text.field]]
pattern = '''(?m)^NAME: (?<name>[A-Z ,.'<-]{1,60})$'''
groups = { name = "person.name" }

[[text.field]]
pattern = '(?m)^BORN: (?<born>[0-9-]{4,10})$'
groups = { born = "person.birth-date" }

[[text.field]]
pattern = '(?m)^SSN: {0,4}(?<ssn>[0-9 -]{1,11})$'
groups = { ssn = "person.ssn" }

[[text.field]]
pattern = '(?m)^CITY: (?<city>[A-Za-z0-9+/= ]{1,60})$'
groups = { city = "person.address.city" }

[[text.field]]
pattern = 'SEX/(?<sex>[A-Z]) '
groups = { sex = "person.sex" }

[[text.field]]
pattern = 'EYE/(?<eye>[A-Z]{3}) '
groups = { eye = "person.eye-color" }

[[text.field]]
pattern = 'HAI/(?<hair>[A-Z]{3}) '
groups = { hair = "person.hair-color" }

[[text.field]]
pattern = '(?m)^SEEN: (?<seen>[A-Z &"]{1,60})$'
groups = { seen = "history.accident.description" }

[[text.field]]
pattern = '(?m)^ROW (?<name>[A-Z ]{10})\|(?<ssn>[0-9 -]{11})\|(?<born>[0-9 ]{8})\|(?<city>[A-Z ]{0,10})$'
groups = { name = "person.name", ssn = "person.ssn", born = "person.birth-date", city = "person.address.city" }

[[text]]
name = "other"
paths = ["e:text"]
recognise = '(?m)^STATE OF OTHER$'

[[text.field]]
pattern = '(?m)^NAME: (?<name>[A-Z ]{1,60})$'
groups = { name = "person.name" }
"#;

/// Permits name, birth date, city, sex, hair colour; neither SSN nor eye colour.
pub(crate) const POLICY: &str = r#"
[policy]
name = "example"
version = "1"

[agencies.police]
ori = ["AZ*"]

[[permit]]
id = "all-but-ssn"
agencies = ["police"]
elements = ["person.name", "person.birth-date", "person.address", "person.sex", "person.hair-color", "history.accident",
  "response", "license.status"]
"#;

pub(crate) fn build(format: &str, policy: &str) -> Result<Filter, ConfigError> {
    own(("example", format), None, policy)
}

pub(crate) fn filter() -> Filter {
    build(FORMAT, POLICY).unwrap()
}

pub(crate) fn year_only() -> Filter {
    build(FORMAT, &format!("{POLICY}as = {{ \"person.birth-date\" = \"year\" }}\n")).unwrap()
}

pub(crate) fn redact(filter: &Filter, message: &str) -> (String, Receipt) {
    redact_text(filter, &police(), message)
}

pub(crate) fn json(text: &str) -> String {
    serde_json::json!({"e:r": {"e:key": "LIC", "e:text": text}}).to_string()
}

/// What is left of a text, `None` when nothing is.
pub(crate) fn left_of(filter: &Filter, text: &str) -> Option<String> {
    let (out, receipt) = redact(filter, &json(text));
    assert!(receipt.disposition().releases(), "{:?}: {text:?}", receipt.detail());
    let again = redact(filter, &out).0;
    assert_eq!(again, out, "P4: redacting twice changes nothing");
    let message: Value = serde_json::from_str(&out).unwrap();
    message.pointer("/e:r/e:text").map(|text| text.as_str().unwrap().to_owned())
}

pub(crate) fn xml(content: &str) -> String {
    format!("<e:r xmlns:e=\"urn:example\"><e:key>LIC</e:key><e:text>{content}</e:text></e:r>")
}

/// Released and removed values of an element.
pub(crate) fn counts(receipt: &Receipt, element: &str) -> (u32, u32) {
    let found = receipt.elements().find(|(id, _)| *id == element);
    found.map_or((0, 0), |(_, counts)| (counts.released + counts.generalised, counts.removed))
}
