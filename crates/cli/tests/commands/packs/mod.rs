//! The packs in `policies/`: that each says what it is, has the cases that it must have, hands no federal office what police
//! get, and that no single change of it goes by unnoticed.

mod difference;
mod heads;
mod judge;
mod mutants;
mod offices;
mod verbs;

use std::fs;
use std::path::PathBuf;

use dmv_redact_testing::{folders, policies};
use toml::{Table, Value};

/// A pack: a policy with a folder of cases.
struct Pack {
    name: String,
    text: String,
    table: Table,
    cases: PathBuf,
}

/// Every pack, in the order of their names.
fn packs() -> Vec<Pack> {
    let packs: Vec<Pack> = folders(&policies().join("cases")).into_iter().filter_map(pack).collect();
    assert!(packs.len() >= 11, "{} packs", packs.len());
    packs
}

/// The pack whose cases stand in a folder; the messages that cases share stand in one too. The baseline is no model of
/// anybody's law, and has no jurisdiction.
fn pack(cases: PathBuf) -> Option<Pack> {
    let name = cases.file_name()?.to_str()?.to_owned();
    let text = fs::read_to_string(policies().join(format!("{name}.toml"))).ok()?;
    let table: Table = text.parse().unwrap_or_else(|why| panic!("{name}: {why}"));
    table.get("policy")?.get("jurisdiction")?;
    Some(Pack { name, text, table, cases })
}

/// The texts of a list, none when there is no such list.
fn texts<'t>(table: &'t Table, key: &str) -> Vec<&'t str> {
    table.get(key).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect()
}
