//! The words of a name, in one spelling: `licenceNo`, `license_number` and `LicenseNumber` have the same.
//!
//! Names of paths and ids and titles of the catalog go through here alike, so that they can be compared word by word.

/// The words of a name or a title, in lower case and one spelling. Numbers are left out.
pub(crate) fn words(name: &str) -> Vec<String> {
    let split = split(name);
    match only_field(&split) {
        Some(meaning) => meaning.split(' ').map(str::to_owned).collect(),
        None => in_one_spelling(&split),
    }
}

/// The words of the name of what holds others. `Lic` is no plate number there, nor is `Adr` a street.
pub(crate) fn container_words(name: &str) -> Vec<String> {
    let split = split(name);
    match only_field(&split) {
        Some(meaning) if !SPELLINGS.iter().any(|(own, _)| split.iter().any(|word| word == own)) => {
            meaning.split(' ').map(str::to_owned).collect()
        }
        _ => in_one_spelling(&split),
    }
}

/// What a name means that is a legacy field, and nothing else.
fn only_field(split: &[String]) -> Option<&'static str> {
    let [only] = split else { return None };
    FIELDS.iter().find(|(field, _)| field == only).map(|(_, meaning)| *meaning)
}

fn in_one_spelling(split: &[String]) -> Vec<String> {
    let singular: Vec<String> = split.iter().map(|word| singular(word)).collect();
    let mut spelled = spelled(&singular);
    spelled.retain(|word| !ARTICLES.contains(word));
    let mut words = phrased(&spelled);
    words.retain(|word| word.len() > 1 && !REPRESENTATION.contains(&word.as_str()));
    for word in words.iter_mut().filter(|word| *word == "identification") {
        *word = "number".to_owned();
    }
    words
}

/// Words with every abbreviation written out.
fn spelled(words: &[String]) -> Vec<&str> {
    let in_full = words.iter().flat_map(|word| match SPELLINGS.iter().find(|(own, _)| own == word) {
        Some((_, words)) => words.split(' '),
        None => word.split(' '),
    });
    in_full.collect()
}

/// Whether a name has what is left out of its words and may change what it says: a letter alone (`A_Number`, `S_S_No`), or
/// digits (`I94Number`, `Last4`), but for those that count (`ADDR2`, `veh1_vin`) or name an encoding (`b64`).
pub(crate) fn has_remainder(name: &str) -> bool {
    // A prefix is none of its words, and `org.iso.18013.5.1` says whose the names in it are.
    let name = name.rsplit(':').next().filter(|name| !name.contains('.')).unwrap_or_default();
    let name = ENCODINGS.iter().fold(name.to_owned(), |name, encoding| name.replace(encoding, ""));
    let mut before = String::new();
    let mut digits = String::new();
    for character in name.chars().chain(['_']) {
        if character.is_numeric() {
            digits.push(character);
        } else {
            if !digits.is_empty() && !counts(&before, &digits, before.len() + digits.len() == name.len()) {
                return true;
            }
            before.push_str(&std::mem::take(&mut digits));
            before.push(character);
        }
    }
    let words: Vec<String> = split(&name);
    phrased(&spelled(&words)).iter().any(|word| word.chars().count() == 1)
}

/// Whether digits only count what the word before them says.
fn counts(before: &str, digits: &str, is_last: bool) -> bool {
    let word = split(before).pop().unwrap_or_default();
    let is_repeated = || spelled(&[singular(&word)]).iter().any(|word| COUNTED.contains(word));
    matches!(digits, "1" | "2" | "3") && (is_last || is_repeated())
}

/// What names append for bytes as text.
const ENCODINGS: &[&str] = &["b64", "B64", "base64", "Base64"];

