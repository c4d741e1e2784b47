//! The legacy fields of Nlets, which are built in: every prefix, with a control field or without, whatever ends a line.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use dmv_redact::{Catalog, Filter, Kind, Receipt};
use dmv_redact_testing::filters::{police, redact_text};

/// Every prefix and a value of it, as an answer about a person has them.
const FIELDS: [(&str, &str); 43] = [
    ("NAM", "EXAMPLE,JORDAN QUINN"),
    ("OWN", "EXAMPLE & SONS"),
    ("DOB", "19850704"),
    ("POB", "CANADA"),
    ("SEX", "F"),
    ("RAC", "W"),
    ("HGT", "508"),
    ("WGT", "150"),
    ("EYE", "BRO"),
    ("HAI", "BLK"),
    ("SOC", "900-12-3456"),
    ("ARN", "A900123456"),
    ("FBI", "900123AB4"),
    ("SID", "AZ90012345"),
    ("PHN", "520-555-0123"),
    ("ADR", "1742 MESQUITE WASH LN"),
    ("CTY", "TUCSON"),
    ("STA", "AZ"),
    ("ZIP", "85701-4321"),
    ("OLN", "D08954796"),
    ("OLS", "AZ"),
    ("CLS", "D"),
    ("STS", "LIC"),
    ("ISS", "20210501"),
    ("EXP", "20290501"),
    ("RES", "CORRECTIVE LENSES"),
    ("END", "M"),
    ("LIC", "EXA1234"),
    ("LIS", "AZ"),
    ("LIY", "2027"),
    ("LIT", "PC"),
    ("VIN", "1FTFW1ET5DFC10312"),
    ("VYR", "2013"),
    ("VMA", "FORD"),
    ("VMO", "F-150"),
    ("VST", "PK"),
    ("VCO", "BLU"),
    ("PUR", "C"),
    ("RSN", "T"),
    ("IMQ", "Y"),
    ("ATN", "OFC SAMPLE"),
    ("OFF", "1313"),
    ("CUS", "Y"),
];

const HEADINGS: [&str; 3] =
    ["KR.AZNLETS20.AZ.TXT", "DR.XAOLN0000.AZ0070000.*MRI1234567.TXT", "RR.XALIC0000.AZ0070000.*9.TXT"];

static CATALOG: LazyLock<Catalog> = LazyLock::new(|| Filter::builder().build().unwrap().catalog().clone());

/// Permits all elements that a rule may name but these, masked if they can be and are to be.
fn filter(but: &[&str], masked: bool) -> Filter {
    let elements = CATALOG.iter().map(|(_, element)| element).filter(|element| !element.id().starts_with("envelope"));
    let elements: Vec<_> = elements.collect();
    let takes_mask = |kind| masked && !matches!(kind, Kind::Image | Kind::Record);
    let treated = elements.iter().filter(|element| takes_mask(element.kind()));
    let treated: Vec<String> = treated.map(|element| format!("{:?} = \"mask\"", element.id())).collect();
    let names: Vec<&str> = elements.iter().map(|element| element.id()).collect();
    let mut policy = format!(
        "[policy]\nname = \"p\"\nversion = \"1\"\n[agencies.police]\nori = [\"AZ*\"]\n[[permit]]\nid = \"all\"\n\
         agencies = [\"police\"]\nelements = {names:?}\nas = {{ {} }}\n",
        treated.join(", ")
    );
    if !but.is_empty() {
        policy.push_str(&format!("[[forbid]]\nid = \"but\"\nelements = {but:?}\n"));
    }
    Filter::builder().policy_text("policy.toml", policy).build().unwrap()
}

fn message(text: &str) -> String {
    format!(
        "<n:NLETS xmlns:n=\"http://www.nlets.org/niem/1.0\" xmlns:h=\"http://www.nlets.org/niem/nlets-hdr/1.0\">\
         <n:NLETSMessageHeader><h:MessageKeyCodeText>KR</h:MessageKeyCodeText></n:NLETSMessageHeader>\
         <n:NLETSResponseData><n:ResponseText>{text}</n:ResponseText></n:NLETSResponseData></n:NLETS>"
    )
}

fn redact(filter: &Filter, text: &str) -> (String, Receipt) {
    let (out, receipt) = redact_text(filter, &police(), message(text));
    assert!(receipt.disposition().releases(), "{:?}: {text:?}", receipt.reason());
    let left = out.split_once("ResponseText>").and_then(|(_, rest)| rest.split_once("</n2:ResponseText>"));
    (left.map_or(String::new(), |(left, _)| left.to_owned()), receipt)
}

/// All fields, four a line.
fn all(heading: &str, line_end: &str) -> String {
    let fields: Vec<String> =
        FIELDS.iter().map(|(prefix, value)| format!("{prefix}/{}", value.replace('&', "&amp;"))).collect();
    let lines: Vec<String> = fields.chunks(4).map(|line| line.join(".")).collect();
    format!("{heading}\n{}{line_end}\n", lines.join(&format!("{line_end}\n")))
}

#[test]
fn p4_every_prefix_goes_out_where_all_is_permitted() {
    let filter = filter(&[], false);
    for heading in HEADINGS {
        let fields = FIELDS.map(|(prefix, value)| format!("{prefix}/{}.", value.replace('&', "&amp;")));
        let written = format!("{heading}\n{}", fields.join("\n"));
        for line_end in ["", "."] {
            let (left, receipt) = redact(&filter, &all(heading, line_end));
            assert_eq!(left, written);
            assert!(!names(&receipt).iter().any(|id| id == "response.text"));
        }
    }
}

