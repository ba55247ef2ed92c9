#include "platform/hosted/seed_sweep.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <vector>

namespace toro::hosted {

RunResult* run_result = nullptr;

namespace {

volatile sig_atomic_t ended_by = 0;
volatile sig_atomic_t timer_ticks = 0;

void NoteSignal(int signal) { ended_by = signal; }
void NoteTick(int) { timer_ticks = timer_ticks + 1; }

void Handle(int signal, void (*handler)(int)) {
  struct sigaction action = {};
  action.sa_handler = handler;  // without SA_RESTART: wait ends
  sigaction(signal, &action, nullptr);
}

double SecondsNow() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

[[noreturn]] void Fail(const char* what) {
  std::fprintf(stderr, "toro: error: %s: %s\n", what, std::strerror(errno));
  _exit(2);
}

// A run under way, or the place for one.
struct Job {
  pid_t process = 0;  // 0: none
  uint64_t seed = 0;
  bool again = false;        // the second run of the seed
  int output = -1;           // what the run writes
  RunResult first;           // of the first run
  RunResult* now = nullptr;  // shared with the process
};

class Sweeper {
 public:
  explicit Sweeper(const Sweep& sweep) : sweep_(sweep), jobs_(sweep.jobs), next_(sweep.first) {
    auto* results = static_cast<RunResult*>(
        mmap(nullptr, sizeof(RunResult) * sweep.jobs, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    if (results == MAP_FAILED) Fail("no memory for the results");
    for (size_t i = 0; i < jobs_.size(); ++i) {
      jobs_[i].now = &results[i];
      jobs_[i].output = memfd_create("toro-run", MFD_CLOEXEC);
      if (jobs_[i].output < 0) Fail("no file for the output of a run");
    }
  }

  // True in the process of a run, whose seed is in `seed`. False: the sweep is over.
  bool Next(uint64_t& seed);
  int Finish();

 private:
  bool Start(Job& job);
  void Await();
  void End(Job& job, int status);
  void Show(bool final);
  void Print(const Job& job) const;

  const Sweep& sweep_;
  std::vector<Job> jobs_;
  uint64_t next_;
  bool all_started_ = false;
  size_t running_ = 0;
  uint64_t runs_ = 0;
  uint64_t seeds_done_ = 0;
  uint64_t steps_ = 0;
  uint64_t faults_[simulator::kFaults] = {};
  bool failed_ = false;
  uint64_t failed_seed_ = 0;
  std::string failure_;  // what the failed run wrote
  double begin_ = SecondsNow();
  int shown_ = 0;
};

bool Sweeper::Next(uint64_t& seed) {
  while (ended_by == 0) {
    const bool start = !all_started_ && !failed_;
    auto free = std::find_if(jobs_.begin(), jobs_.end(), [](const Job& job) { return job.process == 0; });
    if (start && free != jobs_.end()) {
      free->seed = next_;
      free->again = false;
      all_started_ = next_++ == sweep_.last;
      if (Start(*free)) {
        seed = free->seed;
        return true;
      }
      continue;
    }
    auto repeat = std::find_if(jobs_.begin(), jobs_.end(), [](const Job& job) { return job.process < 0; });
    if (repeat != jobs_.end()) {
      if (Start(*repeat)) {
        seed = repeat->seed;
        return true;
      }
      continue;
    }
    if (running_ == 0) return false;
    Await();
  }
  return false;
}

// True in the new process.
bool Sweeper::Start(Job& job) {
  if (ftruncate(job.output, 0) != 0 || lseek(job.output, 0, SEEK_SET) != 0) Fail("the output of a run");
  *job.now = {};
  const pid_t parent = getpid();
  job.process = fork();
  if (job.process < 0) Fail("cannot start a process");
  if (job.process > 0) {
    ++running_;
    return false;
  }
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(1);
  for (int signal : {SIGINT, SIGTERM, SIGALRM}) ::signal(signal, SIG_DFL);
  const itimerval limit = {{0, 0}, {Sweep::kMostCpuSeconds, 0}};
  setitimer(ITIMER_VIRTUAL, &limit, nullptr);
  dup2(job.output, STDOUT_FILENO);
  dup2(job.output, STDERR_FILENO);
  run_result = job.now;
  return true;
}

void Sweeper::Await() {
  int status = 0;
  const pid_t process = waitpid(-1, &status, 0);
  if (timer_ticks != shown_) {
    shown_ = timer_ticks;
    Show(false);
  }
  if (process <= 0) return;
  for (Job& job : jobs_) {
    if (job.process == process) return End(job, status);
  }
}

void Sweeper::End(Job& job, int status) {
  --running_;
  job.process = 0;
  ++runs_;
  steps_ += job.now->steps;
  for (size_t i = 0; i < simulator::kFaults; ++i) faults_[i] += job.now->faults[i];
  const bool good = WIFEXITED(status) && WEXITSTATUS(status) == 0;
  std::string why;
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGVTALRM) {
    why = "it did not end within " + std::to_string(Sweep::kMostCpuSeconds) + " s of processor time";
  } else if (WIFSIGNALED(status)) {
    why = "it was killed by signal " + std::to_string(WTERMSIG(status));
  } else if (!good) {
    why = "it ended with status " + std::to_string(WEXITSTATUS(status));
  } else if (job.again && (job.first.steps != job.now->steps || job.first.trace_hash != job.now->trace_hash)) {
    why = "determinism: it was run twice and took different steps: what it does depends on more than the seed";
  }
  if (!why.empty()) {
    if (failed_ && failed_seed_ < job.seed) return;
    failed_ = true;
    failed_seed_ = job.seed;
    failure_.assign(static_cast<size_t>(std::max<off_t>(lseek(job.output, 0, SEEK_END), 0)), ' ');
    if (pread(job.output, failure_.data(), failure_.size(), 0) < 0) failure_.clear();
    failure_ += "toro: seed " + std::to_string(job.seed) + " failed: " + why + "\n";
    return;
  }
  if (!job.again && job.seed % Sweep::kTwiceStride == 0) {
    job.again = true;
    job.first = *job.now;
    job.process = -1;  // to be started again
    return;
  }
  ++seeds_done_;
}

void Sweeper::Show(bool final) {
  const bool terminal = isatty(STDERR_FILENO) != 0;
  if (!final && !terminal && (shown_ & (shown_ - 1)) != 0) return;  // each time after twice as long
  const uint64_t seeds = sweep_.last - sweep_.first + 1;
  const double seconds = std::max(SecondsNow() - begin_, 1e-9);
  std::fprintf(stderr, "%storo: %llu of %llu seeds, %llu runs, %.1f million steps, %.2f million a second%s",
               terminal ? "\r" : "", static_cast<unsigned long long>(seeds_done_),
               static_cast<unsigned long long>(seeds), static_cast<unsigned long long>(runs_),
               static_cast<double>(steps_) * 1e-6, static_cast<double>(steps_) * 1e-6 / seconds,
               terminal && !final ? " " : "\n");
  if (!final) return;
  const char* before = "toro: faults: ";
  for (size_t i = 0; i < simulator::kFaults; ++i) {
    if (faults_[i] == 0) continue;
    std::fprintf(stderr, "%s%s %llu", before, simulator::kFaultClasses[i].name.data(),
                 static_cast<unsigned long long>(faults_[i]));
    before = ", ";
  }
  std::fputs(before[0] == ',' ? "\n" : "toro: faults: none\n", stderr);
}

int Sweeper::Finish() {
  for (const Job& job : jobs_) {
    if (job.process > 0) kill(job.process, SIGKILL);
  }
  if (failed_) {
    std::fwrite(failure_.data(), 1, failure_.size(), stderr);
    Show(true);
    std::string again = sweep_.again;
    if (const size_t at = again.find("SEED"); at != std::string::npos)
      again.replace(at, 4, std::to_string(failed_seed_));
    std::fprintf(stderr, "toro: the first seed that fails is %llu; to run it again: %s\n",
                 static_cast<unsigned long long>(failed_seed_), again.c_str());
    return 1;
  }
  Show(true);
  if (ended_by != 0) {
    std::fprintf(stderr, "toro: ended by signal %d; all seeds from %llu to below %llu were started, and none failed\n",
                 static_cast<int>(ended_by), static_cast<unsigned long long>(sweep_.first),
                 static_cast<unsigned long long>(next_));
    return 128 + ended_by;
  }
  std::fprintf(stderr, "toro: no seed from %llu to %llu failed\n", static_cast<unsigned long long>(sweep_.first),
               static_cast<unsigned long long>(sweep_.last));
  return 0;
}

}  // namespace

uint64_t SweepSeeds(const Sweep& sweep) {
  Handle(SIGINT, &NoteSignal);
  Handle(SIGTERM, &NoteSignal);
  Handle(SIGALRM, &NoteTick);
  const itimerval tick = {{0, 500'000}, {0, 500'000}};
  setitimer(ITIMER_REAL, &tick, nullptr);
  static Sweeper sweeper(sweep);
  uint64_t seed = 0;
  if (sweeper.Next(seed)) return seed;
  _exit(sweeper.Finish());
}

}  // namespace toro::hosted
