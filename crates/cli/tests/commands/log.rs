//! The disclosure log as an auditor meets it: written by the smallest writer that follows the form, damaged in every way, and read
//! by the program. The writer shares nothing with the program's own and so says what the form is.

mod duties;
mod import;
mod report;
mod site;

use std::fs;
use std::path::PathBuf;
use std::process::Output;

use dmv_redact_testing::root;
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use crate::{command, command_in, text, told_in};

/// Where one line of the log ends and the next is chained to it.
struct Writer {
    key: Option<Vec<u8>>,
    sequence: u64,
    previous: String,
    lines: Vec<String>,
}

impl Writer {
    fn new(key: Option<&[u8]>) -> Self {
        Self { key: key.map(<[u8]>::to_owned), sequence: 0, previous: "0".repeat(64), lines: Vec::new() }
    }

    fn line(&mut self, record: &str, body: &str) -> &mut Self {
        self.sequence += 1;
        let (sequence, previous) = (self.sequence, &self.previous);
        let content = format!(r#"{{"sequence":{sequence},"previous":"{previous}","record":"{record}",{body}"#);
        let hash = match &self.key {
            None => sha256(&[content.as_bytes()]),
            Some(key) => hmac_sha256(key, content.as_bytes()),
        };
        self.previous = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        self.lines.push(format!("{content},\"hash\":\"{}\"}}\n", self.previous));
        self
    }

    fn start(&mut self, run: u64) -> &mut Self {
        let (keyed, resumed) = (self.key.is_some(), run != self.sequence + 1);
        self.line("start", &format!(r#""time":"2026-11-23T12:00:00Z","version":"0.1.0","policy":{{"name":"test","version":"1","sha256":"ab"}},"keyed":{keyed},"resumed":{resumed},"run":{run},"torn-bytes":0"#))
    }

    /// One released to a police department, with a name of the source that nobody must print.
    fn message(&mut self) -> &mut Self {
        self.line("message", r#""source":"CANARY","item":1,"disposition":"released","requester":"AZ0070000","agency-classes":["in-state"],"elements":{"person.name":{"released":2,"generalised":0,"removed":0,"shape":0}}"#)
    }

    fn withheld(&mut self) -> &mut Self {
        self.line("message", r#""source":"a \"disposition\":\"held\"","item":null,"disposition":"withheld","requester":null,"agency-classes":[],"elements":{}"#)
    }

    fn counts(&mut self, record: &str, [released, withheld]: [u64; 2]) -> &mut Self {
        let messages = released + withheld;
        self.line(record, &format!(r#""time":"2026-11-23T12:00:00Z","policy":"ab","messages":{messages},"released":{released},"redacted":0,"held":0,"withheld":{withheld}"#))
    }

    fn head(&self) -> String {
        format!("{}:{}", self.sequence, self.previous)
    }
}

fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    parts.iter().fold(Sha256::new(), Sha256::chain_update).finalize().into()
}

/// RFC 2104.
fn hmac_sha256(key: &[u8], content: &[u8]) -> [u8; 32] {
    assert!(key.len() <= 64);
    let padded = |pad: u8| (0..64).map(|at| key.get(at).unwrap_or(&0) ^ pad).collect::<Vec<u8>>();
    sha256(&[&padded(0x5c), &sha256(&[&padded(0x36), content])])
}

/// A run of five messages with a checkpoint, then one that was killed and resumed, by lines 8 to 12.
fn two_runs(key: Option<&[u8]>) -> Writer {
    let mut writer = Writer::new(key);
    writer.start(1).message().withheld().message().counts("checkpoint", [2, 1]).message().counts("end", [3, 1]);
    writer.start(8).message().start(8).message().counts("end", [2, 0]);
    writer
}

struct Log {
    _folder: TempDir,
    path: PathBuf,
}

impl Log {
    fn new(content: impl AsRef<[u8]>) -> Self {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("disclosures.log");
        fs::write(&path, content).unwrap();
        Self { _folder: folder, path }
    }

    fn run(&self, verb: &str, arguments: &[&str]) -> Output {
        let output = command(&["log", verb]).arg(&self.path).args(arguments).output().unwrap();
        assert!(!text(&output.stdout).contains("CANARY") && !text(&output.stderr).contains("CANARY"));
        output
    }

    /// The faults that are told, with the name of the log taken off.
    fn faults(&self, arguments: &[&str]) -> Vec<String> {
        let output = self.run("verify", arguments);
        let start = format!("dmv-redact: {}: ", self.path.display());
        let faults: Vec<String> = text(&output.stderr).lines().map(|line| line.replacen(&start, "", 1)).collect();
        assert_eq!(output.status.code(), Some(if faults.is_empty() { 0 } else { 3 }), "{faults:?}");
        assert_eq!(output.stdout.is_empty(), !faults.is_empty());
        faults
    }
}

/// Where a line of a log begins, from 1.
fn byte_of(lines: &[String], line: usize) -> usize {
    lines[..line - 1].iter().map(String::len).sum()
}

#[test]
fn a_whole_log_is_whole() {
    let writer = two_runs(None);
    let log = Log::new(writer.lines.concat());
    let output = log.run("verify", &["--head", &writer.head()]);
    let told = format!(
        "{}: whole, without a key: 12 lines, 6 messages, 2 runs\nit ends with {}\n",
        log.path.display(),
        writer.head()
    );
    assert_eq!((output.status.code(), text(&output.stdout), text(&output.stderr)), (Some(0), told.as_str(), ""));
    // Each line is an object, as any reader of JSON finds it.
    for line in &writer.lines {
        assert!(serde_json::from_str::<serde_json::Value>(line).unwrap().is_object());
    }
}

#[test]
fn a_changed_byte_is_found_at_its_line() {
    let lines = two_runs(None).lines;
    let whole = lines.concat().into_bytes();
    for line in 1..=lines.len() {
        let start = byte_of(&lines, line);
        // Exhaustive in the unit tests; here what a line is made of: its frame, its links, its body, its hash, its end.
        let length = lines[line - 1].len();
        for at in [0, 3, 12, 40, 98, 108, 125, length / 2, length - 80, length - 60, length - 3, length - 2] {
            let mut changed = whole.clone();
            changed[start + at] ^= 1;
            let faults = Log::new(changed).faults(&[]);
            assert!(faults[0].starts_with(&format!("line {line} (")), "{line}, {at}: {faults:?}");
            assert!(faults[0].contains(&format!("byte {start}): ")), "{line}, {at}: {faults:?}");
        }
    }
}

#[test]
fn a_removed_line_is_found_at_the_one_behind_it() {
    let lines = two_runs(None).lines;
    for line in 1..lines.len() {
        let mut others = lines.clone();
        others.remove(line - 1);
        let faults = Log::new(others.concat()).faults(&[]);
        let byte = byte_of(&lines, line);
        let told = format!("line {line} (sequence {}, byte {byte}): a line before it is missing", line + 1);
        assert_eq!(faults[0], told);
    }
    let faults = Log::new([&lines[..2], &lines[5..]].concat().concat()).faults(&[]);
    assert_eq!(faults[0], format!("line 3 (sequence 6, byte {}): 3 lines before it are missing", byte_of(&lines, 3)));
}

#[test]
fn a_line_too_many_is_found_there() {
    let lines = two_runs(None).lines;
    for line in 1..=lines.len() {
        let byte = byte_of(&lines, line + 1);
        let with = |inserted: &str| {
            let mut more = lines.clone();
            more.insert(line, inserted.to_owned());
            Log::new(more.concat()).faults(&[])
        };
        let told = "its sequence number came before: it was repeated, inserted or moved";
        assert_eq!(with(&lines[line - 1]), [format!("line {} (sequence {line}, byte {byte}): {told}", line + 1)]);
        for nothing in ["\n", "{}\n", "\r\n"] {
            let told = format!("line {} (byte {byte}): it is no line of a disclosure log", line + 1);
            assert_eq!(with(nothing), [told]);
        }
        // One that fits by its number and its own hash, and not by its link.
        let mut forger = Writer::new(None);
        forger.sequence = line as u64;
        forger.message();
        let faults = with(&forger.lines[0]);
        assert!(faults[0].contains("it was not written behind the line before it"), "{faults:?}");
    }
}

#[test]
fn moved_lines_are_found() {
    let lines = two_runs(None).lines;
    for line in 1..lines.len() {
        let mut moved = lines.clone();
        moved.swap(line - 1, line);
        let faults = Log::new(moved.concat()).faults(&[]);
        let told = [format!("line {line} (sequence {}, ", line + 1), format!("line {} (sequence {line}, ", line + 1)];
        assert!(faults[0].starts_with(&told[0]) && faults.iter().any(|f| f.starts_with(&told[1])), "{faults:?}");
    }
}

#[test]
fn a_cut_log_is_found_at_its_end_or_by_its_head() {
    let writer = two_runs(None);
    let lines = &writer.lines;
    for line in 1..=lines.len() {
        // Behind a line: an end of a run is an end of the log, unless somebody knows better.
        let cut = Log::new(lines[..line].concat());
        let known = cut.faults(&["--head", &writer.head()]);
        let faults = cut.faults(&[]);
        let byte = byte_of(lines, line);
        if line == 12 {
            assert!(known.is_empty() && faults.is_empty());
        } else {
            let end = byte_of(lines, line + 1);
            let told = "the line that is known from elsewhere isn't there: the log was cut";
            assert_eq!(known.last().unwrap(), &format!("line {} (byte {end}): {told}", line + 1));
            let told = "no end follows: the log was cut, or the run was killed or goes on";
            let told = format!("line {line} (sequence {line}, byte {byte}): {told}");
            assert_eq!(faults, if line == 7 { vec![] } else { vec![told] });
        }
        // Within a line.
        for length in [1, 20, 150, lines[line - 1].len() - 1] {
            let cut = Log::new(&lines.concat().as_bytes()[..byte + length]);
            assert_eq!(cut.faults(&[]), [format!("line {line} (byte {byte}): it is cut")]);
        }
    }
    let empty = Log::new("");
    assert_eq!(empty.faults(&[]), ["line 1 (byte 0): there is no record"]);
}

#[test]
fn a_head_is_good_for_as_long_as_the_log_goes_on() {
    let writer = two_runs(None);
    let log = Log::new(writer.lines.concat());
    let mut first_run = Writer::new(None);
    first_run.start(1).message().withheld().message().counts("checkpoint", [2, 1]).message().counts("end", [3, 1]);
    assert!(log.faults(&["--head", &first_run.head()]).is_empty());
    // A log that was written anew, whole in itself.
    let mut anew = Writer::new(None);
    anew.start(1).withheld().withheld().message().counts("checkpoint", [1, 2]).message().counts("end", [2, 2]);
    let byte = byte_of(&anew.lines, 7);
    let told = format!("line 7 (sequence 7, byte {byte}): it isn't the line that is known from elsewhere");
    assert_eq!(Log::new(anew.lines.concat()).faults(&["--head", &first_run.head()]), [told]);
    let hash = "0".repeat(64);
    for wrong in
        ["7", "7:", ":7", &format!("x:{hash}"), &format!("7:{hash}0"), &format!("7:{}", hash.replace('0', "A"))]
    {
        assert_eq!(log.run("verify", &["--head", wrong]).status.code(), Some(2), "{wrong}");
    }
}

#[test]
fn a_keyed_log_takes_its_key() {
    let (key, other) = (b"correct horse battery", b"incorrect horse battery");
    let folder = TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    fs::write(path("key"), key).unwrap();
    fs::write(path("other"), other).unwrap();
    fs::write(path("short"), "short\n").unwrap();
    let writer = two_runs(Some(key));
    let log = Log::new(writer.lines.concat());
    assert!(log.faults(&["--key", &path("key"), "--head", &writer.head()]).is_empty());
    let whole = log.run("verify", &["--key", &path("key")]);
    assert!(text(&whole.stdout).contains("disclosures.log: whole: 12 lines, 6 messages, 2 runs\n"));
    assert_eq!(log.run("report", &["--key", &path("key")]).status.code(), Some(0));

    for verb in ["verify", "report"] {
        let without = log.run(verb, &[]);
        assert_eq!((without.status.code(), text(&without.stdout)), (Some(2), ""));
        assert!(text(&without.stderr).ends_with("its hashes were made with a key: it takes that to verify them\n"));
    }
    let faults = log.faults(&["--key", &path("other")]);
    assert_eq!(faults.len(), 12);
    assert!(faults.iter().all(|fault| fault.ends_with(": it was changed, or has another key")), "{faults:?}");
    for (name, status) in [("short", 2), ("none", 1)] {
        assert_eq!(log.run("verify", &["--key", &path(name)]).status.code(), Some(status), "{name}");
    }

    // Who lacks the key can chain a log anew, but not so that it passes.
    for forged in [two_runs(None), two_runs(Some(other))] {
        assert_eq!(Log::new(forged.lines.concat()).faults(&["--key", &path("key")]).len(), 12);
    }
    // A single line, chained rightly and hashed without the key.
    let mut mixed = writer.lines.clone();
    let mut forger = Writer::new(None);
    let (_, hash_of_second) = writer.lines[1].rsplit_once(",\"hash\":\"").unwrap();
    (forger.sequence, forger.previous) = (2, hash_of_second.trim_end_matches("\"}\n").to_owned());
    forger.message();
    mixed[2] = forger.lines[0].clone();
    let faults = Log::new(mixed.concat()).faults(&["--key", &path("key")]);
    let byte = byte_of(&writer.lines, 3);
    assert_eq!(faults[0], format!("line 3 (sequence 3, byte {byte}): it was changed, or has another key"));
}

#[test]
fn a_log_that_is_chained_rightly_and_says_what_cant_be_is_found() {
    let fault = |writer: &Writer| {
        let faults = Log::new(writer.lines.concat()).faults(&[]);
        assert_eq!(faults.len(), 1, "{faults:?}");
        faults[0].split_once(": ").unwrap().1.to_owned() + " " + faults[0].split(' ').nth(1).unwrap()
    };
    let mut writer = Writer::new(None);
    assert_eq!(fault(writer.message().counts("end", [1, 0])), "no start of a run stands before it 1");
    let mut writer = Writer::new(None);
    writer.start(1).counts("end", [0, 0]).message().start(4).counts("end", [0, 0]);
    assert_eq!(fault(&writer), "no start of a run stands before it 3");
    for record in ["checkpoint", "end"] {
        let mut writer = Writer::new(None);
        writer.start(1).message().withheld().counts(record, [2, 0]).message().counts("end", [3, 0]);
        if record == "end" {
            writer.lines.truncate(4);
        }
        assert_eq!(fault(&writer), "it counts other messages than there are 4");
    }
    let mut writer = Writer::new(None);
    writer.start(1).counts("end", [0, 0]).start(2).message().counts("end", [1, 0]);
    assert_eq!(fault(&writer), "it goes on with a run that didn't begin in this log 3");
    let mut writer = Writer::new(None);
    writer.start(1).line("end", "\"time\":\"2026-11-23T12:00:00Z\"");
    assert_eq!(fault(&writer), "it doesn't say what such a record must say 2");
}

#[test]
fn p8_any_file_is_verified_in_bounded_memory_and_twenty_faults_are_told() {
    let lines = two_runs(None).lines;
    let many = Log::new("\n".repeat(9 << 20)).faults(&[]);
    assert_eq!((many.len(), many[20].as_str()), (21, "and 9437164 more"));
    assert_eq!(many[19], "line 20 (byte 19): it is no line of a disclosure log");
    assert_eq!(
        Log::new(vec![0; 9 << 20]).faults(&[]),
        ["line 1 (byte 0): zero bytes, more than a line may have: the system lost what was written there"]
    );
    for length in [(1 << 20) - 1, 1 << 20, 3 << 20, 5 << 20, 13 << 20] {
        let long = format!("{}\n", "x".repeat(length));
        let inserted = [lines[..4].concat(), long, lines[4..].concat()].concat();
        let what =
            if length < 1 << 20 { "it is no line of a disclosure log" } else { "it is longer than a line may be" };
        let told = format!("line 5 (byte {}): {what}", byte_of(&lines, 5));
        assert_eq!(Log::new(inserted).faults(&[]), [told], "{length}");
    }
    let missing = Log { path: "no/such.log".into(), ..Log::new("") };
    let folder = Log { path: root().into(), ..Log::new("") };
    for log in [missing, folder] {
        for verb in ["verify", "report"] {
            assert_eq!(log.run(verb, &[]).status.code(), Some(1));
        }
    }
}

#[test]
fn p8_no_number_in_a_forged_log_is_too_large() {
    let mut writer = Writer::new(None);
    writer.start(1).counts("checkpoint", [u64::MAX, 0]).message().counts("end", [1, 0]);
    writer.sequence = (1 << 53) - 2;
    writer.start((1 << 53) - 1).line(
        "message",
        r#""source":"x","disposition":"released","requester":"X","elements":{"a":{"released":18446744073709551615}}"#,
    );
    // That was the largest number. A larger one is none.
    writer.message();
    let log = Log::new(writer.lines.concat());
    let faults = log.faults(&[]);
    let missing = format!("{} lines before it are missing", (1_u64 << 53) - 6);
    assert!(faults.iter().any(|fault| fault.ends_with(&missing)), "{faults:?}");
    assert!(faults.iter().any(|fault| fault.ends_with("it is no line of a disclosure log")), "{faults:?}");
    assert_eq!(log.run("report", &[]).status.code(), Some(3));
    // Nor does a run go on with such a log for long.
    for lines in [writer.lines.len(), writer.lines.len() - 1] {
        let log = Log::new(writer.lines[..lines].concat());
        let output = command(&["redact", "--log"]).arg(&log.path).args(["fixtures/dr-ice/message.xml"]).output();
        assert!(matches!(output.unwrap().status.code(), Some(2 | 3)));
        assert_eq!(log.run("verify", &[]).status.code(), Some(3));
    }
}

/// A log is verified in pieces of 4 MiB: lines end before, at and behind their borders.
#[test]
fn faults_are_found_at_the_borders_of_pieces() {
    const PIECE: usize = 4 << 20;
    for beyond in [-1_isize, 0, 1, 300] {
        let mut writer = Writer::new(None);
        let mut length = writer.start(1).lines[0].len();
        let mut at_borders = Vec::new();
        for border in 1..=3 {
            let end = (border * PIECE).checked_add_signed(beyond).unwrap();
            while length < end {
                let empty = r#""source":"","disposition":"released""#;
                let frame = format!("{{\"sequence\":{},", writer.sequence + 1).len()
                    + 12
                    + 64
                    + 12
                    + 8
                    + 1
                    + empty.len()
                    + 9
                    + 64
                    + 3;
                let left = end - length;
                let size = if left > 1_200_000 {
                    500_000
                } else if left > 900_000 {
                    left / 2
                } else {
                    left
                };
                let body = empty.replacen("\"\"", &format!("\"{}\"", "x".repeat(size - frame)), 1);
                let before = writer.lines.len();
                writer.line("message", &body);
                length += writer.lines[before].len();
            }
            assert_eq!(length, end);
            at_borders.push(writer.lines.len());
        }
        let messages = writer.lines.len() as u64 - 1;
        writer.counts("end", [messages, 0]);
        let lines = &writer.lines;
        assert!(Log::new(lines.concat()).faults(&["--head", &writer.head()]).is_empty());
        for border in at_borders {
            for line in [border, border + 1] {
                let (byte, sequence) = (byte_of(lines, line), line);
                let at = |line: usize| format!("line {line} (sequence {sequence}, byte {byte}): ");
                let mut changed = lines.clone();
                changed[line - 1] = changed[line - 1].replacen("\"source\":\"x", "\"source\":\"y", 1);
                changed[line - 1] = changed[line - 1].replacen("\"policy\":\"ab", "\"policy\":\"ac", 1);
                assert_eq!(Log::new(changed.concat()).faults(&[]), [at(line) + "it was changed, or has another key"]);
                let mut without = lines.clone();
                without.remove(line - 2);
                let faults = Log::new(without.concat()).faults(&[]);
                assert!(faults[0].ends_with("): a line before it is missing"), "{faults:?}");
                assert!(faults[0].starts_with(&format!("line {} (sequence {line}, ", line - 1)), "{faults:?}");
            }
        }
    }
}

#[test]
fn p11_a_run_without_an_end_is_a_fault_wherever_it_is_unless_a_later_run_goes_on_with_it() {
    let mut writer = Writer::new(None);
    writer.start(1).message().start(3).message().counts("end", [1, 0]);
    let byte = byte_of(&writer.lines, 2);
    let what = "no end of its run follows, and no later run goes on with it: it was killed, or lines were cut";
    assert_eq!(Log::new(writer.lines.concat()).faults(&[]), [format!("line 2 (sequence 2, byte {byte}): {what}")]);
    // A later run goes on with it, after others.
    writer.start(6).counts("end", [0, 0]).start(1).withheld().counts("end", [1, 1]);
    assert!(Log::new(writer.lines.concat()).faults(&[]).is_empty());
    // The later run was killed itself.
    let mut writer = Writer::new(None);
    writer.start(1).message().start(3).counts("end", [0, 0]).start(1).message().start(7).counts("end", [0, 0]);
    let byte = byte_of(&writer.lines, 6);
    assert_eq!(Log::new(writer.lines.concat()).faults(&[]), [format!("line 6 (sequence 6, byte {byte}): {what}")]);
}

#[test]
fn p11_torn_bytes_are_reported_for_what_they_are_also_where_lines_follow() {
    let lines = two_runs(None).lines;
    let half = &lines[9].as_bytes()[..70];
    let zeros = vec![0; 512];
    let told = |count: usize, what: &str| format!("line 10 (byte {}): {count} {what}", byte_of(&lines, 10));
    let torn = "bytes of an unfinished line: a run was killed as it wrote them";
    let lost = "zero bytes: the system lost what was written there";
    for (bytes, expected) in
        [(half, told(70, torn)), (&zeros, told(512, lost)), (&[half, &zeros].concat(), told(512, lost))]
    {
        let whole = [lines[..9].concat().as_bytes(), bytes, lines[9..].concat().as_bytes()].concat();
        assert_eq!(Log::new(&whole).faults(&[]), std::slice::from_ref(&expected));
        // With a line end after them.
        let whole = [lines[..9].concat().as_bytes(), bytes, b"\n", lines[9..].concat().as_bytes()].concat();
        let faults = Log::new(&whole).faults(&[]);
        assert_eq!(faults.len(), 1);
        assert!(bytes == half || faults == [expected], "{faults:?}");
    }
    // A block in the middle of the log.
    let mut lost_block = lines.concat().into_bytes();
    lost_block[700..1212].fill(0);
    assert!(Log::new(lost_block).faults(&[])[0].ends_with(lost));
    // Logs of earlier versions, which cut them off and told how many.
    let mut writer = two_runs(None);
    let start = r#""time":"2026-11-23T12:00:00Z","version":"0.1.0","policy":{"name":"test","version":"1","sha256":"ab"},"keyed":false,"resumed":false,"run":13,"torn-bytes":37"#;
    writer.line("start", start).counts("end", [0, 0]);
    let output = Log::new(writer.lines.concat()).run("verify", &[]);
    assert_eq!(output.status.code(), Some(0));
    let note = "note: line 13 (sequence 13): 37 bytes of an unfinished line were cut off before it\n";
    assert!(text(&output.stderr).ends_with(note), "{}", text(&output.stderr));
}

#[test]
fn p11_a_log_is_verified_over_all_its_files_in_whatever_order_and_form() {
    let writer = two_runs(None);
    let lines = &writer.lines;
    let folder = TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name);
    let gzip = |text: &str| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        std::io::Write::write_all(&mut encoder, text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    };
    fs::write(path("log.1.gz"), gzip(&lines[5..9].concat())).unwrap();
    fs::write(path("log.2.zst"), zstd::encode_all(lines[..5].concat().as_bytes(), 0).unwrap()).unwrap();
    fs::write(path("log"), lines[9..].concat()).unwrap();
    fs::write(path("again"), lines[3..9].concat()).unwrap();
    let run = |verb: &str, names: &[&str], more: &[&str]| {
        command_in(folder.path(), &["log", verb]).args(names).args(more).output().unwrap()
    };
    for names in [["log", "log.1.gz", "log.2.zst"], ["log.1.gz", "log.2.zst", "log"]] {
        let output = run("verify", &names, &["--head", &writer.head()]);
        let told = "log.2.zst, log.1.gz, log: whole, without a key: 12 lines, 6 messages, 2 runs\n";
        assert!(text(&output.stdout).starts_with(told), "{output:?}");
        assert_eq!(output.status.code(), Some(0));
        let report = run("report", &names, &[]);
        assert!(text(&report.stdout).starts_with("every line verified\n6 messages: 5 released, 1 withheld\n"));
    }
    let faults = |names: &[&str]| {
        let output = run("verify", names, &[]);
        assert_eq!(output.status.code(), Some(3));
        text(&output.stderr).replace("dmv-redact: ", "")
    };
    assert!(faults(&["log", "log.2.zst"]).starts_with(
        "log: line 1 (sequence 10, byte 0): 4 lines before this file are missing: lines were cut, or a file \
         (the file before is log.2.zst)\n"
    ));
    assert!(
        faults(&["log", "log.1.gz"])
            .starts_with("log.1.gz: line 1 (sequence 6, byte 0): 5 lines before it are missing\n")
    );
    assert_eq!(
        faults(&["log", "again", "log.2.zst"]),
        "again: line 1 (byte 0): 2 lines of this file have sequence numbers of the file before (the file before is log.2.zst)\n"
    );
    assert_eq!(
        faults(&["log", "log", "log.1.gz", "log.2.zst"]),
        "log: line 1 (byte 0): 3 lines of this file have sequence numbers of the file before (the file before is log)\n"
    );
}

#[test]
fn p12_a_dry_run_is_marked_and_left_out_of_the_report() {
    let folder = TempDir::new().unwrap();
    let log = Log { path: folder.path().join("log"), ..Log::new("") };
    for more in [&["--dry-run"][..], &["-o", "out"]] {
        let message = root().join("fixtures/dr-in-state-police/message.xml");
        let mut command = command_in(folder.path(), &["redact"]);
        command.arg(message).arg("--log").arg(&log.path).args(more);
        assert_eq!(command.output().unwrap().status.code(), Some(0));
    }
    let content = fs::read_to_string(&log.path).unwrap();
    assert_eq!((content.matches("\"dry-run\":true").count(), content.matches("\"dry-run\":false").count()), (2, 1));
    assert!(log.faults(&[]).is_empty());
    let report = log.run("report", &[]);
    let told = "every line verified\n1 messages: 1 redacted\n1 messages of dry runs are left out\n";
    assert!(text(&report.stdout).starts_with(told), "{}", text(&report.stdout));
}

/// For one version. The help has the new names alone.
#[test]
fn the_names_of_before_work() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("key"), "correct horse battery").unwrap();
    let message = root().join("fixtures/dr-in-state-police/message.xml");
    let redact = ["redact", message.to_str().unwrap(), "-o", "out", "--audit", "log", "--audit-key", "key"];
    told_in(folder.path(), &redact, 0);
    told_in(folder.path(), &["audit", "verify", "log", "--key", "key"], 0);
    for arguments in [&["--help"][..], &["redact", "--help"], &["audit", "--help"], &["completions", "bash"], &["man"]]
    {
        let told = told_in(folder.path(), arguments, 0).replace("auditor", "");
        assert!(!told.contains("audit"), "{arguments:?}");
    }
}

/// P12: every line that the program and a switch write is as the published schema says.
#[test]
fn p12_lines_are_as_the_schema_says() {
    let folder = TempDir::new().unwrap();
    let schema: serde_json::Value = serde_json::from_str(&told_in(folder.path(), &["schema", "log"], 0)).unwrap();
    let schema = jsonschema::validator_for(&schema).unwrap();
    let messages = root().join("fixtures");
    let redact = |more: &[&str]| {
        let arguments = ["redact", messages.to_str().unwrap(), "--log", "log"];
        told_in(folder.path(), &[&arguments[..], more].concat(), 3);
    };
    let massachusetts = ["--policy", "massachusetts"];
    redact(&[&massachusetts[..], &["-o", "one", "--purpose", "C", "--user", "DOE, J", "--withheld", "held"]].concat());
    let instrument =
        "claim=court-order,issuer=federal-judge,number=7,date=2026-11-01,until=2030-01-01,specifies=person.name";
    redact(&[&massachusetts[..], &["-o", "two", "--claim", "approved", "--instrument", instrument]].concat());
    let example = root().join("policies/example-state.toml");
    redact(&["--dry-run", "--policy", example.to_str().unwrap()]);
    // What a switch writes: times, correlation ids, who approved, another filter's decisions.
    let filter = dmv_redact::Filter::builder().policy_path(root().join("policies/illinois.toml")).build().unwrap();
    let other = dmv_redact::Filter::builder().build().unwrap();
    let message = fs::read(root().join("fixtures/dr-in-state-police/message.xml")).unwrap();
    let requester = dmv_redact::Requester::new("AZ0070000").unwrap().correlation_id("q-1").unwrap();
    let requester = requester.approved_by("R. Roe").unwrap();
    let path = folder.path().join("switch.log");
    fs::write(folder.path().join("sign.pem"), pem("PRIVATE KEY", SIGNING_KEY)).unwrap();
    let key = dmv_redact_log::SigningKey::read(&folder.path().join("sign.pem")).unwrap();
    let log = dmv_redact_log::LogOptions::default().service("msw-2").sign(key).open(&path, &filter).unwrap();
    for filter in [&filter, &other] {
        let receipt = filter.redact(&message, &requester, &mut Vec::new());
        log.append("line 1", &requester, &receipt).unwrap();
    }
    log.change_filter(&other).unwrap();
    log.end().unwrap();
    fs::write(folder.path().join("past.csv"), "day,ori\n2025-01-02,AZ0070000\n").unwrap();
    let import =
        ["log", "import", "past.csv", "-o", "log", "--policy", "illinois", "--date", "day", "--requester", "ori"];
    told_in(folder.path(), &import, 0);
    let log = dmv_redact_log::LogOptions::default().open(&path, &other).unwrap();
    let on = dmv_redact::Date::parse("2026-12-01").unwrap();
    log.done([dmv_redact_log::DoneDuty {
        of: &"ab".repeat(32),
        duty: "notify",
        on,
        by: "ROE, J",
        note: Some("by mail"),
    }])
    .unwrap();
    log.end().unwrap();
    let mut members = std::collections::BTreeSet::new();
    for file in ["log", "switch.log"] {
        for line in fs::read_to_string(folder.path().join(file)).unwrap().lines() {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            let errors: Vec<String> = schema.iter_errors(&line).map(|error| error.to_string()).collect();
            assert!(errors.is_empty(), "{line}: {errors:?}");
            members.extend(line.as_object().unwrap().keys().cloned());
        }
    }
    for member in [
        "claims",
        "instruments",
        "approved-by",
        "misshapen",
        "found-images",
        "unmapped",
        "names-in",
        "dry-run",
        "generalised",
        "imported",
        "signed",
        "signature",
        "of",
    ] {
        assert!(members.contains(member), "no line has {member}");
    }
    // A member that it doesn't know, or one that lacks.
    let mut line: serde_json::Value =
        serde_json::from_str(fs::read_to_string(&path).unwrap().lines().nth(1).unwrap()).unwrap();
    line["ssn"] = "123456789".into();
    assert!(!schema.is_valid(&line));
    line.as_object_mut().unwrap().retain(|name, _| !matches!(name.as_str(), "ssn" | "disposition"));
    assert!(!schema.is_valid(&line));
}

#[test]
fn the_report_tells_who_got_what() {
    let mut writer = Writer::new(None);
    writer.start(1).message().withheld().message();
    writer.line("message", r#""source":"x","item":2,"disposition":"redacted","requester":"NV0010000","agency-classes":["out-of-state","courts"],"elements":{"person.name":{"released":1,"generalised":0,"removed":0,"shape":0},"person.birth-date":{"released":0,"generalised":1,"removed":0,"shape":0},"person.ssn":{"released":0,"generalised":0,"removed":3,"shape":1}}"#);
    writer.line(
        "end",
        r#""time":"2026-11-23T12:00:00Z","policy":"ab","messages":4,"released":2,"redacted":1,"held":0,"withheld":1"#,
    );
    let log = Log::new(writer.lines.concat());
    let output = log.run("report", &["--output", "json"]);
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), ""));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let name = serde_json::json!({"messages": 2, "dispositions": {"released": 2},
        "elements": {"person.name": {"released": 2, "generalised": 0, "removed": 0}}});
    let other = serde_json::json!({"messages": 1, "dispositions": {"redacted": 1}, "elements": {
        "person.birth-date": {"released": 0, "generalised": 1, "removed": 0},
        "person.name": {"released": 1, "generalised": 0, "removed": 0},
        "person.ssn": {"released": 0, "generalised": 0, "removed": 1}}});
    let unknown = serde_json::json!({"messages": 1, "dispositions": {"withheld": 1}, "elements": {}});
    let expected = serde_json::json!({"faults": 0, "messages": 4, "dry-run-messages": 0, "superseded": 0, "imported": 0, "undated": 0,
        "unexplained": 0, "dispositions": {"redacted": 1, "released": 2, "withheld": 1},
        "agency-classes": {"courts": other, "in-state": name, "out-of-state": other},
        "requesters": {"AZ0070000": name, "NV0010000": other, "unknown": unknown}});
    assert_eq!(report, expected);

    let output = log.run("report", &[]);
    let told = text(&output.stdout);
    assert!(told.starts_with("every line verified\n4 messages: 1 redacted, 2 released, 1 withheld\n"), "{told}");
    let table = "
requester NV0010000: 1 messages: 1 redacted
  data element                            released generalised     removed
  person.birth-date                              0           1           0
  person.name                                    1           0           0
  person.ssn                                     0           0           1
";
    assert!(told.contains(table), "{told}");

    // What was changed isn't reported, and that it was changed is.
    let changed = writer.lines.concat().replacen("NV0010000", "NV0010001", 1);
    let output = Log::new(changed).run("report", &[]);
    assert_eq!(output.status.code(), Some(3));
    assert!(text(&output.stdout).starts_with("the log has 1 faults"), "{}", text(&output.stdout));
    assert!(!text(&output.stdout).contains("NV00") && text(&output.stderr).contains("line 5 (sequence 5, "));

    // Whoever wrote the log doesn't steer the terminal that it is shown on.
    let mut writer = Writer::new(None);
    writer.start(1).line("message", r#""source":"x","disposition":"released","requester":"\u001b[2J""#);
    let output = Log::new(writer.counts("end", [1, 0]).lines.concat()).run("report", &[]);
    assert!(text(&output.stdout).contains("requester \\u{1b}[2J: 1 messages"));
}

#[test]
fn p6_what_the_program_writes_is_the_same_form_and_holds_no_value() {
    let folder = TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let key = b"correct horse battery";
    fs::write(path("key"), key).unwrap();
    let fixtures = root().join("fixtures");
    let messages = ["dr-in-state-police/message.xml", "dr-ice/message.xml", "niem-json-list/message.json"]
        .map(|name| fixtures.join(name).to_str().unwrap().to_owned());
    for keyed in [false, true] {
        let log = Log { path: path(if keyed { "keyed.log" } else { "plain.log" }).into(), ..Log::new("") };
        let mut heads = Vec::new();
        for out in ["one", "two"] {
            let mut command = command(&["redact"]);
            command.args(&messages).args(["-o", &path(&format!("{keyed}-{out}")), "--log"]).arg(&log.path);
            if keyed {
                command.args(["--log-key", &path("key")]);
            }
            let output = command.output().unwrap();
            assert_eq!(output.status.code(), Some(3), "{}", text(&output.stderr));
            let told = text(&output.stdout).split_once("the disclosure log ends with ").unwrap().1;
            heads.push(told.split_whitespace().next().unwrap().to_owned());
        }
        let key_argument = path("key");
        let arguments: &[&str] = if keyed { &["--key", &key_argument] } else { &[] };
        for head in &heads {
            assert!(log.faults(&[arguments, &["--head", head]].concat()).is_empty());
        }
        // The writer of these tests gives the same bytes.
        let content = fs::read_to_string(&log.path).unwrap();
        let mut writer = Writer::new(keyed.then_some(&key[..]));
        for line in content.lines() {
            let body = line.split_once("\"record\":\"").unwrap().1;
            let (record, body) = body.split_once("\",").unwrap();
            writer.line(record, body.rsplit_once(",\"hash\":\"").unwrap().0);
        }
        assert_eq!(writer.lines.concat(), content);
        assert_eq!(content.lines().count(), 10);
        for value in ["JORDAN", "EXAMPLE", "900-12-3456", "1985-", "D08954796"] {
            assert!(!content.contains(value), "{value}");
        }
        let report = log.run("report", arguments);
        assert_eq!(report.status.code(), Some(0));
        // The second run was over the same messages.
        let told = "every line verified\n3 messages: 1 held, 2 redacted\n\
            3 records are left out, for another one is of the same message\n";
        assert!(text(&report.stdout).starts_with(told), "{}", text(&report.stdout));
    }
}

/// As `openssl genpkey -algorithm ed25519` wrote it; in no use elsewhere.
const SIGNING_KEY: &str = "MC4CAQAwBQYDK2VwBCIEIMXiagmRAxK0s08RjyPNMv2tw1Ec6o+XcpRv7og9InDf";

fn pem(label: &str, content: &str) -> String {
    format!("-----BEGIN {label}-----\n{content}\n-----END {label}-----\n")
}

/// P12: `redact` signs with a key as OpenSSL writes it, and `log verify` tells with the public key alone how far the log is signed.
#[test]
fn p12_a_log_is_signed_and_verified_with_the_public_key() {
    let folder = TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    for (name, label, content) in [
        ("sign", "PRIVATE KEY", SIGNING_KEY),
        ("public", "PUBLIC KEY", "MCowBQYDK2VwAyEAkh6Xo16D+wthXzay26ucn6E3n1FKBO1Co0IJR5lByz4="),
        ("other", "PUBLIC KEY", "MCowBQYDK2VwAyEASGz75u+/xoFlgCPXqCEbcjBZr7TVi1fjRhYdTGyxSF4="),
    ] {
        fs::write(path(name), pem(label, content)).unwrap();
    }
    let message = root().join("fixtures/dr-in-state-police/message.xml");
    let log = Log { path: path("log").into(), ..Log::new("") };
    for out in ["one", "two"] {
        let mut command = command(&["redact"]);
        command.arg(&message).args(["-o", &path(out), "--log"]).arg(&log.path);
        let output = command.args(["--log-signing-key", &path("sign")]).output().unwrap();
        assert!(matches!(output.status.code(), Some(0 | 3)), "{}", text(&output.stderr));
    }
    let told = |arguments: &[&str]| text(&log.run("verify", arguments).stdout).to_owned();
    let public = path("public");
    assert!(
        told(&["--public-key", &public]).contains("2 runs\nsigned up to sequence 6: 2 signatures verified\nit ends")
    );
    assert!(told(&["--public-key", &path("other"), "--public-key", &public]).contains("2 signatures verified\n"));
    assert!(!told(&[]).contains("sign"));
    let faults = log.faults(&["--public-key", &path("other")]);
    assert_eq!(faults.len(), 2);
    assert!(faults[0].starts_with("line 3 (sequence 3, "), "{faults:?}");
    assert!(faults[0].ends_with(": its signature is of none of the given keys"), "{faults:?}");
    // Whoever counts can insist on it, too.
    for (key, status) in [(&public, 0), (&path("other"), 3)] {
        assert_eq!(log.run("report", &["--public-key", key]).status.code(), Some(status));
        assert_eq!(log.run("duties", &["--public-key", key]).status.code(), Some(status));
    }
    let output = log.run("verify", &["--public-key", &path("sign")]);
    assert_eq!((output.status.code(), text(&output.stdout)), (Some(2), ""));
    assert!(text(&output.stderr).contains("it is a private key"), "{}", text(&output.stderr));
    let content = fs::read_to_string(&log.path).unwrap();
    // What is imported into it is signed, too; or else it is told.
    fs::write(path("past.csv"), "day,ori\n2025-01-02,AZ0070000\n").unwrap();
    let columns = ["--policy", "illinois", "--date", "day", "--requester", "ori"];
    let import = [&["log", "import", "past.csv", "-o", "log"][..], &columns].concat();
    told_in(folder.path(), &[&import[..], &["--signing-key", "sign"]].concat(), 0);
    assert!(told(&["--public-key", &public]).contains("signed up to sequence 9: 3 signatures verified\n"));
    told_in(folder.path(), &import, 0);
    let faults = log.faults(&["--public-key", &public]);
    assert!(
        faults.len() == 1 && faults[0].ends_with(": its run began without a signing key, and one before it with one")
    );
    // A switch that hasn't signed its last lines yet.
    let mut writer = Writer::new(None);
    for line in content.lines() {
        let (record, body) = line.split_once("\"record\":\"").unwrap().1.split_once("\",").unwrap();
        writer.line(record, body.rsplit_once(",\"hash\":\"").unwrap().0);
    }
    writer.line("start", r#""time":"2026-11-23T12:00:00Z","version":"0.1.0","policy":{"name":"test","version":"1","sha256":"ab"},"keyed":false,"signed":"","resumed":false,"run":7,"torn-bytes":0,"open-ended":true"#);
    fs::write(&log.path, writer.lines.concat()).unwrap();
    let line = "signed up to sequence 6: 2 signatures verified; the line after it isn't signed yet\n";
    assert!(told(&["--public-key", &public]).contains(line));
    writer.message();
    fs::write(&log.path, writer.lines.concat()).unwrap();
    assert!(told(&["--public-key", &public]).contains("the 2 lines after it aren't signed yet\n"));
    // Nothing is.
    fs::write(&log.path, two_runs(None).lines.concat()).unwrap();
    let faults = log.faults(&["--public-key", &public]);
    assert!(faults.len() == 1 && faults[0].ends_with("nothing is signed, and no run began with a signing key"));
}
