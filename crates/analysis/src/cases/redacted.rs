//! Redacts the message of a case.

use std::collections::BTreeSet;
use std::path::Path;

use super::message_case::MessageCase;
use dmv_redact::{Catalog, Filter, Receipt};
use dmv_redact_model::catalog::ElementId;

/// The result of a message case: its output, if any, and the filter's receipt.
pub(super) struct Redacted {
    pub(super) output: Vec<u8>,
    pub(super) receipt: Receipt,
    /// The expected output; `None` if there is no such file.
    pub(super) expected: Option<Vec<u8>>,
}

/// Redacts the message of a case.
pub(super) fn redact(case: &MessageCase, filter: &Filter) -> Result<Redacted, String> {
    let message = std::fs::read(&case.message).map_err(|error| in_file(&case.message, &error))?;
    let expected = match std::fs::read(&case.expected) {
        Ok(expected) => Some(expected),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(error) => return Err(in_file(&case.expected, &error)),
    };
    let mut output = Vec::new();
    let receipt = filter.redact(&message, &case.requester, &mut output);
    Ok(Redacted { output, receipt, expected })
}

fn in_file(path: &Path, error: &std::io::Error) -> String {
    format!("{}: {error}", path.display())
}

/// The elements of which a message released something, and of which something was removed; except for the envelope.
pub(super) fn seen_elements(receipt: &Receipt, catalog: &Catalog) -> [BTreeSet<ElementId>; 2] {
    let (mut released, mut removed) = (BTreeSet::new(), BTreeSet::new());
    for (id, counts) in receipt.counts() {
        if catalog.element(*id).is_none_or(|element| element.is_envelope()) {
            continue;
        }
        if counts.released + counts.generalised > 0 {
            released.insert(*id);
        }
        if counts.removed > 0 {
            removed.insert(*id);
        }
    }
    [released, removed]
}
