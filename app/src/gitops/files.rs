//! What a commit did to the files.

use leptos::prelude::*;
use model::git::{FileChange, FileStatus};
use model::record::RecordRef;
use model::{Kind, ResourceRef};

use crate::records;
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
    let gone = file.status == FileStatus::Deleted;
    let resource = file.resource.map(|resource| {
        let words = resource.to_string();
        match page_of(resource, gone) {
            Some(href) => view! { <a href=href>{words}</a> }.into_any(),
            None => view! { <span>{words}</span> }.into_any(),
        }
    });
    view! {
        <section class="file">
            <h3 class="code">{file.path.clone()} <span class="muted">{format!(" {word}")}</span></h3>
            <p>{resource}</p>
            <DiffView diff=file.diff label=format!("Changed lines of {}", file.path)/>
        </section>
    }
}

/// Returns where more is told of a resource; of a Deployment also when it is gone.
fn page_of(resource: ResourceRef, gone: bool) -> Option<String> {
    match &resource.namespace {
        Some(namespace) if resource.kind == Kind::deployment() => {
            Some(format!("/deployments/{namespace}/{}", resource.name))
        }
        _ => (!gone).then(|| records::address_of(&RecordRef::from(resource))),
    }
}
