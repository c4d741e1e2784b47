//! The version of the interface. The build script reads it too: the first digits are those of the soname.

/// The version of this interface, as major * 10000 + minor * 100. A minor version adds functions, codes and attributes; everything
/// else changes the major one and the soname. A program that was compiled with 0.x works with each 0.y that is no earlier. Structures
/// never grow, and a later minor version may return codes that this header doesn't have.
pub const DMVR_ABI_VERSION: u32 = 100;
