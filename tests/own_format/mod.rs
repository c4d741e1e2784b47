//! A format, catalog and policy of a user's own, in XML and in JSON: no line of the filter is changed for them.

mod attributes;
mod embedded;
mod extend;
mod layouts;
mod parts;
mod predicates;
mod recognition;
mod roles;

use dmv_redact::{ConfigError, Disposition, Filter, FilterBuilder, Reason};
use dmv_redact_testing::filters::{own, police, redact_text};

const CATALOG: &str = r#"
[[element]]
id = "subject.name"
title = "Name"
dppa = "personal"
shape = '[A-Z][A-Z ,]*'

[[element]]
id = "subject.remarks"
title = "Remarks"

[[element]]
id = "subject.photo"
title = "Photograph"
dppa = "highly-restricted"
kind = "image"
"#;

const FORMAT: &str = r#"
name = "example"
syntax = ["xml", "json"]
root = "e:r"

[namespaces]
e = "urn:example"

[paths]
"e:name" = "subject.name"
"e:remarks" = "subject.remarks"
"e:photo" = "subject.photo"
"#;

/// The same message as plain JSON, without prefixes.
const PLAIN_FORMAT: &str = r#"
name = "example-plain"
syntax = "json"
root = "r"

[paths]
"name" = "subject.name"
"remarks" = "subject.remarks"
"photo" = "subject.photo"
"#;

const POLICY: &str = r#"
[policy]
name = "example"
version = "1"

[agencies.police]
ori = ["AZ*"]

[[permit]]
id = "names"
agencies = ["police"]
elements = ["subject.name", "subject.remarks"]
"#;

fn filter(format: &str, policy: &str) -> Result<Filter, ConfigError> {
    own(("example", format), Some(CATALOG), policy)
}

/// Police may have these data elements, and nobody else anything.
fn permitting(elements: &[&str]) -> FilterBuilder {
    let policy = format!(
        "[policy]\nname = \"example\"\nversion = \"1\"\n\n[agencies.police]\nori = [\"AZ*\"]\n\n\
         [[permit]]\nid = \"some\"\nagencies = [\"police\"]\nelements = {elements:?}\n"
    );
    Filter::builder().policy_bytes("policy.toml", policy)
}

/// With these formats too, the first of which is `0.toml` in errors.
fn with_formats(builder: FilterBuilder, formats: &[&str]) -> Result<Filter, String> {
    let named = formats.iter().enumerate();
    let builder = named.fold(builder, |builder, (at, format)| builder.format_bytes(format!("{at}.toml"), *format));
    builder.build().map_err(|error| error.to_string())
}

fn redact(filter: &Filter, message: &str) -> (String, Disposition, Option<Reason>) {
    let (out, receipt) = redact_text(filter, &police(), message);
    (out, receipt.disposition(), receipt.reason())
}

#[test]
fn p1_own_xml() {
    let filter = filter(FORMAT, POLICY).unwrap();
    let message =
        "<r xmlns=\"urn:example\"><name>DOE, JANE</name><remarks>ON FOOT</remarks><photo>/9j/4AAQ</photo><x/></r>";
    let (out, disposition, _) = redact(&filter, message);
    // Whatever the message calls it, the namespace goes out under the format's own prefix.
    assert_eq!(out, "<e:r xmlns:e=\"urn:example\"><e:name>DOE, JANE</e:name><e:remarks>ON FOOT</e:remarks></e:r>");
    assert_eq!(disposition, Disposition::Redacted);
    let all_permitted = "<e:r xmlns:e=\"urn:example\">\n  <e:name>DOE, JANE</e:name>\n</e:r>\n";
    assert_eq!(redact(&filter, all_permitted), (all_permitted.to_owned(), Disposition::Released, None));
}

