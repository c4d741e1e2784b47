//! Frames, whole and broken.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::sync::watch;

use super::*;
use crate::frames::{MAX_HEAD, serve};

fn frame(head: &str, body: &[u8]) -> Vec<u8> {
    let mut bytes = (head.len() as u32).to_be_bytes().to_vec();
    bytes.extend((body.len() as u32).to_be_bytes());
    bytes.extend(head.as_bytes());
    bytes.extend(body);
    bytes
}

/// The next answer; `None` at the end.
async fn answer(stream: &mut DuplexStream) -> Option<(serde_json::Value, Vec<u8>)> {
    let mut lengths = [0; 8];
    stream.read_exact(&mut lengths).await.ok()?;
    let length = |at: usize| u32::from_be_bytes(lengths[at..at + 4].try_into().unwrap()) as usize;
    let (mut head, mut body) = (vec![0; length(0)], vec![0; length(4)]);
    stream.read_exact(&mut head).await.unwrap();
    stream.read_exact(&mut body).await.unwrap();
    Some((serde_json::from_slice(&head).unwrap(), body))
}

/// The client's end of a connection.
fn connect(running: &Running) -> (DuplexStream, watch::Sender<bool>) {
    let (ours, theirs) = duplex(1 << 14);
    let (stop, stopped) = watch::channel(false);
    let service = Arc::clone(&running.service);
    tokio::spawn(async move {
        let (reader, writer) = tokio::io::split(theirs);
        let _ = serve(&service, reader, writer, stopped).await;
    });
    (ours, stop)
}

