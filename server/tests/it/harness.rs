//! Starts the whole program on a free port, and speaks HTTP with it as a browser or a script does.

use std::collections::BTreeMap;
use std::future::Future;
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use reqwest::header::{ACCEPT, COOKIE, LOCATION, SET_COOKIE};
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};
use server::{Application, Arguments, Config};
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

pub const ADMIN_PASSWORD: &str = "correct horse battery";

/// The stack that `main` gives its threads, too.
const STACK_BYTES: usize = 10 * 1024 * 1024;

/// A running program. Nothing of it is left when the test ends.
pub struct TestApp {
    pub url: String,
    pub setup_link: Option<String>,
    pub engine: engine::Engine,
    stop: Option<oneshot::Sender<()>>,
    serving: JoinHandle<anyhow::Result<()>>,
    _folder: TempDir,
}

/// Somebody who talks to the program and keeps its cookies.
pub struct Client {
    url: String,
    http: reqwest::Client,
    cookies: Mutex<BTreeMap<String, String>>,
    token: Option<String>,
}

/// Runs a test with the stacks of the program.
pub fn run(test: impl Future<Output = ()> + Send + 'static) {
    provide_tls();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_stack_size(STACK_BYTES)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async { tokio::spawn(test).await.unwrap() });
}

/// Chooses the TLS library, as `main` does.
pub fn provide_tls() {
    // An error means that another test was first.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
}

impl TestApp {
    /// Starts with an administrator, and a cluster that does not answer.
    pub async fn spawn() -> Self {
        Self::spawn_with(&[("DENSHIMON_ADMIN_PASSWORD", ADMIN_PASSWORD)]).await
    }

    /// Starts with these settings over those of every test.
    pub async fn spawn_with(extra: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
        write_assets(&folder.path().join("site"));
        std::fs::write(path("kubeconfig"), KUBECONFIG).unwrap();
        let mut settings = BTreeMap::from([
            ("DENSHIMON_LISTEN".to_owned(), "127.0.0.1:0".to_owned()),
            ("DENSHIMON_DATA_DIR".to_owned(), path("data")),
            ("DENSHIMON_ASSETS_DIR".to_owned(), path("site")),
            ("DENSHIMON_DATABASE_URL".to_owned(), "memory".to_owned()),
            ("KUBECONFIG".to_owned(), path("kubeconfig")),
        ]);
        settings.extend(extra.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let config = Config::from_sources(&Arguments::default(), settings).unwrap();
        let application = Application::build(config).await.unwrap();
        let url = format!("http://{}", application.address());
        let setup_link = application.setup_link().map(str::to_owned);
        let engine = application.engine().clone();
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = tokio::spawn(application.run_until(async {
            let _ = stopped.await;
        }));
        Self { url, setup_link, engine, stop: Some(stop), serving, _folder: folder }
    }

    /// Returns somebody who is not signed in.
    pub fn client(&self) -> Client {
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Client { url: self.url.clone(), http, cookies: Mutex::default(), token: None }
    }

    /// Returns the administrator, signed in with a cookie.
    pub async fn admin(&self) -> Client {
        let client = self.client();
        let credentials = json!({"username": "admin", "password": ADMIN_PASSWORD});
        let answer = client.send(Method::POST, "/api/session", Some(credentials)).await;
        assert_eq!(answer.status(), StatusCode::OK);
        client
    }

    /// Returns the owner of a new token with this role, everywhere or in one namespace.
    pub async fn token(&self, role: &str, namespace: Option<&str>) -> Client {
        let mut request = json!({"name": format!("test-{role}"), "role": role, "expires_in_days": 1});
        if let Some(namespace) = namespace {
            request["namespaces"] = json!([namespace]);
        }
        let answer = self.admin().await.send(Method::POST, "/api/tokens", Some(request)).await;
        assert_eq!(answer.status(), StatusCode::CREATED);
        let made: Value = answer.json().await.unwrap();
        Client { token: made["token"].as_str().map(str::to_owned), ..self.client() }
    }

    /// Returns the administrator as the engine knows them.
    pub async fn caller(&self) -> engine::Caller {
        let token = self.token("admin", None).await.token.unwrap();
        self.engine.authenticate_token(&token.into()).await.unwrap()
    }

    /// Ends the program as SIGTERM does, and says whether it took less than 10 s.
    pub async fn stop(mut self) {
        self.stop.take().unwrap().send(()).unwrap();
        tokio::time::timeout(Duration::from_secs(11), self.serving).await.unwrap().unwrap().unwrap();
    }
}

impl Client {
    /// Sends JSON, or nothing.
    pub async fn send(&self, method: Method, path: &str, body: Option<Value>) -> Response {
        let request = self.request(method, path);
        let request = match body {
            Some(body) => request.json(&body),
            None => request,
        };
        self.finish(request).await
    }

