//! What a sender may choose freely carries nothing (P5): names of objects, prefixes, where and in which order they are
//! declared; and links that may stay lead where they led (P4).

use dmv_redact::{Filter, Requester};
use dmv_redact_testing::attacks::{cleaned, nlets, redact};
use dmv_redact_testing::filters::{own, redact_text};

const CATALOG: &str = r#"
[[element]]
id = "x.text"
shape = '[A-Z ]+'
[[element]]
id = "x.type"
kind = "code"
shape = '[a-z]+:[A-Za-z]+|[A-Za-z]+'
[[element]]
id = "x.secret"
[[element]]
id = "x.born"
kind = "date"
[[element]]
id = "x.record"
kind = "record"
"#;

const FORMAT: &str = r#"
name = "links"
syntax = ["xml", "json"]
root = "b:Answer"
requester = "b:To"
[namespaces]
b = "urn:b"
a = "urn:a"
s = "urn:structures"
x = "http://www.w3.org/2001/XMLSchema-instance"
[references]
id = "s:id"
ref = ["s:ref", "a:ref"]
uri = "s:uri"
json = "@id"
[paths]
"b:To" = "envelope.ori"
"b:Person/a:Name" = "x.text"
"b:Person/a:Secret" = "x.secret"
"b:Person/@x:type" = "x.type"
"b:Person/a:Born" = "x.born"
"b:Vehicle/b:Owner/a:Name" = "x.text"
"b:Vehicle/b:Owner/a:Vehicle/a:Name" = "x.text"
"b:Metadata/a:Name" = "x.text"
"b:Metadata/a:Secret" = "x.secret"
"b:Record/**" = "x.record"
"#;

const POLICY: &str = r#"
[policy]
name = "links"
version = "1"
[agencies.police]
ori = ["AZ*"]
[[permit]]
id = "all"
agencies = ["police"]
elements = ["x.text", "x.type", "x.record", "x.born"]
as = { "x.born" = "year" }
basis = "a test"
"#;

fn filter() -> Filter {
    own(("links", FORMAT), Some(CATALOG), POLICY).unwrap()
}

const DECLARED: &str = " xmlns:b=\"urn:b\" xmlns:a=\"urn:a\" xmlns:s=\"urn:structures\" \
     xmlns:x=\"http://www.w3.org/2001/XMLSchema-instance\"";

fn xml(parts: &str) -> String {
    format!("<b:Answer{DECLARED}><b:To>AZ0070000</b:To>{parts}</b:Answer>")
}

/// What goes out of a message, twice the same.
fn output(filter: &Filter, message: &str) -> String {
    let requester = Requester::from_envelope();
    let (output, receipt) = redact_text(filter, &requester, message);
    assert!(receipt.disposition().releases(), "{:?} {:?}: {message}", receipt.reason(), receipt.detail());
    assert_eq!(redact_text(filter, &requester, &output).0, output, "once more: {message}");
    output
}

/// What goes out of it behind the requester.
fn parts(filter: &Filter, parts: &str) -> String {
    let output = output(filter, &xml(parts));
    let inside = output.split_once("</b:To>").unwrap().1;
    inside.strip_suffix("</b:Answer>").unwrap().to_owned()
}

#[test]
fn p4_p5_names_of_objects_are_numbered_and_their_links_live() {
    let filter = filter();
    let named = "<a:Name>A</a:Name>";
    for name in
        ["P1", "1742-MESQUITE-WASH-LN", "900-12-3456", "P-28b22f0a-1ef1-4480-a2fe-607af20e4254", "a&#x62;c", "É"]
    {
        let message = format!(
            "<b:Metadata s:ref=\"M\"/><b:Person s:id=\"{name}\">{named}</b:Person><b:Person s:ref=' {name} '/>\
             <b:Vehicle><b:Owner a:ref='{name}'/></b:Vehicle><b:Metadata s:id='M'>{named}</b:Metadata>"
        );
        assert_eq!(
            parts(&filter, &message),
            "<b:Metadata s:ref=\"id1\"/><b:Person s:id=\"id2\"><a:Name>A</a:Name></b:Person><b:Person s:ref='id2'/>\
             <b:Vehicle><b:Owner a:ref='id2'/></b:Vehicle><b:Metadata s:id='id1'><a:Name>A</a:Name></b:Metadata>"
        );
    }
    // Nothing that was removed leaves a gap.
    let more = "<b:Person s:id='Q'><a:Secret>X</a:Secret></b:Person><b:Person s:ref='Q'/><b:Person s:ref='R'/>";
    let rest = format!("<b:Person s:id='Z'>{named}</b:Person><b:Person s:ref='Z'/>");
    assert_eq!(parts(&filter, &format!("{more}{rest}")), parts(&filter, &rest));
    // Nor does an id that nothing refers to, or that only something removed does.
    assert_eq!(
        parts(&filter, &format!("<b:Person s:id='Z'>{named}</b:Person>")),
        format!("<b:Person>{named}</b:Person>")
    );
}

