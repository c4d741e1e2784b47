//! Members whose names are values, as a table by plate, date or number has them: one part stands for all of them, so that no
//! value gets into what is printed (P6).

use super::{Part, PartId, PartTree};
use dmv_redact_model::format::Syntax;

/// The name of the part that stands for members whose names are values.
pub(crate) const ANY_NAME: &str = "*";
/// From how many members on a table is told by their having the same members.
const MIN_ALIKE: usize = 3;
/// Digits in a row that no name has.
const LONG_NUMBER: usize = 6;

/// Whether a name is rather a value: a date, a number, a plate, an id, an address of mail.
pub(crate) fn is_value_like(name: &str) -> bool {
    let name = name.trim();
    let digits = name.chars().filter(char::is_ascii_digit).count();
    let has = |is_one: fn(char) -> bool| name.contains(is_one);
    let longest = name.split(|character: char| !character.is_ascii_digit()).map(str::len).max().unwrap_or(0);
    let is_hex = |part: &str| !part.is_empty() && part.chars().all(|character| character.is_ascii_hexdigit());
    let is_id = name.len() >= 16 && digits > 3 && name.split('-').all(is_hex);
    let is_mail = name.split_once('@').is_some_and(|(user, host)| !user.is_empty() && host.contains('.'));
    let begins_with_digit = name.starts_with(|first: char| first.is_ascii_digit());
    // A field of a legacy text may have a number; a plate or a licence has more of it.
    let is_code = !has(char::is_lowercase) && !has(|character| character == '_') && has(char::is_uppercase);
    let has_separator = has(|character| matches!(character, '-' | ' '));
    let is_plain_number = digits > 0 && !has(char::is_alphabetic);
    is_plain_number
        || is_id
        || is_mail
        || longest >= LONG_NUMBER
        || begins_with_digit && digits > 1
        || is_code && (digits > 2 || digits > 1 && has_separator)
        || has_separator && digits > 2
}

impl PartTree {
    /// Lets one part stand for members whose names are values, wherever samples have such; `is_known` are words that names
    /// are made of.
    pub(crate) fn collapse_values(&mut self, is_known: &dyn Fn(&str) -> bool) {
        if self.syntax != Syntax::Json {
            return;
        }
        let mut open = vec![Self::ROOT];
        while let Some(id) = open.pop() {
            let values = self.values_among(id, is_known);
            if !values.is_empty() {
                self.collapse(id, &values);
            }
            open.extend(self.part(id).into_iter().flat_map(|part| part.children.iter().copied()));
        }
    }

    /// The members of a part whose names are values.
    fn values_among(&self, id: PartId, is_known: &dyn Fn(&str) -> bool) -> Vec<PartId> {
        let children = self.part(id).map(|part| part.children.as_slice()).unwrap_or_default();
        let sampled = |id: &PartId| self.part(*id).is_some_and(|part| !part.is_declared && !part.is_pattern);
        let children: Vec<PartId> = children.iter().copied().filter(sampled).collect();
        if self.is_table(&children, is_known) {
            return children;
        }
        let is_value = |id: &PartId| self.part(*id).is_some_and(|part| is_value_like(&part.name.local));
        children.into_iter().filter(is_value).collect()
    }

    /// Whether members are the rows of a table: they have the same members, and none has a name that means anything.
    fn is_table(&self, members: &[PartId], is_known: &dyn Fn(&str) -> bool) -> bool {
        let rows: Vec<&Part> = members.iter().filter_map(|id| self.part(*id)).collect();
        let columns = |row: &Part| {
            let mut names: Vec<&str> =
                row.children.iter().filter_map(|id| self.part(*id)).map(|part| part.name.local.as_str()).collect();
            names.sort_unstable();
            names
        };
        let Some(first) = rows.first().map(|row| columns(row)) else { return false };
        rows.len() >= MIN_ALIKE
            && !first.is_empty()
            && rows.iter().all(|row| !row.has_value && !is_known(&row.name.local) && columns(row) == first)
    }

    fn collapse(&mut self, parent: PartId, values: &[PartId]) {
        if let Some(part) = self.part_mut(parent) {
            part.children.retain(|child| !values.contains(child));
        }
        for value in values {
            let Some(name) = self.part(*value).map(|part| part.name.clone()) else { continue };
            self.index.remove(&(parent, name.clone()));
            let any = crate::schema::Name { local: ANY_NAME.to_owned(), ..name };
            let into = self.index.get(&(parent, any.clone())).copied();
            let into = into.unwrap_or_else(|| self.push(Some(parent), any));
            if let Some(part) = self.part_mut(into) {
                part.is_pattern = true;
            }
            self.merge(*value, into);
        }
    }

    /// Adds what a part has to another.
    fn merge(&mut self, from: PartId, into: PartId) {
        let mut open = vec![(from, into)];
        while let Some((from, into)) = open.pop() {
            let Some(part) = self.part_mut(from) else { continue };
            let (children, values) = (std::mem::take(&mut part.children), std::mem::take(&mut part.values));
            let (notes, count) = (std::mem::take(&mut part.notes), part.count);
            let (has_value, is_open, is_cut) = (part.has_value, part.is_open, part.is_cut);
            if let Some(part) = self.part_mut(into) {
                part.notes.extend(&notes);
                part.count += count;
                part.has_value |= has_value;
                part.is_open |= is_open;
                part.is_cut |= is_cut;
            }
            values.iter().for_each(|value| self.add_value(into, value));
            for child in children {
                let Some(name) = self.part(child).map(|part| part.name.clone()) else { continue };
                self.index.remove(&(from, name.clone()));
                match self.index.get(&(into, name.clone())) {
                    Some(known) => open.push((child, *known)),
                    None => self.move_to(child, into, name),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p6_names_that_are_values_are_told_from_names_that_have_a_number() {
        for value in [
            "2024-01-31",
            "2024-01-31T10:00:00Z",
            "01/31/2024",
            "31 Jan 2024",
            "AZ-123",
            "az-1234",
            "ABC1234",
            "D08954796",
            "d08954796",
            "900-12-3456",
            "900123456",
            "7",
            "jo@example.org",
            "3f2504e0-4f89-11d3-9a0c-0305e82c3301",
            "CWL 123",
        ] {
            assert!(is_value_like(value), "{value}");
        }
        for name in [
            "age_over_21",
            "AddressLine1",
            "ADDRESS_LINE_2",
            "ADR1",
            "org.iso.18013.5.1",
            "DOB",
            "street2",
            "H1B",
            "LAST NAME",
            "e-mail",
            "licence-no",
            "2nd",
            "nc:PersonName",
            "@photo",
            "FIELD_001",
            "",
        ] {
            assert!(!is_value_like(name), "{name}");
        }
    }
}