    pub async fn get(&self, path: &str) -> Response {
        self.send(Method::GET, path, None).await
    }

    /// Asks for a page as a browser does.
    pub async fn get_page(&self, path: &str) -> Response {
        self.finish(self.request(Method::GET, path).header(ACCEPT, "text/html,application/xhtml+xml")).await
    }

    /// Sends a form as a browser without JavaScript does, from one of our pages.
    pub async fn post_form(&self, path: &str, fields: &[(&str, &str)], page: &str) -> Response {
        let request = self
            .request(Method::POST, path)
            .header(ACCEPT, "text/html,application/xhtml+xml")
            .header("referer", format!("{}{page}", self.url))
            .header("origin", &self.url)
            .header("sec-fetch-site", "same-origin")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(encode(fields));
        self.finish(request).await
    }

    /// Begins a request with the cookies and the token.
    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let mut request = self.http.request(method, format!("{}{path}", self.url));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        let cookies = self.cookies();
        if cookies.is_empty() { request } else { request.header(COOKIE, cookies) }
    }

    /// Sends a request and keeps the cookies of the answer.
    pub async fn finish(&self, request: reqwest::RequestBuilder) -> Response {
        let answer = request.send().await.unwrap();
        let mut cookies = self.cookies.lock().unwrap();
        for header in answer.headers().get_all(SET_COOKIE) {
            let text = header.to_str().unwrap();
            let (name, value) = text.split(';').next().unwrap().split_once('=').unwrap();
            if value.is_empty() || text.contains("Max-Age=0") {
                cookies.remove(name);
            } else {
                cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        drop(cookies);
        answer
    }

    /// Returns the `Cookie` header.
    pub fn cookies(&self) -> String {
        let cookies = self.cookies.lock().unwrap();
        cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    /// Takes over somebody's cookies, as a thief would.
    pub fn set_cookies(&self, header: &str) {
        let pairs = header.split("; ").filter_map(|pair| pair.split_once('='));
        *self.cookies.lock().unwrap() = pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    }
}

/// Returns where an answer leads.
pub fn location(answer: &Response) -> &str {
    answer.headers().get(LOCATION).map(|value| value.to_str().unwrap()).unwrap_or_default()
}

/// Writes fields as a browser sends them.
pub fn encode(fields: &[(&str, &str)]) -> String {
    let encode = |text: &str| -> String { text.bytes().map(|byte| format!("%{byte:02X}")).collect() };
    fields.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect::<Vec<_>>().join("&")
}

pub fn write_assets(folder: &Path) {
    std::fs::create_dir_all(folder.join("assets")).unwrap();
    std::fs::create_dir_all(folder.join("public")).unwrap();
    let names = json!({"boot": "boot-1.js", "script": "denshimon-1.js", "style": "denshimon-1.css", "wasm": "denshimon-1.wasm"});
    std::fs::write(folder.join("assets.json"), names.to_string()).unwrap();
    std::fs::write(folder.join("assets/boot-1.js"), "// boot").unwrap();
    std::fs::write(folder.join("assets/boot-1.js.br"), "compressed").unwrap();
    std::fs::write(folder.join("public/robots.txt"), "User-agent: *\nDisallow: /\n").unwrap();
}

/// Nobody listens at port 1: the cluster is away.
const KUBECONFIG: &str = "\
apiVersion: v1
kind: Config
current-context: nowhere
clusters:
- name: nowhere
  cluster: {server: 'http://127.0.0.1:1'}
users:
- name: nobody
  user: {}
contexts:
- name: nowhere
  context: {cluster: nowhere, user: nobody}
";
