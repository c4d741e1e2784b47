//! What a message costs in Rust, for `bindings/bench`: FILE..., each with nanoseconds of processor time; or `--calls N FILE`.

#![allow(clippy::unwrap_used, reason = "a bench that can't run must say so")]
#![allow(missing_docs, reason = "nobody links a bench")]

use std::hint::black_box;

use dmv_redact::{Filter, Requester};

const NANOSECONDS: u64 = 1_000_000_000;

/// What this process had of a processor, in nanoseconds: others on the machine don't count.
fn used() -> u64 {
    let schedstat = std::fs::read_to_string("/proc/self/schedstat").unwrap();
    schedstat.split_whitespace().next().unwrap().parse().unwrap()
}

fn main() {
    let mut names: Vec<String> = std::env::args().skip(1).collect();
    // Cargo says so when it means a bench; as a test target there is nothing to do.
    if !names.iter().any(|argument| argument == "--bench") {
        return;
    }
    names.retain(|argument| argument != "--bench");
    let filter = Filter::builder().build().unwrap();
    filter.warm();
    let mut out = Vec::new();
    let mut redact = |message: &[u8], calls: u64| {
        for _ in 0..calls {
            // As a switch does: the request is stated anew.
            let requester = Requester::new("AZ0070000").unwrap().purpose("C");
            let receipt = filter.redact(black_box(message), &requester, &mut out);
            black_box((receipt.disposition(), out.len()));
        }
    };
    if let [option, calls, name] = &names[..]
        && option == "--calls"
    {
        return redact(&std::fs::read(name).unwrap(), calls.parse().unwrap());
    }
    for name in names {
        let message = std::fs::read(&name).unwrap();
        redact(&message, 1000);
        let (began, mut calls) = (used(), 0);
        while used() - began < NANOSECONDS {
            redact(&message, 1000);
            calls += 1000;
        }
        println!("{name} {}", (used() - began) / calls);
    }
}
