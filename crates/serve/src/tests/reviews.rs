//! One review: what its page shows, what a preview does, and what can be approved, denied and seen.

use axum::http::StatusCode;
use dmv_redact_log::{LogOptions, Rotation};
use dmv_redact_review::State;

use super::office::*;

#[tokio::test(flavor = "multi_thread")]
async fn p6_the_page_of_a_review_tells_all_but_values() {
    let office = Office::open().await;
    let (ann, id) = (office.browser(ANN).await, office.hold("1").await);
    let page = office.get(&format!("/reviews/{id}"), Some(&ann)).await;
    assert_eq!(page.status, StatusCode::OK);
    for told in [
        "VTICE0900",
        "IMM",
        "switch-1",
        "court-order",
        "Nothing would go out",
        "person.name",
        "The rules that apply",
        "massachusetts",
        "Deadline",
        "10 days left",
        "18 U.S.C. 2721",
    ] {
        assert!(page.text.contains(told), "{told}: {}", page.text);
    }
    let preview = office.post(&format!("/reviews/{id}/preview"), &ann, &[("claim", "approved"), ("days", "5")]).await;
    for page in [page, preview] {
        assert!(VALUES.iter().all(|value| !page.text.contains(value)));
        assert!(page.text.contains(&dmv_redact_review::ContentDigest::of(&office.original).to_string()));
    }
    assert!(office.steps().is_empty(), "looking is no step: {:?}", office.steps());
}

