//! Runs that are stopped and killed: what is there is whole, and what goes on ends as if nothing had happened.

use std::fs;
use std::io::Read;
use std::process::Command;
use std::time::Duration;

use super::{Message, Room, complaint, example_state, gzip, line, messages, pack, read};

/// Message records of a log, without what chains them.
fn records(log: &[u8]) -> Vec<String> {
    let lines = std::str::from_utf8(log).unwrap().lines();
    let body = |line: &str| {
        // What a killed run left of a line stays before the next one.
        let line = &line[line.rfind("{\"sequence\":").unwrap()..];
        let from = line.find("\"record\":\"message\"")?;
        Some(line[from..line.rfind(",\"hash\":").unwrap()].to_owned())
    };
    lines.filter_map(body).collect()
}

#[test]
fn p10_a_run_that_is_killed_again_and_again_ends_as_if_it_were_not() {
    let room = Room::new();
    let messages = messages(3000);
    for (name, message) in &messages[..1000] {
        room.write(&format!("folder/{name}"), message);
    }
    for form in ["ndjson", "ndjson.zst", "tar.gz", "zip"] {
        room.write(&format!("in.{form}"), &pack(form, &messages));
    }
    // A batch in an object, of JSON and of XML in strings.
    let items: Vec<Vec<u8>> = messages[..1000].iter().map(|(_, message)| line(message)).collect();
    let batch = [b"{\"n\":1,\"items\":[".to_vec(), items.join(&b','), b"]}".to_vec()].concat();
    room.write("in.json", &batch);
    room.write("in.json.gz", &gzip(&batch));
    for name in ["folder", "in.ndjson", "in.ndjson.zst", "in.tar.gz", "in.zip", "in.json", "in.json.gz"] {
        let batch: &[&str] = if name.starts_with("in.json") { &["--batch", "items", "--batch-keep", "n"] } else { &[] };
        let (once, again) = (format!("once-{name}"), format!("again-{name}"));
        let held = [&once, &again].map(|out| format!("held-{out}"));
        let arguments = [name, "-o", &once, "--log", "once.log", "--withheld", &held[0]];
        let reference = room.redact(&[&arguments[..], batch].concat());
        assert_eq!(reference.status.code(), Some(3), "{}", complaint(&reference));
        let mut kills = 0;
        let mut resumes = false;
        loop {
            let resume: &[&str] = if resumes { &["--resume"] } else { &[] };
            let arguments = ["redact", name, "-o", &again, "--log", "again.log", "--withheld", &held[1]];
            let mut child = room.command(&[&arguments[..], resume, batch].concat()).spawn().unwrap();
            // Later and later, so that it ends.
            std::thread::sleep(Duration::from_millis(5 + kills * 23));
            child.kill().unwrap();
            let output = child.wait_with_output().unwrap();
            if output.status.code().is_some() {
                assert_eq!(output.status.code(), Some(3), "{name}: {}", complaint(&output));
                break;
            }
            kills += 1;
            let folder = format!(".dmv-redact-{again}");
            resumes = room.path(&folder).join("journal.json").exists();
            let log = fs::read_to_string(room.path("again.log")).unwrap_or_default();
            if !resumes && log.contains("\"record\":\"end\"") {
                // All was done but the way out.
                let _ = fs::remove_dir_all(room.path(&folder));
                break;
            }
            // Killed before its first journal, the run can't go on: its start without an end would be a fault of the log.
            if !resumes {
                let _ = fs::remove_file(room.path("again.log"));
            }
        }
        let mut folders = vec![(&held[1], &held[0])];
        match name {
            "folder" => folders.push((&again, &once)),
            _ => assert!(read(&room.path(&again)) == read(&room.path(&once)), "{name} after {kills} kills"),
        }
        for (again, once) in folders {
            assert_eq!(room.names(again), room.names(once));
            for file in room.names(once) {
                assert!(read(&room.path(again).join(&file)) == read(&room.path(once).join(&file)), "{file}");
            }
        }
        let verified = room.run(&["log", "verify", "again.log"], b"");
        assert_eq!(verified.status.code(), Some(0), "{}", complaint(&verified));
        assert!(records(&read(&room.path("again.log"))) == records(&read(&room.path("once.log"))), "{name}");
        fs::remove_file(room.path("once.log")).unwrap();
        fs::remove_file(room.path("again.log")).unwrap();
    }
    let left: Vec<_> = room.names(".").into_iter().filter(|name| name.contains(".dmv-redact")).collect();
    assert_eq!(left, [""; 0]);
}

