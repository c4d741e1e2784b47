//! Accounts: what may be one, what changes, and that an administrator is left.

use super::concurrency::at_once;
use super::place::{NOW, PASSWORD};
use super::*;

on_both! {
    an_account_is_there_with_what_was_given
    p12_a_name_is_one_persons_in_any_case_and_with_any_white_space
    p2_what_is_no_name_is_refused
    p2_a_weak_password_is_refused
    a_change_is_of_what_was_given_only
    p2_the_last_administrator_stays
    p2_the_last_administrator_stays_when_two_go_at_once
    p12_a_tampered_account_is_corrupt
}

const DISABLE: AccountChange<'_> = AccountChange { role: None, password: None, is_disabled: Some(true) };
const ENABLE: AccountChange<'_> = AccountChange { role: None, password: None, is_disabled: Some(false) };

fn to_role(role: Role) -> AccountChange<'static> {
    AccountChange { role: Some(role), ..AccountChange::default() }
}

fn is_usage<T: std::fmt::Debug>(result: Result<T, ReviewError>, what: &str) {
    match result {
        Err(ReviewError::Usage(message)) => assert!(message.contains(what), "{message}"),
        other => panic!("{other:?}"),
    }
}

fn an_account_is_there_with_what_was_given(place: &Place) {
    let reviews = place.open();
    assert!(reviews.accounts().unwrap().is_empty());
    reviews.add_accounts(&[("Zoë Ñandú", Role::Approver)]);
    reviews.add_account("ann@example.gov", Role::Administrator, None, NOW + 1).unwrap();
    let ann = Account {
        name: "ann@example.gov".into(),
        role: Role::Administrator,
        has_password: false,
        is_disabled: false,
        created: NOW + 1,
        changed: NOW + 1,
        last_sign_in: None,
    };
    let zoe = Account {
        name: "Zoë Ñandú".into(),
        role: Role::Approver,
        has_password: true,
        created: NOW,
        changed: NOW,
        ..ann.clone()
    };
    assert_eq!(reviews.accounts().unwrap(), [ann, zoe.clone()]);
    assert_eq!(place.open().account("zoË ñANDÚ").unwrap(), Some(zoe));
    for name in ["", "bob", "a\0b", "ann@example.gov "] {
        assert_eq!(reviews.account(name).unwrap(), None, "{name:?}");
    }
}

fn p12_a_name_is_one_persons_in_any_case_and_with_any_white_space(place: &Place) {
    let reviews = place.open();
    reviews.add_account("Ann Lee", Role::Reviewer, None, NOW).unwrap();
    for name in ["Ann Lee", "ann lee", "ANN LEE", "Ann  Lee", "Ann\u{a0}Lee"] {
        is_usage(reviews.add_account(name, Role::Approver, None, NOW), "there is an account of this name");
    }
    let added = at_once(place, |reviews, number| {
        let name = if number % 2 == 0 { "bob" } else { "BOB" };
        reviews.add_account(name, Role::Reviewer, None, NOW).is_ok()
    });
    assert_eq!(added.into_iter().filter(|added| *added).count(), 1);
    assert_eq!(reviews.accounts().unwrap().len(), 2);
}

fn p2_what_is_no_name_is_refused(place: &Place) {
    let reviews = place.open();
    let long = "a".repeat(129);
    let names = ["", " ", "ann ", " ann", "-", "a\nb", "a\0b", "a\u{202e}b", "a\u{200b}b", &long];
    for name in names {
        is_usage(reviews.add_account(name, Role::Reviewer, None, NOW), "name of");
    }
    assert!(reviews.accounts().unwrap().is_empty());
}