#[test]
fn p4_p5_lists_of_names_keep_those_that_stay() {
    let filter = filter();
    let message = "<b:Person s:metadata=\" M2  M1 M3\"><a:Name s:metadata='M1'>A</a:Name></b:Person>\
        <b:Metadata s:id='M1'><a:Name>ONE</a:Name></b:Metadata><b:Metadata s:id='M2'><a:Secret>X</a:Secret></b:Metadata>\
        <b:Metadata s:id='M3'><a:Name>THREE</a:Name></b:Metadata>";
    assert_eq!(
        parts(&filter, message),
        "<b:Person s:metadata=\"id1 id2\"><a:Name s:metadata='id1'>A</a:Name></b:Person>\
         <b:Metadata s:id='id1'><a:Name>ONE</a:Name></b:Metadata><b:Metadata s:id='id2'><a:Name>THREE</a:Name></b:Metadata>"
    );
    // What only points to others says nothing itself.
    let idle = "<b:Person s:metadata='M1'/><b:Metadata s:id='M1'><a:Name>ONE</a:Name></b:Metadata>";
    assert_eq!(parts(&filter, idle), "<b:Metadata><a:Name>ONE</a:Name></b:Metadata>");
}

#[test]
fn p4_p5_uris_name_and_refer() {
    let filter = filter();
    let named = "<a:Name>A</a:Name>";
    for (own, other) in
        [("#P", "#P"), ("urn:uuid:28b22f0a", "urn:uuid:28b22f0a"), ("http://x.org/a#b", "http://x.org/a#b")]
    {
        assert_eq!(
            parts(&filter, &format!("<b:Person s:uri='{own}'>{named}</b:Person><b:Person s:uri='{other}'/>")),
            format!("<b:Person s:uri='#id1'>{named}</b:Person><b:Person s:uri='#id1'/>")
        );
    }
    // An id is a fragment of the message's own URI, and an object may have both.
    assert_eq!(
        parts(&filter, &format!("<b:Person s:uri='#P'/><b:Person s:id='P'>{named}</b:Person>")),
        format!("<b:Person s:uri='#id1'/><b:Person s:id='id1'>{named}</b:Person>")
    );
    assert_eq!(
        parts(
            &filter,
            &format!(
                "<b:Person s:uri='urn:p'/><b:Person s:id='P' s:uri='urn:p'>{named}</b:Person><b:Person s:ref='P'/>"
            )
        ),
        format!("<b:Person s:uri='#id1'/><b:Person s:id='id1' s:uri='#id1'>{named}</b:Person><b:Person s:ref='id1'/>")
    );
    assert_eq!(
        parts(&filter, &format!("<b:Person s:uri='http://x.org/a'/><b:Person>{named}</b:Person>")),
        format!("<b:Person>{named}</b:Person>")
    );
}

#[test]
fn p4_p5_names_in_json_are_numbered() {
    let filter = filter();
    for (own, spelled) in [
        ("#P1", "#P1"),
        ("_:b0", "_:b0"),
        ("urn:uuid:28b22f0a", "urn:uuid:28b22f0a"),
        ("900-12-3456", "\\u0039\\u0030\\u0030-12-3456"),
    ] {
        let message = format!(
            r##"{{"b:Answer":{{"b:To":"AZ0070000","b:Person":[{{"@id":"{own}"}},{{"a:Name":"A","@id":"{spelled}"}},{{"@id":"#gone"}}],"b:Metadata":{{"@id":"#gone","a:Secret":"X"}}}}}}"##
        );
        assert_eq!(
            output(&filter, &message),
            r##"{"b:Answer":{"b:To":"AZ0070000","b:Person":[{"@id":"#id1"},{"a:Name":"A","@id":"#id1"}]}}"##
        );
    }
}

/// JSON-LD has no white space around an id: with it, it is another.
#[test]
fn p3_an_id_with_a_blank_is_another_id() {
    let filter = filter();
    for blank in [" P1", "P1 ", "\\tP1"] {
        let message = format!(
            r##"{{"b:Answer":{{"b:To":"AZ0070000","b:Person":[{{"@id":"{blank}"}},{{"a:Name":"A","@id":"P1"}}]}}}}"##
        );
        assert_eq!(
            output(&filter, &message),
            r##"{"b:Answer":{"b:To":"AZ0070000","b:Person":[{"a:Name":"A"}]}}"##,
            "{blank}"
        );
    }
}

