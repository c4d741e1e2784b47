//! Who asks: attacks 30 to 32.

use dmv_redact::{Disposition, Filter, Instrument, Reason, Requester};
use dmv_redact_testing::attacks::{BASELINE, cleaned, envelope, niem, nlets, nlets_with, redact_for, withheld};
use dmv_redact_testing::root;

/// A message to this destination, written as it stands.
fn to(destination: &str) -> String {
    nlets_with("", &envelope(destination), "")
}

#[test]
fn attack_30_what_is_no_ori_is_no_requester() {
    for ori in [
        "",
        " ",
        "az0070000",
        "AZ00700000",
        "AZ007000",
        " AZ0070000",
        "AZ0070000 ",
        "AZ0070000\n",
        "AZ00\u{200B}70000",
        "\u{391}Z0070000",
        "\u{FF21}Z0070000",
        "AZ007000\u{661}",
        "AZ007000*",
        "AZ*",
        "*",
        "AZ0070000,AZ0080000",
        "A\u{0}0070000",
    ] {
        assert!(Requester::new(ori).is_err(), "{ori:?}");
        if !ori.contains('\0') {
            let reason = withheld(to(ori));
            let expected =
                [Reason::RequesterInvalid, Reason::RequesterMissing, Reason::EnvelopeShape, Reason::RequesterUnknown];
            assert!(expected.contains(&reason), "{ori:?}: {reason:?}");
        }
    }
    for written in ["AZ<!-- -->0070000", "<![CDATA[AZ0070000]]>", "&#65;Z0070000"] {
        assert!(cleaned(&to(written)).contains("EXAMPLE"));
    }
}

#[test]
fn attack_30_a_requester_is_named_once_and_by_both_the_same() {
    let envelope_of = |destinations: &str| {
        nlets_with("", &format!("<nh2:MessageKeyCodeText>DR</nh2:MessageKeyCodeText>{destinations}"), "")
    };
    let destination = |ori: &str| format!("<nh2:DestinationORIID>{ori}</nh2:DestinationORIID>");
    assert_eq!(withheld(envelope_of("")), Reason::RequesterMissing);
    assert_eq!(
        withheld(envelope_of(&(destination("AZ0070000") + &destination("AZ0080000")))),
        Reason::RequesterSeveral
    );
    withheld(envelope_of(&(destination("AZ0070000") + &destination(""))));
    withheld(envelope_of(&(destination("") + &destination("AZ0070000"))));
    withheld(envelope_of(
        "<nh2:DestinationORIID><nh2:DestinationORIID>AZ0070000</nh2:DestinationORIID></nh2:DestinationORIID>",
    ));
    withheld(envelope_of("<nh2:DestinationORIID/>"));
    withheld(envelope_of("<DestinationORIID>AZ0070000</DestinationORIID>"));
    let asked =
        |ori: &str, message: &str| redact_for(&BASELINE, &Requester::new(ori).unwrap(), message.as_bytes()).1.reason();
    assert_eq!(asked("AZ0070000", &to("AZ0070000")), None);
    assert_eq!(asked("AZ0070000", &to("AZ0080000")), Some(Reason::RequesterMismatch));
    assert_eq!(asked("AZ0070000", &to("VTICE0900")), Some(Reason::RequesterMismatch));
    assert_eq!(asked("AZ0070000", &envelope_of("")), None);
    assert_eq!(withheld(niem("").replace("\"AZ0070000\"", "[\"AZ0070000\", \"AZ0080000\"]")), Reason::RequesterSeveral);
    withheld(niem("").replace("\"AZ0070000\"", "{\"AZ0070000\": 1}"));
    withheld(niem("").replace("\"AZ0070000\"", "null"));
}