fn p2_a_weak_password_is_refused(place: &Place) {
    let reviews = place.open();
    reviews.add_account("Marianne", Role::Reviewer, None, NOW).unwrap();
    let long = "ab".repeat(65);
    for (password, what) in [
        ("", "12 to 128"),
        ("eleven char", "12 to 128"),
        ("éééééé", "12 to 128"),
        (long.as_str(), "12 to 128"),
        ("tab\tin the middle", "control"),
        ("nul\0in the middle", "control"),
        ("it is maRIANNE's own", "the account's name"),
        ("xxxxxxxxxxxxxxx", "guess"),
        ("012345678901234", "guess"),
        ("9876543210987", "guess"),
        ("abcdefghijklmnop", "guess"),
        ("ZYXWVUTSRQPON", "guess"),
        ("Password123!", "guess"),
        ("correcthorsebatterystaple", "guess"),
    ] {
        let change = AccountChange { password: Some(password), ..AccountChange::default() };
        is_usage(reviews.change_account("marianne", &change, NOW), what);
        let shown = reviews.change_account("marianne", &change, NOW).unwrap_err().to_string();
        assert!(password.is_empty() || !shown.contains(password), "{shown}");
    }
    assert_eq!(reviews.accounts().unwrap().len(), 1);
    is_usage(reviews.add_account("Cow", Role::Reviewer, Some("an ox and a cow"), NOW), "the account's name");
    // Just allowed. A name of two characters may be in it.
    let longest = "ab".repeat(64);
    for (name, password) in
        [("bob", "éééééé ñññññ"), ("cid", &longest), ("dan", "0123456789ab"), ("Ox", "an ox and a cow")]
    {
        reviews.add_account(name, Role::Reviewer, Some(password), NOW).unwrap();
        assert!(matches!(reviews.sign_in(name, password, NOW), SignIn::Accepted { .. }));
    }
}

fn a_change_is_of_what_was_given_only(place: &Place) {
    let reviews = place.open();
    reviews.add_accounts(&[("ann", Role::Reviewer)]);
    let ann = || reviews.account("ann").unwrap().unwrap();
    let before = ann();
    // Nothing is changed: neither is the time.
    reviews.change_account("ann", &AccountChange::default(), NOW + 1).unwrap();
    reviews.change_account("ann", &to_role(Role::Reviewer), NOW + 1).unwrap();
    reviews.change_account("ann", &ENABLE, NOW + 1).unwrap();
    assert_eq!(ann(), before);

    reviews.change_account("ANN", &to_role(Role::Auditor), NOW + 2).unwrap();
    assert_eq!(ann(), Account { role: Role::Auditor, changed: NOW + 2, ..before.clone() });
    reviews.change_account("ann", &DISABLE, NOW + 3).unwrap();
    assert_eq!(ann(), Account { role: Role::Auditor, is_disabled: true, changed: NOW + 3, ..before.clone() });
    assert_eq!(reviews.sign_in("ann", PASSWORD, NOW + 3), SignIn::Refused);
    reviews.change_account("ann", &ENABLE, NOW + 4).unwrap();
    assert!(matches!(reviews.sign_in("ann", PASSWORD, NOW + 4), SignIn::Accepted { .. }));

    let other = AccountChange { password: Some("another of 5 words"), ..AccountChange::default() };
    reviews.change_account("ann", &other, NOW + 5).unwrap();
    assert_eq!(reviews.sign_in("ann", PASSWORD, NOW + 5), SignIn::Refused);
    assert!(matches!(reviews.sign_in("ann", "another of 5 words", NOW + 5), SignIn::Accepted { .. }));
    is_usage(reviews.change_account("bob", &DISABLE, NOW), "no such account");
    assert!(!format!("{other:?}").contains("another"));
}

fn p2_the_last_administrator_stays(place: &Place) {
    let reviews = place.open();
    reviews.add_account("ann", Role::Administrator, None, NOW).unwrap();
    reviews.add_account("bob", Role::Administrator, None, NOW).unwrap();
    reviews.add_account("cid", Role::Approver, None, NOW).unwrap();
    reviews.change_account("bob", &DISABLE, NOW).unwrap();
    for change in
        [DISABLE, to_role(Role::Approver), AccountChange { is_disabled: Some(true), ..to_role(Role::Auditor) }]
    {
        is_usage(reviews.change_account("ann", &change, NOW), "no enabled administrator would be left");
    }
    // Of those who manage nothing none has to stay.
    reviews.change_account("cid", &DISABLE, NOW).unwrap();
    reviews.change_account("bob", &to_role(Role::Auditor), NOW).unwrap();
    let ann = reviews.account("ann").unwrap().unwrap();
    assert_eq!((ann.role, ann.is_disabled, ann.changed), (Role::Administrator, false, NOW));
    reviews
        .change_account("cid", &AccountChange { is_disabled: Some(false), ..to_role(Role::Administrator) }, NOW)
        .unwrap();
    reviews.change_account("ann", &DISABLE, NOW).unwrap();
}

