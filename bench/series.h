// Series: the good samples of one contender, apart by placement, and their medians.
#ifndef BENCH_SERIES_H_
#define BENCH_SERIES_H_

#include <map>
#include <vector>

#include "bench/bracket.h"

namespace toro::bench {

// The median; of an even number of values the mean of the middle two. Not of none.
double Median(std::vector<double> values);

struct Medians {
  size_t samples = 0;
  double operation_ns = 0;
  // Of the ratio to each sample's own ping-pong; where there is none (one CPU), the same as operation_ns. This is what
  // contenders are compared by.
  double cost = 0;
};

class Series {
 public:
  void Add(const Sample& sample);

  // No samples: Medians{}.
  Medians At(Placement placement) const;
  std::vector<Placement> Placements() const;

  int moved() const { return moved_; }
  int disturbed() const { return disturbed_; }
  int wrong() const { return wrong_; }

 private:
  struct Values {
    std::vector<double> operation_ns;
    std::vector<double> cost;
  };
  std::map<Placement, Values> by_placement_;
  int moved_ = 0;
  int disturbed_ = 0;
  int wrong_ = 0;
};

}  // namespace toro::bench

#endif  // BENCH_SERIES_H_
