//! The review desk on the command line: what is held waits in the queue, goes out once a person has approved it, to its place
//! and with what was granted, and every step is on record.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;

use dmv_redact_testing::root;

use crate::{command_in, run_in, text, told_in};

const QUEUE: [&str; 4] = ["--review", "queue.db", "--review-key", "key"];
const POLICY: [&str; 2] = ["--policy", "policy.toml"];
const DESK: [&str; 2] = ["--log", "desk.log"];
const ORDER: &str = "claim=order,number=2:26-mj-1,specifies=person.name";

/// What immigration offices get is held: whatever they ask for, for one person to approve; their license status for two.
const TEXT: &str = r#"[policy]
name = "office"
version = "1"
claims = ["approved", "order"]

[agencies.immigration]
ori = ["VTICE0900"]

[[permit]]
id = "specified"
agencies = ["immigration"]
specified-by = ["order"]
elements = ["person.name", "license", "vehicle"]
basis = "a statute"

[[review]]
id = "review"
agencies = ["immigration"]
unless = ["approved"]
vouches = ["approved", "order"]
basis = "a statute"
PEOPLE
"#;

/// A folder with a policy, a key, and the same held message in three lines.
fn office(people: &str) -> TempDir {
    let folder = TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::write(path("policy.toml"), TEXT.replace("PEOPLE", people)).unwrap();
    fs::write(path("key"), [b'k'; 32]).unwrap();
    let message = fs::read(root().join("fixtures/niem-json-dr-ice/message.json")).unwrap();
    let message: Value = serde_json::from_slice(&message).unwrap();
    fs::write(path("in.ndjson"), format!("{message}\n").repeat(3)).unwrap();
    folder
}

fn redact(folder: &TempDir, more: &[&str], status: i32) -> String {
    let log = if more.contains(&"--log") { &[][..] } else { &["--log", "run.log"] };
    told_in(folder.path(), &[&["redact", "in.ndjson"], &POLICY[..], &QUEUE, log, more].concat(), status)
}

fn desk(folder: &TempDir, verb: &[&str], status: i32) -> String {
    told_in(folder.path(), &[&["review"], verb, &QUEUE, &POLICY, &DESK].concat(), status)
}

fn list(folder: &TempDir, more: &[&str]) -> Vec<Value> {
    let output = run_in(folder.path(), &[&["review", "list", "--output", "json"], &QUEUE[..], more].concat());
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    serde_json::from_slice::<Value>(&output.stdout).unwrap()["reviews"].as_array().unwrap().clone()
}

/// The review of a line.
fn review_of(folder: &TempDir, line: u32) -> String {
    let all: Vec<&str> = ["open", "half-approved", "approved", "delivering", "delivered", "denied", "expired"]
        .into_iter()
        .flat_map(|state| ["--state", state])
        .collect();
    let id = format!("in.ndjson/{line:09}.json");
    let found = list(folder, &all).into_iter().find(|review| review["id"] == id.as_str()).unwrap();
    found["review"].as_str().unwrap().to_owned()
}

fn state_of(folder: &TempDir, line: u32) -> String {
    let id = review_of(folder, line);
    let shown = run_in(folder.path(), &[&["review", "show", &id, "--output", "json"], &QUEUE[..], &POLICY].concat());
    let shown: Value = serde_json::from_slice(&shown.stdout).unwrap();
    shown["review"]["state"].as_str().unwrap().to_owned()
}

