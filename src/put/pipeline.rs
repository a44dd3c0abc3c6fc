//! The synchronous core on its threads: one reads, some admit, one batches, one hashes, and a bounded channel hands
//! batches on.
//!
//! Whoever drops the receiving end stops them all.

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use super::admit::{Admit, Admitted, Fields, Rules};
use super::batch::{Batch, Batcher, Limits};
use super::read::{Blocks, ReadError};
use super::record::{Block, Columns, Raw, Span};
use super::report::{Reporter, Waiting};
use crate::oss::client::Body;

/// A batch that counts against the memory ceiling until it is dropped.
#[derive(Debug)]
pub(super) struct Queued {
    pub(super) batch: Batch,
    /// Its request body, hashed here, away from the threads that wait for turns; nothing in a rehearsal.
    pub(super) body: Option<Body>,
    /// Held until the batch is settled.
    pub(super) memory: Option<OwnedSemaphorePermit>,
}

/// What the threads work by.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) fields: Fields,
    pub(super) rules: Rules,
    pub(super) limits: Limits,
    /// Bytes of all batches alive.
    pub(super) memory: usize,
    /// Threads that admit.
    pub(super) threads: usize,
    /// Stretches that an earlier run settled beyond where this one starts: they are read and passed over.
    pub(super) settled: Vec<Span>,
    /// What opens a request body; nothing in a rehearsal.
    pub(super) prefix: Option<Bytes>,
    /// Who is told where reading begins, of columns that go nowhere, and which side waits for the other.
    pub(super) reporter: Arc<Reporter>,
}

/// Permits count in this unit, so that they fit the semaphore.
const MEMORY_UNIT: usize = 1024;

/// How long a batch waits for another one to be hashed with, which takes hardly longer than hashing it alone. A load
/// that fills batches faster than this is one that needs its processors; any other has time.
const COMPANION: Duration = Duration::from_millis(50);

/// Blocks that may be on their way between reading and batching, for each thread that admits: one that it judges, and
/// one on either side of it. A slow one in front must not let all that follow pile up behind it.
const BLOCKS_AHEAD: usize = 3;

/// A block with its place in the order, and the dimension its records must have.
struct Work {
    sequence: u64,
    dimension: Option<usize>,
    block: Block,
}

/// A judged block, or the end of reading, with its place in the order.
type Judged = (u64, Piece);

/// What the judging threads pass on.
enum Piece {
    Block(Admitted),
    /// The input's end, or the place where it cannot be read any further.
    End(Option<ReadError>),
}

/// Why no more batches come, other than the input's end.
#[derive(Debug)]
pub(super) enum Broken {
    /// The input cannot be read any further.
    Input(ReadError),
    /// A thread ended without a word: what it held is missing, so the input's end must not be believed.
    Thread,
}

/// Starts the threads on `blocks`.
pub(super) fn start(blocks: Blocks, plan: &Plan) -> mpsc::Receiver<Result<Queued, Broken>> {
    let (work_in, work_out) = sync_channel::<Work>(plan.threads);
    let (judged_in, judged_out) = sync_channel::<Judged>(plan.threads);
    let (ahead_in, ahead_out) = sync_channel(plan.threads * BLOCKS_AHEAD);
    // Up to six batches wait between being full and being sent: one waits for memory or for its place in `filled`, one
    // is there, two are being hashed, two are here. What waits beyond that is the input itself.
    let (batches_in, batches_out) = mpsc::channel(2);
    let work_out = Arc::new(Mutex::new(work_out));
    for _ in 0..plan.threads {
        let admit = Admit::new(plan.fields.clone(), plan.rules.clone());
        let (work, judged) = (Arc::clone(&work_out), judged_in.clone());
        thread::spawn(move || admit_blocks(admit, &work, &judged));
    }
    let admit = Admit::new(plan.fields.clone(), plan.rules.clone());
    let dimension = plan.rules.dimension;
    let mut watch = Watch {
        fields: plan.fields.clone(),
        reporter: Arc::clone(&plan.reporter),
        has_begun: false,
        last: None,
    };
    let blocks = blocks.inspect(move |block| watch.look(block));
    let spread = Spread { ahead: ahead_in, work: work_in, judged: judged_in };
    thread::spawn(move || read_blocks(blocks, admit, dimension, &spread));
    let memory = Arc::new(Semaphore::new(plan.memory.div_ceil(MEMORY_UNIT)));
    let (filled_in, filled_out) = sync_channel(1);
    let handing = Handing {
        filled: filled_in,
        batches: batches_in.clone(),
        memory: Arc::clone(&memory),
        most: plan.memory,
        runtime: tokio::runtime::Handle::current(),
        reporter: Arc::clone(&plan.reporter),
    };
    let prefix = plan.prefix.clone();
    thread::spawn(move || hash_batches(&filled_out, prefix.as_ref(), &memory, &batches_in));
    let batcher = Batcher::new(plan.limits);
    let settled = plan.settled.clone();
    thread::spawn(move || batch_blocks(batcher, judged_out, &ahead_out, &settled, &handing));
    batches_out
}

