//! Who is signed in, as handlers and pages have it.

use std::sync::Arc;

use maud::{Markup, html};

use dmv_redact_review::Session;

use crate::rights::Right;

/// The name of the field with the token against forged forms.
pub(crate) const CSRF: &str = "csrf";

/// Who is signed in. A handler that takes one is given one, because the guard has checked the route's right.
#[derive(Clone)]
pub(crate) struct Viewer {
    pub(crate) session: Arc<Session>,
    pub(crate) token: Arc<str>,
}

impl Viewer {
    /// The hidden field of every form.
    pub(crate) fn csrf_field(&self) -> Markup {
        html! { input type="hidden" name=(CSRF) value=(self.session.csrf); }
    }

    /// The name of the account.
    pub(crate) fn name(&self) -> &str {
        &self.session.account.name
    }

    /// Whether the account's role has a right.
    pub(crate) fn may(&self, right: Right) -> bool {
        right.is_of(self.session.account.role)
    }
}
