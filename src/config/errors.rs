//! Gathering errors, so that all that is wrong with a file is reported at once.

use super::ConfigError;

/// Errors of tables, in the order of their places when they are complete.
#[derive(Debug, Default)]
pub(crate) struct Errors {
    noted: Vec<ConfigError>,
    /// An error about a value that stands in for a wrong one.
    of_placeholder: Option<ConfigError>,
}

impl Errors {
    /// Notes an error with those that it carries. One about a value that stands in for a wrong one counts only where there is
    /// no other: that the value is wrong has been noted elsewhere.
    pub(crate) fn push(&mut self, error: ConfigError) {
        for error in error.into_each() {
            match error.is_about_placeholder() {
                true => self.of_placeholder = Some(error),
                false => self.noted.push(error),
            }
        }
    }

    /// The value, or nothing once the error is noted.
    pub(crate) fn take<T>(&mut self, result: Result<T, ConfigError>) -> Option<T> {
        result.map_err(|error| self.push(error)).ok()
    }

    /// Whether an error on the line of this one has been noted.
    pub(super) fn has_line_of(&self, error: &ConfigError) -> bool {
        let line = |error: &ConfigError| error.position().map(|(line, _)| line);
        self.noted.iter().any(|other| line(other) == line(error) && other.file() == error.file())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.noted.is_empty()
    }

    /// Nothing, or all errors as one, by file in the order in which files were read, and by place in a file.
    ///
    /// # Errors
    /// When an error was noted.
    pub(crate) fn finish(self) -> Result<(), ConfigError> {
        let mut files: Vec<String> = Vec::new();
        for error in &self.noted {
            if !files.iter().any(|file| file == error.file()) {
                files.push(error.file().to_owned());
            }
        }
        let mut all = self.noted;
        // By message too, so that what is noted twice, once for each syntax of a format, comes together.
        all.sort_by_cached_key(|error| {
            let file = files.iter().position(|file| file == error.file());
            (file, error.span().map(|span| span.start), error.message().to_owned())
        });
        all.dedup();
        ConfigError::of_all(all).or(self.of_placeholder).map_or(Ok(()), Err)
    }
}

/// All values, or all errors.
///
/// # Errors
/// When a result is one; all of them then.
pub(crate) fn all<T>(results: impl IntoIterator<Item = Result<T, ConfigError>>) -> Result<Vec<T>, ConfigError> {
    let mut errors = Errors::default();
    let values = results.into_iter().filter_map(|result| errors.take(result)).collect();
    errors.finish().map(|()| values)
}
