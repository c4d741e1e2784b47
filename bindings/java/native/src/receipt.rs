//! The receipt, packed for one crossing. No value of the message is in it (P6).

use dmv_redact::{Disposition, ElementCounts, Ori, Receipt};

use crate::error::Code;

/// `Receipt.java` reads it in the same order.
pub fn pack(handle: i64, receipt: &Receipt) -> Vec<u8> {
    let mut out = Code::Ok.writer();
    out.handle(handle);
    out.byte(match receipt.disposition() {
        Disposition::Withheld => 0,
        Disposition::Held => 1,
        Disposition::Redacted => 2,
        Disposition::Released => 3,
    });
    out.text(receipt.reason().map(dmv_redact::Reason::code));
    out.text(receipt.detail());
    out.handle(receipt.offset().and_then(|offset| i64::try_from(offset).ok()).unwrap_or(-1));
    out.text(receipt.format());
    out.text(receipt.message_type());
    out.text(receipt.requester().as_ref().map(Ori::as_str));
    out.text(receipt.correlation_id());
    out.text(receipt.date().map(|date| date.to_string()).as_deref());
    let policy = receipt.policy();
    out.text(Some(&policy.name));
    out.text(Some(&policy.version));
    out.text(Some(&policy.sha256));
    out.long(receipt.bytes_in());
    out.long(receipt.bytes_out());
    out.handle(i64::from(receipt.unmapped()));
    out.handle(i64::from(receipt.found_images()));
    out.handle(i64::try_from(receipt.image_bytes()).unwrap_or(i64::MAX));
    out.count(receipt.agency_classes().count());
    receipt.agency_classes().for_each(|class| out.text(Some(class)));
    out.count(receipt.rules().count());
    receipt.rules().for_each(|rule| out.text(Some(rule)));
    out.count(receipt.elements().count());
    for (id, ElementCounts { released, generalised, removed, shape }) in receipt.elements() {
        out.text(Some(id));
        [released, generalised, removed, shape].into_iter().for_each(|count| out.handle(i64::from(count)));
    }
    out.count(receipt.images().count());
    for (kind, count) in receipt.images() {
        out.text(Some(kind));
        out.handle(i64::from(count));
    }
    out.count(receipt.duties().count());
    for duty in receipt.duties() {
        out.text(Some(duty.id()));
        out.text(Some(duty.task()));
        out.text(duty.to());
        out.byte(u8::from(duty.is_before()));
        out.text(duty.last_day().map(|day| day.to_string()).as_deref());
    }
    out.finish()
}
