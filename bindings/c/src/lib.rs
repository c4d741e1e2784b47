//! The C interface of the filter: what `include/dmv_redact.h` declares. A function checks its handles, does what the Rust
//! library does, and catches a panic; whatever goes wrong is a code, and never a release.
//!
//! Unsafe code is in this crate alone. What its soundness asks of the caller the header says: a handle comes from this library;
//! a pointer and a length describe memory that stays as it is during the call.

mod abi;
mod config;
mod error;
mod filter;
mod guard;
mod handle;
mod log;
#[cfg(all(test, loom))]
mod models;
mod receipt;
mod redaction;
mod request;
mod swap;
mod sync;
mod text;

use std::ffi::{CStr, c_char};

const VERSION: &CStr = match CStr::from_bytes_with_nul(concat!(env!("CARGO_PKG_VERSION"), "\0").as_bytes()) {
    Ok(version) => version,
    Err(_) => c"",
};

/// The version of the interface that this library has: compare it with `DMVR_ABI_VERSION`.
#[unsafe(no_mangle)]
pub extern "C" fn dmvr_abi_version() -> u32 {
    abi::DMVR_ABI_VERSION
}

/// The version of the library: `0.1.0`, for instance. It is never freed.
#[unsafe(no_mangle)]
pub extern "C" fn dmvr_version() -> *const c_char {
    VERSION.as_ptr()
}
