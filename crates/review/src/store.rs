//! The queue: opened, filled, and read one review at a time.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use super::{
    Added, ContentDigest, Decided, Keys, NewReview, Review, ReviewError, ReviewId, ReviewSummary, State, Verdict,
};
use crate::database::{Database, end};
use crate::digest::random;
use crate::hashing::Hasher;
use crate::keys::{Place, Sealed};
use crate::review::{SUMMARY_COLUMNS, id_of, state_of};
use dmv_redact_model::hex::hex;

/// The queue of held messages. It may be shared by threads, and its database by processes and, in PostgreSQL, by nodes.
///
/// What is encrypted: the original, its digest, the request, the details, grants and reasons. What isn't, because a list shows it:
/// source, identifier, requester, message key, lengths, times, names of reviewers and nodes. Of accounts, the hash of the
/// password is encrypted; names, roles and times are readable, and can't be changed without a key.
pub struct ReviewStore {
    pub(crate) database: Database,
    pub(crate) keys: Keys,
    /// Makes fingerprints. It is random, and stays when the keys rotate.
    fingerprints: Hmac<Sha256>,
    /// Makes what sessions and counted attempts are known by. It stays as well.
    pub(crate) account_key: Hmac<Sha256>,
    pub(crate) hasher: Hasher,
}

/// What is encrypted of a review, by name.
pub(crate) const ORIGINAL: &str = "original";
const DIGEST: &str = "digest";
const REQUEST: &str = "request";
const DETAILS: &str = "details";

/// The key of fingerprints, encrypted, in the table of what is of the whole queue.
pub(crate) const FINGERPRINT_KEY: Place<'_> = Place { review: "", name: "fingerprint key" };

/// Maximum length of an original in bytes: it is encrypted whole.
const MAX_ORIGINAL_BYTES: usize = 512 << 20;

/// Maximum length in bytes of a text that a list shows.
const MAX_TEXT_BYTES: usize = 64 << 10;

/// How often to insert again when the review that was in the way was purged meanwhile.
const ADD_ATTEMPTS: usize = 8;

impl ReviewStore {
    /// Opens the queue: a URL `postgres://...`, or the path of a SQLite database (or `sqlite:` and the path), which is made
    /// if it is missing, readable for its owner alone.
    ///
    /// # Errors
    /// [`ReviewError::Io`] when the database can't be opened; [`ReviewError::Corrupt`] when no key is one of its keys;
    /// [`ReviewError::Usage`] when it was written by a later version.
    pub async fn open(url_or_path: &str, keys: Keys) -> Result<Self, ReviewError> {
        let database = Database::open(url_or_path).await?;
        let fingerprints = fingerprint_key(&database, &keys).await?;
        let account_key = account_key(&fingerprints)?;
        Ok(Self { database, keys, fingerprints, account_key, hasher: Hasher::new() })
    }

    /// Adds a held message at `now`, in Unix seconds. It is on disk when this returns.
    ///
    /// The same message (source, identifier, content) with the same request is one review, whatever its details: whoever
    /// adds it again gets [`Added::Known`], also after it was decided or delivered, purged or not. One that expired is known
    /// until it is purged.
    ///
    /// # Errors
    /// [`ReviewError::Usage`] when a text is empty, too long or has a NUL, request or details aren't JSON, or the deadline is over.
    pub async fn add(&self, review: &NewReview<'_>, now: i64) -> Result<Added, ReviewError> {
        check(review, now)?;
        let new = self.new_row(ReviewId::random()?, review)?;
        for _ in 0..ADD_ATTEMPTS {
            let mut transaction = self.database.begin().await?;
            let result = new.insert(&mut transaction, review, now).await;
            if let Some(added) = end(transaction, result).await? {
                return Ok(added);
            }
        }
        Err(ReviewError::Io("database: the review couldn't be added: others like it kept being purged".to_owned()))
    }

    fn new_row(&self, id: ReviewId, review: &NewReview<'_>) -> Result<NewRow, ReviewError> {
        let digest = ContentDigest::of(review.original);
        let fingerprint = self.fingerprint([review.source, review.id, review.requester, review.request], &digest);
        let row = id.to_string();
        let mut secrets = Vec::new();
        for (name, plaintext) in [
            (ORIGINAL, review.original),
            (DIGEST, digest.as_bytes()),
            (REQUEST, review.request.as_bytes()),
            (DETAILS, review.details.as_bytes()),
        ] {
            secrets.push((name, self.keys.encrypt(Place { review: &row, name }, plaintext)?));
        }
        Ok(NewRow { id, row, fingerprint, secrets })
    }

