//! Where outputs go: to files and folders, which hold what this run put there and nothing else, or into what is no file and
//! stays what it is (P11).

use std::fs;
use std::os::unix::fs::{FileTypeExt, symlink};
use std::os::unix::net::UnixListener;
use std::process::Command;

use super::stops::killed;
use super::{LIST, POLICE, Room, complaint, example_state, fixture, gzip, messages, pack, read, summary, text};

#[test]
fn p11_a_dash_and_the_name_of_stdout_are_stdout() {
    let room = Room::new();
    room.write("in.json", &fixture(LIST.0));
    for out in ["-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"] {
        let output = room.redact(&["in.json", "-o", out]);
        assert_eq!(
            (output.status.code(), &output.stdout),
            (Some(0), &fixture(LIST.1)),
            "{out}: {}",
            complaint(&output)
        );
        assert_eq!(complaint(&output), "", "{out}");
        // Also where that is a file.
        let file = fs::File::create(room.path("redirected")).unwrap();
        let status = room.command(&["redact", "in.json", "-o", out]).stdout(file).status().unwrap();
        assert_eq!((status.code(), read(&room.path("redirected"))), (Some(0), fixture(LIST.1)), "{out}");
        fs::remove_file(room.path("redirected")).unwrap();
    }
    assert_eq!(room.names("."), ["in.json"]);
}

#[test]
fn p11_devices_and_pipes_are_written_to_and_stay_what_they_are() {
    let room = Room::new();
    room.write("in.json", &fixture(LIST.0));
    room.write("in.ndjson", &pack("ndjson", &messages(8)));
    assert_eq!(room.redact(&["in.json", "-o", "/dev/null"]).status.code(), Some(0));
    assert!(fs::metadata("/dev/null").unwrap().file_type().is_char_device());
    let (fifo, name) = (room.path("pipe.ndjson.gz"), "pipe.ndjson.gz");
    assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    symlink(&fifo, room.path("linked.ndjson.gz")).unwrap();
    room.redact(&["in.ndjson", "-o", "out.ndjson.gz"]);
    for out in [name, "linked.ndjson.gz"] {
        let reader = std::thread::spawn({
            let fifo = fifo.clone();
            move || read(&fifo)
        });
        let output = room.redact(&["in.ndjson", "-o", out]);
        assert_eq!(output.status.code(), Some(3), "{}", complaint(&output));
        assert!(reader.join().unwrap() == read(&room.path("out.ndjson.gz")), "{out}");
        assert!(fs::symlink_metadata(&fifo).unwrap().file_type().is_fifo());
    }
    for option in ["--resume", "--restart"] {
        assert_eq!(room.redact(&["in.ndjson", "-o", name, option]).status.code(), Some(2), "{option}");
    }
    // Nobody reads: the wait ends with the run.
    let mut child = room.command(&["redact", "in.ndjson", "-o", name]).spawn().unwrap();
    std::thread::sleep(std::time::Duration::from_millis(300));
    Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(1));
}

