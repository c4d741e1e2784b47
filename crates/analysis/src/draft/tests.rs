//! The guesser: what it takes names for, what it refuses to take for anything, and why.

use std::sync::LazyLock;

use super::guess::{Guess, Guesser};
use super::known_paths::KnownPaths;
use super::mapping::DraftMapping;
use super::path_words::Facts;
use crate::hints::{self, Hints, is_restricted};
use crate::name_words::words;
use crate::parts::{PartTree, add_schema};
use crate::schema::{JsonSchema, Name, SchemaModel, ValueType, Xsd};
use dmv_redact::Catalog;
use dmv_redact::shipped::{CATALOG, FORMAT_SCHEMAS, FORMATS};
use dmv_redact_model::config::Document;
use dmv_redact_model::format::{FormatSpans, Syntax};

static BUILT_IN: LazyLock<Catalog> = LazyLock::new(|| Catalog::load(CATALOG, &[]).unwrap());

fn guesser() -> Guesser<'static> {
    Guesser::new(&BUILT_IN, KnownPaths::read(FORMATS).unwrap())
}

/// What a path with these values is taken for.
fn guess_of(path: &str, values: &[&str], value_type: ValueType) -> Guess {
    let values: Vec<String> = values.iter().map(|value| (*value).to_owned()).collect();
    let mut hints = Hints::new();
    values.iter().for_each(|value| hints::add(&mut hints, hints::of_value(value), || "a value".to_owned()));
    guesser().guess(&Facts {
        root: "Response",
        steps: path.split('/').collect(),
        values: &values,
        documentation: &[],
        hints,
        value_type,
        is_record: false,
    })
}

/// The element that a path is taken for, if any.
fn element_of(path: &str, values: &[&str]) -> Option<String> {
    match guess_of(path, values, ValueType::Unknown) {
        Guess::Element { id, .. } => Some(id),
        Guess::OneOf(_) | Guess::Ask(_) => None,
    }
}

#[track_caller]
fn is_taken_for(path: &str, id: &str) {
    assert_eq!(element_of(path, &[]).as_deref(), Some(id), "{path}: {:?}", guess_of(path, &[], ValueType::Unknown));
}

#[track_caller]
fn is_asked(path: &str, values: &[&str]) {
    let guess = guess_of(path, values, ValueType::Unknown);
    assert!(!matches!(guess, Guess::Element { .. }), "{path}: {guess:?}");
}

#[test]
fn a_name_has_the_same_words_in_every_spelling() {
    for name in ["licenceNumber", "LicenseNumber", "license_number", "license-no", "LICENCE_NBR", "licenseNum"] {
        assert_eq!(words(name), ["license", "number"], "{name}");
    }
    for name in ["dateOfBirth", "DOB", "birth_dt", "BirthDate", "birthdate"] {
        let mut own = words(name);
        own.sort();
        assert_eq!(own, ["birth", "date"], "{name}");
    }
    assert_eq!(words("DriverLicenseREALIDComplianceCode"), ["driver", "license", "realid", "compliance"]);
    assert_eq!(words("PersonSSNIdentification"), ["person", "ssn", "number"]);
    assert_eq!(words("PersonSurName"), ["person", "surname"]);
    assert_eq!(words("addresses"), words("address"));
    assert_eq!(words("status"), ["status"]);
}

#[test]
fn names_that_say_what_they_are_are_taken_for_it() {
    for (path, id) in [
        ("driver/lastName", "person.name.surname"),
        ("driver/first_name", "person.name.given"),
        ("dob", "person.birth-date"),
        ("person/ssn", "person.ssn"),
        ("SocialSecurityNumber", "person.ssn"),
        ("eyeColour", "person.eye-color"),
        ("licence/number", "license.number"),
        ("driverLicenseNumber", "license.number"),
        ("driver_license/status", "license.status"),
        ("vehicle/vin", "vehicle.vin"),
        ("vehicleMake", "vehicle.make"),
        ("registration/status", "registration.status"),
        ("licensePlateNumber", "registration.plate"),
        ("owner/fullName", "owner.name"),
        ("owner/address/city", "owner.address.city"),
        ("homeAddress/city", "person.address.city"),
        ("alienNumber", "immigration.alien-number"),
        ("organDonor", "person.organ-donor"),
        ("convictionDate", "history.conviction.date"),
    ] {
        is_taken_for(path, id);
    }
}

