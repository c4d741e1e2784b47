//! The header is what the source says.

use std::fs;
use std::path::Path;

/// `RENEW=1` writes it.
#[test]
fn header_is_current() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let config = cbindgen::Config::from_file(root.join("cbindgen.toml")).unwrap();
    let bindings = cbindgen::Builder::new().with_config(config).with_crate(root).generate().unwrap();
    let mut made = Vec::new();
    bindings.write(&mut made);
    let path = root.join("include/dmv_redact.h");
    if std::env::var_os("RENEW").is_some() {
        fs::write(&path, &made).unwrap();
    }
    let made = String::from_utf8(made).unwrap();
    assert!(fs::read_to_string(&path).unwrap_or_default() == made, "RENEW=1 cargo test -p dmv-redact-c writes it anew");
}
