//! Accounts as the server uses them: who gets in, for how long, and what ends it.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use engine::{Caller, Clock, DatabaseConfig, Engine, EngineConfig, Error};
use model::user::{Role, Scope, TokenRequest, UserSummary};
use model::{PageRequest, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use tempfile::TempDir;

use crate::harness;

const PASSWORD: &str = "correct horse battery";
const OTHER: &str = "staple gun and rope";
const HOUR: i64 = 60 * 60;

/// An engine whose cluster does not answer and whose clock the test sets.
pub struct Team {
    pub engine: Engine,
    now: Arc<AtomicI64>,
    folder: TempDir,
}

impl Team {
    pub async fn start() -> Self {
        Self::start_with(DatabaseConfig::Memory).await
    }

    async fn start_with(database: DatabaseConfig) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let now = Arc::new(AtomicI64::new(1_700_000_000));
        let engine = Engine::start(config(&folder, &now, database)).await.unwrap();
        Self { engine, now, folder }
    }

    /// Starts with an administrator `ada`, who is signed in.
    pub async fn with_admin() -> (Self, Caller) {
        let team = Self::start().await;
        let link = team.engine.create_setup_link().await.unwrap();
        let ada = team.engine.complete_setup(&link, "ada", PASSWORD.into(), None).await.unwrap();
        let caller = team.open_session(&ada, "session of ada").await;
        (team, caller)
    }

    /// Makes a user with a password.
    pub async fn add(&self, admin: &Caller, name: &str, role: Role, scope: Scope) -> UserSummary {
        let made = self.engine.create_user(admin, name.parse().unwrap(), role, scope, None).await;
        let (user, link) = made.unwrap();
        self.engine.redeem_reset(&link, PASSWORD.into()).await.unwrap();
        user
    }

    /// Opens a session under a raw id, as the server does after a sign-in.
    pub async fn open_session(&self, user: &UserSummary, id: &str) -> Caller {
        self.save(id, Some(&user.id)).await;
        self.engine.caller_for_session(&user.id, id).await.unwrap()
    }

    async fn save(&self, id: &str, user: Option<&str>) {
        let now = self.now.load(Ordering::SeqCst);
        self.save_as(id, user, now).await;
    }

    /// Saves a session that rests on a sign-in at some second.
    async fn save_as(&self, id: &str, user: Option<&str>, signed_in: i64) {
        let expiry = Timestamp::from_second(self.now.load(Ordering::SeqCst) + 7 * 24 * HOUR).unwrap();
        let signed_in_at = Timestamp::from_second(signed_in).unwrap();
        let user = user.map(|id| engine::SessionUser { id: id.to_owned(), signed_in_at });
        self.engine.save_session(id, "{}".into(), expiry, user, "a browser".into()).await.unwrap();
    }

    async fn token(&self, caller: &Caller, role: Role, scope: Scope) -> SecretString {
        let request = TokenRequest { name: "ci".into(), role, scope, expires_in_days: 1 };
        self.engine.create_token(caller, request).await.unwrap().1
    }

    pub fn pass(&self, seconds: i64) {
        self.now.fetch_add(seconds, Ordering::SeqCst);
    }
}

fn config(folder: &TempDir, now: &Arc<AtomicI64>, database: DatabaseConfig) -> EngineConfig {
    let kubeconfig = folder.path().join("kubeconfig");
    let text = "apiVersion: v1\nkind: Config\ncurrent-context: away\n\
        clusters: [{name: away, cluster: {server: 'http://127.0.0.1:1'}}]\n\
        users: [{name: nobody, user: {}}]\n\
        contexts: [{name: away, context: {cluster: away, user: nobody}}]\n";
    std::fs::write(&kubeconfig, text).unwrap();
    let now = now.clone();
    let clock = Clock::new(move || Timestamp::from_second(now.load(Ordering::SeqCst)).unwrap());
    EngineConfig { database, clock, ..harness::config(folder.path(), &kubeconfig) }
}

fn here() -> IpAddr {
    "192.0.2.1".parse().unwrap()
}

fn shop() -> Scope {
    Scope::Namespaces(vec!["shop".parse().unwrap()])
}

