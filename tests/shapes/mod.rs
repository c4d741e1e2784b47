//! P7: the shape of every data element lets through what such a value looks like, and nothing that could carry more.

mod counts;
mod hostile;
mod legal_notices;
mod real_values;
mod violations;
mod world;

use dmv_redact::Kind;

use world::catalog;

/// Values as states write them, for each element. Every element of the catalog is here.
const REAL: &[(&str, &[&str])] = &[
    ("envelope", &["AZMVD", "M.1.2"]),
    ("envelope.message-key", &["DR", "DRG", "RR", "KR"]),
    ("envelope.ori", &["VTICE0900", "AZ0070000", "AZ"]),
    ("envelope.purpose", &["C", "DV"]),
    ("envelope.reason", &["N", "T", "12"]),
    ("envelope.line", &["TC", "TCUSBP001"]),
    ("envelope.user", &["DOE, J", "O'Neil", "#4711", "J. Doe (night)"]),
    ("envelope.control-field", &["MRI1234567", "*MRI123456", "123456789"]),
    ("envelope.date", &["2026-11-23", "20261123"]),
    ("envelope.time", &["10:23:45", "1023", "10:23:45.123Z", "10:23:45-07:00"]),
    ("envelope.number", &["1", "00042"]),
    ("envelope.version", &["4.0", "1.0.12"]),
    ("envelope.notice", &["A PART OF THIS ANSWER WAS NOT UNDERSTOOD AND LEFT OUT. DO NOT TAKE IT FOR ABSENT."]),
    ("envelope.legal-notice", &["LIMITED BY M.G.L. C. 90 SEC. 30B."]),
    ("envelope.discriminator", &["Driver License", "SSN", "2"]),
    ("envelope.message", &["message"]),
    ("envelope.document-type", &["org.iso.18013.5.1.mDL"]),
    (
        "person.name",
        &[
            "Ιωάννης Παπαδόπουλος",
            "JOHN \"JACK\" DOE (FKA SMITH)",
            "EXAMPLE, JORDAN Q",
            "O'BRIEN-SMITH, JOSÉ",
            "MÜLLER, ZOË",
        ],
    ),
    (
        "person.name.given",
        &[
            "Nguyễn",
            "Zoe\u{308}",
            "अन\u{94D}\u{200D}त",
            "محمد",
            "李小龍",
            "MARY-ANN",
            "JORDAN",
            "MARY ANN",
            "D'Angelo",
            "José",
        ],
    ),
    ("person.name.middle", &["Q", "LEE"]),
    (
        "person.name.surname",
        &[
            "O\u{2019}BRIEN",
            "ST. JOHN-SMITH",
            "Đặng",
            "SMITH (FKA JONES)",
            "GARCIA/LOPEZ",
            "DOE 3RD",
            "EXAMPLE",
            "DE LA CRUZ",
            "ST. JOHN",
            "NGUYỄN",
        ],
    ),
    ("person.name.suffix", &["PH.D.", "JR", "III", "2ND"]),
    ("person.name.full", &["JORDAN QUINN EXAMPLE"]),
    ("person.name.alias", &["JORDY EXAMPLE", "JR", "3RD"]),
    ("person.name.truncation", &["N", "T"]),
    ("person.birth-date", &["1985-07-04", "19850704", "07/04/1985", "1985"]),
    ("person.birth-place", &["\u{2018}s-Hertogenbosch", "25 DE MAYO", "PHOENIX", "SAN JOSÉ", "MEXICO"]),
    ("person.age", &["41"]),
    ("person.age.over", &["true", "false"]),
    ("person.ssn", &["900-12-3456", "900123456"]),
    ("person.sex", &["M", "F", "X", "1", "Female"]),
    (
        "person.race",
        &["NATIVE HAWAIIAN OR OTHER PACIFIC ISLANDER", "HISPANIC (ANY RACE)", "W", "BLACK", "ASIAN / PACIFIC ISLANDER"],
    ),
    ("person.height", &["5' 10\"", "6'-02\"", "5 FT 10 IN", "510", "5'10\"", "178 cm", "70", "IN"]),
    ("person.weight", &["180", "180 LB", "81.5 kg", "LBR"]),
    ("person.eye-color", &["SALT & PEPPER", "BRO", "BLUE"]),
    ("person.hair-color", &["BLK", "SANDY / LIGHT"]),
    ("person.physical-feature", &["SC R CHK", "Tattoo: anchor, left arm"]),
    ("person.organ-donor", &["true", "Y", "0"]),
    ("person.medical", &["DIABETIC, INSULIN"]),
    ("person.veteran", &["true", "N"]),
    ("person.telephone", &["602-555-0123 x44", "602-555-0123", "(602) 555-0123", "+1 602 555 0123"]),
    ("person.email", &["jordan@example.org"]),
    ("person.fbi-number", &["123456AB7", "12345"]),
    ("person.state-identification-number", &["AZ12345678"]),
    ("person.address", &["1/2 MI N OF JCT, RR 3 BOX 12-A; ATTN: SMITH & SON", "12 MAIN ST APT 4B, PHOENIX AZ"]),
    (
        "person.address.street",
        &[
            "12 1/2 O'HARE AVE",
            "C/O J. DOE, 5TH & MAIN",
            "123 MAIN ST #4 (REAR)",
            "Straße 12½",
            "Ōmiya 3-chōme 5",
            "12 MAIN ST APT 4B",
            "#4 CAÑON RD",
            "PO BOX 12",
        ],
    ),
    (
        "person.address.city",
        &[
            "Coeur d'Alene",
            "Winston-Salem",
            "Québec",
            "Halle/Saale",
            "Ναύπλιο",
            "100 MILE HOUSE",
            "PHOENIX",
            "ST. DAVID",
        ],
    ),
    ("person.address.county", &["PRINCE GEORGE'S", "DOÑA ANA", "04013", "MARICOPA", "013"]),
    ("person.address.state", &["Québec", "D.C.", "AZ", "New Mexico"]),
    (
        "person.address.postal-code",
        &["85001 1234", "SW1A 1AA", "1012 AB", "123-4567", "85001", "85001-1234", "850011234", "K1A 0B1"],
    ),
    ("person.address.country", &["CÔTE D'IVOIRE", "Korea, Republic of", "840", "US", "USA", "Canada"]),
    ("immigration.alien-number", &["A123456789", "A-12345678", "A204-118-773", "A 087 654 321"]),
    ("immigration.status", &["LPR", "TEMPORARY WORKER (H-2A)"]),
    ("immigration.visa", &["H1B", "B1/B2"]),
    ("immigration.foreign-national", &["true", "N"]),
    ("immigration.foreign-born", &["false"]),
    ("immigration.unlawful-presence", &["0"]),
    ("immigration.deportee", &["NO"]),
    ("immigration.lawful-status-temporary", &["1"]),
    ("immigration.enhanced-credential", &["1", "2", "true"]),
    ("immigration.non-domiciled", &["1"]),
    ("person.citizenship", &["USA", "Mexico"]),
    ("person.us-citizen", &["true", "Y"]),
    ("person.nationality", &["MX", "Guatemala"]),
    ("person.passport", &["C01234567", "X1234567"]),
    ("person.tax-id", &["900-70-1234"]),
    ("biometric.photo", &["/9j/4AAQSkZJRgABAQEASABIAAD/2wBD", "JPEG"]),
    ("biometric.signature", &["iVBORw0KGgoAAAANSUhEUg=="]),
    ("biometric.fingerprint", &["/6D/qAB6"]),
    ("biometric.template", &["Rk1SACAyMAAA"]),
    ("biometric.feature-image", &["R0lGODlhAQABAAAAACw="]),
    ("biometric.photo-date", &["2024-05-01"]),
    ("license.number", &["D08954796", "S123-456-78-900-0", "S*AMPL*123QQ", "123456789"]),
    ("license.card-number", &["12345-67890/AZ"]),
    ("license.jurisdiction", &["Department of Transportation, Motor Vehicle Division", "AZ", "New Mexico"]),
    ("license.class", &["CLASS D (NON-CDL)", "D", "CLASS C", "A/M"]),
    ("license.class.description", &["Class C NON-COMMERCIAL", "Vehicles of 26,001 lbs. or more"]),
    ("license.commercial-class", &["A", "NONE"]),
    (
        "license.status",
        &[
            "EXPIRED - ELIGIBLE TO RENEW",
            "NOT ELIGIBLE: FEES ARE NOT PAID (3 OF 4)",
            "SUSPENDED/REVOKED",
            "VALID",
            "Suspended",
            "NOT LICENSED",
        ],
    ),
    ("license.commercial-status", &["ELG", "DISQUALIFIED"]),
    ("license.type", &["OPERATOR", "DL/ID"]),
    ("license.issue-date", &["2024-05-01"]),
    ("license.expiration-date", &["2032-05-01", "05/01/2032"]),
    (
        "license.restriction",
        &[
            "CORRECTIVE LENSES; DAYLIGHT DRIVING ONLY",
            "MAY NOT DRIVE WITHOUT AN INTERLOCK THAT IS APPROVED",
            "J/OTHER",
            "1/2",
            "B",
            "B, C",
            "CORRECTIVE LENSES",
        ],
    ),
    ("license.restriction.sign", &["<=", "="]),
    ("license.endorsement", &["H", "N/T", "MOTORCYCLE"]),
    ("license.endorsement.expiration-date", &["2029-05-01"]),
    ("license.limited-term", &["true"]),
    ("license.real-id", &["F", "M", "true", "Compliant", "FEDERAL LIMITS APPLY"]),
    ("license.medical-certification", &["CERTIFIED", "NI", "2026-01-01"]),
    ("license.privileges", &["CLASS D: VALID"]),
    ("history.withdrawal", &["SUSPENDED FOR UNPAID FINES"]),
    ("history.withdrawal.date", &["2020-02-29"]),
    ("history.withdrawal.code", &["D53", "A20"]),
    ("history.withdrawal.description", &["FAILURE TO PAY"]),
    ("history.withdrawal.jurisdiction", &["AZ"]),
    ("history.conviction", &["SPEEDING 75/55"]),
    ("history.conviction.date", &["20200229"]),
    ("history.conviction.code", &["S92"]),
    ("history.conviction.description", &["SPEEDING (75/55)"]),
    ("history.conviction.jurisdiction", &["NV"]),
    ("history.accident", &["PROPERTY DAMAGE ONLY"]),
    ("history.accident.date", &["2021-03-04"]),
    ("history.accident.description", &["REAR END, NO INJURY"]),
    ("history.accident.jurisdiction", &["CA"]),
    ("history.withdrawal.end-date", &["2021-02-28"]),
    ("history.conviction.disposition", &["GUILTY"]),
    ("history.accident.severity", &["INJURY", "PD"]),
    ("history.points", &["0", "12"]),
    ("vehicle.vin", &["1G1YY22G965100000", "1FTFW1ET5DFC10312", "12345"]),
    ("vehicle.make", &["CITROËN", "A & J TRAILERS, INC.", "FORD", "HARLEY-DAVIDSON"]),
    ("vehicle.model", &["C/K 1500", "MAZDA3", "Town & Country", "cee'd", "500L (ABARTH)", "UP!", "F-150", "3 SERIES"]),
    ("vehicle.style", &["4D", "PICKUP"]),
    ("vehicle.color", &["SILVER, METALLIC", "BLU/WHI", "BROWN - TAN", "GREY (DARK) & BLACK", "BLU", "BLUE / WHITE"]),
    ("vehicle.year", &["2013"]),
    ("vehicle.type", &["PC", "TRUCK"]),
    ("registration.plate", &["ME&YOU", "A·12", "ABC1234", "AB 12-34"]),
    ("registration.plate-state", &["AZ"]),
    ("registration.plate-type", &["DISABLED VETERAN - PURPLE HEART", "PC", "VETERAN"]),
    ("registration.plate-year", &["2027"]),
    ("registration.status", &["EXPIRED - ELIGIBLE TO RENEW", "ACTIVE"]),
    ("registration.issue-date", &["2026-01-01"]),
    ("registration.expiration-date", &["2027-01-01"]),
    ("registration.title-number", &["AZ123456", "T-0012345"]),
    ("registration.lien-holder", &["J.P. MORGAN CHASE & CO. (ISAOA)", "FIRST EXAMPLE BANK, N.A."]),
    ("registration.insurance", &["EXAMPLE MUTUAL INS. CO."]),
    ("registration.policy-number", &["PA-123456789"]),
    (
        "owner.name",
        &[
            "DOE, JOHN AND/OR JANE",
            "O'BRIEN, ST. JOHN-SMITH",
            "JOHN & JANE DOE TRUST #2, DTD 01/02/2003",
            "3M COMPANY",
            "EXAMPLE, JORDAN",
            "EXAMPLE & SONS TRUCKING",
        ],
    ),
    ("owner.address", &["12 MAIN ST, PHOENIX AZ"]),
    ("owner.address.street", &["PO BOX 12, APT 3B", "12 MAIN ST"]),
    ("owner.address.city", &["TEMPE"]),
    ("owner.address.county", &["PIMA"]),
    ("owner.address.state", &["AZ"]),
    ("owner.address.postal-code", &["85281"]),
    ("owner.address.country", &["US"]),
    ("request.purpose", &["C"]),
    ("request.reason", &["T"]),
    ("request.image", &["Y"]),
    ("request.attention", &["SGT. O'NEIL #123", "OFC EXAMPLE/UNIT 12"]),
    ("request.offense", &["1313", "BURGLARY (RESIDENCE)"]),
    ("request.custody", &["Y"]),
    ("response.text", &["NO RECORD FOUND FOR D08954796.", "LINE 1\r\nLINE 2"]),
    ("response.caveat", &["THIS RECORD MAY NOT BE REDISSEMINATED."]),
];

