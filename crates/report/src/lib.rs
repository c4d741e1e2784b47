//! Pages and tables for people: the matrix of a policy, and who got what by a disclosure log. Counts, never values (P6).

mod disclosures;
pub mod matrix;
mod page;
mod site;
mod suppression;

pub use disclosures::{
    Dimension, DisclosureReport, DutyEntry, DutyList, DutyQuery, DutyReference, DutyStatus, NO_REQUESTER, Query,
    disclosures, duties, find_duties,
};
pub use site::{SiteOptions, site};
