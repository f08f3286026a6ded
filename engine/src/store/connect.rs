//! Opens the database and brings it to this version's form.

use std::path::Path;

use serde::Deserialize;
use serde_json::json;
use surrealdb::Surreal;
use surrealdb::engine::local::{Db, Mem};
use surrealdb::engine::remote::ws::{Ws, Wss};
use surrealdb::opt::auth::Root;
use surrealdb_cnf::ConfigMap;
use surrealdb_core::kvs::Datastore;

use secrecy::ExposeSecret;

use super::{Database, Store};
use crate::{DatabaseConfig, EngineConfig, StartError};

/// In the order they are applied; a number is never used twice and a file never changed once released.
const MIGRATIONS: &[(u32, &str)] = &[(1, include_str!("migrations/0001_first.surql"))];

/// SurrealKV would take half of the machine's memory: Denshimon's own data is small.
const MEMORY: &[(&str, &str)] =
    &[("surrealkv_block_cache_capacity", "16777216"), ("surrealkv_max_memtable_size", "8388608")];

pub(super) async fn connect(config: &EngineConfig) -> Result<Database, StartError> {
    let database = match &config.database {
        DatabaseConfig::Embedded => Database::Local(embedded(&config.data_dir.join("store")).await?),
        DatabaseConfig::Memory => Database::Local(Surreal::new::<Mem>(()).await.map_err(failed)?),
        DatabaseConfig::Server { url, username, password } => {
            let database = match (url.strip_prefix("wss://"), url.strip_prefix("ws://")) {
                (Some(host), _) => Surreal::new::<Wss>(host).await,
                (_, Some(host)) => Surreal::new::<Ws>(host).await,
                _ => return Err(StartError::Store("The database's address begins with ws:// or wss://.".into())),
            }
            .map_err(failed)?;
            let credentials = Root { username: username.clone(), password: password.expose_secret().to_owned() };
            database.signin(credentials).await.map_err(failed)?;
            Database::Remote(database)
        }
    };
    match &database {
        Database::Local(local) => local.use_ns("denshimon").use_db("denshimon").await.map_err(failed)?,
        Database::Remote(remote) => remote.use_ns("denshimon").use_db("denshimon").await.map_err(failed)?,
    };
    Ok(database)
}

async fn embedded(folder: &Path) -> Result<Surreal<Db>, StartError> {
    std::fs::create_dir_all(folder)
        .map_err(|error| StartError::Store(format!("Cannot make the folder {}: {error}.", folder.display())))?;
    let memory = MEMORY.iter().fold(ConfigMap::empty(), |map, (key, value)| map.with_key_value(*key, *value));
    let path = format!("surrealkv://{}?sync=every", folder.display());
    let datastore = Datastore::builder().with_config(memory).build_with_path(&path).await.map_err(|error| {
        let text = format!("{error:#}");
        if text.to_lowercase().contains("lock") {
            StartError::Store(format!(
                "Another Denshimon uses {}: stop it, or set DENSHIMON_DATA_DIR to another folder.",
                folder.display()
            ))
        } else {
            StartError::Store(format!("Cannot open the store in {}: {text}.", folder.display()))
        }
    })?;
    Surreal::unstable_from_datastore(datastore, None).await.map_err(failed)
}

fn failed(error: surrealdb::Error) -> StartError {
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
    let mut answers = store.run("SELECT number FROM migration;", json!({})).await.map_err(failed)?;
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
