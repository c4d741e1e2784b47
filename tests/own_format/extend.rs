//! A format that extends another, or stands in its place; elements that are amended.

use dmv_redact::{Disposition, Filter, Reason, Requester};
use dmv_redact_testing::filters::{police, redact_text};
use dmv_redact_testing::{folders, root};

use super::{permitting, with_formats};

/// What police may have.
const PERMITTED: &[&str] = &["person.name", "license.number", "vehicle"];

/// Adds a path to the built-in format, changes one, and takes one out.
const EXTENSION: &str = r#"
name = "nlets-az"
extends = "nlets-niem"
remove = ["n2:NLETSResponseData/n2:Person/nc:PersonName/nc:PersonMiddleName"]

[namespaces]
az = "urn:example:az"

[paths]
"n2:NLETSResponseData/az:Permit/az:Number" = "license.number"
"n2:NLETSResponseData/n2:Person/nc:PersonName/nc:PersonGivenName" = "person.name.surname"
"#;

fn with(formats: &[&str], catalog: &str) -> Result<Filter, String> {
    with_formats(permitting(PERMITTED).catalog_bytes("catalog.toml", catalog), formats)
}

fn error(formats: &[&str]) -> String {
    with(formats, "").unwrap_err()
}

fn message(body: &str) -> String {
    format!(
        "<n2:NLETS xmlns:n2=\"http://www.nlets.org/niem/1.0\" xmlns:nh2=\"http://www.nlets.org/niem/nlets-hdr/1.0\" \
         xmlns:nc=\"http://niem.gov/niem/niem-core/2.0\" xmlns:az=\"urn:example:az\"><n2:NLETSMessageHeader>\
         <nh2:MessageKeyCodeText>DR</nh2:MessageKeyCodeText><nh2:DestinationORIID>AZ0070000</nh2:DestinationORIID>\
         </n2:NLETSMessageHeader><n2:NLETSResponseData>{body}</n2:NLETSResponseData></n2:NLETS>"
    )
}

const NAME: &str = "<n2:Person><nc:PersonName><nc:PersonGivenName>JANE</nc:PersonGivenName>\
                    <nc:PersonMiddleName>ANN</nc:PersonMiddleName></nc:PersonName></n2:Person>";
const PERMIT: &str = "<az:Permit><az:Number>D08954796</az:Number></az:Permit>";

