//! The list of duties: what follows from messages, what of it was done, and that nothing is ticked off by mistake. And several
//! logs, read as one.

use std::fs;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::report::{members, write_run};
use super::{SIGNING_KEY, Writer, pem};
use crate::{run_in, text, told_in};

const POLICY: [&str; 2] = ["--policy", "massachusetts"];

/// A message that was decided at a time, with duties.
fn record(id: &str, time: &str, disposition: &str, duties: &[(&str, &str)]) -> Value {
    let duties: Vec<Value> =
        duties.iter().map(|(id, due)| json!({"id": id, "do": "notify-subject", "due": due})).collect();
    let mut record = json!({"time": format!("{time}Z"), "source": "line 1", "correlation-id": id, "disposition": disposition,
        "message-type": "DR", "requester": "VTICE0900", "agency-classes": ["immigration"], "bytes-in": 700});
    if !duties.is_empty() {
        record["duties"] = json!(duties);
    }
    record
}

/// A log of these messages.
fn write(folder: &TempDir, name: &str, records: &[Value]) {
    let mut writer = Writer::new(None);
    let start =
        json!({"time": "2026-11-02T07:00:00.000000Z", "service": name, "keyed": false, "resumed": false, "run": 1});
    writer.line("start", &members(&start));
    write_run(&mut writer, records);
    fs::write(folder.path().join(name), writer.lines.concat()).unwrap();
}

/// Three messages, one of which was held and then released by the other node of the switch.
fn two_nodes() -> TempDir {
    let folder = TempDir::new().unwrap();
    let before = ("notify-before", "before");
    let records = [
        record("q-1", "2026-11-02T08:00:00.000000", "held", &[before]),
        record("q-2", "2026-11-02T08:00:01.000000", "redacted", &[("notify", "2026-11-05")]),
        record("q-3", "2026-11-02T08:00:02.000000", "withheld", &[]),
    ];
    write(&folder, "a.log", &records);
    let records = [
        record("q-1", "2026-11-02T09:30:00.000000", "redacted", &[before, ("notify", "2999-11-05")]),
        record("q-4", "2026-11-03T08:00:02.000000", "redacted", &[("notify", "2026-11-06")]),
    ];
    write(&folder, "b.log", &records);
    folder
}

fn list(folder: &TempDir, more: &[&str]) -> Vec<Value> {
    let arguments = [&["log", "duties", "a.log", "b.log", "--output", "json"], more].concat();
    let output = run_in(folder.path(), &arguments);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let list: Value = serde_json::from_slice(&output.stdout).unwrap();
    list["duties"].as_array().unwrap().clone()
}

fn done(folder: &TempDir, more: &[&str]) -> (Option<i32>, String) {
    done_by(folder, ("ROE, J", "done.log"), more)
}

fn done_by(folder: &TempDir, (by, output): (&str, &str), more: &[&str]) -> (Option<i32>, String) {
    let arguments = [&["log", "done", "a.log", "b.log", "-o", output, "--by", by], &POLICY[..], more].concat();
    let output = run_in(folder.path(), &arguments);
    (output.status.code(), text(&output.stderr).to_owned())
}

fn is(duty: &Value, message: &str, id: &str, status: &str) -> bool {
    duty["message"] == message && duty["duty"] == id && duty["status"] == status
}