#[test]
fn attack_30_a_federal_office_is_not_of_the_state_its_ori_begins_with() {
    assert_eq!(withheld(to("VTICE0900")), Reason::Review);
    for ori in ["VTICE0900", "AZICE0100", "CAICE0000", "NYICE1200"] {
        let (output, receipt) = redact_for(&BASELINE, &Requester::from_envelope(), to(ori).as_bytes());
        assert_eq!((receipt.disposition(), output.as_str()), (Disposition::Held, ""), "{ori}");
        assert_eq!(receipt.agency_classes().collect::<Vec<_>>(), ["immigration"], "{ori}");
    }
    assert_eq!(withheld(to("ZZ0000000")), Reason::RequesterUnknown);
    let policy = "[policy]\nname = 'x'\nversion = '1'\n[agencies.state]\nori = ['VT*']\nexcept = ['ice']\n[agencies.ice]\nori = ['VTICE0900']\n\
                  [[permit]]\nid = 'p'\nagencies = ['state']\nelements = ['person.name']\n";
    for text in [policy.to_owned(), policy.replace("except = ['ice']\n", "")] {
        let filter = Filter::builder().policy_text("policy.toml", text).build().unwrap();
        let reason = redact_for(&filter, &Requester::from_envelope(), to("VTICE0900").as_bytes()).1.reason();
        assert_eq!(reason, Some(Reason::NothingPermitted));
        assert_eq!(redact_for(&filter, &Requester::from_envelope(), to("VT0010000").as_bytes()).1.reason(), None);
    }
}

/// An address in the body of a message.
const ADDRESS: &str = "<nc:LocationAddress><nc:StructuredAddress><nc:LocationCityName>TUCSON</nc:LocationCityName></nc:StructuredAddress></nc:LocationAddress>";

#[test]
fn attack_31_a_request_that_says_what_the_policy_does_not_declare_is_refused() {
    let address = ADDRESS;
    let message = nlets(address);
    let output = |requester: Requester| redact_for(&BASELINE, &requester, message.as_bytes()).0;
    let police = || Requester::new("AZ0070000").unwrap();
    let without = output(police());
    assert!(without.contains("EXAMPLE") && without.contains("TUCSON"));
    assert!(!output(police().purpose("E")).contains("TUCSON"));
    let refused = |requester: Requester| {
        let (output, receipt) = redact_for(&BASELINE, &requester, message.as_bytes());
        assert_eq!((output.as_str(), receipt.disposition()), ("", Disposition::Withheld));
        assert_eq!(BASELINE.verify(without.as_bytes(), &requester).is_ok(), BASELINE.check_request(&requester).is_ok());
        assert!(BASELINE.check_request(&requester).is_err());
        receipt.reason().unwrap()
    };
    for purpose in ["", " ", "c", "C ", " C", "CC", "C,F", "*", "Z", "\u{421}", "C\0", "I", "CRIMINAL"] {
        assert_eq!(refused(police().purpose(purpose)), Reason::PurposeUnknown, "{purpose:?}");
    }
    assert_eq!(refused(police().purpose("C").purpose("F")), Reason::PurposeSeveral);
    assert_eq!(refused(police().purpose("F").purpose("C").purpose("C")), Reason::PurposeSeveral);
    assert_ne!(output(police().purpose("E").purpose("E")), without);
    // A purpose in the message is the requester's own word, and none that the switch vouches for.
    let said = nlets(&format!("<n2:PurposeCode>E</n2:PurposeCode>{address}"));
    assert_eq!(redact_for(&BASELINE, &police(), said.as_bytes()).0, without);
    for claim in ["Approved", "approved ", "*", "", "judicial_warrant"] {
        assert_eq!(refused(police().claim("approved").claim(claim)), Reason::ClaimUnknown, "{claim:?}");
        let ice = Requester::new("VTICE0900").unwrap().claim(claim);
        let receipt = redact_for(&BASELINE, &ice, to("VTICE0900").as_bytes()).1;
        assert_eq!(receipt.reason(), Some(Reason::ClaimUnknown), "{claim:?}");
    }
}

/// A policy that gives what an instrument specifies, and nothing else.
const SPECIFIED: &str = "[policy]\nname = 'x'\nversion = '1'\nclaims = ['order', 'warrant']\n\
    [claims]\nwarrant = { title = 'a warrant', issuers = ['federal-judge', 'state-judge'] }\n\
    [agencies.ice]\nori = ['VTICE0900']\n\
    [[permit]]\nid = 'p'\nagencies = ['ice']\nspecified-by = ['order', 'warrant']\nelements = ['person']\n\
    [[permit]]\nid = 'q'\nagencies = ['ice']\nelements = ['license']\n\
    [[forbid]]\nid = 'f'\nspecified-by = ['warrant']\nelements = ['license.number']\n";

