//! tessera-loadtest
