//! The accounts, for administrators: add, change the role, disable, give a new password.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use maud::{Markup, html};

use dmv_redact_desk::DeskError;
use dmv_redact_review::{Account, AccountChange, ReviewError, Role};

use super::password::PASSWORD_HINT;
use super::{after, notice, problem};
use crate::app::App;
use crate::failure::Failure;
use crate::form::Form;
use crate::layout::{Field, InputAttributes, Page, table};
use crate::rights;
use crate::viewer::Viewer;
use crate::words::{moment, shown};

/// `GET /accounts`; with `name`, the forms to change that account.
pub(crate) async fn show(State(app): State<Arc<App>>, viewer: Viewer, query: Form) -> Result<Response, Failure> {
    page(&app, &viewer, StatusCode::OK, &query, None).await
}

/// `POST /accounts`: adds one.
pub(crate) async fn add(State(app): State<Arc<App>>, viewer: Viewer, form: Form) -> Result<Response, Failure> {
    let (name, role) = (form.required("new-name")?.trim(), role(&form)?);
    let password = form.optional("password")?.filter(|password| !password.is_empty());
    if password.is_none() && app.reach.user_header.is_none() {
        let text = "An account needs a password to begin with.";
        return page(&app, &viewer, StatusCode::BAD_REQUEST, &form, Some(text)).await;
    }
    let result = app.desk.add_account((name, role), password, viewer.name(), app.now()).await;
    finish(&app, &viewer, &form, result, "added").await
}

/// `POST /accounts/role`.
pub(crate) async fn change_role(State(app): State<Arc<App>>, viewer: Viewer, form: Form) -> Result<Response, Failure> {
    let change = AccountChange { role: Some(role(&form)?), password: None, is_disabled: None };
    change_account(&app, &viewer, &form, &change).await
}

/// `POST /accounts/state`: disables or enables.
pub(crate) async fn change_state(State(app): State<Arc<App>>, viewer: Viewer, form: Form) -> Result<Response, Failure> {
    let is_disabled = match form.required("state")? {
        "disabled" => true,
        "enabled" => false,
        _ => return Err(Failure::BadRequest("An account is enabled or disabled.")),
    };
    let change = AccountChange { role: None, password: None, is_disabled: Some(is_disabled) };
    change_account(&app, &viewer, &form, &change).await
}

/// `POST /accounts/password`: a new one, which the person should change.
pub(crate) async fn change_password(
    State(app): State<Arc<App>>,
    viewer: Viewer,
    form: Form,
) -> Result<Response, Failure> {
    if app.reach.user_header.is_some() {
        return Err(Failure::Forbidden("Your organization's sign-in signs people in here, and passwords are off."));
    }
    let change = AccountChange { role: None, password: Some(form.required("password")?), is_disabled: None };
    change_account(&app, &viewer, &form, &change).await
}

fn role(form: &Form) -> Result<Role, Failure> {
    Role::of_name(form.required("role")?).ok_or(Failure::BadRequest("There is no such role."))
}

async fn change_account(
    app: &App,
    viewer: &Viewer,
    form: &Form,
    change: &AccountChange<'_>,
) -> Result<Response, Failure> {
    let result = app.desk.change_account(form.required("name")?, change, viewer.name(), app.now()).await;
    finish(app, viewer, form, result, "changed").await
}

async fn finish(
    app: &App,
    viewer: &Viewer,
    form: &Form,
    result: Result<(), DeskError>,
    done: &str,
) -> Result<Response, Failure> {
    match result {
        Ok(()) => Ok(after(rights::ACCOUNTS, done)),
        Err(DeskError::Review(ReviewError::Usage(text))) => {
            page(app, viewer, StatusCode::BAD_REQUEST, form, Some(&shown(&text))).await
        }
        Err(error) => Err(error.into()),
    }
}

