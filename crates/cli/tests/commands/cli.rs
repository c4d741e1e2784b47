//! The command line as a user meets it: what goes to stdout and stderr, what is written, how it ends.

#[cfg(unix)]
mod names;

use std::fs;

use dmv_redact_testing::{fixture, fixture_path, root};
use tempfile::TempDir;

use crate::{run, text, told_by};

#[test]
fn p2_withheld_on_stdin_is_one_line_and_not_a_byte_more() {
    let message = fixture("dr-ice/message.xml");
    for (arguments, reason) in
        [(vec!["redact"], "held: review"), (vec!["redact", "--requester", "AZ0070000"], "withheld: requester-mismatch")]
    {
        let output = run(&arguments, &message);
        assert_eq!(output.status.code(), Some(3));
        assert!(output.stdout.is_empty());
        let complaint = text(&output.stderr);
        assert_eq!(complaint.lines().count(), 1, "{complaint}");
        assert!(complaint.starts_with(&format!("dmv-redact: stdin: {reason}")), "{complaint}");
        assert!(!complaint.contains("EXAMPLE") && !complaint.contains("900-12"));
    }
}

#[test]
fn bad_input_has_a_reason_of_its_own() {
    let message = fixture("dr-in-state-police/message.xml");
    let cut = message.get(..message.len() - 100).unwrap();
    for (input, reason) in [
        (&b"MZ binary"[..], "syntax-unknown at byte 0"),
        (b"", "empty"),
        (b" \n", "empty"),
        (cut, "not-well-formed-xml at byte"),
        (b"{\"a\":", "not-well-formed-json at byte 5"),
        (b"<a xmlns='urn:nobody'/>", "format-unknown"),
        (b"<\0a\0/\0>\0", "encoding at byte 0"),
        (
            b"{\"exch:DriverVehicleResponse\":{\"exch:MessageMetadata\":{\"exch:MessageKeyCode\":\"DR\"}}}",
            "requester-missing",
        ),
    ] {
        let output = run(&["redact"], input);
        assert_eq!(output.status.code(), Some(3), "{reason}");
        assert!(output.stdout.is_empty());
        assert!(text(&output.stderr).contains(&format!("withheld: {reason}")), "{reason}: {}", text(&output.stderr));
    }
    let unknown = run(&["redact", "--requester", "ZZ9999999"], &message);
    assert!(text(&unknown.stderr).contains("requester-mismatch"));
}

#[test]
fn wrong_usage_and_wrong_policies_end_with_2() {
    let folder = TempDir::new().unwrap();
    let policy = folder.path().join("policy.toml");
    fs::write(&policy, "[policy]\nname = 'x'\nversion = '1'\n[agencies.a]\nori = ['AZ*']\n[[permit]]\nid = 'p'\nagencies = ['a']\nelements = ['person.nam']\n").unwrap();
    let output = run(&["redact", "--policy", policy.to_str().unwrap()], b"<a/>");
    assert_eq!(output.status.code(), Some(2));
    let complaint = text(&output.stderr);
    let first = complaint.lines().next().unwrap();
    assert!(
        complaint.starts_with("dmv-redact: ") && first.ends_with("policy.toml:9:13: unknown data element `person.nam`"),
        "{complaint}"
    );
    // The line itself with the place marked, in ASCII without colours where nobody looks; and what to do.
    assert!(complaint.contains("9 | elements = ['person.nam']\n"), "{complaint}");
    assert!(complaint.ends_with("did you mean `person.name`?\n") && complaint.is_ascii(), "{complaint}");
    assert!(!complaint.contains('\x1b'), "{complaint}");
    for arguments in [
        vec!["redact", "--requester", "vtice0900"],
        vec!["redact", "--format", "nlets-nim"],
        vec!["redact", "--policy", "no-such-file.toml"],
        vec!["redact", "fixtures", "-o", "fixtures/out"],
        vec!["redact", "--nonsense"],
    ] {
        assert_eq!(run(&arguments, b"").status.code(), Some(2), "{arguments:?}");
    }
    let hint = run(&["redact", "--format", "nlets-nim"], b"");
    assert!(text(&hint.stderr).contains("did you mean `nlets-niem`?"));
}

