//! What has expired or soon will, and rules whose law nobody has looked at for long.
//!
//! Apart from the other lints of a policy, which are about one day: these are about the days before and after it.

use std::ops::Range;

use super::classes::rosters;
use super::table::{
    CHECKED_IN_FUTURE, CHECKED_LONG_AGO, CHECKED_WITHOUT_SOURCE, EXPIRED, EXPIRES_SOON, SOURCE_UNCHECKED,
};
use super::{Code, Finding};
use dmv_redact_model::config::ConfigError;
use dmv_redact_model::date::Date;
use dmv_redact_model::policy::{
    ClassSpans, Effect, Policy, PolicyFiles, PolicySpans, Roster, RosterEntry, Rule, RuleSpans,
};

/// How many days before the last one it is told.
const SOON: i64 = 30;

/// Lints the dates of a policy as they are on a day.
pub(in super::super) fn lint(files: &PolicyFiles, policy: &Policy, today: Date) -> Result<Vec<Finding>, ConfigError> {
    let spans = PolicySpans::read(files)?;
    let located = files.located();
    let mut findings = Vec::new();
    let mut find = |code, span: &Range<usize>, message: String, help: &str| {
        findings.push(Finding::new(code, located.error(span, message).help(help)));
    };
    if let (Some(last), Some(written)) = (policy.validity().until, &spans.until)
        && let Some((code, ends)) = ending(last, today)
    {
        let message = format!("the policy {ends}; after its last day every message is withheld");
        find(code, &written.span, message, "look at the law again, then set `until` and `version`");
    }
    for (rule, spans) in policy.rules().iter().zip(&spans.rules) {
        lint_rule(rule, spans, today, &mut find);
    }
    for class in &spans.classes {
        for roster in rosters(files, class) {
            findings.extend(lint_roster(class, &roster, today));
        }
    }
    Ok(findings)
}

/// The finding about a last day, with its verb; `None` if it is far away.
fn ending(last: Date, today: Date) -> Option<(&'static Code, String)> {
    match today.days_until(last) {
        ..0 => Some((&EXPIRED, format!("expired on {last}"))),
        0 => Some((&EXPIRES_SOON, format!("expires today, {last}"))),
        1 => Some((&EXPIRES_SOON, format!("expires tomorrow, {last}"))),
        days @ 2..=SOON => Some((&EXPIRES_SOON, format!("expires on {last}, in {days} days"))),
        _ => None,
    }
}

