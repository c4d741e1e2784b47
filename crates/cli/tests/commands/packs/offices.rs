//! Attack 30 of docs/threat-model.md: a federal office in a state has an ORI that begins with the letters of that state. No pattern of a class that
//! is given anything may catch it.

use super::{Pack, packs, texts};

/// What stands where the county's number would, in ORIs of federal offices: two are verified (`VTICE0900`, `VADEADX00`), the
/// others are what such an ORI might look like.
const OFFICES: [&str; 9] =
    ["ICE0900", "DEADX00", "ICE0100", "HSI0100", "CBP0000", "USBP000", "INS0100", "FBI0100", "DHS0000"];

/// Classes of such offices, told by their shape.
const DENIED: [&str; 4] = ["immigration", "border", "homeland-security", "unlisted"];

#[test]
fn attack_30_no_pattern_hands_a_federal_office_what_police_get() {
    for Pack { name, table, .. } in packs() {
        for (class, declared) in table["agencies"].as_table().unwrap() {
            let declared = declared.as_table().unwrap();
            let patterns: Vec<&str> =
                texts(declared, "ori").into_iter().filter(|ori| ori.contains(['?', '#', '*'])).collect();
            if DENIED.contains(&class.as_str()) {
                continue;
            }
            for pattern in patterns {
                for state in pattern.get(..2).filter(|letters| *letters != "??").into_iter().chain(["VT", "AZ"]) {
                    for office in OFFICES {
                        let ori = format!("{state}{office}");
                        assert!(!matches(pattern, &ori), "{name}: `{pattern}` of {class} catches {ori}");
                    }
                }
            }
        }
    }
}

/// Patterns without `*`, which is all that these classes have.
fn matches(pattern: &str, ori: &str) -> bool {
    assert!(!pattern.contains('*') && pattern.len() == ori.len(), "`{pattern}`");
    pattern.chars().zip(ori.chars()).all(|(p, o)| p == '?' || p == o || p == '#' && o.is_ascii_digit())
}
