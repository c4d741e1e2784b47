//! JSON as a tree that keeps what `serde_json::Value` forgets: repeated names, escaped names and the lexeme of every value.
//! `Value` is asked first whether the bytes are JSON at all, so this reader may trust them.

use serde_json::Value;

/// A value of JSON; scalars are as they are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Json {
    /// A string, number, `true`, `false` or `null` as it is written.
    Scalar(String),
    /// A list.
    Array(Vec<Json>),
    /// An object, in the order of its members.
    Object(Vec<Member>),
}

/// A member of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its name, decoded.
    pub name: String,
    /// The name as it is written, quotes included.
    pub lexeme: String,
    /// Its value.
    pub value: Json,
}

impl Json {
    /// Reads a text.
    pub fn read(bytes: &[u8]) -> serde_json::Result<Self> {
        serde_json::from_slice::<Value>(bytes)?;
        let mut reader = Reader { bytes, at: 0 };
        Ok(reader.value())
    }

    /// A text as JSON.
    pub fn string(text: &str) -> Self {
        Json::Scalar(quoted(text))
    }

    /// The text that a value is judged by: a string's decoded text, any other scalar's lexeme.
    pub fn text(&self) -> Option<String> {
        match self {
            Json::Scalar(lexeme) if lexeme.starts_with('"') => Some(serde_json::from_str(lexeme).expect("a string")),
            Json::Scalar(lexeme) => Some(lexeme.clone()),
            _ => None,
        }
    }

    /// The members of an object; none of anything else.
    pub fn members(&self) -> &[Member] {
        if let Json::Object(members) = self { members } else { &[] }
    }
}

impl Member {
    pub(crate) fn new(name: &str, value: Json) -> Self {
        Member { name: name.to_owned(), lexeme: quoted(name), value }
    }
}

/// A text in quotes.
pub fn quoted(text: &str) -> String {
    serde_json::to_string(text).expect("a string")
}

struct Reader<'b> {
    bytes: &'b [u8],
    at: usize,
}

impl Reader<'_> {
    fn value(&mut self) -> Json {
        match self.peek() {
            b'{' => Json::Object(self.list(b'}', |reader| {
                let lexeme = reader.string();
                let name = serde_json::from_str(&lexeme).expect("a name");
                assert_eq!(reader.peek(), b':');
                reader.at += 1;
                Member { name, lexeme, value: reader.value() }
            })),
            b'[' => Json::Array(self.list(b']', Reader::value)),
            b'"' => Json::Scalar(self.string()),
            _ => {
                let rest = &self.bytes[self.at..];
                let length = rest.iter().position(|b| b",]} \t\r\n".contains(b)).unwrap_or(rest.len());
                self.take(length)
            }
        }
    }

    fn list<T>(&mut self, close: u8, mut item: impl FnMut(&mut Self) -> T) -> Vec<T> {
        let mut items = Vec::new();
        self.at += 1;
        while self.peek() != close {
            if self.peek() == b',' {
                self.at += 1;
                self.peek();
            }
            items.push(item(self));
        }
        self.at += 1;
        items
    }

    fn string(&mut self) -> String {
        let rest = &self.bytes[self.at..];
        let mut end = 1;
        while rest[end] != b'"' {
            end += if rest[end] == b'\\' { 2 } else { 1 };
        }
        let Json::Scalar(lexeme) = self.take(end + 1) else { unreachable!("take gives a scalar") };
        lexeme
    }

    fn take(&mut self, length: usize) -> Json {
        let lexeme = &self.bytes[self.at..self.at + length];
        self.at += length;
        Json::Scalar(String::from_utf8(lexeme.to_vec()).expect("UTF-8"))
    }

    /// The next byte that is not white space.
    fn peek(&mut self) -> u8 {
        while b" \t\r\n".contains(&self.bytes[self.at]) {
            self.at += 1;
        }
        self.bytes[self.at]
    }
}

/// What a message says, in its order: its values that aren't blank, by their names. Ids are numbered anew in an output.
pub(crate) fn statements(message: &[u8]) -> Vec<String> {
    fn collect(name: &str, value: &Json, found: &mut Vec<String>) {
        match value {
            Json::Array(items) => items.iter().for_each(|item| collect(name, item, found)),
            Json::Object(members) => {
                let own = members.iter().filter(|member| !matches!(&*member.name, "@context" | "@id"));
                own.for_each(|member| collect(&member.name, &member.value, found));
            }
            Json::Scalar(_) => {
                let text = value.text().unwrap_or_default();
                if !text.trim().is_empty() {
                    found.push(format!("{name}: {text}"));
                }
            }
        }
    }
    let mut found = Vec::new();
    collect("", &Json::read(message).expect("JSON"), &mut found);
    found
}
