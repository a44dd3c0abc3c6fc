//! The synchronous core on its threads: one reads, some admit, one batches, one hashes, and a bounded channel passes
//! the batches on.
//!
//! Dropping the receiving end stops them all.

mod bodies;
pub(crate) mod first_look;
mod linting;
mod queued;

use std::collections::BTreeMap;
use std::io;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use self::bodies::Bodies;
use self::first_look::{First, FirstLook};
use self::linting::Linting;
pub(crate) use self::queued::{Broken, Queued};
use super::batch::{Batch, Batcher, Limits, Sample};
use super::books::tracker::in_order;
use super::report::{Reporter, Waiting};
use crate::admit::{Admit, Admitted, Fields, Rules};
use crate::exit::{ErrorCode, Failure};
use crate::oss::client::Body;
use crate::read::{Blocks, FailedInput};
use crate::record::{Block, Position, Span};
use crate::resources::{keep_freed_memory, spawn, too_few_threads};

/// The parameters of the threads.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) fields: Fields,
    pub(crate) rules: Rules,
    pub(crate) limits: Limits,
    /// Which keys to batch.
    pub(crate) sample: Option<Sample>,
    /// Maximum bytes of all batches in memory.
    pub(crate) memory: usize,
    /// Stretches that an earlier run settled beyond the start of this one: they are read and skipped.
    pub(crate) settled: Vec<Span>,
    /// The start of a request body; `None` if nothing is sent.
    pub(crate) prefix: Option<Bytes>,
    /// Whether to hash request bodies.
    pub(crate) hashes: bool,
    /// Whether anything that would be noted about the input ends the load.
    pub(crate) strict: bool,
    /// What the first records must satisfy before anything is passed on.
    pub(crate) first_look: FirstLook,
    /// Receives where reading begins, what is found, and which side waits for the other.
    pub(crate) reporter: Arc<Reporter>,
}

/// The unit of the semaphore's permits, so that their number fits.
const MEMORY_UNIT: usize = 1024;

/// Maximum number of blocks between reading and batching per admitting thread: the one that it judges, and one on
/// either side. A slow block at the front must not let all later ones pile up behind it.
const BLOCKS_AHEAD: usize = 3;

/// A block with its place in the order, and the dimension that its records must have.
struct Work {
    sequence: u64,
    dimension: Option<usize>,
    block: Block,
}

/// A judged block, or the end of reading, with its place in the order.
type Judged = (u64, Piece);

/// An item from the admitting threads.
enum Piece {
    Block(Admitted),
    /// An input ends here prematurely; the next one follows.
    Failed(Box<FailedInput>),
    /// The end of all inputs, or why it comes early.
    End(Option<Failure>),
}

/// Starts the threads on `blocks`. If the system allows too few threads, nothing is read.
pub(crate) fn start(blocks: Blocks, plan: &Plan) -> mpsc::Receiver<Result<Queued, Broken>> {
    begin(blocks, plan).unwrap_or_else(|error| {
        let (failed, batches) = mpsc::channel(1);
        failed.try_send(Err(Broken::End(too_few_threads(&error)))).unwrap_or_default();
        batches
    })
}

