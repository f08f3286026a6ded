//! Where a resource's record lies in the repository.

use model::{Kind, ResourceName, ResourceRef};

/// Groups that Kubernetes itself serves and in which no two kinds share a name: their kinds stand alone in a path.
/// Part of the path of every record: an entry is added only along with a move of the records.
const BUILT_IN: [(&str, &[&str]); 17] = [
    (
        "",
        &[
            "Binding",
            "ConfigMap",
            "Endpoints",
            "Event",
            "LimitRange",
            "Namespace",
            "Node",
            "PersistentVolume",
            "PersistentVolumeClaim",
            "Pod",
            "PodTemplate",
            "ReplicationController",
            "ResourceQuota",
            "Secret",
            "Service",
            "ServiceAccount",
        ],
    ),
    ("apps", &["ControllerRevision", "DaemonSet", "Deployment", "ReplicaSet", "StatefulSet"]),
    ("batch", &["CronJob", "Job"]),
    ("autoscaling", &["HorizontalPodAutoscaler", "Scale"]),
    ("policy", &["Eviction", "PodDisruptionBudget"]),
    ("networking.k8s.io", &["Ingress", "IngressClass", "IPAddress", "NetworkPolicy", "ServiceCIDR"]),
    ("rbac.authorization.k8s.io", &["ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"]),
    (
        "storage.k8s.io",
        &["CSIDriver", "CSINode", "CSIStorageCapacity", "StorageClass", "VolumeAttachment", "VolumeAttributesClass"],
    ),
    ("scheduling.k8s.io", &["PriorityClass"]),
    ("apiextensions.k8s.io", &["CustomResourceDefinition"]),
    ("apiregistration.k8s.io", &["APIService"]),
    (
        "admissionregistration.k8s.io",
        &[
            "MutatingAdmissionPolicy",
            "MutatingAdmissionPolicyBinding",
            "MutatingWebhookConfiguration",
            "ValidatingAdmissionPolicy",
            "ValidatingAdmissionPolicyBinding",
            "ValidatingWebhookConfiguration",
        ],
    ),
    ("coordination.k8s.io", &["Lease", "LeaseCandidate"]),
    ("discovery.k8s.io", &["EndpointSlice"]),
    ("node.k8s.io", &["RuntimeClass"]),
    ("certificates.k8s.io", &["CertificateSigningRequest", "ClusterTrustBundle"]),
    ("flowcontrol.apiserver.k8s.io", &["FlowSchema", "PriorityLevelConfiguration"]),
];

/// A file name has at most 255 bytes in common file systems; longer names go on in a folder.
const MAX_SEGMENT: usize = 200;

/// A path inside the repository, with `/` and without `.`, `..` or a leading `/`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordPath(String);

impl RecordPath {
    /// Returns the path as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for RecordPath {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl AsRef<std::path::Path> for RecordPath {
    fn as_ref(&self) -> &std::path::Path {
        self.0.as_ref()
    }
}

impl From<RecordPath> for String {
    fn from(path: RecordPath) -> String {
        path.0
    }
}

