//! Replacing the policy while messages are in flight: each message is decided by one policy, the old one or the new one,
//! and its receipt says which.
//!
//! `cargo run --release --example swap_policy`

#![allow(missing_docs, reason = "nobody links an example")]

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError, RwLock};

use dmv_redact::{Filter, Requester};

pub(crate) fn main() -> Result<(), Box<dyn Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let message = std::fs::read(root.join("fixtures/dr-in-state-police/message.xml"))?;
    let requester = Requester::new("AZ0070000")?.purpose("C");
    let policies = ["policies/dppa.toml", "policies/baseline.toml"].map(|policy| root.join(policy));
    let [old, new] = &policies;

    let current = RwLock::new(Filter::builder().policy_path(old).build()?);
    // How many bytes went out, by the policy that decided.
    let seen: Mutex<BTreeMap<String, Vec<usize>>> = Mutex::default();
    let is_over = AtomicBool::new(false);

    std::thread::scope(|scope| -> Result<(), Box<dyn Error>> {
        for _ in 0..2 {
            scope.spawn(|| {
                let mut out = Vec::new();
                while !is_over.load(Ordering::Relaxed) {
                    // The lock is held for the clone alone, which shares everything.
                    let filter = current.read().unwrap_or_else(PoisonError::into_inner).clone();
                    let receipt = filter.redact(&message, &requester, &mut out);
                    let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
                    seen.entry(receipt.policy().name.clone()).or_default().push(out.len());
                }
            });
        }
        // Built beside the old one, which goes on deciding; only the swap takes the lock.
        let replacement = Filter::builder().policy_path(new).build();
        if let Ok(filter) = &replacement {
            filter.warm();
            *current.write().unwrap_or_else(PoisonError::into_inner) = filter.clone();
            while seen.lock().unwrap_or_else(PoisonError::into_inner).len() < 2 {
                std::thread::yield_now();
            }
        }
        is_over.store(true, Ordering::Relaxed);
        replacement.map(|_| ()).map_err(Into::into)
    })?;

    for (policy, lengths) in seen.into_inner().unwrap_or_else(PoisonError::into_inner) {
        println!("{policy}: {} messages of {:?} bytes", lengths.len(), lengths.first());
        // One policy gives one output, whatever was redacted before (P10).
        assert!(lengths.windows(2).all(|pair| pair.first() == pair.last()));
    }
    Ok(())
}
