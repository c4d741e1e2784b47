//! What a draft asks instead of guessing, what it can't write, and how far it follows a schema. Whatever it is made from, it
//! loads.

use std::fs;

use tempfile::TempDir;

use super::{POLICY, draft_check_and_redact, mapped, works};
use crate::{run_in, text};

/// Drafts a format from a file, and loads it.
#[track_caller]
fn drafted(name: &str, content: &str) -> String {
    let folder = TempDir::new().unwrap();
    fs::create_dir_all(folder.path().join("formats/own")).unwrap();
    fs::write(folder.path().join(name), content).unwrap();
    works(folder.path(), &["format", "draft", name, "--name", "own", "-o", "formats/own/format.toml"]);
    let checked = works(folder.path(), &["format", "check", "--formats", "formats"]);
    assert!(checked.contains("0 errors"), "{checked}");
    fs::read_to_string(folder.path().join("formats/own/format.toml")).unwrap()
}

/// The line of a draft about a path.
#[track_caller]
fn line<'d>(draft: &'d str, path: &str) -> &'d str {
    let start = format!("\"{path}\"");
    let found = draft.lines().find(|line| line.trim_start_matches("# ").starts_with(&start));
    found.unwrap_or_else(|| panic!("no line of {path}\n{draft}"))
}

fn xsd(content: &str) -> String {
    format!("<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema'>{content}</xs:schema>")
}

fn root(content: &str) -> String {
    format!(
        "<xs:element name='Root'><xs:complexType><xs:sequence>{content}</xs:sequence></xs:complexType></xs:element>"
    )
}

#[test]
fn p8_a_schema_that_goes_on_too_deep_is_asked_about_and_reported() {
    let mut schema = root("<xs:element name='lastName' type='xs:string'/><xs:group ref='G0'/>");
    for level in 0..400 {
        let next = level + 1;
        schema.push_str(&format!(
            "<xs:group name='G{level}'><xs:sequence><xs:element name='E{level}' type='xs:string' minOccurs='0'/>\
             <xs:group ref='G{next}'/><xs:group ref='G{next}'/></xs:sequence></xs:group>"
        ));
    }
    schema.push_str("<xs:group name='G400'><xs:sequence/></xs:group>");
    let draft = drafted("a.xsd", &xsd(&schema));
    assert!(draft.contains("\"lastName\" = \"person.name.surname\""), "{draft}");
    assert!(draft.contains("# CAUTION: the schema has more at its root than is listed here"), "{draft}");
    let folder = TempDir::new().unwrap();
    fs::create_dir_all(folder.path().join("formats/own")).unwrap();
    fs::write(folder.path().join("formats/own/a.xsd"), xsd(&schema)).unwrap();
    fs::write(folder.path().join("formats/own/format.toml"), &draft).unwrap();
    let checked = works(folder.path(), &["format", "check", "--formats", "formats"]);
    assert!(checked.contains("this check doesn't follow the schema to the end in the root"), "{checked}");
    // The same below the root is a question.
    let deeper = schema.replacen(
        "<xs:group ref='G0'/>",
        "<xs:element name='Deep'><xs:complexType><xs:group ref='G0'/></xs:complexType></xs:element>",
        1,
    );
    let draft = drafted("a.xsd", &xsd(&deeper));
    assert!(line(&draft, "Deep").contains("question: its schema has more parts than are listed here"), "{draft}");
}

