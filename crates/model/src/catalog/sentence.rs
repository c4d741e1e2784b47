//! Detects sentences: free text must not go out where a name, an address or a code is expected (P7). An element whose
//! values may be phrases is marked in the catalog.

/// With fewer words, a sentence is indistinguishable from a name.
pub(super) const MIN_WORDS: u32 = 5;
/// No name, address or owner has more words.
const MAX_WORDS: usize = 20;
/// A word with this many letters isn't an abbreviation: a period after it ends a sentence.
const FULL_WORD: usize = 5;

/// Words that indicate a sentence and hardly ever occur in a name: verbs and pronouns, except those that are surnames
/// as well (Were, Must).
const SENTENCE_WORDS: [&str; 44] = [
    "IS", "WAS", "ARE", "BEEN", "BEING", "HAS", "HAVE", "HAD", "DOES", "DID", "SHALL", "SHOULD", "WOULD", "COULD",
    "CANNOT", "CAN'T", "DON'T", "DOESN'T", "ISN'T", "WASN'T", "NOT", "THIS", "THAT", "THESE", "THOSE", "WHO", "WHOM",
    "WHOSE", "WHICH", "WHEN", "WHERE", "WHILE", "HIS", "ITS", "IT", "THEY", "THEM", "THEIR", "YOUR", "BECAUSE",
    "PLEASE", "FUE", "TIENE", "PORQUE",
];

/// Whether a value is a sentence: several words, one of them a sentence word or the last with a period; or more words
/// than any other kind of value has.
pub(super) fn is_sentence(value: &str) -> bool {
    let count = words(value).take(MAX_WORDS + 1).count();
    count > MAX_WORDS
        || count >= MIN_WORDS as usize
            && (words(value).any(is_sentence_word) || words(value).next_back().is_some_and(ends_sentence))
}

/// The words of a value: runs of anything but white space that have a letter or a digit.
#[inline]
fn words(value: &str) -> impl DoubleEndedIterator<Item = &str> {
    value.split_ascii_whitespace().filter(|word| word.contains(char::is_alphanumeric))
}

fn is_sentence_word(word: &str) -> bool {
    let word = word.trim_matches(|character: char| !character.is_alphanumeric());
    SENTENCE_WORDS.iter().any(|known| known.eq_ignore_ascii_case(word))
}

fn ends_sentence(word: &str) -> bool {
    let letters = word.trim_end_matches(['"', '\'', ')']).strip_suffix(['.', '!', '?']);
    letters.is_some_and(|word| word.chars().count() >= FULL_WORD && word.chars().all(char::is_alphabetic))
}

#[cfg(test)]
mod tests {
    use super::is_sentence;

    #[test]
    fn p7_sentences_are_told_from_names_and_addresses() {
        for sentence in [
            "Subject is armed and dangerous",
            "HE WAS ARRESTED FOR BURGLARY IN 1999",
            "PLEASE CALL THE SERGEANT AT THE DESK",
            "call before going to the house.",
            "The owner (who lives in Tucson) sold it",
            "A B C D E F G H I J K L M N O P Q R S T U",
        ] {
            assert!(is_sentence(sentence), "{sentence}");
        }
        for other in [
            "MARIA DE LA LUZ GARCIA DEL VALLE",
            "THE JOHN Q AND JANE R DOE REVOCABLE LIVING TRUST",
            "12 1/2 N AVENUE OF THE AMERICAS APT 4B",
            "FIRST NATIONAL BANK AND TRUST CO. OF OMAHA, N.A.",
            "Saint Helena, Ascension and Tristan da Cunha",
            "HE IS ARMED",
            "Calle de la Cruz 12 Depto. 4, Centro",
            "HER, MAI YIA VANG XIONG",
        ] {
            assert!(!is_sentence(other), "{other}");
        }
    }
}
