//! No format makes the loader panic (P8).
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| dmv_redact_fuzz::format_never_panics(data));
