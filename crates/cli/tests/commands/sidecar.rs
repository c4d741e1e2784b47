//! `serve` as a sidecar, the real program: what a switch gets from it over sockets and pipes, and what its operator can do.

mod corpus;
mod desk;
mod operator;
mod starts;

use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::command_in;

/// How long anything may take: more than the sidecar's own deadlines.
const PATIENCE: Duration = Duration::from_secs(60);

/// A policy that lets police see what `ELEMENTS` says.
const POLICY: &str = r#"[policy]
name = "test"
version = "VERSION"
purposes = ["C"]
lines = ["1", "2"]

[agencies.police]
ori = ["AZ#####00"]

[agencies.federal]
ori = ["VTICE0900"]

[[permit]]
id = "police"
agencies = ["police"]
elements = [ELEMENTS]
"#;

/// A request of the police for a message that these elements are in.
const ASKED: [(&str, &str); 2] = [("dmv-requester", "AZ0070000"), ("dmv-purpose", "C")];
const MESSAGE: &str = "dr-in-state-police/message.xml";

fn policy(version: &str, elements: &str) -> String {
    POLICY.replace("VERSION", version).replace("ELEMENTS", elements)
}

/// A sidecar that runs, and is killed if a test fails.
struct Sidecar {
    child: Child,
    stderr: Receiver<String>,
    /// What it wrote to stderr so far.
    told: String,
}

/// How a run ended.
struct Ended {
    status: Option<i32>,
    stdout: String,
    stderr: String,
}

impl Sidecar {
    /// Starts it in a folder, with its log there. Returns once it is ready.
    fn start(folder: &Path, arguments: &[&str]) -> Self {
        let mut command = command_in(folder, &[&["serve", "--log", "log"], arguments].concat());
        let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
        let (sender, stderr) = mpsc::channel();
        let pipe = BufReader::new(child.stderr.take().unwrap());
        thread::spawn(move || pipe.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        let mut sidecar = Self { child, stderr, told: String::new() };
        sidecar.wait_for(r#""event":"ready""#);
        sidecar
    }

    /// Waits for a line on stderr that has this.
    #[track_caller]
    fn wait_for(&mut self, part: &str) -> String {
        loop {
            let Ok(line) = self.stderr.recv_timeout(PATIENCE) else { panic!("no {part}: {}", self.told) };
            self.told += &format!("{line}\n");
            if line.contains(part) {
                return line;
            }
        }
    }

    fn signal(&self, name: &str) {
        assert!(Command::new("kill").args([name, &self.child.id().to_string()]).status().unwrap().success());
    }

    /// Ends it as a service manager does.
    fn end(self) -> Ended {
        self.signal("-TERM");
        self.ended()
    }

    /// Waits for its end.
    fn ended(mut self) -> Ended {
        let mut stdout = String::new();
        if let Some(mut pipe) = self.child.stdout.take() {
            pipe.read_to_string(&mut stdout).unwrap();
        }
        let status = self.child.wait().unwrap().code();
        let rest: String = self.stderr.iter().map(|line| format!("{line}\n")).collect();
        Ended { status, stdout, stderr: format!("{}{rest}", self.told) }
    }
}

impl Drop for Sidecar {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Ended {
    /// The head of the log that it printed last. It ended as it should.
    #[track_caller]
    fn log_head(&self) -> &str {
        let Self { status, stdout, stderr } = self;
        assert_eq!(*status, Some(0), "{stdout}{stderr}");
        let told = [stdout, stderr].into_iter().find_map(|text| text.split_once("the disclosure log ends with "));
        told.unwrap_or_else(|| panic!("{stdout}{stderr}")).1.trim_end()
    }
}

fn connect(socket: &Path) -> UnixStream {
    let stream = UnixStream::connect(socket).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// The head of a frame's answer.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct FrameHead {
    disposition: Option<String>,
    sha256: Option<String>,
    receipt: Option<Box<RawValue>>,
    error: Option<String>,
}

fn write_frame(writer: &mut impl Write, head: &Value, body: &[u8]) -> io::Result<()> {
    let head = head.to_string();
    let length = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap().to_be_bytes();
    let frame = [&length(head.as_bytes())[..], &length(body), head.as_bytes(), body].concat();
    writer.write_all(&frame)
}

fn read_frame(reader: &mut impl Read) -> (FrameHead, Vec<u8>) {
    let mut read = |length: usize| {
        let mut bytes = vec![0; length];
        reader.read_exact(&mut bytes).unwrap();
        bytes
    };
    let mut length = || u32::from_be_bytes(read(4).try_into().unwrap()) as usize;
    let (head, body) = (length(), length());
    (serde_json::from_slice(&read(head)).unwrap(), read(body))
}

/// A connection that stays open: HTTP/1.1 on a Unix socket.
struct Http(BufReader<UnixStream>);

/// An answer over HTTP.
#[derive(Debug)]
struct HttpAnswer {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Http {
    fn connect(socket: &Path) -> Self {
        Self(BufReader::new(connect(socket)))
    }

    fn post(&mut self, path: &str, headers: &[(&str, &str)], body: &[u8]) -> HttpAnswer {
        let mut head = format!("POST {path} HTTP/1.1\r\nhost: sidecar\r\ncontent-length: {}\r\n", body.len());
        for (name, value) in headers {
            head += &format!("{name}: {value}\r\n");
        }
        self.0.get_mut().write_all(&[head.as_bytes(), b"\r\n", body].concat()).unwrap();
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            assert_ne!(self.0.read_line(&mut line).unwrap(), 0, "it hung up after {lines:?}");
            match line.trim_end() {
                "" => break,
                line => lines.push(line.to_owned()),
            }
        }
        let status = lines.remove(0).strip_prefix("HTTP/1.1 ").unwrap()[..3].parse().unwrap();
        let headers = lines.iter().map(|line| line.split_once(": ").unwrap());
        let headers = headers.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect();
        let mut answer = HttpAnswer { status, headers, body: Vec::new() };
        answer.body = vec![0; answer.header("content-length").unwrap().parse().unwrap()];
        self.0.read_exact(&mut answer.body).unwrap();
        answer
    }

    /// Asks for the message of [`ASKED`].
    fn ask(&mut self) -> HttpAnswer {
        self.post("/v1/redact", &ASKED, &dmv_redact_testing::fixture(MESSAGE))
    }
}

impl HttpAnswer {
    #[track_caller]
    fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.iter().filter(|(own, _)| own == name).map(|(_, value)| value.as_str());
        let (value, other) = (values.next(), values.next());
        assert!(other.is_none(), "{name} twice: {self:?}");
        value
    }

    /// Its disposition, and why.
    fn decision(&self) -> (Option<&str>, Option<&str>) {
        (self.header("dmv-disposition"), self.header("dmv-reason"))
    }

    /// Whether it is a release that has this.
    fn shows(&self, part: &str) -> bool {
        self.status == 200 && String::from_utf8_lossy(&self.body).contains(part)
    }
}
