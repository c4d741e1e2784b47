//! Parts of XML that are no elements of the format: attacks 12 to 15, 21 and 22.

use dmv_redact::Reason;
use dmv_redact_testing::attacks::{METADATA, SECRET, cleaned, envelope, leaves_no_trace, nlets, nlets_with, withheld};

#[test]
fn attack_12_any_document_type_is_withheld() {
    for doctype in [
        "<!DOCTYPE n2:NLETS>",
        "<!DOCTYPE a [<!ENTITY x \"CNRYZQXJ\">]>",
        "<!DOCTYPE a [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;&a;\">]>",
        "<!DOCTYPE a SYSTEM \"file:///etc/passwd\">",
        "<!DOCTYPE a PUBLIC \"-//x\" \"http://example.org/x.dtd\">",
        "<!DOCTYPE a [<!ENTITY % p SYSTEM \"http://example.org/x\">%p;]>",
        "<!DOCTYPE a [<!ATTLIST n2:Person x CDATA \"CNRYZQXJ\">]>",
        "<!DOCTYPE",
        "<!doctype a>",
    ] {
        for before in ["", "<?xml version=\"1.0\"?>", "\u{FEFF}", "<!-- a -->\n"] {
            let reason = withheld(format!("{before}{doctype}{}", nlets("")));
            assert!(matches!(reason, Reason::Doctype | Reason::NotWellFormedXml), "{doctype}: {reason:?}");
        }
        withheld(nlets(doctype));
        withheld(format!("{}{doctype}", nlets("")));
    }
}

#[test]
fn attack_13_comments_and_instructions_go_and_the_text_is_joined() {
    let name = |surname: &str| nlets(&format!("<nc:PersonEyeColorCode>{surname}</nc:PersonEyeColorCode>"));
    for split in [
        format!("BR<!-- {SECRET} -->O"),
        format!("BR<!--{SECRET}--><!--{SECRET}-->O"),
        format!("BR<?{SECRET} {SECRET}?>O"),
        format!("<!--{SECRET}-->BRO<?{SECRET}?>"),
        "BR<!---->O".to_owned(),
        "BR<!-- > & < ]]> --->O".replace("--->", "-->"),
    ] {
        leaves_no_trace(&name(&split), &name("BRO"));
    }
    // What a comment hides from a pattern is judged joined.
    let ssn = "<nc:PersonName><nc:PersonGivenName>900-<!-- -->12-3456</nc:PersonGivenName></nc:PersonName>";
    assert!(!cleaned(&nlets(ssn)).contains("3456"));
}

#[test]
fn attack_13_what_other_tools_would_follow_goes() {
    for part in [
        "<xi:include xmlns:xi=\"http://www.w3.org/2001/XInclude\" href=\"file:///etc/passwd\"/>",
        "<?xml-stylesheet type=\"text/xsl\" href=\"http://example.org/x.xsl\"?>",
        "<xsl:value-of xmlns:xsl=\"http://www.w3.org/1999/XSL/Transform\" select=\"//x\"/>",
    ] {
        leaves_no_trace(&nlets(part), &nlets(""));
    }
    assert_eq!(cleaned(&format!("<?xml-stylesheet href=\"x\"?>{}", nlets(""))), cleaned(&nlets("")));
    for attribute in [
        " xml:base=\"http://example.org/\"",
        " xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:schemaLocation=\"a b\"",
        " xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:noNamespaceSchemaLocation=\"a\"",
        " xml:id=\"CNRYZQXJ\"",
    ] {
        leaves_no_trace(&nlets_with(attribute, &envelope("AZ0070000"), ""), &nlets(""));
    }
}

