//! Policies on policies: reads a policy with the rosters and the policies that it names, and makes one policy of all.
//!
//! A module of its own because nothing after it knows that there were several files. Their spans count on from file to
//! file, so that every name leads to the file, line and column where it was written.

#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::de::value::SeqAccessDeserializer;
use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use sha2::{Digest, Sha256};

use super::TokenScope;
use super::load::{Names, RawAgencyClass, RawHeader, RawPolicy, on_shape_violation};
use super::roster::Roster;
use crate::config::{
    ConfigError, Document, ErrorAt, Errors, File, LocatedDocument, Position, Spanned, check_word, decode_lines,
    read_bytes,
};
use crate::date::Date;
use crate::hex::hex;

/// How deep policies may include one another.
const MAX_DEPTH: usize = 4;

/// How many policies one policy can consist of (P8).
const MAX_FILES: usize = 64;

/// Between the spans of two files: what recovery from an error makes up is positioned past the end of a text.
const GAP: usize = 1 << 16;

/// The folder of the built-in policies, in their names.
const BUILT_IN_FOLDER: &str = "policies/";

/// Tables and policies in memory, each by the name that a policy has for it.
pub type InMemory<'r> = HashMap<&'r str, &'r [u8]>;

/// Where what a policy names comes from: its rosters, and the policies that it includes.
#[derive(Debug, Clone, Copy, Default)]
pub struct PolicySources<'s> {
    /// The folder of the policy: files that it names are relative to it.
    pub folder: Option<&'s Path>,
    /// Whether the policy is itself one that is built in.
    pub is_built_in: bool,
    /// Rosters in memory, each by its path from the policy. They are taken before files.
    pub rosters: Option<&'s InMemory<'s>>,
    /// Policies in memory, each by its path from the policy. They are taken before files and built-in policies.
    pub included: Option<&'s InMemory<'s>>,
    /// The policies that are built in, and their rosters: `policies/NAME.toml`, `policies/NAME.csv`.
    pub built_in: &'s [Document<'s>],
}

/// The names of included policies, as written.
#[derive(Debug)]
pub(super) enum Includes {
    One(String),
    Several(Vec<Spanned<String>>),
}

impl Includes {
    /// Each name with its span.
    fn names(value: &Spanned<Self>) -> Vec<Spanned<String>> {
        match value.get_ref() {
            Self::One(name) => vec![Spanned::new(value.span(), name.clone())],
            Self::Several(names) => names.clone(),
        }
    }
}

impl<'de> Deserialize<'de> for Includes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct IncludesVisitor;
        impl<'de> Visitor<'de> for IncludesVisitor {
            type Value = Includes;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name or a list of names")
            }

            fn visit_str<E>(self, text: &str) -> Result<Includes, E> {
                Ok(Includes::One(text.to_owned()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Includes, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(list)).map(Includes::Several)
            }
        }
        deserializer.deserialize_any(IncludesVisitor)
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Includes {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Includes".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "anyOf": [{ "type": "string" }, { "type": "array", "items": { "type": "string" } }]
        })
    }
}

/// A policy with all that it names: the files that it includes, and the rosters of each.
#[derive(Debug, Clone)]
pub struct PolicyFiles {
    /// The policy's own file, then those that it includes, each before those that it includes itself.
    files: Vec<PolicyFile>,
}

#[derive(Debug, Clone)]
struct PolicyFile {
    file: File,
    /// Where its spans begin.
    base: usize,
    /// How many files it makes with those that it includes.
    count: usize,
    rosters: Vec<RosterFile>,
    /// What it names and can't be read.
    errors: Vec<ConfigError>,
}

/// The roster of a class.
#[derive(Debug, Clone)]
struct RosterFile {
    class: String,
    /// Where the policy's file names it.
    at: usize,
    path: PathBuf,
    bytes: Arc<[u8]>,
}

