//! `--token-key`: who needs it, and where it is refused.

use std::fs;

use dmv_redact_testing::text as file_text;
use tempfile::TempDir;

use crate::told_in;

const KEY: &str = "0123456789abcdef0123456789abcdef\n";

const POLICY: &str = "[policy]\nname = 'joined'\nversion = '1'\n[agencies.police]\ntitle = 'Police'\nori = ['AZ0070000']\n\
    [[permit]]\nid = 'ssn'\ntitle = 'A token'\nbasis = 'a test'\nagencies = ['police']\nelements = ['person.ssn']\n\
    as = { 'person.ssn' = 'token' }\n";

fn folder() -> TempDir {
    let folder = TempDir::new().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write("key", KEY);
    write("short", "0123456789abcdef\n");
    write("joined.toml", POLICY);
    write("plain.toml", &POLICY.replace("token", "mask").replace("joined", "plain"));
    write("message.xml", &file_text("fixtures/dr-in-state-police/message.xml"));
    folder
}

#[test]
fn a_message_under_a_policy_with_tokens_needs_the_key_and_reports_do_not() {
    let room = folder();
    let told = |arguments: &[&str], status| {
        let told = told_in(room.path(), arguments, status);
        assert!(!told.contains("0123456789abcdef"), "P6: {told}");
        told
    };
    let redact = ["redact", "message.xml", "--policy", "joined.toml"];
    let missing = told(&redact, 2);
    assert!(missing.contains("rule `ssn` releases `person.ssn` as a token"), "{missing}");
    assert!(missing.contains("--token-key FILE"), "{missing}");
    let released = told(&[&redact[..], &["--token-key", "key"]].concat(), 0);
    assert!(released.contains(">tk-") && !released.contains("900-12-3456"), "{released}");
    for (key, what) in [("short", "32 bytes at least"), ("no-such-file", "can't be read")] {
        let refused = told(&[&redact[..], &["--token-key", key]].concat(), 2);
        assert!(refused.contains(what) && refused.contains(key), "{refused}");
    }
    fs::write(room.path().join("out.xml"), released).unwrap();
    told(&["verify", "out.xml", "--policy", "joined.toml"], 0);
    let against = ["verify", "out.xml", "--against", "message.xml", "--policy", "joined.toml"];
    told(&against, 2);
    told(&[&against[..], &["--token-key", "key"]].concat(), 0);
    fs::write(room.path().join("other"), KEY.to_uppercase()).unwrap();
    told(&[&against[..], &["--token-key", "other"]].concat(), 3);
    let explain = ["explain", "--policy", "joined.toml", "--requester", "AZ0070000"];
    assert!(told(&explain, 0).contains("token"));
    told(&[&explain[..], &["message.xml"]].concat(), 2);
    told(&[&explain[..], &["message.xml", "--token-key", "key"]].concat(), 0);
    told(&["check", "joined.toml"], 0);
    assert!(told(&["matrix", "--policy", "joined.toml"], 0).contains("token"));
    assert!(told(&["diff", "plain.toml", "joined.toml"], 3).contains("mask -> token"));
    fs::write(room.path().join("all.toml"), POLICY.replace("version", "tokens = 'policy'\nversion")).unwrap();
    assert!(told(&["diff", "joined.toml", "all.toml"], 3).contains("tokens: requester -> policy"));
}

#[test]
fn a_key_without_effect_is_refused() {
    let room = folder();
    for (arguments, what) in [
        (&["redact", "message.xml", "--policy", "plain.toml"][..], "no rule of the policy releases"),
        (&["explain", "message.xml", "--policy", "plain.toml"], "no rule of the policy releases"),
        (&["explain", "--requester", "AZ0070000", "--policy", "joined.toml"], "without a message"),
        (&["verify", "message.xml", "--policy", "joined.toml"], "without --against"),
    ] {
        let told = told_in(room.path(), &[arguments, &["--token-key", "key"]].concat(), 2);
        assert!(told.contains("--token-key has no effect") && told.contains(what), "{told}");
    }
}

#[test]
fn cases_with_messages_need_the_key() {
    let room = folder();
    let case = |name: &str, file: &str, text: &str| {
        let folder = room.path().join("cases").join(name);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(file), text).unwrap();
        folder
    };
    let row = "policy = '../../joined.toml'\n[[may]]\ntitle = 'a'\nagencies = ['police']\nclaims = []\nelements = ['person.ssn']\n\
        as = { 'person.ssn' = 'token' }\n";
    case("rows", "matrix.toml", row);
    told_in(room.path(), &["test", "cases"], 0);
    let idle = told_in(room.path(), &["test", "cases", "--token-key", "key"], 2);
    assert!(idle.contains("--token-key: it has no effect"), "{idle}");
    let folder =
        case("message", "case.toml", "title = 'a'\npolicy = '../../joined.toml'\n[expect]\ndisposition = 'redacted'\n");
    fs::copy(room.path().join("message.xml"), folder.join("message.xml")).unwrap();
    let missing = told_in(room.path(), &["test", "cases"], 2);
    assert!(missing.contains("there is no key for them") && missing.contains("--token-key FILE"), "{missing}");
    told_in(room.path(), &["test", "cases", "--token-key", "key"], 0);
}
