//! The queue: what is listed, in which order, a page at a time.

use axum::http::StatusCode;

use super::office::*;

#[tokio::test(flavor = "multi_thread")]
async fn the_queue_has_fifty_a_page_by_deadline_and_each_review_once() {
    let office = Office::open().await;
    let ann = office.browser(ANN).await;
    for number in 0..120 {
        office
            .hold_as(&format!("message {number:03}"), |review| {
                review.deadline = NOW + 3600 + (119 - number) * 60;
                if number % 2 == 0 {
                    review.requester = "AZ0070000";
                }
            })
            .await;
    }
    let mut path = "/reviews?list=all&requester=az0070000".to_owned();
    let mut seen = Vec::new();
    for page in 0..2 {
        let answer = office.get(&path, Some(&ann)).await;
        assert_eq!(answer.status, StatusCode::OK);
        let names = answer.text.split("\">message ").skip(1).map(|rest| rest.split('<').next().unwrap().to_owned());
        let names: Vec<_> = names.collect();
        assert_eq!(names.len(), [50, 10][page]);
        seen.extend(names);
        assert_eq!(answer.text.contains("First page"), page == 1);
        match answer.text.split_once("rel=\"next\" href=\"") {
            Some((_, rest)) => path = rest.split('"').next().unwrap().replace("&amp;", "&"),
            None => assert_eq!(page, 1),
        }
    }
    let expected: Vec<_> =
        (0..120).rev().filter(|number| number % 2 == 0).map(|number| format!("{number:03}")).collect();
    assert_eq!(seen, expected);
    let answer = office.get("/reviews", Some(&ann)).await;
    assert!(answer.text.contains("1 h 0 min left, soon") && answer.text.contains("Next page"));
    let none = office.get("/reviews?requester=ZZ0000000", Some(&ann)).await;
    assert!(none.status == StatusCode::OK && none.text.contains("There are none"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_queue_is_listed_by_state_and_marks_two_people() {
    let office = Office::open().await;
    let (ann, dot) = (office.browser(ANN).await, office.browser(DOT).await);
    let (open, two) = (office.hold("open one").await, office.hold_for_two("two people").await);
    let sealed = office.preview(two, &ann, &["person.name"]).await;
    office.approve(two, &ann, &sealed).await;
    for (list, has_open, has_two) in [
        ("waiting", true, true),
        ("half-approved", false, true),
        ("approved", false, false),
        ("delivered", false, false),
        ("denied", false, false),
        ("all", true, true),
    ] {
        let page = office.get(&format!("/reviews?list={list}"), Some(&dot)).await;
        let has = |id: dmv_redact_review::ReviewId| page.text.contains(&format!("/reviews/{id}\""));
        assert_eq!((has(open), has(two)), (has_open, has_two), "{list}");
        assert_eq!(page.text.contains("class=\"mark\">two people"), has_two, "{list}");
    }
}
