//! Judges how well resources do, as Argo CD and kstatus judge it; pure.

mod deployment;
mod pod;

pub(crate) use deployment::judge_deployment;
pub(crate) use pod::summarize_pod;
