//! Decisions of one person and of two.

use super::place::{DEADLINE, GRANTS, NOW, approval, denial};
use super::*;

on_both! {
    p12_a_decision_is_kept_with_who_when_and_why
    p12_a_decision_is_bound_to_the_content_that_was_reviewed
    p2_what_is_decided_or_over_cannot_be_decided
    p12_two_people_approve_the_same_or_nothing_goes_out
    p2_a_decision_that_makes_no_sense_is_refused
    p2_an_approval_is_taken_back_until_a_delivery_begins
}

fn refused(result: Result<State, ReviewError>) -> String {
    match result {
        Err(ReviewError::Refused { why, .. }) => why.to_owned(),
        other => panic!("{other:?}"),
    }
}

fn p12_a_decision_is_kept_with_who_when_and_why(place: &Place) {
    let reviews = place.open();
    let (id, digest) = reviews.added(&of_review("a", b"{}"));
    assert_eq!(reviews.decide(id, &digest, &approval("ann"), NOW).unwrap(), State::Approved);
    let review = reviews.get(id).unwrap().unwrap();
    assert_eq!(
        (review.summary.state, review.summary.expires, review.summary.closed),
        (State::Approved, Some(NOW + 10_000), None)
    );
    let decided = Decided {
        verdict: Verdict::Approved,
        by: "ann".into(),
        at: NOW,
        content: Some(GRANTS.into()),
        expires: Some(NOW + 10_000),
        sequence: 1,
    };
    assert!(review.decisions == [decided]);

    let (id, digest) = reviews.added(&of_review("b", b"{}"));
    assert_eq!(reviews.decide(id, &digest, &denial("ben"), NOW + 1).unwrap(), State::Denied);
    let review = reviews.get(id).unwrap().unwrap();
    assert_eq!(
        (review.summary.state, review.summary.expires, review.summary.closed),
        (State::Denied, None, Some(NOW + 1))
    );
    let decided = Decided {
        verdict: Verdict::Denied,
        by: "ben".into(),
        at: NOW,
        content: Some("CANARY-REASON".into()),
        expires: None,
        sequence: 2,
    };
    assert!(review.decisions == [decided]);
}

fn p12_a_decision_is_bound_to_the_content_that_was_reviewed(place: &Place) {
    let reviews = place.open();
    let (id, digest) = reviews.added(&of_review("a", b"{}"));
    let other = ContentDigest::of(b"[]");
    for decision in [approval("ann"), denial("ann")] {
        let why = refused(reviews.decide(id, &other, &decision, NOW));
        assert_eq!(why, "its content isn't the one that was reviewed");
    }
    assert_eq!(reviews.state(id), State::Open);
    reviews.decide(id, &digest, &approval("ann"), NOW).unwrap();
}

fn p2_what_is_decided_or_over_cannot_be_decided(place: &Place) {
    let reviews = place.open();
    let (id, digest) = reviews.added(&of_review("a", b"{}"));
    for now in [DEADLINE, DEADLINE + 1] {
        let decision = Decision {
            kind: DecisionKind::Approve { grants: "{}", expires: now + 1 },
            by: "ann",
            at: NOW,
            seen: None,
            two_people: false,
        };
        assert_eq!(refused(reviews.decide(id, &digest, &decision, now)), "its deadline is over");
    }
    let late = Decision { at: DEADLINE, ..approval("ann") };
    assert_eq!(refused(reviews.decide(id, &digest, &late, NOW)), "its deadline is over");
    reviews.decide(id, &digest, &denial("ann"), DEADLINE - 1).unwrap();
    for decision in [approval("ben"), denial("ben")] {
        let result = reviews.decide(id, &digest, &decision, NOW);
        assert!(matches!(result, Err(ReviewError::Conflict { state: State::Denied, .. })), "{result:?}");
    }
    let unknown = "00000000000000000000000000000000".parse().unwrap();
    assert!(matches!(reviews.decide(unknown, &digest, &denial("ann"), NOW), Err(ReviewError::NotFound(_))));
}

