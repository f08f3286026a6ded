//! Server functions for changes that are previewed first: what was typed is kept by the server until it is applied.

use leptos::prelude::*;
#[cfg(feature = "ssr")]
use model::deployment::DeploymentChange;
use model::deployment::{DeploymentForm, Draft, Preview};
use model::{Namespace, ResourceName};
use serde::{Deserialize, Serialize};
#[cfg(feature = "ssr")]
use server_fn::ServerFn;

use crate::AppError;
use crate::json::Json;

/// What was typed, and what it would do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DraftReview {
    pub draft: Draft,
    pub preview: Result<Preview, AppError>,
    /// The same as fields; an error says why it cannot be shown so.
    pub form: Result<DeploymentForm, AppError>,
    /// The same as YAML.
    pub yaml: Result<String, AppError>,
}

/// Keeps a form and leads to its preview, or to what it is as YAML; with an ended session by way of the sign-in page.
///
/// # Errors
/// The store is away, or there are too many drafts.
#[server(prefix = "/fn", endpoint = "deployments/save_draft")]
pub async fn save_draft(
    #[server(default)] form: DeploymentForm,
    #[server(default)] target: String,
    #[server(default)] resource_version: String,
    #[server(default)] show: String,
) -> Result<(), AppError> {
    let target = parse_target(&target)?;
    let change = match &target {
        Some(target) => DeploymentChange::EditForm(target.clone(), form),
        None => DeploymentChange::Create(form),
    };
    keep(change, resource_version, target, Next::of(&show, "form")).await
}

/// Keeps a YAML document and leads to its preview, or to what it is as a form; with an ended session by way of the
/// sign-in page.
///
/// # Errors
/// The store is away, or there are too many drafts.
#[server(prefix = "/fn", endpoint = "deployments/save_yaml_draft")]
pub async fn save_yaml_draft(
    #[server(default)] yaml: String,
    #[server(default)] target: String,
    #[server(default)] resource_version: String,
    #[server(default)] show: String,
) -> Result<(), AppError> {
    let target = parse_target(&target)?;
    let change = match &target {
        Some(target) => DeploymentChange::EditYaml(target.clone(), yaml),
        None => DeploymentChange::CreateYaml(yaml),
    };
    keep(change, resource_version, target, Next::of(&show, "yaml")).await
}

/// Keeps the way back to an earlier rollout and leads to its preview; with an ended session by way of the sign-in page.
///
/// # Errors
/// The revision is no number, the store is away, or there are too many drafts.
#[server(prefix = "/fn", endpoint = "deployments/save_undo_draft")]
pub async fn save_undo_draft(
    namespace: Namespace,
    name: ResourceName,
    #[server(default)] revision: String,
) -> Result<(), AppError> {
    let undo = super::api::parse_revision(&revision)?;
    let target = model::deployment::DeploymentRef::new(namespace, name);
    // What the person has seen; the preview says what others change from here on.
    let seen = match crate::backend::caller().await {
        Ok(caller) => crate::backend::engine().read_deployment(&caller, &target).await.ok(),
        Err(_) => None,
    };
    let resource_version = seen.map(|detail| detail.resource_version).unwrap_or_default();
    let change = DeploymentChange::Undo(target.clone(), undo);
    keep(change, resource_version, Some(target), Next::Preview("form")).await
}

/// Reads a draft and asks the API server what it would do.
///
/// # Errors
/// Not signed in, or there is no such draft; what is wrong with the draft itself is part of the answer.
#[server(prefix = "/fn", endpoint = "deployments/review_draft", protocol = server_fn::Http<Json, Json>)]
pub async fn review_draft(id: String) -> Result<DraftReview, AppError> {
    let caller = crate::backend::caller().await?;
    let engine = crate::backend::engine();
    let draft = engine.read_draft(&caller, &id, crate::backend::typed_here().as_deref()).await?;
    // What is wrong with the draft is no failure of the answer.
    let wire = |error: engine::Error| AppError::from(error.to_wire());
    let preview = engine.preview_deployment(&caller, &draft.change, draft.resource_version.as_deref()).await;
    let form = engine.read_change_form(&caller, &draft.change).map_err(wire);
    let yaml = engine.render_change(&caller, &draft.change).await.map_err(wire);
    Ok(DraftReview { draft, preview: preview.map_err(wire), form, yaml })
}

