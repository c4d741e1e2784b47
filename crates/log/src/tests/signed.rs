//! Signed checkpoints as an auditor meets them who has the public key, and a forger who has everything but the private one: the
//! log, the key of its hashes, and a writer that chains lines anew.

use std::process::Command;

use super::*;
use crate::chain::{Link, LogLine, RecordKind};
use crate::{PublicKey, SigningKey};

/// As `openssl genpkey -algorithm ed25519` wrote them, and `openssl pkey -pubout`; in no use elsewhere.
const PRIVATE: [&str; 2] = [
    "MC4CAQAwBQYDK2VwBCIEIMXiagmRAxK0s08RjyPNMv2tw1Ec6o+XcpRv7og9InDf",
    "MC4CAQAwBQYDK2VwBCIEIDfUH//+CnD2YFCv2Z2AfdYaRbYJh0yVSBXQCdN0Fkxw",
];
const PUBLIC: [&str; 2] = [
    "MCowBQYDK2VwAyEAkh6Xo16D+wthXzay26ucn6E3n1FKBO1Co0IJR5lByz4=",
    "MCowBQYDK2VwAyEASGz75u+/xoFlgCPXqCEbcjBZr7TVi1fjRhYdTGyxSF4=",
];
/// The digits of the first public key, as `openssl pkey -text` shows them.
const PUBLIC_DIGITS: &str = "921e97a35e83fb0b615f36b2dbab9c9fa1379f514a04ed42a34209479941cb3e";

fn pem(label: &str, content: &str) -> String {
    format!("-----BEGIN {label}-----\n{content}\n-----END {label}-----\n")
}

fn in_file<K>(content: impl AsRef<[u8]>, read: impl FnOnce(&Path) -> K) -> K {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("key.pem");
    fs::write(&path, content).unwrap();
    read(&path)
}

fn private(number: usize) -> SigningKey {
    in_file(pem("PRIVATE KEY", PRIVATE[number]), SigningKey::read).unwrap()
}

fn public(number: usize) -> PublicKey {
    in_file(pem("PUBLIC KEY", PUBLIC[number]), PublicKey::read).unwrap()
}

fn hash_key() -> Key {
    in_file("0123456789abcdef", Key::read).unwrap()
}

/// A run of so many messages that ends.
fn write(path: &Path, key: Option<Key>, signing_key: Option<usize>, messages: usize) {
    let mut log = Log::open(path, key).unwrap();
    if let Some(number) = signing_key {
        log.sign_with(private(number));
    }
    log.prepare(&filter(), false, false).unwrap();
    log.start().unwrap();
    for first in (0..messages).step_by(100) {
        log.append(&bodies(first..messages.min(first + 100))).unwrap();
    }
    log.end().unwrap();
}

fn check(path: &Path, keys: &[usize]) -> Verification {
    let keys: Vec<PublicKey> = keys.iter().map(|number| public(*number)).collect();
    Verifier::default().public_keys(&keys).verify(&[path.to_owned()]).unwrap()
}

fn signature_faults(path: &Path, keys: &[usize]) -> Vec<String> {
    check(path, keys).faults.iter().map(ToString::to_string).collect()
}

fn lines(path: &Path) -> Vec<String> {
    fs::read_to_string(path).unwrap().lines().map(str::to_owned).collect()
}

/// Chains lines anew, so that every hash and every link is right.
fn forge(path: &Path, key: Option<&Key>, lines: &[String]) {
    let (mut link, mut forged) = (Link::GENESIS, Vec::new());
    for line in lines {
        let line = LogLine::parse(line.as_bytes()).unwrap();
        link = link.write_line(&mut forged, key, line.kind, line.body).unwrap();
    }
    fs::write(path, forged).unwrap();
}

/// The text of a line without its signature.
fn unsigned(line: &str) -> String {
    let (before, rest) = line.split_once(",\"signature\":\"").unwrap();
    format!("{before}{}", rest.split_once('"').unwrap().1)
}

