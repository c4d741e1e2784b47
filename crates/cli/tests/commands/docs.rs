//! The documentation says what is there: every key, element, limit and link, and examples that give what they show.

mod modules;

use std::fs;
use std::path::{Path, PathBuf};

use dmv_redact::Limits;
use dmv_redact_testing::program::ProgramOutput;
use dmv_redact_testing::{files_below, root, text};
use serde_json::Value;
use tempfile::TempDir;

use crate::run_in;

/// The pages for people beside the README, at the root.
const AT_ROOT: [&str; 4] = ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"];

/// The pages at the root and everything in `docs/`, by path.
fn documents() -> Vec<(PathBuf, String)> {
    let mut paths: Vec<PathBuf> =
        files_below(&root().join("docs")).into_iter().map(|file| root().join("docs").join(file)).collect();
    paths.extend(AT_ROOT.map(|name| root().join(name)));
    paths.sort();
    paths.into_iter().map(|path| (path.clone(), fs::read_to_string(path).unwrap())).collect()
}

/// The code of each block in a language, in order.
fn blocks<'d>(document: &'d str, language: &str) -> Vec<&'d str> {
    let opening = format!("\n```{language}\n");
    document.split(opening.as_str()).skip(1).map(|rest| rest.split("\n```").next().unwrap()).collect()
}

/// The names of all properties in a JSON Schema.
fn properties(schema: &Value, names: &mut Vec<String>) {
    match schema {
        Value::Object(members) => {
            for (name, value) in members {
                if let ("properties", Some(own)) = (name.as_str(), value.as_object()) {
                    names.extend(own.keys().cloned());
                }
                properties(value, names);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| properties(item, names)),
        _ => {}
    }
}

#[test]
fn every_key_of_every_table_is_explained() {
    for (table, document) in
        [("policy", "policy"), ("case", "policy"), ("matrix", "policy"), ("format", "formats"), ("catalog", "formats")]
    {
        let schema: Value = serde_json::from_str(&text(format!("schemas/toml/{table}.schema.json"))).unwrap();
        let mut names = Vec::new();
        properties(&schema, &mut names);
        assert!(names.len() > 5, "{table}");
        let page = text(format!("docs/{document}.md"));
        for name in names {
            let forms = [format!("`{name}`"), format!("[{name}]"), format!("[{name}.")];
            assert!(
                forms.iter().any(|form| page.contains(form.as_str())),
                "docs/{document}.md lacks `{name}` of {table}"
            );
        }
    }
}

#[test]
fn every_data_element_is_listed_as_the_catalog_has_it() {
    let catalog: toml::Table = toml::from_str(&text("schemas/catalog.toml")).unwrap();
    let page = text("docs/policy.md");
    let elements = catalog["element"].as_array().unwrap();
    for element in elements {
        let of = |key: &str, default| element.get(key).map_or(default, |value| value.as_str().unwrap());
        let groups = element.get("groups").map_or(0, |groups| groups.as_array().unwrap().len());
        let group = if groups > 0 { "imm." } else { "" };
        let row = format!(
            "\n| `{}` | {} | {} | {} | {group} |",
            of("id", ""),
            of("title", ""),
            of("kind", "text"),
            of("dppa", "none")
        );
        assert!(page.contains(&row), "docs/policy.md lacks{row}");
    }
    let rows = page.split("\n## Data elements\n").nth(1).unwrap().matches("\n| `").count();
    assert_eq!(rows, elements.len());
}

#[test]
fn every_limit_has_the_default_that_is_documented() {
    let page = text("docs/switch.md");
    for (name, default) in Limits::default().iter() {
        let number = match default {
            0..1000 => default.to_string(),
            1000..1_000_000 => format!("{},{:03}", default / 1000, default % 1000),
            _ => format!("{} MiB", default >> 20),
        };
        let row = format!("\n| `{name}` | `{}` | {number} | ", name.replace('-', "_"));
        assert!(page.contains(&row), "{row}");
    }
}

#[test]
fn every_link_leads_somewhere() {
    let anchors = |text: &str| -> Vec<String> {
        let headings = text.lines().filter(|line| line.starts_with('#'));
        let anchor = |heading: &str| {
            let kept = heading.trim_start_matches('#').trim().to_lowercase().replace(' ', "-");
            kept.chars().filter(|c| c.is_alphanumeric() || matches!(c, '-' | '_')).collect()
        };
        headings.map(anchor).collect()
    };
    let mut links = 0;
    for (path, text) in documents() {
        let own = text.split("](").skip(1).map(|rest| rest.split(')').next().unwrap());
        for link in own.filter(|link| !link.starts_with("https://")) {
            let (file, anchor) = link.split_once('#').map_or((link, None), |(file, anchor)| (file, Some(anchor)));
            let target = if file.is_empty() { path.clone() } else { path.parent().unwrap().join(file) };
            assert!(target.is_file(), "{}: {link}", path.display());
            if let Some(anchor) = anchor {
                let known = anchors(&fs::read_to_string(&target).unwrap());
                assert!(known.iter().any(|own| own == anchor), "{}: {link}: {known:?}", path.display());
            }
            links += 1;
        }
    }
    assert!(links > 50);
}

/// Files and folders that the contributors' pages name in code are there.
#[test]
fn every_path_that_is_named_exists() {
    let mut named = 0;
    for page in ["docs/architecture.md", "CONTRIBUTING.md", "SECURITY.md"] {
        let content = text(page);
        for word in content.lines().flat_map(codes).filter_map(|code| code.split(' ').next()) {
            let first = word.split('/').next().unwrap();
            let is_path = word.contains('/') && !word.contains(['*', '<', ':', ',']) && !word.contains("NAME");
            if is_path
                && [".ci", "benches", "crates", "docs", "fixtures", "fuzz", "policies", "schemas", "src", "tests"]
                    .contains(&first)
            {
                assert!(root().join(word).exists(), "{page}: {word}");
                named += 1;
            }
        }
    }
    assert!(named > 40);
}

#[test]
fn the_readme_is_short() {
    assert!(text("README.md").lines().count() <= 200);
}

fn dmv_redact(folder: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let ProgramOutput { status, stdout, stderr } = run_in(folder, arguments).into();
    (status, stdout, stderr)
}

#[test]
fn the_format_that_is_shown_gives_the_output_that_is_shown() {
    let page = text("docs/formats.md");
    let folder = TempDir::new().unwrap();
    for block in blocks(&page, "toml") {
        if let Some(name) =
            block.strip_prefix("# ").and_then(|rest| rest.lines().next()).filter(|name| name.ends_with(".toml"))
        {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, block).unwrap();
        }
    }
    let xml = blocks(&page, "xml");
    let [message, output] = xml.as_slice() else { panic!("a message and its output") };
    fs::write(folder.path().join("message.xml"), message).unwrap();
    let tables = ["--policy", "policy.toml", "--formats", "formats", "--catalog", "catalog.toml"];
    let (status, told, _) = dmv_redact(folder.path(), &[&["check", "--strict"][..], &tables].concat());
    assert!(status == Some(0) && told.contains("0 errors, 0 warnings"), "{told}");
    let arguments = [&["redact", "message.xml", "--purpose", "C"][..], &tables].concat();
    let (status, redacted, told) = dmv_redact(folder.path(), &arguments);
    assert_eq!((status, redacted.trim_end()), (Some(0), *output), "{told}");
}

