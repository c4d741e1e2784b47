//! Messages of a switch, made from a seed: fifty states, each with a layout of its own, and who asks for each message.
//!
//! ```
//! use dmv_redact_traffic::{Class, Traffic};
//!
//! let message = Traffic::new(1, Class::Json).next().unwrap();
//! assert!(message.bytes.starts_with(b"{") && message.ori.len() == 9);
//! ```
//!
//! A state's layout is drawn once: the order of elements, prefixes, white space, escapes, which facts it tells. Then each
//! message draws its kind, its persons or vehicles, and its requester, whose ORI is its destination.

mod image;
mod json;
mod layouts;
mod part;
mod random;
mod requesters;
mod state;
mod values;
mod xml;

pub use random::Random;

use image::Images;
use layouts::Answer;
use requesters::Requesters;
use state::{Format, State};
use values::Values;

/// What the messages of a series are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    Json,
    Xml,
    /// 85 in a hundred with a photo.
    JsonPhotos,
    XmlPhotos,
    /// Of the four, mostly without photos.
    Mixed,
}

impl Class {
    /// The four that measure one thing.
    pub const PURE: [Self; 4] = [Self::Json, Self::Xml, Self::JsonPhotos, Self::XmlPhotos];

    pub fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Xml => "xml",
            Self::JsonPhotos => "json-photos",
            Self::XmlPhotos => "xml-photos",
            Self::Mixed => "mixed",
        }
    }

    /// The class of a name.
    pub fn named(name: &str) -> Option<Self> {
        Self::PURE.into_iter().chain([Self::Mixed]).find(|class| class.name() == name)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Syntax {
    Json,
    Xml,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A driver license.
    Dr,
    /// A registration.
    Rr,
    /// A driver history.
    Kr,
    /// Licenses by name: some persons.
    Dnr,
    /// Registrations by name: some vehicles.
    List,
}

#[derive(Debug)]
pub struct Message {
    pub bytes: Vec<u8>,
    /// Who asks, and the destination that the message names.
    pub ori: String,
    pub purpose: Option<&'static str>,
    pub kind: Kind,
    pub syntax: Syntax,
    pub has_photo: bool,
    /// The place of the state whose record it is.
    pub state: usize,
}

/// Messages without end.
#[derive(Debug)]
pub struct Traffic {
    seed: u64,
    class: Class,
    purpose: Option<&'static str>,
    number: u64,
    states: Vec<State>,
    requesters: Requesters,
    images: Images,
}

/// Of a hundred messages, how many are of each kind.
const KINDS: [(Kind, usize); 5] = [(Kind::Dr, 48), (Kind::Rr, 42), (Kind::Kr, 6), (Kind::Dnr, 2), (Kind::List, 2)];
/// The same where photos come along: what has none is rare.
const KINDS_WITH_PHOTO: [(Kind, usize); 3] = [(Kind::Dr, 85), (Kind::Kr, 12), (Kind::Dnr, 3)];
const WITH_PHOTO: f64 = 0.85;
/// Photos of mixed traffic.
const WITH_PHOTO_MIXED: f64 = 0.12;

impl Traffic {
    pub fn new(seed: u64, class: Class) -> Self {
        Self {
            seed,
            class,
            purpose: Some("C"),
            number: 0,
            states: (0..state::CODES.len()).map(|place| State::new(seed, place)).collect(),
            requesters: Requesters::new(seed),
            images: Images::new(seed),
        }
    }

    /// The purpose of every request; criminal justice, if nothing else is said.
    #[must_use]
    pub fn with_purpose(mut self, purpose: Option<&'static str>) -> Self {
        self.purpose = purpose;
        self
    }

    fn message(&self, number: u64) -> Message {
        let mut random = Random::of_message(self.seed, number);
        let syntax = match self.class {
            Class::Json | Class::JsonPhotos => Syntax::Json,
            Class::Xml | Class::XmlPhotos => Syntax::Xml,
            Class::Mixed => *random.pick(&[Syntax::Json, Syntax::Xml]),
        };
        let has_photo = match self.class {
            Class::Json | Class::Xml => false,
            Class::JsonPhotos | Class::XmlPhotos => random.chance(WITH_PHOTO),
            Class::Mixed => random.chance(WITH_PHOTO_MIXED),
        };
        let kinds = if has_photo { KINDS_WITH_PHOTO.as_slice() } else { KINDS.as_slice() };
        let mut at = random.below(100);
        let kind = kinds.iter().find(|(_, share)| at.checked_sub(*share).map(|rest| at = rest).is_none());
        let kind = kind.map_or(Kind::Dr, |(kind, _)| *kind);
        let place = random.skewed(self.states.len());
        let ori = self.requesters.draw(&mut random, place);
        let state = &self.states[place];
        let values = Values { random, state };
        let mut answer = Answer { values, images: &self.images, kind, destination: &ori, syntax, has_photo };
        let mut bytes = Vec::with_capacity(if has_photo { 60_000 } else { 4_000 });
        let format = if syntax == Syntax::Json { state.json_format } else { state.xml_format };
        let is_mobile = format == Format::Mdl && kind == Kind::Dr;
        let mut root = if is_mobile { answer.mobile_license() } else { answer.message(format) };
        state.arrange(&mut root);
        match syntax {
            Syntax::Json => {
                let namespaces = if is_mobile { &[] } else { layouts::context(format) };
                // The state's own namespace is the last.
                let namespaces = match namespaces.split_last() {
                    Some((_, others)) if state.local_elements == 0 => others,
                    _ => namespaces,
                };
                json::Writer { layout: &state.json, namespaces, out: &mut bytes }.message(&root);
            }
            Syntax::Xml => {
                let namespaces = layouts::namespaces(format);
                xml::Writer { layout: &state.xml, namespaces, out: &mut bytes }.message(&root);
            }
        }
        bytes.shrink_to_fit();
        Message { bytes, ori, purpose: self.purpose, kind, syntax, has_photo, state: place }
    }
}

impl Iterator for Traffic {
    type Item = Message;

    fn next(&mut self) -> Option<Message> {
        self.number += 1;
        Some(self.message(self.number))
    }
}
