//! The check of an output before it is released: the second reading, the policy's decision once more, and the receipt's
//! counts.

use super::Filter;
use crate::read::{Reason, Refusal};
use crate::rewrite::{self, Buffers, Receipt};
use dmv_redact_model::manifest::{Manifest, ReleasedForm};
use dmv_redact_model::policy::{Ori, Requester};
use dmv_redact_verify::{Finding, Source, VerifierState};

/// Working memory, reused from message to message.
#[derive(Debug, Default)]
pub(super) struct CheckState {
    verifier: VerifierState,
    /// By element, how many values the manifest has.
    counts: Vec<u32>,
}

impl Filter {
    /// Checks an output against the message that it was made of: the filter redacts the message again, and each value of
    /// the output must be the message's, at its place. An output of an older version of the program or the policy may
    /// differ without being wrong.
    ///
    /// ```
    /// # use dmv_redact::{Filter, Requester};
    /// let filter = Filter::builder().build()?;
    /// let requester = Requester::new("AZ0070000")?.purpose("C");
    /// let finding = filter.verify_against(b"<a/>", b"no message", &requester).unwrap_err();
    /// assert_eq!(finding.to_string(), "nothing of the message may be released");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The first finding: what, where in the mapping, and at which byte of the output. Never a value (P6).
    pub fn verify_against(&self, output: &[u8], message: &[u8], requester: &Requester) -> Result<(), Finding> {
        let requester = &*self.parts.policy.dated(requester);
        let mut buffers = Buffers::default();
        let mut own = Vec::new();
        let receipt = rewrite::redact(&self.parts, message, requester, &mut buffers, &mut own, |_, _, _| Ok(()));
        let (true, Some(format), Some(grant)) = (receipt.disposition().releases(), receipt.format(), receipt.grant())
        else {
            return Err(Finding::of_output("nothing of the message may be released"));
        };
        let source = Source { message, manifest: buffers.manifest(), requester: receipt.requester() };
        let mut state = VerifierState::default();
        self.verifier.read(output, format, Some(grant), Some(source), &mut state).map(|_| ())
    }

    /// Checks the output that the first reading would release.
    ///
    /// # Errors
    /// When the second reading finds anything in it, or the receipt says something else.
    pub(super) fn check(
        &self,
        message: &[u8],
        output: &[u8],
        manifest: &Manifest,
        requester: &Requester,
        receipt: &Receipt,
        state: &mut CheckState,
    ) -> Result<(), Refusal> {
        let refuse = |detail| Err(Refusal::whole(Reason::SecondReading, detail));
        let (Some(format), Some(grant)) = (receipt.format(), receipt.grant()) else {
            return refuse("nothing was decided on");
        };
        // The requester is checked below.
        let source = Source { message, manifest, requester: receipt.requester() };
        let reading = match self.verifier.read(output, format, Some(grant), Some(source), &mut state.verifier) {
            Ok(reading) => reading,
            Err(finding) => return refuse(finding.what),
        };
        // Nobody is denied the envelope: what the output doesn't name, the message didn't either.
        if reading.message_key() != receipt.message_type() {
            return refuse("another message key than was decided on");
        }
        let ori = receipt.requester();
        let named = [reading.requester().map(Ori::new), requester.ori().map(Some)];
        if named == [None; 2] || named.into_iter().flatten().any(|named| named != ori) {
            return refuse("another requester than was decided on");
        }
        let request = reading.request(requester);
        if request.as_ref() != receipt.request() {
            return refuse("another request than was decided on");
        }
        // The policy decides again.
        let decided = self.decide(ori, request.as_ref().unwrap_or(requester), receipt.message_type());
        if !decided.is_some_and(|decided| decided == *grant) {
            return refuse("another grant than the policy gives");
        }
        match state.is_counted(manifest, receipt, self.parts.catalog.len()) {
            true => Ok(()),
            false => refuse("other values than were decided on"),
        }
    }
}

impl CheckState {
    /// Whether the receipt counts exactly the values of the manifest.
    fn is_counted(&mut self, manifest: &Manifest, receipt: &Receipt, elements: usize) -> bool {
        self.counts.clear();
        self.counts.resize(elements, 0);
        let mut left = self.count(manifest);
        receipt.passed().all(|(element, passed)| {
            left = left.wrapping_sub(passed);
            self.counts.get(element.index()) == Some(&passed)
        }) && left == 0
    }

    /// Counts the values of a manifest, and of those of the messages in texts.
    fn count(&mut self, manifest: &Manifest) -> u32 {
        let mut count = 0;
        // A text counts by its fields, a value in several pieces once.
        let is_value = |form| !matches!(form, ReleasedForm::Continued | ReleasedForm::Text);
        for value in manifest.entries().iter().filter(|value| is_value(value.form)) {
            count += 1;
            self.counts.get_mut(value.element.index()).into_iter().for_each(|count| *count += 1);
        }
        count + manifest.embedded().iter().map(|manifest| self.count(manifest)).sum::<u32>()
    }
}
