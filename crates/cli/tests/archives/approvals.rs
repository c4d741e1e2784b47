//! Held messages that a person approved go back to their place, in every form; an approval is of one message and one
//! content.

use std::collections::BTreeSet;
use std::fs;
use std::time::Duration;

use sha2::{Digest, Sha256};

use super::{Message, POLICE, Room, complaint, fixture, gzip, line, pack, read, summary, text, unpack};

const ICE: &str = "dr-ice/message.xml";

/// What `sha256sum` prints of these originals.
fn approval(room: &Room, held: &str, names: &[String]) -> String {
    let lines = names.iter().map(|name| {
        let digest = Sha256::digest(read(&room.path(held).join(name)));
        let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{digest}  {name}\n")
    });
    lines.collect()
}

/// Three messages for ICE, each another person's, among others; and what is made of them with the claim.
fn messages() -> Vec<Message> {
    let ice = String::from_utf8(fixture(ICE)).unwrap();
    let of = |surname: &str| ice.replace("EXAMPLE", surname).into_bytes();
    let police = fixture(POLICE.0);
    let names = ["1.xml", "a/2.xml", "a/3.xml", "4.xml", "5.xml"];
    let contents = [of("ADAMS"), police.clone(), of("BAKER"), of("CLARK"), police];
    names.iter().map(|name| (*name).to_owned()).zip(contents).collect()
}

fn json_batch(messages: &[Message]) -> Vec<u8> {
    let items: Vec<&str> = messages.iter().map(|(_, message)| text(message)).collect();
    serde_json::to_vec_pretty(&items).unwrap()
}

fn xml_batch(messages: &[Message]) -> Vec<u8> {
    let items = messages.iter().map(|(_, message)| text(message).split_once("?>").unwrap().1);
    format!("<B>{}</B>", items.collect::<String>()).into_bytes()
}

