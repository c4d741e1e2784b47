//! What is encrypted can't be read without the key, nor changed unseen.

use std::fs;

use super::place::{GRANTS, NOW, approval, denial};
use super::*;

on_both! {
    p6_a_ciphertext_moved_or_changed_is_corrupt
    p6_another_key_opens_nothing
}

fn is_corrupt<T>(result: Result<T, ReviewError>) {
    match result {
        Err(ReviewError::Corrupt(message)) => assert!(!message.contains("CANARY"), "{message}"),
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("it was read"),
    }
}

/// Everything that decrypts something of a review must fail.
fn p6_a_ciphertext_moved_or_changed_is_corrupt(place: &Place) {
    let reviews = place.open();
    let (one, digest) = reviews.added(&of_review("1", b"CANARY-ONE"));
    let (two, other_digest) = reviews.added(&of_review("2", b"CANARY-TWO"));
    for (id, digest) in [(one, digest), (two, other_digest)] {
        reviews.decide(id, &digest, &approval("ann"), NOW).unwrap();
    }
    let content = |id: ReviewId, name: &str| {
        format!("(SELECT content FROM review_secrets WHERE review = '{id}' AND name = '{name}')")
    };
    let names = ["original", "digest", "details", "decision 1"];
    let read = |name: &str| match name {
        "original" => is_corrupt(reviews.original(one)),
        "digest" => {
            is_corrupt(reviews.original(one));
            is_corrupt(reviews.get(one));
        }
        _ => is_corrupt(reviews.get(one)),
    };
    let cut = if place.is_sqlite() { "substr(content, 1, 20)" } else { "substring(content FROM 1 FOR 20)" };
    let longer = if place.is_sqlite() { "CAST(content || x'00' AS BLOB)" } else { "content || '\\x00'::bytea" };
    reviews.sql("CREATE TABLE kept AS SELECT * FROM review_secrets");
    for name in names {
        let mut values = vec![cut.to_owned(), longer.to_owned(), content(two, name)];
        values.extend(names.iter().filter(|other| **other != name).map(|other| content(one, other)));
        for value in values {
            let changed =
                format!("UPDATE review_secrets SET content = {value} WHERE review = '{one}' AND name = '{name}'");
            assert_eq!(reviews.sql(&changed), 1);
            read(name);
            reviews.restore();
        }
        for place in [0, 23, 24, 30] {
            reviews.flip(one, name, place);
            read(name);
            reviews.restore();
        }
        let missing = format!("DELETE FROM review_secrets WHERE review = '{one}' AND name = '{name}'");
        assert_eq!(reviews.sql(&missing), 1);
        read(name);
        reviews.restore();
    }
    // Nor with a key's identifier that isn't its own.
    reviews.sql(&format!("UPDATE review_secrets SET key_id = '00000000' WHERE review = '{one}'"));
    names.iter().for_each(|name| read(name));
    reviews.restore();

    // Nor what says who decided what, and of which message.
    for change in [
        "review_decisions SET decided_by = 'ben'",
        "review_decisions SET decided_at = decided_at + 1",
        "review_decisions SET expires = expires + 1",
        "review_decisions SET verdict = 'denied'",
        "reviews SET requester = 'NY0300000'",
        "reviews SET message = '3'",
    ] {
        reviews.sql("DROP TABLE IF EXISTS kept_rows");
        let (table, _) = change.split_once(' ').unwrap();
        reviews.sql(&format!("CREATE TABLE kept_rows AS SELECT * FROM {table}"));
        reviews.sql(&format!("UPDATE {change}"));
        is_corrupt(reviews.get(one));
        for column in ["decided_by", "decided_at", "expires", "verdict", "requester", "message"] {
            let key = if table == "reviews" { "id" } else { "review" };
            if change.contains(&format!("SET {column} ")) {
                let kept = format!("SELECT {column} FROM kept_rows WHERE kept_rows.{key} = {table}.{key}");
                reviews.sql(&format!("UPDATE {table} SET {column} = ({kept})"));
            }
        }
        assert!(reviews.get(one).is_ok());
    }

    // A review that says it is another.
    reviews.sql("UPDATE reviews SET state = 'no state'");
    is_corrupt(
        reviews.list(&Filter::default()).and_then(|list| list.first().map_or(reviews.get(one).map(drop), |_| Ok(()))),
    );
    reviews.sql("UPDATE reviews SET state = 'approved'");
    assert!(reviews.original(one).unwrap() == b"CANARY-ONE");
    assert!(reviews.get(one).unwrap().unwrap().decisions[0].content.as_deref() == Some(GRANTS));
}

