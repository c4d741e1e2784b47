//! What a form sends: fields by name, each read once or as a list. A field that is there twice and should be there once is
//! refused, so that no two readers of the same form disagree.

use std::sync::Arc;

use crate::failure::Failure;

/// Maximum number of fields: the largest form has one for each data element and claim.
const MAX_FIELDS: usize = 4096;

/// A parsed form, or the query of an address.
#[derive(Clone, Default)]
pub(crate) struct Form(Arc<Vec<(String, String)>>);

impl Form {
    /// Parses `application/x-www-form-urlencoded`.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, Failure> {
        let fields: Vec<_> = form_urlencoded::parse(bytes).into_owned().take(MAX_FIELDS + 1).collect();
        if fields.len() > MAX_FIELDS {
            return Err(Failure::BadRequest("The form has too many fields."));
        }
        // What isn't UTF-8 was replaced: nobody typed that.
        if fields.iter().any(|(name, value)| name.contains('\u{fffd}') || value.contains('\u{fffd}')) {
            return Err(Failure::BadRequest("The form isn't text in UTF-8."));
        }
        Ok(Self(Arc::new(fields)))
    }

    /// The value of a field; None when it isn't there.
    pub(crate) fn optional(&self, name: &str) -> Result<Option<&str>, Failure> {
        let mut values = self.all(name);
        match (values.next(), values.next()) {
            (value, None) => Ok(value),
            _ => Err(Failure::BadRequest("The form has a field twice.")),
        }
    }

    /// The value of a field that the page's own form always has.
    pub(crate) fn required(&self, name: &str) -> Result<&str, Failure> {
        self.optional(name)?.ok_or(Failure::BadRequest("The form lacks a field."))
    }

    /// The values of a field that may be there several times, in order.
    pub(crate) fn all<'f>(&'f self, name: &str) -> impl Iterator<Item = &'f str> {
        self.0.iter().filter(move |(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    /// The value of a field that the page's own form always has, on one line: people may write several, and a record is one.
    pub(crate) fn line(&self, name: &str) -> Result<String, Failure> {
        Ok(self.required(name)?.split_whitespace().collect::<Vec<_>>().join(" "))
    }

    /// The value of a field without the white space around it; None when there is nothing else in it.
    pub(crate) fn filled(&self, name: &str) -> Result<Option<&str>, Failure> {
        Ok(self.optional(name)?.map(str::trim).filter(|value| !value.is_empty()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_read_once_or_as_a_list() {
        let form = Form::parse(b"a=1&b=2&a=3&c=+x+&d=+").unwrap();
        assert!(form.optional("a").is_err() && form.required("a").is_err());
        assert_eq!(form.all("a").collect::<Vec<_>>(), ["1", "3"]);
        assert_eq!((form.required("b").unwrap(), form.optional("z").unwrap()), ("2", None));
        assert_eq!((form.filled("c").unwrap(), form.filled("d").unwrap()), (Some("x"), None));
        assert!(form.required("z").is_err());
    }

    #[test]
    fn p8_a_form_is_text_and_has_a_bounded_number_of_fields() {
        assert!(Form::parse(b"a=%ff").is_err());
        assert!(Form::parse("a=1&".repeat(MAX_FIELDS).as_bytes()).is_ok());
        assert!(Form::parse("a=1&".repeat(MAX_FIELDS + 1).as_bytes()).is_err());
    }
}
