//! The contract: what tessera says over the wire, and nothing about how it does it.
//!
//! Owns `proto/tessera/v1/*.proto` and the types, clients and servers generated from them at build time (by protox and
//! prost, without `protoc`), how those become bytes ([`codec`]), and for the messages that travel by the million how their bytes are
//! read and written in place ([`wire`], [`Raw`]). The comments in those files are the reference documentation. Changes are additive:
//! numbers are never reused or retyped. Relies on none of our other crates.

pub mod codec;
mod raw;
mod redacted;
pub mod wire;

pub use raw::Raw;

/// The types, clients and servers of package `tessera.v1`.
#[allow(missing_docs, unreachable_pub, clippy::all, reason = "generated; documented in the .proto files")]
pub mod v1 {
    tonic::include_proto!("tessera.v1");
}

/// The whole package as an encoded `google.protobuf.FileDescriptorSet`, comments included: for server reflection and for
/// clients that build their messages at run time.
pub const FILE_DESCRIPTOR_SET: &[u8] = tonic::include_file_descriptor_set!("tessera.v1.descriptors");
