//! Archives that attack (attack 35 of docs/threat-model.md): refused or contained, nothing written outside of OUT, nothing beyond bounds.

use std::io::{Read, Write};

use super::{LIST, POLICE, Room, complaint, fixture, gzip, messages, pack, read, summary, text, unpack};

/// A tar entry with whatever header fields.
pub(super) fn tar_entry(name: &[u8], kind: u8, size_field: &[u8], data: &[u8]) -> Vec<u8> {
    let mut header = [0u8; 512];
    header[..name.len()].copy_from_slice(name);
    header[100..107].copy_from_slice(b"0000644");
    header[124..124 + size_field.len()].copy_from_slice(size_field);
    header[156] = kind;
    header[257..265].copy_from_slice(b"ustar\x0000");
    header[148..156].fill(b' ');
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
    let mut entry = header.to_vec();
    entry.extend_from_slice(data);
    entry.resize(entry.len().div_ceil(512) * 512, 0);
    entry
}

pub(super) fn regular(name: &[u8], data: &[u8]) -> Vec<u8> {
    tar_entry(name, b'0', format!("{:011o}", data.len()).as_bytes(), data)
}

#[test]
fn attack_35_names_lead_nowhere_else() {
    let room = Room::new();
    let message = fixture(LIST.0);
    let names = ["../../escaped.json", "/tmp/escaped.json", "a/../../escaped.json", "ok.json", "OK.json", "ok.json"];
    let mut tar: Vec<u8> = names.iter().flat_map(|name| regular(name.as_bytes(), &message)).collect();
    for kind in *b"12346" {
        tar.extend(tar_entry(b"link", kind, b"00000000000", b""));
    }
    tar.extend(tar_entry(b"folder/", b'5', b"00000000000", b""));
    tar.extend([0; 1024]);
    room.write("in.tar", &tar);
    let output = room.redact(&["in.tar", "-o", "sub/files", "--output-format", "message"]);
    // Five entries are no files: passed over, which changes the status (P11).
    assert_eq!(output.status.code(), Some(1), "{}", complaint(&output));
    let wanted =
        ["entry-000000001", "entry-000000002", "entry-000000003", "entry-000000005", "entry-000000006", "ok.json"];
    assert_eq!(room.names("sub/files"), wanted);
    assert_eq!(
        room.names("."),
        ["in.tar".to_owned()].into_iter().chain(wanted.map(|name| format!("sub/files/{name}"))).collect::<Vec<_>>()
    );
    assert_eq!(complaint(&output).lines().filter(|line| line.contains("passed over: a")).count(), 5);
    // The same in an archive that is written: whoever extracts it is safe too.
    room.redact(&["in.tar", "-o", "out.zip"]);
    let found: Vec<String> = unpack("zip", &read(&room.path("out.zip"))).into_iter().map(|(name, _)| name).collect();
    assert!(found.iter().all(|name| !name.contains("..") && !name.starts_with('/')), "{found:?}");
}

#[test]
fn attack_35_headers_that_disagree_end_the_archive() {
    let room = Room::new();
    let message = fixture(LIST.0);
    let good = regular(b"good.json", &message);
    // CVE-2025-62518: an extended header says another size than the header behind it.
    let record = format!("{} size={}\n", 12 + 1, 512);
    let extended = tar_entry(b"pax", b'x', format!("{:011o}", record.len()).as_bytes(), record.as_bytes());
    let smuggled = regular(b"hidden.json", &fixture(POLICE.0));
    let disagreeing = [extended, regular(b"outer.json", &smuggled)].concat();
    let mut wrong_sum = regular(b"sum.json", &message);
    wrong_sum[0] ^= 1;
    let endless_name = tar_entry(b"././@LongLink", b'L', b"77777777777", b"");
    let huge = tar_entry(b"huge.json", b'0', b"77777777777", b"x");
    let negative = tar_entry(b"negative.json", b'0', b"-0000000001", b"x");
    for (name, bad) in [
        ("disagreeing", disagreeing),
        ("wrong-sum", wrong_sum),
        ("endless-name", endless_name),
        ("huge", huge),
        ("negative", negative),
    ] {
        let tar = [good.clone(), bad, good.clone()].concat();
        room.write("in.tar", &tar);
        let output = room.redact(&["in.tar", "-o", "out.tar", "--summary", "json"]);
        assert_eq!(output.status.code(), Some(1), "{name}: {}", complaint(&output));
        assert!(complaint(&output).contains("in.tar: failed: "), "{name}: {}", complaint(&output));
        let entries = unpack("tar", &read(&room.path("out.tar")));
        assert_eq!(entries[0].1, fixture(LIST.1), "{name}");
        assert_eq!(entries.last().unwrap().1, b"{\"failed\":\"unreadable\"}\n", "{name}");
        assert_eq!(entries.len(), 2, "{name}");
    }
}

