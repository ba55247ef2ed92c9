#include "core/kernel/cluster.h"

#include <new>

#include "core/base/check.h"
#include "core/base/constant_after_boot.h"
#include "core/base/mix.h"
#include "core/kernel/cpu.h"
#include "core/machine/platform_services.h"

namespace toro {
namespace {

TORO_CONSTANT_AFTER_BOOT Cluster* the_cluster = nullptr;
TORO_CONSTANT_AFTER_BOOT OwnerTable the_owners;

// Takes memory from the start of a partition before there is an allocator on it: of its first range that has room,
// which is memory of the CPU's own node if there is any.
class HeadOfPartition {
 public:
  explicit HeadOfPartition(PartitionRanges& partition) : partition_(partition) {}

  void* Take(size_t bytes, size_t align) {
    for (MemoryRange& range : std::span(partition_.ranges, partition_.count)) {
      uintptr_t at = AlignUp(range.begin, align);
      if (at > range.end() || range.end() - at < bytes) continue;
      range = {at + bytes, range.end() - (at + bytes)};
      return reinterpret_cast<void*>(at);
    }
    TORO_CHECK(false,
               "the memory of a CPU cannot hold its own structures; give the machine more memory, or keep fewer "
               "records of a trace");
  }
  void AlignRest() {
    for (MemoryRange& range : std::span(partition_.ranges, partition_.count)) {
      uintptr_t at = AlignUp(range.begin, kPageBytes);
      range = {at, range.end() - at};
    }
  }

 private:
  PartitionRanges& partition_;
};

TORO_CONSTANT_AFTER_BOOT Inbox* inboxes[kMaxCpus];

// The words that other CPUs write: side by side, or, isolated, each sender's in pages of their own.
Inbox* PlaceInbox(HeadOfPartition& head, size_t cpus, bool isolated) {
  Inbox* inbox = new (head.Take(sizeof(Inbox), alignof(Inbox))) Inbox();
  const size_t align = isolated ? kPageBytes : kSharedStrideBytes;
  static_assert(kSharedStrideBytes >= alignof(Link) && kSharedStrideBytes >= alignof(BellWord));
  inbox->link_stride = AlignUp(sizeof(Link), align);
  inbox->bells = static_cast<BellWord*>(head.Take(AlignUp(Inbox::kBellBytes, align), align));
  for (size_t i = 0; i < kMaxCpus / kBellsPerWord; ++i) new (&inbox->bells[i]) BellWord();
  inbox->links = static_cast<char*>(head.Take(cpus * inbox->link_stride, align));
  for (size_t sender = 0; sender < cpus; ++sender) new (&inbox->LinkFrom(sender)) Link();
  return inbox;
}

struct MainCall {
  int (*main)(int, char**);
  int argc;
  char** argv;
};
MainCall main_call;

void RunMain(void*) { platform::Exit(main_call.main(main_call.argc, main_call.argv)); }

}  // namespace

Cluster& Cluster::Get() { return *the_cluster; }

Cluster& Cluster::Create(const ClusterConfig& config) TORO_NO_AFFINITY {  // before there are CPUs
  TORO_CONSTANT_AFTER_BOOT alignas(Cluster) static unsigned char storage[sizeof(Cluster)];
  Cluster& cluster = *new (storage) Cluster();
  if (config.nodes != nullptr) cluster.nodes_ = *config.nodes;
  Status status = DivideMemory(config.memory, config.cpus, cluster.nodes_, cluster.division_);
  TORO_CHECK(status != Status::kOutOfMemory,
             "the memory is too small for so many CPUs: each needs a whole 2 MiB page; use fewer CPUs or more memory");
  TORO_CHECK(status == Status::kOk,
             "the memory map has overlapping ranges, nodes that overlap, or too many pieces, or the number of CPUs is "
             "0 or above 256");
  cluster.cpus_ = config.cpus;
  cluster.inputs_ = config.inputs;

  // Each CPU's structures at the start of its own partition; all Inboxes first, since every Exchange points to all.
  for (size_t i = 0; i < config.cpus; ++i) {
    HeadOfPartition head(cluster.division_.partitions[i]);
    inboxes[i] = PlaceInbox(head, config.cpus, config.isolated);
  }
  // The table covers large pages, so what was taken above is still its CPU's.
  HeadOfPartition boot_head(cluster.division_.partitions[0]);
  the_owners.Fill(cluster.division_, boot_head.Take(OwnerTable::BytesFor(cluster.division_), alignof(uint64_t)));
  for (size_t i = 0; i < config.cpus; ++i) {
    HeadOfPartition head(cluster.division_.partitions[i]);
    void* peers = head.Take(Exchange::BytesFor(config.cpus), kCacheLineBytes);
    void* cpu = head.Take(sizeof(Cpu), alignof(Cpu));
    CpuId* nearest = static_cast<CpuId*>(head.Take((config.cpus - 1) * sizeof(CpuId), alignof(CpuId)));
    cluster.nodes_.OrderByDistance(CpuId{i}, config.cpus, nearest);
    cluster.nearest_[i] = nearest;
    void* records =
        config.trace_records > 0 ? head.Take(config.trace_records * sizeof(TraceRecord), kCacheLineBytes) : nullptr;
    void* traffic =
        records != nullptr ? head.Take(TrafficRecorder::BytesFor(config.cpus), alignof(Exchange::Traffic)) : nullptr;
    head.AlignRest();
    cluster.table_[i] = new (cpu) Cpu(CpuId{i}, cluster.division_.partitions[i], config.cpus, inboxes, peers,
                                      the_owners, Mix(config.boot_seed + i), config.single_step);
    cluster.table_[i]->exchange().SetIsolated(config.isolated);
    if (records != nullptr) cluster.table_[i]->RecordTrace(records, config.trace_records, traffic);
  }
  the_cluster = &cluster;
  return cluster;
}

Cluster::SharedPages Cluster::SharedBetween(CpuId sender, CpuId receiver) const {
  Inbox& inbox = *inboxes[receiver.index()];
  return {{reinterpret_cast<uintptr_t>(inbox.bells), AlignUp(Inbox::kBellBytes, kPageBytes)},
          {reinterpret_cast<uintptr_t>(&inbox.LinkFrom(sender.index())), inbox.link_stride}};
}

Cpu& Cluster::Enter(CpuId id) {
  Cpu& cpu = *table_[id.index()];
  cpu.AssertHere();
  cpu.scheduler().AdoptCurrentCpu();
  return cpu;
}

void Cluster::SpawnMain(int (*main)(int, char**), int argc, char** argv) {
  main_call = {main, argc, argv};
  ThreadBody body;
  body.run = &RunMain;
  ThreadOptions options;
  options.name = "main";
  options.stack_bytes = kMainStackBytes;
  Cpu& boot_cpu = cpu(kBootCpu);
  boot_cpu.AssertHere();
  Result<ThreadId> id = boot_cpu.scheduler().Create(body, options);
  TORO_CHECK(id.ok(), "no memory for the main thread; give the machine more memory");
}

}  // namespace toro
