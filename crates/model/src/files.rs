//! Files and folders that only their owner can read, and names of files that stay after a crash: for the queue, the logs and
//! the outputs.

use std::borrow::Cow;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::path::Path;

/// Options to write a file, with mode 0600 if it is created.
#[must_use]
pub fn private_file() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// A builder of folders with mode 0700, recursive.
#[must_use]
pub fn private_folder() -> DirBuilder {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
}

/// The folder that a file is in, by its path.
#[must_use]
pub fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Syncs the folder that a file is in: that it was created, renamed or removed is on disk then. Only on Unix.
///
/// # Errors
/// When the folder can't be opened or synced.
pub fn sync_folder_of(path: &Path) -> io::Result<()> {
    match cfg!(unix) {
        true => File::open(folder_of(path))?.sync_all(),
        false => Ok(()),
    }
}

/// What stands for a byte that isn't UTF-8, before its two hexadecimal digits.
const NOT_TEXT: char = '\u{FFFD}';

/// A path as text. Two paths never have the same: a byte that isn't UTF-8 is U+FFFD and its two hexadecimal digits, and a U+FFFD of
/// the path stands there twice.
#[must_use]
pub fn text_of(path: &Path) -> Cow<'_, str> {
    match path.to_str() {
        Some(text) if !text.contains(NOT_TEXT) => Cow::Borrowed(text),
        _ => {
            let mut text = String::new();
            for chunk in path.as_os_str().as_encoded_bytes().utf8_chunks() {
                text.push_str(&chunk.valid().replace(NOT_TEXT, "\u{FFFD}\u{FFFD}"));
                text.extend(chunk.invalid().iter().map(|byte| format!("{NOT_TEXT}{byte:02x}")));
            }
            Cow::Owned(text)
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    #[test]
    fn p2_no_two_paths_have_the_same_text() {
        let text = |bytes: &'static [u8]| text_of(Path::new(OsStr::from_bytes(bytes))).into_owned();
        assert_eq!(text("in/a\u{e9}.json".as_bytes()), "in/a\u{e9}.json");
        let paths: [&[u8]; 7] = [
            b"\xff",
            b"\xfe",
            b"\xff\xfe",
            "\u{FFFD}".as_bytes(),
            "\u{FFFD}ff".as_bytes(),
            "\u{FFFD}\u{FFFD}ff".as_bytes(),
            b"\xef\xbf",
        ];
        let mut texts = paths.map(text).to_vec();
        texts.sort();
        texts.dedup();
        assert_eq!(texts.len(), paths.len(), "{texts:?}");
    }
}
