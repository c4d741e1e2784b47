//! The traffic of fifty states, each message another: how fast the filter is with it beside its peers, how long single
//! messages take, and how far the goals are reached.
//!
//! The contestants take turns, message series by message series, in several rounds of which each one's fastest counts: what
//! else the machine does makes it slower. All times are processor times of this thread.

use std::fmt::Write as _;
use std::hint::black_box;

use dmv_redact::{Filter, Requester};
use dmv_redact_traffic::{Class, Message, Traffic};

use crate::allow_list::AllowList;
use crate::messages::Syntax;
use crate::peers::{self, Peer};
use crate::timing::{processor_time, quantile};

const SEED: u64 = 1;
/// Messages of a class without photos, of one with photos, and of the mixture that single messages are timed in.
const MESSAGES: usize = 30_000;
const WITH_PHOTOS: usize = 6_000;
const MIXED: usize = 30_000;
const ROUNDS: usize = 5;
/// The peers' allow list is what the filter's output holds of so many messages, whoever asked: some requesters get less, so
/// the peers write a little more than the filter.
const SAMPLE: usize = 2_000;
/// So many outputs of each peer are compared with the filter's: each made with the list of that one output.
const COMPARED: usize = 200;

/// Messages of a class, each with who asks for it.
pub struct Series {
    pub class: Class,
    pub messages: Vec<(Message, Requester)>,
}

impl Series {
    pub fn new(class: Class, count: usize) -> Self {
        let with_requester = |message: Message| {
            let requester = Requester::new(&message.ori).unwrap();
            let requester = message.purpose.into_iter().fold(requester, Requester::purpose);
            (message, requester)
        };
        Self { class, messages: Traffic::new(SEED, class).take(count).map(with_requester).collect() }
    }

    pub fn syntax(&self) -> Syntax {
        if matches!(self.class, Class::Json | Class::JsonPhotos) { Syntax::Json } else { Syntax::Xml }
    }

    pub fn bytes(&self) -> usize {
        self.messages.iter().map(|(message, _)| message.bytes.len()).sum()
    }

    /// The allow list of the peers, and the peers that can do the job: lol_html is no parser of XML.
    pub fn peers(&self, filter: &Filter) -> (AllowList, Vec<Box<dyn Peer>>) {
        let mut inputs = Vec::new();
        let mut outputs = Vec::new();
        for (message, requester) in self.messages.iter().take(SAMPLE) {
            let mut out = Vec::new();
            if filter.redact(&message.bytes, requester, &mut out).disposition().releases() {
                inputs.push(&message.bytes);
                outputs.push(out);
            }
        }
        let list = |outputs: &[Vec<u8>]| match self.syntax() {
            Syntax::Json => AllowList::of_json(outputs),
            Syntax::Xml => AllowList::of_xml(outputs),
        };
        let mut peers = peers::of(self.syntax(), &outputs[0]);
        peers.retain(|peer| peer.name() != "lol_html");
        let mut out = Vec::new();
        // The filter gives objects other ids, which no allow list does.
        let has_id = |output: &[u8]| [b"\"@id\"".as_slice(), b":id="].iter().any(|id| memmem(output, id));
        let without_ids = inputs.iter().zip(&outputs).filter(|(_, output)| !has_id(output));
        for (input, output) in without_ids.take(COMPARED) {
            let list = list(std::slice::from_ref(output));
            for peer in &mut peers {
                peer.redact(input, &list, &mut out);
                let show = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
                assert!(
                    peers::is_alike(self.syntax(), &out, output),
                    "{}: another result\n{}\n{}\n{}",
                    peer.name(),
                    show(input),
                    show(&out),
                    show(output)
                );
            }
        }
        (list(&outputs), peers)
    }
}

