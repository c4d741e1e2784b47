//! The decision before this one: agencies ask for more than one message, and what was decided needn't be looked up again.

use std::sync::Arc;

use dmv_redact_model::policy::{Grant, MessageKeyId, Ori, Requester};

/// A question to the policy and the grant that it gave.
#[derive(Debug, Default)]
pub(super) struct Decision {
    ori: Option<Ori>,
    requester: Requester,
    message: Option<MessageKeyId>,
    /// `None` while a session has it.
    grant: Option<Arc<Grant>>,
}

impl Decision {
    /// The grant, if this is the same question. It must be given back.
    pub(super) fn take(
        &mut self,
        ori: Ori,
        requester: &Requester,
        message: Option<MessageKeyId>,
    ) -> Option<Arc<Grant>> {
        let is_same = self.ori == Some(ori) && self.message == message && self.requester.asks_the_same(requester);
        self.grant.take().filter(|_| is_same)
    }

    /// Who asked, and for what.
    pub(super) fn question(&self) -> (Option<Ori>, Option<MessageKeyId>) {
        (self.ori, self.message)
    }

    /// Whether this was the question, whoever else has a part in it.
    pub(super) fn is_about(&self, ori: Option<Ori>, message: Option<MessageKeyId>) -> bool {
        self.ori == ori && self.message == message
    }

    /// Remembers a question whose grant will be given back.
    pub(super) fn remember(&mut self, ori: Ori, requester: &Requester, message: Option<MessageKeyId>) {
        (self.ori, self.message) = (Some(ori), message);
        self.requester.clone_question_from(requester);
    }

    /// Takes back the grant of the question that was taken or remembered last.
    pub(super) fn give_back(&mut self, grant: Arc<Grant>) {
        self.grant = Some(grant);
    }
}
