//! The namespaces of the names in the output, of which exactly these are declared there, and lists of names that may not
//! occur twice.

use dmv_redact_model::format::NamespaceId;
use dmv_redact_model::span::Span;

/// The names of the members of open objects, decoded; reused from message to message.
#[derive(Debug, Default)]
pub(super) struct NameList {
    text: String,
    spans: Vec<Span>,
}

impl NameList {
    pub(super) fn clear(&mut self) {
        self.text.clear();
        self.spans.clear();
    }

    pub(super) fn len(&self) -> usize {
        self.spans.len()
    }

    pub(super) fn push(&mut self, name: &str) {
        let start = self.text.len();
        self.text.push_str(name);
        self.spans.push(Span::new(start, self.text.len()));
    }

    /// Forgets the names of the innermost object, which begin at `from`; returns whether one occurs twice among them.
    pub(super) fn close(&mut self, from: usize) -> bool {
        let text = self.text.as_bytes();
        let names = self.spans.get_mut(from..).unwrap_or_default();
        let Some(start) = names.first().map(|first| first.start()) else { return false };
        names.sort_unstable_by(|left, right| left.of(text).cmp(right.of(text)));
        let is_twice = names.windows(2).any(|pair| matches!(pair, [left, right] if left.of(text) == right.of(text)));
        self.spans.truncate(from);
        self.text.truncate(start);
        is_twice
    }
}

/// The namespaces used in the output so far; reused from message to message.
#[derive(Debug, Default)]
pub(super) struct UsedNamespaces {
    used: Vec<bool>,
    /// Where in the output each was used first.
    uses: Vec<(usize, NamespaceId)>,
}

impl UsedNamespaces {
    /// Resets; `count` namespaces are known.
    pub(super) fn reset(&mut self, count: usize) {
        self.used.clear();
        self.used.resize(count, false);
        self.uses.clear();
    }

    /// Records that a name written at `at` has this namespace.
    #[inline]
    pub(super) fn mark(&mut self, namespace: NamespaceId, at: usize) {
        if let Some(used @ false) = self.used.get_mut(namespace.index()) {
            *used = true;
            self.uses.push((at, namespace));
        }
    }

    /// Discards what was written from `at` on.
    #[inline]
    pub(super) fn take_back(&mut self, at: usize) {
        while let Some((_, namespace)) = self.uses.pop_if(|(used_at, _)| *used_at >= at) {
            if let Some(used) = self.used.get_mut(namespace.index()) {
                *used = false;
            }
        }
    }

    pub(super) fn holds(&self, namespace: NamespaceId) -> bool {
        self.used.get(namespace.index()) == Some(&true)
    }
}
