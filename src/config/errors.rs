//! Gathering errors, so that all that is wrong with a file is reported at once.

use super::ConfigError;

/// Errors of tables, in the order of their places when they are complete.
#[derive(Debug, Default)]
pub(crate) struct Errors(Vec<ConfigError>);

impl Errors {
    /// Notes an error with those that it carries. One about a value that stands in for a wrong one is left out: that the
    /// other is wrong has been noted.
    pub(crate) fn push(&mut self, error: ConfigError) {
        self.0.extend(error.into_each().filter(|error| !error.is_about_placeholder()));
    }

    /// The value, or nothing once the error is noted.
    pub(crate) fn take<T>(&mut self, result: Result<T, ConfigError>) -> Option<T> {
        result.map_err(|error| self.push(error)).ok()
    }

    /// Whether an error on the line of this one has been noted.
    pub(super) fn has_line_of(&self, error: &ConfigError) -> bool {
        let line = |error: &ConfigError| error.position().map(|(line, _)| line);
        self.0.iter().any(|other| line(other) == line(error) && other.file() == error.file())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Nothing, or all errors as one, by file in the order in which files were read, and by place in a file.
    ///
    /// # Errors
    /// When an error was noted.
    pub(crate) fn finish(self) -> Result<(), ConfigError> {
        let mut files: Vec<String> = Vec::new();
        for error in &self.0 {
            if !files.iter().any(|file| file == error.file()) {
                files.push(error.file().to_owned());
            }
        }
        let mut all = self.0;
        all.sort_by_key(|error| {
            let file = files.iter().position(|file| file == error.file());
            (file, error.span().map(|span| span.start))
        });
        all.dedup();
        ConfigError::of_all(all).map_or(Ok(()), Err)
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
