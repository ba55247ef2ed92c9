#include "platform/baremetal/runtime/input_streams.h"

#include <poll.h>
#include <sys/mman.h>
#include <sys/uio.h>

#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "core/kernel/cluster.h"
#include "platform/baremetal/runtime/musl_file.h"
#include "platform/posix/parking.h"

extern "C" toro::runtime::MuslFile* __ofl_add(toro::runtime::MuslFile* file);
extern "C" size_t __stdio_read(toro::runtime::MuslFile*, unsigned char*, size_t);
extern "C" size_t __stdio_write(toro::runtime::MuslFile*, const unsigned char*, size_t);
extern "C" off_t __stdio_seek(toro::runtime::MuslFile*, off_t, int);
extern "C" int __stdio_close(toro::runtime::MuslFile*);

namespace toro::runtime {
namespace {

constexpr int kFirstDescriptor = 3;  // after the standard streams
constexpr int kMostOpenFiles = 64;
constexpr size_t kBufferBytes = 4096;
constexpr size_t kUngetBytes = 8;  // what musl keeps in front of a buffer

struct OpenFile {
  const InputFile* input = nullptr;  // null: this descriptor is free
  size_t offset = 0;
};

posix::SpinLock table_lock;
OpenFile open_files[kMostOpenFiles];

int Fail(int error) {
  errno = error;
  return -1;
}

OpenFile* FileOf(int descriptor) {
  int index = descriptor - kFirstDescriptor;
  if (index < 0 || index >= kMostOpenFiles || open_files[index].input == nullptr) return nullptr;
  return &open_files[index];
}

const InputFile* FindInput(const char* name) {
  for (const InputFile& input : Cluster::Get().inputs()) {
    if (input.name == name) return &input;
  }
  return nullptr;
}

void FillStatus(const InputFile& input, struct stat& status) {
  memset(&status, 0, sizeof status);
  status.st_mode = S_IFREG | 0444;
  status.st_nlink = 1;
  status.st_size = static_cast<off_t>(input.contents.size());
  status.st_blksize = kBufferBytes;
}

FILE* MakeStream(int descriptor) {
  void* memory = calloc(1, sizeof(MuslFile) + kUngetBytes + kBufferBytes);
  if (memory == nullptr) return nullptr;
  auto* file = new (memory) MuslFile();
  file->flags = MuslFile::kNoWrite;
  file->descriptor = descriptor;
  file->buffer = static_cast<unsigned char*>(memory) + sizeof(MuslFile) + kUngetBytes;
  file->buffer_bytes = kBufferBytes;
  file->line_buffered = -1;
  file->read = &__stdio_read;
  file->write = &__stdio_write;
  file->seek = &__stdio_seek;
  file->close = &__stdio_close;
  return reinterpret_cast<FILE*>(__ofl_add(file));
}

bool ReadOnly(const char* mode) { return mode[0] == 'r' && strchr(mode, '+') == nullptr; }

}  // namespace
}  // namespace toro::runtime

using namespace toro::runtime;  // NOLINT: this file defines POSIX functions on the names above

