#include "drivers/acpi/sleep_state.h"

#include "drivers/acpi/tables.h"

namespace toro::acpi {
namespace {

// Byte code [acpi 20.2].
constexpr unsigned char kNameOp = 0x08, kPackageOp = 0x12, kZeroOp = 0x00, kOneOp = 0x01, kByteConst = 0x0a;

// Reads bytes of a table one by one; past its end, everything is wrong.
class Reader {
 public:
  Reader(const Table& table, uint32_t at) : table_(table), at_(at) {}

  bool ok() const { return ok_; }
  unsigned char Next() {
    if (at_ >= table_.size) ok_ = false;
    return ok_ ? table_.bytes[at_++] : 0;
  }
  void Require(unsigned char value) {
    if (Next() != value) ok_ = false;
  }
  void SkipPackageLength() {
    for (int more = Next() >> 6; more > 0; --more) Next();
  }
  uint8_t Constant() {
    unsigned char op = Next();
    if (op == kByteConst) return Next();
    if (op != kZeroOp && op != kOneOp) ok_ = false;
    return op;
  }

 private:
  const Table& table_;
  uint32_t at_;
  bool ok_ = true;
};

// Name (_S5_, Package () { a, b, ... }), with or without the root's backslash.
bool ReadPackage(const Table& table, uint32_t after_name, SleepTypes& types) {
  Reader reader(table, after_name);
  reader.Require(kPackageOp);
  reader.SkipPackageLength();
  if (reader.Next() == 0) return false;  // no elements
  SleepTypes found;
  found.a = reader.Constant();
  found.b = reader.Constant();
  if (!reader.ok()) return false;
  types = found;
  return true;
}

}  // namespace

bool FindSoftOff(const reg::PhysicalMemory& memory, uint64_t dsdt, SleepTypes& types) {
  Table table;
  if (dsdt == 0 || !ReadTable(memory, dsdt, table)) return false;
  for (uint32_t at = kHeaderBytes + 1; at + 4 <= table.size; ++at) {
    const unsigned char* name = table.bytes + at;
    if (name[0] != '_' || name[1] != 'S' || name[2] != '5' || name[3] != '_') continue;
    bool is_name = name[-1] == kNameOp || (name[-1] == '\\' && name[-2] == kNameOp);
    if (is_name && ReadPackage(table, at + 4, types)) return true;
  }
  return false;
}

}  // namespace toro::acpi
