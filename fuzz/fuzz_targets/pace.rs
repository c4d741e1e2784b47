//! A message sixteen times as long takes no more time a byte (P8).
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| dmv_redact_fuzz::pace_is_steady(data));
