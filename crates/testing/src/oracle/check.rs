//! One message through the crate's filter and through the oracle, and everything in which they differ.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use dmv_redact::{Disposition, Filter, Instrument, Receipt, Requester};

use super::Asker;
use super::format::Format;
use super::json::Json;
use super::predict::{Counts, Prediction, Setting};
use super::xml::{differences, foreign_names, read_output};
use super::{predict_json, predict_xml};
use crate::policy::Paper;

/// What the filter made of a message.
pub struct Outcome {
    /// What goes out.
    pub output: Vec<u8>,
    /// What the receipt says.
    pub receipt: Receipt,
    /// Why the oracle had nothing to compare with.
    pub open: Option<&'static str>,
}

impl Outcome {
    /// Whether anything goes out.
    pub fn releases(&self) -> bool {
        self.receipt.disposition().releases()
    }
}

/// `None` if the asker's ORI is none: the crate must refuse it before any message is seen.
pub fn requester(asker: &Asker) -> Option<Requester> {
    let requester = match &asker.ori {
        Some(ori) => Requester::new(ori).ok()?,
        None => Requester::from_envelope(),
    };
    let requester = match &asker.purpose {
        Some(purpose) => requester.purpose(purpose.as_str()),
        None => requester,
    };
    let requester = asker.others.iter().fold(requester, |requester, (name, value)| match name.as_str() {
        "reason" => requester.reason(value),
        "line" => requester.line(value),
        "user" => requester.user(value),
        _ => requester.record_state(value),
    });
    let requester = match &asker.date {
        Some(date) => requester.date(date).expect("a date"),
        None => requester,
    };
    let requester = asker.claims.iter().fold(requester, |requester, claim| requester.claim(claim.as_str()));
    Some(asker.papers.iter().fold(requester, |requester, paper| requester.instrument(instrument(paper))))
}

/// The instrument that a paper is.
pub fn instrument(paper: &Paper) -> Instrument {
    let instrument = Instrument::new(paper.claim.as_str());
    let [from, until] = &paper.days;
    let instrument = paper.issuer.iter().fold(instrument, |instrument, issuer| instrument.issuer(issuer.as_str()));
    let instrument = from.iter().fold(instrument, |instrument, day| instrument.date(day).expect("a date"));
    let instrument = until.iter().fold(instrument, |instrument, day| instrument.until(day).expect("a date"));
    paper.specifies.iter().fold(instrument, |instrument, term| instrument.specifies(term.as_str()))
}

/// Lets a message through the filter.
pub fn redact(filter: &Filter, asker: &Asker, message: &[u8]) -> Outcome {
    let requester = requester(asker).expect("an ORI");
    // What an earlier message left in the buffer must never go out.
    let mut output = b"left over".to_vec();
    let run = AssertUnwindSafe(|| filter.redact(message, &requester, &mut output));
    let receipt = catch_unwind(run).unwrap_or_else(|_| panic!("P8: panics on {}", String::from_utf8_lossy(message)));
    assert!(receipt.disposition().releases() || output.is_empty(), "a refused message left {} bytes", output.len());
    Outcome { output, receipt, open: None }
}

/// Runs both and compares; the error tells every difference.
pub fn check(
    setting: Setting<'_>,
    filter: &Filter,
    asker: &Asker,
    message: &[u8],
    xml: bool,
) -> Result<Outcome, String> {
    let mut outcome = redact(filter, asker, message);
    let mut faults = if xml {
        let prediction = predict_xml::predict(setting, asker, message);
        compare(&mut outcome, prediction, |expected, output| {
            let (tree, mut faults) = read_output(output);
            faults.extend(differences(expected, &tree));
            let root = expected.name.rsplit('}').next().unwrap_or_default();
            let name =
                |format: &Format| format.root.as_ref().and_then(|name| name.rsplit(':').next().map(str::to_owned));
            let has_root = |format: &&Format| format.xml && name(format).as_deref() == Some(root);
            faults
                .extend(setting.formats.iter().find(has_root).map(|f| foreign_names(output, f)).into_iter().flatten());
            let declaration =
                |text: &str| text.starts_with("<?xml ").then(|| text[..text.find("?>").unwrap()].to_owned());
            let source = str::from_utf8(message).expect("UTF-8").trim_start_matches('\u{FEFF}');
            // Damage can make a label of UTF-8 another: the output has the one that every reader knows.
            let named = declaration(source)
                .map(|declared| declared.replace("\"UTF8\"", "\"UTF-8\"").replace("'UTF8'", "'UTF-8'"));
            if named != declaration(output) {
                faults.push("another XML declaration".to_owned());
            }
            faults
        })
    } else {
        let prediction = predict_json::predict(setting, asker, message);
        compare(&mut outcome, prediction, |expected: &Json, output| match Json::read(output.as_bytes()) {
            Ok(tree) if tree == *expected => vec![],
            Ok(tree) => vec![line_difference(expected, &tree)],
            Err(why) => vec![format!("the output is no JSON: {why}")],
        })
    };
    faults.extend(misnamed(&outcome, message, xml));
    if faults.is_empty() { Ok(outcome) } else { Err(report(&faults, &outcome, asker, message)) }
}

