//! Batches: one document with many messages, each redacted by itself, with nothing of the document around them but its
//! shape.

use serde_json::{Value, json};

use super::{LIST, POLICE, Room, complaint, fixture, gzip, read, summary, text, unpack};

/// A message in XML without its declaration.
fn element(name: &str) -> String {
    let text = String::from_utf8(fixture(name)).unwrap();
    text[text.find("<n2:").unwrap()..].trim().to_owned()
}

fn json_message(name: &str) -> Value {
    serde_json::from_slice(&fixture(name)).unwrap()
}

/// What the filter makes of one message.
fn alone(room: &Room, message: &str) -> String {
    let output = room.run(&["redact"], message.as_bytes());
    assert_eq!(output.status.code(), Some(0), "{}", complaint(&output));
    text(&output.stdout).trim().to_owned()
}

fn redacted(room: &Room, arguments: &[&str], input: &str, status: i32) -> String {
    let output = room.run(&[&["redact"], arguments].concat(), input.as_bytes());
    assert_eq!(output.status.code(), Some(status), "{}", complaint(&output));
    text(&output.stdout).to_owned()
}

const ICE: &str = "dr-ice/message.xml";

#[test]
fn p1_messages_of_a_json_batch_are_redacted_one_by_one_and_what_is_beside_them_goes() {
    let room = Room::new();
    let (message, expected) = (json_message(LIST.0), json_message(LIST.1));
    let ice = json_message("niem-json-dr-ice/message.json");
    let xml = String::from_utf8(fixture(POLICE.0)).unwrap();
    let items = json!([message, ice, xml, 7, [], message]);
    let wanted = json!([expected, {"withheld": "review"}, text(&fixture(POLICE.1)), {"withheld": "syntax-unknown"},
        {"withheld": "format-unknown"}, expected]);
    let found = |arguments: &[&str], input: &Value| -> Value {
        let (pretty, compact) = (serde_json::to_string_pretty(input).unwrap(), input.to_string());
        let found = redacted(&room, arguments, &pretty, 3);
        assert_eq!(
            serde_json::from_str::<Value>(&redacted(&room, arguments, &compact, 3)).unwrap(),
            serde_json::from_str::<Value>(&found).unwrap()
        );
        serde_json::from_str(&found).unwrap()
    };
    assert_eq!(found(&["--batch", "."], &items), wanted);
    let around = json!({"sent": "900-12-3456", "a.b": {"by": "JORDAN", "batch": items, "z": [1]}, "count": 6});
    assert_eq!(found(&["--batch", "a\\.b.batch"], &around), json!({"a.b": {"batch": wanted}}));
    let kept =
        ["--batch", "a\\.b.batch", "--batch-keep", "count", "--batch-keep", "a\\.b.z", "--batch-keep", "missing"];
    assert_eq!(found(&kept, &around), json!({"a.b": {"batch": wanted, "z": [1]}, "count": 6}));
    // Without the option nothing changes: it is one message.
    assert_eq!(redacted(&room, &[], &items.to_string(), 3), "");
}

