#include "platform/simulator/store_buffers.h"

#include <algorithm>

namespace toro::simulator {

constinit StoreBuffers store_buffers;

void StoreBuffers::Begin(uint64_t seed, unsigned delay_bits, void (*wake)(CpuId target)) {
  random_ = RandomStream(seed, kStoreStream);
  delay_bits_ = delay_bits;
  wake_ = wake;
}

void StoreBuffers::Put(void* word, uint64_t value, size_t bytes) {
  Tick();
  Queue& queue = *own_;
  const uint64_t delay = delay_bits_ == 0 || own_ == &nobody_ ? 0 : random_.AnySize(delay_bits_);
  if (queue.count == kMostStores) MakeVisible(queue, running_);
  uint64_t due = tick_ + delay;
  if (queue.count > 0) due = std::max(due, queue.at(queue.count - 1).due);  // I1
  queue.at(queue.count++) = {word, value, due, bytes};
  if (due <= tick_) {
    while (queue.count > 0) MakeVisible(queue, running_);
  } else {
    waiting_.Add(running_);
    next_due_ = std::min(next_due_, queue.at(0).due);
  }
}

// I2. Words of one owner may lie in a word that is read together (ByteLine).
void StoreBuffers::Forward(const void* word, void* value, size_t bytes) const {
  const auto begin = reinterpret_cast<uintptr_t>(word);
  for (size_t i = 0; i < own_->count; ++i) {
    const Pending& store = own_->at(i);
    const uintptr_t offset = reinterpret_cast<uintptr_t>(store.word) - begin;
    if (offset < bytes) std::memcpy(static_cast<char*>(value) + offset, &store.value, store.bytes);
  }
}

void StoreBuffers::MakeVisible(Queue& queue, CpuId cpu) {
  const Pending store = queue.at(0);
  queue.first = (queue.first + 1) % kMostStores;
  if (--queue.count == 0 && cpu.index() < kMaxCpus) waiting_.Remove(cpu);
  if (store.word != nullptr) {
    std::memcpy(store.word, &store.value, store.bytes);
  } else if (wake_ != nullptr) {
    wake_(CpuId{store.value});
  }
}

void StoreBuffers::MakeDueVisible() {
  waiting_.ForEach([this](CpuId cpu) {
    Queue& queue = queues_[cpu.index()];
    while (queue.count > 0 && queue.at(0).due <= tick_) MakeVisible(queue, cpu);
  });
  FindNextDue();
}

void StoreBuffers::FindNextDue() {
  next_due_ = kNoTick;
  waiting_.ForEach([this](CpuId cpu) { next_due_ = std::min(next_due_, queues_[cpu.index()].at(0).due); });
}

}  // namespace toro::simulator
