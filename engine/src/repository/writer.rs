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
use super::replay::{Replayed, replay};
use super::rewrites::Rewrites;
use crate::panics;

/// What the writer is asked for; each order is done whole or not at all.
pub(super) enum Order {
    Commit {
        commits: Vec<NewCommit>,
        reply: oneshot::Sender<Result<Vec<Option<CommitId>>, RepositoryError>>,
    },
    Replay {
        onto: Oid,
        reply: oneshot::Sender<Result<Replayed, RepositoryError>>,
    },
    /// The ledger knows everything up to this commit.
    Linked {
        commit: CommitId,
        reply: oneshot::Sender<Result<(), RepositoryError>>,
    },
    /// The ledger knows the rewritten commits.
    ForgetRewrites {
        reply: oneshot::Sender<Result<(), RepositoryError>>,
    },
    Close,
}

/// Carries out orders until it is told to close.
pub(super) fn run(git: &Git, names: &Arc<Names>, mut orders: mpsc::UnboundedReceiver<Order>) {
    let mut commits_since_tidying = maintain::EVERY;
    while let Some(order) = orders.blocking_recv() {
        if matches!(order, Order::Close) {
            return;
        }
        // Whoever waits for an order that panicked hears that it failed.
        commits_since_tidying += panics::caught_here("commit", || obey(git, names, order)).unwrap_or(0);
        // Between orders, when nobody waits.
        if commits_since_tidying >= maintain::EVERY && orders.is_empty() {
            commits_since_tidying = 0;
            if let Err(error) = maintain::pack_loose(git) {
                tracing::warn!(error = %error, "the repository could not be tidied up");
            }
        }
    }
}

/// Does what is asked; returns how many commits were made.
fn obey(git: &Git, names: &Names, order: Order) -> usize {
    match order {
        Order::Commit { commits, reply } => {
            let made = commit_all(git, &names.branch, &commits)
                .and_then(|made| made.into_iter().map(|id| id.map(commit_id).transpose()).collect());
            let count = made.as_ref().map_or(0, Vec::len);
            let _ = reply.send(made);
            return count;
        }
        Order::Replay { onto, reply } => {
            let published = head_of(git, &names.published).is_ok_and(|head| head.is_some());
            let _ = reply.send(replay(git, &names.branch, onto, published));
        }
        Order::Linked { commit, reply } => {
            let marked = object_id(&commit).and_then(|id| {
                git.reference(&names.linked, id, true, "denshimon: linked")?;
                Ok(())
            });
            let _ = reply.send(marked);
        }
        Order::ForgetRewrites { reply } => {
            let _ = reply.send(Rewrites::forget(git.path()));
        }
        Order::Close => {}
    }
    0
}
