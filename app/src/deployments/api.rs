//! Server functions that read Deployments, and the quick writes; the engine checks every right.

use leptos::prelude::*;
use model::deployment::{Applied, DeploymentDetail, DeploymentForm, DeploymentQuery, DeploymentRef, DeploymentSummary};
use model::event::EventSummary;
use model::history::HistoryEntry;
use model::{Namespace, Page, PageRequest, ResourceName};
#[cfg(feature = "ssr")]
use server_fn::ServerFn;

use crate::AppError;
use crate::json::Json;

/// Lists the Deployments that the caller may see.
///
/// # Errors
/// Not signed in, or the cluster is away and nothing is known yet.
#[server(prefix = "/fn", endpoint = "deployments/list_deployments", protocol = server_fn::Http<Json, Json>)]
pub async fn list_deployments(query: DeploymentQuery) -> Result<Page<DeploymentSummary>, AppError> {
    let caller = crate::backend::caller().await?;
    Ok(crate::backend::engine().list_deployments(&caller, &query).await?)
}

/// Reads one Deployment with its ReplicaSets and pods.
///
/// # Errors
/// Not signed in, or it is not there.
#[server(prefix = "/fn", endpoint = "deployments/read_deployment", protocol = server_fn::Http<Json, Json>)]
pub async fn read_deployment(target: DeploymentRef) -> Result<DeploymentDetail, AppError> {
    let caller = crate::backend::caller().await?;
    Ok(crate::backend::engine().read_deployment(&caller, &target).await?)
}

/// Reads the manifest, masked.
///
/// # Errors
/// Not signed in, or it is not there.
#[server(prefix = "/fn", endpoint = "deployments/read_deployment_yaml", protocol = server_fn::Http<Json, Json>)]
pub async fn read_deployment_yaml(target: DeploymentRef) -> Result<String, AppError> {
    let caller = crate::backend::caller().await?;
    Ok(crate::backend::engine().read_deployment_yaml(&caller, &target).await?)
}

/// Reads the fields of the edit form, and the version they are from.
///
/// # Errors
/// Not signed in, or it is not there.
#[server(prefix = "/fn", endpoint = "deployments/read_deployment_form", protocol = server_fn::Http<Json, Json>)]
pub async fn read_deployment_form(target: DeploymentRef) -> Result<(DeploymentForm, String), AppError> {
    let caller = crate::backend::caller().await?;
    Ok(crate::backend::engine().read_deployment_form(&caller, &target).await?)
}

/// Lists what Kubernetes says about a Deployment, its ReplicaSets and pods, newest first.
///
/// # Errors
/// Not signed in, it is not there, or the cluster is away.
#[server(prefix = "/fn", endpoint = "deployments/list_deployment_events", protocol = server_fn::Http<Json, Json>)]
pub async fn list_deployment_events(target: DeploymentRef) -> Result<Vec<EventSummary>, AppError> {
    let caller = crate::backend::caller().await?;
    Ok(crate::backend::engine().list_deployment_events(&caller, &target).await?)
}

/// Reads the timeline of a Deployment, newest first.
///
/// # Errors
/// Not signed in, or the caller may not see its namespace.
#[server(prefix = "/fn", endpoint = "deployments/read_deployment_history", protocol = server_fn::Http<Json, Json>)]
pub async fn read_deployment_history(target: DeploymentRef, page: PageRequest) -> Result<Page<HistoryEntry>, AppError> {
    let caller = crate::backend::caller().await?;
    Ok(crate::backend::engine().read_deployment_history(&caller, &target, page).await?)
}

/// Reads what a quick write of this session did, for the undo bar; nothing for an operation it does not know.
///
/// # Errors
/// Not signed in.
#[server(prefix = "/fn", endpoint = "deployments/read_applied", protocol = server_fn::Http<Json, Json>)]
pub async fn read_applied(operation: String) -> Result<Option<Applied>, AppError> {
    let _caller = crate::backend::caller().await?;
    Ok(crate::backend::read_applied(&operation).await)
}

/// Sets the number of replicas. Operators may call it.
///
/// # Errors
/// Not signed in, not allowed, no number, or the cluster refuses.
#[server(prefix = "/fn", endpoint = "deployments/scale_deployment")]
pub async fn scale_deployment(
    namespace: Namespace,
    name: ResourceName,
    replicas: String,
    #[server(default)] reason: String,
    #[server(default)] take_over: bool,
) -> Result<(), AppError> {
    let typed = [("replicas", replicas.as_str()), ("reason", reason.as_str())];
    let caller = crate::backend::signed_in_or_back(ScaleDeployment::PATH, &typed).await?;
    let Ok(count) = replicas.trim().parse::<u32>() else {
        let error = AppError::field("replicas", "Replicas is a whole number, such as 3.");
        return Err(error.with_all_typed(&typed).answered());
    };
    let target = DeploymentRef::new(namespace, name);
    finish(crate::backend::engine().scale_deployment(&caller, &target, count, &options(&reason, take_over)).await)
        .await
        .map_err(|error| error.with_all_typed(&typed))
}

