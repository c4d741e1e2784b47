//! The frame of every function: a panic ends here, and an error is kept for the caller to ask for.

use std::cell::{Cell, RefCell};
use std::ffi::{CString, c_char};
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook};
use std::ptr;
use std::sync::Once;

use crate::error::{DmvrCode, Fault};

/// What is wrong, after a call of this thread that failed.
#[repr(C)]
pub struct DmvrError {
    /// What the function returned.
    pub code: DmvrCode,
    /// For people, complete: print nothing else of this. Never null; lower case, without a final period. Of a configuration: a line
    /// for each error, `FILE:LINE:COLUMN: MESSAGE; HELP`, with control characters escaped.
    pub message: *const c_char,
    /// The file of the first error, for programs: as the caller named it, not escaped. Null if no file is wrong.
    pub file: *const c_char,
    /// The line of the first error, from 1; 0 if there is none.
    pub line: u32,
    /// The column, in characters from 1; 0 if there is none.
    pub column: u32,
}

struct LastError {
    code: DmvrCode,
    message: CString,
    file: Option<CString>,
    position: (u32, u32),
}

thread_local! {
    static LAST: RefCell<Option<LastError>> = const { RefCell::new(None) };
    /// The file and line of the last panic.
    static PANICKED_AT: Cell<Option<String>> = const { Cell::new(None) };
}

/// Runs the body of a function. What it failed with can be asked for by `dmvr_last_error`.
pub(crate) fn guard(body: impl FnOnce() -> Result<(), Fault>) -> DmvrCode {
    silence_panics();
    let fault = catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|_| Err(panicked())).err();
    let code = fault.as_ref().map_or(DmvrCode::Ok, |fault| fault.code);
    // Keeping an error allocates and may drop the one before. Neither panics, but nothing may unwind into C.
    catch_unwind(AssertUnwindSafe(|| keep(fault))).map_or(DmvrCode::Panic, |()| code)
}

/// What a panic says may be anything (P6): only its place is kept, and nothing goes to stderr. The hook is the shared
/// library's own. Whoever links the static one into a Rust program has one hook for both: it silences the program's panics, too.
fn silence_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        set_hook(Box::new(|panic| {
            let place = panic.location().map(|place| format!(" at {}:{}", place.file(), place.line()));
            let _ = PANICKED_AT.try_with(|last| last.set(place));
        }));
    });
}

fn panicked() -> Fault {
    let place = PANICKED_AT.try_with(Cell::take).ok().flatten().unwrap_or_default();
    Fault::of(DmvrCode::Panic, format!("the library failed{place}: report this, with its version and the policy"))
}

fn keep(fault: Option<Fault>) {
    let number = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    let error = fault.map(|Fault { code, message, file, position }| LastError {
        code,
        message: c_string(&message),
        file: file.as_deref().map(c_string),
        position: position.map_or((0, 0), |(line, column)| (number(line), number(column))),
    });
    // Gone while a thread ends: then nobody asks any more.
    let _ = LAST.try_with(|last| last.replace(error));
}

/// A text for C. A zero within is shown as U+FFFD.
fn c_string(text: &str) -> CString {
    CString::new(text.replace('\0', "\u{FFFD}")).unwrap_or_default()
}

/// Writes what is wrong to `error`, if the last call of this thread failed; its texts stay until the next call on this thread.
/// Returns `DMVR_CODE_NOTHING` when the last call didn't fail.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dmvr_last_error(error: *mut DmvrError) -> DmvrCode {
    let write = || {
        if error.is_null() {
            return DmvrCode::Null;
        }
        let last = LAST.try_with(|last| {
            let last = last.borrow();
            let last = last.as_ref()?;
            let (line, column) = last.position;
            let file = last.file.as_ref().map_or(ptr::null(), |file| file.as_ptr());
            Some(DmvrError { code: last.code, message: last.message.as_ptr(), file, line, column })
        });
        let Ok(Some(last)) = last else { return DmvrCode::Nothing };
        // SAFETY: not null, and the header asks for a place for one.
        unsafe { error.write(last) };
        DmvrCode::Ok
    };
    catch_unwind(write).unwrap_or(DmvrCode::Panic)
}
