//! Where the API server's audit events come from.

use std::time::Duration;

use engine::AuditConfig;
use secrecy::ExposeSecret;

use super::ConfigError;
use super::settings::Settings;

const SHORTEST_TOKEN: usize = 20;
const LONGEST_WAIT: Duration = Duration::from_secs(10);

pub(super) fn read(settings: &Settings) -> Result<AuditConfig, ConfigError> {
    let webhook_token = settings.secret("audit_webhook_token");
    if webhook_token.as_ref().is_some_and(|token| token.expose_secret().len() < SHORTEST_TOKEN) {
        return Err(settings.wrong("audit_webhook_token", "has at least 20 characters"));
    }
    let users = settings.text("audit_system_users").unwrap_or_default();
    let users = users.split([',', ' ']).filter(|name| !name.is_empty());
    Ok(AuditConfig {
        webhook_token,
        log_file: settings.text("audit_log_file").map(Into::into),
        wait: settings.duration(
            "audit_wait",
            "2s",
            LONGEST_WAIT,
            "is a time of at most 10s, such as 2s, 500ms or 0",
        )?,
        system_users: users.map(ToOwned::to_owned).collect(),
    })
}
