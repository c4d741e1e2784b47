//! The same job as an integrator would do it on a library: let through what an allow-list names, drop what is left empty.
//!
//! The peers check less (neither shapes nor photos nor strict syntax) and are told the allow-list, which is read off the
//! filter's own output, so that both write the same parts.

use std::collections::HashMap;

use quick_xml::events::Event;
use quick_xml::name::ResolveResult;
use quick_xml::reader::NsReader;
use serde_json::Value;

/// Names that may stand below a place; none below a leaf.
#[derive(Debug, Default)]
pub(crate) struct AllowList(HashMap<Vec<u8>, AllowList>);

pub(crate) fn parsed(json: &[u8]) -> Value {
    serde_json::from_slice(json).unwrap()
}

pub(crate) fn json_allow_list(redacted: &[u8]) -> AllowList {
    fn collect(value: &Value, list: &mut AllowList) {
        match value {
            Value::Object(members) => {
                for (name, value) in members {
                    collect(value, list.0.entry(name.clone().into_bytes()).or_default());
                }
            }
            Value::Array(items) => items.iter().for_each(|item| collect(item, list)),
            _ => {}
        }
    }
    let mut list = AllowList::default();
    collect(&parsed(redacted), &mut list);
    list
}

/// Parses into `Value`, drops what is not listed, writes it again.
pub(crate) fn serde_json(message: &[u8], list: &AllowList) -> Vec<u8> {
    fn keep(value: &mut Value, list: &AllowList) -> bool {
        match value {
            Value::Object(members) => {
                members.retain(|name, value| list.0.get(name.as_bytes()).is_some_and(|below| keep(value, below)));
                !members.is_empty()
            }
            Value::Array(items) => {
                items.retain_mut(|item| keep(item, list));
                !items.is_empty()
            }
            _ => list.0.is_empty(),
        }
    }
    let mut value: Value = serde_json::from_slice(message).unwrap();
    keep(&mut value, list);
    serde_json::to_vec(&value).unwrap()
}

/// Namespace, NUL, local name.
fn expanded(namespace: &ResolveResult<'_>, local: &[u8], key: &mut Vec<u8>) {
    key.clear();
    if let ResolveResult::Bound(namespace) = namespace {
        key.extend_from_slice(namespace.as_ref().as_bytes());
    }
    key.push(0);
    key.extend_from_slice(local);
}

pub(crate) fn xml_allow_list(redacted: &[u8]) -> AllowList {
    fn collect(reader: &mut NsReader<&[u8]>, list: &mut AllowList) {
        let mut key = Vec::new();
        loop {
            match reader.read_resolved_event().unwrap() {
                (namespace, Event::Start(tag)) => {
                    expanded(&namespace, tag.local_name().as_ref().as_bytes(), &mut key);
                    collect(reader, list.0.entry(key.clone()).or_default());
                }
                (_, Event::End(_) | Event::Eof) => return,
                _ => {}
            }
        }
    }
    let mut list = AllowList::default();
    collect(&mut NsReader::from_reader(redacted), &mut list);
    list
}

/// Reads events with their namespaces and attributes, copies the spans of what is listed.
pub(crate) fn quick_xml(message: &[u8], list: &AllowList) -> Vec<u8> {
    struct Open<'l> {
        list: &'l AllowList,
        out_start: usize,
        kept: bool,
    }
    let mut reader = NsReader::from_reader(message);
    let mut out = Vec::with_capacity(message.len());
    let mut open = vec![Open { list, out_start: 0, kept: false }];
    let mut key = Vec::new();
    let mut skipping = 0_u32;
    let mut start = 0;
    loop {
        let (namespace, event) = reader.read_resolved_event().unwrap();
        let mut begun = None;
        let mut ended = false;
        let was_skipping = skipping > 0;
        match event {
            Event::Start(_) if skipping > 0 => skipping += 1,
            Event::End(_) if skipping > 0 => skipping -= 1,
            Event::Start(tag) => {
                for attribute in tag.attributes() {
                    std::hint::black_box(attribute.unwrap().value.len());
                }
                expanded(&namespace, tag.local_name().as_ref().as_bytes(), &mut key);
                begun = open.last().unwrap().list.0.get(&key);
                skipping = u32::from(begun.is_none());
            }
            Event::End(_) => ended = true,
            Event::Eof => return out,
            _ => {}
        }
        let end = usize::try_from(reader.buffer_position()).unwrap();
        if let Some(list) = begun {
            let out_start = out.len();
            open.push(Open { list, out_start, kept: false });
        }
        if !was_skipping && skipping == 0 && !ended {
            out.extend_from_slice(&message[start..end]);
        }
        if ended {
            let top = open.pop().unwrap();
            if top.kept || top.list.0.is_empty() {
                out.extend_from_slice(&message[start..end]);
                open.last_mut().unwrap().kept = true;
            } else {
                out.truncate(top.out_start);
            }
        }
        start = end;
    }
}

/// All texts that say something, in order: what two outputs are compared by.
pub(crate) fn texts(xml: &[u8]) -> Vec<String> {
    let document = roxmltree::Document::parse(std::str::from_utf8(xml).unwrap()).unwrap();
    let texts = document.descendants().filter(roxmltree::Node::is_text).filter_map(|node| node.text());
    texts.map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned).collect()
}
