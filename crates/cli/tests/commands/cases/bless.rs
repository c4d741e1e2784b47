//! Blessing: what changes is shown, written whole, and only where the policy has answered; comments stay.

use std::fs;

use super::Folder;

/// A folder in which the policy has changed since its cases were written: the surname goes, and neighbours get nothing.
fn changed() -> Folder {
    let folder = Folder::with(&["dr-in-state-police", "dr-out-of-state", "dr-ice"]);
    folder.change(
        "policies/example-state.toml",
        "elements = [\"person.name\", \"person.birth-date\", \"person.address\",",
        "elements = [\"person.name.given\", \"person.birth-date\", \"person.address\",",
    );
    for case in ["dr-in-state-police", "dr-out-of-state", "dr-ice"] {
        let file = format!("cases/{case}/case.toml");
        let text = fs::read_to_string(folder.path(&file)).unwrap();
        let kept: Vec<&str> =
            text.lines().filter(|line| !line.starts_with("policy =") && !line.starts_with("purpose =")).collect();
        folder.write(&file, &format!("policy = \"example-state\"\npurpose = \"C\"\n{}\n", kept.join("\n")));
    }
    folder
}

#[test]
fn what_changes_is_shown_and_written_and_the_cases_pass() {
    let folder = changed();
    folder.change("cases/dr-in-state-police/case.toml", "disposition =", "# why this matters\ndisposition =");
    let before = folder.test(&[]);
    assert_eq!(before.status, Some(3), "{before:?}");
    let told = folder.test(&["--bless"]);
    assert_eq!(told.status, Some(0), "{told:?}");
    for wanted in [
        "bless dr-in-state-police: ",
        "dr-in-state-police/expected.xml: ",
        "-person.name.middle",
        "-person.name.surname",
        "removed +person.name.middle",
    ] {
        assert!(told.stdout.contains(wanted), "{wanted} is not in\n{}", told.stdout);
    }
    let case = fs::read_to_string(folder.path("cases/dr-in-state-police/case.toml")).unwrap();
    assert!(case.contains("# why this matters\ndisposition = \"redacted\"\n"), "{case}");
    assert!(
        !case.contains("\"person.name.surname\",\n  \"person.sex\"") && case.contains("\n  \"person.name.surname\",\n"),
        "{case}"
    );
    let after = folder.test(&[]);
    assert_eq!((after.status, after.stdout.as_str()), (Some(0), "3 cases: 3 passed, 0 failed\n"), "{after:?}");
    // Nothing is left to bless, and nothing is written.
    let again = folder.test(&["--bless"]);
    assert_eq!((again.status, again.stdout.as_str()), (Some(0), "3 cases: 3 passed, 0 failed\n"), "{again:?}");
}

#[test]
fn a_case_that_was_let_through_and_is_not_any_more_loses_its_output() {
    let folder = Folder::with(&["dr-out-of-state"]);
    let policy = "[policy]\nname = \"none\"\nversion = \"1\"\npurposes = [\"C\", \"E\"]\n[agencies.any]\nori = [\"*\"]\n[[permit]]\nid = \"p\"\nagencies = [\"any\"]\n\
                  requires = []\npurposes = [\"E\"]\nelements = [\"license\"]\n";
    folder.write("policies/none.toml", policy);
    let file = "cases/dr-out-of-state/case.toml";
    let text = fs::read_to_string(folder.path(file)).unwrap();
    folder.write(file, &format!("policy = \"none\"\n{}", text.replace("policy = \"example-state\"\n", "")));
    let told = folder.test(&["--bless"]);
    assert_eq!(told.status, Some(0), "{told:?}");
    assert!(told.stdout.contains("expected.xml: taken away, was "), "{}", told.stdout);
    assert!(told.stdout.contains("disposition withheld, was redacted; reason nothing-permitted"), "{}", told.stdout);
    assert!(!folder.path("cases/dr-out-of-state/expected.xml").exists());
    assert_eq!(folder.test(&[]).status, Some(0));
    // And back: what goes out is expected again.
    folder.write("policies/none.toml", &policy.replace("purposes = [\"E\"]\n", ""));
    let back = folder.test(&["--bless"]);
    assert_eq!(back.status, Some(0), "{back:?}");
    assert!(back.stdout.contains("bytes, there was none"), "{}", back.stdout);
    assert!(folder.path("cases/dr-out-of-state/expected.xml").exists());
    let after = folder.test(&[]);
    assert_eq!(after.status, Some(0), "{after:?}");
}

#[test]
fn what_can_not_be_read_and_what_people_want_is_never_blessed() {
    let folder = Folder::with(&["dr-in-state-police"]);
    let message = folder.path("cases/dr-in-state-police/message.xml");
    let text = fs::read_to_string(&message).unwrap();
    fs::write(&message, &text[..text.len() - 20]).unwrap();
    folder.write(
        "cases/rows/matrix.toml",
        "policy = \"example-state\"\n[[may]]\ntitle = \"x\"\nagencies = []\nelements = [\"license\"]\n",
    );
    let files = || {
        ["case.toml", "expected.xml"]
            .map(|name| fs::read(folder.path(&format!("cases/dr-in-state-police/{name}"))).unwrap())
    };
    let before = files();
    let told = folder.test(&["--bless"]);
    assert_eq!(told.status, Some(3), "{told:?}");
    assert!(told.stdout.contains("not blessed: dr-in-state-police: its message can't be read\n"), "{}", told.stdout);
    assert!(told.stdout.contains("not blessed: rows: x: a matrix test says what people want"), "{}", told.stdout);
    assert_eq!(files(), before);
}
