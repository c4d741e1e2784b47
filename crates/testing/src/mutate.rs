//! Mutations of messages: of their structure (parts duplicated, removed, swapped, wrapped, taken from another message,
//! unknown ones put in, prefixes renamed and bound anew, values written otherwise) and of their bytes.

use crate::dice::Dice;
use crate::edit::{Edit, edited};
use crate::places::{Kind, Layout, layout};
use crate::shorten::shortened;

/// A message whose layout is known.
pub struct Source {
    /// Whether it is XML.
    pub xml: bool,
    /// The text.
    pub text: String,
    /// Where what is.
    pub layout: Layout,
}

impl Source {
    /// `None` if the message is not well-formed.
    pub fn read(xml: bool, message: Vec<u8>) -> Option<Self> {
        let text = shortened(xml, str::from_utf8(&message).ok()?)?;
        Some(Self { xml, layout: layout(xml, &text)?, text })
    }
}

/// Bytes that mean something to one of the two syntaxes, and some that are never right.
const ODD: &[&[u8]] = &[
    b"<",
    b">",
    b"&",
    b"\"",
    b"'",
    b"/",
    b"=",
    b"!",
    b"[",
    b"]",
    b"{",
    b"}",
    b":",
    b",",
    b";",
    b"-",
    b"?",
    b"#",
    b"\\",
    b"0",
    b" ",
    b"\t",
    b"\r",
    b"\r\n",
    b"\x00",
    b"\x0B",
    b"\x7F",
    b"\x80",
    b"\xC0\xAF",
    b"\xED\xA0\x80",
    b"\xEF\xBB\xBF",
    b"\xEF\xBF\xBF",
    b"\xC2\x85",
    b"\xE2\x80\xA8",
    b"]]>",
    b"<!--",
    b"-->",
    b"<![CDATA[",
    b"<?xml ?>",
    b"&#0;",
    b"&#38;",
    b"&#x3C;",
    b"&amp;",
    b"&zz;",
    b"</",
    b"/>",
    b"xmlns=\"\"",
    b"<!DOCTYPE a>",
    b"\\u0000",
    b"\\ud800",
    b"\\\"",
    b"1e9",
    b"null",
    b"{}",
    b"[[",
    b"\"\":",
    b"//",
];

/// The message after one to four mutations.
pub fn mutated(dice: &mut Dice, source: &Source, other: &Source) -> Vec<u8> {
    let mut edits = Vec::new();
    for _ in 0..=dice.pick(3) {
        edits.extend(restructured(dice, source, other));
    }
    let mut text = edited(&source.text, edits);
    if source.xml && dice.chance(10) {
        let prefix = *dice.one_of(&["nc:", "n2:", "j:", "exch:"]);
        // The declaration, `xmlns:nc=`, is renamed too, or else the prefix is undeclared.
        text = text.replace(prefix, &format!("q{prefix}"));
        if dice.chance(80) {
            text = text.replace(
                &format!("xmlns:{}", prefix.replace(':', "=")),
                &format!("xmlns:q{}", prefix.replace(':', "=")),
            );
        }
    }
    let mut bytes = text.into_bytes();
    if dice.chance(40) {
        for _ in 0..=dice.pick(2) {
            damage(dice, &mut bytes, other.text.as_bytes());
        }
    }
    bytes
}

fn restructured(dice: &mut Dice, source: &Source, other: &Source) -> Vec<Edit> {
    let (text, layout) = (source.text.as_str(), &source.layout);
    let part = dice.one_of(&layout.parts);
    let separator = if source.xml { "" } else { "," };
    let gap = |dice: &mut Dice, new: String| match layout.gaps.get(dice.pick(layout.gaps.len())) {
        Some((at, _)) => vec![(*at..*at, new)],
        None => vec![],
    };
    match dice.pick(12) {
        0 => {
            let at = part.span.end;
            vec![(at..at, format!("{separator}{}", &text[part.span.clone()]))]
        }
        1 if source.xml => vec![(part.span.clone(), String::new())],
        1 => vec![(part.value.clone(), "null".to_owned())],
        2 => {
            let second = dice.one_of(&layout.parts);
            let exchanged = |one: &std::ops::Range<usize>, other: &std::ops::Range<usize>| {
                (one.clone(), text[other.clone()].to_owned())
            };
            if part.span.end > second.span.start && second.span.end > part.span.start {
                return vec![];
            }
            vec![exchanged(&part.value, &second.value), exchanged(&second.value, &part.value)]
        }
        3 if source.xml == other.xml => {
            let stranger = dice.one_of(&other.layout.parts);
            vec![(part.value.clone(), other.text[stranger.value.clone()].to_owned())]
        }
        4 if source.xml => vec![(part.span.clone(), format!("<q>{}</q>", &text[part.span.clone()]))],
        4 => vec![(part.value.clone(), format!("[{}]", &text[part.value.clone()]))],
        5 | 6 => {
            let junk = if source.xml { JUNK_XML } else { JUNK_JSON };
            let new = (*dice.one_of(junk)).to_owned();
            gap(dice, new)
        }
        7 if source.xml => {
            let at = layout.tags[dice.pick(layout.tags.len())];
            vec![(at..at, (*dice.one_of(JUNK_ATTRIBUTES)).to_owned())]
        }
        8 => {
            let member = &text[part.span.clone()];
            gap(dice, format!("{member}{separator}"))
        }
        _ => rewritten(dice, source),
    }
}

