//! Says on which lines of what a person wrote the fields stand that Kubernetes refuses.

use model::FieldError;
use model::deployment::DeploymentChange;

use crate::Error;

/// More are not told; whoever mends these sees the others.
const MOST: usize = 10;

/// Adds the lines to a refusal of a change that was written as YAML.
pub(super) fn with_lines(error: Error, change: &DeploymentChange) -> Error {
    let (DeploymentChange::CreateYaml(text) | DeploymentChange::EditYaml(_, text)) = change else { return error };
    let Error::Refused { message, hint, fields } = error else { return error };
    let mut lines: Vec<(u32, &str)> =
        paths(&message).filter_map(|path| Some((manifest::line_of(text, path)?, path))).collect();
    lines.sort_unstable();
    lines.dedup();
    let lines = lines.into_iter().take(MOST).map(|(line, path)| FieldError {
        field: "yaml".into(),
        message: format!("Line {line}: {}", path.trim_start_matches('.')),
    });
    let mut lines: Vec<FieldError> = lines.collect();
    if lines.is_empty() {
        lines = fields;
    }
    Error::Refused { message, hint, fields: lines }
}

/// Finds the paths of fields in Kubernetes' words.
fn paths(message: &str) -> impl Iterator<Item = &str> {
    let starts = ["spec.", "metadata."].into_iter().flat_map(|root| message.match_indices(root).map(|(at, _)| at));
    starts.filter_map(|at| {
        let before = message.get(..at)?.chars().next_back();
        let begins = before.is_none_or(|before| before.is_whitespace() || matches!(before, '.' | '"' | '[' | '('));
        // `.template.spec.` goes on from a path that began before.
        let goes_on =
            before == Some('.') && message.get(..at - 1)?.ends_with(|c: char| c.is_alphanumeric() || c == ']');
        let path = message.get(at..)?;
        (begins && !goes_on).then(|| path.get(..length(path))).flatten()
    })
}

/// Returns how long the path at the beginning of a text is, in bytes.
fn length(text: &str) -> usize {
    let (mut inside, mut quoted) = (false, false);
    let end = text.char_indices().find(|(_, character)| {
        match character {
            '"' if inside => quoted = !quoted,
            '[' if !quoted => inside = true,
            // A list of messages ends with the bracket that was opened before the path.
            ']' if !quoted && !inside => return true,
            ']' if !quoted => inside = false,
            _ => {}
        }
        !inside && (character.is_whitespace() || matches!(character, ':' | ',' | ';' | '"'))
    });
    end.map_or(text.len(), |(at, _)| at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_paths_in_kubernetes_words_are_found() {
        let check =
            |message: &str, expect: &[&str]| assert_eq!(paths(message).collect::<Vec<_>>(), expect, "{message}");
        check(
            "Kubernetes does not know what this says: .spec.replicaz: field not declared in schema",
            &["spec.replicaz"],
        );
        check(
            "x .spec.template.spec.containers[name=\"a: b\"].imagee: field not declared in schema",
            &["spec.template.spec.containers[name=\"a: b\"].imagee"],
        );
        check("strict decoding error: unknown field \"spec.replicaz\"", &["spec.replicaz"]);
        check(
            "Deployment.apps \"bad\" is invalid: [spec.template.spec.containers[0].image: Required value, \
             spec.template.spec.containers[0].resources.limits[memory]: Invalid value: \"x\"]",
            &["spec.template.spec.containers[0].image", "spec.template.spec.containers[0].resources.limits[memory]"],
        );
        check("exceeded quota: few, spec", &[]);
    }

    #[test]
    fn only_what_was_written_as_yaml_has_lines() {
        let refused = || Error::Refused {
            message: "Kubernetes refuses it: spec.replicaz: no".into(),
            hint: String::new(),
            fields: Vec::new(),
        };
        let yaml = DeploymentChange::CreateYaml("kind: Deployment\nspec:\n  replicaz: 1\n".into());
        let Error::Refused { fields, .. } = with_lines(refused(), &yaml) else { panic!("it is refused still") };
        assert_eq!(fields, [FieldError { field: "yaml".into(), message: "Line 3: spec.replicaz".into() }]);
        let form = DeploymentChange::Create(Default::default());
        assert!(matches!(with_lines(refused(), &form), Error::Refused { fields, .. } if fields.is_empty()));
    }
}
