//! Finds a method of the contract by what a person calls it.

use std::sync::LazyLock;

use prost_reflect::{DescriptorPool, DynamicMessage, MessageDescriptor, MethodDescriptor};
use serde::de::DeserializeSeed;

/// The contract, read once.
static POOL: LazyLock<DescriptorPool> =
    LazyLock::new(|| DescriptorPool::decode(tessera_proto::FILE_DESCRIPTOR_SET).expect("the contract's own descriptors decode"));

/// A unary method.
#[derive(Debug)]
pub struct Method(MethodDescriptor);

/// Why a name or a request does not lead to a call.
#[derive(Debug, thiserror::Error)]
pub enum BadMethod {
    /// No method is called so.
    #[error("no method is called {name:?}; there are:\n  {}", .known.join("\n  "))]
    Unknown {
        /// As given.
        name: String,
        /// Those that can be called.
        known: Vec<String>,
    },
    /// It is a stream.
    #[error("{0} is a stream: only unary methods can be called from here")]
    Stream(String),
    /// The request's JSON does not fit.
    #[error("this is no {message}: {source}")]
    Request {
        /// The message's name.
        message: String,
        /// Where it does not fit.
        source: serde_json::Error,
    },
}

impl Method {
    /// The method called `name`: "Claim", "ClaimService.Claim" or "tessera.v1.ClaimService/Claim".
    pub fn find(name: &str) -> Result<Self, BadMethod> {
        let dotted = name.replace('/', ".");
        let found = methods().find(|method| is_called(method, &dotted));
        let method = found.ok_or_else(|| BadMethod::Unknown { name: name.to_owned(), known: unary_names() })?;
        if is_stream(&method) {
            return Err(BadMethod::Stream(short_name(&method)));
        }
        Ok(Self(method))
    }

    /// Reads its request from JSON, in the names of the schema or their camelCase.
    pub fn request(&self, json: &str) -> Result<DynamicMessage, BadMethod> {
        let input = self.0.input();
        let bad = |source| BadMethod::Request { message: input.name().to_owned(), source };
        let mut reader = serde_json::Deserializer::from_str(json);
        let message = input.clone().deserialize(&mut reader).map_err(bad)?;
        reader.end().map_err(bad)?;
        Ok(message)
    }

    /// Its path on the wire.
    pub(super) fn path(&self) -> String {
        format!("/{}/{}", self.0.parent_service().full_name(), self.0.name())
    }

    /// The type of its reply.
    pub(super) fn output(&self) -> MessageDescriptor {
        self.0.output()
    }
}

/// A method as it is called on the wire.
pub struct MethodPath {
    /// Its name, which no other method of the contract has.
    pub name: String,
    /// "/tessera.v1.ClaimService/Claim".
    pub path: String,
    /// Whether it is a stream.
    pub is_stream: bool,
}

/// Every method of the contract.
pub fn method_paths() -> impl Iterator<Item = MethodPath> {
    methods().map(|method| MethodPath {
        name: method.name().to_owned(),
        is_stream: is_stream(&method),
        path: Method(method).path(),
    })
}

/// A message of the contract by its short name, as its schema describes it.
pub fn dynamic(name: &str, message: &impl prost::Message) -> DynamicMessage {
    let descriptor = POOL.get_message_by_name(&format!("tessera.v1.{name}")).expect("a message of the contract");
    DynamicMessage::decode(descriptor, message.encode_to_vec().as_slice()).expect("a message is what its schema says")
}

fn methods() -> impl Iterator<Item = MethodDescriptor> {
    POOL.services().flat_map(|service| service.methods().collect::<Vec<_>>())
}

/// Whether `dotted` is the method's full name or a whole tail of it.
fn is_called(method: &MethodDescriptor, dotted: &str) -> bool {
    let rest = method.full_name().strip_suffix(dotted);
    rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

fn is_stream(method: &MethodDescriptor) -> bool {
    method.is_client_streaming() || method.is_server_streaming()
}

fn short_name(method: &MethodDescriptor) -> String {
    format!("{}.{}", method.parent_service().name(), method.name())
}

fn unary_names() -> Vec<String> {
    methods().filter(|method| !is_stream(method)).map(|method| short_name(&method)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_found(name: &str, path: &str) {
        assert_eq!(Method::find(name).unwrap().path(), path);
    }

    #[test]
    fn a_method_is_found_by_every_tail_of_its_name() {
        for name in ["Claim", "ClaimService.Claim", "ClaimService/Claim", "tessera.v1.ClaimService/Claim"] {
            check_found(name, "/tessera.v1.ClaimService/Claim");
        }
    }

    #[test]
    fn method_names_are_unique_so_that_short_ones_lead_to_one() {
        let mut names: Vec<_> = methods().map(|method| method.name().to_owned()).collect();
        let all = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), all);
    }

    #[test]
    fn half_a_word_is_no_name() {
        let error = Method::find("laim").unwrap_err();
        assert!(error.to_string().contains("ClaimService.Claim"), "{error}");
    }

    #[test]
    fn a_stream_is_not_called() {
        assert!(matches!(Method::find("ClaimStream"), Err(BadMethod::Stream(_))));
    }

    #[test]
    fn a_request_is_read_in_the_names_of_the_schema() {
        let request = Method::find("Claim").unwrap().request(r#"{"user_id": "u1"}"#).unwrap();
        let user = request.get_field_by_name("user_id").unwrap().into_owned();
        assert_eq!(user.as_str(), Some("u1"));
    }

    #[test]
    fn a_field_that_does_not_exist_is_refused() {
        let error = Method::find("Claim").unwrap().request(r#"{"usr_id": "u1"}"#).unwrap_err();
        assert!(error.to_string().contains("usr_id"), "{error}");
    }
}
