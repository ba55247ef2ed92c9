// checker: runs a protocol in every possible order and with every permitted staleness, and shows the first way to break
// it.
//
// WHY. A test on a machine sees the interleavings that the machine likes. The protocols of core/exchange are written
// over an Atomics policy; here the very same source runs over ModelAtomics, where each access to a shared word is a
// decision. A bounded configuration (2-3 CPUs, a few messages) is searched to the end, so "holds" means: no schedule of
// it fails.
//
// MEMORY MODELS
//   kSc   one memory, every access in some order.
//   kTso  x86: each CPU has a FIFO store buffer and sees its own stores early. A store may stay there for any finite
//   time. kCpp  C++20 without load buffering: each word keeps all its stores; a load may return any that is not older
//   than what
//         its thread knows of (coherence). Release attaches what the writer knows, acquire takes it over, a seq_cst
//         fence exchanges it with all other fences. As C++ must assume, plain words carry no order of their own.
//
// WHAT IS REPORTED
//   a false Expect; a data race on a Plain word (vector clocks; under kSc and kTso every load acquires and every store
//   releases, as the hardware does); a deadlock, which in a protocol that halts is a lost wake-up; under kCpp a store
//   by a CPU that has not seen the word's last store (every shared word here has one owner at a time; it also makes
//   "stores are appended" exact); an execution of more than kMaxSteps steps.
//
// HOW. Depth first, each execution from the start (fibers cannot be copied), and pruned where the state was seen
// before. The state is memory, buffers, knowledge, and per thread a hash of all values that it has read: a thread is a
// function of what it reads. Hashes have 128 bits; a collision could hide a state, with odds below 2^-80 for a million
// states. A thread may say that it is a function of less (ContinueFrom); state_hash.cc says what else is one state. A
// waiting thread is one blocking read (Await), not a loop: without that a search does not end.
//
// RULES FOR A MODEL. Threads share nothing but words of ModelAtomics, own no heap memory (executions are abandoned
// midway), and do not look at the clock or at addresses outside of Model::Make.
#ifndef TESTS_MODELS_CHECKER_H_
#define TESTS_MODELS_CHECKER_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <new>
#include <string>
#include <utility>
#include <vector>

namespace toro::model {

enum class MemoryModel { kSc, kTso, kCpp };
const char* ModelName(MemoryModel model);

enum class Verdict { kHolds, kAssertion, kDataRace, kLostWakeup, kTwoWriters, kEndless };
const char* VerdictText(Verdict verdict);

struct Report {
  bool holds() const { return verdict == Verdict::kHolds; }

  Verdict verdict = Verdict::kHolds;
  uint64_t states = 0;         // different ones at which a scheduling decision was made
  uint64_t executions = 0;     // from the start
  std::string message;         // what went wrong, one line
  std::string counterexample;  // how, one line per step; empty when it holds
};

inline constexpr size_t kMaxThreads = 4;
inline constexpr size_t kMaxWords = 64;  // bits of a uint64_t
inline constexpr size_t kMaxPlains = 256;
inline constexpr size_t kMaxSteps = 20'000;

struct Hash {
  void Mix(uint64_t value) {
    low = (low ^ value) * 0x9fb21c651e98df25;
    low ^= low >> 32;
    high = (high + value + low) * 0xd6e8feb86659fd93;
    high ^= high >> 29;
  }
  friend bool operator==(const Hash&, const Hash&) = default;

  uint64_t low = 0x243f6a8885a308d3;
  uint64_t high = 0x13198a2e03707344;
};

// What a thread, or a store, knows: the newest store of each word that it must not read behind, and how far each thread
// is known to have come (the vector clock that orders plain accesses).
struct View {
  void Join(const View& other, size_t words);
  void JoinSeen(const View& other, size_t words);

  uint8_t seen[kMaxWords] = {};
  uint16_t clock[kMaxThreads] = {};
};

// How a named object prints: "slot", "sleeping(1)", "slot(0->1)".
struct Label {
  Label(const char* t, int a = -1, int b = -1) : text(t), from(a), to(b) {}  // NOLINT: implicit by design
  const char* text;
  int from;
  int to;
};

// A reference to a predicate that outlives it; unlike std::function it never owns memory.
struct Condition {
  bool operator()() const { return call(object); }

