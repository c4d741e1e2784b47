//! Whether the canary stands in what went out, told by one automaton for all the ways it can be written, and whether a
//! mutation had moved it to where it may go out.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

use crate::templates::STEM;
use dmv_redact_testing::mutate::Source;
use dmv_redact_testing::places::layout;
use dmv_redact_testing::search::encodings;
use dmv_redact_testing::settings::Setting;

static WAYS: LazyLock<AhoCorasick> = LazyLock::new(|| {
    let written = |form: fn(u8) -> String| STEM.bytes().map(form).collect::<String>();
    let mut ways = vec![
        STEM.to_owned(),
        written(|byte| format!("&#x{byte:X};")),
        written(|byte| format!("&#{byte};")),
        written(|byte| format!("\\u{byte:04x}")),
    ];
    ways.extend(encodings(STEM).into_iter().map(|(_, way)| way));
    AhoCorasick::builder().ascii_case_insensitive(false).build(ways).expect("an automaton")
});

pub(crate) fn holds_canary(text: &[u8]) -> bool {
    WAYS.is_match(text)
}

/// Whether the requester is ever let through what stands at the path, as far as the fixtures tell.
fn may_go_out(setting: &Setting, path: &str) -> bool {
    let released = &setting.released;
    // All of a photo's element goes out together.
    let record = path.find("Image").map(|at| path[..at].to_owned() + "Image");
    let is_in_record = record.is_some_and(|record| released.iter().any(|released| released.starts_with(&record)));
    // No fixture has every part of a name; who is let through one is let through all.
    let name = path.rfind("PersonName/").map(|at| &path[..at + "PersonName/".len()]);
    let is_in_name = name.is_some_and(|name| released.iter().any(|released| released.starts_with(name)));
    // Nor of an address; who is let through the street is let through all.
    let address = ["MailingAddress/", "ResidenceAddress/"];
    let address = address.into_iter().find_map(|name| Some(&path[..path.rfind(name)? + name.len()]));
    let is_in_address = address.is_some_and(|address| {
        released.iter().any(|released| released.starts_with(address) && released.contains("AddressDeliveryPointText"))
    });
    // Nor the state of a person's record: it is the jurisdiction of the license.
    let person = path.rfind("Person/").filter(|_| path.ends_with("RecordStateCode"));
    let person = person.map(|at| &path[..at + "Person/".len()]);
    let is_jurisdiction = person.is_some_and(|person| {
        released
            .iter()
            .any(|released| released.starts_with(person) && released.contains("IdentificationJurisdictionText"))
    });
    // What an object is named by that stays and is referred to is no value.
    let is_link = path.ends_with("/@id");
    released.contains(path) || is_in_record || is_in_name || is_in_address || is_jurisdiction || is_link
}

/// Why the canary in this output is no leak, if it is none: at every path where it stands, something is let through for
/// this requester, and another parser finds it at that path of the message as well. `source` was mutated.
pub(crate) fn is_moved(setting: &Setting, source: &Source, message: &[u8], output: &[u8]) -> bool {
    let xml = source.xml;
    let clean = setting.redact(source.text.as_bytes()).0;
    let clean = String::from_utf8_lossy(&clean);
    let held = |text: &[u8]| -> Vec<(String, String)> {
        let layout = str::from_utf8(text).ok().and_then(|text| layout(xml, text)).unwrap_or_default();
        let held = layout.places.into_iter().filter(|place| holds_canary(place.value.as_bytes()));
        held.map(|place| (place.path, place.value)).collect()
    };
    let (before, after) = (held(message), held(output));
    let count =
        |places: &[(String, String)], place: &(String, String)| places.iter().filter(|other| *other == place).count();
    // A field of a text goes out by itself, on a line of its own, which begins with its label.
    let is_in_field = |(path, value): &(String, String)| {
        value.lines().filter(|line| holds_canary(line.as_bytes())).all(|line| {
            let label = line.find(['/', ':']).map(|at| &line[..=at]);
            let came_in = before.iter().any(|(own, text)| own == path && text.contains(line.trim_end_matches('.')));
            came_in && label.is_some_and(|label| clean.lines().any(|line| line.starts_with(label)))
        })
    };
    let came_in = |place: &(String, String)| {
        may_go_out(setting, &place.0) && (count(&before, place) >= count(&after, place) || is_in_field(place))
    };
    // What stands in names, comments or declarations is in no place.
    WAYS.find_iter(output).count() <= after.len() && after.iter().all(came_in)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_of_a_record_goes_out_where_the_jurisdiction_does() {
        let cases = dmv_redact_testing::cases::cases();
        let settings = dmv_redact_testing::settings::settings(&cases);
        let canadian = settings.iter().find(|setting| setting.name.contains("ON1234500")).expect("police of Ontario");
        let jurisdiction = canadian.released.iter().find(|path| path.ends_with("IdentificationJurisdictionText"));
        let jurisdiction = jurisdiction.expect("a list of namesakes has it");
        let person = &jurisdiction[..jurisdiction.rfind("Person/").expect("a person") + "Person/".len()];
        let state = format!("{person}{{http://www.nlets.org/niem/nlets-core/1.0}}RecordStateCode");
        assert!(may_go_out(canadian, &state) && !may_go_out(canadian, &format!("{person}{{urn:x}}Other")));
    }
}
