//! The filter: made once, shared by all threads.

use std::sync::{Arc, Mutex, PoisonError, RwLock};

use dmv_redact::Filter;
use jni::objects::{JByteArray, JClass};
use jni::sys::jlong;
use jni::{EnvUnowned, jni_mangle};

use crate::config::build;
use crate::error::Fault;
use crate::reply::{Payload, reply};
use crate::request::requester;
use crate::table::{Table, new_handle};

/// A filter that Java has.
pub struct FilterObject {
    current: RwLock<Arc<Filter>>,
    swapping: Mutex<()>,
}

/// All filters.
pub static FILTERS: Table<FilterObject> = Table::new("filter");

impl FilterObject {
    /// The filter that decides now. A call keeps it while another takes its place.
    pub fn current(&self) -> Arc<Filter> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts another in its place, if it could be recorded before. Two threads that swap do so in the order of the records.
    pub fn swap(&self, filter: Filter, record: impl FnOnce(&Filter) -> Result<(), Fault>) -> Result<(), Fault> {
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

/// Makes a filter of a packed configuration.
#[jni_mangle("org.dmvredact.Native")]
pub fn new_filter<'local>(
    env: EnvUnowned<'local>,
    _class: JClass<'local>,
    config: JByteArray<'local>,
) -> JByteArray<'local> {
    reply(env, |env| {
        let built = build(&env.convert_byte_array(config)?)?;
        let handle = new_handle();
        FILTERS.insert(handle, FilterObject { current: RwLock::new(Arc::new(built)), swapping: Mutex::default() })?;
        Ok(Payload::handle(handle))
    })
}

/// Checks that the policy declares what a request states.
#[jni_mangle("org.dmvredact.Native")]
pub fn check_filter<'local>(
    env: EnvUnowned<'local>,
    _class: JClass<'local>,
    filter: jlong,
    request: JByteArray<'local>,
) -> JByteArray<'local> {
    reply(env, |env| {
        let filter = FILTERS.get(filter)?;
        let requester = requester(&env.convert_byte_array(request)?)?;
        filter.current().check_request(&requester).map_err(|error| Fault::invalid(error.to_string()))?;
        Ok(Payload::none())
    })
}

/// Lets go of a filter. Calls in progress keep it until they return.
#[jni_mangle("org.dmvredact.Native")]
pub fn close_filter<'local>(env: EnvUnowned<'local>, _class: JClass<'local>, filter: jlong) -> JByteArray<'local> {
    reply(env, |_| {
        FILTERS.remove(filter)?;
        Ok(Payload::none())
    })
}
