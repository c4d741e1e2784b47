//! A permitted value that is removed for its shape is told of: whoever misses it must not be left to think that there is none.

use dmv_redact::{Disposition, Filter, Reason, Receipt, Requester};
use dmv_redact_testing::filters::{own_only, redact_text};
use serde_json::{Value, json};

use super::world::World;

const STATUS: &str = "license.status";
const BAD: &str = "<SUSPENDED>";

#[test]
fn a_value_removed_for_its_shape_is_counted_apart_from_denied_ones() {
    let world = World::new();
    let (output, receipt) =
        world.redact("AZ0070000", &[(STATUS, json!([BAD, "VALID", BAD])), ("owner.name", json!("900-12-3456"))]);
    assert_eq!(output["license_status"], json!(["VALID"]));
    assert_eq!(receipt.shape_violations().collect::<Vec<_>>(), [(STATUS, 2), ("owner.name", 1)]);
    let written = serde_json::to_value(&receipt).unwrap();
    assert_eq!(written["shape-violations"], json!({STATUS: 2, "owner.name": 1}));
    let (_, receipt) = world.redact("AZ0080000", &[(STATUS, json!(BAD))]);
    assert_eq!(receipt.shape_violations().count(), 0);
    assert_eq!(serde_json::to_value(&receipt).unwrap()["elements"][STATUS]["removed"], json!(1));
}

#[test]
fn the_policy_says_what_becomes_of_the_message() {
    let approved = "claims = [\"approved\"]";
    for (word, disposition, reason) in [
        ("remove", Disposition::Redacted, None),
        ("hold", Disposition::Held, Some(Reason::ShapeReview)),
        ("withhold", Disposition::Withheld, Some(Reason::Shape)),
    ] {
        let world = World::with(&format!("on-shape-violation = \"{word}\"\n{approved}"));
        let (output, receipt) = world.redact("AZ0070000", &[(STATUS, json!(BAD))]);
        assert_eq!((receipt.disposition(), receipt.reason()), (disposition, reason), "{word}");
        assert_eq!(output.is_null(), !disposition.releases(), "{word}");
        let counted = receipt.elements().count();
        assert_eq!(counted > 0, disposition.releases(), "what doesn't go out counts nothing: {word}");
        let (_, receipt) = world.redact("AZ0070000", &[(STATUS, json!("VALID"))]);
        assert_eq!(receipt.disposition(), Disposition::Released, "{word}");
    }
}

#[test]
fn what_was_held_for_its_shape_goes_out_once_somebody_has_approved_it_and_only_then() {
    let world = World::with("on-shape-violation = \"hold\"\nclaims = [\"approved\", \"other\"]");
    let values = [(STATUS, json!(BAD))];
    // P10: in whatever order, and however often: a template of an approved message must not let another out.
    for _ in 0..40 {
        let (output, receipt) = world.redact_with("AZ0070000", &values, &["approved"]);
        assert_eq!((output["person_sex"].as_str(), &output["license_status"]), (Some("F"), &Value::Null));
        assert_eq!(receipt.shape_violations().collect::<Vec<_>>(), [(STATUS, 1)]);
        for claims in [&[][..], &["other"]] {
            assert_eq!(world.redact_with("AZ0070000", &values, claims).1.disposition(), Disposition::Held);
        }
    }
    let undeclared = World::with("on-shape-violation = \"hold\"");
    assert!(!undeclared.redact_with("AZ0070000", &values, &["approved"]).1.disposition().releases());
}

/// P5: what a denied value looks like changes nothing that anybody but the log sees.
#[test]
fn p5_a_denied_value_that_violates_its_shape_changes_nothing() {
    for word in ["remove", "notice", "hold", "withhold"] {
        let world = World::with(&format!("on-shape-violation = \"{word}\""));
        let (output, receipt) = world.redact("AZ0080000", &[(STATUS, json!(BAD))]);
        let (other, _) = world.redact("AZ0080000", &[(STATUS, json!("VALID"))]);
        assert_eq!((receipt.disposition(), &output), (Disposition::Redacted, &other), "{word}");
        assert_eq!(output, json!({"to": "AZ0080000", "person_sex": "F"}));
    }
}