/// Applies a draft that was previewed. Operators may call it.
///
/// # Errors
/// Not signed in, not allowed, changed meanwhile, fields of another manager, or the cluster refuses.
#[server(prefix = "/fn", endpoint = "deployments/apply_draft")]
pub async fn apply_draft(
    id: String,
    #[server(default)] resource_version: String,
    #[server(default)] reason: String,
    #[server(default)] take_over: bool,
) -> Result<(), AppError> {
    let typed = [("reason", reason.as_str())];
    let caller = crate::backend::signed_in_or_back(ApplyDraft::PATH, &typed).await?;
    let engine = crate::backend::engine();
    let draft = engine.read_draft(&caller, &id, crate::backend::typed_here().as_deref()).await?;
    let resource_version = Some(resource_version).filter(|version| !version.is_empty());
    let options = model::deployment::WriteOptions { reason: reason.clone(), resource_version, take_over };
    let applied = engine.apply_deployment(&caller, &draft.change, &options).await;
    if applied.is_ok()
        && let Err(error) = engine.delete_draft(&caller, &id).await
    {
        tracing::debug!(%error, "an applied draft stays until it is too old");
    }
    super::api::finish(applied).await.map_err(|error| error.with_all_typed(&typed))
}

/// Where a draft leads.
#[cfg(feature = "ssr")]
enum Next<'a> {
    /// To its preview, with the view that it was typed in.
    Preview(&'a str),
    /// To the same in another view.
    View(&'a str),
}

#[cfg(feature = "ssr")]
impl<'a> Next<'a> {
    fn of(show: &'a str, own: &'a str) -> Self {
        if show.is_empty() { Self::Preview(own) } else { Self::View(show) }
    }
}

#[cfg(feature = "ssr")]
async fn keep(
    change: DeploymentChange,
    resource_version: String,
    target: Option<model::deployment::DeploymentRef>,
    next: Next<'_>,
) -> Result<(), AppError> {
    use crate::address::Address;
    use crate::backend::{caller, engine, redirect, sign_in_address};
    let resource_version = Some(resource_version).filter(|version| !version.is_empty());
    let page =
        target.map_or_else(|| "/deployments/new".to_owned(), |target| format!("{}/edit", super::address_of(&target)));
    let (view, again) = match next {
        Next::Preview(view) => (view, false),
        Next::View(view) => (view, true),
    };
    let view = if view == "yaml" { view } else { "" };
    let address = |id: &str| {
        Address::new(page.clone()).with("view", view).with("draft", id).with_flag("again", again).to_string()
    };
    match caller().await {
        Ok(caller) => {
            let draft = engine().save_draft(&caller, change, resource_version).await?;
            redirect(&address(&draft.id));
        }
        Err(error) if error.error.kind == model::ErrorKind::NotSignedIn => {
            let id = engine().save_anonymous_draft(change, resource_version).await?;
            crate::backend::remember_typed_here(&id);
            redirect(&sign_in_address(&address(&id)));
        }
        Err(error) => return Err(error),
    }
    Ok(())
}

#[cfg(feature = "ssr")]
fn parse_target(text: &str) -> Result<Option<model::deployment::DeploymentRef>, AppError> {
    if text.is_empty() {
        return Ok(None);
    }
    let (namespace, name) = text.split_once('/').unwrap_or_default();
    let wrong = |error: model::InvalidName| AppError::field("target", error.to_string()).answered();
    let target = model::deployment::DeploymentRef::new(namespace.parse().map_err(wrong)?, name.parse().map_err(wrong)?);
    Ok(Some(target))
}
