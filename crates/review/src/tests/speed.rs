//! How quick a large queue is: measured, not asserted.

use std::time::Instant;

use super::place::{DEADLINE, NOW};
use super::*;

/// `cargo test --release -p dmv-redact-review -- --ignored --nocapture speed`, with `DMV_REDACT_REVIEWS` reviews.
#[test]
#[ignore = "a measurement: it fills a database of gigabytes"]
fn speed_of_a_large_queue() {
    let place = Place::sqlite();
    let reviews = place.open();
    let size = std::env::var("DMV_REDACT_REVIEWS").map_or(1_000_000, |size| size.parse::<u64>().unwrap());
    let begun = Instant::now();
    for start in (0..size).step_by(50_000) {
        let end = size.min(start + 50_000) - 1;
        reviews.sql(&format!(
            "WITH RECURSIVE n (n) AS (SELECT {start} UNION ALL SELECT n + 1 FROM n WHERE n < {end}) \
             INSERT INTO reviews (id, fingerprint, source, message, requester, message_key, bytes, two_people, added, \
             deadline, state, version, expires, closed) SELECT lower(hex(randomblob(16))), lower(hex(randomblob(32))), \
             'line-' || (n % 10), 'message ' || n, 'OH' || (n % 1000), 'DR', 2000, 0, {NOW}, {NOW} + abs(random() % 86400), \
             CASE WHEN n % 100 < 90 THEN 'open' WHEN n % 100 < 95 THEN 'delivered' ELSE 'denied' END, 1, NULL, \
             CASE WHEN n % 100 < 90 THEN NULL ELSE {NOW} END FROM n"
        ));
    }
    for (name, bytes) in [("original", 2040), ("digest", 72), ("details", 500)] {
        reviews.sql(&format!(
            "INSERT INTO review_secrets (review, name, key_id, content) \
             SELECT id, '{name}', '00000000', randomblob({bytes}) FROM reviews ORDER BY rowid"
        ));
    }
    let bytes = std::fs::metadata(&place.url).unwrap().len() >> 20;
    println!("{size} reviews, {bytes} MiB, filled in {:?}", begun.elapsed());

    let time = |what: &str, work: &dyn Fn() -> usize| {
        let mut times = Vec::new();
        let mut count = 0;
        for _ in 0..21 {
            let begun = Instant::now();
            count = work();
            times.push(begun.elapsed());
        }
        let first = times[0];
        times.sort();
        println!("{what}: {count} results, first {first:?}, median {:?}, worst {:?}", times[10], times[20]);
    };
    let open = Filter { states: vec![State::Open, State::HalfApproved], ..Filter::default() };
    let list = |filter: &Filter| reviews.list(filter).unwrap().len();
    time("first page of the open", &|| list(&open));
    time("first page of all", &|| list(&Filter::default()));
    let middle = Some(Cursor::new(NOW + 43_200, "80000000000000000000000000000000".parse().unwrap()));
    time("middle page of the open", &|| list(&Filter { after: middle, ..open.clone() }));
    time("middle page of all", &|| list(&Filter { after: middle, ..Filter::default() }));
    let requester = Some("OH500".to_owned());
    time("first page of a requester", &|| list(&Filter { requester: requester.clone(), ..open.clone() }));
    time("middle page of a requester", &|| {
        list(&Filter { requester: requester.clone(), after: middle, ..open.clone() })
    });
    time("page of 1000", &|| list(&Filter { limit: 1000, after: middle, ..open.clone() }));
    time("nothing expires", &|| reviews.expire(NOW - 1).unwrap().len());

    let (id, original) = (std::cell::Cell::new(0), vec![b'x'; 2000]);
    let add = || {
        id.set(id.get() + 1);
        let name = format!("new {}", id.get());
        reviews.add(&NewReview { deadline: DEADLINE, ..of_review(&name, &original) }, NOW).map(|added| added.id())
    };
    time("add, on disk", &|| usize::from(add().is_ok()));
    let begun = Instant::now();
    for _ in 0..1000 {
        add().unwrap();
    }
    println!("add: {:?} each of 1000", begun.elapsed() / 1000);
    let added = add().unwrap();
    time("get", &|| usize::from(reviews.get(added).unwrap().is_some()));
    time("original", &|| reviews.original(added).unwrap().len());
    let begun = Instant::now();
    let count = reviews.purge(NOW + 1, NOW).unwrap();
    println!("purge of {count}: {:?}", begun.elapsed());
    time("expire", &|| reviews.expire(NOW + 43_200).unwrap().len());
}
