//! An account: what is shown of it, and its row, of which all that matters is encrypted.

use std::fmt;

use dmv_redact_model::escape::escape;
use dmv_redact_model::policy::{folded_name, is_name};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AssertSqlSafe, Row};

use super::role::Role;
use crate::keys::{Keys, Place, Sealed};
use crate::store::{check_name, sealed};
use crate::{ReviewError, ReviewStore};

/// An account of the desk. Nothing secret is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its name, as it was added. Names that differ in case or white space only are one account's.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// Whether it has a password. One without is for a reverse proxy that signs people in.
    pub has_password: bool,
    /// Whether it may not sign in.
    pub is_disabled: bool,
    /// When it was added, in Unix seconds.
    pub created: i64,
    /// When its role, its password or whether it is disabled last changed, in Unix seconds.
    pub changed: i64,
    /// When it last signed in, in Unix seconds.
    pub last_sign_in: Option<i64>,
}

/// What to change of an account. What is `None` stays.
#[derive(Clone, Copy, Default)]
pub struct AccountChange<'a> {
    /// Another role.
    pub role: Option<Role>,
    /// Another password.
    pub password: Option<&'a str>,
    /// Whether it may not sign in.
    pub is_disabled: Option<bool>,
}

impl fmt::Debug for AccountChange<'_> {
    /// Without the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("AccountChange");
        debug.field("role", &self.role).field("is_disabled", &self.is_disabled);
        debug.field("has_password", &self.password.is_some()).finish()
    }
}

/// An account with what is stored of it beside.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct AccountRow {
    pub(super) account: Account,
    /// Grows with each change.
    pub(super) version: i64,
    /// The hash of its password, a PHC string.
    pub(super) password: Option<String>,
}

/// The columns of an account, in the order that [`AccountRow::of_row`] reads them.
pub(super) const ACCOUNT_COLUMNS: &str = "review_accounts.key_id, review_accounts.content, review_accounts.name, \
                                          review_accounts.role, review_accounts.disabled, review_accounts.created, \
                                          review_accounts.changed, review_accounts.version, \
                                          review_accounts.last_sign_in, review_accounts.folded";

impl AccountRow {
    /// Decrypts an account. What stands beside the ciphertext must be the same, the last sign-in apart.
    pub(super) fn of_row(keys: &Keys, row: &AnyRow) -> Result<Self, ReviewError> {
        let name = row.try_get::<String, _>(2)?;
        let place = place_name(&folded_name(&name));
        let json = keys.decrypt(Place { review: "", name: &place }, &sealed(row)?)?;
        let is_another = || ReviewError::Corrupt(format!("{place}: it isn't the account that was written"));
        let value = serde_json::from_slice::<serde_json::Value>(&json).map_err(|_| is_another())?;
        let password = value.get("password").and_then(|password| password.as_str()).map(str::to_owned);
        let account = Account {
            role: Role::of_name(&row.try_get::<String, _>(3)?).ok_or_else(is_another)?,
            has_password: password.is_some(),
            is_disabled: row.try_get::<i64, _>(4)? != 0,
            created: row.try_get(5)?,
            changed: row.try_get(6)?,
            last_sign_in: row.try_get(8)?,
            name,
        };
        let read = Self { account, version: row.try_get(7)?, password };
        let is_of_its_name = row.try_get::<String, _>(9)? == read.folded();
        if is_of_its_name && read.to_json() == json { Ok(read) } else { Err(is_another()) }
    }

    /// The name that identifies it.
    pub(super) fn folded(&self) -> String {
        folded_name(&self.account.name)
    }

    pub(super) fn encrypt(&self, keys: &Keys) -> Result<Sealed, ReviewError> {
        keys.encrypt(Place { review: "", name: &place_name(&self.folded()) }, &self.to_json())
    }

    /// Whether it can manage accounts now.
    pub(super) fn is_active_administrator(&self) -> bool {
        self.account.role.may_manage_accounts() && !self.account.is_disabled
    }

    fn to_json(&self) -> Vec<u8> {
        let Account { name, role, is_disabled, created, changed, .. } = &self.account;
        let json = serde_json::json!({
            "name": name, "role": role.name(), "disabled": is_disabled, "created": created, "changed": changed,
            "version": self.version, "password": self.password,
        });
        json.to_string().into_bytes()
    }
}

impl ReviewStore {
    /// The account of a name, in any case. None also for what can't be a name.
    pub(super) async fn account_row(
        &self,
        connection: &mut AnyConnection,
        name: &str,
    ) -> Result<Option<AccountRow>, ReviewError> {
        if check_account_name(name).is_err() {
            return Ok(None);
        }
        let query = format!("SELECT {ACCOUNT_COLUMNS} FROM review_accounts WHERE folded = $1");
        let row = sqlx::query(AssertSqlSafe(query)).bind(folded_name(name)).fetch_optional(connection).await?;
        row.map(|row| AccountRow::of_row(&self.keys, &row)).transpose()
    }
}

/// Waits until no other transaction changes an account, if there is one of this name, and keeps others from it until this
/// one ends.
pub(super) async fn lock_account(connection: &mut AnyConnection, name: &str) -> Result<(), ReviewError> {
    if check_account_name(name).is_ok() {
        let update = sqlx::query("UPDATE review_accounts SET version = version WHERE folded = $1");
        update.bind(folded_name(name)).execute(connection).await?;
    }
    Ok(())
}

/// What a ciphertext is of. No other name begins like it.
fn place_name(name: &str) -> String {
    format!("account {name}")
}

/// A name that can be on record as who decided, and that no other name looks like for what it hides.
pub(super) fn check_account_name(name: &str) -> Result<(), ReviewError> {
    check_name("name of the account", name)?;
    if is_name(name) && escape(name) == name {
        return Ok(());
    }
    Err(ReviewError::Usage(
        "the name of an account has 1 to 128 characters, a letter or digit among them, no `;` and none that can't be seen"
            .to_owned(),
    ))
}
