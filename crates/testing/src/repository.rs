//! Where the files of the repository are, whatever the current folder of a test is.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use sha2::{Digest, Sha256};

static ROOT: LazyLock<PathBuf> = LazyLock::new(|| {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.ancestors().nth(2).expect("this crate is at crates/testing").to_owned()
});

/// The folder of the repository.
pub fn root() -> &'static Path {
    &ROOT
}

/// A file of a fixture, `dr-ice/message.xml`.
pub fn fixture(name: &str) -> Vec<u8> {
    let path = fixture_path(name);
    fs::read(&path).unwrap_or_else(|why| panic!("{}: {why}", path.display()))
}

/// Where a file of a fixture is.
pub fn fixture_path(name: &str) -> PathBuf {
    root().join("fixtures").join(name)
}

/// The text of a file of the repository, `docs/policy.md`.
pub fn text(file: impl AsRef<Path>) -> String {
    let path = root().join(file);
    fs::read_to_string(&path).unwrap_or_else(|why| panic!("{}: {why}", path.display()))
}

/// The SHA-256 of some bytes, in hexadecimal digits.
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The folder of the policies.
pub fn policies() -> PathBuf {
    root().join("policies")
}

/// Every policy in `policies/`, in the order of their names.
pub fn shipped_policies() -> Vec<PathBuf> {
    let is_policy = |path: &PathBuf| path.extension().is_some_and(|ending| ending == "toml");
    entries(&policies()).into_iter().filter(is_policy).collect()
}

/// The folders in a folder, in the order of their names.
pub fn folders(folder: &Path) -> Vec<PathBuf> {
    entries(folder).into_iter().filter(|path| path.is_dir()).collect()
}

/// What is in a folder, in the order of the names.
pub(crate) fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|why| panic!("{}: {why}", folder.display()));
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

/// Every file below a folder, hidden or not, by its path from there, in order. None if there is no such folder.
pub fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(path) = open.pop() {
        for entry in fs::read_dir(&path).into_iter().flatten() {
            let entry = entry.unwrap();
            match entry.file_type().unwrap().is_dir() {
                true => open.push(entry.path()),
                false => files.push(entry.path().strip_prefix(folder).unwrap().to_owned()),
            }
        }
    }
    files.sort();
    files
}

/// The same as texts, in the order of the texts.
pub fn names_below(folder: &Path) -> Vec<String> {
    let text = |path: &PathBuf| path.to_str().expect("a name in UTF-8").to_owned();
    let mut names: Vec<String> = files_below(folder).iter().map(text).collect();
    names.sort();
    names
}
