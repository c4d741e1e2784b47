//! Finds the end of a log: its last whole line, and the unfinished line (torn write) of a killed run after it. Reads
//! from the end of the file, so that opening a log takes constant time.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use super::chain::{Link, LogLine, MAX_LINE_BYTES, OPENING};

/// The end of a log file.
#[derive(Debug)]
pub(super) struct LogEnd {
    /// The last whole line, without its line end; `None` if there is none.
    pub(super) line: Option<Vec<u8>>,
    /// Where it ends.
    pub(super) end: u64,
    /// The bytes after it.
    torn: Vec<u8>,
}

/// Usually enough for two lines.
const BLOCK_BYTES: u64 = 1 << 16;
/// Always enough for a line and the beginning of another.
const MAX_WINDOW_BYTES: u64 = 2 * MAX_LINE_BYTES as u64;

impl LogEnd {
    /// The end of the first `length` bytes of a file; `None` if these aren't lines of a log.
    pub(super) fn find(file: &mut File, length: u64) -> io::Result<Option<Self>> {
        for window in [BLOCK_BYTES, MAX_WINDOW_BYTES] {
            let from = length.saturating_sub(window);
            let mut bytes = Vec::new();
            file.seek(SeekFrom::Start(from))?;
            (&mut *file).take(length - from).read_to_end(&mut bytes)?;
            let Some(end) = memchr::memrchr(b'\n', &bytes) else {
                if from == 0 {
                    return Ok(Some(Self { line: None, end: 0, torn: bytes }));
                }
                continue;
            };
            let begin = bytes.get(..end).and_then(|before| memchr::memrchr(b'\n', before)).map(|before| before + 1);
            let Some(begin) = begin.or_else(|| (from == 0).then_some(0)) else { continue };
            let line = bytes.get(begin..end).map(<[u8]>::to_owned);
            let torn = bytes.get(end + 1..).unwrap_or_default().to_owned();
            return Ok(Some(Self { line, end: from + end as u64 + 1, torn }));
        }
        Ok(None)
    }

    /// The last line, parsed.
    pub(super) fn last(&self) -> Option<LogLine<'_>> {
        LogLine::parse_last(self.line.as_ref()?).map(|(_, line)| line)
    }

    /// Whether the bytes after the last line are the beginning of the next one: only then does a run continue the log.
    /// After a system crash, unwritten blocks may be zeros.
    pub(super) fn is_torn_line(&self, last: &Link) -> bool {
        let opening = last.opening();
        // The start record after a torn write may be torn itself.
        let starts = memchr::memmem::find_iter(&self.torn, OPENING).chain([self.torn.len()]);
        let mut before = 0;
        let mut fragments = starts.map(|at| self.torn.get(std::mem::replace(&mut before, at)..at).unwrap_or_default());
        self.torn.len() < MAX_LINE_BYTES / 2 && fragments.all(|bytes| is_beginning(bytes, &opening))
    }
}

/// Whether some bytes, up to unwritten zeros, are the beginning of a line that opens so.
fn is_beginning(bytes: &[u8], opening: &[u8]) -> bool {
    let written = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |at| at + 1);
    let bytes = bytes.get(..written).unwrap_or_default();
    bytes.starts_with(opening) || opening.starts_with(bytes)
}
