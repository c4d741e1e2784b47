//! The attributes of a request that rules may ask for, beside who asks, the message key and the claims: what the request
//! says of itself.

use serde::{Serialize, Serializer};

use super::ori::Ori;
use super::requester::Requester;
use crate::catalog::trim;
use crate::config::nearest;
use crate::escape::is_visible;

/// What a request may say of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Attribute {
    /// The purpose code (Nlets `PUR`, a field of KQ): C, D, E, F, J, S.
    Purpose,
    /// The reason code (Nlets `RSN`, a field of DQ, KQ and RQ).
    Reason,
    /// The line on which the query came (`TC` for one).
    Line,
    /// The person who asks (Nlets `ATN`).
    User,
    /// The state whose record it is, by its postal code.
    State,
}

impl Attribute {
    /// Every attribute.
    pub const ALL: [Self; 5] = [Self::Purpose, Self::Reason, Self::Line, Self::User, Self::State];

    /// Its name in options, members of lines, cases and reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Purpose => "purpose",
            Self::Reason => "reason",
            Self::Line => "line",
            Self::User => "user",
            Self::State => "state",
        }
    }

    /// The key of the lists that name its values, in rules and cases.
    pub fn key(self) -> &'static str {
        match self {
            Self::Purpose => "purposes",
            Self::Reason => "reasons",
            Self::Line => "lines",
            Self::User => "users",
            Self::State => "states",
        }
    }

    /// Whether a request may state what the policy doesn't declare: there are too many users to list, and every state is
    /// one.
    pub fn is_open(self) -> bool {
        matches!(self, Self::User | Self::State)
    }

    /// Whether a text can be a value of it.
    pub fn takes(self, value: &str) -> bool {
        let is_code = |most, is_symbol: fn(&u8) -> bool| {
            (1..=most).contains(&value.len()) && value.bytes().all(|byte| is_symbol(&byte))
        };
        let is_capital_or_digit = |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
        match self {
            Self::Purpose => is_code(3, u8::is_ascii_uppercase),
            Self::Reason => is_code(3, is_capital_or_digit),
            Self::Line => is_code(9, is_capital_or_digit),
            Self::User => is_user(value),
            Self::State => is_code(2, u8::is_ascii_uppercase) && value.len() == 2,
        }
    }

    /// What a value must look like, in words.
    pub fn form(self) -> &'static str {
        match self {
            Self::Purpose => "one to three capital letters, `C` for criminal justice for instance",
            Self::Reason => "one to three capital letters or digits",
            Self::Line => "one to nine capital letters or digits, `TC` for instance",
            Self::User => "one to 64 letters in capitals, digits and marks of ASCII, single spaces between words",
            Self::State => "two capital letters, `AZ` for instance",
        }
    }

    /// Of what is kept by attribute, in the order of [`ALL`](Self::ALL), its own.
    pub(super) fn of<T>(self, all: &[T; Self::ALL.len()]) -> &T {
        let [purpose, reason, line, user, state] = all;
        match self {
            Self::Purpose => purpose,
            Self::Reason => reason,
            Self::Line => line,
            Self::User => user,
            Self::State => state,
        }
    }

    /// The same, to change it.
    pub(super) fn of_mut<T>(self, all: &mut [T; Self::ALL.len()]) -> &mut T {
        let [purpose, reason, line, user, state] = all;
        match self {
            Self::Purpose => purpose,
            Self::Reason => reason,
            Self::Line => line,
            Self::User => user,
            Self::State => state,
        }
    }
}

/// A set of attributes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AttributeSet(u8);

impl AttributeSet {
    /// Whether it has none.
    #[inline]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether it has this one.
    pub fn contains(self, attribute: Attribute) -> bool {
        self.0 & Self::bit(attribute) != 0
    }

    /// Those that another set has as well.
    #[inline]
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    fn bit(attribute: Attribute) -> u8 {
        1 << attribute as u8
    }
}

impl FromIterator<Attribute> for AttributeSet {
    fn from_iter<I: IntoIterator<Item = Attribute>>(attributes: I) -> Self {
        Self(attributes.into_iter().fold(0, |set, attribute| set | Self::bit(attribute)))
    }
}

