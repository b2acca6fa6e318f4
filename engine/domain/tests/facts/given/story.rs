//! Stories: tests as tables of lines `command => what is told`.
//!
//! A line without `=>` sets the scene and must not be refused. The commands are those of
//! [`World::line`]; `WHO` is a user's name, `code:V` for a bearer of a code sealed under key
//! version V, `legacy:CODE` for one of a code of another house, or `known` for an operator; an order is `merchant/order`, `#last` the checkout that was told
//! last. At its end each story is rebuilt from its journals.

use super::told::told;
use super::{Answer, World, asked};
use tessera_domain::catalog::Limits;
use tessera_domain::command::*;
use tessera_domain::display::{Display, Field};
use tessera_domain::event::{Event, Lease, PoolLeased, Step};
use tessera_domain::money::{BasisPoints, Currency, Rounding};
use tessera_domain::rules::KeptRules;
use tessera_domain::{Block, Id, Kind, Life, Pool, RefundPolicy, Reply, TemplateSpec, Validity, Window};

/// Tells the whole story in a new world.
pub fn story(lines: &str) -> World {
    let mut world = World::new();
    world.tell(lines);
    world
}

impl World {
    /// Tells more of the story.
    pub fn tell(&mut self, lines: &str) {
        for line in lines.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//")) {
            let (command, expected) = line.split_once("=>").map_or((line, None), |(left, right)| (left, Some(right.trim())));
            let answer = self.line(command);
            let text = answer.as_ref().map_or(String::new(), told);
            match expected {
                Some(expected) => assert_eq!(text, expected, "line `{line}`"),
                None => assert!(!matches!(answer, Some(Answer::Refused(_) | Answer::Parked(_))), "line `{line}`: {text}"),
            }
        }
        self.restart();
    }

    /// One line of a story; `None` for what only sets the scene.
    pub fn line(&mut self, line: &str) -> Option<Answer> {
        let line = &line.replace("#last", &format!("#{}", self.last_checkout));
        let words: Vec<&str> = line.split_whitespace().collect();
        let told = match words[..] {
            ["at", ms] => return self.scene(|world| world.now_ms = number(ms)),
            ["later", ms] => return self.scene(|world| world.now_ms += number::<i64>(ms)),
            ["key", version] => return self.scene(|world| world.key_version = number(version)),
            ["room", "for", requests] => return self.scene(|world| world.requests_max = number(requests)),
            ["catalog", "for", ref limits @ ..] => return self.scene(|world| world.catalog_limits = catalog_limits(limits)),
            ["restart"] => return self.scene(World::restart),
            ["forget", events] => return self.scene(|world| assert_eq!(world.forget(), number::<usize>(events))),
            ["deliver"] => {
                return self.scene(|world| {
                    world.deliver();
                });
            }
            ["deliver", messages] => return self.scene(|world| assert_eq!(world.deliver(), number::<usize>(messages))),
            ["pass", happenings] => return self.scene(|world| assert_eq!(world.pass(), number::<usize>(happenings))),
            ["heard"] => return Some(self.heard.remove(0)),
            ["lease", template, count, ref of @ ..] => return self.lease(self.pool(template, of), number(count)),
            ["sold", "out", template, total, ref of @ ..] => {
                let (pool, need) = (self.pool(template, of), value_of(of, "need=").map_or(1, number));
                return self.scene(|world| world.hear_sold_out(pool, number(total), need));
            }
            ["template", id, ref rest @ ..] => self.ask_catalog(&write(id, rest)),
            ["stop", template, request, ref dry @ ..] => self.ask_catalog(&CatalogCommand::Stop {
                template: id(template),
                request_id: id(request),
                validate_only: *dry == ["dry"],
            }),
            ["resume", template, request, ref dry @ ..] => self.ask_catalog(&CatalogCommand::Resume {
                template: id(template),
                request_id: id(request),
                validate_only: *dry == ["dry"],
            }),
            ["void-template", template, request, reason, ref rest @ ..] => {
                let told = self.ask_catalog(&CatalogCommand::Void(VoidTemplate {
                    template: id(template),
                    expected_version: value_of(rest, "version=").map_or(1, number),
                    reason: id(reason),
                    revoke_holds: rest.contains(&"revoke"),
                    request_id: id(request),
                    validate_only: rest.contains(&"dry"),
                }));
                self.hear_voids();
                told
            }
            ["show", template] => self.ask_catalog(&CatalogCommand::Get(id(template))),
            ["templates", page_size, ref rest @ ..] => self.ask_catalog(&CatalogCommand::List {
                page_size: number(page_size),
                from: value_of(rest, "from=").map_or(0, number),
                filter: asked::filter(rest),
            }),
            _ => self.ask(&command(&words)),
        };
        self.remember(&told);
        Some(told)
    }

    /// What `#last` is from now on.
    pub fn remember(&mut self, told: &Answer) {
        if let Answer::Told(Reply::CheckedOut(checkout)) = told {
            self.last_checkout = checkout.written.lsn;
        }
    }

    pub fn template_number(&self, template: &str) -> u32 {
        self.catalog.catalog().find(&id(template)).expect("the story made this template").terms.template
    }

    /// A template's stock, or its `budget`, or its `day=N`.
    fn pool(&self, template: &str, of: &[&str]) -> Pool {
        let template = self.template_number(template);
        match value_of(of, "day=") {
            Some(day) => Pool::day(template, number(day)),
            None if of.contains(&"budget") => Pool::budget(template),
            None => Pool::stock(template),
        }
    }

    fn lease(&mut self, pool: Pool, count: u64) -> Option<Answer> {
        let (template, day, step) = (pool.template(), pool.local_day(), Step::Received as u8);
        let received = match pool.is_stock() {
            true => Event::LeaseReceived(Lease { template, partition: 0, count }),
            false => Event::PoolLeased(PoolLeased { template, day, step, partition: 0, count }),
        };
        self.scene(|world| world.happen(&[received]))
    }

    fn scene(&mut self, change: impl FnOnce(&mut World)) -> Option<Answer> {
        change(self);
        None
    }
}

