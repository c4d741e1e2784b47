//! What Prometheus reads. Labels are dispositions, reasons, agency classes and data elements: never an ORI, never a value (P6).

use std::fmt::Write;
use std::sync::atomic::AtomicU64;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use dmv_redact::Receipt;

use crate::failure::FailureKind;

/// A disposition, and the reason of what isn't released.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct Became {
    disposition: &'static str,
    reason: &'static str,
}

/// What became of messages for an agency class.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct ForClass {
    class: String,
    disposition: &'static str,
}

/// One word.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct Kind {
    pub(crate) kind: &'static str,
}

/// What a second policy would do.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct Shadowed {
    pub(crate) served: &'static str,
    pub(crate) shadow: &'static str,
    /// `true`: both outputs are the same.
    pub(crate) same: &'static str,
}

/// A data element of which a second policy would release more, or less.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct ShadowedElement {
    pub(crate) element: String,
    pub(crate) change: &'static str,
}

/// All metrics.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    messages: Family<Became, Counter>,
    classes: Family<ForClass, Counter>,
    bytes_in: Counter,
    bytes_out: Counter,
    pub(crate) failures: Family<Kind, Counter>,
    pub(crate) seconds: Histogram,
    pub(crate) log_seconds: Histogram,
    pub(crate) log_records: Histogram,
    pub(crate) running: Gauge,
    pub(crate) free_bytes: Gauge,
    pub(crate) connections: Family<Kind, Gauge>,
    pub(crate) refused_connections: Family<Kind, Counter>,
    pub(crate) reloads: Family<Kind, Counter>,
    pub(crate) policy_time: Gauge<f64, AtomicU64>,
    pub(crate) stops: Gauge,
    pub(crate) rate_alarms: Counter,
    pub(crate) queued: Counter,
    pub(crate) shadow: Family<Shadowed, Counter>,
    pub(crate) shadow_elements: Family<ShadowedElement, Counter>,
    pub(crate) shadow_skipped: Counter,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let seconds = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];
        let mut metrics = Self {
            registry: Registry::with_prefix("dmv_redact"),
            messages: Family::default(),
            classes: Family::default(),
            bytes_in: Counter::default(),
            bytes_out: Counter::default(),
            failures: Family::default(),
            seconds: Histogram::new(seconds),
            log_seconds: Histogram::new(seconds),
            log_records: Histogram::new([1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0]),
            running: Gauge::default(),
            free_bytes: Gauge::default(),
            connections: Family::default(),
            refused_connections: Family::default(),
            reloads: Family::default(),
            policy_time: Gauge::default(),
            stops: Gauge::default(),
            rate_alarms: Counter::default(),
            queued: Counter::default(),
            shadow: Family::default(),
            shadow_elements: Family::default(),
            shadow_skipped: Counter::default(),
        };
        metrics.register();
        // There from the beginning: a first one is a change, then.
        for kind in FailureKind::ALL {
            let _ = metrics.failures.get_or_create(&Kind { kind: kind.name() });
        }
        for kind in ["taken", "shadow-taken", "unchanged", "wrong", "gains"] {
            let _ = metrics.reloads.get_or_create(&Kind { kind });
        }
        metrics
    }

    fn register(&mut self) {
        let all = &mut self.registry;
        all.register("messages", "Messages on record, by disposition and reason", self.messages.clone());
        all.register("class_messages", "Messages on record, by agency class and disposition", self.classes.clone());
        all.register_with_unit("message", "Bytes of messages on record", Unit::Bytes, self.bytes_in.clone());
        all.register_with_unit("output", "Bytes of outputs", Unit::Bytes, self.bytes_out.clone());
        all.register("failures", "Requests of which nothing was decided, by kind", self.failures.clone());
        let help = "From a whole request to its answer, record included";
        all.register_with_unit("answer", help, Unit::Seconds, self.seconds.clone());
        all.register_with_unit("log_write", "Writing and syncing records", Unit::Seconds, self.log_seconds.clone());
        all.register("log_write_records", "Records that one sync did for", self.log_records.clone());
        all.register("messages_in_flight", "Messages from their first byte to their answer", self.running.clone());
        let help = "Bytes that messages in flight could still take";
        all.register_with_unit("free", help, Unit::Bytes, self.free_bytes.clone());
        all.register("connections", "Open connections, by listener", self.connections.clone());
        let help = "Connections that ended before a request, by why";
        all.register("refused_connections", help, self.refused_connections.clone());
        all.register("policy_reloads", "Reloads of the policy, by what became of them", self.reloads.clone());
        let help = "When the policy that decides was taken, since 1970";
        all.register_with_unit("policy_taken", help, Unit::Seconds, self.policy_time.clone());
        all.register("stops", "Stops that hold", self.stops.clone());
        all.register(
            "agency_rate_alarms",
            "Agencies that asked more often than --alarm-rate",
            self.rate_alarms.clone(),
        );
        all.register("messages_queued_for_review", "Held messages put into the queue", self.queued.clone());
        let help = "What the second policy would do, beside what was done";
        all.register("shadow_messages", help, self.shadow.clone());
        let help = "Messages of which the second policy would release more or less of a data element";
        all.register("shadow_elements", help, self.shadow_elements.clone());
        let help = "Messages that the second policy had no time for";
        all.register("shadow_skipped_messages", help, self.shadow_skipped.clone());
    }

    /// Counts a message that is on record.
    pub(crate) fn count(&self, receipt: &Receipt) {
        let disposition = receipt.disposition().name();
        let reason = receipt.reason().map_or("", |reason| reason.code());
        self.messages.get_or_create(&Became { disposition, reason }).inc();
        for class in receipt.requester_classes() {
            self.classes.get_or_create(&ForClass { class: class.to_owned(), disposition }).inc();
        }
        self.bytes_in.inc_by(receipt.bytes_in() as u64);
        self.bytes_out.inc_by(receipt.bytes_out() as u64);
    }

    /// The text that Prometheus reads (OpenMetrics).
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        if encode(&mut text, &self.registry).is_err() {
            text.clear();
            let _ = text.write_str("# EOF\n");
        }
        text
    }
}
