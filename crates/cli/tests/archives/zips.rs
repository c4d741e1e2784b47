//! Zips as programs of every kind write them, made byte by byte: read where they tell one story, whatever its form; and
//! nothing in them that isn't accounted for.

use std::io::Write;

use super::{LIST, Room, complaint, fixture, pack, read, summary, unpack};

/// How an entry is written.
#[derive(Clone)]
pub(super) struct Item {
    pub(super) name: &'static str,
    pub(super) data: Vec<u8>,
    pub(super) method: u16,
    /// Flags of both headers; the data is followed by its sizes where bit 3 is set.
    pub(super) flags: u16,
    /// Whether the entry's own header has sizes and checksum though they follow.
    pub(super) knows_sizes: bool,
    pub(super) has_signature: bool,
    /// Whether sizes have 64 bits.
    pub(super) is_wide: bool,
    /// Other fields of both headers' end.
    pub(super) extra: Vec<u8>,
    /// Host, and attributes of the directory.
    pub(super) made_by: u16,
    pub(super) attributes: u32,
    /// What stands behind it.
    pub(super) padding: Vec<u8>,
}

impl Item {
    pub(super) fn new(name: &'static str, data: &[u8]) -> Self {
        let (method, flags, made_by, attributes) = (8, 0, 0x0014, 0);
        let (knows_sizes, has_signature, is_wide) = (true, true, false);
        let (data, extra, padding) = (data.to_owned(), Vec::new(), Vec::new());
        Self { name, data, method, flags, knows_sizes, has_signature, is_wide, extra, made_by, attributes, padding }
    }

    fn packed(&self) -> Vec<u8> {
        if self.method == 0 {
            return self.data.clone();
        }
        let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(&self.data).unwrap();
        encoder.finish().unwrap()
    }

    fn sums(&self) -> (u32, u64, u64) {
        let mut crc = flate2::Crc::new();
        crc.update(&self.data);
        (crc.sum(), self.packed().len() as u64, self.data.len() as u64)
    }

    fn header(&self) -> Vec<u8> {
        let (crc, packed, size) = if self.knows_sizes { self.sums() } else { (0, 0, 0) };
        let mut extra = self.extra.clone();
        let mut header = fields(&[(0x0403_4b50, 4), (if self.is_wide { 45 } else { 20 }, 2), (self.flags.into(), 2)]);
        header.extend(fields(&[(self.method.into(), 2), (0, 2), (0x21, 2), (crc.into(), 4)]));
        if self.is_wide {
            extra.extend(fields(&[(1, 2), (16, 2), (size, 8), (packed, 8)]));
            header.extend(fields(&[(0xFFFF_FFFF, 4), (0xFFFF_FFFF, 4)]));
        } else {
            header.extend(fields(&[(packed, 4), (size, 4)]));
        }
        header.extend(fields(&[(self.name.len() as u64, 2), (extra.len() as u64, 2)]));
        [header, self.name.as_bytes().to_vec(), extra].concat()
    }

    fn written(&self) -> Vec<u8> {
        let mut bytes = [self.header(), self.packed()].concat();
        if self.flags & 8 != 0 {
            let (crc, packed, size) = self.sums();
            let width = if self.is_wide { 8 } else { 4 };
            let signature: &[(u64, usize)] = if self.has_signature { &[(0x0807_4b50, 4)] } else { &[] };
            bytes.extend(fields(&[signature, &[(crc.into(), 4), (packed, width), (size, width)]].concat()));
        }
        bytes.extend_from_slice(&self.padding);
        bytes
    }

    fn record(&self, offset: u64) -> Vec<u8> {
        let (crc, packed, size) = self.sums();
        let made =
            [(0x0201_4b50, 4), (self.made_by.into(), 2), (20, 2), (self.flags.into(), 2), (self.method.into(), 2)];
        let mut record = fields(&made);
        record.extend(fields(&[(0, 2), (0x21, 2), (crc.into(), 4), (packed, 4), (size, 4)]));
        record.extend(fields(&[(self.name.len() as u64, 2), (self.extra.len() as u64, 2), (0, 2), (0, 2), (0, 2)]));
        record.extend(fields(&[(self.attributes.into(), 4), (offset, 4)]));
        [record, self.name.as_bytes().to_vec(), self.extra.clone()].concat()
    }
}

fn fields(fields: &[(u64, usize)]) -> Vec<u8> {
    fields.iter().flat_map(|(value, bytes)| value.to_le_bytes()[..*bytes].to_vec()).collect()
}

