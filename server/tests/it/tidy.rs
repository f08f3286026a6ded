//! Rules about the tree itself: who may know what, how files begin and end, licences, versions.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use serde_json::Value;

use crate::authorization::filled;

/// What a crate must never know, as a direct dependency of what is built from it.
const NEVER: [(&str, &[&str]); 9] = [
    ("model", &["leptos", "axum", "kube", "k8s-openapi", "git2", "surrealdb", "tokio", "reqwest"]),
    ("manifest", &["leptos", "axum", "kube", "k8s-openapi", "git2", "surrealdb", "tokio", "reqwest"]),
    ("sops", &["leptos", "axum", "kube", "k8s-openapi", "git2", "surrealdb", "tokio", "reqwest"]),
    ("engine", &["leptos", "leptos_axum", "leptos_router", "axum", "tower-sessions", "server_fn"]),
    ("app", &["kube", "k8s-openapi", "git2", "surrealdb", "argon2"]),
    ("server", &["kube", "k8s-openapi", "git2", "surrealdb", "argon2"]),
    ("sandbox", &["engine", "app", "server"]),
    ("benches", &["engine", "app", "server"]),
    ("chaos", &["engine", "app", "server", "manifest", "git2"]),
];

/// All that `frontend` may know.
const FRONTEND: [&str; 4] = ["app", "console_error_panic_hook", "leptos", "wasm-bindgen"];

/// Words that a crate's sources must not hold, and where they may stand all the same.
const WORDS: [(&str, &[&str], &[&str]); 5] = [
    ("model/src", &["std::env", "SystemTime", "Instant::now", "Timestamp::now"], &[]),
    ("manifest/src", &["std::env", "SystemTime", "Instant::now", "Timestamp::now", "std::fs", "async fn"], &[]),
    ("sops/src", &["std::env", "SystemTime", "Instant::now", "Timestamp::now", "std::fs", "async fn"], &[]),
    ("engine/src", &["std::env"], &[]),
    ("server/src", &["std::env"], &["server/src/config.rs", "server/src/config/"]),
];

static ROOT: LazyLock<PathBuf> = LazyLock::new(|| Path::new("..").canonicalize().unwrap());

static METADATA: LazyLock<Value> = LazyLock::new(|| {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--offline", "--locked"])
        .args(["--filter-platform", "x86_64-unknown-linux-gnu"])
        .current_dir(&*ROOT)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
});

fn packages() -> &'static [Value] {
    METADATA["packages"].as_array().unwrap()
}

fn is_ours(package: &Value) -> bool {
    package["source"].is_null()
}

/// The names of what a crate of ours is built from; what only its tests use is left out.
fn dependencies(name: &str) -> BTreeSet<&'static str> {
    let package = packages().iter().find(|package| is_ours(package) && package["name"] == name).unwrap();
    let list = package["dependencies"].as_array().unwrap();
    list.iter()
        .filter(|dependency| dependency["kind"] != "dev")
        .map(|dependency| dependency["name"].as_str().unwrap())
        .collect()
}

/// Every file that Git knows or would add, with this ending.
fn files(ending: &str) -> Vec<String> {
    let output = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(&*ROOT)
        .output()
        .unwrap();
    let list = String::from_utf8(output.stdout).unwrap();
    let found: Vec<String> =
        list.lines().filter(|path| path.ends_with(ending) && ROOT.join(path).is_file()).map(str::to_owned).collect();
    assert!(!found.is_empty());
    found
}

fn read(path: &str) -> String {
    std::fs::read_to_string(ROOT.join(path)).unwrap()
}

/// A file without its tests.
fn code(text: &str) -> &str {
    text.split("#[cfg(test)]\nmod ").next().unwrap()
}

fn check(wrong: &[String], rule: &str) {
    assert!(wrong.is_empty(), "{rule}:\n  {}", wrong.join("\n  "));
}

#[test]
fn no_crate_knows_what_it_must_not_know() {
    let mut wrong = Vec::new();
    for (name, forbidden) in NEVER {
        let known = dependencies(name);
        wrong.extend(forbidden.iter().filter(|other| known.contains(*other)).map(|other| format!("{name} -> {other}")));
    }
    wrong.extend(dependencies("frontend").difference(&FRONTEND.into()).map(|other| format!("frontend -> {other}")));
    for package in packages().iter().filter(|package| is_ours(package)) {
        let name = package["name"].as_str().unwrap();
        if dependencies(name).contains("sandbox") && !["benches", "chaos"].contains(&name) {
            wrong.push(format!("{name} -> sandbox"));
        }
    }
    check(&wrong, "These dependencies cross a line of ARCHITECTURE.md");
}

