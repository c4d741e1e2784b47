//! A day at a switch: as many queries as are asked for, of a hundred agencies, three in a thousand of them by immigration offices,
//! recorded by eight threads. `.ci/day` publishes the log and counts it again.
//!
//! `day LOG [QUERIES]`: the log must be new; 100,000 queries if left out. The same numbers give the same queries; the threads and
//! the clock decide order and times.

#![allow(missing_docs, reason = "nobody links an example")]

use std::error::Error;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use dmv_redact::{Disposition, Filter, Instrument, Receipt, Requester};
use dmv_redact_log::{DisclosureLog, LogOptions, Rotation};

type Failure = Box<dyn Error + Send + Sync>;

const THREADS: usize = 8;
/// Queries that are recorded at once.
const BATCH: usize = 64;
const AGENCIES: usize = 100;
/// Bytes of a file of the log for each query of the day: some files, however many queries.
const FILE_BYTES: u64 = 90;

/// A linear congruential generator: its high bits will do, and need no dependency.
struct Random(u64);

impl Random {
    /// Of a query: queries differ, whichever thread has them.
    fn of(query: usize) -> Self {
        let mut random = Self((query as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        random.below(2);
        random
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit.max(1)
    }

    /// Whether it is one of so many in a thousand.
    fn in_thousand(&mut self, count: u64) -> bool {
        self.below(1000) < count
    }

    /// One of several, each as often as its number says.
    fn weighted<'c, T>(&mut self, choices: &'c [(u64, T)]) -> Option<&'c T> {
        let mut at = self.below(choices.iter().map(|(weight, _)| weight).sum());
        let place = choices.iter().find(|(weight, _)| match at.checked_sub(*weight) {
            Some(rest) => {
                at = rest;
                false
            }
            None => true,
        });
        place.map(|(_, choice)| choice)
    }
}

/// A shipped response, in two parts with the requester of its envelope between them each time.
struct Message {
    parts: Vec<String>,
}

/// Fixtures: how often in so many, the name, and the requester that their envelope names.
const MESSAGES: [(u64, &str, &str); 16] = [
    (220, "rr-in-state-police/message.xml", "AZ0070000"),
    (160, "dr-compact/message.xml", "AZ0070000"),
    (120, "dr-ssn-in-name/message.xml", "AZ0070000"),
    (90, "kr-history/message.xml", "AZ0070000"),
    (90, "niem52-dr-in-state-police/message.xml", "AZ0070000"),
    (90, "niem52-json-dr-in-state-police/message.json", "AZ0070000"),
    (70, "mdl-in-state-police/message.json", "AZ0070000"),
    (50, "niem52-kr-history/message.xml", "NV0070000"),
    (40, "niem-json-dr-in-state-police/message.json", "AZ0070000"),
    (30, "dr-in-state-police/message.xml", "AZ0070000"),
    (20, "niem-json-list/message.json", "AZ0070000"),
    (10, "rpr-partial-plate/message.xml", "AZ0070000"),
    (4, "niem-json-references/message.json", "AZ0070000"),
    // What can't be read, and what names two requesters.
    (3, "dr-truncated/message.xml", "AZ0070000"),
    (2, "niem-json-duplicate/message.json", "AZ0070000"),
    (1, "dr-two-destinations/message.xml", "AZ0070000"),
];

impl Message {
    fn read(root: &Path, name: &str, requester: &str) -> Result<Self, Failure> {
        let text = std::fs::read_to_string(root.join("fixtures").join(name))?;
        let parts: Vec<String> = text.split(requester).map(str::to_owned).collect();
        if parts.len() < 2 {
            return Err(format!("{name} doesn't name {requester}").into());
        }
        Ok(Self { parts })
    }

    fn to(&self, ori: &str) -> Vec<u8> {
        self.parts.join(ori).into_bytes()
    }
}

/// Who asks.
struct Agencies {
    immigration: Vec<String>,
    others: Vec<(u64, String)>,
}

