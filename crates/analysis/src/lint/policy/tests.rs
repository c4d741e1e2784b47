//! Each lint of a policy: a policy that triggers it, with position and message, and one that doesn't.

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};

use super::*;
use dmv_redact_model::config::Document;
use dmv_redact_model::policy::{MessageKeys, PolicySources};

/// A policy that names no other file.
pub(super) fn alone(file: &str, text: &str) -> PolicyFiles {
    PolicyFiles::read(&Document { file, text }, PolicySources::default())
}

pub(super) const KEYS: [&str; 2] = ["DR", "KR"];
pub(super) static CATALOG: LazyLock<Catalog> =
    LazyLock::new(|| Catalog::load(dmv_redact::shipped::CATALOG, &[]).unwrap());
pub(super) static FORMATS: LazyLock<Formats> = LazyLock::new(|| {
    Formats::load(
        dmv_redact::shipped::FORMATS,
        &[],
        &Arc::new(Catalog::load(dmv_redact::shipped::CATALOG, &[]).unwrap()),
    )
    .unwrap()
});

/// The findings in a policy, as `line:column code: message`, except for unlisted purposes and wildcards that admit
/// letters: these have tests of their own.
fn found(text: &str) -> Vec<String> {
    let absent = ["purposes-unlisted", "purposes-idle", "applies-when-absent", "wildcard-admits-letters"];
    let mut found = all_found(text);
    found.retain(|line| !absent.iter().any(|code| line.contains(&format!(" {code}: "))));
    found
}

/// Everything that is found.
fn all_found(text: &str) -> Vec<String> {
    let files = alone("p.toml", text);
    let names = &KEYS.map(str::to_owned);
    let policy = Policy::load(&files, &CATALOG, MessageKeys { names, may_be_absent: true }).unwrap();
    let found = lint(&files, &policy, &CATALOG, &FORMATS).unwrap();
    let line = |finding: &Finding| {
        let (line, column) = finding.error.position().unwrap();
        format!("{line}:{column} {}: {}", finding.code.name, finding.error.message())
    };
    found.iter().map(line).collect()
}

const HEAD: &str = "[policy]\nname = 'p'\nversion = '1'\n";

/// Classes by name with their content, then rules. Lines are counted after the head, which has three.
fn policy(classes: &[(&str, &str)], rules: &str) -> Vec<String> {
    let classes: String = classes.iter().map(|(name, says)| format!("agencies.{name} = {{ {says} }}\n")).collect();
    found(&format!("{classes}{rules}\n{HEAD}"))
}

/// A rule, on one line.
fn rule(kind: &str, id: &str, rest: &str) -> String {
    format!("[[{kind}]]\nid = '{id}'\nbasis = 'b'\n{rest}\n")
}

fn permit(id: &str, agencies: &str, elements: &str, rest: &str) -> String {
    rule("permit", id, &format!("agencies = [{agencies}]\nelements = [{elements}]\n{rest}"))
}

/// A policy with the claims `a` and `b`, one class of police and one of others.
fn with_claims(rules: &str) -> Vec<String> {
    let text = format!(
        "{HEAD}claims = ['a', 'b']\n[agencies]\npolice = {{ ori = ['AZ*'] }}\nothers = {{ ori = ['NV*'] }}\n{rules}"
    );
    let is_aside = |told: &String| told.contains("-unused: ") || told.contains(" class-by-pattern: ");
    found(&text).into_iter().filter(|told| !is_aside(told)).collect()
}

const BOTH: [(&str, &str); 2] = [("police", "ori = ['AZ*']"), ("others", "ori = ['NV*']")];

#[test]
fn a_policy_that_says_what_it_means_is_clean() {
    let rules = permit("one", "'police', 'others'", "'person.name'", "");
    assert_eq!(policy(&BOTH, &rules), Vec::<String>::new());
}

#[test]
fn a_class_that_no_rule_names_is_told_unless_it_takes_others_away() {
    let rules = permit("one", "'police'", "'person.name'", "");
    let told = "2:10 class-unused: no rule names the agency class `others`: who is in it gets nothing";
    assert_eq!(policy(&BOTH, &rules), [told]);
    let excepted = [("police", "ori = ['AZ*'], except = ['others']"), ("others", "ori = ['AZ0*']")];
    assert_eq!(policy(&excepted, &rules), Vec::<String>::new());
}

