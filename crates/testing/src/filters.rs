//! Filters of a test's own, and what they make of messages.

use std::fs;

use dmv_redact::{ConfigError, Filter, FilterBuilder, Limits, Receipt, Requester};
use tempfile::TempDir;

/// The police department that most tests ask for.
pub const POLICE: &str = "AZ0070000";

/// Who asks for the messages of most tests: a police department, for no stated purpose.
pub fn police() -> Requester {
    Requester::new(POLICE).expect("an ORI")
}

/// The built-in policy, catalog and formats.
pub fn built_in() -> Filter {
    Filter::builder().build().expect("what is built in")
}

/// The default limits with a change.
pub fn limits(change: impl FnOnce(&mut Limits)) -> Limits {
    let mut limits = Limits::default();
    change(&mut limits);
    limits
}

/// A filter with a format of a test's own, name and text, besides the built-in ones; with a catalog, if one is given.
pub fn own(format: (&str, &str), catalog: Option<&str>, policy: &str) -> Result<Filter, ConfigError> {
    built(format, catalog, policy, Filter::builder())
}

/// The same with the built-in catalog, and for no other format.
pub fn own_only(format: (&str, &str), policy: &str) -> Result<Filter, ConfigError> {
    built(format, None, policy, Filter::builder().format(format.0))
}

fn built(
    format: (&str, &str),
    catalog: Option<&str>,
    policy: &str,
    builder: FilterBuilder,
) -> Result<Filter, ConfigError> {
    let folder = TempDir::new().unwrap();
    let (name, text) = format;
    let formats = folder.path().join("formats");
    fs::create_dir_all(formats.join(name)).unwrap();
    fs::write(formats.join(name).join("format.toml"), text).unwrap();
    let mut builder = builder.formats_dir(formats);
    if let Some(text) = catalog {
        let path = folder.path().join("catalog.toml");
        fs::write(&path, text).unwrap();
        builder = builder.catalog_path(path);
    }
    builder.policy_text("policy.toml", policy).build()
}

/// What a filter makes of a message. The buffer holds something already: what an earlier message left there must never go
/// out.
pub fn redact(filter: &Filter, requester: &Requester, message: impl AsRef<[u8]>) -> (Vec<u8>, Receipt) {
    let mut output = b"left over".to_vec();
    let receipt = filter.redact(message.as_ref(), requester, &mut output);
    assert!(receipt.disposition().releases() || output.is_empty(), "a refused message left {} bytes", output.len());
    (output, receipt)
}

/// The same, with the output as the text that it must be.
pub fn redact_text(filter: &Filter, requester: &Requester, message: impl AsRef<[u8]>) -> (String, Receipt) {
    let (output, receipt) = redact(filter, requester, message);
    (String::from_utf8(output).expect("an output is UTF-8"), receipt)
}
