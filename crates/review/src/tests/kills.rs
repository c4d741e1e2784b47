//! A process that is killed at any moment has lost nothing that it was told is done, and done nothing twice.

use std::collections::HashSet;
use std::env;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use super::place::{NOW, approval};
use super::*;

on_both! {
    p11_what_was_added_survives_a_kill
}

const KILLS: u64 = 20;

/// Set for the process that is killed: the database, and the file of its key.
const DATABASE: &str = "DMV_REDACT_REVIEW_KILLED_DATABASE";
const KEY: &str = "DMV_REDACT_REVIEW_KILLED_KEY";
const ROUND: &str = "DMV_REDACT_REVIEW_KILLED_ROUND";

/// Not a test: what the killed process does. It says each step when it is done, and each message before it goes out.
#[test]
fn process_that_is_killed() {
    let (Ok(database), Ok(key), Ok(round)) = (env::var(DATABASE), env::var(KEY), env::var(ROUND)) else { return };
    let reviews = BlockingReviews::open(&database, Keys::read(&[key]).unwrap()).unwrap();
    let node = format!("node {round}");
    let say = |what: &str, id: ReviewId| {
        let mut out = std::io::stdout().lock();
        writeln!(out, "\n{what} {id}").unwrap();
        out.flush().unwrap();
    };
    for number in 0.. {
        let message = format!("{round}/{number}");
        let (id, digest) = reviews.added(&of_review(&message, message.as_bytes()));
        say("added", id);
        reviews.decide(id, &digest, &approval("ann"), NOW).unwrap();
        say("approved", id);
        reviews.begin_delivery(id, &node, NOW).unwrap();
        say("sent", id);
        reviews.delivered(id, &node, NOW).unwrap();
        say("delivered", id);
    }
}

fn p11_what_was_added_survives_a_kill(place: &Place) {
    let reviews = place.open();
    let mut sent = HashSet::new();
    let mut all = 0;
    for round in 0..KILLS {
        let said = run_and_kill(place, round);
        // Each state that was said is that of the review, or an earlier one than it is now.
        for (what, id) in &said {
            let state = reviews.state(*id);
            let states: &[State] = match what.as_str() {
                "added" => &[State::Open, State::Approved, State::Delivering, State::Delivered],
                "approved" => &[State::Approved, State::Delivering, State::Delivered],
                "sent" => &[State::Delivering, State::Delivered],
                _ => &[State::Delivered],
            };
            assert!(states.contains(&state), "{what}: {state}");
            let message = reviews.get(*id).unwrap().unwrap().summary.message;
            assert_eq!(reviews.original(*id).unwrap(), message.as_bytes());
            if what == "sent" {
                assert!(sent.insert(*id), "sent twice");
            }
        }
        all += said.len();
        // What was claimed and not ended is shown. Whether it was sent, its log knows: here, what was said.
        let delivering = Filter { states: vec![State::Delivering], ..Filter::default() };
        for review in reviews.list(&delivering).unwrap() {
            let node = review.delivery.unwrap().node;
            assert_eq!(node, format!("node {round}"));
            if sent.contains(&review.id) {
                reviews.delivered(review.id, &node, NOW).unwrap();
            } else {
                reviews.abandon_delivery(review.id, &node).unwrap();
            }
        }
        // What is approved and was not sent goes out now, by another node.
        for id in reviews.approved() {
            reviews.begin_delivery(id, "other", NOW).unwrap();
            assert!(sent.insert(id), "sent twice");
            reviews.delivered(id, "other", NOW).unwrap();
        }
    }
    assert!(all > 0);
    let delivered = Filter { states: vec![State::Delivered], limit: u32::MAX, ..Filter::default() };
    let delivered = reviews.list(&delivered).unwrap().into_iter().map(|review| review.id).collect::<HashSet<_>>();
    assert_eq!(delivered, sent);
}

/// What the process said until it was killed.
fn run_and_kill(place: &Place, round: u64) -> Vec<(String, ReviewId)> {
    let key = place.key_files(&[1]).remove(0);
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", "tests::kills::process_that_is_killed", "--nocapture"]);
    command.env(DATABASE, &place.url).env(KEY, key).env(ROUND, round.to_string());
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let out = BufReader::new(child.stdout.take().unwrap());
    let reader = thread::spawn(move || {
        let lines = out.lines().map_while(Result::ok);
        let said = lines.filter_map(|line| {
            let (what, id) = line.split_once(' ')?;
            Some((what.to_owned(), id.parse().ok()?))
        });
        said.collect::<Vec<_>>()
    });
    // From before it opens the queue until amid its steps.
    thread::sleep(Duration::from_millis(20 + round * 37 % 400));
    child.kill().unwrap();
    child.wait().unwrap();
    reader.join().unwrap()
}
