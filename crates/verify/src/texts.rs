//! A set of strings that must be distinct while a message is read: names of one object. They share one buffer, which
//! the next message reuses, so that none is allocated by itself.

/// Strings in the order they came, each with a tag.
#[derive(Debug)]
pub(super) struct StringSet<T> {
    text: String,
    entries: Vec<Entry<T>>,
}

#[derive(Debug, Clone, Copy)]
struct Entry<T> {
    start: usize,
    end: usize,
    tag: T,
}

/// The length of a set at some time.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Checkpoint {
    entries: usize,
    text: usize,
}

impl<T> Default for StringSet<T> {
    fn default() -> Self {
        Self { text: String::new(), entries: Vec::new() }
    }
}

impl<T: Copy + Ord> StringSet<T> {
    pub(super) fn clear(&mut self) {
        self.truncate_to(Checkpoint::default());
    }

    pub(super) fn checkpoint(&self) -> Checkpoint {
        Checkpoint { entries: self.entries.len(), text: self.text.len() }
    }

    /// Discards all strings after a checkpoint.
    pub(super) fn truncate_to(&mut self, checkpoint: Checkpoint) {
        self.entries.truncate(checkpoint.entries);
        self.text.truncate(checkpoint.text);
    }

    /// Adds a string.
    pub(super) fn push(&mut self, text: &str, tag: T) {
        let start = self.text.len();
        self.text.push_str(text);
        self.entries.push(Entry { start, end: self.text.len(), tag });
    }

    /// Whether two since a checkpoint are the same, with the same tag.
    pub(super) fn has_duplicates(&mut self, checkpoint: Checkpoint) -> bool {
        let strings = self.sorted(checkpoint);
        strings.clone().zip(strings.skip(1)).any(|(one, next)| one == next)
    }

    /// Each string since a checkpoint with its tag, sorted; they stay in this order.
    pub(super) fn sorted(&mut self, checkpoint: Checkpoint) -> impl Iterator<Item = (&str, T)> + Clone {
        let text = self.text.as_str();
        let entries = self.entries.get_mut(checkpoint.entries..).unwrap_or_default();
        entries.sort_unstable_by(|one, other| one.tagged(text).cmp(&other.tagged(text)));
        entries.iter().map(move |entry| entry.tagged(text))
    }
}

impl<T: Copy> Entry<T> {
    /// Its string in the shared text, with its tag.
    #[inline]
    fn tagged<'t>(&self, text: &'t str) -> (&'t str, T) {
        (text.get(self.start..self.end).unwrap_or_default(), self.tag)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_sorted_found_and_forgotten() {
        let mut strings = StringSet::default();
        strings.push("a", 1);
        let checkpoint = strings.checkpoint();
        for (text, tag) in [("c", 2), ("a", 4), ("", 3), ("a", 3)] {
            strings.push(text, tag);
        }
        assert_eq!(strings.sorted(checkpoint).collect::<Vec<_>>(), [("", 3), ("a", 3), ("a", 4), ("c", 2)]);
        strings.truncate_to(checkpoint);
        strings.push("b", 5);
        assert_eq!(strings.sorted(Checkpoint::default()).collect::<Vec<_>>(), [("a", 1), ("b", 5)]);
    }
}
