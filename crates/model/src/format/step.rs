//! One step of a path as its author writes it: a name, or a pattern of names, and what the part must say of itself.
//!
//! `nc:Identification[nc:IdentificationCategoryText='Passport']` is an element with such a child; `field[@name='ssn']` one
//! with such an attribute; `age_over_*` any name that begins so. A character that would mean something else is written
//! as a URI does, `%2F` for a slash (RFC 3986, section 2.1).

use std::fmt;

use crate::catalog::trim;

/// A step of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step<'p> {
    /// Whether it is an attribute.
    pub is_attribute: bool,
    /// Its name as written, with its prefix, without `@`.
    pub name: &'p str,
    /// What must hold of the part.
    pub predicates: Vec<Predicate>,
}

/// A part that says what the part around it is: one of its children or attributes has one of some values.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Predicate {
    /// The child or attribute as written, with its prefix and `@`.
    pub part: String,
    /// The values, sorted, without white space around them.
    pub values: Vec<String>,
}

/// Why a step can't be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StepFault(pub &'static str);

impl fmt::Display for StepFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

const PREDICATE: StepFault =
    StepFault("a predicate is written `[name='value']`, `[@name='value']` or `[name='one'|'other']`");

impl<'p> Step<'p> {
    /// Reads one step, which is what is between two slashes of a path.
    ///
    /// # Errors
    /// When its predicates aren't written as they must be.
    pub fn read(text: &'p str) -> Result<Self, StepFault> {
        let (name, mut rest) = text.split_at(text.find('[').unwrap_or(text.len()));
        let mut predicates = Vec::new();
        while !rest.is_empty() {
            let (predicate, after) = predicate(rest)?;
            predicates.push(predicate);
            rest = after;
        }
        predicates.sort();
        let is_twice = predicates.windows(2).any(|pair| matches!(pair, [one, other] if one.part == other.part));
        if is_twice {
            return Err(StepFault("two predicates ask the same part"));
        }
        let is_attribute = name.starts_with('@');
        if is_attribute && !predicates.is_empty() {
            return Err(StepFault("an attribute has no parts that could be asked"));
        }
        Ok(Self { is_attribute, name: name.strip_prefix('@').unwrap_or(name), predicates })
    }

    /// What is before and after the `*` of its name, if it has one.
    pub fn wildcard(&self) -> Option<(&'p str, &'p str)> {
        self.name.split_once('*')
    }
}

/// The predicate at the start of `text`, and what follows it.
fn predicate(text: &str) -> Result<(Predicate, &str), StepFault> {
    let inside = text.strip_prefix('[').ok_or(PREDICATE)?;
    let (part, mut rest) = inside.split_once('=').ok_or(PREDICATE)?;
    let mut values = Vec::new();
    loop {
        let quote = rest.chars().next().filter(|quote| matches!(quote, '\'' | '"')).ok_or(PREDICATE)?;
        let (value, after) = rest.get(1..).and_then(|rest| rest.split_once(quote)).ok_or(PREDICATE)?;
        if value.contains('*') {
            return Err(StepFault("the value of a predicate has no patterns; the character `*` is written `%2A`"));
        }
        let value =
            decoded(value).ok_or(StepFault("`%` is followed by two hexadecimal digits, or is written `%25`"))?;
        if value.is_empty() || trim(&value) != value {
            return Err(StepFault("a predicate asks for a value, without white space around it"));
        }
        values.push(value);
        match after.strip_prefix('|') {
            Some(more) => rest = more,
            None => {
                let after = after.strip_prefix(']').ok_or(PREDICATE)?;
                values.sort();
                values.dedup();
                let is_name = !part.is_empty() && !part.contains(['[', ']', '*', '\'', '"']) && part != "@";
                return if is_name { Ok((Predicate { part: part.to_owned(), values }, after)) } else { Err(PREDICATE) };
            }
        }
    }
}

/// A name or value in which `%` and two hexadecimal digits stand for a byte; `None` if that can't be.
pub fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut pieces = text.split('%');
    bytes.extend_from_slice(pieces.next()?.as_bytes());
    for piece in pieces {
        let (digits, rest) = piece.split_at_checked(2)?;
        let is_hexadecimal = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        bytes.push(u8::from_str_radix(digits, 16).ok().filter(|_| is_hexadecimal)?);
        bytes.extend_from_slice(rest.as_bytes());
    }
    String::from_utf8(bytes).ok()
}

/// A name of a member as a path has it: with `%` and two hexadecimal digits for what would mean something else.
pub fn encoded(name: &str) -> String {
    let mut text = String::with_capacity(name.len());
    for (index, character) in name.char_indices() {
        let is_special = match character {
            '@' => name.get(..index).is_some_and(|before| before.is_empty() || before.ends_with(':')),
            '/' | '*' | '[' | ']' | '%' | '\'' | '"' | '\\' => true,
            '$' | '.' => matches!(name, "$" | "." | ".."),
            other => other.is_control(),
        };
        if is_special {
            let mut buffer = [0; 4];
            for byte in character.encode_utf8(&mut buffer).bytes() {
                text.push_str(&format!("%{byte:02X}"));
            }
        } else {
            text.push(character);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_has_a_name_and_predicates_in_any_order() {
        let step = Step::read("nc:Id[nc:Type='SSN'|'Social Security'][@x=\"it's\"]").unwrap();
        assert_eq!((step.name, step.is_attribute, step.predicates.len()), ("nc:Id", false, 2));
        assert_eq!(step, Step::read("nc:Id[@x=\"it's\"][nc:Type='Social Security'|'SSN']").unwrap());
        assert_eq!(step.predicates[0], Predicate { part: "@x".to_owned(), values: vec!["it's".to_owned()] });
        assert_eq!(Step::read("@Q").unwrap().name, "Q");
        assert_eq!(Step::read("a[b='50%25'|'x%2Fy%27']").unwrap().predicates[0].values, ["50%", "x/y'"]);
    }

    #[test]
    fn p2_a_predicate_that_is_not_understood_is_an_error() {
        for text in [
            "a[",
            "a[]",
            "a[b]",
            "a[b=]",
            "a[b=x]",
            "a[b='x]",
            "a[b='x'",
            "a[b='x']c",
            "a[='x']",
            "a[b='']",
            "a[b=' x']",
            "a[b='%']",
            "a[b='%G0']",
            "a[b='%+1']",
            "a[b='%FF']",
            "a[b='x'|]",
            "a[b='x' or 'y']",
            "a[0]",
            "a[b='x']]",
            "a[b='x'][b='y']",
            "@a[b='x']",
            "a[b[c='x']='y']",
            "a[@='x']",
            "a[b*='x']",
        ] {
            assert!(Step::read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn every_name_can_be_written_in_a_path() {
        for name in ["a/b", "@type", "$", ".", "..", "a*b", "x[1]", "50%", "it's", "\"q\"", "é%", "tab\t", "a@b", "a.b"]
        {
            let written = encoded(name);
            assert_eq!(decoded(&written).as_deref(), Some(name), "{written}");
            assert!(!written.contains(['/', '*', '[', ']', '\'', '"']) && !written.starts_with('@'), "{written}");
        }
        assert_eq!((encoded("a@b.c"), encoded("@id")), ("a@b.c".to_owned(), "%40id".to_owned()));
        assert_eq!(encoded("nc:@id"), "nc:%40id");
    }
}
