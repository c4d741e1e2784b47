//! The second reading accepts no output that says anything else than the first reading's (P1, P4).
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| dmv_redact_fuzz::second_reading_accepts_nothing_else(data));
