//! Generated documents, read by other parsers: a batch has the messages that they find, each with the same meaning alone
//! as in its place.

#![allow(clippy::panic, reason = "a test that can't go on has failed")]

use proptest::prelude::*;
use roxmltree::{Document, Node};
use serde_json::Value;

use super::*;

fn wrapper(path: &str) -> BatchWrapper {
    let path = BatchPath::parse(path).unwrap_or_else(|error| panic!("{error}"));
    BatchWrapper { path, kept: Vec::new(), inherits: true }
}

/// The messages of a document; `None` if it is no batch, or isn't well-formed.
fn items(path: &str, document: &str) -> Option<Vec<String>> {
    match wrapper(path).open(document.into(), &Limits::default(), 1 << 20) {
        Opened::Batch(batch) => {
            let mut items = Vec::new();
            let read = batch.each(|number, item| {
                assert_eq!(number, items.len() as u64 + 1);
                items.push(String::from_utf8_lossy(item).into_owned());
                true
            });
            assert_eq!(read, Ok(()));
            Some(items)
        }
        Opened::Message(_) | Opened::Refused(..) => None,
    }
}

/// What an element says, and what its prefixes mean.
fn meaning(node: Node<'_, '_>, meanings: &mut Vec<String>) {
    let name = |namespace: Option<&str>, name: &str| format!("{{{}}}{name}", namespace.unwrap_or_default());
    let prefixes = ["a", "b"].map(|prefix| node.lookup_namespace_uri(Some(prefix)).unwrap_or_default());
    let mut attributes: Vec<String> =
        node.attributes().map(|one| format!("{}={}", name(one.namespace(), one.name()), one.value())).collect();
    attributes.sort();
    let default = node.default_namespace().unwrap_or_default();
    let tag = node.tag_name();
    meanings.push(format!("{} {attributes:?} {prefixes:?} {default}", name(tag.namespace(), tag.name())));
    for child in node.children() {
        match child.is_element() {
            true => meaning(child, meanings),
            false => meanings.push(format!("{:?}", child.text().filter(|_| child.is_text()))),
        }
    }
    meanings.push("end".to_owned());
}

fn meanings(node: Node<'_, '_>) -> Vec<String> {
    let mut meanings = Vec::new();
    meaning(node, &mut meanings);
    meanings
}

/// An element with declarations, attributes, and what else is in one.
fn element() -> impl Strategy<Value = String> {
    let name = prop::sample::select(vec!["A", "B", "a:A", "a:B", "b:B", "C"]);
    let attribute = prop::sample::select(vec![
        "",
        " xmlns='urn:a'",
        " xmlns=''",
        " xmlns:a='urn:a'",
        " xmlns:a='urn:&#98;'",
        " xmlns:b=\"urn:b\"",
        " a:x='1'",
        "\n x='&amp;\t'",
        " xml:lang='en'",
        " xmlns:b='urn:a'",
    ]);
    let attributes = prop::collection::vec(attribute, 0..3).prop_map(|all| all.concat());
    let leaf = (name.clone(), attributes.clone()).prop_map(|(name, attributes)| format!("<{name}{attributes}/>"));
    leaf.prop_recursive(4, 24, 4, move |inner| {
        let other = prop::sample::select(vec!["", " ", "a:x &lt;", "<!-- <B/> -->", "<![CDATA[<B>]]>", "<?p <B/>?>"]);
        let content = prop::collection::vec(prop_oneof![3 => inner, 1 => other.prop_map(str::to_owned)], 0..5);
        (name.clone(), attributes.clone(), content)
            .prop_map(|(name, attributes, content)| format!("<{name}{attributes}>{}</{name}>", content.concat()))
    })
}

/// The children of the one element at a path that another parser finds.
fn children<'a, 'd>(document: &'a Document<'d>, path: &[(&str, &str)]) -> Vec<Node<'a, 'd>> {
    let mut found = vec![document.root()];
    for (namespace, name) in path {
        let children = found.iter().flat_map(Node::children);
        let is_named = |node: &Node<'_, '_>| {
            node.tag_name().name() == *name && node.tag_name().namespace().unwrap_or_default() == *namespace
        };
        found = children.filter(|node| node.is_element() && is_named(node)).collect();
        assert_eq!(found.len(), 1);
    }
    found.iter().flat_map(Node::children).filter(Node::is_element).collect()
}

