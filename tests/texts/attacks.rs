//! Attacks 25 to 29 of docs/threat-model.md, in texts.

use super::world::{counts, filter, json, left_of, redact};

fn with(line: &str) -> String {
    format!("STATE OF EXAMPLE\nNAME: DOE, JANE\n{line}\n")
}

const LEFT: &str = "STATE OF EXAMPLE\nNAME: DOE, JANE";

#[test]
fn attack_25_markup_in_a_field_is_no_value() {
    let filter = filter();
    for line in ["NAME: <PHOTO", "NAME: A & B <C", "<photo>X</photo>", "{\"photo\":\"X\"}"] {
        assert_eq!(left_of(&filter, &with(line)).as_deref(), Some(LEFT), "{line}");
    }
}

#[test]
fn attack_26_an_image_in_a_field_is_found() {
    let filter = filter();
    let image = "CITY: /9j/4AAQSkZJRgABAQEASABIAAD";
    assert_eq!(left_of(&filter, &with(image)).as_deref(), Some(LEFT));
    let receipt = redact(&filter, &json(&with(image))).1;
    assert_eq!(
        (receipt.images().map(|(_, count)| count).sum::<u32>(), counts(&receipt, "person.address.city")),
        (1, (0, 1))
    );
    let lines = with("CITY: TUCSON\n/9j/4AAQSkZJRgABAQEASABIAAD\nSkZJRgABAQEASABIAAD");
    assert_eq!(left_of(&filter, &lines).unwrap(), format!("{LEFT}\nCITY: TUCSON"));
}

#[test]
fn attack_27_fields_in_a_text_without_a_mapping_stay_in() {
    let filter = filter();
    for text in ["@\n\u{1E}\rANSI 636000DLDAQD08954796\nDCSEXAMPLE\n", "NAM/DOE,JANE.SOC/900-12-3456."] {
        assert_eq!(left_of(&filter, text), None);
        let message = serde_json::json!({"e:r": {"e:key": "LIC", "e:plain": text}}).to_string();
        assert_eq!(redact(&filter, &message).0, r#"{"e:r":{"e:key":"LIC"}}"#);
    }
}

#[test]
fn attack_28_a_value_in_its_neighbours_place_is_removed() {
    let filter = filter();
    for line in ["CITY: 900123456", "CITY: 900 12 3456", "BORN: 900-12-345", "BORN: 19-85", "NAME: -X"] {
        assert_eq!(left_of(&filter, &with(line)).as_deref(), Some(LEFT), "{line}");
    }
    let receipt = redact(&filter, &json(&with("CITY: 900123456"))).1;
    assert_eq!(counts(&receipt, "person.address.city"), (0, 1));
}

#[test]
fn attack_29_what_blinds_a_pattern_is_in_no_group() {
    let filter = filter();
    for line in
        ["CITY: TUC\u{200B}SON", "\u{202E}CITY: TUCSON", "CITY:\u{A0}TUCSON", "CITY: TUCS\u{41E}N", "CITY: A\u{0}B"]
    {
        assert_eq!(left_of(&filter, &with(line)).as_deref(), Some(LEFT), "{line}");
    }
}