#[test]
fn a_class_that_nobody_can_be_in_and_the_rules_for_it_are_told() {
    let classes = [("police", "ori = ['AZ0*'], except = ['others']"), ("others", "ori = ['AZ*']")];
    let rules = permit("one", "'police'", "'person.name'", "") + &permit("two", "'others'", "'person.name'", "");
    let found = policy(&classes, &rules);
    assert!(found.contains(&"1:10 class-empty: no ORI can be in the agency class `police`".to_owned()), "{found:?}");
    let never = "4:6 rule-never-applies: rule `one` never applies: no ORI can be in its agency classes";
    assert!(found.contains(&never.to_owned()), "{found:?}");
    assert_eq!(found.len(), 2, "{found:?}");
}

#[test]
fn attack_37_two_classes_that_claim_the_same_oris_are_told_with_an_example() {
    let rules = permit("one", "'police', 'others'", "'person.name'", "");
    let overlapping = [("police", "ori = ['AZ*']"), ("others", "ori = ['CA*', '*01']")];
    let told = "2:35 classes-overlap: `*01` of `others` and `AZ*` of `police` claim the same ORIs, AZ0000001 for instance: they get what both may have";
    assert_eq!(policy(&overlapping, &rules), [told]);
    let excepting = [("police", "ori = ['AZ*'], except = ['others']"), ("others", "ori = ['CA*', '*01']")];
    assert_eq!(policy(&excepting, &rules), Vec::<String>::new());
    let meant = [("police", "ori = ['AZ*']"), ("others", "ori = ['CA*', '*01'], overlaps = ['police']")];
    assert_eq!(policy(&meant, &rules), Vec::<String>::new());
    let idle = [("police", "ori = ['AZ*'], overlaps = ['others']"), ("others", "ori = ['CA*']")];
    assert_eq!(policy(&idle, &rules), ["1:48 overlaps-idle: `police` and `others` share no ORI"]);
}

#[test]
fn attack_37_a_pattern_that_shares_oris_is_found_though_the_shared_set_is_listed_too() {
    let rules = permit("one", "'police', 'others'", "'person.name'", "");
    let classes = [("police", "ori = ['AZ*', 'NV0000000']"), ("others", "ori = ['*00', 'NV0000000']")];
    let found = policy(&classes, &rules);
    assert!(found.iter().any(|told| told.contains("classes-overlap: ")), "{found:?}");
    assert!(
        found.iter().any(|told| told.contains("ori-in-two-classes: `others` and `police` both list NV0000000")),
        "{found:?}"
    );
}

#[test]
fn attack_30_a_pattern_that_claims_ice_by_its_first_letters_is_told() {
    let rules = permit("one", "'police'", "'person.name'", "");
    let told = "1:28 ice-by-prefix: `VT*` of `police` claims VTICE0900, which is ICE's Law Enforcement Support Center and only begins with VT";
    assert_eq!(policy(&[("police", "ori = ['VT*']")], &rules), [told]);
    assert_eq!(policy(&[("police", "ori = ['VT0*']")], &rules), Vec::<String>::new());
    assert_eq!(policy(&[("police", "ori = ['??ICE*']")], &rules), Vec::<String>::new());
    let own = [("police", "ori = ['VT*']"), ("ice", "ori = ['VTICE0900']")];
    let rules = rules + &rule("forbid", "no", "agencies = ['ice']\nelements = ['vehicle']");
    assert_eq!(policy(&own, &rules), Vec::<String>::new());
}

#[test]
fn attack_37_an_ori_that_is_listed_and_escapes_a_pattern_is_told() {
    let rules = permit("one", "'police', 'ice'", "'person.name'", "");
    let ice = ("ice", "ori = ['??ICE*']");
    let told = "2:53 exact-escapes-pattern: `police` lists AZICE0100 exactly, so `??ICE*` of `ice` isn't asked: it is not in `ice`";
    let classes = [ice, ("police", "except = ['ice'], ori = ['AZ*', 'AZICE0100']")];
    assert_eq!(policy(&classes, &rules), [told]);
    let both = [("ice", "ori = ['??ICE*', 'AZICE0100']"), classes[1]];
    let found = policy(&both, &rules);
    assert!(found.len() == 1 && found[0].contains("ori-in-two-classes: "), "{found:?}");
    let meant = [ice, ("police", "except = ['ice'], overlaps = ['ice'], ori = ['AZ*', 'AZICE0100']")];
    assert_eq!(policy(&meant, &rules), Vec::<String>::new());
}

