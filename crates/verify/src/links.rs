//! Names of objects in an output: consecutive numbers in order of appearance, each of an object that is present and
//! referred to. So neither the names nor gaps between them reveal anything (P5).

use super::value::Checked;

/// What is known of a name.
#[derive(Debug, Clone, Copy, Default)]
struct NameUse {
    /// An object has it; as its id, which no other object has.
    is_named: bool,
    has_id: bool,
    is_referred_to: bool,
}

/// A name by its number, from 0.
pub(super) type Number = usize;

/// The names seen so far, by number; the next output reuses the memory.
#[derive(Debug, Default)]
pub(super) struct Links(Vec<NameUse>);

impl Links {
    pub(super) fn reset(&mut self) {
        self.0.clear();
    }

    /// Reads a name: the next number, or one already seen.
    pub(super) fn number(&mut self, name: &str) -> Checked<Number> {
        let digits = name.strip_prefix("id").filter(|digits| digits.bytes().all(|digit| digit.is_ascii_digit()));
        let number = digits.filter(|digits| !digits.starts_with('0')).and_then(|digits| digits.parse::<Number>().ok());
        let number = number.and_then(|number| number.checked_sub(1)).filter(|number| *number <= self.0.len());
        let number = number.ok_or("a name of an object that isn't the next number")?;
        if number == self.0.len() {
            self.0.push(NameUse::default());
        }
        Ok(number)
    }

    /// An object with content of its own has this name.
    pub(super) fn mark_named(&mut self, number: Number) {
        if let Some(name) = self.0.get_mut(number) {
            name.is_named = true;
        }
    }

    /// The same, as its id.
    pub(super) fn mark_id(&mut self, number: Number) -> Checked<()> {
        self.mark_named(number);
        match self.0.get_mut(number) {
            Some(NameUse { has_id: has_id @ false, .. }) => {
                *has_id = true;
                Ok(())
            }
            _ => Err("an id that stands twice"),
        }
    }

    /// Something refers to the object of this name.
    pub(super) fn mark_referred(&mut self, number: Number) {
        if let Some(name) = self.0.get_mut(number) {
            name.is_referred_to = true;
        }
    }

    /// Whether every reference has its object, and every name its reference.
    pub(super) fn are_consistent(&self) -> bool {
        self.0.iter().all(|name| name.is_named && name.is_referred_to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p5_names_are_the_next_numbers_and_nothing_else() {
        let mut links = Links::default();
        assert_eq!((links.number("id1"), links.number("id2"), links.number("id1")), (Ok(0), Ok(1), Ok(0)));
        for other in ["id4", "id0", "id03", "id3 ", "P3", "3", "id", "", "id+3", "ID3", "id99999999999999999999999"] {
            assert!(links.number(other).is_err(), "{other}");
        }
        links.mark_referred(0);
        links.mark_referred(1);
        assert!(links.mark_id(0).is_ok() && links.mark_id(0).is_err() && !links.are_consistent());
        links.mark_named(1);
        links.mark_named(1);
        assert!(links.are_consistent());
        assert_eq!(links.number("id3"), Ok(2));
        assert!(!links.are_consistent());
    }
}
