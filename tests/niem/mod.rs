//! P1: the built-in formats, and the schemas beside them, call what is of NIEM by the names and at the places that the
//! published models have. A name that no model has would map nothing that a sender writes.
//!
//! `facts.csv` says what the models have, as far as it is used here; `.ci/niem-facts` looks it up in the releases. Attributes
//! are not looked up, nor are our types: they are in no message.

mod facts;
mod schemas;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use dmv_redact_testing::root;
use toml::{Table, Value};

use facts::{Element, Facts};

/// A step from an element, if it is not the first, to one that it holds.
type Step = (Option<Element>, Element);

/// A built-in format that has elements of NIEM.
struct Format {
    folder: PathBuf,
    /// The namespace of each prefix.
    namespaces: BTreeMap<String, String>,
    table: Table,
}

impl Format {
    fn element(&self, name: &str) -> Element {
        let (prefix, local) = name.split_once(':').unwrap_or(("", name));
        (self.namespaces.get(prefix).cloned().unwrap_or_default(), local.to_owned())
    }

    /// The elements of a path below the root, and whether it ends at a value.
    fn path(&self, path: &str) -> (Vec<Element>, bool) {
        let steps = path.split('/').filter(|step| *step != "**" && !step.starts_with('@'));
        let ends_at_value = !path.ends_with("/**") && !path.contains('@');
        let root = std::iter::once(self.table["root"].as_str().unwrap());
        (root.chain(steps).map(|name| self.element(name)).collect(), ends_at_value)
    }

    /// Every path that the file names: mapped ones, and those of the message key, the requester and the required parts.
    fn paths(&self) -> Vec<String> {
        let mut found = Vec::new();
        collect(self.table["paths"].as_table().unwrap(), "", &mut found);
        let named = ["message-type", "requester", "notice"].iter().filter_map(|key| self.table.get(*key));
        found.extend(named.map(|path| path.as_str().unwrap().to_owned()));
        let required = self.table.get("required").and_then(Value::as_array).into_iter().flatten();
        found.extend(required.map(|part| part["path"].as_str().unwrap().to_owned()));
        found
    }
}

fn collect(table: &Table, prefix: &str, found: &mut Vec<String>) {
    for (name, value) in table {
        let path = if prefix.is_empty() { name.clone() } else { format!("{prefix}/{name}") };
        match value {
            Value::Table(inner) if !inner.contains_key("element") => collect(inner, &path, found),
            _ => found.push(path),
        }
    }
}

/// The built-in formats that name a namespace of NIEM, with the release it is of.
fn formats(facts: &Facts) -> Vec<Format> {
    let folders = fs::read_dir(root().join("schemas")).unwrap().map(|entry| entry.unwrap().path());
    let mut found: Vec<Format> = folders
        .filter_map(|folder| {
            let table: Table = fs::read_to_string(folder.join("format.toml")).ok()?.parse().unwrap();
            let bound = table.get("namespaces").and_then(Value::as_table)?;
            let namespaces = bound.iter().map(|(prefix, uri)| (prefix.clone(), uri.as_str().unwrap().to_owned()));
            Some(Format { folder, namespaces: namespaces.collect(), table })
        })
        .filter(|format| format.namespaces.values().any(|uri| facts.is_niem(uri)))
        .collect();
    found.sort_by(|one, other| one.folder.cmp(&other.folder));
    found
}

#[test]
fn p1_every_niem_step_of_every_path_is_in_the_published_model() {
    let facts = Facts::load();
    let mut faults = Vec::new();
    let mut steps = 0;
    let formats = formats(&facts);
    assert_eq!(formats.len(), 3, "formats with elements of NIEM");
    for format in &formats {
        for path in format.paths() {
            let (elements, ends_at_value) = format.path(&path);
            let mut parent = None;
            for element in &elements {
                steps += usize::from(facts.is_niem(&element.0));
                faults.extend(facts.fault(&(parent.replace(element.clone()), element.clone())));
            }
            if let Some(fault) = elements.last().filter(|_| ends_at_value).and_then(|leaf| facts.no_value(leaf)) {
                faults.push(fault);
            }
        }
    }
    faults.sort();
    faults.dedup();
    assert!(faults.is_empty(), "not in the published models:\n{}", faults.join("\n"));
    assert!(steps > 500, "{steps} steps are too few to tell");
}

#[test]
fn p4_our_schemas_declare_nothing_that_the_published_models_lack() {
    let facts = Facts::load();
    let mut faults = Vec::new();
    for format in &formats(&facts) {
        let declared = schemas::declared(format);
        assert!(declared.len() > 80, "{}: too little is declared to tell", format.folder.display());
        for (step, content) in &declared {
            faults.extend(facts.fault(step));
            faults.extend(content.and_then(|content| facts.other_content(&step.1, content)));
        }
    }
    faults.sort();
    faults.dedup();
    assert!(faults.is_empty(), "not in the published models:\n{}", faults.join("\n"));
}

/// A table that has everything, or a test that looks at nothing, would make the tests above pass.
#[test]
fn p1_a_misspelled_or_misplaced_element_is_a_fault() {
    let facts = Facts::load();
    let all = formats(&facts);
    let format = all.iter().find(|format| format.folder.ends_with("niem-6.0")).unwrap();
    let fault = |parent: Option<&str>, child: &str| {
        facts.fault(&(parent.map(|name| format.element(name)), format.element(child)))
    };
    assert_eq!(fault(Some("nc:Person"), "nc:PersonName"), None);
    assert_eq!(fault(Some("nc:Person"), "exch:PersonAugmentation"), None);
    assert_eq!(fault(Some("exch:PersonAugmentation"), "im:AlienNumberIdentification"), None);
    for (parent, child) in [
        (Some("nc:Person"), "nc:PersonNmae"),
        (Some("exch:DriverVehicleResponse"), "nc:Persn"),
        (None, "j:DriverLicenseStatusCode"),
        (Some("nc:Person"), "nc:IdentificationID"),
        (Some("nc:Person"), "j:DriverLicense"),
        (Some("nc:Person"), "im:AlienNumberIdentification"),
        (Some("j:ConveyanceRegistration"), "nc:Vehicle"),
        // Ours, but not where the model lets an exchange add to it.
        (Some("nc:Person"), "exch:Person"),
        (Some("nc:PersonName"), "exch:PersonNameAugmentation"),
    ] {
        assert!(fault(parent, child).is_some(), "{child} in {parent:?}");
    }
    assert!(facts.no_value(&format.element("nc:PersonBirthDate")).is_some());
    assert!(facts.no_value(&format.element("nc:LicenseEndorsement")).is_some());
    // A namespace of NIEM that no release has.
    let other = ("https://docs.oasis-open.org/niemopen/ns/model/niem-core/6.1/".to_owned(), "Person".to_owned());
    assert!(facts.fault(&(None, other)).is_some());
}
