//! Names of entries: an archive may call them what it likes, but what is written has names that stay where they belong.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::PathBuf;

/// Characters of the longest name that is taken over.
const LONGEST_NAME: usize = 1024;
/// Characters of the longest part of one.
const LONGEST_PART: usize = 255;

/// The names given out so far, as hashes: what collides is called by its number, so a collision costs nothing but a name.
#[derive(Debug, Default)]
pub(in super::super) struct Names(HashSet<u64>);

impl Names {
    /// The place of entry `number`, which the archive calls `name`: that name if it is a plain relative path that no entry
    /// before had, or one made of its number.
    pub(in super::super) fn place(&mut self, name: &[u8], number: u64) -> PathBuf {
        match plain(name) {
            Some(plain) if self.0.insert(hash(plain)) => PathBuf::from(plain),
            _ => {
                let own = own_name(number);
                self.0.insert(hash(&own));
                PathBuf::from(own)
            }
        }
    }
}

/// What entry `number` is called if its own name can't be used.
pub(in super::super) fn own_name(number: u64) -> String {
    format!("entry-{number:09}")
}

fn hash(name: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    // Most file systems that letters of either case are one on fold ASCII at least.
    name.to_ascii_lowercase().hash(&mut hasher);
    hasher.finish()
}

/// The name, if it leads nowhere but down, on any system, and shows on a terminal as what it is.
fn plain(name: &[u8]) -> Option<&str> {
    let name = std::str::from_utf8(name).ok()?;
    let name = name.strip_prefix("./").unwrap_or(name);
    let is_plain = |part: &str| {
        let is_dots = part.chars().all(|character| character == '.');
        let has_other = part.chars().any(|character| character.is_control() || r#"\:*?"<>|"#.contains(character));
        !is_dots && !has_other && part.len() <= LONGEST_PART && !part.starts_with(".dmv-redact")
    };
    (name.len() <= LONGEST_NAME && name.split('/').all(is_plain)).then_some(name)
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
            ".dmv-redact/journal.json",
            long.as_str(),
            "a/b.xml",
            "A/B.XML",
        ]
        .into_iter()
        .enumerate()
        {
            let number = number as u64 + 2;
            assert_eq!(names.place(bad.as_bytes(), number), PathBuf::from(own_name(number)), "{bad:?}");
        }
        assert_eq!(names.place(b"\xFF\xFE", 99), PathBuf::from("entry-000000099"));
        assert_eq!(names.place(b"entry-000000099", 100), PathBuf::from("entry-000000100"));
    }
}
