//! A newcomer's way, in an empty folder: what `init` writes, and every step that it names.

use std::fs;
use std::path::{Path, PathBuf};

use dmv_redact_testing::{files_below, policies, root};
use tempfile::TempDir;

use crate::{run_in, text};

/// What a verb printed, when it ended well.
fn works(folder: &Path, arguments: &[&str]) -> String {
    let output = run_in(folder, arguments);
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}{}", text(&output.stdout), text(&output.stderr));
    text(&output.stdout).to_owned()
}

#[test]
fn init_writes_the_whole_starter_and_the_schemas() {
    let folder = TempDir::new().unwrap();
    works(folder.path(), &["init"]);
    let starter = root().join("crates/cli/starter");
    let schemas = root().join("schemas/toml");
    let mut wanted: Vec<(PathBuf, PathBuf)> = Vec::new();
    for file in files_below(&starter) {
        let place =
            if file == Path::new("workflow.yml") { ".github/workflows/policy.yml".into() } else { file.clone() };
        wanted.push((place, starter.join(file)));
    }
    for file in files_below(&schemas) {
        wanted.push((Path::new("schemas").join(&file), schemas.join(file)));
    }
    wanted.sort();
    assert_eq!(files_below(folder.path()), wanted.iter().map(|(place, _)| place.clone()).collect::<Vec<_>>());
    for (place, source) in wanted {
        assert_eq!(fs::read(folder.path().join(&place)).unwrap(), fs::read(source).unwrap(), "{}", place.display());
    }
    // Every table names its schema, and the schema is there.
    for file in
        files_below(folder.path()).iter().filter(|file| file.extension().is_some_and(|extension| extension == "toml"))
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
        let output = run_in(folder.path(), &["init"]);
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{taken}");
        let told = text(&output.stderr);
        assert!(told.starts_with(&format!("dmv-redact: {taken} is there already: nothing was written")), "{told}");
        assert_eq!(
            (files_below(folder.path()), fs::read_to_string(path).unwrap()),
            (vec![taken.into()], "mine".to_owned())
        );
    }
    // Elsewhere than here, in a folder that isn't there yet.
    let folder = TempDir::new().unwrap();
    let told = works(folder.path(), &["init", "a/b"]);
    assert!(told.contains("  cd a/b\n") && folder.path().join("a/b/policy.toml").is_file(), "{told}");
    assert_eq!(run_in(folder.path(), &["init", "a/b"]).status.code(), Some(2));
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
    let output = run_in(folder.path(), &["init"]);
    fs::set_permissions(&cases, fs::Permissions::from_mode(0o700)).unwrap();
    if is_kept {
        assert_eq!(output.status.code(), Some(1));
        assert!(text(&output.stderr).contains("nothing was written"), "{}", text(&output.stderr));
        assert_eq!(files_below(folder.path()), Vec::<PathBuf>::new());
    }
}

#[test]
fn the_starter_is_tested_out_of_the_box() {
    let folder = TempDir::new().unwrap();
    works(folder.path(), &["init"]);
    let told = works(folder.path(), &["test", "cases", "--coverage"]);
    assert!(told.contains(" 0 failed"), "{told}");
}

/// The commands that a text tells to run, as arguments.
fn commands(text: &str) -> Vec<Vec<String>> {
    let lines = text.lines().map(|line| line.trim().trim_start_matches("run: "));
    let commands = lines.filter_map(|line| line.strip_prefix("dmv-redact "));
    let without_comment = commands.map(|line| line.split(" #").next().unwrap());
    without_comment.map(|line| line.split_whitespace().map(str::to_owned).collect()).collect()
}

#[test]
fn every_step_that_init_names_works_as_it_is() {
    let folder = TempDir::new().unwrap();
    let told = works(folder.path(), &["init"]);
    let steps = commands(&told);
    let verbs: Vec<&str> = steps.iter().map(|step| step.first().unwrap().as_str()).collect();
    assert_eq!(verbs, ["check", "test", "explain", "matrix", "redact"]);
    for step in &steps {
        let step: Vec<&str> = step.iter().map(String::as_str).collect();
        let told = works(folder.path(), &step);
        assert!(!told.contains("JORDAN") && !told.contains("900-12-3456"), "P6: {step:?}: {told}");
    }
    let checked = works(folder.path(), &["check", "--strict", "--policy", "policy.toml"]);
    assert!(checked.ends_with("0 errors, 0 warnings, 1 note\n"), "{checked}");
    let redacted = fs::read_to_string(folder.path().join("redacted.xml")).unwrap();
    assert_eq!(redacted, fs::read_to_string(folder.path().join("cases/in-state-police/expected.xml")).unwrap());
    // So do those that the policy's own head names.
    for step in commands(&fs::read_to_string(folder.path().join("policy.toml")).unwrap().replace("\n# ", "\n")) {
        works(folder.path(), &step.iter().map(String::as_str).collect::<Vec<_>>());
    }
}

