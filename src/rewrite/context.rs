//! JSON-LD's `@context`, restricted to prefix bindings: it must bind the format's prefixes as the format does, and the
//! output's has the bindings that the output uses.

use super::names::{NameList, UsedNamespaces};
use super::output::replace;
use crate::read::json::{Place, Scalar, ValueKind, meaning};
use crate::read::{Limits, Reason, Refusal};
use dmv_redact_model::format::{Format, NamespaceId, Namespaces, OwnPrefix};
use dmv_redact_model::span::Span;

/// The name of the member.
pub(super) const CONTEXT: &str = "@context";

/// A binding of a prefix of the format, as written in the context.
#[derive(Debug, Clone, Copy)]
struct Binding {
    namespace: NamespaceId,
    /// After the comma or brace before it.
    separator_end: usize,
    member: Span,
    spelling: Spelling,
}

/// The sender's choices in writing a binding.
#[derive(Debug, Clone, Copy)]
struct Spelling {
    /// Without escapes.
    is_plain: bool,
    /// Whether the namespace ends in a slash, and whether a `#` follows it. None follows one that ends in `#`.
    is_slashed: bool,
    takes_mark: bool,
    has_mark: bool,
}

/// The context of one message, and which namespaces the output uses.
#[derive(Debug, Default)]
pub(super) struct Context {
    /// Where the value is in the output.
    written: Option<Span>,
    has_url: bool,
    /// The top-level context, and the one inside that was read last.
    top: Bindings,
    nested: Bindings,
    is_in_top: bool,
    names: UsedNamespaces,
    /// Those of what the filter itself writes.
    added: UsedNamespaces,
    /// The context for the output.
    narrowed: Vec<u8>,
    /// The meaning of a name and of a URI with escapes.
    name: String,
    uri: String,
}

/// A context that has been read.
#[derive(Debug, Default)]
struct Bindings {
    /// The names of its members.
    names: NameList,
    /// The members that bind a prefix of the format.
    own: Vec<Binding>,
    /// From after the last value to after the closing brace.
    closing: Span,
    /// Where it begins.
    start: usize,
}

impl Context {
    pub(super) fn reset(&mut self, namespaces: usize) {
        self.written = None;
        self.has_url = false;
        self.names.reset(namespaces);
        self.added.reset(namespaces);
    }

    /// Records that a name written at `at` has this namespace.
    #[inline]
    pub(super) fn mark_used(&mut self, namespace: NamespaceId, at: usize) {
        self.names.mark(namespace, at);
    }

    /// The same of a name that the filter itself writes: how the message binds its namespace tells of what was removed.
    pub(super) fn mark_added(&mut self, namespace: NamespaceId, at: usize) {
        self.added.mark(namespace, at);
    }

    /// Forgets what was written from `at` on.
    #[inline]
    pub(super) fn take_back(&mut self, at: usize) {
        self.names.take_back(at);
        self.added.take_back(at);
    }

    /// Whether the top-level context has been copied.
    pub(super) fn is_copied(&self) -> bool {
        self.written.is_some() || self.has_url
    }

    /// Records that the top-level context is a URL, which was copied as it is.
    pub(super) fn is_url(&mut self) {
        self.has_url = true;
    }

    /// Records where the top-level context was copied to.
    pub(super) fn copied_to(&mut self, span: Span) {
        self.written = Some(span);
    }

    /// A context that is a URL: it must be one that the format declares.
    ///
    /// # Errors
    /// When it isn't.
    pub(super) fn check_url(&self, url: &str, start: usize, format: &Format) -> Result<(), Refusal> {
        match format.declared.contexts.iter().any(|own| own == url) {
            true => Ok(()),
            false => Err(Refusal::at(Reason::Context, start, "a context that the format doesn't declare")),
        }
    }

    /// Makes the context bind the prefixes that the output uses, each to its namespace, in the format's order. Only the
    /// layout is the sender's, and only if it has this order already.
    pub(super) fn narrow(&mut self, message: &[u8], out: &mut Vec<u8>, format: &Format) {
        let Some(written) = self.written else { return };
        self.narrowed.clear();
        if !self.narrow_as_laid_out(message, format) {
            self.narrow_plainly(format);
        }
        replace(out, written, &self.narrowed);
    }

    /// The prefixes that the output uses.
    fn used<'a>(&'a self, format: &'a Format) -> impl Iterator<Item = &'a OwnPrefix> {
        let is_used = |namespace| self.names.holds(namespace) || self.added.holds(namespace);
        format.own_prefixes.iter().filter(move |own| !own.is_added && is_used(own.namespace))
    }

