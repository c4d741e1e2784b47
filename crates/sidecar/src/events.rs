//! What the operator reads on stderr: a line of JSON for each event. No value of a message is in it (P6).

use serde_json::{Map, Value};

use dmv_redact_model::escape::escape;
use dmv_redact_model::unix_time::{now, rfc3339};

/// Where the lines go.
#[derive(Debug, Clone, Copy)]
pub struct Events(pub fn(&str));

impl Events {
    /// Tells of an event.
    pub(crate) fn tell(self, event: &str, members: &[(&str, Value)]) {
        let mut line = Map::new();
        line.insert("time".to_owned(), rfc3339(now()).unwrap_or_default().into());
        line.insert("event".to_owned(), event.into());
        for (name, value) in members {
            let value = match value {
                Value::String(text) => escape(text).into(),
                other => other.clone(),
            };
            line.insert((*name).to_owned(), value);
        }
        (self.0)(&Value::Object(line).to_string());
    }

    /// Tells of an error.
    pub(crate) fn error(self, what: &str, error: &str) {
        self.tell("error", &[("what", what.into()), ("error", error.into())]);
    }
}
