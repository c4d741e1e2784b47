//! The model of what must be in OUT for a tree, as plain as possible.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};

use super::{Case, FileKind, Mode, pack_tar, pack_zip, write};
use crate::Summary;
use dmv_redact::{Filter, Requester};

const NAME: &str = "QQQQQ";
const MESSAGE: &str = r#"{"@context":{"exch":"urn:dmv-redact:exchange:driver-vehicle-response:1.0","nc":"https://docs.oasis-open.org/niemopen/ns/model/niem-core/6.0/","j":"https://docs.oasis-open.org/niemopen/ns/model/domains/justice/6.0/"},"exch:DriverVehicleResponse":{"exch:MessageMetadata":{"exch:MessageKeyCode":"DNR","exch:OriginatingOrganization":{"j:OrganizationORIIdentification":{"nc:IdentificationID":"AZOLN0000"}},"exch:DestinationOrganization":{"j:OrganizationORIIdentification":{"nc:IdentificationID":"AZ0070000"}}},"nc:Person":[{"nc:PersonName":{"nc:PersonGivenName":"QQQQQ","nc:PersonSurName":"EXAMPLE"},"nc:PersonSSNIdentification":{"nc:IdentificationID":"900-12-3456"}}]}}"#;
/// A state marker, as a source may hold it.
const MARK: &[u8] = b"state of an unfinished dmv-redact run, beside its output\n";
const MARK_NAME: &str = "dmv-redact-state";

/// Messages that differ in a name, with their outputs.
pub(super) struct Messages(String);

impl Messages {
    pub(super) fn new(filter: &Filter) -> Self {
        let mut out = Vec::new();
        let receipt = filter.redact(MESSAGE.as_bytes(), &Requester::from_envelope(), &mut out);
        assert!(receipt.disposition().releases());
        let out = String::from_utf8(out).unwrap();
        assert!(out.contains(NAME) && !out.contains("900-12-3456"), "{out}");
        Self(out)
    }
}

/// A message of a tree and its output, if it has one.
fn message(messages: &Messages, own: &str, is_released: bool) -> (Vec<u8>, Option<Vec<u8>>) {
    let with = |text: &str| text.replace(NAME, own).into_bytes();
    if is_released { (with(MESSAGE), Some(with(&messages.0))) } else { (with("{\"QQQQQ"), None) }
}

/// Whether a content is the output of the other.
pub(super) fn contents_are_of_one(input: &[u8], output: &[u8]) -> bool {
    let own = |content: &[u8]| {
        let text = String::from_utf8_lossy(content).into_owned();
        let at = text.find("PersonGivenName\":\"")?;
        text.get(at + 18..at + 23).map(str::to_owned)
    };
    own(input).is_some() && own(input) == own(output)
}

/// A file of a tree.
struct File {
    bytes: Vec<u8>,
    outputs: Expected,
}

enum Expected {
    Output(Vec<u8>),
    Withheld,
    Mark,
    /// Entries by name, each with its output.
    Archive(Vec<(String, Option<Vec<u8>>)>),
}

/// Counts of a summary.
#[derive(Debug)]
pub(super) struct SummaryCounts {
    messages: u64,
    released: u64,
    withheld: u64,
    failed: u64,
    pub(super) passed_over: u64,
    left_over: u64,
}

impl SummaryCounts {
    pub(super) fn of(summary: &Summary) -> Self {
        let summary = serde_json::to_value(summary).unwrap();
        let count = |name: &str| summary[name].as_u64().unwrap();
        Self {
            messages: count("messages"),
            released: count("released") + count("redacted"),
            withheld: count("held") + count("withheld"),
            failed: count("failed"),
            passed_over: count("passed-over"),
            left_over: count("left-over"),
        }
    }
}

/// Files by path.
pub(super) struct Tree(BTreeMap<PathBuf, File>);

