//! What must go out of a JSON message: a walk over the tree that keeps what is mapped and granted.
//! Arrays are transparent, names are compared decoded and written in the mapping's spelling.

use std::collections::BTreeSet;

use super::Asker;
use super::format::{Format, Place, RDF_VALUE, leads, trimmed};
use super::json::{Json, Member};
use super::predict::{Judge, NOTICE, Prediction, Setting, admit};
use super::step::{Asked, Step};

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
    let is_of = |f: &&Format| match &f.root {
        Some(root) => !at_top(root).is_empty(),
        None => is_recognised(f, &top),
    };
    let mut known = setting.formats.iter().filter(|f| f.json).filter(is_of);
    let (Some(format), None) = (known.next(), known.next()) else {
        return refused("no known format, or several");
    };
    let root = match &format.root {
        None => &top,
        Some(name) => {
            let (roots, contexts) = (at_top(name), at_top(CONTEXT));
            if roots.len() > 1 || contexts.len() > 1 {
                return refused("a name twice at the top");
            }
            if top.members().iter().any(|member| is_respelled(format, &member.name)) {
                return refused("a name of the format in another spelling");
            }
            if let Some(why) = contexts.first().and_then(|context| contradiction(format, &context.value)) {
                return why;
            }
            &roots[0].value
        }
    };
    let texts =
        |path: &Option<Vec<Step>>| path.as_ref().map(|path| texts_at(format, root, &[], path)).unwrap_or_default();
    let types = texts(&format.message_type);
    let told = format.attributes.iter().filter(|(name, _)| setting.policy.tells_apart(name));
    if told.clone().any(|(_, path)| has_no_value_at(format, root, &[], path)) {
        return refused("something else is where a value of the request is stated");
    }
    let stated = told.map(|(name, path)| (name.clone(), texts_at(format, root, &[], path))).collect();
    let mut walk = match admit(setting, format, asker, &types, &texts(&format.requester), &stated) {
        Ok(judge) => Walk { format, judge, alive: BTreeSet::new(), pointed: BTreeSet::new(), ids: Vec::new() },
        Err(prediction) => return prediction,
    };
    if matches!(root, Json::Array(_)) && format.root.is_some() {
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
            if let (Some(name), Some(text), Some(Json::Object(members))) =
                (&format.legal_notice, walk.judge.legal_notice(), &mut root)
            {
                members.push(Member::new(name, Json::string(&text)));
            }
            return walk.judge.finish(root.map(|root| whole(top.members(), format, root)));
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
    fn value(&mut self, value: &Json, path: &mut Vec<Step>) -> Option<Kept> {
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

    fn item(&mut self, item: &Json, path: &mut Vec<Step>) -> Option<Kept> {
        let format = self.format;
        let predicates = holding(format, item, path);
        if let Some(step) = path.last_mut() {
            step.predicates.clear();
            let step = step.clone();
            let asked = format.variants(path).concat();
            self.refuse_twins(item.members(), |name| asked.iter().any(|asked| asked.part == name));
            path.pop();
            path.push(Step { predicates, ..step });
        }
        let kept = match (format.place(path), item) {
            (Place::Unknown, _) => return None,
            (Place::Record(_), _) if self.judge.is_foreign_in_record(format, path, false) => return None,
            (Place::Text, _) => None,
            (Place::Leaf(element), Json::Object(members)) => self.wrapped_leaf(members, path, element),
            (Place::Leaf(element), _) => {
                if *item == null() && format.is_nillable(path) {
                    self.judge.open = Some("a null where null may stand for a denied value");
                }
                self.scalar(element, item).and_then(Kept::content)
            }
            (Place::Record(element), Json::Object(members)) => {
                let denied = !self.judge.grants(element);
                let goes_on = format.mapped.iter().any(|m| m.steps.len() > path.len() && leads(&m.steps, path));
                if denied && !goes_on { None } else { self.object(members, path) }
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

    /// An object that wraps a value. What is beside one that violates its shape is a member like any other.
    fn wrapped_leaf(&mut self, members: &[Member], path: &[Step], element: &str) -> Option<Kept> {
        let format = self.format;
        let is_value = |name: &str| format.namespaces.contains_key("rdf") && name == RDF_VALUE;
        if !self.judge.grants(element) {
            return None;
        }
        self.refuse_twins(members, |name| is_value(name) || format.attribute(path, name, false).is_some());
        self.refuse_respelled(members);
        let (mut kept, mut told, mut has_content) = (Vec::new(), 0, false);
        for member in members {
            if is_value(&member.name) {
                let value = self.scalar(element, &member.value);
                has_content |= value.is_some();
                kept.extend(value.map(|value| Member::new(RDF_VALUE, value)));
            } else if is_several(&member.value) && is_untold(format, path, &member.name) {
                continue;
            } else if let Some(telling) = self.telling(member, path) {
                kept.push(telling);
                told += 1;
            } else if let Some(attribute) = self.attribute(member, path) {
                has_content = true;
                kept.push(attribute);
            }
        }
        if !has_content {
            return None;
        }
        (0..told).for_each(|_| self.judge.tell());
        Kept::content(Json::Object(kept))
    }

    fn attribute(&mut self, member: &Member, path: &[Step]) -> Option<Member> {
        let element = self.format.attribute(path, &member.name, false)?.to_owned();
        self.scalar(&element, &member.value).map(|value| Member::new(&member.name, value))
    }

    /// A member that tells what its object is, which goes out with it as it is.
    fn telling(&self, member: &Member, path: &[Step]) -> Option<Member> {
        self.format.tells(path, false, &member.name, false)?;
        Some(Member::new(&member.name, without_more(&member.value)))
    }

    fn object(&mut self, members: &[Member], path: &mut Vec<Step>) -> Option<Kept> {
        let id = self.format.references.json.clone();
        let is_id = |name: &str| id.as_deref() == Some(name);
        let format = self.format;
        let here = path.clone();
        let known = |name: &str| {
            let below = [here.as_slice(), &[format.step(&here, name, false)]].concat();
            is_id(name)
                || format.tells(&here, false, name, false).is_some()
                || format.attribute(&here, name, false).is_some()
                || !matches!(format.place(&below), Place::Unknown)
        };
        self.refuse_twins(members, known);
        self.refuse_respelled(members);
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
        let mut told = 0;
        let mut kept: Vec<(Member, bool)> = Vec::new();
        for member in members {
            if is_id(&member.name) {
                let pointed = own_id.as_ref().is_some_and(|id| self.pointed.contains(id));
                kept.extend(pointed.then(|| (Member::new(&member.name, member.value.clone()), true)));
            } else if is_several(&member.value) && is_untold(format, path, &member.name) {
                continue;
            } else if let Some(telling) = self.telling(member, path) {
                told += 1;
                kept.push((telling, true));
            } else if let Some(attribute) = self.attribute(member, path) {
                kept.push((attribute, false));
            } else {
                path.push(format.step(path, &member.name, false));
                let value = self.value(&member.value, path);
                kept.extend(value.map(|value| (Member::new(&member.name, value.json), value.placeholder)));
                path.pop();
            }
        }
        if kept.iter().all(|(_, hollow)| *hollow) {
            return None;
        }
        (0..told).for_each(|_| self.judge.tell());
        self.ids.extend(own_id);
        Kept::content(Json::Object(kept.into_iter().map(|(member, _)| member).collect()))
    }

    fn refuse_twins(&mut self, members: &[Member], known: impl Fn(&str) -> bool) {
        let mut seen = BTreeSet::new();
        if let Some(twin) = members.iter().find(|m| known(&m.name) && !seen.insert(m.name.as_str())) {
            self.judge.refused.get_or_insert(format!("{} twice", twin.name));
        }
    }

    fn refuse_respelled(&mut self, members: &[Member]) {
        if members.iter().any(|member| is_respelled(self.format, &member.name)) {
            self.judge.refuse("a name of the format in another spelling".to_owned());
        }
    }

    fn placeholder(&self, path: &[Step]) -> Option<Kept> {
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
        if same_prefix.is_some_and(|known| !is(known)) || (same_prefix.is_none() && spells(format, &binding.name, &uri))
        {
            return refused();
        }
        if binding.name.starts_with('@') || bindings.iter().filter(|b| b.name == binding.name).count() > 1 {
            return Some(Prediction::Open("a keyword or a prefix twice in the context"));
        }
    }
    let bound = |prefix: &String| bindings.iter().any(|b| b.name == *prefix);
    (!format.namespaces.keys().all(bound)).then_some(Prediction::Open("a context that leaves prefixes out"))
}

/// Whether a term other than the format's could be written for a name of the format, or a part of one.
fn spells(format: &Format, term: &str, uri: &str) -> bool {
    uri.starts_with('@')
        || format.namespaces.iter().any(|(prefix, known)| {
            let is_scheme = known.starts_with(&format!("{term}:")) && !known.starts_with(&format!("{term}://"));
            known.starts_with(uri) || is_of(known, uri) || uri.split(':').next() == Some(prefix) || is_scheme
        })
}

/// Whether a reader of JSON-LD takes a member's name for one of the format that is spelled otherwise.
fn is_respelled(format: &Format, name: &str) -> bool {
    let (prefix, local) = name.split_once(':').unwrap_or_default();
    let (own, iri) = match format.namespaces.get(prefix) {
        Some(own) => (own.as_str(), format!("{own}{local}")),
        None => ("", name.to_owned()),
    };
    let longer = |known: &&String| known.len() > own.len() && is_of(known, &iri);
    let is_marked = !own.is_empty() && !own.ends_with('#') && local.starts_with('#') && is_of(own, &iri);
    !format.namespaces.is_empty() && name == "@nest"
        || is_marked
        || format.namespaces.values().any(|known| longer(&known))
}

/// Whether an IRI is a namespace's: its own, with the `#` that JSON-LD puts there or without, and a name after it.
fn is_of(namespace: &str, iri: &str) -> bool {
    let after = iri.strip_prefix(namespace);
    after.is_some_and(|after| {
        let marks = usize::from(after.starts_with('#') && !namespace.ends_with('#'));
        !after[marks..].contains(['/', '#', ':'])
    })
}

/// The whole message, with what of its context is used.
fn whole(top: &[Member], format: &Format, root: Json) -> Json {
    let Some(name) = &format.root else { return root };
    let mut used = BTreeSet::from([prefix(name)]);
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
        } else if member.name == *name {
            members.push(Member::new(name, root.clone()));
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

/// The predicates that hold of a value, which can be an object.
fn holding(format: &Format, value: &Json, path: &[Step]) -> Vec<Asked> {
    let mut path = path.to_vec();
    path.last_mut().into_iter().for_each(|step| step.predicates.clear());
    format.fitting(&path, |asked| {
        let mut members = value.members().iter().filter(|m| m.name == asked.part);
        let (Some(only), None) = (members.next(), members.next()) else { return None };
        plain_text(&only.value, format.namespaces.contains_key("rdf"))
    })
}

/// Whether a member is asked what the object around it is, which isn't told: then a list of values doesn't go out.
fn is_untold(format: &Format, path: &[Step], name: &str) -> bool {
    let is_untold = path.last().is_some_and(|step| step.predicates.is_empty());
    is_untold && format.variants(path).into_iter().flatten().any(|asked| asked.part == name)
}

/// Whether a value is a list of several; an array in an array is none of its items.
fn is_several(value: &Json) -> bool {
    let items = |item: &&Json| !matches!(item, Json::Array(_));
    matches!(value, Json::Array(all) if all.iter().filter(items).count() > 1)
}

/// What tells, without what is in the objects that wrap it.
fn without_more(value: &Json) -> Json {
    match value {
        Json::Object(wrapped) => Json::Object(
            wrapped.iter().filter(|m| m.name == RDF_VALUE).map(|m| Member::new(&m.name, m.value.clone())).collect(),
        ),
        Json::Array(items) => {
            let items = items.iter().filter(|item| !matches!(item, Json::Array(_)));
            Json::Array(items.map(without_more).collect())
        }
        scalar => scalar.clone(),
    }
}

/// What a scalar says, or an object that wraps one. Null says nothing.
fn plain_text(value: &Json, may_be_wrapped: bool) -> Option<String> {
    if let Json::Object(members) = value {
        let mut wrapped = members.iter().filter(|m| may_be_wrapped && m.name == RDF_VALUE);
        let (Some(only), None) = (wrapped.next(), wrapped.next()) else { return None };
        return plain_text(&only.value, false);
    }
    if let Json::Array(items) = value {
        let mut items = items.iter().filter(|item| !matches!(item, Json::Array(_)));
        let (Some(only), None) = (items.next(), items.next()) else { return None };
        return plain_text(only, may_be_wrapped);
    }
    value.text().filter(|_| *value != null())
}

/// Whether a message without a root is of a format: it has all parts that tell, or each item does if it is a list.
fn is_recognised(format: &Format, top: &Json) -> bool {
    let has_all = |item: &Json| {
        let mut all = format.recognise.iter();
        all.all(|(path, values)| {
            let found = values_at(item, path);
            let is_one = |value: &&Json| value.text().is_some_and(|text| values.iter().any(|v| v == trimmed(&text)));
            if values.is_empty() { !found.is_empty() } else { found.iter().any(is_one) }
        })
    };
    match top {
        Json::Array(items) => {
            let mut objects = items.iter().filter(|item| matches!(item, Json::Object(_))).peekable();
            objects.peek().is_some() && objects.all(has_all)
        }
        _ => has_all(top),
    }
}

/// The values at a path of plain names, and the parts on the way that are lists as their items.
fn values_at<'j>(value: &'j Json, path: &[Step]) -> Vec<&'j Json> {
    let Some((step, rest)) = path.split_first() else { return items(value) };
    let below = items(value).into_iter().flat_map(Json::members).filter(|m| m.name == step.name);
    below
        .flat_map(|m| {
            if rest.is_empty() && items(&m.value).is_empty() { vec![&m.value] } else { values_at(&m.value, rest) }
        })
        .collect()
}

/// The items of a list, or what is no list itself. An array directly in an array is unknown.
fn items(value: &Json) -> Vec<&Json> {
    match value {
        Json::Array(items) => items.iter().filter(|item| !matches!(item, Json::Array(_))).collect(),
        other => vec![other],
    }
}

/// The texts at a path, in the part that is `here`.
fn texts_at(format: &Format, value: &Json, here: &[Step], wanted: &[Step]) -> Vec<String> {
    if matches!(value, Json::Array(_)) {
        return items(value).into_iter().flat_map(|item| texts_at(format, item, here, wanted)).collect();
    }
    let mut here = here.to_vec();
    let predicates = holding(format, value, &here);
    if let Some(step) = here.last_mut() {
        step.predicates = predicates;
    }
    if !leads(wanted, &here) {
        return vec![];
    }
    let Some(next) = wanted.get(here.len()) else {
        return items_of(wrapped(value)).into_iter().filter_map(Json::text).collect();
    };
    if let Some(attribute) = next.name.strip_prefix('@') {
        let members = value.members().iter().filter(|m| m.name == attribute);
        let values = members.flat_map(|m| items_of(&m.value));
        return values.filter_map(|value| wrapped(value).text()).collect();
    }
    let below = |name: &str| [here.as_slice(), &[format.step(&here, name, false)]].concat();
    value.members().iter().flat_map(|m| texts_at(format, &m.value, &below(&m.name), wanted)).collect()
}

/// The items of an array, or a value alone.
fn items_of(value: &Json) -> Vec<&Json> {
    if let Json::Array(items) = value { items.iter().collect() } else { vec![value] }
}

/// The value in an object that wraps one.
fn wrapped(value: &Json) -> &Json {
    value.members().iter().find(|m| m.name == RDF_VALUE).map_or(value, |m| &m.value)
}

/// Whether something is at a path that is no value: an object that wraps none, an array in an array.
fn has_no_value_at(format: &Format, value: &Json, here: &[Step], wanted: &[Step]) -> bool {
    let is_end = here.len() == wanted.len();
    if let Json::Array(items) = value {
        return items.iter().any(|item| match item {
            Json::Array(_) => is_end,
            item => has_no_value_at(format, item, here, wanted),
        });
    }
    let mut here = here.to_vec();
    let predicates = holding(format, value, &here);
    if let Some(step) = here.last_mut().filter(|_| !is_end) {
        step.predicates = predicates;
    }
    if is_end {
        let inside = items_of(wrapped(value));
        return matches!(value, Json::Object(_)) && inside.is_empty()
            || inside.iter().any(|value| !matches!(value, Json::Scalar(_)));
    }
    if !leads(wanted, &here) {
        return false;
    }
    let below = |name: &str| match &wanted[here.len()].name {
        attribute if attribute.strip_prefix('@') == Some(name) => wanted.to_vec(),
        _ => [here.as_slice(), &[format.step(&here, name, false)]].concat(),
    };
    value.members().iter().any(|m| {
        let below = below(&m.name);
        (below == wanted || leads(wanted, &below)) && has_no_value_at(format, &m.value, &below, wanted)
    })
}