#[test]
fn an_except_that_excepts_nothing_is_told() {
    let rules = permit("one", "'police', 'others'", "'person.name'", "");
    let idle = [("police", "ori = ['AZ*'], except = ['others']"), ("others", "ori = ['NV*']")];
    assert_eq!(
        policy(&idle, &rules),
        ["1:46 except-idle: `others` excepts nothing: no pattern of both claims the same ORI"]
    );
    let listed = [("police", "ori = ['AZ*'], except = ['others']"), ("others", "ori = ['NV0000000']")];
    assert_eq!(
        policy(&listed, &rules),
        ["1:46 except-of-listed: `others` lists its ORIs exactly: they ask no pattern anyhow"]
    );
}

#[test]
fn a_pattern_within_another_of_its_class_is_told() {
    let rules = permit("one", "'police'", "'person.name'", "");
    let told = |patterns: &str| policy(&[("police", &format!("ori = [{patterns}]"))], &rules);
    assert_eq!(told("'AZ0*', 'AZ*'"), ["1:28 pattern-superfluous: `AZ0*` is superfluous: `AZ*` claims the same ORIs"]);
    assert_eq!(told("'AZ*00', 'AZ*0'").len(), 1);
    assert_eq!(told("'AZ*', 'AZ*'"), ["1:35 pattern-superfluous: `AZ*` is superfluous: `AZ*` claims the same ORIs"]);
    assert_eq!(told("'AZ*', '*01'"), Vec::<String>::new());
}

#[test]
fn a_class_that_is_held_back_by_patterns_alone_is_noted() {
    let rules = permit("one", "'police'", "'person.name'", "")
        + &rule("forbid", "no", "agencies = ['ice']\nelements = ['vehicle']");
    let classes = [("police", "ori = ['AZ*'], except = ['ice']"), ("ice", "ori = ['??ICE*']")];
    let told = "2:10 class-by-pattern: who is in `ice` is told by patterns: an office of theirs with another ORI is in `police`, if a pattern there claims it";
    assert_eq!(policy(&classes, &rules), [told]);
    let listed = [("police", "ori = ['AZ*']"), ("ice", "ori = ['AZICE0100']")];
    assert_eq!(policy(&listed, &rules), Vec::<String>::new());
}

#[test]
fn rules_without_a_basis_are_told() {
    let rules = "[[permit]]\nid = 'one'\nagencies = ['police', 'others']\nelements = ['person.name']\n\
                 [[forbid]]\nid = 'two'\nelements = ['person.ssn']\nbasis = ' '\n[[review]]\nid = 'three'";
    assert_eq!(
        policy(&BOTH, rules),
        [
            "4:6 permit-without-basis: permit `one` has no basis",
            "8:6 rule-without-basis: forbid `two` has no basis",
            "12:6 rule-without-basis: review `three` has no basis",
            "12:6 review-never-lifted: review `three` is lifted by no claim: it names none in `unless`, so what it holds never goes out",
        ]
    );
}

#[test]
fn a_rule_that_requires_what_it_excludes_never_applies() {
    let rules = |rest: &str| permit("one", "'police'", "'person.name'", rest);
    let found = with_claims(&rules("requires = ['a', 'b']\nunless = ['a']"));
    assert_eq!(found, ["9:6 rule-never-applies: rule `one` never applies: it requires `a` and excludes it"]);
    assert_eq!(with_claims(&rules("requires = ['a']\nunless = ['b']")), Vec::<String>::new());
}

#[test]
fn a_permit_that_another_covers_is_told_once() {
    let narrow =
        permit("narrow", "'police'", "'person.name.given'", "purposes = ['C']\nas = { 'person.name' = 'mask' }");
    let wide = permit("wide", "'police', 'others'", "'person.name'", "");
    let found = policy(&BOTH, &format!("{narrow}{wide}"));
    let told = "4:6 permit-covered: permit `narrow` is superfluous: permit `wide` permits all of it already";
    assert!(found.contains(&told.to_owned()), "{found:?}");
    let found = policy(&BOTH, &format!("{wide}{}", wide.replace("wide", "again")));
    assert_eq!(found, ["10:6 permit-covered: permit `again` is superfluous: permit `wide` permits all of it already"]);
    let more = permit("more", "'police'", "'person.name', 'vehicle'", "");
    assert_eq!(policy(&BOTH, &format!("{more}{wide}")), Vec::<String>::new());
}

