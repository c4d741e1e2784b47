//! `dmv-redact format`: from a schema or samples to a format that loads, redacts, and maps what its author meant.

mod check;
mod doubts;
mod drafted;
mod predicates;
mod shares;
mod tutorial;
mod whose;

use std::fs;
use std::path::Path;

use dmv_redact_testing::root;
use tempfile::TempDir;
use toml::Table;

use crate::{run_in, text};

/// The folder of the layouts that drafts are measured on.
fn layouts() -> std::path::PathBuf {
    root().join("crates/cli/tests/commands/format/layouts")
}

/// What a verb printed, when it ended well.
#[track_caller]
fn works(folder: &Path, arguments: &[&str]) -> String {
    let output = run_in(folder, arguments);
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}{}", text(&output.stdout), text(&output.stderr));
    text(&output.stdout).to_owned()
}

/// What a verb told when it refused.
#[track_caller]
fn refuses(folder: &Path, arguments: &[&str]) -> String {
    let output = run_in(folder, arguments);
    assert_eq!((output.status.code(), text(&output.stdout)), (Some(2), ""), "{arguments:?}: {}", text(&output.stderr));
    text(&output.stderr).to_owned()
}

/// The paths of a table of a format, each with its element.
fn flatten(table: &Table, above: &str, into: &mut Vec<(String, String)>) {
    for (path, value) in table {
        match value {
            toml::Value::Table(below) => flatten(below, &format!("{above}{path}/"), into),
            other => into.push((format!("{above}{path}"), other.as_str().unwrap().to_owned())),
        }
    }
}

/// The paths that a draft maps.
fn mapped(draft: &str) -> Vec<(String, String)> {
    let table: Table = draft.parse().unwrap_or_else(|why| panic!("{why}\n{draft}"));
    let mut paths = Vec::new();
    flatten(table["paths"].as_table().unwrap(), "", &mut paths);
    paths
}

const POLICY: &str = "[policy]\nname = 'p'\nversion = '1'\npurposes = ['C']\n[agencies.police]\nori = ['AZ0070000']\n\
    [[permit]]\nid = 'a'\nagencies = ['police']\nbasis = 'x'\nelements = ['person.name', 'license', 'vehicle.vin', 'registration.plate']\n";

