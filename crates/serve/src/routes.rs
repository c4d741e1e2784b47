//! The routes of the desk, with their handlers.

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};

use crate::app::App;
use crate::failure::Failure;
use crate::guard::guard;
use crate::outer::{OuterState, Refusals, outer};
use crate::pages;
use crate::rights;

/// The routes. Their rights are in [`rights::ROUTES`], and what isn't there is refused before it gets here.
pub(crate) fn router(app: Arc<App>) -> Router {
    let state = OuterState {
        is_behind_tls: app.reach.is_behind_tls,
        running: app.running.clone(),
        refusals: Refusals::default(),
        log: app.log,
    };
    Router::new()
        .route(rights::HOME, get(pages::home))
        .route(rights::STYLE, get(pages::style))
        .route(rights::SIGN_IN, get(pages::sign_in::show).post(pages::sign_in::submit))
        .route(rights::SIGN_OUT, post(pages::sign_in::sign_out))
        .route(rights::PASSWORD, get(pages::password::show).post(pages::password::submit))
        .route(rights::REVIEWS, get(pages::queue::show))
        .route(rights::REVIEW, get(pages::review::show))
        .route(rights::PREVIEW, post(pages::review::preview))
        .route(rights::APPROVE, post(pages::decide::approve))
        .route(rights::DENY, post(pages::decide::deny))
        .route(rights::REVOKE, post(pages::decide::revoke))
        .route(rights::REOPEN, post(pages::decide::reopen))
        .route(rights::RECORD, post(pages::record::show))
        .route(rights::DUTIES, get(pages::duties::show))
        .route(rights::DUTY_DONE, post(pages::duties::done))
        .route(rights::ACCOUNTS, get(pages::accounts::show).post(pages::accounts::add))
        .route(rights::ACCOUNT_ROLE, post(pages::accounts::change_role))
        .route(rights::ACCOUNT_STATE, post(pages::accounts::change_state))
        .route(rights::ACCOUNT_PASSWORD, post(pages::accounts::change_password))
        .fallback(|| async { Failure::NotFound })
        .method_not_allowed_fallback(|| async { Failure::WrongMethod })
        .layer(from_fn_with_state(Arc::clone(&app), guard))
        .layer(from_fn_with_state(state, outer))
        .with_state(app)
}
