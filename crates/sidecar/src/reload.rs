//! Another policy while messages are in flight: by signal, by order, or because its files changed. What has an error is told
//! of, and the policy so far decides on.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, watch};
use tokio::task::{spawn, spawn_blocking};
use tokio::time::{MissedTickBehavior, interval};

use dmv_redact::Filter;
use dmv_redact_model::unix_time::now;

use crate::events::Events;
use crate::ledger::Ledger;
use crate::metrics::{Kind, Metrics};
use crate::policies::{Current, Loaded, Refused, Source};
use crate::shadow::Shadow;
use crate::tls::Tls;

/// How often the files are looked at.
const WATCH_EVERY: Duration = Duration::from_secs(2);

/// What a reload came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reloaded {
    /// Another policy decides.
    Taken,
    /// Another one is on trial.
    ShadowTaken,
    /// Nothing has changed.
    Unchanged,
}

impl Reloaded {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Taken => "taken",
            Self::ShadowTaken => "unchanged, and that on trial is taken",
            Self::Unchanged => "unchanged",
        }
    }
}

/// What a reload needs.
pub(crate) struct Reloader {
    pub(crate) source: Arc<Source>,
    pub(crate) current: Arc<Current>,
    pub(crate) shadow: Option<Arc<Shadow>>,
    pub(crate) tls: Option<Arc<Tls>>,
    pub(crate) ledger: Ledger,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) events: Events,
    pub(crate) refuses_gains: bool,
    /// Whether all is compiled before it is taken.
    pub(crate) warms: bool,
    /// Told of every filter that is taken.
    pub(crate) taken: Box<dyn Fn(&Filter) + Send + Sync>,
    /// One at a time.
    pub(crate) turn: Mutex<()>,
}

impl Reloader {
    /// Reads the files again, and lets what is in them decide. The certificates, too.
    pub(crate) async fn reload(self: &Arc<Self>) -> Result<Reloaded, Refused> {
        // To its end, also if nobody waits for it any more.
        let own = Arc::clone(self);
        let task = spawn(async move { own.reload_in_turn().await });
        task.await.unwrap_or_else(|_| Err(Refused::Wrong("the reload panicked".to_owned())))
    }

    async fn reload_in_turn(self: &Arc<Self>) -> Result<Reloaded, Refused> {
        let _turn = self.turn.lock().await;
        let reloaded = self.reload_all().await;
        // Neither waits for the other: a policy that is stricter, and a certificate that is new.
        if let Some(Err(error)) = self.tls.as_ref().map(|tls| tls.reload()) {
            self.events.error("the certificates so far are shown on", &error);
        }
        let kind = match &reloaded {
            Ok(Reloaded::Taken) => "taken",
            Ok(Reloaded::ShadowTaken) => "shadow-taken",
            Ok(Reloaded::Unchanged) => "unchanged",
            Err(Refused::Wrong(_)) => "wrong",
            Err(Refused::Gains(_)) => "gains",
        };
        self.metrics.reloads.get_or_create(&Kind { kind }).inc();
        match &reloaded {
            Ok(Reloaded::Unchanged) => {}
            Ok(Reloaded::ShadowTaken) => self.events.tell("shadow-policy-taken", &[]),
            Ok(Reloaded::Taken) => {
                let policy = self.current.get().filter.policy().clone();
                self.metrics.policy_time.set(now() as f64);
                let members = [("policy", policy.name.into()), ("version", policy.version.into())];
                self.events.tell("policy-taken", &[&members[..], &[("sha256", policy.sha256.into())]].concat());
            }
            Err(refused) => self.events.tell("policy-refused", &[("why", refused.to_string().into())]),
        }
        reloaded
    }

    async fn reload_all(self: &Arc<Self>) -> Result<Reloaded, Refused> {
        let own = Arc::clone(self);
        let built = spawn_blocking(move || own.build()).await;
        let built = built.map_err(|_| Refused::Wrong("building the filter panicked".to_owned()))??;
        let [policy, shadow] = built;
        if let Some(loaded) = &policy {
            let refused = |failure: crate::failure::Failure| Refused::Wrong(failure.text);
            self.ledger.policy(Arc::clone(loaded)).await.map_err(refused)?;
            (self.taken)(&loaded.filter);
        }
        if let (Some(loaded), Some(own)) = (shadow.clone(), &self.shadow) {
            own.current.set(loaded);
        }
        Ok(match (policy, shadow) {
            (Some(_), _) => Reloaded::Taken,
            (None, Some(_)) => Reloaded::ShadowTaken,
            (None, None) => Reloaded::Unchanged,
        })
    }

    /// Builds what has changed, the policy and the shadow, and checks all of it before any is taken.
    fn build(&self) -> Result<[Option<Arc<Loaded>>; 2], Refused> {
        let before = self.current.get();
        let policy = self.changed(&self.source, &before)?;
        let shadow = match &self.shadow {
            Some(shadow) => self.changed(&shadow.source, &shadow.current.get())?,
            None => None,
        };
        if let (Some(after), true) = (&policy, self.refuses_gains) {
            after.refuse_gains_over(&before)?;
        }
        Ok([policy, shadow])
    }

    fn changed(&self, source: &Source, before: &Loaded) -> Result<Option<Arc<Loaded>>, Refused> {
        let loaded = source.load(Some(before))?;
        if loaded.fingerprint == before.fingerprint {
            return Ok(None);
        }
        if self.warms {
            loaded.filter.warm();
        }
        Ok(Some(Arc::new(loaded)))
    }

    /// Of what decides, and of the shadow.
    fn fingerprint_now(&self) -> String {
        let shadow = self.shadow.as_ref().map(|shadow| shadow.current.get().fingerprint.clone());
        format!("{}\n{}", self.current.get().fingerprint, shadow.unwrap_or_default())
    }

    /// The same of the files; of what can't be read the error.
    fn fingerprint_of_files(&self) -> String {
        let of = |source: &Source| source.fingerprint().unwrap_or_else(|refused| refused.to_string());
        let shadow = self.shadow.as_ref().map(|shadow| of(&shadow.source));
        format!("{}\n{}", of(&self.source), shadow.unwrap_or_default())
    }

    /// Looks at the files until it is stopped. What changes is read when it has been the same for two looks: whoever writes it
    /// may not have ended.
    pub(crate) async fn watch(self: Arc<Self>, mut stopped: watch::Receiver<bool>) {
        let mut looks = interval(WATCH_EVERY);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        // What was seen last, and what was refused.
        let (mut seen, mut refused) = (None, None);
        loop {
            tokio::select! {
                _ = stopped.wait_for(|stopped| *stopped) => return,
                _ = looks.tick() => {}
            }
            let own = Arc::clone(&self);
            let look = spawn_blocking(move || own.fingerprint_of_files());
            let Ok(now) = look.await else { continue };
            let is_settled = seen.as_ref() == Some(&now);
            if is_settled && refused.as_ref() != Some(&now) && self.fingerprint_now() != now {
                // What is refused is told of once.
                refused = self.reload().await.is_err().then(|| now.clone());
            }
            seen = Some(now);
        }
    }
}
