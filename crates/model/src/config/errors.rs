//! Collects errors, so that all errors of a file are reported at once.

use super::ConfigError;

/// Errors of tables; sorted by position when finished.
#[derive(Debug, Default)]
pub struct Errors {
    collected: Vec<ConfigError>,
    /// An error about a placeholder value.
    of_placeholder: Option<ConfigError>,
}

impl Errors {
    /// Adds an error and all errors it contains. One about a placeholder value only counts if there is no other,
    /// because the wrong value itself was reported.
    pub fn push(&mut self, error: ConfigError) {
        for error in error.into_each() {
            match error.is_about_placeholder() {
                true => self.of_placeholder = Some(error),
                false => self.collected.push(error),
            }
        }
    }

    /// Returns the value, or adds the error and returns `None`.
    pub fn take<T>(&mut self, result: Result<T, ConfigError>) -> Option<T> {
        result.map_err(|error| self.push(error)).ok()
    }

    /// Whether there is an error on the same line.
    pub(super) fn has_line_of(&self, error: &ConfigError) -> bool {
        self.collected.iter().any(|other| line_of(other) == line_of(error) && other.file() == error.file())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.collected.is_empty()
    }

    /// All errors as one, ordered by file as read, then by position.
    ///
    /// # Errors
    /// When an error was added.
    pub fn finish(self) -> Result<(), ConfigError> {
        let mut files: Vec<String> = Vec::new();
        for error in &self.collected {
            if !files.iter().any(|file| file == error.file()) {
                files.push(error.file().to_owned());
            }
        }
        let mut all = self.collected;
        // By message too, so that duplicates, one for each syntax of a format, are adjacent.
        all.sort_by_cached_key(|error| {
            let file = files.iter().position(|file| file == error.file());
            (file, error.span().map(|span| span.start), error.message().to_owned())
        });
        all.dedup();
        ConfigError::of_all(all).or(self.of_placeholder).map_or(Ok(()), Err)
    }
}

fn line_of(error: &ConfigError) -> Option<usize> {
    error.position().map(|(line, _)| line)
}

/// All values, or all errors.
///
/// # Errors
/// All errors among the results.
pub fn all<T>(results: impl IntoIterator<Item = Result<T, ConfigError>>) -> Result<Vec<T>, ConfigError> {
    let mut errors = Errors::default();
    let values = results.into_iter().filter_map(|result| errors.take(result)).collect();
    errors.finish().map(|()| values)
}
