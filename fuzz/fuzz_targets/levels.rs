//! SSE2, AVX2 and AVX-512 give the same output and receipt (P10).
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| dmv_redact_fuzz::levels_agree(data));