#[test]
fn p11_approved_messages_go_back_to_their_place_in_every_form() {
    let room = Room::new();
    let messages = messages();
    for (name, message) in &messages {
        room.write(&format!("in/folder/{name}"), message);
    }
    for form in ["ndjson", "ndjson.gz", "ndjson.zst", "tar", "tar.gz", "zip"] {
        room.write(&format!("in/all.{form}"), &pack(form, &messages));
    }
    room.write("in/all.json", &json_batch(&messages));
    room.write("in/batch.xml", &xml_batch(&messages));
    room.write("in/batch.xml.gz", &gzip(&xml_batch(&messages)));
    for batch in [".", "B"] {
        let run = ["redact", "in", "-o", "out", "--log", "log", "--batch", batch, "--summary", "json"];
        let first = room.run(&[&run[..], &["--withheld", "held"]].concat(), b"");
        assert_eq!(first.status.code(), Some(3), "{}", complaint(&first));
        let names: Vec<String> = room
            .names("held")
            .into_iter()
            .filter(|name| !matches!(name.as_str(), "all.json" | "batch.xml" | "batch.xml.gz"))
            .collect();
        assert_eq!(names.len(), if batch == "." { 8 } else { 9 } * 3, "{names:?}");
        // Notice, log and original have one name.
        let log = read(&room.path("log"));
        for name in &names {
            assert!(complaint(&first).contains(&format!("; id {name}\n")), "{name}: {}", complaint(&first));
            assert!(text(&log).contains(&format!("\"id\":\"{name}\"")), "{name}");
        }
        assert!(!text(&log).contains("claims"));
        let approved: Vec<String> =
            names.iter().filter(|name| text(&read(&room.path("held").join(name))).contains("BAKER")).cloned().collect();
        assert_eq!(approved.len() * 3, names.len());
        room.write("approved", approval(&room, "held", &approved).as_bytes());
        let second = room.run(&[&run[..], &["--approved", "approved", "--prune"]].concat(), b"");
        assert_eq!(second.status.code(), Some(3), "{}", complaint(&second));
        assert_eq!(summary(&second)["held"].as_u64(), Some(names.len() as u64 / 3 * 2));
        assert_eq!(summary(&second)["redacted"].as_u64(), Some(names.len() as u64));
        assert_eq!(summary(&second)["approved"].as_u64(), Some(approved.len() as u64));
        for name in &approved {
            assert!(!complaint(&second).contains(&format!("; id {name}\n")), "{name}");
        }
        // The records of these have the claim, and no others.
        let log = read(&room.path("log"));
        let with_claims: BTreeSet<String> = text(&log)
            .lines()
            .filter(|line| line.contains("\"claims\":[\"approved\"]"))
            .map(|line| {
                assert!(line.contains("\"disposition\":\"redacted\""), "{line}");
                let from = line.find("\"id\":\"").unwrap() + 6;
                line[from..].split('"').next().unwrap().to_owned()
            })
            .collect();
        assert_eq!(with_claims, approved.iter().cloned().collect());
        // The third of five is there, in its place, with what the policy permits then and no more; the others aren't.
        let is_baker = |message: &[u8]| text(message).contains("BAKER") && !text(message).contains("900-12-3456");
        let mut places = vec![(
            "folder".to_owned(),
            room.names("out/folder")
                .iter()
                .map(|name| (name.clone(), read(&room.path("out/folder").join(name))))
                .collect::<Vec<_>>(),
        )];
        for form in ["ndjson", "ndjson.gz", "ndjson.zst", "tar", "tar.gz", "zip"] {
            places.push((form.to_owned(), unpack(form, &read(&room.path(&format!("out/all.{form}"))))));
        }
        let items = if batch == "." {
            let items: Vec<serde_json::Value> = serde_json::from_slice(&read(&room.path("out/all.json"))).unwrap();
            items.iter().map(|item| (String::new(), item.to_string().into_bytes())).collect()
        } else {
            let document = read(&room.path("out/batch.xml"));
            let document = roxmltree::Document::parse(text(&document)).unwrap();
            let items = document.root_element().children().filter(|child| child.is_element());
            items
                .map(|item| (String::new(), document.input_text()[item.range()].as_bytes().to_vec()))
                .collect::<Vec<_>>()
        };
        places.push((batch.to_owned(), items));
        for (form, found) in places {
            if form == "folder" {
                assert_eq!(room.names("out/folder"), ["5.xml", "a/2.xml", "a/3.xml"]);
                assert!(is_baker(&found[2].1));
                continue;
            }
            assert_eq!(found.len(), 5, "{form}");
            let kinds: Vec<bool> = found.iter().map(|(_, message)| is_baker(message)).collect();
            assert_eq!(kinds, [false, false, true, false, false], "{form}");
            for refused in [0, 3] {
                assert!(
                    text(&found[refused].1).contains("withheld") && !text(&found[refused].1).contains("NLETS"),
                    "{form}"
                );
            }
        }
        fs::remove_dir_all(room.path("held")).unwrap();
        fs::remove_file(room.path("log")).unwrap();
    }
}

#[test]
fn p2_an_approval_is_for_nothing_but_what_was_approved() {
    let room = Room::new();
    let messages = messages();
    room.write("in.ndjson", &pack("ndjson", &messages));
    room.write("b.xml", &messages[0].1);
    let run = ["redact", "in.ndjson", "b.xml", "-o", "out", "--summary", "json"];
    room.run(&[&run[..], &["--withheld", "held"]].concat(), b"");
    let names = room.names("held");
    assert_eq!(names.len(), 4, "{names:?}");
    let list = approval(&room, "held", &names);
    // Another message at its place, the same message at another place, and one that isn't there any more.
    let moved = [line(&messages[2].1), line(&messages[1].1), line(&messages[0].1)].concat();
    assert_eq!(line(&messages[2].1).len(), line(&messages[0].1).len());
    room.write("in.ndjson", &moved);
    room.write("b.xml", &messages[2].1);
    room.write("approved", list.as_bytes());
    let output = room.run(&[&run[..], &["--approved", "approved"]].concat(), b"");
    assert_eq!(output.status.code(), Some(1), "{}", complaint(&output));
    assert_eq!(summary(&output)["held"], 2 + 1, "{}", complaint(&output));
    assert_eq!(summary(&output)["redacted"], 1);
    let told = complaint(&output);
    assert!(
        told.contains(
            "in.ndjson:1: not approved: its content isn't the one that was approved; id in.ndjson/000000001.xml\n"
        ),
        "{told}"
    );
    assert!(told.contains("b.xml: not approved: its content isn't the one that was approved; id b.xml\n"), "{told}");
    assert_eq!(told.matches(": approved, but no message has this identifier\n").count(), 1, "{told}");
    assert!(!room.path("out/b.xml").exists());
    assert_eq!(text(&read(&room.path("out/in.ndjson"))).matches("{\"withheld\":\"review\"}").count(), 2);
}

