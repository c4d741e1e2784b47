//! HTTP: what a release looks like, and that nothing else does.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::*;

/// An answer: status, headers, body.
#[derive(Debug)]
struct Got {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Got {
    fn header(&self, name: &str) -> Option<&str> {
        let mut all = self.headers.iter().filter(|(own, _)| own == name);
        let (found, other) = (all.next(), all.next());
        assert!(other.is_none(), "{name} twice");
        found.map(|(_, value)| value.as_str())
    }
}

async fn talk(running: &Running, request: &[u8]) -> Got {
    let mut stream = TcpStream::connect(running.addresses[0]).await.unwrap();
    // A server that refuses closes before all is written.
    let _ = stream.write_all(request).await;
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes).await;
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").unwrap_or_else(|| panic!("{bytes:?}"));
    let head = std::str::from_utf8(&bytes[..end]).unwrap();
    let mut lines = head.split("\r\n");
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let headers =
        lines.map(|line| line.split_once(": ").unwrap()).map(|(name, value)| (name.to_owned(), value.to_owned()));
    Got { status, headers: headers.collect(), body: bytes[end + 4..].to_vec() }
}

async fn ask(running: &Running, path: &str, headers: &[&str], body: &[u8]) -> Got {
    let mut request =
        format!("POST {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {}\r\n", body.len());
    for header in headers {
        request += header;
        request += "\r\n";
    }
    talk(running, &[request.as_bytes(), b"\r\n", body].concat()).await
}

async fn open() -> Running {
    Office { listen: |_| vec![Listen::Http("127.0.0.1:0".parse().unwrap())], ..Office::default() }.open().await
}

const ASKED: [&str; 3] = ["dmv-requester: AZ0070000", "dmv-purpose: C", "dmv-correlation-id: q-7"];

