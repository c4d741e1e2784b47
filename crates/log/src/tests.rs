//! The log as a run writes it: opened, killed at any moment, resumed, and intact in the end.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test that can't go on has failed"
)]

#[cfg(feature = "sign")]
mod signed;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fs, io};

use proptest::prelude::*;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{
    Bodies, DisclosureLog, DoneDuty, Key, Log, LogError, LogHead, LogOptions, Rotation, Verification, Verifier,
};
use dmv_redact::internal::rewrite::FilterIdentity;
use dmv_redact::{Date, Disposition, Filter, Instrument, Receipt, Requester};
use dmv_redact_model::policy::PolicyIdentity;

fn filter() -> FilterIdentity {
    let policy = PolicyIdentity { name: "test".to_owned(), version: "1".to_owned(), sha256: "ab".repeat(32) };
    FilterIdentity { policy, formats: Vec::new(), elements: vec!["person.name".to_owned()] }
}

const DISPOSITIONS: [Disposition; 4] =
    [Disposition::Released, Disposition::Redacted, Disposition::Held, Disposition::Withheld];

fn bodies(numbers: std::ops::Range<usize>) -> Bodies {
    let mut bodies = Bodies::new(Arc::new(filter()));
    for number in numbers {
        let disposition = DISPOSITIONS[number % 4];
        let name = disposition.name();
        let body = format!("{{\"source\":\"in.ndjson\",\"item\":{number},\"disposition\":\"{name}\"}}");
        bodies.push_body(disposition, body.as_bytes());
    }
    bodies
}

fn begin(path: &Path) -> Log {
    let mut log = Log::open(path, None).unwrap();
    log.prepare(&filter(), false, false).unwrap();
    log.start().unwrap();
    log
}

fn resume(path: &Path, position: &super::LogPosition) -> Log {
    let mut log = Log::open(path, None).unwrap();
    let has_begun = log.rewind(position).unwrap();
    log.prepare(&filter(), has_begun, false).unwrap();
    log.start().unwrap();
    log
}

fn in_folder() -> (TempDir, PathBuf) {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("audit.log");
    (folder, path)
}

/// The items of the message records, in their order.
fn items(path: &Path) -> Vec<usize> {
    let text = fs::read_to_string(path).unwrap();
    let whole = |line: &str| line.rfind("{\"sequence\":").map(|at| line[at..].to_owned()).unwrap();
    let lines = text.lines().map(|line| serde_json::from_str::<serde_json::Value>(&whole(line)).unwrap());
    lines.filter_map(|line| Some(line.get("item")?.as_u64().unwrap() as usize)).collect()
}

fn faults(path: &Path) -> Vec<String> {
    let Verification { faults, .. } = Verifier::default().verify(&[path.to_owned()]).unwrap();
    faults.iter().map(ToString::to_string).collect()
}

fn usage(result: Result<impl Sized, LogError>) -> String {
    match result.err() {
        Some(LogError::Usage(message)) => message,
        Some(LogError::Io(message)) => format!("I/O: {message}"),
        None => "no error".to_owned(),
    }
}

#[test]
fn a_log_goes_on_over_runs_and_tells_its_head() {
    let (_folder, path) = in_folder();
    let mut heads = Vec::new();
    for run in 0..3 {
        let mut log = begin(&path);
        log.append(&bodies(run * 10..run * 10 + 10)).unwrap();
        log.end().unwrap();
        heads.push(log.head());
    }
    let found = Verifier::default().verify(std::slice::from_ref(&path)).unwrap();
    assert_eq!((found.fault_count, found.lines, found.messages, found.runs), (0, 36, 30, 3));
    assert_eq!(found.logs[0].head, heads.last().cloned());
    assert_eq!(items(&path), (0..30).collect::<Vec<_>>());
}

#[cfg(unix)]
#[test]
fn p6_a_log_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let (_folder, path) = in_folder();
    drop(begin(&path));
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn two_runs_never_write_one_log() {
    let (_folder, path) = in_folder();
    let log = begin(&path);
    assert!(usage(Log::open(&path, None)).ends_with("another run is writing this log"));
    drop(log);
    assert!(Log::open(&path, None).is_ok());
}

#[test]
fn a_torn_last_line_stays_and_is_reported_wherever_it_tore() {
    let (_folder, path) = in_folder();
    let mut log = begin(&path);
    let journal = log.position();
    log.append(&bodies(0..3)).unwrap();
    drop(log);
    let whole = fs::read(&path).unwrap();
    let last = memchr::memrchr(b'\n', &whole[..whole.len() - 1]).unwrap() + 1;
    for cut in last + 1..whole.len() {
        for zeros in [0, 7] {
            let torn = [&whole[..cut], &vec![0; zeros]].concat();
            let bytes = cut - last + zeros;
            for resumes in [false, true] {
                fs::write(&path, &torn).unwrap();
                let mut log = if resumes { resume(&path, &journal) } else { begin(&path) };
                log.append(&bodies(if resumes { 0..4 } else { 2..4 })).unwrap();
                log.end().unwrap();
                drop(log);
                let content = fs::read(&path).unwrap();
                assert!(content.starts_with(&torn), "{cut}");
                let text = String::from_utf8(content).unwrap();
                assert!(text.contains(&format!("\"torn-bytes\":{bytes},")), "{cut}");
                assert_eq!(items(&path), [0, 1, 2, 3]);
                let found = Verifier::default().verify(std::slice::from_ref(&path)).unwrap();
                let note = format!("line 4 (sequence 4): {bytes} bytes of an unfinished line are before it");
                assert_eq!(found.notes.iter().map(ToString::to_string).collect::<Vec<_>>(), [note]);
                // A killed run that no other resumes stays a fault.
                assert_eq!(found.fault_count, u64::from(!resumes), "{cut}");
                assert!(resumes || faults(&path)[0].contains("no later run goes on with it"));
                // The next run still continues the log.
                let mut log = begin(&path);
                log.end().unwrap();
                assert_eq!(
                    Verifier::default().verify(std::slice::from_ref(&path)).unwrap().fault_count,
                    u64::from(!resumes)
                );
            }
        }
    }
}

