//! What is in OUT at the end of a run that the run did not put there: it is reported, or removed (P11).

use std::fmt;
use std::path::Path;

use super::Summary;
use super::batch::RunObserver;
use super::placed;
use super::state::StateFolder;
use super::walk::WalkEntry;

/// Left-over files reported as failures, which are always printed; the summary counts all.
const MAX_REPORTED: u64 = 100;

/// Takes what is left over, one entry after another.
pub(super) struct LeftOver<'w> {
    /// The run's own state, which is not left over.
    pub(super) folder: &'w StateFolder,
    pub(super) out: &'w Path,
    /// Whether to remove it.
    pub(super) prunes: bool,
    pub(super) observer: &'w dyn RunObserver,
    pub(super) summary: &'w mut Summary,
    pub(super) reported: u64,
}

impl LeftOver<'_> {
    pub(super) fn take(&mut self, found: WalkEntry) {
        match found {
            WalkEntry::File { path, .. } | WalkEntry::Irregular(path) if self.prunes => {
                match placed::remove(&path, self.out) {
                    Ok(()) => self.summary.add_pruned(),
                    Err(error) => {
                        self.summary.add_left_over();
                        self.report(&path, format_args!("left from before, and not removed: {error}"));
                    }
                }
            }
            WalkEntry::File { path, .. } | WalkEntry::Irregular(path) => {
                self.summary.add_left_over();
                self.report(&path, "left from before: this run did not put it there");
            }
            WalkEntry::State(path) if self.folder.is_at(&path) => {}
            WalkEntry::State(path) => {
                self.summary.add_left_over();
                self.report(&path, "the state of another, unfinished run");
            }
            WalkEntry::Fault(path, error) => {
                self.summary.add_fault();
                self.report(&path, error);
            }
        }
    }

    fn report(&mut self, path: &Path, what: impl fmt::Display) {
        self.reported += 1;
        let text = format!("{}: {what}", path.display());
        if self.reported <= MAX_REPORTED { self.observer.on_failure(&text) } else { self.observer.on_notice(&text) }
    }
}