extern "C" {

int open(const char* path, int flags, ...) {
  const toro::InputFile* input = FindInput(path);
  bool read_only = (flags & O_ACCMODE) == O_RDONLY && (flags & (O_CREAT | O_TRUNC)) == 0;
  if (!read_only) return Fail(EROFS);
  if (input == nullptr) return Fail(ENOENT);
  toro::posix::SpinLockHolder holder(table_lock);
  for (int index = 0; index < kMostOpenFiles; ++index) {
    if (open_files[index].input != nullptr) continue;
    open_files[index] = {input, 0};
    return kFirstDescriptor + index;
  }
  return Fail(EMFILE);
}

int close(int descriptor) {
  OpenFile* file = FileOf(descriptor);
  if (file == nullptr) return descriptor >= 0 && descriptor < kFirstDescriptor ? 0 : Fail(EBADF);
  toro::posix::SpinLockHolder holder(table_lock);
  *file = OpenFile();
  return 0;
}

ssize_t read(int descriptor, void* bytes, size_t count) {
  if (descriptor == 0) return 0;  // nobody types: standard input is empty
  OpenFile* file = FileOf(descriptor);
  if (file == nullptr) return Fail(EBADF);
  std::string_view contents = file->input->contents;
  if (file->offset >= contents.size()) return 0;
  size_t taken = contents.size() - file->offset < count ? contents.size() - file->offset : count;
  memcpy(bytes, contents.data() + file->offset, taken);
  file->offset += taken;
  return static_cast<ssize_t>(taken);
}

off_t lseek(int descriptor, off_t offset, int whence) {
  OpenFile* file = FileOf(descriptor);
  if (file == nullptr) return Fail(descriptor >= 0 && descriptor < kFirstDescriptor ? ESPIPE : EBADF);
  off_t base =
      whence == SEEK_SET ? 0 : static_cast<off_t>(whence == SEEK_CUR ? file->offset : file->input->contents.size());
  if (whence < SEEK_SET || whence > SEEK_END || base + offset < 0) return Fail(EINVAL);
  file->offset = static_cast<size_t>(base + offset);
  return base + offset;
}

int fstat(int descriptor, struct stat* status) {
  OpenFile* file = FileOf(descriptor);
  if (file != nullptr) {
    FillStatus(*file->input, *status);
    return 0;
  }
  if (descriptor < 0 || descriptor >= kFirstDescriptor) return Fail(EBADF);
  memset(status, 0, sizeof *status);
  status->st_mode = S_IFCHR | 0600;
  return 0;
}

int stat(const char* path, struct stat* status) {
  const toro::InputFile* input = FindInput(path);
  if (input == nullptr) return Fail(ENOENT);
  FillStatus(*input, *status);
  return 0;
}

ssize_t writev(int descriptor, const struct iovec* pieces, int count) {
  ssize_t total = 0;
  for (int i = 0; i < count; ++i) {
    ssize_t written = write(descriptor, pieces[i].iov_base, pieces[i].iov_len);
    if (written < 0) return total > 0 ? total : written;
    total += written;
  }
  return total;
}

int isatty(int) {
  errno = ENOTTY;
  return 0;
}

int ioctl(int, unsigned long, ...) { return Fail(ENOTTY); }

// Files in memory are always ready.
int poll(struct pollfd* descriptors, nfds_t count, int) {
  for (nfds_t i = 0; i < count; ++i) descriptors[i].revents = descriptors[i].events;
  return static_cast<int>(count);
}

// Nothing can be mapped: who asks reads the file instead. musl asks for its time zone and message files.
void* mmap(void*, size_t, int, int, int, off_t) noexcept {
  errno = ENODEV;
  return MAP_FAILED;
}
int munmap(void*, size_t) noexcept { return 0; }
const char* __map_file(const char*, size_t*) { return nullptr; }

FILE* fdopen(int descriptor, const char* mode) {
  if (FileOf(descriptor) == nullptr || !ReadOnly(mode)) {
    errno = ReadOnly(mode) ? EBADF : EROFS;
    return nullptr;
  }
  return MakeStream(descriptor);
}

FILE* fopen(const char* path, const char* mode) {
  if (!ReadOnly(mode)) {
    errno = EROFS;
    return nullptr;
  }
  int descriptor = open(path, O_RDONLY);
  if (descriptor < 0) return nullptr;
  FILE* file = MakeStream(descriptor);
  if (file == nullptr) close(descriptor);
  return file;
}

// The names by which programs with 64-bit file offsets, and musl itself, call the same.
int open64(const char*, int, ...) __attribute__((alias("open")));
off64_t lseek64(int, off64_t, int) noexcept __attribute__((alias("lseek")));
off_t __lseek(int, off_t, int) __attribute__((alias("lseek")));
int fstat64(int, struct stat64*) noexcept __attribute__((alias("fstat")));
int stat64(const char*, struct stat64*) noexcept __attribute__((alias("stat")));
void* mmap64(void*, size_t, int, int, int, off64_t) noexcept __attribute__((alias("mmap")));
int __munmap(void*, size_t) noexcept __attribute__((alias("munmap")));
FILE* fopen64(const char*, const char*) __attribute__((alias("fopen")));

}  // extern "C"
