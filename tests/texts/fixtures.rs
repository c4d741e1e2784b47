//! The four invented states of `fixtures/`: whatever their pages and remarks repeat, no SSN survives.

use dmv_redact::{Filter, Requester};
use dmv_redact_testing::{fixture, root};

const CASES: [&str; 4] = [
    "text-prefix-fields/message.xml",
    "text-labels/message.xml",
    "text-columns/message.xml",
    "niem-json-text-barcode/message.json",
];

#[test]
fn p1_no_ssn_survives_in_any_spelling() {
    let filter = Filter::builder().policy_path(root().join("policies/example-state.toml")).build().unwrap();
    for case in CASES {
        let message = fixture(case);
        assert!(digits(&message).matches("900123456").count() > 2, "{case} repeats the SSN");
        let mut out = Vec::new();
        let receipt = filter.redact(&message, &Requester::new("AZ0070000").unwrap().purpose("C"), &mut out);
        assert!(receipt.disposition().releases(), "{case}");
        assert!(!digits(&out).contains("900123456"), "{case}");
        assert!(
            String::from_utf8(out.clone()).unwrap().contains("D08954796"),
            "{case}: the licence number is released"
        );
        let mut again = Vec::new();
        let _ = filter.redact(&out, &Requester::new("AZ0070000").unwrap().purpose("C"), &mut again);
        assert_eq!(again, out, "{case}: redacting twice changes nothing");
    }
}

/// The digits of a message, one run across whatever separates the groups of a number.
fn digits(message: &[u8]) -> String {
    let text = String::from_utf8_lossy(message);
    text.chars().filter(|character| !matches!(character, ' ' | '-' | '.' | '/')).collect()
}
