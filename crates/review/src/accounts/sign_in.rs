//! Who signs in: by a password, or through a reverse proxy that has asked for it.

use std::fmt;

use sqlx::AnyConnection;

use super::account::{AccountRow, lock_account};
use super::attempts::{count_attempt, forget_attempts};
use super::session::Session;
use crate::database::end;
use crate::{ReviewError, ReviewStore};

/// What became of a sign-in.
#[derive(Clone, PartialEq, Eq)]
pub enum SignIn {
    /// The person is signed in.
    Accepted {
        /// What the person's browser must bring: 64 hexadecimal digits. It is stored nowhere.
        token: String,
        /// The session.
        session: Session,
    },
    /// The name or the password is wrong, or the account is disabled, or has no password: which isn't said.
    Refused,
    /// Too many passwords in a row were wrong. This one wasn't looked at.
    Throttled {
        /// When the next attempt may be made, in Unix seconds.
        until: i64,
    },
}

impl fmt::Debug for SignIn {
    /// Without the token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Accepted { session, .. } => {
                f.debug_struct("Accepted").field("session", session).finish_non_exhaustive()
            }
            Self::Refused => f.write_str("Refused"),
            Self::Throttled { until } => f.debug_struct("Throttled").field("until", until).finish(),
        }
    }
}

/// Whether a password is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordCheck {
    /// It is the account's.
    Right,
    /// It isn't, or the account is disabled, has no password, or isn't there.
    Wrong,
    /// Too many in a row were wrong. This one wasn't looked at.
    Throttled {
        /// When the next attempt may be made, in Unix seconds.
        until: i64,
    },
}

/// What became of an attempt, with the account as it was when the password was compared.
enum Attempt {
    Right(AccountRow),
    Wrong,
    Throttled { until: i64 },
}

impl ReviewStore {
    /// Signs a person in at `now`, in Unix seconds, by name (in any case) and password, with a new session.
    ///
    /// After 5 wrong passwords in a row the next attempt with this name waits a minute, then twice as long after each,
    /// 15 minutes at most; a right one ends that. It is the same for names that no account has, and costs the same.
    ///
    /// # Errors
    /// [`ReviewError::Corrupt`] when the account isn't what was written; [`ReviewError::Io`].
    pub async fn sign_in(&self, name: &str, password: &str, now: i64) -> Result<SignIn, ReviewError> {
        let owner = match self.attempt(name, password, now).await? {
            Attempt::Right(owner) => owner,
            Attempt::Wrong => return Ok(SignIn::Refused),
            Attempt::Throttled { until } => return Ok(SignIn::Throttled { until }),
        };
        let mut transaction = self.database.begin().await?;
        let result = async {
            let began = self.begin_session(&mut transaction, &owner, now).await?;
            if began.is_some() {
                forget_attempts(&mut transaction, &self.attempts_key(name)).await?;
            }
            Ok(accepted(began))
        }
        .await;
        end(transaction, result).await
    }

    /// Checks the password of a person who is signed in, at `now`, in Unix seconds, before something that matters. It
    /// counts as an attempt to sign in.
    ///
    /// # Errors
    /// As of [`sign_in`](Self::sign_in).
    pub async fn check_password(&self, name: &str, password: &str, now: i64) -> Result<PasswordCheck, ReviewError> {
        let owner = match self.attempt(name, password, now).await? {
            Attempt::Right(owner) => owner,
            Attempt::Wrong => return Ok(PasswordCheck::Wrong),
            Attempt::Throttled { until } => return Ok(PasswordCheck::Throttled { until }),
        };
        let mut transaction = self.database.begin().await?;
        let result = async {
            let current = self.account_row(&mut transaction, name).await?;
            if current.is_none_or(|current| current.version != owner.version) {
                return Ok(PasswordCheck::Wrong);
            }
            forget_attempts(&mut transaction, &self.attempts_key(name)).await?;
            Ok(PasswordCheck::Right)
        }
        .await;
        end(transaction, result).await
    }

    /// Begins a session at `now`, in Unix seconds, for a person whom a reverse proxy has signed in: [`SignIn::Refused`]
    /// unless there is an account of this name (in any case) that isn't disabled. Whoever calls this vouches for the proxy.
    ///
    /// # Errors
    /// As of [`sign_in`](Self::sign_in).
    pub async fn sign_in_from_proxy(&self, name: &str, now: i64) -> Result<SignIn, ReviewError> {
        let mut transaction = self.database.begin().await?;
        let result = async {
            lock_account(&mut transaction, name).await?;
            let owner = self.account_row(&mut transaction, name).await?;
            match owner.filter(|owner| !owner.account.is_disabled) {
                Some(owner) => Ok(accepted(self.begin_session(&mut transaction, &owner, now).await?)),
                None => Ok(SignIn::Refused),
            }
        }
        .await;
        end(transaction, result).await
    }

    /// Counts an attempt, then compares the password. Whatever the account is, the same is done.
    async fn attempt(&self, name: &str, password: &str, now: i64) -> Result<Attempt, ReviewError> {
        let mut transaction = self.database.begin().await?;
        let result = self.begin_attempt(&mut transaction, name, now).await;
        let owner = match end(transaction, result).await? {
            Ok(owner) => owner.filter(|owner| !owner.account.is_disabled),
            Err(until) => return Ok(Attempt::Throttled { until }),
        };
        let hash = owner.as_ref().and_then(|owner| owner.password.as_deref());
        let is_right = self.hasher.is_password(password, hash).await?;
        Ok(owner.filter(|_| is_right).map_or(Attempt::Wrong, Attempt::Right))
    }

    /// Gives the account of a name, or until when it is throttled.
    async fn begin_attempt(
        &self,
        connection: &mut AnyConnection,
        name: &str,
        now: i64,
    ) -> Result<Result<Option<AccountRow>, i64>, ReviewError> {
        if let Some(until) = count_attempt(connection, &self.attempts_key(name), now).await? {
            return Ok(Err(until));
        }
        Ok(Ok(self.account_row(connection, name).await?))
    }
}

fn accepted(began: Option<(String, Session)>) -> SignIn {
    began.map_or(SignIn::Refused, |(token, session)| SignIn::Accepted { token, session })
}
