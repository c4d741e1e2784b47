//! What an output releases, as a flat list of paths and values in document order: enough to tell whether one output
//! is part of another.

use dmv_redact_testing::oracle::format::Format;
use dmv_redact_testing::oracle::json::Json;
use dmv_redact_testing::oracle::xml::{expanded, inner_text, name_of};
use roxmltree::{Document, Node};

pub(crate) type Released = Vec<(String, String)>;

pub(crate) fn released(output: &[u8], xml: bool) -> Released {
    let mut found = Vec::new();
    let text = str::from_utf8(output).expect("the output is UTF-8");
    if output.is_empty() {
        return found;
    }
    if xml {
        from_xml(text, Document::parse(text).expect("the output is XML").root_element(), "", &mut found);
    } else {
        from_json(&Json::read(output).expect("the output is JSON"), "", &mut found);
    }
    found
}

fn from_xml(source: &str, node: Node<'_, '_>, above: &str, found: &mut Released) {
    let path = format!("{above}/{}", name_of(node));
    for attribute in node.attributes() {
        let name = expanded(attribute.namespace(), attribute.name());
        found.push((format!("{path}/@{name}"), source[attribute.range_value()].to_owned()));
    }
    if !node.children().any(|c| c.is_element()) {
        found.push((path.clone(), inner_text(source, node)));
    }
    node.children().filter(Node::is_element).for_each(|child| from_xml(source, child, &path, found));
}

fn from_json(value: &Json, path: &str, found: &mut Released) {
    match value {
        Json::Scalar(_) => found.push((path.to_owned(), value.text().expect("a scalar has a text"))),
        Json::Array(items) => items.iter().for_each(|item| from_json(item, path, found)),
        Json::Object(members) => {
            members.iter().for_each(|m| from_json(&m.value, &format!("{path}/{}", m.name), found));
        }
    }
}

/// The first value of `less` that is not in `more`, in order, as it is or less generalised.
pub(crate) fn surplus<'r>(less: &'r Released, more: &Released, format: &Format) -> Option<&'r (String, String)> {
    let mut rest = more.iter();
    less.iter().filter(|(path, value)| !is_placeholder(path, value, format)).find(|(path, value)| {
        !rest.any(|(other_path, other)| {
            path == other_path && (value == other || generalises(value, other) || is_number(value) && is_number(other))
        })
    })
}

/// The name of an object, which is its number in one output.
fn is_number(name: &str) -> bool {
    let digits = name.trim_start_matches('#').strip_prefix("id").unwrap_or_default();
    !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit())
}

/// What stands for a denied part is no released value, and neither is emptiness, nor what the policy tells of the law.
fn is_placeholder(path: &str, value: &str, format: &Format) -> bool {
    value.trim().is_empty()
        || value == "null"
        || value.starts_with("LIMITED BY LAW: ")
        || path.ends_with("}nil")
        || format.required.iter().any(|(_, constant)| constant == value)
}

/// Whether `value` may be what a treatment makes of `other`.
fn generalises(value: &str, other: &str) -> bool {
    match value.len() {
        4 | 5 => value == "****" || other.contains(value),
        8 => value.starts_with("****"),
        35 => value.starts_with("tk-"),
        _ => false,
    }
}
