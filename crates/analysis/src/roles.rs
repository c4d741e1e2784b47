//! In which capacity somebody is in a message: the subject of the record, or anybody else.
//!
//! Below layouts and drafts, since a value says it (`Victim`) as a name does (`victimName`). What nobody knows is never taken
//! for the subject (P1).

use crate::hints::{Hint, of_words};
use crate::name_words::words;

/// Who a value says that somebody is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Who {
    Subject,
    Owner,
    Other,
    /// A word or a code that says nothing without its layout's manual.
    Unknown,
}

/// Words for whoever a record is about.
const SUBJECTS: &[&str] = &[
    "accused",
    "applicant",
    "arrestee",
    "cardholder",
    "defendant",
    "detainee",
    "driver",
    "inmate",
    "licensee",
    "motorcyclist",
    "motorist",
    "offender",
    "operator",
    "parolee",
    "permittee",
    "prisoner",
    "probationer",
    "respondent",
    "subject",
    "suspect",
    "violator",
];

/// Words that may stand beside those, and change nothing.
const BESIDE: &[&str] = &["main", "motor", "name", "party", "person", "primary", "role", "type", "vehicle"];

/// Words for people and organizations whom a response is not about.
pub(crate) const OTHERS: &[&str] = &[
    "officer",
    "trooper",
    "deputy",
    "contact",
    "emergency",
    "employer",
    "school",
    "court",
    "judge",
    "attorney",
    "clerk",
    "parent",
    "guardian",
    "mother",
    "father",
    "spouse",
    "wife",
    "husband",
    "kin",
    "passenger",
    "occupant",
    "pedestrian",
    "complainant",
    "reporter",
    "dealer",
    "agent",
    "examiner",
    "seller",
    "buyer",
    "organization",
    "business",
    "tow",
    "towing",
    "user",
    "author",
    "preparer",
    "investigator",
    "supervisor",
    "agency",
    "facility",
    "station",
    "bureau",
    "charge",
    "offense",
    "incident",
    "requester",
    "linked",
    "associate",
    "associated",
    "relative",
    "prior",
    "previous",
    "former",
    "property",
    "witness",
    "codefendant",
    "petitioner",
    "plaintiff",
    "physician",
    "notary",
    "sponsor",
    // Of courts, jails and crashes.
    "bailiff",
    "bondsman",
    "claimant",
    "counsel",
    "cosigner",
    "dispatcher",
    "informant",
    "interpreter",
    "juror",
    "magistrate",
    "prosecutor",
    "surety",
    "victim",
    "visitor",
    // Of the family.
    "brother",
    "child",
    "dependent",
    "partner",
    "roommate",
    "sibling",
    "sister",
    // Of whoever handles the record.
    "approver",
    "caseworker",
    "caller",
    "certifier",
    "inspector",
    "instructor",
    "interviewer",
    "registrar",
    "reviewer",
    "signatory",
    "technician",
    "verifier",
    // Who speaks for somebody, or has a claim on a thing.
    "beneficiary",
    "lienholder",
    "reference",
    "referee",
    "representative",
];

/// Those of them that descriptions use for whoever issues or keeps a thing.
pub(crate) const COMMON: &[&str] = &[
    "agency",
    "agent",
    "author",
    "bureau",
    "business",
    "charge",
    "contact",
    "court",
    "facility",
    "incident",
    "offense",
    "organization",
    "previous",
    "prior",
    "property",
    "reference",
    "reporter",
    "representative",
    "requester",
    "school",
    "station",
    "user",
];

/// Words for a vehicle's owner, and what may stand beside them.
const OWNERS: &[&str] = &["legal", "owner", "registered", "registration"];

/// Whom a value says that somebody is. A word that isn't known may change what the others say (`Co-owner`).
pub(crate) fn who(value: &str) -> Who {
    let words = words(value);
    let has = |all: &[&str]| words.iter().any(|word| all.contains(&word.as_str()));
    let has_only =
        |all: &[&str]| words.iter().all(|word| all.contains(&word.as_str()) || BESIDE.contains(&word.as_str()));
    match () {
        () if has(OTHERS) || of_words(&words).contains(&Hint::Protected) => Who::Other,
        () if has(&["owner"]) && has_only(OWNERS) => Who::Owner,
        () if has(SUBJECTS) && has_only(SUBJECTS) => Who::Subject,
        () => Who::Unknown,
    }
}

