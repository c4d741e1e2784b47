//! The queue of reviews in a run: held messages go into it, and what was approved there comes back to its place.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::path::PathBuf;

use clap::Args;

use super::super::Problem;
use super::super::review_arguments::{DAY, database, files, host, now, open};
use dmv_redact::Filter;
use dmv_redact_archive::{Destination, HeldMessage, Outputs, ReviewQueue, Reviewed, SourceError, real_path};
use dmv_redact_desk::{DeskError, Standing, hold, standing};
use dmv_redact_model::files::text_of;
use dmv_redact_model::hex::hex;
use dmv_redact_review::{BlockingReviews, ReviewSummary, State};
use sha2::{Digest, Sha256};

/// Where held messages wait.
#[derive(Debug, Args)]
pub(super) struct HoldArguments {
    /// Put held messages into this queue of reviews, and release what was approved there: the path of a SQLite database, or a
    /// URL postgres://... [default with --review-key: what the environment variable DMV_REDACT_REVIEW says]
    #[arg(long, value_name = "DB", requires = "review_keys", conflicts_with_all = ["approved", "dry_run"])]
    review: Option<String>,
    /// The key of what is encrypted in the queue: the content of this file, 32 bytes at least. May be given again: the first
    /// encrypts, the others decrypt what an earlier key encrypted
    #[arg(long = "review-key", value_name = "FILE", requires = "log", conflicts_with_all = ["approved", "dry_run"])]
    review_keys: Vec<PathBuf>,
    /// Days after which a message is denied if nobody has decided
    #[arg(long, value_name = "N", default_value_t = 10, requires = "review_keys", value_parser = clap::value_parser!(u16).range(1..))]
    review_days: u16,
    /// The name of this machine in the queue, for what is approved goes out in one place [default: the host name]
    #[arg(long, value_name = "NAME", requires = "review_keys")]
    review_node: Option<String>,
}

impl HoldArguments {
    /// The files of the queue, if it has any: nothing else of a run may be there.
    pub(super) fn files(&self) -> Vec<PathBuf> {
        self.database().map(|database| files(&database)).unwrap_or_default()
    }

    /// The queue that is meant, if one is.
    fn database(&self) -> Option<String> {
        if self.review_keys.is_empty() { None } else { database(self.review.as_deref()).ok() }
    }

    /// The files of the keys.
    pub(super) fn keys(&self) -> &[PathBuf] {
        &self.review_keys
    }

    /// What must be the same when a stopped run is resumed.
    pub(super) fn terms(&self) -> impl std::fmt::Debug {
        // It may have a password, and what must be the same stands in the journal.
        (self.database().map(|database| hex(&Sha256::digest(database))), &self.review_node)
    }

    /// The queue, if there is one.
    pub(super) fn queue(&self, filter: &Filter, outputs: &Outputs) -> Result<Option<Box<dyn ReviewQueue>>, Problem> {
        if self.review_keys.is_empty() {
            return Ok(None);
        }
        let reviews = open(&database(self.review.as_deref())?, &self.review_keys)?;
        let host = self.review_node.clone().unwrap_or_else(host);
        let (filter, days) = (filter.clone(), i64::from(self.review_days));
        Ok(Some(Box::new(Queue { reviews, filter, node: node(&host, outputs)?, days })))
    }
}

/// Who delivers: the outputs of a run are made again by another run, so both are one; of a stream nobody knows how much of it
/// was read, so each is another. A link to another folder is another place, whatever its name.
fn node(host: &str, outputs: &Outputs) -> Result<String, SourceError> {
    let out = match outputs {
        Outputs::Mirror(out) | Outputs::Files(out) => Some(out),
        Outputs::One { destination: Destination::File(out), .. } => Some(out),
        Outputs::One { .. } | Outputs::Nowhere => None,
    };
    Ok(match out {
        Some(out) => format!("{host}: run {}", text_of(&real_path(out)?)),
        None => format!("{host}: stream {:016x}", RandomState::new().build_hasher().finish()),
    })
}

/// The queue.
#[derive(Debug)]
struct Queue {
    reviews: BlockingReviews,
    filter: Filter,
    node: String,
    /// Until a message is denied.
    days: i64,
}

impl ReviewQueue for Queue {
    fn last_decision(&self) -> Result<i64, String> {
        let read = self.reviews.block_on(self.reviews.store().last_decision());
        read.and_then(|last| last).map_err(|error| format!("the queue of reviews: {error}"))
    }

    fn review(&self, message: &HeldMessage<'_>) -> Result<Reviewed, String> {
        let HeldMessage { source, id, original, requester, receipt, last_decision } = *message;
        let held = dmv_redact_desk::HeldMessage { source, id, original, requester, receipt };
        let (now, store) = (now(), self.reviews.store());
        let reviewed = async {
            let review = hold(store, &self.filter, &held, (now + self.days * DAY, now)).await?.id();
            let found = standing((store, &self.filter), review, &held, &self.node, (last_decision, now)).await?;
            Ok::<_, DeskError>(match found {
                Standing::Waits => Reviewed::Waits,
                Standing::Denied(why) => Reviewed::Denied(why),
                Standing::Held(why) => Reviewed::Held(why),
                Standing::Approved(request) => Reviewed::Approved(review.to_string(), request),
            })
        };
        let reviewed = self.reviews.block_on(reviewed).map_err(|error| error.to_string())?;
        reviewed.map_err(|error| error.to_string())
    }

    fn are_claimed(&self, reviews: &mut dyn Iterator<Item = &str>) -> Result<bool, String> {
        for review in reviews {
            let id = review.parse().map_err(|_| "the journal names no review".to_owned())?;
            let found = self.reviews.get(id).map_err(|error| error.to_string())?;
            let is_own = |review: &ReviewSummary| {
                let is_claimed = matches!(review.state, State::Delivering | State::Delivered);
                is_claimed && review.delivery.as_ref().is_some_and(|delivery| delivery.node == self.node)
            };
            if !found.is_some_and(|review| is_own(&review.summary)) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn delivered(&self, reviews: &mut dyn Iterator<Item = &str>) -> Result<(), String> {
        for review in reviews {
            let id = review.parse().map_err(|_| "the journal names no review".to_owned())?;
            let found = self.reviews.get(id).map_err(|error| error.to_string())?;
            // It was ended when the outputs were made before.
            let is_over = found.is_some_and(|review| {
                let is_own = review.summary.delivery.is_some_and(|delivery| delivery.node == self.node);
                review.summary.state == State::Delivered && is_own
            });
            if !is_over {
                self.reviews.delivered(id, &self.node, now()).map_err(|error| error.to_string())?;
            }
        }
        Ok(())
    }
}