/// Things of which a layout may have several, each with its number.
const COUNTED: &[&str] =
    &["vehicle", "unit", "driver", "owner", "person", "address", "line", "street", "telephone", "alias", "plate"];

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
    ("arc", "alien number"),
    ("arn", "alien number"),
    ("atn", "attention"),
    ("att", "attention"),
    ("cls", "license class"),
    ("cmc", "medical"),
    ("ctl", "control"),
    ("cty", "address city"),
    ("ctz", "citizenship"),
    ("dob", "birth date"),
    ("etn", "race"),
    ("expdt", "expiration date"),
    ("eye", "eye color"),
    ("eyes", "eye color"),
    ("fbi", "fbi number"),
    ("fn", "given name"),
    ("fname", "given name"),
    ("hai", "hair color"),
    ("hair", "hair color"),
    ("hgt", "height"),
    ("lic", "license plate number"),
    ("lis", "license plate state"),
    ("lit", "license plate type"),
    ("liy", "license plate year"),
    ("ln", "surname"),
    ("lname", "surname"),
    ("mdl", "model"),
    ("mi", "middle name"),
    ("mke", "message key"),
    ("mname", "middle name"),
    ("mnu", "miscellaneous number"),
    ("nam", "person full name"),
    ("oln", "driver license number"),
    ("ols", "driver license jurisdiction"),
    ("olt", "driver license type"),
    ("oly", "driver license expiration"),
    ("own", "owner name"),
    ("phn", "telephone"),
    ("plt", "plate"),
    ("pob", "birthplace"),
    ("pp", "passport number"),
    ("pur", "purpose"),
    ("rac", "race"),
    ("sex", "sex"),
    ("sid", "criminal history record number"),
    ("skn", "skin tone"),
    ("smt", "physical feature"),
    ("soc", "ssn"),
    ("sta", "address state"),
    ("sts", "status"),
    ("usr", "user"),
    ("vco", "vehicle color"),
    ("vet", "veteran"),
    ("vin", "vin"),
    ("vma", "vehicle make"),
    ("vmo", "vehicle model"),
    ("vst", "vehicle style"),
    ("vyr", "vehicle year"),
    ("wgt", "weight"),
    ("zip", "postalcode"),
];

