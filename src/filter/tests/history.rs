//! What was redacted before changes nothing: the first reading alone, without the second to catch it (P10).

use super::*;

#[test]
fn p10_what_the_message_before_said_is_no_ground_to_release() {
    let filter = filter(false);
    let requester = Requester::from_envelope();
    let redact = |message: &str, buffers: &mut rewrite::Buffers| {
        let mut out = Vec::new();
        let receipt =
            rewrite::redact(&filter.parts, message.as_bytes(), &requester, buffers, &mut out, |_, _, _| Ok(()));
        (String::from_utf8(out).unwrap(), serde_json::to_string(&receipt).unwrap())
    };
    let mut messages = Vec::new();
    // The requester is before the body, after it, twice, missing, or invalid.
    for (before, behind) in
        [("AZ0070000", ""), ("", "AZ0070000"), ("", "NV0070000"), ("", ""), ("", "?"), ("AZ0070000", "NV0070000")]
    {
        for (name, value) in [("name", "JORDAN"), ("number", "A1"), ("birth", "1985-07-04"), ("birth", "none")] {
            let tag = |ori: &str| if ori.is_empty() { String::new() } else { format!("<e:for>{ori}</e:for>") };
            let person = format!("<e:person><e:{name}>{value}</e:{name}></e:person>");
            messages.push(format!("<e:r xmlns:e='urn:example'>{}{person}{}</e:r>", tag(before), tag(behind)));
            if before.is_empty() || behind.is_empty() {
                let member = |ori: &str| if ori.is_empty() { None } else { Some(format!(r#""e:for":"{ori}""#)) };
                let person = format!(r#""e:person":{{"e:{name}":"{value}"}}"#);
                let members: Vec<_> = [member(before), Some(person), member(behind)].into_iter().flatten().collect();
                messages.push(format!(r#"{{"e:r":{{{}}},"@context":{{"e":"urn:example"}}}}"#, members.join(",")));
            }
        }
    }
    let mut released = 0;
    for first in &messages {
        for second in &messages {
            let mut warm = rewrite::Buffers::default();
            redact(first, &mut warm);
            let alone = redact(second, &mut rewrite::Buffers::default());
            released += usize::from(alone.0.contains("JORDAN"));
            assert_eq!(redact(second, &mut warm), alone, "{first}\n{second}");
        }
    }
    // Those of the police only.
    assert_eq!(released, 4 * messages.len());
}

#[test]
fn p10_a_message_after_many_others_is_rewritten_as_if_it_was_the_first() {
    let fixtures = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let filter = Filter::builder().second_reading(false).build().unwrap();
    let requesters = ["AZ0070000", "VTICE0900", "NVDMV0000"].map(|ori| Requester::new(ori).unwrap().purpose("C"));
    let requesters: Vec<_> = requesters.into_iter().chain([Requester::from_envelope()]).collect();
    let redact = |message: &[u8], requester: &Requester, buffers: &mut rewrite::Buffers| {
        let mut out = Vec::new();
        let receipt = rewrite::redact(&filter.parts, message, requester, buffers, &mut out, |_, _, _| Ok(()));
        (out, serde_json::to_string(&receipt).unwrap())
    };
    let mut folders: Vec<_> = fs::read_dir(fixtures).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    let mut warm = rewrite::Buffers::default();
    let (mut seed, mut released) = (1, 0);
    for path in folders.iter().flat_map(|folder| ["message.xml", "message.json"].map(|name| folder.join(name))) {
        let Ok(message) = fs::read(path) else { continue };
        for round in 0..40 {
            let varied = if round == 0 { message.clone() } else { vary(&message, &mut seed) };
            let requester = &requesters[roll(&mut seed) % requesters.len()];
            let alone = redact(&varied, requester, &mut rewrite::Buffers::default());
            released += usize::from(!alone.0.is_empty());
            assert!(redact(&varied, requester, &mut warm) == alone, "{}", String::from_utf8_lossy(&varied));
        }
    }
    assert!(released > 200, "{released}");
}
