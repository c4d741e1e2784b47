//! Roles of a format of one's own: each leads to what `[paths]` maps, or the format isn't loaded (P2).

use dmv_redact::{Disposition, Filter};
use tempfile::TempDir;

use super::{POLICY, filter, redact};

const FORMAT: &str = r#"
name = "example"
syntax = ["xml", "json"]
root = "e:r"
message-type = "e:head/e:key"
messages = ["DR", "RR"]
requester = "e:head/@e:to"
nillable = ["e:name"]
unmapped = ["e:other"]

[namespaces]
e = "urn:example"

[paths]
"e:head/e:key" = "envelope.message-key"
"e:head/@e:to" = "envelope.ori"
"e:name" = "subject.name"
"e:remarks" = "subject.remarks"
"e:photo/**" = "subject.photo"
"e:photo/e:on" = "envelope.date"
"e:license/e:id/@e:key" = "envelope.message-key"
"e:license/e:id" = "license.number"

[[required]]
path = "e:name"
when-denied = "NONE"

[[text]]
name = "labels"
paths = ["e:remarks"]
recognise = '(?m)^RECORD$'

[[text.field]]
pattern = '(?m)^NAME: (?<name>[A-Z]{1,60})$'
groups = { name = "subject.name" }
"#;

#[track_caller]
fn error(from: &str, to: &str) -> String {
    assert!(FORMAT.contains(from), "{from}");
    let text = filter(&FORMAT.replacen(from, to, 1), POLICY).unwrap_err().to_string();
    let at = text.find("format.toml:").unwrap();
    text.get(at + "format.toml:".len()..).unwrap().to_owned()
}

/// What stands for a denied part of one object is no value of the next, though both are nil.
#[test]
fn p4_a_placeholder_before_a_value_that_is_nil() {
    let format = "name = \"example\"\nsyntax = [\"xml\", \"json\"]\nroot = \"e:r\"\nnillable = [\"e:p/e:name\"]\n[namespaces]\ne = \
                  \"urn:example\"\n[paths.\"e:p\"]\n\"e:name\" = \"subject.name\"\n\"e:remarks\" = \"subject.remarks\"\n\
                  [[required]]\npath = \"e:p/e:name\"\nwhen-denied = \"nil\"\n";
    let filter = filter(format, POLICY).unwrap();
    let nil = "<e:name xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:nil=\"true\"/>";
    for (first, second) in
        [("<e:name>a1</e:name>", nil), (nil, "<e:name>a1</e:name>"), ("<e:name>a1</e:name>", "<e:name>B2</e:name>")]
    {
        for around in [["", "<e:remarks>X</e:remarks>"], ["<e:remarks>X</e:remarks>", ""]] {
            let person = |name: &str| format!("<e:p>{}{name}{}</e:p>", around[0], around[1]);
            let message = format!("<e:r xmlns:e=\"urn:example\">{}{}</e:r>", person(first), person(second));
            let (out, disposition, reason) = redact(&filter, &message);
            assert_eq!((disposition, reason), (Disposition::Redacted, None), "{message}");
            assert_eq!(out.matches("nil=\"true\"").count(), 2, "{out}");
        }
    }
    for names in [["\"a1\"", "null"], ["null", "\"a1\""]] {
        let person = |name: &str| format!("{{\"e:remarks\":\"X\",\"e:name\":{name}}}");
        let message = format!("{{\"e:r\":{{\"e:p\":[{},{}]}}}}", person(names[0]), person(names[1]));
        let (out, disposition, reason) = redact(&filter, &message);
        assert_eq!((disposition, reason, out.matches("null").count()), (Disposition::Redacted, None, 2), "{out}");
    }
}

#[test]
fn p2_roles_that_are_mapped_are_read() {
    let filter = filter(FORMAT, POLICY).unwrap();
    let xml =
        "<e:r xmlns:e=\"urn:example\"><e:head e:to=\"AZ0070000\"><e:key>DR</e:key></e:head><e:name>DOE</e:name></e:r>";
    let json = r#"{"e:r":{"e:head":{"e:key":"DR","e:to":"AZ0070000"},"e:name":"DOE"}}"#;
    for message in [xml, json] {
        assert_eq!(redact(&filter, message), (message.to_owned(), Disposition::Released, None));
        assert_eq!(redact(&filter, &message.replace("DR", "XX")).1, Disposition::Withheld);
        assert_eq!(redact(&filter, &message.replace("AZ0070000", "AZ0080000")).1, Disposition::Withheld);
    }
}