#[test]
fn abbreviations_mean_what_the_field_means_by_them() {
    for (path, id) in [
        ("Driver/LName", "person.name.surname"),
        ("DRIVER_F_NAME", "person.name.given"),
        ("Driver/SocSecNo", "person.ssn"),
        ("Driver/Addr1", "person.address.street"),
        ("drv_addr_ln_2", "person.address.street"),
        ("Driver/StAddr", "person.address.street"),
        ("Driver/StrAddr", "person.address.street"),
        ("Driver/Addr/StAddr", "person.address.street"),
        ("Driver/AddrSt", "person.address.state"),
        ("driving_privileges/vehicle_category_code", "license.class"),
        ("privileges/vehicleCategoryCode", "license.class"),
        ("Driver/St", "person.address.state"),
        ("Nm/Lst", "person.name.surname"),
        ("EyeClr", "person.eye-color"),
        ("DrvLic/Num", "license.number"),
        ("DrvLic/St", "license.jurisdiction"),
        ("Lic/Sta", "license.jurisdiction"),
        ("OLNState", "license.jurisdiction"),
        ("Veh/Sta", "registration.plate-state"),
        ("veh1_vin", "vehicle.vin"),
        ("Vehicle/Mke", "vehicle.make"),
        ("veh1_owner", "owner.name"),
        ("Vehicle/InsCo", "registration.insurance"),
        ("Imm/Stat", "immigration.status"),
        ("Med/Cd", "person.medical"),
        ("photo_b64", "biometric.photo"),
        ("withdrawalCode", "history.withdrawal.code"),
        ("header/sentAt", "envelope.date"),
        ("AgcyORI", "envelope.ori"),
        ("@schemaVer", "envelope.version"),
    ] {
        is_taken_for(path, id);
    }
}

#[test]
fn what_could_be_one_of_several_things_is_asked() {
    for path in
        ["status", "number", "issueDate", "city", "name", "IdentificationID", "OtherIdentification/IdentificationID"]
    {
        is_asked(path, &[]);
    }
    // Nothing near tells what these describe.
    is_asked("license/person/description", &[]);
    is_asked("description", &["ASKED FOR"]);
    is_asked("vehicle/item/weight", &[]);
    is_asked("PersonHumanResourceIdentification/IdentificationIssueDate/Date", &[]);
    is_asked("PersonStateIdentification/IdentificationID", &[]);
    is_asked("PersonWeightMeasure/MeasurePointValue", &[]);
    // What stands in between tells of something else.
    is_asked("license/court/status", &[]);
    is_asked("charge/description", &[]);
}

#[test]
fn nobody_elses_facts_are_taken_for_the_subjects() {
    for path in [
        "officer/name",
        "EmergencyContact/telephone",
        "employer/address/street",
        "passenger/birthDate",
        "emerg_ph",
        "vic1_name",
        "arr_ofc",
        "Owner/DOB",
        "priorOwner/last",
        "DmgProperty/OwnerName",
        "Employer/ORI",
        "references/lastName",
        "EmgCntct/LName",
        "EmerContact/phone",
        "ICEContact/phone",
        "nok_phone",
        "nextOfKin/name/last",
        "reader/OperatorName/last",
        "Header/Operator/LastName",
        "verifiedBy/verifier/lastName",
        "license/examiner/lastName",
        "coDefendant/lastName",
    ] {
        is_asked(path, &[]);
    }
}

