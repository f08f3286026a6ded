//! The page of a record over HTTP, on a repository that others filled.

use std::path::Path;
use std::time::{Duration, Instant};

use reqwest::{Response, StatusCode};
use serde_json::Value;
use tokio::process::Command;

use crate::harness::{ADMIN_PASSWORD, TestApp, run};

/// A bare repository with a Secret that somebody put there in clear, and a ConfigMap.
async fn repository(folder: &Path) -> String {
    let script = r#"
        set -e
        mkdir tree && cd tree && git init -q -b main . && mkdir -p clusters/default/shop/secret clusters/default/shop/configmap
        printf 'apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\n  namespace: shop\nstringData:\n  password: hunter2\n' \
            > clusters/default/shop/secret/db.yaml
        printf 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings\n  namespace: shop\ndata:\n  greeting: hello\n' \
            > clusters/default/shop/configmap/settings.yaml
        git add . && git -c user.name=eve -c user.email=eve@example.org commit -q -m "Two records"
        git clone -q --bare . ../remote.git
    "#;
    let made = Command::new("sh").args(["-c", script]).current_dir(folder).output().await.unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    folder.join("remote.git").to_str().unwrap().to_owned()
}

#[test]
fn a_record_is_told_without_secrets_and_a_hidden_one_looks_absent() {
    run(async {
        let folder = tempfile::tempdir().unwrap();
        let remote = repository(folder.path()).await;
        let settings = [("DENSHIMON_ADMIN_PASSWORD", ADMIN_PASSWORD), ("DENSHIMON_REPOSITORY_URL", &remote)];
        let app = TestApp::spawn_with(&settings).await;
        let admin = app.admin().await;
        let deadline = Instant::now() + Duration::from_secs(30);
        while admin.get("/api/records/ConfigMap/shop/settings").await.status() != StatusCode::OK {
            assert!(Instant::now() < deadline, "the record is fetched");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let record: Value = admin.get("/api/records/Secret/shop/db").await.json().await.unwrap();
        let text = record["text"].as_str().unwrap();
        assert!(text.contains("password: \"(not recorded by Denshimon)\""), "{record}");
        assert_eq!(record["commits"][0]["subject"], "Two records");
        assert_eq!(record["record"]["incomplete"], Value::Null, "the value is there, and is not shown");
        assert!(!record.to_string().contains("hunter2"));

        let answer = admin.get_page("/records/Secret/shop/db").await;
        assert_eq!(answer.status(), StatusCode::OK);
        let page = answer.text().await.unwrap();
        for words in
            ["kind: Secret", "Two records", "clusters/default/shop/secret/db.yaml", "<title>Record of Secret shop/db"]
        {
            assert!(page.contains(words), "{words}: {page}");
        }
        assert!(!page.contains("hunter2"));

        let stranger = app.token("viewer", Some("bank")).await;
        let hidden = words(stranger.get("/api/records/Secret/shop/db").await, "db").await;
        assert_eq!(hidden, words(stranger.get("/api/records/Secret/shop/none").await, "none").await);
        assert!(hidden.contains("not_found"), "{hidden}");
        app.stop().await;
    });
}

/// Returns status and words of an answer, without the name.
async fn words(answer: Response, name: &str) -> String {
    let status = answer.status();
    format!("{status} {}", answer.text().await.unwrap()).replace(name, "NAME")
}
