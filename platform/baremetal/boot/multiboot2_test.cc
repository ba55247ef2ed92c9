#include "platform/baremetal/boot/multiboot2.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "drivers/reg/fake_physical_memory.h"

namespace toro::baremetal {
namespace {

using reg::Bytes;

constexpr uint64_t kAddress = 0x9000;

// A tag, padded to 8 bytes as the loader does.
std::string Tag(uint32_t type, const std::string& body) {
  std::string tag = Bytes().Put32(type).Put32(static_cast<uint32_t>(8 + body.size())).PutText(body).text();
  tag.resize((tag.size() + 7) / 8 * 8, '\0');
  return tag;
}

std::string MemoryMapTag() {
  Bytes body;
  body.Put32(24).Put32(0);
  body.Put64(0).Put64(0x9fc00).Put32(1).Put32(0);
  body.Put64(0x100000).Put64(0x700000).Put32(1).Put32(0);
  body.Put64(0xfffc0000).Put64(0x40000).Put32(2).Put32(0);
  return Tag(6, body.text());
}

std::string Information(const std::string& tags) {
  std::string all = tags + Tag(0, "");
  return Bytes().Put32(static_cast<uint32_t>(8 + all.size())).Put32(0).PutText(all).text();
}

class Multiboot2Test : public testing::Test {
 protected:
  const char* Parse(const std::string& information) {
    memory_.Place(kAddress, information);
    return ParseMultiboot2(memory_, kAddress, *info_);
  }

  reg::FakePhysicalMemory memory_;
  std::unique_ptr<BootInfo> info_ = std::make_unique<BootInfo>();
};

TEST_F(Multiboot2Test, AllPartsAreRead) {
  std::string module = Bytes().Put32(0x200000).Put32(0x200005).PutText("\"two words\"").Put8(0).text();
  ASSERT_EQ(Parse(Information(Tag(1, std::string("cpus=2 -- a\0", 12)) + Tag(77, "unknown") + MemoryMapTag() +
                              Tag(3, module) + Tag(14, "RSD PTR old") + Tag(15, "RSD PTR new"))),
            nullptr);
  EXPECT_EQ(info_->command_line, "cpus=2 -- a");
  ASSERT_EQ(info_->memory_count, 3u);
  EXPECT_EQ(info_->memory[1].begin, 0x100000u);
  EXPECT_EQ(info_->memory[1].end(), 0x800000u);
  EXPECT_EQ(info_->memory[1].type, MemoryType::kUsable);
  EXPECT_EQ(info_->memory[2].type, MemoryType::kReserved);
  ASSERT_EQ(info_->module_count, 1u);
  EXPECT_EQ(info_->modules[0].name, "two words");
  EXPECT_EQ(info_->modules[0].begin, 0x200000u);
  EXPECT_EQ(info_->modules[0].bytes, 5u);
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(memory_.At(info_->rsdp, 11)), 11), "RSD PTR new");
}

TEST_F(Multiboot2Test, TextsAreCopiedOutOfTheLoadersMemory) {
  ASSERT_EQ(Parse(Information(Tag(1, std::string("report\0", 7)) + MemoryMapTag())), nullptr);
  memory_.piece(kAddress).assign(memory_.piece(kAddress).size(), 'x');
  EXPECT_EQ(info_->command_line, "report");
}

TEST_F(Multiboot2Test, EmptyModuleIsAModuleOfNoBytes) {
  std::string module = Bytes().Put32(0x200000).Put32(0x200000).PutText("a").Put8(0).text();
  ASSERT_EQ(Parse(Information(MemoryMapTag() + Tag(3, module))), nullptr);
  EXPECT_EQ(info_->modules[0].bytes, 0u);
}

TEST_F(Multiboot2Test, NoMemoryMapIsRefused) {
  EXPECT_STREQ(Parse(Information("")), "multiboot2: the loader gave no memory map");
}

TEST_F(Multiboot2Test, EveryTruncationIsRefused) {
  std::string all = Information(MemoryMapTag());
  for (size_t bytes = 0; bytes < all.size(); ++bytes) {
    info_ = std::make_unique<BootInfo>();
    EXPECT_NE(Parse(all.substr(0, bytes)), nullptr) << bytes;  // the stated size is beyond the memory
    if (bytes < 8) continue;
    std::string shorter = all.substr(0, bytes);
    uint32_t size = static_cast<uint32_t>(bytes);
    shorter.replace(0, 4, reinterpret_cast<const char*>(&size), 4);
    info_ = std::make_unique<BootInfo>();
    EXPECT_NE(Parse(shorter), nullptr) << bytes;  // the stated size is honest, the end tag is missing
  }
}

TEST_F(Multiboot2Test, TagsOfImpossibleSizeAreRefused) {
  EXPECT_NE(Parse(Bytes().Put32(24).Put32(0).Put32(1).Put32(7).Put64(0).text()), nullptr);
  EXPECT_NE(Parse(Bytes().Put32(24).Put32(0).Put32(1).Put32(0xfffffff8).Put64(0).text()), nullptr);
  EXPECT_NE(Parse(Information(Tag(6, "short"))), nullptr);
  EXPECT_NE(Parse(Information(Tag(6, Bytes().Put32(8).Put32(0).text()))), nullptr);
  EXPECT_NE(Parse(Information(MemoryMapTag() + Tag(3, "short"))), nullptr);
}

TEST_F(Multiboot2Test, ModuleThatEndsBeforeItBeginsIsRefused) {
  std::string module = Bytes().Put32(0x200000).Put32(0x1fffff).Put8(0).text();
  EXPECT_NE(Parse(Information(MemoryMapTag() + Tag(3, module))), nullptr);
}

TEST_F(Multiboot2Test, MoreThanTheLimitsIsRefused) {
  std::string module = Tag(3, Bytes().Put32(0x200000).Put32(0x200001).Put8(0).text()), modules;
  for (size_t i = 0; i <= BootInfo::kMostModules; ++i) modules += module;
  EXPECT_NE(Parse(Information(MemoryMapTag() + modules)), nullptr);
  info_ = std::make_unique<BootInfo>();
  EXPECT_NE(Parse(Information(MemoryMapTag() + Tag(1, std::string(BootInfo::kMostTextBytes, 'x')))), nullptr);
}

TEST_F(Multiboot2Test, MemoryThatWrapsAroundIsRefused) {
  Bytes body;
  body.Put32(24).Put32(0).Put64(~uint64_t{0} - 10).Put64(100).Put32(1).Put32(0);
  EXPECT_NE(Parse(Information(Tag(6, body.text()))), nullptr);
}

}  // namespace
}  // namespace toro::baremetal
