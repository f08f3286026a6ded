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
    let table = [
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
        // A password may look a little like what is filled in later.
        ("DB_PASSWORD", "$ecret1".into(), Some("name")),
        ("DB_PASSWORD", "a<b".into(), Some("name")),
        ("DB_PASSWORD", "hunter2{{".into(), Some("name")),
        ("DB_PASSWORD", "$2y$10$abcdefghijk".into(), Some("name")),
        ("DB_PASSWORD", "prefix-${SUFFIX}".into(), Some("name")),
        ("DB_PASSWORD", "${DB_PASSWORD:-hunter2}".into(), Some("name")),
        ("DB_PASSWORD", "$(DB_PASSWORD)".into(), None),
        ("DB_PASSWORD", "${env:DB_PASSWORD}".into(), None),
        ("DB_PASSWORD", "${DB_PASSWORD:-}".into(), None),
        ("DB_PASSWORD", "${USER}-${PASSWORD}".into(), None),
        ("DB_PASSWORD", "$DB_PASSWORD".into(), None),
        ("DB_PASSWORD", "<password>".into(), None),
        ("DB_PASSWORD", "{{ .Values.password }}".into(), None),
        ("DB_PASSWORD", "{{ .a | b }}{{ .c }}".into(), None),
        ("url", "https://shop:<password>@db/shop".into(), None),
        ("url", "https://shop:hunter<2@db/shop".into(), None),
        // A path, and a key that begins like one.
        ("password", "/etc/secret/password".into(), None),
        ("password", "/vault/secrets/dbPassword".into(), None),
        ("password", "/opt/App/Config.d/DB_PASSWORD".into(), None),
        ("password", "/token".into(), None),
        ("password", "file:///run/secrets/password".into(), None),
        ("signing-key", "/W1kXq8dfv0p2J3Zk9cN5mQ".into(), Some("name")),
        ("signing-key", "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBD".into(), Some("name")),
        ("signing-key", "/a+b/cdefghijklmnop=".into(), Some("name")),
        // A block in YAML ends in a line feed.
        ("db-password", "hunter2\n".into(), Some("name")),
        ("encryption-key", "aGVsbG8gd29y\nbGQgaGVsbG8=\n".into(), Some("name")),
        ("create-token", "#!/bin/sh\nset -e\nissue > /tmp/out\n".into(), None),
        ("password", "/run/secrets/password\n".into(), None),
        // Words that are written together.
        ("PGPASSWORD", "hunter2".into(), Some("name")),
        ("DBPassword", "hunter2".into(), Some("name")),
        ("APIKey", "x1y2z3".into(), Some("name")),
        ("SMTP_PASS", "hunter2".into(), Some("name")),
        ("dbPass", "hunter2".into(), Some("name")),
        ("bypass", "x1y2z3".into(), None),
        ("by-pass", "x1y2z3".into(), None),
        ("passthrough", "x1y2z3".into(), None),
        ("tls-pass-through", "x1y2z3".into(), None),
        ("proxy_pass", "backend".into(), None),
        ("compass", "north".into(), None),
        ("passwordless", "always".into(), None),
        // Several settings in one line.
        ("a", r#"{"db":{"user":"shop","password":"x"}}"#.into(), Some("setting")),
        ("a", r#"{"db": {"password" : "correct horse"}}"#.into(), Some("setting")),
        ("a", r#"{"json":"{\"password\":\"x\"}"}"#.into(), Some("setting")),
        ("a", "db: {user: shop, password: x}".into(), Some("setting")),
        ("a", "db = { user = \"shop\", password = \"x\" }".into(), Some("setting")),
        ("a", "Host=db;Username=a;Password=x".into(), Some("setting")),
        ("a", "Server=db; Password=hunter2; Encrypt=true".into(), Some("setting")),
        ("a", "host=db password=x".into(), Some("setting")),
        ("a", "password=x host=db".into(), Some("setting")),
        ("a", "redis:6379,password=x,ssl=True".into(), Some("setting")),
        ("a", "jdbc:postgresql://db/shop?user=shop&password=x".into(), Some("setting")),
        ("a", "--user=shop --password=x".into(), Some("setting")),
        ("a", "--password=x".into(), Some("setting")),
        ("a", "password: hunter2 # of the shop".into(), Some("setting")),
        ("a", "'password' => 'x',".into(), Some("setting")),
        ("a", "PASSWORD='$ecret1'".into(), Some("setting")),
        ("a", r#"{"password":{"type":"string"},"type":"object"}"#.into(), None),
        ("a", r#"{"required":["user","password"],"token":""}"#.into(), None),
        ("a", r#"{"password":"${DB_PASSWORD}","token":"/run/secrets/token"}"#.into(), None),
        ("a", "<input type=\"password\" name=\"password\">".into(), None),
        ("a", "connect(host=host, password=password)".into(), None),
        ("a", "connect(host=host, password=os.getenv(\"PASSWORD\"))".into(), None),
        ("a", "if password == given or token != \"x\" {".into(), None),
        ("a", "PASSWORD=$(cat /run/secrets/password) run".into(), None),
        ("a", "TOKEN=$(curl -s \\".into(), None),
        ("a", "mysql --password=\"$PASSWORD\" --host=db".into(), None),
        ("a", "echo usage: run --token=<token> --host=<host>".into(), None),
        ("a", "Please enter your password: it is in the vault".into(), None),
        ("a", "kube_secret_info{namespace=\"shop\",secret=\"db\"} > 0".into(), None),
        ("a", "proxy_pass http://backend:8080;".into(), None),
        ("a", "fastcgi_pass unix:/var/run/php.sock;".into(), None),
        ("a", "password: {{ .Values.password | quote }}".into(), None),
        ("a", "secretName: db-tls".into(), None),
        ("a", "auth:\n  secret:\n    name: db\n".into(), None),
        ("a", "mode: passthrough".into(), None),
    ];
    let wrong = table.iter().map(|(name, value, expect)| (name, value, expect, rule_of(name, value)));
    let wrong: Vec<_> = wrong.filter(|(_, _, expect, found)| *expect != found).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
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
