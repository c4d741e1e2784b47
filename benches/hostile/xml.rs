//! Hostile XML: what a reader or rewriter may be made to do too often, or to remember too much of.

use crate::build::{Case, numbered, repeated};

const NLETS: &str = concat!(
    r#"<n2:NLETS xmlns:n2="http://www.nlets.org/niem/1.0" xmlns:nh2="http://www.nlets.org/niem/nlets-hdr/1.0" "#,
    r#"xmlns:nc="http://niem.gov/niem/niem-core/2.0"><n2:NLETSMessageHeader>"#,
    "<nh2:MessageKeyCodeText>DR</nh2:MessageKeyCodeText><nh2:OriginatingORIID>AZOLN0000</nh2:OriginatingORIID>",
    "<nh2:DestinationORIID>AZ0070000</nh2:DestinationORIID></n2:NLETSMessageHeader>",
    "<n2:NLETSResponseData><n2:Person><nc:PersonSexCode>F</nc:PersonSexCode>",
);
const NLETS_END: &str = "</n2:Person></n2:NLETSResponseData></n2:NLETS>";

/// A message with `inside` in its person.
fn person(inside: &str) -> Vec<u8> {
    [NLETS, inside, NLETS_END].concat().into_bytes()
}

/// One with `text` as the value of a leaf.
fn leaf(text: &str) -> Vec<u8> {
    person(&["<nc:PersonSexCode>", text, "</nc:PersonSexCode>"].concat())
}

/// One with `inside` in a record that is permitted.
fn record(inside: &str) -> Vec<u8> {
    person(&["<nc:PersonDigitalImage>", inside, "</nc:PersonDigitalImage>"].concat())
}

/// One with `attributes` on an element that no mapping names.
fn unknown(attributes: &str) -> Vec<u8> {
    person(&["<u ", attributes, "/>"].concat())
}

/// One with `text` as a text that holds fields of its own.
pub(crate) fn text(text: &str) -> Vec<u8> {
    let start = "<n2:ResponseText><![CDATA[";
    let message = [NLETS, "</n2:Person>", start, text, "]]></n2:ResponseText></n2:NLETSResponseData></n2:NLETS>"];
    message.concat().into_bytes()
}

/// A part over and over, in a person.
fn parts(name: &str, part: &'static str) -> Case {
    Case::new(name, move |size| person(&repeated(part, size)))
}

fn value(name: &str, part: &'static str) -> Case {
    Case::new(name, move |size| leaf(&repeated(part, size)))
}

fn nested(open: &str, close: &str, size: usize) -> String {
    let depth = size / (open.len() + close.len());
    [open.repeat(depth), close.repeat(depth)].concat()
}

/// A tag with as many attributes and declarations as the default limits let it have, every prefix another.
fn crowded_tag() -> String {
    let declarations: String = (0..120).map(|at| format!(" xmlns:p{at}='urn:{at}'")).collect();
    let attributes: String = (0..120).map(|at| format!(" p{at}:a='1'")).collect();
    format!("<u{declarations}{attributes}/>")
}

