//! Plants tokens where nothing may go out, in every way that a value can be written or a part can be unknown.

use crate::edit::Edit;
use crate::places::Kind;
use crate::search::base64;

/// How many ways there are to write a value.
pub const TRICKS: usize = 14;

/// The token as the value at a place of this kind, written by one of the [`TRICKS`].
pub fn dressed(kind: &Kind, trick: usize, token: &str) -> String {
    match kind {
        Kind::Text => text(trick, token),
        // White space of its own would be that of its neighbours.
        Kind::Loose => text(trick % (TRICKS - 1), token),
        Kind::Attribute => attribute(trick, token),
        Kind::Scalar => scalar(trick, token),
    }
}

fn text(trick: usize, token: &str) -> String {
    let (first, second) = token.split_at(token.len() / 2);
    match trick {
        1 => token.bytes().map(|byte| format!("&#x{byte:X};")).collect(),
        2 => token.bytes().map(|byte| format!("&#{byte};")).collect(),
        3 => format!("<![CDATA[{token}]]>"),
        4 => format!("{first}<!-- x -->{second}"),
        5 => format!("{first}<?x y?>{second}"),
        6 => format!("<![CDATA[{first}]]><![CDATA[{second}]]>"),
        7 => base64(token.as_bytes()),
        8 => hexadecimal(token),
        9 => format!("<x:q xmlns:x=\"urn:{token}\">{token}</x:q>"),
        10 => format!("&lt;b&gt;{token}&lt;/b&gt;"),
        11 => format!("<!--{token}-->"),
        12 => format!("<?{token} {token}?>"),
        13 => format!("\n  {token}\n"),
        _ => token.to_owned(),
    }
}

fn attribute(trick: usize, token: &str) -> String {
    match trick {
        1 | 2 | 7 | 8 | 10 | 13 => text(trick, token),
        _ => token.to_owned(),
    }
}

fn scalar(trick: usize, token: &str) -> String {
    let escaped: String = token.bytes().map(|byte| format!("\\u{byte:04x}")).collect();
    match trick {
        1 => format!("\"{escaped}\""),
        2 => format!("\"\\u{:04X}{}\"", token.as_bytes()[0], &token[1..]),
        3 => format!("[\"{token}\"]"),
        4 => format!("{{\"{token}\":\"{token}\"}}"),
        5 => format!("{{\"rdf:value\":\"{token}\"}}"),
        6 => format!("[[\"{token}\"],{{}}]"),
        7 => format!("\"{}\"", base64(token.as_bytes())),
        8 => format!("\"{}\"", hexadecimal(token)),
        9 => format!("\"{{\\\"a\\\":\\\"{token}\\\"}}\""),
        10 => format!("\"<b>{token}</b>\""),
        11 => format!("{{\"@id\":\"{token}\"}}"),
        12 => format!("{{\"{escaped}\":[{{\"@type\":\"{token}\"}}]}}"),
        13 => format!("\" \\t{token}\\u2028\""),
        _ => format!("\"{token}\""),
    }
}

fn hexadecimal(token: &str) -> String {
    token.bytes().map(|byte| format!("{byte:02x}")).collect()
}

/// Unknown parts that hold the token in names and values: what no mapping knows, for a gap of a
/// message. A member has its comma behind it.
pub fn unknown_parts(xml: bool, token: &str) -> Vec<String> {
    if xml {
        return vec![
            format!("<!--{token}-->"),
            format!("<?{token} {token}?>"),
            format!("<x:{token} xmlns:x=\"urn:{token}\" x:{token}=\"{token}\">{token}</x:{token}>"),
            format!("<{token} xmlns=\"\" {token}=\"{token}\"/>"),
            format!("<{token} xmlns=\"urn:{token}\"><a><![CDATA[{token}]]></a></{token}>"),
            token.to_owned(),
            format!("<![CDATA[{token}]]>"),
            format!("&#{};{}", token.as_bytes()[0], &token[1..]),
        ];
    }
    let escaped: String = token.bytes().map(|byte| format!("\\u{byte:04x}")).collect();
    vec![
        format!("\"{token}\": \"{token}\","),
        format!("\"{escaped}\": \"{escaped}\","),
        format!("\"x:{token}\": {{\"a\": [\"{token}\", 1e400, {{\"{token}\": null}}]}},"),
        format!("\"@type\": \"{token}\","),
        format!("\"@graph\": [\"{token}\"],"),
        format!("\"__proto__\": {{\"{token}\": true}},"),
        format!("\"\": \"{token}\", \"\": \"{token}\","),
        format!("\"nc:Person/nc:PersonName\": \"{token}\","),
    ]
}

/// The part as it is put in at a gap: a member takes the white space before the gap, so that no other part's changes.
pub fn put_in(xml: bool, text: &str, gap: usize, part: &str) -> Edit {
    let before = &text[..gap];
    let space = if xml { "" } else { &before[before.trim_end().len()..] };
    (gap..gap, format!("{part}{space}"))
}

/// Unknown attributes that hold the token, for a start tag.
pub fn unknown_attributes(token: &str) -> Vec<String> {
    vec![
        format!(" {token}=\"{token}\""),
        format!(" xml:space=\"{token}\""),
        format!(" xml:base='urn:{token}'"),
        format!(" xmlns:{token}=\"urn:{token}\""),
        format!(" xmlns:{token}=\"urn:q\" {token}:{token}=\"&#{};{}\"", token.as_bytes()[0], &token[1..]),
    ]
}
