//! The house rules that a reader cannot see by looking at one file: who imports whom, and what is said nowhere.
//!
//! Architecture is mostly absences ("X knows nothing of Y"), and an absence is lost one import at a time. So each is a rule here
//! that reads the manifests and the sources themselves. Every rule is tried on a planted breach first: a rule that finds nothing
//! planted proves nothing. It lives with the engine because the engine stands above most rooms; it uses none of their code.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use toml::{Table, Value};

/// The arrows of `docs/ARCHITECTURE.md`: each room's package, its folder, and which of our packages it may name.
const ROOMS: &[(&str, &str, &[&str])] = &[
    ("tessera-proto", "proto", &[]),
    ("tessera-planted", "engine/planted", &[]),
    ("tessera-domain", "engine/domain", &["tessera-planted"]),
    ("tessera-wal", "wal", &["tessera-planted"]),
    ("tessera-snapshot", "snapshot", &["tessera-planted", "tessera-wal"]),
    ("tessera-engine", "engine", &["tessera-domain", "tessera-planted", "tessera-snapshot", "tessera-wal"]),
    ("tessera-sim", "engine/sim", &["tessera-domain", "tessera-engine", "tessera-snapshot", "tessera-wal"]),
    ("tessera-count", "engine/count", &["tessera-domain", "tessera-engine", "tessera-proto", "tessera-wal"]),
    ("tessera-rpc", "rpc", &["tessera-engine", "tessera-proto"]),
    ("tessera-loadtest", "loadtest", &["tessera-proto"]),
    ("tessera-fuzz", "engine/fuzz", &["tessera-domain", "tessera-proto", "tessera-snapshot", "tessera-wal"]),
];

/// Arrows of tests alone: a package, and the one of ours that it may name for development and nowhere else.
const FOR_TESTS: &[(&str, &str)] = &[("tessera-rpc", "tessera-loadtest")];

/// Libraries that only some rooms may name: the library or the family it begins, and those rooms.
const KEPT: &[(&str, &[&str])] = &[
    ("actix", &["tessera-engine"]),
    ("tonic", &["tessera-loadtest", "tessera-proto", "tessera-rpc"]),
    ("bincode", &["tessera-domain"]),
    ("memmap2", &["tessera-wal"]),
];

/// What would let time, chance, files or the network into the domain, each with the family it begins.
const IMPURE_LIBRARIES: &[&str] = &[
    "actix",
    "async",
    "chrono",
    "crossbeam",
    "fastrand",
    "futures",
    "getrandom",
    "memmap2",
    "mio",
    "parking_lot",
    "rand",
    "rustix",
    "time",
    "tokio",
    "tonic",
    "uuid",
];

/// The same, as words of the domain's source.
const IMPURE_WORDS: &[&str] = &[
    "std::fs",
    "std::io",
    "std::net",
    "std::thread",
    "std::env",
    "SystemTime",
    "Instant",
    "Timestamp::now",
    "Zoned::now",
    "TimeZone::system",
    "f32",
    "f64",
];

/// Longest source file, in lines; long before it a file wants a second heading.
const LINES_MAX: usize = 700;

/// This file: its rules name what they forbid.
const HERE: &str = "engine/tests/house.rs";

/// What a manifest says that matters here.
struct Manifest {
    package: String,
    /// Every library of every section: normal, development, build, and those of single targets.
    libraries: BTreeSet<String>,
    /// Those of them that are not for development alone.
    shipped: BTreeSet<String>,
}

impl Manifest {
    fn parse(text: &str) -> Manifest {
        let table: Table = text.parse().expect("a manifest is TOML");
        let package = table["package"]["name"].as_str().expect("a package has a name").to_owned();
        let (mut libraries, mut shipped) = (BTreeSet::new(), BTreeSet::new());
        gather(&table, &["dependencies", "dev-dependencies", "build-dependencies"], &mut libraries);
        gather(&table, &["dependencies", "build-dependencies"], &mut shipped);
        Manifest { package, libraries, shipped }
    }