fn memmem(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

/// How fast everyone was with a class, in GB of input per second of processor time.
struct Speeds {
    class: Class,
    mean_length: usize,
    one: f64,
    two: f64,
    peers: Vec<(&'static str, f64)>,
}

impl Speeds {
    fn measure(class: Class, count: usize) -> Self {
        let series = Series::new(class, count);
        let [one, two] = [false, true].map(|twice| Filter::builder().second_reading(twice).build().unwrap());
        let (list, mut peers) = series.peers(&two);
        let mut fastest = vec![f64::INFINITY; 2 + peers.len()];
        let mut written = vec![0; 2 + peers.len()];
        let mut out = Vec::new();
        for _ in 0..ROUNDS {
            for (place, fastest) in fastest.iter_mut().enumerate() {
                let start = processor_time();
                for (message, requester) in &series.messages {
                    let message = black_box(&message.bytes);
                    match place {
                        0 => drop(black_box(one.redact(message, requester, &mut out))),
                        1 => drop(black_box(two.redact(message, requester, &mut out))),
                        _ => peers[place - 2].redact(message, &list, &mut out),
                    }
                    written[place] += black_box(&out).len();
                }
                *fastest = fastest.min((processor_time() - start).as_secs_f64());
            }
        }
        // A peer that writes less does another job.
        let least = written[0] / 100 * 97;
        assert!(written.iter().all(|written| *written > least), "{}: bytes written: {written:?}", class.name());
        let bytes = series.bytes();
        let speeds: Vec<f64> = fastest.iter().map(|seconds| bytes as f64 / seconds / 1e9).collect();
        let peers = peers.iter().map(|peer| peer.name()).zip(speeds[2..].iter().copied()).collect();
        Self { class, mean_length: bytes / series.messages.len(), one: speeds[0], two: speeds[1], peers }
    }

    fn fastest_peer(&self) -> f64 {
        self.peers.iter().map(|(_, speed)| *speed).fold(0.0, f64::max)
    }

    fn peer(&self, name: &str) -> f64 {
        self.peers.iter().find(|(peer, _)| *peer == name).map_or(f64::NAN, |(_, speed)| *speed)
    }

    /// Microseconds a message at some speed.
    fn microseconds(&self, speed: f64) -> f64 {
        self.mean_length as f64 / speed / 1e3
    }
}

/// Microseconds of single messages: the median, the 99th and the 99.9th percentile; of each the lowest of the rounds.
fn latency() -> [f64; 3] {
    let series = Series::new(Class::Mixed, MIXED);
    let filter = Filter::builder().build().unwrap();
    let mut out = Vec::new();
    let mut lowest = [f64::INFINITY; 3];
    let mut times = Vec::with_capacity(MIXED);
    // The first round is for what a filter that has just been built does once.
    for round in 0..=ROUNDS {
        times.clear();
        for (message, requester) in &series.messages {
            let start = processor_time();
            drop(black_box(filter.redact(black_box(&message.bytes), requester, &mut out)));
            times.push((processor_time() - start).as_secs_f64() * 1e6);
        }
        times.sort_by(f64::total_cmp);
        if round > 0 {
            for (lowest, fraction) in lowest.iter_mut().zip([0.5, 0.99, 0.999]) {
                *lowest = lowest.min(quantile(&times, fraction));
            }
        }
    }
    lowest
}

/// Class, whether with two readings, how many times as fast as whom.
const GOALS: [(Class, bool, f64, &str); 8] = [
    (Class::Json, false, 1.2, FASTEST),
    (Class::Json, true, 1.8, "serde_json"),
    (Class::Xml, false, 4.0, "quick-xml"),
    (Class::Xml, true, 1.4, "quick-xml"),
    (Class::JsonPhotos, false, 1.1, FASTEST),
    (Class::JsonPhotos, true, 0.7, FASTEST),
    (Class::XmlPhotos, false, 2.0, "quick-xml"),
    (Class::XmlPhotos, true, 1.2, "quick-xml"),
];
const FASTEST: &str = "the fastest peer";
/// The 99.9th percentile may take so many times the median.
const TAIL: f64 = 8.0;

/// Measures everything, and makes a table of it.
pub fn report() -> String {
    let classes =
        Class::PURE.map(|class| (class, if class.name().ends_with("photos") { WITH_PHOTOS } else { MESSAGES }));
    let speeds = classes.map(|(class, count)| Speeds::measure(class, count));
    let mut text =
        "GB (10^9 bytes) of input per second of processor time, one thread, purpose C; in brackets microseconds a \
                    message.\n\n"
            .to_owned();
    table(&mut text, &speeds[0..3].iter().step_by(2).collect::<Vec<_>>());
    table(&mut text, &speeds[1..4].iter().step_by(2).collect::<Vec<_>>());
    text += "| goal | measured | reached |\n| --- | --- | --- |\n";
    for (class, is_two, goal, whom) in GOALS {
        let speeds = speeds.iter().find(|speeds| speeds.class == class).unwrap();
        let other = if whom == FASTEST { speeds.fastest_peer() } else { speeds.peer(whom) };
        let measured = if is_two { speeds.two } else { speeds.one } / other;
        let readings = if is_two { "two readings" } else { "one reading" };
        let reached = if measured >= goal { "yes" } else { "no" };
        let _ = writeln!(text, "| {}, {readings}: {goal} x {whom} | {measured:.2} | {reached} |", class.name());
    }
    let [p50, p99, p999] = latency();
    let reached = if p999 / p50 < TAIL { "yes" } else { "no" };
    let _ = writeln!(text, "| mixed, two readings: p99.9 under {TAIL} x p50 | {:.1} | {reached} |", p999 / p50);
    let _ =
        writeln!(text, "\nSingle messages, mixed, two readings: p50 {p50:.2} µs, p99 {p99:.2} µs, p99.9 {p999:.2} µs.");
    text
}

fn table(text: &mut String, rows: &[&Speeds]) {
    let peers: Vec<&str> = rows[0].peers.iter().map(|(name, _)| *name).collect();
    let _ = writeln!(text, "| class | bytes | one reading | two readings | {} |", peers.join(" | "));
    let _ = writeln!(text, "|{}", " --- |".repeat(4 + peers.len()));
    for row in rows {
        let all = [row.one, row.two].into_iter().chain(row.peers.iter().map(|(_, speed)| *speed));
        let cells: Vec<String> = all.map(|speed| format!("{speed:.3} ({:.2})", row.microseconds(speed))).collect();
        let _ = writeln!(text, "| {} | {} | {} |", row.class.name(), row.mean_length, cells.join(" | "));
    }
    text.push('\n');
}