#[test]
fn what_is_no_log_is_left_as_it_is() {
    let (_folder, path) = in_folder();
    drop(begin(&path));
    let log = fs::read(&path).unwrap();
    let no_line = vec![b'x'; 3 << 20];
    for content in [
        &b"three years of work"[..],
        b"three years of work\n",
        b"\n",
        b"{\"sequence\":1}\n",
        &no_line,
        &[&log[..], b"something else"].concat(),
        &[&log[..], &no_line].concat(),
    ] {
        fs::write(&path, content).unwrap();
        assert!(
            usage(Log::open(&path, None)).contains("its last line is none of a disclosure log"),
            "{}",
            content.len()
        );
        assert!(fs::read(&path).unwrap() == content);
    }
    fs::write(&path, log.replace_once(b"\"version\":\"", b"\"version\":\"9")).unwrap();
    assert!(usage(Log::open(&path, None)).contains("its last line was changed"));
    assert!(usage(Log::open(path.parent().unwrap(), None)).starts_with("I/O: "));
}

trait ReplaceOnce {
    fn replace_once(&self, from: &[u8], to: &[u8]) -> Vec<u8>;
}

impl ReplaceOnce for [u8] {
    fn replace_once(&self, from: &[u8], to: &[u8]) -> Vec<u8> {
        let at = memchr::memmem::find(self, from).unwrap();
        [&self[..at], to, &self[at + from.len()..]].concat()
    }
}

#[test]
fn a_run_killed_twice_records_nothing_twice() {
    let (_folder, path) = in_folder();
    let mut log = begin(&path);
    let journal = log.position();
    log.append(&bodies(0..5)).unwrap();
    drop(log);
    // Killed right after its start record, and once more with part of the work done.
    let log = resume(&path, &journal);
    let journal = log.position();
    drop(log);
    let mut log = resume(&path, &journal);
    log.append(&bodies(0..2)).unwrap();
    let journal = log.position();
    drop(log);
    let mut log = resume(&path, &journal);
    log.append(&bodies(2..7)).unwrap();
    log.end().unwrap();
    assert_eq!(items(&path), (0..7).collect::<Vec<_>>());
    assert_eq!(faults(&path), [""; 0]);
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.ends_with('\n') && text.lines().last().unwrap().contains("\"messages\":7,\"released\":2,"), "{text}");
    assert_eq!(text.matches("\"resumed\":true,\"run\":1,").count(), 3);
}

#[test]
fn p12_where_people_decide_a_resumed_run_records_anew_what_differs() {
    let (_folder, path) = in_folder();
    let mut log = begin(&path);
    let journal = log.position();
    log.append(&bodies(0..5)).unwrap();
    drop(log);
    let mut log = resume(&path, &journal);
    log.let_records_differ();
    log.append(&bodies(0..2)).unwrap();
    log.append(&bodies(3..4)).unwrap();
    let journal = log.position();
    log.append(&bodies(4..6)).unwrap();
    drop(log);
    // Killed again: what came after the journal is compared, and not recorded twice.
    let mut log = resume(&path, &journal);
    log.let_records_differ();
    log.append(&bodies(4..7)).unwrap();
    log.end().unwrap();
    assert_eq!(items(&path), [0, 1, 2, 3, 4, 3, 4, 5, 6]);
    assert_eq!(faults(&path), [""; 0]);
}

#[test]
fn a_message_of_a_resumed_run_must_have_the_record_it_had() {
    let (_folder, path) = in_folder();
    let mut log = begin(&path);
    let journal = log.position();
    log.append(&bodies(0..5)).unwrap();
    drop(log);
    let mut log = resume(&path, &journal);
    let error = log.append(&bodies(1..5)).unwrap_err();
    assert_eq!(error.to_string(), "a message has another record than before the run was stopped");
    drop(log);
    // Another log, a truncated one, a changed one.
    let whole = fs::read(&path).unwrap();
    fs::write(&path, whole.replace_once(b"\"item\":3", b"\"item\":8")).unwrap();
    let error = resume(&path, &journal).append(&bodies(0..5)).unwrap_err();
    assert_eq!(error.to_string(), "the log was changed since the run was stopped");
    fs::remove_file(&path).unwrap();
    assert!(usage(Log::open(&path, None).unwrap().rewind(&journal)).contains("this isn't the log"));
    drop(begin(&path));
    let mut other = serde_json::to_value(&journal).unwrap();
    *other.get_mut("hash").unwrap() = "0".repeat(64).into();
    let other: super::LogPosition = serde_json::from_value(other).unwrap();
    assert!(usage(Log::open(&path, None).unwrap().rewind(&other)).contains("this isn't the log"));
}

/// Killed between its journal and its first record, or after that.
#[test]
fn p11_a_run_that_is_killed_as_it_begins_begins_anew_or_goes_on() {
    for is_written in [false, true] {
        for is_torn in [false, true] {
            for other in [false, true] {
                let (_folder, path) = in_folder();
                let mut log = Log::open(&path, None).unwrap();
                log.prepare(&filter(), false, false).unwrap();
                let journal = log.position();
                if is_written {
                    log.start().unwrap();
                }
                drop(log);
                if is_torn && !is_written {
                    fs::write(&path, "{\"sequence\":1,").unwrap();
                }
                if other {
                    let mut log = begin(&path);
                    log.append(&bodies(100..103)).unwrap();
                    log.end().unwrap();
                }
                let mut log = resume(&path, &journal);
                log.append(&bodies(0..4)).unwrap();
                log.end().unwrap();
                assert_eq!(faults(&path), Vec::<String>::new(), "{is_written} {is_torn} {other}");
                let runs = Verifier::default().verify(std::slice::from_ref(&path)).unwrap().runs;
                assert_eq!(runs, 1 + u64::from(other));
            }
        }
    }
}

