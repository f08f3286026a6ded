//! Every operation on Deployments over HTTP, as a script uses it; each that can is first tried as a dry run.

use reqwest::header::{ACCEPT, CONTENT_TYPE};
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};

use super::{Place, Program};
use crate::harness::provide_tls;

const ALL: &str = "/api/deployments";
const CONTAINER: &str = ".spec.template.spec.containers[0]";
const GENERATION: &str = ".metadata.generation";
const RESTARTED_AT: &str = ".spec.template.metadata.annotations['kubectl\\.kubernetes\\.io/restartedAt']";
const REVISION: &str = ".metadata.annotations['deployment\\.kubernetes\\.io/revision']";

/// Whoever writes to the cluster by the API.
struct Script<'a> {
    place: &'a Place,
    program: &'a Program,
}

/// What is sent, and what its header calls it.
struct Body {
    kind: &'static str,
    text: String,
}

/// A field of a Deployment, for kubectl, and what it is after a write.
struct Expected<'a> {
    name: &'a str,
    field: &'a str,
    value: &'a str,
}

impl Body {
    fn json(value: &Value) -> Self {
        Self { kind: "application/json", text: value.to_string() }
    }

    /// The manifest of `web`.
    fn yaml(namespace: &str, replicas: u32) -> Self {
        let text = format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web, namespace: {namespace}}}\nspec:\n  \
             replicas: {replicas}\n  selector: {{matchLabels: {{app: web}}}}\n  template:\n    \
             metadata: {{labels: {{app: web}}}}\n    spec:\n      containers:\n      \
             - {{name: web, image: 'shop/web:1'}}\n"
        );
        Self { kind: "application/yaml", text }
    }
}

