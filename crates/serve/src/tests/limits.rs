//! What is too large, too long or too much is refused, and the desk stays well.

use axum::body::Body;
use axum::http::{Method, StatusCode};

use super::office::*;
use crate::outer::{OuterState, Refusals, Running, outer};

#[tokio::test(flavor = "multi_thread")]
async fn p8_a_form_has_a_maximum_length_whatever_it_says_of_itself() {
    let office = Office::open().await;
    let (ann, id) = (office.browser(ANN).await, office.hold("1").await);
    let path = format!("/reviews/{id}/record");
    let of_length = |length: usize| {
        let head = format!("csrf={}&reason=", ann.csrf);
        format!("{head}{}", "a".repeat(length - head.len()))
    };
    // As long as it may be: refused for its reason, not its length.
    let answer = office.send(request(Method::POST, &path, Some(&ann), &OWN, &of_length(64 << 10))).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    for headers in [
        &OWN[..],
        &[&OWN[..], &[("content-length", "70000")]].concat(),
        &[&OWN[..], &[("content-length", "99999999999999999999")]].concat(),
    ] {
        let answer = office.send(request(Method::POST, &path, Some(&ann), headers, &of_length((64 << 10) + 1))).await;
        assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE, "{headers:?}");
    }
    // In pieces, without a length.
    let mut request = request(Method::POST, &path, Some(&ann), &OWN, "");
    *request.body_mut() = Body::new(http_body_util::Full::new(axum::body::Bytes::from(of_length(1 << 20))));
    assert_eq!(office.send(request).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(office.steps().is_empty());
    assert_eq!(office.get("/reviews", Some(&ann)).await.status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn p8_forms_that_are_none_are_refused() {
    let office = Office::open().await;
    let (ann, id) = (office.browser(ANN).await, office.hold("1").await);
    for path in ["preview", "approve", "deny", "record"].map(|page| format!("/reviews/{id}/{page}")) {
        for rest in [
            "&reason=%ff%fe",
            "&reason=a&reason=b",
            "",
            "&%00=%00",
            "&digest=&grants=&days=&seal=",
            &"&a=b".repeat(5000),
        ] {
            let body = format!("csrf={}{rest}", ann.csrf);
            let answer = office.send(request(Method::POST, &path, Some(&ann), &OWN, &body)).await;
            assert!(
                answer.status.is_client_error() && answer.status != StatusCode::FORBIDDEN,
                "{path} {rest:.20}: {}",
                answer.status
            );
        }
    }
    assert!(office.steps().is_empty(), "{:?}", office.steps());
}

#[tokio::test(flavor = "multi_thread")]
async fn p6_a_handler_that_panics_is_an_error_page_without_its_text() {
    let around =
        OuterState { is_behind_tls: false, running: Running::none(), refusals: Refusals::default(), log: |_| {} };
    let routes = axum::Router::new().route("/panics", axum::routing::get(|| async { panic!("CANARY") as () }));
    let routes = routes.layer(axum::middleware::from_fn_with_state(around, outer));
    let request = axum::http::Request::get("/panics").body(Body::empty()).unwrap();
    let response = tower::ServiceExt::oneshot(routes, request).await.unwrap();
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(response.headers()["x-frame-options"], "DENY");
    let body = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
    let text = String::from_utf8(body.to_vec()).unwrap();
    assert!(text.contains("An error of the desk itself") && !text.contains("CANARY"));
}
