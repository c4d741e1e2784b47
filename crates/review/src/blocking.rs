//! The queue for programs that have no asynchronous runtime: the same calls, each waiting for its end.

use std::path::Path;

use tokio::runtime::{Builder, Handle, Runtime};

use super::{
    Account, AccountChange, Added, ContentDigest, Decision, Filter, Keys, NewReview, Review, ReviewError, ReviewId,
    ReviewStore, ReviewSummary, Role, State,
};

/// A [`ReviewStore`] with a runtime of its own, on the thread that calls. It may be shared by threads.
///
/// Each call fails with [`ReviewError::Usage`] within an asynchronous runtime, where it would block it: use [`ReviewStore`]
/// there.
#[derive(Debug)]
pub struct BlockingReviews {
    store: ReviewStore,
    runtime: Runtime,
}

impl BlockingReviews {
    /// See [`ReviewStore::open`].
    ///
    /// # Errors
    /// As there.
    pub fn open(url_or_path: &str, keys: Keys) -> Result<Self, ReviewError> {
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| ReviewError::Io(format!("runtime: {error}")))?;
        let store = run(&runtime, ReviewStore::open(url_or_path, keys))?;
        Ok(Self { store, runtime })
    }

    /// The store, to be used within a runtime.
    #[must_use]
    pub fn store(&self) -> &ReviewStore {
        &self.store
    }

    #[cfg(test)]
    pub(crate) fn wait<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    /// See [`ReviewStore::add`].
    ///
    /// # Errors
    /// As there.
    pub fn add(&self, review: &NewReview<'_>, now: i64) -> Result<Added, ReviewError> {
        run(&self.runtime, self.store.add(review, now))
    }

    /// See [`ReviewStore::list`].
    ///
    /// # Errors
    /// As there.
    pub fn list(&self, filter: &Filter) -> Result<Vec<ReviewSummary>, ReviewError> {
        run(&self.runtime, self.store.list(filter))
    }

    /// See [`ReviewStore::get`].
    ///
    /// # Errors
    /// As there.
    pub fn get(&self, id: ReviewId) -> Result<Option<Review>, ReviewError> {
        run(&self.runtime, self.store.get(id))
    }

    /// See [`ReviewStore::original`].
    ///
    /// # Errors
    /// As there.
    pub fn original(&self, id: ReviewId) -> Result<Vec<u8>, ReviewError> {
        run(&self.runtime, self.store.original(id))
    }

    /// See [`ReviewStore::decide`].
    ///
    /// # Errors
    /// As there.
    pub fn decide(
        &self,
        id: ReviewId,
        digest: &ContentDigest,
        decision: &Decision<'_>,
        now: i64,
    ) -> Result<State, ReviewError> {
        run(&self.runtime, self.store.decide(id, digest, decision, now))
    }

    /// See [`ReviewStore::due`].
    ///
    /// # Errors
    /// As there.
    pub fn due(&self, now: i64, limit: u32) -> Result<Vec<ReviewSummary>, ReviewError> {
        run(&self.runtime, self.store.due(now, limit))
    }

    /// See [`ReviewStore::expire`].
    ///
    /// # Errors
    /// As there.
    pub fn expire(&self, now: i64) -> Result<Vec<ReviewId>, ReviewError> {
        run(&self.runtime, self.store.expire(now))
    }

    /// See [`ReviewStore::reopen`].
    ///
    /// # Errors
    /// As there.
    pub fn reopen(&self, id: ReviewId, again: ReviewId, times: (i64, i64)) -> Result<(), ReviewError> {
        run(&self.runtime, self.store.reopen(id, again, times))
    }

    /// Waits for other work on the store's runtime: for what is built on [`ReviewStore`].
    ///
    /// # Errors
    /// [`ReviewError::Usage`] within an asynchronous runtime.
    pub fn block_on<T>(&self, work: impl Future<Output = T>) -> Result<T, ReviewError> {
        run(&self.runtime, async { Ok(work.await) })
    }

    /// See [`ReviewStore::begin_delivery`].
    ///
    /// # Errors
    /// As there.
    pub fn begin_delivery(&self, id: ReviewId, node: &str, now: i64) -> Result<(), ReviewError> {
        run(&self.runtime, self.store.begin_delivery(id, node, now))
    }

    /// See [`ReviewStore::delivering`].
    ///
    /// # Errors
    /// As there.
    pub fn delivering(&self, node: &str) -> Result<Vec<ReviewSummary>, ReviewError> {
        run(&self.runtime, self.store.delivering(node))
    }

    /// See [`ReviewStore::delivered`].
    ///
    /// # Errors
    /// As there.
    pub fn delivered(&self, id: ReviewId, node: &str, now: i64) -> Result<(), ReviewError> {
        run(&self.runtime, self.store.delivered(id, node, now))
    }

    /// See [`ReviewStore::abandon_delivery`].
    ///
    /// # Errors
    /// As there.
    pub fn abandon_delivery(&self, id: ReviewId, node: &str) -> Result<(), ReviewError> {
        run(&self.runtime, self.store.abandon_delivery(id, node))
    }

    /// See [`ReviewStore::purge`].
    ///
    /// # Errors
    /// As there.
    pub fn purge(&self, before: i64, now: i64) -> Result<u64, ReviewError> {
        run(&self.runtime, self.store.purge(before, now))
    }

    /// See [`ReviewStore::rekey`].
    ///
    /// # Errors
    /// As there.
    pub fn rekey(&self) -> Result<u64, ReviewError> {
        run(&self.runtime, self.store.rekey())
    }

    /// See [`ReviewStore::backup`].
    ///
    /// # Errors
    /// As there.
    pub fn backup(&self, path: &Path) -> Result<(), ReviewError> {
        run(&self.runtime, self.store.backup(path))
    }

    /// See [`ReviewStore::add_account`].
    ///
    /// # Errors
    /// As there.
    pub fn add_account(&self, name: &str, role: Role, password: Option<&str>, now: i64) -> Result<(), ReviewError> {
        run(&self.runtime, self.store.add_account(name, role, password, now))
    }

    /// See [`ReviewStore::accounts`].
    ///
    /// # Errors
    /// As there.
    pub fn accounts(&self) -> Result<Vec<Account>, ReviewError> {
        run(&self.runtime, self.store.accounts())
    }

    /// See [`ReviewStore::account`].
    ///
    /// # Errors
    /// As there.
    pub fn account(&self, name: &str) -> Result<Option<Account>, ReviewError> {
        run(&self.runtime, self.store.account(name))
    }

    /// See [`ReviewStore::change_account`].
    ///
    /// # Errors
    /// As there.
    pub fn change_account(&self, name: &str, change: &AccountChange<'_>, now: i64) -> Result<(), ReviewError> {
        run(&self.runtime, self.store.change_account(name, change, now))
    }
}

fn run<T>(runtime: &Runtime, work: impl Future<Output = Result<T, ReviewError>>) -> Result<T, ReviewError> {
    if Handle::try_current().is_ok() {
        return Err(ReviewError::Usage("a blocking call within an asynchronous runtime".to_owned()));
    }
    runtime.block_on(work)
}
