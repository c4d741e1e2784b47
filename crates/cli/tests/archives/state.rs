//! The program's own files and the names of others: nothing that a source, an archive or an option is called meets the state
//! of a run, this one's or another's (P11).

use std::fs;
use std::path::Path;

use super::stops::killed;
use super::{LIST, Message, Room, complaint, example_state, fixture, pack, read, summary, text};

/// Names that the program has for its own files, or had.
const NAMES: [&str; 9] = [
    ".dmv-redact/0-1",
    ".dmv-redact/journal.json",
    ".dmv-redact/lock",
    ".dmv-redact/part",
    ".dmv-redact-out/staged-0-0",
    ".dmv-redact-out/work-x/staged-0-1",
    ".dmv-redact-out/dmv-redact-state",
    ".dmv-redact-out/work-x/placed",
    "part",
];

/// Messages that differ in what goes out of them, under these names; and what goes out.
fn named(names: &[&str]) -> (Vec<Message>, Vec<Message>) {
    let with = |fixture_name: &str, at: usize| {
        let message = String::from_utf8(fixture(fixture_name)).unwrap();
        message.replace("JORDAN", &format!("JORDAN{}", char::from(b'A' + u8::try_from(at).unwrap()))).into_bytes()
    };
    let all = |fixture_name: &'static str| {
        let each = move |(at, name): (usize, &&str)| ((*name).to_owned(), with(fixture_name, at));
        names.iter().enumerate().map(each).collect()
    };
    (all(LIST.0), all(LIST.1))
}

#[test]
fn p11_what_is_called_like_a_file_of_the_program_goes_out_under_its_own_name() {
    let room = Room::new();
    let (messages, expected) = named(&NAMES);
    for (name, message) in &messages {
        room.write(&format!("in/{name}"), message);
    }
    room.write("in.tar", &pack("tar", &messages));
    room.write("in.zip", &pack("zip", &messages));
    for (input, form) in [("in", None), ("in.tar", Some("message")), ("in.zip", Some("message"))] {
        let form = form.map_or(vec![], |form| vec!["--output-format", form]);
        let output = room.redact(&[&[input, "-o", "out"], &form[..]].concat());
        assert_eq!(output.status.code(), Some(0), "{input}: {}", complaint(&output));
        let mut names: Vec<&str> = expected.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        assert_eq!(room.names("out"), names, "{input}");
        for (name, content) in &expected {
            assert!(&read(&room.path("out").join(name)) == content, "{input}: {name}");
        }
        assert!(!room.path(".dmv-redact-out").exists());
        fs::remove_dir_all(room.path("out")).unwrap();
    }
}

