//! The desk's state, and how people sign in and out, on record (P12).

use std::sync::Arc;

use dmv_redact_desk::Desk;
use dmv_redact_log::{DeskAction, DeskStep};
use dmv_redact_review::{ReviewStore, SignIn};

use crate::duties::Duties;
use crate::failure::Failure;
use crate::origin::Reach;
use crate::outer::Running;
use crate::rate::RateLimiter;
use crate::seal::SealKey;
use crate::settings::Settings;
use crate::viewer::Viewer;

/// What all requests share.
pub(crate) struct App {
    pub(crate) desk: Arc<Desk>,
    pub(crate) reach: Reach,
    pub(crate) rate_of_all: RateLimiter,
    pub(crate) rate_of_sign_in: RateLimiter,
    pub(crate) duties: Duties,
    pub(crate) seal_key: SealKey,
    pub(crate) running: Running,
    pub(crate) log: fn(&str),
    clock: fn() -> i64,
}

impl App {
    /// # Errors
    /// When the operating system gives no random bytes.
    pub(crate) fn new(desk: Arc<Desk>, settings: Settings) -> std::io::Result<Self> {
        let Settings { reach, rate_of_all, rate_of_sign_in, duties, log, clock } = settings;
        Ok(Self {
            desk,
            reach,
            rate_of_all: RateLimiter::new(rate_of_all),
            rate_of_sign_in: RateLimiter::new(rate_of_sign_in),
            duties: Duties::new(duties),
            seal_key: SealKey::random()?,
            running: Running::none(),
            log,
            clock,
        })
    }

    /// The queue and its accounts.
    pub(crate) fn reviews(&self) -> &ReviewStore {
        self.desk.reviews()
    }

    /// Now, in Unix seconds.
    pub(crate) fn now(&self) -> i64 {
        (self.clock)()
    }

    /// Signs a person in. The session is on record before anybody gets its token.
    pub(crate) async fn sign_in(&self, name: &str, password: &str, now: i64) -> Result<SignIn, Failure> {
        let result = self.reviews().sign_in(name, password, now).await?;
        self.record_sign_in(name, result).await
    }

    /// Begins a session of an account that a reverse proxy names.
    pub(crate) async fn sign_in_from_proxy(&self, name: &str, now: i64) -> Result<SignIn, Failure> {
        let result = self.reviews().sign_in_from_proxy(name, now).await?;
        self.record_sign_in(name, result).await
    }

    async fn record_sign_in(&self, name: &str, result: SignIn) -> Result<SignIn, Failure> {
        match &result {
            SignIn::Accepted { token, session } => {
                let name = session.account.name.as_str();
                let step = DeskStep { account: Some(name), ..DeskStep::new(DeskAction::SignedIn, Some(name)) };
                if let Err(error) = self.desk.record(&step) {
                    self.reviews().sign_out(token).await?;
                    return Err(error.into());
                }
            }
            SignIn::Refused => {
                // Only the name of an account: somebody may have typed a password there.
                let account = self.reviews().account(name).await?.map(|account| account.name);
                let step = DeskStep { account: account.as_deref(), ..DeskStep::new(DeskAction::SignInRefused, None) };
                self.desk.record(&step)?;
            }
            // Of these there may be very many, and the wrong passwords before are on record.
            SignIn::Throttled { .. } => {}
        }
        Ok(result)
    }

    /// Ends a session.
    pub(crate) async fn sign_out(&self, viewer: &Viewer) -> Result<(), Failure> {
        let name = Some(viewer.name());
        self.desk.record(&DeskStep { account: name, ..DeskStep::new(DeskAction::SignedOut, name) })?;
        Ok(self.reviews().sign_out(&viewer.token).await?)
    }
}
