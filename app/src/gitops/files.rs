//! What a commit did to the files.

use leptos::prelude::*;
use model::Kind;
use model::git::{FileChange, FileStatus};

use crate::ui::DiffView;

/// Each file with its difference.
#[component]
pub fn CommitFiles(files: Vec<FileChange>, left_out: u32) -> impl IntoView {
    let blocks = files.into_iter().map(|file| view! { <FileBlock file=file/> }).collect_view();
    let rest = (left_out > 0).then(|| view! { <p class="muted">{format!("{left_out} more files are not shown.")}</p> });
    view! {
        {blocks}
        {rest}
    }
}

#[component]
fn FileBlock(file: FileChange) -> impl IntoView {
    let word = match file.status {
        FileStatus::Added => "added",
        FileStatus::Modified => "modified",
        FileStatus::Deleted => "deleted",
    };
    let resource = file.resource.map(|resource| match &resource.namespace {
        Some(namespace) if resource.kind == Kind::deployment() => {
            let href = format!("/deployments/{namespace}/{}", resource.name);
            view! { <a href=href>{resource.to_string()}</a> }.into_any()
        }
        _ => view! { <span>{resource.to_string()}</span> }.into_any(),
    });
    view! {
        <section class="file">
            <h3 class="code">{file.path} <span class="muted">{format!(" {word}")}</span></h3>
            <p>{resource}</p>
            <DiffView diff=file.diff/>
        </section>
    }
}
