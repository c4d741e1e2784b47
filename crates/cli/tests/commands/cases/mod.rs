//! `dmv-redact test` as the CI of a policy meets it: that the shipped cases pass, and that each way in which a case can fail
//! or be wrong is told, with its place and without a value (P6).

mod bless;
mod matrix;
mod messages;

use std::fs;
use std::path::{Path, PathBuf};

use dmv_redact_testing::program::ProgramOutput;
use dmv_redact_testing::root;
use tempfile::TempDir;

use crate::told_by;

/// Every value of the shipped messages that a report could have repeated.
const VALUES: [&str; 6] = ["JORDAN", "EXAMPLE", "900-12-3456", "MESQUITE", "1985", "D08954796"];

fn test(arguments: &[&str]) -> ProgramOutput {
    let told = told_by("test", arguments);
    for value in VALUES {
        assert!(!told.stdout.contains(value) && !told.stderr.contains(value), "P6: {value} in {told:?}");
    }
    told
}

/// A folder of copies of shipped fixtures, with the policies beside them.
struct Folder(TempDir);

impl Folder {
    fn with(fixtures: &[&str]) -> Self {
        let folder = Self(TempDir::new().unwrap());
        for name in fixtures {
            copy(&root().join("fixtures").join(name), &folder.path(&format!("cases/{name}")));
        }
        fs::create_dir_all(folder.path("cases")).unwrap();
        copy(&root().join("policies"), &folder.path("policies"));
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

    fn test(&self, arguments: &[&str]) -> ProgramOutput {
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
