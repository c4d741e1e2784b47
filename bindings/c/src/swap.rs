//! Another policy for a filter that is in use, on record before it decides anything.

use crate::config::DmvrConfig;
use crate::error::DmvrCode;
use crate::filter::DmvrFilter;
use crate::guard::guard;
use crate::handle::{get, hold};
use crate::log::DmvrLog;

/// Puts another configuration in force: built and checked aside, then swapped in one step. A message is decided by the one or the
/// other, whole. With an error the present one stays in force. `log` may be null; otherwise it has the change on record
/// first, and if that fails nothing changes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dmvr_filter_swap(
    filter: *mut DmvrFilter,
    config: *mut DmvrConfig,
    log: *mut DmvrLog,
) -> DmvrCode {
    guard(|| {
        // SAFETY: as the header asks.
        let (filter, built) = unsafe { (get(filter.cast_const())?, hold(config)?.build()?) };
        // SAFETY: as the header asks.
        let log = if log.is_null() { None } else { Some(unsafe { get(log.cast_const())? }) };
        filter.swap(built, |built| log.map_or(Ok(()), |log| log.change_filter(built)))
    })
}
