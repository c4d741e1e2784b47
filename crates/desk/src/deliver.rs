//! Puts approved messages into a folder, each once, also if the process is killed at any moment (P11, P12).
//!
//! An output is written under a name of its own, claimed in the queue, put on record, renamed to its place, and ended in
//! the queue, in this order. Whoever finds an interrupted delivery sees by the file how far it was: it is still under its
//! own name, and goes out now; or it isn't, and has gone out.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use dmv_redact::{Disposition, Requester};
use dmv_redact_log::DeskAction;
use dmv_redact_model::files::{private_file, private_folder, sync_folder_of, text_of};
use dmv_redact_review::{Cursor, Filter, Review, ReviewError, ReviewId, ReviewSummary, State};

use crate::desk::{Step, day_of};
use crate::held::{Details, with_approvals};
use crate::{Desk, DeskError};

/// Where outputs are until they are in their places.
const STAGING: &str = ".dmv-redact-review";
const LOCK: &str = "lock";
/// Reviews read at once.
const PAGE: u32 = 100;

/// A message that was put into the folder.
#[derive(Debug, Clone)]
pub struct Exported {
    /// Its review.
    pub review: ReviewId,
    /// Where it came from.
    pub source: String,
    /// Identifies it there.
    pub id: String,
    /// The name of its file in the folder.
    pub file: String,
}

/// An approved message that didn't go out.
#[derive(Debug, Clone)]
pub struct Leftover {
    /// Its review.
    pub review: ReviewId,
    /// Why.
    pub why: String,
}

/// What was put into a folder, and what wasn't.
type Export = (Vec<Exported>, Vec<Leftover>);

impl Desk {
    /// Puts what is approved at `now`, in Unix seconds, into a folder: a file for each message, named by its review. Of one
    /// `source` alone, if one is given. `host` tells the folder from one of the same name on another machine. What another
    /// export into the folder was interrupted in is ended first.
    ///
    /// A message that the policy doesn't release any more stays approved, and is told of.
    ///
    /// # Errors
    /// [`DeskError::Output`] when the folder can't be written, or another export writes it; [`DeskError::Log`];
    /// [`DeskError::Review`]. What was put there before stays.
    pub async fn export(&self, folder: &Path, host: &str, source: Option<&str>, now: i64) -> Result<Export, DeskError> {
        let folder = Folder::open(folder, host)?;
        let (mut exported, mut leftovers) = (Vec::new(), Vec::new());
        for id in folder.all_staged()? {
            // Its delivery was never claimed, or a person has settled it.
            let review = self.reviews.get(id).await?;
            if review.is_none_or(|review| review.summary.state != State::Delivering) {
                folder.unstage(id)?;
            }
        }
        for summary in self.reviews.delivering(&folder.node).await? {
            let id = summary.id;
            match folder.is_staged(id) {
                // The record may be there: it is written again, for nobody knows.
                true => match self.deliver(&folder, &summary, true, now).await? {
                    Ok(done) => exported.push(done),
                    Err(leftover) => leftovers.push(leftover),
                },
                false if folder.is_placed(id) => self.reviews.delivered(id, &folder.node, now).await?,
                // Somebody took it away, or the folder is another one.
                false => {
                    let why = "its delivery was interrupted, and it isn't in the folder: settle it".to_owned();
                    leftovers.push(Leftover { review: id, why });
                }
            }
        }
        let mut after: Option<Cursor> = None;
        loop {
            let filter = Filter { states: vec![State::Approved], after, limit: PAGE, ..Filter::default() };
            let page = self.reviews.list(&filter).await?;
            let Some(last) = page.last() else { return Ok((exported, leftovers)) };
            after = Some(last.cursor());
            for summary in page.iter().filter(|summary| source.is_none_or(|source| summary.source == source)) {
                match self.deliver(&folder, summary, false, now).await {
                    Ok(Ok(done)) => exported.push(done),
                    Ok(Err(leftover)) => leftovers.push(leftover),
                    // Another node was first, or it has expired meanwhile.
                    Err(DeskError::Review(
                        ReviewError::Conflict { .. } | ReviewError::Refused { .. } | ReviewError::Purged(_),
                    )) => {}
                    Err(error) => return Err(error),
                }
            }
        }
    }

    /// Delivers one. `Err` within `Ok`: it doesn't go out by the policy.
    async fn deliver(
        &self,
        folder: &Folder,
        summary: &ReviewSummary,
        is_claimed: bool,
        now: i64,
    ) -> Result<Result<Exported, Leftover>, DeskError> {
        let id = summary.id;
        let review = self.reviews.get(id).await?.ok_or(ReviewError::NotFound(id))?;
        let original = self.reviews.original(id).await?;
        let Some(requester) = self.approved_request(&review, &original, now)? else {
            self.abandon(folder, summary, is_claimed).await?;
            let why = "its approvals aren't what the policy asks for, or have expired".to_owned();
            return Ok(Err(Leftover { review: id, why }));
        };
        let mut output = Vec::new();
        let receipt = self.filter().redact(&original, &requester, &mut output);
        if !receipt.disposition().releases() {
            self.abandon(folder, summary, is_claimed).await?;
            let disposition: Disposition = receipt.disposition();
            let why = format!("{}: {}", disposition.name(), receipt.detail().unwrap_or_default());
            return Ok(Err(Leftover { review: id, why }));
        }
        folder.stage(id, &output)?;
        if !is_claimed && let Err(error) = self.reviews.begin_delivery(id, &folder.node, now).await {
            folder.unstage(id)?;
            return Err(error.into());
        }
        let record = (summary.source.as_str(), summary.message.as_str(), &requester, &receipt);
        self.log.append_identified([record]).map_err(DeskError::Log)?;
        let file = folder.place(id, &output)?;
        self.reviews.delivered(id, &folder.node, now).await?;
        Ok(Ok(Exported { review: id, source: summary.source.clone(), id: summary.message.clone(), file }))
    }

