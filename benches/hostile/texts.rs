//! Hostile texts: one field that stays and many that go, or many that stay, in every layout that is built in.

use crate::build::{Case, repeated};
use crate::{json, xml};

const LEGACY: &str = "DR.AZNLETS20.AZ.TXT\nNAM/EXAMPLE,JORDAN.";
const LABELS: &str = "STATE OF TAMARACK DRIVER RECORD\nNAME: EXAMPLE, JORDAN\n";
const COLUMNS: &str = concat!(
    "PALMETTO BAY DRIVER RECORD\n",
    "D1 EXAMPLE, JORDAN                19850704             F508150 BRO BLK\n",
);
/// A row of which nothing but whether the licence is a REAL ID is filled in.
const REAL_ID_ROW: &str = "L1                                F                      \n";
const BARCODE: &str = "@\\n\\u001e\\rANSI 636999\\nDCSEXAMPLE\\n";

/// A text of a legacy answer: `before`, the heading and a field that stays, `after`.
fn legacy(name: &str, before: &'static str, after: &'static str) -> Case {
    Case::new(&format!("text: {name}"), move |size| {
        let share = if before.is_empty() || after.is_empty() { size } else { size / 2 };
        let [before, after] =
            [before, after].map(|part| if part.is_empty() { String::new() } else { repeated(part, share) });
        xml::text(&[&before, "\n", LEGACY, &after].concat())
    })
}

/// Beginnings of fields that go, each within the value of the one before it, in an order that doesn't come back for long.
fn in_any_order(size: usize) -> String {
    let begun = ["ADR/", "ATN/", "OFF/", "RES-", "PUR/", "ARN/", "1 ", "RMK/"];
    let mut state = 1_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        begun.get((state >> 29) as usize).copied().unwrap_or_default()
    };
    let mut text = String::with_capacity(size + 8);
    while text.len() < size {
        text.push_str(next());
    }
    text
}

/// A text of a layout with one field that stays, and `part` over and over.
fn of(name: &str, begin: &'static str, part: &'static str) -> Case {
    Case::new(&format!("text: {name}"), move |size| xml::text(&[begin, &repeated(part, size)].concat()))
}

pub(crate) fn cases() -> Vec<Case> {
    vec![
        legacy("one kept, many denied, on one line", "", "ARN/A900123456."),
        legacy("one kept, many denied, short", "", "PUR/C."),
        legacy("one kept, many denied, line by line", "", "\nPUR/C."),
        legacy("one kept, many denied, among white space", "", "PUR/C.        \n  \n"),
        legacy("one kept, many denied before it", "PUR/C.\n", ""),
        legacy("white space, one kept, many denied", " \n", "PUR/C."),
        legacy("one kept, junk", "", "x"),
        legacy("one kept, many denied, without their end", "", "ARN/"),
        legacy("one kept, many denied, within their values", "", "ATN/ATN/ADR/"),
        Case::new("text: one kept, many denied, within their values, in any order", |size| {
            xml::text(&[LEGACY, &in_any_order(size)].concat())
        }),
        legacy("one kept, many removed for their shape", "", "ADR/900123456."),
        legacy("many kept", "", "SEX/F."),
        legacy("many kept and many denied", "", "SEX/F.PUR/C."),
        legacy("many headings", "", "\nDR.AZNLETS20.AZ.TXT\n"),
        legacy("many remarks", "", "RMK/\nPAGE 1 OF 2\n"),
        of("labels, one kept, many denied", LABELS, "REAL ID: NO\n"),
        of("labels, many kept", LABELS, "SEX: F\n"),
        of("columns, one kept, many denied", COLUMNS, REAL_ID_ROW),
        Case::new("text: barcode, one kept, many denied", |size| {
            json::text(&[BARCODE, &repeated("DDAF\\n", size)].concat())
        }),
        Case::new("text: barcode, many kept", |size| json::text(&[BARCODE, &repeated("DBC1\\n", size)].concat())),
    ]
}
