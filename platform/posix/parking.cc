#include "platform/posix/parking.h"

#include <algorithm>
#include <new>

namespace toro::posix {
namespace {

constexpr size_t kBuckets = 128;

struct alignas(kCacheLineBytes) Bucket {
  SpinLock lock;
  std::atomic<uint32_t> waiters{0};  // queued, or about to be
  ListLink* first = nullptr;
  ListLink* last = nullptr;

  void Append(WaitingPlace& place) {
    place.queued = true;
    place.next = nullptr;
    place.previous = last;
    (last != nullptr ? last->next : first) = &place;
    last = &place;
  }
  void Remove(WaitingPlace& place) {
    place.queued = false;
    (place.previous != nullptr ? place.previous->next : first) = place.next;
    (place.next != nullptr ? place.next->previous : last) = place.previous;
    place.next = place.previous = nullptr;
    waiters.fetch_sub(1, std::memory_order_relaxed);
  }
};

constinit Bucket buckets[kBuckets];

Bucket& BucketOf(const void* word) {
  uint64_t mixed = reinterpret_cast<uint64_t>(word) * 0x9e3779b97f4a7c15;
  return buckets[mixed >> 57];
}
static_assert(kBuckets == size_t{1} << (64 - 57));

// For isolated CPUs: in a global variable, which all can write. A thread that finds none polls.
class PlacePool {
 public:
  WaitingPlace* Take() {
    SpinLockHolder holder(lock_);
    if (ListLink* place = free_) {
      free_ = place->next;
      return new (static_cast<WaitingPlace*>(place)) WaitingPlace;
    }
    return used_ < kPlaces ? new (places_ + used_++ * sizeof(WaitingPlace)) WaitingPlace : nullptr;
  }
  void Give(WaitingPlace* place) {
    SpinLockHolder holder(lock_);
    place->next = free_;
    free_ = place;
  }

 private:
  static constexpr size_t kPlaces = 256;
  SpinLock lock_;
  ListLink* free_ = nullptr;
  size_t used_ = 0;
  alignas(WaitingPlace) unsigned char places_[kPlaces * sizeof(WaitingPlace)] = {};
};
constinit PlacePool pool;

// On the waiter's CPU, in any context.
void Complete(Waiter& waiter) {
  Scheduler& here = Scheduler::Current();
  if (waiter.timer.linked()) here.timers().Stop(waiter.timer);
  waiter.done = true;
  here.MakeReady(*waiter.thread);
}

void DeliverWakeLine(Cpu&, CpuId, const uint64_t* words, size_t) { Complete(*reinterpret_cast<Waiter*>(words[0])); }

// I2, I3: the place is out of the queue.
void Wake(WaitingPlace& place) {
  Scheduler* here = Scheduler::CurrentOrNull();
  TORO_CHECK(here != nullptr, "a pthread that is no CPU of the kernel wakes a thread of the kernel; it cannot");
  if (place.cpu == here->id()) return Complete(*place.waiter);
  const uint64_t words[] = {reinterpret_cast<uint64_t>(place.waiter)};
  here->lines().Send(place.cpu, &DeliverWakeLine, words, 1, &place.line);
}

void FireDeadline(Timer& timer) { Interrupt(*static_cast<Waiter::WaiterTimer&>(timer).waiter, ParkResult::kTimedOut); }

constexpr uint64_t kPollNs = 50 * kNsPerUs;

}  // namespace

Waiter::Waiter() { place = Scheduler::Current().exchange().isolated() ? pool.Take() : &own_place; }
Waiter::~Waiter() {
  if (place != &own_place && place != nullptr) pool.Give(place);
}

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
  waiter.thread = here.current();
  WaitingPlace& place = *waiter.place;
  place.word = word;
  place.waiter = &waiter;
  place.cpu = here.id();
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
    bucket.Append(place);
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
  WaitingPlace& place = *waiter.place;
  Bucket& bucket = BucketOf(place.word);
  bucket.lock.Lock();
  bool found = place.queued;
  if (found) {
    bucket.Remove(place);
    place.result = result;
  }
  bucket.lock.Unlock();
  if (found) Wake(place);
}

ParkResult Park(const uint32_t* word, uint32_t expected, uint64_t deadline_ns) {
  if (!InThread()) {
    if (__atomic_load_n(word, __ATOMIC_ACQUIRE) != expected) return ParkResult::kChanged;
    Machine::Relax();
    return Machine::NowNs() >= deadline_ns ? ParkResult::kTimedOut : ParkResult::kWoken;
  }
  Waiter waiter;
  if (waiter.place == nullptr) return Poll(word, expected, deadline_ns);
  ParkResult refused = Enqueue(waiter, word, expected, deadline_ns);
  if (refused != ParkResult::kWoken) return refused;
  WaitUntilDone(waiter, deadline_ns);
  return waiter.place->result;
}

ParkResult Poll(const uint32_t* word, uint32_t expected, uint64_t deadline_ns) {
  if (__atomic_load_n(word, __ATOMIC_ACQUIRE) != expected) return ParkResult::kChanged;
  uint64_t now_ns = Machine::NowNs();
  if (now_ns >= deadline_ns) return ParkResult::kTimedOut;
  (void)Scheduler::SleepUntil(std::min(deadline_ns, now_ns + kPollNs));
  return ParkResult::kWoken;
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
    auto& place = static_cast<WaitingPlace&>(*link);
    link = link->next;
    if (place.word != word) continue;
    bucket.Remove(place);
    place.result = result;
    *end = &place;
    end = &place.next;
    ++count;
  }
  bucket.lock.Unlock();
  while (woken != nullptr) {
    auto& place = static_cast<WaitingPlace&>(*woken);
    woken = place.next;
    Wake(place);
  }
  return count;
}

}  // namespace toro::posix