#[test]
fn p1_messages_of_an_xml_batch_are_redacted_one_by_one_and_what_is_around_them_goes() {
    let room = Room::new();
    let (police, rr) = (element(POLICE.0), element("rr-in-state-police/message.xml"));
    let input = format!(
        "<?xml version='1.0'?><!-- JORDAN --><?p JORDAN?><s:Envelope xmlns:s='urn:soap' xmlns:JORDAN='urn:JORDAN' \
         s:by='JORDAN' xml:lang='en' xml:space='preserve' xml:base='urn:JORDAN'><s:Header><s:Body><Batch>{police}</Batch>\
         </s:Body></s:Header> JORDAN <s:Body JORDAN:a='JORDAN'><![CDATA[JORDAN]]><Batch id='JORDAN'>JORDAN &#74; {police}\
         <!-- JORDAN -->{ice}<JORDAN/>{rr}</Batch><Batch2/></s:Body></s:Envelope>\n<!-- JORDAN -->",
        ice = element(ICE)
    );
    let path = "{urn:soap}Envelope.{urn:soap}Body.Batch";
    let wanted = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<w0:Envelope xmlns:w0=\"urn:soap\"><w1:Body xmlns:w1=\"urn:soap\">\
         <Batch>\n{}\n<withheld reason=\"review\"/>\n<withheld reason=\"format-unknown\"/>\n{}\n</Batch></w1:Body>\
         </w0:Envelope>\n",
        alone(&room, &police),
        alone(&room, &rr)
    );
    assert_eq!(redacted(&room, &["--batch", path], &input, 3), wanted);
    room.write("out.xml", wanted.as_bytes());
    let verified = room.run(&["verify", "out.xml", "--batch", path], b"");
    assert_eq!(verified.status.code(), Some(0), "{}", complaint(&verified));
    // Prefixes and other encodings change nothing.
    let renamed = input
        .replace("<s:", "<quite:")
        .replace("</s:", "</quite:")
        .replace(" s:by", " quite:by")
        .replace("xmlns:s=", "xmlns:quite=");
    assert_eq!(redacted(&room, &["--batch", path], &renamed, 3), wanted);
    let latin = renamed.replace("<?xml version='1.0'?>", "<?xml version='1.0' encoding='ISO-8859-1'?><!-- \u{e9} -->");
    let latin: Vec<u8> = latin.chars().map(|character| u8::try_from(u32::from(character)).unwrap()).collect();
    assert_eq!(text(&room.run(&["redact", "--batch", path], &latin).stdout), wanted);
    // Without the messages that don't go out there is no trace of them (P5).
    let (dropped, never) =
        (redacted(&room, &["--batch", path, "--drop-withheld"], &input, 3), input.replace(&element(ICE), ""));
    assert_eq!(redacted(&room, &["--batch", path, "--drop-withheld"], &never.replace("<JORDAN/>", ""), 0), dropped);
}

#[test]
fn p1_of_what_is_around_an_xml_batch_stays_what_is_kept_by_name() {
    let room = Room::new();
    let police = element(POLICE.0);
    let input = format!(
        "<s:E xmlns:s='urn:s' xmlns:j='urn:j' id='1' s:id='2' no='JORDAN'><s:H a='1'><j:x>kept &amp; <![CDATA[<]]></j:x></s:H>\
         <H>JORDAN</H><Batch id=\"3\" JORDAN='JORDAN'><Note xmlns:j='urn:k' j:a='4'/>{police}<End/></Batch><s:T/><no/></s:E>"
    );
    let kept = [
        "{urn:s}E.@id",
        "{urn:s}E.{urn:s}H",
        "{urn:s}E.Batch.@id",
        "{urn:s}E.Batch.Note",
        "{urn:s}E.Batch.End",
        "{urn:s}E.{urn:s}T",
        "{urn:s}E.missing",
    ];
    let kept: Vec<&str> = kept.iter().flat_map(|path| ["--batch-keep", path]).collect();
    let arguments = [&["--batch", "{urn:s}E.Batch"], &kept[..]].concat();
    let wanted = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<w0:E xmlns:w0=\"urn:s\" id='1'><s:H xmlns:s='urn:s' xmlns:j='urn:j' a='1'>\
         <j:x>kept &amp; <![CDATA[<]]></j:x></s:H><Batch id=\"3\"><Note xmlns:s='urn:s' xmlns:j='urn:k' j:a='4'/>\n{}\n\
         <End xmlns:s='urn:s' xmlns:j='urn:j'/></Batch><s:T xmlns:s='urn:s' xmlns:j='urn:j'/></w0:E>\n",
        alone(&room, &police)
    );
    assert_eq!(redacted(&room, &arguments, &input, 0), wanted);
    // Without namespaces, where the same path may be one of members.
    let plain = format!("<B id='1'><N/>{police}</B>");
    let found = redacted(&room, &["--batch", "B", "--batch-keep", "B.@id", "--batch-keep", "B.N"], &plain, 0);
    assert!(found.ends_with(&format!("<B id='1'><N/>\n{}\n</B>\n", alone(&room, &police))), "{found}");
    for twice in [input.replace("<End/>", "<End/><End/>"), input.replace("<s:T/>", "<s:T/><s:H/>")] {
        let output = room.run(&[&["redact"], &arguments[..]].concat(), twice.as_bytes());
        assert!(
            complaint(&output).contains("withheld: duplicate-name") && output.stdout.is_empty(),
            "{}",
            complaint(&output)
        );
    }
}

