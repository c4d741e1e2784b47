//! Writes a generated message as JSON in one of the many ways JSON has: arrays or single objects, wrapped values, bare
//! numbers, escapes in names and strings, a context at the beginning, at the end or nowhere; and, if asked, with unknown
//! parts everywhere. Seeds and salt work as for XML.

use super::format::{Format, RDF_VALUE};
use super::generate::{Attribute, Body, Node, Telling};
use super::json::quoted;
use crate::dice::Dice;

pub(crate) fn json(format: &Format, root: &Node, salt: u64) -> Vec<u8> {
    let mut writer = Writer { format, salt, out: String::new() };
    let mut dice = Dice::salted(root.seed, 1);
    let context = dice.pick(4);
    let bindings = |out: &mut Writer<'_>| {
        let uris = format.namespaces.iter().map(|(p, u)| format!("{}: {}", quoted(p), quoted(u)));
        let text = uris.collect::<Vec<_>>().join(", ");
        let stray = if salt == 0 { "" } else { ", \"zq\": \"urn:junkZQ\"" };
        out.out.push_str(&format!("\"@context\": {{{text}{stray}}}"));
    };
    let has_context = context < 3 && !format.namespaces.is_empty();
    writer.out.push('{');
    let first = has_context && context < 2;
    if first {
        bindings(&mut writer);
    }
    if Dice::junk(root.seed, salt, 9).chance(30) {
        let unknown = "\"zqTop\": [[\"junkZQ\"], {\"a\": null}]";
        writer.out.push_str(&if first { format!(",{unknown}") } else { format!("{unknown},") });
    }
    if first {
        writer.out.push_str(", ");
    }
    match &format.root {
        Some(name) => {
            writer.name(name, &mut Dice::salted(root.seed, 5));
            writer.node(root);
        }
        // Without a root the members are those of the whole, or the whole is a list.
        None => {
            writer.out.clear();
            match &root.body {
                Body::Kids { kids, .. } if root.item => writer.array(&kids.iter().collect::<Vec<_>>()),
                _ => writer.node(root),
            }
            writer.out.push_str(dice.text(&["", "\n"]));
            return writer.out.into_bytes();
        }
    }
    if has_context && context == 2 {
        writer.out.push_str(", ");
        bindings(&mut writer);
    }
    writer.out.push_str(dice.text(&["}", "\n}", "}\n"]));
    writer.out.into_bytes()
}

struct Writer<'f> {
    format: &'f Format,
    salt: u64,
    out: String,
}

