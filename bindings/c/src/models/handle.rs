//! Handles: whatever threads do with them at once, an object is had by one of them, and dropped once.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use loom::alloc::Track;
use loom::cell::UnsafeCell;
use loom::thread;

use super::{explore, text};
use crate::handle::{Opaque, free, get, give, hold};

/// An object that says to loom when it is used.
struct Object {
    number: u32,
    used: UnsafeCell<()>,
    drops: Arc<AtomicUsize>,
    /// Loom fails when it isn't dropped in the end.
    _tracked: Track<()>,
}

// SAFETY: loom fails when two threads use one at once, unless both only read.
unsafe impl Send for Object {}
// SAFETY: as before.
unsafe impl Sync for Object {}

impl Object {
    fn change(&mut self) {
        self.used.with_mut(|_| ());
    }

    fn read(&self) -> u32 {
        self.used.with(|_| self.number)
    }
}

impl Drop for Object {
    fn drop(&mut self) {
        self.change();
        self.drops.fetch_add(1, Ordering::Relaxed);
    }
}

struct One;

impl Opaque for One {
    type Object = Object;
    const KIND: u64 = 1;
}

/// Another kind.
struct Other;

impl Opaque for Other {
    type Object = Object;
    const KIND: u64 = 2;
}

/// A handle as a caller has it, who gives it to any thread.
struct Handle<O>(*mut O);

impl<O> Clone for Handle<O> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<O> Copy for Handle<O> {}

// SAFETY: as the header says: a handle can be given to another thread.
unsafe impl<O> Send for Handle<O> {}

impl<O: Opaque<Object = Object>> Handle<O> {
    fn new(number: u32, drops: &Arc<AtomicUsize>) -> Self {
        let (used, drops) = (UnsafeCell::new(()), Arc::clone(drops));
        Self(give(Object { number, used, drops, _tracked: Track::new(()) }))
    }

    /// What a call does that has the object for itself.
    fn change(self) -> String {
        // SAFETY: it is a handle of this library.
        let held = unsafe { hold(self.0.cast_const()) };
        text(held.map(|mut object| {
            object.change();
            object.number
        }))
    }

    /// What a call does that shares it.
    fn read(self) -> String {
        // SAFETY: it is a handle of this library, and nobody frees it meanwhile.
        text(unsafe { get(self.0.cast_const()) }.map(Object::read))
    }

    /// `0` when it is freed.
    fn free(self) -> String {
        // SAFETY: it is a handle of this library.
        text(unsafe { free(self.0) }.map(|()| 0))
    }
}

fn drops() -> Arc<AtomicUsize> {
    Arc::default()
}

fn count(drops: &Arc<AtomicUsize>) -> usize {
    drops.load(Ordering::Relaxed)
}

/// The outcomes as they are written here: one for each thread.
fn outcomes<const N: usize>(lines: &[&str]) -> BTreeSet<[String; N]> {
    let words = |line: &&str| line.split(' ').map(str::to_owned).collect::<Vec<_>>().try_into().unwrap();
    lines.iter().map(words).collect()
}

#[test]
fn two_threads_have_an_object_one_after_the_other() {
    let seen = explore(|| {
        let drops = drops();
        let handle = Handle::<One>::new(7, &drops);
        let other = thread::spawn(move || handle.change());
        let outcome = [handle.change(), other.join().unwrap()];
        assert_eq!(handle.free(), "0");
        assert_eq!((count(&drops), handle.change(), handle.free()), (1, "WrongHandle".into(), "WrongHandle".into()));
        outcome
    });
    assert_eq!(seen, outcomes(&["7 7", "7 InUse", "InUse 7"]));
}

#[test]
fn an_object_in_use_is_not_freed() {
    let seen = explore(|| {
        let drops = drops();
        let handle = Handle::<One>::new(7, &drops);
        let other = thread::spawn(move || handle.change());
        let outcome = [handle.free(), other.join().unwrap()];
        assert_eq!(count(&drops), usize::from(outcome[0] == "0"));
        assert_eq!(handle.free(), if outcome[0] == "0" { "WrongHandle" } else { "0" });
        assert_eq!(count(&drops), 1);
        outcome
    });
    assert_eq!(seen, outcomes(&["0 7", "0 InUse", "0 WrongHandle", "InUse 7"]));
}

#[test]
fn of_two_threads_that_free_an_object_one_does() {
    let seen = explore(|| {
        let drops = drops();
        let handle = Handle::<One>::new(7, &drops);
        let other = thread::spawn(move || handle.free());
        let outcome = [handle.free(), other.join().unwrap()];
        assert_eq!((count(&drops), handle.change()), (1, "WrongHandle".into()));
        outcome
    });
    assert_eq!(seen, outcomes(&["0 InUse", "0 WrongHandle", "InUse 0", "WrongHandle 0"]));
}

#[test]
fn two_threads_use_an_object_while_a_third_frees_it() {
    let seen = explore(|| {
        let drops = drops();
        let handle = Handle::<One>::new(7, &drops);
        let others = [(); 2].map(|()| thread::spawn(move || handle.change()));
        let freed = handle.free();
        let [first, second] = others.map(|other| other.join().unwrap());
        if freed != "0" {
            assert_eq!(handle.free(), "0");
        }
        assert_eq!(count(&drops), 1);
        [freed, first, second]
    });
    assert!(seen.is_superset(&outcomes(&["0 7 7", "0 7 InUse", "0 InUse WrongHandle", "InUse 7 7", "InUse InUse 7"])));
}