#[test]
fn p2_a_list_or_claim_that_is_not_understood_is_wrong_usage() {
    let room = Room::new();
    room.write("in.xml", &fixture(ICE));
    let list = format!("{}  in.xml\n", "0".repeat(64));
    for (list, arguments, told) in [
        (
            list.as_str(),
            &["--approved-claim", "aproved"][..],
            "--approved-claim: the policy declares no claim `aproved`; did you mean `approved`?",
        ),
        ("in.xml\n", &[], "--approved approved: line 1: not a digest and an identifier, as sha256sum prints"),
        (&list.repeat(2), &[], "--approved approved: line 2: this identifier is there twice"),
    ] {
        room.write("approved", list.as_bytes());
        let output = room.redact(&[&["in.xml", "--approved", "approved"], arguments].concat());
        assert_eq!((output.status.code(), text(&output.stdout)), (Some(2), ""), "{}", complaint(&output));
        assert!(complaint(&output).contains(told), "{}", complaint(&output));
    }
    assert_eq!(room.redact(&["in.xml", "--approved-claim", "approved"]).status.code(), Some(2));
    assert_eq!(room.redact(&["in.xml", "--approved", "missing"]).status.code(), Some(1));
    let inside = room.redact(&["in.xml", "-o", "out", "--approved", "out"]);
    assert_eq!(inside.status.code(), Some(2), "{}", complaint(&inside));
    // Several claims, where the policy asks for them.
    room.write("approved", approval(&room, ".", &["in.xml".to_owned()]).as_bytes());
    let output = room.redact(&[
        "in.xml",
        "--approved",
        "approved",
        "--approved-claim",
        "approved",
        "--approved-claim",
        "judicial-warrant",
    ]);
    assert_eq!(output.status.code(), Some(0), "{}", complaint(&output));
    let everybody = room.redact(&["in.xml", "--claim", "approved", "--claim", "judicial-warrant"]);
    assert_eq!(text(&output.stdout), text(&everybody.stdout));
}

#[test]
fn p11_a_run_with_approvals_is_resumed_with_the_same_and_ends_as_one_that_was_not_killed() {
    let room = Room::new();
    let few = messages();
    let many: Vec<Message> = (0..600).map(|number| few[number % few.len()].clone()).collect();
    room.write("in.ndjson", &pack("ndjson", &many));
    room.write("in.json", &json_batch(&many));
    for input in ["in.ndjson", "in.json"] {
        let batch: &[&str] = if input == "in.json" { &["--batch", "."] } else { &[] };
        room.run(&[&["redact", input, "-o", "first", "--withheld", "held"], batch].concat(), b"");
        let names = room.names("held");
        let approved: Vec<String> = names.iter().step_by(2).cloned().collect();
        let nobody = format!("{}  {input}/nobody.xml\n", "0".repeat(64));
        room.write("approved", (approval(&room, "held", &approved) + &nobody).as_bytes());
        let run = [&["redact", input, "--approved", "approved"], batch].concat();
        let once = room.run(&[&run[..], &["-o", "once", "--log", "once.log"]].concat(), b"");
        assert_eq!(once.status.code(), Some(1), "{}", complaint(&once));
        let mut kills = 0;
        let told = loop {
            let resume: &[&str] =
                if room.path(".dmv-redact-again/journal.json").exists() { &["--resume"] } else { &[] };
            if resume.is_empty() {
                let _ = fs::remove_file(room.path("again.log"));
            } else {
                // With another list it isn't the same run.
                let list = read(&room.path("approved"));
                room.write("approved", nobody.as_bytes());
                let other = room.run(&[&run[..], &["-o", "again", "--log", "again.log", "--resume"]].concat(), b"");
                assert_eq!(other.status.code(), Some(2), "{}", complaint(&other));
                assert!(
                    complaint(&other).contains("changed since the run began: the approvals"),
                    "{}",
                    complaint(&other)
                );
                room.write("approved", &list);
            }
            let mut child =
                room.command(&[&run[..], &["-o", "again", "--log", "again.log"], resume].concat()).spawn().unwrap();
            std::thread::sleep(Duration::from_millis(20 + kills * 17));
            child.kill().unwrap();
            let output = child.wait_with_output().unwrap();
            if output.status.code().is_some() {
                assert_eq!(output.status.code(), Some(1), "{input}: {}", complaint(&output));
                break complaint(&output);
            }
            kills += 1;
        };
        assert!(room.path("again").exists(), "{told}");
        assert!(read(&room.path("again")) == read(&room.path("once")), "{input} after {kills} kills");
        assert_eq!(told.matches("no message has this identifier").count(), 1, "{input} after {kills} kills");
        let verified = room.run(&["log", "verify", "again.log"], b"");
        assert_eq!(verified.status.code(), Some(0), "{}", complaint(&verified));
        for name in ["held", "once.log", "again.log", "once", "again", "first"] {
            let path = room.path(name);
            let _ = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
        }
    }
}

