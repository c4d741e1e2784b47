//! Models of what threads share: loom runs each in every order of its threads, with every value that they may read from an atomic.
//! `.ci/loom` runs them. Each compares all outcomes with those that there must be: a model that tries too little fails as well.

#![allow(clippy::unwrap_used, reason = "a model that can't go on has failed")]

mod filter;
mod handle;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use crate::error::Fault;

/// Runs a model in every order, and returns all outcomes.
fn explore<const N: usize>(model: impl Fn() -> [String; N] + Send + Sync + 'static) -> BTreeSet<[String; N]> {
    let seen = Arc::new(Mutex::new((0, BTreeSet::new())));
    let mut builder = loom::model::Builder::new();
    // Nothing ends it before it has tried all.
    (builder.max_permutations, builder.max_duration) = (None, None);
    let noted = Arc::clone(&seen);
    builder.check(move || {
        let outcome = model();
        let mut seen = noted.lock().unwrap();
        seen.0 += 1;
        seen.1.insert(outcome);
    });
    let (orders, outcomes) = std::mem::take(&mut *seen.lock().unwrap());
    println!("{orders} orders, {} outcomes", outcomes.len());
    outcomes
}

/// The number, or the name of the code.
fn text(result: Result<u32, Fault>) -> String {
    result.map_or_else(|fault| format!("{:?}", fault.code), |number| number.to_string())
}
