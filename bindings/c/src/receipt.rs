//! The receipt, field by field, and as JSON. No value of the message is in it (P6).

use dmv_redact::{Disposition, ElementCounts};

use crate::error::{DmvrCode, Fault};
use crate::guard::guard;
use crate::handle::hold;
use crate::redaction::{DmvrRedaction, RedactionObject};
use crate::text::{DmvrText, put};

/// What becomes of a message. 0 is that nothing goes out.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DmvrDisposition {
    /// Nothing may be released; there is no output.
    Withheld = 0,
    /// A person must review the message first; there is no output.
    Held = 1,
    /// The output contains what the policy permits and nothing else, and lacks something that the message contains.
    Redacted = 2,
    /// Nothing had to be removed: the output says all that the message says.
    Released = 3,
}

/// The receipt of a message. Texts stay until the redaction is used again, or freed.
#[repr(C)]
pub struct DmvrReceipt {
    /// What becomes of it.
    pub disposition: DmvrDisposition,
    /// Whether there is an output that may go out: 1 or 0.
    pub releases: i32,
    /// Why it is held or withheld: a code.
    pub reason: DmvrText,
    /// The exact problem: a fixed sentence.
    pub detail: DmvrText,
    /// Where it is, in bytes from the start of the message; -1 if it concerns all of it.
    pub offset: i64,
    /// The format that was recognized.
    pub format: DmvrText,
    /// The message key.
    pub message_type: DmvrText,
    /// The ORI of who asks.
    pub requester: DmvrText,
    /// The switch's own id of the request.
    pub correlation_id: DmvrText,
    /// Bytes of the message.
    pub bytes_in: u64,
    /// Bytes of the output; 0 if there is none.
    pub bytes_out: u64,
    /// Parts that no path of the mapping names, which were removed.
    pub unmapped: u32,
    /// Images that were found in other values by their content, and removed.
    pub found_images: u32,
    /// Bytes of the removed images.
    pub image_bytes: u64,
    /// How many data elements were seen: for `dmvr_receipt_element`.
    pub elements: u32,
    /// How many rules applied: for `dmvr_receipt_rule`.
    pub rules: u32,
    /// How many duties follow: for `dmvr_receipt_duty`.
    pub duties: u32,
}

/// What became of the values of one data element.
#[repr(C)]
pub struct DmvrElement {
    /// Its id.
    pub id: DmvrText,
    /// Values released as they are.
    pub released: u32,
    /// Values released in a less precise form.
    pub generalized: u32,
    /// Values removed, for any reason.
    pub removed: u32,
    /// Removed values that were permitted but violate the element's shape.
    pub shape: u32,
}

/// Something that must be done because of the outcome.
#[repr(C)]
pub struct DmvrDuty {
    /// Its id in the policy.
    pub id: DmvrText,
    /// What: `notify-subject`, `report`, `collect-certificate`, `keep-record` or `review-afterwards`.
    pub task: DmvrText,
    /// Whom it concerns.
    pub to: DmvrText,
    /// Whether it must be done before the message goes out: 1 or 0.
    pub is_before: i32,
}

impl RedactionObject {
    fn fields(&mut self) -> Result<DmvrReceipt, Fault> {
        self.requester = self.receipt()?.requester();
        let receipt = self.receipt()?;
        let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let long = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        let disposition = receipt.disposition();
        Ok(DmvrReceipt {
            disposition: match disposition {
                Disposition::Withheld => DmvrDisposition::Withheld,
                Disposition::Held => DmvrDisposition::Held,
                Disposition::Redacted => DmvrDisposition::Redacted,
                Disposition::Released => DmvrDisposition::Released,
            },
            releases: i32::from(disposition.releases()),
            reason: DmvrText::of_text(receipt.reason().map(dmv_redact::Reason::code)),
            detail: DmvrText::of_text(receipt.detail()),
            offset: receipt.offset().and_then(|offset| i64::try_from(offset).ok()).unwrap_or(-1),
            format: DmvrText::of_text(receipt.format()),
            message_type: DmvrText::of_text(receipt.message_type()),
            requester: DmvrText::of_text(self.requester.as_ref().map(dmv_redact::Ori::as_str)),
            correlation_id: DmvrText::of_text(receipt.correlation_id()),
            bytes_in: long(receipt.bytes_in()),
            bytes_out: long(receipt.bytes_out()),
            unmapped: receipt.unmapped(),
            found_images: receipt.found_images(),
            image_bytes: receipt.image_bytes(),
            elements: count(receipt.elements().count()),
            rules: count(receipt.rules().count()),
            duties: count(receipt.duties().count()),
        })
    }
}

