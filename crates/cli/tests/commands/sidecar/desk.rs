//! One process for the switch and for the people who decide what waits.

use std::fs;

use tempfile::TempDir;

use dmv_redact_testing::{fixture, sha256};

use super::{Http, Sidecar};
use crate::told_in;

const QUEUE: [&str; 6] = ["--review", "queue.db", "--review-key", "key", "--policy", "massachusetts"];

/// What `fixtures/corpus.tsv` says goes out with these grants on this day.
const GRANTS: [&str; 4] = [
    "--claim",
    "approved",
    "--instrument",
    "claim=court-order,issuer=federal-judge,number=2:26-mj-1,date=2026-11-30,specifies=person.name,specifies=license",
];
const DAY: (&str, &str) = ("dmv-date", "2026-12-01");

fn granted_output() -> String {
    let corpus = dmv_redact_testing::text("fixtures/corpus.tsv");
    let line = corpus.lines().find(|line| {
        line.starts_with("policies/massachusetts.toml\t-\tfixtures/dr-ice/message.xml") && line.contains(GRANTS[3])
    });
    line.unwrap().split('\t').nth(9).unwrap().to_owned()
}

#[test]
fn p11_what_is_held_is_approved_in_the_same_process_and_delivered() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("key"), [b'k'; 32]).unwrap();
    let ways = ["--desk", "--listen", "127.0.0.1:0", "--http-socket", "http.sock"];
    let sidecar = Sidecar::start(folder.path(), &[&ways[..], &QUEUE].concat());
    let mut http = Http::connect(&folder.path().join("http.sock"));
    let message = fixture("dr-ice/message.xml");
    // The envelope says who asks.
    let held = http.post("/v1/redact", &[("dmv-purpose", "IMM"), DAY, ("dmv-correlation-id", "q-1")], &message);
    assert_eq!((held.status, held.decision()), (403, (Some("held"), Some("review"))), "{held:?}");
    assert_eq!(held.header("dmv-correlation-id"), Some("q-1"));
    let review = held.header("dmv-review").unwrap().to_owned();
    let path = format!("/v1/reviews/{review}/deliver");

    let waits = http.post(&path, &[("dmv-correlation-id", "q-2")], b"");
    assert_eq!((waits.status, waits.decision()), (403, (Some("held"), Some("review"))), "{waits:?}");
    assert_eq!(waits.header("dmv-review"), Some(review.as_str()));
    assert_eq!(http.post(&path, &[("dmv-purpose", "C")], b"").status, 400);
    assert_eq!(http.post(&format!("/v1/reviews/{}/deliver", "0".repeat(32)), &[], b"").status, 404);

    // The desk of this process has its log; that of the command line has one of its own.
    let approve = ["review", "approve", &review, "--by", "ROE, J"];
    let told = told_in(folder.path(), &[&approve, &GRANTS[..], &QUEUE, &["--log", "log"]].concat(), 2);
    assert!(told.contains("another run is writing this log"), "{told}");
    let told = told_in(folder.path(), &[&approve, &GRANTS[..], &QUEUE, &["--log", "desk.log"]].concat(), 0);
    assert!(told.ends_with(": approved\n"), "{told}");

    // As often as it is asked for: an answer may be lost.
    for id in ["q-3", "q-4"] {
        let delivered = http.post(&path, &[("dmv-correlation-id", id), ("dmv-receipt", "true")], b"");
        assert_eq!((delivered.status, delivered.decision()), (200, (Some("redacted"), None)), "{delivered:?}");
        assert_eq!(sha256(&delivered.body), granted_output());
        assert_eq!(delivered.header("dmv-sha256"), Some(granted_output().as_str()));
        assert_eq!(delivered.header("dmv-correlation-id"), Some(id));
        assert!(delivered.header("dmv-receipt").unwrap().contains(r#""disposition":"redacted""#));
    }
    let ended = sidecar.end();
    assert!(ended.stderr.contains("there is no account yet"), "{}", ended.stderr);
    assert!(ended.stdout.contains("the review desk listens on http://127.0.0.1:"), "{}", ended.stdout);
    told_in(folder.path(), &["log", "verify", "log", "--head", ended.log_head()], 0);
    told_in(folder.path(), &["log", "verify", "desk.log"], 0);
    let log = fs::read_to_string(folder.path().join("log")).unwrap();
    let approved = log.lines().filter(|line| line.contains(r#""approved-by":"ROE, J""#) && line.contains(&review));
    assert_eq!(approved.count(), 2, "{log}");
}