#[test]
fn p1_paths_are_added_changed_and_taken_out() {
    let message = message(&format!("{NAME}{PERMIT}"));
    let (built_in, receipt) = redact_text(&with(&[], "").unwrap(), &police(), &message);
    assert!(built_in.contains("JANE") && built_in.contains("ANN") && !built_in.contains("D08954796"), "{built_in}");
    assert_eq!((receipt.format(), receipt.replaced_formats()), (Some("nlets-niem"), [].as_slice()));
    let (out, receipt) = redact_text(&with(&[EXTENSION], "").unwrap(), &police(), &message);
    assert!(out.contains("JANE") && !out.contains("ANN") && out.contains("<az:Number>D08954796</az:Number>"), "{out}");
    assert_eq!(
        (receipt.format(), receipt.replaced_formats()),
        (Some("nlets-az"), ["nlets-niem".to_owned()].as_slice())
    );
    let counts: Vec<_> = receipt.elements().map(|(element, _)| element.to_owned()).collect();
    assert!(!counts.iter().any(|element| element == "person.name.given"), "{counts:?}");
    let json = serde_json::to_string(&receipt).unwrap();
    assert!(json.contains(r#""format":"nlets-az","format-replaces":["nlets-niem"]"#), "{json}");
}

#[test]
fn p1_a_type_stands_wherever_it_is_used() {
    let format = r#"
name = "typed"
syntax = ["xml", "json"]
root = "r"
[types.name]
"given" = "person.name.given"
"sur" = "person.name.surname"
[types.person]
"name" = "type:name"
"@number" = "license.number"
[paths]
"driver" = "type:person"
"owner/known-as" = "type:name"
[paths."second"]
"driver" = "type:person"
"#;
    let filter = with(&[format], "").unwrap();
    let person = "<name><given>JANE</given><sur>DOE</sur></name>";
    let message = format!(
        "<r><driver number=\"D1\">{person}</driver><owner><known-as><sur>ROE</sur></known-as></owner><second><driver>{person}</driver></second></r>"
    );
    assert_eq!(redact_text(&filter, &police(), &message).0, message);
    let further = "name = \"further\"\nextends = \"typed\"\n[paths]\n\"third\" = \"type:person\"\n";
    let filter = with(&[format, further], "").unwrap();
    let message = message.replace("<second><driver>", "<third>").replace("</driver></second>", "</third>");
    assert_eq!(redact_text(&filter, &police(), &message).0, message);
    for (from, to, told) in [
        (
            "\"type:person\"\n\"owner",
            "\"type:persn\"\n\"owner",
            "0.toml:12:12: unknown type `persn`; did you mean `person`?",
        ),
        ("\"sur\" = \"person.name.surname\"", "\"sur\" = \"type:person\"", "0.toml:7:9: type `person` holds itself"),
        (
            "[types.name]",
            "[types.unused]\nx = \"license.number\"\n[types.name]",
            "0.toml:5:8: no path leads to `type:unused`",
        ),
    ] {
        assert!(format.contains(from), "{from}");
        let found = error(&[&format.replacen(from, to, 1)]);
        assert!(found.contains(told), "{found}\n{told}");
    }
}

/// An extension that says nothing is the format itself, for every fixture of it.
#[test]
fn p10_an_extension_that_adds_nothing_changes_nothing() {
    let same = |base: &str| {
        let own = format!("name = \"own\"\nextends = \"{base}\"\n");
        (Filter::builder().build().unwrap(), Filter::builder().format_bytes("own.toml", own).build().unwrap())
    };
    let filters = ["nlets-niem", "niem-6.0", "niem-5.2", "mdl"].map(same);
    let mut compared = 0;
    for folder in folders(&root().join("fixtures")) {
        let files = ["message.xml", "message.json"].map(|name| std::fs::read(folder.join(name)));
        let Some(message) = files.into_iter().find_map(Result::ok) else { continue };
        for requester in ["AZ0070000", "VTICE0900"].map(|ori| Requester::new(ori).unwrap().purpose("C")) {
            for (built_in, own) in &filters {
                let (mut expected, mut found) = (Vec::new(), Vec::new());
                let receipt = built_in.redact(&message, &requester, &mut expected);
                let other = own.redact(&message, &requester, &mut found);
                assert_eq!((&expected, receipt.reason()), (&found, other.reason()), "{}", folder.display());
                compared += usize::from(receipt.format() != other.format());
            }
        }
    }
    assert!(compared > 60, "{compared} messages of an extension were compared");
}

#[test]
fn p2_a_format_stands_in_the_place_of_another_only_where_it_says_so() {
    let own = "name = \"own\"\nsyntax = \"xml\"\nroot = \"n:NLETS\"\n[namespaces]\nn = \"http://www.nlets.org/niem/1.0\"\n\
               [paths]\n\"n:Name\" = \"person.name.full\"\n";
    let told = error(&[own]);
    assert!(told.starts_with("0.toml:3:8: format `nlets-niem` has this root too"), "{told}");
    assert!(told.contains("`replaces = \"NAME\"`"), "{told}");
    let replaces = own.replacen('\n', "\nreplaces = \"nlets-niem\"\n", 1);
    let filter = with(&[&replaces], "").unwrap();
    let (out, receipt) =
        redact_text(&filter, &police(), "<NLETS xmlns='http://www.nlets.org/niem/1.0'><Name>DOE</Name></NLETS>");
    assert_eq!((receipt.disposition(), receipt.format()), (Disposition::Released, Some("own")), "{out}");
    // Under the same name.
    let same_name = replaces.replacen("\"own\"", "\"nlets-niem\"", 1);
    assert!(with(&[&same_name], "").is_ok());
    let twice = error(&[&own.replacen("\"own\"", "\"nlets-niem\"", 1)]);
    assert!(twice.contains("0.toml:1:8: format `nlets-niem` is declared twice"), "{twice}");
    // What the built-in format alone recognized is of no format any more.
    let json_only = "name = \"own\"\nreplaces = \"nlets-niem\"\nsyntax = \"json\"\nroot = \"r\"\n[paths]\n\"n\" = \"person.name.full\"\n";
    let (_, receipt) = redact_text(&with(&[json_only], "").unwrap(), &police(), message(NAME));
    assert_eq!(receipt.reason(), Some(Reason::FormatUnknown));
}

#[test]
fn p2_an_extension_of_an_extension_and_a_second_format_beside_the_base() {
    let further =
        "name = \"further\"\nextends = \"nlets-az\"\n[paths]\n\"n2:NLETSResponseData/az:Other\" = \"license.number\"\n";
    let filter = with(&[further, EXTENSION], "").unwrap();
    let (out, receipt) = redact_text(&filter, &police(), message(&format!("{PERMIT}<az:Other>D1</az:Other>")));
    assert_eq!(receipt.format(), Some("further"));
    assert!(out.contains("D08954796") && out.contains("<az:Other>D1</az:Other>"), "{out}");
    // With a root of its own it stands beside the format that it extends.
    let beside = EXTENSION.replacen('\n', "\nroot = \"az:Answer\"\n", 1);
    let filter = with(&[&beside], "").unwrap();
    let wrapped = message(PERMIT).replace("n2:NLETS>", "az:Answer>").replace("<n2:NLETS ", "<az:Answer ");
    assert_eq!(redact_text(&filter, &police(), &wrapped).1.format(), Some("nlets-az"));
    assert_eq!(redact_text(&filter, &police(), message(NAME)).1.format(), Some("nlets-niem"));
}

#[test]
fn errors_of_an_extension_name_the_place_and_the_nearest_spelling() {
    for (from, to, told) in [
        ("\"nlets-niem\"", "\"nlets-nime\"", "0.toml:3:11: unknown format `nlets-nime`; did you mean `nlets-niem`?"),
        (
            "nc:PersonMiddleName\"]",
            "nc:PersonMidleName\"]",
            "0.toml:4:11: `n2:NLETSResponseData/n2:Person/nc:PersonName/nc:PersonMidleName` isn't mapped in `nlets-niem`, from which it is to be taken out; did you mean `n2:NLETSResponseData/n2:Person/nc:PersonName/nc:PersonMiddleName`?",
        ),
        (
            "az = ",
            "nc = ",
            "0.toml:7:1: prefix `nc` is bound to another namespace in `nlets-niem`; choose another prefix",
        ),
    ] {
        assert_eq!(error(&[&EXTENSION.replacen(from, to, 1)]), told);
    }
    // What is wrong only together is told where the extension causes it, or at `extends`.
    let twice = EXTENSION.replacen(
        "az:Permit/az:Number",
        "nc:Image/**\" = \"license.number\"\n\"n2:NLETSResponseData/nc:Image",
        1,
    );
    assert!(error(&[&twice]).contains("0.toml:11:1: "), "{}", error(&[&twice]));
    for (format, told) in [
        ("[paths]\n\"n\" = \"person.name.full\"\n", "a format needs its `syntax`: `xml`, `json` or a list of both"),
        ("syntax = \"xml\"\n[paths]\n\"n\" = \"person.name.full\"\n", "an XML format needs its `root`"),
    ] {
        assert_eq!(error(&[&format!("name = \"a\"\n{format}")]), format!("0.toml:1:8: {told}"));
    }
    let circle = error(&["name = \"a\"\nextends = \"b\"\n", "name = \"b\"\nextends = \"a\"\n"]);
    assert!(
        circle.contains("0.toml:2:11: `a` extends this format in turn")
            || circle.contains("extends this format in turn"),
        "{circle}"
    );
    let both = error(&[
        "name = \"a\"\nreplaces = \"b\"\nsyntax = \"json\"\nroot = \"r\"\n[paths]\n\"n\" = \"person.name.full\"\n",
        "name = \"b\"\nreplaces = \"a\"\nsyntax = \"json\"\nroot = \"s\"\n[paths]\n\"n\" = \"person.name.full\"\n",
    ]);
    assert!(both.contains("1.toml:2:12: `a` stands in this format's place in turn"), "{both}");
    assert!(
        error(&[
            "name = \"a\"\nremove = [\"x\"]\nsyntax = \"json\"\nroot = \"r\"\n[paths]\n\"n\" = \"person.name.full\"\n"
        ])
        .contains("extends none")
    );
}

#[test]
fn p1_what_is_taken_out_never_gives_more() {
    let base = "name = \"base\"\nsyntax = \"json\"\nroot = \"r\"\n[paths]\n\"v/**\" = \"vehicle.other\"\n\"v/o\" = \"person.ssn\"\n";
    let base = base.replace("vehicle.other", "license.number");
    let inside = error(&[&base, "name = \"own\"\nextends = \"base\"\nremove = [\"v/o\"]\n"]);
    assert!(inside.contains("1.toml:3:11: `v/o` is in the record `v/**`, and would go out with it"), "{inside}");
    assert!(
        with(&[&base, "name = \"own\"\nextends = \"base\"\nremove = [\"v\"]\n[paths]\nn = \"license.number\"\n"], "")
            .is_ok()
    );
    // A text that is mapped anew keeps its layouts.
    let text = "n2:NLETSResponseData/n2:ResponseText";
    let again = format!(
        "name = \"own\"\nextends = \"nlets-niem\"\nremove = [\"{text}\"]\n[paths]\n\"{text}\" = \"response.text\"\n"
    );
    let message = message("<n2:ResponseText>JANE DOE LIVES AT 1742 MESQUITE WASH LN</n2:ResponseText>");
    for formats in [&[][..], &[again.as_str()]] {
        let permitted = [PERMITTED, &["response"]].concat();
        let filter = with_formats(permitting(&permitted), formats).unwrap();
        let (out, receipt) = redact_text(&filter, &police(), &message);
        assert!(receipt.disposition().releases() && !out.contains("MESQUITE"), "{out}");
    }
}

#[test]
fn p2_the_nearest_type_of_a_name_is_meant_and_no_circle_of_replacements_stands() {
    let first =
        "name = \"a\"\nsyntax = \"json\"\nroot = \"r\"\n[types.t]\nn = \"license.number\"\n[paths]\np = \"type:t\"\n";
    let second = "name = \"b\"\nextends = \"a\"\n[types.t]\nn = \"person.ssn\"\n[paths]\nq = \"type:t\"\n";
    let third = "name = \"c\"\nextends = \"b\"\n[paths]\ns = \"type:t\"\n";
    let filter = with(&[first, second, third], "").unwrap();
    let message = r#"{"r":{"p":{"n":"D1"},"q":{"n":"D1"},"s":{"n":"D1"}}}"#;
    assert_eq!(redact_text(&filter, &police(), message).0, r#"{"r":{"p":{"n":"D1"}}}"#);
    let of = |name: &str, other: &str| {
        format!(
            "name = \"{name}\"\nreplaces = \"{other}\"\nsyntax = \"json\"\nroot = \"{name}\"\n[paths]\nn = \"license.number\"\n"
        )
    };
    let told = error(&[&of("x", "y"), &of("y", "z"), &of("z", "x")]);
    assert!(told.contains("2.toml:2:12: `x` stands in this format's place in turn"), "{told}");
    let doubling: String = (1..30)
        .map(|level| format!("[types.t{level}]\na = \"type:t{}\"\nb = \"type:t{}\"\n", level - 1, level - 1))
        .collect();
    let bomb = format!(
        "name = \"bomb\"\nsyntax = \"json\"\nroot = \"r\"\n[types.t0]\nn = \"license.number\"\n{doubling}[paths]\np = \"type:t29\"\n"
    );
    assert!(error(&[&bomb]).contains("types are used more than 1000 times"));
}

#[test]
fn p7_an_element_is_amended_only_where_a_catalog_says_so() {
    let amended =
        "[[element]]\nid = \"license.number\"\namend = true\nshape = '[A-Z]{2}[0-9]{3}~'\ntitle = \"Number\"\n";
    let message = message(
        "<n2:Person><nc:PersonName><nc:PersonGivenName>JANE</nc:PersonGivenName></nc:PersonName></n2:Person><az:Permit><az:Number>AB123~</az:Number></az:Permit>",
    );
    let (before, _) = redact_text(&with(&[EXTENSION], "").unwrap(), &police(), &message);
    let (after, _) = redact_text(&with(&[EXTENSION], amended).unwrap(), &police(), &message);
    assert!(!before.contains("AB123~") && after.contains("AB123~"), "{before}\n{after}");
    for (from, to, told) in [
        (
            "amend = true\n",
            "",
            "catalog.toml:2:6: element `license.number` is declared twice; to change it, say `amend = true`",
        ),
        (
            "license.number",
            "license.numbre",
            "catalog.toml:2:6: `license.numbre` is to be amended, and is no element; did you mean `license.number`?",
        ),
        (
            "title",
            "dppa = \"none\"\ntitle",
            "catalog.toml:5:8: `dppa` of `license.number` can't be amended: the law ranks it",
        ),
    ] {
        assert_eq!(with(&[], &amended.replacen(from, to, 1)).unwrap_err(), told);
    }
    assert!(
        with(&[], &format!("{amended}{amended}"))
            .unwrap_err()
            .contains("catalog.toml:7:6: `license.number` is amended twice")
    );
}

/// Groups are added: nobody takes an element out of what a forbid names.
#[test]
fn p9_an_amended_element_stays_in_its_groups() {
    let amended = "[[group]]\nid = \"own\"\ntitle = \"Own\"\n[[element]]\nid = \"person.ssn\"\namend = true\ngroups = [\"own\"]\n";
    let filter = Filter::builder().catalog_bytes("catalog.toml", amended).build().unwrap();
    let catalog = &filter.inner().catalog;
    for group in ["group:own", "group:dppa-highly-restricted", "group:dppa-personal"] {
        assert!(catalog.select(group).iter().any(|id| catalog.element(*id).unwrap().id() == "person.ssn"), "{group}");
    }
}
