//! Policies on policies, file by file: what the whole says, where its errors are, what its digest covers.

use std::collections::BTreeMap;

use super::*;
use crate::catalog::Catalog;
use crate::date::Date;
use crate::policy::{Attribute, MessageKeys, OnShapeViolation, Ori, Policy, Requester};

const CATALOG: &str = "[[element]]\nid = 'a.one'\nshape = '.'\n[[element]]\nid = 'a.two'\nshape = '.'\n";

/// The head of a policy.
fn head(name: &str, more: &str) -> String {
    format!("[policy]\nname = '{name}'\nversion = '1'\n{more}\n")
}

fn permit(id: &str, agencies: &str, elements: &str, more: &str) -> String {
    format!("[[permit]]\nid = '{id}'\nagencies = [{agencies}]\nelements = [{elements}]\n{more}\n")
}

/// The built-in policies of these tests, their rosters among them.
fn packs() -> Vec<(&'static str, String)> {
    let state = head("state", "claims = ['warrant']\npurposes = ['C', 'E']\non-shape-violation = 'notice'")
        + "[claims]\nwarrant = 'a warrant'\n[agencies.police]\ntitle = 'Police'\nori = ['AZ*']\nexcept = ['ice']\n\
           [agencies.ice]\nori-file = 'ice.csv'\nori = ['??ICE*']\n"
        + &permit("names", "'police', 'ice'", "'a.one', 'a.two'", "")
        + "[[forbid]]\nid = 'no-two'\nagencies = ['ice']\nelements = ['a.two']\nunless = ['warrant']\n";
    vec![
        ("policies/state.toml", state),
        ("policies/ice.csv", "ori\nVTICE0900\n".to_owned()),
        ("policies/other.toml", head("other", "")),
    ]
}

/// A policy with files in memory: policies end in `.toml`, rosters in `.csv`.
fn files(text: &str, memory: &[(&str, &str)]) -> PolicyFiles {
    let packs = packs();
    let built_in: Vec<Document<'_>> = packs.iter().map(|(file, text)| Document { file, text }).collect();
    let of = |ending: &str| -> InMemory<'_> {
        memory.iter().filter(|(name, _)| name.ends_with(ending)).map(|(name, text)| (*name, text.as_bytes())).collect()
    };
    let (rosters, included) = (of(".csv"), of(".toml"));
    let sources = PolicySources {
        folder: None,
        is_built_in: false,
        rosters: Some(&rosters),
        included: Some(&included),
        built_in: &built_in,
    };
    PolicyFiles::read(&Document { file: "p.toml", text }, sources)
}

fn catalog() -> Catalog {
    Catalog::load(Document { file: "c", text: CATALOG }, &[]).unwrap()
}

fn load(text: &str, memory: &[(&str, &str)]) -> Result<Policy, ConfigError> {
    let keys = MessageKeys { names: &["DR".to_owned()], may_be_absent: false };
    Policy::load(&files(text, memory), &catalog(), keys)
}

