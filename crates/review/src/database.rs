//! Where the two databases differ: how they are opened, what makes their schema, and how a transaction begins. All else is one
//! set of queries, through sqlx's `Any` driver.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::{Duration, Instant};

use dmv_redact_model::files::{private_file, sync_folder_of};
use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::{Any, AnyConnection, AnyPool, ConnectOptions, Connection, Executor, Row, SqlSafeStr, Transaction};

use super::ReviewError;
use crate::schema::{SCHEMA_VERSION, statements_after};

/// Maximum number of connections of a store. SQLite writes with one at a time; the others read meanwhile.
const MAX_CONNECTIONS: u32 = 4;

/// How long to wait for a connection, and for another's transaction in SQLite.
const BUSY_TIMEOUT: Duration = Duration::from_secs(30);

/// A database, open.
pub(crate) struct Database {
    pub(crate) pool: AnyPool,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Sqlite,
    Postgres,
}

impl Database {
    /// Opens it, and makes what is missing.
    pub(crate) async fn open(url_or_path: &str) -> Result<Self, ReviewError> {
        // A host program may have installed the same drivers before.
        let _ = sqlx::any::install_drivers(&[sqlx::postgres::any::DRIVER, sqlx::sqlite::any::DRIVER]);
        let (kind, url) = match url_or_path {
            url if url.starts_with("postgres:") || url.starts_with("postgresql:") => (Kind::Postgres, url.to_owned()),
            path => (Kind::Sqlite, sqlite_url(path)?),
        };
        // The error never repeats the URL: it may have a password.
        let options =
            AnyConnectOptions::from_str(&url).map_err(|_| ReviewError::Usage("the URL is invalid".to_owned()))?;
        let options = options.disable_statement_logging();
        // A connection of its own says at once why there is none. The pool would try until its time is over.
        let mut connection = AnyConnection::connect_with(&options).await?;
        let result = kind.prepare(&mut connection).await;
        let closed = connection.close().await;
        result?;
        closed?;
        let pool = AnyPoolOptions::new()
            .max_connections(MAX_CONNECTIONS)
            .acquire_timeout(BUSY_TIMEOUT)
            .after_connect(move |connection, _| Box::pin(kind.configure(connection)))
            // One whose transaction couldn't be ended, as on a full disk, would begin no other.
            .after_release(|connection, _| {
                let is_usable = !connection.is_in_transaction();
                Box::pin(async move { Ok(is_usable) })
            })
            .connect_with(options)
            .await?;
        Ok(Self { pool, kind })
    }

    /// Begins a transaction that writes. In SQLite it is the only one from now on: a transaction that reads first and
    /// writes later would fail if another had written in between.
    pub(crate) async fn begin(&self) -> Result<Transaction<'static, Any>, ReviewError> {
        Ok(self.pool.begin_with(self.kind.begin()).await?)
    }

    /// Begins a transaction that reads one state of the database, however many its queries.
    pub(crate) async fn begin_read(&self) -> Result<Transaction<'static, Any>, ReviewError> {
        let statement = match self.kind {
            Kind::Sqlite => "BEGIN",
            Kind::Postgres => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        };
        Ok(self.pool.begin_with(statement).await?)
    }

    /// What names the index of a query, after its table. SQLite, which counts no rows, may take the longer way otherwise;
    /// PostgreSQL does count, and chooses itself.
    pub(crate) fn indexed_by(&self, index: &str) -> String {
        match self.kind {
            Kind::Sqlite => format!(" INDEXED BY {index}"),
            Kind::Postgres => String::new(),
        }
    }

    /// Removes from the disk what was deleted: empties SQLite's write-ahead log, where it still stands. In PostgreSQL,
    /// that is for its vacuum.
    pub(crate) async fn scrub(&self) -> Result<(), ReviewError> {
        if self.kind == Kind::Postgres {
            return Ok(());
        }
        let row = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").fetch_one(&self.pool).await?;
        match row.try_get::<i64, _>(0) {
            Ok(0) => Ok(()),
            _ => Err(ReviewError::Io(
                "the write-ahead log is in use and still has what was purged: purge again".to_owned(),
            )),
        }
    }

    /// Copies a SQLite database while it is in use, to a path where nothing is: a whole copy, or an empty file if the
    /// process ends before.
    pub(crate) async fn backup(&self, path: &Path) -> Result<(), ReviewError> {
        if self.kind == Kind::Postgres {
            return Err(ReviewError::Usage(
                "a queue in PostgreSQL is backed up with PostgreSQL's own tools".to_owned(),
            ));
        }
        let mut partial = path.as_os_str().to_owned();
        partial.push(".partial");
        let partial = PathBuf::from(partial);
        // Reserves the name: the copy is renamed to it, and a rename would replace another's file.
        create(path)?;
        let result = match create(&partial) {
            Ok(()) => {
                let result = self.copy(&partial, path).await;
                if result.is_err() {
                    let _ = fs::remove_file(&partial);
                }
                result
            }
            Err(error) => Err(error),
        };
        if result.is_err() {
            let _ = fs::remove_file(path);
        }
        result
    }

    /// Copies a SQLite database to an empty file, which then becomes `path`.
    async fn copy(&self, partial: &Path, path: &Path) -> Result<(), ReviewError> {
        let io = |error: io::Error| ReviewError::io(path, &error);
        // SQLite takes a name that begins with `file:` as a URI.
        let absolute = std::path::absolute(partial).map_err(io)?;
        let name = absolute.to_str();
        let name = name.ok_or_else(|| ReviewError::Usage(format!("{}: the path is not UTF-8", path.display())))?;
        sqlx::query("VACUUM INTO $1").bind(name).execute(&self.pool).await?;
        let file = File::open(partial).map_err(io)?;
        if file.metadata().map_err(io)?.len() == 0 {
            return Err(ReviewError::Io(format!("{}: the copy is empty", path.display())));
        }
        file.sync_all().and_then(|()| fs::rename(partial, path)).and_then(|()| sync_folder_of(path)).map_err(io)
    }
}

