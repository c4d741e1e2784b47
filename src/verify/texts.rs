//! Texts that must be told apart while a message is read: names of one object. They
//! stand in one string, which the next message uses again, so that none takes room of its own.

/// Texts in the order they came, each with something that is known of it.
#[derive(Debug)]
pub(super) struct Texts<T> {
    text: String,
    entries: Vec<Entry<T>>,
}

#[derive(Debug, Clone, Copy)]
struct Entry<T> {
    start: usize,
    end: usize,
    known: T,
}

/// How far the texts went at some time.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Mark {
    entries: usize,
    text: usize,
}

impl<T> Default for Texts<T> {
    fn default() -> Self {
        Self { text: String::new(), entries: Vec::new() }
    }
}

impl<T: Copy + Ord> Texts<T> {
    pub(super) fn clear(&mut self) {
        self.back_to(Mark::default());
    }

    pub(super) fn mark(&self) -> Mark {
        Mark { entries: self.entries.len(), text: self.text.len() }
    }

    /// Forgets all that came after a mark.
    pub(super) fn back_to(&mut self, mark: Mark) {
        self.entries.truncate(mark.entries);
        self.text.truncate(mark.text);
    }

    /// Adds a text.
    pub(super) fn push(&mut self, text: &str, known: T) {
        let start = self.text.len();
        self.text.push_str(text);
        self.entries.push(Entry { start, end: self.text.len(), known });
    }

    /// Whether two since a mark are the same, in what is known of them as well.
    pub(super) fn has_twins(&mut self, mark: Mark) -> bool {
        let texts = self.sorted(mark);
        texts.clone().zip(texts.skip(1)).any(|(one, next)| one == next)
    }

    /// Each text since a mark with what is known of it, in their order, which is that of the texts from now on.
    pub(super) fn sorted(&mut self, mark: Mark) -> impl Iterator<Item = (&str, T)> + Clone {
        let Self { text, entries } = self;
        let borrowed = |entry: &Entry<T>| text.get(entry.start..entry.end).unwrap_or_default();
        let entries = entries.get_mut(mark.entries..).unwrap_or_default();
        entries.sort_unstable_by(|one, other| (borrowed(one), one.known).cmp(&(borrowed(other), other.known)));
        entries.iter().map(move |entry| (borrowed(entry), entry.known))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_sorted_found_and_forgotten() {
        let mut texts = Texts::default();
        texts.push("a", 1);
        let mark = texts.mark();
        for (text, known) in [("c", 2), ("a", 4), ("", 3), ("a", 3)] {
            texts.push(text, known);
        }
        assert_eq!(texts.sorted(mark).collect::<Vec<_>>(), [("", 3), ("a", 3), ("a", 4), ("c", 2)]);
        texts.back_to(mark);
        texts.push("b", 5);
        assert_eq!(texts.sorted(Mark::default()).collect::<Vec<_>>(), [("a", 1), ("b", 5)]);
    }
}
