//! Paths that ask what a part says of itself, and paths with patterns of names.

use dmv_redact::{Disposition, Filter, Reason};
use dmv_redact_testing::filters::{police, redact, redact_text};

use super::{permitting, with_formats};

/// What police may have.
const PERMITTED: &[&str] = &["person.name", "license.number", "person.birth-date", "person.sex"];

const XML: &str = r#"
name = "own"
syntax = "xml"
root = "nc:Person"

[namespaces]
nc = "urn:nc"

[paths]
"nc:Name" = "person.name"
"nc:Id[nc:Kind='Driver License']/nc:Value" = "license.number"
"nc:Id[nc:Kind='SSN'|'Social Security']/nc:Value" = "person.ssn"
"nc:Id/nc:Since" = "person.birth-date"
"nc:Field[@nc:is='name']" = "person.name"
"nc:Field[@nc:is='ssn']" = "person.ssn"
"#;

const JSON: &str = r#"
name = "own"
syntax = "json"
recognise = ["person"]

[paths]
"person/ids[kind='license']/value" = "license.number"
"person/ids[kind='ssn'][country='US']/value" = "person.ssn"
"person/ids/since" = "person.birth-date"
"person/name_*" = "person.name"
"person/name_secret" = "person.ssn"
"person/%40type" = "person.sex"
"person/a%2Fb" = "person.sex"
"#;

fn with(format: &str) -> Result<Filter, String> {
    with_formats(permitting(PERMITTED), &[format])
}

fn fault(format: &str) -> String {
    with(format).expect_err("a fault")
}

/// What goes out; that goes out unchanged again, and is what may go out of itself.
fn out(format: &str, message: &str) -> String {
    let filter = with(format).unwrap();
    let (out, receipt) = redact_text(&filter, &police(), message);
    if receipt.disposition().releases() {
        let (again, _) = redact_text(&filter, &police(), &out);
        assert_eq!(again, out, "P4: redacted again");
        let named = with_formats(permitting(PERMITTED).format("own"), &[format]).unwrap();
        named.verify(out.as_bytes(), &police()).unwrap();
    }
    match receipt.reason() {
        Some(reason) if !receipt.disposition().releases() => format!("{reason:?}"),
        _ => out,
    }
}

fn xml(inside: &str) -> String {
    format!("<nc:Person xmlns:nc=\"urn:nc\">{inside}</nc:Person>")
}

fn of_xml(inside: &str) -> String {
    let out = out(XML, &xml(&format!("<nc:Name>DOE</nc:Name>{inside}")));
    let rest = out.strip_prefix("<nc:Person xmlns:nc=\"urn:nc\"><nc:Name>DOE</nc:Name>");
    rest.and_then(|rest| rest.strip_suffix("</nc:Person>")).unwrap_or(&out).to_owned()
}

