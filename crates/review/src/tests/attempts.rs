//! Wrong passwords in a row make the next attempt wait, whether there is such an account or not.

use super::concurrency::{THREADS, at_once};
use super::place::{NOW, PASSWORD, WRONG};
use super::*;

on_both! {
    p2_wrong_passwords_make_the_next_attempt_wait
    p6_a_name_without_an_account_waits_alike
    p2_a_right_password_ends_the_count
    p2_no_more_get_through_at_once_than_one_after_the_other
    p2_right_ones_at_once_leave_nothing_behind
    p2_an_attempt_that_was_cut_off_counts
    p8_the_names_are_bounded_and_full_is_closed
    p2_a_clock_set_back_locks_nobody_out
    p2_a_count_is_kept_for_a_day
    p2_a_new_password_ends_the_wait
}

fn throttled(until: i64) -> SignIn {
    SignIn::Throttled { until }
}

/// Five attempts at once and the waits after: until the last time, when the next may be made.
fn exhaust(reviews: &BlockingReviews, name: &str) -> i64 {
    for _ in 0..5 {
        assert_eq!(reviews.sign_in(name, WRONG, NOW), SignIn::Refused, "{name:?}");
    }
    let mut now = NOW;
    for wait in [60, 120, 240, 480, 900, 900] {
        for early in [0, wait - 1] {
            assert_eq!(reviews.sign_in(name, PASSWORD, now + early), throttled(now + wait), "{name:?}");
        }
        now += wait;
        assert_eq!(reviews.sign_in(name, WRONG, now), SignIn::Refused, "{name:?}");
    }
    now + 900
}

fn p2_wrong_passwords_make_the_next_attempt_wait(place: &Place) {
    let reviews = place.open();
    reviews.add_accounts(&[("ann", Role::Reviewer), ("bob", Role::Reviewer)]);
    let end = exhaust(&reviews, "ann");
    // On each node, whatever the case of the name, and where a password is confirmed as well.
    let other = place.open();
    assert_eq!(other.sign_in("ANN", PASSWORD, end - 1), throttled(end));
    let check = |password, now| other.wait(other.store().check_password("ann", password, now)).unwrap();
    assert_eq!(check(PASSWORD, end - 1), PasswordCheck::Throttled { until: end });
    assert_eq!(check(WRONG, end), PasswordCheck::Wrong);
    assert_eq!(other.sign_in("ann", PASSWORD, end), throttled(end + 900));
    assert!(matches!(other.sign_in("bob", PASSWORD, NOW), SignIn::Accepted { .. }));
    assert!(matches!(other.sign_in("ann", PASSWORD, end + 900), SignIn::Accepted { .. }));
}

fn p6_a_name_without_an_account_waits_alike(place: &Place) {
    let reviews = place.open();
    reviews.add_account("proxied", Role::Reviewer, None, NOW).unwrap();
    reviews.add_accounts(&[("gone", Role::Reviewer)]);
    let disable = AccountChange { is_disabled: Some(true), ..AccountChange::default() };
    reviews.change_account("gone", &disable, NOW).unwrap();
    for name in ["nobody", "proxied", "gone", "", "a\0b"] {
        let end = exhaust(&reviews, name);
        assert_eq!(reviews.sign_in(name, PASSWORD, end), SignIn::Refused);
    }
    // Nobody reads the names from the table.
    let sql = "UPDATE review_attempts SET name = name WHERE length(name) <> 64 OR name LIKE '%nobody%'";
    assert_eq!(reviews.sql(sql), 0);
    assert_eq!(reviews.sql("UPDATE review_attempts SET name = name"), 5);
}

fn p2_a_right_password_ends_the_count(place: &Place) {
    let reviews = place.open();
    reviews.add_accounts(&[("ann", Role::Reviewer)]);
    for password in [PASSWORD, WRONG, WRONG, WRONG, WRONG] {
        for _ in 0..2 {
            let check = reviews.wait(reviews.store().check_password("Ann", password, NOW)).unwrap();
            assert_eq!(check == PasswordCheck::Right, password == PASSWORD);
        }
        assert!(matches!(reviews.sign_in("Ann", PASSWORD, NOW), SignIn::Accepted { .. }));
    }
    assert_eq!(reviews.sql("UPDATE review_attempts SET name = name"), 0);
}

fn p2_no_more_get_through_at_once_than_one_after_the_other(place: &Place) {
    let reviews = place.open();
    reviews.add_accounts(&[("ann", Role::Reviewer)]);
    for name in ["ann", "nobody"] {
        let mut now = NOW;
        let let_through = |now| {
            let results = at_once(place, |reviews, _| reviews.sign_in(name, WRONG, now));
            let refused = results.iter().filter(|result| **result == SignIn::Refused).count();
            assert!(results.iter().all(|result| matches!(result, SignIn::Refused | SignIn::Throttled { .. })));
            refused
        };
        assert_eq!((let_through(now), THREADS), (5, 8), "{name}");
        for wait in [60, 120] {
            now += wait;
            assert_eq!(let_through(now), 1, "{name}");
        }
    }
}

fn p2_right_ones_at_once_leave_nothing_behind(place: &Place) {
    let reviews = place.open();
    reviews.add_accounts(&[("ann", Role::Reviewer)]);
    let results = at_once(place, |reviews, _| reviews.sign_in("ann", PASSWORD, NOW));
    let accepted = results.iter().filter(|result| matches!(result, SignIn::Accepted { .. })).count();
    assert!(accepted >= 5, "{results:?}");
    assert!(matches!(reviews.sign_in("ann", PASSWORD, NOW), SignIn::Accepted { .. }));
}

