//! An office with a desk: a queue, a log, accounts of each role, held messages; and a browser for it.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::header::{CONTENT_TYPE, COOKIE, HOST, LOCATION, SET_COOKIE};
use axum::http::{HeaderMap, Method, Request, StatusCode};
use serde_json::Value;
use tempfile::TempDir;
use tower::ServiceExt;

use dmv_redact::{Filter, Requester};
use dmv_redact_desk::{Desk, HeldMessage, hold};
use dmv_redact_log::LogOptions;
use dmv_redact_review::{Keys, NewReview, ReviewId, ReviewStore, Role, SignIn, State};

use crate::app::App;
use crate::guard::Peer;
use crate::origin::Reach;
use crate::rate::Rate;
use crate::routes::router;
use crate::settings::Settings;

/// 2026-12-02T12:00:00Z.
pub(super) const NOW: i64 = 1_796_212_800;
pub(super) const DAY: i64 = 86_400;
pub(super) const DESK: &str = "desk.example.gov";
pub(super) const PASSWORD: &str = "gravel umbrella 47";
const POLICY: &str = "massachusetts";

/// An account of each role, by name.
pub(super) const PEOPLE: [(&str, Role); 5] = [
    ("Ann Reviewer", Role::Reviewer),
    ("Ben Approver", Role::Approver),
    ("Cy Approver", Role::Approver),
    ("Dot Auditor", Role::Auditor),
    ("Eve Administrator", Role::Administrator),
];
pub(super) const ANN: &str = PEOPLE[0].0;
pub(super) const BEN: &str = PEOPLE[1].0;
pub(super) const CY: &str = PEOPLE[2].0;
pub(super) const DOT: &str = PEOPLE[3].0;
pub(super) const EVE: &str = PEOPLE[4].0;

/// What the message has of a person: on no page but the one that shows it.
pub(super) const VALUES: [&str; 4] = ["EXAMPLE", "JORDAN", "1985-07-04", "MESQUITE WASH"];

pub(super) struct Office {
    pub(super) folder: TempDir,
    pub(super) app: Arc<App>,
    router: Router,
    pub(super) original: Vec<u8>,
    peer: SocketAddr,
}

/// An answer, read.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) text: String,
}

/// Who asks: a session's cookie and its token against forged forms.
#[derive(Clone, Debug)]
pub(super) struct Browser {
    pub(super) cookie: String,
    pub(super) csrf: String,
}

pub(super) fn reach() -> Reach {
    Reach { hosts: vec![DESK.to_owned()], is_behind_tls: true, trusted_proxies: Vec::new(), user_header: None }
}

/// Limits that no test meets by chance.
pub(super) fn settings(reach: Reach) -> Settings {
    let rate = Rate { burst: 100_000, every: Duration::from_secs(60) };
    Settings { rate_of_all: rate, rate_of_sign_in: rate, clock: || NOW, log: |_| {}, ..Settings::new(reach) }
}

impl Office {
    pub(super) async fn open() -> Self {
        Self::open_with(settings(reach())).await
    }

    pub(super) async fn open_with(settings: Settings) -> Self {
        Self::open_with_log(settings, LogOptions::default()).await
    }

