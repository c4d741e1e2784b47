//! The JSON suite, each case by itself and as a member that no mapping names.

use dmv_redact::{Limits, lint_syntax};

use super::findings::{Exceptions, Findings, Listed, REFUSED, TAKEN, is_expected};
use super::json_suite::{Case, cases};
use super::placed::{Host, NOTHING, WITHHELD, outcome};

/// What a strict reader makes of a case. The suite leaves those with `i_` to the parser; this one takes the numbers,
/// whose lexemes it copies, and refuses the rest: bad encodings, lone surrogates, a byte order mark, excessive depth.
pub(crate) fn is_taken(case: &Case) -> bool {
    case.name.starts_with("y_") || case.name.starts_with("i_number_")
}

const NO_MESSAGE: &[Listed] = &[Listed {
    why: "JSON, but no message: one is an object or an array",
    names: &[
        "y_string_space",
        "y_structure_lonely_false",
        "y_structure_lonely_int",
        "y_structure_lonely_negative_real",
        "y_structure_lonely_null",
        "y_structure_lonely_string",
        "y_structure_lonely_true",
        "y_structure_string_empty",
    ],
}];

#[test]
#[ignore = "needs the suites: .ci/conformance"]
fn p2_the_json_suite_is_read_as_it_says() {
    let mut findings = Findings::default();
    let mut exceptions = Exceptions::default().with(NO_MESSAGE, "syntax-unknown");
    for case in cases(&mut findings) {
        let code = lint_syntax(&case.bytes, &Limits::default()).err().map(|fault| fault.reason().code());
        let usual = if is_taken(&case) { TAKEN } else { REFUSED };
        let expected = exceptions.expected(&case.name, usual);
        if !is_expected(expected, code) {
            findings.fault(&case.name, format!("{}, expected {expected}", code.unwrap_or(TAKEN)));
        }
        findings.count(format!("{} {}", case.group(), code.unwrap_or(TAKEN)));
    }
    exceptions.conclude(&mut findings);
    findings.conclude(&[
        ("y_ taken", 87),
        ("y_ syntax-unknown", 8),
        ("n_ not-well-formed-json", 156),
        ("n_ encoding", 16),
        ("n_ limit", 2),
        ("n_ empty", 3),
        ("n_ syntax-unknown", 10),
        ("n_ not-well-formed-xml", 1),
        ("i_ taken", 10),
        ("i_ not-well-formed-json", 10),
        ("i_ encoding", 14),
        ("i_ limit", 1),
    ]);
}

/// Before this member of the host another is put.
const MARK: &str = "\"j:PersonSexCode\": \"F\",";

#[test]
#[ignore = "needs the suites: .ci/conformance"]
fn p1_p2_p5_a_case_as_an_unknown_member_leaves_nothing() {
    let mut findings = Findings::default();
    let mut exceptions = Exceptions::default();
    let host = Host::new("niem-json-dr-in-state-police/message.json");
    for case in cases(&mut findings) {
        let member = [b"\n      \"x:Unknown\": ", case.bytes.as_slice(), b","].concat();
        let (receipt, output) = host.redact(&host.with(MARK, &member));
        let usual = if is_taken(&case) { NOTHING } else { WITHHELD };
        let expected = exceptions.expected(&case.name, usual);
        let became = host.what_became(&receipt, &output);
        if became != expected {
            findings.fault(&case.name, format!("{became}, expected {expected}"));
        }
        findings.count(format!("{} {}", case.group(), outcome(&receipt)));
    }
    exceptions.conclude(&mut findings);
    findings.conclude(PLACED_COUNTS);
}

/// What becomes of the cases inside a message, wherever they are placed.
pub(crate) const PLACED_COUNTS: &[(&str, usize)] = &[
    ("y_ redacted", 95),
    ("n_ withheld: not-well-formed-json", 174),
    ("n_ withheld: encoding", 12),
    ("n_ withheld: limit", 2),
    ("i_ redacted", 10),
    ("i_ withheld: not-well-formed-json", 11),
    ("i_ withheld: encoding", 13),
    ("i_ withheld: limit", 1),
];
