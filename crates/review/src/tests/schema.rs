//! How a queue is opened.

use std::fs;

use super::*;

on_both! {
    p2_a_queue_of_a_later_version_is_refused
    p11_a_queue_of_the_first_version_is_upgraded
    p11_many_upgrade_a_queue_at_once
    p11_an_upgrade_that_fails_changes_nothing
}

fn p2_a_queue_of_a_later_version_is_refused(place: &Place) {
    let reviews = place.open();
    reviews.sql("UPDATE review_meta SET number = 3 WHERE name = 'schema'");
    let error = place.open_with(&[1]).unwrap_err();
    assert!(matches!(error, ReviewError::Usage(_)));
    assert!(error.to_string().contains("a later version"), "{error}");
    reviews.sql("DELETE FROM review_meta WHERE name = 'schema'");
    assert!(matches!(place.open_with(&[1]), Err(ReviewError::Corrupt(_))));
}

/// Makes a queue what its first version was: without accounts, and decisions without numbers.
fn downgrade(reviews: &BlockingReviews) {
    for table in ["review_sessions", "review_accounts", "review_attempts"] {
        reviews.sql(&format!("DROP TABLE {table}"));
    }
    reviews.sql("ALTER TABLE review_decisions DROP COLUMN sequence");
    reviews.sql("DELETE FROM review_meta WHERE name IN ('accounts', 'decisions')");
    assert_eq!(reviews.sql("UPDATE review_meta SET number = 1 WHERE name = 'schema'"), 1);
}

fn p11_a_queue_of_the_first_version_is_upgraded(place: &Place) {
    let reviews = place.open();
    let (id, _) = reviews.added(&of_review("a", b"{}"));
    downgrade(&reviews);
    assert!(reviews.accounts().is_err());
    // Twice: the second time it is what it has to be.
    for name in ["ann", "bob"] {
        let reviews = place.open();
        reviews.add_account(name, Role::Reviewer, None, 0).unwrap();
        assert_eq!(reviews.original(id).unwrap(), b"{}");
        assert_eq!(reviews.sql("UPDATE review_meta SET number = number WHERE name = 'schema' AND number = 2"), 1);
    }
    // One that had it open goes on.
    assert_eq!(reviews.accounts().unwrap().len(), 2);
    reviews.added(&of_review("b", b"{}"));
}

fn p11_many_upgrade_a_queue_at_once(place: &Place) {
    let reviews = place.open();
    downgrade(&reviews);
    drop(reviews);
    let barrier = std::sync::Barrier::new(8);
    std::thread::scope(|scope| {
        for number in 0..8 {
            let barrier = &barrier;
            scope.spawn(move || {
                barrier.wait();
                place.open().add_account(&number.to_string(), Role::Reviewer, None, 0).unwrap();
            });
        }
    });
    assert_eq!(place.open().accounts().unwrap().len(), 8);
}

fn p11_an_upgrade_that_fails_changes_nothing(place: &Place) {
    let reviews = place.open();
    downgrade(&reviews);
    reviews.sql("CREATE TABLE review_attempts (other BIGINT)");
    assert!(matches!(place.open_with(&[1]), Err(ReviewError::Io(_))));
    assert!(reviews.accounts().is_err());
    assert_eq!(reviews.sql("UPDATE review_meta SET number = number WHERE name = 'schema' AND number = 1"), 1);
    reviews.sql("DROP TABLE review_attempts");
    assert!(place.open().accounts().unwrap().is_empty());
}

#[cfg(unix)]
#[test]
fn p6_the_files_are_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::sqlite();
    let reviews = place.open();
    reviews.added(&of_review("a", b"{}"));
    let mut files = 0;
    for file in fs::read_dir(place.folder.path()).unwrap() {
        let path = file.unwrap().path();
        if path.to_str().unwrap().contains(".db") {
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600, "{}", path.display());
            files += 1;
        }
    }
    assert_eq!(files, 3);
}

#[test]
fn a_path_may_be_a_url() {
    let place = Place::sqlite();
    for url in [place.url.clone(), format!("sqlite:{}", place.url), format!("sqlite://{}", place.url)] {
        let reviews = BlockingReviews::open(&url, place.keys(&[1])).unwrap();
        reviews.add(&of_review("a", b"{}"), 0).unwrap();
        assert_eq!(reviews.list(&Filter::default()).unwrap().len(), 1);
    }
}

#[test]
fn p2_what_is_no_queue_is_left_as_it_is() {
    let place = Place::sqlite();
    let text = place.folder.path().join("text");
    fs::write(&text, "some other file of 4711 bytes\n".repeat(100)).unwrap();
    let before = fs::read(&text).unwrap();
    let folder = place.folder.path().to_str().unwrap();
    for path in [text.to_str().unwrap(), folder, "", "/no/such/folder/reviews.db"] {
        let error = BlockingReviews::open(path, place.keys(&[1])).unwrap_err();
        assert!(matches!(error, ReviewError::Usage(_) | ReviewError::Io(_)), "{error}");
    }
    assert_eq!(fs::read(&text).unwrap(), before);
}

#[test]
fn p6_an_error_has_no_password() {
    let place = Place::sqlite();
    for url in ["postgres://ann:CANARY@localhost:1/x", "postgres://ann:CANARY@localhost:99999999/x", "postgres:CANARY"]
    {
        let error = BlockingReviews::open(url, place.keys(&[1])).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("CANARY"), "{error}");
    }
}
