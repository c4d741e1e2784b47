//! What the traffic is: nearly all of it released under the built-in policy, varied, and the same for the same seed.

#![allow(clippy::unwrap_used, reason = "a test that can't go on must fail")]

use std::collections::{BTreeMap, BTreeSet};

use dmv_redact::{Filter, Requester};
use dmv_redact_traffic::{Class, Message, Syntax, Traffic};

const MESSAGES: usize = 5_000;
const CLASSES: [Class; 5] = [Class::Json, Class::Xml, Class::JsonPhotos, Class::XmlPhotos, Class::Mixed];

fn requester(message: &Message) -> Requester {
    let requester = Requester::new(&message.ori).unwrap();
    message.purpose.into_iter().fold(requester, Requester::purpose)
}

/// How many messages came to each end, and an example of it.
fn dispositions(class: Class) -> BTreeMap<String, (usize, String)> {
    let filter = Filter::builder().build().unwrap();
    let mut ends = BTreeMap::new();
    let mut out = Vec::new();
    for message in Traffic::new(1, class).take(MESSAGES) {
        let receipt = filter.redact(&message.bytes, &requester(&message), &mut out);
        let end = match receipt.disposition().releases() {
            true => "released".to_owned(),
            false => format!("{:?}", receipt.reason()),
        };
        let example = || {
            let start = String::from_utf8_lossy(&message.bytes[..message.bytes.len().min(600)]);
            format!("{} for {}: {:?}: {start}", class.name(), message.ori, receipt.detail())
        };
        for (element, count) in receipt.shape_violations() {
            ends.entry(format!("shape of {element}")).or_insert_with(|| (0, example())).0 += count as usize;
        }
        ends.entry(end).or_insert_with(|| (0, example())).0 += 1;
    }
    ends
}

#[test]
fn nearly_all_is_released_and_only_the_requester_keeps_the_rest() {
    for class in CLASSES {
        let ends = dispositions(class);
        let count = |end: &str| ends.get(end).map_or(0, |(count, _)| *count);
        for (end, (_, example)) in &ends {
            let is_of_requester = ["released", "Some(Review)", "Some(RequesterUnknown)"].contains(&end.as_str());
            assert!(is_of_requester, "{end}: {example}");
        }
        // 4 and 5 requests of a thousand, as `requesters` has it.
        assert!((5..50).contains(&count("Some(RequesterUnknown)")), "{ends:#?}");
        assert!((5..60).contains(&count("Some(Review)")), "{ends:#?}");
        assert!(count("released") * 100 >= MESSAGES * 98, "{ends:#?}");
    }
}

#[test]
fn equal_seeds_give_equal_messages() {
    let bytes = |seed| Traffic::new(seed, Class::Mixed).take(50).map(|message| message.bytes).collect::<Vec<_>>();
    assert_eq!(bytes(1), bytes(1));
    assert_ne!(bytes(1), bytes(2));
}

#[test]
fn all_states_and_kinds_answer_and_the_destination_asks() {
    let (mut states, mut kinds, mut oris) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for message in Traffic::new(1, Class::Mixed).take(MESSAGES) {
        assert!(String::from_utf8(message.bytes).unwrap().contains(&message.ori));
        states.insert(message.state);
        kinds.insert(format!("{:?}", message.kind));
        oris.insert(message.ori);
    }
    assert_eq!((states.len(), kinds.len()), (50, 5));
    assert!(oris.len() > 250, "{}", oris.len());
}

#[test]
fn sizes_are_those_of_traffic() {
    let means = [(Class::Json, 1_600), (Class::Xml, 2_700), (Class::JsonPhotos, 35_000), (Class::XmlPhotos, 36_000)];
    for (class, usual) in means {
        let messages: Vec<Message> = Traffic::new(1, class).take(MESSAGES).collect();
        let mean = messages.iter().map(|message| message.bytes.len()).sum::<usize>() / MESSAGES;
        assert!((usual * 85 / 100..usual * 115 / 100).contains(&mean), "{}: {mean}", class.name());
        let with_photo = messages.iter().filter(|message| message.has_photo).count() * 100 / MESSAGES;
        assert!(with_photo == 0 || (80..90).contains(&with_photo), "{}: {with_photo} %", class.name());
    }
}

#[test]
fn a_purpose_can_be_another() {
    let message = Traffic::new(1, Class::Xml).with_purpose(Some("E")).next().unwrap();
    assert_eq!((message.purpose, message.syntax), (Some("E"), Syntax::Xml));
}