/// The packs, as `init --help` lists them.
fn packs() -> Vec<String> {
    let help = works(Path::new("."), &["init", "--help"]);
    let lines = help.lines().skip_while(|line| line.trim() != "Possible values:").skip(1);
    let lines = lines.map_while(|line| line.trim().strip_prefix("- "));
    lines.map(|line| line.split(':').next().unwrap().to_owned()).collect()
}

#[test]
fn every_pack_is_checked_tested_and_used_out_of_the_box() {
    let home = policies();
    let packs = packs();
    assert!(packs.len() >= 12 && packs.contains(&"illinois".to_owned()), "{packs:?}");
    for pack in packs {
        let folder = TempDir::new().unwrap();
        let read = |file: &str| {
            let text = fs::read_to_string(folder.path().join(file));
            text.unwrap_or_else(|why| panic!("{pack}: {file}: {why}"))
        };
        let told = works(folder.path(), &["init", "--pack", &pack]);
        // A policy that includes the pack, with rosters for its classes; the same cases, each with its files; as much as the
        // starter beside them.
        assert!(read("policy.toml").contains(&format!("\ninclude = \"{pack}\"\n")), "{pack}");
        let shipped_policy = home.join(format!("{pack}.toml"));
        let rosters = fs::read_to_string(&shipped_policy).unwrap().matches("\nori-file = ").count();
        assert_eq!(read("policy.toml").matches("\nori-file = ").count(), rosters, "{pack}");
        let (cases, shipped) =
            (files_below(&folder.path().join("cases")), files_below(&home.join("cases").join(&pack)));
        let own: Vec<&PathBuf> = cases.iter().filter(|file| !file.starts_with("messages")).collect();
        assert_eq!(own, shipped.iter().collect::<Vec<_>>(), "{pack}");
        for file in files_below(folder.path()) {
            let name = file.file_name().unwrap().to_str().unwrap();
            if file.extension().is_some_and(|ending| ending == "csv") {
                let entries = read(name).lines().skip(1).filter(|line| !line.starts_with('#')).count();
                assert_eq!(entries, 0, "{pack}: {name}");
                assert!(told.contains(&format!("\n  {name} ")) && read("policy.toml").contains(name), "{pack}: {name}");
            }
            if file.extension().is_some_and(|ending| ending == "toml") {
                let table = read(file.to_str().unwrap());
                let schema = table.strip_prefix("#:schema ").unwrap().lines().next().unwrap();
                assert!(
                    folder.path().join(file.parent().unwrap()).join(schema).is_file(),
                    "{pack}: {}",
                    file.display()
                );
            }
        }
        assert!(folder.path().join(".github/workflows/policy.yml").is_file());
        // Every step that it names works; the cases ask for every cell.
        let steps = commands(&told);
        assert_eq!(steps.len(), 5, "{pack}: {told}");
        for step in &steps {
            let step: Vec<&str> = step.iter().map(String::as_str).collect();
            let told = works(folder.path(), &step);
            assert!(step[0] != "check" || told.contains("0 errors, 0 warnings"), "{pack}: {told}");
            assert!(step[0] != "test" || told.contains(" 0 failed") && told.contains("(100 %)"), "{pack}: {told}");
        }
        assert_eq!(read("redacted.xml"), read("cases/in-state/expected.xml"), "{pack}");
        // Until something is written, it is the pack.
        let told = works(folder.path(), &["diff", shipped_policy.to_str().unwrap(), "policy.toml"]);
        assert!(told.ends_with("nothing changes for anyone\n"), "{pack}: {told}");
    }
}

#[test]
fn an_unknown_pack_names_the_nearest_and_lists_all() {
    let folder = TempDir::new().unwrap();
    let output = run_in(folder.path(), &["init", "--pack", "ilinois", "here"]);
    let told = text(&output.stderr);
    assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0));
    assert!(told.contains("similar value exists: 'illinois'"), "{told}");
    for pack in packs() {
        assert!(told.contains(&pack), "{pack}: {told}");
    }
    assert_eq!(files_below(folder.path()), Vec::<PathBuf>::new());
}