#[test]
fn policies_that_are_shown_can_be_used() {
    let page = text("docs/policy.md");
    let folder = TempDir::new().unwrap();
    let policy = blocks(&page, "toml").into_iter().find(|block| block.starts_with("[policy]")).unwrap();
    fs::write(folder.path().join("policy.toml"), policy).unwrap();
    let (status, told, _) = dmv_redact(folder.path(), &["check", "--strict", "--policy", "policy.toml"]);
    assert!(status == Some(0) && told.contains("0 errors, 0 warnings"), "{told}");
    let (status, told, _) = dmv_redact(
        folder.path(),
        &["explain", "--policy", "policy.toml", "--requester", "VTICE0900", "--purpose", "C"],
    );
    assert!(status == Some(0) && told.contains("A message is held"), "{told}");
}

/// Every `dmv-redact` command of the documentation has a verb and options that there are.
#[test]
fn every_command_that_is_shown_is_understood() {
    let (_, manual, _) = dmv_redact(root(), &["--help"]);
    let mut seen = 0;
    for (path, text) in documents() {
        for line in blocks(&text, "sh").into_iter().flat_map(str::lines) {
            // `-p dmv-redact` is a package, and no command.
            let Some(command) = line.split("dmv-redact ").nth(1).filter(|_| !line.contains("-p dmv-redact")) else {
                continue;
            };
            let words: Vec<&str> = command.split(" #").next().unwrap().split_whitespace().collect();
            let (verb, rest) = words.split_first().unwrap();
            assert!(manual.contains(&format!("\n  {verb} ")), "{}: {line}", path.display());
            let depth = match words.as_slice() {
                ["review", "account", ..] => 3,
                ["log" | "format" | "review" | "control", ..] => 2,
                _ => 1,
            };
            let verbs = &words[..depth];
            let (_, help, _) = dmv_redact(root(), &[verbs, &["--help"]].concat());
            for option in rest.iter().filter(|word| word.starts_with("--")) {
                assert!(
                    help.contains(&format!("{option} ")) || help.contains(&format!("{option}\n")),
                    "{}: {line}: {option}",
                    path.display()
                );
            }
            seen += 1;
        }
    }
    assert!(seen > 25);
}

/// The cells of each row of the tables in a text, the outer ones without their bars.
fn rows(text: &str) -> impl Iterator<Item = Vec<&str>> {
    let rows = text.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"));
    rows.map(|row| row.split(" | ").collect())
}

/// The words of a cell that are set as code, in order.
fn codes(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

#[test]
fn every_attack_has_tests_that_there_are() {
    let page = text("docs/threat-model.md");
    let attacks: Vec<(usize, Vec<&str>)> =
        rows(&page).filter_map(|row| Some((row[0].parse().ok()?, codes(row[3])))).collect();
    let numbers: Vec<usize> = attacks.iter().map(|(number, _)| *number).collect();
    assert!(numbers.iter().copied().eq(1..=numbers.len()) && numbers.len() >= 37, "{numbers:?}");
    for (number, tests) in attacks {
        let own = format!("attack_{number:02}_");
        assert!(tests.iter().any(|test| test.contains(&own)), "no test is called {own}...");
        for test in tests {
            let (file, name) = test.split_once("::").unwrap();
            assert!(text(file).contains(&format!("fn {name}(")), "attack {number}: there is no {test}");
        }
    }
}
