//! The corpus: what becomes of each fixture for some requests, as digests of output and receipt. Whatever calls the library
//! must come to the same: the command line, a binding, a service.
//!
//! `fixtures/corpus.tsv` has a line for each: the policy and the key of its tokens, the message, what the request says
//! (requester, purpose, claims, instruments, date), then the disposition, the SHA-256 of the output and that of the receipt's
//! JSON. `-` is nothing; paths are relative to the top of the repository.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use dmv_redact::{Filter, Instrument, Requester};
use dmv_redact_testing::{folders, root, sha256};

const HEAD: &str =
    "policy\ttoken key\tmessage\trequester\tpurpose\tclaims\tinstruments\tdate\tdisposition\toutput\treceipt\n";

/// The built-in one, one with rosters, dates and duties, and one with tokens and the key of them.
const POLICIES: [[&str; 2]; 3] = [
    ["-", "-"],
    ["policies/massachusetts.toml", "-"],
    ["tests/corpus/tokens.toml", "a key for the corpus, of 32 bytes or more"],
];

/// Requester, purpose, claims, instruments.
const REQUESTS: [[&str; 4]; 5] = [
    ["-", "-", "-", "-"],
    ["AZ0070000", "C", "-", "-"],
    ["VTICE0900", "IMM", "-", "-"],
    ["VTICE0900", "IMM", "approved", "-"],
    [
        "VTICE0900",
        "IMM",
        "approved",
        "claim=court-order,issuer=federal-judge,number=2:26-mj-1,date=2026-11-30,specifies=person.name,specifies=license",
    ],
];

const DATE: &str = "2026-12-01";

fn messages() -> Vec<PathBuf> {
    let folders = folders(&root().join("fixtures"));
    let files = folders.iter().flat_map(|folder| ["message.xml", "message.json"].map(|name| folder.join(name)));
    files.filter(|file| file.is_file()).collect()
}

fn stated(text: &str) -> Option<&str> {
    Some(text).filter(|text| *text != "-")
}

fn requester([requester, purpose, claims, instruments]: [&str; 4]) -> Requester {
    let mut own = stated(requester).map_or_else(Requester::from_envelope, |ori| Requester::new(ori).unwrap());
    own = stated(purpose).into_iter().fold(own, Requester::purpose);
    own = stated(claims).into_iter().flat_map(|claims| claims.split(' ')).fold(own, Requester::claim);
    let instruments = stated(instruments).into_iter().flat_map(|all| all.split(' '));
    own = instruments.map(|text| text.parse::<Instrument>().unwrap()).fold(own, Requester::instrument);
    own.date(DATE).unwrap()
}

fn corpus() -> String {
    let mut lines = HEAD.to_owned();
    for [policy, key] in POLICIES {
        let builder = Filter::builder();
        let builder = match stated(key) {
            Some(key) => builder.token_key_bytes(key),
            None => builder,
        };
        let filter = match stated(policy) {
            Some(path) => builder.policy_path(root().join(path)),
            None => builder,
        };
        let filter = filter.build().unwrap();
        for path in messages() {
            let message = fs::read(&path).unwrap();
            let name = path.strip_prefix(root()).unwrap().iter().map(|part| part.to_str().unwrap());
            let name = name.collect::<Vec<_>>().join("/");
            for request in REQUESTS {
                let mut output = Vec::new();
                let receipt = filter.redact(&message, &requester(request), &mut output);
                let json = serde_json::to_vec(&receipt).unwrap();
                let disposition = receipt.disposition().name();
                let request = request.join("\t");
                let (output, receipt) = (sha256(&output), sha256(&json));
                writeln!(lines, "{policy}\t{key}\t{name}\t{request}\t{DATE}\t{disposition}\t{output}\t{receipt}")
                    .unwrap();
            }
        }
    }
    lines
}

/// `RENEW=1` writes it anew: look at what changed.
#[test]
fn p10_the_corpus_is_current() {
    let path: &Path = &root().join("fixtures/corpus.tsv");
    let made = corpus();
    if std::env::var_os("RENEW").is_some() {
        fs::write(path, &made).unwrap();
    }
    let kept = fs::read_to_string(path).unwrap_or_default();
    let differing = made.lines().zip(kept.lines()).find(|(made, kept)| made != kept);
    assert!(made == kept, "{differing:?}: RENEW=1 cargo test --test messages corpus writes it anew");
    for disposition in ["released", "redacted", "held", "withheld"] {
        assert!(made.contains(&format!("\t{disposition}\t")), "{disposition}");
    }
}

#[test]
fn p10_a_policy_that_takes_the_place_of_another_decides_as_if_it_were_built_alone() {
    let policies = ["policies/example-state.toml", "policies/massachusetts.toml", "policies/baseline.toml"];
    let builder = |path: &str| Filter::builder().policy_path(root().join(path));
    let mut before = builder("policies/baseline.toml").build().unwrap();
    for path in policies {
        let files = builder(path).policy_files().unwrap();
        let (alone, beside) = (builder(path).build().unwrap(), builder(path).build_beside(&before, &files).unwrap());
        for message in messages().into_iter().map(|path| fs::read(path).unwrap()) {
            for request in REQUESTS.map(requester) {
                let redact = |filter: &Filter| {
                    let mut output = Vec::new();
                    let receipt = filter.redact(&message, &request, &mut output);
                    (serde_json::to_string(&receipt).unwrap(), output)
                };
                assert_eq!(redact(&alone), redact(&beside), "{path}");
            }
        }
        before = beside;
    }
    // Its tokens have no key.
    let files = builder("tests/corpus/tokens.toml").policy_files().unwrap();
    let error = builder("tests/corpus/tokens.toml").build_beside(&before, &files).unwrap_err();
    assert!(error.to_string().contains("no key for"), "{error}");
}