#[test]
fn attack_14_sections_are_text_like_any_other() {
    let eyes = |text: &str| nlets(&format!("<nc:PersonEyeColorCode>{text}</nc:PersonEyeColorCode>"));
    for text in ["<![CDATA[BRO]]>", "B<![CDATA[RO]]>", "<![CDATA[B]]><![CDATA[RO]]>", "<![CDATA[]]>BRO<![CDATA[]]>"] {
        assert!(cleaned(&eyes(text)).contains(&format!("<nc:PersonEyeColorCode>{text}<")), "{text}");
    }
    for text in [
        "<![CDATA[<b>BRO</b>]]>",
        "<![CDATA[BRO</nc:PersonEyeColorCode><nc:PersonEyeColorCode>BLU]]>",
        "<![CDATA[BR&#79;]]>",
        "<![CDATA[{\"a\":1}]]>",
        "<![CDATA[BRO]]]]><![CDATA[>]]>",
        "]]<!-- x -->>",
    ] {
        leaves_no_trace(&eyes(text), &nlets(""));
    }
    let ssn = format!(
        "<nc:PersonTaxIdentification><nc:IdentificationID><![CDATA[{SECRET}]]></nc:IdentificationID></nc:PersonTaxIdentification>"
    );
    leaves_no_trace(&nlets(&ssn), &nlets(""));
    for open in ["<![CDATA[", "<![CDATA[ ]]", "<![cdata[x]]>", "<![CDATA [x]]>", "<!\u{20}[CDATA[x]]>"] {
        withheld(eyes(open));
    }
}

#[test]
fn attack_15_attributes_are_denied_unless_mapped() {
    let xsi = "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"";
    for attribute in [
        format!(" x=\"{SECRET}\""),
        format!(" nc:x='{SECRET}'"),
        format!(" n2c:x=\"&#67;{}\"", &SECRET[1..]),
        format!(" {xsi} xsi:type=\"n2c:{SECRET}\""),
        format!(" {xsi} xsi:other=\"{SECRET}\""),
        format!(" {xsi} xsi:nil=\"false\""),
        format!(" {xsi} xsi:nil=\" true \""),
        format!(" xml:lang=\"{SECRET}\""),
        " xml:space=\"preserve\"".to_owned(),
        format!(" n2:version=\"{SECRET}\""),
        format!(" n2:key=\"{SECRET}\""),
    ] {
        let eyes = |attribute: &str| nlets(&format!("<nc:PersonEyeColorCode{attribute}>BRO</nc:PersonEyeColorCode>"));
        leaves_no_trace(&eyes(&attribute), &eyes(""));
        let container = |attribute: &str| {
            nlets(&format!("<nc:PersonBirthDate{attribute}><nc:Date>1985-07-04</nc:Date></nc:PersonBirthDate>"))
        };
        leaves_no_trace(&container(&attribute), &container(""));
    }
    // What is nil and yet holds something can be read in two ways.
    let nil =
        format!("<nc:PersonName><nc:PersonSurName {xsi} xsi:nil=\"true\">OTHER</nc:PersonSurName></nc:PersonName>");
    assert!(!cleaned(&nlets(&nil)).contains("OTHER"));
}

#[test]
fn attack_15_a_mapped_attribute_is_judged_like_any_value() {
    for version in ["4.00&#x20;CNRYZQXJ", "CNRYZQXJ", "4.0 0", "&lt;a/>"] {
        let attributes = format!(" n2:version=\"{version}\"");
        assert_eq!(withheld(nlets_with(&attributes, &envelope("AZ0070000"), "")), Reason::EnvelopeShape, "{version}");
    }
    assert!(cleaned(&nlets_with(" n2:version=\"4.00\"", &envelope("AZ0070000"), "")).contains("4.00"));
}

