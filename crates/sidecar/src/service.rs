//! A request's way: decided by the policy of this moment, put on record, answered. The same for every protocol.

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::task::{block_in_place, spawn, spawn_blocking};

use dmv_redact::{Disposition, Filter, Reason, Receipt, Requester};
use dmv_redact_analysis::{Explanation, MessageReport, explain, message_key};
use dmv_redact_desk::{Collected, DeskError, HeldMessage, Standing, collect, hold};
use dmv_redact_model::unix_time::now;
use dmv_redact_review::{Added, ReviewError, ReviewId, ReviewStore, State};
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use crate::answer::{Answer, Outcome};
use crate::budget::{Budget, Message, slot};
use crate::events::Events;
use crate::failure::{Failure, FailureKind};
use crate::ledger::{Decided, Ledger};
use crate::metrics::{Kind, Metrics};
use crate::policies::{Current, Loaded, Source};
use crate::request::{Asked, Call};
use crate::shadow::Shadow;

/// How a message is redacted. Tests put one in that panics.
pub(crate) type Redact = fn(&Filter, &[u8], &Requester, &mut Vec<u8>) -> Receipt;

/// The queue of reviews, for what the policy holds.
#[derive(Debug)]
pub struct Reviews {
    /// The queue.
    pub store: ReviewStore,
    /// Who delivers what is approved: the same after a restart, another on another machine.
    pub node: String,
    /// Seconds after which a message is denied if nobody has decided.
    pub seconds: i64,
}

/// Everything that a request needs.
pub(crate) struct Service {
    pub(crate) source: Arc<Source>,
    pub(crate) current: Arc<Current>,
    pub(crate) ledger: Ledger,
    pub(crate) budget: Budget,
    /// As many as the machine has processors: more at once would only take more memory.
    pub(crate) workers: Semaphore,
    pub(crate) reviews: Option<Reviews>,
    pub(crate) shadow: Option<Arc<Shadow>>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) events: Events,
    pub(crate) redact: Redact,
}

/// What explains an answer. No value of the message is in it.
#[derive(Serialize)]
struct Explained {
    #[serde(flatten)]
    explanation: Option<Explanation>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<MessageReport>,
}

/// A message that was decided and isn't on record yet.
struct Work {
    decided: Decided,
    message: Message,
    output: Vec<u8>,
    loaded: Arc<Loaded>,
}

/// A request that is under way, whether or not anybody waits for it.
struct Running(Arc<Metrics>, Instant);

impl Running {
    fn begin(metrics: &Arc<Metrics>, begun: Instant) -> Self {
        metrics.running.inc();
        Self(Arc::clone(metrics), begun)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.running.dec();
        self.0.seconds.observe(self.1.elapsed().as_secs_f64());
    }
}

impl Service {
    /// The longest message that is read, in bytes.
    pub(crate) fn message_bytes(&self) -> usize {
        self.current.get().filter.message_bytes()
    }

    /// Answers a request. Once begun it goes to its end, whether or not anybody waits for it, and a panic in it ends with it.
    pub(crate) async fn call(self: &Arc<Self>, call: Call, message: Message) -> Answer {
        let begun = Instant::now();
        let (service, correlation_id) = (Arc::clone(self), call.correlation_id());
        let task = spawn(async move {
            let _running = Running::begin(&service.metrics, begun);
            let _place = service.budget.begin().await?;
            match call {
                Call::Redact(asked) => service.redact(*asked, message).await,
                Call::Deliver { review, wants_receipt, .. } => service.deliver(review, wants_receipt, message).await,
            }
        });
        let answered = task.await.unwrap_or_else(|_| {
            self.events.error("a request", "it panicked: nothing was released");
            Err(Failure::internal())
        });
        match answered {
            Ok(answer) => Answer { correlation_id, ..answer },
            Err(failure) => self.failed(correlation_id, failure),
        }
    }

    /// The answer to a request of which nothing was decided, counted.
    pub(crate) fn failed(&self, correlation_id: Option<String>, failure: Failure) -> Answer {
        self.metrics.failures.get_or_create(&Kind { kind: failure.kind.name() }).inc();
        Answer::failed(correlation_id, failure)
    }