pub(crate) fn cases() -> Vec<Case> {
    vec![
        Case::new("xml: deep, unknown", |size| person(&nested("<a>", "</a>", size))),
        Case::new("xml: deep, in a record", |size| record(&nested("<nc:a>", "</nc:a>", size))),
        parts("xml: wide, unknown", "<a/>"),
        parts("xml: wide, mapped", "<nc:PersonSexCode>F</nc:PersonSexCode>"),
        parts("xml: wide, mapped and empty", "<nc:PersonName></nc:PersonName>"),
        parts(
            "xml: what stands for denied parts",
            "<nc:PersonName><nc:PersonGivenName>A</nc:PersonGivenName><nc:PersonSurName>1</nc:PersonSurName></nc:PersonName>",
        ),
        Case::new("xml: what stands for denied parts, under hidden namespaces", |size| {
            let declared = |uri: &str| (0..100).map(|at| format!(" xmlns:p{at}='{uri}'")).collect::<String>();
            let inside = repeated("<nc:PersonSurName>1</nc:PersonSurName>", size);
            let name = ["<nc:PersonName", &declared("u"), "><nc:PersonGivenName>A</nc:PersonGivenName>"].concat();
            let outer = declared("http://www.w3.org/2001/XMLSchema-instance");
            let message = person(&[&name, inside.as_str(), "</nc:PersonName>"].concat());
            let message = String::from_utf8(message).unwrap();
            message.replacen("<n2:Person>", &["<n2:Person", &outer, ">"].concat(), 1).into_bytes()
        }),
        Case::new("xml: wide, in a record", |size| record(&repeated("<nc:a>A</nc:a>", size))),
        Case::new("xml: a long name", |size| person(&["<", &repeated("a", size), "/>"].concat())),
        Case::new("xml: a long name beyond ASCII", |size| person(&["<", &repeated("é", size), "/>"].concat())),
        Case::new("xml: many attributes", |size| unknown(&numbered(size, |at| format!("a{at}='' ")))),
        Case::new("xml: many namespaces", |size| unknown(&numbered(size, |at| format!("xmlns:a{at}='u' ")))),
        Case::new("xml: many namespaces, nested", |size| {
            let opened = numbered(size / 6 * 5, |at| format!("<u xmlns:a{at}='u'>"));
            let depth = opened.matches('<').count();
            person(&[opened, "</u>".repeat(depth)].concat())
        }),
        Case::new("xml: crowded tags", |size| person(&repeated(&crowded_tag(), size))),
        Case::new("xml: names under 250 namespaces", |size| {
            let declarations: String = (0..250).map(|at| format!(" xmlns:p{at}='urn:{at}'")).collect();
            person(&["<u", &declarations, ">", &repeated("<n2:a/>", size), "</u>"].concat())
        }),
        parts(
            "xml: declarations that are used",
            "<x:PersonSexCode xmlns:x='http://niem.gov/niem/niem-core/2.0'>F</x:PersonSexCode>",
        ),
        parts(
            "xml: declarations that are not",
            "<nc:PersonSexCode xmlns:x='http://niem.gov/niem/niem-core/2.0'>F</nc:PersonSexCode>",
        ),
        parts("xml: declarations with references", "<a xmlns:x='&#65;'/>"),
        Case::new("xml: a long attribute", |size| unknown(&["a='", &repeated("A", size), "'"].concat())),
        Case::new("xml: a long namespace", |size| unknown(&["xmlns:a='", &repeated("&amp;", size), "'"].concat())),
        parts("xml: comments", "<!---->"),
        parts("xml: processing instructions", "<?a?>"),
        parts("xml: sections", "<![CDATA[]]>"),
        parts("xml: sections of brackets", "<![CDATA[]]]]]]]]]]>"),
        value("xml: comments in a value", "A<!---->"),
        value("xml: sections in a value", "<![CDATA[A]]>"),
        value("xml: brackets in a value", "]]"),
        value("xml: ampersands in a value", "&amp;"),
        value("xml: carriage returns in a value", "\r"),
        value("xml: rare characters in a value", "\u{FFFD}"),
        value("xml: one text", "A"),
        value("xml: one number", "1 "),
        value("xml: one data URI", "data:"),
        Case::new("xml: one image", |size| {
            record(&["<nc:BinaryBase64Object>", &repeated("/9j/4AAQ", size), "</nc:BinaryBase64Object>"].concat())
        }),
        parts("xml: white space", "\n    "),
        parts("xml: white space between", "<a/>\n    "),
        parts("xml: line ends", "\r"),
        Case::new("xml: an unclosed comment", |size| person(&["<!--", &repeated("- ", size)].concat())),
        Case::new("xml: ids", |size| {
            niem(&numbered(size, |at| format!("<nc:Person structures:id='P{at}'>{SEX}</nc:Person>")))
        }),
        Case::new("xml: references to one", |size| {
            niem(
                &[
                    &format!("<nc:Person structures:id='P'>{SEX}</nc:Person>"),
                    repeated("<nc:Person structures:ref='P'/>", size).as_str(),
                ]
                .concat(),
            )
        }),
        Case::new("xml: references to nothing", |size| {
            niem(&numbered(size, |at| format!("<nc:Person structures:ref='P{at}'/>")))
        }),
        Case::new("xml: ids and references", |size| {
            niem(&numbered(size, |at| {
                format!("<nc:Person structures:id='P{at}'>{SEX}</nc:Person><nc:Person structures:ref='P{at}'/>")
            }))
        }),
        Case::new("xml: one id over and over", |size| {
            let person = format!("<nc:Person structures:id='P'>{SEX}</nc:Person>");
            niem(&["<nc:Person structures:ref='P'/>", &repeated(&person, size)].concat())
        }),
        Case::new("xml: chains of 12 references", |size| niem(&chains(12, size))),
        Case::new("xml: chains of 20 references", |size| niem(&chains(20, size))),
    ]
}

const SEX: &str = "<j:PersonSexCode>F</j:PersonSexCode>";

/// People of whom each has nothing but a reference to the next, the last of every `length` aside.
fn chains(length: usize, size: usize) -> String {
    numbered(size, |at| match (at + 1) % length {
        0 => format!("<nc:Person structures:id='P{at}'>{SEX}</nc:Person>"),
        _ => format!("<nc:Person structures:id='P{at}'><nc:PersonName structures:ref='P{}'/></nc:Person>", at + 1),
    })
}

/// A message of the format that has references.
fn niem(inside: &str) -> Vec<u8> {
    let envelope = concat!(
        r#"<e:DriverVehicleResponse xmlns:e="urn:dmv-redact:exchange:driver-vehicle-response:1.0" "#,
        r#"xmlns:nc="https://docs.oasis-open.org/niemopen/ns/model/niem-core/6.0/" "#,
        r#"xmlns:j="https://docs.oasis-open.org/niemopen/ns/model/domains/justice/6.0/" "#,
        r#"xmlns:structures="https://docs.oasis-open.org/niemopen/ns/model/structures/6.0/"><e:MessageMetadata>"#,
        "<e:MessageKeyCode>DR</e:MessageKeyCode><e:DestinationOrganization><j:OrganizationORIIdentification>",
        "<nc:IdentificationID>AZ0070000</nc:IdentificationID></j:OrganizationORIIdentification>",
        "</e:DestinationOrganization></e:MessageMetadata><nc:Person><j:PersonSexCode>F</j:PersonSexCode></nc:Person>",
    );
    [envelope, inside, "</e:DriverVehicleResponse>"].concat().into_bytes()
}