impl Agencies {
    /// A hundred: most are police, one in the roster of federal offices, some in no class.
    fn new() -> Self {
        // Of those that no roster has, the shapes of the policy's classes.
        let immigration = ["VTICE0900", "MAICE0100", "MAERO0200", "NYHSI0300", "VTUSCIS01", "MACBP0100", "NYUSBP010"];
        let named = ["VADEADX00", "ON1230000", "XX0000000", "MAXYZ0100"];
        let bureaus = ["MA", "NH", "CT", "RI", "VT", "NY", "ME", "NJ", "PA"];
        let states = ["NH", "CT", "RI", "VT", "NY", "ME", "NJ", "PA", "FL", "TX"];
        let mut others: Vec<(u64, String)> = named.iter().map(|ori| (1, (*ori).to_owned())).collect();
        others.extend(bureaus.iter().map(|state| (3, format!("{state}OLN0000"))));
        let police = AGENCIES - immigration.len() - others.len();
        let (abroad, at_home) = (states.len() * 3, police - states.len() * 3);
        others
            .extend((0..abroad).filter_map(|at| Some((4, format!("{}0{:02}0100", states.get(at % 10)?, at / 10 + 1)))));
        others.extend((0..at_home).map(|at| (20 + at as u64, format!("MA0{:02}{:02}00", at % 14 + 1, at / 14 + 1))));
        Self { immigration: immigration.map(str::to_owned).to_vec(), others }
    }
}

/// A query, and what the switch vouches for.
#[derive(Clone)]
struct Query {
    number: usize,
    message: usize,
    request: Requester,
}

/// A query that waits for a person.
struct Held {
    query: Query,
    ori: String,
    has_instrument: bool,
}

struct Switch {
    filter: Filter,
    log: DisclosureLog,
    messages: Vec<Message>,
    /// Their places, as often as they come.
    kinds: Vec<(u64, usize)>,
    agencies: Agencies,
    queries: usize,
    recorded: AtomicUsize,
    released: AtomicUsize,
}

impl Switch {
    /// Whether it is one of the three in a thousand by immigration offices.
    fn is_by_immigration(&self, number: usize) -> bool {
        let count = (self.queries * 3).div_ceil(1000);
        number * count / self.queries != (number + 1) * count / self.queries
    }

    fn query(&self, number: usize, random: &mut Random) -> Result<(Query, String, bool), Failure> {
        let message = *random.weighted(&self.kinds).ok_or("there is no message")?;
        let is_by_immigration = self.is_by_immigration(number);
        let ori = if is_by_immigration {
            let office = random.weighted(&[(24, 0), (5, 1), (5, 2), (5, 3), (2, 4), (4, 5), (1, 6)]).copied();
            office.and_then(|office| self.agencies.immigration.get(office)).cloned()
        } else {
            random.weighted(&self.agencies.others).cloned()
        };
        let ori = ori.ok_or("there is no agency")?;
        let request = Requester::new(&ori)?.correlation_id(&format!("day-{number:06}"))?;
        if !is_by_immigration {
            let request = match random.below(100) {
                0..60 => request,
                60..90 => request.purpose("C"),
                90..94 => request.purpose("J"),
                94..98 => request.purpose("C").claim("photo-request"),
                // One of these is for immigration enforcement, whoever asks.
                98 if random.in_thousand(30) => request.purpose("IMM"),
                // A purpose that the policy doesn't declare.
                98 if random.in_thousand(20) => request.purpose("Q"),
                _ => request.purpose("E"),
            };
            return Ok((Query { number, message, request }, ori, false));
        }
        let paper = |claim: &str, issuer: Option<&str>| -> Result<Instrument, Failure> {
            let paper = Instrument::new(claim).number(format!("26-{number:06}")).date("2026-11-30")?;
            let paper = issuer.into_iter().fold(paper, Instrument::issuer);
            Ok(["person.name", "person.birth-date", "license", "person.address"]
                .into_iter()
                .fold(paper, Instrument::specifies))
        };
        let request = if random.in_thousand(400) { request.purpose("IMM") } else { request };
        let request = match random.below(100) {
            0..12 => request.instrument(paper("court-order", Some("federal-judge"))?),
            12..15 => request.instrument(paper("court-order", Some("state-judge"))?),
            15..21 => request.instrument(paper("article-iii-warrant", Some("article-iii-judge"))?),
            21..23 => request.instrument(paper("grand-jury-subpoena", Some("federal-grand-jury"))?),
            23..25 => request.instrument(paper("federal-law-requires", None)?).claim("impedes-investigation"),
            25..27 => request
                .instrument(paper("court-order", Some("federal-judge"))?)
                .instrument(paper("article-iii-warrant", Some("article-iii-judge"))?),
            // Not the paper of a court: the policy has no such issuer.
            27..32 => request.instrument(paper("court-order", Some("immigration-judge"))?),
            _ => return Ok((Query { number, message, request }, ori, false)),
        };
        Ok((Query { number, message, request }, ori, true))
    }