impl PolicyFiles {
    /// Reads what a policy names. What can't be read is an error once the policy is loaded, among all others.
    pub fn read(document: &Document<'_>, sources: PolicySources<'_>) -> Self {
        let identity = sources.folder.map(|_| Identity::of_path(Path::new(document.file)));
        let place = match sources.folder {
            Some(folder) => Place::Folder(folder.to_owned()),
            None if sources.is_built_in => Place::BuiltIn,
            None => Place::Memory,
        };
        let mut reader = Reader { sources, files: Vec::new(), used: HashSet::new(), seen: Vec::new() };
        let found = FoundPolicy { file: File::of(document), place, key: String::new(), identity };
        reader.read(found, &[]);
        reader.refuse_idle();
        let mut files = reader.files;
        set_bases(&mut files);
        Self { files }
    }

    /// Included policies, directly or not, each as if it were alone.
    pub fn included(&self) -> impl Iterator<Item = Self> {
        (1..self.files.len()).map(|index| self.part(index))
    }

    /// A policy of these with those that it includes.
    fn part(&self, index: usize) -> Self {
        let count = self.files.get(index).map_or(0, |file| file.count);
        let mut files: Vec<PolicyFile> = self.files.iter().skip(index).take(count).cloned().collect();
        set_bases(&mut files);
        Self { files }
    }

    /// The policies that one of these includes itself, by index.
    fn included_by(&self, index: usize) -> Vec<usize> {
        let end = index + self.files.get(index).map_or(0, |file| file.count);
        let mut direct = Vec::new();
        let mut next = index + 1;
        while let Some(file) = self.files.get(next).filter(|_| next < end) {
            direct.push(next);
            next += file.count.max(1);
        }
        direct
    }

    /// The policies that this one includes itself, each as if it were alone.
    pub(super) fn directly_included(&self) -> impl Iterator<Item = Self> {
        self.included_by(0).into_iter().map(|index| self.part(index))
    }

    /// The policy's own file.
    pub fn own(&self) -> Document<'_> {
        self.files.first().map_or(Document { file: "", text: "" }, |own| own.file.document())
    }

    /// Whether an included policy or a roster of one has this name.
    pub fn includes_file(&self, name: &str) -> bool {
        let mut included = self.files.iter().skip(1);
        included.any(|file| file.file.name == name || file.rosters.iter().any(|own| own.path == Path::new(name)))
    }

    /// The files, for many errors and positions.
    pub fn located(&self) -> LocatedFiles<'_> {
        let files = self.files.iter().map(|file| (file.base, LocatedDocument::of(&file.file.document())));
        LocatedFiles { files: files.collect() }
    }

    /// The roster that a class names at a byte; `None` if it couldn't be read, which is reported.
    pub fn roster(&self, at: usize) -> Option<Result<Roster, ConfigError>> {
        let file = self.files.get(file_at(&self.files, at, |file| file.base))?;
        let roster = file.rosters.iter().find(|roster| roster.at + file.base == at)?;
        Some(roster.load())
    }

    /// The rosters of a class, by its name.
    ///
    /// # Errors
    /// When one of them is none.
    pub fn rosters_of(&self, class: &str) -> Result<Vec<Roster>, ConfigError> {
        let rosters = self.files.iter().flat_map(|file| &file.rosters);
        rosters.filter(|roster| roster.class == class).map(RosterFile::load).collect()
    }

    /// What couldn't be read.
    pub(super) fn errors(&self) -> impl Iterator<Item = &ConfigError> {
        self.files.iter().flat_map(|file| &file.errors)
    }

    /// The digest of all files. That of several begins with what is no policy, and each part has its kind and its length:
    /// no two different sets of files have the same bytes.
    #[must_use]
    pub fn digest(&self) -> String {
        let mut digest = Sha256::new();
        if let [only] = self.files.as_slice()
            && only.rosters.is_empty()
        {
            digest.update(&only.file.text);
            return hex(&digest.finalize());
        }
        digest.update("policy of several files\n");
        let mut part = |kind: u8, bytes: &[u8]| {
            digest.update([kind]);
            digest.update((bytes.len() as u64).to_le_bytes());
            digest.update(bytes);
        };
        for file in &self.files {
            part(b'p', file.file.text.as_bytes());
            file.rosters.iter().for_each(|roster| part(b'r', &roster.bytes));
        }
        hex(&digest.finalize())
    }

    /// The tables of all files as those of one policy, with spans that count on from file to file. After an error the value may
    /// only be used to find others.
    pub(super) fn merge(&self, errors: &mut Errors) -> Option<RawPolicy> {
        self.merged(0, errors)
    }

    fn merged(&self, index: usize, errors: &mut Errors) -> Option<RawPolicy> {
        let mut own = self.files.get(index)?.parse(errors)?;
        let included: Option<Vec<RawPolicy>> =
            self.included_by(index).into_iter().map(|other| self.merged(other, errors)).collect();
        // Each goes before what is there: in the end as if the policies stood where they are included.
        for other in included?.into_iter().rev() {
            own.take_in(other);
        }
        Some(own)
    }
}