const NOTICE: &str = "A PART OF THIS ANSWER WAS NOT UNDERSTOOD AND LEFT OUT. DO NOT TAKE IT FOR ABSENT.";

/// A filter for messages whose notice stands at the path, in XML and JSON alike, under a policy that wants one.
fn telling(notice: &str) -> Filter {
    let format = format!(
        "name = 'own'\nsyntax = ['xml', 'json']\nroot = 'o:answer'\nrequester = 'o:to'\nnotice = '{notice}'\n\
         [namespaces]\no = 'urn:own'\nn = 'urn:notice'\n[paths]\n'o:to' = 'envelope.ori'\n'o:sex' = 'person.sex'\n\
         '{notice}' = 'envelope.notice'\n'o:license/o:status' = 'license.status'\n'o:license/o:sex' = 'person.sex'\n"
    );
    let policy = "[policy]\nname = 'p'\nversion = '1'\non-shape-violation = 'notice'\nclaims = ['approved']\n\
                  [agencies]\nall = {ori = ['AZ0070000']}\nfew = {ori = ['AZ0080000']}\n\
                  [[permit]]\nid = 'all'\nagencies = ['all']\nelements = ['license.status', 'person.sex']\n\
                  [[permit]]\nid = 'few'\nagencies = ['few']\nelements = ['person.sex']\n";
    own_only(("own", &format), policy).unwrap()
}

fn redact(filter: &Filter, message: &str, claims: &[&str]) -> (String, Receipt) {
    let requester = claims.iter().fold(Requester::from_envelope(), |requester, claim| requester.claim(*claim));
    redact_text(filter, &requester, message)
}

fn xml(to: &str, body: &str) -> String {
    format!("<o:answer xmlns:o=\"urn:own\"><o:to>{to}</o:to><o:sex>F</o:sex>{body}</o:answer>\n")
}

fn with_notice(message: &str) -> String {
    let message = message.replace("urn:own\"", "urn:own\" xmlns:n=\"urn:notice\"");
    message.replace("</o:answer>", &format!("<n:notice>{NOTICE}</n:notice></o:answer>"))
}

#[test]
fn a_notice_says_that_a_permitted_value_was_removed_and_says_it_once() {
    let filter = telling("n:notice");
    let bad = "<o:license><o:status>&lt;A></o:status><o:status>&lt;B></o:status></o:license>";
    // P10: whatever was redacted before.
    for _ in 0..40 {
        let (output, receipt) = redact(&filter, &xml("AZ0070000", bad), &[]);
        assert_eq!(output, with_notice(&xml("AZ0070000", "")));
        assert_eq!(receipt.disposition(), Disposition::Redacted);
        assert_eq!(receipt.shape_violations().collect::<Vec<_>>(), [(STATUS, 2)]);
        let counts = receipt.elements().find(|(id, _)| *id == "envelope.notice").unwrap().1;
        assert_eq!((counts.released, counts.removed), (1, 0));
        // What the output says is said again, and not twice.
        assert_eq!(redact(&filter, &output, &[]).0, output);
        let told = with_notice(&xml("AZ0070000", bad));
        assert_eq!(redact(&filter, &told, &[]).0, output);

        let good = xml("AZ0070000", "<o:license><o:status>VALID</o:status></o:license>");
        assert_eq!(redact(&filter, &good, &[]).0, good);
        // P5: of what is denied nothing is told.
        assert_eq!(redact(&filter, &xml("AZ0080000", bad), &[]).0, xml("AZ0080000", ""));
    }

    let json = |to: &str, more: &str| {
        format!(
            "{{\"@context\": {{\"o\": \"urn:own\"}}, \"o:answer\": {{ \"o:to\": \"{to}\", \"o:sex\": \"F\"{more} }} }}"
        )
    };
    for bad in
        [", \"o:license\": {\"o:status\": \"<A>\"}", ",\"o:license\":[{\"o:status\":\"<A>\"},{\"o:status\":[\"<B>\"]}]"]
    {
        let (output, _) = redact(&filter, &json("AZ0070000", bad), &[]);
        let context = "{\"o\":\"urn:own\",\"n\":\"urn:notice\"}";
        let told = json("AZ0070000", &format!(", \"n:notice\": \"{NOTICE}\""));
        assert_eq!(output, told.replace("{\"o\": \"urn:own\"}", context));
        assert_eq!(redact(&filter, &json("AZ0080000", bad), &[]).0, json("AZ0080000", ""));
    }
}

