// One planted bug per sanitizer. `planted BUG` must be killed by its sanitizer; planted_test.sh expects exactly that.
#include <climits>
#include <cstdio>
#include <cstring>
#include <thread>

namespace {

int shared_word = 0;

int Race() {
  std::thread other([] { shared_word = 1; });
  shared_word = 2;
  other.join();
  return shared_word;
}

volatile int greatest = INT_MAX;

int Overflow() { return greatest + 1; }

int UseAfterFree() {
  volatile int* word = new int(3);
  delete word;
  return *word;
}

}  // namespace

int main(int count, char** words) {
  const char* bug = count > 1 ? words[1] : "";
  int result = 0;
  if (strcmp(bug, "thread") == 0) result = Race();
  if (strcmp(bug, "address") == 0) result = UseAfterFree();
  if (strcmp(bug, "undefined") == 0) result = Overflow();
  printf("survived %s %d\n", bug, result);
}
