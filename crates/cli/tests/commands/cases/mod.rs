//! `dmv-redact test` as the CI of a policy meets it: that the shipped cases pass, and that each way in which a case can fail
//! or be wrong is told, with its place and without a value (P6).

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test that can't go on has failed"
)]

mod bless;
mod matrix;
mod messages;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

fn home() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// What a run told, and how it ended.
#[derive(Debug)]
struct Told {
    status: Option<i32>,
    stdout: String,
    stderr: String,
}

impl Told {
    /// Every value of the shipped messages that a report could have repeated.
    fn holds_no_value(&self) {
        for value in ["JORDAN", "EXAMPLE", "900-12-3456", "MESQUITE", "1985", "D08954796"] {
            assert!(!self.stdout.contains(value) && !self.stderr.contains(value), "P6: {value} in {self:?}");
        }
    }
}

fn test(arguments: &[&str]) -> Told {
    let output = Command::new(env!("CARGO_BIN_EXE_dmv-redact")).arg("test").args(arguments).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let told = Told { status: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) };
    told.holds_no_value();
    told
}

/// A folder of copies of shipped fixtures, with the policies beside them.
struct Folder(TempDir);

impl Folder {
    fn with(fixtures: &[&str]) -> Self {
        let folder = Self(TempDir::new().unwrap());
        for name in fixtures {
            copy(&home().join("fixtures").join(name), &folder.path(&format!("cases/{name}")));
        }
        fs::create_dir_all(folder.path("cases")).unwrap();
        copy(&home().join("policies"), &folder.path("policies"));
        folder
    }

    fn path(&self, place: &str) -> PathBuf {
        self.0.path().join(place)
    }

    fn write(&self, place: &str, text: &str) {
        let path = self.path(place);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Changes a text of a file, which must be there.
    fn change(&self, place: &str, from: &str, to: &str) {
        let text = fs::read_to_string(self.path(place)).unwrap();
        assert!(text.contains(from), "{place} has no {from}");
        fs::write(self.path(place), text.replace(from, to)).unwrap();
    }

    fn test(&self, arguments: &[&str]) -> Told {
        let cases = self.path("cases");
        test(&[&[cases.to_str().unwrap()], arguments].concat())
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            fs::copy(&path, to.join(path.file_name().unwrap())).unwrap();
        }
    }
}
