//! Sessions: begun with a new token, used, and ended.

use std::fmt;

use dmv_redact_model::hex::hex;
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};
use sqlx::{AnyConnection, AssertSqlSafe, Row};

use super::account::{ACCOUNT_COLUMNS, Account, AccountRow};
use super::attempts::forget_old_attempts;
use super::manage::lock_accounts;
use crate::database::end;
use crate::digest::{of_hex, random};
use crate::store::mac;
use crate::{ReviewError, ReviewStore};

/// Bytes of a token, which is shown in hexadecimal.
const TOKEN_BYTES: usize = 32;

/// When a session ends, in seconds: after its last use, and after its start.
const MAX_IDLE: i64 = 30 * 60;
const MAX_AGE: i64 = 12 * 60 * 60;

/// A use is written when the one before is so many seconds ago: not every page is a write.
const RENEWED_AFTER: i64 = 60;

/// A person who is signed in.
#[derive(Clone, PartialEq, Eq)]
pub struct Session {
    /// Whose session it is, as the account is now.
    pub account: Account,
    /// What each form of this session must bring, 64 hexadecimal digits. It says nothing of the token.
    pub csrf: String,
    /// When the person signed in, in Unix seconds.
    pub since: i64,
}

impl fmt::Debug for Session {
    /// Without what forms bring.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("account", &self.account).field("since", &self.since).finish_non_exhaustive()
    }
}

impl ReviewStore {
    /// The session of a token at `now`, in Unix seconds: none when there is no such session, or it has ended. It ends 30
    /// minutes after its last use, 12 hours after its start, and when its account changes. It is also none if it began
    /// after `now`: the clock was set back.
    ///
    /// This is a use. Uses are written once a minute, so that a session may end up to a minute earlier than that.
    ///
    /// # Errors
    /// [`ReviewError::Corrupt`] when the session or its account isn't what was written.
    pub async fn session(&self, token: &str, now: i64) -> Result<Option<Session>, ReviewError> {
        let Some(token) = of_hex::<TOKEN_BYTES>(token) else { return Ok(None) };
        let token_hash = hash_of(&token);
        let query = format!(
            "SELECT {ACCOUNT_COLUMNS}, review_sessions.version, review_sessions.since, review_sessions.last_used, \
             review_sessions.mac FROM review_sessions JOIN review_accounts ON folded = account WHERE token_hash = $1"
        );
        let query = sqlx::query(AssertSqlSafe(query)).bind(&token_hash);
        let Some(row) = query.fetch_optional(&self.database.pool).await? else { return Ok(None) };
        let owner = AccountRow::of_row(&self.keys, &row)?;
        let (version, since, last_used) = (row.try_get(10)?, row.try_get(11)?, row.try_get::<i64, _>(12)?);
        let expected = self.session_mac(&token, &owner.folded(), version, since);
        if expected.verify_slice(&row.try_get::<Vec<u8>, _>(13)?).is_err() {
            return Err(ReviewError::Corrupt("a session isn't the one that began".to_owned()));
        }
        let is_over = owner.account.is_disabled
            || owner.version != version
            || since > now
            || now.saturating_sub(since) >= MAX_AGE
            || now.saturating_sub(last_used) >= MAX_IDLE;
        if is_over {
            return Ok(None);
        }
        if last_used > now || now.saturating_sub(last_used) >= RENEWED_AFTER {
            let update = sqlx::query("UPDATE review_sessions SET last_used = $1 WHERE token_hash = $2");
            update.bind(now).bind(&token_hash).execute(&self.database.pool).await?;
        }
        Ok(Some(Session { account: owner.account, csrf: self.csrf_of(&token), since }))
    }

    /// Ends the session of a token, if there is one.
    ///
    /// # Errors
    /// When the database can't be written.
    pub async fn sign_out(&self, token: &str) -> Result<(), ReviewError> {
        let Some(token) = of_hex::<TOKEN_BYTES>(token) else { return Ok(()) };
        let delete = sqlx::query("DELETE FROM review_sessions WHERE token_hash = $1").bind(hash_of(&token));
        delete.execute(&self.database.pool).await?;
        Ok(())
    }

    /// Deletes the sessions that have ended at `now`, in Unix seconds, and the counts of wrong passwords of names that
    /// nobody has tried for a day. Gives how many sessions it was.
    ///
    /// # Errors
    /// When the database can't be written.
    pub async fn remove_old_sessions(&self, now: i64) -> Result<u64, ReviewError> {
        let mut transaction = self.database.begin().await?;
        let result = remove_old(&mut transaction, now).await;
        end(transaction, result).await
    }

    /// Begins a session, and gives its token. None when the account has changed since it was read.
    pub(super) async fn begin_session(
        &self,
        connection: &mut AnyConnection,
        owner: &AccountRow,
        now: i64,
    ) -> Result<Option<(String, Session)>, ReviewError> {
        let folded = owner.folded();
        let update = sqlx::query("UPDATE review_accounts SET last_sign_in = $1 WHERE folded = $2 AND version = $3");
        let update = update.bind(now).bind(&folded).bind(owner.version);
        if update.execute(&mut *connection).await?.rows_affected() != 1 {
            return Ok(None);
        }
        let token = random::<TOKEN_BYTES>()?;
        let insert = sqlx::query(
            "INSERT INTO review_sessions (token_hash, account, version, since, last_used, mac) \
             VALUES ($1, $2, $3, $4, $4, $5)",
        );
        let mac = self.session_mac(&token, &folded, owner.version, now).finalize().into_bytes();
        let insert = insert.bind(hash_of(&token)).bind(&folded).bind(owner.version).bind(now).bind(mac.to_vec());
        insert.execute(connection).await?;
        let account = Account { last_sign_in: Some(now), ..owner.account.clone() };
        Ok(Some((hex(&token), Session { account, csrf: self.csrf_of(&token), since: now })))
    }

    /// Binds a session to its account: who can write the database, but has no key, can't make one.
    fn session_mac(&self, token: &[u8], folded: &str, version: i64, since: i64) -> Hmac<Sha256> {
        let parts = [b"session", token, folded.as_bytes(), &version.to_be_bytes(), &since.to_be_bytes()];
        mac(&self.account_key, &parts)
    }

    fn csrf_of(&self, token: &[u8]) -> String {
        hex(&mac(&self.account_key, &[b"csrf", token]).finalize().into_bytes())
    }
}

async fn remove_old(connection: &mut AnyConnection, now: i64) -> Result<u64, ReviewError> {
    lock_accounts(connection).await?;
    // Also what began further ahead than a session lasts: the clock was set back, and it would be valid some day.
    let delete = sqlx::query("DELETE FROM review_sessions WHERE since <= $1 OR last_used <= $2 OR since >= $3");
    let delete = delete.bind(now.saturating_sub(MAX_AGE)).bind(now.saturating_sub(MAX_IDLE));
    let count = delete.bind(now.saturating_add(MAX_AGE)).execute(&mut *connection).await?.rows_affected();
    forget_old_attempts(connection, now).await?;
    Ok(count)
}

/// What is stored of a token. It is random, so a plain hash is enough.
fn hash_of(token: &[u8]) -> String {
    hex(&Sha256::digest(token))
}
