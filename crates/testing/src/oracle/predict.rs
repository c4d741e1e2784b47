//! What must become of a message: the parts of the prediction that XML and JSON share.
//! Where docs/ leaves a question open the prediction says so, and the properties ask nothing.

use std::collections::{BTreeMap, BTreeSet};

use super::Asker;
use super::format::{Format, may_lead};
use super::shape::{Verdict, judge, may_be_opaque};
use super::step::Step;
use super::token::token;
use crate::catalog::{Catalog, is_envelope, is_in_every_grant};
use crate::policy::{Decision, OnViolation, Policy, Request, Treatment};

#[derive(Debug)]
pub(crate) enum Prediction<T> {
    /// Nothing goes out, for this reason.
    Refused(String),
    /// docs/ does not say.
    Open(&'static str),
    Out(T, Counts),
}

/// Every element that may go out, with its treatment.
pub(crate) type Grant = BTreeMap<String, Treatment>;

/// How many values of each element go out, in full or generalised; 0 for an element that is a record.
pub(crate) type Counts = BTreeMap<String, u32>;

/// What a message says in which something was removed for its shape, and its element.
pub(crate) const NOTICE: &str = "A PART OF THIS ANSWER WAS NOT UNDERSTOOD AND LEFT OUT. DO NOT TAKE IT FOR ABSENT.";
const NOTICE_ELEMENT: &str = "envelope.notice";
const LEGAL_NOTICE_ELEMENT: &str = "envelope.legal-notice";
const DISCRIMINATOR: &str = "envelope.discriminator";

/// What the messages of one test are judged by.
#[derive(Clone, Copy)]
pub struct Setting<'w> {
    pub(crate) catalog: &'w Catalog,
    pub(crate) formats: &'w [Format],
    pub(crate) policy: &'w Policy,
}

/// The running judgement of one message whose grant is known.
pub(crate) struct Judge<'w> {
    catalog: &'w Catalog,
    grant: Grant,
    records: BTreeSet<String>,
    on_violation: OnViolation,
    legal_notice: Option<String>,
    /// Whose tokens are written; everybody's if nobody's.
    tokens_of: Option<String>,
    violated: bool,
    noticed: bool,
    pub(crate) counts: Counts,
    pub(crate) refused: Option<String>,
    pub(crate) open: Option<&'static str>,
}

impl Judge<'_> {
    pub(crate) fn grants(&self, element: &str) -> bool {
        self.grant.contains_key(element)
    }

    /// Whether a reference at a path may go out: something below it is granted in full, whatever the part is that is
    /// referred to. Where all is masked, what it leads to would undo the mask.
    pub(crate) fn grants_reference(&self, format: &Format, path: &[Step]) -> bool {
        let mut below = format.mapped.iter().filter(|m| may_lead(&m.steps, path));
        below.any(|m| self.grant.get(&m.element) == Some(&Treatment::Full))
    }

    /// Whether a part of a record has a name by which the mapping knows other elements, none of them granted in full.
    pub(crate) fn is_foreign_in_record(&self, format: &Format, path: &[Step], xml: bool) -> bool {
        let Some(step) = path.last() else { return false };
        if format.mapped.iter().any(|m| may_lead(&m.steps, path)) {
            return false;
        }
        let mut named = format.mapped.iter().filter(|m| {
            let mut names = m.steps.iter().chain(&m.attribute);
            names.any(|own| own.is_of(&step.name, xml))
        });
        let first = named.next();
        let granted = |element: &str| self.grant.get(element) == Some(&Treatment::Full);
        first.is_some_and(|first| !granted(&first.element) && !named.any(|m| granted(&m.element)))
    }

    /// Counts a part that goes out because it tells what the part around it is.
    pub(crate) fn tell(&mut self) {
        *self.counts.entry(DISCRIMINATOR.to_owned()).or_default() += 1;
    }

    /// What is written of one value, or nothing. `None` inside means the value's own bytes.
    pub(crate) fn value(&mut self, element: &str, value: &str) -> Option<Option<String>> {
        let treatment = *self.grant.get(element)?;
        // A record may be counted as one or by its texts: docs/ leaves that open.
        let counted = !self.records.contains(element);
        if element == NOTICE_ELEMENT {
            if value != NOTICE {
                self.refuse("a notice that says something else".to_owned());
            }
            self.noticed = true;
        }
        let verdict = judge(&self.catalog.elements[element], treatment, value);
        if verdict != Verdict::Violates && may_be_opaque(&self.catalog.elements[element], value) {
            self.open = Some("a value that may be taken for an encoded blob");
        }
        let verdict = match verdict {
            Verdict::Token(value) => Verdict::Written(token(self.tokens_of.as_deref(), element, &value)),
            verdict => verdict,
        };
        match verdict {
            Verdict::Full => {
                *self.counts.entry(element.to_owned()).or_default() += u32::from(counted);
                Some(None)
            }
            Verdict::Written(text) | Verdict::Token(text) => {
                *self.counts.entry(element.to_owned()).or_default() += u32::from(counted);
                Some(Some(text))
            }
            Verdict::Violates => {
                if is_envelope(element) {
                    self.refuse(format!("shape of {element}"));
                } else if self.on_violation == OnViolation::Refuses {
                    self.refuse("the policy refuses a shape violation".to_owned());
                }
                self.violated = true;
                None
            }
        }
    }

    /// Begins a walk anew.
    pub(crate) fn begin(&mut self) {
        self.counts.clear();
        (self.violated, self.noticed) = (false, false);
    }

    /// Whether what goes out has to end with a notice, which is counted.
    pub(crate) fn owes_notice(&mut self) -> bool {
        let owes = self.on_violation == OnViolation::Tells && self.violated && !self.noticed;
        if owes {
            *self.counts.entry(NOTICE_ELEMENT.to_owned()).or_default() += 1;
        }
        owes
    }

    /// What goes out has to tell of the law at its end, which is counted.
    pub(crate) fn legal_notice(&mut self) -> Option<String> {
        let text = self.legal_notice.clone()?;
        *self.counts.entry(LEGAL_NOTICE_ELEMENT.to_owned()).or_default() += 1;
        Some(text)
    }

    pub(crate) fn refuse(&mut self, why: String) {
        self.refused.get_or_insert(why);
    }

    pub(crate) fn finish<T>(self, out: Option<T>) -> Prediction<T> {
        match (self.refused, self.open, out) {
            (Some(why), _, _) => Prediction::Refused(why),
            (None, Some(open), _) => Prediction::Open(open),
            (None, None, None) => Prediction::Open("nothing in the message is released"),
            (None, None, Some(out)) => Prediction::Out(out, self.counts),
        }
    }
}