fn numbered(number: usize, ori: &str) -> String {
    format!(
        r#"{{"request":{{"requester":"{ori}","purpose":"C","correlation-id":"q-{number}"}},"receipt":{}}}"#,
        number.is_multiple_of(2)
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn p2_answers_come_in_the_order_of_their_requests_each_with_its_digest() {
    let running = Office::default().open().await;
    let (mut stream, _stop) = connect(&running);
    let message = message();
    let (mut reader, mut writer) = tokio::io::split(&mut stream);
    let asking = async {
        for number in 0..100 {
            // Long ones, and short ones that are decided sooner.
            let body = if number % 3 == 0 { b"<none/>".as_slice() } else { &message };
            writer.write_all(&frame(&numbered(number, POLICE), body)).await.unwrap();
        }
        writer.shutdown().await.unwrap();
    };
    let answering = async {
        let mut answers = Vec::new();
        loop {
            let mut lengths = [0; 8];
            if reader.read_exact(&mut lengths).await.is_err() {
                return answers;
            }
            let length = |at: usize| u32::from_be_bytes(lengths[at..at + 4].try_into().unwrap()) as usize;
            let (mut head, mut body) = (vec![0; length(0)], vec![0; length(4)]);
            reader.read_exact(&mut head).await.unwrap();
            reader.read_exact(&mut body).await.unwrap();
            answers.push((serde_json::from_slice::<serde_json::Value>(&head).unwrap(), body));
        }
    };
    let ((), answers) = tokio::join!(asking, answering);
    assert_eq!(answers.len(), 100);
    for (number, (head, body)) in answers.iter().enumerate() {
        assert_eq!(head["correlation-id"], format!("q-{number}"));
        assert_eq!(head.get("receipt").is_some(), number.is_multiple_of(2));
        match number % 3 {
            0 => assert_eq!((head["disposition"].as_str(), body.len()), (Some("withheld"), 0)),
            _ => {
                assert_eq!(head["disposition"], "redacted");
                assert_eq!(head["sha256"], dmv_redact_testing::sha256(body));
            }
        }
    }
    let (_, lines) = running.end().await;
    assert_eq!(lines.iter().filter(|line| line["record"] == "message").count(), 100);
}

#[tokio::test(flavor = "multi_thread")]
async fn p6_a_head_that_is_none_is_told_without_what_it_says_and_the_next_is_answered() {
    let running = Office::default().open().await;
    let (mut stream, _stop) = connect(&running);
    let secret = "SECRETVALUE";
    let wrong = [
        String::new(),
        "[]".to_owned(),
        "{".to_owned(),
        r#"{"request":["AZ0070000"]}"#.to_owned(),
        r#"{"request":{"claims":"approved"}}"#.to_owned(),
        r#"{"request":{"instruments":[["court-order"]]}}"#.to_owned(),
        format!(r#"{{"request":"{secret}"}}"#),
        format!(r#"{{"request":{{"requester":"{secret}"}}}}"#),
        format!(r#"{{"request":{{"purpose":"C","purpose":"{secret}"}}}}"#),
        r#"{"request":{},"request":{}}"#.to_owned(),
        r#"{"requester":"AZ0070000"}"#.to_owned(),
        format!(r#"{{"date":"{secret}"}}"#),
        format!(r#"{{"source":"{}"}}"#, "x".repeat(129)),
        r#"{"receipt":"true"}"#.to_owned(),
        format!(r#"{{"review":"{secret}"}}"#),
        r#"{"review":"00000000000000000000000000000000","request":{"purpose":"C"}}"#.to_owned(),
        "{} {}".to_owned(),
    ];
    for head in &wrong {
        stream.write_all(&frame(head, &message())).await.unwrap();
        let (told, body) = answer(&mut stream).await.unwrap();
        assert!(body.is_empty() && told.get("disposition").is_none(), "{head}: {told}");
        let error = told["error"].as_str().unwrap();
        assert!(!error.is_empty() && !told.to_string().contains(secret), "{head}: {told}");
    }
    stream.write_all(&frame(&numbered(1, POLICE), &message())).await.unwrap();
    assert_eq!(answer(&mut stream).await.unwrap().0["disposition"], "redacted");
    running.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p8_what_is_no_frame_ends_the_connection_after_the_answers_before_it() {
    let running = Office::default().open().await;
    let free = running.service.budget.free_bytes();
    let most = running.service.message_bytes() as u32;
    let lengths = |head: u32, body: u32| [head.to_be_bytes(), body.to_be_bytes()].concat();
    let long_head = lengths(MAX_HEAD as u32 + 1, 0);
    let endings = [
        ("GET / HTTP/1.1\r\n\r\n".as_bytes().to_vec(), true),
        (long_head, true),
        (lengths(2, most + 1), true),
        (lengths(u32::MAX, u32::MAX), true),
        // Cut: the client ends, or waits.
        (lengths(100, 100)[..5].to_vec(), false),
        ([lengths(2, 1000), b"{}half of it".to_vec()].concat(), false),
        ([lengths(2, 1000), b"{}half of it".to_vec()].concat(), true),
    ];
    for (bytes, stays) in endings {
        let (mut stream, _stop) = connect(&running);
        stream.write_all(&frame(&numbered(1, POLICE), &message())).await.unwrap();
        stream.write_all(&bytes).await.unwrap();
        if !stays {
            stream.shutdown().await.unwrap();
        }
        assert_eq!(answer(&mut stream).await.unwrap().0["disposition"], "redacted");
        let (told, body) = answer(&mut stream).await.unwrap();
        assert!(told["error"].is_string() && told.get("disposition").is_none() && body.is_empty(), "{told}");
        assert!(answer(&mut stream).await.is_none());
    }
    // Who asks and never reads takes a window of messages, and no more, and not for ever.
    let (mut stream, _stop) = connect(&running);
    let flood = async {
        loop {
            if stream.write_all(&frame(&numbered(1, POLICE), &message())).await.is_err() {
                return;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(20), flood).await.expect("it is cut off");
    for _ in 0..200 {
        if running.service.budget.free_bytes() == free {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(running.service.budget.free_bytes(), free);
    running.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p9_when_it_ends_what_has_begun_is_answered() {
    let running = Office::default().open().await;
    let (mut stream, stop) = connect(&running);
    for number in 0..5 {
        stream.write_all(&frame(&numbered(number, POLICE), b"<none/>")).await.unwrap();
    }
    let (first, _) = answer(&mut stream).await.unwrap();
    stop.send(true).unwrap();
    assert_eq!(first["correlation-id"], "q-0");
    let mut answered = 1;
    while let Some((head, _)) = answer(&mut stream).await {
        assert_eq!(head["correlation-id"], format!("q-{answered}"));
        answered += 1;
    }
    let (_, lines) = running.end().await;
    assert_eq!(lines.iter().filter(|line| line["record"] == "message").count(), answered);
}
