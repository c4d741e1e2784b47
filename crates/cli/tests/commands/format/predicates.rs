//! Predicates of drafts: parts that a value beside theirs tells apart, and values that tell nothing or are somebody's.

use std::fs;

use tempfile::TempDir;

use super::{mapped, works};

/// The draft of one sample, which loads and maps every part of the sample or asks about it.
#[track_caller]
pub(super) fn draft(file: &str, sample: &str) -> String {
    let folder = TempDir::new().unwrap();
    fs::create_dir_all(folder.path().join("formats/own")).unwrap();
    fs::write(folder.path().join(file), sample).unwrap();
    works(folder.path(), &["format", "draft", file, "-o", "formats/own/format.toml"]);
    let told = works(folder.path(), &["format", "check", "--formats", "formats"]);
    assert!(told.contains("0 errors"), "{told}");
    fs::read_to_string(folder.path().join("formats/own/format.toml")).unwrap()
}

fn has(draft: &str, path: &str, element: &str) -> bool {
    mapped(draft).contains(&(path.to_owned(), element.to_owned()))
}

const FIELDS: &str = "<Answer>\
    <Field name='LastName' value='EXAMPLE'/><Field name='DOB' value='1985-07-04'/><Field name='SSN' value='900123456'/>\
    <Field name='EyeColor' value='BRO'/><Field name='Wobble' value='QUUX'/></Answer>";

#[test]
fn what_the_name_beside_a_value_says_becomes_a_predicate() {
    let draft = draft("a.xml", FIELDS);
    for (name, element) in [
        ("LastName", "person.name.surname"),
        ("DOB", "person.birth-date"),
        ("SSN", "person.ssn"),
        ("EyeColor", "person.eye-color"),
    ] {
        assert!(has(&draft, &format!("Field[@name='{name}']/@value"), element), "{name}\n{draft}");
    }
    // What nobody knows is asked, and no path is there with and without predicates.
    assert!(draft.contains("# \"Field[@name='Wobble']/@value\" = \"?\"   # question: "), "{draft}");
    assert!(!draft.contains("\"Field/@value\"") && !draft.contains("\"Field/@name\""), "{draft}");
    assert!(!draft.contains("EXAMPLE") && !draft.contains("QUUX") && !draft.contains("900123456"), "{draft}");
}

#[test]
fn members_of_json_and_children_tell_as_attributes_do() {
    let items = r#"{"subject":{"items":[{"elementIdentifier":"family_name","elementValue":"EXAMPLE"},
        {"elementIdentifier":"birth_date","elementValue":"1985-07-04"},
        {"elementIdentifier":"portrait","elementValue":"/9j/4AAQSkZJRgABAQEASABIAAD"}],"version":"1.0"}}"#;
    let drafted = draft("a.json", items);
    assert!(has(&drafted, "items[elementIdentifier='family_name']/elementValue", "person.name.surname"), "{drafted}");
    assert!(has(&drafted, "items[elementIdentifier='portrait']/elementValue", "biometric.photo"), "{drafted}");
    let ids = "<Answer><Driver><Identification><Type>SSN</Type><Value>900123456</Value></Identification>\
        <Identification><Type>DL</Type><Value>D08954796</Value></Identification></Driver></Answer>";
    let drafted = draft("a.xml", ids);
    assert!(has(&drafted, "Driver/Identification[Type='SSN']/Value", "person.ssn"), "{drafted}");
    assert!(has(&drafted, "Driver/Identification[Type='DL']/Value", "license.number"), "{drafted}");
}

#[test]
fn p1_a_role_beside_a_name_keeps_a_victims_from_the_subjects() {
    let person = |role: &str, name: &str| format!("<Person role='{role}'><LastName>{name}</LastName></Person>");
    let people = [person("driver", "EXAMPLE"), person("victim", "SAMPLE"), person("driver", "MUSTER")].concat();
    let draft = draft("a.xml", &format!("<Answer>{people}</Answer>"));
    assert_eq!(mapped(&draft), [("Person[@role='driver']/LastName".to_owned(), "person.name.surname".to_owned())]);
    assert!(draft.contains("# \"Person[@role='victim']/LastName\" = \"?\""), "{draft}");
}

