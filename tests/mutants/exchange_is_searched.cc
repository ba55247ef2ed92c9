// Searches a few configurations of Exchange, over whatever source it was compiled with: says what is wrong with it, and
// fails, or says that nothing is. Small ones first.
#include <cstdio>

#include "tests/models/exchange_scenes.h"

int main() {
  using namespace toro::model;
  const Scene kScenes[] = {
      {{{{Post(1)}}, {}}},
      {{{{Post(1)}, Rest::kSteps}, {}}},
      {{{{Post(1)}}, {{}, Rest::kSteps}}},
      {{{{Line(1)}}, {{}, Rest::kSteps}}},
      {{{{Line(1), Line(1)}, Rest::kSteps}, {{}, Rest::kSteps}}},
      {{{{Post(1), Post(1), Post(1)}}, {{}, Rest::kSteps}}},
      {{{{Post(1), Pack(1)}}, {}}},
      {{{{Post(1)}}, {{Post(0)}}}},
  };
  int number = 0;
  for (const Scene& scene : kScenes) {
    ++number;
    for (MemoryModel memory : {MemoryModel::kTso, MemoryModel::kCpp}) {
      Report report = Explore(memory, Play<2, 1>(scene));
      if (report.holds()) continue;
      std::printf("configuration %d, %s: %s: %s\n%s", number, ModelName(memory), VerdictText(report.verdict),
                  report.message.c_str(), report.counterexample.c_str());
      return 1;
    }
  }
  std::printf("%d configurations: all holds\n", number);
  return 0;
}
