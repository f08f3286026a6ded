//! What credentials look like.

mod settings;

pub(super) use settings::has_setting;

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
const JOINED: [&str; 12] = [
    "apikey",
    "accesskey",
    "authkey",
    "privatekey",
    "secretkey",
    "authtoken",
    "accesstoken",
    "apitoken",
    "refreshtoken",
    "clientsecret",
    "apisecret",
    "appsecret",
];
/// The same with anything before, as in `PGPASSWORD`.
const LAST_LETTERS: [&str; 3] = ["password", "passwd", "passphrase"];
/// What makes `pass` another word: a proxy's directives, and what goes by or through.
const NO_PASSWORDS: [&str; 20] = [
    "by",
    "proxy",
    "fastcgi",
    "uwsgi",
    "scgi",
    "grpc",
    "memcached",
    "first",
    "second",
    "single",
    "multi",
    "one",
    "two",
    "render",
    "high",
    "low",
    "band",
    "all",
    "must",
    "on",
];

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
    let is_plain = |value: &str| {
        let number = value.chars().all(|c| c.is_ascii_digit() || c == '.') && value.len() < 4;
        number || matches!(value, "true" | "false" | "null" | "none" | "yes" | "no")
    };
    let value = value.trim();
    // `proxy-pass` and its like lead to an address.
    let is_address = words(name).last().is_some_and(|last| last == "pass") && value.contains("://");
    ends_as_credential(name)
        && is_literal(value)
        && !is_path(value)
        && !is_plain(value)
        && !is_address
        && (!value.contains('\n') || is_wrapped(value))
}

/// Tells whether a name is one of a credential.
fn ends_as_credential(name: &str) -> bool {
    let words = words(name);
    let Some((last, before)) = words.split_last() else { return false };
    let before = before.last().map(String::as_str).unwrap_or_default();
    let last = last.as_str();
    LAST_WORDS.contains(&last)
        || JOINED.contains(&last)
        || LAST_LETTERS.iter().any(|letters| last.ends_with(letters))
        || LAST_TWO_WORDS.contains(&(before, last))
        || (last == "pass" && !NO_PASSWORDS.contains(&before))
}

/// Tells whether several lines are one value, as encoded keys are broken; other texts are looked into line by line.
fn is_wrapped(value: &str) -> bool {
    value.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '-' | '_' | '=' | '\n' | '\r'))
}

/// Tells whether a value is a path, which leads to a credential and is none.
///
/// Encoded keys may begin with `/`, too. Letters and digits that are thrown mix their cases, and have `+` and `=` among
/// them; names in paths are small, or capitals, or words one after the other.
fn is_path(value: &str) -> bool {
    let value = value.strip_prefix("file://").unwrap_or(value);
    let Some(path) = value.strip_prefix('/') else { return false };
    let is_part = |part: &str| {
        let is = |test: fn(char) -> bool| part.contains(test);
        // `dbPassword`, but not `W1kXq8dfv0`.
        let of_words = || !is(|c| c.is_ascii_digit()) && words(part).iter().all(|word| word.len() > 1);
        part.chars().all(|c| c.is_ascii_alphanumeric())
            && (!(is(char::is_uppercase) && is(char::is_lowercase)) || of_words())
    };
    let is_name = |name: &str| name.split(['.', '-', '_', '@', '~']).all(is_part);
    let alone = !path.trim_end_matches('/').contains('/');
    path.split('/').all(is_name) && !(alone && path.contains(|c: char| c.is_ascii_digit()))
}

/// Tells a value from one that is filled in later, by what stands for all of it.
fn is_literal(value: &str) -> bool {
    let mut rest = value.trim();
    if rest.is_empty() {
        return false;
    }
    let mut filled = false;
    while !rest.is_empty() {
        if let Some(length) = placeholder(rest) {
            filled = true;
            rest = rest.get(length..).unwrap_or_default();
            continue;
        }
        let mut chars = rest.chars();
        if chars.next().is_some_and(|c| c.is_alphanumeric() || matches!(c, '$' | '<' | '{')) {
            return true;
        }
        rest = chars.as_str();
    }
    !filled
}

/// Returns the length of what is filled in later at the beginning of a text: `$(NAME)`, `${NAME}`, `{{ .name }}`,
/// `<name>`, `$NAME`.
fn placeholder(text: &str) -> Option<usize> {
    for (open, close) in [("$(", ')'), ("${", '}'), ("{{", '}'), ("<", '>')] {
        let Some(inner) = text.strip_prefix(open) else { continue };
        let end = closing(inner, open.chars().next_back()?, close)?;
        // The shell takes what stands after `:-` where nothing else is set.
        let default = inner.get(..end)?.split_once(":-").or_else(|| inner.get(..end)?.split_once(":="));
        if open == "${" && default.is_some_and(|(_, default)| is_literal(default)) {
            return None;
        }
        let end = open.len() + end + close.len_utf8();
        return Some(if open == "{{" { end + text.get(end..)?.starts_with('}').then_some(1)? } else { end });
    }
    let name = text.strip_prefix('$')?;
    let length = name.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').count();
    let name = name.get(..length)?;
    let is_variable = name.starts_with(|c: char| c.is_ascii_uppercase() || c == '_')
        && !name.contains(|c: char| c.is_ascii_lowercase());
    // A script's own variable is named after what it holds; `$ecret1` is a password.
    (is_variable || name.parse::<u8>().is_ok_and(|number| number < 10) || ends_as_credential(name))
        .then_some(1 + length)
}

/// Finds what closes a bracket that is open at the beginning of a text.
fn closing(text: &str, open: char, close: char) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, c) in text.char_indices() {
        if c == close {
            match depth.checked_sub(1) {
                Some(outer) => depth = outer,
                None => return Some(at),
            }
        } else if c == open {
            depth += 1;
        }
    }
    None
}

/// Splits `dbPassword`, `DBPassword`, `DB_PASSWORD` and `example.com/db-password` into words, in lower case.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = None;
    let mut chars = name.chars().peekable();
    while let Some(c) = chars.next() {
        let after_lower = before.is_some_and(char::is_lowercase);
        // The last capital of several begins the next word.
        let ends_capitals =
            before.is_some_and(char::is_uppercase) && chars.peek().is_some_and(|next| next.is_lowercase());
        if !c.is_alphanumeric() || (c.is_uppercase() && (after_lower || ends_capitals)) {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut().filter(|_| c.is_alphanumeric()) {
            word.extend(c.to_lowercase());
        }
        before = Some(c);
    }
    words.retain(|word| !word.is_empty());
    words
}
