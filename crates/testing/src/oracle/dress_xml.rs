//! Writes a generated message as XML in one of the many ways XML has: prefixes, defaults and redeclarations, quotes,
//! CDATA, references, white space; and, if asked, with unknown parts everywhere. How a node is written depends on its seed
//! alone and the unknown parts on the salt, so that two writings may differ in forbidden parts and nothing else.

use super::format::Format;
use super::generate::{Body, Node, Telling};
use super::xml::XSI;
use crate::dice::Dice;

pub(crate) fn xml(format: &Format, root: &Node, salt: u64) -> Vec<u8> {
    let mut writer = Writer { format, salt, out: String::new() };
    let mut dice = Dice::salted(root.seed, 1);
    let mut junk = Dice::junk(root.seed, salt, 9);
    if junk.chance(5) {
        writer.out.push('\u{FEFF}');
    }
    if dice.chance(60) {
        writer.out.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>");
    }
    writer.aside(&mut junk);
    if dice.chance(60) {
        writer.out.push('\n');
    }
    let has_plain = format
        .mapped
        .iter()
        .flat_map(|m| &m.steps)
        .map(|s| &s.name)
        .chain(&format.root)
        .any(|name| !name.contains(':'));
    let mut scope: Scope = Vec::new();
    for (prefix, uri) in &format.namespaces {
        let alias = match dice.pick(8) {
            6 => format!("{prefix}x"),
            7 if !has_plain && !scope.iter().any(|(p, _)| p.is_empty()) => String::new(),
            _ => prefix.clone(),
        };
        scope.push((alias, uri.clone()));
    }
    if !format.namespaces.values().any(|uri| uri == XSI) {
        scope.push(("xsi".to_owned(), XSI.to_owned()));
    }
    let declared = scope.clone();
    writer.element(root, &scope, declared, has_plain);
    writer.aside(&mut junk);
    if dice.chance(30) {
        writer.out.push('\n');
    }
    writer.out.into_bytes()
}

type Scope = Vec<(String, String)>;

struct Writer<'f> {
    format: &'f Format,
    salt: u64,
    out: String,
}

