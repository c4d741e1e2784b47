//! Frames: one thread sends when messages are due, another reads the answers, which come in the order of the requests.

use std::io::{self, BufReader, Read, Write};
use std::net::Shutdown;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use serde::Deserialize;

use crate::check::Received;
use crate::connection::Connection;
use crate::run::Run;
use crate::schedule::Due;
use crate::tally::Tally;

/// The head of an answer.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Head {
    disposition: Option<String>,
    sha256: Option<String>,
    correlation_id: Option<String>,
    reason: Option<String>,
    #[serde(rename = "review")]
    _review: Option<String>,
    error: Option<String>,
}

pub(crate) fn serve(run: &Run<'_>, connection: &Connection, tally: &mut Tally) -> io::Result<()> {
    let (mut writer, reader) = (connection.share()?, connection.share()?);
    let (in_flight, sent) = channel();
    // In a closed loop the writer takes one of these for each message, and the reader gives it back.
    let (give, tickets) = channel();
    let tickets = run.window().map(|window| {
        (0..window).for_each(|_| give.send(()).expect("both ends are here"));
        tickets
    });
    thread::scope(|scope| {
        let reading = scope.spawn(|| read(run, reader, (sent, give), tally));
        let written = write(run, &mut writer, (in_flight, tickets));
        if written.is_err() {
            writer.shut(Shutdown::Both);
        }
        let read = reading.join().expect("no panic");
        written.and(read)
    })
}

fn write(
    run: &Run<'_>,
    writer: &mut Connection,
    (in_flight, tickets): (Sender<Due>, Option<Receiver<()>>),
) -> io::Result<()> {
    let mut frame = Vec::new();
    loop {
        // Where the reader is gone, it has seen the end, and tells of it.
        if tickets.as_ref().is_some_and(|tickets| tickets.recv().is_err()) {
            return Ok(());
        }
        let Some(due) = run.schedule.next() else { return Ok(()) };
        let (_, message) = run.corpus.message(due.number);
        let [before, after] = &message.frame_head;
        let id = run.id(due.number);
        let head_bytes = before.len() + id.len() + after.len();
        frame.clear();
        frame.extend((head_bytes as u32).to_be_bytes());
        frame.extend((message.bytes.len() as u32).to_be_bytes());
        for text in [before, &id, after] {
            frame.extend(text.as_bytes());
        }
        frame.extend(&message.bytes);
        if in_flight.send(due).is_err() {
            return Ok(());
        }
        writer.write_all(&frame)?;
    }
}

fn read(
    run: &Run<'_>,
    connection: Connection,
    (sent, give): (Receiver<Due>, Sender<()>),
    tally: &mut Tally,
) -> io::Result<()> {
    let mut reader = BufReader::with_capacity(1 << 16, connection);
    while let Ok(due) = sent.recv() {
        match answer(&mut reader) {
            Ok(received) => run.answered(due, &received, tally),
            Err(error) => {
                // The writer sees that nothing more is taken.
                reader.get_ref().shut(Shutdown::Both);
                tally.unanswered(1 + sent.try_iter().count() as u64);
                return Err(error);
            }
        }
        // In an open loop nobody takes it.
        let _ = give.send(());
    }
    Ok(())
}

fn answer(reader: &mut impl Read) -> io::Result<Received> {
    let mut lengths = [0; 8];
    reader.read_exact(&mut lengths)?;
    let [a, b, c, d, e, f, g, h] = lengths;
    let mut head = vec![0; u32::from_be_bytes([a, b, c, d]) as usize];
    let mut body = vec![0; u32::from_be_bytes([e, f, g, h]) as usize];
    reader.read_exact(&mut head)?;
    reader.read_exact(&mut body)?;
    let Head { disposition, sha256, correlation_id, reason, error, .. } = serde_json::from_slice(&head)?;
    Ok(Received { status: None, disposition, sha256, correlation_id, reason, error, body })
}
