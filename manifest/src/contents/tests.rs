//! Which files are whose.

use super::*;

const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n";

fn surroundings() -> Surroundings {
    let mut surroundings = Surroundings::default();
    surroundings.add("charts/web/Chart.yaml", "name: web\n");
    surroundings.add(
        "overlays/prod/kustomization.yaml",
        "resources: [../../base, pod.yaml, 'https://example.com/x.yaml']\npatches:\n- path: ./patch.yaml\n- patch: |\n    a: 1\n",
    );
    surroundings
}

/// Shows each resource as `kind namespace/name document[.item]:line`.
fn check(path: &str, text: &str, expect: &str) {
    let found = match read_contents(path, text, &surroundings()) {
        Contents::LeftAlone(LeftAlone::Malformed(error)) => error.to_string(),
        Contents::LeftAlone(reason) => reason.to_string(),
        Contents::Resources(found) => {
            let show = |found: &Found| {
                let namespace = found.namespace.as_ref().map(|namespace| format!("{}/", namespace.as_str()));
                let item = found.address.item.map(|item| format!(".{item}")).unwrap_or_default();
                let name = format!("{}{}", namespace.unwrap_or_default(), found.name.as_str());
                format!("{} {name} {}{item}:{}", found.kind.kind, found.address.document, found.line)
            };
            found.iter().map(show).collect::<Vec<_>>().join(", ")
        }
    };
    assert!(found.contains(expect), "{path}: {found}\n{text}");
}

#[test]
fn resources_are_found_wherever_they_lie() {
    check("any/where.yaml", POD, "Pod a 0:1");
    check("x.yml", &format!("# c\n---\n---\nx: 1\n---\n{POD}  namespace: shop\n"), "Pod shop/a 1:6");
    check("x.json", "{\"apiVersion\": \"v1\", \"kind\": \"Pod\",\n \"metadata\": {\"name\": \"a\"}}", "Pod a 0:1");
    let list = "\u{feff}apiVersion: v1\nkind: List\nitems:\n# a\n- apiVersion: v1\n  kind: Pod\n  metadata: {name: a}\n- x\n\
        - metadata:\n    name: b\n  apiVersion: apps/v1\n  kind: Deployment\n";
    check("x.yaml", list, "Pod a 0.0:5, Deployment b 0.2:9");
    check(
        "x.json",
        "{\"kind\": \"PodList\", \"items\": [\n{\"apiVersion\": \"v1\", \"kind\": \"Pod\", \"metadata\": {\"name\": \"a\"}}]}",
        "Pod a 0.0:2",
    );
    check("overlays/prod/other.yaml", POD, "Pod a 0:1");
    check("web/templates/x.yaml", POD, "Pod a 0:1");
    let rules = POD.replace("Pod", "ConfigMap") + "data:\n  rules: \"{{ $labels.pod }}\"\n";
    check("x.yaml", &rules, "ConfigMap a 0:1");
}

