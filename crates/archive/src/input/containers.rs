//! Recognizes containers by their magic bytes: supported ones, and unsupported ones to be named.

/// Magic bytes, their offset, and the container's description.
type Magic = (&'static [u8], usize, &'static str);

/// Supported, unless nested in another container.
const SUPPORTED: [Magic; 5] = [
    (b"\x1F\x8B", 0, "compressed with gzip"),
    (b"\x28\xB5\x2F\xFD", 0, "compressed with Zstandard"),
    (b"PK\x03\x04", 0, "a zip archive"),
    (b"PK\x05\x06", 0, "a zip archive"),
    (b"ustar", 257, "a tar archive"),
];

/// Not supported.
const UNSUPPORTED: [Magic; 16] = [
    (b"\xFD7zXZ\0", 0, "compressed with xz"),
    (b"BZh", 0, "compressed with bzip2"),
    (b"\x04\x22\x4D\x18", 0, "compressed with LZ4"),
    (b"\x02\x21\x4C\x18", 0, "compressed with LZ4"),
    (b"LZIP", 0, "compressed with lzip"),
    (b"\x89LZO\0\r\n\x1A\n", 0, "compressed with lzop"),
    (b"\x1F\x9D", 0, "compressed with compress"),
    (b"\x5D\0\0", 0, "compressed with LZMA"),
    (b"\xFF\x06\0\0sNaPpY", 0, "compressed with Snappy"),
    (b"7z\xBC\xAF\x27\x1C", 0, "a 7z archive"),
    (b"Rar!\x1A\x07", 0, "a rar archive"),
    (b"MSCF\0\0\0\0", 0, "a cabinet archive"),
    (b"!<arch>\n", 0, "an ar archive"),
    (b"0707", 0, "a cpio archive"),
    (b"PK\x07\x08", 0, "a part of a split zip archive"),
    (b"\0\x05\x16\x07", 0, "an AppleDouble file, which macOS puts beside others"),
];

/// The description of an unsupported container.
pub(in super::super) fn unreadable(head: &[u8]) -> Option<&'static str> {
    find(&UNSUPPORTED, head)
}

/// The description of any container: none is read inside another one.
pub(in super::super) fn container(head: &[u8]) -> Option<&'static str> {
    let tar = begins_as_tar(head).then_some("a tar archive");
    let skippable = matches!(head, [0x50..=0x5F, 0x2A, 0x4D, 0x18, ..]).then_some("compressed with Zstandard");
    unreadable(head).or_else(|| find(&SUPPORTED, head)).or(tar).or(skippable)
}

/// Why an entry of an archive that begins with `head` can't be read, if it is a container.
pub(in super::super) fn nested(head: &[u8]) -> Option<String> {
    container(head).map(|what| format!("it is {what} inside of an archive: that isn't read"))
}

fn find(magics: &[Magic], head: &[u8]) -> Option<&'static str> {
    let mut magics = magics.iter();
    let found = magics.find(|(magic, at, _)| head.get(*at..).is_some_and(|rest| rest.starts_with(magic)));
    // A match after the first byte needs a zero byte in the header, which no text has: a message may contain "ustar"
    // anywhere.
    found.filter(|(_, at, _)| *at == 0 || header_has_zeros(head)).map(|(_, _, what)| *what)
}

pub(super) fn begins_as_zip(head: &[u8]) -> bool {
    matches!(head, [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..])
}

/// Whether a source begins with a tar header: with the magic bytes, or at least the right checksum, because the oldest
/// tars have no magic. What could be a message isn't one.
pub(super) fn begins_as_tar(head: &[u8]) -> bool {
    const MAGIC_OFFSET: usize = 257;
    let has_magic = head.get(MAGIC_OFFSET..).is_some_and(|rest| rest.starts_with(b"ustar"));
    header_has_zeros(head) && (has_magic || header_sum(head).is_some_and(|(stated, sum)| stated == sum))
}

/// Whether the first block has a zero byte, as in every tar header, and in no text except UTF-16.
fn header_has_zeros(head: &[u8]) -> bool {
    let is_utf16 = head.starts_with(b"\xFF\xFE") || head.starts_with(b"\xFE\xFF");
    head.get(..TAR_BLOCK).is_some_and(|header| header.contains(&0)) && !is_utf16
}

/// Bytes of a tar header.
pub(super) const TAR_BLOCK: usize = 512;

/// The stated and the computed checksum of a tar header.
pub(super) fn header_sum(head: &[u8]) -> Option<(u32, u32)> {
    let header = head.get(..TAR_BLOCK)?;
    let digits = header.get(148..156)?;
    let digits = std::str::from_utf8(digits).ok()?.trim_matches([' ', '\0']);
    let stated = u32::from_str_radix(digits, 8).ok()?;
    let mut sum = 0;
    for (at, byte) in header.iter().enumerate() {
        // The checksum field itself counts as spaces.
        sum += if (148..156).contains(&at) { 32 } else { u32::from(*byte) };
    }
    Some((stated, sum))
}