#[test]
fn a_draft_without_a_guess_loads_and_lets_nothing_out() {
    for (name, content, message) in [
        ("a.json", "{\"odd\":{\"even\":\"1\"}}", "{\"odd\":{\"even\":\"QUUX\"}}"),
        ("a.json", "{\"odd\":\"1\",\"even\":\"2\"}", "{\"odd\":\"QUUX\",\"even\":\"2\"}"),
        ("a.xml", "<Odd><Even>1</Even></Odd>", "<Odd><Even>QUUX</Even></Odd>"),
        ("a.xsd", &xsd(&root("<xs:element name='Odd' type='xs:string'/>")), "<Root><Odd>QUUX</Odd></Root>"),
    ] {
        let folder = TempDir::new().unwrap();
        fs::create_dir_all(folder.path().join("formats/own")).unwrap();
        fs::write(folder.path().join("formats/own/format.toml"), drafted(name, content)).unwrap();
        fs::write(folder.path().join("policy.toml"), POLICY).unwrap();
        fs::write(folder.path().join("message"), message).unwrap();
        let filter = ["--policy", "policy.toml", "--formats", "formats", "--format", "own", "--requester", "AZ0070000"];
        let output = run_in(folder.path(), &[&["redact", "message", "--purpose", "C"][..], &filter].concat());
        assert!(matches!(output.status.code(), Some(0 | 3)), "{}", text(&output.stderr));
        assert!(!text(&output.stdout).contains("QUUX"), "{}", text(&output.stdout));
    }
}

#[test]
fn names_that_mean_something_in_a_path_are_written_by_code() {
    for name in ["a*b", "$", "a/b", "@lastName", "lastName[0]", "lastName]", "last%4Eame", "lastName'", ".."] {
        let meant: String = serde_json::from_str(&format!("\"{name}\"")).unwrap();
        let written = dmv_redact_model::format::encoded(&meant);
        // As the root, as a member and as one on the way.
        let root = drafted("a.json", &format!("{{\"{name}\":{{\"lastName\":\"EXAMPLE\"}}}}"));
        assert_eq!(mapped(&root), [("lastName".to_owned(), "person.name.surname".to_owned())], "{root}");
        let member = drafted(
            "a.json",
            &format!("{{\"dob\":\"1985-07-04\",\"{name}\":\"1\",\"x\":{{\"{name}\":{{\"lastName\":\"A\"}}}}}}"),
        );
        assert!(member.contains(&format!("\"x/{written}/lastName\" = ")), "{member}");
        assert!(member.contains(&format!("\"{written}\" = ")), "{member}");
    }
    for name in ["", "a\\\"b", "a\\\\b", "a\\nb"] {
        let draft = drafted("a.json", &format!("{{\"dob\":\"1985-07-04\",\"{name}\":\"1\"}}"));
        assert!(draft.contains("no path can lead to a part of such a name"), "{draft}");
    }
    // A schema may have them too.
    let schema = "{\"$schema\":\"x\",\"type\":\"object\",\"properties\":{\"@lastName\":{\"type\":\"string\"},\"dob\":{\"type\":\"string\"}}}";
    let draft = drafted("a.json", schema);
    assert!(mapped(&draft).contains(&("%40lastName".to_owned(), "person.name.surname".to_owned())), "{draft}");
    let schema = xsd(&root("<xs:element name='last*Name' type='xs:string'/><xs:element name='dob' type='xs:string'/>"));
    assert!(drafted("a.xsd", &schema).contains("no path can lead to"));
}

