//! Settings: where they come from, and what is said about a wrong one.

use server::config::{Arguments, Config};

const CLUSTER: (&str, &str) = ("KUBECONFIG", "/nowhere");

fn read(variables: &[(&str, &str)]) -> Result<Config, String> {
    let arguments = Arguments::default();
    let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Config::from_sources(&arguments, variables).map_err(|error| error.to_string())
}

fn read_file(text: &str) -> Result<Config, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("denshimon.toml");
    std::fs::write(&path, text).unwrap();
    let arguments = Arguments { config: Some(path.clone()), ..Arguments::default() };
    Config::from_sources(&arguments, Vec::new())
        .map_err(|error| error.to_string().replace(&path.display().to_string(), "FILE"))
}

fn check_wrong(name: &str, value: &str) {
    let message = read(&[CLUSTER, (name, value)]).unwrap_err();
    assert!(message.starts_with(&format!("{name}: ")), "{name}={value}: {message}");
    assert_eq!(message.lines().count(), 1, "{message}");
}

#[test]
fn every_setting_but_the_cluster_has_a_default() {
    let config = read(&[CLUSTER]).unwrap();
    assert_eq!(config.listen.to_string(), "127.0.0.1:3000");
    assert_eq!(config.engine.repository.branch.as_str(), "main");
    assert_eq!(config.engine.commit_window.as_secs(), 2);
}

#[test]
fn without_a_named_cluster_there_is_no_start() {
    let message = read(&[("HOME", "/root")]).unwrap_err();
    assert!(message.starts_with("KUBECONFIG: "), "{message}");
    assert!(read(&[("KUBERNETES_SERVICE_HOST", "10.0.0.1")]).is_ok());
}

#[test]
fn a_wrong_value_is_one_line_that_names_the_setting() {
    for (name, value) in [
        ("DENSHIMON_LISTEN", "here"),
        ("DENSHIMON_PUBLIC_URL", "denshimon.example.org"),
        ("DENSHIMON_PUBLIC_URL", "https://a/b"),
        ("DENSHIMON_CLUSTER_NAME", "My Cluster"),
        ("DENSHIMON_COMMIT_WINDOW", "soon"),
        ("DENSHIMON_COMMIT_WINDOW", "-2s"),
        ("DENSHIMON_COMMIT_WINDOW_LIMIT", "2h"),
        ("DENSHIMON_SWEEP_RECORDS", "many"),
        ("DENSHIMON_SWEEP_PERCENT", "101"),
        ("DENSHIMON_RECORD_MADE", "system"),
        ("DENSHIMON_AUDIT_WAIT", "11s"),
        ("DENSHIMON_AUDIT_WEBHOOK_TOKEN", "hunter2"),
        ("DENSHIMON_REPOSITORY_URL", "ext::sh -c id"),
        ("DENSHIMON_REPOSITORY_URL", "https://ada:hunter2@git.example.org/x.git"),
        ("DENSHIMON_REPOSITORY_BRANCH", "-main"),
        ("DENSHIMON_REPOSITORY_PATH", "../up"),
        ("DENSHIMON_REPOSITORY_PATH", ".git/hooks"),
        ("DENSHIMON_DATABASE_URL", "http://db"),
        ("DENSHIMON_TRUSTED_PROXIES", "10.0.0.0/8, proxy"),
        ("DENSHIMON_LOG_FORMAT", "xml"),
        ("DENSHIMON_ADMIN_PASSWORD", "short"),
        ("DENSHIMON_IN_CLUSTER", "maybe"),
    ] {
        if name != "DENSHIMON_IN_CLUSTER" {
            check_wrong(name, value);
        }
    }
    assert!(read(&[("DENSHIMON_IN_CLUSTER", "maybe")]).unwrap_err().starts_with("DENSHIMON_IN_CLUSTER: "));
}

