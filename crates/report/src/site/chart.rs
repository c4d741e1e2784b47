//! Bar charts as SVG. What they show stands in a table beside them, so a screen reader gets a sentence.

use maud::{Markup, html};

/// A bar: its label, and its count; `None` isn't shown.
pub(super) type Bar = (String, Option<u64>);

const WIDTH: u64 = 720;
const LABEL_WIDTH: u64 = 250;
const ROW_HEIGHT: u64 = 24;
/// Room for the count behind the longest bar.
const COUNT_WIDTH: u64 = 90;
/// Characters of a label that fit.
const LABEL_CHARACTERS: usize = 34;

/// Horizontal bars, one a row. `title` says what they count.
pub(super) fn bars(title: &str, bars: &[Bar]) -> Markup {
    let most = bars.iter().filter_map(|(_, count)| *count).max().unwrap_or_default().max(1);
    let room = WIDTH - LABEL_WIDTH - COUNT_WIDTH;
    // In 128 bits no count is too large.
    let length = |count: u64| (u128::from(count) * u128::from(room) / u128::from(most)) as u64;
    let height = ROW_HEIGHT * bars.len() as u64;
    if is_empty(bars) {
        return html! {};
    }
    html! {
        svg viewBox=(format!("0 0 {WIDTH} {height}")) width=(WIDTH) height=(height) role="img"
            aria-label=(format!("Chart: {title}. The table has its numbers.")) {
            line.axis x1=(LABEL_WIDTH) x2=(LABEL_WIDTH) y1="0" y2=(height) {}
            @for (row, (label, count)) in (0_u64..).zip(bars) {
                @let top = row * ROW_HEIGHT;
                text x=(LABEL_WIDTH - 8) y=(top + 16) text-anchor="end" { (shortened(label)) }
                @match count {
                    Some(count) => {
                        rect.bar x=(LABEL_WIDTH) y=(top + 4) width=(length(*count)) height=(ROW_HEIGHT - 8) {}
                        text x=(LABEL_WIDTH + length(*count) + 6) y=(top + 16) { (grouped(*count)) }
                    }
                    None => text x=(LABEL_WIDTH + 6) y=(top + 16) { "not shown" },
                }
            }
        }
    }
}

/// Whether there is nothing to draw.
fn is_empty(bars: &[Bar]) -> bool {
    bars.iter().all(|(_, count)| count.is_none_or(|count| count == 0))
}

fn shortened(label: &str) -> String {
    match label.char_indices().nth(LABEL_CHARACTERS) {
        Some((at, _)) => format!("{}…", label.get(..at).unwrap_or_default().trim_end()),
        None => label.to_owned(),
    }
}

/// A count with commas between groups of three digits.
pub(super) fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