    /// Whether a used binding of the message ends in `#`, among those of URIs that end in a slash, or among the others.
    fn has_mark(&self, is_slashed: bool) -> bool {
        self.top.own.iter().any(|binding| {
            self.names.holds(binding.namespace)
                && binding.spelling.is_slashed == is_slashed
                && binding.spelling.has_mark
        })
    }

    /// Writes the bindings in the message's own layout, if they are in order and spelled plainly.
    fn narrow_as_laid_out(&mut self, message: &[u8], format: &Format) -> bool {
        let mut used = self.top.own.iter().filter(|binding| self.names.holds(binding.namespace));
        let is_right = self.used(format).all(|own| {
            used.next().is_some_and(|binding| {
                let Spelling { is_slashed, takes_mark, has_mark, .. } = binding.spelling;
                let is_marked = !takes_mark || has_mark == self.has_mark(is_slashed);
                binding.namespace == own.namespace && binding.spelling.is_plain && is_marked
            })
        });
        if !is_right || used.next().is_some() {
            return false;
        }
        let Self { top, names, narrowed, .. } = self;
        narrowed.push(b'{');
        for binding in top.own.iter().filter(|binding| names.holds(binding.namespace)) {
            // The white space before a comma may belong to a removed binding.
            if narrowed.len() > 1 {
                narrowed.push(b',');
            }
            let member = Span::new(binding.separator_end, binding.member.end());
            narrowed.extend_from_slice(member.of(message));
        }
        narrowed.extend_from_slice(top.closing.of(message));
        true
    }

    fn narrow_plainly(&mut self, format: &Format) {
        let mut narrowed = std::mem::take(&mut self.narrowed);
        narrowed.push(b'{');
        for own in self.used(format) {
            if narrowed.len() > 1 {
                narrowed.push(b',');
            }
            narrowed.extend_from_slice(own.binding.as_bytes());
            let is_marked = !own.uri.ends_with('#') && self.has_mark(own.uri.ends_with('/'));
            narrowed.extend_from_slice(if is_marked { b"#\"" } else { b"\"" });
        }
        narrowed.push(b'}');
        self.narrowed = narrowed;
    }

    /// A context begins: that of the top level, which is released, or another, which is only checked.
    ///
    /// # Errors
    /// When it is no object.
    pub(super) fn open(&mut self, is_top: bool, place: &Place) -> Result<(), Refusal> {
        self.is_in_top = is_top;
        let bindings = self.bindings();
        bindings.names.clear();
        bindings.own.clear();
        bindings.start = place.value_start;
        match place.kind {
            ValueKind::Object => Ok(()),
            ValueKind::Array | ValueKind::Scalar => {
                Err(Refusal::at(Reason::Context, place.value_start, NO_PLAIN_CONTEXT))
            }
        }
    }

    fn bindings(&mut self) -> &mut Bindings {
        if self.is_in_top { &mut self.top } else { &mut self.nested }
    }

    /// A member of the context begins.
    ///
    /// # Errors
    /// When its value is no string, or there are too many.
    pub(super) fn check_binding(&mut self, place: &Place, limits: &Limits) -> Result<(), Refusal> {
        let bindings = self.bindings();
        if place.first != b'"' {
            return Err(Refusal::at(Reason::Context, bindings.start, NO_PLAIN_CONTEXT));
        }
        if bindings.names.len() >= limits.namespaces {
            return Err(Refusal::at(Reason::Limit, bindings.start, "a context has too many bindings"));
        }
        Ok(())
    }

    /// A member of the context was read up to `end`.
    ///
    /// # Errors
    /// When it contradicts the format, or is more than a plain binding.
    pub(super) fn bind(
        &mut self,
        place: &Place,
        uri: Scalar,
        end: usize,
        text: &str,
        format: &Format,
        namespaces: &Namespaces,
    ) -> Result<(), Refusal> {
        let (Some(spelled_name), Scalar::String(spelled_uri)) = (place.name, uri) else { return Ok(()) };
        let Self { top, nested, is_in_top, name, uri, .. } = self;
        let bindings = if *is_in_top { top } else { nested };
        let name = meaning(spelled_name, text, name);
        let uri = meaning(spelled_uri, text, uri);
        bindings.names.push(name);
        if let Some((namespace, has_mark)) = binding(name, uri, format, namespaces, bindings.start)? {
            let spelling = Spelling {
                is_plain: !spelled_name.escaped && !spelled_uri.escaped,
                is_slashed: namespaces.uri(namespace).ends_with('/'),
                takes_mark: !namespaces.uri(namespace).ends_with('#'),
                has_mark,
            };
            let member = Span::new(place.start, end);
            bindings.own.push(Binding { namespace, separator_end: place.separator_end, member, spelling });
        }
        Ok(())
    }