#[test]
fn p2_what_decides_is_a_value_of_the_envelope_that_is_always_read() {
    let key = |to: &str| error("\"e:head/e:key\"\nmess", &format!("{to}\nmess"));
    for (path, fault) in [
        ("e:head/e:kay", "`e:head/e:kay` is not mapped in [paths]; did you mean `e:head/e:key`?"),
        ("e:unknown", "`e:unknown` is not mapped in [paths]"),
        ("e:photo/e:key", "`e:photo/e:key` is not mapped in [paths]; did you mean `e:photo/e:on`?"),
        ("e:head", "`e:head` is no value: other paths go on below it"),
        ("e:photo", "`e:photo` is a whole record, and no value"),
        ("e:photo/**", "`e:photo/**` is a whole record, and no value"),
        ("e:head/e:key/**", "`e:head/e:key/**` is not mapped in [paths]; did you mean `e:head/e:key`?"),
        ("e:name", "`e:name` leads to `subject.name`: what decides about a message is of the envelope"),
        (
            "e:license/e:id/@e:key",
            "`e:license/e:id/@e:key` isn't read where a requester is denied `license.number`, on which it is",
        ),
        ("e:name/e:key", "`e:name/e:key` goes on below a path that is a value"),
        ("x:key", "prefix `x` is not in [namespaces]; did you mean `e`?"),
        ("", "`` is no step of a path; a path begins below the root, without a slash, and has one slash between steps"),
    ] {
        assert_eq!(key(&format!("\"{path}\"")), format!("5:16: {fault}"));
    }
    assert_eq!(
        error("requester = \"e:head/@e:to\"", "requester = \"e:head/e:key\""),
        "7:13: `e:head/e:key` has two of the roles `message-type`, `requester` and `notice`"
    );
}

#[test]
fn p2_a_notice_stands_where_nothing_else_does_and_nobody_is_denied_it() {
    let format = |path: &str| FORMAT.replacen("nillable", &format!("notice = \"{path}\"\nnillable"), 1);
    for (path, fault) in [
        ("e:notice", "`e:notice` is not mapped in [paths]"),
        ("e:name", "`e:name` leads to `subject.name`: a notice is mapped to `envelope.notice`"),
        ("e:head/e:key", "`e:head/e:key` leads to `envelope.message-key`: a notice is mapped to `envelope.notice`"),
        (
            "e:head/@e:to",
            "`e:head/@e:to` is an attribute, which can be neither required, nil, laid out, a message, nor a notice",
        ),
        ("e:head", "`e:head` is no value: other paths go on below it"),
    ] {
        let told = filter(&format(path), POLICY).unwrap_err().to_string();
        assert!(told.ends_with(&format!("format.toml:8:10: {fault}")), "{told}");
    }
    let mapped =
        |path: &str| format(path).replacen("[paths]", &format!("[paths]\n\"{path}\" = \"envelope.notice\""), 1);
    let told = filter(&mapped("e:photo/e:notice"), POLICY).unwrap_err().to_string();
    assert!(told.ends_with("`e:photo/e:notice` stands in a record, which a requester may be denied"), "{told}");
    for path in ["e:notice", "e:head/e:notice", "e:after/e:notice"] {
        assert!(filter(&mapped(path), POLICY).is_ok(), "{path}");
    }
}

#[test]
fn p2_message_keys_are_such_as_messages_can_have() {
    let keys = |to: &str| error("[\"DR\", \"RR\"]", to);
    assert_eq!(keys("[]"), "6:12: no message has any of no keys: all would be withheld");
    assert_eq!(keys("[\"DR\", \"DR\"]"), "6:19: `DR` is named twice");
    for key in ["dr", "LONGER", " DR", ""] {
        let fault = "is no message key: it violates the shape of the element that has the key";
        assert_eq!(keys(&format!("[\"DR\", \"{key}\"]")), format!("6:19: `{key}` {fault}"));
    }
    assert_eq!(
        error("message-type = \"e:head/e:key\"\n", ""),
        "5:12: `messages` needs `message-type`, the path of the message key"
    );
}