#[test]
fn attack_21_parts_outside_of_the_document_are_not_judged() {
    let include = "<xop:Include xmlns:xop=\"http://www.w3.org/2004/08/xop/include\" href=\"cid:photo@example.org\"/>";
    for part in [
        include.to_owned(),
        format!(
            "<nc:PersonDigitalImage><nc:BinaryBase64Object>{include}</nc:BinaryBase64Object></nc:PersonDigitalImage>"
        ),
        format!("<nc:PersonEyeColorCode>{include}</nc:PersonEyeColorCode>"),
    ] {
        assert!(!cleaned(&nlets(&part)).contains("cid:"), "{part}");
    }
    let multipart = format!(
        "--b\r\nContent-Type: application/xop+xml\r\n\r\n{}\r\n--b\r\nContent-ID: <photo>\r\n\r\n\u{1}{SECRET}\r\n--b--",
        nlets("")
    );
    assert_eq!(withheld(&multipart), Reason::SyntaxUnknown);
    withheld(format!("{}\r\n--b\r\n{SECRET}\r\n--b--", nlets("")));
    withheld(format!("MIME-Version: 1.0\r\n\r\n{}", nlets("")));
}

/// A registration whose holder is a person that stands elsewhere, and goes: the references must go too.
fn referring(person: &str, holder: &str) -> String {
    let ns = "xmlns:exch=\"urn:dmv-redact:exchange:driver-vehicle-response:1.0\" \
              xmlns:nc=\"https://docs.oasis-open.org/niemopen/ns/model/niem-core/6.0/\" \
              xmlns:j=\"https://docs.oasis-open.org/niemopen/ns/model/domains/justice/6.0/\" \
              xmlns:s=\"https://docs.oasis-open.org/niemopen/ns/model/structures/6.0/\"";
    format!(
        "<exch:DriverVehicleResponse {ns}><exch:MessageMetadata><exch:MessageKeyCode>RR</exch:MessageKeyCode>\
         <exch:DestinationOrganization><j:OrganizationORIIdentification><nc:IdentificationID>AZ0070000</nc:IdentificationID>\
         </j:OrganizationORIIdentification></exch:DestinationOrganization></exch:MessageMetadata>{person}\
         <nc:CaveatText>EXAMPLE</nc:CaveatText><j:ConveyanceRegistration><j:RegistrationHolder>{holder}</j:RegistrationHolder>\
         </j:ConveyanceRegistration></exch:DriverVehicleResponse>"
    )
}

#[test]
fn attack_22_references_to_what_is_removed_go_with_it() {
    assert!(METADATA.contains("AZ0070000"));
    let removed = format!(
        "<nc:Person s:id=\"{SECRET}\"><nc:PersonTaxIdentification><nc:IdentificationID>1</nc:IdentificationID></nc:PersonTaxIdentification></nc:Person>"
    );
    let nothing = cleaned(&referring("", ""));
    for holder in [
        format!("<nc:EntityPerson s:ref=\"{SECRET}\"/>"),
        format!("<nc:EntityPerson s:uri=\"#{SECRET}\"/>"),
        format!("<nc:EntityPerson s:uri=\"http://example.org/{SECRET}\"/>"),
        format!("<nc:EntityPerson s:id=\"{SECRET}2\" s:ref=\"{SECRET}\"/>"),
        format!("<nc:EntityPerson s:ref=\"&#67;{}\"/>", &SECRET[1..]),
    ] {
        assert_eq!(cleaned(&referring(&removed, &holder)), nothing, "{holder}");
        assert_eq!(cleaned(&referring("", &holder)), nothing, "{holder}");
    }
    // An id that nothing refers to goes from a person who stays.
    let stays = |id: &str| {
        format!(
            "<nc:Person{id}><nc:PersonName><nc:PersonSurName>EXAMPLE</nc:PersonSurName></nc:PersonName></nc:Person>"
        )
    };
    assert_eq!(cleaned(&referring(&stays(&format!(" s:id=\"{SECRET}\"")), "")), cleaned(&referring(&stays(""), "")),);
    // One id for two objects is ambiguous as soon as it is referred to.
    let twice = stays(" s:id=\"P1\"") + &stays(" s:id=\"P1\"");
    assert_eq!(withheld(referring(&twice, "<nc:EntityPerson s:ref=\"P1\"/>")), Reason::References);
}
