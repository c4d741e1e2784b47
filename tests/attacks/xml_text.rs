//! The text of XML: attacks 18, 19, 23 and 24.

use std::time::{Duration, Instant};

use dmv_redact::{Filter, Reason, Requester};
use dmv_redact_testing::attacks::{
    SECRET, cleaned, envelope, leaves_no_trace, niem, nlets, nlets_with, redact_for, withheld,
};
use dmv_redact_testing::filters::limits;

fn declared(encoding: &str) -> String {
    format!("<?xml version=\"1.0\" encoding=\"{encoding}\"?>")
}

#[test]
fn attack_18_an_encoding_that_the_bytes_do_not_have_is_withheld() {
    for encoding in [
        "UTF-7",
        "utf-7",
        "UTF-16",
        "UTF-16LE",
        "UTF-16BE",
        "UTF-32",
        "UCS-4",
        "EBCDIC-CP-US",
        "Shift_JIS",
        "US-ASCII-X",
        "UTF-8X",
        "CESU-8",
        "GB18030",
        "",
    ] {
        let reason = withheld(declared(encoding) + &nlets(""));
        assert!(matches!(reason, Reason::Encoding | Reason::NotWellFormedXml), "{encoding}: {reason:?}");
    }
    // What is UTF-8 in truth.
    let name = nlets("<nc:PersonEyeColorCode>BRÜ</nc:PersonEyeColorCode>");
    for encoding in ["ISO-8859-1", "windows-1252", "iso-8859-1"] {
        assert_eq!(withheld(declared(encoding) + &name), Reason::Encoding, "{encoding}");
    }
    let utf7 = nlets("<nc:PersonEyeColorCode>+ADw-script+AD4-</nc:PersonEyeColorCode>");
    assert!(!cleaned(&utf7).contains("+ADw-"));
}

#[test]
fn attack_18_a_mark_against_the_declaration_is_withheld() {
    let bytes = |text: &str, little: bool| -> Vec<u8> {
        text.encode_utf16().flat_map(|unit| if little { unit.to_le_bytes() } else { unit.to_be_bytes() }).collect()
    };
    for encoding in ["ISO-8859-1", "windows-1252", "UTF-16"] {
        withheld(format!("\u{FEFF}{}{}", declared(encoding), nlets("")));
    }
    for encoding in ["UTF-8", "ISO-8859-1"] {
        for (mark, little) in [([0xFF, 0xFE], true), ([0xFE, 0xFF], false)] {
            withheld([mark.to_vec(), bytes(&(declared(encoding) + &nlets("")), little)].concat());
        }
    }
    for little in [true, false] {
        withheld(bytes(&nlets(""), little));
        withheld([if little { [0xFE, 0xFF] } else { [0xFF, 0xFE] }.to_vec(), bytes(&nlets(""), little)].concat());
    }
    withheld(["\u{FEFF}\u{FEFF}".as_bytes(), nlets("").as_bytes()].concat());
    assert_eq!(cleaned(&format!("\u{FEFF}{}", nlets(""))), cleaned(&nlets("")));
}

#[test]
fn attack_18_bytes_that_are_no_utf8_are_withheld_anywhere() {
    let bytes: [&[u8]; 8] = [
        b"\xC0\xBC",
        b"\xE0\x80\xBC",
        b"\xED\xA0\x80",
        b"\xED\xA0\xBD\xED\xB8\x80",
        b"\xF4\x90\x80\x80",
        b"\x80",
        b"\xC3",
        b"\xFF",
    ];
    for bytes in bytes {
        for hole in [
            "<!--HOLE-->",
            "<x>HOLE</x>",
            "<x y=\"HOLE\"/>",
            "<HOLE/>",
            "<?x HOLE?>",
            "<![CDATA[HOLE]]>",
            "<nc:PersonEyeColorCode>HOLE</nc:PersonEyeColorCode>",
        ] {
            let message = nlets(hole);
            let (before, after) = message.split_once("HOLE").unwrap();
            assert_eq!(withheld([before.as_bytes(), bytes, after.as_bytes()].concat()), Reason::Encoding, "{hole}");
        }
    }
}