/// Who is in a class counts, not what it is called.
#[test]
fn a_permit_for_a_class_within_another_is_covered() {
    let classes = [("patrol", "ori = ['AZ00*'], overlaps = ['state']"), ("state", "ori = ['AZ*']")];
    let state = permit("state", "'state'", "'person.name'", "purposes = ['C']");
    let patrol = permit("patrol", "'patrol'", "'person.name'", "purposes = ['C']");
    let found = policy(&classes, &format!("{state}{patrol}"));
    assert_eq!(
        found,
        ["10:6 permit-covered: permit `patrol` is superfluous: permit `state` permits all of it already"]
    );
    // The other way round there are others in the state; and nobody is both in a class and excepted from it.
    let wide = policy(&classes, &format!("{}{state}", patrol.replace("'person.name'", "'person'")));
    assert!(!wide.iter().any(|told| told.contains("permit-covered")), "{wide:?}");
    let apart = [("patrol", "ori = ['AZ00*']"), ("state", "ori = ['AZ*'], except = ['patrol']")];
    assert_eq!(policy(&apart, &format!("{state}{patrol}")), Vec::<String>::new());
}

#[test]
fn classes_that_list_the_same_ori_share_it() {
    let rules = permit("one", "'police', 'force'", "'person.name'", "");
    let classes = |overlaps: &str| {
        [
            ("force", "ori = ['AZ0070000', 'AZ0090000']".to_owned()),
            ("police", format!("ori = ['AZ0070000', 'AZ0070100']{overlaps}")),
        ]
    };
    let found = |overlaps: &str| {
        let classes = classes(overlaps);
        policy(&[(classes[0].0, &classes[0].1), (classes[1].0, &classes[1].1)], &rules)
    };
    assert_eq!(found(", overlaps = ['force']"), Vec::<String>::new());
    let told = found("");
    assert!(
        told.len() == 1 && told[0].contains("ori-in-two-classes: `force` and `police` both list AZ0070000"),
        "{told:?}"
    );
}

#[test]
fn a_review_that_no_claim_lifts_is_told() {
    let one = permit("one", "'police'", "'person.name'", "");
    let review = |id: &str, rest: &str| rule("review", id, rest);
    let found = with_claims(&(one.clone() + &review("look", "")));
    let told = "15:6 review-never-lifted: review `look` is lifted by no claim: it names none in `unless`, so what it holds never goes out";
    assert_eq!(found, [told]);
    assert_eq!(with_claims(&(one.clone() + &review("look", "unless = ['a']"))), Vec::<String>::new());
    // A review that requires a claim isn't lifted by omitting that: lifting takes an additional claim.
    assert_eq!(with_claims(&(one.clone() + &review("look", "requires = ['b']"))).len(), 1);
    // What lifts one review triggers the other, or a forbid.
    let two = review("look", "unless = ['a']") + &review("again", "requires = ['a']");
    let found = with_claims(&(one.clone() + &two));
    assert_eq!(found.iter().filter(|told| told.contains(" review-never-lifted: ")).count(), 2, "{found:?}");
    let forbid = rule("forbid", "no", "elements = ['person']\nrequires = ['a']");
    let found = with_claims(&(one.clone() + &review("look", "unless = ['a']") + &forbid));
    assert!(
        found.iter().any(|told| told.contains("review `look` is lifted by no claim: with each in `unless`, ")),
        "{found:?}"
    );
    let lifted = review("look", "unless = ['a']") + &review("again", "requires = ['a']\nunless = ['b']");
    assert_eq!(with_claims(&(one + &lifted)), Vec::<String>::new());
}

#[test]
fn what_a_reviewer_vouches_for_in_vain_or_may_not_is_told() {
    let ordered = permit("one", "'police'", "'person.name'", "requires = ['a']");
    let review = |rest: &str| rule("review", "look", &format!("agencies = ['police']\nunless = ['a']\n{rest}"));
    let found = |rules: &str| {
        let found = with_claims(rules).into_iter();
        found.filter(|told| told.contains("vouch")).collect::<Vec<_>>()
    };
    let told = found(&(ordered.clone() + &review("")));
    let expected = "review-unvouched: permit `one` requires `a`, for which the reviewer of `look` may not vouch: without it this \
                    permit gives nothing to review";
    assert!(told.len() == 1 && told[0].ends_with(expected), "{told:?}");
    assert_eq!(found(&(ordered.clone() + &review("vouches = ['a']"))), Vec::<String>::new());
    let told = found(&(ordered + &review("vouches = ['a', 'b']")));
    assert!(
        told.len() == 1
            && told[0].ends_with("vouches-idle: no rule asks for the claim `b`: to vouch for it changes nothing"),
        "{told:?}"
    );
}

