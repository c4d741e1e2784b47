//! Who is let in, and what is stored of what lets one in.

use std::fs;

use super::concurrency::at_once;
use super::place::{NOW, PASSWORD, WRONG};
use super::*;

on_both! {
    p12_who_signs_in_has_a_session_of_the_account
    p2_a_proxy_signs_in_whom_there_is_an_account_of
    p11_accounts_and_sessions_survive_new_keys
    p12_who_is_disabled_meanwhile_has_no_session
    p8_whatever_is_done_at_once_none_stops_another
}

fn accepted(sign_in: SignIn) -> (String, Session) {
    match sign_in {
        SignIn::Accepted { token, session } => (token, session),
        other => panic!("{other:?}"),
    }
}

fn is_secret(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn p12_who_signs_in_has_a_session_of_the_account(place: &Place) {
    let reviews = place.open();
    reviews.add_accounts(&[("Ann", Role::Reviewer)]);
    for password in [WRONG, "", &PASSWORD.to_uppercase(), &format!("{PASSWORD} ")] {
        assert_eq!(reviews.sign_in("Ann", password, NOW), SignIn::Refused);
    }
    let (token, session) = accepted(reviews.sign_in("aNN", PASSWORD, NOW + 1));
    let account = Account { last_sign_in: Some(NOW + 1), ..reviews.account("ann").unwrap().unwrap() };
    assert_eq!(reviews.account("ann").unwrap(), Some(account.clone()));
    assert_eq!((&session.account, session.since), (&account, NOW + 1));
    assert_eq!(account.name, "Ann");
    assert!(is_secret(&token) && is_secret(&session.csrf) && token != session.csrf);
    assert_eq!(place.open().session(&token, NOW + 1).as_ref(), Some(&session));

    let (second, other) = accepted(reviews.sign_in("Ann", PASSWORD, NOW + 1));
    assert!(second != token && other.csrf != session.csrf);
    assert!(reviews.session(&token, NOW + 1).is_some() && reviews.session(&second, NOW + 1).is_some());
    let shown = format!("{session:?} {:?}", SignIn::Accepted { token: token.clone(), session: session.clone() });
    assert!(!shown.contains(&token) && !shown.contains(&session.csrf), "{shown}");
}

fn p2_a_proxy_signs_in_whom_there_is_an_account_of(place: &Place) {
    let reviews = place.open();
    reviews.add_account("ann", Role::Reviewer, None, NOW).unwrap();
    reviews.add_account("bob", Role::Reviewer, None, NOW).unwrap();
    let disable = AccountChange { is_disabled: Some(true), ..AccountChange::default() };
    reviews.change_account("bob", &disable, NOW).unwrap();
    let sign_in = |name: &str| reviews.wait(reviews.store().sign_in_from_proxy(name, NOW)).unwrap();
    for name in ["bob", "cid", "", "ann ", "a\0b"] {
        assert_eq!(sign_in(name), SignIn::Refused, "{name:?}");
    }
    let (token, session) = accepted(sign_in("ANN"));
    assert_eq!(session.account.name, "ann");
    assert_eq!(reviews.session(&token, NOW), Some(session));
    // It has no password: none is right.
    assert_eq!(reviews.sign_in("ann", "", NOW), SignIn::Refused);
}

fn p11_accounts_and_sessions_survive_new_keys(place: &Place) {
    let old = place.open();
    old.add_accounts(&[("ann", Role::Reviewer), ("bob", Role::Approver)]);
    old.add_account("cid", Role::Administrator, None, NOW).unwrap();
    let token = old.token("cid", NOW);
    for _ in 0..5 {
        assert_eq!(old.sign_in("bob", WRONG, NOW), SignIn::Refused);
    }
    let accounts = old.accounts().unwrap();
    drop(old);

    let both = place.open_with(&[2, 1]).unwrap();
    assert_eq!(both.accounts().unwrap(), accounts);
    // Three accounts, and the key of fingerprints.
    assert_eq!(both.rekey().unwrap(), 4);
    assert_eq!(both.rekey().unwrap(), 0);
    drop(both);

    let new = place.open_with(&[2]).unwrap();
    assert_eq!(new.accounts().unwrap(), accounts);
    assert!(new.session(&token, NOW).is_some());
    assert_eq!(new.sign_in("bob", PASSWORD, NOW), SignIn::Throttled { until: NOW + 60 });
    accepted(new.sign_in("ann", PASSWORD, NOW));
    assert!(matches!(place.open_with(&[1]), Err(ReviewError::Corrupt(_))));
}

/// Whatever was first: the sign-in, or the change.
fn p12_who_is_disabled_meanwhile_has_no_session(place: &Place) {
    let reviews = place.open();
    reviews.add_accounts(&[("ann", Role::Reviewer)]);
    let change = |is_disabled| AccountChange { is_disabled: Some(is_disabled), ..AccountChange::default() };
    for round in 0..5 {
        let tokens = at_once(place, |reviews, number| {
            let store = reviews.store();
            let sign_in = match number {
                0 => return reviews.change_account("ann", &change(true), NOW).map(|()| None).unwrap(),
                // With a password: it takes its time between the two transactions.
                1 => reviews.wait(store.sign_in("ann", PASSWORD, NOW)).unwrap(),
                _ => reviews.wait(store.sign_in_from_proxy("ann", NOW)).unwrap(),
            };
            match sign_in {
                SignIn::Accepted { token, .. } => Some(token),
                _ => None,
            }
        });
        for token in tokens.into_iter().flatten() {
            assert_eq!(reviews.session(&token, NOW), None, "round {round}");
        }
        // Nor is one left that would be valid again.
        assert_eq!(reviews.sql("UPDATE review_sessions SET since = since"), 0);
        reviews.change_account("ann", &change(false), NOW).unwrap();
    }
}

/// No two wait for each other, which PostgreSQL would end with an error, and none undoes what another did.
fn p8_whatever_is_done_at_once_none_stops_another(place: &Place) {
    // One node still encrypts with the old key.
    let [old, new] = [[1, 2], [2, 1]].map(|keys| place.open_with(&keys).unwrap());
    old.add_accounts(&[("ann", Role::Reviewer), ("bob", Role::Reviewer), ("cid", Role::Reviewer)]);
    at_once(place, |_, number| {
        let store = if number % 2 == 0 { &old } else { &new };
        for round in 0..20 {
            let now = NOW + round * 60;
            let name = ["ann", "bob"][usize::from(round % 2 == 0)];
            match number {
                0 | 1 => {
                    let role = if round % 3 == 0 { Role::Approver } else { Role::Auditor };
                    let change = AccountChange { role: Some(role), ..AccountChange::default() };
                    store.change_account(name, &change, now).unwrap();
                }
                2 => drop(store.wait(store.store().remove_old_sessions(now)).unwrap()),
                3 => drop(store.rekey().unwrap()),
                4 => drop(store.sign_in("cid", PASSWORD, now)),
                5 => drop(store.wait(store.store().check_password("nobody", WRONG, now)).unwrap()),
                _ => drop(store.session(&store.token(name, now), now)),
            }
        }
    });
    new.rekey().unwrap();
    let new = place.open_with(&[2]).unwrap();
    for name in ["ann", "bob"] {
        let account = new.account(name).unwrap().unwrap();
        assert!(matches!(account.role, Role::Approver | Role::Auditor), "{account:?}");
    }
    accepted(new.sign_in("cid", PASSWORD, NOW + 1200));
}

#[test]
fn p6_no_secret_is_in_the_files() {
    let place = Place::sqlite();
    let reviews = place.open();
    reviews.add_accounts(&[("ann", Role::Reviewer)]);
    let (token, session) = accepted(reviews.sign_in("ann", PASSWORD, NOW));
    reviews.sign_in("CANARY-NAME", WRONG, NOW);
    let mut files = 0;
    for file in fs::read_dir(place.folder.path()).unwrap() {
        let path = file.unwrap().path();
        if path.file_name().unwrap().to_str().unwrap().starts_with("key-") {
            continue;
        }
        let bytes = fs::read(&path).unwrap();
        let has = |what: &str| bytes.windows(what.len()).any(|window| window == what.as_bytes());
        files += usize::from(has("reviewer"));
        for secret in ["CANARY", "canary", "$argon2", &token, &session.csrf] {
            assert!(!has(secret), "{}", path.display());
        }
    }
    assert!(files > 0);
}
