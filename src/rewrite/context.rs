//! JSON-LD's `@context`, restricted to prefix bindings: it must bind the format's prefixes as the format does, and the
//! output's has the bindings that the output uses.

use std::borrow::Cow;
use std::collections::HashSet;

use super::names::UsedNamespaces;
use super::output::push_json_string;
use super::stencil::Trace;
use crate::read::json::{JsonReader, JsonString, Scalar, ValueKind, decode};
use crate::read::{Limits, Reason, Refusal};
use dmv_redact_model::format::{Format, FormatId, NamespaceId, Namespaces, OwnPrefix};
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
    /// Whether the namespace ends in a slash, and whether a `#` follows it.
    is_slashed: bool,
    has_mark: bool,
}

/// The context of one message, and which namespaces the output uses.
#[derive(Debug, Default)]
pub(super) struct Context {
    /// Where the value is in the output.
    written: Option<Span>,
    /// The last valid top-level context. One with the same bytes means the same.
    known: Known,
    familiar: Familiar,
    names: UsedNamespaces,
    /// The context for the output.
    narrowed: Vec<u8>,
}

/// A context that has been read. Offsets in it are relative to its brace.
#[derive(Debug, Default)]
struct Known {
    format: FormatId,
    text: String,
    /// The names of its members, as spans of its message; those that bind no prefix of the format aren't among the
    /// bindings.
    names: Vec<JsonString>,
    bindings: Vec<Binding>,
    /// From after the last value to after the closing brace.
    closing: Span,
}

/// Valid bindings of a format's own prefixes. One with the same bytes is valid too, whatever their order.
#[derive(Debug, Default)]
struct Familiar {
    format: FormatId,
    /// As written in a context, with the bytes of the prefix, which is in quotes at the beginning.
    bindings: Vec<(String, usize, NamespaceId, Spelling)>,
}

/// Maximum number of kept bindings, and the maximum length of one in bytes.
const MOST_FAMILIAR: usize = 16;
const FAMILIAR_BYTES: usize = 256;

impl Familiar {
    /// Skips the next binding if it is one of these. Returns its prefix and the namespace.
    fn pass(&self, reader: &mut JsonReader<'_>) -> Option<(JsonString, (NamespaceId, Spelling))> {
        let start = reader.position() + 1;
        let (_, bytes, own, spelling) =
            self.bindings.iter().find(|(text, ..)| reader.skip_if_identical(text.as_bytes(), 1))?;
        Some((JsonString { inner: Span::new(start, start + bytes), escaped: false }, (*own, *spelling)))
    }

    /// Remembers a binding that was read in full.
    fn note(&mut self, binding: &str, prefix: JsonString, (own, spelling): (NamespaceId, Spelling)) {
        if self.bindings.len() < MOST_FAMILIAR && binding.len() <= FAMILIAR_BYTES && !prefix.escaped {
            self.bindings.push((binding.to_owned(), prefix.inner.len(), own, spelling));
        }
    }
}

/// Maximum length in bytes of a context that others are compared with.
const KNOWN_BYTES: usize = 4096;

impl Context {
    pub(super) fn reset(&mut self, namespaces: usize) {
        self.written = None;
        self.names.reset(namespaces);
    }

    /// Records that a name written at `at` has this namespace.
    #[inline]
    pub(super) fn mark_used(&mut self, namespace: NamespaceId, at: usize) {
        self.names.mark(namespace, at);
    }

    /// Forgets what was written from `at` on.
    #[inline]
    pub(super) fn take_back(&mut self, at: usize) {
        self.names.take_back(at);
    }

    /// Whether the top-level context has been copied.
    pub(super) fn is_copied(&self) -> bool {
        self.written.is_some()
    }

    /// Records where the top-level context was copied to.
    pub(super) fn copied_to(&mut self, span: Span) {
        self.written = Some(span);
    }

    /// Makes the context bind the prefixes that the output uses, each to its namespace, in the format's order. Only the
    /// layout is the sender's, and only if it has this order already.
    pub(super) fn narrow(&mut self, out: &mut Vec<u8>, format: &Format, trace: &mut Trace) {
        let Some(written) = self.written else { return };
        self.narrowed.clear();
        if !self.narrow_as_laid_out(format) {
            self.narrow_plainly(format);
        }
        if out.get(written.start()..written.end()).is_none_or(|written| written == self.narrowed.as_slice()) {
            return;
        }
        match written.len().checked_sub(self.narrowed.len()) {
            Some(less) => trace.cut(written.end(), less),
            None => trace.spoil(),
        }
        out.splice(written.start()..written.end(), self.narrowed.iter().copied());
    }