impl PolicyFile {
    /// The tables of the file; its spans begin at its base.
    fn parse(&self, errors: &mut Errors) -> Option<RawPolicy> {
        let document = self.file.document();
        if self.base == 0 {
            return document.read(errors);
        }
        let text = " ".repeat(self.base) + document.text;
        match (Document { file: document.file, text: &text }).parse() {
            Ok(raw) => Some(raw),
            Err(_) => {
                // The same error without what stands before.
                errors.take(document.parse::<RawPolicy>());
                None
            }
        }
    }
}

impl RosterFile {
    fn load(&self) -> Result<Roster, ConfigError> {
        Roster::of(&self.path, self.bytes.to_vec())
    }
}

/// Lets the spans of each file begin after those of the file before.
fn set_bases(files: &mut [PolicyFile]) {
    let mut base = 0;
    for file in files {
        file.base = base;
        base += file.file.text.len() + GAP;
    }
}

/// The index of the file that a byte is in.
fn file_at<T>(files: &[T], at: usize, base: impl Fn(&T) -> usize) -> usize {
    files.partition_point(|file| base(file) <= at).saturating_sub(1)
}

/// The files of a policy, indexed for errors and positions: a span leads to the file that it is of.
#[derive(Debug)]
pub struct LocatedFiles<'f> {
    /// Each with the byte where its spans begin.
    files: Vec<(usize, LocatedDocument<'f>)>,
}

impl<'f> LocatedFiles<'f> {
    fn at(&self, at: usize) -> Option<&(usize, LocatedDocument<'f>)> {
        self.files.get(file_at(&self.files, at, |(base, _)| *base))
    }

    /// The name of the policy's own file.
    pub fn own(&self) -> &'f str {
        self.files.first().map_or("", |(_, own)| own.file())
    }

    /// The included file that a byte is of; `None` for the policy's own.
    pub fn included(&self, at: usize) -> Option<&'f str> {
        let place = file_at(&self.files, at, |(base, _)| *base);
        self.files.get(place).filter(|_| place > 0).map(|(_, file)| file.file())
    }

    /// The position of a byte in its file.
    pub(super) fn position(&self, at: usize) -> Position {
        self.at(at).map_or_else(Position::default, |(base, file)| file.position(at - base))
    }

    /// The same in words, for a reader who is told of the byte `from`.
    pub(super) fn place(&self, at: usize, from: usize) -> String {
        let Position { line, .. } = self.position(at);
        let [file, here] = [at, from].map(|at| self.at(at).map(|(base, file)| (base, file.file())));
        match file {
            Some((_, name)) if file != here => format!("in {name}, line {line}"),
            _ => format!("on line {line}"),
        }
    }

    /// An error at a byte range of one of the files.
    pub fn error(&self, span: &Range<usize>, message: impl Into<String>) -> ConfigError {
        match self.at(span.start) {
            Some((base, file)) => file.error(&(span.start - base..span.end.saturating_sub(*base)), message),
            None => ConfigError::of_file("", message),
        }
    }

    /// As [`Document::word`].
    pub(super) fn word(&self, name: &Spanned<String>, what: &str) -> Result<(), ConfigError> {
        check_word(self, name, what)
    }
}

