//! A message switch: many threads share one filter and one disclosure log. The record is on disk before the output goes
//! out, and the policy is replaced while the switch runs.
//!
//! `cargo run --release --example switch` sends a shipped response to four agencies.

#![allow(missing_docs, reason = "nobody links an example")]

use std::error::Error;
use std::io;
use std::path::Path;
use std::sync::{PoisonError, RwLock};

use dmv_redact::{Disposition, Filter, Requester};
use dmv_redact_log::{DisclosureLog, LogOptions, Rotation};

/// A response on its way to a requester, and what the switch knows about the request.
struct Response<'a> {
    /// The switch's own id of the request. It is in the receipt, and so in the log.
    id: &'a str,
    ori: &'a str,
    purpose: Option<&'a str>,
    /// What the switch vouches for: reviewed by an employee, a warrant on file. Never what a message claims.
    claims: &'a [&'a str],
    bytes: &'a [u8],
}

/// Shared by all threads.
struct Redactor {
    filter: RwLock<Filter>,
    log: DisclosureLog,
}

impl Redactor {
    fn new(policy: &Path, log: &Path) -> Result<Self, Box<dyn Error>> {
        let filter = Filter::builder().policy_path(policy).build()?;
        // The first answer must not wait until shapes and paths are compiled.
        filter.warm();
        let log = LogOptions::default().rotate(Rotation::daily()).open(log, &filter)?;
        Ok(Self { filter: RwLock::new(filter), log })
    }

    /// Replaces the policy. If the new one has an error, the old one stays in force.
    fn replace_policy(&self, policy: &Path) -> Result<(), Box<dyn Error>> {
        let filter = Filter::builder().policy_path(policy).build()?;
        filter.warm();
        self.log.change_filter(&filter)?;
        *self.filter.write().unwrap_or_else(PoisonError::into_inner) = filter;
        Ok(())
    }

    /// Redacts one response into `out`. Only what is in `out` may be forwarded.
    fn redact(&self, response: &Response<'_>, out: &mut Vec<u8>) -> io::Result<Disposition> {
        out.clear();
        let Ok(requester) = requester(response) else {
            return Ok(Disposition::Withheld); // no ORI, or no id: there is no disclosure to record
        };
        // A clone shares the filter; messages in progress keep the policy they began with.
        let filter = self.filter.read().unwrap_or_else(PoisonError::into_inner).clone();
        let receipt = filter.redact(response.bytes, &requester, out);

        // The record first. If it can't be written, nothing goes out.
        if let Err(error) = self.log.append("line 1", &requester, &receipt) {
            out.clear();
            return Err(error);
        }
        Ok(receipt.disposition())
    }
}

fn requester(response: &Response<'_>) -> Result<Requester, dmv_redact::RequesterError> {
    let mut requester = Requester::new(response.ori)?.correlation_id(response.id)?;
    if let Some(purpose) = response.purpose {
        requester = requester.purpose(purpose);
    }
    for claim in response.claims {
        requester = requester.claim(*claim);
    }
    Ok(requester)
}

pub(crate) fn main() -> Result<(), Box<dyn Error>> {
    let root = &Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let folder = tempfile::tempdir()?;
    let log = folder.path().join("disclosures.ndjson");
    let redactor = Redactor::new(&root.join("policies/example-state.toml"), &log)?;
    let message = std::fs::read(root.join("fixtures/dr-in-state-police/message.xml"))?;

    // One buffer per thread, reused.
    std::thread::scope(|scope| {
        for id in ["7f3a-1", "7f3a-2", "7f3a-3", "7f3a-4"] {
            let (redactor, message) = (&redactor, &message);
            scope.spawn(move || {
                let mut out = Vec::new();
                let police = Response { id, ori: "AZ0070000", purpose: Some("C"), claims: &[], bytes: message };
                match redactor.redact(&police, &mut out) {
                    Ok(disposition) if disposition.releases() => println!("{id}: forward {} bytes", out.len()),
                    Ok(disposition) => println!("{id}: {}, forward nothing", disposition.name()),
                    Err(error) => println!("{id}: not on record, forward nothing: {error}"),
                }
            });
        }
    });

    // Another requester than the envelope names: withheld, and not one byte to forward.
    let mut out = Vec::new();
    let other = Response { id: "7f3a-5", ori: "NV0010000", purpose: Some("C"), claims: &[], bytes: &message };
    assert_eq!(redactor.redact(&other, &mut out)?, Disposition::Withheld);
    assert!(out.is_empty());

    // A policy with an error changes nothing; a sound one decides from the next message on.
    assert!(redactor.replace_policy(&root.join("fixtures/dr-ice/case.toml")).is_err());
    redactor.replace_policy(&root.join("policies/arizona.toml"))?;

    redactor.log.end()?;
    let verified = dmv_redact_log::Verifier::default().verify(&[log])?;
    println!("the log has {} records, {} faults", verified.messages, verified.fault_count);
    assert_eq!((verified.messages, verified.fault_count), (5, 0));
    Ok(())
}
