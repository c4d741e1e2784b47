//! Hashes of passwords: argon2id, on threads of their own, a few at once.

use std::sync::Arc;

use argon2::password_hash::{Error, PasswordHasher, PasswordVerifier, phc::PasswordHash};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use super::ReviewError;
use crate::digest::random;

/// OWASP's parameters for argon2id: KiB of memory, passes, lanes.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// Length of a salt in bytes.
const SALT_BYTES: usize = 16;

/// Hashes computed at once. A flood of sign-ins waits, instead of taking all memory.
pub(crate) const MAX_AT_ONCE: usize = 4;

/// A hash of no account's password, of the same parameters: what a name without one is compared with, at the same cost.
pub(crate) const NOBODYS: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5J3MgYWNjb3VudA$JEZ5CqYRCfTWYVbH8k1Wg2cMCrrPZBT0WmIbCQH4Cpg";

/// Computes hashes of passwords.
#[derive(Clone)]
pub(crate) struct Hasher {
    pub(crate) permits: Arc<Semaphore>,
}

impl Hasher {
    pub(crate) fn new() -> Self {
        Self { permits: Arc::new(Semaphore::new(MAX_AT_ONCE)) }
    }

    /// The hash of a password, with a new salt: a PHC string.
    pub(crate) async fn hash(&self, password: &str) -> Result<String, ReviewError> {
        let salt = random::<SALT_BYTES>()?;
        let password = password.to_owned();
        self.run(move || {
            let hash = argon2()?.hash_password_with_salt(password.as_bytes(), &salt).map_err(failure)?;
            Ok(hash.to_string())
        })
        .await
    }

    /// Whether a password is the one of a hash, a PHC string. If there is none, it isn't, and that takes as long.
    pub(crate) async fn is_password(&self, password: &str, hash: Option<&str>) -> Result<bool, ReviewError> {
        let password = password.to_owned();
        let (hash, is_somebodys) = (hash.unwrap_or(NOBODYS).to_owned(), hash.is_some());
        self.run(move || {
            let hash = PasswordHash::new(&hash);
            let hash = hash.map_err(|_| ReviewError::Corrupt("the hash of a password is none".to_owned()))?;
            match argon2()?.verify_password(password.as_bytes(), &hash) {
                Ok(()) => Ok(is_somebodys),
                Err(Error::PasswordInvalid) => Ok(false),
                Err(error) => Err(failure(error)),
            }
        })
        .await
    }

    /// Does something on another thread. It has its permit until it ends, also when whoever waits for it has gone.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, ReviewError> + Send + 'static,
    ) -> Result<T, ReviewError> {
        let permit = Arc::clone(&self.permits).acquire_owned().await.map_err(failure)?;
        let work = move || {
            let result = work();
            drop(permit);
            result
        };
        spawn_blocking(work).await.map_err(failure)?
    }
}

fn argon2() -> Result<Argon2<'static>, ReviewError> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(failure)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn failure(error: impl std::fmt::Display) -> ReviewError {
    ReviewError::Io(format!("the hash of a password can't be computed: {error}"))
}
