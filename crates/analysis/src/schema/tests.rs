//! Schemas that expand to far more than they are: read in time that grows with their size, and never cut in silence.

use std::collections::BTreeSet;

use super::{Content, JsonSchema, Name, SchemaModel, Xsd};
use dmv_redact_model::config::Document;

/// Reads an XML Schema of a namespace `urn:s`, with a root `Root`.
fn xsd(content: &str) -> Xsd {
    let text = format!(
        "<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema' xmlns='urn:s' targetNamespace='urn:s' \
         elementFormDefault='qualified'>{content}</xs:schema>"
    );
    Xsd::read(&[Document { file: "s.xsd", text: &text }])
}

/// What may be in the root.
fn root<S: SchemaModel>(schema: &S, name: Option<&Name>) -> Content<S::Position> {
    schema.content(&schema.root(name).unwrap())
}

fn root_of(content: &str) -> Content<<Xsd as SchemaModel>::Position> {
    root(&xsd(content), Some(&Name::element("urn:s", "Root")))
}

fn names<P>(content: &Content<P>) -> BTreeSet<&str> {
    content.parts.iter().map(|part| part.name.local.as_str()).collect()
}

#[test]
fn p8_what_refers_twice_to_what_refers_twice_is_read_once() {
    let levels = 0..200;
    let element = "<xs:element name='Leaf' type='xs:string'/>";
    for (kind, inside, twice) in [
        ("group", "sequence", "<xs:group ref='NEXT'/><xs:group ref='NEXT'/>"),
        ("group", "choice", "<xs:group ref='NEXT'/><xs:group ref='NEXT'/>"),
        (
            "group",
            "sequence",
            "<xs:choice><xs:group ref='NEXT'/><xs:sequence><xs:group ref='NEXT'/></xs:sequence></xs:choice>",
        ),
    ] {
        let mut groups: String = levels
            .clone()
            .map(|level| {
                let twice = twice.replace("NEXT", &format!("G{}", level + 1));
                format!("<xs:{kind} name='G{level}'><xs:{inside}>{twice}</xs:{inside}></xs:{kind}>")
            })
            .collect();
        groups.push_str(&format!("<xs:group name='G200'><xs:sequence>{element}</xs:sequence></xs:group>"));
        let text = format!(
            "{groups}<xs:element name='Root'><xs:complexType><xs:sequence><xs:group ref='G150'/></xs:sequence></xs:complexType></xs:element>"
        );
        let content = root_of(&text);
        assert!(names(&content) == BTreeSet::from(["Leaf"]) && !content.is_cut, "{inside}");
        assert_eq!(content.requirements, [[Name::element("urn:s", "Leaf")]], "{inside}");
        // What is too deep is cut, and that is noted.
        assert!(
            root_of(&text.replace("G150'/></xs:sequence></xs:complexType>", "G0'/></xs:sequence></xs:complexType>"))
                .is_cut
        );
    }
    let mut groups: String = levels
        .map(|level| {
            let next = level + 1;
            format!(
                "<xs:attributeGroup name='A{level}'><xs:attributeGroup ref='A{next}'/><xs:attributeGroup ref='A{next}'/></xs:attributeGroup>"
            )
        })
        .collect();
    groups.push_str("<xs:attributeGroup name='A200'><xs:attribute name='leaf'/></xs:attributeGroup>");
    let text = format!(
        "{groups}<xs:element name='Root'><xs:complexType><xs:attributeGroup ref='A0'/></xs:complexType></xs:element>"
    );
    assert_eq!(names(&root_of(&text)), BTreeSet::from(["leaf"]));
}

