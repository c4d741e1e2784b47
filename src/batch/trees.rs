//! Trees of files with names of every kind, the program's own among them, as folders, archives and what is in OUT before: what
//! stands in OUT after a run is held to a plain model of it, also after a kill, and with what that left as the next input.
//! `DMV_REDACT_TREES=100000` runs as many trees.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test that can't go on has failed")]

mod model;

use std::fs;
use std::io::{Cursor, Write};
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use tempfile::TempDir;

use super::run::{Run, Watch};
use super::state::begin_inside;
use super::walk::Root;
use super::{Begin, Destination, Form, Inputs, Members, Outputs, Task};
use crate::report::Summary;
use crate::{Filter, Requester};
use model::{Counts, Messages, Tree, contents, contents_are_of_one};

static NEVER: AtomicBool = AtomicBool::new(false);

/// Parts of names: the program's own, those that it gives, and others.
const PARTS: [&str; 24] = [
    ".dmv-redact",
    ".dmv-redact-out",
    ".dmv-redact-x",
    "0-1",
    "staged-0-0",
    "staged-0-1",
    "staged-1-0",
    "journal.json",
    "lock",
    "part",
    "placed",
    "directory",
    "rest-1",
    "work-x",
    "dmv-redact-state",
    "out",
    "x",
    "a.json",
    "A.json",
    "a.json.withheld.json",
    "entry-000000001",
    "nul",
    "\u{e9} b",
    "-",
];

/// What a file of a tree holds.
#[derive(Debug, Clone)]
enum Kind {
    Released,
    Withheld,
    /// The mark of a state: its folder is one.
    Mark,
    Tar(Vec<(String, bool)>),
    Zip(Vec<(String, bool)>),
}

fn name() -> impl Strategy<Value = String> {
    proptest::collection::vec(0..PARTS.len(), 1..4).prop_map(|parts| {
        let parts: Vec<&str> = parts.into_iter().map(|part| PARTS[part]).collect();
        parts.join("/")
    })
}

fn entries() -> impl Strategy<Value = Vec<(String, bool)>> {
    let hostile = prop_oneof![6 => name(), 1 => name().prop_map(|name| format!("../{name}")),
        1 => name().prop_map(|name| format!("/{name}"))];
    proptest::collection::vec((hostile, proptest::bool::weighted(0.8)), 1..4)
}

fn files() -> impl Strategy<Value = Vec<(String, Kind)>> {
    let kind = prop_oneof![
        12 => Just(Kind::Released),
        4 => Just(Kind::Withheld),
        1 => Just(Kind::Mark),
        2 => entries().prop_map(Kind::Tar),
        2 => entries().prop_map(Kind::Zip),
    ];
    proptest::collection::vec((name(), kind), 0..7)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Mirror,
    Files,
    /// All into one archive.
    Tar,
}

#[derive(Debug, Clone)]
struct Case {
    files: Vec<(String, Kind)>,
    earlier: Vec<(String, Kind)>,
    mode: Mode,
    prune: bool,
    /// After how many results a kill comes.
    kill: Option<usize>,
    /// Whether the state of the run is in OUT, as on a mount of its own.
    is_inside: bool,
}

fn case() -> impl Strategy<Value = Case> {
    let earlier = prop_oneof![1 => Just(Vec::new()), 1 => files()];
    let mode = prop_oneof![4 => Just(Mode::Mirror), 2 => Just(Mode::Files), 1 => Just(Mode::Tar)];
    let kill = proptest::option::weighted(0.3, 0_usize..3);
    let is_inside = proptest::bool::weighted(0.2);
    let of = |(files, earlier, mode, prune, kill, is_inside)| match mode {
        // It is a file, which is replaced.
        Mode::Tar => Case { files, earlier: Vec::new(), mode, prune, kill, is_inside: false },
        _ => Case { files, earlier, mode, prune, kill, is_inside },
    };
    (files(), earlier, mode, any::<bool>(), kill, is_inside).prop_map(of)
}

/// Breaks a run off between two results, so that everything on the disk stays as a kill leaves it.
#[derive(Default)]
struct Killer {
    results: AtomicUsize,
    at: Option<usize>,
}

impl Watch for Killer {
    fn tell(&self, _: &str) {}
    fn tell_failure(&self, _: &str) {}
    fn moved(&self, _: &Summary) {
        if self.at == Some(self.results.fetch_add(1, Ordering::Relaxed)) {
            panic::resume_unwind(Box::new(()));
        }
    }
}

/// A run that is asked for again and again, over other places.
fn runner() -> Run {
    let task = Task {
        filter: Filter::builder().second_reading(false).build().unwrap(),
        requester: Requester::from_envelope(),
        members: Members::default(),
        other: None,
        drop_withheld: false,
        withheld: None,
        is_audited: false,
        is_dry_run: false,
        is_verification: false,
    };
    let (inputs, outputs) = (Inputs::Stdin, Outputs::Nowhere);
    let terms = vec![("terms".to_owned(), "the same".to_owned())];
    let (memory, spool, begin) = (1 << 28, 1 << 28, Begin::New);
    Run { task, inputs, outputs, as_form: None, jobs: 1, memory, spool, begin, terms, prune: false }
}

