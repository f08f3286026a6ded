//! Makes a change to a file again in another version of that file, resource by resource.

use model::{Kind, Namespace, ResourceName};

use crate::contents::{Found, read_resources};
use crate::edit::{Removed, edit_tree, remove};

/// Makes in `theirs` what changed from `base` to `ours`, and leaves all else there as it is. A resource that they took
/// out stays out.
///
/// Gives `None` where this cannot be said of resources: a file that describes none, one that gained some, or one that
/// cannot be edited.
pub fn transplant(base: &str, ours: Option<&str>, theirs: &str) -> Option<Removed> {
    let found = |text: &str| read_resources(text).ok();
    let before = found(base)?;
    let after = match ours {
        Some(text) => found(text)?,
        None => Vec::new(),
    };
    if after.iter().any(|new| at(&before, new).is_none()) {
        return None;
    }
    let mut text = theirs.to_owned();
    for old in &before {
        let new = at(&after, old);
        if new.is_some_and(|new| new.tree == old.tree) {
            continue;
        }
        let there = found(&text)?;
        let Some(place) = at(&there, old).map(|found| found.address) else { continue };
        match new {
            Some(new) => text = edit_tree(&text, place, &new.tree).ok()?.text,
            None => match remove(&text, place).ok()? {
                Removed::Rest(rest) => text = rest,
                Removed::Emptied => return Some(Removed::Emptied),
            },
        }
    }
    Some(Removed::Rest(text))
}

fn at<'a>(among: &'a [Found], wanted: &Found) -> Option<&'a Found> {
    let id = |found: &Found| -> (Kind, Option<Namespace>, ResourceName) {
        (found.kind.clone(), found.namespace.clone(), found.name.clone())
    };
    among.iter().find(|found| id(found) == id(wanted))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(name: &str, key: &str) -> String {
        format!("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\ndata:\n  key: {key}\n")
    }

    fn check(base: &[&str], ours: Option<&[&str]>, theirs: &[&str], expect: Option<Removed>) {
        let join = |parts: &[&str]| parts.join("---\n");
        let ours = ours.map(join);
        assert_eq!(transplant(&join(base), ours.as_deref(), &join(theirs)), expect);
    }

    fn rest(parts: &[&str]) -> Option<Removed> {
        Some(Removed::Rest(parts.join("---\n")))
    }

    #[test]
    fn what_changed_on_both_sides_is_there_on_both() {
        let (a, b) = (&*config("a", "1"), &*config("b", "1"));
        let (ours, theirs) = (&*config("a", "ours"), &*format!("# Theirs\n{}", config("b", "theirs")));
        check(&[a, b], Some(&[ours, b]), &[a, theirs], rest(&[ours, theirs]));
        check(&[a, b], Some(&[b]), &[a, theirs], rest(&[theirs]));
        check(&[a, b], Some(&[ours, b]), &[b], rest(&[b]));
        check(&[a], None, &[&config("a", "theirs")], Some(Removed::Emptied));
        check(&[a], Some(&[a, b]), &[a], None);
        check(&["{"], Some(&[a]), &[a], None);
    }
}