#[test]
fn what_may_be_highly_restricted_is_never_taken_for_something_harmless() {
    let hinting = [
        "medicalStatus",
        "disability/code",
        "license/medicalRestriction",
        "photo/date",
        "victim/name",
        "juvenile/birthDate",
        "immigration/status",
        "license/citizenship",
        "passport/number",
        "signature/height",
        "alien/license/number",
        "minor/lastName",
        "sealed/conviction/date",
        "lawfulPresence/status",
        "vehicle/vin/photo",
        "birthCountry",
    ];
    for path in hinting {
        if let Some(id) = element_of(path, &[]) {
            let element = BUILT_IN.find(&id).and_then(|id| BUILT_IN.element(id)).unwrap();
            assert!(is_restricted(element), "{path} is taken for {id}");
        }
    }
    // The values say what the name doesn't.
    is_asked("license/number", &["900-12-3456"]);
    is_asked("license/number", &["A90012345"]);
    is_asked("license/class", &["/9j/4AAQSkZJRgABAQEASABIAAD"]);
    is_asked("driver/middleName", &["data:image/png;base64,iVBORw0KGgo="]);
}

#[test]
fn values_and_types_speak_against_a_guess_and_never_for_one() {
    assert_eq!(element_of("dob", &["1985-07-04"]).as_deref(), Some("person.birth-date"));
    is_asked("dob", &["YES"]);
    is_asked("something", &["1985-07-04"]);
    let of_type = |path: &str, value_type| matches!(guess_of(path, &[], value_type), Guess::Element { .. });
    assert!(of_type("driver/birthDate", ValueType::Date) && !of_type("driver/birthDate", ValueType::Boolean));
    assert!(of_type("photo", ValueType::Binary) && !of_type("driver/lastName", ValueType::Binary));
    // One value that fits is enough: samples may be odd.
    assert_eq!(element_of("dob", &["UNKNOWN?", "1985-07-04"]).as_deref(), Some("person.birth-date"));
}

#[test]
fn a_question_tells_what_it_may_be() {
    let question = |path: &str| match guess_of(path, &[], ValueType::Unknown) {
        Guess::Ask(question) => question,
        other => panic!("{path}: {other:?}"),
    };
    assert!(question("victim/name").starts_with("it may be of a victim, a witness or a minor, or under seal"));
    assert_eq!(question("something"), "which data element, or none?");
    assert!(
        question("diabetesStatus").starts_with("it may be medical, or a disability"),
        "{}",
        question("diabetesStatus")
    );
}

/// A built-in format that others have written, and the formats that a draft of it may not know: itself and its twin.
struct LeftOut {
    name: &'static str,
    unknown: &'static [&'static str],
    /// The least share of its facts that a draft finds, in percent.
    goal: usize,
}

const LEFT_OUT: [LeftOut; 4] = [
    LeftOut { name: "nlets-niem", unknown: &["nlets-niem"], goal: 60 },
    LeftOut { name: "niem-5.2", unknown: &["niem-5.2", "niem-6.0"], goal: 60 },
    LeftOut { name: "niem-6.0", unknown: &["niem-5.2", "niem-6.0"], goal: 60 },
    // A hundred of its members are called `age_over_NN`, in an object whose name tells nothing.
    LeftOut { name: "mdl", unknown: &["mdl"], goal: 15 },
];

fn element(id: &str) -> &'static dmv_redact::Element {
    BUILT_IN.find(id).and_then(|id| BUILT_IN.element(id)).unwrap()
}

/// The layout that the schemas of a built-in format say.
fn layout_of(spans: &FormatSpans, folder: &str) -> PartTree {
    let root = spans.roots.first().unwrap().path.clone();
    let schemas: Vec<Document<'_>> =
        FORMAT_SCHEMAS.iter().filter(|schema| schema.file.starts_with(folder)).copied().collect();
    if spans.syntaxes.contains(&Syntax::Xml) {
        let (prefix, local) = root.split_once(':').unwrap();
        let (_, uri) = spans.namespaces.iter().find(|(own, _)| own == prefix).unwrap();
        let schemas: Vec<_> = schemas.into_iter().filter(|schema| schema.file.ends_with(".xsd")).collect();
        let (schema, root) = (Xsd::read(&schemas), Name::element(uri, local));
        let mut tree = PartTree::new(Syntax::Xml, root.clone());
        add_schema(&schema, schema.root(Some(&root)).unwrap(), &mut tree);
        tree
    } else {
        let (schema, root) = (JsonSchema::read(schemas.first().unwrap()), Name::element("", &root));
        let mut tree = PartTree::new(Syntax::Json, root.clone());
        add_schema(&schema, schema.root(Some(&root)).unwrap(), &mut tree);
        tree
    }
}

