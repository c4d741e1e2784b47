//! What assistive technology relies on, on every page: one title and heading, headings in order, labels, captions, heads of
//! columns, identifiers that are there once. A browser with axe-core judges more; this runs everywhere.

use std::collections::BTreeSet;

use super::office::*;

fn tags<'t>(text: &'t str, name: &str) -> Vec<&'t str> {
    let opening = format!("<{name}");
    let found = text.split(opening.as_str()).skip(1).filter(|rest| rest.starts_with([' ', '>']));
    found.filter_map(|rest| rest.split('>').next()).collect()
}

fn attribute<'t>(tag: &'t str, name: &str) -> Option<&'t str> {
    tag.split(&format!(" {name}=\"")).nth(1)?.split('"').next()
}

fn judge(page: &Answer, path: &str) {
    let text = &page.text;
    assert!(text.starts_with("<!DOCTYPE html><html lang=\"en\">"), "{path}");
    for name in ["title", "h1", "main"] {
        assert_eq!(tags(text, name).len(), 1, "{path}: {name}");
    }
    let levels: Vec<u32> =
        text.match_indices("<h").filter_map(|(at, _)| text.get(at + 2..at + 3)?.parse().ok()).collect();
    assert!(levels.windows(2).all(|pair| pair[1] <= pair[0] + 1), "{path}: {levels:?}");
    let all: Vec<&str> = text.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    let ids: BTreeSet<&str> = all.iter().copied().collect();
    assert_eq!(ids.len(), all.len(), "{path}: {all:?}");
    assert!(ids.iter().all(|id| !id.is_empty() && !id.contains(char::is_whitespace)), "{path}: {ids:?}");
    let labelled: BTreeSet<&str> = tags(text, "label").into_iter().filter_map(|tag| attribute(tag, "for")).collect();
    for tag in ["input", "select", "textarea"].into_iter().flat_map(|name| tags(text, name)) {
        let is_within_label = attribute(tag, "type") == Some("checkbox");
        let is_hidden = attribute(tag, "type") == Some("hidden");
        let is_labelled = attribute(tag, "id").is_some_and(|id| labelled.contains(id));
        assert!(is_hidden || is_within_label || is_labelled, "{path}: {tag}");
    }
    assert!(labelled.iter().all(|id| ids.contains(id)), "{path}: {labelled:?}");
    for reference in text.split(" aria-describedby=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
        assert!(reference.split(' ').all(|id| ids.contains(id)), "{path}: {reference}");
    }
    for table in text.split("<table").skip(1).filter_map(|rest| rest.split("</table>").next()) {
        assert!(table.contains("<caption>"), "{path}");
        assert!(tags(table, "th").iter().all(|tag| attribute(tag, "scope").is_some()), "{path}");
    }
    for form in text.split("<form").skip(1).filter_map(|rest| rest.split("</form>").next()) {
        assert!(form.contains("type=\"submit\""), "{path}");
        if form.contains("method=\"post\"") {
            assert_eq!(form.matches("name=\"csrf\"").count(), 1, "{path}");
        }
    }
    assert!(text.contains("class=\"skip\" href=\"#main\""), "{path}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_can_be_used_with_assistive_technology() {
    let office = Office::open().await;
    let (ann, eve) = (office.browser(ANN).await, office.browser(EVE).await);
    let (id, two) = (office.hold("1").await, office.hold_for_two("2").await);
    let sealed = office.preview(two, &ann, &["person.name"]).await;
    office.approve(two, &ann, &sealed).await;
    for (browser, path) in [
        (None, "/sign-in".to_owned()),
        (None, "/nothing".to_owned()),
        (Some(&ann), "/reviews".to_owned()),
        (Some(&ann), "/reviews?list=all&did=denied".to_owned()),
        (Some(&ann), "/reviews?list=delivered".to_owned()),
        (Some(&ann), format!("/reviews/{id}")),
        (Some(&ann), format!("/reviews/{two}")),
        (Some(&ann), "/duties".to_owned()),
        (Some(&ann), "/password".to_owned()),
        (Some(&ann), "/accounts".to_owned()),
        (Some(&eve), "/accounts?name=Ann+Reviewer".to_owned()),
    ] {
        judge(&office.get(&path, browser).await, &path);
    }
    for (page, fields) in [
        ("preview", &[("claim", "approved"), ("days", "5")][..]),
        ("preview", &[("claim", "court-order"), ("days", "500")]),
        ("preview", &[("number/court-order", "1"), ("days", "5")]),
        ("record", &[("reason", "to see it")]),
        ("record", &[("reason", "")]),
    ] {
        let path = format!("/reviews/{id}/{page}");
        judge(&office.post(&path, &ann, fields).await, &format!("{path} {fields:?}"));
    }
    let fields = [("new-name", "x"), ("role", "reviewer"), ("password", "short")];
    judge(&office.post("/accounts", &eve, &fields).await, "an account");
    judge(&office.post("/password", &ann, &[("old", "a"), ("new", "b"), ("repeated", "c")]).await, "a password");
}