/// A command of the partition.
pub fn command(words: &[&str]) -> Command {
    match *words {
        ["claim", user, template, request, ref rest @ ..] => claim(Operation::Claim, user, template, request, rest),
        ["issue", user, template, request, ref rest @ ..] => claim(Operation::Issue, user, template, request, rest),
        ["redeem", who, coupon, order, amount, request, ref rest @ ..] => {
            let (merchant, order) = order.split_once('/').expect("an order is merchant/order");
            let (amount, currency) = money(amount);
            Command::Redeem(Redeem {
                instrument: instrument(who, coupon),
                merchant: id(merchant),
                order: id(order),
                amount,
                currency,
                channel: channel(rest),
                request_id: id(request),
            })
        }
        ["validate", who, coupon, amount, ref rest @ ..] => {
            let (amount, currency) = money(amount);
            let merchant = id(value_of(rest, "at=").unwrap_or("shop"));
            Command::Validate(Validate {
                instrument: instrument(who, coupon),
                merchant,
                amount,
                currency,
                channel: channel(rest),
            })
        }
        ["refund", redemption, request, ref rest @ ..] => Command::Refund(Refund {
            redemption: lsn(redemption),
            amount: value_of(rest, "amount=").map(number),
            request_id: id(request),
        }),
        ["hold", who, coupon, order, amount, request, ref rest @ ..] => {
            let (merchant, order) = order.split_once('/').expect("an order is merchant/order");
            let (amount, currency) = money(amount);
            Command::Hold(Hold {
                instrument: instrument(who, coupon),
                merchant: id(merchant),
                order: id(order),
                amount,
                currency,
                channel: channel(rest),
                ttl_ms: value_of(rest, "ttl=").map_or(0, number),
                request_id: id(request),
            })
        }
        ["capture", hold, request, ref rest @ ..] => Command::Capture(Capture {
            hold: lsn(hold),
            amount: value_of(rest, "amount=").map(number),
            reacquire: rest.contains(&"reacquire"),
            request_id: id(request),
        }),
        ["release", hold, request] => Command::Release(Release { hold: lsn(hold), request_id: id(request) }),
        ["freeze", "account", user, reason, request, ref rest @ ..] => {
            block_user(Operation::FreezeUser, user, reason, request, rest)
        }
        ["unfreeze", "account", user, reason, request, ref rest @ ..] => {
            block_user(Operation::UnfreezeUser, user, reason, request, rest)
        }
        ["freeze", who, coupon, reason, request, ref rest @ ..] => {
            block_coupon(Operation::FreezeCoupon, instrument(who, coupon), reason, request, rest)
        }
        ["unfreeze", who, coupon, reason, request, ref rest @ ..] => {
            block_coupon(Operation::UnfreezeCoupon, instrument(who, coupon), reason, request, rest)
        }
        ["void", who, coupon, request, ref rest @ ..] => Command::VoidCoupon(VoidCoupon {
            instrument: instrument(who, coupon),
            revoke_holds: rest.contains(&"revoke"),
            request_id: id(request),
        }),
        ["checkout", ref rest @ ..] => super::ordered::checkout(rest),
        ["offer", who, coupon, request, ref rest @ ..] => Command::OfferGift(OfferGift {
            instrument: instrument(who, coupon),
            ttl_ms: value_of(rest, "ttl=").map_or(0, number),
            request_id: id(request),
        }),
        ["cancel", gift, who, request] => {
            Command::CancelGift(CancelGift { gift: lsn(gift), user: super::key().user(who), request_id: id(request) })
        }
        ["accept", gift, who, request, ref rest @ ..] => Command::AcceptGift(AcceptGift {
            gift: lsn(gift),
            user: User { id: id(who), key: super::key().user(who) },
            to: value_of(rest, "to=").map_or(super::PARTITION, number),
            request_id: id(request),
        }),
        ["gift", gift, ref rest @ ..] => {
            Command::GetGift(GetGift { gift: lsn(gift), user: value_of(rest, "by=").map(|who| super::key().user(who)) })
        }
        ["order", order] => {
            let (merchant, order) = order.split_once('/').expect("an order is merchant/order");
            Command::ListRedemptions(ListRedemptions { merchant: id(merchant), order: id(order) })
        }
        ["redemptions", page_size, ref rest @ ..] => Command::ListRedemptionsByTime(asked::redemptions(number(page_size), rest)),
        ["claimable", page_size, ref rest @ ..] => Command::ListClaimable(Box::new(asked::claimable(number(page_size), rest))),
        ["view", who, coupon] => Command::GetCoupon(instrument(who, coupon)),
        ["reveal", who, coupon] => Command::RevealCode(instrument(who, coupon)),
        ["wallet", user, page_size, ref rest @ ..] => Command::ListCoupons(ListCoupons {
            user: super::key().user(user),
            status: status(rest),
            ends_before_ms: value_of(rest, "ends-before=").map_or(0, number),
            page_size: number(page_size),
            from: value_of(rest, "from=").map(number),
        }),
        ["raise", template, current, target, request, ref rest @ ..] => {
            let raise = RaiseStock {
                template: id(template),
                current: number(current),
                target: number(target),
                request_id: id(request),
                validate_only: rest.contains(&"dry"),
            };
            if rest.contains(&"budget") { Command::RaiseBudget(raise) } else { Command::RaiseStock(raise) }
        }
        ["stock", template] => Command::GetStock(id(template)),
        _ => super::cards::command(words).unwrap_or_else(|| panic!("no such command: {words:?}")),
    }
}

