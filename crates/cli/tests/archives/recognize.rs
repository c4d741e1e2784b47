//! What a source is taken for: one document is one message, whatever its lines look like; a message a line is cut where
//! that is sure; and what contradicts its name or option isn't guessed at.

use super::{LIST, POLICE, Room, complaint, fixture, gzip, line, messages, pack, read, summary, text, unpack};

/// A message of another person than [`POLICE`], on one line, as an attacker would hide it.
fn record() -> String {
    String::from_utf8(line(&fixture(LIST.0))).unwrap().trim().to_owned()
}

/// The same as XML on one line.
fn xml_record() -> String {
    let message = String::from_utf8(fixture("rr-in-state-police/message.xml")).unwrap();
    let (_, element) = message.split_once("?>").unwrap();
    element.replace('\n', " ").trim().to_owned()
}

/// The message that the hiding places are in.
fn carrier() -> String {
    let message = String::from_utf8(fixture(POLICE.0)).unwrap();
    message.split_once("?>").unwrap().1.trim().to_owned()
}

/// Well-formed documents with lines that look like messages of their own.
fn documents() -> Vec<(&'static str, String)> {
    let (record, xml, carrier) = (record(), xml_record(), carrier());
    let declaration = "<?xml version=\"1.0\"?>";
    let (start, rest) = carrier.split_once('>').unwrap();
    vec![
        ("an instruction of a stylesheet", format!("{declaration}\n<?xml-stylesheet href='x'?>\n{carrier}")),
        ("records in an instruction", format!("{declaration}\n<?xml-note\n{record}\n{xml}\n?>\n{carrier}")),
        ("records in the first instruction", format!("<?a\n{record}\n{record}\n?>{carrier}")),
        ("records in a comment", format!("<!--\n{record}\n{xml}\n-->\n{carrier}")),
        ("records in a comment behind", format!("{carrier}\n<!--\n{record}\n{xml}\n-->\n")),
        ("records in an instruction behind", format!("{carrier}\n<?a\n{record}\n{xml}\n?>\n")),
        ("records inside the root", format!("{start}>\n<!--\n{record}\n-->\n<![CDATA[\n{record}\n]]>{rest}")),
        ("a mark and records", format!("\u{FEFF}{declaration}\r\n<?a\r\n{record}\r\n{record}\r\n?>\r\n{carrier}\r\n")),
        ("far behind a comment", format!("<!--{}-->\n<!--\n{record}\n{record}\n-->{carrier}", "x\n".repeat(70_000))),
    ]
}

#[test]
fn p2_one_document_is_one_message_wherever_it_comes_from() {
    let room = Room::new();
    let forbidden = String::from_utf8(fixture(LIST.1)).unwrap();
    let mark = forbidden.split('"').find(|part| part.contains("urn:dmv-redact")).unwrap().to_owned();
    for (what, document) in documents() {
        for name in
            ["in", "in.xml", "in.json", "in.ndjson", "in.tar", "in.zip", "folder/in.jsonl", "in.ndjson.gz", "in.gz"]
        {
            let bytes = if name.ends_with("gz") { gzip(document.as_bytes()) } else { document.clone().into_bytes() };
            room.write(name, &bytes);
            let output = room.redact(&[name, "-o", "out.tar", "--output-format", "tar", "--summary", "json"]);
            assert_eq!(output.status.code(), Some(0), "{what}, {name}: {}", complaint(&output));
            assert_eq!(summary(&output)["redacted"], 1, "{what}, {name}");
            let entries = unpack("tar", &read(&room.path("out.tar")));
            assert_eq!(entries.len(), 1, "{what}, {name}");
            let content = text(&entries[0].1);
            assert!(content.contains("JORDAN") && !content.contains(&mark), "{what}, {name}");
        }
        let piped = room.run(&["redact"], document.as_bytes());
        assert_eq!(piped.status.code(), Some(0), "{what}: {}", complaint(&piped));
        assert!(text(&piped.stdout).contains("JORDAN") && !text(&piped.stdout).contains(&mark), "{what}");
    }
}

#[test]
fn p2_a_json_document_is_not_cut_either() {
    let room = Room::new();
    let record = record();
    for (what, document) in [
        ("records in an array", format!("[\n{record}\n]\n")),
        ("a record in an object", format!("{{\n\"a\":\n{record}\n,\"b\":\n{record}\n}}")),
        ("pretty", String::from_utf8(fixture(LIST.0)).unwrap()),
    ] {
        for name in ["in", "in.ndjson", "in.jsonl"] {
            room.write(name, document.as_bytes());
            let output = room.redact(&[name, "--dry-run", "--summary", "json"]);
            assert_eq!(summary(&output)["messages"], 1, "{what}, {name}: {}", complaint(&output));
        }
        let piped = room.run(&["redact", "--dry-run", "--summary", "json"], document.as_bytes());
        assert_eq!(summary(&piped)["messages"], 1, "{what}: {}", complaint(&piped));
        // Said to be lines, which it isn't.
        if document.contains("\n{") {
            let output = room.redact(&["in.ndjson", "--dry-run", "--summary", "json", "--input-format", "ndjson"]);
            assert_eq!(output.status.code(), Some(1), "{what}");
            assert!(complaint(&output).contains("it is one document on several lines"), "{}", complaint(&output));
        }
    }
}

