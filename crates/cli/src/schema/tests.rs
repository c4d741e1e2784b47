//! The committed schemas match the types that load the tables; they accept what the program accepts, and refuse what it
//! refuses, as far as a schema can.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::Table;
use super::generate::generated;
use dmv_redact_model::catalog::Catalog;
use dmv_redact_model::config::Document;
use dmv_redact_model::policy::{MessageKeys, Policy, PolicyFiles, PolicySources};

fn home() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// Checks a text against a table's schema; the first fault, if any.
fn judge(table: Table, text: &str) -> Result<(), String> {
    let schema: Value = serde_json::from_str(table.schema()).unwrap();
    let validator = jsonschema::draft7::new(&schema).unwrap();
    let value: Value = toml::from_str(text).map_err(|error| error.to_string())?;
    validator.validate(&value).map_err(|error| format!("{}: {error}", error.instance_path()))
}

/// Every file below a folder whose name is expected.
fn files(folder: &Path, is_expected: &dyn Fn(&str) -> bool, found: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, is_expected, found);
        } else if path.file_name().and_then(|name| name.to_str()).is_some_and(is_expected) {
            found.push(path);
        }
    }
}

#[test]
fn the_committed_schemas_are_current() {
    for table in Table::ALL {
        let wanted = generated(table);
        let file = home().join("schemas/toml").join(table.file_name());
        // `RENEW=1 cargo test -p dmv-redact-cli --bins schemas_are_current` rewrites them; the program has them after its next build.
        if std::env::var_os("RENEW").is_some() {
            fs::write(&file, &wanted).unwrap();
        }
        let committed = fs::read_to_string(&file).unwrap();
        assert!(
            committed == wanted,
            "{} is not current: run `RENEW=1 cargo test -p dmv-redact-cli --bins current`",
            file.display()
        );
    }
}

#[test]
fn every_shipped_table_is_taken() {
    let mut judged = [0; Table::ALL.len()];
    for (place, table) in Table::ALL.into_iter().enumerate() {
        let (folders, name): (&[&str], &str) = match table {
            Table::Policy => (&["policies", "crates/cli/starter"], ""),
            Table::Catalog => (&["schemas"], "catalog.toml"),
            Table::Format => (&["schemas"], "format.toml"),
            Table::Case => (&["fixtures", "policies", "crates/cli/starter"], "case.toml"),
            Table::Matrix => (&["policies", "crates/cli/starter"], "matrix.toml"),
        };
        let is_expected = |file: &str| match table {
            Table::Policy => file.ends_with(".toml") && !["case.toml", "matrix.toml"].contains(&file),
            _ => file == name,
        };
        let mut found = Vec::new();
        folders.iter().for_each(|folder| files(&home().join(folder), &is_expected, &mut found));
        for file in found {
            let verdict = judge(table, &fs::read_to_string(&file).unwrap());
            assert_eq!(verdict, Ok(()), "{}", file.display());
            judged[place] += 1;
        }
    }
    let [policies, catalogs, formats, cases, matrices] = judged;
    assert!(policies >= 3 && catalogs >= 1 && formats >= 2 && cases >= 50 && matrices >= 2, "{judged:?}");
}

const POLICY: &str = "[policy]\nname = 'x'\nversion = '1'\nclaims = ['a']\n[agencies.a]\nori = ['AZ*']\n\
    [[permit]]\nid = 'p'\nagencies = ['a']\nelements = ['person.name']\nas = { 'person.name' = 'mask' }\n\
    [[forbid]]\nid = 'f'\nelements = ['biometric']\nunless = ['a']\n[[review]]\nid = 'r'\npurposes = ['C']\n";
const CATALOG: &str =
    "[[group]]\nid = 'g'\ntitle = 'x'\n[[element]]\nid = 'a.b'\nkind = 'text'\ndppa = 'none'\nmax-length = 5\n";
const FORMAT: &str = "name = 'x'\nsyntax = 'xml'\nroot = 'a'\n[paths]\n'b/@c' = 'person.name'\n[paths.d]\ne = 'license'\n\
    [[required]]\npath = 'b'\nwhen-denied = 'nil'\n[[text]]\nname = 't'\npaths = ['b']\nrecognise = 'x'\n[[text.field]]\n\
    pattern = '(?<n>x)'\ngroups = { n = 'person.name' }\n";