/// A zip of entries behind `before`, whose directory lists those of `listed` in that order.
pub(super) fn zip_of(before: &[u8], items: &[Item], listed: &[usize], comment: &[u8]) -> Vec<u8> {
    let mut zip = before.to_vec();
    let mut offsets = Vec::new();
    for item in items {
        offsets.push(zip.len() as u64);
        zip.extend(item.written());
    }
    let start = zip.len() as u64;
    for at in listed {
        zip.extend(items[*at].record(offsets[*at]));
    }
    let (count, size) = (listed.len() as u64, zip.len() as u64 - start);
    zip.extend(fields(&[(0x0605_4b50, 4), (0, 4), (count, 2), (count, 2), (size, 4), (start, 4)]));
    zip.extend(fields(&[(comment.len() as u64, 2)]));
    zip.extend_from_slice(comment);
    zip
}

/// Messages, failures and what was passed over, and what was said.
fn counts(room: &Room, zip: &[u8]) -> (u64, u64, u64, String) {
    room.write("in.zip", zip);
    let output = room.redact(&["in.zip", "-o", "out.zip", "--summary", "json"]);
    let found = summary(&output);
    let count = |name: &str| found[name].as_u64().unwrap();
    let is_whole = count("failed") + count("passed-over") == 0;
    assert_eq!(output.status.code(), Some(if is_whole { 0 } else { 1 }), "{}", complaint(&output));
    (count("released") + count("redacted"), count("failed"), count("passed-over"), complaint(&output))
}

fn three() -> [Item; 3] {
    ["a.json", "b.json", "c.json"].map(|name| Item::new(name, &fixture(LIST.0)))
}

#[test]
fn p11_zips_of_every_writer_are_read() {
    let room = Room::new();
    let plain = three();
    let all = |change: &dyn Fn(&mut Item)| {
        let mut items = plain.clone();
        items.iter_mut().for_each(change);
        items
    };
    let folder = Item { method: 0, made_by: 0x031E, attributes: 0o040_755 << 16, ..Item::new("a/", b"") };
    let times = [&b"UT\x0D\0\x07"[..], &[0; 12], b"ux\x0B\0\x01", &[4; 10]].concat();
    for (what, items) in [
        ("plain", plain.clone().to_vec()),
        ("stored", all(&|item| item.method = 0).to_vec()),
        ("sizes follow", all(&|item| (item.flags, item.knows_sizes) = (8, false)).to_vec()),
        ("sizes follow, and are known", all(&|item| item.flags = 8).to_vec()),
        (
            "without signature",
            all(&|item| (item.flags, item.knows_sizes, item.has_signature) = (8, false, false)).to_vec(),
        ),
        ("64 bits follow", all(&|item| (item.flags, item.knows_sizes, item.is_wide) = (8, false, true)).to_vec()),
        (
            "64 bits without signature",
            all(&|item| (item.flags, item.knows_sizes, item.is_wide, item.has_signature) = (8, false, true, false))
                .to_vec(),
        ),
        ("64 bits", all(&|item| item.is_wide = true).to_vec()),
        ("stored, sizes follow", all(&|item| (item.method, item.flags, item.knows_sizes) = (0, 8, false)).to_vec()),
        ("other fields", all(&|item| item.extra = times.clone()).to_vec()),
        ("names in UTF-8", all(&|item| item.flags = 1 << 11).to_vec()),
        ("padded", all(&|item| item.padding = vec![0; 37]).to_vec()),
        ("a folder", [vec![folder], plain.to_vec()].concat()),
    ] {
        let mut listed: Vec<usize> = (0..items.len()).collect();
        for order in ["in order", "backwards", "mixed"] {
            match order {
                "backwards" => listed.reverse(),
                "mixed" => listed.rotate_left(1),
                _ => {}
            }
            for (comment, behind) in [(&b""[..], 0), (b"made by somebody", 0), (b"", 700), (b"a comment", 65_000)] {
                let zip = [zip_of(b"", &items, &listed, comment), vec![0; behind]].concat();
                let (good, failed, passed, said) = counts(&room, &zip);
                assert_eq!((good, failed, passed), (3, 0, 0), "{what}, {order}, {behind}: {said}");
            }
        }
    }
}