/// Other spellings and abbreviations of a word, in any name.
const SPELLINGS: &[(&str, &str)] = &[
    ("addr", "address"),
    ("adr", "address"),
    ("agcy", "agency"),
    ("aka", "alias"),
    ("alia", "alias"),
    ("aliase", "alias"),
    ("atty", "attorney"),
    ("auto", "vehicle"),
    ("b64", "base"),
    ("bday", "birth date"),
    ("bdy", "body"),
    ("birthdate", "birth date"),
    ("birthplace", "birth place"),
    ("bkg", "booking"),
    ("born", "birth date"),
    ("category", "type"),
    ("cd", "code"),
    ("cdl", "commercial license"),
    ("chg", "charge"),
    ("citz", "citizenship"),
    ("clr", "color"),
    ("cls", "class"),
    ("cnty", "county"),
    ("cntct", "contact"),
    ("codef", "codefendant"),
    ("col", "color"),
    ("collision", "accident"),
    ("colour", "color"),
    ("compliant", "compliance"),
    ("conv", "conviction"),
    ("convicted", "conviction date"),
    ("crash", "accident"),
    ("crashe", "accident"),
    ("ctct", "contact"),
    ("ctz", "citizenship"),
    ("ctzn", "citizenship"),
    ("desc", "description"),
    ("descr", "description"),
    ("dest", "destination"),
    ("disabled", "disability"),
    ("dl", "driver license"),
    ("dob", "birth date"),
    ("drv", "driver"),
    ("drvr", "driver"),
    ("dt", "date"),
    ("dvr", "driver"),
    ("edl", "enhanced"),
    ("emer", "emergency"),
    ("emerg", "emergency"),
    ("emg", "emergency"),
    ("emgcy", "emergency"),
    ("emrg", "emergency"),
    ("emrgcy", "emergency"),
    ("emp", "employer"),
    ("emplr", "employer"),
    ("endor", "endorsement"),
    ("endors", "endorsement"),
    ("endorse", "endorsement"),
    ("eth", "race"),
    ("ethn", "race"),
    ("ethnicity", "race"),
    ("etn", "race"),
    ("exp", "expiration"),
    ("expdt", "expiration date"),
    ("expire", "expiration"),
    ("expiry", "expiration"),
    ("expr", "expiration"),
    ("eyecolor", "eye color"),
    ("first", "given"),
    ("firstname", "given name"),
    ("fname", "given name"),
    ("fnm", "given name"),
    ("forename", "given name"),
    ("frst", "given"),
    ("fst", "given"),
    ("fullname", "full name"),
    ("gender", "sex"),
    ("haircolor", "hair color"),
    ("handicap", "disability"),
    ("handicapped", "disability"),
    ("hgt", "height"),
    ("hispanic", "race"),
    ("ht", "height"),
    ("id", "number"),
    ("identifier", "number"),
    ("img", "image"),
    ("imm", "immigration"),
    ("inch", "measure"),
    ("inche", "measure"),
    ("ind", "indicator"),
    ("inj", "injury"),
    ("ins", "insurance"),
    ("insur", "insurance"),
    ("iss", "issue"),
    ("issd", "issue"),
    ("issuance", "issue"),
    ("issued", "issue"),
    ("issuer", "jurisdiction"),
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
    ("lnm", "surname"),
    ("lp", "plate"),
    ("lst", "surname"),
    ("mdl", "model"),
    ("med", "medical"),
    ("mid", "middle"),
    ("middlename", "middle name"),
    ("mk", "make"),
    ("mke", "make"),
    ("mname", "middle name"),
    ("mnm", "middle name"),
    ("moniker", "alias"),
    ("mugshot", "photo"),
    ("nbr", "number"),
    ("nm", "name"),
    ("nmbr", "number"),
    ("nme", "name"),
    ("no", "number"),
    ("nok", "next kin"),
    ("num", "number"),
    ("numb", "number"),
    ("ofc", "officer"),
    ("ofcr", "officer"),
    ("oln", "driver license number"),
    ("ols", "driver license jurisdiction"),
    ("oriid", "ori"),
    ("oper", "operator"),
    ("opr", "operator"),
    ("own", "owner"),
    ("ownr", "owner"),
    ("pers", "person"),
    ("ph", "telephone"),
    ("phn", "telephone"),
    ("phon", "telephone"),
    ("phone", "telephone"),
    ("photograph", "photo"),
    ("picture", "photo"),
    ("platenumber", "plate number"),
    ("plt", "plate"),
    ("pol", "policy"),
    ("portrait", "photo"),
    ("postalcode", "postal code"),
    ("pound", "measure"),
    ("prsn", "person"),
    ("psgr", "passenger"),
    ("pts", "point"),
    ("pty", "party"),
    ("rac", "race"),
    ("rc", "race"),
    ("realid", "real number"),
    ("reg", "registration"),
    ("regis", "registration"),
    ("registrant", "owner"),
    ("restr", "restriction"),
    ("revocation", "withdrawal"),
    ("revoked", "withdrawal"),
    ("rgst", "registration"),
    ("rmk", "remark"),
    ("rst", "restriction"),
    ("rstr", "restriction"),
    ("sev", "severity"),
    ("sfx", "suffix"),
    ("smt", "physical feature"),
    ("st", "state"),
    ("sta", "state"),
    ("stat", "status"),
    ("str", "street"),
    ("suf", "suffix"),
    ("supv", "supervisor"),
    ("susp", "withdrawal"),
    ("suspended", "withdrawal"),
    ("suspension", "withdrawal"),
    ("sx", "sex"),
    ("tag", "plate"),
    ("taken", "date"),
    ("tel", "telephone"),
    ("tele", "telephone"),
    ("thumbnail", "photo"),
    ("timestamp", "date"),
    ("tm", "time"),
    ("typ", "type"),
    ("veh", "vehicle"),
    ("ver", "version"),
    ("vers", "version"),
    ("vet", "veteran"),
    ("vic", "victim"),
    ("viol", "violation"),
    ("wgt", "weight"),
    ("wit", "witness"),
    ("witn", "witness"),
    ("wt", "weight"),
    ("xpir", "expiration"),
    ("yr", "year"),
    ("zip", "postal code"),
    ("zipcode", "postal code"),
    ("zp", "postal code"),
];