fn no_such() -> Fault {
    Fault::invalid("there is none of this number")
}

fn index(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// The receipt of the last message.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dmvr_receipt_get(redaction: *mut DmvrRedaction, receipt: *mut DmvrReceipt) -> DmvrCode {
    guard(|| {
        // SAFETY: as the header asks.
        let fields = unsafe { hold(redaction.cast_const())? }.fields()?;
        // SAFETY: as the header asks.
        unsafe { put(receipt, fields, "the receipt") }
    })
}

/// What became of one data element, by its number from 0, in the order of the catalog.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dmvr_receipt_element(
    redaction: *mut DmvrRedaction,
    number: u32,
    element: *mut DmvrElement,
) -> DmvrCode {
    guard(|| {
        // SAFETY: as the header asks.
        let redaction = unsafe { hold(redaction.cast_const())? };
        let receipt = redaction.receipt()?;
        let (id, counts) = receipt.elements().nth(index(number)).ok_or_else(no_such)?;
        let ElementCounts { released, generalised, removed, shape } = counts;
        let id = DmvrText::of_text(Some(id));
        // SAFETY: as the header asks.
        unsafe {
            put(element, DmvrElement { id, released, generalized: generalised, removed, shape }, "the data element")
        }
    })
}

/// The id of one rule that applied, by its number from 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dmvr_receipt_rule(
    redaction: *mut DmvrRedaction,
    number: u32,
    rule: *mut DmvrText,
) -> DmvrCode {
    guard(|| {
        // SAFETY: as the header asks.
        let redaction = unsafe { hold(redaction.cast_const())? };
        let receipt = redaction.receipt()?;
        let id = receipt.rules().nth(index(number)).ok_or_else(no_such)?;
        // SAFETY: as the header asks.
        unsafe { put(rule, DmvrText::of_text(Some(id)), "the rule") }
    })
}

/// One duty, by its number from 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dmvr_receipt_duty(
    redaction: *mut DmvrRedaction,
    number: u32,
    duty: *mut DmvrDuty,
) -> DmvrCode {
    guard(|| {
        // SAFETY: as the header asks.
        let redaction = unsafe { hold(redaction.cast_const())? };
        let receipt = redaction.receipt()?;
        let owed = receipt.duties().nth(index(number)).ok_or_else(no_such)?;
        let fields = DmvrDuty {
            id: DmvrText::of_text(Some(owed.id())),
            task: DmvrText::of_text(Some(owed.task())),
            to: DmvrText::of_text(owed.to()),
            is_before: i32::from(owed.is_before()),
        };
        // SAFETY: as the header asks.
        unsafe { put(duty, fields, "the duty") }
    })
}

/// The whole receipt as JSON. It costs about as much as the redaction: if you need a few fields, ask for them.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dmvr_receipt_json(redaction: *mut DmvrRedaction, json: *mut DmvrText) -> DmvrCode {
    guard(|| {
        // SAFETY: as the header asks.
        let mut redaction = unsafe { hold(redaction.cast_const())? };
        let receipt = redaction.receipt()?;
        if redaction.json.is_empty() {
            redaction.json = serde_json::to_vec(receipt).map_err(|error| Fault::invalid(error.to_string()))?;
        }
        // SAFETY: as the header asks.
        unsafe { put(json, DmvrText::of(&redaction.json), "the JSON") }
    })
}
