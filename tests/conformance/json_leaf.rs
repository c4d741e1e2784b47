//! The JSON suite, each case as the value of a member that the mapping names and the policy permits: what conforms to the
//! element's shape goes out as it is written, anything else is gone.

use super::findings::{Exceptions, Findings, Listed};
use super::json::{PLACED_COUNTS, is_taken};
use super::json_suite::cases;
use super::placed::{Host, WITHHELD, outcome, replaced};

/// A value of the host.
struct Leaf {
    /// The value with what stands before it.
    place: &'static str,
    value: &'static str,
    /// It is its object's last.
    is_last: bool,
    /// What is gone of the host when nothing of the value stays.
    part: &'static str,
    /// The cases that conform to the shape of the element, and so go out as they are written.
    conform: &'static [&'static str],
    /// The cases of which only some items do, why, and what stays.
    conform_in_part: &'static [(Listed, &'static str)],
    counts: &'static [(&'static str, usize)],
}

const HEIGHT: Leaf = Leaf {
    place: "\"nc:MeasureDecimalValue\": \"173\"",
    value: "\"173\"",
    is_last: false,
    part: "\n        \"nc:MeasureDecimalValue\": \"173\",",
    conform: &[
        "y_array_empty-string",
        "y_array_with_1_and_newline",
        "y_array_with_leading_space",
        "y_array_with_trailing_space",
        "y_number_after_space",
        "y_number_simple_int",
        "y_string_space",
        "y_structure_lonely_int",
        "y_structure_string_empty",
    ],
    conform_in_part: &[
        (Listed { why: "null is no height, an object no value", names: &["y_array_heterogeneous"] }, "[1, \"1\"]"),
        (Listed { why: "null is no height", names: &["y_array_with_several_null"] }, "[1,2]"),
    ],
    counts: PLACED_COUNTS,
};

const RESTRICTION: Leaf = Leaf {
    place: "\"nc:LicenseRestrictionText\": \"CORRECTIVE LENSES\"",
    value: "\"CORRECTIVE LENSES\"",
    is_last: true,
    part: ",
          \"nc:LicenseRestriction\": {
            \"nc:LicenseRestrictionText\": \"CORRECTIVE LENSES\"
          }",
    conform: &[
        "i_number_double_huge_neg_exp",
        "i_number_real_underflow",
        "i_number_too_big_pos_int",
        "y_array_empty-string",
        "y_array_ending_with_newline",
        "y_array_false",
        "y_array_null",
        "y_array_with_1_and_newline",
        "y_array_with_leading_space",
        "y_array_with_several_null",
        "y_array_with_trailing_space",
        "y_number",
        "y_number_0e+1",
        "y_number_0e1",
        "y_number_after_space",
        "y_number_int_with_exp",
        "y_number_real_capital_e",
        "y_number_real_capital_e_neg_exp",
        "y_number_real_capital_e_pos_exp",
        "y_number_real_exponent",
        "y_number_real_fraction_exponent",
        "y_number_real_neg_exp",
        "y_number_real_pos_exponent",
        "y_number_simple_int",
        "y_number_simple_real",
        "y_string_comments",
        "y_string_in_array",
        "y_string_in_array_with_leading_space",
        "y_string_simple_ascii",
        "y_string_space",
        "y_string_two-byte-utf-8",
        "y_structure_lonely_false",
        "y_structure_lonely_int",
        "y_structure_lonely_null",
        "y_structure_lonely_string",
        "y_structure_lonely_true",
        "y_structure_string_empty",
        "y_structure_trailing_newline",
        "y_structure_true_in_array",
    ],
    conform_in_part: &[(
        Listed { why: "an object is no value", names: &["y_array_heterogeneous"] },
        "[null, 1, \"1\"]",
    )],
    counts: &[
        ("y_ redacted", 95),
        ("n_ withheld: not-well-formed-json", 174),
        ("n_ withheld: encoding", 12),
        ("n_ withheld: limit", 2),
        ("i_ redacted", 10),
        ("i_ withheld: not-well-formed-json", 11),
        ("i_ withheld: encoding", 13),
        ("i_ withheld: limit", 1),
    ],
};

#[test]
#[ignore = "needs the suites: .ci/conformance"]
fn p2_p4_a_case_as_a_height_goes_out_if_it_is_one() {
    each_case_in(&HEIGHT);
}

#[test]
#[ignore = "needs the suites: .ci/conformance"]
fn p2_p4_a_case_as_a_text_goes_out_if_it_is_one() {
    each_case_in(&RESTRICTION);
}

/// What stays of a value that violates its shape.
const GONE: &str = "";

fn each_case_in(leaf: &Leaf) {
    let mut findings = Findings::default();
    let in_part = leaf.conform_in_part.iter();
    let mut exceptions = in_part.fold(Exceptions::default(), |all, (listed, stays)| all.with(&[*listed], stays));
    let host = Host::new("niem-json-dr-in-state-police/message.json");
    let gone = replaced(host.output(), leaf.part, b"");
    let place = leaf.place.strip_suffix(leaf.value).unwrap();
    for case in cases(&mut findings) {
        let member = [place.as_bytes(), &case.bytes].concat();
        let (receipt, output) = host.redact(&replaced(host.message().as_bytes(), leaf.place, &member));
        findings.count(format!("{} {}", case.group(), outcome(&receipt)));
        let usual = match std::str::from_utf8(&case.bytes) {
            // White space between a value and the comma behind it is no part of either; before a bracket it stays.
            Ok(written) if leaf.conform.contains(&case.name.as_str()) && leaf.is_last => written,
            Ok(written) if leaf.conform.contains(&case.name.as_str()) => written.trim_end(),
            _ if is_taken(&case) => GONE,
            _ => WITHHELD,
        };
        let expected = match exceptions.expected(&case.name, usual) {
            WITHHELD => Vec::new(),
            GONE => gone.clone(),
            stays => replaced(host.output(), leaf.place, &[place, stays].concat().into_bytes()),
        };
        if output != expected || receipt.disposition().releases() == expected.is_empty() {
            findings.fault(&case.name, format!("{}, and otherwise than expected", outcome(&receipt)));
        }
    }
    exceptions.conclude(&mut findings);
    findings.conclude(leaf.counts);
}
