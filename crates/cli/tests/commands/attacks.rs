//! Files: attacks 35 and 36, as far as there are files and folders. Every output is whole or absent, and nothing is written
//! beside the folder of outputs.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use dmv_redact_testing::attacks::{SECRET, cleaned, niem, nlets};
use dmv_redact_testing::names_below;
use dmv_redact_testing::search::found;
use tempfile::TempDir;

use crate::{command, command_in, run_in};

fn run(arguments: &[&str], folder: &Path) -> Output {
    let output = run_in(folder, arguments);
    for text in [&output.stdout, &output.stderr] {
        assert!(found(text, SECRET).is_none(), "{}", String::from_utf8_lossy(text));
        assert!(!String::from_utf8_lossy(text).contains("panicked"), "{}", String::from_utf8_lossy(text));
    }
    output
}

#[test]
fn attack_35_inputs_by_paths_that_climb_stay_in_the_folder_of_outputs() {
    let folder = TempDir::new().unwrap();
    let here = folder.path().join("here/below");
    fs::create_dir_all(&here).unwrap();
    fs::write(folder.path().join("above.xml"), nlets("")).unwrap();
    fs::write(folder.path().join("here/beside.xml"), nlets("")).unwrap();
    let before = names_below(folder.path());
    let absolute = folder.path().join("above.xml");
    for input in ["../../above.xml", "../beside.xml", "./../../here/beside.xml", absolute.to_str().unwrap()] {
        run(&["redact", input, "../beside.xml", "-o", "out"], &here);
        let left: Vec<String> =
            names_below(folder.path()).into_iter().filter(|file| !file.starts_with("here/below/out/")).collect();
        assert_eq!(left, before, "{input}");
    }
}

#[cfg(unix)]
#[test]
fn attack_35_links_and_what_is_no_file_are_passed_over() {
    use std::os::unix::fs::symlink;
    let folder = TempDir::new().unwrap();
    let input = folder.path().join("in");
    fs::create_dir_all(input.join("deep")).unwrap();
    let secret = folder.path().join("secret.xml");
    fs::write(&secret, nlets("")).unwrap();
    fs::write(input.join("deep/a.xml"), nlets("")).unwrap();
    symlink(&secret, input.join("link.xml")).unwrap();
    symlink(folder.path(), input.join("loop")).unwrap();
    symlink(&input, input.join("deep/self")).unwrap();
    symlink("nowhere", input.join("broken")).unwrap();
    assert!(Command::new("mkfifo").arg(input.join("pipe")).status().unwrap().success());
    run(&["redact", "in", "-o", "out"], folder.path());
    assert_eq!(names_below(&folder.path().join("out")), ["deep/a.xml"]);
    assert_eq!(fs::read_to_string(folder.path().join("out/deep/a.xml")).unwrap(), cleaned(&nlets("")));
    // An output that was replaced by a link is not written through.
    fs::remove_file(folder.path().join("out/deep/a.xml")).unwrap();
    symlink(&secret, folder.path().join("out/deep/a.xml")).unwrap();
    run(&["redact", "in", "-o", "out"], folder.path());
    assert_eq!(fs::read_to_string(&secret).unwrap(), nlets(""));
}

#[test]
fn attack_35_what_begins_as_an_archive_gives_no_message_and_a_long_file_is_not_read_whole() {
    let folder = TempDir::new().unwrap();
    let input = folder.path().join("in");
    fs::create_dir(&input).unwrap();
    let beginnings: [(&str, &[u8]); 5] = [
        ("a.zip", b"PK\x03\x04\x14\0\0\0"),
        ("a.gz", b"\x1F\x8B\x08\0"),
        ("a.zst", b"\x28\xB5\x2F\xFD"),
        ("a.tar", b"a.xml\0\0\0ustar"),
        ("a.7z", b"7z\xBC\xAF\x27\x1C"),
    ];
    for (name, bytes) in beginnings {
        fs::write(input.join(name), [bytes, nlets("").as_bytes()].concat()).unwrap();
    }
    // Holes take no room on the disk; the limit is 16 MiB.
    fs::File::create(input.join("long.xml")).unwrap().set_len(1 << 36).unwrap();
    assert_eq!(run(&["redact", "in", "-o", "out"], folder.path()).status.code(), Some(1));
    let out = folder.path().join("out");
    assert_eq!(names_below(&out), ["a.tar", "a.zip"]);
    for file in names_below(&out) {
        let content = fs::read(out.join(&file)).unwrap();
        assert!(!String::from_utf8_lossy(&content).contains("NLETS"), "{file}");
    }
}

