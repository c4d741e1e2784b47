//! What `log report` counts, compared with a plain recount of the same lines.

use std::collections::{BTreeMap, HashMap};
use std::fs;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::{Log, Writer};
use crate::{run_in, text};

/// Numbers without a pattern, the same in every run (a linear congruential generator).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % end as u64) as usize
    }

    fn of<'w>(&mut self, words: &[&'w str]) -> &'w str {
        words[self.below(words.len())]
    }

    /// Some of the words, in any order, perhaps one twice, perhaps none.
    fn some<'w>(&mut self, words: &[&'w str]) -> Vec<&'w str> {
        (0..self.below(words.len() + 1)).map(|_| self.of(words)).collect()
    }

    /// One time in so many.
    fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }
}

const ELEMENTS: [&str; 4] = ["person.name", "person.birth-date", "person.ssn", "biometric.photo"];

fn policy(version: &str) -> Value {
    json!({"name": "test", "version": version, "sha256": "0123456789abcdef".repeat(4)})
}

/// The members of a JSON object, as the writer takes them.
pub(super) fn members(object: &Value) -> String {
    let text = object.to_string();
    text[1..text.len() - 1].to_owned()
}

fn message(numbers: &mut Numbers, number: usize) -> Value {
    let elements: serde_json::Map<String, Value> = numbers
        .some(&ELEMENTS)
        .into_iter()
        .map(|element| {
            let [released, generalised, removed] = [3, 2, 4].map(|end| numbers.below(end));
            (element.into(), json!({"released": released, "generalised": generalised, "removed": removed, "shape": 0}))
        })
        .collect();
    let mut record = json!({
        "source": numbers.of(&["a.ndjson", "b.ndjson", "stdin"]),
        "item": number,
        "disposition": numbers.of(&["released", "redacted", "held", "withheld"]),
        "reason": null,
        "requester": numbers.of(&["AZ0070000", "NV0010000", "VTICE0900"]),
        "agency-classes": numbers.some(&["in-state", "courts", "immigration"]),
        "rules": numbers.some(&["roadside", "no-photo", "case-by-case"]),
        "message-type": numbers.of(&["DR", "RR", "KR"]),
        "elements": elements,
        "bytes-in": numbers.of(&["700", "701"]).parse::<u64>().unwrap(),
        "padding": "x".repeat(200),
    });
    let own = record.as_object_mut().unwrap();
    if numbers.once_in(2) {
        own.insert("id".into(), format!("{:09}.json", numbers.below(400)).into());
    }
    if numbers.once_in(3) {
        own.insert("correlation-id".into(), format!("q-{}", numbers.below(800)).into());
    }
    if numbers.once_in(3) {
        let (month, day) = (9 + numbers.below(3), 1 + numbers.below(28));
        own.insert("time".into(), format!("2026-{month:02}-{day:02}T23:59:59.000001Z").into());
    }
    if numbers.once_in(3) {
        own.insert("date".into(), format!("2026-08-{:02}", 1 + numbers.below(28)).into());
    }
    if numbers.once_in(2) {
        let stated = json!({"purpose": numbers.of(&["C", "F"]), "line": "TC", "user": "CANARY, J"});
        own.insert("stated".into(), stated);
    }
    if numbers.once_in(3) {
        own.insert("stated".into(), json!({"reason": numbers.of(&["T", "12"])}));
    }
    if numbers.once_in(4) {
        own.insert("claims".into(), json!(numbers.some(&["approved", "judicial-warrant"])));
        let instrument = json!({"claim": "judicial-warrant", "issuer": numbers.of(&["federal-judge", "state-judge"]), "number": "CANARY"});
        own.insert("instruments".into(), json!([instrument, {"claim": "subpoena"}]));
    }
    if numbers.once_in(2) {
        own.insert("policy".into(), policy(numbers.of(&["1", "2"])));
    }
    if numbers.once_in(20) {
        own.insert("dry-run".into(), true.into());
    }
    if numbers.once_in(20) {
        own.insert("requester".into(), Value::Null);
    }
    record
}