/// P12: each duty of a message is in the list once, whichever of its records says so, and in whichever log.
#[test]
fn p12_duties_are_listed_and_ticked_off() {
    let folder = two_nodes();
    let duties = list(&folder, &[]);
    assert_eq!(duties.len(), 4, "{duties:?}");
    // Its message went out, and it was due before that.
    assert!(duties.iter().any(|duty| is(duty, "q-1", "notify-before", "overdue")), "{duties:?}");
    let of = |message: &str, id: &str| {
        duties.iter().find(|duty| duty["message"] == message && duty["duty"] == id).unwrap().clone()
    };
    assert_eq!(of("q-1", "notify")["status"], "open");
    assert_eq!(of("q-2", "notify")["status"], "overdue");
    assert_eq!(list(&folder, &["--status", "overdue"]).len(), 3);
    // As long as it is held, there is time.
    let output = run_in(folder.path(), &["log", "duties", "a.log", "--status", "open", "--output", "json"]);
    let held: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(is(&held["duties"][0], "q-1", "notify-before", "open"), "{held}");
    assert_eq!(list(&folder, &["--since", "2026-11-03"]).len(), 1);
    assert_eq!(list(&folder, &["--class", "in-state"]).len(), 0);
    // The first day of the message counts: the hold.
    assert_eq!(of("q-1", "notify-before")["day"], "2026-11-02");
    let reference = |message: &str, id: &str| format!("{}:{id}", &of(message, id)["record"].as_str().unwrap()[..12]);
    let (status, told) = done(&folder, &["--duty", &reference("q-1", "notify-before"), "--on", "2026-11-04"]);
    assert_eq!((status, told.as_str()), (Some(0), ""));
    let both = list(&folder, &["done.log"]);
    let ticked = both.iter().find(|duty| is(duty, "q-1", "notify-before", "done")).unwrap();
    assert_eq!((&ticked["done-on"], &ticked["done-by"]), (&json!("2026-11-04"), &json!("ROE, J")));
    assert_eq!(both.iter().filter(|duty| duty["status"] == "done").count(), 1);
    // Rows of the list, as a spreadsheet gives them back.
    let arguments = ["log", "duties", "a.log", "b.log", "done.log", "--status", "overdue", "--output", "csv"];
    let output = run_in(folder.path(), &arguments);
    fs::write(folder.path().join("list.csv"), [b"\xEF\xBB\xBF", output.stdout.as_slice()].concat()).unwrap();
    assert_eq!(done(&folder, &["--list", "list.csv"]), (Some(0), String::new()));
    assert_eq!(list(&folder, &["done.log", "--status", "overdue"]).len(), 0);
    let told = told_in(folder.path(), &["log", "duties", "a.log", "b.log", "done.log"], 0);
    assert!(told.starts_with("4 duties: 1 open, 0 overdue, 3 done\n"), "{told}");
    told_in(folder.path(), &["log", "verify", "a.log", "b.log", "done.log"], 0);
    // The pages say so.
    let site =
        [&["log", "site", "a.log", "b.log", "done.log", "-o", "site", "--suppress-below", "0"], &POLICY[..]].concat();
    told_in(folder.path(), &site, 0);
    let rows = fs::read_to_string(folder.path().join("site/duties.csv")).unwrap();
    for row in ["immigration,notify,3,2,0,no", "immigration,notify-before,1,1,0,yes"] {
        assert!(rows.contains(&format!("2026-11,{row}\r\n")), "{rows}");
    }
    // Without the logs of the messages.
    let told = told_in(folder.path(), &["log", "duties", "done.log"], 0);
    assert!(told.contains("3 duties on record as done of messages that are in none of these logs"), "{told}");
}

