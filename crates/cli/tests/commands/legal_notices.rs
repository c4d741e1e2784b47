//! Legal notices on the command line: in what goes out, and in what reports say of a policy.

use std::fs;

use dmv_redact_testing::root;
use tempfile::tempdir;

use super::told_in;

const POLICY: &str = r#"
[policy]
name = "p"
version = "1"

[agencies.police]
title = "Police"
ori = ["AZ0######"]

[agencies.immigration]
title = "Immigration offices"
ori = ["??ICE????"]

[[permit]]
id = "basics"
basis = "law one"
agencies = ["police", "immigration"]
elements = ["person.name", "license.status"]

[[forbid]]
id = "limits"
basis = "law two"
agencies = ["immigration"]
elements = ["person.address"]
legal-notice = "LIMITED BY LAW TWO."
"#;

#[test]
fn p5_what_goes_out_and_what_reports_say_tell_of_the_law() {
    let room = tempdir().unwrap();
    let home = room.path();
    fs::write(home.join("p.toml"), POLICY).unwrap();
    fs::write(home.join("q.toml"), POLICY.replace("LAW TWO.", "LAW 2.")).unwrap();
    let message = root().join("fixtures/niem52-json-dr-ice-warrant/message.json");
    let message = message.to_str().unwrap();
    let out = told_in(home, &["redact", "--policy", "p.toml", message], 0);
    assert!(out.contains("\"dva:LegalNoticeText\": \"LIMITED BY LAW TWO.\""), "{out}");
    let explained = told_in(home, &["explain", "--policy", "p.toml", "--requester", "VTICE0900"], 0);
    assert!(explained.contains("    legal notice: LIMITED BY LAW TWO.\n"), "{explained}");
    let of_police = told_in(home, &["explain", "--policy", "p.toml", "--requester", "AZ0070000"], 0);
    assert!(!of_police.contains("legal notice"), "{of_police}");
    let diff = told_in(home, &["diff", "p.toml", "q.toml"], 0);
    for wanted in [
        "legal notices to immigration (for example ",
        "  - \"LIMITED BY LAW TWO.\": forbid `limits` (line 21)\n",
        "  + \"LIMITED BY LAW 2.\": forbid `limits` (line 21)\n",
        "+ 0 gained",
    ] {
        assert!(diff.contains(wanted), "{wanted}\n{diff}");
    }
    // When it stands is told, too; not how it is written.
    let declared = POLICY.replace("version = \"1\"", "version = \"1\"\npurposes = [\"C\", \"E\"]");
    let narrower = declared.replace("basis = \"law two\"", "basis = \"law two\"\npurposes = [\"C\"]");
    let rule = "[[forbid]]\nid = \"more\"\nagencies = [\"immigration\"]\npurposes = [\"E\"]\n\
                elements = [\"person.address\"]\nlegal-notice = \"LIMITED BY LAW TWO.\"\n[[forbid]]";
    fs::write(home.join("d.toml"), &declared).unwrap();
    fs::write(home.join("n.toml"), narrower).unwrap();
    fs::write(home.join("t.toml"), declared.replace("[[forbid]]", rule)).unwrap();
    let diff = told_in(home, &["diff", "d.toml", "n.toml"], 0);
    assert!(diff.contains("- \"LIMITED BY LAW TWO.\"") && diff.contains("+ \"LIMITED BY LAW TWO.\""), "{diff}");
    let diff = told_in(home, &["diff", "d.toml", "t.toml"], 0);
    assert!(!diff.contains("legal notices"), "{diff}");
    assert!(told_in(home, &["diff", "p.toml", "p.toml"], 0).contains("nothing changes for anyone"));
}
