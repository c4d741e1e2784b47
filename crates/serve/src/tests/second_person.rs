//! Where two people must approve: the second is another, an approver, and approves exactly the same.

use axum::http::StatusCode;
use dmv_redact_review::State;

use super::office::*;

#[tokio::test(flavor = "multi_thread")]
async fn p12_the_second_of_two_is_another_approver_who_confirms_the_same() {
    let office = Office::open().await;
    let id = office.hold_for_two("1").await;
    let (ann, ben, cy) = (office.browser(ANN).await, office.browser(BEN).await, office.browser(CY).await);
    let sealed = office.preview(id, &ben, &["person.name"]).await;
    let other = office.preview(id, &cy, &["license"]).await;
    let of_ann = office.preview(id, &ann, &["person.name"]).await;
    let answer = office.approve(id, &ben, &sealed).await;
    assert_eq!(answer.location(), format!("/reviews/{id}?did=half-approved"));
    assert_eq!(office.state(id).await, State::HalfApproved);

    // A reviewer isn't an approver, the first isn't another person, and what was previewed as the first isn't the second.
    for (browser, form) in [(&ann, &of_ann), (&ben, &sealed)] {
        let answer = office.approve(id, browser, form).await;
        assert_eq!(answer.status, StatusCode::CONFLICT, "{}", answer.text);
        let second = form.iter().map(|(name, value)| {
            let value = if name == "state" { "half-approved" } else { value };
            (name.clone(), value.to_owned())
        });
        let answer = office.approve(id, browser, &second.collect::<Vec<_>>()).await;
        assert!(
            answer.text.contains("isn&#39;t what a preview showed")
                || answer.text.contains("isn't what a preview showed")
        );
        let page = office.get(&format!("/reviews/{id}"), Some(browser)).await;
        assert!(page.text.contains("approved it first") && !page.text.contains("/approve\""), "{}", page.text);
    }
    // Another approver can't approve anything else.
    assert_eq!(office.approve(id, &cy, &other).await.status, StatusCode::CONFLICT);
    assert_eq!(office.state(id).await, State::HalfApproved);
    assert_eq!(office.steps(), ["approved"]);

    let page = office.get(&format!("/reviews/{id}"), Some(&cy)).await;
    for told in [BEN, "Confirm the first approval", "2:26-mj-1", "specifies person.name"] {
        assert!(page.text.contains(told), "{told}");
    }
    assert!(!page.text.contains("/preview") && !page.text.contains("type=\"checkbox\""), "it is read-only");
    let answer = office.approve(id, &cy, &page.sealed()).await;
    assert_eq!(answer.location(), format!("/reviews/{id}?did=approved"));
    assert_eq!(office.state(id).await, State::Approved);
    assert_eq!(office.steps(), ["approved", "approved"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn p2_two_reviewers_at_once_do_not_make_a_second_person() {
    let office = Office::open().await;
    let change = dmv_redact_review::AccountChange {
        role: Some(dmv_redact_review::Role::Reviewer),
        password: None,
        is_disabled: None,
    };
    office.app.reviews().change_account(BEN, &change, NOW - 10).await.unwrap();
    for round in 0..10 {
        let id = office.hold_for_two(&round.to_string()).await;
        let (ann, ben) = (office.browser(ANN).await, office.browser(BEN).await);
        let first = office.preview(id, &ann, &["person.name"]).await;
        let second = office.preview(id, &ben, &["person.name"]).await;
        let (first, second) = tokio::join!(office.approve(id, &ann, &first), office.approve(id, &ben, &second));
        let mut statuses = [first.status, second.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [StatusCode::SEE_OTHER, StatusCode::CONFLICT]);
        assert_eq!(office.state(id).await, State::HalfApproved);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn p2_of_two_who_decide_at_once_one_is_told_that_another_was_first() {
    let office = Office::open().await;
    let digest = dmv_redact_review::ContentDigest::of(&office.original).to_string();
    for round in 0..10 {
        let id = office.hold(&round.to_string()).await;
        let (ann, ben) = (office.browser(ANN).await, office.browser(BEN).await);
        let sealed = office.preview(id, &ann, &["person.name"]).await;
        let path = format!("/reviews/{id}/deny");
        let fields = [("digest", digest.as_str()), ("reason", "no order")];
        let (approved, denied) = tokio::join!(office.approve(id, &ann, &sealed), office.post(&path, &ben, &fields));
        let mut statuses = [approved.status, denied.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [StatusCode::SEE_OTHER, StatusCode::CONFLICT], "{} {}", approved.text, denied.text);
        let expected = if approved.status == StatusCode::SEE_OTHER { State::Approved } else { State::Denied };
        assert_eq!(office.state(id).await, expected);
    }
}
