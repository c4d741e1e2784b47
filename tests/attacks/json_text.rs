//! The text of JSON: attacks 3 to 8 and 11.

use dmv_redact::{Filter, Reason, Requester};
use dmv_redact_testing::attacks::{METADATA, SECRET, cleaned, leaves_no_trace, niem, niem_with, redact_for, withheld};
use dmv_redact_testing::filters::limits;

/// Bytes put in as the text of an unknown member, of a forbidden value, of a permitted one and of a name.
fn everywhere(bytes: &[u8]) -> Vec<Vec<u8>> {
    let hole = "HOLE";
    let messages = [
        niem(&format!(", \"x\": \"{hole}\"")),
        niem(&format!(", \"x\": [[{{\"a\": \"{hole}\"}}]]")),
        niem(&format!(", \"{hole}\": 1")),
        niem(&format!(", \"nc:PersonTaxIdentification\": {{\"nc:IdentificationID\": \"{hole}\"}}")),
        niem("").replace("EXAMPLE", hole),
        niem_with(&format!("\"@type\": \"{hole}\", "), ""),
    ];
    let filled = messages.map(|message| {
        let (before, after) = message.split_once(hole).unwrap();
        [before.as_bytes(), bytes, after.as_bytes()].concat()
    });
    filled.to_vec()
}

#[test]
fn attack_03_surrogates_and_bytes_that_are_no_utf8_are_withheld_anywhere() {
    let escapes: [&[u8]; 6] =
        [b"\\ud800", b"\\udc00", b"\\udc00\\ud800", b"\\ud800x", b"\\ud83d\\u0041", b"\\uD800\\uD800"];
    for bytes in escapes {
        for message in everywhere(bytes) {
            assert_eq!(withheld(&message), Reason::NotWellFormedJson);
        }
    }
    let bytes: [&[u8]; 9] = [
        b"\xC0\xAF",
        b"\xC1\x81",
        b"\xE0\x80\xAF",
        b"\xED\xA0\x80",
        b"\xF4\x90\x80\x80",
        b"\x80",
        b"\xE2\x82",
        b"\xFF",
        b"\xF8\x88\x80\x80\x80",
    ];
    for bytes in bytes {
        for message in everywhere(bytes) {
            assert_eq!(withheld(&message), Reason::Encoding);
        }
    }
}

#[test]
fn attack_04_marks_wide_encodings_fragments_and_second_documents_are_withheld() {
    let whole = niem("");
    let utf16 = |little: bool| -> Vec<u8> {
        whole.encode_utf16().flat_map(|unit| if little { unit.to_le_bytes() } else { unit.to_be_bytes() }).collect()
    };
    let utf32: Vec<u8> = whole.chars().flat_map(|character| u32::from(character).to_be_bytes()).collect();
    let mut messages = vec![
        [b"\xEF\xBB\xBF", whole.as_bytes()].concat(),
        [b"\xFF\xFE".to_vec(), utf16(true)].concat(),
        [b"\xFE\xFF".to_vec(), utf16(false)].concat(),
        utf16(true),
        utf16(false),
        utf32,
        vec![],
        b" \n\t\r ".to_vec(),
        b"null".to_vec(),
        b"[]".to_vec(),
        b"{}".to_vec(),
        format!("[{whole}]").into_bytes(),
        format!("\"{SECRET}\"").into_bytes(),
    ];
    for behind in [&whole, "{}", "null", "x", ",", "}", "//", "\0", "\u{A0}", "\u{B}", "\u{C}", "\u{85}"] {
        messages.push(format!("{whole}\n{behind}").into_bytes());
    }
    messages.extend((1..whole.len()).step_by(7).map(|at| whole.as_bytes()[..at].to_vec()));
    for message in messages {
        withheld(message);
    }
    assert!(cleaned(&format!("{whole}\n\r\t ")).ends_with("\n\r\t "));
}

#[test]
fn attack_05_what_only_lax_parsers_take_is_withheld() {
    for value in [
        "/* a */ 1",
        "1 // a\n",
        "[1,]",
        "{\"a\": 1,}",
        "'a'",
        "NaN",
        "Infinity",
        "-Infinity",
        "01",
        "-01",
        "+1",
        ".5",
        "1.",
        "1e",
        "1e+",
        "0x10",
        "1_000",
        "True",
        "nul",
        "nulll",
        "undefined",
        "{a: 1}",
        "[1 2]",
        "{\"a\" 1}",
        "{\"a\": 1 \"b\": 2}",
        "[,1]",
        "[1,,2]",
        "{,}",
        "[}",
        "{]",
        "\"\t\"",
        "\"\n\"",
        "\"\u{1}\"",
        "\"\\x41\"",
        "\"\\'\"",
        "\"\\u00g0\"",
        "\"\\u12\"",
        "\"\\",
        "\"\\U0041\"",
        "--1",
        "- 1",
        "1 2",
        "\u{FEFF}1",
    ] {
        assert_eq!(withheld(niem(&format!(", \"x\": {value}"))), Reason::NotWellFormedJson, "{value}");
        assert_eq!(withheld(niem_with(&format!("\"x\": {value}, "), "")), Reason::NotWellFormedJson, "{value}");
        let forbidden = format!(", \"nc:PersonTaxIdentification\": {{\"nc:IdentificationID\": {value}}}");
        assert_eq!(withheld(niem(&forbidden)), Reason::NotWellFormedJson, "{value}");
    }
}

