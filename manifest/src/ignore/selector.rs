//! Label selectors as kubectl takes them.

use serde_json::Value;

/// All of these hold.
#[derive(Clone, Debug, Default)]
pub(super) struct Selector(Vec<Requirement>);

#[derive(Clone, Debug)]
struct Requirement {
    key: String,
    /// One of these, or none of them.
    test: Test,
}

#[derive(Clone, Debug)]
enum Test {
    In(Vec<String>),
    NotIn(Vec<String>),
    Exists,
    Missing,
}

impl Selector {
    /// Reads `app=api,tier!=db,env in (a,b),!canary`; nothing selects everything.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut requirements = Vec::new();
        let mut rest = text.trim();
        while !rest.is_empty() {
            let inside = rest.find('(').filter(|open| rest.find(',').is_none_or(|comma| *open < comma));
            let from = match inside {
                Some(open) => open + rest.get(open..).and_then(|tail| tail.find(')')).ok_or_else(|| wrong(rest))?,
                None => 0,
            };
            let end = rest.get(from..).and_then(|tail| tail.find(',')).map_or(rest.len(), |comma| from + comma);
            let (one, after) = rest.split_at(end);
            requirements.push(requirement(one.trim())?);
            rest = match after.strip_prefix(',').map(str::trim) {
                Some("") => return Err(wrong(text)),
                Some(more) => more,
                None => "",
            };
        }
        Ok(Self(requirements))
    }

    pub(super) fn is_any(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn fits(&self, labels: Option<&Value>) -> bool {
        self.0.iter().all(|requirement| {
            let value = labels.and_then(|labels| labels.get(&requirement.key)).and_then(Value::as_str);
            let is_one_of = |values: &[String]| value.is_some_and(|value| values.iter().any(|one| one == value));
            match &requirement.test {
                Test::In(values) => is_one_of(values),
                Test::NotIn(values) => !is_one_of(values),
                Test::Exists => value.is_some(),
                Test::Missing => value.is_none(),
            }
        })
    }
}

fn requirement(text: &str) -> Result<Requirement, String> {
    let (key, test) = if let Some(key) = text.strip_prefix('!') {
        (key, Test::Missing)
    } else if let Some(list) = text.strip_suffix(')') {
        let (head, values) = list.split_once('(').ok_or_else(|| wrong(text))?;
        let values: Vec<String> = values.split(',').map(|value| value.trim().to_owned()).collect();
        let (key, word) = head.trim().split_once(char::is_whitespace).ok_or_else(|| wrong(text))?;
        match word.trim() {
            "in" => (key, Test::In(values)),
            "notin" => (key, Test::NotIn(values)),
            _ => return Err(wrong(text)),
        }
    } else if let Some((key, value)) = text.split_once("!=") {
        (key, Test::NotIn(vec![value.trim().to_owned()]))
    } else if let Some((key, value)) = text.split_once("==").or_else(|| text.split_once('=')) {
        (key, Test::In(vec![value.trim().to_owned()]))
    } else {
        (text, Test::Exists)
    };
    let is_key = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/');
    let is_value = |value: &String| value.chars().all(|c| is_key(c) && c != '/');
    let key = key.trim();
    let values_fit = match &test {
        Test::In(values) | Test::NotIn(values) => values.iter().all(is_value),
        Test::Exists | Test::Missing => true,
    };
    if key.is_empty() || !key.chars().all(is_key) || !values_fit {
        return Err(wrong(text));
    }
    Ok(Requirement { key: key.to_owned(), test })
}

fn wrong(text: &str) -> String {
    format!("{text:?} is no label selector: write app=api,tier!=db, env in (a,b), canary or !canary.")
}
