//! Another policy while messages are in flight.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};

use super::*;
use crate::policies::Refused;
use crate::reload::Reloaded;
use crate::{Scope, Stop};

fn without_names() -> String {
    POLICY.replace(r#"elements = ["person.name", "license"]"#, r#"elements = ["license"]"#)
}

#[tokio::test(flavor = "multi_thread")]
async fn p10_every_message_is_judged_by_one_policy_and_the_record_names_it() {
    let running = Arc::new(Office::default().open().await);
    let message = message();
    let outputs = |policy: &str| {
        let folder = TempDir::new().unwrap();
        write_policy(&folder, policy);
        let filter = Filter::builder().policy_path(folder.path().join("policy.toml")).build().unwrap();
        let mut output = Vec::new();
        let requester = dmv_redact::Requester::new(POLICE).unwrap().purpose("C");
        assert!(filter.redact(&message, &requester, &mut output).disposition().releases());
        dmv_redact_testing::sha256(&output)
    };
    let policies = [POLICY.to_owned(), without_names()];
    let digests: Vec<String> = policies.iter().map(|policy| outputs(policy)).collect();
    let expected: BTreeSet<String> = digests.iter().cloned().collect();
    assert_eq!(expected.len(), 2);
    let is_over = Arc::new(AtomicBool::new(false));
    let asking: Vec<_> = (0..4)
        .map(|_| {
            let (running, is_over, message) = (Arc::clone(&running), Arc::clone(&is_over), message.clone());
            tokio::spawn(async move {
                let mut seen = Vec::new();
                while !is_over.load(Ordering::Relaxed) {
                    let answer = running.ask(&head(POLICE), &message).await;
                    let Outcome::Released { sha256, .. } = answer.outcome else { panic!("{answer:?}") };
                    seen.push(sha256);
                }
                seen
            })
        })
        .collect();
    for count in 0..20 {
        write_policy(&running.folder, &policies[(count + 1) % 2]);
        assert_eq!(running.reloader.reload().await.unwrap(), Reloaded::Taken);
        // What is decided from now on is decided by the new one.
        let answer = running.ask(&head(POLICE), &message).await;
        let Outcome::Released { sha256, .. } = answer.outcome else { panic!("{answer:?}") };
        assert_eq!(sha256, digests[(count + 1) % 2]);
    }
    is_over.store(true, Ordering::Relaxed);
    let mut seen = 0;
    for task in asking {
        let own = task.await.unwrap();
        seen += own.len();
        assert!(own.iter().all(|digest| expected.contains(digest)));
    }
    let running = Arc::into_inner(running).unwrap();
    let (_, lines) = running.end().await;
    assert_eq!(lines.iter().filter(|line| line["record"] == "message").count(), seen + 20);
    assert_eq!(lines.iter().filter(|line| line["record"] == "start").count(), 21);
}

#[tokio::test(flavor = "multi_thread")]
async fn p9_a_policy_with_an_error_and_one_that_is_the_same_change_nothing() {
    let running = Office::default().open().await;
    assert_eq!(running.reloader.reload().await.unwrap(), Reloaded::Unchanged);
    write_policy(&running.folder, &POLICY.replace("person.name", "person.nmae"));
    let refused = running.reloader.reload().await.unwrap_err();
    let Refused::Wrong(text) = &refused else { panic!("{refused:?}") };
    assert!(text.contains("policy.toml:") && text.contains("person.name"), "{text}");
    fs::remove_file(running.folder.path().join("policy.toml")).unwrap();
    assert!(matches!(running.reloader.reload().await, Err(Refused::Wrong(_))));
    assert!(is_release(&running.ask(&head(POLICE), &message()).await));
    let (_, lines) = running.end().await;
    assert_eq!(kinds(&lines), ["start", "message", "end"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn p1_a_policy_by_which_somebody_gains_is_refused_if_asked_today_and_later() {
    let running = Office { refuses_gains: true, ..Office::default() }.open().await;
    let gains = POLICY.replace(r#"elements = ["license.number"]"#, r#"elements = ["license.number", "person.ssn"]"#);
    write_policy(&running.folder, &gains);
    assert!(matches!(running.reloader.reload().await, Err(Refused::Gains(_))));
    let later = format!(
        "{POLICY}\n[[permit]]\nid = \"later\"\nfrom = \"2099-01-01\"\nagencies = [\"federal\"]\nelements = [\"person.ssn\"]\n"
    );
    write_policy(&running.folder, &later);
    let refused = running.reloader.reload().await.unwrap_err();
    assert!(matches!(&refused, Refused::Gains(text) if text.contains("2099-01-01")), "{refused:?}");
    // A request may state a day that is over, and without a list any line.
    let before = later.replace("from = \"2099-01-01\"", "until = \"2020-01-01\"");
    write_policy(&running.folder, &before);
    assert!(matches!(running.reloader.reload().await, Err(Refused::Gains(_))));
    write_policy(&running.folder, &POLICY.replace("lines = [\"1\", \"2\"]\n", ""));
    assert!(matches!(running.reloader.reload().await, Err(Refused::Gains(_))));
    write_policy(&running.folder, &without_names());
    assert_eq!(running.reloader.reload().await.unwrap(), Reloaded::Taken);
    write_policy(&running.folder, POLICY);
    assert!(matches!(running.reloader.reload().await, Err(Refused::Gains(_))));
    running.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p2_a_policy_that_would_end_a_stop_is_refused() {
    let running = Office::default().open().await;
    for scope in [Scope::Class("police".to_owned()), Scope::Line("1".to_owned())] {
        assert!(scope.fault(&running.service.current.get().filter).is_none());
        let stop = Stop { scope: scope.clone(), by: "Ann".to_owned(), reason: None, since: String::new() };
        running.service.ledger.stop(stop).await.unwrap();
        let without = match &scope {
            Scope::Class(_) => POLICY.replace("police", "officers"),
            _ => POLICY.replace("lines = [\"1\", \"2\"]", "lines = [\"2\"]"),
        };
        write_policy(&running.folder, &without);
        let refused = running.reloader.reload().await.unwrap_err();
        assert!(matches!(&refused, Refused::Wrong(text) if text.contains("there is a stop of")), "{refused:?}");
        running.service.ledger.resume(scope, "Ann".to_owned(), None).await.unwrap();
        assert_eq!(running.reloader.reload().await.unwrap(), Reloaded::Taken);
        write_policy(&running.folder, POLICY);
        assert_eq!(running.reloader.reload().await.unwrap(), Reloaded::Taken);
    }
    let filter = &running.service.current.get().filter;
    for scope in [Scope::Class("polic".to_owned()), Scope::Line("3".to_owned()), Scope::Agency("az".to_owned())] {
        assert!(scope.fault(filter).is_some(), "{scope}");
    }
    running.end().await;
}
