//! The recipient of a message, as vouched for by the caller.

use std::fmt;
use std::hash::BuildHasher;
use std::sync::Arc;

use foldhash::fast::FixedState;

use super::attribute::{Attribute, Said};
use super::instrument::Instrument;
use super::ori::{Ori, OriFault};
use super::rule::ClaimSet;
use crate::date::Date;

/// The requester of a message: ORI, what the request says of itself, claims, date.
///
/// ```
/// # use dmv_redact::Requester;
/// let requester = Requester::new("AZ0070000")?.purpose("C").claim("approved");
/// assert_eq!(requester.ori().unwrap().as_str(), "AZ0070000");
/// # Ok::<(), dmv_redact::RequesterError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Requester {
    ori: Option<Ori>,
    /// By attribute.
    said: [Said; Attribute::ALL.len()],
    claims: Vec<String>,
    /// What is behind them.
    instruments: Vec<Instrument>,
    date: Option<Date>,
    correlation_id: Option<Arc<str>>,
    approved_by: Option<Arc<str>>,
    review: Option<Arc<str>>,
    control_number: Option<Arc<str>>,
}

impl Requester {
    /// A requester with this ORI. A message whose own envelope names another is withheld.
    ///
    /// # Errors
    /// When `ori` is not exactly nine characters of A to Z and 0 to 9, the first a letter.
    pub fn new(ori: &str) -> Result<Self, RequesterError> {
        let ori = Ori::parse(ori).map_err(|fault| RequesterError(Fault::Ori(fault)))?;
        Ok(Self { ori: Some(ori), ..Self::default() })
    }

    /// The same request, of a requester with this ORI.
    #[doc(hidden)]
    #[must_use]
    pub fn asked_by(self, ori: Ori) -> Self {
        Self { ori: Some(ori), ..self }
    }

    /// A requester whose ORI is read from each message's own envelope, at the format's path.
    #[must_use]
    pub fn from_envelope() -> Self {
        Self::default()
    }

    /// Adds the purpose code of the request (`C` criminal justice, `F` firearms...), exactly as the policy declares it.
    /// A message for a purpose that the policy doesn't declare, or for two different ones, is withheld;
    /// `Filter::check_request` reports it beforehand. Of Nlets' queries only KQ has one (`PUR`).
    #[must_use]
    pub fn purpose(self, code: impl Into<String>) -> Self {
        self.state(Attribute::Purpose, code)
    }

    /// Adds the reason code of the request (Nlets `RSN`), one to three capital letters or digits, exactly as the policy
    /// declares it. What the policy doesn't declare is withheld, as with a purpose.
    #[must_use]
    pub fn reason(self, code: impl Into<String>) -> Self {
        self.state(Attribute::Reason, code)
    }

    /// Adds the line on which the query came (`TC` for one), one to nine capital letters or digits, exactly as the policy
    /// declares it. What the policy doesn't declare is withheld, as with a purpose.
    #[must_use]
    pub fn line(self, code: impl Into<String>) -> Self {
        self.state(Attribute::Line, code)
    }

    /// Adds the person who asks (Nlets `ATN`), one to 64 letters, digits, spaces and marks of ASCII; case and white space make
    /// no difference. A message for anything else is withheld.
    #[must_use]
    pub fn user(self, name: impl Into<String>) -> Self {
        self.state(Attribute::User, name)
    }

    /// Adds the state whose record it is, by its postal code (`AZ`). A message for anything else than two capital letters is
    /// withheld.
    #[must_use]
    pub fn record_state(self, code: impl Into<String>) -> Self {
        self.state(Attribute::State, code)
    }

    /// Adds a claim that the caller vouches for. A message with one that the policy doesn't declare is withheld;
    /// `Filter::check_request` reports it beforehand.
    #[must_use]
    pub fn claim(mut self, name: impl Into<String>) -> Self {
        let name = name.into();
        // Claims are a set: a line that repeats one a thousand times must not fill the log (P8). Of more than a policy can
        // declare one is undeclared, and no more are looked through.
        if self.claims.len() <= ClaimSet::LIMIT && !self.claims.contains(&name) {
            self.claims.push(name);
        }
        self
    }

    /// Adds a claim that the caller vouches for, with the instrument behind it, which is recorded and never verified. A message
    /// is withheld if the claim or what the instrument says isn't declared, if the instrument doesn't count on the date of the
    /// request, or if another is behind the same claim; `Filter::check_request` reports it beforehand.
    #[must_use]
    pub fn instrument(mut self, instrument: Instrument) -> Self {
        if self.instruments.len() <= ClaimSet::LIMIT && !self.instruments.contains(&instrument) {
            self.instruments.push(instrument.clone());
        }
        self.claim(instrument.claim())
    }

