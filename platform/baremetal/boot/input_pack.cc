#include "platform/baremetal/boot/input_pack.h"

namespace toro::baremetal {
namespace {

constexpr std::string_view kMagic = "TOROPACK1\n";
constexpr const char* kDamaged = "the packed input files are damaged: write them again with ./toro run";

// Takes from the front of a text; once it has failed, it has no more.
class Cutter {
 public:
  explicit Cutter(std::string_view text) : rest_(text) {}

  bool ok() const { return ok_; }
  bool empty() const { return rest_.empty(); }

  std::string_view Take(size_t bytes) {
    if (bytes > rest_.size()) ok_ = false;
    if (!ok_) return {};
    std::string_view taken(rest_.data(), bytes);
    rest_.remove_prefix(bytes);
    return taken;
  }

  // A decimal number that ends with `end`.
  size_t TakeNumber(char end) {
    size_t value = 0, digits = 0;
    for (;; ++digits) {
      std::string_view next = Take(1);
      if (!ok_ || next[0] == end) break;
      if (next[0] < '0' || next[0] > '9' || digits == 18) ok_ = false;
      value = value * 10 + static_cast<size_t>(next[0] - '0');
    }
    if (digits == 0) ok_ = false;
    return value;
  }

  void Require(std::string_view text) {
    if (Take(text.size()) != text) ok_ = false;
  }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace

bool IsInputPack(std::string_view module) { return module.starts_with(kMagic); }

const char* ReadInputPack(std::string_view module, std::span<InputFile> files, size_t& count) {
  Cutter cutter(module);
  cutter.Require(kMagic);
  for (count = 0; cutter.ok() && !cutter.empty();) {
    size_t bytes = cutter.TakeNumber(' ');
    size_t name_bytes = cutter.TakeNumber('\n');
    std::string_view name = cutter.Take(name_bytes);
    cutter.Require("\n");
    std::string_view contents = cutter.Take(bytes);
    if (!cutter.ok()) return kDamaged;
    if (count == files.size()) return "too many input files: pass 128 at most";
    files[count++] = {name, contents};
  }
  return cutter.ok() ? nullptr : kDamaged;
}

}  // namespace toro::baremetal