    fn breaches(&self) -> Vec<String> {
        let (mut found, package) = (Vec::new(), self.package.as_str());
        let Some((.., ours)) = ROOMS.iter().find(|(name, ..)| *name == package) else {
            return vec![format!("{package} is no room of the drawing")];
        };
        for library in &self.libraries {
            let for_tests = FOR_TESTS.contains(&(package, library.as_str())) && !self.shipped.contains(library);
            if library.starts_with("tessera-") && !ours.contains(&library.as_str()) && !for_tests {
                found.push(format!("{package} names {library}: no such arrow"));
            }
            for (kept, rooms) in KEPT.iter().filter(|(kept, _)| is_of(library, kept)) {
                if !rooms.contains(&package) {
                    found.push(format!("{package} names {library}: {kept} is kept to {rooms:?}"));
                }
            }
            if package == "tessera-domain" && IMPURE_LIBRARIES.iter().any(|impure| is_of(library, impure)) {
                found.push(format!("the domain names {library}"));
            }
        }
        found
    }
}

/// Collects libraries under their own names, not under those they are imported by.
fn gather(table: &Table, sections: &[&str], libraries: &mut BTreeSet<String>) {
    for &section in sections {
        for (name, value) in table.get(section).and_then(Value::as_table).into_iter().flatten() {
            let renamed = value.get("package").and_then(Value::as_str);
            libraries.insert(renamed.unwrap_or(name).replace('_', "-"));
        }
    }
    for target in table.get("target").and_then(Value::as_table).into_iter().flat_map(Table::values) {
        gather(target.as_table().expect("a target is a table"), sections, libraries);
    }
}

/// Whether `library` is `family` or begins with it and a hyphen.
fn is_of(library: &str, family: &str) -> bool {
    let family = family.replace('_', "-");
    library.strip_prefix(&family).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
}

/// A source file by its path from the top.
struct Source {
    path: String,
    text: String,
}

impl Source {
    fn new(path: &str, text: &str) -> Source {
        Source { path: path.to_owned(), text: text.to_owned() }
    }

    /// Whether it lies in this folder or deeper.
    fn is_below(&self, folder: &str) -> bool {
        self.path.starts_with(&format!("{folder}/"))
    }

    /// The first line of code that says `phrase`, if any does.
    fn says(&self, phrase: &str) -> Option<String> {
        let line = self.text.lines().position(|line| in_code(line, phrase))?;
        Some(format!("{}:{} says {phrase}", self.path, line + 1))
    }
}

/// Whether the code of a line, its comment aside, holds `phrase` and the words at its ends are whole.
fn in_code(line: &str, phrase: &str) -> bool {
    let code = line.split("//").next().unwrap_or_default();
    let is_word = |letter: char| letter.is_alphanumeric() || letter == '_';
    let (first, last) = (phrase.starts_with(is_word), phrase.ends_with(is_word));
    code.match_indices(phrase).any(|(at, _)| {
        let cut_before = first && code[..at].ends_with(is_word);
        let cut_after = last && code[at + phrase.len()..].starts_with(is_word);
        !cut_before && !cut_after
    })
}

fn opens_with_its_reason(source: &Source) -> Option<String> {
    let opens = source.text.lines().next().is_some_and(|line| line.strip_prefix("//! ").is_some_and(|said| !said.is_empty()));
    (!opens).then(|| format!("{} does not open with //! and why it is there", source.path))
}

fn is_of_a_readable_length(source: &Source) -> Option<String> {
    let lines = source.text.lines().count();
    (lines > LINES_MAX).then(|| format!("{} has {lines} lines, at most {LINES_MAX} are read", source.path))
}

fn leaves_nothing_undone(source: &Source) -> Option<String> {
    ["todo!", "unimplemented!", "#[ignore", "#![ignore"].iter().find_map(|left| source.says(left))
}

