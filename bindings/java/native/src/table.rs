//! Tables of what Java has handles of. A handle is a number that is never used again: one that was closed is found to be, and
//! a call in progress keeps its object while another thread closes it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

use crate::error::{Code, Fault};

/// So that threads rarely wait for one another: a handle's last bits choose the shard.
const SHARDS: usize = 16;

type Shard<T> = RwLock<HashMap<i64, Arc<T>>>;

/// All objects of one kind, by their handles.
pub struct Table<T> {
    shards: LazyLock<Vec<Shard<T>>>,
    /// What Java calls it.
    what: &'static str,
}

/// A number for a handle. 0 is none.
pub fn new_handle() -> i64 {
    static NEXT: AtomicI64 = AtomicI64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

impl<T> Table<T> {
    pub const fn new(what: &'static str) -> Self {
        Self { shards: LazyLock::new(|| (0..SHARDS).map(|_| RwLock::default()).collect()), what }
    }

    fn shard(&self, handle: i64) -> Result<&Shard<T>, Fault> {
        let number = usize::try_from(handle).unwrap_or_default() % SHARDS;
        self.shards.get(number).ok_or_else(|| self.closed())
    }

    fn closed(&self) -> Fault {
        Fault::of(Code::Closed, format!("the {} is closed", self.what))
    }

    pub fn insert(&self, handle: i64, object: T) -> Result<(), Fault> {
        self.shard(handle)?.write().unwrap_or_else(PoisonError::into_inner).insert(handle, Arc::new(object));
        Ok(())
    }

    pub fn get(&self, handle: i64) -> Result<Arc<T>, Fault> {
        let shard = self.shard(handle)?.read().unwrap_or_else(PoisonError::into_inner);
        shard.get(&handle).map(Arc::clone).ok_or_else(|| self.closed())
    }

    /// Lets go of it. A handle that was closed is nothing to close.
    pub fn remove(&self, handle: i64) -> Result<(), Fault> {
        let removed = self.shard(handle)?.write().unwrap_or_else(PoisonError::into_inner).remove(&handle);
        // Without the lock: dropping a filter takes a while.
        drop(removed);
        Ok(())
    }
}
