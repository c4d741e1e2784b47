//! The library as a message switch links it: batches, reused buffers, receipts.

use std::fs;

use dmv_redact::{Disposition, Filter, Limits, Reason, Request, Requester};
use dmv_redact_testing::filters::limits;
use dmv_redact_testing::{fixture, root};

fn is_shared<T: Send + Sync>(_: &T) {}

#[test]
fn a_batch_keeps_its_order_and_no_refusal_touches_another_message() {
    let filter = Filter::builder().build().unwrap();
    is_shared(&filter);
    let requester = Requester::from_envelope();
    let released = fixture("dr-in-state-police/message.xml");
    let held = fixture("dr-ice/message.xml");
    let json = fixture("niem-json-list/message.json");
    let kinds: [(&[u8], Disposition); 4] = [
        (&released, Disposition::Redacted),
        (&held, Disposition::Held),
        (b"{\"broken\":", Disposition::Withheld),
        (&json, Disposition::Redacted),
    ];
    let wanted: Vec<_> = kinds.iter().cycle().take(1000).collect();
    let requests: Vec<_> = wanted.iter().map(|(message, _)| Request { message, requester: &requester }).collect();
    let redactions = filter.redact_batch(&requests);
    assert_eq!(redactions.len(), wanted.len());
    for (redaction, (message, disposition)) in redactions.iter().zip(wanted) {
        assert_eq!(redaction.receipt.disposition(), *disposition);
        let mut alone = Vec::new();
        let _ = filter.redact(message, &requester, &mut alone);
        assert_eq!(redaction.output, alone);
    }
}

#[test]
fn p2_the_buffer_is_emptied_whatever_was_in_it() {
    let filter = Filter::builder().build().unwrap();
    let mut out = b"the message before, SSN 900-12-3456".to_vec();
    let receipt = filter.redact(&fixture("dr-truncated/message.xml"), &Requester::from_envelope(), &mut out);
    assert!(out.is_empty());
    assert_eq!((receipt.disposition(), receipt.bytes_out()), (Disposition::Withheld, 0));
}

#[test]
fn attack_31_two_purposes_or_an_undeclared_one_are_refused() {
    let filter = Filter::builder().build().unwrap();
    let message = fixture("dr-in-state-police/message.xml");
    let redact = |requester: Requester| {
        let mut out = Vec::new();
        let receipt = filter.redact(&message, &requester, &mut out);
        assert_eq!(receipt.disposition().releases(), !out.is_empty());
        (out, receipt.reason())
    };
    let police = || Requester::new("AZ0070000").unwrap();
    let (without, reason) = redact(police());
    assert_eq!(reason, None);
    assert_eq!(redact(police().purpose("C").purpose("F")), (Vec::new(), Some(Reason::PurposeSeveral)));
    assert_eq!(redact(police().purpose("c")), (Vec::new(), Some(Reason::PurposeUnknown)));
    assert_eq!(redact(police().claim("aproved")), (Vec::new(), Some(Reason::ClaimUnknown)));
    let (twice, reason) = redact(police().purpose("E").purpose("E"));
    assert!(reason.is_none() && twice != without);
}