/// A value written otherwise: one of its letters by a reference or an escape, or the whole as a section.
fn rewritten(dice: &mut Dice, source: &Source) -> Vec<Edit> {
    let Some(place) = source.layout.places.get(dice.pick(source.layout.places.len())) else { return vec![] };
    let raw = &source.text[place.span.clone()];
    if place.kind == Kind::Text && !raw.contains(['<', '&']) && dice.chance(40) {
        return vec![(place.span.clone(), format!("<![CDATA[{raw}]]>"))];
    }
    let at = dice.pick(raw.len());
    let Some(letter) = raw.as_bytes().get(at).filter(|byte| byte.is_ascii_alphanumeric()) else { return vec![] };
    let is_inside = !raw[..at].contains(['<', '&', '\\']) && (source.xml || (raw.starts_with('"') && at > 0));
    let at = place.span.start + at;
    let new = match dice.pick(4) {
        0 if source.xml && place.kind != Kind::Attribute => format!("<!-- -->{}", char::from(*letter)),
        1 if source.xml => format!("&#{letter};"),
        _ if source.xml => format!("&#x{letter:X};"),
        _ => format!("\\u{letter:04x}"),
    };
    if is_inside { vec![(at..at + 1, new)] } else { vec![] }
}

const JUNK_XML: &[&str] = &[
    "<!-- junk -->",
    "<?junk junk?>",
    "<junk xmlns=\"urn:junk\"/>",
    "<x:junk xmlns:x=\"urn:junk\">junk</x:junk>",
    "junk",
    "<![CDATA[junk]]>",
    "&#106;unk",
    "<nc:junk/>",
    "<nc:Date xmlns:nc=\"urn:junk\">2000-01-01</nc:Date>",
    "<a><b></a></b>",
    "<x:junk/>",
    "\u{FEFF}",
    "<!DOCTYPE junk>",
    "&junk;",
    "]]>",
];

const JUNK_ATTRIBUTES: &[&str] = &[
    " junk=\"1\"",
    " xml:lang=\"en\"",
    " xmlns:junk=\"urn:junk\"",
    " xmlns:nc=\"urn:junk\"",
    " xmlns=\"urn:junk\"",
    " junk='<'",
    " junk=\"&#60;\"",
    " junk=\"1\" junk=\"1\"",
    " xsi:nil=\"true\"",
    " n2:version=\"1.0\"",
    " xmlns:a=\"urn:j\" xmlns:b=\"urn:j\" a:j=\"\" b:j=\"\"",
    " xmlns:j=\"\"",
    " junk",
];

const JUNK_JSON: &[&str] = &[
    "\"junk\": \"junk\", ",
    "\"\\u006aunk\": [1, {\"junk\": null}], ",
    "\"@type\": \"junk\", ",
    "\"@id\": \"junk\", ",
    "\"@context\": {\"junk\": \"urn:junk\"}, ",
    "\"@context\": {\"nc\": \"urn:junk\"}, ",
    "\"nc:junk\": 1, ",
    "\"junk\": \"\\ud83d\\ude00\", ",
    "\"junk\": 1.5E+3, ",
    "\"junk\": 01, ",
    "\"junk\": \"\t\", ",
    "\"nc:Date\": \"\", ",
    ", ",
    "\"junk\": [[[[]]]], ",
];

fn damage(dice: &mut Dice, bytes: &mut Vec<u8>, other: &[u8]) {
    let at = dice.pick(bytes.len());
    let near = |dice: &mut Dice, length: usize| at..(at + 1 + dice.pick(40)).min(length);
    match dice.pick(8) {
        0 if at < bytes.len() => bytes[at] ^= 1 << dice.pick(8),
        1 => {
            let odd = dice.one_of(ODD);
            bytes.splice(at..at, odd.iter().copied());
        }
        2 => bytes.truncate(at),
        3 => {
            let range = near(dice, bytes.len());
            bytes.drain(range);
        }
        4 => {
            let copy = bytes[near(dice, bytes.len())].to_vec();
            bytes.splice(at..at, copy);
        }
        5 => {
            let from = dice.pick(other.len());
            let to = (from + dice.pick(200)).min(other.len());
            bytes.splice(at..at, other[from..to].iter().copied());
        }
        6 => {
            bytes.truncate(at);
            bytes.extend_from_slice(&other[dice.pick(other.len())..]);
        }
        _ if at < bytes.len() => bytes[at] = dice.one_of(ODD)[0],
        _ => {}
    }
}
