//! How an output differs from the expected one: at which byte, in which parts, at which path. Never a value (P6).

use similar::{ChangeTag, TextDiff};

use super::outcome::Fault;
use crate::report::Structure;
use crate::{Filter, Receipt};

/// Lines of a difference that are told; one that is longer is seen better with other tools.
const MOST_LINES: usize = 40;

/// Parts around a difference that are told to show where it is.
const AROUND: usize = 2;

/// Compares an output with the expected one.
pub(super) fn compare_outputs(filter: &Filter, receipt: &Receipt, expected: &[u8], output: &[u8]) -> Option<Fault> {
    if expected == output {
        return None;
    }
    let told = |bytes: &[u8]| match bytes.len() {
        0 => "nothing".to_owned(),
        length => format!("{length} bytes"),
    };
    let offset = expected.iter().zip(output).take_while(|(one, other)| one == other).count();
    let line = expected.iter().take(offset).filter(|byte| **byte == b'\n').count() + 1;
    let mut details = vec![format!("differs from byte {offset} on (line {line})")];
    if let (Some(format), Some(grant), false) = (receipt.format(), receipt.grant(), output.is_empty()) {
        match [expected, output].map(|message| Structure::of(filter, format, grant, message)) {
            [Some(expected), Some(output)] => details.extend(compare_structures(&expected, &output, offset)),
            [None, _] => details.push(format!("what is expected can't be read as {format}")),
            [_, None] => {}
        }
    }
    Some(Fault::new("output", told(expected), told(output)).with_details(details))
}

fn compare_structures(expected: &Structure, output: &Structure, offset: usize) -> Vec<String> {
    let (before, after) = (expected.lines(), output.lines());
    if before == after {
        return vec![format!("of the same parts, but not of the same text: at {}", output.path_at(offset))];
    }
    let difference = TextDiff::from_lines(before.as_str(), after.as_str());
    let mut lines = Vec::new();
    for group in difference.grouped_ops(AROUND) {
        for change in group.iter().flat_map(|operation| difference.iter_changes(operation)) {
            let sign = match change.tag() {
                ChangeTag::Equal => ' ',
                ChangeTag::Delete => '-',
                ChangeTag::Insert => '+',
            };
            lines.push(format!("{sign} {}", change.value().trim_end()));
        }
    }
    let more = lines.len().saturating_sub(MOST_LINES);
    lines.truncate(MOST_LINES);
    if more > 0 {
        lines.push(format!("and {more} lines more"));
    }
    lines
}
