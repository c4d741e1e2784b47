//! What goes wrong with sources, outputs and logs: the run goes on where it can, says what it couldn't, and nothing is half
//! written.

use std::fs;
use std::io::{Read, Write};
use std::process::{Command, Stdio};

use super::{LIST, POLICE, Room, complaint, fixture, gzip, line, messages, pack, read, summary, text, unpack};

#[test]
fn a_source_that_breaks_off_gives_what_came_before_and_is_told() {
    let room = Room::new();
    let messages = messages(64);
    for form in ["ndjson.gz", "ndjson.zst", "tar", "tar.gz", "tar.zst"] {
        let whole = pack(form, &messages);
        // Zstandard finds the messages so alike that most of them lie in its last few hundred bytes.
        let kept = if form.ends_with("zst") { whole.len() - 200 } else { whole.len() * 2 / 3 };
        let cut = &whole[..kept];
        let name = format!("in/cut.{form}");
        room.write(&name, cut);
        room.write("in/good.json", &fixture(LIST.0));
        let output = room.redact(&["in", "-o", "out", "--summary", "json"]);
        assert_eq!(output.status.code(), Some(1), "{form}: {}", complaint(&output));
        assert!(complaint(&output).contains(&format!("{name}: failed: ")), "{form}: {}", complaint(&output));
        assert_eq!(read(&room.path("out/good.json")), fixture(LIST.1), "{form}");
        // What was whole is there, then the notice that something is missing.
        let entries = unpack(form, &read(&room.path(&format!("out/cut.{form}"))));
        assert!(entries.len() > 1 && entries.len() <= 64, "{form}: {}", entries.len());
        assert_eq!(entries.last().unwrap().1, b"{\"failed\":\"unreadable\"}\n", "{form}");
        fs::remove_dir_all(room.path("in")).unwrap();
        fs::remove_dir_all(room.path("out")).unwrap();
    }
    // A last line without its end is a line.
    room.write("in.ndjson", line(&fixture(LIST.0)).trim_ascii_end());
    assert_eq!(room.redact(&["in.ndjson", "-o", "out.ndjson"]).status.code(), Some(0));
}

#[test]
fn a_tar_that_is_cut_between_entries_or_goes_on_behind_its_end_is_told() {
    let room = Room::new();
    let whole = pack("tar", &messages(2));
    let ended = |message: &[u8]| 512 + message.len().div_ceil(512) * 512;
    let cut = whole[..ended(&fixture(POLICE.0))].to_vec();
    let two = [whole.clone(), whole.clone()].concat();
    let mut padded = whole.clone();
    padded.extend([0; 10_240]);
    let gz = gzip(&whole);
    let mut bad_sum = gz.clone();
    let at = bad_sum.len() - 6;
    bad_sum[at] ^= 1;
    for (what, name, bytes, status, entries) in [
        ("cut", "in.tar", cut, 1, 2),
        ("nothing", "in.tar", Vec::new(), 1, 1),
        ("two behind one another", "in.tar", two, 1, 3),
        ("padded", "in.tar", padded, 0, 2),
        ("without its checksum", "in.tar.gz", gz[..gz.len() - 8].to_vec(), 1, 3),
        ("with a wrong checksum", "in.tar.gz", bad_sum, 1, 3),
    ] {
        room.write(name, &bytes);
        let output = room.redact(&[name, "-o", "out.tar"]);
        assert_eq!(output.status.code(), Some(status), "{what}: {}", complaint(&output));
        assert_eq!(unpack("tar", &read(&room.path("out.tar"))).len(), entries, "{what}");
    }
}

#[test]
fn a_broken_checksum_is_found() {
    let room = Room::new();
    let mut bytes = gzip(&pack("ndjson", &messages(8)));
    let at = bytes.len() - 6;
    bytes[at] ^= 1;
    room.write("in.ndjson.gz", &bytes);
    let output = room.redact(&["in.ndjson.gz", "-o", "out.ndjson.gz"]);
    assert_eq!(output.status.code(), Some(1), "{}", complaint(&output));
}

