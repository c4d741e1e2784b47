//! Names the shared library as its interface is versioned: a program finds at run time the one that it was linked with.

#[path = "src/abi.rs"]
mod abi;

fn main() {
    println!("cargo::rerun-if-changed=src/abi.rs");
    if std::env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("linux") {
        let major = abi::DMVR_ABI_VERSION / 10_000;
        println!("cargo::rustc-cdylib-link-arg=-Wl,-soname,libdmv_redact.so.{major}");
    }
}
