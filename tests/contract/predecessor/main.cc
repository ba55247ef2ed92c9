// What the predecessor's tests and examples showed, and where reading its sources found that it was wrong, as checks of
// this kernel. docs/predecessor_defects.md lists which check stands for what. The output does not depend on the world.
#include "tests/contract/contract.h"
#include "tests/contract/predecessor/tests.h"

int main() {
  RunScenarios();
  RunDefects();
  RunGetMemUntilNull();
  return contract::End();
}
