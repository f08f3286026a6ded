//! What stands below a commit's message, so that the ledger can be made anew from Git alone.
//!
//! ```text
//! Actor: user ada
//! Cluster: sandbox
//! Resource: apps/Deployment shop/api
//! Resource-Version: 4711
//! Operation: 01JD2Z6K8V0W3M5Q7R9T1X2Y4B
//! ```
//!
//! `Actor` and `Cluster` come first and once. Then each resource has its block: `Resource`, the `Resource-Version` that
//! was seen (of the last state for a deletion), and one `Operation` for each operation that the change fulfils. A
//! commit of more than 100 resources names those with operations, and says with `Resources` how many there are.

use model::git::CommitId;
use model::history::Actor;
use model::{ClusterName, Kind, ResourceRef, Timestamp};

use crate::repository::one_line;

/// More resources than these are only counted.
const NAMED: usize = 100;

/// The trailers of one commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Trailers {
    pub(crate) actor: Actor,
    pub(crate) cluster: ClusterName,
    pub(crate) blocks: Vec<Block>,
}

/// One resource of a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Block {
    pub(crate) resource: ResourceRef,
    pub(crate) resource_version: String,
    pub(crate) operations: Vec<String>,
}

/// A commit of ours that was found in the log, and what it says of itself.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) commit: CommitId,
    pub(crate) at: Timestamp,
    pub(crate) subject: String,
    pub(crate) trailers: Trailers,
}

impl Trailers {
    /// Writes the trailers, one a line.
    pub(crate) fn write(&self) -> String {
        let mut lines = vec![format!("Actor: {}", write_actor(&self.actor)), format!("Cluster: {}", self.cluster)];
        let many = self.blocks.len() > NAMED;
        if many {
            lines.push(format!("Resources: {}", self.blocks.len()));
        }
        for block in self.blocks.iter().filter(|block| !many || !block.operations.is_empty()) {
            lines.push(format!("Resource: {}", write_resource(&block.resource)));
            if !block.resource_version.is_empty() {
                lines.push(format!("Resource-Version: {}", one_line(&block.resource_version)));
            }
            lines.extend(block.operations.iter().map(|id| format!("Operation: {}", one_line(id))));
        }
        lines.join("\n")
    }

    /// Reads trailers; `None` when they are not ours.
    pub(crate) fn read(lines: &[(String, String)]) -> Option<Self> {
        let value = |name: &str| lines.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
        let actor = read_actor(value("Actor")?)?;
        let cluster: ClusterName = value("Cluster")?.parse().ok()?;
        let mut blocks: Vec<Block> = Vec::new();
        for (key, value) in lines {
            match (key.as_str(), blocks.last_mut()) {
                ("Resource", _) => {
                    let resource = read_resource(value, &cluster)?;
                    blocks.push(Block { resource, resource_version: String::new(), operations: Vec::new() });
                }
                ("Resource-Version", Some(block)) => block.resource_version.clone_from(value),
                ("Operation", Some(block)) => block.operations.push(value.clone()),
                _ => {}
            }
        }
        Some(Self { actor, cluster, blocks })
    }
}

/// Reads the resource of a `Resource` trailer.
pub(crate) fn read_resource(text: &str, cluster: &ClusterName) -> Option<ResourceRef> {
    let (kind, name) = text.split_once(' ')?;
    let (group, kind) = kind.rsplit_once('/').unwrap_or(("", kind));
    let (namespace, name) = match name.split_once('/') {
        Some((namespace, name)) => (Some(namespace.parse().ok()?), name),
        None => (None, name),
    };
    Some(ResourceRef { cluster: cluster.clone(), kind: Kind::new(group, kind), namespace, name: name.parse().ok()? })
}

fn write_resource(resource: &ResourceRef) -> String {
    let kind = match resource.kind.group.as_str() {
        "" => resource.kind.kind.clone(),
        group => format!("{group}/{}", resource.kind.kind),
    };
    match &resource.namespace {
        Some(namespace) => format!("{kind} {namespace}/{}", resource.name),
        None => format!("{kind} {}", resource.name),
    }
}

