//! The settings by name, wherever they come from.

use std::collections::BTreeMap;
use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

use config::{File, FileFormat, Source, Value, ValueKind};
use engine::IgnoreRules;
use secrecy::SecretString;

use super::ignore::IgnoreTable;
use super::{Arguments, ConfigError};

const PREFIX: &str = "DENSHIMON_";

/// Every setting. In the environment its name has the prefix `DENSHIMON_` and capitals, but for `KUBECONFIG`; in the
/// file, `repository_url` may also be written as `url` under `[repository]`.
const NAMES: [&str; 34] = [
    "listen",
    "public_url",
    "trusted_proxies",
    "data_dir",
    "assets_dir",
    "database_url",
    "database_username",
    "database_password",
    "kubeconfig",
    "context",
    "cluster_name",
    "repository_url",
    "repository_branch",
    "repository_path",
    "repository_username",
    "repository_token",
    "repository_ssh_key_file",
    "repository_signing_key_file",
    "commit_window",
    "commit_window_limit",
    "sweep_records",
    "sweep_percent",
    "record_kinds",
    "leave_out_kinds",
    "record_made",
    "age_recipients",
    "audit_webhook_token",
    "audit_log_file",
    "audit_wait",
    "audit_system_users",
    "admin_password",
    "log",
    "log_format",
    "in_cluster",
];

/// What other parts of the project set for themselves: scripts, tests, the sandbox. A name that ends in `_` stands for
/// all that begin with it.
const OF_OTHERS: [&str; 3] = ["DENSHIMON_KUBECTL", "DENSHIMON_GITEA_", "DENSHIMON_WRITE_"];

/// What Kubernetes sets in pods for each Service, such as `DENSHIMON_PORT_3000_TCP` for one that is called `denshimon`.
const OF_SERVICES: [&str; 2] = ["_SERVICE_HOST", "_PORT"];

/// The settings that were given, each with the name under which the reader knows it.
pub(super) struct Settings {
    values: BTreeMap<&'static str, Given>,
    /// The tables `[[ignore]]` of the file.
    ignore: Vec<IgnoreTable>,
    file: String,
    in_pod: bool,
    /// Variables that look like settings and are none.
    unknown: Vec<String>,
}

struct Given {
    value: String,
    origin: String,
}

impl Settings {
    pub(super) fn read(
        arguments: &Arguments,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let mut settings = Self {
            values: BTreeMap::new(),
            ignore: Vec::new(),
            file: String::new(),
            in_pod: false,
            unknown: Vec::new(),
        };
        let default_file = Path::new("denshimon.toml");
        match &arguments.config {
            Some(path) => settings.read_file(path)?,
            None if default_file.exists() => settings.read_file(default_file)?,
            None => {}
        }
        for (name, value) in environment {
            settings.take_variable(&name, value);
        }
        if let Some(path) = &arguments.kubeconfig {
            settings.put("kubeconfig", path.to_string_lossy().into_owned(), "--kubeconfig".into());
        }
        Ok(settings)
    }

    /// Tells whether the program runs in a pod: Kubernetes sets `KUBERNETES_SERVICE_HOST` in each.
    pub(super) fn in_pod(&self) -> bool {
        self.in_pod
    }

    /// Returns the variables that were meant as settings, as their names say, and are none.
    pub(super) fn unknown_variables(&self) -> Vec<String> {
        let is_of_others = |name: &str| {
            OF_OTHERS.iter().any(|other| if other.ends_with('_') { name.starts_with(other) } else { name == *other })
        };
        let is_of_service = |name: &str| self.in_pod && OF_SERVICES.iter().any(|part| name.contains(part));
        let mut unknown: Vec<String> =
            self.unknown.iter().filter(|name| !is_of_others(name) && !is_of_service(name)).cloned().collect();
        unknown.sort_unstable();
        unknown
    }

    /// Returns a setting; empty counts as not given.
    pub(super) fn text(&self, name: &'static str) -> Option<String> {
        self.values.get(name).map(|given| given.value.clone()).filter(|value| !value.is_empty())
    }

    pub(super) fn secret(&self, name: &'static str) -> Option<SecretString> {
        self.text(name).map(SecretString::from)
    }

    /// Parses a setting, or its default.
    pub(super) fn parse<T: FromStr>(&self, name: &'static str, default: &str, wanted: &str) -> Result<T, ConfigError> {
        let text = self.text(name).unwrap_or_else(|| default.to_owned());
        text.parse().map_err(|_| self.wrong(name, &format!("is {wanted}")))
    }

