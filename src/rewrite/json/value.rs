//! The value of a member or an item, judged and written.

use super::super::output::push_json_string;
use super::super::planted::{Planted, is_planted};
use super::super::session::Value;
use super::super::value::Judgement;
use super::{JsonRewriter, Part, Rewrite};
use crate::read::json::{Place, Scalar, decode};
use dmv_redact_model::catalog::{ElementId, Treatment};
use dmv_redact_model::format::{NamespaceId, Node, Placeholder, Target};
use dmv_redact_model::manifest::ReleasedForm;
use dmv_redact_model::span::Span;

/// Stands for an ambiguous value: it violates every shape.
const NO_VALUE: Value<'static> = Value::Plain("\u{0}");

impl<'m, 'f> JsonRewriter<'m, '_, 'f> {
    /// A scalar: what is permitted of its element, and what it is.
    pub(super) fn leaf(
        &mut self,
        place: &Place,
        part: Part<'f>,
        scalar: Scalar,
        end: usize,
        permitted: (ElementId, Option<Treatment>),
    ) -> Rewrite<()> {
        let node = part.named.node().and_then(|node| self.trie.node(node));
        let value_start = place.value_start;
        let span = Span::new(value_start, end);
        let value = self.meaning(scalar, node);
        if let Some(role) = node.and_then(|node| node.role) {
            self.session.note(role, value, value_start);
        }
        if let ((_, Some(_)), Some(node)) = (permitted, node.filter(|node| !node.layouts.is_empty())) {
            return self.text(place, part, node, value, span);
        }
        if let Some(node) = node.filter(|node| node.embedded.is_some()) {
            if matches!(scalar, Scalar::String(_)) {
                return self.embedded(place, part, node, value, span);
            }
            // A number or literal is no text, and no message.
            self.session.unmapped(Span::new(place.start, end));
            self.removed(place, part.named.node());
            return Ok(());
        }
        if let (Some((element, treatment)), Some(node)) = (
            (permitted.1.map(|treatment| (permitted.0, treatment))),
            node.filter(|node| !node.discriminates.is_empty()),
        ) {
            let of_type = if node.is_qname { self.type_namespace(value) } else { Some(NamespaceId::NONE) };
            if let Some(of_type) = of_type.filter(|_| self.session.discriminate(node, value, span)) {
                self.begin(place, part.named, value_start);
                self.buffers.context.mark_used(of_type, self.out.len());
                self.copy(span);
                self.list(place, (element, treatment), span, ReleasedForm::Exact);
                self.written();
            }
            return Ok(());
        }
        let is_in_record = node.is_none_or(|node| matches!(node.target, Target::Record(_)));
        let is_string = matches!(scalar, Scalar::String(_));
        if is_string && is_in_record && self.session.is_blank(value) && !is_planted(Planted::Shell) {
            // As in XML, where it is indistinguishable from an element whose content was removed.
            self.removed(place, part.named.node());
            return Ok(());
        }
        let type_namespace = node.filter(|node| node.is_qname).map(|_| self.type_namespace(value));
        let is_too_large = matches!(scalar, Scalar::Lexeme(span) if is_infinite(span.text(self.text)));
        let value = if type_namespace == Some(None) || is_too_large { NO_VALUE } else { value };
        match permitted {
            (element, Some(treatment)) => match self.session.judge(element, treatment, value, span)? {
                Judgement::Release if is_planted(Planted::LostValue) && self.has_released() => {
                    self.list(place, (element, treatment), span, ReleasedForm::Exact);
                }
                Judgement::Release => {
                    self.begin(place, part.named, value_start);
                    if let Some(Some(namespace)) = type_namespace {
                        self.buffers.context.mark_used(namespace, self.out.len());
                    }
                    self.copy(span);
                    self.list(place, (element, treatment), span, ReleasedForm::Exact);
                    self.kept();
                    return Ok(());
                }
                Judgement::Generalise => {
                    self.list(place, (element, treatment), span, ReleasedForm::Treated);
                    self.write_generalized(place, part, scalar);
                    return Ok(());
                }
                Judgement::ShapeViolation | Judgement::Photo => {}
            },
            (element, None) => self.session.deny(element, Span::new(place.start, span.end())),
        }
        self.removed(place, part.named.node());
        Ok(())
    }

    /// Lists a released value.
    fn list(&mut self, place: &Place, (element, treatment): (ElementId, Treatment), span: Span, form: ReleasedForm) {
        let own = self.open_part(place);
        self.session.list(element, treatment, span, form);
        own.into_iter().for_each(|own| self.session.buffers.manifest.close(own));
    }

    /// A value is a part of the manifest by itself only if its name has escapes.
    fn open_part(&mut self, place: &Place) -> Option<usize> {
        let is_part = place.name.is_some_and(|name| name.escaped);
        is_part.then(|| self.session.buffers.manifest.open(place.start))
    }

    /// What a scalar means; a string with escapes is decoded.
    #[inline]
    fn meaning(&mut self, scalar: Scalar, node: Option<&Node>) -> Value<'m> {
        let may_be_null = node.is_some_and(|node| node.nillable || node.placeholder == Some(Placeholder::Nil));
        match scalar {
            // What the schema calls nil is an empty value.
            Scalar::Lexeme(span) if may_be_null && span.text(self.text) == "null" => Value::Plain(""),
            Scalar::Lexeme(span) => Value::Plain(span.text(self.text)),
            Scalar::String(string) if !string.escaped => Value::Plain(string.inner.text(self.text)),
            Scalar::String(string) => {
                let decoded = &mut self.session.buffers.decoded;
                decoded.clear();
                decode(string.inner.text(self.text), decoded);
                Value::Decoded
            }
        }
    }

    /// Writes the generalized form of a value, which was a scalar of this kind.
    #[inline]
    fn write_generalized(&mut self, place: &Place, part: Part<'f>, scalar: Scalar) {
        self.begin(place, part.named, place.value_start);
        let written = &self.session.buffers.written;
        match scalar {
            // A number stays one: the schema may allow no string in its place.
            Scalar::Lexeme(_) if is_number(written) => self.out.bytes().extend_from_slice(written.as_bytes()),
            _ => push_json_string(written, self.out.bytes()),
        }
        self.kept();
    }

    /// The namespace of a name of a type, if it is none or one of the format's.
    fn type_namespace(&self, value: Value<'_>) -> Option<NamespaceId> {
        let name = match value {
            Value::Plain(name) => name,
            Value::Decoded => &self.session.buffers.decoded,
        };
        let Some((prefix, _)) = name.split_once(':') else { return Some(NamespaceId::NONE) };
        let mut own = self.session.format.prefixes.iter();
        own.find(|(own, _)| own == prefix).map(|(_, namespace)| *namespace)
    }

    /// A text that is a message.
    fn embedded(&mut self, place: &Place, part: Part<'f>, node: &Node, value: Value<'_>, span: Span) -> Rewrite<()> {
        let own = self.open_part(place);
        if !self.session.embedded(node, value, span)? {
            own.into_iter().for_each(|own| self.session.buffers.manifest.remove_from(own));
            self.removed(place, part.named.node());
            return Ok(());
        }
        own.into_iter().for_each(|own| self.session.buffers.manifest.close(own));
        self.begin(place, part.named, place.value_start);
        push_json_string(&self.session.buffers.written, self.out.bytes());
        self.kept();
        Ok(())
    }

    /// A text with fields of its own.
    fn text(&mut self, place: &Place, part: Part<'f>, node: &Node, value: Value<'_>, span: Span) -> Rewrite<()> {
        let (values, own) = (self.session.buffers.manifest.len(), self.open_part(place));
        if let Target::Leaf(element) = node.target {
            self.session.list(element, Treatment::Full, span, ReleasedForm::Text);
        }
        let stays = self.session.extract(node, value, span)?;
        let manifest = &mut self.session.buffers.manifest;
        if !stays {
            own.into_iter().for_each(|own| manifest.remove_from(own));
            manifest.truncate(values);
            self.removed(place, part.named.node());
            return Ok(());
        }
        own.into_iter().for_each(|own| manifest.close(own));
        self.begin(place, part.named, place.value_start);
        push_json_string(&self.session.buffers.written, self.out.bytes());
        self.kept();
        Ok(())
    }
}

/// Whether a number is too large for most readers: some refuse it, some take it for infinity (P3).
fn is_infinite(lexeme: &str) -> bool {
    let may_be = lexeme.len() > 300 || lexeme.contains(['e', 'E']);
    may_be && lexeme.parse::<f64>().is_ok_and(f64::is_infinite)
}

/// Whether a treated value can be written as a JSON number: digits without a leading zero.
fn is_number(written: &str) -> bool {
    !written.starts_with('0') && !written.is_empty() && written.bytes().all(|byte| byte.is_ascii_digit())
}
