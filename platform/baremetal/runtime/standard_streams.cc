// The bottom of stdio: where musl's streams meet the console and the boot's input files.
//
// WHY musl's stdio on top: printf, scanf and the buffers do not touch the system. What does is replaced here: the five
// operations of a stream, its lock, and the character functions that would wake a waiter by a system call.
//
// BUFFERS. stdout is line-buffered: a line reaches the console as a whole, and is there when the machine stops after
// it. stderr is not buffered. Both belong to all CPUs, so each has a lock (cross_cpu_lock.h: why).
#include <cerrno>
#include <cstdio>

#include "core/kernel/console.h"
#include "platform/baremetal/runtime/cross_cpu_lock.h"
#include "platform/baremetal/runtime/input_streams.h"
#include "platform/baremetal/runtime/musl_file.h"
#include "platform/baremetal/runtime/thread_block.h"

using toro::runtime::MuslFile;

namespace {

// A stream's lock word: 0 when free, else the number of the thread that holds it, and whether somebody waits. Negative:
// the stream needs no lock.
constexpr int kWanted = 0x40000000;
int CallerMark() { return static_cast<int>(toro::runtime::CurrentThreadNumber() & 0x3fffffff); }

// Locks a stream unless the caller holds it already, as flockfile allows.
class StreamLock {
 public:
  explicit StreamLock(MuslFile* file);
  ~StreamLock();
  StreamLock(const StreamLock&) = delete;
  StreamLock& operator=(const StreamLock&) = delete;

 private:
  MuslFile* file_;
  bool locked_;
};

bool ConsoleDescriptor(int descriptor) { return descriptor == 1 || descriptor == 2; }

}  // namespace