#[test]
fn p6_a_receipt_says_who_why_and_how_much_and_no_value() {
    let filter = Filter::builder().build().unwrap();
    let mut out = Vec::new();
    let message = fixture("dr-in-state-police-purpose/message.xml");
    let receipt = filter.redact(&message, &Requester::from_envelope().purpose("C"), &mut out);
    assert_eq!(receipt.format(), Some("nlets-niem"));
    assert_eq!(receipt.message_type(), Some("DR"));
    assert_eq!(receipt.requester().unwrap().as_str(), "AZ0070000");
    assert_eq!(receipt.agency_classes().collect::<Vec<_>>(), ["law-enforcement"]);
    assert_eq!(
        receipt.rules().collect::<Vec<_>>(),
        ["traffic-stop", "address", "medical", "highly-restricted", "immigration-status", "immigration-status-but-ssn"]
    );
    assert_eq!((receipt.policy().name.as_str(), receipt.policy().sha256.len()), ("baseline", 64));
    assert_eq!(
        (receipt.images().map(|(_, count)| count).sum::<u32>(), receipt.bytes_in(), receipt.bytes_out()),
        (2, message.len(), out.len())
    );
    assert!(receipt.image_bytes() > 50_000);
    let ssn = receipt.elements().find(|(id, _)| *id == "person.ssn").unwrap().1;
    assert_eq!((ssn.released, ssn.removed), (0, 1));
    let written = serde_json::to_string(&receipt).unwrap();
    for value in ["EXAMPLE", "JORDAN", "900-12-3456", "D08954796", "1985", "TUCSON", "MRI1234567"] {
        assert!(!written.contains(value), "{value} in {written}");
    }
}

#[test]
fn p8_limits_withhold() {
    let message = fixture("dr-in-state-police/message.xml");
    let small = |limits: Limits| {
        let filter = Filter::builder().limits(limits).build().unwrap();
        let mut out = Vec::new();
        filter.redact(&message, &Requester::from_envelope(), &mut out).reason()
    };
    assert_eq!(small(Limits::default()), None);
    assert_eq!(small(limits(|limits| limits.message_bytes = 1000)), Some(Reason::Limit));
    assert_eq!(small(limits(|limits| limits.depth = 3)), Some(Reason::Limit));
    assert_eq!(small(limits(|limits| limits.attributes = 2)), Some(Reason::Limit));
    assert_eq!(small(limits(|limits| limits.namespaces = 2)), Some(Reason::Limit));
    assert_eq!(small(limits(|limits| limits.name_bytes = 8)), Some(Reason::Limit));
}

#[test]
fn p10_what_was_redacted_before_changes_nothing() {
    let fixtures = root().join("fixtures");
    let mut messages: Vec<Vec<u8>> = Vec::new();
    let mut folders: Vec<_> = fs::read_dir(fixtures).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    for folder in folders {
        messages.extend(["message.xml", "message.json"].iter().filter_map(|name| fs::read(folder.join(name)).ok()));
    }
    // The same root tag, and names that mean something else further down.
    let rebound = String::from_utf8(fixture("dr-in-state-police/message.xml")).unwrap();
    messages.push(rebound.replacen("<nc:PersonName>", "<nc:PersonName xmlns:nc=\"urn:other\">", 1).into_bytes());
    messages.push(rebound.replacen("<nc:Person>", "<nc:Person xmlns:nc=\"urn:other\">", 1).into_bytes());
    // The same beginning, and nothing behind it; the same context, and a name in it that is written otherwise.
    let cut: Vec<_> = messages.iter().map(|message| message[..message.len() * 9 / 10].to_vec()).collect();
    messages.extend(cut);
    let json = String::from_utf8(fixture("niem-json-list-compact/message.json")).unwrap();
    messages.push(json.replacen("\"nc\":", "\"\\u006ec\":", 1).into_bytes());
    messages.push(json.replacen("\"nc:PersonName\":", "\"nc:PersonName\" :", 1).into_bytes());
    messages.push(json.replacen("nc:PersonName", "nc:PersonNam\\u0065", 1).into_bytes());
    messages.push(json.replacen("nc:PersonSurName", "nc:PersonGivenName", 1).into_bytes());
    assert!(messages.len() > 100);
    let requesters = ["AZ0070000", "VTICE0900", "NVDMV0000"].map(|ori| Requester::new(ori).unwrap().purpose("C"));
    let redact = |filter: &Filter, message: &[u8]| {
        let mut out = Vec::new();
        let requester = &requesters[message.len() % requesters.len()];
        let receipt = filter.redact(message, requester, &mut out);
        let elements: Vec<_> = receipt.elements().map(|(id, counts)| (id.to_owned(), counts)).collect();
        (out, receipt.disposition(), elements, receipt.unmapped())
    };
    let alone: Vec<_> = messages.iter().map(|message| redact(&Filter::builder().build().unwrap(), message)).collect();
    let shared = Filter::builder().build().unwrap();
    let pairs = || messages.iter().zip(&alone);
    for (message, alone) in pairs().chain(pairs().rev()).chain(pairs().step_by(7)).chain(pairs().rev().step_by(5)) {
        assert!(redact(&shared, message) == *alone, "{}", String::from_utf8_lossy(message));
    }
}

