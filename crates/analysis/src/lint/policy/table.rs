//! The codes of findings in policies, in one table.

use super::super::finding::Code;

pub(super) const CLASS_UNUSED: Code =
    Code::warning("class-unused", "an agency class that no rule and no `except` names");
pub(super) const CLASS_EMPTY: Code = Code::warning("class-empty", "an agency class that no ORI can be in");
pub(super) const CLASSES_OVERLAP: Code = Code::warning(
    "classes-overlap",
    "patterns of two agency classes claim the same ORI, which gets what both may have",
);
pub(super) const ORI_IN_TWO_CLASSES: Code =
    Code::note("ori-in-two-classes", "two agency classes list the same ORI, which gets what both may have");
pub(super) const ICE_BY_PREFIX: Code = Code::warning(
    "ice-by-prefix",
    "a pattern claims VTICE0900, ICE's Law Enforcement Support Center, by its first letters",
);
pub(super) const EXACT_ESCAPES_PATTERN: Code = Code::warning(
    "exact-escapes-pattern",
    "an ORI is listed exactly, so the pattern of a class that others except isn't asked for it",
);
pub(super) const EXCEPT_IDLE: Code = Code::warning("except-idle", "an `except` that excepts no ORI");
pub(super) const EXCEPT_OF_LISTED: Code = Code::note(
    "except-of-listed",
    "an `except` of a class without patterns: what is listed exactly never asks patterns",
);
pub(super) const OVERLAPS_IDLE: Code = Code::warning("overlaps-idle", "an `overlaps` of a class that shares no ORI");
pub(super) const PATTERN_SUPERFLUOUS: Code =
    Code::warning("pattern-superfluous", "a pattern whose every ORI another pattern of the same class claims too");
pub(super) const CLASS_BY_PATTERN: Code = Code::note(
    "class-by-pattern",
    "a class that rules hold back is told by patterns, and other classes' patterns claim whom they miss",
);
pub(super) const WILDCARD_ADMITS_LETTERS: Code = Code::warning(
    "wildcard-admits-letters",
    "a wildcard admits letters where ORIs of police have digits, and federal offices letters, in a class that is not held back",
);
pub(super) const ORI_LISTED_TWICE: Code = Code::warning("ori-listed-twice", "a class lists the same ORI twice");
pub(super) const RULE_NEVER_APPLIES: Code = Code::warning("rule-never-applies", "a rule that applies to nobody");
pub(super) const PERMIT_EMPTIED: Code =
    Code::warning("permit-emptied", "a permit that forbids empty wherever it applies");
pub(super) const ELEMENT_EMPTIED: Code =
    Code::warning("element-emptied", "a name in a permit's `elements` that forbids empty wherever the permit applies");
pub(super) const PURPOSES_UNLISTED: Code = Code::warning(
    "purposes-unlisted",
    "a policy that doesn't list the purposes that requests may state: those that its rules name count, and permits that ask for none no longer answer others",
);
pub(super) const PURPOSES_IDLE: Code =
    Code::note("purposes-idle", "a policy for which the purpose of a request makes no difference");
pub(super) const APPLIES_WHEN_ABSENT: Code = Code::note(
    "applies-when-absent",
    "a forbid or a review that asks for a purpose or a key, and applies where there is none, too",
);
pub(super) const SKIPS_WHEN_ABSENT: Code = Code::note(
    "skips-when-absent",
    "a forbid or a review that doesn't apply where the purpose or the key that it asks for is left out",
);
pub(super) const FORBIDS_ALL_WHEN_ABSENT: Code = Code::warning(
    "forbids-all-when-absent",
    "a forbid that leaves an agency class nothing where the purpose or the key that it asks for is left out",
);
pub(super) const HIGHLY_RESTRICTED: Code = Code::warning(
    "highly-restricted",
    "what the DPPA calls highly restricted is released without a purpose and without a claim",
);
pub(super) const TREATMENT_IDLE: Code = Code::warning(
    "treatment-idle",
    "a treatment in `as` that never matters, because other permits release the element more openly",
);
pub(super) const TREATMENTS_DIFFER: Code =
    Code::warning("treatments-differ", "two permits apply together, and treat an element differently");
pub(super) const PERMIT_COVERED: Code =
    Code::warning("permit-covered", "a permit whose every effect another permit has");
pub(super) const PERMIT_WITHOUT_BASIS: Code =
    Code::warning("permit-without-basis", "a permit that names no law it stands on");
