//! Who asks, and why: what the caller itself vouches for.

use dmv_redact::{Instrument, Requester, RequesterError};
use jni::objects::{JByteArray, JClass};
use jni::{EnvUnowned, jni_mangle};

use crate::error::{Code, Fault};
use crate::packing::Reader;
use crate::reply::{Payload, reply};

/// The request of packed attributes: a number and a text, and so on. `Request.java` has the same numbers.
pub fn requester(packed: &[u8]) -> Result<Requester, Fault> {
    let invalid = |error: RequesterError| Fault::invalid(error.to_string());
    let mut attributes = Reader::new(packed);
    let mut own = Requester::from_envelope();
    while !attributes.is_at_end() {
        let (attribute, value) = (attributes.byte()?, attributes.required()?);
        own = match attribute {
            1 => {
                let ori = Requester::new(value).map_err(invalid)?.ori();
                if own.ori().is_some_and(|before| Some(before) != ori) {
                    return Err(Fault::invalid("another requester is set"));
                }
                match ori {
                    Some(ori) => own.asked_by(ori),
                    None => own,
                }
            }
            2 => own.purpose(value),
            3 => own.reason(value),
            4 => own.line(value),
            5 => own.user(value),
            6 => own.record_state(value),
            7 => own.claim(value),
            8 => own.instrument(value.parse::<Instrument>().map_err(Fault::invalid)?),
            9 => own.date(value).map_err(invalid)?,
            10 => own.correlation_id(value).map_err(invalid)?,
            11 => own.control_number(value).map_err(invalid)?,
            12 => own.approved_by(value).map_err(invalid)?,
            _ => return Err(Fault::of(Code::Internal, "there is no such attribute")),
        };
    }
    Ok(own)
}

/// Checks that each value can be one of its attribute.
#[jni_mangle("org.dmvredact.Native")]
pub fn check_request<'local>(
    env: EnvUnowned<'local>,
    _class: JClass<'local>,
    request: JByteArray<'local>,
) -> JByteArray<'local> {
    reply(env, |env| {
        requester(&env.convert_byte_array(request)?)?;
        Ok(Payload::none())
    })
}
