//! What goes out reads the same in other parsers, and what one of them refuses is withheld (P2, P3).
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| dmv_redact_fuzz::output_reparses_alike(data));