fn p2_the_last_administrator_stays_when_two_go_at_once(place: &Place) {
    let reviews = place.open();
    reviews.add_account("0", Role::Administrator, None, NOW).unwrap();
    reviews.add_account("1", Role::Administrator, None, NOW).unwrap();
    for round in 0..10 {
        let changes = at_once(place, |reviews, number| {
            let change = if number < 4 { DISABLE } else { to_role(Role::Auditor) };
            // Both stores change both.
            reviews.change_account(&(number / 2 % 2).to_string(), &change, NOW).is_ok()
        });
        assert!(changes.contains(&true) && changes.contains(&false), "round {round}");
        let mut left = reviews.accounts().unwrap();
        left.retain(|account| account.role == Role::Administrator && !account.is_disabled);
        assert_eq!(left.len(), 1, "round {round}");
        for name in ["0", "1"] {
            let change = AccountChange { is_disabled: Some(false), ..to_role(Role::Administrator) };
            reviews.change_account(name, &change, NOW).unwrap();
        }
    }
}

/// Whoever can write the database, but has no key, can't make an account more than it is.
fn p12_a_tampered_account_is_corrupt(place: &Place) {
    let reviews = place.open();
    reviews.add_accounts(&[("ann", Role::Reviewer), ("bob", Role::Approver)]);
    let token = reviews.token("ann", NOW);
    reviews.sql("CREATE TABLE kept AS SELECT * FROM review_accounts");
    let of_bob = |column: &str| format!("{column} = (SELECT {column} FROM kept WHERE folded = 'bob')");
    for change in [
        "role = 'approver'".to_owned(),
        "role = 'king'".to_owned(),
        "disabled = 1".to_owned(),
        "created = created + 1".to_owned(),
        "changed = changed + 1".to_owned(),
        "version = version + 1".to_owned(),
        "name = 'ANN'".to_owned(),
        "key_id = 'x' || key_id".to_owned(),
        of_bob("content"),
        format!("{}, {}, {}", of_bob("content"), of_bob("role"), of_bob("name")),
    ] {
        assert_eq!(reviews.sql(&format!("UPDATE review_accounts SET {change} WHERE folded = 'ann'")), 1);
        let store = reviews.store();
        for result in [
            reviews.accounts().map(drop),
            reviews.account("ann").map(drop),
            reviews.change_account("ann", &to_role(Role::Auditor), NOW),
            reviews.wait(store.sign_in_from_proxy("ann", NOW)).map(drop),
            reviews.wait(store.session(&token, NOW)).map(drop),
        ] {
            assert!(matches!(result, Err(ReviewError::Corrupt(_))), "{change}: {result:?}");
        }
        let columns = ["name", "role", "disabled", "created", "changed", "version", "key_id", "content"];
        let restored = columns.map(|column| format!("{column} = (SELECT {column} FROM kept WHERE folded = 'ann')"));
        reviews.sql(&format!("UPDATE review_accounts SET {} WHERE folded = 'ann'", restored.join(", ")));
        assert!(reviews.session(&token, NOW).is_some());
    }
}

#[test]
fn p12_a_role_may_do_what_it_is_for_and_no_more() {
    for (role, name, rights) in [
        (Role::Reviewer, "reviewer", [true, true, false, true, true, true, false]),
        (Role::Approver, "approver", [true, true, true, true, true, true, false]),
        (Role::Auditor, "auditor", [true, false, false, false, true, false, false]),
        (Role::Administrator, "administrator", [false, false, false, false, false, false, true]),
    ] {
        assert_eq!((role.name(), role.to_string().as_str(), Role::of_name(name)), (name, name, Some(role)));
        let has = [
            role.may_see_reviews(),
            role.may_decide(),
            role.may_give_second_approval(),
            role.may_see_records(),
            role.may_see_duties(),
            role.may_do_duties(),
            role.may_manage_accounts(),
        ];
        assert_eq!(has, rights, "{role}");
    }
    assert_eq!(Role::of_name("Reviewer"), None);
}