#[test]
fn p8_groups_and_types_that_refer_to_themselves_end() {
    let content = root_of(
        "<xs:group name='G'><xs:sequence><xs:element name='A' type='xs:string'/><xs:group ref='G'/></xs:sequence></xs:group>\
         <xs:attributeGroup name='M'><xs:attribute name='m'/><xs:attributeGroup ref='M'/></xs:attributeGroup>\
         <xs:complexType name='T'><xs:complexContent><xs:extension base='T'><xs:group ref='G'/><xs:attributeGroup ref='M'/>\
         </xs:extension></xs:complexContent></xs:complexType><xs:element name='Root' type='T'/>",
    );
    assert_eq!(names(&content), BTreeSet::from(["A", "m"]));
    let schema =
        xsd("<xs:element name='Root' substitutionGroup='Other'/><xs:element name='Other' substitutionGroup='Root'/>");
    assert!(root(&schema, Some(&Name::element("urn:s", "Root"))).is_open);
}

#[test]
fn p8_a_type_has_what_all_of_its_bases_have() {
    let mut types = "<xs:complexType name='T0'><xs:sequence><xs:element name='E0' type='xs:string'/></xs:sequence></xs:complexType>".to_owned();
    for level in 1..=3000 {
        types.push_str(&format!(
            "<xs:complexType name='T{level}'><xs:complexContent><xs:extension base='T{}'><xs:sequence>\
             <xs:element name='E{level}' type='xs:string'/></xs:sequence></xs:extension></xs:complexContent></xs:complexType>",
            level - 1
        ));
    }
    let content = root_of(&format!("{types}<xs:element name='Root' type='T3000'/>"));
    assert_eq!((content.parts.len(), content.is_cut), (3001, false));
    assert_eq!(content.parts.first().map(|part| part.name.local.as_str()), Some("E0"));
    // A chain of simple types, and of elements that stand for one another.
    let mut types = "<xs:simpleType name='T0'><xs:restriction base='xs:date'/></xs:simpleType>".to_owned();
    let mut elements = "<xs:element name='E0' type='T3000'/>".to_owned();
    for level in 1..=3000 {
        let above = level - 1;
        types.push_str(&format!("<xs:simpleType name='T{level}'><xs:restriction base='T{above}'/></xs:simpleType>"));
        elements.push_str(&format!("<xs:element name='E{level}' substitutionGroup='E{above}'/>"));
    }
    let content = root_of(&format!(
        "{types}{elements}<xs:element name='Root'><xs:complexType><xs:sequence><xs:element ref='E0'/></xs:sequence></xs:complexType></xs:element>"
    ));
    assert_eq!(content.parts.len(), 3001);
    let position = content.parts.last().unwrap().position;
    assert_eq!(position, super::xsd::XsdPosition::Value(super::ValueType::Date));
}

#[test]
fn p8_references_of_json_schema_are_followed_in_bounds() {
    let read = |text: &str| JsonSchema::read(&Document { file: "schema.json", text });
    let chain = |length: usize| {
        let defs: Vec<String> = (0..length)
            .map(|level| {
                format!(
                    "\"d{level}\":{{\"allOf\":[{{\"$ref\":\"#/$defs/d{0}\"}},{{\"$ref\":\"#/$defs/d{0}\"}}]}}",
                    level + 1
                )
            })
            .collect();
        format!(
            "{{\"$ref\":\"#/$defs/d0\",\"$defs\":{{{},\"d{length}\":{{\"type\":\"object\",\"properties\":{{\"leaf\":{{\"type\":\"string\"}}}}}}}}}}",
            defs.join(",")
        )
    };
    let near = root(&read(&chain(60)), None);
    assert!(names(&near) == BTreeSet::from(["leaf"]) && !near.is_cut);
    assert!(root(&read(&chain(20_000)), None).is_cut);
    // Two ways to one schema that accepts null are as good as one.
    let twice = "{\"properties\":{\"a\":{\"allOf\":[{\"$ref\":\"#/$defs/n\"},{\"$ref\":\"#/$defs/n\"}]}},\"$defs\":{\"n\":{\"type\":[\"string\",\"null\"]}}}";
    assert!(root(&read(twice), None).parts.first().unwrap().is_nillable);
}