#[test]
fn p3_a_message_inherits_the_namespaces_around_it_and_nothing_else() {
    let room = Room::new();
    let police = element(POLICE.0);
    let (start, rest) = police.split_once(" n2:version").unwrap();
    let declarations = start.strip_prefix("<n2:NLETS").unwrap().replace('\n', " ");
    let rest = format!(" n2:version{rest}");
    let wanted = alone(&room, &format!("<n2:NLETS{declarations}{rest}"));
    let others = declarations.replace("niem/1.0", "niem/other").replace("core/2.0", "core/other");
    // The same, its root without a prefix.
    let plain = police.strip_prefix("<n2:NLETS").unwrap().strip_suffix("</n2:NLETS>").unwrap();
    let plain = plain.replacen(" n2:version=\"4.00\"", " xmlns='http://www.nlets.org/niem/1.0'", 1);
    let plain = format!("<NLETS{plain}</NLETS>");
    let cases = [
        // All of it is declared around it, in one place or several.
        (format!("<b:Batch xmlns:b='urn:b'{declarations}><n2:NLETS{rest}</b:Batch>"), "{urn:b}Batch", wanted.clone()),
        (
            format!("<A{declarations}><b:B xmlns:b='urn:b' xmlns:x='urn:x'><n2:NLETS{rest}</b:B></A>"),
            "A.{urn:b}B",
            wanted.clone(),
        ),
        // The innermost declaration holds, and the message's own before all.
        (format!("<A{others}><B{declarations}><n2:NLETS{rest}</B></A>"), "A.B", wanted.clone()),
        (format!("<A{others}><B><n2:NLETS{declarations}{rest}</B></A>"), "A.B", wanted.clone()),
        (format!("<A{declarations}><B><C{others}/><n2:NLETS{rest}</B></A>"), "A.B", wanted.clone()),
        // A default namespace around it is the message's where it has no own one.
        (
            format!("<A xmlns='http://www.nlets.org/niem/1.0'><B xmlns=''><n2:NLETS{declarations}{rest}</B></A>"),
            "{http://www.nlets.org/niem/1.0}A.B",
            wanted.clone(),
        ),
        (format!("<Batch xmlns='urn:b&amp;c'>{plain}</Batch>"), "{urn:b&c}Batch", alone(&room, &plain)),
    ];
    for (input, path, wanted) in cases {
        let found = redacted(&room, &["--batch", path], &input, if input.contains("<C") { 3 } else { 0 });
        assert!(found.contains(&format!("\n{wanted}\n")), "{path}\n{found}\n{wanted}");
        assert!(!found.contains("urn:x") && !found.contains("other"), "{found}");
    }
    // In no namespace, and in one that is inherited, it is another element: of no format.
    for (around, child) in [("", ""), (" xmlns='urn:b'", ""), (" xmlns='http://www.nlets.org/niem/1.0'", " xmlns=''")] {
        let child = plain.replace(" xmlns='http://www.nlets.org/niem/1.0'", child);
        let path = if around.contains("urn:b") {
            "{urn:b}Batch"
        } else if around.is_empty() {
            "Batch"
        } else {
            "{http://www.nlets.org/niem/1.0}Batch"
        };
        let found = redacted(&room, &["--batch", path], &format!("<Batch{around}>{child}</Batch>"), 3);
        assert!(found.contains("\n<withheld reason=\"format-unknown\"/>\n"), "{found}");
    }
}