    /// The prefixes that the output uses.
    fn used<'a>(&'a self, format: &'a Format) -> impl Iterator<Item = &'a OwnPrefix> {
        format.own_prefixes.iter().filter(|own| {
            let is_prefix = format.prefixes.iter().any(|(prefix, _)| *prefix == own.prefix);
            is_prefix && self.names.holds(own.namespace)
        })
    }

    /// Whether a used binding of the message ends in `#`, among those of URIs that end in a slash, or among the others.
    fn has_mark(&self, is_slashed: bool) -> bool {
        self.known.bindings.iter().any(|binding| {
            self.names.holds(binding.namespace)
                && binding.spelling.is_slashed == is_slashed
                && binding.spelling.has_mark
        })
    }

    /// Writes the bindings in the message's own layout, if they are in order and spelled plainly.
    fn narrow_as_laid_out(&mut self, format: &Format) -> bool {
        let bindings = &self.known.bindings;
        let mut used = bindings.iter().filter(|binding| self.names.holds(binding.namespace));
        let is_right = self.used(format).all(|own| {
            used.next().is_some_and(|binding| {
                let is_marked = binding.spelling.has_mark == self.has_mark(binding.spelling.is_slashed);
                binding.namespace == own.namespace && binding.spelling.is_plain && is_marked
            })
        });
        if !is_right || used.next().is_some() {
            return false;
        }
        let Self { known, names, narrowed, .. } = self;
        narrowed.push(b'{');
        for binding in known.bindings.iter().filter(|binding| names.holds(binding.namespace)) {
            // The white space before a comma may belong to a removed binding.
            if narrowed.len() > 1 {
                narrowed.push(b',');
            }
            let member = Span::new(binding.separator_end, binding.member.end());
            narrowed.extend_from_slice(member.of(known.text.as_bytes()));
        }
        narrowed.extend_from_slice(known.closing.of(known.text.as_bytes()));
        true
    }

    fn narrow_plainly(&mut self, format: &Format) {
        let mut narrowed = std::mem::take(&mut self.narrowed);
        narrowed.push(b'{');
        for own in self.used(format) {
            if narrowed.len() > 1 {
                narrowed.push(b',');
            }
            push_json_string(&own.prefix, &mut narrowed);
            narrowed.push(b':');
            let mark = if self.has_mark(own.uri.ends_with('/')) { "#" } else { "" };
            push_json_string(&format!("{}{mark}", own.uri), &mut narrowed);
        }
        narrowed.push(b'}');
        self.narrowed = narrowed;
    }

    /// Reads a context and refuses one that contradicts the format or is more than plain bindings. Only the top-level
    /// one is released; `is_top` says that this is it.
    pub(super) fn read(
        &mut self,
        reader: &mut JsonReader<'_>,
        text: &str,
        format: &Format,
        namespaces: &Namespaces,
        limits: &Limits,
        is_top: bool,
    ) -> Result<(), Refusal> {
        if is_top
            && self.known.format == format.id
            && (1..=KNOWN_BYTES).contains(&self.known.text.len())
            && reader.skip_if_identical(self.known.text.as_bytes(), self.known.names.len())
        {
            return Ok(());
        }
        let start = reader.position();
        if self.familiar.format != format.id {
            self.familiar = Familiar { format: format.id, ..Familiar::default() };
        }
        if !is_top {
            return Known::default().read(reader, text, format, namespaces, limits, &mut self.familiar);
        }
        // Nothing of a refused one may be remembered.
        self.known.text.clear();
        self.known.read(reader, text, format, namespaces, limits, &mut self.familiar)?;
        self.known.format = format.id;
        self.known.text.push_str(Span::new(start, reader.position()).text(text));
        Ok(())
    }
}

