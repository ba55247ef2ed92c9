#include "core/kernel/console.h"

#include <cstring>
#include <new>

#include "core/kernel/cpu.h"
#include "core/kernel/toro.h"
#include "core/machine/platform_services.h"

namespace toro {
namespace {

struct PrintMessage : Message {
  size_t bytes = 0;
};

void DeliverPrint(Cpu& here, Message& message) TORO_ON(here) {
  auto& print = static_cast<PrintMessage&>(message);
  platform::ConsoleWrite(reinterpret_cast<char*>(&print + 1), print.bytes);
  here.Free(&print);
}

}  // namespace

void Print(std::string_view text) {
  Cpu* here = Cpu::CurrentOrNull();
  if (here == nullptr || here->id() == kBootCpu) {
    platform::ConsoleWrite(text.data(), text.size());
    return;
  }
  here->AssertHere();
  if (here->scheduler().MayBlock()) {
    Call(kBootCpu, [text] { platform::ConsoleWrite(text.data(), text.size()); });
    return;
  }
  void* memory = here->partition().Allocate(sizeof(PrintMessage) + text.size());
  TORO_CHECK(memory != nullptr, "no memory to print from a message handler");
  auto* print = new (memory) PrintMessage();
  print->deliver = &DeliverPrint;
  print->bytes = text.size();
  std::memcpy(print + 1, text.data(), text.size());
  here->exchange().Post(kBootCpu, *print);
}

}  // namespace toro
