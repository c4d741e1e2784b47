//! Messages that are released, made ambiguous or ill-formed by one edit in a part that would be skipped: whatever two
//! parsers could read differently withholds the whole message (P2, P3), wherever it stands.

use dmv_redact_testing::dice::Dice;
use dmv_redact_testing::oracle::check::redact;
use dmv_redact_testing::oracle::json::{Json, quoted};
use dmv_redact_testing::oracle::scenario::{JSON, Need, Scenario, XML};
use dmv_redact_testing::oracle::world::{EVERYTHING, WORLD};

/// Where an edit is put into a message.
#[derive(Clone, Copy, Debug)]
enum Spot {
    Start,
    /// In XML in front of the root's start tag.
    BeforeRoot,
    /// In XML among the root's attributes, in JSON before the members of the top.
    InRoot,
    /// In XML before the root's end tag, in JSON before the members of the root.
    Inside,
    End,
}

const IN_XML: &[(Spot, &[u8])] = &[
    (Spot::Start, b" <?xml version=\"1.0\"?>"),
    (Spot::Start, b"<?xml version=\"1.1\"?>"),
    (Spot::Start, b"<?xml version=\"1.0\" encoding=\"UTF-16\"?>"),
    (Spot::Start, b"<?xml version=\"1.0\" encoding=\"UTF-7\"?>"),
    (Spot::Start, b"x"),
    (Spot::BeforeRoot, b"<!DOCTYPE x>"),
    (Spot::BeforeRoot, b"<!DOCTYPE x [<!ENTITY zz 'a'>]>"),
    (Spot::InRoot, b" zq=\"1\" zq=\"2\""),
    (Spot::InRoot, b" zq=\"1\"zr=\"2\""),
    (Spot::InRoot, b" zq=\"<\""),
    (Spot::InRoot, b" zq"),
    (Spot::InRoot, b" zq:a=\"\""),
    (Spot::InRoot, b" xmlns:zq=\"\""),
    (Spot::InRoot, b" xmlns:xml=\"urn:zq\""),
    (Spot::InRoot, b" xmlns:xmlns=\"urn:zq\""),
    (Spot::InRoot, b" xmlns:zq=\"urn:a\" xmlns:zq=\"urn:b\""),
    (Spot::InRoot, b" xmlns:zq=\"urn:a\" xmlns:zr=\"urn:a\" zq:a=\"\" zr:a=\"\""),
    (Spot::Inside, b"&zz;"),
    (Spot::Inside, b"&#0;"),
    (Spot::Inside, b"&#xFFFE;"),
    (Spot::Inside, b"]]>"),
    (Spot::Inside, b"<zq></zr>"),
    (Spot::Inside, b"<zq>"),
    (Spot::Inside, b"<zq:a/>"),
    (Spot::Inside, b"<a:b:c xmlns:a='urn:a'/>"),
    (Spot::Inside, b"<:a/>"),
    (Spot::Inside, b"<!-- -- -->"),
    (Spot::Inside, b"<?XML a?>"),
    (Spot::Inside, b"<?xml version=\"1.0\"?>"),
    (Spot::Inside, b"<zq><![CDATA[ ]]</zq>"),
    (Spot::Inside, b"\x0B"),
    (Spot::Inside, b"\xC0\xAF"),
    (Spot::Inside, b"\xED\xA0\x80"),
    (Spot::Inside, b"\xEF\xBF\xBF"),
    (Spot::End, b"<zq/>"),
    (Spot::End, b"text"),
    (Spot::End, b"\x00"),
];

const IN_JSON: &[(Spot, &[u8])] = &[
    (Spot::Start, b"\xEF\xBB\xBF"),
    (Spot::Start, b"// \n"),
    (Spot::InRoot, b"\"zq\": \"\\ud800\", "),
    (Spot::InRoot, b"\"zq\": \"\\udc00\\ud800\", "),
    (Spot::InRoot, b"\"zq\": \"\xC0\xAF\", "),
    (Spot::InRoot, b"\"zq\": \"\xED\xA0\x80\", "),
    (Spot::InRoot, b"\"\\ud800\": 1, "),
    (Spot::Inside, b"\"zq\": \"\n\", "),
    (Spot::Inside, b"\"zq\": \"\\x\", "),
    (Spot::Inside, b"\"zq\": 01, "),
    (Spot::Inside, b"\"zq\": +1, "),
    (Spot::Inside, b"\"zq\": 1., "),
    (Spot::Inside, b"\"zq\": NaN, "),
    (Spot::Inside, b"\"zq\": 'a', "),
    (Spot::Inside, b"\"zq\": [1,], "),
    (Spot::Inside, b"\"zq\": {,}, "),
    (Spot::Inside, b"\"zq\": [}, "),
    (Spot::Inside, b"\"zq\": nul, "),
    (Spot::Inside, b"zq: 1, "),
    (Spot::Inside, b"/* */"),
    (Spot::Inside, b","),
    (Spot::End, b","),
    (Spot::End, b"{}"),
    (Spot::End, b"\x00"),
];

const CONTEXTS: &[&str] = &[
    "null",
    "\"https://example.org/context\"",
    "[{}]",
    "{\"PREFIX\": \"urn:zq\"}",
    "{\"zq\": \"URI\"}",
    "{\"PREFIX\": {\"@id\": \"URI\"}}",
    "{\"zq\": null}",
    "{\"PREFIX\": 1}",
    "{\"zq\": \"URIzq\"}",
    "{\"zq\": \"URI#zq\"}",
    "{\"zq\": \"PREFIX:zq\"}",
    "{\"zq\": \"PREFIX\"}",
    "{\"zq\": \"BEGINNING\"}",
    "{\"zq\": \"@nest\"}",
];