const CASE: &str = "title = 'x'\nrequester = 'AZ0070000'\nclaims = ['a']\n[expect]\ndisposition = 'redacted'\n";
const MATRIX: &str = "[[may]]\ntitle = 'x'\nrequester = 'AZ0070000'\npurposes = ['C', 'none']\ndisposition = 'held'\n\
    elements = ['license']\nas = { 'license.number' = 'last4' }\n";

/// Edits of a table, each of which both its schema and the program refuse.
fn refused(table: Table, whole: &str, edits: &[(&str, &str)]) {
    assert_eq!(judge(table, whole), Ok(()), "{whole}");
    for (from, to) in edits {
        assert!(whole.contains(from), "{from}");
        let broken = whole.replacen(from, to, 1);
        assert!(toml::from_str::<Value>(&broken).is_ok(), "the schema is to refuse it, not the parser: {broken}");
        assert!(judge(table, &broken).is_err(), "{table:?}: {to:?} for {from:?} was taken");
    }
}

#[test]
fn broken_policies_are_refused() {
    let edits = [
        ("name = 'x'\n", ""),
        ("name = 'x'", "name = 5"),
        ("claims", "claim"),
        ("claims = ['a']", "claims = 'a'"),
        ("claims = ['a']", "claims = ['a', 'a']"),
        ("ori = ['AZ*']", ""),
        ("AZ*", "az*"),
        ("['AZ*']", "'AZ*'"),
        ("id = 'p'\n", ""),
        ("agencies = ['a']\n", ""),
        ("agencies = ['a']", "agencies = []"),
        ("elements = ['person.name']\n", ""),
        ("elements = ['biometric']", "element = ['biometric']"),
        ("'mask' }", "'msk' }"),
        ("unless = ['a']", "as = { x = 'mask' }"),
        ("purposes = ['C']", "purposes = ['criminal']"),
        ("purposes = ['C']", "elements = ['person']"),
        ("id = 'p'\n", "id = 'p'\nwhen-absent = 'skip'\n"),
        ("purposes = ['C']", "purposes = ['C']\nwhen-absent = 'maybe'"),
    ];
    refused(Table::Policy, POLICY, &edits);
    let catalog = Catalog::load(dmv_redact::shipped::CATALOG, &[]).unwrap();
    let keys = MessageKeys { names: &[], may_be_absent: false };
    let loads = |text: &str| {
        let files = PolicyFiles::read(&Document { file: "p.toml", text }, PolicySources::default());
        Policy::load(&files, &catalog, keys).is_ok()
    };
    assert!(loads(POLICY));
    for (from, to) in edits {
        assert!(!loads(&POLICY.replacen(from, to, 1)), "the program takes {to:?} for {from:?}");
    }
}

#[test]
fn broken_catalogs_formats_cases_and_matrices_are_refused() {
    let catalog =
        [("id = 'a.b'", "id = 'A'"), ("'text'", "'txt'"), ("'none'", "'secret'"), ("= 5", "= -5"), ("title", "titel")];
    refused(Table::Catalog, CATALOG, &catalog);
    let format = [
        ("name = 'x'\n", ""),
        ("'xml'", "'yaml'"),
        ("'xml'", "['xml', 'yaml']"),
        ("'person.name'\n", "5\n"),
        ("e = 'license'", "e = ['license']"),
        ("when-denied", "when_denied"),
        ("[[text.field]]", "[[text.fields]]"),
        ("recognise = 'x'\n", ""),
    ];
    refused(Table::Format, FORMAT, &format);
    let case = [
        ("title = 'x'\n", ""),
        ("claims = ['a']", "claims = 'a'"),
        ("claims", "claim"),
        ("'redacted'", "'released-somehow'"),
        ("disposition = 'redacted'", ""),
    ];
    refused(Table::Case, CASE, &case);
    let matrix = [
        ("title = 'x'\n", ""),
        ("requester = 'AZ0070000'\n", ""),
        ("AZ0070000", "AZ007"),
        ("requester = 'AZ0070000'\n", "requester = 'AZ0070000'\nagencies = ['a']\n"),
        ("'none'", "'any'"),
        ("'held'", "'redacted'"),
        ("'last4'", "'last5'"),
        ("[[may]]", "[[must]]"),
    ];
    refused(Table::Matrix, MATRIX, &matrix);
}
