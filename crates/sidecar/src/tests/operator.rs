//! Stops, rates, shadows, and a core that panics.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::budget::Share;
use crate::failure::FailureKind;
use crate::{Scope, Stop};

fn stop(scope: Scope) -> Stop {
    Stop { scope, by: "Ann".to_owned(), reason: Some("a drill".to_owned()), since: String::new() }
}

#[tokio::test(flavor = "multi_thread")]
async fn p12_a_stop_is_on_record_before_it_holds_and_nothing_that_it_covers_goes_out_after() {
    let running = Office::default().open().await;
    let message = message();
    assert!(is_release(&running.ask(&head(POLICE), &message).await));
    let scopes = [
        Scope::Everything,
        Scope::Class("police".to_owned()),
        Scope::Agency(POLICE.to_owned()),
        Scope::Line("1".to_owned()),
    ];
    let on_line = format!(r#"{{"request":{{"requester":"{POLICE}","purpose":"C","line":"1"}}}}"#);
    for scope in scopes {
        running.service.ledger.stop(stop(scope.clone())).await.unwrap();
        let answer = running.ask(&on_line, &message).await;
        assert_eq!(refused(&answer), Some((Disposition::Withheld, Some(Reason::Stopped))), "{scope}");
        // A line is no other line.
        let other_line = on_line.replace(r#""line":"1""#, r#""line":"2""#);
        assert_eq!(is_release(&running.ask(&other_line, &message).await), matches!(scope, Scope::Line(_)), "{scope}");
        running.service.ledger.resume(scope.clone(), "Bob".to_owned(), None).await.unwrap();
        assert!(is_release(&running.ask(&on_line, &message).await), "{scope}");
        let again = running.service.ledger.resume(scope, "Bob".to_owned(), None).await;
        assert_eq!(again.unwrap_err().kind, FailureKind::NotFound);
    }
    let (_, lines) = running.end().await;
    let mut stopped: Option<String> = None;
    let mut steps = 0;
    for line in &lines {
        match line["record"].as_str().unwrap() {
            "operator" => {
                steps += 1;
                let scope = line["scope"].as_str().unwrap().to_owned();
                stopped = (line["step"] == "stopped").then_some(scope);
            }
            "message" if line["stated"]["line"] == "1" && stopped.is_some() => {
                assert_eq!((&line["disposition"], &line["reason"]), (&"withheld".into(), &"stopped".into()));
                assert!(line.get("released").is_none() && line.get("bytes-out").is_none(), "{line}");
            }
            _ => {}
        }
    }
    assert_eq!(steps, 8);
}

#[tokio::test(flavor = "multi_thread")]
async fn p2_stops_hold_after_a_restart_and_a_file_that_is_none_is_no_start() {
    let running = Office::default().open().await;
    running.service.ledger.stop(stop(Scope::Class("police".to_owned()))).await.unwrap();
    let (folder, _) = running.end().await;
    let running = Office::default().open_in(folder).await;
    let answer = running.ask(&head(POLICE), &message()).await;
    assert_eq!(refused(&answer), Some((Disposition::Withheld, Some(Reason::Stopped))));
    let (folder, _) = running.end().await;
    let path = folder.path().join("stops");
    for wrong in [
        "",
        "[",
        "{}",
        r#"[{"scope":"nothing","by":"x","since":""}]"#,
        r#"[{"scope":"everything","by":"x","since":"","until":1}]"#,
    ] {
        fs::write(&path, wrong).unwrap();
        assert!(crate::stops::Stops::read(&path).is_err(), "{wrong}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn p8_an_agency_that_asks_too_often_is_told_of_and_withheld() {
    let rates = RateLimits { alarm: Some(2), most: Some(3) };
    let running = Office { rates, ..Office::default() }.open().await;
    let message = message();
    let mut released = 0;
    for _ in 0..5 {
        released += usize::from(is_release(&running.ask(&head(POLICE), &message).await));
    }
    assert_eq!(released, 3);
    let answer = running.ask(&head(POLICE), &message).await;
    assert_eq!(refused(&answer), Some((Disposition::Withheld, Some(Reason::RateExceeded))));
    assert!(told(r#""agency":"AZ0070000""#));
    let metrics = running.service.metrics.text();
    assert!(metrics.contains("agency_rate_alarms_total 1") && !metrics.contains(POLICE), "{metrics}");
    running.end().await;
}

/// Calls of [`panics_once`].
static CALLS: AtomicUsize = AtomicUsize::new(0);

fn panics_once(
    filter: &Filter,
    message: &[u8],
    requester: &dmv_redact::Requester,
    output: &mut Vec<u8>,
) -> dmv_redact::Receipt {
    let receipt = filter.redact(message, requester, output);
    // With an output in its hands.
    assert!(CALLS.fetch_add(1, Ordering::Relaxed) > 0, "planted");
    receipt
}

#[tokio::test(flavor = "multi_thread")]
async fn p2_a_panic_in_the_core_is_an_error_without_a_body_and_the_next_call_works() {
    let running = Office { redact: panics_once, ..Office::default() }.open().await;
    let free = running.service.budget.free_bytes();
    let answer = running.ask(&head(POLICE), &message()).await;
    let Outcome::Failed(failure) = &answer.outcome else { panic!("{answer:?}") };
    assert_eq!((failure.kind.status(), answer.receipt.is_none()), (500, true));
    assert!(is_release(&running.ask(&head(POLICE), &message()).await));
    assert_eq!(running.service.budget.free_bytes(), free);
    let (_, lines) = running.end().await;
    assert_eq!(kinds(&lines), ["start", "message", "end"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn p8_a_second_policy_is_counted_and_nothing_of_it_goes_out() {
    const SHADOW: &str = r#"
[policy]
name = "shadow"
version = "1"
purposes = ["C"]

[agencies.police]
ori = ["AZ#####00"]

[[permit]]
id = "police"
agencies = ["police"]
elements = ["person.name", "person.ssn"]
"#;
    let running = Office { shadow: Some(SHADOW), ..Office::default() }.open().await;
    let alone = Office::default().open().await;
    let (answer, expected) = (running.ask(&head(POLICE), &message()).await, alone.ask(&head(POLICE), &message()).await);
    let (Outcome::Released { sha256, .. }, Outcome::Released { sha256: expected, .. }) =
        (&answer.outcome, &expected.outcome)
    else {
        panic!("{answer:?}")
    };
    assert_eq!(sha256, expected);
    let mut metrics = String::new();
    for _ in 0..100 {
        metrics = running.service.metrics.text();
        if metrics.contains("shadow_messages_total") {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert!(
        metrics.contains(r#"shadow_messages_total{served="redacted",shadow="redacted",same="false"} 1"#),
        "{metrics}"
    );
    assert!(metrics.contains(r#"shadow_elements_total{element="person.ssn",change="more"} 1"#), "{metrics}");
    assert!(metrics.contains(r#"shadow_elements_total{element="license.number",change="less"} 1"#), "{metrics}");
    drop(answer);
    running.end().await;
    alone.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p8_what_is_in_flight_is_bounded_and_given_back() {
    const ALL: usize = 24 << 20;
    let running = Office { messages: 2, bytes: ALL, ..Office::default() }.open().await;
    let (budget, message) = (&running.service.budget, message());
    let answer = running.ask(&head(POLICE), &message).await;
    let Outcome::Released { output, .. } = answer.outcome else { panic!("{answer:?}") };
    // Until it is written, an output keeps its message's share.
    assert_eq!(budget.free_bytes(), ALL - message.len());
    drop(output);
    assert_eq!(budget.free_bytes(), ALL);
    let places = (budget.begin().await.unwrap(), budget.begin().await.unwrap());
    let busy = running.ask(&head(POLICE), &message).await;
    assert!(matches!(&busy.outcome, Outcome::Failed(failure) if failure.kind == FailureKind::Busy), "{busy:?}");
    drop(places);
    // Long messages take what is theirs, and short ones still pass.
    let mut long = Share::default();
    budget.grow(&mut long, (64 << 10) + (17 << 20)).await.unwrap();
    assert_eq!(budget.grow(&mut Share::default(), 2 << 20).await.unwrap_err().kind, FailureKind::Busy);
    assert!(refused(&running.ask(&head(POLICE), b"<none/>").await).is_some());
    drop(long);
    assert_eq!(budget.free_bytes(), ALL);
    running.end().await;
}
