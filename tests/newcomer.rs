//! A newcomer's way, in an empty folder: what `init` writes, and every step that it names.

#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

fn dmv_redact(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_dmv-redact")).args(arguments).current_dir(folder).output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// What a verb printed, when it ended well.
fn works(folder: &Path, arguments: &[&str]) -> String {
    let output = dmv_redact(folder, arguments);
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}{}", text(&output.stdout), text(&output.stderr));
    text(&output.stdout).to_owned()
}

/// Every file below a folder, by its path from there, in order.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { open.push(path) } else { found.push(path.strip_prefix(folder).unwrap().to_owned()) }
        }
    }
    found.sort();
    found
}

#[test]
fn init_writes_the_whole_starter_and_the_schemas() {
    let folder = TempDir::new().unwrap();
    works(folder.path(), &["init"]);
    let home = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut wanted: Vec<(PathBuf, PathBuf)> = Vec::new();
    for file in files(&home.join("starter")) {
        let place =
            if file == Path::new("workflow.yml") { ".github/workflows/policy.yml".into() } else { file.clone() };
        wanted.push((place, home.join("starter").join(file)));
    }
    for file in files(&home.join("schemas/toml")) {
        wanted.push((Path::new("schemas").join(&file), home.join("schemas/toml").join(file)));
    }
    wanted.sort();
    assert_eq!(files(folder.path()), wanted.iter().map(|(place, _)| place.clone()).collect::<Vec<_>>());
    for (place, source) in wanted {
        assert_eq!(fs::read(folder.path().join(&place)).unwrap(), fs::read(source).unwrap(), "{}", place.display());
    }
    // Every table names its schema, and the schema is there.
    for file in files(folder.path()).iter().filter(|file| file.extension().is_some_and(|extension| extension == "toml"))
    {
        let table = fs::read_to_string(folder.path().join(file)).unwrap();
        let schema = table.strip_prefix("#:schema ").unwrap().lines().next().unwrap();
        assert!(folder.path().join(file.parent().unwrap()).join(schema).is_file(), "{}: {schema}", file.display());
    }
}

#[test]
fn init_overwrites_nothing_and_leaves_nothing_half_written() {
    for taken in
        ["policy.toml", "cases/matrix.toml", "cases", "schemas/case.schema.json", ".github/workflows/policy.yml"]
    {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join(taken);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, "mine").unwrap();
        let output = dmv_redact(folder.path(), &["init"]);
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{taken}");
        let told = text(&output.stderr);
        assert!(told.starts_with(&format!("dmv-redact: {taken} is there already: nothing was written")), "{told}");
        assert_eq!((files(folder.path()), fs::read_to_string(path).unwrap()), (vec![taken.into()], "mine".to_owned()));
    }
    // Elsewhere than here, in a folder that isn't there yet.
    let folder = TempDir::new().unwrap();
    let told = works(folder.path(), &["init", "a/b"]);
    assert!(told.contains("  cd a/b\n") && folder.path().join("a/b/policy.toml").is_file(), "{told}");
    assert_eq!(dmv_redact(folder.path(), &["init", "a/b"]).status.code(), Some(2));
}

#[cfg(unix)]
#[test]
fn init_takes_back_what_it_wrote_when_it_can_not_go_on() {
    use std::os::unix::fs::PermissionsExt;
    let folder = TempDir::new().unwrap();
    let cases = folder.path().join("cases");
    fs::create_dir(&cases).unwrap();
    fs::set_permissions(&cases, fs::Permissions::from_mode(0o500)).unwrap();
    // Whoever may write everywhere can't be kept from it.
    let is_kept = fs::write(cases.join("probe"), "").is_err();
    let output = dmv_redact(folder.path(), &["init"]);
    fs::set_permissions(&cases, fs::Permissions::from_mode(0o700)).unwrap();
    if is_kept {
        assert_eq!(output.status.code(), Some(1));
        assert!(text(&output.stderr).contains("nothing was written"), "{}", text(&output.stderr));
        assert_eq!(files(folder.path()), Vec::<PathBuf>::new());
    }
}

#[test]
fn the_starter_is_tested_out_of_the_box() {
    let folder = TempDir::new().unwrap();
    works(folder.path(), &["init"]);
    let told = works(folder.path(), &["test", "cases", "--coverage"]);
    assert!(told.contains(" 0 failed"), "{told}");
}
