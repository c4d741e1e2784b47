//! Models of threads that append to one log: loom runs them in every order. The log is a real one, in a file; its writes and syncs
//! pass through here, where they are noted, and fail when a model wants it. `.ci/loom` runs them.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a model that can't go on has failed")]

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::ops::{Deref, DerefMut};
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex};
use std::{fs, io};

use loom::thread;
use serde_json::Value;

use super::chain::{Link, LogLine};
use super::{Bodies, DisclosureLog, Key, LogError};
use dmv_redact::internal::rewrite::FilterIdentity;
use dmv_redact::{Filter, Receipt, Requester};

/// What a disclosure log writes to in a model.
#[derive(Debug)]
pub(super) struct Log {
    log: super::Log,
    path: PathBuf,
}

/// What is known of the file. Loom runs all threads of a model on one thread of the system.
#[derive(Default)]
struct Disk {
    /// Writes and syncs that succeed before one fails.
    good: usize,
    has_failed: bool,
    /// How often records of messages were synced.
    syncs: usize,
    /// The file's content when it was last synced.
    synced: String,
}

thread_local! {
    static DISK: RefCell<Disk> = RefCell::default();
}

fn with_disk<T>(work: impl FnOnce(&mut Disk) -> T) -> T {
    DISK.with_borrow_mut(work)
}

/// A write or a sync. After one that failed there must be no other.
fn attempt() -> io::Result<()> {
    with_disk(|disk| {
        assert!(!disk.has_failed, "written after a failure");
        disk.has_failed = disk.good == 0;
        disk.good = disk.good.saturating_sub(1);
        if disk.has_failed { Err(io::Error::other("the disk is full")) } else { Ok(()) }
    })
}

impl Log {
    pub(super) fn open(path: &Path, key: Option<Key>) -> Result<Self, LogError> {
        super::Log::open(path, key).map(|log| Self { log, path: path.to_owned() })
    }

    fn note_synced(&self) {
        with_disk(|disk| disk.synced = fs::read_to_string(&self.path).unwrap());
    }

    pub(super) fn begin_open_ended(&mut self, filter: &FilterIdentity, dry_run: bool) -> io::Result<()> {
        attempt()?;
        self.log.begin_open_ended(filter, dry_run)?;
        self.note_synced();
        Ok(())
    }

    pub(super) fn append(&mut self, bodies: &Bodies) -> io::Result<()> {
        attempt()?;
        self.log.append(bodies)
    }

    pub(super) fn sync(&self) -> io::Result<()> {
        attempt()?;
        with_disk(|disk| disk.syncs += 1);
        self.note_synced();
        Ok(())
    }

    pub(super) fn end(&mut self) -> io::Result<()> {
        attempt()?;
        self.log.end()?;
        self.note_synced();
        Ok(())
    }
}

impl Deref for Log {
    type Target = super::Log;

    fn deref(&self) -> &super::Log {
        &self.log
    }
}

impl DerefMut for Log {
    fn deref_mut(&mut self) -> &mut super::Log {
        &mut self.log
    }
}

const OTHER: &[u8] = b"[policy]\nname = 'other'\nversion = '1'\n[agencies.a]\nori = ['AZ*']\n\
                       [[permit]]\nid = 'a'\nagencies = ['a']\nelements = ['person.name']\n";

/// The filter that the log begins with, and the one that takes its place.
static FILTERS: LazyLock<[Filter; 2]> = LazyLock::new(|| {
    [Filter::builder().build().unwrap(), Filter::builder().policy_bytes("p.toml", OTHER).build().unwrap()]
});

/// Messages `a` to `d`. The first two were decided by the first filter.
static MESSAGES: LazyLock<[(Requester, Receipt); 4]> = LazyLock::new(|| {
    [("a", 0), ("b", 0), ("c", 1), ("d", 1)].map(|(id, filter)| {
        let requester = Requester::new("AZ0070000").unwrap().correlation_id(id).unwrap();
        let receipt = FILTERS[filter].redact(b"no message", &requester, &mut Vec::new());
        (requester, receipt)
    })
});

/// What a thread does, a letter for each step: it appends this message, or changes the filter (`F`). Returns the steps that
/// succeeded.
fn run(log: &DisclosureLog, steps: &str) -> String {
    let succeeds = |step: &char| {
        let (result, mark) = match step {
            'F' => (log.change_filter(&FILTERS[1]), "\"name\":\"other\"".to_owned()),
            id => {
                let (requester, receipt) = &MESSAGES[*id as usize - 'a' as usize];
                (log.append("line 1", requester, receipt), format!("\"correlation-id\":\"{id}\""))
            }
        };
        assert!(
            result.is_err() || with_disk(|disk| disk.synced.contains(&mark)),
            "{step} succeeded, and isn't on disk"
        );
        result.is_ok()
    };
    steps.chars().filter(succeeds).collect()
}