/// P11: nothing is recorded unless all of it is right, and no log is begun or changed.
#[test]
fn p11_nothing_is_ticked_off_by_mistake() {
    let folder = two_nodes();
    let duties = list(&folder, &[]);
    let of = |message: &str| duties.iter().find(|duty| duty["message"] == message && duty["duty"] == "notify").unwrap();
    let good = format!("{}:notify", of("q-2")["record"].as_str().unwrap());
    let other = format!("{}:report", of("q-2")["record"].as_str().unwrap());
    let far = format!("{}:notify", "ab".repeat(32));
    let (status, told) = done(&folder, &["--duty", &good, "--duty", &other, "--duty", &far]);
    assert_eq!(status, Some(2));
    assert_eq!(told.matches("no such duty follows from a message of these logs").count(), 2, "{told}");
    assert!(told.ends_with("dmv-redact: nothing was recorded\n"), "{told}");
    fs::write(folder.path().join("list.csv"), "duty,record\r\nnotify,CANARY\r\n").unwrap();
    // What a list says is told by its line alone.
    fs::write(folder.path().join("names.csv"), format!("duty,record\r\n,,\r\nCANARY,{far}\r\n", far = "ab".repeat(32)))
        .unwrap();
    fs::write(
        folder.path().join("torn.csv"),
        format!("duty,record,by\nnotify,{far},\"CANARY\nnotify,x,y\n", far = "ab".repeat(32)),
    )
    .unwrap();
    fs::write(folder.path().join("twice.csv"), "duty,record,record\n").unwrap();
    for (arguments, what) in [
        (&["--duty", &good, "--on", "2999-01-01"][..], "--on: 2999-01-01 is still to come"),
        (&["--duty", &good, "--on", "2026-10-01"], "its message is of a later day"),
        (&["--duty", &good[..11]], "hexadecimal digits of the record, a colon and the duty's id are wanted"),
        (&["--list", "list.csv"], "list.csv:2: it names no record and duty"),
        (&["--list", "names.csv"], "names.csv:3: no such duty follows"),
        (&["--list", "torn.csv"], "torn.csv:2: a column goes on in the next line: is a quote missing?"),
        (&["--list", "twice.csv"], "twice.csv: the table has two columns `record`"),
        (&["--list", "a.log"], "a.log: the table has no column `record`"),
        (&["--duty", &good, "--output-key", "list.csv"], "--output-key: the other logs have none"),
        (&[], "the following required arguments were not provided"),
    ] {
        let (status, told) = done(&folder, arguments);
        assert_eq!(status, Some(2), "{told}");
        assert!(told.contains(what) && !told.contains("CANARY"), "{told}");
    }
    for by in ["", " ", "\u{202e}\u{200b}"] {
        let (status, told) = done_by(&folder, (by, "done.log"), &["--duty", &good]);
        assert!(status == Some(2) && told.contains("--by <NAME>': a name is 1 to 128 characters"), "{told}");
    }
    for output in ["a.log.0000000000000005", "a.log.next", "/dev/full", "."] {
        let (status, told) = done_by(&folder, ("ROE, J", output), &["--duty", &good]);
        assert!(matches!(status, Some(1 | 2)), "{output}: {told}");
    }
    assert!(!folder.path().join("done.log").exists());
    assert_eq!(done(&folder, &["--duty", &good]), (Some(0), String::new()));
    let before = fs::read(folder.path().join("done.log")).unwrap();
    let (status, told) = done(&folder, &["--duty", &good]);
    assert!(status == Some(2) && told.contains("it was done on 2"), "{told}");
    // A log with a fault: what is in it isn't known.
    let changed = fs::read_to_string(folder.path().join("b.log")).unwrap().replacen("q-4", "q-5", 1);
    fs::write(folder.path().join("b.log"), changed).unwrap();
    let (status, told) = done(&folder, &["--duty", &format!("{}:notify", of("q-4")["record"].as_str().unwrap())]);
    assert!(status == Some(3) && told.contains("it was changed"), "{told}");
    assert_eq!(fs::read(folder.path().join("done.log")).unwrap(), before);
}

/// P12: a duty that was due before the message went out is overdue once it did, though the release says nothing of it; and gone
/// if it was refused.
#[test]
fn p12_what_was_due_before_the_release_is_overdue_after_it() {
    let folder = TempDir::new().unwrap();
    let before = ("notify-before", "before");
    let records = [
        record("q-1", "2026-10-31T08:00:00.000000", "held", &[before]),
        record("q-2", "2026-10-31T08:00:01.000000", "held", &[before]),
        record("q-3", "2026-10-31T08:00:02.000000", "held", &[before]),
        record("q-1", "2026-11-02T08:00:00.000000", "redacted", &[("notify", "2999-01-01")]),
        record("q-2", "2026-11-02T08:00:01.000000", "withheld", &[]),
        record("q-4", "2026-11-02T08:00:02.000000", "held", &[("keep", "2026-11-03")]),
    ];
    write(&folder, "a.log", &records);
    write(&folder, "b.log", &[]);
    let duties = list(&folder, &[]);
    let all: Vec<_> = duties
        .iter()
        .map(|duty| [&duty["message"], &duty["duty"], &duty["status"]].map(|of| of.as_str().unwrap()))
        .collect();
    let expected = [
        ["q-1", "notify-before", "overdue"],
        ["q-3", "notify-before", "open"],
        ["q-1", "notify", "open"],
        ["q-4", "keep", "overdue"],
    ];
    assert_eq!(all.len(), 4, "{all:?}");
    assert!(expected.iter().all(|duty| all.contains(duty)), "{all:?}");
    // What is asked for changes no row: each duty is of the first record from which it follows.
    for (arguments, messages) in [
        (&["--since", "2026-11-01"][..], &["notify", "keep"][..]),
        (&["--until", "2026-10-31"], &["notify-before", "notify-before"]),
        (&["--status", "overdue"], &["notify-before", "keep"]),
    ] {
        let some = list(&folder, arguments);
        assert!(some.iter().all(|duty| duties.contains(duty)), "{some:?}");
        let ids: Vec<_> = some.iter().map(|duty| duty["duty"].as_str().unwrap()).collect();
        assert!(ids.len() == messages.len() && messages.iter().all(|id| ids.contains(id)), "{arguments:?}: {ids:?}");
    }
    // Whichever of its records is named.
    let text = fs::read_to_string(folder.path().join("a.log")).unwrap();
    let hash = |line: usize| text.lines().nth(line).unwrap().rsplit('"').nth(1).unwrap()[..16].to_owned();
    assert_eq!(done(&folder, &["--duty", &format!("{}:notify", hash(4))]), (Some(0), String::new()));
    let site =
        [&["log", "site", "a.log", "b.log", "done.log", "-o", "site", "--suppress-below", "0"], &POLICY[..]].concat();
    told_in(folder.path(), &[&site[..], &["--since", "2026-11-01"]].concat(), 0);
    let rows = fs::read_to_string(folder.path().join("site/duties.csv")).unwrap();
    for row in ["immigration,notify,1,1,0,yes", "immigration,notify-before,1,0,1,no", "immigration,keep,1,0,1,no"] {
        assert!(rows.contains(&format!("2026-11,{row}\r\n")), "{rows}");
    }
}

