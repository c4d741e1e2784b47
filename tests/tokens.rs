//! Tokens: who can join what with what, and what never shows.

use dmv_redact::{Filter, FilterBuilder, Requester};
use dmv_redact_testing::filters::redact_text;

const KEY: &[u8; 32] = b"0123456789abcdef0123456789abcdef";
const OTHER_KEY: &[u8; 32] = b"fedcba9876543210fedcba9876543210";

const FORMAT: &str = r#"
name = "example"
syntax = ["xml", "json"]
root = "e:r"
requester = "e:for"
[namespaces]
e = "urn:example"
[paths]
"e:for" = "envelope.ori"
"e:ssn" = "person.ssn"
"e:number" = "license.number"
"e:plate" = "registration.plate"
"e:born" = "person.birth-date"
"e:height" = "person.height"
"e:text" = "person.name.given"
[[text]]
name = "labels"
paths = ["e:text"]
recognise = 'RECORD;'
field = [{ pattern = 'SSN:(?<ssn>[0-9-]{9,11}|\*{4});', groups = { ssn = "person.ssn" } }]
"#;

fn policy(scope: &str) -> String {
    format!(
        "[policy]\nname = 'p'\nversion = '1'\n{scope}\n[agencies.all]\nori = ['*']\n[[permit]]\nid = 'joined'\nagencies = ['all']\n\
         elements = ['person.ssn', 'license.number', 'person.birth-date', 'person.height', 'person.name', 'registration.plate']\n\
         as = {{ 'person.ssn' = 'token', 'license.number' = 'token', 'person.birth-date' = 'token', 'person.height' = 'token', 'registration.plate' = 'token' }}\n"
    )
}

fn builder(scope: &str) -> FilterBuilder {
    Filter::builder().format_bytes("example", FORMAT).policy_text("policy.toml", policy(scope))
}

fn filter(scope: &str, key: &[u8]) -> Filter {
    builder(scope).token_key_bytes(key).build().unwrap_or_else(|error| panic!("{error}"))
}

fn message(ori: &str, parts: &str) -> String {
    format!("<e:r xmlns:e=\"urn:example\"><e:for>{ori}</e:for>{parts}</e:r>")
}

/// Every token of what goes out, in order.
fn tokens(filter: &Filter, message: &str) -> Vec<String> {
    let (output, receipt) = redact_text(filter, &Requester::from_envelope(), message);
    assert!(receipt.disposition().releases(), "{:?} {message}", receipt.detail());
    let found = output.match_indices("tk-").map(|(at, _)| output[at..at + 35].to_owned());
    found.collect()
}

fn token(filter: &Filter, ori: &str, part: &str, value: &str) -> String {
    let found = tokens(filter, &message(ori, &format!("<e:{part}>{value}</e:{part}>")));
    assert_eq!(found.len(), 1, "{found:?}");
    found[0].clone()
}

#[test]
fn one_requester_joins_answers_about_one_person_and_nobody_else_does() {
    let [own, shared] = ["", "tokens = 'policy'"].map(|scope| filter(scope, KEY));
    let ssn = token(&own, "AZ0070000", "ssn", "900-12-3456");
    assert!(ssn.len() == 35 && ssn[3..].bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte)));
    assert_eq!(ssn, token(&filter("tokens = 'requester'", KEY), "AZ0070000", "ssn", " 900-12-3456\n"));
    assert_ne!(ssn, token(&own, "AZ0080000", "ssn", "900-12-3456"), "another requester");
    assert_ne!(ssn, token(&own, "AZ0070000", "ssn", "900-12-3457"), "another value");
    assert_ne!(ssn, token(&own, "AZ0070000", "ssn", "900123456"), "another spelling");
    let [number, plate] = ["number", "plate"].map(|part| token(&own, "AZ0070000", part, "ABC1234"));
    assert_ne!(number, plate, "another element");
    assert_ne!(ssn, token(&filter("", OTHER_KEY), "AZ0070000", "ssn", "900-12-3456"), "another key");
    let [one, other] = ["AZ0070000", "AZ0080000"].map(|ori| token(&shared, ori, "ssn", "900-12-3456"));
    assert_eq!(one, other);
    assert_ne!(one, ssn);
}

