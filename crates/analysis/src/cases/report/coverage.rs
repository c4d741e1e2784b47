//! Coverage for people: how many cells of each class were exercised, and which were not.

use std::fmt;

use crate::Elements;
use dmv_redact_model::escape::escape;

use super::super::coverage::{Cells, ClassCoverage, Coverage, PolicyCoverage};

impl fmt::Display for Cells {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} cells ({} %)", self.exercised, self.all, self.percent())
    }
}

impl fmt::Display for Coverage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for policy in &self.policies {
            writeln!(f, "\ncoverage of {}", policy.location())?;
            for class in &policy.classes {
                write!(f, "{class}")?;
            }
            writeln!(f, "  {:<28} {}", "in all", policy.cells)?;
        }
        if self.policies.len() > 1 {
            writeln!(f, "\ncoverage of all policies: {}", self.cells)?;
        }
        Ok(())
    }
}

impl PolicyCoverage {
    fn location(&self) -> String {
        match &self.file {
            Some(file) => format!("`{}`, {}", self.name, escape(&file.to_string_lossy())),
            None => format!("`{}`, the built-in policy", self.name),
        }
    }
}

impl fmt::Display for ClassCoverage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "  {:<28} {}", self.name, self.cells)?;
        let purposes = self.uncovered.iter().map(|(purpose, elements)| (elements, purpose));
        // Purposes with the same uncovered elements are reported together.
        let mut groups: Vec<(&Elements, Vec<&str>)> = Vec::new();
        for (elements, purpose) in purposes {
            match groups.iter_mut().find(|(known, _)| *known == elements) {
                Some((_, purposes)) => purposes.push(purpose),
                None => groups.push((elements, vec![purpose])),
            }
        }
        groups.iter().try_for_each(|(elements, purposes)| {
            let word = if purposes.len() == 1 { "purpose" } else { "purposes" };
            writeln!(f, "    not for {word} {}: {}", purposes.join(", "), elements.selectors().join(", "))
        })
    }
}
