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
