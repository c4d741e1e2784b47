//! Where a log ends: its last whole line, and what a killed run left unfinished behind it. Found from the end of the file, so
//! that opening a log takes no longer as it grows.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use super::chain::{LONGEST_LINE, Line, Link, OPENING};

/// The end of a file of lines.
#[derive(Debug)]
pub(super) struct Ending {
    /// The last whole line, without its line end; `None` if there is none.
    pub(super) line: Option<Vec<u8>>,
    /// Where it ends.
    pub(super) end: u64,
    /// What stands behind it.
    torn: Vec<u8>,
}

/// Bytes that hold two lines mostly.
const BLOCK_BYTES: u64 = 1 << 16;
/// Bytes that hold a line and the beginning of another always.
const MOST_BYTES: u64 = 2 * LONGEST_LINE as u64;

impl Ending {
    /// The end of the first `length` bytes of a file; `None` if these aren't lines as a log has them.
    pub(super) fn find(file: &mut File, length: u64) -> io::Result<Option<Self>> {
        for window in [BLOCK_BYTES, MOST_BYTES] {
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

    /// The last line, taken apart.
    pub(super) fn last(&self) -> Option<Line<'_>> {
        Line::find(self.line.as_ref()?).map(|(_, line)| line)
    }

    /// Whether what stands behind the last line is the beginning of the one that would come next: only after that a run goes
    /// on. A system that went down may have left zeros where it had no time to write.
    pub(super) fn is_torn_line(&self, last: &Link) -> bool {
        let opening = last.opening();
        let is_beginning = |bytes: &[u8]| {
            let written = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |at| at + 1);
            let bytes = bytes.get(..written).unwrap_or_default();
            bytes.starts_with(&opening) || opening.starts_with(bytes)
        };
        // The start that came after one may be unfinished itself.
        let starts = memchr::memmem::find_iter(&self.torn, OPENING).chain([self.torn.len()]);
        let mut before = 0;
        let mut pieces = starts.map(|at| self.torn.get(std::mem::replace(&mut before, at)..at).unwrap_or_default());
        self.torn.len() < LONGEST_LINE / 2 && pieces.all(is_beginning)
    }
}