#[test]
fn no_source_reads_what_it_must_be_handed() {
    let mut wrong = Vec::new();
    for path in files(".rs") {
        for (folder, words, except) in WORDS {
            if path.starts_with(folder) && !except.iter().any(|except| path.starts_with(except)) {
                let text = read(&path);
                wrong.extend(
                    words.iter().filter(|word| code(&text).contains(*word)).map(|word| format!("{path}: {word}")),
                );
            }
        }
    }
    check(&wrong, "These sources reach for the environment, the clock or the disk");
}

#[test]
fn every_file_says_first_what_it_is_and_stays_short() {
    let mut wrong = Vec::new();
    for path in files(".rs") {
        let text = read(&path);
        if path.ends_with("/mod.rs") {
            wrong.push(format!("{path}: foo.rs stands beside foo/"));
        }
        if !text.starts_with("//! ") {
            wrong.push(format!("{path}: does not begin with a //! sentence"));
        }
        let is_test = path.contains("/tests/") || path.ends_with("/tests.rs");
        let lines = code(&text).lines().count();
        if !is_test && lines > 400 {
            wrong.push(format!("{path}: {lines} lines"));
        }
    }
    check(&wrong, "These files break a house rule");
}

/// Words that are safe only with the care that one file takes: Leptos escapes neither titles nor text areas.
const ONLY_IN: [(&str, &str); 3] = [
    ("inner_html", "app/src/ui/safe_textarea.rs"),
    ("<textarea", "app/src/ui/safe_textarea.rs"),
    ("<Title", "app/src/ui/page_title.rs"),
];

#[test]
fn what_leptos_does_not_escape_is_escaped_in_one_place() {
    let mut wrong = Vec::new();
    for path in files(".rs").into_iter().filter(|path| path.starts_with("app/src")) {
        let text = read(&path);
        let lines: Vec<&str> = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
        let misused = ONLY_IN.iter().filter(|(word, place)| path != *place && lines.iter().any(|l| l.contains(word)));
        wrong.extend(misused.map(|(word, place)| format!("{path}: {word} belongs into {place}")));
    }
    check(&wrong, "These pages could be broken by a text");
}

#[test]
fn every_route_that_is_laid_out_by_hand_has_a_row_in_the_security_table() {
    let table = read("server/tests/it/authorization/table.rs");
    let mut wrong = Vec::new();
    for path in files(".rs").into_iter().filter(|path| path.starts_with("server/src")) {
        let text = read(&path);
        let routes = code(&text).split(".route(\"").skip(1).filter_map(|rest| rest.split('"').next());
        let unknown =
            routes.filter(|route| !route.contains("{*") && !table.contains(&format!("\"{}\"", filled(route))));
        wrong.extend(unknown.map(|route| format!("{path}: {route}")));
    }
    check(&wrong, "These routes have no row that says who gets through");
}

#[test]
fn every_setting_is_in_the_readme() {
    let names = read("server/src/config/settings.rs");
    let names = names.split("const NAMES").nth(1).unwrap().split("];").next().unwrap();
    let readme = read("README.md");
    let rows: Vec<&str> = readme.lines().filter(|line| line.starts_with("| `")).collect();
    let is_told = |name: &str| {
        let (full, last) = (name.to_uppercase(), name.rsplit_once('_').map_or(name, |(_, last)| last).to_uppercase());
        // `DENSHIMON_X_USERNAME`, `_TOKEN`: the second is told in the first one's row.
        let prefix = full.split('_').next().unwrap();
        let ends = [format!("`DENSHIMON_{full}`"), format!("`{full}`")];
        rows.iter().any(|row| {
            ends.iter().any(|end| row.contains(end.as_str()))
                || (row.contains(&format!("`DENSHIMON_{prefix}_")) && row.contains(&format!("_{last}`")))
        })
    };
    let wrong: Vec<String> = quoted(names).filter(|name| !is_told(name)).map(str::to_owned).collect();
    check(&wrong, "These settings are not in the README's table");
}

