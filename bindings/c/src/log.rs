//! The disclosure log: the record of a message is on disk before its output may go out (P12).

use std::ffi::c_char;
use std::io::ErrorKind;
use std::path::Path;
use std::sync::{PoisonError, RwLock};

use dmv_redact::Filter;
use dmv_redact_log::{DisclosureLog, Key, LogError, LogOptions, Rotation};

use crate::error::{DmvrCode, Fault};
use crate::filter::DmvrFilter;
use crate::guard::guard;
use crate::handle::{Opaque, free, get, give, hold};
use crate::redaction::DmvrRedaction;
use crate::request::DmvrRequest;
use crate::text::{path, put, text};

/// A disclosure log. For any number of threads at once; one process writes a log at a time.
pub struct DmvrLog {
    _opaque: [u8; 0],
}

pub(crate) struct LogObject {
    /// `None`: it was ended.
    log: RwLock<Option<DisclosureLog>>,
}

impl Opaque for DmvrLog {
    type Object = LogObject;
    const KIND: u64 = u64::from_le_bytes(*b"dmvr log");
}

/// How a log is written. All zero: one file, without a key.
#[repr(C)]
pub struct DmvrLogOptions {
    /// The file of the key of the hashes; null: none.
    pub key_path: *const c_char,
    /// The name of the process or machine that writes; null: none.
    pub service: *const c_char,
    /// Whether it goes on in a new file each day: 1 or 0.
    pub rotate_daily: i32,
    /// After so many bytes it goes on in a new file; 0: never.
    pub rotate_after_bytes: u64,
    /// Whether the messages go out as they came, and no record counts as a disclosure: 1 or 0.
    pub dry_run: i32,
}

/// The last line of a log: kept elsewhere, it reveals a log that was cut off.
#[repr(C)]
pub struct DmvrLogHead {
    /// The number of its last line.
    pub sequence: u64,
    /// The hash of that line: 64 hexadecimal digits and a zero.
    pub hash: [c_char; 65],
}

impl From<LogError> for Fault {
    fn from(error: LogError) -> Self {
        let code = if let LogError::Usage(_) = error { DmvrCode::Invalid } else { DmvrCode::Io };
        Self::of(code, error.to_string())
    }
}

fn io(error: std::io::Error) -> Fault {
    let code = if error.kind() == ErrorKind::InvalidInput { DmvrCode::Invalid } else { DmvrCode::Io };
    Fault::of(code, error.to_string())
}

impl LogObject {
    /// Does something with the log, unless it was ended.
    fn with<T>(&self, work: impl FnOnce(&DisclosureLog) -> Result<T, Fault>) -> Result<T, Fault> {
        let log = self.log.read().unwrap_or_else(PoisonError::into_inner);
        work(log.as_ref().ok_or_else(|| Fault::of(DmvrCode::Nothing, "the log was ended"))?)
    }

    pub(crate) fn change_filter(&self, filter: &Filter) -> Result<(), Fault> {
        self.with(|log| log.change_filter(filter).map_err(io))
    }
}

impl DmvrLogOptions {
    /// # Safety
    /// Its texts are null, or end with a zero.
    unsafe fn open(&self, at: &Path, filter: &Filter) -> Result<DisclosureLog, Fault> {
        let mut options = LogOptions::default();
        if !self.key_path.is_null() {
            // SAFETY: by the contract of this function.
            options = options.key(Key::read(&unsafe { path(self.key_path, "the path of the key")? })?);
        }
        if !self.service.is_null() {
            // SAFETY: by the contract of this function.
            options = options.service(unsafe { text(self.service, "the service")? });
        }
        options = match (self.rotate_daily != 0, self.rotate_after_bytes) {
            (false, 0) => options,
            (true, 0) => options.rotate(Rotation::daily()),
            (false, bytes) => options.rotate(Rotation::after_bytes(bytes)),
            (true, bytes) => options.rotate(Rotation::daily().or_after_bytes(bytes)),
        };
        if self.dry_run != 0 {
            options = options.dry_run();
        }
        Ok(options.open(at, filter)?)
    }
}

