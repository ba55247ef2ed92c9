// ModelAtomics: the Atomics policy (core/exchange/atomics.h) whose every access is a decision of the checker.
#ifndef TESTS_MODELS_MODEL_ATOMICS_H_
#define TESTS_MODELS_MODEL_ATOMICS_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "tests/models/checker.h"

namespace toro::model {

template <typename T>
uint64_t ToBits(T value) {
  static_assert(sizeof(T) <= sizeof(uint64_t) && std::is_trivially_copyable_v<T>);
  uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof(T));
  return bits;
}

template <typename T>
T FromBits(uint64_t bits) {
  T value;
  std::memcpy(&value, &bits, sizeof(T));
  return value;
}

struct ModelAtomics {
  template <typename T>
  class Word {
   public:
    Word() : id_(Model::Current().AddWord(this)) {}
    Word(const Word&) = delete;
    Word& operator=(const Word&) = delete;

    T LoadRelaxed() const { return FromBits<T>(Model::Current().Load(id_, false)); }
    T LoadAcquire() const { return FromBits<T>(Model::Current().Load(id_, true)); }
    void StoreRelaxed(T value) { Model::Current().Store(id_, ToBits(value), false); }
    void StoreRelease(T value) { Model::Current().Store(id_, ToBits(value), true); }

    int id() const { return id_; }

   private:
    int id_;
  };

  template <typename T>
  class Plain {
   public:
    Plain() : id_(Model::Current().AddPlain(this)) {}
    Plain(const Plain&) = delete;
    Plain& operator=(const Plain&) = delete;

    T Get() const { return FromBits<T>(Model::Current().PlainGet(id_)); }
    void Set(T value) { Model::Current().PlainSet(id_, ToBits(value)); }

   private:
    int id_;
  };

  // The bytes are separate words here: the protocol must not rely on any order between them. Only those of the model's
  // CPUs are read.
  class ByteLine {
   public:
    void StoreByteRelease(size_t byte, uint8_t value) { bytes_[byte].StoreRelease(value); }
    uint64_t LoadAcquire() const {
      int ids[kMaxThreads] = {};
      uint64_t values[kMaxThreads] = {};
      size_t count = Model::Current().threads();
      for (size_t i = 0; i < count; ++i) ids[i] = bytes_[i].id();
      Model::Current().LoadTogether(ids, count, values, true);
      uint64_t line = 0;
      for (size_t i = 0; i < count; ++i) line |= values[i] << (8 * i);
      return line;
    }

   private:
    Word<uint8_t> bytes_[kMaxThreads];
  };

  static void FullFence() { Model::Current().Fence(); }
};

// The twin in which the one fence is missing.
struct NoFenceAtomics : ModelAtomics {
  static void FullFence() {}
};

// The twin in which nobody rings.
struct SilentAtomics : ModelAtomics {
  class ByteLine : public ModelAtomics::ByteLine {
   public:
    void StoreByteRelease(size_t, uint8_t) {}
  };
};

// A pointer that one CPU at a time may touch, spelt like a member `Node* next`.
template <typename Node>
class PlainLink {
 public:
  PlainLink& operator=(Node* node) {
    link_.Set(node);
    return *this;
  }
  operator Node*() const { return link_.Get(); }  // NOLINT: implicit by design

 private:
  ModelAtomics::Plain<Node*> link_;
};

// What travels in the models: a link, as the product's Message has, and something to read.
struct ModelNode {
  PlainLink<ModelNode> next;
  ModelAtomics::Plain<uint64_t> payload;
};

}  // namespace toro::model

#endif  // TESTS_MODELS_MODEL_ATOMICS_H_