#[test]
fn a_list_of_messages_is_drafted_so_that_the_list_is_taken() {
    let list = r#"[{"answer":{"lastName":"EXAMPLE","odd":"QUUX"}},{"answer":{"lastName":"SAMPLE"}}]"#;
    let (draft, redacted) = draft_check_and_redact(&[("a.json", list)], &[], ("message.json", list));
    assert!(draft.contains("# CAUTION: an input is a list of messages: this is drafted from its items"), "{draft}");
    assert!(draft.contains("\nrecognise = [\"answer\"]") && !draft.contains("\nroot"), "{draft}");
    assert_eq!(redacted.trim_end(), r#"[{"answer":{"lastName":"EXAMPLE"}},{"answer":{"lastName":"SAMPLE"}}]"#);
    // One before the list, a schema of a list, and a list that no format can take.
    let one = r#"{"answer":{"lastName":"EXAMPLE"}}"#;
    let (draft, _) = draft_check_and_redact(&[("a.json", one), ("b.json", list)], &[], ("message.json", list));
    assert!(draft.contains("\nrecognise = [\"answer\"]"), "{draft}");
    let schema = r#"{"$schema":"x","type":"array","items":{"type":"object","properties":{"answer":{"type":"object","properties":{"lastName":{"type":"string"}}}}}}"#;
    let (draft, _) = draft_check_and_redact(&[("a.json", schema)], &[], ("message.json", list));
    assert!(draft.contains("\"answer/lastName\" = \"person.name.surname\""), "{draft}");
    let bound = r#"[{"@context":{"x":"urn:x"},"x:answer":{"x:lastName":"EXAMPLE"}}]"#;
    let draft = drafted("a.json", bound);
    assert!(draft.contains("\nroot = \"x:answer\"") && draft.contains("takes one at a time"), "{draft}");
}

#[test]
fn p6_members_whose_names_are_values_are_one_question() {
    let sample = r#"{"lastName":"EXAMPLE",
        "days":{"2024-01-31":"A","2024-02-01":"B","2024-02-02":"C"},
        "plates":{"AZ-123":{"make":"FORD","colour":"RED"},"AZ-9999":{"make":"DODGE"}},
        "people":{"JORDAN":{"dob":"1985-07-04","sex":"F"},"MORGAN":{"dob":"1990-01-01","sex":"M"},"ROBIN":{"dob":"1991-01-01","sex":"M"}},
        "addresses":{"mailing":{"city":"A","zip":"1"},"residence":{"city":"A","zip":"1"},"work":{"city":"A","zip":"1"}}}"#;
    let draft = drafted("a.json", sample);
    for value in ["2024", "AZ-", "9999", "JORDAN", "MORGAN", "ROBIN", "FORD", "1985"] {
        assert!(!draft.contains(value), "{value}\n{draft}");
    }
    for path in ["days/*", "plates/*", "people/*"] {
        let line = line(&draft, path);
        assert!(line.starts_with("# ") && line.contains("look like values"), "{line}");
    }
    assert!(
        line(&draft, "people/*/dob").starts_with("# \"people/*/dob\" = \"?\"   # question: `person.birth-date`?"),
        "{draft}"
    );
    assert!(draft.contains("\"addresses/residence/city\""), "{draft}");
    assert_eq!(draft.matches("look like values").count(), 3, "{draft}");
    // A root may be one as well, and the list of what isn't mapped has none.
    let draft = drafted("a.json", r#"{"AZ-123":{"lastName":"EXAMPLE"}}"#);
    assert!(!draft.contains("AZ-123") && draft.contains("# No root"), "{draft}");
    let folder = TempDir::new().unwrap();
    fs::create_dir_all(folder.path().join("formats/own")).unwrap();
    fs::write(folder.path().join("a.json"), r#"{"r":{"dob":"1","days":{"2024-01-31":"A","2024-02-01":"B"},"@odd":1}}"#)
        .unwrap();
    fs::write(
        folder.path().join("formats/own/format.toml"),
        "name = 'own'\nsyntax = 'json'\nroot = 'r'\n[paths]\ndob = 'person.birth-date'\n",
    )
    .unwrap();
    let told = works(folder.path(), &["format", "check", "a.json", "--formats", "formats"]);
    assert!(told.contains("# \"days/*\" = \"?\"   # 2 times\n") && !told.contains("2024"), "{told}");
    assert!(told.contains("# \"%40odd\" = \"?\"   # once\n"), "{told}");
}

#[test]
fn p1_values_that_tell_of_something_restricted_are_asked_about() {
    // The ninth value tells.
    let values: Vec<String> =
        (1..=8).map(|number| format!("{{\"license\":{{\"status\":\"V{number}\",\"class\":\"C\"}}}}")).collect();
    for word in ["UNDOCUMENTED", "DACA", "ASYLUM PENDING", "H-1B", "INSULIN", "DONOR", "VICTIM"] {
        let sample = format!("[{},{{\"license\":{{\"status\":\"{word}\",\"class\":\"C\"}}}}]", values.join(","));
        let draft = drafted("a.json", &sample);
        assert!(line(&draft, "license/status").contains("a value of the samples says so"), "{word}\n{draft}");
        assert!(line(&draft, "license/class").starts_with("\"license/class\" = \"license.class\""), "{draft}");
        assert!(!draft.contains(word), "{draft}");
    }
}

#[test]
fn p1_what_a_schema_lists_and_says_speaks_against_a_harmless_guess() {
    let element = |content: &str| {
        root(&format!(
            "<xs:element name='License'><xs:complexType><xs:sequence>{content}</xs:sequence></xs:complexType></xs:element>"
        ))
    };
    let listed = "<xs:simpleType name='Base'><xs:restriction base='xs:string'><xs:enumeration value='VALID'/>\
        <xs:enumeration value='D'><xs:annotation><xs:documentation>DACA recipient</xs:documentation></xs:annotation></xs:enumeration>\
        </xs:restriction></xs:simpleType>";
    let of_type = "<xs:element name='LicenseStatus' type='Own'/><xs:element name='LicenseClass' type='xs:string'/>";
    for own in [
        "<xs:simpleType name='Own'><xs:restriction base='Base'/></xs:simpleType>",
        "<xs:simpleType name='Own'><xs:union memberTypes='xs:date Base'/></xs:simpleType>",
        "<xs:complexType name='Own'><xs:simpleContent><xs:extension base='Base'/></xs:simpleContent></xs:complexType>",
    ] {
        let draft = drafted("a.xsd", &xsd(&format!("{}{listed}{own}", element(of_type))));
        let line = line(&draft, "License/LicenseStatus");
        assert!(line.contains("of immigration or citizenship (its schema lists `D`)"), "{line}");
        assert!(draft.contains("\"License/LicenseClass\" = \"license.class\""), "{draft}");
    }
    let said = "<xs:element name='LicenseStatus' type='xs:string'><xs:annotation><xs:documentation>Whether the holder is an \
        undocumented immigrant.</xs:documentation></xs:annotation></xs:element>\
        <xs:element name='LastName' type='xs:string'><xs:annotation><xs:documentation>Last name of the arresting officer.\
        </xs:documentation></xs:annotation></xs:element>";
    let draft = drafted("a.xsd", &xsd(&element(said)));
    assert!(line(&draft, "License/LicenseStatus").contains("its documentation says so"), "{draft}");
    assert!(line(&draft, "License/LastName").contains("of another (`officer`)"), "{draft}");
    let schema = r##"{"$schema":"x","type":"object","properties":{"license":{"type":"object","properties":{
        "status":{"$ref":"#/$defs/s"},"class":{"type":"string","title":"Visa class"},"restriction":{"enum":["A","INSULIN"]}}}},
        "$defs":{"s":{"type":"string","enum":["VALID","ASYLUM"]}}}"##;
    let draft = drafted("a.json", schema);
    for path in ["status", "class", "restriction"] {
        assert!(line(&draft, path).starts_with("# "), "{draft}");
    }
    assert!(line(&draft, "status").contains("(its schema lists `ASYLUM`)"), "{draft}");
}

