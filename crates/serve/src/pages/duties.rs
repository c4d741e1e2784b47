//! The duties that are still to be done, and the form that ticks one off.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use maud::{Markup, html};

use dmv_redact_log::DoneDuty;
use dmv_redact_model::date::Date;
use dmv_redact_model::policy::is_statement;
use dmv_redact_report::{DutyEntry, DutyStatus};

use super::review_parts::task_words;
use super::{after, notice};
use crate::app::App;
use crate::failure::Failure;
use crate::form::Form;
use crate::layout::{Field, InputAttributes, Page, table};
use crate::rights::{self, Right};
use crate::viewer::Viewer;
use crate::words::{counted, shown};

/// How many duties a page has.
const PAGE: usize = 50;

/// Characters of a record's hash that a person is shown.
const SHOWN_DIGITS: usize = 12;

const HEADS: [&str; 6] = ["What to do", "Whom it concerns", "By when", "Message", "Requester", "Of"];

/// `GET /duties`: `page`, from 1.
pub(crate) async fn show(State(app): State<Arc<App>>, viewer: Viewer, query: Form) -> Result<Response, Failure> {
    let today = Date::of_unix_time(app.now());
    let list = app.duties.lock().await.read(today, false).await?;
    let page: usize = match query.optional("page")? {
        None => 1,
        Some(text) => text.parse().ok().filter(|page| (1..=1_000_000).contains(page)).ok_or(Failure::NotFound)?,
    };
    let first = (page - 1) * PAGE;
    let shown_duties: Vec<&DutyEntry> = list.duties.iter().skip(first).take(PAGE).collect();
    let overdue = list.duties.iter().filter(|duty| duty.status == DutyStatus::Overdue).count();
    let may_do = viewer.may(Right::DoDuties);
    let heads: Vec<&str> = HEADS.into_iter().chain(may_do.then_some("Tick off")).collect();
    let body = html! {
        h1 { "Duties" }
        (notice(&query)?)
        @if list.faults > 0 {
            p.warning { strong { "The log has " (counted(list.faults as usize, "fault", "faults")) ". " } "Somebody may have changed it, or it was cut. Tell whoever operates the desk." }
        }
        p { (counted(list.duties.len(), "duty is", "duties are")) " still to be done, " (overdue) " overdue. Overdue ones come first. The list is at most a minute old." }
        @if !shown_duties.is_empty() {
            (table("Duties", "Duties that follow from what went out, was held or refused", &heads, html! {
                @for (place, duty) in shown_duties.into_iter().enumerate() { (row(&viewer, duty, place, today, may_do)) }
            }))
        }
        @if page > 1 || list.duties.len() > first + PAGE {
            nav.pages aria-label="Pages of this list" {
                @if page > 1 { a rel="prev" href={ (rights::DUTIES) "?page=" (page - 1) } { "Page before" } }
                @if list.duties.len() > first + PAGE { a rel="next" href={ (rights::DUTIES) "?page=" (page + 1) } { "Next page" } }
            }
        }
    };
    Ok(Page { title: "Duties", viewer: Some(&viewer), here: Some(rights::DUTIES), body }.into_response())
}

fn row(viewer: &Viewer, duty: &DutyEntry, place: usize, today: Option<Date>, may_do: bool) -> Markup {
    let digits: String = duty.record.chars().take(SHOWN_DIGITS).collect();
    let is_overdue = duty.status == DutyStatus::Overdue;
    html! {
        tr {
            th scope="row" { (shown(task_words(duty.task.as_deref().unwrap_or("see the policy")))) br; code.quiet { (shown(&duty.duty)) } }
            td { (shown(duty.to.as_deref().unwrap_or("–"))) }
            td { (shown(duty.due.as_deref().unwrap_or("–"))) @if is_overdue { " " strong.bad { "overdue" } } }
            td { (shown(&duty.message)) br; code.quiet { (digits) } }
            td { (shown(&duty.requester)) }
            td { @if let Some(day) = duty.day { (day) } @else { "–" } }
            @if may_do { td { (tick_form(viewer, duty, place, today)) } }
        }
    }
}

fn tick_form(viewer: &Viewer, duty: &DutyEntry, place: usize, today: Option<Date>) -> Markup {
    let (on, note) = (format!("{place}:on"), format!("{place}:note"));
    let today = today.map(|day| day.to_string()).unwrap_or_default();
    html! {
        details {
            summary { "Tick off" }
            form method="post" action=(rights::DUTY_DONE) {
                (viewer.csrf_field())
                input type="hidden" name="record" value=(duty.record);
                input type="hidden" name="duty" value=(duty.duty);
                (Field { name: &on, label: "Done on", hint: None, error: None }.input("date", &today, &InputAttributes { is_required: true, ..InputAttributes::default() }))
                (Field { name: &note, label: "How", hint: Some("Up to 500 characters."), error: None }.text("", 500))
                button type="submit" { "It is done" }
            }
        }
    }
}

/// `POST /duties/done`.
pub(crate) async fn done(State(app): State<Arc<App>>, viewer: Viewer, form: Form) -> Result<Response, Failure> {
    let (record, id) = (form.required("record")?, form.required("duty")?);
    let note = form.line("note")?;
    if !is_statement(&note) {
        return Err(Failure::BadRequest("Say how it was done, in 1 to 500 characters."));
    }
    let today = Date::of_unix_time(app.now());
    let on = Date::parse(form.required("on")?).ok_or(Failure::BadRequest("The day is none."))?;
    if today.is_none_or(|today| on > today) {
        return Err(Failure::BadRequest("The day is still to come."));
    }
    // Nobody else ticks it off between reading and writing, and it is read now, not a minute ago.
    let mut duties = app.duties.lock().await;
    let list = duties.read(today, true).await?;
    let owed = list.duties.iter().find(|duty| duty.record == record && duty.duty == id);
    let owed = owed.ok_or_else(|| Failure::Conflict("The duty is done already, or isn't owed any more.".to_owned()))?;
    if owed.day.is_some_and(|day| on < day) {
        return Err(Failure::BadRequest("The day is before that of the message."));
    }
    let done = DoneDuty { of: &owed.record, duty: &owed.duty, on, by: viewer.name(), note: Some(&note) };
    let recorded = app.desk.duty_done(done);
    duties.invalidate();
    recorded?;
    Ok(after(rights::DUTIES, "duty"))
}
