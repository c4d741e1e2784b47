//! Redacts. The message is copied first, into memory that the thread reuses: what another thread of Java does to an array or
//! buffer meanwhile changes nothing in what was read and checked.

use std::cell::RefCell;
use std::ptr;

use dmv_redact::{Receipt, Requester};
use jni::objects::{JByteArray, JByteBuffer, JClass, JObjectArray};
use jni::sys::{jbyte, jint, jlong};
use jni::{Env, EnvUnowned, jni_mangle};

use crate::error::{Code, Fault};
use crate::filter::FILTERS;
use crate::receipt::pack;
use crate::reply::{Payload, reply, reply_array};
use crate::request::requester;
use crate::table::{Table, new_handle};

/// What the log and the JSON of a receipt need after a message was redacted.
pub struct RedactionObject {
    pub requester: Requester,
    pub receipt: Receipt,
}

/// All redactions that Java hasn't closed.
pub static REDACTIONS: Table<RedactionObject> = Table::new("redaction");

/// A thread keeps so much memory between messages at most; in bytes, for the message and for the output.
const KEPT_BYTES: usize = 1 << 20;

#[derive(Default)]
struct Scratch {
    message: Vec<jbyte>,
    output: Vec<u8>,
}

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

impl Scratch {
    /// That of this thread. After a panic it is dropped, and the next message begins with a new one.
    fn take() -> Self {
        SCRATCH.try_with(RefCell::take).unwrap_or_default()
    }

    fn put_back(mut self) {
        self.message.clear();
        self.message.shrink_to(KEPT_BYTES);
        self.output.clear();
        self.output.shrink_to(KEPT_BYTES);
        let _ = SCRATCH.try_with(|own| own.replace(self));
    }

    /// Makes room for a message of this length.
    fn message(&mut self, length: usize) -> Result<&mut [jbyte], Fault> {
        self.message.clear();
        self.message.try_reserve(length).map_err(|_| Fault::memory())?;
        self.message.resize(length, 0);
        Ok(&mut self.message)
    }
}

/// Redacts a message that `read` copies, and passes to `write` what goes out, which is empty unless the receipt releases.
fn redact<'local>(
    env: &mut Env<'local>,
    filter: jlong,
    request: &JByteArray<'local>,
    read: impl FnOnce(&mut Env<'local>, &mut Scratch) -> Result<(), Fault>,
    write: impl FnOnce(&mut Env<'local>, Option<&[u8]>) -> Result<(), Fault>,
) -> Result<JByteArray<'local>, Fault> {
    let filter = FILTERS.get(filter)?.current();
    let requester = requester(&env.convert_byte_array(request)?)?;
    let mut scratch = Scratch::take();
    read(env, &mut scratch)?;
    let Scratch { message, output } = &mut scratch;
    plant(bytes(message), output);
    let receipt = filter.redact(bytes(message), &requester, output);
    let released = Some(output.as_slice()).filter(|_| receipt.disposition().releases());
    // First all that can fail, then what the caller sees.
    let handle = new_handle();
    let packed = env.byte_array_from_slice(&pack(handle, &receipt))?;
    write(env, released)?;
    REDACTIONS.insert(handle, RedactionObject { requester, receipt })?;
    scratch.put_back();
    Ok(packed)
}

/// Bytes as Java has them, as bytes.
fn bytes(signed: &[jbyte]) -> &[u8] {
    // SAFETY: both are bytes, of the same size and alignment, and every pattern of bits is a value of either.
    unsafe { std::slice::from_raw_parts(signed.as_ptr().cast(), signed.len()) }
}

/// Copies a part of an array.
fn read_array(
    env: &Env<'_>,
    scratch: &mut Scratch,
    message: &JByteArray<'_>,
    from: jint,
    length: jint,
) -> Result<(), Fault> {
    // Before memory is taken: `get_region` checks it only after.
    span(message.len(env)?, from, length)?;
    Ok(message.get_region(env, from, scratch.message(size(length)?)?)?)
}

/// Copies a part of a direct buffer.
fn read_direct(
    env: &Env<'_>,
    scratch: &mut Scratch,
    message: &JByteBuffer<'_>,
    from: jint,
    length: jint,
) -> Result<(), Fault> {
    let start = direct(env, message, from, length)?;
    let own = scratch.message(size(length)?)?;
    // SAFETY: `direct` checked that so many bytes are there, and the buffer is an argument of the call, so that its memory
    // stays. It is copied as raw memory: no reference to it exists, whatever another thread writes there. The other side is
    // memory of our own, of that length, so that they don't overlap.
    unsafe { ptr::copy_nonoverlapping(start.cast(), own.as_mut_ptr(), own.len()) };
    Ok(())
}

/// Writes an output to a part of a direct buffer, if it fits.
fn write_direct(
    env: &Env<'_>,
    output: &[u8],
    buffer: &JByteBuffer<'_>,
    from: jint,
    capacity: jint,
) -> Result<(), Fault> {
    let start = direct(env, buffer, from, capacity)?;
    let capacity = size(capacity)?;
    if output.len() > capacity {
        return Err(Fault::too_small(output.len(), capacity));
    }
    // SAFETY: `direct` checked that `capacity` bytes are there, and the output is no longer; the rest is as in `read_direct`.
    unsafe { ptr::copy_nonoverlapping(output.as_ptr(), start, output.len()) };
    Ok(())
}

/// Where a part of a direct buffer begins.
fn direct(env: &Env<'_>, buffer: &JByteBuffer<'_>, from: jint, length: jint) -> Result<*mut u8, Fault> {
    span(env.get_direct_buffer_capacity(buffer)?, from, length)?;
    Ok(env.get_direct_buffer_address(buffer)?.wrapping_add(size(from)?))
}

