//! Several threads, stores and nodes at once.

use std::collections::HashSet;
use std::sync::Barrier;
use std::thread;

use super::place::{DEADLINE, NOW, approval, denial};
use super::*;

on_both! {
    p11_of_those_who_open_a_new_queue_at_once_all_do
    p11_a_message_added_by_many_at_once_is_one_review
    p12_of_those_who_decide_at_once_one_does
    p12_of_two_people_at_once_neither_is_lost
    p11_of_the_nodes_that_would_deliver_one_does
    p11_an_expired_review_is_given_to_one
}

pub(super) const THREADS: usize = 8;

/// Runs something on each of several threads at once, on two stores in turn: as two nodes would.
pub(super) fn at_once<T: Send>(place: &Place, work: impl Fn(&BlockingReviews, usize) -> T + Sync) -> Vec<T> {
    let stores = [place.open(), place.open()];
    let barrier = Barrier::new(THREADS);
    thread::scope(|scope| {
        let (stores, barrier, work) = (&stores, &barrier, &work);
        let run = |number: usize| {
            barrier.wait();
            work(&stores[number % 2], number)
        };
        let threads = (0..THREADS).map(|number| scope.spawn(move || run(number))).collect::<Vec<_>>();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

fn p11_of_those_who_open_a_new_queue_at_once_all_do(place: &Place) {
    let barrier = Barrier::new(THREADS);
    thread::scope(|scope| {
        let open = || {
            barrier.wait();
            place.open_with(&[1]).unwrap().add(&of_review("a", b"{}"), NOW).unwrap()
        };
        place.key_files(&[1]);
        let threads = (0..THREADS).map(|_| scope.spawn(open)).collect::<Vec<_>>();
        let added = threads.into_iter().map(|thread| thread.join().unwrap()).collect::<Vec<_>>();
        assert_eq!(added.iter().filter(|added| matches!(added, Added::New(_))).count(), 1);
        assert!(added.iter().all(|other| other.id() == added[0].id()));
    });
}

fn p11_a_message_added_by_many_at_once_is_one_review(place: &Place) {
    const MESSAGES: usize = 20;
    let added = at_once(place, |reviews, number| {
        let mut added = Vec::new();
        for message in 0..MESSAGES {
            added.push(reviews.add(&of_review(&format!("same {message}"), b"{}"), NOW).unwrap());
            let own = reviews.add(&of_review(&format!("{number} {message}"), b"{}"), NOW).unwrap();
            assert!(matches!(own, Added::New(_)));
        }
        added
    });
    for message in 0..MESSAGES {
        let ids = added.iter().map(|added| added[message].id()).collect::<HashSet<_>>();
        let new = added.iter().filter(|added| matches!(added[message], Added::New(_))).count();
        assert_eq!((ids.len(), new), (1, 1));
    }
    let all = place.open().list(&Filter { limit: 10_000, ..Filter::default() }).unwrap();
    assert_eq!(all.len(), MESSAGES * (THREADS + 1));
}

fn p12_of_those_who_decide_at_once_one_does(place: &Place) {
    for round in 0..10 {
        let (id, digest) = place.open().added(&of_review(&round.to_string(), b"{}"));
        let results = at_once(place, |reviews, number| {
            let by = format!("reviewer {number}");
            let decision = if number % 2 == 0 { approval(&by) } else { denial(&by) };
            (by.clone(), reviews.decide(id, &digest, &decision, NOW))
        });
        let (won, lost) = results.into_iter().partition::<Vec<_>, _>(|(_, result)| result.is_ok());
        assert_eq!(won.len(), 1);
        let review = place.open().get(id).unwrap().unwrap();
        assert_eq!(review.decisions.len(), 1);
        assert_eq!(review.decisions[0].by, won[0].0);
        assert_eq!(&review.summary.state, won[0].1.as_ref().unwrap());
        for (_, result) in lost {
            assert!(matches!(result, Err(ReviewError::Conflict { .. })), "{result:?}");
        }
    }
}

fn p12_of_two_people_at_once_neither_is_lost(place: &Place) {
    for round in 0..5 {
        let id = round.to_string();
        let (id, digest) = place.open().added(&NewReview { two_people: true, ..of_review(&id, b"{}") });
        let results = at_once(place, |reviews, number| {
            let by = format!("reviewer {number}");
            let mut tries = 0;
            // Who was overtaken by the first may be the second.
            loop {
                tries += 1;
                match reviews.decide(id, &digest, &approval(&by), NOW) {
                    Err(ReviewError::Conflict { state: State::HalfApproved, .. }) if tries < 10 => {}
                    result => return result,
                }
            }
        });
        let count = |state| results.iter().filter(|result| matches!(result, Ok(other) if *other == state)).count();
        assert_eq!((count(State::HalfApproved), count(State::Approved)), (1, 1));
        let review = place.open().get(id).unwrap().unwrap();
        assert_eq!((review.summary.state, review.decisions.len()), (State::Approved, 2));
        assert_ne!(review.decisions[0].by, review.decisions[1].by);
    }
}

fn p11_of_the_nodes_that_would_deliver_one_does(place: &Place) {
    const MESSAGES: usize = 10;
    let reviews = place.open();
    let approved = (0..MESSAGES).map(|message| {
        let (id, digest) = reviews.added(&of_review(&message.to_string(), b"{}"));
        reviews.decide(id, &digest, &approval("ann"), NOW).unwrap();
        id
    });
    let mut approved = approved.collect::<Vec<_>>();
    let sent = at_once(place, |reviews, number| {
        let node = format!("node {number}");
        let mut sent = Vec::new();
        for id in reviews.approved() {
            match reviews.begin_delivery(id, &node, NOW) {
                Ok(()) => {
                    sent.push(id);
                    reviews.delivered(id, &node, NOW).unwrap();
                }
                Err(ReviewError::Conflict { .. }) => {}
                Err(error) => panic!("{error}"),
            }
        }
        sent
    });
    let mut sent = sent.concat();
    sent.sort();
    approved.sort();
    assert_eq!(sent, approved);
}

fn p11_an_expired_review_is_given_to_one(place: &Place) {
    let reviews = place.open();
    let mut ids = (0..50).map(|message| reviews.added(&of_review(&message.to_string(), b"{}")).0).collect::<Vec<_>>();
    let mut expired = at_once(place, |reviews, _| reviews.expire(DEADLINE).unwrap()).concat();
    ids.sort();
    expired.sort();
    assert_eq!(expired, ids);
}