#[test]
fn a_folder_is_mirrored_and_one_bad_message_stops_nothing() {
    let folder = TempDir::new().unwrap();
    let input = folder.path().join("in");
    let out = folder.path().join("out");
    fs::create_dir_all(input.join("a/b")).unwrap();
    fs::copy(fixture_path("dr-in-state-police/message.xml"), input.join("a/b/police.xml")).unwrap();
    fs::copy(fixture_path("niem-json-list/message.json"), input.join("list.json")).unwrap();
    fs::copy(fixture_path("dr-ice/message.xml"), input.join("ice.xml")).unwrap();
    fs::write(input.join("broken.xml"), "<n:NLETS xmlns:n='http://www.nlets.org/niem/1.0'><b></a>").unwrap();
    fs::write(input.join(".hidden"), "not a message, SSN 900-12-3456").unwrap();
    // What an earlier run released where the message is held now.
    fs::create_dir_all(&out).unwrap();
    fs::write(out.join("ice.xml"), "stale").unwrap();

    let arguments =
        ["redact", input.to_str().unwrap(), "-o", out.to_str().unwrap(), "--summary", "json", "--jobs", "2"];
    let output = run(&arguments, b"");
    assert_eq!(output.status.code(), Some(3));
    let summary: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let count = |key: &str| summary.get(key).unwrap().as_u64().unwrap();
    assert_eq!(
        [count("messages"), count("redacted"), count("held"), count("withheld"), count("failed")],
        [5, 2, 1, 2, 0]
    );
    assert_eq!(fs::read(out.join("a/b/police.xml")).unwrap(), fixture("dr-in-state-police/expected.xml"));
    assert_eq!(fs::read(out.join("list.json")).unwrap(), fixture("niem-json-list/expected.json"));
    for absent in ["ice.xml", "broken.xml", ".hidden"] {
        assert!(!out.join(absent).exists(), "{absent}");
    }
    let complaint = text(&output.stderr);
    assert!(complaint.contains("broken.xml: withheld: not-well-formed-xml at byte 52"), "{complaint}");
    assert!(!complaint.contains("900-12-3456") && !text(&output.stdout).contains("900-12-3456"));

    // The same in, the same out (P10).
    let again = run(&arguments, b"");
    let without_run = |stdout: &[u8]| {
        let mut summary: serde_json::Value = serde_json::from_slice(stdout).unwrap();
        summary.as_object_mut().unwrap().remove("run").unwrap();
        summary
    };
    assert_eq!(without_run(&again.stdout), without_run(&output.stdout));
}

#[test]
fn several_files_keep_their_paths_and_a_vanished_one_is_a_failure() {
    let folder = TempDir::new().unwrap();
    let out = folder.path().join("out");
    let one = folder.path().join("x/message.xml");
    let two = folder.path().join("y/message.xml");
    for path in [&one, &two] {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::copy(fixture_path("rr-in-state-police/message.xml"), path).unwrap();
    }
    let output = run(&["redact", one.to_str().unwrap(), two.to_str().unwrap(), "-o", out.to_str().unwrap()], b"");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let headline = text(&output.stdout).lines().last().unwrap();
    assert!(headline.starts_with("2 messages: 0 released, 2 redacted"), "{headline}");
    for path in [one, two] {
        assert!(out.join(path.strip_prefix("/").unwrap_or(&path)).exists());
    }
    assert_eq!(run(&["redact", "no-such-file.xml", "-o", out.to_str().unwrap()], b"").status.code(), Some(1));
}

#[cfg(unix)]
#[test]
fn outputs_are_for_the_owner_alone_and_links_are_not_followed() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let folder = TempDir::new().unwrap();
    let input = folder.path().join("in");
    fs::create_dir(&input).unwrap();
    fs::copy(fixture_path("rr-in-state-police/message.xml"), input.join("rr.xml")).unwrap();
    symlink(fixture_path("rr-in-state-police"), input.join("linked")).unwrap();
    let out = folder.path().join("out");
    let output = run(&["redact", input.to_str().unwrap(), "-o", out.to_str().unwrap()], b"");
    // What is passed over is reported, counted and changes the status (P11).
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("linked: passed over"));
    assert!(text(&output.stdout).ends_with("0 failed; 1 passed over\n"), "{}", text(&output.stdout));
    assert_eq!(fs::metadata(out.join("rr.xml")).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::read_dir(&out).unwrap().count(), 1);
}

