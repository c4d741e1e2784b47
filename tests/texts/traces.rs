//! Non-interference: texts that differ only in what is removed leave the same bytes (P5).

use super::world::{filter, left_of, redact};

/// A text around what is removed.
fn text(inner: &str, remarks: &str) -> String {
    format!("STATE OF EXAMPLE\nPAGE 1\n\nNAME: DOE, JANE\n{inner}\nBORN: 1985-07-04\nREMARKS: {remarks}")
}

#[test]
fn p5_what_goes_leaves_neither_its_length_nor_its_number() {
    let filter = filter();
    let left = "STATE OF EXAMPLE\nNAME: DOE, JANE\nBORN: 1985-07-04";
    let inner = [
        "",
        "SSN: 900-12-3456\n",
        "SSN: 900123456\n",
        "SSN:    900-12-3456  \n",
        "SSN: 900-12-3456\nALIEN NUMBER: A900123456\n",
        "ALIEN NUMBER: A900123456\nSSN: 900-12-3456\n\nWANTED\n",
        "SSN:           \n",
        "NOTE:\n\n\n\n",
        "STATE OF EXAMPLE\nPAGE 2\n\n",
    ];
    let remarks =
        ["", "NONE\n", "SSN 900 12 3456\nNAME: X\nSSN: 900-12-3456\n\n\nNAME: 900123456\n", "A\nSTATE OF EXAMPLE\n"];
    for inner in inner {
        for remarks in remarks {
            let text = text(inner, remarks);
            assert_eq!(left_of(&filter, &text).as_deref(), Some(left), "{text:?}");
        }
    }
}

#[test]
fn p5_fields_are_written_one_to_a_line() {
    let filter = filter();
    for between in
        ["", "EYE/BRO ", "EYE/GRN ", "EYE/BRO NOTE EYE/BRO ", "EYE/    ", "\n", "\r\n\r\n", " \nEYE/BRO \n  "]
    {
        let text = format!("STATE OF EXAMPLE\nSEX/F {between}HAI/BLK {between}");
        assert_eq!(left_of(&filter, &text).unwrap(), "STATE OF EXAMPLE\nSEX/F \nHAI/BLK ", "{text:?}");
    }
}

#[test]
fn p5_removed_columns_are_blank_whatever_they_held() {
    let filter = filter();
    for ssn in ["900-12-3456", "900123456  ", "           ", "  900123456"] {
        let text = format!("STATE OF EXAMPLE\nROW DOE       |{ssn}|19850704|TUCSON\nNAME: X");
        let left = "STATE OF EXAMPLE\nROW DOE       |           |19850704|TUCSON\nNAME: X";
        assert_eq!(left_of(&filter, &text).unwrap(), left, "{text:?}");
    }
    // A column of no one width is cut to the least it has.
    let no_city = super::world::POLICY.replace("\"person.address\", ", "");
    let filter = super::world::build(super::world::FORMAT, &no_city).unwrap();
    for city in ["", "TUCSON", "YUMA      "] {
        let text = format!("STATE OF EXAMPLE\nROW DOE       |900-12-3456|19850704|{city}\nNAME: X");
        let left = "STATE OF EXAMPLE\nROW DOE       |           |19850704|\nNAME: X";
        assert_eq!(left_of(&filter, &text).unwrap(), left, "{text:?}");
    }
}

#[test]
fn p5_a_value_that_came_as_its_treatment_leaves_it_looks_like_one_that_did_not() {
    let policy = format!("{}as = {{ \"license.status\" = \"mask\" }}\n", super::world::POLICY);
    let filter = super::world::build(super::world::FORMAT, &policy).unwrap();
    let xml = |content: &str| format!("<e:r xmlns:e=\"urn:example\"><e:key>{content}</e:key></e:r>");
    for content in ["LIC", "****", "<![CDATA[****]]>", "&#42;***", "**<!-- x -->**"] {
        assert_eq!(redact(&filter, &xml(content)).0, xml("****"), "{content}");
    }
    for string in ["LIC", "****", "\\u002a***"] {
        let json = |string: &str| format!(r#"{{"e:r":{{"e:key":"{string}"}}}}"#);
        assert_eq!(redact(&filter, &json(string)).0, json("****"), "{string}");
    }
}
