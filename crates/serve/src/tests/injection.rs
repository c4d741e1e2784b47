//! What others choose (sources, identifiers, requesters, requests, names, reasons) is text on every page: no markup, nothing
//! hidden, nothing turned around.

use axum::http::StatusCode;
use dmv_redact_model::escape::is_visible;
use dmv_redact_review::{AccountChange, Role};
use scraper::Html;

use super::office::*;

/// Ends a text, an attribute, a title, a comment; and hides, turns or breaks lines.
const HOSTILE: [&str; 6] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "' autofocus onfocus='alert(1)",
    "</title></textarea><svg onload=alert(1)>",
    "javascript:alert(1)",
    "ab\u{202e}dc\u{200b}\u{feff}\u{2028}\u{9b}31m",
];

/// As a browser reads the page: no element that runs or loads anything, no attribute that does, no address but the desk's own;
/// and no character that hides or turns.
fn assert_tame(page: &Answer, place: &str) {
    let document = Html::parse_document(&page.text);
    assert!(document.errors.is_empty(), "{place}: {:?}", document.errors);
    for element in document.tree.values().filter_map(|node| node.as_element()) {
        let name = element.name();
        assert!(ELEMENTS.contains(&name), "{place}: {name}");
        for (attribute, value) in element.attrs() {
            assert!(ATTRIBUTES.contains(&attribute), "{place}: {name} {attribute}");
            let is_address = ["href", "action"].contains(&attribute);
            assert!(
                !is_address || value.starts_with("/") && !value.starts_with("//") || value == "#main",
                "{place}: {value}"
            );
        }
    }
    assert!(page.text.chars().all(|own| own == '\n' || is_visible(own)), "{place}");
}

const ELEMENTS: [&str; 47] = [
    "a", "body", "br", "button", "caption", "code", "dd", "details", "div", "dl", "dt", "fieldset", "footer", "form",
    "h1", "h2", "h3", "head", "header", "html", "input", "label", "legend", "li", "link", "main", "meta", "nav", "ol",
    "option", "p", "pre", "section", "select", "span", "strong", "summary", "table", "tbody", "td", "textarea", "th",
    "thead", "time", "title", "tr", "ul",
];

const ATTRIBUTES: [&str; 29] = [
    "action",
    "aria-current",
    "aria-describedby",
    "aria-invalid",
    "aria-label",
    "aria-labelledby",
    "autocomplete",
    "charset",
    "checked",
    "class",
    "content",
    "data-state",
    "datetime",
    "for",
    "href",
    "id",
    "lang",
    "maxlength",
    "method",
    "name",
    "rel",
    "required",
    "role",
    "rows",
    "scope",
    "selected",
    "tabindex",
    "type",
    "value",
];