#[test]
fn p1_only_what_an_instrument_specifies_goes_out() {
    let filter = Filter::builder().policy_text("policy.toml", SPECIFIED).build().unwrap();
    let body = "<nc:PersonName><nc:PersonGivenName>ALEX</nc:PersonGivenName><nc:PersonSurName>EXAMPLE</nc:PersonSurName></nc:PersonName>\
        <nc:PersonBirthDate><nc:Date>1980-01-31</nc:Date></nc:PersonBirthDate><nc:DriverLicense><nc:DriverLicenseIdentification>\
        <nc:IdentificationID>D1234567</nc:IdentificationID></nc:DriverLicenseIdentification>\
        <nc:DriverLicenseNonCommercialClassText>C</nc:DriverLicenseNonCommercialClassText></nc:DriverLicense>";
    let message = nlets(body).replace("AZ0070000", "VTICE0900");
    let ice = || Requester::new("VTICE0900").unwrap().date("2026-12-01").unwrap();
    let goes_out = |requester: &Requester| {
        let (output, receipt) = redact_for(&filter, requester, message.as_bytes());
        assert!(filter.verify(output.as_bytes(), requester).is_ok(), "{requester:?}");
        assert!(receipt.disposition().releases(), "{requester:?}");
        let values = ["ALEX", "EXAMPLE", "1980-01-31", "D1234567", ">C<"];
        values.into_iter().filter(|value| output.contains(value)).collect::<Vec<_>>().join(" ")
    };
    let order =
        |elements: &[&str]| elements.iter().fold(Instrument::new("order"), |own, element| own.specifies(*element));
    let warrant = |elements: &[&str]| {
        elements.iter().fold(Instrument::new("warrant").issuer("federal-judge"), |own, element| own.specifies(*element))
    };
    for (instruments, values) in [
        (vec![], ">C<"),
        (vec![order(&[])], ">C<"),
        (vec![order(&["person.birth-date"])], "1980-01-31 >C<"),
        (vec![order(&["person.name.given", "license"])], "ALEX >C<"),
        (vec![order(&["*"])], "ALEX EXAMPLE 1980-01-31 >C<"),
        (vec![order(&["group:dppa-personal"])], "ALEX EXAMPLE 1980-01-31 >C<"),
        (vec![warrant(&["license.number"])], "D1234567 >C<"),
        (vec![warrant(&["license"]), order(&["person.name"])], "ALEX EXAMPLE D1234567 >C<"),
        (vec![warrant(&["*"]), order(&[])], "ALEX EXAMPLE 1980-01-31 D1234567 >C<"),
    ] {
        let requester = instruments.iter().cloned().fold(ice(), Requester::instrument);
        assert_eq!(goes_out(&requester), values, "{instruments:?}");
        let reversed = instruments.iter().rev().cloned().fold(ice(), Requester::instrument);
        assert_eq!(goes_out(&reversed), values, "{instruments:?}");
    }
    // The claim alone specifies nothing, and what is specified is nobody else's.
    assert_eq!(goes_out(&ice().claim("order")), ">C<");
    assert_eq!(
        goes_out(&ice().instrument(warrant(&["*"]).until("2026-12-01").unwrap())),
        "ALEX EXAMPLE 1980-01-31 D1234567 >C<"
    );
}

