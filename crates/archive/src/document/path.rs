//! The path of a batch in its document, as the caller writes it.

use super::super::line::{MAX_NAMES, MemberPath};

/// Where the array or element is that holds the messages of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchPath(Vec<Step>);

/// A member, or an element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Step {
    /// The namespace of an element.
    pub(super) namespace: Option<String>,
    pub(super) name: String,
}

impl BatchPath {
    /// `.` for a JSON array at the top, or names with dots between them, from the outermost on: of members, or of elements
    /// from the root on. A namespace comes before the name of an element, `{urn:example}Batch`. A dot, backslash or opening
    /// brace of a name is written with a backslash before it.
    ///
    /// # Errors
    /// When a name is empty, a namespace isn't closed, a backslash is before anything else, or there are more than 64
    /// names.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text == "." {
            return Ok(Self(Vec::new()));
        }
        let mut steps = vec![Step { namespace: None, name: String::new() }];
        let mut characters = text.chars();
        while let Some(character) = characters.next() {
            let Some(step) = steps.last_mut() else { break };
            match character {
                '.' => steps.push(Step { namespace: None, name: String::new() }),
                '{' if step.namespace.is_none() && step.name.is_empty() => {
                    let (namespace, rest) =
                        characters.as_str().split_once('}').ok_or("a namespace isn't closed: {urn:example}Name")?;
                    step.namespace = Some(namespace.to_owned()).filter(|namespace| !namespace.is_empty());
                    characters = rest.chars();
                }
                '\\' => match characters.next() {
                    Some(escaped @ ('.' | '\\' | '{')) => step.name.push(escaped),
                    _ => return Err("a backslash is before a dot, a backslash or a brace of a name".to_owned()),
                },
                character => step.name.push(character),
            }
        }
        match steps.iter().any(|step| step.name.is_empty()) {
            true => Err("a name is empty; write member.member, or . for an array at the top".to_owned()),
            false if steps.len() > MAX_NAMES => Err(format!("it has {} names; {MAX_NAMES} is the most", steps.len())),
            false => Ok(Self(steps)),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether it is an array at the top.
    pub(super) fn is_top(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn steps(&self) -> &[Step] {
        &self.0
    }

    /// The member that it names; `None` if it can't be one.
    pub(super) fn members(&self) -> Option<MemberPath> {
        let is_member = !self.0.is_empty() && self.0.iter().all(|step| step.namespace.is_none());
        is_member.then(|| MemberPath(self.0.iter().map(|step| step.name.clone()).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p2_a_path_is_read_in_one_way_or_refused() {
        let steps = |text: &str| {
            let path = BatchPath::parse(text)?;
            let steps = path.0.iter().map(|step| format!("{}|{}", step.namespace.as_deref().unwrap_or(""), step.name));
            Ok::<_, String>(steps.collect::<Vec<_>>())
        };
        assert_eq!(steps("."), Ok(Vec::new()));
        assert_eq!(steps("a.b\\.c\\\\.\\{d"), Ok(vec!["|a".into(), "|b.c\\".into(), "|{d".into()]));
        assert_eq!(steps("{urn:a.b}A.{}B.C{"), Ok(vec!["urn:a.b|A".into(), "|B".into(), "|C{".into()]));
        for bad in ["", "..", "a.", ".a", "{urn:a", "{urn:a}", "a\\b", "a\\", &vec!["a"; 65].join(".")] {
            assert!(steps(bad).is_err(), "{bad}");
        }
    }
}
