//! One property for each fuzz target. A property that doesn't hold panics.

use std::fs;

use dmv_redact::Filter;

use crate::leaks::{holds_canary, is_moved};
use crate::templates::WORLD;
use dmv_redact_testing::dice::Dice;
use dmv_redact_testing::judgement;
use dmv_redact_testing::mutate::mutated;

/// No message makes the filter panic, for whomever; none that is refused leaves a byte in the output.
pub fn never_panics(data: &[u8]) {
    for setting in &WORLD.settings {
        let (output, receipt) = setting.redact(data);
        assert_eq!(receipt.bytes_out(), output.len());
        let told = serde_json::to_vec(&receipt).expect("a receipt is written");
        assert!(!told.is_empty());
    }
}

/// No canary comes out of a mutated fixture; the data are the choices of the mutations.
pub fn canary_never_survives(data: &[u8]) {
    let mut dice = Dice::reading(data);
    let (number, source, other) = WORLD.draw(&mut dice, &WORLD.planted);
    let setting = &WORLD.settings[number];
    let message = mutated(&mut dice, source, other);
    let (output, receipt) = setting.redact(&message);
    let told = serde_json::to_vec(&receipt).expect("a receipt is written");
    assert!(!holds_canary(&told), "a canary in a receipt: {receipt:?}");
    if holds_canary(&output) && !is_moved(setting, source, &message, &output) {
        let [message, output] = [&message, &output].map(|text| String::from_utf8_lossy(text));
        panic!("a canary came out for {}\n{message}\n--- gave\n{output}", setting.name);
    }
}

/// What goes out reads the same in other parsers, none of which refuses what came in.
pub fn output_reparses_alike(data: &[u8]) {
    for setting in &WORLD.settings {
        let (output, receipt) = setting.redact(data);
        if receipt.disposition().releases() {
            let xml = output.trim_ascii_start().starts_with(b"<");
            let fault = judgement::fault(xml, data, &output);
            assert!(fault.is_none(), "{fault:?}: {}", String::from_utf8_lossy(data));
        }
    }
}

/// No policy makes the loader panic.
pub fn policy_never_panics(data: &[u8]) {
    let text = String::from_utf8_lossy(data).into_owned();
    if let Err(error) = Filter::builder().policy_text("policy.toml", text).build() {
        assert!(!error.to_string().is_empty());
    }
}

/// No format makes the loader panic.
pub fn format_never_panics(data: &[u8]) {
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir(folder.path().join("fuzzed")).expect("a folder");
    fs::write(folder.path().join("fuzzed/format.toml"), data).expect("a file");
    if let Err(error) = Filter::builder().formats_dir(folder.path()).build() {
        assert!(!error.to_string().is_empty());
    }
}

/// No catalog makes the loader panic.
pub fn catalog_never_panics(data: &[u8]) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("catalog.toml");
    fs::write(&file, data).expect("a file");
    if let Err(error) = Filter::builder().catalog_path(file).build() {
        assert!(!error.to_string().is_empty());
    }
}
