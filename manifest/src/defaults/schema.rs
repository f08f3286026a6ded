//! What a definition tells about its custom resources: the defaults in its schema, and whether a status is a field apart.
//!
//! See <https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#defaulting>.

use std::collections::HashMap;

use model::Kind;
use serde_json::{Map, Value};

use super::Defaults;
use crate::tree::{at, text};

/// What definitions say about the fields of their resources, by API version and kind.
#[derive(Debug, Default)]
pub struct SchemaDefaults(HashMap<(String, String), Definition>);

/// One version of one custom kind.
#[derive(Debug, Default, PartialEq)]
struct Definition {
    defaults: Defaults,
    /// Without the subresource the API server takes a status from whoever writes the rest.
    plain_status: bool,
}

impl SchemaDefaults {
    /// Takes in a CustomResourceDefinition as it is now; returns its kind if it said otherwise before.
    pub fn learn(&mut self, definition: &Value) -> Option<Kind> {
        let (group, kind) = (text(definition, &["spec", "group"]), text(definition, &["spec", "names", "kind"]));
        let mut changed = false;
        let versions = at(definition, &["spec", "versions"]).and_then(Value::as_array).into_iter().flatten();
        for version in versions {
            let mut defaults = Defaults::default();
            if let Some(schema) = at(version, &["schema", "openAPIV3Schema"]) {
                read(schema, &mut defaults);
            }
            let api_version = format!("{group}/{}", text(version, &["name"]));
            let plain_status = at(version, &["subresources", "status"]).is_none();
            let now = Definition { defaults, plain_status };
            let key = (api_version, kind.to_owned());
            changed |= self.0.get(&key).is_some_and(|before| *before != now);
            self.0.insert(key, now);
        }
        changed.then(|| Kind::new(group, kind))
    }

    /// Returns what is known of a custom kind.
    pub(crate) fn of(&self, api_version: &str, kind: &str) -> Option<&Defaults> {
        self.definition(api_version, kind).map(|definition| &definition.defaults)
    }

    /// Tells whether the status of a custom kind is a field like any other.
    pub(crate) fn has_plain_status(&self, api_version: &str, kind: &str) -> bool {
        self.definition(api_version, kind).is_some_and(|definition| definition.plain_status)
    }

    fn definition(&self, api_version: &str, kind: &str) -> Option<&Definition> {
        self.0.get(&(api_version.to_owned(), kind.to_owned()))
    }
}

fn read(schema: &Value, defaults: &mut Defaults) {
    for (name, schema) in properties(schema) {
        let mut field = Defaults::default();
        if let Some(default) = schema.get("default") {
            field.values.push((filled(default.clone(), schema), None));
        }
        read(schema, &mut field);
        if !field.values.is_empty() || !field.fields.is_empty() {
            defaults.fields.insert(name.clone(), field);
        }
    }
    if let Some(items) = schema.get("items") {
        let mut each = Defaults::default();
        read(items, &mut each);
        if !each.fields.is_empty() {
            defaults.fields.insert("*".to_owned(), each);
        }
    }
}

/// A default that is a map is filled with the defaults in it.
fn filled(mut default: Value, schema: &Value) -> Value {
    if let Some(map) = default.as_object_mut() {
        for (name, schema) in properties(schema) {
            let inner = map.get(name).or_else(|| schema.get("default")).cloned();
            if let Some(inner) = inner {
                map.insert(name.clone(), filled(inner, schema));
            }
        }
    }
    default
}

fn properties(schema: &Value) -> impl Iterator<Item = (&String, &Value)> {
    schema.get("properties").and_then(Value::as_object).into_iter().flat_map(Map::iter)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::sanitize::sanitize_custom;

    fn definition() -> Value {
        json!({"spec": {"group": "example.org", "names": {"kind": "Cache"}, "versions": [{"name": "v1", "schema": {
            "openAPIV3Schema": {"properties": {"spec": {"properties": {
                "size": {"type": "integer", "default": 3},
                "policy": {"default": {}, "properties": {"kind": {"default": "Always"}, "limit": {"type": "integer"}}},
                "parts": {"items": {"properties": {"name": {}, "mode": {"default": "rw"}}}}}}}}}}]}})
    }

    fn check(spec: Value, expected: Value) {
        let mut schemas = SchemaDefaults::default();
        schemas.learn(&definition());
        let live = json!({"apiVersion": "example.org/v1", "kind": "Cache",
            "metadata": {"name": "a", "uid": "u"}, "spec": spec});
        assert_eq!(sanitize_custom(&live, &schemas).into_tree()["spec"], expected);
    }

    #[test]
    fn a_definition_that_says_otherwise_is_told_from_one_that_does_not() {
        let mut schemas = SchemaDefaults::default();
        assert_eq!(schemas.learn(&definition()), None);
        let mut other = definition();
        other["spec"]["conversion"] = json!({"strategy": "None"});
        assert_eq!(schemas.learn(&other), None);
        let size = "/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/size/default";
        *other.pointer_mut(size).unwrap() = json!(5);
        assert_eq!(schemas.learn(&other), Some(Kind::new("example.org", "Cache")));
        assert_eq!(schemas.learn(&other), None);
    }

    #[test]
    fn what_the_schema_fills_in_is_left_out() {
        check(json!({"size": 3, "policy": {"kind": "Always"}}), json!({}));
        check(json!({"size": 4, "policy": {"kind": "Always", "limit": 1}}), json!({"size": 4, "policy": {"limit": 1}}));
        check(
            json!({"parts": [{"name": "a", "mode": "rw"}, {"name": "b", "mode": "ro"}]}),
            json!({"parts": [{"name": "a"}, {"name": "b", "mode": "ro"}]}),
        );
    }
}