#[test]
fn a_description_tells_what_a_name_does_not_and_never_settles_a_doubt() {
    let schema = |name: &str, said: &str| {
        let text = format!(
            "{{\"$schema\":\"x\",\"type\":\"object\",\"properties\":{{\"driver\":{{\"type\":\"object\",\"properties\":{{\
             \"{name}\":{{\"type\":\"string\",\"description\":\"{said}\"}},\"z\":{{\"type\":\"string\"}}}}}}}}}}"
        );
        drafted("a.json", &text)
    };
    let draft = schema("geburtstag", "Date of birth.");
    assert_eq!(line(&draft, "geburtstag"), "\"geburtstag\" = \"person.birth-date\"   # its documentation says so");
    for (name, said) in [
        ("geburtstag", "Date of birth. Of a victim."),
        ("feld12", "Date of birth."),
        ("s_s", "Eye color"),
        ("geburtstag", "Not the date of birth"),
        ("geburtstag", "Date of birth of the officer"),
        ("visaFarbe", "Eye color"),
        ("schluessel", "Message key"),
    ] {
        let draft = schema(name, said);
        assert!(line(&draft, name).starts_with("# "), "{said}\n{draft}");
    }
}

#[test]
fn substitutes_of_every_schema_are_where_their_head_is() {
    let folder = TempDir::new().unwrap();
    let write = |name: &str, content: &str| {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    };
    let schema = |uri: &str, content: &str| {
        format!(
            "<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema' xmlns:nc='urn:nc' xmlns:j='urn:j' xmlns:st='urn:st' \
             targetNamespace='{uri}' elementFormDefault='qualified'>{content}</xs:schema>"
        )
    };
    let core = schema(
        "urn:nc",
        "<xs:element name='DateRepresentation' abstract='true'/>\
         <xs:element name='Date' type='nc:DateType' substitutionGroup='nc:DateRepresentation'/>\
         <xs:element name='DateTime' type='xs:dateTime' substitutionGroup='nc:DateRepresentation'/>\
         <xs:element name='PersonAugmentationPoint' abstract='true'/>\
         <xs:complexType name='DateType'><xs:simpleContent><xs:extension base='xs:date'/></xs:simpleContent></xs:complexType>\
         <xs:complexType name='BirthType'><xs:sequence><xs:element ref='nc:DateRepresentation'/></xs:sequence></xs:complexType>\
         <xs:complexType name='PersonType'><xs:sequence><xs:element name='PersonBirthDate' type='nc:BirthType'/>\
         <xs:element ref='nc:PersonAugmentationPoint' minOccurs='0' maxOccurs='unbounded'/></xs:sequence></xs:complexType>\
         <xs:element name='Person' type='nc:PersonType'/>",
    );
    let justice = schema(
        "urn:j",
        "<xs:import namespace='urn:nc' schemaLocation='nc.xsd'/>\
         <xs:element name='PersonAugmentation' substitutionGroup='nc:PersonAugmentationPoint' abstract='true'/>\
         <xs:element name='YearAlone' type='xs:gYear' substitutionGroup='nc:Date nc:DateTime'/>",
    );
    // The head is two schemas away, and what it stands for in the last one is known only there.
    let state = schema(
        "urn:st",
        "<xs:import namespace='urn:j' schemaLocation='niem/j.xsd'/><xs:import namespace='urn:nc' schemaLocation='niem/nc.xsd'/>\
         <xs:element name='Response'><xs:complexType><xs:sequence><xs:element ref='nc:Person'/></xs:sequence></xs:complexType></xs:element>\
         <xs:complexType name='More'><xs:sequence><xs:element name='EyeColor' type='xs:string'/></xs:sequence></xs:complexType>\
         <xs:element name='StatePersonAugmentation' type='st:More' substitutionGroup='j:PersonAugmentation'/>",
    );
    write("formats/own/exchange.xsd", &state);
    write("formats/own/niem/j.xsd", &justice);
    write("formats/own/niem/nc.xsd", &core);
    works(
        folder.path(),
        &["format", "draft", "formats/own/exchange.xsd", "--name", "own", "-o", "formats/own/format.toml"],
    );
    let draft = fs::read_to_string(folder.path().join("formats/own/format.toml")).unwrap();
    for path in [
        "nc:Person/nc:PersonBirthDate/nc:Date",
        "nc:Person/nc:PersonBirthDate/nc:DateTime",
        "nc:Person/nc:PersonBirthDate/j:YearAlone",
        "nc:Person/st:StatePersonAugmentation/st:EyeColor",
    ] {
        line(&draft, path);
    }
    assert!(!draft.contains("Representation") && !draft.contains("AugmentationPoint"), "{draft}");
    assert!(draft.contains("/nc:Date\" = \"person.birth-date\""), "{draft}");
    let checked = works(folder.path(), &["format", "check", "--formats", "formats"]);
    assert!(checked.contains("0 errors"), "{checked}");
    // One that is taken out of the format is told, and one that stands for nothing there is none of the schema.
    let without: String =
        draft.lines().filter(|line| !line.contains("st:EyeColor")).map(|line| format!("{line}\n")).collect();
    write("formats/own/format.toml", &without);
    let checked = works(folder.path(), &["format", "check", "--formats", "formats"]);
    assert!(checked.contains("`nc:Person/st:StatePersonAugmentation` is in the schema"), "{checked}");
}