#[test]
fn attack_35_bombs_cost_no_memory() {
    let room = Room::new();
    // A gigabyte of nothing in a megabyte, as a message, as lines without an end, in a tar, in a zip.
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    let block = vec![b' '; 1 << 20];
    for _ in 0..1024 {
        encoder.write_all(&block).unwrap();
    }
    room.write("bomb.json.gz", &encoder.finish().unwrap());
    let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
    encoder.write_all(&tar_entry(b"bomb.json", b'0', b"10000000000", b"")).unwrap();
    for _ in 0..1024 {
        encoder.write_all(&block).unwrap();
    }
    encoder.write_all(&regular(b"good.json", &fixture(LIST.0))).unwrap();
    encoder.write_all(&[0; 1024]).unwrap();
    room.write("bomb.tar.zst", &encoder.finish().unwrap());
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default().large_file(true);
    zip.start_file("bomb.json", options).unwrap();
    for _ in 0..256 {
        zip.write_all(&block).unwrap();
    }
    zip.start_file("good.json", options).unwrap();
    zip.write_all(&fixture(LIST.0)).unwrap();
    room.write("bomb.zip", &zip.finish().unwrap().into_inner());
    for (name, messages, withheld) in [("bomb.json.gz", 1, 1), ("bomb.tar.zst", 2, 1), ("bomb.zip", 2, 1)] {
        let output = room.redact(&[name, "-o", "out", "--summary", "json"]);
        let summary = summary(&output);
        assert_eq!(
            (summary["messages"].as_u64(), summary["withheld"].as_u64()),
            (Some(messages), Some(withheld)),
            "{name}"
        );
        let peak = summary["run"]["peak-memory"].as_u64().unwrap();
        assert!(peak < 256 << 20, "{name}: {peak}");
    }
}

#[test]
fn p8_many_large_files_and_large_windows_stay_within_the_memory() {
    let room = Room::new();
    // Each alone is within the limits, on one line, so that it could be a message or many.
    let large = [b"{\"a\":\"".to_vec(), vec![b'x'; 1_990_000], b"\"}".to_vec()].concat();
    for number in 0..80 {
        room.write(&format!("large/{number}.json"), &large);
    }
    // A frame that says it wants to look back 2 GiB (RFC 8878 3.1.1.1.2), and one that looks back as far as is usual.
    room.write("window.ndjson.zst", b"\x28\xB5\x2F\xFD\x00\xA8\x01\x00\x00");
    let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
    encoder.window_log(23).unwrap();
    encoder.write_all(&pack("ndjson", &messages(8))).unwrap();
    room.write("good.ndjson.zst", &encoder.finish().unwrap());
    for (name, status, failed) in [("large", 3, 0), ("window.ndjson.zst", 1, 1), ("good.ndjson.zst", 3, 0)] {
        let arguments = ["--dry-run", "--summary", "json", "--memory", "32MiB", "--limit", "message-bytes=2000000"];
        let output = room.redact(&[&[name], &arguments[..]].concat());
        assert_eq!(output.status.code(), Some(status), "{name}: {}", complaint(&output));
        let found = summary(&output);
        assert_eq!(found["failed"], failed, "{name}");
        let peak = found["run"]["peak-memory"].as_u64().unwrap();
        assert!(peak < 64 << 20, "{name}: {peak}");
    }
}

