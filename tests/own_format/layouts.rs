//! The layouts of `tests/layouts`, with their finished formats: what each class gets of each sample.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use dmv_redact::{Filter, FilterBuilder, Requester};
use dmv_redact_testing::filters::redact_text;
use dmv_redact_testing::root;

/// The layouts, and the number of their samples.
const LAYOUTS: [(&str, usize); 15] = [
    ("court", 3),
    ("court-case", 3),
    ("crash", 3),
    ("crash-mmucc", 3),
    ("custody", 3),
    ("dl-history-flat", 3),
    ("firearm", 3),
    ("firearm-reg", 3),
    ("flat-export", 3),
    ("mdoc", 3),
    ("person-detail", 2),
    ("person-search-soap", 3),
    ("rms-search", 3),
    ("wallet-claims", 3),
    ("warrant", 3),
];

/// The classes of `tests/layouts/policy.toml`, with an ORI of each.
const CLASSES: [(&str, &str); 2] = [("patrol", "FK0010000"), ("central", "FK0020000")];

fn folder() -> PathBuf {
    root().join("tests/layouts")
}

/// A filter with the formats of all layouts.
fn builder() -> FilterBuilder {
    let folder = folder();
    Filter::builder()
        .policy_path(folder.join("policy.toml"))
        .catalog_path(folder.join("catalog.toml"))
        .formats_dir(folder)
}

/// The samples of a layout: name and text.
fn samples(layout: &str) -> Vec<(String, String)> {
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder().join(layout).join("samples")).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let name = |file: &PathBuf| file.file_name().unwrap().to_str().unwrap().to_owned();
    files.iter().map(|file| (name(file), fs::read_to_string(file).unwrap())).collect()
}

/// A sample as it would be had this ORI asked for it, where its envelope says who did.
fn asked_by(layout: &str, ori: &str, sample: &str) -> String {
    let before = match layout {
        "warrant" => "name=\"ORI\" value=\"",
        "firearm" => "\"requestingOri\": \"",
        "rms-search" => "<ORI>",
        "wallet-claims" => "<AgencyORI>",
        _ => return sample.to_owned(),
    };
    let at = sample.find(before).expect("who asked") + before.len();
    format!("{}{ori}{}", &sample[..at], &sample[at + ori.len()..])
}

/// Calls `check` for every sample and class: layout, class, name of the sample, the message, the requester, the filter.
fn for_each(mut check: impl FnMut(&str, &str, &str, &str, &Requester, &Filter)) {
    for (layout, count) in LAYOUTS {
        // An output may lack what tells its format.
        let filter = builder().format(layout).build().unwrap();
        let samples = samples(layout);
        assert_eq!(samples.len(), count, "{layout}");
        for (class, ori) in CLASSES {
            let requester = Requester::new(ori).unwrap();
            for (name, sample) in &samples {
                check(layout, class, name, &asked_by(layout, ori, sample), &requester, &filter);
            }
        }
    }
}

#[test]
fn p1_each_class_gets_of_each_sample_what_is_expected() {
    let renew = std::env::var_os("RENEW").is_some();
    for_each(|layout, class, name, message, requester, filter| {
        let (output, receipt) = redact_text(filter, requester, message);
        assert!(receipt.disposition().releases(), "{layout}/{name} for {class}: {:?}", receipt.reason());
        let expected = folder().join(layout).join("expected").join(class).join(name);
        if renew {
            fs::create_dir_all(expected.parent().unwrap()).unwrap();
            fs::write(&expected, &output).unwrap();
        }
        assert_eq!(output, fs::read_to_string(&expected).unwrap(), "{}", expected.display());
    });
}

#[test]
fn redacting_again_changes_nothing() {
    for_each(|layout, class, name, message, requester, filter| {
        let (once, _) = redact_text(filter, requester, message);
        let (twice, receipt) = redact_text(filter, requester, &once);
        assert!(receipt.disposition().releases(), "{layout}/{name} for {class}: {:?}", receipt.reason());
        assert_eq!(once, twice, "{layout}/{name} for {class}");
    });
}

#[test]
fn samples_are_told_apart_by_what_they_have() {
    let filter = builder().build().unwrap();
    for (layout, _) in LAYOUTS {
        for (name, sample) in samples(layout) {
            let requester = Requester::new("FK0010000").unwrap();
            let (_, receipt) = redact_text(&filter, &requester, asked_by(layout, "FK0010000", &sample));
            assert_eq!(receipt.format(), Some(layout), "{name}");
        }
    }
}

/// A text, and below it what its long stretches of base64 hold.
fn with_encoded(text: &str) -> String {
    let is_base64 = |letter: char| letter.is_ascii_alphanumeric() || "+/=".contains(letter);
    let mut all = text.to_owned();
    for stretch in text.split(|letter| !is_base64(letter)).filter(|stretch| stretch.len() >= 40) {
        if let Ok(bytes) = BASE64.decode(stretch) {
            all.push('\n');
            all.push_str(&String::from_utf8_lossy(&bytes));
        }
    }
    all
}

/// Whether a text holds a value. A short value is one only where no letter or digit is beside it.
fn holds(text: &str, value: &str) -> bool {
    let is_apart = |at: usize| {
        let before = text[..at].chars().next_back();
        let after = text[at + value.len()..].chars().next();
        ![before, after].into_iter().flatten().any(char::is_alphanumeric)
    };
    text.match_indices(value).any(|(at, _)| value.len() > 4 || is_apart(at))
}

#[test]
fn p1_the_smaller_class_gets_no_canary() {
    // By sample and kind: `ssn`, `photo`, `address`, `immigration`, `medical`, texts, what is somebody else's, and what no
    // element stands for. What the class may have elsewhere in the same sample isn't among them.
    type Canaries = BTreeMap<String, BTreeMap<String, Vec<String>>>;
    for_each(|layout, class, name, message, requester, filter| {
        if class != "patrol" {
            return;
        }
        let path = folder().join(layout).join("canaries.toml");
        let canaries: Canaries = toml::from_str(&fs::read_to_string(path).unwrap()).unwrap();
        let (message, output) = (with_encoded(message), with_encoded(&redact_text(filter, requester, message).0));
        let canaries = &canaries[name];
        assert!(canaries.values().flatten().count() >= 5, "{layout}/{name}");
        let mut leaks = Vec::new();
        for (kind, value) in canaries.iter().flat_map(|(kind, values)| values.iter().map(move |value| (kind, value))) {
            let written = [value.clone(), value.replace('&', "&amp;"), value.replace('"', "\\\"")];
            assert!(written.iter().any(|value| holds(&message, value)), "{layout}/{name}: no {kind} `{value}`");
            if written.iter().any(|value| holds(&output, value)) {
                leaks.push(format!("{kind} `{value}`"));
            }
        }
        assert_eq!(leaks, Vec::<String>::new(), "{layout}/{name}");
    });
}