fn is_out<T>(answer: &Result<T, Error>) -> bool {
    matches!(answer, Err(Error::NotSignedIn))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_set_up_link_works_once_and_for_a_day() {
    let team = Team::start().await;
    let engine = &team.engine;
    assert!(engine.setup_needed().await.unwrap());
    for password in ["admin", "password", "denshimon", ""] {
        let signed_in = engine.sign_in("admin", password.into(), here()).await;
        assert!(signed_in.is_err(), "no account is there by default");
    }
    let late = engine.create_setup_link().await.unwrap();
    team.pass(24 * HOUR);
    assert!(engine.complete_setup(&late, "ada", PASSWORD.into(), None).await.is_err());
    let replaced = engine.create_setup_link().await.unwrap();
    let link = engine.create_setup_link().await.unwrap();
    assert!(engine.complete_setup(&replaced, "ada", PASSWORD.into(), None).await.is_err());
    assert!(engine.complete_setup(&"guess".into(), "ada", PASSWORD.into(), None).await.is_err());
    for (name, password) in [("Not A Name", PASSWORD), ("ada", "short"), ("ada", "password123")] {
        assert!(engine.complete_setup(&link, name, password.into(), None).await.is_err());
    }
    let both = tokio::join!(
        engine.complete_setup(&link, "ada", PASSWORD.into(), None),
        engine.complete_setup(&link, "eve", PASSWORD.into(), None)
    );
    assert!(both.0.is_ok() != both.1.is_ok(), "of two at once one gets it");
    assert!(!engine.setup_needed().await.unwrap());
    assert!(engine.create_setup_link().await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_and_an_unknown_user_look_alike_and_are_slowed_down() {
    let (team, _) = Team::with_admin().await;
    let words = |answer: Result<UserSummary, Error>| answer.unwrap_err().to_wire();
    let mut answers = Vec::new();
    for name in ["ada", "nobody"] {
        for _ in 0..5 {
            answers.push(words(team.engine.sign_in(name, "wrong password".into(), here()).await));
        }
        let sixth = team.engine.sign_in(name, PASSWORD.into(), here()).await;
        assert!(matches!(sixth, Err(Error::TooMany { .. })), "{name}");
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "the same words for all: {answers:?}");
    let elsewhere = team.engine.sign_in("ada", PASSWORD.into(), "198.51.100.7".parse().unwrap()).await;
    assert!(matches!(elsewhere, Err(Error::TooMany { .. })), "another address does not lift the lock");
    team.pass(60);
    assert!(team.engine.sign_in("ada", PASSWORD.into(), here()).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_typed_as_a_name_reaches_the_audit_unless_it_is_one() {
    let (team, ada) = Team::with_admin().await;
    let _ = team.engine.sign_in("hunter2hunter2", "wrong".into(), here()).await;
    let _ = team.engine.sign_in("ada", "wrong".into(), here()).await;
    let audit = team.engine.list_audit(&ada, PageRequest::default()).await.unwrap();
    assert!(!format!("{audit:?}").contains("hunter2"));
    let newest = &audit.items[0];
    assert_eq!((newest.actor.as_str(), newest.succeeded), ("ada", false));
    assert_eq!(newest.address.as_deref(), Some("192.0.2.1"));
    assert_eq!(audit.total, audit.items.len() as u64);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_ends_after_12_hours_unused_and_after_7_days_in_any_case() {
    let (team, ada) = Team::with_admin().await;
    let load = || team.engine.load_session("session of ada");
    team.pass(12 * HOUR - 1);
    assert!(load().await.unwrap().is_some());
    team.pass(12 * HOUR);
    assert!(load().await.unwrap().is_none());
    assert!(is_out(&team.engine.caller_for_session(&ada.user_id, "session of ada").await));
    let user = team.engine.list_users(&ada).await.unwrap().remove(0);
    team.open_session(&user, "long").await;
    for _ in 0..(7 * 4 - 1) {
        team.pass(6 * HOUR);
        assert!(team.engine.load_session("long").await.unwrap().is_some());
    }
    team.pass(6 * HOUR);
    assert!(team.engine.load_session("long").await.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_was_ended_elsewhere_is_over_at_once_and_is_not_saved_again() {
    let (team, ada) = Team::with_admin().await;
    let user = team.engine.list_users(&ada).await.unwrap().remove(0);
    let phone = team.open_session(&user, "phone").await;
    let sessions = team.engine.list_sessions(&ada).await.unwrap();
    assert_eq!(sessions.iter().filter(|session| session.current).count(), 1);
    let other = sessions.iter().find(|session| !session.current).unwrap();
    let stream = tokio::spawn(team.engine.revoked(&phone));
    team.engine.revoke_session(&ada, &other.id).await.unwrap();
    tokio::time::timeout(Duration::from_secs(5), stream).await.unwrap().unwrap();
    team.save("phone", Some(&user.id)).await;
    assert!(team.engine.load_session("phone").await.unwrap().is_none());
    assert!(is_out(&team.engine.caller_for_session(&user.id, "phone").await));
    let bob = team.add(&ada, "bob", Role::Viewer, Scope::Everywhere).await;
    let bob = team.open_session(&bob, "bob's").await;
    let own = team.engine.list_sessions(&ada).await.unwrap().remove(0).id;
    assert!(matches!(team.engine.revoke_session(&bob, &own).await, Err(Error::NotFound { .. })));
}

/// Attack class 6: whatever changes who somebody is ends what rested on it.
#[tokio::test(flavor = "multi_thread")]
async fn every_change_of_a_user_ends_their_sessions_tokens_and_streams() {
    let (team, ada) = Team::with_admin().await;
    for what in ["role", "scope", "disable", "reset", "delete", "password"] {
        let name = format!("user-{what}");
        let user = team.add(&ada, &name, Role::Operator, Scope::Everywhere).await;
        let (kept, gone) = (format!("{name} kept"), format!("{name} gone"));
        let own = team.open_session(&user, &kept).await;
        let caller = team.open_session(&user, &gone).await;
        let token = team.token(&own, Role::Viewer, Scope::Everywhere).await;
        let by_token = team.engine.authenticate_token(&token).await.unwrap();
        let streams = [&caller, &by_token].map(|caller| tokio::spawn(team.engine.revoked(caller)));
        let engine = &team.engine;
        match what {
            "role" => engine.set_user_role(&ada, &user.id, Role::Viewer, Scope::Everywhere).await.unwrap(),
            "scope" => engine.set_user_role(&ada, &user.id, Role::Operator, shop()).await.unwrap(),
            "disable" => engine.disable_user(&ada, &user.id).await.unwrap(),
            "reset" => drop(engine.reset_user(&ada, &user.id).await.unwrap()),
            "delete" => engine.delete_user(&ada, &user.id).await.unwrap(),
            _ => engine.change_password(&own, PASSWORD.into(), OTHER.into()).await.unwrap(),
        }
        for stream in streams {
            tokio::time::timeout(Duration::from_secs(5), stream).await.expect(what).unwrap();
        }
        assert!(is_out(&engine.caller_for_session(&user.id, &gone).await), "{what}");
        assert!(is_out(&engine.authenticate_token(&token).await), "{what}");
        let own_session = engine.caller_for_session(&user.id, &kept).await;
        assert_eq!(own_session.is_ok(), what == "password", "{what}");
        let old_password = engine.sign_in(&name, PASSWORD.into(), here()).await;
        assert_eq!(old_password.is_ok(), ["role", "scope"].contains(&what), "{what}");
    }
}

/// Attack class 6: a session that is written a moment after the change still rests on the sign-in before it.
#[tokio::test(flavor = "multi_thread")]
async fn no_session_slips_through_a_change_of_password() {
    let (team, ada) = Team::with_admin().await;
    let user = team.add(&ada, "bob", Role::Operator, Scope::Everywhere).await;
    let own = team.open_session(&user, "own").await;
    let signed_in = team.now.load(Ordering::SeqCst);
    team.engine.sign_in("bob", PASSWORD.into(), here()).await.unwrap();
    team.pass(1);
    team.engine.change_password(&own, PASSWORD.into(), OTHER.into()).await.unwrap();
    team.save_as("thief", Some(&user.id), signed_in).await;
    assert!(is_out(&team.engine.caller_for_session(&user.id, "thief").await));
    team.save_as("thief", Some(&user.id), signed_in).await;
    assert!(is_out(&team.engine.caller_for_session(&user.id, "thief").await), "nor by being written again");
    team.save_as("own", Some(&user.id), signed_in).await;
    assert!(team.engine.caller_for_session(&user.id, "own").await.is_ok(), "one's own session stays");
    team.open_session(&user, "new").await;
}

/// Attack class 6: a token that is made while its maker's access ends does not outlive it.
#[tokio::test(flavor = "multi_thread")]
async fn no_token_slips_through_a_change_of_password() {
    let (team, ada) = Team::with_admin().await;
    for round in 0..10 {
        let user = team.add(&ada, &format!("user-{round}"), Role::Operator, Scope::Everywhere).await;
        let own = team.open_session(&user, &format!("own {round}")).await;
        let thief = team.open_session(&user, &format!("thief {round}")).await;
        let make = async {
            let request = || TokenRequest { name: "x".into(), role: Role::Viewer, scope: shop(), expires_in_days: 365 };
            let (mut made, mut last) = (Vec::new(), None);
            while let Ok((token, secret)) = team.engine.create_token(&thief, request()).await {
                made.push(secret);
                // There may be 50 at a time; the one before may be gone by itself.
                if let Some(before) = last.replace(token.id) {
                    let _ = team.engine.revoke_token(&thief, &before).await;
                }
            }
            made
        };
        let (made, changed) = tokio::join!(make, team.engine.change_password(&own, PASSWORD.into(), OTHER.into()));
        changed.unwrap();
        for token in made {
            assert!(is_out(&team.engine.authenticate_token(&token).await), "round {round}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_of_a_session_that_had_ended_before_it_began_ends_too() {
    let (team, ada) = Team::with_admin().await;
    team.engine.delete_session("session of ada").await.unwrap();
    tokio::time::timeout(Duration::from_secs(5), team.engine.revoked(&ada)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_never_has_more_rights_than_its_owner() {
    let (team, ada) = Team::with_admin().await;
    let bob = team.add(&ada, "bob", Role::Operator, shop()).await;
    let bob = team.open_session(&bob, "bob's").await;
    let request = |role, scope, days| TokenRequest { name: "ci".into(), role, scope, expires_in_days: days };
    for wrong in [
        request(Role::Admin, shop(), 1),
        request(Role::Viewer, Scope::Everywhere, 1),
        request(Role::Viewer, Scope::Namespaces(vec!["bank".parse().unwrap()]), 1),
        request(Role::Viewer, Scope::Namespaces(vec![]), 1),
        request(Role::Viewer, shop(), 0),
        request(Role::Viewer, shop(), 366),
    ] {
        assert!(matches!(team.engine.create_token(&bob, wrong).await, Err(Error::Invalid { .. })));
    }
    let token = team.token(&bob, Role::Viewer, shop()).await;
    assert!(token.expose_secret().starts_with("dsh_"));
    let caller = team.engine.authenticate_token(&token).await.unwrap();
    assert_eq!((caller.role, &caller.scope), (Role::Viewer, &shop()));
    assert_eq!(caller.actor().to_string(), "bob (token ci)");
    let again = team.engine.create_token(&caller, request(Role::Viewer, shop(), 365)).await;
    assert!(matches!(again, Err(Error::NotAllowed { .. })), "a token cannot outlive itself");
    let listed = team.engine.list_tokens(&bob).await.unwrap();
    assert!(listed.len() == 1 && listed[0].last_used.is_some());
    for garbage in ["", "dsh_", "eyJhbGciOiJub25lIn0.e30.", "' OR true"] {
        assert!(is_out(&team.engine.authenticate_token(&garbage.into()).await));
    }
    assert!(matches!(team.engine.revoke_token(&ada, &listed[0].id).await, Err(Error::NotFound { .. })));
    team.pass(24 * HOUR);
    assert!(is_out(&team.engine.authenticate_token(&token).await), "it has expired");
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_always_manages_users() {
    let (team, ada) = Team::with_admin().await;
    let id = ada.user_id.clone();
    let bob = team.add(&ada, "bob", Role::Admin, shop()).await;
    let (invited, _) =
        team.engine.create_user(&ada, "cy".parse().unwrap(), Role::Admin, Scope::Everywhere, None).await.unwrap();
    let conflict = |answer: Result<(), Error>| assert!(matches!(answer, Err(Error::Conflict { .. })));
    conflict(team.engine.set_user_role(&ada, &id, Role::Operator, Scope::Everywhere).await);
    conflict(team.engine.set_user_role(&ada, &id, Role::Admin, shop()).await);
    conflict(team.engine.disable_user(&ada, &id).await);
    conflict(team.engine.delete_user(&ada, &id).await);
    conflict(team.engine.reset_user(&ada, &id).await.map(drop));
    team.engine.delete_user(&ada, &invited.id).await.unwrap();
    team.engine.set_user_role(&ada, &bob.id, Role::Admin, Scope::Everywhere).await.unwrap();
    team.engine.delete_user(&ada, &id).await.unwrap();
    assert!(is_out(&team.engine.caller_for_session(&id, "session of ada").await));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_administrators_of_everything_manage_users() {
    let (team, ada) = Team::with_admin().await;
    let callers = [
        ("viewer", Role::Viewer, Scope::Everywhere),
        ("operator", Role::Operator, Scope::Everywhere),
        ("shop-admin", Role::Admin, shop()),
    ];
    for (name, role, scope) in callers {
        let user = team.add(&ada, name, role, scope).await;
        let caller = team.open_session(&user, name).await;
        let engine = &team.engine;
        let refused = |answer: Result<(), Error>| assert!(matches!(answer, Err(Error::NotAllowed { .. })), "{name}");
        refused(engine.list_users(&caller).await.map(drop));
        refused(engine.list_audit(&caller, PageRequest::default()).await.map(drop));
        let eve = "eve".parse().unwrap();
        refused(engine.create_user(&caller, eve, Role::Admin, Scope::Everywhere, None).await.map(drop));
        refused(engine.set_user_role(&caller, &user.id, Role::Admin, Scope::Everywhere).await);
        refused(engine.disable_user(&caller, &ada.user_id).await);
        refused(engine.enable_user(&caller, &ada.user_id).await);
        refused(engine.reset_user(&caller, &ada.user_id).await.map(drop));
        refused(engine.delete_user(&caller, &ada.user_id).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn guessing_the_current_password_in_an_open_browser_is_slowed_down() {
    let (team, ada) = Team::with_admin().await;
    for _ in 0..5 {
        let wrong = team.engine.change_password(&ada, "not this one".into(), OTHER.into()).await;
        assert!(matches!(wrong, Err(Error::Invalid { .. })));
    }
    let sixth = team.engine.change_password(&ada, PASSWORD.into(), OTHER.into()).await;
    assert!(matches!(sixth, Err(Error::TooMany { .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_are_not_on_the_disk_and_a_restart_signs_nobody_out() {
    let team = Team::start_with(DatabaseConfig::Embedded).await;
    let link = team.engine.create_setup_link().await.unwrap();
    let ada = team.engine.complete_setup(&link, "ada", PASSWORD.into(), None).await.unwrap();
    let session = "raw-session-id-of-ada";
    let caller = team.open_session(&ada, session).await;
    let token = team.token(&caller, Role::Admin, Scope::Everywhere).await;
    assert!(team.engine.stop(Duration::from_secs(10)).await);
    let mut files = vec![team.folder.path().join("store")];
    let mut bytes = 0;
    while let Some(path) = files.pop() {
        if path.is_dir() {
            files.extend(std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
            continue;
        }
        let content = std::fs::read(&path).unwrap();
        bytes += content.len();
        for secret in [link.expose_secret(), token.expose_secret(), PASSWORD, session] {
            let found = content.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "{} holds a secret", path.display());
        }
    }
    assert!(bytes > 0);
    let engine = Engine::start(config(&team.folder, &team.now, DatabaseConfig::Embedded)).await.unwrap();
    assert_eq!(engine.caller_for_session(&ada.id, session).await.unwrap(), caller);
    assert!(engine.authenticate_token(&token).await.is_ok());
    assert!(engine.stop(Duration::from_secs(10)).await);
}