pub(super) const RULE_WITHOUT_BASIS: Code =
    Code::note("rule-without-basis", "a forbid or a review that names no law it stands on");
pub(super) const REVIEW_NEVER_LIFTED: Code =
    Code::warning("review-never-lifted", "a review that no claim lifts: what it holds never goes out");
pub(super) const VOUCHES_IDLE: Code =
    Code::warning("vouches-idle", "a claim that a reviewer may vouch for, and that no rule asks for");
pub(super) const REVIEW_UNVOUCHED: Code = Code::note(
    "review-unvouched",
    "a permit requires a claim that lifts a review, and its reviewer may not vouch for it: without it there is nothing to review",
);
pub(super) const CLAIM_UNUSED: Code = Code::warning("claim-unused", "a claim that no rule uses");
pub(super) const SHAPE_HOLD_NEVER_LIFTED: Code = Code::warning(
    "shape-hold-never-lifted",
    "a message is held for a value that violates its shape, and no claim can say that somebody has approved it",
);
pub(super) const NOTICE_WITHOUT_PLACE: Code = Code::note(
    "notice-without-place",
    "a policy wants a notice where a value was removed for its shape, and a format has no place for one: the message is held",
);
pub(super) const LEGAL_NOTICE_WITHOUT_PLACE: Code = Code::note(
    "legal-notice-without-place",
    "a rule has answers tell of the law, and a format has no place for that: its messages go out without",
);

pub(super) const EXPIRED: Code = Code::warning(
    "expired",
    "a policy, a rule or an entry of a roster whose last day is over, so that it no longer decides",
);
pub(super) const EXPIRES_SOON: Code =
    Code::warning("expires-soon", "a policy, a rule or an entry of a roster whose last day is at most 30 days away");
pub(super) const CHECKED_LONG_AGO: Code =
    Code::warning("checked-long-ago", "a rule whose law was checked a year ago or earlier");
pub(super) const CHECKED_IN_FUTURE: Code =
    Code::warning("checked-in-future", "a rule whose law is said to have been checked on a day to come");
pub(super) const SOURCE_UNCHECKED: Code =
    Code::warning("source-unchecked", "a rule that says where the law was read, and not when");
pub(super) const CHECKED_WITHOUT_SOURCE: Code =
    Code::warning("checked-without-source", "a rule that says when the law was read, and not where");

pub(super) const PERMITS_BEYOND_INCLUDED: Code =
    Code::note("permits-beyond-included", "somebody gets what a policy that this one includes doesn't permit");

/// All of them.
pub(crate) const ALL: [&Code; 41] = [
    &PERMITS_BEYOND_INCLUDED,
    &EXPIRED,
    &EXPIRES_SOON,
    &CHECKED_LONG_AGO,
    &CHECKED_IN_FUTURE,
    &SOURCE_UNCHECKED,
    &CHECKED_WITHOUT_SOURCE,
    &CLASS_UNUSED,
    &CLASS_EMPTY,
    &CLASSES_OVERLAP,
    &ORI_IN_TWO_CLASSES,
    &ICE_BY_PREFIX,
    &EXACT_ESCAPES_PATTERN,
    &EXCEPT_IDLE,
    &EXCEPT_OF_LISTED,
    &OVERLAPS_IDLE,
    &PATTERN_SUPERFLUOUS,
    &CLASS_BY_PATTERN,
    &WILDCARD_ADMITS_LETTERS,
    &ORI_LISTED_TWICE,
    &RULE_NEVER_APPLIES,
    &PERMIT_EMPTIED,
    &ELEMENT_EMPTIED,
    &PURPOSES_UNLISTED,
    &PURPOSES_IDLE,
    &APPLIES_WHEN_ABSENT,
    &SKIPS_WHEN_ABSENT,
    &FORBIDS_ALL_WHEN_ABSENT,
    &HIGHLY_RESTRICTED,
    &TREATMENT_IDLE,
    &TREATMENTS_DIFFER,
    &PERMIT_COVERED,
    &PERMIT_WITHOUT_BASIS,
    &RULE_WITHOUT_BASIS,
    &REVIEW_NEVER_LIFTED,
    &VOUCHES_IDLE,
    &REVIEW_UNVOUCHED,
    &CLAIM_UNUSED,
    &SHAPE_HOLD_NEVER_LIFTED,
    &NOTICE_WITHOUT_PLACE,
    &LEGAL_NOTICE_WITHOUT_PLACE,
];
