//! The words of a name, in one spelling: `licenceNo`, `license_number` and `LicenseNumber` have the same.
//!
//! Names of paths and ids and titles of the catalog go through here alike, so that they can be compared word by word.

/// The words of a name or a title, in lower case and one spelling. Numbers are left out.
pub(crate) fn words(name: &str) -> Vec<String> {
    let mut split = split(name);
    if let [only] = split.as_slice()
        && let Some((_, meaning)) = FIELDS.iter().find(|(field, _)| field == only)
    {
        return meaning.split(' ').map(str::to_owned).collect();
    }
    for word in &mut split {
        *word = singular(word);
    }
    let spelled: Vec<&str> = split
        .iter()
        .flat_map(|word| match SPELLINGS.iter().find(|(own, _)| own == word) {
            Some((_, words)) => words.split(' '),
            None => word.split(' '),
        })
        .filter(|word| !ARTICLES.contains(word))
        .collect();
    let mut words = phrased(&spelled);
    words.retain(|word| word.len() > 1 && !REPRESENTATION.contains(&word.as_str()));
    for word in words.iter_mut().filter(|word| *word == "identification") {
        *word = "number".to_owned();
    }
    words
}

/// Whether a name has what is left out of its words and may change what it says: a letter alone (`A_Number`, `S_S_No`), or
/// digits (`I94Number`, `Last4`), but for the 1, 2 or 3 at the end of a line of an address.
pub(crate) fn has_remainder(name: &str) -> bool {
    // A prefix is none of its words, and `org.iso.18013.5.1` says whose the names in it are.
    let name = name.rsplit(':').next().filter(|name| !name.contains('.')).unwrap_or_default();
    let counted = name.strip_suffix(['1', '2', '3']).unwrap_or(name);
    let ends_in_digit = counted.ends_with(|last: char| last.is_ascii_digit());
    let rest = if ends_in_digit { name } else { counted };
    rest.contains(|character: char| character.is_numeric()) || split(rest).iter().any(|word| word.chars().count() == 1)
}

/// A name in lower case, its words joined by hyphens.
pub(crate) fn kebab(name: &str) -> String {
    let words: Vec<String> = split(name).into_iter().filter(|word| word.is_ascii()).collect();
    words.join("-")
}

/// The words with every known phrase in its one spelling, the longest first.
fn phrased(words: &[&str]) -> Vec<String> {
    let mut phrased = Vec::new();
    let mut rest = words;
    while let [first, after @ ..] = rest {
        let phrase = PHRASES.iter().find(|(phrase, _)| {
            let mut own = phrase.split(' ');
            let mut given = rest.iter();
            own.all(|word| given.next() == Some(&word))
        });
        match phrase {
            Some((phrase, words)) => {
                phrased.extend(words.split(' ').map(str::to_owned));
                rest = rest.get(phrase.split(' ').count()..).unwrap_or_default();
            }
            None => {
                phrased.push((*first).to_owned());
                rest = after;
            }
        }
    }
    phrased
}