/// Tells where reading begins, and once for each header which of its columns go nowhere.
struct Watch {
    fields: Fields,
    reporter: Arc<Reporter>,
    has_begun: bool,
    last: Option<Arc<Columns>>,
}

impl Watch {
    fn look(&mut self, block: &Result<Block, ReadError>) {
        let Ok(block) = block else { return };
        if !std::mem::replace(&mut self.has_begun, true) {
            self.reporter.begins_at(block.bytes.start);
        }
        let columns = block.records.iter().find_map(|record| match &record.raw {
            Raw::Row { columns, .. } => Some(Some(columns)),
            Raw::Json(_) => Some(None),
            Raw::Broken { .. } => None,
        });
        let Some(columns) = columns.flatten() else { return };
        if self.last.as_ref() == Some(columns) {
            return;
        }
        self.last = Some(Arc::clone(columns));
        let unused = self.fields.unused(columns).join(",");
        if !unused.is_empty() {
            self.reporter.note(&format!(
                "note: columns that are not stored: {unused} (--metadata stores the ones it names)"
            ));
        }
    }
}

/// Where the reading thread puts blocks.
struct Spread {
    /// Each block takes a place here before it is read, until it is batched.
    ahead: SyncSender<()>,
    work: SyncSender<Work>,
    judged: SyncSender<Judged>,
}

/// Reads blocks and spreads them; as long as no dimension is known it judges them itself, one after another, since the
/// first good record decides.
fn read_blocks(
    mut blocks: impl Iterator<Item = Result<Block, ReadError>>,
    mut admit: Admit,
    mut dimension: Option<usize>,
    Spread { ahead, work, judged }: &Spread,
) {
    let mut sequence = 0;
    let mut end = None;
    loop {
        if ahead.send(()).is_err() {
            return;
        }
        let Some(block) = blocks.next() else { break };
        let sent = match block {
            Ok(block) if dimension.is_none() => {
                let admitted = admit.block(block);
                dimension = admitted.dimension;
                judged.send((sequence, Piece::Block(admitted))).is_ok()
            }
            Ok(block) => work.send(Work { sequence, dimension, block }).is_ok(),
            Err(error) => {
                end = Some(error);
                break;
            }
        };
        if !sent {
            return;
        }
        sequence += 1;
    }
    // Nobody takes it: then nobody needs it.
    judged.send((sequence, Piece::End(end))).unwrap_or_default();
}

fn admit_blocks(mut admit: Admit, work: &Mutex<Receiver<Work>>, judged: &SyncSender<Judged>) {
    loop {
        let next = work.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(Work { sequence, dimension, block }) = next else { return };
        admit.set_dimension(dimension);
        if judged.send((sequence, Piece::Block(admit.block(block)))).is_err() {
            return;
        }
    }
}

/// Where batches go, and the memory they need.
struct Handing {
    filled: SyncSender<Result<Queued, Broken>>,
    /// Where they go in the end; it tells when nobody takes them any more.
    batches: mpsc::Sender<Result<Queued, Broken>>,
    memory: Arc<Semaphore>,
    most: usize,
    runtime: tokio::runtime::Handle,
    reporter: Arc<Reporter>,
}

/// Nobody takes batches any more.
struct Closed;

impl Handing {
    /// Waits for memory, then hands the batch over.
    fn hand(&self, batch: Batch) -> Result<(), Closed> {
        let memory = Some(self.memory_for(&batch)?);
        self.reporter.waiting(Waiting::ToSend);
        self.filled.send(Ok(Queued { batch, body: None, memory })).map_err(|_| Closed)?;
        self.reporter.waiting(Waiting::ForInput);
        Ok(())
    }

    /// A batch larger than all memory takes all of it.
    fn memory_for(&self, batch: &Batch) -> Result<OwnedSemaphorePermit, Closed> {
        let units = batch.weight().min(self.most).div_ceil(MEMORY_UNIT);
        let units = u32::try_from(units).unwrap_or(u32::MAX);
        if let Ok(permit) = Arc::clone(&self.memory).try_acquire_many_owned(units) {
            return Ok(permit);
        }
        self.reporter.waiting(Waiting::ForMemory);
        let taken = self.runtime.block_on(async {
            tokio::select! {
                permit = Arc::clone(&self.memory).acquire_many_owned(units) => permit.ok(),
                () = self.batches.closed() => None,
            }
        });
        taken.ok_or(Closed)
    }
}

/// How long `queued` waits for another batch to be hashed with. Where there is no memory for one, none comes before this
/// one has left.
fn time_for_a_companion(queued: &Queued, memory: &Semaphore) -> Duration {
    let taken = queued.memory.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
    if memory.available_permits() >= taken { COMPANION } else { Duration::ZERO }
}

