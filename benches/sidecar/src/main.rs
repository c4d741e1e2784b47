//! Sends messages to a sidecar as a switch does, and checks every answer as a switch must.
//!
//! `--rate` is an open loop: messages are due at fixed times, whatever became of those before, and a latency counts from when its
//! message was due, so that waiting behind others is counted, too. `--closed` keeps so many messages in flight, to find the most
//! that the sidecar does.

mod arguments;
mod check;
mod connection;
mod corpus;
mod frames;
mod http;
mod run;
mod schedule;
mod tally;

use std::process::ExitCode;

use arguments::Arguments;
use corpus::Corpus;

fn main() -> ExitCode {
    let done = Arguments::read(std::env::args().skip(1)).and_then(|arguments| {
        let corpus = Corpus::read(&arguments.corpus)?;
        let tally = run::run(&arguments, &corpus)?;
        println!("{}", if arguments.is_json { tally.json() } else { tally.text() });
        Ok(tally.is_clean())
    });
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(3),
        Err(error) => {
            eprintln!("sidecar-load: {error}");
            ExitCode::from(2)
        }
    }
}