#[test]
fn the_way_that_the_readme_shows_can_be_gone() {
    let readme = dmv_redact_testing::text("README.md");
    let part = readme.split("## A policy of your own").nth(1).unwrap().split("```").nth(1).unwrap();
    let steps = commands(part);
    let verbs: Vec<&str> = steps.iter().map(|step| step.first().unwrap().as_str()).collect();
    assert_eq!(verbs, ["init", "check", "test", "explain", "matrix", "redact"]);
    let folder = TempDir::new().unwrap();
    let mut here = folder.path().to_owned();
    for step in &steps {
        let mut commands = step.split(|word| word == "&&");
        works(&here, &commands.next().unwrap().iter().map(String::as_str).collect::<Vec<_>>());
        if let Some([verb, to]) = commands.next() {
            assert_eq!(verb, "cd");
            here.push(to);
        }
    }
    let expected = fs::read_to_string(here.join("cases/in-state-police/expected.xml")).unwrap();
    assert_eq!(fs::read_to_string(here.join("redacted.xml")).unwrap(), expected);
}

#[test]
fn an_edit_is_checked_tested_explained_and_told_apart() {
    let folder = TempDir::new().unwrap();
    works(folder.path(), &["init"]);
    let policy = folder.path().join("policy.toml");
    let before = fs::read_to_string(&policy).unwrap();
    fs::write(folder.path().join("old.toml"), &before).unwrap();
    let edit = |from: &str, to: &str| {
        assert!(before.contains(from), "{from}");
        fs::write(&policy, before.replacen(from, to, 1)).unwrap();
    };

    // A slip of the pen: where, and what was meant.
    edit("\"person.sex\"", "\"person.sexx\"");
    let output = run_in(folder.path(), &["check", "--strict", "--policy", "policy.toml"]);
    assert_eq!(output.status.code(), Some(2));
    let told = format!("{}{}", text(&output.stdout), text(&output.stderr));
    assert!(
        told.contains("policy.toml:58:39: unknown data element `person.sexx`")
            && told.contains("did you mean `person.sex`?"),
        "{told}"
    );

    // The neighbours may have addresses too: the matrix test fails, and the diff says who gains what.
    edit(
        "id = \"address\"\ntitle = \"Where somebody lives: for the police of this state alone\"\nagencies = [\"in-state\"]",
        "id = \"address\"\nagencies = [\"in-state\", \"out-of-state\"]",
    );
    works(folder.path(), &["check", "--strict", "--policy", "policy.toml"]);
    let failed = run_in(folder.path(), &["test", "cases"]);
    assert_eq!(failed.status.code(), Some(3));
    let told = text(&failed.stdout);
    assert!(told.contains("person.address, owner.address") && told.contains("2 failed"), "{told}");
    let gained = run_in(folder.path(), &["diff", "old.toml", "policy.toml"]);
    assert_eq!(gained.status.code(), Some(3));
    let told = text(&gained.stdout);
    assert!(told.contains("out-of-state") && told.contains("person.address"), "{told}");
    assert!(!told.contains("in-state gains") && !told.contains("immigration"), "{told}");
    let explained =
        works(folder.path(), &["explain", "--policy", "policy.toml", "--requester", "NV0010000", "--purpose", "C"]);
    assert!(explained.contains("person.address") && explained.contains("address"), "{explained}");

    // And back: as it was.
    fs::write(&policy, &before).unwrap();
    works(folder.path(), &["test", "cases"]);
    works(folder.path(), &["diff", "old.toml", "policy.toml"]);
}

#[test]
fn the_workflow_runs_what_works() {
    let folder = TempDir::new().unwrap();
    let base = folder.path().join("base");
    works(folder.path(), &["init"]);
    works(folder.path(), &["init", base.to_str().unwrap()]);
    let workflow = fs::read_to_string(folder.path().join(".github/workflows/policy.yml")).unwrap();
    let steps = commands(&workflow.replace("\"$RUNNER_TEMP/base/policy.toml\"", "base/policy.toml"));
    let verbs: Vec<&str> = steps.iter().map(|step| step.first().unwrap().as_str()).collect();
    assert_eq!(verbs, ["check", "test", "diff"]);
    for step in &steps {
        works(folder.path(), &step.iter().map(String::as_str).collect::<Vec<_>>());
    }
    assert!(fs::read_to_string(folder.path().join("policy-tests.xml")).unwrap().contains("<testsuite"));
}