impl ErrorAt for LocatedFiles<'_> {
    fn error_at(&self, span: &Range<usize>, message: String) -> ConfigError {
        self.error(span, message)
    }
}

impl RawPolicy {
    /// Takes in a policy that this one includes: all of it counts as if it were written here, before what is. The order of
    /// rules never matters (P9); heads are this one's.
    fn take_in(&mut self, included: Self) {
        let Self { policy, agencies, claims, permit, forbid, review, duty } = included;
        self.policy.take_in(policy);
        for (name, claim) in std::mem::replace(&mut self.claims, claims) {
            match self.claims.get_mut(&name) {
                Some(known) => known.add(claim),
                None => drop(self.claims.insert(name, claim)),
            }
        }
        for (name, class) in std::mem::replace(&mut self.agencies, agencies) {
            match self.agencies.get_mut(&name) {
                Some(known) => known.add(class),
                None => drop(self.agencies.insert(name, class)),
            }
        }
        self.permit.splice(..0, permit);
        self.forbid.splice(..0, forbid);
        self.review.splice(..0, review);
        self.duty.splice(..0, duty);
    }
}

impl RawHeader {
    /// What narrows narrows both; what is declared is declared once.
    fn take_in(&mut self, included: Self) {
        self.claims = union(included.claims, std::mem::take(&mut self.claims));
        for (own, other) in [
            (&mut self.purposes, included.purposes),
            (&mut self.reasons, included.reasons),
            (&mut self.lines, included.lines),
        ] {
            *own = union_lists(other, own.take());
        }
        if included.on_shape_violation.as_ref().map(|raw| on_shape_violation(Some(*raw.get_ref())))
            > self.on_shape_violation.as_ref().map(|raw| on_shape_violation(Some(*raw.get_ref())))
        {
            self.on_shape_violation = included.on_shape_violation;
        }
        // Who says that two agencies can't join what they got is not overruled.
        self.tokens = match (self.tokens, included.tokens) {
            (Some(TokenScope::Requester), _) | (_, Some(TokenScope::Requester)) => Some(TokenScope::Requester),
            (own, other) => own.or(other),
        };
        self.from = narrower(self.from.take(), included.from, |own, other| own < other);
        self.until = narrower(self.until.take(), included.until, |own, other| own > other);
    }
}

/// One of two dates, the other one if `is_other` of both. What is no date is taken first: it is an error.
fn narrower(
    own: Option<Spanned<String>>,
    other: Option<Spanned<String>>,
    is_other: impl Fn(Date, Date) -> bool,
) -> Option<Spanned<String>> {
    let (Some(one), Some(two)) = (&own, &other) else { return own.or(other) };
    match (Date::parse(one.get_ref()), Date::parse(two.get_ref())) {
        (Some(one), Some(two)) if is_other(one, two) => other,
        (Some(_), None) => other,
        _ => own,
    }
}

/// The names of both lists, each once. A name that its own list has twice stays twice: it is an error.
fn union(included: Vec<Spanned<String>>, own: Vec<Spanned<String>>) -> Vec<Spanned<String>> {
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut all = included;
    for (place, name) in all.iter().enumerate() {
        places.insert(name.get_ref().clone(), place);
    }
    for name in own {
        match places.remove(name.get_ref()).and_then(|place| all.get_mut(place)) {
            Some(known) => *known = name,
            None => all.push(name),
        }
    }
    all
}

/// The same of lists that may be left out. If one is, the other holds for the whole: what it closes stays closed (P2).
fn union_lists(included: Option<Names>, own: Option<Names>) -> Option<Names> {
    match (included, own) {
        (Some(included), Some(own)) => {
            let span = own.span();
            Some(Spanned::new(span, union(included.into_inner(), own.into_inner())))
        }
        (included, own) => own.or(included),
    }
}

