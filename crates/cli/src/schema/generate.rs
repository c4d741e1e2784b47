//! Generates schemas from the types that load the tables, and adds what types can't express: the pattern of an ORI, the
//! keys of each kind of rule.

use schemars::generate::SchemaSettings;
use schemars::{Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

use super::Table;
use dmv_redact_analysis::cases;
use dmv_redact_model::catalog::{Catalog, Element};
use dmv_redact_model::{catalog, format, policy};

/// The current schema of a table, as the text of its file.
pub(super) fn generated(table: Table) -> String {
    // The draft that TOML editors support best.
    let generator = SchemaSettings::draft07().for_deserialize().into_generator();
    let (title, schema) = match table {
        Table::Policy => ("A policy of dmv-redact", policy_table(generator)),
        Table::Catalog => ("A catalog of dmv-redact", catalog_table(generator)),
        Table::Format => ("A format of dmv-redact", plain(format::table_schema(generator))),
        Table::Case => ("A message case of dmv-redact", case_table(generator)),
        Table::Matrix => ("Matrix tests of dmv-redact", matrix_table(generator)),
    };
    let mut schema = schema;
    put(&mut schema, "", "title", json!(title));
    serde_json::to_string_pretty(&schema).unwrap() + "\n"
}

fn plain(schema: Schema) -> Value {
    let mut schema = schema.to_value();
    tidy(&mut schema);
    // The types are called raw because they aren't resolved yet; authors of tables don't need to know that.
    let text = schema.to_string().replace("\"Raw", "\"").replace("definitions/Raw", "definitions/");
    serde_json::from_str(&text).unwrap()
}

/// Removes what TOML doesn't have (null) and what doesn't help people (number formats).
fn tidy(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            object.remove("format");
            if object.get("default").is_some_and(Value::is_null) {
                object.remove("default");
            }
            for key in ["type", "anyOf"] {
                let Some(Value::Array(kinds)) = object.get_mut(key) else { continue };
                kinds.retain(|kind| *kind != json!("null") && *kind != json!({ "type": "null" }));
                if kinds.len() > 1 {
                    continue;
                }
                let only = kinds.pop().unwrap();
                match (key, only) {
                    ("type", only) => {
                        object.insert(key.to_owned(), only);
                    }
                    (_, Value::Object(only)) => {
                        object.remove(key);
                        object.extend(only);
                    }
                    (_, only) => panic!("{only} is no schema"),
                }
            }
            object.values_mut().for_each(tidy);
        }
        Value::Array(items) => items.iter_mut().for_each(tidy),
        _ => {}
    }
}

/// Adds a keyword at a pointer, which must exist.
fn put(schema: &mut Value, place: &str, keyword: &str, value: Value) {
    let at = schema.pointer_mut(place).unwrap_or_else(|| panic!("{place} is not in the schema"));
    at.as_object_mut().unwrap().insert(keyword.to_owned(), value);
}

/// Adds the form of a date to keys that hold one.
fn put_dates(schema: &mut Value, properties: &str, keys: &[&str]) {
    for key in keys {
        put(schema, &format!("{properties}/{key}"), "pattern", json!("^[0-9]{4}-[0-9]{2}-[0-9]{2}$"));
    }
}

fn case_table(generator: SchemaGenerator) -> Value {
    let mut schema = plain(cases::case_schema(generator));
    put(&mut schema, "/properties/requester", "pattern", json!(policy::ORI_PATTERN));
    put_dates(&mut schema, "/properties", &["date"]);
    let dispositions = dmv_redact::Disposition::ALL.map(dmv_redact::Disposition::name);
    let expectation = "/definitions/Expectation/properties";
    put(&mut schema, &format!("{expectation}/disposition"), "enum", json!(dispositions));
    offer_elements(&mut schema, &[&format!("{expectation}/released"), &format!("{expectation}/removed")]);
    schema
}

fn matrix_table(generator: SchemaGenerator) -> Value {
    let mut schema = plain(cases::matrix_schema(generator));
    let row = "/definitions/Row";
    put(&mut schema, row, "oneOf", json!([{ "required": ["requester"] }, { "required": ["agencies"] }]));
    put(&mut schema, &format!("{row}/properties/requester"), "pattern", json!(policy::ORI_PATTERN));
    offer_elements(&mut schema, &[&format!("{row}/properties/elements")]);
    put_dates(&mut schema, &format!("{row}/properties"), &["date"]);
    put(&mut schema, &format!("{row}/properties/disposition"), "enum", json!(["held", "withheld"]));
    put(&mut schema, &format!("{row}/properties/purposes/items"), "pattern", json!("^([A-Z]{1,3}|none)$"));
    schema
}

fn catalog_table(generator: SchemaGenerator) -> Value {
    let mut schema = plain(catalog::table_schema(generator));
    let id = json!("^[a-z][a-z0-9-]*(\\.[a-z][a-z0-9-]*)*$");
    put(&mut schema, "/definitions/Element/properties/id", "pattern", id);
    schema
}

