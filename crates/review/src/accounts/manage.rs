//! Accounts added, listed and changed. One administrator at least can always sign in.

use dmv_redact_model::policy::folded_name;
use sqlx::{AnyConnection, AssertSqlSafe, Row};

use super::account::{ACCOUNT_COLUMNS, Account, AccountChange, AccountRow, check_account_name};
use super::attempts::forget_attempts;
use super::password::check_new_password;
use super::role::Role;
use crate::database::end;
use crate::{ReviewError, ReviewStore};

impl ReviewStore {
    /// Adds an account at `now`, in Unix seconds. One without a password can sign in through a reverse proxy only.
    ///
    /// A name has 1 to 128 characters, a letter or digit among them, no `;` and none that can't be seen. A password has 12 to 128
    /// characters of any kind but control characters, and is taken as it is, without Unicode normalization. Refused are one
    /// that contains the account's name (of 3 characters or more), one character repeated, a row such as `0123...`, and very
    /// common ones.
    ///
    /// # Errors
    /// [`ReviewError::Usage`] when the name or the password can't be one, or there is such an account, in any case.
    pub async fn add_account(
        &self,
        name: &str,
        role: Role,
        password: Option<&str>,
        now: i64,
    ) -> Result<(), ReviewError> {
        check_account_name(name)?;
        let password = self.hash_of_new(name, password).await?;
        let account = Account {
            name: name.to_owned(),
            role,
            has_password: password.is_some(),
            is_disabled: false,
            created: now,
            changed: now,
            last_sign_in: None,
        };
        let row = AccountRow { account, version: 1, password };
        let sealed = row.encrypt(&self.keys)?;
        let insert = sqlx::query(
            "INSERT INTO review_accounts (folded, name, role, disabled, created, changed, version, key_id, content) \
             VALUES ($1, $2, $3, 0, $4, $4, 1, $5, $6) ON CONFLICT (folded) DO NOTHING",
        );
        let insert = insert.bind(row.folded()).bind(name).bind(role.name()).bind(now);
        let insert = insert.bind(sealed.key_id).bind(sealed.content);
        let mut transaction = self.database.begin().await?;
        let result = match insert.execute(&mut *transaction).await {
            Ok(result) if result.rows_affected() == 1 => Ok(()),
            Ok(_) => Err(ReviewError::Usage("there is an account of this name, in this or another case".to_owned())),
            Err(error) => Err(error.into()),
        };
        end(transaction, result).await
    }

    /// All accounts, by name.
    ///
    /// # Errors
    /// [`ReviewError::Corrupt`] when one can't be decrypted, or isn't what was written.
    pub async fn accounts(&self) -> Result<Vec<Account>, ReviewError> {
        let query = format!("SELECT {ACCOUNT_COLUMNS} FROM review_accounts");
        let rows = sqlx::query(AssertSqlSafe(query)).fetch_all(&self.database.pool).await?;
        let accounts = rows.iter().map(|row| AccountRow::of_row(&self.keys, row).map(|row| row.account));
        let mut accounts = accounts.collect::<Result<Vec<_>, _>>()?;
        // Not by the database: each has an order of its own.
        accounts.sort_by_cached_key(|account| folded_name(&account.name));
        Ok(accounts)
    }

    /// The account of a name, in any case. None when there is no such account.
    ///
    /// # Errors
    /// As of [`accounts`](Self::accounts).
    pub async fn account(&self, name: &str) -> Result<Option<Account>, ReviewError> {
        let mut transaction = self.database.begin_read().await?;
        let result = self.account_row(&mut transaction, name).await;
        Ok(end(transaction, result).await?.map(|row| row.account))
    }

    /// Changes an account at `now`, in Unix seconds. When something is another than before, or a password is given, all
    /// sessions of the account end. A new password also ends a wait after wrong ones.
    ///
    /// # Errors
    /// [`ReviewError::Usage`] when there is no such account, the password can't be one, or no enabled administrator would
    /// be left.
    pub async fn change_account(&self, name: &str, change: &AccountChange<'_>, now: i64) -> Result<(), ReviewError> {
        let password = self.hash_of_new(name, change.password).await?;
        let mut transaction = self.database.begin().await?;
        let result = self.change_account_in(&mut transaction, name, change, password, now).await;
        end(transaction, result).await
    }