  bool (*call)(const void* object);
  const void* object;
};

enum class Weaken { kReleaseToRelaxed, kAcquireToRelaxed };

// One execution. The setup function of Explore fills it; the threads use it through ModelAtomics, Await and Expect.
class Model {
 public:
  // ---- for setup
  // An object that lives as long as the execution, at the same address in each.
  template <typename T, typename... Args>
  T& Make(Label label, Args&&... args) {
    void* place = Allocate(sizeof(T), alignof(T));
    T& object = *new (place) T(std::forward<Args>(args)...);
    Name(object, label);
    return object;
  }
  // Names a part of an object that Make made. The smallest named object around a word is what a counter-example prints.
  template <typename T>
  void Name(const T& object, Label label) {
    names_.push_back({reinterpret_cast<uintptr_t>(&object), sizeof(T), label});
  }
  void Thread(Label label, std::function<void()> body);
  // Says that no thread stores to the words inside `object`; one that does ends the execution. Then a load of them is
  // no decision, and the states of it need not be searched.
  template <typename T>
  void NeverStored(const T& object) {
    never_stored_.push_back({reinterpret_cast<uintptr_t>(&object), sizeof(T)});
  }
  // The object of that name, for a twin that changes another setup.
  void* Find(const char* name) const;
  // Turns one memory order of the words inside `object` into relaxed: the twin of an unmodified product class.
  template <typename T>
  void WeakenOrder(const T& object, Weaken what) {
    weakened_.push_back({reinterpret_cast<uintptr_t>(&object), sizeof(T), what});
  }
  // The same for all objects of that name.
  void WeakenOrderOf(const char* name, Weaken what);

  // ---- for ModelAtomics
  int AddWord(const void* address);
  int AddPlain(const void* address);
  uint64_t Load(int word, bool acquire);
  // As several loads, of which none is ordered before another.
  void LoadTogether(const int* words, size_t count, uint64_t* values, bool acquire);
  void Store(int word, uint64_t value, bool release);
  void Fence();
  uint64_t PlainGet(int plain);
  void PlainSet(int plain, uint64_t value);
  size_t threads() const { return thread_count_; }
  // The thread that runs.
  int running() const { return running_; }

  // ---- for threads, by the free functions below
  void ContinueFrom(unsigned place, const void* bytes, size_t count);
  void AwaitCondition(const char* what, const Condition& condition);
  // Ends the execution with "<thread> <before> <name of address> <after>". Owns no memory: its caller never returns.
  void Fail(Verdict verdict, const char* before, uintptr_t address = 0, const char* after = "");

  static Model& Current() { return *current_; }

 private:
  friend class Search;
  friend class StateHasher;

  struct StoreRecord {
    uint64_t value = 0;
    View view;
  };
  struct Word {
    uintptr_t address;
    bool release_is_relaxed;
    bool acquire_is_relaxed;
    bool never_stored;
    std::vector<StoreRecord> stores;  // kSc, kTso: only the last
  };
  struct Plain {
    uintptr_t address;
    uint64_t value;
    int writer;
    uint16_t write_clock;
    uint16_t read_clock[kMaxThreads];
  };
  struct Buffered {
    int word;
    StoreRecord store;
  };
  struct ThreadState {
    Label label{""};
    std::function<void()> body;
    void* stack_pointer = nullptr;
    bool done = false;
    bool draining = false;                 // in a fence, until its store buffer is empty
    const Condition* condition = nullptr;  // in Await
    const char* awaits = "";
    bool retry = false;           // kCpp: a store since the condition was last tried
    uint64_t next_loads = 0;      // a bit per word that its next step may load
    Hash history;                 // of all values read
    View now, pending, released;  // known; known after an acquire fence; known at the last release fence
    std::vector<Buffered> buffer;
    size_t buffer_start = 0;
  };
  struct Named {
    uintptr_t address;
    size_t bytes;
    Label label;
  };
  struct Range {
    uintptr_t address;
    size_t bytes;
  };
  struct Weakened {
    uintptr_t address;
    size_t bytes;
    Weaken what;
  };

