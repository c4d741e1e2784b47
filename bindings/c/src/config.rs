//! What a filter is made of: a policy, its rosters, formats, the catalog, from files or from bytes.

use std::ffi::c_char;

use dmv_redact::{Filter, FilterBuilder, Limits};

use crate::error::{DmvrCode, Fault};
use crate::guard::guard;
use crate::handle::{Opaque, free, give, hold};
use crate::text::{bytes, path, put, text};

/// What a filter is made of. For one thread at a time.
pub struct DmvrConfig {
    _opaque: [u8; 0],
}

pub(crate) struct ConfigObject {
    builder: FilterBuilder,
    limits: Limits,
    /// Whether it lacks something that was refused: then it isn't used, or another policy would decide (P2).
    lacks: bool,
}

impl ConfigObject {
    pub(crate) fn build(&self) -> Result<Filter, Fault> {
        if self.lacks {
            return Err(Fault::invalid("a part or an option of this configuration was refused: make another"));
        }
        let filter = self.builder.clone().limits(self.limits.clone()).build()?;
        // A filter is shared by threads whose first message mustn't wait.
        filter.warm();
        Ok(filter)
    }

    /// Changes it. If that fails, it can't be used any more.
    fn change(&mut self, change: impl FnOnce(&mut Self) -> Result<(), Fault>) -> Result<(), Fault> {
        let lacked = std::mem::replace(&mut self.lacks, true);
        change(self)?;
        self.lacks = lacked;
        Ok(())
    }

    fn set(&mut self, set: impl FnOnce(FilterBuilder) -> FilterBuilder) {
        self.builder = set(self.builder.clone());
    }
}

impl Opaque for DmvrConfig {
    type Object = ConfigObject;
    const KIND: u64 = u64::from_le_bytes(*b"dmvrconf");
}

/// A part of a configuration.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DmvrPart {
    /// The policy: a `policy.toml`. From a path, its rosters and what it includes are files beside it.
    Policy = 1,
    /// From bytes alone: the table of ORIs that the policy names so in `ori-file`.
    Roster = 2,
    /// From bytes alone: a policy that the policy names so in `include`.
    Include = 3,
    /// Data elements beside those that ship: a `catalog.toml`.
    Catalog = 4,
    /// A format beside those that ship: a `format.toml`. From a path: the folder of formats.
    Format = 5,
    /// The key of tokens, if the policy has any: 32 bytes at least.
    TokenKey = 6,
}

fn part(number: i32) -> Result<DmvrPart, Fault> {
    use DmvrPart::{Catalog, Format, Include, Policy, Roster, TokenKey};
    let parts = [Policy, Roster, Include, Catalog, Format, TokenKey];
    parts.into_iter().find(|part| *part as i32 == number).ok_or_else(|| Fault::invalid("there is no such part"))
}

/// Makes a configuration: the built-in baseline policy, formats and catalog, until something else is set.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dmvr_config_new(config: *mut *mut DmvrConfig) -> DmvrCode {
    guard(|| {
        let new = ConfigObject { builder: Filter::builder(), limits: Limits::default(), lacks: false };
        // SAFETY: as the header asks.
        unsafe { put(config, std::ptr::null_mut(), "the configuration")? };
        // SAFETY: as before.
        unsafe { put(config, give::<DmvrConfig>(new), "the configuration") }
    })
}

/// Takes a part (a `dmvr_part`) from a path. Nothing is read before `dmvr_filter_new`. After an error no filter can be made of this
/// configuration.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dmvr_config_path(config: *mut DmvrConfig, part_of: i32, from: *const c_char) -> DmvrCode {
    guard(|| {
        // SAFETY: as the header asks.
        unsafe { hold(config)? }.change(|config| {
            // SAFETY: as the header asks.
            let from = unsafe { path(from, "the path")? };
            match part(part_of)? {
                DmvrPart::Policy => config.set(|builder| builder.policy_path(from)),
                DmvrPart::Catalog => config.set(|builder| builder.catalog_path(from)),
                DmvrPart::Format => config.set(|builder| builder.formats_dir(from)),
                DmvrPart::TokenKey => config.set(|builder| builder.token_key_path(from)),
                DmvrPart::Roster | DmvrPart::Include => {
                    let what = "from a path this comes with the policy's own path; from bytes it has a name";
                    return Err(Fault::invalid(what));
                }
            }
            Ok(())
        })
    })
}

/// Takes a part (a `dmvr_part`) from bytes, which are copied. `name`: of a roster what `ori-file` says, of an included policy what
/// `include` says; of other parts the name in errors; the key has none, and it may be null. Errors are as of `dmvr_config_path`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dmvr_config_bytes(
    config: *mut DmvrConfig,
    part_of: i32,
    name: *const c_char,
    data: *const u8,
    length: usize,
) -> DmvrCode {
    guard(|| {
        // SAFETY: as the header asks.
        unsafe { hold(config)? }.change(|config| {
            // SAFETY: as the header asks.
            let data = unsafe { bytes(data, length, "the part")? }.to_vec();
            let part = part(part_of)?;
            let name = match part {
                DmvrPart::TokenKey => String::new(),
                // SAFETY: as the header asks.
                _ => unsafe { text(name, "the name")? }.to_owned(),
            };
            config.set(|builder| match part {
                DmvrPart::Policy => builder.policy_bytes(name, data),
                DmvrPart::Roster => builder.roster_bytes(name, data),
                DmvrPart::Include => builder.include_bytes(name, data),
                DmvrPart::Catalog => builder.catalog_bytes(name, data),
                DmvrPart::Format => builder.format_bytes(name, data),
                DmvrPart::TokenKey => builder.token_key_bytes(data),
            });
            Ok(())
        })
    })
}

/// Sets an option: `format`, the one format that is accepted, by its name; `limit`, as `depth=64` (docs/switch.md); `second-reading`,
/// `on` or `off`. Errors are as of `dmvr_config_path`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dmvr_config_option(
    config: *mut DmvrConfig,
    name: *const c_char,
    value: *const c_char,
) -> DmvrCode {
    guard(|| {
        // SAFETY: as the header asks.
        unsafe { hold(config)? }.change(|config| {
            // SAFETY: as the header asks.
            let option = unsafe { (text(name, "the option's name")?, text(value, "the option's value")?) };
            match option {
                ("format", name) => config.set(|builder| builder.format(name)),
                ("limit", setting) => config.limits.set(setting)?,
                ("second-reading", "on") => config.set(|builder| builder.second_reading(true)),
                ("second-reading", "off") => config.set(|builder| builder.second_reading(false)),
                ("second-reading", _) => return Err(Fault::invalid("`second-reading` is `on` or `off`")),
                _ => {
                    let what = "there is no such option: there are `format`, `limit` and `second-reading`";
                    return Err(Fault::invalid(what));
                }
            }
            Ok(())
        })
    })
}

/// Frees it. Filters that were made of it stay.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dmvr_config_free(config: *mut DmvrConfig) -> DmvrCode {
    // SAFETY: as the header asks.
    guard(|| unsafe { free(config) })
}
