//! What the reader accepts and refuses (P2, P3); attack by attack, as docs/threat-model.md numbers them.

use super::*;

fn read(text: &str) -> ReadResult<()> {
    let (limits, known) = (Limits::default(), Namespaces::default());
    let mut state = XmlState::default();
    let (mut reader, _) = XmlReader::open(text, Encoding::Utf8, &limits, &known, &mut state)?;
    while !matches!(reader.next_event()?, Event::Done) {}
    Ok(())
}

#[test]
fn well_formed_messages_are_read() {
    for good in [
        "<a/>",
        "<?xml version=\"1.0\"?><a></a >",
        "\u{FEFF}<?xml version='1.0' encoding='utf-8' standalone='no' ?>\n<!-- c --><?p x?><a b='1' c=\"&lt;\"/> <!--d-->\n",
        "<a xmlns='u' xmlns:p='v'><p:b p:c='1' c='2'/><b xmlns=''/></a>",
        "<a>x &amp; &#x41; &#0000000065; ]] > <![CDATA[ <b> ]] ]]></a>",
        "<é ü='ö'>日本\u{FFFD}</é>",
        "<a xml:lang='en' xmlns:xml='http://www.w3.org/XML/1998/namespace'/>",
        "<a>\r\n</a>",
    ] {
        assert_eq!(read(good), Ok(()), "{good}");
    }
}

#[test]
fn attack_12_to_21_ill_formed_messages_are_refused() {
    for bad in [
        "",
        " ",
        "<a>",
        "<a></b>",
        "<a/><b/>",
        "x<a/>",
        "<a/>x",
        "<a></a",
        "<a",
        "<a b></a>",
        "<a b=c/>",
        "<a b='1'c='2'/>",
        "<a b='1' b='2'/>",
        "<a b='<'/>",
        "<a b='&x;'/>",
        "<a>&x;</a>",
        "<a>&</a>",
        "<a>&amp</a>",
        "<a>]]></a>",
        "<a>\u{1}</a>",
        "<a>\u{FFFE}</a>",
        "<a>&#0;</a>",
        "<a>&#xFFFE;</a>",
        "<a>&#xD800;</a>",
        "<a>&#+65;</a>",
        "<a>&#;</a>",
        "<a>&#x;</a>",
        "<a><!-- -- --></a>",
        "<a><!-- x ---></a>",
        "<a><?xml x?></a>",
        "<a><?XML?></a>",
        "<a><??></a>",
        "<a><?p</a>",
        " <?xml version='1.0'?><a/>",
        "<?xml version='1.1'?><a/>",
        "<?xml encoding='UTF-8'?><a/>",
        "<?xml version='1.0'encoding='UTF-8'?><a/>",
        "<?xml version='1.0' standalone='maybe'?><a/>",
        "<?xml?><a/>",
        "<1a/>",
        "<-a/>",
        "<:a/>",
        "<a:/>",
        "<x::y/>",
        "<a:b:c xmlns:a='u'/>",
        "<p:a/>",
        "<a p:b='1'/>",
        "<a xmlns:p=''/>",
        "<a xmlns:xmlns='u'/>",
        "<a xmlns:xml='u'/>",
        "<a xmlns:p='http://www.w3.org/XML/1998/namespace'/>",
        "<a xmlns='http://www.w3.org/2000/xmlns/'/>",
        "<a xmlns:p='u' xmlns:q='u' p:b='1' q:b='2'/>",
        "<a xmlns:p='u&#x64;' xmlns:q='ud' p:b='1' q:b='2'/>",
        "<a xmlns='u' xmlns='v'/>",
        "<!DOCTYPE a><a/>",
        "<a><!DOCTYPE a></a>",
        "<a><![cdata[x]]></a>",
        "<a><![CDATA[x]]</a>",
        "<![CDATA[x]]><a/>",
        "<a/>&#32;",
        "< a/>",
        "<a / >",
        "</a>",
        "<a></ a>",
        "<a><b></a></b>",
        "<?p:q x?><a/>",
        "<a b='1' / c='2'>",
        "<a b=\"\u{0}\"/>",
        "<a\u{A0}b='1'/>",
        "<?xml version='1.0' encoding='UTF-16'?><a/>",
        "<?xml version='1.0' encoding='ISO-8859-1'?><a/>",
        "<a><p:b xmlns:q='u'/></a>",
        "<a><b xmlns:p='u'/><p:c/></a>",
    ] {
        assert!(read(bad).is_err(), "{bad}");
    }
}

#[test]
fn attack_16_a_namespace_written_with_references_is_expanded_before_it_is_compared() {
    let mut known = Namespaces::default();
    let limits = Limits::default();
    let id = known.intern("urn:d");
    let mut state = XmlState::default();
    let (mut reader, _) =
        XmlReader::open("<a xmlns='urn:&#x64;'/>", Encoding::Utf8, &limits, &known, &mut state).unwrap();
    let Event::Start(tag) = reader.next_event().unwrap() else { panic!("a start tag comes first") };
    assert_eq!(tag.namespace, id);
}

#[test]
fn attack_23_limits_hold() {
    let wide: String = (0..300).map(|at| format!(" a{at}='1'")).collect();
    let many: String = (0..300).map(|at| format!(" xmlns:a{at}='u{at}'")).collect();
    for over in ["<a>".repeat(200), format!("<a{wide}/>"), format!("<a{many}/>"), format!("<{}/>", "a".repeat(2000))] {
        assert_eq!(read(&over).unwrap_err().reason(), Reason::Limit);
    }
}

#[test]
fn p8_many_attributes_and_declarations_mean_what_few_do() {
    let limits = Limits { attributes: 1 << 20, namespaces: 1 << 20, ..Limits::default() };
    let read = |text: &str| {
        let known = Namespaces::default();
        let mut state = XmlState::default();
        let (mut reader, _) = XmlReader::open(text, Encoding::Utf8, &limits, &known, &mut state)?;
        while !matches!(reader.next_event()?, Event::Done) {}
        Ok::<_, Refusal>(())
    };
    for count in [1, 31, 32, 33, 34, 64, 20_000] {
        let declared: String =
            (0..count).map(|at| format!(" xmlns:p{at}='urn:&#x{:x};'", 0x4E00 + at % 5000)).collect();
        let attributes: String = (0..count).map(|at| format!(" p{at}:a{}='1'", at / 5000)).collect();
        let inner = format!("<p0:b xmlns:p0='urn:q'><p0:c/><p{0}:d/></p0:b><p{0}:e/>", count - 1);
        assert_eq!(read(&format!("<a{declared}{attributes}>{inner}</a>")), Ok(()), "{count}");
        for wrong in [
            format!("<a{declared}{attributes} p0:a0=''>{inner}</a>"),
            format!("<a{declared}{attributes} xmlns:p0=''>{inner}</a>"),
            format!("<a{declared}{attributes} xmlns:q='urn:&#x4E00;' q:a0='2'>{inner}</a>"),
            format!("<a{declared} p{count}:x='1'>{inner}</a>"),
            format!("<a><b{declared}/>{inner}</a>"),
        ] {
            assert!(read(&wrong).is_err(), "{count}");
        }
    }
}