#[test]
fn attack_31_an_instrument_that_is_not_understood_withholds_the_message() {
    let filter = Filter::builder().policy_text("policy.toml", SPECIFIED).build().unwrap();
    let message = nlets("").replace("AZ0070000", "VTICE0900");
    let ice = || Requester::new("VTICE0900").unwrap().date("2026-12-01").unwrap();
    let order = || Instrument::new("order").specifies("*");
    let warrant = || Instrument::new("warrant").issuer("state-judge").specifies("*");
    let many = (0..1000).fold(order(), |own, number| own.specifies(format!("no.such{number}")));
    for (requester, reason) in [
        (ice().claim("warrant"), Reason::InstrumentInvalid),
        (ice().instrument(Instrument::new("warrant").specifies("*")), Reason::InstrumentInvalid),
        (ice().instrument(Instrument::new("warrant").issuer("immigration-officer")), Reason::InstrumentInvalid),
        (ice().instrument(order().issuer("state-judge")), Reason::InstrumentInvalid),
        (ice().instrument(order()).instrument(order().number("2")), Reason::InstrumentInvalid),
        (ice().instrument(order().number("")), Reason::InstrumentInvalid),
        (ice().instrument(order().number("4\n2")), Reason::InstrumentInvalid),
        (ice().instrument(order().specifies("person.nam")), Reason::InstrumentInvalid),
        (ice().instrument(order().specifies("")), Reason::InstrumentInvalid),
        (ice().instrument(many), Reason::InstrumentInvalid),
        (ice().instrument(Instrument::new("approved")), Reason::ClaimUnknown),
        (ice().instrument(Instrument::new("order (specified)")), Reason::ClaimUnknown),
        (ice().claim("order or warrant (specified)"), Reason::ClaimUnknown),
        (ice().instrument(warrant().date("2026-12-02").unwrap()), Reason::InstrumentNotInForce),
        (ice().instrument(warrant().until("2026-11-30").unwrap()), Reason::InstrumentNotInForce),
    ] {
        let (output, receipt) = redact_for(&filter, &requester, message.as_bytes());
        assert_eq!((output.as_str(), receipt.reason()), ("", Some(reason)), "{requester:?}");
        let error = filter.check_request(&requester).unwrap_err().to_string();
        assert!(!error.contains("immigration-officer") && !error.contains("no.such"), "P6: {error}");
    }
    let misspelled = ice().instrument(Instrument::new("warrant").issuer("federal-jugde"));
    assert_eq!(filter.check_request(&misspelled).unwrap_err().nearest(), Some("federal-judge"));
    let misspelled = ice().instrument(order().specifies("person.nmae"));
    assert_eq!(filter.check_request(&misspelled).unwrap_err().nearest(), Some("person.name"));
    // What is said twice in the same words is said once.
    assert!(filter.check_request(&ice().instrument(order()).instrument(order()).claim("order")).is_ok());
    // Without a date of its own, a dated instrument is judged by today.
    let today = Requester::new("VTICE0900").unwrap().instrument(warrant().until("2026-11-30").unwrap());
    let receipt = redact_for(&filter, &today, message.as_bytes()).1;
    assert_eq!(receipt.reason(), Some(Reason::InstrumentNotInForce));
}

#[test]
fn attack_32_several_destinations_are_withheld_and_records_of_several_states_get_one_grant() {
    let destination = |ori: &str| format!("<nh2:DestinationORIID>{ori}</nh2:DestinationORIID>");
    for others in
        [["AZ0070000", "VTICE0900"], ["VTICE0900", "AZ0070000"], ["AZ0070000", "NL"], ["AZ0070000", "ZZ0000000"]]
    {
        let header = format!(
            "<nh2:MessageKeyCodeText>DR</nh2:MessageKeyCodeText>{}{}",
            destination(others[0]),
            destination(others[1])
        );
        let reason = withheld(nlets_with("", &header, ""));
        assert!(matches!(reason, Reason::RequesterSeveral | Reason::RequesterInvalid), "{others:?}: {reason:?}");
    }
    // A second envelope behind the first, or in the body, is no second say.
    let second = format!(
        "</n2:Person></n2:NLETSResponseData><n2:NLETSMessageHeader>{}</n2:NLETSMessageHeader><n2:NLETSResponseData><n2:Person>",
        envelope("VTICE0900")
    );
    withheld(nlets(&second));
    let states = "</n2:Person><n2:Person><n2c:RecordStateCode>NM</n2c:RecordStateCode><nc:PersonSSNIdentification><nc:IdentificationID>CNRYZQXJ</nc:IdentificationID></nc:PersonSSNIdentification>";
    assert!(cleaned(&nlets(states)).contains("NM"));
    assert_eq!(
        withheld(nlets(states).replace(">DR<", ">DR</nh2:MessageKeyCodeText><nh2:MessageKeyCodeText>RR<")),
        Reason::MessageTypeSeveral
    );
}

/// A policy with a forbid for one purpose, and what the forbid says besides.
fn forbidding(listed: &str, rest: &str) -> Filter {
    let text = format!(
        "[policy]\nname = 'x'\nversion = '1'\n{listed}\n[agencies.state]\nori = ['AZ*']\n[[permit]]\nid = 'p'\n\
         agencies = ['state']\nelements = ['person']\n[[forbid]]\nid = 'f'\npurposes = ['E']\n\
         elements = ['person.address']\n{rest}\n"
    );
    Filter::builder().policy_text("policy.toml", text).build().unwrap()
}