/// Whether a value is nothing but the word for who somebody is: no remark, and nobody's name (P6).
pub(crate) fn is_role(value: &str) -> bool {
    let is_known = |word: &String| {
        let word = word.as_str();
        (OTHERS.contains(&word) && !COMMON.contains(&word))
            || SUBJECTS.contains(&word)
            || BESIDE.contains(&word)
            || OWNERS.contains(&word)
    };
    who(value) != Who::Unknown && words(value).iter().all(is_known)
}

/// Words of names whose values say who somebody is.
const ROLE_NAMES: &[&str] = &[
    "capacity",
    "conn",
    "connection",
    "function",
    "involved",
    "involvement",
    "kind",
    "relation",
    "relationship",
    "reln",
    "role",
    "type",
];
/// What those names may say besides: whose role it is.
const OF_PEOPLE: &[&str] =
    &["case", "contact", "individual", "participant", "participation", "party", "people", "person", "subject"];

/// Whether the values of this name say who somebody is.
pub(crate) fn says_role(name: &str) -> bool {
    let words = words(name);
    let has = |all: &[&str]| words.iter().any(|word| all.contains(&word.as_str()));
    has(ROLE_NAMES) && words.iter().all(|word| [ROLE_NAMES, OF_PEOPLE].concat().contains(&word.as_str()))
}

/// Words of facts about somebody, in the names of leaves.
const FACTS: &[&str] = &["surname", "given", "birth", "ssn", "name", "street", "address", "telephone"];
/// What no person is in, though it may have a name.
const NO_PEOPLE: &[&str] = &[
    "accident",
    "address",
    "agency",
    "alias",
    "charge",
    "court",
    "document",
    "employer",
    "image",
    "insurance",
    "license",
    "name",
    "number",
    "organization",
    "telephone",
    "vehicle",
];
/// Containers in which a person's facts are, as though in the person.
const INNER: &[&str] = &["address", "birth", "demographic", "detail", "identity", "individual", "name", "person"];
/// What lists of records are called, and their items.
const RECORDS: &[&str] =
    &["answer", "candidate", "entry", "hit", "item", "list", "match", "record", "response", "result"];

fn has_any(name: &str, all: &[&str]) -> bool {
    words(name).iter().any(|word| all.contains(&word.as_str()))
}

/// Whether a name is that of a fact about somebody.
pub(crate) fn is_fact(name: &str) -> bool {
    has_any(name, FACTS)
}

/// Whether people may be in parts of this name.
pub(crate) fn may_be_people(name: &str) -> bool {
    !has_any(name, NO_PEOPLE)
}

/// Whether what is in a part of this name is a fact of whoever the part is in.
pub(crate) fn is_inner(name: &str) -> bool {
    has_any(name, INNER)
}

/// Whether a name is plainly that of the records themselves.
pub(crate) fn is_record_list(name: &str) -> bool {
    let words = words(name);
    !words.is_empty() && words.iter().all(|word| RECORDS.contains(&word.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p1_only_words_for_the_subject_alone_say_the_subject() {
        for value in ["Defendant", "DRIVER", "subject", "DefendantType", "Vehicle Driver", "INMATE", "licensee"] {
            assert_eq!(who(value), Who::Subject, "{value}");
        }
        for value in
            ["Co-Defendant", "Attorney for Defendant", "Victim", "Driver's Parent", "former driver", "NOK", "child"]
        {
            assert_eq!(who(value), Who::Other, "{value}");
        }
        for value in ["Non-Driver", "01", "D", "", "Alleged", "Co-Owner", "Driver Ed", "Owner Driver"] {
            assert_eq!(who(value), Who::Unknown, "{value}");
        }
        assert_eq!((who("Owner"), who("Registered Owner")), (Who::Owner, Who::Owner));
    }

    #[test]
    fn p6_a_remark_is_no_role() {
        for value in ["LIVES WITH HER SISTER", "Judge Smythe", "Driver Jordan"] {
            assert!(!is_role(value), "{value}");
        }
        assert!(is_role("Defendant") && is_role("Witness") && is_role("Registered Owner"));
    }
}
