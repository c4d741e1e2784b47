//! Frames: two lengths, a head in JSON, a body. On a socket, or on stdin and stdout.

use std::io;
use std::sync::Arc;

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::timeout;

use crate::TRANSFER_TIME;
use crate::answer::Answer;
use crate::budget::Message;
use crate::failure::{Failure, FailureKind};
use crate::request::{Call, Head};
use crate::service::Service;

/// Bytes of a head.
pub(crate) const MAX_HEAD: usize = 1 << 16;

/// Requests of one connection that are decided at once.
const WINDOW: usize = 32;

/// Bytes that are read at once.
const CHUNK: usize = 1 << 16;

/// Answers what comes on a connection until it ends, sends what is no frame, or the sidecar stops. Answers go out in the order
/// of their requests.
pub(crate) async fn serve(
    service: &Arc<Service>,
    mut reader: impl AsyncRead + Unpin,
    mut writer: impl AsyncWrite + Unpin,
    mut stopped: watch::Receiver<bool>,
) -> io::Result<()> {
    let (answers, mut waiting) = mpsc::channel::<oneshot::Receiver<Answer>>(WINDOW);
    let read = async {
        loop {
            // Before its request is read: no more than the window is ever waited for.
            let Ok(place) = answers.reserve().await else { break };
            let frame = tokio::select! {
                _ = stopped.wait_for(|stopped| *stopped) => break,
                frame = read_frame(service, &mut reader) => frame,
            };
            let (done, answer) = oneshot::channel();
            place.send(answer);
            match frame {
                Ok(None) => break,
                Ok(Some((head, message))) => {
                    let service = Arc::clone(service);
                    tokio::spawn(async move { done.send(answer_to(&service, head, message).await) });
                }
                Err(failure) => {
                    let _ = done.send(service.failed(None, failure));
                    break;
                }
            }
        }
        drop(answers);
    };
    let write = async {
        while let Some(answer) = waiting.recv().await {
            // At the end of the input there is none.
            let Ok(answer) = answer.await else { continue };
            if let Err(error) = write_answer(&mut writer, answer).await {
                // Nobody reads on: nothing more is read either.
                waiting.close();
                while waiting.recv().await.is_some() {}
                return Err(error);
            }
        }
        writer.shutdown().await
    };
    // A reader that waits for bytes doesn't see that its client has stopped taking answers.
    tokio::pin!(read, write);
    tokio::select! {
        written = &mut write => written,
        () = &mut read => write.await,
    }
}

async fn answer_to(service: &Arc<Service>, head: Vec<u8>, message: Message) -> Answer {
    let read = Head::of_json(&head).map(|head| (head.correlation_id(), head));
    let (id, call) = match read {
        Ok((id, head)) => (id, head.read()),
        Err(failure) => (None, Err(failure)),
    };
    let call = call.and_then(|call| match &call {
        Call::Deliver { .. } if !message.bytes.is_empty() => {
            Err(Failure::invalid("a held message is asked for without a body"))
        }
        _ => Ok(call),
    });
    match call {
        Ok(call) => service.call(call, message).await,
        Err(failure) => service.failed(id, failure),
    }
}

/// The next frame; `None` at the end of the input.
async fn read_frame(
    service: &Service,
    reader: &mut (impl AsyncRead + Unpin),
) -> Result<Option<(Vec<u8>, Message)>, Failure> {
    let cut = |_| Failure::invalid("the input ends within a frame");
    let mut first = [0; 1];
    // A client may be silent for as long as it likes between two frames.
    match reader.read(&mut first).await {
        Ok(1) => {}
        _ => return Ok(None),
    }
    let frame = async {
        let mut rest = [0; 7];
        reader.read_exact(&mut rest).await.map_err(cut)?;
        let ([a], [b, c, d, e, f, g, h]) = (first, rest);
        let (head_bytes, body_bytes) = (u32::from_be_bytes([a, b, c, d]), u32::from_be_bytes([e, f, g, h]));
        let (head_bytes, body_bytes) = (head_bytes as usize, body_bytes as usize);
        let most = service.message_bytes();
        if head_bytes > MAX_HEAD || body_bytes > most {
            let what = format!("a frame's head has at most {MAX_HEAD} bytes, and its body at most {most}");
            return Err(Failure::new(FailureKind::Large, what));
        }
        let mut head = vec![0; head_bytes];
        reader.read_exact(&mut head).await.map_err(cut)?;
        let mut message = Message::default();
        while message.bytes.len() < body_bytes {
            let have = message.bytes.len();
            let more = CHUNK.min(body_bytes - have);
            service.budget.grow(&mut message.share, more).await?;
            message.bytes.resize(have + more, 0);
            let chunk = message.bytes.get_mut(have..).unwrap_or_default();
            reader.read_exact(chunk).await.map_err(cut)?;
        }
        Ok(Some((head, message)))
    };
    let slow = |_| Failure::new(FailureKind::Slow, "a frame takes too long");
    timeout(TRANSFER_TIME, frame).await.map_err(slow)?
}

async fn write_answer(writer: &mut (impl AsyncWrite + Unpin), answer: Answer) -> io::Result<()> {
    let (head, body) = answer.into_head();
    let head = serde_json::to_vec(&head)?;
    let write = async {
        writer.write_all(&lengths(&head, &body)?).await?;
        writer.write_all(&head).await?;
        writer.write_all(&body).await?;
        writer.flush().await
    };
    timeout(TRANSFER_TIME, write).await?
}

fn lengths(head: &[u8], body: &Bytes) -> io::Result<[u8; 8]> {
    let long = |_| io::Error::new(io::ErrorKind::InvalidData, "an answer is too long for a frame");
    let [a, b, c, d] = u32::try_from(head.len()).map_err(long)?.to_be_bytes();
    let [e, f, g, h] = u32::try_from(body.len()).map_err(long)?.to_be_bytes();
    Ok([a, b, c, d, e, f, g, h])
}
