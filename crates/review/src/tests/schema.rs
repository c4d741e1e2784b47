//! How a queue is opened.

use std::fs;

use super::*;

on_both! {
    p2_a_queue_of_a_later_version_is_refused
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
