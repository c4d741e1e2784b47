//! A filter that is swapped while threads use it: a message is decided by one policy, and none decides before it is on record.

use std::sync::Arc;

use loom::sync::Mutex;
use loom::thread;

use super::{explore, text};
use crate::error::{DmvrCode, Fault};
use crate::filter::FilterObject;

/// In place of a filter: the number of its policy.
type Numbered = FilterObject<u32>;

/// The policies that are on record, in order.
type Records = Mutex<Vec<u32>>;

fn swap(filter: &Numbered, records: &Records, number: u32) {
    filter
        .swap(number, |number| {
            records.lock().unwrap().push(*number);
            Ok(())
        })
        .unwrap();
}

#[test]
fn swaps_are_in_the_order_of_their_records() {
    let seen = explore(|| {
        let shared = Arc::new((Numbered::new(0), Records::default()));
        let others = Arc::clone(&shared);
        let other = thread::spawn(move || swap(&others.0, &others.1, 1));
        let (filter, records) = &*shared;
        swap(filter, records, 2);
        other.join().unwrap();
        let records = records.lock().unwrap();
        assert_eq!((records.len(), records.last()), (2, Some(&*filter.current())));
        [filter.current().to_string()]
    });
    assert_eq!(seen, ["1", "2"].map(|last| [last.to_owned()]).into());
}

/// Two messages, one after the other, while two threads swap.
#[test]
fn a_message_is_decided_by_one_policy_that_is_on_record() {
    let seen = explore(|| {
        let shared = Arc::new((Numbered::new(0), Records::new(vec![0])));
        let others = [1, 2].map(|number| {
            let shared = Arc::clone(&shared);
            thread::spawn(move || swap(&shared.0, &shared.1, number))
        });
        let (filter, records) = &*shared;
        let places = [(); 2].map(|()| {
            let decides = filter.current();
            let number = *decides;
            let place = records.lock().unwrap().iter().position(|recorded| *recorded == number);
            assert_eq!(*decides, number);
            (number, place.expect("a policy that decides is on record"))
        });
        assert!(places[0].1 <= places[1].1, "a later message is decided by a later policy: {places:?}");
        others.into_iter().for_each(|other| other.join().unwrap());
        places.map(|(number, _)| number.to_string())
    });
    let pairs = ["00", "01", "02", "11", "12", "21", "22"];
    assert_eq!(seen, pairs.map(|pair| [0, 1].map(|place| pair[place..=place].to_owned())).into());
}

#[test]
fn what_can_not_be_recorded_never_decides() {
    let seen = explore(|| {
        let shared = Arc::new((Numbered::new(0), Records::default()));
        let others = Arc::clone(&shared);
        let other = thread::spawn(move || swap(&others.0, &others.1, 1));
        let failed = shared.0.swap(2, |_| Err(Fault::of(DmvrCode::Io, "full")));
        let now = *shared.0.current();
        other.join().unwrap();
        assert_eq!(*shared.0.current(), 1);
        [text(failed.map(|()| 2)), now.to_string()]
    });
    assert_eq!(seen, ["0", "1"].map(|now| ["Io".to_owned(), now.to_owned()]).into());
}
