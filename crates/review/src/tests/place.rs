//! A queue of one test: a database of its own, and keys.

use std::fs;
use std::path::PathBuf;

use sqlx::AssertSqlSafe;
use tempfile::TempDir;

use super::super::*;
use super::postgres;

pub(super) struct Place {
    pub(super) url: String,
    pub(super) folder: TempDir,
    is_sqlite: bool,
}

pub(super) const NOW: i64 = 1_900_000_000;
pub(super) const DEADLINE: i64 = NOW + 86_400;
pub(super) const GRANTS: &str = r#"{"claims":["approved"],"instrument":{"kind":"warrant","number":"CANARY-GRANT"}}"#;

pub(super) const PASSWORD: &str = "CANARY of 4 long words";
pub(super) const WRONG: &str = "CANARY of 5 long words";

/// A review of a message.
pub(super) fn of_review<'a>(id: &'a str, original: &'a [u8]) -> NewReview<'a> {
    NewReview {
        source: "line-1",
        id,
        original,
        requester: "OH0250000",
        message_key: Some("DR"),
        request: r#"{"purpose":"CANARY-REQUEST"}"#,
        details: r#"{"why":"CANARY-DETAILS"}"#,
        deadline: DEADLINE,
        two_people: false,
    }
}

pub(super) fn approval(by: &str) -> Decision<'_> {
    Decision {
        kind: DecisionKind::Approve { grants: GRANTS, expires: NOW + 10_000 },
        by,
        at: NOW,
        seen: None,
        two_people: false,
    }
}

pub(super) fn denial(by: &str) -> Decision<'_> {
    Decision { kind: DecisionKind::Deny { reason: "CANARY-REASON" }, by, at: NOW, seen: None, two_people: false }
}

impl Place {
    pub(super) fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = folder.path().join("reviews of #1?.db").to_str().unwrap().to_owned();
        Self { url, folder, is_sqlite: true }
    }

    /// None where no server is installed: then nothing is checked.
    pub(super) fn postgres() -> Option<Self> {
        let url = postgres::new_database()?;
        Some(Self { url, folder: tempfile::tempdir().unwrap(), is_sqlite: false })
    }

    pub(super) fn is_sqlite(&self) -> bool {
        self.is_sqlite
    }

    pub(super) fn open(&self) -> BlockingReviews {
        self.open_with(&[1]).unwrap()
    }

    pub(super) fn open_with(&self, keys: &[u8]) -> Result<BlockingReviews, ReviewError> {
        BlockingReviews::open(&self.url, self.keys(keys))
    }

    pub(super) fn keys(&self, keys: &[u8]) -> Keys {
        Keys::read(&self.key_files(keys)).unwrap()
    }

    pub(super) fn key_files(&self, keys: &[u8]) -> Vec<PathBuf> {
        let file = |number: &u8| {
            let path = self.folder.path().join(format!("key-{number}"));
            // Once: other threads may be reading it.
            if !path.exists() {
                fs::write(&path, format!("{number:064}\n")).unwrap();
            }
            path
        };
        keys.iter().map(file).collect()
    }
}

impl BlockingReviews {
    /// Adds a review of a message, and gives it with its digest.
    pub(super) fn added(&self, review: &NewReview<'_>) -> (ReviewId, ContentDigest) {
        let Added::New(id) = self.add(review, NOW).unwrap() else { panic!("it is known") };
        (id, ContentDigest::of(review.original))
    }

    pub(super) fn state(&self, id: ReviewId) -> State {
        self.get(id).unwrap().unwrap().summary.state
    }

    /// What is approved and not claimed.
    pub(super) fn approved(&self) -> Vec<ReviewId> {
        let filter = Filter { states: vec![State::Approved], limit: u32::MAX, ..Filter::default() };
        self.list(&filter).unwrap().into_iter().map(|review| review.id).collect()
    }

    /// Adds accounts, each of a name, a role and [`PASSWORD`].
    pub(super) fn add_accounts(&self, accounts: &[(&str, Role)]) {
        for (name, role) in accounts {
            self.add_account(name, *role, Some(PASSWORD), NOW).unwrap();
        }
    }

    pub(super) fn sign_in(&self, name: &str, password: &str, now: i64) -> SignIn {
        self.wait(self.store().sign_in(name, password, now)).unwrap()
    }

    /// Signs in without the work of a password, and gives the token.
    pub(super) fn token(&self, name: &str, now: i64) -> String {
        match self.wait(self.store().sign_in_from_proxy(name, now)).unwrap() {
            SignIn::Accepted { token, .. } => token,
            other => panic!("{other:?}"),
        }
    }

    pub(super) fn session(&self, token: &str, now: i64) -> Option<Session> {
        self.wait(self.store().session(token, now)).unwrap()
    }

    /// Does to the database what no call does. Gives how many rows it changed.
    pub(super) fn sql(&self, statement: &str) -> u64 {
        let pool = &self.store().database.pool;
        self.wait(sqlx::query(AssertSqlSafe(statement)).execute(pool)).unwrap().rows_affected()
    }
}
