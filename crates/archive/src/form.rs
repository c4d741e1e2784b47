//! The form of a source or an output: layout and compression, and its names in file names and options.

use std::path::Path;

/// The layout of messages in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// The file is one message.
    Message,
    /// One message per line.
    Lines,
    /// One message per entry.
    Tar,
    /// One message per entry; compressed itself.
    Zip,
    /// Many messages in one document. Only a source tells that it is one.
    Batch(BatchSyntax),
}

/// How a batch is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BatchSyntax {
    /// An array.
    Json,
    /// An element.
    Xml,
}

/// Compression of a whole file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compression {
    Plain,
    Gzip,
    Zstd,
}

/// Layout and compression of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ArchiveForm {
    /// What holds the messages.
    pub layout: Layout,
    pub(crate) compression: Compression,
}

/// The names of the forms on the command line.
const NAMES: [(&str, ArchiveForm); 8] = [
    ("message", ArchiveForm { layout: Layout::Message, compression: Compression::Plain }),
    ("ndjson", ArchiveForm { layout: Layout::Lines, compression: Compression::Plain }),
    ("ndjson.gz", ArchiveForm { layout: Layout::Lines, compression: Compression::Gzip }),
    ("ndjson.zst", ArchiveForm { layout: Layout::Lines, compression: Compression::Zstd }),
    ("tar", ArchiveForm { layout: Layout::Tar, compression: Compression::Plain }),
    ("tar.gz", ArchiveForm { layout: Layout::Tar, compression: Compression::Gzip }),
    ("tar.zst", ArchiveForm { layout: Layout::Tar, compression: Compression::Zstd }),
    ("zip", ArchiveForm { layout: Layout::Zip, compression: Compression::Plain }),
];

impl ArchiveForm {
    /// The names of all forms on the command line.
    pub fn names() -> impl Iterator<Item = &'static str> {
        NAMES.iter().map(|(name, _)| *name)
    }

    /// The form with this name on the command line.
    pub fn named(name: &str) -> Option<Self> {
        NAMES.iter().find(|(known, _)| *known == name).map(|(_, form)| *form)
    }

    /// The form indicated by a file name; `None` for a plain single message.
    pub fn of_name(path: &Path) -> Option<Self> {
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

    /// Whether a file of this form is compressed.
    pub fn is_compressed(self) -> bool {
        self.compression != Compression::Plain || self.layout == Layout::Zip
    }

    /// One uncompressed message.
    pub const MESSAGE: Self = Self { layout: Layout::Message, compression: Compression::Plain };
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_name(name: &str) -> Option<ArchiveForm> {
        ArchiveForm::of_name(Path::new(name))
    }

    #[test]
    fn names_tell_the_form() {
        for name in ArchiveForm::names().filter(|name| *name != "message") {
            assert_eq!(of_name(&format!("a.b/x.{name}")), ArchiveForm::named(name), "{name}");
        }
        assert_eq!(of_name("x.TGZ"), ArchiveForm::named("tar.gz"));
        assert_eq!(of_name("x.jsonl.zst"), ArchiveForm::named("ndjson.zst"));
        assert_eq!(of_name("message.xml"), None);
        assert_eq!(
            of_name("message.xml.gz"),
            Some(ArchiveForm { layout: Layout::Message, compression: Compression::Gzip })
        );
    }
}
