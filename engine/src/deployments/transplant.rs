//! Brings the difference of two manifests into the live object they come from.
//!
//! What a manifest leaves out, since the server or a controller set it, stays as it is.

use serde_json::Value;

use super::schema::{find, is_atomic, is_same, keys_of};

/// Returns the live object with what is different between the two manifests.
pub(super) fn transplant(live: &Value, old: &Value, new: &Value) -> Value {
    let mut object = graft("", live, old, new);
    // Another strategy's defaults do not fit.
    let strategy = |tree: &Value| tree.pointer("/spec/strategy/type").cloned();
    if strategy(old) != strategy(new) {
        super::form::set(&mut object, &["spec"], "strategy", new.pointer("/spec/strategy").cloned());
    }
    object
}

fn graft(field: &str, live: &Value, old: &Value, new: &Value) -> Value {
    if old == new {
        return live.clone();
    }
    match (live, old, new, keys_of(field)) {
        (Value::Object(live), Value::Object(old), Value::Object(new), _) if !is_atomic(field) => {
            let mut object = live.clone();
            let empty = Value::Object(serde_json::Map::new());
            for (key, value) in old.iter().filter(|(key, _)| !new.contains_key(*key)) {
                // Names that people never saw are among these; elsewhere what is hidden goes with what held it.
                let rest = live.get(key).filter(|_| matches!(key.as_str(), "labels" | "annotations"));
                match rest.map(|live| graft(key, live, value, &empty)).filter(|rest| *rest != empty) {
                    Some(rest) => drop(object.insert(key.clone(), rest)),
                    None => drop(object.remove(key)),
                }
            }
            for (key, value) in new {
                let value = match (live.get(key), old.get(key)) {
                    (Some(live), Some(old)) => graft(key, live, old, value),
                    (Some(live @ Value::Object(_)), None) if !is_atomic(key) => {
                        graft(key, live, &Value::Object(serde_json::Map::new()), value)
                    }
                    _ => value.clone(),
                };
                object.insert(key.clone(), value);
            }
            Value::Object(object)
        }
        (Value::Array(items), Value::Array(_), Value::Array(wanted), Some(keys)) => {
            let empty = Value::Object(serde_json::Map::new());
            let grafted = wanted.iter().map(|item| match find(live, item, keys) {
                Some(live) => graft("", live, find(old, item, keys).unwrap_or(&empty), item),
                None => item.clone(),
            });
            let mut grafted: Vec<Value> = grafted.collect();
            // What the manifest never showed stays.
            let hidden = items.iter().filter(|item| {
                find(old, item, keys).is_none() && !wanted.iter().any(|wanted| is_same(wanted, item, keys))
            });
            grafted.extend(hidden.cloned());
            Value::Array(grafted)
        }
        _ => new.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_the_server_set_stays() {
        let live = json!({
            "metadata": { "uid": "1", "annotations": { "deployment.kubernetes.io/revision": "3", "note": "x" } },
            "spec": {
                "strategy": { "type": "RollingUpdate", "rollingUpdate": { "maxSurge": "25%" } },
                "template": {
                    "metadata": { "annotations": { "kubectl.kubernetes.io/restartedAt": "then" } },
                    "spec": { "dnsPolicy": "ClusterFirst", "containers": [
                        { "name": "app", "image": "a:1", "terminationMessagePath": "/dev/termination-log",
                          "env": [{ "name": "A", "value": "1" }, { "name": "B", "value": "2" }] },
                    ] },
                },
            },
        });
        let manifest = |env: Value, note: Value, strategy: Value| {
            json!({
                "metadata": note,
                "spec": { "strategy": strategy, "template": { "spec": { "containers": [
                    { "name": "app", "image": "a:1", "env": env },
                ] } } },
            })
        };
        let (a, b) = (json!({ "name": "A", "value": "1" }), json!({ "name": "B", "value": "2" }));
        let old =
            manifest(json!([a, b]), json!({ "annotations": { "note": "x" } }), json!({ "type": "RollingUpdate" }));
        let new = manifest(json!([b]), json!({}), json!({ "type": "Recreate" }));
        let mut expected = live.clone();
        expected["spec"]["template"]["spec"]["containers"][0]["env"] = json!([b]);
        expected["spec"]["strategy"] = json!({ "type": "Recreate" });
        let result = transplant(&live, &old, &new);
        // Taking out the annotations that people set leaves the controller's.
        expected["metadata"]["annotations"] = json!({ "deployment.kubernetes.io/revision": "3" });
        assert_eq!(result, expected);
    }
}