/// A chain of references, each in an object that stays only for the next; each link in the place that the format has for it.
fn chain(length: usize, end: &str) -> String {
    let links = (0..length)
        .map(|at| format!("<b:Vehicle s:id='v{at}'><b:Owner><a:Vehicle s:ref='v{}'/></b:Owner></b:Vehicle>", at + 1));
    links.chain([format!("<b:Vehicle s:id='v{length}'><b:Owner>{end}</b:Owner></b:Vehicle>")]).collect()
}

#[test]
fn p4_p8_a_chain_of_references_may_be_of_any_length() {
    let filter = filter();
    let kept = parts(&filter, &chain(3000, "<a:Name>A</a:Name>"));
    assert_eq!(kept.matches("<a:Vehicle s:ref=").count(), 3000);
    assert!(kept.contains("<a:Vehicle s:ref='id3000'/>") && kept.contains("<b:Vehicle s:id='id3000'>"));
    let ring = "<b:Vehicle s:id='a'><b:Owner><a:Vehicle s:ref='b'/></b:Owner></b:Vehicle>\
        <b:Vehicle s:id='b'><b:Owner><a:Vehicle s:ref='a'/></b:Owner></b:Vehicle>";
    let name = "<b:Person><a:Name>A</a:Name></b:Person>";
    assert_eq!(parts(&filter, &format!("{ring}{}{name}", chain(20, "<a:Secret>X</a:Secret>"))), name);
}

#[test]
fn p5_prefixes_are_the_formats_own() {
    let filter = filter();
    let body = "<b:Person s:id=\"P\"><a:Name>A</a:Name></b:Person><b:Person s:ref=\"P\"/>";
    let wanted = output(&filter, &xml(body));
    assert!(
        wanted.starts_with("<b:Answer xmlns:b=\"urn:b\" xmlns:a=\"urn:a\" xmlns:s=\"urn:structures\"><b:To>"),
        "{wanted}"
    );
    let renamed = |from: &str, to: &str| {
        let rename = |text: String, before: &str| text.replace(&format!("{before}{from}:"), &format!("{before}{to}:"));
        let message = ["<", "</", " "].into_iter().fold(xml(body), rename);
        message.replace(&format!("xmlns:{from}="), &format!("xmlns:{to}="))
    };
    let long = "x".repeat(900);
    let reversed = " xmlns:x='http://www.w3.org/2001/XMLSchema-instance'\n\txmlns:s='urn:structures'  xmlns:a='urn:&#97;' \
         xmlns:b='urn:b'";
    for other in [
        renamed("b", "ADR.1742-MESQUITE"),
        renamed("a", &long),
        renamed("s", "structures"),
        // Another order, other quotes, other spaces.
        xml(body).replace(DECLARED, reversed),
        // The default namespace, at the root and below.
        xml(body).replace("b:", "").replace("xmlns:b=", "xmlns="),
        xml(body).replace("<a:Name>A</a:Name>", "<Name xmlns='urn:a'>A</Name>"),
        // Two prefixes for one namespace, in turns; a prefix that means another namespace.
        xml(body).replacen("xmlns:b=", "xmlns:q='urn:b' xmlns:b=", 1).replacen(
            "<b:Person s:ref=\"P\"/>",
            "<q:Person s:ref=\"P\"/>",
            1,
        ),
        xml(body).replace("<a:Name>A</a:Name>", "<b:Name xmlns:b='urn:a'>A</b:Name>"),
        xml(body).replace("<a:Name>", "<a:Name xmlns:z='urn:z' xmlns:a='urn:a'>"),
    ] {
        assert_eq!(output(&filter, &other), wanted, "{other}");
    }
}