/// What no element may let through, whatever it is for.
const HOSTILE: &[&str] = &[
    "<photo>x</photo>",
    "&lt;ssn&gt;",
    "{\"ssn\":\"900-12-3456\"}",
    "[1,2]",
    "A\u{200B}B",
    "A\u{200D}B",
    "A\u{202E}B",
    "A\u{2066}B",
    "A\u{FEFF}B",
    "A\u{AD}B",
    "A\u{E0041}B",
    "A\u{2028}B",
    "A\u{85}B",
    "A\u{0}B",
    "A\u{1E}B",
    "\u{FF33}\u{FF2D}",
    "\u{1D400}\u{1D401}",
    "9\u{301}0\u{301}",
    "９００-１２-３４５６",
    "٩٠٠١٢٣٤٥٦",
    "@\n\u{1E}\rANSI 636026080102DL00410288DLDAQD12345678\nDCSEXAMPLE\n",
    "`id`",
    "A|B~C^D",
    "\u{FFFE}",
];

/// Letters that only names, places, addresses and texts have, and no code.
const LETTERS: &[&str] = &["А\u{441}\u{435}", "e\u{301}", "محمد", "李"];

/// Codes that are names of places.
const PLACES: &[&str] = &["address.state", "address.country", "jurisdiction", "citizenship", "nationality"];

