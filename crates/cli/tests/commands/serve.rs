//! `serve --desk` as whoever runs it has it: what it refuses to start with, that it answers on its port, and how it ends.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command};

use tempfile::TempDir;

use crate::{command_in, told_in};

const AT: [&str; 8] = ["--review", "queue.db", "--review-key", "key", "--policy", "massachusetts", "--log", "desk.log"];

fn office() -> TempDir {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("key"), [b'k'; 32]).unwrap();
    fs::write(folder.path().join("password"), "gravel umbrella 47\n").unwrap();
    folder
}

/// A desk that runs, and is killed if a test fails.
struct Served(Child, String, BufReader<std::process::ChildStdout>);

impl Served {
    fn start(folder: &TempDir, more: &[&str]) -> Self {
        let arguments = [&["serve", "--desk", "--listen", "127.0.0.1:0"], &AT[..], more].concat();
        let mut child = command_in(folder.path(), &arguments).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let address =
            line.trim().strip_prefix("the review desk listens on http://").and_then(|own| own.strip_suffix('/'));
        let address = address.unwrap_or_else(|| panic!("{line}")).to_owned();
        Self(child, address, stdout)
    }

    fn talk(&self, request: &str) -> String {
        let mut stream = TcpStream::connect(&self.1).unwrap();
        stream.write_all(request.replace("HOST", &self.1).as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    fn get(&self, path: &str) -> String {
        self.talk(&format!("GET {path} HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\r\n"))
    }

    /// Ends it as a service manager does: what it wrote to stdout since, and to stderr.
    fn end(mut self) -> (Option<i32>, String, String) {
        assert!(Command::new("kill").args(["-TERM", &self.0.id().to_string()]).status().unwrap().success());
        let (mut stdout, mut stderr) = (String::new(), String::new());
        self.2.read_to_string(&mut stdout).unwrap();
        self.0.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        (self.0.wait().unwrap().code(), stdout, stderr)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
#[cfg(unix)]
fn p12_the_desk_answers_signs_in_and_ends_with_its_log() {
    let folder = office();
    let add = [
        &["review", "account", "add", "Ann", "--role", "reviewer", "--password-file", "password", "--by", "setup"],
        &AT[..],
    ];
    told_in(folder.path(), &add.concat(), 0);
    let desk = Served::start(&folder, &[]);
    assert!(desk.get("/reviews").starts_with("HTTP/1.1 303"));
    let page = desk.get("/sign-in");
    assert!(page.starts_with("HTTP/1.1 200") && page.contains("content-security-policy: default-src 'none'"), "{page}");
    let visit = page.split("__Host-desk-visit=").nth(1).unwrap().split(';').next().unwrap().to_owned();
    let body = format!("csrf={visit}&name=Ann&password=gravel+umbrella+47");
    let answer = desk.talk(&format!(
        "POST /sign-in HTTP/1.1\r\nHost: HOST\r\nOrigin: http://HOST\r\nCookie: __Host-desk-visit={visit}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    ));
    assert!(answer.starts_with("HTTP/1.1 303") && answer.contains("__Host-desk="), "{answer}");
    // Its log is its own.
    let other = [&["serve", "--desk", "--listen", "127.0.0.1:0"], &AT[..]].concat();
    assert!(told_in(folder.path(), &other, 2).contains("another run is writing this log"));
    let (status, stdout, stderr) = desk.end();
    assert_eq!(status, Some(0), "{stdout}{stderr}");
    assert!(stdout.contains("the disclosure log ends with "), "{stdout}");
    assert!(
        stderr.contains(r#""route":"/sign-in""#) && !stderr.contains("umbrella") && !stderr.contains(&visit),
        "{stderr}"
    );
    told_in(folder.path(), &["log", "verify", "desk.log"], 0);
    let log = fs::read_to_string(folder.path().join("desk.log")).unwrap();
    assert!(log.contains(r#""step":"signed-in""#) && !log.contains("umbrella"), "{log}");
}

#[test]
fn p2_a_desk_that_others_could_reach_unprotected_does_not_start() {
    let folder = office();
    for (more, told) in [
        (&["--listen", "0.0.0.0:0"][..], "add --behind-tls"),
        (&["--listen", "[::]:0"], "add --behind-tls"),
        (&["--listen", "[::ffff:192.0.2.1]:0"], "add --behind-tls"),
        (&["--listen", "0.0.0.0:0", "--behind-tls"], "add --host"),
        (&["--trusted-proxy", "10.0.0.1"], "no effect"),
        (&["--user-header", "Cookie"], "something else"),
        (&["--user-header", "a b"], "name of a header"),
        (&["--duties-key", "key"], "--duties-log"),
    ] {
        let arguments = [&["serve", "--desk"], &AT[..], more].concat();
        assert!(told_in(folder.path(), &arguments, 2).contains(told), "{more:?}");
        assert!(!folder.path().join("desk.log").exists() && !folder.path().join("queue.db").exists());
    }
    assert!(told_in(folder.path(), &[&["serve"], &AT[..]].concat(), 2).contains("--desk"));
}
