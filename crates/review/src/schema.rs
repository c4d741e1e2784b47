//! The schema, by version: what each adds to the one before it. A new database begins before the first.

/// The version that this program writes.
pub(crate) const SCHEMA_VERSION: i64 = 2;

/// What each version adds, in SQLite's types. `BLOB` is `BYTEA` in PostgreSQL. A version that was released doesn't change.
const VERSIONS: [&[&str]; 2] = [&QUEUE, &DESK];

/// A review is its row: `state` and `version` change together. `fingerprint` says which message it is of, and is unique but
/// for those that expired and were purged or opened again. What is encrypted lies apart, so that a list reads none of it.
const QUEUE: [&str; 10] = [
    "CREATE TABLE review_meta (name TEXT NOT NULL PRIMARY KEY, number BIGINT, key_id TEXT, content BLOB)",
    "CREATE TABLE reviews (id TEXT NOT NULL PRIMARY KEY, fingerprint TEXT NOT NULL, source TEXT NOT NULL, \
     message TEXT NOT NULL, requester TEXT NOT NULL, message_key TEXT, bytes BIGINT NOT NULL, two_people BIGINT NOT NULL, \
     added BIGINT NOT NULL, deadline BIGINT NOT NULL, state TEXT NOT NULL, version BIGINT NOT NULL, expires BIGINT, \
     closed BIGINT, node TEXT, since BIGINT, purged BIGINT)",
    "CREATE TABLE review_decisions (review TEXT NOT NULL REFERENCES reviews (id), number BIGINT NOT NULL, \
     verdict TEXT NOT NULL, decided_by TEXT NOT NULL, decided_at BIGINT NOT NULL, expires BIGINT, \
     PRIMARY KEY (review, number))",
    "CREATE TABLE review_secrets (review TEXT NOT NULL REFERENCES reviews (id), name TEXT NOT NULL, key_id TEXT NOT NULL, \
     content BLOB NOT NULL, PRIMARY KEY (review, name))",
    "CREATE UNIQUE INDEX reviews_fingerprint ON reviews (fingerprint) WHERE state <> 'expired' OR purged IS NULL",
    "CREATE INDEX reviews_queue ON reviews (state, deadline, id)",
    "CREATE INDEX reviews_of_requester ON reviews (state, requester, deadline, id)",
    "CREATE INDEX reviews_expiring ON reviews (expires, id) WHERE state = 'approved'",
    "CREATE INDEX reviews_closed ON reviews (closed) WHERE closed IS NOT NULL AND purged IS NULL",
    "INSERT INTO review_meta (name, number) VALUES ('schema', 1)",
];

/// `sequence` counts decisions; who decides locks the row `decisions`, so that they are counted in the order in which others see
/// them. `folded` is the name in lower case. `version` changes with an account, and a session is of one version. Of a session's
/// token there is a hash; of a name that somebody tried to sign in with, a keyed hash. Who changes accounts locks the row
/// `accounts` first, and so is alone.
const DESK: [&str; 7] = [
    "ALTER TABLE review_decisions ADD COLUMN sequence BIGINT",
    "INSERT INTO review_meta (name, number) VALUES ('decisions', 0)",
    "CREATE TABLE review_accounts (folded TEXT NOT NULL PRIMARY KEY, name TEXT NOT NULL, role TEXT NOT NULL, \
     disabled BIGINT NOT NULL, created BIGINT NOT NULL, changed BIGINT NOT NULL, version BIGINT NOT NULL, \
     last_sign_in BIGINT, key_id TEXT NOT NULL, content BLOB NOT NULL)",
    "CREATE TABLE review_sessions (token_hash TEXT NOT NULL PRIMARY KEY, \
     account TEXT NOT NULL REFERENCES review_accounts (folded), version BIGINT NOT NULL, since BIGINT NOT NULL, \
     last_used BIGINT NOT NULL, mac BLOB NOT NULL)",
    "CREATE TABLE review_attempts (name TEXT NOT NULL PRIMARY KEY, failures BIGINT NOT NULL, last BIGINT NOT NULL, \
     wait_until BIGINT NOT NULL)",
    "INSERT INTO review_meta (name, number) VALUES ('accounts', 0)",
    "UPDATE review_meta SET number = 2 WHERE name = 'schema'",
];

/// The statements that make the current version of an earlier one; 0 is an empty database.
pub(crate) fn statements_after(version: i64) -> impl Iterator<Item = &'static str> {
    let known = usize::try_from(version).unwrap_or(VERSIONS.len());
    VERSIONS.into_iter().skip(known).flatten().copied()
}
