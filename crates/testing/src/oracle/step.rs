//! The oracle's own reading of one step of a path: a name or a pattern of names, and what the part says of itself.

/// One step of a path of the mapping, or of where a walk is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The name, or the pattern as it is written.
    pub name: String,
    /// Whether a `*` in the name stands for something.
    pub is_pattern: bool,
    /// What must hold of the part, or what does, in a fixed order.
    pub predicates: Vec<Asked>,
}

/// What is asked of a part: that this child or attribute of it has one of these values.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Asked {
    /// The name of the child or attribute.
    pub part: String,
    /// Whether it is an attribute.
    pub attribute: bool,
    /// The values.
    pub values: Vec<String>,
}

/// The steps of a path.
pub fn steps(path: &str) -> Vec<Step> {
    path.split('/').map(Step::read).collect()
}

impl Step {
    /// Reads a step. The mark of an attribute remains in its name.
    pub fn read(text: &str) -> Self {
        let (name, mut rest) = match text.find('[') {
            Some(at) => text.split_at(at),
            None => (text, ""),
        };
        let mut predicates = Vec::new();
        while let Some(inside) = rest.strip_prefix('[') {
            let (part, mut values_left) = inside.split_once('=').expect("an equals sign");
            let mut values = Vec::new();
            loop {
                let quote = values_left.chars().next().expect("a quote");
                let (value, after) = values_left[1..].split_once(quote).expect("a closing quote");
                values.push(decoded(value));
                match after.strip_prefix('|') {
                    Some(more) => values_left = more,
                    None => {
                        rest = after.strip_prefix(']').expect("a closing bracket");
                        break;
                    }
                }
            }
            values.sort();
            let attribute = part.starts_with('@');
            predicates.push(Asked { part: decoded(part.trim_start_matches('@')), attribute, values });
        }
        assert_eq!(rest, "", "{text}");
        predicates.sort();
        Step { name: decoded(name), is_pattern: name.contains('*'), predicates }
    }

    /// Whether a step of the mapping is that of a part: one without predicates is that of every part of its name.
    pub fn takes(&self, at: &Step) -> bool {
        self.is_named_as(at) && (self.predicates.is_empty() || self.predicates == at.predicates)
    }

    /// Whether both have the same name.
    pub fn is_named_as(&self, other: &Step) -> bool {
        (&self.name, self.is_pattern) == (&other.name, other.is_pattern)
    }

    /// Whether it is a pattern that allows a name. In XML the local name is asked, in JSON the whole.
    pub fn allows(&self, name: &str, xml: bool) -> bool {
        let local = name.split_once(':').filter(|_| xml).map_or(name, |(_, local)| local);
        let Some((before, after)) = self.name.split_once('*').filter(|_| self.is_pattern) else { return false };
        let inside = name.strip_prefix(before).and_then(|rest| rest.strip_suffix(after));
        inside.is_some_and(|inside| {
            !inside.is_empty()
                && inside.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
                && inside.chars().filter(char::is_ascii_digit).count() <= 8
                && local.chars().count() <= 64
        })
    }

    /// Whether a name is that of the step, or is allowed by it.
    pub fn is_of(&self, name: &str, xml: bool) -> bool {
        if self.is_pattern { self.allows(name, xml) } else { self.name == name }
    }
}

/// A name or value without the codes in it, `%2F` for one.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        if *first == b'%' {
            let digits = str::from_utf8(&rest[..2]).expect("two digits");
            bytes.push(u8::from_str_radix(digits, 16).expect("two hexadecimal digits"));
            rest = &rest[2..];
        } else {
            bytes.push(*first);
        }
    }
    String::from_utf8(bytes).expect("UTF-8")
}
