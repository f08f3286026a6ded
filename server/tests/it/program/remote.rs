//! The remote goes away, is changed by others, and comes back.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::Command;
use tokio::sync::watch;

use super::{Place, output};
use crate::harness::provide_tls;

/// A way to a server that can be cut, with all that goes over it.
struct Cable {
    port: u16,
    cut: watch::Sender<bool>,
}

impl Cable {
    async fn to(server: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (cut, is_cut) = watch::channel(false);
        let cable = Self { port: listener.local_addr().unwrap().port(), cut };
        tokio::spawn(async move {
            while let Ok((mut near, _)) = listener.accept().await {
                let (server, mut is_cut) = (server.clone(), is_cut.clone());
                tokio::spawn(async move {
                    let mut far = TcpStream::connect(server).await.unwrap();
                    tokio::select! {
                        _ = is_cut.wait_for(|cut| *cut) => {}
                        _ = tokio::io::copy_bidirectional(&mut near, &mut far) => {}
                    }
                });
            }
        });
        cable
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waited_for_the_remote_follows_what_others_pushed_meanwhile() {
    provide_tls();
    let sandbox = sandbox::shared().await.unwrap();
    let gitea = sandbox.gitea();
    let remote = gitea.create_repository(&format!("moved-{}", std::process::id())).await.unwrap();
    let server = gitea.url().trim_start_matches("http://").to_owned();
    let cable = Cable::to(server.clone()).await;
    let through_cable = remote.replacen(&server, &format!("127.0.0.1:{}", cable.port), 1);
    let place = Place::new(
        sandbox.kubeconfig(),
        &[
            ("DENSHIMON_COMMIT_WINDOW", "0s"),
            ("DENSHIMON_REPOSITORY_URL", &through_cable),
            ("DENSHIMON_REPOSITORY_USERNAME", gitea.username()),
            ("DENSHIMON_REPOSITORY_TOKEN", gitea.token()),
        ],
    )
    .await;
    let program = place.start(None).await;
    program.deploy(&place).await;
    program.until_in_step().await;

    // Away: the commit is made all the same, and the page says what is wrong.
    cable.cut.send(true).unwrap();
    let (status, applied) = program.scale(&place, 4).await;
    assert_eq!(status, StatusCode::OK, "{applied}");
    let waiting = applied["operation"].as_str().unwrap().to_owned();
    program.until_recorded(&place, &waiting).await;
    program.until_chip("cannot_push").await;
    let status = program.status().await;
    assert!(!status["problems"][0]["remedy"].as_str().unwrap().is_empty(), "{status}");
    assert!(!status.to_string().contains(gitea.token()), "no secret is told");
    // Without the remote everything else goes on.
    let (status, ready) = program.send(Method::GET, "/health/ready", None).await;
    assert_eq!((status, &ready["ready"]), (StatusCode::OK, &json!(true)), "{ready}");
    assert_eq!((&ready["away"][0]["what"], &ready["away"][1]), (&json!("remote"), &Value::Null), "{ready}");

    // Somebody else pushes in between.
    let clone = tempfile::tempdir().unwrap();
    let authority = format!("://{}:{}@", gitea.username(), gitea.token());
    let git = async |arguments: &[&str]| output(Command::new("git").arg("-C").arg(clone.path()).args(arguments)).await;
    git(&["clone", "-q", &remote.replacen("://", &authority, 1), "."]).await;
    std::fs::write(clone.path().join("NOTES.md"), "by hand\n").unwrap();
    git(&["add", "."]).await;
    git(&["-c", "user.name=eve", "-c", "user.email=eve@example.org", "commit", "-qm", "By hand"]).await;
    git(&["push", "-q", "origin", "HEAD:main"]).await;
    let foreign = git(&["rev-parse", "HEAD"]).await;

    // Back: ours follows theirs, once, and nothing of theirs is lost.
    cable.cut.send(false).unwrap();
    let (status, _) = program.send(Method::POST, "/api/gitops/push", None).await;
    assert_eq!(status, StatusCode::ACCEPTED);
    program.until_in_step().await;
    git(&["pull", "-q"]).await;
    git(&["merge-base", "--is-ancestor", foreign.trim(), "HEAD"]).await;
    assert_eq!(std::fs::read_to_string(clone.path().join("NOTES.md")).unwrap(), "by hand\n");
    let record = std::fs::read_to_string(clone.path().join(place.record().await)).unwrap();
    assert!(record.contains("replicas: 4\n"), "{record}");
    assert_eq!(place.commits_of(&[waiting]).await, [1]);
    assert!(!place.log().contains(gitea.token()), "no secret is logged");
}
