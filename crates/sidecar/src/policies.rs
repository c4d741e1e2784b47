//! The policy that decides, and how another takes its place: built and checked aside, then put there whole.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use sha2::{Digest, Sha256};

use dmv_redact::{ConfigError, Date, Filter, FilterBuilder};
use dmv_redact_analysis::Diff;
use dmv_redact_analysis::survey::compare;
use dmv_redact_model::hex::hex;
use dmv_redact_model::policy::{Attribute, PolicyFiles};

/// Reads again what the filter is made of besides the policy (catalogs, formats, keys), and gives a digest of it.
pub type Ground = Box<dyn Fn() -> Result<String, String> + Send + Sync>;

/// Where filters come from.
pub struct Source {
    /// Builds the filter from its files.
    pub builder: FilterBuilder,
    /// A digest of the files besides the policy's own.
    pub ground: Ground,
}

/// A filter, and the files that it was built from.
pub(crate) struct Loaded {
    pub(crate) filter: Filter,
    pub(crate) files: PolicyFiles,
    /// Of everything that it was built from.
    pub(crate) fingerprint: String,
    ground: String,
}

/// The filter that decides now. A message takes it once, and is decided by it alone.
pub(crate) struct Current(RwLock<Arc<Loaded>>);

/// Why a policy isn't taken. The one so far decides on.
#[derive(Debug)]
pub(crate) enum Refused {
    /// It, or what it needs, has an error.
    Wrong(String),
    /// Somebody would get more.
    Gains(String),
}

impl Current {
    pub(crate) fn new(loaded: Loaded) -> Self {
        Self(RwLock::new(Arc::new(loaded)))
    }

    pub(crate) fn get(&self) -> Arc<Loaded> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn set(&self, loaded: Arc<Loaded>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = loaded;
    }
}

impl Loaded {
    /// Refuses a filter by which somebody gets more than by the one before.
    pub(crate) fn refuse_gains_over(&self, before: &Self) -> Result<(), Refused> {
        if before.ground != self.ground {
            let what =
                "the catalog, the formats or the key of tokens changed: what that changes for whom can't be compared";
            return Err(Refused::Gains(what.to_owned()));
        }
        let (old, new) = (before.filter.decider(), self.filter.decider());
        let today = Date::today().ok_or_else(|| Refused::Wrong("the clock tells no day".to_owned()))?;
        for attribute in Attribute::ALL {
            if old.lists(attribute) && !new.lists(attribute) {
                let what = format!("a request may state any {} by it, for it lists none", attribute.name());
                return Err(Refused::Gains(what));
            }
        }
        // Today, and every other day on which either changes: a request may state any day. What holds before the first of them
        // holds on the day before.
        let mut days: BTreeSet<Date> = old.days_of_change().iter().chain(new.days_of_change()).copied().collect();
        days.extend(days.first().and_then(|first| first.plus_days(-1)));
        days.insert(today);
        for day in days {
            let (old, new) = (old.as_of(day), new.as_of(day));
            let found = compare(&old, &new).map_err(wrong)?;
            if Diff::new([&old, &new], self.filter.catalog(), self.filter.messages(), &found).gains() {
                let what =
                    format!("somebody gains by it on {day}: `dmv-redact diff --date {day}` shows who gains what");
                return Err(Refused::Gains(what));
            }
        }
        Ok(())
    }
}

impl Source {
    /// What tells whether anything has changed.
    pub(crate) fn fingerprint(&self) -> Result<String, Refused> {
        let files = self.builder.policy_files().map_err(wrong)?;
        Ok(fingerprint(&files, &(self.ground)().map_err(Refused::Wrong)?))
    }

    /// Builds a filter from the files as they are now. If only the policy's own have changed, what was compiled of the others for
    /// the filter before is used again: that takes most of the time.
    pub(crate) fn load(&self, before: Option<&Loaded>) -> Result<Loaded, Refused> {
        // A file may change between two readings: only what was read twice alike is taken.
        let mut attempts = 0;
        loop {
            let ground = (self.ground)().map_err(Refused::Wrong)?;
            let files = self.builder.policy_files().map_err(wrong)?;
            let builder = self.builder.clone();
            let filter = match before.filter(|before| before.ground == ground) {
                Some(before) => builder.build_beside(&before.filter, &files),
                None => builder.build(),
            };
            let filter = filter.map_err(wrong)?;
            let is_same = (self.ground)().map_err(Refused::Wrong)? == ground
                && self.builder.policy_files().map_err(wrong)?.digest() == files.digest();
            if is_same && filter.policy().sha256 == files.digest() {
                let fingerprint = fingerprint(&files, &ground);
                return Ok(Loaded { filter, files, fingerprint, ground });
            }
            attempts += 1;
            if attempts == 3 {
                return Err(Refused::Wrong("its files change while they are read".to_owned()));
            }
        }
    }
}

fn wrong(error: ConfigError) -> Refused {
    Refused::Wrong(error.to_string())
}

fn fingerprint(files: &PolicyFiles, ground: &str) -> String {
    hex(&Sha256::digest(format!("{}\n{ground}", files.digest())))
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Wrong(text) | Self::Gains(text)) = self;
        f.write_str(text)
    }
}

impl fmt::Debug for Current {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Current").field("fingerprint", &self.get().fingerprint).finish_non_exhaustive()
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source").finish_non_exhaustive()
    }
}
