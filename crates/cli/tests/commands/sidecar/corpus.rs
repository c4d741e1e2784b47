//! The corpus over each way in: pipelined frames, one connection of HTTP, and a child's stdin and stdout.

use std::fs;
use std::io::{BufReader, Read, Write};
use std::net::Shutdown;
use std::path::Path;
use std::thread;

use serde_json::{Value, json};
use tempfile::TempDir;

use dmv_redact_testing::{root, sha256, text};

use super::{FrameHead, Http, HttpAnswer, Sidecar, connect, read_frame, write_frame};
use crate::told_in;

/// A line of the corpus.
struct Line {
    policy: String,
    token_key: String,
    message: Vec<u8>,
    requester: String,
    purpose: String,
    claims: String,
    instruments: String,
    date: String,
    /// The disposition, the SHA-256 of the output, that of the receipt.
    expected: [String; 3],
    text: String,
}

impl Line {
    fn read(line: &str) -> Self {
        let fields: Vec<String> = line.split('\t').map(str::to_owned).collect();
        let [policy, token_key, name, requester, purpose, claims, instruments, date, expected @ ..] =
            <[String; 11]>::try_from(fields).unwrap();
        let message = fs::read(root().join(name)).unwrap();
        let text = line.to_owned();
        Self { policy, token_key, message, requester, purpose, claims, instruments, date, expected, text }
    }

    /// The head of its frame.
    fn head(&self) -> Value {
        let mut request = json!({"claims": words(&self.claims)});
        for (name, field) in [("requester", &self.requester), ("purpose", &self.purpose)] {
            if field != "-" {
                request[name] = json!(field);
            }
        }
        request["instruments"] = words(&self.instruments).into_iter().map(instrument).collect();
        json!({"request": request, "date": self.date, "receipt": true})
    }

    /// The headers of its request.
    fn headers(&self) -> Vec<(&str, &str)> {
        let mut headers = vec![("dmv-date", self.date.as_str()), ("dmv-receipt", "true")];
        for (name, field) in [
            ("dmv-requester", &self.requester),
            ("dmv-purpose", &self.purpose),
            ("dmv-claim", &self.claims),
            ("dmv-instrument", &self.instruments),
        ] {
            headers.extend(words(field).into_iter().map(|word| (name, word)));
        }
        headers
    }

    #[track_caller]
    fn check(&self, (disposition, output, receipt): (&str, &[u8], &[u8])) {
        let releases = ["released", "redacted"].contains(&disposition);
        assert_eq!(releases, !output.is_empty(), "{}", self.text);
        let [expected_disposition, expected_output, expected_receipt] = &self.expected;
        assert_eq!(disposition, expected_disposition, "{}", self.text);
        assert_eq!(&sha256(output), expected_output, "{}", self.text);
        assert_eq!(&sha256(receipt), expected_receipt, "{}\n{}", self.text, String::from_utf8_lossy(receipt));
    }

    #[track_caller]
    fn check_frame(&self, (head, body): &(FrameHead, Vec<u8>)) {
        assert!(head.error.is_none(), "{head:?}: {}", self.text);
        assert_eq!(head.sha256, Some(sha256(body)).filter(|_| !body.is_empty()), "{}", self.text);
        let receipt = head.receipt.as_ref().unwrap().get();
        self.check((head.disposition.as_ref().unwrap(), body, receipt.as_bytes()));
    }

    #[track_caller]
    fn check_http(&self, answer: &HttpAnswer) {
        let output = if answer.status == 200 { &answer.body[..] } else { b"" };
        assert_eq!(answer.header("dmv-sha256"), Some(sha256(output).as_str()).filter(|_| answer.status == 200));
        assert!([200, 403].contains(&answer.status), "{answer:?}: {}", self.text);
        let header = answer.header("dmv-receipt").unwrap();
        // In ASCII: what is beyond is escaped there, and as it is in the library's JSON.
        let receipt = match header.contains("\\u") {
            true => serde_json::from_str::<Value>(header).unwrap().to_string(),
            false => header.to_owned(),
        };
        self.check((answer.header("dmv-disposition").unwrap(), output, receipt.as_bytes()));
    }
}

fn words(field: &str) -> Vec<&str> {
    if field == "-" { Vec::new() } else { field.split(' ').collect() }
}

/// An instrument as the member of a request, of one as an option of the command line.
fn instrument(text: &str) -> Value {
    let mut own = json!({"specifies": []});
    for (name, value) in text.split(',').map(|part| part.split_once('=').unwrap()) {
        match own[name].as_array_mut() {
            Some(several) => several.push(json!(value)),
            None => own[name] = json!(value),
        }
    }
    own
}

/// Sends all requests before it waits for any answer, then says that no more come.
fn ask_pipelined<W: Write + Send>(mut writer: W, reader: impl Read, lines: &[Line], end: impl FnOnce(W) + Send) {
    thread::scope(|scope| {
        scope.spawn(move || {
            lines.iter().for_each(|line| write_frame(&mut writer, &line.head(), &line.message).unwrap());
            end(writer);
        });
        let mut reader = BufReader::new(reader);
        lines.iter().for_each(|line| line.check_frame(&read_frame(&mut reader)));
        assert_eq!(reader.read(&mut [0]).unwrap(), 0, "an answer to nothing");
    });
}

fn ask_over_http(socket: &Path, lines: &[Line]) {
    let mut http = Http::connect(socket);
    for line in lines {
        line.check_http(&http.post("/v1/redact", &line.headers(), &line.message));
    }
}

#[test]
fn p10_the_sidecar_reproduces_the_corpus_over_frames_http_and_stdio() {
    let corpus: Vec<Line> = text("fixtures/corpus.tsv").lines().skip(1).map(Line::read).collect();
    let groups: Vec<&[Line]> = corpus.chunk_by(|a, b| (&a.policy, &a.token_key) == (&b.policy, &b.token_key)).collect();
    assert_eq!((corpus.len(), groups.len()), (1395, 3));
    for lines in groups {
        let folder = TempDir::new().unwrap();
        let (policy, token_key) = (&lines[0].policy, &lines[0].token_key);
        // The built-in policy that an absent `--policy` means has a name here.
        let policy = if policy == "-" { "baseline".to_owned() } else { root().join(policy).display().to_string() };
        let mut arguments =
            vec!["--policy", &policy, "--frames", "frames.sock", "--http-socket", "http.sock", "--stdio"];
        if token_key != "-" {
            fs::write(folder.path().join("token-key"), token_key).unwrap();
            arguments.extend(["--token-key", "token-key"]);
        }
        let mut sidecar = Sidecar::start(folder.path(), &arguments);
        thread::scope(|scope| {
            scope.spawn(|| ask_over_http(&folder.path().join("http.sock"), lines));
            let stream = connect(&folder.path().join("frames.sock"));
            ask_pipelined(stream.try_clone().unwrap(), stream, lines, |writer| {
                writer.shutdown(Shutdown::Write).unwrap();
            });
        });
        // Where its input ends, it ends.
        let (stdin, stdout) = (sidecar.child.stdin.take().unwrap(), sidecar.child.stdout.take().unwrap());
        ask_pipelined(stdin, stdout, lines, drop);
        let ended = sidecar.ended();
        let told = told_in(folder.path(), &["log", "verify", "log", "--head", ended.log_head()], 0);
        assert!(told.contains(&format!("{} messages", 3 * lines.len())), "{told}");
    }
}