  // Search drives an execution with these. An action: kRun + thread, kFlush + thread, or kChoose + alternative.
  static constexpr uint8_t kRun = 0, kFlush = 8, kChoose = 16;
  void Reset(MemoryModel memory, bool tracing);
  void Start();
  size_t Actions(uint8_t* actions);
  void Apply(uint8_t action);
  bool choosing() const { return choices_ != 0; }
  bool AllDone() const;
  Hash StateHash() const;
  std::string WhoWaits() const;

  // Stops the test program: the model asks for what the checker does not have.
  [[noreturn]] static void Misuse(const char* cause);
  void* Allocate(size_t bytes, size_t alignment);
  static bool IsInArena(uint64_t value);
  void SwitchTo(int thread);
  void Yield();
  void Point();
  uint64_t BufferedWords(const ThreadState& thread) const;
  uint64_t FlushesThatMatter(bool any_runs) const;
  size_t Choose(size_t count);
  bool Runnable(int thread);
  size_t PickStore(const Word& word, const ThreadState& thread);
  uint64_t NewestFor(int thread, int word) const;
  void Append(int word, const StoreRecord& store);
  bool Before(int thread, uint16_t clock) const;
  ThreadState& self() { return threads_[running_]; }

  std::string NameOf(uintptr_t address) const;
  std::string ValueText(uint64_t value) const;
  void Trace(const char* format, ...) __attribute__((format(printf, 2, 3)));
  static void FiberMain();

  static Model* current_;

  MemoryModel memory_ = MemoryModel::kSc;
  bool tracing_ = false;
  int running_ = -1;     // thread, or -1: setup and search
  int peeking_ = -1;     // the thread whose condition the search evaluates
  uint64_t peeked_ = 0;  // a bit per word that it loaded
  size_t choices_ = 0;
  size_t chosen_ = 0;
  void* search_stack_pointer_ = nullptr;
  Verdict verdict_ = Verdict::kHolds;
  std::string message_;
  std::string trace_;
  size_t trace_lines_ = 0;
  View fence_view_;

  size_t thread_count_ = 0;
  ThreadState threads_[kMaxThreads];
  size_t word_count_ = 0;
  Word words_[kMaxWords];
  size_t plain_count_ = 0;
  Plain plains_[kMaxPlains];
  std::vector<Named> names_;
  std::vector<Weakened> weakened_;
  std::vector<Range> never_stored_;
  size_t arena_used_ = 0;

  // What ContinueFrom has found on this path, one after the other: the same again when the path is followed again.
  std::vector<Hash> continued_;
  size_t continued_count_ = 0;  // in this execution
};

// Searches all executions of what `setup` builds; stops at the first that fails.
Report Explore(MemoryModel memory, const std::function<void(Model&)>& setup);

// Blocks the calling thread until `condition`, an OR of loads of which each is of one word, is true. `what` says for
// what.
template <typename Predicate>
void Await(const char* what, const Predicate& condition) {
  auto call = [](const void* object) -> bool { return (*static_cast<const Predicate*>(object))(); };
  Model::Current().AwaitCondition(what, Condition{call, &condition});
}

// Says that from here on the calling thread is a function of `state` and of nothing else that it has read or kept. Then
// equal states are one, whatever led to them. `state` must hold no garbage: padding that was never written may only be
// zero. `place` tells the places apart that a thread continues from.
template <typename T>
void ContinueFrom(unsigned place, const T& state) {
  Model::Current().ContinueFrom(place, &state, sizeof(T));
}

// What must be true here.
inline void Expect(bool condition, const char* claim) {
  if (!condition) Model::Current().Fail(Verdict::kAssertion, claim);
}

}  // namespace toro::model

#endif  // TESTS_MODELS_CHECKER_H_
