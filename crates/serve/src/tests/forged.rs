//! Forms that the desk's own pages didn't send, requests for other hosts, and the headers that every answer has.

use axum::http::{Method, StatusCode};

use super::office::*;

/// Each changes something, if it is let through.
async fn forms(office: &Office) -> Vec<(String, Vec<(&'static str, String)>)> {
    let id = office.hold("1").await;
    let digest = dmv_redact_review::ContentDigest::of(&office.original).to_string();
    vec![
        (format!("/reviews/{id}/deny"), vec![("digest", digest), ("reason", "a good one".to_owned())]),
        (format!("/reviews/{id}/record"), vec![("reason", "a good one".to_owned())]),
        ("/sign-out".to_owned(), vec![]),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn p2_a_form_without_its_token_changes_nothing() {
    let office = Office::open().await;
    let (ann, other) = (office.browser(ANN).await, office.browser(ANN).await);
    assert_ne!(ann.csrf, other.csrf);
    for (path, fields) in forms(&office).await {
        let long = ann.csrf.clone() + "0";
        let short: &str = ann.csrf.strip_suffix(|_: char| true).unwrap();
        for csrf in [None, Some(""), Some("0"), Some(other.csrf.as_str()), Some(&long), Some(short)] {
            let fields = fields.iter().map(|(name, value)| (*name, value.as_str()));
            let fields: Vec<_> = csrf.map(|csrf| ("csrf", csrf)).into_iter().chain(fields).collect();
            let answer = office.send(request(Method::POST, &path, Some(&ann), &OWN, &form(&fields))).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path} {csrf:?}");
        }
        // Twice, also if both are right.
        let body = form(&[("csrf", &ann.csrf), ("csrf", &ann.csrf)]);
        let answer = office.send(request(Method::POST, &path, Some(&ann), &OWN, &body)).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
        // In the address, where another site can put it.
        let path = format!("{path}?csrf={}", ann.csrf);
        let answer = office.send(request(Method::POST, &path, Some(&ann), &OWN, "")).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
    }
    assert!(office.steps().is_empty(), "{:?}", office.steps());
    assert_eq!(office.get("/reviews", Some(&ann)).await.status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn p2_a_form_of_another_site_changes_nothing_even_with_its_token() {
    let office = Office::open().await;
    let ann = office.browser(ANN).await;
    for (path, fields) in forms(&office).await {
        let fields = fields.iter().map(|(name, value)| (*name, value.as_str()));
        let body = form(&[("csrf", ann.csrf.as_str())].into_iter().chain(fields).collect::<Vec<_>>());
        for headers in [
            &[][..],
            &[("sec-fetch-site", "cross-site")],
            &[("sec-fetch-site", "same-site"), ("origin", "https://desk.example.gov")],
            &[("origin", "null")],
            &[("origin", "http://desk.example.gov")],
            &[("origin", "https://evil.example")],
        ] {
            let answer = office.send(request(Method::POST, &path, Some(&ann), headers, &body)).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path} {headers:?}");
        }
        for kind in ["text/plain", "multipart/form-data; boundary=x", "application/json", ""] {
            let headers = [&OWN[..], &[("content-type", kind)]].concat();
            let answer = office.send(request(Method::POST, &path, Some(&ann), &headers, &body)).await;
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{path} {kind}");
        }
    }
    assert!(office.steps().is_empty(), "{:?}", office.steps());
}

#[tokio::test(flavor = "multi_thread")]
async fn p2_reading_changes_nothing() {
    let office = Office::open().await;
    let ann = office.browser(ANN).await;
    for (path, fields) in forms(&office).await {
        let fields = fields.iter().map(|(name, value)| (*name, value.as_str()));
        let query = form(&[("csrf", ann.csrf.as_str())].into_iter().chain(fields).collect::<Vec<_>>());
        for method in [Method::GET, Method::HEAD] {
            let answer = office.send(request(method, &format!("{path}?{query}"), Some(&ann), &OWN, &query)).await;
            assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{path}");
        }
    }
    assert!(office.steps().is_empty(), "{:?}", office.steps());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_of_another_site_that_leads_here_is_not_answered() {
    let office = Office::open().await;
    let ann = office.browser(ANN).await;
    for host in ["evil.example", "desk.example.gov.evil.example", "desk.example.gov:8080", ""] {
        for path in ["/reviews", "/sign-in", "/style.css"] {
            let answer = office.send(request(Method::GET, path, Some(&ann), &[("host", host)], "")).await;
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{host} {path}");
        }
    }
    let answer = office.send(request(Method::GET, "http://evil.example/reviews", Some(&ann), &[], "")).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_has_the_headers_that_keep_it_safe() {
    let office = Office::open().await;
    let (ann, id) = (office.browser(ANN).await, office.hold("1").await);
    let long = "x".repeat(70_000);
    let answers = [
        (200, office.get("/reviews", Some(&ann)).await),
        (200, office.get(&format!("/reviews/{id}"), Some(&ann)).await),
        (200, office.get("/style.css", None).await),
        (200, office.post(&format!("/reviews/{id}/record"), &ann, &[("reason", "to see it")]).await),
        (303, office.get("/", None).await),
        (400, office.get("/reviews?list=x", Some(&ann)).await),
        (400, office.send(request(Method::GET, "/", None, &[("host", "x")], "")).await),
        (403, office.get("/accounts", Some(&ann)).await),
        (404, office.get("/nothing", None).await),
        (405, office.get("/sign-out", Some(&ann)).await),
        (413, office.post("/sign-out", &ann, &[("x", &long)]).await),
    ];
    for (status, answer) in answers {
        assert_eq!(answer.status, status);
        let header = |name: &str| {
            let values: Vec<_> = answer.headers.get_all(name).iter().collect();
            let [value] = values.as_slice() else { panic!("{status}: {name}: {values:?}") };
            value.to_str().unwrap().to_owned()
        };
        let policy = header("content-security-policy");
        for part in [
            "default-src 'none'",
            "script-src 'none'",
            "style-src 'self'",
            "form-action 'self'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
        ] {
            assert!(policy.split("; ").any(|own| own == part), "{status}: {policy}");
        }
        assert!(!policy.contains("unsafe"));
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert_eq!(header("x-frame-options"), "DENY");
        assert_eq!(header("referrer-policy"), "no-referrer");
        assert_eq!(header("cache-control"), "no-store");
        assert_eq!(header("cross-origin-opener-policy"), "same-origin");
        assert_eq!(header("cross-origin-resource-policy"), "same-origin");
        assert!(header("permissions-policy").contains("camera=()"));
        assert!(header("strict-transport-security").contains("max-age=31536000"));
        assert!(answer.headers.get("server").is_none());
        assert!(!answer.text.contains("<script") && !answer.text.contains("style="), "inline");
    }
    let plain = crate::origin::Reach { is_behind_tls: false, ..reach() };
    let answer = Office::open_with(settings(plain)).await.get("/sign-in", None).await;
    assert!(answer.headers.get("strict-transport-security").is_none());
}