impl std::fmt::Display for RecordPath {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Says where a resource's record lies: `clusters/<cluster>/<namespace or _cluster>/<kind>/<name>.yaml` below `root`.
///
/// The kind is in lower case, and followed by its group (`widget.example.com`) unless Kubernetes itself serves it.
/// Names keep `a-z 0-9 - . _`; each other byte is written `%3A`, so that no file system joins or refuses two names.
pub fn record_path(resource: &ResourceRef, root: &str) -> RecordPath {
    let mut path = clean_root(root);
    path.push_str("clusters/");
    path.push_str(&encode(resource.cluster.as_str()));
    path.push('/');
    match &resource.namespace {
        Some(namespace) => path.push_str(&encode(namespace.as_str())),
        None => path.push_str("_cluster"),
    }
    path.push('/');
    path.push_str(&encode(&folder(&resource.kind)));
    path.push('/');
    let name = encode(resource.name.as_str());
    let mut rest = name.as_str();
    while rest.len() > MAX_SEGMENT {
        let (head, tail) = rest.split_at(MAX_SEGMENT);
        path.push_str(head);
        // A name is never encoded to a segment that ends so.
        path.push_str("%/");
        rest = tail;
    }
    path.push_str(rest);
    path.push_str(".yaml");
    RecordPath(path)
}

/// Reads a path that [`record_path`] made; `None` for any other file.
///
/// A kind that Kubernetes does not serve itself comes back in lower case, as the path has it: the document's
/// [`crate::identity`] knows how it is really written.
pub fn resource_at(path: &str, root: &str) -> Option<ResourceRef> {
    let rest = path.strip_prefix(&clean_root(root))?.strip_prefix("clusters/")?;
    let mut parts = rest.splitn(4, '/');
    let cluster = decode(parts.next()?)?.parse().ok()?;
    let namespace = match parts.next()? {
        "_cluster" => None,
        namespace => Some(decode(namespace)?.parse().ok()?),
    };
    let kind = kind_in(&decode(parts.next()?)?)?;
    let name: ResourceName = decode(&parts.next()?.strip_suffix(".yaml")?.replace("%/", ""))?.parse().ok()?;
    let resource = ResourceRef { cluster, kind, namespace, name };
    (record_path(&resource, root).as_str() == path).then_some(resource)
}

fn clean_root(root: &str) -> String {
    let mut clean = String::new();
    for part in root.split('/').filter(|part| !matches!(*part, "" | "." | "..")) {
        clean.push_str(part);
        clean.push('/');
    }
    clean
}

fn folder(kind: &Kind) -> String {
    let name = kind.kind.to_ascii_lowercase();
    let built_in = BUILT_IN.iter().any(|(group, kinds)| *group == kind.group && kinds.contains(&kind.kind.as_str()));
    if built_in {
        name
    } else {
        // A core kind that is not in the table keeps the dot, so it never meets a built-in one.
        format!("{name}.{}", kind.group)
    }
}

fn kind_in(folder: &str) -> Option<Kind> {
    if let Some((kind, group)) = folder.split_once('.') {
        return Some(Kind::new(group, kind));
    }
    BUILT_IN.iter().find_map(|(group, kinds)| {
        let kind = kinds.iter().find(|kind| kind.eq_ignore_ascii_case(folder))?;
        Some(Kind::new(*group, *kind))
    })
}

/// Writes a name so that it is a file name of its own everywhere. `%` itself is in no Kubernetes name.
fn encode(name: &str) -> String {
    let reserved = is_reserved(name);
    let mut encoded = String::with_capacity(name.len());
    for (index, byte) in name.bytes().enumerate() {
        let plain = byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'.' | b'_');
        // Nothing hidden, no option, no `_cluster`, no device of Windows.
        let first = index == 0 && (matches!(byte, b'-' | b'.' | b'_') || reserved);
        let last = index + 1 == name.len() && byte == b'.';
        if plain && !first && !last {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

/// Windows keeps these names for devices, with any ending.
fn is_reserved(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().to_ascii_lowercase();
    let numbered = |prefix: &str| {
        stem.strip_prefix(prefix).is_some_and(|rest| rest.len() == 1 && rest.bytes().all(|byte| byte.is_ascii_digit()))
    };
    matches!(stem.as_str(), "con" | "prn" | "aux" | "nul") || numbered("com") || numbered("lpt")
}

fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let high = char::from(rest.next()?).to_digit(16)?;
            let low = char::from(rest.next()?).to_digit(16)?;
            bytes.push(u8::try_from(high * 16 + low).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn resource(group: &str, kind: &str, namespace: Option<&str>, name: &str) -> ResourceRef {
        ResourceRef {
            cluster: "main".parse().unwrap(),
            kind: Kind::new(group, kind),
            namespace: namespace.map(|namespace| namespace.parse().unwrap()),
            name: name.parse().unwrap(),
        }
    }

    fn check(resource: ResourceRef, root: &str, expect: &str) {
        let path = record_path(&resource, root);
        assert_eq!(path.as_str(), expect);
        assert_eq!(resource_at(path.as_str(), root).unwrap(), resource);
    }

    #[test]
    fn each_resource_has_a_path_of_its_own() {
        check(resource("apps", "Deployment", Some("shop"), "api"), ".", "clusters/main/shop/deployment/api.yaml");
        check(resource("", "Namespace", None, "shop"), "", "clusters/main/_cluster/namespace/shop.yaml");
        check(resource("", "Event", Some("a"), "b"), "x/y/", "x/y/clusters/main/a/event/b.yaml");
        check(resource("events.k8s.io", "event", Some("a"), "b"), "/", "clusters/main/a/event.events.k8s.io/b.yaml");
        check(
            resource("networking.istio.io", "gateway", Some("a"), "b"),
            "./",
            "clusters/main/a/gateway.networking.istio.io/b.yaml",
        );
    }

    #[test]
    fn awkward_names_are_safe_and_come_back() {
        let role = |name: &str| resource("rbac.authorization.k8s.io", "ClusterRole", None, name);
        for (name, expect) in [
            ("system:node", "system%3Anode"),
            ("Upper", "%55pper"),
            ("con", "%63on"),
            ("aux.h", "%61ux.h"),
            ("com1", "%63om1"),
            ("console", "console"),
            (".git", "%2Egit"),
            ("-rf", "%2Drf"),
            ("_cluster", "%5Fcluster"),
            ("a b", "a%20b"),
            ("a\\b", "a%5Cb"),
            ("git~1", "git%7E1"),
            ("ä", "%C3%A4"),
        ] {
            check(role(name), "", &format!("clusters/main/_cluster/clusterrole/{expect}.yaml"));
        }
        check(resource("", "ConfigMap", Some("con"), "a"), "", "clusters/main/%63on/configmap/a.yaml");
    }

    #[test]
    fn long_names_fit_a_file_system() {
        for name in ["a".repeat(253), ":".repeat(253), format!("{}:b", "a".repeat(199))] {
            let resource = resource("", "ConfigMap", Some("shop"), &name);
            let path = record_path(&resource, "infra");
            assert!(path.as_str().split('/').all(|part| part.len() <= 255), "{path}");
            assert_eq!(resource_at(path.as_str(), "infra").unwrap(), resource);
        }
    }

    #[test]
    fn a_root_never_leaves_the_repository() {
        let resource = resource("", "Namespace", None, "shop");
        assert_eq!(record_path(&resource, "../../etc").as_str(), "etc/clusters/main/_cluster/namespace/shop.yaml");
    }

    #[test]
    fn other_files_are_no_records() {
        for path in [
            "README.md",
            "clusters/main/shop/deployment/api.yml",
            "clusters/main/shop/deployment/Api.yaml",
            "clusters/main/shop/unheard/api.yaml",
            "clusters/main/../deployment/api.yaml",
            "clusters/main/shop/deployment/sub/api.yaml",
            "clusters/main/shop/deployment/%61pi.yaml",
            "clusters/main/shop/api.yaml",
        ] {
            assert_eq!(resource_at(path, "."), None, "{path}");
        }
    }

    proptest! {
        #[test]
        fn every_name_comes_back(name in "[^/%\\p{Cc}]{1,80}") {
            if let Ok(name) = name.parse::<ResourceName>() {
                let resource = ResourceRef { name, ..resource("", "Secret", Some("shop"), "x") };
                let path = record_path(&resource, "a/b");
                prop_assert!(path.as_str().is_ascii());
                prop_assert_eq!(resource_at(path.as_str(), "a/b"), Some(resource));
            }
        }
    }
}
