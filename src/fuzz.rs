//! What the fuzz targets steer that no caller may: the vector instructions in use, and what a filter keeps of earlier
//! messages. Compiled with the feature `fuzz` alone.

use std::cell::Cell;

use fearless_simd::Level;

use crate::Filter;

/// Vector instructions that the filter has code for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Width {
    /// 128 bits: every x86-64 processor has them.
    Sse2,
    /// 256 bits.
    Avx2,
    /// 512 bits.
    Avx512,
}

thread_local! {
    static LEVEL: Cell<Option<Level>> = const { Cell::new(None) };
}

/// The level that this thread runs at, if [`with_width`] chose one.
pub(crate) fn level() -> Option<Level> {
    LEVEL.get()
}

/// Runs `run` with these vector instructions on this thread. `None`, and nothing is run, where the processor lacks them.
pub fn with_width<R>(width: Width, run: impl FnOnce() -> R) -> Option<R> {
    let level = own_level(width)?;
    let before = LEVEL.replace(Some(level));
    let result = run();
    LEVEL.set(before);
    Some(result)
}

#[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
fn own_level(width: Width) -> Option<Level> {
    let widest = Level::new();
    match width {
        Width::Sse2 => widest.as_sse2().map(Level::Sse2),
        Width::Avx2 => widest.as_avx2().map(Level::Avx2),
        Width::Avx512 => widest.as_avx512().map(Level::Avx512),
    }
}

#[cfg(not(any(target_arch = "x86", target_arch = "x86_64")))]
fn own_level(_: Width) -> Option<Level> {
    None
}

/// The same filter without anything kept from earlier messages.
#[must_use]
pub fn without_history(filter: &Filter) -> Filter {
    filter.without_history()
}
