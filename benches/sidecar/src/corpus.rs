//! The messages, with who asks for each, and what the answers to it may be: a line of JSON for each.

use std::fs;
use std::path::Path;

use serde::Deserialize;
use serde_json::{Map, Value};

/// What may be answered: `redact` gave it by one of the policies.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Answer {
    pub(crate) disposition: String,
    /// Of a release.
    pub(crate) sha256: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    /// Beside the corpus.
    file: String,
    request: Map<String, Value>,
    date: Option<String>,
    answers: Vec<Answer>,
}

/// A message as it is sent, without its correlation id.
#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) bytes: Vec<u8>,
    /// What comes before and after the correlation id in the head of a frame.
    pub(crate) frame_head: [String; 2],
    /// Headers of HTTP, each with its line end.
    pub(crate) headers: String,
    pub(crate) answers: Vec<Answer>,
}

#[derive(Debug)]
pub(crate) struct Corpus(Vec<Message>);

impl Corpus {
    pub(crate) fn read(path: &Path) -> Result<Self, String> {
        let wrong = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
        let text = fs::read_to_string(path).map_err(|error| wrong(&error))?;
        let mut messages = Vec::new();
        for line in text.lines() {
            let line: Line = serde_json::from_str(line).map_err(|error| wrong(&error))?;
            let file = path.with_file_name(&line.file);
            let bytes = fs::read(&file).map_err(|error| format!("{}: {error}", file.display()))?;
            messages.push(Message::new(line, bytes));
        }
        match messages.is_empty() {
            true => Err(wrong(&"no message")),
            false => Ok(Self(messages)),
        }
    }

    /// The place of the message that is sent as this one, and the message.
    pub(crate) fn message(&self, number: u64) -> (usize, &Message) {
        let at = (number % self.0.len() as u64) as usize;
        (at, &self.0[at])
    }
}

impl Message {
    fn new(Line { request, date, answers, .. }: Line, bytes: Vec<u8>) -> Self {
        let mut headers = String::new();
        let mut header = |name: &str, value: &str| headers += &format!("dmv-{name}: {value}\r\n");
        for (name, value) in &request {
            match value {
                Value::String(text) => header(name, text),
                Value::Array(claims) if name == "claims" => {
                    claims.iter().filter_map(Value::as_str).for_each(|claim| header("claim", claim));
                }
                other => panic!("the corpus states {name}: {other}"),
            }
        }
        date.iter().for_each(|date| header("date", date));
        let date = date.map(|date| format!(r#","date":"{date}""#)).unwrap_or_default();
        let members = Value::Object(request).to_string();
        let members = members.trim_start_matches('{').trim_end_matches('}');
        let comma = if members.is_empty() { "" } else { "," };
        let frame_head = [r#"{"request":{"correlation-id":""#.to_owned(), format!(r#""{comma}{members}}}{date}}}"#)];
        Self { bytes, frame_head, headers, answers }
    }
}
