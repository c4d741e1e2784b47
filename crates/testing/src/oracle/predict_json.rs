//! What must go out of a JSON message: a walk over the tree that keeps what is mapped and granted.
//! Arrays are transparent, names are compared decoded and written in the mapping's spelling.

use std::collections::BTreeSet;

use super::Asker;
use super::format::{Format, Mapped, Place, RDF_VALUE};
use super::json::{Json, Member};
use super::predict::{Judge, NOTICE, Prediction, Setting, admit};

const CONTEXT: &str = "@context";

pub(crate) fn predict(setting: Setting<'_>, asker: &Asker, message: &[u8]) -> Prediction<Json> {
    let refused = |why: &str| Prediction::Refused(why.to_owned());
    let top = match Json::read(message) {
        Ok(top) => top,
        // A lexeme that no f64 holds is JSON all the same; this parser can't tell what comes after it.
        Err(why) if why.to_string().starts_with("number out of range") => return Prediction::Open("a huge number"),
        Err(_) => return refused("not well-formed"),
    };
    let at_top = |name: &str| top.members().iter().filter(|m| m.name == name).collect::<Vec<_>>();
    let mut known = setting.formats.iter().filter(|f| f.json && !at_top(&f.root).is_empty());
    let (Some(format), None) = (known.next(), known.next()) else {
        return refused("no known format, or several");
    };
    let (roots, contexts) = (at_top(&format.root), at_top(CONTEXT));
    if roots.len() > 1 || contexts.len() > 1 {
        return refused("a name twice at the top");
    }
    if let Some(why) = contexts.first().and_then(|context| contradiction(format, &context.value)) {
        return why;
    }
    let root = &roots[0].value;
    let texts = |path: &Option<Vec<String>>| path.as_ref().map(|path| texts_at(root, path)).unwrap_or_default();
    let types = texts(&format.message_type);
    let mut walk = match admit(setting, format, asker, &types, &texts(&format.requester)) {
        Ok(judge) => Walk { format, judge, alive: BTreeSet::new(), pointed: BTreeSet::new(), ids: Vec::new() },
        Err(prediction) => return prediction,
    };
    if matches!(root, Json::Array(_)) {
        walk.judge.open = Some("an array at the root");
    }
    loop {
        walk.judge.begin();
        walk.ids.clear();
        let before = (walk.alive.clone(), walk.pointed.clone());
        let out = walk.value(root, &mut Vec::new()).filter(|out| !out.placeholder);
        walk.alive = walk.ids.iter().cloned().collect();
        if walk.alive.len() < walk.ids.len() {
            walk.judge.open = Some("an id twice");
        }
        if before == (walk.alive.clone(), walk.pointed.clone()) || walk.judge.open.is_some() {
            let mut root = out.map(|out| numbered(out.json, format, &mut Vec::new()));
            if let (Some(name), true, Some(Json::Object(members))) =
                (&format.notice, walk.judge.owes_notice(), &mut root)
            {
                members.push(Member::new(name, Json::string(NOTICE)));
            }
            return walk.judge.finish(root.map(|root| with_context(top.members(), format, root)));
        }
    }
}

/// One value that goes out; `placeholder` if it only stands for a denied part.
struct Kept {
    json: Json,
    placeholder: bool,
}

impl Kept {
    fn content(json: Json) -> Option<Self> {
        Some(Kept { json, placeholder: false })
    }
}

struct Walk<'w, 'f> {
    format: &'f Format,
    judge: Judge<'w>,
    alive: BTreeSet<String>,
    pointed: BTreeSet<String>,
    ids: Vec<String>,
}

impl Walk<'_, '_> {
    fn value(&mut self, value: &Json, path: &mut Vec<String>) -> Option<Kept> {
        let Json::Array(items) = value else { return self.item(value, path) };
        // An array directly in an array is unknown, whatever it holds.
        let known = items.iter().filter(|item| !matches!(item, Json::Array(_)));
        let kept: Vec<Kept> = known.filter_map(|item| self.item(item, path)).collect();
        // One stand-in is enough for a list of which nothing is left, and none is needed beside what is left.
        let placeholder = kept.iter().find(|item| item.placeholder).map(|item| item.json.clone());
        let left: Vec<Json> = kept.into_iter().filter(|item| !item.placeholder).map(|item| item.json).collect();
        match placeholder {
            Some(json) if left.is_empty() => Some(Kept { json, placeholder: true }),
            _ => (!left.is_empty()).then_some(Kept { json: Json::Array(left), placeholder: false }),
        }
    }

