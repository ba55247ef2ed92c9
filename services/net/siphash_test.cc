#include "services/net/siphash.h"

#include <gtest/gtest.h>

#include "services/net/checksum.h"

namespace toro::net {
namespace {

// The vectors of the authors' reference: key 00..0f, input 00, 01, 02, ... of 0, 8 and 16 bytes.
TEST(SipHashTest, AgreesWithThePublishedVectors) {
  SipKey key{{0x0706050403020100, 0x0f0e0d0c0b0a0908}};
  const uint64_t words[] = {0x0706050403020100, 0x0f0e0d0c0b0a0908};
  EXPECT_EQ(SipHash(key, {}), 0x726fdb47dd0e0e31u);
  EXPECT_EQ(SipHash(key, {words, 1}), 0x93f5f5799a932462u);
  EXPECT_EQ(SipHash(key, words), 0x3f2acc7f57c29bdbu);
}

TEST(InternetChecksumTest, AgreesWithTheExampleOfItsRfc) {  // [rfc1071 3]
  const uint8_t bytes[] = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};
  InternetChecksum checksum;
  checksum.Add(bytes, sizeof(bytes));
  uint8_t sum[2];
  checksum.StoreSum(sum);
  EXPECT_EQ(sum[0], 0xdd);
  EXPECT_EQ(sum[1], 0xf2);
}

TEST(InternetChecksumTest, AgreesWithTheSumOfWordsForEveryLength) {
  uint8_t bytes[67];
  for (size_t i = 0; i < sizeof(bytes); ++i) bytes[i] = static_cast<uint8_t>(255 - 3 * i);
  for (size_t size = 0; size <= sizeof(bytes); ++size) {
    uint32_t expected = 0;
    for (size_t i = 0; i < size; ++i) expected += i % 2 == 0 ? bytes[i] << 8 : bytes[i];
    while (expected >> 16 != 0) expected = (expected & 0xffff) + (expected >> 16);
    InternetChecksum checksum;
    checksum.Add(bytes, size);
    uint8_t sum[2];
    checksum.StoreSum(sum);
    EXPECT_EQ(sum[0] << 8 | sum[1], static_cast<int>(expected)) << size;
  }
}

}  // namespace
}  // namespace toro::net