/// Opens a log, or makes one that only its owner can read, and records that the process begins with this filter. `options` may be
/// null. With an error there is none, and `log` is null.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dmvr_log_open(
    at: *const c_char,
    filter: *const DmvrFilter,
    options: *const DmvrLogOptions,
    log: *mut *mut DmvrLog,
) -> DmvrCode {
    guard(|| {
        // SAFETY: as the header asks.
        unsafe { put(log, std::ptr::null_mut(), "the log")? };
        // SAFETY: as the header asks.
        let (at, filter, options) = unsafe { (path(at, "the path of the log")?, get(filter)?, options.as_ref()) };
        let none = DmvrLogOptions {
            key_path: std::ptr::null(),
            service: std::ptr::null(),
            rotate_daily: 0,
            rotate_after_bytes: 0,
            dry_run: 0,
        };
        // SAFETY: as the header asks.
        let opened = unsafe { options.unwrap_or(&none).open(&at, &filter.current())? };
        let new = give::<DmvrLog>(LogObject { log: RwLock::new(Some(opened)) });
        // SAFETY: as the header asks.
        unsafe { put(log, new, "the log") }
    })
}

/// Records the last message of a redaction, with the current time, and syncs: when it returns `DMVR_CODE_OK`, the output may go out.
/// `source` is the switch's word for where the message came from, `id` identifies it there, and may be null. With any other
/// code the output must not go out: the redaction has none any more. After `DMVR_CODE_IO` nothing more is recorded: free the log,
/// and open it again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dmvr_log_append(
    log: *const DmvrLog,
    source: *const c_char,
    id: *const c_char,
    request: *const DmvrRequest,
    redaction: *mut DmvrRedaction,
) -> DmvrCode {
    guard(|| {
        // SAFETY: as the header asks.
        let mut redaction = unsafe { hold(redaction.cast_const())? };
        // Without its receipt it has no output: whatever fails from here on, a panic too, nothing goes out.
        let receipt = redaction.take_receipt()?;
        // SAFETY: as the header asks.
        let (log, request, source) = unsafe { (get(log)?, hold(request)?, text(source, "the source")?) };
        // SAFETY: as the header asks.
        let id = if id.is_null() { "" } else { unsafe { text(id, "the identifier")? } };
        log.with(|log| log.append_identified([(source, id, request.requester()?, &receipt)]).map_err(io))?;
        redaction.receipt = Some(receipt);
        Ok(())
    })
}

/// Records that the process ends, and gives the number and hash of the last line; `end` may be null. Nothing more can be recorded:
/// free it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dmvr_log_end(log: *mut DmvrLog, end: *mut DmvrLogHead) -> DmvrCode {
    guard(|| {
        // SAFETY: as the header asks.
        let object = unsafe { get(log.cast_const())? };
        let taken = object.log.write().unwrap_or_else(PoisonError::into_inner).take();
        let taken = taken.ok_or_else(|| Fault::of(DmvrCode::Nothing, "the log was ended"))?;
        let (sequence, digits) = taken.end().map_err(io)?;
        if end.is_null() {
            return Ok(());
        }
        let mut hash = [0; 65];
        for (place, digit) in hash.iter_mut().zip(digits.bytes().take(64)) {
            *place = c_char::try_from(digit).unwrap_or_default();
        }
        // SAFETY: as the header asks.
        unsafe { put(end, DmvrLogHead { sequence, hash }, "the end") }
    })
}

/// Frees it. Without `dmvr_log_end` before, it has no end: a process that was killed leaves it so, too.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dmvr_log_free(log: *mut DmvrLog) -> DmvrCode {
    // SAFETY: as the header asks.
    guard(|| unsafe { free(log) })
}
