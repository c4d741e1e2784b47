//! What comes in, and what a list has of it.

use super::place::{DEADLINE, NOW, approval, denial};
use super::*;

on_both! {
    p11_what_is_added_is_there_with_all_that_was_given
    p11_the_same_message_is_one_review
    p11_an_expired_review_is_opened_again_once
    p11_a_full_disk_stops_nothing_once_there_is_room
    a_page_follows_the_one_before
    a_review_that_makes_no_sense_is_refused
}

fn p11_what_is_added_is_there_with_all_that_was_given(place: &Place) {
    let reviews = place.open();
    let original = [0, 255, b'<', 0, 10];
    let (id, digest) = reviews.added(&NewReview { two_people: true, ..of_review("é/ü", &original) });
    let review = reviews.get(id).unwrap().unwrap();
    let summary = ReviewSummary {
        id,
        source: "line-1".into(),
        message: "é/ü".into(),
        requester: "OH0250000".into(),
        message_key: Some("DR".into()),
        bytes: 5,
        two_people: true,
        added: NOW,
        deadline: DEADLINE,
        state: State::Open,
        expires: None,
        closed: None,
        delivery: None,
        purged: None,
    };
    assert_eq!(review.summary, summary);
    assert_eq!(review.digest, Some(digest));
    assert_eq!(review.request.as_deref(), Some(r#"{"purpose":"CANARY-REQUEST"}"#));
    assert_eq!(review.details.as_deref(), Some(r#"{"why":"CANARY-DETAILS"}"#));
    assert!(review.decisions.is_empty());
    assert_eq!(reviews.original(id).unwrap(), original);
    assert_eq!(reviews.list(&Filter::default()).unwrap(), [summary]);

    let (empty, _) = reviews.added(&NewReview { message_key: None, ..of_review("empty", b"") });
    assert_eq!(reviews.original(empty).unwrap(), b"");
    assert_eq!(reviews.get(empty).unwrap().unwrap().summary.message_key, None);

    let unknown = "00000000000000000000000000000000".parse::<ReviewId>().unwrap();
    assert!(reviews.get(unknown).unwrap().is_none());
    assert!(matches!(reviews.original(unknown), Err(ReviewError::NotFound(_))));

    drop(reviews);
    assert_eq!(place.open().original(id).unwrap(), original);
}

fn p11_the_same_message_is_one_review(place: &Place) {
    let reviews = place.open();
    let review = of_review("a", b"one");
    let (id, digest) = reviews.added(&review);
    let is_known =
        |now| reviews.add(&NewReview { details: "{}", deadline: DEADLINE + 1_000_000, ..review }, now).unwrap();
    assert_eq!(is_known(NOW), Added::Known(id));
    for other in [
        of_review("a", b"two"),
        of_review("b", b"one"),
        NewReview { source: "line-2", ..review },
        NewReview { requester: "OH0250001", ..review },
        NewReview { request: "{}", ..review },
        // No two reviews whose texts, one after the other, are alike.
        NewReview { source: "line-1a", id: "a", ..review },
        NewReview { source: "line-1", id: "aa", ..review },
    ] {
        assert!(matches!(reviews.add(&other, NOW), Ok(Added::New(_))));
    }

    reviews.decide(id, &digest, &approval("ann"), NOW).unwrap();
    assert_eq!(is_known(NOW), Added::Known(id));
    reviews.begin_delivery(id, "node-1", NOW).unwrap();
    reviews.delivered(id, "node-1", NOW).unwrap();
    assert_eq!(is_known(NOW), Added::Known(id));
    reviews.purge(NOW + 1, NOW + 1).unwrap();
    assert_eq!(is_known(NOW), Added::Known(id));

    let (denied, digest) = reviews.added(&of_review("c", b"one"));
    reviews.decide(denied, &digest, &denial("ann"), NOW).unwrap();
    assert_eq!(reviews.add(&of_review("c", b"one"), NOW).unwrap(), Added::Known(denied));

    let (expired, _) = reviews.added(&of_review("d", b"one"));
    reviews.expire(DEADLINE).unwrap();
    let again = || reviews.add(&NewReview { deadline: DEADLINE + 10, ..of_review("d", b"one") }, DEADLINE).unwrap();
    assert_eq!(again(), Added::Known(expired));
    reviews.purge(DEADLINE + 1, DEADLINE + 1).unwrap();
    assert!(matches!(again(), Added::New(id) if id != expired));
    assert_eq!(reviews.state(expired), State::Expired);
}

fn p11_an_expired_review_is_opened_again_once(place: &Place) {
    let reviews = place.open();
    let review = NewReview { two_people: true, ..of_review("a", b"one") };
    let (old, digest) = reviews.added(&review);
    let (new, times) = (ReviewId::random().unwrap(), (DEADLINE + 10, DEADLINE));
    assert!(matches!(reviews.reopen(old, new, times), Err(ReviewError::Conflict { state: State::Open, .. })));
    reviews.decide(old, &digest, &approval("ann"), NOW).unwrap();
    reviews.expire(DEADLINE).unwrap();
    assert!(matches!(reviews.reopen(old, new, (DEADLINE, DEADLINE)), Err(ReviewError::Usage(_))));
    reviews.reopen(old, new, times).unwrap();
    assert!(matches!(reviews.reopen(old, new, times), Err(ReviewError::Purged(_))));
    assert_eq!(reviews.add(&review, NOW).unwrap(), Added::Known(new));
    let [was, is] = [old, new].map(|id| reviews.get(id).unwrap().unwrap());
    assert_eq!((was.summary.state, was.summary.purged, was.decisions.len()), (State::Expired, Some(DEADLINE), 1));
    assert_eq!(
        is.summary,
        ReviewSummary {
            id: new,
            added: DEADLINE,
            deadline: DEADLINE + 10,
            state: State::Open,
            closed: None,
            purged: None,
            ..was.summary
        }
    );
    assert!(is.decisions.is_empty(), "who approved the old one has not approved the new one");
    assert_eq!((is.digest, is.request.as_deref()), (Some(digest), Some(review.request)));
    assert_eq!(
        (is.details.as_deref(), reviews.original(new).unwrap().as_slice()),
        (Some(review.details), review.original)
    );
    assert_eq!(reviews.decide(new, &digest, &approval("ann"), NOW).unwrap(), State::HalfApproved);
}

/// What a page is asked for by: the deadline, the review, its state and its requester.
type Row = (i64, ReviewId, State, &'static str);

fn a_page_follows_the_one_before(place: &Place) {
    let reviews = place.open();
    let mut all = Vec::<Row>::new();
    for number in 0..30 {
        let id = format!("{number}");
        let requester = ["OH0250000", "NY0300000"][number % 2];
        // Several of one deadline: their identifiers order them.
        let deadline = DEADLINE - (number as i64 / 7) * 10;
        let review = NewReview { requester, deadline, ..of_review(&id, b"{}") };
        let (id, digest) = reviews.added(&review);
        let mut state = State::Open;
        if number % 3 == 0 {
            state = reviews.decide(id, &digest, &denial("ann"), NOW).unwrap();
        }
        all.push((deadline, id, state, requester));
    }
    all.sort_by_key(|(deadline, id, ..)| (*deadline, id.to_string()));

    let pages = |filter: Filter, size| {
        let mut filter = Filter { limit: size, ..filter };
        let mut ids = Vec::new();
        loop {
            let page = reviews.list(&filter).unwrap();
            assert!(page.len() <= size as usize);
            let Some(last) = page.last() else { return ids };
            filter.after = Some(last.cursor());
            ids.extend(page.iter().map(|review| review.id));
        }
    };
    for size in [1, 4, 100] {
        let ids = |keep: &dyn Fn(&Row) -> bool| {
            all.iter().filter(|review| keep(review)).map(|review| review.1).collect::<Vec<_>>()
        };
        assert_eq!(pages(Filter::default(), size), ids(&|_| true));
        let open = Filter { states: vec![State::Open, State::HalfApproved, State::Open], ..Filter::default() };
        assert_eq!(pages(open, size), ids(&|review| review.2 == State::Open));
        let one = Filter { requester: Some("NY0300000".into()), ..Filter::default() };
        assert_eq!(pages(one, size), ids(&|review| review.3 == "NY0300000"));
        let nobody = Filter { requester: Some("' OR 1=1 --".into()), ..Filter::default() };
        assert_eq!(pages(nobody, size), []);
    }
}

fn a_review_that_makes_no_sense_is_refused(place: &Place) {
    let reviews = place.open();
    let review = of_review("a", b"{}");
    for (review, what) in [
        (NewReview { source: "", ..review }, "the source is empty"),
        (NewReview { id: "", ..review }, "the identifier is empty"),
        (NewReview { requester: "", ..review }, "the requester is empty"),
        (NewReview { message_key: Some(""), ..review }, "the message key is empty"),
        (NewReview { id: "a\0b", ..review }, "the identifier has a NUL character"),
        (NewReview { id: &"a".repeat(70_000), ..review }, "the identifier is too long"),
        (NewReview { request: "CANARY", ..review }, "the request can't be read as JSON"),
        (NewReview { details: "CANARY", ..review }, "the details can't be read as JSON"),
        (NewReview { deadline: NOW, ..review }, "the deadline is over"),
    ] {
        let error = reviews.add(&review, NOW).unwrap_err();
        assert!(matches!(error, ReviewError::Usage(_)));
        assert_eq!(error.to_string(), what);
    }
    assert!(reviews.list(&Filter::default()).unwrap().is_empty());
}

#[test]
fn an_identifier_has_one_text() {
    let id = "0123456789abcdef0123456789abcdef";
    assert_eq!(id.parse::<ReviewId>().unwrap().to_string(), id);
    for other in
        ["", "0123456789abcdef0123456789abcde", "0123456789ABCDEF0123456789abcdef", "+123456789abcdef0123456789abcdef"]
    {
        assert!(other.parse::<ReviewId>().is_err(), "{other}");
    }
}

#[test]
fn a_future_of_the_store_may_move_between_threads() {
    fn is_send<T: Send>(_: &T) {}
    fn check(
        store: &ReviewStore,
        review: &NewReview<'_>,
        id: ReviewId,
        digest: &ContentDigest,
        decision: &Decision<'_>,
    ) {
        is_send(&store.add(review, 0));
        is_send(&store.list(&Filter::default()));
        is_send(&store.get(id));
        is_send(&store.decide(id, digest, decision, 0));
        is_send(&store.begin_delivery(id, "a", 0));
        is_send(&store.rekey());
        is_send(&store.purge(0, 0));
        is_send(&store.add_account("a", Role::Auditor, None, 0));
        is_send(&store.change_account("a", &AccountChange::default(), 0));
        is_send(&store.sign_in("a", "b", 0));
        is_send(&store.check_password("a", "b", 0));
        is_send(&store.sign_in_from_proxy("a", 0));
        is_send(&store.session("a", 0));
        is_send(&store.remove_old_sessions(0));
    }
    let _ = check;
}

#[test]
fn a_blocking_call_within_a_runtime_is_refused() {
    let place = Place::sqlite();
    let reviews = place.open();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let result = runtime.block_on(async { reviews.list(&Filter::default()) });
    assert!(matches!(result, Err(ReviewError::Usage(_))));
}

/// SQLite takes the greatest number of pages for the end of the disk.
fn p11_a_full_disk_stops_nothing_once_there_is_room(place: &Place) {
    if !place.is_sqlite() {
        return;
    }
    let reviews = place.open();
    let (id, _) = reviews.added(&of_review("a", b"{}"));
    for number in 0..8 {
        let full = reviews.wait(async {
            let mut transaction = reviews.store().database.begin().await?;
            sqlx::query("PRAGMA max_page_count = 1").execute(&mut *transaction).await?;
            let insert = sqlx::query("INSERT INTO review_meta (name, content) VALUES ('large', zeroblob(1000000))");
            let inserted = insert.execute(&mut *transaction).await.map_err(ReviewError::from);
            crate::database::end(transaction, inserted).await
        });
        assert!(full.unwrap_err().to_string().contains("full"));
        assert!(reviews.get(id).unwrap().is_some());
        reviews.added(&of_review(&format!("then {number}"), b"{}"));
    }
}
