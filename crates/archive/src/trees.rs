//! Runs over generated trees of files, archives and earlier outputs, with names of every kind, the program's own
//! included. The content of OUT is compared with a plain model, also after a kill, and with what that left as the next
//! input. `DMV_REDACT_TREES=100000` runs that many trees.

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

use super::batch::{BatchRun, RunObserver};
use super::state::begin_inside;
use super::walk::InputRoot;
use super::{ArchiveForm, Destination, Inputs, LineMembers, Outputs, StartMode, Task};
use crate::Summary;
use dmv_redact::{Filter, Requester};
use model::{Messages, SummaryCounts, Tree, contents, contents_are_of_one};

static NEVER: AtomicBool = AtomicBool::new(false);

/// Parts of names: the program's own, generated ones, and others.
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

/// The kind of a file in a tree.
#[derive(Debug, Clone)]
enum FileKind {
    Released,
    Withheld,
    /// A state marker, which makes its folder a state.
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

fn files() -> impl Strategy<Value = Vec<(String, FileKind)>> {
    let kind = prop_oneof![
        12 => Just(FileKind::Released),
        4 => Just(FileKind::Withheld),
        1 => Just(FileKind::Mark),
        2 => entries().prop_map(FileKind::Tar),
        2 => entries().prop_map(FileKind::Zip),
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
    files: Vec<(String, FileKind)>,
    earlier: Vec<(String, FileKind)>,
    mode: Mode,
    prune: bool,
    /// Number of results after which the run is killed.
    kill: Option<usize>,
    /// Whether the state of the run is in OUT, as on a mount of its own.
    is_inside: bool,
}

fn case() -> impl Strategy<Value = Case> {
    let earlier = prop_oneof![1 => Just(Vec::new()), 1 => files()];
    let mode = prop_oneof![4 => Just(Mode::Mirror), 2 => Just(Mode::Files), 1 => Just(Mode::Tar)];
    let kill = proptest::option::weighted(0.3, 0_usize..3);
    let is_inside = proptest::bool::weighted(0.2);
    (files(), earlier, mode, any::<bool>(), kill, is_inside).prop_map(
        |(files, earlier, mode, prune, kill, is_inside)| match mode {
            // OUT is a file, which is replaced.
            Mode::Tar => Case { files, earlier: Vec::new(), mode, prune, kill, is_inside: false },
            _ => Case { files, earlier, mode, prune, kill, is_inside },
        },
    )
}

/// Kills a run between two results, leaving the disk as a real kill would.
#[derive(Default)]
struct Killer {
    results: AtomicUsize,
    at: Option<usize>,
}

impl RunObserver for Killer {
    fn on_notice(&self, _: &str) {}
    fn on_failure(&self, _: &str) {}
    fn on_progress(&self, _: &Summary) {
        if self.at == Some(self.results.fetch_add(1, Ordering::Relaxed)) {
            panic::resume_unwind(Box::new(()));
        }
    }
}

/// A run that is reused for several sources and outputs.
fn runner() -> BatchRun {
    let task = Task {
        filter: Filter::builder().second_reading(false).build().unwrap(),
        requester: Requester::from_envelope(),
        members: LineMembers::default(),
        batch: None,
        approvals: None,
        reviews: None,
        last_decision: 0,
        other: None,
        drop_withheld: false,
        withheld: None,
        is_logged: false,
        is_dry_run: false,
        is_verification: false,
    };
    let (inputs, outputs) = (Inputs::Stdin, Outputs::Nowhere);
    let terms = vec![("terms".to_owned(), "the same".to_owned())];
    let (memory, spool, begin) = (1 << 28, 1 << 28, StartMode::New);
    BatchRun { task, inputs, outputs, as_form: None, jobs: 1, memory, spool, begin, terms, prune: false }
}

/// `None` if the run was killed.
fn redact(run: &mut BatchRun, from: &Path, out: &Path, mode: Mode, observer: &Killer) -> Option<SummaryCounts> {
    run.inputs = Inputs::Roots(vec![InputRoot { path: from.to_owned(), place: PathBuf::new() }]);
    run.outputs = match mode {
        Mode::Mirror => Outputs::Mirror(out.to_owned()),
        Mode::Files => Outputs::Files(out.to_owned()),
        Mode::Tar => Outputs::One { destination: Destination::File(out.to_owned()), form: ArchiveForm::named("tar") },
    };
    let report = panic::catch_unwind(AssertUnwindSafe(|| run.run(None, observer, &NEVER)));
    assert!(report.is_ok() || observer.at.is_some());
    Some(SummaryCounts::of(&report.ok()?.unwrap().summary))
}

/// Runs a case, and returns whether it was killed.
fn holds(run: &mut BatchRun, messages: &Messages, case: &Case) -> bool {
    let folder = TempDir::new().unwrap();
    let (input, to) = (folder.path().join("in"), folder.path().join("to"));
    let out = to.join("out");
    let (source, earlier) = (Tree::new(&case.files, messages, 'S'), Tree::new(&case.earlier, messages, 'E'));
    source.write(&input);
    match case.mode {
        Mode::Tar => write(&out, b"an earlier output"),
        Mode::Files | Mode::Mirror => earlier.write(&out),
    }
    if case.is_inside {
        begin_inside(&out);
    }
    (run.begin, run.prune) = (StartMode::New, case.prune);
    let killer = Killer { at: case.kill, ..Killer::default() };
    let counts = redact(run, &input, &out, case.mode, &killer);
    let is_killed = counts.is_none();
    let counts = counts.unwrap_or_else(|| {
        use_as_input(run, folder.path(), &format!("{case:#?}"));
        // Then it is resumed.
        (run.begin, run.prune) = (StartMode::Resume, case.prune);
        redact(run, &input, &out, case.mode, &Killer::default()).unwrap()
    });
    source.check(&earlier, &out, case, &counts, &format!("killed: {is_killed} {case:#?}\n{counts:?}"));
    // Nothing is left of the state: only OUT remains.
    assert_eq!(fs::read_dir(to).unwrap().count(), 1, "{case:#?}");
    is_killed
}

/// Uses what a kill left as the next input: the state is skipped, and the rest keeps its names and contents.
fn use_as_input(run: &mut BatchRun, folder: &Path, what: &str) {
    (run.begin, run.prune) = (StartMode::New, false);
    let found = contents(&folder.join("to"));
    let counts = redact(run, &folder.join("to"), &folder.join("next/out"), Mode::Mirror, &Killer::default()).unwrap();
    assert!(counts.passed_over > 0, "{what}");
    for (place, content) in contents(&folder.join("next/out")) {
        let own = found.get(&place).unwrap_or_else(|| panic!("{} is nobody's: {what}", place.display()));
        let is_archive = content.starts_with(b"PK") || content.get(257..262) == Some(b"ustar");
        // Earlier outputs in OUT aren't redacted yet.
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
    // The scope of a killed run's thread panics: don't print that.
    let hook = panic::take_hook();
    panic::set_hook(Box::new(move |info| match info.payload_as_str() {
        Some("a scoped thread panicked") => {}
        _ => hook(info),
    }));
    let messages = Messages::new(&runner().task.filter);
    let run = std::cell::RefCell::new(runner());
    let [trees, files, kills] = [const { AtomicUsize::new(0) }; 3];
    TestRunner::new(config)
        .run(&case(), |case| {
            let is_killed = holds(&mut run.borrow_mut(), &messages, &case);
            for (total, count) in [(&trees, 1), (&files, case.files.len()), (&kills, usize::from(is_killed))] {
                total.fetch_add(count, Ordering::Relaxed);
            }
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
        // It refuses duplicate names.
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