/// Whether a text can be a user, and is written as rules compare it.
fn is_user(value: &str) -> bool {
    // What can't be seen would make another user of the same name.
    let is_seen = |c: char| is_visible(c) && (c.is_alphanumeric() || c.is_ascii_punctuation() || c == ' ');
    (1..=64).contains(&value.chars().count()) && value.chars().all(is_seen) && folded_user(value) == value
}

/// A user as rules compare it: in capitals, with single spaces between words, so that no spelling evades a rule.
fn folded_user(value: &str) -> String {
    // Small letters first: of two capital forms of one letter (of `ß`, for one) only one is left.
    let words = value.split_whitespace().map(|word| word.to_lowercase().to_uppercase());
    words.collect::<Vec<_>>().join(" ")
}

/// What a request says of one attribute, as the rules of a policy tell it apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Stated {
    /// The value of this index among the policy's.
    Known(u16),
    /// A value that no rule names.
    Other,
    /// Nothing.
    #[default]
    Absent,
}

/// What a request says of every attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Attributes([Stated; Attribute::ALL.len()]);

impl Attributes {
    /// What it says of one.
    pub fn get(&self, attribute: Attribute) -> Stated {
        *attribute.of(&self.0)
    }

    /// The same, but for one.
    #[must_use]
    pub fn with(mut self, attribute: Attribute, stated: Stated) -> Self {
        *attribute.of_mut(&mut self.0) = stated;
        self
    }
}

/// The values of an attribute that a rule asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// Any, but one must be stated: `*`.
    Any,
    /// One of these.
    OneOf(Vec<u16>),
}

impl Asked {
    /// Whether a stated value is one of them.
    pub fn holds(&self, value: Stated) -> bool {
        match (self, value) {
            (_, Stated::Absent) => false,
            (Self::Any, _) => true,
            (Self::OneOf(own), Stated::Known(index)) => own.contains(&index),
            (Self::OneOf(_), Stated::Other) => false,
        }
    }
}

/// The values of one attribute that a policy tells apart.
#[derive(Debug, Clone, Default)]
pub(super) struct Values {
    pub(super) names: Vec<String>,
    /// Whether the policy lists them; otherwise they are those that its rules name.
    pub(super) are_listed: bool,
    /// Whether any rule asks for the attribute.
    pub(super) are_asked: bool,
}

impl Values {
    /// What rules see of a value; `None` if the policy refuses it.
    pub(super) fn find(&self, attribute: Attribute, value: &str) -> Option<Stated> {
        let known = self.names.iter().position(|own| own == value).and_then(|index| u16::try_from(index).ok());
        match known {
            Some(index) => Some(Stated::Known(index)),
            None if attribute.takes(value) => self.other(attribute),
            None => None,
        }
    }

    /// What rules see of a value that the policy doesn't name; `None` if the policy refuses it.
    pub(super) fn other(&self, attribute: Attribute) -> Option<Stated> {
        let accepts = attribute.is_open() || self.names.is_empty() && !self.are_listed;
        accepts.then_some(if self.are_asked { Stated::Other } else { Stated::Absent })
    }

    /// Everything that a request may say, as rules tell it apart; nothing comes last.
    pub(super) fn all(&self, attribute: Attribute) -> impl Iterator<Item = Stated> {
        let known = u16::try_from(self.names.len()).unwrap_or(u16::MAX);
        let other = self.other(attribute).filter(|stated| *stated == Stated::Other);
        (0..known).map(Stated::Known).chain(other).chain([Stated::Absent])
    }

    /// The value of the policy that was probably meant. Codes are too short for an edit distance: only case and surrounding
    /// white space are ignored.
    pub(super) fn nearest(&self, value: &str) -> Option<&str> {
        nearest_code(value, self.names.iter().map(String::as_str))
    }
}

/// The code that was probably meant.
pub(super) fn nearest_code<'k>(code: &str, known: impl IntoIterator<Item = &'k str> + Clone) -> Option<&'k str> {
    let folded = code.trim().to_uppercase();
    let same = known.clone().into_iter().find(|own| **own == folded);
    same.or_else(|| nearest(&folded, known.into_iter().filter(|own| own.len() > 1)))
}