impl Script<'_> {
    /// Returns the address of a Deployment and what comes after it.
    fn path(&self, rest: &str) -> String {
        format!("{ALL}/{}/{rest}", self.place.namespace)
    }

    async fn ask(&self, method: &Method, path: &str, body: &Body) -> Response {
        let request = self.program.http.request(method.clone(), format!("{}{path}", self.program.url));
        let request = request.bearer_auth(&self.program.token).header(CONTENT_TYPE, body.kind);
        request.body(body.text.clone()).send().await.unwrap()
    }

    async fn send(&self, method: &Method, path: &str, body: &Body) -> (StatusCode, Value) {
        let answer = self.ask(method, path, body).await;
        (answer.status(), answer.json().await.unwrap_or_default())
    }

    async fn read(&self, path: &str) -> Value {
        let (status, answer) = self.program.send(Method::GET, path, None).await;
        assert_eq!(status, StatusCode::OK, "{path}: {answer}");
        answer
    }

    /// Says what a write would do, and sees that nothing of it is done.
    async fn preview(&self, name: &str, method: &Method, path: &str, body: &Body) -> Value {
        let version = async || self.place.field(name, ".metadata.resourceVersion").await;
        let generation = self.place.field(name, GENERATION).await;
        let dry = format!("{path}?dry_run=true");
        // A rollout may write the status meanwhile.
        let what = format!("the version is the same before and after {method} {dry}");
        let preview = self
            .program
            .until(&what, async |_| {
                let before = version().await;
                let (status, preview) = self.send(method, &dry, body).await;
                if status == StatusCode::CONFLICT {
                    return None;
                }
                assert_eq!(status, StatusCode::OK, "{method} {dry}: {preview}");
                (version().await == before).then_some(preview)
            })
            .await;
        assert_eq!(self.place.field(name, GENERATION).await, generation, "{method} {dry}");
        assert!(!preview["diff"]["hunks"].as_array().unwrap().is_empty(), "{method} {dry}: {preview}");
        preview
    }

    /// Writes, after a dry run, and returns the operation.
    async fn write(&self, method: Method, path: &str, body: &Value, expected: &Expected<'_>) -> String {
        self.write_body(method, path, &Body::json(body), expected).await
    }

    async fn write_body(&self, method: Method, path: &str, body: &Body, expected: &Expected<'_>) -> String {
        let Expected { name, field, value } = expected;
        self.preview(name, &method, path, body).await;
        let (status, applied) = self.send(&method, path, body).await;
        assert_eq!(status, StatusCode::OK, "{method} {path}: {applied}");
        assert_eq!(self.place.field(name, field).await, *value, "{method} {path}");
        applied["operation"].as_str().unwrap().to_owned()
    }

    async fn until_revision(&self, revision: &str) {
        let found = async |_: &Program| (self.place.field("api", REVISION).await == revision).then_some(());
        self.program.until("the rollout has begun", found).await;
    }

    /// Asks kubectl whether there is such a Deployment.
    async fn is_there(&self, name: &str) -> bool {
        let arguments = ["get", "deployment", name, "-n", &self.place.namespace, "--ignore-not-found", "-o", "name"];
        !self.place.kubectl(&arguments).await.is_empty()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_does_with_deployments_all_that_the_pages_do() {
    provide_tls();
    let sandbox = sandbox::shared().await.unwrap();
    let place = Place::new(sandbox.kubeconfig(), &[("DENSHIMON_COMMIT_WINDOW", "0s")]).await;
    let program = place.start(None).await;
    // Lists are refused until everything has been read once.
    program.until_in_step().await;
    program.deploy(&place).await;
    let script = Script { place: &place, program: &program };
    create(&script).await;
    read(&script).await;
    change(&script).await;
    look_back(&script).await;
    delete(&script).await;
    program.kill().await;
}

/// By a manifest; `api` is there already, by its fields.
async fn create(script: &Script<'_>) {
    let new = Body::yaml(&script.place.namespace, 1);
    let (status, preview) = script.send(&Method::POST, &format!("{ALL}?dry_run=true"), &new).await;
    assert_eq!((status, &preview["target"]["name"]), (StatusCode::OK, &json!("web")), "{preview}");
    assert!(!script.is_there("web").await, "nothing is made by a dry run");
    let answer = script.ask(&Method::POST, ALL, &new).await;
    assert_eq!(answer.status(), StatusCode::CREATED);
    assert_eq!(answer.headers()["location"].to_str().unwrap(), script.path("web"));
    let applied: Value = answer.json().await.unwrap();
    assert_eq!(script.place.field("web", ".spec.replicas").await, "1");
    script.program.until_recorded(script.place, applied["operation"].as_str().unwrap()).await;
    let (status, taken) = script.send(&Method::POST, ALL, &new).await;
    assert_eq!(status, StatusCode::CONFLICT, "{taken}");
}

async fn read(script: &Script<'_>) {
    let namespace = script.place.namespace.as_str();
    let list = async |query: &str| script.read(&format!("{ALL}?namespace={namespace}&{query}")).await;
    let second = list("sort=name&descending=true&size=1&page=2").await;
    assert_eq!((&second["total"], &second["items"][0]["target"]["name"]), (&json!(2), &json!("api")), "{second}");
    let found = list("filter=shop/web").await;
    assert_eq!((&found["total"], &found["items"][0]["target"]["name"]), (&json!(1), &json!("web")), "{found}");
    let namespaces = script.read("/api/namespaces").await;
    assert!(namespaces.as_array().unwrap().contains(&json!(namespace)), "{namespaces}");

    let detail = script.read(&script.path("api")).await;
    assert_eq!(detail["summary"]["images"], json!(["shop/api:1"]), "{detail}");
    let address = format!("{}{}", script.program.url, script.path("api"));
    let request = script.program.http.get(address).bearer_auth(&script.program.token);
    let answer = request.header(ACCEPT, "application/yaml").send().await.unwrap();
    assert_eq!(
        (answer.status(), answer.headers()["content-type"].to_str().unwrap()),
        (StatusCode::OK, "application/yaml")
    );
    let yaml = answer.text().await.unwrap();
    assert!(yaml.contains("kind: Deployment\n") && yaml.contains("image: shop/api:1\n"), "{yaml}");
    let missing = script.program.send(Method::GET, &script.path("nowhere"), None).await;
    assert_eq!(missing.0, StatusCode::NOT_FOUND, "{}", missing.1);
}

async fn change(script: &Script<'_>) {
    let api = script.path("api");
    let expect = |field, value| Expected { name: "api", field, value };
    let replicas = Expected { name: "web", field: ".spec.replicas", value: "2" };
    let manifest = Body::yaml(&script.place.namespace, 2);
    script.write_body(Method::PUT, &script.path("web"), &manifest, &replicas).await;

    script.until_revision("1").await;
    let edit = json!({
        "image": "shop/api:2",
        "ports": [{"name": "http", "port": 8080, "protocol": "TCP"}],
        "resources": {"cpu_request": "10m", "memory_limit": "32Mi"},
    });
    let image = format!("{CONTAINER}.image");
    script.write(Method::PATCH, &api, &edit, &expect(&image, "shop/api:2")).await;
    for (field, value) in
        [("ports[0].containerPort", "8080"), ("resources.requests.cpu", "10m"), ("resources.limits.memory", "32Mi")]
    {
        assert_eq!(script.place.field("api", &format!("{CONTAINER}.{field}")).await, value, "{field}");
    }
    script.until_revision("2").await;
    script.write(Method::PATCH, &api, &json!({"paused": true}), &expect(".spec.paused", "true")).await;
    script.write(Method::PATCH, &api, &json!({"paused": false}), &expect(".spec.paused", "")).await;
    let (status, refusal) = script.send(&Method::PATCH, &api, &Body::json(&json!({"replica": 2}))).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{refusal}");

    restart(script).await;
    script.until_revision("3").await;
    let undo = json!({"revision": 1, "reason": "it was better"});
    script.write(Method::POST, &script.path("api/rollback"), &undo, &expect(&image, "shop/api:1")).await;
}

/// There is no dry run of it: who asks for one is told so.
async fn restart(script: &Script<'_>) {
    let (path, nothing) = (script.path("api/restart"), Body::json(&json!({})));
    let generation = script.place.field("api", GENERATION).await;
    let (status, refusal) = script.send(&Method::POST, &format!("{path}?dry_run=true"), &nothing).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{refusal}");
    assert!(refusal["message"].as_str().unwrap().contains("no dry run"), "{refusal}");
    assert_eq!(script.place.field("api", GENERATION).await, generation);
    assert_eq!(script.place.field("api", RESTARTED_AT).await, "");
    let (status, applied) = script.send(&Method::POST, &path, &nothing).await;
    assert_eq!(status, StatusCode::OK, "{applied}");
    assert_ne!(script.place.field("api", RESTARTED_AT).await, "");
}

async fn look_back(script: &Script<'_>) {
    let scale = json!({"replicas": 3, "reason": "to see"});
    let expected = Expected { name: "api", field: ".spec.replicas", value: "3" };
    let operation = script.write(Method::PATCH, &script.path("api"), &scale, &expected).await;
    let history = script.path("api/history?diff=true");
    let newest = script
        .program
        .until("the newest row has its commit", async |_| {
            let newest = script.read(&history).await["items"][0].clone();
            (newest["id"] == json!(operation) && newest["commit"].is_object()).then_some(newest)
        })
        .await;
    let commit = &newest["commit"];
    assert_eq!(commit["author"], "admin (token test)", "{newest}");
    let message = commit["message"].as_str().unwrap();
    for words in
        [format!("Scale {}/api to 3", script.place.namespace), "to see".into(), format!("Operation: {operation}")]
    {
        assert!(message.contains(&words), "{words}: {message}");
    }
    assert_eq!(commit["diff"]["summary"][0], "replicas 1 -> 3", "{newest}");

    let events = script.path("api/events");
    script
        .program
        .until("Kubernetes tells of its rollouts", async |_| {
            let events = script.read(&events).await;
            events.as_array().unwrap().iter().any(|event| event["reason"] == "ScalingReplicaSet").then_some(())
        })
        .await;
}

async fn delete(script: &Script<'_>) {
    let (path, reason) = (script.path("web"), Body::json(&json!({"reason": "nobody needs it"})));
    script.preview("web", &Method::DELETE, &path, &reason).await;
    let (status, applied) = script.send(&Method::DELETE, &path, &reason).await;
    assert_eq!(status, StatusCode::OK, "{applied}");
    assert!(!script.is_there("web").await);
    let gone = async |program: &Program| {
        let (status, _) = program.send(Method::GET, &path, None).await;
        (status == StatusCode::NOT_FOUND).then_some(())
    };
    script.program.until("the API shows it no more", gone).await;
}
