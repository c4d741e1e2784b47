//! P7: what is no value of an element doesn't go out in its place, through the whole filter: Social Security numbers, images,
//! encoded blobs, sentences.

use dmv_redact::{Filter, Requester};

use super::world::{NINE_DIGITS, PHRASES, World, catalog, may_hold_text};

/// One a line; a line that begins with `#` says what follows.
const SSN: &str = include_str!("hostile/ssn.txt");
const BLOBS: &str = include_str!("hostile/blobs.txt");
const SENTENCES: &str = include_str!("hostile/sentences.txt");

fn lines(text: &str) -> Vec<String> {
    let lines: Vec<String> = text.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect();
    assert!(lines.len() > 15 && lines.iter().all(|line| !line.is_empty()));
    lines
}

/// Those of `hostile` that go out as a value of an element for which `is_meant`.
fn passed(hostile: &[String], is_meant: impl Fn(&dmv_redact::Element) -> bool) -> Vec<String> {
    let world = World::new();
    let mut passed = Vec::new();
    for (_, element) in catalog().iter().filter(|(_, element)| may_hold_text(element) && is_meant(element)) {
        let lost = world.lost(element.id(), hostile);
        let out = hostile.iter().filter(|value| !lost.contains(value));
        passed.extend(out.map(|value| format!("{} lets {value:?} through", element.id())));
    }
    passed
}

#[test]
fn p7_no_social_security_number_goes_out_in_the_place_of_something_else() {
    let all = lines(SSN);
    let holds_ssn = |id: &str| matches!(id, "person.ssn" | "person.tax-id");
    let found = passed(&all, |element| !holds_ssn(element.id()) && !NINE_DIGITS.contains(&element.id()));
    assert!(found.is_empty(), "{found:#?}");
    // With its hyphens it is no number of any other kind.
    let hyphens: Vec<String> = all.iter().filter(|value| value.contains("-12-")).cloned().collect();
    let found = passed(&hyphens, |element| !holds_ssn(element.id()));
    assert!(!hyphens.is_empty() && found.is_empty(), "{found:#?}");
}

#[test]
fn p7_no_image_or_blob_goes_out_in_the_place_of_something_else() {
    let found = passed(&lines(BLOBS), |_| true);
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn p7_no_sentence_goes_out_but_where_phrases_belong() {
    let found = passed(&lines(SENTENCES), |element| !PHRASES.contains(&element.id()));
    assert!(found.is_empty(), "{found:#?}");
    for id in ["license.status", "license.restriction", "history.conviction.description", "response.text"] {
        let lost = World::new().lost(id, &["SUBJECT IS ARMED AND DANGEROUS".to_owned()]);
        assert!(PHRASES.contains(&id) && lost.is_empty(), "{id}");
    }
}

/// An image and what stands beside it in its record: dates, forms, numbers. An address or a caption there is somebody's.
#[test]
fn p7_beside_a_permitted_image_nothing_is_said_in_words() {
    let line = "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAMCAgICAgMCAgIDAwMD";
    let encoded = [
        line.to_owned(),
        format!("\n  {line}\n  {line}\n  AA==\n"),
        format!("{line} {line} AA=="),
        format!("{line}\r\n\t{line}"),
        format!("data:image/jpeg;base64,{line}"),
        format!("data:image/jpeg;base64,\n{}", format!("{line}\n").repeat(10)),
        line.repeat(40),
        "FFD8FFE000104A46494600010100000100010000".repeat(8),
        line.replace('/', "_"),
    ];
    let notes = ["JPEG", "image/jpeg", "2024-05-01", "2024-05-01T10:00:00Z", "300", "1.5", "FRONT", ""];
    let said = [
        "1742 MESQUITE WASH LN TUCSON".to_owned(),
        "MESQUITE\nWASH".to_owned(),
        "DOE, JOHN".to_owned(),
        "taken in Tucson".to_owned(),
        format!("{line} DOE JOHN"),
        format!("DOE {line}"),
        "1742 MESQUITE WASH LN TUCSON ".repeat(10),
        "1742,MESQUITE,WASH,LN,TUCSON,".repeat(10),
        "MESQUITE\n".repeat(40),
        "data:text/plain,1742 MESQUITE WASH LN TUCSON".to_owned(),
        format!("data:1742 MESQUITE,{line}"),
    ];
    let world = World::new();
    for id in ["biometric.photo", "biometric.signature", "biometric.template", "biometric.feature-image"] {
        let kept: Vec<String> = encoded.iter().cloned().chain(notes.map(str::to_owned)).collect();
        assert_eq!(world.lost(id, &kept), Vec::<String>::new(), "{id}");
        for value in &said {
            assert_eq!(world.lost(id, std::slice::from_ref(value)).len(), 1, "{id}: {value}");
        }
    }
}

#[test]
fn p7_an_address_in_the_record_of_a_permitted_image_stays_behind() {
    let record = |inside: &str| {
        format!(
            "<dva:DriverVehicleAnswer xmlns:dva=\"urn:dmv-redact:exchange:driver-vehicle-answer:5.2\" \
             xmlns:nc=\"http://release.niem.gov/niem/niem-core/5.0/\"><dva:MessageMetadata><dva:MessageKeyCode>DR\
             </dva:MessageKeyCode></dva:MessageMetadata><nc:Person><nc:PersonDigitalImage><nc:Base64BinaryObject>\
             /9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAMCAgICAgMCAgIDAwMD</nc:Base64BinaryObject>{inside}\
             </nc:PersonDigitalImage></nc:Person></dva:DriverVehicleAnswer>"
        )
    };
    let policy = "[policy]\nname = 'p'\nversion = '1'\n[agencies]\nall = {ori = ['AZ0070000']}\n\
                  [[permit]]\nid = 'photo'\nagencies = ['all']\nelements = ['biometric.photo']\n";
    let filter = Filter::builder().policy_text("p.toml", policy).build().unwrap();
    let redact = |inside: &str| {
        let mut out = Vec::new();
        let _ = filter.redact(record(inside).as_bytes(), &Requester::new("AZ0070000").unwrap(), &mut out);
        String::from_utf8(out).unwrap()
    };
    let place = "<nc:ImageLocation><nc:LocationDescriptionText>1742 MESQUITE WASH LN TUCSON</nc:LocationDescriptionText></nc:ImageLocation>";
    assert_eq!(redact(place), record(""));
    let form = "<nc:BinaryFormatText>JPEG</nc:BinaryFormatText>";
    assert_eq!(redact(&format!("{form}{place}")), record(form));
}