fn claim(operation: Operation, user: &str, template: &str, request: &str, rest: &[&str]) -> Command {
    let user = User { id: id(user), key: super::key().user(user) };
    let use_window = value_of(rest, "use=").map(|text| Box::new(window(text)));
    let (template, request_id, channel) = (id(template), id(request), channel(rest));
    Command::Claim(Claim { operation, user, template, request_id, channel, use_window })
}

/// `channel=NAME`
pub fn channel(words: &[&str]) -> Option<Box<Id>> {
    value_of(words, "channel=").map(|name| Box::new(id(name)))
}

fn block_coupon(operation: Operation, instrument: Instrument, reason: &str, request: &str, rest: &[&str]) -> Command {
    let (block, revoke_holds) = (block(reason), rest.contains(&"revoke"));
    Command::BlockCoupon(BlockCoupon { operation, instrument, block, revoke_holds, request_id: id(request) })
}

fn block_user(operation: Operation, user: &str, reason: &str, request: &str, rest: &[&str]) -> Command {
    let user = User { id: id(user), key: super::key().user(user) };
    let (block, revoke_holds) = (block(reason), rest.contains(&"revoke"));
    Command::BlockUser(BlockUser { operation, user, block, revoke_holds, request_id: id(request) })
}

fn block(reason: &str) -> Block {
    let words = [("risk", Block::Risk), ("merchant", Block::Merchant), ("operator", Block::Operator)];
    words.into_iter().find(|(word, _)| *word == reason).expect("a block is risk, merchant or operator").1
}