    /// Opens an expired review again, at `now`, with a deadline, both in Unix seconds: a new review, `again`, has its contents
    /// from then on, and the old one is purged.
    ///
    /// # Errors
    /// [`ReviewError::Conflict`] when it hasn't expired; [`ReviewError::Purged`] when its contents are gone;
    /// [`ReviewError::Usage`] when the deadline is over; [`ReviewError::NotFound`]; [`ReviewError::Corrupt`].
    pub async fn reopen(&self, id: ReviewId, again: ReviewId, (deadline, now): (i64, i64)) -> Result<(), ReviewError> {
        let mut transaction = self.database.begin().await?;
        let result = self.reopen_in(&mut transaction, (id, again), (deadline, now)).await;
        end(transaction, result).await
    }

    async fn reopen_in(
        &self,
        connection: &mut AnyConnection,
        (id, again): (ReviewId, ReviewId),
        (deadline, now): (i64, i64),
    ) -> Result<(), ReviewError> {
        // Who opens it at the same time waits from here on.
        let take = sqlx::query("UPDATE reviews SET version = version + 1 WHERE id = $1");
        take.bind(id.to_string()).execute(&mut *connection).await?;
        let review = self.get_in(connection, id).await?.ok_or(ReviewError::NotFound(id))?;
        let ReviewSummary { source, message, requester, message_key, two_people, state, .. } = review.summary;
        if state != State::Expired {
            return Err(ReviewError::Conflict { id, state });
        }
        let (Some(request), Some(details)) = (review.request, review.details) else {
            return Err(ReviewError::Purged(id));
        };
        let original = self.original_in(connection, id).await?;
        purge_one(connection, &id.to_string(), now).await?;
        let new = NewReview {
            source: &source,
            id: &message,
            original: &original,
            requester: &requester,
            message_key: message_key.as_deref(),
            request: &request,
            details: &details,
            deadline,
            two_people,
        };
        check(&new, now)?;
        match self.new_row(again, &new)?.insert(connection, &new, now).await? {
            Some(Added::New(_)) => Ok(()),
            _ => Err(ReviewError::Io("database: the message was added meanwhile".to_owned())),
        }
    }

    /// A review with its details and decisions, decrypted. None when there is no such review.
    ///
    /// # Errors
    /// [`ReviewError::Corrupt`] when something can't be decrypted or is missing.
    pub async fn get(&self, id: ReviewId) -> Result<Option<Review>, ReviewError> {
        let mut transaction = self.database.begin_read().await?;
        let result = self.get_in(&mut transaction, id).await;
        end(transaction, result).await
    }

    async fn get_in(&self, connection: &mut AnyConnection, id: ReviewId) -> Result<Option<Review>, ReviewError> {
        let row = id.to_string();
        let query = format!("SELECT {SUMMARY_COLUMNS} FROM reviews WHERE id = $1");
        let query = sqlx::query(sqlx::AssertSqlSafe(query)).bind(&row);
        let Some(summary) = query.fetch_optional(&mut *connection).await? else { return Ok(None) };
        let summary = ReviewSummary::of_row(&summary)?;
        let is_purged = summary.purged.is_some();
        let decisions = self.decisions(connection, &row, is_purged).await?;
        let (mut digest, mut request, mut details) = (None, None, None);
        if !is_purged {
            digest = Some(self.checked_digest(connection, &row).await?);
            request = Some(self.secret_text(connection, Place { review: &row, name: REQUEST }).await?);
            details = Some(self.secret_text(connection, Place { review: &row, name: DETAILS }).await?);
        }
        Ok(Some(Review { summary, digest, request, details, decisions }))
    }

    /// The original of a review, decrypted.
    ///
    /// # Errors
    /// [`ReviewError::NotFound`] when there is no such review, [`ReviewError::Purged`] when its contents are gone, and
    /// [`ReviewError::Corrupt`] when it can't be decrypted, or isn't what was added.
    pub async fn original(&self, id: ReviewId) -> Result<Vec<u8>, ReviewError> {
        let mut transaction = self.database.begin_read().await?;
        let result = self.original_in(&mut transaction, id).await;
        end(transaction, result).await
    }

    async fn original_in(&self, connection: &mut AnyConnection, id: ReviewId) -> Result<Vec<u8>, ReviewError> {
        let row = id.to_string();
        let query = sqlx::query("SELECT COALESCE(purged, -1) FROM reviews WHERE id = $1").bind(&row);
        let Some(purged) = query.fetch_optional(&mut *connection).await? else {
            return Err(ReviewError::NotFound(id));
        };
        if purged.try_get::<i64, _>(0)? >= 0 {
            return Err(ReviewError::Purged(id));
        }
        let original = self.secret(connection, Place { review: &row, name: ORIGINAL }).await?;
        if ContentDigest::of(&original) != self.digest(connection, &row).await? {
            return Err(ReviewError::corrupt(&row, "the original isn't that of its digest"));
        }
        Ok(original)
    }

