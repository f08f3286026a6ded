//! Deployments: create, read, change, delete, and what happened to them.

use axum::Json;
use axum::extract::{FromRequestParts, Path, State};
use axum::http::header::{ACCEPT, CONTENT_TYPE, LOCATION};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use model::deployment::{
    Applied, DeploymentChange, DeploymentDetail, DeploymentEdit, DeploymentForm, DeploymentQuery, DeploymentRef,
    DeploymentSort, DeploymentSummary, Preview, Undo, WriteOptions,
};
use model::event::EventSummary;
use model::history::HistoryRow;
use model::{Namespace, Page, ResourceName};
use serde::{Deserialize, Serialize};

use super::Signed;
use super::failures::{Failure, Failures};
use super::listing::{Asked, Paging};
use super::new_deployment::NewDeployment;
use super::writes::{Nothing, Sent, WriteQuery};
use crate::state::AppState;

/// Which Deployments are listed.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListQuery {
    /// Only those in this namespace.
    namespace: Option<String>,
    /// Words that must all be in name, namespace, image or health.
    filter: String,
    /// `name`, `namespace`, `health`, `ready`, `image` or `changed`.
    sort: String,
    descending: bool,
}

/// How much of a timeline is told.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub(crate) struct HistoryQuery {
    /// With author, message and difference of each row's commit.
    diff: bool,
}

/// What became of a write.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(untagged)]
pub(crate) enum Written {
    /// Kubernetes took it.
    Applied(Applied),
    /// It was a dry run: this is what it would do.
    Preview(Preview),
}

/// The Deployment that an address names.
#[derive(utoipa::IntoParams)]
#[into_params(names("namespace", "name"), parameter_in = Path)]
#[expect(dead_code, reason = "only described, never made: `Named` reads the address")]
pub(crate) struct Target(String, String);

/// A Deployment of the path, checked.
pub(crate) struct Named(DeploymentRef);

impl FromRequestParts<AppState> for Named {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Failure> {
        let names = Path::<(String, String)>::from_request_parts(parts, state).await;
        let Path((namespace, name)) = names.map_err(|_| Failure::invalid("The address cannot be read."))?;
        // A name that cannot be names nothing.
        let missing = || engine::Error::NotFound { what: format!("deployment {namespace}/{name}") };
        let namespace: Namespace = namespace.parse().map_err(|_| missing())?;
        let name: ResourceName = name.parse().map_err(|_| missing())?;
        Ok(Self(DeploymentRef::new(namespace, name)))
    }
}

/// Lists Deployments with health, images and record.
#[utoipa::path(get, path = "/api/deployments", tag = "deployments", params(ListQuery, Paging),
    responses((status = 200, body = Page<DeploymentSummary>), Failures))]
pub(crate) async fn list_deployments(
    State(state): State<AppState>,
    Signed(caller): Signed,
    Asked(query): Asked<ListQuery>,
    Asked(paging): Asked<Paging>,
) -> Result<Json<Page<DeploymentSummary>>, Failure> {
    let namespace = match query.namespace.as_deref() {
        None | Some("") => None,
        Some(text) => Some(text.parse::<Namespace>().map_err(|error| Failure::field("namespace", error.0))?),
    };
    let query = DeploymentQuery {
        namespace,
        filter: query.filter,
        sort: DeploymentSort::from_address(&query.sort),
        descending: query.descending,
        page: paging.into(),
    };
    Ok(Json(state.engine.list_deployments(&caller, &query).await?))
}

/// Creates a Deployment from its common fields, or from a manifest in YAML or JSON.
#[utoipa::path(post, path = "/api/deployments", tag = "deployments", params(WriteQuery),
    request_body(content((NewDeployment = "application/json"), (String = "application/yaml"))),
    responses((status = 201, body = Applied), (status = 200, description = "What a dry run found", body = Preview), Failures))]
pub(crate) async fn create_deployment(
    State(state): State<AppState>,
    Signed(caller): Signed,
    Asked(query): Asked<WriteQuery>,
    sent: Sent,
) -> Result<Response, Failure> {
    let (change, options) = match sent.manifest() {
        Some(manifest) => (DeploymentChange::CreateYaml(manifest), query.options()),
        None => {
            let (new, options) = sent.read::<NewDeployment>(&query)?;
            (DeploymentChange::Create(DeploymentForm::try_from(new)?), options)
        }
    };
    if query.dry_run {
        let preview = state.engine.preview_deployment(&caller, &change, options.resource_version.as_deref()).await?;
        return Ok(Json(preview).into_response());
    }
    let applied = state.engine.apply_deployment(&caller, &change, &options).await?;
    let location = format!("/api/deployments/{}/{}", applied.target.namespace, applied.target.name);
    Ok((StatusCode::CREATED, [(LOCATION, location)], Json(applied)).into_response())
}

