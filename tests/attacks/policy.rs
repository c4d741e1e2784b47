//! The policy file: attack 37. What is wrong is an error with file, line and column; never a silent wider grant.

use dmv_redact::{Disposition, Filter, Requester};
use dmv_redact_testing::attacks::{nlets, redact_for};

const HEAD: &str = "[policy]\nname = 'x'\nversion = '1'\nclaims = ['approved']\n[agencies.police]\nori = ['AZ*']\n";
const PERMIT: &str = "[[permit]]\nid = 'p'\nagencies = ['police']\nelements = ['person.name']\n";

fn error(text: &str) -> String {
    match Filter::builder().policy_text("policy.toml", text).build() {
        Ok(_) => panic!("taken:\n{text}"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn attack_37_a_wrong_policy_is_an_error_with_its_place() {
    for (text, place) in [
        ("[policy]\nnam = 'x'", "2:1"),
        ("[policy]\nname = 'x'\nversion = '1'\n[agencis.a]\nori = ['AZ*']", "4:2"),
        ("[policy]\nname = 'x'\nversion = '1'\nname = 'y'", "4:1"),
        ("[policy]\nname = 1", "2:8"),
        ("[policy", ""),
        ("", ""),
        ("\u{0}", ""),
    ] {
        let error = error(text);
        assert!(error.starts_with("policy.toml") && error.contains(place), "{error}");
    }
    for (wrong, place) in [
        (PERMIT.replace("elements", "element"), "10:1"),
        (PERMIT.replace("person.name", "person.nam"), "10:13"),
        (PERMIT.replace("person.name", "person.*"), "10:13"),
        (PERMIT.replace("person.name", "*"), "10:13"),
        (PERMIT.replace("person.name", ""), "10:13"),
        (PERMIT.replace("person.name", "group:nothing"), "10:13"),
        (PERMIT.replace("'police'", "'polize'"), "9:13"),
        (format!("{PERMIT}requires = ['aproved']\n"), "11:13"),
        (format!("{PERMIT}unless = ['Approved']\n"), "11:11"),
        (format!("{PERMIT}messages = ['DX']\n"), "11:13"),
        (format!("{PERMIT}as = {{ 'person.name' = 'year' }}\n"), "11"),
        (format!("{PERMIT}as = {{ 'person.ssn' = 'last4' }}\n"), "11"),
        (format!("{PERMIT}as = {{ 'person.name' = 'ful' }}\n"), "11"),
        (format!("{PERMIT}{PERMIT}"), ""),
        (PERMIT.replace("[[permit]]", "[[allow]]"), "7:"),
    ] {
        let error = error(&format!("{HEAD}{wrong}"));
        assert!(error.starts_with(&format!("policy.toml:{place}")), "{place} wanted: {error}\n{wrong}");
    }
}

#[test]
fn attack_37_a_pattern_that_no_ori_can_match_is_an_error() {
    for pattern in
        ["az*", "AZ 00", "AZ00000000", "AZ-*", "", "??????????", "AZ\u{200B}*", "\u{391}Z*", "AZ[0-9]*", "AZ.*"]
    {
        let error = error(&format!("{}{PERMIT}", HEAD.replace("AZ*", pattern)));
        assert!(error.starts_with("policy.toml:6:"), "{pattern}: {error}");
    }
}

#[test]
fn attack_37_a_contradiction_never_widens_a_grant() {
    let gets = |rules: &str| {
        let filter = Filter::builder().policy_text("policy.toml", format!("{HEAD}{rules}")).build().unwrap();
        redact_for(&filter, &Requester::new("AZ0070000").unwrap(), nlets("").as_bytes())
    };
    let forbid = "[[forbid]]\nid = 'f'\nelements = ['person.name']\n";
    assert_eq!(gets(PERMIT).1.disposition(), Disposition::Redacted);
    // A permit that a forbid empties permits nothing, in whatever order they stand.
    for rules in [format!("{PERMIT}{forbid}"), format!("{forbid}{PERMIT}")] {
        assert_eq!(gets(&rules).1.disposition(), Disposition::Withheld);
    }
    let of_part = forbid.replace("person.name", "person.name.surname");
    assert!(!gets(&format!("{PERMIT}{of_part}")).0.contains("EXAMPLE"));
    // Two treatments: the most open wins, and a forbid over both.
    let masked = PERMIT.replace("'p'", "'q'") + "as = { 'person.name' = 'mask' }\n";
    assert!(gets(&masked).0.contains("****"));
    for rules in [format!("{PERMIT}{masked}"), format!("{masked}{PERMIT}")] {
        assert!(gets(&rules).0.contains("EXAMPLE"));
        assert_eq!(gets(&format!("{rules}{forbid}")).1.disposition(), Disposition::Withheld);
    }
    // No rule at all, and none that applies.
    for rules in [
        "",
        &PERMIT.replace("elements", "requires = ['approved']\nelements"),
        &PERMIT.replace("elements", "purposes = ['C']\nelements"),
    ] {
        assert_eq!(gets(rules).1.disposition(), Disposition::Withheld, "{rules}");
    }
}

#[test]
fn p2_a_review_is_also_for_what_its_reviewer_may_vouch_for() {
    let head = HEAD.replace("claims = ['approved']", "claims = ['approved', 'court-order']");
    let disposition = |rules: &str, claims: &[&str]| {
        let filter = Filter::builder().policy_text("policy.toml", format!("{head}{rules}")).build().unwrap();
        let requester = claims.iter().fold(Requester::new("AZ0070000").unwrap(), |asker, claim| asker.claim(*claim));
        let (out, receipt) = redact_for(&filter, &requester, nlets("").as_bytes());
        assert_eq!(out.is_empty(), !receipt.disposition().releases());
        receipt.disposition()
    };
    let ordered = PERMIT.replace("elements", "requires = ['court-order']\nelements");
    let review = |vouches: &str| format!("{ordered}[[review]]\nid = 'r'\nunless = ['approved']\n{vouches}\n");
    // Nothing may go out without the order; whether that is reviewed depends on who may say that there is one.
    assert_eq!(disposition(&review(""), &[]), Disposition::Withheld);
    assert_eq!(disposition(&review("vouches = ['approved']"), &[]), Disposition::Withheld);
    let may = review("vouches = ['approved', 'court-order']");
    assert_eq!(disposition(&may, &[]), Disposition::Held);
    assert_eq!(disposition(&may, &["court-order"]), Disposition::Held);
    // The reviewer found none: the review is done, and nothing goes out.
    assert_eq!(disposition(&may, &["approved"]), Disposition::Withheld);
    assert_eq!(disposition(&may, &["approved", "court-order"]), Disposition::Redacted);
    // What stays forbidden with all that may be vouched for is not worth a review.
    let never = format!("{may}[[forbid]]\nid = 'f'\nelements = ['person.name']\n");
    assert_eq!(disposition(&never, &[]), Disposition::Withheld);
    // What may go out already is held, even if what the reviewer vouches for would take it away.
    let forbid = "[[forbid]]\nid = 'f'\nrequires = ['court-order']\nelements = ['person.name']\n";
    let taken = format!("{PERMIT}{forbid}[[review]]\nid = 'r'\nunless = ['approved']\nvouches = ['court-order']");
    assert_eq!(disposition(&taken, &[]), Disposition::Held);
    for (rules, told) in [
        (may.replace("'court-order']", "'court-ordr']"), "unknown claim `court-ordr`"),
        (PERMIT.replace("elements", "vouches = ['approved']\nelements"), "only a review takes `vouches`"),
    ] {
        let error = Filter::builder().policy_text("policy.toml", format!("{head}{rules}")).build().unwrap_err();
        assert!(error.to_string().contains(told), "{error}");
    }
}

#[test]
fn p2_what_a_policy_says_of_instruments_is_understood_or_refused() {
    let head = HEAD.replace("claims = ['approved']", "claims = ['approved', 'warrant']");
    let by = |list: &str| PERMIT.replace("elements", &format!("specified-by = {list}\nelements"));
    for (rules, told) in [
        (by("['warrnt']"), "unknown claim `warrnt`"),
        (by("[]"), "an empty list matches nothing"),
        (
            PERMIT.to_owned() + "[[review]]\nid = 'r'\nspecified-by = ['warrant']\n",
            "only a permit or a forbid takes `specified-by`",
        ),
        (PERMIT.to_owned() + "[claims]\nwarrant = { issuers = [] }\n", "an empty list matches nothing"),
        (
            PERMIT.to_owned() + "[claims]\nwarrant = { issuers = ['a judge'] }\n",
            "the name of the issuer `a judge` is no word",
        ),
        (PERMIT.to_owned() + "[claims]\nwarrant = { isuers = ['judge'] }\n", "did you mean `issuers`?"),
        (PERMIT.to_owned() + "[claims]\nwarrant = 7\n", "what the claim means, or a table of `title` and `issuers`"),
    ] {
        let error = Filter::builder().policy_text("policy.toml", format!("{head}{rules}")).build().unwrap_err();
        let told_of =
            error.iter().any(|error| format!("{error} {}", error.help_text().unwrap_or_default()).contains(told));
        assert!(told_of, "{told}: {error}");
    }
    // Every list of `specified-by` is a claim more.
    let claims: Vec<String> = (0..60).map(|number| format!("c{number}")).collect();
    let head = HEAD.replace("claims = ['approved']", &format!("claims = {claims:?}"));
    let permits = |count: usize| -> String {
        (0..count).map(|number| by(&format!("['c{number}']")).replace("id = '", &format!("id = '{number}-"))).collect()
    };
    let build = |count| Filter::builder().policy_text("policy.toml", format!("{head}{}", permits(count))).build();
    assert!(build(4).is_ok());
    assert!(build(5).unwrap_err().to_string().contains("more than 64 claims"));
}

#[test]
fn attack_37_of_two_classes_that_claim_one_ori_no_forbid_is_lost() {
    let head = HEAD.to_owned() + "[agencies.office]\nori = ['AZ007*']\n";
    let rules = PERMIT.to_owned() + "[[forbid]]\nid = 'f'\nagencies = ['office']\nelements = ['person.name']\n";
    let filter = Filter::builder().policy_text("policy.toml", head + &rules).build().unwrap();
    let disposition = |ori: &str| {
        let message = nlets("").replace("AZ0070000", ori);
        redact_for(&filter, &Requester::new(ori).unwrap(), message.as_bytes()).1.disposition()
    };
    assert_eq!([disposition("AZ0070000"), disposition("AZ0080000")], [Disposition::Withheld, Disposition::Redacted]);
}
