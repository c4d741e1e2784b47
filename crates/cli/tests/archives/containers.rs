//! What is in an archive or behind a compression and isn't an ordinary entry: read, or named for what it is, and never lost
//! without a word (P11).

use super::hostile::{regular, tar_entry};
use super::{LIST, Room, complaint, fixture, gzip, messages, pack, read, summary, text, unpack};

/// A record of an extended header.
fn record(name: &str, value: &str) -> String {
    let rest = name.len() + value.len() + 3;
    let length = (1..).find(|digits| (rest + digits).to_string().len() == *digits).unwrap() + rest;
    format!("{length} {name}={value}\n")
}

fn extended(records: &[(&str, &str)], kind: u8) -> Vec<u8> {
    let records: String = records.iter().map(|(name, value)| record(name, value)).collect();
    tar_entry(b"PaxHeaders/x", kind, format!("{:011o}", records.len()).as_bytes(), records.as_bytes())
}

/// An old GNU sparse entry whose list of parts goes on in `more` blocks.
fn old_sparse(more: usize, data: &[u8]) -> Vec<u8> {
    let mut entry = tar_entry(b"sparse.json", b'S', format!("{:011o}", data.len()).as_bytes(), b"");
    entry[257..265].copy_from_slice(b"ustar  \0");
    entry[482] = u8::from(more > 0);
    entry[148..156].fill(b' ');
    let sum: u32 = entry[..512].iter().map(|byte| u32::from(*byte)).sum();
    entry[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
    for block in 0..more {
        let mut continued = vec![0; 512];
        continued[504] = u8::from(block + 1 < more);
        entry.extend(continued);
    }
    entry.extend_from_slice(data);
    entry.resize(entry.len().div_ceil(512) * 512, 0);
    entry
}

/// What became of a tar between whose two good entries something stands: released, failed, passed over; and what was said.
fn between(room: &Room, something: &[u8]) -> ((u64, u64, u64), String) {
    let good = fixture(LIST.0);
    let tar = [regular(b"a.json", &good), something.to_vec(), regular(b"z.json", &good), vec![0; 1024]].concat();
    room.write("in.tar", &tar);
    let output = room.redact(&["in.tar", "-o", "out.tar", "--summary", "json"]);
    let found = summary(&output);
    let count = |name: &str| found[name].as_u64().unwrap();
    let all = (count("released") + count("redacted"), count("failed"), count("passed-over"));
    assert_eq!(output.status.code(), Some(if all.1 + all.2 == 0 { 0 } else { 1 }), "{}", complaint(&output));
    (all, complaint(&output))
}

#[test]
fn p11_no_entry_of_a_tar_vanishes_nor_takes_the_rest_along() {
    let room = Room::new();
    let good = fixture(LIST.0);
    let sparse = |records: &[(&str, &str)]| [extended(records, b'x'), regular(b"s.json", &good)].concat();
    for (what, something, expected, reason) in [
        ("a name that ends in a slash", regular(b"b.json/", &good), (3, 0, 0), ""),
        (
            "the same, of the oldest kind",
            tar_entry(b"b.json/", 0, format!("{:011o}", good.len()).as_bytes(), &good),
            (3, 0, 0),
            "",
        ),
        ("a folder of the oldest kind", tar_entry(b"b/", 0, b"00000000000", b""), (2, 0, 0), ""),
        ("old sparse", old_sparse(0, &good), (2, 1, 0), "a sparse file"),
        ("old sparse, longer", old_sparse(1, &good), (2, 1, 0), "a sparse file"),
        ("old sparse, longest", old_sparse(3, &good), (2, 1, 0), "a sparse file"),
        (
            "sparse 0.0",
            sparse(&[
                ("GNU.sparse.size", "9999"),
                ("GNU.sparse.numblocks", "1"),
                ("GNU.sparse.offset", "0"),
                ("GNU.sparse.numbytes", "5"),
            ]),
            (2, 1, 0),
            "a sparse file",
        ),
        (
            "sparse 0.1",
            sparse(&[("GNU.sparse.size", "9999"), ("GNU.sparse.name", "s.json"), ("GNU.sparse.map", "0,5")]),
            (2, 1, 0),
            "entry 2 (s.json): failed: it is a sparse file",
        ),
        (
            "sparse 1.0",
            sparse(&[
                ("GNU.sparse.major", "1"),
                ("GNU.sparse.minor", "0"),
                ("GNU.sparse.name", "real.json"),
                ("path", "other.json"),
            ]),
            (2, 1, 0),
            "entry 2 (real.json)",
        ),
        ("a link", tar_entry(b"b", b'2', b"00000000000", b""), (2, 0, 1), "passed over: a link"),
        ("a device", tar_entry(b"b", b'4', b"00000000000", b""), (2, 0, 1), "passed over: a device"),
        (
            "another volume",
            tar_entry(b"b", b'M', format!("{:011o}", good.len()).as_bytes(), &good),
            (2, 1, 0),
            "another volume",
        ),
        (
            "an unknown kind",
            tar_entry(b"b", b'Q', format!("{:011o}", good.len()).as_bytes(), &good),
            (2, 1, 0),
            "unknown kind",
        ),
        ("a label", tar_entry(b"label", b'V', b"00000000000", b""), (2, 0, 0), ""),
        ("a label without size", tar_entry(b"label", b'V', b"", b""), (2, 0, 0), ""),
        ("a link without size", tar_entry(b"b", b'2', b"", b""), (2, 0, 1), "passed over: a link"),
        (
            "a folder's list",
            tar_entry(b"b/", b'D', b"00000000010", b"Ya.json\0\0"),
            (2, 0, 1),
            "passed over: a list of a folder's names",
        ),
        ("a header of all", extended(&[("comment", "of a commit")], b'g'), (2, 0, 0), ""),
        (
            "a long header",
            [extended(&[("SCHILY.xattr.user.x", &"x".repeat(100_000))], b'x'), regular(b"b.json", &good)].concat(),
            (3, 0, 0),
            "",
        ),
        ("the same name", regular(b"a.json", &good), (3, 0, 0), ""),
    ] {
        let (found, said) = between(&room, &something);
        assert_eq!(found, expected, "{what}: {said}");
        assert!(said.contains(reason), "{what}: {said}");
    }
    // Where the next header is can't be told.
    for (what, something) in [
        ("a link with data", tar_entry(b"b", b'1', format!("{:011o}", good.len()).as_bytes(), &good)),
        ("a folder with data", tar_entry(b"b/", b'5', format!("{:011o}", good.len()).as_bytes(), &good)),
        ("a device with data", tar_entry(b"b", b'3', format!("{:011o}", good.len()).as_bytes(), &good)),
        ("a size of all", extended(&[("size", "512")], b'g')),
        (
            "two sizes",
            [extended(&[("size", "512"), ("size", "1024")], b'x'), tar_entry(b"b", b'0', b"00000000000", &good)]
                .concat(),
        ),
    ] {
        let (found, said) = between(&room, &something);
        assert_eq!(found, (1, 1, 0), "{what}: {said}");
    }
}

#[test]
fn p11_what_follows_an_archive_is_reported_and_padding_is_none() {
    let room = Room::new();
    let few = ["a.json", "b.json"].map(|name| (name.to_owned(), fixture(LIST.0)));
    for form in ["tar", "ndjson.gz", "ndjson.zst", "tar.gz", "tar.zst"] {
        let whole = pack(form, &few);
        for (what, behind, failed) in [
            ("nothing", Vec::new(), 0),
            ("padding", vec![0; 511], 0),
            ("more padding", vec![0; 300_000], 0),
            ("text", b"and something else".to_vec(), 1),
            ("text behind padding", [vec![0; 10_240], b"and something else".to_vec()].concat(), 1),
        ] {
            room.write("in", &[whole.clone(), behind].concat());
            let output = room.redact(&["in", "-o", "out", "--summary", "json", "--restart"]);
            let found = summary(&output);
            assert_eq!(found["failed"], failed, "{form}, {what}: {}", complaint(&output));
            assert_eq!(found["released"].as_u64().unwrap() + found["redacted"].as_u64().unwrap(), 2, "{form}, {what}");
        }
    }
    // Members one after the other, with padding between them.
    let line = pack("ndjson", &few);
    let members = [gzip(&line), gzip(b""), vec![0; 600], gzip(&line)].concat();
    let frames = [zstd::encode_all(line.as_slice(), 1).unwrap(), b"\x50\x2A\x4D\x18\x04\0\0\0skip".to_vec()].concat();
    for (bytes, count) in [(members, 4), (frames.repeat(3), 6)] {
        let piped = room.run(&["redact", "--dry-run", "--summary", "json"], &bytes);
        assert_eq!(
            (piped.status.code(), &summary(&piped)["messages"]),
            (Some(0), &count.into()),
            "{}",
            complaint(&piped)
        );
    }
}

#[test]
fn p11_a_container_that_is_not_read_is_named() {
    let room = Room::new();
    let inside = fixture(LIST.0);
    let containers: [(&str, Vec<u8>, &str); 14] = [
        ("._x.json", b"\0\x05\x16\x07\0\x02\0\0Mac OS X".to_vec(), "an AppleDouble file"),
        ("x.xz", b"\xFD7zXZ\0\0\x04".to_vec(), "xz"),
        ("x.bz2", b"BZh91AY&SY".to_vec(), "bzip2"),
        ("x.lz4", b"\x04\x22\x4D\x18xx".to_vec(), "LZ4"),
        ("x.7z", b"7z\xBC\xAF\x27\x1C\0\x04".to_vec(), "a 7z archive"),
        ("x.rar", b"Rar!\x1A\x07\x01\0".to_vec(), "a rar archive"),
        ("x.lz", b"LZIP\x01".to_vec(), "lzip"),
        ("x.Z", b"\x1F\x9D\x90".to_vec(), "compressed with compress"),
        ("x.cab", b"MSCF\0\0\0\0".to_vec(), "a cabinet archive"),
        ("x.cpio", b"070701".to_vec(), "a cpio archive"),
        ("x.gz", gzip(&inside), "gzip"),
        ("x.zst", zstd::encode_all(inside.as_slice(), 1).unwrap(), "Zstandard"),
        ("x.zip", pack("zip", &messages(2)), "a zip archive"),
        ("x.tar", pack("tar", &messages(2)), "a tar archive"),
    ];
    for (number, (name, bytes, what)) in containers.iter().enumerate() {
        let is_read_alone = number >= 10;
        for form in ["tar", "zip", "tar.gz"] {
            let entries = [((*name).to_owned(), bytes.clone()), ("good.json".to_owned(), inside.clone())];
            room.write("outer", &pack(form, &entries));
            let output = room.redact(&["outer", "-o", "out.tar", "--summary", "json"]);
            assert_eq!(output.status.code(), Some(1), "{name} in {form}: {}", complaint(&output));
            assert!(complaint(&output).contains(&format!("({name}): failed: it is ")), "{}", complaint(&output));
            assert!(complaint(&output).contains(what), "{name} in {form}: {}", complaint(&output));
            let found = summary(&output);
            assert_eq!((&found["messages"], &found["failed"]), (&2.into(), &1.into()), "{name} in {form}");
            let entries = unpack("tar", &read(&room.path("out.tar")));
            assert_eq!(
                (entries[0].0.as_str(), entries[0].1.as_slice()),
                (&*format!("{name}.failed.json"), &b"{\"failed\":\"unreadable\"}\n"[..])
            );
        }
        for called in [*name, "unnamed", "lines.ndjson"] {
            if is_read_alone {
                continue;
            }
            room.write(called, bytes);
            let output = room.redact(&[called, "-o", "out", "--restart"]);
            assert_eq!(output.status.code(), Some(1), "{called}: {}", complaint(&output));
            assert!(complaint(&output).contains(what), "{called}: {}", complaint(&output));
            let piped = room.run(&["redact"], bytes);
            assert_eq!(piped.status.code(), Some(1), "{called}: {}", complaint(&piped));
            assert!(complaint(&piped).contains(what) && text(&piped.stdout).is_empty(), "{}", complaint(&piped));
        }
        // Compressed twice.
        if !what.starts_with('a') {
            let output = room.run(&["redact"], &gzip(bytes));
            assert_eq!(output.status.code(), Some(1), "{name}: {}", complaint(&output));
            assert!(complaint(&output).contains(what), "{name}: {}", complaint(&output));
        }
    }
}

#[test]
fn p11_a_container_that_is_longer_than_a_message_is_named_too() {
    let room = Room::new();
    let long = [b"\xFD7zXZ\0".to_vec(), (0..100_000_u32).flat_map(u32::to_le_bytes).collect()].concat();
    let entries = [("x.xz".to_owned(), long), ("good.json".to_owned(), fixture(LIST.0))];
    for form in ["tar", "zip"] {
        room.write("outer", &pack(form, &entries));
        let output = room.redact(&["outer", "--dry-run", "--summary", "json", "--limit", "message-bytes=100000"]);
        assert_eq!(output.status.code(), Some(1), "{form}: {}", complaint(&output));
        assert!(complaint(&output).contains("compressed with xz inside of an archive"), "{}", complaint(&output));
        assert_eq!((&summary(&output)["messages"], &summary(&output)["failed"]), (&2.into(), &1.into()));
    }
}

#[test]
fn p11_links_are_counted_and_change_the_status() {
    let room = Room::new();
    room.write("in/a.json", &fixture(LIST.0));
    std::os::unix::fs::symlink("a.json", room.path("in/link.json")).unwrap();
    let output = room.redact(&["in", "-o", "out", "--summary", "json"]);
    assert_eq!(output.status.code(), Some(1), "{}", complaint(&output));
    let found = summary(&output);
    assert_eq!((&found["passed-over"], &found["failed"], &found["messages"]), (&1.into(), &0.into(), &1.into()));
    let output = room.redact(&["in", "-o", "out"]);
    assert!(text(&output.stdout).contains("1 passed over"), "{}", text(&output.stdout));
}