/// P12: which record counts doesn't depend on the order in which logs are named; records without a time are of when their run began.
#[test]
fn p12_the_order_of_the_arguments_makes_no_difference() {
    let folder = TempDir::new().unwrap();
    let untimed = |disposition: &str| {
        let mut record = record("q-1", "", disposition, &[]);
        record.as_object_mut().unwrap().remove("time");
        record
    };
    for (first, last, outcome) in [
        ("held", "withheld", "held and then refused"),
        ("withheld", "held", "still held"),
        ("redacted", "held", "answered with parts removed"),
        ("held", "redacted", "answered after review"),
    ] {
        for (name, disposition, day) in [("a.log", first, "2026-11-01"), ("b.log", last, "2026-11-20")] {
            let mut writer = Writer::new(None);
            let start = json!({"time": format!("{day}T07:00:00.000000Z"), "keyed": false, "resumed": false, "run": 1});
            writer.line("start", &members(&start));
            write_run(&mut writer, &[untimed(disposition)]);
            fs::write(folder.path().join(name), writer.lines.concat()).unwrap();
        }
        for logs in [["a.log", "b.log"], ["b.log", "a.log"]] {
            let site = [&["log", "site"], &logs[..], &["-o", "site", "--suppress-below", "0"], &POLICY[..]].concat();
            told_in(folder.path(), &site, 0);
            let outcomes = fs::read_to_string(folder.path().join("site/outcomes.csv")).unwrap();
            assert!(outcomes.contains(&format!("2026-11,immigration,{outcome},1\r\n")), "{logs:?}: {outcomes}");
            fs::remove_dir_all(folder.path().join("site")).unwrap();
        }
    }
}

/// P11: a process that was killed, or had no room, as it ticked off leaves a log that the next one goes on with; and nobody ticks off
/// the same twice, or without the key or the signature that the log has.
#[test]
fn p11_a_log_of_duties_can_be_gone_on_with() {
    let folder = two_nodes();
    let duties = list(&folder, &[]);
    let reference = |message: &str, id: &str| {
        let own = duties.iter().find(|duty| duty["message"] == message && duty["duty"] == id).unwrap();
        format!("{}:{id}", own["record"].as_str().unwrap())
    };
    let path = folder.path().join("done.log");
    // Empty; a start alone; a line that isn't whole.
    fs::write(&path, "").unwrap();
    assert_eq!(done(&folder, &["--duty", &reference("q-2", "notify")]), (Some(0), String::new()));
    let whole = fs::read_to_string(&path).unwrap();
    let first = whole.lines().next().unwrap();
    for (left, message) in [(format!("{first}\n"), "q-2"), (format!("{whole}{{\"sequence\":4,\"previ"), "q-4")] {
        fs::write(&path, left).unwrap();
        let (status, told) = done(&folder, &["--duty", &reference(message, "notify")]);
        assert_eq!(status, Some(0), "{told}");
        let told = told_in(folder.path(), &["log", "verify", "done.log"], 0);
        assert!(told.contains("whole"), "{told}");
    }
    // Two at once, again and again.
    for _ in 0..8 {
        fs::remove_file(&path).unwrap();
        let reference = reference("q-2", "notify");
        let statuses: Vec<Option<i32>> = std::thread::scope(|scope| {
            let runs: Vec<_> = (0..2).map(|_| scope.spawn(|| done(&folder, &["--duty", &reference]).0)).collect();
            runs.into_iter().map(|run| run.join().unwrap()).collect()
        });
        assert!(statuses.contains(&Some(0)), "{statuses:?}");
        assert_eq!(fs::read_to_string(&path).unwrap().matches("\"record\":\"done\"").count(), 1);
    }
}