/// Drafts a format from some inputs, checks it, and redacts a message with it.
#[track_caller]
fn draft_check_and_redact(inputs: &[(&str, &str)], options: &[&str], message: (&str, &str)) -> (String, String) {
    let folder = TempDir::new().unwrap();
    fs::create_dir_all(folder.path().join("formats/own")).unwrap();
    for (name, content) in inputs.iter().chain([&message]) {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    let mut arguments = vec!["format", "draft", "--name", "own", "-o", "formats/own/format.toml"];
    arguments.extend(inputs.iter().map(|(name, _)| *name).filter(|name| !name.contains('/')));
    arguments.extend(options);
    let told = works(folder.path(), &arguments);
    assert!(told.starts_with("formats/own/format.toml: ") && told.contains(" guesses, "), "{told}");
    fs::write(folder.path().join("policy.toml"), POLICY).unwrap();
    let checked = works(folder.path(), &["check", "--formats", "formats", "--policy", "policy.toml"]);
    assert!(checked.contains("0 errors"), "{checked}");
    let alone = works(folder.path(), &["format", "check", "--formats", "formats"]);
    assert!(alone.contains("0 errors"), "{alone}");
    let draft = fs::read_to_string(folder.path().join("formats/own/format.toml")).unwrap();
    let filter = ["--policy", "policy.toml", "--formats", "formats", "--format", "own", "--requester", "AZ0070000"];
    let redacted = works(folder.path(), &[&["redact", message.0, "--purpose", "C"][..], &filter].concat());
    (draft, redacted)
}

const XML: &str = "<r:Answer xmlns:r='urn:r'><r:Driver><r:LastName>EXAMPLE</r:LastName><r:SSN>900-12-3456</r:SSN>\
    <r:LicenseNumber>D08954796</r:LicenseNumber><r:Odd>QUUX</r:Odd></r:Driver></r:Answer>";

#[test]
fn a_format_that_is_drafted_from_samples_in_xml_redacts_them() {
    let other = "<x:Answer xmlns:x='urn:r'><x:Driver><x:FirstName>JORDAN</x:FirstName></x:Driver></x:Answer>";
    let (draft, redacted) = draft_check_and_redact(&[("one.xml", XML), ("two.xml", other)], &[], ("message.xml", XML));
    let paths = mapped(&draft);
    for (path, element) in [
        ("r:Driver/r:LastName", "person.name.surname"),
        ("r:Driver/r:FirstName", "person.name.given"),
        ("r:Driver/r:SSN", "person.ssn"),
        ("r:Driver/r:LicenseNumber", "license.number"),
    ] {
        assert!(paths.contains(&(path.to_owned(), element.to_owned())), "{path}\n{draft}");
    }
    assert!(draft.contains("\n# \"r:Driver/r:Odd\" = \"?\"   # question: "), "{draft}");
    assert!(redacted.contains("EXAMPLE") && redacted.contains("D08954796"), "{redacted}");
    assert!(!redacted.contains("900-12-3456") && !redacted.contains("QUUX"), "{redacted}");
}

#[test]
fn a_format_that_is_drafted_from_samples_in_json_redacts_them() {
    let sample = r#"[{"lastName":"EXAMPLE","licenceNumber":"D08954796","ssn":"900-12-3456"},{"vehicle":[{"vin":"1EXAM00000PLE0001"}]}]"#;
    let message = r#"{"lastName":"EXAMPLE","ssn":"900-12-3456","vehicle":[{"vin":"1EXAM00000PLE0001","odd":"QUUX"}]}"#;
    let (draft, redacted) = draft_check_and_redact(&[("export.json", sample)], &[], ("message.json", message));
    assert!(draft.contains("# No root: ") && !draft.contains("\nroot"), "{draft}");
    assert_eq!(redacted.trim_end(), r#"{"lastName":"EXAMPLE","vehicle":[{"vin":"1EXAM00000PLE0001"}]}"#);
}

#[test]
fn a_format_that_is_drafted_from_an_xml_schema_and_what_it_imports_redacts_its_messages() {
    let schema = "<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema' xmlns:a='urn:a' xmlns:b='urn:b' targetNamespace='urn:a' \
        elementFormDefault='qualified'><xs:import namespace='urn:b' schemaLocation='sub/b.xsd'/>\
        <xs:element name='Answer'><xs:complexType><xs:sequence><xs:element ref='b:Driver'/></xs:sequence></xs:complexType>\
        </xs:element></xs:schema>";
    let imported = "<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema' xmlns:b='urn:b' targetNamespace='urn:b' \
        elementFormDefault='qualified'><xs:include schemaLocation='../more/names.xsd'/>\
        <xs:element name='Driver' type='b:DriverType'/></xs:schema>";
    let included = "<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema' xmlns:b='urn:b' targetNamespace='urn:b' \
        elementFormDefault='qualified'><xs:complexType name='DriverType'><xs:sequence>\
        <xs:element name='SurName' type='xs:string'/><xs:element name='Photo' type='xs:base64Binary' minOccurs='0'/>\
        <xs:element name='Child' type='b:DriverType' minOccurs='0'/></xs:sequence></xs:complexType></xs:schema>";
    let message = "<a:Answer xmlns:a='urn:a' xmlns:b='urn:b'><b:Driver><b:SurName>EXAMPLE</b:SurName>\
        <b:Photo>/9j/4AAQSkZJRgABAQ==</b:Photo></b:Driver></a:Answer>";
    let inputs = [("a.xsd", schema), ("sub/b.xsd", imported), ("more/names.xsd", included)];
    let (draft, redacted) = draft_check_and_redact(&inputs, &[], ("message.xml", message));
    assert!(mapped(&draft).contains(&("b:Driver/b:Photo".to_owned(), "biometric.photo".to_owned())), "{draft}");
    assert!(draft.contains("# \"b:Driver/b:Child\" = \"?\"   # question: its schema goes on below"), "{draft}");
    assert!(redacted.contains("EXAMPLE") && !redacted.contains("/9j/"), "{redacted}");
}

#[test]
fn samples_beside_a_schema_tell_its_root_and_speak_against_guesses() {
    let folder = TempDir::new().unwrap();
    let root = |name: &str| {
        format!(
            "<xs:element name='{name}'><xs:complexType><xs:sequence><xs:element name='LicenseNumber' type='xs:string'/>\
             <xs:element name='LastName' type='xs:string'/></xs:sequence></xs:complexType></xs:element>"
        )
    };
    let schema =
        format!("<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema'>{}{}</xs:schema>", root("One"), root("Two"));
    fs::write(folder.path().join("a.xsd"), schema).unwrap();
    fs::write(folder.path().join("a.xml"), "<Two><LicenseNumber>900-12-3456</LicenseNumber><Odd>1</Odd></Two>")
        .unwrap();
    let draft = works(folder.path(), &["format", "draft", "a.xsd", "a.xml"]);
    assert_eq!(mapped(&draft), [("LastName".to_owned(), "person.name.surname".to_owned())], "{draft}");
    assert!(draft.contains("\nroot = \"Two\"\n") && draft.contains("# \"Odd\" = \"?\""), "{draft}");
    assert!(draft.contains("# \"LicenseNumber\" = \"?\"   # question: it may be a Social Security number"), "{draft}");
}

#[test]
fn a_format_that_is_drafted_from_a_json_schema_redacts_its_messages() {
    let schema = r##"{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object",
        "properties":{"answer":{"$ref":"#/$defs/answer"}},"$defs":{"answer":{"type":"object","properties":{
        "driver":{"type":"object","properties":{"surname":{"type":"string"},"citizenship":{"type":"string"},
        "licenseNumber":{"type":"string"}}}}}}}"##;
    let message = r#"{"answer":{"driver":{"surname":"EXAMPLE","citizenship":"USA","licenseNumber":"D08954796"}}}"#;
    let (draft, redacted) = draft_check_and_redact(&[("a.json", schema)], &[], ("message.json", message));
    assert!(draft.contains("\nroot = \"answer\"\n"), "{draft}");
    assert_eq!(redacted.trim_end(), r#"{"answer":{"driver":{"surname":"EXAMPLE","licenseNumber":"D08954796"}}}"#);
}

#[test]
fn message_key_and_requester_are_taken_from_the_paths_that_say_so() {
    let folder = TempDir::new().unwrap();
    let draft = works(&layouts().join("registration"), &["format", "draft", "exchange.xsd"]);
    assert!(draft.contains("\nmessage-type = \"ex:AnswerHeader/ex:MessageKey\"   # "), "{draft}");
    assert!(draft.contains("\nrequester = \"ex:AnswerHeader/ex:DestinationORI\"   # "), "{draft}");
    fs::write(folder.path().join("a.json"), r#"{"lastName":"EXAMPLE"}"#).unwrap();
    let draft = works(folder.path(), &["format", "draft", "a.json"]);
    assert!(draft.contains("\n# message-type = \"?\"   # question: "), "{draft}");
    assert!(draft.contains("\n# requester = \"?\"   # question: "), "{draft}");
}

#[test]
fn p6_no_value_of_a_sample_is_written_or_told() {
    for layout in ["flat-export/sample.json", "booking/sample.xml", "legacy-fields/sample.json"] {
        let path = layouts().join(layout);
        let output = run_in(path.parent().unwrap(), &["format", "draft", path.file_name().unwrap().to_str().unwrap()]);
        let told = format!("{}{}", text(&output.stdout), text(&output.stderr));
        for value in [
            "900-12-3456",
            "900123456",
            "JORDAN",
            "EXAMPLE",
            "MESQUITE",
            "SAGUARO",
            "D08954796",
            "/9j/",
            "TATTOO LEFT",
            "DIABETES",
        ] {
            assert!(!told.contains(value), "{layout}: {value}\n{told}");
        }
    }
}

#[test]
fn a_draft_overwrites_nothing() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("a.xml"), XML).unwrap();
    fs::write(folder.path().join("format.toml"), "mine").unwrap();
    let told = refuses(folder.path(), &["format", "draft", "a.xml", "-o", "format.toml"]);
    assert!(told.starts_with("dmv-redact: format.toml is there already: nothing was written"), "{told}");
    assert_eq!(fs::read_to_string(folder.path().join("format.toml")).unwrap(), "mine");
}

#[test]
fn a_draft_goes_to_stdout_where_the_output_is_a_hyphen() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("a.xml"), XML).unwrap();
    let draft = works(folder.path(), &["format", "draft", "a.xml", "-o", "-"]);
    assert_eq!(draft, works(folder.path(), &["format", "draft", "a.xml"]));
    assert!(draft.contains("[paths]") && !folder.path().join("-").exists(), "{draft}");
}