#[test]
fn p8_claims_that_depend_on_each_other_in_too_many_ways_are_refused_by_name() {
    // The pigeonhole principle, eight into seven: each forbid is easily avoided, all of them never, and a search claim
    // by claim is exponential.
    let claim = |pigeon: usize, hole: usize| format!("p{pigeon}h{hole}");
    let claims: Vec<String> = (0..8).flat_map(|pigeon| (0..7).map(move |hole| claim(pigeon, hole))).collect();
    let mut rules = permit("one", "'police'", "'person.name'", "");
    let mut forbid = |rest: String| {
        let id = format!("f{}", rules.len());
        rules += &rule("forbid", &id, &format!("elements = ['person.name']\n{rest}"));
    };
    for one in 0..8 {
        forbid(format!("unless = {:?}", (0..7).map(|hole| claim(one, hole)).collect::<Vec<_>>()));
        for (other, hole) in (0..one).flat_map(|other| (0..7).map(move |hole| (other, hole))) {
            forbid(format!("requires = {:?}", [claim(one, hole), claim(other, hole)]));
        }
    }
    let text = format!("{HEAD}claims = {claims:?}\n[agencies]\npolice = {{ ori = ['AZ*'] }}\n{rules}");
    let files = alone("p.toml", &text);
    let names = &KEYS.map(str::to_owned);
    let policy = Policy::load(&files, &CATALOG, MessageKeys { names, may_be_absent: true }).unwrap();
    let error = lint(&files, &policy, &CATALOG, &FORMATS).unwrap_err().to_string();
    assert!(error.starts_with("p.toml: the claims that rules `f") && error.contains(" more ask for depend"), "{error}");
}

#[test]
fn a_claim_that_no_rule_uses_is_told() {
    let text = format!("{HEAD}claims = ['a', 'b']\n{}[agencies.police]\nori = ['AZ*']\n", "")
        + &permit("one", "'police'", "'person.name'", "requires = ['b']");
    assert_eq!(found(&text), ["4:11 claim-unused: no rule uses the claim `a`"]);
}

#[test]
fn attack_37_a_permit_that_forbids_empty_is_told() {
    let one = |rest: &str| permit("one", "'police'", "'person.name', 'vehicle'", rest);
    let forbid = |elements: &str, rest: &str| rule("forbid", "no", &format!("elements = [{elements}]\n{rest}"));
    let found = with_claims(&(one("") + &forbid("'person', 'vehicle'", "")));
    assert_eq!(found, ["9:6 permit-emptied: permit `one` is empty: forbids remove all of it wherever it applies"]);
    let found = with_claims(&(one("") + &forbid("'person'", "")));
    assert_eq!(
        found,
        [
            "12:13 element-emptied: permit `one` never releases `person.name`: forbids remove it wherever the permit applies"
        ]
    );
    // A claim, a purpose or a part opens it.
    assert_eq!(with_claims(&(one("") + &forbid("'person'", "unless = ['a']"))), Vec::<String>::new());
    assert_eq!(with_claims(&(one("unless = ['a']") + &forbid("'person'", "unless = ['a']"))).len(), 1);
    assert_eq!(
        with_claims(&(one("requires = ['a']") + &forbid("'person'", "requires = ['a']\nunless = ['b']"))).len(),
        0
    );
    assert_eq!(with_claims(&(one("") + &forbid("'person.name.given'", ""))), Vec::<String>::new());
    // Two forbids that no single set of claims avoids.
    let two = forbid("'person'", "unless = ['a']") + &rule("forbid", "nor", "elements = ['person']\nrequires = ['a']");
    let found = with_claims(&(one("") + &two));
    assert!(
        found.iter().any(|told| told.contains("element-emptied: permit `one` never releases `person.name`")),
        "{found:?}"
    );
}

/// A policy with these purposes, or without a list, and one class of police.
fn with_purposes(purposes: &str, rules: &str) -> Vec<String> {
    let mut found = all_found(&format!("{HEAD}{purposes}\n[agencies.police]\nori = ['AZ0070000']\n{rules}"));
    // Reviews have tests of their own.
    found.retain(|line| !line.contains(" review-never-lifted: "));
    found
}