/// The same record as version 2 has it: lists of data elements instead of counts, mostly by number. The counts stay under a name
/// that no record has, for the recount.
fn in_lists(record: &mut Value, numbers: &mut Numbers) {
    let members = record.as_object_mut().unwrap();
    let elements = members.remove("elements").unwrap();
    for kind in ["released", "generalised", "removed"] {
        let own =
            (0..ELEMENTS.len()).filter(|at| elements[ELEMENTS[*at]][kind].as_u64().is_some_and(|count| count > 0));
        let own: Vec<usize> = own.collect();
        let list = match own[..] {
            [] => continue,
            _ if numbers.once_in(4) => json!(own.iter().map(|at| ELEMENTS[*at]).collect::<Vec<_>>()),
            [0, 1] => json!("0-1"),
            [0, 1, 2, 3] => json!("0-3"),
            [0, 1, 3] => json!("0-1,3"),
            _ => json!(own.iter().map(usize::to_string).collect::<Vec<_>>().join(",")),
        };
        members.insert(kind.to_owned(), list);
    }
    members.insert("recount".to_owned(), elements);
}

/// The counts of a record by data element: of those that a list would have, too.
fn elements(record: &Value) -> serde_json::Map<String, Value> {
    let of_lists = record["recount"].as_object().map(|all| {
        let has_any = |counts: &Value| ["released", "generalised", "removed"].iter().any(|kind| counts[kind] != 0);
        all.iter().filter(|(_, counts)| has_any(counts)).map(|(name, counts)| (name.clone(), counts.clone())).collect()
    });
    of_lists.or_else(|| record["elements"].as_object().cloned()).unwrap_or_default()
}

/// Many messages of several runs, one of which says neither when it began nor under which policy.
fn generated() -> Writer {
    let (mut writer, mut numbers, mut names_in) = (Writer::new(None), Numbers(19), 0);
    for run in 0..6 {
        let mut start = json!({"time": format!("2026-{:02}-15T12:00:00Z", 5 + run), "version": "0.1.0", "policy": policy("run"),
            "keyed": false, "resumed": false, "run": writer.sequence + 1, "torn-bytes": 0});
        if run == 2 {
            start.as_object_mut().unwrap().retain(|name, _| !matches!(name.as_str(), "time" | "policy"));
        }
        match run {
            3 => start["data-elements"] = json!(ELEMENTS),
            4.. => start["names-in"] = json!(names_in),
            _ => {}
        }
        names_in = if run == 3 { writer.sequence + 1 } else { names_in };
        writer.line("start", &members(&start));
        let mut counts = BTreeMap::from(["messages", "released", "redacted", "held", "withheld"].map(|name| (name, 0)));
        for number in 0..1500 {
            let mut record = message(&mut numbers, number);
            if run >= 3 {
                in_lists(&mut record, &mut numbers);
            }
            *counts.get_mut(record["disposition"].as_str().unwrap()).unwrap() += 1;
            *counts.get_mut("messages").unwrap() += 1;
            writer.line("message", &members(&record));
        }
        writer.line("end", &members(&json!(counts)));
    }
    writer
}

/// What a report says: messages, those of dry runs, superseded ones, those without a date, and the rows.
#[derive(Debug, PartialEq, Eq, Default)]
struct Counted {
    totals: [u64; 4],
    rows: BTreeMap<Vec<Option<String>>, [u64; 8]>,
}

/// What is asked of a report.
#[derive(Debug, Clone, Copy, Default)]
struct Asked {
    since: Option<&'static str>,
    until: Option<&'static str>,
    classes: &'static [&'static str],
    requesters: &'static [&'static str],
    by: &'static str,
}

fn strings(list: &Value) -> Vec<String> {
    list.as_array().into_iter().flatten().map(|item| item.as_str().unwrap().to_owned()).collect()
}

