//! The namespaces of the names in the output: exactly these are declared there.

use dmv_redact_model::format::NamespaceId;

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
