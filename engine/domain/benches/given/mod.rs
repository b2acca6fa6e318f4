//! Given: a partition with [`CARDS`] gift cards, asked like a shard asks it, and its image.

use std::convert::Infallible;
use tessera_domain::catalog::{CatalogState, Limits};
use tessera_domain::command::*;
use tessera_domain::image::PartitionLoader;
use tessera_domain::keyed::IdHashKey;
use tessera_domain::lease::LesseeDesk;
use tessera_domain::money::{Currency, Rounding};
use tessera_domain::{Context, Decision, Id, Kind, Partition, Reply, TemplateSpec, Validity, Window, codec};

/// Cards that are there at first.
pub const CARDS: u64 = 100_000;

const NOW_MS: i64 = 1_700_000_000_000;

pub struct Shop {
    pub partition: Partition,
    catalog: CatalogState,
    desk: LesseeDesk,
}

/// A partition's chunks and its digest.
pub struct Image {
    pub chunks: Vec<Vec<u8>>,
    pub digest: u64,
}

impl Image {
    pub fn of(partition: &Partition) -> Image {
        let mut chunks = Vec::new();
        let Ok(()) = partition.save(&mut |chunk| -> Result<(), Infallible> {
            chunks.push(chunk.to_vec());
            Ok(())
        });
        Image { chunks, digest: partition.digest() }
    }

    pub fn load(&self) -> Partition {
        let mut loader = PartitionLoader::new(0, key());
        self.chunks.iter().for_each(|chunk| loader.take(chunk).expect("I6: an image is read back"));
        loader.finish(self.digest).expect("I6: an image has its digest")
    }
}

impl Shop {
    /// Every card is issued by a claim.
    pub fn open() -> Shop {
        let mut catalog = CatalogState::new(key());
        write_template(&mut catalog);
        let partition = Partition::new(0, key());
        let desk = LesseeDesk::start(partition.stock(), NOW_MS);
        let mut shop = Shop { partition, catalog, desk };
        for user in 0..CARDS {
            shop.ask(&claim(user));
        }
        assert_eq!(shop.partition.counts()[0], CARDS, "every claim made a card");
        shop
    }

    /// Decides and applies, as a shard does; gives the answer.
    pub fn ask(&mut self, command: &Command) -> Reply {
        let keys = Keys::of(command, self.partition.key());
        assert!(self.partition.due(command, NOW_MS).is_none(), "time brings nothing here");
        let context = Context {
            catalog: self.catalog.catalog(),
            lessee: &self.desk,
            now_ms: NOW_MS,
            key_version: 1,
            requests_max: 1 << 30,
        };
        match self.partition.decide_by(&context, command, &keys) {
            Decision::Answer(reply) => reply,
            Decision::Happen(events) => {
                for event in &events {
                    self.partition.apply_by(NOW_MS, event, &keys).expect("what was decided applies");
                }
                self.partition.latest_answer().expect("a write that happened is accepted")
            }
            other => panic!("{command:?} comes to {other:?}"),
        }
    }
}

pub fn key() -> IdHashKey {
    IdHashKey::new(*b"tessera's bench!")
}

pub fn id(text: &str) -> Id {
    Id::new("bench", text).expect("a short name")
}

pub fn currency() -> Currency {
    Currency::parse("CNY").expect("three capitals")
}

/// A user's claim of a card.
pub fn claim(user: u64) -> Command {
    let name = format!("user-{user:08}");
    let user = User { id: id(&name), key: key().user(&name) };
    Command::Claim(Claim {
        operation: Operation::Claim,
        user,
        template: id("card"),
        request_id: id(&name),
        channel: None,
        use_window: None,
    })
}

fn write_template(catalog: &mut CatalogState) {
    let spec = TemplateSpec {
        display: "card".into(),
        kind: Kind::StoredValue { face_value: 1_000_000 },
        currency: currency(),
        rounding: Rounding::HalfUp,
        issue: Window::default(),
        validity: Validity::Dynamic { wait_ms: 0, valid_ms: 86_400_000 },
        per_user_limit: 1,
        stock: None,
        refund: Default::default(),
        rules: Default::default(),
    };
    let (template, request_id) = (id("card"), id("create"));
    let command =
        CatalogCommand::Write(WriteTemplate { template, expected_version: None, spec, request_id, validate_only: false });
    let Decision::Happen(events) = catalog.decide(&Limits::default(), &command) else { panic!("a new template is taken") };
    let mut payload = Vec::new();
    events.iter().for_each(|event| codec::encode(event, &mut payload));
    for event in codec::events(&payload) {
        catalog.apply(NOW_MS, &event.expect("what was encoded decodes")).expect("what was decided applies");
    }
}
