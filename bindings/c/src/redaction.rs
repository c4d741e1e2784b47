//! A redaction: the output of a message and its receipt, in memory that is reused from message to message.

use std::ptr;

use dmv_redact::{Ori, Receipt};

use crate::error::{DmvrCode, Fault};
use crate::filter::DmvrFilter;
use crate::guard::guard;
use crate::handle::{Opaque, free, get, give, hold};
use crate::request::DmvrRequest;
use crate::text::{DmvrText, bytes, put};

/// The output of a message and its receipt. For one thread at a time: have one for each thread, and use it for all its messages.
pub struct DmvrRedaction {
    _opaque: [u8; 0],
}

#[derive(Default)]
pub(crate) struct RedactionObject {
    output: Vec<u8>,
    pub(crate) receipt: Option<Receipt>,
    /// The receipt's JSON, once it was asked for.
    pub(crate) json: Vec<u8>,
    /// The receipt's ORI, while the caller may have a pointer to it.
    pub(crate) requester: Option<Ori>,
}

impl RedactionObject {
    /// As if it were new. Its memory stays.
    pub(crate) fn clear(&mut self) {
        self.output.clear();
        self.json.clear();
        (self.receipt, self.requester) = (None, None);
    }

    pub(crate) fn receipt(&self) -> Result<&Receipt, Fault> {
        self.receipt.as_ref().ok_or_else(no_receipt)
    }

    /// Without its receipt there is no output.
    pub(crate) fn take_receipt(&mut self) -> Result<Receipt, Fault> {
        self.receipt.take().ok_or_else(no_receipt)
    }

    /// The output, if there is one that may go out.
    fn released(&self) -> &[u8] {
        match &self.receipt {
            Some(receipt) if receipt.disposition().releases() => &self.output,
            _ => &[],
        }
    }

    /// Whether a message is in the memory that its own output would overwrite.
    fn overlaps(&self, message: &[u8]) -> bool {
        let (own, other) = (self.output.as_ptr().addr(), message.as_ptr().addr());
        !message.is_empty() && other < own + self.output.capacity() && own < other + message.len()
    }
}

fn no_receipt() -> Fault {
    Fault::of(DmvrCode::Nothing, "there is no receipt: no message was redacted")
}

impl Opaque for DmvrRedaction {
    type Object = RedactionObject;
    const KIND: u64 = u64::from_le_bytes(*b"dmvrreda");
}

/// Makes one, without a message.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dmvr_redaction_new(redaction: *mut *mut DmvrRedaction) -> DmvrCode {
    guard(|| {
        // SAFETY: as the header asks.
        unsafe { put(redaction, ptr::null_mut(), "the redaction")? };
        // SAFETY: as the header asks.
        unsafe { put(redaction, give::<DmvrRedaction>(RedactionObject::default()), "the redaction") }
    })
}

/// Redacts a message for a request. `DMVR_CODE_OK` says that it was decided, not that anything goes out: the receipt says that.
/// With any other code nothing goes out, and there is no receipt.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dmvr_redact(
    filter: *const DmvrFilter,
    request: *const DmvrRequest,
    message: *const u8,
    length: usize,
    redaction: *mut DmvrRedaction,
) -> DmvrCode {
    guard(|| {
        // SAFETY: as the header asks.
        let mut redaction = unsafe { hold(redaction.cast_const())? };
        // Before anything can fail, and before the core can panic.
        redaction.clear();
        // SAFETY: as the header asks.
        let (filter, request, message) =
            unsafe { (get(filter)?, hold(request)?, bytes(message, length, "the message")?) };
        if redaction.overlaps(message) {
            return Err(Fault::invalid("the message is the output of this redaction: use another"));
        }
        let requester = request.requester()?;
        plant(message, &mut redaction.output);
        let receipt = filter.current().redact(message, requester, &mut redaction.output);
        redaction.receipt = Some(receipt);
        Ok(())
    })
}

/// The same, and copies the output to a buffer of the caller, which may be the message's own. `written` is how many bytes, or how
/// many there are if the buffer is too small (`DMVR_CODE_TOO_SMALL`): then nothing was written, and `dmvr_redaction_output` has
/// them. Unless the receipt releases, nothing is written, and `written` is 0. It isn't on record yet: forward it after
/// `dmvr_log_append`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dmvr_redact_into(
    filter: *const DmvrFilter,
    request: *const DmvrRequest,
    message: *const u8,
    length: usize,
    buffer: *mut u8,
    capacity: usize,
    written: *mut usize,
    redaction: *mut DmvrRedaction,
) -> DmvrCode {
    // SAFETY: as the header asks.
    let code = guard(|| unsafe { put(written, 0, "the length") });
    if code != DmvrCode::Ok {
        return code;
    }
    // SAFETY: as the header asks.
    let code = unsafe { dmvr_redact(filter, request, message, length, redaction) };
    if code != DmvrCode::Ok {
        return code;
    }
    guard(|| {
        // SAFETY: as the header asks.
        let mut redaction = unsafe { hold(redaction.cast_const())? };
        if buffer.is_null() && capacity > 0 {
            redaction.clear();
            return Err(Fault::of(DmvrCode::Null, "the buffer is null, and its capacity isn't 0"));
        }
        let output = redaction.released();
        // SAFETY: as the header asks.
        unsafe { put(written, output.len(), "the length")? };
        if output.len() > capacity {
            let text = format!("the output has {} bytes, and the buffer {capacity}", output.len());
            return Err(Fault::of(DmvrCode::TooSmall, text));
        }
        if !output.is_empty() {
            // SAFETY: the header asks for a buffer of that capacity, and the output fits.
            unsafe { ptr::copy(output.as_ptr(), buffer, output.len()) };
        }
        Ok(())
    })
}

/// The output of the last message: it stays until the redaction is used again, or freed. Unless the receipt releases there is none,
/// and its length is 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dmvr_redaction_output(redaction: *const DmvrRedaction, output: *mut DmvrText) -> DmvrCode {
    guard(|| {
        // SAFETY: as the header asks.
        unsafe { put(output, DmvrText::NONE, "the output")? };
        // SAFETY: as the header asks.
        let redaction = unsafe { hold(redaction)? };
        redaction.receipt()?;
        match redaction.released() {
            [] => Ok(()),
            // SAFETY: as the header asks.
            released => unsafe { put(output, DmvrText::of(released), "the output") },
        }
    })
}

/// Frees it. Its memory isn't overwritten.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dmvr_redaction_free(redaction: *mut DmvrRedaction) -> DmvrCode {
    // SAFETY: as the header asks.
    guard(|| unsafe { free(redaction) })
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
