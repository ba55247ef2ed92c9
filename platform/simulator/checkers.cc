#include "platform/simulator/checkers.h"

namespace toro::simulator {

Checkers checkers;

}  // namespace toro::simulator
