//! Traces: attacks 33 and 34. The canaries in every field of every fixture are a test of their own.

use dmv_redact::{Filter, Requester};
use dmv_redact_testing::attacks::{SECRET, cleaned, niem, nlets, redact, redact_for, withheld};
use dmv_redact_testing::search::found;

#[test]
fn attack_33_no_error_tells_what_the_message_held() {
    for broken in [
        format!("<{SECRET}>"),
        nlets(&format!("<{SECRET}></a>")),
        nlets(&format!("&{SECRET};")),
        nlets(&format!("<{SECRET}:a/>")),
        nlets(&format!("<a {SECRET}='' {SECRET}=''/>")),
        format!("<?xml version=\"1.0\" encoding=\"{SECRET}\"?><a/>"),
        format!("<!DOCTYPE {SECRET}>{}", nlets("")),
        format!("<a xmlns=\"urn:{SECRET}\"/>"),
        nlets("").replace(">DR<", &format!(">{SECRET}<")),
        nlets("").replace("AZ0070000", SECRET),
        nlets("").replace("AZ0070000", "CNRYZQXJA"),
        nlets("").replace("AZOLN0000", &format!("{SECRET}{SECRET}")),
        niem(&format!(", \"{SECRET}\" 1")),
        niem(&format!(", \"x\": {SECRET}")),
        niem("").replace("\"DR\"", &format!("\"{SECRET}\"")),
        format!("{{\"{SECRET}\": 1}}"),
        SECRET.to_owned(),
    ] {
        // An ORI that nobody knows is who asks, no value: the receipt names it.
        let receipt = if broken.contains("CNRYZQXJA") { continue } else { redact(broken.as_bytes()).1 };
        let shown = format!("{:?} {:?} {:?}", receipt.reason(), receipt.detail(), receipt.offset());
        assert!(receipt.reason().is_some() && found(shown.as_bytes(), SECRET).is_none(), "{shown}");
    }
    assert!(Requester::new(SECRET).is_err_and(|error| found(error.to_string().as_bytes(), SECRET).is_none()));
    assert!(Requester::new(SECRET).is_err_and(|error| found(format!("{error:?}").as_bytes(), SECRET).is_none()));
}

/// What a requester can see of two messages that differ only in forbidden parts: bytes, whether there are any, reason. The
/// words `released` and `redacted` stand in the receipt, which is the sender's.
fn same(one: &str, two: &str) {
    let (first, second) = (redact(one.as_bytes()), redact(two.as_bytes()));
    assert_eq!(first.0, second.0, "from\n{one}\n--- and\n{two}");
    assert_eq!(first.1.disposition().releases(), second.1.disposition().releases());
    assert_eq!((first.1.reason(), first.1.detail()), (second.1.reason(), second.1.detail()));
}

#[test]
fn attack_34_forbidden_parts_do_not_show_in_what_goes_out() {
    let image = |base64: &str| {
        format!(
            "<nc:PersonDigitalImage><nc:BinaryBase64Object>{base64}</nc:BinaryBase64Object></nc:PersonDigitalImage>"
        )
    };
    let alien = "<n2c:AlienNumberIdentification><nc:IdentificationID>A900123456</nc:IdentificationID></n2c:AlienNumberIdentification>";
    let parts = [
        String::new(),
        image("/9j/"),
        image(&"A".repeat(50_000)),
        image("") + &image(""),
        alien.to_owned(),
        alien.repeat(50),
        "<nc:PersonUSCitizenIndicator>false</nc:PersonUSCitizenIndicator>".to_owned(),
        format!("<!-- {SECRET} -->"),
        format!("<x>{SECRET}</x>").repeat(9),
    ];
    for part in &parts {
        same(&nlets(&parts[0]), &nlets(part));
        same(&nlets(&parts[1]), &nlets(part));
    }
    for ssn in ["1", "900-12-3456", "", "&#57;", "<![CDATA[]]>", "<x/>"] {
        same(&nlets(""), &nlets("").replace(SECRET, ssn));
    }
    for value in ["null", "1e5", "[]", "{}", "\"\"", "[[1]]", "{\"rdf:value\": 1}", "\"\\u0000\"", "true"] {
        same(&niem(""), &niem("").replace(&format!("\"{SECRET}\""), value));
        same(&niem(""), &niem(&format!(", \"nc:PersonTaxIdentification\": {value}")));
        same(&niem(""), &niem(&format!(", \"x\": {value}")));
    }
}

#[test]
fn attack_34_a_held_message_shows_nothing_at_all() {
    let held = |part: &str| {
        let message = nlets(part).replace("AZ0070000", "VTICE0900");
        let (output, receipt) = redact(message.as_bytes());
        assert!(output.is_empty());
        (
            receipt.reason(),
            receipt.detail(),
            receipt.offset(),
            receipt.elements().count(),
            receipt.images().map(|(_, count)| count).sum::<u32>(),
            receipt.unmapped(),
        )
    };
    for part in ["<nc:PersonDigitalImage/>", "<x/>", "<nc:PersonEyeColorCode>BRO</nc:PersonEyeColorCode>"] {
        assert_eq!(held(part), held(""));
    }
}

#[test]
fn attack_34_a_receipt_holds_no_digest_that_a_value_could_be_guessed_from() {
    let receipts = ["900-12-3456", "900-12-3457"].map(|ssn| {
        let (_, receipt) = redact(nlets("").replace(SECRET, ssn).as_bytes());
        serde_json::to_string(&receipt).unwrap()
    });
    assert_eq!(receipts[0], receipts[1]);
    // The only digest is the policy's.
    let policy = redact(nlets("").as_bytes()).1.policy().sha256.clone();
    let is_hex = |run: &&str| run.len() >= 16;
    let runs: Vec<&str> = receipts[0].split(|c: char| !c.is_ascii_hexdigit()).filter(is_hex).collect();
    assert_eq!(runs, [policy.as_str()]);
}

#[test]
fn attack_34_nothing_of_a_message_is_left_for_the_next() {
    let filter = Filter::builder().build().unwrap();
    let requester = Requester::from_envelope();
    let plain = redact_for(&filter, &requester, nlets("").as_bytes()).0;
    for before in [
        nlets(&format!("<x>{SECRET}")),
        nlets("<nc:PersonName><nc:PersonGivenName>OTHER</nc:PersonGivenName></nc:PersonName>"),
        nlets("").replace("AZ0070000", "VTICE0900"),
        niem("").replace("EXAMPLE", "OTHER"),
        "<".to_owned(),
    ] {
        let _ = redact_for(&filter, &requester, before.as_bytes());
        assert_eq!(redact_for(&filter, &requester, nlets("").as_bytes()).0, plain);
    }
    assert_eq!(plain, cleaned(&nlets("")));
    withheld(nlets("<x>"));
}
