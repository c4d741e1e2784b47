//! Appends to a disclosure log from eight threads until it is killed, and writes the id of each message to another file only once
//! the message is on record: `.ci/kills-appending` kills it and compares the two.
//!
//! `append LOG OUT [BYTES]`: `OUT` is appended to; the log goes on in a new file after so many bytes.

#![allow(missing_docs, reason = "nobody links an example")]

use std::error::Error;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use dmv_redact::{Filter, Requester};
use dmv_redact_log::{DisclosureLog, LogOptions, Rotation};

type Failure = Box<dyn Error + Send + Sync>;

const THREADS: usize = 8;

/// What the threads share.
struct Appender {
    filter: Filter,
    log: DisclosureLog,
    out: File,
    message: Vec<u8>,
    /// No other process has it: it begins every id of a message.
    run: String,
}

impl Appender {
    /// Redacts, records and forwards one message after the other, until one can't be recorded.
    fn append(&self, thread: usize) -> Result<(), Failure> {
        let mut redacted = Vec::new();
        for count in 0_u64.. {
            let id = format!("{}-{thread}-{count}", self.run);
            let requester = Requester::new("AZ0070000")?.purpose("C").correlation_id(&id)?;
            let receipt = self.filter.redact(&self.message, &requester, &mut redacted);
            if !receipt.disposition().releases() {
                return Err(format!("the message is {}", receipt.disposition().name()).into());
            }
            if let Err(error) = self.log.append("line 1", &requester, &receipt) {
                // Nobody knows what is on disk: the log must refuse whatever comes later (P12).
                return match self.log.append("line 1", &requester, &receipt) {
                    Ok(()) => Err(format!("recorded after it failed: {error}").into()),
                    Err(_) => Err(error.into()),
                };
            }
            // In one write, so that a kill leaves no part of a line.
            (&self.out).write_all(format!("{id}\n").as_bytes())?;
        }
        Ok(())
    }
}

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (log, out, bytes) = match arguments.as_slice() {
        [log, out] => (log, out, None),
        [log, out, bytes] => (log, out, Some(bytes.parse()?)),
        _ => return Err("append LOG OUT [BYTES]".into()),
    };
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let message = std::fs::read(root.join("fixtures/dr-in-state-police/message.xml"))?;
    let filter = Filter::builder().policy_path(root.join("policies/example-state.toml")).build()?;
    let options = match bytes {
        Some(bytes) => LogOptions::default().rotate(Rotation::after_bytes(bytes)),
        None => LogOptions::default(),
    };
    let log = options.open(Path::new(log), &filter)?;
    let out = OpenOptions::new().create(true).append(true).open(out)?;
    let run = format!("{}-{}", SystemTime::now().duration_since(UNIX_EPOCH)?.as_nanos(), std::process::id());
    let appender = Appender { filter, log, out, message, run };
    std::thread::scope(|scope| {
        let appender = &appender;
        let threads: Vec<_> = (0..THREADS).map(|thread| scope.spawn(move || appender.append(thread))).collect();
        threads.into_iter().try_for_each(|thread| thread.join().map_err(|_| "a thread panicked")?)
    })
}
