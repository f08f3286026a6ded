//! What HorizontalPodAutoscalers scale.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use model::{Kind, ResourceRef};
use serde_json::Value;
use tokio::sync::watch;

/// The autoscalers that there are, with what each scales.
#[derive(Debug, Default)]
pub(crate) struct Autoscaled {
    targets: RwLock<HashMap<ResourceRef, ResourceRef>>,
    /// They were listed once, or cannot be.
    known: watch::Sender<bool>,
}

/// Returns the kind that scales others.
pub(crate) fn autoscalers() -> Kind {
    Kind::new("autoscaling", "HorizontalPodAutoscaler")
}

impl Autoscaled {
    /// Tells whether an autoscaler sets a resource's replicas.
    pub(crate) fn holds(&self, resource: &ResourceRef) -> bool {
        let targets = self.targets.read().unwrap_or_else(PoisonError::into_inner);
        !targets.is_empty() && targets.values().any(|target| target == resource)
    }

    /// Takes in an autoscaler, or that it is gone; returns the kinds of what is scaled now and was not, or the reverse.
    pub(crate) fn note(&self, autoscaler: &ResourceRef, object: Option<&Value>) -> Vec<Kind> {
        let target = object.and_then(|object| target_of(autoscaler, object));
        let mut targets = self.targets.write().unwrap_or_else(PoisonError::into_inner);
        let before = match &target {
            Some(target) => targets.insert(autoscaler.clone(), target.clone()),
            None => targets.remove(autoscaler),
        };
        if before == target {
            return Vec::new();
        }
        before.into_iter().chain(target).map(|target| target.kind).collect()
    }

    /// Takes in that these are all autoscalers that there are, as [`Autoscaled::note`] does each.
    pub(crate) fn retain(&self, is_there: impl Fn(&ResourceRef) -> bool) -> Vec<Kind> {
        let mut changed = Vec::new();
        let mut targets = self.targets.write().unwrap_or_else(PoisonError::into_inner);
        targets.retain(|autoscaler, target| {
            let stays = is_there(autoscaler);
            if !stays {
                changed.push(target.kind.clone());
            }
            stays
        });
        changed
    }

    /// Notes that nothing more is to be waited for.
    pub(crate) fn settle(&self) {
        self.known.send_if_modified(|known| !std::mem::replace(known, true));
    }

    /// Waits until the autoscalers were listed, or cannot be.
    pub(crate) async fn settled(&self) {
        // The sender lives as long as this.
        let _ = self.known.subscribe().wait_for(|known| *known).await;
    }
}

fn target_of(autoscaler: &ResourceRef, object: &Value) -> Option<ResourceRef> {
    let reference = object.pointer("/spec/scaleTargetRef")?;
    let text = |field: &str| reference.get(field).and_then(Value::as_str).unwrap_or_default();
    let group = text("apiVersion").rsplit_once('/').map_or("", |(group, _)| group);
    let name = text("name").parse().ok()?;
    Some(ResourceRef { kind: Kind::new(group, text("kind")), name, ..autoscaler.clone() })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn resource(kind: Kind, name: &str) -> ResourceRef {
        let (cluster, namespace) = ("test".parse().unwrap(), Some("shop".parse().unwrap()));
        ResourceRef { cluster, kind, namespace, name: name.parse().unwrap() }
    }

    #[test]
    fn what_is_scaled_follows_the_autoscalers() {
        let known = Autoscaled::default();
        let scaler = resource(autoscalers(), "api");
        let object = |name: &str| json!({"spec": {"scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": name}}});
        let (api, web) = (resource(Kind::deployment(), "api"), resource(Kind::deployment(), "web"));
        assert_eq!(known.note(&scaler, Some(&object("api"))), [Kind::deployment()]);
        assert!(known.note(&scaler, Some(&object("api"))).is_empty());
        assert!(known.holds(&api) && !known.holds(&web));
        assert_eq!(known.note(&scaler, Some(&object("web"))).len(), 2);
        assert!(!known.holds(&api) && known.holds(&web));
        assert_eq!(known.retain(|_| false), [Kind::deployment()]);
        assert!(!known.holds(&web) && known.note(&scaler, None).is_empty());
    }
}
