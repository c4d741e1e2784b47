//! Archives as a records officer meets them: every form, every fault, hostile ones, runs that are stopped and killed. The
//! archives are made and read by other libraries than the filter's own code.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test that can't go on has failed"
)]

mod approvals;
mod batches;
mod containers;
mod faults;
mod first_use;
mod forms;
mod hostile;
mod lines;
mod outputs;
mod places;
mod recognize;
mod records;
mod state;
mod stops;
mod verification;
mod zips;

use std::fs::{self, File};
use std::io::{Cursor, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use dmv_redact_testing::{fixture, names_below, program, root};
use tempfile::TempDir;

/// A message of an archive: its name there, and its bytes.
type Message = (String, Vec<u8>);

/// What the filter makes of a fixture's message.
const POLICE: (&str, &str) = ("dr-in-state-police/message.xml", "dr-in-state-police/expected.xml");
const LIST: (&str, &str) = ("niem-json-list/message.json", "niem-json-list/expected.json");

/// `count` messages of all kinds: released, held, withheld, broken; XML and JSON; with photos and without.
fn messages(count: usize) -> Vec<Message> {
    let kinds = [
        (POLICE.0, "xml"),
        (LIST.0, "json"),
        ("dr-ice/message.xml", "xml"),
        ("dr-truncated/message.xml", "xml"),
        ("niem-json-dr-in-state-police/message.json", "json"),
        ("rr-in-state-police/message.xml", "xml"),
        ("niem-json-duplicate/message.json", "json"),
        ("kr-history/message.xml", "xml"),
    ];
    let named = |number: usize| {
        let (fixture_name, ending) = kinds[number % kinds.len()];
        (format!("{:02}/{number:05}.{ending}", number / 100), fixture(fixture_name))
    };
    (0..count).map(named).collect()
}

/// Where the policy of the example state is.
fn example_state() -> String {
    root().join("policies/example-state.toml").to_str().unwrap().to_owned()
}

/// A folder to work in.
struct Room(TempDir);

impl Room {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, content: &[u8]) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        path
    }

    /// Runs `redact` in the folder.
    fn redact(&self, arguments: &[&str]) -> Output {
        self.run(&[&["redact"], arguments].concat(), b"")
    }

    fn run(&self, arguments: &[&str], stdin: &[u8]) -> Output {
        program::fed(&mut self.command(arguments), stdin)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        program::command(env!("CARGO_BIN_EXE_dmv-redact"), self.0.path(), arguments)
    }

    /// Names of everything below a folder, hidden or not.
    fn names(&self, folder: &str) -> Vec<String> {
        names_below(&self.path(folder))
    }
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

fn complaint(output: &Output) -> String {
    text(&output.stderr).to_owned()
}

/// The summary that `--summary json` printed.
fn summary(output: &Output) -> serde_json::Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", complaint(output)))
}

/// Packs messages in one of the forms.
fn pack(form: &str, messages: &[Message]) -> Vec<u8> {
    match form {
        "ndjson" => messages.iter().flat_map(|(_, message)| line(message)).collect(),
        "tar" => {
            let mut tar = tar::Builder::new(Vec::new());
            for (name, message) in messages {
                let mut header = tar::Header::new_ustar();
                header.set_size(message.len() as u64);
                header.set_mode(0o644);
                tar.append_data(&mut header, name, message.as_slice()).unwrap();
            }
            tar.into_inner().unwrap()
        }
        "zip" => {
            let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
            for (name, message) in messages {
                zip.start_file(name.as_str(), zip::write::SimpleFileOptions::default()).unwrap();
                zip.write_all(message).unwrap();
            }
            zip.finish().unwrap().into_inner()
        }
        _ => match form.rsplit_once('.').unwrap() {
            (inner, "gz") => gzip(&pack(inner, messages)),
            (inner, "zst") => zstd::encode_all(pack(inner, messages).as_slice(), 1).unwrap(),
            _ => panic!("{form}"),
        },
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A message as a line: JSON on one line, XML as a string.
fn line(message: &[u8]) -> Vec<u8> {
    let mut line = match std::str::from_utf8(message) {
        Ok(json) if json.starts_with(['{', '[']) => json.replace(['\n', '\r'], " ").into_bytes(),
        Ok(xml) => serde_json::to_vec(xml).unwrap(),
        Err(_) => panic!("no text"),
    };
    while line.last() == Some(&b' ') {
        line.pop();
    }
    line.push(b'\n');
    line
}

/// Unpacks what one of the forms holds.
fn unpack(form: &str, bytes: &[u8]) -> Vec<Message> {
    match form {
        "ndjson" => {
            let lines = bytes.split_inclusive(|byte| *byte == b'\n').enumerate();
            lines.map(|(number, line)| (number.to_string(), line.to_owned())).collect()
        }
        "tar" => {
            let mut tar = tar::Archive::new(bytes);
            let entries = tar.entries().unwrap().map(|entry| {
                let mut entry = entry.unwrap();
                let name = entry.path().unwrap().to_str().unwrap().to_owned();
                let mut message = Vec::new();
                entry.read_to_end(&mut message).unwrap();
                (name, message)
            });
            entries.collect()
        }
        "zip" => {
            let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
            let entry = |at: usize| {
                let mut entry = zip.by_index(at).unwrap();
                let mut message = Vec::new();
                entry.read_to_end(&mut message).unwrap();
                (entry.name().unwrap().to_string(), message)
            };
            (0..zip::ZipArchive::new(Cursor::new(bytes)).unwrap().len()).map(entry).collect()
        }
        _ => match form.rsplit_once('.').unwrap() {
            (inner, "gz") => {
                let mut plain = Vec::new();
                flate2::read::MultiGzDecoder::new(bytes).read_to_end(&mut plain).unwrap();
                unpack(inner, &plain)
            }
            (inner, "zst") => unpack(inner, &zstd::decode_all(bytes).unwrap()),
            _ => panic!("{form}"),
        },
    }
}

fn read(path: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    File::open(path).unwrap_or_else(|_| panic!("{} isn't there", path.display())).read_to_end(&mut bytes).unwrap();
    bytes
}
