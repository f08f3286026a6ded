//! Large clusters and long histories.

use std::io::{BufWriter, Write};
use std::ops::Range;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, ensure};
use futures::stream::{StreamExt, TryStreamExt};
use k8s_openapi::api::core::v1::{ConfigMap, Namespace};
use kube::api::{Api, PostParams};
use serde_json::{Value, json};

use crate::lag;
use crate::metrics::{Metrics, Stages};
use crate::program::Program;

/// Requests under way at once.
const AT_ONCE: usize = 32;
/// ConfigMaps in a namespace.
const IN_NAMESPACE: usize = 1_000;

/// Makes ConfigMaps of about 1 kB, 1,000 in a namespace.
pub async fn fill(client: &kube::Client, numbers: Range<usize>) -> anyhow::Result<()> {
    for which in numbers.start.div_ceil(IN_NAMESPACE)..numbers.end.div_ceil(IN_NAMESPACE) {
        let namespaces: Api<Namespace> = Api::all(client.clone());
        let namespace = json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": namespace(which) } });
        namespaces.create(&PostParams::default(), &serde_json::from_value(namespace)?).await?;
    }
    let create = |number: usize| {
        let config_maps: Api<ConfigMap> = Api::namespaced(client.clone(), &namespace(number / IN_NAMESPACE));
        async move {
            let object: Value = json!({
                "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": format!("fill-{number:06}") },
                "data": { "text": "0123456789abcdef".repeat(64) },
            });
            config_maps.create(&PostParams::default(), &serde_json::from_value(object)?).await?;
            anyhow::Ok(())
        }
    };
    futures::stream::iter(numbers).map(create).buffer_unordered(AT_ONCE).try_collect().await
}

fn namespace(number: usize) -> String {
    format!("fill-{number:03}")
}

/// Times single changes of one ConfigMap to their commits; also returns what the program says of its own part.
pub async fn one_file_commits(client: &kube::Client, program: &Program) -> anyhow::Result<(Vec<Duration>, Stages)> {
    const CHANGES: usize = 50;
    let before = Metrics::read(program).await?;
    let lag = lag::measure(client, program, CHANGES).await?;
    Ok((lag.to_commit, Metrics::read(program).await?.since(&before)))
}

/// Gives an empty remote a branch with so many commits of somebody else's.
pub async fn seed_history(remote: &str, commits: usize) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let git = |arguments: &[&str]| {
        let mut command = std::process::Command::new("git");
        command.arg("-C").arg(folder.path()).args(arguments);
        command
    };
    ensure!(git(&["init", "-q", "--bare"]).status()?.success(), "git init");
    let mut import = git(&["fast-import", "--quiet"]).stdin(Stdio::piped()).spawn()?;
    let mut stream = BufWriter::new(import.stdin.take().context("git reads")?);
    for number in 0..commits {
        let (text, at) = (format!("{number}\n"), 1_600_000_000 + number);
        writeln!(stream, "commit refs/heads/main\ncommitter Ada <ada@example.org> {at} +0000\ndata 5\nnotes")?;
        writeln!(stream, "M 100644 inline notes/{:02}.txt\ndata {}\n{text}", number % 100, text.len())?;
    }
    stream.flush()?;
    drop(stream);
    ensure!(import.wait()?.success(), "git fast-import");
    ensure!(git(&["push", "-q", remote, "main"]).status()?.success(), "git push of {commits} commits");
    Ok(())
}
