//! The same job as an integrator would do it on another library: let through what an allow-list names, drop what is left empty.
//!
//! Each as fast as its interface allows: buffers kept, spans copied where the library tells them, what goes skipped by
//! the library itself. They check less than the filter (neither shapes nor photos, most not even the strict syntax) and
//! are told the allow-list.

mod json;
mod lol_html;
mod simd_json;
mod sonic;
mod xml;

use std::collections::HashSet;

use crate::allow_list::AllowList;
use crate::messages::Syntax;

/// A library that does the job.
pub trait Peer {
    fn name(&self) -> &'static str;

    /// Writes into `out` what the list lets through of `message`.
    fn redact(&mut self, message: &[u8], list: &AllowList, out: &mut Vec<u8>);
}

/// All that read a syntax; `output` is what the filter made of the first message.
pub fn of(syntax: Syntax, output: &[u8]) -> Vec<Box<dyn Peer>> {
    match syntax {
        Syntax::Json => vec![
            Box::new(json::SerdeJson),
            Box::new(sonic::Dom),
            Box::new(sonic::Lazy),
            Box::new(sonic::ByValue),
            Box::new(simd_json::Tape::default()),
        ],
        Syntax::Xml => vec![
            Box::new(xml::QuickXml),
            Box::new(xml::Roxmltree),
            Box::new(lol_html::LolHtml::new(qualified_names(output))),
        ],
    }
}

/// Whether two outputs hold the same, white space and order of members aside.
pub fn is_alike(syntax: Syntax, one: &[u8], other: &[u8]) -> bool {
    match syntax {
        Syntax::Json => parsed(one).is_some_and(|value| Some(value) == parsed(other)),
        Syntax::Xml => outline(one).is_some_and(|outline_of_one| Some(outline_of_one) == outline(other)),
    }
}

fn parsed(json: &[u8]) -> Option<serde_json::Value> {
    serde_json::from_slice(json).ok()
}

/// Every element's expanded name and every text that says something, in order.
fn outline(xml: &[u8]) -> Option<Vec<String>> {
    let document = roxmltree::Document::parse(std::str::from_utf8(xml).ok()?).ok()?;
    let part = |node: roxmltree::Node<'_, '_>| match node.is_element() {
        true => Some(format!("<{:?}", node.tag_name())),
        false => node.text().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned),
    };
    Some(document.descendants().filter_map(part).collect())
}

fn qualified_names(xml: &[u8]) -> HashSet<String> {
    let mut names = HashSet::new();
    let mut reader = quick_xml::Reader::from_reader(xml);
    loop {
        match reader.read_event().unwrap() {
            quick_xml::events::Event::Start(tag) => names.insert(tag.name().as_ref().to_owned()),
            quick_xml::events::Event::Eof => return names,
            _ => continue,
        };
    }
}
