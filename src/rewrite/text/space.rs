//! The white space between two fields that stay. It is that of the source as far as it stands beside what stays; what
//! stood between them, and how much of it, leaves no trace in it (P5).

/// The stretch between two fields that stay; `None` at the start and at the end of the text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Between<'t> {
    pub(super) text: &'t str,
    pub(super) from: Option<usize>,
    pub(super) to: Option<usize>,
}

const SPACE: [char; 4] = [' ', '\t', '\r', '\n'];

impl Between<'_> {
    /// Writes what separates the two.
    pub(super) fn write(self, into: &mut String) {
        let (from, to) = (self.from.unwrap_or(0), self.to.unwrap_or(self.text.len()));
        let all = self.text.get(from..to).unwrap_or_default();
        let after = all.len() - all.trim_start_matches(SPACE).len();
        let (after, rest) = all.split_at_checked(after).unwrap_or((all, ""));
        if rest.is_empty() {
            into.push_str(all);
            return;
        }
        let (_, before) = all.split_at_checked(all.trim_end_matches(SPACE).len()).unwrap_or_default();
        let before_line = first_break(before).and_then(|line| before.get(line..));
        if self.from.is_none() {
            into.push_str(after);
        } else if let Some(lines) = before_line {
            // Blanks at the end of a line are its own, whatever line was the next.
            if let Some(end) = first_break(after) {
                into.push_str(after.get(..end).unwrap_or_default());
            }
            // The break that ends a removed line goes with it, if the line before has one of its own.
            into.push_str(last_lines(if into.ends_with(['\r', '\n']) { behind_break(lines) } else { lines }));
        } else if self.to.is_none() {
            // Blanks behind what is gone belong to it.
        } else if let Some(end) = first_break(after) {
            let rest = behind_break(after.get(end..).unwrap_or_default());
            into.push_str(after.strip_suffix(rest).unwrap_or(after));
        } else {
            into.push_str(if after.len() < before.len() { after } else { before });
        }
    }
}

fn first_break(space: &str) -> Option<usize> {
    space.find(['\r', '\n'])
}

/// What follows the line break that `space` begins with.
fn behind_break(space: &str) -> &str {
    space.strip_prefix("\r\n").or_else(|| space.strip_prefix(['\r', '\n'])).unwrap_or(space)
}

/// Line breaks and the indent behind the last: of several blank lines one is left, for an emptied paragraph makes more.
fn last_lines(space: &str) -> &str {
    // CR LF is one break, and begins at its CR.
    let begins =
        |at: &usize| !space.get(*at..).is_some_and(|here| here.starts_with('\n')) || !ends_in_return(space, *at);
    let breaks = space.rmatch_indices(['\r', '\n']).map(|(at, _)| at).filter(begins);
    breaks.take(2).last().and_then(|at| space.get(at..)).unwrap_or(space)
}

fn ends_in_return(space: &str, at: usize) -> bool {
    space.get(..at).is_some_and(|before| before.ends_with('\r'))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is written between two fields that a stretch lies between.
    fn between(stretch: &str) -> String {
        written(&format!("A{stretch}B"), Some(1), Some(1 + stretch.len()))
    }

    fn written(text: &str, from: Option<usize>, to: Option<usize>) -> String {
        let mut into = String::new();
        Between { text, from, to }.write(&mut into);
        into
    }

    #[test]
    fn p4_nothing_but_white_space_stays_as_it_is() {
        for space in ["", " ", "\t  ", "\n", "  \r\n\r\n\r\n  "] {
            assert_eq!(between(space), space, "{space:?}");
        }
    }

    #[test]
    fn p5_around_what_is_gone_the_white_space_is_that_of_what_stays() {
        for (stretch, left) in [
            ("x", ""),
            (" x", ""),
            (" x    ", " "),
            ("    x ", " "),
            ("\nx\n", "\n"),
            ("\nx\n\ny\n", "\n"),
            ("  \nx\n\n  ", "  \n\n  "),
            ("\nx   \n\n\n\n", "\n\n"),
            ("\r\nx\r\n\r\n\r\n ", "\r\n\r\n "),
            ("\r\nx\r\n", "\r\n"),
            ("\r\nx ", "\r\n"),
            ("\n\nx", "\n"),
            ("x\ny", ""),
        ] {
            assert_eq!(between(stretch), left, "{stretch:?}");
        }
    }

    #[test]
    fn p5_at_both_ends_nothing_tells_what_stood_there() {
        assert_eq!(written("\n x\ny\nA", None, Some(6)), "\n ");
        assert_eq!(written("A\nx\n", Some(1), None), "\n");
        assert_eq!(written("A\nx ", Some(1), None), "");
    }
}
