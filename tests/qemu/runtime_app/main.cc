// Uses the standard library as applications do, and prints what it finds: expected_output.txt has every line.
//
// Each section is one promise of platform/baremetal/runtime; the last line, END, shows that none stopped the machine.
#include <fmt/format.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <fstream>
#include <iomanip>
#include <iostream>
#include <latch>
#include <map>
#include <memory>
#include <mutex>
#include <new>
#include <random>
#include <sstream>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "core/kernel/toro.h"

namespace {

struct Failure : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Says when it comes and goes.
struct Loud {
  explicit Loud(const char* name) : name_(name) { std::printf("%s is constructed\n", name_); }
  ~Loud() { std::printf("%s is destroyed\n", name_); }
  const char* name_;
};

struct alignas(64) Line {
  int value;
};
struct alignas(256) FourLines {
  int value;
};

Loud global_object("global object");
thread_local int zero;
thread_local int initialised = 42;
thread_local Line line{64};
thread_local FourLines four_lines{256};
thread_local std::string text = "thread-local string";

int ThrowFrom(int depth) {
  if (depth == 0) throw Failure("from depth 5");
  return ThrowFrom(depth - 1) + 1;
}

template <typename Function>
void Catch(const char* what, Function function) {
  try {
    function();
    std::printf("%s: nothing was thrown\n", what);
  } catch (const std::exception& e) {
    std::printf("%s: %s\n", what, e.what());
  }
}

void Exceptions() {
  Catch("throw", [] { ThrowFrom(5); });
  Catch("vector::at", [] { std::vector<int>(3).at(10); });
  Catch("map::at", [] { std::map<std::string, int>().at("key"); });
  Catch("new", [] { std::unique_ptr<char[]>(new char[size_t{1} << 40]); });
  Catch("stoi", [] { std::printf("%d\n", std::stoi("abc")); });
  Catch("locale", [] { std::locale("de_DE"); });
  Catch("thread", [] { std::thread([] {}).join(); });
  Catch("nested", [] {
    try {
      throw 1;
    } catch (int) {
      throw Failure("thrown while handling another");
    }
  });
  Catch("rethrow", [] {
    std::exception_ptr held;
    try {
      throw Failure("held by an exception_ptr");
    } catch (...) {
      held = std::current_exception();
    }
    std::rethrow_exception(held);
  });
}

void Output() {
  std::printf("printf: %d %s %.3f %5.2e %lld\n", -5, "text", 3.25, 12345.678, 1LL << 40);
  fmt::print("fmt: {} {:.4f} {:#x} {:>6}|\n", 1, 3.14159265, 255, "right");
  std::cout << "cout: " << std::fixed << std::setprecision(2) << 1.5 << ' ' << std::hex << 255 << std::endl;
  std::fputs("fputs", stdout);
  std::putchar('\n');
  std::cerr << "cerr\n";
  std::istringstream words("12 3.5 word");
  int number = 0;
  double real = 0;
  std::string word;
  words >> number >> real >> word;
  std::printf("istringstream: %d %g %s\n", number, real, word.c_str());
}

template <typename T>
bool Aligned(const T& object) {
  return reinterpret_cast<uintptr_t>(&object) % alignof(T) == 0;
}

void ThreadLocals(const char* who) {
  thread_local Loud in_function("thread-local object");
  std::printf("%s: %d %d %d %d %s\n", who, zero, initialised, line.value, four_lines.value, text.c_str());
  std::printf("%s: alignment is %s\n", who, Aligned(line) && Aligned(four_lines) ? "right" : "wrong");
  zero = initialised = line.value = -1;
}

Loud& OnlyOne() {
  static Loud only_one("function-local static");
  return only_one;
}

void OnBothCpus() {
  static std::mutex mutex;
  static int sum = 0;
  static std::atomic<Loud*> others{nullptr};
  constexpr int kRounds = 1000;
  auto add = [] {
    for (int i = 0; i < kRounds; ++i) {
      std::lock_guard<std::mutex> guard(mutex);
      ++sum;
    }
  };
  toro::Result<toro::ThreadId> thread = toro::Spawn(toro::CpuId{1}, [add] {
    ThreadLocals("CPU 1");
    others = &OnlyOne();
    Catch("CPU 1 throws", [] { ThrowFrom(5); });
    add();
  });
  add();
  std::printf("joined: %s\n", toro::StatusText(toro::Join(thread.value())));
  std::printf("sum %d, the same static: %s\n", sum, others == &OnlyOne() ? "yes" : "no");
}

void Synchronisation() {
  std::once_flag once;
  Catch("call_once", [&] { std::call_once(once, [] { throw Failure("the first try throws"); }); });
  for (int i = 0; i < 2; ++i) std::call_once(once, [] { std::puts("call_once: runs"); });
  std::recursive_mutex recursive;
  std::lock_guard<std::recursive_mutex> outer(recursive), inner(recursive);
  std::latch latch(1);
  latch.count_down();
  latch.wait();
  auto start = std::chrono::steady_clock::now();
  std::this_thread::sleep_for(std::chrono::milliseconds(2));
  bool slept = std::chrono::steady_clock::now() - start >= std::chrono::milliseconds(2);
  std::printf("slept: %s, random numbers differ: %s\n", slept ? "yes" : "no",
              std::random_device()() != std::random_device()() ? "yes" : "no");
}

void Files() {
  std::ifstream stream("input.txt");
  for (std::string one; std::getline(stream, one);) std::printf("ifstream: %s\n", one.c_str());
  std::FILE* file = std::fopen("input.txt", "r");
  char buffer[64] = {};
  if (file != nullptr && std::fseek(file, 6, SEEK_SET) == 0 && std::fgets(buffer, sizeof buffer, file) != nullptr) {
    std::printf("fopen: %s", buffer);
    std::fclose(file);
  }
  std::printf("no such file: %d, %s\n", std::ifstream("absent").is_open(), std::strerror(ENOENT));
  std::printf("write: %s\n", std::fopen("input.txt", "w") == nullptr && errno == EROFS ? "read-only" : "possible");
}

void Memory() {
  void* aligned = std::aligned_alloc(4096, 10000);
  std::printf("aligned_alloc: %zu\n", reinterpret_cast<uintptr_t>(aligned) % 4096);
  auto* numbers = static_cast<unsigned char*>(std::calloc(100, 100));
  numbers[9999] += 7;
  numbers = static_cast<unsigned char*>(std::realloc(numbers, 100000));
  std::printf("calloc, realloc: %d\n", numbers[9999]);
  std::free(numbers);
  std::free(aligned);
  std::printf("nothrow: %s\n", new (std::nothrow) char[size_t{1} << 40] == nullptr ? "null" : "memory");
  std::printf("getenv: %s, CPUs: %u\n", std::getenv("HOME") == nullptr ? "null" : "set",
              std::thread::hardware_concurrency());
}

}  // namespace

int main(int argc, char**) {
  std::printf("arguments: %d\n", argc - 1);
  Output();
  Exceptions();
  ThreadLocals("CPU 0");
  OnBothCpus();
  Synchronisation();
  Files();
  Memory();
  std::atexit([] { std::puts("atexit function\nEND"); });
  std::cout << "a last line without a line break, ";
  return 3;
}