#[test]
fn no_message_and_no_debug_output_holds_a_secret() {
    let secret = ("DENSHIMON_REPOSITORY_TOKEN", "hunter2-hunter2");
    let config = read(&[CLUSTER, secret, ("DENSHIMON_ADMIN_PASSWORD", "hunter2-hunter2")]).unwrap();
    assert!(!format!("{config:?}").contains("hunter2"));
    assert!(!read(&[CLUSTER, ("DENSHIMON_ADMIN_PASSWORD", "hunter2")]).unwrap_err().contains("hunter2"));
    assert!(!read_file("repository_token = hunter2").unwrap_err().contains("hunter2"));
}

#[test]
fn the_environment_overrides_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("denshimon.toml");
    std::fs::write(&path, "kubeconfig = \"/file\"\nlisten = \"127.0.0.1:1\"\n[repository]\nbranch = \"records\"\n")
        .unwrap();
    let arguments = Arguments { config: Some(path), ..Arguments::default() };
    let environment = [("DENSHIMON_LISTEN".to_owned(), "127.0.0.1:2".to_owned())];
    let config = Config::from_sources(&arguments, environment).unwrap();
    assert_eq!(config.listen.port(), 2);
    assert_eq!(config.engine.repository.branch.as_str(), "records");
}

#[test]
fn rules_of_the_file_are_read_and_a_wrong_one_is_named() {
    let check = |rule: &str, expect: &str| {
        let message = read_file(&format!("kubeconfig = \"/nowhere\"\n[[ignore]]\n{rule}\n")).unwrap_err();
        assert!(message.starts_with("FILE") && message.contains(expect), "{rule}: {message}");
        assert_eq!(message.lines().count(), 1, "{message}");
    };
    let good = "kubeconfig = \"/nowhere\"\n[[ignore]]\nkind = \"Deployment\"\nfields = [\"spec.replicas\"]\n[[ignore]]\nmanager \
                = \"keda-*\"\n";
    assert!(format!("{:?}", read_file(good).unwrap().engine.ignore_rules).contains("keda-*"));
    check("kind = \"Deployment\"", "number 1, what is left out: is one of fields");
    check("fields = [\"metadata.name\"]", "number 1, fields: \"metadata.name\" holds what names the resource");
    check("resource = true", "would leave out everything");
    check("labels = \"app=api\"\nresource = true", "labels");
}

#[test]
fn an_unknown_key_in_the_file_is_named() {
    let message = read_file("kubeconfig = \"/x\"\nrepositry_url = \"x\"\n").unwrap_err();
    assert_eq!(message, "FILE: there is no setting \"repositry_url\"");
}

#[test]
fn a_mistyped_variable_is_named_and_those_of_others_are_not() {
    let check = |names: &[&str], expect: &[&str]| {
        let variables: Vec<_> = [CLUSTER].into_iter().chain(names.iter().map(|name| (*name, "x"))).collect();
        assert_eq!(read(&variables).unwrap().unknown_variables, expect, "{names:?}");
    };
    check(
        &["DENSHIMON_REPOSITRY_URL", "DENSHIMON_KUBECONFIG", "DENSHIMON_CONTEXT", "PATH"],
        &["DENSHIMON_KUBECONFIG", "DENSHIMON_REPOSITRY_URL"],
    );
    check(&["DENSHIMON_KUBECTL", "DENSHIMON_GITEA_TOKEN", "DENSHIMON_WRITE_DEFAULTS"], &[]);
    check(&["DENSHIMON_KUBECTL_PATH", "DENSHIMON_PORT"], &["DENSHIMON_KUBECTL_PATH", "DENSHIMON_PORT"]);
    // In a pod beside a Service that is called denshimon.
    let of_services = ["DENSHIMON_SERVICE_HOST", "DENSHIMON_SERVICE_PORT", "DENSHIMON_PORT", "DENSHIMON_PORT_3000_TCP"];
    check(&[&["KUBERNETES_SERVICE_HOST"][..], &of_services].concat(), &[]);
}
