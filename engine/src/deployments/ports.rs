//! A container's ports: as people write them and as a manifest holds them.

use serde_json::{Value, json};

use super::form::set;
use super::schema::{find, keys_of};

/// Reads `8080`, `http=8080` or `dns=53/UDP`.
///
/// # Errors
/// Says how one is written.
pub(super) fn parse_port(line: &str) -> Result<Value, String> {
    let line = line.trim();
    let (name, rest) = line.split_once('=').map_or((None, line), |(name, rest)| (Some(name.trim()), rest.trim()));
    let (number, protocol) = rest.split_once('/').unwrap_or((rest, "TCP"));
    let number = number.trim().parse::<u16>().unwrap_or(0);
    make_port(name, number, protocol.trim())
}

/// Makes a port of a manifest.
///
/// # Errors
/// Says what is wrong with it.
pub(super) fn make_port(name: Option<&str>, number: u16, protocol: &str) -> Result<Value, String> {
    if number == 0 {
        return Err("A port is written 8080, http=8080 or dns=53/UDP; its number is 1 to 65535.".into());
    }
    let protocol = protocol.to_uppercase();
    if !["TCP", "UDP", "SCTP"].contains(&protocol.as_str()) {
        return Err("A port's protocol is TCP, UDP or SCTP.".into());
    }
    let mut port = json!({ "containerPort": number, "protocol": protocol });
    if let Some(name) = name {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let has_letter = name.chars().any(|c| c.is_ascii_lowercase());
        if name.is_empty() || name.len() > 15 || !name.chars().all(plain) || !has_letter {
            return Err("A port's name has 1 to 15 of a-z, 0-9 and -, and a letter among them.".into());
        }
        set(&mut port, &[], "name", Some(name.into()));
    }
    Ok(port)
}

/// Takes from the known port of the same number what people do not type, such as its host port.
pub(super) fn known_port(known: &Value, port: Value) -> Value {
    let Some(same) = keys_of("ports").and_then(|keys| find(known, &port, keys)) else { return port };
    let mut merged = same.clone();
    set(&mut merged, &[], "name", port.get("name").cloned());
    merged
}

/// Writes a port as people do.
pub(super) fn port_line(port: &Value) -> String {
    let number = port.get("containerPort").map(ToString::to_string).unwrap_or_default();
    let name = port.get("name").and_then(Value::as_str).map(|name| format!("{name}=")).unwrap_or_default();
    let protocol = port.get("protocol").and_then(Value::as_str).filter(|protocol| *protocol != "TCP");
    format!("{name}{number}{}", protocol.map(|protocol| format!("/{protocol}")).unwrap_or_default())
}
