//! Duties: listed from the logs, ticked off once, on record.

use axum::http::StatusCode;

use super::office::*;
use crate::settings::Settings;
use dmv_redact::{Date, Instrument, Requester};
use dmv_redact_log::LogOptions;

/// An office with another log, of a switch, whose messages owe something.
async fn with_duties() -> Office {
    let switch = tempfile::tempdir().unwrap().keep().join("switch.log");
    // The logs have the time of the computer's clock.
    let mut settings = Settings { clock: Settings::new(reach()).clock, ..settings(reach()) };
    settings.duties.paths.push(switch.clone());
    let office = Office::open_with(settings).await;
    let filter = &office.app.desk.filter();
    let log = LogOptions::default().open(&switch, filter).unwrap();
    let order = Instrument::new("court-order").issuer("federal-judge").number("2:26-mj-1").specifies("license");
    let requester = Requester::from_envelope().purpose("IMM").claim("approved").instrument(order);
    let requester = requester.on(Date::today().unwrap()).correlation_id("query-1").unwrap();
    let receipt = filter.redact(&office.original, &requester, &mut Vec::new());
    assert!(receipt.duties().next().is_some(), "the message owes something");
    log.append("switch", &requester, &receipt).unwrap();
    log.end().unwrap();
    office
}

#[tokio::test(flavor = "multi_thread")]
async fn p12_a_duty_is_ticked_off_once_with_day_note_and_name() {
    let office = with_duties().await;
    let now = office.app.now();
    let (ann, dot) = (office.browser_since(ANN, now).await, office.browser_since(DOT, now).await);
    let today = Date::of_unix_time(now).unwrap();
    let (tomorrow, today) = (today.plus_days(1).unwrap().to_string(), today.to_string());
    let page = office.get("/duties", Some(&ann)).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    assert!(page.text.contains("query-1"), "{}", page.text);
    assert!(!office.get("/duties", Some(&dot)).await.text.contains("/duties/done"), "an auditor changes nothing");
    let (record, duty) = (page.hidden("record").unwrap(), page.hidden("duty").unwrap());
    let owed = page.text.matches("/duties/done").count();
    let send = async |record: &str, duty: &str, on: &str, note: &str| {
        office.post("/duties/done", &ann, &[("record", record), ("duty", duty), ("on", on), ("note", note)]).await
    };
    for (record, duty, on, note, status) in [
        (record.as_str(), duty.as_str(), tomorrow.as_str(), "by mail", StatusCode::BAD_REQUEST),
        (&record, &duty, "12/2/2026", "by mail", StatusCode::BAD_REQUEST),
        (&record, &duty, &today, " ", StatusCode::BAD_REQUEST),
        (&record, "another", &today, "by mail", StatusCode::CONFLICT),
        (&"0".repeat(64), &duty, &today, "by mail", StatusCode::CONFLICT),
    ] {
        assert_eq!(send(record, duty, on, note).await.status, status, "{on} {note}");
    }
    let (first, second) =
        tokio::join!(send(&record, &duty, &today, "by\r\nmail"), send(&record, &duty, &today, "again"));
    let mut statuses = [first.status, second.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [StatusCode::SEE_OTHER, StatusCode::CONFLICT]);
    let done: Vec<_> = office.records().into_iter().filter(|record| record["record"] == "done").collect();
    assert_eq!(done.len(), 1);
    assert_eq!((&done[0]["by"], &done[0]["on"]), (&ANN.into(), &today.as_str().into()));
    assert!(done[0]["note"] == "by mail" || done[0]["note"] == "again");
    let page = office.get("/duties", Some(&ann)).await;
    assert_eq!(page.text.matches("/duties/done").count(), owed - 1);
}
