//! Formats checked against their schemas: the built-in ones as they are, and with every typical slip in them.

use std::sync::{Arc, LazyLock};

use super::*;

/// The findings on a format with these schemas, as `line: code: message`.
fn lint_format(text: &str, schemas: &[(&str, &str)]) -> Vec<String> {
    let format = Document { file: "format.toml", text };
    let schemas = schemas.iter().map(|(file, text)| Document { file, text }).collect();
    tell(&Sources { format, schemas })
}

fn tell(sources: &Sources<'_>) -> Vec<String> {
    static CATALOG: LazyLock<Catalog> = LazyLock::new(|| Catalog::load(dmv_redact::shipped::CATALOG, &[]).unwrap());
    let found = lint(sources, &[], &CATALOG).unwrap();
    let line = |finding: &Finding| finding.error.position().map_or(0, |(line, _)| line);
    found
        .iter()
        .map(|finding| format!("{}: {}: {}", line(finding), finding.code.name, finding.error.message()))
        .collect()
}

/// The paths that findings name first, sorted.
fn missing(found: &[String]) -> BTreeSet<&str> {
    found.iter().map(|line| line.split('`').nth(1).unwrap()).collect()
}

/// The lines of a format that map a path.
fn mapping_lines(text: &str) -> Vec<usize> {
    let maps = |line: &str| line.starts_with('"') && line.contains("\" = \"");
    text.lines().enumerate().filter(|(_, line)| maps(line)).map(|(index, _)| index).collect()
}

/// The text with one line changed or removed.
fn changed(text: &str, index: usize, change: impl Fn(&str) -> String) -> String {
    let line = |(at, line): (usize, &str)| if at == index { change(line) } else { format!("{line}\n") };
    text.lines().enumerate().map(line).collect()
}

#[test]
fn p1_the_shipped_formats_are_all_that_their_schemas_are() {
    for sources in built_in() {
        assert!(!sources.schemas.is_empty(), "{} has no schema", sources.format.file);
        assert_eq!(tell(&sources), Vec::<String>::new(), "{}", sources.format.file);
    }
}

#[test]
fn every_schema_that_lies_beside_a_shipped_format_is_built_in() {
    let built_in: BTreeSet<String> =
        built_in().flat_map(|sources| sources.schemas.into_iter().map(|schema| schema.file.to_owned())).collect();
    let mut lying = BTreeSet::new();
    let root = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    let folders = std::fs::read_dir(root.join("schemas")).unwrap().map(|entry| entry.unwrap().path());
    for folder in folders.filter(|path| path.is_dir()) {
        for file in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if file.extension().is_some_and(|extension| extension == "xsd") || file.ends_with(JSON_SCHEMA) {
                lying.insert(file.strip_prefix(root).unwrap().display().to_string());
            }
        }
    }
    assert_eq!(lying, built_in);
}

#[test]
fn p1_a_mapping_line_that_is_dropped_is_missed() {
    for sources in built_in() {
        let text = sources.format.text;
        let lines = mapping_lines(text);
        assert!(lines.len() > 20, "{}", sources.format.file);
        for index in lines {
            let line = text.lines().nth(index).unwrap();
            // If the format refers to the path elsewhere, it no longer loads; a lint needs one that does.
            let without = changed(text, index, |_| String::new());
            let found = tell(&Sources { format: Document { text: &without, ..sources.format }, ..sources.clone() });
            assert!(found.iter().any(|line| line.contains(": not-mapped: ") || line.contains(": required-")), "{line}");
        }
    }
}

#[test]
fn a_path_that_is_misspelt_is_not_in_the_schema() {
    for sources in built_in() {
        let text = sources.format.text;
        for index in mapping_lines(text) {
            let misspelt = changed(text, index, |line| {
                let (path, rest) = line.split_once("\" = ").unwrap();
                let (steps, record) = path.strip_suffix("/**").map_or((path, ""), |steps| (steps, "/**"));
                format!("{steps}x{record}\" = {rest}\n")
            });
            let found = tell(&Sources { format: Document { text: &misspelt, ..sources.format }, ..sources.clone() });
            let expected = format!("{}: path-not-in-schema: `", index + 1);
            assert!(
                found.iter().any(|line| line.starts_with(&expected)),
                "{}\n{found:#?}",
                text.lines().nth(index).unwrap()
            );
        }
    }
}

