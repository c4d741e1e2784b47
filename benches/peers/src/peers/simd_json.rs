//! simd-json: its tape, with all buffers kept, and its own writer for strings. It parses in place, so the message is copied first.

use std::io;

use simd_json::{Buffers, Node};
use value_trait::generator::BaseGenerator;

use super::Peer;
use super::sonic::end;
use crate::allow_list::AllowList;

pub(super) struct Tape {
    copy: Vec<u8>,
    buffers: Buffers,
    nodes: Option<simd_json::Tape<'static>>,
}

impl Default for Tape {
    fn default() -> Self {
        Self { copy: Vec::new(), buffers: Buffers::default(), nodes: Some(simd_json::Tape::null()) }
    }
}

impl Peer for Tape {
    fn name(&self) -> &'static str {
        "simd-json"
    }

    fn redact(&mut self, message: &[u8], list: &AllowList, out: &mut Vec<u8>) {
        self.copy.clear();
        self.copy.extend_from_slice(message);
        let mut nodes = self.nodes.take().unwrap_or(simd_json::Tape::null()).reset();
        simd_json::fill_tape(&mut self.copy, &mut self.buffers, &mut nodes).unwrap();
        out.clear();
        let mut writer = Writer(out);
        writer.keep(&nodes.0, list);
        self.nodes = Some(nodes.reset());
    }
}

/// How many nodes a value is.
fn length(node: &Node<'_>) -> usize {
    match node {
        Node::Object { count, .. } | Node::Array { count, .. } => count + 1,
        _ => 1,
    }
}

struct Writer<'o>(&'o mut Vec<u8>);

impl Writer<'_> {
    /// Writes what is listed of the value that `nodes` begin with; tells whether anything is.
    fn keep(&mut self, nodes: &[Node<'_>], list: &AllowList) -> bool {
        match &nodes[0] {
            Node::Object { len, .. } => {
                let before = self.0.len();
                self.0.push(b'{');
                let mut place = 1;
                for _ in 0..*len {
                    let Node::String(name) = &nodes[place] else { panic!("a member has a name") };
                    let value = &nodes[place + 1..];
                    if let Some(entry) = list.find(name) {
                        let unless_kept = self.separate(before);
                        self.0.extend_from_slice(entry.written.as_bytes());
                        if !self.keep(value, &entry.below) {
                            self.0.truncate(unless_kept);
                        }
                    }
                    place += 1 + length(&value[0]);
                }
                end(self.0, before, b'}')
            }
            Node::Array { len, .. } => {
                let before = self.0.len();
                self.0.push(b'[');
                let mut place = 1;
                for _ in 0..*len {
                    let unless_kept = self.separate(before);
                    if !self.keep(&nodes[place..], list) {
                        self.0.truncate(unless_kept);
                    }
                    place += length(&nodes[place]);
                }
                end(self.0, before, b']')
            }
            _ if !list.is_leaf() => false,
            Node::String(text) => {
                self.write_string(text).unwrap();
                true
            }
            Node::Static(value) => {
                use std::io::Write as _;
                write!(self.0, "{value}").unwrap();
                true
            }
        }
    }

    /// A comma unless it is the first; where the output ended before it.
    fn separate(&mut self, before: usize) -> usize {
        let unless_kept = self.0.len();
        if unless_kept > before + 1 {
            self.0.push(b',');
        }
        unless_kept
    }
}

impl BaseGenerator for Writer<'_> {
    type T = Vec<u8>;

    fn get_writer(&mut self) -> &mut Vec<u8> {
        self.0
    }

    fn write_min(&mut self, _: &[u8], min: u8) -> io::Result<()> {
        self.0.push(min);
        Ok(())
    }
}
