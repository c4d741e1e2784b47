//! The vector instructions in use, which fuzz targets choose and no caller may.

use fearless_simd::Level;

use crate::wide::OWN_LEVEL;

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

/// Runs `run` with these vector instructions on this thread. `None`, and nothing is run, where the processor lacks them.
pub fn with_width<R>(width: Width, run: impl FnOnce() -> R) -> Option<R> {
    let level = own_level(width)?;
    let before = OWN_LEVEL.replace(Some(level));
    let result = run();
    OWN_LEVEL.set(before);
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