#[test]
fn stdin_to_stdout_and_to_a_file_give_the_same() {
    let message = fixture("niem-json-dr-in-state-police/message.json");
    let expected = fixture("niem-json-dr-in-state-police/expected.json");
    let piped = run(&["redact", "-", "--purpose", "C"], &message);
    assert_eq!((piped.status.code(), &piped.stdout, text(&piped.stderr)), (Some(0), &expected, ""));
    let folder = TempDir::new().unwrap();
    let out = folder.path().join("one.json");
    let output = run(&["redact", "--purpose", "C", "-o", out.to_str().unwrap(), "--summary", "text"], &message);
    let headline = text(&output.stdout).lines().last().unwrap();
    assert!(headline.starts_with("1 messages: 0 released, 1 redacted"), "{headline}");
    assert_eq!(fs::read(out).unwrap(), expected);
}

#[test]
fn verify_finds_what_the_policy_does_not_permit_and_says_where() {
    let folder = TempDir::new().unwrap();
    let out = folder.path().join("out");
    let messages = fixture_path("dr-in-state-police");
    let redacted = run(
        &["redact", messages.join("message.xml").to_str().unwrap(), "-o", out.join("message.xml").to_str().unwrap()],
        b"",
    );
    assert_eq!(redacted.status.code(), Some(0), "{}", text(&redacted.stderr));
    let clean = run(&["verify", out.to_str().unwrap()], b"");
    assert_eq!((clean.status.code(), clean.stderr.len()), (Some(0), 0), "{}", text(&clean.stderr));
    // The same message as it came from the state.
    let whole = run(&["verify", messages.join("message.xml").to_str().unwrap(), out.to_str().unwrap()], b"");
    assert_eq!(whole.status.code(), Some(3));
    let found = text(&whole.stderr);
    assert!(found.lines().count() == 1 && found.contains("message.xml: ") && found.contains(", byte "), "{found}");
    assert!(!found.contains("900-12-3456"));
    let output = fs::read(out.join("message.xml")).unwrap();
    let for_another = run(&["verify", "--requester", "NV0070000"], &output);
    assert_eq!(text(&for_another.stderr), "dmv-redact: stdin: the envelope names another requester\n");
    assert_eq!(for_another.status.code(), Some(3));
}

#[test]
fn p2_lint_syntax_says_one_line_for_what_is_not_well_formed() {
    let folder = TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    fs::write(path("good.xml"), "<a xmlns='urn:nobody'>x</a>").unwrap();
    fs::write(path("good.json"), "{\"a\":[1]}").unwrap();
    fs::write(path("bad.xml"), "<a>900-12-3456<b></a>").unwrap();
    fs::write(path("bad.json"), "[1,]").unwrap();
    let good = run(&["lint-syntax", &path("good.xml"), &path("good.json")], b"");
    assert_eq!((good.status.code(), text(&good.stdout), text(&good.stderr)), (Some(0), "", ""));

    let bad = run(&["lint-syntax", &path("bad.xml"), &path("good.xml"), &path("bad.json")], b"");
    assert_eq!(bad.status.code(), Some(3));
    let told = format!(
        "{}: not-well-formed-xml: an end tag doesn't match its start tag at byte 17\n{}: not-well-formed-json: no value begins so at byte 3\n",
        path("bad.xml"),
        path("bad.json")
    );
    assert_eq!(text(&bad.stdout), told);

    for arguments in [vec!["lint-syntax"], vec!["lint-syntax", "-"]] {
        let piped = run(&arguments, b"");
        assert_eq!((piped.status.code(), text(&piped.stdout)), (Some(3), "stdin: empty: there is no message\n"));
    }
    let limited = run(&["lint-syntax", "--limit", "depth=1", folder.path().to_str().unwrap()], b"");
    let told = text(&limited.stdout);
    assert!(told.contains("good.json: limit: values are nested too deep at byte 5\n"), "{told}");
    assert_eq!((limited.status.code(), told.lines().count()), (Some(3), 3));
    // One that can't be read is a failure, and stops nothing.
    let missing = run(&["lint-syntax", &path("none.xml"), &path("bad.json")], b"");
    assert_eq!(missing.status.code(), Some(1));
    assert!(text(&missing.stderr).contains("none.xml") && text(&missing.stdout).contains("bad.json"));
}

