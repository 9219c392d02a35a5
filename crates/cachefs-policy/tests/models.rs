//! Every policy against a slow, obvious one that was written apart from it: the same victim after every step.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod dice;
mod model;
mod world;

use cachefs_policy::EvictionPolicy;
use world::World;

type Maker = fn(u64) -> Box<dyn EvictionPolicy>;

fn agree(policy: Maker, model: Maker) {
    for seed in 1..=150 {
        World::new(seed, policy, model).run(800);
    }
}

macro_rules! agrees {
    ($name:ident, $policy:expr, $model:expr) => {
        #[test]
        fn $name() {
            agree(|capacity| Box::new($policy(capacity)), |capacity| Box::new($model(capacity)));
        }
    };
}

agrees!(fifo, |_| cachefs_policy::Fifo::new(), |_| model::fifo::Model::default());
agrees!(lru, |_| cachefs_policy::Lru::new(), |_| model::lru::Model::default());
agrees!(clock, |_| cachefs_policy::Clock::new(), |_| model::clock::Model::default());
agrees!(sieve, |_| cachefs_policy::Sieve::new(), |_| model::sieve::Model::default());
agrees!(s3fifo, cachefs_policy::S3Fifo::new, model::s3fifo::Model::new);
agrees!(two_q, cachefs_policy::TwoQ::new, model::two_q::Model::new);
agrees!(arc, cachefs_policy::Arc::new, model::arc::Model::new);
agrees!(lfu, |_| cachefs_policy::Lfu::new(), |_| model::lfu::Model::default());
agrees!(gdsf, |_| cachefs_policy::Gdsf::new(), |_| model::gdsf::Model::default());
agrees!(lru2, cachefs_policy::Lru2::new, model::lru2::Model::new);
agrees!(lirs, cachefs_policy::Lirs::new, model::lirs::Model::new);
agrees!(wtinylfu, cachefs_policy::WTinyLfu::new, model::wtinylfu::Model::new);
agrees!(ttl, |_| cachefs_policy::Ttl::new(), |_| model::ttl::Model::default());

/// As many entries as its sample: its choice among more is at random.
#[test]
fn hybrid() {
    for seed in 1..=300 {
        let slots = u32::try_from(cachefs_policy::Hybrid::SAMPLE).unwrap();
        let policy: Maker = |_| Box::new(cachefs_policy::Hybrid::new());
        World::new(seed, policy, |_| Box::new(model::hybrid::Model::default())).with_slots(slots).run(800);
    }
}
