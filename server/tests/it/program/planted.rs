//! Values that are planted in the cluster and must be found nowhere else.

use std::path::Path;

use base64::Engine as _;
use reqwest::header::{COOKIE, ORIGIN, SET_COOKIE};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{Place, Program};
use crate::harness::{ADMIN_PASSWORD, provide_tls};

/// Values of each of the four sorts.
const EACH: usize = 50;

/// All that is planted; a round changes each of them.
struct Planted {
    /// No other run's values can be taken for these.
    mark: String,
    values: Vec<String>,
}

impl Planted {
    fn new(place: &Place) -> Self {
        Self { mark: place.namespace.replace('-', ""), values: Vec::new() }
    }

    fn next(&mut self) -> String {
        let value = format!("planted{:04}{}", self.values.len(), self.mark);
        self.values.push(value.clone());
        value
    }

    /// Makes or changes what holds the values.
    async fn round(&mut self, place: &Place) {
        let namespace = place.namespace.clone();
        let map = |values: Vec<(String, String)>| -> Value {
            values.into_iter().map(|(key, value)| (key, Value::String(value))).collect::<serde_json::Map<_, _>>().into()
        };
        let data = map((0..EACH).map(|n| (format!("key-{n}"), self.next())).collect());
        let mut settings: Vec<_> = (0..EACH - 10).map(|n| (format!("service-{n}.password"), self.next())).collect();
        let lines: Vec<String> = (0..10).map(|n| format!("db.{n}.password = {}\n", self.next())).collect();
        settings.push(("application.properties".into(), lines.concat()));
        let settings = map(settings);
        let annotations = map((0..EACH).map(|n| (format!("example.com/token-{n}.secret"), self.next())).collect());
        let env: Vec<Value> =
            (0..EACH).map(|n| json!({"name": format!("SERVICE_{n}_TOKEN"), "value": self.next()})).collect();
        let metadata = |name: &str| json!({"name": name, "namespace": namespace});
        let labels = json!({"app": "planted"});
        let objects = json!({"apiVersion": "v1", "kind": "List", "items": [
            {"apiVersion": "v1", "kind": "Secret", "metadata": metadata("planted"), "stringData": data},
            {"apiVersion": "v1", "kind": "ConfigMap", "data": settings,
                "metadata": {"name": "planted", "namespace": namespace, "annotations": annotations}},
            {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata("planted"), "spec": {
                "replicas": 0, "selector": {"matchLabels": labels}, "template": {
                    "metadata": {"labels": labels},
                    "spec": {"containers": [{"name": "app", "image": "shop/app:1", "env": env}]}}}},
        ]});
        let file = place.folder.path().join("planted.json");
        std::fs::write(&file, objects.to_string()).unwrap();
        place.kubectl(&["apply", "-f", file.to_str().unwrap()]).await;
        std::fs::remove_file(file).unwrap();
    }

    /// Fails when a text holds a value, in clear or as a Secret has it.
    fn check(&self, what: &str, text: &[u8]) {
        let found = |needle: &[u8]| text.windows(needle.len()).any(|window| window == needle);
        if !found(b"planted0") && !found(b"cGxhbnRlZD") {
            return;
        }
        for value in &self.values {
            let encoded = base64::engine::general_purpose::STANDARD.encode(value);
            assert!(!found(value.as_bytes()), "{value} is in {what}");
            assert!(!found(encoded.trim_end_matches('=').as_bytes()), "{value} is in {what}, encoded");
        }
    }

    fn check_folder(&self, folder: &Path) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                self.check_folder(&path);
            } else {
                self.check(&path.display().to_string(), &std::fs::read(&path).unwrap());
            }
        }
    }
}

/// Returns the cookie of a browser's session.
async fn sign_in(program: &Program) -> String {
    let body = json!({"username": "admin", "password": ADMIN_PASSWORD});
    let request = program.http.post(format!("{}/api/session", program.url)).header(ORIGIN, &program.url);
    let answer = request.json(&body).send().await.unwrap();
    let cookie = answer.headers()[SET_COOKIE].to_str().unwrap();
    cookie.split(';').next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_planted_value_is_found_anywhere() {
    provide_tls();
    let kubeconfig = sandbox::shared().await.unwrap();
    let settings =
        [("DENSHIMON_COMMIT_WINDOW", "0s"), ("DENSHIMON_LOG", "info,engine=trace,app=trace,denshimon=trace")];
    let place = Place::new(kubeconfig.kubeconfig(), &settings).await;
    let program = place.start(None).await;
    program.until_in_step().await;
    let mut planted = Planted::new(&place);
    planted.round(&place).await;
    program
        .until("the record", async |_| place.git(&["log", "--format=%B"]).await.contains("planted").then_some(()))
        .await;
    planted.round(&place).await;

    // The same through Denshimon's own doors, where words are made of what people ask for.
    program.deploy(&place).await;
    let path = format!("/api/deployments/{}/api", place.namespace);
    for dry_run in ["?dry_run=true", ""] {
        let body = json!({"env": {"DB_PASSWORD": planted.next()}, "reason": "To see"});
        let (status, answer) = program.send(Method::PATCH, &format!("{path}{dry_run}"), Some(&body)).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        planted.check("the answer to an edit", answer.to_string().as_bytes());
        if let Some(operation) = answer["operation"].as_str() {
            program.until_recorded(&place, operation).await;
        }
    }
    program.until_in_step().await;
    assert_eq!(planted.values.len(), 2 * 4 * EACH + 2);

    let log = place.git(&["log", "-p", "--all"]).await;
    assert!(log.contains("SERVICE_7_TOKEN") && log.contains("fingerprint"), "{log}");
    planted.check("the repository", log.as_bytes());
    planted.check("the log", place.log().as_bytes());
    let mut pages: Vec<String> =
        ["/api/gitops/status", "/api/gitops/commits?size=100", "/api/deployments", "/api/audit", "/metrics"]
            .map(str::to_owned)
            .into();
    pages.extend(["/gitops/status", "/gitops/commits", "/deployments"].map(str::to_owned));
    pages.push(format!("{path}/history"));
    pages.push(format!("/api/deployments/{}/planted/history", place.namespace));
    pages.push(format!("/deployments/{}/planted", place.namespace));
    for id in place.git(&["log", "--format=%H", "main"]).await.lines() {
        pages.extend([format!("/gitops/commits/{id}"), format!("/api/gitops/commits/{id}")]);
    }
    let cookie = sign_in(&program).await;
    for page in pages {
        let request = program.http.get(format!("{}{page}", program.url));
        let request = if page.starts_with("/api") { request.bearer_auth(&program.token) } else { request };
        let answer = request.header(COOKIE, &cookie).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{page}");
        planted.check(&page, &answer.bytes().await.unwrap());
    }
    program.kill().await;
    planted.check_folder(&place.folder.path().join("data"));
}
