//! Facts of the protocol.