/// The values of a record in a column.
fn values(record: &Value, start: &Value, column: &str, asked: Asked) -> Vec<Option<String>> {
    let one = |value: &Value| vec![value.as_str().map(str::to_owned)];
    let day = date(record, start);
    let mut all = match column {
        "month" => return vec![day.map(|day| day[..7].to_owned())],
        "day" => return vec![day],
        "requester" => return vec![Some(record["requester"].as_str().unwrap_or("unknown").to_owned())],
        "disposition" => return one(&record["disposition"]),
        "purpose" | "reason" | "line" => return one(&record["stated"][column]),
        "message-key" => return one(&record["message-type"]),
        "policy" => {
            let policy = if record["policy"].is_null() { &start["policy"] } else { &record["policy"] };
            let version = policy["version"].as_str();
            return vec![version.map(|version| format!("test {version} (0123456789ab)"))];
        }
        "agency" => strings(&record["agency-classes"]),
        "rule" => strings(&record["rules"]),
        "element" => elements(record).keys().cloned().collect(),
        "claim" | "instrument" => {
            let of_instruments = record["instruments"].as_array().into_iter().flatten().map(|instrument| {
                let claim = instrument["claim"].as_str().unwrap().to_owned();
                match instrument["issuer"].as_str().filter(|_| column == "instrument") {
                    Some(issuer) => format!("{claim} by {issuer}"),
                    None => claim,
                }
            });
            let stated = if column == "claim" { strings(&record["claims"]) } else { Vec::new() };
            stated.into_iter().chain(of_instruments).collect()
        }
        _ => panic!("{column}"),
    };
    if column == "agency" && !asked.classes.is_empty() {
        all.retain(|class| asked.classes.contains(&class.as_str()));
    }
    all.sort();
    all.dedup();
    if all.is_empty() { vec![None] } else { all.into_iter().map(Some).collect() }
}

fn date(record: &Value, start: &Value) -> Option<String> {
    let times = [&record["time"], &record["date"], &start["time"]];
    times.into_iter().find_map(Value::as_str).map(|time| time[..10].to_owned())
}

/// What tells the message of a record apart, if anything does.
fn identity(record: &Value) -> Option<String> {
    let who = format!("{} {}", record["requester"], record["stated"]["purpose"]);
    let size = format!("{} {}", record["bytes-in"], record["message-type"]);
    if record["dry-run"] == true {
        return None;
    }
    match (&record["correlation-id"], &record["source"], &record["id"]) {
        (Value::String(id), _, _) => Some(format!("correlation {id} {who} {size}")),
        (_, source, Value::String(id)) if source != "stdin" => Some(format!("source {source} {id} {who} {size}")),
        _ => None,
    }
}

/// Counts the lines as plainly as can be.
fn recount(lines: &[String], asked: Asked) -> Counted {
    let lines: Vec<Value> = lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    let mut last = HashMap::new();
    // The last with which it went out, or else the last.
    let went_out = |record: &Value| record["disposition"] == "released" || record["disposition"] == "redacted";
    for is_out in [false, true] {
        for (at, record) in lines.iter().enumerate().filter(|(_, record)| went_out(record) == is_out) {
            last.extend(identity(record).map(|identity| (identity, at)));
        }
    }
    let mut counted = Counted::default();
    let mut start = &Value::Null;
    for (at, record) in lines.iter().enumerate() {
        if record["record"] == "start" {
            start = record;
        }
        let classes = strings(&record["agency-classes"]);
        let has_class = asked.classes.is_empty() || classes.iter().any(|class| asked.classes.contains(&class.as_str()));
        let requester = record["requester"].as_str().unwrap_or("unknown");
        let has_requester = asked.requesters.is_empty() || asked.requesters.contains(&requester);
        if record["record"] != "message" || !has_class || !has_requester {
            continue;
        }
        let day = date(record, start);
        let is_late = asked.since.is_none_or(|since| day.as_deref().is_some_and(|day| day >= since));
        let is_early = asked.until.is_none_or(|until| day.as_deref().is_some_and(|day| day <= until));
        let is_within = is_late && is_early;
        let is_superseded = identity(record).is_some_and(|identity| last[&identity] != at);
        let [messages, dry, superseded, undated] = &mut counted.totals;
        if record["dry-run"] == true {
            *dry += u64::from(is_within);
            continue;
        }
        if is_superseded {
            *superseded += u64::from(is_within);
            continue;
        }
        *undated += u64::from(day.is_none());
        if !is_within {
            continue;
        }
        *messages += 1;
        let mut keys = vec![Vec::new()];
        for column in asked.by.split(',') {
            let values = values(record, start, column, asked);
            keys = keys
                .into_iter()
                .flat_map(|key| values.iter().map(move |v| [key.clone(), vec![v.clone()]].concat()))
                .collect();
        }
        for key in keys {
            let element = asked.by.split(',').position(|column| column == "element").and_then(|at| key[at].clone());
            let row = counted.rows.entry(key).or_default();
            row[0] += 1;
            for (at, disposition) in ["released", "redacted", "held", "withheld"].iter().enumerate() {
                row[1 + at] += u64::from(record["disposition"] == *disposition);
            }
            for (at, kind) in ["released", "generalised", "removed"].iter().enumerate() {
                let counts = element.as_ref().map(|element| elements(record)[element][kind].as_u64().unwrap());
                row[5 + at] += u64::from(counts.is_some_and(|count| count > 0));
            }
        }
    }
    counted
}

