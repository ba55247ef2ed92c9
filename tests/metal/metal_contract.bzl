"""metal_contract: a contract of //tests/contract on the bare machine."""

load("//tests/contract:contracts.bzl", "CHECKS")

def on_cpus(cpus, machine = ""):
    """QEMU's arguments, one list per number of CPUs."""
    return ["-smp %d %s" % (count, machine) for count in cpus]

def two_nodes(mib, cpus, distance):
    """QEMU's arguments for 4 CPUs: `mib` of memory, and the CPUs `cpus`, of each of two nodes."""
    words = ["-smp 4 -m %d" % (mib[0] + mib[1])]
    for node in range(2):
        words.append("-object memory-backend-ram,id=m%d,size=%dM -numa node,nodeid=%d,memdev=m%d,%s" % (
            node,
            mib[node],
            node,
            node,
            cpus[node],
        ))
    return " ".join(words + ["-numa dist,src=0,dst=1,val=%d" % distance])

def metal_contract(contract, machines = on_cpus([1, 2, 3, 4]), iso_machines = [], size = "medium"):
    """CONTRACT_contract boots the contract once per machine.

    Args:
      contract: a key of CHECKS, and the package of the program below tests/contract.
      machines: QEMU's arguments for each boot of the ELF; contract_boots.sh has the defaults.
      iso_machines: for each boot of the ISO, through GRUB.
      size: of the test.
    """
    place = "tests/contract/%s/%s" % (contract, contract)
    runs = [place + ".elf " + machine for machine in machines] + [place + ".iso " + machine for machine in iso_machines]
    native.sh_test(
        name = contract + "_contract",
        size = size,
        srcs = ["contract_boots.sh"],
        args = [CHECKS[contract]] + ["'%s'" % run for run in runs],
        data = [
            "boot.sh",
            "//tests/contract/%s:image" % contract,
        ] + (["//tests/contract/%s:iso" % contract] if iso_machines else []),
        tags = ["cpu:2"],
    )