/// What is wrong about the disposition of a message that goes out: it is `released` if the receipt counts nothing as gone,
/// and then the output says all that the message says.
fn misnamed(outcome: &Outcome, message: &[u8], xml: bool) -> Vec<String> {
    let Outcome { receipt, output, .. } = outcome;
    if !outcome.releases() {
        return vec![];
    }
    let gone: u32 = receipt.elements().map(|(_, counts)| counts.removed + counts.generalised).sum();
    let is_released = receipt.disposition() == Disposition::Released;
    let mut faults = vec![];
    if is_released != (gone + receipt.unmapped() == 0) {
        faults.push(format!("{:?}, with {gone} counted as gone", receipt.disposition()));
    }
    let says = if xml { super::xml::statements } else { super::json::statements };
    let is_of_message = |said: &String| !said.contains(": LIMITED BY LAW: ");
    if is_released && says(message) != says(output).into_iter().filter(is_of_message).collect::<Vec<_>>() {
        faults.push("released, and something of the message is gone".to_owned());
    }
    if !is_released && output == message {
        faults.push("redacted, and the output is the message".to_owned());
    }
    faults
}

fn compare<T>(
    outcome: &mut Outcome,
    prediction: Prediction<T>,
    differences: impl Fn(&T, &str) -> Vec<String>,
) -> Vec<String> {
    match prediction {
        Prediction::Refused(why) if outcome.releases() => vec![format!("released, expected a refusal: {why}")],
        Prediction::Refused(_) => vec![],
        Prediction::Open(why) => {
            outcome.open = Some(why);
            vec![]
        }
        Prediction::Out(_, _) if !outcome.releases() => {
            let reason = outcome.receipt.reason().map(|r| r.code());
            let (at, detail) = (outcome.receipt.offset(), outcome.receipt.detail());
            vec![format!("refused ({reason:?} at {at:?}: {detail:?}), expected an output")]
        }
        Prediction::Out(expected, counts) => {
            let mut faults = match str::from_utf8(&outcome.output) {
                Ok(output) => differences(&expected, output),
                Err(_) => vec!["the output is not UTF-8".to_owned()],
            };
            faults.extend(miscounted(&outcome.receipt, &counts));
            faults
        }
    }
}

fn miscounted(receipt: &Receipt, expected: &Counts) -> Vec<String> {
    let told: Counts = receipt.elements().map(|(id, c)| (id.to_owned(), c.released + c.generalised)).collect();
    let ids: BTreeSet<&String> =
        told.iter().filter(|(_, n)| **n > 0).map(|(id, _)| id).chain(expected.keys()).collect();
    let same = |id: &String| match (told.get(id), expected.get(id)) {
        (Some(told), Some(0)) => *told > 0,
        (told, expected) => told == expected,
    };
    let wrong = ids.into_iter().filter(|id| !same(id));
    wrong.map(|id| format!("{id} counted {:?}, expected {:?}", told.get(id), expected.get(id))).collect()
}

fn line_difference(expected: &Json, output: &Json) -> String {
    let lines = |tree: &Json| render(tree, 0).lines().map(str::to_owned).collect::<Vec<_>>();
    let (expected, output) = (lines(expected), lines(output));
    let first = expected.iter().zip(&output).take_while(|(a, b)| a == b).count();
    let window = |lines: &[String]| lines.iter().skip(first.saturating_sub(4)).take(10).cloned().collect::<Vec<_>>();
    format!("expected\n{}\nbut the output has\n{}", window(&expected).join("\n"), window(&output).join("\n"))
}

fn render(tree: &Json, depth: usize) -> String {
    let pad = "  ".repeat(depth);
    match tree {
        Json::Scalar(lexeme) => format!("{pad}{lexeme}\n"),
        Json::Array(items) => {
            format!("{pad}[\n{}{pad}]\n", items.iter().map(|i| render(i, depth + 1)).collect::<String>())
        }
        Json::Object(members) => {
            members.iter().map(|m| format!("{pad}{}:\n{}", m.lexeme, render(&m.value, depth + 1))).collect()
        }
    }
}

/// Where two outputs part, for reports.
pub fn parting(one: &[u8], two: &[u8]) -> String {
    let same = one.iter().zip(two).take_while(|(a, b)| a == b).count();
    let near = |text: &[u8]| {
        let window = &text[same.saturating_sub(60).min(text.len())..(same + 60).min(text.len())];
        String::from_utf8_lossy(window).into_owned()
    };
    format!("they part at byte {same}:\n{}\n--- and\n{}\n---", near(one), near(two))
}

fn report(faults: &[String], outcome: &Outcome, asker: &Asker, message: &[u8]) -> String {
    format!(
        "{}\n--- asker {asker:?}\n--- message\n{}\n--- output\n{}\n--- end",
        faults.join("\n"),
        String::from_utf8_lossy(message),
        String::from_utf8_lossy(&outcome.output)
    )
}
