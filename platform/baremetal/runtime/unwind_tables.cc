// Where the unwinder finds its tables: one module, known at link time.
//
// WHY. libgcc asks _dl_find_object first. The answer is constant, so a throw takes no lock and needs no registration,
// on any CPU; the lookup is a binary search in .eh_frame_hdr.
#include <dlfcn.h>
#include <link.h>

#include <cstdint>

extern "C" {

// From kernel.ld.
extern const char __image_start[], __text_end[];
extern const char __eh_frame_hdr_start[];

// 0 and the tables for an address of the code, -1 for any other: the unwinder stops there.
int _dl_find_object(void* address, struct dl_find_object* result) noexcept {
  auto place = static_cast<const char*>(address);
  if (place < __image_start || place >= __text_end) return -1;
  result->dlfo_flags = 0;
  result->dlfo_map_start = const_cast<char*>(__image_start);
  result->dlfo_map_end = const_cast<char*>(__text_end);
  result->dlfo_link_map = nullptr;
  result->dlfo_eh_frame = const_cast<char*>(__eh_frame_hdr_start);
  return 0;
}

// Reports no module: nothing but the unwinder's older lookup asks, and that is not reached.
int dl_iterate_phdr(int (*)(struct dl_phdr_info*, size_t, void*), void*) { return 0; }

}  // extern "C"
