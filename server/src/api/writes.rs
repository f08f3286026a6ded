//! What all writes take besides the thing itself: the reason, the version it was made against, a dry run.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::header::CONTENT_TYPE;
use model::deployment::WriteOptions;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::failures::Failure;

/// Query parameters of a write.
#[derive(Clone, Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub(crate) struct WriteQuery {
    /// Answers what would happen, and does nothing.
    pub(crate) dry_run: bool,
    /// Why it is done: goes into the history and the commit. May also stand in a JSON body.
    reason: Option<String>,
    /// The version that the change was made against; another live one is a conflict. May also stand in a JSON body.
    resource_version: Option<String>,
    /// Takes over fields that other managers own. May also stand in a JSON body.
    take_over: Option<bool>,
}

/// A body as it came, with what its header calls it.
pub(crate) struct Sent {
    kind: Kind,
    text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Nothing,
    Json,
    Yaml,
}

impl<S: Send + Sync> FromRequest<S> for Sent {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        let kind = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let bytes =
            Bytes::from_request(request, state).await.map_err(|_| Failure::invalid("The body could not be read."))?;
        let text = String::from_utf8(bytes.to_vec()).map_err(|_| Failure::invalid("The body is not UTF-8 text."))?;
        let kind = match kind.as_str() {
            _ if text.trim().is_empty() => Kind::Nothing,
            "application/json" | "application/merge-patch+json" => Kind::Json,
            "application/yaml" | "application/x-yaml" | "text/yaml" | "text/x-yaml" => Kind::Yaml,
            _ => {
                return Err(Failure::invalid("Set Content-Type to application/json or application/yaml."));
            }
        };
        Ok(Self { kind, text })
    }
}

impl Sent {
    /// Returns a manifest: YAML, or JSON that names its kind. JSON is YAML too.
    pub(crate) fn manifest(&self) -> Option<String> {
        let is_manifest = match self.kind {
            Kind::Nothing => false,
            Kind::Yaml => true,
            Kind::Json => serde_json::from_str::<Value>(&self.text)
                .is_ok_and(|tree| tree.get("apiVersion").is_some() && tree.get("kind").is_some()),
        };
        is_manifest.then(|| self.text.clone())
    }

    /// Reads a JSON object and the write's options that may stand in it; no body is an empty object.
    pub(crate) fn read<T: DeserializeOwned>(&self, query: &WriteQuery) -> Result<(T, WriteOptions), Failure> {
        let mut tree = match self.kind {
            Kind::Nothing => Value::Object(serde_json::Map::new()),
            Kind::Json => serde_json::from_str(&self.text)
                .map_err(|error| Failure::invalid(format!("The JSON cannot be read: {error}.")))?,
            Kind::Yaml => return Err(Failure::invalid("This operation takes application/json.")),
        };
        let Some(object) = tree.as_object_mut() else {
            return Err(Failure::invalid("The body is not a JSON object."));
        };
        let mut take = |name: &str| object.remove(name).filter(|value| !value.is_null());
        let options = WriteOptions {
            reason: text_of("reason", take("reason"))?.or_else(|| query.reason.clone()).unwrap_or_default(),
            resource_version: text_of("resource_version", take("resource_version"))?
                .or_else(|| query.resource_version.clone()),
            take_over: match take("take_over") {
                None => query.take_over.unwrap_or(false),
                Some(Value::Bool(take_over)) => take_over,
                Some(_) => return Err(Failure::field("take_over", "take_over is true or false.")),
            },
        };
        let body = serde_json::from_value(tree)
            .map_err(|error| Failure::invalid(format!("The JSON does not fit: {error}.")))?;
        Ok((body, options))
    }
}

impl WriteQuery {
    /// Returns the options of a write whose body is a manifest or nothing.
    pub(crate) fn options(&self) -> WriteOptions {
        WriteOptions {
            reason: self.reason.clone().unwrap_or_default(),
            resource_version: self.resource_version.clone(),
            take_over: self.take_over.unwrap_or(false),
        }
    }
}

/// The fields of [`WriteOptions`], for the description of JSON bodies.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Nothing {}

fn text_of(name: &str, value: Option<Value>) -> Result<Option<String>, Failure> {
    match value {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(Failure::field(name, format!("{name} is a text."))),
    }
}

#[cfg(test)]
mod tests {
    use model::deployment::DeploymentEdit;

    use super::*;

    fn sent(kind: Kind, text: &str) -> Sent {
        Sent { kind, text: text.to_owned() }
    }

    #[test]
    fn the_reason_may_stand_in_the_body_or_in_the_query() {
        let query = WriteQuery { reason: Some("query".into()), ..WriteQuery::default() };
        let body = sent(Kind::Json, r#"{"replicas": 5, "reason": "body"}"#);
        let (edit, options) = body.read::<DeploymentEdit>(&query).unwrap();
        assert_eq!((edit.replicas, options.reason.as_str()), (Some(5), "body"));
        let (_, options) = sent(Kind::Nothing, "").read::<Nothing>(&query).unwrap();
        assert_eq!(options.reason, "query");
    }

    #[test]
    fn an_unknown_field_is_an_error() {
        let body = sent(Kind::Json, r#"{"replica": 5}"#);
        assert!(body.read::<DeploymentEdit>(&WriteQuery::default()).is_err());
    }

    #[test]
    fn a_manifest_is_yaml_or_json_with_a_kind() {
        assert!(sent(Kind::Yaml, "kind: Deployment").manifest().is_some());
        assert!(sent(Kind::Json, r#"{"apiVersion": "apps/v1", "kind": "Deployment"}"#).manifest().is_some());
        assert!(sent(Kind::Json, r#"{"name": "api"}"#).manifest().is_none());
    }
}