#[test]
fn schemas_completions_and_the_manual_are_printed_for_every_table_shell_and_verb() {
    for table in ["policy", "catalog", "format", "case", "matrix"] {
        let output = run(&["schema", table], b"");
        let file = format!("schemas/toml/{table}.schema.json");
        let committed = fs::read(root().join(file)).unwrap();
        assert_eq!((output.status.code(), output.stdout), (Some(0), committed), "{table}");
    }
    assert_eq!(run(&["schema", "polisy"], b"").status.code(), Some(2));
    let help = run(&["help"], b"");
    let verbs: Vec<&str> = text(&help.stdout)
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty())
        .filter(|line| !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|verb| *verb != "help")
        .collect();
    assert!(verbs.len() >= 8 && verbs.contains(&"redact"), "{verbs:?}");
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let output = run(&["completions", shell], b"");
        assert_eq!(output.status.code(), Some(0));
        for verb in &verbs {
            assert!(text(&output.stdout).contains(verb), "{shell}: {verb}");
        }
    }
    let folder = TempDir::new().unwrap();
    let pages = folder.path().join("man/man1");
    assert_eq!(run(&["man", pages.to_str().unwrap()], b"").status.code(), Some(0));
    for verb in &verbs {
        let page = fs::read_to_string(pages.join(format!("dmv-redact-{verb}.1"))).unwrap();
        assert!(page.contains(".SH SYNOPSIS") && page.contains(".SH DESCRIPTION"), "{verb}");
    }
    let first = run(&["man"], b"");
    assert_eq!(text(&first.stdout), fs::read_to_string(pages.join("dmv-redact.1")).unwrap());
}

/// What `elements` prints.
fn elements(arguments: &[&str]) -> String {
    let output = run(&[&["elements"], arguments].concat(), b"");
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", text(&output.stderr));
    text(&output.stdout).to_owned()
}

/// The ids that a list of elements has, as JSON.
fn ids(arguments: &[&str]) -> Vec<String> {
    let list: serde_json::Value =
        serde_json::from_str(&elements(&[arguments, &["--output", "json"]].concat())).unwrap();
    let list = list.get("elements").unwrap().as_array().unwrap();
    list.iter().map(|element| element["id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn elements_lists_the_catalog_alike_in_every_form() {
    let catalog = dmv_redact_testing::text("schemas/catalog.toml");
    let catalog: toml::Table = catalog.parse().unwrap();
    let declared: Vec<&str> =
        catalog["element"].as_array().unwrap().iter().map(|element| element["id"].as_str().unwrap()).collect();
    assert_eq!(ids(&[]), declared);
    let list = elements(&[]);
    assert!(list.lines().next().unwrap().starts_with("id "), "{list}");
    assert!(
        list.contains(&format!("\n{} data elements.\n", declared.len()))
            && list.contains("group:dppa-highly-restricted"),
        "{list}"
    );
    let shown: Vec<&str> = list.lines().skip(1).map_while(|line| line.split_whitespace().next()).collect();
    assert_eq!(shown, declared);
    let table = elements(&["--output", "csv"]);
    let mut table = csv::Reader::from_reader(table.as_bytes());
    assert_eq!(table.headers().unwrap(), vec!["id", "kind", "dppa", "groups", "title"]);
    let rows: Vec<csv::StringRecord> = table.records().map(|row| row.unwrap()).collect();
    assert_eq!(rows.iter().map(|row| &row[0]).collect::<Vec<_>>(), declared);

    // One of them, whole.
    let list: serde_json::Value = serde_json::from_str(&elements(&["person.ssn", "--output", "json"])).unwrap();
    let groups = ["immigration", "dppa-personal", "dppa-highly-restricted"];
    let wanted = serde_json::json!({ "elements": [{
        "id": "person.ssn", "kind": "identifier", "dppa": "highly-restricted", "groups": groups, "title": "Social Security number",
    }] });
    assert_eq!(list, wanted);
    let row = rows.iter().find(|row| &row[0] == "person.ssn").unwrap();
    let wanted = ["person.ssn", "identifier", "highly-restricted", &groups.join(", "), "Social Security number"];
    assert_eq!(row, &wanted[..]);
    let list = elements(&["person.ssn"]);
    let line: Vec<&str> = list.lines().nth(1).unwrap().split_whitespace().collect();
    assert_eq!(line, ["person.ssn", "identifier", "highly-restricted", "immigration", "Social", "Security", "number"]);
    assert!(list.contains("\n1 data element."), "{list}");
}

#[test]
fn elements_takes_an_id_a_prefix_or_a_group_and_names_the_nearest_of_an_unknown_one() {
    let below = |prefix: &str| ids(&[]).into_iter().filter(|id| id.starts_with(prefix)).collect::<Vec<_>>();
    assert_eq!(ids(&["license.number"]), ["license.number"]);
    assert_eq!(ids(&["license"]), below("license."));
    assert!(ids(&["group:immigration"]).contains(&"license.limited-term".to_owned()));
    for (selector, told) in [
        ("licence", "unknown data element `licence`; did you mean `license`?"),
        ("person.snn", "unknown data element `person.snn`; did you mean `person.ssn`?"),
        ("group:imigration", "unknown group `group:imigration`; did you mean `group:immigration`?"),
        ("quux", "unknown data element `quux`; `dmv-redact elements` lists all; `--catalog FILE` adds more"),
    ] {
        let output = run(&["elements", selector], b"");
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0));
        assert_eq!(text(&output.stderr), format!("dmv-redact: {told}\n"));
    }

    // A catalog of one's own adds to it, is a selector like any other, and is told of when it is wrong.
    let folder = TempDir::new().unwrap();
    let own = folder.path().join("own.toml");
    let catalog = "[[group]]\nid = 'tribal'\ntitle = 'x'\n[[group]]\nid = 'none'\ntitle = 'x'\n\
                   [[element]]\nid = 'tribe.name'\ntitle = 'Tribe'\ngroups = ['tribal']\n";
    fs::write(&own, catalog).unwrap();
    let own = own.to_str().unwrap();
    for selector in ["tribe", "tribe.name", "group:tribal"] {
        assert_eq!(ids(&[selector, "--catalog", own]), ["tribe.name"]);
    }
    assert_eq!(ids(&["--catalog", own]).len(), ids(&[]).len() + 1);
    // Declared and without an element: empty, but not unknown.
    assert_eq!(ids(&["group:none", "--catalog", own]), Vec::<String>::new());
    assert!(elements(&["group:none", "--catalog", own]).starts_with("0 data elements."));
    fs::write(own, catalog.replace("['tribal']", "['tribla']")).unwrap();
    let output = run(&["elements", "--catalog", own], b"");
    assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0));
    assert!(text(&output.stderr).contains("own.toml:10:11: unknown group `tribla`"), "{}", text(&output.stderr));
}

