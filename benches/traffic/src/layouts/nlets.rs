//! Nlets NIEM XML.

use super::{Answer, full_dates};
use crate::part::{Part, group, image, literal, text, within};
use crate::random::Random;

pub(super) const NAMESPACES: [(&str, &str); 5] = [
    ("n2", "http://www.nlets.org/niem/1.0"),
    ("nh2", "http://www.nlets.org/niem/nlets-hdr/1.0"),
    ("n2c", "http://www.nlets.org/niem/nlets-core/1.0"),
    ("nc", "http://niem.gov/niem/niem-core/2.0"),
    ("st", "urn:example:state:records"),
];

pub(super) fn message(answer: &mut Answer<'_>) -> Part {
    let header = header(answer);
    let mut parts = Vec::new();
    for _ in 0..answer.records() {
        parts.push(if answer.kind.is_of_vehicles() { registration(answer) } else { person(answer) });
    }
    let caveat = answer.values.maybe("caveat", 0.2, |_| text("n2:CaveatText", "FOR LAW ENFORCEMENT USE"));
    parts.insert(0, caveat);
    let data = group("n2:NLETSResponseData", parts).map(|data| data.with("n2:key", answer.kind.key()));
    group("n2:NLETS", [header, data]).expect("a header").with("n2:version", "4.00")
}

fn header(answer: &mut Answer<'_>) -> Option<Part> {
    let (key, origin, destination) = (answer.kind.key(), answer.originator(), answer.destination.to_owned());
    let values = &mut answer.values;
    let parts = [
        text("nh2:MessageKeyCodeText", key),
        text("nh2:OriginatingORIID", origin),
        text("nh2:DestinationORIID", destination),
        values.maybe("control field", 0.8, |values| text("nh2:DocumentControlFieldText", values.control_field())),
        values.maybe("receive date", 0.4, |values| text("nh2:MessageReceiveDate", values.iso_date(2026, 2026))),
        values.maybe("receive time", 0.4, |values| text("nh2:MessageReceiveTime", time(&mut values.random))),
        text("nh2:MessageSendDate", values.iso_date(2026, 2026)),
        text("nh2:MessageSendTime", time(&mut values.random)),
        values.maybe("send number", 0.8, |values| text("nh2:SendMessageNumeric", values.digits(5))),
    ];
    group("n2:NLETSMessageHeader", parts)
}

fn time(random: &mut Random) -> String {
    format!("{:02}:{:02}:{:02}", random.below(24), random.below(60), random.below(60))
}

fn dated(name: &'static str, date: String) -> Option<Part> {
    within(&[name], text("nc:Date", date))
}

fn identified(name: &'static str, id: String) -> Option<Part> {
    within(&[name], text("nc:IdentificationID", id))
}

fn person(answer: &mut Answer<'_>) -> Option<Part> {
    let values = &mut answer.values;
    let name = [
        text("nc:PersonGivenName", values.given()),
        values.maybe("middle name", 0.7, |values| text("nc:PersonMiddleName", values.given())),
        text("nc:PersonSurName", values.surname()),
        values.maybe("suffix", 0.06, |values| text("nc:PersonNameSuffixText", values.suffix())),
    ];
    let height = |values: &mut crate::values::Values<'_>| {
        let (feet, inches) = (values.random.between(4, 6), values.random.below(12));
        if values.has("height unit", 0.2) {
            let height = text("nc:MeasureText", (12 * feet + inches).to_string());
            return group("nc:PersonHeightMeasure", [height, text("nc:LengthUnitCode", "INH")]);
        }
        within(&["nc:PersonHeightMeasure"], text("nc:MeasureText", format!("{feet}{inches:02}")))
    };
    let weight = |values: &mut crate::values::Values<'_>| {
        let weight = text("nc:MeasureText", values.random.between(95, 290).to_string());
        let unit = values.maybe("weight unit", 0.2, |_| text("nc:WeightUnitCode", "LB"));
        group("nc:PersonWeightMeasure", [weight, unit])
    };
    let mut parts = vec![
        group("nc:PersonName", name),
        dated("nc:PersonBirthDate", values.date(1935, 2009)),
        values.maybe("birth place", 0.15, |values| {
            let city = text("nc:LocationCityName", values.city());
            let country = text("nc:LocationCountryName", values.country());
            let address = group("nc:StructuredAddress", [city, country]);
            within(&["nc:PersonBirthLocation", "nc:LocationAddress"], address)
        }),
        values.maybe("ssn", 0.5, |values| identified("nc:PersonSSNIdentification", values.ssn())),
        values.maybe("sex", 0.97, |values| text("nc:PersonSexCode", values.sex())),
        values.maybe("race", 0.3, |values| text("nc:PersonRaceCode", values.pick(&["W", "B", "A", "I", "U"]))),
        values.maybe("height", 0.9, height),
        values.maybe("weight", 0.85, weight),
        values.maybe("eyes", 0.9, |values| text("nc:PersonEyeColorCode", values.eye().0)),
        values.maybe("hair", 0.7, |values| text("nc:PersonHairColorCode", values.hair().0)),
        values.maybe("donor", 0.4, |values| literal("nc:PersonOrganDonatorIndicator", values.boolean())),
        values.maybe("medical", 0.03, |_| text("nc:PersonMedicalDescriptionText", "DIABETIC, INSULIN")),
        values.maybe("citizen", 0.15, |values| literal("nc:PersonUSCitizenIndicator", values.boolean())),
        values.maybe("alien number", 0.05, |values| {
            identified("n2c:AlienNumberIdentification", format!("A900{}", values.digits(6)))
        }),
        values.maybe("address", 0.9, |values| {
            let parts = address(values);
            within(&["nc:LocationAddress"], group("nc:StructuredAddress", parts))
        }),
        text("n2c:RecordStateCode", values.state.code),
    ];
    parts.extend(license(answer));
    if answer.kind == crate::Kind::Kr {
        history(answer, &mut parts);
    }
    if answer.has_photo {
        parts.push(photo(answer));
    }
    parts.extend(answer.local());
    group("n2:Person", parts).map(Part::many)
}

