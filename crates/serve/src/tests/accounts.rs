//! Accounts: added and changed by administrators, each step on record; and one's own password.

use axum::http::StatusCode;
use dmv_redact_review::Role;

use super::office::*;

#[tokio::test(flavor = "multi_thread")]
async fn p12_accounts_are_added_and_changed_on_record() {
    let office = Office::open().await;
    let eve = office.browser(EVE).await;
    let answer =
        office.post("/accounts", &eve, &[("new-name", "Fay"), ("role", "auditor"), ("password", PASSWORD)]).await;
    assert_eq!(answer.location(), "/accounts?did=added", "{}", answer.text);
    let fay = office.browser("Fay").await;
    assert_eq!(office.get("/duties", Some(&fay)).await.status, StatusCode::OK);
    let answer = office.post("/accounts/role", &eve, &[("name", "Fay"), ("role", "approver")]).await;
    assert_eq!(answer.location(), "/accounts?did=changed");
    assert_eq!(office.app.reviews().account("Fay").await.unwrap().unwrap().role, Role::Approver);
    // The role that a session began with isn't one that it keeps.
    assert_eq!(office.get("/duties", Some(&fay)).await.status, StatusCode::SEE_OTHER);
    let fay = office.browser("Fay").await;
    office.post("/accounts/state", &eve, &[("name", "Fay"), ("state", "disabled")]).await;
    assert_eq!(office.get("/duties", Some(&fay)).await.status, StatusCode::SEE_OTHER);
    office.post("/accounts/state", &eve, &[("name", "Fay"), ("state", "enabled")]).await;
    let fay = office.browser("Fay").await;
    office.post("/accounts/password", &eve, &[("name", "Fay"), ("password", "another umbrella 47")]).await;
    assert_eq!(office.get("/duties", Some(&fay)).await.status, StatusCode::SEE_OTHER);
    let records: Vec<_> = office.records().into_iter().filter(|record| record["account"] == "Fay").collect();
    let told: Vec<_> =
        records.iter().map(|record| (record["step"].as_str().unwrap(), record["change"].as_str().unwrap())).collect();
    assert_eq!(
        told,
        [
            ("account-added", "role auditor"),
            ("account-changed", "role approver"),
            ("account-changed", "disabled"),
            ("account-changed", "enabled"),
            ("account-changed", "another password"),
        ]
    );
    assert!(records.iter().all(|record| record["by"] == EVE));
    assert!(!office.log().contains("umbrella"));
}

#[tokio::test(flavor = "multi_thread")]
async fn p2_accounts_that_make_no_sense_are_refused() {
    let office = Office::open().await;
    let eve = office.browser(EVE).await;
    for (name, role, password) in [
        ("", "reviewer", PASSWORD),
        ("Fay", "king", PASSWORD),
        ("Fay", "reviewer", ""),
        ("Fay", "reviewer", "short"),
        ("Fay Fayette", "reviewer", "fay fayette 12"),
        ("ann reviewer", "reviewer", PASSWORD),
        ("Fay\u{202e}", "king", PASSWORD),
    ] {
        let fields = [("new-name", name), ("role", role), ("password", password)];
        let answer = office.post("/accounts", &eve, &fields).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{name} {role} {password}");
        assert!(password.is_empty() || !answer.text.contains(password));
    }
    // The last administrator stays one.
    for (path, field) in [("/accounts/role", ("role", "reviewer")), ("/accounts/state", ("state", "disabled"))] {
        let answer = office.post(path, &eve, &[("name", EVE), field]).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{path}: {}", answer.text);
    }
    assert_eq!(office.get("/accounts", Some(&eve)).await.status, StatusCode::OK);
    let answer = office.post("/accounts/state", &eve, &[("name", ANN), ("state", "gone")]).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    let answer = office.post("/accounts/role", &eve, &[("name", "Nobody"), ("role", "reviewer")]).await;
    assert!(answer.status.is_client_error());
    assert_eq!(office.app.reviews().accounts().await.unwrap().len(), PEOPLE.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn p2_the_own_password_takes_the_old_one_and_ends_all_sessions() {
    let office = Office::open().await;
    let change = dmv_redact_review::AccountChange { role: None, password: Some(PASSWORD), is_disabled: None };
    office.app.reviews().change_account(ANN, &change, NOW - DAY).await.unwrap();
    let (ann, elsewhere) = (office.browser(ANN).await, office.browser(ANN).await);
    let new = "a quite new umbrella";
    for (old, first, second, status) in [
        ("not the one 12", new, new, StatusCode::FORBIDDEN),
        (PASSWORD, new, "another", StatusCode::BAD_REQUEST),
        (PASSWORD, "short", "short", StatusCode::BAD_REQUEST),
    ] {
        let answer = office.post("/password", &ann, &[("old", old), ("new", first), ("repeated", second)]).await;
        assert_eq!(answer.status, status, "{old}");
        assert!(answer.text.contains("stays as it was") && !answer.text.contains(old));
    }
    let answer = office.post("/password", &ann, &[("old", PASSWORD), ("new", new), ("repeated", new)]).await;
    assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, "/sign-in?did=password"));
    for browser in [ann, elsewhere] {
        assert_eq!(office.get("/reviews", Some(&browser)).await.status, StatusCode::SEE_OTHER);
    }
    assert_eq!(office.steps().last().unwrap(), "account-changed");
}
