//! Values that are planted in the cluster and must be found nowhere else.

use std::path::Path;

use base64::Engine as _;
use reqwest::header::{ACCEPT, CONTENT_TYPE, COOKIE, ORIGIN, REFERER, SET_COOKIE};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{Place, Program};
use crate::harness::{ADMIN_PASSWORD, provide_tls};

/// Values of each of the four sorts.
const EACH: usize = 50;

/// The password of those who are no administrators.
const PASSWORD: &str = "battery staple correct";

/// Nothing that matters is encrypted for it.
const RECIPIENT: &str = "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj";

/// Words of a refusal that are kept in the store.
const KEPT_OF_A_REFUSAL: &str = "metadata.labels: Invalid value: a valid label must";

/// All that is planted; a round changes each of them.
struct Planted {
    /// No other run's values can be taken for these.
    mark: String,
    values: Vec<String>,
    /// Those that the Deployment's environment holds now.
    env: Vec<String>,
}

impl Planted {
    fn new(place: &Place) -> Self {
        Self { mark: place.namespace.replace('-', ""), values: Vec::new(), env: Vec::new() }
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
        self.env = (0..EACH).map(|_| self.next()).collect();
        let variable = |(n, value): (usize, &String)| json!({"name": format!("SERVICE_{n}_TOKEN"), "value": value});
        let env: Vec<Value> = self.env.iter().enumerate().map(variable).collect();
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

    /// Finds which values a text holds, in clear or as a Secret has them.
    fn found_in(&self, text: &[u8]) -> Vec<&String> {
        if !holds(text, "planted0") && !holds(text, "cGxhbnRlZD") {
            return Vec::new();
        }
        let encoded = |value: &String| base64::engine::general_purpose::STANDARD.encode(value);
        let is_found = |value: &&String| holds(text, value) || holds(text, encoded(value).trim_end_matches('='));
        self.values.iter().filter(is_found).collect()
    }

    /// Fails when a text holds a value.
    fn check(&self, what: &str, text: &[u8]) {
        assert_eq!(self.found_in(text), Vec::<&String>::new(), "in {what}");
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

fn holds(text: &[u8], needle: &str) -> bool {
    text.windows(needle.len()).any(|window| window == needle.as_bytes())
}

/// Tells whether a text is in clear in any file of a folder.
fn is_in_folder(folder: &Path, needle: &str) -> bool {
    std::fs::read_dir(folder).unwrap().any(|entry| {
        let path = entry.unwrap().path();
        if path.is_dir() { is_in_folder(&path, needle) } else { holds(&std::fs::read(&path).unwrap(), needle) }
    })
}

/// A browser with somebody's session.
struct Browser<'a> {
    program: &'a Program,
    cookie: String,
}

impl<'a> Browser<'a> {
    async fn sign_in(program: &'a Program, username: &str, password: &str) -> Self {
        let body = json!({"username": username, "password": password});
        let request = program.http.post(format!("{}/api/session", program.url)).header(ORIGIN, &program.url);
        let answer = request.json(&body).send().await.unwrap();
        let cookie = answer.headers()[SET_COOKIE].to_str().unwrap();
        Self { program, cookie: cookie.split(';').next().unwrap().to_owned() }
    }

    /// Makes a user of this role, as whom the new browser signs in.
    async fn invite(&self, role: &str) -> Self {
        let page = self.post("/fn/users/create_user", &format!("username={role}&role={role}"), "/team/users").await;
        let (_, link) = page.split_once("/reset?token=").unwrap();
        let token = link.split(['"', '\\', '<', '&']).next().unwrap();
        let password = PASSWORD.replace(' ', "+");
        self.post("/fn/session/redeem_reset", &format!("token={token}&password={password}"), "/reset").await;
        Self::sign_in(self.program, role, PASSWORD).await
    }

    async fn page(&self, path: &str) -> Vec<u8> {
        let request = self.program.http.get(format!("{}{path}", self.program.url)).header(ACCEPT, "text/html");
        let answer = request.header(COOKIE, &self.cookie).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        answer.bytes().await.unwrap().into()
    }

    /// Sends a form of a page and returns the page that it leads to.
    async fn post(&self, path: &str, form: &str, page: &str) -> String {
        let url = &self.program.url;
        let request = self.program.http.post(format!("{url}{path}")).header(ORIGIN, url).header(ACCEPT, "text/html");
        let request = request.header(REFERER, format!("{url}{page}")).header(COOKIE, &self.cookie);
        let request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(form.to_owned());
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        answer.text().await.unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_planted_value_is_found_anywhere() {
    look_everywhere(&[], "fingerprint").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_planted_value_is_found_anywhere_where_people_can_decrypt_it() {
    look_everywhere(&[("DENSHIMON_AGE_RECIPIENTS", RECIPIENT)], "ENC[AES256_GCM,").await;
}

/// Plants values, and looks for them wherever Denshimon writes; `stand_in` is what stands in the records for them.
async fn look_everywhere(settings: &[(&'static str, &str)], stand_in: &str) {
    provide_tls();
    let kubeconfig = sandbox::shared().await.unwrap();
    let usual = [("DENSHIMON_COMMIT_WINDOW", "0s"), ("DENSHIMON_LOG", "info,engine=trace,app=trace,denshimon=trace")];
    let place = Place::new(kubeconfig.kubeconfig(), &[&usual[..], settings].concat()).await;
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
    be_refused(&program, &place, &mut planted).await;
    program.until_in_step().await;
    assert_eq!(planted.values.len(), 2 * 4 * EACH + 4);

    let log = place.git(&["log", "-p", "--all"]).await;
    assert!(log.contains("SERVICE_7_TOKEN") && log.contains(stand_in), "{log}");
    planted.check("the repository", log.as_bytes());
    // What no commit has, too.
    let objects = place.git(&["cat-file", "--batch-all-objects", "--batch", "--unordered"]).await;
    assert!(objects.contains("SERVICE_7_TOKEN"));
    planted.check("the repository's objects", objects.as_bytes());
    for path in [
        "/api/gitops/status".into(),
        "/api/gitops/commits?size=100".into(),
        "/api/gitops/rules".into(),
        "/api/deployments".into(),
        "/api/audit".into(),
        "/api/namespaces".into(),
        "/api/tokens".into(),
        "/metrics".into(),
        format!("/api/deployments/{}/planted", place.namespace),
        format!("/api/deployments/{}/planted/events", place.namespace),
        format!("{path}/history"),
        format!("{path}/history?diff=true"),
        format!("/api/deployments/{}/planted/history?diff=true", place.namespace),
        format!("/api/deployments/{}/refused/history", place.namespace),
    ] {
        let answer = program.try_send(Method::GET, &path, None).await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        planted.check(&path, &answer.bytes().await.unwrap());
    }
    look_at_pages(&program, &place, &mut planted).await;
    program.kill().await;
    assert!(place.log().contains(&place.namespace));
    planted.check("the log", place.log().as_bytes());
    let data = place.folder.path().join("data");
    planted.check_folder(&data);
    assert!(is_in_folder(&data, KEPT_OF_A_REFUSAL), "what is in the store can be found in its files");
}

/// Asks for what Kubernetes refuses with words that quote a value; the reason is kept, and the value is not.
async fn be_refused(program: &Program, place: &Place, planted: &mut Planted) {
    let (label, env) = (format!("{} !", planted.next()), json!({"DB_PASSWORD": planted.next()}));
    for (labels, env) in [(json!({"note": label}), json!([])), (json!({}), env)] {
        let manifest = json!({"apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"name": "refused", "namespace": place.namespace, "labels": labels},
            "spec": {"selector": {"matchLabels": {"app": "x"}}, "template": {
                "metadata": {"labels": {"app": "x"}},
                "spec": {"containers": [{"name": "app", "image": "shop/app:1", "env": env}]}}}});
        let (status, answer) = program.send(Method::POST, "/api/deployments", Some(&manifest)).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{answer}");
    }
    let history = format!("/api/deployments/{}/refused/history", place.namespace);
    let (_, history) = program.send(Method::GET, &history, None).await;
    let words = history.to_string();
    for kept in [KEPT_OF_A_REFUSAL, ".env: expected list"] {
        assert!(words.contains(kept), "{kept}: {words}");
    }
}

/// Looks at all pages as each role; who may change a Deployment sees its environment, and there alone.
async fn look_at_pages(program: &Program, place: &Place, planted: &mut Planted) {
    let deployment = format!("/deployments/{}/planted", place.namespace);
    let mut pages: Vec<String> =
        ["/", "/gitops/status", "/gitops/rules", "/gitops/commits", "/deployments", "/search?q=planted", "/account"]
            .map(str::to_owned)
            .into();
    let kinds = ["Secret", "ConfigMap", "Deployment.apps"];
    pages.extend(kinds.map(|kind| format!("/records/{kind}/{}/planted", place.namespace)));
    pages.extend(["", "/pods", "/events", "/history"].map(|tab| format!("{deployment}{tab}")));
    let admin = Browser::sign_in(program, "admin", ADMIN_PASSWORD).await;
    let (viewer, operator) = (admin.invite("viewer").await, admin.invite("operator").await);
    for (role, browser) in [("a viewer", &viewer), ("an operator", &operator), ("an administrator", &admin)] {
        for page in &pages {
            planted.check(&format!("{page} as {role}"), &browser.page(page).await);
        }
    }
    for page in ["/team/audit", "/team/users"] {
        planted.check(page, &admin.page(page).await);
    }
    for id in place.git(&["log", "--format=%H", "main"]).await.lines() {
        let page = format!("/gitops/commits/{id}");
        planted.check(&page, &admin.page(&page).await);
        let (status, answer) = program.send(Method::GET, &format!("/api{page}"), None).await;
        assert_eq!(status, StatusCode::OK, "{page}");
        planted.check(&format!("/api{page}"), answer.to_string().as_bytes());
    }
    for tab in ["/yaml", "/edit", "/edit?view=yaml"] {
        let page = format!("{deployment}{tab}");
        let shown = viewer.page(&page).await;
        assert!(holds(&shown, "SERVICE_7_TOKEN"), "{page} shows all but the values");
        planted.check(&page, &shown);
        let shown = operator.page(&page).await;
        assert_eq!(planted.found_in(&shown), planted.env.iter().collect::<Vec<_>>(), "{page} as an operator");
    }
    // What is typed may be a secret, and is kept for a day.
    let typed = format!("yaml={}", planted.next());
    operator.post("/fn/deployments/save_yaml_draft", &typed, "/deployments/new").await;
}
