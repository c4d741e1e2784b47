//! Hostile JSON: what a reader or rewriter may be made to do too often, or to remember too much of.

use crate::build::{Case, numbered, repeated};

const ENVELOPE: &str = concat!(
    r#""exch:MessageMetadata":{"exch:MessageKeyCode":"DR","exch:DestinationOrganization":"#,
    r#"{"j:OrganizationORIIdentification":{"nc:IdentificationID":"AZ0070000"}}},"#,
);

/// A message with `members` in its root member; they end without a comma.
fn response(members: &str) -> Vec<u8> {
    ["{\"exch:DriverVehicleResponse\":{", ENVELOPE, members, "}}"].concat().into_bytes()
}

/// One with `members` in its person.
fn person(members: &str) -> Vec<u8> {
    response(&["\"nc:Person\":{\"j:PersonSexCode\":\"F\",", members, "}"].concat())
}

/// One with `value` as a member that no mapping names.
fn unknown(value: &str) -> Vec<u8> {
    person(&["\"u\":", value].concat())
}

/// One with `value` as a member that the mapping names.
fn leaf(value: &str) -> Vec<u8> {
    person(&["\"j:PersonEyeColorCode\":", value].concat())
}

/// One with `value` as a record that is permitted.
fn record(value: &str) -> Vec<u8> {
    person(&["\"nc:PersonDigitalImage\":", value].concat())
}

/// One with many people.
fn people(items: &str) -> Vec<u8> {
    response(&["\"nc:Person\":[{\"j:PersonSexCode\":\"F\"}", items, "]"].concat())
}

/// One with `text`, which is escaped, as a text that holds fields of its own.
pub(crate) fn text(text: &str) -> Vec<u8> {
    response(&["\"exch:ResponseText\":\"", text, "\""].concat())
}

fn nested(open: &str, inner: &str, close: &str, size: usize) -> String {
    let depth = size / (open.len() + close.len());
    [&open.repeat(depth), inner, close.repeat(depth).as_str()].concat()
}

fn array(item: &str, size: usize) -> String {
    ["[", &repeated(&[item, ","].concat(), size), item, "]"].concat()
}

fn string(part: &str, size: usize) -> String {
    ["\"", &repeated(part, size), "\""].concat()
}

fn object(size: usize, member: impl Fn(usize) -> String) -> String {
    ["{", &numbered(size, |at| member(at) + ","), "\"z\":0}"].concat()
}