    /// Gives a claimed delivery back: nothing of it goes out.
    async fn abandon(&self, folder: &Folder, summary: &ReviewSummary, is_claimed: bool) -> Result<(), DeskError> {
        if is_claimed {
            let step = Step::new(DeskAction::Abandoned, None);
            self.step(summary, step, self.reviews.abandon_delivery(summary.id, &folder.node)).await?;
            folder.unstage(summary.id)?;
        }
        Ok(())
    }

    /// The request of an approved review, as of today. `None` if its approvals aren't what its row says.
    fn approved_request(&self, review: &Review, original: &[u8], now: i64) -> Result<Option<Requester>, DeskError> {
        let details = Details::of(review)?;
        let request = details.request.read().map_err(DeskError::Usage)?.on(day_of(now)?);
        // One that was claimed in time goes on.
        let now = if review.summary.state == State::Delivering { i64::MIN } else { now };
        let filter = self.filter();
        let held = filter.redact(original, &request, &mut Vec::new());
        with_approvals((review, &details), (&filter, &held), request, now)
    }
}

/// Whether messages were exported into this folder.
#[must_use]
pub fn is_export_folder(folder: &Path) -> bool {
    folder.join(STAGING).symlink_metadata().is_ok()
}

/// The folder that messages go to, locked.
struct Folder {
    path: PathBuf,
    staging: PathBuf,
    /// Who delivers, for the queue: host and folder, so that each has its own.
    node: String,
    _lock: File,
}

impl Folder {
    fn open(path: &Path, host: &str) -> Result<Self, DeskError> {
        let fault = |error: io::Error| DeskError::Output(format!("{}: {error}", path.display()));
        let staging = path.join(STAGING);
        fs::create_dir_all(path).map_err(fault)?;
        private_folder().create(&staging).map_err(fault)?;
        if staging.symlink_metadata().map_err(fault)?.is_symlink() {
            return Err(DeskError::Output(format!("{}: a link, and outputs are written there", staging.display())));
        }
        let path = path.canonicalize().map_err(fault)?;
        let lock =
            OpenOptions::new().create(true).truncate(false).write(true).open(staging.join(LOCK)).map_err(fault)?;
        if lock.try_lock().is_err() {
            return Err(DeskError::Output(format!("{}: another export writes into it", path.display())));
        }
        let node = format!("{host}: export {}", text_of(&path));
        Ok(Self { staging: path.join(STAGING), path, node, _lock: lock })
    }

    fn staged(&self, id: ReviewId) -> PathBuf {
        self.staging.join(id.to_string())
    }

    /// An output that may not be whole yet.
    fn unfinished(&self, id: ReviewId) -> PathBuf {
        self.staging.join(format!("{id}.new"))
    }

    fn is_staged(&self, id: ReviewId) -> bool {
        self.staged(id).exists()
    }

    fn is_placed(&self, id: ReviewId) -> bool {
        ["json", "xml"].into_iter().any(|ending| self.path.join(format!("{id}.{ending}")).is_file())
    }

    /// Writes an output under its own name.
    fn stage(&self, id: ReviewId, output: &[u8]) -> Result<(), DeskError> {
        // What is staged shows that it hasn't gone out, so there is never a moment without.
        let new = self.unfinished(id);
        let written = private_file().create(true).truncate(true).open(&new).and_then(|mut file| {
            file.write_all(output)?;
            file.sync_all()?;
            fs::rename(&new, self.staged(id))?;
            sync_folder_of(&new)
        });
        written.map_err(|error| self.fault(&error))
    }

    fn unstage(&self, id: ReviewId) -> Result<(), DeskError> {
        for path in [self.unfinished(id), self.staged(id)] {
            match fs::remove_file(path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(self.fault(&error)),
                _ => {}
            }
        }
        Ok(())
    }

    /// The reviews whose outputs are staged.
    fn all_staged(&self) -> Result<Vec<ReviewId>, DeskError> {
        let names = fs::read_dir(&self.staging)
            .and_then(|entries| entries.map(|entry| Ok(entry?.file_name())).collect::<io::Result<Vec<_>>>());
        let names = names.map_err(|error| self.fault(&error))?;
        Ok(names.iter().filter_map(|name| Path::new(name).file_stem()?.to_str()?.parse().ok()).collect())
    }

    /// Puts an output in its place, and gives its name there. The name says nothing of the message.
    fn place(&self, id: ReviewId, output: &[u8]) -> Result<String, DeskError> {
        let is_xml = output.iter().find(|byte| !byte.is_ascii_whitespace()).is_some_and(|byte| *byte == b'<');
        let name = format!("{id}.{}", if is_xml { "xml" } else { "json" });
        let (staged, place) = (self.staged(id), self.path.join(&name));
        let placed = fs::rename(&staged, &place).and_then(|()| {
            sync_folder_of(&place)?;
            sync_folder_of(&staged)
        });
        placed.map(|()| name).map_err(|error| self.fault(&error))
    }

    fn fault(&self, error: &io::Error) -> DeskError {
        DeskError::Output(format!("{}: {error}", self.path.display()))
    }
}