#[test]
fn what_can_not_be_opened_is_told_and_the_rest_is_done() {
    let room = Room::new();
    room.write("a.json", &fixture(LIST.0));
    let output = room.redact(&["a.json", "missing.json", "-o", "out", "--summary", "json"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(complaint(&output).contains("missing.json"), "{}", complaint(&output));
}

#[test]
fn a_place_that_is_taken_by_a_folder_is_one_failure() {
    let room = Room::new();
    room.write("in/a.json", &fixture(LIST.0));
    room.write("in/b.json", &fixture(LIST.0));
    fs::create_dir_all(room.path("out/a.json")).unwrap();
    let output = room.redact(&["in", "-o", "out", "--summary", "json"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(summary(&output)["failed"], 1);
    assert_eq!(read(&room.path("out/b.json")), fixture(LIST.1));
    assert_eq!(room.names("out"), ["b.json"]);
}

#[test]
fn a_file_that_grows_or_shrinks_while_it_is_read_is_told() {
    let room = Room::new();
    let good = line(&fixture(LIST.0));
    let path = room.write("in.ndjson", &good.repeat(20_000));
    for shrinks in [false, true] {
        let mut child =
            room.command(&["redact", "in.ndjson", "-o", "out.ndjson", "--jobs", "1", "--restart"]).spawn().unwrap();
        std::thread::sleep(std::time::Duration::from_millis(30));
        let file = fs::OpenOptions::new().append(true).open(&path).unwrap();
        if shrinks {
            file.set_len(1 << 20).unwrap()
        } else {
            (&file).write_all(&good).unwrap()
        }
        let mut told = String::new();
        child.stderr.take().unwrap().read_to_string(&mut told).unwrap();
        // A machine that is faster than this test has read it all before.
        if child.wait().unwrap().code() == Some(1) {
            assert!(told.contains("in.ndjson"), "{told}");
            assert!(read(&room.path("out.ndjson")).ends_with(b"{\"failed\":\"unreadable\"}\n"));
        }
    }
}

#[test]
fn a_full_disk_ends_the_run_and_leaves_nothing_half_written() {
    let room = Room::new();
    room.write("in.ndjson", &pack("ndjson", &messages(2000)));
    // A limit on the size of files is met like a full disk is, and needs no rights.
    let limited = |arguments: &str| {
        let script = format!("trap '' XFSZ; ulimit -f 64; exec \"$0\" redact in.ndjson {arguments}");
        let mut command = Command::new("bash");
        command.args(["-c", &script, env!("CARGO_BIN_EXE_dmv-redact")]).current_dir(room.path("."));
        command.stdin(Stdio::null()).output().unwrap()
    };
    let output = limited("-o out.ndjson");
    assert_eq!(output.status.code(), Some(1), "{}", complaint(&output));
    assert!(!room.path("out.ndjson").exists());
    // With room again it goes on.
    let resumed = room.redact(&["in.ndjson", "-o", "out.ndjson", "--resume"]);
    assert_eq!(resumed.status.code(), Some(3), "{}", complaint(&resumed));
    room.redact(&["in.ndjson", "-o", "at-once.ndjson"]);
    assert!(read(&room.path("out.ndjson")) == read(&room.path("at-once.ndjson")));
    // A log that can't be written: nothing more goes out.
    room.write("in.ndjson", &b"{\"a\":1}\n".repeat(1000));
    let output = limited("-o logged.ndjson --log log");
    assert_eq!(output.status.code(), Some(1));
    assert!(complaint(&output).contains("so nothing more is released"), "{}", complaint(&output));
    assert!(!room.path("logged.ndjson").exists());
}

#[test]
fn p6_a_log_that_can_not_be_opened_lets_nothing_out() {
    let room = Room::new();
    for (content, what) in [
        (&b"this is no log\n"[..], "its last line is none of a disclosure log"),
        (b"{\"sequence\":1}\n", "its last line is none of a disclosure log"),
    ] {
        room.write("log", content);
        let output = room.run(&["redact", "--log", "log"], &fixture(LIST.0));
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0));
        assert!(complaint(&output).contains(what), "{}", complaint(&output));
        assert_eq!(read(&room.path("log")), content);
    }
    let nowhere = room.run(&["redact", "--log", "no/such/folder/log"], &fixture(LIST.0));
    assert_eq!((nowhere.status.code(), nowhere.stdout.len()), (Some(1), 0));
}

#[test]
fn a_pipe_that_is_closed_ends_the_run() {
    let room = Room::new();
    room.write("in.ndjson", &pack("ndjson", &messages(2000)));
    let mut child = room.command(&["redact", "in.ndjson"]).spawn().unwrap();
    let mut some = [0; 100];
    child.stdout.take().unwrap().read_exact(&mut some).unwrap();
    let mut told = String::new();
    child.stderr.take().unwrap().read_to_string(&mut told).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(1));
    assert!(told.contains("the output can't be written"), "{told}");
    assert!(!told.contains("panicked") && text(&some).starts_with('"'), "{told}");
}
