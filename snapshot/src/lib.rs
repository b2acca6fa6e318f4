//! tessera-snapshot