/// A small XML format: `[paths]` and the rest of the file.
fn xml_format(rest: &str) -> String {
    format!("name = 'small'\nsyntax = 'xml'\nroot = 's:Root'\n{rest}\n[namespaces]\ns = 'urn:s'\n")
}

/// An XML Schema whose root has this type.
fn xsd(root: &str) -> String {
    format!(
        "<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema' xmlns:s='urn:s' targetNamespace='urn:s'\n\
         elementFormDefault='qualified'>\n<xs:element name='Root'><xs:complexType>{root}</xs:complexType></xs:element>\n\
         <xs:element name='Id' type='xs:ID'/>\n</xs:schema>"
    )
}

/// Lints a small XML format with a schema whose root has this type.
fn small(format: &str, root: &str) -> Vec<String> {
    lint_format(&xml_format(format), &[("small.xsd", &xsd(root))])
}

const NAME: &str = "paths.'s:Name' = 'person.name'";
const NAME_AND_SSN: &str = "paths.'s:Name' = 'person.name'\npaths.'s:Ssn' = 'person.ssn'";

#[test]
fn what_the_schema_has_and_the_format_lacks_is_told_once_with_its_place() {
    let both = "<xs:all><xs:element name='Name' type='xs:string' minOccurs='0'/>\
                <xs:element name='Ssn' minOccurs='0'><xs:complexType><xs:attribute name='state'/></xs:complexType>\
                </xs:element></xs:all>";
    let expected = "3: not-mapped: `s:Ssn` is in the schema (small.xsd:3) and mapped nowhere: it is always removed";
    assert_eq!(small(NAME, both), [expected]);
    assert_eq!(small(&format!("unmapped = ['s:Ssn']\n{NAME}"), both), Vec::<String>::new());
    let misspelt = "4: path-not-in-schema: `s:San` is not in the schema: the root has no such part there";
    assert_eq!(small(&format!("unmapped = ['s:San']\n{NAME}"), both), [expected, misspelt]);
    let attribute = small(&format!("{NAME}\npaths.'s:Ssn/@state' = 'person.ssn'"), both);
    assert_eq!(attribute, Vec::<String>::new());
    // Its one value is an attribute: mapped as a value, the element has none of its own.
    let found = small(NAME_AND_SSN, both);
    assert!(found[0].starts_with("5: value-not-in-schema: `s:Ssn` is mapped as a value"), "{found:?}");
    assert!(found[1].starts_with("5: not-mapped: `s:Ssn/@state` is in the schema"), "{found:?}");
}

#[test]
fn what_is_said_to_be_unmapped_and_is_mapped_can_not_be_used() {
    let error = |rest: &str| {
        let text = xml_format(rest);
        let document = Document { file: "format.toml", text: &text };
        dmv_redact_model::format::Formats::load(
            dmv_redact::shipped::FORMATS,
            &[document],
            &Arc::new(Catalog::load(dmv_redact::shipped::CATALOG, &[]).unwrap()),
        )
        .unwrap_err()
        .to_string()
    };
    assert_eq!(
        error(&format!("unmapped = ['s:Name']\n{NAME}")),
        "format.toml:4:13: `s:Name` is said to be unmapped, and is mapped"
    );
    assert_eq!(
        error("unmapped = ['s:A/s:B']\npaths.'s:A/**' = 'person.name'"),
        "format.toml:4:13: `s:A/s:B` is said to be unmapped, and goes out with the record around it"
    );
}