/// What `check` prints, and its status.
fn check(arguments: &[&str]) -> (String, Option<i32>) {
    let told = told_by("check", arguments);
    (told.stdout, told.status)
}

#[test]
fn check_ends_with_2_for_an_error_and_strictly_for_a_warning() {
    let folder = tempfile::tempdir().unwrap();
    let policy = folder.path().join("p.toml");
    let text = "[policy]\nname = 'p'\nversion = '1'\npurposes = []\n[agencies]\npolice.ori = ['VT*']\n[[permit]]\nid = 'one'\nbasis = 'b'\n\
                agencies = ['police']\nelements = ['person.name']\n";
    std::fs::write(&policy, text).unwrap();
    let policy = policy.to_str().unwrap();
    let (told, status) = check(&["--policy", policy]);
    assert_eq!(status, Some(0), "{told}");
    assert!(told.starts_with(&format!("{policy}:6:15: warning: `VT*` of `police` admits letters where")), "{told}");
    assert!(told.contains(&format!("\n{policy}:6:15: warning: `VT*` of `police` claims VTICE0900")), "{told}");
    assert!(told.contains("[ice-by-prefix]\n") && told.contains(" 6 | police.ori = ['VT*']\n"), "{told}");
    assert!(told.ends_with("0 errors, 2 warnings, 0 notes\n"), "{told}");
    let (told, status) = check(&["--policy", policy, "--strict", "--output", "github"]);
    assert_eq!((told.starts_with("::error file="), told.lines().count(), status), (true, 2, Some(2)), "{told}");

    std::fs::write(policy, text.replace("VT*", "az*")).unwrap();
    let (told, status) = check(&["--policy", policy, "--output", "json"]);
    let report: serde_json::Value = serde_json::from_str(&told).unwrap();
    assert_eq!((&report["findings"][0]["code"], &report["findings"][0]["line"]), (&"invalid".into(), &6.into()));
    assert_eq!(status, Some(2));
}