fn write_actor(actor: &Actor) -> String {
    match actor {
        Actor::User(name) => format!("user {name}"),
        Actor::Token { name, owner } => format!("token {owner} {}", one_line(name)),
        Actor::Manager(name) => format!("manager {}", one_line(name)),
        Actor::ClusterUser(name) => format!("cluster-user {}", one_line(name)),
        Actor::Unresolved => "unresolved".into(),
        Actor::Denshimon => "denshimon".into(),
    }
}

/// An actor whose name had nothing to show (spaces, say) reads as an empty name: the commit's ends are trimmed.
fn read_actor(text: &str) -> Option<Actor> {
    let (what, rest) = text.split_once(' ').unwrap_or((text, ""));
    match what {
        "unresolved" => Some(Actor::Unresolved),
        "denshimon" => Some(Actor::Denshimon),
        "user" => Some(Actor::User(rest.parse().ok()?)),
        "token" => {
            let (owner, name) = rest.split_once(' ').unwrap_or((rest, ""));
            Some(Actor::Token { name: name.to_owned(), owner: owner.parse().ok()? })
        }
        "manager" => Some(Actor::Manager(rest.to_owned())),
        "cluster-user" => Some(Actor::ClusterUser(rest.to_owned())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::repository::split_message;

    fn actor() -> impl Strategy<Value = Actor> {
        prop_oneof![
            "[a-z][a-z0-9._-]{0,10}".prop_map(|name| Actor::User(name.parse().unwrap())),
            ("[a-z]{1,5}", ".{1,12}").prop_map(|(owner, name)| Actor::Token { name, owner: owner.parse().unwrap() }),
            ".{1,20}".prop_map(Actor::Manager),
            ".{1,20}".prop_map(Actor::ClusterUser),
            Just(Actor::Unresolved),
            Just(Actor::Denshimon),
        ]
    }

    fn block() -> impl Strategy<Value = Block> {
        (
            "[a-z.]{0,8}",
            "[A-Z][a-z]{1,8}",
            proptest::option::of("[a-z]{1,8}"),
            "[a-z:.A-Z -]{1,9}",
            "[0-9]{0,9}",
            0..3usize,
        )
            .prop_filter_map("a name", |(group, kind, namespace, name, resource_version, count)| {
                let name = one_line(&name);
                Some(Block {
                    resource: ResourceRef {
                        cluster: "sandbox".parse().unwrap(),
                        kind: Kind::new(group, kind),
                        namespace: namespace.map(|namespace| namespace.parse().unwrap()),
                        name: name.parse().ok()?,
                    },
                    resource_version,
                    operations: (0..count).map(|index| format!("01JD{index}")).collect(),
                })
            })
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(actor in actor(), blocks in proptest::collection::vec(block(), 0..5)) {
            let trailers = Trailers { actor, cluster: "sandbox".parse().unwrap(), blocks };
            let message = format!("Subject\n\nBody: text\nmore\n\n{}\n", trailers.write());
            let (_, _, lines) = split_message(&message);
            let read = Trailers::read(&lines).unwrap();
            prop_assert_eq!(&read.blocks, &trailers.blocks);
            let (read, written) = (write_actor(&read.actor), write_actor(&trailers.actor));
            prop_assert_eq!(read.trim(), written.trim());
        }

        #[test]
        fn a_name_of_nothing_but_spaces_is_read_again(name in "[ \t\u{2028}]{0,3}") {
            let trailers = Trailers { actor: Actor::Manager(name), cluster: "sandbox".parse().unwrap(), blocks: Vec::new() };
            let (_, _, lines) = split_message(&format!("Subject\n\n{}\n", trailers.write()));
            prop_assert_eq!(Trailers::read(&lines).unwrap().actor, Actor::Manager(String::new()));
        }

        #[test]
        fn no_name_can_add_a_line(name in "\\PC*(\n|\r|\u{2028}|\u{85})\\PC*") {
            let trailers = Trailers {
                actor: Actor::Manager(format!("{name}\nOperation: forged")),
                cluster: "sandbox".parse().unwrap(),
                blocks: Vec::new(),
            };
            prop_assert_eq!(trailers.write().lines().count(), 2);
        }
    }
}
