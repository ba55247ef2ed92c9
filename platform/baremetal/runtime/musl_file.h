// MuslFile: the fields of musl's FILE, which its printf, fwrite and the like use inline. Layout of musl 1.2;
// runtime_app (tests/qemu) prints through it, and a change of the layout shows there.
#ifndef PLATFORM_BAREMETAL_RUNTIME_MUSL_FILE_H_
#define PLATFORM_BAREMETAL_RUNTIME_MUSL_FILE_H_

#include <sys/types.h>
#include <unistd.h>

#include <cstddef>

namespace toro::runtime {

struct MuslFile {
  static constexpr unsigned kPermanent = 1;
  static constexpr unsigned kNoRead = 4;
  static constexpr unsigned kNoWrite = 8;
  static constexpr unsigned kEndOfFile = 16;
  static constexpr unsigned kError = 32;

  unsigned flags;
  unsigned char *rpos, *rend;
  int (*close)(MuslFile*);
  unsigned char *wend, *wpos;
  unsigned char* zero_1;
  unsigned char* wbase;
  size_t (*read)(MuslFile*, unsigned char*, size_t);
  size_t (*write)(MuslFile*, const unsigned char*, size_t);
  off_t (*seek)(MuslFile*, off_t, int);
  unsigned char* buffer;
  size_t buffer_bytes;
  MuslFile *previous, *next;
  int descriptor;
  int pipe_process;
  long lock_count;
  int mode;
  int lock;
  int line_buffered;  // the character that flushes, or -1
  void* cookie;
  off_t offset;
  char* line;
  void* zero_2;
  unsigned char* scan_end;
  off_t scan_limit, scan_count;
  MuslFile *previous_locked, *next_locked;
  void* locale;
};
static_assert(offsetof(MuslFile, lock) == 0x8c);
static_assert(offsetof(MuslFile, buffer_bytes) == 0x60);
static_assert(offsetof(MuslFile, cookie) == 0x98);

}  // namespace toro::runtime

#endif  // PLATFORM_BAREMETAL_RUNTIME_MUSL_FILE_H_
