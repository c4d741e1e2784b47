//! The published pages of `log site`: what they show, what they hide, and that names from outside stay text.

use std::fs;

use serde_json::json;
use tempfile::TempDir;

use super::Writer;
use crate::{run_in, text};

/// A log of so many messages for each class, of which the policy of a pack has the first three.
fn log_of(classes: &[(&str, usize)]) -> (TempDir, Writer) {
    let mut writer = Writer::new(None);
    let elements = json!(["person.name", "envelope.ori", "biometric.photo"]);
    let start = json!({"time": "2026-11-02T08:00:00Z", "run": 1, "keyed": false, "resumed": false,
        "policy": {"name": "massachusetts", "version": "1", "sha256": "0123456789abcdef".repeat(4)}, "data-elements": elements});
    writer.line("start", &start.to_string()[1..start.to_string().len() - 1]);
    let mut messages = 0;
    for (class, count) in classes {
        for number in 0..*count {
            let record = json!({"time": "2026-11-02T08:00:01Z", "source": "line 1", "correlation-id": format!("{class}-{number}"),
                "disposition": "redacted", "message-type": "DR", "requester": "MA0010000", "agency-classes": [class],
                "rules": ["<b>rule</b>"], "released": "0-1", "removed": "2", "bytes-in": 100, "bytes-out": 50});
            writer.line("message", &record.to_string()[1..record.to_string().len() - 1]);
            messages += 1;
        }
    }
    let end = json!({"messages": messages, "released": 0, "redacted": messages, "held": 0, "withheld": 0});
    writer.line("end", &end.to_string()[1..end.to_string().len() - 1]);
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("log"), writer.lines.concat()).unwrap();
    (folder, writer)
}

fn publish(folder: &TempDir, out: &str, more: &[&str]) -> (Option<i32>, String) {
    let arguments = [&["log", "site", "log", "-o", out, "--policy", "massachusetts"], more].concat();
    let output = run_in(folder.path(), &arguments);
    (output.status.code(), text(&output.stderr).to_owned())
}

fn read(folder: &TempDir, file: &str) -> String {
    fs::read_to_string(folder.path().join(file)).unwrap()
}

#[test]
fn p6_pages_hide_small_counts_and_what_would_give_them_away() {
    let (folder, _) = log_of(&[("in-state", 400), ("out-of-state", 20), ("immigration", 3)]);
    assert_eq!(publish(&folder, "all", &["--suppress-below", "0"]), (Some(0), String::new()));
    assert_eq!(publish(&folder, "few", &["--until", "2026-11-30"]), (Some(0), String::new()));
    let messages = read(&folder, "all/messages.csv");
    for row in ["immigration,3", "in-state,400", "out-of-state,20", "border,0"] {
        assert!(messages.contains(&format!("\r\n2026-11,{row}\r\n")), "{messages}");
    }
    // The total is 423: with the other two, the 3 would follow from it.
    let messages = read(&folder, "few/messages.csv");
    for row in ["immigration,", "in-state,400", "out-of-state,", "border,0"] {
        assert!(messages.contains(&format!("\r\n2026-11,{row}\r\n")), "{messages}");
    }
    let index = read(&folder, "few/index.html");
    assert!(
        index.contains("the message switch recorded 423 answers")
            && index.contains("Numbers from 1 to 10 aren't shown"),
        "{index}"
    );
    assert!(index.contains("asked; how often isn't shown"), "{index}");
    // How often a kind of data went out could tell the size of a hidden cell; that it did is shown. The envelope is no data.
    let elements = read(&folder, "few/elements.csv");
    assert!(elements.contains("2026-11,in-state,person.name,,0,0\r\n"), "{elements}");
    assert!(!elements.contains("envelope") && !elements.contains("immigration"), "{elements}");
    assert!(read(&folder, "all/elements.csv").contains("2026-11,immigration,person.name,3,0,0\r\n"));
    let month = read(&folder, "few/2026-11.html");
    assert!(
        month.contains("Police and sheriffs of Massachusetts") && month.contains("answered with parts removed"),
        "{month}"
    );
    for page in ["index.html", "2026-11.html"] {
        assert!(!read(&folder, &format!("few/{page}")).contains("<script"));
    }
}

