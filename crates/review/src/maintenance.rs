//! What keeps the queue in order: deadlines, retention, new keys, copies.

use std::path::Path;

use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AssertSqlSafe, Row};

use super::{ReviewError, ReviewId, ReviewStore, ReviewSummary};
use crate::database::{Database, end};
use crate::keys::Place;
use crate::review::{SUMMARY_COLUMNS, id_of};
use crate::store::{FINGERPRINT_KEY, purge_one, sealed};

/// Reviews purged, or contents encrypted anew, in one transaction. Others write in between.
const BATCH: i64 = 64;

/// Reviews that expire in one transaction.
const MAX_EXPIRED: i64 = 1000;

impl ReviewStore {
    /// What [`expire`](Self::expire) would take at `now`, in Unix seconds, so that it can be put on record before (P12): the
    /// first `limit` reviews, in the order in which they were over. Nothing is changed.
    ///
    /// # Errors
    /// When the database can't be read.
    pub async fn due(&self, now: i64, limit: u32) -> Result<Vec<ReviewSummary>, ReviewError> {
        let query =
            sqlx::query(AssertSqlSafe(due_sql(SUMMARY_COLUMNS, &self.database))).bind(now).bind(i64::from(limit));
        let rows = query.fetch_all(&self.database.pool).await?;
        rows.iter().map(ReviewSummary::of_row).collect()
    }

    /// Denies by the clock, at `now`, in Unix seconds: what nobody decided before its deadline, and what nobody sent before
    /// its approval expired. Gives the reviews that became expired by this call, at most 1000, those first that
    /// were over first: call it until it gives none. Each is given once, to one caller.
    ///
    /// A clock that is set back reopens none of them.
    ///
    /// # Errors
    /// When the database can't be written.
    pub async fn expire(&self, now: i64) -> Result<Vec<ReviewId>, ReviewError> {
        let mut transaction = self.database.begin().await?;
        let ids = expire_some(&mut transaction, &self.database, now).await;
        end(transaction, ids).await
    }

    /// The same for one review. Whether it expired by this call: not if its time isn't over, or it is over already.
    ///
    /// # Errors
    /// When the database can't be written.
    pub async fn expire_review(&self, id: ReviewId, now: i64) -> Result<bool, ReviewError> {
        let mut transaction = self.database.begin().await?;
        let expired = expire_one(&mut transaction, &id.to_string(), now).await;
        end(transaction, expired).await
    }

    /// Deletes the contents of the reviews that became final before a time, in Unix seconds: original, digest, request,
    /// details, grants and reason. What a list shows stays, and so does who decided, so that a message that was denied or delivered
    /// is still known when it comes again. Gives how many reviews it was.
    ///
    /// SQLite overwrites what is deleted, in the database and its write-ahead log. PostgreSQL does when it vacuums.
    ///
    /// # Errors
    /// When the database can't be written. What was purged before stays purged; purge again for the rest.
    pub async fn purge(&self, before: i64, now: i64) -> Result<u64, ReviewError> {
        let mut count = 0;
        loop {
            let mut transaction = self.database.begin().await?;
            let purged = purge_some(&mut transaction, before, now).await;
            let Some(purged) = end(transaction, purged).await? else { break };
            count += purged;
        }
        self.database.scrub().await?;
        Ok(count)
    }

    /// Encrypts anew, with the first key, whatever another key encrypted. Gives how many contents it was. If it is
    /// interrupted, the next call goes on. When it has given 0 and no node encrypts with another key, the other keys
    /// aren't needed any more.
    ///
    /// # Errors
    /// [`ReviewError::Corrupt`] when something can't be decrypted.
    pub async fn rekey(&self) -> Result<u64, ReviewError> {
        let mut transaction = self.database.begin().await?;
        let result = self.rekey_fingerprints(&mut transaction).await;
        let mut count = end(transaction, result).await?;
        let mut transaction = self.database.begin().await?;
        let result = self.rekey_accounts(&mut transaction).await;
        count += end(transaction, result).await?;
        let mut last = (String::new(), String::new());
        loop {
            let mut transaction = self.database.begin().await?;
            let result = self.rekey_some(&mut transaction, &last).await;
            let Some((encrypted, next)) = end(transaction, result).await? else { break };
            count += encrypted;
            last = next;
        }
        if count > 0 {
            self.database.scrub().await?;
        }
        Ok(count)
    }

    async fn rekey_fingerprints(&self, connection: &mut AnyConnection) -> Result<u64, ReviewError> {
        let query = sqlx::query("SELECT key_id, content FROM review_meta WHERE name = $1 AND key_id <> $2");
        let query = query.bind(FINGERPRINT_KEY.name).bind(self.keys.first_id());
        let Some(row) = query.fetch_optional(&mut *connection).await? else { return Ok(0) };
        let old = sealed(&row)?;
        let new = self.keys.encrypt(FINGERPRINT_KEY, &self.keys.decrypt(FINGERPRINT_KEY, &old)?)?;
        let update = sqlx::query("UPDATE review_meta SET key_id = $1, content = $2 WHERE name = $3 AND key_id = $4");
        let update = update.bind(&new.key_id).bind(&new.content).bind(FINGERPRINT_KEY.name).bind(&old.key_id);
        Ok(update.execute(connection).await?.rows_affected())
    }