/// What the program says of a log in two files, in JSON.
fn reported(folder: &TempDir, asked: Asked) -> Counted {
    let mut arguments = vec!["log", "report", "second.log", "first.log.zst", "--output", "json", "--by", asked.by];
    arguments.extend(asked.since.iter().flat_map(|since| ["--since", since]));
    arguments.extend(asked.until.iter().flat_map(|until| ["--until", until]));
    arguments.extend(asked.classes.iter().flat_map(|class| ["--class", class]));
    arguments.extend(asked.requesters.iter().flat_map(|requester| ["--requester", requester]));
    let output = run_in(folder.path(), &arguments);
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), ""), "{asked:?}");
    assert!(!text(&output.stdout).contains("CANARY"));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let columns: Vec<&str> = asked.by.split(',').collect();
    assert_eq!(report["by"], json!(columns));
    let rows = report["rows"].as_array().unwrap().iter().map(|row| {
        let key = columns.iter().map(|column| row[*column].as_str().map(str::to_owned)).collect();
        let names = ["messages", "released", "redacted", "held", "withheld"];
        let values = ["element-released", "element-generalised", "element-removed"];
        assert_eq!(row.get(values[0]).is_some(), columns.contains(&"element"));
        let count = |name: &&str| row.get(name).map_or(0, |count| count.as_u64().unwrap());
        let counts: Vec<u64> = names.iter().chain(&values).map(count).collect();
        (key, counts.try_into().unwrap())
    });
    let totals = ["messages", "dry-run-messages", "superseded", "undated"].map(|name| report[name].as_u64().unwrap());
    Counted { totals, rows: rows.collect() }
}

#[test]
fn p12_every_count_is_what_a_plain_recount_of_the_lines_gives() {
    let writer = generated();
    let folder = TempDir::new().unwrap();
    let (first, second) = writer.lines.split_at(4000);
    fs::write(folder.path().join("first.log.zst"), zstd::encode_all(first.concat().as_bytes(), 0).unwrap()).unwrap();
    fs::write(folder.path().join("second.log"), second.concat()).unwrap();
    // More than one piece is read at a time, in the second file.
    assert!(second.concat().len() > 4 << 20 && writer.lines.len() == 9012);
    let all = Asked { by: "requester", ..Asked::default() };
    let some = Asked { classes: &["immigration", "courts"], requesters: &["VTICE0900", "unknown"], ..all };
    for asked in [
        all,
        Asked { by: "month,agency,disposition", ..all },
        Asked { by: "day", ..all },
        Asked { by: "element", ..all },
        Asked { by: "agency,element,rule", ..all },
        Asked { by: "purpose,reason,line,message-key", ..all },
        Asked { by: "claim,instrument", ..all },
        Asked { by: "policy,month", ..all },
        Asked { by: "agency,requester", ..some },
        Asked { by: "day,element", since: Some("2026-08-10"), until: Some("2026-10-15"), ..some },
        Asked { by: "month", until: Some("2026-08-31"), ..all },
        Asked { by: "month", since: Some("2026-10-15"), ..all },
        Asked { by: "month", since: Some("2030-01-01"), ..all },
    ] {
        let counted = recount(&writer.lines, asked);
        assert_eq!(reported(&folder, asked), counted, "{asked:?}");
        let [messages, dry, superseded, undated] = counted.totals;
        assert!(
            undated > 0 && (asked.since == Some("2030-01-01") || messages.min(dry).min(superseded) > 0),
            "{asked:?}"
        );
    }
    // Without columns, what each requester got is the same.
    let output = run_in(folder.path(), &["log", "report", "first.log.zst", "second.log", "--output", "json"]);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let by_element = recount(&writer.lines, Asked { by: "requester,element", ..all });
    for (key, row) in recount(&writer.lines, all).rows {
        let requester = &report["requesters"][key[0].as_ref().unwrap()];
        assert_eq!(requester["messages"], row[0]);
        for element in ELEMENTS {
            let row = by_element.rows[&vec![key[0].clone(), Some(element.to_owned())]];
            let values = json!({"released": row[5], "generalised": row[6], "removed": row[7]});
            assert_eq!(requester["elements"][element], values);
        }
    }
}

