//! The native library of the Java binding. `Native.java` declares its functions; nothing else in Java calls them.
//!
//! A function takes and returns packed bytes (`packing`), so that a message crosses the border once. It never throws: a
//! reply is a result or an error, and Java throws (`reply`). A panic is an error too. Java has no pointers, only numbers that
//! are looked up in a table (`table`): whatever Java does, no freed memory is used.

mod config;
mod error;
mod filter;
mod log;
mod packing;
mod receipt;
mod redaction;
mod reply;
mod request;
mod swap;
mod table;

use jni::objects::{JByteArray, JClass};
use jni::{EnvUnowned, jni_mangle};

/// The version of the library, so that a jar finds out when it has loaded that of another.
#[jni_mangle("org.dmvredact.Native")]
pub fn version<'local>(env: EnvUnowned<'local>, _class: JClass<'local>) -> JByteArray<'local> {
    reply::reply(env, |_| Ok(env!("CARGO_PKG_VERSION").into()))
}