/// From the texts that stand at the format's message-type and requester paths to a judge, or to a refusal.
pub(crate) fn admit<'w, T>(
    setting: Setting<'w>,
    format: &Format,
    asker: &Asker,
    types: &[String],
    requesters: &[String],
    stated: &BTreeMap<String, Vec<String>>,
) -> Result<Judge<'w>, Prediction<T>> {
    let refused = |why: &str| Err(Prediction::Refused(why.to_owned()));
    let Some(asker) = &asker.with_stated(setting.policy, stated) else {
        return refused("something of the request is stated in two ways");
    };
    let message = match (&format.message_type, types) {
        (None, _) => None,
        (Some(_), []) => return refused("no message type"),
        (Some(_), [one]) if format.messages.contains(one) => Some(one.as_str()),
        (Some(_), [one]) if format.messages.iter().any(|m| m == one.trim()) => {
            return Err(Prediction::Open("white space around the message type"));
        }
        (Some(_), [_]) => return refused("unknown message type"),
        (Some(_), _) => return Err(Prediction::Open("several message types")),
    };
    let own = match requesters {
        [] => None,
        [one] => Some(one.as_str()),
        [first, rest @ ..] if rest.iter().all(|r| r == first) => return Err(Prediction::Open("one requester, twice")),
        _ => return refused("several requesters"),
    };
    let ori = match (asker.ori.as_deref(), own) {
        (Some(given), Some(own)) if given != own => return refused("another requester in the message"),
        (Some(ori), _) | (None, Some(ori)) => ori,
        (None, None) => return refused("no requester"),
    };
    if ori.len() != 9 || !ori.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit()) {
        return refused("the requester is no ORI");
    }
    match decide(setting.policy, ori, asker, message) {
        Decision::Withheld => refused("nothing permitted"),
        Decision::Held(_) => refused("held for review"),
        Decision::Released(grant) => Ok(Judge {
            catalog: setting.catalog,
            grant: with_envelope(grant.by_element(setting.catalog), setting.catalog),
            records: format.mapped.iter().filter(|m| m.record).map(|m| m.element.clone()).collect(),
            on_violation: setting.policy.on_violation(&asker.all_claims(), format.notice.is_some()),
            legal_notice: legal_notice(setting.policy, ori, asker, message).filter(|_| format.legal_notice.is_some()),
            tokens_of: (!setting.policy.shares_tokens).then(|| ori.to_owned()),
            violated: false,
            noticed: false,
            counts: Counts::new(),
            refused: None,
            open: None,
        }),
    }
}

/// What a policy decides of a request.
pub(crate) fn decide(policy: &Policy, ori: &str, asker: &Asker, message: Option<&str>) -> Decision {
    asking(asker, message, |request| policy.decide(&policy.classes_of(ori), request))
}

/// What it has an answer tell of the law.
fn legal_notice(policy: &Policy, ori: &str, asker: &Asker, message: Option<&str>) -> Option<String> {
    asking(asker, message, |request| policy.legal_notice(&policy.classes_of(ori), request))
}

fn asking<T>(asker: &Asker, message: Option<&str>, ask: impl FnOnce(&Request<'_>) -> T) -> T {
    let claims = asker.all_claims();
    let claims: BTreeSet<&str> = claims.iter().map(String::as_str).collect();
    let Asker { purpose, others, papers, .. } = asker;
    ask(&Request { purpose: purpose.as_deref(), others, message, claims: &claims, papers })
}

/// The envelope of a message that goes out goes with it.
fn with_envelope(mut grant: Grant, catalog: &Catalog) -> Grant {
    let envelope = catalog.elements.keys().filter(|id| is_in_every_grant(id));
    grant.extend(envelope.map(|id| (id.clone(), Treatment::Full)));
    grant
}
