//! Who may do what, in one table: each route and the right that it takes. A route that isn't in it is closed to everybody.

use axum::http::Method;

use dmv_redact_review::Role;

/// What a request must be allowed to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Right {
    /// Nothing is needed: whoever reaches the desk may.
    Anyone,
    /// A session, whatever its role.
    SignedIn,
    /// To see the queue and its reviews.
    SeeReviews,
    /// To approve and deny.
    Decide,
    /// To see a message as it came.
    SeeRecords,
    /// To see the list of duties.
    SeeDuties,
    /// To tick duties off.
    DoDuties,
    /// To add and change accounts.
    ManageAccounts,
}

impl Right {
    /// Whether a role has it.
    pub(crate) fn is_of(self, role: Role) -> bool {
        match self {
            Self::Anyone | Self::SignedIn => true,
            Self::SeeReviews => role.may_see_reviews(),
            Self::Decide => role.may_decide(),
            Self::SeeRecords => role.may_see_records(),
            Self::SeeDuties => role.may_see_duties(),
            Self::DoDuties => role.may_do_duties(),
            Self::ManageAccounts => role.may_manage_accounts(),
        }
    }
}

pub(crate) const HOME: &str = "/";
pub(crate) const STYLE: &str = "/style.css";
pub(crate) const SIGN_IN: &str = "/sign-in";
pub(crate) const SIGN_OUT: &str = "/sign-out";
pub(crate) const PASSWORD: &str = "/password";
pub(crate) const REVIEWS: &str = "/reviews";
pub(crate) const REVIEW: &str = "/reviews/{id}";
pub(crate) const PREVIEW: &str = "/reviews/{id}/preview";
pub(crate) const APPROVE: &str = "/reviews/{id}/approve";
pub(crate) const DENY: &str = "/reviews/{id}/deny";
pub(crate) const REVOKE: &str = "/reviews/{id}/revoke";
pub(crate) const REOPEN: &str = "/reviews/{id}/reopen";
pub(crate) const RECORD: &str = "/reviews/{id}/record";
pub(crate) const DUTIES: &str = "/duties";
pub(crate) const DUTY_DONE: &str = "/duties/done";
pub(crate) const ACCOUNTS: &str = "/accounts";
pub(crate) const ACCOUNT_ROLE: &str = "/accounts/role";
pub(crate) const ACCOUNT_STATE: &str = "/accounts/state";
pub(crate) const ACCOUNT_PASSWORD: &str = "/accounts/password";

/// Method, route, right.
pub(crate) const ROUTES: &[(Method, &str, Right)] = &[
    (Method::GET, HOME, Right::SignedIn),
    (Method::GET, STYLE, Right::Anyone),
    (Method::GET, SIGN_IN, Right::Anyone),
    (Method::POST, SIGN_IN, Right::Anyone),
    (Method::POST, SIGN_OUT, Right::SignedIn),
    (Method::GET, PASSWORD, Right::SignedIn),
    (Method::POST, PASSWORD, Right::SignedIn),
    (Method::GET, REVIEWS, Right::SeeReviews),
    (Method::GET, REVIEW, Right::SeeReviews),
    (Method::POST, PREVIEW, Right::Decide),
    (Method::POST, APPROVE, Right::Decide),
    (Method::POST, DENY, Right::Decide),
    (Method::POST, REVOKE, Right::Decide),
    (Method::POST, REOPEN, Right::Decide),
    (Method::POST, RECORD, Right::SeeRecords),
    (Method::GET, DUTIES, Right::SeeDuties),
    (Method::POST, DUTY_DONE, Right::DoDuties),
    (Method::GET, ACCOUNTS, Right::ManageAccounts),
    (Method::POST, ACCOUNTS, Right::ManageAccounts),
    (Method::POST, ACCOUNT_ROLE, Right::ManageAccounts),
    (Method::POST, ACCOUNT_STATE, Right::ManageAccounts),
    (Method::POST, ACCOUNT_PASSWORD, Right::ManageAccounts),
];

/// The right that a request takes. None: the route, or the method there, isn't in the table.
pub(crate) fn right_of(method: &Method, route: &str) -> Option<Right> {
    let method = if *method == Method::HEAD { &Method::GET } else { method };
    ROUTES.iter().find(|(own, path, _)| own == method && *path == route).map(|(_, _, right)| *right)
}