pub(crate) fn cases() -> Vec<Case> {
    vec![
        Case::new("json: deep arrays, unknown", |size| unknown(&nested("[", "", "]", size))),
        Case::new("json: deep objects, unknown", |size| unknown(&nested("{\"a\":", "0", "}", size))),
        Case::new("json: deep objects, in a record", |size| record(&nested("{\"nc:a\":", "0", "}", size))),
        Case::new("json: wide, unknown", |size| person(&[&repeated("\"\":0,", size), "\"\":0"].concat())),
        Case::new("json: wide, numbered", |size| unknown(&object(size, |at| format!("\"a{at}\":0")))),
        Case::new("json: wide, in a record", |size| record(&object(size, |at| format!("\"nc:a{at}\":0")))),
        Case::new("json: wide, in a record, one name", |size| record(&object(size, |_| "\"nc:a\":0".to_owned()))),
        Case::new("json: a mapped name over and over", |size| {
            person(&[&repeated("\"j:PersonEyeColorCode\":\"BRO\",", size), "\"u\":0"].concat())
        }),
        Case::new("json: escaped names", |size| person(&[&repeated("\"\\u0061\":0,", size), "\"u\":0"].concat())),
        Case::new("json: escaped names in a record", |size| {
            record(&object(size, |at| format!("\"\\u006ec:a{at}\":0")))
        }),
        Case::new("json: a long name", |size| person(&[&string("a", size), ":0"].concat())),
        Case::new("json: an array, unknown", |size| unknown(&array("0", size))),
        Case::new("json: an array, mapped", |size| leaf(&array("\"BRO\"", size))),
        Case::new("json: an array, mapped, of what violates its shape", |size| leaf(&array("[]", size))),
        Case::new("json: an array in a record", |size| record(&["{\"nc:a\":", &array("\"A\"", size), "}"].concat())),
        Case::new("json: an array of people", |size| people(&repeated(",{\"j:PersonSexCode\":\"F\"}", size))),
        Case::new("json: an array of people without anything", |size| people(&repeated(",{}", size))),
        Case::new("json: what stands for denied parts", |size| {
            people(&repeated(",{\"nc:PersonName\":{\"nc:PersonGivenName\":\"A\",\"nc:PersonSurName\":[]}}", size))
        }),
        Case::new("json: a string, unknown", |size| unknown(&string("A", size))),
        Case::new("json: a string, mapped", |size| leaf(&string("A", size))),
        Case::new("json: an image", |size| record(&["{\"nc:a\":", &string("/9j/4AAQ", size), "}"].concat())),
        Case::new("json: escapes, unknown", |size| unknown(&string("\\n", size))),
        Case::new("json: escapes, mapped", |size| leaf(&string("\\n", size))),
        Case::new("json: surrogates, mapped", |size| leaf(&string("\\ud83d\\ude00", size))),
        Case::new("json: a number", |size| leaf(&repeated("1", size))),
        Case::new("json: white space", |size| person(&[repeated("\n    ", size).as_str(), "\"u\":0"].concat())),
        Case::new("json: an unclosed string", |size| ["{\"a\":\"", &repeated("A", size)].concat().into_bytes()),
        Case::new("json: members before the root", |size| {
            let mut message = ["{", &repeated("\"a\":0,", size)].concat().into_bytes();
            message.extend_from_slice(response("\"u\":0").get(1..).unwrap());
            message
        }),
        Case::new("json: a large context", |size| {
            context(&["\"@context\":", &object(size, |at| format!("\"a{at}\":\"u\"")).replace("0}", "\"u\"}")].concat())
        }),
        Case::new("json: many contexts", |size| {
            people(&repeated(",{\"@context\":{\"a\":\"u\"},\"j:PersonSexCode\":\"F\"}", size))
        }),
        Case::new("json: ids", |size| people(&numbered(size, |at| format!(",{{\"@id\":\"#{at}\",{SEX}}}")))),
        Case::new("json: references to one", |size| {
            people(&[&format!(",{{\"@id\":\"#a\",{SEX}}}"), repeated(",{\"@id\":\"#a\"}", size).as_str()].concat())
        }),
        Case::new("json: references to nothing", |size| {
            people(&numbered(size, |at| format!(",{{\"@id\":\"#{at}\"}}")))
        }),
        Case::new("json: ids and references", |size| {
            people(&numbered(size, |at| format!(",{{\"@id\":\"#{at}\",{SEX}}},{{\"@id\":\"#{at}\"}}")))
        }),
        Case::new("json: chains of 12 references", |size| people(&chains(12, size))),
        Case::new("json: chains of 20 references", |size| people(&chains(20, size))),
        Case::new("json: one chain of references", |size| {
            people(&numbered(size, |at| match at {
                0 => format!(",{{\"@id\":\"#{at}\",{SEX}}}"),
                _ => format!(",{{\"@id\":\"#{at}\",\"nc:PersonName\":{{\"@id\":\"#{}\"}}}}", at - 1),
            }))
        }),
    ]
}

const SEX: &str = "\"j:PersonSexCode\":\"F\"";

/// A message with this member before its root.
fn context(member: &str) -> Vec<u8> {
    let mut message = ["{", member, ","].concat().into_bytes();
    message.extend_from_slice(response("\"nc:Person\":{\"j:PersonSexCode\":\"F\"}").get(1..).unwrap());
    message
}

/// People of whom each has nothing but a reference to the next, the last of every `length` aside.
fn chains(length: usize, size: usize) -> String {
    numbered(size, |at| match (at + 1) % length {
        0 => format!(",{{\"@id\":\"#{at}\",{SEX}}}"),
        _ => format!(",{{\"@id\":\"#{at}\",\"nc:PersonName\":{{\"@id\":\"#{}\"}}}}", at + 1),
    })
}
