//! `dmv-redact format check`: formats alone, on schemas as they come, and what samples have that no path names.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use super::{refuses, works};
use crate::{run_in, text};

fn write(folder: &Path, name: &str, content: &str) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}

const A: &str = "<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema' xmlns:b='urn:b' targetNamespace='urn:a' elementFormDefault='qualified'>\n\
    <xs:import namespace='urn:b' schemaLocation='niem/b.xsd'/>\n\
    <xs:element name='Root'><xs:complexType><xs:sequence><xs:element ref='b:Name' minOccurs='0'/></xs:sequence></xs:complexType></xs:element>\n\
    </xs:schema>";
const B: &str = "<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema' targetNamespace='urn:b' elementFormDefault='qualified'>\n\
    <xs:element name='Name' type='xs:string'/></xs:schema>";

fn format(path: &str) -> String {
    format!(
        "name = 'x'\nsyntax = 'xml'\nroot = 'a:Root'\n[namespaces]\na = 'urn:a'\nb = 'urn:b'\n[paths]\n'{path}' = 'person.name.full'\n"
    )
}

#[test]
fn what_a_schema_imports_is_found_in_its_folder_or_beside_the_format() {
    for (place, path, expected) in [
        ("formats/x/niem/b.xsd", "b:Name", None),
        ("formats/x/niem/b.xsd", "b:Nmae", Some("`b:Nmae` is not in the schema")),
        ("formats/x/b.xsd", "b:Name", None),
        ("formats/x/b.xsd", "b:Nmae", Some("did you mean `b:Name`?")),
    ] {
        let folder = TempDir::new().unwrap();
        write(folder.path(), "formats/x/format.toml", &format(path));
        write(folder.path(), "formats/x/a.xsd", A);
        write(folder.path(), place, B);
        let output = run_in(folder.path(), &["format", "check", "--formats", "formats"]);
        let told = text(&output.stdout);
        match expected {
            None => assert!(told == "0 errors, 0 warnings, 0 notes\n", "{place}, {path}: {told}"),
            Some(expected) => assert!(output.status.code() == Some(2) && told.contains(expected), "{told}"),
        }
    }
}

#[test]
fn an_import_that_is_not_there_is_told_once_and_nothing_without_a_name() {
    let folder = TempDir::new().unwrap();
    write(folder.path(), "formats/x/format.toml", &format("b:Name"));
    write(folder.path(), "formats/x/a.xsd", A);
    let told = works(folder.path(), &["format", "check", "--formats", "formats"]);
    assert!(told.contains("`import` of `niem/b.xsd`: no such document is there"), "{told}");
    assert!(told.ends_with("\n0 errors, 1 warning, 0 notes\n") && !told.contains("requires  in"), "{told}");
}

#[test]
fn attributes_that_every_element_may_have_are_no_news() {
    let schema = "<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema' xmlns:a='urn:a' xmlns:s='http://niem.gov/niem/structures/2.0' \
        targetNamespace='urn:a' elementFormDefault='qualified'>\
        <xs:import namespace='http://niem.gov/niem/structures/2.0' schemaLocation='s.xsd'/>\
        <xs:import namespace='http://www.w3.org/XML/1998/namespace' schemaLocation='http://www.w3.org/2001/xml.xsd'/>\
        <xs:element name='Root'><xs:complexType><xs:sequence><xs:element name='Name' minOccurs='0'><xs:complexType><xs:simpleContent>\
        <xs:extension base='xs:string'><xs:attribute ref='s:id'/><xs:attribute ref='xml:lang'/></xs:extension></xs:simpleContent></xs:complexType></xs:element>\
        </xs:sequence><xs:attribute ref='s:id' use='required'/></xs:complexType></xs:element></xs:schema>";
    let structures = "<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema' targetNamespace='http://niem.gov/niem/structures/2.0'>\
        <xs:attribute name='id' type='xs:ID'/></xs:schema>";
    let folder = TempDir::new().unwrap();
    write(folder.path(), "formats/x/format.toml", &format("a:Name"));
    write(folder.path(), "formats/x/a.xsd", schema);
    write(folder.path(), "formats/x/s.xsd", structures);
    let told = works(folder.path(), &["format", "check", "--strict", "--formats", "formats"]);
    assert_eq!(told, "0 errors, 0 warnings, 0 notes\n");
}

#[test]
fn parts_of_which_no_predicate_holds_are_counted_without_their_values() {
    let folder = TempDir::new().unwrap();
    let (ssn, number) = ("Id[Type='SSN']/Value", "Id[Type='DL'|'CDL']/Value");
    write(
        folder.path(),
        "formats/x/format.toml",
        &format!(
            "name = 'x'\nsyntax = 'xml'\nroot = 'Root'\n[paths]\n\"{ssn}\" = 'person.ssn'\n\"{number}\" = 'license.number'\n"
        ),
    );
    let id = |kind: &str| format!("<Id><Type>{kind}</Type><Value>1</Value></Id>");
    let ids = [id("SSN"), id("CDL"), id("QUUX"), id("QUUX"), "<Id><Value>1</Value></Id>".to_owned()].concat();
    write(folder.path(), "a.xml", &format!("<Root>{ids}</Root>"));
    let told = works(folder.path(), &["format", "check", "a.xml", "--formats", "formats"]);
    assert!(
        told.ends_with(
            "\n`Id`: no predicate holds for its `Type`, 3 times: only paths without predicates apply there\n"
        ),
        "{told}"
    );
    assert!(!told.contains("QUUX"), "{told}");
    write(folder.path(), "b.xml", &format!("<Root>{}</Root>", id("SSN")));
    let told = works(folder.path(), &["format", "check", "b.xml", "--formats", "formats"]);
    assert!(told.contains("maps every part") && !told.contains("no predicate"), "{told}");
}

