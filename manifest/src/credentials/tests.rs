//! What is taken for a credential, and what is not.

use serde_json::json;

use super::*;

fn rule_of(name: &str, value: &str) -> Option<&'static str> {
    let mut tree = json!({"apiVersion": "v1", "kind": "ConfigMap", "data": {name: value}});
    let found = replace_credentials(&mut tree, |_| true, |_, _| "gone".into());
    assert_eq!(tree["data"][name] == "gone", !found.is_empty());
    found.first().map(|found| found.rule)
}

#[test]
fn credentials_are_found_by_their_form_or_their_name() {
    // Put together here, so that nobody takes this file for a leak.
    let token = |mark: &str| format!("{mark}{}", "0123456789abcdefghijABCDEFGHIJ".repeat(3));
    let jwt = format!("{}.{}.{}", token("eyJ"), token("eyJ"), "c2lnbmF0dXJlLXNpZw");
    for (name, value, expect) in [
        ("tls.key", format!("-----BEGIN {} KEY-----\nMII", "RSA PRIVATE"), Some("private-key")),
        ("tls.crt", "-----BEGIN CERTIFICATE-----\nMII".into(), None),
        ("a", token("ghp_"), Some("token")),
        ("settings", format!("[x]\nkey = {}\n", token("AKIA")), Some("token")),
        ("a", format!("prefix{}", token("ghp_")), None),
        ("a", "ghp_short".into(), None),
        ("a", jwt, Some("jwt")),
        ("a", "eyJhbGciOi.eyJhbGciOi".into(), None),
        ("url", "postgres://shop:hunter2@db:5432/shop".into(), Some("url-password")),
        ("url", "postgres://shop:$(DB_PASSWORD)@db/shop".into(), None),
        ("url", "https://example.org/a:b@c".into(), None),
        ("url", "http://user@example.org".into(), None),
        ("header", "Bearer abcdefghijklmnop".into(), Some("authorization")),
        ("header", "Bearer of bad news, again".into(), None),
        ("DB_PASSWORD", "hunter2".into(), Some("name")),
        ("dbPassword", "hunter2".into(), Some("name")),
        ("stripe.api-key", "x1y2z3".into(), Some("name")),
        ("apiKey", "x1y2z3".into(), Some("name")),
        ("PASSWORD_FILE", "/run/secrets/password".into(), None),
        ("password", "/run/secrets/password".into(), None),
        ("TOKEN_TTL", "3600".into(), None),
        ("SECRET_NAME", "db".into(), None),
        ("require-password", "true".into(), None),
        ("password", String::new(), None),
        ("password", "${PASSWORD}".into(), None),
        ("tokens", "4".into(), None),
        ("greeting", "hello".into(), None),
        ("application.properties", "port = 80\nspring.datasource.password=hunter2\n".into(), Some("setting")),
        ("config.yaml", "db:\n  user: shop\n  password: \"hunter 2\"\n".into(), Some("setting")),
        ("config.json", "{\n  \"apiKey\": \"x1y2z3\",\n}\n".into(), Some("setting")),
        (".env", "export API_TOKEN=x1y2z3".into(), Some("setting")),
        ("list.yaml", "- clientSecret: x1y2z3".into(), Some("setting")),
        (
            "config.yaml",
            "db:\n  # password: hunter2\n  passwordFile: /run/db\n  password: ${DB_PASSWORD}\n".into(),
            None,
        ),
        ("config.yaml", "password:\n  valueFrom: secret\n".into(), None),
        ("notes", "Your secret: do not tell it.\nThe password = what you like best\n".into(), None),
        ("nginx.conf", "proxy_set_header Token: $http_token;\nsecret: true\n".into(), None),
    ] {
        assert_eq!(rule_of(name, &value), expect, "{name}: {value}");
    }
}

#[test]
fn only_where_everybody_may_read_is_looked() {
    let mut tree = json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "api", "annotations": {"example.com/token": "hunter2"}, "labels": {"token": "hunter2"}},
        "spec": {"password": "hunter2", "template": {
            "metadata": {"annotations": {"password": "hunter2"}},
            "spec": {"containers": [{"name": "api", "env": [
                {"name": "PASSWORD", "value": "hunter2"},
                {"name": "OTHER_PASSWORD", "valueFrom": {"secretKeyRef": {"name": "db", "key": "password"}}},
                {"name": "TOKEN", "value": crate::NOT_RECORDED}]}]}}},
    });
    let found = replace_credentials(&mut tree, |_| true, |found, _| format!("gone: {}", found.place));
    let places: Vec<&str> = found.iter().map(|found| found.place.as_str()).collect();
    assert_eq!(places, ["annotation example.com/token", "annotation password", "env PASSWORD"]);
    assert_eq!(found[2].path, ["spec", "template", "spec", "containers", "env", "value"]);
    assert_eq!(tree["spec"]["template"]["spec"]["containers"][0]["env"][0]["value"], "gone: env PASSWORD");
    assert_eq!(tree["metadata"]["labels"]["token"], "hunter2");
    assert_eq!(tree["spec"]["template"]["spec"]["containers"][0]["env"][2]["value"], crate::NOT_RECORDED);
}

#[test]
fn a_rule_that_is_off_finds_nothing() {
    let mut tree = json!({"apiVersion": "v1", "kind": "ConfigMap", "data": {"password": "hunter2"}});
    assert!(replace_credentials(&mut tree, |rule| rule != "name", |_, _| String::new()).is_empty());
    assert_eq!(tree["data"]["password"], "hunter2");
}

proptest::proptest! {
    #[test]
    fn any_name_and_value_is_looked_at(name in ".{0,40}", value in ".{0,200}") {
        let _ = rule_of(&name, &value);
    }
}
