//! Every verb and every form of its output, over names and texts that try to steer a terminal, hide or turn text, begin lines,
//! give a CI service a command or a spreadsheet a formula (P6).

use std::fs;
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};
use std::process::Output;

use dmv_redact_testing::fixture;
use dmv_redact_testing::program::fed;
use tempfile::TempDir;

use crate::command_in;

/// What a file, an archive's entry, an option's value may be called.
const HOSTILE: &str = "::warning::x\u{1b}[31m\n::error::y\n##[error]z\r\u{9b}2J\u{85}\u{202e}\u{2066}\u{200b}\u{2028}\u{feff}\u{ad}\
    \t##vso[a]b\nFORGED\n=1+1 <script>&| ";
/// A title or a basis that can be seen and is on one line.
const SHOWN: &str = "::warning::x ##[error]z <script>alert(1)</script> & | [a](b) \"quoted\"";
const FORMULA: &str = "=1+1 ::error::x ]]> </title><script>";
/// What no title may be, as TOML has it.
const HIDDEN: [&str; 6] = ["a\\nFORGED", "\\u001b[31m", "\\u009b2J", "a\\u202Eb", "\\u200B", "x\\u2028::warning::x"];

/// How an output is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Text,
    Json,
    JsonLines,
    Github,
    Markdown,
    Csv,
    Html,
    Xml,
}

/// Whether a character only stands for itself; a list of its own, for the program's may be wrong.
fn is_harmless(character: char) -> bool {
    let code = u32::from(character);
    !character.is_control()
        && !matches!(code, 0xAD | 0x61C | 0x200B..=0x200F | 0x2028..=0x202E | 0x2060..=0x206F | 0xFEFF | 0xFFF9..=0xFFFB)
        && !matches!(code, 0xE0000..=0xE0FFF | 0xFE00..=0xFE0F | 0xFFFE | 0xFFFF)
}

fn is_command(line: &str) -> bool {
    let azure = line
        .split("##")
        .skip(1)
        .any(|rest| rest.trim_start_matches(|character: char| character.is_alphanumeric()).starts_with('['));
    line.trim_start().starts_with("::") || azure
}

/// Holds an output to what P6 says of its form.
fn hold(what: &str, bytes: &[u8], form: Form) {
    let text = std::str::from_utf8(bytes).unwrap_or_else(|_| panic!("{what}: no UTF-8"));
    let bad = text.char_indices().find(|(_, character)| *character != '\n' && !is_harmless(*character));
    assert!(bad.is_none(), "{what}: {bad:?} in {text:?}");
    for line in text.lines() {
        let line = match form {
            // The program's own command: what follows is data.
            Form::Github => {
                let own = ["::error file=", "::warning file=", "::notice file="];
                let rest = own.iter().find_map(|own| line.strip_prefix(own));
                rest.unwrap_or_else(|| panic!("{what}: {line:?} is no annotation"))
            }
            _ => line,
        };
        assert!(!is_command(line), "{what}: {line:?} is a command, in {text:?}");
        assert!(!line.trim_start().starts_with("FORGED"), "{what}: a line is forged in {text:?}");
    }
    hold_form(what, text, form);
}

fn hold_form(what: &str, text: &str, form: Form) {
    match form {
        Form::Text | Form::Github => {}
        Form::Json => {
            drop(serde_json::from_str::<serde_json::Value>(text).unwrap_or_else(|why| panic!("{what}: {why}")))
        }
        Form::JsonLines => {
            for line in text.lines() {
                serde_json::from_str::<serde_json::Value>(line).unwrap_or_else(|why| panic!("{what}: {why}"));
            }
        }
        Form::Markdown => assert!(!text.contains("<script") && !text.contains("[a](b)"), "{what}: {text}"),
        Form::Csv => {
            let mut rows = csv::Reader::from_reader(text.as_bytes());
            for cell in rows.records().flat_map(|row| row.unwrap().iter().map(str::to_owned).collect::<Vec<_>>()) {
                assert!(!cell.starts_with(['=', '+', '-', '@', '\t']) && !cell.contains('\n'), "{what}: {cell:?}");
            }
        }
        // The page has one script: its own.
        Form::Html => assert_eq!(text.matches("<script").count(), 1, "{what}"),
        Form::Xml => {
            assert!(!text.contains("<script"), "{what}: {text}");
            roxmltree::Document::parse(text).unwrap_or_else(|why| panic!("{what}: {why}"));
        }
    }
}