#[test]
fn types_that_extend_a_parts_type_may_stand_there() {
    let schema = |is_abstract: bool| {
        format!(
            "<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema' xmlns:a='urn:a' targetNamespace='urn:a' elementFormDefault='qualified'>\
             <xs:element name='Root'><xs:complexType><xs:sequence><xs:element name='Who' type='a:Base' minOccurs='0'/></xs:sequence></xs:complexType></xs:element>\
             <xs:complexType name='Base' abstract='{is_abstract}'><xs:sequence/></xs:complexType>\
             <xs:complexType name='Driver'><xs:complexContent><xs:extension base='a:Base'><xs:sequence><xs:element name='LastName' type='xs:string'/>\
             </xs:sequence></xs:extension></xs:complexContent></xs:complexType>\
             <xs:complexType name='Commercial'><xs:complexContent><xs:extension base='a:Driver'><xs:sequence><xs:element name='DOB' type='xs:date'/>\
             </xs:sequence></xs:extension></xs:complexContent></xs:complexType></xs:schema>"
        )
    };
    let format = |path: &str| {
        format!(
            "name = 'x'\nsyntax = 'xml'\nroot = 'a:Root'\n[namespaces]\na = 'urn:a'\nxsi = 'http://www.w3.org/2001/XMLSchema-instance'\n[paths]\n\
             \"a:Who[@xsi:type='a:Driver']/a:LastName\" = 'person.name.surname'\n\"a:Who[@xsi:type='a:Commercial']/a:{path}\" = 'person.birth-date'\n"
        )
    };
    let folder = TempDir::new().unwrap();
    write(folder.path(), "formats/x/a.xsd", &schema(false));
    write(folder.path(), "formats/x/format.toml", &format("DOB"));
    let told = works(folder.path(), &["format", "check", "--strict", "--formats", "formats"]);
    assert_eq!(told, "0 errors, 0 warnings, 0 notes\n");
    write(folder.path(), "formats/x/format.toml", &format("BOD"));
    let output = run_in(folder.path(), &["format", "check", "--formats", "formats"]);
    assert!(text(&output.stdout).contains("is not in the schema"), "{}", text(&output.stdout));
    write(folder.path(), "b.xsd", &schema(true));
    let draft = works(folder.path(), &["format", "draft", "b.xsd"]);
    assert!(draft.contains("\"a:Who/a:DOB\" = "), "{draft}");
}

#[test]
fn formats_are_checked_without_a_policy_and_their_errors_are_told() {
    let folder = TempDir::new().unwrap();
    assert_eq!(works(folder.path(), &["format", "check"]), "0 errors, 0 warnings, 0 notes\n");
    write(folder.path(), "formats/x/format.toml", &format("b:Name").replace("person.name.full", "person.nmae"));
    let output = run_in(folder.path(), &["format", "check", "--formats", "formats", "--output", "json"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stdout).contains("unknown data element `person.nmae`"), "{}", text(&output.stdout));
}

#[test]
fn what_samples_have_and_no_path_names_is_listed_with_counts_and_without_values() {
    let folder = TempDir::new().unwrap();
    write(
        folder.path(),
        "formats/x/format.toml",
        &(format("b:Name").replace("[namespaces]", "unmapped = ['b:Known']\n[namespaces]")),
    );
    let message = |more: &str| {
        format!(
            "<a:Root xmlns:a='urn:a' xmlns:b='urn:b'><b:Name kind='QUUX'>EXAMPLE</b:Name><b:Known><b:X>1</b:X></b:Known>{more}</a:Root>"
        )
    };
    write(
        folder.path(),
        "samples/one.xml",
        &message("<b:Odd><b:Part>QUUX</b:Part></b:Odd><b:Odd><b:Part>QUUX</b:Part></b:Odd>"),
    );
    write(folder.path(), "samples/two.xml", &message(""));
    let told = works(folder.path(), &["format", "check", "samples", "--formats", "formats"]);
    let (_, list) = told.rsplit_once("\n\n").unwrap_or_else(|| panic!("{told}"));
    let expected = "# \"b:Name/@kind\" = \"?\"   # 2 times\n# \"b:Odd/b:Part\" = \"?\"   # 2 times\n";
    assert!(list.starts_with("Not mapped in format `x`") && list.ends_with(expected), "{told}");
    assert!(!told.contains("QUUX") && !told.contains("EXAMPLE"), "{told}");
    let told = refuses(folder.path(), &["format", "check", "samples", "--output", "json", "--formats", "formats"]);
    assert!(told.contains("leave out --output"), "{told}");
    // A sample of a built-in format, and one of none.
    let fixture = dmv_redact_testing::root().join("fixtures/mdl-unknown-parts/message.json");
    let told = works(folder.path(), &["format", "check", fixture.to_str().unwrap()]);
    assert!(told.contains("Not mapped in format `mdl`") && told.contains("# \""), "{told}");
    write(folder.path(), "none.xml", "<None/>");
    let output = run_in(folder.path(), &["format", "check", "none.xml"]);
    assert!(output.status.code() == Some(2) && text(&output.stderr).contains("none.xml: is of no format"));
}