impl RawAgencyClass {
    /// Adds what the including policy says of the class.
    fn add(&mut self, own: Self) {
        let Self { title, ori, ori_file, more_ori_files, except, overlaps } = own;
        self.title = title.or(self.title.take());
        self.ori.extend(ori);
        self.more_ori_files.extend(ori_file.into_iter().chain(more_ori_files));
        self.except.extend(except);
        self.overlaps.extend(overlaps);
    }
}

/// A path without the `./` before it, which doesn't make it one from the root.
fn below(path: &str) -> &str {
    match path.strip_prefix("./") {
        Some(rest) => below(rest.trim_start_matches('/')),
        None => path,
    }
}

/// Where a policy stands, for what it names.
#[derive(Debug, Clone)]
enum Place {
    /// A folder.
    Folder(PathBuf),
    /// Memory: what it names is there too.
    Memory,
    /// The built-in policies.
    BuiltIn,
}

/// What makes two policies one and the same.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Identity {
    Path(PathBuf),
    Memory(String),
    BuiltIn(String),
}

impl Identity {
    fn of_path(path: &Path) -> Self {
        Self::Path(path.canonicalize().unwrap_or_else(|_| path.to_owned()))
    }
}

/// A policy that was found.
struct FoundPolicy {
    file: File,
    place: Place,
    /// Its path from the policy that includes all others, for what it names in memory; empty for that one.
    key: String,
    identity: Option<Identity>,
}

/// Reads policies and what they name.
struct Reader<'s> {
    sources: PolicySources<'s>,
    files: Vec<PolicyFile>,
    /// The names of what was taken from memory, rosters and policies, and of rosters that weren't there.
    used: HashSet<(bool, String)>,
    /// The policies so far, each with the files that lead to it.
    seen: Vec<(Identity, Vec<String>)>,
}