/// `None` of a run that was killed.
fn redact(run: &mut Run, from: &Path, out: &Path, mode: Mode, watch: &Killer) -> Option<Counts> {
    run.inputs = Inputs::Roots(vec![Root { path: from.to_owned(), place: PathBuf::new() }]);
    run.outputs = match mode {
        Mode::Mirror => Outputs::Mirror(out.to_owned()),
        Mode::Files => Outputs::Files(out.to_owned()),
        Mode::Tar => Outputs::One { destination: Destination::File(out.to_owned()), form: Form::named("tar") },
    };
    let report = panic::catch_unwind(AssertUnwindSafe(|| run.run(None, watch, &NEVER)));
    assert!(report.is_ok() || watch.at.is_some());
    Some(Counts::of(&report.ok()?.unwrap().summary))
}

/// Runs a case, and tells whether it was killed.
fn holds(run: &mut Run, messages: &Messages, case: &Case) -> bool {
    let room = TempDir::new().unwrap();
    let path = |name: &str| room.path().join(name);
    let (source, earlier) = (Tree::new(&case.files, messages, 'S'), Tree::new(&case.earlier, messages, 'E'));
    source.write(&path("in"));
    match case.mode {
        Mode::Tar => write(&path("to/out"), b"an earlier output"),
        Mode::Files | Mode::Mirror => earlier.write(&path("to/out")),
    }
    if case.is_inside {
        begin_inside(&path("to/out"));
    }
    (run.begin, run.prune) = (Begin::New, case.prune);
    let killer = Killer { at: case.kill, ..Killer::default() };
    let counts = redact(run, &path("in"), &path("to/out"), case.mode, &killer);
    let is_killed = counts.is_none();
    let counts = counts.unwrap_or_else(|| {
        use_as_input(run, room.path(), &format!("{case:#?}"));
        // And it goes on as if nothing had been.
        (run.begin, run.prune) = (Begin::Resume, case.prune);
        redact(run, &path("in"), &path("to/out"), case.mode, &Killer::default()).unwrap()
    });
    source.check(&earlier, &path("to/out"), case, &counts, &format!("killed: {is_killed} {case:#?}\n{counts:?}"));
    // Of the state nothing is left: what is in OUT was looked at.
    assert_eq!(fs::read_dir(path("to")).unwrap().count(), 1, "{case:#?}");
    is_killed
}

/// What a kill left, as it is, is the next input: the state is passed over, and the rest keeps its names and contents.
fn use_as_input(run: &mut Run, room: &Path, what: &str) {
    (run.begin, run.prune) = (Begin::New, false);
    let found = contents(&room.join("to"));
    let counts = redact(run, &room.join("to"), &room.join("next/out"), Mode::Mirror, &Killer::default()).unwrap();
    assert!(counts.passed_over > 0, "{what}");
    for (place, content) in contents(&room.join("next/out")) {
        let own = found.get(&place).unwrap_or_else(|| panic!("{} is nobody's: {what}", place.display()));
        let is_archive = content.starts_with(b"PK") || content.get(257..262) == Some(b"ustar");
        // What is in OUT from before isn't redacted yet.
        let is_same = *own == content || contents_are_of_one(own, &content);
        assert!(is_archive || is_same, "{} has another's content: {what}", place.display());
        assert!(!place.starts_with(".dmv-redact-out"), "{what}");
    }
}

#[test]
fn p11_no_name_gives_an_output_the_content_of_another_and_nothing_is_unaccounted_for() {
    let cases = std::env::var("DMV_REDACT_TREES").map_or(200, |cases| cases.parse().unwrap());
    let config =
        ProptestConfig { cases, failure_persistence: None, max_shrink_iters: 500, ..ProptestConfig::default() };
    // A run that is killed is told of by its thread's scope: that is no news.
    let hook = panic::take_hook();
    panic::set_hook(Box::new(move |info| match info.payload_as_str() {
        Some("a scoped thread panicked") => {}
        _ => hook(info),
    }));
    let messages = Messages::new(&runner().task.filter);
    let run = std::cell::RefCell::new(runner());
    let [trees, files, kills] = [const { AtomicUsize::new(0) }; 3];
    let add = |to: &AtomicUsize, count: usize| to.fetch_add(count, Ordering::Relaxed);
    TestRunner::new(config)
        .run(&case(), |case| {
            let is_killed = holds(&mut run.borrow_mut(), &messages, &case);
            add(&trees, 1);
            add(&files, case.files.len());
            add(&kills, usize::from(is_killed));
            Ok(())
        })
        .unwrap();
    println!("{trees:?} trees, {files:?} files and archives, {kills:?} runs killed and resumed");
}

fn pack_tar(entries: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for (name, content) in entries {
        let mut header = tar::Header::new_ustar();
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_size(content.len() as u64);
        header.set_mode(0o600);
        header.set_cksum();
        tar.append(&header, content.as_slice()).unwrap();
    }
    tar.into_inner().unwrap()
}

fn pack_zip(entries: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in entries {
        // It refuses a name that it had.
        if zip.start_file(name.as_str(), zip::write::SimpleFileOptions::default()).is_ok() {
            zip.write_all(content).unwrap();
        }
    }
    zip.finish().unwrap().into_inner()
}

fn write(path: &Path, content: &[u8]) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}