#[test]
fn p4_p5_names_of_types_keep_what_they_mean() {
    let filter = filter();
    let name = "<a:Name>A</a:Name>";
    let typed = |attributes: &str| parts(&filter, &format!("<b:Person {attributes}>{name}</b:Person>"));
    let wanted = format!("<b:Person x:type=\"a:Commercial\">{name}</b:Person>");
    for same in [
        "x:type=\"a:Commercial\"",
        "x:type=\" a:Commercial \"",
        "xmlns:q='urn:a' x:type=\"q:Commercial\"",
        "xmlns='urn:a' x:type=\"Commercial\"",
    ] {
        assert_eq!(typed(same), wanted, "{same}");
    }
    assert_eq!(typed("x:type=\"Commercial\""), format!("<b:Person x:type=\"Commercial\">{name}</b:Person>"));
    for none in ["xmlns:q='urn:q' x:type='q:Commercial'", "x:type='q:Commercial'", "x:type=''", "x:type='a:b:c'"] {
        assert_eq!(typed(none), format!("<b:Person>{name}</b:Person>"), "{none}");
    }
    // A prefix that only the name of a type has is declared.
    let message = "<b:Person x:type='a:T'><a:Secret>X</a:Secret></b:Person>";
    assert!(output(&filter, &xml(message)).starts_with("<b:Answer xmlns:b=\"urn:b\" xmlns:a=\"urn:a\" xmlns:x="));
    let json = r#"{"@context":{"a":"urn:a","b":"urn:b","q":"urn:q"},"b:Answer":{"b:To":"AZ0070000","b:Person":[{"x:type":"a:T"},{"x:type":"q:T"}]}}"#;
    assert_eq!(
        output(&filter, json),
        r#"{"@context":{"b":"urn:b","a":"urn:a","x":"http://www.w3.org/2001/XMLSchema-instance"},"b:Answer":{"b:To":"AZ0070000","b:Person":[{"x:type":"a:T"}]}}"#
    );
}

