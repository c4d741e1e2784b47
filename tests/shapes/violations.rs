//! A permitted value that is removed for its shape is told of: whoever misses it must not be left to think that there is none.

use dmv_redact::{Disposition, Reason};
use serde_json::{Value, json};

use crate::world::World;

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
    for word in ["remove", "hold", "withhold"] {
        let world = World::with(&format!("on-shape-violation = \"{word}\""));
        let (output, receipt) = world.redact("AZ0080000", &[(STATUS, json!(BAD))]);
        let (other, _) = world.redact("AZ0080000", &[(STATUS, json!("VALID"))]);
        assert_eq!((receipt.disposition(), &output), (Disposition::Redacted, &other), "{word}");
        assert_eq!(output, json!({"to": "AZ0080000", "person_sex": "F"}));
    }
}