#[tokio::test(flavor = "multi_thread")]
async fn p12_what_was_previewed_is_approved_and_on_record() {
    let office = Office::open().await;
    let (ann, id) = (office.browser(ANN).await, office.hold("1").await);
    let sealed = office.preview(id, &ann, &["person.name", "license"]).await;
    assert_eq!(office.state(id).await, State::Open);
    assert!(office.steps().is_empty());
    let answer = office.approve(id, &ann, &sealed).await;
    assert_eq!(
        (answer.status, answer.location()),
        (StatusCode::SEE_OTHER, format!("/reviews/{id}?did=approved").as_str())
    );
    assert_eq!(office.state(id).await, State::Approved);
    let records = office.records();
    let record = records.iter().find(|record| record["step"] == "approved").unwrap();
    assert_eq!((&record["by"], &record["review"]), (&ANN.into(), &id.to_string().into()));
    assert_eq!(record["instruments"][0]["specifies"], serde_json::json!(["license", "person.name"]));
    assert_eq!(record["instruments"][0]["number"], "2:26-mj-1");
    let review = office.app.reviews().get(id).await.unwrap().unwrap();
    assert_eq!(review.summary.expires, Some(NOW + 5 * DAY));
    let page = office.get(&format!("/reviews/{id}?did=approved"), Some(&ann)).await;
    assert!(page.text.contains("The message would go out") && !page.text.contains("Nothing would go out"));
    for told in ["It goes out with the next run over its source", "Approved", ANN, "2:26-mj-1", "2026-12-07 12:00 UTC"]
    {
        assert!(page.text.contains(told), "{told}");
    }
    assert!(!page.text.contains("/approve\"") && !page.text.contains("/deny\""));

    // Replayed: it is decided.
    let answer = office.approve(id, &ann, &sealed).await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    assert!(answer.text.contains("The review is "));
    assert_eq!(office.steps(), ["approved"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn p12_nothing_can_be_approved_that_was_not_previewed() {
    let office = Office::open().await;
    let (ann, ben) = (office.browser(ANN).await, office.browser(BEN).await);
    let (id, other) = (office.hold("1").await, office.hold("2").await);
    let sealed = office.preview(id, &ann, &["person.name"]).await;
    let wider = office.preview(id, &ann, &["person"]).await;
    let change = |name: &str, value: &str| {
        let mut fields = sealed.clone();
        fields.iter_mut().filter(|(own, _)| own == name).for_each(|(_, own)| *own = value.to_owned());
        fields
    };
    let conflict = [
        change("grants", &wider[1].1),
        change("grants", "{}"),
        change("days", "30"),
        change("seal", &wider[3].1),
        change("seal", ""),
        change("digest", &dmv_redact_review::ContentDigest::of(b"other").to_string()),
    ];
    for fields in conflict {
        assert_eq!(office.approve(id, &ann, &fields).await.status, StatusCode::CONFLICT, "{fields:?}");
    }
    // Another review with the same content, and another person with the same form.
    assert_eq!(office.approve(other, &ann, &sealed).await.status, StatusCode::CONFLICT);
    assert_eq!(office.approve(id, &ben, &sealed).await.status, StatusCode::CONFLICT);
    assert_eq!(office.approve(id, &ann, &[]).await.status, StatusCode::BAD_REQUEST);
    assert_eq!((office.state(id).await, office.state(other).await), (State::Open, State::Open));
    assert!(office.steps().is_empty(), "{:?}", office.steps());
}

#[tokio::test(flavor = "multi_thread")]
async fn p2_a_preview_by_which_nothing_goes_out_can_not_be_approved() {
    let office = Office::open().await;
    let (ann, id) = (office.browser(ANN).await, office.hold("1").await);
    let path = format!("/reviews/{id}/preview");
    let none = office.post(&path, &ann, &[("days", "5")]).await;
    assert_eq!(none.status, StatusCode::OK);
    assert!(none.text.contains("With this nothing would go out") && !none.text.contains("/approve\""));
    let order = [("claim", "approved"), ("claim", "court-order"), ("days", "5")];
    for (fields, error) in [
        (vec![], "choose who issued it"),
        (vec![("issuer/court-order", "a friend")], "issuer"),
        (vec![("issuer/court-order", "federal-judge"), ("number/court-order", "a  b")], "number"),
        (vec![("issuer/court-order", "federal-judge"), ("date/court-order", "12/01/2026")], "YYYY-MM-DD"),
        (vec![("issuer/court-order", "federal-judge"), ("date/court-order", "2026-12-03")], "date"),
        (vec![("issuer/court-order", "federal-judge"), ("until/court-order", "2026-12-01")], "until"),
        (vec![("issuer/court-order", "federal-judge"), ("specifies/court-order", "person.shoe-size")], "specifies"),
    ] {
        let answer = office.post(&path, &ann, &[&order[..], &fields].concat()).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{fields:?}");
        assert!(answer.text.contains("Not done") && answer.text.contains(error), "{fields:?}: {}", answer.text);
        assert!(!answer.text.contains("/approve\""));
        // What was typed is still there.
        assert!(
            fields.iter().filter(|(name, _)| name.starts_with("number")).all(|(_, value)| answer.text.contains(value))
        );
    }
    for days in ["", "0", "31", "-1", "x", "99999999999999999999"] {
        let answer = office.post(&path, &ann, &[("claim", "approved"), ("days", days)]).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{days}");
        assert!(answer.text.contains("id=\"days-error\"") && answer.text.contains("aria-invalid"));
    }
    for claim in ["administrator", "judicial-warrant-x", ""] {
        let answer = office.post(&path, &ann, &[("claim", claim), ("days", "5")]).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{claim}");
    }
    assert!(office.steps().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn p12_a_denial_has_a_reason_and_is_on_record() {
    let office = Office::open().await;
    let (ann, id) = (office.browser(ANN).await, office.hold("1").await);
    let digest = dmv_redact_review::ContentDigest::of(&office.original).to_string();
    let path = format!("/reviews/{id}/deny");
    for reason in ["", "  ", "\n", "...", &"x".repeat(501)] {
        let answer = office.post(&path, &ann, &[("digest", &digest), ("reason", reason)]).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{reason}");
    }
    let other = dmv_redact_review::ContentDigest::of(b"other").to_string();
    for (digest, status) in [(other.as_str(), StatusCode::CONFLICT), ("x", StatusCode::BAD_REQUEST)] {
        assert_eq!(office.post(&path, &ann, &[("digest", digest), ("reason", "no order")]).await.status, status);
    }
    assert!(office.steps().is_empty());
    let answer = office.post(&path, &ann, &[("digest", &digest), ("reason", "no order\r\nwas shown")]).await;
    assert_eq!(answer.location(), format!("/reviews/{id}?did=denied"));
    assert_eq!(office.state(id).await, State::Denied);
    let record = office.records().into_iter().find(|record| record["step"] == "denied").unwrap();
    assert_eq!(record["reason"], "no order was shown");
    let again = office.post(&path, &ann, &[("digest", &digest), ("reason", "again")]).await;
    assert_eq!(again.status, StatusCode::CONFLICT);
}

#[tokio::test(flavor = "multi_thread")]
async fn p12_the_message_is_shown_once_it_is_on_record_and_to_nobody_else() {
    let office = Office::open().await;
    let (ann, id) = (office.browser(ANN).await, office.hold("1").await);
    let path = format!("/reviews/{id}/record");
    let answer = office.post(&path, &ann, &[("reason", " ")]).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert!(VALUES.iter().all(|value| !answer.text.contains(value)) && office.steps().is_empty());
    let answer = office.post(&path, &ann, &[("reason", "the name is unclear")]).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(VALUES.iter().all(|value| answer.text.contains(value)));
    assert!(!answer.text.contains("<n2:NLETS") && answer.text.contains("&lt;"));
    assert_eq!(answer.headers["cache-control"], "no-store");
    let record = office.records().into_iter().find(|record| record["step"] == "shown").unwrap();
    assert_eq!((&record["by"], &record["reason"]), (&ANN.into(), &"the name is unclear".into()));
    // Nothing of it is left on the page of the review, or in the log.
    let page = office.get(&format!("/reviews/{id}"), Some(&ann)).await;
    let log = office.log();
    assert!(VALUES.iter().all(|value| !page.text.contains(value) && !log.contains(value)));
}

#[tokio::test(flavor = "multi_thread")]
async fn p12_without_a_record_nothing_is_done() {
    // A log that goes on in a new file with each record, and then has no folder any more.
    let log = LogOptions::default().rotate(Rotation::after_bytes(1));
    let office = Office::open_with_log(settings(reach()), log).await;
    let (ann, id) = (office.browser(ANN).await, office.hold("1").await);
    let sealed = office.preview(id, &ann, &["person.name"]).await;
    std::fs::remove_dir_all(office.folder.path().join("log")).unwrap();
    let digest = dmv_redact_review::ContentDigest::of(&office.original).to_string();
    let answers = [
        office.approve(id, &ann, &sealed).await,
        office.post(&format!("/reviews/{id}/deny"), &ann, &[("digest", &digest), ("reason", "no order")]).await,
        office.post(&format!("/reviews/{id}/record"), &ann, &[("reason", "to see it")]).await,
    ];
    for answer in answers {
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{}", answer.text);
        assert!(answer.text.contains("Nothing goes out unrecorded") && !answer.text.contains("desk.log"));
        assert!(VALUES.iter().all(|value| !answer.text.contains(value)));
    }
    assert_eq!(office.state(id).await, State::Open);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_purged_review_tells_that_it_was_purged() {
    let office = Office::open().await;
    let (ann, id) = (office.browser(ANN).await, office.hold("1").await);
    let digest = dmv_redact_review::ContentDigest::of(&office.original).to_string();
    office.post(&format!("/reviews/{id}/deny"), &ann, &[("digest", &digest), ("reason", "no order")]).await;
    office.app.reviews().purge(NOW + DAY, NOW + DAY).await.unwrap();
    let page = office.get(&format!("/reviews/{id}"), Some(&ann)).await;
    assert!(page.status == StatusCode::OK && page.text.contains("were purged") && page.text.contains(ANN));
    let answer = office.post(&format!("/reviews/{id}/record"), &ann, &[("reason", "to see it")]).await;
    assert_eq!(answer.status, StatusCode::GONE);
    let unknown = office.get(&format!("/reviews/{}", "0".repeat(32)), Some(&ann)).await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn p12_an_approval_is_taken_back_on_record_until_it_goes_out() {
    let office = Office::open().await;
    let (ann, ben, id) = (office.browser(ANN).await, office.browser(BEN).await, office.hold("1").await);
    let path = format!("/reviews/{id}/revoke");
    let answer = office.post(&path, &ben, &[("reason", "too early")]).await;
    assert_eq!(answer.status, StatusCode::CONFLICT, "it isn't approved yet: {}", answer.text);
    let sealed = office.preview(id, &ann, &["person.name"]).await;
    office.approve(id, &ann, &sealed).await;
    let page = office.get(&format!("/reviews/{id}"), Some(&ben)).await;
    assert!(page.text.contains(&path) && !page.text.contains("/deny\""), "{}", page.text);
    let answer = office.post(&path, &ben, &[("reason", " ")]).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    let answer = office.post(&path, &ben, &[("reason", "the order\nwas quashed")]).await;
    assert_eq!(answer.location(), format!("/reviews/{id}?did=revoked"), "{}", answer.text);
    assert_eq!(office.state(id).await, State::Denied);
    let records = office.records();
    let record = records.iter().find(|record| record["step"] == "revoked").unwrap();
    assert_eq!((&record["by"], &record["reason"]), (&BEN.into(), &"the order was quashed".into()));
    let page = office.get(&format!("/reviews/{id}?did=revoked"), Some(&ann)).await;
    assert!(page.text.contains("The approval was taken back") && page.text.contains("the order was quashed"));
    assert!(!page.text.contains("/revoke\"") && !page.text.contains("/reopen\""), "a person denied it, for good");
    assert_eq!(office.post(&path, &ben, &[("reason", "again")]).await.status, StatusCode::CONFLICT);
    assert_eq!(office.steps(), ["approved", "revoked"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn p12_what_the_clock_denied_is_opened_again_on_record() {
    let office = Office::open().await;
    let (ann, id) = (office.browser(ANN).await, office.hold("1").await);
    let path = format!("/reviews/{id}/reopen");
    assert_eq!(office.post(&path, &ann, &[("reason", "early")]).await.status, StatusCode::CONFLICT);
    office.app.desk.expire(NOW + 11 * DAY).await.unwrap();
    let page = office.get(&format!("/reviews/{id}"), Some(&ann)).await;
    assert!(page.text.contains(&path) && !page.text.contains("/preview\""), "{}", page.text);
    let answer = office.post(&path, &ann, &[("reason", "nobody was here")]).await;
    let again = answer.location().split(['/', '?']).nth(2).unwrap().parse().unwrap();
    assert_ne!(again, id);
    assert_eq!((office.state(id).await, office.state(again).await), (State::Expired, State::Open));
    assert_eq!(office.hold("1").await, again, "the same message is the new review");
    assert_eq!(office.post(&path, &ann, &[("reason", "twice")]).await.status, StatusCode::GONE);
    let sealed = office.preview(again, &ann, &["person.name"]).await;
    office.approve(again, &ann, &sealed).await;
    assert_eq!(office.state(again).await, State::Approved);
    assert_eq!(office.steps(), ["expired", "reopened", "approved"]);
}