const WRONG: &str = "its signature is of none of the given keys";
const UNSIGNED: &str = "it isn't signed, and its run began with a signing key";
const STOPPED: &str = "its run began without a signing key, and one before it with one";

/// P12: the form of a signature, checked by what shares no code with the log.
#[test]
fn p12_every_checkpoint_and_end_is_signed_over_what_is_before_its_signature() {
    use ed25519_dalek::pkcs8::DecodePublicKey;
    let (_folder, path) = in_folder();
    write(&path, None, Some(0), 10_100);
    let key = ed25519_dalek::VerifyingKey::from_public_key_pem(&pem("PUBLIC KEY", PUBLIC[0])).unwrap();
    let mut kinds = Vec::new();
    for line in lines(&path) {
        let value: Value = serde_json::from_str(&line).unwrap();
        let kind = value["record"].as_str().unwrap().to_owned();
        assert_eq!(value.get("signed"), (kind == "start").then_some(&json!(PUBLIC_DIGITS)));
        assert_eq!(value.get("signature").is_some(), kind == "checkpoint" || kind == "end", "{line}");
        let Some((before, rest)) = line.split_once(",\"signature\":\"") else { continue };
        let (digits, rest) = rest.split_at(128);
        assert!(rest.starts_with("\",\"hash\":\""), "{line}");
        let bytes: Vec<u8> = (0..64).map(|at| u8::from_str_radix(&digits[2 * at..2 * at + 2], 16).unwrap()).collect();
        let signature = ed25519_dalek::Signature::from_slice(&bytes).unwrap();
        key.verify_strict(before.as_bytes(), &signature).unwrap();
        kinds.push(kind);
    }
    assert_eq!(kinds, ["checkpoint", "end"]);
    let verified = check(&path, &[0]);
    assert_eq!(
        (verified.fault_count, verified.logs[0].signatures, verified.logs[0].signed_up_to),
        (0, 2, Some(10_103))
    );
    // Who has no public key verifies it as any other.
    let verified = Verifier::default().verify(std::slice::from_ref(&path)).unwrap();
    assert_eq!((verified.fault_count, verified.logs[0].signatures, verified.logs[0].signed_up_to), (0, 0, None));
}

/// P12: a switch signs over its files, and tells what isn't signed yet.
#[test]
fn p12_a_switch_signs_its_log_up_to_where_it_rotates() {
    let (folder, path) = in_folder();
    let filter = Filter::builder().build().unwrap();
    let options = LogOptions::default().key(hash_key()).sign(private(0)).rotate(Rotation::after_bytes(1));
    assert!(!format!("{options:?}").contains("0x"), "{options:?}");
    let log = options.open(&path, &filter).unwrap();
    let (keys, public_keys) = ([hash_key()], [public(0)]);
    let verified = || Verifier::default().keys(&keys).public_keys(&public_keys).verify(&files(folder.path())).unwrap();
    assert_eq!((verified().fault_count, verified().logs[0].signed_up_to), (0, None));
    for id in ["a", "b", "c"] {
        append(&log, "line 1", &asked(&filter, id)).unwrap();
    }
    let found = verified();
    assert!(files(folder.path()).len() > 2);
    let (last, _) = found.logs[0].head.clone().unwrap();
    assert_eq!((found.fault_count, found.logs[0].signed_up_to), (0, Some(last - 2)));
    log.end().unwrap();
    let found = verified();
    let (last, _) = found.logs[0].head.clone().unwrap();
    assert_eq!((found.fault_count, found.logs[0].signed_up_to), (0, Some(last)));
}