#[test]
fn p6_values_that_may_be_somebodys_tell_nothing_apart() {
    for item in [
        // Names, numbers and dates.
        "<P><Name>BROWN</Name><Value>1</Value></P><P><Name>WHITE</Name><Value>2</Value></P><P><Name>JORDAN</Name><Value>3</Value></P>",
        "<P><Id>D08954796</Id><DOB>1985-07-04</DOB></P><P><Id>D08954797</Id><DOB>1985-07-05</DOB></P>",
        "<P><Key>1985-07-04</Key><Value>A</Value></P><P><Key>1985-07-05</Key><Value>B</Value></P>",
        "<P><Name>JORDAN EXAMPLE</Name><Value>A</Value></P><P><Name>SSN OF JO</Name><Value>B</Value></P><P><Name>DOB JO</Name><Value>B</Value></P>",
        // Facts of their own.
        "<V><Type>4D</Type><Make>FORD</Make></V><V><Type>2D</Type><Make>HOND</Make></V>",
    ] {
        let draft = draft("a.xml", &format!("<Answer>{item}</Answer>"));
        assert!(!draft.contains("='"), "{draft}");
        assert!(!draft.contains("JORDAN") && !draft.contains("D08954796") && !draft.contains("1985"), "{draft}");
    }
}

/// A flat export: a code with these values stands beside names that tell what they are themselves.
fn records(name: &str, values: [&str; 3]) -> String {
    let record = |value: &str| {
        format!(r#"{{"{name}":"{value}","LIC_NBR":"D08954796","DRVR_LAST_NM":"EXAMPLE","EYE_CLR":"BRO"}}"#)
    };
    format!(r#"{{"export":{{"records":[{},{{"LIC_NBR":"D08954797"}}]}}}}"#, values.map(record).join(","))
}

#[test]
fn p1_a_restricted_fact_tells_nothing_apart() {
    // By its name, by its values, and by nothing at all: names that tell what they are need no code beside them.
    for (name, values) in [
        ("LGL_PRES_CD", ["LPR", "TPS", "USC"]),
        ("PRESENCE_TYPE", ["SSN", "DOB", "SEX"]),
        ("STS_CD", ["LPR", "TPS", "USC"]),
        ("STS_TYPE", ["CITIZEN", "ALIEN", "REFUGEE"]),
        ("REC_TYPE", ["LICENSE", "DRIVER", "VEHICLE"]),
    ] {
        let draft = draft("a.json", &records(name, values));
        assert!(!draft.contains("='"), "{draft}");
        for (path, element) in [
            ("records/LIC_NBR", "license.number"),
            ("records/DRVR_LAST_NM", "person.name.surname"),
            ("records/EYE_CLR", "person.eye-color"),
        ] {
            assert!(has(&draft, path, element), "{path}\n{draft}");
        }
        assert!(!draft.contains(&format!("\n\"records/{name}\"")), "{draft}");
    }
    // Names that tell nothing are told by kinds, but not by a fact that would go out beside what it doesn't tell of.
    for status in ["LPR", "CITIZEN", "DIABETIC"] {
        let item = |kind: &str| format!("<Item><Type>{kind}</Type><Value>D08954796</Value></Item>");
        let draft = draft("a.xml", &format!("<Answer>{}{}{}</Answer>", item("OLN"), item("VIN"), item(status)));
        assert!(
            !draft.contains("[Type=") || has(&draft, &format!("Item[Type='{status}']/Value"), "immigration.status"),
            "{draft}"
        );
    }
    // What a schema says of it counts as well.
    let schema = "<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema'><xs:element name='Answer'><xs:complexType><xs:sequence>\
        <xs:element name='Identification' maxOccurs='9'><xs:complexType><xs:sequence><xs:element name='Type' type='xs:string'>\
        <xs:annotation><xs:documentation>NOTE</xs:documentation></xs:annotation></xs:element>\
        <xs:element name='Value' type='xs:string'/></xs:sequence></xs:complexType></xs:element>\
        </xs:sequence></xs:complexType></xs:element></xs:schema>";
    let sample = "<Answer><Identification><Type>SSN</Type><Value>900123456</Value></Identification>\
        <Identification><Type>DL</Type><Value>D08954796</Value></Identification></Answer>";
    for (note, is_told) in [("What the value is", true), ("Immigration status when it was issued", false)] {
        let folder = TempDir::new().unwrap();
        fs::write(folder.path().join("a.xsd"), schema.replace("NOTE", note)).unwrap();
        fs::write(folder.path().join("a.xml"), sample).unwrap();
        let draft = works(folder.path(), &["format", "draft", "a.xsd", "a.xml"]);
        assert_eq!(draft.contains("Identification[Type='DL']/Value"), is_told, "{draft}");
    }
}
