//! Where the processor's time goes, by `perf`.

use std::collections::BTreeMap;

use anyhow::{Context, ensure};
use tokio::process::{Child, Command};

/// A recording under way.
pub struct Profile {
    recorder: Child,
    file: tempfile::NamedTempFile,
}

/// A part's share of all samples in per cent, and its heaviest functions.
pub struct Part {
    pub name: String,
    pub share: f64,
    pub functions: Vec<(String, f64)>,
}

impl Profile {
    /// Begins to look at a process 99 times a second.
    pub fn begin(process: u32) -> anyhow::Result<Self> {
        let file = tempfile::NamedTempFile::new()?;
        let recorder = Command::new("perf")
            .args(["record", "--quiet", "-e", "cpu-clock", "-F", "99", "-p", &process.to_string(), "-o"])
            .arg(file.path())
            .spawn()
            .context("perf, of Debian's package linux-perf")?;
        Ok(Self { recorder, file })
    }

    /// Ends the recording and adds it up by library or crate, the heaviest first.
    pub async fn end(mut self) -> anyhow::Result<Vec<Part>> {
        let id = self.recorder.id().context("perf runs")?;
        Command::new("kill").args(["-INT", &id.to_string()]).status().await?;
        self.recorder.wait().await?;
        let output = Command::new("perf")
            .args(["report", "--stdio", "--no-children", "-F", "overhead,dso,symbol", "-t", "@", "-i"])
            .arg(self.file.path())
            .output()
            .await?;
        ensure!(output.status.success(), "perf report: {}", String::from_utf8_lossy(&output.stderr));
        Ok(add_up(&String::from_utf8_lossy(&output.stdout)))
    }
}

fn add_up(report: &str) -> Vec<Part> {
    let mut parts: BTreeMap<String, Part> = BTreeMap::new();
    for line in report.lines().filter(|line| !line.starts_with('#')) {
        let mut fields = line.splitn(3, '@').map(str::trim);
        let (Some(share), Some(object), Some(symbol)) = (fields.next(), fields.next(), fields.next()) else { continue };
        let Ok(share) = share.trim_end_matches('%').parse::<f64>() else { continue };
        let symbol = symbol.split_once("] ").map_or(symbol, |(_, name)| name);
        let name = part_of(object, symbol);
        let part = parts.entry(name.clone()).or_insert_with(|| Part { name, share: 0.0, functions: Vec::new() });
        part.share += share;
        part.functions.push((symbol.to_owned(), share));
    }
    let mut parts: Vec<Part> = parts.into_values().collect();
    parts.sort_by(|a, b| b.share.total_cmp(&a.share));
    parts
}

/// Names the library of a function: a shared object, a C library by its prefix, a Rust crate by its path.
fn part_of(object: &str, symbol: &str) -> String {
    const PREFIXES: [(&str, &str); 14] = [
        ("git_", "libgit2"),
        ("sha1_", "libgit2"),
        ("SHA1DC", "libgit2"),
        ("ubc_check", "libgit2"),
        ("deflate", "zlib"),
        ("inflate", "zlib"),
        ("longest_match", "zlib"),
        ("compress_block", "zlib"),
        ("build_tree", "zlib"),
        ("fill_window", "zlib"),
        ("adler32", "zlib"),
        ("crc32", "zlib"),
        ("_rjem", "jemalloc"),
        ("aws_lc", "aws-lc"),
    ];
    if object.contains("kernel") {
        return "the kernel".to_owned();
    }
    if !object.contains("denshimon") {
        return object.to_owned();
    }
    if let Some((_, name)) = PREFIXES.iter().find(|(prefix, _)| symbol.starts_with(prefix)) {
        return (*name).to_owned();
    }
    let path = symbol.trim_start_matches(['<', '&', '*', '(']);
    match path.split_once("::") {
        Some((name, _)) => match name.rsplit(' ').next().unwrap_or(name) {
            "core" | "alloc" | "std" => "Rust's standard library".to_owned(),
            name => name.to_owned(),
        },
        None => "other C code".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_added_up_by_library() {
        let report = "# overhead\n 30.00%@[kernel.kallsyms]@[k] fsync\n 20.00%@denshimon@[.] git_odb_write\n \
                      15.5%@denshimon@[.] <surrealdb_core::a as core::b>::c\n  1.5%@denshimon@[.] surrealdb_core::d\n";
        let parts = add_up(report);
        let shares: Vec<(&str, f64)> = parts.iter().map(|part| (part.name.as_str(), part.share)).collect();
        assert_eq!(shares, [("the kernel", 30.0), ("libgit2", 20.0), ("surrealdb_core", 17.0)]);
    }
}
