//! What was redacted before changes neither an output nor a receipt (P10).
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| dmv_redact_fuzz::history_changes_nothing(data));