#[test]
fn another_run_may_use_the_log_before_a_killed_one_goes_on() {
    let (_folder, path) = in_folder();
    let mut log = begin(&path);
    let journal = log.position();
    log.append(&bodies(0..5)).unwrap();
    drop(log);
    let mut log = begin(&path);
    log.append(&bodies(100..103)).unwrap();
    log.end().unwrap();
    drop(log);
    let mut log = resume(&path, &journal);
    log.append(&bodies(0..4)).unwrap();
    let journal = log.position();
    drop(log);
    let mut log = begin(&path);
    log.append(&bodies(103..105)).unwrap();
    log.end().unwrap();
    drop(log);
    let mut log = resume(&path, &journal);
    log.append(&bodies(4..9)).unwrap();
    log.end().unwrap();
    assert_eq!(items(&path), [0, 1, 2, 3, 4, 100, 101, 102, 103, 104, 5, 6, 7, 8]);
    assert_eq!(faults(&path), [""; 0]);
    assert!(fs::read_to_string(&path).unwrap().lines().last().unwrap().contains("\"messages\":9,"));
}

#[test]
fn a_run_stopped_while_it_does_messages_again_loses_none() {
    let (_folder, path) = in_folder();
    let mut log = begin(&path);
    let journal = log.position();
    log.append(&bodies(0..5)).unwrap();
    drop(log);
    let mut log = resume(&path, &journal);
    log.append(&bodies(0..2)).unwrap();
    log.end().unwrap();
    let journal = log.position();
    drop(log);
    // The end record counts what is in the log.
    assert_eq!(faults(&path), [""; 0]);
    let mut log = resume(&path, &journal);
    log.append(&bodies(2..8)).unwrap();
    log.end().unwrap();
    assert_eq!(items(&path), (0..8).collect::<Vec<_>>());
    assert_eq!(faults(&path), [""; 0]);
}

#[test]
fn checkpoints_come_every_ten_thousand_messages() {
    let (_folder, path) = in_folder();
    let mut log = begin(&path);
    for batch in 0..250 {
        log.append(&bodies(batch * 100..batch * 100 + 100)).unwrap();
    }
    log.end().unwrap();
    let text = fs::read_to_string(&path).unwrap();
    assert_eq!(text.matches("\"record\":\"checkpoint\"").count(), 2);
    assert_eq!(faults(&path), [""; 0]);
    let count = format!("\"policy\":\"{}\",\"messages\":25000,\"released\":6250,", filter().policy.sha256);
    assert!(text.lines().last().unwrap().contains(&count));
    drop(log);
    // A resumed run skips a checkpoint among its earlier records.
    let journal = begin(&path).position();
    let mut log = resume(&path, &journal);
    log.append(&bodies(0..10_001)).unwrap();
    drop(log);
    let mut log = resume(&path, &journal);
    log.append(&bodies(0..20_002)).unwrap();
    log.end().unwrap();
    assert_eq!(faults(&path), [""; 0]);
    assert_eq!(items(&path).len(), 25_000 + 20_002);
}

#[test]
fn p8_a_record_too_long_to_be_read_again_is_never_written() {
    let (_folder, path) = in_folder();
    let mut log = begin(&path);
    let mut long = Bodies::new(Arc::new(filter()));
    let body = format!("{{\"source\":\"{}\",\"disposition\":\"held\"}}", "x".repeat(1 << 20));
    long.push_body(Disposition::Held, body.as_bytes());
    let error = log.append(&long).unwrap_err();
    assert_eq!(error.to_string(), "a record is longer than a line of the log may be");
    log.end().unwrap();
    assert_eq!(faults(&path), [""; 0]);
}

#[test]
fn a_key_is_a_files_content_without_its_line_end() {
    let (folder, path) = in_folder();
    let key = |content: &[u8]| {
        let path = folder.path().join("key");
        fs::write(&path, content).unwrap();
        Key::read(&path)
    };
    assert!(usage(key(b"123456789012345\n")).ends_with("the key is too short: 16 bytes at least are wanted"));
    assert!(usage(key(&[b'k'; 65_537])).ends_with("the key is too long: 65536 bytes at most are wanted"));
    let mut log = Log::open(&path, Some(key(b"1234567890123456\n").unwrap())).unwrap();
    log.prepare(&filter(), false, false).unwrap();
    log.start().unwrap();
    log.end().unwrap();
    drop(log);
    for same in [&b"1234567890123456"[..], b"1234567890123456\r\n"] {
        assert_eq!(
            Verifier::default().keys(&[key(same).unwrap()]).verify(std::slice::from_ref(&path)).unwrap().fault_count,
            0
        );
    }
    let other = key(b"1234567890123457").unwrap();
    assert_eq!(Verifier::default().keys(&[other]).verify(std::slice::from_ref(&path)).unwrap().fault_count, 2);
    assert!(usage(Log::open(&path, None)).contains("has another key"));
    assert_eq!(format!("{:?}", key(b"1234567890123456").unwrap()), "Key");
}

#[test]
fn any_changed_byte_is_found_at_its_line() {
    let (_folder, path) = in_folder();
    let mut log = begin(&path);
    log.append(&bodies(0..3)).unwrap();
    log.end().unwrap();
    let whole = fs::read(&path).unwrap();
    for at in 0..whole.len() {
        let line = memchr::memchr_iter(b'\n', &whole[..at]).count() + 1;
        for byte in [whole[at] ^ 1, whole[at] ^ 0x20, b'\n', b'"', 0, 0xFF, b'0', b'9'] {
            if byte == whole[at] {
                continue;
            }
            let mut changed = whole.clone();
            changed[at] = byte;
            fs::write(&path, &changed).unwrap();
            let faults = faults(&path);
            assert!(faults[0].starts_with(&format!("line {line} (")), "byte {at} to {byte}: {faults:?}");
        }
        // One byte removed, one inserted.
        fs::write(&path, [&whole[..at], &whole[at + 1..]].concat()).unwrap();
        assert!(!faults(&path).is_empty(), "{at}");
        fs::write(&path, [&whole[..at], b"0", &whole[at..]].concat()).unwrap();
        assert!(!faults(&path).is_empty(), "{at}");
    }
}

