// From one stack to another on one CPU. Goal 4.
#include <boost/context/detail/fcontext.hpp>
#include <memory>

#include "bench/rows.h"
#include "platform/x86_64/context.h"

namespace toro::bench {
namespace {

constexpr size_t kStackBytes = 64 * 1024;

// Two contexts that hand the CPU to each other. The operations of a sample are single switches: half go there.
struct ToroSides {
  x86_64::StackContext here;
  x86_64::StackContext there;
  uint64_t visits = 0;
  alignas(16) char stack[kStackBytes];
};

ToroSides* g_toro_sides;

void ToroOtherSide() {
  for (;;) {
    ++g_toro_sides->visits;
    x86_64::SwitchStackContext(g_toro_sides->there, g_toro_sides->here);
  }
}

Contender ToroSwitch() {
  auto sides = std::make_shared<ToroSides>();
  g_toro_sides = sides.get();
  sides->there = x86_64::PrepareStackContext(sides->stack + kStackBytes, &ToroOtherSide);
  auto near = [sides](uint64_t n) {
    ToroSides& both = *sides;
    uint64_t before = both.visits;
    for (uint64_t i = 0; i < n / 2; ++i) x86_64::SwitchStackContext(both.here, both.there);
    return both.visits - before == n / 2;
  };
  return {"SwitchStackContext", Role::kOurs, near, {}};
}

namespace fcontext = boost::context::detail;

struct FcontextSides {
  fcontext::fcontext_t there = nullptr;
  uint64_t visits = 0;
  alignas(16) char stack[kStackBytes];
};

void FcontextOtherSide(fcontext::transfer_t from) {
  for (;;) {
    ++static_cast<FcontextSides*>(from.data)->visits;
    from = fcontext::jump_fcontext(from.fctx, nullptr);
  }
}

Contender FcontextSwitch() {
  auto sides = std::make_shared<FcontextSides>();
  sides->there = fcontext::make_fcontext(sides->stack + kStackBytes, kStackBytes, &FcontextOtherSide);
  auto near = [sides](uint64_t n) {
    uint64_t before = sides->visits;
    for (uint64_t i = 0; i < n / 2; ++i) sides->there = fcontext::jump_fcontext(sides->there, sides.get()).fctx;
    return sides->visits - before == n / 2;
  };
  return {"Boost fcontext", Role::kPeer, near, {}};
}

}  // namespace

void AddSwitchRows(Suite& suite) {
  Group group;
  group.name = "switch";
  group.operation = "switch to another stack";
  group.contenders = {ToroSwitch(), FcontextSwitch()};
  group.goals = {{"goal 4", "SwitchStackContext", "Boost fcontext", 4}};
  suite.Add(std::move(group));
}

}  // namespace toro::bench
