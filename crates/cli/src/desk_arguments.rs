//! The arguments of a desk: its queue, its policy and its log. Shared by the verbs with which people decide.

use std::path::{Path, PathBuf};

use clap::Args;

use super::Problem;
use super::filter_arguments::limits;
use super::ground_arguments::GroundArguments;
use super::review_arguments::ReviewArguments;
use dmv_redact::{Filter, FilterBuilder};
use dmv_redact_archive::refuse_overlap;
use dmv_redact_desk::{Desk, DeskError};
use dmv_redact_log::{DisclosureLog, Key, LogOptions, SigningKey};
use dmv_redact_review::ReviewStore;
#[cfg(unix)]
use dmv_redact_sidecar::Source;

#[derive(Debug, Args)]
pub(super) struct DeskArguments {
    #[command(flatten)]
    reviews: ReviewArguments,
    #[command(flatten)]
    policy: PolicyArguments,
    #[command(flatten)]
    log: LogFileArguments,
}

/// The policy of a desk.
#[derive(Debug, Args)]
pub(super) struct PolicyArguments {
    /// The policy that decides: a file, or the name of a built-in one
    #[arg(long, value_name = "POLICY")]
    policy: PathBuf,
    #[command(flatten)]
    ground: GroundArguments,
    /// The key of the tokens that the policy writes in place of values
    #[arg(long, value_name = "FILE")]
    token_key: Option<PathBuf>,
    /// Set a limit on messages: message-bytes, depth, name-bytes, attributes, namespaces, members
    #[arg(long = "limit", value_name = "NAME=NUMBER")]
    limits: Vec<String>,
}

/// The log of a desk.
#[derive(Debug, Args)]
pub(super) struct LogFileArguments {
    /// Record each message and each step in this disclosure log, before it goes out or is taken. No other process may write it
    #[arg(long, value_name = "FILE")]
    log: PathBuf,
    /// Key the log's hashes with the content of this file
    #[arg(long, value_name = "FILE")]
    log_key: Option<PathBuf>,
    /// Sign the log's checkpoints and its end with this Ed25519 key, in PEM
    #[arg(long, value_name = "FILE")]
    log_signing_key: Option<PathBuf>,
}

impl PolicyArguments {
    pub(super) fn filter(&self) -> Result<Filter, Problem> {
        self.filter_of(&self.policy)
    }

    /// The filter of another policy with everything else alike.
    pub(super) fn filter_of(&self, policy: &Path) -> Result<Filter, Problem> {
        Ok(self.builder(policy)?.build()?)
    }

    /// What builds a filter of another policy with everything else alike.
    fn builder(&self, policy: &Path) -> Result<FilterBuilder, Problem> {
        let builder = self.ground.filter().policy_named(policy).limits(limits(&self.limits)?);
        Ok(match &self.token_key {
            Some(key) => builder.token_key_path(key),
            None => builder,
        })
    }

    /// The same for a sidecar, which builds it again when the files change: of the policy, or of another in its place.
    #[cfg(unix)]
    pub(super) fn source(&self, other: Option<&Path>) -> Result<Source, Problem> {
        let builder = self.builder(other.unwrap_or(&self.policy))?;
        let (ground, key) = (self.ground.clone(), self.token_key.clone());
        let digest = move || ground.digest(key.as_deref()).map_err(Problem::text);
        Ok(Source { builder, ground: Box::new(digest) })
    }
}

impl LogFileArguments {
    /// Opens the log, for what this filter decides.
    pub(super) fn open(&self, options: LogOptions, filter: &Filter) -> Result<DisclosureLog, Problem> {
        let mut options = options;
        if let Some(key) = self.key()? {
            options = options.key(key);
        }
        if let Some(path) = &self.log_signing_key {
            options = options.sign(SigningKey::read(path)?);
        }
        Ok(options.open(&self.log, filter)?)
    }

    /// Refuses a log in the place of the queue.
    pub(super) fn refuse_queue(&self, reviews: &ReviewArguments) -> Result<(), Problem> {
        for file in reviews.files() {
            refuse_overlap(("the queue of reviews", &file), ("the disclosure log", &self.log))?;
        }
        Ok(())
    }

    /// The file of the log.
    pub(super) fn path(&self) -> &Path {
        &self.log
    }

    /// The key of the log's hashes, if it has one.
    pub(super) fn key(&self) -> Result<Option<Key>, Problem> {
        Ok(self.log_key.as_deref().map(Key::read).transpose()?)
    }
}

impl DeskArguments {
    /// Refuses a SQLite queue that isn't there.
    pub(super) fn must_exist(&self) -> Result<(), Problem> {
        self.reviews.must_exist()
    }

    /// Refuses a folder in which the queue, a key or the log is, or which is one of them: what is exported would be written over
    /// it, or cleaned away with it.
    pub(super) fn refuse_within(&self, folder: &Path) -> Result<(), Problem> {
        let LogFileArguments { log, log_key, log_signing_key } = &self.log;
        let files = self.reviews.files().into_iter().map(|file| ("the queue of reviews", file));
        let files = files.chain(self.reviews.keys().iter().map(|key| ("the key of the queue of reviews", key.clone())));
        let files = files.chain(log_key.iter().map(|key| ("the key of the disclosure log", key.clone())));
        let files =
            files.chain(log_signing_key.iter().map(|key| ("the signing key of the disclosure log", key.clone())));
        for (what, file) in files.chain([("the disclosure log", log.clone())]) {
            refuse_overlap((what, &file), ("the folder of the exports", folder))?;
        }
        Ok(())
    }

    /// Opens the desk. Its log is opened last: until then nothing has changed.
    pub(super) async fn open(&self, options: LogOptions) -> Result<Desk, Problem> {
        let filter = self.policy.filter()?;
        self.log.refuse_queue(&self.reviews)?;
        let reviews: ReviewStore = self.reviews.open().await?;
        let log = self.log.open(options, &filter)?;
        Ok(Desk::new(reviews, log, filter))
    }
}

impl From<DeskError> for Problem {
    fn from(error: DeskError) -> Self {
        match error {
            DeskError::Usage(message) => Self::Usage(message),
            DeskError::Review(error) => error.into(),
            other => Self::Io(other.to_string()),
        }
    }
}