const RESPELLED: &[&str] = &["URIzq", "URI#zq", "PREFIX:#zq", "@nest"];

/// Messages of every format that has the syntax, unknown parts left out, with the root's offset.
fn released(need: Need) -> impl Iterator<Item = (Scenario, String)> {
    let ruled = WORLD.policies.iter().find(|r| r.name == EVERYTHING).expect("the policy is there");
    let formats = WORLD.formats.iter().filter(move |f| if need.xml { f.xml } else { f.json });
    let scenarios = formats.flat_map(move |format| {
        (1..12).filter_map(move |seed| {
            Scenario::of(ruled.clone(), format, &mut Dice::salted(seed * 991, 0), need.releasing())
        })
    });
    scenarios.filter_map(move |scenario| {
        let message = scenario.message(need, 0);
        let releases = redact(&ruled.filter, &scenario.asker, &message).releases();
        releases.then(|| (scenario, String::from_utf8(message).expect("generated in UTF-8")))
    })
}

fn withheld(scenario: &Scenario, message: &[u8], why: &str) {
    let outcome = redact(&scenario.ruled.filter, &scenario.asker, message);
    let text = || scenario.told(&format!("{why}\n{}", String::from_utf8_lossy(message)));
    assert!(!outcome.releases(), "released: {}", text());
}

fn edited(message: &str, at: usize, edit: &[u8]) -> Vec<u8> {
    [&message.as_bytes()[..at], edit, &message.as_bytes()[at..]].concat()
}

/// P2, P3: one ill-formed or ambiguous thing anywhere in XML withholds the message.
#[test]
fn p2_p3_ambiguous_xml_is_withheld() {
    for (scenario, message) in released(XML) {
        let root = message.char_indices().position(|(n, c)| c == '<' && !message[n..].starts_with("<?")).unwrap();
        let in_root = root + message[root..].find([' ', '\n']).expect("the root declares namespaces");
        for (spot, edit) in IN_XML {
            let at = match spot {
                // A second declaration is another case than a wrong one.
                Spot::Start if message.starts_with("<?xml") => continue,
                Spot::Start => 0,
                Spot::BeforeRoot => root,
                Spot::InRoot => in_root,
                Spot::Inside => message.rfind("</").unwrap(),
                Spot::End => message.len(),
            };
            withheld(&scenario, &edited(&message, at, edit), &String::from_utf8_lossy(edit));
        }
    }
}

/// P2, P3: one ill-formed or ambiguous thing anywhere in JSON withholds the message.
#[test]
fn p2_p3_ambiguous_json_is_withheld() {
    for (scenario, message) in released(JSON) {
        let root = scenario.format.root.as_deref().map(quoted);
        // Without a root the whole is in its place, or the first item of a list.
        let named = root.as_ref().map_or(Some(0), |root| message.find(root));
        let Some(named) = named else { continue };
        let inside = named + message[named..].find('{').unwrap() + 1;
        for (spot, edit) in IN_JSON {
            let at = match spot {
                Spot::Start => 0,
                Spot::InRoot | Spot::BeforeRoot => 1,
                Spot::Inside => inside,
                Spot::End => message.len(),
            };
            withheld(&scenario, &edited(&message, at, edit), &String::from_utf8_lossy(edit));
        }
        let (Some(root), Some(name)) = (root, &scenario.format.root) else { continue };
        let escaped = format!("\"\\u{:04x}{}", u32::from(root.as_bytes()[1]), &root[2..]);
        for name in [&root, &escaped] {
            withheld(&scenario, &edited(&message, 1, format!("{name}: {{}}, ").as_bytes()), "the root twice");
        }
        let top = Json::read(message.as_bytes()).expect("a generated message is JSON");
        let root = top.members().iter().find(|m| m.name == *name).expect("the root");
        for member in root.value.members() {
            let twin = format!("{}: null, ", quoted(&member.name));
            withheld(&scenario, &edited(&message, inside, twin.as_bytes()), "a mapped name twice");
        }
    }
}

/// P3: a context that says something else than the format does withholds the message.
#[test]
fn p3_contradicting_contexts_are_withheld() {
    for (scenario, message) in released(JSON).filter(|(_, message)| !message.contains("@context")) {
        let Some((prefix, uri)) = scenario.format.namespaces.iter().next() else { continue };
        for context in CONTEXTS {
            let beginning = &uri[..uri.len() / 2];
            let context = context.replace("PREFIX", prefix).replace("URI", uri).replace("BEGINNING", beginning);
            withheld(&scenario, &edited(&message, 1, format!("\"@context\": {context}, ").as_bytes()), &context);
        }
    }
}

/// P3: a name that JSON-LD takes for one of the format, though the format doesn't spell it so, withholds the message.
#[test]
fn p3_names_in_other_spellings_are_withheld() {
    for (scenario, message) in released(JSON) {
        let Some((prefix, uri)) = scenario.format.namespaces.iter().next() else { continue };
        for name in RESPELLED {
            let name = name.replace("PREFIX", prefix).replace("URI", uri);
            withheld(&scenario, &edited(&message, 1, format!("\"{name}\": 1, ").as_bytes()), &name);
        }
    }
}
