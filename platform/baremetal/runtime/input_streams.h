// The boot's input files as POSIX files: open, read, lseek, fstat and fopen by the name of the module. Read-only.
//
// WHY. An application that reads its input by std::ifstream or fopen works unchanged in both worlds. There is no other
// file: opening one fails with ENOENT, writing with EROFS.
#ifndef PLATFORM_BAREMETAL_RUNTIME_INPUT_STREAMS_H_
#define PLATFORM_BAREMETAL_RUNTIME_INPUT_STREAMS_H_

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#endif  // PLATFORM_BAREMETAL_RUNTIME_INPUT_STREAMS_H_
