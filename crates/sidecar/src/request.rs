//! What a request says: the head of a frame, an envelope, or the `dmv-` headers of an HTTP request.

use axum::http::HeaderMap;
use serde::Deserialize;

use dmv_redact::{Date, Instrument, Requester};
use dmv_redact_model::escape::escape;
use dmv_redact_model::policy::RequestText;
use dmv_redact_review::ReviewId;

use crate::failure::Failure;
use crate::object::{Object, object};

/// Characters of the source.
const MAX_SOURCE: usize = 128;

/// What headers of the sidecar begin with.
const PREFIX: &str = "dmv-";

/// The head of a request.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct Head {
    #[serde(deserialize_with = "object")]
    pub(crate) request: RequestText,
    date: Option<String>,
    source: Option<String>,
    receipt: bool,
    /// A held message that is asked for.
    review: Option<String>,
}

/// What is asked.
#[derive(Debug)]
pub(crate) enum Call {
    /// To redact a message.
    Redact(Box<Asked>),
    /// To deliver a held message.
    Deliver { review: ReviewId, correlation_id: Option<String>, wants_receipt: bool },
}

/// A request for a message.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) requester: Requester,
    pub(crate) source: String,
    pub(crate) wants_receipt: bool,
}

impl Call {
    /// The correlation id, if there is one.
    pub(crate) fn correlation_id(&self) -> Option<String> {
        match self {
            Self::Redact(asked) => asked.requester.shared_correlation_id().map(|id| id.to_string()),
            Self::Deliver { correlation_id, .. } => correlation_id.clone(),
        }
    }
}

impl Head {
    /// From JSON.
    pub(crate) fn of_json(json: &[u8]) -> Result<Self, Failure> {
        let read = serde_json::from_slice(json).map(|Object(head)| head);
        read.map_err(|error| Failure::invalid(json_fault("the head", &error)))
    }

    /// From the headers of an HTTP request.
    pub(crate) fn of_headers(headers: &HeaderMap) -> Result<Self, Failure> {
        let mut head = Self::default();
        let request = &mut head.request;
        let ours = headers.keys().filter_map(|name| Some((name, name.as_str().strip_prefix(PREFIX)?)));
        for (name, own) in ours {
            let mut values = Vec::new();
            for value in headers.get_all(name) {
                let text = std::str::from_utf8(value.as_bytes()).ok().filter(|text| !text.is_empty());
                let text = text.ok_or_else(|| Failure::invalid(format!("`{name}` is empty, or no UTF-8")))?;
                values.push(text.to_owned());
            }
            let single = match own {
                "requester" => &mut request.requester,
                "purpose" => &mut request.purpose,
                "reason" => &mut request.reason,
                "line" => &mut request.line,
                "user" => &mut request.user,
                "state" => &mut request.state,
                "correlation-id" => &mut request.correlation_id,
                "control-number" => &mut request.control_number,
                "date" => &mut head.date,
                "source" => &mut head.source,
                "claim" => {
                    request.claims = values;
                    continue;
                }
                "instrument" => {
                    let read = |text: &String| text.parse::<Instrument>();
                    let instruments = values.iter().map(read).collect::<Result<_, _>>();
                    request.instruments =
                        instruments.map_err(|error| Failure::invalid(format!("`{name}`: {error}")))?;
                    continue;
                }
                "receipt" => {
                    head.receipt = match values.as_slice() {
                        [value] if value == "true" => true,
                        [value] if value == "false" => false,
                        _ => return Err(Failure::invalid(format!("`{name}` is `true` or `false`"))),
                    };
                    continue;
                }
                _ => return Err(Failure::invalid(format!("`{}` is no header of the sidecar", escape(name.as_str())))),
            };
            match values.as_mut_slice() {
                [value] => *single = Some(std::mem::take(value)),
                _ => return Err(Failure::invalid(format!("`{name}` is there more than once"))),
            }
        }
        Ok(head)
    }

    /// Of an envelope, which has the message beside it.
    pub(crate) fn of_message(
        request: RequestText,
        date: Option<String>,
        source: Option<String>,
        receipt: bool,
    ) -> Self {
        Self { request, date, source, receipt, review: None }
    }

    /// The correlation id, if it is one.
    pub(crate) fn correlation_id(&self) -> Option<String> {
        let id = self.request.correlation_id.as_ref()?;
        Requester::from_envelope().correlation_id(id).is_ok().then(|| id.clone())
    }

    /// The same head for a review.
    pub(crate) fn of_review(self, id: &str) -> Result<Self, Failure> {
        match self.review {
            None => Ok(Self { review: Some(id.to_owned()), ..self }),
            Some(_) => Err(Failure::invalid("a review is named twice")),
        }
    }

    /// What is asked.
    pub(crate) fn read(self) -> Result<Call, Failure> {
        let Self { request, date, source, receipt: wants_receipt, review } = self;
        if let Some(review) = review {
            let id = review.parse().map_err(|_| Failure::invalid("`review` is no id of a review"))?;
            let correlation_id = request.correlation_id.clone();
            let own = RequestText { correlation_id: correlation_id.clone(), ..RequestText::default() };
            if request != own || date.is_some() || source.is_some() {
                let what = "a held message has its own request: nothing but a correlation id may be stated";
                return Err(Failure::invalid(what));
            }
            // Whatever it says comes back.
            request.read().map_err(Failure::invalid)?;
            return Ok(Call::Deliver { review: id, correlation_id, wants_receipt });
        }
        let mut requester = request.read().map_err(Failure::invalid)?;
        if let Some(date) = date {
            let date = Date::parse(&date).ok_or_else(|| Failure::invalid("`date` is no day: YYYY-MM-DD"))?;
            requester = requester.on(date);
        }
        let source = source.unwrap_or_else(|| "sidecar".to_owned());
        if source.is_empty() || source.chars().count() > MAX_SOURCE {
            return Err(Failure::invalid(format!("`source` has no character, or more than {MAX_SOURCE}")));
        }
        Ok(Call::Redact(Box::new(Asked { requester, source, wants_receipt })))
    }
}

/// What is wrong with some JSON, without a value of it (P6): nor a name of it.
pub(crate) fn json_fault(what: &str, error: &serde_json::Error) -> String {
    let text = error.to_string();
    let place = format!("line {}, column {}", error.line(), error.column());
    // Of these the name is ours.
    let is_ours = ["duplicate field `", "missing field `"].iter().any(|name| text.starts_with(name));
    match is_ours {
        true => format!("{what}: {text}"),
        false if text.starts_with("unknown field `") => format!("{what}, {place}: a member that isn't known"),
        false if error.is_data() => format!("{what}, {place}: a member has a value of a wrong type or form"),
        false => format!("{what}, {place}: no JSON object of its form"),
    }
}