impl Tree {
    pub(super) fn new(files: &[(String, FileKind)], messages: &Messages, own: char) -> Self {
        let mut tree = BTreeMap::new();
        let mut number = 0;
        let mut next = |is_released| {
            number += 1;
            let digits = [number / 676, number / 26 % 26, number % 26].map(|digit| char::from(b'A' + digit as u8));
            message(messages, &format!("{own}X{}", digits.iter().collect::<String>()), is_released)
        };
        for (name, kind) in files {
            let place = match kind {
                FileKind::Mark => Path::new(name).with_file_name(MARK_NAME),
                _ => PathBuf::from(name),
            };
            // No path is both a file and a folder.
            if tree.keys().any(|other: &PathBuf| other.starts_with(&place) || place.starts_with(other)) {
                continue;
            }
            let file = match kind {
                FileKind::Released | FileKind::Withheld => {
                    let (bytes, output) = next(matches!(kind, FileKind::Released));
                    File { bytes, outputs: output.map_or(Expected::Withheld, Expected::Output) }
                }
                FileKind::Mark => File { bytes: MARK.to_vec(), outputs: Expected::Mark },
                FileKind::Tar(entries) | FileKind::Zip(entries) => {
                    let (mut inputs, mut outputs) = (Vec::new(), Vec::new());
                    for (name, is_released) in entries {
                        if matches!(kind, FileKind::Zip(_)) && inputs.iter().any(|(other, _)| other == name) {
                            continue;
                        }
                        let (bytes, output) = next(*is_released);
                        inputs.push((name.clone(), bytes));
                        outputs.push((name.clone(), output));
                    }
                    let bytes = if matches!(kind, FileKind::Zip(_)) { pack_zip(&inputs) } else { pack_tar(&inputs) };
                    File { bytes, outputs: Expected::Archive(outputs) }
                }
            };
            tree.insert(place, file);
        }
        Self(tree)
    }

    pub(super) fn write(&self, folder: &Path) {
        fs::create_dir_all(folder).unwrap();
        for (place, file) in &self.0 {
            write(&folder.join(place), &file.bytes);
        }
    }

    /// The outermost state folders.
    fn states(&self) -> BTreeSet<PathBuf> {
        let marks = self.0.iter().filter(|(_, file)| matches!(file.outputs, Expected::Mark));
        let all: BTreeSet<PathBuf> = marks.map(|(place, _)| place.parent().unwrap().to_owned()).collect();
        let is_inner = |folder: &PathBuf| all.iter().any(|other| other != folder && folder.starts_with(other));
        all.iter().filter(|folder| !is_inner(folder)).cloned().collect()
    }

    /// Compares `out` with what this tree, and `earlier` that was there before, should leave there.
    pub(super) fn check(&self, earlier: &Self, out: &Path, case: &Case, counts: &SummaryCounts, what: &str) {
        let (states, earlier_states) = (self.states(), earlier.states());
        let is_within = |states: &BTreeSet<PathBuf>, place: &Path| states.iter().any(|state| place.starts_with(state));
        let files: BTreeMap<&Path, &Expected> =
            self.0.iter().map(|(place, file)| (place.as_path(), &file.outputs)).collect();
        let files = files.into_iter().filter(|(place, _)| !is_within(&states, place)).collect::<BTreeMap<_, _>>();
        let (released, withheld) = sums(files.values().copied());
        assert_eq!(counts.messages, released + withheld, "messages: {what}");
        assert_eq!((counts.released, counts.withheld), (released, withheld), "released, withheld: {what}");
        assert_eq!(counts.passed_over, states.len() as u64, "passed over: {what}");
        if case.mode == Mode::Tar {
            assert_eq!((counts.failed, counts.left_over), (0, 0), "{what}");
            return check_archive(&files, &fs::read(out).unwrap(), what);
        }
        let mut found = BTreeSet::new();
        let mut left = earlier_states.len() as u64;
        for (place, content) in contents(out) {
            let is_state = is_within(&earlier_states, &place);
            let is_earlier = earlier.0.get(&place).is_some_and(|file| file.bytes == content);
            if is_earlier && (is_state || !case.prune) {
                left += u64::from(!is_state);
                continue;
            }
            assert!(!is_state, "{} was put into a state: {what}", place.display());
            assert!(is_expected(&files, &place, &content, case.mode), "{} is wrong: {what}", place.display());
            assert!(found.insert(content), "{} is there twice: {what}", place.display());
        }
        assert_eq!(counts.left_over, left, "left over: {what}");
        let expected = match case.mode {
            Mode::Files | Mode::Tar => released,
            Mode::Mirror => files.values().filter(|file| !matches!(file, Expected::Withheld)).count() as u64,
        };
        let missing = expected - found.len() as u64;
        // A withheld message's earlier output inside another run's state isn't looked for.
        let most = missing + if earlier_states.is_empty() { 0 } else { withheld };
        assert!((missing..=most).contains(&counts.failed), "{missing} missing: {what}");
        let is_free = earlier.0.is_empty() && case.mode == Mode::Mirror;
        assert!(!is_free || missing == 0, "{missing} missing: {what}");
    }
}

