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
    let (input, output) = if is_released { (MESSAGE, Some(&messages.0)) } else { ("{\"QQQQQ", None) };
    (input.replace(NAME, own).into_bytes(), output.map(|output| output.replace(NAME, own).into_bytes()))
}

/// Whether a content is the output of the other.
pub(super) fn contents_are_of_one(input: &[u8], output: &[u8]) -> bool {
    own_name(input).is_some() && own_name(input) == own_name(output)
}

/// The name that only one message of the trees has.
fn own_name(content: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(content).into_owned();
    let at = text.find("PersonGivenName\":\"")?;
    text.get(at + 18..at + 23).map(str::to_owned)
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
        Self {
            messages: count(&summary, "messages"),
            released: count(&summary, "released") + count(&summary, "redacted"),
            withheld: count(&summary, "held") + count(&summary, "withheld"),
            failed: count(&summary, "failed"),
            passed_over: count(&summary, "passed-over"),
            left_over: count(&summary, "left-over"),
        }
    }
}

fn count(summary: &serde_json::Value, name: &str) -> u64 {
    summary[name].as_u64().unwrap()
}

/// A number as three letters.
fn letters(number: u32) -> String {
    [number / 676, number / 26 % 26, number % 26].map(|digit| char::from(b'A' + digit as u8)).iter().collect()
}

/// Files by path.
pub(super) struct Tree(BTreeMap<PathBuf, File>);

impl Tree {
    pub(super) fn new(files: &[(String, FileKind)], messages: &Messages, own: char) -> Self {
        let mut tree = BTreeMap::new();
        let mut names = (1..).map(|number| format!("{own}X{}", letters(number)));
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
                    let (bytes, output) = message(messages, &names.next().unwrap(), matches!(kind, FileKind::Released));
                    File { bytes, outputs: output.map_or(Expected::Withheld, Expected::Output) }
                }
                FileKind::Mark => File { bytes: MARK.to_vec(), outputs: Expected::Mark },
                FileKind::Tar(entries) | FileKind::Zip(entries) => {
                    let (mut inputs, mut outputs) = (Vec::new(), Vec::new());
                    for (name, is_released) in entries {
                        if matches!(kind, FileKind::Zip(_)) && inputs.iter().any(|(other, _)| other == name) {
                            continue;
                        }
                        let (bytes, output) = message(messages, &names.next().unwrap(), *is_released);
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
        let mut outermost = all.clone();
        outermost.retain(|folder| !all.iter().any(|other| other != folder && folder.starts_with(other)));
        outermost
    }

    /// Compares `out` with what this tree, and `earlier` that was there before, should leave there.
    pub(super) fn check(&self, earlier: &Self, out: &Path, case: &Case, counts: &SummaryCounts, what: &str) {
        let (states, earlier_states) = (self.states(), earlier.states());
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

fn is_within(states: &BTreeSet<PathBuf>, place: &Path) -> bool {
    states.iter().any(|state| place.starts_with(state))
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
    let mut found = unpack(archive);
    for content in found.iter_mut().filter(|content| content.starts_with(b"{\"withheld\":\"")) {
        *content = b"a notice".to_vec();
    }
    assert!(found == expected, "{what}");
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
            found.len() == entries.len()
                && found.iter().zip(entries).all(|(found, (_, output))| match output {
                    Some(output) => output == found,
                    None => found.starts_with(b"{\"withheld\":\""),
                })
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
    if archive.starts_with(b"PK") {
        let mut zip = zip::ZipArchive::new(Cursor::new(archive)).unwrap();
        for at in 0..zip.len() {
            found.push(content_of(zip.by_index(at).unwrap()));
        }
    } else {
        for entry in tar::Archive::new(archive).entries().unwrap() {
            found.push(content_of(entry.unwrap()));
        }
    }
    found
}

fn content_of(mut entry: impl Read) -> Vec<u8> {
    let mut content = Vec::new();
    entry.read_to_end(&mut content).unwrap();
    content
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
