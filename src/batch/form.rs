//! The form of a source or an output: how messages lie in it and how it is compressed. Told by content first, for a name
//! can be wrong; by name where the content can be either.

use std::path::Path;

/// How messages lie in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Layout {
    /// The file is one message.
    Message,
    /// A message a line.
    Lines,
    /// A message an entry.
    Tar,
    /// A message an entry; compressed by itself.
    Zip,
}

/// How a file is compressed as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compression {
    Plain,
    Gzip,
    Zstd,
}

/// Layout and compression of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Form {
    pub(crate) layout: Layout,
    pub(crate) compression: Compression,
}

/// What the command line calls each form that can be asked for.
const NAMES: [(&str, Form); 8] = [
    ("message", Form { layout: Layout::Message, compression: Compression::Plain }),
    ("ndjson", Form { layout: Layout::Lines, compression: Compression::Plain }),
    ("ndjson.gz", Form { layout: Layout::Lines, compression: Compression::Gzip }),
    ("ndjson.zst", Form { layout: Layout::Lines, compression: Compression::Zstd }),
    ("tar", Form { layout: Layout::Tar, compression: Compression::Plain }),
    ("tar.gz", Form { layout: Layout::Tar, compression: Compression::Gzip }),
    ("tar.zst", Form { layout: Layout::Tar, compression: Compression::Zstd }),
    ("zip", Form { layout: Layout::Zip, compression: Compression::Plain }),
];

impl Form {
    /// Every form by its name on the command line.
    pub(crate) fn names() -> impl Iterator<Item = &'static str> {
        NAMES.iter().map(|(name, _)| *name)
    }

    /// The form that the command line calls `name`.
    pub(crate) fn named(name: &str) -> Option<Self> {
        NAMES.iter().find(|(known, _)| *known == name).map(|(_, form)| *form)
    }

    /// The form that the name of a file tells, if it tells one that holds many messages or is compressed.
    pub(crate) fn of_name(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_str()?.to_ascii_lowercase();
        let (stem, compression) = match name.rsplit_once('.') {
            Some((stem, "gz")) => (stem, Compression::Gzip),
            Some((stem, "zst")) => (stem, Compression::Zstd),
            Some((_, "tgz")) => return Self::named("tar.gz"),
            Some((_, "tzst")) => return Self::named("tar.zst"),
            _ => (name.as_str(), Compression::Plain),
        };
        let layout = match stem.rsplit_once('.').map(|(_, ending)| ending) {
            Some("ndjson" | "jsonl") => Layout::Lines,
            Some("tar") => Layout::Tar,
            Some("zip") if compression == Compression::Plain => Layout::Zip,
            _ => Layout::Message,
        };
        let form = Self { layout, compression };
        (form != Self::MESSAGE).then_some(form)
    }

    /// Whether a file of this form is shorter than what it holds.
    pub(crate) fn is_compressed(self) -> bool {
        self.compression != Compression::Plain || self.layout == Layout::Zip
    }

    /// A message as it is.
    pub(crate) const MESSAGE: Self = Self { layout: Layout::Message, compression: Compression::Plain };
}

/// How a file is compressed, by its first bytes (RFC 1952, RFC 8878; skippable Zstandard frames too).
pub(super) fn compression_of(head: &[u8]) -> Compression {
    match head {
        [0x1F, 0x8B, ..] => Compression::Gzip,
        [0x28, 0xB5, 0x2F, 0xFD, ..] | [0x50..=0x5F, 0x2A, 0x4D, 0x18, ..] => Compression::Zstd,
        _ => Compression::Plain,
    }
}

/// How messages lie in a file that begins, once decompressed, with `head`; `path` decides where both would be possible.
pub(super) fn layout_of(path: Option<&Path>, head: &[u8]) -> Layout {
    if let [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] = head {
        return Layout::Zip;
    }
    if head.get(257..262) == Some(b"ustar") {
        return Layout::Tar;
    }
    match path.and_then(Form::of_name).map(|form| form.layout) {
        // An archive without a single entry, or one older than the mark, shows nothing else.
        Some(layout @ (Layout::Lines | Layout::Tar)) => layout,
        _ if begins_with_two_messages(head) => Layout::Lines,
        _ => Layout::Message,
    }
}

