//! Messages to attack with, and what must become of them. Every message holds the secret where nobody may have it.

use std::sync::LazyLock;

use dmv_redact::{Filter, Reason, Receipt, Requester};

use crate::filters::{built_in, redact_text};
use crate::search::found;

/// Stands where nothing may go out.
pub const SECRET: &str = "CNRYZQXJ";

/// The built-in policy.
pub static BASELINE: LazyLock<Filter> = LazyLock::new(built_in);

const NAMESPACES: &str = "xmlns:n2=\"http://www.nlets.org/niem/1.0\" xmlns:nh2=\"http://www.nlets.org/niem/nlets-hdr/1.0\" \
     xmlns:n2c=\"http://www.nlets.org/niem/nlets-core/1.0\" xmlns:nc=\"http://niem.gov/niem/niem-core/2.0\" \
     xmlns:j=\"http://niem.gov/niem/domains/jxdm/4.0\"";

/// An Nlets response to an Arizona police department, with this beside the person's name and SSN.
pub fn nlets(extra: &str) -> String {
    nlets_with("", &envelope("AZ0070000"), extra)
}

/// The header of a response to this agency.
pub fn envelope(destination: &str) -> String {
    format!(
        "<nh2:MessageKeyCodeText>DR</nh2:MessageKeyCodeText><nh2:OriginatingORIID>AZOLN0000</nh2:OriginatingORIID>\
         <nh2:DestinationORIID>{destination}</nh2:DestinationORIID>"
    )
}

/// The same with attributes of the root and a header.
pub fn nlets_with(attributes: &str, header: &str, extra: &str) -> String {
    format!(
        "<n2:NLETS {NAMESPACES}{attributes}><n2:NLETSMessageHeader>{header}</n2:NLETSMessageHeader>\
         <n2:NLETSResponseData><n2:Person><nc:PersonName><nc:PersonSurName>EXAMPLE</nc:PersonSurName></nc:PersonName>\
         <nc:PersonSSNIdentification><nc:IdentificationID>{SECRET}</nc:IdentificationID></nc:PersonSSNIdentification>\
         {extra}</n2:Person></n2:NLETSResponseData></n2:NLETS>"
    )
}

/// The header of a response in JSON, with the name of its member.
pub const METADATA: &str = r#""exch:MessageMetadata": {"exch:MessageKeyCode": "DR", "exch:DestinationOrganization": {"j:OrganizationORIIdentification": {"nc:IdentificationID": "AZ0070000"}}}"#;

/// The same in NIEM's JSON; the extra members begin with a comma.
pub fn niem(extra: &str) -> String {
    niem_with("", extra)
}

/// The same with members before the root; they end with a comma.
pub fn niem_with(top: &str, extra: &str) -> String {
    format!(
        r#"{{{top}"exch:DriverVehicleResponse": {{{METADATA}, "nc:Person": {{"nc:PersonName": {{"nc:PersonSurName": "EXAMPLE"}}, "nc:PersonSSNIdentification": {{"nc:IdentificationID": "{SECRET}"}}{extra}}}}}}}"#
    )
}

/// Lets the message through the baseline, for whom its envelope names.
pub fn redact(message: &[u8]) -> (String, Receipt) {
    redact_for(&BASELINE, &Requester::from_envelope(), message)
}

/// Lets the message through a filter; the secret must be nowhere.
pub fn redact_for(filter: &Filter, requester: &Requester, message: &[u8]) -> (String, Receipt) {
    let (output, receipt) = redact_text(filter, requester, message);
    let told = serde_json::to_string(&receipt).unwrap();
    for text in [&output, &told] {
        let how = found(text.as_bytes(), SECRET);
        assert!(how.is_none(), "the secret, {how:?}, in {text}");
    }
    (output, receipt)
}

/// Nothing of the message goes out.
pub fn withheld(message: impl AsRef<[u8]>) -> Reason {
    let shown = String::from_utf8_lossy(message.as_ref()).chars().take(3000).collect::<String>();
    let (output, receipt) = redact(message.as_ref());
    receipt.reason().unwrap_or_else(|| panic!("let through as\n{output}\n--- from\n{shown}"))
}

/// The message goes out without the secret; nothing else of it is lost.
pub fn cleaned(message: &str) -> String {
    let (output, receipt) = redact(message.as_bytes());
    assert!(receipt.reason().is_none(), "{:?} at {:?}: {message}", receipt.reason(), receipt.offset());
    assert!(output.contains("EXAMPLE"), "too much is gone from\n{output}\n--- from\n{message}");
    output
}

/// The unknown or forbidden thing leaves no trace: what goes out is what would have gone out without it (P5).
pub fn leaves_no_trace(with: &str, without: &str) {
    let outputs = (cleaned(with), cleaned(without));
    assert_eq!(outputs.0, outputs.1, "from\n{with}");
}