/// What no text may hold: other elements' values under their labels, or encoded.
const DISGUISED: &[&str] = &[
    "NAM/SMITH,JOHN.ADR/12 MAIN ST.",
    "DAQD12345678 DCSPUBLIC",
    "OTAwLTEyLTM0NTY=",
    "39303031323334353637",
    "jordan@example.org",
];

/// Social Security numbers where none belongs.
const SSN: &[&str] = &["900-12-3456", "900 12 3456", "X 900-12-3456", "4 900 12 3456 7X"];

#[test]
fn every_element_lets_through_what_such_a_value_looks_like() {
    let catalog = catalog();
    let mut faults = Vec::new();
    for (_, element) in catalog.iter() {
        match REAL.iter().find(|(id, _)| *id == element.id()) {
            Some((id, values)) => {
                let refused = values.iter().filter(|value| !element.shape().conforms(value));
                faults.extend(refused.map(|value| format!("{id} refuses {value:?}")));
            }
            None => faults.push(format!("{} has no real value here", element.id())),
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
    assert_eq!(REAL.len(), catalog.len());
}

#[test]
fn attack_25_to_29_no_element_lets_through_what_could_carry_more() {
    let catalog = catalog();
    let mut faults = Vec::new();
    for (_, element) in catalog.iter() {
        // An image is let through where it is permitted, and is never looked into; it is ASCII without markup all the same.
        let is_image = element.kind() == Kind::Image;
        let hostile = HOSTILE.iter().filter(|value| !is_image || !value.is_ascii() || value.contains(['<', '{', '&']));
        let passed = hostile.filter(|value| element.shape().conforms(value));
        faults.extend(passed.map(|value| format!("{} lets {value:?} through", element.id())));
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn attack_29_no_code_has_letters_that_look_like_others() {
    let catalog = catalog();
    let mut faults = Vec::new();
    let is_code = |id: &str, kind: Kind| kind != Kind::Text && !PLACES.iter().any(|place| id.ends_with(place));
    for (_, element) in catalog.iter().filter(|(_, element)| is_code(element.id(), element.kind())) {
        // A privilege is a whole record, its texts included.
        if element.kind() == Kind::Record {
            continue;
        }
        let passed = LETTERS.iter().filter(|value| element.shape().conforms(value));
        faults.extend(passed.map(|value| format!("{} lets {value:?} through", element.id())));
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn attack_26_27_no_text_holds_fields_or_codes() {
    let catalog = catalog();
    let mut faults = Vec::new();
    for (_, element) in catalog.iter().filter(|(_, element)| matches!(element.kind(), Kind::Text | Kind::Record)) {
        let passed = DISGUISED.iter().filter(|value| element.shape().conforms(value));
        faults.extend(passed.map(|value| format!("{} lets {value:?} through", element.id())));
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn attack_28_no_element_but_its_own_holds_a_social_security_number() {
    let catalog = catalog();
    let mut faults = Vec::new();
    for (_, element) in catalog.iter() {
        if matches!(element.id(), "person.ssn" | "person.tax-id") {
            continue;
        }
        let is_number = world::NINE_DIGITS.contains(&element.id()) || !world::may_hold_text(element);
        let bare = if is_number { &[][..] } else { &["900123456", "SSN 900123456.", "D900123456"] };
        let passed = SSN.iter().chain(bare).filter(|value| element.shape().conforms(value));
        faults.extend(passed.map(|value| format!("{} lets {value:?} through", element.id())));
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn p8_no_element_lets_a_value_of_any_length_through_but_images() {
    let catalog = catalog();
    for (_, element) in catalog.iter().filter(|(_, element)| element.kind() != Kind::Image) {
        for unit in ["A", "1", "A "] {
            assert!(!element.shape().conforms(&unit.repeat(5000)), "{}", element.id());
        }
    }
}