/// What a request says of one attribute, in its own words.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub(super) enum Said {
    #[default]
    Nothing,
    One(String),
    /// Two different values: the request is refused.
    Several,
}

impl Said {
    /// Adds a statement.
    pub(super) fn add(&mut self, value: String) {
        *self = match std::mem::take(self) {
            Self::Nothing => Self::One(value),
            Self::One(first) if first == value => Self::One(first),
            Self::One(_) | Self::Several => Self::Several,
        };
    }

    /// Takes over another, and keeps the allocation.
    pub(super) fn copy_from(&mut self, source: &Self) {
        match (self, source) {
            (Self::One(value), Self::One(other)) => value.clone_from(other),
            (own, other) => *own = other.clone(),
        }
    }

    /// Adds all statements of another.
    fn add_all(&mut self, other: &Self) {
        match other {
            Self::Nothing => {}
            Self::One(value) => self.add(value.clone()),
            Self::Several => *self = Self::Several,
        }
    }

    /// The value; `None` if none was stated, or two.
    pub(super) fn one(&self) -> Option<&str> {
        match self {
            Self::One(value) => Some(value),
            Self::Nothing | Self::Several => None,
        }
    }
}

impl Requester {
    /// What the request says of an attribute; `None` if it says nothing, or two things.
    #[doc(hidden)]
    pub fn stated(&self, attribute: Attribute) -> Option<&str> {
        self.said(attribute).one()
    }

    /// The same request, with a value of an attribute.
    #[doc(hidden)]
    #[must_use]
    pub fn state(mut self, attribute: Attribute, value: impl Into<String>) -> Self {
        let value = value.into();
        self.said_mut(attribute).add(if attribute == Attribute::User { folded_user(&value) } else { value });
        self
    }

    /// The same request, with what the envelope of a message has where its format says that it states an attribute. Blank, it
    /// says nothing; of a state it may be an ORI, which begins with it.
    #[doc(hidden)]
    #[must_use]
    pub fn state_of_envelope(self, attribute: Attribute, value: &str) -> Self {
        if trim(value).is_empty() {
            return self;
        }
        let ori = Some(value).filter(|_| attribute == Attribute::State).and_then(Ori::new);
        self.state(attribute, ori.as_ref().and_then(|ori| ori.as_str().get(..2)).unwrap_or(value))
    }

    /// The same request, with a statement about an attribute that is no value, and that every policy refuses.
    #[doc(hidden)]
    #[must_use]
    pub fn state_no_value(self, attribute: Attribute) -> Self {
        self.state(attribute, "")
    }

    /// The same request, with all that another states of itself. Two different values are as wrong as in one request.
    #[doc(hidden)]
    #[must_use]
    pub fn state_all_of(mut self, other: &Self) -> Self {
        for attribute in Attribute::ALL {
            self.said_mut(attribute).add_all(other.said(attribute));
        }
        self
    }

    /// Each attribute that the request states, by name, with its value.
    #[doc(hidden)]
    pub fn statements(&self) -> impl Iterator<Item = (&'static str, &str)> {
        Attribute::ALL.into_iter().filter_map(|attribute| Some((attribute.name(), self.stated(attribute)?)))
    }

    /// Whether both state the same of themselves.
    #[doc(hidden)]
    pub fn states_the_same(&self, other: &Self) -> bool {
        Attribute::ALL.iter().all(|attribute| self.said(*attribute) == other.said(*attribute))
    }
}

/// What a request states of itself, as a map from the names of attributes, for records.
#[derive(Debug, Clone, Copy)]
pub struct StatedBy<'r>(pub &'r Requester);