#[test]
fn a_run_that_is_told_to_stop_finishes_what_is_in_hand_and_says_how_to_go_on() {
    let room = Room::new();
    room.write("in.ndjson", &pack("ndjson", &messages(4000)));
    room.redact(&["in.ndjson", "-o", "once.ndjson"]);
    for signal in ["INT", "TERM"] {
        let mut is_stopped = false;
        // A machine may be done before the signal comes.
        for _ in 0..20 {
            let mut child =
                room.command(&["redact", "in.ndjson", "-o", "out put.ndjson", "--log", "log"]).spawn().unwrap();
            while !room.path(".dmv-redact-out put.ndjson/journal.json").exists() {
                if child.try_wait().unwrap().is_some() {
                    break;
                }
            }
            Command::new("kill").args([&format!("-{signal}"), &child.id().to_string()]).status().unwrap();
            let mut told = String::new();
            child.stderr.take().unwrap().read_to_string(&mut told).unwrap();
            if child.wait().unwrap().code() != Some(1) {
                let _ = fs::remove_dir_all(room.path(".dmv-redact-out put.ndjson"));
                let _ = fs::remove_file(room.path("log"));
                continue;
            }
            is_stopped = true;
            assert!(
                told.contains("go on with\n  ")
                    && told.contains("'out put.ndjson'")
                    && told.trim_end().ends_with("--resume"),
                "{told}"
            );
            let verified = room.run(&["log", "verify", "log"], b"");
            assert_eq!(verified.status.code(), Some(0), "{}", complaint(&verified));
            let resumed = room.redact(&["in.ndjson", "-o", "out put.ndjson", "--log", "log", "--resume"]);
            assert_eq!(resumed.status.code(), Some(3), "{}", complaint(&resumed));
            assert!(read(&room.path("out put.ndjson")) == read(&room.path("once.ndjson")));
            let verified = room.run(&["log", "verify", "log"], b"");
            assert_eq!(verified.status.code(), Some(0), "{}", complaint(&verified));
            fs::remove_file(room.path("log")).unwrap();
            break;
        }
        assert!(is_stopped, "no signal came while it ran");
    }
}

/// Kills a run as soon as its journal, at `journal`, says what is waited for: over more and more messages, laid out by
/// `lay_out`, as a fast machine is done with few of them before.
pub(crate) fn killed(
    room: &Room,
    arguments: &[&str],
    journal: &str,
    is_time: fn(&str) -> bool,
    lay_out: impl Fn(&[Message]),
) {
    let (journal, output) = (room.path(journal), room.path(arguments[3]));
    for doublings in 0..8 {
        lay_out(&messages(2000 << doublings));
        let mut child = room.command(arguments).spawn().unwrap();
        while !fs::read_to_string(&journal).is_ok_and(|journal| is_time(&journal)) {
            if child.try_wait().unwrap().is_some() {
                break;
            }
        }
        child.kill().unwrap();
        if child.wait().unwrap().code().is_none() && journal.exists() {
            return;
        }
        let _ = fs::remove_file(&output);
        let _ = fs::remove_dir_all(&output);
    }
    panic!("it was never stopped in time");
}

