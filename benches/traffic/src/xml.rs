//! Writes a message as XML, as a state does: prefixes, where they are declared, white space, escapes.

use crate::part::{Body, Part};
use crate::state::{Declared, Escape, XmlLayout};

/// Namespaces are told apart by their place in the format's table.
type Namespaces = u32;

pub(crate) struct Writer<'a> {
    pub(crate) layout: &'a XmlLayout,
    /// The format's own prefixes and their namespaces.
    pub(crate) namespaces: &'a [(&'static str, &'static str)],
    pub(crate) out: &'a mut Vec<u8>,
}

impl Writer<'_> {
    pub(crate) fn message(&mut self, root: &Part) {
        if self.layout.has_declaration {
            self.push("<?xml version=\"1.0\" encoding=\"UTF-8\"?>");
            self.push(if self.layout.line_end.is_empty() { "" } else { self.layout.line_end });
        }
        self.element(root, 0, 0);
        self.push(self.layout.line_end);
    }

    fn push(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }

    fn element(&mut self, part: &Part, depth: usize, mut scope: Namespaces) {
        self.push("<");
        self.name(part.name);
        let declares = match (self.layout.declared, depth) {
            (Declared::AtRoot, 0) => ((1 << self.namespaces.len()) - 1) & !self.layout.unneeded,
            (Declared::AtRoot, _) => 0,
            (Declared::BelowRoot, 1) => self.used(part, true),
            _ => self.used(part, false),
        } & !scope;
        scope |= declares;
        for (place, (_, uri)) in self.namespaces.iter().enumerate() {
            if declares >> place & 1 == 1 {
                let prefix = &self.layout.prefixes[place];
                let colon = if prefix.is_empty() { "" } else { ":" };
                self.out.extend_from_slice(format!(" xmlns{colon}{prefix}=\"{uri}\"").as_bytes());
            }
        }
        for (name, value) in &part.attributes {
            self.push(" ");
            self.name(name);
            self.push(if self.layout.has_apostrophes { "='" } else { "=\"" });
            self.push(value);
            self.push(if self.layout.has_apostrophes { "'" } else { "\"" });
        }
        match &part.body {
            Body::Nil => return self.push("/>"),
            Body::Text(value) | Body::Literal(value) => {
                self.push(">");
                self.text(value);
            }
            Body::Image(base64) => {
                self.push(">");
                self.push(base64);
            }
            Body::Parts(parts) => {
                self.push(">");
                for part in parts {
                    self.line(depth + 1);
                    self.element(part, depth + 1, scope);
                }
                self.line(depth);
            }
        }
        self.push("</");
        self.name(part.name);
        self.push(">");
    }

    fn line(&mut self, depth: usize) {
        if !self.layout.line_end.is_empty() {
            self.push(self.layout.line_end);
            (0..depth).for_each(|_| self.push(self.layout.indent));
        }
    }

    fn name(&mut self, name: &str) {
        let (place, local) = self.resolve(name);
        let layout = self.layout;
        let prefix = &layout.prefixes[place];
        if !prefix.is_empty() {
            self.push(prefix);
            self.push(":");
        }
        self.push(local);
    }

    fn resolve<'n>(&self, name: &'n str) -> (usize, &'n str) {
        let (prefix, local) = name.split_once(':').expect("a name with a prefix");
        let place = self.namespaces.iter().position(|(own, _)| *own == prefix);
        (place.expect("a prefix of the format"), local)
    }

    /// The namespaces of a start tag, or of everything below it as well.
    fn used(&self, part: &Part, below: bool) -> Namespaces {
        let names = part.attributes.iter().map(|(name, _)| *name).chain([part.name]);
        let own = names.fold(0, |used, name| used | 1 << self.resolve(name).0);
        match &part.body {
            Body::Parts(parts) if below => parts.iter().fold(own, |used, part| used | self.used(part, true)),
            _ => own,
        }
    }

    fn text(&mut self, value: &str) {
        let has_markup = value.contains(['&', '<']);
        if self.layout.escape == Escape::Cdata && (has_markup || value.contains("MRI")) {
            self.push("<![CDATA[");
            self.push(value);
            return self.push("]]>");
        }
        let is_plain = !has_markup && value.is_ascii() && !value.contains('\'');
        if is_plain {
            return self.push(value);
        }
        for letter in value.chars() {
            match letter {
                '&' => self.push("&amp;"),
                '<' => self.push("&lt;"),
                '\'' if self.layout.escape == Escape::Everything => self.push("&apos;"),
                letter if !letter.is_ascii() && self.layout.escape == Escape::Everything => {
                    self.push(&format!("&#x{:X};", u32::from(letter)));
                }
                letter => self.push(letter.encode_utf8(&mut [0; 4])),
            }
        }
    }
}