#[test]
fn p11_links_and_sockets_are_refused_and_nothing_but_a_file_is_replaced() {
    let room = Room::new();
    room.write("in/a.json", &fixture(LIST.0));
    room.write("in/b.ndjson", &pack("ndjson", &messages(8)));
    room.write("in/c.xml", &fixture("dr-truncated/message.xml"));
    let target = room.write("theirs", b"precious");
    symlink(&target, room.path("link")).unwrap();
    symlink("nowhere", room.path("dangling")).unwrap();
    let _socket = UnixListener::bind(room.path("socket")).unwrap();
    for (out, what) in [("link", "is a link"), ("dangling", "is a link that leads nowhere"), ("socket", "is a socket")]
    {
        let output = room.redact(&["in/a.json", "-o", out]);
        assert_eq!(output.status.code(), Some(2), "{out}");
        assert!(complaint(&output).contains(what), "{}", complaint(&output));
    }
    assert!(fs::symlink_metadata(room.path("socket")).unwrap().file_type().is_socket());
    // In the places of outputs below a folder, withheld ones too.
    fs::create_dir_all(room.path("out")).unwrap();
    for name in ["a.json", "b.ndjson", "c.xml"] {
        symlink(&target, room.path("out").join(name)).unwrap();
    }
    let output = room.redact(&["in", "-o", "out", "--summary", "json"]);
    assert_eq!(output.status.code(), Some(1), "{}", complaint(&output));
    let counted = summary(&output);
    assert_eq!((&counted["failed"], &counted["left-over"]), (&2.into(), &3.into()), "{}", complaint(&output));
    assert!(["a.json", "b.ndjson", "c.xml"].iter().all(|name| room.path("out").join(name).is_symlink()));
    assert_eq!(read(&target), b"precious");
    // Originals that are kept apart replace nothing else either.
    fs::create_dir(room.path("kept")).unwrap();
    fs::set_permissions(room.path("kept"), std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    symlink(&target, room.path("kept/c.xml")).unwrap();
    let output = room.redact(&["in/c.xml", "-o", "other", "--withheld", "kept"]);
    assert_eq!(output.status.code(), Some(1), "{}", complaint(&output));
    assert!(complaint(&output).contains("not kept apart") && room.path("kept/c.xml").is_symlink());
}

#[test]
fn p11_what_earlier_runs_left_is_reported_or_removed() {
    let room = Room::new();
    for name in ["a.json", "sub/gone.json", "sub/deep/gone.json", "unreadable.json", "held.json"] {
        room.write(&format!("in/{name}"), &fixture(LIST.0));
    }
    room.write("in/gone.ndjson.gz", &gzip(&pack("ndjson", &messages(8))));
    assert_eq!(room.redact(&["in", "-o", "out"]).status.code(), Some(3));
    fs::remove_dir_all(room.path("in/sub")).unwrap();
    fs::remove_file(room.path("in/gone.ndjson.gz")).unwrap();
    fs::remove_file(room.path("in/unreadable.json")).unwrap();
    symlink("nowhere", room.path("in/unreadable.json")).unwrap();
    room.write("in/held.json", &fixture("dr-ice/message.xml"));
    room.write("out/foreign", b"no run put this here");
    symlink("nowhere", room.path("out/link")).unwrap();
    let left = ["foreign", "gone.ndjson.gz", "link", "sub/deep/gone.json", "sub/gone.json", "unreadable.json"];
    for _ in 0..2 {
        let output = room.redact(&["in", "-o", "out", "--summary", "json"]);
        assert_eq!(output.status.code(), Some(1), "{}", complaint(&output));
        for name in left {
            assert!(
                complaint(&output).contains(&format!("out/{name}: left from before")),
                "{name}: {}",
                complaint(&output)
            );
        }
        assert_eq!(summary(&output)["left-over"], left.len());
        // What is withheld now had an output: that goes in any case (P2).
        assert!(!room.path("out/held.json").exists());
    }
    fs::remove_file(room.path("in/unreadable.json")).unwrap();
    let output = room.redact(&["in", "-o", "out", "--prune"]);
    assert_eq!(output.status.code(), Some(3), "{}", complaint(&output));
    assert_eq!(room.names("out"), ["a.json"]);
    assert!(!room.path("out/sub").exists());
    let headline = text(&output.stdout).lines().last().unwrap();
    assert!(headline.ends_with("; 6 removed that were left from before"), "{headline}");
    // A single output whose source can't be read any more.
    room.write("one.json", b"of an earlier run");
    symlink("/dev/null", room.path("device.json")).unwrap();
    let arguments = ["device.json", "-o", "one.json"];
    let output = room.redact(&arguments);
    assert_eq!(output.status.code(), Some(1), "{}", complaint(&output));
    assert!(complaint(&output).contains("one.json: left from before"), "{}", complaint(&output));
    assert!(room.path("one.json").exists());
    assert_eq!(room.redact(&[&arguments[..], &["--prune"]].concat()).status.code(), Some(1));
    assert!(!room.path("one.json").exists());
}

#[test]
fn p11_a_run_that_goes_on_knows_what_it_put_in_place_before() {
    let room = Room::new();
    let is_under_way = |journal: &str| !journal.contains("\"found\":0,");
    let run = ["redact", "in", "-o", "out", "--jobs", "1"];
    killed(&room, &run, ".dmv-redact-out/journal.json", is_under_way, |messages| {
        room.write("out/00/left.json", b"of an earlier run");
        for (name, message) in messages {
            room.write(&format!("in/{name}"), message);
        }
    });
    let output = room.redact(&["in", "-o", "out", "--jobs", "1", "--resume", "--summary", "json"]);
    assert_eq!(output.status.code(), Some(1), "{}", complaint(&output));
    assert_eq!(summary(&output)["left-over"], 1, "{}", complaint(&output));
    assert!(complaint(&output).contains("out/00/left.json: left from before"), "{}", complaint(&output));
    let pruned = room.redact(&["in", "-o", "out", "--prune"]);
    assert_eq!(pruned.status.code(), Some(3), "{}", complaint(&pruned));
    room.redact(&["in", "-o", "once"]);
    assert_eq!(room.names("out"), room.names("once"));
}

#[test]
fn options_without_effect_are_refused_or_reported() {
    let room = Room::new();
    room.write("in.json", &fixture(LIST.0));
    room.write("in/a.json", &fixture(LIST.0));
    room.write("in.ndjson", &pack("ndjson", &messages(8)));
    let policy = &example_state();
    for (arguments, option) in [
        (&["in.json", "--requester-member", "ori", "--input-format", "message"][..], "--requester-member"),
        (&["in", "-o", "out", "--payload-member", "body", "--input-format", "tar"], "--payload-member"),
        (&["in", "-o", "out", "--purpose-member", "p", "--input-format", "zip"], "--purpose-member"),
        (&["in.ndjson", "-o", "out.tar", "--payload-member", "body", "--keep-member", "n"], "--keep-member"),
        (&["in.ndjson", "--dry-run", "--payload-member", "body", "--keep-member", "n"], "--keep-member"),
        (&["in", "-o", "out", "--output-format", "message", "--drop-withheld"], "--drop-withheld"),
        (&["in", "--dry-run", "--drop-withheld"], "--drop-withheld"),
        (&["in", "--dry-run", "--output-format", "tar"], "--output-format"),
        (&["in", "--dry-run", "--prune"], "--prune"),
        (&["in.json", "--prune"], "--prune"),
        (&["in.json", "-o", "/dev/null", "--prune"], "--prune"),
        (&["in.json", "--compare", policy], "--compare"),
        (&["in.json", "--limit", "depth=5", "--limit", "depth=6"], "--limit: `depth` is set twice"),
        (&["in.json", "--jobs", "0"], "--jobs"),
        (&["in.json", "--log-key", "key"], "--log"),
        (&["in.json", "--log-signing-key", "key"], "--log"),
        (&["in", "-o", "out.json.gz"], "several messages need a folder, and out.json.gz is named as one"),
        (&["in.json", "--resume"], "can't be resumed"),
        (&["in.json", "--restart"], "can't be resumed"),
    ] {
        let output = room.redact(arguments);
        assert_eq!((output.status.code(), text(&output.stdout)), (Some(2), ""), "{arguments:?}");
        assert!(complaint(&output).contains(option), "{arguments:?}: {}", complaint(&output));
    }
    // What only the content tells.
    for (arguments, option) in [
        (&["in", "-o", "out", "--requester-member", "ori"][..], "--requester-member had no effect: no input is lines"),
        (&["in.json", "-o", "one.json", "--payload-member", "body"], "--payload-member had no effect"),
        (&["in", "-o", "out", "--drop-withheld"], "--drop-withheld had no effect"),
        (&["in.ndjson", "--output-format", "message"], "in.ndjson: failed: it holds many messages"),
        // One compressed message, by its name.
        (&["in.ndjson", "-o", "message.json.gz"], "in.ndjson: failed: it holds many messages"),
    ] {
        let output = room.redact(arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {}", complaint(&output));
        assert!(complaint(&output).contains(option), "{arguments:?}: {}", complaint(&output));
        assert!(!arguments.contains(&"message") || output.stdout.is_empty());
    }
    // One message, decompressed.
    room.write("one.xml.gz", &gzip(&fixture(POLICE.0)));
    let output = room.redact(&["one.xml.gz", "--output-format", "message"]);
    assert_eq!((output.status.code(), &output.stdout), (Some(0), &fixture(POLICE.1)), "{}", complaint(&output));
}