#[test]
fn attack_31_purposes_that_a_policy_does_not_list_are_told() {
    let forbid = rule("forbid", "no", "elements = ['person.ssn']\npurposes = ['E']");
    let review = rule("review", "look", "messages = ['DR']");
    let one = permit("one", "'police'", "'person.name'", "");
    let rules = format!("{one}{forbid}{review}");
    let unlisted = "2:8 purposes-unlisted: the policy lists no purposes: a request may state those that its rules name, `E`; \
                    a message for any other is withheld";
    let expected = [
        unlisted,
        "14:6 applies-when-absent: forbid `no` applies where there is no purpose, too",
        "19:6 applies-when-absent: review `look` applies where there is no key, too",
    ];
    assert_eq!(with_purposes("", &rules), expected);
    assert_eq!(with_purposes("purposes = ['C', 'E']", &rules), Vec::<String>::new());
    // A purpose that no permit answers isn't lost.
    let asking = permit("one", "'police'", "'person.name'", "purposes = ['C']");
    assert_eq!(with_purposes("", &asking), Vec::<String>::new());
    let idle = "2:8 purposes-idle: the policy lists no purposes and no rule names one: what purpose a request states makes no difference";
    let plain = permit("one", "'police'", "'person.name'", "");
    assert_eq!(with_purposes("", &plain), [idle]);
    assert_eq!(with_purposes("purposes = []", &plain), Vec::<String>::new());
}

#[test]
fn attack_31_a_rule_that_skips_what_is_left_out_is_told() {
    let skip = "when-absent = 'skip'";
    let forbid = |rest: &str| rule("forbid", "no", &format!("elements = ['person.ssn']\n{rest}"));
    let one = permit("one", "'police'", "'person.name'", "");
    let told = |rest: &str| with_purposes("purposes = ['E']", &(one.clone() + &forbid(rest)));
    let found =
        |what: &str| vec![format!("14:6 skips-when-absent: forbid `no` doesn't apply where there is no {what}")];
    assert_eq!(told(&format!("purposes = ['E']\n{skip}")), found("purpose"));
    assert_eq!(told(&format!("messages = ['DR']\n{skip}")), found("key"));
    assert_eq!(told(&format!("messages = ['DR']\npurposes = ['E']\n{skip}")), found("purpose or key"));
    assert_eq!(told("purposes = ['E']"), Vec::<String>::new());
}

#[test]
fn attack_31_a_forbid_that_leaves_nothing_where_a_purpose_is_left_out_is_told() {
    let one = permit("one", "'police'", "'person.name'", "");
    let forbid = |id: &str, elements: &str, rest: &str| rule("forbid", id, &format!("elements = [{elements}]\n{rest}"));
    let told = |rules: &str| with_purposes("purposes = ['E', 'C']", &(one.clone() + rules));
    let found = |line: usize, id: &str, what: &str| {
        format!("{line}:6 forbids-all-when-absent: forbid `{id}` leaves nothing to `police` where there is no {what}")
    };
    let all = forbid("no", "'person'", "purposes = ['E']");
    assert_eq!(told(&all), [found(14, "no", "purpose")]);
    assert_eq!(told(&forbid("no", "'person'", "messages = ['DR']")), [found(14, "no", "key")]);
    // Two forbids that remove everything only together.
    let two = forbid("no", "'person.name.given'", "purposes = ['E']")
        + &forbid("nor", "'person.name'", "purposes = ['C']\nunless = []");
    assert_eq!(told(&two), [found(14, "no", "purpose"), found(19, "nor", "purpose")]);
    assert_eq!(told(&forbid("no", "'person.name.given'", "purposes = ['E']")), Vec::<String>::new());
    let skips = forbid("no", "'person'", "purposes = ['E']\nwhen-absent = 'skip'");
    assert_eq!(told(&skips), ["14:6 skips-when-absent: forbid `no` doesn't apply where there is no purpose"]);
    // What is forbidden anyway isn't removed because of the omission.
    assert!(!told(&(all + &forbid("never", "'person'", ""))).iter().any(|line| line.contains("leaves nothing")));
}

#[test]
fn highly_restricted_elements_without_purpose_and_claim_are_told() {
    let one = |rest: &str| permit("one", "'police'", "'person.name', 'biometric.photo', 'person.ssn'", rest);
    let told = "9:6 highly-restricted: permit `one` releases `person.ssn`, `biometric.photo` without a purpose and without a claim";
    assert_eq!(with_claims(&one("")), [told]);
    assert_eq!(with_claims(&one("purposes = ['C']")), Vec::<String>::new());
    assert_eq!(with_claims(&one("requires = ['a']")), Vec::<String>::new());
    assert_eq!(with_claims(&one("").replace("'b'", "'18 U.S.C. 2721(a)(2) and (b)(1)'")), Vec::<String>::new());
    let forbid = rule("forbid", "no", "elements = ['group:dppa-highly-restricted']\nunless = ['a']");
    assert_eq!(with_claims(&(one("") + &forbid)), Vec::<String>::new());
}