/// Lists the possible data elements, so that editors can suggest them; but accepts others, because a state may add
/// elements of its own.
fn offer_elements(schema: &mut Value, lists: &[&str]) {
    for list in lists {
        put(schema, list, "items", json!({ "$ref": "#/definitions/Elements" }));
    }
    put(schema, "/definitions", "Elements", elements());
}

fn elements() -> Value {
    let catalog = Catalog::load(dmv_redact::shipped::CATALOG, &[]).unwrap();
    let mut selectors = catalog.selectors();
    // Rules don't name the envelope.
    selectors.retain(|selector| {
        !catalog.select(selector).iter().filter_map(|id| catalog.element(*id)).any(Element::is_envelope)
    });
    let offered = selectors.into_iter().map(|selector| {
        let element = catalog.find(&selector).and_then(|id| catalog.element(id));
        match element.map(Element::title) {
            Some(title) => json!({ "const": selector, "description": title }),
            None => json!({ "const": selector }),
        }
    });
    let any = json!({ "type": "string", "description": "An element of a catalog of your own." });
    json!({ "anyOf": offered.chain([any]).collect::<Vec<_>>() })
}

fn policy_table(generator: SchemaGenerator) -> Value {
    let mut schema = plain(policy::table_schema(generator));
    let class = "/definitions/AgencyClass";
    put(&mut schema, class, "anyOf", json!([{ "required": ["ori"] }, { "required": ["ori-file"] }]));
    put(&mut schema, &format!("{class}/properties/ori/items"), "pattern", json!("^[A-Z0-9?#*]{1,64}$"));
    put(&mut schema, "/definitions/Header/properties/claims", "uniqueItems", json!(true));
    for (list, pattern) in [("purposes", "^[A-Z]{1,3}$"), ("reasons", "^[A-Z0-9]{1,3}$"), ("lines", "^[A-Z0-9]{1,9}$")]
    {
        put(&mut schema, &format!("/definitions/Header/properties/{list}"), "uniqueItems", json!(true));
        put(&mut schema, &format!("/definitions/Header/properties/{list}/items"), "pattern", json!(pattern));
    }
    put_dates(&mut schema, "/definitions/Header/properties", &["from", "until"]);
    let rule = "/definitions/Rule/properties";
    put_dates(&mut schema, rule, &["from", "until", "checked"]);
    for (list, pattern) in [
        ("purposes", "^([A-Z]{1,3}|\\*)$"),
        ("reasons", "^([A-Z0-9]{1,3}|\\*)$"),
        ("lines", "^([A-Z0-9]{1,9}|\\*)$"),
        ("states", "^([A-Z]{2}|\\*)$"),
    ] {
        put(&mut schema, &format!("{rule}/{list}/items"), "pattern", json!(pattern));
    }
    let due = "^(before|[1-9][0-9]{0,4} (business day|day|month|year)s?)$";
    put(&mut schema, &format!("{rule}/due"), "pattern", json!(due));
    for list in ["agencies", "purposes", "reasons", "lines", "users", "states", "messages", "elements", "after"] {
        // An empty list would match nothing.
        put(&mut schema, &format!("{rule}/{list}"), "minItems", json!(1));
    }
    offer_elements(&mut schema, &[&format!("{rule}/elements")]);
    // All kinds of rule load into one type.
    let definitions = schema.pointer_mut("/definitions").unwrap().as_object_mut().unwrap();
    let rule = definitions.remove("Rule").unwrap();
    for (name, key, required, refused, description) in [
        (
            "Permit",
            "permit",
            &["id", "agencies", "elements"][..],
            &["when-absent", "vouches", "do", "to", "due", "after"][..],
            "These classes may have these elements.",
        ),
        (
            "Forbid",
            "forbid",
            &["id", "elements"],
            &["as", "vouches", "do", "to", "due", "after"],
            "These elements are removed, whatever permits them.",
        ),
        (
            "Review",
            "review",
            &["id"],
            &["elements", "as", "do", "to", "due", "after"],
            "A person must review it first: the message is held.",
        ),
        (
            "Duty",
            "duty",
            &["id", "do", "due"],
            &["elements", "as", "vouches"],
            "This must be done because of a release, a hold or a refusal.",
        ),
    ] {
        let mut kind = rule.clone();
        put(&mut kind, "", "required", json!(required));
        put(&mut kind, "", "description", json!(description));
        let properties = kind.pointer_mut("/properties").and_then(Value::as_object_mut).unwrap();
        properties.retain(|property, _| !refused.contains(&property.as_str()));
        schema.pointer_mut("/definitions").and_then(Value::as_object_mut).unwrap().insert(name.to_owned(), kind);
        let reference = Map::from_iter([("$ref".to_owned(), json!(format!("#/definitions/{name}")))]);
        put(&mut schema, &format!("/properties/{key}"), "items", Value::Object(reference));
    }
    schema
}
