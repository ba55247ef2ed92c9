"""The contracts: how many checks each has in every world, and the tests that run one in the hosted world."""

load("//build_defs:sanitizer.bzl", "SANITIZER_ENVIRONMENT", "toro_sanitized_program")

# What the END line of each counts. The tests of both worlds expect the same.
CHECKS = {
    "exceptions": "15",
    "kernel": "39",
    "libraries": "10",
    "memory": "32",
    "power": "34",
    "predecessor": "27",
    "pressure": "16",
    "stdthreads": "90",
    "sync": "64",
    "threads": "53",
}

def _runs(name, contract, program, runs, tags, env = {}):
    native.sh_test(
        name = name,
        size = "medium",
        srcs = ["//tests/contract:expect_end.sh"],
        args = ["$(location %s)" % program, CHECKS[contract]] + " AND ".join(runs).split(" "),
        data = [program],
        env = env,
        tags = tags,
    )

def on_cpus(cpus):
    """The runs on real threads, one per number of CPUs."""
    return ["--cpus=%d" % count for count in cpus]

def under_seeds(seeds):
    """The runs on one thread, one per seed below `seeds`, with 1 to 8 CPUs."""
    return ["--cpus=%d --seed=%d" % (1 + seed % 8, seed) for seed in range(seeds)]

def hosted_contract(contract, cpus = [1, 2, 3, 4, 8], seeds = 200, sanitized = True):
    """CONTRACT_contract_parallel, _deterministic, and one test per sanitizer.

    Args:
      contract: a key of CHECKS, and the package of the program below tests/contract.
      cpus: the numbers of CPUs of the parallel runs.
      seeds: how many deterministic runs.
      sanitized: whether there is a test per sanitizer.
    """
    program = "//tests/contract/" + contract
    _runs(contract + "_contract_parallel", contract, program, on_cpus(cpus), ["cpu:2"])
    _runs(contract + "_contract_deterministic", contract, program, under_seeds(seeds), [])
    for sanitizer in ["address", "thread", "undefined"] if sanitized else []:
        name = "%s_%s" % (contract, sanitizer)
        toro_sanitized_program(name = name, program = program, sanitizer = sanitizer, testonly = True)
        runs = on_cpus([1, 2, 4]) + ["--cpus=4 --seed=1"]
        env = SANITIZER_ENVIRONMENT[sanitizer]
        _runs("%s_contract_%s_sanitizer" % (contract, sanitizer), contract, ":" + name, runs, ["cpu:2"], env)