/// While a thread has a handle, it is freed, and its slot has another kind of object: the thread gets the object of before, or none.
#[test]
fn a_freed_handle_never_gives_an_object_of_another_kind() {
    let seen = explore(|| {
        let drops = drops();
        let handle = Handle::<One>::new(7, &drops);
        let other = thread::spawn(move || handle.change());
        let freed = handle.free();
        if freed != "0" {
            let changed = other.join().unwrap();
            assert_eq!(handle.free(), "0");
            return [freed, "-".into(), changed];
        }
        let next = Handle::<Other>::new(8, &drops);
        assert_eq!(next.0.cast(), handle.0, "the slot is reused");
        let outcome = [freed, next.change(), other.join().unwrap()];
        assert_eq!((count(&drops), next.free(), count(&drops)), (1, "0".into(), 2));
        outcome
    });
    let expected = ["InUse - 7", "0 8 7", "0 8 InUse", "0 8 WrongHandle", "0 InUse WrongHandle"];
    assert_eq!(seen, outcomes(&expected));
}

/// The same for an object of the same kind: the freed handle may lead to it, but never while another thread uses it.
#[test]
fn a_freed_handle_and_the_live_one_of_its_slot_have_an_object_one_after_the_other() {
    let seen = explore(|| {
        let drops = drops();
        let handle = Handle::<One>::new(7, &drops);
        let other = thread::spawn(move || handle.change());
        let freed = handle.free();
        if freed != "0" {
            let changed = other.join().unwrap();
            assert_eq!(handle.free(), "0");
            return [freed, "-".into(), changed];
        }
        let next = Handle::<One>::new(8, &drops);
        assert_eq!(next.0, handle.0, "the slot is reused");
        let outcome = [freed, next.change(), other.join().unwrap()];
        assert_eq!((count(&drops), next.free(), count(&drops)), (1, "0".into(), 2));
        outcome
    });
    let expected = ["InUse - 7", "0 8 7", "0 8 8", "0 8 InUse", "0 8 WrongHandle", "0 InUse 8", "0 InUse WrongHandle"];
    assert_eq!(seen, outcomes(&expected));
}

/// A freed handle of a reused slot may free its object if that is of the same kind, but that is dropped once, too.
#[test]
fn a_freed_handle_never_frees_an_object_twice_nor_one_of_another_kind() {
    fn model<O: Opaque<Object = Object>>() -> [String; 3] {
        let drops = drops();
        let handle = Handle::<One>::new(7, &drops);
        let other = thread::spawn(move || handle.free());
        let freed = handle.free();
        let next = Handle::<O>::new(8, &drops);
        let outcome = [freed, next.change(), other.join().unwrap()];
        let is_left = count(&drops) == 1;
        assert_eq!(next.free(), if is_left { "0" } else { "WrongHandle" });
        assert_eq!(count(&drops), 2);
        outcome
    }
    let of_another = explore(model::<Other>);
    assert_eq!(
        of_another,
        outcomes(&["0 8 InUse", "0 8 WrongHandle", "0 InUse WrongHandle", "InUse 8 0", "WrongHandle 8 0"])
    );
    let of_the_same = explore(model::<One>);
    assert!(of_the_same.is_superset(&of_another));
    assert!(of_the_same.is_superset(&outcomes(&["0 8 0", "0 WrongHandle 0", "0 InUse 0"])));
}

/// Two threads that give at once get slots of their own, though both could reuse one.
#[test]
fn two_threads_give_objects_of_their_own() {
    let seen = explore(|| {
        let drops = drops();
        let resting = Handle::<One>::new(7, &drops);
        assert_eq!(resting.free(), "0");
        let (own, others) = (Arc::clone(&drops), Arc::clone(&drops));
        let other = thread::spawn(move || {
            let handle = Handle::<One>::new(9, &others);
            (handle, handle.change())
        });
        let handle = Handle::<One>::new(8, &own);
        let changed = handle.change();
        let (other, other_changed) = other.join().unwrap();
        assert_eq!((changed.as_str(), other_changed.as_str()), ("8", "9"));
        assert_ne!(handle.0, other.0);
        assert!(handle.0 == resting.0 || other.0 == resting.0);
        assert_eq!((handle.free(), other.free(), count(&drops)), ("0".into(), "0".into(), 3));
        [(handle.0 == resting.0).to_string()]
    });
    assert_eq!(seen, outcomes(&["false", "true"]));
}

/// An object that was given on one thread is whole on any, even if only its slot was passed.
#[test]
fn an_object_is_whole_on_the_thread_that_finds_it() {
    let seen = explore(|| {
        let drops = drops();
        let handle = Handle::<One>::new(7, &drops);
        assert_eq!(handle.free(), "0");
        let given = Arc::clone(&drops);
        let other = thread::spawn(move || Handle::<One>::new(8, &given));
        let found = handle.read();
        let other = other.join().unwrap();
        assert_eq!((other.0, other.read(), handle.free(), count(&drops)), (handle.0, "8".into(), "0".into(), 2));
        [found]
    });
    assert_eq!(seen, outcomes(&["8", "WrongHandle"]));
}

/// What all threads may use, they use at once.
#[test]
fn threads_share_an_object() {
    let seen = explore(|| {
        let drops = drops();
        let handle = Handle::<One>::new(7, &drops);
        let other = thread::spawn(move || handle.read());
        let outcome = [handle.read(), other.join().unwrap()];
        assert_eq!((handle.free(), count(&drops)), ("0".into(), 1));
        outcome
    });
    assert_eq!(seen, outcomes(&["7 7"]));
}
