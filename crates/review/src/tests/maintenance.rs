//! Deadlines, retention, new keys, copies.

use std::fs;
use std::path::PathBuf;

use super::place::{DEADLINE, GRANTS, NOW, approval, denial};
use super::*;

on_both! {
    p2_a_deadline_denies_and_a_clock_set_back_reopens_nothing
    p6_what_is_purged_is_gone
    p11_keys_rotate_and_an_interrupted_rotation_goes_on
}

fn p2_a_deadline_denies_and_a_clock_set_back_reopens_nothing(place: &Place) {
    let reviews = place.open();
    let (id, digest) = reviews.added(&of_review("a", b"{}"));
    let (half, half_digest) = reviews.added(&NewReview { two_people: true, ..of_review("b", b"{}") });
    let (later, _) = reviews.added(&NewReview { deadline: DEADLINE + 1, ..of_review("c", b"{}") });
    let lasting = DecisionKind::Approve { grants: GRANTS, expires: DEADLINE + 10 };
    let approved = Decision { kind: lasting, ..approval("ann") };
    reviews.decide(half, &half_digest, &approved, NOW).unwrap();
    let due = |now, limit| reviews.due(now, limit).unwrap().into_iter().map(|review| review.id).collect::<Vec<_>>();
    assert!(reviews.expire(DEADLINE - 1).unwrap().is_empty() && due(DEADLINE - 1, 10).is_empty());
    let announced = due(DEADLINE, 10);
    assert_eq!(due(DEADLINE + 1, 10), [announced.clone(), vec![later]].concat());
    assert_eq!(due(DEADLINE + 1, 1), announced[..1]);
    let mut expired = reviews.expire(DEADLINE).unwrap();
    expired.sort();
    let mut both = [id, half];
    both.sort();
    assert_eq!(expired, both);
    assert_eq!(expired, announced);
    assert!(reviews.expire(DEADLINE).unwrap().is_empty() && due(DEADLINE, 10).is_empty());

    // Set back.
    assert!(reviews.expire(NOW).unwrap().is_empty());
    for (id, digest) in [(id, digest), (half, half_digest)] {
        assert_eq!(reviews.state(id), State::Expired);
        let result = reviews.decide(id, &digest, &approval("ben"), NOW);
        assert!(matches!(result, Err(ReviewError::Conflict { state: State::Expired, .. })), "{result:?}");
    }
    assert_eq!(reviews.state(later), State::Open);
    assert_eq!(reviews.expire(DEADLINE + 1).unwrap(), [later]);
}

fn p6_what_is_purged_is_gone(place: &Place) {
    let reviews = place.open();
    let mut ids = Vec::new();
    for number in 0..100 {
        let (id, digest) = reviews.added(&of_review(&number.to_string(), b"CANARY-ORIGINAL"));
        if number != 99 {
            reviews.decide(id, &digest, &denial("ann"), NOW + number).unwrap();
        }
        ids.push(id);
    }
    let ciphertext = if place.is_sqlite() { Some(ciphertext_of(&reviews, ids[0])) } else { None };
    assert_eq!(reviews.purge(NOW + 98, NOW + 200).unwrap(), 98);
    assert_eq!(reviews.purge(NOW + 98, NOW + 201).unwrap(), 0);
    for id in &ids[..98] {
        let review = reviews.get(*id).unwrap().unwrap();
        assert_eq!((review.summary.state, review.summary.purged), (State::Denied, Some(NOW + 200)));
        assert!(review.digest.is_none() && review.details.is_none());
        assert_eq!((review.decisions.len(), &review.decisions[0].content), (1, &None));
        assert!(matches!(reviews.original(*id), Err(ReviewError::Purged(_))));
        assert_eq!(reviews.sql(&format!("UPDATE review_secrets SET name = name WHERE review = '{id}'")), 0);
    }
    for id in &ids[98..] {
        assert_eq!(reviews.original(*id).unwrap(), b"CANARY-ORIGINAL");
    }
    // Not even its ciphertext: not in the database, nor in its write-ahead log.
    if let Some(ciphertext) = ciphertext {
        for file in fs::read_dir(place.folder.path()).unwrap() {
            let bytes = fs::read(file.unwrap().path()).unwrap();
            assert!(!bytes.windows(24).any(|window| window == &ciphertext[..24]));
        }
    }
}