#[test]
fn p4_what_the_schema_requires_needs_something_that_stands_for_it() {
    let both = "<xs:sequence><xs:element name='Name' type='xs:string' nillable='true'/>\
                <xs:element name='Ssn' type='xs:string' minOccurs='0'/></xs:sequence>";
    let expected =
        "4: required-denied: the schema requires `s:Name` in the root: where it is denied, what goes out is not valid";
    assert_eq!(small(NAME_AND_SSN, both), [expected]);
    let stands = |word: &str, path: &str| {
        small(&format!("{NAME_AND_SSN}\n[[required]]\npath = '{path}'\nwhen-denied = '{word}'"), both)
    };
    assert_eq!(stands("nil", "s:Name"), Vec::<String>::new());
    let found = stands("nil", "s:Ssn");
    assert!(found.iter().any(|line| line.starts_with("7: not-nillable: nil stands for `s:Ssn`")), "{found:?}");
    assert!(found.iter().any(|line| line.starts_with("7: stand-in-not-required: ")), "{found:?}");
    let nillable = small(&format!("nillable = ['s:Ssn']\n{NAME_AND_SSN}"), both);
    assert!(
        nillable.iter().any(|line| line.starts_with("4: not-nillable: `s:Ssn` is said to be nillable")),
        "{nillable:?}"
    );
    // An envelope element is never denied; an unmapped one always is.
    let envelope = "paths.'s:Name' = 'envelope.date'\npaths.'s:Ssn' = 'person.ssn'";
    assert_eq!(small(envelope, both), Vec::<String>::new());
    let unmapped = small("unmapped = ['s:Name']\npaths.'s:Ssn' = 'person.ssn'", both);
    assert_eq!(
        unmapped,
        [
            "1: required-left-out: the schema requires `s:Name`, and `unmapped` leaves it out: what goes out is not valid"
        ]
    );
    let not_mapped = small("paths.'s:Ssn' = 'person.ssn'", both);
    assert!(not_mapped.iter().any(|line| line.contains(": required-not-mapped: ")), "{not_mapped:?}");
}

#[test]
fn p4_what_stands_for_a_required_part_behind_predicates_is_asked_and_taken_with_them() {
    let schema = r#"{ "properties": { "a": { "items": { "properties": {
        "k": { "type": "string" }, "b": { "type": "string" } }, "required": ["b"] } } } }"#;
    let paths = "paths.\"a[k='x']/b\" = 'person.name'\npaths.\"a[k='y']/b\" = 'person.ssn'";
    let format = |rest: &str| format!("name = 'small'\nsyntax = 'json'\n{paths}\n{rest}");
    let advice = |rest: &str| {
        let text = format(rest);
        let catalog = Catalog::load(dmv_redact::shipped::CATALOG, &[]).unwrap();
        let sources = Sources {
            format: Document { file: "format.toml", text: &text },
            schemas: vec![Document { file: "schema.json", text: schema }],
        };
        let found = lint(&sources, &[], &catalog).unwrap();
        let found =
            found.iter().map(|finding| format!("{}: {}", finding.code.name, finding.error.help_text().unwrap()));
        found.collect::<Vec<_>>()
    };
    let stands = |path: &str| format!("[[required]]\npath = \"{path}\"\nwhen-denied = 'empty'\n");
    assert_eq!(
        advice(""),
        ["required-denied: say what stands for it, in a [[required]] with when-denied = ... for each path: \
          \"a[k='x']/b\", \"a[k='y']/b\""]
    );
    assert_eq!(
        advice(&stands("a[k='x']/b")),
        ["required-denied: say what stands for it: [[required]] path = \"a[k='y']/b\", when-denied = ..."]
    );
    assert_eq!(advice(&[stands("a[k='x']/b"), stands("a[k='y']/b")].concat()), Vec::<String>::new());
}

#[test]
fn p4_one_of_a_choice_is_enough_and_a_container_goes_with_its_only_part() {
    let element = |name: &str| format!("<xs:element name='{name}' type='xs:string'/>");
    let choice = format!("<xs:choice>{}{}</xs:choice>", element("Name"), element("Ssn"));
    assert_eq!(
        small(NAME_AND_SSN, &choice),
        [
            "4: required-denied: the schema requires `s:Name` or `s:Ssn` in the root: where it is denied, what goes out is not valid"
        ]
    );
    let free = format!("<xs:choice>{}<xs:sequence/></xs:choice>", element("Name"));
    assert_eq!(small(NAME, &free), Vec::<String>::new());
    let inner = format!("<xs:complexType><xs:sequence>{}</xs:sequence></xs:complexType>", element("Name"));
    let nested = format!("<xs:sequence minOccurs='0'><xs:element name='A'>{inner}</xs:element></xs:sequence>");
    assert_eq!(small("paths.'s:A/s:Name' = 'person.name'", &nested), Vec::<String>::new());
}