#[tokio::test(flavor = "multi_thread")]
async fn p6_no_field_of_a_message_or_request_is_markup() {
    let office = Office::open().await;
    let (ann, dot) = (office.browser(ANN).await, office.browser(DOT).await);
    for (number, hostile) in HOSTILE.iter().enumerate() {
        let id = office
            .hold_as(&format!("{hostile}{number}"), |review| {
                (review.source, review.requester, review.message_key) = (*hostile, *hostile, Some(*hostile));
            })
            .await;
        let page = office.get(&format!("/reviews/{id}"), Some(&ann)).await;
        assert_eq!(page.status, StatusCode::OK);
        assert_tame(&page, "review");
        for browser in [&ann, &dot] {
            let page = office.get("/reviews?list=all", Some(browser)).await;
            assert!(page.text.contains("alert") || page.text.contains("u{202e}"));
            assert_tame(&page, "queue");
        }
        // Of a request, as it is kept: every text of it.
        let like = office.hold(&format!("request {number}")).await;
        let details = office.app.reviews().get(like).await.unwrap().unwrap().details.unwrap();
        let mut details: serde_json::Value = serde_json::from_str(&details).unwrap();
        for part in ["user", "state", "correlation-id"] {
            details["request"][part] = (*hostile).into();
        }
        details["policy"]["name"] = (*hostile).into();
        details["policy"]["version"] = (*hostile).into();
        let details = details.to_string();
        let id = office.hold_as(&format!("details {number}"), |review| review.details = details.leak()).await;
        let page = office.get(&format!("/reviews/{id}"), Some(&ann)).await;
        assert_tame(&page, "request");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn p6_nothing_that_is_typed_or_in_an_address_is_markup() {
    let office = Office::open().await;
    let (ann, eve, id) = (office.browser(ANN).await, office.browser(EVE).await, office.hold("1").await);
    let digest = dmv_redact_review::ContentDigest::of(&office.original).to_string();
    for hostile in HOSTILE {
        let query = form(&[("requester", hostile), ("list", "all"), ("did", hostile)]);
        let paths = [format!("/reviews?{query}"), format!("/sign-in?{query}"), format!("/reviews/{id}?{query}")];
        for path in paths {
            assert_tame(&office.get(&path, Some(&ann)).await, &path);
        }
        for name in ["list", "after"] {
            let path = format!("/reviews?{}", form(&[(name, hostile)]));
            let page = office.get(&path, Some(&ann)).await;
            assert_eq!(page.status, StatusCode::BAD_REQUEST);
            assert_tame(&page, &path);
        }
        let path = format!("/{}", form(&[("x", hostile)]));
        assert_tame(&office.get(&path, Some(&ann)).await, &path);
        for part in ["issuer", "number", "date", "until", "specifies"] {
            let field = format!("{part}/court-order");
            let fields = [("claim", "court-order"), ("claim", "approved"), (&field, hostile), ("days", hostile)];
            assert_tame(&office.post(&format!("/reviews/{id}/preview"), &ann, &fields).await, part);
        }
        let page = office.post(&format!("/reviews/{id}/record"), &ann, &[("reason", hostile)]).await;
        assert_tame(&page, "record");
        let visitor = Browser { cookie: format!("__Host-desk-visit={}", "a".repeat(64)), csrf: "a".repeat(64) };
        let page = office.post("/sign-in", &visitor, &[("name", hostile), ("password", hostile)]).await;
        assert_tame(&page, "sign-in");
        // As the name of an account, where it can be one: then everywhere that it is shown.
        let fields = [("new-name", hostile), ("role", "reviewer"), ("password", PASSWORD)];
        let answer = office.post("/accounts", &eve, &fields).await;
        if answer.status != StatusCode::SEE_OTHER {
            assert_tame(&answer, "account");
        }
        assert_tame(&office.get("/accounts", Some(&eve)).await, "accounts");
        let path = format!("/accounts?{}", form(&[("name", hostile)]));
        assert_tame(&office.get(&path, Some(&eve)).await, &path);
        let is_account = office.app.reviews().account(hostile).await.is_ok_and(|account| account.is_some());
        if is_account {
            let change = AccountChange { role: Some(Role::Approver), password: None, is_disabled: None };
            office.app.reviews().change_account(hostile, &change, NOW).await.unwrap();
            let named = office.browser(hostile).await;
            assert_tame(&office.get("/password", Some(&named)).await, "own account");
            let other = office.hold(hostile).await;
            let fields = [("digest", digest.as_str()), ("reason", hostile)];
            office.post(&format!("/reviews/{other}/deny"), &named, &fields).await;
            let page = office.get(&format!("/reviews/{other}"), Some(&ann)).await;
            assert!(page.text.contains("Denied"));
            assert_tame(&page, "decision");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn p6_a_message_that_is_shown_is_text() {
    let office = Office::open().await;
    let ann = office.browser(ANN).await;
    let hostile = HOSTILE.join("\n") + "\u{0}\u{7}";
    let like = office.hold("like").await;
    let details = office.app.reviews().get(like).await.unwrap().unwrap().details.unwrap();
    let id = office
        .hold_as("1", |review| (review.original, review.details) = (hostile.clone().leak().as_bytes(), details.leak()))
        .await;
    let page = office.post(&format!("/reviews/{id}/record"), &ann, &[("reason", "to see it")]).await;
    assert_eq!(page.status, StatusCode::OK);
    assert_tame(&page, "message");
    assert!(page.text.contains("&lt;script&gt;") && page.text.contains("\\u{202e}") && page.text.contains("\\u{0}"));
}
