//! What a file knows of a Secret stays in it: a manifest never holds the values.

use serde_json::{Map, Value};

use crate::mask::{is_secret, is_stand_in};

/// Puts the file's value wherever something stands for one.
fn keep_in(have: &Value, want: &mut Value) {
    match (have, want) {
        (Value::String(have), Value::String(want)) if is_stand_in(want) => want.clone_from(have),
        (Value::Object(have), Value::Object(want)) => {
            want.iter_mut().for_each(|(key, want)| {
                if let Some(have) = have.get(key) {
                    keep_in(have, want)
                }
            });
        }
        (Value::Array(have), Value::Array(want)) => {
            for (index, want) in want.iter_mut().enumerate() {
                let name = want.get("name").cloned();
                let named = |have: &&Value| have.get("name") == name.as_ref();
                let same = if name.is_some() { have.iter().find(named) } else { have.get(index) };
                same.into_iter().for_each(|have| keep_in(have, want));
            }
        }
        _ => {}
    }
}

/// Returns what is wanted, with the values it does not know as the file has them, in the field that has them.
pub(super) fn keep(have: &Value, want: &Value) -> Value {
    let mut wanted = want.clone();
    keep_in(have, &mut wanted);
    if !is_secret(want) {
        return wanted;
    }
    let Some(map) = wanted.as_object_mut() else { return wanted };
    for field in ["stringData", "data"] {
        let Some(old) = have.get(field).and_then(Value::as_object) else { continue };
        for (key, value) in old {
            // The server turns `stringData` into `data`.
            let unknown = ["data", "stringData"].into_iter().find(|field| {
                map.get(*field).and_then(|values| values.get(key)).and_then(Value::as_str).is_some_and(is_stand_in)
            });
            let Some(unknown) = unknown else { continue };
            if let Some(Value::Object(values)) = map.get_mut(unknown) {
                values.remove(key);
                if values.is_empty() {
                    map.remove(unknown);
                }
            }
            let values = map.entry(field).or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(values) = values {
                values.insert(key.clone(), value.clone());
            }
        }
    }
    wanted
}