#[test]
fn xml_schema_is_read_through_references_groups_extensions_and_substitutions() {
    let schema = "<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema' xmlns='urn:s' targetNamespace='urn:s'>
      <xs:element name='Root' type='Root'/>
      <xs:complexType name='Base'><xs:sequence><xs:element ref='Head' minOccurs='0'/></xs:sequence>
        <xs:attributeGroup ref='Marks'/></xs:complexType>
      <xs:complexType name='Root'><xs:complexContent><xs:extension base='Base'>
        <xs:group ref='More'/><xs:attribute name='own'/></xs:extension></xs:complexContent></xs:complexType>
      <xs:group name='More'><xs:choice><xs:element name='Again' type='Root' minOccurs='0' form='qualified'/></xs:choice></xs:group>
      <xs:attributeGroup name='Marks'><xs:attribute name='mark'/></xs:attributeGroup>
      <xs:element name='Head' abstract='true'/>
      <xs:element name='First' substitutionGroup='Head' type='xs:string'/>
      <xs:element name='Second' substitutionGroup='First'/>
    </xs:schema>";
    let format = |rest: &str| lint_format(&xml_format(rest), &[("small.xsd", schema)]);
    let all = ["s:First", "s:Second", "@mark", "@own", "s:Again/s:First"];
    let paths =
        |all: &[&str]| -> String { all.iter().map(|path| format!("paths.'{path}' = 'person.name'\n")).collect() };
    let found = format(&paths(&all));
    assert_eq!(
        missing(&found),
        BTreeSet::from(["s:Again/s:Second", "s:Again/@mark", "s:Again/s:Again", "s:Again/@own"]),
        "{found:#?}"
    );
    let found = format(&format!("unmapped = ['s:Again']\n{}", paths(&all[..1])));
    assert_eq!(missing(&found), BTreeSet::from(["s:Second", "@mark", "@own"]), "{found:#?}");
}

#[test]
fn what_a_schema_says_beyond_this_reader_is_told() {
    let findings = |root: &str| {
        small(NAME, &format!("<xs:all><xs:element name='Name' type='xs:string' minOccurs='0'/></xs:all>{root}"))
    };
    let one = |root: &str, what: &str| {
        let found = findings(root);
        assert!(
            found.iter().any(|line| line.starts_with("3: schema-not-understood: this check doesn't understand ")
                && line.contains(what)),
            "{what}: {found:?}"
        );
    };
    assert_eq!(findings(""), Vec::<String>::new());
    one("<xs:assert test='true()'/>", "`assert`");
    one("<xs:attribute ref='s:nowhere'/>", "the attribute `s:nowhere`");
    one("<xs:attributeGroup ref='s:nowhere'/>", "the attributeGroup `s:nowhere`");
    let broken = lint_format(&xml_format(NAME), &[("small.xsd", &xsd("").replace("</xs:schema>", ""))]);
    assert!(broken.iter().any(|line| line.contains(": it is not well-formed")), "{broken:?}");
    let import = xsd("").replace(
        "<xs:element name='Root'>",
        "<xs:import namespace='urn:t' schemaLocation='t.xsd'/><xs:element name='Root'>",
    );
    let found = lint_format(&xml_format(NAME), &[("small.xsd", &import)]);
    assert!(found.iter().any(|line| line.contains("`import` of `t.xsd`: no such document is there")), "{found:?}");
}

#[test]
fn anything_in_a_schema_takes_any_path() {
    let any = "<xs:sequence><xs:any minOccurs='0'/></xs:sequence><xs:anyAttribute/>";
    assert_eq!(small(&format!("{NAME}\npaths.'@s:mark' = 'person.name'"), any), Vec::<String>::new());
    let found = small(NAME, "<xs:anyAttribute/>");
    assert!(found[0].contains("path-not-in-schema"), "{found:?}");
}

/// Lints a small JSON format with a schema.
fn json(format: &str, schema: &str) -> Vec<String> {
    lint_format(&format!("name = 'small'\nsyntax = 'json'\n{format}\n"), &[("schema.json", schema)])
}

