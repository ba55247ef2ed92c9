// The C++ runtime of the bootable image: what the platform calls to start an application.
#ifndef PLATFORM_BAREMETAL_RUNTIME_RUNTIME_H_
#define PLATFORM_BAREMETAL_RUNTIME_RUNTIME_H_

namespace toro::runtime {

// The application's main; C++ forbids to name it in a call.
extern "C" int ApplicationMain(int argc, char** argv) asm("main");

// Runs the constructors of all static objects, in the calling thread. Once, on CPU 0, in a thread, before main.
void RunInitArray();

// RunInitArray, then main: what Cluster::SpawnMain starts.
int RunMain(int argc, char** argv);

}  // namespace toro::runtime

#endif  // PLATFORM_BAREMETAL_RUNTIME_RUNTIME_H_
