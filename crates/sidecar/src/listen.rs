//! Sockets: a bounded number of connections, each with bounded time, and an end that lets what has begun finish.

use std::fs::{self, DirBuilder, Permissions};
use std::future::ready;
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, PermissionsExt};
use std::os::unix::net::UnixStream as BlockingUnixStream;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{self, Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::middleware::map_response;
use axum::response::Response;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::{Semaphore, watch};
use tokio::time::{Sleep, sleep, timeout};

use dmv_redact_model::files::folder_of;

use crate::TRANSFER_TIME;
use crate::events::Events;
use crate::frames;
use crate::http::Unwritten;
use crate::metrics::{Kind, Metrics};
use crate::service::Service;
use crate::tls::Tls;
use crate::unread::Unread;

/// How long a client may take to send the head of a request, and to be idle between two.
const HEAD_TIME: Duration = if cfg!(test) { Duration::from_millis(500) } else { Duration::from_secs(60) };
const HANDSHAKE_TIME: Duration = if cfg!(test) { Duration::from_millis(500) } else { Duration::from_secs(10) };

/// How long connections may still take when the sidecar ends.
pub(crate) const DRAIN_TIME: Duration = Duration::from_secs(20);

/// Bytes of a request's head, and its headers.
const MAX_HEAD_BYTES: usize = 64 << 10;
const MAX_HEADERS: usize = 64;

/// Requests of one HTTP/2 connection at once.
const MAX_STREAMS: u32 = 64;

/// A connection's stream.
trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// What listens.
#[derive(Debug)]
pub(crate) enum Socket {
    Tcp(TcpListener, Option<Arc<Tls>>),
    Unix(UnixSocket),
}

/// What answers on it.
#[derive(Clone)]
pub(crate) enum Protocol {
    Http(Router),
    Frames(Arc<Service>),
}

/// A Unix socket, whose place is cleared at the end.
#[derive(Debug)]
pub(crate) struct UnixSocket {
    listener: UnixListener,
    path: PathBuf,
}

impl Drop for UnixSocket {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

/// Binds a Unix socket that only those with these permissions can open. What a killed process left in its place is removed.
pub(crate) fn bind_unix(path: &Path, mode: u32) -> io::Result<Socket> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
        Ok(found) if !found.file_type().is_socket() => {
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, "something else is there, and no socket"));
        }
        Ok(_) => {
            if BlockingUnixStream::connect(path).is_ok() {
                return Err(io::Error::new(io::ErrorKind::AddrInUse, "another process listens there"));
            }
        }
    }
    // In a folder of our own until its permissions are set.
    let private = folder_of(path).join(format!(".{}", std::process::id()));
    let new = private.join("s");
    // A killed process of the same number may have left them.
    let _ = fs::remove_file(&new);
    let _ = fs::remove_dir(&private);
    DirBuilder::new().mode(0o700).create(&private)?;
    let bound = UnixListener::bind(&new).map_err(|error| match error.kind() {
        io::ErrorKind::InvalidInput => io::Error::new(
            error.kind(),
            "the path is too long for a socket: some 90 bytes at most, its folder's included",
        ),
        _ => error,
    });
    let bound = bound.and_then(|listener| {
        fs::set_permissions(&new, Permissions::from_mode(mode))?;
        fs::rename(&new, path)?;
        Ok(listener)
    });
    let _ = fs::remove_file(&new);
    let _ = fs::remove_dir(&private);
    Ok(Socket::Unix(UnixSocket { listener: bound?, path: path.to_owned() }))
}

/// A listener.
pub(crate) struct Listener {
    pub(crate) socket: Socket,
    pub(crate) protocol: Protocol,
    /// In the metrics.
    pub(crate) name: &'static str,
    pub(crate) most: usize,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) events: Events,
}

