//! A Secret's values, which never get into a record.

use serde_json::Value;

use crate::mask::{NOT_RECORDED, is_secret, replace_values};

/// Applies the rule: type and keys stay, each value becomes a marker, `stringData` is what the server makes of it.
pub(super) fn clean(tree: &mut Value) {
    replace_values(tree, NOT_RECORDED);
    if !is_secret(tree) {
        return;
    }
    let Some(root) = tree.as_object_mut() else { return };
    let Some(Value::Object(texts)) = root.remove("stringData") else { return };
    let data = root.entry("data").or_insert_with(|| Value::Object(serde_json::Map::new()));
    if let Value::Object(data) = data {
        data.extend(texts);
    }
}