fn of_json(inside: &str) -> String {
    let out = out(JSON, &format!(r#"{{"person":{{"name_first":"DOE"{inside}}}}}"#));
    let rest = out.strip_prefix(r#"{"person":{"name_first":"DOE""#);
    rest.and_then(|rest| rest.strip_suffix("}}")).unwrap_or(&out).to_owned()
}

#[test]
fn p1_what_a_part_says_of_itself_decides_whatever_the_order() {
    let license = "<nc:Id><nc:Kind>Driver License</nc:Kind><nc:Value>D08954796</nc:Value></nc:Id>";
    let later = "<nc:Id><nc:Value>D08954796</nc:Value><nc:Kind>Driver License</nc:Kind></nc:Id>";
    let ssn = license.replace("Driver License", "SSN").replace("D08954796", "900123456");
    let ssn_later = later.replace("Driver License", "Social Security").replace("D08954796", "900123456");
    for kept in [license, later] {
        assert_eq!(of_xml(kept), kept);
        assert_eq!(of_xml(&format!("{ssn}{kept}{ssn_later}")), kept, "P5: nothing tells of what is gone");
    }
    assert_eq!(
        of_json(r#","ids":[{"kind":"license","value":"D08954796"},{"value":"900123456","country":"US","kind":"ssn"}]"#),
        r#","ids":[{"kind":"license","value":"D08954796"}]"#
    );
    assert_eq!(
        of_json(r#","ids":{"value":"D08954796","kind":"license"}"#),
        r#","ids":{"value":"D08954796","kind":"license"}"#
    );
    // A list of one is what that is.
    let listed = r#","ids":{"value":"D08954796","kind":["license"]}"#;
    assert_eq!(of_json(listed), listed);
}

#[test]
fn attack_38_where_it_cannot_be_told_only_what_every_such_part_may_have_goes_out() {
    let value = "<nc:Value>D08954796</nc:Value>";
    for kind in [
        "",
        "<nc:Kind>driver license</nc:Kind>",
        "<nc:Kind/>",
        "<nc:Kind>Driver License</nc:Kind><nc:Kind>Driver License</nc:Kind>",
        "<nc:Kind>SSN</nc:Kind><nc:Kind>Driver License</nc:Kind>",
        "<Kind>Driver License</Kind>",
        "<x:Kind xmlns:x=\"urn:other\">Driver License</x:Kind>",
        "<nc:More><nc:Kind>Driver License</nc:Kind></nc:More>",
        "<nc:Kind xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:nil=\"true\">Driver License</nc:Kind>",
        "Driver License",
        "<!--<nc:Kind>Driver License</nc:Kind>-->",
        "<nc:Kind><![CDATA[<nc:Kind>Driver License</nc:Kind>]]></nc:Kind>",
        "<nc:Kind>Driver License<nc:More>SSN</nc:More></nc:Kind>",
        "<nc:Kind>Driver <x/>License</nc:Kind>",
    ] {
        assert_eq!(of_xml(&format!("<nc:Id>{kind}{value}</nc:Id>")), "", "{kind}");
        assert_eq!(of_xml(&format!("<nc:Id>{value}{kind}</nc:Id>")), "", "{kind}");
        let since = "<nc:Since>1985-07-04</nc:Since>";
        assert_eq!(
            of_xml(&format!("<nc:Id>{kind}{value}{since}</nc:Id>")),
            format!("<nc:Id>{since}</nc:Id>"),
            "{kind}"
        );
    }
    for id in [
        r#"{"value":"D08954796"}"#,
        r#"{"value":"D08954796","kind":["license","license"]}"#,
        r#"{"value":"D08954796","kind":["license",null]}"#,
        r#"{"value":"D08954796","kind":[["license"]]}"#,
        r#"{"value":"D08954796","kind":[]}"#,
        r#"{"value":"D08954796","kind":{"kind":"license"}}"#,
        r#"{"value":"D08954796","kind":null}"#,
        r#"{"value":"D08954796","Kind":"license"}"#,
        r#"{"value":"900123456","kind":"ssn"}"#,
        r#""D08954796""#,
        r#"[[{"kind":"license","value":"D08954796"}]]"#,
        r#"{"x":{"kind":"license"},"value":"D08954796"}"#,
    ] {
        assert_eq!(of_json(&format!(",\"ids\":{id}")), "", "{id}");
    }
    assert_eq!(of_json(r#","ids":{"kind":"license","kind":"license","value":"D08954796"}"#), "DuplicateName");
    assert_eq!(of_json(r#","ids":{"kind":"license","\u006bind":"ssn","value":"D08954796"}"#), "DuplicateName");
}

#[test]
fn p4_what_tells_goes_out_with_the_part_as_it_was_written() {
    let id = "<nc:Id>\n<nc:Kind> <![CDATA[Driver]]> Licens&#101; </nc:Kind>\n<nc:Value>D08954796</nc:Value>\n</nc:Id>";
    assert_eq!(of_xml(id), id);
    let id = r#","ids":{"\u006bind":"licens\u0065","value":"D08954796"}"#;
    assert_eq!(of_json(id), r#","ids":{"kind":"licens\u0065","value":"D08954796"}"#);
    // It is the text that is left once comments are removed.
    let joined = "<nc:Id><nc:Kind>Driver <!-- -->License</nc:Kind><nc:Value>D08954796</nc:Value></nc:Id>";
    assert_eq!(of_xml(joined), joined.replace("<!-- -->", ""));
    // Nothing else in it was permitted: no shell is left.
    assert_eq!(of_xml("<nc:Id><nc:Kind>Driver License</nc:Kind><nc:Value>no number &amp; more</nc:Value></nc:Id>"), "");
    assert_eq!(of_xml("<nc:Id><nc:Kind>Driver License</nc:Kind></nc:Id>"), "");
    assert_eq!(of_json(r#","ids":{"kind":"license"}"#), "");
}

#[test]
fn p1_an_attribute_tells_what_an_element_is() {
    let name = "<nc:Field nc:is=\"name\">ROE</nc:Field>";
    assert_eq!(of_xml(&format!("{name}<nc:Field nc:is=\"ssn\">900123456</nc:Field><nc:Field>ROE</nc:Field>")), name);
    assert_eq!(of_xml("<nc:Field is=\"name\">ROE</nc:Field><nc:Field nc:is=\"other\">ROE</nc:Field>"), "");
    let spelled = "<nc:Field nc:is=' n&#x61;me'>ROE</nc:Field>";
    assert_eq!(of_xml(spelled), spelled);
    let (_, receipt) = redact(&with(XML).unwrap(), &police(), xml(name));
    assert_eq!(receipt.disposition(), Disposition::Released);
    let told = receipt.elements().find(|(id, _)| *id == "envelope.discriminator").map(|(_, counts)| counts.released);
    assert_eq!(told, Some(1));
}

#[test]
fn p1_a_pattern_takes_plain_names_that_no_path_has() {
    assert_eq!(
        of_json(r#","name_last":"ROE","name_secret":"900123456","name_":"ROE","surname_last":"ROE""#),
        r#","name_last":"ROE""#
    );
    assert_eq!(
        of_json(r#","name_a b":"ROE","name_900123456":"ROE","name_12345678":"ROE""#),
        r#","name_12345678":"ROE""#
    );
    assert_eq!(of_json(&format!(r#","name_{}":"ROE""#, "x".repeat(60))), "");
    assert_eq!(of_json(r#","name_last":"ROE","name_\u006cast":"ROE""#), "DuplicateName");
    assert_eq!(of_json(r#","n\u0061me_last":"ROE""#), r#","name_last":"ROE""#);
    assert_eq!(of_json(r#","name_*":"ROE""#), "");
}

#[test]
fn p5_a_pattern_takes_nothing_that_is_asked_and_stands_in_a_list() {
    // `kind` may not have a path of its own: the pattern is the only one that names it.
    let format = JSON.replace(r#""person/ids/since""#, r#""person/ids/k*""#);
    let of = |ids: &str| out(&format, &format!(r#"{{"person":{{"name_first":"DOE","ids":{ids}}}}}"#));
    let rest = r#"{"person":{"name_first":"DOE","ids":{"ke":"1958-02-11"}}}"#;
    for kind in [r#"["1958-02-11","1959-02-11"]"#, r#"["1958-02-11",null]"#] {
        assert_eq!(of(&format!(r#"{{"kind":{kind},"ke":"1958-02-11"}}"#)), rest, "{kind}");
        assert_eq!(of(&format!(r#"{{"ke":"1958-02-11","\u006bind":{kind}}}"#)), rest, "{kind}");
    }
}

#[test]
fn names_that_mean_something_in_paths_are_written_by_code() {
    assert_eq!(of_json(r#","@type":"M","a/b":"F","a":{"b":"F"}"#), r#","@type":"M","a/b":"F""#);
}

/// What tells what a part is goes out to everybody, so it must not pass for something that may.
#[test]
fn p5_what_tells_gives_no_right_to_a_reference_or_to_a_name_in_a_record() {
    let format = r#"
name = "own"
syntax = ["xml", "json"]
root = "n:r"

[namespaces]
n = "urn:n"

[references]
id = "n:id"
ref = "n:ref"
json = "@id"

[paths]
"n:name" = "person.name"
"n:person/n:name" = "person.name"
"n:witness[n:kind='x']/n:ssn" = "person.ssn"
"n:other/n:kind" = "person.ssn"
"n:paper/**" = "license.number"
"#;
    let person = "<n:r xmlns:n=\"urn:n\"><n:person n:id=\"p\"><n:name>DOE</n:name></n:person>";
    let released = "<n:r xmlns:n=\"urn:n\"><n:person><n:name>DOE</n:name></n:person>";
    for part in ["<n:witness n:ref=\"p\"/>", "<n:paper><n:kind>D1</n:kind></n:paper>"] {
        assert_eq!(out(format, &format!("{person}{part}</n:r>")), format!("{released}</n:r>"), "{part}");
    }
    for part in [r#""n:witness":{"@id":"p"}"#, r#""n:paper":{"n:kind":"D1"}"#] {
        let message = format!(r#"{{"n:r":{{"n:person":{{"@id":"p","n:name":"DOE"}},{part}}}}}"#);
        let alone = r#"{"n:r":{"n:person":{"n:name":"DOE"}}}"#;
        assert_eq!(out(format, &message), alone, "{part}");
    }
}

#[test]
fn p3_null_says_nothing_and_a_string_of_its_letters_does() {
    let format = format!("{JSON}\"person/marks[kind='null']/value\" = \"person.sex\"\n");
    let of = |kind: &str| {
        let message = format!(r#"{{"person":{{"name_first":"DOE","marks":{{"kind":{kind},"value":"M"}}}}}}"#);
        out(&format, &message) == message
    };
    assert_eq!([of("\"null\""), of("null"), of("[\"null\"]")], [true, false, true]);
}

/// What tells nothing for what is beside it would tell something once that is removed: then none of it goes out.
#[test]
fn p4_what_tells_only_once_something_is_removed_withholds_nothing() {
    let format = format!("{XML}\"nc:Id/nc:Kind\" = \"envelope.control-field\"\n");
    for kind in [
        "<nc:Kind>Driver <!-- -->License</nc:Kind>",
        "<nc:Kind>Driver <b/>License</nc:Kind>",
        "<nc:Kind>Driver License</nc:Kind><nc:Kind>OTHER</nc:Kind>",
        "<nc:Kind>Driver License</nc:Kind><nc:Kind>Driver License</nc:Kind>",
    ] {
        let message = xml(&format!("<nc:Name>DOE</nc:Name><nc:Id>{kind}</nc:Id>"));
        let (_, receipt) = redact(&with(&format).unwrap(), &police(), message);
        assert_eq!(receipt.reason(), None, "{kind}");
    }
}

#[test]
fn p2_predicates_that_could_mean_two_things_are_errors() {
    let also = |path: &str| fault(&format!("{XML}{path} = \"person.sex\"\n"));
    assert!(also("\"nc:Id/nc:Value\"").contains("is mapped without its predicates as well"));
    assert!(also("\"nc:Id[nc:Kind='SSN']/nc:Value\"").contains("can hold where those of another path do"));
    assert!(also("\"nc:Id[nc:Other='x']/nc:Value\"").contains("can hold where those of another path do"));
    assert!(also("\"nc:Id[nc:Kind='Driver License']/nc:Kind\"").contains("tells what the part around it is"));
    assert!(also("\"nc:Id[nc:Kind]/nc:Value\"").contains("a predicate is written"));
    // What is asked goes out with the part: an element that can be denied could not be.
    assert!(also("\"nc:Id/nc:Kind\"").contains("is asked by predicates"), "{}", also("\"nc:Id/nc:Kind\""));
    assert!(also("\"nc:Id/nc:Kind/**\"").contains("is asked by predicates"));
    assert!(also("\"nc:Field/@nc:is\"").contains("is asked by predicates"));
    assert!(also("\"nc:Other[nc:Kind='a*']/nc:Value\"").contains("the value of a predicate has no patterns"));
    for step in ["nc:Id[nc:Kind='a/b']", "nc:Id[nc:Kind/nc:Code='a']"] {
        let fault = also(&format!("\"nc:Of/{step}/nc:Value\""));
        assert!(
            fault.contains(&format!("`{step}` is no step of a path; a predicate asks a child or an attribute")),
            "{fault}"
        );
    }
    assert!(also("\"nc:Field\"").contains("is mapped without its predicates as well"));
    assert!(with(&format!("{XML}\"nc:N*\" = \"person.sex\"\n")).is_ok());
    let two = format!("{JSON}\"person/nam*\" = \"person.sex\"\n");
    assert!(fault(&two).contains("allows names that another pattern there allows as well"));
    assert!(fault(&format!("{JSON}\"person/a*b*\" = \"person.sex\"\n")).contains("one `*` at most"));
    assert!(fault(&XML.replace("root = \"nc:Person\"", "root = \"nc:P*\"")).contains("is no root"));
}

#[test]
fn p2_what_decides_or_names_objects_tells_nothing_else() {
    let format = |more: &str| {
        format!(
            "name = \"own\"\nsyntax = [\"xml\", \"json\"]\nroot = \"r\"\nmessage-type = \"h/key\"\nrequester = \"h/to\"\n\
             messages = [\"DR\", \"RR\"]\n[namespaces]\ns = \"urn:s\"\nxsi = \"http://www.w3.org/2001/XMLSchema-instance\"\n\
             [references]\nid = \"s:id\"\njson = \"@id\"\n[paths]\n\"h/key\" = \"envelope.message-key\"\n\
             \"h/to\" = \"envelope.ori\"\n\"{more}\" = \"person.name\"\n"
        )
    };
    let told = |more: &str| fault(&format(more));
    for more in ["h[key='DR']/x", "h[to='AZ0070000']/x"] {
        assert!(told(more).contains("decides about the message, and is asked by predicates"), "{}", told(more));
    }
    for more in ["a[@s:id='p']/x", "a[%40id='p']/x"] {
        assert!(told(more).contains("names objects, and is asked by predicates as well"), "{}", told(more));
    }
    assert!(told("a[@xsi:nil='true']/x").contains("asks whether it is nil"));
    assert!(told("a[k='x'][@k='y']/x").contains("asks one part twice"));
    assert!(with(&format("h[other='DR']/x")).is_ok());
}

#[test]
fn p3_a_type_is_told_by_its_namespace_and_never_by_a_prefix() {
    let format = r#"
name = "own"
syntax = "xml"
root = "c:R"

[namespaces]
c = "urn:c"
xsi = "http://www.w3.org/2001/XMLSchema-instance"

[paths]
"c:P[@xsi:type='c:Driver']/c:n" = "person.name"
"c:P[@xsi:type='c:Victim']/c:n" = "person.ssn"
"#;
    let xsi = "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"";
    let own = format!("<c:R xmlns:c=\"urn:c\" {xsi}><c:P xsi:type=\"c:Driver\"><c:n>DOE</c:n></c:P></c:R>");
    assert_eq!(out(format, &own), own);
    for (foreign, expected) in [
        (format!("<q:R xmlns:q=\"urn:c\" {xsi}><q:P xsi:type=\"q:Driver\"><q:n>DOE</q:n></q:P></q:R>"), own.as_str()),
        (format!("<R xmlns=\"urn:c\" {xsi}><P xsi:type=\" Driver \"><n>DOE</n></P></R>"), own.as_str()),
        (
            format!(
                "<q:R xmlns:q=\"urn:c\" xmlns:c=\"urn:o\" {xsi}><q:P xsi:type=\"c:Driver\"><q:n>DOE</q:n></q:P></q:R>"
            ),
            "NothingPermitted",
        ),
        (
            format!("<c:R xmlns:c=\"urn:c\" {xsi}><c:P xsi:type=\"Driver\"><c:n>DOE</c:n></c:P></c:R>"),
            "NothingPermitted",
        ),
    ] {
        assert_eq!(out(format, &foreign).replace(" Driver ", "Driver"), expected, "{foreign}");
    }
    // A prefix that nothing but a type has is declared for that.
    let apart = format.replace("'c:Driver'", "'t:Driver'").replace("xsi = ", "t = \"urn:t\"\nxsi = ");
    let own = own.replace("c:Driver", "t:Driver").replace("xmlns:xsi", "xmlns:t=\"urn:t\" xmlns:xsi");
    assert_eq!(out(&apart, &own), own);
}

#[test]
fn p4_a_record_that_an_attribute_tells_may_be_a_text() {
    let format = "name = \"own\"\nsyntax = \"xml\"\nroot = \"r\"\n[paths]\n\"a[@k='n']/**\" = \"person.name\"\n\"a[@k='s']/**\" = \"person.ssn\"\n";
    let message = "<r><a k=\"n\">DOE</a><a k=\"s\">900123456</a><a k=\"n\"><b>ROE</b></a><a>POE</a></r>";
    assert_eq!(out(format, message), "<r><a k=\"n\">DOE</a><a k=\"n\"><b>ROE</b></a></r>");
}

#[test]
fn p8_nested_predicates_stay_linear_and_bounded() {
    let mut format = "name = \"own\"\nsyntax = \"json\"\nrecognise = [\"a\"]\n[paths]\n".to_owned();
    // Three variants at each of twenty levels, with a path below all.
    let steps: Vec<_> = (0..20).map(|level| format!("a{level}")).collect();
    format.push_str(&format!("\"a/{}/x\" = \"person.name\"\n", steps.join("/")));
    for level in 0..20 {
        for kind in 0..3 {
            format.push_str(&format!("\"a/{}[k='{kind}']/v\" = \"person.name\"\n", steps[..=level].join("/")));
        }
    }
    assert!(fault(&format).contains("mapped"), "{}", fault(&format));
}

#[test]
fn a_message_key_may_be_told_by_a_predicate() {
    let format = r#"
name = "own"
syntax = ["xml", "json"]
root = "r"
message-type = "f[@n='MKE']/v"
requester = "f[@n='DST']/v"
messages = ["DR"]

[paths]
"f[@n='MKE']/v" = "envelope.message-key"
"f[@n='DST']/v" = "envelope.ori"
"f[@n='NAM']/v" = "person.name"
"f[@n='SOC']/v" = "person.ssn"
"#;
    let filter = with(format).unwrap();
    let ask = dmv_redact::Requester::from_envelope();
    let fields = [("SOC", "900123456"), ("NAM", "DOE"), ("MKE", "DR"), ("DST", "AZ0070000")];
    let xml: String = fields.iter().map(|(name, value)| format!("<f n=\"{name}\"><v>{value}</v></f>")).collect();
    let (out, receipt) = redact_text(&filter, &ask, format!("<r>{xml}</r>"));
    assert_eq!(receipt.reason(), None);
    assert_eq!(out, format!("<r>{}</r>", xml.replace("<f n=\"SOC\"><v>900123456</v></f>", "")));
    let json: Vec<String> = fields.iter().map(|(name, value)| format!(r#"{{"n":"{name}","v":"{value}"}}"#)).collect();
    let (out, receipt) = redact_text(&filter, &ask, format!(r#"{{"r":{{"f":[{}]}}}}"#, json.join(",")));
    assert_eq!(receipt.reason(), None);
    assert_eq!(out, format!(r#"{{"r":{{"f":[{}]}}}}"#, json[1..].join(",")));
    let (_, receipt) = redact(&filter, &ask, format!("<r>{}</r>", xml.replace("DST", "XXX")));
    assert_eq!(receipt.reason(), Some(Reason::RequesterMissing));
}

#[test]
fn p4_a_value_that_json_ld_wraps_tells_as_well() {
    let format = XML
        .replace("syntax = \"xml\"", "syntax = \"json\"")
        .replace("[namespaces]", "[namespaces]\nrdf = \"http://www.w3.org/1999/02/22-rdf-syntax-ns#\"");
    let filter = with(&format).unwrap();
    for kind in [r#""Driver License""#, r#"{"rdf:value":"Driver License"}"#] {
        let message =
            format!(r#"{{"nc:Person":{{"nc:Id":[{{"nc:Value":{{"rdf:value":"D08954796"}},"nc:Kind":{kind}}}]}}}}"#);
        let (out, receipt) = redact_text(&filter, &police(), &message);
        assert_eq!((receipt.reason(), out), (None, message));
    }
    let message = r#"{"nc:Person":{"nc:Name":"DOE","nc:Id":{"nc:Value":"D08954796","nc:Kind":{"rdf:value":["Driver License"]}}}}"#;
    assert_eq!(redact_text(&filter, &police(), message).0, r#"{"nc:Person":{"nc:Name":"DOE"}}"#);
}
