//! kubectl's users, named by the API server's audit events: by webhook, and from the log file.

use std::collections::BTreeMap;

use reqwest::{Method, StatusCode};
use sandbox::{Options, Sandbox};
use serde_json::json;

use super::{Place, Program};
use crate::harness::provide_tls;

const TOKEN: &str = "a-token-of-the-audit-webhook";
/// The first is the sandbox's own administrator; the others are impersonated by him.
const USERS: [&str; 5] = ["admin", "ada", "bob@example.org", "Carol <c@x> Ann", "oidc:dora"];
const ROUNDS: usize = 5;

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_changes_by_five_users_of_kubectl_carry_the_right_user() {
    provide_tls();
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let listen = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let webhook = json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "audit",
        "clusters": [{"name": "denshimon", "cluster": {"server": format!("http://denshimon:{TOKEN}@{listen}/webhooks/audit")}}],
        "users": [{"name": "api-server", "user": {}}],
        "contexts": [{"name": "audit", "context": {"cluster": "denshimon", "user": "api-server"}}],
    });
    std::fs::write(file("webhook"), webhook.to_string()).unwrap();
    let policy = std::fs::canonicalize("../deploy/audit-policy.yaml").unwrap();
    let api_server_arguments = vec![
        format!("--audit-policy-file={}", policy.display()),
        format!("--audit-log-path={}", file("audit.log")),
        // In megabytes: the log rotates while it is followed.
        "--audit-log-maxsize=1".to_owned(),
        format!("--audit-webhook-config-file={}", file("webhook")),
        "--audit-webhook-batch-max-wait=200ms".to_owned(),
    ];
    let options = Options { nodes: 1, api_server_arguments, ..Options::default() };
    let sandbox = Sandbox::start(options).await.unwrap();
    write_documents(folder.path());
    let common = [
        ("DENSHIMON_COMMIT_WINDOW", "0"),
        // Beside other tests, two API servers and two programs on few cores can be slow to tell.
        ("DENSHIMON_AUDIT_WAIT", "10s"),
        ("DENSHIMON_AUDIT_SYSTEM_USERS", "controller-manager, scheduler, kwok, metrics-server"),
    ];
    let by_webhook = [("DENSHIMON_LISTEN", listen.as_str()), ("DENSHIMON_AUDIT_WEBHOOK_TOKEN", TOKEN)];
    let by_file = [("DENSHIMON_AUDIT_LOG_FILE", &*file("audit.log"))];
    let first = Place::new(sandbox.kubeconfig(), &[&common[..], &by_webhook].concat()).await;
    let second = Place::new(sandbox.kubeconfig(), &[&common[..], &by_file].concat()).await;
    first.kubectl(&["apply", "-f", &file("definition.yaml")]).await;
    let programs = [first.start(None).await, second.start(None).await];
    for program in &programs {
        program.until_in_step().await;
    }

    let namespace = first.namespace.clone();
    let mut expected: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for (number, (kind, name, command)) in COMMANDS.into_iter().enumerate() {
        for round in 0..ROUNDS {
            let user = USERS[(number + round) % USERS.len()];
            let command =
                command.replace("ROUND", &round.to_string()).replace("FOLDER", folder.path().to_str().unwrap());
            run(&first, user, &command, &namespace).await;
            expected.entry(format!("{kind} {namespace}/{name}-{round}")).or_default().push(user);
        }
    }
    let changes = COMMANDS.len() * ROUNDS;
    assert_eq!((changes, expected.values().map(Vec::len).sum::<usize>()), (120, 120));

    for (place, program) in [&first, &second].into_iter().zip(&programs) {
        let found = program
            .until("all changes are recorded", async |_| {
                let found = recorded(place, &namespace).await;
                (found.values().map(Vec::len).sum::<usize>() >= changes).then_some(found)
            })
            .await;
        for (resource, users) in &expected {
            assert_eq!(&found[resource], users, "{resource}");
        }
        let impersonated = place.git(&["log", "--format=%B", "--grep=Done by admin, who acted as ada."]).await;
        assert!(impersonated.contains("Actor: cluster-user ada\n"), "{impersonated}");
        let author = place.git(&["log", "-1", "--author=bob@example.org", "--format=%an|%ae"]).await;
        assert_eq!(author.trim(), "bob@example.org|bob-example-org@cluster-users.denshimon.invalid");
        let status = program.status().await;
        assert!(status["audit"]["named"].as_u64() >= Some(changes as u64), "{status}");
        assert!(status["audit"]["trouble"].is_null(), "{status}");
    }
    let log =
        std::fs::read_dir(folder.path()).unwrap().map(|entry| std::fs::read_to_string(entry.unwrap().path()).unwrap());
    assert!(log.into_iter().all(|text| !text.contains("not-to-be-logged")), "no Secret's value is in the audit log");
    refuses_others(&programs[0]).await;
    sandbox.stop().await.unwrap();
}

