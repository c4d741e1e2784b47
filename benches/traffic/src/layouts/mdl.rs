//! The mobile driver license as JSON.

use super::Answer;
use crate::part::{Part, group, image, literal, text};

pub(super) fn message(answer: &mut Answer<'_>) -> Part {
    let (key, origin, destination) = (answer.kind.key(), answer.originator(), answer.destination.to_owned());
    let values = &mut answer.values;
    let metadata = [
        text("messageKey", key),
        text("originatingORI", origin),
        text("destinationORI", destination),
        values.maybe("control field", 0.8, |values| text("controlField", values.control_field())),
        text("sendDate", values.iso_date(2026, 2026)),
    ];
    let local = values.maybe("local", 0.3, |values| text("recordLocator", values.letters(2) + &values.digits(6)));
    let parts = [group("messageMetadata", metadata), text("docType", "org.iso.18013.5.1.mDL"), local, {
        let iso = iso(answer);
        let aamva = aamva(answer);
        group("nameSpaces", [iso, aamva])
    }];
    group("mdlResponse", parts).expect("metadata")
}

fn iso(answer: &mut Answer<'_>) -> Option<Part> {
    let portrait = if answer.has_photo { image("portrait", answer.photo()) } else { None };
    let has_signature = answer.has_photo && answer.values.has("signature", 0.2);
    let signature = if has_signature { image("signature_usual_mark", answer.signature()) } else { None };
    let values = &mut answer.values;
    let code = values.state.code;
    let given =
        if values.has("middle name", 0.7) { format!("{} {}", values.given(), values.given()) } else { values.given() };
    let birth_year = values.random.between(1935, 2009);
    let (issued, expires) = (values.iso_date(2016, 2026), values.iso_date(2027, 2036));
    let privilege = [
        text("vehicle_category_code", values.pick(&["B", "A", "C", "AM"])),
        text("issue_date", issued.clone()),
        text("expiry_date", expires.clone()),
        values.maybe("codes", 0.3, |_| group("codes", [text("code", "01")]).map(Part::array)),
    ];
    let parts = [
        text("family_name", values.surname()),
        text("given_name", given),
        text(
            "birth_date",
            format!("{birth_year}-{:02}-{:02}", values.random.between(1, 12), values.random.between(1, 28)),
        ),
        text("issue_date", issued),
        text("expiry_date", expires),
        text("issuing_country", "US"),
        text("issuing_authority", format!("{code} Department of Motor Vehicles")),
        values.maybe("jurisdiction", 0.7, |_| text("issuing_jurisdiction", format!("US-{code}"))),
        text("un_distinguishing_sign", "USA"),
        text("document_number", values.license_number()),
        values.maybe("administrative number", 0.3, |values| text("administrative_number", values.digits(10))),
        portrait,
        signature,
        group("driving_privileges", privilege).map(Part::array),
        values.maybe("sex", 0.97, |values| literal("sex", values.pick(&["1", "2", "1", "2", "9"]))),
        values.maybe("height", 0.9, |values| literal("height", values.random.between(145, 205).to_string())),
        values.maybe("weight", 0.8, |values| literal("weight", values.random.between(45, 140).to_string())),
        values.maybe("eyes", 0.9, |values| text("eye_colour", values.eye().1.to_ascii_lowercase())),
        values.maybe("hair", 0.6, |values| text("hair_colour", values.hair().1.to_ascii_lowercase())),
        values.maybe("birth place", 0.15, |values| {
            text("birth_place", format!("{}, {}", values.city(), values.country()))
        }),
        values.maybe("nationality", 0.15, |values| text("nationality", values.pick(&["US", "MX", "CA", "IN"]))),
        values.maybe("address", 0.9, |values| text("resident_address", values.street())),
        values.maybe("city", 0.9, |values| text("resident_city", values.city())),
        values.maybe("state", 0.9, |_| text("resident_state", code)),
        values.maybe("postal code", 0.9, |values| text("resident_postal_code", values.postal_code())),
        values.maybe("country", 0.5, |_| text("resident_country", "US")),
        values.maybe("age", 0.4, |_| literal("age_in_years", (2026 - birth_year).to_string())),
        values.maybe("age over 18", 0.5, |_| literal("age_over_18", if birth_year < 2008 { "true" } else { "false" })),
        values.maybe("age over 21", 0.7, |_| literal("age_over_21", if birth_year < 2005 { "true" } else { "false" })),
    ];
    group("org.iso.18013.5.1", parts)
}

fn aamva(answer: &mut Answer<'_>) -> Option<Part> {
    let values = &mut answer.values;
    let class = [
        text("domestic_vehicle_class_code", values.license_class()),
        values.maybe("class description", 0.6, |_| text("domestic_vehicle_class_description", "NON-COMMERCIAL")),
        text("issue_date", values.iso_date(2016, 2026)),
        text("expiry_date", values.iso_date(2027, 2036)),
    ];
    let restriction = values.maybe("restriction", 0.4, |values| {
        let parts = [
            text("domestic_vehicle_restriction_code", values.digits(2)),
            text("domestic_vehicle_restriction_description", values.restriction()),
        ];
        group("domestic_vehicle_restrictions", parts).map(Part::array)
    });
    let endorsement = values.maybe("endorsement", 0.15, |values| {
        let parts = [
            text("domestic_vehicle_endorsement_code", values.letters(1)),
            text("domestic_vehicle_endorsement_description", values.endorsement()),
        ];
        group("domestic_vehicle_endorsements", parts).map(Part::array)
    });
    let privileges =
        group("domestic_driving_privileges", [group("domestic_vehicle_class", class), restriction, endorsement]);
    let parts = [
        privileges.map(Part::array),
        values.maybe("suffix", 0.06, |values| text("name_suffix", values.suffix())),
        values.maybe("truncation", 0.6, |_| text("family_name_truncation", "N")),
        values.maybe("truncation", 0.6, |_| text("given_name_truncation", "N")),
        values.maybe("sex", 0.8, |values| literal("sex", values.pick(&["1", "2"]))),
        values.maybe("weight range", 0.2, |values| literal("weight_range", values.random.below(10).to_string())),
        values.maybe("race", 0.2, |values| text("race_ethnicity", values.pick(&["W", "BK", "AP", "H"]))),
        values.maybe("donor", 0.4, |_| literal("organ_donor", "1")),
        values.maybe("veteran", 0.15, |_| literal("veteran", "1")),
        values.maybe("county", 0.3, |values| text("resident_county", values.digits(3))),
        values.maybe("real id", 0.8, |values| text("DHS_compliance", values.pick(&["F", "N"]))),
        values.maybe("lawful status", 0.05, |_| literal("DHS_temporary_lawful_status", "1")),
        values.maybe("commercial", 0.2, |_| literal("CDL_indicator", "1")),
    ];
    group("org.iso.18013.5.1.aamva", parts)
}
