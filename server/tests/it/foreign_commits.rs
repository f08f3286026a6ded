//! What strangers put into the repository is text on every page and changes no other.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::process::Command;

use crate::harness::{ADMIN_PASSWORD, TestApp, run};

const HOSTILE: &str = "<img src=x onerror=alert(1)>";

/// A bare repository whose author, subject, file name and content would all be markup.
async fn hostile_repository(folder: &Path) -> String {
    let tree = folder.join("tree");
    let script = r#"
        set -e
        git init -q -b main . && mkdir -p "clusters/nowhere/namespaces/shop"
        printf 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n  namespace: shop\ndata:\n  a: "</textarea></script><script>alert(2)</script>"\n' \
            > "clusters/nowhere/namespaces/shop/$HOSTILE.yaml"
        git add . && git commit -q -m "$HOSTILE" -m "$HOSTILE

Resource: ConfigMap/shop/$HOSTILE
Actor: $HOSTILE"
        git clone -q --bare . ../remote.git
    "#;
    std::fs::create_dir(&tree).unwrap();
    let made = Command::new("sh")
        .args(["-c", script])
        .current_dir(&tree)
        .env("HOSTILE", HOSTILE)
        .env("GIT_AUTHOR_NAME", "\"><script>alert(3)</script>")
        .env("GIT_AUTHOR_EMAIL", "eve@example.org")
        .env("GIT_COMMITTER_NAME", HOSTILE)
        .env("GIT_COMMITTER_EMAIL", "eve@example.org")
        .output()
        .await
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    folder.join("remote.git").to_str().unwrap().to_owned()
}

#[test]
fn a_strangers_commit_is_shown_as_text() {
    run(async {
        let folder = tempfile::tempdir().unwrap();
        let remote = hostile_repository(folder.path()).await;
        let settings = [("DENSHIMON_ADMIN_PASSWORD", ADMIN_PASSWORD), ("DENSHIMON_REPOSITORY_URL", &remote)];
        let app = TestApp::spawn_with(&settings).await;
        let admin = app.admin().await;
        let deadline = Instant::now() + Duration::from_secs(30);
        let commit = loop {
            let page: Value = admin.get("/api/gitops/commits").await.json().await.unwrap();
            if let Some(id) = page["items"][0]["id"].as_str() {
                break id.to_owned();
            }
            assert!(Instant::now() < deadline, "the foreign commit is fetched: {page}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        };
        for path in ["/gitops/commits", &format!("/gitops/commits/{commit}"), "/", "/gitops/status"] {
            let answer = admin.get_page(path).await;
            assert_eq!(answer.status().as_u16(), 200, "{path}");
            let page = answer.text().await.unwrap();
            for markup in [HOSTILE, "<script>alert", "</textarea></script>"] {
                assert!(!page.contains(markup), "{path} holds {markup}");
            }
        }
        let page = admin.get_page(&format!("/gitops/commits/{commit}")).await.text().await.unwrap();
        assert!(page.contains("&lt;img src=x onerror=alert(1)&gt;"), "and it is shown");
        app.stop().await;
    });
}
