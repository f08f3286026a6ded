//! Repositories judged by the git command.
