//! Legal notices: what a rule has every answer tell of the law, whatever was in it (P5).

use dmv_redact::{ConfigError, Disposition, Filter, Requester};
use dmv_redact_testing::filters::{own_only, redact_text};

/// A filter for messages with a place for both notices, in XML and JSON alike.
fn filter(rules: &str) -> Result<Filter, ConfigError> {
    let format = "name = 'own'\nsyntax = ['xml', 'json']\nroot = 'o:answer'\nrequester = 'o:to'\nnotice = 'o:notice'\n\
                  legal-notice = 'n:law'\n[namespaces]\no = 'urn:own'\nn = 'urn:notice'\n[paths]\n\
                  'o:to' = 'envelope.ori'\n'@o:from' = 'envelope.ori'\n'o:sex' = 'person.sex'\n\
                  'o:notice' = 'envelope.notice'\n'n:law' = 'envelope.legal-notice'\n'o:status' = 'license.status'\n";
    let policy = "[policy]\nname = 'p'\nversion = '1'\non-shape-violation = 'notice'\nclaims = ['order', 'approved']\n\
                  [agencies]\nall = {ori = ['AZ0070000']}\nfew = {ori = ['AZ0080000']}\n\
                  [[permit]]\nid = 'all'\nagencies = ['all', 'few']\nelements = ['license.status', 'person.sex']\n";
    own_only(("own", format), &format!("{policy}{rules}"))
}

/// Who isn't `all` gets no status, and is told of the law.
const FEW: &str = "[[forbid]]\nid = 'few'\nagencies = ['few']\nunless = ['order']\nelements = ['license.status']\n\
                   legal-notice = 'LIMITED BY SEC. 1 & 2 \"A\".'\n";

const LAW: &str = "<n:law>LIMITED BY SEC. 1 &amp; 2 &quot;A&quot;.</n:law>";

fn redact(filter: &Filter, message: &str) -> String {
    let (output, receipt) = redact_text(filter, &Requester::from_envelope(), message);
    assert!(receipt.disposition().releases(), "{receipt:?}");
    filter.verify(output.as_bytes(), &Requester::from_envelope()).unwrap();
    let told =
        receipt.elements().find(|(id, _)| *id == "envelope.legal-notice").map_or(0, |(_, counts)| counts.released);
    assert_eq!(told > 0, output.contains("LIMITED"));
    output
}

fn xml(to: &str, body: &str) -> String {
    format!("<o:answer xmlns:o=\"urn:own\"><o:to>{to}</o:to>{body}</o:answer>\n")
}

fn told(to: &str, body: &str) -> String {
    xml(to, &format!("{body}{LAW}")).replace("urn:own\"", "urn:own\" xmlns:n=\"urn:notice\"")
}

#[test]
fn p5_a_legal_notice_stands_in_every_answer_of_its_rule_whether_anything_was_there_or_not() {
    let filter = filter(FEW).unwrap();
    let sex = "<o:sex>F</o:sex>";
    for removed in ["", "<o:status>VALID</o:status>", "<o:status>&lt;</o:status>", "<o:other/>"] {
        let output = redact(&filter, &xml("AZ0080000", &format!("{sex}{removed}")));
        assert_eq!(output, told("AZ0080000", sex), "{removed}");
        // P4: redacted again it is the same.
        assert_eq!(redact(&filter, &output), output);
    }
    // Other rules' answers have none.
    let whole = xml("AZ0070000", &format!("{sex}<o:status>VALID</o:status>"));
    assert_eq!(redact(&filter, &whole), whole);
    let ordered = Requester::from_envelope().claim("order");
    let whole = xml("AZ0080000", &format!("{sex}<o:status>VALID</o:status>"));
    assert_eq!(redact_text(&filter, &ordered, &whole).0, whole);

    let json = |body: &str| {
        format!("{{\"@context\":{{\"o\":\"urn:own\"}},\"o:answer\":{{\"o:to\":\"AZ0080000\",\"o:sex\":\"F\"{body}}}}}")
    };
    let law = ",\"n:law\":\"LIMITED BY SEC. 1 & 2 \\\"A\\\".\"";
    let expected = json(law).replace("\"urn:own\"}", "\"urn:own\",\"n\":\"urn:notice\"}");
    for removed in ["", ",\"o:status\":\"VALID\"", ",\"o:status\":[\"A\",\"B\"]", ",\"o:other\":{}"] {
        let output = redact(&filter, &json(removed));
        assert_eq!(output, expected, "{removed}");
        assert_eq!(redact(&filter, &output), output);
    }
}

