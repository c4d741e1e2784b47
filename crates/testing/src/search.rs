//! Searches for a token "nowhere, under any decoding": as it stands, by references, escapes, base64 and hexadecimal, split
//! by tags or white space, and in any of these inside of another. Stands alone because every hostile test needs it.

/// How deep encodings in encodings are looked into.
const DEPTH: usize = 3;

/// A decoding and what it makes of a text.
type Form = (&'static str, fn(&str) -> String);

/// How the token stands in the text, `None` if it doesn't. The token is ASCII, and at least six characters.
pub fn found(text: &[u8], token: &str) -> Option<String> {
    found_within(&String::from_utf8_lossy(text), token, DEPTH)
}

fn found_within(text: &str, token: &str, depth: usize) -> Option<String> {
    if holds(text, token) {
        return Some("as it stands".to_owned());
    }
    let encoded = encodings(token).into_iter().find(|(_, encoded)| text.contains(encoded.as_str()));
    if let Some((how, _)) = encoded {
        return Some(how.to_owned());
    }
    let forms: [Form; 5] = [
        ("by references", dereferenced),
        ("by escapes", unescaped),
        ("split by tags", without_tags),
        ("split by white space", without_space),
        ("in UTF-16", without_zeros),
    ];
    let changed = forms.into_iter().map(|(how, form)| (how, form(text))).filter(|(_, form)| form != text);
    let mut changed = changed.filter(|_| depth > 0);
    changed.find_map(|(how, form)| found_within(&form, token, depth - 1).map(|inner| format!("{how}, {inner}")))
}

fn holds(text: &str, token: &str) -> bool {
    text.contains(token) || text.to_ascii_uppercase().contains(&token.to_ascii_uppercase())
}

/// The token as base64 at each of the three alignments (without the characters that its neighbours decide) and as
/// hexadecimal of either case.
pub fn encodings(token: &str) -> Vec<(&'static str, String)> {
    let aligned = |before: usize| {
        let padded = [vec![0; before], token.as_bytes().to_vec()].concat();
        let encoded = base64(&padded);
        // What the bytes before share a character with, and what those behind would.
        let from = (before * 8).div_ceil(6);
        let to = padded.len() * 8 / 6;
        encoded[from..to].to_owned()
    };
    let hex: String = token.bytes().map(|byte| format!("{byte:02X}")).collect();
    let mut all = vec![("in hexadecimal", hex.to_lowercase()), ("in hexadecimal", hex)];
    for before in 0..3 {
        let encoded = aligned(before);
        let url = encoded.replace('+', "-").replace('/', "_");
        all.extend([("in base64", encoded), ("in base64url", url)]);
    }
    all
}

/// Base64 (RFC 4648) without padding.
pub fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let group = |chunk: &[u8]| {
        let word = chunk.iter().chain([0, 0, 0].iter()).take(3).fold(0_u32, |word, byte| word << 8 | u32::from(*byte));
        let sextets = [18, 12, 6, 0].map(|shift| char::from(ALPHABET[(word >> shift & 63) as usize]));
        sextets.into_iter().take(chunk.len() + 1).collect::<String>()
    };
    bytes.chunks(3).map(group).collect()
}

/// Character references and the five entities for what they stand for.
fn dereferenced(text: &str) -> String {
    let mut pieces = text.split('&');
    let mut whole = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let Some((name, rest)) = piece.split_once(';') else {
            whole.push('&');
            whole.push_str(piece);
            continue;
        };
        let number = match name.strip_prefix('#').map(|digits| digits.strip_prefix('x').ok_or(digits)) {
            Some(Ok(digits)) => u32::from_str_radix(digits, 16).ok(),
            Some(Err(digits)) => digits.parse().ok(),
            None => [("lt", '<'), ("gt", '>'), ("amp", '&'), ("quot", '"'), ("apos", '\'')]
                .iter()
                .find(|(entity, _)| *entity == name)
                .map(|(_, character)| u32::from(*character)),
        };
        match number.and_then(char::from_u32) {
            Some(character) => whole.push(character),
            None => whole.push_str(name),
        }
        whole.push_str(rest);
    }
    whole
}

/// `\u0041`, `\x41`, `\u{41}` and the short escapes for what they stand for; JSON's and Rust's.
fn unescaped(text: &str) -> String {
    let mut pieces = text.split('\\');
    let mut whole = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let hex = |from: usize, to: usize| {
            let digits = piece.get(from..to)?.trim_start_matches('{').split('}').next()?;
            char::from_u32(u32::from_str_radix(digits, 16).ok()?)
        };
        let decoded = match piece.as_bytes().first() {
            Some(b'u') if piece.as_bytes().get(1) == Some(&b'{') => {
                let end = piece.find('}').unwrap_or(0);
                hex(1, end).map(|character| (character, end + 1))
            }
            Some(b'u') => hex(1, 5).map(|character| (character, 5)),
            Some(b'x') => hex(1, 3).map(|character| (character, 3)),
            _ => None,
        };
        match decoded {
            Some((character, length)) => {
                whole.push(character);
                whole.push_str(&piece[length..]);
            }
            None => whole.push_str(piece),
        }
    }
    whole
}

/// The text between tags, with comments, instructions and the marks of sections gone.
fn without_tags(text: &str) -> String {
    let mut whole = String::new();
    for piece in text.replace("<![CDATA[", "").replace("]]>", "").split('<') {
        whole.push_str(piece.split_once('>').map_or(piece, |(_, rest)| rest));
    }
    whole
}

fn without_space(text: &str) -> String {
    text.split_ascii_whitespace().collect()
}

fn without_zeros(text: &str) -> String {
    text.replace('\0', "")
}

#[test]
fn what_is_searched_for_is_found() {
    for (text, how) in [
        ("<a>CANARYQZ</a>", "as it stands"),
        ("canaryqz", "as it stands"),
        ("<a>CAN&#65;RYQ&#x5A;</a>", "by references, as it stands"),
        ("{\"a\":\"C\\u0041NARYQ\\x5a\"}", "by escapes, as it stands"),
        ("CAN<!-- x -->ARY<![CDATA[QZ]]>", "split by tags, as it stands"),
        ("CANA\n  RYQZ", "split by white space, as it stands"),
        ("C\0A\0N\0A\0R\0Y\0Q\0Z\0", "in UTF-16, as it stands"),
        ("43414E415259515A", "in hexadecimal"),
        ("x43616e61727943414e415259515a", "in hexadecimal"),
        ("Q0FOQVJZUVo", "in base64"),
        ("eENBTkFSWVFaeA", "in base64"),
        ("eHhDQU5BUllRWng", "in base64"),
        ("eHhDQU5B\nUllRWng", "split by white space, in base64"),
        ("&amp;#67;ANARYQZ", "by references, by references, as it stands"),
    ] {
        assert_eq!(found(text.as_bytes(), "CANARYQZ").as_deref(), Some(how), "{text}");
    }
    assert_eq!(found(b"<a>CANARY</a> QX 43414E \\u004", "CANARYQZ"), None);
}
