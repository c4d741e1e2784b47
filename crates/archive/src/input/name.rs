//! Sanitizes the names of entries: whatever an archive calls them, output names stay below their folder and are unique.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

use super::super::line::{FAILED_SUFFIX, WITHHELD_SUFFIX};
use dmv_redact_model::escape::is_visible;

/// Maximum length of a name that is kept.
const MAX_NAME_BYTES: usize = 1024;
/// Maximum length of a path component, so that a notice's name isn't too long for a file either.
const MAX_COMPONENT_BYTES: usize = 255 - WITHHELD_SUFFIX.len();
/// Names that are tracked, in about twenty megabytes. Later ones are made unique by their number.
const MAX_TRACKED_NAMES: usize = 7 << 18;
/// Prefix of a generated name, and its minimum number of digits.
const OWN: &str = "entry-";
const OWN_DIGITS: usize = 9;

/// Hashes of the names that were used. A collision only costs an entry its own name.
#[derive(Debug, Default)]
pub(in super::super) struct EntryNames(HashSet<u64>);

impl EntryNames {
    /// The path of entry `number`, which the archive calls `name`: that name if it is a safe relative path that no
    /// earlier entry had, or one generated from its number.
    pub(in super::super) fn place(&mut self, name: &[u8], number: u64) -> PathBuf {
        match safe_name(name) {
            Some(safe_name) if self.0.len() >= MAX_TRACKED_NAMES => Path::new(&generated_name(number)).join(safe_name),
            Some(safe_name) if self.0.insert(hash(safe_name)) => PathBuf::from(safe_name),
            _ => generated_name(number).into(),
        }
    }
}

/// The name in an archive of file `number` of a run, at `place`: unique on its file system, but perhaps unsafe on
/// another.
pub(in super::super) fn archive_place(place: PathBuf, number: u64) -> PathBuf {
    match safe_name(place.as_os_str().as_encoded_bytes()) {
        Some(_) => place,
        None => generated_name(number).into(),
    }
}

/// The generated name of entry `number`. It is unique, because no safe name looks like it.
pub(in super::super) fn generated_name(number: u64) -> String {
    format!("{OWN}{number:0OWN_DIGITS$}")
}

fn hash(name: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    // Many file systems ignore case.
    name.to_lowercase().hash(&mut hasher);
    hasher.finish()
}

/// The name, if on any system it stays below its folder, displays as what it is, and isn't reserved here.
fn safe_name(name: &[u8]) -> Option<&str> {
    let name = std::str::from_utf8(name).ok()?;
    let name = name.strip_prefix("./").unwrap_or(name);
    let lower = name.to_ascii_lowercase();
    let digits = lower.strip_prefix(OWN).map(|rest| rest.split('/').next().unwrap_or_default());
    let is_generated =
        digits.is_some_and(|digits| digits.len() >= OWN_DIGITS && digits.bytes().all(|digit| digit.is_ascii_digit()));
    let is_notice = lower.ends_with(WITHHELD_SUFFIX) || lower.ends_with(FAILED_SUFFIX);
    (!is_generated && !is_notice && name.len() <= MAX_NAME_BYTES && lower.split('/').all(is_safe_component))
        .then_some(name)
}

/// Whether a path component, in lower case, is a valid file name on any system.
fn is_safe_component(part: &str) -> bool {
    let has_other = part.contains(|character| r#"\:*?"<>|"#.contains(character)) || !part.chars().all(is_visible);
    // Windows drops trailing dots and spaces, and reserves device names with any extension.
    let stem = part.split('.').next().unwrap_or_default().trim_end();
    let is_device = matches!(stem, "con" | "prn" | "aux" | "nul" | "conin$" | "conout$")
        || stem.strip_prefix("com").or(stem.strip_prefix("lpt")).is_some_and(|port| port.chars().count() == 1);
    let is_cut = part.is_empty() || part.ends_with(['.', ' ']);
    !is_cut && !has_other && !is_device && part.len() <= MAX_COMPONENT_BYTES
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attack_35_names_stay_below_and_are_given_once() {
        let mut names = EntryNames::default();
        assert_eq!(names.place(b"./a/b.xml", 1), PathBuf::from("a/b.xml"));
        let long = "x".repeat(256);
        for (number, bad) in [
            "/etc/passwd",
            "../a",
            "a/../../b",
            "a//b",
            "",
            ".",
            "a/.",
            "C:\\a",
            "a\\..\\b",
            "a\nb",
            "a\u{1b}[2J",
            "a\u{202E}lmx.b",
            "a\u{9b}2J",
            long.as_str(),
            "a/b.xml",
            "A/B.XML",
            "nul",
            "a/CON.xml",
            "com1 .txt",
            "a./b",
            "a ",
            "a.withheld.json",
            "a.FAILED.json",
        ]
        .into_iter()
        .enumerate()
        {
            let number = number as u64 + 2;
            assert_eq!(names.place(bad.as_bytes(), number), PathBuf::from(generated_name(number)), "{bad:?}");
        }
        assert_eq!(names.place(b"\xFF\xFE", 99), PathBuf::from("entry-000000099"));
        assert_eq!(names.place("\u{c9}t\u{e9}".as_bytes(), 100), PathBuf::from("\u{c9}t\u{e9}"));
        assert_eq!(names.place("\u{e9}T\u{c9}".as_bytes(), 101), PathBuf::from("entry-000000101"));
        // The program's own files are where no output can go: entries named like them keep their names.
        for good in [
            "entry-1.json",
            ".dmv-redact/0-1",
            ".dmv-redact-x/journal.json",
            "entries/x",
            "command.xml",
            "console/x.json",
            "a.b c.json",
        ] {
            assert_eq!(names.place(good.as_bytes(), 102), PathBuf::from(good));
        }
    }

    #[test]
    fn attack_35_nothing_takes_the_name_that_another_will_be_given() {
        let mut names = EntryNames::default();
        for taken in ["entry-000000002", "ENTRY-000000002/x", "entry-000000002/x"] {
            assert_eq!(names.place(taken.as_bytes(), 1), PathBuf::from("entry-000000001"), "{taken}");
        }
        assert_eq!(names.place(b"../x", 2), PathBuf::from("entry-000000002"));
    }
}
