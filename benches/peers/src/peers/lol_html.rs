//! lol_html: elements removed by a handler. It reads HTML: no namespaces, so prefixes are compared, no paths without an
//! allocation per element, so names are; and no way back, so what is left empty stays. Where that gives another
//! result it is left out.

use std::collections::HashSet;

use lol_html::{HtmlRewriter, Settings, element};

use super::Peer;
use crate::allow_list::AllowList;

pub(super) struct LolHtml {
    names: HashSet<String>,
}

impl LolHtml {
    /// `names` are the qualified names of all that may go out.
    pub(super) fn new(names: HashSet<String>) -> Self {
        Self { names }
    }
}

impl Peer for LolHtml {
    fn name(&self) -> &'static str {
        "lol_html"
    }

    fn redact(&mut self, message: &[u8], _: &AllowList, out: &mut Vec<u8>) {
        out.clear();
        let names = &self.names;
        let settings = Settings::new().append_element_content_handler(element!("*", |element| {
            if !names.contains(&element.tag_name_preserve_case()) {
                element.remove();
            }
            Ok(())
        }));
        let mut rewriter = HtmlRewriter::new(settings, |chunk: &[u8]| out.extend_from_slice(chunk));
        rewriter.write(message).unwrap();
        rewriter.end().unwrap();
    }
}
