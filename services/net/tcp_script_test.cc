// Every script of services/net/scripts is an exchange that goes as it says.
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "services/net/testing/script.h"

namespace toro::net {
namespace {

std::vector<std::string> Scripts() {
  std::vector<std::string> paths;
  for (const auto& entry : std::filesystem::directory_iterator("services/net/scripts")) {
    if (entry.path().extension() == ".txt") paths.push_back(entry.path().string());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

class TcpScriptTest : public ::testing::TestWithParam<std::string> {};

TEST_P(TcpScriptTest, GoesAsItSays) {
  std::ifstream file(GetParam());
  std::stringstream text;
  text << file.rdbuf();
  ASSERT_EQ(text.str()[0], '#') << "a script begins with a comment: what it shows, and where that is written";
  EXPECT_EQ(RunScript(text.str()), "") << GetParam();
}

INSTANTIATE_TEST_SUITE_P(Scripts, TcpScriptTest, ::testing::ValuesIn(Scripts()),
                         [](const auto& parameter) { return std::filesystem::path(parameter.param).stem().string(); });

TEST(ScriptTest, WrongExpectationsAreNamed) {
  const std::string begin = "listen\n+0 < S 0\n";
  EXPECT_NE(RunScript(begin + "+0 > S. 1 ack 1\n").find("line 3"), std::string::npos);
  EXPECT_NE(RunScript(begin + "+0 > S. 0 ack 2\n"), "");
  EXPECT_NE(RunScript(begin + "+0 > S. 0 ack 1 <mss 1400>\n"), "");
  EXPECT_NE(RunScript(begin), "");                                           // an answer that nobody expects
  EXPECT_NE(RunScript(begin + "+0 > S. 0 ack 1\n+0.9 > S. 0 ack 1\n"), "");  // too early
  EXPECT_NE(RunScript(begin + "+0 > S. 0 ack 1\n+0 < - nonsense x\n"), "");
  EXPECT_EQ(RunScript(begin + "+0 > S. 0 ack 1\n"), "");
}

}  // namespace
}  // namespace toro::net