/// An event in the life of a run.
#[derive(Debug, Clone)]
enum Event {
    Append(usize),
    Journal,
    /// Killed, losing at most this many bytes of the last line.
    Kill(usize),
    Stop,
    /// Killed, and another run uses the log, to its end.
    Other(usize),
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let event = prop_oneof![
        4 => (1_usize..6).prop_map(Event::Append),
        2 => Just(Event::Journal),
        2 => (0_usize..300).prop_map(Event::Kill),
        1 => Just(Event::Stop),
        1 => (0_usize..4).prop_map(Event::Other),
    ];
    proptest::collection::vec(event, 1..25)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// However often a run is killed, stopped and resumed: every message is recorded once, in order, and the log is
    /// intact.
    #[test]
    fn a_resumed_run_records_what_an_uninterrupted_one_does(events in events()) {
        let (_folder, path) = in_folder();
        let mut log = Some(begin(&path));
        let mut journal = (log.as_ref().unwrap().position(), 0);
        let mut done = 0;
        let mut others = 0;
        for event in events {
            match event {
                Event::Append(count) => {
                    log.as_mut().unwrap().append(&bodies(done..done + count)).unwrap();
                    done += count;
                }
                Event::Journal => journal = (log.as_ref().unwrap().position(), done),
                Event::Kill(lost) => {
                    drop(log.take());
                    let whole = fs::read(&path).unwrap();
                    let last = memchr::memrchr(b'\n', &whole[..whole.len() - 1]).map_or(0, |at| at + 1);
                    // What the journal refers to was synced.
                    let kept = serde_json::to_value(&journal.0).unwrap().get("bytes").unwrap().as_u64().unwrap() as usize;
                    let length = (whole.len() - lost.min(whole.len() - last - 1)).max(kept);
                    fs::File::options().write(true).open(&path).unwrap().set_len(length as u64).unwrap();
                    log = Some(resume(&path, &journal.0));
                    done = journal.1;
                }
                Event::Stop => {
                    log.as_mut().unwrap().end().unwrap();
                    journal = (log.as_ref().unwrap().position(), done);
                    drop(log.take());
                    log = Some(resume(&path, &journal.0));
                }
                Event::Other(count) => {
                    drop(log.take());
                    let mut other = begin(&path);
                    other.append(&bodies(100_000 + others..100_000 + others + count)).unwrap();
                    others += count;
                    other.end().unwrap();
                    drop(other);
                    log = Some(resume(&path, &journal.0));
                    done = journal.1;
                }
            }
        }
        // Until every record was done again.
        let all = items(&path).iter().filter(|item| **item < 100_000).count().max(done) + 2;
        let mut log = log.unwrap();
        log.append(&bodies(done..all)).unwrap();
        log.end().unwrap();
        let (own, foreign): (Vec<usize>, Vec<usize>) = items(&path).iter().partition(|item| **item < 100_000);
        prop_assert_eq!(own, (0..all).collect::<Vec<_>>());
        prop_assert_eq!(foreign, (100_000..100_000 + others).collect::<Vec<_>>());
        prop_assert_eq!(faults(&path), [""; 0]);
    }
}

/// A request of police, and its receipt.
fn asked(filter: &Filter, id: &str) -> (Requester, Receipt) {
    let requester = Requester::new("AZ0070000").unwrap().correlation_id(id).unwrap();
    let receipt = filter.redact(b"no message", &requester, &mut Vec::new());
    (requester, receipt)
}

fn append(log: &DisclosureLog, source: &str, (requester, receipt): &(Requester, Receipt)) -> io::Result<()> {
    log.append(source, requester, receipt)
}

/// All files of a log.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

/// A policy that isn't the baseline.
const OTHER: &[u8] = b"[policy]\nname = 'other'\nversion = '1'\n[agencies.a]\nori = ['AZ*']\n\
                       [[permit]]\nid = 'a'\nagencies = ['a']\nelements = ['person.name']\n";

/// As a switch appends: one receipt at a time, each on disk before its output goes out.
#[test]
fn p12_disclosures_appended_one_by_one_are_a_log_that_verifies() {
    let (_folder, path) = in_folder();
    let filter = Filter::builder().build().unwrap();
    let log = DisclosureLog::open(&path, &filter).unwrap();
    for id in ["a-1", "a-2"] {
        append(&log, "switch\u{202e}1", &asked(&filter, id)).unwrap();
        let line = fs::read_to_string(&path).unwrap();
        assert!(line.contains(&format!("\"correlation-id\":\"{id}\"")) && line.contains("\"time\":\"2"));
    }
    let other = Filter::builder().policy_bytes("p.toml", OTHER).build().unwrap();
    log.change_filter(&other).unwrap();
    let [third, fourth] = ["a-3", "a-4"].map(|id| asked(&filter, id));
    log.append_all([("line 1", &third.0, &third.1), ("line 2", &fourth.0, &fourth.1)]).unwrap();
    // Of another request nothing is recorded.
    let error = log.append("line 1", &third.0, &fourth.1).unwrap_err();
    assert_eq!(error.to_string(), "the receipt is of another request");
    // Nor where it differs in what it states alone, without ids: the record would have what didn't decide.
    let requester = || Requester::new("AZ0070000").unwrap().purpose("C");
    let receipt = filter.redact(b"{}", &requester(), &mut Vec::new());
    let warrant = Instrument::new("judicial-warrant").number("12");
    for other in [
        Requester::new("AZ0070000").unwrap(),
        requester().purpose("E"),
        requester().reason("R"),
        requester().claim("approved"),
        requester().instrument(warrant),
        requester().date("2026-12-02").unwrap(),
        requester().approved_by("somebody").unwrap(),
        requester().control_number("17").unwrap(),
        Requester::from_envelope().purpose("C"),
    ] {
        assert_eq!(log.append("line 1", &other, &receipt).unwrap_err().to_string(), error.to_string());
    }
    log.end().unwrap();
    let verified = Verifier::default().verify(std::slice::from_ref(&path)).unwrap();
    assert_eq!((verified.messages, verified.runs, verified.fault_count), (4, 2, 0));
    let text = fs::read_to_string(&path).unwrap();
    assert!(!text.contains('\u{202e}'));
    // What the filter before decided says so, for its policy isn't the one of the run.
    assert_eq!(text.matches("\"policy\":{").count(), 4, "{text}");
}

