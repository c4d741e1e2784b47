//! Who asks, and why: what the caller itself vouches for. Never take any of it from a message.

use std::ffi::c_char;

use dmv_redact::{Instrument, Requester};

use crate::error::{DmvrCode, Fault};
use crate::guard::guard;
use crate::handle::{Opaque, free, give, hold};
use crate::text::{put, text};

/// A request. For one thread at a time, and for any number of calls.
pub struct DmvrRequest {
    _opaque: [u8; 0],
}

pub(crate) struct RequestObject {
    requester: Requester,
    /// Whether it lacks something that was refused: then it isn't used, or the message would be decided for another request (P2).
    lacks: bool,
}

impl RequestObject {
    fn new() -> Self {
        Self { requester: Requester::from_envelope(), lacks: false }
    }

    pub(crate) fn requester(&self) -> Result<&Requester, Fault> {
        let lacks = || Fault::invalid("an attribute of this request was refused: clear it, and state all of it again");
        if self.lacks { Err(lacks()) } else { Ok(&self.requester) }
    }
}

impl Opaque for DmvrRequest {
    type Object = RequestObject;
    const KIND: u64 = u64::from_le_bytes(*b"dmvrrequ");
}

/// What a request says.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DmvrAttribute {
    /// The ORI of who asks. Left out: the message's envelope says it.
    Requester = 1,
    /// The purpose code.
    Purpose = 2,
    /// The reason code.
    Reason = 3,
    /// The line on which the query came.
    Line = 4,
    /// The person who asks.
    User = 5,
    /// The state whose record it is, by its postal code.
    State = 6,
    /// A claim that the caller vouches for; may be set again for another.
    Claim = 7,
    /// A claim with the paper behind it: `claim=NAME,issuer=NAME,number=TEXT,date=YYYY-MM-DD,until=YYYY-MM-DD,specifies=ELEMENT`; only
    /// the claim must be there, `specifies` may be there again. May be set again for another.
    Instrument = 8,
    /// The date of the request, YYYY-MM-DD. Left out: today, in UTC.
    Date = 9,
    /// The switch's own id of the request, for the log: 1 to 64 letters, digits, `-`, `_`, `.` and `:`.
    CorrelationId = 10,
    /// The control number of the query: a log with a key has a keyed hash of it.
    ControlNumber = 11,
    /// Who approved it, for the log; may be set again for a second person.
    ApprovedBy = 12,
}

/// Makes a request that says nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dmvr_request_new(request: *mut *mut DmvrRequest) -> DmvrCode {
    guard(|| {
        // SAFETY: as the header asks.
        unsafe { put(request, std::ptr::null_mut(), "the request")? };
        // SAFETY: as the header asks.
        unsafe { put(request, give::<DmvrRequest>(RequestObject::new()), "the request") }
    })
}

/// States something (a `dmvr_attribute`). After an error no function takes the request until it is cleared. A second value of
/// what has one is an error too, or makes each message withheld.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dmvr_request_set(request: *mut DmvrRequest, attribute: i32, value: *const c_char) -> DmvrCode {
    guard(|| {
        // SAFETY: as the header asks.
        let mut request = unsafe { hold(request)? };
        let lacked = std::mem::replace(&mut request.lacks, true);
        // SAFETY: as the header asks.
        let value = unsafe { text(value, "the value")? };
        request.requester = set(request.requester.clone(), attribute, value)?;
        request.lacks = lacked;
        Ok(())
    })
}

fn set(requester: Requester, attribute: i32, value: &str) -> Result<Requester, Fault> {
    use DmvrAttribute::{
        ApprovedBy, Claim, ControlNumber, CorrelationId, Date, Line, Purpose, Reason, Requester as Ori, State, User,
    };
    let invalid = |error: dmv_redact::RequesterError| Fault::invalid(error.to_string());
    match attribute {
        own if own == Ori as i32 => {
            let ori = Requester::new(value).map_err(invalid)?.ori();
            if requester.ori().is_some_and(|before| Some(before) != ori) {
                return Err(Fault::invalid("another requester is set"));
            }
            Ok(match ori {
                Some(ori) => requester.asked_by(ori),
                None => requester,
            })
        }
        own if own == Purpose as i32 => Ok(requester.purpose(value)),
        own if own == Reason as i32 => Ok(requester.reason(value)),
        own if own == Line as i32 => Ok(requester.line(value)),
        own if own == User as i32 => Ok(requester.user(value)),
        own if own == State as i32 => Ok(requester.record_state(value)),
        own if own == Claim as i32 => Ok(requester.claim(value)),
        own if own == DmvrAttribute::Instrument as i32 => {
            Ok(requester.instrument(value.parse::<Instrument>().map_err(Fault::invalid)?))
        }
        own if own == Date as i32 => requester.date(value).map_err(invalid),
        own if own == CorrelationId as i32 => requester.correlation_id(value).map_err(invalid),
        own if own == ControlNumber as i32 => requester.control_number(value).map_err(invalid),
        own if own == ApprovedBy as i32 => requester.approved_by(value).map_err(invalid),
        _ => Err(Fault::invalid("there is no such attribute")),
    }
}

/// Makes it say nothing again, for another message.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dmvr_request_clear(request: *mut DmvrRequest) -> DmvrCode {
    guard(|| {
        // SAFETY: as the header asks.
        *unsafe { hold(request)? } = RequestObject::new();
        Ok(())
    })
}

/// Frees it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dmvr_request_free(request: *mut DmvrRequest) -> DmvrCode {
    // SAFETY: as the header asks.
    guard(|| unsafe { free(request) })
}