#[test]
fn p5_an_answer_without_content_takes_the_notice_too() {
    let filter = filter(FEW).unwrap();
    let few = Requester::new("AZ0080000").unwrap();
    let names = "xmlns:o=\"urn:own\" o:from=\"AZ0080000\"";
    let expected =
        format!("<o:answer xmlns:o=\"urn:own\" xmlns:n=\"urn:notice\" o:from=\"AZ0080000\">{LAW}</o:answer>");
    for message in [
        format!("<o:answer {names}/>"),
        format!("<o:answer {names}></o:answer>"),
        format!("<o:answer {names}><o:status>VALID</o:status></o:answer>"),
        format!("<o:answer {names} />"),
        format!("<o:answer {names} >\n  <o:status>VALID</o:status>\n</o:answer >"),
        format!("<o:answer {names}>text<!-- comment --> </o:answer>"),
        "<p:answer xmlns:p=\"urn:own\" p:from=\"AZ0080000\"/>".to_owned(),
    ] {
        let (output, _) = redact_text(&filter, &few, &message);
        assert_eq!(output, expected, "{message}");
        filter.verify(output.as_bytes(), &few).unwrap();
    }
}

/// Without a notice, too: what a sender writes of an element without content tells of none that was removed.
#[test]
fn p5_an_element_that_stays_for_its_attributes_alone_is_written_in_one_way() {
    let filter = filter("").unwrap();
    let few = Requester::new("AZ0080000").unwrap();
    let names = "xmlns:o=\"urn:own\" o:from=\"AZ0080000\"";
    for message in [
        format!("<o:answer {names}/>"),
        format!("<o:answer {names} />"),
        format!("<o:answer {names}\n></o:answer >"),
        format!("<o:answer {names}>\n  <o:other>VALID</o:other>\n</o:answer>"),
    ] {
        assert_eq!(redact_text(&filter, &few, &message).0, format!("<o:answer {names}/>"), "{message}");
    }
}

/// A prefix that the notice alone has is bound as if the message had not bound it: something of that name may be gone.
#[test]
fn p5_how_a_context_binds_the_prefix_of_the_notice_alone_tells_nothing() {
    let filter = filter(FEW).unwrap();
    let message = |context: &str, more: &str| {
        format!("{{{context}\"o:answer\": {{\"o:to\":\"AZ0080000\",\"o:sex\":\"F\"{more}}}}}")
    };
    let removed = ",\"n:alien\":\"A123456789\"";
    let plain = "\n \"@context\": {\n  \"o\": \"urn:own\"\n },\n ";
    let bound = "\n \"@context\": {\n  \"o\": \"urn:own\",\n  \"n\": \"urn:notice\"\n },\n ";
    assert_eq!(redact(&filter, &message(bound, removed)), redact(&filter, &message(plain, "")));
    let marked = "\"@context\":{\"o\":\"urn:own\",\"n\":\"urn:notice#\"},";
    assert_eq!(
        redact(&filter, &message(marked, removed)),
        redact(&filter, &message("\"@context\":{\"o\":\"urn:own\"},", ""))
    );
}

#[test]
fn a_legal_notice_of_the_senders_is_removed_and_the_policys_is_written() {
    let filter = filter(FEW).unwrap();
    let (sex, status) = ("<o:sex>F</o:sex>", "<o:status>VALID</o:status>");
    for law in [
        "<n:law>987-65-4321</n:law>",
        "<n:law/>",
        "<n:law>A</n:law><n:law>B</n:law>",
        "<n:law><o:sex>M</o:sex></n:law>",
    ] {
        let names = |message: String| message.replace("urn:own\"", "urn:own\" xmlns:n=\"urn:notice\"");
        let message = names(xml("AZ0080000", &format!("{law}{sex}")));
        assert_eq!(redact(&filter, &message), told("AZ0080000", sex), "{law}");
        let message = names(xml("AZ0070000", &format!("{sex}{status}{law}")));
        let (output, receipt) = redact_text(&filter, &Requester::from_envelope(), &message);
        assert_eq!(output, xml("AZ0070000", &format!("{sex}{status}")), "{law}");
        assert_eq!(receipt.disposition(), Disposition::Redacted);
    }
}

#[test]
fn p9_the_notices_of_several_rules_stand_in_one_order_each_once_and_after_that_of_a_shape() {
    let rule = |id: &str, law: &str| {
        format!("[[permit]]\nid = '{id}'\nagencies = ['all']\nelements = ['person.sex']\nlegal-notice = '{law}'\n")
    };
    let rules = [rule("b", "LIMITED BY B."), rule("a", "LIMITED BY A."), rule("c", "LIMITED BY B.")];
    let message = xml("AZ0070000", "<o:sex>F</o:sex><o:status>&lt;</o:status>");
    for order in [[0, 1, 2], [2, 1, 0], [1, 0, 2]] {
        let filter = filter(&order.map(|at| rules[at].as_str()).concat()).unwrap();
        let output = redact(&filter, &message);
        let end = "FOR ABSENT.</o:notice><n:law>LIMITED BY A. LIMITED BY B.</n:law></o:answer>\n";
        assert!(output.ends_with(end), "{output}");
    }
}

