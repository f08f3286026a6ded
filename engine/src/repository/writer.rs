//! The thread that alone moves the branch.

use std::sync::Arc;

use git2::{Oid, Repository as Git};
use model::git::CommitId;
use tokio::sync::{mpsc, oneshot};

use super::Names;
use super::commit::{NewCommit, commit_all, head_of};
use super::failure::RepositoryError;
use super::lookup::{commit_id, object_id};
use super::maintain;
use super::objects::Trees;
use super::replay::{Replayed, Which, replay};
use super::rewrites::Rewrites;
use super::sign::Signer;
use crate::panics;

/// What the writer is asked for; each order is done whole or not at all.
pub(super) enum Order {
    Commit {
        commits: Vec<NewCommit>,
        reply: oneshot::Sender<Result<Vec<Option<CommitId>>, RepositoryError>>,
    },
    Replay {
        onto: Oid,
        which: Which,
        reply: oneshot::Sender<Result<Replayed, RepositoryError>>,
    },
    /// The ledger knows everything up to this commit.
    MarkLinked {
        commit: CommitId,
        reply: oneshot::Sender<Result<(), RepositoryError>>,
    },
    /// The ledger knows these rewritten commits.
    ForgetRewrites {
        told: Rewrites,
        reply: oneshot::Sender<Result<(), RepositoryError>>,
    },
    Close,
}

/// Carries out orders until it is told to close.
///
/// Each so many packs, whoever tidies up hears of it; a look that waits already stands for this one too.
pub(super) fn run(
    mut git: Git,
    names: &Arc<Names>,
    signer: Option<&Signer>,
    mut orders: mpsc::UnboundedReceiver<Order>,
    tidy: &std::sync::mpsc::SyncSender<()>,
) {
    // A look at once, for what earlier runs left.
    let mut packs_since_tidying = maintain::EVERY;
    let mut trees = Trees::default();
    while let Some(order) = orders.blocking_recv() {
        if matches!(order, Order::Close) {
            return;
        }
        // Whoever waits for an order that panicked hears that it failed.
        packs_since_tidying +=
            panics::caught_here("commit", || obey(&git, &mut trees, names, signer, order)).unwrap_or(0);
        if packs_since_tidying >= maintain::EVERY {
            packs_since_tidying = 0;
            let _ = tidy.try_send(());
            // The old handle keeps packs open that were joined since.
            if let Ok(new) = Git::open_bare(git.path()) {
                git = new;
            }
        }
    }
}

/// Does what is asked; returns how many packs came of it.
fn obey(git: &Git, trees: &mut Trees, names: &Names, signer: Option<&Signer>, order: Order) -> usize {
    match order {
        Order::Commit { commits, reply } => {
            let made = commit_all(git, trees, &names.branch, &commits, signer)
                .and_then(|made| made.into_iter().map(|id| id.map(commit_id).transpose()).collect());
            let _ = reply.send(made);
            return 1;
        }
        Order::Replay { onto, which, reply } => {
            let published = head_of(git, &names.published).is_ok_and(|head| head.is_some());
            let _ = reply.send(replay(git, trees, &names.branch, onto, which, published, signer));
            return 1;
        }
        Order::MarkLinked { commit, reply } => {
            let _ = reply.send(set_mark(git, &names.linked, &commit));
        }
        Order::ForgetRewrites { told, reply } => {
            let followed = follow(git, &names.linked, &told);
            let _ = reply.send(followed.and_then(|()| told.forget(git.path())));
        }
        Order::Close => {}
    }
    0
}

fn set_mark(git: &Git, name: &str, commit: &CommitId) -> Result<(), RepositoryError> {
    git.reference(name, object_id(commit)?, true, "denshimon: told")?;
    Ok(())
}

/// Moves a mark along with the commit that it is on: on the old one, it would say nothing of the branch any more.
fn follow(git: &Git, name: &str, rewrites: &Rewrites) -> Result<(), RepositoryError> {
    let Some(at) = head_of(git, name)?.map(commit_id).transpose()? else { return Ok(()) };
    match rewrites.0.iter().rev().find(|(old, _)| *old == at) {
        // One that was made again once more, long ago, may be gone.
        Some((_, new)) if git.odb()?.exists(object_id(new)?) => set_mark(git, name, new),
        _ => Ok(()),
    }
}
