// rawpacket: a network card without a stack. A thread of the card's owner takes every frame, answers ARP requests for
// its address, ICMP echo requests, and frames of the experimental EtherType 0x88b5, which it sends back; the rest it
// counts.
//
//   rawpacket [ADDRESS [FRAMES [CARDS [CPU]]]]   (10.0.2.15, 0: for ever, 1 card, the last CPU)
//
// With several CARDS, card 0 is that CPU's, and each further one that of the CPU before.
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "apps/rawpacket/answer.h"
#include "core/device/dedicate_nic.h"
#include "core/kernel/packet_memory.h"
#include "core/kernel/toro.h"

namespace {

using rawpacket::Ipv4;

constexpr size_t kPackets = 1024;
constexpr size_t kMostCards = 8;

int exit_status = 0;

struct Options {
  Ipv4 address{10, 0, 2, 15};
  uint64_t frames = 0;
  size_t cards = 1;
  size_t cpu = 0;
};

// Sends all of them, however long the ring is full.
void Send(toro::Nic& nic, std::span<toro::PacketPtr> answers) {
  for (size_t sent = 0;;) {
    sent += nic.Send(answers.subspan(sent));
    nic.Flush();
    if (sent == answers.size()) return;
    nic.ArmInterrupt();
    toro::YieldPolling();
  }
}

void Report(const toro::Nic& nic, const rawpacket::Counters& counters, uint64_t accesses_at_start) {
  const toro::NicStatistics& s = nic.statistics();
  std::printf("rawpacket: %llu received, %llu sent; ARP %llu, echo %llu, experimental %llu, others %llu\n",
              static_cast<unsigned long long>(s.received_frames), static_cast<unsigned long long>(s.sent_frames),
              static_cast<unsigned long long>(counters.arp), static_cast<unsigned long long>(counters.echo),
              static_cast<unsigned long long>(counters.experimental), static_cast<unsigned long long>(counters.others));
  std::printf(
      "rawpacket: %llu bad frames, %llu without a buffer, %llu interrupts, %llu register accesses, %llu resets\n",
      static_cast<unsigned long long>(s.dropped_bad_frame), static_cast<unsigned long long>(s.dropped_no_buffer),
      static_cast<unsigned long long>(s.interrupts),
      static_cast<unsigned long long>(s.register_accesses - accesses_at_start),
      static_cast<unsigned long long>(s.resets));
}

// Runs on the owner of the card, for ever or until it has answered as many frames as asked for.
int Serve(const Options& options, size_t card) {
  auto& pool = *new toro::PacketPool;  // the card keeps packets as long as it runs: for ever
  if (toro::AddPackets(pool, kPackets) != toro::Status::kOk) {
    std::printf("rawpacket: no memory for %zu packets; give the machine more --memory\n", kPackets);
    return 1;
  }
  toro::NicProblem problem;
  toro::Nic* nic = toro::DedicateNic(card, pool, problem);
  if (nic == nullptr) {
    std::printf("rawpacket: %.*s\n", static_cast<int>(problem.length), problem.text);
    std::fflush(stdout);  // the other cards' servers may run for long
    return 1;
  }
  const toro::MacAddress& mac = nic->description().mac;
  std::printf("rawpacket: %s %02x:%02x:%02x:%02x:%02x:%02x of CPU %zu is %u.%u.%u.%u, link %s\n",
              nic->description().name, mac[0], mac[1], mac[2], mac[3], mac[4], mac[5], toro::CurrentCpu().index(),
              options.address[0], options.address[1], options.address[2], options.address[3],
              nic->link_up() ? "up" : "down");
  std::fflush(stdout);  // it may run for long
  const uint64_t accesses_at_start = nic->statistics().register_accesses;
  rawpacket::Counters counters;
  toro::PacketPtr burst[toro::kNicBurst];
  uint64_t answered = 0;
  while (options.frames == 0 || answered < options.frames) {
    size_t count = nic->Receive(burst);
    if (count == 0) {
      nic->ArmInterrupt();
      toro::YieldPolling();
      continue;
    }
    toro::FoundWork();
    size_t answers = 0;
    for (size_t i = 0; i < count; ++i) {
      toro::PacketPtr packet = std::move(burst[i]);
      if (rawpacket::Answer(*packet, mac, options.address, counters)) burst[answers++] = std::move(packet);
    }
    Send(*nic, {burst, answers});
    answered += answers;
  }
  Report(*nic, counters, accesses_at_start);
  return 0;
}

bool ReadOptions(int argc, char** argv, Options& options) {
  options.cpu = toro::CpuCount() - 1;
  if (argc > 1) {
    unsigned part[4];
    char rest;
    if (std::sscanf(argv[1], "%u.%u.%u.%u%c", &part[0], &part[1], &part[2], &part[3], &rest) != 4) return false;
    for (size_t i = 0; i < 4; ++i) {
      if (part[i] > 255) return false;
      options.address[i] = static_cast<uint8_t>(part[i]);
    }
  }
  if (argc > 2) options.frames = std::strtoull(argv[2], nullptr, 10);
  if (argc > 3) options.cards = std::strtoull(argv[3], nullptr, 10);
  if (argc > 4) options.cpu = std::strtoull(argv[4], nullptr, 10);
  return argc < 6 && options.cpu < toro::CpuCount() && options.cards >= 1 && options.cards <= kMostCards;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  if (!ReadOptions(argc, argv, options)) {
    std::printf("rawpacket: usage: rawpacket [ADDRESS [FRAMES [CARDS [CPU]]]], for instance 10.0.2.15 0 1 1\n");
    return 2;
  }
  toro::ThreadId servers[kMostCards];
  for (size_t card = 0; card < options.cards; ++card) {
    const size_t cpu = (options.cpu + toro::CpuCount() - card % toro::CpuCount()) % toro::CpuCount();
    // Where the CPUs are isolated, the server's cannot write here.
    auto server = toro::Spawn(toro::CpuId{cpu}, [options, card] {
      const int status = Serve(options, card);
      toro::Call(toro::kBootCpu, [status] { exit_status = status != 0 ? status : exit_status; });
    });
    if (!server.ok()) {
      std::printf("rawpacket: no thread on CPU %zu: %s\n", cpu, toro::StatusText(server.status()));
      return 1;
    }
    servers[card] = server.value();
  }
  for (size_t card = 0; card < options.cards; ++card) (void)toro::Join(servers[card]);
  return exit_status;
}
