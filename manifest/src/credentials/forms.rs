//! What credentials look like.

/// Beginnings that issuers give to their tokens, and how many characters follow at least.
const MARKS: [(&str, usize); 27] = [
    // docs.github.com: about authentication, token formats
    ("ghp_", 36),
    ("gho_", 36),
    ("ghu_", 36),
    ("ghs_", 36),
    ("ghr_", 36),
    ("github_pat_", 22),
    // docs.gitlab.com: token overview, prefixes
    ("glpat-", 20),
    ("gldt-", 20),
    ("glrt-", 20),
    // docs.slack.dev: tokens
    ("xoxb-", 20),
    ("xoxp-", 20),
    ("xoxa-", 20),
    ("xoxr-", 20),
    ("xoxs-", 20),
    ("xapp-", 20),
    // docs.aws.amazon.com: IAM identifiers, unique prefixes of keys
    ("AKIA", 16),
    ("ASIA", 16),
    ("AIza", 35),
    ("ya29.", 20),
    // docs.stripe.com: keys
    ("sk_live_", 16),
    ("rk_live_", 16),
    ("npm_", 36),
    ("pypi-", 50),
    ("hf_", 30),
    ("SG.", 40),
    ("dop_v1_", 60),
    ("AGE-SECRET-KEY-1", 40),
];

/// The last words of names that have credentials for values.
const LAST_WORDS: [&str; 8] =
    ["password", "passwd", "pwd", "passphrase", "secret", "token", "credential", "credentials"];
/// The last two.
const LAST_TWO_WORDS: [(&str, &str); 8] = [
    ("api", "key"),
    ("access", "key"),
    ("account", "key"),
    ("auth", "key"),
    ("encryption", "key"),
    ("private", "key"),
    ("secret", "key"),
    ("signing", "key"),
];
/// The same written as one.
const JOINED: [&str; 6] = ["apikey", "accesskey", "authkey", "privatekey", "secretkey", "authtoken"];

pub(super) fn has_private_key(value: &str) -> bool {
    value.match_indices("-----BEGIN ").any(|(at, begin)| {
        let rest = value.get(at + begin.len()..).unwrap_or_default();
        rest.split_once("-----")
            .is_some_and(|(label, _)| label.ends_with("PRIVATE KEY") || label == "PGP PRIVATE KEY BLOCK")
    })
}

pub(super) fn has_marked_token(value: &str) -> bool {
    MARKS.iter().any(|(mark, least)| {
        value.match_indices(mark).any(|(at, _)| {
            let before = value.get(..at).and_then(|text| text.chars().next_back());
            let after = value.get(at + mark.len()..).unwrap_or_default();
            let length =
                after.chars().take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.')).count();
            before.is_none_or(|c| !c.is_ascii_alphanumeric() && c != '_') && length >= *least
        })
    })
}

/// Three parts in base64 with dots between, the first two of which begin as JSON maps do (RFC 7519).
pub(super) fn has_jwt(value: &str) -> bool {
    let in_token = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '=');
    value.split(|c| !in_token(c)).any(|word| {
        let mut parts = word.split('.');
        let part = |part: Option<&str>| part.is_some_and(|part| part.starts_with("eyJ") && part.len() >= 10);
        part(parts.next()) && part(parts.next()) && parts.next().is_some_and(|signature| signature.len() >= 16)
    })
}

pub(super) fn has_url_password(value: &str) -> bool {
    value.match_indices("://").any(|(at, slashes)| {
        let scheme = value.get(..at).and_then(|text| text.chars().next_back());
        let rest = value.get(at + slashes.len()..).unwrap_or_default();
        let authority = rest.split(|c: char| c.is_whitespace() || matches!(c, '/' | '"' | '\'' | '<' | '>')).next();
        let password = authority.unwrap_or_default().rsplit_once('@').and_then(|(user, _)| user.split_once(':'));
        scheme.is_some_and(|c| c.is_ascii_alphanumeric()) && password.is_some_and(|(_, word)| is_literal(word))
    })
}

pub(super) fn is_authorization(value: &str) -> bool {
    let value = value.trim();
    let header = value.strip_prefix("Authorization:").unwrap_or(value).trim_start();
    let rest = ["Bearer ", "Basic ", "token "].iter().find_map(|scheme| header.strip_prefix(scheme));
    rest.is_some_and(|rest| rest.len() >= 12 && is_literal(rest) && !rest.contains(char::is_whitespace))
}

pub(super) fn is_named_as_one(name: &str, value: &str) -> bool {
    let words = words(name);
    let named = match words.as_slice() {
        [.., before, last] => {
            LAST_WORDS.contains(&last.as_str())
                || JOINED.contains(&last.as_str())
                || LAST_TWO_WORDS.contains(&(before.as_str(), last.as_str()))
        }
        [last] => LAST_WORDS.contains(&last.as_str()) || JOINED.contains(&last.as_str()),
        [] => false,
    };
    let is_plain = |value: &str| {
        let number = value.chars().all(|c| c.is_ascii_digit() || c == '.') && value.len() < 4;
        number || matches!(value, "true" | "false" | "null" | "none" | "yes" | "no")
    };
    // A path leads to a credential and is none.
    named && is_literal(value) && !value.starts_with('/') && !value.contains('\n') && !is_plain(value)
}

/// Finds `name = value`, `name: value` and `"name": "value"` in the lines of a text, but for comments.
pub(super) fn has_setting(text: &str) -> bool {
    const LONGEST_NAME: usize = 100;
    text.lines().any(|line| {
        let line = line.trim().trim_start_matches("- ").trim_start_matches("export ").trim_start();
        let is_comment = ["#", ";", "//", "--"].iter().any(|mark| line.starts_with(mark));
        let Some((name, value)) = line.split_once(['=', ':']).filter(|_| !is_comment) else { return false };
        let name = name.trim().trim_matches(['"', '\'']);
        let value = value.trim().trim_end_matches([',', ';']).trim_end();
        let quoted = ['"', '\''].iter().find_map(|quote| value.strip_prefix(*quote)?.strip_suffix(*quote));
        // What is not quoted and has several words is prose.
        let value = quoted.or((!value.contains(char::is_whitespace)).then_some(value));
        let is_name = name.len() <= LONGEST_NAME && !name.contains(char::is_whitespace);
        is_name && value.is_some_and(|value| is_named_as_one(name, value))
    })
}

/// Tells a value from one that is filled in later.
fn is_literal(value: &str) -> bool {
    !value.trim().is_empty()
        && !["$(", "${", "{{", "<"].iter().any(|mark| value.contains(mark))
        && !value.starts_with('$')
}

/// Splits `dbPassword`, `DB_PASSWORD` and `example.com/db-password` into words, in lower case.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut was_lower = false;
    for c in name.chars() {
        if !c.is_alphanumeric() || (c.is_uppercase() && was_lower) {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut().filter(|_| c.is_alphanumeric()) {
            word.extend(c.to_lowercase());
        }
        was_lower = c.is_lowercase();
    }
    words.retain(|word| !word.is_empty());
    words
}
