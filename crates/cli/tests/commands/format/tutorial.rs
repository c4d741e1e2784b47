//! The tutorial of docs/formats.md, step by step as it stands there.

use std::fs;
use std::path::Path;
use std::process::Command;

use dmv_redact_testing::root;
use tempfile::TempDir;

use super::works;

/// The blocks of code of the tutorial, each with its language.
fn blocks(tutorial: &str) -> Vec<(&str, &str)> {
    let inside = tutorial.split("\n```").skip(1).step_by(2);
    inside.map(|block| block.split_once('\n').unwrap()).collect()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        match entry.path().is_dir() {
            true => copy(&entry.path(), &target),
            false => drop(fs::copy(entry.path(), target).unwrap()),
        }
    }
}

/// Runs the lines of a block of shell commands.
fn run(folder: &Path, block: &str) -> String {
    let mut told = String::new();
    for line in block.lines() {
        match line.strip_prefix("dmv-redact ") {
            Some(arguments) => told.push_str(&works(folder, &arguments.split_whitespace().collect::<Vec<_>>())),
            None => assert!(Command::new("sh").args(["-ec", line]).current_dir(folder).status().unwrap().success()),
        }
    }
    told
}

#[test]
fn the_tutorial_can_be_followed_as_it_stands() {
    let docs = dmv_redact_testing::text("docs/formats.md");
    let tutorial = docs.split("\n## Tutorial: ").nth(1).unwrap().split("\n## ").next().unwrap();
    let blocks = blocks(tutorial);
    let languages: Vec<&str> = blocks.iter().map(|(language, _)| *language).collect();
    assert_eq!(languages, ["sh", "text", "text", "sh", "text", "sh", "text"]);
    let block = |index: usize| blocks.get(index).unwrap().1.trim_matches('\n');
    let (home, folder) = (root().join("docs/tutorial"), TempDir::new().unwrap());
    let here = folder.path();
    for name in ["answer.xsd", "policy.toml"] {
        fs::copy(home.join(name), here.join(name)).unwrap();
    }
    copy(&home.join("samples"), &here.join("samples"));

    run(here, block(0));
    let file = here.join("formats/tamarack/format.toml");
    let draft = fs::read_to_string(&file).unwrap();
    assert!(draft.contains(": 22 guesses, 3 questions."), "{draft}");
    for line in block(1).lines().chain(block(2).lines()) {
        assert!(draft.lines().any(|own| own == line), "{line}\n{draft}");
    }
    // The draft is a format, and what it asks about is in the finished one or left out there.
    assert!(works(here, &["format", "check", "--formats", "formats"]).contains("0 errors"));
    let finished = fs::read_to_string(home.join("format.toml")).unwrap();
    let local = |line: &str| line.split('"').nth(1).unwrap().rsplit('/').next().unwrap().to_owned();
    for line in draft.lines().filter(|line| line.contains("\" = \"?\"")) {
        assert!(finished.contains(&local(line)), "{line}");
    }
    fs::write(&file, finished).unwrap();

    assert_eq!(run(here, block(3)).trim(), block(4));
    let told = run(here, block(5));
    assert!(told.contains("t:Answer/t:Driver/t:Identification/t:Number"), "{told}");
    assert!(!told.contains("Caution"), "{told}");
    assert_eq!(fs::read_to_string(here.join("redacted/driver.xml")).unwrap().trim(), block(6));
    let whole: String = ["driver", "immigrant", "vehicle"]
        .map(|name| fs::read_to_string(here.join(format!("redacted/{name}.xml"))).unwrap())
        .concat();
    for secret in ["900-12-3456", "A900123456", "MESQUITE", "/9j/", "DONOR", "LIMITED", "SISTER", "MVD04", "2024-02-01"]
    {
        assert!(!whole.contains(secret), "{secret}");
    }
    for kept in ["D08954796", "D11223344", "CWL1234", "1FTFW1ET5DFC10312", "EXPIRED"] {
        assert!(whole.contains(kept), "{kept}");
    }
}
