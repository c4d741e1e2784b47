//! The message as it came, for a person who asks and says why: on record first, shown once, kept by no cache.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use maud::html;

use dmv_redact_desk::DeskError;
use dmv_redact_model::escape::lines;

use super::review::{Shown, id_of, page};
use crate::app::App;
use crate::failure::Failure;
use crate::form::Form;
use crate::layout::Page;
use crate::rights;
use crate::viewer::Viewer;
use crate::words::{bytes, shown};

/// Maximum number of bytes of a message that are shown: a browser has trouble with more, and a person reads less.
const MAX_SHOWN_BYTES: usize = 1 << 20;

/// `POST /reviews/{id}/record`.
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    viewer: Viewer,
    form: Form,
) -> Result<Response, Failure> {
    let id = id_of(&id)?;
    let reason = form.line("reason")?;
    let original = match app.desk.show_original(id, &reason, viewer.name()).await {
        Ok(original) => original,
        Err(DeskError::Usage(text)) => {
            let shown = Shown { status: StatusCode::BAD_REQUEST, error: Some(&shown(&text)), ..Shown::default() };
            return page(&app, &viewer, id, &shown).await;
        }
        Err(error) => return Err(error.into()),
    };
    let part = original.get(..MAX_SHOWN_BYTES).unwrap_or(&original);
    let left = original.len() - part.len();
    let body = html! {
        h1 { "The message as it came" }
        p.warning { "This is the data of a person. It is on record that you have seen it. Don't copy it." }
        p { a href={ (rights::REVIEWS) "/" (id) } { "Back to the review" } }
        pre tabindex="0" role="region" aria-label="Message" { (lines(&String::from_utf8_lossy(part))) }
        @if left > 0 { p { "The message goes on for " (bytes(left as u64)) ", which aren't shown." } }
    };
    let title = "The message as it came";
    Ok(Page { title, viewer: Some(&viewer), here: Some(rights::REVIEWS), body }.into_response())
}
