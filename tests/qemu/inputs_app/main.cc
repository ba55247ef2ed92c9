// Prints its arguments and its input files as they came through the boot loader: name, size, contents.
#include <cstdio>

#include "core/kernel/toro.h"

int main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) std::printf("argument [%s]\n", argv[i]);
  for (const toro::InputFile& file : toro::Inputs()) {
    std::printf("input [%.*s] %zu [%.*s]\n", static_cast<int>(file.name.size()), file.name.data(), file.contents.size(),
                static_cast<int>(file.contents.size()), file.contents.data());
  }
  return 0;
}
