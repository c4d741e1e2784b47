//! Lists of reviews: by state, in the order of their deadlines, a page at a time, without decrypting anything.

use sqlx::AssertSqlSafe;

use super::{ReviewError, ReviewId, ReviewStore, ReviewSummary, State};
use crate::review::SUMMARY_COLUMNS;

/// Which reviews to list.
#[derive(Clone, Debug)]
pub struct Filter {
    /// Those in one of these states. Empty: in any.
    pub states: Vec<State>,
    /// Those for this requester alone.
    pub requester: Option<String>,
    /// Those after the last one of the page before.
    pub after: Option<Cursor>,
    /// How many at most: 100 by default.
    pub limit: u32,
}

impl Default for Filter {
    fn default() -> Self {
        Self { states: Vec::new(), requester: None, after: None, limit: 100 }
    }
}

/// A place in the order of a list. It stays valid when reviews come and go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    deadline: i64,
    id: ReviewId,
}

impl Cursor {
    /// The place after the review of this deadline and identifier: of the page before.
    #[must_use]
    pub fn new(deadline: i64, id: ReviewId) -> Self {
        Self { deadline, id }
    }
}

impl ReviewSummary {
    /// The place after this review, for the next page.
    #[must_use]
    pub fn cursor(&self) -> Cursor {
        Cursor::new(self.deadline, self.id)
    }
}

impl ReviewStore {
    /// The reviews that a filter lets through, by deadline, then by identifier. One page reads as many rows as it has for
    /// each state, however many there are.
    ///
    /// # Errors
    /// When the database can't be read.
    pub async fn list(&self, filter: &Filter) -> Result<Vec<ReviewSummary>, ReviewError> {
        let index = if filter.requester.is_some() { "reviews_of_requester" } else { "reviews_queue" };
        let sql = page_sql(filter, &self.database.indexed_by(index));
        let (deadline, id) = match filter.after {
            Some(cursor) => (cursor.deadline, cursor.id.to_string()),
            None => (i64::MIN, String::new()),
        };
        let mut query = sqlx::query(AssertSqlSafe(sql));
        query = query.bind(deadline).bind(id).bind(i64::from(filter.limit));
        if let Some(requester) = &filter.requester {
            query = query.bind(requester);
        }
        query.fetch_all(&self.database.pool).await?.iter().map(ReviewSummary::of_row).collect()
    }
}

/// One page: of each state the first rows in the order of its index, and of those the first. In one statement, so that a
/// review that changes its state meanwhile is in the page once.
fn page_sql(filter: &Filter, indexed_by: &str) -> String {
    let mut states = if filter.states.is_empty() { State::ALL.to_vec() } else { filter.states.clone() };
    states.sort_unstable();
    states.dedup();
    let requester = if filter.requester.is_some() { "AND requester = $4 " } else { "" };
    let branches = states.iter().map(|state| {
        format!(
            "SELECT * FROM (SELECT {SUMMARY_COLUMNS} FROM reviews{indexed_by} WHERE state = '{state}' {requester}\
             AND (deadline, id) > ($1, $2) ORDER BY deadline, id LIMIT $3) AS page_{}",
            state.name().replace('-', "_")
        )
    });
    let branches = branches.collect::<Vec<_>>().join(" UNION ALL ");
    format!("SELECT {SUMMARY_COLUMNS} FROM ({branches}) AS pages ORDER BY deadline, id LIMIT $3")
}