#[test]
fn p10_a_run_that_goes_on_decides_by_the_day_on_which_it_began() {
    let room = Room::new();
    let policy = "[policy]\nname = 'dated'\nversion = '1'\n[agencies.police]\nori = ['AZ*']\n\
        [[permit]]\nid = 'license'\nagencies = ['police']\nelements = ['license']\n\
        [[permit]]\nid = 'name'\nagencies = ['police']\nelements = ['person.name']\nfrom = '2026-01-01'\n";
    room.write("dated.toml", policy.as_bytes());
    let journal = ".dmv-redact-out.ndjson/journal.json";
    let run = ["redact", "in.ndjson", "-o", "out.ndjson", "--policy", "dated.toml"];
    killed(
        &room,
        &run,
        journal,
        |_| true,
        |messages| {
            room.write("in.ndjson", &pack("ndjson", messages));
        },
    );
    // As if it had begun long ago, before the names were permitted.
    let text = fs::read_to_string(room.path(journal)).unwrap();
    let day = text.split("\"date\":\"").nth(1).and_then(|rest| rest.get(..10)).expect("a date in the journal");
    fs::write(room.path(journal), text.replace(day, "2025-06-01")).unwrap();
    let refused = room.run(&[&run[..], &["--resume", "--date", "2025-06-01"]].concat(), b"");
    assert_eq!(refused.status.code(), Some(2), "{}", complaint(&refused));
    let resumed = room.run(&[&run[..], &["--resume"]].concat(), b"");
    assert_eq!(resumed.status.code(), Some(3), "{}", complaint(&resumed));
    let [before, today] = [&["--date", "2025-06-01"][..], &[]].map(|date| {
        let arguments = ["in.ndjson", "-o", "at-once.ndjson", "--policy", "dated.toml"];
        room.redact(&[&arguments[..], date].concat());
        fs::read_to_string(room.path("at-once.ndjson")).unwrap()
    });
    let found = fs::read_to_string(room.path("out.ndjson")).unwrap();
    let lines: Vec<_> = found.lines().zip(before.lines().zip(today.lines())).collect();
    assert_eq!([found.lines().count(), lines.len()], [before.lines().count(); 2]);
    let is_of_today = lines.iter().map(|(line, (before, today))| line == today && before != today);
    let of_today = is_of_today.filter(|is_of_today| *is_of_today).count();
    let last = lines.iter().rposition(|(_, (before, today))| before != today).expect("the date matters");
    // What went out before the stop stays; after it the journal's date decides.
    assert_eq!(lines[last].0, lines[last].1.0, "{of_today} lines of today");
    assert!(lines.iter().all(|(line, (before, today))| line == before || line == today));
}

#[test]
fn a_run_goes_on_only_under_the_terms_it_began_with() {
    let room = Room::new();
    let run = ["redact", "in.ndjson", "-o", "out.ndjson"];
    killed(
        &room,
        &run,
        ".dmv-redact-out.ndjson/journal.json",
        |_| true,
        |messages| {
            room.write("in.ndjson", &pack("ndjson", messages));
        },
    );
    let refuses = |arguments: &[&str], what: &str| {
        let output = room.redact(&[&["in.ndjson", "-o", "out.ndjson"], arguments].concat());
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(complaint(&output).contains(what), "{}", complaint(&output));
    };
    refuses(&[], "add --resume to go on with it, or --restart to begin anew");
    refuses(&["--resume", "--drop-withheld"], "changed since the run began: the forms");
    refuses(&["--resume", "--purpose", "C"], "changed since the run began: the options");
    refuses(&["--resume", "--limit", "depth=9"], "changed since the run began: the options");
    let policy = &example_state();
    refuses(&["--resume", "--policy", policy], "changed since the run began: the policy");
    refuses(&["--resume", "--log", "log"], "changed since the run began: the disclosure log");
    // A source that is another now.
    fs::write(room.path("in.ndjson"), "{}\n").unwrap();
    let output = room.redact(&["in.ndjson", "-o", "out.ndjson", "--resume"]);
    if output.status.code() == Some(2) {
        assert!(complaint(&output).contains("is no longer what it was"), "{}", complaint(&output));
    }
    let output = room.redact(&["in.ndjson", "-o", "out.ndjson", "--restart"]);
    assert_eq!(output.status.code(), Some(3), "{}", complaint(&output));
    refuses(&["--resume"], "there is no unfinished run to resume");
}

