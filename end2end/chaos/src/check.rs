//! What must hold when nothing is under way: the repository equals the cluster, nothing is lost, nothing is there twice.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ffi::OsString;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::ListParams;
use kube::{Api, ResourceExt};
use reqwest::Method;
use serde_json::Value;
use tokio::process::Command;

use crate::faults::NOTES;
use crate::load::DEPLOYMENTS;
use crate::shell::{git, output};
use crate::stage::{NAMESPACE, Stage};

const PAGE: usize = 200;
/// So many differences are named.
const NAMED: usize = 10;

/// A name below the namespace's folder, and the number that it says.
type Numbers = BTreeMap<String, String>;

/// What earlier rounds have found.
#[derive(Default)]
pub struct Book {
    /// The last commit that was looked at.
    checked: Option<String>,
    pub commit_count: u32,
    /// In which commits an operation is.
    commits: HashMap<String, Vec<String>>,
    /// Operations that a timeline was seen to hold.
    entered: BTreeSet<String>,
    /// Those of them that left the record as it was, and so are in no commit.
    unchanged: BTreeSet<String>,
    /// The number that each record said last.
    numbers: HashMap<String, u64>,
    /// What somebody else committed.
    notes: BTreeSet<String>,
}

/// Waits until the program's own repository says what the cluster does.
pub async fn until_equal(stage: &Stage, patience: Duration) -> Result<()> {
    let deadline = Instant::now() + patience;
    loop {
        let (cluster, repository) = (in_cluster(stage).await?, in_repository(stage).await?);
        if repository == cluster {
            return Ok(());
        }
        if Instant::now() > deadline {
            let names: BTreeSet<&String> = cluster.keys().chain(repository.keys()).collect();
            let differs = names.into_iter().filter(|name| cluster.get(*name) != repository.get(*name));
            let lines = differs.take(NAMED).map(|name| {
                format!("{name}: {:?} in the cluster, {:?} in the repository", cluster.get(name), repository.get(name))
            });
            let lines: Vec<String> = lines.collect();
            bail!("the repository does not equal the cluster after {patience:?}:\n  {}", lines.join("\n  "));
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Waits until the program has found out about each write whose answer it did not hear.
pub async fn until_answered(stage: &Stage, patience: Duration) -> Result<()> {
    let deadline = Instant::now() + patience;
    for which in 0..DEPLOYMENTS {
        let path = format!("/api/deployments/{NAMESPACE}/worked-on-{which:02}/history?size={PAGE}");
        loop {
            let (_, answer) = stage.program.send(Method::GET, &path, None).await?;
            let rows = answer.get("items").and_then(Value::as_array).with_context(|| format!("rows in {answer}"))?;
            let Some(waiting) = rows.iter().find(|row| row.get("operation").is_some_and(|state| state == "started"))
            else {
                break;
            };
            ensure!(Instant::now() < deadline, "after {patience:?} nobody knows what became of {waiting}");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }
    Ok(())
}

async fn in_cluster(stage: &Stage) -> Result<Numbers> {
    let config_maps: Api<ConfigMap> = Api::namespaced(stage.client.clone(), NAMESPACE);
    let deployments: Api<Deployment> = Api::namespaced(stage.client.clone(), NAMESPACE);
    let mut numbers = Numbers::new();
    for object in config_maps.list(&ListParams::default()).await? {
        if object.name_any() != "kube-root-ca.crt" {
            let number = object.data.as_ref().and_then(|data| data.get("number")).cloned().unwrap_or_default();
            numbers.insert(format!("configmap/{}.yaml", object.name_any()), number);
        }
    }
    for object in deployments.list(&ListParams::default()).await? {
        let number = object.labels().get("number").cloned().unwrap_or_default();
        numbers.insert(format!("deployment/{}.yaml", object.name_any()), number);
    }
    Ok(numbers)
}

async fn in_repository(stage: &Stage) -> Result<Numbers> {
    let (repository, records) = (stage.repository(), Stage::records());
    let head = git(&repository, &["rev-parse", "main"]).await?;
    let head = head.trim();
    let files = git(&repository, &["ls-tree", "-r", "--name-only", head, &format!("{records}/")]).await?;
    let name = |path: &str| Some(path.strip_prefix(&records)?.trim_start_matches('/').to_owned());
    let known = |name: &String| name.starts_with("configmap/") || name.starts_with("deployment/");
    let names = files.lines().filter_map(name).filter(known);
    let mut numbers: Numbers = names.map(|name| (name, String::new())).collect();
    let found = git(&repository, &["grep", "-E", "^ +number: ", head, "--", &records]).await?;
    for line in found.lines() {
        let line = line.strip_prefix(head).and_then(|line| line.strip_prefix(':')).context("a line of git grep")?;
        let (path, text) = line.split_once(':').context("a path before a line")?;
        if let (Some(name), Some(number)) = (name(path), number_in(text)) {
            numbers.insert(name, number.to_string());
        }
    }
    Ok(numbers)
}

/// Reads `number: "12"`.
fn number_in(line: &str) -> Option<u64> {
    line.trim().strip_prefix("number: ")?.trim_matches('"').parse().ok()
}

/// Checks everything that has come since the last time; returns what is wrong.
pub async fn everything(stage: &Stage, book: &mut Book, accepted: &[String]) -> Result<Vec<String>> {
    let mut wrong = Vec::new();
    let repository = stage.repository();
    let head = git(&repository, &["rev-parse", "main"]).await?;
    let remote = git(&stage.remote.folder, &["rev-parse", "main"]).await?;
    if head != remote {
        wrong.push(format!("the branch is at {} here and at {} in the remote", head.trim(), remote.trim()));
    }
    read_log(stage, book, &mut wrong).await?;
    book.checked = Some(head.trim().to_owned());
    let expected = NOTES.load(Ordering::Relaxed) as usize;
    if book.notes.len() != expected {
        wrong.push(format!("{} commits of somebody else's, of {expected}", book.notes.len()));
    }
    read_timelines(stage, book, &mut wrong).await?;
    wrong.extend(differences(stage).await?);
    for operation in accepted {
        let commits = book.commits.get(operation).map_or(0, Vec::len);
        let expected = usize::from(!book.unchanged.contains(operation));
        if commits != expected || !book.entered.contains(operation) {
            wrong.push(format!(
                "operation {operation} was accepted, is in {commits} commits, in a timeline: {}",
                book.entered.contains(operation)
            ));
        }
    }
    Ok(wrong)
}

/// Has kubectl compare all records of the namespace, each as a whole, with the cluster; returns what would change if
/// they were applied.
async fn differences(stage: &Stage) -> Result<Vec<String>> {
    let folder = tempfile::tempdir()?;
    let archive = folder.path().join("records.tar");
    let to = archive.display().to_string();
    git(&stage.repository(), &["archive", "-o", &to, "main", &Stage::records()]).await?;
    output(Command::new("tar").arg("-xf").arg(&archive).arg("-C").arg(folder.path())).await?;
    let kubeconfig = stage.sandbox.lock().await.kubeconfig().to_owned();
    let mut diff = Command::new(sandbox::kubectl_path());
    // With force, what differs is shown and not refused.
    diff.args(["diff", "--server-side", "--force-conflicts", "--concurrency=8", "-R", "-f"]);
    let found = diff.arg(folder.path().join(Stage::records())).env("KUBECONFIG", kubeconfig).output().await?;
    let text = String::from_utf8_lossy(&found.stdout);
    match found.status.code() {
        Some(0) => Ok(Vec::new()),
        // So kubectl says that something differs.
        Some(1) => {
            let lines = text.lines().filter(|line| line.starts_with(['+', '-']));
            Ok(lines.take(NAMED).map(|line| format!("records differ from the cluster: {line}")).collect())
        }
        _ => bail!("kubectl diff: {}", String::from_utf8_lossy(&found.stderr)),
    }
}

/// Has Git read both repositories whole. It looks once which packs there are, so it begins again where some were joined
/// meanwhile.
pub async fn fsck(stage: &Stage) -> Result<()> {
    for folder in [&stage.repository(), &stage.remote.folder] {
        loop {
            let before = packs_in(folder)?;
            match git(folder, &["fsck", "--strict", "--no-dangling"]).await {
                Ok(_) => break,
                Err(error) if packs_in(folder)? == before => return Err(error),
                Err(_) => {}
            }
        }
    }
    Ok(())
}

fn packs_in(folder: &Path) -> Result<BTreeSet<OsString>> {
    let files = std::fs::read_dir(folder.join("objects/pack"))?;
    files.map(|file| Ok(file?.file_name())).collect()
}

/// Reads the commits since the last time: each has one parent, changes something, and what it says is newer.
async fn read_log(stage: &Stage, book: &mut Book, wrong: &mut Vec<String>) -> Result<()> {
    let (repository, furnishing) = (stage.repository(), book.checked.is_none());
    if let Some(checked) = &book.checked
        && git(&repository, &["merge-base", "--is-ancestor", checked, "main"]).await.is_err()
    {
        wrong.push(format!("commit {checked}, which was pushed, is no longer in the history"));
    }
    let range = book.checked.as_ref().map_or_else(|| "main".to_owned(), |checked| format!("{checked}..main"));
    let format = "--format=%x00%H%x09%P%x09%an%x09%s%n%B%x01";
    let log = git(&repository, &["log", "--reverse", "-p", "-U0", "--no-renames", format, &range]).await?;
    for commit in log.split('\0').skip(1) {
        let (head, patch) = commit.split_once('\x01').context("the end of a message")?;
        let (first, message) = head.split_once('\n').context("a first line")?;
        let mut fields = first.split('\t');
        let mut field = || fields.next().unwrap_or_default();
        let (id, parents, author, subject) = (field(), field(), field(), field());
        book.commit_count += 1;
        if parents.contains(' ') {
            wrong.push(format!("{id} {subject} has several parents"));
        }
        if patch.trim().is_empty() {
            wrong.push(format!("{id} {subject} changes nothing"));
        }
        if author == "eve" && !book.notes.insert(subject.to_owned()) {
            wrong.push(format!("somebody else's {subject} is there twice"));
        }
        for operation in message.lines().filter_map(|line| line.strip_prefix("Operation: ")) {
            book.commits.entry(operation.to_owned()).or_default().push(id.to_owned());
        }
        let (mut old, mut path) = ("", "");
        for line in patch.lines() {
            if let Some(file) = line.strip_prefix("--- a/") {
                old = file;
            } else if let Some(file) = line.strip_prefix("+++ ") {
                // What is deleted is named on the line before.
                path = file.strip_prefix("b/").unwrap_or(old);
                // Nobody else changes these.
                if !furnishing && path.contains("/deployment/worked-on-") && !message.contains("\nOperation: ") {
                    wrong.push(format!("{id} by {author} names no operation, and {path} changes by operations alone"));
                }
            } else if let Some(number) = line.strip_prefix('+').and_then(number_in) {
                let before = book.numbers.insert(path.to_owned(), number);
                if before.is_some_and(|before| before >= number) {
                    wrong.push(format!("{id} {subject}: {path} says {number} after {before:?}"));
                }
            }
        }
    }
    Ok(())
}

/// Reads the rows of the timelines that are new: each operation has an end, and the commit that names it.
async fn read_timelines(stage: &Stage, book: &mut Book, wrong: &mut Vec<String>) -> Result<()> {
    for which in 0..DEPLOYMENTS {
        for page in 1.. {
            let path = format!("/api/deployments/{NAMESPACE}/worked-on-{which:02}/history?size={PAGE}&page={page}");
            let (_, answer) = stage.program.send(Method::GET, &path, None).await?;
            let rows = answer.get("items").and_then(Value::as_array).with_context(|| format!("rows in {answer}"))?;
            let mut known = false;
            for row in rows.iter().filter(|row| row.get("operation").is_some_and(|state| !state.is_null())) {
                let id = row.get("id").and_then(Value::as_str).context("a row's id")?;
                if !book.entered.insert(id.to_owned()) {
                    known = true;
                    continue;
                }
                let commits = book.commits.get(id).map(Vec::as_slice).unwrap_or_default();
                let commit = row.pointer("/recorded/commit/id").and_then(Value::as_str);
                let is = |field: &str, word: &str| row.get(field).and_then(Value::as_str) == Some(word);
                let right = match (row.get("operation").and_then(Value::as_str), commits) {
                    (Some("applied"), [only]) => commit == Some(only),
                    // An edit always says something new; what a restart does is in no record, and the others may undo
                    // each other before they are committed.
                    (Some("applied"), []) => is("recorded", "unchanged") && !is("verb", "edit"),
                    (Some("applied" | "started"), _) => false,
                    (_, commits) => commits.is_empty(),
                };
                if is("recorded", "unchanged") {
                    book.unchanged.insert(id.to_owned());
                }
                if !right {
                    wrong.push(format!("an operation that is in the commits {commits:?} is entered as {row}"));
                }
            }
            if known || rows.len() < PAGE {
                break;
            }
        }
    }
    Ok(())
}