    async fn redact(&self, asked: Asked, message: Message) -> Result<Answer, Failure> {
        let Asked { requester, source, wants_receipt } = asked;
        let worker = slot(&self.workers).await?;
        let (loaded, redact) = (self.current.get(), self.redact);
        let work = spawn_blocking(move || {
            let mut output = Vec::new();
            let receipt = redact(&loaded.filter, &message.bytes, &requester, &mut output);
            // The record has the correlation id in a member of its own.
            let decided = Decided { source, id: String::new(), requester, receipt };
            Work { decided, message, output, loaded }
        });
        let Work { decided, message, output, loaded } = work.await.map_err(|_| Failure::internal())?;
        drop(worker);
        let shadowed = self.shadow.as_ref().map(|shadow| (shadow, decided.requester.clone()));
        let held = (decided.receipt.disposition() == Disposition::Held && self.reviews.is_some())
            .then(|| (decided.requester.clone(), decided.source.clone()));
        let receipt = self.ledger.message(decided).await?;
        let review = match (&self.reviews, held) {
            (Some(reviews), Some(held)) if receipt.disposition() == Disposition::Held => {
                Some(self.queue(reviews, &loaded, (&held, &message), &receipt).await?)
            }
            _ => None,
        };
        let Message { bytes, share } = message;
        let mut answer = Answer::decided(&receipt, output, share);
        if let Outcome::Refused { review: own, .. } = &mut answer.outcome {
            *own = review.map(|review| review.to_string());
        }
        if wants_receipt {
            answer.receipt = Some(receipt_of(&receipt)?);
        }
        // What an operator stops isn't the policy's doing.
        let is_policys = !matches!(receipt.reason(), Some(Reason::Stopped | Reason::RateExceeded));
        if let Some((shadow, requester)) = shadowed.filter(|_| is_policys) {
            Shadow::compare(shadow, &answer, receipt, requester, bytes);
        }
        Ok(answer)
    }

    /// Puts a held message into the queue. It is on disk when this returns.
    async fn queue(
        &self,
        reviews: &Reviews,
        loaded: &Loaded,
        ((requester, source), message): (&(Requester, String), &Message),
        receipt: &Receipt,
    ) -> Result<ReviewId, Failure> {
        // Without an id of its own the same message with the same request is the same review.
        let id = receipt.correlation_id().unwrap_or("-");
        let held = HeldMessage { source, id, original: &message.bytes, requester, receipt };
        let now = now();
        let added = hold(&reviews.store, &loaded.filter, &held, (now + reviews.seconds, now)).await;
        let added = added.map_err(|error| self.queue_failed(&error))?;
        if matches!(added, Added::New(_)) {
            self.metrics.queued.inc();
        }
        Ok(added.id())
    }

    fn queue_failed(&self, error: &DeskError) -> Failure {
        self.events.error("the queue of reviews", &error.to_string());
        Failure::new(FailureKind::Busy, "the queue of reviews can't be used: it is held, and nobody will review it")
    }

