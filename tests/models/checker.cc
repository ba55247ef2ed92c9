#include "tests/models/checker.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#endif

namespace toro::model {
namespace {

constexpr size_t kStackBytes = 64 * 1024;
constexpr size_t kArenaBytes = 128 * 1024;

// Fixed places, so that every execution sees the same addresses.
alignas(128) unsigned char stacks[kMaxThreads][kStackBytes];
alignas(128) unsigned char arena[kArenaBytes];

}  // namespace

// Saves the callee-saved registers and the stack pointer, and continues the other stack.
extern "C" void toro_model_switch(void** save, void* to);
asm(R"(
.text
.type toro_model_switch, @function
toro_model_switch:
  push %rbp
  push %rbx
  push %r12
  push %r13
  push %r14
  push %r15
  mov %rsp, (%rdi)
  mov %rsi, %rsp
  pop %r15
  pop %r14
  pop %r13
  pop %r12
  pop %rbx
  pop %rbp
  ret
.size toro_model_switch, . - toro_model_switch
)");

Model* Model::current_ = nullptr;

void Model::Misuse(const char* cause) {
  std::fprintf(stderr, "model checker: %s\n", cause);
  std::abort();
}

void View::JoinSeen(const View& other, size_t words) {
  for (size_t i = 0; i < words; ++i) seen[i] = std::max(seen[i], other.seen[i]);
}

void View::Join(const View& other, size_t words) {
  JoinSeen(other, words);
  for (size_t i = 0; i < kMaxThreads; ++i) clock[i] = std::max(clock[i], other.clock[i]);
}

// ---- setup

void Model::Reset(MemoryModel memory, bool tracing) {
  current_ = this;
  memory_ = memory;
  tracing_ = tracing;
  running_ = peeking_ = -1;
  choices_ = chosen_ = continued_count_ = 0;
  verdict_ = Verdict::kHolds;
  message_.clear();
  trace_.clear();
  trace_lines_ = 0;
  fence_view_ = View{};
  thread_count_ = word_count_ = plain_count_ = 0;
  names_.clear();
  weakened_.clear();
  never_stored_.clear();
  std::memset(arena, 0, arena_used_);
  arena_used_ = 0;
}

void* Model::Allocate(size_t bytes, size_t alignment) {
  arena_used_ = (arena_used_ + alignment - 1) / alignment * alignment;
  if (arena_used_ + bytes > kArenaBytes) Misuse("the objects of the model exceed kArenaBytes; make them smaller");
  void* place = arena + arena_used_;
  arena_used_ += bytes;
  return place;
}

bool Model::IsInArena(uint64_t value) { return value - reinterpret_cast<uintptr_t>(arena) < kArenaBytes; }

void* Model::Find(const char* name) const {
  for (const Named& named : names_) {
    if (std::strcmp(named.label.text, name) == 0) return reinterpret_cast<void*>(named.address);
  }
  Misuse("no object of that name");
}

void Model::WeakenOrderOf(const char* name, Weaken what) {
  for (const Named& named : names_) {
    if (std::strcmp(named.label.text, name) == 0) weakened_.push_back({named.address, named.bytes, what});
  }
}

int Model::AddWord(const void* address) {
  if (word_count_ == kMaxWords) Misuse("more shared words than kMaxWords; raise it");
  Word& word = words_[word_count_];
  word.address = reinterpret_cast<uintptr_t>(address);
  word.release_is_relaxed = word.acquire_is_relaxed = word.never_stored = false;
  word.stores.clear();
  word.stores.emplace_back();
  return static_cast<int>(word_count_++);
}

int Model::AddPlain(const void* address) {
  if (plain_count_ == kMaxPlains) Misuse("more plain words than kMaxPlains; raise it");
  plains_[plain_count_] = Plain{reinterpret_cast<uintptr_t>(address), 0, 0, 0, {}};
  return static_cast<int>(plain_count_++);
}

void Model::Thread(Label label, std::function<void()> body) {
  if (thread_count_ == kMaxThreads) Misuse("more threads than kMaxThreads");
  size_t index = thread_count_++;
  ThreadState& thread = threads_[index];
  thread.label = label;
  thread.body = std::move(body);
  thread.done = thread.draining = thread.retry = false;
  thread.next_loads = 0;
  thread.condition = nullptr;
  thread.history = Hash{};
  thread.now = thread.pending = thread.released = View{};
  thread.now.clock[index] = 1;
  thread.buffer.clear();
  thread.buffer_start = 0;
#if defined(__SANITIZE_ADDRESS__)
  ASAN_UNPOISON_MEMORY_REGION(stacks[index], kStackBytes);  // the last execution was abandoned midway
#endif
  auto* top = reinterpret_cast<uint64_t*>(stacks[index] + kStackBytes);
  *--top = 0;
  *--top = reinterpret_cast<uint64_t>(&FiberMain);
  for (int i = 0; i < 6; ++i) *--top = 0;
  thread.stack_pointer = top;
}

void Model::Start() {
  for (const Weakened& w : weakened_) {
    for (size_t i = 0; i < word_count_; ++i) {
      Word& word = words_[i];
      if (word.address < w.address || word.address >= w.address + w.bytes) continue;
      (w.what == Weaken::kReleaseToRelaxed ? word.release_is_relaxed : word.acquire_is_relaxed) = true;
    }
  }
  for (const Range& range : never_stored_) {
    for (size_t i = 0; i < word_count_; ++i) {
      if (words_[i].address - range.address < range.bytes) words_[i].never_stored = true;
    }
  }
  for (size_t i = 0; i < thread_count_; ++i) SwitchTo(static_cast<int>(i));
}

// ---- scheduling

void Model::FiberMain() {
  Model& model = Current();
  model.self().body();
  model.self().done = true;
  model.Yield();
  Misuse("a finished thread was run");
}

void Model::SwitchTo(int thread) {
  running_ = thread;
  toro_model_switch(&search_stack_pointer_, threads_[thread].stack_pointer);
}

void Model::Yield() {
  ThreadState& thread = self();
  toro_model_switch(&thread.stack_pointer, search_stack_pointer_);
}

// Where other threads may come in between. The condition of an Await is one event, so there are none in it.
void Model::Point() {
  if (self().condition == nullptr) Yield();
}

size_t Model::Choose(size_t count) {
  if (count == 1) return 0;
  choices_ = count;
  Yield();
  return chosen_;
}

bool Model::Runnable(int index) {
  ThreadState& thread = threads_[index];
  if (thread.done) return false;
  if (thread.draining) return thread.buffer_start == thread.buffer.size();
  if (thread.condition == nullptr || thread.retry) return true;
  peeking_ = index;
  peeked_ = 0;
  bool now = (*thread.condition)();
  thread.next_loads = peeked_;
  peeking_ = -1;
  return now;
}

size_t Model::Actions(uint8_t* actions) {
  size_t count = 0;
  if (choosing()) {
    for (; count < choices_; ++count) actions[count] = static_cast<uint8_t>(kChoose + count);
    return count;
  }
  // The thread that ran last comes first: counter-examples have fewer switches.
  for (size_t k = 0; k < thread_count_; ++k) {
    int i = static_cast<int>((static_cast<size_t>(running_) + k) % thread_count_);
    if (Runnable(i)) actions[count++] = static_cast<uint8_t>(kRun + i);
  }
  uint64_t flushes = FlushesThatMatter(count > 0);
  for (size_t i = 0; i < thread_count_; ++i) {
    if ((flushes >> i & 1) != 0) actions[count++] = static_cast<uint8_t>(kFlush + i);
  }
  return count;
}

uint64_t Model::BufferedWords(const ThreadState& thread) const {
  uint64_t words = 0;
  for (size_t i = thread.buffer_start; i < thread.buffer.size(); ++i) words |= uint64_t{1} << thread.buffer[i].word;
  return words;
}

// A store that goes from a buffer to memory changes what others load, in which order two stores to a word arrive, and
// whether a fence is over. As long as the next step of no other thread loads a word of the buffer, no other buffer
// holds one of them, and its thread does not stand in a fence, the store commutes with everything: it may as well go
// later, and is no decision now.
uint64_t Model::FlushesThatMatter(bool any_runs) const {
  uint64_t flushes = 0;
  for (size_t i = 0; i < thread_count_; ++i) {
    uint64_t words = BufferedWords(threads_[i]);
    if (words == 0) continue;
    bool matters = threads_[i].draining || !any_runs;
    for (size_t k = 0; k < thread_count_ && !matters; ++k) {
      if (k == i) continue;
      uint64_t loads = threads_[k].done ? 0 : threads_[k].next_loads;
      matters = (words & (loads | BufferedWords(threads_[k]))) != 0;
    }
    if (matters) flushes |= uint64_t{1} << i;
  }
  return flushes;
}

void Model::Apply(uint8_t action) {
  if (action >= kChoose) {
    chosen_ = action - kChoose;
    choices_ = 0;
    SwitchTo(running_);
  } else if (action >= kFlush) {
    ThreadState& thread = threads_[action - kFlush];
    const Buffered& oldest = thread.buffer[thread.buffer_start++];
    if (tracing_) {
      int last = running_;
      running_ = action - kFlush;
      Trace("  (memory now has %s = %s)", NameOf(words_[oldest.word].address).c_str(),
            ValueText(oldest.store.value).c_str());
      running_ = last;
    }
    Append(oldest.word, oldest.store);
  } else {
    SwitchTo(action);
  }
}

bool Model::AllDone() const {
  for (size_t i = 0; i < thread_count_; ++i) {
    if (!threads_[i].done) return false;
  }
  return true;
}

// ---- memory

uint64_t Model::NewestFor(int index, int word) const {
  if (index >= 0) {
    const ThreadState& thread = threads_[index];
    for (size_t i = thread.buffer.size(); i > thread.buffer_start; --i) {
      if (thread.buffer[i - 1].word == word) return thread.buffer[i - 1].store.value;
    }
  }
  return words_[word].stores.back().value;
}

size_t Model::PickStore(const Word& word, const ThreadState& thread) {
  size_t oldest = thread.now.seen[&word - words_];
  return word.stores.size() - 1 - Choose(word.stores.size() - oldest);
}

uint64_t Model::Load(int word, bool acquire) {
  uint64_t value;
  LoadTogether(&word, 1, &value, acquire);
  return value;
}

void Model::LoadTogether(const int* words, size_t count, uint64_t* values, bool acquire) {
  if (running_ < 0 || peeking_ >= 0) {
    for (size_t i = 0; i < count; ++i) {
      values[i] = NewestFor(peeking_, words[i]);
      peeked_ |= uint64_t{1} << words[i];
    }
    return;
  }
  bool constant = true;
  for (size_t i = 0; i < count; ++i) constant &= words_[words[i]].never_stored;
  if (constant) {
    for (size_t i = 0; i < count; ++i) values[i] = words_[words[i]].stores.back().value;
    return;
  }
  ThreadState& thread = self();
  if (thread.condition == nullptr) {
    thread.next_loads = 0;
    for (size_t i = 0; i < count; ++i) thread.next_loads |= uint64_t{1} << words[i];
  }
  Point();
  thread.next_loads = 0;
  View learnt;
  for (size_t i = 0; i < count; ++i) {
    Word& word = words_[words[i]];
    size_t newer = 0;
    if (memory_ == MemoryModel::kCpp) {
      size_t pick = PickStore(word, thread);
      newer = word.stores.size() - 1 - pick;
      thread.now.seen[words[i]] = static_cast<uint8_t>(pick);
      values[i] = word.stores[pick].value;
      thread.pending.Join(word.stores[pick].view, word_count_);
      if (acquire && !word.acquire_is_relaxed) learnt.Join(word.stores[pick].view, word_count_);
    } else {
      values[i] = NewestFor(running_, words[i]);
      learnt.Join(word.stores.back().view, 0);
    }
    thread.history.Mix(static_cast<uint64_t>(words[i]) + 1);
    thread.history.Mix(values[i]);
    if (tracing_) {
      Trace("reads %s: %s%s", NameOf(word.address).c_str(), ValueText(values[i]).c_str(),
            newer == 0 ? "" : "  (an old value; a newer one is on its way)");
    }
  }
  thread.now.Join(learnt, word_count_);
}

void Model::Append(int index, const StoreRecord& store) {
  Word& word = words_[index];
  if (memory_ != MemoryModel::kCpp) {
    word.stores.back() = store;
    return;
  }
  if (word.stores.size() > 250) return Fail(Verdict::kEndless, "more than 250 stores to", word.address);
  word.stores.push_back(store);
  for (size_t i = 0; i < thread_count_; ++i) threads_[i].retry = threads_[i].condition != nullptr;
}

void Model::Store(int index, uint64_t value, bool release) {
  Word& word = words_[index];
  if (running_ < 0) {
    word.stores.back().value = value;
    return;
  }
  if (word.never_stored)
    return Fail(Verdict::kAssertion, "stores the word of which the model says nobody does:", word.address);
  // A store that enters the own buffer concerns nobody else yet, and under kCpp nobody has to read a store because it
  // is there: what follows if it comes later also follows if it comes now. So no switch is needed before it.
  if (memory_ == MemoryModel::kSc) Point();
  ThreadState& thread = self();
  thread.history.Mix(0x8000u + static_cast<uint64_t>(index));
  if (tracing_) Trace("stores %s = %s", NameOf(word.address).c_str(), ValueText(value).c_str());
  StoreRecord record{value, thread.now};
  if (memory_ == MemoryModel::kCpp) {
    if (thread.now.seen[index] + size_t{1} != word.stores.size()) {
      return Fail(Verdict::kTwoWriters, "stores", word.address, " without having seen the last store to it");
    }
    if (!release || word.release_is_relaxed) record.view = thread.released;
    thread.now.seen[index] = record.view.seen[index] = static_cast<uint8_t>(word.stores.size());
  }
  ++thread.now.clock[running_];
  if (memory_ == MemoryModel::kTso) {
    thread.buffer.push_back({index, record});
  } else {
    Append(index, record);
  }
}

void Model::Fence() {
  ThreadState& thread = self();
  thread.history.Mix(0xfe);
  if (memory_ == MemoryModel::kTso) {
    thread.draining = true;
    Yield();
    thread.draining = false;
  } else if (memory_ == MemoryModel::kCpp) {
    Point();
    thread.now.Join(thread.pending, word_count_);
    thread.now.JoinSeen(fence_view_, word_count_);
    fence_view_.JoinSeen(thread.now, word_count_);
    thread.released = thread.now;
    ++thread.now.clock[running_];
  }
  if (tracing_) Trace("fence");
}

bool Model::Before(int thread, uint16_t clock) const { return clock <= threads_[running_].now.clock[thread]; }

uint64_t Model::PlainGet(int index) {
  Plain& plain = plains_[index];
  if (running_ < 0 || peeking_ >= 0) return plain.value;
  if (tracing_) Trace("reads %s: %s  (plain)", NameOf(plain.address).c_str(), ValueText(plain.value).c_str());
  if (!Before(plain.writer, plain.write_clock)) {
    Fail(Verdict::kDataRace, "reads", plain.address, ", unordered with a write by another thread");
  }
  plain.read_clock[running_] = self().now.clock[running_];
  self().history.Mix(plain.value);
  return plain.value;
}

void Model::PlainSet(int index, uint64_t value) {
  Plain& plain = plains_[index];
  if (running_ < 0) {
    plain.value = value;
    return;
  }
  if (tracing_) Trace("writes %s = %s  (plain)", NameOf(plain.address).c_str(), ValueText(value).c_str());
  if (!Before(plain.writer, plain.write_clock)) {
    Fail(Verdict::kDataRace, "writes", plain.address, ", unordered with a write by another thread");
  }
  for (size_t i = 0; i < thread_count_; ++i) {
    if (!Before(static_cast<int>(i), plain.read_clock[i])) {
      Fail(Verdict::kDataRace, "writes", plain.address, ", unordered with a read by another thread");
    }
  }
  plain.value = value;
  plain.writer = running_;
  plain.write_clock = self().now.clock[running_];
}

void Model::ContinueFrom(unsigned place, const void* bytes, size_t count) {
  Hash& history = self().history;
  if (continued_count_ < continued_.size()) {
    history = continued_[continued_count_++];
    return;
  }
  history = Hash{};
  history.Mix(place);
  auto* next = static_cast<const unsigned char*>(bytes);
  uint64_t word = 0;
  for (; count > 0; next += sizeof(word), count -= std::min(count, sizeof(word))) {
    word = 0;
    std::memcpy(&word, next, std::min(count, sizeof(word)));
    history.Mix(word);
  }
  continued_.push_back(history);
  ++continued_count_;
}

// ---- waiting

void Model::AwaitCondition(const char* what, const Condition& condition) {
  ThreadState& thread = self();
  Hash before = thread.history;
  thread.condition = &condition;
  thread.awaits = what;
  thread.retry = memory_ == MemoryModel::kCpp;  // an old value may do already
  if (tracing_) Trace("waits: %s", what);
  for (;;) {
    Yield();
    thread.retry = false;
    if (condition()) break;
    thread.history = before;  // as if it had not looked
  }
  thread.condition = nullptr;
  thread.next_loads = 0;
}

}  // namespace toro::model
