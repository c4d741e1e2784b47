//! Lines that hold more than the message: who asks is in them too, and what else is in them stays or goes.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};

use super::{LIST, POLICE, Room, complaint, fixture, line, read, text};

fn output_lines(room: &Room, arguments: &[&str], input: &str) -> Vec<Value> {
    let output = room.run(&[&["redact"], arguments].concat(), input.as_bytes());
    assert!(matches!(output.status.code(), Some(0 | 3)), "{}", complaint(&output));
    text(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn p1_the_rest_of_a_line_goes_unless_it_is_kept() {
    let room = Room::new();
    let message: Value = serde_json::from_slice(&fixture(LIST.0)).unwrap();
    let expected: Value = serde_json::from_slice(&fixture(LIST.1)).unwrap();
    let xml = String::from_utf8(fixture(POLICE.0)).unwrap();
    let expected_xml = String::from_utf8(fixture(POLICE.1)).unwrap();
    let lines = [json!({"time": "12:00", "payload": message, "query": "EXAMPLE"}), json!({"payload": xml, "n": 1})];
    let input: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let dropped = output_lines(&room, &["--payload-member", "payload"], &input);
    assert_eq!(dropped, [json!({"payload": expected}), json!({"payload": expected_xml})]);
    let members = ["--payload-member", "payload", "--keep-member", "time", "--keep-member", "n"];
    let kept = output_lines(&room, &members, &input);
    let wanted = [json!({"time": "12:00", "payload": expected}), json!({"payload": expected_xml, "n": 1})];
    assert_eq!(kept, wanted);
}

#[test]
fn p1_a_message_below_the_top_of_a_line_and_in_base64() {
    let room = Room::new();
    let message = fixture(POLICE.0);
    let expected = fixture(POLICE.1);
    let encoded = BASE64.encode(&message);
    let detail =
        json!({"record": {"x.y": "K", "body": encoded, "by": "SMITH"}, "who": "AZ0070000", "note": ["A", "B"]});
    let line = json!({"id": 7, "detail": detail, "secret": "900-12-3456", "empty": {"deep": {"er": 1}}}).to_string();
    let members = ["--payload-member", "detail.record.body", "--payload-base64", "--requester-member", "detail.who"];
    let kept = ["id", "detail.record.x\\.y", "detail.note", "detail.who", "empty.deep.nothing"];
    let kept: Vec<&str> = kept.iter().flat_map(|name| ["--keep-member", name]).collect();
    let arguments = [&members[..], &["--input-format", "ndjson"]].concat();
    let alone = output_lines(&room, &arguments, &line);
    let found = alone[0]["detail"]["record"]["body"].as_str().unwrap();
    assert_eq!(alone, [json!({"detail": {"record": {"body": found}}})]);
    assert_eq!(text(&BASE64.decode(found).unwrap()), text(&expected));
    let beside = output_lines(&room, &[&arguments[..], &kept[..]].concat(), &line);
    let record = json!({"x.y": "K", "body": found});
    let wanted = json!({"id": 7, "detail": {"record": record, "who": "AZ0070000", "note": ["A", "B"]}});
    assert_eq!(beside, [wanted]);
    // In the order of the line, and each name in one spelling.
    let output = room
        .run(&[&["redact"][..], &arguments[..], &kept[..]].concat(), line.replace("\"id\"", "\"\\u0069d\"").as_bytes());
    assert!(text(&output.stdout).contains("\"id\":7"), "{}", text(&output.stdout));
    for (line, reason) in [
        (line.replace(&encoded, "not base64!"), "syntax-unknown"),
        (line.replace("\"note\"", "\"who\""), "duplicate-name"),
        (line.replace("\"secret\"", "\"detail\""), "duplicate-name"),
        (json!({"detail": {"record": [{"body": encoded}], "who": "AZ0070000"}}).to_string(), "empty"),
        (json!({"detail": {"record": {"body": {"a": 1}}, "who": "AZ0070000"}}).to_string(), "syntax-unknown"),
    ] {
        assert_eq!(output_lines(&room, &arguments, &line), [json!({"withheld": reason})], "{line}");
    }
    for (members, told) in [
        (["--payload-member", "a.b", "--keep-member", "a"], "`a.b` is in another member that is named, or named twice"),
        (["--payload-member", "a", "--keep-member", "a.b"], "`a.b` is in another member that is named, or named twice"),
        (["--payload-member", "a", "--keep-member", "a"], "`a` is in another member that is named, or named twice"),
        (["--payload-member", "a..b", "--keep-member", "c"], "a name is empty; write member.member"),
        (["--payload-member", "a\\b", "--keep-member", "c"], "a backslash is before a dot or a backslash of a name"),
    ] {
        let output = room.run(&[&["redact", "--input-format", "ndjson"][..], &members[..]].concat(), b"");
        assert_eq!(output.status.code(), Some(2), "{members:?}");
        assert!(complaint(&output).contains(told), "{}", complaint(&output));
    }
}

#[test]
fn p8_the_names_of_a_path_are_bounded_and_lines_may_be_deeper() {
    let room = Room::new();
    let path = |names: usize| vec!["a"; names].join(".");
    for option in ["--payload-member", "--requester-member", "--purpose-member", "--date-member", "--keep-member"] {
        let output = room.run(&["redact", option, &path(10_000)], b"");
        assert_eq!(output.status.code(), Some(2), "{option}");
        assert!(complaint(&output).contains("it has 10000 names; 64 is the most"), "{}", complaint(&output));
    }
    let arguments = ["--payload-member", &path(64), "--keep-member", "b", "--input-format", "ndjson"];
    let nested = |depth: usize, inner: &str| "{\"a\":".repeat(depth) + inner + &"}".repeat(depth);
    let message = String::from_utf8(line(&fixture(LIST.0))).unwrap();
    let found = output_lines(&room, &arguments, &nested(64, message.trim()));
    let expected: Value = serde_json::from_slice(&fixture(LIST.1)).unwrap();
    assert_eq!(found[0].pointer(&"/a".repeat(64)), Some(&expected));
    for (line, reason) in [
        (nested(10_000, "1"), "limit"),
        (format!("{{\"b\":{},\"a\":1}}", nested(10_000, "1")), "limit"),
        (format!("{{\"c\":{}1{}}}", "[".repeat(10_000), "]".repeat(10_000)), "limit"),
    ] {
        assert_eq!(output_lines(&room, &arguments, &line), [json!({"withheld": reason})]);
    }
}

#[test]
fn p2_a_line_whose_message_or_requester_is_ambiguous_is_withheld() {
    let room = Room::new();
    let message = String::from_utf8(line(&fixture(LIST.0))).unwrap();
    let message = message.trim();
    for (line, reason) in [
        (format!("{{\"payload\":{message},\"payload\":{message}}}"), "duplicate-name"),
        (format!("{{\"payload\":{message},\"\\u0070ayload\":{message}}}"), "duplicate-name"),
        (format!("{{\"payload\":{message},\"ori\":\"AZ0070000\",\"ori\":\"AZ0070000\"}}"), "duplicate-name"),
        (format!("{{\"payload\":{message}}}"), "requester-missing"),
        (format!("{{\"payload\":{message},\"ori\":\"nobody\"}}"), "requester-invalid"),
        (format!("{{\"payload\":{message},\"ori\":7}}"), "requester-invalid"),
        (format!("{{\"payload\":{message},\"ori\":\"NV0070000\"}}"), "requester-mismatch"),
        ("{\"ori\":\"AZ0070000\"}".to_owned(), "empty"),
        ("{\"payload\":7,\"ori\":\"AZ0070000\"}".to_owned(), "syntax-unknown"),
        ("{\"payload\":\"\",\"ori\":\"AZ0070000\"}".to_owned(), "empty"),
        (format!("{{\"payload\":{message},\"ori\":\"AZ0070000\"}} {{}}"), "not-well-formed-json"),
        (format!("[{message}]"), "not-well-formed-json"),
        (format!("{{\"payload\":{message},\"ori\":\"AZ0070000\""), "not-well-formed-json"),
    ] {
        let arguments = ["--payload-member", "payload", "--requester-member", "ori", "--input-format", "ndjson"];
        let found = output_lines(&room, &[&arguments[..], &["--keep-member", "n"]].concat(), &line);
        assert_eq!(found, [json!({"withheld": reason})], "{}", line.get(..80).unwrap_or(&line));
    }
}

/// What stood beside the messages of a line, and how long it was, leaves no trace in the archive made of them.
#[test]
fn p5_names_of_entries_do_not_tell_how_long_lines_were() {
    let room = Room::new();
    let xml = String::from_utf8(fixture(POLICE.0)).unwrap();
    let input = |note: &str| format!("{}\n", json!({"note": note, "body": xml})).repeat(3);
    for form in ["tar", "zip"] {
        let [short, long] = ["", "A NOTE THAT IS REMOVED"].map(|note| {
            let arguments = ["redact", "--payload-member", "body", "--output-format", form];
            let output = room.run(&arguments, input(note).as_bytes());
            assert_eq!(output.status.code(), Some(0), "{}", complaint(&output));
            output.stdout
        });
        assert!(short == long, "{form}");
    }
}

#[test]
fn who_asks_is_read_from_each_line() {
    let room = Room::new();
    let xml = String::from_utf8(fixture(POLICE.0)).unwrap();
    let line = json!({"who": "AZ0070000", "why": "C", "body": xml}).to_string();
    let arguments = ["redact", "--payload-member", "body", "--requester-member", "who", "--purpose-member", "why"];
    let output = room.run(&[&arguments[..], &["--input-format", "ndjson", "--log", "log"]].concat(), line.as_bytes());
    assert_eq!(output.status.code(), Some(0), "{}", complaint(&output));
    let alone = room.run(&["redact", "--requester", "AZ0070000", "--purpose", "C"], xml.as_bytes());
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(found["body"].as_str().unwrap(), text(&alone.stdout));
    let log = read(&room.path("log"));
    assert!(text(&log).contains("\"requester\":\"AZ0070000\",\"stated\":{\"purpose\":\"C\"},"), "{}", text(&log));
}

#[test]
fn attack_31_a_purpose_that_the_policy_does_not_declare_withholds_the_line() {
    let room = Room::new();
    let xml = String::from_utf8(fixture(POLICE.0)).unwrap();
    let line = |why: Value| json!({"why": why, "body": xml}).to_string() + "\n";
    let whys = [json!("c"), json!(" C"), json!("CRIMINAL"), json!(""), json!(7), json!(["C"]), Value::Null];
    let input: String = whys.into_iter().map(line).collect();
    let output = room.run(&["redact", "--payload-member", "body", "--purpose-member", "why"], input.as_bytes());
    assert_eq!(output.status.code(), Some(3), "{}", complaint(&output));
    assert_eq!(text(&output.stdout), "{\"withheld\":\"purpose-unknown\"}\n".repeat(7));
    let wrong = room.run(&["redact", "--purpose", "c"], xml.as_bytes());
    assert_eq!((wrong.status.code(), wrong.stdout.as_slice()), (Some(2), &b""[..]));
    assert!(complaint(&wrong).contains("the policy declares no purpose `c`; did you mean `C`?"));
    // A line that states none is as a request without.
    let arguments = ["redact", "--purpose-member", "why", "--input-format", "ndjson"];
    let output = room.run(&arguments, &super::line(&fixture(LIST.0)));
    assert_eq!(output.status.code(), Some(0), "{}", complaint(&output));
}

/// A policy that lets more out to who states more.
const STATED: &str = r#"
[policy]
name = "stated"
version = "1"
claims = ["approved"]
reasons = ["T", "V"]
lines = ["AX", "TC"]
[agencies.police]
ori = ["AZ0070000"]
[[permit]]
id = "name"
agencies = ["police"]
elements = ["person.name"]
[[permit]]
id = "birth-date"
agencies = ["police"]
reasons = ["T"]
users = ["*"]
elements = ["person.birth-date"]
[[permit]]
id = "status"
agencies = ["police"]
states = ["AZ"]
requires = ["approved"]
elements = ["license.status"]
[[forbid]]
id = "no-name-on-tc"
lines = ["TC"]
when-absent = "skip"
elements = ["person.name"]
"#;

#[test]
fn p2_what_else_a_line_states_opens_only_what_rules_say() {
    let room = Room::new();
    room.write("policy.toml", STATED.as_bytes());
    let xml = String::from_utf8(fixture(POLICE.0)).unwrap();
    let arguments = [
        "redact",
        "--policy",
        "policy.toml",
        "--payload-member",
        "body",
        "--reason-member",
        "q.rsn",
        "--line-member",
        "q.line",
        "--user-member",
        "q.atn",
        "--state-member",
        "q.state",
        "--claims-member",
        "q.claims",
        "--input-format",
        "ndjson",
    ];
    let run = |request: Value| {
        let line = json!({"q": request, "body": xml}).to_string();
        let output = room.run(&[&arguments[..], &["--log", "log"]].concat(), line.as_bytes());
        assert!(matches!(output.status.code(), Some(0 | 3)), "{}", complaint(&output));
        let log = read(&room.path("log"));
        std::fs::remove_file(room.path("log")).unwrap();
        let record = text(&log).lines().find(|line| line.contains("\"record\":\"message\"")).unwrap();
        let record: Value = serde_json::from_str(record).unwrap();
        let start: Value = serde_json::from_str(text(&log).lines().next().unwrap()).unwrap();
        let goes_out = |id: &str| {
            let number = start["data-elements"].as_array().unwrap().iter().position(|own| own == id).unwrap();
            let ranges = record["released"].as_str().unwrap_or_default().split(',').filter(|range| !range.is_empty());
            ranges
                .map(|range| range.split_once('-').unwrap_or((range, range)))
                .any(|(first, last)| (first.parse().unwrap()..=last.parse::<usize>().unwrap()).contains(&number))
        };
        let gone: Vec<&str> = ["person.name.surname", "person.birth-date", "license.status"]
            .into_iter()
            .filter(|id| goes_out(id))
            .collect();
        (
            record["reason"].clone(),
            gone.join(" "),
            record["stated"].clone(),
            record["claims"].clone(),
            text(&log).to_owned(),
        )
    };
    for (request, goes_out) in [
        (json!({}), "person.name.surname"),
        (json!({"rsn": "T"}), "person.name.surname"),
        (json!({"rsn": "T", "atn": "doe, j"}), "person.name.surname person.birth-date"),
        (json!({"rsn": "V", "atn": "DOE, J"}), "person.name.surname"),
        (json!({"line": "TC", "rsn": "T", "atn": "DOE"}), "person.birth-date"),
        (json!({"line": "AX", "state": "AZ"}), "person.name.surname"),
        (json!({"state": "AZ", "claims": ["approved"]}), "person.name.surname license.status"),
        (json!({"state": "AZ", "claims": vec!["approved"; 90_000]}), "person.name.surname license.status"),
        (json!({"claims": []}), "person.name.surname"),
    ] {
        let (_, found, stated, claims, log) = run(request.clone());
        assert_eq!(found, goes_out, "{request}\n{log}");
        let wanted =
            request.get("atn").map(|_| Value::from(if goes_out == "person.birth-date" { "DOE" } else { "DOE, J" }));
        assert_eq!(stated.get("user"), wanted.as_ref(), "{log}");
        assert_eq!(stated.get("reason"), request.get("rsn"), "{log}");
        assert_eq!(
            claims.as_array().map_or(0, Vec::len),
            request["claims"].as_array().map_or(0, |claims| claims.len().min(1)),
            "{log}"
        );
    }
    // The message is of Arizona, as its envelope says.
    let (reason, goes_out, ..) = run(json!({"state": "NV", "claims": ["approved"]}));
    assert_eq!((reason.as_str(), goes_out.as_str()), (Some("attribute-several"), ""));
    for (request, reason) in [
        (json!({"rsn": "SECRET"}), "attribute-unknown"),
        (json!({"rsn": "t"}), "attribute-unknown"),
        (json!({"rsn": 7}), "attribute-unknown"),
        (json!({"line": "TCSECRET"}), "attribute-unknown"),
        (json!({"atn": ""}), "attribute-unknown"),
        (json!({"atn": "SECRET\u{7}"}), "attribute-unknown"),
        (json!({"atn": "\u{3164}"}), "attribute-unknown"),
        (json!({"atn": "SECRET\u{200B}"}), "attribute-unknown"),
        (json!({"state": "SECRET"}), "attribute-several"),
        (json!({"claims": ["SECRET"]}), "claim-unknown"),
        (json!({"claims": "approved"}), "claim-unknown"),
        (json!({"claims": [7]}), "claim-unknown"),
        (json!({"claims": null}), "claim-unknown"),
    ] {
        let (found, goes_out, stated, claims, log) = run(request.clone());
        assert_eq!((found.as_str(), goes_out.as_str()), (Some(reason), ""), "{request}");
        assert_eq!((stated, claims), (Value::Null, Value::Null), "{request}");
        assert!(!log.contains("SECRET"), "P6: {log}");
    }
    let both = [&arguments[..], &["--reason", "T"]].concat();
    assert_eq!(room.run(&both, b"").status.code(), Some(2));
}

/// A policy that gives what a warrant specifies.
const SPECIFIED: &str = "[policy]\nname = 'specified'\nversion = '1'\nclaims = ['approved', 'warrant']\n\
    [claims]\nwarrant = { issuers = ['federal-judge'] }\n[agencies.police]\nori = ['AZ0070000']\n\
    [[permit]]\nid = 'p'\nagencies = ['police']\nelements = ['license.status']\n\
    [[permit]]\nid = 'q'\nagencies = ['police']\nspecified-by = ['warrant']\nelements = ['person']\n";

#[test]
fn p12_each_line_has_its_instruments_and_they_are_on_record() {
    let room = Room::new();
    room.write("specified.toml", SPECIFIED.as_bytes());
    let xml = String::from_utf8(fixture(POLICE.0)).unwrap();
    let arguments = ["redact", "--policy", "specified.toml", "--input-format", "ndjson", "--payload-member", "body"];
    let arguments = [&arguments[..], &["--claims-member", "claims"]].concat();
    let run = |claims: Value, more: &[&str]| {
        let line = json!({"claims": claims, "body": xml}).to_string();
        let output = room.run(&[&arguments[..], &["--log", "log"], more].concat(), line.as_bytes());
        assert!(matches!(output.status.code(), Some(0 | 3)), "{}", complaint(&output));
        let log = text(&read(&room.path("log"))).to_owned();
        std::fs::remove_file(room.path("log")).unwrap();
        let record = log.lines().find(|line| line.contains("\"record\":\"message\"")).unwrap();
        let record: Value = serde_json::from_str(record).unwrap();
        assert!(!log.contains("SECRET"), "P6: {log}");
        (text(&output.stdout).contains("EXAMPLE"), record)
    };
    let instrument = json!({"claim": "warrant", "issuer": "federal-judge", "number": "2:26-mj-42", "date": "2026-11-30",
        "until": "2026-12-14", "specifies": ["person.name", "license"]});
    let (goes_out, record) = run(json!(["approved", instrument]), &["--date", "2026-12-01"]);
    assert!(goes_out, "{record}");
    assert_eq!((&record["claims"], &record["instruments"]), (&json!(["approved", "warrant"]), &json!([instrument])));
    assert_eq!(record["date"], "2026-12-01");
    let said = "claim=warrant,issuer=federal-judge,number=2:26-mj-42,date=2026-11-30,until=2026-12-14,\
                specifies=person.name,specifies=license";
    let (goes_out, of_option) = run(json!(["approved"]), &["--date", "2026-12-01", "--instrument", said]);
    assert!(goes_out && of_option["instruments"] == json!([instrument]), "{of_option}");
    let (goes_out, record) =
        run(json!([{"claim": "warrant", "issuer": "federal-judge", "specifies": ["person.birth-date"]}]), &[]);
    assert!(!goes_out && record["reason"].is_null() && record.get("date").is_none(), "{record}");
    for (claims, reason) in [
        (json!([{"claim": "warrant"}]), "instrument-invalid"),
        (json!(["warrant"]), "instrument-invalid"),
        (json!([{"claim": "warrant", "issuer": "SECRET"}]), "instrument-invalid"),
        (json!([{"claim": "warrant", "issuer": "federal-judge", "number": "SECRET\u{7}"}]), "instrument-invalid"),
        (json!([{"claim": "warrant", "issuer": "federal-judge", "date": "SECRET"}]), "instrument-invalid"),
        (json!([{"claim": "SECRET"}]), "claim-unknown"),
        (json!([{"claim": "warrant", "isuer": "federal-judge"}]), "instrument-invalid"),
        (json!([{"claim": "warrant", "issuer": null, "specifies": "person"}]), "instrument-invalid"),
        (json!([{"claim": "warrant", "issuer": "federal-judge", "number": 42}]), "instrument-invalid"),
        (json!([{"issuer": "federal-judge"}, "approved"]), "instrument-invalid"),
        (json!([["warrant", "federal-judge", null, null, null, ["*"]]]), "claim-unknown"),
    ] {
        let (goes_out, record) = run(claims.clone(), &[]);
        assert_eq!((goes_out, &record["reason"]), (false, &json!(reason)), "{claims}");
        assert_eq!((record.get("claims"), record.get("instruments")), (None, None), "{claims}");
    }
    // That somebody came with one that is no longer good is on record.
    let expired = json!([{"claim": "warrant", "issuer": "federal-judge", "until": "1999-12-31"}]);
    let (goes_out, record) = run(expired.clone(), &[]);
    assert_eq!((goes_out, &record["reason"]), (false, &json!("instrument-not-in-force")));
    assert_eq!(record["instruments"], expired);
    let run = |option: &str| {
        let output = room.run(&["redact", "--policy", "specified.toml", "--instrument", option], xml.as_bytes());
        assert_eq!(output.status.code(), Some(2));
        complaint(&output)
    };
    for (option, told) in [
        (
            "claim=warrant",
            "--instrument, `issuer`: the claim counts only with an instrument that names its issuer: `warrant`; it is issued by `federal-judge`",
        ),
        (
            "claim=warrant,issuer=federal-jugde",
            "--instrument, `issuer`: the policy declares no such issuer for the claim: `warrant`; did you mean `federal-judge`?",
        ),
        ("claim=warrant,issuer=federal-judge,number= 1", "--instrument, `number`: "),
        (
            "claim=warant,issuer=federal-judge",
            "--instrument: the policy declares no claim `warant`; did you mean `warrant`?",
        ),
        (
            "claim=warrant,issuer=federal-judge,until=1999-12-31",
            "--instrument, `until`: the instrument ended before the day of the request: `warrant`",
        ),
        (
            "claim=warrant,issuer=federal-judge,specifies=person.nam",
            "--instrument, `specifies`: the instrument specifies what is no data element: `warrant`; did you mean `person.name`?",
        ),
        ("claim=warrant,isuer=x", "did you mean `issuer`?"),
        ("claim=warrant,date=1/2/2026", "`date`: write a day of the calendar as YYYY-MM-DD"),
    ] {
        assert!(run(option).contains(told), "{option}: {}", run(option));
    }
    let bare = room.run(&["redact", "--policy", "specified.toml", "--claim", "warrant"], xml.as_bytes());
    let told =
        "--claim: the claim counts only with an instrument behind it: `warrant`; it is issued by `federal-judge`";
    assert!(complaint(&bare).contains(told), "{}", complaint(&bare));
}

/// A policy that releases names in 2026 only.
const DATED: &str = "[policy]\nname = 'dated'\nversion = '1'\n[agencies.police]\nori = ['AZ0070000']\n\
    [[permit]]\nid = 'license'\nagencies = ['police']\nelements = ['license']\n\
    [[permit]]\nid = 'name'\nagencies = ['police']\nelements = ['person.name']\nfrom = '2026-01-01'\nuntil = '2026-12-31'\n";

#[test]
fn p2_a_line_whose_date_is_none_is_withheld() {
    let room = Room::new();
    room.write("dated.toml", DATED.as_bytes());
    let xml = String::from_utf8(fixture(POLICE.0)).unwrap();
    let line = |when: Value| json!({"when": when, "body": xml}).to_string() + "\n";
    let whens = [json!("2026-2-1"), json!("02/01/2026"), json!(""), json!(20260201), Value::Null];
    let input: String = whens.into_iter().map(line).collect();
    let input = input + &json!({"body": xml}).to_string() + "\n";
    let arguments = ["redact", "--policy", "dated.toml", "--payload-member", "body", "--date-member", "when"];
    let output = room.run(&arguments, input.as_bytes());
    assert_eq!(output.status.code(), Some(3), "{}", complaint(&output));
    assert_eq!(text(&output.stdout), "{\"withheld\":\"date-invalid\"}\n".repeat(6));
    let both = room.run(&[&arguments[..], &["--date", "2026-01-01"]].concat(), input.as_bytes());
    assert_eq!(both.status.code(), Some(2));
    let wrong = room.run(&["redact", "--date", "2026-02-30"], xml.as_bytes());
    assert!(wrong.status.code() == Some(2) && complaint(&wrong).contains("YYYY-MM-DD"), "{}", complaint(&wrong));
}

#[test]
fn p10_each_line_is_decided_by_its_own_date_and_a_run_by_one() {
    let room = Room::new();
    room.write("dated.toml", DATED.as_bytes());
    let xml = String::from_utf8(fixture(POLICE.0)).unwrap();
    let days = ["2025-12-31", "2026-01-01", "2026-12-31", "2027-01-01"];
    let alone = days.map(|day| {
        let output = room.run(&["redact", "--policy", "dated.toml", "--date", day], xml.as_bytes());
        assert_eq!(output.status.code(), Some(0), "{}", complaint(&output));
        output.stdout
    });
    assert!(alone[0] == alone[3] && alone[1] == alone[2] && alone[0] != alone[1]);
    let input: String = days.iter().map(|day| json!({"when": day, "body": xml}).to_string() + "\n").collect();
    room.write("in.ndjson", input.as_bytes());
    let arguments = ["in.ndjson", "-o", "out.ndjson", "--policy", "dated.toml", "--payload-member", "body"];
    let output = room.redact(&[&arguments[..], &["--date-member", "when", "--log", "log"]].concat());
    assert_eq!(output.status.code(), Some(0), "{}", complaint(&output));
    let lines = read(&room.path("out.ndjson"));
    for (line, alone) in text(&lines).lines().zip(&alone) {
        let found: Value = serde_json::from_str(line).unwrap();
        assert_eq!(found["body"].as_str().unwrap(), text(alone));
    }
    let log = read(&room.path("log"));
    days.iter().for_each(|day| assert!(text(&log).contains(&format!("\"date\":\"{day}\"")), "{}", text(&log)));
}

#[test]
fn p8_a_line_that_is_too_long_is_withheld_and_never_loaded() {
    let room = Room::new();
    let long = format!("{{\"a\":\"{}\"}}", "x".repeat(9 << 20));
    let good = String::from_utf8(line(&fixture(LIST.0))).unwrap();
    let input = format!("{good}{long}\n{good}{long}");
    let arguments = ["--limit", "message-bytes=1000000", "--memory", "16MiB"];
    for form in ["in.ndjson", "in.ndjson.gz"] {
        let bytes = if form.ends_with("gz") { super::gzip(input.as_bytes()) } else { input.clone().into_bytes() };
        room.write(form, &bytes);
        let output = room.redact(&[&[form, "-o", "out.ndjson"], &arguments[..]].concat());
        assert_eq!(output.status.code(), Some(3), "{}", complaint(&output));
        let lines = read(&room.path("out.ndjson"));
        let lines: Vec<&str> = text(&lines).lines().collect();
        assert_eq!(lines.len(), 4);
        assert_eq!((lines[1], lines[3]), ("{\"withheld\":\"limit\"}", "{\"withheld\":\"limit\"}"));
        assert_eq!(lines[0], lines[2]);
        assert!(complaint(&output).contains(":2: withheld: limit"), "{}", complaint(&output));
        assert!(complaint(&output).contains(":4: withheld: limit"), "{}", complaint(&output));
    }
}

#[test]
fn one_bad_line_among_many_stops_nothing_and_is_told_by_its_number() {
    let room = Room::new();
    let good = String::from_utf8(line(&fixture(LIST.0))).unwrap();
    let mut input = good.repeat(2000);
    input.push_str("{\"broken\n\n");
    input.push_str(&good);
    room.write("in.ndjson", input.as_bytes());
    let output = room.redact(&["in.ndjson", "-o", "out.ndjson"]);
    assert_eq!(output.status.code(), Some(3));
    let told = complaint(&output);
    assert!(told.starts_with("dmv-redact: in.ndjson:2001: withheld: not-well-formed-json"), "{told}");
    assert_eq!(told.lines().count(), 1);
    // An empty line is no message.
    assert_eq!(text(&read(&room.path("out.ndjson"))).lines().count(), 2002);
}
