//! What must be done next: reviews whose time is over, and deliveries that a node has begun.

use super::review::SUMMARY_COLUMNS;
use super::{ReviewError, ReviewStore, ReviewSummary};

impl ReviewStore {
    /// What [`expire`](Self::expire) would take at `now`, in Unix seconds: the first ones, as many as `limit`.
    ///
    /// # Errors
    /// When the database can't be read.
    pub async fn due(&self, now: i64, limit: u32) -> Result<Vec<ReviewSummary>, ReviewError> {
        let sql = format!(
            "SELECT {SUMMARY_COLUMNS} FROM reviews WHERE state = 'open' AND deadline <= $1 \
             UNION ALL SELECT {SUMMARY_COLUMNS} FROM reviews WHERE state = 'half-approved' AND deadline <= $1 \
             UNION ALL SELECT {SUMMARY_COLUMNS} FROM reviews WHERE state = 'approved' AND expires <= $1 LIMIT $2"
        );
        let query = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(now).bind(i64::from(limit));
        query.fetch_all(&self.database.pool).await?.iter().map(ReviewSummary::of_row).collect()
    }

    /// The reviews whose delivery this node has begun, and not ended.
    ///
    /// # Errors
    /// When the database can't be read.
    pub async fn delivering(&self, node: &str) -> Result<Vec<ReviewSummary>, ReviewError> {
        let sql = format!("SELECT {SUMMARY_COLUMNS} FROM reviews WHERE state = 'delivering' AND node = $1 ORDER BY id");
        let query = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(node);
        query.fetch_all(&self.database.pool).await?.iter().map(ReviewSummary::of_row).collect()
    }
}