#[test]
fn attack_37_a_treatment_that_never_matters_is_told() {
    let year = |rest: &str| {
        permit(
            "year",
            "'police'",
            "'person.birth-date', 'vehicle'",
            &format!("as = {{ 'person.birth-date' = 'year' }}\n{rest}"),
        )
    };
    let full = |rest: &str| permit("full", "'police'", "'person.birth-date', 'person.name'", rest);
    let found = with_claims(&(year("purposes = ['E']") + &full("")));
    let told = "13:8 treatment-idle: `year` of `person.birth-date` never matters: other permits release it more openly";
    assert_eq!(found, [told]);
    assert_eq!(with_claims(&(year("") + &full("purposes = ['C']"))), Vec::<String>::new());
    assert_eq!(with_claims(&(year("") + &full("requires = ['a']"))), Vec::<String>::new());
    // Two permits of which one always applies.
    let found = with_claims(&(year("") + &full("requires = ['a']") + &full("unless = ['a']").replace("full", "other")));
    assert_eq!(found, [told]);
}

#[test]
fn attack_37_permits_that_contradict_each_other_are_told() {
    let year =
        permit("year", "'police'", "'person.birth-date'", "as = { 'person.birth-date' = 'year' }\nrequires = ['a']");
    let full = |rest: &str| permit("full", "'police'", "'person.birth-date', 'person.name'", rest);
    let found = with_claims(&(year.clone() + &full("requires = ['b']")));
    let told = "16:6 treatments-differ: permits `year` and `full` can apply together and treat `person.birth-date` differently: the more open treatment wins";
    assert_eq!(found, [told]);
    // A narrower case of another permit, and one that never overlaps it.
    assert_eq!(with_claims(&(year.clone() + &full("requires = ['a', 'b']"))), Vec::<String>::new());
    assert_eq!(with_claims(&(year + &full("unless = ['a']"))), Vec::<String>::new());
}

#[test]
fn a_hold_for_a_shape_that_nobody_can_lift_and_a_notice_without_a_place_are_told() {
    let found = |head: &str| {
        let found = found(&format!("{HEAD}{head}\n[agencies]\n"));
        found.into_iter().filter(|told| !told.contains("claim-unused")).collect::<Vec<_>>()
    };
    let held = "4:22 shape-hold-never-lifted: what is held for its shape never goes out: the policy doesn't declare the claim `approved`";
    let placeless = "4:22 notice-without-place: no place for a notice in messages of `nlets-niem`: they are held";
    assert_eq!(found("on-shape-violation = 'hold'"), [held]);
    assert_eq!(found("on-shape-violation = 'notice'"), [placeless, held]);
    assert_eq!(found("on-shape-violation = 'notice'\nclaims = ['approved']"), [placeless]);
    for fine in ["'hold'\nclaims = ['approved']", "'withhold'", "'remove'"] {
        assert_eq!(found(&format!("on-shape-violation = {fine}")), Vec::<String>::new(), "{fine}");
    }
}

#[test]
fn a_legal_notice_without_a_place_is_told_once() {
    let rule = |id: &str, law: &str| {
        format!(
            "[[permit]]\nid = '{id}'\nbasis = 'S. 1'\nagencies = ['a']\nelements = ['person.name']\nlegal-notice = '{law}'\n"
        )
    };
    let policy =
        format!("{HEAD}\n[agencies.a]\ntitle = 'A'\nori = ['AZ*']\n{}{}", rule("r", "S. 1"), rule("s", "S. 2"));
    let found: Vec<_> = found(&policy).into_iter().filter(|told| told.contains("notice")).collect();
    let told = "13:16 legal-notice-without-place: no place for a legal notice in messages of `nlets-niem`: they go out without";
    assert_eq!(found, [told]);
}

#[test]
fn the_shipped_policies_have_nothing_to_warn_of() {
    let mut count = 0;
    for entry in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../../policies")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "toml") {
            continue;
        }
        let builder = dmv_redact::Filter::builder().policy_path(&path).as_of(None);
        let (catalog, formats) = builder.load_catalog_and_formats().unwrap();
        let files = builder.policy_files().unwrap();
        let policy = builder.policy_of(&files, &catalog, &formats).unwrap();
        let found = lint(&files, &policy, &catalog, &formats).unwrap();
        let found: Vec<_> =
            found.iter().filter(|finding| finding.severity(true) == super::super::Severity::Error).collect();
        assert!(found.is_empty(), "{}: {found:#?}", path.display());
        count += 1;
    }
    assert!(count >= 2);
}