#[test]
fn p2_required_and_nillable_parts_are_mapped_and_what_stands_for_them_fits() {
    let required = |path: &str, word: &str| {
        error("\"e:name\"\nwhen-denied = \"NONE\"", &format!("\"{path}\"\nwhen-denied = \"{word}\""))
    };
    assert_eq!(required("e:nme", "nil"), "25:8: `e:nme` is not mapped in [paths]; did you mean `e:name`?");
    assert_eq!(
        required("e:head/@e:to", "nil"),
        "25:8: `e:head/@e:to` is an attribute, which can be neither required, nil, laid out, a message, nor a notice"
    );
    assert_eq!(
        required("e:name", "none"),
        "26:15: `none` violates the shape of `subject.name`, for which it would stand"
    );
    assert_eq!(
        required("e:head/e:key", "nil"),
        "26:15: `nil` never stands there: `envelope.message-key` is of the envelope, which nobody is denied"
    );
    for path in ["e:head", "e:photo", "e:photo/**"] {
        assert_eq!(required(path, "NONE"), "26:15: `NONE` can't stand for a part that holds others");
        assert_eq!(
            required(path, "empty"),
            "26:15: `empty` is a text in JSON, and can't stand for a part that holds others; write `nil`"
        );
    }
    let again = "when-denied = \"NONE\"\n[[required]]\npath = \"e:name\"\nwhen-denied = \"nil\"";
    assert_eq!(error("when-denied = \"NONE\"", again), "28:8: `e:name` is named twice");
    let nillable = |to: &str| error("nillable = [\"e:name\"]", &format!("nillable = [{to}]"));
    assert_eq!(nillable("\"e:nme\""), "8:13: `e:nme` is not mapped in [paths]; did you mean `e:name`?");
    assert_eq!(nillable("\"e:name\", \"e:name\""), "8:23: `e:name` is named twice");
    assert_eq!(
        nillable("\"e:head/@e:to\""),
        "8:13: `e:head/@e:to` is an attribute, which can be neither required, nil, laid out, a message, nor a notice"
    );
    assert_eq!(error("[\"e:other\"]", "[\"e:other\", \"e:other\"]"), "9:24: `e:other` is named twice");
}

#[test]
fn p2_texts_are_values_of_texts_and_headings_differ() {
    let text = |to: &str| error("paths = [\"e:remarks\"]", &format!("paths = [\"{to}\"]"));
    assert_eq!(text("e:remark"), "30:10: `e:remark` is not mapped in [paths]; did you mean `e:remarks`?");
    assert_eq!(text("e:head"), "30:10: `e:head` is no value: other paths go on below it");
    assert_eq!(text("e:photo/**"), "30:10: `e:photo/**` is a whole record, and no value");
    for (path, element) in [("e:head/e:key", "envelope.message-key"), ("e:license/e:id", "license.number")] {
        let fault = format!("30:10: `{path}` leads to `{element}`, which is no text that could be laid out");
        assert_eq!(text(path), fault);
    }
    let twin = "recognise = '(?m)^RECORD$'\nfield = [{ pattern = 'X(?<x>[A-Z])', groups = { x = \"subject.name\" } }]\n\
        [[text]]\nname = \"others\"\npaths = [\"e:remarks\"]\nrecognise = '(?m)^RECORD$'\n";
    assert_eq!(
        error("recognise = '(?m)^RECORD$'\n", twin),
        "35:10: `e:remarks` has the layout `labels` with the same heading: no text would be of one alone"
    );
}

#[test]
fn p2_what_is_no_name_is_no_step() {
    let json = |path: &str| {
        let format = super::PLAIN_FORMAT.replace("\"name\" =", &format!("'{path}' ="));
        let text = filter(&format, POLICY).unwrap_err().to_string();
        let at = text.find("format.toml:").unwrap();
        text.get(at + "format.toml:7:1: ".len()..).unwrap().to_owned()
    };
    for step in ["last*name*", "**name"] {
        assert_eq!(
            json(&format!("person/{step}")),
            format!("`{step}` is no step of a path; a name has one `*` at most")
        );
    }
    assert_eq!(json("a/**/b"), "`**` is no step of a path; `/**` ends a path, and makes a whole record of it");
    assert_eq!(json("**"), "`**` is no step of a path; `/**` ends a path, and makes a whole record of it");
    for path in ["person[0]", "[1]", "person[]", "person[*]"] {
        let hint = "a path has no index: it leads to all items of a list";
        assert_eq!(json(&format!("{path}/name")), format!("`{path}` is no step of a path; {hint}"));
    }
    for step in ["$", ".", ".."] {
        let hint = "a path begins below the root and goes down; a member of this name is written `%24`, `%2E`";
        assert_eq!(json(&format!("{step}/name")), format!("`{step}` is no step of a path; {hint}"));
    }
    for path in ["/name", "person//name", "name/"] {
        let hint = "a path begins below the root, without a slash, and has one slash between steps";
        assert_eq!(json(path), format!("`` is no step of a path; {hint}"));
    }
    // That the path is missing where roles name it is reported too.
    let all = error("\"e:name\" =", "\"e:**\" =");
    let own = "17:1: `e:**` is no step of a path; a name has one `*` at most";
    assert!(all.lines().any(|line| line.ends_with(own)) && all.lines().count() == 3, "{all}");
    for table in ["e:sign/**", "e:head/@e:by"] {
        let format =
            FORMAT.replace("[[required]]", &format!("[paths.\"{table}\"]\n\"e:x\" = \"subject.name\"\n[[required]]"));
        let text = filter(&format, POLICY).unwrap_err().to_string();
        assert!(text.ends_with("is a whole part, and no prefix of other paths"), "{text}");
    }
}