#[test]
fn attack_18_other_versions_of_xml_are_withheld() {
    for declaration in [
        "<?xml version=\"1.1\"?>",
        "<?xml version=\"2.0\"?>",
        "<?xml version=\"1\"?>",
        "<?xml version=\"1.0.0\"?>",
        "<?xml version=\"\"?>",
        "<?xml?>",
        "<?xml encoding=\"UTF-8\"?>",
        "<?xml encoding=\"UTF-8\" version=\"1.0\"?>",
        "<?xml version=\"1.0\" standalone=\"maybe\"?>",
        "<?xml version=\"1.0\"encoding=\"UTF-8\"?>",
        "<?xml version=\"1.0\" x=\"y\"?>",
        "<?xml version=1.0?>",
        "<?xml version=\"1.0\">",
        "<?XML version=\"1.0\"?>",
        "<?xml version=\"1.0\" encoding=\"UTF-8\" encoding=\"UTF-8\"?>",
    ] {
        withheld(format!("{declaration}{}", nlets("")));
    }
}

#[test]
fn attack_19_what_is_not_well_formed_is_withheld_in_skipped_parts_too() {
    for wrong in [
        "]]>",
        "&",
        "& ",
        "&zz;",
        "&lt",
        "&#0;",
        "&#x0;",
        "&#xFFFE;",
        "&#xD800;",
        "&#x110000;",
        "&#99999999999999999999;",
        "&#;",
        "&#x;",
        "&#xG;",
        "&#X41;",
        "&#1;",
        "&#x1F;",
        "<",
        "< ",
        "<a",
        "<a>",
        "</a>",
        "<a b/>",
        "<a b=c/>",
        "<a b=\"<\"/>",
        "<a b=\"&\"/>",
        "<a b=\"1\"c=\"2\"/>",
        "<a b='1\"/>",
        "<a b=\"1\"/",
        "<a/b>",
        "<!-- -- -->",
        "<!-- --->",
        "<!--->",
        "<!-->",
        "<!- x -->",
        "<!ELEMENT a ANY>",
        "<?xml version=\"1.0\"?>",
        "<?XmL x?>",
        "<? x?>",
        "<?x",
        "<?x y>",
        "<?a:b?>",
        "<![CDATA[x]]",
        "<![INCLUDE[x]]>",
        "\u{0}",
        "\u{1}",
        "\u{8}",
        "\u{B}",
        "\u{C}",
        "\u{1F}",
        "\u{FFFE}",
        "\u{FFFF}",
        "<a>\u{1B}</a>",
        "<a b=\"\u{0}\"/>",
        "<!--\u{1}-->",
        "<?x \u{1}?>",
    ] {
        for message in [
            nlets(wrong),
            nlets(&format!("<x:skipped xmlns:x=\"urn:x\"><y>{wrong}</y></x:skipped>")),
            nlets(&format!("<nc:PersonTaxIdentification>{wrong}</nc:PersonTaxIdentification>")),
            nlets(&format!("<nc:PersonEyeColorCode>{wrong}</nc:PersonEyeColorCode>")),
            nlets(&format!(
                "<nc:PersonDigitalImage><nc:BinaryBase64Object>AAAA{wrong}</nc:BinaryBase64Object></nc:PersonDigitalImage>"
            )),
        ] {
            let reason = withheld(&message);
            assert!(matches!(reason, Reason::NotWellFormedXml | Reason::Doctype), "{wrong:?}: {reason:?}");
        }
    }
}

#[test]
fn attack_19_nothing_stands_beside_the_root() {
    let whole = nlets("");
    for beside in ["x", "<a/>", "&#32;", "<![CDATA[ ]]>", "]]>", "\u{A0}", "\u{0}", &whole] {
        withheld(format!("{beside}{whole}"));
        withheld(format!("{whole}{beside}"));
    }
    for before in [" ", "\n", "<!-- a -->", "\u{FEFF} "] {
        withheld(format!("{before}<?xml version=\"1.0\"?>{whole}"));
    }
    for message in ["<?xml version=\"1.0\"?>", "<!-- a -->", "\u{FEFF}", " ", "<"] {
        withheld(message);
    }
    for at in (1..whole.len()).step_by(5) {
        withheld(&whole[..at]);
    }
    assert_eq!(cleaned(&format!("{whole}<!-- {SECRET} --><?x {SECRET}?>")), cleaned(&whole));
}

