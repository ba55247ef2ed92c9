// Boxes: values on their way between CPUs that do not fit into a line. A box is memory of the CPU that sent the value.
//
// WHY. Who receives a value takes it out of its box, destroys what is left and frees the box, which goes home. Where
// CPUs are isolated (docs/isolation.md) the receiver cannot write into the box: it takes a copy, and the sender's CPU
// destroys the box.
#ifndef CORE_KERNEL_BOX_H_
#define CORE_KERNEL_BOX_H_

#include <type_traits>
#include <utility>

#include "core/kernel/allocation.h"
#include "core/kernel/cpu.h"
#include "core/sched/call.h"

namespace toro {

// Can a T be taken out of a box on CPU `to`?
template <typename T>
bool CanTravel(CpuId to) {
  if constexpr (std::is_copy_constructible_v<T>) return true;
  Cpu& here = Cpu::Current();
  here.AssertHere();
  return to == here.id() || !here.exchange().isolated();
}

// Is `box` memory that this CPU can read, and not write?
inline bool IsReadOnlyHere(const void* box) {
  Cpu& here = Cpu::Current();
  here.AssertHere();
  return here.exchange().isolated() && here.owners().OwnerOf(box) != here.id().index();
}

// Destroys the value and frees the box. Any context.
template <typename T>
void DestroyBox(T* box) {
  if (IsReadOnlyHere(box)) {
    Cpu& here = Cpu::Current();
    here.AssertHere();
    call_internal::GiveBack(here.scheduler(), CpuId{here.owners().OwnerOf(box)}, box,
                            [](void* memory) { static_cast<T*>(memory)->~T(); });
    return;
  }
  box->~T();
  FreeBytes(box);
}

// The value; the box is gone. CanTravel was asked where it was sent.
template <typename T>
T TakeOutOfBox(T* box) {
  struct Guard {
    ~Guard() { DestroyBox(box); }
    T* box;
  } guard{box};
  if constexpr (std::is_copy_constructible_v<T>) {
    if (IsReadOnlyHere(box)) return std::as_const(*box);
  }
  return std::move(*box);
}

}  // namespace toro

#endif  // CORE_KERNEL_BOX_H_
