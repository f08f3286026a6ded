//! What the program is told: a TOML file, over it the environment, over it the command line.
//!
//! This is the only place that reads the environment. A wrong value is one line that names its setting.

mod address;
mod audit;
mod cluster;
mod ignore;
mod repository;
mod settings;

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;
use engine::{Clock, DatabaseConfig, EngineConfig, IgnoreRules, KindRules, Recipients, SweepLimits};
use ipnet::IpNet;
use model::{Kind, Timestamp};
use secrecy::SecretString;

pub use self::address::PublicUrl;
use self::settings::Settings;

const HOUR: Duration = Duration::from_secs(3600);

/// Everything the program needs to start.
#[derive(Clone, Debug)]
pub struct Config {
    pub listen: SocketAddr,
    /// The address that browsers use, where it is not the one listened on.
    pub public_url: Option<PublicUrl>,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Holds `assets.json` and the files it names.
    pub assets_dir: PathBuf,
    pub log: LogConfig,
    /// Makes the first account, `admin`, without a set-up link.
    pub admin_password: Option<SecretString>,
    /// Variables of the environment that are called like settings and are none, such as mistyped ones.
    pub unknown_variables: Vec<String>,
    pub engine: EngineConfig,
}

/// What is logged, and how.
#[derive(Clone, Debug)]
pub struct LogConfig {
    /// As `tracing-subscriber` reads it: `info,engine=debug`.
    pub filter: String,
    pub format: LogFormat,
}

/// How a log line looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines.
    Json,
}

/// A wrong setting, in one line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{setting}: {problem}")]
pub struct ConfigError {
    pub setting: String,
    pub problem: String,
}

/// The command line.
#[derive(Debug, Default, Parser)]
#[command(name = "denshimon", about = "A dashboard that records a Kubernetes cluster in Git.")]
pub struct Arguments {
    /// The settings file [default: denshimon.toml, when it is there]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// The cluster to follow; overrides KUBECONFIG
    #[arg(long, value_name = "FILE")]
    pub kubeconfig: Option<PathBuf>,
}

impl Config {
    /// Reads the settings from the command line, the process's environment and the file.
    ///
    /// # Errors
    /// The first setting that is wrong.
    pub fn read(arguments: &Arguments) -> Result<Self, ConfigError> {
        Self::from_sources(arguments, std::env::vars_os().filter_map(into_text))
    }

    /// Reads the settings from an environment that is handed in.
    ///
    /// # Errors
    /// The first setting that is wrong.
    pub fn from_sources(
        arguments: &Arguments,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let settings = Settings::read(arguments, environment)?;
        let listen = settings.parse("listen", "127.0.0.1:3000", "an address with a port, such as 127.0.0.1:3000")?;
        let data_dir = PathBuf::from(settings.text("data_dir").unwrap_or_else(|| "data".into()));
        let database = read_database(&settings)?;
        let commit_window =
            settings.duration("commit_window", "2s", HOUR, "is a time of at most an hour, such as 2s, 500ms or 0")?;
        let usual_limit = (commit_window * 10).min(Duration::from_secs(30)).max(commit_window);
        let longest_window = match settings.text("commit_window_limit") {
            None => usual_limit,
            Some(_) => {
                settings.duration("commit_window_limit", "", HOUR, "is a time of at most an hour, such as 30s")?
            }
        };
        Ok(Self {
            listen,
            public_url: settings
                .text("public_url")
                .map(|text| settings.check("public_url", PublicUrl::parse(&text)))
                .transpose()?,
            trusted_proxies: read_proxies(&settings)?,
            assets_dir: settings.text("assets_dir").map_or_else(|| PathBuf::from("site"), PathBuf::from),
            log: read_log(&settings)?,
            admin_password: read_admin_password(&settings)?,
            unknown_variables: settings.unknown_variables(),
            engine: EngineConfig {
                data_dir,
                database,
                cluster: cluster::read(&settings)?,
                repository: repository::read(&settings)?,
                commit_window,
                longest_window,
                sweep: read_sweep(&settings)?,
                kind_rules: read_kind_rules(&settings)?,
                ignore_rules: read_ignore_rules(&settings)?,
                age_recipients: read_recipients(&settings)?,
                audit: audit::read(&settings)?,
                clock: Clock::new(Timestamp::now),
            },
        })
    }
}

fn into_text((name, value): (std::ffi::OsString, std::ffi::OsString)) -> Option<(String, String)> {
    Some((name.into_string().ok()?, value.into_string().ok()?))
}