#[test]
fn p11_what_a_zip_does_not_account_for_is_reported() {
    let room = Room::new();
    let plain = three();
    let with = |at: usize, change: &dyn Fn(&mut Item)| {
        let mut items = plain.clone();
        change(&mut items[at]);
        items
    };
    let all = [0, 1, 2];
    let hidden = b"something that nobody listed";
    for (what, zip, expected, reason) in [
        ("unlisted", zip_of(b"", &plain, &[0, 2], b""), (2, 1, 0), "its directory doesn't list"),
        ("the first unlisted", zip_of(b"", &plain, &[1, 2], b""), (2, 1, 0), "its directory doesn't list"),
        ("the last unlisted", zip_of(b"", &plain, &[1, 0], b""), (2, 1, 0), "its directory doesn't list"),
        ("none listed", zip_of(b"", &plain, &[], b""), (0, 1, 0), "its directory doesn't list"),
        ("before", zip_of(hidden, &plain, &all, b""), (3, 1, 0), "bytes that belong to no entry"),
        (
            "between",
            zip_of(b"", &with(0, &|item| item.padding = hidden.to_vec()), &all, b""),
            (3, 1, 0),
            "belong to no entry",
        ),
        (
            "at the end",
            zip_of(b"", &with(2, &|item| item.padding = hidden.to_vec()), &all, b""),
            (3, 1, 0),
            "belong to no entry",
        ),
        ("listed twice", zip_of(b"", &plain, &[0, 1, 1, 2], b""), (3, 1, 0), "it overlaps another entry"),
        ("behind", [zip_of(b"", &plain, &all, b""), hidden.to_vec()].concat(), (0, 1, 0), "something follows"),
        ("two ends", zip_of(b"", &plain, &all, &zip_of(b"", &[], &[], b"")), (0, 1, 0), "two ends"),
        (
            "a link",
            zip_of(b"", &with(1, &|item| (item.made_by, item.attributes) = (0x0314, 0o120_777 << 16)), &all, b""),
            (2, 0, 1),
            "passed over: a link",
        ),
        (
            "a pipe with content",
            zip_of(b"", &with(1, &|item| (item.made_by, item.attributes) = (0x031E, 0o010_600 << 16)), &all, b""),
            (3, 0, 0),
            "",
        ),
        (
            "a pipe without",
            zip_of(
                b"",
                &with(1, &|item| {
                    (item.made_by, item.attributes, item.data) = (0x031E, 0o010_600 << 16, Vec::new());
                }),
                &all,
                b"",
            ),
            (2, 0, 1),
            "passed over: a device",
        ),
        ("a name with a slash", zip_of(b"", &with(1, &|item| item.name = "b.json/"), &all, b""), (3, 0, 0), ""),
        ("encrypted", zip_of(b"", &with(1, &|item| item.flags = 1), &all, b""), (2, 1, 0), "it is encrypted"),
        ("encrypted well", zip_of(b"", &with(1, &|item| item.method = 99), &all, b""), (2, 1, 0), "it is encrypted"),
        ("deflate64", zip_of(b"", &with(1, &|item| item.method = 9), &all, b""), (2, 1, 0), "Deflate64"),
        ("bzip2", zip_of(b"", &with(1, &|item| item.method = 12), &all, b""), (2, 1, 0), "bzip2"),
    ] {
        // In memory zips of nothing at all begin otherwise.
        let (good, failed, passed, said) = counts(&room, &zip);
        assert_eq!((good, failed, passed), expected, "{what}: {said}");
        assert!(said.contains(reason), "{what}: {said}");
    }
}

#[test]
fn p11_a_zip_whose_two_headers_disagree_fails_by_the_entry() {
    let room = Room::new();
    let plain = three();
    let second = Item::new("b.json", &fixture(LIST.0)).written().len();
    let whole = zip_of(b"", &plain, &[0, 1, 2], b"");
    let record = whole.windows(4).position(|window| window == b"PK\x01\x02").unwrap();
    let next = record + plain[0].record(0).len();
    // A field of the second entry's own header, or of its record: method, checksum, sizes, name.
    let fields = [8, 14, 18, 22, 30].map(|at| second + at).into_iter().chain([10, 16, 20, 24, 46].map(|at| next + at));
    for at in fields {
        let mut zip = whole.clone();
        zip[at] ^= 1;
        let (good, failed, _, said) = counts(&room, &zip);
        assert!(good == 2 && failed >= 1, "{at}: {good} {failed} {said}");
    }
    // Sizes that follow and aren't those of the directory.
    let streamed = plain.clone().map(|item| Item { flags: 8, knows_sizes: false, ..item });
    let whole = zip_of(b"", &streamed, &[0, 1, 2], b"");
    let descriptor = whole.windows(4).position(|window| window == b"PK\x07\x08").unwrap();
    for at in [4, 8, 12] {
        let mut zip = whole.clone();
        zip[descriptor + at] ^= 1;
        let (good, failed, _, said) = counts(&room, &zip);
        assert!(good == 2 && failed >= 1, "{at}: {said}");
        assert!(said.contains("what follows its data and the archive's directory disagree"), "{said}");
    }
}

