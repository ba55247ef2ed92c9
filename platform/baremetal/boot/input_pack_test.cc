#include "platform/baremetal/boot/input_pack.h"

#include <gtest/gtest.h>

#include <string>

namespace toro::baremetal {
namespace {

TEST(InputPackTest, FilesComeOutAsTheyWentIn) {
  std::string_view pack("TOROPACK1\n5 4\na b\n\nhe\0lo0 1\nx\n", 30);
  ASSERT_TRUE(IsInputPack(pack));
  InputFile files[4];
  size_t count = 0;
  ASSERT_EQ(ReadInputPack(pack, files, count), nullptr);
  ASSERT_EQ(count, 2u);
  EXPECT_EQ(files[0].name, "a b\n");
  EXPECT_EQ(files[0].contents, std::string_view("he\0lo", 5));
  EXPECT_EQ(files[1].name, "x");
  EXPECT_TRUE(files[1].contents.empty());
}

TEST(InputPackTest, PackOfNothingHasNoFiles) {
  size_t count = 7;
  EXPECT_EQ(ReadInputPack("TOROPACK1\n", {}, count), nullptr);
  EXPECT_EQ(count, 0u);
}

TEST(InputPackTest, AnotherFileIsNoPack) {
  EXPECT_FALSE(IsInputPack("TOROPACK2\n"));
  EXPECT_FALSE(IsInputPack("TORO"));
}

TEST(InputPackTest, EveryTruncationInsideOfAFileIsSeen) {
  std::string pack = "TOROPACK1\n5 1\na\nhello";
  for (size_t bytes = 11; bytes < pack.size(); ++bytes) {
    InputFile files[4];
    size_t count;
    EXPECT_NE(ReadInputPack(std::string_view(pack).substr(0, bytes), files, count), nullptr) << bytes;
  }
}

TEST(InputPackTest, ImpossibleNumbersAreRefused) {
  for (const char* pack : {"TOROPACK1\n99999999999999999999 1\na\n", "TOROPACK1\n-1 1\na\n", "TOROPACK1\n 1\na\n",
                           "TOROPACK1\n0 999999999999999999\na\n"}) {
    InputFile files[4];
    size_t count;
    EXPECT_NE(ReadInputPack(pack, files, count), nullptr) << pack;
  }
}

TEST(InputPackTest, OneFileTooManyIsRefused) {
  InputFile files[1];
  size_t count;
  EXPECT_NE(ReadInputPack("TOROPACK1\n0 1\na\n0 1\nb\n", files, count), nullptr);
}

}  // namespace
}  // namespace toro::baremetal
