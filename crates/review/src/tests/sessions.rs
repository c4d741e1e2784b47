//! When a session ends, and that nobody makes one up.

use super::place::{NOW, PASSWORD};
use super::*;

on_both! {
    a_session_ends_when_it_is_not_used
    a_session_ends_after_twelve_hours
    p2_a_clock_set_back_makes_no_session_longer
    p12_a_change_of_the_account_ends_its_sessions
    who_signs_out_has_no_session
    p2_what_is_no_token_is_no_session
    p12_a_session_that_was_made_up_is_corrupt
    sessions_that_have_ended_are_removed
}

const MINUTES: i64 = 60;
const HOURS: i64 = 60 * MINUTES;

fn opened(place: &Place) -> BlockingReviews {
    let reviews = place.open();
    reviews.add_account("ann", Role::Reviewer, None, NOW).unwrap();
    reviews.add_account("bob", Role::Approver, None, NOW).unwrap();
    reviews
}

fn a_session_ends_when_it_is_not_used(place: &Place) {
    let reviews = opened(place);
    let token = reviews.token("ann", NOW);
    let unused = reviews.token("ann", NOW);
    assert!(reviews.session(&token, NOW + 30 * MINUTES - 1).is_some());
    assert!(reviews.session(&unused, NOW + 30 * MINUTES).is_none());
    // The use made it longer.
    assert!(reviews.session(&token, NOW + 60 * MINUTES - 2).is_some());
    assert!(reviews.session(&token, NOW + 90 * MINUTES - 2).is_none());
    // It was looked at when it had ended: that is no use.
    assert!(reviews.session(&unused, NOW + 30 * MINUTES).is_none());
    // A use soon after another isn't written.
    let token = reviews.token("ann", NOW);
    assert!(reviews.session(&token, NOW + 59).is_some());
    assert!(reviews.session(&token, NOW + 30 * MINUTES).is_none());
}

fn a_session_ends_after_twelve_hours(place: &Place) {
    let reviews = opened(place);
    let token = reviews.token("ann", NOW);
    for minutes in (20..12 * 60).step_by(20) {
        assert_eq!(reviews.session(&token, NOW + minutes * MINUTES).unwrap().since, NOW);
    }
    assert!(reviews.session(&token, NOW + 12 * HOURS - 1).is_some());
    assert!(reviews.session(&token, NOW + 12 * HOURS).is_none());
}

fn p2_a_clock_set_back_makes_no_session_longer(place: &Place) {
    let reviews = opened(place);
    let token = reviews.token("ann", NOW);
    // Before its start.
    assert!(reviews.session(&token, NOW - 1).is_none());
    assert!(reviews.session(&token, NOW).is_some());
    // After its start, before its last use: that is when it was used last.
    assert!(reviews.session(&token, NOW + 20 * MINUTES).is_some());
    assert!(reviews.session(&token, NOW + 5 * MINUTES).is_some());
    assert!(reviews.session(&token, NOW + 35 * MINUTES).is_none());
    // However often: 12 hours after its start.
    let token = reviews.token("ann", NOW);
    for _ in 0..3 {
        for minutes in (20..12 * 60).step_by(20) {
            reviews.session(&token, NOW + minutes * MINUTES).unwrap();
        }
        assert!(reviews.session(&token, NOW + 12 * HOURS).is_none());
        assert!(reviews.session(&token, NOW).is_some());
    }
}

fn p12_a_change_of_the_account_ends_its_sessions(place: &Place) {
    let reviews = opened(place);
    let of_bob = reviews.token("bob", NOW);
    let change = |role, password, is_disabled| AccountChange { role, password, is_disabled };
    for change in [
        change(Some(Role::Auditor), None, None),
        change(None, Some(PASSWORD), None),
        change(None, Some(PASSWORD), None),
        change(Some(Role::Reviewer), Some(PASSWORD), Some(false)),
    ] {
        let tokens = [reviews.token("ann", NOW), reviews.token("ann", NOW)];
        reviews.change_account("Ann", &change, NOW).unwrap();
        assert!(tokens.iter().all(|token| reviews.session(token, NOW).is_none()), "{change:?}");
    }
    let token = reviews.token("ann", NOW);
    reviews.change_account("ann", &change(Some(Role::Reviewer), None, Some(false)), NOW).unwrap();
    assert!(reviews.session(&token, NOW).is_some(), "nothing was changed");
    reviews.change_account("ann", &change(None, None, Some(true)), NOW).unwrap();
    assert!(reviews.session(&token, NOW).is_none());
    reviews.change_account("ann", &change(None, None, Some(false)), NOW).unwrap();
    assert!(reviews.session(&token, NOW).is_none());
    assert_eq!(reviews.session(&of_bob, NOW).unwrap().account.role, Role::Approver);
}