/// Without hashes: whoever would have one computed gets an error.
fn p2_an_attempt_that_was_cut_off_counts(place: &Place) {
    let reviews = place.open();
    reviews.add_account("proxied", Role::Reviewer, None, NOW).unwrap();
    reviews.add_accounts(&[("ann", Role::Reviewer), ("gone", Role::Reviewer)]);
    let disable = AccountChange { is_disabled: Some(true), ..AccountChange::default() };
    reviews.change_account("gone", &disable, NOW).unwrap();
    reviews.store().hasher.permits.close();
    for name in ["ann", "nobody", "proxied", "gone", "a\0b"] {
        for _ in 0..5 {
            // Each has one computed.
            let result = reviews.wait(reviews.store().sign_in(name, PASSWORD, NOW));
            assert!(matches!(result, Err(ReviewError::Io(_))), "{name:?}: {result:?}");
        }
        // A throttled one has none, and isn't counted.
        for _ in 0..3 {
            assert_eq!(reviews.sign_in(name, PASSWORD, NOW), throttled(NOW + 60));
        }
    }
}

fn fill(place: &Place, reviews: &BlockingReviews, last: i64) {
    let numbers = if place.is_sqlite() {
        "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 100000) "
    } else {
        "WITH n AS (SELECT generate_series(1, 100000) AS n) "
    };
    let insert = format!(
        "{numbers} INSERT INTO review_attempts (name, failures, last, wait_until) \
         SELECT 'name ' || n, 1, {last}, 0 FROM n"
    );
    assert_eq!(reviews.sql(&insert), 100_000);
}

fn p8_the_names_are_bounded_and_full_is_closed(place: &Place) {
    let reviews = place.open();
    reviews.add_accounts(&[("ann", Role::Reviewer), ("bob", Role::Reviewer)]);
    assert_eq!(reviews.sign_in("bob", WRONG, NOW), SignIn::Refused);
    reviews.sql("UPDATE review_attempts SET last = last + 86400");
    fill(place, &reviews, NOW);
    for name in ["ann", "nobody"] {
        assert_eq!(reviews.sign_in(name, PASSWORD, NOW), throttled(NOW + 60));
        assert_eq!(reviews.sign_in(name, PASSWORD, NOW + 86_400), throttled(NOW + 86_460));
    }
    // Who is counted already goes on.
    assert!(matches!(reviews.sign_in("bob", PASSWORD, NOW), SignIn::Accepted { .. }));
    // The others are forgotten a day later, when there is need.
    assert!(matches!(reviews.sign_in("ann", PASSWORD, NOW + 86_401), SignIn::Accepted { .. }));
    assert_eq!(reviews.sql("UPDATE review_attempts SET name = name"), 0);
}

fn p2_a_clock_set_back_locks_nobody_out(place: &Place) {
    let reviews = place.open();
    reviews.add_accounts(&[("ann", Role::Reviewer)]);
    let ahead = NOW + 1_000_000;
    for _ in 0..5 {
        assert_eq!(reviews.sign_in("ann", WRONG, ahead), SignIn::Refused);
    }
    assert_eq!(reviews.sign_in("ann", PASSWORD, NOW), throttled(NOW + 900));
    assert_eq!(reviews.sign_in("ann", PASSWORD, NOW + 899), throttled(NOW + 900));
    assert!(matches!(reviews.sign_in("ann", PASSWORD, NOW + 900), SignIn::Accepted { .. }));
}

fn p2_a_count_is_kept_for_a_day(place: &Place) {
    let reviews = place.open();
    let (day, ahead) = (86_400, 10 * 86_400);
    let tidy = |now| reviews.wait(reviews.store().remove_old_sessions(now)).unwrap();
    for _ in 0..5 {
        assert_eq!(reviews.sign_in("nobody", WRONG, NOW), SignIn::Refused);
    }
    assert_eq!(reviews.sign_in("other", WRONG, NOW + ahead), SignIn::Refused);
    let counted = |name| reviews.sql(&format!("UPDATE review_attempts SET name = name WHERE name = '{name}'")) == 1;
    let [nobody, other] = ["nobody", "other"].map(|name| reviews.store().attempts_key(name));
    tidy(NOW + day);
    assert!(counted(&nobody) && counted(&other));
    tidy(NOW + day + 1);
    assert!(!counted(&nobody) && counted(&other));
    // The clock was set back since.
    tidy(NOW + 2 * day + 1);
    assert!(!counted(&other));
}

fn p2_a_new_password_ends_the_wait(place: &Place) {
    let reviews = place.open();
    reviews.add_accounts(&[("ann", Role::Reviewer)]);
    exhaust(&reviews, "ann");
    let change = AccountChange { role: Some(Role::Approver), ..AccountChange::default() };
    reviews.change_account("ann", &change, NOW).unwrap();
    assert!(matches!(reviews.sign_in("ann", PASSWORD, NOW), SignIn::Throttled { .. }));
    let change = AccountChange { password: Some("another of 5 words"), ..AccountChange::default() };
    reviews.change_account("ann", &change, NOW).unwrap();
    assert!(matches!(reviews.sign_in("ann", "another of 5 words", NOW), SignIn::Accepted { .. }));
}