fn keeps_bincode_in_the_codec(source: &Source) -> Option<String> {
    source.says("bincode").filter(|_| source.path != "engine/domain/src/codec.rs")
}

fn keeps_unsafe_in_its_room(source: &Source) -> Option<String> {
    source.says("unsafe").filter(|_| source.path != "wal/src/storage/map.rs")
}

/// A status is an answer of the server; clients, the load generator among them, only meet the type.
fn makes_statuses_in_one_place(source: &Source) -> Option<String> {
    let elsewhere = source.is_below("rpc/src") && source.path != "rpc/src/status.rs";
    let makes = |line: &str| {
        let made = line.match_indices("Status::").map(|(at, name)| &line[at + name.len()..]);
        in_code(line, "Status::") && made.into_iter().any(|rest| rest.starts_with(|letter: char| letter.is_ascii_lowercase()))
    };
    let line = source.text.lines().position(makes).filter(|_| elsewhere)?;
    Some(format!("{}:{} makes a tonic::Status", source.path, line + 1))
}

fn is_pure_in_the_domain(source: &Source) -> Option<String> {
    IMPURE_WORDS.iter().filter(|_| source.is_below("engine/domain/src")).find_map(|word| source.says(word))
}

/// `actix` and `tonic` are kept by the manifests too; this one catches what re-exports would let through.
fn imports_only_what_its_room_may(source: &Source) -> Option<String> {
    let actix = source.says("actix").filter(|_| !source.is_below("engine/src"));
    let tonic = source.says("tonic").filter(|_| !["proto", "rpc", "loadtest"].iter().any(|room| source.is_below(room)));
    actix.or(tonic)
}

/// What a document names that is not there: files it links to, sources, and tests where it lists tests.
fn missing(document: &Source, sources: &[Source]) -> Vec<String> {
    let folder = top().join(&document.path).parent().expect("a document lies in a folder").to_owned();
    let link = |target: &&str| !target.starts_with("http") && !folder.join(target.split('#').next().unwrap_or_default()).exists();
    let file = |name: &&str| name.ends_with(".rs") && !sources.iter().any(|source| is_file(source, name));
    let test = |name: &&str| is_test_name(name) && !sources.iter().any(|source| source.text.contains(&format!("fn {name}(")));
    let lists_tests = ["docs/INVARIANTS.md", "docs/SIMULATION.md"].contains(&document.path.as_str());
    let prose: String = document.text.split("```").step_by(2).collect();
    let links = prose.split("](").skip(1).filter_map(|rest| rest.split(')').next()).filter(link);
    let quoted = || prose.split('`').skip(1).step_by(2);
    let named = links.chain(quoted().filter(file)).chain(quoted().filter(|name| lists_tests && test(name)));
    named.map(|name| format!("{} names {name}, which is not there", document.path)).collect()
}

fn is_file(source: &Source, name: &str) -> bool {
    source.path.strip_suffix(name).is_some_and(|before| before.is_empty() || before.ends_with('/'))
}

fn is_test_name(name: &str) -> bool {
    name.matches('_').count() > 1
        && name.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_')
}

/// The variants of an enum, as a source says them.
fn variants<'a>(source: &'a Source, of: &str) -> Vec<&'a str> {
    let body = source.text.split_once(&format!("pub enum {of} {{")).and_then(|(_, rest)| rest.split_once("\n}"));
    let (body, _) = body.unwrap_or_else(|| panic!("{} has no enum {of}", source.path));
    let variant =
        |line: &'a str| line.strip_prefix("    ").filter(|rest| rest.starts_with(|first: char| first.is_ascii_uppercase()));
    let name = |rest: &'a str| rest.split(|letter: char| !letter.is_alphanumeric()).next();
    body.lines().filter_map(variant).filter_map(name).collect()
}

