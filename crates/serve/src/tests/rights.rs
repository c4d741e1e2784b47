//! Every route with every role, beside a table of its own: what isn't in it is closed.

use axum::http::{Method, StatusCode};

use super::office::*;
use crate::rights::ROUTES;

/// Method, route, and who may: reviewer, approver, auditor, administrator.
const TABLE: &[(&str, &str, [bool; 4])] = &[
    ("GET", "/", [true, true, true, true]),
    ("POST", "/sign-out", [true, true, true, true]),
    ("GET", "/password", [true, true, true, true]),
    ("POST", "/password", [true, true, true, true]),
    ("GET", "/reviews", [true, true, true, false]),
    ("GET", "/reviews/{id}", [true, true, true, false]),
    ("POST", "/reviews/{id}/preview", [true, true, false, false]),
    ("POST", "/reviews/{id}/approve", [true, true, false, false]),
    ("POST", "/reviews/{id}/deny", [true, true, false, false]),
    ("POST", "/reviews/{id}/revoke", [true, true, false, false]),
    ("POST", "/reviews/{id}/reopen", [true, true, false, false]),
    ("POST", "/reviews/{id}/record", [true, true, false, false]),
    ("GET", "/duties", [true, true, true, false]),
    ("POST", "/duties/done", [true, true, false, false]),
    ("GET", "/accounts", [false, false, false, true]),
    ("POST", "/accounts", [false, false, false, true]),
    ("POST", "/accounts/role", [false, false, false, true]),
    ("POST", "/accounts/state", [false, false, false, true]),
    ("POST", "/accounts/password", [false, false, false, true]),
];

/// Open to whoever reaches the desk.
const OPEN: [(&str, &str); 3] = [("GET", "/style.css"), ("GET", "/sign-in"), ("POST", "/sign-in")];

#[tokio::test(flavor = "multi_thread")]
async fn p2_each_role_may_what_the_table_says_and_nothing_else() {
    let office = Office::open().await;
    let id = office.hold("1").await;
    for (method, route, allowed) in TABLE {
        for (name, allowed) in [ANN, BEN, DOT, EVE].into_iter().zip(allowed) {
            let path = route.replace("{id}", &id.to_string());
            let browser = office.browser(name).await;
            let answer = match *method {
                "GET" => office.get(&path, Some(&browser)).await,
                _ => office.post(&path, &browser, &[]).await,
            };
            // A form without its fields is refused too, but not for the role.
            let is_refused = answer.text.contains("role doesn't have the right");
            assert_eq!(is_refused, !allowed, "{method} {route} {name}: {}", answer.status);
            assert_eq!(
                is_refused,
                answer.status == StatusCode::FORBIDDEN,
                "{method} {route} {name}: {}",
                answer.status
            );
        }
    }
    assert!(office.steps().iter().all(|step| step == "signed-out"), "{:?}", office.steps());
}

#[test]
fn p2_every_route_of_the_desk_is_in_this_table() {
    let own: Vec<_> = ROUTES.iter().map(|(method, route, _)| (method.as_str(), *route)).collect();
    let mut expected: Vec<_> = TABLE.iter().map(|(method, route, _)| (*method, *route)).chain(OPEN).collect();
    let mut sorted = own.clone();
    sorted.sort_unstable();
    expected.sort_unstable();
    assert_eq!(sorted, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn p2_nobody_without_a_session_gets_anywhere() {
    let office = Office::open().await;
    let id = office.hold("1").await;
    let forgeries = [
        None,
        Some("__Host-desk=".to_owned()),
        Some(format!("__Host-desk={}", "0".repeat(64))),
        Some(format!("__Host-desk={}", "a".repeat(1000))),
        Some("__Host-desk=' OR 1=1 --".to_owned()),
        Some(format!("desk={}", office.browser(ANN).await.cookie.trim_start_matches("__Host-desk="))),
        Some(office.browser_since(ANN, NOW - 3600).await.cookie),
        Some(office.browser_since(ANN, NOW - 13 * 3600).await.cookie),
        Some(office.browser_since(ANN, NOW + 3600).await.cookie),
    ];
    for cookie in forgeries {
        let browser = cookie.map(|cookie| Browser { cookie, csrf: "0".repeat(64) });
        for (method, route, _) in TABLE {
            let path = route.replace("{id}", &id.to_string());
            let answer = match *method {
                "GET" => office.get(&path, browser.as_ref()).await,
                _ => {
                    let body = form(&[("csrf", &"0".repeat(64))]);
                    office.send(request(Method::POST, &path, browser.as_ref(), &OWN, &body)).await
                }
            };
            match *method {
                "GET" => assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, "/sign-in"), "{route}"),
                _ => assert_eq!(answer.status, StatusCode::FORBIDDEN, "{route}"),
            }
            assert!(answer.cookies().is_empty());
        }
    }
    assert!(office.steps().is_empty(), "{:?}", office.steps());
}

#[tokio::test(flavor = "multi_thread")]
async fn p2_other_methods_and_addresses_are_refused() {
    let office = Office::open().await;
    let browser = office.browser(ANN).await;
    for method in ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT"] {
        for path in ["/reviews", "/sign-in", "/"] {
            let method = method.parse::<Method>().unwrap();
            let answer = office.send(request(method, path, Some(&browser), &OWN, "")).await;
            assert!(answer.status.is_client_error(), "{path}: {}", answer.status);
        }
    }
    for path in [
        "/nothing",
        "/reviews/",
        "/reviews/x/y",
        "/.env",
        "/reviews/../accounts",
        "//reviews",
        "/reviews/%2e%2e/accounts",
    ] {
        let answer = office.get(path, Some(&browser)).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
    }
    for id in ["x", "00", "../accounts", "%00", "..%2faccounts", "0123456789ABCDEF0123456789ABCDEF"] {
        let answer = office.get(&format!("/reviews/{}", id.replace('/', "%2f")), Some(&browser)).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{id}");
    }
}
