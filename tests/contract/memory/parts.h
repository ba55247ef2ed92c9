// The parts of the contract of memory that lie in files of their own.
#ifndef TESTS_CONTRACT_MEMORY_PARTS_H_
#define TESTS_CONTRACT_MEMORY_PARTS_H_

namespace contract {

void MallocAndItsKin();

}  // namespace contract

#endif  // TESTS_CONTRACT_MEMORY_PARTS_H_
