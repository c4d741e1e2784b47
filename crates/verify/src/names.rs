//! Names of one tag or object, which must be distinct: as ranges of the document, in memory that the next message reuses.

/// Where a name is in the document.
pub(super) type Name = (usize, usize);

/// The range of a part of a document; `None` for a text that is no part of it, because it was decoded.
pub(super) fn range_of(part: &str, document: &str) -> Option<Name> {
    let start = part.as_ptr().addr().wrapping_sub(document.as_ptr().addr());
    let end = start.checked_add(part.len())?;
    (end <= document.len()).then_some((start, end))
}

/// Whether two names are the same. They are sorted: a hostile output may have many.
pub(super) fn has_duplicates(names: &mut [Name], document: &str) -> bool {
    let text = |name: &Name| document.get(name.0..name.1);
    names.sort_unstable_by(|one, other| text(one).cmp(&text(other)));
    names.windows(2).any(|pair| matches!(pair, [one, other] if text(one) == text(other)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p3_names_that_stand_twice_are_found() {
        let document = "b a c ab a";
        let names = |parts: &[&'static str]| parts.iter().map(|part| range_of(part, document)).collect::<Vec<_>>();
        assert_eq!(names(&["b"]), [None]);
        let (b, a, c, ab, again) = ((0, 1), (2, 3), (4, 5), (6, 8), (9, 10));
        assert_eq!(range_of(document.get(6..8).unwrap(), document), Some(ab));
        assert!(!has_duplicates(&mut [c, b, a, ab], document) && !has_duplicates(&mut [], document));
        assert!(has_duplicates(&mut [again, c, ab, b, a], document));
    }
}