/// Splits a name where its words meet: at a character that is no letter, and where capitals begin or end.
fn split(name: &str) -> Vec<String> {
    let characters: Vec<char> = name.chars().collect();
    let mut words = Vec::new();
    let mut word = String::new();
    for (index, character) in characters.iter().enumerate() {
        let before = index.checked_sub(1).and_then(|before| characters.get(before));
        let after = characters.get(index + 1);
        let begins = character.is_uppercase()
            && (before.is_some_and(|before| before.is_lowercase())
                || before.is_some_and(|before| before.is_uppercase())
                    && after.is_some_and(|after| after.is_lowercase()));
        if (begins || !character.is_alphabetic()) && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        if character.is_alphabetic() {
            word.extend(character.to_lowercase());
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

fn singular(word: &str) -> String {
    let is_plural = word.len() > 3 && !["ss", "us", "is"].iter().any(|ending| word.ends_with(ending));
    match word.strip_suffix('s').filter(|_| is_plural) {
        Some(stem) if stem.ends_with("ie") && stem.len() > 4 => format!("{}y", stem.trim_end_matches("ie")),
        Some(stem) if stem.ends_with("sse") => stem.trim_end_matches('e').to_owned(),
        Some(stem) => stem.to_owned(),
        None => word.to_owned(),
    }
}

/// Words that tell nothing.
const ARTICLES: &[&str] = &["of", "the", "a", "and", "or", "in", "is", "s"];

/// What NIEM and others append to say how a value is represented.
const REPRESENTATION: &[&str] =
    &["text", "code", "indicator", "flag", "value", "numeric", "string", "field", "measure", "decimal", "quantity"];

/// The fields of legacy texts, which are names of their own where nothing else is in the name.
const FIELDS: &[(&str, &str)] = &[
    ("adr", "address street"),
    ("arn", "alien number"),
    ("att", "attention"),
    ("cls", "license class"),
    ("cty", "address city"),
    ("dob", "birth date"),
    ("eye", "eye color"),
    ("eyes", "eye color"),
    ("fbi", "fbi number"),
    ("hai", "hair color"),
    ("hair", "hair color"),
    ("hgt", "height"),
    ("lic", "license plate number"),
    ("lis", "license plate state"),
    ("lit", "license plate type"),
    ("liy", "license plate year"),
    ("mi", "middle name"),
    ("mke", "message key"),
    ("mname", "middle name"),
    ("nam", "person full name"),
    ("oln", "driver license number"),
    ("ols", "driver license jurisdiction"),
    ("olt", "driver license type"),
    ("oly", "driver license year"),
    ("own", "owner name"),
    ("phn", "telephone"),
    ("pob", "birthplace"),
    ("rac", "race"),
    ("sex", "sex"),
    ("sid", "criminal history record number"),
    ("soc", "ssn"),
    ("sta", "address state"),
    ("vco", "vehicle color"),
    ("vin", "vin"),
    ("vma", "vehicle make"),
    ("vmo", "vehicle model"),
    ("vst", "vehicle style"),
    ("vyr", "vehicle year"),
    ("wgt", "weight"),
    ("zip", "postalcode"),
    ("fname", "given name"),
    ("lname", "surname"),
    ("plt", "plate"),
];

/// Other spellings and abbreviations of a word, in any name.
const SPELLINGS: &[(&str, &str)] = &[
    ("addr", "address"),
    ("adr", "address"),
    ("aka", "alias"),
    ("alia", "alias"),
    ("aliase", "alias"),
    ("auto", "vehicle"),
    ("birthdate", "birth date"),
    ("birthplace", "birth place"),
    ("born", "birth date"),
    ("category", "type"),
    ("cd", "code"),
    ("cdl", "commercial license"),
    ("collision", "accident"),
    ("colour", "color"),
    ("compliant", "compliance"),
    ("conv", "conviction"),
    ("crash", "accident"),
    ("crashe", "accident"),
    ("desc", "description"),
    ("descr", "description"),
    ("dest", "destination"),
    ("disabled", "disability"),
    ("dl", "driver license"),
    ("dob", "birth date"),
    ("dt", "date"),
    ("edl", "enhanced"),
    ("endors", "endorsement"),
    ("endorse", "endorsement"),
    ("ethnicity", "race"),
    ("exp", "expiration"),
    ("expire", "expiration"),
    ("expiry", "expiration"),
    ("eyecolor", "eye color"),
    ("first", "given"),
    ("firstname", "given name"),
    ("fname", "given name"),
    ("forename", "given name"),
    ("fullname", "full name"),
    ("gender", "sex"),
    ("haircolor", "hair color"),
    ("handicap", "disability"),
    ("handicapped", "disability"),
    ("hgt", "height"),
    ("id", "number"),
    ("identifier", "number"),
    ("img", "image"),
    ("inch", "measure"),
    ("inche", "measure"),
    ("ind", "indicator"),
    ("issuance", "issue"),
    ("issued", "issue"),
    ("issuing", "issue"),
    ("kind", "type"),
    ("last", "surname"),
    ("lastname", "surname"),
    ("lb", "measure"),
    ("lbs", "measure"),
    ("lic", "license"),
    ("licence", "license"),
    ("licensenumber", "license number"),
    ("lienholder", "lien holder"),
    ("lname", "surname"),
    ("lp", "plate"),
    ("middlename", "middle name"),
    ("mname", "middle name"),
    ("mugshot", "photo"),
    ("nbr", "number"),
    ("no", "number"),
    ("num", "number"),
    ("oln", "driver license number"),
    ("ols", "driver license jurisdiction"),
    ("oriid", "ori"),
    ("phone", "telephone"),
    ("photograph", "photo"),
    ("picture", "photo"),
    ("platenumber", "plate number"),
    ("plt", "plate"),
    ("portrait", "photo"),
    ("postalcode", "postal code"),
    ("pound", "measure"),
    ("pts", "point"),
    ("realid", "real number"),
    ("reg", "registration"),
    ("registrant", "owner"),
    ("restr", "restriction"),
    ("revocation", "withdrawal"),
    ("revoked", "withdrawal"),
    ("suspended", "withdrawal"),
    ("suspension", "withdrawal"),
    ("tag", "plate"),
    ("tel", "telephone"),
    ("veh", "vehicle"),
    ("wgt", "weight"),
    ("yr", "year"),
    ("zip", "postal code"),
    ("zipcode", "postal code"),
];

/// Phrases that are one fact, the longest first. Their words are in the spelling that the table above gives them.
const PHRASES: &[(&str, &str)] = &[
    ("state us postal service", "state"),
    ("contact mailing address", "mailing address"),
    ("driver license state", "driver license jurisdiction"),
    ("identification limited term", "limited term"),
    ("item model year", "vehicle year"),
    ("license issue authority", "license jurisdiction"),
    ("license issue state", "license jurisdiction"),
    ("social security number", "ssn"),
    ("telephone number full", "telephone number"),
    ("vehicle identification number", "vin"),
    ("accident state", "accident jurisdiction"),
    ("address line", "address street"),
    ("age over", "age"),
    ("alien registration", "alien"),
    ("birth city", "birthplace"),
    ("birth country", "birthplace"),
    ("birth location", "birthplace"),
    ("birth place", "birthplace"),
    ("birth state", "birthplace"),
    ("body style", "vehicle style"),
    ("city name", "city"),
    ("color primary", "color"),
    ("contact email", "email"),
    ("contact information", "information"),
    ("contact telephone", "telephone"),
    ("conviction state", "conviction jurisdiction"),
    ("country birth", "birthplace"),
    ("country name", "country"),
    ("county name", "county"),
    ("delivery point", "street"),
    ("document discriminator", "card number"),
    ("e mail", "email"),
    ("family name", "surname"),
    ("finger print", "fingerprint"),
    ("full street", "street"),
    ("full telephone", "telephone"),
    ("identification expiration", "expiration"),
    ("identification issue", "issue"),
    ("identification jurisdiction", "jurisdiction"),
    ("identification status", "status"),
    ("issue authority", "jurisdiction"),
    ("issue country", "jurisdiction"),
    ("issue jurisdiction", "jurisdiction"),
    ("issue state", "jurisdiction"),
    ("license state", "license jurisdiction"),
    ("model year", "vehicle year"),
    ("place birth", "birthplace"),
    ("postal code", "postalcode"),
    ("primary color", "color"),
    ("real number", "realid"),
    ("social security", "ssn"),
    ("state name", "state"),
    ("street address", "address street"),
    ("street full", "street"),
    ("street name", "street"),
    ("sur name", "surname"),
    ("vehicle identification", "vin"),
    ("withdrawal state", "withdrawal jurisdiction"),
];