#[test]
fn attack_06_numbers_are_copied_or_removed_never_printed_anew() {
    let height =
        |lexeme: &str| niem(&format!(", \"nc:PersonHeightMeasure\": {{\"nc:MeasureDecimalValue\": {lexeme}}}"));
    for lexeme in ["173", "173.50", "-0", "0.1000000000000000"] {
        let output = cleaned(&height(lexeme));
        let is_whole = output.contains(&format!("\"nc:MeasureDecimalValue\": {lexeme}}}"));
        assert!(is_whole || output == cleaned(&niem("")), "{output}");
    }
    assert!(cleaned(&height("173.50")).contains(" 173.50}"));
    for lexeme in ["1e400", "1E5", "-1e-400", "173.00000000000000000000000001", "100000000000000000000000000000"] {
        leaves_no_trace(&height(lexeme), &niem(""));
    }
    // A number that most readers can't hold, where its spelling would be a code.
    let class = |lexeme: &str| {
        let license = format!("{{\"j:DriverLicenseNonCommercialClassText\": {lexeme}}}");
        niem(&format!(", \"j:PersonAugmentation\": {{\"j:DriverLicense\": {license}}}"))
    };
    assert!(cleaned(&class("1E40")).contains(": 1E40}"), "{}", cleaned(&class("1E40")));
    leaves_no_trace(&class("1E400"), &niem(""));
    // Skipped numbers of any size are no trouble.
    leaves_no_trace(&niem(&format!(", \"x\": {}", "9".repeat(5000))), &niem(""));
}

#[test]
fn attack_07_limits_hold_in_parts_that_are_skipped_too() {
    let deep = |open: &str, close: &str, depth: usize| {
        niem(&format!(", \"x\": {}1{}", open.repeat(depth), close.repeat(depth)))
    };
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        for depth in [200, 100_000] {
            assert_eq!(withheld(deep(open, close, depth)), Reason::Limit);
        }
        assert_eq!(withheld(niem(&format!(", \"x\": {}", open.repeat(100_000)))), Reason::Limit);
        leaves_no_trace(&deep(open, close, 50), &niem(""));
    }
    let nested = format!(", \"nc:PersonBirthDate\": {}1{}", "{\"nc:PersonBirthDate\":".repeat(300), "}".repeat(300));
    assert_eq!(withheld(niem(&nested)), Reason::Limit);
    assert_eq!(withheld(niem(&format!(", \"{}\": 1", "n".repeat(2000)))), Reason::Limit);
    let filter = Filter::builder()
        .limits(limits(|limits| {
            limits.members = 100;
            limits.message_bytes = 100_000;
        }))
        .build()
        .unwrap();
    let refuses = |message: String| redact_for(&filter, &Requester::from_envelope(), message.as_bytes()).1.reason();
    assert_eq!(refuses(niem(&", \"x\": 1".repeat(200))), Some(Reason::Limit));
    assert_eq!(refuses(niem(&format!(", \"x\": \"{}\"", "a".repeat(100_000)))), Some(Reason::Limit));
    assert_eq!(refuses(niem("")), None);
}

#[test]
fn attack_08_arrays_are_transparent_and_objects_are_no_values() {
    let name = |value: &str| niem("").replace("{\"nc:PersonSurName\": \"EXAMPLE\"}", value);
    let output = cleaned(&name(&format!(
        r#"[{{"nc:PersonSurName": "EXAMPLE"}}, {{"x": "{SECRET}"}}, {{"nc:PersonSurName": ["OTHER", {{"a": "{SECRET}"}}]}}]"#
    )));
    assert!(output.contains("EXAMPLE") && output.contains("OTHER"), "{output}");
    // An array in an array, an object where a value is wanted, and a value where an object is.
    for value in [
        format!(r#"{{"nc:PersonSurName": [["{SECRET}"], "EXAMPLE"]}}"#),
        format!(r#"{{"nc:PersonSurName": ["EXAMPLE", {{"nc:PersonSurName": "{SECRET}"}}]}}"#),
        format!(r#"[{{"nc:PersonSurName": "EXAMPLE"}}, "{SECRET}"]"#),
        format!(r#"[{{"nc:PersonSurName": "EXAMPLE"}}, [{{"nc:PersonSurName": "{SECRET}"}}]]"#),
    ] {
        cleaned(&name(&value));
    }
    for metadata in ["null", "[]", "\"DR\"", r#"[{"exch:MessageKeyCode": "DR"}, {"exch:MessageKeyCode": "RR"}]"#] {
        withheld(niem("").replace(METADATA, &format!("\"exch:MessageMetadata\": {metadata}")));
    }
}

#[test]
fn attack_11_line_separators_never_go_out_raw() {
    for separator in ["\u{2028}", "\u{2029}", "\u{85}", "\\u2028", "\\u2029", "\\u0085", "\\n", "\\r"] {
        let output =
            cleaned(&niem(&format!(", \"nc:PersonName2\": 1, \"j:PersonEyeColorCode\": \"BRO{separator}WN\"")));
        assert!(!output.contains("BRO"), "{output}");
        let output = cleaned(&niem("").replace(
            "{\"nc:PersonSurName\"",
            &format!("{{\"nc:PersonGivenName\": \"A{separator}B\", \"nc:PersonSurName\""),
        ));
        assert!(!output.contains("GivenName"), "{output}");
    }
}
