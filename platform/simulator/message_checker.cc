#include "platform/simulator/message_checker.h"

#include <algorithm>

#include "platform/simulator/store_buffers.h"
#include "platform/simulator/violation.h"

namespace toro::simulator {
namespace {

unsigned long long Word(uint64_t word) { return word; }

}  // namespace

void MessageChecker::Begin(size_t cpus, uint64_t most_ticks) {
  cpus_ = cpus;
  most_ticks_ = most_ticks;
  pairs_.resize(cpus * cpus);
}

bool MessageChecker::Fifo::Has(uint64_t what) const {
  return std::any_of(items_.begin() + static_cast<std::ptrdiff_t>(first_), items_.end(),
                     [what](const Item& item) { return item.what == what; });
}

void MessageChecker::Posted(CpuId from, CpuId to, const void* message) {
  const auto what = reinterpret_cast<uint64_t>(message);
  for (size_t i = 0; i < cpus_; ++i) {
    if (!Between(from, CpuId{i}).messages.Has(what)) continue;
    Violation("ownership", "CPU %zu posts message %p to CPU %zu, and it is on its way to CPU %zu", from.index(),
              message, to.index(), i);
  }
  Between(from, to).messages.Push({what, store_buffers.tick()});
}

void MessageChecker::Delivered(CpuId from, CpuId to, const void* message) {
  Fifo& fifo = Between(from, to).messages;
  if (fifo.empty() || fifo.front().what != reinterpret_cast<uint64_t>(message)) {
    Violation("conservation", "CPU %zu gets message %p of CPU %zu; the next one is %p", to.index(), message,
              from.index(), fifo.empty() ? nullptr : reinterpret_cast<void*>(fifo.front().what));
  }
  fifo.Pop();
}

void MessageChecker::Published(CpuId from, CpuId to, uint64_t what) {
  Between(from, to).lines.Push({what, store_buffers.tick()});
}

void MessageChecker::Taken(CpuId from, CpuId to, uint64_t what) {
  Fifo& fifo = Between(from, to).lines;
  if (fifo.empty() || fifo.front().what != what) {
    Violation("conservation", "CPU %zu gets line %llx of CPU %zu; the next one is %llx", to.index(), Word(what),
              from.index(), Word(fifo.empty() ? 0 : fifo.front().what));
  }
  fifo.Pop();
}

template <typename Visit>
void MessageChecker::ForEach(Visit visit) const {
  for (size_t i = 0; i < pairs_.size(); ++i) {
    for (const Fifo* fifo : {&pairs_[i].messages, &pairs_[i].lines}) {
      if (!fifo->empty()) visit(i / cpus_, i % cpus_, *fifo, fifo == &pairs_[i].messages ? "message" : "line");
    }
  }
}

void MessageChecker::CheckAges() const {
  ForEach([this](size_t from, size_t to, const Fifo& fifo, const char* what) {
    const uint64_t age = store_buffers.tick() - fifo.front().tick;
    if (age <= most_ticks_) return;
    Violation("liveness", "a %s of CPU %zu to CPU %zu has been on its way for %llu ticks", what, from, to, Word(age));
  });
}

void MessageChecker::CheckNothingInFlight() const {
  ForEach([](size_t from, size_t to, const Fifo& fifo, const char* what) {
    Violation("liveness",
              "lost wake-up: every CPU halts, and a %s of CPU %zu to CPU %zu has been on its way for %llu ticks", what,
              from, to, Word(store_buffers.tick() - fifo.front().tick));
  });
}

}  // namespace toro::simulator
