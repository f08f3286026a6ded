//! Deployments: read, preview, write.