#[test]
fn a_notice_that_stands_deeper_stands_where_the_value_stood() {
    let filter = telling("o:license/n:notice");
    let licence = |status: &str| format!("<o:license><o:sex>F</o:sex><o:status>{status}</o:status></o:license>");
    let (output, _) = redact(&filter, &xml("AZ0070000", &(licence("VALID") + &licence("&lt;"))), &[]);
    let told = xml("AZ0070000", &(licence("VALID") + &licence("").replace("<o:status></o:status>", "<n:notice/>")));
    assert_eq!(
        output,
        told.replace("urn:own\"", "urn:own\" xmlns:n=\"urn:notice\"")
            .replace("<n:notice/>", &format!("<n:notice>{NOTICE}</n:notice>"))
    );
    // Nothing goes out in which it could stand: somebody has to look, and then it goes out as it is.
    let bad = xml("AZ0070000", "<o:license><o:status>&lt;</o:status></o:license>");
    let (output, receipt) = redact(&filter, &bad, &[]);
    assert_eq!((output.as_str(), receipt.reason()), ("", Some(Reason::ShapeReview)));
    assert_eq!(redact(&filter, &bad, &["approved"]).0, xml("AZ0070000", ""));
}

#[test]
fn a_notice_of_the_senders_says_what_a_notice_says_or_withholds_the_message() {
    let filter = telling("n:notice");
    let notice = |text: &str| {
        xml("AZ0070000", "")
            .replace("urn:own\"", "urn:own\" xmlns:n=\"urn:notice\"")
            .replace("</o:answer>", &format!("{text}</o:answer>"))
    };
    for text in ["", " ", "NOTHING", "A PART", &format!(" {NOTICE}"), &NOTICE.to_lowercase(), "<o:sex>F</o:sex>"] {
        let (output, receipt) = redact(&filter, &notice(&format!("<n:notice>{text}</n:notice>")), &[]);
        assert_eq!((output.as_str(), receipt.reason()), ("", Some(Reason::EnvelopeShape)), "{text}");
    }
    let message = notice(&format!("<n:notice><![CDATA[{NOTICE}]]></n:notice>"));
    assert_eq!(redact(&filter, &message, &[]).0, message);
    for value in ["null", "\"\"", "[\"\"]", "{}", "1", "\"X\""] {
        let message = format!("{{\"o:answer\":{{\"o:to\":\"AZ0070000\",\"o:sex\":\"F\",\"n:notice\":{value}}}}}");
        let (output, receipt) = redact(&filter, &message, &[]);
        assert_eq!((output.as_str(), receipt.reason()), ("", Some(Reason::EnvelopeShape)), "{value}");
    }
}

#[test]
fn without_a_place_for_a_notice_the_message_is_held_until_somebody_approves_it() {
    let world = World::with("on-shape-violation = \"notice\"\nclaims = [\"approved\"]");
    let values = [(STATUS, json!(BAD))];
    let (output, receipt) = world.redact("AZ0070000", &values);
    assert_eq!((output, receipt.reason()), (Value::Null, Some(Reason::ShapeReview)));
    let (output, _) = world.redact_with("AZ0070000", &values, &["approved"]);
    assert_eq!(output, json!({"to": "AZ0070000", "person_sex": "F"}));
}
