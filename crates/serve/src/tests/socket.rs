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
    let reach = office.app.reach.clone();
    let server = tokio::spawn(async move { accept(listener, router, &reach, async { drop(stopped.await) }).await });
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

#[tokio::test(flavor = "multi_thread")]
async fn p8_one_address_takes_neither_all_connections_nor_their_time() {
    let office = Office::open().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = crate::routes::router(Arc::clone(&office.app));
    // Not behind a proxy, whose connections are many clients'.
    let reach = crate::Reach { is_behind_tls: false, user_header: None, ..office.app.reach.clone() };
    let server = tokio::spawn(async move { accept(listener, router, &reach, std::future::pending()).await });
    let ask = format!("GET /style.css HTTP/1.1\r\nHost: {DESK}\r\n\r\n");
    // Clients that ask and ask, and read nothing.
    let mut greedy = Vec::new();
    for _ in 0..80 {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let asked = ask.repeat(2000);
        greedy.push(tokio::spawn(async move {
            let _ = stream.write_all(asked.as_bytes()).await;
            std::future::pending::<()>().await;
            drop(stream);
        }));
    }
    // Whoever comes from another address is answered meanwhile.
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.9:0".parse().unwrap()).unwrap();
    let mut other = socket.connect(address).await.unwrap();
    other.write_all(ask.as_bytes()).await.unwrap();
    let mut answer = [0; 12];
    other.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200");
    // And those who don't read are cut off after a while.
    let closing = ask.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n");
    let mut answer = String::new();
    for _ in 0..100 {
        answer = talk(address, &closing).await;
        if !answer.is_empty() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    assert!(answer.starts_with("HTTP/1.1 "), "{answer:.80}");
    greedy.iter().for_each(tokio::task::JoinHandle::abort);
    server.abort();
}
