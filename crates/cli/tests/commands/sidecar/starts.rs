//! What `serve` refuses to start with as a sidecar, and what it starts in spite of.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;

use tempfile::TempDir;

use super::{Http, Sidecar, policy};
use crate::told_in;

fn office() -> TempDir {
    let folder = TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::write(path("policy.toml"), policy("1", r#""person.name""#)).unwrap();
    fs::write(path("key"), [b'k'; 32]).unwrap();
    folder
}

#[test]
fn p2_what_others_could_reach_or_has_no_effect_does_not_start() {
    let folder = office();
    for (more, told) in [
        (&[][..], "nothing to serve: add --http, --http-socket, --frames or --stdio for a switch"),
        (&["--control", "c.sock"], "no switch can reach this sidecar"),
        (&["--metrics", "127.0.0.1:0"], "no switch can reach this sidecar"),
        (&["--http", "0.0.0.0:0"], "add --tls-cert and --tls-key"),
        (&["--http", "[::]:0"], "add --tls-cert and --tls-key"),
        (&["--http", "[::ffff:192.0.2.1]:0"], "add --tls-cert and --tls-key"),
        (&["--http", "0.0.0.0:0", "--tls-cert", "key", "--tls-key", "key"], "--tls-client-ca"),
        (&["--http", "127.0.0.1:0", "--tls-cert", "key"], "--tls-key"),
        (&["--http", "127.0.0.1:0", "--tls-key", "key"], "--tls-cert"),
        (&["--frames", "f.sock", "--tls-cert", "key", "--tls-key", "key"], "--http"),
        (&["--http", "127.0.0.1:0", "--tls-client-ca", "key"], "--tls-cert"),
        (&["--http", "127.0.0.1:0", "--tls-cert", "key", "--tls-key", "key"], "key: "),
        (&["--frames", "f.sock", "--duties-log", "other.log"], "--desk"),
        (&["--frames", "f.sock", "--user-header", "remote-user"], "--desk"),
        (&["--frames", "f.sock", "--review", "queue.db"], "add `--review-key FILE`"),
        (&["--frames", "f.sock", "--review-key", "key"], "add `--review DB`"),
        (&["--frames", "f.sock", "--review", "log", "--review-key", "key"], "the disclosure log"),
        (&["--frames", "f.sock", "--stops", "log"], "the file of the stops log and the disclosure log log overlap"),
        (&["--frames", "f.sock", "--shadow", "missing.toml"], "missing.toml"),
        (&["--frames", "f.sock", "--token-key", "missing"], "missing"),
        (&["--frames", "missing/f.sock"], "missing/f.sock: "),
        (&["--frames", "same.sock", "--http-socket", "same.sock"], "same.sock: another process listens there"),
        (&["--frames", "f.sock", "--max-messages", "0"], "--max-messages"),
    ] {
        let arguments = [&["serve", "--policy", "policy.toml", "--log", "log"], more].concat();
        let said = told_in(folder.path(), &arguments, 2);
        assert!(said.contains(told), "{more:?}: {said}");
        let mut left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, ["key", "policy.toml"], "{more:?}");
    }
}

#[test]
fn p2_a_place_that_is_taken_is_left_alone() {
    let folder = office();
    let path = |name: &str| folder.path().join(name);
    fs::write(path("file"), "mine").unwrap();
    std::os::unix::fs::symlink("taken.sock", path("link")).unwrap();
    let listening = UnixListener::bind(path("taken.sock")).unwrap();
    let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = tcp.local_addr().unwrap().to_string();
    for way in ["--frames", "--http-socket", "--control"] {
        for (place, told) in [
            ("file", "file: something else is there, and no socket"),
            ("link", "link: something else is there, and no socket"),
            (".", "something else is there, and no socket"),
            ("taken.sock", "taken.sock: another process listens there"),
        ] {
            let arguments = ["serve", "--policy", "policy.toml", "--log", "log", "--stdio", way, place];
            let said = told_in(folder.path(), &arguments, 2);
            assert!(said.contains(told), "{way} {place}: {said}");
        }
    }
    for way in ["--http", "--metrics"] {
        let arguments = ["serve", "--policy", "policy.toml", "--log", "log", "--stdio", way, &address];
        let said = told_in(folder.path(), &arguments, 2);
        assert!(said.contains(&address), "{way}: {said}");
    }
    assert_eq!(fs::read(path("file")).unwrap(), b"mine");
    assert!(path("taken.sock").exists() && path("link").exists() && !path("log").exists());
    drop(listening);
}

#[test]
fn p2_a_policy_with_an_error_does_not_start_and_says_where_it_is() {
    let folder = office();
    let wrong = policy("1", r#""person.name", "person.shoe-size""#).replace(r#"["police"]"#, r#"["polcie"]"#);
    fs::write(folder.path().join("wrong.toml"), &wrong).unwrap();
    let line = 1 + wrong.lines().position(|line| line.contains("shoe-size")).unwrap();
    let column = 1 + wrong.lines().find_map(|line| line.find("\"person.shoe-size")).unwrap();
    for arguments in [
        &["--policy", "wrong.toml", "--stdio"][..],
        &["--policy", "wrong.toml", "--frames", "f.sock"],
        &["--policy", "policy.toml", "--frames", "f.sock", "--shadow", "wrong.toml"],
    ] {
        let said = told_in(folder.path(), &[&["serve", "--log", "log"], arguments].concat(), 2);
        // Each of its errors, with the line.
        assert!(said.contains(&format!("\ndmv-redact: wrong.toml:{line}:{column}: unknown data element")), "{said}");
        assert!(said.contains("unknown agency class `polcie`") && said.contains("elements = ["), "{said}");
    }
    assert!(!folder.path().join("log").exists() && !folder.path().join("f.sock").exists());
}

#[test]
fn p2_the_sockets_of_a_killed_sidecar_are_replaced_and_those_of_one_that_ends_are_removed() {
    let folder = office();
    let sockets = ["--frames", "frames.sock", "--http-socket", "http.sock", "--control", "control.sock"];
    let arguments = [&["--policy", "policy.toml"], &sockets[..]].concat();
    let mut killed = Sidecar::start(folder.path(), &arguments);
    let mode = |name: &str| fs::metadata(folder.path().join(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!(["frames.sock", "http.sock", "control.sock"].map(mode), [0o660, 0o660, 0o600]);
    killed.child.kill().unwrap();
    killed.child.wait().unwrap();
    assert!(folder.path().join("http.sock").exists());
    let sidecar = Sidecar::start(folder.path(), &arguments);
    assert!(Http::connect(&folder.path().join("http.sock")).ask().shows("JORDAN"));
    assert_eq!(["frames.sock", "http.sock", "control.sock"].map(mode), [0o660, 0o660, 0o600]);
    // One that can't have them leaves them where they are.
    let other = [&["serve", "--log", "other.log"], &arguments[..]].concat();
    assert!(told_in(folder.path(), &other, 2).contains("http.sock: another process listens there"));
    assert!(Http::connect(&folder.path().join("http.sock")).ask().shows("JORDAN"));
    let ended = sidecar.end();
    told_in(folder.path(), &["log", "verify", "log", "--head", ended.log_head()], 0);
    let left = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert!(left.into_iter().all(|name| !name.contains(".sock")));
}