#[test]
fn p1_no_prefix_goes_out_where_its_element_is_denied() {
    let everything = filter(&[], false);
    let texts = HEADINGS.map(|heading| all(heading, ""));
    let met = texts.iter().map(|text| redact(&everything, text).1);
    let met: BTreeSet<String> = met.flat_map(|receipt| names(&receipt)).collect();
    let met: Vec<&str> = met.iter().map(String::as_str).filter(|id| !id.starts_with("envelope")).collect();
    for denied in met.chunks(8) {
        let filter = filter(denied, false);
        let mut all_removed = BTreeSet::new();
        for text in &texts {
            let (left, receipt) = redact(&filter, text);
            let removed = receipt.elements().filter(|(id, counts)| *id != "response.text" && counts.removed > 0);
            let removed: Vec<(String, u32)> = removed.map(|(id, counts)| (id.to_owned(), counts.removed)).collect();
            let missing = FIELDS.iter().filter(|(prefix, _)| !left.contains(&format!("{prefix}/")));
            let expected: u32 = removed.iter().map(|(_, count)| count).sum();
            assert_eq!(missing.count(), expected as usize, "{denied:?}: {left}");
            all_removed.extend(removed.into_iter().map(|(id, _)| id));
        }
        assert!(denied.iter().all(|id| all_removed.contains(*id)) && all_removed.len() == denied.len(), "{denied:?}");
    }
}

/// The elements that a receipt tells of.
fn names(receipt: &Receipt) -> Vec<String> {
    receipt.elements().map(|(id, _)| id.to_owned()).collect()
}

#[test]
fn p4_what_a_treatment_leaves_fits_every_prefix() {
    let filter = filter(&[], true);
    for heading in HEADINGS {
        let (left, receipt) = redact(&filter, &all(heading, "."));
        assert_eq!(left.matches("/****.").count(), FIELDS.len(), "{left}");
        assert!(receipt.elements().all(|(_, counts)| counts.shape == 0), "{left}");
    }
}

#[test]
fn p5_neither_point_nor_line_tells_of_a_field_that_went() {
    let filter = filter(&["person.ssn", "immigration.alien-number"], false);
    let heading = "DR.XAOLN0000.AZ0070000.TXT";
    for (inner, left) in [
        ("HAI/BLK", "HAI/BLK."),
        ("HAI/BLK.", "HAI/BLK."),
        ("HAI/BLK.SOC/900-12-3456", "HAI/BLK."),
        ("HAI/BLK.SOC/900-12-3456.ARN/A900123456", "HAI/BLK."),
        ("HAI/BLK.SOC/900-12-3456.", "HAI/BLK."),
        ("SOC/900-12-3456.HAI/BLK", "HAI/BLK."),
        ("SOC/900-12-3456.\nHAI/BLK.", "HAI/BLK."),
        ("EYE/BRO.HAI/BLK", "EYE/BRO.\nHAI/BLK."),
        ("EYE/BRO.SOC/900-12-3456.HAI/BLK", "EYE/BRO.\nHAI/BLK."),
        ("EYE/BRO.\nSOC/900-12-3456\n\nHAI/BLK", "EYE/BRO.\nHAI/BLK."),
        ("EYE/BRO   SOC/900-12-3456.  HAI/BLK", "HAI/BLK."),
        ("EYE/BRO\r\nSOC/900-12-3456.\r\nHAI/BLK.", "EYE/BRO.\nHAI/BLK."),
    ] {
        let text = format!("{heading}\n{inner}\nSEX/F\n");
        assert_eq!(redact(&filter, &text).0, format!("{heading}\n{left}\nSEX/F."), "{inner}");
        let text = format!("{heading}\n{inner}");
        assert_eq!(redact(&filter, &text).0, format!("{heading}\n{left}"), "{inner}");
    }
}

#[test]
fn p2_what_is_no_legacy_text_or_one_of_two_kinds_is_removed() {
    let filter = filter(&[], false);
    for text in [
        "NAM/EXAMPLE,JORDAN.",
        "DR.XAOLN0000.TXT\nNAM/EXAMPLE,JORDAN.",
        "ZZ.XAOLN0000.AZ0070000.TXT\nNAM/EXAMPLE,JORDAN.",
        "dr.XAOLN0000.AZ0070000.TXT\nNAM/EXAMPLE,JORDAN.",
        "DR.XAOLN0000.AZ0070000.MRI1234567.TXT\nNAM/EXAMPLE,JORDAN.",
        "DR.XAOLN0000.AZ0070000.TXT\nNAM/EXAMPLE,JORDAN.\nRR.XAOLN0000.AZ0070000.TXT\nLIC/EXA1234.",
        "RMK/DR.XAOLN0000.AZ0070000.TXT\nNAM/EXAMPLE,JORDAN.",
    ] {
        assert_eq!(redact(&filter, text).0, "", "{text}");
    }
}

#[test]
fn p1_nothing_in_a_remark_is_a_field_until_the_next_page() {
    let filter = filter(&["person.ssn"], false);
    let heading = "DR.XAOLN0000.AZ0070000.TXT";
    for remark in ["RMK/", "MIS/"] {
        let text = format!(
            "{heading}\nSEX/F.{remark}NAM/SOC 900123456.\nOLN/900-12-3456.\n{heading}\nPAGE 2 OF 2\nEYE/BRO.\n"
        );
        assert_eq!(redact(&filter, &text).0, format!("{heading}\nSEX/F.\nEYE/BRO."));
    }
}
