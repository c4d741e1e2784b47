//! No token that is planted where nothing may go out ever comes out, however the message is mutated (P1).
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| dmv_redact_fuzz::canary_never_survives(data));