#[test]
fn check_takes_the_policy_as_a_plain_argument_too() {
    let folder = TempDir::new().unwrap();
    let policy = folder.path().join("policy.toml");
    fs::write(&policy, "[policy]\nname = 'p'\n").unwrap();
    let policy = policy.to_str().unwrap();
    let (told, status) = check(&[policy]);
    assert!(told.starts_with(&format!("{policy}:1:1: `version` is missing")), "{told}");
    assert_eq!((told, status), check(&["--policy", policy]));
    let complaint = |arguments: &[&str]| {
        let output = run(&[&["check"], arguments].concat(), b"");
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{arguments:?}");
        text(&output.stderr).to_owned()
    };
    let both = complaint(&[policy, "--policy", policy]);
    assert!(both.contains("cannot be used with"), "{both}");

    // A folder: what to write instead, as far as that can be seen.
    let home = folder.path().to_str().unwrap();
    let wanted = format!("dmv-redact: {home}: a folder, not a policy; write `dmv-redact check {home}/policy.toml`\n");
    assert_eq!(complaint(&[home]), wanted);
    assert_eq!(complaint(&["--policy", home]), wanted);
    assert!(complaint(&["."]).ends_with("`dmv-redact check FILE`, or `--formats .` for the formats in it\n"));
}

#[test]
fn check_holds_a_format_of_ones_own_to_the_schema_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    let own = folder.path().join("own");
    std::fs::create_dir(&own).unwrap();
    let format = "name = 'own'\nsyntax = 'json'\nroot = 'Own'\n[paths]\nnam = 'person.name'\n";
    std::fs::write(own.join("format.toml"), format).unwrap();
    let formats = folder.path().to_str().unwrap();
    let (told, status) = check(&["--formats", formats]);
    assert!(told.contains("note: format `own` has no schema for its JSON [no-schema]"), "{told}");
    assert_eq!(status, Some(0));
    let schema = r#"{ "properties": { "Own": { "properties": { "name": { "type": "string" } } } } }"#;
    std::fs::write(own.join("schema.json"), schema).unwrap();
    let (told, status) = check(&["--formats", formats]);
    assert!(told.contains("format.toml:5:1: `nam` is not in the schema"), "{told}");
    assert!(told.contains("help: did you mean `name`?") && told.contains("[not-mapped]"), "{told}");
    assert_eq!(status, Some(2));
}

#[test]
fn check_tells_which_format_stands_in_whose_place_and_which_can_be_mixed_up() {
    let folder = TempDir::new().unwrap();
    let write = |name: &str, text: &str| {
        let own = folder.path().join(name);
        fs::create_dir_all(&own).unwrap();
        fs::write(own.join("format.toml"), text).unwrap();
    };
    write(
        "own",
        "name = 'own'\nextends = 'mdl'\nremove = ['portrait']\n[paths]\n'family_name' = 'person.name.given'\n\
         'birth_date' = 'license.issue-date'\n'more' = 'license.class'\n",
    );
    write(
        "base",
        "name = 'mdl'\nreplaces = 'mdl'\nsyntax = 'json'\nroot = 'm'\n[paths]\n'family_name' = \
         'person.name.surname'\n'birth_date' = 'person.birth-date'\n'portrait' = 'biometric.photo'\n",
    );
    let marked = |name: &str, marks: &str| {
        format!("name = '{name}'\nsyntax = 'json'\nroot = 'r'\nrecognise = {marks}\n[paths]\n'n' = 'license.number'\n")
    };
    write("one", &marked("one", "['a']"));
    write("two", &marked("two", "[{ path = 'a/b', is = ['X'] }]"));
    write("three", &marked("three", "['c']"));
    let formats = folder.path().to_str().unwrap();
    let (told, status) = check(&["--formats", formats]);
    for finding in [
        "format `own` stands in the place of `mdl`: of its paths 1 are added, 2 changed, 1 taken out [format-replaced]",
        "note: `family_name` leads to `person.name.given` here, and to `person.name.surname` in `mdl` [path-changed]",
        "warning: `birth_date` leads to `license.issue-date` here, and to `person.birth-date` in `mdl`, which is in \
         dppa-personal as well [path-less-restricted]",
        "warning: format `mdl` has another `requester`, `message-type`, `messages`, `attributes` than `mdl` [format-routing-changed]",
        "note: format `mdl` has another `root`",
        "[format-keys-changed]",
        "warning: what is of format `two` is of `one` as well, and withheld [format-shadowed]",
        "help: let `one` recognise a part that `two` lacks",
        "note: format `three` shares a root with `two`: a message with the parts of both is withheld [formats-overlap]",
    ] {
        assert!(told.contains(finding), "{finding}\n{told}");
    }
    assert_eq!(status, Some(0), "{told}");
    let catalog = folder.path().join("catalog.toml");
    fs::write(&catalog, "[[element]]\nid = 'license.number'\namend = true\nshape = '[0-9]{8}'\ntitle = 'Number'\n")
        .unwrap();
    let (told, _) = check(&["--catalog", catalog.to_str().unwrap()]);
    assert!(told.contains("note: `license.number` is amended: `title`, `shape` [element-amended]"), "{told}");
}