#[test]
fn every_server_function_has_an_address_of_its_own() {
    let mut wrong = Vec::new();
    let mut seen = BTreeMap::new();
    for path in files(".rs").into_iter().filter(|path| path.starts_with("app/src")) {
        let text = read(&path);
        for (at, attribute) in attributes(&text) {
            // `#[server(default)]` marks an argument.
            if attribute == "default" {
                continue;
            }
            let endpoint = attribute.split("endpoint = \"").nth(1).and_then(|rest| rest.split('"').next());
            match endpoint {
                Some(endpoint) if attribute.contains("prefix = \"/fn\"") => {
                    if let Some(other) = seen.insert(endpoint.to_owned(), path.clone()) {
                        wrong.push(format!("{path}: {endpoint} is also in {other}"));
                    }
                }
                _ => wrong.push(format!("{path}, byte {at}: #[server({attribute})]")),
            }
        }
    }
    check(&wrong, "These server functions lack prefix = \"/fn\" or a unique endpoint");
}

/// What stands in each `#[server(...)]`.
fn attributes(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.match_indices("#[server").map(|(at, _)| {
        let rest = &text[at + "#[server".len()..];
        let inner = rest.strip_prefix('(').and_then(|rest| rest.split(")]").next());
        (at, inner.unwrap_or_default())
    })
}

/// The engine's public functions that nobody is named to, each with the reason.
const WITHOUT_CALLER: [(&str, &str); 23] = [
    ("start", "There is no engine yet."),
    ("stop", "The program's end is nobody's wish on a page."),
    ("cluster_name", "The name from the settings, which stands on the sign-in page."),
    ("accepts_audit_webhook", "It compares the webhook's own token."),
    ("take_audit_events", "They come from the API server, which has proved itself by that token."),
    ("save_anonymous_draft", "Whoever's session has ended keeps what they typed; nobody reads it without signing in."),
    ("sync_totals", "Sums for the probes, without a name of any resource."),
    ("sync_histograms", "Durations for the probes, without a name of any resource."),
    ("status_changes", "It says that something has changed, and not what."),
    ("sync_chip", "One word and a number, the same for everybody who is signed in."),
    ("sync_changes", "The same, as often as it changes."),
    ("deployments_recorded", "A number that goes up."),
    ("save_session", "The session store itself, which knows callers by their sessions."),
    ("load_session", "As above."),
    ("delete_session", "As above."),
    ("sign_in", "Here a caller comes from."),
    ("caller_for_session", "Here a caller comes from."),
    ("authenticate_token", "Here a caller comes from."),
    ("setup_needed", "Before the first account there is no caller."),
    ("create_setup_link", "As above: it is written to the program's log."),
    ("complete_setup", "As above: the link is the proof."),
    ("create_first_admin", "As above: the settings name the password."),
    ("redeem_reset", "The link is the proof, for who cannot sign in."),
];

/// The public functions in `impl Engine` blocks, each with what stands between its name and its body.
fn engine_functions(text: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for block in text.split("\nimpl Engine {\n").skip(1) {
        let block = block.split("\n}\n").next().unwrap();
        for line in block.split("\n    pub ").skip(1) {
            if let Some(rest) = line.strip_prefix("async ").unwrap_or(line).strip_prefix("fn ") {
                let (name, rest) = rest.split_at(rest.find(['(', '<']).unwrap());
                found.push((name.to_owned(), rest.split(" {\n").next().unwrap().to_owned()));
            }
        }
    }
    found
}

#[test]
fn everything_that_the_engine_does_is_done_for_a_caller() {
    let mut wrong = Vec::new();
    let mut excused = BTreeSet::new();
    for path in files(".rs").into_iter().filter(|path| path.starts_with("engine/src")) {
        for (name, signature) in engine_functions(code(&read(&path))) {
            if signature.contains("&Caller") {
                continue;
            }
            match WITHOUT_CALLER.iter().find(|(known, _)| *known == name) {
                Some((known, _)) if excused.insert(*known) => {}
                _ => wrong.push(format!("{path}: {name}")),
            }
        }
    }
    let idle = WITHOUT_CALLER.iter().filter(|(known, _)| !excused.contains(known));
    wrong.extend(idle.map(|(known, _)| format!("{known} is excused for nothing")));
    check(&wrong, "These functions ask nobody for their rights");
}

