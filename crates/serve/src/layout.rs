//! The frame of every page: head, skip link, navigation, main part. maud escapes every text.

use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use maud::{DOCTYPE, Markup, html};

use crate::rights::{self, Right};
use crate::viewer::Viewer;
use crate::words::shown;

/// The style sheet of all pages.
pub(crate) const STYLE: &str = include_str!("style.css");

/// A page, as it is made.
pub(crate) struct Page<'p> {
    pub(crate) title: &'p str,
    /// Who sees it; None where nobody is signed in.
    pub(crate) viewer: Option<&'p Viewer>,
    /// The route of the entry of the navigation that it belongs to.
    pub(crate) here: Option<&'static str>,
    pub(crate) body: Markup,
}

/// The navigation: route, words, and the right that it takes.
const ENTRIES: [(&str, &str, Right); 4] = [
    (rights::REVIEWS, "Reviews", Right::SeeReviews),
    (rights::DUTIES, "Duties", Right::SeeDuties),
    (rights::ACCOUNTS, "Accounts", Right::ManageAccounts),
    (rights::PASSWORD, "Your account", Right::SignedIn),
];

impl Page<'_> {
    /// The page as an answer of this status.
    pub(crate) fn into_response_with(self, status: StatusCode) -> Response {
        let Self { title, viewer, here, body } = self;
        let page = html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    title { (title) " – Review desk" }
                    link rel="stylesheet" href=(rights::STYLE);
                }
                body {
                    a.skip href="#main" { "Skip to the main part" }
                    header {
                        p.name { "Review desk" }
                        @if let Some(viewer) = viewer { (navigation(viewer, here)) }
                    }
                    main #main tabindex="-1" { (body) }
                    footer { p { "Every step here is on record in the disclosure log. Times are in UTC." } }
                }
            }
        };
        let mut response = (status, page.into_string()).into_response();
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
        response
    }

    /// The page as an ordinary answer.
    pub(crate) fn into_response(self) -> Response {
        self.into_response_with(StatusCode::OK)
    }
}

fn navigation(viewer: &Viewer, here: Option<&str>) -> Markup {
    let account = &viewer.session.account;
    html! {
        nav aria-label="Desk" {
            ul {
                @for (route, words, right) in ENTRIES {
                    @if right.is_of(account.role) {
                        li { a href=(route) aria-current=[(here == Some(route)).then_some("page")] { (words) } }
                    }
                }
            }
        }
        form.who method="post" action=(rights::SIGN_OUT) {
            (viewer.csrf_field())
            span { (shown(&account.name)) ", " (account.role.name()) }
            button.plain type="submit" { "Sign out" }
        }
    }
}

/// A table that scrolls on a narrow screen: its name for screen readers, its caption, the heads of its columns, its rows.
pub(crate) fn table(name: &str, caption: &str, heads: &[&str], rows: Markup) -> Markup {
    html! {
        div.scroll role="region" aria-label=(name) tabindex="0" {
            table {
                caption { (caption) }
                thead { tr { @for head in heads { th scope="col" { (head) } } } }
                tbody { (rows) }
            }
        }
    }
}

/// A field of a form: its label, the field, a hint, and what is wrong with it.
pub(crate) struct Field<'f> {
    /// Its identifier in the page; its name in the form is what is after the last `:`, for a page may have a field twice.
    pub(crate) name: &'f str,
    pub(crate) label: &'f str,
    pub(crate) hint: Option<&'f str>,
    pub(crate) error: Option<&'f str>,
}

impl Field<'_> {
    /// An `<input>` of a type. `value` is what it has at first.
    pub(crate) fn input(&self, kind: &str, value: &str, attributes: &InputAttributes<'_>) -> Markup {
        let InputAttributes { is_required, max_length, autocomplete } = *attributes;
        self.labelled(html! {
            input type=(kind) id=(self.name) name=(self.form_name()) value=(value) required[is_required] maxlength=[max_length]
                autocomplete=(autocomplete) aria-describedby=[self.described_by()]
                aria-invalid=[self.error.map(|_| "true")];
        })
    }

    /// A `<textarea>`.
    pub(crate) fn text(&self, value: &str, max_length: u32) -> Markup {
        self.labelled(html! {
            textarea id=(self.name) name=(self.form_name()) rows="3" required maxlength=(max_length)
                aria-describedby=[self.described_by()] aria-invalid=[self.error.map(|_| "true")] { (value) }
        })
    }

    /// A `<select>` of values with their words.
    pub(crate) fn select<'v>(&self, options: impl IntoIterator<Item = (&'v str, &'v str)>, chosen: &str) -> Markup {
        self.labelled(html! {
            select id=(self.name) name=(self.form_name()) aria-describedby=[self.described_by()]
                aria-invalid=[self.error.map(|_| "true")] {
                @for (value, words) in options { option value=(value) selected[value == chosen] { (words) } }
            }
        })
    }

    fn form_name(&self) -> &str {
        self.name.rsplit(':').next().unwrap_or(self.name)
    }

    fn labelled(&self, field: Markup) -> Markup {
        html! {
            div.field {
                label for=(self.name) { (self.label) }
                @if let Some(hint) = self.hint { p.hint id={ (self.name) "-hint" } { (hint) } }
                @if let Some(error) = self.error { p.error id={ (self.name) "-error" } { "Error: " (error) } }
                (field)
            }
        }
    }

    fn described_by(&self) -> Option<String> {
        let hint = self.hint.map(|_| format!("{}-hint", self.name));
        let error = self.error.map(|_| format!("{}-error", self.name));
        match (hint, error) {
            (None, None) => None,
            (hint, error) => Some(hint.into_iter().chain(error).collect::<Vec<_>>().join(" ")),
        }
    }
}

/// Attributes of an `<input>`.
#[derive(Clone, Copy)]
pub(crate) struct InputAttributes<'a> {
    pub(crate) is_required: bool,
    pub(crate) max_length: Option<u32>,
    pub(crate) autocomplete: &'a str,
}

impl Default for InputAttributes<'_> {
    fn default() -> Self {
        Self { is_required: false, max_length: Some(256), autocomplete: "off" }
    }
}