#[test]
fn p10_a_run_goes_on_only_with_the_key_of_tokens_that_it_began_with() {
    let room = Room::new();
    let [key, other] = ["0123456789abcdef", "0123456789abcdeF"].map(|half| half.repeat(2));
    room.write("key", key.as_bytes());
    room.write("other", other.as_bytes());
    let policy = "[policy]\nname = 'p'\nversion = '1'\n[agencies.police]\nori = ['AZ#######']\n\
        [[permit]]\nid = 'ssn'\nagencies = ['police']\nelements = ['license', 'person.ssn']\nas = { 'person.ssn' = 'token' }\n";
    room.write("tokens.toml", policy.as_bytes());
    let journal = ".dmv-redact-out.ndjson/journal.json";
    let run = ["redact", "in.ndjson", "-o", "out.ndjson", "--policy", "tokens.toml"];
    killed(
        &room,
        &[&run[..], &["--token-key", "key"]].concat(),
        journal,
        |_| true,
        |messages| {
            room.write("in.ndjson", &pack("ndjson", messages));
        },
    );
    assert!(!fs::read_to_string(room.path(journal)).unwrap().contains(&key), "P6: the journal has the key");
    let refused = room.run(&[&run[..], &["--token-key", "other", "--resume"]].concat(), b"");
    assert_eq!(refused.status.code(), Some(2), "{}", complaint(&refused));
    let told = complaint(&refused);
    assert!(told.contains("changed since the run began: the key of tokens") && !told.contains(&other), "{told}");
    let resumed = room.run(&[&run[..], &["--token-key", "key", "--resume"]].concat(), b"");
    assert_eq!(resumed.status.code(), Some(3), "{}", complaint(&resumed));
}

#[test]
fn a_run_goes_on_only_where_it_finds_what_it_found() {
    let room = Room::new();
    let run = ["redact", "in", "-o", "out", "--jobs", "1"];
    // Some of it is done, and the journal says so.
    let is_on_its_way = |journal: &str| !journal.contains("\"found\":0,");
    killed(&room, &run, ".dmv-redact-out/journal.json", is_on_its_way, |messages| {
        for (name, message) in messages {
            room.write(&format!("in/{name}"), message);
        }
    });
    // One is gone and another has come: as many as before.
    let resume = ["in", "-o", "out", "--jobs", "1", "--resume"];
    fs::rename(room.path("in/00/00000.xml"), room.path("in/00/.new.xml")).unwrap();
    let output = room.redact(&resume);
    assert_eq!(output.status.code(), Some(2), "{}", complaint(&output));
    assert!(complaint(&output).contains("is no longer what it was"), "{}", complaint(&output));
    fs::rename(room.path("in/00/.new.xml"), room.path("in/00/00000.xml")).unwrap();
    // The same names from another folder are other inputs.
    fs::create_dir(room.path("sub")).unwrap();
    let mut elsewhere = room.command(&["redact", "in", "-o"]);
    let output =
        elsewhere.arg(room.path("out")).args(["--jobs", "1", "--resume"]).current_dir(room.path("sub")).output();
    assert_eq!(output.unwrap().status.code(), Some(1));
    let output = room.redact(&resume);
    assert_eq!(output.status.code(), Some(3), "{}", complaint(&output));
    assert_eq!(room.redact(&["in", "-o", "once"]).status.code(), Some(3));
    assert_eq!(room.names("out"), room.names("once"));
}

#[test]
fn two_runs_do_not_work_in_one_place() {
    let room = Room::new();
    room.write("in.ndjson", &pack("ndjson", &messages(3000)));
    let mut first = room.command(&["redact", "in.ndjson", "-o", "out.ndjson", "--log", "log"]).spawn().unwrap();
    while !room.path(".dmv-redact-out.ndjson/journal.json").exists() && first.try_wait().unwrap().is_none() {
        std::thread::sleep(Duration::from_millis(1));
    }
    let second = room.redact(&["in.ndjson", "-o", "out.ndjson", "--restart"]);
    let logged = room.redact(&["in.ndjson", "-o", "other.ndjson", "--log", "log"]);
    let is_running = first.try_wait().unwrap().is_none();
    first.wait().unwrap();
    if is_running {
        assert_eq!(second.status.code(), Some(2), "{}", complaint(&second));
        assert!(complaint(&logged).contains("another run is writing this log"), "{}", complaint(&logged));
    }
}
