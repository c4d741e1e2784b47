//! The desk as its users have it: a message is held, looked at, approved or denied, and goes out once. What of it isn't on
//! record doesn't happen.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use dmv_redact::{Disposition, Filter, Instrument, Reason, Requester};
use dmv_redact_desk::{
    Desk, DeskError, ElementOutcome, Exported, Grants, HeldMessage, Leftover, Standing, hold, standing,
};
use dmv_redact_log::LogOptions;
use dmv_redact_review::{Added, ContentDigest, Keys, ReviewError, ReviewId, ReviewStore, State};
use serde_json::Value;
use sqlx::Connection;
use tempfile::TempDir;

type Result<T = ()> = std::result::Result<T, Box<dyn Error>>;

/// 2026-12-02T12:00:00Z.
const NOW: i64 = 1_796_212_800;
const DAY: i64 = 86_400;
const POLICY: &str = "massachusetts";

struct Office {
    folder: TempDir,
    desk: Desk,
    original: Vec<u8>,
}

fn message() -> Result<Vec<u8>> {
    Ok(fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/dr-ice/message.xml"))?)
}

fn requester() -> Requester {
    Requester::from_envelope().purpose("IMM")
}

impl Office {
    async fn open() -> Result<Self> {
        Self::open_in(TempDir::new()?, "desk.log").await
    }

    async fn open_in(folder: TempDir, log: &str) -> Result<Self> {
        Self::open_with(folder, log, Filter::builder().policy_named(Path::new(POLICY)).build()?).await
    }

    async fn open_with(folder: TempDir, log: &str, filter: Filter) -> Result<Self> {
        let path = |name| folder.path().join(name);
        fs::write(path("key"), [b'k'; 32])?;
        let database = path("reviews.db");
        let reviews = ReviewStore::open(database.to_str().ok_or("not UTF-8")?, Keys::read(&[path("key")])?).await?;
        let log = LogOptions::default().open(&path(log), &filter)?;
        Ok(Self { desk: Desk::new(reviews, log, filter), folder, original: message()? })
    }

    async fn hold(&self, id: &str) -> Result<Added> {
        let (filter, requester) = (&self.desk.filter(), requester());
        let receipt = filter.redact(&self.original, &requester, &mut Vec::new());
        assert_eq!(receipt.disposition(), Disposition::Held);
        let (original, requester, receipt) = (self.original.as_slice(), &requester, &receipt);
        let message = HeldMessage { source: "in", id, original, requester, receipt };
        Ok(hold(self.desk.reviews(), filter, &message, (NOW + 10 * DAY, NOW)).await?)
    }

    async fn standing(&self, id: ReviewId, node: &str, now: i64) -> Result<Standing> {
        let (filter, requester) = (&self.desk.filter(), requester());
        let receipt = filter.redact(&self.original, &requester, &mut Vec::new());
        let (original, requester, receipt) = (self.original.as_slice(), &requester, &receipt);
        let message = HeldMessage { source: "in", id: "1", original, requester, receipt };
        Ok(standing((self.desk.reviews(), filter), id, &message, node, (i64::MAX, now)).await?)
    }

    async fn approve(&self, id: ReviewId, grants: &Grants, by: &str) -> std::result::Result<State, DeskError> {
        let digest = ContentDigest::of(&self.original);
        let review = self.desk.reviews().get(id).await?.ok_or(ReviewError::NotFound(id))?;
        self.desk.approve(id, &digest, grants, (by, review.summary.state), (NOW + DAY, NOW)).await
    }

    async fn export(&self, source: Option<&str>) -> std::result::Result<(Vec<Exported>, Vec<Leftover>), DeskError> {
        self.desk.export(&self.out(), "host", source, NOW).await
    }

    fn out(&self) -> PathBuf {
        self.folder.path().join("out")
    }

    /// The records of the log, without those of runs.
    fn records(&self) -> Result<Vec<Value>> {
        let text = fs::read_to_string(self.folder.path().join("desk.log"))?;
        let records = text.lines().map(serde_json::from_str).collect::<std::result::Result<Vec<Value>, _>>()?;
        Ok(records.into_iter().filter(|record| record["record"] != "start").collect())
    }

    fn steps(&self) -> Result<Vec<String>> {
        let of = |record: &Value| record["step"].as_str().or(record["record"].as_str()).map(str::to_owned);
        self.records()?.iter().map(|record| of(record).ok_or_else(|| "no step".into())).collect()
    }
}

fn order(elements: &[&str]) -> Result<Grants> {
    let order = Instrument::new("court-order").issuer("federal-judge").number("2:26-mj-1").date("2026-12-01")?;
    let order = elements.iter().fold(order, |order, element| order.specifies(*element));
    Ok(Grants { claims: vec!["approved".to_owned()], instruments: vec![order] })
}

#[tokio::test]
async fn p12_a_message_goes_out_once_and_as_it_was_approved() -> Result {
    let office = Office::open().await?;
    let Added::New(id) = office.hold("1").await? else { return Err("it is new".into()) };
    assert_eq!(office.hold("1").await?, Added::Known(id));

    let view = office.desk.view(id, &Grants::default(), NOW).await?;
    assert_eq!((view.disposition, view.is_other_policy), (Disposition::Held, false));
    assert_eq!(view.request.purpose.as_deref(), Some("IMM"));
    let vouched: Vec<&str> = view.vouches.iter().map(|claim| claim.claim.as_str()).collect();
    assert!(vouched.contains(&"approved") && vouched.contains(&"court-order"), "{vouched:?}");
    let order = order(&["person.name"])?;
    let view = office.desk.view(id, &order, NOW).await?;
    assert_eq!(view.disposition, Disposition::Redacted);
    let released = view.elements.iter().filter(|line| line.outcome == ElementOutcome::Released);
    let released: Vec<&str> = released.map(|line| line.id.as_str()).filter(|id| !id.starts_with("envelope")).collect();
    assert!(!released.is_empty() && released.iter().all(|id| id.starts_with("person.name")), "{released:?}");
    assert!(!view.duties.is_empty() && !view.rules.is_empty());
    let text = format!("{view:?}") + &view.message.to_string();
    for value in ["DOE", "JOHN"] {
        assert!(!text.contains(value), "P6: {value}");
    }

    assert!(matches!(office.standing(id, "run", NOW).await?, Standing::Waits));
    assert_eq!(office.approve(id, &order, "ROE, J").await?, State::Approved);
    let (exported, left) = office.export(None).await?;
    let ([done], []) = (exported.as_slice(), left.as_slice()) else { return Err("one message goes out".into()) };
    assert_eq!((done.source.as_str(), done.id.as_str()), ("in", "1"));
    let output = fs::read(office.out().join(&done.file))?;
    let request = order.add_to(requester().date("2026-12-02")?);
    let mut expected = Vec::new();
    let receipt = office.desk.filter().redact(&office.original, &request, &mut expected);
    assert!(receipt.disposition().releases());
    assert_eq!(output, expected);
    assert!(office.export(None).await?.0.is_empty());
    assert!(matches!(office.standing(id, "run", NOW).await?, Standing::Held(_)));

    let records = office.records()?;
    let [approved, message] = records.as_slice() else { return Err(format!("{records:?}").into()) };
    assert_eq!((&approved["step"], &approved["by"]), (&"approved".into(), &"ROE, J".into()));
    assert_eq!(approved["instruments"][0]["specifies"][0], "person.name");
    assert_eq!(
        (&message["approved-by"], &message["review"], &message["source"], &message["id"]),
        (&"ROE, J".into(), &id.to_string().into(), &"in".into(), &"1".into())
    );
    Ok(())
}

#[tokio::test]
async fn p11_what_a_run_claimed_goes_out_there_and_nowhere_else() -> Result {
    let office = Office::open().await?;
    let id = office.hold("1").await?.id();
    office.approve(id, &order(&["license"])?, "ROE, J").await?;
    let Standing::Approved(request) = office.standing(id, "folder a", NOW).await? else {
        return Err("it is approved".into());
    };
    assert_eq!(request.approver(), Some("ROE, J"));
    // Killed: the same run claims it again, another can't.
    assert!(matches!(office.standing(id, "folder a", NOW).await?, Standing::Approved(_)));
    assert!(matches!(office.standing(id, "folder b", NOW).await?, Standing::Held(_)));
    assert!(office.export(None).await?.0.is_empty());
    office.desk.reviews().delivered(id, "folder a", NOW).await?;
    assert!(matches!(office.standing(id, "folder a", NOW).await?, Standing::Approved(_)));
    assert!(matches!(office.standing(id, "folder a", NOW + 2 * DAY).await?, Standing::Held(_)));
    Ok(())
}

#[tokio::test]
async fn p10_what_is_decided_after_a_run_began_counts_in_the_next_one() -> Result {
    let office = Office::open().await?;
    let id = office.hold("1").await?.id();
    let (filter, requester) = (&office.desk.filter(), requester());
    let receipt = filter.redact(&office.original, &requester, &mut Vec::new());
    let (original, requester, receipt) = (office.original.as_slice(), &requester, &receipt);
    let message = HeldMessage { source: "in", id: "1", original, requester, receipt };
    let began = office.desk.reviews().last_decision().await?;
    office.approve(id, &order(&["license"])?, "ROE, J").await?;
    let queue = (office.desk.reviews(), filter);
    assert!(matches!(standing(queue, id, &message, "run", (began, NOW)).await?, Standing::Waits));
    let began = office.desk.reviews().last_decision().await?;
    assert!(matches!(standing(queue, id, &message, "run", (began, NOW)).await?, Standing::Approved(_)));
    Ok(())
}

#[tokio::test]
async fn p2_an_approval_is_of_one_request_and_one_content() -> Result {
    let mut office = Office::open().await?;
    let id = office.hold("1").await?.id();
    office.approve(id, &order(&["license"])?, "ROE, J").await?;
    let (filter, request) = (&office.desk.filter(), requester().claim("court-order"));
    let receipt = filter.redact(&office.original, &requester(), &mut Vec::new());
    let other =
        HeldMessage { source: "in", id: "1", original: &office.original, requester: &request, receipt: &receipt };
    let queue = (office.desk.reviews(), filter);
    let found = standing(queue, id, &other, "run", (i64::MAX, NOW)).await?;
    assert!(matches!(found, Standing::Held(_)), "{found:?}");
    let Added::New(another) = hold(queue.0, filter, &other, (NOW + 10 * DAY, NOW)).await? else {
        return Err("another request is another review".into());
    };
    assert!(matches!(standing(queue, another, &other, "run", (i64::MAX, NOW)).await?, Standing::Waits));
    office.original.push(b' ');
    let found = office.standing(id, "run", NOW).await?;
    assert!(matches!(found, Standing::Held("another content was approved")), "{found:?}");
    Ok(())
}

#[tokio::test]
async fn p2_what_the_policy_does_not_let_a_reviewer_grant_is_refused() -> Result {
    let office = Office::open().await?;
    let id = office.hold("1").await?.id();
    let digest = ContentDigest::of(&office.original);
    let claims = |claims: &[&str]| Grants {
        claims: claims.iter().map(|claim| (*claim).to_owned()).collect(),
        ..Grants::default()
    };
    for (grants, why) in [
        (claims(&["certified"]), "doesn't let a reviewer vouch for"),
        (claims(&["approved", "court-order"]), "the claim counts only with an instrument behind it"),
        (claims(&[]), "with this the message is held"),
        (claims(&["approved"]), "with this the message is withheld"),
    ] {
        let error = office.approve(id, &grants, "ROE, J").await.err().ok_or("it is refused")?;
        assert!(error.to_string().contains(why), "{error}");
    }
    let other = ContentDigest::of(b"another");
    let order = order(&["license"])?;
    let seen = ("ROE, J", State::HalfApproved);
    let error = office.desk.approve(id, &digest, &order, seen, (NOW + DAY, NOW)).await.err();
    assert!(matches!(error, Some(DeskError::Review(ReviewError::Conflict { state: State::Open, .. }))));
    let error = office.desk.approve(id, &other, &order, ("ROE, J", State::Open), (NOW + DAY, NOW)).await.err();
    assert!(matches!(error, Some(DeskError::Review(ReviewError::Refused { .. }))));
    for (by, reason) in [("", "no"), ("ROE, J", " "), ("ROE, J", "a\nb"), ("ROE\n", "no")] {
        let error = office.desk.deny(id, &digest, reason, by, NOW).await.err();
        assert!(matches!(error, Some(DeskError::Usage(_))), "{by:?} {reason:?}");
    }
    assert!(office.records()?.is_empty(), "nothing was done, so nothing is on record");
    assert_eq!(office.desk.deny(id, &digest, "no paper", "ROE, J", NOW).await?, State::Denied);
    let error = office.approve(id, &order, "DOE, K").await.err();
    assert!(matches!(error, Some(DeskError::Review(ReviewError::Conflict { state: State::Denied, .. }))));
    assert!(matches!(office.standing(id, "run", NOW).await?, Standing::Denied("a person reviewed and denied it")));
    Ok(())
}

#[tokio::test]
async fn p2_the_clock_denies_and_what_was_denied_is_withheld() -> Result {
    let office = Office::open().await?;
    let (filter, requester) = (&office.desk.filter(), requester());
    let id = office.hold("1").await?.id();
    // Also before anybody has recorded that its time is over.
    let found = office.standing(id, "run", NOW + 10 * DAY).await?;
    let Standing::Denied(why @ "nobody decided in time") = found else { return Err(format!("{found:?}").into()) };
    let receipt = filter.redact(&office.original, &requester, &mut Vec::new()).denied(why);
    assert_eq!((receipt.disposition(), receipt.reason()), (Disposition::Withheld, Some(Reason::Denied)));
    assert_eq!(receipt.detail(), Some(why));
    office.desk.expire(NOW + 10 * DAY).await?;
    assert!(matches!(office.standing(id, "run", NOW).await?, Standing::Denied("nobody decided in time")));

    let late = office.desk.reopen(id, ("nobody was here", "ROE, J"), (NOW + 10 * DAY, NOW)).await?;
    assert_eq!(office.hold("1").await?, Added::Known(late));
    assert_eq!(office.approve(late, &order(&["license"])?, "ROE, J").await?, State::Approved);
    let late_standing = office.standing(late, "run", NOW + DAY).await?;
    assert!(matches!(late_standing, Standing::Denied("its approval expired before it went out")), "{late_standing:?}");
    // Opened again it has to be approved again, and the clock's denial is on record before.
    let again = office.desk.reopen(late, ("the run was late", "ROE, J"), (NOW + 10 * DAY, NOW + DAY)).await?;
    assert!(matches!(office.standing(again, "run", NOW + DAY).await?, Standing::Waits));
    let error = office.desk.reopen(again, ("early", "ROE, J"), (NOW + 10 * DAY, NOW + DAY)).await.err();
    assert!(matches!(error, Some(DeskError::Review(ReviewError::Conflict { state: State::Open, .. }))), "{error:?}");
    assert_eq!(office.steps()?, ["expired", "reopened", "approved", "expired", "reopened"]);
    Ok(())
}

#[tokio::test]
async fn p2_an_approval_that_is_taken_back_releases_nothing() -> Result {
    let office = Office::open().await?;
    let [id, sent] = [office.hold("1").await?.id(), office.hold("2").await?.id()];
    for id in [id, sent] {
        office.approve(id, &order(&["license"])?, "ROE, J").await?;
    }
    office.desk.reviews().begin_delivery(sent, "node", NOW).await?;
    for (id, reason) in [(sent, "too late"), (id, " ")] {
        assert!(office.desk.revoke(id, reason, "DOE, K", NOW).await.is_err());
    }
    let began = office.desk.reviews().last_decision().await?;
    assert_eq!(office.desk.revoke(id, "the order was quashed", "DOE, K", NOW).await?, State::Denied);
    assert!(matches!(office.standing(id, "run", NOW).await?, Standing::Denied(_)));
    assert!(office.export(None).await?.0.is_empty());
    let error = office.desk.reopen(id, ("a mistake", "DOE, K"), (NOW + DAY, NOW)).await.err();
    assert!(matches!(error, Some(DeskError::Review(ReviewError::Conflict { state: State::Denied, .. }))), "{error:?}");
    // A run that began before goes on as it began.
    let (filter, requester) = (&office.desk.filter(), requester());
    let receipt = filter.redact(&office.original, &requester, &mut Vec::new());
    let (original, requester, receipt) = (office.original.as_slice(), &requester, &receipt);
    let message = HeldMessage { source: "in", id: "1", original, requester, receipt };
    let found = standing((office.desk.reviews(), filter), id, &message, "run", (began, NOW)).await?;
    assert!(matches!(found, Standing::Waits), "{found:?}");
    assert_eq!(office.steps()?, ["approved", "approved", "revoked"]);
    Ok(())
}

#[tokio::test]
async fn p12_a_person_who_sees_the_message_is_on_record_and_the_clock_too() -> Result {
    let office = Office::open().await?;
    let id = office.hold("1").await?.id();
    assert_eq!(office.desk.show_original(id, "the name is unclear", "ROE, J").await?, office.original);
    assert_eq!(office.desk.expire(NOW).await?, 0);
    assert_eq!(office.desk.expire(NOW + 11 * DAY).await?, 1);
    assert_eq!(office.desk.purge(NOW + 20 * DAY, Some("ROE, J"), NOW + 20 * DAY).await?, 1);
    assert!(office.desk.show_original(id, "again", "ROE, J").await.is_err());
    assert!(office.desk.view(id, &Grants::default(), NOW).await.is_err());
    assert_eq!(office.steps()?, ["shown", "expired", "purged"]);
    Ok(())
}

#[tokio::test]
async fn p11_an_interrupted_delivery_goes_out_once() -> Result {
    let office = Office::open().await?;
    let order = order(&["license"])?;
    let [staged, gone] = [office.hold("1").await?.id(), office.hold("2").await?.id()];
    office.approve(staged, &order, "ROE, J").await?;
    office.approve(gone, &order, "ROE, J").await?;
    office.export(Some("elsewhere")).await?;
    // Killed after it was claimed: one still under its own name, the other in its place, from where it was taken.
    let node = format!("host: export {}", office.out().canonicalize()?.display());
    for id in [staged, gone] {
        office.desk.reviews().begin_delivery(id, &node, NOW).await?;
    }
    fs::write(office.out().join(".dmv-redact-review").join(staged.to_string()), "half")?;
    let (exported, left) = office.export(None).await?;
    assert_eq!((exported.len(), left.len()), (1, 1), "nobody knows of what is neither staged nor in its place");
    fs::write(office.out().join(format!("{gone}.xml")), "gone")?;
    let (again, left) = office.export(None).await?;
    assert!(again.is_empty() && left.is_empty());
    assert_eq!(exported.iter().map(|done| done.review).collect::<Vec<_>>(), [staged]);
    for id in [staged, gone] {
        let review = office.desk.reviews().get(id).await?.ok_or("it is there")?;
        assert_eq!(review.summary.state, State::Delivered);
    }
    assert_eq!(office.steps()?, ["approved", "approved", "message"]);
    Ok(())
}

#[tokio::test]
async fn p12_a_person_ends_what_was_interrupted_elsewhere() -> Result {
    let office = Office::open().await?;
    let id = office.hold("1").await?.id();
    office.approve(id, &order(&["license"])?, "ROE, J").await?;
    assert!(office.desk.settle(id, true, ("it was sent", "ROE, J"), NOW).await.is_err());
    office.desk.reviews().begin_delivery(id, "node-2", NOW).await?;
    office.desk.settle(id, false, ("the node is gone, and its log has no record", "ROE, J"), NOW).await?;
    assert_eq!(office.export(None).await?.0.len(), 1);
    assert_eq!(office.steps()?, ["approved", "abandoned", "message"]);

    // What this folder had staged goes with it; what another machine has staged there stays.
    let [own, other] = [office.hold("2").await?.id(), office.hold("3").await?.id()];
    let staged = |id: ReviewId| office.out().join(".dmv-redact-review").join(id.to_string());
    for (id, host) in [(own, "host"), (other, "other")] {
        office.approve(id, &order(&["license"])?, "ROE, J").await?;
        let node = format!("{host}: export {}", office.out().canonicalize()?.display());
        office.desk.reviews().begin_delivery(id, &node, NOW).await?;
        fs::write(staged(id), "staged")?;
    }
    office.desk.settle(own, true, ("it was sent by hand", "ROE, J"), NOW).await?;
    assert!(office.export(None).await?.0.is_empty());
    assert_eq!((staged(own).exists(), staged(other).exists()), (false, true));
    Ok(())
}

/// Who can write the database, but has no key.
async fn tamper(office: &Office, statement: &'static str) -> Result {
    let database = format!("sqlite:{}", office.folder.path().join("reviews.db").display());
    let mut connection = sqlx::AnyConnection::connect(&database).await?;
    sqlx::query(statement).execute(&mut connection).await?;
    Ok(connection.close().await?)
}

#[tokio::test]
async fn p2_a_row_that_says_approved_is_no_approval() -> Result {
    let office = Office::open().await?;
    let [nobody, denied] = [office.hold("1").await?.id(), office.hold("2").await?.id()];
    let digest = ContentDigest::of(&office.original);
    office.desk.deny(denied, &digest, "no paper", "ROE, J", NOW).await?;
    tamper(&office, "UPDATE reviews SET state = 'approved', expires = 9999999999, closed = NULL").await?;
    let found = office.standing(nobody, "run", NOW).await?;
    assert!(matches!(found, Standing::Held(_)), "{found:?}");
    let (exported, left) = office.export(None).await?;
    assert!(exported.is_empty());
    assert_eq!(left.len(), 2);

    let office = Office::open().await?;
    let id = office.hold("1").await?.id();
    office.approve(id, &order(&["license"])?, "ROE, J").await?;
    tamper(&office, "UPDATE reviews SET expires = 9999999999").await?;
    let found = office.standing(id, "run", NOW + 2 * DAY).await?;
    assert!(matches!(found, Standing::Held(_)), "{found:?}");
    tamper(&office, "UPDATE review_decisions SET decided_by = 'DOE, K'").await?;
    assert!(office.export(None).await.is_err());
    Ok(())
}

#[tokio::test]
async fn p2_what_was_taken_back_is_not_revived_by_deleting_the_denial() -> Result {
    let office = Office::open().await?;
    let id = office.hold("1").await?.id();
    office.approve(id, &order(&["license"])?, "ROE, J").await?;
    office.desk.revoke(id, "the order was quashed", "DOE, K", NOW).await?;
    for statement in [
        "DELETE FROM review_decisions WHERE verdict = 'denied'",
        "DELETE FROM review_secrets WHERE name = 'decision 2'",
        "UPDATE reviews SET state = 'approved', expires = 9999999999, closed = NULL",
        // And then its approval under the name by which it counted.
        "UPDATE review_secrets SET name = 'decision 1' WHERE name = 'decision 1, taken back'",
    ] {
        tamper(&office, statement).await?;
        let found = office.standing(id, "run", NOW).await;
        assert!(!matches!(found, Ok(Standing::Approved(_))), "{found:?}");
        let exported = office.export(None).await;
        assert!(exported.as_ref().map_or(true, |(exported, _)| exported.is_empty()), "{exported:?}");
    }
    Ok(())
}

#[tokio::test]
async fn p10_a_row_that_says_denied_is_no_denial() -> Result {
    let office = Office::open().await?;
    let id = office.hold("1").await?.id();
    tamper(&office, "UPDATE reviews SET state = 'denied', closed = 1").await?;
    let found = office.standing(id, "run", NOW).await?;
    assert!(matches!(found, Standing::Held("its row says that a person denied it, and nobody has")), "{found:?}");
    Ok(())
}

#[tokio::test]
async fn p2_a_policy_that_asks_for_two_people_by_now_gets_two() -> Result {
    let office = Office::open().await?;
    let [before, after] = [office.hold("1").await?.id(), office.hold("2").await?.id()];
    let order = order(&["license"])?;
    assert_eq!(office.approve(before, &order, "ROE, J").await?, State::Approved);
    let policies = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies");
    let policy = fs::read_to_string(policies.join("massachusetts.toml"))?;
    let policy = policy.replace("[[review]]", "[[review]]\npeople = 2");
    let mut filter = Filter::builder().policy_bytes("massachusetts", policy);
    for roster in ["immigration.csv", "border.csv", "deputized.csv", "federal.csv"] {
        filter = filter.roster_bytes(roster, fs::read(policies.join(roster))?);
    }
    let filter = filter.build()?;
    drop(office.desk);
    let office = Office::open_with(office.folder, "second.log", filter).await?;
    let (exported, left) = office.export(None).await?;
    assert!(exported.is_empty());
    assert_eq!(left.len(), 1, "one person's approval isn't enough any more");
    assert_eq!(office.approve(after, &order, "ROE, J").await?, State::HalfApproved);
    assert_eq!(office.approve(after, &order, "DOE, K").await?, State::Approved);
    assert_eq!(office.export(None).await?.0.len(), 1);
    Ok(())
}

#[tokio::test]
async fn p11_what_an_export_left_unfinished_is_cleaned_away() -> Result {
    let office = Office::open().await?;
    let id = office.hold("1").await?.id();
    office.export(None).await?;
    let unfinished = office.out().join(".dmv-redact-review").join(format!("{id}.new"));
    fs::write(&unfinished, "half")?;
    office.export(None).await?;
    assert!(!unfinished.exists());
    Ok(())
}
