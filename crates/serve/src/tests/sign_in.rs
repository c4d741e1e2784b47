//! Signing in by password and by a reverse proxy, and out again.

use axum::http::{Method, StatusCode};

use super::office::*;
use crate::origin::Reach;
use crate::rate::Rate;
use crate::settings::Settings;

/// An office where these have passwords.
async fn with_passwords(settings: Settings) -> Office {
    let office = Office::open_with(settings).await;
    let change = dmv_redact_review::AccountChange { role: None, password: Some(PASSWORD), is_disabled: None };
    office.app.reviews().change_account(ANN, &change, NOW - DAY).await.unwrap();
    office
}

/// The page to sign in: a browser with its cookie, and the token of its form.
async fn begin(office: &Office) -> Browser {
    let answer = office.get("/sign-in", None).await;
    assert_eq!(answer.status, StatusCode::OK);
    let cookies = answer.cookies();
    let [cookie] = cookies.as_slice() else { panic!("{cookies:?}") };
    let cookie = cookie.split(';').next().unwrap().to_owned();
    Browser { cookie, csrf: answer.hidden("csrf").unwrap() }
}

async fn try_to(office: &Office, browser: &Browser, name: &str, password: &str) -> Answer {
    office.post("/sign-in", browser, &[("name", name), ("password", password)]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn p12_who_signs_in_gets_a_new_session_each_time_and_it_ends() {
    let office = with_passwords(settings(reach())).await;
    let visitor = begin(&office).await;
    let answer = try_to(&office, &visitor, ANN, PASSWORD).await;
    assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, "/"));
    let session = answer.cookies().into_iter().find(|cookie| cookie.starts_with("__Host-desk=")).unwrap().to_owned();
    let mut parts: Vec<_> = session.split("; ").collect();
    let cookie = parts.remove(0).to_owned();
    parts.sort_unstable();
    assert_eq!(parts, ["HttpOnly", "Path=/", "SameSite=Strict", "Secure"]);
    assert_eq!(cookie.len(), "__Host-desk=".len() + 64);

    let first = Browser { cookie, csrf: String::new() };
    let page = office.get("/reviews", Some(&first)).await;
    assert_eq!(page.status, StatusCode::OK);
    let first = Browser { csrf: page.hidden("csrf").unwrap(), ..first };
    assert!(!page.text.contains(first.cookie.trim_start_matches("__Host-desk=")), "the token is in the page");

    // Whoever signs in with a session has another after it, and the one before is over: nobody can have set it.
    let both = Browser { cookie: format!("{}; {}", visitor.cookie, first.cookie), csrf: visitor.csrf.clone() };
    let answer = try_to(&office, &both, ANN, PASSWORD).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    let second = answer.cookies().into_iter().find(|cookie| cookie.starts_with("__Host-desk=")).unwrap().to_owned();
    let second = Browser { cookie: second.split(';').next().unwrap().to_owned(), csrf: String::new() };
    assert_ne!(first.cookie, second.cookie);
    assert_eq!(office.get("/reviews", Some(&first)).await.status, StatusCode::SEE_OTHER);

    let page = office.get("/reviews", Some(&second)).await;
    let second = Browser { csrf: page.hidden("csrf").unwrap(), ..second };
    let answer = office.post("/sign-out", &second, &[]).await;
    assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, "/sign-in?did=signed-out"));
    assert!(answer.cookies().iter().any(|cookie| cookie.starts_with("__Host-desk=;") && cookie.contains("Max-Age=0")));
    assert_eq!(office.get("/reviews", Some(&second)).await.status, StatusCode::SEE_OTHER);
    assert_eq!(office.steps(), ["signed-in", "signed-in", "signed-out"]);
    assert_eq!(office.records().iter().filter(|record| record["by"] == ANN).count(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn p2_a_wrong_password_an_unknown_name_and_a_disabled_account_get_one_answer() {
    let office = with_passwords(settings(reach())).await;
    let change = dmv_redact_review::AccountChange { role: None, password: Some(PASSWORD), is_disabled: Some(true) };
    office.app.reviews().change_account(BEN, &change, NOW - DAY).await.unwrap();
    let visitor = begin(&office).await;
    let mut answers = Vec::new();
    for (name, password) in
        [(ANN, "not the one 12"), ("Nobody At All", PASSWORD), (BEN, PASSWORD), (CY, PASSWORD), (CY, ""), ("", "")]
    {
        let answer = try_to(&office, &visitor, name, password).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{name}");
        assert!(answer.cookies().iter().all(|cookie| !cookie.starts_with("__Host-desk=")));
        assert!(
            !answer.text.contains("not the one 12") && !answer.text.contains(PASSWORD),
            "the password is in the page"
        );
        answers.push(answer.text.replace(&format!("name=\"name\" value=\"{name}\""), ""));
    }
    answers.dedup();
    assert_eq!(answers.len(), 1);
    assert!(office.steps().iter().all(|step| step == "sign-in-refused"), "{:?}", office.steps());
    let log = office.log();
    assert!(!log.contains("Nobody") && !log.contains(PASSWORD) && !log.contains("not the one"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn p2_who_guesses_must_wait_whatever_the_name() {
    let office = with_passwords(settings(reach())).await;
    let visitor = begin(&office).await;
    for name in [ANN, "Nobody At All"] {
        for _ in 0..5 {
            assert_eq!(try_to(&office, &visitor, name, "not the one 12").await.status, StatusCode::FORBIDDEN);
        }
        for password in ["not the one 12", PASSWORD] {
            let answer = try_to(&office, &visitor, name, password).await;
            assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS, "{name}");
            assert!(answer.text.contains("min left"));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn p2_nobody_is_signed_in_by_another_site() {
    let office = with_passwords(settings(reach())).await;
    let (visitor, other) = (begin(&office).await, begin(&office).await);
    let fields = [("name", ANN), ("password", PASSWORD)];
    // The token of another visit, or none, or both made up: a site can't set a cookie of this name.
    let forged = Browser { csrf: other.csrf.clone(), ..visitor.clone() };
    let none = Browser { csrf: String::new(), ..visitor.clone() };
    let short = Browser { cookie: "__Host-desk-visit=a".into(), csrf: "a".into() };
    let twice = Browser { cookie: format!("{}; {}", visitor.cookie, other.cookie), csrf: other.csrf.clone() };
    for browser in [forged, none, short, twice] {
        assert_eq!(office.post("/sign-in", &browser, &fields).await.status, StatusCode::FORBIDDEN, "{browser:?}");
    }
    let body = form(&[&[("csrf", visitor.csrf.as_str())][..], &fields].concat());
    let cross = [("sec-fetch-site", "cross-site")];
    let answer = office.send(request(Method::POST, "/sign-in", Some(&visitor), &cross, &body)).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert!(office.steps().is_empty(), "{:?}", office.steps());
}

#[tokio::test(flavor = "multi_thread")]
async fn p8_one_address_may_ask_only_so_often() {
    let rate = Rate { burst: 3, every: std::time::Duration::from_secs(3600) };
    let office = with_passwords(Settings { rate_of_sign_in: rate, ..settings(reach()) }).await;
    let visitor = begin(&office).await;
    for _ in 0..3 {
        assert_eq!(try_to(&office, &visitor, "Nobody", "not the one 12").await.status, StatusCode::FORBIDDEN);
    }
    let answer = try_to(&office, &visitor, ANN, PASSWORD).await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(answer.headers["retry-after"], "3601");
    // Others aren't shut out, and what a client says of its own address isn't believed.
    assert_eq!(office.get("/sign-in", None).await.status, StatusCode::OK);
    let body = form(&[("csrf", &visitor.csrf), ("name", ANN), ("password", PASSWORD)]);
    let headers = [&OWN[..], &[("x-forwarded-for", "198.51.100.7, 198.51.100.9")]].concat();
    let answer = office.send(request(Method::POST, "/sign-in", Some(&visitor), &headers, &body)).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "the proxy says that it is another client");
    let office = office.from("192.0.2.1:99");
    for name in ["Nobody else", "Nobody more", "Nobody at all"] {
        assert_eq!(try_to(&office, &visitor, name, "x").await.status, StatusCode::FORBIDDEN);
    }
    for last in ["198.51.100.1", "198.51.100.2"] {
        let headers = [&OWN[..], &[("x-forwarded-for", last)]].concat();
        let answer = office.send(request(Method::POST, "/sign-in", Some(&visitor), &headers, &body)).await;
        assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS, "no proxy is there");
    }

    let office = Office::open_with(Settings { rate_of_all: rate, ..settings(reach()) }).await;
    for _ in 0..3 {
        assert_eq!(office.get("/style.css", None).await.status, StatusCode::OK);
    }
    for path in ["/style.css", "/sign-in", "/reviews", "/nothing"] {
        assert_eq!(office.get(path, None).await.status, StatusCode::TOO_MANY_REQUESTS);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn p2_a_proxy_names_who_it_is_and_nobody_else_does() {
    let proxied = Reach { user_header: Some("X-Remote-User".parse().unwrap()), ..reach() };
    let office = Office::open_with(settings(proxied.clone())).await;
    let get = |user: Vec<(&'static str, &'static str)>| request(Method::GET, "/reviews", None, &user, "");
    let answer = office.send(get(vec![("x-remote-user", ANN)])).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    let cookie = answer.cookies()[0].split(';').next().unwrap().to_owned();
    let browser = Browser { cookie, csrf: answer.hidden("csrf").unwrap() };

    // Its session is of no use without the proxy's word, nor with its word for another.
    let own = |user: &[(&'static str, &'static str)]| request(Method::GET, "/reviews", Some(&browser), user, "");
    assert_eq!(office.send(own(&[("x-remote-user", ANN)])).await.cookies().len(), 0);
    for user in [
        &[][..],
        &[("x-remote-user", "")],
        &[("x-remote-user", "Nobody")],
        &[("x-remote-user", ANN), ("x-remote-user", BEN)],
    ] {
        let answer = office.send(own(user)).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{user:?}");
    }
    let answer = office.send(own(&[("x-remote-user", DOT)])).await;
    assert!(answer.text.contains("Dot Auditor") && !answer.text.contains("Ann Reviewer"), "{}", answer.text);
    let body = form(&[("csrf", &browser.csrf), ("reason", "a good one")]);
    let id = office.hold("1").await;
    let other = [&OWN[..], &[("x-remote-user", BEN)]].concat();
    let answer =
        office.send(request(Method::POST, &format!("/reviews/{id}/record"), Some(&browser), &other, &body)).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN, "the form is of another's session");

    // Passwords are off, and so is the header where no proxy is trusted or none was named.
    let visitor = Browser { cookie: format!("__Host-desk-visit={}", "a".repeat(64)), csrf: "a".repeat(64) };
    assert_eq!(try_to(&office, &visitor, ANN, PASSWORD).await.status, StatusCode::FORBIDDEN);
    let office = office.from("192.0.2.1:99");
    assert_eq!(office.send(get(vec![("x-remote-user", ANN)])).await.status, StatusCode::FORBIDDEN);
    let office = Office::open().await;
    assert_eq!(office.send(get(vec![("x-remote-user", ANN)])).await.status, StatusCode::SEE_OTHER);
    let elsewhere = Reach { trusted_proxies: vec!["10.0.0.1".parse().unwrap()], ..proxied };
    let office = Office::open_with(settings(elsewhere)).await;
    assert_eq!(office.send(get(vec![("x-remote-user", ANN)])).await.status, StatusCode::FORBIDDEN);
}