/// A folder whose names are all hostile.
struct World(TempDir);

impl World {
    fn write(&self, place: impl AsRef<Path>, content: impl AsRef<[u8]>) -> String {
        let path = self.0.path().join(place.as_ref());
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        place.as_ref().to_str().unwrap().to_owned()
    }

    fn run(&self, arguments: &[&str], stdin: &[u8]) -> Output {
        fed(&mut command_in(self.0.path(), arguments), stdin)
    }

    /// Runs a verb, and holds both outputs to their forms and the status to what shows that it did its work.
    fn hold(&self, form: Form, status: i32, arguments: &[&str]) -> Output {
        let output = self.run(arguments, b"");
        let what = format!("{arguments:?}");
        assert_eq!(
            output.status.code(),
            Some(status),
            "{what}: {}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        if !output.stdout.is_empty() {
            hold(&what, &output.stdout, form);
        }
        hold(&what, &output.stderr, Form::Text);
        output
    }

    fn hold_file(&self, place: &str, form: Form) {
        let bytes = fs::read(self.0.path().join(place)).unwrap();
        assert!(!bytes.is_empty());
        hold(place, &bytes, form);
    }
}

fn named(suffix: &str) -> String {
    format!("{HOSTILE}{suffix}")
}

/// A text as TOML has it.
fn quoted(text: &str) -> String {
    let escaped = text.chars().map(|character| match character {
        ' '..='~' if !matches!(character, '"' | '\\') => character.to_string(),
        _ => format!("\\U{:08X}", u32::from(character)),
    });
    format!("\"{}\"", escaped.collect::<String>())
}

fn policy(title: &str, elements: &str) -> String {
    format!(
        "[policy]\nname = 'p'\nversion = {title}\ntitle = {title}\njurisdiction = {title}\nclaims = ['w']\npurposes = ['C', 'E']\n\
         [agencies.police]\ntitle = {title}\nori = ['AZ###??00']\n[agencies.ice]\ntitle = {title}\nori = ['??ICE*']\n\
         [[permit]]\nid = 'a'\ntitle = {title}\nbasis = {title}\nagencies = ['police']\nelements = [{elements}]\n\
         [[permit]]\nid = 'b'\ntitle = {title}\nbasis = {title}\nagencies = ['ice']\nrequires = ['w']\npurposes = ['C']\n\
         elements = ['person.name']\n[[forbid]]\nid = 'c'\ntitle = {title}\nbasis = {title}\nelements = ['person.ssn']\n"
    )
}

fn catalog(title: &str) -> String {
    format!(
        "[[group]]\nid = 'g'\ntitle = {title}\nsource = {title}\n[[element]]\nid = 'subject.name'\ntitle = {title}\nsource = {title}\n\
         groups = ['g']\n"
    )
}

fn format_of(title: &str) -> String {
    format!(
        "name = 'own'\ntitle = {title}\nsource = {title}\nsyntax = 'json'\nroot = 'r'\n[paths]\n\"name\" = 'subject.name'\n"
    )
}