#[test]
fn p1_formats_that_others_wrote_are_guessed_from_their_schemas_without_them() {
    for LeftOut { name, unknown, goal } in LEFT_OUT {
        let folder = format!("schemas/{name}/");
        let is_unknown = |format: &Document<'_>| unknown.iter().any(|name| format.file.contains(&format!("/{name}/")));
        let own = FORMATS.iter().find(|format| format.file.starts_with(&folder)).unwrap();
        let others: Vec<Document<'_>> = FORMATS.iter().filter(|format| !is_unknown(format)).copied().collect();
        assert_eq!(others.len(), FORMATS.len() - unknown.len());
        let spans = FormatSpans::read(own, &[]).unwrap();
        let tree = layout_of(&spans, &folder);
        let guesser = Guesser::new(&BUILT_IN, KnownPaths::read(&others).unwrap());
        let mapping = DraftMapping::of(&tree, &guesser);
        let spell = |step: &Name| {
            let prefix = spans.namespaces.iter().find(|(_, uri)| *uri == step.namespace);
            let at = if step.is_attribute { "@" } else { "" };
            format!("{at}{}{}", prefix.map_or(String::new(), |(prefix, _)| format!("{prefix}:")), step.local)
        };
        let (mut facts, mut right, mut wrong) = (0, 0, Vec::new());
        for line in &mapping.lines {
            let steps: Vec<String> = tree.steps(line.part).iter().map(|part| spell(&part.name)).collect();
            let path = format!("{}{}", steps.join("/"), if line.is_record { "/**" } else { "" });
            let Some((_, truth)) = spans.paths.iter().find(|(own, _)| own.path == path) else { continue };
            facts += 1;
            match &line.guess {
                Guess::Element { id, .. } if id == truth => right += 1,
                Guess::Element { id, .. } => {
                    assert!(!is_restricted(element(truth)) || is_restricted(element(id)), "{path}: {id} for {truth}");
                    wrong.push(format!("{path}: {id} for {truth}"));
                }
                Guess::OneOf(_) | Guess::Ask(_) => {}
            }
        }
        println!("{name}: {right} of {facts} facts, {} wrong: {wrong:#?}", wrong.len());
        assert!(facts > 30, "{name}: {facts}");
        assert!(100 * right / facts >= goal, "{name}: {right} of {facts}");
    }
}

#[test]
fn p1_a_letter_or_digits_that_the_words_leave_out_are_asked() {
    for name in [
        "S_S_Number",
        "ANumber",
        "A_Number",
        "I94Number",
        "Last4",
        "H1BStatus",
        "F1Status",
        "UStatus",
        "I551",
        "n550No",
    ] {
        assert!(crate::name_words::has_remainder(name), "{name}");
    }
    for name in [
        "AddressLine1",
        "street2",
        "DriverLicenseNumber",
        "licenceNo",
        "OLN",
        "DOB",
        "LastName",
        "VINNumber",
        "j:PersonSexCode",
    ] {
        assert!(!crate::name_words::has_remainder(name), "{name}");
    }
    for name in ["S_S_Number", "ANumber", "I94Number", "Last4", "H1BStatus", "I94ExpirationDate", "i94"] {
        for path in [format!("Driver/{name}"), format!("Driver/j:{name}"), format!("License/{name}/Number")] {
            let guess = guess_of(&path, &[], ValueType::Unknown);
            assert!(matches!(guess, Guess::Ask(_)), "{path}: {guess:?}");
        }
    }
}