#[test]
fn p2_what_names_objects_is_no_value_and_of_a_syntax_that_the_format_has() {
    let with = |table: &str| format!("[references]\n{table}\n\n[[required]]");
    let references = |table: &str| error("[[required]]", &with(table));
    assert_eq!(references("id = \"e:to\""), "25:6: `e:to` names objects, and is mapped in [paths] as well");
    assert_eq!(
        references("id = \"e:id\"\nref = [\"e:ref\", \"e:key\"]"),
        "26:7: `e:key` names objects, and is mapped in [paths] as well"
    );
    assert_eq!(references("id = \"e:id\"\nref = \"e:ref\"\nuri = \"e:ref\""), "27:7: `e:ref` is named twice");
    assert_eq!(references("json = \"e:name\""), "25:8: `e:name` names objects, and is mapped in [paths] as well");
    let one = |syntax: &str, table: &str| {
        let format = FORMAT.replace("[\"xml\", \"json\"]", syntax).replace("[[required]]", &with(table));
        filter(&format, POLICY).map(|_| ()).unwrap_err().to_string()
    };
    let fault = "format.toml:25:6: `e:id` is an attribute, which only XML has; in JSON it is the member `json`";
    assert!(one("\"json\"", "id = \"e:id\"").ends_with(fault));
    assert!(one("\"xml\"", "json = \"@id\"").ends_with("format.toml:25:8: `@id` is a member, which only JSON has"));
}

#[test]
fn all_that_is_wrong_with_a_format_is_reported_at_once() {
    let format = r#"
name = "own format"
syntax = ["xml", "json"]
root = "e:r"
message-type = "e:ke"
requester = "e:name"
nillable = ["e:none", "e:bad"]
unmapped = ["e:name", "e:other", "e:other"]

[namespaces]
e = "urn:example"
f = "urn:example"

[paths]
"e:name" = "subject.name"
"e:bad" = "subject.nam"
"e:worse" = { "e:x" = "subject.remark", "g:y" = "subject.remarks" }
"e:photo/**" = { "e:x" = "subject.photo" }

[[required]]
path = "e:worse/e:x"
when-denied = "nil"

[[text]]
name = "lay\u000Aout"
paths = ["e:name"]
recognise = 'X'
field = [{ pattern = 'A(?<a>[A-Z]{1,9})', groups = { a = "subject.nam" } }, { pattern = 'B(?<b>', groups = { b = "nobody" } }]
"#;
    let folder = TempDir::new().unwrap();
    std::fs::create_dir_all(folder.path().join("own")).unwrap();
    std::fs::write(folder.path().join("own/format.toml"), format).unwrap();
    std::fs::write(folder.path().join("catalog.toml"), super::CATALOG).unwrap();
    let error = Filter::builder()
        .catalog_path(folder.path().join("catalog.toml"))
        .formats_dir(folder.path())
        .build()
        .unwrap_err();
    let told: Vec<String> =
        error.iter().map(|error| format!("{}: {}", error.position().unwrap().0, error.message())).collect();
    let expected = [
        "2: the name of the format `own format` is no word",
        "5: `e:ke` is not mapped in [paths]",
        "6: `e:name` leads to `subject.name`: what decides about a message is of the envelope",
        "7: `e:none` is not mapped in [paths]",
        "8: `e:name` is said to be unmapped, and is mapped",
        "8: `e:other` is named twice",
        "12: two prefixes for one namespace",
        "16: unknown data element `subject.nam`",
        "17: unknown data element `subject.remark`",
        "17: prefix `g` is not in [namespaces]",
        "18: `e:photo/**` is a whole part, and no prefix of other paths",
        "25: `name` is not one line of visible text",
        "25: the name of the text mapping `lay\\u{a}out` is no word",
        "28: unknown data element `subject.nam`",
        "28: unknown data element `nobody`",
    ];
    assert_eq!(told, expected);
}
