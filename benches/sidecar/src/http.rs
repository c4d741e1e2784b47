//! HTTP/1.1: one request at a time on each connection, which stays open.

use std::io::{self, Read, Write};

use crate::check::Received;
use crate::connection::Connection;
use crate::run::Run;
use crate::tally::Tally;

/// Bytes of an answer's head.
const MAX_HEAD: usize = 1 << 16;

pub(crate) fn serve(run: &Run<'_>, connection: &mut Connection, tally: &mut Tally) -> io::Result<()> {
    let mut request = Vec::new();
    let mut buffer = Vec::new();
    while let Some(due) = run.schedule.next() {
        let (_, message) = run.corpus.message(due.number);
        request.clear();
        write!(
            request,
            "POST /v1/redact HTTP/1.1\r\nhost: sidecar\r\ncontent-length: {}\r\ndmv-correlation-id: {}\r\n{}\r\n",
            message.bytes.len(),
            run.id(due.number),
            message.headers,
        )?;
        request.extend(&message.bytes);
        let answered = connection.write_all(&request).and_then(|()| answer(connection, &mut buffer));
        match answered {
            Ok(received) => run.answered(due, &received, tally),
            Err(error) => {
                tally.unanswered(1);
                return Err(error);
            }
        }
    }
    Ok(())
}

/// Reads an answer. `buffer` has nothing left then: no request follows before.
fn answer(connection: &mut impl Read, buffer: &mut Vec<u8>) -> io::Result<Received> {
    let wrong = |what| io::Error::new(io::ErrorKind::InvalidData, what);
    buffer.clear();
    let mut chunk = vec![0; 1 << 16];
    let mut more = |buffer: &mut Vec<u8>| match connection.read(&mut chunk)? {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        read => {
            buffer.extend(&chunk[..read]);
            Ok::<_, io::Error>(())
        }
    };
    let end = loop {
        match buffer.windows(4).position(|four| four == b"\r\n\r\n") {
            Some(end) => break end,
            None if buffer.len() > MAX_HEAD => return Err(wrong("an endless head")),
            None => more(buffer)?,
        }
    };
    let head = String::from_utf8(buffer[..end].to_vec()).map_err(|_| wrong("a head that is no text"))?;
    let mut lines = head.split("\r\n");
    let status = lines.next().and_then(|line| line.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok());
    let mut received = Received { status: Some(status.ok_or_else(|| wrong("no status"))?), ..Received::default() };
    let mut length = None;
    for (name, value) in lines.filter_map(|line| line.split_once(": ")) {
        let place = match name {
            "content-length" => {
                length = value.parse::<usize>().ok();
                continue;
            }
            "dmv-disposition" => &mut received.disposition,
            "dmv-sha256" => &mut received.sha256,
            "dmv-correlation-id" => &mut received.correlation_id,
            "dmv-reason" => &mut received.reason,
            _ => continue,
        };
        if place.replace(value.to_owned()).is_some() {
            return Err(wrong("a header twice"));
        }
    }
    let whole = end + 4 + length.ok_or_else(|| wrong("no content-length"))?;
    while buffer.len() < whole {
        more(buffer)?;
    }
    if buffer.len() > whole {
        return Err(wrong("more than the answer"));
    }
    received.body = buffer.split_off(end + 4);
    if received.status != Some(200) {
        received.error = Some(String::from_utf8_lossy(&received.body).into_owned());
    }
    Ok(received)
}
