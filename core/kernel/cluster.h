// Cluster: all CPUs of one kernel, put together by the platform at boot.
//
// WHY. The platform owns the loop, the core owns the step. A platform finds out what the machine is (memory, CPUs,
// command line, input files), creates the cluster on the boot CPU, and then drives every CPU:
//
//     Cluster& cluster = Cluster::Create(config);          // boot CPU, once; before any other CPU runs our code
//     cluster.SpawnMain(&main, argc, argv);                // boot CPU
//     Cpu& cpu = cluster.Enter(CpuId{n});                  // on each CPU n, once
//     for (;;) if (!cpu.Step()) cpu.Sleep();               // on each CPU, for ever
//
// That is all a kernel image, a parallel host run and a deterministic simulator differ in.
#ifndef CORE_KERNEL_CLUSTER_H_
#define CORE_KERNEL_CLUSTER_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "core/base/cpu_id.h"
#include "core/memory/boot_map.h"
#include "core/memory/node_map.h"

namespace toro {

class Cpu;

// A file that the boot loader or the host process put into memory. Read-only, valid until power off.
struct InputFile {
  std::string_view name;
  std::string_view contents;
};

struct ClusterConfig {
  size_t cpus = 1;                      // 1..kMaxCpus
  std::span<const MemoryRange> memory;  // usable, addressable, not overlapping; see DivideMemory
  const NodeMap* nodes = nullptr;       // which memory and which CPUs are near each other; null: not known. Copied
  std::span<const InputFile> inputs;    // the span and the texts stay valid until power off
  uint64_t boot_seed = 0;               // hash and heap secrets are derived from it
  bool isolated = false;                // no CPU can write into the memory of another (docs/isolation.md)
  size_t trace_records = 0;             // a power of two: each CPU records its trace in as many (docs/trace.md)
  bool single_step = false;             // Step() runs one thread until it yields, and no further (deterministic)
};

class Cluster {
 public:
  // Divides the memory and constructs every Cpu in its own partition. Boot CPU, once. Stops with a message that names
  // cause and remedy when the memory is too small for so many CPUs.
  [[gnu::cold]] static Cluster& Create(const ClusterConfig& config);

  // The cluster of this process or machine. Valid after Create.
  static Cluster& Get();

  // Makes the calling CPU be CPU `id`. Once per CPU (the deterministic executor: before each step).
  Cpu& Enter(CpuId id);

  // Makes the thread that runs `main` ready on CPU 0; when it returns, the machine powers off with its value.
  [[gnu::cold]] void SpawnMain(int (*main)(int, char**), int argc, char** argv);

  size_t cpus() const { return cpus_; }
  Cpu& cpu(CpuId id) { return *table_[id.index()]; }
  std::span<const InputFile> inputs() const { return inputs_; }
  const MemoryDivision& memory() const { return division_; }

  // Isolation: what CPU `sender` may write in the partition of `receiver`, in whole pages that hold nothing else: the
  // bells of `receiver`, and the link of the two.
  struct SharedPages {
    MemoryRange bells;
    MemoryRange link;
  };
  SharedPages SharedBetween(CpuId sender, CpuId receiver) const;
  const NodeMap& nodes() const { return nodes_; }
  // All CPUs but `id`, nearest first; none for a CPU that is not there.
  std::span<const CpuId> NearestCpus(CpuId id) const {
    return id.index() < cpus_ ? std::span<const CpuId>(nearest_[id.index()], cpus_ - 1) : std::span<const CpuId>();
  }

 private:
  Cluster() = default;

  size_t cpus_ = 0;
  std::span<const InputFile> inputs_;
  MemoryDivision division_;
  NodeMap nodes_;
  const CpuId* nearest_[kMaxCpus] = {};
  Cpu* table_[kMaxCpus] = {};
};

}  // namespace toro

#endif  // CORE_KERNEL_CLUSTER_H_