fn ciphertext_of(reviews: &BlockingReviews, id: ReviewId) -> Vec<u8> {
    use sqlx::Row;
    let query = sqlx::query("SELECT content FROM review_secrets WHERE review = $1 AND name = 'original'");
    let query = query.bind(id.to_string());
    reviews.wait(query.fetch_one(&reviews.store().database.pool)).unwrap().try_get(0).unwrap()
}

fn p11_keys_rotate_and_an_interrupted_rotation_goes_on(place: &Place) {
    let old = place.open();
    let mut ids = Vec::new();
    for number in 0..50 {
        ids.push(old.added(&of_review(&number.to_string(), format!("{number}").as_bytes())).0);
    }
    old.decide(ids[0], &ContentDigest::of(b"0"), &approval("ann"), NOW).unwrap();
    drop(old);

    let both = place.open_with(&[2, 1]).unwrap();
    assert_eq!(both.original(ids[7]).unwrap(), b"7");
    // Interrupted: one row that can't be decrypted stops it, and what was encrypted before stays so.
    let row = format!("review = '{}' AND name = 'original'", ids.iter().max_by_key(|id| id.to_string()).unwrap());
    both.sql(&format!("UPDATE review_secrets SET key_id = 'x' || key_id WHERE {row}"));
    assert!(matches!(both.rekey(), Err(ReviewError::Corrupt(_))));
    both.sql(&format!("UPDATE review_secrets SET key_id = substr(key_id, 2) WHERE {row}"));
    let count = both.rekey().unwrap();
    assert!(0 < count && count < 202, "{count}");
    assert_eq!(both.rekey().unwrap(), 0);
    drop(both);

    let new = place.open_with(&[2]).unwrap();
    for (number, id) in ids.iter().enumerate() {
        assert_eq!(new.original(*id).unwrap(), format!("{number}").as_bytes());
        assert_eq!(
            new.add(&of_review(&number.to_string(), format!("{number}").as_bytes()), NOW).unwrap(),
            Added::Known(*id)
        );
    }
    let [approved] = new.approved()[..] else { panic!("one was approved") };
    assert!(new.get(approved).unwrap().unwrap().decisions[0].content.is_some());
    assert!(matches!(place.open_with(&[1]), Err(ReviewError::Corrupt(_))));
}

#[test]
fn p11_a_copy_is_made_while_the_queue_is_in_use() {
    let place = Place::sqlite();
    let reviews = place.open();
    let ids = (0..20).map(|number| reviews.added(&of_review(&number.to_string(), b"{}")).0).collect::<Vec<_>>();
    let path = place.folder.path().join("it's a copy.db");
    std::thread::scope(|scope| {
        let other = scope.spawn(|| {
            (20..40).for_each(|number| {
                reviews.added(&of_review(&number.to_string(), b"{}"));
            })
        });
        reviews.backup(&path).unwrap();
        other.join().unwrap();
    });
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
    // It replaces nothing.
    let before = fs::read(&path).unwrap();
    assert!(matches!(reviews.backup(&path), Err(ReviewError::Io(_))));
    assert_eq!(fs::read(&path).unwrap(), before);
    assert!(!place.folder.path().join("it's a copy.db.partial").exists());

    // To SQLite a name like this is a URI.
    let name = PathBuf::from(format!("file:{}.db", std::process::id()));
    reviews.backup(&name).unwrap();
    let length = fs::metadata(&name).unwrap().len();
    fs::remove_file(&name).unwrap();
    assert!(length > 0);

    let copy = BlockingReviews::open(path.to_str().unwrap(), place.keys(&[1])).unwrap();
    for id in ids {
        assert_eq!(copy.original(id).unwrap(), b"{}");
    }
}

#[test]
fn p11_postgres_is_backed_up_by_its_own_tools() {
    let Some(place) = Place::postgres() else { return };
    let path = place.folder.path().join("copy");
    assert!(matches!(place.open().backup(&path), Err(ReviewError::Usage(_))));
    assert!(!path.exists());
}