/// Whether the first line could be a message by itself and another begins on the next. As one message such a file would be
/// withheld, so nothing is lost if this is wrong.
fn begins_with_two_messages(head: &[u8]) -> bool {
    // No message begins so: it is one in a string.
    if head.trim_ascii_start().starts_with(b"\"") {
        return true;
    }
    let Some(end) = memchr::memchr(b'\n', head) else { return false };
    let (first, rest) = head.split_at(end);
    let first = first.trim_ascii();
    let next = rest.trim_ascii_start();
    // Nothing that follows a whole object or element within a message begins so.
    let is_next_json = matches!(next.first(), Some(b'{' | b'"'));
    match first.first() {
        Some(b'{') => first.ends_with(b"}") && (is_next_json || next.starts_with(b"<")),
        // A declaration stands only at the very beginning of a document.
        Some(b'<') => {
            is_whole_element(first) && is_next_json || first.starts_with(b"<?xml") && next.starts_with(b"<?xml")
        }
        _ => false,
    }
}

/// Whether a line ends with the end tag of the element that it begins with, behind a declaration perhaps.
fn is_whole_element(line: &[u8]) -> bool {
    let declared = memchr::memmem::find(line, b"?>").filter(|_| line.starts_with(b"<?xml"));
    let element = line.get(declared.map_or(0, |at| at + 2)..).unwrap_or_default().trim_ascii_start();
    let name = element.split(|byte| byte.is_ascii_whitespace() || matches!(byte, b'>' | b'/')).next();
    let Some(name) = name.and_then(|name| name.strip_prefix(b"<")).filter(|name| !name.is_empty()) else {
        return false;
    };
    let end = line.strip_suffix(b">").and_then(|line| line.strip_suffix(name));
    end.is_some_and(|line| line.ends_with(b"</"))
}

/// Whether more has to be seen to tell one message from many: its first line hasn't ended.
pub(super) fn is_undecided(head: &[u8]) -> bool {
    let begins = head.trim_ascii_start();
    let can_be_either = begins.starts_with(b"{") || begins.starts_with(b"<?xml");
    can_be_either
        && memchr::memchr(b'\n', begins).is_none_or(|end| begins.get(end..).unwrap_or_default().trim_ascii().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_contents_tell_the_form() {
        let of_name = |name: &str| Form::of_name(Path::new(name));
        for name in Form::names().filter(|name| *name != "message") {
            assert_eq!(of_name(&format!("a.b/x.{name}")), Form::named(name), "{name}");
        }
        assert_eq!(of_name("x.TGZ"), Form::named("tar.gz"));
        assert_eq!(of_name("x.jsonl.zst"), Form::named("ndjson.zst"));
        assert_eq!(of_name("message.xml"), None);
        assert_eq!(of_name("message.xml.gz"), Some(Form { layout: Layout::Message, compression: Compression::Gzip }));
        assert_eq!(layout_of(None, b"{\"a\":1}\n{\"a\":2}\n"), Layout::Lines);
        assert_eq!(layout_of(None, b"\"<a/>\"\n{\"a\":2}\n"), Layout::Lines);
        for lines in [
            "{\"a\":1}\n\"<a/>\"\n",
            "{\"a\":1}\n<a/>",
            "<?xml version='1.0'?><a b=''></a>\n{\"a\":1}",
            "<a>x</a>\r\n\"<a/>\"",
        ] {
            assert_eq!(layout_of(None, lines.as_bytes()), Layout::Lines, "{lines}");
        }
        for message in ["{\"a\":{}\n,\"b\":1}", "<a>\n\"text\"</a>\n", "<a>\n{text}</a>", "<a><b></b>\n{text}</a>"] {
            assert_eq!(layout_of(None, message.as_bytes()), Layout::Message, "{message}");
        }
        assert_eq!(layout_of(None, b"{\n \"a\":1}\n{"), Layout::Message);
        assert_eq!(layout_of(None, b"{\"a\":1}\n"), Layout::Message);
        assert_eq!(layout_of(Some(Path::new("a.jsonl")), b"{\"a\":1}\n"), Layout::Lines);
        assert_eq!(layout_of(Some(Path::new("a.jsonl")), b"PK\x03\x04"), Layout::Zip);
        assert_eq!(layout_of(None, b"<?xml version='1.0'?><a/>\n<?xml version='1.0'?><b/>"), Layout::Lines);
        assert_eq!(layout_of(None, b"<a>\n<b/></a>"), Layout::Message);
        assert_eq!(compression_of(&[0x1F, 0x8B, 8]), Compression::Gzip);
        assert_eq!(compression_of(b"{"), Compression::Plain);
    }
}
