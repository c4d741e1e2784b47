//! A `[[text]]` table that can't be used says where and why.

use super::world::{FORMAT, POLICY, build};

fn error(from: &str, to: &str) -> String {
    assert!(FORMAT.contains(from), "{from}");
    let text = build(&FORMAT.replacen(from, to, 1), POLICY).unwrap_err().to_string();
    let at = text.find("format.toml").unwrap();
    text.get(at..).unwrap().to_owned()
}

#[test]
fn errors_name_line_column_and_the_nearest_spelling() {
    assert_eq!(
        error("name = \"person.name\"", "name = \"person.nam\""),
        "format.toml:25:19: unknown data element `person.nam`; did you mean `person.name`?"
    );
    assert_eq!(
        error("{ born = \"person", "{ borm = \"person"),
        "format.toml:29:12: the pattern has no group `borm`; did you mean `born`?"
    );
    assert_eq!(error("\"other\"", "\"labels\""), "format.toml:60:8: text mapping `labels` is declared twice");
    assert_eq!(
        error("paths = [\"e:text\"]", "paths = [\"e:test\"]"),
        "format.toml:16:10: `e:test` is not mapped in [paths]; did you mean `e:text`?"
    );
    assert_eq!(error("[\"e:text\"]", "[\"e:text\", \"e:text\"]"), "format.toml:16:20: `e:text` is named twice");
    assert_eq!(error("[\"e:text\"]", "[]"), "format.toml:15:8: a text mapping needs its `paths`");
    assert_eq!(error("recognise", "recognize"), "format.toml:17:1: unknown key `recognize`; did you mean `recognise`?");
}

#[test]
fn p1_groups_and_elements_stand_one_for_one() {
    assert_eq!(
        error(", city = \"person.address.city\" }", " }"),
        "format.toml:56:11: the group `city` has no data element"
    );
    assert_eq!(
        error("\"person.sex\"", "\"envelope\""),
        "format.toml:41:18: a field can't be of the envelope, which every grant holds"
    );
    assert_eq!(
        error("'(?m)^STATE OF OTHER$'", "'(?m)^(?<s>STATE OF OTHER)$'\ngroups = { s = \"license.status\" }"),
        "format.toml:63:16: a heading's groups are of the envelope, for it goes out whatever the grant"
    );
}

#[test]
fn p1_only_what_no_value_can_travel_in_stands_outside_of_groups() {
    let pattern = |to: &str| error("SEX/(?<sex>[A-Z]) ", to);
    let at = "format.toml:40:11: the pattern can't be used: ";
    assert_eq!(
        pattern(r"\w SEX/(?<sex>[A-Z])"),
        format!("{at}only fixed text may stand outside the named groups: literals, white space and anchors")
    );
    assert_eq!(pattern(r"SEX/(?<sex>[A-Z]){2}"), format!("{at}a named group can't be repeated or optional"));
    assert_eq!(
        pattern(r"SEX/(?<sex>[A-Z]+)"),
        format!("{at}it has no longest match: bound its repetitions, `{{0,60}}`")
    );
    assert_eq!(
        pattern(r"(?<sex>[AB]{0,100}A[AB]{100})"),
        format!("{at}it matches in too many ways, or repeats too much: its table would be too large")
    );
    assert_eq!(pattern(r"(?<sex>[A-Z]{1,600})"), format!("{at}its longest match exceeds 512 bytes"));
    assert_eq!(pattern(r"SEX/"), format!("{at}it has no named group"));
    assert_eq!(pattern(r"(?<sex>[A-Z"), format!("{at}unclosed character class"));
    assert_eq!(
        pattern(r"(?<sex>[^A])"),
        format!("{at}pattern can match invalid UTF-8; write `(?u:...)` around what may match other than ASCII")
    );
}
