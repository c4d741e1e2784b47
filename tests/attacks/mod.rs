//! The attacks of docs/threat-model.md: each has at least one test `attack_NN_...`, with variants, through the public library
//! and, where it is about files, the command line. By module:
//!
//! | attacks | module |
//! | --- | --- |
//! | 1, 2, 9, 10: names and contexts of JSON | `json_names` |
//! | 3 to 8, 11: the text of JSON | `json_text` |
//! | 12 to 15, 21, 22: parts of XML | `xml_parts` |
//! | 16, 17, 20: names of XML | `xml_names` |
//! | 18, 19, 23, 24: the text of XML | `xml_text` |
//! | 25 to 29: inside permitted values | `values` |
//! | 30 to 32: who asks | `requester` |
//! | 33, 34: traces | `traces` |
//! | 13, 16, 22, and what a sender may choose freely | `links` |
//! | 35, 36: files | `crates/cli/tests/commands/attacks.rs` |
//! | 37: the policy file | `policy` |
//! | 1, 30 and others, on mobile licences | `mobile` |

mod json_names;
mod json_text;
mod links;
mod mobile;
mod policy;
mod requester;
mod traces;
mod values;
mod xml_names;
mod xml_parts;
mod xml_text;

/// Every attack has a test that is named for it.
#[test]
fn no_line_of_the_catalogue_is_without_a_test() {
    let sources = [
        include_str!("../../crates/cli/tests/commands/attacks.rs"),
        include_str!("json_names.rs"),
        include_str!("json_text.rs"),
        include_str!("policy.rs"),
        include_str!("requester.rs"),
        include_str!("traces.rs"),
        include_str!("values.rs"),
        include_str!("xml_names.rs"),
        include_str!("xml_parts.rs"),
        include_str!("xml_text.rs"),
    ];
    for line in 1..=37 {
        let name = format!("fn attack_{line:02}_");
        assert!(sources.iter().any(|source| source.contains(&name)), "line {line} has no test");
    }
}
