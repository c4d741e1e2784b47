//! Texts and bytes between the caller and the library.

use std::ffi::{CStr, c_char};
use std::path::PathBuf;
use std::slice;

use crate::error::{DmvrCode, Fault};

/// Some bytes of the library: of a text, UTF-8 without a zero at its end. `data` is null if there is none.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct DmvrText {
    /// The first byte.
    pub data: *const u8,
    /// How many there are.
    pub length: usize,
}

impl DmvrText {
    pub(crate) const NONE: Self = Self { data: std::ptr::null(), length: 0 };

    pub(crate) fn of(bytes: &[u8]) -> Self {
        Self { data: bytes.as_ptr(), length: bytes.len() }
    }

    pub(crate) fn of_text(text: Option<&str>) -> Self {
        text.map_or(Self::NONE, |text| Self::of(text.as_bytes()))
    }
}

/// A text of the caller.
///
/// # Safety
/// It is null, or ends with a zero, and stays as it is for `'a`.
pub(crate) unsafe fn text<'a>(text: *const c_char, what: &str) -> Result<&'a str, Fault> {
    if text.is_null() {
        return Err(Fault::of(DmvrCode::Null, format!("{what} is null")));
    }
    // SAFETY: not null, and by the contract of this function.
    let text = unsafe { CStr::from_ptr(text) };
    text.to_str().map_err(|_| Fault::of(DmvrCode::NotUtf8, format!("{what} isn't UTF-8")))
}

/// A path of the caller: as the system has it, on Windows as UTF-8.
///
/// # Safety
/// As of [`text`].
pub(crate) unsafe fn path(path: *const c_char, what: &str) -> Result<PathBuf, Fault> {
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt;
        if path.is_null() {
            return Err(Fault::of(DmvrCode::Null, format!("{what} is null")));
        }
        // SAFETY: not null, and by the contract of this function.
        let bytes = unsafe { CStr::from_ptr(path) }.to_bytes();
        Ok(PathBuf::from(std::ffi::OsStr::from_bytes(bytes)))
    }
    #[cfg(not(unix))]
    {
        // SAFETY: by the contract of this function.
        unsafe { text(path, what) }.map(PathBuf::from)
    }
}

/// Bytes of the caller. The pointer may be null if there are none.
///
/// # Safety
/// So many can be read there, and stay as they are for `'a`.
pub(crate) unsafe fn bytes<'a>(data: *const u8, length: usize, what: &str) -> Result<&'a [u8], Fault> {
    match (data.is_null(), length) {
        (_, 0) => Ok(&[]),
        (true, _) => Err(Fault::of(DmvrCode::Null, format!("{what} is null, and its length isn't 0"))),
        (false, length) if isize::try_from(length).is_err() => {
            Err(Fault::invalid(format!("the length of {what} is greater than memory")))
        }
        // SAFETY: not null, no longer than an object can be, and by the contract of this function.
        (false, length) => Ok(unsafe { slice::from_raw_parts(data, length) }),
    }
}

/// Writes what a function gives.
///
/// # Safety
/// It is null, or a place for one.
pub(crate) unsafe fn put<T>(place: *mut T, value: T, what: &str) -> Result<(), Fault> {
    if place.is_null() {
        return Err(Fault::of(DmvrCode::Null, format!("the place for {what} is null")));
    }
    // SAFETY: not null, and by the contract of this function.
    unsafe { place.write(value) };
    Ok(())
}
