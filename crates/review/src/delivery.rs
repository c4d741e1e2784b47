//! What was approved goes out: claimed by one node, so that it goes out once.

use sqlx::any::AnyArguments;
use sqlx::query::Query;
use sqlx::{Any, AssertSqlSafe};

use super::{ReviewError, ReviewId, ReviewStore, ReviewSummary, State};
use crate::database::end;
use crate::review::SUMMARY_COLUMNS;
use crate::store::{check_name, wrong_state};

type AnyQuery<'q> = Query<'q, Any, AnyArguments>;

impl ReviewStore {
    /// Claims the delivery of an approved review for a node, at `now`, in Unix seconds: of those who try, one has it. The
    /// claim is on disk when this returns; only then may the disclosure be logged and the message go out (P12).
    ///
    /// # Errors
    /// [`ReviewError::Conflict`] when the review isn't approved (any more), or another has claimed it;
    /// [`ReviewError::Refused`] when the approval has expired; [`ReviewError::NotFound`].
    pub async fn begin_delivery(&self, id: ReviewId, node: &str, now: i64) -> Result<(), ReviewError> {
        check_name("name of the node", node)?;
        let update = sqlx::query(
            "UPDATE reviews SET state = 'delivering', version = version + 1, node = $1, since = $2 \
             WHERE id = $3 AND state = 'approved' AND expires > $2",
        );
        let update = update.bind(node).bind(now).bind(id.to_string());
        match self.change(id, update).await {
            Err(ReviewError::Conflict { id, state: State::Approved }) => {
                Err(ReviewError::Refused { id, why: "the approval has expired" })
            }
            result => result,
        }
    }

    /// The deliveries that a node began and didn't end, by deadline: after an interruption, those that somebody has to look
    /// up in the log.
    ///
    /// # Errors
    /// When the database can't be read.
    pub async fn delivering(&self, node: &str) -> Result<Vec<ReviewSummary>, ReviewError> {
        let query = format!(
            "SELECT {SUMMARY_COLUMNS} FROM reviews WHERE state = 'delivering' AND node = $1 ORDER BY deadline, id"
        );
        let rows = sqlx::query(AssertSqlSafe(query)).bind(node).fetch_all(&self.database.pool).await?;
        rows.iter().map(ReviewSummary::of_row).collect()
    }

    /// Ends a delivery that this node began: the message has gone out, at `now`, in Unix seconds.
    ///
    /// # Errors
    /// [`ReviewError::Conflict`] when no delivery has begun; [`ReviewError::Refused`] when another node began it;
    /// [`ReviewError::NotFound`].
    pub async fn delivered(&self, id: ReviewId, node: &str, now: i64) -> Result<(), ReviewError> {
        let update = sqlx::query(
            "UPDATE reviews SET state = 'delivered', version = version + 1, closed = $1 \
             WHERE id = $2 AND state = 'delivering' AND node = $3",
        );
        self.end_delivery(id, update.bind(now).bind(id.to_string()).bind(node)).await
    }

    /// Takes back a delivery that this node began: the message has not gone out, and is approved again. Of a delivery
    /// that was interrupted, only the disclosure log and the receiver know whether it has; nothing here calls this by
    /// itself.
    ///
    /// # Errors
    /// As of [`delivered`](Self::delivered).
    pub async fn abandon_delivery(&self, id: ReviewId, node: &str) -> Result<(), ReviewError> {
        let update = sqlx::query(
            "UPDATE reviews SET state = 'approved', version = version + 1, node = NULL, since = NULL \
             WHERE id = $1 AND state = 'delivering' AND node = $2",
        );
        self.end_delivery(id, update.bind(id.to_string()).bind(node)).await
    }

    async fn end_delivery(&self, id: ReviewId, update: AnyQuery<'_>) -> Result<(), ReviewError> {
        match self.change(id, update).await {
            Err(ReviewError::Conflict { id, state: State::Delivering }) => {
                Err(ReviewError::Refused { id, why: "another node began its delivery" })
            }
            result => result,
        }
    }

    /// Changes a review, if it is as the statement asks.
    async fn change(&self, id: ReviewId, update: AnyQuery<'_>) -> Result<(), ReviewError> {
        let mut transaction = self.database.begin().await?;
        let result = match update.execute(&mut *transaction).await {
            Ok(result) if result.rows_affected() == 1 => Ok(()),
            Ok(_) => Err(wrong_state(&mut transaction, id).await),
            Err(error) => Err(error.into()),
        };
        end(transaction, result).await
    }
}
