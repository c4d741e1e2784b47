//! Lines and columns of a text, for values in a table that reports may refer to later.

/// A line and a column of a file, both counted from 1, the column in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Position {
    /// The line, counted from 1.
    pub line: usize,
    pub(crate) column: usize,
}

/// An index of line starts, because many positions are looked up in one long text.
#[derive(Debug)]
pub struct Lines<'t> {
    text: &'t str,
    /// The byte after each line feed.
    starts: Vec<usize>,
}

impl<'t> Lines<'t> {
    /// Indexes the lines of a text.
    pub fn of(text: &'t str) -> Self {
        let line_feeds = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        Self { text, starts: line_feeds.map(|(at, _)| at + 1).collect() }
    }

    /// The position of a byte of the text.
    pub fn position(&self, at: usize) -> Position {
        let before = self.starts.partition_point(|start| *start <= at);
        let start = before.checked_sub(1).and_then(|line| self.starts.get(line)).copied().unwrap_or_default();
        let column = self.text.get(start..at).map_or(0, |line| line.chars().count());
        Position { line: before + 1, column: column + 1 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_in_characters() {
        let lines = Lines::of("é = 1\n\nü = é\n");
        for (at, line, column) in [(0, 1, 1), (3, 1, 3), (7, 2, 1), (8, 3, 1), (13, 3, 5), (16, 4, 1)] {
            assert_eq!(lines.position(at), Position { line, column });
        }
    }
}