#[test]
fn every_code_of_the_table_has_a_name_of_its_own() {
    let names: BTreeSet<&str> = ALL.iter().map(|code| code.name).collect();
    assert_eq!(names.len(), ALL.len());
    let is_kebab = |name: &&str| name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
    assert!(names.iter().all(is_kebab) && ALL.iter().all(|code| !code.meaning.ends_with('.')));
}

/// The findings on the patterns of a class of police, next to a restricted class.
fn letters_in(police: &str, rules: &str) -> Vec<String> {
    let classes = format!("[agencies.police]\nori = [{police}]\n[agencies.immigration]\nori = ['??ICE*', '*Z']\n");
    let rules = permit("one", "'police', 'immigration'", "'person.name'", "")
        + &rule("review", "look", "agencies = ['immigration']")
        + rules;
    let mut found = all_found(&format!("{HEAD}purposes = []\n{classes}{rules}"));
    found.retain(|line| line.contains("wildcard-admits-letters"));
    found
}

#[test]
fn attack_30_a_wildcard_that_admits_federal_offices_is_told() {
    let told = |column: usize, pattern: &str, ori: &str| {
        format!(
            "6:{column} wildcard-admits-letters: `{pattern}` of `police` admits letters where ORIs of police have digits, \
             {ori} for instance, as federal offices have them"
        )
    };
    for (pattern, ori) in
        [("AZ*00", "AZCBP0100"), ("FL*", "FLCBP0100"), ("*00", "AZCBP0100"), ("TX???????", "TXCBP0100")]
    {
        assert_eq!(letters_in(&format!("'{pattern}'"), ""), [told(8, pattern, ori)], "{pattern}");
    }
    assert_eq!(letters_in("'AZ###??00', 'NV*00'", ""), [told(21, "NV*00", "NVCBP0100")]);
    for pattern in ["AZ0????00", "AZ###??00", "AZ#*", "AZ0*", "??OLN*", "??FBI????", "AZ0070000", "AZ?0???00"] {
        assert_eq!(letters_in(&format!("'{pattern}'"), ""), Vec::<String>::new(), "{pattern}");
    }
    // If police are restricted like the others, or get nothing, no office gains.
    let all = rule("review", "all", "agencies = ['police']");
    assert_eq!(letters_in("'AZ*00'", &all), Vec::<String>::new());
}

#[test]
fn attack_30_a_wildcard_that_admits_federal_offices_says_what_to_write() {
    let text = format!("{HEAD}[agencies.police]\nori = ['AZ*00']\n{}", permit("one", "'police'", "'person.name'", ""));
    let files = alone("p.toml", &text);
    let keys = MessageKeys { names: &[], may_be_absent: false };
    let policy = Policy::load(&files, &CATALOG, keys).unwrap();
    let found = lint(&files, &policy, &CATALOG, &FORMATS).unwrap();
    let help = found.iter().find(|finding| finding.code.name == "wildcard-admits-letters").unwrap().error.help_text();
    assert_eq!(help, Some("`#` is one digit: write `AZ###??00`"));
}

#[test]
fn an_ori_that_a_class_lists_twice_is_told_where_it_is() {
    let text = format!("{HEAD}purposes = []\n[agencies.police]\nori = ['AZ0070000', 'AZ0080000', 'AZ0070000']\n")
        + &permit("one", "'police'", "'person.name'", "");
    assert_eq!(all_found(&text), ["6:34 ori-listed-twice: `police` lists AZ0070000 twice"]);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("p.toml");
    let text = text.replace("ori = ['AZ0070000', 'AZ0080000', 'AZ0070000']", "ori = ['AZ0070000']\nori-file = 'r.csv'");
    std::fs::write(&path, &text).unwrap();
    std::fs::write(folder.path().join("r.csv"), "ori\nAZ0080000\naz0070000\nAZ0080000\n").unwrap();
    let (file, names) = (path.to_str().unwrap(), &[]);
    let sources = PolicySources { folder: Some(folder.path()), ..PolicySources::default() };
    let files = PolicyFiles::read(&Document { file, text: &text }, sources);
    let policy = Policy::load(&files, &CATALOG, MessageKeys { names, may_be_absent: false });
    let found = lint(&files, &policy.unwrap(), &CATALOG, &FORMATS).unwrap();
    let places: Vec<_> = found.iter().map(|finding| (finding.code.name, finding.error.position().unwrap())).collect();
    assert_eq!(places, [("ori-listed-twice", (3, 1)), ("ori-listed-twice", (4, 1))]);
    assert!(found[0].error.file().ends_with("r.csv"));
}
