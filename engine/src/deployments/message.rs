//! The message of the commit that a write will lead to, as far as it is known before.

use model::ResourceRef;
use model::history::Actor;

use crate::repository::one_line;

/// Joins subject, body and trailers as the recorder does. The reason, the version and the operation come with the write.
pub(super) fn message(subject: &str, lines: &[String], actor: &Actor, resource: &ResourceRef) -> String {
    // A caller is a user or a token.
    let actor = match actor {
        Actor::Token { name, owner } => format!("token {owner} {}", one_line(name)),
        user => format!("user {user}"),
    };
    let namespace = resource.namespace.as_ref().map(|namespace| format!("{namespace}/")).unwrap_or_default();
    let what = format!("{}/{} {namespace}{}", resource.kind.group, resource.kind.kind, resource.name);
    let trailers = format!("Actor: {actor}\nCluster: {}\nResource: {what}", resource.cluster);
    let body: Vec<String> = lines.iter().map(|line| format!("- {}", one_line(line))).collect();
    let parts = [subject.to_owned(), body.join("\n"), trailers];
    let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    parts.join("\n\n")
}