#[test]
fn p11_the_state_of_another_run_is_reported_and_never_a_source_or_a_place() {
    let room = Room::new();
    fs::create_dir(room.path("work")).unwrap();
    let run = ["redact", "in.ndjson", "-o", "work/x"];
    let journal = "work/.dmv-redact-x/journal.json";
    killed(&room, &run, journal, |_| true, |messages| drop(room.write("in.ndjson", &pack("ndjson", messages))));
    let state = room.names("work/.dmv-redact-x");
    room.write("work/good.json", &fixture(LIST.0));
    // As a source.
    let output = room.redact(&["work", "-o", "out", "--summary", "json"]);
    assert_eq!(output.status.code(), Some(1), "{}", complaint(&output));
    assert!(complaint(&output).contains("work/.dmv-redact-x: passed over: the state of an unfinished run"));
    assert_eq!((room.names("out"), &summary(&output)["passed-over"]), (vec!["good.json".to_owned()], &1.into()));
    // As a place, whatever letters it is written in and however it is reached.
    room.write("like/.dmv-redact-x/journal.json", &fixture(LIST.0));
    room.write("like/.dmv-redact-x/staged-0-0", &fixture(LIST.0));
    let output = room.redact(&["like", "-o", "work"]);
    assert_eq!(output.status.code(), Some(1), "{}", complaint(&output));
    assert!(complaint(&output).contains("work/.dmv-redact-x is the state of an unfinished run"));
    assert_eq!(room.names("work/.dmv-redact-x"), state);
    // As what an option names.
    let own = "work/.dmv-redact-x";
    let inside = format!("{own}/out");
    for arguments in [
        &["good.json", "-o", own][..],
        &["good.json", "-o", &inside],
        &[own, "-o", "other"],
        &[&format!("{own}/journal.json"), "-o", "other"],
        &["good.json", "-o", "other", "--withheld", &format!("{own}/kept")],
        &["good.json", "-o", "other", "--log", &format!("{own}/log")],
    ] {
        room.write("good.json", &fixture(LIST.0));
        let output = room.redact(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", complaint(&output));
        assert!(complaint(&output).contains("the state of an unfinished run"), "{}", complaint(&output));
    }
    // Not even --prune takes it away, and the run goes on as if nothing had been.
    let output = room.redact(&["good.json", "-o", "work/", "--prune"]);
    assert_eq!(output.status.code(), Some(1), "{}", complaint(&output));
    assert_eq!(room.names("work/.dmv-redact-x"), state);
    let output = room.redact(&["in.ndjson", "-o", "work/x", "--resume"]);
    assert_eq!(output.status.code(), Some(3), "{}", complaint(&output));
    room.redact(&["in.ndjson", "-o", "once"]);
    assert!(read(&room.path("work/x")) == read(&room.path("once")));
    assert!(!room.path(own).exists());
}

#[test]
fn p11_no_option_names_the_state_of_the_run() {
    let room = Room::new();
    room.write("in/a.json", &fixture(LIST.0));
    room.write("key", b"0123456789abcdef0123456789abcdef");
    let policy = &example_state();
    fs::copy(policy, room.path("policy.toml")).unwrap();
    for arguments in [
        &["in", "-o", "out", "--withheld", ".dmv-redact-out"][..],
        &["in", "-o", "out", "--log", ".dmv-redact-out"],
        &["in", "-o", "out", "--log", ".dmv-redact-out/log"],
        &["in", "-o", "policy.toml", "--policy", "policy.toml"],
        &["in", "-o", "out", "--compare", "out/policy.toml"],
        &["in", "-o", "out", "--log", "log", "--log-key", "log"],
        &["in", "-o", "out", "--log", "log", "--log-signing-key", "log"],
        &["in", "-o", "out", "--withheld", "kept", "--catalog", "kept/catalog.toml"],
    ] {
        let output = room.redact(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", complaint(&output));
        let told = complaint(&output);
        assert!(told.contains("overlap") || told.contains("toml"), "{arguments:?}: {told}");
        assert!(!room.path("out").exists());
    }
    // Something else in its place is no state: it stays.
    room.write(".dmv-redact-out/a.json", b"theirs");
    let output = room.redact(&["in", "-o", "out"]);
    assert_eq!(output.status.code(), Some(2), "{}", complaint(&output));
    assert!(complaint(&output).contains(".dmv-redact-out is in the way"), "{}", complaint(&output));
    assert_eq!(room.names(".dmv-redact-out"), ["a.json"]);
    // A name as long as names can be has a state, too; and so has `.`.
    let long = "x".repeat(255);
    assert_eq!(room.redact(&["in", "-o", &long]).status.code(), Some(0));
    fs::create_dir(room.path("here")).unwrap();
    let mut here = room.command(&["redact", "../in", "-o", "."]);
    let output = here.current_dir(room.path("here")).output().unwrap();
    assert_eq!(
        (output.status.code(), room.names("here")),
        (Some(0), vec!["a.json".to_owned()]),
        "{}",
        text(&output.stderr)
    );
}

#[test]
fn p11_what_a_killed_run_left_without_a_mark_is_in_nobodys_way() {
    let room = Room::new();
    room.write("in/a.json", &fixture(LIST.0));
    let state = room.path(".dmv-redact-out");
    for begun in [None, Some(&b""[..]), Some(b"state of an unfin")] {
        fs::create_dir(&state).unwrap();
        if let Some(begun) = begun {
            fs::write(state.join("dmv-redact-state"), begun).unwrap();
        }
        let output = room.redact(&["in", "-o", "out"]);
        assert_eq!(output.status.code(), Some(0), "{}", complaint(&output));
        assert!(!state.exists());
        fs::remove_dir_all(Path::new(&room.path("out"))).unwrap();
    }
}
