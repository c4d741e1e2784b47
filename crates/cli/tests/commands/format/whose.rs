//! Whose fact it is: people of a list with what says who they are, by a word, a code, or not at all.

use super::mapped;
use super::predicates::draft;

/// The elements of a draft that aren't of the envelope, by path.
fn facts(draft: &str) -> Vec<(String, String)> {
    mapped(draft).into_iter().filter(|(_, element)| !element.starts_with("envelope.")).collect()
}

#[track_caller]
fn has_only(draft: &str, paths: &[(&str, &str)]) {
    let mut facts = facts(draft);
    facts.sort();
    let paths: Vec<(String, String)> =
        paths.iter().map(|(path, element)| ((*path).to_owned(), (*element).to_owned())).collect();
    assert_eq!(facts, paths, "{draft}");
}

#[track_caller]
fn asks(draft: &str, path: &str) {
    assert!(draft.contains(&format!("# \"{path}\" = \"?\"   # question: ")), "{path}\n{draft}");
}

fn party(connection: &str, name: &str) -> String {
    format!(
        "<Party><Connection>{connection}</Connection><LastName>{name}</LastName><DOB>1985-07-04</DOB>\
         <HomeAddress><City>EXAMPLE</City></HomeAddress></Party>"
    )
}

#[test]
fn p1_in_a_list_of_people_words_say_whose_the_facts_are() {
    let people = ["Defendant", "Victim", "Complainant", "Interpretress"].map(|who| party(who, "EXAMPLE")).concat();
    let drafted = draft("a.xml", &format!("<Case><Parties>{people}</Parties></Case>"));
    has_only(
        &drafted,
        &[
            ("Parties/Party[Connection='Defendant']/DOB", "person.birth-date"),
            ("Parties/Party[Connection='Defendant']/HomeAddress/City", "person.address.city"),
            ("Parties/Party[Connection='Defendant']/LastName", "person.name.surname"),
        ],
    );
    for who in ["Victim", "Complainant", "Interpretress"] {
        asks(&drafted, &format!("Parties/Party[Connection='{who}']/LastName"));
    }
    // A part in between changes nothing, and a name that nobody knows says it by its values.
    let people = r#"{"people":[{"seenAs":"DRIVER","person":{"name":{"last":"EXAMPLE"},"dob":"1985-07-04"}},
        {"seenAs":"PASSENGER","person":{"name":{"last":"SAMPLE"},"dob":"1985-07-04"}}],"report":"1"}"#;
    has_only(
        &draft("a.json", people),
        &[
            ("people[seenAs='DRIVER']/person/dob", "person.birth-date"),
            ("people[seenAs='DRIVER']/person/name/last", "person.name.surname"),
        ],
    );
    // What all are is said all the same: the next message has others.
    let people = [party("Defendant", "EXAMPLE"), party("Defendant", "SAMPLE")].concat();
    let drafted = draft("a.xml", &format!("<Case>{people}</Case>"));
    assert!(facts(&drafted).iter().all(|(path, _)| path.contains("[Connection='Defendant']")), "{drafted}");
}

#[test]
fn p1_codes_for_people_are_asked_one_by_one() {
    let person = |code: &str| {
        format!("<Person><PersonType>{code}</PersonType><LName>EXAMPLE</LName><Addr><City>E</City></Addr></Person>")
    };
    let people = ["01", "02", "05"].map(person).concat();
    let drafted =
        draft("a.xml", &format!("<CrashReport><Unit><VIN>1M8GDM9AXKP042788</VIN>{people}</Unit></CrashReport>"));
    has_only(&drafted, &[("Unit/VIN", "vehicle.vin")]);
    for code in ["01", "02", "05"] {
        asks(&drafted, &format!("Unit/Person[PersonType='{code}']/LName"));
        asks(&drafted, &format!("Unit/Person[PersonType='{code}']/Addr/City"));
    }
}

#[test]
fn p1_where_a_schema_alone_has_a_list_of_people_with_roles_it_is_asked_whose() {
    let schema = |most: &str| {
        format!(
            "<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema'><xs:element name='Case'><xs:complexType><xs:sequence>\
             <xs:element name='Party' maxOccurs='{most}'><xs:complexType><xs:sequence>\
             <xs:element name='Role' type='xs:string'/><xs:element name='LastName' type='xs:string'/>\
             </xs:sequence></xs:complexType></xs:element></xs:sequence></xs:complexType></xs:element></xs:schema>"
        )
    };
    let drafted = draft("a.xsd", &schema("unbounded"));
    has_only(&drafted, &[]);
    asks(&drafted, "Party/LastName");
    has_only(&draft("a.xsd", &schema("1")), &[("Party/LastName", "person.name.surname")]);
    let list = r#"{"$schema":"http://json-schema.org/draft-07/schema#","type":"object","properties":{"case":{"type":"string"},"people":{"type":"array",
        "items":{"type":"object","properties":{"role":{"type":"string"},"lastName":{"type":"string"}}}}}}"#;
    has_only(&draft("a.json", list), &[]);
}

#[test]
fn the_list_of_records_stays_as_it_is() {
    let record =
        |kind: &str| format!("<Record><Type>{kind}</Type><LastName>EXAMPLE</LastName><SSN>900123456</SSN></Record>");
    let drafted = draft("a.xml", &format!("<Results>{}{}</Results>", record("A1"), record("B2")));
    has_only(&drafted, &[("Record/LastName", "person.name.surname"), ("Record/SSN", "person.ssn")]);
}

#[test]
fn p6_no_name_is_written_because_it_is_a_word_for_people() {
    let people = [("JUDGE", "SMYTHE"), ("PARENT", "CLERK")];
    let people = people.map(|(last, first)| format!("<P><LastName>{last}</LastName><X>{first}</X></P>")).concat();
    let drafted = draft("a.xml", &format!("<Answer>{people}</Answer>"));
    assert!(!drafted.contains("='"), "{drafted}");
}

#[test]
fn p1_facts_of_references_contacts_and_whoever_runs_a_device_are_asked() {
    for path in ["references", "EmgCntct", "EmerContact", "iceContact", "nok", "verifiedBy/verifier", "reader/operator"]
    {
        let (open, close): (String, String) = path
            .split('/')
            .map(|step| (format!("{{\"{step}\":"), "}"))
            .fold(Default::default(), |(open, close), (step, end)| (open + &step, close + end));
        let message = format!("{open}{{\"lastName\":\"EXAMPLE\",\"phone\":\"555\"}}{close}");
        has_only(&draft("a.json", &format!("{{\"answer\":{message},\"version\":\"1\"}}")), &[]);
    }
    has_only(&draft("a.json", r#"{"reader":{"OperatorName":"EXAMPLE"},"x":{"y":"1"}}"#), &[]);
}