#[test]
fn attack_31_a_forbid_for_one_purpose_is_not_evaded_by_leaving_the_purpose_out() {
    let message = nlets(ADDRESS);
    let given = |filter: &Filter, purpose: Option<&str>| {
        let police = Requester::new("AZ0070000").unwrap();
        let police = purpose.iter().fold(police, |police, purpose| police.purpose(*purpose));
        let (output, receipt) = redact_for(filter, &police, message.as_bytes());
        assert!(filter.verify(output.as_bytes(), &police).is_ok() || output.is_empty());
        receipt.disposition().releases().then(|| output.contains("TUCSON"))
    };
    for listed in ["", "purposes = ['C', 'E']"] {
        let filter = forbidding(listed, "");
        assert_eq!(given(&filter, None), Some(false), "{listed}");
        assert_eq!(given(&filter, Some("E")), Some(false), "{listed}");
        let other = if listed.is_empty() { None } else { Some(true) };
        assert_eq!(given(&filter, Some("C")), other, "{listed}");
        for evasion in ["e", " E", "E ", "EMPLOYMENT", "EE", ""] {
            assert_eq!(given(&filter, Some(evasion)), None, "{listed} {evasion:?}");
        }
        let skipping = forbidding(listed, "when-absent = 'skip'");
        assert_eq!(given(&skipping, None), Some(true), "{listed}");
        assert_eq!(given(&skipping, Some("E")), Some(false), "{listed}");
    }
}

#[test]
fn attack_31_where_no_rule_asks_for_a_purpose_any_code_will_do() {
    let policy = "[policy]\nname = 'x'\nversion = '1'\n[agencies.state]\nori = ['AZ*']\n\
                  [[permit]]\nid = 'p'\nagencies = ['state']\nelements = ['person.name']\n";
    let filter = Filter::builder().policy_text("policy.toml", policy).build().unwrap();
    let reason = |purpose: &str| {
        let police = Requester::new("AZ0070000").unwrap().purpose(purpose);
        redact_for(&filter, &police, nlets("").as_bytes()).1.reason()
    };
    for purpose in ["C", "E", "SAF"] {
        assert_eq!(reason(purpose), None, "{purpose}");
    }
    for purpose in ["", " ", "c", "C ", "EMPLOYMENT", "\u{421}"] {
        assert_eq!(reason(purpose), Some(Reason::PurposeUnknown), "{purpose:?}");
    }
    let listed = policy.replace("version = '1'\n", "version = '1'\npurposes = []\n");
    let filter = Filter::builder().policy_text("policy.toml", listed).build().unwrap();
    let police = Requester::new("AZ0070000").unwrap().purpose("C");
    assert_eq!(redact_for(&filter, &police, nlets("").as_bytes()).1.reason(), Some(Reason::PurposeUnknown));
}

#[test]
fn attack_31_what_was_probably_meant_is_told_without_the_request() {
    let police = || Requester::new("AZ0070000").unwrap();
    let told = |requester: Requester| BASELINE.check_request(&requester).unwrap_err().to_string();
    assert_eq!(told(police().purpose(" e ")), "the policy declares no such purpose; did you mean `E`?");
    let listed = "the policy declares no such purpose; it declares `C`, `D`, `E`, `F`, `J`, `S`";
    assert_eq!(told(police().purpose("SMITH 900-12-3456")), listed);
    assert_eq!(told(police().claim("aproved")), "the policy declares no such claim; did you mean `approved`?");
    assert_eq!(told(police().purpose("C").purpose("F")), "the request states two purposes; a request has one purpose");
}

#[test]
fn attack_30_an_office_with_letters_where_police_have_digits_is_not_police() {
    let starter = root().join("crates/cli/starter/policy.toml");
    let starter = Filter::builder().policy_path(starter).build().unwrap();
    let reason = |filter: &Filter, ori: &str| {
        let requester = Requester::from_envelope().purpose("C");
        redact_for(filter, &requester, to(ori).as_bytes()).1.reason()
    };
    let states = "AL AK AZ AR CA CO CT DE DC FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NB NV NH NJ NM NY NC ND OH \
                  OK OR PA RI SC SD TN TX UT VT VA WA WV WI WY AS GM MP PR VI";
    for state in states.split(' ') {
        for office in ["TSA0000", "FBI0000"] {
            let ori = format!("{state}{office}");
            assert_eq!(reason(&BASELINE, &ori), Some(Reason::RequesterUnknown), "{ori}");
            assert_eq!(reason(&starter, &ori), Some(Reason::RequesterUnknown), "{ori}");
        }
        // These are told by their shape, and a person looks first.
        for office in ["ICE0100", "ERO0100", "HSI0100", "INS0100", "CBP0100", "USBP000", "USCIS00"] {
            let ori = format!("{state}{office}");
            assert_eq!(reason(&BASELINE, &ori), Some(Reason::Review), "{ori}");
            assert_eq!(reason(&starter, &ori), Some(Reason::Review), "{ori}");
        }
        // No police are lost for it.
        for digits in ["00700", "12345", "99999", "25400"] {
            assert_eq!(reason(&BASELINE, &format!("{state}{digits}00")), None, "{state}{digits}00");
        }
    }
    for state in ["AZ", "CA", "CO", "NM", "NV", "UT"] {
        assert_eq!(reason(&starter, &format!("{state}1234500")), None);
    }
}