/// Replaces all pods, one after the other. Operators may call it.
///
/// # Errors
/// Not signed in, not allowed, or the cluster refuses.
#[server(prefix = "/fn", endpoint = "deployments/restart_deployment")]
pub async fn restart_deployment(
    namespace: Namespace,
    name: ResourceName,
    #[server(default)] reason: String,
    #[server(default)] take_over: bool,
) -> Result<(), AppError> {
    let typed = [("reason", reason.as_str())];
    let caller = crate::backend::signed_in_or_back(RestartDeployment::PATH, &typed).await?;
    let target = DeploymentRef::new(namespace, name);
    finish(crate::backend::engine().restart_deployment(&caller, &target, &options(&reason, take_over)).await)
        .await
        .map_err(|error| error.with_all_typed(&typed))
}

/// Holds back rollouts. Operators may call it.
///
/// # Errors
/// Not signed in, not allowed, or the cluster refuses.
#[server(prefix = "/fn", endpoint = "deployments/pause_deployment")]
pub async fn pause_deployment(
    namespace: Namespace,
    name: ResourceName,
    #[server(default)] reason: String,
    #[server(default)] take_over: bool,
) -> Result<(), AppError> {
    let typed = [("reason", reason.as_str())];
    let caller = crate::backend::signed_in_or_back(PauseDeployment::PATH, &typed).await?;
    let target = DeploymentRef::new(namespace, name);
    finish(crate::backend::engine().pause_deployment(&caller, &target, &options(&reason, take_over)).await)
        .await
        .map_err(|error| error.with_all_typed(&typed))
}

/// Lets rollouts go on. Operators may call it.
///
/// # Errors
/// Not signed in, not allowed, or the cluster refuses.
#[server(prefix = "/fn", endpoint = "deployments/resume_deployment")]
pub async fn resume_deployment(
    namespace: Namespace,
    name: ResourceName,
    #[server(default)] reason: String,
    #[server(default)] take_over: bool,
) -> Result<(), AppError> {
    let typed = [("reason", reason.as_str())];
    let caller = crate::backend::signed_in_or_back(ResumeDeployment::PATH, &typed).await?;
    let target = DeploymentRef::new(namespace, name);
    finish(crate::backend::engine().resume_deployment(&caller, &target, &options(&reason, take_over)).await)
        .await
        .map_err(|error| error.with_all_typed(&typed))
}

/// Goes back to an earlier rollout; to the one before the current when no revision is named. Operators may call it.
///
/// # Errors
/// Not signed in, not allowed, no such revision, or the cluster refuses.
#[server(prefix = "/fn", endpoint = "deployments/undo_deployment")]
pub async fn undo_deployment(
    namespace: Namespace,
    name: ResourceName,
    #[server(default)] revision: String,
    #[server(default)] reason: String,
    #[server(default)] take_over: bool,
) -> Result<(), AppError> {
    let typed = [("revision", revision.as_str()), ("reason", reason.as_str())];
    let caller = crate::backend::signed_in_or_back(UndoDeployment::PATH, &typed).await?;
    let undo = parse_revision(&revision)?;
    let target = DeploymentRef::new(namespace, name);
    finish(crate::backend::engine().undo_deployment(&caller, &target, undo, &options(&reason, take_over)).await)
        .await
        .map_err(|error| error.with_all_typed(&typed))
}

/// Deletes a Deployment whose name was typed. Operators may call it.
///
/// # Errors
/// Not signed in, not allowed, another name, or the cluster refuses.
#[server(prefix = "/fn", endpoint = "deployments/delete_deployment")]
pub async fn delete_deployment(
    namespace: Namespace,
    name: ResourceName,
    typed: String,
    #[server(default)] reason: String,
) -> Result<(), AppError> {
    let kept = [("typed", typed.as_str()), ("reason", reason.as_str())];
    let caller = crate::backend::signed_in_or_back(DeleteDeployment::PATH, &kept).await?;
    if typed.trim() != name.as_str() {
        let error = AppError::field("typed", format!("Type {name} to delete this deployment."));
        return Err(error.with_all_typed(&kept).answered());
    }
    let target = DeploymentRef::new(namespace, name);
    let applied = crate::backend::engine().delete_deployment(&caller, &target, &options(&reason, false)).await;
    let applied = applied.map_err(|error| AppError::from(error).with_all_typed(&kept))?;
    let address = crate::address::Address::new("/deployments").with("namespace", target.namespace.as_str());
    let address = address.with("done", &applied.operation);
    crate::backend::keep_applied(applied).await;
    crate::backend::redirect(&String::from(address));
    Ok(())
}

/// Reads the revision to go back to; the one before the current for an empty text.
#[cfg(feature = "ssr")]
pub(super) fn parse_revision(text: &str) -> Result<model::deployment::Undo, AppError> {
    let revision = match text.trim() {
        "" => None,
        text => {
            Some(text.parse::<u64>().map_err(|_| AppError::field("revision", "A revision is a number.").answered())?)
        }
    };
    Ok(model::deployment::Undo { revision })
}

#[cfg(feature = "ssr")]
fn options(reason: &str, take_over: bool) -> model::deployment::WriteOptions {
    model::deployment::WriteOptions { reason: reason.to_owned(), resource_version: None, take_over }
}

/// Leads to the Deployment's page, which offers to take the write back.
#[cfg(feature = "ssr")]
pub(super) async fn finish(applied: Result<Applied, engine::Error>) -> Result<(), AppError> {
    let applied = applied?;
    let address = crate::address::Address::new(super::address_of(&applied.target)).with("done", &applied.operation);
    crate::backend::keep_applied(applied).await;
    crate::backend::redirect(&String::from(address));
    Ok(())
}