/// Makes the bodies of batches, two at a time if two are there, and hands them on in their order.
fn hash_batches(
    filled: &Receiver<Result<Queued, Broken>>,
    prefix: Option<&Bytes>,
    memory: &Semaphore,
    batches: &mpsc::Sender<Result<Queued, Broken>>,
) {
    while let Ok(mut first) = filled.recv() {
        let mut second = None;
        if let (Ok(first), Some(prefix)) = (&mut first, prefix) {
            second = filled.recv_timeout(time_for_a_companion(first, memory)).ok();
            if let Some(Ok(second)) = &mut second {
                let (body, other) = Body::pair(first.batch.body(prefix), second.batch.body(prefix));
                (first.body, second.body) = (Some(body), Some(other));
            } else {
                first.body = Some(Body::new(first.batch.body(prefix)));
            }
        }
        for queued in [Some(first), second].into_iter().flatten() {
            if batches.blocking_send(queued).is_err() {
                return;
            }
        }
    }
}

/// Puts judged blocks back in order and fills batches from them.
fn batch_blocks(
    mut batcher: Batcher,
    judged: Receiver<Judged>,
    ahead: &Receiver<()>,
    settled: &[Span],
    handing: &Handing,
) {
    let mut early = BTreeMap::new();
    let mut next = 0;
    for (sequence, piece) in judged {
        early.insert(sequence, piece);
        while let Some(piece) = early.remove(&next) {
            next += 1;
            let handed = match piece {
                Piece::Block(block) => batcher.block(block.without(settled), |batch| handing.hand(batch)),
                Piece::End(error) => return end(&mut batcher, handing, error.map(Broken::Input)),
            };
            if handed.is_err() {
                return;
            }
            // The block's own place, or another's: they are alike.
            ahead.try_recv().unwrap_or_default();
        }
    }
    end(&mut batcher, handing, Some(Broken::Thread));
}

/// Hands over what is left: what came before an error is good.
fn end(batcher: &mut Batcher, handing: &Handing, broken: Option<Broken>) {
    let handed = batcher.seal().map_or(Ok(()), |batch| handing.hand(batch));
    // From now on whatever is left waits to be sent.
    handing.reporter.waiting(Waiting::ToSend);
    if let (Ok(()), Some(broken)) = (handed, broken) {
        // Nobody takes it: then nobody needs it.
        handing.filled.send(Err(broken)).unwrap_or_default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::put::admit::MetadataValues;
    use crate::put::record::{Position, Record};

    fn block() -> Block {
        let raw = Raw::Json(Bytes::from_static(br#"{"key":"a","vector":[1]}"#));
        let records = vec![Record { position: Position::default(), raw }];
        Block { records, end: Position::default(), bytes: 0..0 }
    }

    fn admit() -> Admit {
        let rules = Rules {
            dimension: None,
            metric: None,
            non_filterable: None,
            metadata_values: MetadataValues::Reject,
            largest: 1 << 20,
        };
        Admit::new(Fields::new(&[], &[], &[]), rules)
    }

    #[test]
    fn a_slow_block_in_front_does_not_let_all_that_follow_pile_up() {
        let (ahead, places) = sync_channel(3);
        let (work, taken) = sync_channel(100);
        let (judged, _admitted) = sync_channel(100);
        let reading = thread::spawn(move || {
            let mut read = 0;
            let blocks = std::iter::repeat_with(|| {
                read += 1;
                Ok(block())
            });
            read_blocks(blocks.take(50), admit(), Some(1), &Spread { ahead, work, judged });
            read
        });
        for _ in 0..3 {
            assert!(taken.recv().is_ok());
        }
        // Nobody is done with a block, so there is no place for a fourth.
        drop(places);
        assert_eq!(reading.join().unwrap(), 3);
    }

    fn queued(memory: &Arc<Semaphore>, units: u32) -> Queued {
        let mut batcher = Batcher::new(Limits { vectors: 1, bytes: 1 });
        let block = admit().block(block());
        batcher.block(block, |_| Err(())).unwrap();
        let memory = Arc::clone(memory).try_acquire_many_owned(units).ok();
        Queued { batch: batcher.seal().unwrap(), body: None, memory }
    }

    #[test]
    fn a_batch_waits_for_no_companion_that_memory_forbids() {
        let memory = Arc::new(Semaphore::new(10));
        let first = queued(&memory, 4);
        assert_eq!(time_for_a_companion(&first, &memory), COMPANION);
        let second = queued(&memory, 4);
        assert_eq!(time_for_a_companion(&second, &memory), Duration::ZERO);
        drop(first);
        assert_eq!(time_for_a_companion(&second, &memory), COMPANION);
    }
}