impl Serialize for StatedBy<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.statements())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p2_a_value_has_one_form() {
        for (attribute, right, wrong) in [
            (Attribute::Purpose, &["C", "IMM"][..], &["", "c", "C1", "CCCC", " C"][..]),
            (Attribute::Reason, &["T", "12"], &["", "t", "T ", "ABCD"]),
            (Attribute::Line, &["TC", "TCUSBP001"], &["", "tc", "T C", "TCUSBP0001"]),
            (
                Attribute::User,
                &["DOE, J", "O'NEIL", "#4711", "D\u{D6}E"],
                &[
                    "",
                    "doe",
                    " DOE",
                    "DOE  J",
                    "DOE\n",
                    "D\u{7}",
                    "DOE\u{200B}",
                    "D\u{AD}OE",
                    "DOE\u{301}",
                    "DOE\u{3164}",
                    "\u{115F}",
                ],
            ),
            (Attribute::State, &["AZ"], &["", "az", "A", "ARI"]),
        ] {
            right.iter().for_each(|value| assert!(attribute.takes(value), "{attribute:?} {value}"));
            wrong.iter().for_each(|value| assert!(!attribute.takes(value), "{attribute:?} {value}"));
        }
    }

    #[test]
    fn p2_no_spelling_of_a_user_evades_a_rule() {
        let asked = Requester::from_envelope().user(" doe,\t j\n");
        assert_eq!(asked.stated(Attribute::User), Some("DOE, J"));
        assert_eq!(asked.user("Doe, J").stated(Attribute::User), Some("DOE, J"));
        for strasse in ["Stra\u{DF}e", "STRA\u{1E9E}E", "STRASSE"] {
            assert_eq!(Requester::from_envelope().user(strasse).stated(Attribute::User), Some("STRASSE"));
        }
    }

    #[test]
    fn p2_what_an_envelope_says_is_added_to_what_the_caller_says() {
        let said = |requester: Requester, attribute, values: &[&str]| {
            values.iter().fold(requester, |own, value| own.state_of_envelope(attribute, value))
        };
        let nothing = Requester::from_envelope;
        for (values, state) in [
            (&["AZ0070000"][..], Said::One("AZ".to_owned())),
            (&["AZ"], Said::One("AZ".to_owned())),
            (&["AZ0070000", "AZ", "AZ0080000", " "], Said::One("AZ".to_owned())),
            (&["AZ0070000", "NV0070000"], Said::Several),
            (&[" AZ0070000"], Said::One(" AZ0070000".to_owned())),
            (&["", " \n"], Said::Nothing),
        ] {
            assert_eq!(*said(nothing(), Attribute::State, values).said(Attribute::State), state, "{values:?}");
        }
        assert_eq!(said(nothing(), Attribute::Line, &["AZ0070000"]).stated(Attribute::Line), Some("AZ0070000"));
        assert_eq!(
            said(nothing().user("Doe, J"), Attribute::User, &["DOE,  J"]).stated(Attribute::User),
            Some("DOE, J")
        );
        assert_eq!(*said(nothing().reason("T"), Attribute::Reason, &["N"]).said(Attribute::Reason), Said::Several);
        assert_eq!(*nothing().reason("T").state_no_value(Attribute::Reason).said(Attribute::Reason), Said::Several);
        let all = nothing().reason("T").state_all_of(&nothing().line("TC"));
        assert_eq!((all.stated(Attribute::Reason), all.stated(Attribute::Line)), (Some("T"), Some("TC")));
        assert!(all.states_the_same(&all.clone().state_all_of(&nothing().reason("T"))));
        assert!(!all.states_the_same(&all.clone().state_all_of(&nothing().reason("N"))));
    }

    #[test]
    fn p2_what_a_policy_does_not_declare_is_refused() {
        let values = |names: &[&str], are_listed, are_asked| Values {
            names: names.iter().map(|name| (*name).to_owned()).collect(),
            are_listed,
            are_asked,
        };
        for attribute in [Attribute::Purpose, Attribute::Reason, Attribute::Line] {
            assert_eq!(values(&["C"], false, true).find(attribute, "C"), Some(Stated::Known(0)));
            assert_eq!(values(&["C"], false, true).find(attribute, "D"), None);
            assert_eq!(values(&[], true, false).find(attribute, "C"), None);
            assert_eq!(values(&[], false, true).find(attribute, "C"), Some(Stated::Other));
            assert_eq!(values(&[], false, false).find(attribute, "C"), Some(Stated::Absent));
            assert_eq!(values(&[], false, false).find(attribute, "c"), None);
        }
        assert_eq!(values(&["AZ"], false, true).find(Attribute::State, "NV"), Some(Stated::Other));
        assert_eq!(values(&["AZ"], false, true).find(Attribute::State, "nv"), None);
        assert_eq!(values(&[], false, false).find(Attribute::User, "DOE, J"), Some(Stated::Absent));
    }
}
