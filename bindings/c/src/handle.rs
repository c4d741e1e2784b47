//! Handles: what the caller's pointers point to. A slot says which kind of object it has and whether a thread uses it, so
//! that a handle of another kind, a freed one, and one that two threads use at once are errors instead of undefined behavior.
//!
//! A freed slot rests before it is reused, and is never given back to the allocator: that keeps the check of a freed handle sound.

use std::collections::VecDeque;
use std::ops::{Deref, DerefMut};
use std::ptr;
use std::sync::PoisonError;

use crate::error::{DmvrCode, Fault};
use crate::sync::{AtomicBool, AtomicPtr, AtomicU64, Mutex, Ordering};

/// What a handle of a kind refers to. The type itself is only the name of the pointer in C.
pub(crate) trait Opaque {
    type Object: Send;
    /// No other kind has it.
    const KIND: u64;
}

/// The kind of a slot without an object.
const FREED: u64 = 0;

/// How many slots rest at most. Until so many others were freed, a freed handle is told from a live one. In the models each is
/// reused at once.
const RESTING_SLOTS: usize = if cfg!(all(test, loom)) { 0 } else { 1024 };

struct Slot {
    kind: AtomicU64,
    /// Whether a thread has the object exclusively.
    is_held: AtomicBool,
    object: AtomicPtr<()>,
}

#[cfg(not(all(test, loom)))]
static RESTING: Mutex<VecDeque<&'static Slot>> = Mutex::new(VecDeque::new());
#[cfg(all(test, loom))]
loom::lazy_static! { static ref RESTING: Mutex<VecDeque<&'static Slot>> = Mutex::default(); }

fn resting() -> impl DerefMut<Target = VecDeque<&'static Slot>> {
    RESTING.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Slot {
    fn empty() -> &'static Self {
        let mut resting = resting();
        let reused = if resting.len() >= RESTING_SLOTS { resting.pop_front() } else { None };
        let new = || Self {
            kind: AtomicU64::new(FREED),
            is_held: AtomicBool::new(false),
            object: AtomicPtr::new(ptr::null_mut()),
        };
        reused.unwrap_or_else(|| Box::leak(Box::new(new())))
    }

    fn is<O: Opaque>(&self) -> bool {
        self.kind.load(Ordering::Acquire) == O::KIND
    }

    fn object<O: Opaque>(&self) -> *mut O::Object {
        self.object.load(Ordering::Relaxed).cast()
    }

    /// Marks the object as used by this thread alone.
    fn hold<O: Opaque>(&'static self) -> Result<Hold, Fault> {
        // No `swap`: of that, loom tries orders that can't be (its issue 254).
        if self.is_held.compare_exchange(false, true, Ordering::Acquire, Ordering::Relaxed).is_err() {
            return Err(Fault::of(DmvrCode::InUse, "another thread uses a handle that is for one at a time"));
        }
        let hold = Hold(self);
        // Another thread may have freed it meanwhile.
        if self.is::<O>() { Ok(hold) } else { Err(wrong()) }
    }
}

/// A slot that this thread has, until it is dropped.
struct Hold(&'static Slot);

impl Drop for Hold {
    fn drop(&mut self) {
        self.0.is_held.store(false, Ordering::Release);
    }
}

fn wrong() -> Fault {
    Fault::of(DmvrCode::WrongHandle, "a handle is of another kind, or was freed")
}

/// Gives an object to the caller.
pub(crate) fn give<O: Opaque>(object: O::Object) -> *mut O {
    let slot = Slot::empty();
    slot.object.store(Box::into_raw(Box::new(object)).cast(), Ordering::Relaxed);
    slot.kind.store(O::KIND, Ordering::Release);
    ptr::from_ref(slot).cast_mut().cast()
}

/// The slot of a handle, if it has an object of this kind.
///
/// # Safety
/// The handle is null, or points to memory that can be read.
unsafe fn slot<O: Opaque>(handle: *const O) -> Result<&'static Slot, Fault> {
    let slot = handle.cast::<Slot>();
    if slot.is_null() {
        return Err(Fault::of(DmvrCode::Null, "a handle is null"));
    }
    if !slot.is_aligned() {
        return Err(wrong());
    }
    // SAFETY: it is aligned, and the caller says that it is a handle of this library. A slot is never deallocated.
    let slot = unsafe { &*slot };
    if slot.is::<O>() { Ok(slot) } else { Err(wrong()) }
}

/// The object of a handle that all threads may use.
///
/// # Safety
/// As the header says: a handle of this library, not freed during the call.
pub(crate) unsafe fn get<'a, O: Opaque<Object: Sync>>(handle: *const O) -> Result<&'a O::Object, Fault> {
    // SAFETY: by the contract of this function.
    let slot = unsafe { slot(handle) }?;
    // SAFETY: its kind says that `give` put an object of this type there. Nobody has it exclusively: objects that all threads
    // use are never held, and it isn't freed during the call.
    Ok(unsafe { &*slot.object::<O>() })
}

/// An object that this thread alone has until the end of a call.
pub(crate) struct Held<'a, T> {
    object: &'a mut T,
    _hold: Hold,
}

impl<T> Deref for Held<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.object
    }
}

impl<T> DerefMut for Held<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        self.object
    }
}

/// The object of a handle that one thread uses at a time.
///
/// # Safety
/// As the header says: a handle of this library.
pub(crate) unsafe fn hold<'a, O: Opaque>(handle: *const O) -> Result<Held<'a, O::Object>, Fault> {
    // SAFETY: by the contract of this function.
    let slot = unsafe { slot(handle) }?;
    let hold = slot.hold::<O>()?;
    // SAFETY: its kind says that `give` put an object of this type there; while it is held nobody else has it, nor frees it.
    Ok(Held { object: unsafe { &mut *slot.object::<O>() }, _hold: hold })
}

/// Frees an object. Null is nothing to free.
///
/// # Safety
/// As the header says: a handle of this library; of an object that all threads may use, none uses it any more.
pub(crate) unsafe fn free<O: Opaque>(handle: *mut O) -> Result<(), Fault> {
    if handle.is_null() {
        return Ok(());
    }
    // SAFETY: by the contract of this function.
    let slot = unsafe { slot(handle) }?;
    let hold = slot.hold::<O>()?;
    slot.kind.store(FREED, Ordering::Release);
    let object = slot.object.swap(ptr::null_mut(), Ordering::Relaxed).cast::<O::Object>();
    drop(hold);
    resting().push_back(slot);
    // SAFETY: `give` made it from a box of this type, and the slot doesn't have it any more.
    drop(unsafe { Box::from_raw(object) });
    Ok(())
}