#[test]
fn attack_40_a_document_that_is_not_well_formed_to_its_end_is_withheld_whole() {
    let room = Room::new();
    let message = text(&fixture(LIST.0)).trim().to_owned();
    let police = element(POLICE.0);
    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        (".", format!("[{message},{message}").into(), "not-well-formed-json"),
        (".", format!("[{message},]").into(), "not-well-formed-json"),
        (".", format!("[{message}]]").into(), "not-well-formed-json"),
        (".", format!("[{message}]\n[{message}]").into(), "not-well-formed-json"),
        (".", format!("[{message}]\0\0\0\0").into(), "not-well-formed-json"),
        (".", format!("[{message},{{\"a\":\u{1}}}]").into(), "not-well-formed-json"),
        (".", format!("\u{FEFF}[{message}]").into(), "encoding"),
        (".", [message.as_bytes(), b"\xFF"].concat(), "encoding"),
        ("a", format!("{{\"a\":[{message}],\"a\":[{message}]}}").into(), "duplicate-name"),
        ("a", format!("{{\"a\":[{message}],\"\\u0061\":1}}").into(), "duplicate-name"),
        ("a.b", format!("{{\"a\":{{\"b\":[{message}]}},\"a\":{{}}}}").into(), "duplicate-name"),
        ("a", format!("{{\"a\":[{message}],\"b\":[1}}").into(), "not-well-formed-json"),
        ("a", format!("{{\"a\":[{message}]}} x").into(), "not-well-formed-json"),
        ("B", format!("<B>{police}").into(), "not-well-formed-xml"),
        ("B", format!("<B>{police}</B><B/>").into(), "not-well-formed-xml"),
        ("B", format!("<B>{police}</B>\0\0").into(), "not-well-formed-xml"),
        ("B", format!("<B>{police}&nbsp;</B>").into(), "not-well-formed-xml"),
        ("B", format!("<B a='1' a='2'>{police}</B>").into(), "not-well-formed-xml"),
        ("B", format!("<B>{police}<p:a/></B>").into(), "not-well-formed-xml"),
        ("B", format!("<!DOCTYPE B [<!ENTITY e 'x'>]><B>{police}</B>").into(), "doctype"),
        ("B", format!("<?xml version='1.0' encoding='UTF-16'?><B>{police}</B>").into(), "encoding"),
        ("A.B", format!("<A><B>{police}</B><B>{police}</B></A>").into(), "duplicate-name"),
        ("A.B", format!("<A><x:B xmlns:x='urn:x'/><B>{police}</B><B/></A>").into(), "duplicate-name"),
    ];
    for (path, input, reason) in cases {
        room.write("in", &input);
        let output = room.redact(&["in", "-o", "out", "--batch", path, "--withheld", "held", "--summary", "json"]);
        let what = String::from_utf8_lossy(&input);
        assert_eq!(summary(&output)["reasons"], json!({reason: 1}), "{what}: {}", complaint(&output));
        assert_eq!((summary(&output)["messages"].as_u64(), room.path("out").exists()), (Some(1), false));
        assert_eq!(read(&room.path("held/in")), input);
        std::fs::remove_dir_all(room.path("held")).unwrap();
    }
}

#[test]
fn a_document_without_the_wrapper_is_one_message() {
    let room = Room::new();
    let police = String::from_utf8(fixture(POLICE.0)).unwrap();
    for path in ["Batch", ".", "{http://www.nlets.org/niem/1.0}NLETS.Batch"] {
        let output = room.run(&["redact", "--batch", path], police.as_bytes());
        assert_eq!(output.status.code(), Some(1), "{}", complaint(&output));
        assert!(output.stdout == fixture(POLICE.1));
        let told = "--batch had no effect: no document has an array or element at this path";
        assert!(complaint(&output).contains(told), "{}", complaint(&output));
    }
    for other in ["{\"a\":null}", "{\"a\":7}", "{\"a\":\"x\"}", "{\"a\":{}}", "[{\"a\":[]}]", "{\"A\":[]}"] {
        let output = room.run(&["redact", "--batch", "a"], other.as_bytes());
        assert!(
            complaint(&output).starts_with("dmv-redact: stdin: withheld: format-unknown"),
            "{}",
            complaint(&output)
        );
    }
    for empty in ["[]", "[ \n ]"] {
        assert_eq!(redacted(&room, &["--batch", "."], empty, 0), "[\n]\n");
    }
    assert_eq!(redacted(&room, &["--batch", "a"], "{\"a\":[]}", 0), "{\"a\":[\n]}\n");
    let empty = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<A><A>\n</A></A>\n";
    assert_eq!(redacted(&room, &["--batch", "A.A"], "<A><A/></A>", 0), empty);
    // Elements of the same name, one in another.
    let nested = format!("<A><A><A>{0}</A>{0}</A></A>", element(POLICE.0));
    let found = redacted(&room, &["--batch", "A.A"], &nested, 3);
    assert!(found.contains("<A><A>\n<withheld reason=\"format-unknown\"/>\n<n2:NLETS "), "{found}");
}

