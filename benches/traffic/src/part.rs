//! A message before it is written: the same tree for XML and JSON.

use std::borrow::Cow;

/// An element or a member.
#[derive(Debug)]
pub(crate) struct Part {
    /// With the prefix of the format's own table, if it has one.
    pub(crate) name: &'static str,
    pub(crate) body: Body,
    pub(crate) attributes: Vec<(&'static str, Cow<'static, str>)>,
    /// Whether it may stand several times; JSON writes several as an array.
    pub(crate) count: Count,
}

#[derive(Debug)]
pub(crate) enum Body {
    Parts(Vec<Part>),
    Text(Cow<'static, str>),
    /// A number or a boolean: bare in JSON.
    Literal(Cow<'static, str>),
    /// Base64 of an image.
    Image(String),
    /// Nothing but attributes.
    Nil,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Count {
    One,
    /// One is an object or an array of one, as the state has it.
    OneOrMore,
    /// An array, however many.
    Array,
}

impl Part {
    fn new(name: &'static str, body: Body) -> Self {
        Self { name, body, attributes: Vec::new(), count: Count::One }
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl Into<Cow<'static, str>>) -> Self {
        self.attributes.push((name, value.into()));
        self
    }

    pub(crate) fn many(mut self) -> Self {
        self.count = Count::OneOrMore;
        self
    }

    pub(crate) fn array(mut self) -> Self {
        self.count = Count::Array;
        self
    }
}

/// Parts in a part, or nothing where there are none.
pub(crate) fn group(name: &'static str, parts: impl IntoIterator<Item = Option<Part>>) -> Option<Part> {
    let parts: Vec<Part> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| Part::new(name, Body::Parts(parts)))
}

/// The same around one part.
pub(crate) fn within(names: &[&'static str], part: Option<Part>) -> Option<Part> {
    names.iter().rev().fold(part, |part, name| group(name, [part]))
}

pub(crate) fn text(name: &'static str, value: impl Into<Cow<'static, str>>) -> Option<Part> {
    Some(Part::new(name, Body::Text(value.into())))
}

pub(crate) fn literal(name: &'static str, value: impl Into<Cow<'static, str>>) -> Option<Part> {
    Some(Part::new(name, Body::Literal(value.into())))
}

pub(crate) fn image(name: &'static str, base64: String) -> Option<Part> {
    Some(Part::new(name, Body::Image(base64)))
}

pub(crate) fn nil(name: &'static str) -> Part {
    Part::new(name, Body::Nil)
}
