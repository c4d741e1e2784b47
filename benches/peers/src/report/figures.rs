//! Throughput as criterion left it, and the tables of it.
//!
//! A figure is the lower quartile of the samples' times per iteration: a median moves with what else the machine does.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::messages::{Class, Syntax, classes};
use crate::timing::quantile;

/// The filter with one reading; with two; the limits.
pub(super) const ONE: &str = "dmv-redact";
pub(super) const TWO: &str = "dmv-redact-two-readings";
pub(super) const MEMCPY: &str = "memcpy";
const UTF8: &str = "simdutf8";

const JSON_PEERS: [&str; 5] = ["serde_json", "sonic-rs-dom", "sonic-rs-lazy", "sonic-rs-visitor", "simd-json"];
const XML_PEERS: [&str; 3] = ["quick-xml", "roxmltree", "lol_html"];
const MAIN: [&str; 4] = ["json-dense", "json-photo", "xml-dense", "xml-photo"];
const DECISIONS: [(&str, &str); 3] = [
    ("cached-one-requester", "cached, one requester"),
    ("cached-many-requesters", "cached, 16,384 requesters in turn"),
    ("computed", "computed for every message"),
];
const GIB: f64 = (1_u64 << 30) as f64;

/// Seconds per message and its bytes, by class and by who did it.
pub(super) struct Figures(BTreeMap<(String, String), (f64, f64)>);

impl Figures {
    pub(super) fn read(folder: &Path) -> Self {
        let mut figures = BTreeMap::new();
        for group in fs::read_dir(folder).into_iter().flatten().flatten() {
            for bench in fs::read_dir(group.path()).into_iter().flatten().flatten() {
                let name = |entry: &fs::DirEntry| entry.file_name().to_string_lossy().into_owned();
                if let Some(figure) = read_figure(&bench.path().join("new")) {
                    figures.insert((name(&group), name(&bench)), figure);
                }
            }
        }
        Self(figures)
    }

    fn figure(&self, class: &str, who: &str) -> Option<(f64, f64)> {
        self.0.get(&(class.to_owned(), who.to_owned())).copied()
    }

    /// GiB of input per second.
    pub(super) fn speed(&self, class: &str, who: &str) -> Option<f64> {
        self.figure(class, who).map(|(seconds, bytes)| bytes / seconds / GIB)
    }

    /// How many times as fast one is as another.
    pub(super) fn ratio(&self, class: &str, who: &str, other: &str) -> Option<f64> {
        Some(self.speed(class, who)? / self.speed(class, other)?)
    }

    /// The fastest peer.
    pub(super) fn best(&self, class: &str) -> Option<&'static str> {
        let peers = if class.starts_with("json") { JSON_PEERS.as_slice() } else { XML_PEERS.as_slice() };
        let speeds = peers.iter().filter_map(|peer| Some((*peer, self.speed(class, peer)?)));
        speeds.max_by(|one, other| one.1.total_cmp(&other.1)).map(|(peer, _)| peer)
    }

    pub(super) fn tables(&self) -> String {
        let of = |syntax: Syntax| classes().into_iter().filter(move |class| class.syntax == syntax).collect::<Vec<_>>();
        [
            "GiB of input per second of processor time; a dash where the result would be another or the job can't be done.".to_owned(),
            self.table(&of(Syntax::Json), &JSON_PEERS),
            self.table(&of(Syntax::Xml), &XML_PEERS),
            "lol_html is no XML parser: it is told the names with their prefixes instead of namespaces, and leaves out what a \
             path would decide. Where prefixes change from message to message it can't do the job."
                .to_owned(),
            "What the policy's decision costs, on `json-dense`:".to_owned(),
            self.decisions(),
        ]
        .join("\n\n")
    }

    pub(super) fn table_of_main(&self) -> Option<String> {
        self.speed(MAIN[0], ONE)?;
        let of = |syntax: Syntax| {
            let main = classes().into_iter().filter(move |class| class.syntax == syntax && MAIN.contains(&class.name));
            main.collect::<Vec<_>>()
        };
        Some([self.table(&of(Syntax::Json), &JSON_PEERS), self.table(&of(Syntax::Xml), &XML_PEERS)].join("\n\n"))
    }

    fn table(&self, classes: &[Class], peers: &[&str]) -> String {
        let ours = ["class", "bytes", MEMCPY, UTF8, "one reading", "two readings"];
        let ratios = ["one ÷ memcpy", "one ÷ best peer", "two ÷ best peer", "time of two ÷ one"];
        let mut rows = vec![[&ours, peers, &ratios].concat().join(" | ")];
        rows.push(vec!["---"; ours.len() + peers.len() + ratios.len()].join(" | "));
        for class in classes {
            let mut cells = vec![class.name.to_owned(), class.mean_length().to_string()];
            let speeds = [MEMCPY, UTF8, ONE, TWO].into_iter().chain(peers.iter().copied());
            cells.extend(speeds.map(|who| cell(self.speed(class.name, who))));
            let best = self.best(class.name).unwrap_or_default();
            let pairs = [(ONE, MEMCPY), (ONE, best), (TWO, best), (ONE, TWO)];
            cells.extend(pairs.map(|(who, other)| cell(self.ratio(class.name, who, other))));
            rows.push(cells.join(" | "));
        }
        rows.iter().map(|row| format!("| {row} |")).collect::<Vec<_>>().join("\n")
    }

    fn decisions(&self) -> String {
        let mut rows = vec!["| decision | microseconds a message |".to_owned(), "| --- | --- |".to_owned()];
        for (id, name) in DECISIONS {
            let microseconds = self.figure("decision", id).map(|(seconds, _)| seconds * 1e6);
            rows.push(format!("| {name} | {} |", cell(microseconds)));
        }
        rows.join("\n")
    }
}

/// Two or three digits that count.
pub(super) fn cell(value: Option<f64>) -> String {
    match value {
        None => "–".to_owned(),
        Some(value) if value < 0.0995 => format!("{value:.3}"),
        Some(value) if value < 9.995 => format!("{value:.2}"),
        Some(value) if value < 99.95 => format!("{value:.1}"),
        Some(value) => format!("{value:.0}"),
    }
}

/// Seconds per iteration and bytes, from the folder of one bench.
fn read_figure(folder: &Path) -> Option<(f64, f64)> {
    let read = |name: &str| -> Option<Value> { serde_json::from_slice(&fs::read(folder.join(name)).ok()?).ok() };
    let sample = read("sample.json")?;
    let numbers =
        |name: &str| -> Option<Vec<f64>> { sample.get(name)?.as_array()?.iter().map(Value::as_f64).collect() };
    let (iterations, times) = (numbers("iters")?, numbers("times")?);
    let mut seconds: Vec<f64> = times.iter().zip(&iterations).map(|(time, count)| time / count / 1e9).collect();
    seconds.sort_by(f64::total_cmp);
    let bytes = read("benchmark.json")?.get("throughput")?.get("Bytes")?.as_f64()?;
    Some((quantile(&seconds, 0.25), bytes))
}
