//! Turns the API server's answers into errors that people can act on.

use kube::Error as KubeError;
use kube::core::Status;
use model::FieldError;
use model::deployment::{DeploymentRef, FieldConflict};

use super::{MANAGER, not_found};
use crate::Error;

/// The longest message of Kubernetes that is passed on.
const LONGEST: usize = 600;

/// The error of a read.
pub(super) fn read_error(error: KubeError, target: &DeploymentRef) -> Error {
    match error {
        KubeError::Api(status) if status.code == 404 => not_found(target),
        error => Error::unavailable("the cluster", error),
    }
}

/// The error of a write or its dry run.
pub(super) fn write_error(error: KubeError, target: &DeploymentRef) -> Error {
    let status = match error {
        KubeError::Api(status) => status,
        error => return Error::unavailable("the cluster", error),
    };
    let message = plain(&status.message);
    match status.code {
        404 if is_about_namespace(&status) => Error::invalid_field("namespace", no_namespace(target)),
        404 => not_found(target),
        409 if status.reason == "AlreadyExists" => Error::Conflict {
            message: format!("There is a deployment {target} already."),
            hint: "Choose another name, or edit the one that is there.".into(),
            fields: vec![FieldError { field: "name".into(), message: "This name is taken.".into() }],
        },
        409 => match conflicts(&status) {
            conflicts if conflicts.is_empty() => stale(),
            conflicts => owned_by_others(&conflicts),
        },
        400 | 422 => Error::Refused {
            message: format!("Kubernetes refuses it: {message}"),
            hint: "Change what it names and preview again.".into(),
            fields: causes(&status),
        },
        403 if message.contains("exceeded quota") => Error::Refused {
            message: format!("The namespace's quota does not allow it: {message}"),
            hint: "Ask for less, or have the quota raised.".into(),
            fields: Vec::new(),
        },
        403 => Error::Refused {
            message: format!("Kubernetes does not allow it: {message}"),
            hint: "A policy of the cluster refuses this, or Denshimon's own account lacks the right.".into(),
            fields: Vec::new(),
        },
        // The API server answers so when a field is not in its schema (1.36 still does).
        500 if is_schema_error(&status) => {
            let what = message.rsplit_once("Kind=Deployment): ").map_or(message.as_str(), |(_, what)| what);
            Error::Refused {
                message: format!("Kubernetes does not know what this says: {what}"),
                hint: "Correct the field that it names and preview again.".into(),
                fields: Vec::new(),
            }
        }
        500 if is_webhook_failure(&status) => Error::Refused {
            message: format!("A webhook that judges writes to the cluster failed, so nothing was written: {message}"),
            hint: "Mend the webhook that it names, or have its failurePolicy changed.".into(),
            fields: Vec::new(),
        },
        code if code == 429 || code >= 500 => Error::unavailable("the cluster", KubeError::Api(status)),
        _ => Error::Refused {
            message: format!("Kubernetes refuses it: {message}"),
            hint: String::new(),
            fields: Vec::new(),
        },
    }
}

/// The same words for a namespace that is not there and for one that the caller may not see.
pub(super) fn no_namespace(target: &DeploymentRef) -> String {
    format!("There is no namespace {}, or you may not see it: choose another.", target.namespace)
}

/// Somebody changed it since it was read.
pub(super) fn stale() -> Error {
    Error::Conflict {
        message: "Somebody else has changed this deployment since you began.".into(),
        hint: "The preview shows both versions: look at what changed and apply again.".into(),
        fields: Vec::new(),
    }
}

/// Other managers own what would change.
pub(super) fn owned_by_others(conflicts: &[FieldConflict]) -> Error {
    let owners: Vec<String> =
        conflicts.iter().map(|conflict| format!("{} owns {}", conflict.manager, conflict.fields.join(", "))).collect();
    Error::Conflict {
        message: format!("Others manage what you change: {}.", owners.join("; ")),
        hint: "Choose to take these fields over, or change them where they are managed.".into(),
        fields: vec![FieldError { field: "take_over".into(), message: "Take these fields over?".into() }],
    }
}

