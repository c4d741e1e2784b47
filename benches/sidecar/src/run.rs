//! All connections together.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::net::Shutdown;
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use crate::arguments::{Arguments, Pace, Place};
use crate::check::{Judged, Received, judge};
use crate::connection::Connection;
use crate::corpus::Corpus;
use crate::frames;
use crate::http;
use crate::schedule::{Due, Schedule};
use crate::tally::Tally;

/// Between two attempts to connect.
const BETWEEN_ATTEMPTS: Duration = Duration::from_millis(5);

/// What every connection needs.
pub(crate) struct Run<'r> {
    pub(crate) arguments: &'r Arguments,
    pub(crate) corpus: &'r Corpus,
    pub(crate) schedule: Schedule,
    received: Option<Mutex<BufWriter<File>>>,
}

pub(crate) fn run(arguments: &Arguments, corpus: &Corpus) -> Result<Tally, String> {
    let file = |path| File::create(path).map(|file| Mutex::new(BufWriter::new(file)));
    let received = arguments.received.as_ref().map(file).transpose().map_err(|error| format!("--received: {error}"))?;
    // Connected before the clock begins to run.
    let connections = (0..arguments.connections).map(|_| Connection::open(&arguments.place));
    let connections = connections.collect::<io::Result<Vec<_>>>().map_err(|error| format!("no sidecar: {error}"))?;
    let run = &Run { arguments, corpus, schedule: Schedule::new(arguments), received };
    let mut tally = thread::scope(|scope| {
        if arguments.until_eof {
            scope.spawn(|| run.schedule.watch_stdin());
        }
        let threads: Vec<_> =
            connections.into_iter().map(|connection| scope.spawn(move || run.connected(connection))).collect();
        let mut tally = Tally::new(arguments.may_break);
        threads.into_iter().for_each(|thread| tally.add(thread.join().expect("no panic")));
        tally
    });
    tally.end(run.schedule.elapsed());
    if let Some(received) = &run.received {
        received.lock().expect("no panic").flush().map_err(|error| format!("--received: {error}"))?;
    }
    Ok(tally)
}

impl Run<'_> {
    /// Serves one connection, and those that take its place.
    fn connected(&self, mut connection: Connection) -> Tally {
        let mut tally = Tally::new(self.arguments.may_break);
        loop {
            let served = match self.arguments.place {
                Place::Frames(_) => frames::serve(self, &connection, &mut tally),
                _ => http::serve(self, &mut connection, &mut tally),
            };
            connection.shut(Shutdown::Both);
            match served {
                Ok(()) => return tally,
                Err(error) => tally.error(&error),
            }
            if !self.arguments.may_break {
                return tally;
            }
            connection = loop {
                if self.schedule.is_ended() {
                    return tally;
                }
                match Connection::open(&self.arguments.place) {
                    Ok(connection) => break connection,
                    Err(_) => thread::sleep(BETWEEN_ATTEMPTS),
                }
            };
        }
    }

    /// Messages in flight on a connection; `None`: as many as are due.
    pub(crate) fn window(&self) -> Option<usize> {
        match self.arguments.pace {
            Pace::Rate(_) => None,
            Pace::Closed(in_flight) => Some((in_flight / self.arguments.connections).max(1)),
        }
    }

    pub(crate) fn id(&self, number: u64) -> String {
        format!("{}-{number}", self.arguments.prefix)
    }

    /// An answer has come.
    pub(crate) fn answered(&self, due: Due, received: &Received, tally: &mut Tally) {
        let latency = Instant::now().saturating_duration_since(due.at);
        let (at, message) = self.corpus.message(due.number);
        let id = self.id(due.number);
        let judged = judge(received, &id, message, self.arguments.may_stop);
        if let Judged::Wrong(why) = &judged {
            eprintln!("sidecar-load: {id}, message {at} of the corpus: {why}");
        }
        tally.answered(&judged, latency);
        let (disposition, sha256) = match &judged {
            Judged::Right { disposition, sha256 } => (disposition.as_str(), sha256.as_deref()),
            Judged::Stopped => ("stopped", None),
            _ => return,
        };
        if let Some(file) = &self.received {
            let mut file = file.lock().expect("no panic");
            writeln!(file, "{id} {disposition} {} {at}", sha256.unwrap_or("-")).expect("the file can be written");
        }
    }
}
