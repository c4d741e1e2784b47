//! What is approved goes out once, and isn't lost.

use super::place::{GRANTS, NOW, approval};
use super::*;

on_both! {
    p11_what_is_approved_goes_out_once
    p11_a_delivery_that_was_interrupted_is_shown_and_taken_back
    p2_an_approval_expires
}

fn p11_what_is_approved_goes_out_once(place: &Place) {
    let reviews = place.open();
    let (id, digest) = reviews.added(&of_review("a", b"{}"));
    assert!(matches!(reviews.begin_delivery(id, "one", NOW), Err(ReviewError::Conflict { state: State::Open, .. })));
    reviews.decide(id, &digest, &approval("ann"), NOW).unwrap();
    assert_eq!(reviews.approved(), [id]);
    let approved = reviews.get(id).unwrap().unwrap();
    assert_eq!((approved.digest, approved.summary.expires), (Some(digest), Some(NOW + 10_000)));
    let [decided] = approved.decisions.as_slice() else { panic!("{approved:?}") };
    assert!((decided.by.as_str(), decided.content.as_deref()) == ("ann", Some(GRANTS)));
    assert!(matches!(reviews.delivered(id, "one", NOW), Err(ReviewError::Conflict { state: State::Approved, .. })));

    reviews.begin_delivery(id, "one", NOW + 1).unwrap();
    assert!(reviews.approved().is_empty());
    for node in ["one", "two"] {
        let result = reviews.begin_delivery(id, node, NOW + 1);
        assert!(matches!(result, Err(ReviewError::Conflict { state: State::Delivering, .. })), "{result:?}");
    }
    assert!(matches!(reviews.delivered(id, "two", NOW), Err(ReviewError::Refused { .. })));
    // It has gone out, even if the approval expires meanwhile.
    assert!(reviews.expire(NOW + 20_000).unwrap().is_empty());
    reviews.delivered(id, "one", NOW + 20_000).unwrap();
    for result in
        [reviews.begin_delivery(id, "one", NOW), reviews.delivered(id, "one", NOW), reviews.abandon_delivery(id, "one")]
    {
        assert!(matches!(result, Err(ReviewError::Conflict { state: State::Delivered, .. })), "{result:?}");
    }
    let summary = reviews.get(id).unwrap().unwrap().summary;
    assert_eq!((summary.state, summary.closed), (State::Delivered, Some(NOW + 20_000)));
    assert_eq!(summary.delivery, Some(Delivery { node: "one".into(), since: NOW + 1 }));
    let unknown = "00000000000000000000000000000000".parse().unwrap();
    assert!(matches!(reviews.begin_delivery(unknown, "one", NOW), Err(ReviewError::NotFound(_))));
    assert!(matches!(reviews.begin_delivery(id, "", NOW), Err(ReviewError::Usage(_))));
}

fn p11_a_delivery_that_was_interrupted_is_shown_and_taken_back(place: &Place) {
    let reviews = place.open();
    let (id, digest) = reviews.added(&of_review("a", b"{}"));
    reviews.decide(id, &digest, &approval("ann"), NOW).unwrap();
    reviews.begin_delivery(id, "one", NOW + 1).unwrap();
    drop(reviews);

    let reviews = place.open();
    let shown = reviews.list(&Filter { states: vec![State::Delivering], ..Filter::default() }).unwrap();
    assert_eq!(reviews.delivering("one").unwrap(), shown);
    assert!(reviews.delivering("two").unwrap().is_empty());
    assert_eq!(shown.len(), 1);
    assert_eq!((shown[0].id, shown[0].delivery.clone()), (id, Some(Delivery { node: "one".into(), since: NOW + 1 })));
    assert!(matches!(reviews.abandon_delivery(id, "two"), Err(ReviewError::Refused { .. })));
    reviews.abandon_delivery(id, "one").unwrap();
    assert_eq!(reviews.approved(), [id]);
    assert_eq!(reviews.get(id).unwrap().unwrap().summary.delivery, None);
    reviews.begin_delivery(id, "two", NOW + 2).unwrap();
    reviews.delivered(id, "two", NOW + 2).unwrap();
}

fn p2_an_approval_expires(place: &Place) {
    let reviews = place.open();
    let (id, digest) = reviews.added(&of_review("a", b"{}"));
    reviews.decide(id, &digest, &approval("ann"), NOW).unwrap();
    let end = NOW + 10_000;
    assert!(matches!(reviews.begin_delivery(id, "one", end), Err(ReviewError::Refused { .. })));
    assert!(reviews.expire(end - 1).unwrap().is_empty());
    assert_eq!(reviews.expire(end).unwrap(), [id]);
    assert!(matches!(reviews.begin_delivery(id, "one", NOW), Err(ReviewError::Conflict { state: State::Expired, .. })));
}