    /// The number of the last decision: whoever goes by those up to it goes by the same ones later. No clock tells that.
    ///
    /// # Errors
    /// When the database can't be read.
    pub async fn last_decision(&self) -> Result<i64, ReviewError> {
        let query = sqlx::query("SELECT number FROM review_meta WHERE name = 'decisions'");
        Ok(query.fetch_one(&self.database.pool).await?.try_get(0)?)
    }

    /// Closes the database's connections. Without it they close when the store is dropped, a little later.
    pub async fn close(&self) {
        self.database.pool.close().await;
    }

    /// Says which message and request a review is of (source, identifier, requester, request, content), without telling
    /// anything of them to whoever has no key.
    fn fingerprint(&self, texts: [&str; 4], digest: &ContentDigest) -> String {
        let [source, id, requester, request] = texts.map(str::as_bytes);
        hex(&mac(&self.fingerprints, &[source, id, requester, request, digest.as_bytes()]).finalize().into_bytes())
    }

    /// The digest of a review's original, when the row is of the message that was added.
    pub(crate) async fn checked_digest(
        &self,
        connection: &mut AnyConnection,
        review: &str,
    ) -> Result<ContentDigest, ReviewError> {
        let digest = self.digest(connection, review).await?;
        let request = self.secret_text(connection, Place { review, name: REQUEST }).await?;
        let query = sqlx::query("SELECT source, message, requester, fingerprint FROM reviews WHERE id = $1");
        let row = query.bind(review).fetch_one(connection).await?;
        let [source, message, requester, fingerprint] =
            [row.try_get::<String, _>(0)?, row.try_get(1)?, row.try_get(2)?, row.try_get(3)?];
        if self.fingerprint([&source, &message, &requester, &request], &digest) != fingerprint {
            return Err(ReviewError::corrupt(review, "it isn't of the message that was added"));
        }
        Ok(digest)
    }

    /// The digest of a review's original.
    pub(crate) async fn digest(
        &self,
        connection: &mut AnyConnection,
        review: &str,
    ) -> Result<ContentDigest, ReviewError> {
        let bytes = self.secret(connection, Place { review, name: DIGEST }).await?;
        ContentDigest::of_bytes(&bytes).ok_or_else(|| ReviewError::corrupt(review, "its digest is none"))
    }

    /// What was decided, in order.
    pub(crate) async fn decisions(
        &self,
        connection: &mut AnyConnection,
        review: &str,
        is_purged: bool,
    ) -> Result<Vec<Decided>, ReviewError> {
        let query = sqlx::query(
            "SELECT number, verdict, decided_by, decided_at, expires, COALESCE(sequence, 0) FROM review_decisions WHERE review = $1 \
             ORDER BY number",
        );
        let mut decisions = Vec::new();
        let rows = query.bind(review).fetch_all(&mut *connection).await?;
        let verdicts = rows.iter().map(|row| row.try_get::<String, _>(1)).collect::<Result<Vec<_>, _>>()?;
        let is_denied = verdicts.iter().any(|verdict| verdict == Verdict::Denied.name());
        for row in rows {
            let name = decision_name(row.try_get(0)?);
            let verdict = Verdict::of_name(&row.try_get::<String, _>(1)?);
            let decided = Decided {
                verdict: verdict.ok_or_else(|| ReviewError::corrupt(review, "a decision is none"))?,
                by: row.try_get(2)?,
                at: row.try_get(3)?,
                content: None,
                expires: row.try_get(4)?,
                sequence: row.try_get(5)?,
            };
            decisions.push(if is_purged {
                decided
            } else {
                let taken_back = taken_back_name(&name);
                let json = match self.secret(connection, Place { review, name: &name }).await {
                    // Whoever deletes the denial afterwards has no approval, for it isn't under its name any more.
                    Err(ReviewError::Corrupt(_)) if is_denied => {
                        self.secret(connection, Place { review, name: &taken_back }).await?
                    }
                    json => json?,
                };
                let whole = decided.with_content(&json);
                whole.ok_or_else(|| ReviewError::corrupt(review, "a decision isn't the one that was made"))?
            });
        }
        Ok(decisions)
    }