    /// Delivers a message that was held, if it was approved.
    async fn deliver(&self, review: ReviewId, wants_receipt: bool, mut message: Message) -> Result<Answer, Failure> {
        let Some(reviews) = &self.reviews else {
            return Err(Failure::new(FailureKind::NotFound, "this sidecar has no queue of reviews"));
        };
        let loaded = self.current.get();
        let now = now();
        // The original comes out of the queue, not from the client.
        // While nobody has decided there is nothing to redact.
        let found = reviews.store.get(review).await.map_err(|error| self.queue_failed(&error.into()))?;
        let found = found.ok_or_else(|| Failure::new(FailureKind::NotFound, "there is no such review"))?.summary;
        let waits = || Answer {
            correlation_id: None,
            receipt: None,
            outcome: Outcome::Refused {
                disposition: Disposition::Held,
                reason: Some(Reason::Review),
                review: Some(review.to_string()),
            },
        };
        if matches!(found.state, State::Open | State::HalfApproved) && !found.is_due(now) {
            return Ok(waits());
        }
        let worker = slot(&self.workers).await?;
        // It redacts, which must keep no other task waiting.
        let collecting = collect((&reviews.store, &loaded.filter), review, &reviews.node, now);
        let collected = block_in_place(|| Handle::current().block_on(collecting));
        drop(worker);
        let collected = collected.map_err(|error| match error {
            DeskError::Review(ReviewError::NotFound(_)) => {
                Failure::new(FailureKind::NotFound, "there is no such review")
            }
            DeskError::Review(ReviewError::Purged(_)) => Failure::new(FailureKind::NotFound, "its message was deleted"),
            error => self.queue_failed(&error),
        })?;
        let Collected { standing, source, message: id, original, requester, receipt } = collected;
        self.budget.grow(&mut message.share, original.len()).await?;
        let (requester, receipt, output) = match standing {
            Standing::Waits => return Ok(waits()),
            Standing::Held(why) => return Err(Failure::new(FailureKind::Conflict, why)),
            Standing::Denied(why) => (requester, receipt.denied(why), Vec::new()),
            Standing::Approved(granted) => {
                let _worker = slot(&self.workers).await?;
                let redact = self.redact;
                let work = spawn_blocking(move || {
                    let mut output = Vec::new();
                    let receipt = redact(&loaded.filter, &original, &granted, &mut output);
                    (*granted, receipt, output)
                });
                work.await.map_err(|_| Failure::internal())?
            }
        };
        let receipt = self.ledger.message(Decided { source, id, requester, receipt }).await?;
        if !receipt.disposition().releases() && found.state == State::Approved {
            // A stop, or the agency's rate: it stays approved, and may be revoked or expire.
            let given_back = reviews.store.abandon_delivery(review, &reviews.node).await;
            if let Err(error) = given_back {
                self.queue_failed(&error.into());
            }
        }
        if receipt.disposition().releases() {
            let delivered = reviews.store.delivered(review, &reviews.node, now).await;
            match delivered {
                Ok(()) => {}
                // This node has delivered it before: it makes the same output again.
                Err(ReviewError::Conflict { .. } | ReviewError::Refused { .. }) => {}
                Err(error) => return Err(self.queue_failed(&error.into())),
            }
        }
        let mut answer = Answer::decided(&receipt, output, message.share);
        if wants_receipt {
            answer.receipt = Some(receipt_of(&receipt)?);
        }
        Ok(answer)
    }

    /// Explains what a requester gets; of a message, path by path. Nothing goes out.
    pub(crate) async fn explain(&self, asked: Asked, message: Message) -> Result<Vec<u8>, Failure> {
        let _worker = slot(&self.workers).await?;
        let (loaded, source) = (self.current.get(), Arc::clone(&self.source));
        let work = spawn_blocking(move || {
            let files = &loaded.files;
            // What it says is of one day: the request's, or today.
            let wrong = |error: dmv_redact::ConfigError| Failure::invalid(error.to_string());
            let builder = source.builder.clone().as_of(asked.requester.given_date());
            let filter = &builder.build_beside(&loaded.filter, files).map_err(wrong)?;
            let (requester, bytes) = (&asked.requester, &message.bytes);
            let explained = match bytes.is_empty() {
                true => {
                    filter.check_request(requester).map_err(|error| Failure::invalid(error.to_string()))?;
                    let ori = requester.ori().ok_or_else(|| Failure::invalid("nobody to explain: name a requester"))?;
                    let explanation = explain(filter, files, requester, ori, None).map_err(wrong)?;
                    Explained { explanation: Some(explanation), message: None }
                }
                false => {
                    let receipt = filter.redact(bytes, requester, &mut Vec::new());
                    let key = message_key(filter, &receipt);
                    let asked = receipt.request().unwrap_or(requester);
                    let explanation = receipt.requester().map(|ori| explain(filter, files, asked, ori, Some(key)));
                    let report = MessageReport::of(filter, requester, bytes, &receipt);
                    Explained { explanation: explanation.transpose().map_err(wrong)?, message: Some(report) }
                }
            };
            serde_json::to_vec(&explained).map_err(|_| Failure::internal())
        });
        work.await.unwrap_or_else(|_| Err(Failure::internal()))
    }
}

/// As the library writes it, to the byte.
fn receipt_of(receipt: &Receipt) -> Result<Box<RawValue>, Failure> {
    to_raw_value(receipt).map_err(|_| Failure::internal())
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Service").finish_non_exhaustive()
    }
}
