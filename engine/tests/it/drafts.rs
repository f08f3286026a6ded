//! What people typed is kept, for them alone.

use engine::Error;
use model::deployment::{DeploymentChange, Draft};
use model::user::{Role, Scope};

use crate::accounts::Team;

const HOUR: i64 = 60 * 60;

fn typed(text: &str) -> DeploymentChange {
    DeploymentChange::CreateYaml(text.into())
}

fn is_missing(answer: &Result<Draft, Error>) -> bool {
    matches!(answer, Err(Error::NotFound { .. }))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_is_its_writer_s_alone_and_lives_a_day() {
    let (team, ada) = Team::with_admin().await;
    let bob = team.add(&ada, "bob", Role::Admin, Scope::Everywhere).await;
    let bob = team.open_session(&bob, "bob's").await;
    let draft = team.engine.save_draft(&ada, typed("a: 1"), Some("7".into())).await.unwrap();
    assert_eq!(team.engine.read_draft(&ada, &draft.id, None).await.unwrap(), draft);
    assert!(is_missing(&team.engine.read_draft(&bob, &draft.id, None).await));
    team.engine.delete_draft(&bob, &draft.id).await.unwrap();
    team.pass(24 * HOUR - 1);
    assert!(team.engine.read_draft(&ada, &draft.id, None).await.is_ok());
    team.pass(1);
    assert!(is_missing(&team.engine.read_draft(&ada, &draft.id, None).await));
    let long = team.engine.save_draft(&ada, typed(&"x".repeat(8 * 1024 * 1024)), None).await;
    assert!(matches!(long, Err(Error::Invalid { .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_sent_after_the_session_ended_is_found_after_signing_in() {
    let (team, ada) = Team::with_admin().await;
    let bob = team.add(&ada, "bob", Role::Operator, Scope::Everywhere).await;
    let bob = team.open_session(&bob, "bob's").await;
    let id = team.engine.save_anonymous_draft(typed("a: 1"), None).await.unwrap();
    let planted = team.engine.read_draft(&ada, &id, None).await;
    assert!(is_missing(&planted), "an address that somebody sent makes nobody's draft one's own");
    assert!(is_missing(&team.engine.read_draft(&ada, &id, Some("another")).await));
    let found = team.engine.read_draft(&ada, &id, Some(&id)).await.unwrap();
    assert_eq!((&found.id, &found.change), (&id, &typed("a: 1")));
    assert_eq!(team.engine.read_draft(&ada, &id, None).await.unwrap(), found, "it is a draft of hers now");
    assert!(is_missing(&team.engine.claim_draft(&bob, &id).await), "and nobody else's");
    let late = team.engine.save_anonymous_draft(typed("b: 2"), None).await.unwrap();
    team.pass(HOUR);
    assert!(is_missing(&team.engine.claim_draft(&ada, &late).await));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_write_keeps_no_drafts() {
    let (team, ada) = Team::with_admin().await;
    let viewer = team.add(&ada, "vera", Role::Viewer, Scope::Everywhere).await;
    let viewer = team.open_session(&viewer, "vera's").await;
    let saved = team.engine.save_draft(&viewer, typed("a: 1"), None).await;
    assert!(matches!(saved, Err(Error::NotAllowed { .. })));
}
