//! The form of an approval: what the reviewer vouches for, on what paper, for how long; as typed, and as grants.

use std::collections::BTreeSet;

use maud::{Markup, html};

use dmv_redact_desk::{ElementLine, Grants, MAX_APPROVAL_DAYS, VouchedClaim};
use dmv_redact_model::catalog::ENVELOPE;
use dmv_redact_model::policy::Instrument;

use crate::failure::Failure;
use crate::form::Form;
use crate::layout::{Field, InputAttributes};
use crate::words::shown;

/// How long an approval lasts if nobody says otherwise, in days.
pub(crate) const DAYS: u32 = 7;

/// The form as it was typed.
#[derive(Default)]
pub(crate) struct Draft {
    claims: Vec<DraftClaim>,
    days: String,
}

struct DraftClaim {
    claim: String,
    is_vouched: bool,
    issuer: String,
    number: String,
    date: String,
    until: String,
    specifies: BTreeSet<String>,
}

/// A field that can't be taken, by its name, and why.
pub(crate) type Mistake = (String, String);

impl Draft {
    /// The form that was sent, for the claims that may be vouched for.
    pub(crate) fn read(form: &Form, vouches: &[VouchedClaim]) -> Result<Self, Failure> {
        let mut claims = Vec::new();
        for VouchedClaim { claim, .. } in vouches {
            let text = |part: &str| Ok::<_, Failure>(form.filled(&name(part, claim))?.unwrap_or_default().to_owned());
            claims.push(DraftClaim {
                is_vouched: form.all("claim").any(|own| own == claim),
                issuer: text("issuer")?,
                number: text("number")?,
                date: text("date")?,
                until: text("until")?,
                specifies: form.all(&name("specifies", claim)).map(str::to_owned).collect(),
                claim: claim.clone(),
            });
        }
        if form.all("claim").any(|own| !vouches.iter().any(|vouched| vouched.claim == own)) {
            return Err(Failure::BadRequest("The policy doesn't let a reviewer vouch for one of these claims."));
        }
        Ok(Self { claims, days: form.filled("days")?.unwrap_or_default().to_owned() })
    }

    /// An empty form.
    pub(crate) fn empty() -> Self {
        Self { claims: Vec::new(), days: DAYS.to_string() }
    }

    /// For how many days the approval lasts.
    pub(crate) fn days(&self) -> Result<u32, Mistake> {
        days(&self.days)
            .ok_or_else(|| ("days".to_owned(), format!("write a number of days from 1 to {MAX_APPROVAL_DAYS}")))
    }

    /// What it grants.
    pub(crate) fn grants(&self, vouches: &[VouchedClaim]) -> Result<Grants, Mistake> {
        let mut grants = Grants::default();
        for draft in &self.claims {
            let needs_paper = vouches.iter().any(|own| own.claim == draft.claim && !own.issuers.is_empty());
            match (draft.is_vouched, draft.has_paper()) {
                (false, false) => {}
                (false, true) => {
                    let text = "a paper is filled in: tick this claim too, or empty its fields";
                    return Err((name("claim", &draft.claim), text.to_owned()));
                }
                (true, false) if !needs_paper => grants.claims.push(draft.claim.clone()),
                (true, _) => grants.instruments.push(draft.instrument(needs_paper)?),
            }
        }
        Ok(grants)
    }

    /// The form's fields. `elements` are those of the message.
    pub(crate) fn fields(
        &self,
        vouches: &[VouchedClaim],
        elements: &[ElementLine],
        mistake: Option<&Mistake>,
    ) -> Markup {
        let error = |field: &str| mistake.filter(|(own, _)| own == field).map(|(_, text)| text.as_str());
        html! {
            @for vouched in vouches { (self.claim_fields(vouched, elements, &error)) }
            (Field { name: "days", label: "How many days the approval lasts", hint: Some("1 to 30. What has not gone out by then is denied."), error: error("days") }
                .input("number", &shown(&self.days), &InputAttributes { is_required: true, max_length: None, autocomplete: "off" }))
        }
    }

