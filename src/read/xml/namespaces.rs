//! Which prefix means which namespace, in scope (Namespaces in XML 1.0).

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hasher};

use crate::format::NamespaceId;
use crate::span::Span;

/// One namespace declaration in scope.
#[derive(Debug, Clone, Copy)]
pub(super) struct Binding {
    /// The prefix in the message; empty for the default namespace.
    pub(super) prefix: Span,
    /// The same, packed: prefixes are short, and compared for every name.
    pub(super) packed: u64,
    /// The URI: in the message, or in the arena where it had to be decoded first.
    pub(super) uri: Uri,
    pub(super) namespace: NamespaceId,
    /// A digest of a URI that no format names: long ones are told apart by it before they are compared.
    pub(super) print: u64,
    /// How far the arena went when it was made.
    pub(super) arena_end: usize,
}

/// Where the bytes of a URI are.
#[derive(Debug, Clone, Copy)]
pub(super) enum Uri {
    Message(Span),
    Arena(Span),
}

/// What [`pack`] gives for a prefix of more than seven bytes.
const LONG: u64 = u64::MAX;

/// A prefix of at most seven bytes and its length as one number.
#[inline]
pub(super) fn pack(prefix: &[u8]) -> u64 {
    match prefix.len() {
        0..8 => prefix.iter().fold(1, |word, byte| word << 8 | u64::from(*byte)),
        _ => LONG,
    }
}

/// The digest of a URI.
pub(super) fn print(namespace: NamespaceId, uri: &[u8]) -> u64 {
    if namespace != NamespaceId::UNKNOWN {
        return 0;
    }
    let mut hasher = DefaultHasher::new();
    hasher.write(uri);
    hasher.finish()
}

/// All declarations in scope, the innermost last.
#[derive(Debug, Default)]
pub(super) struct Bindings {
    stack: Vec<Binding>,
    arena: Vec<u8>,
    /// Of more bindings than [`FEW`], the places of each prefix, so that time stays linear.
    places: HashMap<Box<[u8]>, Vec<usize>>,
}

/// Bindings among which a prefix is looked for one by one.
const FEW: usize = 32;

impl Bindings {
    pub(super) fn clone_from(&mut self, other: &Self) {
        self.stack.clone_from(&other.stack);
        self.arena.clone_from(&other.arena);
        if !(self.places.is_empty() && other.places.is_empty()) {
            self.places.clone_from(&other.places);
        }
    }

    pub(super) fn reset(&mut self) {
        self.stack.clear();
        self.arena.clear();
        if !self.places.is_empty() {
            self.places.clear();
        }
    }

    pub(super) fn len(&self) -> usize {
        self.stack.len()
    }

    pub(super) fn truncate(&mut self, length: usize, message: &[u8]) {
        if length <= FEW {
            self.stack.truncate(length);
            if !self.places.is_empty() {
                self.places.clear();
            }
        }
        for binding in self.stack.drain(length.min(self.stack.len())..) {
            if let Some(places) = self.places.get_mut(binding.prefix.of(message)) {
                places.pop();
            }
        }
        self.arena.truncate(self.stack.last().map_or(0, |binding| binding.arena_end));
    }

    pub(super) fn push(&mut self, binding: Binding, message: &[u8]) {
        self.stack.push(Binding { arena_end: self.arena.len(), ..binding });
        if self.stack.len() > FEW {
            let from = if self.places.is_empty() { 0 } else { self.stack.len() - 1 };
            for (place, binding) in self.stack.iter().enumerate().skip(from) {
                self.places.entry(binding.prefix.of(message).into()).or_default().push(place);
            }
        }
    }

    /// Keeps a decoded URI as long as its binding is in scope.
    pub(super) fn keep(&mut self, uri: &[u8]) -> Uri {
        let start = self.arena.len();
        self.arena.extend_from_slice(uri);
        Uri::Arena(Span::new(start, self.arena.len()))
    }

    pub(super) fn get(&self, place: usize) -> Option<&Binding> {
        self.stack.get(place)
    }

    /// The URI of a binding, as it is compared.
    pub(super) fn uri<'a>(&'a self, binding: &Binding, message: &'a [u8]) -> &'a [u8] {
        match binding.uri {
            Uri::Message(span) => span.of(message),
            Uri::Arena(span) => span.of(&self.arena),
        }
    }

    /// Whether two bindings are of one namespace.
    pub(super) fn is_same(&self, left: &Binding, right: &Binding, message: &[u8]) -> bool {
        left.namespace == right.namespace
            && (left.namespace != NamespaceId::UNKNOWN
                || left.print == right.print && self.uri(left, message) == self.uri(right, message))
    }

    /// What a prefix is bound to, and the place of the binding. `None` for a prefix that is bound to nothing.
    pub(super) fn resolve(&self, prefix: Option<Span>, message: &[u8]) -> Option<(NamespaceId, Option<usize>)> {
        let wanted = prefix.unwrap_or_default().of(message);
        let packed = pack(wanted);
        let is_wanted =
            |binding: &Binding| binding.packed == packed && (packed != LONG || binding.prefix.of(message) == wanted);
        let place = match self.places.is_empty() {
            true => self.stack.iter().rposition(is_wanted),
            false => self.places.get(wanted).and_then(|places| places.last()).copied(),
        };
        match place.and_then(|place| self.stack.get(place)) {
            Some(binding) => Some((binding.namespace, place)),
            None if prefix.is_none() => Some((NamespaceId::NONE, None)),
            None => (wanted == b"xml").then_some((NamespaceId::XML, None)),
        }
    }
}
