//! Telling a sentence from a name, an address or a code: what could say anything must not stand where one thing is expected
//! (P7). An element whose values really are phrases says so in the catalog.

/// A sentence of fewer words is too short to be told from a name.
pub(super) const FEWEST_WORDS: u32 = 5;
/// More words than any name, address or owner has.
const MOST_WORDS: usize = 20;
/// Letters of a word that is no abbreviation: a full stop after it ends a sentence.
const FULL_WORD: usize = 5;

/// Words that make a sentence and hardly ever a name: verbs and pronouns, but those that are surnames as well (Were, Must).
const OF_SENTENCES: [&str; 44] = [
    "IS", "WAS", "ARE", "BEEN", "BEING", "HAS", "HAVE", "HAD", "DOES", "DID", "SHALL", "SHOULD", "WOULD", "COULD",
    "CANNOT", "CAN'T", "DON'T", "DOESN'T", "ISN'T", "WASN'T", "NOT", "THIS", "THAT", "THESE", "THOSE", "WHO", "WHOM",
    "WHOSE", "WHICH", "WHEN", "WHERE", "WHILE", "HIS", "ITS", "IT", "THEY", "THEM", "THEIR", "YOUR", "BECAUSE",
    "PLEASE", "FUE", "TIENE", "PORQUE",
];

/// Whether a value reads as a sentence: several words, one of them a word of sentences, or the last with a full stop; or more
/// words than anything else has.
pub(super) fn is_sentence(value: &str) -> bool {
    let words = || value.split_ascii_whitespace().filter(|word| word.contains(char::is_alphanumeric));
    let count = words().take(MOST_WORDS + 1).count();
    count > MOST_WORDS
        || count >= FEWEST_WORDS as usize
            && (words().any(is_of_sentences) || words().next_back().is_some_and(ends_sentence))
}

fn is_of_sentences(word: &str) -> bool {
    let word = word.trim_matches(|character: char| !character.is_alphanumeric());
    OF_SENTENCES.iter().any(|own| own.eq_ignore_ascii_case(word))
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