#[test]
fn json_schema_is_read_through_references_alternatives_and_arrays() {
    let schema = r##"{
      "type": "object",
      "properties": { "person": { "type": ["array", "object"], "items": { "$ref": "#/$defs/person" }, "$ref": "#/$defs/person" } },
      "$defs": { "person": {
        "allOf": [{ "properties": { "name": { "type": "string" } } }],
        "anyOf": [{ "properties": { "ssn": { "type": "string" } } }, { "properties": { "ssn": { "type": "null" } } }],
        "properties": { "child": { "$ref": "#/$defs/person" }, "list": { "items": { "items": { "type": "string" } } } },
        "patternProperties": { "^age_over_\\d\\d$": { "type": "boolean" } },
        "additionalProperties": false } }
    }"##;
    let paths = "unmapped = ['person/child']\npaths.'person/name' = 'person.name'\npaths.'person/ssn' = 'person.ssn'\n\
                 paths.'person/age_over_21' = 'person.age'";
    let found = json(paths, schema);
    assert_eq!(missing(&found), BTreeSet::from(["person/list"]), "{found:#?}");
    let found = json("unmapped = ['person/list', 'person/child']\npaths.'person/nam' = 'person.name'", schema);
    assert_eq!(
        missing(&found),
        BTreeSet::from(["person/name", "person/ssn", "person/^age_over_\\d\\d$", "person/nam"]),
        "{found:#?}"
    );
    let found = json(&format!("{paths}\npaths.'person/list' = 'person.name'"), schema);
    assert_eq!(missing(&found), BTreeSet::from(["person/list", "person/list/[]"]), "{found:#?}");
}

#[test]
fn p4_what_json_schema_requires_needs_something_that_stands_for_it() {
    let schema = r#"{ "properties": { "name": { "type": "string" }, "ssn": { "type": ["string", "null"] } }, "required": ["ssn"] }"#;
    let paths = "paths.name = 'person.name'\npaths.ssn = 'person.ssn'";
    let found = json(paths, schema);
    assert_eq!(
        found,
        ["4: required-denied: the schema requires `ssn` in the root: where it is denied, what goes out is not valid"]
    );
    let stands = |path: &str| format!("{paths}\n[[required]]\npath = '{path}'\nwhen-denied = 'nil'");
    assert_eq!(json(&stands("ssn"), schema), Vec::<String>::new());
    assert!(json(&stands("name"), schema).iter().any(|line| line.contains(": not-nillable: ")));
}

#[test]
fn what_json_schema_says_beyond_this_reader_is_told() {
    for (schema, what) in [
        (r#"{ "if": {}, "properties": { "name": {} } }"#, "`if` at its root"),
        (r#"{ "properties": { "name": { "not": {} } } }"#, "`not` at `/properties/name`"),
        (r#"{ "properties": { "name": { "$ref": "other.json" } } }"#, "`$ref` to `other.json`"),
        (r##"{ "properties": { "name": { "$ref": "#/nowhere" } } }"##, "`$ref` to `#/nowhere`"),
        (r#"{ "properties": { "name": { "items": [{}] } } }"#, "`items` at `/properties/name`"),
        (r#"{ "properties": { "name": {} }, "patternProperties": { "(?=x)": {} } }"#, "the pattern of names `(?=x)`"),
        (r#"{ "properties": "#, "it is no JSON"),
    ] {
        let found = json("paths.name = 'person.name'", schema);
        assert!(
            found.iter().any(|line| line.contains(": schema-not-understood: ") && line.contains(what)),
            "{what}: {found:?}"
        );
    }
}

#[test]
fn a_format_without_a_schema_is_noted() {
    assert_eq!(lint_format(&xml_format(NAME), &[]), ["1: no-schema: format `small` has no schema for its XML"]);
    let root = lint_format(&xml_format(NAME).replace("s:Root", "s:Roof"), &[("small.xsd", &xsd(""))]);
    assert_eq!(root, ["3: path-not-in-schema: the schema has no root `s:Roof`"]);
}

#[test]
fn p8_a_record_is_followed_so_deep_and_no_deeper() {
    let types: String = (0..3000)
        .map(|level| {
            let next = level + 1;
            format!(
                "<xs:complexType name='T{level}'><xs:sequence><xs:element name='E{level}' type='T{next}'/></xs:sequence>\
                 <xs:attribute name='a'/></xs:complexType>"
            )
        })
        .collect();
    let schema = format!(
        "<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema' xmlns='urn:s' targetNamespace='urn:s' \
         elementFormDefault='qualified'><xs:element name='Root'><xs:complexType><xs:sequence>\
         <xs:element name='Name' type='T0' minOccurs='0'/></xs:sequence></xs:complexType></xs:element>{types}\
         <xs:complexType name='T3000'/></xs:schema>"
    );
    let found = lint_format(&xml_format("paths.'s:Name/**' = 'response.text'"), &[("small.xsd", &schema)]);
    assert!(found.len() < 100, "{}", found.len());
    assert!(found.iter().any(|line| line.contains("doesn't follow the schema to the end in `s:Name`")), "{found:?}");
}
