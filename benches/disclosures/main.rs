//! What the disclosure log costs a switch: records on disk a second from 1, 8 and 32 threads, each synced before its message
//! goes out, beside the redaction alone; and bytes a record.
//!
//! `cargo bench --bench disclosures`; a folder behind `--` holds the log, for the disk decides (default: the system's
//! folder for temporary files). Figures are of one run: the ratios tell.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a bench that can't run must say so")]
#![allow(missing_docs, reason = "nobody links a bench")]

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use dmv_redact::{Filter, Requester};
use dmv_redact_log::DisclosureLog;

const TIME: Duration = Duration::from_secs(5);

fn main() {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    // Cargo says so when it means a bench; as a test target there is nothing to do.
    if !arguments.iter().any(|argument| argument == "--bench") {
        return;
    }
    arguments.retain(|argument| argument != "--bench");
    let folder = arguments.first().map_or_else(std::env::temp_dir, PathBuf::from);
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let filter = Filter::builder().policy_path(root.join("policies/example-state.toml")).build().unwrap();
    filter.warm();
    let message = std::fs::read(root.join("fixtures/dr-in-state-police/message.xml")).unwrap();
    println!(
        "| threads | messages a second, redacted | redacted and on record | bytes a record |\n| --- | --- | --- | --- |"
    );
    for threads in [1, 8, 32] {
        let redacted = run(threads, &filter, &message, None);
        let folder = tempfile::tempdir_in(&folder).unwrap();
        let path = folder.path().join("disclosures.ndjson");
        let log = DisclosureLog::open(&path, &filter).unwrap();
        let recorded = run(threads, &filter, &message, Some(&log));
        log.end().unwrap();
        let bytes = std::fs::metadata(&path).unwrap().len() / recorded;
        let [redacted, recorded] = [redacted, recorded].map(|count| count as f64 / TIME.as_secs_f64());
        println!("| {threads} | {redacted:.0} | {recorded:.0} | {bytes} |");
    }
}

/// How many messages as many threads redact in the time, each on record before the next, if there is a log.
fn run(threads: usize, filter: &Filter, message: &[u8], log: Option<&DisclosureLog>) -> u64 {
    let begin = Instant::now();
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..threads)
            .map(|_| {
                scope.spawn(move || {
                    let requester = Requester::new("AZ0070000").unwrap().purpose("C");
                    let (mut out, mut count) = (Vec::new(), 0);
                    while begin.elapsed() < TIME {
                        let receipt = filter.redact(message, &requester, &mut out);
                        assert!(receipt.disposition().releases(), "{receipt:?}");
                        log.into_iter().for_each(|log| log.append("line 1", &requester, &receipt).unwrap());
                        count += 1;
                    }
                    count
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    })
}
