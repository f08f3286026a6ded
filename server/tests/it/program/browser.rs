//! A browser without JavaScript, as far as forms and their drafts need one.

use reqwest::header::{ACCEPT, CONTENT_TYPE, COOKIE, LOCATION, ORIGIN, REFERER};
use reqwest::redirect::Policy;
use reqwest::{RequestBuilder, Response};

use super::Program;
use crate::harness::encode;

/// Where a form is sent to be previewed, and the page of the form for a new Deployment.
pub const SAVE: &str = "/fn/deployments/save_draft";
pub const NEW: &str = "/deployments/new";

const APPLY: &str = "/fn/deployments/apply_draft";

/// A browser without JavaScript, with the administrator's session.
pub struct Browser<'a> {
    program: &'a Program,
    http: reqwest::Client,
    cookie: String,
}

impl<'a> Browser<'a> {
    /// Signs in.
    pub async fn open(program: &'a Program) -> Self {
        let http = reqwest::Client::builder().redirect(Policy::none()).build().unwrap();
        Self { program, http, cookie: program.sign_in().await }
    }

    async fn send(&self, request: RequestBuilder) -> Response {
        request.header(ACCEPT, "text/html").header(COOKIE, &self.cookie).send().await.unwrap()
    }

    /// Reads a page.
    pub async fn read(&self, path: &str) -> String {
        self.send(self.http.get(format!("{}{path}", self.program.url))).await.text().await.unwrap()
    }

    /// Sends a form from a page and returns the address that the answer leads to.
    pub async fn post(&self, path: &str, fields: &[(&str, &str)], page: &str) -> String {
        let url = &self.program.url;
        let request = self.http.post(format!("{url}{path}")).header(REFERER, format!("{url}{page}"));
        let request = request.header(ORIGIN, url).header("sec-fetch-site", "same-origin");
        let request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(encode(fields));
        let answer = self.send(request).await;
        let address = answer.headers().get(LOCATION).map(|address| address.to_str().unwrap().to_owned());
        let address = address.unwrap_or_else(|| panic!("{path} leads nowhere: {}", answer.status()));
        address.strip_prefix(url.as_str()).unwrap_or(&address).to_owned()
    }

    /// Applies what a page previews, as the page says it.
    pub async fn apply(&self, page: &str, more: &[(&str, &str)], address: &str) -> String {
        let (id, version) = (value(page, "id"), value(page, "resource_version"));
        let fields = [&[("id", id.as_str()), ("resource_version", version.as_str())][..], more].concat();
        self.post(APPLY, &fields, address).await
    }
}

/// Returns what stands in a field of a page.
pub fn value(page: &str, name: &str) -> String {
    let field = page.split(&format!("name=\"{name}\"")).nth(1).unwrap_or_else(|| panic!("no field {name}: {page}"));
    let (tag, content) = field.split_once('>').unwrap();
    let text = match tag.split_once("value=\"") {
        Some((_, value)) => value.split('"').next().unwrap(),
        None if content.contains("</textarea>") && !tag.ends_with('/') => content.split("</textarea>").next().unwrap(),
        None => "",
    };
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#x27;", "'").replace("&amp;", "&")
}
