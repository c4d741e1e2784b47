//! Hashes of passwords: of which parameters, and how many at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::time::Duration;

use tokio::runtime::Builder;

use crate::hashing::{Hasher, MAX_AT_ONCE, NOBODYS};

fn wait<T>(work: impl Future<Output = T>) -> T {
    Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

#[test]
fn a_hash_is_argon2id_with_a_salt_of_its_own() {
    let hasher = Hasher::new();
    let hashes = [wait(hasher.hash("one")).unwrap(), wait(hasher.hash("one")).unwrap()];
    assert_ne!(hashes[0], hashes[1]);
    for hash in &hashes {
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(wait(hasher.is_password("one", Some(hash))).unwrap());
        assert!(!wait(hasher.is_password("One", Some(hash))).unwrap());
    }
    assert!(wait(hasher.is_password("one", Some("$argon2id$"))).is_err());
}

#[test]
fn nobodys_password_costs_the_same_and_is_never_right() {
    let hasher = Hasher::new();
    let hash = wait(hasher.hash("one")).unwrap();
    assert_eq!(hash.len(), NOBODYS.len());
    assert_eq!(hash.split('$').take(4).collect::<Vec<_>>(), NOBODYS.split('$').take(4).collect::<Vec<_>>());
    assert!(!wait(hasher.is_password("one", None)).unwrap());
    // It is compared, to its end.
    assert!(!wait(hasher.is_password("one", Some(NOBODYS))).unwrap());
}

#[test]
fn p8_a_few_are_computed_at_once() {
    let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let hasher = Hasher::new();
    wait(async {
        let mut tasks = Vec::new();
        for _ in 0..4 * MAX_AT_ONCE {
            let (hasher, running, most) = (hasher.clone(), Arc::clone(&running), Arc::clone(&most));
            tasks.push(tokio::spawn(async move {
                let work = move || {
                    most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    std::thread::sleep(Duration::from_millis(5));
                    running.fetch_sub(1, Ordering::SeqCst);
                    Ok(())
                };
                hasher.run(work).await
            }));
        }
        for task in tasks {
            task.await.unwrap().unwrap();
        }
    });
    assert!((1..=MAX_AT_ONCE).contains(&most.load(Ordering::SeqCst)));
}

/// Or whoever hangs up at once would have any number computed.
#[test]
fn p8_one_that_nobody_waits_for_still_counts() {
    let hasher = Hasher::new();
    let (begun, has_begun) = channel();
    let (end, may_end) = channel::<()>();
    let free = || hasher.permits.available_permits();
    wait(async {
        let other = hasher.clone();
        let work = move || {
            begun.send(()).unwrap();
            let _ = may_end.recv();
            Ok(())
        };
        let task = tokio::spawn(async move { other.run(work).await });
        while has_begun.try_recv().is_err() {
            tokio::task::yield_now().await;
        }
        task.abort();
        assert!(task.await.unwrap_err().is_cancelled());
        assert_eq!(free(), MAX_AT_ONCE - 1);
        drop(end);
        while free() < MAX_AT_ONCE {
            tokio::task::yield_now().await;
        }
    });
}
