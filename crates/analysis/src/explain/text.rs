//! An explanation as a privacy officer reads it.

use std::fmt;

use super::Explanation;
use super::duties::ExplainedDuty;
use super::rules::{ExplainedRule, dates};
use super::situation::{DecidingRule, ElementAnswer, Situation};
use super::who::ExplainedClass;
use crate::words::plain;
use dmv_redact_model::policy::Validity;

/// The line width.
const WIDTH: usize = 100;

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            policy, version, file, requester, purpose, stated, claims, instruments, who, situations, date, ..
        } = self;
        let purpose = purpose.as_deref().unwrap_or("none");
        let claims = if claims.is_empty() { "none".to_owned() } else { claims.join(", ") };
        let on = date.map_or_else(String::new, |date| format!(", on {date}"));
        write!(f, "requester {requester}, purpose {purpose}")?;
        stated.iter().try_for_each(|(attribute, value)| write!(f, ", {attribute} {}", plain(value)))?;
        writeln!(f, ", claims {claims}{on}")?;
        instruments.iter().try_for_each(|own| writeln!(f, "instrument behind {}", plain(&own.to_string())))?;
        writeln!(f, "policy `{}`, version {} ({})", plain(policy), plain(version), plain(file))?;
        if let Some(dates) = dates(Validity { from: self.from, until: self.until }) {
            writeln!(f, "the policy is in force {dates}")?;
        }
        writeln!(f)?;
        if !self.is_in_force {
            return writeln!(f, "The policy is not in force: every message is withheld (policy-not-in-force).");
        }
        if who.classes.is_empty() {
            writeln!(f, "No agency class claims this requester: every message is withheld (requester-unknown).")?;
        } else {
            writeln!(f, "Agency classes")?;
            who.classes.iter().try_for_each(|class| class.write(f))?;
        }
        if !who.left.is_empty() {
            writeln!(f, "\nNot in these, though something fits")?;
            who.left.iter().try_for_each(|class| class.write(f))?;
        }
        if who.classes.is_empty() {
            return Ok(());
        }
        situations.iter().try_for_each(|situation| situation.write(f, situations.len() > 1))
    }
}

impl ExplainedClass {
    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let title = self.title.as_ref().map_or(String::new(), |title| format!(" ({})", plain(title)));
        writeln!(f, "  {}{title}\n    {}", self.name, plain(&self.why))
    }
}

impl Situation {
    fn write(&self, f: &mut fmt::Formatter<'_>, is_one_of_several: bool) -> fmt::Result {
        writeln!(f)?;
        if is_one_of_several {
            let word = if self.keys.len() == 1 { "key" } else { "keys" };
            writeln!(f, "== Message {word} {} ==\n", self.keys.join(", "))?;
        }
        writeln!(
            f,
            "{}",
            match self.verdict {
                "rewritten" => "A message is rewritten: what is permitted goes out, all else is removed.",
                "held" => "A message is held: a person must review it before what is permitted goes out.",
                _ => "A message is withheld: nothing is permitted.",
            }
        )?;
        if !self.vouches.is_empty() {
            let claims: Vec<String> = self.vouches.iter().map(|claim| format!("`{claim}`")).collect();
            writeln!(f, "The reviewer may vouch for {}.", claims.join(", "))?;
        }
        for (outcome, heading) in
            [("released", "Released in full"), ("generalised", "Released less precisely"), ("removed", "Removed")]
        {
            let answers: Vec<&ElementAnswer> =
                self.elements.iter().filter(|answer| answer.outcome == outcome).collect();
            if !answers.is_empty() {
                writeln!(f, "\n{heading}")?;
                answers.iter().try_for_each(|answer| answer.write(f))?;
            }
        }
        let (applied, others): (Vec<_>, Vec<_>) = self.rules.iter().partition(|rule| rule.why_not.is_empty());
        write_rules(f, "Rules that apply", &applied)?;
        write_rules(f, "Rules for these classes that don't apply", &others)?;
        if !self.duties.is_empty() {
            writeln!(f, "\nDuties that follow")?;
        }
        self.duties.iter().try_for_each(|duty| duty.write(f))?;
        if !self.changes.is_empty() {
            writeln!(f, "\nWhat more claims would change")?;
        }
        for change in &self.changes {
            let claims: Vec<String> = change.claims.iter().map(|claim| format!("`{claim}`")).collect();
            writeln!(f, "  with {}: {}", claims.join(" and "), change.outcome)?;
            write_list(f, change.elements.selectors())?;
        }
        Ok(())
    }
}