fn log_of(records: &[Value]) -> Log {
    let mut writer = Writer::new(None);
    writer.start(1);
    write_run(&mut writer, records);
    Log::new(writer.lines.concat())
}

/// The messages of a run that has begun, and its end.
pub(super) fn write_run(writer: &mut Writer, records: &[Value]) {
    for record in records {
        writer.line("message", &members(record));
    }
    let count = |name: &str| records.iter().filter(|record| record["disposition"] == name).count();
    let [released, redacted, held, withheld] = ["released", "redacted", "held", "withheld"].map(count);
    let counts = json!({"messages": records.len(), "released": released, "redacted": redacted, "held": held, "withheld": withheld});
    writer.line("end", &members(&counts));
}

#[test]
fn p12_a_message_counts_once_as_what_became_of_it_at_last() {
    let record = |disposition: &str, more: Value| {
        let mut record =
            json!({"source": "a.ndjson", "disposition": disposition, "requester": "VTICE0900", "bytes-in": 700});
        record.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        record
    };
    let counted = |records: &[Value]| {
        let output = log_of(records).run("report", &["--by", "day", "--output", "csv"]);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        let told = text(&output.stdout).lines().nth(1).unwrap().split_once(',').unwrap().1.to_owned();
        (told, text(&output.stderr).replacen("dmv-redact: note: ", "", 1))
    };
    let superseded = |count: usize| format!("{count} records are left out, for another one is of the same message\n");
    for id in [json!({"id": "a.ndjson/000000001.json"}), json!({"correlation-id": "q-1"})] {
        // Held, approved, run again.
        let story = [record("held", id.clone()), record("redacted", id.clone()), record("redacted", id.clone())];
        assert_eq!(counted(&story), ("1,0,1,0,0".to_owned(), superseded(2)));
        assert_eq!(counted(&story[..1]), ("1,0,0,1,0".to_owned(), String::new()));
        // What went out once did, whatever a later run withholds.
        let again = [story[1].clone(), record("withheld", id.clone())];
        assert_eq!(counted(&again), ("1,0,1,0,0".to_owned(), superseded(1)));
        // Another message, by its size; another disclosure, by who got it, and for what.
        for (name, value) in [
            ("bytes-in", json!(701)),
            ("message-type", json!("KR")),
            ("requester", json!("AZ0070000")),
            ("stated", json!({"purpose": "IMM"})),
        ] {
            let mut other = story[1].clone();
            other[name] = value;
            assert_eq!(counted(&[story[0].clone(), other]), ("2,0,1,1,0".to_owned(), String::new()), "{name}");
        }
        // A dry run supersedes nothing.
        let mut dry = story[1].clone();
        dry["dry-run"] = true.into();
        let told = "1 messages of dry runs are left out\n".to_owned();
        assert_eq!(counted(&[story[0].clone(), dry]), ("1,0,0,1,0".to_owned(), told));
    }
    // The same name below another input, and through two pipes; no name at all.
    let id = json!({"id": "x/000000001.json"});
    let mut other = record("redacted", id.clone());
    other["source"] = "b.ndjson".into();
    assert_eq!(counted(&[record("held", id.clone()), other]).0, "2,0,1,1,0");
    let mut piped = record("redacted", json!({"id": "stdin/000000001.json"}));
    piped["source"] = "stdin".into();
    assert_eq!(counted(&[piped.clone(), piped]).0, "2,0,2,0,0");
    assert_eq!(counted(&[record("held", json!({})), record("held", json!({}))]).0, "2,0,0,2,0");
}