#[test]
fn items_of_a_batch_hold_more_than_the_message_as_lines_do() {
    let room = Room::new();
    let (message, expected) = (json_message(LIST.0), json_message(LIST.1));
    let xml = String::from_utf8(fixture(POLICE.0)).unwrap();
    let item = |ori: &str, body: &Value| json!({"who": {"ori": ori}, "n": 1, "secret": "900-12-3456", "body": body});
    let batch = json!({"items": [item("AZ0070000", &message), item("NV0070000", &message), item("AZ0070000", &json!(xml)), {"n": 2}]});
    let members =
        ["--batch", "items", "--payload-member", "body", "--requester-member", "who.ori", "--keep-member", "n"];
    let input = serde_json::to_string_pretty(&batch).unwrap();
    let found: Value = serde_json::from_str(&redacted(&room, &members, &input, 3)).unwrap();
    let wanted = [
        json!({"n": 1, "body": expected}),
        json!({"withheld": "requester-mismatch"}),
        json!({"n": 1, "body": text(&fixture(POLICE.1))}),
        json!({"withheld": "empty"}),
    ];
    assert_eq!(found, json!({"items": wanted}));
    // As lines, each on one.
    let lines = redacted(&room, &[&members[..], &["--output-format", "ndjson"]].concat(), &input, 3);
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines, wanted);
    // In XML, no item has members.
    let found =
        redacted(&room, &["--batch", "B", "--payload-member", "body"], &format!("<B>{}</B>", element(POLICE.0)), 1);
    assert!(found.contains("<withheld reason=\"not-well-formed-json\"/>"), "{found}");
}

#[test]
fn p11_batches_go_where_lines_go() {
    let room = Room::new();
    let (police, ice) = (element(POLICE.0), element(ICE));
    let xml = format!("<B>{police}{ice}{police}</B>");
    let message = text(&fixture(LIST.0)).trim().to_owned();
    room.write("in/a.xml", xml.as_bytes());
    room.write("in/sub/b.json.gz", &gzip(format!("[{message}]").as_bytes()));
    room.write("in/message.xml", &fixture(POLICE.0));
    room.write("in/wrong.xml", xml.replace("</B>", "").as_bytes());
    let arguments = ["--batch", "B", "--log", "log", "--withheld", "held", "--summary", "json"];
    let output = room.redact(&[&["in", "-o", "out"], &arguments[..]].concat());
    // The array at the top isn't at `B`.
    assert_eq!(summary(&output)["reasons"], json!({"format-unknown": 1, "not-well-formed-xml": 1, "review": 1}));
    assert_eq!(summary(&output)["messages"], 6);
    assert_eq!(room.names("out"), ["a.xml", "message.xml"]);
    assert_eq!(room.names("held"), ["a.xml/000000002.xml", "sub/b.json.gz", "wrong.xml"]);
    assert_eq!(text(&read(&room.path("held/a.xml/000000002.xml"))), ice);
    let batch = read(&room.path("out/a.xml"));
    assert_eq!(text(&batch).matches("<n2:NLETS ").count(), 2);
    let log = read(&room.path("log"));
    assert!(text(&log).contains("\"source\":\"in/a.xml\",\"item\":2,\"id\":\"a.xml/000000002.xml\""), "{}", text(&log));
    assert!(complaint(&output).contains("in/a.xml: message 2: held: review"), "{}", complaint(&output));
    // Other forms of output.
    let expected = alone(&room, &police);
    for form in ["ndjson", "tar", "zip"] {
        room.redact(&["in/a.xml", "-o", &format!("out.{form}"), "--batch", "B"]);
        let found = unpack(form, &read(&room.path(&format!("out.{form}"))));
        assert_eq!(found.len(), 3, "{form}");
        match form {
            "ndjson" => {
                assert_eq!(serde_json::from_slice::<String>(&found[0].1).unwrap().trim(), expected);
                assert_eq!(text(&found[1].1), "{\"withheld\":\"review\"}\n");
            }
            _ => {
                let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
                assert_eq!(names, ["000000001.xml", "000000002.xml.withheld.json", "000000003.xml"]);
                assert_eq!(text(&found[2].1).trim(), expected);
            }
        }
    }
    let files = room.redact(&["in/a.xml", "-o", "files", "--output-format", "message", "--batch", "B"]);
    assert_eq!(files.status.code(), Some(3), "{}", complaint(&files));
    assert_eq!(room.names("files"), ["000000001.xml", "000000003.xml"]);
    // Compressed as it was; and each output verifies, its notices too.
    room.write("two.json", format!("[{message},{message}]").as_bytes());
    room.redact(&["two.json", "-o", "b.json.gz", "--batch", "."]);
    for (output, path, told) in [
        ("b.json.gz", ".", "2 outputs verified: 0 with findings; 0 notices"),
        ("out/a.xml", "B", "2 outputs verified: 0 with findings; 1 notices"),
    ] {
        let verified = room.run(&["verify", output, "--batch", path], b"");
        assert_eq!(verified.status.code(), Some(0), "{}", complaint(&verified));
        assert!(text(&verified.stdout).starts_with(told), "{}", text(&verified.stdout));
    }
    assert_eq!(room.run(&["verify", "in/a.xml", "--batch", "B"], b"").status.code(), Some(3));
}