    fn claim_fields<'e>(
        &self,
        vouched: &VouchedClaim,
        elements: &[ElementLine],
        error: &impl Fn(&str) -> Option<&'e str>,
    ) -> Markup {
        let VouchedClaim { claim, title, issuers, specifies } = vouched;
        let draft = self.claims.iter().find(|draft| draft.claim == *claim);
        let of = |get: fn(&DraftClaim) -> &str| draft.map_or("", get);
        let text = |part, label, kind, hint, value| {
            let field = name(part, claim);
            let attributes = InputAttributes { max_length: Some(64), ..InputAttributes::default() };
            Field { name: &field, label, hint, error: error(&field) }.input(kind, &shown(value), &attributes)
        };
        let (tick, issuer) = (name("claim", claim), name("issuer", claim));
        let tick_error = error(&tick);
        let options = [""].into_iter().chain(issuers.iter().map(String::as_str));
        html! {
            fieldset {
                legend { (shown(claim)) }
                label.check {
                    input type="checkbox" name="claim" value=(claim) checked[draft.is_some_and(|draft| draft.is_vouched)]
                        aria-describedby=[tick_error.map(|_| format!("{tick}-error"))] aria-invalid=[tick_error.map(|_| "true")];
                    span { "I vouch for it" @if let Some(title) = title { ": " (shown(title)) } }
                }
                @if let Some(text) = tick_error { p.error id={ (tick) "-error" } { "Error: " (text) } }
                @if !issuers.is_empty() || *specifies {
                    p.hint { "The paper behind it" @if issuers.is_empty() { ", if there is one" } }
                    @if !issuers.is_empty() {
                        (Field { name: &issuer, label: "Who issued it", hint: None, error: error(&issuer) }
                            .select(options.map(|own| (own, if own.is_empty() { "choose one" } else { own })), of(|draft| &draft.issuer)))
                    }
                    (text("number", "Its number", "text", None, of(|draft| &draft.number)))
                    (text("date", "Issued on", "date", None, of(|draft| &draft.date)))
                    (text("until", "Valid until", "date", Some("The last day, if the paper names one."), of(|draft| &draft.until)))
                    @if *specifies { (specified(claim, elements, draft)) }
                }
            }
        }
    }
}

impl DraftClaim {
    fn has_paper(&self) -> bool {
        [&self.issuer, &self.number, &self.date, &self.until].iter().any(|text| !text.is_empty())
            || !self.specifies.is_empty()
    }

    fn instrument(&self, needs_issuer: bool) -> Result<Instrument, Mistake> {
        let mistake = |part, text: &str| (name(part, &self.claim), text.to_owned());
        if needs_issuer && self.issuer.is_empty() {
            return Err(mistake("issuer", "the claim counts only with a paper: choose who issued it"));
        }
        let mut instrument = Instrument::new(&self.claim);
        if !self.issuer.is_empty() {
            instrument = instrument.issuer(&self.issuer);
        }
        if !self.number.is_empty() {
            instrument = instrument.number(&self.number);
        }
        if !self.date.is_empty() {
            instrument = instrument.date(&self.date).map_err(|_| mistake("date", "write a day as YYYY-MM-DD"))?;
        }
        if !self.until.is_empty() {
            instrument = instrument.until(&self.until).map_err(|_| mistake("until", "write a day as YYYY-MM-DD"))?;
        }
        Ok(self.specifies.iter().fold(instrument, |instrument, element| instrument.specifies(element)))
    }
}

/// The data elements that a paper may specify: those of the message, by group, each group as a whole too.
fn specified(claim: &str, elements: &[ElementLine], draft: Option<&DraftClaim>) -> Markup {
    let field = name("specifies", claim);
    let is_chosen = |element: &str| draft.is_some_and(|draft| draft.specifies.contains(element));
    let check = |value: &str, class, words: Markup| {
        html! {
            label class=(class) { input type="checkbox" name=(field) value=(value) checked[is_chosen(value)]; span { (words) } }
        }
    };
    let named: BTreeSet<(&str, &str)> = elements
        .iter()
        .filter(|own| !own.id.starts_with(ENVELOPE))
        .map(|own| (own.id.as_str(), own.title.as_str()))
        .collect();
    let groups: BTreeSet<&str> = named.iter().map(|(id, _)| group(id)).collect();
    html! {
        fieldset {
            legend { "Data elements that the paper specifies" }
            p.hint { "Those of this message are listed. Tick only what the paper itself names." }
            @for own in groups {
                fieldset {
                    legend { (shown(own)) }
                    (check(own, "check whole", html! { "All of " (shown(own)) }))
                    div.checks {
                        @for (id, title) in named.iter().filter(|(id, _)| group(id) == own && *id != own) {
                            (check(id, "check", html! { (shown(title)) " " code { (shown(id)) } }))
                        }
                    }
                }
            }
        }
    }
}

/// The first part of an element's id, which is a prefix that names all of them.
fn group(id: &str) -> &str {
    id.split('.').next().unwrap_or(id)
}

/// The name of a field of a claim.
fn name(part: &str, claim: &str) -> String {
    format!("{part}/{claim}")
}

/// A number of days that an approval may last.
pub(crate) fn days(text: &str) -> Option<u32> {
    text.parse().ok().filter(|days| (1..=MAX_APPROVAL_DAYS).contains(days))
}