/// P12: a query and its approval can be joined by the control number, and nobody can guess it. P6: it is nowhere as it is.
#[test]
fn p6_p12_a_control_number_is_hashed_with_the_key() {
    let filter = Filter::builder().build().unwrap();
    let mut hashes = Vec::new();
    for secret in [Some("0123456789abcdef"), Some("0123456789abcdeF"), None] {
        let (folder, path) = in_folder();
        let mut options = LogOptions::default();
        if let Some(secret) = secret {
            fs::write(folder.path().join("key"), secret).unwrap();
            options = options.key(Key::read(&folder.path().join("key")).unwrap());
        }
        let log = options.open(&path, &filter).unwrap();
        for number in ["CTL-17", "CTL-17", "CTL-18"] {
            let requester = Requester::new("AZ0070000").unwrap().control_number(number).unwrap();
            let receipt = filter.redact(b"no message", &requester, &mut Vec::new());
            log.append("line 1", &requester, &receipt).unwrap();
        }
        log.end().unwrap();
        let text = fs::read_to_string(&path).unwrap();
        assert!(!text.contains("CTL-1"), "{text}");
        let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let own = lines.filter(|line| line["record"] == "message").map(|line| line.get("control").cloned());
        hashes.push(own.collect::<Vec<_>>());
    }
    assert!(hashes[0][0].is_some() && hashes[0][0] == hashes[0][1] && hashes[0][0] != hashes[0][2], "{hashes:?}");
    assert!(hashes[1][0].is_some() && hashes[1][0] != hashes[0][0]);
    assert_eq!(hashes[2], [None, None, None]);
}

/// P12: a record tells the data elements by numbers that the file's first record explains, once for all runs; and by name
/// what another filter decided.
#[test]
fn p12_a_file_says_once_what_its_records_mean_by_numbers() {
    let (folder, path) = in_folder();
    let filter = Filter::builder().policy_bytes("p.toml", OTHER).build().unwrap();
    let message = fs::read("../../fixtures/dr-in-state-police/message.xml").unwrap();
    let requester = Requester::new("AZ0070000").unwrap().approved_by("R. Roe\u{202e}").unwrap();
    let receipt = filter.redact(&message, &requester, &mut Vec::new());
    for _ in 0..2 {
        let log = DisclosureLog::open(&path, &filter).unwrap();
        log.append("line 1", &requester, &receipt).unwrap();
        log.end().unwrap();
    }
    let log = LogOptions::default().rotate(Rotation::after_bytes(1)).service("msw-2").open(&path, &filter).unwrap();
    log.append("line 1", &requester, &receipt).unwrap();
    log.change_filter(&Filter::builder().build().unwrap()).unwrap();
    log.append("line 1", &requester, &receipt).unwrap();
    log.end().unwrap();
    for file in files(folder.path()) {
        let text = fs::read_to_string(&file).unwrap();
        assert!(!text.contains('\u{202e}'));
        let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let starts: Vec<&Value> = lines.iter().filter(|line| line["record"] == "start").collect();
        assert_eq!(starts[0]["record-version"], json!(2));
        let names = starts[0]["data-elements"].as_array().unwrap();
        assert_eq!(starts[0]["formats"]["niem-6.0"].as_str().unwrap().len(), 64);
        for start in &starts[1..] {
            assert_eq!(start["names-in"], starts[0]["sequence"], "{start}");
            assert!(start.get("data-elements").is_none() && start.get("formats").is_none());
        }
        for line in lines.iter().filter(|line| line["record"] == "message") {
            assert_eq!(line["approved-by"], json!("R. Roe\u{202e}"));
            let released: Vec<&str> = match &line["released"] {
                Value::String(numbers) => {
                    let ranges = numbers.split(',').map(|range| range.split_once('-').unwrap_or((range, range)));
                    let numbers =
                        ranges.flat_map(|(first, last)| first.parse().unwrap()..=last.parse::<usize>().unwrap());
                    numbers.map(|number| names[number].as_str().unwrap()).collect()
                }
                names => names.as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect(),
            };
            let expected: Vec<&str> =
                receipt.elements().filter(|(_, counts)| counts.released > 0).map(|(element, _)| element).collect();
            assert!(expected.contains(&"person.name.surname"), "{expected:?}");
            assert_eq!(released, expected);
        }
    }
    let last = fs::read_to_string(&path).unwrap();
    assert!(last.contains("\"service\":\"msw-2\"") && last.contains("\"released\":["), "{last}");
}

/// P12: why and on what paper is on record. P6: what the policy doesn't declare could be anything, and isn't.
#[test]
fn p6_p12_what_a_request_says_is_recorded_if_the_policy_declares_it() {
    let (_folder, path) = in_folder();
    let policy = "[policy]\nname = 'p'\nversion = '1'\nclaims = ['warrant']\npurposes = ['C']\n[claims]\n\
                  warrant = {issuers = ['judge']}\n[agencies.a]\nori = ['AZ*']\n[[permit]]\nid = 'a'\nagencies = ['a']\n\
                  requires = ['warrant']\nelements = ['person.name']\n";
    let filter = Filter::builder().policy_bytes("p.toml", policy.as_bytes()).build().unwrap();
    let log = DisclosureLog::open(&path, &filter).unwrap();
    let warrant = |number: &str| Instrument::new("warrant").issuer("judge").number(number);
    let police = Requester::new("AZ0070000").unwrap();
    for requester in [
        police.clone().purpose("C").user("DOE, J").instrument(warrant("26-MJ-1")),
        police.clone().purpose("CANARY").instrument(warrant("26-MJ-2")),
        // One that is no longer good is on record, too.
        police.clone().instrument(warrant("26-MJ-3").until("2020-01-01").unwrap()),
        police.clone().claim("canary").user("CANARY"),
    ] {
        let receipt = filter.redact(b"no message", &requester, &mut Vec::new());
        log.append("line 1", &requester, &receipt).unwrap();
    }
    log.end().unwrap();
    let text = fs::read_to_string(&path).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines[1]["stated"], json!({"purpose": "C", "user": "DOE, J"}));
    assert_eq!(lines[1]["claims"], json!(["warrant"]));
    assert_eq!(lines[3]["instruments"][0]["number"], json!("26-MJ-3"));
    let paper = json!([{"claim": "warrant", "issuer": "judge", "number": "26-MJ-1"}]);
    assert_eq!(lines[1]["instruments"], paper);
    assert!(!text.to_lowercase().contains("canary") && !text.contains("26-MJ-2"), "{text}");
}

