//! Answers that a client hasn't taken yet. HTTP/2 lets one leave them where they are without end, and whoever takes a byte now and
//! then does so as well: their connection ends instead.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use tokio::time::{Instant, sleep};

/// How long an answer may take, from when it is made to its last byte.
const ANSWER_TIME: Duration = if cfg!(test) { Duration::from_secs(1) } else { Duration::from_secs(60) };

/// Answers by when they were made; each is there as long as its output is.
type Answers = VecDeque<(Instant, Weak<()>)>;

/// The answers of one connection that may not have been taken.
#[derive(Debug, Clone, Default)]
pub(crate) struct Unread(Arc<Mutex<Answers>>);

impl Unread {
    /// Adds an answer. It has been taken when nothing holds it any more.
    pub(crate) fn add(&self, answer: Weak<()>) {
        let mut answers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        answers.retain(|(_, answer)| answer.strong_count() > 0);
        answers.push_back((Instant::now(), answer));
    }

    /// Ends when an answer has waited for too long.
    pub(crate) async fn too_long(&self) {
        loop {
            sleep(ANSWER_TIME / 8).await;
            let mut answers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            answers.retain(|(_, answer)| answer.strong_count() > 0);
            if answers.front().is_some_and(|(made, _)| made.elapsed() > ANSWER_TIME) {
                return;
            }
        }
    }
}