    /// Sets the date of the request, `YYYY-MM-DD`: the rules and the entries of rosters decide that are in force on it.
    /// Left out: today in UTC, by the clock of the computer. Where the policy depends on no date, this decides nothing and
    /// the clock isn't read.
    ///
    /// # Errors
    /// When `date` is no day of the calendar in this form, or another one is set.
    ///
    /// ```
    /// # use dmv_redact::Requester;
    /// let requester = Requester::new("AZ0070000")?.purpose("C").date("2026-12-01")?;
    /// assert!(Requester::new("AZ0070000")?.date("12/01/2026").is_err());
    /// # Ok::<(), dmv_redact::RequesterError>(())
    /// ```
    pub fn date(self, date: &str) -> Result<Self, RequesterError> {
        let date = Date::parse(date).ok_or(RequesterError(Fault::Date))?;
        one_value(self.date, date, "date")?;
        Ok(self.on(date))
    }

    /// The same of a date that is parsed.
    #[doc(hidden)]
    #[must_use]
    pub fn on(self, date: Date) -> Self {
        Self { date: Some(date), ..self }
    }

    /// The date of the request, if it was given.
    #[doc(hidden)]
    #[must_use]
    pub fn given_date(&self) -> Option<Date> {
        self.date
    }

    /// Adds the switch's own id of the request, which is then in the receipt: it leads from a record of the disclosure
    /// log to the request. It decides nothing.
    ///
    /// # Errors
    /// When `id` is not 1 to 64 characters of A to Z, a to z, 0 to 9, `-`, `_`, `.` and `:`. It is written to logs (P6):
    /// it must not be taken from the message. Or when another one is set.
    ///
    /// ```
    /// # use dmv_redact::{Filter, Requester};
    /// let requester = Requester::new("AZ0070000")?.purpose("C").correlation_id("7f3a-0042")?;
    /// let receipt = Filter::builder().build()?.redact(b"no message", &requester, &mut Vec::new());
    /// assert_eq!(receipt.correlation_id(), Some("7f3a-0042"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn correlation_id(mut self, id: &str) -> Result<Self, RequesterError> {
        let is_id_byte = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b':');
        if !(1..=MAX_CORRELATION_ID).contains(&id.len()) || !id.bytes().all(is_id_byte) {
            return Err(RequesterError(Fault::CorrelationId));
        }
        one_value(self.correlation_id.as_deref(), id, "correlation id")?;
        self.correlation_id = Some(id.into());
        Ok(self)
    }

    /// Gives the control number of the query, as the message switch knows it: 1 to 128 characters, no control characters. A
    /// disclosure log with a key records a keyed hash of it, the same in each record of the query, which nobody can guess without
    /// the key. It decides nothing, and is nowhere else.
    ///
    /// # Errors
    /// When `number` is none of that, or another one is set.
    pub fn control_number(mut self, number: &str) -> Result<Self, RequesterError> {
        if !is_line(number, MAX_NAME_CHARACTERS) {
            return Err(RequesterError(Fault::ControlNumber));
        }
        one_value(self.control_number.as_deref(), number, "control number")?;
        self.control_number = Some(number.into());
        Ok(self)
    }

    /// The control number of the query, if it was given.
    #[doc(hidden)]
    #[must_use]
    pub fn given_control_number(&self) -> Option<&str> {
        self.control_number.as_deref()
    }

    /// Says who approved the request, for the disclosure record (P12): 1 to 128 characters, no control characters, no `;`. What the
    /// approval means for the policy is a claim; without one this changes nothing. Where two people approved, each is named:
    /// the record has both, with `; ` between them.
    ///
    /// # Errors
    /// When `name` is none of that.
    pub fn approved_by(mut self, name: &str) -> Result<Self, RequesterError> {
        if !is_name(name) {
            return Err(RequesterError(Fault::Approver));
        }
        self.approved_by = Some(match &self.approved_by {
            Some(first) => format!("{first}; {name}").into(),
            None => name.into(),
        });
        Ok(self)
    }

    /// Says in which review the request was approved, for the disclosure record (P12).
    #[doc(hidden)]
    #[must_use]
    pub fn in_review(self, id: &str) -> Self {
        Self { review: Some(id.into()), ..self }
    }

    /// The review in which the request was approved.
    #[doc(hidden)]
    #[must_use]
    pub fn review(&self) -> Option<&str> {
        self.review.as_deref()
    }

    /// The same request, approved by whoever approved the other.
    #[doc(hidden)]
    #[must_use]
    pub fn approved_as(self, other: &Self) -> Self {
        Self { approved_by: other.approved_by.clone(), ..self }
    }

    /// Who approved the request, if it says so.
    #[doc(hidden)]
    #[must_use]
    pub fn approver(&self) -> Option<&str> {
        self.approved_by.as_deref()
    }

    /// Whether the policy has the same answer for both: their correlation ids and who approved them may differ.
    #[doc(hidden)]
    #[must_use]
    pub fn asks_the_same(&self, other: &Self) -> bool {
        self.ori == other.ori
            && self.said == other.said
            && self.claims == other.claims
            && self.instruments == other.instruments
            && self.date == other.date
    }

    /// Takes over all that the policy's answer depends on. Reuses allocations, because the requester changes from message
    /// to message.
    #[doc(hidden)]
    pub fn clone_question_from(&mut self, source: &Self) {
        self.ori = source.ori;
        self.said.iter_mut().zip(&source.said).for_each(|(own, other)| own.copy_from(other));
        self.claims.clone_from(&source.claims);
        self.instruments.clone_from(&source.instruments);
        self.date = source.date;
    }

    /// The switch's own id of the request, if it has one.
    #[doc(hidden)]
    #[must_use]
    pub fn shared_correlation_id(&self) -> Option<Arc<str>> {
        self.correlation_id.clone()
    }

    /// A number of all that it states: by it a receipt is told from that of another request. It is no protection from forgery.
    #[doc(hidden)]
    #[must_use]
    pub fn fingerprint(&self) -> u64 {
        FixedState::default().hash_one(self)
    }

    /// The ORI, unless it is to be read from the envelope.
    #[must_use]
    pub fn ori(&self) -> Option<Ori> {
        self.ori
    }

    /// Adds the ORI `text`; `None` if it is invalid.
    #[doc(hidden)]
    pub fn with_ori(mut self, text: &str) -> Option<Self> {
        self.ori = Some(Ori::new(text)?);
        Some(self)
    }

    /// The purpose code; `None` if none was stated, or two.
    #[doc(hidden)]
    pub fn purpose_code(&self) -> Option<&str> {
        self.stated(Attribute::Purpose)
    }

    /// What the request says of an attribute.
    pub(super) fn said(&self, attribute: Attribute) -> &Said {
        attribute.of(&self.said)
    }

    pub(super) fn said_mut(&mut self, attribute: Attribute) -> &mut Said {
        attribute.of_mut(&mut self.said)
    }

    /// The claims that the caller vouches for, in the order they were added.
    #[doc(hidden)]
    pub fn claims(&self) -> &[String] {
        &self.claims
    }

    /// What is behind them.
    #[doc(hidden)]
    pub fn instruments(&self) -> &[Instrument] {
        &self.instruments
    }
}