    fn item(&mut self, item: &Json, path: &mut Vec<String>) -> Option<Kept> {
        let format = self.format;
        let kept = match (format.place(path), item) {
            (Place::Unknown, _) => return None,
            (Place::Record(_), _) if self.judge.is_foreign_in_record(format, path) => return None,
            (Place::Text, _) => None,
            (Place::Leaf(element), Json::Object(members)) => self.wrapped_leaf(members, path, element),
            (Place::Leaf(element), _) => {
                if *item == null() && format.nillable.iter().any(|nillable| nillable == path) {
                    self.judge.open = Some("a null where null may stand for a denied value");
                }
                self.scalar(element, item).and_then(Kept::content)
            }
            (Place::Record(element), Json::Object(members)) => {
                let denied = !self.judge.grants(element);
                let more = |m: &Mapped| m.steps.starts_with(path) && m.steps.len() > path.len();
                if denied && !format.mapped.iter().any(more) { None } else { self.object(members, path) }
            }
            // As in XML.
            (Place::Record(_), Json::Scalar(lexeme)) if lexeme.starts_with('"') && is_blank(item) => None,
            (Place::Record(element), _) => self.scalar(element, item).and_then(Kept::content),
            (Place::Container, Json::Object(members)) => self.object(members, path),
            (Place::Container, _) => None,
        };
        kept.or_else(|| self.placeholder(path))
    }

    fn scalar(&mut self, element: &str, value: &Json) -> Option<Json> {
        let text = value.text()?;
        let written = self.judge.value(element, &text)?;
        // What is a number before its treatment is one after it, if it can be.
        let is_number = matches!(value, Json::Scalar(lexeme) if !lexeme.starts_with('"'));
        let as_number =
            |text: &String| is_number && text.parse::<u64>().is_ok_and(|number| number.to_string() == *text);
        Some(match written {
            None => value.clone(),
            Some(text) if as_number(&text) => Json::Scalar(text),
            Some(text) => Json::string(&text),
        })
    }

    fn wrapped_leaf(&mut self, members: &[Member], path: &[String], element: &str) -> Option<Kept> {
        let wrappable = self.format.namespaces.contains_key("rdf");
        let value = &members.iter().find(|m| wrappable && m.name == RDF_VALUE)?.value;
        self.refuse_twins(members, |name| name == RDF_VALUE || self.format.attribute(path, name).is_some());
        let value = self.scalar(element, value)?;
        let mut kept = Vec::new();
        for member in members {
            if member.name == RDF_VALUE {
                kept.push(Member::new(RDF_VALUE, value.clone()));
            } else {
                kept.extend(self.attribute(member, path));
            }
        }
        Kept::content(Json::Object(kept))
    }

    fn attribute(&mut self, member: &Member, path: &[String]) -> Option<Member> {
        let element = self.format.attribute(path, &member.name)?.to_owned();
        self.scalar(&element, &member.value).map(|value| Member::new(&member.name, value))
    }

    fn object(&mut self, members: &[Member], path: &mut Vec<String>) -> Option<Kept> {
        let id = self.format.references.json.clone();
        let is_id = |name: &str| id.as_deref() == Some(name);
        let format = self.format;
        let known = |name: &str| {
            let below = [path.as_slice(), &[name.to_owned()]].concat();
            is_id(name) || format.attribute(path, name).is_some() || !matches!(format.place(&below), Place::Unknown)
        };
        self.refuse_twins(members, known);
        let own_id = members.iter().find(|m| is_id(&m.name)).and_then(|m| m.value.text());
        let mut own = members.iter().filter(|m| known(&m.name));
        if let (Some(target), Some(only), None) = (&own_id, own.next(), own.next()) {
            // A reference where nothing could be granted would tell that something is there.
            return if self.judge.grants_reference(self.format, path) && self.alive.contains(target) {
                self.pointed.insert(target.clone());
                Kept::content(Json::Object(vec![Member::new(&only.name, only.value.clone())]))
            } else {
                None
            };
        }
        let mut kept: Vec<(Member, bool)> = Vec::new();
        for member in members {
            if is_id(&member.name) {
                let pointed = own_id.as_ref().is_some_and(|id| self.pointed.contains(id));
                kept.extend(pointed.then(|| (Member::new(&member.name, member.value.clone()), true)));
            } else if let Some(attribute) = self.attribute(member, path) {
                kept.push((attribute, false));
            } else {
                path.push(member.name.clone());
                let value = self.value(&member.value, path);
                kept.extend(value.map(|value| (Member::new(&member.name, value.json), value.placeholder)));
                path.pop();
            }
        }
        if kept.iter().all(|(_, hollow)| *hollow) {
            return None;
        }
        self.ids.extend(own_id);
        Kept::content(Json::Object(kept.into_iter().map(|(member, _)| member).collect()))
    }

    fn refuse_twins(&mut self, members: &[Member], known: impl Fn(&str) -> bool) {
        let mut seen = BTreeSet::new();
        if let Some(twin) = members.iter().find(|m| known(&m.name) && !seen.insert(m.name.as_str())) {
            self.judge.refused.get_or_insert(format!("{} twice", twin.name));
        }
    }

    fn placeholder(&self, path: &[String]) -> Option<Kept> {
        let json = match self.format.when_denied(path)? {
            "nil" => null(),
            "empty" => Json::string(""),
            constant => Json::string(constant),
        };
        Some(Kept { json, placeholder: true })
    }
}

