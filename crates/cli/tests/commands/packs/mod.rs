//! The packs in `policies/`: that each says what it is, has the cases that it must have, hands no federal office what police
//! get, and that no single change of it goes by unnoticed.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::string_slice,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that can't go on has failed"
)]

#[path = "../oracle/catalog.rs"]
#[allow(dead_code, reason = "shapes are the oracle's own")]
mod catalog;
mod heads;
mod judge;
mod mutants;
mod offices;
mod plain;
mod verbs;

use std::fs;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

/// A pack: a policy with a folder of cases.
struct Pack {
    name: String,
    text: String,
    table: Table,
    cases: PathBuf,
}

fn policies() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("policies")
}

/// Every pack, in the order of their names.
fn packs() -> Vec<Pack> {
    let mut packs: Vec<Pack> = folders(&policies().join("cases")).into_iter().filter_map(pack).collect();
    packs.sort_by(|a, b| a.name.cmp(&b.name));
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

fn folders(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|why| panic!("{}: {why}", folder.display()));
    entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()).collect()
}

/// The texts of a list, none when there is no such list.
fn texts<'t>(table: &'t Table, key: &str) -> Vec<&'t str> {
    table.get(key).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect()
}