/// Characters of the longest correlation id.
const MAX_CORRELATION_ID: usize = 64;
/// Characters of the longest control number, and of the longest name of who approved a request.
const MAX_NAME_CHARACTERS: usize = 128;

/// What a name is, for errors.
pub const NAME_FORM: &str =
    "1 to 128 characters, a letter or digit among them, without control characters and without `;`";

/// Whether a text can be the name of who approved a request, or did a duty: [`NAME_FORM`]. A `;` stands between two names.
#[must_use]
pub fn is_name(text: &str) -> bool {
    is_line(text, MAX_NAME_CHARACTERS) && !text.contains(';')
}

/// Whether two names are one person's: [folded](folded_name), they are alike.
#[must_use]
pub fn is_same_person(one: &str, other: &str) -> bool {
    folded_name(one) == folded_name(other)
}

/// A name in lower case, with one space for any white space: what looks the same, on a page or in a record, is one person's.
#[must_use]
pub fn folded_name(name: &str) -> String {
    name.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

/// Whether a text has 1 to so many characters, a letter or digit among them, none of control.
fn is_line(text: &str, max_characters: usize) -> bool {
    let has_length = (1..=max_characters).contains(&text.chars().count());
    has_length && text.chars().any(char::is_alphanumeric) && !text.chars().any(char::is_control)
}

/// Maximum length in characters of what a person says.
const MAX_STATEMENT_CHARACTERS: usize = 500;

/// What a statement is, for errors.
pub const STATEMENT_FORM: &str = "1 to 500 characters, a letter or digit among them, without control characters";

/// Whether a text can be what a person says of a step, such as a reason: [`STATEMENT_FORM`].
#[must_use]
pub fn is_statement(text: &str) -> bool {
    is_line(text, MAX_STATEMENT_CHARACTERS)
}

/// An invalid ORI, date, correlation id, control number or approver. It doesn't repeat the text (P6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequesterError(Fault);

/// Refuses a second value that isn't the first: neither may take the other's place.
fn one_value<T: PartialEq>(set: Option<T>, value: T, what: &'static str) -> Result<(), RequesterError> {
    match set.is_some_and(|before| before != value) {
        true => Err(RequesterError(Fault::Another(what))),
        false => Ok(()),
    }
}

impl RequesterError {
    /// What is no date.
    pub(super) fn date() -> Self {
        Self(Fault::Date)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    Ori(OriFault),
    Date,
    CorrelationId,
    Approver,
    ControlNumber,
    /// A second value of what has one.
    Another(&'static str),
}

impl fmt::Display for RequesterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Fault::Ori(fault) => write!(f, "the requester is no ORI: {fault}"),
            Fault::Another(what) => write!(f, "another {what} is set"),
            Fault::Date => write!(f, "the date is no day of the calendar, written as YYYY-MM-DD"),
            Fault::Approver => write!(f, "who approved is not {NAME_FORM}"),
            Fault::ControlNumber => write!(f, "the control number is not {NAME_FORM}"),
            Fault::CorrelationId => {
                write!(f, "the correlation id is not 1 to {MAX_CORRELATION_ID} letters, digits, `-`, `_`, `.` and `:`")
            }
        }
    }
}

impl std::error::Error for RequesterError {}
