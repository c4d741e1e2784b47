//! The form of a source or an output: how messages lie in it, how it is compressed, and what names and options call that.

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_the_form() {
        let of_name = |name: &str| Form::of_name(Path::new(name));
        for name in Form::names().filter(|name| *name != "message") {
            assert_eq!(of_name(&format!("a.b/x.{name}")), Form::named(name), "{name}");
        }
        assert_eq!(of_name("x.TGZ"), Form::named("tar.gz"));
        assert_eq!(of_name("x.jsonl.zst"), Form::named("ndjson.zst"));
        assert_eq!(of_name("message.xml"), None);
        assert_eq!(of_name("message.xml.gz"), Some(Form { layout: Layout::Message, compression: Compression::Gzip }));
    }
}
