//! tessera-rpc