#[test]
fn nothing_is_built_on_openssl() {
    // For all platforms, as the lock file has them.
    let lock = read("Cargo.lock");
    assert!(lock.contains("name = \"rustls\""), "the lock file is read as it is written");
    assert!(!lock.contains("name = \"openssl-sys\""), "TLS is rustls, and Git goes over HTTP by reqwest");
}

#[test]
fn every_licence_is_one_we_accept() {
    let deny = read("deny.toml");
    let accepted: BTreeSet<&str> =
        quoted(deny.split("allow = [").nth(1).unwrap().split("\n]").next().unwrap()).collect();
    let excepted: BTreeSet<&str> =
        quoted(deny.split("exceptions = [").nth(1).unwrap().split("\n]").next().unwrap()).collect();
    let mut wrong = Vec::new();
    for package in packages().iter().filter(|package| !is_ours(package)) {
        let name = package["name"].as_str().unwrap();
        let fits = package["license"].as_str().is_some_and(|licence| accepts(&accepted, licence));
        // One crate has its licence, which is MIT, in a file only.
        if !fits && !excepted.contains(name) && name != "tokio-tungstenite-wasm" {
            wrong.push(format!("{name}: {}", package["license"]));
        }
    }
    check(&wrong, "These licences are not in deny.toml");
}

fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('"').skip(1).step_by(2)
}

/// Judges an SPDX expression: one side of each OR, both sides of each AND. `/` is an old way to write OR.
fn accepts(accepted: &BTreeSet<&str>, expression: &str) -> bool {
    let expression = expression.replace('/', " OR ");
    let expression = expression.split_whitespace().collect::<Vec<_>>().join(" ");
    split_outside(&expression, " AND ").iter().all(|part| {
        split_outside(part, " OR ").iter().any(|part| {
            match part.strip_prefix('(').and_then(|part| part.strip_suffix(')')) {
                Some(inner) => accepts(accepted, inner),
                None => accepted.contains(part),
            }
        })
    })
}

/// Cuts a text at a word that stands outside brackets.
fn split_outside<'a>(text: &'a str, word: &str) -> Vec<&'a str> {
    let (mut parts, mut depth, mut start) = (Vec::new(), 0, 0);
    for (at, character) in text.char_indices() {
        match character {
            '(' => depth += 1,
            ')' => depth -= 1,
            ' ' if depth == 0 && text[at..].starts_with(word) => {
                parts.push(&text[start..at]);
                start = at + word.len();
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

#[test]
fn licence_expressions_are_judged_as_spdx_says() {
    let accepted = BTreeSet::from(["MIT", "Zlib", "Apache-2.0 WITH LLVM-exception"]);
    for good in ["MIT", "GPL-3.0 OR MIT", "GPL-3.0/MIT", "(GPL-3.0 OR MIT) AND Zlib", "Apache-2.0 WITH LLVM-exception"]
    {
        assert!(accepts(&accepted, good), "{good}");
    }
    for bad in ["GPL-3.0", "MIT AND GPL-3.0", "(MIT AND GPL-3.0) OR GPL-3.0"] {
        assert!(!accepts(&accepted, bad), "{bad}");
    }
}

#[test]
fn no_crate_comes_in_two_versions_unless_it_is_known() {
    let mut versions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for node in METADATA["resolve"]["nodes"].as_array().unwrap() {
        let package = packages().iter().find(|package| package["id"] == node["id"]).unwrap();
        versions.entry(package["name"].as_str().unwrap()).or_default().insert(package["version"].as_str().unwrap());
    }
    let twice: String = versions
        .into_iter()
        .filter(|(_, versions)| versions.len() > 1)
        .map(|(name, versions)| format!("{name} {}\n", versions.into_iter().collect::<Vec<_>>().join(" ")))
        .collect();
    let list = ROOT.join("server/tests/it/duplicates.txt");
    if std::env::var_os("DENSHIMON_WRITE_DUPLICATES").is_some() {
        std::fs::write(&list, &twice).unwrap();
    }
    let known = std::fs::read_to_string(list).unwrap();
    assert_eq!(
        twice, known,
        "look whether the new ones can be avoided; DENSHIMON_WRITE_DUPLICATES=1 writes the list anew"
    );
}