#[test]
fn p6_what_a_log_says_stays_text_on_the_pages() {
    let hostile = "<img src=x onerror=alert(1)>";
    let (folder, mut writer) = log_of(&[("in-state", 20), (hostile, 30)]);
    let start = format!(
        r#""time":"2026-11-03T08:00:00Z","run":{},"keyed":false,"resumed":false,"policy":{{"name":"{hostile}","version":"=1","sha256":"{hostile}"}}"#,
        writer.sequence + 1
    );
    writer.line("start", &start);
    let message = format!(
        r#""time":"2026-11-03T08:00:00Z","source":"x","disposition":"released","message-type":"{hostile}","instruments":[{{"claim":"{hostile}"}}],"duties":[{{"id":"{hostile}"}}],"elements":{{"{hostile}":{{"released":18446744073709551615}}}}"#
    );
    writer.line("message", &message);
    writer.line("end", r#""messages":1,"released":1,"redacted":0,"held":0,"withheld":0"#);
    fs::write(folder.path().join("log"), writer.lines.concat()).unwrap();
    assert_eq!(publish(&folder, "out", &["--suppress-below", "0"]), (Some(0), String::new()));
    for page in ["index.html", "2026-11.html", "policy.html"] {
        let page = read(&folder, &format!("out/{page}"));
        assert!(!page.contains("<img"), "{page}");
    }
    assert!(read(&folder, "out/2026-11.html").contains("&lt;img src=x onerror=alert(1)&gt;"));
}

#[test]
fn what_the_pages_are_made_of_is_checked_first() {
    let (folder, mut writer) = log_of(&[("in-state", 20)]);
    let (status, told) = publish(&folder, "out", &["--apart", "imigration"]);
    let expected = "dmv-redact: --apart: the policy has no agency class `imigration`; did you mean `immigration`?\n";
    assert_eq!((status, told.as_str()), (Some(2), expected));
    let (status, told) = publish(&folder, "out", &["--since", "2026-12-01", "--until", "2026-11-01"]);
    assert_eq!((status, told.as_str()), (Some(2), "dmv-redact: --since: 2026-12-01 is after --until 2026-11-01\n"));
    assert!(!folder.path().join("out").exists());
    fs::create_dir(folder.path().join("out")).unwrap();
    fs::write(folder.path().join("out/kept"), "kept").unwrap();
    let (status, told) = publish(&folder, "out", &[]);
    assert_eq!((status, told.as_str()), (Some(2), "dmv-redact: out isn't empty: name another folder for the pages\n"));
    assert_eq!(fs::read_dir(folder.path().join("out")).unwrap().count(), 1);
    // A changed line isn't counted; the page says so, and the run fails.
    writer.lines[3] = writer.lines[3].replace("redacted", "released");
    fs::write(folder.path().join("log"), writer.lines.concat()).unwrap();
    let (status, told) = publish(&folder, "faulty", &["--suppress-below", "0"]);
    assert_eq!(status, Some(3), "{told}");
    let index = read(&folder, "faulty/index.html");
    assert!(index.contains("The log has") && index.contains("recorded 19 answers"), "{index}");
    // Too little for any number.
    let (folder, _) = log_of(&[("in-state", 4)]);
    let (status, told) = publish(&folder, "out", &[]);
    assert!(status == Some(0) && told.starts_with("dmv-redact: note: the last month isn't over"), "{told}");
    assert!(read(&folder, "out/index.html").contains("Too few messages are on record"));
    assert!(!folder.path().join("out/2026-11.html").exists());
}
