//! The accounts of the desk, changed on record.

use dmv_redact_log::{DeskAction, DeskStep};
use dmv_redact_review::{AccountChange, ReviewError, Role};

use crate::desk::failure;
use crate::{Desk, DeskError};

impl Desk {
    /// Adds an account at `now`, in Unix seconds, by this person. Without a password it is for a reverse proxy that signs
    /// people in.
    ///
    /// # Errors
    /// [`DeskError::Review`] as [`add_account`](dmv_redact_review::ReviewStore::add_account); [`DeskError::Log`].
    pub async fn add_account(
        &self,
        (name, role): (&str, Role),
        password: Option<&str>,
        by: &str,
        now: i64,
    ) -> Result<(), DeskError> {
        let change = format!("role {role}");
        let step = DeskStep {
            account: Some(name),
            change: Some(&change),
            ..DeskStep::new(DeskAction::AccountAdded, Some(by))
        };
        self.account_step(&step, self.reviews.add_account(name, role, password, now)).await
    }

    /// Changes an account at `now`, in Unix seconds, by this person.
    ///
    /// # Errors
    /// [`DeskError::Review`] as [`change_account`](dmv_redact_review::ReviewStore::change_account); [`DeskError::Log`].
    pub async fn change_account(
        &self,
        name: &str,
        change: &AccountChange<'_>,
        by: &str,
        now: i64,
    ) -> Result<(), DeskError> {
        let role = change.role.map(|role| format!("role {role}"));
        let password = change.password.map(|_| "another password".to_owned());
        let disabled = change.is_disabled.map(|disabled| if disabled { "disabled" } else { "enabled" }.to_owned());
        let what: Vec<String> = [role, password, disabled].into_iter().flatten().collect();
        let what = what.join(", ");
        let step = DeskStep {
            account: Some(name),
            change: Some(&what),
            ..DeskStep::new(DeskAction::AccountChanged, Some(by))
        };
        self.account_step(&step, self.reviews.change_account(name, change, now)).await
    }

    /// Puts a step of an account on record, then takes it. If it can't be taken, that is on record, too.
    async fn account_step(
        &self,
        step: &DeskStep<'_>,
        take: impl Future<Output = Result<(), ReviewError>>,
    ) -> Result<(), DeskError> {
        self.record(step)?;
        let taken = take.await;
        if let Err(error) = &taken {
            let reason = failure(error);
            let failed =
                DeskStep { reason: Some(&reason), account: step.account, ..DeskStep::new(DeskAction::Failed, step.by) };
            self.record(&failed)?;
        }
        Ok(taken?)
    }
}
