//! The frame of every function: a panic and an error end here, as replies; no exception of the JVM is left pending.

use std::cell::Cell;
use std::panic::set_hook;
use std::sync::Once;

use jni::objects::JByteArray;
use jni::{Env, EnvUnowned, Outcome};

use crate::error::{Code, Fault};
use crate::packing::Writer;

thread_local! {
    /// The file and line of the last panic.
    static PANICKED_AT: Cell<Option<String>> = const { Cell::new(None) };
}

/// What a function returns after its code.
pub struct Payload(Vec<u8>);

impl Payload {
    /// Nothing more.
    pub fn none() -> Self {
        Self(Code::Ok.writer().finish())
    }

    pub fn handle(handle: i64) -> Self {
        let mut out = Code::Ok.writer();
        out.handle(handle);
        Self(out.finish())
    }
}

impl From<Writer> for Payload {
    fn from(written: Writer) -> Self {
        Self(written.finish())
    }
}

impl From<&str> for Payload {
    fn from(text: &str) -> Self {
        let mut out = Code::Ok.writer();
        out.text(Some(text));
        Self(out.finish())
    }
}

/// Runs the body of a function. Null: the JVM has no memory for the reply.
pub fn reply<'local>(
    env: EnvUnowned<'local>,
    body: impl FnOnce(&mut Env<'local>) -> Result<Payload, Fault>,
) -> JByteArray<'local> {
    reply_array(env, |env| {
        let Payload(bytes) = body(env)?;
        Ok(env.byte_array_from_slice(&bytes)?)
    })
}

/// The same for a body that makes the array itself, because something must happen after it.
pub fn reply_array<'local>(
    mut env: EnvUnowned<'local>,
    body: impl FnOnce(&mut Env<'local>) -> Result<JByteArray<'local>, Fault>,
) -> JByteArray<'local> {
    silence_panics();
    let fault = match env.with_env(body).into_outcome() {
        Outcome::Ok(array) => return array,
        Outcome::Err(fault) => fault,
        Outcome::Panic(_) => panicked(),
    };
    let sent = env.with_env(|env| {
        // The JVM threw: Java gets the reply instead.
        env.exception_clear();
        env.byte_array_from_slice(&fault.pack()).inspect_err(|_| env.exception_clear())
    });
    match sent.into_outcome() {
        Outcome::Ok(array) => array,
        Outcome::Err(_) | Outcome::Panic(_) => JByteArray::null(),
    }
}

/// What a panic says may be anything (P6): only its place is kept, and nothing goes to stderr. The hook is this library's own:
/// other Rust libraries in the process have theirs.
fn silence_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        set_hook(Box::new(|panic| {
            let place = panic.location().map(|place| format!(" at {}:{}", place.file(), place.line()));
            let _ = PANICKED_AT.try_with(|last| last.set(place));
        }));
    });
}

fn panicked() -> Fault {
    let place = PANICKED_AT.try_with(Cell::take).ok().flatten().unwrap_or_default();
    Fault::of(Code::Internal, format!("the library failed{place}: report this, with its version and the policy"))
}
