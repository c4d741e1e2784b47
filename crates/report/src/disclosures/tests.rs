//! A log that a switch writes while it is read.

use std::fs;

use dmv_redact::{Filter, Requester};
use dmv_redact_log::DisclosureLog;

use super::*;

#[test]
fn p12_what_is_appended_between_the_readings_is_not_counted_and_what_is_missing_then_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let filter = Filter::builder().build().unwrap();
    let log = DisclosureLog::open(&path, &filter).unwrap();
    let append = |id: &str| {
        let requester = Requester::new("AZ0070000").unwrap().correlation_id(id).unwrap();
        let receipt = filter.redact(b"no message", &requester, &mut Vec::new());
        log.append("line 1", &requester, &receipt).unwrap();
    };
    ["q-1", "q-2", "q-1"].into_iter().for_each(append);
    let paths = [path.clone()];
    let (_, scan) = Verifier::default().aggregate(&paths, LogScan::default).unwrap();
    let index = Index::from(scan);
    let counted = || {
        let by = vec![Dimension::Disposition];
        let query = Query { by, ..Query::default() };
        let (totals, _) = count(&paths, Verifier::default(), &query, &index, || Counts::new(&query))?;
        Ok::<_, LogError>((totals.messages, totals.superseded))
    };
    assert_eq!(counted().unwrap(), (2, 1));
    append("q-2");
    assert_eq!(counted().unwrap(), (2, 1));
    let content = fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = content.lines().collect();
    fs::write(&path, lines[..3].join("\n") + "\n").unwrap();
    assert!(matches!(counted(), Err(LogError::Io(message)) if message.ends_with("while it was read: read it again")));
}
