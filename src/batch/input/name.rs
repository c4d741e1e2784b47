//! Names of entries: an archive may call them what it likes, but what is written has names that stay where they belong, and no
//! two of them are one.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

use super::super::line::{FAILED_SUFFIX, WITHHELD_SUFFIX};
use crate::escape::is_visible;

/// Bytes of the longest name that is taken over.
const LONGEST_NAME: usize = 1024;
/// Bytes of the longest part of one, so that a notice's name is none too long for a file either.
const LONGEST_PART: usize = 255 - WITHHELD_SUFFIX.len();
/// How many names are remembered, in some twenty megabytes. What comes behind them is told apart by its number.
const MOST_NAMES: usize = 7 << 18;
/// What an own name begins with, and how many digits follow at least.
const OWN: &str = "entry-";
const OWN_DIGITS: usize = 9;

/// The names given out so far, as hashes: what collides is called by its number, so a collision costs nothing but a name.
#[derive(Debug, Default)]
pub(in super::super) struct Names(HashSet<u64>);

impl Names {
    /// The place of entry `number`, which the archive calls `name`: that name if it is a plain relative path that no entry
    /// before had, or one made of its number.
    pub(in super::super) fn place(&mut self, name: &[u8], number: u64) -> PathBuf {
        match plain(name) {
            Some(plain) if self.0.len() >= MOST_NAMES => Path::new(&own_name(number)).join(plain),
            Some(plain) if self.0.insert(hash(plain)) => PathBuf::from(plain),
            _ => own_name(number).into(),
        }
    }
}

/// The place in an archive of file `number` of a run, which lies at `place`: no file system gives a name twice, but on
/// another one it may be no plain name.
pub(in super::super) fn archive_place(place: PathBuf, number: u64) -> PathBuf {
    match plain(place.as_os_str().as_encoded_bytes()) {
        Some(_) => place,
        None => own_name(number).into(),
    }
}

/// What entry `number` is called if its own name can't be used. No other is: what looks like it is no plain name.
pub(in super::super) fn own_name(number: u64) -> String {
    format!("{OWN}{number:0OWN_DIGITS$}")
}

fn hash(name: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    // On many file systems letters of either case are one.
    name.to_lowercase().hash(&mut hasher);
    hasher.finish()
}

/// The name, if it leads nowhere but down, on any system, shows on a terminal as what it is, and isn't one that is given here.
fn plain(name: &[u8]) -> Option<&str> {
    let name = std::str::from_utf8(name).ok()?;
    let name = name.strip_prefix("./").unwrap_or(name);
    let lower = name.to_ascii_lowercase();
    let digits = lower.strip_prefix(OWN).map(|rest| rest.split('/').next().unwrap_or_default());
    let is_own =
        digits.is_some_and(|digits| digits.len() >= OWN_DIGITS && digits.bytes().all(|digit| digit.is_ascii_digit()));
    let is_notice = lower.ends_with(WITHHELD_SUFFIX) || lower.ends_with(FAILED_SUFFIX);
    (!is_own && !is_notice && name.len() <= LONGEST_NAME && lower.split('/').all(is_plain_part)).then_some(name)
}

/// Whether a part of a name, in lower case, is a file's or a folder's name on any system.
fn is_plain_part(part: &str) -> bool {
    let has_other = part.contains(|character| r#"\:*?"<>|"#.contains(character)) || !part.chars().all(is_visible);
    // Windows drops dots and spaces at the end, and takes some names for devices, whatever their ending.
    let stem = part.split('.').next().unwrap_or_default().trim_end();
    let is_device = matches!(stem, "con" | "prn" | "aux" | "nul" | "conin$" | "conout$")
        || stem.strip_prefix("com").or(stem.strip_prefix("lpt")).is_some_and(|port| port.chars().count() == 1);
    let is_cut = part.is_empty() || part.ends_with(['.', ' ']);
    !is_cut && !has_other && !is_device && part.len() <= LONGEST_PART
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attack_35_names_stay_below_and_are_given_once() {
        let mut names = Names::default();
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
            assert_eq!(names.place(bad.as_bytes(), number), PathBuf::from(own_name(number)), "{bad:?}");
        }
        assert_eq!(names.place(b"\xFF\xFE", 99), PathBuf::from("entry-000000099"));
        assert_eq!(names.place("\u{c9}t\u{e9}".as_bytes(), 100), PathBuf::from("\u{c9}t\u{e9}"));
        assert_eq!(names.place("\u{e9}T\u{c9}".as_bytes(), 101), PathBuf::from("entry-000000101"));
        // The program's own files lie where no output can be put: what is called like them keeps its name.
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
        let mut names = Names::default();
        for taken in ["entry-000000002", "ENTRY-000000002/x", "entry-000000002/x"] {
            assert_eq!(names.place(taken.as_bytes(), 1), PathBuf::from("entry-000000001"), "{taken}");
        }
        assert_eq!(names.place(b"../x", 2), PathBuf::from("entry-000000002"));
    }
}