impl Known {
    fn read(
        &mut self,
        reader: &mut JsonReader<'_>,
        text: &str,
        format: &Format,
        namespaces: &Namespaces,
        limits: &Limits,
        familiar: &mut Familiar,
    ) -> Result<(), Refusal> {
        let start = reader.position();
        if reader.kind()? != ValueKind::Object {
            return Err(Refusal::at(Reason::Context, start, NO_PLAIN_CONTEXT));
        }
        reader.take(b'{');
        self.names.clear();
        self.bindings.clear();
        let mut gap = reader.position();
        let mut separator_end = gap;
        while !(self.names.is_empty() && reader.take(b'}')) {
            reader.peek();
            let member_start = reader.position();
            let (spelled, own) = match familiar.pass(reader) {
                Some((prefix, own)) => (prefix, Some(own)),
                None => {
                    let (prefix, own) = binding(reader, text, format, namespaces, start)?;
                    if let Some(own) = own {
                        familiar.note(Span::new(member_start, reader.position()).text(text), prefix, own);
                    }
                    (prefix, own)
                }
            };
            if let Some((namespace, spelling)) = own {
                let member = Span::new(member_start - start, reader.position() - start);
                self.bindings.push(Binding { namespace, separator_end: separator_end - start, member, spelling });
            }
            if self.names.len() >= limits.namespaces {
                return Err(Refusal::at(Reason::Limit, start, "a context has too many bindings"));
            }
            self.names.push(spelled);
            gap = reader.position();
            if !reader.take(b',') {
                reader.expect(b'}', "a comma or the end of an object is wanted")?;
                break;
            }
            separator_end = reader.position();
        }
        self.closing = Span::new(gap - start, reader.position() - start);
        if binds_twice(&self.names, text) {
            return Err(Refusal::at(Reason::DuplicateName, start, "a context binds a prefix twice"));
        }
        Ok(())
    }
}

const NO_PLAIN_CONTEXT: &str = "a context is more than plain prefix bindings";

/// Up to this many names are compared pairwise; more go into a set.
const FEW_NAMES: usize = 16;

/// Whether a name occurs twice.
fn binds_twice(names: &[JsonString], text: &str) -> bool {
    if names.len() <= FEW_NAMES {
        return names.iter().enumerate().any(|(place, name)| {
            let name = meaning(*name, text);
            names.iter().take(place).any(|before| meaning(*before, text) == name)
        });
    }
    let mut seen = HashSet::with_capacity(names.len());
    !names.iter().all(|name| seen.insert(meaning(*name, text)))
}

/// Reads one binding: its prefix, and the namespace if the prefix is one of the format's.
fn binding(
    reader: &mut JsonReader<'_>,
    text: &str,
    format: &Format,
    namespaces: &Namespaces,
    start: usize,
) -> Result<(JsonString, Option<(NamespaceId, Spelling)>), Refusal> {
    let spelled = reader.name()?;
    let name = meaning(spelled, text);
    let uri = match reader.kind()? {
        ValueKind::Scalar => Some(reader.scalar()?),
        ValueKind::Object | ValueKind::Array => None,
    };
    let Some(Scalar::String(spelled_uri)) = uri else {
        return Err(Refusal::at(Reason::Context, start, NO_PLAIN_CONTEXT));
    };
    let uri = meaning(spelled_uri, text);
    // The URIs of NIEM 5 get a `#` in JSON-LD.
    let short = uri.strip_suffix('#').unwrap_or(&uri);
    let own = format.prefixes.iter().find(|(prefix, _)| *prefix == name).map(|(_, id)| *id);
    let detail = match own {
        Some(own) if namespaces.uri(own) == uri || namespaces.uri(own) == short => {
            let spelling = Spelling {
                is_plain: !spelled.escaped && !spelled_uri.escaped,
                is_slashed: namespaces.uri(own).ends_with('/'),
                has_mark: namespaces.uri(own) != uri,
            };
            return Ok((spelled, Some((own, spelling))));
        }
        Some(_) => "a context binds a prefix of the format to another namespace",
        None if [&*uri, short].into_iter().any(|uri| format.has_namespace(namespaces.id(uri.as_bytes()))) => {
            "a context binds another prefix to a namespace of the format"
        }
        None if name.contains(['@', ':']) => NO_PLAIN_CONTEXT,
        None => return Ok((spelled, None)),
    };
    Err(Refusal::at(Reason::Context, start, detail))
}

/// The meaning of a string.
fn meaning(string: JsonString, text: &str) -> Cow<'_, str> {
    let spelled = string.inner.text(text);
    if !string.escaped {
        return Cow::Borrowed(spelled);
    }
    let mut meaning = String::new();
    decode(spelled, &mut meaning);
    Cow::Owned(meaning)
}
