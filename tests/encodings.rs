//! Messages in the encodings of legacy switches: transcoded where the declaration is true, withheld where it isn't (P2, P3).

use dmv_redact::{Reason, Receipt};
use dmv_redact_testing::filters::{self, built_in, police};
use dmv_redact_testing::text;

fn redact(message: &[u8]) -> (Receipt, Vec<u8>) {
    let (out, receipt) = filters::redact(&built_in(), &police().purpose("C"), message);
    (receipt, out)
}

/// A fixture with a declaration of this encoding and a name beyond ASCII.
fn message(declaration: &str) -> String {
    let text = text("fixtures/dr-in-state-police/message.xml");
    let body = text.split_once("?>").unwrap().1;
    assert!(body.contains(">JORDAN<"));
    format!("{declaration}{}", body.replace(">JORDAN<", ">JÖRDAN<"))
}

fn latin1(text: &str) -> Vec<u8> {
    text.chars().map(|character| u8::try_from(u32::from(character)).unwrap()).collect()
}

fn utf16(text: &str, little: bool) -> Vec<u8> {
    let units = text.encode_utf16();
    units.flat_map(|unit| if little { unit.to_le_bytes() } else { unit.to_be_bytes() }).collect()
}

#[test]
fn attack_18_true_declarations_are_transcoded_and_rewritten() {
    let utf8 = "<?xml version='1.0' encoding='UTF-8' standalone='yes'?>";
    let (receipt, wanted) = redact(message(utf8).as_bytes());
    assert!(receipt.disposition().releases(), "{:?}", receipt.detail());
    assert!(String::from_utf8_lossy(&wanted).contains(">JÖRDAN<"));
    for (name, encode) in [
        ("ISO-8859-1", latin1 as fn(&str) -> Vec<u8>),
        ("windows-1252", latin1),
        ("latin1", latin1),
        ("cp1252", latin1),
        ("UTF8", |text| text.as_bytes().to_vec()),
        ("utf-16", |text| utf16(&format!("\u{FEFF}{text}"), true)),
        ("UTF-16", |text| utf16(&format!("\u{FEFF}{text}"), false)),
    ] {
        let (receipt, out) = redact(&encode(&message(&utf8.replace("UTF-8", name))));
        assert!(receipt.disposition().releases(), "{name}: {:?}", receipt.detail());
        assert_eq!(String::from_utf8_lossy(&out), String::from_utf8_lossy(&wanted), "{name}");
    }
    // Its mark alone says what UTF-16 is.
    for declaration in ["", "<?xml version='1.0'?>"] {
        let wanted = redact(message(declaration).as_bytes()).1;
        let (receipt, out) = redact(&utf16(&format!("\u{FEFF}{}", message(declaration)), true));
        assert!(receipt.disposition().releases() && out == wanted);
    }
}

#[test]
fn attack_18_untrue_declarations_are_withheld() {
    let declared = |name: &str| message(&format!("<?xml version='1.0' encoding='{name}'?>"));
    let little = |text: &str| utf16(&format!("\u{FEFF}{text}"), true);
    let with_mark = |bytes: Vec<u8>| [b"\xEF\xBB\xBF".to_vec(), bytes].concat();
    for bad in [
        declared("ISO-8859-1").into_bytes(),
        declared("windows-1252").into_bytes(),
        declared("UTF-16").into_bytes(),
        declared("UTF-7").into_bytes(),
        declared("US-ASCII").into_bytes(),
        latin1(&declared("UTF-8")),
        declared("ascii").into_bytes(),
        latin1(&declared("us-ascii")),
        declared("latin1").into_bytes(),
        declared("Shift_JIS").into_bytes(),
        latin1(&declared("ISO-8859-15")),
        little(&declared("UTF-8")),
        little(&declared("ISO-8859-1")),
        little(&declared("UTF-16LE")),
        utf16(&declared("UTF-16"), true),
        utf16(&declared("UTF-16LE"), true),
        with_mark(latin1(&declared("ISO-8859-1"))),
        with_mark(declared("ISO-8859-1").into_bytes()),
        little("{\"nc:Person\":{}}"),
    ] {
        let (receipt, out) = redact(&bad);
        assert_eq!((receipt.reason(), out.len()), (Some(Reason::Encoding), 0), "{}", String::from_utf8_lossy(&bad));
    }
}

#[test]
fn attack_18_a_true_declaration_of_ascii_is_read() {
    let plain = |name: &str| {
        message(&format!("<?xml version='1.0' encoding='{name}'?>")).replace("JÖRDAN", "JORDAN").into_bytes()
    };
    let wanted = redact(&plain("UTF-8")).1;
    assert!(!wanted.is_empty());
    for name in ["US-ASCII", "ascii", "latin1", "ISO-8859-1", "cp1252", "UTF8"] {
        let (receipt, out) = redact(&plain(name));
        assert!(receipt.disposition().releases(), "{name}: {:?}", receipt.detail());
        assert_eq!(out, wanted, "{name}");
    }
    let (receipt, _) = redact(&plain("Shift_JIS"));
    assert_eq!(receipt.detail(), Some("the message is in Shift_JIS, which isn't read"));
}

#[test]
fn p6_offsets_are_those_of_the_message_as_it_was_sent() {
    let broken = message("<?xml version='1.0' encoding='ISO-8859-1'?>").replace("EXAMPLE</", "EXAMPLE&x;</");
    let (receipt, _) = redact(&latin1(&broken));
    let at = broken.chars().position(|character| character == '&');
    assert_eq!((receipt.reason(), receipt.offset()), (Some(Reason::NotWellFormedXml), at));
    let broken = broken.replace("ISO-8859-1", "UTF-16");
    let at = broken.chars().position(|character| character == '&').map(|at| 2 * at + 2);
    let (receipt, _) = redact(&utf16(&format!("\u{FEFF}{broken}"), false));
    assert_eq!((receipt.reason(), receipt.offset()), (Some(Reason::NotWellFormedXml), at));
}