impl Writer<'_> {
    /// `declared` are the declarations that this start tag carries; they are in `scope` already.
    fn element(&mut self, node: &Node, scope: &Scope, mut declared: Scope, has_plain: bool) {
        let mut dice = Dice::salted(node.seed, 2);
        let mut junk = Dice::junk(node.seed, self.salt, 5);
        let mut scope = scope.clone();
        let mut used = Vec::new();
        let name = self.qualified(&node.name, &mut scope, (&mut declared, &mut used), &mut dice, !has_plain);
        let mut attributes = Vec::new();
        let references = &self.format.references;
        let own = node.attributes.iter().map(|a| (Some(&a.name), &a.value, false));
        // Ids are written as they are: the filter takes one with a character reference in it for none.
        let id = node.id.iter().map(|id| (references.id.as_ref(), id, true));
        let by_uri = references.reference.is_none() || (references.uri.is_some() && dice.chance(30));
        let target = node.refers.as_ref().map(|to| if by_uri { format!("#{to}") } else { to.clone() });
        let refers = target
            .iter()
            .map(|to| (if by_uri { references.uri.as_ref() } else { references.reference.as_ref() }, to, true));
        let named = own.chain(id).chain(refers).filter_map(|(name, value, plain)| Some((name?, value, plain)));
        for (n, (attribute, value, plain)) in named.enumerate() {
            let name = self.qualified(attribute, &mut scope, (&mut declared, &mut used), &mut dice, false);
            // With dice of its own: the value may change, and nothing after it may depend on that.
            let mut own = if plain { Dice::new(&[]) } else { Dice::salted(node.seed, 100 + n as u64) };
            attributes.push(format!("{name}={}", quoted(value, &mut own)));
        }
        if matches!(node.body, Body::Text { nil: true, .. }) || node.telling == Some(Telling::Nil) {
            let prefix = scope.iter().rev().find(|(_, uri)| uri == XSI).expect("xsi is declared at the root");
            attributes.push(format!("{}:nil=\"true\"", prefix.0));
        }
        for (prefix, uri) in &declared {
            let name = if prefix.is_empty() { "xmlns".to_owned() } else { format!("xmlns:{prefix}") };
            let at = dice.pick(attributes.len() + 1);
            attributes.insert(at, format!("{name}={}", quoted(uri, &mut Dice::new(&[]))));
        }
        self.out.push('<');
        self.out.push_str(&name);
        for attribute in attributes {
            self.stray_attribute(&mut junk, &scope);
            self.out.push_str(dice.text(&[" ", " ", " ", "\n    "]));
            self.out.push_str(&attribute);
        }
        self.stray_attribute(&mut junk, &scope);
        match &node.body {
            Body::Text { value, .. } if node.telling.is_some() => {
                // Nothing may stand in it but what the case wants: what the part around it is depends on that.
                self.out.push('>');
                let mut none = Dice::new(&[]);
                let at = value.len() / 2;
                let (first, second) =
                    if value.is_char_boundary(at) { value.split_at(at) } else { (value.as_str(), "") };
                let between = match node.telling {
                    Some(Telling::WithComment) => "<!--a note-->",
                    Some(Telling::WithPart) => "<zqPart/>",
                    _ => "",
                };
                if between.is_empty() {
                    self.text(value, &mut dice, &mut none, None);
                } else {
                    self.text(first, &mut none.clone(), &mut none, None);
                    self.out.push_str(between);
                    self.text(second, &mut none.clone(), &mut none, None);
                }
                self.out.push_str(&format!("</{name}>"));
            }
            Body::Text { value, .. } if value.is_empty() && dice.chance(50) => self.out.push_str("/>"),
            Body::Text { value, record, .. } => {
                self.out.push('>');
                self.text(value, &mut dice, &mut junk, if *record { None } else { Some(&scope) });
                self.out.push_str(&format!("</{name}>"));
            }
            // One that stays for its attributes is never written so: what it held may be absent from one message only.
            Body::Kids { kids, .. } if kids.is_empty() && node.attributes.is_empty() && dice.chance(50) => {
                self.out.push_str("/>");
            }
            Body::Kids { kids, record } => {
                self.out.push('>');
                for kid in kids {
                    self.strangers(&mut Dice::junk(kid.seed, self.salt, 7), if *record { None } else { Some(&scope) });
                    // White space is no forbidden part, so what may be absent brings none of its own.
                    let space = Dice::salted(kid.seed, 3).text(&["", "", "\n  ", " \r\n\t"]);
                    self.out.push_str(if kid.droppable { "" } else { space });
                    self.element(kid, &scope, Vec::new(), has_plain);
                    if kid.telling == Some(Telling::Twice) {
                        self.element(kid, &scope, Vec::new(), has_plain);
                    }
                }
                self.strangers(&mut junk, if *record { None } else { Some(&scope) });
                self.out.push_str(dice.text(&["", "", "\n  "]));
                self.out.push_str(&format!("</{name}{}>", if dice.chance(5) { " " } else { "" }));
            }
        }
    }

    /// A name with a prefix that means its namespace here, which may be declared for the purpose.
    fn qualified(
        &self,
        name: &str,
        scope: &mut Scope,
        (declared, used): (&mut Scope, &mut Vec<String>),
        dice: &mut Dice,
        may_default: bool,
    ) -> String {
        let Some((prefix, local)) = name.split_once(':') else { return name.to_owned() };
        let uri = self.format.namespaces.get(prefix).map_or(XSI, String::as_str).to_owned();
        let visible = |scope: &Scope, p: &str| scope.iter().rev().find(|(q, _)| q == p).map(|(_, u)| u.clone());
        let fits = |p: &str| (may_default || !p.is_empty()) && visible(scope, p).as_ref() == Some(&uri);
        let known: Vec<String> = scope.iter().map(|(p, _)| p.clone()).filter(|p| fits(p)).collect();
        let prefix = if known.is_empty() || (may_default && dice.chance(6)) {
            // A prefix may be taken from another namespace, but not twice in one tag.
            let others = self.format.namespaces.keys().cloned();
            let mut names: Vec<String> = ["a", "ns0"].map(str::to_owned).into_iter().chain(others).collect();
            if may_default {
                names.push(String::new());
            }
            names.retain(|p| !declared.iter().any(|(q, _)| q == p) && !used.contains(p) && p != "xsi");
            let prefix = dice.one_of(&names).clone();
            scope.push((prefix.clone(), uri.clone()));
            declared.push((prefix.clone(), uri));
            prefix
        } else {
            dice.one_of(&known).clone()
        };
        used.push(prefix.clone());
        if prefix.is_empty() { local.to_owned() } else { format!("{prefix}:{local}") }
    }

    /// A leaf's text, cut in segments between which unknown parts may stand. No scope, no child elements.
    fn text(&mut self, value: &str, dice: &mut Dice, junk: &mut Dice, scope: Option<&Scope>) {
        let style = dice.pick(6);
        let mut segments: Vec<String> = Vec::new();
        if style == 5 && !value.is_empty() && !value.contains("]]>") && !value.contains('\r') {
            segments.push(format!("<![CDATA[{value}]]>"));
        } else {
            for c in value.chars() {
                let spell = style >= 3 && dice.chance(20);
                segments.push(match c {
                    '<' => "&lt;".to_owned(),
                    '&' => "&amp;".to_owned(),
                    '>' => "&gt;".to_owned(),
                    '\'' if spell => "&apos;".to_owned(),
                    c if spell && c.is_ascii_uppercase() => format!("&#x{:X};", u32::from(c)),
                    c if spell => format!("&#{};", u32::from(c)),
                    c => c.to_string(),
                });
            }
        }
        for segment in segments {
            if junk.chance(3) {
                self.inside(junk, scope);
            }
            self.out.push_str(&segment);
        }
        if junk.chance(8) {
            self.inside(junk, scope);
        }
    }

    fn inside(&mut self, junk: &mut Dice, scope: Option<&Scope>) {
        match scope {
            Some(scope) if junk.chance(40) => self.stranger(junk, scope),
            _ => {
                let aside = aside(junk);
                self.out.push_str(&aside);
            }
        }
    }

    fn aside(&mut self, junk: &mut Dice) {
        if junk.chance(20) {
            let aside = aside(junk);
            self.out.push_str(&aside);
        }
    }

    /// Unknown parts between elements. In a record every name of the format's is known, so only foreign ones stand there.
    fn strangers(&mut self, junk: &mut Dice, scope: Option<&Scope>) {
        if !junk.chance(15) {
            return;
        }
        match (junk.pick(4), scope) {
            (0, _) => self.aside(junk),
            (1, _) => self.out.push_str("junkZQtext"),
            (2, _) | (_, None) => self.out.push_str("<zq:a xmlns:zq=\"urn:zq\" zq:b='junkZQ'>junkZQ<zq:c/></zq:a>"),
            (_, Some(scope)) => self.stranger(junk, scope),
        }
    }

    /// An unknown element with a name like the known ones: wrong place, wrong namespace or wrong case.
    fn stranger(&mut self, junk: &mut Dice, scope: &Scope) {
        let mapped = junk.one_of(&self.format.mapped);
        let name = mapped.steps.last().map_or("o:Root", |step| &step.name);
        let local = name.rsplit(':').next().unwrap_or_default().replace('*', "zq");
        let text = match junk.pick(4) {
            0 => format!("<zqUnknown>junkZQ<{local} xmlns=\"urn:zq\">junkZQ</{local}></zqUnknown>"),
            1 => format!("<{local} xmlns=\"urn:zq\">junkZQ</{local}>"),
            2 => format!(
                "<zq:{local} xmlns:zq=\"http://niem.gov/niem/niem-core/9.0\"><!-- junkZQ --><zq:{local}/></zq:{local}>"
            ),
            _ => match scope.iter().find(|(p, _)| !p.is_empty() && p != "xsi") {
                Some((prefix, _)) => format!("<{prefix}:Zq{local} {prefix}:zqid='junkZQ'>junkZQ</{prefix}:Zq{local}>"),
                None => "<zqUnknown/>".to_owned(),
            },
        };
        self.out.push_str(&text);
    }

    fn stray_attribute(&mut self, junk: &mut Dice, scope: &Scope) {
        if !junk.chance(6) {
            return;
        }
        let serial = self.out.len();
        let text = match (junk.pick(4), scope.iter().rev().find(|(p, _)| !p.is_empty())) {
            (0, _) => format!(" zq{serial}=\"junkZQ &amp; more\""),
            (1, _) => format!(" xmlns:zq{serial}='urn:junkZQ'"),
            (2, Some((prefix, _))) => format!("\n {prefix}:zq{serial} = 'junkZQ'"),
            _ => format!(" xml:zq{serial}=\"junkZQ\""),
        };
        self.out.push_str(&text);
    }
}

fn aside(junk: &mut Dice) -> String {
    junk.text(&["<!-- junkZQ -->", "<?zq junkZQ?>", "<!--<a>junkZQ</a>-->", "<?xml-stylesheet href='junkZQ'?>"])
        .to_owned()
}

fn quoted(value: &str, dice: &mut Dice) -> String {
    let quote = *dice.one_of(&['"', '"', '\'']);
    let mut text = String::from(quote);
    for c in value.chars() {
        match c {
            '<' => text.push_str("&lt;"),
            '&' => text.push_str("&amp;"),
            '\n' => text.push_str("&#10;"),
            c if c == quote => text.push_str(if c == '"' { "&quot;" } else { "&apos;" }),
            c if dice.chance(4) => text.push_str(&format!("&#x{:x};", u32::from(c))),
            c => text.push(c),
        }
    }
    text.push(quote);
    text
}
