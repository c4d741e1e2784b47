//! The desk on a real socket: what isn't HTTP, and an end that lets what has begun finish.

use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

use super::office::*;
use crate::server::accept;

async fn talk(address: std::net::SocketAddr, text: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn p8_what_is_no_request_is_answered_as_such_and_the_desk_goes_on() {
    let office = Office::open().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let router = crate::routes::router(Arc::clone(&office.app));
    let server = tokio::spawn(accept(listener, router, async { drop(stopped.await) }));
    let long = "x".repeat(100_000);
    let headers: String = (0..200).map(|number| format!("x-{number}: 1\r\n")).collect();
    let close = "Connection: close\r\n\r\n";
    for (text, status) in [
        ("nonsense\r\n\r\n".to_owned(), "400"),
        (format!("GET /{long} HTTP/1.1\r\nHost: {DESK}\r\n{close}"), "4"),
        (format!("GET / HTTP/1.1\r\nHost: {DESK}\r\nX: {long}\r\n{close}"), "431"),
        (format!("GET / HTTP/1.1\r\nHost: {DESK}\r\n{headers}{close}"), "431"),
        (format!("GET / HTTP/1.1\r\nHost: {DESK}\r\nHost: {DESK}\r\n{close}"), "400"),
        (format!("GET / HTTP/1.1\r\n{close}"), "400"),
        // Two lengths: where one request ends is a matter of opinion (request smuggling).
        (
            format!("POST /sign-in HTTP/1.1\r\nHost: {DESK}\r\nContent-Length: 3\r\nContent-Length: 5\r\n{close}abc"),
            "400",
        ),
        (format!("GET /style.css HTTP/1.1\r\nHost: {DESK}\r\n{close}"), "200"),
    ] {
        let answer = talk(address, &text).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{text:.60}: {answer:.80}");
        assert!(!answer.to_lowercase().contains("\r\nserver:"));
    }
    // A connection that says nothing doesn't keep the desk from ending.
    let _idle = TcpStream::connect(address).await.unwrap();
    stop.send(()).unwrap();
    server.await.unwrap().unwrap();
    assert!(TcpStream::connect(address).await.is_err());
}
