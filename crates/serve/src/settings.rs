//! How a desk runs: who reaches it, and its limits.

use std::io::Write;
use std::time::Duration;

use dmv_redact_model::unix_time;

use crate::duties::DutyLogs;
use crate::origin::Reach;
use crate::rate::Rate;

/// The settings of a desk.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How it is reached.
    pub reach: Reach,
    /// How often one client may ask for anything. By default 120 times at once, then 10 times a second.
    pub rate_of_all: Rate,
    /// How often one client may try to sign in. By default 10 times at once, then every 6 seconds.
    pub rate_of_sign_in: Rate,
    /// The logs that duties follow from. By default none.
    pub duties: DutyLogs,
    /// Takes the operator's log, line by line: a JSON object for each request, without values. By default stderr.
    pub log: fn(&str),
    /// The clock, in Unix seconds. By default the computer's.
    pub clock: fn() -> i64,
}

impl Settings {
    /// The default limits.
    #[must_use]
    pub fn new(reach: Reach) -> Self {
        Self {
            reach,
            rate_of_all: Rate { burst: 120, every: Duration::from_millis(100) },
            rate_of_sign_in: Rate { burst: 10, every: Duration::from_secs(6) },
            duties: DutyLogs::default(),
            log: to_stderr,
            clock: unix_time::now,
        }
    }
}

fn to_stderr(line: &str) {
    // A closed stderr is no reason to stop.
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}
