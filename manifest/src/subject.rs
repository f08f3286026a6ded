//! The first line of a commit message.

use model::ResourceRef;
use model::history::Verb;

use crate::compare::FieldChange;
use crate::summarize::{split_image, version};

/// The most characters of a subject.
const LONGEST: usize = 72;

/// Words a commit's subject: `Scale shop/api to 5`, `Deploy shop/api 1.4.2`, `Create ConfigMap shop/config`.
///
/// One line of at most 72 characters without control characters. Deployments go without their kind where the verb
/// says enough. For [`Verb::Edit`] and [`Verb::Observe`] the changes choose the words.
pub fn subject(verb: Verb, resource: &ResourceRef, changes: &[FieldChange]) -> String {
    let place = match &resource.namespace {
        Some(namespace) => format!("{namespace}/{}", resource.name),
        None => resource.name.to_string(),
    };
    let full = format!("{} {place}", resource.kind);
    let deployment = resource.kind == model::Kind::deployment();
    let short = if deployment { &place } else { &full };
    let (word, target, end) = match verb {
        Verb::Create => ("Create", &full, None),
        Verb::Delete => ("Delete", &full, None),
        Verb::Scale => ("Scale", short, replicas(changes)),
        Verb::Restart => ("Restart", short, None),
        Verb::Pause => ("Pause", short, None),
        Verb::Resume => ("Resume", short, None),
        Verb::Undo => ("Undo", short, image(changes).map(|tag| format!("to {tag}"))),
        Verb::Edit | Verb::Observe => match kind_of(changes) {
            Edit::Create => ("Create", &full, None),
            Edit::Delete => ("Delete", &full, None),
            Edit::Scale => ("Scale", short, replicas(changes)),
            Edit::Deploy => ("Deploy", short, image(changes)),
            Edit::Pause => ("Pause", short, None),
            Edit::Resume => ("Resume", short, None),
            Edit::Other => ("Update", &full, None),
        },
    };
    fit(word, target, end.as_deref())
}

/// What a set of changes amounts to.
enum Edit {
    Create,
    Delete,
    Scale,
    Deploy,
    Pause,
    Resume,
    Other,
}

fn kind_of(changes: &[FieldChange]) -> Edit {
    if let Some(whole) = changes.iter().find(|change| change.path.is_empty()) {
        return match (&whole.old, &whole.new) {
            (None, Some(_)) => Edit::Create,
            (Some(_), None) => Edit::Delete,
            _ => Edit::Other,
        };
    }
    if changes.iter().any(is_image) {
        return Edit::Deploy;
    }
    match changes {
        [change] if change.path == "spec.replicas" && change.new.is_some() => Edit::Scale,
        [change] if change.path == "spec.paused" => match change.new.as_ref().and_then(serde_json::Value::as_bool) {
            Some(true) => Edit::Pause,
            _ => Edit::Resume,
        },
        _ => Edit::Other,
    }
}

fn is_image(change: &FieldChange) -> bool {
    change.path.contains("containers[") && change.path.ends_with("].image") && change.new.is_some()
}

fn replicas(changes: &[FieldChange]) -> Option<String> {
    let change = changes.iter().find(|change| change.path == "spec.replicas")?;
    Some(format!("to {}", change.new.as_ref()?))
}

/// The new tag, when all images that changed have the same.
fn image(changes: &[FieldChange]) -> Option<String> {
    let mut tags = changes.iter().filter(|change| is_image(change)).filter_map(|change| {
        let image = change.new.as_ref()?.as_str()?;
        Some(split_image(image).1.map_or_else(|| image.to_owned(), version))
    });
    let first = tags.next()?;
    tags.all(|tag| tag == first).then_some(first)
}

