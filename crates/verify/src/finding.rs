//! What the second reading reports.

use std::fmt;

/// Something in an output that must not be there, or not in this form. Never a value of it (P6).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    what: &'static str,
    path: String,
    offset: Option<usize>,
}

impl Finding {
    pub(super) fn at(offset: usize, what: &'static str) -> Self {
        Self { what, path: String::new(), offset: Some(offset) }
    }

    /// A finding about the whole output.
    #[doc(hidden)]
    pub fn of_output(what: &'static str) -> Self {
        Self { what, path: String::new(), offset: None }
    }

    pub(super) fn with_path<'p>(mut self, names: impl Iterator<Item = &'p str>) -> Self {
        self.path = names.collect::<Vec<_>>().join("/");
        self
    }

    /// What was found, in fixed words.
    #[must_use]
    pub fn what(&self) -> &'static str {
        self.what
    }

    /// Where, as the format spells it; empty where the format has no name for it.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Where in the output, in bytes from its start; `None` when it is about the whole.
    #[must_use]
    pub fn offset(&self) -> Option<usize> {
        self.offset
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.what)?;
        if !self.path.is_empty() {
            write!(f, " at {}", self.path)?;
        }
        self.offset.map_or(Ok(()), |offset| write!(f, ", byte {offset}"))
    }
}

impl std::error::Error for Finding {}