/// Messages of every kind of ending, in every form, called what nobody should be called.
fn messages(world: &World) -> String {
    let folder = named("in");
    let read = |name: &str| fixture(name);
    let police = read("dr-in-state-police/message.xml");
    let place = |suffix: &str| PathBuf::from(&folder).join(named("d")).join(named(suffix));
    world.write(place("police.xml"), &police);
    world.write(place("ice.xml"), read("dr-ice/message.xml"));
    world.write(place("broken.xml"), &police[..police.len() - 100]);
    world.write(place("list.json"), read("niem-json-list/message.json"));
    world.write(place("empty"), b"");
    world.write(place("split.7z"), b"7z\xBC\xAF\x27\x1C\0\x04");
    let line = serde_json::json!({ HOSTILE: HOSTILE, "message": String::from_utf8_lossy(&police) }).to_string();
    world.write(place("lines.ndjson"), format!("{line}\n{line}\n"));
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in [(named("e.xml"), &police[..]), (named("f.xml"), &b"<a>"[..]), (named("../g"), &b"x"[..])] {
        zip.start_file(name.as_str(), zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(content).unwrap();
    }
    world.write(place("z.zip"), zip.finish().unwrap().into_inner());
    let mut tar = tar::Builder::new(Vec::new());
    for (name, kind) in [(named("h.xml"), tar::EntryType::Regular), (named("i"), tar::EntryType::Symlink)] {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(kind);
        header.set_size(if kind == tar::EntryType::Regular { police.len() as u64 } else { 0 });
        let content = if kind == tar::EntryType::Regular { &police[..] } else { b"" };
        tar.append_data(&mut header, name, content).unwrap();
    }
    world.write(place("t.tar"), tar.into_inner().unwrap());
    std::os::unix::fs::symlink("nowhere", world.0.path().join(place("link"))).unwrap();
    folder
}

fn world() -> World {
    World(TempDir::new().unwrap())
}

#[test]
fn p6_redact_verify_and_log_show_names_from_outside_escaped() {
    let world = world();
    let folder = messages(&world);
    let policy = world.write(named("p.toml"), policy(&quoted(SHOWN), "'person.name', 'license'"));
    let (out, log, withheld) = (named("out"), named("log"), named("withheld"));
    for summary in ["text", "json"] {
        let form = if summary == "json" { Form::Json } else { Form::Text };
        let (out, log, withheld) = (out.clone() + summary, log.clone() + summary, withheld.clone() + summary);
        let arguments = ["redact", &folder, "--policy", &policy, "-o", &out, "--log", &log, "--withheld", &withheld];
        world.hold(form, 1, &[&arguments[..], &["--summary", summary, "--compare", &policy]].concat());
        world.hold_file(&log, Form::JsonLines);
        world.hold(form, 0, &["log", "report", &log, "--output", summary]);
    }
    let (out, log) = (out + "text", log + "text");
    world.hold(Form::Text, 1, &["redact", &folder, "--dry-run", "--policy", &policy]);
    // Again, over what is there; over what isn't; with its own output as its input.
    world.hold(Form::Text, 1, &["redact", &named("nowhere"), "-o", &out]);
    world.hold(Form::Text, 2, &["redact", &folder, "-o", &folder]);
    world.hold(Form::Text, 2, &["redact", &folder, "-o", &out, "--log", &log, "--log-key", &policy]);
    world.hold(Form::Text, 1, &["verify", &folder, "--policy", &policy]);
    world.hold(Form::Text, 0, &["log", "verify", &log]);
    let bytes = fs::read(world.0.path().join(&log)).unwrap();
    let changed = world.write(
        named("changed"),
        String::from_utf8(bytes).unwrap().replacen("whole", "w", 1).replacen("\"source\":", "\"s\":", 1),
    );
    world.hold(Form::Text, 3, &["log", "verify", &changed]);
    world.hold(Form::Text, 3, &["log", "report", &changed]);
    world.hold(Form::Text, 3, &["log", "verify", &log, &changed]);
    world.hold(Form::Text, 1, &["log", "verify", &named("nowhere")]);
    world.hold(Form::Text, 3, &["lint-syntax", &folder]);
    world.hold(Form::Text, 1, &["lint-syntax", &named("nowhere")]);
}

#[test]
fn p6_what_tells_of_policies_shows_their_texts_escaped() {
    let world = world();
    let title = quoted(SHOWN);
    let old = world.write(named("old.toml"), policy(&title, "'person.name', 'license'"));
    let new = world.write(named("new.toml"), policy(&quoted(FORMULA), "'person', 'license'"));
    let catalog = world.write(named("catalog.toml"), catalog(&title));
    let formats = named("formats");
    world.write(Path::new(&formats).join(named("own")).join("format.toml"), format_of(&title));
    let ground = ["--catalog", &catalog, "--formats", &formats];
    for (name, form) in [("text", Form::Text), ("json", Form::Json), ("sarif", Form::Json), ("github", Form::Github)] {
        world.hold(form, 0, &[&["check", "--policy", &old, "--output", name], &ground[..]].concat());
        let strict = ["check", "--strict", "--policy", &new, "--output", name];
        world.hold(form, 2, &[&strict, &ground[..]].concat());
    }
    for title in [SHOWN, FORMULA] {
        let catalog = world.write(named("elements.toml"), self::catalog(&quoted(title)));
        for (name, form) in [("text", Form::Text), ("json", Form::Json), ("csv", Form::Csv)] {
            for selector in ["group:g", "subject"] {
                let arguments = ["elements", selector, "--catalog", &catalog, "--output", name];
                assert!(!world.hold(form, 0, &arguments).stdout.is_empty());
            }
            world.hold(form, 0, &["elements", "--catalog", &catalog, "--output", name]);
        }
    }
    for (name, form) in
        [("text", Form::Text), ("md", Form::Markdown), ("csv", Form::Csv), ("json", Form::Json), ("html", Form::Html)]
    {
        for policy in [&old, &new] {
            let output =
                world.hold(form, 0, &[&["matrix", "--policy", policy, "--output", name], &ground[..]].concat());
            assert!(!output.stdout.is_empty());
        }
    }
    let message = messages(&world);
    let message = Path::new(&message).join(named("d")).join(named("police.xml"));
    let message = message.to_str().unwrap();
    for (name, form) in [("text", Form::Text), ("json", Form::Json)] {
        world.hold(form, 3, &[&["diff", &old, &new, "--output", name], &ground[..]].concat());
        for asker in ["AZ0070000", "VTICE0900"] {
            let explain = ["explain", "--policy", &old, "--requester", asker, "--purpose", "C", "--output", name];
            world.hold(form, 0, &[&explain, &ground[..]].concat());
            world.hold(form, 0, &[&explain, &ground[..], &[message]].concat());
        }
    }
    world.hold(Form::Text, 0, &["explain", "--policy", &new, "--diff-view", message]);
}

#[test]
fn p6_explain_shows_names_within_a_message_escaped() {
    let world = world();
    let json = String::from_utf8(fixture("niem-json-list/message.json")).unwrap();
    let mut value: serde_json::Value = serde_json::from_str(&json).unwrap();
    let root = value.get_mut("exch:DriverVehicleResponse").unwrap().as_object_mut().unwrap();
    root.insert(HOSTILE.to_owned(), serde_json::json!({ HOSTILE: [HOSTILE, { HOSTILE: 1 }] }));
    value.as_object_mut().unwrap().insert(HOSTILE.to_owned(), HOSTILE.into());
    let json = world.write(named("m.json"), value.to_string());
    let xml = String::from_utf8(fixture("dr-in-state-police/message.xml")).unwrap();
    let (start, end) = xml.split_at(xml.rfind("</").unwrap());
    let element = "<a\u{200d}b\u{fe0f} c\u{200d}='\u{202e}::warning::x'>\n::warning::x</a\u{200d}b\u{fe0f}>";
    let element = element.replace('\u{fe0f}', "");
    let xml = world.write(named("m.xml"), format!("{start}{element}{end}"));
    for message in [&json, &xml] {
        for (arguments, form) in [
            (&["--output", "text"][..], Form::Text),
            (&["--output", "json"], Form::Json),
            (&["--diff-view"], Form::Text),
        ] {
            world.hold(form, 0, &[&["explain", message], arguments].concat());
        }
        world.hold(Form::Text, 0, &["redact", message, "-o", &named("o")]);
        world.hold(Form::Text, 3, &["verify", message]);
    }
}

#[test]
fn p6_reports_of_cases_show_their_names_and_titles_escaped() {
    let world = world();
    let cases = named("cases");
    let title = quoted(SHOWN);
    let folder = Path::new(&cases).join(named("case"));
    world.write(folder.join("policy.toml"), policy(&title, "'person.name'"));
    world.write(folder.join(named("m.xml")), fixture("dr-in-state-police/message.xml"));
    let message = quoted(&named("m.xml"));
    let head = format!("title = {title}\npolicy = './policy.toml'\nmessage = {message}\n[expect]\n");
    world.write(folder.join("case.toml"), head.clone() + "disposition = 'withheld'\n");
    world.write(
        folder.join("matrix.toml"),
        format!(
            "policy = './policy.toml'\n[[may]]\ntitle = {title}\nagencies = ['police']\nelements = ['person.ssn']\n"
        ),
    );
    let junit = named("junit.xml");
    for (name, form) in [("text", Form::Text), ("json", Form::Json)] {
        world.hold(form, 3, &["test", &cases, "--junit", &junit, "--coverage", "--output", name]);
        world.hold_file(&junit, Form::Xml);
    }
    world.hold(Form::Text, 2, &["test", &cases, "--filter", &named("none")]);
    world.hold(Form::Text, 3, &["test", &cases, "--bless"]);
    for (place, text) in [
        ("case.toml", head.clone() + "disposition = \"\\u001b\\n::warning::x\"\nreleased = [\"\\u202e\\nFORGED\"]\n"),
        ("case.toml", head.replace("m.xml", "none.xml") + "disposition = 'withheld'\n"),
        ("case.toml", head.replace("./policy.toml", "a\u{e9}.toml") + "disposition = 'withheld'\n"),
        (
            "matrix.toml",
            format!("[[may]]\ntitle = {title}\nagencies = [{}]\nclaims = [{}]\n", quoted(HOSTILE), quoted(HOSTILE)),
        ),
    ] {
        world.write(folder.join(place), text);
        world.hold(Form::Text, 2, &["test", &cases]);
    }
}

#[test]
fn p6_errors_show_what_files_and_options_say_escaped() {
    let world = world();
    let hostile = HOSTILE.trim();
    let message = world.write(named("m.xml"), fixture("dr-in-state-police/message.xml"));
    for option in [
        "--requester",
        "--purpose",
        "--claim",
        "--format",
        "--policy",
        "--catalog",
        "--formats",
        "--limit",
        "--input-format",
        "--no-such",
    ] {
        for verb in [
            "redact",
            "verify",
            "explain",
            "check",
            "matrix",
            "test",
            "diff",
            "lint-syntax",
            "init",
            "schema",
            "log",
            "elements",
        ] {
            let output = world.run(&[verb, option, hostile, &message], b"");
            assert!(!output.status.success(), "{verb} {option}");
            hold(&format!("{verb} {option}"), &output.stderr, Form::Text);
            hold(&format!("{verb} {option}"), &output.stdout, Form::Text);
        }
    }
    for arguments in [
        &[hostile][..],
        &["schema", hostile],
        &["completions", hostile],
        &["log", hostile],
        &["check", "--output", hostile],
        &["check", hostile],
        &["elements", hostile],
        &["elements", "--output", hostile],
        &["init", "--pack", hostile],
        &["format", "draft", hostile],
        &["format", "draft", "--name", hostile, &message],
        &["format", "check", "--formats", hostile],
    ] {
        world.hold(Form::Text, 2, arguments);
    }
    let title = quoted(SHOWN);
    let quoted_name = quoted(hostile);
    let good = policy(&title, "'person.name'");
    for text in [
        good.replace("'person.name'", &quoted_name),
        good.replace("['AZ###??00']", &format!("[{quoted_name}]")),
        good.replace("['AZ###??00']", &format!("[]\nori-file = {quoted_name}")),
        good.replace("id = 'a'", &format!("id = {quoted_name}")),
        good.replace("[agencies.police]", &format!("[agencies.{quoted_name}]")),
        good.replace("[policy]", &format!("[policy]\n{quoted_name} = 1")),
        good.replace("['C']", &format!("[{quoted_name}]")),
        good.replace("'p'", &quoted_name),
        good.replace("title =", &format!("{hostile} =")),
    ] {
        assert_ne!(text, good);
        let policy = world.write(named("p.toml"), text);
        for (name, form) in
            [("text", Form::Text), ("json", Form::Json), ("sarif", Form::Json), ("github", Form::Github)]
        {
            world.hold(form, 2, &["check", "--policy", &policy, "--output", name]);
        }
        world.hold(Form::Text, 2, &["redact", &message, "--policy", &policy]);
    }
    let place = Path::new(&named("formats")).join(named("own")).join("format.toml");
    for text in [
        format_of(&title).replace("'own'", &quoted_name),
        format_of(&title).replace("'r'", &quoted_name),
        format_of(&title).replace("'json'", &quoted_name),
        format_of(&title) + &quoted_name + " = 'subject.nam'\n",
        format_of(&title) + "[[text]]\nname = " + &quoted_name + "\npaths = []\nrecognise = 'x'\nfield = []\n",
    ] {
        world.write(&place, text);
        let catalog = world.write(named("c.toml"), catalog(&title));
        let output = world.run(&["check", "--catalog", &catalog, "--formats", &named("formats")], b"");
        hold("a format", &output.stdout, Form::Text);
    }
    for text in [
        catalog(&title).replace("'g'\ntitle", &format!("{quoted_name}\ntitle")),
        catalog(&title).replace("'subject.name'", &quoted_name),
        catalog(&title) + "shape = " + &quoted_name + "\n",
        catalog(&title) + "kind = " + &quoted_name + "\n",
    ] {
        let catalog = world.write(named("c.toml"), text);
        let output = world.run(&["check", "--catalog", &catalog], b"");
        hold("a catalog", &output.stdout, Form::Text);
        world.hold(Form::Text, 2, &["elements", "--catalog", &catalog]);
    }
}

#[test]
fn p6_titles_and_bases_are_one_line_that_can_be_seen() {
    let world = world();
    for hidden in HIDDEN {
        let hidden = format!("\"{hidden}\"");
        let policy_file = world.write(named("p.toml"), policy(&hidden, "'person.name'"));
        let output = world.hold(Form::Text, 2, &["matrix", "--policy", &policy_file]);
        let complaint = String::from_utf8(output.stderr).unwrap();
        assert_eq!(complaint.matches("one line").count(), 11, "{complaint}");
        let catalog_file = world.write(named("c.toml"), catalog(&hidden));
        world.hold(Form::Text, 2, &["matrix", "--catalog", &catalog_file]);
        world.hold(Form::Text, 2, &["elements", "--catalog", &catalog_file]);
        let formats = named("formats");
        world.write(Path::new(&formats).join("own/format.toml"), format_of(&hidden));
        let catalog_file = world.write(named("c.toml"), catalog("'x'"));
        world.hold(Form::Text, 2, &["matrix", "--catalog", &catalog_file, "--formats", &formats]);
    }
}

#[test]
fn p6_init_and_schema_show_the_names_of_folders_escaped() {
    let world = world();
    world.hold(Form::Text, 0, &["init", HOSTILE]);
    world.hold(Form::Text, 2, &["init", HOSTILE]);
    world.hold(Form::Text, 2, &["init", "--pack", "oregon", HOSTILE]);
    world.hold(Form::Text, 0, &["init", "--pack", "oregon", &named("pack")]);
    world.hold(Form::Text, 2, &["check", HOSTILE]);
    world.hold(Form::Text, 2, &["check", &named("nowhere")]);
    world.hold(Form::Json, 0, &["schema", "policy"]);
}