fn lint_rule(
    rule: &Rule,
    spans: &RuleSpans,
    today: Date,
    find: &mut impl FnMut(&'static Code, &Range<usize>, String, &str),
) {
    if let (Some(last), Some(written)) = (rule.validity.until, &spans.until)
        && let Some((code, ends)) = ending(last, today)
    {
        let help = match rule.effect {
            Effect::Permit(_) => "set another `until` if the law still permits it, or take the permit out",
            Effect::Forbid(_) => "what it keeps back goes out after that: set another `until`, or take the forbid out",
            Effect::Duty(_) => "nobody has to do it after that: set another `until`, or take the duty out",
            Effect::Review(_) => "what it holds goes out after that: set another `until`, or take the review out",
        };
        find(code, &written.span, format!("rule `{}` {ends}", rule.id), help);
    }
    match (&spans.source, &spans.checked, rule.metadata.checked) {
        (Some(source), None, _) => {
            let message = format!("rule `{}` names its source, and not when somebody read it", rule.id);
            find(&SOURCE_UNCHECKED, &source.span, message, "add the day: `checked = \"YYYY-MM-DD\"`");
        }
        (source, Some(written), Some(checked)) => {
            if source.is_none() {
                let message = format!("rule `{}` was checked on {checked}, and doesn't say against what", rule.id);
                find(&CHECKED_WITHOUT_SOURCE, &written.span, message, "say where the law was read: `source = \"...\"`");
            }
            if checked > today {
                let message = format!("rule `{}` is said to be checked on {checked}, which is yet to come", rule.id);
                find(&CHECKED_IN_FUTURE, &written.span, message, "write the day on which the law was read");
            } else if checked.plus_one_year().is_some_and(|year_later| year_later <= today) {
                let message = format!("rule `{}` was last checked against the law on {checked}", rule.id);
                find(&CHECKED_LONG_AGO, &written.span, message, "read the law again, then set `checked`");
            }
        }
        _ => {}
    }
}

/// The entries whose last day is over or near, one finding for all of a kind. An entry that another one continues isn't
/// among them.
fn lint_roster(class: &ClassSpans, roster: &Roster, today: Date) -> Vec<Finding> {
    let is_continued = |entry: &RosterEntry| {
        let others = roster.entries.iter().filter(|other| other.ori == entry.ori);
        others.map(|other| other.validity.until).any(|until| until.is_none() || until > entry.validity.until)
    };
    let ends = roster.entries.iter().filter_map(|entry| {
        let (code, ends) = ending(entry.validity.until?, today)?;
        (!is_continued(entry)).then_some((code, ends, entry))
    });
    let ends: Vec<_> = ends.collect();
    let mut findings = Vec::new();
    for code in [&EXPIRED, &EXPIRES_SOON] {
        let mut own = ends.iter().filter(|(own, ..)| own.name == code.name);
        let Some((_, ends, entry)) = own.next() else { continue };
        let more = match own.count() {
            0 => String::new(),
            more => format!(", and {more} more"),
        };
        let message = format!("{} of `{}` {ends}{more}", entry.ori, class.name.name);
        let help =
            "once it is over, the ORI is as if the class didn't list it, and patterns decide: renew it, or take it out";
        let span = entry.until.as_ref().unwrap_or(&entry.span);
        findings.push(Finding::new(code, roster.document().error(span, message).help(help)));
    }
    findings
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::tests::{CATALOG, KEYS};
    use super::*;
    use dmv_redact_model::config::Document;
    use dmv_redact_model::policy::{MessageKeys, PolicySources};

    const TODAY: &str = "2026-12-01";

    /// The findings as `file:line:column code: message`.
    fn found(head: &str, rule: &str, roster: &str) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("p.toml").display().to_string();
        fs::write(folder.path().join("r.csv"), roster).unwrap();
        let text = format!(
            "[policy]\nname = 'p'\nversion = '1'\n{head}\n[agencies]\na = {{ ori-file = 'r.csv' }}\n\
             [[permit]]\nid = 'r'\nagencies = ['a']\nelements = ['person.name']\n{rule}\n"
        );
        let names = &KEYS.map(str::to_owned);
        let sources = PolicySources { folder: Some(folder.path()), ..PolicySources::default() };
        let files = PolicyFiles::read(&Document { file: &file, text: &text }, sources);
        let keys = MessageKeys { names, may_be_absent: true };
        let policy = Policy::load(&files, &CATALOG, keys).unwrap();
        let today = Date::parse(TODAY).unwrap();
        let found = lint(&files, &policy.as_of(today), today).unwrap();
        let told = found.iter().map(|finding| {
            let (line, column) = finding.error.position().unwrap();
            let file = finding.error.file().rsplit(['/', '\\']).next().unwrap();
            format!("{file}:{line}:{column} {}: {}", finding.code.name, finding.error.message())
        });
        told.collect()
    }

    #[test]
    fn what_has_expired_or_soon_will_is_told() {
        for (until, told) in [
            ("2026-11-30", Some("expired: {} expired on 2026-11-30")),
            ("2026-12-01", Some("expires-soon: {} expires today, 2026-12-01")),
            ("2026-12-02", Some("expires-soon: {} expires tomorrow, 2026-12-02")),
            ("2026-12-31", Some("expires-soon: {} expires on 2026-12-31, in 30 days")),
            ("2027-01-01", None),
        ] {
            let key = format!("until = '{until}'");
            let policy = told.map(|told| {
                format!("p.toml:4:9 {}; after its last day every message is withheld", told.replace("{}", "the policy"))
            });
            assert_eq!(found(&key, "", ""), policy.into_iter().collect::<Vec<_>>());
            let rule = told.map(|told| format!("p.toml:11:9 {}", told.replace("{}", "rule `r`")));
            assert_eq!(found("", &key, ""), rule.into_iter().collect::<Vec<_>>());
            let entry = told.map(|told| format!("r.csv:2:11 {}", told.replace("{}", "AZ0070000 of `a`")));
            let roster = format!("ori,until\nAZ0070000,{until}\nAZ0080000,\n");
            assert_eq!(found("", "", &roster), entry.into_iter().collect::<Vec<_>>());
        }
        let many = "ori,until\nAZ0070000,2026-01-01\nAZ0080000,2026-02-01\nAZ0090000,2026-12-24\n";
        assert_eq!(
            found("", "", many),
            [
                "r.csv:2:11 expired: AZ0070000 of `a` expired on 2026-01-01, and 1 more",
                "r.csv:4:11 expires-soon: AZ0090000 of `a` expires on 2026-12-24, in 23 days"
            ]
        );
        let renewed = "ori,from,until\nAZ0070000,,2026-01-01\nAZ0070000,2027-01-01,\n";
        assert_eq!(found("", "", renewed), Vec::<String>::new());
    }

    #[test]
    fn rules_that_nobody_has_compared_with_the_law_for_a_year_are_told() {
        for (rule, told) in [
            ("", None),
            ("source = 's'\nchecked = '2026-12-01'", None),
            ("source = 's'\nchecked = '2025-12-02'", None),
            (
                "source = 's'\nchecked = '2025-12-01'",
                Some("12:11 checked-long-ago: rule `r` was last checked against the law on 2025-12-01"),
            ),
            (
                "source = 's'\nchecked = '2026-12-02'",
                Some("12:11 checked-in-future: rule `r` is said to be checked on 2026-12-02, which is yet to come"),
            ),
            ("source = 's'", Some("11:10 source-unchecked: rule `r` names its source, and not when somebody read it")),
            (
                "checked = '2026-12-01'",
                Some("11:11 checked-without-source: rule `r` was checked on 2026-12-01, and doesn't say against what"),
            ),
        ] {
            assert_eq!(found("", rule, ""), told.map(|told| format!("p.toml:{told}")).into_iter().collect::<Vec<_>>());
        }
    }
}
