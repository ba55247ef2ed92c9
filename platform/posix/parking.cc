#include "platform/posix/parking.h"

namespace toro::posix {
namespace {

constexpr size_t kBuckets = 128;

struct alignas(kCacheLineBytes) Bucket {
  SpinLock lock;
  std::atomic<uint32_t> waiters{0};  // queued, or about to be
  ListLink* first = nullptr;
  ListLink* last = nullptr;

  void Append(Waiter& waiter) {
    waiter.queued = true;
    waiter.next = nullptr;
    waiter.previous = last;
    (last != nullptr ? last->next : first) = &waiter;
    last = &waiter;
  }
  void Remove(Waiter& waiter) {
    waiter.queued = false;
    (waiter.previous != nullptr ? waiter.previous->next : first) = waiter.next;
    (waiter.next != nullptr ? waiter.next->previous : last) = waiter.previous;
    waiter.next = waiter.previous = nullptr;
    waiters.fetch_sub(1, std::memory_order_relaxed);
  }
};

constinit Bucket buckets[kBuckets];

Bucket& BucketOf(const void* word) {
  uint64_t mixed = reinterpret_cast<uint64_t>(word) * 0x9e3779b97f4a7c15;
  return buckets[mixed >> 57];
}
static_assert(kBuckets == size_t{1} << (64 - 57));

// On the waiter's CPU, in any context.
void Complete(Waiter& waiter) {
  Scheduler& here = Scheduler::Current();
  if (waiter.timer.linked()) here.timers().Stop(waiter.timer);
  waiter.done = true;
  here.MakeReady(*waiter.thread);
}

void DeliverWakeLine(Cpu&, CpuId, const uint64_t* words, size_t) { Complete(*reinterpret_cast<Waiter*>(words[0])); }

void DeliverWake(Cpu&, Message& message) { Complete(*static_cast<Waiter::WaiterMessage&>(message).waiter); }

// I2, I3: the waiter is out of the queue.
void Wake(Waiter& waiter) {
  Scheduler* here = Scheduler::CurrentOrNull();
  TORO_CHECK(here != nullptr, "a pthread that is no CPU of the kernel wakes a thread of the kernel; it cannot");
  if (waiter.cpu == here->id()) return Complete(waiter);
  const uint64_t words[] = {reinterpret_cast<uint64_t>(&waiter)};
  CpuId cpu = waiter.cpu;
  if (here->exchange().SendLine(cpu, &DeliverWakeLine, words, 1)) return;
  waiter.message.waiter = &waiter;
  waiter.message.deliver = &DeliverWake;
  here->exchange().Post(cpu, waiter.message);
}

void FireDeadline(Timer& timer) { Interrupt(*static_cast<Waiter::WaiterTimer&>(timer).waiter, ParkResult::kTimedOut); }

}  // namespace

bool InThread() {
  Scheduler* here = Scheduler::CurrentOrNull();
  if (here == nullptr) return false;
  TORO_CHECK(here->MayBlock(),
             "a message handler or timer has to wait for a mutex, condition or other object of the standard library");
  return true;
}

const void* CallerIdentity() {
  Scheduler* here = Scheduler::CurrentOrNull();
  if (here == nullptr) return __builtin_thread_pointer();
  const void* thread = here->current();
  return thread != nullptr ? thread : here;
}

ParkResult Enqueue(Waiter& waiter, const uint32_t* word, uint32_t expected, uint64_t deadline_ns) {
  Scheduler& here = Scheduler::Current();
  waiter.word = word;
  waiter.thread = here.current();
  waiter.cpu = here.id();
  Bucket& bucket = BucketOf(word);
  SpinLockHolder holder(bucket.lock);
  bucket.waiters.fetch_add(1, std::memory_order_seq_cst);
  ParkResult result = ParkResult::kWoken;
  if (__atomic_load_n(word, __ATOMIC_SEQ_CST) != expected) {
    result = ParkResult::kChanged;
  } else if (deadline_ns != kNever && Machine::NowNs() >= deadline_ns) {
    result = ParkResult::kTimedOut;
  }
  if (result == ParkResult::kWoken) {
    bucket.Append(waiter);
  } else {
    bucket.waiters.fetch_sub(1, std::memory_order_relaxed);
  }
  return result;
}

// A wake-up that is under way already arrives by the loop only, that is after Block: between Enqueue and Block nothing
// takes messages.
void WaitUntilDone(Waiter& waiter, uint64_t deadline_ns) {
  if (deadline_ns != kNever) {
    waiter.timer.waiter = &waiter;
    waiter.timer.fire = &FireDeadline;
    Scheduler::Current().timers().Start(waiter.timer, deadline_ns);
  }
  while (!waiter.done) Scheduler::Block();
}

void Interrupt(Waiter& waiter, ParkResult result) {
  Bucket& bucket = BucketOf(waiter.word);
  bucket.lock.Lock();
  bool found = waiter.queued;
  if (found) {
    bucket.Remove(waiter);
    waiter.result = result;
  }
  bucket.lock.Unlock();
  if (found) Wake(waiter);
}

ParkResult Park(const uint32_t* word, uint32_t expected, uint64_t deadline_ns) {
  if (!InThread()) {
    if (__atomic_load_n(word, __ATOMIC_ACQUIRE) != expected) return ParkResult::kChanged;
    Machine::Relax();
    return Machine::NowNs() >= deadline_ns ? ParkResult::kTimedOut : ParkResult::kWoken;
  }
  Waiter waiter;
  ParkResult refused = Enqueue(waiter, word, expected, deadline_ns);
  if (refused != ParkResult::kWoken) return refused;
  WaitUntilDone(waiter, deadline_ns);
  return waiter.result;
}

size_t Unpark(const void* word, size_t most, ParkResult result) {
  Bucket& bucket = BucketOf(word);
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (bucket.waiters.load(std::memory_order_seq_cst) == 0) return 0;
  // Linked through `next` again once they are out of the queue.
  ListLink* woken = nullptr;
  ListLink** end = &woken;
  size_t count = 0;
  bucket.lock.Lock();
  for (ListLink* link = bucket.first; link != nullptr && count < most;) {
    Waiter& waiter = static_cast<Waiter&>(*link);
    link = link->next;
    if (waiter.word != word) continue;
    bucket.Remove(waiter);
    waiter.result = result;
    *end = &waiter;
    end = &waiter.next;
    ++count;
  }
  bucket.lock.Unlock();
  while (woken != nullptr) {
    Waiter& waiter = static_cast<Waiter&>(*woken);
    woken = waiter.next;
    Wake(waiter);
  }
  return count;
}

}  // namespace toro::posix
