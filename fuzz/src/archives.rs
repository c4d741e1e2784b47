//! A source of any bytes, redacted as the command line does it: nothing panics, every message is accounted for, what is in OUT
//! passes the second reading, nothing is left beside OUT, and a second run gives the same (P2, P8, P10, P11).

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use dmv_redact::{Filter, Requester};

use crate::run::{Ran, redact_source};
use dmv_redact_testing::cases::filter;

/// In memory, where there is such a place: what is fuzzed is no disk.
const MEMORY: &str = "/dev/shm";

static FILTER: LazyLock<Filter> = LazyLock::new(|| filter(None));

/// The property of the fuzz target `archives`; the data are a file.
pub fn archives_are_accounted_for(data: &[u8]) {
    let folder = match Path::new(MEMORY).is_dir() {
        true => tempfile::tempdir_in(MEMORY),
        false => tempfile::tempdir(),
    };
    let folder = folder.expect("a folder");
    let source = folder.path().join("source");
    fs::write(&source, data).expect("a file");
    let [first, second] = ["first", "second"].map(|name| {
        let out = folder.path().join(name);
        let ran = redact_source(&FILTER, &Requester::from_envelope(), &source, &out);
        let files = files(&out);
        fs::remove_dir_all(&out).ok();
        (ran.map(|ran| accounted(ran, &files)), files)
    });
    assert!(first == second, "a second run differs: {:?} and {:?}", first.0, second.0);
    let left: Vec<_> =
        fs::read_dir(folder.path()).expect("the folder").map(|entry| entry.expect("an entry").path()).collect();
    assert!(left == [source], "left beside the outputs: {left:?}");
}

/// The files below OUT by their names.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.expect("an entry").path();
        let kind = path.symlink_metadata().expect("an entry is there").file_type();
        assert!(kind.is_dir() || kind.is_file(), "{} is no regular file", path.display());
        if kind.is_dir() {
            found.extend(files(&path));
        } else {
            found.insert(path.to_string_lossy().into_owned(), fs::read(&path).expect("an output"));
        }
    }
    // Names relative to OUT, which has another name in each run.
    let prefix = format!("{}/", folder.display());
    found.into_iter().map(|(name, content)| (name.strip_prefix(&prefix).unwrap_or(&name).to_owned(), content)).collect()
}

/// Holds a summary against what is in OUT; gives what must be the same in every run.
fn accounted(ran: Ran, files: &BTreeMap<String, Vec<u8>>) -> (serde_json::Value, Vec<String>) {
    let count = |name: &str| ran.summary.get(name).and_then(serde_json::Value::as_u64).expect("a count");
    let released = count("released") + count("redacted");
    assert_eq!(files.len() as u64, released, "files in OUT, and messages that went out");
    // An entry that can't be read is a message that failed; so is a source, which is none.
    let failed = count("messages").checked_sub(released + count("held") + count("withheld"));
    assert!(
        failed.is_some_and(|failed| failed <= count("failed")),
        "messages and what became of them: {}",
        ran.summary
    );
    for content in files.values() {
        if let Err(finding) = FILTER.verify(content, &Requester::from_envelope()) {
            panic!("the second reading finds: {finding}");
        }
    }
    (ran.summary, ran.lines)
}
