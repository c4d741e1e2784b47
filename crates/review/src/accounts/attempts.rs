//! Wrong passwords in a row, and how long the next attempt has to wait: by name, whether there is such an account or not.
//!
//! An attempt is counted as a failure before its password is looked at, and a right one deletes the count. So of many
//! attempts at once no more are let through than one after the other, and one that is cut off counts.

use dmv_redact_model::hex::hex;
use dmv_redact_model::policy::folded_name;
use hmac::Mac;
use sqlx::{AnyConnection, Row};

use crate::store::mac;
use crate::{ReviewError, ReviewStore};

/// Wrong passwords in a row before an attempt has to wait.
const FREE_FAILURES: i64 = 5;

/// Seconds to wait: doubled after each failure, from the first to the last.
const MIN_WAIT: i64 = 60;
const MAX_WAIT: i64 = 15 * 60;

/// Names counted at most. If there are more, an attempt with another name waits.
const MAX_NAMES: i64 = 100_000;

/// How long a count stays after the last attempt, in seconds.
const KEPT: i64 = 24 * 60 * 60;

/// How often to look again when another attempt with the same name was first.
const TRIES: usize = 8;

impl ReviewStore {
    /// What a name is counted by. Without the key nobody can tell which name it is.
    pub(crate) fn attempts_key(&self, name: &str) -> String {
        hex(&mac(&self.account_key, &[b"attempts", folded_name(name).as_bytes()]).finalize().into_bytes())
    }
}

/// Counts an attempt, or gives when the next one may be made, in Unix seconds; then it isn't counted.
pub(super) async fn count_attempt(
    connection: &mut AnyConnection,
    key: &str,
    now: i64,
) -> Result<Option<i64>, ReviewError> {
    for _ in 0..TRIES {
        let query = sqlx::query("SELECT failures, wait_until FROM review_attempts WHERE name = $1");
        let statement = match query.bind(key).fetch_optional(&mut *connection).await? {
            None if is_full(connection, now).await? => break,
            None => {
                let insert = sqlx::query(
                    "INSERT INTO review_attempts (name, failures, last, wait_until) VALUES ($1, 1, $2, $2) \
                     ON CONFLICT (name) DO NOTHING",
                );
                insert.bind(key).bind(now)
            }
            Some(row) => {
                let (failures, until) = (row.try_get::<i64, _>(0)?, row.try_get::<i64, _>(1)?);
                let latest = now.saturating_add(MAX_WAIT);
                if until > latest {
                    // The clock was set back: nobody waits for it to catch up.
                    let update = sqlx::query("UPDATE review_attempts SET wait_until = $1 WHERE name = $2");
                    update.bind(latest).bind(key).execute(connection).await?;
                    return Ok(Some(latest));
                }
                if until > now {
                    return Ok(Some(until));
                }
                let update = sqlx::query(
                    "UPDATE review_attempts SET failures = $1, last = $2, wait_until = $3 \
                     WHERE name = $4 AND failures = $5 AND wait_until = $6",
                );
                let counted = failures.saturating_add(1);
                let update = update.bind(counted).bind(now).bind(now.saturating_add(wait_after(counted)));
                update.bind(key).bind(failures).bind(until)
            }
        };
        // None changed: another attempt was first, on another node.
        if statement.execute(&mut *connection).await?.rows_affected() == 1 {
            return Ok(None);
        }
    }
    Ok(Some(now.saturating_add(MIN_WAIT)))
}

/// Forgets the failures of a name.
pub(super) async fn forget_attempts(connection: &mut AnyConnection, key: &str) -> Result<(), ReviewError> {
    sqlx::query("DELETE FROM review_attempts WHERE name = $1").bind(key).execute(connection).await?;
    Ok(())
}

/// Forgets the failures of the names that nobody has tried for a day.
pub(super) async fn forget_old_attempts(connection: &mut AnyConnection, now: i64) -> Result<(), ReviewError> {
    // Those of a clock that was set back since are a day old in a day.
    let update = sqlx::query("UPDATE review_attempts SET last = $1 WHERE last > $1");
    update.bind(now).execute(&mut *connection).await?;
    let delete = sqlx::query("DELETE FROM review_attempts WHERE last < $1");
    delete.bind(now.saturating_sub(KEPT)).execute(connection).await?;
    Ok(())
}

async fn is_full(connection: &mut AnyConnection, now: i64) -> Result<bool, ReviewError> {
    if count(connection).await? < MAX_NAMES {
        return Ok(false);
    }
    forget_old_attempts(connection, now).await?;
    Ok(count(connection).await? >= MAX_NAMES)
}

async fn count(connection: &mut AnyConnection) -> Result<i64, ReviewError> {
    Ok(sqlx::query("SELECT COUNT(*) FROM review_attempts").fetch_one(connection).await?.try_get(0)?)
}

/// Seconds to wait after so many failures in a row.
fn wait_after(failures: i64) -> i64 {
    match failures - FREE_FAILURES {
        ..0 => 0,
        more => MAX_WAIT.min(MIN_WAIT << more.min(8)),
    }
}