#[test]
fn a_token_is_of_what_a_value_means_however_it_is_written() {
    let filter = filter("", KEY);
    let wanted = token(&filter, "AZ0070000", "number", "D08954796");
    for written in ["<![CDATA[D08954796]]>", "&#68;08954796", "D0895<!-- -->4796", "\n D08954796 "] {
        assert_eq!(token(&filter, "AZ0070000", "number", written), wanted, "{written}");
    }
    let json =
        |members: &str| format!(r#"{{"@context":{{"e":"urn:example"}},"e:r":{{"e:for":"AZ0070000",{members}}}}}"#);
    assert_eq!(tokens(&filter, &json(r#""e:number":"\u004408954796""#)), [wanted]);
    // A number becomes a string, and its token is that of its digits.
    let [number, text] = ["508", "\"508\""].map(|height| {
        let (output, _) = redact_text(&filter, &Requester::from_envelope(), json(&format!(r#""e:height":{height}"#)));
        output
    });
    assert!(number.contains(r#""e:height":"tk-"#) && number == text, "{number}\n{text}");
}

#[test]
fn p5_what_is_not_there_and_what_is_empty_have_no_token() {
    let filter = filter("", KEY);
    for parts in ["", "<e:ssn></e:ssn>", "<e:ssn> </e:ssn>", "<e:ssn/>"] {
        let parts = format!("<e:number>D08954796</e:number>{parts}");
        assert_eq!(tokens(&filter, &message("AZ0070000", &parts)).len(), 1, "{parts}");
    }
    // A value that isn't of its element's kind is removed, and so is what only looks like a token.
    for value in ["JORDAN EXAMPLE WAS HERE", "tk-00000000000000000000000000000000"] {
        let parts = format!("<e:number>D08954796</e:number><e:ssn>{value}</e:ssn>");
        assert_eq!(tokens(&filter, &message("AZ0070000", &parts)).len(), 1, "{value}");
    }
}

#[test]
fn in_a_text_with_fields_a_mask_stands_for_a_token() {
    let filter = filter("", KEY);
    let message = message("AZ0070000", "<e:text>RECORD; SSN:900-12-3456;</e:text><e:number>D08954796</e:number>");
    let (output, receipt) = redact_text(&filter, &Requester::from_envelope(), &message);
    assert!(receipt.disposition().releases() && output.contains("SSN:****;"), "{:?} {output}", receipt.detail());
}

#[test]
fn p4_outputs_are_verified_with_their_messages_to_the_token_and_alone_to_its_form() {
    let filter = filter("", KEY);
    let message = message("AZ0070000", "<e:ssn>900-12-3456</e:ssn>");
    let (output, _) = redact_text(&filter, &Requester::from_envelope(), &message);
    let police = Requester::new("AZ0070000").unwrap();
    let digit = if output.contains("tk-0") { "tk-1" } else { "tk-0" };
    let at = output.find("tk-").unwrap();
    let other = format!("{}{digit}{}", &output[..at], &output[at + 4..]);
    let verify = |output: &str| filter.verify(output.as_bytes(), &police).is_ok();
    let against = |output: &str| filter.verify_against(output.as_bytes(), message.as_bytes(), &police).is_ok();
    assert!(verify(&output) && against(&output));
    assert!(verify(&other) && !against(&other));
    for wrong in [output.to_uppercase().replace("TK-", "tk-"), message.clone(), output.replace("tk-", "tk-0")] {
        assert!(!verify(&wrong) && !against(&wrong), "{wrong}");
    }
}

#[test]
fn p2_a_policy_with_tokens_needs_a_key() {
    let error = builder("").build().unwrap_err().to_string();
    assert_eq!(
        error,
        "policy.toml:11:8: rule `joined` releases `person.ssn` as a token, and there is no key for tokens; name the file \
         of the key with `--token-key FILE`, or give the builder a `token_key_path`"
    );
    for (key, what) in [(&b"short"[..], "the key is too short: 32 bytes"), (b"", "the key is too short")] {
        let error = builder("").token_key_bytes(key).build().unwrap_err().to_string();
        assert!(error.starts_with("the key of tokens: ") && error.contains(what), "{error}");
    }
    assert!(builder("").token_key_path("no/such/key").build().is_err());
    // For any other policy it makes no difference.
    assert!(Filter::builder().token_key_bytes(KEY).build().is_ok());
    // Without one a value that would be a token is removed.
    let filter = builder("").without_token_key().build().unwrap();
    let message = message("AZ0070000", "<e:ssn>900-12-3456</e:ssn><e:text>RECORD; SSN:900-12-3456;</e:text>");
    let (output, _) = redact_text(&filter, &Requester::from_envelope(), &message);
    assert!(output.contains("SSN:****;") && !output.contains("e:ssn") && !output.contains("900"), "{output}");
    let error = Filter::builder().policy_text("p", policy("tokens = 'everybody'")).build().unwrap_err().to_string();
    assert!(error.contains("everybody"), "{error}");
}

#[test]
fn p6_the_key_is_nowhere_to_be_seen() {
    let key = b"SECRETSECRETSECRETSECRETSECRETSECRET";
    let builder = builder("").token_key_bytes(*key);
    let filter = builder.clone().build().unwrap();
    let message = message("AZ0070000", "<e:ssn>900-12-3456</e:ssn>");
    let (output, receipt) = redact_text(&filter, &Requester::from_envelope(), &message);
    let refused = Filter::builder().token_key_bytes(b"SECRETSECRET \n").build().unwrap_err();
    let seen = [
        format!("{builder:?}"),
        format!("{filter:?}"),
        output,
        format!("{receipt:?}"),
        serde_json::to_string(&receipt).unwrap(),
        format!("{refused} {refused:?}"),
    ];
    let digits: String = b"SECRET".iter().map(|byte| format!("{byte:02x}")).collect();
    let numbers = format!("{:?}", b"SECRET").replace(['[', ']'], "");
    for seen in seen {
        for secret in ["SECRET", digits.as_str(), numbers.as_str()] {
            assert!(!seen.contains(secret), "{secret} is in {seen}");
        }
    }
}