/// Reads which fields other managers own from a conflict of a server-side apply.
pub(super) fn conflicts(status: &Status) -> Vec<FieldConflict> {
    let mut found: Vec<FieldConflict> = Vec::new();
    for cause in status.details.iter().flat_map(|details| &details.causes) {
        if cause.reason != "FieldManagerConflict" {
            continue;
        }
        // `conflict with "kubectl-edit" using apps/v1`
        let manager = cause.message.split('"').nth(1).unwrap_or("another manager").to_owned();
        if manager == MANAGER {
            continue;
        }
        let field = cause.field.trim_start_matches('.').to_owned();
        match found.iter_mut().find(|conflict| conflict.manager == manager) {
            Some(conflict) => conflict.fields.push(field),
            None => found.push(FieldConflict { manager, fields: vec![field] }),
        }
    }
    found
}

/// Tells whether an apply is only in the way of updates that Denshimon made itself.
pub(super) fn is_own_conflict(status: &Status) -> bool {
    let causes = status.details.iter().flat_map(|details| &details.causes);
    causes.into_iter().any(|cause| cause.reason == "FieldManagerConflict") && conflicts(status).is_empty()
}

/// Tells whether the API server has answered, and so done nothing; otherwise nobody knows what it did.
pub(super) fn is_answer(error: &KubeError) -> bool {
    matches!(error, KubeError::Api(status)
        if status.code < 500 || is_schema_error(status) || is_webhook_failure(status))
}

/// The API server asks its webhooks before it stores anything.
fn is_webhook_failure(status: &Status) -> bool {
    status.code == 500 && status.message.contains("failed calling webhook")
}

fn is_schema_error(status: &Status) -> bool {
    status.code == 500 && status.message.starts_with("failed to create typed patch object")
}

fn causes(status: &Status) -> Vec<FieldError> {
    let causes = status.details.iter().flat_map(|details| &details.causes);
    let named = causes.filter(|cause| !cause.field.is_empty());
    named
        .map(|cause| FieldError { field: form_field(&cause.field).to_owned(), message: plain(&cause.message) })
        .collect()
}

/// Finds the form's field for a path such as `spec.template.spec.containers[0].image`.
fn form_field(path: &str) -> &str {
    let table = [
        ("metadata.name", "name"),
        ("metadata.namespace", "namespace"),
        ("metadata.labels", "labels"),
        ("spec.replicas", "replicas"),
        (".image", "image"),
        (".ports", "ports"),
        (".env", "env"),
        ("resources.requests[cpu]", "cpu_request"),
        ("resources.requests[memory]", "memory_request"),
        ("resources.limits[cpu]", "cpu_limit"),
        ("resources.limits[memory]", "memory_limit"),
        ("resources.requests", "cpu_request"),
        ("resources.limits", "cpu_limit"),
    ];
    table.iter().find(|(part, _)| path.contains(part)).map_or(path, |(_, field)| field)
}

fn is_about_namespace(status: &Status) -> bool {
    status.details.as_ref().is_some_and(|details| details.kind == "namespaces")
}

/// Kubernetes' own words on one line, without control characters and not too long.
fn plain(message: &str) -> String {
    let line: String = message.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let mut short: String = line.chars().take(LONGEST).collect();
    if short.len() < line.len() {
        short.push_str("...");
    }
    short
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_conflict_names_managers_and_fields() {
        let status: Status = serde_json::from_value(json!({
            "code": 409, "reason": "Conflict", "details": { "causes": [
                { "reason": "FieldManagerConflict", "message": "conflict with \"kubectl-edit\" using apps/v1", "field": ".spec.replicas" },
                { "reason": "FieldManagerConflict", "message": "conflict with \"kubectl-edit\" using apps/v1", "field": ".spec.paused" },
            ] },
        }))
        .unwrap();
        let expected = FieldConflict {
            manager: "kubectl-edit".into(),
            fields: vec!["spec.replicas".into(), "spec.paused".into()],
        };
        assert_eq!(conflicts(&status), vec![expected]);
    }

    #[test]
    fn a_refusal_names_the_form_s_field() {
        assert_eq!(form_field("spec.template.spec.containers[0].image"), "image");
        assert_eq!(form_field("spec.template.spec.containers[0].resources.limits[memory]"), "memory_limit");
        assert_eq!(form_field("spec.unknown"), "spec.unknown");
    }
}