    /// Reads a time that is no longer than `longest`; a plain `0` is one, too.
    pub(super) fn duration(
        &self,
        name: &'static str,
        default: &str,
        longest: Duration,
        wanted: &str,
    ) -> Result<Duration, ConfigError> {
        let text = self.text(name).unwrap_or_else(|| default.to_owned());
        if text == "0" {
            return Ok(Duration::ZERO);
        }
        let time = text.parse::<jiff::SignedDuration>().ok().and_then(|time| Duration::try_from(time).ok());
        time.filter(|time| *time <= longest).ok_or_else(|| self.wrong(name, wanted))
    }

    /// Reads the rules for what is left out of records.
    pub(super) fn ignore_rules(&self) -> Result<IgnoreRules, ConfigError> {
        let wrong = |number: usize, field: &str, problem: String| ConfigError {
            setting: format!("{}: [[ignore]] number {number}, {field}", self.file),
            problem,
        };
        let mut rules = Vec::new();
        for (index, table) in self.ignore.iter().enumerate() {
            rules.push(table.rule().map_err(|problem| wrong(index + 1, "what is left out", problem.into()))?);
        }
        IgnoreRules::parse(rules).map_err(|(number, error)| wrong(number, error.field, error.message))
    }

    /// Joins a setting's name to what is wrong with its value.
    pub(super) fn check<T, E: ToString>(&self, name: &'static str, result: Result<T, E>) -> Result<T, ConfigError> {
        result.map_err(|error| ConfigError { setting: self.origin(name), problem: error.to_string() })
    }

    /// Says what a setting should be, without quoting what it is: it may be a secret.
    pub(super) fn wrong(&self, name: &'static str, wanted: &str) -> ConfigError {
        ConfigError { setting: self.origin(name), problem: format!("the value is wrong: it {wanted}") }
    }

    pub(super) fn missing(&self, name: &'static str, why: &str) -> ConfigError {
        ConfigError { setting: self.origin(name), problem: format!("not set, and {why}") }
    }

    fn origin(&self, name: &'static str) -> String {
        self.values.get(name).map_or_else(|| variable(name), |given| given.origin.clone())
    }

    fn put(&mut self, name: &'static str, value: String, origin: String) {
        self.values.insert(name, Given { value, origin });
    }

    fn take_variable(&mut self, name: &str, value: String) {
        if name == "KUBERNETES_SERVICE_HOST" {
            self.in_pod = !value.is_empty();
        } else if let Some(known) = NAMES.into_iter().find(|known| variable(known) == name) {
            self.put(known, value, name.to_owned());
        } else if name.starts_with(PREFIX) {
            self.unknown.push(name.to_owned());
        }
    }

    fn read_file(&mut self, path: &Path) -> Result<(), ConfigError> {
        let shown = path.display().to_string();
        let fail = |problem: String| ConfigError { setting: shown.clone(), problem };
        let text = std::fs::read_to_string(path).map_err(|error| fail(format!("cannot be read: {}", error.kind())))?;
        // Only the first line of the parser's words: the others quote the file, which may hold secrets.
        let table = File::from_str(&text, FileFormat::Toml)
            .collect()
            .map_err(|error| fail(error.to_string().lines().next().unwrap_or("is not TOML").to_owned()))?;
        let mut flat = BTreeMap::new();
        self.file.clone_from(&shown);
        for (key, value) in table {
            if key == "ignore" {
                // The words name the key that is wrong; a rule holds no secret.
                self.ignore = value.try_deserialize().map_err(|error| fail(format!("[[ignore]]: {error}")))?;
                continue;
            }
            flatten(&key, value, &mut flat);
        }
        for (key, value) in flat {
            let known = NAMES.into_iter().find(|known| *known == key);
            let Some(known) = known else {
                return Err(fail(format!("there is no setting {key:?}")));
            };
            let value = value.into_string().map_err(|_| fail(format!("{key} is not a text or number")))?;
            self.put(known, value, format!("{shown}: {known}"));
        }
        Ok(())
    }
}

fn variable(name: &str) -> String {
    if name == "kubeconfig" { "KUBECONFIG".into() } else { format!("{PREFIX}{}", name.to_uppercase()) }
}

fn flatten(key: &str, value: Value, flat: &mut BTreeMap<String, Value>) {
    if let ValueKind::Table(table) = value.kind {
        for (inner, value) in table {
            flatten(&format!("{key}_{inner}"), value, flat);
        }
    } else {
        flat.insert(key.to_owned(), value);
    }
}