/// `#12` is an lsn.
pub fn lsn(text: &str) -> u64 {
    number(text.trim_start_matches('#'))
}

pub fn instrument(who: &str, coupon: &str) -> Instrument {
    if let Some(code) = who.strip_prefix("legacy:") {
        return Instrument::Legacy { code: super::key().legacy(code) };
    }
    match who.strip_prefix("code:") {
        None if who == "known" => Instrument::Known { coupon: number(coupon) },
        Some(version) => Instrument::Bearer { coupon: number(coupon), key_version: number(version) },
        None => Instrument::Owned { user: super::key().user(who), coupon: number(coupon) },
    }
}

fn status(words: &[&str]) -> StatusFilter {
    if words.contains(&"frozen") {
        return StatusFilter::Frozen;
    }
    let lives = [
        ("active", Life::Active),
        ("used", Life::Used),
        ("expired", Life::Expired),
        ("void", Life::Void),
        ("gifting", Life::Gifting),
        ("given", Life::Given),
    ];
    let only = lives.into_iter().find(|(word, _)| words.contains(word));
    only.map_or(StatusFilter::Any, |(_, life)| StatusFilter::Only(life))
}

/// `template ID (percent PAY | off THRESHOLD AMOUNT | card FACE | cash AMOUNT | pieces N AMOUNT | exchange N) REQUEST [options]`;
/// `version=N` makes it an update.
fn write(template: &str, words: &[&str]) -> CatalogCommand {
    let (kind, rest) = match *words {
        ["percent", pay, ref rest @ ..] => {
            let pay = BasisPoints::new(number(pay)).expect("basis points");
            (Kind::PercentOff { pay, cap: value_of(rest, "cap=").map(number) }, rest)
        }
        ["off", threshold, amount, ref rest @ ..] => {
            (Kind::AmountOff { threshold: number(threshold), amount: number(amount) }, rest)
        }
        ["card", face, ref rest @ ..] => (Kind::StoredValue { face_value: number(face) }, rest),
        ["cash", amount, ref rest @ ..] => (Kind::CashVoucher { amount: number(amount) }, rest),
        ["pieces", pieces, amount, ref rest @ ..] => (Kind::QuantityOff { pieces: number(pieces), amount: number(amount) }, rest),
        ["exchange", pieces, ref rest @ ..] => (Kind::Exchange { pieces: number(pieces) }, rest),
        _ => panic!("no such kind: {words:?}"),
    };
    let (request, options) = rest.split_first().expect("a template names its request");
    CatalogCommand::Write(WriteTemplate {
        template: id(template),
        expected_version: value_of(options, "version=").map(number),
        spec: spec(kind, options),
        request_id: id(request),
        validate_only: options.contains(&"dry"),
    })
}