fn write_rules(f: &mut fmt::Formatter<'_>, heading: &str, rules: &[&ExplainedRule]) -> fmt::Result {
    if rules.is_empty() {
        return Ok(());
    }
    writeln!(f, "\n{heading}")?;
    rules.iter().try_for_each(|rule| rule.write(f))
}

impl ElementAnswer {
    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let by = deciding_rules(&self.by);
        match self.treatment.filter(|_| self.outcome == "generalised") {
            Some(treatment) => writeln!(f, "  {treatment}: {by}")?,
            None => writeln!(f, "  {by}")?,
        }
        write_list(f, self.elements.selectors())
    }
}

/// The deciding rules, each with its basis.
fn deciding_rules(by: &[DecidingRule]) -> String {
    if by.is_empty() {
        return "not permitted by any rule that applies".to_owned();
    }
    by.iter().map(DecidingRule::describe).collect::<Vec<_>>().join("; ")
}

impl DecidingRule {
    fn describe(&self) -> String {
        let basis = self.basis.as_deref().map_or_else(|| "no basis given".to_owned(), plain);
        format!("{} `{}` ({basis})", self.kind, self.id)
    }
}

impl ExplainedRule {
    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, kind, title, basis, place, why_not, source, checked, from, until, legal_notice } = self;
        write!(f, "  {kind} `{id}`, {place}")?;
        if let Some(title) = title {
            write!(f, ": {}", plain(title))?;
        }
        writeln!(f)?;
        why_not.iter().try_for_each(|reason| writeln!(f, "    {reason}"))?;
        if !why_not.is_empty() {
            return Ok(());
        }
        if let Some(basis) = basis {
            writeln!(f, "    {}", plain(basis))?;
        }
        match (source, checked) {
            (None, None) => {}
            (Some(source), None) => writeln!(f, "    source: {}", plain(source))?,
            (None, Some(checked)) => writeln!(f, "    checked {checked}")?,
            (Some(source), Some(checked)) => writeln!(f, "    source: {}, checked {checked}", plain(source))?,
        }
        if let Some(text) = legal_notice {
            writeln!(f, "    legal notice: {}", plain(text))?;
        }
        match dates(Validity { from: *from, until: *until }) {
            Some(dates) => writeln!(f, "    in force {dates}"),
            None => Ok(()),
        }
    }
}

impl ExplainedDuty {
    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, told, due, after, basis } = self;
        let due = due.map_or_else(String::new, |day| format!(", {day}"));
        writeln!(f, "  `{}`, after a {after}: {}{due}", plain(id), plain(told))?;
        basis.iter().try_for_each(|basis| writeln!(f, "    {}", plain(basis)))
    }
}

/// Wraps words into lines of the terminal's width.
fn write_list(f: &mut fmt::Formatter<'_>, words: &[String]) -> fmt::Result {
    let mut line = String::from("   ");
    for (index, word) in words.iter().enumerate() {
        let comma = if index + 1 < words.len() { "," } else { "" };
        if line.len() > 3 && line.len() + word.len() + 2 > WIDTH {
            writeln!(f, "{line}")?;
            line = String::from("   ");
        }
        line.push(' ');
        line.push_str(word);
        line.push_str(comma);
    }
    writeln!(f, "{line}")
}