/// The token alone opens the webhook: no session does.
async fn refuses_others(program: &Program) {
    let list = json!({"kind": "EventList", "apiVersion": "audit.k8s.io/v1", "items": []});
    let (status, _) = program.send(Method::POST, "/webhooks/audit", Some(&list)).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED, "an API token is another one");
    let send = async |token: &str, body: String| {
        let request = program.http.post(format!("{}/webhooks/audit", program.url)).bearer_auth(token).body(body);
        request.send().await.unwrap().status()
    };
    assert_eq!(send(TOKEN, list.to_string()).await, StatusCode::NO_CONTENT);
    assert_eq!(send(TOKEN, json!({"kind": "Pod"}).to_string()).await, StatusCode::BAD_REQUEST);
    assert_eq!(send(TOKEN, "x".repeat(13 * 1024 * 1024)).await, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(send("", list.to_string()).await, StatusCode::UNAUTHORIZED);
}

/// Kind and name of what is changed, and how; `|` parts the arguments.
const COMMANDS: [(&str, &str, &str); 24] = [
    ("ConfigMap", "c", "create|configmap|c-ROUND|--from-literal=a=1"),
    ("Deployment", "d", "create|deployment|d-ROUND|--image=nginx:1"),
    ("Secret", "s", "create|secret|generic|s-ROUND|--from-literal=a=not-to-be-logged"),
    ("ConfigMap", "c", r#"patch|configmap|c-ROUND|-p|{"data":{"b":"2"}}"#),
    ("Deployment", "d", "scale|deployment|d-ROUND|--replicas=2"),
    ("Secret", "s", r#"patch|secret|s-ROUND|-p|{"stringData":{"b":"not-to-be-logged"}}"#),
    ("Service", "v", "create|service|clusterip|v-ROUND|--tcp=80"),
    ("ConfigMap", "c", r#"patch|configmap|c-ROUND|--type=json|-p|[{"op":"remove","path":"/data/b"}]"#),
    ("Deployment", "d", "set|image|deployment/d-ROUND|nginx=nginx:2"),
    ("Service", "v", "label|service|v-ROUND|tier=front"),
    ("Deployment", "d", "annotate|deployment|d-ROUND|note=hello"),
    ("ConfigMap", "c", "label|configmap|c-ROUND|tier=front"),
    ("Deployment", "d", "set|env|deployment/d-ROUND|A=1"),
    ("Secret", "s", "delete|secret|s-ROUND"),
    ("Role", "r", "create|role|r-ROUND|--verb=get|--resource=pods"),
    ("Deployment", "d", "set|env|deployment/d-ROUND|A-"),
    ("ConfigMap", "c", "delete|configmap|c-ROUND"),
    ("Role", "r", r#"patch|role|r-ROUND|-p|{"metadata":{"labels":{"a":"b"}}}"#),
    ("NetworkAttachmentDefinition", "n", "apply|-f|FOLDER/n-ROUND.yaml"),
    ("Service", "v", "delete|service|v-ROUND"),
    ("NetworkAttachmentDefinition", "n", "label|network-attachment-definitions|n-ROUND|tier=front"),
    ("NetworkAttachmentDefinition", "n", "replace|-f|FOLDER/n-ROUND.yaml"),
    ("Deployment", "d", "delete|deployment|d-ROUND"),
    ("NetworkAttachmentDefinition", "n", "delete|network-attachment-definitions|n-ROUND"),
];

/// A custom kind whose plural no rule of English makes, and resources of it.
fn write_documents(folder: &std::path::Path) {
    let names = json!({"kind": "NetworkAttachmentDefinition", "plural": "network-attachment-definitions"});
    let schema = json!({"type": "object", "properties": {"spec": {"type": "object", "properties": {"config": {"type": "string"}}}}});
    let definition = json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "network-attachment-definitions.k8s.cni.cncf.io"},
        "spec": {
            "group": "k8s.cni.cncf.io", "scope": "Namespaced", "names": names,
            "versions": [{"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": schema}}],
        },
    });
    std::fs::write(folder.join("definition.yaml"), definition.to_string()).unwrap();
    for round in 0..ROUNDS {
        let resource = json!({
            "apiVersion": "k8s.cni.cncf.io/v1", "kind": "NetworkAttachmentDefinition",
            "metadata": {"name": format!("n-{round}")}, "spec": {"config": "bridge"},
        });
        std::fs::write(folder.join(format!("n-{round}.yaml")), resource.to_string()).unwrap();
    }
}

async fn run(place: &Place, user: &str, command: &str, namespace: &str) {
    let (impersonated, name) = (user != "admin", format!("--as={user}"));
    let mut arguments = vec!["-n", namespace];
    if impersonated {
        arguments.extend([name.as_str(), "--as-group=system:masters"]);
    }
    arguments.extend(command.split('|'));
    place.kubectl(&arguments).await;
}

/// Each resource's users, in the order of the commits.
async fn recorded(place: &Place, namespace: &str) -> BTreeMap<String, Vec<String>> {
    let log = place.git(&["log", "--reverse", "--format=%B", "main"]).await;
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut actor = "";
    for line in log.lines() {
        if let Some(name) = line.strip_prefix("Actor: ") {
            actor = name.strip_prefix("cluster-user ").unwrap_or(name);
        } else if let Some(resource) = line.strip_prefix("Resource: ") {
            let (kind, name) = resource.split_once(' ').unwrap();
            let kind = kind.rsplit('/').next().unwrap();
            let ours = name.strip_prefix(namespace).is_some_and(|name| name.starts_with('/'));
            if ours && !name.ends_with("/default") {
                found.entry(format!("{kind} {name}")).or_default().push(actor.to_owned());
            }
        }
    }
    found
}