fn begin(blocks: Blocks, plan: &Plan) -> io::Result<mpsc::Receiver<Result<Queued, Broken>>> {
    keep_freed_memory();
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let (work_in, work_out) = sync_channel::<Work>(threads);
    let (judged_in, judged_out) = sync_channel::<Judged>(threads);
    let (ahead_in, ahead_out) = sync_channel(threads * BLOCKS_AHEAD);
    // Up to eighteen full batches wait to be sent, as far as there is memory: one waits for memory or for its place in
    // `filled`, seven are there, eight are being hashed, two are here. Beyond that, the input itself waits.
    let (batches_in, batches_out) = mpsc::channel(2);
    let work_out = Arc::new(Mutex::new(work_out));
    for _ in 0..threads {
        let admit = Admit::new(plan.fields.clone(), plan.rules.clone());
        let (work, judged) = (Arc::clone(&work_out), judged_in.clone());
        spawn(move || admit_blocks(admit, &work, &judged))?;
    }
    let admit = Admit::new(plan.fields.clone(), plan.rules.clone());
    let first_look = plan.first_look.clone();
    let reporter = Arc::clone(&plan.reporter);
    let blocks = blocks.passing_over(plan.settled.clone()).when_empty(move |input| reporter.is_empty(input));
    let reporter = Arc::clone(&plan.reporter);
    let blocks = blocks.when_header_repeated(move |first, rows| reporter.repeats_header(first, rows));
    let reporter = Arc::clone(&plan.reporter);
    let blocks = blocks.when_recognised(move |input, what| reporter.recognised(input, what));
    let passed_over = blocks.bytes_passed_over();
    let mut watch = Watch { reporter: Arc::clone(&plan.reporter), passed_over, has_begun: false };
    let blocks = blocks.inspect(move |block| watch.look(block));
    let spread = Spread { ahead: ahead_in, work: work_in, judged: judged_in };
    let memory = Arc::new(Semaphore::new(plan.memory.div_ceil(MEMORY_UNIT)));
    // As many as are hashed together, less the one that arrives for them: while some are hashed, others are filled.
    let (filled_in, filled_out) = sync_channel(Body::HASHED_TOGETHER - 1);
    let handing = Handing {
        filled: filled_in,
        batches: batches_in.clone(),
        memory: Arc::clone(&memory),
        most: plan.memory,
        runtime: tokio::runtime::Handle::current(),
        reporter: Arc::clone(&plan.reporter),
    };
    let bodies = plan.prefix.clone().map(|prefix| Bodies { prefix, hashes: plan.hashes, memory });
    spawn(move || bodies::make(&filled_out, bodies.as_ref(), &batches_in))?;
    let batcher = Batcher::new(plan.limits).of_sample(plan.sample);
    let settled = in_order(plan.settled.clone());
    let linting = Linting::new(&plan.rules, plan.strict, settled, Arc::clone(&plan.reporter));
    spawn(move || batch_blocks(batcher, (judged_out, ahead_out), linting, &handing))?;
    // Last, since all other threads must be ready to take what is read.
    spawn(move || read_blocks(blocks, admit, &first_look, &spread))?;
    Ok(batches_out)
}

/// Reports where reading begins.
struct Watch {
    reporter: Arc<Reporter>,
    /// The bytes of later inputs that are not read.
    passed_over: u64,
    has_begun: bool,
}

impl Watch {
    fn look(&mut self, block: &Result<Block, Box<FailedInput>>) {
        let Ok(block) = block else { return };
        if !std::mem::replace(&mut self.has_begun, true) {
            self.reporter.begins_at(block.bytes.start, self.passed_over);
        }
    }
}

/// The channels of the reading thread.
struct Spread {
    /// Each block takes a place here before it is read, until it is batched.
    ahead: SyncSender<()>,
    work: SyncSender<Work>,
    judged: SyncSender<Judged>,
}

/// Each method returns `None` once the receivers are gone.
impl Spread {
    /// Waits for a place among the blocks in progress.
    fn place(&self) -> Option<()> {
        self.ahead.send(()).ok()
    }

    fn work(&self, work: Work) -> Option<()> {
        self.work.send(work).ok()
    }

    fn judged(&self, sequence: u64, admitted: Admitted) -> Option<()> {
        self.judged.send((sequence, Piece::Block(admitted))).ok()
    }

    fn failed(&self, sequence: u64, failed: Box<FailedInput>) -> Option<()> {
        self.judged.send((sequence, Piece::Failed(failed))).ok()
    }

    fn end(&self, sequence: u64, failure: Option<Failure>) {
        // If there is no receiver, the end is not needed.
        self.judged.send((sequence, Piece::End(failure))).unwrap_or_default();
    }
}

