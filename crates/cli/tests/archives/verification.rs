//! `verify` over outputs in every form that `redact` writes.

use super::{LIST, POLICE, Room, complaint, fixture, line, messages, pack, text};

const FORMS: [&str; 7] = ["ndjson", "ndjson.gz", "ndjson.zst", "tar", "tar.gz", "tar.zst", "zip"];

#[test]
fn p1_every_form_that_is_written_is_verified() {
    let room = Room::new();
    let messages = messages(16);
    for form in FORMS {
        room.write(&format!("in.{form}"), &pack(form, &messages));
        let out = format!("out.{form}");
        room.redact(&[&format!("in.{form}"), "-o", &out]);
        let clean = room.run(&["verify", &out], b"");
        assert_eq!((clean.status.code(), complaint(&clean).as_str()), (Some(0), ""), "{form}");
        let counts = "10 outputs verified: 0 with findings; 6 notices of messages withheld, 0 of messages failed\n";
        assert_eq!(text(&clean.stdout), counts, "{form}");
        let piped = room.run(&["verify", "--input-format", form], &super::read(&room.path(&out)));
        assert_eq!((piped.status.code(), text(&piped.stdout)), (Some(0), counts), "{form}: {}", complaint(&piped));
        // What came from the state isn't what may go out.
        let whole = room.run(&["verify", &format!("in.{form}")], b"");
        assert_eq!(whole.status.code(), Some(3), "{form}: {}", complaint(&whole));
        assert!(text(&whole.stdout).starts_with("16 outputs verified: "), "{form}: {}", text(&whole.stdout));
        for value in ["900-12-3456", "JORDAN", "EXAMPLE"] {
            assert!(!complaint(&whole).contains(value), "{form}: {value}");
        }
    }
    room.redact(&["in.tar", "in.ndjson", "in.zip", "-o", "folder"]);
    let folder = room.run(&["verify", "folder"], b"");
    assert_eq!(folder.status.code(), Some(0), "{}", complaint(&folder));
    assert!(
        text(&folder.stdout).starts_with("30 outputs verified: 0 with findings; 18 notices"),
        "{}",
        text(&folder.stdout)
    );
}

#[test]
fn p1_one_output_among_many_that_holds_too_much_is_found_in_its_place() {
    let room = Room::new();
    let (good, bad) = (fixture(LIST.1), fixture(POLICE.0));
    for form in FORMS {
        let names = ["a.json", "b.xml", "c.json", "c.json.failed.json"];
        let contents = [good.clone(), bad.clone(), good.clone(), b"{\"failed\":\"unreadable\"}\n".to_vec()];
        let entries: Vec<_> = names.map(str::to_owned).into_iter().zip(contents).collect();
        room.write(&format!("out.{form}"), &pack(form, &entries));
        let found = room.run(&["verify", &format!("out.{form}")], b"");
        assert_eq!(found.status.code(), Some(3), "{form}: {}", complaint(&found));
        let place = if form.starts_with("ndjson") {
            format!("out.{form}:2: ")
        } else {
            format!("out.{form}: entry 2 (b.xml): ")
        };
        assert_eq!(complaint(&found).lines().count(), 1, "{form}: {}", complaint(&found));
        assert!(complaint(&found).contains(&place), "{form}: {}", complaint(&found));
        let counts = "3 outputs verified: 1 with findings; 0 notices of messages withheld, 1 of messages failed\n";
        assert_eq!(text(&found.stdout), counts, "{form}");
    }
}

#[test]
fn what_is_no_output_is_found_or_fails() {
    let room = Room::new();
    let good = line(&fixture(LIST.1));
    for (what, content, status) in [
        ("another notice", b"{\"withheld\":\"JORDAN\"}\n".to_vec(), 3),
        ("a notice with more", b"{\"withheld\":\"review\",\"why\":\"x\"}\n".to_vec(), 3),
        ("no message", b"text\n".to_vec(), 3),
        ("a container", b"BZh91AY&SY".to_vec(), 1),
    ] {
        let lines = if status == 1 { content } else { [good.clone(), content, good.clone()].concat() };
        room.write("out.ndjson", &lines);
        let found = room.run(&["verify", "out.ndjson"], b"");
        assert_eq!(found.status.code(), Some(status), "{what}: {}", complaint(&found));
        assert!(!complaint(&found).contains("JORDAN"));
    }
    assert_eq!(room.run(&["verify", "missing"], b"").status.code(), Some(1));
}

#[test]
fn lines_that_hold_more_are_verified_by_their_members() {
    let room = Room::new();
    let xml = String::from_utf8(fixture(POLICE.0)).unwrap();
    let lines: String =
        (0..3).map(|_| serde_json::json!({"who": "AZ0070000", "body": xml}).to_string() + "\n").collect();
    room.write("in.ndjson", lines.as_bytes());
    let members = ["--payload-member", "body", "--requester-member", "who"];
    room.redact(&[&["in.ndjson", "-o", "out.ndjson", "--keep-member", "who"], &members[..]].concat());
    let clean = room.run(&[&["verify", "out.ndjson"], &members[..]].concat(), b"");
    assert_eq!(clean.status.code(), Some(0), "{}", complaint(&clean));
    assert!(text(&clean.stdout).starts_with("3 outputs verified: 0 with findings"), "{}", text(&clean.stdout));
    assert_eq!(room.run(&[&["verify", "in.ndjson"], &members[..]].concat(), b"").status.code(), Some(3));
}

#[test]
fn p4_an_output_is_verified_against_its_message() {
    let room = Room::new();
    for ((message, output), value, other) in [(POLICE, "EXAMPLE", "OTHERWISE"), (LIST, "1985-07-04", "1985-07-05")] {
        let (message, output) = (fixture(message), text(&fixture(output)).to_owned());
        room.write("message", &message);
        room.write("output", output.as_bytes());
        let same = room.run(&["verify", "output", "--against", "message"], b"");
        assert_eq!((same.status.code(), complaint(&same).as_str()), (Some(0), ""));
        assert_eq!(text(&same.stdout), "1 output verified against its message: 0 with findings\n");
        // Permitted, and of the right shape: only the message tells that it isn't the person's.
        assert!(output.contains(value));
        room.write("output", output.replacen(value, other, 1).as_bytes());
        assert_eq!(room.run(&["verify", "output"], b"").status.code(), Some(0));
        let swapped = room.run(&["verify", "output", "--against", "message"], b"");
        assert_eq!(swapped.status.code(), Some(3));
        assert!(
            complaint(&swapped).contains("output: a value that isn't the message's at "),
            "{}",
            complaint(&swapped)
        );
        assert!(!complaint(&swapped).contains(value) && !complaint(&swapped).contains(other));
    }
    let two = room.run(&["verify", "output", "output", "--against", "message"], b"");
    assert_eq!((two.status.code(), complaint(&two).as_str()), (Some(2), "dmv-redact: --against takes one output\n"));
}