#[test]
fn p6_cells_are_safe_in_every_form() {
    let hostile = json!({"source": "x", "disposition": "released", "requester": "AZ0070000", "bytes-in": 1,
        "agency-classes": ["=cmd|'/C calc'!A0", "-1", "+1", "@x", "a,b \"c\"", "\u{1b}[2J", "<b>|`x`", "::error::x"]});
    let log = log_of(&[hostile]);
    let csv = log.run("report", &["--by", "agency", "--output", "csv"]);
    let counts = "1,1,0,0,0\r\n";
    let cells = ["'+1", "'-1", "\\u{3a}:error::x", "<b>|`x`", "'=cmd|'/C calc'!A0", "'@x", "\"a,b \"\"c\"\"\""];
    assert!(text(&csv.stdout).starts_with("agency,messages,released,redacted,held,withheld\r\n"));
    for cell in cells {
        assert!(text(&csv.stdout).contains(&format!("\n{cell},{counts}")), "{cell}: {}", text(&csv.stdout));
    }
    assert_eq!(text(&csv.stdout).matches("\r\n").count(), 9);
    let markdown = log.run("report", &["--by", "agency", "--output", "markdown"]);
    let told = text(&markdown.stdout);
    assert!(
        told.starts_with("1 messages: 1 released\n\n| agency | messages |") && told.contains("\n| --- | ---: |"),
        "{told}"
    );
    assert!(told.contains("\n| &lt;b&gt;\\|\\`x\\` | 1 | 1 | 0 | 0 | 0 |\n"), "{told}");
    let plain = log.run("report", &["--by", "requester,purpose"]);
    let table = "every line verified\n1 messages: 1 released\n\n\
        requester  purpose  messages  released  redacted  held  withheld\n\
        AZ0070000  (none)          1         1         0     0         0\n";
    assert_eq!(text(&plain.stdout), table);
    for output in [csv, markdown, log.run("report", &["--by", "agency", "--output", "json"]), plain] {
        assert!(!text(&output.stdout).contains('\u{1b}') && output.status.code() == Some(0));
    }
}

#[test]
fn p8_a_table_of_too_many_rows_is_refused() {
    let names = |count: usize| (0..count).map(|number| format!("r{number}")).collect::<Vec<_>>();
    let elements = |count: usize| -> serde_json::Map<String, Value> {
        names(count).into_iter().map(|name| (name, json!({}))).collect()
    };
    let record = |rules: usize, elements: Value| json!({"source": "x", "disposition": "held", "rules": names(rules), "elements": elements});
    let whole = record(1000, elements(100).into());
    let status = |records: &[Value]| {
        let output = log_of(records).run("report", &["--by", "rule,element", "--output", "csv"]);
        (output.status.code(), text(&output.stdout).lines().count(), text(&output.stderr).to_owned())
    };
    assert_eq!(status(&[whole.clone(), whole.clone()]), (Some(0), 100_001, String::new()));
    let told = "dmv-redact: more than 100000 rows: count by less, or over a shorter time\n".to_owned();
    assert_eq!(status(&[whole.clone(), record(1, json!({"other": {}}))]), (Some(2), 0, told.clone()));
    assert_eq!(status(&[record(1001, elements(100).into())]), (Some(2), 0, told));
}

#[test]
fn what_cant_be_asked_is_told() {
    let log = log_of(&[]);
    for (arguments, told) in [
        (&["--by", "month,mesage-key"][..], "a similar value exists: 'message-key'"),
        (&["--by", "user"], "[possible values: month, day, agency, requester, element, disposition,"),
        (&["--by", "month,month"], "--by: `month` is given twice"),
        (&["--since", "2026-12-01", "--until", "2026-11-30"], "--since: 2026-12-01 is after --until 2026-11-30"),
        (&["--since", "yesterday"], "write a day of the calendar as YYYY-MM-DD"),
        (&["--requester", "az0070000"], "invalid value 'az0070000' for '--requester <ORI>'"),
        (&["--output", "csv"], "--by"),
        (&["--output", "markdown"], "--by"),
    ] {
        let output = log.run("report", arguments);
        assert_eq!((output.status.code(), text(&output.stdout)), (Some(2), ""), "{arguments:?}");
        assert!(text(&output.stderr).contains(told), "{arguments:?}: {}", text(&output.stderr));
    }
    let days = ["--since", "2026-11-23", "--until", "2026-11-23", "--requester", "unknown"];
    assert_eq!(log.run("report", &days).status.code(), Some(0));
}