#[test]
fn attack_23_limits_hold_and_time_is_linear() {
    let attributes = |count: usize| (0..count).map(|n| format!(" a{n}=\"\"")).collect::<String>();
    let declarations = |count: usize| (0..count).map(|n| format!(" xmlns:a{n}=\"urn:{n}\"")).collect::<String>();
    let begun = Instant::now();
    for part in [
        format!("<x{}/>", attributes(100_000)),
        format!("<x{}/>", declarations(100_000)),
        format!("{}{}", "<x>".repeat(100_000), "</x>".repeat(100_000)),
        "<nc:PersonName>".repeat(100_000),
        format!("<{}/>", "n".repeat(1 << 20)),
        format!("<x {}=\"\"/>", "n".repeat(1 << 20)),
        format!("<x:{} xmlns:x=\"urn:x\"/>", "n".repeat(1 << 20)),
        format!("<nc:PersonName{}/>", attributes(1000)),
        "<x/>".repeat(2_000_000),
    ] {
        assert_eq!(withheld(nlets(&part)), Reason::Limit);
    }
    withheld(nlets_with(&declarations(1000), &envelope("AZ0070000"), ""));
    // Nothing of this is long; what isn't linear takes minutes.
    leaves_no_trace(&nlets(&format!("<x>{}</x>", "&amp;".repeat(1_000_000))), &nlets(""));
    leaves_no_trace(&nlets(&"<!---->".repeat(500_000)), &nlets(""));
    leaves_no_trace(&nlets(&format!("<x y=\"{}\"/>", "&#65;".repeat(500_000))), &nlets(""));
    leaves_no_trace(&nlets(&"<![CDATA[]]>".repeat(500_000)), &nlets(""));
    assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", begun.elapsed());
    let filter = Filter::builder().limits(limits(|limits| limits.message_bytes = 900)).build().unwrap();
    let message = nlets(&" ".repeat(1000));
    assert_eq!(redact_for(&filter, &Requester::from_envelope(), message.as_bytes()).1.reason(), Some(Reason::Limit));
}

#[test]
fn attack_24_bytes_are_what_they_are() {
    let xml = nlets("");
    let json = niem("");
    for message in [
        format!("\"{xml}\""),
        format!("{{\"xml\": {}}}", serde_json::to_string(&xml).unwrap()),
        format!("<!--{json}-->"),
        format!("{json}{xml}"),
        format!("{xml}{json}"),
        format!("/*{xml}*/{json}"),
        format!("<json>{json}</json>"),
        format!("%PDF-1.4\n{xml}"),
        format!("\u{1F}\u{8B}{xml}"),
        format!("<n2:NLETS>{json}</n2:NLETS>"),
        format!("HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n\r\n{xml}"),
    ] {
        withheld(message);
    }
    // The format that the caller names does not make them another syntax.
    let all = ["nlets-niem", "niem-6.0", "niem-5.2", "mdl"].map(|name| [(name, &json), (name, &xml)]);
    for (name, message) in
        all.into_iter().flatten().filter(|own| ![("nlets-niem", &xml), ("niem-6.0", &json)].contains(own))
    {
        let filter = Filter::builder().format(name).build().unwrap();
        assert!(redact_for(&filter, &Requester::from_envelope(), message.as_bytes()).1.reason().is_some());
    }
}

/// A placeholder says nil, a value of the message that is blank doesn't: the second reading tells them apart.
#[test]
fn p4_a_placeholder_before_a_blank_value_is_not_that_value() {
    let names = "<nc:PersonName><nc:PersonGivenName>A</nc:PersonGivenName><nc:PersonSurName>a|b</nc:PersonSurName>\
                 </nc:PersonName><nc:PersonName><nc:PersonSurName></nc:PersonSurName>\
                 <nc:PersonGivenName>B</nc:PersonGivenName></nc:PersonName>";
    let output = cleaned(&nlets(names));
    let wanted = "<nc:PersonGivenName>A</nc:PersonGivenName><nc:PersonSurName xsi:nil=\"true\"/></nc:PersonName>\
                  <nc:PersonName><nc:PersonSurName></nc:PersonSurName><nc:PersonGivenName>B</nc:PersonGivenName>";
    assert!(output.contains(wanted), "{output}");
}
