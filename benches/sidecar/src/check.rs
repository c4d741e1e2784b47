//! What a client checks of an answer before it forwards it, and here that it is one of those that the policies give.

use sha2::{Digest, Sha256};

use crate::corpus::Message;

/// An answer as it came, over whichever protocol.
#[derive(Debug, Default)]
pub(crate) struct Received {
    /// Of HTTP.
    pub(crate) status: Option<u16>,
    pub(crate) disposition: Option<String>,
    pub(crate) sha256: Option<String>,
    pub(crate) correlation_id: Option<String>,
    pub(crate) reason: Option<String>,
    pub(crate) error: Option<String>,
    pub(crate) body: Vec<u8>,
}

/// What an answer is worth.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Judged {
    /// Decided, and right.
    Right { disposition: String, sha256: Option<String> },
    /// An operator stopped it.
    Stopped,
    /// It wasn't decided, and says so.
    Undecided(String),
    /// It must not be.
    Wrong(String),
}

pub(crate) fn judge(received: &Received, id: &str, message: &Message, may_stop: bool) -> Judged {
    let wrong = |what: &str| Judged::Wrong(what.to_owned());
    let Some(disposition) = received.disposition.as_deref() else {
        // Over frames only whole heads have the id of what they answer.
        let is_other = received.correlation_id.as_deref().is_some_and(|own| own != id);
        let is_ok = received.status == Some(200);
        let has_body = received.status.is_none() && !received.body.is_empty();
        return match &received.error {
            _ if is_other || is_ok || has_body => wrong("an undecided answer of another request, or with a body"),
            Some(error) => Judged::Undecided(format!(
                "{}{error}",
                received.status.map_or(String::new(), |status| format!("{status}: "))
            )),
            None => Judged::Undecided(format!("status {:?}", received.status)),
        };
    };
    if received.correlation_id.as_deref() != Some(id) {
        return wrong("the correlation id of another request");
    }
    let is_release = matches!(disposition, "released" | "redacted");
    if received.status.is_some_and(|status| (status == 200) != is_release) {
        return wrong("a status that doesn't go with the disposition");
    }
    let sha256 = match is_release {
        true => {
            let own: String = Sha256::digest(&received.body).iter().map(|byte| format!("{byte:02x}")).collect();
            if received.body.is_empty() || received.sha256.as_deref() != Some(own.as_str()) {
                return wrong("a release whose digest isn't that of its body");
            }
            Some(own)
        }
        false if received.sha256.is_some() || (received.status.is_none() && !received.body.is_empty()) => {
            return wrong("a refusal with a body or digest");
        }
        false => None,
    };
    if may_stop && disposition == "withheld" && received.reason.as_deref() == Some("stopped") {
        return Judged::Stopped;
    }
    let disposition = disposition.to_owned();
    match message.answers.iter().any(|answer| answer.disposition == disposition && answer.sha256 == sha256) {
        true => Judged::Right { disposition, sha256 },
        false => wrong(&format!("{disposition}, which no policy gives")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::Answer;

    fn message() -> Message {
        let answers = vec![Answer { disposition: "redacted".into(), sha256: Some(BODY_DIGEST.into()) }];
        Message { bytes: Vec::new(), frame_head: Default::default(), headers: String::new(), answers }
    }

    const BODY_DIGEST: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    fn release() -> Received {
        Received {
            disposition: Some("redacted".into()),
            sha256: Some(BODY_DIGEST.into()),
            correlation_id: Some("id".into()),
            body: b"abc".to_vec(),
            ..Received::default()
        }
    }

    #[test]
    fn a_release_is_right_only_whole_with_its_own_id_and_as_a_policy_gives_it() {
        let judged = |change: fn(&mut Received)| {
            let mut received = release();
            change(&mut received);
            judge(&received, "id", &message(), false)
        };
        assert!(matches!(judged(|_| ()), Judged::Right { .. }));
        assert!(matches!(judged(|own| own.body.truncate(2)), Judged::Wrong(_)));
        assert!(matches!(judged(|own| own.body.clear()), Judged::Wrong(_)));
        assert!(matches!(judged(|own| own.sha256 = None), Judged::Wrong(_)));
        assert!(matches!(judged(|own| own.correlation_id = Some("other".into())), Judged::Wrong(_)));
        assert!(matches!(judged(|own| own.correlation_id = None), Judged::Wrong(_)));
        assert!(matches!(judged(|own| own.disposition = Some("released".into())), Judged::Wrong(_)));
        assert!(matches!(judged(|own| own.disposition = Some("withheld".into())), Judged::Wrong(_)));
        assert!(matches!(judged(|own| own.disposition = None), Judged::Wrong(_)));
        assert!(matches!(judged(|own| own.status = Some(403)), Judged::Wrong(_)));
    }

    #[test]
    fn what_is_stopped_is_right_only_where_it_may_be() {
        let received = Received {
            disposition: Some("withheld".into()),
            reason: Some("stopped".into()),
            correlation_id: Some("id".into()),
            ..Received::default()
        };
        assert_eq!(judge(&received, "id", &message(), true), Judged::Stopped);
        assert!(matches!(judge(&received, "id", &message(), false), Judged::Wrong(_)));
    }
}
