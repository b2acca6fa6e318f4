//! tessera-wal