#[test]
fn p8_batches_take_bounded_time_and_memory() {
    let room = Room::new();
    // Declarations around many small messages would be repeated in each.
    let declarations: String = (0..200).map(|number| format!(" xmlns:p{number}='urn:{}'", "x".repeat(100))).collect();
    let input = format!("<B{declarations}>{}</B>", "<a/>".repeat(100_000));
    let output = room.run(&["redact", "--batch", "B", "--summary", "text"], input.as_bytes());
    assert!(complaint(&output).contains("limit: too much is declared around the messages"), "{}", complaint(&output));
    // What is larger than a quarter of the memory is never read.
    let large = format!("[{}]", "1,".repeat(9 << 20));
    room.write("large.json", large.as_bytes());
    let arguments = ["--batch", ".", "--limit", "message-bytes=1000000", "--memory", "64MiB"];
    let output = room.redact(&[&["large.json", "-o", "out.json"], &arguments[..]].concat());
    assert!(
        complaint(&output).contains("limit: the document is too large to be read as a batch"),
        "{}",
        complaint(&output)
    );
    for deep in [format!("[{}{}]", "[".repeat(100_000), "]".repeat(100_000)), "[".repeat(100_000)] {
        let output = room.run(&["redact", "--batch", "."], deep.as_bytes());
        assert!(complaint(&output).contains("withheld: limit"), "{}", complaint(&output));
    }
}

#[test]
fn options_of_batches_without_effect_are_refused() {
    let room = Room::new();
    for (arguments, told) in [
        (&["--batch", ""][..], "a name is empty"),
        (&["--batch", "a", "--input-format", "ndjson"], "--batch has no effect on an --input-format"),
        (&["--batch", "a", "--dry-run", "--batch-keep", "b"], "--batch-keep has no effect with --dry-run"),
        (&["--batch", "a", "--batch-keep", "b", "--output-format", "ndjson"], "--batch-keep has no effect where"),
        (&["--batch", "a.b", "--batch-keep", "a"], "--batch-keep: the batch is in it"),
        (&["--batch", "{urn:a}A.B", "--batch-keep", "{urn:a}A"], "--batch-keep: the batch is in it"),
        (&["--batch", "a.b", "--batch-keep", "c", "--batch-keep", "c.d"], "`c.d` is in another member that is named"),
        (
            &["--batch", ".", "--batch-keep", "a"],
            "--batch-keep: it isn't beside the batch, nor beside an element around it",
        ),
        (&["--batch", "{urn:a}A.B", "--batch-keep", "B.C"], "--batch-keep: it isn't beside the batch"),
        (&["--batch", "{urn:a}A.B", "--batch-keep", "{urn:a}A.C.D"], "--batch-keep: it isn't beside the batch"),
        (&["--batch-keep", "a"], "--batch"),
    ] {
        let output = room.redact(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(complaint(&output).contains(told), "{}", complaint(&output));
    }
}