fn p12_two_people_approve_the_same_or_nothing_goes_out(place: &Place) {
    let reviews = place.open();
    let two = |id| reviews.added(&NewReview { two_people: true, ..of_review(id, b"{}") });
    let (id, digest) = two("a");
    assert_eq!(reviews.decide(id, &digest, &approval("ann"), NOW).unwrap(), State::HalfApproved);
    let claimed = reviews.begin_delivery(id, "one", NOW);
    assert!(matches!(claimed, Err(ReviewError::Conflict { state: State::HalfApproved, .. })), "{claimed:?}");
    assert!(matches!(reviews.begin_delivery(id, "node", NOW), Err(ReviewError::Conflict { .. })));
    for by in ["ann", "Ann", "ANN"] {
        let why = refused(reviews.decide(id, &digest, &approval(by), NOW));
        assert_eq!(why, "the same person has approved it before");
    }
    let other = Decision { kind: DecisionKind::Approve { grants: "{}", expires: NOW + 5 }, ..approval("ben") };
    assert_eq!(refused(reviews.decide(id, &digest, &other, NOW)), "the first approval has other grants");
    let why = refused(reviews.decide(id, &digest, &late(NOW + 20_000), NOW + 10_000));
    assert_eq!(why, "its deadline is over", "the second is in time as long as the first approval lasts");
    assert_eq!(reviews.state(id), State::HalfApproved);
    let sooner = Decision { kind: DecisionKind::Approve { grants: GRANTS, expires: NOW + 5 }, ..approval("ben") };
    assert_eq!(reviews.decide(id, &digest, &sooner, NOW).unwrap(), State::Approved);
    let approved = reviews.get(id).unwrap().unwrap();
    assert_eq!(approved.summary.expires, Some(NOW + 5));
    assert_eq!(approved.decisions.iter().map(|decided| decided.by.as_str()).collect::<Vec<_>>(), ["ann", "ben"]);

    // The earlier end counts, whoever gave it.
    let (id, digest) = two("b");
    reviews.decide(id, &digest, &sooner, NOW).unwrap();
    reviews.decide(id, &digest, &approval("ann"), NOW).unwrap();
    assert_eq!(reviews.get(id).unwrap().unwrap().summary.expires, Some(NOW + 5));

    // One denial denies, also of whoever approved before.
    for (name, by) in [("c", "ann"), ("d", "ben")] {
        let (id, digest) = two(name);
        reviews.decide(id, &digest, &approval("ann"), NOW).unwrap();
        assert_eq!(reviews.decide(id, &digest, &denial(by), NOW).unwrap(), State::Denied);
        assert_eq!(reviews.get(id).unwrap().unwrap().decisions.len(), 2);
    }
    let (id, digest) = two("e");
    assert_eq!(reviews.decide(id, &digest, &denial("ann"), NOW).unwrap(), State::Denied);
}

fn late(expires: i64) -> Decision<'static> {
    Decision { kind: DecisionKind::Approve { grants: GRANTS, expires }, ..approval("ben") }
}

fn p2_a_decision_that_makes_no_sense_is_refused(place: &Place) {
    let reviews = place.open();
    let (id, digest) = reviews.added(&of_review("a", b"{}"));
    let approve = |grants, expires| Decision {
        kind: DecisionKind::Approve { grants, expires },
        by: "ann",
        at: NOW,
        seen: None,
        two_people: false,
    };
    for decision in [
        approve("CANARY", NOW + 1),
        approve("{}", NOW),
        Decision { kind: DecisionKind::Deny { reason: " " }, ..approval("ann") },
        approval(""),
        approval(" ann"),
        approval("ann\u{0085}b"),
    ] {
        let error = reviews.decide(id, &digest, &decision, NOW).unwrap_err();
        assert!(matches!(error, ReviewError::Usage(_)), "{error:?}");
        assert!(!error.to_string().contains("CANARY"), "{error}");
    }
    assert_eq!(reviews.state(id), State::Open);
}

fn p2_an_approval_is_taken_back_until_a_delivery_begins(place: &Place) {
    let reviews = place.open();
    let back = |by| Decision { at: DEADLINE + 1, seen: Some(State::Approved), ..denial(by) };
    let (id, digest) = reviews.added(&of_review("a", b"{}"));
    let early = reviews.decide(id, &digest, &back("ann"), NOW);
    assert!(matches!(early, Err(ReviewError::Conflict { state: State::Open, .. })), "{early:?}");
    reviews.decide(id, &digest, &approval("ann"), NOW).unwrap();
    // Who saw it open doesn't take back what another approved meanwhile; nor does anybody approve it again.
    let late = reviews.decide(id, &digest, &denial("ben"), NOW);
    assert!(matches!(late, Err(ReviewError::Conflict { state: State::Approved, .. })), "{late:?}");
    let again = Decision { seen: Some(State::Approved), ..approval("ben") };
    let again = reviews.decide(id, &digest, &again, NOW);
    assert!(matches!(again, Err(ReviewError::Conflict { state: State::Approved, .. })), "{again:?}");
    // Past the deadline for deciding, too.
    assert_eq!(reviews.decide(id, &digest, &back("ann"), DEADLINE + 1).unwrap(), State::Denied);
    assert!(matches!(reviews.begin_delivery(id, "node-1", NOW), Err(ReviewError::Conflict { .. })));
    let review = reviews.get(id).unwrap().unwrap();
    assert_eq!((review.summary.expires, review.summary.closed), (None, Some(DEADLINE + 1)));
    assert_eq!(review.decisions.iter().map(|own| own.sequence).collect::<Vec<_>>(), [1, 2]);

    let (two, digest) = reviews.added(&NewReview { two_people: true, ..of_review("b", b"{}") });
    for by in ["ann", "ben"] {
        reviews.decide(two, &digest, &approval(by), NOW).unwrap();
    }
    assert_eq!(reviews.decide(two, &digest, &back("ann"), NOW).unwrap(), State::Denied);
    assert_eq!(reviews.get(two).unwrap().unwrap().decisions.len(), 3);

    let (sent, digest) = reviews.added(&of_review("c", b"{}"));
    reviews.decide(sent, &digest, &approval("ann"), NOW).unwrap();
    reviews.begin_delivery(sent, "node-1", NOW).unwrap();
    let late = reviews.decide(sent, &digest, &back("ann"), NOW);
    assert!(matches!(late, Err(ReviewError::Conflict { state: State::Delivering, .. })), "{late:?}");
}