#[test]
fn what_other_programs_fill_in_makes_no_template() {
    let custom = |version: &str, kind: &str, spec: &str| {
        format!("apiVersion: {version}\nkind: {kind}\nmetadata:\n  name: a\nspec:\n{spec}")
    };
    for (file, expect) in [
        (custom("monitoring.coreos.com/v1", "PrometheusRule", "  summary: \"{{ $labels.instance }}\"\n"), true),
        (custom("kyverno.io/v1", "ClusterPolicy", "  message: '{{request.object.metadata.name}}'\n"), true),
        (custom("argoproj.io/v1alpha1", "Workflow", "  args: [\"{{inputs.parameters.image}}\"]\n"), true),
        (custom("argoproj.io/v1alpha1", "ApplicationSet", "  values: \"{{ .Values.a }}{{path}}\"\n"), true),
        (custom("external-secrets.io/v1", "ExternalSecret", "  a: \"{{ .password | toString }}\"\n"), true),
        (custom("helm.toolkit.fluxcd.io/v2", "HelmRelease", "  values: {a: '{{ .Release.Name }}'}\n"), true),
        (custom("cert-manager.io/v1", "Certificate", "  dnsNames: ['{{ .Values.host }}']\n"), false),
        (POD.replace("Pod", "ConfigMap") + "data:\n  a.tmpl: '{{ define \"x\" }}{{ end }}'\n", true),
        (POD.replace("Pod", "ConfigMap") + "data:\n  a.sh: |\n    # {{ .Values.a }}\n", true),
        (POD.replace("name: a", "name: a\n  annotations: {agent: '{{ with .Data }}x{{ end }}'}"), true),
        (POD.replace("name: a", "name: a\n  annotations: {agent: '{{ .Values.a }}'}"), false),
        (format!("{POD}spec:\n  containers:\n  - args: ['--format={{{{ .ID }}}}']\n"), true),
        (format!("{POD}spec:\n  containers:\n  - args:\n    - |\n      echo {{{{ .Values.a }}}}\n"), true),
        (format!("{POD}spec:\n  containers:\n  - image: '{{{{ image }}}}'\n"), false),
        (format!("{POD}# see {{{{ .Values.a }}}} in the chart\n"), true),
        (format!("# {{{{- if .Values.on }}}}\n{POD}# {{{{- end }}}}\n"), false),
    ] {
        check("x.yaml", &file, if expect { " a 0:1" } else { "is a template" });
        // A record's own file is one whatever it holds.
        assert_eq!(read_resources(&file).map(|found| found.len()), Ok(1), "{file}");
    }
}

#[test]
fn other_files_are_left_alone_with_a_reason() {
    check("README.md", POD, "no Kubernetes resource");
    check("values.yaml", "a: 1\n", "no Kubernetes resource");
    check("x.yaml", "", "no Kubernetes resource");
    check("x.yaml", "apiVersion: v1\nkind: Pod\nmetadata:\n  generateName: a\n", "no Kubernetes resource");
    check("base/Kustomization", "resources: []\n", "is a kustomization");
    check("x.yaml", "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n", "is a kustomization");
    check("kustomization.yml", "resources: []\n", "is a kustomization");
    check("overlays/prod/pod.yaml", POD, "A kustomization names it");
    check("overlays/prod/patch.yaml", POD, "A kustomization names it");
    check("charts/web/templates/pod.yaml", POD, "is a template");
    check("charts/web/templates/sub/pod.yaml", POD, "is a template");
    check("x.yaml", &format!("{POD}spec: {{{{ .Values.spec }}}}\n"), "is a template");
    check("x.yaml", &format!("{POD}spec: \"{{{{ spec }}}}\"\n"), "is a template");
    check("x.yaml", &format!("{{{{- if .Values.on }}}}\n{POD}{{{{- end }}}}\n"), "is a template");
    check("x.yaml", &format!("{POD}# {{{{ .Values.spec }}}}\n"), "is a template");
    check("x.yaml", &"a".repeat(MAX_BYTES + 1), "larger than 4 MiB");
    check("x.yaml", "a: 1\n  b: 2\n", "Line 2, column 4");
    check("x.yaml", &format!("{POD}---\n{POD}"), "describes the Pod a twice, in lines 1 and 6");
}

#[test]
fn a_kustomization_names_files_of_the_repository() {
    let names = |path: &str, text: &str| kustomized_files(path, text).join(" ");
    let text = "resources:\n- a.yaml\n- ../b\n- ../../../c\n- /d\n- https://example.com/e\npatchesStrategicMerge:\n- f.yaml\n\
        patchesJson6902:\n- path: g/h.yaml\n  target: {kind: Pod}\n";
    assert_eq!(names("x/y/kustomization.yaml", text), "x/y/a.yaml x/b x/y/f.yaml x/y/g/h.yaml");
    assert_eq!(names("kustomization.yaml", "resources: [a.yaml, ../b.yaml]\n"), "a.yaml");
    assert_eq!(names("kustomization.yaml", "resources: ["), "");
}
