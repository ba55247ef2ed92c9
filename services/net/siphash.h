// SipHash-2-4 [siphash]: a hash of a few words that nobody can predict without the key.
//
// Sequence numbers, ports, cookies and the buckets of tables depend on addresses that a peer chooses, so they are
// hashed with a secret [rfc6528 3].
#ifndef SERVICES_NET_SIPHASH_H_
#define SERVICES_NET_SIPHASH_H_

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

namespace toro::net {

struct SipKey {
  uint64_t words[2] = {};
};

// Of whole words, each taken as its eight bytes from the lowest on.
constexpr uint64_t SipHash(const SipKey& key, std::span<const uint64_t> words) {
  uint64_t v0 = key.words[0] ^ 0x736f6d6570736575;
  uint64_t v1 = key.words[1] ^ 0x646f72616e646f6d;
  uint64_t v2 = key.words[0] ^ 0x6c7967656e657261;
  uint64_t v3 = key.words[1] ^ 0x7465646279746573;
  auto round = [&] {
    v0 += v1;
    v2 += v3;
    v1 = std::rotl(v1, 13) ^ v0;
    v3 = std::rotl(v3, 16) ^ v2;
    v0 = std::rotl(v0, 32);
    v2 += v1;
    v0 += v3;
    v1 = std::rotl(v1, 17) ^ v2;
    v3 = std::rotl(v3, 21) ^ v0;
    v2 = std::rotl(v2, 32);
  };
  auto take = [&](uint64_t word) {
    v3 ^= word;
    round();
    round();
    v0 ^= word;
  };
  for (uint64_t word : words) take(word);
  take(static_cast<uint64_t>(words.size() * 8) << 56);
  v2 ^= 0xff;
  for (int i = 0; i < 4; ++i) round();
  return v0 ^ v1 ^ v2 ^ v3;
}

}  // namespace toro::net

#endif  // SERVICES_NET_SIPHASH_H_