    /// Redacts and records; what is held waits for a person, and some messages come twice.
    fn answer(&self, numbers: std::ops::Range<usize>, held: &mut Vec<Held>) -> Result<(), Failure> {
        let mut records: Vec<(Requester, Receipt)> = Vec::with_capacity(BATCH);
        let mut again = Vec::new();
        for number in numbers {
            let random = &mut Random::of(number);
            let (query, ori, has_instrument) = self.query(number, random)?;
            let receipt = self.redact(&query, &ori)?;
            if receipt.disposition().releases() && random.in_thousand(4) {
                // What went out once did, whatever a later run says.
                let is_other = random.in_thousand(300);
                let request = if is_other { query.request.clone().purpose("Q") } else { query.request.clone() };
                again.push((Query { request, ..query.clone() }, ori.clone()));
            }
            if receipt.disposition() == Disposition::Held {
                held.push(Held { query: query.clone(), ori, has_instrument });
            }
            records.push((query.request, receipt));
        }
        self.record(&records)?;
        let again = again.into_iter().map(|(query, ori)| {
            let receipt = self.redact(&query, &ori)?;
            Ok((query.request, receipt))
        });
        self.record(&again.collect::<Result<Vec<_>, Failure>>()?)
    }

    /// What a person decided: most with a paper are approved; without one nothing can be, and an approval is a denial. Some wait.
    fn review(&self, held: &[Held]) -> Result<(), Failure> {
        let mut records = Vec::new();
        for Held { query, ori, has_instrument } in held {
            let random = &mut Random::of(query.number + self.queries);
            let is_decided = if *has_instrument { random.in_thousand(800) } else { random.in_thousand(500) };
            if random.in_thousand(100) {
                // Run again before anybody decided.
                records.push((query.request.clone(), self.redact(query, ori)?));
            }
            if is_decided {
                let request = query.request.clone().claim("approved").approved_by("R. Roe")?;
                let query = Query { request, ..query.clone() };
                let receipt = self.redact(&query, ori)?;
                records.push((query.request, receipt));
            }
        }
        records.chunks(BATCH).try_for_each(|records| self.record(records))
    }

    fn redact(&self, query: &Query, ori: &str) -> Result<Receipt, Failure> {
        let message = self.messages.get(query.message).ok_or("there is no such message")?;
        Ok(self.filter.redact(&message.to(ori), &query.request, &mut Vec::new()))
    }

    fn record(&self, records: &[(Requester, Receipt)]) -> Result<(), Failure> {
        self.log.append_all(records.iter().map(|(request, receipt)| ("line 1", request, receipt)))?;
        let released = records.iter().filter(|(_, receipt)| receipt.disposition().releases()).count();
        self.recorded.fetch_add(records.len(), Ordering::Relaxed);
        self.released.fetch_add(released, Ordering::Relaxed);
        Ok(())
    }

    /// Eight threads, each with the next batch.
    fn run(&self) -> Result<(), Failure> {
        let next = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            let work = || {
                let mut held = Vec::new();
                loop {
                    let first = next.fetch_add(BATCH, Ordering::Relaxed);
                    if first >= self.queries {
                        break self.review(&held);
                    }
                    self.answer(first..self.queries.min(first + BATCH), &mut held)?;
                }
            };
            let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(work)).collect();
            threads.into_iter().try_for_each(|thread| thread.join().map_err(|_| "a thread panicked")?)
        })
    }
}

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (log, queries) = match arguments.as_slice() {
        [log] => (Path::new(log), 100_000),
        [log, queries] => (Path::new(log), queries.parse()?),
        _ => return Err("day LOG [QUERIES]".into()),
    };
    if log.exists() {
        return Err("the log is there already".into());
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let filter = Filter::builder().policy_path(root.join("policies/massachusetts.toml")).build()?;
    filter.warm();
    let messages = MESSAGES.iter().map(|(_, name, requester)| Message::read(&root, name, requester));
    let rotation = Rotation::after_bytes(queries as u64 * FILE_BYTES);
    let switch = Switch {
        log: LogOptions::default().rotate(rotation).service("msw-1").open(log, &filter)?,
        filter,
        messages: messages.collect::<Result<_, _>>()?,
        kinds: MESSAGES.iter().enumerate().map(|(place, (weight, ..))| (*weight, place)).collect(),
        agencies: Agencies::new(),
        queries,
        recorded: AtomicUsize::new(0),
        released: AtomicUsize::new(0),
    };
    let began = Instant::now();
    switch.run()?;
    let seconds = began.elapsed().as_secs_f64();
    let Switch { log, recorded, released, agencies, .. } = switch;
    log.end()?;
    let (recorded, released) = (recorded.into_inner(), released.into_inner());
    let agencies = agencies.immigration.len() + agencies.others.len();
    println!(
        "{queries} queries of {agencies} agencies: {recorded} records, {released} of them released, in {seconds:.1} s, {:.0} a second",
        recorded as f64 / seconds
    );
    Ok(())
}