/// Checks that a part is within what there is.
fn span(all: usize, from: jint, length: jint) -> Result<(), Fault> {
    let end = size(from)?.checked_add(size(length)?);
    end.filter(|end| *end <= all).map(|_| ()).ok_or_else(outside)
}

fn size(number: jint) -> Result<usize, Fault> {
    usize::try_from(number).map_err(|_| outside())
}

fn outside() -> Fault {
    Fault::of(Code::Internal, "a part is outside of its array or buffer")
}

/// Puts the output into the first place of `place`, unless there is none.
fn write_array<'local>(
    env: &mut Env<'local>,
    output: Option<&[u8]>,
    place: &JObjectArray<'local, JByteArray<'local>>,
) -> Result<(), Fault> {
    let Some(output) = output else { return Ok(()) };
    let array = env.byte_array_from_slice(output)?;
    Ok(place.set_element(env, 0, array)?)
}

/// Redacts a part of an array; the output goes to the first place of `output`.
#[jni_mangle("org.dmvredact.Native")]
pub fn redact_array<'local>(
    env: EnvUnowned<'local>,
    _class: JClass<'local>,
    filter: jlong,
    request: JByteArray<'local>,
    message: JByteArray<'local>,
    from: jint,
    length: jint,
    output: JObjectArray<'local, JByteArray<'local>>,
) -> JByteArray<'local> {
    reply_array(env, |env| {
        let read = |env: &mut Env<'local>, scratch: &mut Scratch| read_array(env, scratch, &message, from, length);
        redact(env, filter, &request, read, |env, released| write_array(env, released, &output))
    })
}

/// Redacts a part of a direct buffer; the output goes to the first place of `output`.
#[jni_mangle("org.dmvredact.Native")]
pub fn redact_direct<'local>(
    env: EnvUnowned<'local>,
    _class: JClass<'local>,
    filter: jlong,
    request: JByteArray<'local>,
    message: JByteBuffer<'local>,
    from: jint,
    length: jint,
    output: JObjectArray<'local, JByteArray<'local>>,
) -> JByteArray<'local> {
    reply_array(env, |env| {
        let read = |env: &mut Env<'local>, scratch: &mut Scratch| read_direct(env, scratch, &message, from, length);
        redact(env, filter, &request, read, |env, released| write_array(env, released, &output))
    })
}

/// Redacts a part of an array into a part of a direct buffer.
#[jni_mangle("org.dmvredact.Native")]
pub fn redact_array_into<'local>(
    env: EnvUnowned<'local>,
    _class: JClass<'local>,
    filter: jlong,
    request: JByteArray<'local>,
    message: JByteArray<'local>,
    from: jint,
    length: jint,
    output: JByteBuffer<'local>,
    output_from: jint,
    capacity: jint,
) -> JByteArray<'local> {
    reply_array(env, |env| {
        let read = |env: &mut Env<'local>, scratch: &mut Scratch| read_array(env, scratch, &message, from, length);
        redact(env, filter, &request, read, |env, released| match released {
            Some(released) => write_direct(env, released, &output, output_from, capacity),
            None => Ok(()),
        })
    })
}

/// Redacts a part of a direct buffer into a part of another, or of the same.
#[jni_mangle("org.dmvredact.Native")]
pub fn redact_direct_into<'local>(
    env: EnvUnowned<'local>,
    _class: JClass<'local>,
    filter: jlong,
    request: JByteArray<'local>,
    message: JByteBuffer<'local>,
    from: jint,
    length: jint,
    output: JByteBuffer<'local>,
    output_from: jint,
    capacity: jint,
) -> JByteArray<'local> {
    reply_array(env, |env| {
        let read = |env: &mut Env<'local>, scratch: &mut Scratch| read_direct(env, scratch, &message, from, length);
        redact(env, filter, &request, read, |env, released| match released {
            Some(released) => write_direct(env, released, &output, output_from, capacity),
            None => Ok(()),
        })
    })
}

/// The receipt of a redaction as JSON, after the code of the reply.
#[jni_mangle("org.dmvredact.Native")]
pub fn receipt_json<'local>(env: EnvUnowned<'local>, _class: JClass<'local>, redaction: jlong) -> JByteArray<'local> {
    reply_array(env, |env| {
        let redaction = REDACTIONS.get(redaction)?;
        let mut json = Code::Ok.writer().finish();
        serde_json::to_writer(&mut json, &redaction.receipt)
            .map_err(|_| Fault::of(Code::Internal, "the receipt can't be written as JSON"))?;
        Ok(env.byte_array_from_slice(&json)?)
    })
}

/// Lets go of what the library keeps of a redaction.
#[jni_mangle("org.dmvredact.Native")]
pub fn close_redaction<'local>(
    env: EnvUnowned<'local>,
    _class: JClass<'local>,
    redaction: jlong,
) -> JByteArray<'local> {
    reply(env, |_| {
        REDACTIONS.remove(redaction)?;
        Ok(Payload::none())
    })
}

/// For the tests: a message that begins so makes the core panic when some of the output is written.
#[cfg(feature = "planted-panic")]
fn plant(message: &[u8], output: &mut Vec<u8>) {
    if message.starts_with(b"panic!") {
        output.extend_from_slice(message);
        assert!(message.is_empty(), "CANARY");
    }
}

#[cfg(not(feature = "planted-panic"))]
fn plant(_: &[u8], _: &mut Vec<u8>) {}