    /// Encrypts anew the next ones after the last, a review's identifier and a name. Gives how many it was, and the last of
    /// them; none when there are none.
    async fn rekey_some(
        &self,
        connection: &mut AnyConnection,
        last: &(String, String),
    ) -> Result<Option<(u64, (String, String))>, ReviewError> {
        let query = sqlx::query(
            "SELECT key_id, content, review, name FROM review_secrets \
             WHERE (review, name) > ($1, $2) AND key_id <> $3 ORDER BY review, name LIMIT $4",
        );
        let query = query.bind(&last.0).bind(&last.1).bind(self.keys.first_id()).bind(BATCH);
        let mut done = None;
        for row in query.fetch_all(&mut *connection).await? {
            let old = sealed(&row)?;
            let (review, name) = (row.try_get::<String, _>(2)?, row.try_get::<String, _>(3)?);
            let place = Place { review: &review, name: &name };
            let new = self.keys.encrypt(place, &self.keys.decrypt(place, &old)?)?;
            let update = sqlx::query(
                "UPDATE review_secrets SET key_id = $1, content = $2 WHERE review = $3 AND name = $4 AND key_id = $5",
            );
            let update = update.bind(&new.key_id).bind(&new.content).bind(&review).bind(&name).bind(&old.key_id);
            let count = update.execute(&mut *connection).await?.rows_affected();
            done = Some((done.map_or(0, |(count, _)| count) + count, (review, name)));
        }
        Ok(done)
    }

    /// Copies a SQLite database while it is in use, to a path where nothing is. The copy is for its owner alone, and needs
    /// the same keys.
    ///
    /// # Errors
    /// [`ReviewError::Usage`] for PostgreSQL, which has tools of its own; [`ReviewError::Io`] when something is at the path,
    /// or it can't be written.
    pub async fn backup(&self, path: &Path) -> Result<(), ReviewError> {
        self.database.backup(path).await
    }
}

/// The columns of the reviews that are over at `$1`: the first `$2`, in the order in which they were. Of each state the first
/// ones, which an index has in this order.
fn due_sql(columns: &str, database: &Database) -> String {
    let part = |(number, state, column, index)| {
        let indexed_by = database.indexed_by(index);
        format!(
            "SELECT * FROM (SELECT {columns}, {column} AS due FROM reviews{indexed_by} WHERE state = '{state}' AND {column} <= $1 \
             ORDER BY {column}, id LIMIT $2) AS part_{number}"
        )
    };
    let parts = [
        (1, "open", "deadline", "reviews_queue"),
        (2, "half-approved", "deadline", "reviews_queue"),
        (3, "approved", "expires", "reviews_expiring"),
    ]
    .map(part);
    format!("SELECT {columns} FROM ({}) AS parts ORDER BY due, id LIMIT $2", parts.join(" UNION ALL "))
}

/// Expires one, if its time is over.
async fn expire_one(connection: &mut AnyConnection, id: &str, now: i64) -> Result<bool, ReviewError> {
    let update = sqlx::query(
        "UPDATE reviews SET state = 'expired', version = version + 1, closed = $1 WHERE id = $2 \
         AND ((state IN ('open', 'half-approved') AND deadline <= $1) OR (state = 'approved' AND expires <= $1))",
    );
    Ok(update.bind(now).bind(id).execute(connection).await?.rows_affected() == 1)
}

async fn expire_some(
    connection: &mut AnyConnection,
    database: &Database,
    now: i64,
) -> Result<Vec<ReviewId>, ReviewError> {
    let query = sqlx::query(AssertSqlSafe(due_sql("id", database)));
    let mut expired = Vec::new();
    for id in sorted_ids(&query.bind(now).bind(MAX_EXPIRED).fetch_all(&mut *connection).await?)? {
        // Asked again: in PostgreSQL it may have changed since it was found.
        if expire_one(connection, &id, now).await? {
            expired.push(id_of(&id)?);
        }
    }
    Ok(expired)
}

/// Gives how many reviews it found; none when there are no more.
async fn purge_some(connection: &mut AnyConnection, before: i64, now: i64) -> Result<Option<u64>, ReviewError> {
    let query = sqlx::query(
        "SELECT id FROM reviews WHERE closed IS NOT NULL AND purged IS NULL AND closed < $1 ORDER BY closed LIMIT $2",
    );
    let ids = sorted_ids(&query.bind(before).bind(BATCH).fetch_all(&mut *connection).await?)?;
    if ids.is_empty() {
        return Ok(None);
    }
    let mut count = 0;
    for id in ids {
        count += u64::from(purge_one(connection, &id, now).await?);
    }
    Ok(Some(count))
}

/// In the order that every node takes them in: two that change the same reviews wait for each other, never both.
fn sorted_ids(rows: &[AnyRow]) -> Result<Vec<String>, ReviewError> {
    let mut ids = rows.iter().map(|row| row.try_get::<String, _>(0)).collect::<Result<Vec<_>, _>>()?;
    ids.sort_unstable();
    Ok(ids)
}
