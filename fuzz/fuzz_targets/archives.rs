//! Whatever a file holds, each of its messages is accounted for, and a second run gives the same (P8, P10, P11).
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| dmv_redact_fuzz::archives_are_accounted_for(data));