/// The kinds of events, as the codec numbers them: `Name = kind . version;`, older versions under the name of the kind.
fn kinds(codec: &Source) -> Vec<&str> {
    let name = |line| {
        let (name, numbers): (&str, &str) = str::trim(line).split_once(" = ")?;
        let is_kind = numbers.split(" . ").count() == 2 && numbers.ends_with(';');
        is_kind.then(|| name.trim_end_matches("V1"))
    };
    codec.text.lines().filter_map(name).collect()
}

/// Commands and events that a document gives no place.
fn without_a_place(document: &str, names: &[&str]) -> Vec<String> {
    names.iter().filter(|name| !document.contains(&format!("`{name}`"))).map(|name| (*name).to_owned()).collect()
}

fn documents() -> Vec<Source> {
    let folders = ["", "docs", "docs/decisions"].map(|folder| top().join(folder));
    let entries = folders.iter().flat_map(|folder| fs::read_dir(folder).expect("a folder can be listed"));
    let paths = entries.map(|entry| entry.expect("an entry can be read").path());
    paths
        .filter(|path| path.extension().is_some_and(|end| end == "md"))
        .map(|path| Source::new(&from_top(&path), &read(&path)))
        .collect()
}

/// A rule that looks at one source and says what is wrong with it.
type Rule = fn(&Source) -> Option<String>;

fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the engine is a folder of the workspace").to_owned()
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn manifests() -> BTreeMap<String, Manifest> {
    let manifest =
        |&(_, folder, _): &(&str, &str, _)| (folder.to_owned(), Manifest::parse(&read(&top().join(folder).join("Cargo.toml"))));
    ROOMS.iter().map(manifest).collect()
}

/// Every Rust file of the workspace, but for what building makes.
fn sources() -> Vec<Source> {
    let (mut found, mut folders) = (Vec::new(), vec![top()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder can be listed") {
            let path = entry.expect("an entry can be read").path();
            let name = path.file_name().expect("an entry has a name").to_string_lossy().into_owned();
            match path.is_dir() {
                true if name != "target" && !name.starts_with('.') => folders.push(path),
                false if name.ends_with(".rs") => found.push(Source::new(&from_top(&path), &read(&path))),
                _ => {}
            }
        }
    }
    assert!(found.len() > 100, "the sources are found: {} files", found.len());
    found
}

fn from_top(path: &Path) -> String {
    path.strip_prefix(top()).expect("a source lies below the top").to_string_lossy().into_owned()
}

/// Holds a rule against every source but this one.
#[track_caller]
fn hold(rule: Rule) {
    let breaches: Vec<String> = sources().iter().filter(|source| source.path != HERE).filter_map(rule).collect();
    assert!(breaches.is_empty(), "\n{}\n", breaches.join("\n"));
}

/// The rule finds `text` at `path`, and lets `fine` pass there.
#[track_caller]
fn finds(rule: Rule, path: &str, text: &str, fine: &str) {
    assert!(rule(&Source::new(path, text)).is_some(), "a planted breach was not found: {text}");
    assert_eq!(rule(&Source::new(path, fine)), None, "what is fine was taken for a breach");
}

#[track_caller]
fn finds_in_manifest(planted: &str, said: &str) {
    let found = Manifest::parse(planted).breaches();
    assert!(found.iter().any(|breach| breach.contains(said)), "{said:?} was not found, but {found:?}");
}

#[test]
fn no_room_imports_what_the_drawing_does_not_let_it() {
    let breaches: Vec<String> = manifests().values().flat_map(Manifest::breaches).collect();
    assert!(breaches.is_empty(), "\n{}\n", breaches.join("\n"));
}

