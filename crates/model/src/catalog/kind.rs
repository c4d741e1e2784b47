//! The kinds of values, and which treatments each takes.

use serde::{Deserialize, Serialize};

/// What kind of value a data element has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Words: a name, a street, a remark.
    #[default]
    Text,
    /// A calendar date, or a year.
    Date,
    /// A postal code, of the United States or Canada.
    PostalCode,
    /// A number or word that tells one thing from all others: a licence number, a VIN.
    Identifier,
    /// A word out of a list: a class, a status, an indicator.
    Code,
    /// A quantity.
    Number,
    /// An image or another encoded object.
    Image,
    /// A whole record whose parts are not told apart.
    Record,
}

impl Kind {
    /// Whether elements of this kind take `treatment`.
    #[must_use]
    pub fn takes(self, treatment: Treatment) -> bool {
        match treatment {
            Treatment::Full => true,
            Treatment::Year => self == Self::Date,
            Treatment::Zip5 => self == Self::PostalCode,
            Treatment::Last4 => self == Self::Identifier,
            Treatment::Token | Treatment::Mask => !matches!(self, Self::Image | Self::Record),
        }
    }
}

/// How a permitted element is released. In the order of openness: of several permits the first of these wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Treatment {
    /// As it is.
    Full,
    /// The year of a date.
    Year,
    /// The first five digits of a postal code (18 U.S.C. 2725(3) leaves them out of personal information).
    Zip5,
    /// The last four letters or digits of an identifier.
    Last4,
    /// A keyed pseudonym: the same for the same value, so that answers can be joined without the value.
    Token,
    /// That there is a value, and nothing of it.
    Mask,
}

impl Treatment {
    /// All treatments, the most open first.
    #[doc(hidden)]
    pub const ALL: [Self; 6] = [Self::Full, Self::Year, Self::Zip5, Self::Last4, Self::Token, Self::Mask];

    /// Its name in policies and reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Year => "year",
            Self::Zip5 => "zip5",
            Self::Last4 => "last4",
            Self::Token => "token",
            Self::Mask => "mask",
        }
    }
}

/// How the Driver's Privacy Protection Act ranks an element.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Sensitivity {
    /// Neither.
    #[default]
    None,
    /// Personal information, 18 U.S.C. 2725(3).
    Personal,
    /// Highly restricted personal information, 18 U.S.C. 2725(4).
    HighlyRestricted,
}
