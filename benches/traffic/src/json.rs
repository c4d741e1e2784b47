//! Writes a message as JSON, as a state does: white space, arrays of one, escapes, the place of the context.

use crate::part::{Body, Count, Part};
use crate::state::{ContextPlace, JsonLayout};

pub(crate) struct Writer<'a> {
    pub(crate) layout: &'a JsonLayout,
    /// What the context binds; none, no context.
    pub(crate) namespaces: &'a [(&'static str, &'static str)],
    pub(crate) out: &'a mut Vec<u8>,
}

impl Writer<'_> {
    pub(crate) fn message(&mut self, root: &Part) {
        let has_context = !self.namespaces.is_empty() && self.layout.context != ContextPlace::Nowhere;
        let is_last = self.layout.context == ContextPlace::Last;
        self.push("{");
        if has_context && !is_last {
            self.context();
            self.push(",");
        }
        self.line(1);
        self.member(std::slice::from_ref(root), 1);
        if has_context && is_last {
            self.push(",");
            self.context();
        }
        self.line(0);
        self.push("}");
    }

    fn context(&mut self) {
        self.line(1);
        self.key("@context");
        self.push("{");
        for (place, (prefix, uri)) in self.namespaces.iter().enumerate() {
            self.push(if place > 0 { "," } else { "" });
            self.line(2);
            self.key(prefix);
            self.string(uri);
        }
        self.line(1);
        self.push("}");
    }

    fn push(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }

    fn line(&mut self, depth: usize) {
        if let Some(indent) = self.layout.indent {
            self.push("\n");
            (0..depth).for_each(|_| self.push(indent));
        }
    }

    fn key(&mut self, name: &str) {
        self.push("\"");
        self.push(name);
        self.push(if self.layout.has_spaces { "\": " } else { "\":" });
    }

    /// Parts of one name.
    fn member(&mut self, parts: &[Part], depth: usize) {
        let first = &parts[0];
        self.key(first.name);
        let is_array = match first.count {
            Count::Array => true,
            Count::OneOrMore => parts.len() > 1 || self.layout.has_arrays_of_one,
            Count::One => false,
        };
        if !is_array {
            return self.value(first, depth);
        }
        self.push("[");
        for (place, part) in parts.iter().enumerate() {
            self.push(if place > 0 { "," } else { "" });
            self.line(depth + 1);
            self.value(part, depth + 1);
        }
        self.line(depth);
        self.push("]");
    }

    fn value(&mut self, part: &Part, depth: usize) {
        match &part.body {
            Body::Literal(value) => self.push(value),
            Body::Text(value) => self.string(value),
            Body::Image(base64) => self.string(base64),
            Body::Nil => self.object(part, &[], depth),
            Body::Parts(parts) => self.object(part, parts, depth),
        }
    }

    fn object(&mut self, part: &Part, parts: &[Part], depth: usize) {
        self.push("{");
        let mut is_first = true;
        // Of the attributes JSON-LD has what names an object.
        let id = part.attributes.iter().find(|(name, _)| name.starts_with("structures:"));
        if let Some((_, id)) = id {
            self.line(depth + 1);
            self.key("@id");
            self.string(&format!("#{id}"));
            is_first = false;
        }
        for parts in parts.chunk_by(|one, other| one.name == other.name) {
            self.push(match (is_first, self.layout.has_spaces && self.layout.indent.is_none()) {
                (true, _) => "",
                (false, true) => ", ",
                (false, false) => ",",
            });
            is_first = false;
            self.line(depth + 1);
            self.member(parts, depth + 1);
        }
        self.line(depth);
        self.push("}");
    }

    fn string(&mut self, value: &str) {
        let layout = self.layout;
        self.push("\"");
        let is_plain =
            value.is_ascii() && !value.bytes().any(|byte| byte < b' ' || matches!(byte, b'"' | b'\\' | b'/'));
        if is_plain || (!layout.escapes_slashes && !layout.escapes_letters && !value.contains(['\n', '\r', '"'])) {
            self.push(value);
            return self.push("\"");
        }
        for letter in value.chars() {
            match letter {
                '/' if layout.escapes_slashes => self.push("\\/"),
                '"' => self.push("\\\""),
                '\\' => self.push("\\\\"),
                '\n' => self.push("\\n"),
                '\r' => self.push("\\r"),
                letter if !letter.is_ascii() && layout.escapes_letters => {
                    let mut units = [0; 2];
                    for unit in letter.encode_utf16(&mut units) {
                        self.out.extend_from_slice(format!("\\u{unit:04x}").as_bytes());
                    }
                }
                letter => self.push(letter.encode_utf8(&mut [0; 4])),
            }
        }
        self.push("\"");
    }
}