/// What the options say, over a template without limits.
pub fn spec(kind: Kind, options: &[&str]) -> TemplateSpec {
    TemplateSpec {
        display: Display::new(value_of(options, "name=").unwrap_or(""), fields(options)),
        kind,
        currency: currency(if options.contains(&"USD") { "USD" } else { "CNY" }),
        rounding: if options.contains(&"floor") { Rounding::Floor } else { Rounding::HalfUp },
        issue: value_of(options, "issue=").map_or(Window::default(), window),
        validity: validity(options),
        per_user_limit: value_of(options, "limit=").map_or(0, number),
        stock: value_of(options, "stock=").map(number),
        refund: match value_of(options, "refund=") {
            Some("never") => RefundPolicy::Never,
            Some("any") => RefundPolicy::Any,
            _ => RefundPolicy::Full,
        },
        rules: KeptRules::new(super::ruled::rules(options)),
    }
}

/// `use=FROM..UNTIL`, `after=WAIT+VALID`, `days=WAIT+DAYS`, `at-issue`.
fn validity(options: &[&str]) -> Validity {
    let sum = |name| value_of(options, name).map(|text| text.split_once('+').expect("WAIT+LENGTH"));
    if let Some((wait, valid)) = sum("after=") {
        return Validity::Dynamic { wait_ms: number(wait), valid_ms: number(valid) };
    }
    if let Some((wait, days)) = sum("days=") {
        return Validity::Days { wait_ms: number(wait), days: number(days) };
    }
    match options.contains(&"at-issue") {
        true => Validity::AtIssue,
        false => Validity::Fixed(value_of(options, "use=").map_or(Window::default(), window)),
    }
}

/// `field=NAME:TEXT`, as many as there are.
fn fields(options: &[&str]) -> Vec<Field> {
    let fields = options.iter().filter_map(|word| word.strip_prefix("field="));
    let pairs = fields.map(|text| text.split_once(':').expect("field=NAME:TEXT"));
    pairs.map(|(name, text)| Field { name: name.into(), text: text.into() }).collect()
}

pub fn id(text: &str) -> Id {
    Id::new("story", text).expect("a short name")
}

pub fn currency(text: &str) -> Currency {
    Currency::parse(text).expect("three letters")
}

/// `500` or `500USD`.
pub fn money(text: &str) -> (i64, Currency) {
    let letters = text.find(|c: char| c.is_ascii_uppercase()).unwrap_or(text.len());
    (number(&text[..letters]), currency(if letters < text.len() { &text[letters..] } else { "CNY" }))
}

/// `10..20`, or `10..` for no end.
pub fn window(text: &str) -> Window {
    let (from, until) = text.split_once("..").expect("a window is from..until");
    Window { from_ms: number(from), until_ms: if until.is_empty() { 0 } else { number(until) } }
}

/// `[templates=N] [writes=N] [requests=N]`; what is not named has its own limit.
fn catalog_limits(words: &[&str]) -> Limits {
    let limits = Limits::default();
    Limits {
        templates_max: value_of(words, "templates=").map_or(limits.templates_max, number),
        writes_max: value_of(words, "writes=").map_or(limits.writes_max, number),
        requests_max: value_of(words, "requests=").map_or(limits.requests_max, number),
    }
}

pub fn value_of<'a>(words: &[&'a str], name: &str) -> Option<&'a str> {
    words.iter().find_map(|word| word.strip_prefix(name))
}

pub fn number<T: std::str::FromStr>(text: &str) -> T {
    text.parse().unwrap_or_else(|_| panic!("`{text}` is not the number that belongs here"))
}