#[test]
fn p11_zips_of_more_than_65535_entries_and_parts_of_split_ones() {
    let room = Room::new();
    let whole = zip_of(b"", &three(), &[0, 1, 2], b"");
    let end = whole.len() - 22;
    let (start, size) = (u64::from(u32::from_le_bytes(whole[end + 16..end + 20].try_into().unwrap())), end as u64);
    let wide_end = |entries: u64, start: u64| {
        let record = [
            (0x0606_4b50, 4),
            (44, 8),
            (45, 2),
            (45, 2),
            (0, 8),
            (entries, 8),
            (entries, 8),
            (size - start, 8),
            (start, 8),
        ];
        fields(&[&record[..], &[(0x0706_4b50, 4), (0, 4), (size, 8), (1, 4)]].concat())
    };
    let with_end = |wide: Vec<u8>, end_record: Vec<u8>| [whole[..end].to_vec(), wide, end_record].concat();
    let elsewhere = fields(&[(0x0605_4b50, 4), (0, 4), (0xFFFF_FFFF, 4), (0xFFFF_FFFF, 4), (0xFFFF_FFFF, 4), (0, 2)]);
    let narrow = whole[end..].to_vec();
    for (what, zip, good) in [
        ("64-bit end", with_end(wide_end(3, start), elsewhere.clone()), 3),
        ("both ends", with_end(wide_end(3, start), narrow.clone()), 3),
        ("ends that disagree", with_end(wide_end(2, start), narrow.clone()), 0),
        ("directories that disagree", with_end(wide_end(3, start + 1), narrow.clone()), 0),
        ("another disk", with_end(Vec::new(), [&narrow[..4], &[1, 0], &narrow[6..]].concat()), 0),
        ("more on other disks", with_end(Vec::new(), [&narrow[..8], &[2, 0], &narrow[10..]].concat()), 0),
    ] {
        let (found, failed, _, said) = counts(&room, &zip);
        assert_eq!((found, failed), (good, u64::from(good == 0)), "{what}: {said}");
    }
    let output = room.run(&["redact"], &[b"PK\x07\x08".to_vec(), whole].concat());
    assert!(complaint(&output).contains("a part of a split zip archive"), "{}", complaint(&output));
}

#[test]
fn p8_a_zip_that_has_to_be_kept_on_disk_is_bounded_and_lies_beside_the_output() {
    let room = Room::new();
    let zip = pack("zip", &super::messages(4));
    std::fs::create_dir(room.path("nowhere")).unwrap();
    for name in ["in.zip.gz", "in.zip.zst"] {
        let packed =
            if name.ends_with("gz") { super::gzip(&zip) } else { zstd::encode_all(zip.as_slice(), 1).unwrap() };
        room.write(name, &packed);
        let run = |arguments: &[&str]| {
            let mut command = room.command(&[&["redact", name], arguments].concat());
            // Where temporary files can't be made.
            command.env("TMPDIR", room.path("no/such/folder")).output().unwrap()
        };
        let output = run(&["-o", "out.zip", "--spool", "1MiB"]);
        assert_eq!(output.status.code(), Some(3), "{}", complaint(&output));
        assert_eq!(unpack("zip", &read(&room.path("out.zip"))).len(), 4);
        let output = run(&["-o", "out.zip", "--spool", "1KiB", "--restart"]);
        assert_eq!(output.status.code(), Some(1), "{}", complaint(&output));
        assert!(complaint(&output).contains("takes more than 1024 bytes"), "{}", complaint(&output));
        assert_eq!(run(&["--dry-run"]).status.code(), Some(1));
        let left = room.names(".");
        assert!(left.iter().all(|name| name.starts_with("in.") || name == "out.zip"), "{left:?}");
    }
    let piped = room.run(&["redact", "-o", "piped.zip", "--spool", "1KiB"], &zip);
    assert_eq!(piped.status.code(), Some(1), "{}", complaint(&piped));
}
