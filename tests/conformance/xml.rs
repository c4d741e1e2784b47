//! The XML suite, each file by itself and as a child that no mapping names.

use dmv_redact::{Limits, lint_syntax};

use super::findings::{Exceptions, Findings, REFUSED, TAKEN, is_expected};
use super::placed::{Host, NOTHING, WITHHELD, outcome};
use super::xml_exceptions::{BY_DESIGN, FAULT_IN_DECLARATION, FAULT_OUTSIDE_ROOT, OTHER_ENCODINGS, WELL_FORMED_TODAY};
use super::xml_suite::{File, Kind, files};

#[test]
#[ignore = "needs the suites: .ci/conformance"]
fn p2_p3_the_xml_suite_is_read_as_it_says() {
    let mut findings = Findings::default();
    let mut exceptions = Exceptions::default().with(BY_DESIGN, "not-well-formed-xml").with(WELL_FORMED_TODAY, TAKEN);
    for file in files() {
        let code = lint_syntax(&file.bytes, &Limits::default()).err().map(|fault| fault.reason().code());
        let usual = if file.kind == Kind::WellFormed { TAKEN } else { REFUSED };
        let expected = exceptions.expected(&file.name, usual);
        if !is_expected(expected, code) {
            findings.fault(&file.name, format!("{}, expected {expected}", code.unwrap_or(TAKEN)));
        }
        findings.count(format!("{:?} {}", file.kind, code.unwrap_or(TAKEN)));
    }
    exceptions.conclude(&mut findings);
    findings.conclude(&[
        ("WellFormed taken", 73),
        ("WellFormed not-well-formed-xml", 2),
        // 243 in all.
        ("NotWellFormed not-well-formed-xml", 206),
        ("NotWellFormed encoding", 8),
        ("NotWellFormed syntax-unknown", 27),
        ("NotWellFormed empty", 2),
        ("OnceNotWellFormed taken", 2),
        ("OnceNotWellFormed encoding", 1),
        ("Error taken", 1),
        ("HasDoctype doctype", 1949),
        ("HasDoctype not-well-formed-xml", 197),
        ("HasDoctype encoding", 39),
        ("HasDoctype syntax-unknown", 1),
        ("Newer not-well-formed-xml", 74),
        ("Newer encoding", 3),
    ]);
}

/// Behind this end tag of the host a child is put.
const MARK: &str = "</nc:PersonName>";

#[test]
#[ignore = "needs the suites: .ci/conformance"]
fn p1_p2_p5_a_file_as_an_unknown_child_leaves_nothing() {
    let mut findings = Findings::default();
    let mut exceptions = Exceptions::default()
        .with(BY_DESIGN, WITHHELD)
        .with(OTHER_ENCODINGS, WITHHELD)
        .with(WELL_FORMED_TODAY, NOTHING)
        .with(FAULT_IN_DECLARATION, NOTHING)
        .with(FAULT_OUTSIDE_ROOT, NOTHING);
    let host = Host::new("dr-in-state-police/message.xml");
    for file in files() {
        let (receipt, output) = host.redact(&host.with(MARK, content(&file)));
        let became = host.what_became(&receipt, &output);
        let usual = match file.kind {
            Kind::WellFormed => NOTHING,
            // Without its declaration it is XML 1.0, well-formed or not.
            Kind::Newer if became == NOTHING => NOTHING,
            _ => WITHHELD,
        };
        let expected = exceptions.expected(&file.name, usual);
        if became != expected {
            findings.fault(&file.name, format!("{became}, expected {expected}"));
        }
        findings.count(format!("{:?} {}", file.kind, outcome(&receipt)));
    }
    exceptions.conclude(&mut findings);
    findings.conclude(&[
        ("WellFormed redacted", 71),
        ("WellFormed withheld: not-well-formed-xml", 2),
        ("WellFormed withheld: encoding", 2),
        ("NotWellFormed withheld: not-well-formed-xml", 160),
        ("NotWellFormed withheld: encoding", 36),
        ("NotWellFormed redacted", 47),
        ("OnceNotWellFormed redacted", 3),
        ("Error redacted", 1),
        ("HasDoctype withheld: not-well-formed-xml", 2139),
        ("HasDoctype withheld: encoding", 46),
        ("HasDoctype redacted", 1),
        ("Newer redacted", 37),
        ("Newer withheld: not-well-formed-xml", 38),
        ("Newer withheld: encoding", 2),
    ]);
}

/// A file without byte order mark, XML declaration and the white space around: as it can stand inside an element.
fn content(file: &File) -> &[u8] {
    let bytes = file.bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&file.bytes);
    let is_declared =
        bytes.strip_prefix(b"<?xml").is_some_and(|rest| rest.first().is_some_and(u8::is_ascii_whitespace));
    let end = if is_declared { bytes.windows(2).position(|window| window == b"?>").map_or(0, |at| at + 2) } else { 0 };
    bytes[end..].trim_ascii()
}