impl BlockingReviews {
    /// Changes a bit of a ciphertext.
    fn flip(&self, id: ReviewId, name: &str, at: usize) {
        use sqlx::Row;
        let pool = &self.store().database.pool;
        let query = sqlx::query("SELECT content FROM review_secrets WHERE review = $1 AND name = $2");
        let row = self.wait(query.bind(id.to_string()).bind(name).fetch_one(pool)).unwrap();
        let mut content = row.try_get::<Vec<u8>, _>(0).unwrap();
        content[at] ^= 1;
        let update = sqlx::query("UPDATE review_secrets SET content = $1 WHERE review = $2 AND name = $3");
        self.wait(update.bind(content).bind(id.to_string()).bind(name).execute(pool)).unwrap();
    }

    /// Undoes what was done to ciphertexts.
    fn restore(&self) {
        self.sql("DELETE FROM review_secrets");
        self.sql("INSERT INTO review_secrets SELECT * FROM kept");
    }
}

fn p6_another_key_opens_nothing(place: &Place) {
    let reviews = place.open();
    let (id, _) = reviews.added(&of_review("1", b"CANARY"));
    is_corrupt(place.open_with(&[2]));
    is_corrupt(place.open_with(&[2, 3]));
    let both = place.open_with(&[2, 1]).unwrap();
    assert_eq!(both.original(id).unwrap(), b"CANARY");
    let (new, _) = both.added(&of_review("2", b"CANARY"));
    is_corrupt(reviews.original(new));
    is_corrupt(reviews.get(new));
    assert_eq!(reviews.list(&Filter::default()).unwrap().len(), 2);
}

#[test]
fn p6_no_value_is_in_the_files() {
    let place = Place::sqlite();
    let reviews = place.open();
    let original = b"CANARY-ORIGINAL ".repeat(1000);
    for number in 0..20 {
        let (id, digest) = reviews.added(&of_review(&number.to_string(), &original));
        let decision = if number % 2 == 0 { approval("ann") } else { denial("ann") };
        reviews.decide(id, &digest, &decision, NOW).unwrap();
        reviews.get(id).unwrap();
        // In both files: the database, and its write-ahead log.
        if number == 10 {
            reviews.purge(0, NOW).unwrap();
        }
    }
    reviews.backup(&place.folder.path().join("copy.db")).unwrap();
    let digest = ContentDigest::of(&original);
    let mut files = 0;
    for file in fs::read_dir(place.folder.path()).unwrap() {
        let path = file.unwrap().path();
        if path.file_name().unwrap().to_str().unwrap().starts_with("key-") {
            continue;
        }
        let bytes = fs::read(&path).unwrap();
        let has = |what: &[u8]| bytes.windows(what.len()).any(|window| window == what);
        // What is searched for is found where it is.
        assert!(path.extension().unwrap() == "db-shm" || has(b"OH0250000"), "{}", path.display());
        assert!(!has(b"CANARY"), "{}", path.display());
        // Whoever guesses a content can't confirm the guess either.
        assert!(!has(digest.as_bytes()) && !has(digest.to_string().as_bytes()), "{}", path.display());
        files += 1;
    }
    assert_eq!(files, 4, "the database, its write-ahead log and index, and the copy");
    let review = reviews.list(&Filter::default()).unwrap()[0].id;
    let shown = format!("{:?}", reviews.get(review).unwrap());
    assert!(!shown.contains("CANARY"), "{shown}");
    assert!(!format!("{:?}", approval("ann")).contains("CANARY"));
}

#[test]
fn p2_keys_are_checked() {
    let place = Place::sqlite();
    let short = place.folder.path().join("short");
    fs::write(&short, "0123456789abcdef0123456789abcde\n").unwrap();
    let missing = place.folder.path().join("missing");
    for (paths, what) in [
        (vec![], "a queue needs a key"),
        (vec![short], "the key is too short: 32 bytes at least are wanted"),
        (place.key_files(&[1, 2, 1]), "the key is given twice"),
        (vec![missing], "no such file"),
    ] {
        let error = Keys::read(&paths).unwrap_err().to_string();
        assert!(error.contains(what), "{error}");
    }
    assert!(!format!("{:?}", place.keys(&[1])).contains(&format!("{:064}", 1)));
}
