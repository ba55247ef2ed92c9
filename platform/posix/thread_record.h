// ThreadRecord: what pthread_t names. A thread of the kernel gets one when it is created by pthread_create, or when it
// first asks for something that is kept here.
//
// WHY not the Thread itself: it is used again as soon as the thread has ended, and belongs to a CPU; the result, the
// name and a request to cancel are shared by their meaning, and outlive the thread until it is joined.
//
// INVARIANTS
//   I1. Records are used again and never freed, and a pthread_t carries the record's generation: a stale one is an
//       error (ESRCH), never a wild pointer, unless 65,535 other threads had the same record meanwhile.
//   I2. A record has two references: the thread's, until it has ended, and the handle's, until join or detach.
//   I3. Lock order: a record's lock, then a bucket's of parking.cc.
#ifndef PLATFORM_POSIX_THREAD_RECORD_H_
#define PLATFORM_POSIX_THREAD_RECORD_H_

#include <pthread.h>

#include <atomic>
#include <cstdint>

#include "core/sched/thread.h"
#include "platform/posix/parking.h"

namespace toro::posix {

struct KeyValue {
  void* value = nullptr;
  uint32_t generation = 0;  // of the key
};

struct ThreadRecord : ThreadRuntime {
  enum class Handle : uint8_t { kJoinable, kJoining, kDetached };

  SpinLock lock;
  uint16_t generation = 1;
  std::atomic<uint8_t> references{0};
  ThreadRecord* next_free = nullptr;

  // Of the lock.
  Handle handle = Handle::kDetached;
  bool cancel_requested = false;
  Waiter* waiter = nullptr;         // while the thread is in CancellablePark
  ThreadRecord* joining = nullptr;  // whose end the thread waits for
  char name[16] = {};

  uint32_t ended = 0;  // parking word: 1 when its thread_local variables and keys are gone
  void* result = nullptr;
  ThreadId id;
  CpuId cpu;  // where it started, or moved to by affinity

  // Of the thread itself.
  void* (*start)(void*) = nullptr;
  void* argument = nullptr;
  bool cancel_enabled = true;
  bool exiting = false;
  bool created = false;  // by pthread_create
  KeyValue* keys = nullptr;
  alignas(16) unsigned char unwinding[32] = {};  // the exception of pthread_exit: its frame is among those that go
};

// Of the calling thread; made if there is none. Thread context.
ThreadRecord& CurrentRecord();

// A record with `references`, or null: no memory.
ThreadRecord* TakeRecord(uint8_t references);
void DropReference(ThreadRecord& record);

pthread_t HandleOf(const ThreadRecord& record);
// Null when the handle names none. The caller holds the lock of what it gets.
ThreadRecord* FindAndLock(pthread_t handle);

// As Park, and a cancellation point: pthread_cancel of this thread ends the wait, and the thread unless the caller has
// something to do first: then it calls EndIfCancelled itself.
ParkResult CancellablePark(const uint32_t* word, uint32_t expected, uint64_t deadline_ns = kNever);

// pthread_testcancel.
void EndIfCancelled();

// Runs the destructors of the thread's keys (pthread_keys.cc).
void RunKeyDestructors(ThreadRecord& record);

// What Thread::runtime runs when the thread has ended otherwise (pthread_threads.cc).
void FinishRecord(ThreadRuntime& runtime);

}  // namespace toro::posix

#endif  // PLATFORM_POSIX_THREAD_RECORD_H_