#[test]
fn p11_lines_are_cut_however_long_the_first_is() {
    let room = Room::new();
    let long_json = |number: usize| record().replacen('{', &format!("{{\"x\":\"{}\",", "y".repeat(number)), 1);
    let long_xml = |number: usize| {
        let record = xml_record();
        let at = record.find("</").unwrap();
        format!("{}<!--{}-->{}", &record[..at], "y".repeat(number), &record[at..])
    };
    let string = |message: &str| serde_json::to_string(message).unwrap();
    for bytes in [0, 65_400, 65_536, 65_600, 300_000, 3_000_000] {
        for (what, first) in
            [("JSON", long_json(bytes)), ("XML", long_xml(bytes)), ("a string", string(&long_xml(bytes)))]
        {
            for second in [record(), xml_record(), string(&carrier())] {
                for (before, between) in [("", "\n"), ("\u{FEFF}", "\r\n"), ("\n \n", "\n\n\n")] {
                    if bytes > 100_000 && (before, between) != ("", "\n") {
                        continue;
                    }
                    let input = format!("{before}{first}{between}{second}");
                    let piped = room.run(&["redact", "--dry-run", "--summary", "json"], input.as_bytes());
                    let found = summary(&piped);
                    let counts = (found["messages"].as_u64(), found["redacted"].as_u64(), found["released"].as_u64());
                    assert_eq!(counts.0, Some(2), "{what} of {bytes}: {}", complaint(&piped));
                    assert_eq!(counts.1.unwrap() + counts.2.unwrap(), 2, "{what}: {}", complaint(&piped));
                }
            }
        }
    }
}

#[test]
fn p2_an_option_that_contradicts_the_content_reads_nothing() {
    let room = Room::new();
    let few = messages(3);
    room.write("message.xml", &fixture(POLICE.0));
    room.write(
        "utf16.ndjson",
        &[b"\xFF\xFE".to_vec(), record().encode_utf16().flat_map(u16::to_le_bytes).collect()].concat(),
    );
    for form in ["ndjson", "ndjson.gz", "tar", "zip", "tar.zst"] {
        room.write(&format!("all.{form}"), &pack(form, &few));
    }
    for (name, asked, what) in [
        ("message.xml", "ndjson", "it is one document on several lines"),
        ("message.xml", "tar", "wrong checksum"),
        ("message.xml", "zip", "the zip has no end"),
        ("message.xml", "ndjson.gz", "it is not compressed so"),
        ("all.ndjson.gz", "ndjson", "it is compressed with gzip"),
        ("all.tar.zst", "tar.gz", "it is compressed with Zstandard"),
        ("all.tar", "ndjson", "it is a tar"),
        ("all.tar", "message", "it is a tar"),
        ("all.zip", "ndjson", "it is a zip"),
        ("all.zip", "tar", "it is a zip"),
        ("utf16.ndjson", "ndjson", "UTF-16"),
    ] {
        let output = room.redact(&[name, "--dry-run", "--input-format", asked, "--summary", "json"]);
        assert_eq!(output.status.code(), Some(1), "{name} as {asked}: {}", complaint(&output));
        assert!(complaint(&output).contains(what), "{name} as {asked}: {}", complaint(&output));
        let found = summary(&output);
        assert_eq!((&found["failed"], &found["messages"]), (&1.into(), &1.into()), "{name} as {asked}");
        let piped = room.run(&["redact", "--input-format", asked], &read(&room.path(name)));
        assert_eq!(piped.status.code(), Some(1), "{name} as {asked}: {}", complaint(&piped));
        assert!(complaint(&piped).contains(what), "{name} as {asked}: {}", complaint(&piped));
        assert!(!String::from_utf8_lossy(&piped.stdout).contains("EXAMPLE"));
    }
}

#[test]
fn p2_a_message_that_looks_like_an_archive_is_a_message() {
    let room = Room::new();
    let message = carrier();
    // The mark of a tar where a tar has it, the checksum of its header too.
    let mut marked = format!("<!--{}-->", " ".repeat(600)).into_bytes();
    marked[257..262].copy_from_slice(b"ustar");
    let sum: u32 = marked[..512]
        .iter()
        .enumerate()
        .map(|(at, byte)| if (148..156).contains(&at) { 32 } else { (*byte).into() })
        .sum();
    marked[148..155].copy_from_slice(format!("{sum:06o} ").as_bytes());
    marked.extend_from_slice(message.as_bytes());
    for name in ["in", "in.tar", "in.zip"] {
        room.write(name, &marked);
        let output = room.redact(&[name]);
        assert_eq!(output.status.code(), Some(0), "{name}: {}", complaint(&output));
        assert!(text(&output.stdout).contains("JORDAN"));
    }
}