/// Numbers of released and withheld messages.
fn sums<'f>(files: impl Iterator<Item = &'f Expected>) -> (u64, u64) {
    let (mut released, mut withheld) = (0, 0);
    for file in files {
        match file {
            Expected::Output(_) => released += 1,
            Expected::Withheld => withheld += 1,
            Expected::Mark => {}
            Expected::Archive(entries) => {
                let out = entries.iter().filter(|(_, output)| output.is_some()).count() as u64;
                released += out;
                withheld += entries.len() as u64 - out;
            }
        }
    }
    (released, withheld)
}

/// Compares an archive with the outputs of all files, in order; its entries have unique names.
fn check_archive(files: &BTreeMap<&Path, &Expected>, archive: &[u8], what: &str) {
    let outputs = files.values().flat_map(|file| match file {
        Expected::Output(output) => vec![Some(output.clone())],
        Expected::Withheld => vec![None],
        Expected::Mark => Vec::new(),
        Expected::Archive(entries) => entries.iter().map(|(_, output)| output.clone()).collect(),
    });
    let expected: Vec<Vec<u8>> = outputs.map(|output| output.unwrap_or_else(|| b"a notice".to_vec())).collect();
    let notice =
        |content: Vec<u8>| if content.starts_with(b"{\"withheld\":\"") { b"a notice".to_vec() } else { content };
    assert!(unpack(archive).into_iter().map(notice).eq(expected), "{what}");
    let mut names = BTreeSet::new();
    for entry in tar::Archive::new(archive).entries().unwrap() {
        let name = entry.unwrap().path().unwrap().into_owned();
        assert!(names.insert(name.clone()), "{} is there twice: {what}", name.display());
    }
}

/// Whether a content is the expected one of a place.
fn is_expected(files: &BTreeMap<&Path, &Expected>, place: &Path, content: &[u8], mode: Mode) -> bool {
    match (files.get(place), mode) {
        (Some(Expected::Output(output)), _) => output == content,
        (Some(Expected::Archive(entries)), Mode::Mirror) => {
            let found = unpack(content);
            let is_entry = |(found, (_, output)): (&Vec<u8>, &(String, Option<Vec<u8>>))| match output {
                Some(output) => output == found,
                None => found.starts_with(b"{\"withheld\":\""),
            };
            found.len() == entries.len() && found.iter().zip(entries).all(is_entry)
        }
        (None, Mode::Files) => files.iter().any(|(archive, file)| match (place.strip_prefix(archive), file) {
            (Ok(name), Expected::Archive(entries)) => is_entry_at(entries, name, content),
            _ => false,
        }),
        _ => false,
    }
}

/// Whether a content is that of an entry that may be named `place`.
fn is_entry_at(entries: &[(String, Option<Vec<u8>>)], place: &Path, content: &[u8]) -> bool {
    let Some((name, _)) = entries.iter().find(|(_, output)| output.as_deref() == Some(content)) else { return false };
    let alike = entries.iter().filter(|(other, _)| other.to_lowercase() == name.to_lowercase()).count();
    let is_plain = !name.starts_with(['/', '.']) || name.starts_with(".dmv");
    let is_taken = ["nul", "withheld", "entry-"].iter().any(|part| name.contains(part));
    if alike == 1 && is_plain && !is_taken {
        return place == Path::new(name);
    }
    place == Path::new(name) || place.to_str().is_some_and(|place| place.starts_with("entry-"))
}

fn unpack(archive: &[u8]) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    let mut take = |mut entry: Box<dyn Read + '_>| {
        let mut content = Vec::new();
        entry.read_to_end(&mut content).unwrap();
        found.push(content);
    };
    if archive.starts_with(b"PK") {
        let mut zip = zip::ZipArchive::new(Cursor::new(archive)).unwrap();
        (0..zip.len()).for_each(|at| take(Box::new(zip.by_index(at).unwrap())));
    } else {
        tar::Archive::new(archive).entries().unwrap().for_each(|entry| take(Box::new(entry.unwrap())));
    }
    found
}

/// Every file below a folder.
pub(super) fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut open = vec![folder.to_owned()];
    while let Some(path) = open.pop() {
        for entry in fs::read_dir(&path).into_iter().flatten() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => open.push(path),
                false => drop(found.insert(path.strip_prefix(folder).unwrap().to_owned(), fs::read(&path).unwrap())),
            }
        }
    }
    found
}
