//! Opens the database and brings it to this version's form.

use std::fmt::Display;
use std::fs::{DirBuilder, File, TryLockError};
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::sync::Arc;

use secrecy::ExposeSecret;
use serde::Deserialize;
use serde_json::json;
use surrealdb::Surreal;
use surrealdb::engine::remote::ws::{Ws, Wss};
use surrealdb::opt::auth::Root;

use super::embedded::{Embedded, Place};
use super::{Database, Store};
use crate::{DatabaseConfig, EngineConfig, StartError};

/// In the order they are applied; a number is never used twice and a file never changed once released.
pub(super) const MIGRATIONS: &[(u32, &str)] = &[
    (1, include_str!("migrations/0001_first.surql")),
    (2, include_str!("migrations/0002_timeline_as_text.surql")),
    (3, include_str!("migrations/0003_kind_rules.surql")),
    (4, include_str!("migrations/0004_mask_rules.surql")),
    (5, include_str!("migrations/0005_ignore_rules.surql")),
];

/// Denshimon's namespace and database on a SurrealDB server, and in the embedded store.
pub(super) const NAME: &str = "denshimon";

pub(super) async fn connect(config: &EngineConfig) -> Result<Database, StartError> {
    Ok(match &config.database {
        DatabaseConfig::Embedded => Database::Local(Arc::new(embedded(&config.data_dir).await?)),
        DatabaseConfig::Memory => {
            let embedded = Embedded::open(Place::Memory, None).await.map_err(|error| failed(&*error))?;
            Database::Local(Arc::new(embedded))
        }
        DatabaseConfig::Server { url, username, password } => {
            let database = match (url.strip_prefix("wss://"), url.strip_prefix("ws://")) {
                (Some(host), _) => Surreal::new::<Wss>(host).await,
                (_, Some(host)) => Surreal::new::<Ws>(host).await,
                _ => return Err(StartError::Store("The database's address begins with ws:// or wss://.".into())),
            }
            .map_err(failed)?;
            let credentials = Root { username: username.clone(), password: password.expose_secret().to_owned() };
            database.signin(credentials).await.map_err(failed)?;
            database.use_ns(NAME).use_db(NAME).await.map_err(failed)?;
            Database::Remote(database)
        }
    })
}

/// Opens the store in the data directory, which nobody else may read, and holds it against other processes.
async fn embedded(data_dir: &Path) -> Result<Embedded, StartError> {
    let broken = |what: &str, error: &dyn Display| {
        StartError::Store(format!("Cannot {what} in the data directory {}: {error}.", data_dir.display()))
    };
    let folder = std::path::absolute(data_dir.join("store")).map_err(|error| broken("find the store", &error))?;
    DirBuilder::new().recursive(true).mode(0o700).create(&folder).map_err(|error| broken("make a folder", &error))?;
    let lock = File::create(data_dir.join("lock")).map_err(|error| broken("make the file lock", &error))?;
    match lock.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            return Err(StartError::Store(format!(
                "Another Denshimon uses the data directory {}: stop it, or set DENSHIMON_DATA_DIR to another folder.",
                data_dir.display()
            )));
        }
        Err(TryLockError::Error(error)) => return Err(broken("lock the store", &error)),
    }
    Embedded::open(Place::Folder(folder), Some(lock))
        .await
        .map_err(|error| broken("open the store", &format!("{error:#}")))
}

fn failed(error: impl Display) -> StartError {
    StartError::Store(format!("Cannot open the database: {error}."))
}

/// Applies the migrations that the database lacks, each once.
pub(super) async fn migrate(store: &Store) -> Result<(), StartError> {
    #[derive(Deserialize)]
    struct Applied {
        number: u32,
    }
    let failed = |error: crate::Error| {
        let source = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
        StartError::Store(format!("Cannot bring the database to this version: {error}: {source}."))
    };
    store.run("DEFINE TABLE IF NOT EXISTS migration SCHEMALESS;", json!({})).await.map_err(failed)?;
    let mut answers = store.read("SELECT number FROM migration;", json!({})).await.map_err(failed)?;
    let applied: Vec<Applied> = answers.rows(0).map_err(failed)?;
    let newest = MIGRATIONS.iter().map(|(number, _)| *number).max().unwrap_or(0);
    if let Some(newer) = applied.iter().find(|row| row.number > newest) {
        return Err(StartError::Store(format!(
            "The database was written by a newer Denshimon (form {}, this one knows {newest}): start the newer one.",
            newer.number
        )));
    }
    for (number, statements) in MIGRATIONS {
        if applied.iter().any(|row| row.number == *number) {
            continue;
        }
        let statements = format!("{statements} CREATE type::record('migration', $number) SET number = $number");
        store.transact(&statements, json!({ "number": number })).await.map_err(failed)?;
    }
    Ok(())
}