#[test]
fn p4_a_mark_is_dropped_and_a_form_feed_is_no_white_space() {
    let room = Room::new();
    let record = record();
    let whole = |text: String| text.into_bytes();
    for (what, input, released, withheld) in [
        ("a mark", whole(format!("\u{FEFF}{record}\n{record}\n")), 2, 0),
        ("a mark before XML", whole(format!("\u{FEFF}{}\n{record}\n", xml_record())), 2, 0),
        ("a mark on each line", whole(format!("\u{FEFF}{record}\n\u{FEFF}{record}\n")), 2, 0),
        ("a form feed", whole(format!("{record}\n\u{C}{record}\n{record}\u{C}\n\u{C}\n{record}\n")), 2, 3),
        ("other space", whole(format!("{record}\n\u{B}\n\u{A0}\n\0\n{record}")), 2, 3),
        ("one line", whole(format!("{record}\n")), 1, 0),
        ("white space", b" \t\r\n\n".to_vec(), 0, 0),
        ("nothing", Vec::new(), 0, 0),
    ] {
        for name in ["in.ndjson", "in.ndjson.gz", "in.ndjson.zst"] {
            let bytes = match name.rsplit_once('.').unwrap().1 {
                "gz" => gzip(&input),
                "zst" => zstd::encode_all(input.as_slice(), 1).unwrap(),
                _ => input.clone(),
            };
            room.write(name, &bytes);
            let output = room.redact(&[name, "--dry-run", "--summary", "json"]);
            let found = summary(&output);
            let good = found["released"].as_u64().unwrap() + found["redacted"].as_u64().unwrap();
            assert_eq!((good, found["withheld"].as_u64()), (released, Some(withheld)), "{what}, {name}");
        }
        let asked = room.run(&["redact", "--input-format", "ndjson", "--dry-run", "--summary", "json"], &input);
        assert_eq!(summary(&asked)["messages"], released + withheld, "{what}: {}", complaint(&asked));
    }
}

#[test]
fn p2_what_can_not_be_told_is_withheld_as_one() {
    let room = Room::new();
    let record = record();
    for input in [
        String::new(),
        " \r\n".to_owned(),
        format!("{}\n{record}\n", &record[..60]),
        format!("{record}\n{{\n\"a\":1}}\n"),
        format!("{record}{record}"),
        format!("<a>\n{record}\n{record}\n"),
    ] {
        let piped = room.run(&["redact", "--dry-run", "--summary", "json"], input.as_bytes());
        let found = summary(&piped);
        assert_eq!((&found["messages"], &found["withheld"]), (&1.into(), &1.into()), "{input}");
        assert_eq!(piped.status.code(), Some(3));
    }
    // A document that is refused, or was cut, isn't cut into lines for its name.
    let carrier = carrier();
    for document in [
        format!("<!DOCTYPE a [\n<!ENTITY x '\n{record}\n'>]>\n{carrier}"),
        format!("<?xml version='1.1'?>\n<!--\n{record}\n-->\n{carrier}"),
        format!("<?a\n{record}\n{record}\n"),
    ] {
        room.write("refused.ndjson", document.as_bytes());
        let output = room.redact(&["refused.ndjson", "--dry-run", "--summary", "json"]);
        assert_eq!(output.status.code(), Some(1), "{}", complaint(&output));
        assert_eq!((&summary(&output)["messages"], &summary(&output)["failed"]), (&1.into(), &1.into()));
    }
    // Beyond what a message may be, lines that a name promises are looked for only where no document could go on.
    let arguments = ["--dry-run", "--summary", "json", "--limit", "message-bytes=20000", "--memory", "16MiB"];
    let unclosed = format!("<a>\n{}", format!("{record}\n").repeat(2000));
    room.write("unclear.ndjson", unclosed.as_bytes());
    let output = room.redact(&[&["unclear.ndjson"], &arguments[..]].concat());
    assert_eq!(output.status.code(), Some(1), "{}", complaint(&output));
    assert!(complaint(&output).contains("it can't be told whether"), "{}", complaint(&output));
    let output = room.redact(&[&["unclear.ndjson", "--input-format", "ndjson"], &arguments[..]].concat());
    assert_eq!(summary(&output)["messages"], 2001, "{}", complaint(&output));
    let broken = format!("{}\n{}", &record[..60], format!("{record}\n").repeat(2000));
    room.write("broken.ndjson", broken.as_bytes());
    let output = room.redact(&[&["broken.ndjson"], &arguments[..]].concat());
    assert_eq!(summary(&output)["messages"], 2001, "{}", complaint(&output));
}
