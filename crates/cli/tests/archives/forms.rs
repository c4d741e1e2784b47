//! Every form of source and output: the same messages give the same results.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::{LIST, Message, POLICE, Room, complaint, fixture, gzip, line, messages, pack, read, text, unpack};

const FORMS: [&str; 7] = ["ndjson", "ndjson.gz", "ndjson.zst", "tar", "tar.gz", "tar.zst", "zip"];

/// What each message becomes when it is redacted by itself: its output, or the notice that stands for it.
fn one_by_one(room: &Room, messages: &[Message]) -> Vec<Result<Vec<u8>, String>> {
    let redact = |(_, message): &Message| {
        let output = room.run(&["redact"], message);
        match output.status.code() {
            Some(0) => Ok(output.stdout),
            Some(3) => {
                let complaint = complaint(&output);
                let reason = complaint.split(": ").nth(3).unwrap();
                let reason = reason.split(' ').next().unwrap();
                Err(format!("{{\"withheld\":\"{reason}\"}}\n"))
            }
            code => panic!("{code:?}: {}", complaint(&output)),
        }
    };
    messages.iter().map(redact).collect()
}

/// What an output of a form must hold, by name and content.
fn expected(form: &str, messages: &[Message], results: &[Result<Vec<u8>, String>]) -> Vec<Message> {
    let entry = |(number, ((name, _), result)): (usize, (&Message, &Result<Vec<u8>, String>))| match (
        form.starts_with("ndjson"),
        result,
    ) {
        (true, Ok(output)) => (number.to_string(), line(output)),
        (true, Err(notice)) => (number.to_string(), notice.clone().into_bytes()),
        (false, Ok(output)) => (name.clone(), output.clone()),
        (false, Err(notice)) => (format!("{name}.withheld.json"), notice.clone().into_bytes()),
    };
    messages.iter().zip(results).enumerate().map(entry).collect()
}

#[test]
fn p10_every_form_gives_what_each_message_gives_by_itself() {
    let room = Room::new();
    let few = messages(16);
    let few_results = one_by_one(&room, &few);
    // Enough for several units, so that the order is at stake.
    let messages = messages(400);
    let results: Vec<_> = (0..messages.len()).map(|number| few_results[number % 8].clone()).collect();
    for form in FORMS {
        let name = format!("in.{form}");
        room.write(&name, &pack(form, &messages));
        // Each into a folder of its own: what another run put into it would be left from before (P11).
        let folder = format!("out-{form}/");
        let output = room.redact(&[&name, "-o", &folder, "--jobs", "2"]);
        assert_eq!(output.status.code(), Some(3), "{form}: {}", complaint(&output));
        let out = room.path(&folder).join(&name);
        assert_eq!(fs::metadata(&out).unwrap().permissions().mode() & 0o777, 0o600);
        let wanted = expected(form, &messages, &results);
        assert!(unpack(form, &read(&out)) == wanted, "{form}");
        // Through pipes, and under a name that says nothing: the content tells.
        let piped = room.run(&["redact", "-"], &pack(form, &messages));
        assert_eq!(piped.status.code(), Some(3), "{form}: {}", complaint(&piped));
        assert!(piped.stdout == read(&out), "{form} through a pipe");
        room.write("unnamed", &pack(form, &messages));
        room.redact(&["unnamed", "-o", "named"]);
        assert!(read(&room.path("named")) == read(&out), "{form} without a name");
        // Into every other form.
        for other in FORMS {
            let target = format!("converted.{other}");
            let output = room.redact(&[&name, "-o", &target]);
            assert_eq!(output.status.code(), Some(3), "{form} to {other}: {}", complaint(&output));
            // On a line, line ends of JSON have become spaces.
            let contents = |messages: Vec<Message>| -> Vec<Vec<u8>> {
                messages.into_iter().map(|(_, content)| line(&content)).collect()
            };
            let wanted = contents(expected(other, &messages, &results));
            assert!(contents(unpack(other, &read(&room.path(&target)))) == wanted, "{form} to {other}");
        }
    }
}

#[test]
fn p5_attack_34_no_output_tells_by_its_bytes_how_much_was_removed() {
    let room = Room::new();
    let message = String::from_utf8(fixture(LIST.0)).unwrap();
    let padded = |number: usize| {
        let photo = "QUJD".repeat(number % 7 * 4000);
        message.replacen('{', &format!("{{\"unknown\":\"{photo}\","), 1).into_bytes()
    };
    let with = |content: &dyn Fn(usize) -> Vec<u8>| -> Vec<Message> {
        (0..500).map(|number| (format!("{number:03}.json"), content(number))).collect()
    };
    let (short, long) = (with(&|_| padded(0)), with(&padded));
    for form in FORMS {
        let outputs = [&short, &long].map(|messages| {
            let name = format!("in.{form}");
            room.write(&name, &pack(form, messages));
            let folder = format!("out-{form}/");
            let output = room.redact(&[&name, "-o", &folder]);
            assert_eq!(output.status.code(), Some(0), "{form}: {}", complaint(&output));
            read(&room.path(&folder).join(&name))
        });
        assert!(outputs[0] == outputs[1], "{form}");
    }
}