    async fn secret_text(&self, connection: &mut AnyConnection, place: Place<'_>) -> Result<String, ReviewError> {
        let bytes = self.secret(connection, place).await?;
        String::from_utf8(bytes).map_err(|_| ReviewError::corrupt(place.review, "a text isn't UTF-8"))
    }

    pub(crate) async fn secret(
        &self,
        connection: &mut AnyConnection,
        place: Place<'_>,
    ) -> Result<Vec<u8>, ReviewError> {
        let query = sqlx::query("SELECT key_id, content FROM review_secrets WHERE review = $1 AND name = $2");
        let row = query.bind(place.review).bind(place.name).fetch_optional(connection).await?;
        let row = row.ok_or_else(|| ReviewError::corrupt(place.review, &format!("{}: it is missing", place.name)))?;
        self.keys.decrypt(place, &sealed(&row)?)
    }
}

impl fmt::Debug for ReviewStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReviewStore").field("keys", &self.keys).finish_non_exhaustive()
    }
}

/// A review to insert, encrypted.
struct NewRow {
    id: ReviewId,
    row: String,
    fingerprint: String,
    secrets: Vec<(&'static str, Sealed)>,
}

impl NewRow {
    /// Inserts it, unless its message is known. None when the review that was in the way was purged since.
    async fn insert(
        &self,
        connection: &mut AnyConnection,
        review: &NewReview<'_>,
        now: i64,
    ) -> Result<Option<Added>, ReviewError> {
        let insert = sqlx::query(
            "INSERT INTO reviews (id, fingerprint, source, message, requester, message_key, bytes, two_people, added, \
             deadline, state, version) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'open', 1) \
             ON CONFLICT (fingerprint) WHERE state <> 'expired' OR purged IS NULL DO NOTHING",
        );
        let insert = insert.bind(&self.row).bind(&self.fingerprint).bind(review.source).bind(review.id);
        let insert = insert.bind(review.requester).bind(review.message_key);
        let insert = insert.bind(i64::try_from(review.original.len()).unwrap_or(i64::MAX));
        let insert = insert.bind(i64::from(review.two_people)).bind(now).bind(review.deadline);
        if insert.execute(&mut *connection).await?.rows_affected() > 0 {
            for (name, sealed) in &self.secrets {
                insert_secret(connection, &self.row, name, sealed).await?;
            }
            return Ok(Some(Added::New(self.id)));
        }
        let query =
            sqlx::query("SELECT id FROM reviews WHERE fingerprint = $1 AND (state <> 'expired' OR purged IS NULL)");
        let known = query.bind(&self.fingerprint).fetch_optional(connection).await?;
        known.map(|row| id_of(&row.try_get::<String, _>(0)?).map(Added::Known)).transpose()
    }
}

/// The name of the encrypted content of a decision.
pub(crate) fn decision_name(number: i64) -> String {
    format!("decision {number}")
}

/// The same once it was taken back.
pub(crate) fn taken_back_name(name: &str) -> String {
    format!("{name}, taken back")
}

/// A ciphertext in the columns `key_id` and `content`, in this order.
pub(crate) fn sealed(row: &AnyRow) -> Result<Sealed, ReviewError> {
    Ok(Sealed { key_id: row.try_get(0)?, content: row.try_get(1)? })
}

pub(crate) async fn insert_secret(
    connection: &mut AnyConnection,
    review: &str,
    name: &str,
    sealed: &Sealed,
) -> Result<(), ReviewError> {
    let insert = sqlx::query("INSERT INTO review_secrets (review, name, key_id, content) VALUES ($1, $2, $3, $4)");
    let insert = insert.bind(review).bind(name).bind(&sealed.key_id).bind(&sealed.content);
    insert.execute(connection).await?;
    Ok(())
}

/// Deletes the contents of one. Whether they were still there.
pub(crate) async fn purge_one(connection: &mut AnyConnection, id: &str, now: i64) -> Result<bool, ReviewError> {
    let update = sqlx::query("UPDATE reviews SET purged = $1, version = version + 1 WHERE id = $2 AND purged IS NULL");
    let is_purged = update.bind(now).bind(id).execute(&mut *connection).await?.rows_affected() == 1;
    let delete = sqlx::query("DELETE FROM review_secrets WHERE review = $1");
    delete.bind(id).execute(connection).await?;
    Ok(is_purged)
}

/// Why a step that wants one of some states can't be taken: the review's state, or that there is none.
pub(crate) async fn wrong_state(connection: &mut AnyConnection, id: ReviewId) -> ReviewError {
    let row =
        sqlx::query("SELECT state FROM reviews WHERE id = $1").bind(id.to_string()).fetch_optional(connection).await;
    let state = |row: AnyRow| state_of(&id.to_string(), &row.try_get::<String, _>(0)?);
    match row {
        Ok(None) => ReviewError::NotFound(id),
        Ok(Some(row)) => state(row).map_or_else(|error| error, |state| ReviewError::Conflict { id, state }),
        Err(error) => error.into(),
    }
}

/// The key of fingerprints, made by whoever opens the queue first. That it can be decrypted shows that the keys are those of
/// the queue.
async fn fingerprint_key(database: &Database, keys: &Keys) -> Result<Hmac<Sha256>, ReviewError> {
    let sealed_new = keys.encrypt(FINGERPRINT_KEY, &random::<32>()?)?;
    let query = "SELECT key_id, content FROM review_meta WHERE name = $1";
    let mut row = sqlx::query(query).bind(FINGERPRINT_KEY.name).fetch_optional(&database.pool).await?;
    if row.is_none() {
        let insert =
            "INSERT INTO review_meta (name, key_id, content) VALUES ($1, $2, $3) ON CONFLICT (name) DO NOTHING";
        let insert = sqlx::query(insert).bind(FINGERPRINT_KEY.name).bind(&sealed_new.key_id).bind(&sealed_new.content);
        let mut transaction = database.begin().await?;
        let result = insert.execute(&mut *transaction).await;
        end(transaction, result.map_err(ReviewError::from)).await?;
        row = sqlx::query(query).bind(FINGERPRINT_KEY.name).fetch_optional(&database.pool).await?;
    }
    let row = row.ok_or_else(|| ReviewError::Corrupt("the queue has no key of fingerprints".to_owned()))?;
    let key = keys.decrypt(FINGERPRINT_KEY, &sealed(&row)?)?;
    Hmac::new_from_slice(&key).map_err(|_| ReviewError::Corrupt("the key of fingerprints is none".to_owned()))
}

/// The key of accounts, derived from that of fingerprints. What it is derived by can't be a part of a fingerprint: those
/// begin with a length.
fn account_key(fingerprints: &Hmac<Sha256>) -> Result<Hmac<Sha256>, ReviewError> {
    let key = fingerprints.clone().chain_update(b"dmv-redact review accounts\n").finalize().into_bytes();
    Hmac::new_from_slice(&key).map_err(|_| ReviewError::Corrupt("the key of fingerprints is none".to_owned()))
}

/// A keyed hash of several parts, each with its length before it.
pub(crate) fn mac(key: &Hmac<Sha256>, parts: &[&[u8]]) -> Hmac<Sha256> {
    let mut hmac = key.clone();
    for part in parts {
        hmac.update(&(part.len() as u64).to_be_bytes());
        hmac.update(part);
    }
    hmac
}

fn check(review: &NewReview<'_>, now: i64) -> Result<(), ReviewError> {
    check_text("source", review.source)?;
    check_text("identifier", review.id)?;
    check_text("requester", review.requester)?;
    review.message_key.map_or(Ok(()), |key| check_text("message key", key))?;
    check_json("request", review.request)?;
    check_json("details", review.details)?;
    if review.original.len() > MAX_ORIGINAL_BYTES {
        return Err(ReviewError::Usage(format!("the original is longer than {MAX_ORIGINAL_BYTES} bytes")));
    }
    if review.deadline <= now {
        return Err(ReviewError::Usage("the deadline is over".to_owned()));
    }
    Ok(())
}

fn check_text(what: &str, text: &str) -> Result<(), ReviewError> {
    let fault = match text {
        "" => "is empty",
        text if text.len() > MAX_TEXT_BYTES => "is too long",
        // PostgreSQL has none in its texts.
        text if text.contains('\0') => "has a NUL character",
        _ => return Ok(()),
    };
    Err(ReviewError::Usage(format!("the {what} {fault}")))
}

/// The name of a reviewer or a node: one that looks like another would be another.
pub(crate) fn check_name(what: &str, name: &str) -> Result<(), ReviewError> {
    check_text(what, name)?;
    if name.trim() != name || name.chars().any(char::is_control) {
        return Err(ReviewError::Usage(format!(
            "the {what} begins or ends with white space, or has a control character"
        )));
    }
    Ok(())
}

pub(crate) fn check_json(what: &str, text: &str) -> Result<(), ReviewError> {
    match serde_json::from_str::<serde_json::Value>(text) {
        Ok(_) => Ok(()),
        Err(_) => Err(ReviewError::Usage(format!("the {what} can't be read as JSON"))),
    }
}
