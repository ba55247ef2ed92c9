#include "bench/worker.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

namespace toro::bench {
namespace {

[[noreturn]] void Fail(const std::string& what) {
  std::fprintf(stderr, "bench: %s\n", what.c_str());
  std::exit(1);
}

[[noreturn]] void BecomeWorker(const std::string& malloc_library, const PinnedPair& pair, bool smoke) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (!malloc_library.empty()) setenv("LD_PRELOAD", malloc_library.c_str(), 1);
  std::string cpus = "--worker=" + std::to_string(pair.near_cpu()) + "," + std::to_string(pair.far_cpu());
  execl("/proc/self/exe", "bench", cpus.c_str(), smoke ? "--smoke" : nullptr, nullptr);
  _exit(127);
}

const Contender* Find(const std::vector<Group>& groups, const std::string& group_name, const std::string& name,
                      const Group** group) {
  for (const Group& candidate : groups) {
    if (candidate.name != group_name) continue;
    *group = &candidate;
    for (const Contender& contender : candidate.contenders) {
      if (contender.name == name) return &contender;
    }
  }
  return nullptr;
}

}  // namespace

Worker::Worker(const std::string& malloc_library, const std::string& package, const PinnedPair& pair, bool smoke)
    : name_(malloc_library.empty() ? "libc.so" : malloc_library) {
  int request[2];
  int reply[2];
  if (pipe2(request, O_CLOEXEC) != 0 || pipe2(reply, O_CLOEXEC) != 0) Fail("no pipe to a worker process");
  std::fflush(stdout);
  pid_ = fork();
  if (pid_ < 0) Fail("cannot start a worker process");
  if (pid_ == 0) {
    dup2(request[0], STDIN_FILENO);
    dup2(reply[1], STDOUT_FILENO);
    BecomeWorker(malloc_library, pair, smoke);
  }
  close(request[0]);
  close(reply[1]);
  to_ = fdopen(request[1], "w");
  from_ = fdopen(reply[0], "r");
  std::string malloc_file = ReadLine();
  if (malloc_file.find(name_.substr(0, name_.find(".so"))) == std::string::npos) {
    Fail("a process that should use the malloc of " + name_ + " uses " + malloc_file +
         "; install it: apt-get install " + package);
  }
}

Worker::~Worker() {
  std::fclose(to_);
  std::fclose(from_);
  waitpid(pid_, nullptr, 0);
}

std::string Worker::ReadLine() {
  char line[512];
  if (std::fgets(line, sizeof(line), from_) == nullptr) Fail("the process that measures " + name_ + " has ended early");
  line[std::strcspn(line, "\n")] = 0;
  return line;
}

Sample Worker::Take(const Group& group, const Contender& contender) {
  std::fprintf(to_, "%s\t%s\n", group.name.c_str(), contender.name.c_str());
  std::fflush(to_);
  std::string line = ReadLine();
  Sample sample;
  int verdict = 0;
  int placement = 0;
  int fields = std::sscanf(line.c_str(), "%d %d %lf %lf %d %d", &verdict, &placement, &sample.operation_ns,
                           &sample.ping_pong_ns, &sample.moved, &sample.disturbed);
  if (fields != 6) Fail("the process that measures " + name_ + " answered '" + line + "'");
  sample.verdict = static_cast<Verdict>(verdict);
  sample.placement = static_cast<Placement>(placement);
  return sample;
}

int ServeSamples(Bracket& bracket, const std::vector<Group>& groups) {
  Dl_info where = {};
  dladdr(reinterpret_cast<void*>(&malloc), &where);
  std::printf("%s\n", where.dli_fname != nullptr ? where.dli_fname : "an unknown file");
  std::fflush(stdout);
  char line[512];
  while (std::fgets(line, sizeof(line), stdin) != nullptr) {
    line[std::strcspn(line, "\n")] = 0;
    char* tab = std::strchr(line, '\t');
    if (tab == nullptr) return 2;
    *tab = 0;
    const Group* group = nullptr;
    const Contender* contender = Find(groups, line, tab + 1, &group);
    if (contender == nullptr) return 2;
    Sample sample = bracket.Take(*group, *contender);
    std::printf("%d %d %.17g %.17g %d %d\n", static_cast<int>(sample.verdict), static_cast<int>(sample.placement),
                sample.operation_ns, sample.ping_pong_ns, sample.moved, sample.disturbed);
    std::fflush(stdout);
  }
  return 0;
}

}  // namespace toro::bench