/// Ends a transaction: with what it did, or, when that failed, without. One that is dropped instead would end when the
/// runtime runs again, which it may not, and its locks would stay.
pub(crate) async fn end<T>(
    transaction: Transaction<'_, Any>,
    result: Result<T, ReviewError>,
) -> Result<T, ReviewError> {
    match result {
        Ok(_) => transaction.commit().await?,
        // The first error counts. A connection that can't roll back is broken, and rolled back by the server.
        Err(_) => drop(transaction.rollback().await),
    }
    result
}

impl Kind {
    /// Makes the tables in an empty database, and what is missing in one of an earlier version; refuses those of a later
    /// version, and another program's.
    async fn prepare(self, connection: &mut AnyConnection) -> Result<(), ReviewError> {
        self.configure(connection).await?;
        if !self.has_tables(connection).await? {
            let others = "SELECT COUNT(*) FROM sqlite_master";
            if self == Self::Sqlite && count(connection, others).await? > 0 && !self.has_tables(connection).await? {
                return Err(ReviewError::Usage("the database is of another program".to_owned()));
            }
            self.write_ahead(connection).await?;
        }
        if self.version(connection).await? == SCHEMA_VERSION {
            return Ok(());
        }
        let mut transaction = connection.begin_with(self.begin()).await?;
        let result = self.upgrade(&mut transaction).await;
        end(transaction, result).await
    }

    /// Makes the current version of an earlier one, unless another has just done so.
    async fn upgrade(self, connection: &mut AnyConnection) -> Result<(), ReviewError> {
        if self == Self::Postgres {
            // Two nodes that begin at once would both make the tables.
            let lock = "DO $$ BEGIN PERFORM pg_advisory_xact_lock(7305808869232505956); END $$";
            connection.execute(lock).await?;
        }
        for statement in statements_after(self.version(connection).await?) {
            connection.execute(self.ddl(statement)).await?;
        }
        Ok(())
    }

    /// The version of the schema: 0 of an empty database. One that this program doesn't know is an error.
    async fn version(self, connection: &mut AnyConnection) -> Result<i64, ReviewError> {
        if !self.has_tables(connection).await? {
            return Ok(0);
        }
        let query = sqlx::query("SELECT number FROM review_meta WHERE name = 'schema'");
        match query.fetch_optional(connection).await?.map(|row| row.try_get::<i64, _>(0)).transpose()? {
            Some(version @ 1..=SCHEMA_VERSION) => Ok(version),
            Some(version) if version > SCHEMA_VERSION => Err(ReviewError::Usage(format!(
                "the queue was written by a later version of the program: its schema is {version}, this one reads \
                 {SCHEMA_VERSION}"
            ))),
            _ => Err(ReviewError::Corrupt("the queue doesn't say what its schema is".to_owned())),
        }
    }