/// P6, P11: the disposition follows the counts, not the bytes.
#[test]
fn a_message_of_which_nothing_went_is_released_in_whatever_form_it_goes_out() {
    let folder = tempfile::TempDir::new().unwrap();
    std::fs::create_dir(folder.path().join("own")).unwrap();
    std::fs::write(
        folder.path().join("own/format.toml"),
        "name = 'own'\nsyntax = 'json'\nroot = 'own'\nrequester = 'to'\n[paths]\nto = 'envelope.ori'\ntext = 'response.text'\n\
         [[text]]\nname = 'names'\npaths = ['text']\nrecognise = '(?m)^RECORD$'\n[[text.field]]\npattern = '(?m)^NAM/(?<name>[A-Z0-9-]{0,30})$'\n\
         groups = { name = 'person.name.full' }\n",
    )
    .unwrap();
    let filter = Filter::builder().formats_dir(folder.path()).build().unwrap();
    let requester = Requester::new("AZ0070000").unwrap();
    let prefixes = r#"xmlns:exch="urn:dmv-redact:exchange:driver-vehicle-response:1.0" xmlns:nc="https://docs.oasis-open.org/niemopen/ns/model/niem-core/6.0/" xmlns:s="https://docs.oasis-open.org/niemopen/ns/model/structures/6.0/""#;
    let xml = |person: &str| {
        format!(
            "<exch:DriverVehicleResponse {prefixes}><exch:MessageMetadata><exch:MessageKeyCode>DR</exch:MessageKeyCode></exch:MessageMetadata><nc:Person>{person}</nc:Person></exch:DriverVehicleResponse>"
        )
    };
    let name = "<nc:PersonName><nc:PersonSurName>EXAMPLE</nc:PersonSurName></nc:PersonName>";
    let json = |person: &str| {
        format!(
            r#"{{"exch:DriverVehicleResponse":{{"exch:MessageMetadata":{{"exch:MessageKeyCode":"DR"}},"nc:Person":{{"nc:PersonName":{{"nc:PersonSurName":"EXAMPLE"}}{person}}}}}}}"#
        )
    };
    let text = |text: &str| format!(r#"{{"own":{{"to":"AZ0070000","text":"RECORD\n{text}"}}}}"#);
    let birth = "<nc:PersonBirthDate><nc:Date>1985-07-04</nc:Date></nc:PersonBirthDate>";
    let utf_16: Vec<u8> = format!("\u{FEFF}{}", xml(name)).encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (message, expected) in [
        (xml(name).into_bytes(), Disposition::Released),
        (xml(&format!("<!-- a comment --><?pi x?>{name}")).into_bytes(), Disposition::Released),
        (xml(&name.replace("EXAMPLE", "EX<!-- -->AMPLE")).into_bytes(), Disposition::Released),
        (format!("<?xml version=\"1.0\"?><!-- -->{}", xml(name)).into_bytes(), Disposition::Released),
        (xml(&format!("{name}<nc:Person xmlns:x=\"x\"/>")).into_bytes(), Disposition::Redacted),
        (xml(name).replace("nc:", "core:").replace(":nc=", ":core=").into_bytes(), Disposition::Released),
        (xml(name).replace("<nc:Person>", "<nc:Person xmlns:x=\"x\" s:id=\"p\">").into_bytes(), Disposition::Released),
        (utf_16, Disposition::Released),
        (xml(&format!("{name}{birth}")).into_bytes(), Disposition::Released),
        (xml(&format!("{name}<nc:PersonUnknown>1</nc:PersonUnknown>")).into_bytes(), Disposition::Redacted),
        (xml(name).replace("<nc:Person>", "<nc:Person s:x=\"x\">").into_bytes(), Disposition::Redacted),
        (xml(name).replace("</nc:Person>", "</nc:Person><nc:Person s:ref=\"p\"/>").into_bytes(), Disposition::Redacted),
        (json("").into_bytes(), Disposition::Released),
        (json("").replace("nc:PersonName", "nc:PersonNam\\u0065").into_bytes(), Disposition::Released),
        (json(r##","@id":"#p""##).into_bytes(), Disposition::Released),
        (json(r#","nc:Unknown":1"#).into_bytes(), Disposition::Redacted),
        (text("NAM/EXAMPLE").into_bytes(), Disposition::Released),
        (text("NAM/EXAMPLE\\r\\n").into_bytes(), Disposition::Released),
        (text("NAM/EXAMPLE\\nRECORD\\nNAM/EXAMPLE").into_bytes(), Disposition::Released),
        (text("UNKNOWN\\nNAM/EXAMPLE").into_bytes(), Disposition::Redacted),
        (text("NAM/EXAMPLE\\nNAM/900-12-3456").into_bytes(), Disposition::Redacted),
    ] {
        let mut out = Vec::new();
        let receipt = filter.redact(&message, &requester, &mut out);
        let message = String::from_utf8_lossy(&message);
        let counts: Vec<_> = receipt.elements().collect();
        assert_eq!(receipt.disposition(), expected, "{message}: {:?} {counts:?}", receipt.detail());
        let gone: u32 = receipt.elements().map(|(_, counts)| counts.removed + counts.generalised).sum();
        assert_eq!(expected == Disposition::Released, gone + receipt.unmapped() == 0, "{message}");
    }
}

#[test]
fn p10_a_warm_filter_gives_what_a_cold_one_gives() {
    let warm = Filter::builder().build().unwrap();
    warm.warm();
    for name in ["dr-in-state-police/message.xml", "niem-json-list/message.json", "dr-ice/message.xml"] {
        let (mut first, mut second) = (Vec::new(), Vec::new());
        let cold = Filter::builder().build().unwrap();
        let one = cold.redact(&fixture(name), &Requester::from_envelope(), &mut first);
        let two = warm.redact(&fixture(name), &Requester::from_envelope(), &mut second);
        assert_eq!(first, second, "{name}");
        assert_eq!(serde_json::to_string(&one).unwrap(), serde_json::to_string(&two).unwrap());
    }
}

#[test]
fn p6_a_correlation_id_is_the_callers_own_and_decides_nothing() {
    let filter = Filter::builder().build().unwrap();
    let message = fixture("dr-in-state-police/message.xml");
    let redact = |requester: &Requester| {
        let mut out = Vec::new();
        let receipt = filter.redact(&message, requester, &mut out);
        (out, receipt)
    };
    let police = Requester::new("AZ0070000").unwrap();
    let (without, plain) = redact(&police);
    assert!(plain.correlation_id().is_none() && !serde_json::to_string(&plain).unwrap().contains("correlation-id"));
    let (with, receipt) = redact(&police.clone().correlation_id("7f3a:0042.b_c-D").unwrap());
    assert_eq!((with, receipt.correlation_id()), (without, Some("7f3a:0042.b_c-D")));
    assert!(serde_json::to_string(&receipt).unwrap().ends_with(",\"correlation-id\":\"7f3a:0042.b_c-D\"}"));
    // A receipt is written to logs and terminals: only words that can do no harm there, and no room for a value.
    for wrong in ["", "a b", "a\n", "é", "\u{202e}", "a\"", &"x".repeat(65)] {
        let error = police.clone().correlation_id(wrong).unwrap_err().to_string();
        assert_eq!(error, "the correlation id is not 1 to 64 letters, digits, `-`, `_`, `.` and `:`");
    }
}

const MEMORY_POLICY: &str = "[policy]\nname = 'p'\nversion = '1'\n[agencies.a]\nori-file = 'a.csv'\n[agencies.b]\nori = ['AZ*']\n\
    [[permit]]\nid = 'p'\nagencies = ['a']\nelements = ['person.name']\n";

#[test]
fn p2_rosters_and_included_policies_from_memory_are_read_like_files() {
    let builder = || Filter::builder().policy_bytes("policy.toml", MEMORY_POLICY);
    let filter = builder().roster_bytes("a.csv", "\u{feff}note;ori\r\nPOLICE;AZ0070000\r\n").build().unwrap();
    let message = fixture("dr-in-state-police/message.xml");
    let receipt = filter.redact(&message, &Requester::from_envelope(), &mut Vec::new());
    assert_eq!(receipt.agency_classes().collect::<Vec<_>>(), ["a"]);

    // The same bytes in files: the same digest, so the same policy in every receipt.
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("policy.toml"), MEMORY_POLICY).unwrap();
    fs::write(folder.path().join("a.csv"), "\u{feff}note;ori\r\nPOLICE;AZ0070000\r\n").unwrap();
    let from_files = Filter::builder().policy_path(folder.path().join("policy.toml")).build().unwrap();
    assert_eq!(filter.policy(), from_files.policy());

    let error = |builder: dmv_redact::FilterBuilder| builder.build().unwrap_err().to_string();
    assert!(
        error(builder()).starts_with("policy.toml:5:12: a policy that is no file has no folder for its `ori-file`")
    );
    assert!(error(builder().roster_bytes("a.csv", "ori\nAZ007000\n")).starts_with("a.csv:2:1: "));
    let misnamed = error(builder().roster_bytes("a.csv", "AZ0070000").roster_bytes("b.csv", "AZ0070000"));
    assert_eq!(misnamed, "b.csv: no agency class of the policy names this table of ORIs; did you mean `a.csv`?");
    let twice = error(builder().roster_bytes("a.csv", "AZ0070000").roster_bytes("a.csv", "NV0010000"));
    assert_eq!(twice, "a.csv: this table of ORIs is given twice");
    let folder = tempfile::tempdir().unwrap();
    let shared = "[policy]\nname = 's'\nversion = '1'\n[agencies.a]\nori-file = 'a.csv'\n";
    let policy = MEMORY_POLICY.replacen("version", "include = ['shared/s.toml', 'other.toml']\nversion", 1);
    let other = "[policy]\nname = 'o'\nversion = '1'\n";
    fs::create_dir(folder.path().join("shared")).unwrap();
    let files =
        [("shared/s.toml", shared), ("other.toml", other), ("a.csv", "AZ0010000"), ("shared/a.csv", "AZ0020000")];
    for (name, text) in files.into_iter().chain([("policy.toml", policy.as_str())]) {
        fs::write(folder.path().join(name), text).unwrap();
    }
    let from_files = Filter::builder().policy_path(folder.path().join("policy.toml")).build().unwrap();
    let builder = Filter::builder().policy_bytes("policy.toml", policy.as_str());
    let builder = builder.include_bytes("shared/s.toml", shared).include_bytes("other.toml", other);
    let in_memory = builder.clone().roster_bytes("a.csv", "AZ0010000").roster_bytes("shared/a.csv", "AZ0020000");
    assert_eq!(in_memory.build().unwrap().policy(), from_files.policy());
    let swapped = builder.clone().roster_bytes("a.csv", "AZ0020000").roster_bytes("shared/a.csv", "AZ0010000");
    assert_ne!(swapped.build().unwrap().policy(), from_files.policy());
    let twice = error(builder.include_bytes("other.toml", other));
    assert_eq!(twice, "other.toml: this policy is given twice");
    // The baseline names tables of none.
    assert!(error(Filter::builder().roster_bytes("a.csv", "AZ0070000")).starts_with("a.csv: no agency class"));
}
