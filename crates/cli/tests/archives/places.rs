//! Where things go: every message has a place of its own, no place of a run lies in another, and names steer nothing.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::{PermissionsExt, symlink};

use super::{LIST, Room, complaint, fixture, line, messages, pack, read, summary, text, unpack};

#[test]
fn p4_lines_of_several_sources_have_places_of_their_own() {
    let room = Room::new();
    let good = line(&fixture(LIST.0));
    room.write("in/a.ndjson", &good.repeat(3));
    room.write("in/b.ndjson", &good.repeat(3));
    assert_eq!(room.redact(&["in", "-o", "out/", "--output-format", "message"]).status.code(), Some(0));
    assert_eq!(room.names("out").len(), 6, "{:?}", room.names("out"));
    for form in ["tar", "zip"] {
        let target = format!("out.{form}");
        assert_eq!(room.redact(&["in", "-o", &target]).status.code(), Some(0));
        let names: BTreeSet<String> =
            unpack(form, &read(&room.path(&target))).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names.len(), 6, "{names:?}");
    }
}

#[test]
fn attack_35_no_entry_takes_the_name_of_another_or_of_a_notice() {
    let room = Room::new();
    let good = fixture(LIST.0);
    let withheld = fixture("dr-truncated/message.xml");
    // A name that the second entry would be given, one that the notice of the fourth would have.
    let mut tar = tar::Builder::new(Vec::new());
    for (name, message) in
        [("entry-000000002", &good), ("\u{202E}x", &good), ("a.xml.withheld.json", &good), ("a.xml", &withheld)]
    {
        let mut header = tar::Header::new_ustar();
        header.set_size(message.len() as u64);
        tar.append_data(&mut header, name, message.as_slice()).unwrap();
    }
    room.write("in.tar", &tar.into_inner().unwrap());
    room.redact(&["in.tar", "-o", "out/", "--output-format", "message"]);
    assert_eq!(room.names("out"), ["entry-000000001", "entry-000000002", "entry-000000003"]);
    for form in ["tar", "zip"] {
        let target = format!("out.{form}");
        room.redact(&["in.tar", "-o", &target]);
        let names: Vec<String> = unpack(form, &read(&room.path(&target))).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["entry-000000001", "entry-000000002", "entry-000000003", "a.xml.withheld.json"]);
    }
}

#[test]
fn attack_35_files_with_odd_names_are_packed_under_plain_ones_and_told_on_one_line() {
    let room = Room::new();
    let good = fixture(LIST.0);
    let bad = fixture("dr-truncated/message.xml");
    fs::create_dir(room.path("in")).unwrap();
    let odd: [&[u8]; 6] = [
        b"..\\..\\up.json",
        b"\xFF.json",
        b"\xFE.json",
        b"x.json.withheld.json",
        b"nul.json",
        b"a\x1b[31m\ndmv-redact: all is well",
    ];
    for name in odd {
        let message = if name.contains(&b'\n') { &bad } else { &good };
        fs::write(room.path("in").join(std::ffi::OsString::from_vec(name.to_vec())), message).unwrap();
    }
    for form in ["tar", "zip"] {
        let target = format!("out.{form}");
        let output = room.redact(&["in", "-o", &target]);
        let names: BTreeSet<String> =
            unpack(form, &read(&room.path(&target))).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names.len(), 6, "{names:?}");
        assert!(names.iter().all(|name| name.starts_with("entry-00000000")), "{names:?}");
        let told = complaint(&output);
        assert_eq!(told.lines().count(), 1, "{told}");
        assert!(told.contains(r"in/a\u{1b}[31m\u{a}dmv-redact: all is well: withheld"), "{told}");
        assert!(!told.contains('\u{1b}'));
    }
    // Mirrored they keep their names, whatever these are.
    room.redact(&["in", "-o", "out"]);
    assert_eq!(fs::read_dir(room.path("out")).unwrap().count(), 5);
}

