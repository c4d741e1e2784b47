//! The arguments that name a queue of reviews: shared by the verbs that fill it and those that people decide with.

use std::path::{Path, PathBuf};

use clap::Args;
use tokio::runtime::{Builder, Runtime};

use super::Problem;
use dmv_redact_archive::real_path;
pub(super) use dmv_redact_model::date::SECONDS_PER_DAY as DAY;
pub(super) use dmv_redact_model::unix_time::now;
use dmv_redact_review::{BlockingReviews, Keys, ReviewError, ReviewStore};

/// Where the URL of a queue may be, for it may have a password.
const VARIABLE: &str = "DMV_REDACT_REVIEW";

#[derive(Debug, Args)]
pub(super) struct ReviewArguments {
    /// The queue of reviews: the path of a SQLite database, made if it is missing, or a URL postgres://... [default: what the
    /// environment variable DMV_REDACT_REVIEW says]
    #[arg(long, value_name = "DB")]
    review: Option<String>,
    /// The key of what is encrypted in it: the content of this file, 32 bytes at least. May be given again: the first encrypts,
    /// the others decrypt what an earlier key encrypted
    #[arg(long = "review-key", value_name = "FILE", required = true)]
    review_keys: Vec<PathBuf>,
}

/// The queue's path or URL that is meant.
pub(super) fn database(given: Option<&str>) -> Result<String, Problem> {
    if given.is_some_and(has_password) {
        return Err(Problem::Usage(format!(
            "--review: others on this machine see its password: set {VARIABLE} instead"
        )));
    }
    match given.map(str::to_owned).or_else(|| std::env::var(VARIABLE).ok()) {
        Some(database) if !database.is_empty() => Ok(database),
        _ => Err(Problem::Usage(format!("no queue of reviews: add `--review DB`, or set {VARIABLE}"))),
    }
}

/// Whether a URL has a password in it.
fn has_password(url: &str) -> bool {
    let user = url.split_once("://").and_then(|(_, rest)| rest.split('/').next()?.rsplit_once('@'));
    user.is_some_and(|(user, _)| user.contains(':')) || url.contains("password=")
}

/// The files of a queue in SQLite: the database, and what SQLite keeps beside it. None of one in PostgreSQL.
pub(super) fn files(database: &str) -> Vec<PathBuf> {
    if database.starts_with("postgres:") || database.starts_with("postgresql:") {
        return Vec::new();
    }
    let path = database.strip_prefix("sqlite://").or_else(|| database.strip_prefix("sqlite:")).unwrap_or(database);
    // Beside the file that a link leads to.
    let path = real_path(Path::new(path)).unwrap_or_else(|_| path.into());
    let beside = |ending| {
        let mut name = path.clone().into_os_string();
        name.push(ending);
        PathBuf::from(name)
    };
    ["", "-wal", "-shm", "-journal"].map(beside).to_vec()
}

/// A runtime of this thread.
pub(super) fn runtime() -> Result<Runtime, Problem> {
    let runtime = Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| Problem::Io(format!("runtime: {error}")))
}

/// Opens a queue.
pub(super) fn open(database: &str, keys: &[PathBuf]) -> Result<BlockingReviews, Problem> {
    Ok(BlockingReviews::open(database, Keys::read(keys)?)?)
}

impl ReviewArguments {
    /// The files of the queue, if it has any.
    pub(super) fn files(&self) -> Vec<PathBuf> {
        database(self.review.as_deref()).map(|database| files(&database)).unwrap_or_default()
    }

    /// The files of the keys.
    pub(super) fn keys(&self) -> &[PathBuf] {
        &self.review_keys
    }

    /// Refuses a SQLite queue that isn't there: by a misspelled name it would be made, and look empty.
    pub(super) fn must_exist(&self) -> Result<(), Problem> {
        match self.files().first() {
            Some(file) if !file.exists() => {
                let file = file.display();
                Err(Problem::Usage(format!(
                    "{file}: there is no such queue: `redact --review` makes it, or `review account add`"
                )))
            }
            _ => Ok(()),
        }
    }

    /// Opens the queue.
    pub(super) async fn open(&self) -> Result<ReviewStore, Problem> {
        let database = database(self.review.as_deref())?;
        // Of a sidecar the key isn't required, for its queue isn't.
        if self.review_keys.is_empty() {
            return Err(Problem::Usage("no key of the queue of reviews: add `--review-key FILE`".to_owned()));
        }
        Ok(ReviewStore::open(&database, Keys::read(&self.review_keys)?).await?)
    }

    /// Opens the queue, which must be there, does something with it, and closes it.
    pub(super) fn with_store<T, E>(&self, work: impl AsyncFnOnce(&ReviewStore) -> Result<T, E>) -> Result<T, Problem>
    where
        Problem: From<E>,
    {
        self.must_exist()?;
        runtime()?.block_on(async {
            let store = self.open().await?;
            let done = work(&store).await;
            store.close().await;
            Ok(done?)
        })
    }
}

impl From<ReviewError> for Problem {
    fn from(error: ReviewError) -> Self {
        let text = error.to_string();
        match error {
            ReviewError::Io(_) | ReviewError::Corrupt(_) => Self::Io(text),
            _ => Self::Usage(text),
        }
    }
}

/// The name of this machine.
pub(super) fn host() -> String {
    #[cfg(unix)]
    let name = rustix::system::uname().nodename().to_string_lossy().into_owned();
    #[cfg(not(unix))]
    let name = std::env::var("COMPUTERNAME").unwrap_or_default();
    name
}