/// Phrases that are one fact, the longest first. Their words are in the spelling that the table above gives them.
const PHRASES: &[(&str, &str)] = &[
    ("city state postal code", "address"),
    ("driver license number state", "driver license jurisdiction"),
    ("state us postal service", "state"),
    ("contact mailing address", "mailing address"),
    ("driver license state", "driver license jurisdiction"),
    ("identification limited term", "limited term"),
    ("item model year", "vehicle year"),
    ("license issue authority", "license jurisdiction"),
    ("license issue state", "license jurisdiction"),
    ("license number state", "license jurisdiction"),
    ("social security number", "ssn"),
    ("telephone number full", "telephone number"),
    ("vehicle expiration year", "vehicle plate year"),
    ("vehicle identification number", "vin"),
    ("accident state", "accident jurisdiction"),
    ("address line", "address street"),
    ("address ln", "address street"),
    ("age over", "age"),
    ("alien registration", "alien"),
    ("birth city", "birthplace"),
    ("birth country", "birthplace"),
    ("birth location", "birthplace"),
    ("birth place", "birthplace"),
    ("birth state", "birthplace"),
    ("body style", "vehicle style"),
    ("body type", "vehicle style"),
    ("city name", "city"),
    ("co defendant", "codefendant"),
    ("color primary", "color"),
    ("contact email", "email"),
    ("contact information", "information"),
    ("contact telephone", "telephone"),
    ("conviction state", "conviction jurisdiction"),
    ("country birth", "birthplace"),
    ("country name", "country"),
    ("county name", "county"),
    ("date birth", "birth date"),
    ("date on", "date"),
    ("date time", "date"),
    ("delivery point", "street"),
    ("document discriminator", "card number"),
    ("e mail", "email"),
    ("expiration on", "expiration"),
    ("f name", "given name"),
    ("family name", "surname"),
    ("finger print", "fingerprint"),
    ("full street", "street"),
    ("full telephone", "telephone"),
    ("ice contact", "emergency contact"),
    ("identification expiration", "expiration"),
    ("identification issue", "issue"),
    ("identification jurisdiction", "jurisdiction"),
    ("identification status", "status"),
    ("insurance co", "insurance"),
    ("insurance company", "insurance"),
    ("insurance policy", "policy number"),
    ("issue authority", "jurisdiction"),
    ("issue country", "jurisdiction"),
    ("issue jurisdiction", "jurisdiction"),
    ("issue on", "issue date"),
    ("issue state", "jurisdiction"),
    ("known as", "alias"),
    ("l name", "surname"),
    ("license state", "license jurisdiction"),
    ("m name", "middle name"),
    ("middle initial", "middle name"),
    ("model year", "vehicle year"),
    ("name first", "given name"),
    ("other name", "alias"),
    ("place birth", "birthplace"),
    ("plate expiration", "plate year"),
    ("postal code", "postalcode"),
    ("primary color", "color"),
    ("race latino", "race"),
    ("real number", "realid"),
    ("secondary unit", "street"),
    ("soc sec", "ssn"),
    ("social security", "ssn"),
    // `StAddr`: what is of a state, an address has after it.
    ("state address", "address street"),
    ("state name", "state"),
    ("street address", "address street"),
    ("street full", "street"),
    ("street name", "street"),
    ("sur name", "surname"),
    ("time stamp", "date"),
    ("vehicle body", "vehicle style"),
    ("vehicle identification", "vin"),
    ("vehicle state", "vehicle plate state"),
    ("withdrawal from", "withdrawal date"),
    ("withdrawal state", "withdrawal jurisdiction"),
    ("withdrawal to", "withdrawal end date"),
];