#[test]
fn p5_a_context_carries_nothing() {
    let filter = filter();
    let message = |context: &str| {
        format!(r#"{{"@context":{{{context}}},"b:Answer":{{"b:To":"AZ0070000","b:Person":{{"a:Name":"A"}}}}}}"#)
    };
    let wanted = message(r#""b":"urn:b","a":"urn:a""#);
    for context in [
        r#""b":"urn:b","a":"urn:a""#,
        r#""a":"urn:a","b":"urn:b""#,
        r#""s":"urn:structures","a":"urn:a","q":"urn:q","b":"urn:b""#,
        r#""\u0062":"urn:b","a":"urn\u003aa""#,
        r#""b":"urn:b""#,
        "",
    ] {
        assert_eq!(output(&filter, &message(context)), wanted, "{context}");
    }
    let marked = message(r##""b":"urn:b#","a":"urn:a#""##);
    for context in [r##""b":"urn:b#","a":"urn:a#""##, r##""a":"urn:a","b":"urn:b#""##] {
        assert_eq!(output(&filter, &message(context)), marked, "{context}");
    }
}

#[test]
fn p5_records_keep_no_shells() {
    let filter = filter();
    let record = |inside: &str| parts(&filter, &format!("<b:Record>{inside}</b:Record>"));
    let value = "<b:Text>VALUE</b:Text>";
    for shell in [
        "",
        "<b:Holder/>",
        "<b:Holder></b:Holder>",
        "<b:Holder>\n <a:Secret>X</a:Secret>\n</b:Holder>",
        "<b:Holder><b:Inner><a:Secret>X</a:Secret></b:Inner><b:Inner> </b:Inner></b:Holder>",
        "<b:Holder><q:other xmlns:q='urn:q'>X</q:other></b:Holder>",
        // What goes out elsewhere as a year doesn't go out in full with the record.
        "<b:Holder><a:Born>1985-07-04</a:Born></b:Holder>",
    ] {
        assert_eq!(record(&format!("{shell}{value}")), format!("<b:Record>{value}</b:Record>"), "{shell}");
    }
    let json = |inside: &str| {
        let message = format!(r#"{{"b:Answer":{{"b:To":"AZ0070000","b:Record":{{{inside}"b:Text":"VALUE"}}}}}}"#);
        output(&filter, &message)
    };
    for shell in [
        r#""b:Holder":"","#,
        r#""b:Holder":{},"#,
        r#""b:Holder":{"a:Secret":"X"},"#,
        r#""b:Holder":[" "],"#,
        r#""a:Born":"1985-07-04","#,
        // A name without a name.
        r#""b:":"X","#,
        r#""b:":{"b:Text":"X"},"#,
        r#""b:Holder":{"b:":{"b:Text":"X"}},"#,
        r#"":":{"b:Text":"X"},"#,
        r#"":Text":"X","#,
        r#""":{"b:Text":"X"},"#,
    ] {
        assert_eq!(json(shell), json(""), "{shell}");
    }
}

#[test]
fn attack_13_a_removed_comment_leaves_no_line() {
    let plain = nlets("").replace("><", ">\n<");
    let wanted = cleaned(&plain);
    for aside in ["<!-- limited term -->", "<?limited term?>", "<!--a--><?b?>"] {
        for other in [
            format!("{aside}\n{plain}"),
            format!("{aside}{plain}"),
            format!("{aside}\n{aside}\n\n{plain}"),
            plain.replace("<n2:Person>", &format!("{aside}\n<n2:Person>")),
            plain.replace("<n2:Person>\n", &format!("<n2:Person>\n{aside}\n")),
            plain.replace("<n2:Person>\n", &format!("<n2:Person>{aside}\n")),
            plain.replace("<nc:PersonName>\n", &format!("<nc:PersonName>\n{aside}")),
            plain.replace("</n2:Person>\n", &format!("</n2:Person> {aside}\n")),
            format!("{plain}{aside}"),
        ] {
            assert_eq!(redact(other.as_bytes()).0, wanted, "{other}");
        }
        let declared = format!("<?xml version=\"1.0\"?>\n{plain}\n");
        let wanted = cleaned(&declared);
        for other in [
            declared.replacen("?>\n", &format!("?>\n{aside}\n"), 1),
            declared.replacen("?>\n", &format!("?>{aside}\n"), 1),
            format!("{declared}{aside}"),
            format!("{declared}{aside}\n"),
        ] {
            assert_eq!(redact(other.as_bytes()).0, wanted, "{other}");
        }
    }
}

#[test]
fn p5_prefixes_of_a_kilobyte_carry_nothing() {
    let wanted = cleaned(&nlets(""));
    let prefix = format!("ADR.MESQUITE_WASH_LN.{}", "nine-zero-zero".repeat(60));
    let message = nlets("").replace("nc:", &format!("{prefix}:")).replace("xmlns:nc=", &format!("xmlns:{prefix}="));
    assert_eq!(cleaned(&message), wanted);
}

/// What a filter has seen before changes nothing, whatever the messages before were called and linked by.
#[test]
fn p10_names_of_the_messages_before_leave_nothing() {
    let person = |id: &str, name: &str| format!("<b:Person s:id='{id}'><a:Name>{name}</a:Name></b:Person>");
    let own = |parts: &str| xml(&format!("{parts}<b:Person><a:Secret>X</a:Secret></b:Person>"));
    let foreign = |message: String, prefix: &str| {
        message.replace("a:", &format!("{prefix}:")).replace("xmlns:a=", &format!("xmlns:{prefix}="))
    };
    let json = |context: &str, first: &str, second: &str| {
        format!(
            r#"{{"@context":{{{context}}},"b:Answer":{{"b:To":"AZ0070000","b:Person":[{{"@id":"{first}","a:Name":"A"}},{{"@id":"{second}"}}]}}}}"#
        )
    };
    let bound = [r#""b":"urn:b","a":"urn:a""#, r#""a":"urn:a","b":"urn:b""#, r#""b":"urn:b""#];
    let messages = [
        own(&format!("{}<b:Person s:ref='P'/>", person("P", "A"))),
        own(&format!("{}<b:Person s:ref='P'/>", person("P", "B"))),
        own(&format!("{}<b:Person s:ref='Q'/>", person("P", "A"))),
        own(&format!("{}<b:Person s:ref='Q'/>", person("Q", "A"))),
        own(&person("P", "A")),
        own(&person("id1", "A")),
        foreign(own(&person("P", "A")), "q"),
        foreign(own(&person("P", "B")), "q"),
        own(&person("P", "A")).replace("<a:Name>", "<a:Name xmlns:a='urn:a'>"),
        own(&person("P", "A")).replace("<a:Name>", "<a:Name xmlns:a='urn:other'>"),
        own("<b:Person x:type='a:T'><a:Name>A</a:Name></b:Person>"),
        own("<b:Person x:type='b:T'><a:Name>A</a:Name></b:Person>"),
        json(bound[0], "#P", "#P"),
        json(bound[0], "#P", "#Q"),
        json(bound[1], "#P", "#P"),
        json(bound[2], "_:x", "_:x"),
    ];
    let redact = |filter: &Filter, message: &str| {
        let mut out = Vec::new();
        let receipt = filter.redact(message.as_bytes(), &Requester::from_envelope(), &mut out);
        (serde_json::to_string(&receipt).unwrap(), String::from_utf8(out).unwrap())
    };
    let fresh: Vec<_> = messages.iter().map(|message| redact(&filter(), message)).collect();
    let old = filter();
    for step in [1, 3, 5, 7, 11, 13] {
        for at in 0..4 * messages.len() {
            // Each twice, so that what is kept of the first is of use for the second.
            let at = (at / 2 * step) % messages.len();
            assert_eq!(redact(&old, &messages[at]), fresh[at], "{}", messages[at]);
        }
    }
}
