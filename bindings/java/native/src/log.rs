//! The disclosure log: the record of a message is on disk before its output may go out (P12).

use std::sync::{PoisonError, RwLock};

use dmv_redact::Filter;
use dmv_redact_log::{DisclosureLog, Key, LogOptions, Rotation};
use jni::objects::{JByteArray, JClass};
use jni::sys::jlong;
use jni::{EnvUnowned, jni_mangle};

use crate::error::{Code, Fault};
use crate::filter::FILTERS;
use crate::packing::Reader;
use crate::redaction::REDACTIONS;
use crate::reply::{Payload, reply};
use crate::table::{Table, new_handle};

/// A log that Java has. One that ended is `None`.
pub struct LogObject(RwLock<Option<DisclosureLog>>);

/// All logs.
pub static LOGS: Table<LogObject> = Table::new("log");

fn ended() -> Fault {
    Fault::of(Code::Closed, "the log was ended")
}

impl LogObject {
    /// Does something with the log, unless it was ended.
    fn with<T>(&self, work: impl FnOnce(&DisclosureLog) -> std::io::Result<T>) -> Result<T, Fault> {
        let log = self.0.read().unwrap_or_else(PoisonError::into_inner);
        work(log.as_ref().ok_or_else(ended)?).map_err(|error| Fault::io(&error))
    }

    pub fn change_filter(&self, filter: &Filter) -> Result<(), Fault> {
        self.with(|log| log.change_filter(filter))
    }
}

/// Opens a log: its path, the path of its key, the service, whether it rotates daily, after how many bytes, whether nothing is
/// a disclosure. `LogOptions.java` packs them.
fn open(packed: &[u8], filter: &Filter) -> Result<DisclosureLog, Fault> {
    let mut packed = Reader::new(packed);
    let at = packed.required()?;
    let mut options = LogOptions::default();
    if let Some(key) = packed.text()? {
        options = options.key(Key::read(key.as_ref())?);
    }
    if let Some(service) = packed.text()? {
        options = options.service(service);
    }
    let (is_daily, bytes) = (packed.byte()? != 0, u64::try_from(packed.long()?).unwrap_or_default());
    options = match (is_daily, bytes) {
        (false, 0) => options,
        (true, 0) => options.rotate(Rotation::daily()),
        (false, bytes) => options.rotate(Rotation::after_bytes(bytes)),
        (true, bytes) => options.rotate(Rotation::daily().or_after_bytes(bytes)),
    };
    if packed.byte()? != 0 {
        options = options.dry_run();
    }
    Ok(options.open(at.as_ref(), filter)?)
}

/// Opens a log, or makes one, and records that the process begins with this filter.
#[jni_mangle("org.dmvredact.Native")]
pub fn open_log<'local>(
    env: EnvUnowned<'local>,
    _class: JClass<'local>,
    filter: jlong,
    options: JByteArray<'local>,
) -> JByteArray<'local> {
    reply(env, |env| {
        let filter = FILTERS.get(filter)?.current();
        let opened = open(&env.convert_byte_array(options)?, &filter)?;
        let handle = new_handle();
        LOGS.insert(handle, LogObject(RwLock::new(Some(opened))))?;
        Ok(Payload::handle(handle))
    })
}

/// Records a redaction, and syncs: its source, and its id there or none.
#[jni_mangle("org.dmvredact.Native")]
pub fn append_log<'local>(
    env: EnvUnowned<'local>,
    _class: JClass<'local>,
    log: jlong,
    redaction: jlong,
    origin: JByteArray<'local>,
) -> JByteArray<'local> {
    reply(env, |env| {
        let (log, redaction) = (LOGS.get(log)?, REDACTIONS.get(redaction)?);
        let origin = env.convert_byte_array(origin)?;
        let mut origin = Reader::new(&origin);
        let (source, id) = (origin.required()?, origin.text()?.unwrap_or_default());
        log.with(|log| log.append_identified([(source, id, &redaction.requester, &redaction.receipt)]))?;
        Ok(Payload::none())
    })
}

/// Records that the process ends: the number and hash of the last line.
#[jni_mangle("org.dmvredact.Native")]
pub fn end_log<'local>(env: EnvUnowned<'local>, _class: JClass<'local>, log: jlong) -> JByteArray<'local> {
    reply(env, |_| {
        let log = LOGS.get(log)?;
        let taken = log.0.write().unwrap_or_else(PoisonError::into_inner).take().ok_or_else(ended)?;
        let (sequence, hash) = taken.end().map_err(|error| Fault::io(&error))?;
        let mut out = Code::Ok.writer();
        out.handle(i64::try_from(sequence).unwrap_or(i64::MAX));
        out.text(Some(&hash));
        Ok(out.into())
    })
}

/// Lets go of a log. Without an end it is as a process that was killed leaves it.
#[jni_mangle("org.dmvredact.Native")]
pub fn close_log<'local>(env: EnvUnowned<'local>, _class: JClass<'local>, log: jlong) -> JByteArray<'local> {
    reply(env, |_| {
        LOGS.remove(log)?;
        Ok(Payload::none())
    })
}