/// Reads one Deployment: its state as JSON, or its masked manifest with `Accept: application/yaml`.
#[utoipa::path(get, path = "/api/deployments/{namespace}/{name}", tag = "deployments", params(Target),
    responses((status = 200, content((DeploymentDetail = "application/json"), (String = "application/yaml"))), Failures))]
pub(crate) async fn read_deployment(
    State(state): State<AppState>,
    Signed(caller): Signed,
    Named(target): Named,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let accept = headers.get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if accept.contains("yaml") {
        let yaml = state.engine.read_deployment_yaml(&caller, &target).await?;
        return Ok(([(CONTENT_TYPE, "application/yaml")], yaml).into_response());
    }
    Ok(Json(state.engine.read_deployment(&caller, &target).await?).into_response())
}

/// Replaces the whole manifest, in YAML or JSON.
#[utoipa::path(put, path = "/api/deployments/{namespace}/{name}", tag = "deployments", params(Target, WriteQuery),
    request_body(content((String = "application/yaml"), (Object = "application/json"))),
    responses((status = 200, description = "What was done, or what a dry run found", body = Written), Failures))]
pub(crate) async fn replace_deployment(
    State(state): State<AppState>,
    Signed(caller): Signed,
    Named(target): Named,
    Asked(query): Asked<WriteQuery>,
    sent: Sent,
) -> Result<Json<Written>, Failure> {
    let manifest =
        sent.manifest().ok_or_else(|| Failure::invalid("The body is a manifest with apiVersion and kind."))?;
    write(&state, &caller, &query, DeploymentChange::EditYaml(target, manifest), &query.options()).await
}

/// Changes single fields; what is left out stays. Replicas alone go through the scale subresource.
#[utoipa::path(patch, path = "/api/deployments/{namespace}/{name}", tag = "deployments", params(Target, WriteQuery),
    request_body = DeploymentEdit,
    responses((status = 200, description = "What was done, or what a dry run found", body = Written), Failures))]
pub(crate) async fn edit_deployment(
    State(state): State<AppState>,
    Signed(caller): Signed,
    Named(target): Named,
    Asked(query): Asked<WriteQuery>,
    sent: Sent,
) -> Result<Json<Written>, Failure> {
    let (edit, options) = sent.read::<DeploymentEdit>(&query)?;
    if edit == DeploymentEdit::default() {
        return Err(Failure::invalid("Nothing is to be changed: name at least one field."));
    }
    if query.dry_run {
        return write(&state, &caller, &query, DeploymentChange::Edit(target, edit), &options).await;
    }
    let engine = &state.engine;
    let only_replicas = DeploymentEdit { replicas: edit.replicas, ..DeploymentEdit::default() };
    let only_paused = DeploymentEdit { paused: edit.paused, ..DeploymentEdit::default() };
    let applied = match (edit.replicas, edit.paused) {
        (Some(replicas), None) if edit == only_replicas => {
            engine.scale_deployment(&caller, &target, replicas, &options).await?
        }
        (None, Some(true)) if edit == only_paused => engine.pause_deployment(&caller, &target, &options).await?,
        (None, Some(false)) if edit == only_paused => engine.resume_deployment(&caller, &target, &options).await?,
        _ => engine.apply_deployment(&caller, &DeploymentChange::Edit(target, edit), &options).await?,
    };
    Ok(Json(Written::Applied(applied)))
}

/// Deletes a Deployment; its record leaves the repository with the next commit.
#[utoipa::path(delete, path = "/api/deployments/{namespace}/{name}", tag = "deployments", params(Target, WriteQuery),
    responses((status = 200, description = "What was done, or what a dry run found", body = Written), Failures))]
pub(crate) async fn delete_deployment(
    State(state): State<AppState>,
    Signed(caller): Signed,
    Named(target): Named,
    Asked(query): Asked<WriteQuery>,
    sent: Sent,
) -> Result<Json<Written>, Failure> {
    let (Nothing {}, options) = sent.read(&query)?;
    if query.dry_run {
        return write(&state, &caller, &query, DeploymentChange::Delete(target), &options).await;
    }
    Ok(Json(Written::Applied(state.engine.delete_deployment(&caller, &target, &options).await?)))
}