    async fn change_account_in(
        &self,
        connection: &mut AnyConnection,
        name: &str,
        change: &AccountChange<'_>,
        password: Option<String>,
        now: i64,
    ) -> Result<(), ReviewError> {
        lock_accounts(connection).await?;
        let Some(old) = self.account_row(connection, name).await? else {
            return Err(ReviewError::Usage("there is no such account".to_owned()));
        };
        let mut new = old.clone();
        new.account.role = change.role.unwrap_or(old.account.role);
        new.account.is_disabled = change.is_disabled.unwrap_or(old.account.is_disabled);
        if password.is_some() {
            forget_attempts(connection, &self.attempts_key(name)).await?;
            new.password = password;
        }
        if new == old {
            return Ok(());
        }
        let folded = new.folded();
        if old.is_active_administrator() && !new.is_active_administrator() {
            let query =
                sqlx::query("SELECT COUNT(*) FROM review_accounts WHERE role = $1 AND disabled = 0 AND folded <> $2");
            let query = query.bind(Role::Administrator.name()).bind(&folded);
            if query.fetch_one(&mut *connection).await?.try_get::<i64, _>(0)? == 0 {
                return Err(ReviewError::Usage("no enabled administrator would be left".to_owned()));
            }
        }
        new.account.changed = now;
        new.version = old.version.saturating_add(1);
        let sealed = new.encrypt(&self.keys)?;
        let update = sqlx::query(
            "UPDATE review_accounts SET role = $1, disabled = $2, changed = $3, version = $4, key_id = $5, content = $6 \
             WHERE folded = $7",
        );
        let update = update.bind(new.account.role.name()).bind(i64::from(new.account.is_disabled)).bind(now);
        let update = update.bind(new.version).bind(sealed.key_id).bind(sealed.content).bind(&folded);
        update.execute(&mut *connection).await?;
        let delete = sqlx::query("DELETE FROM review_sessions WHERE account = $1");
        delete.bind(&folded).execute(connection).await?;
        Ok(())
    }

    /// Encrypts anew, with the first key, the accounts that another key encrypted. Gives how many it was.
    pub(crate) async fn rekey_accounts(&self, connection: &mut AnyConnection) -> Result<u64, ReviewError> {
        lock_accounts(connection).await?;
        let query = format!("SELECT {ACCOUNT_COLUMNS} FROM review_accounts WHERE key_id <> $1");
        let rows = sqlx::query(AssertSqlSafe(query)).bind(self.keys.first_id()).fetch_all(&mut *connection).await?;
        for row in &rows {
            let row = AccountRow::of_row(&self.keys, row)?;
            let sealed = row.encrypt(&self.keys)?;
            let update = sqlx::query("UPDATE review_accounts SET key_id = $1, content = $2 WHERE folded = $3");
            update.bind(sealed.key_id).bind(sealed.content).bind(row.folded()).execute(&mut *connection).await?;
        }
        Ok(rows.len() as u64)
    }

    async fn hash_of_new(&self, name: &str, password: Option<&str>) -> Result<Option<String>, ReviewError> {
        let Some(password) = password else { return Ok(None) };
        check_new_password(name, password)?;
        self.hasher.hash(password).await.map(Some)
    }
}

/// Waits until no other transaction changes accounts, and keeps others from it until this one ends.
pub(super) async fn lock_accounts(connection: &mut AnyConnection) -> Result<(), ReviewError> {
    let update = sqlx::query("UPDATE review_meta SET number = number + 1 WHERE name = 'accounts'");
    match update.execute(connection).await?.rows_affected() {
        1 => Ok(()),
        _ => Err(ReviewError::Corrupt("the row that changes of accounts lock is missing".to_owned())),
    }
}
