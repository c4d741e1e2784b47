//! Another policy for a filter that is in use, on record before it decides anything.

use jni::objects::{JByteArray, JClass};
use jni::sys::jlong;
use jni::{EnvUnowned, jni_mangle};

use crate::config::build;
use crate::filter::FILTERS;
use crate::log::LOGS;
use crate::reply::{Payload, reply};

/// Puts another configuration in force. A log, unless it is 0, has that on record first.
#[jni_mangle("org.dmvredact.Native")]
pub fn swap_filter<'local>(
    env: EnvUnowned<'local>,
    _class: JClass<'local>,
    filter: jlong,
    config: JByteArray<'local>,
    log: jlong,
) -> JByteArray<'local> {
    reply(env, |env| {
        let filter = FILTERS.get(filter)?;
        let log = if log == 0 { None } else { Some(LOGS.get(log)?) };
        let built = build(&env.convert_byte_array(config)?)?;
        filter.swap(built, |built| log.map_or(Ok(()), |log| log.change_filter(built)))?;
        Ok(Payload::none())
    })
}