    /// How a transaction that writes begins.
    fn begin(self) -> &'static str {
        match self {
            Self::Sqlite => "BEGIN IMMEDIATE",
            Self::Postgres => "BEGIN",
        }
    }

    /// Sets what a connection needs before it is used.
    async fn configure(self, connection: &mut AnyConnection) -> Result<(), sqlx::Error> {
        if self == Self::Postgres {
            return Ok(());
        }
        let busy = format!("PRAGMA busy_timeout = {}", BUSY_TIMEOUT.as_millis());
        connection.execute(sqlx::AssertSqlSafe(busy)).await?;
        for pragma in [
            "PRAGMA synchronous = FULL",
            "PRAGMA foreign_keys = ON",
            "PRAGMA secure_delete = ON",
            "PRAGMA trusted_schema = OFF",
        ] {
            connection.execute(pragma).await?;
        }
        Ok(())
    }

    /// Has SQLite write ahead, which its file remembers. Others that open a new file at the same time are in the way, and
    /// SQLite doesn't wait for them here.
    async fn write_ahead(self, connection: &mut AnyConnection) -> Result<(), sqlx::Error> {
        if self == Self::Postgres {
            return Ok(());
        }
        let begun = Instant::now();
        loop {
            match connection.execute("PRAGMA journal_mode = WAL").await {
                Err(sqlx::Error::Database(error))
                    if error.message().contains("locked") && begun.elapsed() < BUSY_TIMEOUT =>
                {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
                result => return result.map(drop),
            }
        }
    }

    async fn has_tables(self, connection: &mut AnyConnection) -> Result<bool, ReviewError> {
        let query = match self {
            Self::Sqlite => "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = 'review_meta'",
            Self::Postgres => {
                "SELECT COUNT(*) FROM pg_catalog.pg_class WHERE relname = 'review_meta' AND pg_table_is_visible(oid)"
            }
        };
        Ok(count(connection, query).await? > 0)
    }

    /// A statement of the schema in this database's types.
    fn ddl(self, statement: &'static str) -> sqlx::SqlStr {
        match self {
            Self::Sqlite => statement.into_sql_str(),
            Self::Postgres => sqlx::AssertSqlSafe(statement.replace(" BLOB", " BYTEA")).into_sql_str(),
        }
    }
}

async fn count(connection: &mut AnyConnection, query: &'static str) -> Result<i64, sqlx::Error> {
    sqlx::query(query).fetch_one(connection).await?.try_get(0)
}

/// The URL of a SQLite database, which is made if it is missing, for its owner alone. Its write-ahead log is no more
/// readable: SQLite gives it the database's permissions.
fn sqlite_url(path: &str) -> Result<String, ReviewError> {
    let path = path.strip_prefix("sqlite:").map_or(path, |rest| rest.strip_prefix("//").unwrap_or(rest));
    if path.is_empty() || path.contains('\0') {
        return Err(ReviewError::Usage("the queue needs the path of a file, or a URL".to_owned()));
    }
    let path = Path::new(path);
    match create_new(path) {
        Ok(_) => sync_folder_of(path).map_err(|error| ReviewError::io(path, &error))?,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(ReviewError::io(path, &error)),
    }
    // Absolute and without dots: a URL would resolve them without asking the file system.
    let absolute = fs::canonicalize(path).map_err(|error| ReviewError::io(path, &error))?;
    if !absolute.is_file() {
        return Err(ReviewError::Usage(format!("{}: not a regular file", path.display())));
    }
    // What SQLite keeps beside it has the name by which it was opened: by two names it would be changed without a lock.
    if has_other_names(&absolute).map_err(|error| ReviewError::io(path, &error))? {
        return Err(ReviewError::Usage(format!("{}: the file has another name, too (a hard link)", path.display())));
    }
    let not_utf8 = || ReviewError::Usage(format!("{}: the path is not UTF-8", path.display()));
    let mut url = "sqlite://".to_owned();
    for byte in absolute.to_str().ok_or_else(not_utf8)?.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' => url.push(byte.into()),
            _ => url.push_str(&format!("%{byte:02X}")),
        }
    }
    Ok(url)
}

#[cfg(unix)]
fn has_other_names(path: &Path) -> io::Result<bool> {
    Ok(std::os::unix::fs::MetadataExt::nlink(&path.metadata()?) > 1)
}

#[cfg(not(unix))]
fn has_other_names(_: &Path) -> io::Result<bool> {
    Ok(false)
}

fn create(path: &Path) -> Result<(), ReviewError> {
    create_new(path).map(drop).map_err(|error| ReviewError::io(path, &error))
}

/// Makes an empty file where nothing is, for its owner alone.
fn create_new(path: &Path) -> io::Result<File> {
    private_file().create_new(true).open(path)
}