#[test]
fn a_draft_tells_what_routing_means_and_suggests_by_what_messages_are_recognized() {
    let folder = TempDir::new().unwrap();
    let draft = |name: &str, content: &str| {
        fs::write(folder.path().join(name), content).unwrap();
        works(folder.path(), &["format", "draft", name])
    };
    let soap = draft(
        "a.xml",
        "<s:Envelope xmlns:s='http://schemas.xmlsoap.org/soap/envelope/' xmlns:x='urn:x'><s:Body><x:Answer>\
         <x:Header><x:AgencyORI>AZ0070000</x:AgencyORI></x:Header><x:LastName>EXAMPLE</x:LastName></x:Answer></s:Body></s:Envelope>",
    );
    let routing = "= \"envelope.ori\"   # its words are `agency ori`; goes out to everybody, and a value of another shape \
                   withholds the message";
    assert!(soap.contains(routing), "{soap}");
    assert!(soap.contains("goes to? `s:Body/x:Answer/x:Header/x:AgencyORI`? without it"), "{soap}");
    assert!(soap.contains("\n# recognise = [\"s:Body/x:Answer\"]   # question: "), "{soap}");
    let json =
        draft("a.json", r#"[{"id":"1","header":{"key":"DR"},"lastName":"EXAMPLE"},{"id":"2","header":{"key":"DR"}}]"#);
    assert!(json.contains("\n# recognise = [\"header\", \"id\"]   # question: "), "{json}");
}

#[test]
fn inputs_that_no_draft_can_be_made_from_are_told() {
    let folder = TempDir::new().unwrap();
    let write = |name: &str, content: &str| fs::write(folder.path().join(name), content).unwrap();
    write("a.xml", XML);
    write("a.json", r#"{"lastName":"EXAMPLE"}"#);
    write("other.xml", "<Other/>");
    write("broken.xml", "<a><b></a>");
    write("text.json", r#""text""#);
    let schema = |roots: &str| format!("<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema'>{roots}</xs:schema>");
    let root = |name: &str| {
        format!(
            "<xs:element name='{name}'><xs:complexType><xs:sequence><xs:element name='dob' type='xs:string'/></xs:sequence></xs:complexType></xs:element>"
        )
    };
    write("two.xsd", &schema(&(root("One") + &root("Two"))));
    write("none.xsd", &schema(""));
    for (arguments, complaint) in [
        (&["a.xml", "a.json"][..], "a.json: is of another syntax than the inputs before it"),
        (&["a.xml", "other.xml"], "other.xml: has the root `Other`, and the inputs before it have `Answer`"),
        (&["broken.xml"], "broken.xml: not-well-formed-xml: "),
        (&["text.json"], "text.json: "),
        (&["two.xsd"], "a message may begin with `One`, `Two`: name one, --root NAME"),
        (&["two.xsd", "--root", "Tow"], "--root: the schema has no root `Tow`; did you mean `Two`?"),
        (&["none.xsd"], "the schema declares no element that a message may begin with"),
        (&["a.xml", "--root", "Answer"], "--root has no effect without a schema"),
        (&["a.xml", "--name", "mdl"], "--name: there is a format `mdl` already"),
        (&["a.xml", "--name", "no word"], "--name: `no word` is no word"),
        (&["nowhere.xml"], "nowhere.xml: can't be read: "),
        (&["."], ".: is a folder; name its files"),
    ] {
        let told = refuses(folder.path(), &[&["format", "draft"], arguments].concat());
        assert!(told.contains(complaint), "{arguments:?}: {told}");
    }
    let draft = works(folder.path(), &["format", "draft", "two.xsd", "--root", "Two"]);
    assert!(draft.contains("\nroot = \"Two\"\n") && draft.contains("\"dob\" = \"person.birth-date\""), "{draft}");
}

#[test]
fn formats_and_catalogs_of_ones_own_are_learned_from() {
    let folder = TempDir::new().unwrap();
    let write = |name: &str, content: &str| {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    };
    write("a.json", r#"{"wobble":"1","driver":{"nickname":"JO"}}"#);
    write("formats/x/format.toml", "name = 'x'\nsyntax = 'json'\nroot = 'x'\n[paths]\n'wobble' = 'vehicle.wobble'\n");
    write(
        "catalog.toml",
        "[[element]]\nid = 'vehicle.wobble'\ntitle = 'Wobble'\n[[element]]\nid = 'person.nickname'\ntitle = 'Nickname'\n",
    );
    let draft =
        works(folder.path(), &["format", "draft", "a.json", "--formats", "formats", "--catalog", "catalog.toml"]);
    assert!(draft.contains("\"wobble\" = \"vehicle.wobble\"   # `x` maps `wobble` to it"), "{draft}");
    assert!(draft.contains("\"driver/nickname\" = \"person.nickname\"   # its words are `nickname`"), "{draft}");
}

#[test]
fn names_that_steer_or_break_are_written_so_that_the_draft_loads() {
    let folder = TempDir::new().unwrap();
    let sample = "{\"last\\u202eName\":\"A\",\"a/b\":1,\"c\\\"d\":2,\"e\\nroot = 'x'\":3,\"##[error]\":4,\"x: y\":5,\"\":6,\"nc:dob\":\"1985-07-04\"}";
    fs::create_dir_all(folder.path().join("formats/own")).unwrap();
    fs::write(folder.path().join("a.json"), sample).unwrap();
    works(folder.path(), &["format", "draft", "a.json", "-o", "formats/own/format.toml"]);
    let draft = fs::read_to_string(folder.path().join("formats/own/format.toml")).unwrap();
    assert!(!draft.contains('\u{202e}') && !draft.contains("\nroot"), "{draft}");
    assert!(draft.contains("no path can lead to a part of such a name"), "{draft}");
    let checked = works(folder.path(), &["format", "check", "--formats", "formats"]);
    assert!(checked.contains("0 errors"), "{checked}");
}

#[test]
fn an_image_with_what_is_told_of_it_is_one_record_and_a_person_is_never_in_one() {
    let folder = TempDir::new().unwrap();
    let image = "<Image><Data>/9j/4AAQSkZJRgABAQEASABIAAD</Data><Format>JPEG</Format>";
    fs::write(folder.path().join("a.xml"), format!("<R><Driver>{image}</Image></Driver></R>")).unwrap();
    fs::write(
        folder.path().join("b.xml"),
        format!("<R><Driver>{image}<LastName>EXAMPLE</LastName></Image></Driver></R>"),
    )
    .unwrap();
    let draft = works(folder.path(), &["format", "draft", "a.xml"]);
    assert_eq!(mapped(&draft), [("Driver/Image/**".to_owned(), "biometric.photo".to_owned())], "{draft}");
    let draft = works(folder.path(), &["format", "draft", "b.xml"]);
    assert_eq!(mapped(&draft), [], "{draft}");
    assert!(
        draft.contains("# \"Driver/Image/**\" = \"?\"   # question: `biometric.photo`? but `LastName` is in it"),
        "{draft}"
    );
}