/// The state of record, in the envelope of a built-in format: neither the caller nor another spelling gets around it.
#[test]
fn attack_31_what_the_envelope_states_of_the_request_is_not_evaded() {
    let policy = "[policy]\nname = 'p'\nversion = '1'\n[agencies.police]\nori = ['AZ*']\n[[permit]]\nid = 'name'\n\
                  agencies = ['police']\nelements = ['person.name']\n[[forbid]]\nid = 'own'\nagencies = ['police']\n\
                  states = ['AZ']\nelements = ['person.name']\nwhen-absent = 'skip'\n";
    let filter = Filter::builder().policy_text("policy.toml", policy).build().unwrap();
    let run = |message: &str, requester: Requester| {
        let (out, receipt) = dmv_redact_testing::filters::redact_text(&filter, &requester, message);
        assert_eq!(out.is_empty(), receipt.reason().is_some());
        receipt.reason()
    };
    let nobody = Requester::from_envelope;
    let own = nlets("");
    let origin = "<nh2:OriginatingORIID>AZOLN0000</nh2:OriginatingORIID>";
    assert!(own.contains(origin));
    let other = own.replace("AZOLN0000", "NVOLN0000");
    assert_eq!(run(&own, nobody()), Some(Reason::NothingPermitted));
    assert_eq!(run(&other, nobody()), None);
    assert_eq!(run(&other, nobody().record_state("NV")), None);
    // The caller says something else.
    assert_eq!(run(&own, nobody().record_state("NV")), Some(Reason::AttributeSeveral));
    let spelled = |as_is: &str| own.replace(origin, as_is);
    for (header, reason) in [
        // Another prefix, a reference, a section, a comment.
        (
            "<x:OriginatingORIID xmlns:x='http://www.nlets.org/niem/nlets-hdr/1.0'>AZOLN0000</x:OriginatingORIID>",
            Reason::NothingPermitted,
        ),
        ("<nh2:OriginatingORIID>&#65;ZOLN0000</nh2:OriginatingORIID>", Reason::NothingPermitted),
        ("<nh2:OriginatingORIID><![CDATA[AZOLN0000]]></nh2:OriginatingORIID>", Reason::NothingPermitted),
        ("<nh2:OriginatingORIID><!-- -->AZOLN0000</nh2:OriginatingORIID>", Reason::NothingPermitted),
        ("<nh2:OriginatingORIID>AZ</nh2:OriginatingORIID>", Reason::NothingPermitted),
        // What is no state, a part in its place, and two of them.
        ("<nh2:OriginatingORIID><nh2:X>AZOLN0000</nh2:X></nh2:OriginatingORIID>", Reason::AttributeUnknown),
        ("<nh2:OriginatingORIID>NV<nh2:X>AZ</nh2:X></nh2:OriginatingORIID>", Reason::AttributeUnknown),
        ("<nh2:OriginatingORIID> AZOLN0000</nh2:OriginatingORIID>", Reason::AttributeUnknown),
        (
            "<nh2:OriginatingORIID>NVOLN0000</nh2:OriginatingORIID><nh2:OriginatingORIID>AZOLN0000</nh2:OriginatingORIID>",
            Reason::AttributeSeveral,
        ),
    ] {
        assert_eq!(run(&spelled(header), nobody()), Some(reason), "{header}");
    }
    // Every message that ends early is withheld.
    for end in (1..other.len()).filter(|end| other.is_char_boundary(*end)) {
        assert!(run(&other[..end], nobody()).is_some(), "{end}");
    }
}
