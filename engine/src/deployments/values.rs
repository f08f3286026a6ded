//! Takes out of Kubernetes' refusals the values that they quote.

/// What a validation error puts before the value that it is about; the reason comes after the value.
const QUOTING: [&str; 4] = ["Invalid value: ", "Unsupported value: ", "Duplicate value: ", "Not found: "];
/// What comes before a value that nothing marks the end of: in errors of the schema and of older servers' JSON.
const LAST: [&str; 2] = [", got ", "error found in #"];

/// Keeps the names of fields and the reasons, and leaves out each value that is quoted with them.
pub(super) fn without_values(message: &str) -> String {
    let first = |marks: &[&str], text: &str| {
        marks.iter().filter_map(|mark| Some((text.find(mark)?, mark.len()))).min().unwrap_or((text.len(), 0))
    };
    let mut kept = String::with_capacity(message.len());
    let mut rest = message;
    loop {
        let (last, _) = first(&LAST, rest);
        let (place, length) = first(&QUOTING, rest);
        if last < place || length == 0 {
            kept.push_str(rest.get(..last).unwrap_or_default().trim_end_matches([' ', ':', ',']));
            return kept;
        }
        let (before, value) = rest.split_at(place + length);
        kept.push_str(before.trim_end_matches(": "));
        rest = value.get(end_of_value(value)..).unwrap_or_default();
    }
}

/// Finds where a value ends: a quoted text, something in brackets, or a plain word. One that is cut off ends with the
/// message.
fn end_of_value(text: &str) -> usize {
    let mut depth = 0_usize;
    let mut quoted = false;
    let mut escaped = false;
    for (at, character) in text.char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ if quoted => {}
            // `v1.LabelSelector{...}` is a value, too.
            '{' | '[' | '(' => depth += 1,
            '}' | ')' if depth > 0 => depth -= 1,
            ']' if depth > 0 => depth -= 1,
            // The end of the list of errors.
            ']' => return at,
            ':' | ',' if depth == 0 && text.get(at + 1..).is_some_and(|rest| rest.starts_with(' ')) => return at,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(message: &str, expect: &str) {
        let kept = without_values(message);
        assert_eq!(kept, expect);
        assert!(!kept.contains("hunter"), "{kept}");
    }

    #[test]
    fn a_quoted_value_is_left_out_and_its_field_and_reason_stay() {
        check(
            r#"Deployment.apps "api" is invalid: metadata.labels: Invalid value: "hunter2: [\"x\"], y": must be short"#,
            r#"Deployment.apps "api" is invalid: metadata.labels: Invalid value: must be short"#,
        );
        check(
            r#"is invalid: [a.b: Invalid value: "hunter2": no, c: Required value: put it here, d: Duplicate value: {"name":"hunter3, a: b"}]"#,
            "is invalid: [a.b: Invalid value: no, c: Required value: put it here, d: Duplicate value]",
        );
        check(
            r#"spec.selector: Invalid value: v1.LabelSelector{MatchLabels:map[string]string{"app":"hunter2"}, X:[]y(nil)}: field is immutable"#,
            "spec.selector: Invalid value: field is immutable",
        );
        check(
            r#"protocol: Unsupported value: "hunter2": supported values: "SCTP", "TCP", "UDP""#,
            r#"protocol: Unsupported value: supported values: "SCTP", "TCP", "UDP""#,
        );
        check("replicas: Invalid value: -1: must be greater", "replicas: Invalid value: must be greater");
        check(r#"volumeMounts[0].name: Not found: "hunter2""#, "volumeMounts[0].name: Not found");
    }

    #[test]
    fn what_has_no_end_is_cut_off() {
        check(r#"a: Invalid value: "hunter2 and so on..."#, "a: Invalid value");
        check(
            ".spec.containers[name=\"a\"].env: expected list, got &{map[DB_PASSWORD:hunter2]}   .x: expected map, got 1",
            ".spec.containers[name=\"a\"].env: expected list",
        );
        check(r#"a: Invalid value: "hunter2": b, got hunter3"#, "a: Invalid value: b");
        check(r#"a, got hunter2: Invalid value: "b": c"#, "a");
        check("cannot be handled: error found in #10 byte of ...|hunter2|...", "cannot be handled");
    }

    #[test]
    fn what_quotes_nothing_stays() {
        for message in [
            "exceeded quota: few, requested: count/deployments.apps=1, used: count/deployments.apps=1",
            "failed to create typed patch object (a/b; apps/v1, Kind=Deployment): .spec.replicaz: field not declared in schema",
            "ValidatingAdmissionPolicy 'few' with binding 'few' denied request: at most 5",
            "json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32",
        ] {
            check(message, message);
        }
    }
}