extern "C" {

// Returns whether the caller has to unlock.
int __lockfile(MuslFile* file) {
  int mark = CallerMark();
  int seen = 0;
  while (!__atomic_compare_exchange_n(&file->lock, &seen, mark, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
    if ((seen & ~kWanted) == mark) return 0;
    bool announced = (seen & kWanted) != 0 || __atomic_compare_exchange_n(&file->lock, &seen, seen | kWanted, false,
                                                                          __ATOMIC_SEQ_CST, __ATOMIC_RELAXED);
    if (announced && seen != 0) {
      toro::posix::Park(reinterpret_cast<uint32_t*>(&file->lock), static_cast<uint32_t>(seen | kWanted));
    }
    seen = 0;
  }
  return 1;
}

// All who wait try again: the lock word has no room to say how many they are.
void __unlockfile(MuslFile* file) {
  int seen = __atomic_exchange_n(&file->lock, 0, __ATOMIC_SEQ_CST);
  if ((seen & kWanted) != 0) toro::posix::Unpark(&file->lock, toro::posix::kAll);
}

void __lock(volatile int* word) { toro::runtime::LockWord(reinterpret_cast<uint32_t*>(const_cast<int*>(word))); }
void __unlock(volatile int* word) { toro::runtime::UnlockWord(reinterpret_cast<uint32_t*>(const_cast<int*>(word))); }

ssize_t write(int descriptor, const void* bytes, size_t count) {
  if (!ConsoleDescriptor(descriptor)) {
    errno = EBADF;
    return -1;
  }
  toro::Print({static_cast<const char*>(bytes), count});
  return static_cast<ssize_t>(count);
}

// Writes the buffered bytes and then `bytes`; the console takes everything.
size_t __stdio_write(MuslFile* file, const unsigned char* bytes, size_t count) {
  size_t buffered = static_cast<size_t>(file->wpos - file->wbase);
  if (!ConsoleDescriptor(file->descriptor)) {
    file->wpos = file->wbase = file->wend = nullptr;
    file->flags |= MuslFile::kError;
    errno = EBADF;
    return 0;
  }
  if (buffered > 0) write(file->descriptor, file->wbase, buffered);
  if (count > 0) write(file->descriptor, bytes, count);
  file->wend = file->buffer + file->buffer_bytes;
  file->wpos = file->wbase = file->buffer;
  return count;
}

size_t __stdout_write(MuslFile* file, const unsigned char* bytes, size_t count) {
  file->write = &__stdio_write;
  return __stdio_write(file, bytes, count);
}

// Fills `bytes` but for the last byte, then the stream's buffer, from which the last byte comes: so that reading byte
// by byte asks here once per buffer.
size_t __stdio_read(MuslFile* file, unsigned char* bytes, size_t count) {
  size_t direct = count - (file->buffer_bytes != 0 ? 1 : 0);
  ssize_t got = direct > 0 ? read(file->descriptor, bytes, direct) : 0;
  if (got < 0 || static_cast<size_t>(got) < direct) {
    if (got <= 0) file->flags |= got == 0 ? MuslFile::kEndOfFile : MuslFile::kError;
    return got < 0 ? 0 : static_cast<size_t>(got);
  }
  if (direct == count) return count;
  ssize_t buffered = read(file->descriptor, file->buffer, file->buffer_bytes);
  if (buffered <= 0) {
    if (got == 0) file->flags |= buffered == 0 ? MuslFile::kEndOfFile : MuslFile::kError;
    return static_cast<size_t>(got);
  }
  file->rpos = file->buffer;
  file->rend = file->buffer + buffered;
  bytes[count - 1] = *file->rpos++;
  return count;
}

off_t __stdio_seek(MuslFile* file, off_t offset, int whence) { return lseek(file->descriptor, offset, whence); }

int __stdio_close(MuslFile* file) { return close(file->descriptor); }

int fputc(int character, FILE* file) {
  StreamLock lock(reinterpret_cast<MuslFile*>(file));
  return putc_unlocked(character, file);
}
int putc(int character, FILE* file) { return fputc(character, file); }
int _IO_putc(int character, FILE* file) { return fputc(character, file); }
int putchar(int character) { return fputc(character, stdout); }

int fgetc(FILE* file) {
  StreamLock lock(reinterpret_cast<MuslFile*>(file));
  return getc_unlocked(file);
}
int getc(FILE* file) { return fgetc(file); }
int _IO_getc(FILE* file) { return fgetc(file); }
int getchar() { return fgetc(stdin); }

void flockfile(FILE* file) {
  auto* stream = reinterpret_cast<MuslFile*>(file);
  if (stream->lock_count > 0 && (stream->lock & ~kWanted) == CallerMark()) {
    ++stream->lock_count;
    return;
  }
  if (stream->lock >= 0) __lockfile(stream);
  stream->lock_count = 1;
}

int ftrylockfile(FILE* file) {
  auto* stream = reinterpret_cast<MuslFile*>(file);
  int expected = 0;
  bool mine = stream->lock_count > 0 && (stream->lock & ~kWanted) == CallerMark();
  if (!mine && stream->lock >= 0 &&
      !__atomic_compare_exchange_n(&stream->lock, &expected, CallerMark(), false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
    return -1;
  }
  ++stream->lock_count;
  return 0;
}

void funlockfile(FILE* file) {
  auto* stream = reinterpret_cast<MuslFile*>(file);
  if (--stream->lock_count == 0 && stream->lock >= 0) __unlockfile(stream);
}

}  // extern "C"

namespace {

StreamLock::StreamLock(MuslFile* file) : file_(file), locked_(file->lock >= 0 && __lockfile(file) != 0) {}
StreamLock::~StreamLock() {
  if (locked_) __unlockfile(file_);
}

}  // namespace

extern "C" {

// Before main. musl starts with unlocked streams and locks them when it creates its first thread. Here threads exist
// from the start.
void ToroLockStreams() {
  for (FILE* file : {stdout, stderr}) reinterpret_cast<MuslFile*>(file)->lock = 0;
}

// At exit.
void ToroFlushStreams() { fflush(nullptr); }

}  // extern "C"

// Each section follows __stdio_write ("o", SHF_LINK_ORDER): the linker keeps it when it keeps that function, as the
// write function of a stream. So an image in which no stream is used has neither these two nor what they need: stdio's
// locks, and what a thread parks on that waits for one.
asm(R"(
  .pushsection streams_begin, "ao", @progbits, __stdio_write
  .balign 8
  .quad ToroLockStreams
  .popsection
  .pushsection streams_end, "ao", @progbits, __stdio_write
  .balign 8
  .quad ToroFlushStreams
  .popsection
)");
