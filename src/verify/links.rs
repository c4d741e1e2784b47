//! Names of objects in an output: nothing but numbers, in the order in which they come, each of an object that is there
//! and is referred to. So neither they nor gaps between them tell anything.

/// What is known of a name.
#[derive(Debug, Clone, Copy, Default)]
struct Known {
    /// An object has it; by its id, which no other has.
    is_named: bool,
    has_id: bool,
    is_referred_to: bool,
}

/// A name by its number, from 0.
pub(super) type Number = usize;

/// The names met so far, by their numbers; the next output uses the memory again.
#[derive(Debug, Default)]
pub(super) struct Links(Vec<Known>);

impl Links {
    pub(super) fn reset(&mut self) {
        self.0.clear();
    }

    /// Reads a name: the next number, or one met before.
    pub(super) fn number(&mut self, name: &str) -> Result<Number, &'static str> {
        let digits = name.strip_prefix("id").filter(|digits| digits.bytes().all(|digit| digit.is_ascii_digit()));
        let number = digits.filter(|digits| !digits.starts_with('0')).and_then(|digits| digits.parse::<Number>().ok());
        let number = number.and_then(|number| number.checked_sub(1)).filter(|number| *number <= self.0.len());
        let number = number.ok_or("a name of an object that isn't the next number")?;
        if number == self.0.len() {
            self.0.push(Known::default());
        }
        Ok(number)
    }

    /// An object that says something itself has this name.
    pub(super) fn names(&mut self, number: Number) {
        if let Some(known) = self.0.get_mut(number) {
            known.is_named = true;
        }
    }

    /// The same, as its id.
    pub(super) fn is_id(&mut self, number: Number) -> Result<(), &'static str> {
        self.names(number);
        match self.0.get_mut(number) {
            Some(Known { has_id: has_id @ false, .. }) => {
                *has_id = true;
                Ok(())
            }
            _ => Err("an id that stands twice"),
        }
    }

    /// Something refers to the object of this name.
    pub(super) fn refers_to(&mut self, number: Number) {
        if let Some(known) = self.0.get_mut(number) {
            known.is_referred_to = true;
        }
    }

    /// Whether every reference has its object, and every name its reference.
    pub(super) fn agree(&self) -> bool {
        self.0.iter().all(|known| known.is_named && known.is_referred_to)
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
        links.refers_to(0);
        links.refers_to(1);
        assert!(links.is_id(0).is_ok() && links.is_id(0).is_err() && !links.agree());
        links.names(1);
        links.names(1);
        assert!(links.agree());
        assert_eq!(links.number("id3"), Ok(2));
        assert!(!links.agree());
    }
}
