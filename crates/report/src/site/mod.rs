//! Pages that a state publishes as they are: who asked how often, what became of it, what they got, on what paper, with small
//! counts suppressed.

mod chart;
mod files;
mod month_table;
mod pages;
mod published;
mod statistics;
mod words;

use std::path::PathBuf;

use crate::disclosures::{Query, count, scan};
use crate::matrix;
use dmv_redact_analysis::Matrix;
use dmv_redact_log::{LogError, Verification, Verifier};
use dmv_redact_model::catalog::Catalog;
use dmv_redact_model::date::Date;
use dmv_redact_model::policy::Policy;
use files::files as csv_files;
use pages::{POLICY_PAGE, Subject, month_file};
use published::Published;
use statistics::{Groups, MAX_MONTHS, Statistics};
use words::Words;

/// What the pages are made with, beside the log.
#[derive(Debug)]
pub struct SiteOptions<'s> {
    /// The policy whose words are used. Others may have decided; the log says which.
    pub policy: &'s Policy,
    /// Its data elements.
    pub catalog: &'s Catalog,
    /// It as a matrix, for a page of its own.
    pub matrix: &'s Matrix,
    /// Agency classes that are listed separately, before all others.
    pub apart: &'s [String],
    /// What these classes are, as a heading.
    pub apart_title: &'s str,
    /// Counts from 1 to one less aren't shown, nor what would give them away. 0 and 1: everything is shown.
    pub below: u64,
    /// The day on which the pages are made, by which a duty is overdue or not; `None`: it isn't shown, and no day is over.
    pub made_on: Option<Date>,
}

/// Verifies a log and makes the pages: name and content of each file. With faults, they are of the intact lines, and say so.
/// Of the query only the days count. Where nothing can be counted because of faults there are no files.
///
/// # Errors
/// When the log can't be read, is keyed and no key is given, or is of more than 120 months.
pub fn site(
    paths: &[PathBuf],
    verifier: Verifier<'_>,
    query: &Query,
    options: &SiteOptions<'_>,
) -> Result<(Verification, Vec<(String, String)>), LogError> {
    let SiteOptions { policy, catalog, matrix, apart, apart_title, below, made_on } = *options;
    let classes: Vec<String> = policy.classes().iter().map(|class| class.name.clone()).collect();
    let groups = Groups::new(&classes, apart);
    let (verification, index) = scan(paths, verifier)?;
    let (totals, mut statistics) = count(paths, verifier, query, &index, || Statistics::new(&groups, made_on))?;
    statistics.count_earlier_duties();
    if statistics.has_too_many {
        let message = format!("the log is of more than {MAX_MONTHS} months: name the days with --since and --until");
        return Err(LogError::Usage(message));
    }
    if verification.fault_count > 0 && totals.messages == 0 {
        return Ok((verification, Vec::new()));
    }
    let published = Published::new(&groups, &statistics, below);
    let mut policies: Vec<(Option<Date>, String)> =
        statistics.policies.iter().map(|(policy, date)| (*date, policy.clone())).collect();
    policies.sort_unstable();
    // Of a month whose total is hidden not even that it had one.
    let with_shown_month = |(date, policy): (Option<Date>, String)| match below {
        ..2 => Some((published.month_of(date), policy)),
        _ => Some((Some(published.month_of(date)?), policy)),
    };
    let policies: Vec<(Option<String>, String)> = policies.into_iter().filter_map(with_shown_month).collect();
    let subject = Subject {
        words: Words { policy, catalog },
        groups: &groups,
        published: &published,
        totals: &totals,
        faults: verification.fault_count,
        below,
        apart_title,
        period: (query.since, query.until),
        policies: &policies,
        made_on,
    };
    let mut files = vec![("index.html".to_owned(), subject.index()), (POLICY_PAGE.to_owned(), matrix::html(matrix))];
    files.extend(
        published
            .months
            .iter()
            .filter(|month| month.has_page())
            .map(|month| (month_file(&month.name), subject.month(month))),
    );
    files.extend(csv_files(&groups, &published.months).into_iter().map(|(name, content)| (name.to_owned(), content)));
    Ok((verification, files))
}