#[test]
fn a_folder_is_mirrored_or_packed_and_what_is_withheld_has_no_file() {
    let room = Room::new();
    let messages = messages(200);
    let results = one_by_one(&room, &messages[..8]);
    for (name, message) in &messages {
        room.write(&format!("in/{name}"), message);
    }
    assert_eq!(room.redact(&["in", "-o", "out"]).status.code(), Some(3));
    let released: Vec<String> = (0..messages.len())
        .filter(|number| results[number % 8].is_ok())
        .map(|number| messages[number].0.clone())
        .collect();
    assert_eq!(room.names("out"), released);
    for (number, (name, _)) in messages.iter().enumerate() {
        if let Ok(output) = &results[number % 8] {
            assert!(&read(&room.path(&format!("out/{name}"))) == output, "{name}");
        }
    }
    let all: Vec<_> = (0..messages.len()).map(|number| results[number % 8].clone()).collect();
    for form in ["tar.gz", "zip", "ndjson"] {
        let target = format!("out.{form}");
        assert_eq!(room.redact(&["in", "-o", &target]).status.code(), Some(3));
        assert!(unpack(form, &read(&room.path(&target))) == expected(form, &messages, &all), "{form}");
    }
    // And out of an archive again.
    room.write("in.zip", &pack("zip", &messages));
    assert_eq!(room.redact(&["in.zip", "-o", "unpacked", "--output-format", "message"]).status.code(), Some(3));
    assert_eq!(room.names("unpacked"), released);
}

#[test]
fn a_mixed_folder_keeps_every_file_in_its_own_form() {
    let room = Room::new();
    let few = messages(8);
    room.write("in/one.xml", &fixture(POLICE.0));
    room.write("in/one.xml.gz", &gzip(&fixture(POLICE.0)));
    room.write("in/.hidden.json", &fixture(LIST.0));
    room.write("in/year/2019.ndjson.zst", &pack("ndjson.zst", &few));
    room.write("in/year/2020.zip", &pack("zip", &few));
    room.write("in/empty.ndjson.gz", &gzip(b""));
    room.write("in/empty.tar", &pack("tar", &[]));
    room.write("in/empty.zip", &pack("zip", &[]));
    let output = room.redact(&["in", "-o", "out", "--summary", "json"]);
    assert_eq!(output.status.code(), Some(3), "{}", complaint(&output));
    assert_eq!(
        room.names("out"),
        [
            ".hidden.json",
            "empty.ndjson.gz",
            "empty.tar",
            "empty.zip",
            "one.xml",
            "one.xml.gz",
            "year/2019.ndjson.zst",
            "year/2020.zip"
        ]
    );
    assert_eq!(read(&room.path("out/one.xml")), fixture(POLICE.1));
    assert_eq!(unpack("ndjson.gz", &read(&room.path("out/one.xml.gz")))[0].1[..20], fixture(POLICE.1)[..20]);
    assert_eq!(read(&room.path("out/.hidden.json")), fixture(LIST.1));
    assert!(unpack("ndjson.gz", &read(&room.path("out/empty.ndjson.gz"))).is_empty());
    assert!(unpack("zip", &read(&room.path("out/empty.zip"))).is_empty());
    assert_eq!(super::summary(&output)["messages"], 3 + 8 + 8);
}

#[test]
fn p2_a_single_message_that_is_withheld_leaves_no_file() {
    let room = Room::new();
    room.write("ice.xml", &fixture("dr-ice/message.xml"));
    room.write("ice.xml.gz", &gzip(&fixture("dr-ice/message.xml")));
    for name in ["ice.xml", "ice.xml.gz"] {
        room.write("out", b"stale");
        let output = room.redact(&[name, "-o", "out"]);
        assert_eq!(output.status.code(), Some(3));
        assert_eq!(complaint(&output).lines().count(), 1);
        assert!(!room.path("out").exists());
        let piped = room.redact(&[name]);
        assert_eq!((piped.status.code(), text(&piped.stdout)), (Some(3), ""));
    }
    assert_eq!(room.names("."), ["ice.xml", "ice.xml.gz"]);
}

#[test]
fn notices_can_be_left_out() {
    let room = Room::new();
    room.write("in.ndjson", &pack("ndjson", &messages(8)));
    room.redact(&["in.ndjson", "-o", "out.tar", "--drop-withheld"]);
    assert_eq!(unpack("tar", &read(&room.path("out.tar"))).len(), 5);
}
