//! What the matrix says of claims that instruments are behind, and of duties.

use super::*;
use crate::survey::Survey;
use dmv_redact_model::catalog::Catalog;
use dmv_redact_model::config::Document;
use dmv_redact_model::policy::{MessageKeys, Policy, PolicyFiles, PolicySources};

const CATALOG: &str = "[[element]]\nid = \"a.one\"\n[[element]]\nid = \"a.two\"\nkind = \"date\"\n";

const HEAD: &str = "[policy]\nname = 'p'\nversion = '1'\npurposes = ['C']\nclaims = ['approved', 'order', 'warrant', 'other']\n\
    [agencies.ice]\nori = ['VTICE0900']\n[agencies.police]\nori = ['VT0010000']\n";

fn matrix(rules: &str) -> Matrix {
    let text = format!("{HEAD}{rules}");
    let catalog = Catalog::load(dmv_redact::shipped::CATALOG, &[Document { file: "c", text: CATALOG }]).unwrap();
    let names = ["DR".to_owned()];
    let files = PolicyFiles::read(&Document { file: "p.toml", text: &text }, PolicySources::default());
    let policy = Policy::load(&files, &catalog, MessageKeys { names: &names, may_be_absent: false }).unwrap();
    let policy = policy.as_of(Date::parse("2026-12-01").unwrap());
    MatrixBuilder::new(&Survey::of(&policy), &catalog, &names).build().unwrap()
}

/// The first cell of a data element, in a word and in a line.
fn says<'m>(matrix: &'m Matrix, element: &str) -> (&'m str, &'m str) {
    let row = matrix.elements.iter().find(|row| row.element == element).unwrap();
    let cell = matrix.cell(row.cells[0]).unwrap();
    (&cell.summary, &cell.told)
}

#[test]
fn an_instrument_opens_what_it_specifies_with_its_claim() {
    let matrix = matrix(
        "[[permit]]\nid = 'p'\nagencies = ['ice']\nspecified-by = ['warrant', 'order']\nelements = ['a.one']\n\
         [[permit]]\nid = 'q'\nagencies = ['ice']\nspecified-by = ['order']\nelements = ['a.two']\n\
         [[permit]]\nid = 'r'\nagencies = ['ice']\nrequires = ['approved']\nas = { 'a.two' = 'year' }\nelements = ['a.two']\n",
    );
    let claims: Vec<(&str, Vec<&str>)> = matrix
        .claims
        .iter()
        .map(|claim| (claim.name.as_str(), claim.behind.iter().map(String::as_str).collect()))
        .collect();
    assert_eq!(
        claims,
        [
            ("approved", vec![]),
            ("order", vec![]),
            ("warrant", vec![]),
            ("order or warrant (specified)", vec!["order", "warrant"]),
            ("order (specified)", vec!["order"]),
        ]
    );
    assert_eq!(says(&matrix, "a.one"), ("if specified", "full with one of order or warrant, if specified"));
    // The claim `approved` opens some of it without an instrument.
    assert_eq!(
        says(&matrix, "a.two"),
        ("claim", "full with order, if specified; year with approved unless the instrument behind order specifies it")
    );
    assert_eq!(matrix.cells.iter().filter(|cell| cell.specified).count(), 1);
}

#[test]
fn a_review_of_what_is_specified_says_so() {
    let rules = "[[permit]]\nid = 'p'\nagencies = ['ice']\nspecified-by = ['order']\nelements = ['a.one']\n\
        [[review]]\nid = 'r'\nagencies = ['ice']\nunless = ['approved']\nvouches = ['approved', 'order']\n";
    let told = "held with order without approved, if specified; full with approved and order, if specified";
    assert_eq!(says(&matrix(rules), "a.one"), ("if specified", told));
    let other = "[[permit]]\nid = 'm'\nagencies = ['ice']\nunless = ['approved']\nas = { 'a.two' = 'year' }\n\
        elements = ['a.two']\n[[permit]]\nid = 'q'\nagencies = ['ice']\nspecified-by = ['order']\nelements = ['a.two']\n";
    let matrix = matrix(&format!("{rules}{other}"));
    assert_eq!(says(&matrix, "a.two").0, "held (year), if specified");
}

#[test]
fn duties_are_told_once_for_all_that_they_are_of() {
    let matrix = matrix(
        "[[permit]]\nid = 'p'\nagencies = ['ice', 'police']\nelements = ['a.one']\n\
         [[forbid]]\nid = 'f'\nagencies = ['police']\npurposes = ['C']\nwhen-absent = 'skip'\nelements = ['a.one']\n\
         [[duty]]\nid = 'keep'\ndo = 'keep-record'\ndue = '1 year'\n\
         [[duty]]\nid = 'tell'\nagencies = ['ice']\ndo = 'notify-subject'\ndue = 'before'\nunless = ['other']\n\
         [[duty]]\nid = 'look'\npurposes = ['C']\nwhen-absent = 'skip'\nagencies = ['police']\ndo = 'review-afterwards'\n\
         due = '3 business days'\n",
    );
    let groups: Vec<(String, Vec<String>)> = matrix
        .duty_groups()
        .iter()
        .map(|group| (group.whose.join("; "), group.duties.iter().map(|rule| rule.told()).collect()))
        .collect();
    let expected = [
        ("every agency class", "keep-record for 1 year"),
        ("ice", "notify-subject before the release"),
        ("police, purpose C", "review-afterwards within 3 business days"),
    ];
    assert_eq!(groups, expected.map(|(whose, told)| (whose.to_owned(), vec![told.to_owned()])));
    assert!(matrix.columns.iter().flat_map(ColumnHead::lines).all(|line| !line.contains("dut")));
    let tell = matrix.rules.iter().find(|rule| rule.id == "tell").unwrap();
    assert_eq!((tell.requires.len(), &tell.unless), (0, &vec!["other".to_owned()]));
}