impl Reader<'_> {
    /// Reads a policy; `above` are the files that lead to it.
    fn read(&mut self, found: FoundPolicy, above: &[String]) {
        let FoundPolicy { file, place, key, identity } = found;
        let chain = [above, std::slice::from_ref(&file.name)].concat();
        self.seen.extend(identity.map(|identity| (identity, chain.clone())));
        let index = self.files.len();
        let (mut errors, mut rosters) = (Errors::default(), Vec::new());
        // What is wrong with its form is told when it is loaded.
        let raw = file.document().read::<RawPolicy>(&mut Errors::default());
        let (agencies, head) = raw.map(|raw| (raw.agencies, raw.policy)).unzip();
        for (class, raw) in agencies.unwrap_or_default() {
            let Some(name) = raw.ori_file else { continue };
            let roster = self.roster(&file.document(), &place, &key, &name);
            let roster = errors.take(roster);
            rosters.extend(roster.map(|(path, bytes)| RosterFile {
                class: class.into_inner(),
                at: name.span().start,
                path,
                bytes,
            }));
        }
        let include = head.and_then(|head| head.include);
        let includes = include.as_ref().map_or_else(Vec::new, Includes::names);
        let empty = include.map(|include| include.span()).filter(|_| includes.is_empty());
        self.files.push(PolicyFile { file: file.clone(), base: 0, count: 1, rosters, errors: Vec::new() });
        if let Some(empty) = empty {
            let error = file.document().error(&empty, "an empty list includes nothing");
            errors.push(error.help("name a policy, or take `include` away"));
        }
        for name in includes {
            if self.files.len() >= MAX_FILES {
                errors.push(file.document().error(&name.span(), format!("more than {MAX_FILES} policies in all")));
                break;
            }
            let found = self.find(&file.document(), &place, &key, &name).and_then(|found| {
                self.check(&found, &file.document(), &name, &chain)?;
                Ok(found)
            });
            if let Some(found) = errors.take(found) {
                self.read(found, &chain);
            }
        }
        let count = self.files.len() - index;
        if let Some(own) = self.files.get_mut(index) {
            own.count = count;
            own.errors.extend(errors.finish().err());
        }
    }

    /// The path and the bytes of a roster.
    fn roster(
        &mut self,
        document: &Document<'_>,
        place: &Place,
        key: &str,
        name: &Spanned<String>,
    ) -> Result<(PathBuf, Arc<[u8]>), ConfigError> {
        if let Place::BuiltIn = place {
            let path = format!("{BUILT_IN_FOLDER}{}", name.get_ref());
            let built_in = self.sources.built_in.iter().find(|own| own.file == path);
            let lacks = || document.error(&name.span(), "this table of ORIs is not built in");
            return built_in.map(|own| (path.clone().into(), own.text.as_bytes().into())).ok_or_else(lacks);
        }
        let key = beside(key, name.get_ref());
        let in_memory = self.sources.rosters.and_then(|rosters| rosters.get(key.as_str()).copied());
        self.used.insert((true, key.clone()));
        if let Some(bytes) = in_memory {
            return Ok((key.into(), bytes.into()));
        }
        let Place::Folder(folder) = place else {
            let message = "a policy that is no file has no folder for its `ori-file`";
            let help = match key == *name.get_ref() {
                true => "give the table from memory, under this name".to_owned(),
                false => format!("give the table from memory, under the name `{key}`"),
            };
            return Err(document.error(&name.span(), message).help(help));
        };
        let path = folder.join(name.get_ref());
        let bytes = read_named(&path).map_err(|error| {
            document.error(&name.span(), error.to_string()).help("it is looked for beside the policy")
        })?;
        Ok((path, bytes.into()))
    }

    /// Finds an included policy.
    fn find(
        &mut self,
        document: &Document<'_>,
        place: &Place,
        key: &str,
        name: &Spanned<String>,
    ) -> Result<FoundPolicy, ConfigError> {
        let text = name.get_ref();
        let key = beside(key, text);
        if !matches!(place, Place::BuiltIn)
            && let Some(bytes) = self.sources.included.and_then(|included| included.get(key.as_str()).copied())
        {
            self.used.insert((false, key.clone()));
            let file = File { name: key.clone(), text: decode_lines(&key, bytes.to_vec())? };
            return Ok(FoundPolicy { file, place: Place::Memory, identity: Some(Identity::Memory(key.clone())), key });
        }
        if may_be_built_in(text) {
            let help = "a policy of your own is named by its file: `./NAME.toml`";
            let no_such = |message| document.error(&name.span(), message);
            let built_in = find_built_in(text, self.sources.built_in, no_such).map_err(|error| error.or_help(help))?;
            let identity = Some(Identity::BuiltIn(text.clone()));
            return Ok(FoundPolicy { file: File::of(built_in), place: Place::BuiltIn, key, identity });
        }
        let Place::Folder(folder) = place else {
            let message = "a policy that is no file has no folder for what it includes";
            let help = format!("give the policy from memory, under the name `{key}`");
            return Err(document.error(&name.span(), message).help(help));
        };
        let path = folder.join(below(text));
        let shown = path.display().to_string();
        let bytes = read_named(&path).map_err(|error| {
            document.error(&name.span(), error.to_string()).help("it is looked for beside the policy that includes it")
        })?;
        let file = File { text: decode_lines(&shown, bytes)?, name: shown };
        let place = Place::Folder(path.parent().unwrap_or(Path::new("")).to_owned());
        Ok(FoundPolicy { file, place, key, identity: Some(Identity::of_path(&path)) })
    }

    /// Refuses a policy that is among the files that lead to it, or was included before, or too deep.
    fn check(
        &self,
        found: &FoundPolicy,
        document: &Document<'_>,
        name: &Spanned<String>,
        chain: &[String],
    ) -> Result<(), ConfigError> {
        let refuse = |message: String, help: &str| Err(document.error(&name.span(), message).help(help));
        let told = |chain: &[String]| chain.join(" -> ");
        let own = [chain, std::slice::from_ref(&found.file.name)].concat();
        let before = self.seen.iter().find(|(identity, _)| Some(identity) == found.identity.as_ref());
        if let Some((_, before)) = before {
            let is_cycle = chain.starts_with(before);
            return match is_cycle {
                true => refuse(format!("a policy includes itself: {}", told(&own)), "take this `include` away"),
                false => refuse(
                    format!("a policy is included twice: {}, and {}", told(before), told(&own)),
                    "include it once: what it says holds for the whole",
                ),
            };
        }
        if chain.len() > MAX_DEPTH {
            let message = format!("policies include one another more than {MAX_DEPTH} deep: {}", told(&own));
            return refuse(message, "include this policy further up");
        }
        Ok(())
    }

    /// Refuses what is in memory and nothing names: its agencies would be left to other classes, its rules left out (P2).
    fn refuse_idle(&mut self) {
        let mut errors = Vec::new();
        for (is_roster, in_memory, message, help) in [
            (
                true,
                self.sources.rosters,
                "no agency class of the policy names this table of ORIs",
                "the name is the text of `ori-file`",
            ),
            (false, self.sources.included, "nothing includes this policy", "the name is the text of `include`"),
        ] {
            let used: Vec<&str> =
                self.used.iter().filter(|(own, _)| *own == is_roster).map(|(_, name)| name.as_str()).collect();
            let names = in_memory.into_iter().flat_map(HashMap::keys).copied();
            let mut idle: Vec<&str> = names.filter(|name| !used.contains(name)).collect();
            idle.sort();
            for name in idle {
                let error = ConfigError::of_file(name, message);
                errors.push(error.nearest(name, used.iter().copied()).or_help(help));
            }
        }
        self.files.first_mut().into_iter().for_each(|own| own.errors.append(&mut errors));
    }
}

