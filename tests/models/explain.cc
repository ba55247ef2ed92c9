// How a counter-example reads: who did what to which word, and what went wrong.
#include <cstdarg>
#include <cstdio>

#include "tests/models/checker.h"

namespace toro::model {

const char* ModelName(MemoryModel model) {
  switch (model) {
    case MemoryModel::kSc: return "SC";
    case MemoryModel::kTso: return "x86-TSO";
    case MemoryModel::kCpp: return "C++";
  }
  return "?";
}

const char* VerdictText(Verdict verdict) {
  switch (verdict) {
    case Verdict::kHolds: return "holds";
    case Verdict::kAssertion: return "assertion";
    case Verdict::kDataRace: return "data race";
    case Verdict::kLostWakeup: return "deadlock";
    case Verdict::kTwoWriters: return "two writers";
    case Verdict::kEndless: return "endless";
  }
  return "?";
}

void Model::Fail(Verdict verdict, const char* before, uintptr_t address, const char* after) {
  if (verdict_ == Verdict::kHolds) {
    verdict_ = verdict;
    message_ = before;
    if (address != 0) message_ += " " + NameOf(address) + after;
    if (running_ >= 0) {
      if (tracing_) Trace("-> %s: %s", VerdictText(verdict), message_.c_str());
      const Label& label = threads_[running_].label;
      message_ = std::string(label.text) + (label.from < 0 ? "" : std::to_string(label.from)) + ": " + message_;
    }
  }
  if (running_ >= 0) Yield();  // for ever
}

std::string Model::WhoWaits() const {
  std::string text;
  for (size_t i = 0; i < thread_count_; ++i) {
    const ThreadState& thread = threads_[i];
    if (thread.done) continue;
    if (!text.empty()) text += "; ";
    text += thread.label.text;
    if (thread.label.from >= 0) text += std::to_string(thread.label.from);
    text += std::string(" waits for ever: ") + thread.awaits;
  }
  return text;
}

// ---- names

std::string Model::NameOf(uintptr_t address) const {
  const Named* best = nullptr;
  for (const Named& named : names_) {
    if (address < named.address || address >= named.address + named.bytes) continue;
    if (best == nullptr || named.bytes < best->bytes) best = &named;
  }
  if (best == nullptr) return "an unnamed word";
  std::string text = best->label.text;
  if (best->label.from >= 0) {
    text += "(" + std::to_string(best->label.from);
    if (best->label.to >= 0) text += "->" + std::to_string(best->label.to);
    text += ")";
  }
  uintptr_t offset = address - best->address;
  return offset == 0 ? text : text + "+" + std::to_string(offset);
}

std::string Model::ValueText(uint64_t value) const {
  if (IsInArena(value)) return NameOf(value);
  char text[32];
  std::snprintf(text, sizeof(text), value < 100'000 ? "%llu" : "%#llx", static_cast<unsigned long long>(value));
  return text;
}

void Model::Trace(const char* format, ...) {
  char line[256];
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(line, sizeof(line), format, arguments);
  va_end(arguments);
  const Label& label = threads_[running_].label;
  std::string who = label.text + (label.from < 0 ? std::string() : std::to_string(label.from));
  char head[64];
  std::snprintf(head, sizeof(head), "%4zu  %-10s ", ++trace_lines_, who.c_str());
  trace_ += std::string(head) + line + "\n";
}

}  // namespace toro::model