fn address(values: &mut crate::values::Values<'_>) -> [Option<Part>; 5] {
    [
        within(&["nc:LocationStreet"], text("nc:StreetFullText", values.street())),
        text("nc:LocationCityName", values.city()),
        values.maybe("county", 0.3, |values| text("nc:LocationCountyName", values.county())),
        text("nc:LocationStateUSPostalServiceCode", values.state.code),
        text("nc:LocationPostalCode", values.postal_code()),
    ]
}

/// The license, and beside it the facts that NIEM 2.0 has no element for.
fn license(answer: &mut Answer<'_>) -> [Option<Part>; 5] {
    let values = &mut answer.values;
    let number = text("nc:IdentificationID", values.license_number());
    let jurisdiction = values
        .maybe("license jurisdiction", 0.7, |values| text("nc:IdentificationJurisdictionText", values.state.code));
    let identification = group("nc:DriverLicenseIdentification", [number, jurisdiction]);
    let card = values.maybe("card number", 0.2, |values| {
        identified("n2c:DriverLicenseCardIdentification", values.digits(5) + &values.letters(5))
    });
    let mut parts = vec![
        identification,
        text("nc:DriverLicenseNonCommercialClassText", values.license_class()),
        values.maybe("commercial class", 0.1, |_| text("nc:DriverLicenseCommercialClassCode", "A")),
        text("nc:DriverLicenseNonCommercialStatusCode", values.license_status()),
        values.maybe("commercial status", 0.1, |values| {
            text("nc:DriverLicenseCommercialStatusCode", values.license_status())
        }),
        values.maybe("issue date", 0.9, |values| dated("nc:DriverLicenseIssueDate", values.date(2016, 2026))),
        dated("nc:DriverLicenseExpirationDate", values.date(2027, 2036)),
    ];
    let term =
        values.maybe("limited term", 0.2, |values| literal("n2c:DriverLicenseLimitedTermIndicator", values.boolean()));
    let real =
        values.maybe("real id", 0.3, |values| text("n2c:DriverLicenseREALIDComplianceCode", values.pick(&["F", "N"])));
    let medical = values
        .maybe("medical certification", 0.05, |_| text("n2c:DriverLicenseMedicalCertificationStatusCode", "CERTIFIED"));
    for fact in ["restriction", "second restriction"] {
        parts.push(values.maybe(fact, 0.35, |values| {
            let restriction = text("nc:DrivingRestrictionText", values.restriction());
            within(&["nc:DriverLicenseRestriction"], restriction).map(Part::many)
        }));
    }
    parts.push(values.maybe("endorsement", 0.15, |values| {
        text("nc:DriverLicenseEndorsementText", values.endorsement()).map(Part::many)
    }));
    if answer.kind == crate::Kind::Kr {
        for _ in 0..values.random.below(3) {
            let (code, reason) = values.offense();
            let withdrawal = [
                dated("nc:DriverLicenseWithdrawalEffectiveDate", values.date(2010, 2024)),
                values.maybe("withdrawal end", 0.7, |values| {
                    dated("nc:DriverLicenseWithdrawalEligibilityDate", values.date(2024, 2026))
                }),
                text("nc:DriverLicenseWithdrawalCode", code),
                text("nc:DriverLicenseWithdrawalText", reason),
            ];
            parts.push(group("nc:DriverLicenseWithdrawal", withdrawal).map(Part::many));
        }
    }
    [group("nc:DriverLicense", parts), card, term, real, medical]
}

