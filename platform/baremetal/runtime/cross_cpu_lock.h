// CrossCpuLock: guards the few words of the C and C++ libraries that all CPUs share by the language's definition.
//
// WHY a lock, in a kernel without one: stdout's buffer, the list of atexit functions, a function-local static and a
// std::mutex are shared because the standard says so. Only code that uses them pays; nothing in core, services and
// drivers does.
// WHY it yields: threads are cooperative, so the holder may be a thread of this very CPU that waits for something.
#ifndef PLATFORM_BAREMETAL_RUNTIME_CROSS_CPU_LOCK_H_
#define PLATFORM_BAREMETAL_RUNTIME_CROSS_CPU_LOCK_H_

#include <atomic>
#include <cstdint>

namespace toro::runtime {

// Lets the other threads of this CPU run; outside of a thread, only gives the other CPUs time.
void WaitALittle();

class CrossCpuLock {
 public:
  constexpr CrossCpuLock() = default;

  void Lock() {
    while (held_.exchange(true, std::memory_order_acquire)) WaitALittle();
  }
  void Unlock() { held_.store(false, std::memory_order_release); }

 private:
  std::atomic<bool> held_{false};
};

class CrossCpuLockHolder {
 public:
  explicit CrossCpuLockHolder(CrossCpuLock& lock) : lock_(lock) { lock_.Lock(); }
  ~CrossCpuLockHolder() { lock_.Unlock(); }
  CrossCpuLockHolder(const CrossCpuLockHolder&) = delete;
  CrossCpuLockHolder& operator=(const CrossCpuLockHolder&) = delete;

 private:
  CrossCpuLock& lock_;
};

}  // namespace toro::runtime

#endif  // PLATFORM_BAREMETAL_RUNTIME_CROSS_CPU_LOCK_H_