/// Starts all pods anew, a few at a time. It has no dry run: `dry_run=true` is refused.
#[utoipa::path(post, path = "/api/deployments/{namespace}/{name}/restart", tag = "deployments", params(Target, WriteQuery),
    request_body(content = WriteOptions, description = "May be left out"), responses((status = 200, body = Applied), Failures))]
pub(crate) async fn restart_deployment(
    State(state): State<AppState>,
    Signed(caller): Signed,
    Named(target): Named,
    Asked(query): Asked<WriteQuery>,
    sent: Sent,
) -> Result<Json<Applied>, Failure> {
    if query.dry_run {
        return Err(no_dry_run_of_a_restart());
    }
    let (Nothing {}, options) = sent.read(&query)?;
    Ok(Json(state.engine.restart_deployment(&caller, &target, &options).await?))
}

/// Goes back to an earlier rollout: the one before the current, or the named revision.
#[utoipa::path(post, path = "/api/deployments/{namespace}/{name}/rollback", tag = "deployments", params(Target, WriteQuery),
    request_body = Undo,
    responses((status = 200, description = "What was done, or what a dry run found", body = Written), Failures))]
pub(crate) async fn rollback_deployment(
    State(state): State<AppState>,
    Signed(caller): Signed,
    Named(target): Named,
    Asked(query): Asked<WriteQuery>,
    sent: Sent,
) -> Result<Json<Written>, Failure> {
    let (undo, options) = sent.read::<Undo>(&query)?;
    if query.dry_run {
        return write(&state, &caller, &query, DeploymentChange::Undo(target, undo), &options).await;
    }
    Ok(Json(Written::Applied(state.engine.undo_deployment(&caller, &target, undo, &options).await?)))
}

/// Reads operations, observed changes, commits and rollouts as one timeline, newest first.
#[utoipa::path(get, path = "/api/deployments/{namespace}/{name}/history", tag = "deployments",
    params(Target, HistoryQuery, Paging), responses((status = 200, body = Page<HistoryRow>), Failures))]
pub(crate) async fn read_deployment_history(
    State(state): State<AppState>,
    Signed(caller): Signed,
    Named(target): Named,
    Asked(query): Asked<HistoryQuery>,
    Asked(paging): Asked<Paging>,
) -> Result<Json<Page<HistoryRow>>, Failure> {
    if query.diff {
        let rows = state.engine.read_deployment_history_with_commits(&caller, &target, paging.into()).await?;
        return Ok(Json(rows));
    }
    let page = state.engine.read_deployment_history(&caller, &target, paging.into()).await?;
    Ok(Json(page.map(|entry| HistoryRow { entry, commit: None })))
}

/// Lists what Kubernetes says about a Deployment and its pods.
#[utoipa::path(get, path = "/api/deployments/{namespace}/{name}/events", tag = "deployments", params(Target),
    responses((status = 200, body = Vec<EventSummary>), Failures))]
pub(crate) async fn list_deployment_events(
    State(state): State<AppState>,
    Signed(caller): Signed,
    Named(target): Named,
) -> Result<Json<Vec<EventSummary>>, Failure> {
    Ok(Json(state.engine.list_deployment_events(&caller, &target).await?))
}

/// Lists the namespaces that the caller may see.
#[utoipa::path(get, path = "/api/namespaces", tag = "deployments", responses((status = 200, body = Vec<Namespace>), Failures))]
pub(crate) async fn list_namespaces(
    State(state): State<AppState>,
    Signed(caller): Signed,
) -> Result<Json<Vec<Namespace>>, Failure> {
    Ok(Json(state.engine.list_namespaces(&caller).await?))
}

/// Applies a change, or says what it would do.
async fn write(
    state: &AppState,
    caller: &engine::Caller,
    query: &WriteQuery,
    change: DeploymentChange,
    options: &WriteOptions,
) -> Result<Json<Written>, Failure> {
    if query.dry_run {
        let preview = state.engine.preview_deployment(caller, &change, options.resource_version.as_deref()).await?;
        return Ok(Json(Written::Preview(preview)));
    }
    Ok(Json(Written::Applied(state.engine.apply_deployment(caller, &change, options).await?)))
}

/// A preview could show nothing of it but the time.
fn no_dry_run_of_a_restart() -> Failure {
    let words = "A restart has no dry run.";
    let error = model::Error::new(model::ErrorKind::Invalid, words).with_field("dry_run", words);
    error.with_hint("Nothing was restarted. Send it without dry_run.").into()
}