/// P12: whoever may write the log, and has the key of its hashes as well, changes nothing that was signed.
#[test]
fn p12_no_signed_line_is_changed_by_chaining_the_log_anew() {
    for key in [None, Some(hash_key())] {
        let (_folder, path) = in_folder();
        write(&path, key.clone(), Some(0), 3);
        let whole = lines(&path);
        let found = |changed: &[String]| {
            forge(&path, key.as_ref(), changed);
            let (verifier, public_keys) = (Verifier::default().keys(key.as_slice()), [public(0)]);
            assert_eq!(verifier.verify(std::slice::from_ref(&path)).unwrap().fault_count, 0);
            let found = verifier.public_keys(&public_keys).verify(std::slice::from_ref(&path)).unwrap();
            found.faults.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(found(&whole), [""; 0]);
        // The time of the end, a source, the release of the policy.
        for (line, from, to) in
            [(4, "\"time\":\"2", "\"time\":\"1"), (2, "in.ndjson", "other"), (0, "\"name\":\"test\"", "\"name\":\"t\"")]
        {
            let mut changed = whole.clone();
            assert!(changed[line].contains(from), "{}", changed[line]);
            changed[line] = changed[line].replacen(from, to, 1);
            let faults = found(&changed);
            assert_eq!(faults.len(), 1, "{faults:?}");
            assert!(faults[0].starts_with("line 5 (sequence 5, byte ") && faults[0].ends_with(WRONG), "{faults:?}");
        }
    }
}

#[test]
fn p12_a_log_signed_with_another_key_is_found() {
    let (_folder, path) = in_folder();
    write(&path, None, Some(1), 10_000);
    let faults = signature_faults(&path, &[0]);
    assert_eq!(faults.len(), 2, "{faults:?}");
    for (fault, line) in faults.iter().zip([10_002, 10_003]) {
        assert!(fault.starts_with(&format!("line {line} (sequence {line}, byte ")), "{fault}");
        assert!(fault.ends_with(WRONG), "{fault}");
    }
    let error = Verifier::default().public_keys(&[]).verify(std::slice::from_ref(&path)).unwrap_err();
    assert_eq!(error.to_string(), "it takes a public key to verify signatures");
}

/// P12: taking signatures away is found as long as a start says that there were some, wherever in a long log that is.
#[test]
fn p12_a_missing_signature_is_found_in_whatever_part_of_the_log() {
    let (_folder, path) = in_folder();
    write(&path, None, Some(0), 20_500);
    let whole = lines(&path);
    let signed: Vec<usize> = (0..whole.len()).filter(|at| whole[*at].contains(",\"signature\":")).collect();
    assert_eq!(signed.len(), 3);
    assert!(fs::metadata(&path).unwrap().len() > 1 << 22, "so long that it is checked in parts");
    for at in &signed {
        let mut changed = whole.clone();
        changed[*at] = unsigned(&changed[*at]);
        forge(&path, None, &changed);
        let faults = signature_faults(&path, &[0]);
        let line = at + 1;
        assert!(faults[0].starts_with(&format!("line {line} (sequence {line}, byte ")), "{faults:?}");
        assert!(faults[0].ends_with(UNSIGNED), "{faults:?}");
        // The lines after it are chained to another hash than those that were signed.
        assert_eq!(faults.len(), signed.iter().filter(|signed| *signed >= at).count());
        assert!(faults[1..].iter().all(|fault| fault.ends_with(WRONG)), "{faults:?}");
    }
}

/// P12: neither does a forger get by who writes that nothing was ever signed, or that it no longer is.
#[test]
fn p12_a_log_that_is_no_longer_signed_is_found() {
    let (_folder, path) = in_folder();
    write(&path, None, None, 3);
    let faults = signature_faults(&path, &[0]);
    assert_eq!(faults.len(), 1);
    assert!(faults[0].ends_with("nothing is signed, and no run began with a signing key"), "{faults:?}");
    // Signatures may begin in the middle of a log; what is before them is signed with them.
    write(&path, None, Some(0), 3);
    let found = check(&path, &[0]);
    assert_eq!((found.fault_count, found.logs[0].signatures, found.logs[0].signed_up_to), (0, 1, Some(10)));
    for run in 1..3 {
        write(&path, None, None, 3);
        let faults = signature_faults(&path, &[0]);
        assert_eq!(faults.len(), run);
        assert!(faults[0].starts_with("line 11 (sequence 11, byte ") && faults[0].ends_with(STOPPED), "{faults:?}");
    }
}

#[test]
fn p12_a_log_goes_on_under_another_signing_key() {
    let (_folder, path) = in_folder();
    write(&path, None, Some(0), 3);
    write(&path, None, Some(1), 3);
    for keys in [[0, 1], [1, 0]] {
        let found = check(&path, &keys);
        assert_eq!((found.fault_count, found.logs[0].signatures, found.logs[0].signed_up_to), (0, 2, Some(10)));
    }
    for (key, line) in [(1, 5), (0, 10)] {
        let faults = signature_faults(&path, &[key]);
        assert_eq!(faults.len(), 1);
        assert!(faults[0].starts_with(&format!("line {line} (sequence {line}, ")) && faults[0].ends_with(WRONG));
    }
}

/// P12: a run that was killed signs once it goes on, and its torn line stays.
#[test]
fn p12_a_resumed_run_signs_what_it_did_before() {
    let (_folder, path) = in_folder();
    let mut log = Log::open(&path, None).unwrap();
    log.sign_with(private(0));
    log.prepare(&filter(), false, false).unwrap();
    let journal = log.position();
    log.start().unwrap();
    log.append(&bodies(0..3)).unwrap();
    drop(log);
    let whole = fs::read(&path).unwrap();
    fs::write(&path, &whole[..whole.len() - 20]).unwrap();
    let mut log = Log::open(&path, None).unwrap();
    log.sign_with(private(0));
    let has_begun = log.rewind(&journal).unwrap();
    log.prepare(&filter(), has_begun, false).unwrap();
    log.start().unwrap();
    log.append(&bodies(0..4)).unwrap();
    log.end().unwrap();
    let found = check(&path, &[0]);
    assert_eq!((found.fault_count, found.messages, found.logs[0].signed_up_to, found.notes.len()), (0, 4, Some(7), 1));
}

/// P12: a signature has one spelling, and no digit of it can be another.
#[test]
fn p12_every_changed_digit_of_a_signature_is_found() {
    let (_folder, path) = in_folder();
    write(&path, None, Some(0), 1);
    let whole = lines(&path);
    let first = whole[2].find(",\"signature\":\"").unwrap() + 14;
    for at in first..first + 128 {
        for digit in ['0', '1', '7', 'a', 'f', 'A', 'F', 'g', ' '] {
            if whole[2][at..].starts_with(digit) {
                continue;
            }
            let mut changed = whole.clone();
            changed[2].replace_range(at..=at, &digit.to_string());
            fs::write(&path, changed.join("\n") + "\n").unwrap();
            let faults = signature_faults(&path, &[0]);
            assert!(faults.len() == 1 && faults[0].ends_with("it was changed, or has another key"), "{faults:?}");
            forge(&path, None, &changed);
            let faults = signature_faults(&path, &[0]);
            assert!(faults.len() == 1 && faults[0].ends_with(WRONG), "{at} {digit}: {faults:?}");
        }
    }
    // Of another length, or no longer the last member, it is none.
    for (from, to) in [("\",\"hash\"", "0\",\"hash\""), ("\",\"hash\"", "\",\"more\":1,\"hash\"")] {
        let mut changed = whole.clone();
        changed[2] = changed[2].replacen(from, to, 1);
        forge(&path, None, &changed);
        let faults = signature_faults(&path, &[0]);
        assert!(faults.len() == 1 && faults[0].ends_with(UNSIGNED), "{faults:?}");
    }
}

/// P12: a signature of one place is none of another.
#[test]
fn p12_a_signed_line_is_good_only_where_it_was_written() {
    let (_folder, path) = in_folder();
    write(&path, None, Some(0), 0);
    write(&path, None, Some(0), 0);
    let mut changed = lines(&path);
    assert_eq!(LogLine::parse(changed[1].as_bytes()).unwrap().kind, RecordKind::End);
    changed[3] = changed[1].clone();
    forge(&path, None, &changed);
    let faults = signature_faults(&path, &[0]);
    assert!(faults.len() == 1 && faults[0].starts_with("line 4 (sequence 4, "), "{faults:?}");
    assert!(faults[0].ends_with(WRONG), "{faults:?}");
}

#[test]
fn p2_a_file_that_is_no_such_key_is_refused() {
    let private_text = pem("PRIVATE KEY", PRIVATE[0]);
    let public_text = pem("PUBLIC KEY", PUBLIC[0]);
    let as_private = |content: &[u8]| usage(in_file(content, SigningKey::read));
    let as_public = |content: &[u8]| usage(in_file(content, PublicKey::read));
    assert_eq!(as_private(private_text.replace('\n', "\r\n").as_bytes()), "no error");
    assert_eq!(as_public(public_text.replace('\n', "\r\n").as_bytes()), "no error");
    let told = |message: String, what: &str| assert!(message.ends_with(&format!("key.pem: {what}")), "{message}");
    told(as_private(public_text.as_bytes()), "it is a public key: the private one signs");
    told(
        as_public(private_text.as_bytes()),
        "it is a private key: `openssl pkey -pubout` writes its public key, which is enough to verify",
    );
    let encrypted = pem("ENCRYPTED PRIVATE KEY", PRIVATE[0]);
    told(as_private(encrypted.as_bytes()), "the key is encrypted: write it without a pass phrase");
    let no_private = "it is no private key as `openssl genpkey -algorithm ed25519` writes it";
    let no_public = "it is no Ed25519 public key as `openssl pkey -pubout` writes it";
    // Of another algorithm (X25519 differs by one byte), cut, changed, no key.
    for content in [
        &private_text.replace("K2Vw", "K2Vu"),
        &private_text[..60],
        &private_text.replace('M', "*"),
        "",
        "0123456789abcdef",
    ] {
        told(as_private(content.as_bytes()), no_private);
    }
    for content in [&public_text.replace("K2Vw", "K2Vu"), &public_text[..60], "", "0123456789abcdef"] {
        told(as_public(content.as_bytes()), no_public);
    }
    told(as_private(&[0xFF; 32]), "it is no key in PEM");
    told(as_public(&[b' '; 65_537]), "it is too long to be a key");
    // The neutral element: a signature of everything fits it.
    let weak = pem("PUBLIC KEY", "MCowBQYDK2VwAyEAAQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
    told(as_public(weak.as_bytes()), "the key is weak: anyone could sign for it");
    assert!(usage(SigningKey::read(Path::new("/none"))).starts_with("I/O: /none: "));
    assert!(usage(PublicKey::read(Path::new("/none"))).starts_with("I/O: /none: "));
    assert_eq!(format!("{:?} {:?}", private(0), public(0)), "SigningKey PublicKey");
}

/// Keys that OpenSSL makes now, where it is installed.
#[test]
fn p12_keys_that_openssl_makes_sign_and_verify() {
    let (folder, path) = in_folder();
    let openssl = |arguments: &[&str]| Command::new("openssl").current_dir(folder.path()).args(arguments).output();
    let made = openssl(&["genpkey", "-algorithm", "ed25519", "-out", "sign.pem"]);
    if !made.is_ok_and(|made| made.status.success()) {
        return;
    }
    openssl(&["pkey", "-in", "sign.pem", "-pubout", "-out", "public.pem"]).unwrap();
    let mut log = Log::open(&path, None).unwrap();
    log.sign_with(SigningKey::read(&folder.path().join("sign.pem")).unwrap());
    log.prepare(&filter(), false, false).unwrap();
    log.start().unwrap();
    log.end().unwrap();
    let key = PublicKey::read(&folder.path().join("public.pem")).unwrap();
    let public_keys = [key, public(0)];
    let found = Verifier::default().public_keys(&public_keys).verify(std::slice::from_ref(&path)).unwrap();
    assert_eq!((found.fault_count, found.logs[0].signed_up_to), (0, Some(2)));
    assert_eq!(signature_faults(&path, &[0]).len(), 1);
}
