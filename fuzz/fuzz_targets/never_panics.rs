//! No message makes the filter panic, and none that is refused leaves a byte in the output (P2, P8).
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| dmv_redact_fuzz::never_panics(data));
