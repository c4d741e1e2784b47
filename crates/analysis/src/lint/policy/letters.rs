//! Wildcards that admit letters where police ORIs have digits. Federal offices have letters in the third to the fifth
//! position of their ORIs, after the letters of a state: `AZ*00` makes such an office police of Arizona.

use super::Subject;
use super::table::WILDCARD_ADMITS_LETTERS;
use crate::survey::{ANY, DIGIT, Mask, masks};
use dmv_redact_model::policy::{ClaimSet, ClassId, Conditions, Ori, OriPattern, Period, SpannedName};

/// What offices of border and immigration enforcement have in these positions, verified or plausible.
const OFFICES: [&[u8; 3]; 5] = [b"CBP", b"HSI", b"ICE", b"USB", b"DEA"];
/// The third to the fifth position.
const OFFICE_POSITIONS: std::ops::Range<usize> = 2..5;

pub(super) fn lint(subject: &mut Subject<'_>) {
    let mut found: Vec<(ClassId, &SpannedName, Ori, String)> = Vec::new();
    for (class, spans) in (0..).zip(&subject.spans.classes) {
        for name in &spans.ori {
            found.extend(admitted(subject, class, name).map(|(ori, narrower)| (class, name, ori, narrower)));
        }
    }
    if found.is_empty() {
        return;
    }
    let open = open_classes(subject);
    for (class, name, ori, narrower) in found {
        if !open.get(usize::from(class)).is_some_and(|is_open| *is_open) {
            continue;
        }
        let message = format!(
            "`{}` of `{}` admits letters where ORIs of police have digits, {ori} for instance, as federal offices have them",
            name.name,
            subject.policy.class_name(class)
        );
        let help = format!("`#` is one digit: write `{narrower}`");
        subject.find(&WILDCARD_ADMITS_LETTERS, &name.span, message, &help);
    }
}

/// The ORI of an office that a pattern admits to its class by a wildcard, and the pattern without such wildcards.
fn admitted(subject: &Subject<'_>, class: ClassId, name: &SpannedName) -> Option<(Ori, String)> {
    let pattern = OriPattern::new(&name.name).ok().filter(|_| OriPattern::is_pattern(&name.name))?;
    masks(&pattern).into_iter().find_map(|mask| {
        let offices = OFFICES.iter().filter_map(|office| fill_mask(&mask, office));
        let mut own = offices.filter(|ori| subject.policy.classes_of(*ori).contains(&class));
        let narrower: Mask = std::array::from_fn(|position| match mask.get(position) {
            Some(&ANY) if OFFICE_POSITIONS.contains(&position) => DIGIT,
            symbol => symbol.copied().unwrap_or(ANY),
        });
        own.next().map(|ori| (ori, String::from_utf8_lossy(&narrower).into_owned()))
    })
}

/// The ORI of an office that a mask admits by wildcards only.
fn fill_mask(mask: &Mask, office: &[u8; 3]) -> Option<Ori> {
    if OFFICE_POSITIONS.into_iter().any(|position| mask.get(position) != Some(&ANY)) {
        return None;
    }
    let state = *b"AZ";
    let letters: [u8; 9] = std::array::from_fn(|position| match mask.get(position) {
        Some(&ANY) => [&state[..], office, b"0100"].concat().get(position).copied().unwrap_or(b'0'),
        Some(&DIGIT) | None => b'0',
        Some(letter) => *letter,
    });
    Ori::new(std::str::from_utf8(&letters).ok()?)
}

/// For each class whether an admitted office gains by it: the class gets something, without review and claims, that not
/// every class gets. A wildcard that widens the most restricted class is safe.
fn open_classes(subject: &Subject<'_>) -> Vec<bool> {
    let policy = subject.policy;
    let messages = subject.survey.messages();
    let classes = policy.classes().len();
    let mut granted: Vec<Vec<bool>> = Vec::with_capacity(classes);
    for class in (0..).take(classes) {
        let mut own = vec![false; subject.catalog.len()];
        for attributes in &subject.stated {
            for message in &messages {
                let (claims, period) = (ClaimSet::default(), Period::default());
                let asked = Conditions { attributes: *attributes, claims, message: *message, period };
                let grant = policy.grant(&[class], &asked);
                if grant.verdict() != dmv_redact_model::policy::Verdict::Rewrite {
                    continue;
                }
                for (granted, (id, element)) in own.iter_mut().zip(subject.catalog.iter()) {
                    *granted |= !element.is_envelope() && grant.treatment(id).is_some();
                }
            }
        }
        granted.push(own);
    }
    let all: Vec<bool> = (0..subject.catalog.len())
        .map(|element| classes > 1 && granted.iter().all(|own| own.get(element) == Some(&true)))
        .collect();
    granted.iter().map(|own| own.iter().zip(&all).any(|(granted, to_all)| *granted && !to_all)).collect()
}