/// Joins the parts, and shortens the name in its middle where the line is too long.
fn fit(word: &str, target: &str, end: Option<&str>) -> String {
    let clean = |text: &str| text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect::<String>();
    let end = end.map(clean).filter(|end| end.chars().count() <= 40);
    let end = end.map_or_else(String::new, |end| format!(" {end}"));
    let room = LONGEST.saturating_sub(word.chars().count() + 1 + end.chars().count());
    let target: Vec<char> = clean(target).chars().collect();
    let target: String = if target.len() <= room {
        target.into_iter().collect()
    } else {
        let tail = room / 3;
        let head = room.saturating_sub(tail + 3);
        let start = target.iter().take(head);
        start.chain(&['.', '.', '.']).chain(target.iter().skip(target.len() - tail)).collect()
    };
    format!("{word} {target}{end}")
}

#[cfg(test)]
mod tests {
    use model::Kind;
    use serde_json::{Value, json};

    use super::*;
    use crate::compare::compare;

    fn resource(group: &str, kind: &str, name: &str) -> ResourceRef {
        ResourceRef {
            cluster: "main".parse().unwrap(),
            kind: Kind::new(group, kind),
            namespace: Some("shop".parse().unwrap()),
            name: name.parse().unwrap(),
        }
    }

    fn check(verb: Verb, resource: &ResourceRef, old: Option<Value>, new: Option<Value>, expect: &str) {
        let subject = subject(verb, resource, &compare(old.as_ref(), new.as_ref()));
        assert_eq!(subject, expect);
        assert!(subject.chars().count() <= 72 && !subject.contains('\n'));
    }

    fn deployment(replicas: u32, tag: &str) -> Option<Value> {
        let containers = json!([{"name": "api", "image": format!("ghcr.io/acme/api:{tag}")}]);
        Some(json!({"spec": {"replicas": replicas, "template": {"spec": {"containers": containers}}}}))
    }

    #[test]
    fn a_subject_says_what_was_done() {
        let api = resource("apps", "Deployment", "api");
        check(Verb::Scale, &api, deployment(3, "1"), deployment(5, "1"), "Scale shop/api to 5");
        check(Verb::Observe, &api, deployment(3, "1"), deployment(5, "1"), "Scale shop/api to 5");
        check(Verb::Edit, &api, deployment(3, "1.4.1"), deployment(5, "1.4.2"), "Deploy shop/api 1.4.2");
        check(Verb::Undo, &api, deployment(3, "1.4.2"), deployment(3, "1.4.1"), "Undo shop/api to 1.4.1");
        check(Verb::Restart, &api, None, None, "Restart shop/api");
        check(Verb::Create, &api, None, deployment(3, "1"), "Create Deployment shop/api");
        check(Verb::Observe, &api, deployment(3, "1"), None, "Delete Deployment shop/api");
        check(
            Verb::Observe,
            &resource("", "ConfigMap", "config"),
            None,
            Some(json!({})),
            "Create ConfigMap shop/config",
        );
        let paused = |paused: bool| Some(json!({"spec": {"paused": paused}}));
        check(Verb::Observe, &api, paused(false), paused(true), "Pause shop/api");
        check(
            Verb::Edit,
            &resource("", "Service", "api"),
            Some(json!({"a": 1})),
            Some(json!({"a": 2})),
            "Update Service shop/api",
        );
        check(
            Verb::Observe,
            &resource("apps", "StatefulSet", "db"),
            deployment(1, "1"),
            deployment(3, "1"),
            "Scale StatefulSet shop/db to 3",
        );
    }

    #[test]
    fn a_subject_is_one_short_line() {
        let long = resource("apps", "Deployment", &"n".repeat(253));
        check(
            Verb::Scale,
            &long,
            deployment(3, "1"),
            deployment(5, "1"),
            &format!("Scale shop/{}...{} to 5", "n".repeat(33), "n".repeat(20)),
        );
        let api = resource("apps", "Deployment", "api");
        check(Verb::Edit, &api, deployment(1, "1"), deployment(1, "x\ny"), "Deploy shop/api x y");
        check(Verb::Edit, &api, deployment(1, "1"), deployment(1, &"x".repeat(128)), "Deploy shop/api");
    }
}