#[test]
fn what_verify_is_given_must_hold_the_policys_own_notice_and_no_other() {
    let filter = filter(FEW).unwrap();
    let verify =
        |output: &str| filter.verify(output.as_bytes(), &Requester::from_envelope()).map_err(|e| e.to_string());
    let sex = "<o:sex>F</o:sex>";
    verify(&told("AZ0080000", sex)).unwrap();
    for wrong in [
        xml("AZ0080000", sex),
        told("AZ0070000", sex),
        told("AZ0080000", sex).replace("SEC. 1", "SEC. 3"),
        told("AZ0080000", sex).replace(LAW, "<n:law/>"),
        // Twice, and not the last.
        told("AZ0080000", sex).replace(LAW, &LAW.repeat(2)),
        told("AZ0080000", &format!("{LAW}{sex}")).replacen(&format!("{sex}{LAW}"), sex, 1),
    ] {
        let error = verify(&wrong).unwrap_err();
        assert!(error.contains("notice"), "{wrong}: {error}");
    }
}

#[test]
fn each_message_of_a_list_has_its_notice() {
    let format = "name = 'own'\nsyntax = 'json'\nrequester = 'to'\nlegal-notice = 'law'\n[paths]\n'to' = 'envelope.ori'\n\
                  'sex' = 'person.sex'\n'law' = 'envelope.legal-notice'\n";
    let policy = "[policy]\nname = 'p'\nversion = '1'\n[agencies]\nfew = {ori = ['AZ0080000']}\n[[permit]]\nid = 'few'\n\
                  agencies = ['few']\nelements = ['person.sex']\nlegal-notice = 'LIMITED.'\n";
    let filter = own_only(("own", format), policy).unwrap();
    let item = |law: &str| format!("{{\"to\":\"AZ0080000\",\"sex\":\"F\"{law}}}");
    let law = ",\"law\":\"LIMITED.\"";
    let output = redact(&filter, &format!("[{},{}]", item(""), item("")));
    assert_eq!(output, format!("[{},{}]", item(law), item(law)));
    let cut = format!("[{},{}]", item(law), item(""));
    assert!(filter.verify(cut.as_bytes(), &Requester::from_envelope()).is_err());
}

#[test]
fn what_is_no_legal_notice_and_what_is_no_place_for_one_is_told() {
    let rule = |kind: &str, law: &str| {
        format!("[[{kind}]]\nid = 'r'\nagencies = ['all']\nelements = ['person.sex']\nlegal-notice = {law}\n")
    };
    let long = format!("'{}'", "A".repeat(201));
    for (law, told) in [
        ("''", "a legal notice is empty, or has a space at an end"),
        ("' A'", "a legal notice is empty, or has a space at an end"),
        ("\"A\\nB\"", "a legal notice is one line of printable ASCII"),
        ("'§ 1'", "a legal notice is one line of printable ASCII"),
        (long.as_str(), "a legal notice has more than 200 characters"),
    ] {
        let error = filter(&rule("forbid", law)).unwrap_err().to_string();
        assert!(error.contains(told), "{law}: {error}");
    }
    let error = filter("[[review]]\nid = 'r'\nunless = ['approved']\nlegal-notice = 'A'\n").unwrap_err().to_string();
    assert!(error.contains("only a permit or a forbid takes `legal-notice`"), "{error}");
    let format = |place: &str| {
        let format = format!(
            "name = 'own'\nsyntax = 'xml'\nroot = 'a'\nlegal-notice = '{place}'\n[paths]\n'b/law' = 'envelope.legal-notice'\n\
             'law' = 'envelope.notice'\n'l*w' = 'envelope.legal-notice'\n'sex' = 'person.sex'\n"
        );
        own_only(("own", &format), "[policy]\nname = 'p'\nversion = '1'\n[agencies]\n").unwrap_err().to_string()
    };
    assert!(format("b/law").contains("`b/law` is below a part that may go"), "{}", format("b/law"));
    assert!(format("l*w").contains("`l*w` has a predicate or a pattern"), "{}", format("l*w"));
    let told = "`law` leads to `envelope.notice`: a legal notice is mapped to `envelope.legal-notice`";
    assert!(format("law").contains(told), "{}", format("law"));
}
