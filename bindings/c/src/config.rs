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
}

impl ConfigObject {
    pub(crate) fn build(&self) -> Result<Filter, Fault> {
        let filter = self.builder.clone().limits(self.limits.clone()).build()?;
        // A filter is shared by threads whose first message mustn't wait.
        filter.warm();
        Ok(filter)
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
        let new = ConfigObject { builder: Filter::builder(), limits: Limits::default() };
        // SAFETY: as the header asks.
        unsafe { put(config, std::ptr::null_mut(), "the configuration")? };
        // SAFETY: as before.
        unsafe { put(config, give::<DmvrConfig>(new), "the configuration") }
    })
}

/// Takes a part (a `dmvr_part`) from a path. Nothing is read before `dmvr_filter_new`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dmvr_config_path(config: *mut DmvrConfig, part_of: i32, from: *const c_char) -> DmvrCode {
    guard(|| {
        // SAFETY: as the header asks.
        let (mut config, from) = unsafe { (hold(config)?, path(from, "the path")?) };
        let part = part(part_of)?;
        config.set(|builder| match part {
            DmvrPart::Policy => Ok(builder.policy_path(from)),
            DmvrPart::Catalog => Ok(builder.catalog_path(from)),
            DmvrPart::Format => Ok(builder.formats_dir(from)),
            DmvrPart::TokenKey => Ok(builder.token_key_path(from)),
            DmvrPart::Roster | DmvrPart::Include => {
                Err(Fault::invalid("from a path this comes with the policy's own path; from bytes it has a name"))
            }
        })
    })
}

/// Takes a part (a `dmvr_part`) from bytes, which are copied. `name`: of a roster what `ori-file` says, of an included policy what
/// `include` says; of other parts the name in errors; the key has none, and it may be null.
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
        let (mut config, data) = unsafe { (hold(config)?, bytes(data, length, "the part")?.to_vec()) };
        let part = part(part_of)?;
        if part == DmvrPart::TokenKey {
            return config.set(|builder| Ok(builder.token_key_bytes(data)));
        }
        // SAFETY: as the header asks.
        let name = unsafe { text(name, "the name")? }.to_owned();
        config.set(|builder| {
            Ok(match part {
                DmvrPart::Policy => builder.policy_bytes(name, data),
                DmvrPart::Roster => builder.roster_bytes(name, data),
                DmvrPart::Include => builder.include_bytes(name, data),
                DmvrPart::Catalog => builder.catalog_bytes(name, data),
                DmvrPart::Format => builder.format_bytes(name, data),
                DmvrPart::TokenKey => builder,
            })
        })
    })
}

/// Sets an option: `format`, the one format that is accepted, by its name; `limit`, as `depth=64` (docs/switch.md); `second-reading`,
/// `on` or `off`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dmvr_config_option(
    config: *mut DmvrConfig,
    name: *const c_char,
    value: *const c_char,
) -> DmvrCode {
    guard(|| {
        // SAFETY: as the header asks.
        let (mut config, name, value) =
            unsafe { (hold(config)?, text(name, "the option's name")?, text(value, "the option's value")?) };
        match (name, value) {
            ("format", name) => config.set(|builder| Ok(builder.format(name))),
            ("limit", setting) => Ok(config.limits.set(setting)?),
            ("second-reading", "on") => config.set(|builder| Ok(builder.second_reading(true))),
            ("second-reading", "off") => config.set(|builder| Ok(builder.second_reading(false))),
            ("second-reading", _) => Err(Fault::invalid("`second-reading` is `on` or `off`")),
            _ => Err(Fault::invalid("there is no such option: there are `format`, `limit` and `second-reading`")),
        }
    })
}

/// Frees it. Filters that were made of it stay.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dmvr_config_free(config: *mut DmvrConfig) -> DmvrCode {
    // SAFETY: as the header asks.
    guard(|| unsafe { free(config) })
}

impl ConfigObject {
    fn set(&mut self, set: impl FnOnce(FilterBuilder) -> Result<FilterBuilder, Fault>) -> Result<(), Fault> {
        self.builder = set(self.builder.clone())?;
        Ok(())
    }
}
