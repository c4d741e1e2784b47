//! The socket: a bounded number of connections, each with bounded time, and an end that lets what has begun finish.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::{Extension, Router};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

use dmv_redact_desk::Desk;

use crate::app::App;
use crate::connections::Connections;
use crate::guard::Peer;
use crate::origin::Reach;
use crate::outer::error_line;
use crate::routes::router;
use crate::settings::Settings;

/// How often the clock looks.
const TICK: Duration = Duration::from_secs(60);

/// Maximum number of connections at once. Further ones wait in the system's queue.
const MAX_CONNECTIONS: usize = 256;

/// Maximum number of connections of one address, unless it is a proxy's: nobody takes all.
const MAX_CONNECTIONS_OF_ONE: usize = MAX_CONNECTIONS / 4;

/// How long a client may leave its answers unread, in milliseconds.
#[cfg(target_os = "linux")]
const WRITE_TIMEOUT_MILLISECONDS: u32 = if cfg!(test) { 500 } else { 15_000 };

/// How long a client may take to send the head of a request, and to be idle between two.
const HEAD_TIMEOUT: Duration = Duration::from_secs(15);

/// How long a connection may last. A client that doesn't read its answer holds it no longer.
const MAX_CONNECTION_TIME: Duration = Duration::from_secs(300);

/// How long connections may still take when the server ends.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(20);

/// Maximum length of a request's head in bytes, and number of its headers.
const MAX_HEAD_BYTES: usize = 32 << 10;
const MAX_HEADERS: usize = 64;

/// Answers for a desk until `stop` ends, then waits for the requests that have begun. Meanwhile the clock denies, once a
/// minute, what nobody decided in time, and ends old sessions. It takes a runtime of several threads: some steps wait for a
/// disk.
///
/// # Errors
/// When the operating system gives no random bytes.
pub async fn serve(
    listener: TcpListener,
    desk: Arc<Desk>,
    settings: Settings,
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    let (clock, log) = (settings.clock, settings.log);
    let app = Arc::new(App::new(Arc::clone(&desk), settings)?);
    let (stopping, stopped) = watch::channel(false);
    let clock_task = tokio::spawn(tick(desk, clock, log, stopped));
    let (running, reach) = (app.running.clone(), app.reach.clone());
    let result = accept(listener, router(app), &reach, stop).await;
    let _ = stopping.send(true);
    let ended = async {
        let _ = clock_task.await;
        running.end().await;
    };
    let _ = timeout(DRAIN_TIMEOUT, ended).await;
    result
}

/// What the clock does, once a minute.
async fn tick(desk: Arc<Desk>, clock: fn() -> i64, log: fn(&str), mut stopped: watch::Receiver<bool>) {
    let mut minutes = interval(TICK);
    minutes.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = stopped.wait_for(|stopped| *stopped) => return,
            _ = minutes.tick() => {}
        }
        let now = clock();
        if let Err(error) = desk.expire(now).await {
            log(&error_line("expiring reviews", &error));
        }
        if let Err(error) = desk.reviews().remove_old_sessions(now).await {
            log(&error_line("ending old sessions", &error));
        }
    }
}

/// Takes connections until `stop` ends, then waits for the requests that have begun.
pub(crate) async fn accept(
    listener: TcpListener,
    router: Router,
    reach: &Reach,
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    let connections = Connections::default();
    let slots = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let (stopping, stopped) = watch::channel(false);
    tokio::pin!(stop);
    loop {
        let slot = tokio::select! {
            () = &mut stop => break,
            slot = Arc::clone(&slots).acquire_owned() => slot.map_err(io::Error::other)?,
        };
        let accepted = tokio::select! {
            () = &mut stop => break,
            accepted = listener.accept() => accepted,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            // The connection is gone, or there are too many open files for now.
            Err(_) => {
                sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let most = if reach.is_proxy(peer.ip()) { MAX_CONNECTIONS } else { MAX_CONNECTIONS_OF_ONE };
        let Some(counted) = connections.count(peer.ip(), most) else { continue };
        let (router, stopped) = (router.clone(), stopped.clone());
        tokio::spawn(async move {
            connection(stream, Peer(peer), router, stopped).await;
            drop((slot, counted));
        });
    }
    drop(listener);
    let _ = stopping.send(true);
    // Whoever has all slots knows that every connection has ended.
    let _ = timeout(2 * DRAIN_TIMEOUT, slots.acquire_many(u32::try_from(MAX_CONNECTIONS).unwrap_or(u32::MAX))).await;
    Ok(())
}

/// Serves one connection to its end.
async fn connection(stream: TcpStream, peer: Peer, router: Router, mut stopped: watch::Receiver<bool>) {
    let _ = stream.set_nodelay(true);
    // Whoever doesn't read is cut off by the system: hyper itself would wait.
    #[cfg(target_os = "linux")]
    let _ = rustix::net::sockopt::set_tcp_user_timeout(&stream, WRITE_TIMEOUT_MILLISECONDS);
    let service = TowerToHyperService::new(router.layer(Extension(peer)));
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT);
    builder.max_buf_size(MAX_HEAD_BYTES).max_headers(MAX_HEADERS);
    let connection = builder.serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    let is_done = tokio::select! {
        // A client's fault, or its end: nothing of it is worth telling.
        _ = connection.as_mut() => true,
        () = sleep(MAX_CONNECTION_TIME) => false,
        _ = stopped.wait_for(|stopped| *stopped) => false,
    };
    if !is_done {
        connection.as_mut().graceful_shutdown();
        let _ = timeout(DRAIN_TIMEOUT, connection).await;
    }
}