#[test]
fn p1_no_place_of_a_run_lies_in_another() {
    let room = Room::new();
    room.write("in/all.ndjson", &pack("ndjson", &messages(8)));
    let before = room.names(".");
    for arguments in [
        &["in", "-o", "out", "--withheld", "out"][..],
        &["in", "-o", "out", "--withheld", "out/withheld"],
        &["in", "-o", "out", "--withheld", "in/withheld"],
        &["in", "-o", "kept/out", "--withheld", "kept"],
        &["in", "-o", "out", "--log", "in/log"],
        &["in", "-o", "out", "--log", "out/log"],
        &["in/all.ndjson", "-o", "log", "--log", "log"],
        &["in/all.ndjson", "-o", "out", "--log", "in/all.ndjson"],
        &["in/all.ndjson", "--dry-run", "--log", "in/all.ndjson"],
        &["in", "-o", "out", "--withheld", "kept", "--log", "kept/log"],
        &["in", "-o", "in/../in/out"],
    ] {
        let output = room.redact(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", complaint(&output));
        assert!(complaint(&output).contains("overlap"), "{}", complaint(&output));
        assert_eq!(room.names("."), before, "{arguments:?}");
    }
}

#[test]
fn originals_are_not_kept_where_others_may_look() {
    let room = Room::new();
    room.write("in.ndjson", &pack("ndjson", &messages(8)));
    fs::create_dir(room.path("kept")).unwrap();
    fs::set_permissions(room.path("kept"), fs::Permissions::from_mode(0o755)).unwrap();
    let arguments = ["in.ndjson", "-o", "out.ndjson", "--withheld", "kept"];
    let output = room.redact(&arguments);
    assert_eq!(output.status.code(), Some(2), "{}", complaint(&output));
    assert!(room.names("kept").is_empty() && !room.path("out.ndjson").exists());
    fs::set_permissions(room.path("kept"), fs::Permissions::from_mode(0o700)).unwrap();
    assert_eq!(room.redact(&arguments).status.code(), Some(3));
    assert_eq!(room.names("kept").len(), 3);
}

#[test]
fn attack_36_a_folder_that_somebody_else_laid_is_not_worked_in() {
    let room = Room::new();
    room.write("in/a.json", &fixture(LIST.0));
    fs::create_dir_all(room.path("out")).unwrap();
    fs::create_dir(room.path("elsewhere")).unwrap();
    let victim = room.write("victim", b"precious");
    // Open to others: they could have put anything there.
    let state = room.path(".dmv-redact-out");
    fs::create_dir(&state).unwrap();
    fs::set_permissions(&state, fs::Permissions::from_mode(0o777)).unwrap();
    symlink(&victim, state.join("0-0")).unwrap();
    symlink(&victim, state.join("dmv-redact-state")).unwrap();
    let refused = |what: &str| {
        let output = room.redact(&["in", "-o", "out"]);
        assert_eq!(output.status.code(), Some(2), "{what}: {}", complaint(&output));
        assert_eq!(read(&victim), b"precious", "{what}");
        assert!(!room.path("out/a.json").exists(), "{what}");
    };
    refused("open to others");
    fs::remove_dir_all(&state).unwrap();
    symlink(room.path("elsewhere"), &state).unwrap();
    refused("a link");
    assert!(room.names("elsewhere").is_empty());
}

#[test]
fn attack_35_no_link_leads_out_of_the_folder_of_outputs() {
    let room = Room::new();
    room.write("in/sub/a.json", &fixture(LIST.0));
    room.write("in/sub/deep/b.xml", &fixture("dr-truncated/message.xml"));
    room.write("in/sub/c.ndjson", &line(&fixture(LIST.0)));
    room.write("in/d.json", &fixture(LIST.0));
    let theirs = room.write("elsewhere/deep/b.xml", b"precious");
    let target = room.write("elsewhere/d", b"precious");
    fs::create_dir(room.path("out")).unwrap();
    symlink(room.path("elsewhere"), room.path("out/sub")).unwrap();
    symlink(&target, room.path("out/d.json")).unwrap();
    let output = room.redact(&["in", "-o", "out"]);
    assert_eq!(output.status.code(), Some(1), "{}", complaint(&output));
    assert_eq!(room.names("elsewhere"), ["d", "deep/b.xml"]);
    assert_eq!((read(&theirs), read(&target)), (b"precious".to_vec(), b"precious".to_vec()));
    // A link in the place of an output is neither followed nor replaced, and says that it is there.
    assert_eq!(fs::read_link(room.path("out/d.json")).unwrap(), target);
    assert!(complaint(&output).contains("out/d.json: what is there is no regular file"), "{}", complaint(&output));
    // One that is named itself is followed.
    fs::create_dir(room.path("real")).unwrap();
    symlink(room.path("real"), room.path("named")).unwrap();
    assert_eq!(room.redact(&["in/d.json", "-o", "named/"]).status.code(), Some(0));
    assert_eq!(room.names("real"), ["d.json"]);
}

#[test]
fn a_missing_input_among_others_does_not_keep_these_from_being_done() {
    let room = Room::new();
    room.write("a.json", &fixture(LIST.0));
    let output = room.redact(&["a.json", "missing.json", "-o", "out", "--summary", "json"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(complaint(&output).contains("missing.json: failed: "), "{}", complaint(&output));
    assert_eq!(read(&room.path("out/a.json")), fixture(LIST.1));
    assert_eq!(summary(&output)["failed"], 1);
    let alone = room.redact(&["missing.json", "-o", "alone.ndjson"]);
    assert_eq!((alone.status.code(), text(&alone.stdout)), (Some(1), ""));
    assert!(!room.path("alone.ndjson").exists());
}