fn loaded(text: &str, memory: &[(&str, &str)]) -> Policy {
    load(text, memory).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// Every error, one a line.
fn errors(text: &str, memory: &[(&str, &str)]) -> Vec<String> {
    load(text, memory).unwrap_err().to_string().lines().map(str::to_owned).collect()
}

/// What a requester gets, by element; `None` if it is refused.
fn granted(policy: &Policy, ori: &str, with: impl FnOnce(Requester) -> Requester) -> Option<Vec<String>> {
    let requester = with(Requester::new(ori).unwrap());
    let grant = policy.decide(Ori::new(ori).unwrap(), &requester, None)?;
    let catalog = catalog();
    let released = catalog.iter().filter(|(id, element)| !element.is_envelope() && grant.treatment(*id).is_some());
    Some(released.map(|(_, element)| element.id().to_owned()).collect())
}

fn asking_c(requester: Requester) -> Requester {
    requester.purpose("C")
}

#[test]
fn p9_all_that_is_included_holds_as_written_and_rules_name_what_it_declares() {
    let text = head("mine", "include = 'state'\nclaims = ['warrant', 'letter']")
        + "[claims]\nwarrant = 'ours'\nletter = 'a letter'\n[agencies.schools]\nori = ['AZEDU*']\noverlaps = ['police']\n"
        + "[[forbid]]\nid = 'no-one'\nagencies = ['ice']\nelements = ['a.one']\nunless = ['warrant']\n";
    let policy = loaded(&text, &[]);
    let identity = policy.identity();
    assert_eq!((identity.name.as_str(), policy.file(), policy.title()), ("mine", "p.toml", None));
    // One claim that both declare, with the including one's title.
    let titles: BTreeMap<&str, Option<&str>> = policy.claim_titles().collect();
    assert_eq!(titles, BTreeMap::from([("letter", Some("a letter")), ("warrant", Some("ours"))]));
    assert_eq!(granted(&policy, "AZ0070000", asking_c).unwrap(), ["a.one", "a.two"]);
    // Its forbid and the pack's.
    assert_eq!(granted(&policy, "VTICE0900", asking_c).unwrap(), [""; 0]);
    let warranted = granted(&policy, "VTICE0900", |own| own.purpose("C").claim("warrant"));
    assert_eq!(warranted.unwrap(), ["a.one", "a.two"]);
    // Where each rule stands.
    let places: Vec<_> = policy.rules().iter().map(|rule| (rule.id.as_str(), policy.file_of(&rule.metadata))).collect();
    let pack = "policies/state.toml";
    assert_eq!(places, [("names", pack), ("no-two", pack), ("no-one", "p.toml")]);
    let line = |id: &str| policy.rules().iter().find(|rule| rule.id == id).unwrap().metadata.position.line;
    let lines = |text: &str, id: &str| 1 + text.lines().position(|line| line == format!("id = '{id}'")).unwrap();
    assert_eq!(line("no-one"), lines(&text, "no-one"));
    assert_eq!(line("no-two"), lines(&packs()[0].1, "no-two"));
}

#[test]
fn p2_a_list_of_what_requests_may_state_holds_for_the_whole() {
    let purposes = |head_more: &str| {
        let policy = loaded(&head("mine", &format!("include = 'state'\n{head_more}")), &[]);
        ["C", "E", "J", "Z"].map(|code| granted(&policy, "AZ0070000", |own| own.purpose(code)).is_some())
    };
    // Only the included one lists them: what it doesn't list stays refused.
    assert_eq!(purposes(""), [true, true, false, false]);
    assert_eq!(purposes("purposes = ['C', 'J']"), [true, true, true, false]);
    // The including one may list where the included one doesn't.
    let text = head("mine", "include = 'open.toml'\nreasons = ['T']\npurposes = ['C']");
    let open = head("open", "") + "[agencies.police]\nori = ['AZ*']\n" + &permit("p", "'police'", "'a.one'", "");
    let policy = loaded(&text, &[("open.toml", &open)]);
    assert!(policy.lists(Attribute::Purpose) && policy.lists(Attribute::Reason));
    assert!(granted(&policy, "AZ0070000", |own| own.purpose("E")).is_none());
    assert!(granted(&policy, "AZ0070000", |own| own.purpose("C").reason("T")).is_some());
    // A rule doesn't open what the other's list closes.
    let text = head("mine", "include = 'state'") + &permit("p", "'police'", "'a.one'", "purposes = ['ZZ']");
    assert_eq!(
        errors(&text, &[]),
        [
            "p.toml:9:13: unknown purpose `ZZ`; `[policy] purposes = [...]` doesn't list it: add it there, or take it away here"
        ]
    );
    // Nor does one of the included policy: who lists less than that names has to list it.
    let asking = open.replacen("elements", "purposes = ['E']\nelements", 1);
    let text = head("mine", "include = 'open.toml'\npurposes = ['C']");
    let told =
        "open.toml:10:13: unknown purpose `E`; `[policy] purposes = [...]` of p.toml holds for the whole: add it there";
    assert_eq!(errors(&text, &[("open.toml", &asking)]), [told]);
    loaded(&text.replace("['C']", "['C', 'E']"), &[("open.toml", &asking)]);
}

#[test]
fn p2_what_narrows_narrows_the_whole() {
    let shape = |more: &str| loaded(&head("mine", &format!("include = 'state'\n{more}")), &[]).on_shape_violation();
    assert_eq!(shape(""), OnShapeViolation::Notice);
    assert_eq!(shape("on-shape-violation = 'remove'"), OnShapeViolation::Notice);
    assert_eq!(shape("on-shape-violation = 'withhold'"), OnShapeViolation::Withhold);
    let days = |own: &str, other: &str| {
        let included = head("other", other);
        let policy = load(&head("mine", &format!("include = 'o.toml'\n{own}")), &[("o.toml", &included)])?;
        let day = |date: Option<Date>| date.map_or_else(String::new, |date| date.to_string());
        Ok::<_, ConfigError>(format!("{}..{}", day(policy.validity().from), day(policy.validity().until)))
    };
    assert_eq!(days("from = '2026-01-01'", "until = '2026-06-30'").unwrap(), "2026-01-01..2026-06-30");
    assert_eq!(days("until = '2026-01-01'", "until = '2026-06-30'").unwrap(), "..2026-01-01");
    assert_eq!(days("from = '2026-01-01'", "from = '2026-06-30'").unwrap(), "2026-06-30..");
    let never = days("from = '2026-07-01'", "until = '2026-06-30'").unwrap_err().to_string();
    assert!(never.starts_with("o.toml:4:9: it ends on 2026-06-30, before it begins on 2026-07-01"), "{never}");
    for wrong in [days("until = 'soon'", "until = '2026-06-30'"), days("from = '1'", "from = '2026-06-30'")] {
        assert!(wrong.unwrap_err().to_string().starts_with("p.toml:5:"));
    }
}

#[test]
fn p2_a_class_is_added_to_and_rosters_of_one_name_are_two() {
    let text = head("mine", "include = 'state'")
        + "[agencies.ice]\nori-file = 'ice.csv'\nori = ['NVICE0100']\n[agencies.police]\nexcept = ['courts']\n\
           [agencies.courts]\nori = ['AZJUD*']\n";
    let policy = loaded(&text, &[("ice.csv", "ori\nAZ0080000\n")]);
    let class = |ori: &str| policy.classes_of(Ori::new(ori).unwrap()).iter().map(|id| policy.class_name(*id)).collect();
    let classes: [Vec<&str>; 6] =
        ["VTICE0900", "AZ0080000", "NVICE0100", "AZ0070000", "AZICE0000", "AZJUD0000"].map(class);
    assert_eq!(classes, [["ice"], ["ice"], ["ice"], ["police"], ["ice"], ["courts"]]);
    assert_eq!(
        policy.classes().iter().find(|class| class.name == "police").unwrap().metadata.title.as_deref(),
        Some("Police")
    );
    // The pack's roster is never taken from memory, nor the policy's own from the pack.
    let lacks = errors(&text, &[]);
    assert_eq!(lacks.len(), 1);
    assert!(
        lacks[0].starts_with("p.toml:6:12: a policy that is no file has no folder for its `ori-file`"),
        "{lacks:?}"
    );
    let idle = errors(&head("mine", "include = 'state'"), &[("ice.csv", "ori\n")]);
    assert!(idle[0].starts_with("ice.csv: no agency class of the policy names this table of ORIs"), "{idle:?}");
    // Each beside its own file, in memory as on disk.
    let agreement = head("agreement", "") + "[agencies.lab]\nori-file = 'r.csv'\n";
    let text = head("mine", "include = 'shared/agreement.toml'") + "[agencies.lab]\nori-file = 'r.csv'\n";
    let memory = [("shared/agreement.toml", agreement.as_str()), ("r.csv", "AZ0010000"), ("shared/r.csv", "AZ0020000")];
    let policy = loaded(&text, &memory);
    assert_eq!(policy.listed().collect::<std::collections::BTreeSet<_>>().len(), 2);
    assert!(errors(&text, &memory[..2])[0].contains("give the table from memory, under the name `shared/r.csv`"));
}

#[test]
fn p2_the_errors_of_all_files_are_told_at_once_each_in_its_own() {
    let one = head("one", "") + "[agencies.a]\nori = ['AZ']\n" + &permit("x", "'b'", "'a.one'", "");
    let two = head("two", "pruposes = []");
    let text = head("mine", "include = ['one.toml', 'two.toml', 'stat']") + &permit("y", "'c'", "'a.three'", "");
    let found = errors(&text, &[("one.toml", &one), ("two.toml", &two)]);
    let places: Vec<&str> = found.iter().map(|line| line.split(": ").next().unwrap()).collect();
    assert_eq!(places, ["p.toml:4:36", "one.toml:6:8", "one.toml:9:13", "two.toml:4:1"], "{found:?}");
    // With no error of form, those of the including file are told too.
    let text = text.replace(", 'two.toml', 'stat'", "");
    let found = errors(&text, &[("one.toml", &one)]);
    let places: Vec<&str> = found.iter().map(|line| line.split(": ").next().unwrap()).collect();
    assert_eq!(places, ["p.toml:7:13", "p.toml:8:13", "one.toml:6:8", "one.toml:9:13"], "{found:?}");
}

#[test]
fn p2_what_is_included_is_a_policy_alone() {
    let fragment = head("fragment", "") + &permit("x", "'police'", "'a.one'", "");
    let text = head("mine", "include = ['state', 'f.toml']");
    let found = errors(&text, &[("f.toml", &fragment)]);
    assert!(found.len() == 1 && found[0].starts_with("f.toml:7:13: unknown agency class `police`"), "{found:?}");
    let whole = fragment.replacen("version", "include = 'state'\nversion", 1);
    loaded(&head("mine", "include = 'f.toml'"), &[("f.toml", &whole)]);
}

#[test]
fn p2_two_rules_of_one_name_are_told_with_both_files() {
    let text = head("mine", "include = 'state'") + &permit("no-two", "'ice'", "'a.two'", "");
    let line = 1 + packs()[0].1.lines().position(|line| line == "id = 'no-two'").unwrap();
    let told = format!(
        "p.toml:6:6: rule `no-two` is declared twice; the first is in policies/state.toml, line {line}: give this one another \
         name, or take it away"
    );
    assert_eq!(errors(&text, &[]), [told]);
}

#[test]
fn p8_the_limits_hold_for_the_whole() {
    let claims = |letter: char, count: usize| (0..count).map(|n| format!("'{letter}{n}',")).collect::<String>();
    let other = head("other", &format!("claims = [{}]", claims('o', 40)));
    let text = |count: usize| head("mine", &format!("include = 'o.toml'\nclaims = [{}]", claims('m', count)));
    loaded(&text(24), &[("o.toml", &other)]);
    let found = errors(&text(25), &[("o.toml", &other)]);
    assert!(
        found.len() == 1 && found[0].starts_with("p.toml:5:") && found[0].ends_with("more than 64 claims"),
        "{found:?}"
    );
}

#[test]
fn p8_policies_nest_four_deep_and_never_twice_or_in_a_circle() {
    let nested = |depth: usize| -> Vec<(String, String)> {
        let text = |level: usize| match level == depth {
            true => head(&format!("l{level}"), ""),
            false => head(&format!("l{level}"), &format!("include = 'l{}.toml'", level + 1)),
        };
        (1..=depth).map(|level| (format!("l{level}.toml"), text(level))).collect()
    };
    let include = |name: &str| head("mine", &format!("include = {name}"));
    fn memory(files: &[(String, String)]) -> Vec<(&str, &str)> {
        files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect()
    }
    loaded(&include("'l1.toml'"), &memory(&nested(4)));
    let deep = errors(&include("'l1.toml'"), &memory(&nested(5)));
    let told = "l4.toml:4:11: policies include one another more than 4 deep: \
                p.toml -> l1.toml -> l2.toml -> l3.toml -> l4.toml -> l5.toml; include this policy further up";
    assert!(deep.contains(&told.to_owned()), "{deep:?}");
    let circle = head("b", "include = ['a.toml']");
    let a = head("a", "include = 'b.toml'");
    let found = errors(&include("'a.toml'"), &[("a.toml", &a), ("b.toml", &circle)]);
    let told = "b.toml:4:12: a policy includes itself: p.toml -> a.toml -> b.toml -> a.toml; take this `include` away";
    assert_eq!(found, [told]);
    let a = head("a", "include = 'state'");
    let found = errors(&include("['a.toml', 'state']"), &[("a.toml", &a)]);
    let told = "p.toml:4:22: a policy is included twice: p.toml -> a.toml -> policies/state.toml, and \
                p.toml -> policies/state.toml; include it once: what it says holds for the whole";
    assert_eq!(found, [told]);
    for (name, told) in [
        ("'satte'", "no built-in policy is called `satte`; did you mean `state`?"),
        (
            "'mine-too'",
            "no built-in policy is called `mine-too`; a policy of your own is named by its file: `./NAME.toml`",
        ),
        (
            "'./x.toml'",
            "a policy that is no file has no folder for what it includes; give the policy from memory, under the name `./x.toml`",
        ),
        ("5", "a name or a list of names is wanted, not a number"),
        ("[]", "an empty list includes nothing; name a policy, or take `include` away"),
    ] {
        assert_eq!(errors(&include(name), &[]), [format!("p.toml:4:11: {told}")]);
    }
    let idle = errors(&head("mine", ""), &[("x.toml", &head("x", ""))]);
    assert_eq!(idle, ["x.toml: nothing includes this policy; the name is the text of `include`"]);
}

#[test]
fn p12_the_digest_tells_every_set_of_files_from_every_other() {
    let digest = |text: &str, memory: &[(&str, &str)]| loaded(text, memory).identity().sha256.clone();
    let alone = head("alone", "") + "[agencies.a]\nori-file = 'r.csv'\n";
    let plain = head("alone", "") + "[agencies.a]\nori = ['AZ0010000']\n";
    assert_eq!(digest(&plain, &[]), hex(&Sha256::digest(&plain)));
    // An ORI that goes from one roster to the next is another policy.
    let two = format!("{alone}[agencies.b]\nori-file = 's.csv'\n");
    let [here, there] = [("AZ0010000\nAZ0020000\n", "AZ0030000\n"), ("AZ0010000\n", "AZ0020000\nAZ0030000\n")];
    let of_two = |(one, other)| digest(&two, &[("r.csv", one), ("s.csv", other)]);
    assert_ne!(of_two(here), of_two(there));
    let text = head("mine", "include = ['a.toml', 'b.toml']");
    let [a, b] = ["a", "b"].map(|name| head(name, "") + &format!("[agencies.{name}]\nori-file = '{name}.csv'\n"));
    let all = |a: &str, b: &str, in_a: &str, in_b: &str| {
        digest(&text, &[("a.toml", a), ("b.toml", b), ("a.csv", in_a), ("b.csv", in_b)])
    };
    let first = all(&a, &b, "AZ0010000\n", "AZ0020000\n");
    let comment = format!("{a}# more\n");
    let others = [
        all(&comment, &b, "AZ0010000\n", "AZ0020000\n"),
        all(&a, &b, "AZ0010000\n\n", "AZ0020000\n"),
        // The same bytes, divided otherwise.
        all(&a, &b, "AZ0010000\nAZ0020000\n", ""),
        all(&a, &b, "", "AZ0010000\nAZ0020000\n"),
        all(&a, &b, "AZ0010000", "\nAZ0020000\n"),
        all(&a, &format!("{b}#"), "AZ0010000\n", "AZ0020000\n"),
    ];
    let distinct: HashSet<&String> = others.iter().chain([&first]).collect();
    assert_eq!(distinct.len(), others.len() + 1);
}

#[test]
fn p9_the_spans_of_all_files_are_in_the_order_of_the_rules() {
    let text = head("mine", "include = 'state'") + &permit("more", "'police'", "'a.one'", "");
    let files = files(&text, &[]);
    let keys = MessageKeys { names: &[], may_be_absent: false };
    let policy = Policy::load(&files, &catalog(), keys).unwrap();
    let spans = crate::policy::PolicySpans::read(&files).unwrap();
    let ids: Vec<&str> = spans.rules.iter().map(|rule| rule.id.name.as_str()).collect();
    assert_eq!(ids, policy.rules().iter().map(|rule| rule.id.as_str()).collect::<Vec<_>>());
    let located = files.located();
    for (rule, spans) in policy.rules().iter().zip(&spans.rules) {
        let error = located.error(&spans.id.span, "x");
        assert_eq!(error.file(), policy.file_of(&rule.metadata));
        assert_eq!(error.position().unwrap().0, rule.metadata.position.line);
        assert!(error.source_text().unwrap().get(error.span().unwrap()).unwrap().contains(&rule.id));
    }
    assert_eq!(files.included().count(), 1);
}

#[test]
fn p2_a_claim_never_counts_with_less_than_the_included_policy_asks_for() {
    let claims = "claims = ['warrant']";
    let base = head("base", claims) + "[claims]\nwarrant = { title = 'a warrant', issuers = ['judge', 'jury'] }\n";
    let issuers = |said: &str| {
        let text = head("mine", "include = 'base.toml'") + said;
        let policy = loaded(&text, &[("base.toml", &base)]);
        let found = policy.claim_issuers().map(|(_, issuers)| issuers.join(" ")).collect::<Vec<_>>().concat();
        (found, policy.claim_titles().next().and_then(|(_, title)| title.map(str::to_owned)).unwrap())
    };
    let said = |issuers: &str, title: &str| (issuers.to_owned(), title.to_owned());
    assert_eq!(issuers(""), said("judge jury", "a warrant"));
    assert_eq!(issuers("[claims]\nwarrant = 'ours'\n"), said("judge jury", "ours"));
    assert_eq!(issuers("[claims]\nwarrant = { issuers = ['jury', 'clerk'] }\n"), said("jury", "a warrant"));
    let text = head("mine", "include = 'base.toml'") + "[claims]\nwarrant = { issuers = ['clerk'] }\n";
    let told = errors(&text, &[("base.toml", &base)]);
    assert!(told.len() == 1 && told[0].contains("an empty list matches nothing"), "{told:?}");
}

#[test]
fn p5_tokens_of_one_requester_stay_so() {
    let scope = |own: &str, included: &str| {
        let text = head("mine", &format!("include = 'base.toml'\n{own}"));
        loaded(&text, &[("base.toml", &head("base", included))]).token_scope().name()
    };
    let [requester, policy] = ["tokens = 'requester'", "tokens = 'policy'"];
    assert_eq!(scope("", ""), "requester");
    assert_eq!(scope(policy, ""), "policy");
    assert_eq!(scope("", policy), "policy");
    assert_eq!(scope(policy, requester), "requester");
    assert_eq!(scope(requester, policy), "requester");
}
