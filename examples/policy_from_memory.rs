//! A policy, its roster of ORIs, a data element and a format of one's own, all from memory: for a switch that keeps its
//! configuration in a database. No file is read.
//!
//! `cargo run --release --example policy_from_memory`

#![allow(missing_docs, reason = "nobody links an example")]

use std::error::Error;

use dmv_redact::{Filter, Requester};

const POLICY: &str = r#"
[policy]
name = "example"
version = "2026-11-30"
purposes = ["C"]

[agencies.police]
ori-file = "police.csv"

[[permit]]
id = "roadside"
agencies = ["police"]
purposes = ["C"]
elements = ["person.name", "vehicle.hull-color"]
basis = "18 U.S.C. 2721(b)(1)"
"#;

const POLICE: &str = "ori,note\nAZ0070000,EXAMPLE POLICE DEPARTMENT\n";

const CATALOG: &str = r#"
[[element]]
id = "vehicle.hull-color"
title = "Color of a boat's hull"
kind = "code"
shape = '[A-Z]{3}'
"#;

const FORMAT: &str = r#"
name = "boats"
syntax = "json"
root = "boat"
message-type = "key"
requester = "to"
messages = ["XR"]

[paths]
"to" = "envelope.ori"
"key" = "envelope.message-key"
"owner/surname" = "person.name.surname"
"owner/ssn" = "person.ssn"
"hull" = "vehicle.hull-color"
"#;

const MESSAGE: &str = r#"{"boat": {"key": "XR", "to": "AZ0070000", "owner": {"surname": "EXAMPLE", "ssn": "900-12-3456"}, "hull": "RED", "new": 1}}"#;

pub(crate) fn main() -> Result<(), Box<dyn Error>> {
    let filter = Filter::builder()
        .catalog_bytes("catalog.toml", CATALOG)
        .format_bytes("boats/format.toml", FORMAT)
        .policy_bytes("policy.toml", POLICY)
        .roster_bytes("police.csv", POLICE)
        .build()?;
    let requester = Requester::new("AZ0070000")?.purpose("C");
    let mut out = Vec::new();
    let receipt = filter.redact(MESSAGE.as_bytes(), &requester, &mut out);
    println!("{}\n{}", String::from_utf8_lossy(&out), serde_json::to_string_pretty(&receipt)?);
    assert!(receipt.disposition().releases());
    assert!(!String::from_utf8_lossy(&out).contains("900-12-3456"));

    // What no class names is an error, with the nearest name: a table that nobody reads would change who gets what.
    let misnamed = Filter::builder().policy_bytes("policy.toml", POLICY).roster_bytes("polcie.csv", POLICE).build();
    match misnamed {
        Ok(_) => return Err("a table that no class names was accepted".into()),
        Err(error) => println!("{error}"),
    }
    Ok(())
}
