//! Receipts count values one by one, whatever they stand in, and nothing of what doesn't go out.

use dmv_redact::{Disposition, FOUND_IMAGE, Receipt, Requester};
use dmv_redact_testing::filters::{self, built_in, own, police};
use serde_json::json;

use super::world::World;

const PREFIXES: &str = r#"xmlns:exch="urn:dmv-redact:exchange:driver-vehicle-response:1.0" xmlns:nc="https://docs.oasis-open.org/niemopen/ns/model/niem-core/6.0/" xmlns:j="https://docs.oasis-open.org/niemopen/ns/model/domains/justice/6.0/""#;

fn removed(receipt: &Receipt, element: &str) -> u32 {
    receipt.elements().find(|(id, _)| *id == element).map_or(0, |(_, counts)| counts.removed)
}

fn redact(message: &str) -> Receipt {
    let (_, receipt) = filters::redact(&built_in(), &police(), message);
    let is_whole = receipt.unmapped() == 0 && receipt.elements().all(|(_, counts)| counts.removed == 0);
    let expected = if is_whole { Disposition::Released } else { Disposition::Redacted };
    assert_eq!(receipt.disposition(), expected, "{:?}", receipt.detail());
    receipt
}

/// A response with these members of a person in JSON.
fn in_json(person: &str) -> Receipt {
    redact(&format!(
        r#"{{"exch:DriverVehicleResponse":{{"exch:MessageMetadata":{{"exch:MessageKeyCode":"DR"}},"nc:Person":{{"nc:PersonName":{{"nc:PersonSurName":"EXAMPLE"}},{person}}}}}}}"#
    ))
}

fn in_xml(person: &str) -> Receipt {
    redact(&format!(
        "<exch:DriverVehicleResponse {PREFIXES}><exch:MessageMetadata><exch:MessageKeyCode>DR</exch:MessageKeyCode></exch:MessageMetadata><nc:Person><nc:PersonName><nc:PersonSurName>EXAMPLE</nc:PersonSurName></nc:PersonName>{person}</nc:Person></exch:DriverVehicleResponse>"
    ))
}

#[test]
fn denied_values_count_one_each_in_lists_and_out_of_them() {
    let item = r#""nc:IdentificationID":"900-12-3456""#;
    for (person, expected) in [
        (format!(r#""nc:PersonSSNIdentification":{{{item}}}"#), 1),
        (
            r#""nc:PersonSSNIdentification":{"nc:IdentificationID":["900-12-3456","900-12-3457","900-12-3458"]}"#
                .to_owned(),
            3,
        ),
        (format!(r#""nc:PersonSSNIdentification":[{{{item}}},{{{item}}},{{{item}}}]"#), 3),
        (
            r#""nc:PersonSSNIdentification":{"nc:IdentificationID":["900-12-3456",null,["900-12-3457"],900123456]}"#
                .to_owned(),
            3,
        ),
        (r#""nc:PersonSSNIdentification":{"nc:IdentificationID":[ ]}"#.to_owned(), 0),
        (r#""nc:PersonSSNIdentification":{"nc:IdentificationID":null}"#.to_owned(), 1),
    ] {
        assert_eq!(removed(&in_json(&person), "person.ssn"), expected, "{person}");
    }
    let one = "<nc:PersonSSNIdentification><nc:IdentificationID>900-12-3456</nc:IdentificationID></nc:PersonSSNIdentification>";
    assert_eq!(removed(&in_xml(&one.repeat(3)), "person.ssn"), 3);
}

#[test]
fn records_in_lists_count_as_in_repeated_elements() {
    let image = r#"{"nc:BinaryBase64Object":"/9j/4AAQSkZJRgABAQEASABIAAD","nc:BinaryFormatText":["a","b"]}"#;
    let person = format!(r#""nc:PersonDigitalImage":[{image},{image}]"#);
    let receipt = in_json(&person);
    assert_eq!(receipt.images().collect::<Vec<_>>(), [("photo", 2)]);
    let image = "<nc:PersonDigitalImage><nc:BinaryBase64Object>/9j/4AAQSkZJRgABAQEASABIAAD</nc:BinaryBase64Object></nc:PersonDigitalImage>";
    let receipt = in_xml(&image.repeat(2));
    assert_eq!(receipt.images().collect::<Vec<_>>(), [("photo", 2)]);
}

#[test]
fn images_are_called_what_they_are() {
    let world = World::new();
    let image = "/9j/4AAQSkZJRgABAQEASABIAAD/2wBDAAMCAgICAgMCAgIDAwMD";
    let values = [
        ("biometric.photo", json!([image, image])),
        ("biometric.signature", json!(image)),
        ("biometric.template", json!(image)),
        ("biometric.feature-image", json!(image)),
    ];
    let (_, receipt) = world.redact("AZ0080000", &values);
    assert_eq!(
        receipt.images().collect::<Vec<_>>(),
        [("photo", 2), ("signature", 1), ("template", 1), ("feature-image", 1)]
    );
    assert!(receipt.image_bytes() as usize >= 5 * image.len());
    let (_, receipt) = world.redact("AZ0070000", &[("owner.name", json!(image)), ("biometric.photo", json!(image))]);
    assert_eq!(receipt.images().collect::<Vec<_>>(), [(FOUND_IMAGE, 1)]);
    let written = serde_json::to_value(&receipt).unwrap();
    assert_eq!(written["images"], json!({FOUND_IMAGE: 1}));
}

#[test]
fn a_text_that_holds_an_ssn_by_its_element_is_released_by_both_readings() {
    let format = "name = 'own'\nsyntax = 'json'\nroot = 'own'\nrequester = 'to'\n\
                  [paths]\nto = 'envelope.ori'\nnote = 'person.ssn-note'\n";
    let catalog = "[[element]]\nid = 'person.ssn-note'\ntitle = 'SSN'\nkind = 'text'\nholds-ssn = true\n\
                   shape = 'SSN [0-9]{3}-[0-9]{2}-[0-9]{4}'\n";
    let policy = "[policy]\nname = 'x'\nversion = '1'\n[agencies.a]\nori = ['AZ0070000']\n\
                  [[permit]]\nid = 'p'\nagencies = ['a']\nelements = ['person.ssn-note']\n";
    let filter = own(("own", format), Some(catalog), policy).unwrap();
    let message = r#"{"own":{"to":"AZ0070000","note":"SSN 900-12-3456"}}"#;
    let (out, receipt) = filters::redact_text(&filter, &Requester::from_envelope(), message);
    assert_eq!((receipt.disposition(), out.as_str()), (Disposition::Released, message), "{:?}", receipt.detail());
}
