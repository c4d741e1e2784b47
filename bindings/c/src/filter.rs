//! The filter: made once, shared by all threads.

use std::sync::{Arc, PoisonError};

use dmv_redact::Filter;

use crate::config::DmvrConfig;
use crate::error::{DmvrCode, Fault};
use crate::guard::guard;
use crate::handle::{Opaque, free, get, give, hold};
use crate::request::DmvrRequest;
use crate::sync::{Mutex, RwLock};
use crate::text::put;

/// The filter. For any number of threads at once.
pub struct DmvrFilter {
    _opaque: [u8; 0],
}

/// What the models have in place of a filter is quicker to make.
pub(crate) struct FilterObject<F = Filter> {
    current: RwLock<Arc<F>>,
    swapping: Mutex<()>,
}

impl<F> FilterObject<F> {
    pub(crate) fn new(filter: F) -> Self {
        Self { current: RwLock::new(Arc::new(filter)), swapping: Mutex::default() }
    }

    /// The filter that decides now. A call keeps it while another takes its place.
    pub(crate) fn current(&self) -> Arc<F> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts another in its place, if it could be recorded before. Two threads that swap do so in the order of the records.
    pub(crate) fn swap(&self, filter: F, record: impl FnOnce(&F) -> Result<(), Fault>) -> Result<(), Fault> {
        let _turn = self.swapping.lock().unwrap_or_else(PoisonError::into_inner);
        record(&filter)?;
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        let before = std::mem::replace(&mut *current, Arc::new(filter));
        // Without the lock: it may be the last to have it, and dropping a filter takes a while.
        drop(current);
        drop(before);
        Ok(())
    }
}

impl Opaque for DmvrFilter {
    type Object = FilterObject;
    const KIND: u64 = u64::from_le_bytes(*b"dmvrfilt");
}

/// Makes a filter: reads all files, checks them, and compiles them. It takes a second or less. With an error there is none, and
/// `filter` is null.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dmvr_filter_new(config: *mut DmvrConfig, filter: *mut *mut DmvrFilter) -> DmvrCode {
    guard(|| {
        // SAFETY: as the header asks.
        unsafe { put(filter, std::ptr::null_mut(), "the filter")? };
        // SAFETY: as the header asks.
        let built = unsafe { hold(config)? }.build()?;
        let new = give::<DmvrFilter>(FilterObject::new(built));
        // SAFETY: as the header asks.
        unsafe { put(filter, new, "the filter") }
    })
}

/// Checks that the policy declares what a request states. Messages for any other request are withheld: check each kind of
/// request once, before the first message.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dmvr_filter_check(filter: *const DmvrFilter, request: *const DmvrRequest) -> DmvrCode {
    guard(|| {
        // SAFETY: as the header asks.
        let (filter, request) = unsafe { (get(filter)?, hold(request)?) };
        filter.current().check_request(request.requester()?).map_err(|error| Fault::invalid(error.to_string()))
    })
}

/// Frees it. No thread may be in a call with it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dmvr_filter_free(filter: *mut DmvrFilter) -> DmvrCode {
    // SAFETY: as the header asks.
    guard(|| unsafe { free(filter) })
}
