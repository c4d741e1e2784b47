//! Namespace bindings in scope (Namespaces in XML 1.0).

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hasher};

use dmv_redact_model::format::NamespaceId;
use dmv_redact_model::span::Span;

/// One namespace declaration in scope.
#[derive(Debug, Clone, Copy)]
pub(super) struct Binding {
    /// The prefix in the message; empty for the default namespace.
    pub(super) prefix: Span,
    /// The prefix packed into a word, because prefixes are short and compared for every name.
    pub(super) packed: u64,
    /// The URI: in the message, or in the arena where it had to be decoded first.
    pub(super) uri: Uri,
    pub(super) namespace: NamespaceId,
    /// A hash of a URI that no format names, compared before the URI, which may be long.
    pub(super) fingerprint: u64,
    /// The arena's length when the binding was pushed.
    pub(super) arena_end: usize,
}

/// Where the bytes of a URI are stored.
#[derive(Debug, Clone, Copy)]
pub(super) enum Uri {
    Message(Span),
    Arena(Span),
}

/// What [`pack`] returns for a prefix of more than seven bytes.
const TOO_LONG: u64 = u64::MAX;

/// A prefix of at most seven bytes and its length as one number.
#[inline]
pub(super) fn pack(prefix: &[u8]) -> u64 {
    match prefix.len() {
        0..8 => prefix.iter().fold(1, |word, byte| word << 8 | u64::from(*byte)),
        _ => TOO_LONG,
    }
}

/// The hash of a URI that no format names; 0 for others, which are compared by id.
pub(super) fn fingerprint(namespace: NamespaceId, uri: &[u8]) -> u64 {
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
    /// Index of the bindings by prefix if there are more than [`LINEAR_SEARCH_MAX`], so that time stays linear (P8).
    by_prefix: HashMap<Box<[u8]>, Vec<usize>>,
}

/// Up to this many bindings are searched linearly.
const LINEAR_SEARCH_MAX: usize = 32;

impl Bindings {
    pub(super) fn reset(&mut self) {
        self.stack.clear();
        self.arena.clear();
        if !self.by_prefix.is_empty() {
            self.by_prefix.clear();
        }
    }

    pub(super) fn len(&self) -> usize {
        self.stack.len()
    }

    pub(super) fn truncate(&mut self, length: usize, message: &[u8]) {
        if length <= LINEAR_SEARCH_MAX {
            self.stack.truncate(length);
            if !self.by_prefix.is_empty() {
                self.by_prefix.clear();
            }
        }
        for binding in self.stack.drain(length.min(self.stack.len())..) {
            if let Some(by_prefix) = self.by_prefix.get_mut(binding.prefix.of(message)) {
                by_prefix.pop();
            }
        }
        self.arena.truncate(self.stack.last().map_or(0, |binding| binding.arena_end));
    }

    pub(super) fn push(&mut self, binding: Binding, message: &[u8]) {
        self.stack.push(Binding { arena_end: self.arena.len(), ..binding });
        if self.stack.len() > LINEAR_SEARCH_MAX {
            let from = if self.by_prefix.is_empty() { 0 } else { self.stack.len() - 1 };
            for (index, binding) in self.stack.iter().enumerate().skip(from) {
                self.by_prefix.entry(binding.prefix.of(message).into()).or_default().push(index);
            }
        }
    }

    /// Keeps a decoded URI as long as its binding is in scope.
    pub(super) fn keep(&mut self, uri: &[u8]) -> Uri {
        let start = self.arena.len();
        self.arena.extend_from_slice(uri);
        Uri::Arena(Span::new(start, self.arena.len()))
    }

    pub(super) fn get(&self, index: usize) -> Option<&Binding> {
        self.stack.get(index)
    }

    /// The URI of a binding, as it is compared.
    pub(super) fn uri<'a>(&'a self, binding: &Binding, message: &'a [u8]) -> &'a [u8] {
        match binding.uri {
            Uri::Message(span) => span.of(message),
            Uri::Arena(span) => span.of(&self.arena),
        }
    }

    /// Whether two bindings have the same namespace.
    pub(super) fn is_same(&self, left: &Binding, right: &Binding, message: &[u8]) -> bool {
        left.namespace == right.namespace
            && (left.namespace != NamespaceId::UNKNOWN
                || left.fingerprint == right.fingerprint && self.uri(left, message) == self.uri(right, message))
    }

    /// The namespace of a prefix by its packed form; `None` where that doesn't tell.
    #[inline(always)]
    pub(super) fn resolve_packed(&self, packed: u64) -> Option<NamespaceId> {
        let is_searched = packed != TOO_LONG && self.by_prefix.is_empty();
        let mut stack = self.stack.iter().rev().filter(|_| is_searched);
        stack.find(|binding| binding.packed == packed).map(|binding| binding.namespace)
    }

    /// The namespace of a prefix, and the index of the binding. `None` for an unbound prefix.
    pub(super) fn resolve(&self, prefix: Option<Span>, message: &[u8]) -> Option<(NamespaceId, Option<usize>)> {
        let prefix_bytes = prefix.unwrap_or_default().of(message);
        let packed = pack(prefix_bytes);
        let index = match self.by_prefix.is_empty() {
            true => self.stack.iter().rposition(|binding| {
                binding.packed == packed && (packed != TOO_LONG || binding.prefix.of(message) == prefix_bytes)
            }),
            false => self.by_prefix.get(prefix_bytes).and_then(|by_prefix| by_prefix.last()).copied(),
        };
        match index.and_then(|index| self.stack.get(index)) {
            Some(binding) => Some((binding.namespace, index)),
            None if prefix.is_none() => Some((NamespaceId::NONE, None)),
            None => (prefix_bytes == b"xml").then_some((NamespaceId::XML, None)),
        }
    }
}