impl Listener {
    /// Takes connections until it is stopped, then waits for the requests that have begun.
    pub(crate) async fn run(self, mut stopped: watch::Receiver<bool>) {
        let Self { socket, protocol, name, most, metrics, events } = self;
        let slots = Arc::new(Semaphore::new(most));
        let kind = Kind { kind: name };
        let open = metrics.connections.get_or_create_owned(&kind);
        let connections = watch::channel(0_usize).0;
        loop {
            let accepted = tokio::select! {
                _ = stopped.wait_for(|stopped| *stopped) => break,
                accepted = accept(&socket) => accepted,
            };
            let (stream, tls) = match accepted {
                Ok(accepted) => accepted,
                // The connection is gone, or there are too many open files for now.
                Err(error) => {
                    events.error(name, &error.to_string());
                    sleep(Duration::from_millis(100)).await;
                    continue;
                }
            };
            // Too many: closed at once, so that whoever asks knows.
            let Ok(slot) = Arc::clone(&slots).try_acquire_owned() else {
                metrics.refused_connections.get_or_create(&Kind { kind: "too-many" }).inc();
                continue;
            };
            let (protocol, stopped, open, metrics) =
                (protocol.clone(), stopped.clone(), open.clone(), Arc::clone(&metrics));
            let connections = connections.clone();
            connections.send_modify(|count| *count += 1);
            tokio::spawn(async move {
                open.inc();
                match tls {
                    None => serve(stream, protocol, stopped).await,
                    Some(tls) => match timeout(HANDSHAKE_TIME, tls.acceptor().accept(stream)).await {
                        Ok(Ok(stream)) => serve(Box::new(stream), protocol, stopped).await,
                        // A client's fault, and anybody may be one: counted, not told.
                        _ => {
                            metrics.refused_connections.get_or_create(&Kind { kind: "tls" }).inc();
                        }
                    },
                }
                open.dec();
                connections.send_modify(|count| *count -= 1);
                drop(slot);
            });
        }
        drop(socket);
        let _ = timeout(DRAIN_TIME, connections.subscribe().wait_for(|count| *count == 0)).await;
    }
}

async fn accept(socket: &Socket) -> io::Result<(Box<dyn Stream>, Option<Arc<Tls>>)> {
    match socket {
        Socket::Tcp(listener, tls) => {
            let (stream, _) = listener.accept().await?;
            let _ = stream.set_nodelay(true);
            Ok((Box::new(stream), tls.clone()))
        }
        Socket::Unix(socket) => Ok((Box::new(socket.listener.accept().await?.0), None)),
    }
}

/// Serves one connection to its end.
async fn serve(stream: Box<dyn Stream>, protocol: Protocol, mut stopped: watch::Receiver<bool>) {
    let router = match protocol {
        Protocol::Frames(service) => {
            let (reader, writer) = tokio::io::split(stream);
            // A client's fault, or its end: nothing of it is worth telling.
            let _ = frames::serve(&service, reader, writer, stopped).await;
            return;
        }
        Protocol::Http(router) => router,
    };
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD_TIME);
    builder.http1().max_buf_size(MAX_HEAD_BYTES).max_headers(MAX_HEADERS);
    let http2 = &mut builder.http2();
    http2.timer(TokioTimer::new()).keep_alive_interval(HEAD_TIME).keep_alive_timeout(TRANSFER_TIME);
    http2.max_concurrent_streams(MAX_STREAMS).max_header_list_size(MAX_HEAD_BYTES as u32);
    let unread = Unread::default();
    let answers = unread.clone();
    let router = router.layer(map_response(move |response: Response| {
        if let Some(Unwritten(output)) = response.extensions().get() {
            answers.add(output.clone());
        }
        ready(response)
    }));
    let stream = TokioIo::new(Impatient { stream, writing: None, opening: Some(Box::pin(sleep(HEAD_TIME))), read: 0 });
    let connection = builder.serve_connection(stream, TowerToHyperService::new(router));
    tokio::pin!(connection);
    let is_done = tokio::select! {
        _ = connection.as_mut() => true,
        () = unread.too_long() => return,
        _ = stopped.wait_for(|stopped| *stopped) => false,
    };
    if !is_done {
        connection.as_mut().graceful_shutdown();
        let _ = timeout(DRAIN_TIME, connection).await;
    }
}

/// A stream that ends if what is written isn't taken in time, or if its first bytes don't come.
struct Impatient {
    stream: Box<dyn Stream>,
    /// Until bytes that wait must be written.
    writing: Option<Pin<Box<Sleep>>>,
    /// Until what begins a connection of HTTP/2 must be there, or more of HTTP/1: only then the server's own time begins.
    opening: Option<Pin<Box<Sleep>>>,
    /// Bytes that were read while that wasn't there.
    read: usize,
}

/// Bytes that a connection of HTTP/2 begins with. No request of HTTP/1.1 is shorter.
const OPENING: usize = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".len();

impl Impatient {
    fn within<T>(&mut self, context: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.writing = None;
            return written;
        }
        let deadline = self.writing.get_or_insert_with(|| Box::pin(sleep(TRANSFER_TIME)));
        task::ready!(deadline.as_mut().poll(context));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for Impatient {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = into.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, into);
        let Some(opening) = &mut self.opening else { return read };
        if read.is_pending() {
            task::ready!(opening.as_mut().poll(context));
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        self.read += into.filled().len() - before;
        if self.read >= OPENING {
            self.opening = None;
        }
        read
    }
}

impl AsyncWrite for Impatient {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.within(context, written)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(context);
        self.within(context, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let ended = Pin::new(&mut self.stream).poll_shutdown(context);
        self.within(context, ended)
    }
}
