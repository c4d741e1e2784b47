//! What is extracted, and how it is written.

use super::world::{counts, filter, json, left_of, redact, xml, year_only};

const TEXT: &str = "STATE OF EXAMPLE\nNAME: DOE, JANE\nSSN: 900-12-3456\nBORN: 1985-07-04\nNOTE: TALL\n";
const LEFT: &str = "STATE OF EXAMPLE\nNAME: DOE, JANE\nBORN: 1985-07-04";

#[test]
fn p1_only_granted_fields_are_left_and_each_is_counted() {
    let filter = filter();
    assert_eq!(left_of(&filter, TEXT).as_deref(), Some(LEFT));
    let receipt = redact(&filter, &json(TEXT)).1;
    assert_eq!(counts(&receipt, "person.name"), (1, 0));
    assert_eq!(counts(&receipt, "person.ssn"), (0, 1));
    // What is of no field is counted as of the text; though the policy permits that, a text with layouts is extracted from.
    assert_eq!(counts(&receipt, "response.text"), (0, 1));
    let receipt = redact(&filter, &json(LEFT)).1;
    assert_eq!(counts(&receipt, "response.text"), (0, 0));
}

#[test]
fn p5_what_stays_has_one_form_whatever_form_it_had_and_whatever_went() {
    let filter = filter();
    let left = xml("STATE OF EXAMPLE\nNAME: D'E\nSEEN: \"A\" &amp; B\nBORN: 1985");
    for content in [
        "<![CDATA[STATE OF EXAMPLE\nNAME: D'E\nSEEN: \"A\" & B\nBORN: 1985]]>",
        "<![CDATA[\nSTATE OF EXAMPLE\n\n\nNAME: D'E\nSEEN: \"A\" & B\nBORN: 1985\n  ]]>",
        "<![CDATA[STATE OF EXAMPLE\nNAME: D'E\nSEEN: \"A\" & B\nSSN: 900-12-3456\nBORN: 1985]]>",
        "<![CDATA[STATE OF EXAMPLE\r\nNAME: D'E\r\nSEEN: \"A\" & B\r\nSSN: 900-12-3456\r\nBORN: 1985]]>",
        "STATE OF EXAMPLE&#10;NAME: D&#39;E&#xA;SEEN: \"A&quot; &#x26; B&#13;&#10;BORN: 1985",
        "STATE OF EXAMPLE\nNAME: D&#39;E\nSEEN: \"A&quot; &#x26; B\nSSN: 900-12-3456\nBORN: 1985",
        "STATE OF <!-- x -->EXAMPLE\nNAME: D'E\nSEEN: \"A<![CDATA[\" &]]> B\nSSN: 900-<x/>12-3456\nBORN: 1985",
        "STATE OF <![CDATA[EXAMPLE\r]]>\nNAME: D'E\nSEEN: \"A\" &amp; B\r<!-- x -->\nBORN: 1985",
        left.split_once("<e:text>").unwrap().1.split_once("</e:text>").unwrap().0,
    ] {
        assert_eq!(redact(&filter, &xml(content)).0, left, "{content}");
    }
    let left = r#"{"e:r":{"e:text":"STATE OF EXAMPLE\nNAME: X\nNAME: Y\nSEEN: \"A\""}}"#;
    for text in [
        r#"STATE OF EXAMPLE\nNAME: X\nNAME: Y\nSEEN: \"A\""#,
        r#"STATE OF EXAMPLE\u000aNAME: X\r\nNAME: \u0059\nSEEN: \u0022A\""#,
        r#"\nSTATE OF EXAMPLE\nNAME: X\nSSN: 900-12-3456\nNAME: Y\n\tSSN\n\nSEEN: \"A\"\n"#,
    ] {
        let message = format!(r#"{{"e:r":{{"e:text":"{text}"}}}}"#);
        assert_eq!(redact(&filter, &message).0, left, "{text}");
    }
}

#[test]
fn p5_fixed_text_is_written_in_the_mappings_spelling() {
    let everything = super::world::POLICY.replace("\"person.sex\"", "\"person.sex\", \"person.ssn\"");
    let filter = super::world::build(super::world::FORMAT, &everything).unwrap();
    for spaces in ["", " ", "    "] {
        let text = format!("STATE OF EXAMPLE\nSSN:{spaces}900-12-3456");
        assert_eq!(left_of(&filter, &text).unwrap(), "STATE OF EXAMPLE\nSSN:900-12-3456");
    }
}

#[test]
fn p4_the_order_is_that_of_the_source() {
    let filter = filter();
    let lines =
        ["NAME: DOE, JANE", "SSN: 900-12-3456", "BORN: 1985-07-04", "CITY: TUCSON", "HEIGHT: 508", "NAME: DOE, J"];
    for (seed, line_break) in (0..24).zip(["\n", "\r\n"].into_iter().cycle()) {
        let mut shuffled = lines.to_vec();
        for place in (1..shuffled.len()).rev() {
            shuffled.swap(place, (seed * 7 + place * 5) % (place + 1));
        }
        let text = format!("STATE OF EXAMPLE{line_break}{}", shuffled.join(line_break));
        let kept = shuffled.iter().filter(|line| !line.starts_with("SSN") && !line.starts_with("HEIGHT"));
        let kept: Vec<&str> = std::iter::once("STATE OF EXAMPLE").chain(kept.copied()).collect();
        assert_eq!(left_of(&filter, &text).unwrap(), kept.join("\n"), "{text:?}");
    }
}

#[test]
fn p1_items_of_an_array_are_texts_of_their_own() {
    let message = format!(r#"{{"e:r":{{"e:text":["{0}","NO LAYOUT",{{"x":1}},"{0}"]}}}}"#, LEFT.replace('\n', "\\n"));
    let (out, _) = redact(&filter(), &message);
    assert_eq!(out, message.replace(r#","NO LAYOUT",{"x":1}"#, ""));
}

#[test]
fn p4_a_less_precise_value_fills_its_column_and_is_read_again() {
    let filter = year_only();
    let row = "STATE OF EXAMPLE\nROW DOE       |900-12-3456|19850704|TUCSON";
    assert_eq!(left_of(&filter, row).unwrap(), "STATE OF EXAMPLE\nROW DOE       |           |1985    |TUCSON");
    assert_eq!(left_of(&filter, TEXT).unwrap(), LEFT.replace("1985-07-04", "1985"));
    let receipt = redact(&filter, &json(row)).1;
    assert_eq!(counts(&receipt, "person.birth-date"), (1, 0));
}

#[test]
fn p1_a_less_precise_value_that_fits_no_column_is_removed() {
    let format = super::world::FORMAT.replace("(?<born>[0-9-]{4,10})", "(?<born>[0-9]{4}-[0-9]{2}-[0-9]{2})");
    let policy = format!("{}as = {{ \"person.birth-date\" = \"year\" }}\n", super::world::POLICY);
    let filter = super::world::build(&format, &policy).unwrap();
    assert_eq!(left_of(&filter, TEXT).unwrap(), "STATE OF EXAMPLE\nNAME: DOE, JANE");
}

#[test]
fn p2_a_text_of_no_layout_or_of_two_is_removed() {
    let filter = filter();
    for text in [
        "",
        "  ",
        "NAME: DOE, JANE",
        "STATE OF NOWHERE\nNAME: DOE, JANE",
        "STATE OF EXAMPLE\nSTATE OF OTHER\nNAME: DOE JANE",
        "STATE OF EXAMPLE\nSSN: 900-12-3456",
        "REMARKS: X\nSTATE OF EXAMPLE\nNAME: DOE, JANE",
    ] {
        assert_eq!(left_of(&filter, text), None, "{text:?}");
    }
    let receipt = redact(&filter, &json("STATE OF NOWHERE\nNAME: DOE, JANE")).1;
    assert_eq!(counts(&receipt, "response.text"), (0, 1));
    assert_eq!(counts(&receipt, "person.name"), (0, 0));
}

#[test]
fn p2_a_text_that_would_be_read_otherwise_the_next_time_is_removed() {
    // On lines that follow each other the two would make a third.
    let format = super::world::FORMAT.replace("'SEX/(?<sex>[A-Z]) '", "'SEX/(?<sex>[A-Z])(?:\\nHAI/BLK )?'");
    let filter = super::world::build(&format, super::world::POLICY).unwrap();
    let text = "STATE OF EXAMPLE\nSEX/F EYE/BRO HAI/BLK ";
    assert_eq!(left_of(&filter, text), None);
    assert_eq!(counts(&redact(&filter, &json(text)).1, "person.sex"), (0, 1));
    assert_eq!(left_of(&filter, &text.replace("HAI/BLK", "HAI/BRO")).unwrap(), "STATE OF EXAMPLE\nSEX/F\nHAI/BRO ");
}

#[test]
fn p8_a_long_text_of_beginnings_is_read_in_its_time() {
    let filter = filter();
    let text = format!("STATE OF EXAMPLE\n{}NAME: DOE\n", "NAME: A1\nROW SEX/ SSN:    SSN:    \n".repeat(8_000));
    assert_eq!(left_of(&filter, &text).unwrap(), "STATE OF EXAMPLE\nNAME: DOE");
}