/// Reads a file that a policy names: a regular one, for the end of a pipe may never come (P8).
fn read_named(path: &Path) -> Result<Vec<u8>, ConfigError> {
    match path.metadata() {
        Ok(metadata) if !metadata.is_file() => {
            Err(ConfigError::of_file(path.display().to_string(), "can't be read: it is no regular file"))
        }
        _ => read_bytes(path),
    }
}

/// Whether a name is that of a built-in policy, and not of a file.
pub fn may_be_built_in(name: &str) -> bool {
    !name.contains('/') && !name.ends_with(".toml")
}

/// The built-in policy of this name.
///
/// # Errors
/// That there is none, as `no_such` reports it, with the nearest name.
pub fn find_built_in<'d>(
    name: &str,
    built_in: &'d [Document<'d>],
    no_such: impl FnOnce(String) -> ConfigError,
) -> Result<&'d Document<'d>, ConfigError> {
    built_in.iter().find(|own| built_in_name(own) == Some(name)).ok_or_else(|| {
        let error = no_such(format!("no built-in policy is called `{name}`"));
        error.nearest(name, built_in.iter().filter_map(built_in_name))
    })
}

/// The name by which a built-in policy is included.
fn built_in_name<'d>(document: &Document<'d>) -> Option<&'d str> {
    document.file.strip_prefix(BUILT_IN_FOLDER)?.strip_suffix(".toml").filter(|name| !name.contains('/'))
}

/// The name of what stands beside a policy in memory: a path from the policy that includes all others.
fn beside(key: &str, name: &str) -> String {
    let Some((folder, _)) = key.rsplit_once('/') else {
        return name.to_owned();
    };
    let mut steps: Vec<&str> = Vec::new();
    for step in folder.split('/').chain(name.split('/')) {
        match step {
            "." => {}
            ".." if steps.last().is_some_and(|last| *last != "..") => drop(steps.pop()),
            step => steps.push(step),
        }
    }
    steps.join("/")
}