    /// The context ends: its last value at `gap`, its brace at `end`.
    ///
    /// # Errors
    /// When it binds a prefix twice.
    pub(super) fn close(&mut self, gap: usize, end: usize) -> Result<(), Refusal> {
        let bindings = self.bindings();
        bindings.closing = Span::new(gap, end);
        match bindings.names.close(0) {
            true => Err(Refusal::at(Reason::DuplicateName, bindings.start, "a context binds a prefix twice")),
            false => Ok(()),
        }
    }
}

const NO_PLAIN_CONTEXT: &str = "a context is more than plain prefix bindings";

/// The namespace of a binding whose prefix is one of the format's, and whether the URI has a `#` more than the
/// namespace's.
fn binding(
    name: &str,
    uri: &str,
    format: &Format,
    namespaces: &Namespaces,
    start: usize,
) -> Result<Option<(NamespaceId, bool)>, Refusal> {
    // The URIs of NIEM 5 get a `#` in JSON-LD; those that have one get no other.
    let short = uri.strip_suffix('#').filter(|short| !short.ends_with('#')).unwrap_or(uri);
    let own = format.prefixes.iter().find(|(prefix, _)| *prefix == name).map(|(_, id)| *id);
    let detail = match own {
        Some(own) if namespaces.uri(own) == uri || namespaces.uri(own) == short => {
            return Ok(Some((own, namespaces.uri(own) != uri)));
        }
        Some(_) => "a context binds a prefix of the format to another namespace",
        None if name.contains(['@', ':']) || uri.starts_with('@') => NO_PLAIN_CONTEXT,
        None if can_spell(name, uri, format) => {
            "a context binds another name to a name or namespace of the format, or to the beginning of one"
        }
        None => return Ok(None),
    };
    Err(Refusal::at(Reason::Context, start, detail))
}

/// Whether a name of the format can be written with a term that isn't the format's. That JSON-LD 1.1 takes fewer terms for
/// prefixes than 1.0 doesn't count.
fn can_spell(term: &str, uri: &str, format: &Format) -> bool {
    let before_colon = uri.split(':').next();
    format.declared.namespaces.iter().any(|(prefix, own)| {
        own.starts_with(uri)
            || is_in(uri, own)
            || before_colon == Some(prefix.as_str())
            // It would change what the format's own bindings mean.
            || own.split_once(':').is_some_and(|(scheme, rest)| scheme == term && !rest.starts_with("//"))
    })
}

/// Whether JSON-LD takes the name of a member for a name of the format, though it isn't spelled as one: a reader of the
/// message would then see more than the filter decides on.
pub(super) fn is_disguised(name: &str, format: &Format) -> bool {
    let namespaces = &format.declared.namespaces;
    // What is in them is said of the object around them.
    if name.starts_with('@') {
        let speaks = matches!(name, "@list" | "@nest" | "@set" | "@value");
        return speaks && format.declared.has_context();
    }
    let Some((prefix, local)) = name.split_once(':') else { return false };
    match namespaces.iter().find(|(own, _)| own == prefix) {
        None => namespaces.iter().any(|(_, own)| is_in(name, own)),
        Some((_, base)) => namespaces.iter().any(|(_, own)| match own.strip_prefix(base.as_str()) {
            Some("") => !base.ends_with('#') && local.starts_with('#') && is_in(local, ""),
            Some(tail) => is_in(local, tail),
            None => false,
        }),
    }
}

/// Whether an IRI can be a name of a namespace, which may be followed by the `#` of NIEM 5, or the beginning of one. A name
/// has none of the characters that divide an IRI; with one it is of a namespace below.
fn is_in(iri: &str, namespace: &str) -> bool {
    let Some(rest) = iri.strip_prefix(namespace) else { return false };
    let local = rest.strip_prefix('#').filter(|_| !namespace.ends_with('#')).unwrap_or(rest);
    !local.contains(['/', '#', ':'])
}
