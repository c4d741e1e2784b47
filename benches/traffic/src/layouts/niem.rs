//! NIEM 6.0 and 5.2, for XML and JSON alike.

use super::Answer;
use crate::part::{Part, group, image, literal, nil, text, within};
use crate::values::Values;
use crate::{Kind, Syntax};

const STATE: (&str, &str) = ("st", "urn:example:state:records");
const XSI: (&str, &str) = ("xsi", "http://www.w3.org/2001/XMLSchema-instance");

pub(super) const NAMESPACES_6_0: [(&str, &str); 8] = [
    ("exch", "urn:dmv-redact:exchange:driver-vehicle-response:1.0"),
    ("nc", "https://docs.oasis-open.org/niemopen/ns/model/niem-core/6.0/"),
    ("j", "https://docs.oasis-open.org/niemopen/ns/model/domains/justice/6.0/"),
    ("im", "https://docs.oasis-open.org/niemopen/ns/model/domains/immigration/6.0/"),
    ("ncic", "https://docs.oasis-open.org/niemopen/ns/model/codes/ncic/6.0/"),
    ("structures", "https://docs.oasis-open.org/niemopen/ns/model/structures/6.0/"),
    XSI,
    STATE,
];
pub(super) const NAMESPACES_5_2: [(&str, &str); 9] = [
    ("dva", "urn:dmv-redact:exchange:driver-vehicle-answer:5.2"),
    ("nc", "http://release.niem.gov/niem/niem-core/5.0/"),
    ("j", "http://release.niem.gov/niem/domains/jxdm/7.2/"),
    ("im", "http://release.niem.gov/niem/domains/immigration/5.2/"),
    ("ncic", "http://release.niem.gov/niem/codes/ncic/5.2/"),
    ("usps", "http://release.niem.gov/niem/codes/usps/5.0/"),
    ("structures", "http://release.niem.gov/niem/structures/5.0/"),
    XSI,
    STATE,
];
pub(super) const CONTEXT_6_0: [(&str, &str); 6] =
    [NAMESPACES_6_0[0], NAMESPACES_6_0[1], NAMESPACES_6_0[2], NAMESPACES_6_0[3], NAMESPACES_6_0[4], STATE];