fn who_signs_out_has_no_session(place: &Place) {
    let reviews = opened(place);
    let tokens = [reviews.token("ann", NOW), reviews.token("ann", NOW)];
    for token in [&tokens[0], &tokens[0], "", "x"] {
        reviews.wait(reviews.store().sign_out(token)).unwrap();
    }
    assert!(reviews.session(&tokens[0], NOW).is_none() && reviews.session(&tokens[1], NOW).is_some());
}

fn p2_what_is_no_token_is_no_session(place: &Place) {
    let reviews = opened(place);
    let token = reviews.token("ann", NOW);
    let csrf = reviews.session(&token, NOW).unwrap().csrf;
    let other = "0".repeat(64);
    let stored =
        reviews.wait(sqlx::query("SELECT token_hash FROM review_sessions").fetch_one(&reviews.store().database.pool));
    let stored: String = sqlx::Row::try_get(&stored.unwrap(), 0).unwrap();
    let wrong = [
        "",
        "a\0b",
        "%",
        token.get(1..).unwrap(),
        &format!("{token}0"),
        &format!(" {token}"),
        &token.to_uppercase(),
        &csrf,
        &other,
        &stored,
    ];
    for wrong in wrong {
        assert!(reviews.session(wrong, NOW).is_none(), "{wrong:?}");
    }
    assert!(reviews.session(&token, NOW).is_some());
}

/// Whoever can write the database, but has no key.
fn p12_a_session_that_was_made_up_is_corrupt(place: &Place) {
    use sha2::Digest;
    let reviews = opened(place);
    let token = reviews.token("ann", NOW);
    let made_up = "1".repeat(64);
    let hash = dmv_redact_model::hex::hex(&sha2::Sha256::digest([0x11; 32]));
    let is_corrupt = |token: &str| {
        let result = reviews.wait(reviews.store().session(token, NOW + 1));
        assert!(matches!(result, Err(ReviewError::Corrupt(_))), "{result:?}");
    };
    let insert = "INSERT INTO review_sessions (token_hash, account, version, since, last_used, mac)";
    assert_eq!(
        reviews.sql(&format!("{insert} SELECT '{hash}', account, version, since, last_used, mac FROM review_sessions")),
        1
    );
    is_corrupt(&made_up);
    for (change, back) in [
        ("account = 'bob'", "account = 'ann'"),
        ("since = since + 1", "since = since - 1"),
        ("version = version + 1", "version = version - 1"),
        ("token_hash = 'x' || token_hash", ""),
    ] {
        reviews.sql(&format!("UPDATE review_sessions SET {change} WHERE token_hash <> '{hash}'"));
        if back.is_empty() {
            assert!(reviews.session(&token, NOW + 1).is_none());
            continue;
        }
        is_corrupt(&token);
        reviews.sql(&format!("UPDATE review_sessions SET {back} WHERE token_hash <> '{hash}'"));
        assert!(reviews.session(&token, NOW + 1).is_some());
    }
}

fn sessions_that_have_ended_are_removed(place: &Place) {
    let reviews = opened(place);
    let tidy = |now| reviews.wait(reviews.store().remove_old_sessions(now)).unwrap();
    let used = reviews.token("ann", NOW);
    reviews.token("ann", NOW);
    reviews.token("bob", NOW + 13 * HOURS);
    assert_eq!(tidy(NOW + 30 * MINUTES - 1), 1, "the one of a clock that was far ahead");
    assert!(reviews.session(&used, NOW + 20 * MINUTES).is_some());
    assert_eq!(tidy(NOW + 30 * MINUTES), 1);
    assert!(reviews.session(&used, NOW + 30 * MINUTES).is_some());
    for minutes in (40..12 * 60).step_by(20) {
        assert_eq!(tidy(NOW + minutes * MINUTES), 0);
        assert!(reviews.session(&used, NOW + minutes * MINUTES).is_some());
    }
    assert_eq!(tidy(NOW + 12 * HOURS), 1);
    assert_eq!(tidy(NOW + 12 * HOURS), 0);
}
