#include "platform/simulator/fault_plan.h"

#include <algorithm>
#include <charconv>

namespace toro::simulator {

FaultPlan fault_plan;

const FaultClass kFaultClasses[kFaults] = {
    {"full-slot", 20}, {"full-channel", 50}, {"full-queue", 20}, {"no-memory", 200},   {"late-ipi", 4},
    {"lost-ipi", 10},  {"spurious-ipi", 50}, {"stall", 500},     {"clock-jump", 2000}, {"dropped-ipi", 100},
};

namespace {

constexpr uint64_t kMostRate = 1'000'000'000;

std::string Names() {
  std::string names;
  for (const FaultClass& c : kFaultClasses) names += (names.empty() ? "" : ", ") + std::string(c.name);
  return names;
}

bool ParseNumber(std::string_view text, uint64_t most, uint64_t& value) {
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() && !text.empty() && value >= 1 && value <= most;
}

}  // namespace

std::string FaultPlan::Parse(std::string_view text) {
  swarm_ = text == "swarm";
  if (swarm_ || text == "none") return "";
  for (std::string_view rest = text;;) {
    std::string_view word = rest.substr(0, rest.find(','));
    std::string_view name = word.substr(0, word.find_first_of("=@"));
    size_t index = 0;
    while (index < kFaults && kFaultClasses[index].name != name) ++index;
    if (index == kFaults) {
      return "'" + std::string(name) + "' is no fault; a plan is none, swarm, or a list of: " + Names() +
             "; each alone, as NAME=N (one time in N) or as NAME@N (the N-th time)";
    }
    Class& c = classes_[index];
    uint64_t number = kFaultClasses[index].usual_rate;
    if (name.size() < word.size() && !ParseNumber(word.substr(name.size() + 1), kMostRate, number)) {
      return "'" + std::string(word) + "': after = and @ stands a number from 1 to " + std::to_string(kMostRate);
    }
    if (name.size() < word.size() && word[name.size()] == '@') {
      c.exact.push_back(number);
    } else {
      c.rate = number;
    }
    if (word.size() == rest.size()) break;
    rest.remove_prefix(word.size() + 1);
  }
  for (size_t i = 0; i < kFaults; ++i) {
    Class& c = classes_[i];
    if (c.rate != 0 && !c.exact.empty()) {
      return std::string(kFaultClasses[i].name) + " stands there with a rate and with exact times; choose one";
    }
    std::sort(c.exact.begin(), c.exact.end());
    c.exact.erase(std::unique(c.exact.begin(), c.exact.end()), c.exact.end());
  }
  return "";
}

void FaultPlan::Begin(uint64_t seed) {
  RandomStream swarm(seed, kSwarmStream);
  for (size_t i = 0; i < kFaults; ++i) {
    Class& c = classes_[i];
    c.random = RandomStream(seed, kFirstFaultStream + i);
    // Drawn for every class, so that one does not depend on the others.
    const bool on = swarm.Below(2) == 1;
    const uint64_t often = swarm.Below(6);
    if (swarm_)
      c.rate = on && i < kSurvivableFaults ? std::max<uint64_t>(2, (kFaultClasses[i].usual_rate << often) / 8) : 0;
    SetNext(c);
  }
}

void FaultPlan::SetNext(Class& c) {
  uint64_t gap = kNeverFires;
  if (c.rate != 0) gap = 1 + c.random.Below(2 * c.rate - 1);
  if (c.next_exact < c.exact.size()) gap = c.exact[c.next_exact++] - c.passed;
  c.until = c.set_to = gap;
}

bool FaultPlan::FiresNow(Class& c) {
  c.passed += c.set_to;
  c.fired.push_back(c.passed);
  SetNext(c);
  return true;
}

uint64_t FaultPlan::times(Fault fault) const {
  const Class& c = Of(fault);
  return c.passed + (c.set_to - c.until);
}

bool FaultPlan::any() const {
  return std::any_of(classes_, classes_ + kFaults, [](const Class& c) { return c.rate != 0 || !c.exact.empty(); });
}

void FaultPlan::PrintSummary(FILE* to) const {
  const char* before = "";
  for (size_t i = 0; i < kFaults; ++i) {
    const Class& c = classes_[i];
    if (c.rate == 0 && c.exact.empty()) continue;
    std::fprintf(to, "%s%s %zu of %llu", before, kFaultClasses[i].name.data(), c.fired.size(),
                 static_cast<unsigned long long>(times(static_cast<Fault>(i))));
    before = ", ";
  }
  if (!any()) std::fputs("none", to);
}

void FaultPlan::PrintExactly(FILE* to) const {
  const char* before = "";
  for (size_t i = 0; i < kFaults; ++i) {
    for (uint64_t time : classes_[i].fired) {
      std::fprintf(to, "%s%s@%llu", before, kFaultClasses[i].name.data(), static_cast<unsigned long long>(time));
      before = ",";
    }
  }
  if (*before == 0) std::fputs("none", to);
}

}  // namespace toro::simulator