/// Reads blocks and distributes them. It judges the first ones, and all blocks until a dimension is known, itself and
/// in order: the first good record decides, and the first records may end the load before anything is sent.
fn read_blocks(
    mut blocks: impl Iterator<Item = Result<Block, Box<FailedInput>>>,
    mut admit: Admit,
    first_look: &FirstLook,
    spread: &Spread,
) {
    let mut sequence = 0;
    let First { admitted, failed } = match first_look.take(&mut blocks, &mut admit) {
        Ok(first) => first,
        Err(failure) => return spread.end(sequence, Some(failure)),
    };
    let mut failed = failed.into_iter().peekable();
    let mut dimension = None;
    for (number, admitted) in admitted.into_iter().enumerate() {
        dimension = admitted.dimension;
        while let Some((_, failed)) = failed.next_if(|(before, _)| *before == number) {
            if spread.place().and_then(|()| spread.failed(sequence, failed)).is_none() {
                return;
            }
            sequence += 1;
        }
        let handed = spread.place().and_then(|()| spread.judged(sequence, admitted));
        if handed.is_none() {
            return;
        }
        sequence += 1;
    }
    let mut blocks = failed.map(|(_, failed)| Err(failed)).chain(blocks);
    loop {
        if spread.place().is_none() {
            return;
        }
        let Some(block) = blocks.next() else { break };
        let handed = match block {
            Err(failed) => spread.failed(sequence, failed),
            Ok(block) if dimension.is_none() => {
                let admitted = admit.block(block);
                dimension = admitted.dimension;
                spread.judged(sequence, admitted)
            }
            Ok(block) => spread.work(Work { sequence, dimension, block }),
        };
        if handed.is_none() {
            return;
        }
        sequence += 1;
    }
    spread.end(sequence, None);
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

/// The target of batches, and the memory for them.
struct Handing {
    filled: SyncSender<Result<Queued, Broken>>,
    /// The final target of batches; shows when the receiver is gone.
    batches: mpsc::Sender<Result<Queued, Broken>>,
    memory: Arc<Semaphore>,
    most: usize,
    runtime: tokio::runtime::Handle,
    reporter: Arc<Reporter>,
}

/// The receiver of batches is gone.
struct Closed;

impl Handing {
    /// Waits for memory, then passes the batch on.
    fn hand(&self, batch: Batch) -> Result<(), Closed> {
        let memory = Some(self.memory_for(&batch)?);
        self.reporter.waiting(Waiting::ToSend);
        self.filled.send(Ok(Queued { batch, body: None, memory })).map_err(|_| Closed)?;
        self.reporter.waiting(Waiting::ForInput);
        Ok(())
    }

    /// Takes memory for a batch; one larger than all memory takes all of it.
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

/// Restores the order of judged blocks and fills batches from them.
fn batch_blocks(
    mut batcher: Batcher,
    (judged, ahead): (Receiver<Judged>, Receiver<()>),
    mut linting: Linting,
    handing: &Handing,
) {
    let mut early = BTreeMap::new();
    let mut next = 0;
    let mut reached: Option<Position> = None;
    for (sequence, piece) in judged {
        early.insert(sequence, piece);
        while let Some(piece) = early.remove(&next) {
            next += 1;
            let handed = match piece {
                Piece::Block(block) => {
                    let block = block.numbered_after(reached);
                    reached = Some(block.end);
                    let block = match linting.block(block) {
                        Ok(block) => block,
                        Err(failure) => return end(&mut batcher, handing, Some(failure)),
                    };
                    batcher.block(block, |batch| handing.hand(batch))
                }
                Piece::Failed(mut failed) => {
                    // The reader does not count a record that shared a line with another.
                    let is_there =
                        |end: &Position| (end.input, end.offset) == (failed.at.input, failed.at.offset);
                    failed.at = reached.filter(is_there).unwrap_or(failed.at);
                    interrupt(&mut batcher, handing, failed)
                }
                Piece::End(failure) => {
                    let failure = failure.or_else(|| linting.end());
                    return end(&mut batcher, handing, failure);
                }
            };
            if handed.is_err() {
                return;
            }
            // Frees the place of this block or of another; they are equivalent.
            ahead.try_recv().unwrap_or_default();
        }
    }
    let message = "a defect in ossvec itself: a thread ended before the input did";
    end(&mut batcher, handing, Some(Failure::new(ErrorCode::Bug, message)));
}

/// Closes the batch where an input fails, so that no batch covers the place, and passes the failure on.
fn interrupt(batcher: &mut Batcher, handing: &Handing, failed: Box<FailedInput>) -> Result<(), Closed> {
    batcher.seal().map_or(Ok(()), |batch| handing.hand(batch))?;
    let before = batcher.next_number();
    handing.filled.send(Err(Broken::Input { failed, before })).map_err(|_| Closed)
}

/// Passes on the last batch.
fn end(batcher: &mut Batcher, handing: &Handing, failure: Option<Failure>) {
    let handed = batcher.seal().map_or(Ok(()), |batch| handing.hand(batch));
    // From now on, anything left waits to be sent.
    handing.reporter.waiting(Waiting::ToSend);
    if let (Ok(()), Some(failure)) = (handed, failure) {
        // If there is no receiver, the failure is not needed.
        handing.filled.send(Err(Broken::End(failure))).unwrap_or_default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Raw, Record};

    fn block() -> Block {
        block_of(1)
    }

    fn block_of(records: usize) -> Block {
        let raw = Raw::Json(Bytes::from_static(br#"{"key":"a","vector":[1]}"#));
        let records = vec![Record { position: Position::default(), raw }; records];
        Block { records, end: Position::default(), bytes: 0..0, around: Vec::new() }
    }

    fn admit() -> Admit {
        Admit::new(Fields::new(&[], &[], &[]), Rules::of_no_index())
    }

    #[test]
    fn of_a_block_what_is_settled_in_any_stretch_is_left_out() {
        let at = |record: u64| Position { offset: record * 10, record, ..Position::default() };
        let span = |start, end| Span { start: at(start), end: at(end) };
        for first in [0, 3, 9] {
            let records =
                (first..20).map(|record| Record { position: at(record), ..block().records.remove(0) });
            let block = Block { records: records.collect(), end: at(20), bytes: 0..0, around: Vec::new() };
            let stretches =
                in_order(vec![span(12, 14), span(1, 3), span(16, 25), span(5, 8), span(6, 10), span(2, 4)]);
            let left = admit().block(block).without(&stretches).verdicts;
            let left: Vec<_> =
                left.iter().map(|verdict| verdict.as_ref().unwrap().position().record).collect();
            let wanted: Vec<_> =
                [0, 4, 10, 11, 14, 15].into_iter().filter(|record| *record >= first).collect();
            assert_eq!(left, wanted);
        }
    }

    #[test]
    fn a_slow_block_in_front_does_not_let_all_that_follow_pile_up() {
        let (ahead, places) = sync_channel(3);
        let (work, taken) = sync_channel(100);
        let (judged, first) = sync_channel(100);
        let reading = thread::spawn(move || {
            let mut read = 0;
            let blocks = std::iter::repeat_with(|| {
                read += 1;
                // One block is enough for the first look.
                Ok(block_of(500))
            });
            let spread = Spread { ahead, work, judged };
            read_blocks(blocks.take(50), admit(), &FirstLook::new(Vec::new(), Some(1)), &spread);
            read
        });
        assert!(first.recv().is_ok());
        for _ in 0..2 {
            assert!(taken.recv().is_ok());
        }
        // No block is done, so there is no place for a fourth.
        drop(places);
        assert_eq!(reading.join().unwrap(), 3);
    }
}