/// The records of a file, a letter for each: a start (`S`), an end (`E`), or a message. They are one chain, and a message says
/// which filter decided it only where that isn't the one of the run.
fn records(text: &str) -> String {
    let (mut before, mut letters, mut run) = (Link::GENESIS, String::new(), Value::Null);
    for line in text.lines() {
        let line = LogLine::parse(line.as_bytes()).unwrap();
        assert!(line.follows(&before) && line.is_intact(None), "{text}");
        before = line.link;
        let mut object = Vec::new();
        line.write_object(&mut object);
        let mut record: Value = serde_json::from_slice(&object).unwrap();
        letters.push(match line.kind.name() {
            "start" => {
                run = record["policy"]["name"].take();
                'S'
            }
            "end" => 'E',
            _ => {
                let id = record["correlation-id"].as_str().unwrap().chars().next().unwrap();
                assert_eq!(record.get("policy").is_some(), "cd".contains(id) != (run == "other"), "{text}");
                id
            }
        });
    }
    letters
}

/// Runs threads in every order, each with its steps, and ends the log. Of the writes and syncs after its opening, the first
/// `good` succeed. Returns what `outcome` makes of each thread's steps that succeeded, and of the records.
fn explore<T: Ord + Send + 'static>(
    threads: &'static [&'static str],
    good: usize,
    outcome: fn(Vec<String>, String) -> T,
) -> BTreeSet<T> {
    // Not in the model: its threads have small stacks.
    LazyLock::force(&MESSAGES);
    let seen = Arc::new(Mutex::new((0, BTreeSet::new())));
    let noted = Arc::clone(&seen);
    let mut builder = loom::model::Builder::new();
    // Nothing ends it before it has tried all.
    (builder.max_permutations, builder.max_duration) = (None, None);
    // All orders of three threads take a minute. Threads that are interrupted four times have every outcome.
    builder.preemption_bound = builder.preemption_bound.or(Some(4));
    builder.check(move || {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        with_disk(|disk| *disk = Disk { good: usize::MAX, ..Disk::default() });
        let log = Arc::new(DisclosureLog::open(&path, &FILTERS[0]).unwrap());
        with_disk(|disk| disk.good = good);
        let spawn = |steps: &&'static str| {
            let (log, steps) = (Arc::clone(&log), *steps);
            thread::spawn(move || run(&log, steps))
        };
        let others: Vec<_> = threads[1..].iter().map(spawn).collect();
        let mut succeeded = vec![run(&log, threads[0])];
        succeeded.extend(others.into_iter().map(|other| other.join().unwrap()));
        let all = threads.concat();
        if with_disk(|disk| disk.has_failed) {
            assert_eq!(run(&log, "dF"), "", "nothing is recorded after a failure");
        } else {
            assert_eq!(succeeded.concat(), all);
        }
        let end = Arc::try_unwrap(log).unwrap().end();
        let records = records(&fs::read_to_string(&path).unwrap());
        for id in all.chars().filter(|step| *step != 'F') {
            let has_succeeded = succeeded.iter().any(|steps| steps.contains(id));
            let count = records.matches(id).count();
            assert!(count == 1 || count == 0 && !has_succeeded, "{id} in {records}");
        }
        assert_eq!(end.is_err(), with_disk(|disk| disk.has_failed));
        if let Ok((sequence, _)) = end {
            assert!(sequence == records.len() as u64 && records.ends_with('E'), "{records}");
        }
        let outcome = outcome(succeeded, records);
        let mut seen = noted.lock().unwrap();
        seen.0 += 1;
        seen.1.insert(outcome);
    });
    let (orders, outcomes) = std::mem::take(&mut *seen.lock().unwrap());
    println!("{threads:?}: {orders} orders, {} outcomes", outcomes.len());
    outcomes
}

/// No write or sync fails.
const ALL: usize = usize::MAX;

#[test]
fn p12_one_sync_does_for_all_threads_that_wait() {
    let syncs = explore(&["a", "b", "c"], ALL, |_, _| with_disk(|disk| disk.syncs));
    assert_eq!(syncs, [1, 2, 3].into());
}

#[test]
fn p12_threads_append_in_any_order_each_in_its_own() {
    let records = explore(&["ab", "cd"], ALL, |_, records| records);
    let orders = ["SabcdE", "SacbdE", "SacdbE", "ScabdE", "ScadbE", "ScdabE"];
    assert_eq!(records, orders.map(str::to_owned).into());
}

/// Messages of the filter before and after.
#[test]
fn p12_threads_append_while_the_filter_changes() {
    let records = explore(&["F", "a", "c"], ALL, |_, records| records);
    let orders = ["SacESE", "ScaESE", "SaEScE", "ScESaE", "SESacE", "SEScaE"];
    assert_eq!(records, orders.map(str::to_owned).into());
}

/// Whichever write or sync is the first that fails.
#[test]
fn p12_no_thread_succeeds_without_its_record_on_disk() {
    let appending: [&[&str]; 4] = [&[""], &["a", "ac", "c"], &["ab", "abc", "ac"], &["abc"]];
    let changing: [&[&str]; 4] = [&[""], &["F", "a"], &["Fa", "ab"], &["Fab"]];
    // What is done is a write and a sync, or the end of a run and the start of the next.
    for good in 0..8 {
        let succeeded = |threads| explore(threads, good, |succeeded, _| succeeded.concat());
        let expected = |all: [&[&str]; 4]| all[good / 2].iter().map(|&steps| steps.to_owned()).collect();
        assert_eq!(succeeded(&["ab", "c"]), expected(appending), "{good} succeed");
        assert_eq!(succeeded(&["F", "ab"]), expected(changing), "{good} succeed");
    }
}
