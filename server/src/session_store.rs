//! Sessions, kept by the engine.

use std::fmt;

use async_trait::async_trait;
use engine::{Engine, SessionUser};
use model::Timestamp;
use tower_sessions::SessionStore;
use tower_sessions::cookie::time::OffsetDateTime;
use tower_sessions::session::{Id, Record};
use tower_sessions::session_store::{Error, Result};

/// The engine's session records, as tower-sessions asks for them.
#[derive(Clone)]
pub(crate) struct EngineSessions {
    engine: Engine,
}

impl EngineSessions {
    pub(crate) fn new(engine: Engine) -> Self {
        Self { engine }
    }
}

impl fmt::Debug for EngineSessions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("EngineSessions")
    }
}

#[async_trait]
impl SessionStore for EngineSessions {
    /// An id has 128 random bits; two alike do not happen.
    async fn create(&self, record: &mut Record) -> Result<()> {
        self.save(record).await
    }

    async fn save(&self, record: &Record) -> Result<()> {
        let data = serde_json::to_string(&record.data).map_err(|error| Error::Encode(error.to_string()))?;
        let text = |key: &str| record.data.get(key).and_then(|value| value.as_str()).map(str::to_owned);
        let agent = text(app::backend::AGENT_KEY).unwrap_or_default();
        let signed_in_at = text(app::backend::SIGNED_IN_KEY).and_then(|time| time.parse().ok());
        let signed_in_at = signed_in_at.unwrap_or(Timestamp::UNIX_EPOCH);
        let user = text(app::backend::USER_KEY).map(|id| SessionUser { id, signed_in_at });
        let expiry = Timestamp::from_second(record.expiry_date.unix_timestamp())
            .map_err(|error| Error::Encode(error.to_string()))?;
        self.engine.save_session(&record.id.to_string(), data, expiry, user, agent).await.map_err(away)
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        let Some((data, expiry)) = self.engine.load_session(&id.to_string()).await.map_err(away)? else {
            return Ok(None);
        };
        let data = serde_json::from_str(&data).map_err(|error| Error::Decode(error.to_string()))?;
        let expiry_date = OffsetDateTime::from_unix_timestamp(expiry.as_second())
            .map_err(|error| Error::Decode(error.to_string()))?;
        Ok(Some(Record { id: *id, data, expiry_date }))
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        self.engine.delete_session(&id.to_string()).await.map_err(away)
    }
}

fn away(error: engine::Error) -> Error {
    Error::Backend(error.to_string())
}
