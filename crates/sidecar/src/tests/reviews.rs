//! What the policy holds: into the queue, and out of it to whoever asked.

use super::*;
use crate::{Scope, Stop};
use dmv_redact_desk::{Desk, Grants};

const HOLDS: &str = r#"
[policy]
name = "holds"
version = "1"
purposes = ["C"]
claims = ["court-order"]

[agencies.federal]
ori = ["VTICE0900"]

[[permit]]
id = "federal"
agencies = ["federal"]
requires = ["court-order"]
elements = ["license"]

[[review]]
id = "federal-review"
agencies = ["federal"]
unless = ["court-order"]
vouches = ["court-order"]
"#;

fn review_of(answer: &Answer) -> String {
    let Outcome::Refused { disposition: Disposition::Held, review: Some(review), .. } = &answer.outcome else {
        panic!("{answer:?}")
    };
    review.clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn p11_a_held_message_waits_is_approved_and_comes_back_the_same_as_often_as_it_is_asked_for() {
    let running = Office { policy: HOLDS, has_reviews: true, ..Office::default() }.open().await;
    let message = fs::read(root().join("fixtures/dr-ice/message.xml")).unwrap();
    let answer = running.ask(&head(FEDERAL), &message).await;
    let review = review_of(&answer);
    let ask = format!(r#"{{"review":"{review}","request":{{"correlation-id":"poll-1"}}}}"#);
    let waits = running.ask(&ask, b"").await;
    assert_eq!((review_of(&waits), waits.correlation_id.as_deref()), (review.clone(), Some("poll-1")));
    let nobody = format!(r#"{{"review":"{}"}}"#, "0".repeat(32));
    let nobody = running.ask(&nobody, b"").await;
    assert!(matches!(&nobody.outcome, Outcome::Failed(failure) if failure.kind.status() == 404), "{nobody:?}");
    approve(&running, &review).await;
    // A stop doesn't use up what was approved: it can be revoked, and is delivered when the stop has ended.
    let everything = Stop { scope: Scope::Everything, by: "Ann".to_owned(), reason: None, since: String::new() };
    running.service.ledger.stop(everything).await.unwrap();
    let stopped = running.ask(&ask, b"").await;
    assert_eq!(refused(&stopped), Some((Disposition::Withheld, Some(Reason::Stopped))));
    let store = &running.service.reviews.as_ref().unwrap().store;
    let found = store.get(review.parse().unwrap()).await.unwrap().unwrap();
    assert_eq!(found.summary.state, dmv_redact_review::State::Approved);
    running.service.ledger.resume(Scope::Everything, "Ann".to_owned(), None).await.unwrap();
    let mut digests = Vec::new();
    for _ in 0..2 {
        let answer = running.ask(&ask, b"").await;
        let Outcome::Released { sha256, output, .. } = &answer.outcome else { panic!("{answer:?}") };
        assert_eq!(&dmv_redact_testing::sha256(output), sha256);
        assert_eq!(answer.correlation_id.as_deref(), Some("poll-1"));
        digests.push(sha256.clone());
    }
    assert_eq!(digests[0], digests[1]);
    let (_, lines) = running.end().await;
    let released: Vec<_> = lines.iter().filter(|line| line["disposition"] == "redacted").collect();
    assert_eq!(released.len(), 2);
    assert!(released.iter().all(|line| line["review"] == review.as_str() && line["approved-by"] == "Ann"));
}

async fn approve(running: &Running, review: &str) {
    let reviews = running.service.reviews.as_ref().unwrap();
    let id = review.parse().unwrap();
    let path = running.folder.path().join("queue.db");
    let keys = dmv_redact_review::Keys::read(&[running.folder.path().join("key")]).unwrap();
    let store = dmv_redact_review::ReviewStore::open(path.to_str().unwrap(), keys).await.unwrap();
    let filter = running.service.current.get().filter.clone();
    let log = LogOptions::default().open(&running.folder.path().join("desk"), &filter).unwrap();
    let desk = Desk::new(store, log, filter);
    let held = reviews.store.get(id).await.unwrap().unwrap();
    let (digest, state) = (held.digest.unwrap(), held.summary.state);
    let grants = Grants { claims: vec!["court-order".to_owned()], ..Grants::default() };
    let now = dmv_redact_model::unix_time::now();
    desk.approve(id, &digest, &grants, ("Ann", state), (now + 86_400, now)).await.unwrap();
    desk.end().await.unwrap();
}
