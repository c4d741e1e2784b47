//! The command line.

use std::path::PathBuf;
use std::time::Duration;

const USAGE: &str = "sidecar-load --corpus FILE
  --frames SOCKET | --http-socket SOCKET | --http ADDR:PORT
  --rate MESSAGES-A-SECOND | --closed MESSAGES-IN-FLIGHT
  --seconds N | --messages N | --until-eof yes      until-eof: till stdin ends
  [--connections N]     8
  [--prefix TEXT]       what correlation ids begin with: another for each run on one log
  [--received FILE]     every answer with a disposition: its correlation id, disposition, digest or -, place in the corpus
  [--may-stop yes]      `withheld` because an operator stopped it is right, too
  [--may-break yes]     a connection that ends is made again, and what it left unanswered counted
  [--output json]";

/// Where the sidecar is.
#[derive(Debug, Clone)]
pub(crate) enum Place {
    Frames(PathBuf),
    HttpSocket(PathBuf),
    Http(String),
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Pace {
    /// So many messages a second.
    Rate(f64),
    /// So many in flight.
    Closed(usize),
}

#[derive(Debug)]
pub(crate) struct Arguments {
    pub(crate) corpus: PathBuf,
    pub(crate) place: Place,
    pub(crate) pace: Pace,
    pub(crate) time: Option<Duration>,
    pub(crate) messages: Option<u64>,
    pub(crate) until_eof: bool,
    pub(crate) connections: usize,
    pub(crate) prefix: String,
    pub(crate) received: Option<PathBuf>,
    pub(crate) may_stop: bool,
    pub(crate) may_break: bool,
    pub(crate) is_json: bool,
}

impl Arguments {
    pub(crate) fn read(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let usage = || USAGE.to_owned();
        let (mut corpus, mut place, mut pace) = (None, None, None);
        let (mut time, mut messages, mut until_eof) = (None, None, false);
        let (mut connections, mut prefix, mut received) = (8, "load".to_owned(), None);
        let (mut may_stop, mut may_break, mut is_json) = (false, false, false);
        while let Some(name) = arguments.next() {
            let value = arguments.next().ok_or_else(usage)?;
            let number = || value.parse::<u64>().map_err(|_| format!("{name}: {value} is no number"));
            match name.as_str() {
                "--corpus" => corpus = Some(value.into()),
                "--frames" => place = Some(Place::Frames(value.into())),
                "--http-socket" => place = Some(Place::HttpSocket(value.into())),
                "--http" => place = Some(Place::Http(value)),
                "--rate" => pace = Some(Pace::Rate(number()? as f64)),
                "--closed" => pace = Some(Pace::Closed(number()? as usize)),
                "--seconds" => time = Some(Duration::from_secs(number()?)),
                "--messages" => messages = Some(number()?),
                "--until-eof" => until_eof = value == "yes",
                "--connections" => connections = number()?.max(1) as usize,
                "--prefix" => prefix = value,
                "--received" => received = Some(value.into()),
                "--may-stop" => may_stop = value == "yes",
                "--may-break" => may_break = value == "yes",
                "--output" => is_json = value == "json",
                _ => return Err(usage()),
            }
        }
        if time.is_none() && messages.is_none() && !until_eof {
            return Err(usage());
        }
        Ok(Self {
            corpus: corpus.ok_or_else(usage)?,
            place: place.ok_or_else(usage)?,
            pace: pace.ok_or_else(usage)?,
            time,
            messages,
            until_eof,
            connections,
            prefix,
            received,
            may_stop,
            may_break,
            is_json,
        })
    }
}