#[test]
fn p1_own_json_with_prefixes_and_without() {
    let prefixed = filter(FORMAT, POLICY).unwrap();
    let message =
        r#"{"e:r": {"e:name": "DOE, JANE", "e:photo": "/9j/4AAQ", "e:remarks": ["ON FOOT", "SSN 900-12-3456"]}}"#;
    let (out, disposition, _) = redact(&prefixed, message);
    assert_eq!(out, r#"{"e:r": {"e:name": "DOE, JANE", "e:remarks": ["ON FOOT"]}}"#);
    assert_eq!(disposition, Disposition::Redacted);

    let plain = filter(PLAIN_FORMAT, POLICY).unwrap();
    let (out, _, _) = redact(&plain, r#"{"v":1,"r":{"photo":"/9j/4AAQ","name":"DOE, JANE","e:name":"X"}}"#);
    assert_eq!(out, r#"{"r":{"name":"DOE, JANE"}}"#);
}

#[test]
fn p2_what_is_of_no_format_is_withheld() {
    let filter = filter(FORMAT, POLICY).unwrap();
    for other in ["<r><name>X</name></r>", "<r xmlns=\"urn:other\"/>", "{\"r\":{}}", "{}", "[]"] {
        assert_eq!(
            redact(&filter, other),
            (String::new(), Disposition::Withheld, Some(Reason::FormatUnknown)),
            "{other}"
        );
    }
}

#[test]
fn errors_name_file_line_column_and_the_nearest_spelling() {
    let error = |format: &str, policy: &str| {
        let text = filter(format, policy).unwrap_err().to_string();
        let file = text.find("policy.toml").or(text.find("format.toml")).unwrap();
        text.get(file..).unwrap().to_owned()
    };
    let policy = |from: &str, to: &str| error(FORMAT, &POLICY.replacen(from, to, 1));
    assert_eq!(
        policy("\"subject.remarks\"", "\"subject.remarkes\""),
        "policy.toml:12:29: unknown data element `subject.remarkes`; did you mean `subject.remarks`?"
    );
    assert_eq!(
        policy("[\"police\"]", "[\"polise\"]"),
        "policy.toml:11:13: unknown agency class `polise`; did you mean `police`?"
    );
    assert_eq!(policy("elements", "element"), "policy.toml:12:1: unknown key `element`; did you mean `elements`?");
    assert_eq!(
        policy("AZ*", "az*"),
        "policy.toml:7:8: `az*` can match no ORI: `a` is none of A to Z, 0 to 9, `?`, `#` and `*`; `?` is one character, `#` one digit, `*` any run of characters"
    );
    assert_eq!(
        policy("AZ*", "AZ007000"),
        "policy.toml:7:8: `AZ007000` is no ORI: it has 8 characters, and an ORI has 9; an ORI has 9 characters, A to Z and 0 to 9, the first a letter; in a policy, not in a file of ORIs, it may be a pattern with `?`, `#` and `*`"
    );
    assert_eq!(
        policy("agencies = [\"police\"]\n", ""),
        "policy.toml:10:6: permit `names` names no agency class; add `agencies = [...]`"
    );
    assert_eq!(
        policy("id = \"names\"", "id = \"names\"\nmessages = [\"RNRR\"]"),
        "policy.toml:11:13: unknown message key `RNRR`; did you mean `RNR`?"
    );
    assert_eq!(
        policy("id = \"names\"", "id = \"names\"\nrequires = [\"warrant\"]"),
        "policy.toml:11:13: unknown claim `warrant`; claims are declared in `[policy] claims = [...]`"
    );
    assert_eq!(
        policy("elements = [\"subject.name\",", "as = { \"subject.name\" = \"year\" }\nelements = [\"subject.name\","),
        "policy.toml:12:8: `subject.name` doesn't take the treatment `year`; it takes `full`, `token`, `mask`"
    );
    assert_eq!(
        policy("\"subject.remarks\"", "\"envelope\""),
        "policy.toml:12:29: `envelope` is of the envelope, which every grant holds: no rule names it; take it away"
    );
    assert_eq!(
        policy("version = \"1\"", "version = 1"),
        "policy.toml:4:11: a text in quotes is wanted, not a number; write `\"1\"`"
    );

    let format = |from: &str, to: &str| error(&FORMAT.replacen(from, to, 1), POLICY);
    assert_eq!(
        format("\"subject.photo\"", "\"subject.foto\""),
        "format.toml:12:13: unknown data element `subject.foto`; did you mean `subject.photo`?"
    );
    assert_eq!(
        format("\"e:photo\"", "\"f:photo\""),
        "format.toml:12:1: prefix `f` is not in [namespaces]; did you mean `e`?"
    );
    assert_eq!(
        format("\"e:photo\"", "\"e:name/e:photo\""),
        "format.toml:12:1: `e:name/e:photo` goes on below a path that is a value"
    );
    assert_eq!(
        format("name = \"example\"", "name = \"nlets-niem\""),
        "format.toml:2:8: format `nlets-niem` is declared twice; to stand in its place, a format says `replaces = \"NAME\"`, or `extends = \"NAME\"` to have its paths"
    );
}
