//! What threads share is of these types: those of the standard library, and in the models of threads those of loom, which tries
//! every order in which they can be used.

#[cfg(not(all(test, loom)))]
pub(crate) use std::sync::{
    Mutex, RwLock,
    atomic::{AtomicBool, AtomicPtr, AtomicU64, Ordering},
};

#[cfg(all(test, loom))]
pub(crate) use loom::sync::{
    Mutex, RwLock,
    atomic::{AtomicBool, AtomicPtr, AtomicU64, Ordering},
};
