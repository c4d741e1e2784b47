//! How an output differs from the expected one: at which byte, in which parts, at which path. Never a value (P6).

use similar::{ChangeTag, TextDiff};

use super::outcome::CaseFault;
use crate::Structure;
use dmv_redact::{Filter, Receipt};

/// The reported lines of a difference; other tools show a longer one better.
const MAX_LINES: usize = 40;

/// The context: parts reported around a difference.
const CONTEXT_PARTS: usize = 2;

/// Compares an output with the expected one.
pub(super) fn compare_outputs(filter: &Filter, receipt: &Receipt, expected: &[u8], output: &[u8]) -> Option<CaseFault> {
    if expected == output {
        return None;
    }
    let offset = expected.iter().zip(output).take_while(|(one, other)| one == other).count();
    let line = expected.iter().take(offset).filter(|byte| **byte == b'\n').count() + 1;
    let mut details = vec![format!("differs from byte {offset} on (line {line})")];
    if let (Some(format), false) = (receipt.format(), output.is_empty()) {
        match [expected, output].map(|message| Structure::of(filter, format, message)) {
            [Some(expected), Some(output)] => details.extend(compare_structures(&expected, &output, offset)),
            [None, _] => details.push(format!("what is expected can't be read as {format}")),
            [_, None] => {}
        }
    }
    Some(CaseFault::new("output", describe_size(expected), describe_size(output)).with_details(details))
}

fn describe_size(bytes: &[u8]) -> String {
    match bytes.len() {
        0 => "nothing".to_owned(),
        length => format!("{length} bytes"),
    }
}

fn compare_structures(expected: &Structure, output: &Structure, offset: usize) -> Vec<String> {
    let (before, after) = (expected.lines(), output.lines());
    if before == after {
        return vec![format!("of the same parts, but not of the same text: at {}", output.path_at(offset))];
    }
    let difference = TextDiff::from_lines(before.as_str(), after.as_str());
    let mut lines = Vec::new();
    for group in difference.grouped_ops(CONTEXT_PARTS) {
        for change in group.iter().flat_map(|operation| difference.iter_changes(operation)) {
            let sign = match change.tag() {
                ChangeTag::Equal => ' ',
                ChangeTag::Delete => '-',
                ChangeTag::Insert => '+',
            };
            lines.push(format!("{sign} {}", change.value().trim_end()));
        }
    }
    let more = lines.len().saturating_sub(MAX_LINES);
    lines.truncate(MAX_LINES);
    if more > 0 {
        lines.push(format!("and {more} lines more"));
    }
    lines
}
