//! Adds the parts of a sample message, which the strict readers of the filter must accept: else no format could map it.

use super::{PartTree, json, xml};
use dmv_redact::internal::read::Message;
use dmv_redact::{Limits, lint_syntax};
use dmv_redact_model::config::ConfigError;
use dmv_redact_model::format::Syntax;

/// Adds a sample to the layout, or begins one with it.
pub(crate) fn add_sample(file: &str, bytes: &[u8], tree: Option<PartTree>) -> Result<PartTree, ConfigError> {
    let limits = Limits::default();
    lint_syntax(bytes, &limits).map_err(|fault| ConfigError::of_file(file, fault.to_string()))?;
    let mut transcoded = String::new();
    let message = Message::open(bytes, &limits, &mut transcoded)
        .map_err(|_| ConfigError::of_file(file, "is neither XML nor JSON"))?;
    if tree.as_ref().is_some_and(|tree| tree.syntax != message.syntax) {
        let what = "is of another syntax than the inputs before it: draft XML and JSON apart";
        return Err(ConfigError::of_file(file, what));
    }
    match message.syntax {
        Syntax::Xml => xml::add(file, message.text, tree),
        Syntax::Json => json::add(file, message.text, tree),
    }
}