/// P12: what was signed goes on signed, and where the logs have keys, so has the one of duties.
#[test]
fn p12_a_log_of_duties_keeps_its_key_and_its_signatures() {
    let folder = two_nodes();
    let duties = list(&folder, &[]);
    let reference = |message: &str| {
        let own = duties.iter().find(|duty| duty["message"] == message && duty["duty"] == "notify").unwrap();
        format!("{}:notify", own["record"].as_str().unwrap())
    };
    fs::write(folder.path().join("sign"), pem("PRIVATE KEY", SIGNING_KEY)).unwrap();
    assert_eq!(done(&folder, &["--duty", &reference("q-2"), "--signing-key", "sign"]), (Some(0), String::new()));
    let (status, told) = done(&folder, &["--duty", &reference("q-4")]);
    assert!(status == Some(2) && told.contains("it takes --signing-key to go on with it"), "{told}");
    assert_eq!(done(&folder, &["--duty", &reference("q-4"), "--signing-key", "sign"]), (Some(0), String::new()));
    // Keyed logs.
    let key = "0123456789abcdef";
    fs::write(folder.path().join("key"), key).unwrap();
    let mut writer = Writer::new(Some(key.as_bytes()));
    let start = json!({"time": "2026-11-02T07:00:00.000000Z", "keyed": true, "resumed": false, "run": 1});
    writer.line("start", &members(&start));
    write_run(&mut writer, &[record("q-9", "2026-11-02T08:00:00.000000", "redacted", &[("notify", "2026-11-05")])]);
    fs::write(folder.path().join("keyed.log"), writer.lines.concat()).unwrap();
    let hash = writer.lines[1].rsplit('"').nth(1).unwrap().to_owned();
    let reference = format!("{hash}:notify");
    let tick =
        ["log", "done", "keyed.log", "--key", "key", "-o", "keyed-done.log", "--by", "ROE", "--duty", &reference];
    told_in(folder.path(), &[&tick[..], &POLICY[..]].concat(), 0);
    let told = told_in(folder.path(), &["log", "duties", "keyed.log", "keyed-done.log", "--key", "key"], 0);
    assert!(told.starts_with("1 duty: 0 open, 0 overdue, 1 done"), "{told}");
}

/// P12: a message counts once, though the nodes of a switch each have a log; what was imported stands beside them.
#[test]
fn p12_several_logs_are_reported_as_one() {
    let folder = two_nodes();
    fs::write(folder.path().join("past.csv"), "day,ori\r\n2025-01-02,VTICE0900\r\n\r\n2025-01-32,VTICE0900\r\n")
        .unwrap();
    let import =
        [&["log", "import", "past.csv", "-o", "past.log", "--date", "day", "--requester", "ori"], &POLICY[..]].concat();
    let told = told_in(folder.path(), &import, 3);
    assert!(told.contains("past.csv:4: the day is none"), "{told}");
    for logs in [["a.log", "b.log", "past.log"], ["past.log", "b.log", "a.log"]] {
        let output = run_in(
            folder.path(),
            &[&["log", "report"], &logs[..], &["--output", "json", "--by", "month,disposition"]].concat(),
        );
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        let totals = [&report["messages"], &report["imported"], &report["superseded"]];
        assert_eq!(totals, [&json!(5), &json!(1), &json!(1)], "{report}");
        let rows = report["rows"].as_array().unwrap();
        let redacted = rows.iter().find(|row| row["disposition"] == "redacted").unwrap();
        assert_eq!((&redacted["month"], &redacted["messages"]), (&json!("2026-11"), &json!(3)));
    }
    let site =
        [&["log", "site", "a.log", "b.log", "past.log", "-o", "site", "--suppress-below", "0"], &POLICY[..]].concat();
    told_in(folder.path(), &site, 0);
    let outcomes = fs::read_to_string(folder.path().join("site/outcomes.csv")).unwrap();
    assert!(outcomes.contains("2026-11,immigration,held and answered within a day,1\r\n"), "{outcomes}");
}
