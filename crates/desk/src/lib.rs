//! The review desk: what becomes of a message that the policy holds, until a person has decided and it has gone out.
//!
//! [`hold`] puts a held message into the queue of [`dmv_redact_review`]; [`standing`] tells what was decided of it, and
//! claims what was approved for whoever delivers it. [`Desk`] is what people do in between: they see who asks, why, and
//! what would go out ([`Desk::view`]), then approve or deny. Each of their steps is in the disclosure log before it is
//! taken (P12). [`Desk::export`] puts approved messages into a folder, each once (P11).
//!
//! Times are Unix seconds, and the caller gives them.

mod accounts;
mod decide;
mod deliver;
mod desk;
mod error;
mod grants;
mod held;
mod maintain;
mod view;

pub use decide::MAX_APPROVAL_DAYS;
pub use deliver::{Exported, Leftover, is_export_folder};
pub use desk::Desk;
pub use error::DeskError;
pub use grants::Grants;
pub use held::{Collected, HeldMessage, Standing, collect, hold, standing};
pub use view::{DutyLine, ElementLine, ElementOutcome, ReviewView, RuleLine, VouchedClaim, view};