#[test]
fn p9_check_tells_which_permits_release_an_element_because_a_catalog_puts_it_into_a_group() {
    let folder = TempDir::new().unwrap();
    let write = |name: &str, text: &str| {
        fs::write(folder.path().join(name), text).unwrap();
        folder.path().join(name).to_str().unwrap().to_owned()
    };
    let policy = write(
        "policy.toml",
        "[policy]\nname = 'p'\nversion = '1'\npurposes = ['C']\n[agencies.police]\nori = ['AZ0070000']\n\
         [[permit]]\nid = 'by-group'\nagencies = ['police']\nbasis = 'x'\nelements = ['person.name', 'group:roadside']\n\
         [[permit]]\nid = 'by-both'\nagencies = ['police']\nbasis = 'x'\nelements = ['group:roadside', 'person.ssn']\n\
         [[forbid]]\nid = 'none'\nagencies = ['police']\nbasis = 'x'\nelements = ['group:roadside']\n",
    );
    let group =
        "[[group]]\nid = 'roadside'\ntitle = 'At the roadside'\n[[element]]\nid = 'x.y'\ngroups = ['roadside']\n";
    let told = |more: &str| {
        let catalog = write("catalog.toml", &format!("{group}{more}"));
        check(&["--policy", &policy, "--catalog", &catalog]).0
    };
    let amended = told("[[element]]\nid = 'person.ssn'\namend = true\ngroups = ['roadside']\n");
    let finding = "warning: `person.ssn` is released by `by-group` of the policy, because it is put into a group here \
                   [amendment-permits]";
    assert!(amended.contains(finding), "{amended}");
    // Nothing is gained by what was so before, or by another key.
    for more in [
        "[[element]]\nid = 'x.y'\namend = true\ngroups = ['roadside']\n",
        "[[element]]\nid = 'person.name.given'\namend = true\ngroups = ['roadside']\n",
        "[[element]]\nid = 'person.ssn'\namend = true\ntitle = 'Number'\n",
    ] {
        assert!(!told(more).contains("by-group` of the policy"), "{more}");
    }
}

#[test]
fn the_demo_shows_two_agencies_and_leaves_what_it_made() {
    let folder = TempDir::new().unwrap();
    let out = folder.path().join("new/demo");
    let output = run(&["demo", out.to_str().unwrap()], b"");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let shown = text(&output.stdout);
    let parts: Vec<&str> = shown.split("\n== ").collect();
    let [_, before, police, held, approved, archive] = parts[..] else { panic!("{shown}") };
    assert!(before.contains("900-12-3456") && before.contains("MESQUITE") && before.contains("/9j/"));
    assert!(police.contains("MESQUITE") && !police.contains("900-12-3456") && !police.contains("/9j/"));
    assert!(held.contains("nothing: held") && !held.contains("EXAMPLE"));
    assert!(approved.contains("D08954796") && !approved.contains("MESQUITE"));
    assert!(archive.contains("13 messages: 0 released, 4 redacted, 6 held, 3 withheld, 0 failed"), "{archive}");
    assert_eq!(fs::read_dir(out.join("responses")).unwrap().count(), 13);
    assert_eq!(fs::read_dir(out.join("redacted")).unwrap().count(), 4);
    assert_eq!(run(&["log", "verify", out.join("disclosures.ndjson").to_str().unwrap()], b"").status.code(), Some(0));
    // Nothing is overwritten (P11).
    let again = run(&["demo", out.to_str().unwrap()], b"");
    assert_eq!(again.status.code(), Some(2));
    assert!(text(&again.stderr).contains("is there already"));
}
