// wordfreq: counts the words of its input files on all CPUs and prints the 20 most frequent.
//
// One thread per CPU counts its share in that CPU's own memory and sends its table to CPU 0, which merges the tables as
// they come and frees them; their memory goes home by itself. With `-- --all` it prints every word with its count, in
// the order and form of `sort | uniq -c`.
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "apps/wordfreq/word_table.h"
#include "core/kernel/mailbox.h"
#include "core/kernel/toro.h"

namespace wordfreq {
namespace {

constexpr size_t kTop = 20;

struct Counted {
  toro::CpuId cpu;
  std::unique_ptr<WordTable> table;
};

struct CountedWord {
  std::string_view word;
  uint64_t count;
};

bool IsLetter(char c) {
  unsigned char lower = static_cast<unsigned char>(c) | 0x20;
  return lower >= 'a' && lower <= 'z';
}

// The share of worker `index` of `workers`: cuts are moved to where a word ends, so that no word is cut.
std::string_view Share(std::string_view text, size_t index, size_t workers) {
  auto cut = [text](size_t at) {
    while (at > 0 && at < text.size() && IsLetter(text[at - 1]) && IsLetter(text[at])) ++at;
    return at;
  };
  size_t begin = cut(text.size() / workers * index);
  size_t end = index + 1 == workers ? text.size() : cut(text.size() / workers * (index + 1));
  return text.substr(begin, end - begin);
}

// Counts on every CPU; words_of_cpu gets how many each one counted.
std::unique_ptr<WordTable> CountEverywhere(std::vector<uint64_t>& words_of_cpu) {
  toro::Mailbox<Counted> results;
  size_t workers = toro::CpuCount();
  std::vector<toro::ThreadId> threads;
  for (size_t i = 0; i < workers; ++i) {
    auto thread =
        toro::Spawn(toro::CpuId{i},
                    [&results, i, workers] {
                      auto table = std::make_unique<WordTable>();
                      for (const toro::InputFile& file : toro::Inputs())
                        table->CountWords(Share(file.contents, i, workers));
                      toro::Status sent = results.Send({toro::CurrentCpu(), std::move(table)});
                      TORO_CHECK(sent == toro::Status::kOk, "no memory to send the result; use more --memory");
                    },
                    {.name = "counter"});
    if (!thread.ok()) {
      std::fprintf(stderr, "wordfreq: cannot start a thread on CPU %zu: %s\n", i, toro::StatusText(thread.status()));
      return nullptr;
    }
    threads.push_back(thread.value());
  }
  auto merged = std::make_unique<WordTable>();
  words_of_cpu.assign(workers, 0);
  for (size_t i = 0; i < workers; ++i) {
    Counted counted = results.Receive();
    words_of_cpu[counted.cpu.index()] = counted.table->total();
    merged->Merge(*counted.table);
  }
  for (toro::ThreadId thread : threads) {
    toro::Status joined = toro::Join(thread);
    TORO_CHECK(joined == toro::Status::kOk);
  }
  return merged;
}

std::vector<CountedWord> Sorted(const WordTable& table, bool by_count) {
  std::vector<CountedWord> words;
  words.reserve(table.different());
  table.ForEach([&](std::string_view word, uint64_t count) { words.push_back({word, count}); });
  std::sort(words.begin(), words.end(), [by_count](const CountedWord& a, const CountedWord& b) {
    if (by_count && a.count != b.count) return a.count > b.count;
    return a.word < b.word;
  });
  return words;
}

void PrintTop(const WordTable& table) {
  std::vector<CountedWord> words = Sorted(table, true);
  size_t top = std::min(words.size(), kTop);
  std::printf("The %zu most frequent words:\n", top);
  for (size_t i = 0; i < top; ++i) {
    std::printf("%8llu  %.*s\n", static_cast<unsigned long long>(words[i].count),
                static_cast<int>(words[i].word.size()), words[i].word.data());
  }
  size_t bytes = 0;
  for (const toro::InputFile& file : toro::Inputs()) bytes += file.contents.size();
  std::printf("%llu words, %zu different, in %zu bytes of %zu files\n", static_cast<unsigned long long>(table.total()),
              table.different(), bytes, toro::Inputs().size());
}

void PrintCpus(const std::vector<uint64_t>& words_of_cpu) {
  std::printf("\n CPU       words  threads  bytes used     partition     sent  received\n");
  for (size_t i = 0; i < toro::CpuCount(); ++i) {
    toro::CpuStatistics s = toro::Statistics(toro::CpuId{i});
    std::printf("%4zu  %10llu  %7llu  %10zu  %12zu  %7llu  %8llu\n", i,
                static_cast<unsigned long long>(words_of_cpu[i]), static_cast<unsigned long long>(s.threads.created),
                s.memory.used_bytes, s.memory.total_bytes, static_cast<unsigned long long>(s.sent()),
                static_cast<unsigned long long>(s.received()));
  }
}

void PrintAll(const WordTable& table) {
  for (const CountedWord& word : Sorted(table, false)) {
    std::printf("%7llu %.*s\n", static_cast<unsigned long long>(word.count), static_cast<int>(word.word.size()),
                word.word.data());
  }
}

}  // namespace
}  // namespace wordfreq

int main(int argc, char** argv) {
  using namespace wordfreq;
  bool all = argc == 2 && std::strcmp(argv[1], "--all") == 0;
  if (argc > 1 && !all) {
    std::fprintf(stderr, "wordfreq: unexpected argument '%s'; the only one is --all\n", argv[1]);
    return 2;
  }
  if (toro::Inputs().empty()) {
    std::fprintf(stderr, "wordfreq: no input file; give one with --input=FILE\n");
    return 2;
  }
  std::vector<uint64_t> words_of_cpu;
  std::unique_ptr<WordTable> table = CountEverywhere(words_of_cpu);
  if (table == nullptr) return 1;
  if (all) {
    PrintAll(*table);
  } else {
    PrintTop(*table);
    PrintCpus(words_of_cpu);
  }
  return 0;
}
