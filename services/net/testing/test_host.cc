#include "services/net/testing/test_host.h"

#include "services/net/checksum.h"

namespace toro::net {

void TestNic::FillChecksum(Frame& frame, size_t start, size_t field) {
  InternetChecksum checksum;
  checksum.Add(frame.data() + start, frame.size() - start);
  checksum.Store(frame.data() + field);
}

TestHost::TestHost(TestEnvironment& environment, const Options& options)
    : bytes_(std::aligned_alloc(kPacketBytes, options.packets * kPacketBytes), &std::free),
      descriptors_(std::malloc(options.packets * PacketPool::kDescriptorBytes), &std::free) {
  pool_.AddMemory(bytes_.get(), 0x100000, descriptors_.get(), options.packets);
  NicDescription description;
  description.name = "test";
  description.mac = options.mac;
  description.mtu = options.mtu;
  description.fills_checksums = options.fills_checksums;
  nic_ = std::make_unique<TestNic>(pool_, description);
  stack_ = std::make_unique<NetStack>(*nic_, pool_, environment, options.configuration, options.limits);
}

void TestHost::Receive(Frame frame) {
  nic_->to_stack.push_back(std::move(frame));
  while (stack_->Poll()) continue;
}

Frame TestHost::Sent() {
  stack_->Flush();
  if (nic_->from_stack.empty()) return {};
  Frame frame = std::move(nic_->from_stack.front());
  nic_->from_stack.pop_front();
  return frame;
}

}  // namespace toro::net
