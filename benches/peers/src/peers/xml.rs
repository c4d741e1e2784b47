//! quick-xml's `NsReader` with attributes, and roxmltree's tree: both copy the spans of what is listed.

use quick_xml::events::Event;
use quick_xml::reader::NsReader;
use roxmltree::{Document, Node};

use super::Peer;
use crate::allow_list::{AllowList, bound};

pub(super) struct QuickXml;

impl Peer for QuickXml {
    fn name(&self) -> &'static str {
        "quick-xml"
    }

    fn redact(&mut self, message: &[u8], list: &AllowList, out: &mut Vec<u8>) {
        out.clear();
        copy_events(message, list, out);
    }
}

/// An element whose end tag is to come.
struct Open<'l> {
    list: &'l AllowList,
    out_start: usize,
    kept: bool,
}

fn copy_events(message: &[u8], list: &AllowList, out: &mut Vec<u8>) {
    let mut reader = NsReader::from_reader(message);
    let mut open = vec![Open { list, out_start: 0, kept: false }];
    let mut start = 0;
    loop {
        let event = reader.read_event().unwrap();
        let end = usize::try_from(reader.buffer_position()).unwrap();
        let mut copies = true;
        match event {
            Event::Start(tag) => {
                let (namespace, name) = reader.resolver().resolve_element(tag.name());
                let top = open.last().unwrap();
                if let Some(entry) = top.list.find_in(bound(&namespace), name.as_ref()) {
                    for attribute in tag.attributes() {
                        std::hint::black_box(attribute.unwrap().value.len());
                    }
                    open.push(Open { list: &entry.below, out_start: out.len(), kept: false });
                } else {
                    reader.read_to_end(tag.name()).unwrap();
                    copies = false;
                }
            }
            Event::Empty(tag) => {
                let (namespace, name) = reader.resolver().resolve_element(tag.name());
                let top = open.last_mut().unwrap();
                let entry = top.list.find_in(bound(&namespace), name.as_ref());
                copies = entry.is_some_and(|entry| entry.below.is_leaf());
                top.kept |= copies;
            }
            Event::End(_) => {
                let top = open.pop().unwrap();
                copies = top.kept || top.list.is_leaf();
                if copies {
                    open.last_mut().unwrap().kept = true;
                } else {
                    out.truncate(top.out_start);
                }
            }
            Event::Eof => return,
            _ => {}
        }
        if copies {
            out.extend_from_slice(&message[start..end]);
            start = end;
        } else {
            start = usize::try_from(reader.buffer_position()).unwrap();
        }
    }
}

pub(super) struct Roxmltree;

impl Peer for Roxmltree {
    fn name(&self) -> &'static str {
        "roxmltree"
    }

    fn redact(&mut self, message: &[u8], list: &AllowList, out: &mut Vec<u8>) {
        let text = simdutf8::basic::from_utf8(message).unwrap();
        let document = Document::parse(text).unwrap();
        out.clear();
        let root = document.root_element();
        out.extend_from_slice(&message[..root.range().start]);
        let name = root.tag_name();
        if let Some(entry) = list.find_in(name.namespace().unwrap_or_default(), name.name()) {
            copy_element(root, message, &entry.below, out);
        }
    }
}

/// Copies what is listed of an element; tells whether anything is.
fn copy_element(element: Node<'_, '_>, message: &[u8], list: &AllowList, out: &mut Vec<u8>) -> bool {
    let range = element.range();
    let (Some(first), Some(last)) = (element.first_child(), element.last_child()) else {
        if list.is_leaf() {
            out.extend_from_slice(&message[range]);
        }
        return list.is_leaf();
    };
    let before = out.len();
    let mut kept = list.is_leaf();
    out.extend_from_slice(&message[range.start..first.range().start]);
    for child in element.children() {
        if !child.is_element() {
            out.extend_from_slice(&message[child.range()]);
            continue;
        }
        let name = child.tag_name();
        if let Some(entry) = list.find_in(name.namespace().unwrap_or_default(), name.name()) {
            kept |= copy_element(child, message, &entry.below, out);
        }
    }
    if kept {
        out.extend_from_slice(&message[last.range().end..range.end]);
    } else {
        out.truncate(before);
    }
    kept
}