#[test]
fn every_room_of_the_drawing_is_a_member_and_every_member_a_room() {
    let workspace: Table = read(&top().join("Cargo.toml")).parse().expect("a manifest is TOML");
    let members = workspace["workspace"]["members"].as_array().expect("members are listed");
    let members: BTreeSet<&str> = members.iter().filter_map(Value::as_str).collect();
    assert_eq!(members, ROOMS.iter().map(|(_, folder, _)| *folder).collect());
    for (package, folder, _) in ROOMS {
        assert_eq!(manifests()[*folder].package, *package);
    }
}

#[test]
fn planted_breaches_of_manifests_are_found() {
    let package = |name: &str, rest: &str| format!("[package]\nname = \"{name}\"\n{rest}");
    let wal = |rest: &str| package("tessera-wal", rest);
    finds_in_manifest(&wal("[dependencies]\ntessera-domain.workspace = true"), "no such arrow");
    finds_in_manifest(&wal("[dev-dependencies]\ntessera-engine = { workspace = true }"), "no such arrow");
    let rpc = |section: &str| package("tessera-rpc", &format!("[{section}]\ntessera-loadtest.workspace = true"));
    finds_in_manifest(&rpc("dependencies"), "no such arrow");
    finds_in_manifest(&rpc("target.'cfg(unix)'.dependencies"), "no such arrow");
    assert_eq!(Manifest::parse(&rpc("dev-dependencies")).breaches(), Vec::<String>::new());
    finds_in_manifest(&wal("[target.'cfg(unix)'.dependencies]\ntonic = \"0.14\""), "tonic is kept");
    finds_in_manifest(&wal("[build-dependencies]\nours = { package = \"tessera-proto\", path = \"../proto\" }"), "no such arrow");
    finds_in_manifest(&package("tessera-sim", "[dependencies]\nactix-rt = \"2\""), "actix is kept");
    finds_in_manifest(&package("tessera-rpc", "[dependencies]\nbincode = \"2\""), "bincode is kept");
    finds_in_manifest(&package("tessera-rpc", "[dependencies]\ntessera-domain.workspace = true"), "no such arrow");
    finds_in_manifest(&package("tessera-loadtest", "[dependencies]\ntessera-engine.workspace = true"), "no such arrow");
    for library in ["tokio", "actix", "tonic-types", "rand", "rand_core", "getrandom", "parking_lot"] {
        finds_in_manifest(&package("tessera-domain", &format!("[dependencies]\n{library} = \"1\"")), "the domain names");
    }
    finds_in_manifest(&package("tessera-util", ""), "no room");
    let fine = package("tessera-snapshot", "[dependencies]\ntessera-wal.workspace = true\ntokio-stream = \"1\"");
    assert_eq!(Manifest::parse(&fine).breaches(), Vec::<String>::new());
}

#[test]
fn every_file_opens_with_why_it_is_there() {
    let breaches: Vec<String> = sources().iter().filter_map(opens_with_its_reason).collect();
    assert!(breaches.is_empty(), "\n{}\n", breaches.join("\n"));
    finds(opens_with_its_reason, "wal/src/x.rs", "use std::io;\n", "//! Why.\nuse std::io;\n");
    finds(opens_with_its_reason, "wal/src/x.rs", "", "//! Why.");
    finds(opens_with_its_reason, "wal/src/x.rs", "//!\n//! Late.", "//! Why.");
}

#[test]
fn no_file_is_longer_than_people_read() {
    let breaches: Vec<String> = sources().iter().filter_map(is_of_a_readable_length).collect();
    assert!(breaches.is_empty(), "\n{}\n", breaches.join("\n"));
    finds(is_of_a_readable_length, "wal/src/x.rs", &"\n".repeat(LINES_MAX + 1), &"\n".repeat(LINES_MAX));
}

#[test]
fn nothing_is_left_undone() {
    hold(leaves_nothing_undone);
    for left in ["    todo!()", "    unimplemented!(\"later\")", "#[ignore]", "#[ignore = \"slow\"]"] {
        finds(leaves_nothing_undone, "wal/src/x.rs", left, "// todo!() is forbidden");
    }
}

