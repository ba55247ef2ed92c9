// Result<T>: a value, or the reason why there is none. For failures that come from outside; bugs are TORO_CHECK.
#ifndef CORE_BASE_RESULT_H_
#define CORE_BASE_RESULT_H_

#include <cstdint>
#include <new>
#include <utility>

#include "core/base/check.h"

namespace toro {

enum class [[nodiscard]] Status : uint8_t {
  kOk,
  kNoSuchCpu,        // a CpuId at or beyond CpuCount()
  kOutOfMemory,      // the partition of the CPU that had to provide it is exhausted
  kInvalidArgument,  // outside of the documented range
  kNoSuchThread,     // the id is stale: that thread has ended and was joined, or was detached
  kAlreadyJoined,    // another thread waits for it, or it is detached
  kWouldDeadlock,    // a thread would wait for itself: joins itself, locks a mutex that it holds
  kTimedOut,         // the deadline came first
  kFull,             // a bounded queue has no room now
  kNotSupported,     // this machine or this world cannot do it
  kCancelled,        // the thread that waits, or that was to be suspended or cancelled, has been asked to end
  kSuspended,        // the thread is suspended already
  kNotSuspended,     // the thread that was to be resumed is not suspended
  kHoldsMutex,       // a thread that holds a mutex cannot leave the CPU of the mutex
  kClosed,           // the other side is gone: a closed channel, a promise that was dropped
  kIsolated,         // it would write into the memory of another CPU, and the CPUs are isolated
  kUnreachable,      // no way leads to that address, or nobody there answers
  kRefused,          // the host is there, but nobody on it takes what was sent or asked
  kReset,            // the other side has given up a connection
};

constexpr const char* StatusText(Status status) {
  switch (status) {
    case Status::kOk: return "ok";
    case Status::kNoSuchCpu: return "no such CPU";
    case Status::kOutOfMemory: return "out of memory in the partition";
    case Status::kInvalidArgument: return "invalid argument";
    case Status::kNoSuchThread: return "no such thread";
    case Status::kAlreadyJoined: return "already joined or detached";
    case Status::kWouldDeadlock: return "a thread would wait for itself";
    case Status::kTimedOut: return "timed out";
    case Status::kFull: return "full";
    case Status::kNotSupported: return "not supported here";
    case Status::kCancelled: return "cancelled";
    case Status::kSuspended: return "suspended already";
    case Status::kNotSuspended: return "not suspended";
    case Status::kHoldsMutex: return "the thread holds a mutex";
    case Status::kClosed: return "closed";
    case Status::kIsolated: return "the CPUs are isolated";
    case Status::kUnreachable: return "unreachable";
    case Status::kRefused: return "refused by the other side";
    case Status::kReset: return "reset by the other side";
  }
  return "unknown status";
}

template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : status_(Status::kOk) { new (&storage_) T(std::move(value)); }  // NOLINT: implicit by design
  Result(Status failure) : status_(failure) {                                      // NOLINT: implicit by design
    TORO_CHECK(failure != Status::kOk, "a Result without a value needs a failure");
  }
  Result(Result&& other) : status_(other.status_) {
    if (ok()) new (&storage_) T(std::move(other.value()));
  }
  Result(const Result&) = delete;
  Result& operator=(const Result&) = delete;
  ~Result() {
    if (ok()) value().~T();
  }

  bool ok() const { return status_ == Status::kOk; }
  Status status() const { return status_; }

  T& value() {
    TORO_CHECK(ok(), "value() of a failed Result; look at status() first");
    return *std::launder(reinterpret_cast<T*>(&storage_));
  }

 private:
  alignas(T) unsigned char storage_[sizeof(T)];  // NOLINT(bugprone-sizeof-expression): a T may be a pointer
  Status status_;
};

}  // namespace toro

#endif  // CORE_BASE_RESULT_H_