fn history(answer: &mut Answer<'_>, parts: &mut Vec<Option<Part>>) {
    let values = &mut answer.values;
    for _ in 0..values.random.below(5) {
        let (code, offense) = values.offense();
        let conviction = [
            dated("n2c:ConvictionDate", values.date(2008, 2026)),
            text("n2c:ConvictionCode", code),
            text("n2c:ConvictionText", offense),
            values.maybe("conviction state", 0.7, |values| text("n2c:ConvictionStateCode", values.state.code)),
            values.maybe("disposition", 0.6, |values| text("n2c:ConvictionDispositionText", values.disposition())),
        ];
        parts.push(group("n2c:DriverConviction", conviction).map(Part::many));
    }
    for _ in 0..values.random.below(2) {
        let accident = [
            dated("nc:ActivityDate", values.date(2008, 2026)),
            text("n2c:AccidentSeverityCode", values.pick(&["PDO", "INJ"])),
            values.maybe("accident text", 0.6, |_| text("n2c:AccidentText", "REAR END COLLISION")),
        ];
        parts.push(group("n2c:DriverAccident", accident).map(Part::many));
    }
    let points = values.digits(1);
    parts.push(
        values.maybe("points", 0.6, |_| within(&["n2c:DriverHistorySummary"], literal("n2c:PointQuantity", points))),
    );
}

fn photo(answer: &mut Answer<'_>) -> Option<Part> {
    let image = image("nc:BinaryBase64Object", answer.photo());
    let is_full = full_dates(answer.values.state);
    let values = &mut answer.values;
    let parts = [
        image,
        values.maybe("capture date", 0.7, |values| {
            dated("nc:BinaryCaptureDate", if is_full { values.iso_date(2012, 2026) } else { values.year() })
        }),
        values.maybe("image format", 0.7, |_| text("nc:BinaryFormatID", "JPEG")),
        values
            .maybe("image size", 0.4, |values| literal("nc:BinarySizeValue", values.random.between(8, 40).to_string())),
    ];
    group("nc:PersonDigitalImage", parts)
}

fn registration(answer: &mut Answer<'_>) -> Option<Part> {
    let values = &mut answer.values;
    let plate = [
        text("nc:IdentificationID", values.plate()),
        values.maybe("plate state", 0.8, |values| text("nc:IdentificationJurisdictionText", values.state.code)),
    ];
    let (make, model) = values.vehicle();
    let vehicle = [
        identified("nc:VehicleIdentification", values.vin()),
        text("nc:VehicleMakeCode", make),
        values.maybe("model", 0.85, |_| text("nc:VehicleModelCode", model)),
        values.maybe("style", 0.7, |values| text("nc:VehicleStyleCode", values.pick(&["4D", "2D", "PK", "SW", "UT"]))),
        values.maybe("color", 0.8, |values| {
            text("nc:VehicleColorPrimaryCode", values.pick(&["BLU", "WHI", "BLK", "SIL", "RED", "GRY"]))
        }),
        text("nc:ItemModelYearDate", values.year()),
    ];
    let is_company = values.random.chance(0.15);
    let owner = if is_company {
        text("nc:OrganizationName", values.company())
    } else {
        within(&["nc:PersonName"], text("nc:PersonFullName", values.full_name()))
    };
    let home = values.maybe("owner address", 0.85, |values| {
        let [street, city, _, state, code] = address(values);
        within(&["nc:LocationAddress"], group("nc:StructuredAddress", [street, city, state, code]))
    });
    let mut parts = vec![
        values.maybe("record state", 0.5, |values| text("n2c:RecordStateCode", values.state.code)),
        group("nc:ConveyanceRegistrationPlateIdentification", plate),
        values.maybe("plate type", 0.6, |values| {
            text("nc:ConveyanceRegistrationPlateCategoryCode", values.pick(&["PC", "TK", "MC", "AP"]))
        }),
        within(
            &["nc:ConveyanceRegistrationDecal"],
            text("nc:DecalYearDate", values.random.between(2025, 2028).to_string()),
        ),
        values.maybe("registration status", 0.8, |values| {
            text("n2c:RegistrationStatusCode", values.pick(&["VALID", "EXPIRED", "SUSPENDED"]))
        }),
        values.maybe("registration issue", 0.4, |values| dated("n2c:RegistrationIssueDate", values.date(2018, 2025))),
        dated("n2c:RegistrationExpirationDate", values.date(2026, 2029)),
        values
            .maybe("title", 0.4, |values| identified("n2c:TitleIdentification", values.letters(2) + &values.digits(8))),
        group("nc:Vehicle", vehicle),
        group("n2c:RegisteredOwner", [owner, home]),
        values.maybe("lien", 0.3, |values| text("n2c:LienHolderName", values.lender())),
        values.maybe("insurance", 0.5, |values| text("n2c:InsuranceCompanyName", values.insurer())),
        values.maybe("policy number", 0.4, |values| {
            identified("n2c:InsurancePolicyIdentification", values.policy_number())
        }),
    ];
    parts.extend(answer.local());
    group("n2:VehicleRegistration", parts).map(Part::many)
}