fn lines(folder: &Path, name: &str) -> Vec<Value> {
    let text = fs::read_to_string(folder.join(name)).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn approve(folder: &TempDir, line: u32, by: &str, status: i32) -> String {
    let id = review_of(folder, line);
    desk(folder, &["approve", &id, "--by", by, "--claim", "approved", "--instrument", ORDER], status)
}

#[test]
fn p12_what_is_approved_comes_back_to_its_line_and_nothing_more() {
    let folder = office("");
    redact(&folder, &["-o", "out.ndjson", "--log", "run.log"], 3);
    let waiting = list(&folder, &[]);
    assert_eq!(waiting.len(), 3);
    assert!(waiting.iter().all(|review| review["state"] == "open" && review["requester"] == "VTICE0900"));

    let told = approve(&folder, 2, "ROE, J", 0);
    assert!(told.ends_with(": approved\n"), "{told}");
    let id = review_of(&folder, 3);
    desk(&folder, &["deny", &id, "--by", "ROE, J", "--reason", "no paper"], 0);
    let told = desk(&folder, &["deny", &id, "--by", "DOE, K", "--reason", "again"], 3);
    assert!(told.contains("it is denied, so this can't be done"), "{told}");

    let told = redact(&folder, &["-o", "out.ndjson", "--log", "run.log"], 3);
    assert!(told.contains("3 messages: 0 released, 1 redacted, 1 held, 1 withheld"), "{told}");
    assert!(told.contains("in.ndjson:3: withheld: denied: a person reviewed and denied it"), "{told}");
    let out = lines(folder.path(), "out.ndjson");
    let [waits, approved, denied] = out.as_slice() else { panic!("{out:?}") };
    assert_eq!((waits, denied), (&json!({"withheld": "review"}), &json!({"withheld": "denied"})));
    let approved = approved.to_string();
    assert!(approved.contains("PersonSurName") && !approved.contains("PersonBirthDate"), "{approved}");
    assert_eq!(state_of(&folder, 2), "delivered");

    // Again into the same place: the same. Into another: it is held, for it has gone out.
    redact(&folder, &["-o", "out.ndjson", "--log", "run.log"], 3);
    assert_eq!(lines(folder.path(), "out.ndjson"), out);
    let told = redact(&folder, &["-o", "other.ndjson"], 3);
    assert!(told.contains("in.ndjson:2: not approved: it was approved, and is delivered elsewhere"), "{told}");

    let records = lines(folder.path(), "run.log");
    let released: Vec<&Value> = records.iter().filter(|record| record["disposition"] == "redacted").collect();
    assert_eq!(released.len(), 2);
    for record in released {
        assert_eq!((&record["approved-by"], &record["review"]), (&json!("ROE, J"), &json!(review_of(&folder, 2))));
        assert_eq!(record["instruments"][0]["specifies"], json!(["person.name"]));
    }
    let steps: Vec<Value> = lines(folder.path(), "desk.log");
    let steps: Vec<&Value> = steps.iter().filter(|record| record["record"] == "desk").collect();
    let of = |step: &Value| (step["step"].clone(), step["by"].clone(), step["id"].clone());
    let expected = [
        (json!("approved"), json!("ROE, J"), json!("in.ndjson/000000002.json")),
        (json!("denied"), json!("ROE, J"), json!("in.ndjson/000000003.json")),
    ];
    assert_eq!(steps.iter().map(|step| of(step)).collect::<Vec<_>>(), expected);
    let told = told_in(folder.path(), &["log", "report", "run.log", "desk.log"], 0);
    assert!(told.contains("3 messages: 1 held, 1 redacted, 1 withheld"), "{told}");
}

#[test]
fn p12_an_approval_is_taken_back_and_what_the_clock_denied_is_opened_again() {
    let folder = office("");
    redact(&folder, &["-o", "out.ndjson"], 3);
    let [first, second] = [review_of(&folder, 1), review_of(&folder, 2)];
    let revoke =
        |id: &str, status| desk(&folder, &["revoke", id, "--by", "ROE, J", "--reason", "it was quashed"], status);
    assert!(revoke(&first, 3).contains("it is open"));
    approve(&folder, 1, "ROE, J", 0);
    assert!(revoke(&first, 0).ends_with(": denied\n"));
    approve(&folder, 1, "ROE, J", 3);

    let reopen =
        |id: &str, status| desk(&folder, &["reopen", id, "--by", "ROE, J", "--reason", "nobody was here"], status);
    assert!(reopen(&second, 2).contains("it is open"));
    assert!(reopen(&first, 2).contains("it is denied"));
    let told = redact(&folder, &["-o", "out.ndjson"], 3);
    assert!(told.contains("2 held, 1 withheld"), "{told}");
    assert_eq!(lines(folder.path(), "out.ndjson")[0], json!({"withheld": "denied"}));
}

#[test]
fn p2_another_request_is_another_review() {
    let folder = office("");
    let with = |user| redact(&folder, &["-o", "out.ndjson", "--user", user], 3);
    with("ROE, J");
    with("ROE, J");
    assert_eq!(list(&folder, &[]).len(), 3);
    with("DOE, K");
    assert_eq!(list(&folder, &[]).len(), 6);
}

#[test]
fn p11_what_is_exported_goes_out_once() {
    let folder = office("");
    redact(&folder, &["-o", "out.ndjson"], 3);
    approve(&folder, 1, "ROE, J", 0);
    approve(&folder, 2, "ROE, J", 0);
    desk(&folder, &["export", "-o", "sent", "--source", "elsewhere"], 0);
    let told = desk(&folder, &["export", "-o", "sent"], 0);
    assert!(told.contains("in.ndjson in.ndjson/000000001.json"), "{told}");
    let name = format!("{}.json", review_of(&folder, 1));
    let sent: Value = serde_json::from_slice(&fs::read(folder.path().join("sent").join(name)).unwrap()).unwrap();
    assert!(sent.to_string().contains("PersonSurName"));
    assert_eq!(desk(&folder, &["export", "-o", "sent"], 0), "");
    let told = redact(&folder, &["-o", "out.ndjson"], 3);
    assert!(told.contains("0 redacted, 3 held"), "{told}");
    let told = told_in(folder.path(), &["log", "verify", "desk.log"], 0);
    assert!(told.contains("2 messages"), "{told}");
}

#[test]
fn p2_two_people_approve_where_the_policy_says_so() {
    let folder = office("people = 2");
    redact(&folder, &["-o", "out.ndjson"], 3);
    assert!(list(&folder, &[]).iter().all(|review| review["people"] == 2));
    assert!(approve(&folder, 1, "ROE, J", 0).ends_with(": half-approved\n"));
    let told = approve(&folder, 1, "roe, j", 3);
    assert!(told.contains("the same person has approved it before"), "{told}");
    let id = review_of(&folder, 1);
    let other = "claim=order,number=2:26-mj-1,specifies=license";
    let told = desk(&folder, &["approve", &id, "--by", "DOE, K", "--claim", "approved", "--instrument", other], 3);
    assert!(told.contains("the first approval has other grants"), "{told}");
    assert!(redact(&folder, &["-o", "out.ndjson"], 3).contains("0 redacted, 3 held"));
    assert!(approve(&folder, 1, "DOE, K", 0).ends_with(": approved\n"));
    assert!(redact(&folder, &["-o", "out.ndjson", "--log", "run.log"], 3).contains("1 redacted, 2 held"));
    let records = lines(folder.path(), "run.log");
    let released = records.iter().find(|record| record["disposition"] == "redacted").unwrap();
    assert_eq!(released["approved-by"], "ROE, J; DOE, K");
    for (people, why) in [("people = 3", "1 or 2 people approve what a review holds"), ("people = 0", "1 or 2 people")]
    {
        let folder = office(people);
        let told = told_in(folder.path(), &[&["check"], &POLICY[1..]].concat(), 2);
        assert!(told.contains(why) && told.contains("policy.toml:22:10"), "{told}");
    }
}

#[test]
fn p12_what_cannot_be_recorded_is_not_done() {
    let folder = office("");
    redact(&folder, &["-o", "out.ndjson"], 3);
    let id = review_of(&folder, 1);
    for log in ["/dev/full", "missing/desk.log"] {
        let verb = ["review", "deny", &id, "--by", "ROE, J", "--reason", "no paper", "--log", log];
        let output = run_in(folder.path(), &[&verb, &QUEUE[..], &POLICY].concat());
        assert!(matches!(output.status.code(), Some(1 | 2)), "{}", text(&output.stderr));
        assert_eq!(state_of(&folder, 1), "open");
    }
    let told = desk(&folder, &["approve", &id, "--by", "ROE, J", "--claim", "order"], 3);
    assert!(told.contains("with this the message is held: a person must review the message first"), "{told}");
    let told = desk(&folder, &["approve", &id, "--by", "ROE, J", "--claim", "certified"], 3);
    assert!(
        told.contains("doesn't let a reviewer vouch for `certified`; for these it does: approved, order"),
        "{told}"
    );
    let steps = lines(folder.path(), "desk.log");
    assert!(steps.iter().all(|record| record["record"] != "desk"), "{steps:?}");
}

#[test]
fn p6_nothing_shows_a_value_but_the_record_that_somebody_asks_for() {
    let folder = office("");
    let mut told = redact(&folder, &["-o", "out.ndjson", "--log", "run.log"], 3);
    let id = review_of(&folder, 1);
    told += &desk(&folder, &["approve", &id, "--by", "ROE, J", "--claim", "approved", "--instrument", ORDER], 0);
    for form in ["text", "json"] {
        let show = [&["review", "show", &id, "--output", form, "--claim", "approved"], &QUEUE[..], &POLICY].concat();
        told += &told_in(folder.path(), &show, 0);
        told += &told_in(folder.path(), &[&["review", "list", "--output", form], &QUEUE[..]].concat(), 0);
    }
    let record = ["record", &id, "--by", "ROE, J", "--reason", "the paper names another person"];
    let shown = desk(&folder, &record, 0);
    told += &fs::read_to_string(folder.path().join("run.log")).unwrap();
    told += &fs::read_to_string(folder.path().join("desk.log")).unwrap();
    let database: Vec<u8> = ["queue.db", "queue.db-wal"]
        .into_iter()
        .flat_map(|name| fs::read(folder.path().join(name)).unwrap_or_default())
        .collect();
    let values = leaves(&serde_json::from_str(&shown).unwrap());
    assert!(values.len() > 10);
    for value in values {
        assert!(!told.contains(&value), "{value}");
        assert!(!database.windows(value.len()).any(|window| window == value.as_bytes()), "{value}");
    }
    let steps = lines(folder.path(), "desk.log");
    assert!(steps.iter().any(|step| step["step"] == "shown" && step["reason"] == "the paper names another person"));
}

/// The values of a message that can't stand anywhere else by chance.
fn leaves(message: &Value) -> Vec<String> {
    match message {
        Value::Object(members) => members.values().flat_map(leaves).collect(),
        Value::Array(items) => items.iter().flat_map(leaves).collect(),
        Value::String(text) if text.len() > 4 && !text.contains(':') && text != "VTICE0900" => vec![text.clone()],
        _ => Vec::new(),
    }
}

#[test]
fn p11_the_queue_is_kept_in_order_on_record() {
    let folder = office("");
    redact(&folder, &["-o", "out.ndjson"], 3);
    let id = review_of(&folder, 1);
    desk(&folder, &["deny", &id, "--by", "ROE, J", "--reason", "no paper"], 0);
    assert_eq!(desk(&folder, &["expire"], 0), "expired: 0\n");
    assert_eq!(desk(&folder, &["purge", "--days", "1"], 0), "purged: 0\n");

    let backup = [&["review", "backup", "copy.db"], &QUEUE[..]].concat();
    told_in(folder.path(), &backup, 0);
    let told = told_in(folder.path(), &backup, 1);
    assert!(told.contains("copy.db"), "{told}");
    fs::write(folder.path().join("new"), [b'n'; 32]).unwrap();
    let rekey = ["review", "rekey", "--review", "queue.db", "--review-key", "new", "--review-key", "key"];
    assert!(!told_in(folder.path(), &rekey, 0).contains(": 0\n"));
    assert_eq!(told_in(folder.path(), &rekey, 0), "encrypted anew: 0\n");
    let told = told_in(folder.path(), &[&["review", "list"], &QUEUE[..]].concat(), 1);
    assert!(told.contains("key"), "{told}");
    let open = |database, key| {
        let show = ["review", "show", &id, "--review", database, "--review-key", key];
        told_in(folder.path(), &[&show, &POLICY[..]].concat(), 0)
    };
    assert_eq!(open("queue.db", "new"), open("copy.db", "key"));
    let settle = ["review", "settle", &id, "--gone-out", "--by", "ROE, J", "--reason", "it was sent"];
    let settle = [&settle[..], &["--review", "copy.db", "--review-key", "key"], &POLICY[..], &DESK].concat();
    let told = told_in(folder.path(), &settle, 2);
    assert!(told.contains("it is denied"), "{told}");
    let purged: Vec<Value> =
        lines(folder.path(), "desk.log").into_iter().filter(|step| step["step"] == "purged").collect();
    assert_eq!(purged.len(), 1);
}

#[test]
fn p11_a_run_refuses_a_queue_that_it_would_read_or_overwrite() {
    let folder = office("");
    fs::create_dir(folder.path().join("in")).unwrap();
    for (arguments, why) in [
        (
            &["redact", "in", "-o", "out", "--review", "in/queue.db", "--review-key", "key", "--log", "log"][..],
            "the queue of reviews",
        ),
        (
            &["redact", "in", "-o", "out", "--review", "out/queue.db", "--review-key", "key", "--log", "log"],
            "the queue of reviews",
        ),
        (
            &["redact", "in", "-o", "out", "--review", "key", "--review-key", "key", "--log", "log"],
            "the queue of reviews",
        ),
        (
            &["redact", "in", "-o", "out", "--review", "sqlite:in/q", "--review-key", "key", "--log", "log"],
            "the queue of reviews",
        ),
        (
            &["redact", "in", "-o", "q", "--review", "sqlite://q", "--review-key", "key", "--log", "log"],
            "the queue of reviews",
        ),
        (
            &["redact", "in", "-o", "q-wal", "--review", "q", "--review-key", "key", "--log", "log"],
            "the queue of reviews",
        ),
        (
            &["review", "expire", "--review", "q", "--review-key", "key", "--policy", "policy.toml", "--log", "q-wal"],
            "no such queue",
        ),
        (
            &["redact", "in", "-o", "out", "--review", "postgres://a:b@c/d", "--review-key", "key", "--log", "log"],
            "password",
        ),
        (&["redact", "in", "-o", "out", "--review", "queue.db", "--review-key", "key"], "--log"),
        (&["redact", "in", "-o", "out", "--review", "queue.db"], "--review-key"),
        (&["redact", "in", "--dry-run", "--review", "queue.db", "--review-key", "key"], "--dry-run"),
        (
            &["redact", "in", "-o", "out", "--review-key", "key", "--log", "log"],
            "no queue of reviews: add `--review DB`",
        ),
        (&["redact", "in", "-o", "out", "--review", "in.ndjson", "--review-key", "key", "--log", "log"], "database"),
    ] {
        let output = run_in(folder.path(), arguments);
        let told = text(&output.stderr);
        assert!(matches!(output.status.code(), Some(1 | 2)) && told.contains(why), "{arguments:?}: {told}");
    }
    let mut named = command_in(folder.path(), &["redact", "in", "-o", "out", "--review-key", "key", "--log", "log"]);
    let output = named.env("DMV_REDACT_REVIEW", "out/queue.db").output().unwrap();
    assert!(output.status.code() == Some(2) && text(&output.stderr).contains("the queue of reviews"));
    assert_eq!(fs::read(folder.path().join("key")).unwrap(), [b'k'; 32]);
}

/// What isn't in its place hasn't gone out: its review is delivered by the run that puts it there.
#[test]
fn p11_an_output_that_cannot_be_placed_ends_no_review() {
    let folder = office("");
    let path = |name: &str| folder.path().join(name);
    let message = fs::read_to_string(path("in.ndjson")).unwrap().lines().next().unwrap().to_owned();
    fs::create_dir(path("in")).unwrap();
    fs::write(path("in/a.json"), &message).unwrap();
    fs::write(path("in/b.ndjson"), format!("{message}\n")).unwrap();
    let run = |status| {
        let log = ["--log", "run.log"];
        told_in(folder.path(), &[&["redact", "in", "-o", "out"], &POLICY[..], &QUEUE, &log].concat(), status)
    };
    run(3);
    let ids: Vec<String> =
        list(&folder, &[]).iter().map(|review| review["review"].as_str().unwrap().to_owned()).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let grants = ["--by", "ROE, J", "--claim", "approved", "--instrument", ORDER];
    desk(&folder, &[&["approve"], &ids[..], &grants].concat(), 0);
    let _ = fs::remove_file(path("out/b.ndjson"));
    for name in ["out/a.json", "out/b.ndjson"] {
        fs::create_dir_all(path(name).join("in the way")).unwrap();
    }
    run(1);
    assert_eq!(list(&folder, &["--state", "delivering"]).len(), 2);
    for name in ["out/a.json", "out/b.ndjson"] {
        fs::remove_dir_all(path(name)).unwrap();
    }
    run(0);
    assert_eq!(list(&folder, &["--state", "delivered"]).len(), 2);
    assert!(fs::read_to_string(path("out/a.json")).unwrap().contains("PersonSurName"));
}

/// Puts one message under each of these names into the folder `in`, holds and approves them all.
#[cfg(unix)]
fn approved_files(names: &[&[u8]]) -> TempDir {
    use std::os::unix::ffi::OsStrExt;
    let folder = office("");
    let message = fs::read_to_string(folder.path().join("in.ndjson")).unwrap().lines().next().unwrap().to_owned();
    fs::create_dir(folder.path().join("in")).unwrap();
    for name in names {
        fs::write(folder.path().join("in").join(std::ffi::OsStr::from_bytes(name)), &message).unwrap();
    }
    redact_files(&folder, "elsewhere", &[], 3);
    let waiting = list(&folder, &[]);
    let ids: Vec<&str> = waiting.iter().map(|review| review["review"].as_str().unwrap()).collect();
    let grants = ["--by", "ROE, J", "--claim", "approved", "--instrument", ORDER];
    desk(&folder, &[&["approve"], &ids[..], &grants].concat(), 0);
    folder
}

#[cfg(unix)]
fn redact_files(folder: &TempDir, out: &str, more: &[&str], status: i32) -> String {
    let run = ["redact", "in", "--log", "run.log", "-o", out];
    told_in(folder.path(), &[&run, &POLICY[..], &QUEUE, more].concat(), status)
}

#[cfg(unix)]
#[test]
fn p11_a_link_to_another_folder_is_another_place() {
    use std::os::unix::fs::symlink;
    let folder = approved_files(&[b"a.json"]);
    let path = |name: &str| folder.path().join(name);
    for name in ["one", "other"] {
        fs::create_dir(path(name)).unwrap();
    }
    symlink("one", path("out")).unwrap();
    redact_files(&folder, "out", &[], 0);
    assert!(path("one/a.json").exists());
    fs::remove_file(path("out")).unwrap();
    symlink("other", path("out")).unwrap();
    let told = redact_files(&folder, "out", &[], 3);
    assert!(told.contains("delivered elsewhere") && !path("other/a.json").exists(), "{told}");
    // By its own name it is the same place.
    redact_files(&folder, "one", &[], 0);
}

#[cfg(unix)]
#[test]
fn p2_names_that_are_no_text_are_reviews_of_their_own() {
    let folder = approved_files(&[b"\xfe.json"]);
    let path = |byte: u8| {
        let name: std::ffi::OsString = std::os::unix::ffi::OsStringExt::from_vec([&[byte], &b".json"[..]].concat());
        folder.path().join("in").join(name)
    };
    fs::copy(path(0xfe), path(0xff)).unwrap();
    let told = redact_files(&folder, "out", &[], 3);
    assert!(told.contains("1 redacted, 1 held"), "{told}");
    assert_eq!(list(&folder, &[]).len(), 1);
}

#[cfg(unix)]
#[test]
fn p11_an_export_refuses_a_folder_with_the_log_and_prune_one_with_exports() {
    let folder = approved_files(&[b"a.json", b"b.json"]);
    let path = |name: &str| folder.path().join(name);
    let export = |out: &str, log: &str, status| {
        let run = ["review", "export", "-o", out, "--log", log];
        told_in(folder.path(), &[&run, &QUEUE[..], &POLICY].concat(), status)
    };
    for (out, log) in [("sent", "sent/x.json"), ("sent", "sent/.dmv-redact-review/x"), (".", "desk.log"), ("key", "l")]
    {
        let told = export(out, log, 2);
        assert!(told.contains("the folder of the exports"), "{told}");
    }
    fs::create_dir(path("linked")).unwrap();
    std::os::unix::fs::symlink("..", path("linked/.dmv-redact-review")).unwrap();
    assert!(export("linked", "desk.log", 1).contains("a link"));
    export("sent", "desk.log", 0);
    let told = redact_files(&folder, "sent", &["--prune"], 2);
    assert!(told.contains("--prune would remove from sent"), "{told}");
    assert_eq!(fs::read_dir(path("sent")).unwrap().count(), 3);
}

#[cfg(unix)]
#[test]
fn p12_a_queue_of_two_names_is_one_or_none() {
    let folder = office("");
    redact(&folder, &["-o", "out.ndjson"], 3);
    std::os::unix::fs::symlink("queue.db", folder.path().join("link.db")).unwrap();
    let expire = |queue, log, status| {
        let run = ["review", "expire", "--review", queue, "--review-key", "key", "--log", log];
        told_in(folder.path(), &[&run, &POLICY[..]].concat(), status)
    };
    assert!(expire("link.db", "queue.db-wal", 2).contains("overlap"));
    expire("link.db", "desk.log", 0);
    fs::hard_link(folder.path().join("queue.db"), folder.path().join("hard.db")).unwrap();
    assert!(expire("hard.db", "desk.log", 2).contains("another name"));
}

/// An export and a run into one folder are two places.
#[test]
fn p11_an_export_and_a_run_into_one_folder_deliver_once() {
    let folder = office("");
    redact(&folder, &["-o", "out/", "--output-format", "message"], 3);
    approve(&folder, 1, "ROE, J", 0);
    desk(&folder, &["export", "-o", "out"], 0);
    let told = redact(&folder, &["-o", "out/", "--output-format", "message"], 1);
    assert!(told.contains("delivered elsewhere"), "{told}");
}

#[test]
fn p12_accounts_are_changed_on_record_and_passwords_are_nowhere() {
    let folder = office("");
    let password = "nine lanterns over the quarry";
    fs::write(folder.path().join("password"), format!("{password}\n")).unwrap();
    let add = |name: &str, role: &str, status: i32| {
        let verb = ["account", "add", name, "--role", role, "--by", "root", "--password-file", "password"];
        desk(&folder, &verb, status)
    };
    assert_eq!(add("admin", "administrator", 0), "admin: administrator\n");
    add("roe", "reviewer", 0);
    add("ROE", "approver", 2);
    let told = desk(&folder, &["account", "change", "admin", "--disable", "--by", "root"], 2);
    assert!(told.contains("administrator"), "{told}");
    desk(&folder, &["account", "change", "roe", "--role", "approver", "--by", "root"], 0);
    let told = told_in(folder.path(), &[&["review", "account", "list"], &QUEUE[..]].concat(), 0);
    assert!(told.contains("roe") && told.contains("approver") && told.contains("never signed in"), "{told}");
    fs::write(folder.path().join("password"), "short\n").unwrap();
    add("third", "auditor", 2);
    let log = fs::read_to_string(folder.path().join("desk.log")).unwrap();
    assert!(!log.contains("lanterns") && !log.contains("short"));
    let steps: Vec<Value> = lines(folder.path(), "desk.log");
    let steps: Vec<&str> = steps.iter().filter_map(|step| step["step"].as_str()).collect();
    let failed = ["account-added", "failed"];
    let expected =
        [&["account-added", "account-added"][..], &failed, &["account-changed", "failed", "account-changed"], &failed];
    assert_eq!(steps, expected.concat());
}