async fn page(
    app: &App,
    viewer: &Viewer,
    status: StatusCode,
    query: &Form,
    error: Option<&str>,
) -> Result<Response, Failure> {
    let accounts = app.reviews().accounts().await?;
    let name = query.optional("name")?;
    let chosen = accounts.iter().find(|account| Some(account.name.as_str()) == name);
    let has_passwords = app.reach.user_header.is_none();
    let body = html! {
        h1 { "Accounts" }
        (notice(query)?)
        (problem(error))
        (accounts_table(&accounts))
        @if let Some(account) = chosen { (change_forms(viewer, account, has_passwords)) }
        h2 { "Add an account" }
        form method="post" action=(rights::ACCOUNTS) {
            (viewer.csrf_field())
            (Field { name: "new-name", label: "Name", hint: Some("It is in the log with all that the person does, and stays."), error: None }
                .input("text", &shown(query.optional("new-name")?.unwrap_or_default()), &InputAttributes { is_required: true, max_length: Some(128), ..InputAttributes::default() }))
            (role_field("role", Role::Reviewer))
            @if has_passwords { (password_field("password", "Password to begin with")) }
            button type="submit" { "Add" }
        }
        h2 { "What the roles may do" }
        (roles())
    };
    let title = if error.is_some() { "Error: Accounts" } else { "Accounts" };
    Ok(Page { title, viewer: Some(viewer), here: Some(rights::ACCOUNTS), body }.into_response_with(status))
}

fn accounts_table(accounts: &[Account]) -> Markup {
    let rows = html! {
        @for account in accounts {
            tr {
                th scope="row" { a href=(address(&account.name)) { (shown(&account.name)) } }
                td { (account.role.name()) }
                td {
                    @if account.is_disabled { span.state data-state="denied" { "disabled" } } @else { "enabled" }
                    @if !account.has_password { ", no password" }
                }
                td { (moment(account.created)) }
                td { @match account.last_sign_in { Some(at) => (moment(at)), None => "never" } }
            }
        }
    };
    let caption = "All accounts, by name. None is ever removed: the log names them.";
    html! {
        (table("Accounts", caption, &["Name", "Role", "State", "Added", "Last signed in"], rows))
        p { "Choose a name to change its account." }
    }
}

fn change_forms(viewer: &Viewer, account: &Account, has_passwords: bool) -> Markup {
    let hidden = html! { (viewer.csrf_field()) input type="hidden" name="name" value=(account.name); };
    let (state, words) = if account.is_disabled { ("enabled", "Enable it") } else { ("disabled", "Disable it") };
    html! {
        section aria-labelledby="change" {
            h2 #change { "Change " (shown(&account.name)) }
            p { "Each change ends the person's sessions." }
            h3 { "Role" }
            form method="post" action=(rights::ACCOUNT_ROLE) {
                (hidden)
                (role_field("changed:role", account.role))
                button type="submit" { "Change the role" }
            }
            h3 { "Enabled or disabled" }
            form method="post" action=(rights::ACCOUNT_STATE) {
                (hidden)
                input type="hidden" name="state" value=(state);
                button type="submit" { (words) }
            }
            @if has_passwords {
                h3 { "New password" }
                form method="post" action=(rights::ACCOUNT_PASSWORD) {
                    (hidden)
                    (password_field("changed:password", "New password"))
                    button type="submit" { "Give the new password" }
                }
            }
        }
    }
}

fn role_options() -> [(&'static str, &'static str); 4] {
    Role::ALL.map(|role| (role.name(), role.name()))
}

fn role_field(name: &str, chosen: Role) -> Markup {
    Field { name, label: "Role", hint: None, error: None }.select(role_options(), chosen.name())
}

fn password_field(name: &str, label: &str) -> Markup {
    let attributes = InputAttributes { is_required: true, max_length: Some(512), autocomplete: "new-password" };
    Field { name, label, hint: Some(PASSWORD_HINT), error: None }.input("password", "", &attributes)
}

fn roles() -> Markup {
    const ROWS: [(&str, &str); 4] = [
        ("reviewer", "sees reviews and records, approves, denies, ticks duties off"),
        ("approver", "the same, and may be the second of two people"),
        ("auditor", "sees reviews and duties, and changes nothing"),
        ("administrator", "manages accounts, and sees no review"),
    ];
    html! {
        dl { @for (role, words) in ROWS { dt { (role) } dd { (words) } } }
    }
}

fn address(name: &str) -> String {
    let query = form_urlencoded::Serializer::new(String::new()).append_pair("name", name).finish();
    format!("{}?{query}#change", rights::ACCOUNTS)
}