#[test]
fn p11_no_two_originals_have_one_name() {
    let room = Room::new();
    let [first, second] = [0, 2].map(|at| messages()[at].1.clone());
    // An archive whose entries are called as itself.
    room.write("a", &pack("tar", &[("a/x.xml".to_owned(), first.clone()), ("x.xml".to_owned(), second.clone())]));
    room.redact(&["a", "-o", "out.tar", "--withheld", "held"]);
    assert_eq!(room.names("held"), ["a/a/x.xml", "a/x.xml"]);
    assert!(read(&room.path("held/a/a/x.xml")) == first && read(&room.path("held/a/x.xml")) == second);
}

#[test]
fn p12_an_approval_has_its_instrument() {
    let room = Room::new();
    room.write("in.xml", &fixture(ICE));
    let policy = "[policy]\nname = 'x'\nversion = '1'\nclaims = ['approved', 'warrant']\n\
        [claims]\nwarrant = { issuers = ['federal-judge'] }\n[agencies.ice]\nori = ['VTICE0900']\n\
        [[permit]]\nid = 'p'\nagencies = ['ice']\nspecified-by = ['warrant']\nelements = ['person']\n\
        [[review]]\nid = 'r'\nagencies = ['ice']\nunless = ['approved']\nvouches = ['approved', 'warrant']\n";
    room.write("policy.toml", policy.as_bytes());
    let held = room.run(&["redact", "in.xml", "--policy", "policy.toml"], b"");
    assert!(complaint(&held).contains("held: review"), "{}", complaint(&held));
    room.write("approved", approval(&room, ".", &["in.xml".to_owned()]).as_bytes());
    let run = |instrument: &str| {
        let arguments = ["redact", "in.xml", "--policy", "policy.toml", "--approved", "approved"];
        room.run(&[&arguments[..], &["--approved-instrument", instrument]].concat(), b"")
    };
    let warrant = "claim=warrant,issuer=federal-judge";
    let named = run(&format!("{warrant},specifies=person.name"));
    assert_eq!(named.status.code(), Some(0), "{}", complaint(&named));
    assert!(text(&named.stdout).contains("EXAMPLE") && !text(&named.stdout).contains("<nc:Date>"));
    let nothing = run(warrant);
    assert!(complaint(&nothing).contains("withheld: nothing-permitted"), "{}", complaint(&nothing));
    let wrong = run("claim=warrant,issuer=clerk");
    assert_eq!(wrong.status.code(), Some(2));
    assert!(
        complaint(&wrong)
            .contains("--approved-instrument, `issuer`: the policy declares no such issuer for the claim: `warrant`")
    );
}