/// P12: many threads append at once, and the log goes on from file to file: every record is there once, in one chain.
#[test]
fn p12_many_threads_append_to_one_chain_over_several_files() {
    let (folder, path) = in_folder();
    let filter = Filter::builder().build().unwrap();
    let log = LogOptions::default().rotate(Rotation::after_bytes(12_000)).open(&path, &filter).unwrap();
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let (log, filter, path) = (&log, &filter, &path);
            scope.spawn(move || {
                for item in 0..25 {
                    let id = format!("{thread}-{item}");
                    append(log, "line 1", &asked(filter, &id)).unwrap();
                    // When it returns, the record is in a file.
                    let member = format!("\"correlation-id\":\"{id}\"");
                    let all = files(path.parent().unwrap());
                    assert!(all.iter().any(|file| fs::read_to_string(file).is_ok_and(|text| text.contains(&member))));
                }
            });
        }
    });
    let (sequence, _) = log.end().unwrap();
    let all = files(folder.path());
    assert!(all.len() > 5, "{all:?}");
    let verified = Verifier::default().verify(&all).unwrap();
    assert_eq!((verified.messages, verified.fault_count, verified.lines), (200, 0, sequence));
    let text: String = all.iter().map(|file| fs::read_to_string(file).unwrap()).collect();
    for id in (0..8).flat_map(|thread| (0..25).map(move |item| format!("\"{thread}-{item}\""))) {
        assert_eq!(text.matches(&id).count(), 1, "{id}");
    }
}

/// A log in its own folder that went on in several files, with so many messages.
fn rotated(folder: &Path, name: &str, messages: usize) -> Vec<PathBuf> {
    let filter = Filter::builder().build().unwrap();
    let folder = folder.join(name);
    fs::create_dir(&folder).unwrap();
    let options = LogOptions::default().rotate(Rotation::after_bytes(1)).service(name);
    let log = options.open(&folder.join("log"), &filter).unwrap();
    (0..messages).for_each(|item| append(&log, "line 1", &asked(&filter, &format!("{name}-{item}"))).unwrap());
    log.end().unwrap();
    files(&folder)
}