/// JSON of few names, so that they meet.
fn json() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(vec!["1", "\"x\\u0041\"", "null", "[]", "{}", " true "]).prop_map(str::to_owned);
    leaf.prop_recursive(4, 24, 4, |inner| {
        let name = prop::sample::select(vec!["\"a\"", "\"b\"", "\"\\u0061\"", "\"c\" "]);
        let member = (name, inner.clone()).prop_map(|(name, value)| format!("{name}:{value}"));
        prop_oneof![
            prop::collection::vec(inner, 0..4).prop_map(|items| format!("[{}]", items.join(" ,\n"))),
            prop::collection::vec(member, 0..4).prop_map(|members| format!("{{{}}}", members.join(","))),
        ]
    })
}

/// Whether something was found often enough for the test to mean anything.
fn assert_found(found: &std::cell::Cell<u32>) {
    assert!(found.get() > 50, "{} batches only", found.get());
}

#[test]
fn p3_a_message_of_an_xml_batch_means_alone_what_it_means_in_its_place() {
    let found = std::cell::Cell::new(0);
    let paths = prop::sample::select(vec![
        ("A", vec![("", "A")]),
        ("{urn:a}A", vec![("urn:a", "A")]),
        ("A.B", vec![("", "A"), ("", "B")]),
        ("{urn:a}A.B", vec![("urn:a", "A"), ("", "B")]),
        ("A.{urn:b}B", vec![("", "A"), ("urn:b", "B")]),
    ]);
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        cases: 4000,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let checked = runner.run(&(element(), paths), |(text, (path, steps))| {
        let Some(items) = items(path, &text) else { return Ok(()) };
        found.set(found.get() + 1);
        let document = Document::parse(&text).map_err(|error| TestCaseError::fail(error.to_string()))?;
        let children = children(&document, &steps);
        prop_assert_eq!(items.len(), children.len());
        for (item, child) in items.iter().zip(children) {
            let alone = Document::parse(item).map_err(|error| TestCaseError::fail(format!("{error}: {item}")))?;
            prop_assert_eq!(meanings(alone.root_element()), meanings(child));
        }
        Ok(())
    });
    assert_eq!(checked, Ok(()));
    assert_found(&found);
}

#[test]
fn p3_a_json_batch_has_the_messages_that_another_parser_finds() {
    let found = std::cell::Cell::new(0);
    let paths = prop::sample::select(vec![(".", ""), ("a", "/a"), ("a.b", "/a/b")]);
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        cases: 4000,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let checked = runner.run(&(json(), paths), |(text, (path, pointer))| {
        let parsed: Value = serde_json::from_str(&text).map_err(|error| TestCaseError::fail(error.to_string()))?;
        let array = parsed.pointer(pointer).and_then(Value::as_array);
        let Some(items) = items(path, &text) else { return Ok(()) };
        found.set(found.get() + 1);
        let items: Vec<Value> = items.iter().filter_map(|item| serde_json::from_str(item).ok()).collect();
        prop_assert_eq!(Some(&items), array);
        Ok(())
    });
    assert_eq!(checked, Ok(()));
    assert_found(&found);
}

#[test]
fn p2_a_batch_that_is_cut_anywhere_is_none() {
    let xml = "<?xml version='1.0'?>\n<a:A xmlns:a='urn:a'><B>\n<C x='1'>t</C><C/></B></a:A>";
    let json = "{\"a\": {\"b\": [ {\"c\": [1, \"x\"]}, {} ], \"c\": 1}}";
    for (path, text) in [("{urn:a}A.B", xml), ("a.b", json)] {
        assert_eq!(items(path, text).map(|items| items.len()), Some(2));
        for end in 0..text.len() {
            assert_eq!(items(path, text.get(..end).unwrap_or_default()), None, "{end}");
        }
    }
}