#[test]
fn attack_36_a_second_run_gives_what_one_run_gives() {
    let folder = TempDir::new().unwrap();
    let input = folder.path().join("in");
    fs::create_dir(&input).unwrap();
    for number in 0..40 {
        let text = if number % 2 == 0 { nlets(&format!("<!-- {number} -->")) } else { niem("") };
        fs::write(input.join(format!("{number}.message")), text).unwrap();
    }
    fs::write(input.join("broken.xml"), &nlets("")[..500]).unwrap();
    assert_eq!(run(&["redact", "in", "-o", "whole"], folder.path()).status.code(), Some(3));
    let contents = |out: &str| {
        names_below(&folder.path().join(out))
            .into_iter()
            .map(|file| (fs::read(folder.path().join(out).join(&file)).unwrap(), file))
            .collect::<Vec<_>>()
    };
    // What a run that was killed may leave: some outputs, none, or an old one where nothing may be any more.
    fs::create_dir(folder.path().join("part")).unwrap();
    fs::copy(folder.path().join("whole/0.message"), folder.path().join("part/0.message")).unwrap();
    fs::write(folder.path().join("part/1.message"), "half of").unwrap();
    fs::write(folder.path().join("part/broken.xml"), SECRET).unwrap();
    run(&["redact", "in", "-o", "part"], folder.path());
    assert!(contents("part") == contents("whole") && contents("whole").len() == 40);
}

#[cfg(unix)]
#[test]
fn attack_36_killed_runs_leave_whole_outputs_and_a_closed_pipe_is_no_failure() {
    use std::io::Write;
    let folder = TempDir::new().unwrap();
    let input = folder.path().join("in");
    fs::create_dir(&input).unwrap();
    let message = nlets(
        &format!("<nc:PersonName><nc:PersonGivenName>{}</nc:PersonGivenName></nc:PersonName>", "A".repeat(30))
            .repeat(4000),
    );
    for number in 0..60 {
        fs::write(input.join(format!("{number}.xml")), &message).unwrap();
    }
    let expected = cleaned(&message);
    for wait in [20, 60, 120] {
        let mut child = command_in(folder.path(), &["redact", "in", "-o", "out"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(std::time::Duration::from_millis(wait));
        child.kill().unwrap();
        child.wait().unwrap();
        for file in names_below(&folder.path().join("out")).into_iter().filter(|file| file.ends_with(".xml")) {
            assert!(
                fs::read_to_string(folder.path().join("out").join(&file)).unwrap() == expected,
                "{file} is not whole"
            );
        }
    }
    let mut child = command(&["redact"]).stdin(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    child.stdin.take().unwrap().write_all(message.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(
        (output.status.code(), output.stderr.len()),
        (Some(0), 0),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[cfg(target_os = "linux")]
#[test]
fn attack_36_a_full_disk_is_a_failure_that_is_told() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("a.xml"), nlets("")).unwrap();
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = command_in(folder.path(), &["redact", "a.xml"]).stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(!output.stderr.is_empty());
    // A file stands where the folder of outputs should.
    fs::write(folder.path().join("out"), "x").unwrap();
    fs::create_dir(folder.path().join("in")).unwrap();
    fs::write(folder.path().join("in/a.xml"), nlets("")).unwrap();
    let output = run(&["redact", "in", "-o", "out"], folder.path());
    assert_ne!(output.status.code(), Some(0));
    assert_eq!(fs::read_to_string(folder.path().join("out")).unwrap(), "x");
}