pub(super) const CONTEXT_5_2: [(&str, &str); 7] = [
    NAMESPACES_5_2[0],
    ("nc", "http://release.niem.gov/niem/niem-core/5.0/#"),
    ("j", "http://release.niem.gov/niem/domains/jxdm/7.2/#"),
    ("im", "http://release.niem.gov/niem/domains/immigration/5.2/#"),
    ("ncic", "http://release.niem.gov/niem/codes/ncic/5.2/#"),
    ("usps", "http://release.niem.gov/niem/codes/usps/5.0/#"),
    STATE,
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Release {
    Five,
    Six,
}

/// Names that differ between the exchanges.
struct Names {
    root: &'static str,
    metadata: &'static str,
    key: &'static str,
    origin: &'static str,
    destination: &'static str,
    control: &'static str,
    date: &'static str,
    person_augmentation: &'static str,
    registration_augmentation: &'static str,
}

const NAMES_6_0: Names = Names {
    root: "exch:DriverVehicleResponse",
    metadata: "exch:MessageMetadata",
    key: "exch:MessageKeyCode",
    origin: "exch:OriginatingOrganization",
    destination: "exch:DestinationOrganization",
    control: "exch:ControlFieldID",
    date: "exch:MessageSendDate",
    person_augmentation: "exch:PersonAugmentation",
    registration_augmentation: "exch:ConveyanceRegistrationAugmentation",
};
const NAMES_5_2: Names = Names {
    root: "dva:DriverVehicleAnswer",
    metadata: "dva:MessageMetadata",
    key: "dva:MessageKeyCode",
    origin: "dva:OriginatingOrganization",
    destination: "dva:DestinationOrganization",
    control: "dva:ControlFieldID",
    date: "dva:MessageSendDate",
    person_augmentation: "dva:PersonAugmentation",
    registration_augmentation: "dva:ConveyanceRegistrationAugmentation",
};

fn names(release: Release) -> Names {
    if release == Release::Six { NAMES_6_0 } else { NAMES_5_2 }
}

pub(super) fn message(answer: &mut Answer<'_>, release: Release) -> Part {
    let names = names(release);
    let (key, origin, destination) = (answer.kind.key(), answer.originator(), answer.destination.to_owned());
    let ori = |name, ori: String| within(&[name, "j:OrganizationORIIdentification"], text("nc:IdentificationID", ori));
    let values = &mut answer.values;
    let metadata = [
        text(names.key, key),
        ori(names.origin, origin),
        ori(names.destination, destination),
        values.maybe("control field", 0.8, |values| text(names.control, values.control_field())),
        dated(names.date, values.iso_date(2026, 2026)),
    ];
    let mut parts = vec![group(names.metadata, metadata)];
    parts.push(answer.values.maybe("caveat", 0.2, |_| text("nc:CaveatText", "FOR LAW ENFORCEMENT USE")));
    for place in 0..answer.records() {
        let id = answer.values.state.has_ids.then(|| format!("P{}", place + 1));
        if !answer.kind.is_of_vehicles() {
            parts.push(person(answer, release, id));
        } else {
            // In some states the holder is a person of its own, which the registration refers to.
            if id.is_some() {
                parts.push(person(answer, release, id.clone()));
            }
            parts.push(registration(answer, release, id));
        }
    }
    // Parts of one name stand together: JSON has one member for them.
    parts.sort_by_key(|part| part.as_ref().map_or(0, |part| usize::from(part.name == "j:ConveyanceRegistration")));
    group(names.root, parts).expect("a header")
}

fn dated(name: &'static str, date: String) -> Option<Part> {
    within(&[name], text("nc:Date", date))
}

fn identified(name: &'static str, id: String) -> Option<Part> {
    within(&[name], text("nc:IdentificationID", id))
}

fn person(answer: &mut Answer<'_>, release: Release, id: Option<String>) -> Option<Part> {
    let values = &mut answer.values;
    let name = [
        text("nc:PersonGivenName", values.given()),
        values.maybe("middle name", 0.7, |values| text("nc:PersonMiddleName", values.given())),
        text("nc:PersonSurName", values.surname()),
        values.maybe("suffix", 0.06, |values| text("nc:PersonNameSuffixText", values.suffix())),
    ];
    let height = |values: &mut Values<'_>| measured("nc:PersonHeightMeasure", values.random.between(145, 205), "cm");
    let weight = |values: &mut Values<'_>| measured("nc:PersonWeightMeasure", values.random.between(45, 140), "kg");
    let mut parts = vec![
        group("nc:PersonName", name),
        dated("nc:PersonBirthDate", values.date(1935, 2009)),
        values.maybe("birth place", 0.15, |values| {
            let city = text("nc:AddressCityName", values.city());
            let country = within(&["nc:AddressCountry"], text("nc:CountryName", values.country()));
            within(&["nc:PersonBirthLocation"], group("nc:Address", [city, country]))
        }),
        values.maybe("ssn", 0.5, |values| identified("nc:PersonSSNIdentification", values.ssn())),
        values.maybe("passport", 0.03, |values| {
            identified("nc:PersonPassportIdentification", format!("X{}", values.digits(7)))
        }),
        values.maybe("citizenship", 0.1, |values| {
            within(&["nc:PersonCitizenship", "nc:PersonCitizenshipCountry"], text("nc:CountryName", values.country()))
        }),
        values.maybe("citizen", 0.15, |values| literal("nc:PersonUSCitizenIndicator", values.boolean())),
        values.maybe("medical", 0.03, |_| {
            let condition = text("nc:MedicalConditionDescriptionText", "DIABETIC, INSULIN");
            within(&["nc:PersonMedicalCondition"], condition).map(Part::many)
        }),
        values.maybe("donor", 0.4, |values| literal("nc:PersonOrganDonorIndicator", values.boolean())),
        values.maybe("height", 0.9, height),
        values.maybe("weight", 0.8, weight),
        values.maybe("sex", 0.97, |values| text("j:PersonSexCode", values.sex())),
        values.maybe("race", 0.2, |values| text("j:PersonRaceCode", values.pick(&["W", "B", "A", "I", "U"]))),
        values.maybe("eyes", 0.9, |values| text("j:PersonEyeColorCode", values.eye().1)),
        values.maybe("hair", 0.6, |values| text("j:PersonHairColorCode", values.hair().1)),
        values.maybe("feature", 0.05, |_| {
            let feature = text("nc:PhysicalFeatureDescriptionText", "TATTOO, ANCHOR");
            within(&["nc:PersonPhysicalFeature"], feature).map(Part::many)
        }),
    ];
    let mut own = vec![values.maybe("alien number", 0.05, |values| {
        identified("im:AlienNumberIdentification", format!("A900{}", values.digits(6)))
    })];
    let status = values.maybe("immigration status", 0.03, |_| {
        within(&["im:ImmigrationStatus"], text("nc:StatusText", "TEMPORARY WORKER"))
    });
    let foreign =
        values.maybe("foreign born", 0.04, |values| literal("j:PersonForeignBornIndicator", values.boolean()));
    parts.push(home(values, release));
    let is_history = answer.kind == Kind::Kr;
    let license = license(&mut answer.values, release, is_history);
    parts.push(group("j:PersonAugmentation", [foreign, license]));
    if release == Release::Six {
        parts.push(within(&["im:PersonAugmentation"], status));
    } else {
        own.push(status);
        if is_history {
            own.extend(convictions(&mut answer.values));
        }
    }
    parts.push(group(names(release).person_augmentation, own));
    if answer.has_photo && !answer.kind.is_of_vehicles() {
        parts.extend(images(answer));
    }
    parts.extend(answer.local());
    let person = group("nc:Person", parts).map(Part::many);
    match id {
        Some(id) => person.map(|person| person.with("structures:id", id)),
        None => person,
    }
}

fn measured(name: &'static str, value: usize, unit: &'static str) -> Option<Part> {
    group(name, [text("nc:MeasureDecimalValue", value.to_string()), text("nc:MeasureUnitText", unit)])
}

fn home(values: &mut Values<'_>, release: Release) -> Option<Part> {
    let address = values.maybe("address", 0.9, |values| {
        let state = values.state.code;
        let state = if release == Release::Five && values.state.choice("state", 2) == 0 {
            text("usps:StateCode", state)
        } else {
            text("nc:StateName", state)
        };
        let parts = [
            text("nc:AddressDeliveryPointText", values.street()),
            text("nc:AddressCityName", values.city()),
            values.maybe("county", 0.3, |values| text("nc:AddressCountyName", values.county())),
            within(&["nc:AddressState"], state),
            text("nc:AddressPostalCode", values.postal_code()),
        ];
        let name = if release == Release::Six { "nc:PersonResidenceAddress" } else { "nc:ContactMailingAddress" };
        group(name, parts)
    });
    if release == Release::Six {
        return address;
    }
    let email =
        values.maybe("email", 0.05, |values| text("nc:ContactEmailID", format!("{}@example.org", values.digits(5))));
    group("nc:PersonHomeContactInformation", [address, email])
}

fn convictions(values: &mut Values<'_>) -> Vec<Option<Part>> {
    let mut parts = Vec::new();
    for _ in 0..values.random.below(5) {
        let (code, offense) = values.offense();
        let conviction = [
            dated("nc:ActivityDate", values.date(2008, 2026)),
            text("j:DriverConvictionOffenseCode", code),
            text("j:DriverConvictionOffenseText", offense),
            values.maybe("conviction state", 0.7, |values| {
                let state = text("nc:JurisdictionText", values.state.code);
                within(&["j:ConvictionCourt", "nc:OrganizationJurisdiction"], state)
            }),
            values.maybe("disposition", 0.6, |values| {
                within(&["nc:ActivityDisposition"], text("nc:DispositionText", values.disposition()))
            }),
        ];
        parts.push(group("j:DriverConviction", conviction).map(Part::many));
    }
    parts
}

fn license(values: &mut Values<'_>, release: Release, is_history: bool) -> Option<Part> {
    let is_six = release == Release::Six;
    let number = text("nc:IdentificationID", values.license_number());
    let jurisdiction = values.maybe("license jurisdiction", 0.6, |values| {
        within(&["nc:IdentificationJurisdiction"], text("nc:JurisdictionText", values.state.code))
    });
    let mut parts = if is_six {
        vec![number, jurisdiction]
    } else {
        vec![group("j:DriverLicenseIdentification", [number, jurisdiction])]
    };
    let name = |six, five| if is_six { six } else { five };
    parts.extend([
        values.maybe("issue date", 0.9, |values| {
            dated(name("nc:IdentificationIssueDate", "j:DriverLicenseIssueDate"), values.date(2016, 2026))
        }),
        dated(name("nc:IdentificationExpirationDate", "j:DriverLicenseExpirationDate"), values.date(2027, 2036)),
        values.maybe("limited term", 0.2, |values| {
            let name = name("nc:IdentificationLimitedTermIndicator", "j:DriverLicenseLimitedTermIndicator");
            literal(name, values.boolean())
        }),
        values.maybe("real id", 0.3, |values| text("j:DriverLicenseREALIDComplianceCode", values.pick(&["F", "N"]))),
        values.maybe("card number", 0.2, |values| {
            identified("j:DriverLicenseCardIdentification", values.digits(5) + &values.letters(5))
        }),
        text("j:DriverLicenseNonCommercialClassText", values.license_class()),
        values.maybe("commercial class", 0.1, |_| text("j:DriverLicenseCommercialClassCode", "A")),
        text("j:DriverLicenseNonCommercialStatusCode", values.license_status()),
        values.maybe("medical certification", 0.05, |_| {
            let status = text("j:DriverLicenseMedicalCertificationStatusCode", "CERTIFIED");
            within(&[name("nc:LicenseMedicalCertification", "j:DriverLicenseMedicalCertification")], status)
        }),
    ]);
    for fact in ["restriction", "second restriction"] {
        parts.push(values.maybe(fact, 0.35, |values| {
            let restriction = match is_six {
                true => within(&["nc:LicenseRestriction"], text("nc:LicenseRestrictionText", values.restriction())),
                false => {
                    within(&["j:DriverLicenseRestriction"], text("j:DrivingRestrictionText", values.restriction()))
                }
            };
            restriction.map(Part::many)
        }));
    }
    parts.push(values.maybe("endorsement", 0.15, |values| {
        let name = name("nc:LicenseEndorsementText", "j:DriverLicenseEndorsementText");
        let endorsement = text(name, values.endorsement());
        within(&["j:DriverLicenseEndorsement"], endorsement).map(Part::many)
    }));
    if is_history {
        for _ in 0..values.random.between(1, 3) {
            let (code, reason) = values.offense();
            let withdrawal = [
                dated("j:DriverLicenseWithdrawalEffectiveDate", values.date(2010, 2024)),
                if is_six { None } else { text("j:DriverLicenseWithdrawalCode", code) },
                text("j:DriverLicenseWithdrawalText", reason),
            ];
            parts.push(group("j:DriverLicenseWithdrawal", withdrawal).map(Part::many));
        }
    }
    group("j:DriverLicense", parts)
}

fn images(answer: &mut Answer<'_>) -> [Option<Part>; 2] {
    let photo = image("nc:Base64BinaryObject", answer.photo());
    let values = &mut answer.values;
    let photo = [
        photo,
        values.maybe("capture date", 0.6, |values| {
            within(&["nc:BinaryCaptureDate"], text("nc:Date", values.iso_date(2012, 2026)))
        }),
        values.maybe("image format", 0.7, |_| text("nc:BinaryFormatText", "JPEG")),
    ];
    let has_signature = values.has("signature", 0.2);
    let signature = if has_signature { image("nc:Base64BinaryObject", answer.signature()) } else { None };
    [group("nc:PersonDigitalImage", photo), within(&["nc:PersonDigitizedSignatureImage"], signature)]
}

fn registration(answer: &mut Answer<'_>, release: Release, holder: Option<String>) -> Option<Part> {
    let syntax = answer.syntax;
    let values = &mut answer.values;
    let plate = [
        text("nc:IdentificationID", values.plate()),
        values.maybe("plate state", 0.8, |values| {
            within(&["nc:IdentificationJurisdiction"], text("nc:JurisdictionText", values.state.code))
        }),
    ];
    let (make, model) = values.vehicle();
    let vehicle = [
        identified("nc:VehicleIdentification", values.vin()),
        text("ncic:VehicleMakeCode", make),
        values.maybe("model", 0.85, |_| text("ncic:VehicleModelCode", model)),
        values.maybe("color", 0.8, |values| {
            text("nc:ConveyanceColorPrimaryText", values.pick(&["BLUE", "WHITE", "BLACK", "SILVER", "RED", "GRAY"]))
        }),
        text("nc:ItemModelYearDate", values.year()),
    ];
    let owner = match holder {
        Some(id) => {
            let holder = nil("nc:EntityPerson").with("structures:ref", id);
            Some(if syntax == Syntax::Xml { holder.with("xsi:nil", "true") } else { holder })
        }
        None if values.random.chance(0.15) => {
            within(&["nc:EntityOrganization"], text("nc:OrganizationName", values.company()))
        }
        None => within(&["nc:EntityPerson", "nc:PersonName"], text("nc:PersonFullName", values.full_name())),
    };
    let mut parts = vec![
        group("j:ConveyanceRegistrationPlateIdentification", plate),
        values.maybe("registration status", 0.8, |values| {
            let status = text("nc:StatusText", values.pick(&["VALID", "EXPIRED", "SUSPENDED"]));
            within(&["j:ConveyanceRegistrationStatus"], status)
        }),
        dated("j:RegistrationExpirationDate", values.date(2026, 2029)),
        within(&[names(release).registration_augmentation], group("nc:Vehicle", vehicle)),
        group("j:RegistrationHolder", [owner]),
    ];
    parts.extend(answer.local());
    group("j:ConveyanceRegistration", parts).map(Part::many)
}
