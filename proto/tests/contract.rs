//! The contract's own rules, held against the descriptor set: everything is commented, writes can be retried, names follow
//! one style, and the numbers of the reasons stay what they are.

use std::collections::{BTreeMap, BTreeSet};

use prost::Message as _;
use prost_types::{DescriptorProto, EnumDescriptorProto, FileDescriptorProto, FileDescriptorSet, ServiceDescriptorProto};
use tessera_proto::v1::Reason;

/// Verbs that change no business state; every other method is a write.
const READ_VERBS: [&str; 6] = ["Get", "List", "Validate", "Reveal", "Probe", "Drain"];

fn files() -> Vec<FileDescriptorProto> {
    let set = FileDescriptorSet::decode(tessera_proto::FILE_DESCRIPTOR_SET).expect("the descriptor set decodes");
    let files: Vec<_> = set.file.into_iter().filter(|file| file.package() == "tessera.v1").collect();
    assert_eq!(files.len(), 6, "one per .proto file");
    files
}

fn messages() -> BTreeMap<String, DescriptorProto> {
    files().into_iter().flat_map(|file| file.message_type).map(|message| (message.name().to_owned(), message)).collect()
}

fn services() -> Vec<ServiceDescriptorProto> {
    files().into_iter().flat_map(|file| file.service).collect()
}

fn enums() -> Vec<EnumDescriptorProto> {
    files().into_iter().flat_map(|file| file.enum_type).collect()
}

/// Paths (as descriptor.proto defines them) of everything in `file` that must have a comment, with its name.
fn paths_to_document(file: &FileDescriptorProto) -> Vec<(Vec<i32>, String)> {
    let mut paths = Vec::new();
    for (m, message) in (0..).zip(&file.message_type) {
        paths.push((vec![4, m], message.name().to_owned()));
        let fields = (0..).zip(&message.field);
        paths.extend(fields.map(|(f, field)| (vec![4, m, 2, f], format!("{}.{}", message.name(), field.name()))));
    }
    for (e, enumeration) in (0..).zip(&file.enum_type) {
        paths.push((vec![5, e], enumeration.name().to_owned()));
        let values = (0..).zip(&enumeration.value);
        paths.extend(values.map(|(v, value)| (vec![5, e, 2, v], value.name().to_owned())));
    }
    for (s, service) in (0..).zip(&file.service) {
        paths.push((vec![6, s], service.name().to_owned()));
        let methods = (0..).zip(&service.method);
        paths.extend(methods.map(|(m, method)| (vec![6, s, 2, m], format!("{}.{}", service.name(), method.name()))));
    }
    paths
}

#[test]
fn everything_has_a_leading_comment() {
    for file in files() {
        let info = file.source_code_info.as_ref().expect("source info is kept");
        let commented: BTreeSet<&[i32]> = info
            .location
            .iter()
            .filter(|location| !location.leading_comments().trim().is_empty())
            .map(|location| location.path.as_slice())
            .collect();
        for (path, name) in paths_to_document(&file) {
            assert!(commented.contains(path.as_slice()), "{}: {name} has no comment", file.name());
        }
    }
}

/// The message in which a write's fields stand: for a stream, the item.
fn request_of_write<'a>(method: &str, messages: &'a BTreeMap<String, DescriptorProto>) -> Option<&'a DescriptorProto> {
    let is_read = READ_VERBS.iter().any(|verb| method.starts_with(verb));
    let item = method.trim_end_matches("Stream");
    (!is_read).then(|| messages.get(&format!("{item}Request")).expect("each method has its own request"))
}

#[test]
fn every_write_has_a_request_id() {
    let messages = messages();
    let mut writes = 0;
    for method in services().iter().flat_map(|service| &service.method) {
        if let Some(request) = request_of_write(method.name(), &messages) {
            let first = request.field.first().map(|field| (field.name(), field.number()));
            assert_eq!(first, Some(("request_id", 1)), "{}", request.name());
            writes += 1;
        }
    }
    assert_eq!(writes, 10, "writes in the contract, streams included");
}

#[test]
fn every_reply_to_a_write_has_a_position_and_says_whether_it_is_replayed() {
    let messages = messages();
    for method in services().iter().flat_map(|service| &service.method) {
        if request_of_write(method.name(), &messages).is_some() {
            let reply = &messages[&format!("{}Response", method.name().trim_end_matches("Stream"))];
            let names: Vec<_> = reply.field.iter().map(|field| field.name()).collect();
            assert!(names.contains(&"position") && names.contains(&"replayed"), "{}: {names:?}", reply.name());
        }
    }
}

#[test]
fn every_write_to_the_catalog_can_be_validated_only() {
    let (messages, services) = (messages(), services());
    let template = services.iter().find(|service| service.name() == "TemplateService").expect("it exists");
    for request in template.method.iter().filter_map(|method| request_of_write(method.name(), &messages)) {
        assert!(request.field.iter().any(|field| field.name() == "validate_only"), "{}", request.name());
    }
}

#[test]
fn services_and_their_messages_are_named_after_the_method() {
    for service in services() {
        assert!(service.name().ends_with("Service"), "{}", service.name());
        for method in &service.method {
            assert_eq!(method.input_type(), format!(".tessera.v1.{}Request", method.name()));
            assert_eq!(method.output_type(), format!(".tessera.v1.{}Response", method.name()));
        }
    }
}

fn upper_snake(camel: &str) -> String {
    let spaced = camel.char_indices().flat_map(|(i, c)| (i > 0 && c.is_uppercase()).then_some('_').into_iter().chain([c]));
    spaced.collect::<String>().to_uppercase()
}

#[test]
fn enum_values_carry_their_enums_name_and_begin_unspecified() {
    for enumeration in enums() {
        let prefix = upper_snake(enumeration.name());
        let zero = enumeration.value.first().map(|value| (value.name().to_owned(), value.number()));
        assert_eq!(zero, Some((format!("{prefix}_UNSPECIFIED"), 0)));
        for value in &enumeration.value {
            assert!(value.name().starts_with(&format!("{prefix}_")), "{}", value.name());
        }
    }
}

#[test]
fn field_names_are_lower_snake_and_instants_are_whole_milliseconds() {
    use prost_types::field_descriptor_proto::Type;
    for message in messages().values() {
        for field in &message.field {
            let name = field.name();
            assert!(name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_'), "{name}");
            let is_whole = matches!(field.r#type(), Type::Int64 | Type::Uint32);
            assert!(!name.ends_with("_ms") || is_whole, "{}.{name}", message.name());
            assert!(!name.ends_with("_minor") || field.r#type() == Type::Int64, "{}.{name}", message.name());
        }
    }
}

#[test]
fn no_amount_or_rate_is_a_float() {
    use prost_types::field_descriptor_proto::Type;
    for message in messages().values() {
        for field in &message.field {
            assert!(!matches!(field.r#type(), Type::Float | Type::Double), "{}.{}", message.name(), field.name());
        }
    }
}

#[test]
fn reasons_keep_their_numbers() {
    let reasons = enums().into_iter().find(|enumeration| enumeration.name() == "Reason").expect("it exists");
    let listed: Vec<_> = reasons.value.iter().map(|value| format!("{} {}", value.number(), value.name())).collect();
    assert_eq!(listed.join("\n"), include_str!("reasons.txt").trim_end());
    assert_eq!(Reason::SoldOut as i32, 70);
}
