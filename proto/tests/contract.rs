//! The contract's own rules, held against the descriptor set: everything is commented, writes can be retried, names follow
//! one style, and the numbers of the reasons stay what they are.

use std::collections::{BTreeMap, BTreeSet};

use prost::Message as _;
use prost_types::{
    DescriptorProto, EnumDescriptorProto, FieldDescriptorProto, FileDescriptorProto, FileDescriptorSet, MethodDescriptorProto,
    ServiceDescriptorProto,
};
use tessera_proto::v1::Reason;

/// Verbs that change no business state; every other method of a service that may is a write.
const READ_VERBS: [&str; 6] = ["Get", "List", "Validate", "Quote", "Reveal", "Probe"];

/// Services without writes: they read journals, look at the server, or start long operations, which are joined and not retried.
const SERVICES_WITHOUT_WRITES: [&str; 3] = ["JournalService", "MaintenanceService", "OperatorService"];

fn files() -> Vec<FileDescriptorProto> {
    let set = FileDescriptorSet::decode(tessera_proto::FILE_DESCRIPTOR_SET).expect("the descriptor set decodes");
    let files: Vec<_> = set.file.into_iter().filter(|file| file.package() == "tessera.v1").collect();
    assert_eq!(files.len(), 13, "one per .proto file");
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

/// The unary methods that change business state.
fn writes() -> Vec<MethodDescriptorProto> {
    let may_write = |service: &ServiceDescriptorProto| !SERVICES_WITHOUT_WRITES.contains(&service.name());
    let methods = services().into_iter().filter(may_write).flat_map(|service| service.method);
    let is_read = |method: &MethodDescriptorProto| READ_VERBS.iter().any(|verb| method.name().starts_with(verb));
    methods.filter(|method| !method.client_streaming() && !is_read(method)).collect()
}

/// The methods that take a stream of requests.
fn streams() -> Vec<MethodDescriptorProto> {
    services().into_iter().flat_map(|service| service.method).filter(|method| method.client_streaming()).collect()
}

fn request_of(method: &MethodDescriptorProto) -> DescriptorProto {
    messages().remove(&format!("{}Request", method.name())).expect("each method has its own request")
}

fn reply_of(method: &MethodDescriptorProto) -> DescriptorProto {
    messages().remove(&format!("{}Response", method.name())).expect("each method has its own reply")
}

fn first_field(message: &DescriptorProto) -> Option<(&str, i32)> {
    message.field.first().map(|field| (field.name(), field.number()))
}

/// The message that a field holds.
fn type_of(field: &FieldDescriptorProto) -> DescriptorProto {
    let name = field.type_name().trim_start_matches(".tessera.v1.");
    messages().remove(name).unwrap_or_else(|| panic!("{} holds no message of ours", field.name()))
}

/// What one message of a stream repeats: its items, or its outcomes.
fn repeated(message: &DescriptorProto) -> DescriptorProto {
    let [field] = message.field.as_slice() else { panic!("{} holds its items and nothing else", message.name()) };
    assert_eq!(field.label(), prost_types::field_descriptor_proto::Label::Repeated, "{}", message.name());
    type_of(field)
}

/// The requests that a stream takes: its items themselves, or the alternatives of an item.
fn items_of(stream: &MethodDescriptorProto) -> Vec<DescriptorProto> {
    let item = repeated(&request_of(stream));
    // A field that may be absent is alone in a oneof that nobody wrote.
    let is_alternative = |field: &FieldDescriptorProto| field.oneof_index.is_some() && !field.proto3_optional();
    if item.field.iter().any(is_alternative) { item.field.iter().map(type_of).collect() } else { vec![item] }
}

#[test]
fn every_write_has_a_request_id() {
    let writes = writes();
    assert_eq!(writes.len(), 32, "writes in the contract");
    for method in writes {
        assert_eq!(first_field(&request_of(&method)), Some(("request_id", 1)), "{}", method.name());
    }
}

#[test]
fn every_reply_to_a_write_has_a_position_and_says_whether_it_is_replayed() {
    for method in writes() {
        let reply = reply_of(&method);
        let names: Vec<_> = reply.field.iter().map(|field| field.name()).collect();
        assert!(names.contains(&"position") && names.contains(&"replayed"), "{}: {names:?}", reply.name());
    }
}

#[test]
fn every_item_of_a_stream_is_named_and_so_is_its_outcome() {
    let streams = streams();
    assert_eq!(streams.len(), 5, "streams of requests in the contract");
    for stream in streams {
        // Nothing is remembered under the name of a row.
        let named = if stream.name() == "ImportStream" { "row_id" } else { "request_id" };
        for item in items_of(&stream) {
            assert_eq!(first_field(&item), Some((named, 1)), "{}", item.name());
        }
        assert_eq!(first_field(&repeated(&reply_of(&stream))), Some((named, 1)), "{}", stream.name());
    }
}

#[test]
fn every_outcome_of_a_stream_is_a_refusal_or_the_reply_of_the_unary_method() {
    for stream in streams() {
        let outcome = repeated(&reply_of(&stream));
        let alternatives: BTreeSet<_> = outcome
            .field
            .iter()
            .filter(|field| field.oneof_index.is_some())
            .map(|field| type_of(field).name().to_owned())
            .collect();
        assert!(alternatives.contains("Refusal"), "{}", outcome.name());
        let writes = writes().into_iter().map(|method| request_of(&method).name().to_owned()).collect::<BTreeSet<_>>();
        for item in items_of(&stream).iter().filter(|item| writes.contains(item.name())) {
            let reply = item.name().replace("Request", "Response");
            assert!(alternatives.contains(&reply), "{}: {reply} is in no outcome", stream.name());
        }
    }
}

#[test]
fn a_till_asks_over_its_stream_whatever_redemption_writes() {
    let services = services();
    let redemption = services.iter().find(|service| service.name() == "RedemptionService").expect("it exists");
    let till = redemption.method.iter().find(|method| method.name() == "TillStream").expect("it exists");
    let items: BTreeSet<_> = items_of(till).iter().map(|item| item.name().to_owned()).collect();
    for method in writes().iter().filter(|method| redemption.method.contains(method)) {
        assert!(items.contains(request_of(method).name()), "{} is not asked over the stream", method.name());
    }
}

#[test]
fn methods_that_take_streams_end_in_stream_and_no_others_do() {
    for method in services().iter().flat_map(|service| &service.method) {
        assert_eq!(method.client_streaming(), method.name().ends_with("Stream"), "{}", method.name());
    }
}

#[test]
fn what_starts_a_long_operation_gives_it_and_says_whether_it_was_under_way() {
    let services = services();
    let maintenance = services.iter().find(|service| service.name() == "MaintenanceService").expect("it exists");
    let starts = |method: &&MethodDescriptorProto| method.name().starts_with("Start") || method.name().starts_with("Save");
    let starting: Vec<_> = maintenance.method.iter().filter(starts).map(reply_of).collect();
    assert_eq!(starting.len(), 5, "operations that can be started");
    for reply in starting {
        let fields: Vec<_> = reply.field.iter().map(|field| (field.name(), field.number())).collect();
        assert_eq!(fields, [("operation", 1), ("joined", 2)], "{}", reply.name());
    }
}

#[test]
fn every_write_to_the_catalog_can_be_validated_only() {
    let services = services();
    let template = services.iter().find(|service| service.name() == "TemplateService").expect("it exists");
    for method in writes().iter().filter(|method| template.method.contains(method)) {
        assert!(request_of(method).field.iter().any(|field| field.name() == "validate_only"), "{}", method.name());
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
