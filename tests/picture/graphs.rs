//! The graphs that are drawn.

use stagekit::prelude::*;

#[derive(Clone, Debug)]
pub struct Post {
    pub author: u32,
    pub title: String,
}

pub struct Refused;

macro_rules! stages {
    ($($kind:ident $name:ident($from:ty) -> $to:ty;)*) => {
        $(#[$kind] pub fn $name(_event: $from) -> $to { unreachable!("it is only drawn") })*
    };
}

macro_rules! sinks {
    ($($name:ident($from:ty);)*) => {
        $(#[consumer] pub fn $name(_event: $from) {})*
    };
}

stages! {
    producer_consumer render(Post) -> String;
    producer_consumer index(String) -> Vec<String>;
    producer_consumer word(String) -> String;
    producer_consumer decode(String) -> Result<Post, Refused>;
    producer_consumer validate(Post) -> Result<Post, Refused>;
    producer_consumer price(Post) -> Result<Post, Refused>;
    producer_consumer reserve(Post) -> Result<Post, Refused>;
    producer_consumer ship_north(Post) -> u64;
    producer_consumer ship_south(Post) -> u64;
    producer_consumer notify(u64) -> Vec<u64>;
    producer_consumer sample(u64) -> u64;
    producer_consumer alarms(u64) -> String;
    producer_consumer tail(String) -> String;
    producer_consumer squeeze(String) -> u64;
    producer_consumer balance(u64) -> u64;
    producer_consumer total(u64) -> Option<u64>;
    producer_consumer square(u64) -> u64;
}

sinks! {
    store(String);
    bill(Post);
    mail(Post);
    refused(Refused);
    page_oncall(String);
    report(u64);
    archive(String);
    push(u64);
    sms(u64);
}

#[producer]
pub fn posts() -> impl Iterator<Item = Post> {
    std::iter::empty()
}

#[producer]
pub fn lines() -> impl Iterator<Item = String> {
    std::iter::empty()
}

#[producer]
pub fn numbers(range: std::ops::Range<u64>) -> impl Iterator<Item = u64> {
    range
}

#[producer_consumer]
pub fn double(n: u64) -> u64 {
    n * 2
}

#[consumer]
pub fn add(n: u64, sum: &mut u64) {
    *sum += n;
}

#[producer_consumer]
pub async fn ship_air(post: Post) -> u64 {
    u64::from(post.author)
}

pub fn chain() -> Pipeline {
    pipeline! { numbers(0..9) => double.max_demand(20).workers(2) => |n| n + 1 => text_of => store }
}

#[producer_consumer]
pub fn text_of(n: u64) -> String {
    n.to_string()
}

pub fn diamond() -> impl Topological {
    pipeline! { let sum = add(0); numbers(0..9) => [double => sum, square => sum.max_demand(5)]; }
}

pub fn any() -> Pipeline {
    pipeline! { [numbers(0..9), numbers(9..99).name("more")] => any [add(0).workers(4), report, double => push] }
}

pub fn by() -> Pipeline {
    pipeline! { posts => by |post| post.author % 8 [bill.workers(4), render => archive] }
}

pub fn fused() -> Pipeline {
    pipeline! { lines -> decode else refused -> |p: Post| p.title.trim().to_owned() -> filter |t| t.len() > 3 => store }
}

pub fn words() -> Segment<String, String> {
    pipeline! { .. => index -> word => .. }
}

pub fn segment() -> Pipeline {
    pipeline! { lines => { words() } => [store, |s| if s.contains("<&\"") { 1 } else { 0 } => add(0)] }
}

/// Thirty stages.
pub fn large() -> impl Topological {
    pipeline! {
        let dead = refused;
        let ledger = balance.max_demand(500);
        let tracked = sample;
        let metrics = add(0);
        let orders = text_line;

        [lines.name("orders"), lines.name("refunds").buffer(1000, Overflow::DropOldest)] => orders;
        orders => decode else dead -> validate else dead -> |post: Post| normal(post) => by |post| post.author [
            price.workers(4) else dead => any [
                reserve.workers(8) else dead => any [ship_north, ship_south, ship_air.concurrency(20)] => tracked,
                mail
            ],
            bill,
            render => index => |words| words.len() as u64 => ledger
        ];
        tracked => [
            ledger,
            notify => flat_map |n| vec![n; 3] => any [sms.on_error(skip()), push, double.name("mail_out") => metrics],
            |n| n.to_string() -> tail => archive.blocking()
        ];
        numbers(0..9).name("clock") => square => [metrics, alarms => page_oncall];
        ledger => total -> inspect |n| println!("{n}") => report;
        lines.name("audit") => tail.name("tail_f") -> squeeze => metrics;
    }
}

pub fn normal(post: Post) -> Post {
    post
}

#[derive(Clone)]
pub enum Parcel {
    Letter(String),
    Box { weight: u64 },
    Lost,
}

#[producer]
pub fn parcels() -> impl Iterator<Item = Parcel> {
    [Parcel::Letter("to whom it may concern".into()), Parcel::Box { weight: 8 }, Parcel::Lost].into_iter()
}

pub fn branches() -> Pipeline {
    pipeline! {
        parcels => match {
            Parcel::Letter(text) if text.is_empty() => _,
            Parcel::Letter(text) => archive,
            Parcel::Box { weight } => by |weight| weight % 10 [push.workers(2), double => report],
            Parcel::Lost => |()| 1 => sms,
        }
    }
}

/// Words above one another, and branches that discard before some that do not.
pub fn sorted() -> Input<String> {
    pipeline! {
        let counted = sum_up;

        .. => parse else match {
            Bad::Empty => _,
            Bad::Digits(text) => archive,
        } => match {
            0 => _,
            n if n > 99 => text_of => store,
            7 => _,
            n if n % 2 == 0 => counted,
            n => square => counted,
        };
    }
}

#[derive(Debug)]
pub enum Bad {
    Empty,
    Digits(String),
}

#[producer_consumer]
fn parse(text: String) -> Result<u64, Bad> {
    if text.is_empty() { Err(Bad::Empty) } else { text.parse().map_err(|_| Bad::Digits(text)) }
}

#[consumer]
fn sum_up(_n: u64) {}

#[producer_consumer]
pub fn text_line(line: String) -> String {
    line
}

/// Whatever its result is: the type of a pipeline with named states has no name.
pub trait Topological {
    fn graph(&self) -> stagekit::Topology;
}

impl<In: Send + 'static, Out: Send + 'static> Topological for Segment<In, Out> {
    fn graph(&self) -> stagekit::Topology {
        self.topology()
    }
}

impl<T> Topological for Pipeline<T> {
    fn graph(&self) -> stagekit::Topology {
        self.topology()
    }
}
