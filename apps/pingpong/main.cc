// pingpong: CPU 0 sends a ping to every other CPU and waits for its pong; `-- ROUNDS` times (1).
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <vector>

#include "core/kernel/mailbox.h"
#include "core/kernel/toro.h"

namespace {

enum class Word : uint8_t { kPing, kPong, kStop };

struct Letter {
  toro::CpuId from;
  Word word;
};

// What the two sides of a conversation write to. The answering side makes its mailbox on its own CPU.
struct Table {
  toro::Mailbox<Letter> to_boot_cpu;
  std::vector<toro::Mailbox<Letter>*> to_cpu;
};

void Answer(Table& table) {
  toro::CpuId self = toro::CurrentCpu();
  toro::Mailbox<Letter> inbox;
  table.to_cpu[self.index()] = &inbox;
  (void)table.to_boot_cpu.Send({self, Word::kPong});  // ready
  for (;;) {
    Letter letter = inbox.Receive();
    if (letter.word == Word::kStop) return;
    std::printf("Core[%zu] -> Core[%zu]: ping\n", letter.from.index(), self.index());
    TORO_CHECK(table.to_boot_cpu.Send({self, Word::kPong}) == toro::Status::kOk);
  }
}

}  // namespace

int main(int argc, char** argv) {
  char* end = nullptr;
  long rounds = argc > 1 ? std::strtol(argv[1], &end, 10) : 1;
  if (argc > 2 || rounds < 1 || (end != nullptr && *end != 0)) {
    std::fprintf(stderr, "pingpong: expected the number of rounds, 1 or more\n");
    return 2;
  }
  if (toro::CpuCount() < 2) {
    std::fprintf(stderr, "pingpong: needs two CPUs or more; run it with --cpus=2\n");
    return 1;
  }
  Table table;
  table.to_cpu.resize(toro::CpuCount());
  std::vector<toro::ThreadId> threads;
  for (size_t i = 1; i < toro::CpuCount(); ++i) {
    auto thread = toro::Spawn(toro::CpuId{i}, [&table] { Answer(table); }, {.name = "answer"});
    TORO_CHECK(thread.ok(), "no memory for a thread; use more --memory");
    threads.push_back(thread.value());
    (void)table.to_boot_cpu.Receive();
  }
  for (long round = 0; round < rounds; ++round) {
    for (size_t i = 1; i < toro::CpuCount(); ++i) {
      TORO_CHECK(table.to_cpu[i]->Send({toro::CurrentCpu(), Word::kPing}) == toro::Status::kOk);
      Letter letter = table.to_boot_cpu.Receive();
      std::printf("Core[%zu] -> Core[0]: pong\n", letter.from.index());
    }
  }
  for (size_t i = 1; i < toro::CpuCount(); ++i) {
    TORO_CHECK(table.to_cpu[i]->Send({toro::CurrentCpu(), Word::kStop}) == toro::Status::kOk);
    TORO_CHECK(toro::Join(threads[i - 1]) == toro::Status::kOk);
  }
  return 0;
}