#[test]
fn attack_35_zips_that_tell_two_stories_are_contained() {
    let room = Room::new();
    let whole = pack("zip", &messages(2));
    let directory = whole.windows(4).position(|window| window == b"PK\x01\x02").unwrap();
    let changed = |at: usize, byte: u8| {
        let mut zip = whole.clone();
        zip[at] ^= byte;
        zip
    };
    // Each field of the first entry's own header and of its record in the directory, one bit wrong.
    for at in [
        6,
        8,
        14,
        18,
        22,
        26,
        30,
        directory + 8,
        directory + 10,
        directory + 16,
        directory + 20,
        directory + 24,
        directory + 42,
        directory + 46,
    ] {
        room.write("in.zip", &changed(at, 1));
        let output = room.redact(&["in.zip", "-o", "out.zip", "--summary", "json"]);
        let found = summary(&output);
        assert!(matches!(output.status.code(), Some(0 | 1 | 3)), "{at}: {}", complaint(&output));
        let failed = found["failed"].as_u64().unwrap();
        let is_harmless = at == 6 || at == directory + 8;
        assert!(failed >= 1 || is_harmless, "{at}: {}", complaint(&output));
    }
    // An entry count that lies, a directory that lies elsewhere, and no directory.
    let end = whole.windows(4).position(|window| window == b"PK\x05\x06").unwrap();
    for bad in [
        changed(end + 10, 1),
        changed(end + 16, 1),
        changed(end + 12, 1),
        whole[..end].to_vec(),
        b"PK\x03\x04".to_vec(),
        b"PK\x05\x06".to_vec(),
    ] {
        room.write("in.zip", &bad);
        let output = room.redact(&["in.zip", "-o", "out.zip"]);
        assert_eq!(output.status.code(), Some(1), "{}", complaint(&output));
    }
    // Entries that share their data.
    let mut sharing = whole.clone();
    let second =
        sharing[directory + 4..].windows(4).position(|window| window == b"PK\x01\x02").unwrap() + directory + 4;
    let first: Vec<u8> = sharing[directory..second].to_vec();
    sharing.splice(second..end, first);
    room.write("in.zip", &sharing);
    let output = room.redact(&["in.zip", "-o", "out.zip"]);
    assert_eq!(output.status.code(), Some(1), "{}", complaint(&output));
}

#[test]
fn attack_35_archives_in_archives_are_not_read() {
    let room = Room::new();
    let inner = pack("zip", &messages(2));
    let outer = pack("tar", &[("inner.zip".to_owned(), inner), ("x.gz".to_owned(), gzip(&fixture(POLICE.0)))]);
    room.write("in.tar", &outer);
    let output = room.redact(&["in.tar", "-o", "out.tar"]);
    assert_eq!(output.status.code(), Some(1));
    for (_, entry) in unpack("tar", &read(&room.path("out.tar"))) {
        assert_eq!(text(&entry), "{\"failed\":\"unreadable\"}\n");
    }
}

#[test]
fn p8_bytes_of_any_kind_are_an_archive_that_ends_well() {
    let room = Room::new();
    let forms = ["ndjson", "ndjson.gz", "ndjson.zst", "tar", "tar.gz", "tar.zst", "zip"];
    let mut dice = 88_172_645_463_325_252_u64;
    let mut roll = |below: usize| {
        dice ^= dice << 13;
        dice ^= dice >> 7;
        dice ^= dice << 17;
        usize::try_from(dice % below as u64).unwrap()
    };
    let packed: Vec<_> = forms.iter().map(|form| pack(form, &messages(5))).collect();
    for round in 0..70 {
        let mut bytes = packed[round % forms.len()].clone();
        for _ in 0..=roll(4) {
            let at = roll(bytes.len());
            match roll(3) {
                0 => bytes[at] ^= 1 << roll(8),
                1 => bytes.truncate(at + 1),
                _ => bytes.insert(at, u8::try_from(roll(256)).unwrap()),
            }
        }
        let output = room.run(&["redact"], &bytes);
        assert!(matches!(output.status.code(), Some(0 | 1 | 3)), "{round}: {}", complaint(&output));
        // Whatever it was: what came out is redacted.
        let mut out = Vec::new();
        let _ = flate2::read::MultiGzDecoder::new(output.stdout.as_slice()).read_to_end(&mut out);
        for bytes in [&output.stdout, &out] {
            assert!(!bytes.windows(11).any(|window| window == b"900-12-3456"), "{round}");
        }
    }
}