    pub(super) async fn open_with_log(mut settings: Settings, log: LogOptions) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = |name| folder.path().join(name);
        fs::write(path("key"), [b'k'; 32]).unwrap();
        let filter = Filter::builder().policy_named(Path::new(POLICY)).build().unwrap();
        let database = path("reviews.db");
        let keys = Keys::read(&[path("key")]).unwrap();
        let reviews = ReviewStore::open(database.to_str().unwrap(), keys).await.unwrap();
        for (name, role) in PEOPLE {
            reviews.add_account(name, role, None, NOW - DAY).await.unwrap();
        }
        fs::create_dir(path("log")).unwrap();
        let log = log.open(&path("log/desk.log"), &filter).unwrap();
        settings.duties.paths.push(path("log/desk.log"));
        let desk = Arc::new(Desk::new(reviews, log, filter));
        let app = Arc::new(App::new(desk, settings).unwrap());
        let message = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/dr-ice/message.xml");
        let original = fs::read(message).unwrap();
        let router = router(Arc::clone(&app));
        Self { folder, app, router, original, peer: "127.0.0.1:4000".parse().unwrap() }
    }

    /// The same office, asked from another address.
    pub(super) fn from(mut self, peer: &str) -> Self {
        self.peer = peer.parse().unwrap();
        self
    }

    /// Holds the message under this identifier.
    pub(super) async fn hold(&self, id: &str) -> ReviewId {
        let (filter, requester) = (&self.app.desk.filter(), Requester::from_envelope().purpose("IMM"));
        let receipt = filter.redact(&self.original, &requester, &mut Vec::new());
        let (original, requester, receipt) = (self.original.as_slice(), &requester, &receipt);
        let message = HeldMessage { source: "switch-1", id, original, requester, receipt };
        hold(self.app.reviews(), filter, &message, (NOW + 10 * DAY, NOW)).await.unwrap().id()
    }

    /// Holds it for two people.
    pub(super) async fn hold_for_two(&self, id: &str) -> ReviewId {
        self.hold_as(id, |review| review.two_people = true).await
    }

    /// Holds it with something else about it.
    pub(super) async fn hold_as(&self, id: &str, change: impl FnOnce(&mut NewReview<'_>)) -> ReviewId {
        let like = self.hold(&format!("like {id}")).await;
        let like = self.app.reviews().get(like).await.unwrap().unwrap();
        let (request, details) = (like.request.unwrap(), like.details.unwrap());
        let mut review = NewReview {
            source: "switch-1",
            id,
            original: &self.original,
            requester: "VTICE0900",
            message_key: Some("DR"),
            request: &request,
            details: &details,
            deadline: NOW + 10 * DAY,
            two_people: false,
        };
        change(&mut review);
        self.app.reviews().add(&review, NOW).await.unwrap().id()
    }

    pub(super) async fn state(&self, id: ReviewId) -> State {
        self.app.reviews().get(id).await.unwrap().unwrap().summary.state
    }

    /// The steps in the log, without those that only begin it.
    pub(super) fn steps(&self) -> Vec<String> {
        self.records().iter().filter_map(|record| record["step"].as_str().map(str::to_owned)).collect()
    }

    pub(super) fn records(&self) -> Vec<Value> {
        self.log().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    pub(super) fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log/desk.log")).unwrap()
    }

    /// A browser that is signed in.
    pub(super) async fn browser(&self, name: &str) -> Browser {
        self.browser_since(name, NOW).await
    }

    pub(super) async fn browser_since(&self, name: &str, since: i64) -> Browser {
        match self.app.reviews().sign_in_from_proxy(name, since).await.unwrap() {
            SignIn::Accepted { token, session } => {
                Browser { cookie: format!("__Host-desk={token}"), csrf: session.csrf }
            }
            _ => panic!("{name} can't sign in"),
        }
    }

    pub(super) async fn send(&self, mut request: Request<Body>) -> Answer {
        request.extensions_mut().insert(Peer(self.peer));
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, 64 << 20).await.unwrap();
        Answer { status: parts.status, headers: parts.headers, text: String::from_utf8(bytes.to_vec()).unwrap() }
    }

    pub(super) async fn get(&self, path: &str, browser: Option<&Browser>) -> Answer {
        self.send(request(Method::GET, path, browser, &[], "")).await
    }

    /// Sends a form as the desk's own page does.
    pub(super) async fn post(&self, path: &str, browser: &Browser, fields: &[(&str, &str)]) -> Answer {
        let csrf = [("csrf", browser.csrf.as_str())];
        let body = form(&[&csrf, fields].concat());
        self.send(request(Method::POST, path, Some(browser), &OWN, &body)).await
    }

    /// The fields of the form that approves what a preview with a court order for these elements shows.
    pub(super) async fn preview(&self, id: ReviewId, browser: &Browser, elements: &[&str]) -> Vec<(String, String)> {
        let mut fields = vec![
            ("claim", "approved"),
            ("claim", "court-order"),
            ("issuer/court-order", "federal-judge"),
            ("number/court-order", "2:26-mj-1"),
            ("date/court-order", "2026-12-01"),
            ("days", "5"),
        ];
        fields.extend(elements.iter().map(|element| ("specifies/court-order", *element)));
        let answer = self.post(&format!("/reviews/{id}/preview"), browser, &fields).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        answer.sealed()
    }

    pub(super) async fn approve(&self, id: ReviewId, browser: &Browser, sealed: &[(String, String)]) -> Answer {
        let fields: Vec<_> = sealed.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        self.post(&format!("/reviews/{id}/approve"), browser, &fields).await
    }
}

/// What a browser says of the desk's own forms.
pub(super) const OWN: [(&str, &str); 2] = [("sec-fetch-site", "same-origin"), ("origin", "null")];

pub(super) fn request(
    method: Method,
    path: &str,
    browser: Option<&Browser>,
    headers: &[(&str, &str)],
    body: &str,
) -> Request<Body> {
    let mut request = Request::builder().method(&method).uri(path);
    if !headers.iter().any(|(name, _)| *name == "host") {
        request = request.header(HOST, DESK);
    }
    if method == Method::POST && !headers.iter().any(|(name, _)| *name == "content-type") {
        request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
    }
    if let Some(browser) = browser {
        request = request.header(COOKIE, &browser.cookie);
    }
    request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    request.body(Body::from(body.to_owned())).unwrap()
}

pub(super) fn form(fields: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

impl Answer {
    pub(super) fn location(&self) -> &str {
        self.headers.get(LOCATION).map_or("", |location| location.to_str().unwrap())
    }

    pub(super) fn cookies(&self) -> Vec<&str> {
        self.headers.get_all(SET_COOKIE).iter().map(|cookie| cookie.to_str().unwrap()).collect()
    }

    /// The value of the first hidden field of this name.
    pub(super) fn hidden(&self, name: &str) -> Option<String> {
        let rest = self.text.split_once(&format!("type=\"hidden\" name=\"{name}\" value=\""))?.1;
        let value = rest.split('"').next()?;
        Some(value.replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))
    }

    /// The fields of the form that approves.
    pub(super) fn sealed(&self) -> Vec<(String, String)> {
        let part =
            self.text.split("/approve\"").nth(1).unwrap_or_else(|| panic!("nothing can be approved: {}", self.text));
        let part = Self { text: part.to_owned(), headers: HeaderMap::new(), status: self.status };
        ["digest", "grants", "days", "state", "seal"].map(|name| (name.to_owned(), part.hidden(name).unwrap())).to_vec()
    }
}
