//! JSON-LD's `@context`, as far as prefix bindings go: it must say of the format's prefixes what the format says, and
//! on output it holds the bindings that the output uses.

use super::output::push_json_string;
use crate::format::{Format, NamespaceId, Namespaces};
use crate::read::json::{JsonReader, JsonString, Scalar, ValueKind, decode};
use crate::read::scan::Span;
use crate::read::{Reason, Refusal};

/// The name of the member.
pub(super) const CONTEXT: &str = "@context";

/// The context of one message, and which namespaces the output uses.
#[derive(Debug, Default)]
pub(super) struct Context {
    /// Where the value stands in the output.
    written: Option<Span>,
    /// The bindings of known prefixes, in the message's order.
    bound: Vec<NamespaceId>,
    /// Whether the message binds anything that the format doesn't.
    has_unknown: bool,
    used: Vec<bool>,
    /// Where in the output each namespace was used first.
    uses: Vec<(usize, NamespaceId)>,
}

impl Context {
    pub(super) fn reset(&mut self, namespaces: usize) {
        self.written = None;
        self.bound.clear();
        self.has_unknown = false;
        self.used.clear();
        self.used.resize(namespaces, false);
        self.uses.clear();
    }

    /// Notes that a name written at `at` is of this namespace.
    pub(super) fn mark_used(&mut self, namespace: NamespaceId, at: usize) {
        if let Some(used @ false) = self.used.get_mut(namespace.index()) {
            *used = true;
            self.uses.push((at, namespace));
        }
    }

    /// Forgets what was written from `at` on.
    pub(super) fn take_back(&mut self, at: usize) {
        while let Some((used_at, namespace)) = self.uses.last().copied()
            && used_at >= at
        {
            self.uses.pop();
            if let Some(used) = self.used.get_mut(namespace.index()) {
                *used = false;
            }
        }
    }

    /// Whether the top-level context has been met.
    pub(super) fn is_copied(&self) -> bool {
        self.written.is_some()
    }

    /// Notes where the top-level context was copied to.
    pub(super) fn copied_to(&mut self, span: Span) {
        self.written = Some(span);
    }

    /// Leaves only the bindings that the output uses; does nothing where all are.
    pub(super) fn narrow(&self, format: &Format, namespaces: &Namespaces, out: &mut Vec<u8>) {
        let Some(written) = self.written else { return };
        let is_used = |id: &NamespaceId| self.used.get(id.index()).copied().unwrap_or(false);
        if !self.has_unknown && self.bound.iter().all(is_used) {
            return;
        }
        let mut narrowed = vec![b'{'];
        for id in self.bound.iter().filter(|id| is_used(id)) {
            let prefix = format.prefixes.iter().find(|(_, own)| own == id).map_or("", |(prefix, _)| prefix);
            if narrowed.len() > 1 {
                narrowed.push(b',');
            }
            push_json_string(prefix, &mut narrowed);
            narrowed.push(b':');
            push_json_string(namespaces.uri(*id), &mut narrowed);
        }
        narrowed.push(b'}');
        out.splice(written.start..written.end, narrowed);
    }

    /// Reads a context and refuses one that contradicts the format or is more than plain bindings. Only the top-level
    /// one goes out; `is_top` says that this is it.
    pub(super) fn read(
        &mut self,
        reader: &mut JsonReader<'_>,
        text: &str,
        format: &Format,
        namespaces: &Namespaces,
        is_top: bool,
    ) -> Result<(), Refusal> {
        let start = reader.position();
        let refuse = |detail| Err(Refusal::at(Reason::Context, start, detail));
        if reader.kind()? != ValueKind::Object {
            return refuse("a context is more than plain prefix bindings");
        }
        reader.take(b'{');
        let mut names: Vec<String> = Vec::new();
        while !(names.is_empty() && reader.take(b'}')) {
            let name = meaning(reader.name()?, text);
            let uri = match reader.kind()? {
                ValueKind::Scalar => reader.scalar()?,
                ValueKind::Object | ValueKind::Array => return refuse("a context is more than plain prefix bindings"),
            };
            let Scalar::String(uri) = uri else {
                return refuse("a context is more than plain prefix bindings");
            };
            let uri = meaning(uri, text);
            // The URIs of NIEM 5 get a `#` in JSON-LD.
            let bound_to = namespaces.id(uri.strip_suffix('#').unwrap_or(&uri).as_bytes());
            let exact = namespaces.id(uri.as_bytes());
            let own = format.prefixes.iter().find(|(prefix, _)| *prefix == name).map(|(_, id)| *id);
            let is_of_format = |id| format.has_namespace(id);
            match own {
                Some(own) if own == exact || own == bound_to => {
                    if is_top {
                        self.bound.push(own);
                        self.has_unknown |= own != exact;
                    }
                }
                Some(_) => return refuse("a context binds a prefix of the format to another namespace"),
                None if is_of_format(exact) || is_of_format(bound_to) => {
                    return refuse("a context binds another prefix to a namespace of the format");
                }
                None if name.contains(['@', ':']) => return refuse("a context is more than plain prefix bindings"),
                None => self.has_unknown |= is_top,
            }
            if names.contains(&name) {
                return Err(Refusal::at(Reason::DuplicateName, start, "a context binds a prefix twice"));
            }
            names.push(name);
            if !reader.take(b',') {
                reader.expect(b'}', "a comma or the end of an object is wanted")?;
                break;
            }
        }
        Ok(())
    }
}

fn meaning(string: JsonString, text: &str) -> String {
    let mut meaning = String::new();
    decode(string.inner.text(text), &mut meaning);
    meaning
}