/// P12: the nodes of a switch each have a log, and all their files are verified together, whatever order they are named in.
#[test]
fn p12_several_logs_are_verified_together() {
    let folder = TempDir::new().unwrap();
    let (a, b) = (rotated(folder.path(), "a", 4), rotated(folder.path(), "b", 6));
    let alone = |files: &[PathBuf]| Verifier::default().verify(files).unwrap().logs.remove(0).head.unwrap();
    let (head_a, head_b) = (alone(&a), alone(&b));
    let mut all: Vec<PathBuf> = b.iter().rev().chain(&a).cloned().collect();
    for turn in 0..all.len() {
        all.rotate_left(1);
        let found = Verifier::default().verify(&all).unwrap();
        let faults: Vec<String> = found.faults.iter().map(ToString::to_string).collect();
        assert_eq!((found.messages, faults), (10, vec![]), "{turn}");
        assert_eq!(found.lines, head_a.0 + head_b.0);
        let heads: Vec<_> = found.logs.iter().map(|log| log.head.clone().unwrap()).collect();
        assert!(heads == [head_a.clone(), head_b.clone()] || heads == [head_b.clone(), head_a.clone()]);
        for log in &found.logs {
            let mut own = found.files[log.files.clone()].to_vec();
            own.sort();
            assert!(own == a || own == b, "{own:?}");
        }
    }
    // Each head is in one of them.
    let known =
        |(sequence, hash): &(u64, String)| LogHead { sequence: *sequence, hash: hash.as_bytes().try_into().unwrap() };
    let with = |heads: &[LogHead]| {
        let found = Verifier::default().heads(heads).verify(&all).unwrap();
        found.faults.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(with(&[known(&head_a), known(&head_b)]), [""; 0]);
    let other = LogHead { sequence: 3, hash: [b'0'; 64] };
    let far = LogHead { sequence: 1000, hash: [b'0'; 64] };
    let faults = with(&[known(&head_a), other, far]);
    assert!(faults.iter().any(|fault| fault.ends_with("it isn't the line that is known from elsewhere")), "{faults:?}");
    assert!(faults.iter().any(|fault| fault.ends_with("is in none of these logs: one was cut")), "{faults:?}");
    assert_eq!(faults.len(), 2);
    // A file that is missing, or there twice.
    let missing: Vec<PathBuf> = all.iter().filter(|path| **path != b[2]).cloned().collect();
    assert_ne!(Verifier::default().verify(&missing).unwrap().fault_count, 0);
    // The first file of one is missing: what is there of both is read.
    let headless: Vec<PathBuf> = all.iter().filter(|path| **path != b[1]).cloned().collect();
    let found = Verifier::default().verify(&headless).unwrap();
    assert_eq!((found.messages, found.logs.len()), (10, 2), "{:?}", found.faults);
    assert_ne!(found.fault_count, 0);
    // A file that is named as the next one would be, and has records.
    let next = a[0].with_file_name("log.next");
    fs::copy(&b[1], &next).unwrap();
    let with_next: Vec<PathBuf> = a.iter().chain([&next]).cloned().collect();
    let found = Verifier::default().verify(&with_next).unwrap();
    assert_eq!(found.files.len(), a.len() + 1);
    for copied in a.iter().chain(&b) {
        let copy = folder.path().join("copy");
        fs::copy(copied, &copy).unwrap();
        let twice: Vec<PathBuf> = all.iter().chain([&copy]).cloned().collect();
        assert_ne!(Verifier::default().verify(&twice).unwrap().fault_count, 0, "{copied:?}");
    }
}

/// P12: logs with different keys are verified with both; one without a key has been forged where there are keys.
#[test]
fn p12_several_logs_may_have_different_keys() {
    let folder = TempDir::new().unwrap();
    let write = |name: &str, key: Option<Key>| {
        let path = folder.path().join(name);
        let mut log = Log::open(&path, key).unwrap();
        log.prepare(&filter(), false, false).unwrap();
        log.start().unwrap();
        log.append(&bodies(0..5)).unwrap();
        log.end().unwrap();
        path
    };
    let keys: Vec<Key> = ["0123456789abcdef", "0123456789abcdeF"]
        .map(|secret| {
            fs::write(folder.path().join("key"), secret).unwrap();
            Key::read(&folder.path().join("key")).unwrap()
        })
        .to_vec();
    let paths = [write("one", Some(keys[0].clone())), write("other", Some(keys[1].clone()))];
    let faults = |keys: &[Key], paths: &[PathBuf]| Verifier::default().keys(keys).verify(paths).unwrap().fault_count;
    assert_eq!(faults(&keys, &paths), 0);
    assert_ne!(faults(&keys[..1], &paths), 0);
    assert!(Verifier::default().verify(&paths).is_err());
    let open = write("open", None);
    assert_ne!(faults(&keys, &[paths[0].clone(), open]), 0);
}

/// P12: a duty that was done is on record, beside messages and in a log of its own, and changes no count of messages.
#[test]
fn p12_a_duty_that_was_done_is_on_record() {
    let (_folder, path) = in_folder();
    let filter = Filter::builder().build().unwrap();
    let log = DisclosureLog::open(&path, &filter).unwrap();
    append(&log, "line 1", &asked(&filter, "q-1")).unwrap();
    let (on, by) = (Date::parse("2026-12-01").unwrap(), "ROE, J\u{202e}");
    log.done([DoneDuty { of: &"ab".repeat(32), duty: "notify", on, by, note: None }]).unwrap();
    append(&log, "line 1", &asked(&filter, "q-2")).unwrap();
    log.end().unwrap();
    let found = Verifier::default().verify(std::slice::from_ref(&path)).unwrap();
    assert_eq!((found.messages, found.lines, found.fault_count), (2, 5, 0));
    let text = fs::read_to_string(&path).unwrap();
    let done: Value = serde_json::from_str(text.lines().nth(2).unwrap()).unwrap();
    let expected = json!(["done", "ab".repeat(32), "notify", "2026-12-01", "ROE, J\u{202e}"]);
    assert!(!text.contains('\u{202e}'));
    assert_eq!(json!([done["record"], done["of"], done["duty"], done["on"], done["by"]]), expected);
    let changed = text.replacen("\"duty\":\"notify\"", "\"duty\":\"report\"", 1);
    fs::write(&path, changed).unwrap();
    assert_eq!(faults(&path).len(), 1);
}

/// P11, P12: a process that is killed while the log goes on in a new file leaves either the old one or the new one, and the
/// next one goes on with it.
#[test]
fn p11_a_process_killed_while_it_rotates_leaves_one_whole_chain() {
    let filter = Filter::builder().build().unwrap();
    let rotating = |path: &Path| LogOptions::default().rotate(Rotation::after_bytes(1)).open(path, &filter).unwrap();
    for is_linked in [false, true] {
        let (folder, path) = in_folder();
        let log = rotating(&path);
        append(&log, "line 1", &asked(&filter, "before")).unwrap();
        let (last, _) = log.end().unwrap();
        // Killed after it began the next file, and maybe after the one so far got its other name.
        fs::write(path.with_file_name("audit.log.next"), "{\"sequence\":5,\"previ").unwrap();
        let other = path.with_file_name(format!("audit.log.{last:016}"));
        if is_linked {
            fs::hard_link(&path, &other).unwrap();
        }
        // Whoever verifies it meanwhile finds no line twice.
        let verified = Verifier::default().verify(&files(folder.path())).unwrap();
        assert_eq!((verified.messages, verified.fault_count, verified.lines), (1, 0, last));
        let log = rotating(&path);
        assert!(!other.exists());
        append(&log, "line 1", &asked(&filter, "after")).unwrap();
        log.end().unwrap();
        let all = files(folder.path());
        let verified = Verifier::default().verify(&all).unwrap();
        assert_eq!((verified.messages, verified.fault_count), (2, 0), "{all:?}");
        // A file of that name that is another stays.
        fs::write(&other, "kept").unwrap();
        let next = path.with_file_name("audit.log.next");
        fs::write(&next, "kept").unwrap();
        DisclosureLog::open(&path, &filter).unwrap().end().unwrap();
        assert_eq!([&other, &next].map(|path| fs::read_to_string(path).unwrap()), ["kept", "kept"]);
    }
}

/// P11: a process that is killed while it sees whether a file can have two names leaves nothing that keeps the next one from
/// rotating.
#[test]
fn p11_a_process_killed_as_it_opens_a_log_leaves_nothing_in_the_way() {
    let filter = Filter::builder().build().unwrap();
    for is_linked in [false, true] {
        let (folder, path) = in_folder();
        DisclosureLog::open(&path, &filter).unwrap().end().unwrap();
        let (next, link) = (path.with_file_name("audit.log.next"), path.with_file_name("audit.log.next.link"));
        fs::write(&next, "").unwrap();
        if is_linked {
            fs::hard_link(&next, &link).unwrap();
        }
        assert_eq!(Verifier::default().verify(&files(folder.path())).unwrap().fault_count, 0);
        let log = LogOptions::default().rotate(Rotation::after_bytes(1)).open(&path, &filter).unwrap();
        assert!(!next.exists() && !link.exists());
        append(&log, "line 1", &asked(&filter, "x")).unwrap();
        log.end().unwrap();
        // Somebody's file of that name stays, and is told.
        fs::write(&link, "kept").unwrap();
        assert!(LogOptions::default().rotate(Rotation::daily()).open(&path, &filter).is_err());
        assert_eq!(fs::read_to_string(&link).unwrap(), "kept");
    }
}

/// A log begins a file a day, by its own first line, whatever process goes on with it.
#[test]
fn p12_a_log_goes_on_in_a_new_file_each_day() {
    let (folder, path) = in_folder();
    let filter = Filter::builder().build().unwrap();
    let daily = || LogOptions::default().rotate(Rotation::daily()).open(&path, &filter).unwrap();
    let log = daily();
    append(&log, "line 1", &asked(&filter, "one")).unwrap();
    assert_eq!(files(folder.path()).len(), 1);
    log.end().unwrap();
    let log = daily();
    append(&log, "line 1", &asked(&filter, "two")).unwrap();
    assert_eq!(files(folder.path()).len(), 1);
    log.begun_on("2020-01-01");
    append(&log, "line 1", &asked(&filter, "three")).unwrap();
    append(&log, "line 1", &asked(&filter, "four")).unwrap();
    log.end().unwrap();
    let all = files(folder.path());
    assert_eq!(all.len(), 2, "{all:?}");
    assert_eq!(Verifier::default().verify(&all).unwrap().fault_count, 0);
}

/// A switch is killed, its machine loses power: the next process goes on, and the log has no fault. What was removed from it
/// still is one.
#[test]
fn p12_a_switch_that_was_killed_leaves_a_log_without_a_fault() {
    let filter = Filter::builder().build().unwrap();
    let (_folder, path) = in_folder();
    for _ in 0..3 {
        let log = DisclosureLog::open(&path, &filter).unwrap();
        append(&log, "line 1", &asked(&filter, "x")).unwrap();
        assert_eq!(faults(&path), [""; 0]);
        // The next line is never finished.
        append(&log, "line 1", &asked(&filter, "y")).unwrap();
        drop(log);
        let whole = fs::read(&path).unwrap();
        fs::write(&path, &whole[..whole.len() - 300]).unwrap();
    }
    let log = DisclosureLog::open(&path, &filter).unwrap();
    log.end().unwrap();
    assert_eq!(faults(&path), [""; 0]);
    let text = fs::read_to_string(&path).unwrap();
    let without: String =
        text.lines().enumerate().filter(|(index, _)| *index != 1).map(|(_, line)| format!("{line}\n")).collect();
    fs::write(&path, without).unwrap();
    assert!(!faults(&path).is_empty());
}

/// A record that can't be one is refused by itself; after an error of the disk nobody knows what is there: nothing more is
/// recorded, so nothing more goes out.
#[test]
fn p12_a_log_that_failed_takes_no_further_record() {
    let filter = Filter::builder().build().unwrap();
    let (_folder, path) = in_folder();
    let log = LogOptions::default().rotate(Rotation::after_bytes(1)).open(&path, &filter).unwrap();
    let error = append(&log, &"x".repeat(1 << 20), &asked(&filter, "x")).unwrap_err();
    assert_eq!(error.to_string(), "the record is longer than a line of the log may be");
    append(&log, "line 1", &asked(&filter, "x")).unwrap();
    // Something is in the way of the next file.
    fs::create_dir(path.with_file_name("audit.log.next")).unwrap();
    assert!(append(&log, "line 1", &asked(&filter, "x")).is_err());
    let error = append(&log, "line 1", &asked(&filter, "x")).unwrap_err();
    assert_eq!(error.to_string(), "an earlier record could not be written: open the log again");
    drop(log);
    // It is told when the log is opened, and what is in the way stays.
    let error = LogOptions::default().rotate(Rotation::daily()).open(&path, &filter).unwrap_err().to_string();
    assert!(error.starts_with("the log can't go on in a new file: "), "{error}");
    let log = DisclosureLog::open(&path, &filter).unwrap();
    append(&log, "line 1", &asked(&filter, "x")).unwrap();
    log.end().unwrap();
    assert!(path.with_file_name("audit.log.next").is_dir());
    fs::remove_dir(path.with_file_name("audit.log.next")).unwrap();
    assert_eq!(Verifier::default().verify(&files(path.parent().unwrap())).unwrap().fault_count, 0);
}

/// P12: while the log goes on in a new file, no other process can go on with the one before.
#[test]
fn p12_a_file_that_has_another_name_by_now_is_no_log_to_go_on_with() {
    let (folder, path) = in_folder();
    let filter = Filter::builder().build().unwrap();
    let log = LogOptions::default().rotate(Rotation::after_bytes(1)).open(&path, &filter).unwrap();
    append(&log, "line 1", &asked(&filter, "one")).unwrap();
    append(&log, "line 1", &asked(&filter, "two")).unwrap();
    let error = Log::open(&path, None).unwrap_err().to_string();
    assert!(error.contains("another run is writing this log"), "{error}");
    log.end().unwrap();
    assert_eq!(Verifier::default().verify(&files(folder.path())).unwrap().fault_count, 0);
}

/// P12: the records of a switch that is only tried are no disclosures.
#[test]
fn p12_a_dry_run_says_so_in_every_record() {
    let (_folder, path) = in_folder();
    let filter = Filter::builder().build().unwrap();
    let log = LogOptions::default().dry_run().open(&path, &filter).unwrap();
    append(&log, "line 1", &asked(&filter, "one")).unwrap();
    log.end().unwrap();
    let text = fs::read_to_string(&path).unwrap();
    assert_eq!(text.matches("\"dry-run\":true").count(), 2, "{text}");
}