fn null() -> Json {
    Json::Scalar("null".to_owned())
}

/// The verdict on a `@context` that is not the plain, complete table of the format's own prefixes.
fn contradiction(format: &Format, context: &Json) -> Option<Prediction<Json>> {
    let refused = || Some(Prediction::Refused("a context that contradicts the format".to_owned()));
    let Json::Object(bindings) = context else { return refused() };
    for binding in bindings {
        let is_string = matches!(&binding.value, Json::Scalar(lexeme) if lexeme.starts_with('"'));
        let Some(uri) = binding.value.text().filter(|_| is_string) else { return refused() };
        let same_prefix = format.namespaces.get(&binding.name);
        // JSON-LD puts a `#` behind a namespace that has none.
        let is = |known: &String| *known == uri || uri.strip_suffix('#') == Some(known);
        let same_uri = format.namespaces.values().any(is);
        if same_prefix.is_some_and(|known| !is(known)) || (same_prefix.is_none() && same_uri) {
            return refused();
        }
        if binding.name.starts_with('@') || bindings.iter().filter(|b| b.name == binding.name).count() > 1 {
            return Some(Prediction::Open("a keyword or a prefix twice in the context"));
        }
    }
    let bound = |prefix: &String| bindings.iter().any(|b| b.name == *prefix);
    (!format.namespaces.keys().all(bound)).then_some(Prediction::Open("a context that leaves prefixes out"))
}

fn with_context(top: &[Member], format: &Format, root: Json) -> Json {
    let mut used = BTreeSet::from([prefix(&format.root)]);
    prefixes(&root, &mut used);
    let mut members = Vec::new();
    for member in top {
        if member.name == CONTEXT {
            let used = |own: &&String| used.contains(own.as_str());
            let bindings: Vec<Member> = format
                .listed
                .iter()
                .filter(used)
                .map(|own| {
                    let uri = &format.namespaces[own];
                    let alike =
                        |b: &&Member| used(&&b.name) && format.namespaces[&b.name].ends_with('/') == uri.ends_with('/');
                    let marked = |b: &Member| b.value.text().is_some_and(|text| text != format.namespaces[&b.name]);
                    let mark = if member.value.members().iter().filter(alike).any(marked) { "#" } else { "" };
                    Member::new(own, Json::string(&format!("{uri}{mark}")))
                })
                .collect();
            if !bindings.is_empty() {
                members.push(Member::new(CONTEXT, Json::Object(bindings)));
            }
        } else if member.name == format.root {
            members.push(Member::new(&format.root, root.clone()));
        }
    }
    Json::Object(members)
}

fn is_blank(value: &Json) -> bool {
    value.text().is_some_and(|text| text.trim_matches([' ', '\t', '\r', '\n']).is_empty())
}

/// The same with the names of its objects numbered in the order in which they come.
fn numbered(value: Json, format: &Format, names: &mut Vec<String>) -> Json {
    match value {
        Json::Scalar(_) => value,
        Json::Array(items) => Json::Array(items.into_iter().map(|item| numbered(item, format, names)).collect()),
        Json::Object(members) => Json::Object(
            members
                .into_iter()
                .map(|member| match member.value.text() {
                    Some(target) if Some(&member.name) == format.references.json.as_ref() => {
                        let place = names.iter().position(|known| *known == target).unwrap_or_else(|| {
                            names.push(target);
                            names.len() - 1
                        });
                        Member::new(&member.name, Json::string(&format!("#id{}", place + 1)))
                    }
                    _ => Member { value: numbered(member.value, format, names), ..member },
                })
                .collect(),
        ),
    }
}

fn prefix(name: &str) -> &str {
    name.split_once(':').map_or("", |(prefix, _)| prefix)
}

fn prefixes<'j>(value: &'j Json, used: &mut BTreeSet<&'j str>) {
    match value {
        Json::Scalar(_) => {}
        Json::Array(items) => items.iter().for_each(|item| prefixes(item, used)),
        Json::Object(members) => members.iter().for_each(|m| {
            used.insert(prefix(&m.name));
            prefixes(&m.value, used);
        }),
    }
}

fn texts_at(value: &Json, path: &[String]) -> Vec<String> {
    match (value, path.split_first()) {
        (Json::Array(items), _) => {
            items.iter().filter(|item| !matches!(item, Json::Array(_))).flat_map(|item| texts_at(item, path)).collect()
        }
        (Json::Object(members), None) => {
            members.iter().find(|m| m.name == RDF_VALUE).and_then(|m| m.value.text()).into_iter().collect()
        }
        (scalar, None) => scalar.text().into_iter().collect(),
        (_, Some((step, rest))) => {
            let name = step.strip_prefix('@').unwrap_or(step);
            value.members().iter().filter(|m| m.name == name).flat_map(|m| texts_at(&m.value, rest)).collect()
        }
    }
}