/// Every answer but a release is checked to have no byte of the message.
fn has_nothing_of(got: &Got, message: &[u8]) {
    assert!(got.status != 200 && got.header("dmv-sha256").is_none(), "{got:?}");
    let text = String::from_utf8(got.body.clone()).unwrap();
    assert!(text.starts_with("{\"error\":") && text.len() < 400, "{text}");
    let values = ["SECRET", "Lovelace", "0070000", "1815"];
    let message = String::from_utf8_lossy(message);
    for value in values.into_iter().filter(|value| message.contains(value)) {
        assert!(!text.contains(value), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn p2_a_release_says_so_with_the_digest_and_nothing_else_has_a_byte_of_the_message() {
    let running = open().await;
    let message = message();
    let got = ask(&running, "/v1/redact", &ASKED, &message).await;
    assert_eq!((got.status, got.header("dmv-disposition")), (200, Some("redacted")));
    assert_eq!(got.header("dmv-sha256"), Some(dmv_redact_testing::sha256(&got.body).as_str()));
    assert_eq!(got.header("dmv-correlation-id"), Some("q-7"));
    assert!(got.header("dmv-receipt").is_none() && got.header("cache-control") == Some("no-store"));
    let with_receipt = ask(&running, "/v1/redact", &[&ASKED[..], &["dmv-receipt: true"]].concat(), &message).await;
    assert_eq!(with_receipt.body, got.body);
    let receipt: serde_json::Value = serde_json::from_str(with_receipt.header("dmv-receipt").unwrap()).unwrap();
    assert_eq!((&receipt["disposition"], &receipt["correlation-id"]), (&"redacted".into(), &"q-7".into()));
    let withheld = ask(&running, "/v1/redact", &["dmv-requester: ZZ0070000"], &message).await;
    assert_eq!((withheld.status, withheld.header("dmv-disposition")), (403, Some("withheld")));
    assert_eq!(withheld.header("dmv-reason"), Some("requester-mismatch"));
    has_nothing_of(&withheld, &message);
    running.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p2_requests_that_could_be_meant_otherwise_are_none() {
    let running = open().await;
    let message = message();
    let wrong: [(&str, &[&str], u16); 17] = [
        ("/v1/redact?requester=AZ0070000", &ASKED, 400),
        ("/v1/redact", &["dmv-requester: AZ0070000", "dmv-requester: AZ0070000"], 400),
        ("/v1/redact", &["dmv-requester: AZ0070000, AZ0070001"], 400),
        ("/v1/redact", &["dmv-requester: az0070000"], 400),
        ("/v1/redact", &["dmv-requester:"], 400),
        ("/v1/redact", &["dmv-purpos: C"], 400),
        ("/v1/redact", &["dmv-purpose: C", "DMV-Purpose: D"], 400),
        ("/v1/redact", &["dmv-correlation-id: a b"], 400),
        ("/v1/redact", &["dmv-date: 2026-02-30"], 400),
        ("/v1/redact", &["dmv-receipt: yes"], 400),
        ("/v1/redact", &["dmv-instrument: claim=x,claim=y"], 400),
        ("/v1/redact", &["content-encoding: gzip"], 415),
        ("/v1/redact", &["content-type: application/x-ndjson"], 415),
        ("/v1/redact", &["content-type: text/xml", "content-type: text/xml"], 415),
        ("/v1/reviews/SECRET/deliver", &[], 400),
        ("/v1/reviews/00000000000000000000000000000000/deliver", &["dmv-purpose: C"], 400),
        ("/V1/redact", &ASKED, 404),
    ];
    for (path, headers, status) in wrong {
        let body = if path.contains("deliver") { b"".as_slice() } else { &message };
        let got = ask(&running, path, headers, body).await;
        assert_eq!(got.status, status, "{path} {headers:?} {}", String::from_utf8_lossy(&got.body));
        assert!(got.header("dmv-disposition").is_none());
        has_nothing_of(&got, &message);
    }
    let got = talk(&running, b"GET /v1/redact HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
    assert_eq!(got.status, 405);
    let got = talk(
        &running,
        b"POST /v1/redact HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 99999999999\r\n\r\n",
    )
    .await;
    assert_eq!(got.status, 413);
    // One coding, and that one.
    for codings in ["gzip, chunked", "chunked, chunked", "identity", "chunked\r\ntransfer-encoding: chunked"] {
        let request = format!(
            "POST /v1/redact HTTP/1.1\r\nhost: x\r\nconnection: close\r\ntransfer-encoding: {codings}\r\n\r\n0\r\n\r\n"
        );
        assert_eq!(talk(&running, request.as_bytes()).await.status, 400, "{codings}");
    }
    // Two lengths: whoever is in between may have read another request than this one.
    let both = b"POST /v1/redact HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 4\r\ncontent-length: 5\r\n\r\nabcde";
    assert_eq!(talk(&running, both).await.status, 400);
    // A body that never comes.
    let begun = std::time::Instant::now();
    let got =
        talk(&running, b"POST /v1/redact HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 10\r\n\r\nabc")
            .await;
    assert!(got.status == 408 && begun.elapsed().as_secs() < 5);
    // None of these went on record, and what is right is answered.
    assert_eq!(ask(&running, "/v1/redact", &ASKED, &message).await.status, 200);
    let (_, lines) = running.end().await;
    assert_eq!(kinds(&lines), ["start", "message", "end"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn p10_an_envelope_and_a_batch_come_to_the_same_as_headers() {
    let running = open().await;
    let message = String::from_utf8(message()).unwrap();
    let expected = ask(&running, "/v1/redact", &ASKED, message.as_bytes()).await;
    let request = serde_json::json!({ "requester": POLICE, "purpose": "C", "correlation-id": "q-7" });
    use base64::Engine;
    let encoded = base64::prelude::BASE64_STANDARD.encode(&message);
    let envelopes = [
        serde_json::json!({ "request": request, "message": message }),
        serde_json::json!({ "request": request, "message-base64": encoded }),
    ];
    let of_envelope = "content-type: application/vnd.dmv-redact.request+json";
    for envelope in &envelopes {
        let got = ask(&running, "/v1/redact", &[of_envelope], envelope.to_string().as_bytes()).await;
        assert_eq!((got.status, &got.body), (200, &expected.body));
        assert_eq!(got.header("dmv-correlation-id"), Some("q-7"));
    }
    let wrong = [
        serde_json::json!({ "request": request }),
        serde_json::json!({ "request": request, "message": "a", "message-base64": "YQ==" }),
        serde_json::json!({ "request": request, "message-base64": "SECRET!" }),
        serde_json::json!({ "request": request, "message": message, "more": 1 }),
    ];
    for envelope in &wrong {
        let got = ask(&running, "/v1/redact", &[of_envelope], envelope.to_string().as_bytes()).await;
        assert_eq!(got.status, 400);
        has_nothing_of(&got, message.as_bytes());
    }
    let beside =
        ask(&running, "/v1/redact", &[of_envelope, "dmv-purpose: C"], envelopes[0].to_string().as_bytes()).await;
    assert_eq!(beside.status, 400);
    let mut batch = String::new();
    for number in 0..100 {
        let line = match number % 4 {
            0 => "no line".to_owned(),
            1 => serde_json::json!({ "request": { "requester": FEDERAL }, "message": message }).to_string(),
            _ => envelopes[number % 2].to_string(),
        };
        batch += &line;
        batch.push('\n');
    }
    let got = ask(&running, "/v1/batch", &["content-type: application/x-ndjson"], batch.as_bytes()).await;
    assert!(got.status == 200 && got.header("dmv-disposition").is_none());
    let lines: Vec<serde_json::Value> =
        std::str::from_utf8(&got.body).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 100);
    for (number, line) in lines.iter().enumerate() {
        match number % 4 {
            0 => assert!(line["error"].is_string() && line.get("output").is_none(), "{line}"),
            1 => assert!(line["disposition"] == "withheld" && line.get("output").is_none(), "{line}"),
            _ => {
                assert_eq!(line["output"].as_str().unwrap().as_bytes(), expected.body);
                assert_eq!(line["sha256"].as_str(), expected.header("dmv-sha256"));
            }
        }
    }
    running.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p6_an_explanation_has_no_value_and_is_no_release() {
    let running = open().await;
    let got = ask(&running, "/v1/explain", &ASKED, &message()).await;
    assert!(got.status == 200 && got.header("dmv-disposition").is_none());
    let text = String::from_utf8(got.body).unwrap();
    assert!(text.contains("person.ssn"), "{text}");
    assert!(dmv_redact_testing::root().is_dir() && !text.contains("123-45-6789"));
    let alone = ask(&running, "/v1/explain", &ASKED, b"").await;
    assert_eq!(alone.status, 200);
    let nobody = ask(&running, "/v1/explain", &[], b"").await;
    assert_eq!(nobody.status, 400);
    let (_, lines) = running.end().await;
    assert_eq!(kinds(&lines), ["start", "end"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn p8_who_says_nothing_or_takes_nothing_is_cut_off() {
    let running = open().await;
    let free = running.service.budget.free_bytes();
    let is_closed = async |opening: &[u8]| {
        let mut stream = TcpStream::connect(running.addresses[0]).await.unwrap();
        stream.write_all(opening).await.unwrap();
        let mut rest = Vec::new();
        let read = tokio::time::timeout(std::time::Duration::from_secs(10), stream.read_to_end(&mut rest));
        read.await.expect("it is cut off").unwrap_or_default();
    };
    for opening in [b"".as_slice(), b"P", b"PRI * HTTP/2.0\r\n", b"POST /v1/redact HTTP/1.1\r\nhost: x\r\n"] {
        is_closed(opening).await;
    }
    // A window of 0, a request, and no more: the answer is never taken.
    let mut stream = TcpStream::connect(running.addresses[0]).await.unwrap();
    let small = |folder: PathBuf| fs::read(folder.join("message.xml")).ok().filter(|message| message.len() < 60_000);
    let mut released = None;
    for message in dmv_redact_testing::folders(&root().join("fixtures")).into_iter().filter_map(small) {
        if is_release(&running.ask(&head(POLICE), &message).await) {
            released = Some(message);
            break;
        }
    }
    let message = released.expect("some fixture is small");
    let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    let mut frame = |kind: u8, flags: u8, stream: u32, payload: &[u8]| {
        bytes.extend(&(payload.len() as u32).to_be_bytes()[1..]);
        bytes.extend([kind, flags]);
        bytes.extend(stream.to_be_bytes());
        bytes.extend(payload);
    };
    frame(4, 0, 0, &[0, 4, 0, 0, 0, 0]);
    let mut fields = vec![0x83, 0x86];
    for (name, value) in [(":path", "/v1/redact"), (":authority", "x"), ("dmv-requester", POLICE), ("dmv-purpose", "C")]
    {
        fields.push(0);
        fields.push(name.len() as u8);
        fields.extend(name.as_bytes());
        fields.push(value.len() as u8);
        fields.extend(value.as_bytes());
    }
    frame(1, 4, 1, &fields);
    // Within the server's own window.
    let whole: Vec<&[u8]> = message[..].chunks(16_000).collect();
    for (number, chunk) in whole.iter().enumerate() {
        frame(0, u8::from(number + 1 == whole.len()), 1, chunk);
    }
    stream.write_all(&bytes).await.unwrap();
    for _ in 0..100 {
        if running.service.budget.free_bytes() < free {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    assert!(running.service.budget.free_bytes() < free, "the answer waits");
    let mut rest = Vec::new();
    let read = tokio::time::timeout(std::time::Duration::from_secs(20), stream.read_to_end(&mut rest));
    let _ = read.await.expect("it is cut off");
    for _ in 0..100 {
        if running.service.budget.free_bytes() == free {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!(running.service.budget.free_bytes(), free);
    running.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p6_a_policy_with_dates_is_explained_as_of_the_requests_day() {
    let listen = |_: &TempDir| vec![Listen::Http("127.0.0.1:0".parse().unwrap())];
    let policy = concat!(
        "[policy]\nname = 'dated'\nversion = '1'\npurposes = ['C']\n[agencies.police]\nori = ['AZ#####00']\n",
        "[[permit]]\nid = 'old'\nuntil = '2025-12-31'\nagencies = ['police']\nelements = ['person.name']\n",
        "[[permit]]\nid = 'new'\nfrom = '2026-01-01'\nagencies = ['police']\nelements = ['license']\n",
    );
    let running = Office { policy, listen, ..Office::default() }.open().await;
    for (day, rule) in [("2025-06-01", "old"), ("2026-06-01", "new")] {
        for body in [message(), Vec::new()] {
            let date = format!("dmv-date: {day}");
            let got = ask(&running, "/v1/explain", &[&ASKED[..], &[&date]].concat(), &body).await;
            assert_eq!(got.status, 200, "{}", String::from_utf8_lossy(&got.body));
            let told: serde_json::Value = serde_json::from_slice(&got.body).unwrap();
            assert!(told.to_string().contains(&format!(r#""id":"{rule}""#)), "{day}: {told}");
        }
    }
    running.end().await;
}