#[test]
fn the_codec_alone_names_bincode() {
    hold(keeps_bincode_in_the_codec);
    finds(keeps_bincode_in_the_codec, "engine/domain/src/event.rs", "use bincode::Encode;", "use crate::codec::Encode;");
    finds(keeps_bincode_in_the_codec, "wal/src/x.rs", "bincode::encode()", "// bytes of bincode are opaque here");
}

#[test]
fn one_small_room_says_unsafe() {
    hold(keeps_unsafe_in_its_room);
    finds(keeps_unsafe_in_its_room, "engine/src/lane.rs", "let x = unsafe { y() };", "#![forbid(unsafe_code)]");
    let room = sources().into_iter().find(|source| source.path == "wal/src/storage/map.rs").expect("the room is there");
    assert!(room.text.lines().count() < 60, "the room that says unsafe is small");
}

#[test]
fn one_file_of_the_server_makes_statuses() {
    hold(makes_statuses_in_one_place);
    let path = "rpc/src/services/claim.rs";
    finds(makes_statuses_in_one_place, path, "Err(Status::internal(\"x\"))", "Err(status::of(&refusal))");
    finds(makes_statuses_in_one_place, path, "tonic::Status::new(code, \"x\")", "ServingStatus::default()");
}

#[test]
fn the_domain_has_no_time_no_chance_no_files_and_no_floats() {
    hold(is_pure_in_the_domain);
    let path = "engine/domain/src/money.rs";
    for said in
        ["use std::fs::File;", "std::thread::spawn(run)", "SystemTime::now()", "let now = Instant::now();", "1.5_f64 as f64"]
    {
        finds(is_pure_in_the_domain, path, said, "/// First instant inside; no f64.");
    }
}

#[test]
fn actix_and_tonic_stay_in_their_rooms() {
    hold(imports_only_what_its_room_may);
    finds(imports_only_what_its_room_may, "engine/sim/src/lib.rs", "use actix::Actor;", "use tessera_engine::shard::Shard;");
    finds(imports_only_what_its_room_may, "engine/src/node.rs", "use tonic::Status;", "use actix::System;");
}

#[test]
fn what_the_documents_name_is_there() {
    let sources = sources();
    let gone: Vec<String> = documents().iter().flat_map(|document| missing(document, &sources)).collect();
    assert!(gone.is_empty(), "\n{}\n", gone.join("\n"));
    for planted in ["see [x](NOWHERE.md#part)", "in `engine/src/nowhere.rs`", "```sh\nx\n```\nby `a_test_that_nobody_wrote`"] {
        assert_eq!(missing(&Source::new("docs/INVARIANTS.md", planted), &sources).len(), 1, "{planted}");
    }
    let fine = "[x](../README.md#guarantees) `wal/src/tail.rs` `tail.rs` `the_tail_rule_holds_row_by_row` ```x [y](z)```";
    assert_eq!(missing(&Source::new("docs/INVARIANTS.md", fine), &sources), Vec::<String>::new());
}

#[test]
fn every_command_and_event_says_who_watches_it_in_the_simulation() {
    let source = |path: &str| Source::new(path, &read(&top().join(path)));
    let (command, codec) = (source("engine/domain/src/command.rs"), source("engine/domain/src/codec.rs"));
    let document = source("docs/SIMULATION.md").text;
    let names = [variants(&command, "Command"), variants(&command, "CatalogCommand"), kinds(&codec)].concat();
    assert!(names.len() > 100 && ["Claim", "Stop", "CardImported"].iter().all(|name| names.contains(name)), "{names:?}");
    let unwatched = without_a_place(&document, &names);
    assert!(unwatched.is_empty(), "docs/SIMULATION.md names no auditor of {unwatched:?}");
    assert_eq!(without_a_place("| `Claim` | by hand |", &["Claim", "Refund"]), ["Refund"]);
}