fn read_database(settings: &Settings) -> Result<DatabaseConfig, ConfigError> {
    let username = settings.text("database_username");
    let password = settings.secret("database_password");
    match settings.text("database_url") {
        None => Ok(DatabaseConfig::Embedded),
        Some(url) if url == "memory" => Ok(DatabaseConfig::Memory),
        Some(url) if url.starts_with("ws://") || url.starts_with("wss://") => {
            if url.contains('@') {
                return Err(
                    settings.wrong("database_url", "holds no credentials: set database_username and database_password")
                );
            }
            let username =
                username.ok_or_else(|| settings.missing("database_username", "a database server asks for it"))?;
            let password =
                password.ok_or_else(|| settings.missing("database_password", "a database server asks for it"))?;
            Ok(DatabaseConfig::Server { url, username, password })
        }
        Some(_) => {
            Err(settings.wrong("database_url", "is the ws:// or wss:// address of a SurrealDB server, or memory"))
        }
    }
}

fn read_proxies(settings: &Settings) -> Result<Vec<IpNet>, ConfigError> {
    let text = settings.text("trusted_proxies").unwrap_or_default();
    let entries = text.split([',', ' ']).filter(|entry| !entry.is_empty());
    let net = |entry: &str| entry.parse().or_else(|_| entry.parse::<IpAddr>().map(IpNet::from)).ok();
    let nets: Option<Vec<IpNet>> = entries.map(net).collect();
    nets.ok_or_else(|| settings.wrong("trusted_proxies", "lists addresses or networks, such as 10.0.0.0/8, 192.0.2.1"))
}

fn read_kind_rules(settings: &Settings) -> Result<KindRules, ConfigError> {
    let decided = |name: &'static str, recorded: bool| {
        let text = settings.text(name).unwrap_or_default();
        let entries = text.split([',', ' ']).filter(|entry| !entry.is_empty());
        let kind = |entry: &str| entry.parse::<Kind>().map(|kind| (kind, recorded));
        let kinds: Result<Vec<(Kind, bool)>, _> = entries.map(kind).collect();
        settings.check(name, kinds)
    };
    let recorded = decided("record_kinds", true)?;
    let left_out = decided("leave_out_kinds", false)?;
    if let Some((both, _)) = recorded.iter().find(|(kind, _)| left_out.iter().any(|(other, _)| other == kind)) {
        return Err(settings.wrong("leave_out_kinds", &format!("names {}, as record_kinds does", both.qualified())));
    }
    Ok(KindRules::new(recorded.into_iter().chain(left_out)))
}

fn read_ignore_rules(settings: &Settings) -> Result<IgnoreRules, ConfigError> {
    let text = settings.text("record_made").unwrap_or_default();
    let names: Vec<&str> = text.split([',', ' ']).filter(|name| !name.is_empty()).collect();
    let known = |names| settings.wrong("record_made", &format!("names some of {names}"));
    settings.ignore_rules()?.recording(&names).map_err(known)
}

fn read_sweep(settings: &Settings) -> Result<SweepLimits, ConfigError> {
    let usual = SweepLimits::default();
    let records = settings.parse("sweep_records", &usual.records.to_string(), "a number of records, such as 20")?;
    let percent = settings.parse("sweep_percent", &usual.percent.to_string(), "a number from 0 to 100, such as 10")?;
    if percent > 100 {
        return Err(settings.wrong("sweep_percent", "is a number from 0 to 100, such as 10"));
    }
    Ok(SweepLimits { records, percent })
}

fn read_recipients(settings: &Settings) -> Result<Option<Recipients>, ConfigError> {
    let Some(text) = settings.text("age_recipients") else { return Ok(None) };
    let keys: Vec<&str> = text.split([',', ' ', '\n']).filter(|key| !key.is_empty()).collect();
    settings.check("age_recipients", Recipients::parse(&keys)).map(Some)
}

/// The store tells its life story at `info`, and a cluster that is away is said once by the engine.
const QUIET: &str = "info,surrealdb=warn,surrealkv=warn,kube_client=off";

fn read_log(settings: &Settings) -> Result<LogConfig, ConfigError> {
    let filter = settings.text("log").unwrap_or_else(|| QUIET.into());
    if filter.parse::<tracing_subscriber::EnvFilter>().is_err() {
        return Err(settings.wrong("log", "is a filter such as info or warn,engine=debug"));
    }
    let format = match settings.text("log_format").as_deref() {
        None | Some("text") => LogFormat::Text,
        Some("json") => LogFormat::Json,
        Some(_) => return Err(settings.wrong("log_format", "is text or json")),
    };
    Ok(LogConfig { filter, format })
}

fn read_admin_password(settings: &Settings) -> Result<Option<SecretString>, ConfigError> {
    use secrecy::ExposeSecret;
    match settings.secret("admin_password") {
        Some(password) if password.expose_secret().chars().count() < 12 => {
            Err(settings.wrong("admin_password", "has at least 12 characters"))
        }
        password => Ok(password),
    }
}
