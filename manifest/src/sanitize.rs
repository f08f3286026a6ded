//! Takes out of a live object what the server owns, and leaves what a person set.
//!
//! Each rule is a file with its reason. Two kinds of facts tell whose a field is: `metadata.managedFields`, in which
//! the API server keeps who wrote which field, and the `last-applied-configuration` annotation of `kubectl apply`.
//! [`ownership`] drops what nobody wrote; the other rules drop what is known to be filled in by a controller or the
//! server, whatever the facts say, since some clients write the whole object back.
//!
//! A document without a uid is no live object: from that nothing is taken that a person could have typed.

mod account;
mod authority;
mod claim;
mod defaulted;
mod evidence;
mod job;
mod metadata;
mod namespace;
mod ownership;
mod pod;
mod role;
mod secret;
mod service;
mod skip;
mod template;

use serde_json::Value;

use crate::defaults::SchemaDefaults;
use crate::mask::unseal;
use crate::sanitize::evidence::Evidence;
use crate::tree::{Manifest, prune, text};

pub use skip::{MADE_RULES, MadeRule, made_by_itself};

/// Makes a manifest of a live object, or of a document; doing so again changes nothing.
///
/// A Secret keeps its type and keys; its values are replaced by [`crate::NOT_RECORDED`], unless something stands for
/// them already, as in what [`crate::not_recorded`] makes and in a record that is encrypted.
pub fn sanitize(live: &Value) -> Manifest {
    sanitize_custom(live, &SchemaDefaults::default())
}

/// The same where the definitions of custom kinds are known: what they fill in is left out, too, and a status that is
/// a field like any other stays.
pub fn sanitize_custom(live: &Value, schemas: &SchemaDefaults) -> Manifest {
    let mut tree = live.clone();
    // The status is what the cluster makes of the rest.
    if !schemas.has_plain_status(text(live, &["apiVersion"]), text(live, &["kind"]))
        && let Some(root) = tree.as_object_mut()
    {
        root.remove("status");
    }
    clean(live, tree, schemas)
}

/// Makes a manifest of a record, as it was written: a status in one is a field like any other, unless somebody put a
/// live object there.
pub fn sanitize_record(record: &Value) -> Manifest {
    if !text(record, &["metadata", "uid"]).is_empty() {
        return sanitize(record);
    }
    clean(record, record.clone(), &SchemaDefaults::default())
}

fn clean(live: &Value, mut tree: Value, schemas: &SchemaDefaults) -> Manifest {
    let mut evidence = Evidence::of(live);
    pod::read(live, &mut evidence);
    unseal(&mut tree);
    // These look at annotations and labels that the rules after them take out.
    job::clean(&mut tree);
    claim::clean(&mut tree);
    authority::clean(&mut tree);
    ownership::clean(&mut tree, &evidence);
    defaulted::clean(&mut tree, &evidence, schemas);
    service::clean(&mut tree, &evidence);
    pod::clean(&mut tree, &evidence);
    template::clean(&mut tree);
    namespace::clean(&mut tree);
    role::clean(&mut tree);
    account::clean(&mut tree);
    secret::clean(&mut tree);
    metadata::clean(&mut tree);
    Manifest::new(tree)
}

/// Takes one key out of a map of names, and the map where nothing else was in it.
fn remove_name(tree: &mut Value, map: &[&str], name: &str) {
    let path: Vec<&str> = map.iter().copied().chain([name]).collect();
    prune(tree, &path);
}

#[cfg(test)]
mod tests;