impl Writer<'_> {
    fn node(&mut self, node: &Node) {
        let mut dice = Dice::salted(node.seed, 2);
        match &node.body {
            Body::Text { value, .. } if node.telling.is_some() => self.telling(value, node, &mut dice),
            Body::Text { value, record, .. } => {
                let wrap = !record && self.format.namespaces.contains_key("rdf");
                if wrap && (!node.attributes.is_empty() || dice.chance(10)) {
                    self.wrapped(value, node, &mut dice);
                } else {
                    self.scalar(value, &mut dice);
                }
            }
            Body::Kids { kids, record } => self.object(node, kids, *record, &mut dice),
        }
    }

    fn object(&mut self, node: &Node, kids: &[Node], record: bool, dice: &mut Dice) {
        let mut list = List::open(self, '{', &mut Dice::salted(node.seed, 6));
        if let (Some(target), Some(name)) = (&node.refers, &self.format.references.json) {
            list.next(self, dice);
            self.out.push_str(&format!("{}: {}}}", quoted(name), quoted(target)));
            return;
        }
        if let (Some(id), Some(name)) = (&node.id, &self.format.references.json) {
            list.next(self, dice);
            self.out.push_str(&format!("{}: {}", quoted(name), quoted(id)));
        }
        // What tells may come after what it is about.
        let is_late = |attribute: &Attribute| attribute.telling && node.seed % 2 == 1;
        for (n, attribute) in node.attributes.iter().enumerate().filter(|(_, attribute)| !is_late(attribute)) {
            list.next(self, dice);
            self.attribute(attribute, node.seed, n);
        }
        for (at, kid) in kids.iter().enumerate() {
            if kids[..at].iter().any(|earlier| earlier.name == kid.name) {
                continue;
            }
            self.stranger(&mut Dice::junk(kid.seed, self.salt, 7), &mut list, record);
            let mut own = Dice::salted(kid.seed, 3);
            list.next(self, &mut own);
            self.name(&kid.name, &mut own);
            let same: Vec<&Node> = kids[at..].iter().filter(|other| other.name == kid.name).collect();
            if kid.item || same.len() > 1 {
                self.array(&same);
            } else {
                self.node(kid);
            }
            if kid.telling == Some(Telling::Twice) {
                list.next(self, &mut own);
                self.name(&kid.name, &mut own);
                self.node(kid);
            }
        }
        for (n, attribute) in node.attributes.iter().enumerate().filter(|(_, attribute)| is_late(attribute)) {
            list.next(self, dice);
            self.attribute(attribute, node.seed, n);
        }
        self.stranger(&mut Dice::junk(node.seed, self.salt, 3), &mut list, record);
        self.out.push_str(dice.text(&["}", " }", "\n}"]));
    }

    /// What tells what the object around it is, in the way that the case wants.
    fn telling(&mut self, value: &str, node: &Node, dice: &mut Dice) {
        match node.telling {
            Some(Telling::WithComment) => {
                self.out.push('[');
                self.scalar(value, dice);
                self.out.push(']');
            }
            Some(Telling::WithPart) => {
                self.out.push_str("{\"zqPart\": ");
                self.scalar(value, dice);
                self.out.push('}');
            }
            Some(Telling::Nil) => self.out.push_str("null"),
            Some(Telling::Wrapped) => self.wrapped(value, node, dice),
            _ => self.scalar(value, dice),
        }
    }

    fn array(&mut self, items: &[&Node]) {
        let mut list = List::open(self, '[', &mut Dice::new(&[]));
        for item in items {
            if Dice::junk(item.seed, self.salt, 1).chance(4) {
                list.next(self, &mut Dice::new(&[]));
                self.out.push_str("[\"junkZQ\"]");
            }
            list.next(self, &mut Dice::salted(item.seed, 4));
            self.node(item);
        }
        self.out.push(']');
    }

    fn wrapped(&mut self, value: &str, node: &Node, dice: &mut Dice) {
        let mut junk = Dice::junk(node.seed, self.salt, 5);
        let mut list = List::open(self, '{', &mut Dice::salted(node.seed, 8));
        let at = dice.pick(node.attributes.len() + 1);
        for n in 0..=node.attributes.len() {
            self.stranger(&mut junk, &mut list, true);
            list.next(self, dice);
            if n == at {
                self.name(RDF_VALUE, dice);
                self.scalar(value, dice);
            } else {
                let n = if n < at { n } else { n - 1 };
                self.attribute(&node.attributes[n], node.seed, n);
            }
        }
        self.out.push('}');
    }

    /// With dice of its own: its value may change, and nothing after it may depend on that.
    fn attribute(&mut self, attribute: &Attribute, seed: u16, n: usize) {
        let mut dice = Dice::salted(seed, 100 + n as u64);
        self.name(&attribute.name, &mut dice);
        self.scalar(&attribute.value, &mut dice);
    }

    fn name(&mut self, name: &str, dice: &mut Dice) {
        let text = if dice.chance(6) { escaped(name, dice) } else { quoted(name) };
        self.out.push_str(&text);
        self.out.push_str(dice.text(&[":", ": ", " :\t"]));
    }

    fn scalar(&mut self, value: &str, dice: &mut Dice) {
        let bare = value.len() < 15 && !value.contains(['{', '[', '"', ' ', '\n']);
        // Bare, it would be no text but nil.
        let bare = bare && value != "null" && serde_json::from_str::<serde_json::Value>(value).is_ok();
        let text = match dice.pick(6) {
            5 => escaped(value, dice),
            4 if bare => value.to_owned(),
            _ => quoted(value),
        };
        self.out.push_str(&text);
    }

    /// An unknown member, sometimes with a name that another reader might take for a known one.
    fn stranger(&mut self, junk: &mut Dice, list: &mut List, foreign: bool) {
        if !junk.chance(12) {
            return;
        }
        let mapped = junk.one_of(&self.format.mapped);
        let known = mapped.steps.last().map_or_else(|| "zqRoot".to_owned(), |step| step.name.replace('*', "zq "));
        let name = match junk.pick(if foreign { 4 } else { 8 }) {
            // In a record without prefixes it would be a name like any other.
            0 if foreign && self.format.namespaces.is_empty() => "zq Unknown".to_owned(),
            0 => "__proto__".to_owned(),
            1 => "zq:Unknown".to_owned(),
            2 if self.format.root.is_some() => "@type".to_owned(),
            2 => "@Type".to_owned(),
            // No local name is no name of the format's, whatever is before it.
            3 => self.format.namespaces.keys().next().map_or_else(String::new, |prefix| format!("{prefix}:")),
            4 => mapped.steps.iter().map(|step| step.name.replace('*', "zq ") + "/").collect(),
            5 => format!("{known}\0"),
            6 => format!("{known}\u{200B}"),
            _ => known.to_uppercase() + "Z",
        };
        let value = junk.text(&["\"junkZQ\"", "{\"junkZQ\": [\"junkZQ\", 1]}", "[[{}], \"junkZQ\"]", "[]", "-0.0E+2"]);
        list.next(self, &mut Dice::new(&[]));
        self.out.push_str(&format!("{}:{value}", quoted(&name)));
    }
}

/// The commas and the white space around them.
struct List {
    empty: bool,
}

impl List {
    /// What stands behind the bracket is the list's, not that of its first part, which may go.
    fn open(writer: &mut Writer<'_>, bracket: char, dice: &mut Dice) -> Self {
        writer.out.push(bracket);
        writer.out.push_str(dice.text(&["", " ", "\n  "]));
        List { empty: true }
    }

    fn next(&mut self, writer: &mut Writer<'_>, dice: &mut Dice) {
        let (before, after) = (dice.text(&["", "", " "]), dice.text(&["", " ", "\n  "]));
        if !self.empty {
            writer.out.push_str(before);
            writer.out.push(',');
            writer.out.push_str(after);
        }
        self.empty = false;
    }
}

fn escaped(text: &str, dice: &mut Dice) -> String {
    let mut escaped = String::from("\"");
    for c in text.chars() {
        match c {
            '/' => escaped.push_str("\\/"),
            c if dice.chance(30) => {
                c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| escaped.push_str(&format!("\\u{unit:04X}")));
            }
            c => {
                let lexeme = quoted(&c.to_string());
                escaped.push_str(&lexeme[1..lexeme.len() - 1]);
            }
        }
    }
    escaped.push('"');
    escaped
}
