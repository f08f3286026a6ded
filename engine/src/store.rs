//! The only module that knows the database: one file per noun, each with the queries of its own.
//!
//! Times are stored as milliseconds since 1970 and whole documents as they travel, so that a row is read as it was
//! written whatever the database's version.

mod access;
mod connect;
mod drafts;
mod embedded;
mod kinds;
#[cfg(test)]
pub(crate) mod tests;
mod timeline;
mod users;

use std::sync::Arc;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::Value;
use surrealdb::engine::remote::ws::Client;
use surrealdb::types::QueryError;
use surrealdb::{IndexedResults, Surreal};

use self::embedded::Embedded;
use crate::{EngineConfig, Error, StartError};

pub(crate) use access::{SessionRow, TokenRow};
pub(crate) use drafts::DraftRow;
pub(crate) use timeline::{TimelineRow, resource_key};
pub(crate) use users::{LinkRow, UserRow};

/// How often a transaction that lost against another one is tried again.
const TRIES: u32 = 8;

/// The database; cheap to clone.
#[derive(Clone)]
pub(crate) struct Store(Arc<Database>);

enum Database {
    Local(Arc<Embedded>),
    Remote(Surreal<Client>),
}

/// Whether statements only read: that works, too, while nothing can be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Access {
    Read,
    Write,
}

/// The answers of one query, one list of rows per statement.
pub(crate) struct Answers(IndexedResults);

impl Store {
    /// Opens the database and brings it to this version's form.
    ///
    /// # Errors
    /// Another process has it, it cannot be read, or a newer Denshimon wrote it.
    pub(crate) async fn open(config: &EngineConfig) -> Result<Self, StartError> {
        let store = Self(Arc::new(connect::connect(config).await?));
        connect::migrate(&store).await?;
        Ok(store)
    }

    /// Writes everything to the disk and closes; what is asked afterwards fails.
    pub(crate) async fn close(&self) {
        if let Database::Local(embedded) = &*self.0 {
            embedded.close().await;
        }
    }

    /// Runs statements that only read, with variables.
    ///
    /// # Errors
    /// As [`Store::run`].
    pub(crate) async fn read(&self, statements: &str, variables: Value) -> Result<Answers, Error> {
        self.query(Access::Read, statements, variables).await
    }

    /// Runs statements with variables; tries again when another transaction was faster.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the database does not answer, [`Error::Internal`] when it refuses.
    pub(crate) async fn run(&self, statements: &str, variables: Value) -> Result<Answers, Error> {
        self.query(Access::Write, statements, variables).await
    }

    async fn query(&self, access: Access, statements: &str, variables: Value) -> Result<Answers, Error> {
        let mut attempt = 0;
        loop {
            let variables = variables.clone();
            let answer = match &*self.0 {
                Database::Local(embedded) => {
                    let answer = embedded.query(access, statements, variables).await;
                    answer.map_err(|error| Error::unavailable("the database", error))?
                }
                Database::Remote(database) => database.query(statements).bind(variables).await.and_then(first_cause),
            };
            let error = match answer {
                Ok(answers) => return Ok(Answers(answers)),
                Err(error) => error,
            };
            let lost = matches!(error.query_details(), Some(QueryError::TransactionConflict));
            attempt += 1;
            if !lost || attempt == TRIES {
                return Err(if error.is_connection() || is_unwritten(&error) {
                    Error::unavailable("the database", error)
                } else {
                    Error::internal("the database", error)
                });
            }
            let jitter = rand::random_range(1..=4u64 << attempt);
            tokio::time::sleep(Duration::from_millis(jitter)).await;
        }
    }

    /// Runs several statements as one transaction: all of them or none.
    ///
    /// # Errors
    /// As [`Store::run`].
    pub(crate) async fn transact(&self, statements: &str, variables: Value) -> Result<(), Error> {
        self.run(&format!("BEGIN; {statements}; COMMIT;"), variables).await.map(|_| ())
    }
}

/// Tells that a transaction's commit failed, where no statement says why: the disk is full, or is not to be written.
fn is_unwritten(error: &surrealdb::Error) -> bool {
    matches!(error.query_details(), Some(QueryError::NotExecuted))
}

/// Turns the errors of single statements into one; in a failed transaction the others only say that they did not run.
fn first_cause(mut answers: IndexedResults) -> Result<IndexedResults, surrealdb::Error> {
    let mut errors: Vec<_> = answers.take_errors().into_iter().collect();
    errors.sort_by_key(|(index, _)| *index);
    let cause =
        errors.iter().position(|(_, error)| !is_unwritten(error)).or(if errors.is_empty() { None } else { Some(0) });
    match cause {
        Some(position) => Err(errors.swap_remove(position).1),
        None => Ok(answers),
    }
}

impl Answers {
    /// Takes the rows of one statement, counted from 0.
    ///
    /// # Errors
    /// A row does not have the form that was expected: our own bug.
    pub(crate) fn rows<T: DeserializeOwned>(&mut self, statement: usize) -> Result<Vec<T>, Error> {
        let rows: Vec<Value> =
            self.0.take(statement).map_err(|error| Error::internal("reading the database", error))?;
        rows.into_iter()
            .map(|row| serde_json::from_value(row).map_err(|error| Error::internal("reading the database", error)))
            .collect()
    }

    /// Takes the first row of one statement.
    ///
    /// # Errors
    /// As [`Answers::rows`].
    pub(crate) fn row<T: DeserializeOwned>(&mut self, statement: usize) -> Result<Option<T>, Error> {
        Ok(self.rows(statement)?.into_iter().next())
    }
}
